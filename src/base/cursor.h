/*
 * struct cursor: the only way to read bytes that came from outside.
 *
 * A cursor walks a span. Reading past its end does not fail at once: it returns zero (or an empty
 * span) and sets the sticky `bad`, so that a parser reads like the format's table and ends with one
 * must-check cursor_end() or cursor_ok(); nothing may act on the values before that. Lives on the
 * stack, owns nothing, one thread. Integers are little-endian, as in MySQL's protocol and binlog;
 * the `lenenc` forms are the protocol's length-encoded integer and string
 * (source: MySQL internals, "Protocol::LengthEncodedInteger").
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <endian.h>

struct cursor {
    struct span rest;
    bool bad;
};

/*
 * The short ones are inline: decoding an event calls a dozen of them, and as calls they took more
 * time than its checksum.
 */
static inline struct cursor cursor_of(struct span bytes)
{
    return (struct cursor){.rest = bytes};
}

static inline size_t cursor_left(const struct cursor *cur)
{
    return cur->rest.len;
}

static inline struct span cursor_bytes(struct cursor *cur, size_t n)
{
    struct span taken = {0};

    if (n > cur->rest.len) {
        cur->bad = true;
        cur->rest.len = 0;
        return taken;
    }
    if (n == 0)
        return taken;
    taken = span_of(cur->rest.data, n);
    cur->rest.data += n;
    cur->rest.len -= n;
    return taken;
}

/* An unsigned integer of n bytes, n <= 8, little-endian and big-endian. */
static inline uint64_t cursor_le(struct cursor *cur, size_t n)
{
    struct span bytes = cursor_bytes(cur, n);
    uint64_t value = 0;

    if (bytes.len)
        memcpy(&value, bytes.data, n);
    return le64toh(value);
}

uint64_t cursor_be(struct cursor *cur, size_t n);

static inline uint8_t cursor_u8(struct cursor *cur)
{
    return (uint8_t)cursor_le(cur, 1);
}

static inline uint16_t cursor_u16(struct cursor *cur)
{
    return (uint16_t)cursor_le(cur, 2);
}

static inline uint32_t cursor_u24(struct cursor *cur)
{
    return (uint32_t)cursor_le(cur, 3);
}

static inline uint32_t cursor_u32(struct cursor *cur)
{
    return (uint32_t)cursor_le(cur, 4);
}

static inline uint64_t cursor_u64(struct cursor *cur)
{
    return cursor_le(cur, 8);
}

/* 0xfb (NULL) and 0xff are not integers: they set `bad`. */
uint64_t cursor_lenenc(struct cursor *cur);
struct span cursor_lenenc_bytes(struct cursor *cur);

static inline struct span cursor_rest(struct cursor *cur)
{
    return cursor_bytes(cur, cur->rest.len);
}

static inline void cursor_skip(struct cursor *cur, size_t n)
{
    (void)cursor_bytes(cur, n);
}

/* Up to a NUL, which is consumed and not part of the result; no NUL sets `bad`. */
struct span cursor_cstr(struct cursor *cur);

/*
 * Decimal digits, up to what is none. False, and the output untouched, when there is no digit or
 * the number is over `max`; the digits are consumed up to there.
 */
MUST_CHECK bool cursor_decimal(struct cursor *cur, uint64_t max, uint64_t *ret_number);

/* A byte as two hexadecimal digits; sets `bad` for anything else. */
uint8_t cursor_hex_byte(struct cursor *cur);

/* True when nothing was read past the end. */
MUST_CHECK static inline bool cursor_ok(const struct cursor *cur)
{
    return !cur->bad;
}

/* True when, besides, every byte was consumed. */
MUST_CHECK static inline bool cursor_end(const struct cursor *cur)
{
    return !cur->bad && cur->rest.len == 0;
}
