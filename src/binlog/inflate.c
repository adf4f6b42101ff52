#include "binlog/inflate.h"

#include "base/mem.h"
#include "binlog/query.h"

#include <libdeflate.h>

#define HEAD_COMPRESSED 0x80
#define HEAD_ALGORITHM  0x70
#define HEAD_LENGTH     0x07
#define LEVEL           6

struct inflater {
    struct libdeflate_decompressor *library;
};

struct inflater *inflater_new(void)
{
    struct inflater *inflater = mem_alloc(sizeof *inflater);

    inflater->library = libdeflate_alloc_decompressor();
    return inflater;
}

void inflater_free(struct inflater *inflater)
{
    if (!inflater)
        return;
    if (inflater->library)
        libdeflate_free_decompressor(inflater->library);
    mem_free(inflater);
}

static bool read_head(struct cursor *cur, uint32_t *ret_size, struct err *err)
{
    uint8_t head = cursor_u8(cur);
    size_t length = head & HEAD_LENGTH;
    uint64_t size;

    if (!cursor_ok(cur) || !(head & HEAD_COMPRESSED) || (head & HEAD_ALGORITHM) || length < 1 ||
        length > 4)
        return err_set(err, E_PROTO, 0, "compressed data: first byte 0x%02x, expected 0x81 to 0x84",
                       head);
    size = cursor_be(cur, length);
    if (!cursor_ok(cur))
        return err_set(err, E_PROTO, 0, "compressed data: ends inside its length");
    *ret_size = (uint32_t)size;
    return true;
}

bool inflate_size(struct span compressed, uint32_t *ret_size, struct err *err)
{
    struct cursor cur = cursor_of(compressed);

    return read_head(&cur, ret_size, err);
}

bool inflate_bytes(struct inflater *inflater, struct span compressed, size_t max, struct buf *out,
                   struct err *err)
{
    struct cursor cur = cursor_of(compressed);
    struct span stream;
    uint32_t size;
    uint8_t nothing;
    size_t at;

    if (!read_head(&cur, &size, err))
        return false;
    stream = cursor_rest(&cur);
    /* No zlib stream is more than 1032 times smaller, so a lie costs no memory. */
    if (size > max || size / 1032 > stream.len)
        return err_set(err, E_LIMIT, 0, "compressed data: %u bytes declared in %zu, limit %zu",
                       size, stream.len, max);
    if (!inflater->library)
        return err_set(err, E_BUG, 0, "compressed data: no memory for libdeflate");
    at = buf_reserve(out, size);
    if (!buf_ok(out))
        return err_set(err, E_LIMIT, 0, "compressed data: %u bytes are over the buffer's limit",
                       size);
    if (stream.len == 0 || libdeflate_zlib_decompress(inflater->library, stream.data, stream.len,
                                                      size > 0 ? out->data + at : &nothing, size,
                                                      NULL) != LIBDEFLATE_SUCCESS)
        return err_set(err, E_PROTO, 0, "compressed data: %zu bytes are not a zlib stream of %u",
                       stream.len, size);
    return true;
}

void deflate_bytes(struct buf *out, struct span plain)
{
    struct libdeflate_compressor *library = libdeflate_alloc_compressor(LEVEL);
    size_t length = 1;
    size_t bound;
    uint8_t *scratch;
    size_t size;

    if (!library || plain.len > UINT32_MAX) {
        out->bad = true;
        libdeflate_free_compressor(library);
        return;
    }
    while (length < 4 && plain.len >> (8 * length) != 0)
        length++;
    bound = libdeflate_zlib_compress_bound(library, plain.len);
    scratch = mem_alloc(bound);
    size = libdeflate_zlib_compress(library, plain.len ? (const void *)plain.data : "", plain.len,
                                    scratch, bound);
    buf_u8(out, (uint8_t)(HEAD_COMPRESSED | length));
    buf_be(out, plain.len, length);
    buf_bytes(out, span_of(scratch, size));
    mem_free(scratch);
    libdeflate_free_compressor(library);
}

uint8_t inflate_type(uint8_t type)
{
    switch (type) {
    case EVENT_MARIADB_QUERY_COMPRESSED:
        return EVENT_QUERY;
    case EVENT_MARIADB_WRITE_ROWS_COMPRESSED_V1:
        return EVENT_WRITE_ROWS_V1;
    case EVENT_MARIADB_UPDATE_ROWS_COMPRESSED_V1:
        return EVENT_UPDATE_ROWS_V1;
    case EVENT_MARIADB_DELETE_ROWS_COMPRESSED_V1:
        return EVENT_DELETE_ROWS_V1;
    case EVENT_MARIADB_WRITE_ROWS_COMPRESSED:
        return EVENT_WRITE_ROWS;
    case EVENT_MARIADB_UPDATE_ROWS_COMPRESSED:
        return EVENT_UPDATE_ROWS;
    case EVENT_MARIADB_DELETE_ROWS_COMPRESSED:
        return EVENT_DELETE_ROWS;
    default:
        return type;
    }
}

/* How many bytes of a rows event's body stand before the rows: table id, flags, columns. */
static bool rows_head_size(uint8_t type, struct span body, const struct format *format,
                           size_t *ret_size, struct err *err)
{
    struct cursor cur = cursor_of(body);
    uint8_t plain = inflate_type(type);
    bool update = plain == EVENT_UPDATE_ROWS || plain == EVENT_UPDATE_ROWS_V1;
    uint64_t columns;
    uint64_t bitmap;

    cursor_skip(&cur, format_post_header_length(format, type) == 6 ? 4 : 6);
    cursor_skip(&cur, 2);
    if (plain >= EVENT_WRITE_ROWS) {
        uint16_t extra = cursor_u16(&cur);

        if (extra < 2)
            return err_set(err, E_PROTO, 0, "%s event: extra data of %u bytes, expected 2 or more",
                           event_type_name(type), extra);
        cursor_skip(&cur, extra - 2u);
    }
    columns = cursor_lenenc(&cur);
    bitmap = columns / 8 + (columns % 8 != 0);
    if (bitmap > cursor_left(&cur))
        return err_set(err, E_PROTO, 0, "%s event: %llu columns in a body of %zu bytes",
                       event_type_name(type), (unsigned long long)columns, body.len);
    cursor_skip(&cur, (size_t)bitmap * (update ? 2 : 1));
    if (!event_body_ok(&cur, type, body, err))
        return false;
    *ret_size = body.len - cursor_left(&cur);
    return true;
}

bool inflate_event(struct inflater *inflater, uint8_t type, struct span body,
                   const struct format *format, size_t max, struct buf *out, uint8_t *ret_type,
                   struct err *err)
{
    struct cursor cur = cursor_of(body);
    struct query query;
    size_t head = 0;

    if (inflate_type(type) == type)
        return err_set(err, E_USAGE, 0, "%s event: not a compressed one", event_type_name(type));
    if (type == EVENT_MARIADB_QUERY_COMPRESSED) {
        if (!query_decode(body, type, format, &query, err))
            return false;
        head = body.len - query.text.len;
    } else if (!rows_head_size(type, body, format, &head, err)) {
        return false;
    }
    buf_bytes(out, cursor_bytes(&cur, head));
    if (!inflate_bytes(inflater, cursor_rest(&cur), max, out, err))
        return err_prefix(err, "%s event", event_type_name(type));
    *ret_type = inflate_type(type);
    return true;
}
