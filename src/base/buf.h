/*
 * struct buf: the only way to write bytes: a growing array with a maximum given at init.
 *
 * Writing past the maximum sets the sticky `bad` and writes nothing more, so that an encoder reads
 * like the format's table and ends with one buf_ok(). Lengths that are known only later are
 * reserved and patched by offset. Owned by one thread; buf_done() frees it. Running out of memory
 * aborts: sizes are bounded by the maximum.
 */
#pragma once

#include "base/err.h"
#include "base/span.h"

#include <endian.h>

struct buf {
    uint8_t *data;
    size_t len;
    size_t cap;
    size_t max; /* bytes */
    bool bad;
};

void buf_init(struct buf *buf, size_t max);
void buf_done(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory; clears `bad` */

/* Room for n more bytes; false (and `bad`) when that would pass the maximum. Used by the others. */
bool buf_room(struct buf *buf, size_t n);

static inline void buf_bytes(struct buf *buf, struct span bytes)
{
    if (bytes.len == 0)
        return;
    if ((buf->bad || bytes.len > buf->cap - buf->len) && !buf_room(buf, bytes.len))
        return;
    memcpy(buf->data + buf->len, bytes.data, bytes.len);
    buf->len += bytes.len;
}

/* Without a NUL. */
static inline void buf_str(struct buf *buf, const char *text)
{
    buf_bytes(buf, span_str(text));
}

static inline void buf_u8(struct buf *buf, uint8_t value)
{
    buf_bytes(buf, span_of(&value, 1));
}

/* The lower n bytes, n <= 8, of an integer: little-endian and big-endian. */
static inline void buf_le(struct buf *buf, uint64_t value, size_t n)
{
    uint64_t bytes = htole64(value);

    buf_bytes(buf, span_of((const uint8_t *)&bytes, n));
}

void buf_be(struct buf *buf, uint64_t value, size_t n);

static inline void buf_u16(struct buf *buf, uint16_t value)
{
    buf_le(buf, value, 2);
}

static inline void buf_u24(struct buf *buf, uint32_t value)
{
    buf_le(buf, value, 3);
}

static inline void buf_u32(struct buf *buf, uint32_t value)
{
    buf_le(buf, value, 4);
}

static inline void buf_u64(struct buf *buf, uint64_t value)
{
    buf_le(buf, value, 8);
}

/* The protocol's length-encoded integer, in its shortest form; and a string after its length. */
void buf_lenenc(struct buf *buf, uint64_t value);
void buf_lenenc_bytes(struct buf *buf, struct span bytes);

void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);

/* n zero bytes; returns their offset for a buf_patch. */
size_t buf_reserve(struct buf *buf, size_t n);
void buf_patch_le(struct buf *buf, size_t offset, uint64_t value, size_t n);
void buf_patch_u24(struct buf *buf, size_t offset, uint32_t value);
void buf_patch_bytes(struct buf *buf, size_t offset, struct span bytes);

/* The text with a NUL after it that is not counted; borrowed until the next write. */
const char *buf_borrow_cstr(struct buf *buf);

static inline struct span buf_span(const struct buf *buf)
{
    return span_of(buf->data, buf->len);
}

MUST_CHECK bool buf_ok(const struct buf *buf);
