#include "binlog/decimal.h"

#include "base/cursor.h"
#include "binlog/number.h"

#define GROUP_DIGITS 9
#define GROUP_SIZE   4
#define BYTES_MAX    (DECIMAL_DIGITS_MAX / GROUP_DIGITS * GROUP_SIZE + GROUP_SIZE)

static const uint8_t size_of_digits[GROUP_DIGITS + 1] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
static const uint32_t power_of_ten[GROUP_DIGITS + 1] = {
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};

static size_t size_of(unsigned digits)
{
    return digits / GROUP_DIGITS * GROUP_SIZE + size_of_digits[digits % GROUP_DIGITS];
}

size_t decimal_size(unsigned precision, unsigned scale)
{
    return size_of(precision - scale) + size_of(scale);
}

/* A group of up to 9 digits, with the bits of a negative number flipped back. */
static uint32_t next_group(struct cursor *cur, unsigned digits, bool negative)
{
    size_t size = size_of_digits[digits];
    uint32_t group = (uint32_t)cursor_be(cur, size);

    if (negative)
        group = ~group & (uint32_t)(UINT64_MAX >> (64 - 8 * size));
    if (group >= power_of_ten[digits])
        cur->bad = true;
    return group;
}

static void write_whole(struct buf *buf, struct cursor *cur, unsigned digits, bool negative)
{
    unsigned first = digits % GROUP_DIGITS;
    bool started = false;

    for (unsigned i = 0; i < digits / GROUP_DIGITS + (first > 0); i++) {
        unsigned n = i == 0 && first > 0 ? first : GROUP_DIGITS;
        uint32_t group = next_group(cur, n, negative);

        if (started)
            number_write_padded(buf, group, GROUP_DIGITS);
        else if (group > 0)
            number_write_u64(buf, group);
        started = started || group > 0;
    }
    if (!started)
        buf_u8(buf, '0');
}

bool decimal_write_text(struct buf *buf, struct span bytes, unsigned precision, unsigned scale,
                        struct err *err)
{
    uint8_t copy[BYTES_MAX];
    struct cursor cur;
    bool negative;

    if (precision < 1 || precision > DECIMAL_DIGITS_MAX || scale > precision ||
        bytes.len != decimal_size(precision, scale))
        return err_set(err, E_PROTO, 0, "DECIMAL(%u,%u): %zu bytes", precision, scale, bytes.len);
    memcpy(copy, bytes.data, bytes.len);
    negative = !(copy[0] & 0x80);
    copy[0] ^= 0x80;
    cur = cursor_of(span_of(copy, bytes.len));
    if (negative)
        buf_u8(buf, '-');
    write_whole(buf, &cur, precision - scale, negative);
    if (scale > 0)
        buf_u8(buf, '.');
    for (unsigned left = scale; left > 0;) {
        unsigned n = left > GROUP_DIGITS ? GROUP_DIGITS : left;

        number_write_padded(buf, next_group(&cur, n, negative), n);
        left -= n;
    }
    if (!cursor_end(&cur))
        return err_set(err, E_PROTO, 0, "DECIMAL(%u,%u): not digits", precision, scale);
    return true;
}

/* The digits without sign and point, padded with zeros to precision. */
static bool parse_digits(struct span text, unsigned precision, unsigned scale,
                         uint8_t ret_digits[DECIMAL_PRECISION_MAX], bool *ret_negative)
{
    struct cursor cur = cursor_of(text);
    unsigned whole = precision - scale;
    unsigned whole_digits = 0;
    unsigned next;
    const uint8_t *point = text.len ? memchr(text.data, '.', text.len) : NULL;
    size_t before = point ? (size_t)(point - text.data) : text.len;
    struct cursor head = cursor_of(cursor_bytes(&cur, before));
    bool any = false;

    memset(ret_digits, 0, DECIMAL_PRECISION_MAX);
    *ret_negative = text.len > 0 && text.data[0] == '-';
    if (*ret_negative)
        cursor_skip(&head, 1);
    while (cursor_left(&head) > 0 && head.rest.data[0] == '0') {
        cursor_skip(&head, 1);
        any = true;
    }
    whole_digits = (unsigned)cursor_left(&head);
    if (cursor_left(&head) > whole)
        return false;
    next = whole - whole_digits;
    if (point)
        cursor_skip(&cur, 1);
    if (cursor_left(&cur) > scale || (!any && whole_digits + cursor_left(&cur) == 0))
        return false;
    while (cursor_left(&head) + cursor_left(&cur) > 0) {
        uint8_t c = cursor_u8(cursor_left(&head) > 0 ? &head : &cur);

        if (c < '0' || c > '9')
            return false;
        ret_digits[next++] = (uint8_t)(c - '0');
    }
    return true;
}

static void encode_group(struct buf *buf, const uint8_t *digits, unsigned n)
{
    uint32_t group = 0;

    for (unsigned i = 0; i < n; i++)
        group = group * 10 + digits[i];
    buf_be(buf, group, size_of_digits[n]);
}

bool decimal_encode(struct buf *buf, struct span text, unsigned precision, unsigned scale,
                    struct err *err)
{
    uint8_t digits[DECIMAL_PRECISION_MAX];
    size_t start = buf->len;
    unsigned whole = precision - scale;
    bool negative;

    if (precision < 1 || precision > DECIMAL_PRECISION_MAX || scale > precision ||
        !parse_digits(text, precision, scale, digits, &negative))
        return err_set(err, E_USAGE, 0, "a text of %zu characters is not a DECIMAL(%u,%u)",
                       text.len, precision, scale);
    for (unsigned i = 0; i < whole;) {
        unsigned n = i == 0 && whole % GROUP_DIGITS ? whole % GROUP_DIGITS : GROUP_DIGITS;

        encode_group(buf, digits + i, n);
        i += n;
    }
    for (unsigned i = whole; i < precision;) {
        unsigned n = precision - i > GROUP_DIGITS ? GROUP_DIGITS : precision - i;

        encode_group(buf, digits + i, n);
        i += n;
    }
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "DECIMAL: no room for it");
    if (negative)
        for (size_t i = start; i < buf->len; i++)
            buf->data[i] = (uint8_t)~buf->data[i];
    buf->data[start] ^= 0x80;
    return true;
}
