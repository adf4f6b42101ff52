#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>

void buf_init(struct buf *buf, size_t max)
{
    *buf = (struct buf){.max = max};
}

void buf_done(struct buf *buf)
{
    if (!buf)
        return;
    mem_free(buf->data);
    *buf = (struct buf){0};
}

void buf_clear(struct buf *buf)
{
    buf->len = 0;
    buf->bad = false;
}

bool buf_room(struct buf *buf, size_t n)
{
    size_t cap;

    if (buf->bad || n > buf->max - buf->len) {
        buf->bad = true;
        return false;
    }
    if (n <= buf->cap - buf->len)
        return true;
    /* Never over the maximum: the inline writers compare with the capacity only. */
    cap = buf->cap ? buf->cap : buf->max < 64 ? buf->max : 64;
    while (cap - buf->len < n)
        cap = cap > buf->max / 2 ? buf->max : cap * 2;
    buf->data = mem_realloc(buf->data, cap);
    buf->cap = cap;
    return true;
}

void buf_be(struct buf *buf, uint64_t value, size_t n)
{
    uint8_t bytes[8];

    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(value >> (8 * (n - 1 - i)));
    buf_bytes(buf, span_of(bytes, n));
}

void buf_lenenc(struct buf *buf, uint64_t value)
{
    if (value < 0xfb) {
        buf_le(buf, value, 1);
    } else if (value <= 0xffff) {
        buf_u8(buf, 0xfc);
        buf_le(buf, value, 2);
    } else if (value <= 0xffffff) {
        buf_u8(buf, 0xfd);
        buf_le(buf, value, 3);
    } else {
        buf_u8(buf, 0xfe);
        buf_le(buf, value, 8);
    }
}

void buf_lenenc_bytes(struct buf *buf, struct span bytes)
{
    buf_lenenc(buf, bytes.len);
    buf_bytes(buf, bytes);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
    va_list args;
    va_list again;
    int n;

    va_start(args, format);
    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* vsnprintf also writes a NUL, which needs room and is not counted. */
    if (n >= 0 && buf_room(buf, (size_t)n + 1)) {
        (void)vsnprintf((char *)buf->data + buf->len, (size_t)n + 1, format, again);
        buf->len += (size_t)n;
    }
    va_end(again);
}

size_t buf_reserve(struct buf *buf, size_t n)
{
    size_t offset = buf->len;

    if (n == 0 || !buf_room(buf, n))
        return offset;
    memset(buf->data + buf->len, 0, n);
    buf->len += n;
    return offset;
}

void buf_patch_le(struct buf *buf, size_t offset, uint64_t value, size_t n)
{
    if (buf->bad)
        return;
    if (offset > buf->len || n > buf->len - offset) {
        buf->bad = true;
        return;
    }
    for (size_t i = 0; i < n; i++)
        buf->data[offset + i] = (uint8_t)(value >> (8 * i));
}

void buf_patch_bytes(struct buf *buf, size_t offset, struct span bytes)
{
    if (buf->bad || bytes.len == 0)
        return;
    if (offset > buf->len || bytes.len > buf->len - offset) {
        buf->bad = true;
        return;
    }
    memcpy(buf->data + offset, bytes.data, bytes.len);
}

void buf_patch_u24(struct buf *buf, size_t offset, uint32_t value)
{
    buf_patch_le(buf, offset, value, 3);
}

const char *buf_borrow_cstr(struct buf *buf)
{
    if (!buf_room(buf, 1))
        return "";
    buf->data[buf->len] = 0;
    return (const char *)buf->data;
}

bool buf_ok(const struct buf *buf)
{
    return !buf->bad;
}
