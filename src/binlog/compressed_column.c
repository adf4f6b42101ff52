#include "binlog/compressed_column.h"

#include <libdeflate.h>

#define METHOD_PLAIN   0
#define METHOD_DEFLATE 8
#define RAW_BIT        8
#define LENGTH_MASK    7
#define LENGTH_MAX     4
#define EXPANSION_MAX  1032 /* of deflate: 258 bytes from 2 bits, and a rest */

static bool inflate_into(struct buf *buf, size_t at, struct span packed, bool raw)
{
    struct libdeflate_decompressor *inflater = libdeflate_alloc_decompressor();
    size_t size = buf->len - at;
    enum libdeflate_result result;

    if (!inflater)
        return false;
    if (raw)
        result = libdeflate_deflate_decompress(inflater, packed.data, packed.len, buf->data + at,
                                               size, NULL);
    else
        result = libdeflate_zlib_decompress(inflater, packed.data, packed.len, buf->data + at, size,
                                            NULL);
    libdeflate_free_decompressor(inflater);
    return result == LIBDEFLATE_SUCCESS;
}

bool compressed_column_inflate(struct buf *buf, struct span stored, size_t max, struct err *err)
{
    struct cursor cur = cursor_of(stored);
    uint8_t head = stored.len > 0 ? cursor_u8(&cur) : 0;
    uint64_t size;
    size_t at;

    if (head >> 4 == METHOD_PLAIN) {
        buf_bytes(buf, cursor_rest(&cur));
        return true;
    }
    if (head >> 4 != METHOD_DEFLATE || (head & LENGTH_MASK) < 1 ||
        (head & LENGTH_MASK) > LENGTH_MAX)
        return err_set(err, E_PROTO, 0, "compressed column: unknown method byte 0x%02x", head);
    size = cursor_be(&cur, head & LENGTH_MASK);
    if (!cursor_ok(&cur) || size == 0 || size / EXPANSION_MAX > cursor_left(&cur))
        return err_set(err, E_PROTO, 0, "compressed column: %llu bytes cannot come from %zu",
                       (unsigned long long)size, stored.len);
    if (size > max)
        return err_set(err, E_LIMIT, 0, "compressed column: %llu bytes, more than %zu",
                       (unsigned long long)size, max);
    at = buf_reserve(buf, (size_t)size);
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "compressed column: no room for %llu bytes",
                       (unsigned long long)size);
    if (!inflate_into(buf, at, cursor_rest(&cur), head & RAW_BIT)) {
        buf->len = at;
        return err_set(err, E_PROTO, 0, "compressed column: its content is damaged");
    }
    return true;
}
