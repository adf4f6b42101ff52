#include "binlog/varint.h"

uint64_t cursor_varint(struct cursor *cur)
{
    uint8_t first = cursor_u8(cur);
    size_t more = 0;
    uint64_t rest;

    while (more < 8 && (first >> more & 1))
        more++;
    rest = cursor_le(cur, more);
    if (more == 8)
        return rest;
    /* Of the first byte, more + 1 bits are the length; the others are the value's lowest. */
    return (uint64_t)(first >> (more + 1)) | (more ? rest << (7 - more) : 0);
}

int64_t cursor_varint_signed(struct cursor *cur)
{
    uint64_t value = cursor_varint(cur);

    return value & 1 ? -(int64_t)(value >> 1) - 1 : (int64_t)(value >> 1);
}

size_t varint_size(uint64_t value)
{
    size_t size = 1;

    while (size < 9 && value >> (7 * size) != 0)
        size++;
    return size;
}

void buf_varint(struct buf *buf, uint64_t value)
{
    size_t size = varint_size(value);

    if (size == 9) {
        buf_u8(buf, 0xff);
        buf_u64(buf, value);
        return;
    }
    buf_le(buf, value << size | ((UINT64_C(1) << (size - 1)) - 1), size);
}

void buf_varint_signed(struct buf *buf, int64_t value)
{
    uint64_t bits = (uint64_t)value << 1;

    buf_varint(buf, value < 0 ? ~bits : bits);
}
