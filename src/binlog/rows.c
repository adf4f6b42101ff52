#include "binlog/rows.h"

#include "base/mem.h"
#include "binlog/bitmap.h"

#define OLD_POST_HEADER_LENGTH 6
#define EXTRA_NDB              0
#define EXTRA_PARTITION        1
#define PARTIAL_JSON_UPDATES   1

static bool set_type(struct rows *rows, uint8_t type)
{
    rows->type = type;
    rows->version = 2;
    switch (type) {
    case EVENT_WRITE_ROWS_V1:
    case EVENT_UPDATE_ROWS_V1:
    case EVENT_DELETE_ROWS_V1:
        rows->version = 1;
        rows->kind = (uint8_t)(ROWS_WRITE + type - EVENT_WRITE_ROWS_V1);
        return true;
    case EVENT_WRITE_ROWS:
    case EVENT_UPDATE_ROWS:
    case EVENT_DELETE_ROWS:
        rows->kind = (uint8_t)(ROWS_WRITE + type - EVENT_WRITE_ROWS);
        return true;
    case EVENT_PARTIAL_UPDATE_ROWS:
        rows->kind = ROWS_UPDATE;
        rows->partial = true;
        return true;
    default:
        return false;
    }
}

/* Unknown types end it: their length is not known. */
static void decode_extra(struct rows *rows, struct cursor *cur)
{
    rows->extra = cur->rest;
    while (cursor_left(cur) > 0) {
        uint8_t type = cursor_u8(cur);

        if (type == EXTRA_NDB) {
            uint8_t length = cursor_u8(cur);

            rows->has_ndb = true;
            rows->ndb_format = cursor_u8(cur);
            if (length < 2)
                cur->bad = true;
            rows->ndb = cursor_bytes(cur, length < 2 ? 0 : length - 2U);
        } else if (type == EXTRA_PARTITION) {
            rows->has_partition = true;
            rows->partition = cursor_u16(cur);
            if (rows->kind == ROWS_UPDATE)
                rows->source_partition = cursor_u16(cur);
        } else {
            cursor_skip(cur, cursor_left(cur));
        }
    }
}

static bool decode_header(struct rows *rows, struct cursor *cur, struct err *err)
{
    struct cursor extra = {0};

    rows->table_id = cursor_le(cur, rows->id_size);
    rows->flags = cursor_u16(cur);
    if (rows->version == 2) {
        uint16_t length = cursor_u16(cur);

        if (length < 2)
            return err_set(err, E_PROTO, 0, "extra fields of %u bytes, expected 2 at least",
                           length);
        extra = cursor_of(cursor_bytes(cur, length - 2U));
        decode_extra(rows, &extra);
    }
    if (!cursor_ok(cur) || !cursor_end(&extra))
        return err_set(err, E_PROTO, 0, "cut off in the header");
    return true;
}

bool rows_decode(struct span body, uint8_t type, const struct format *format, struct rows *ret_rows,
                 struct err *err)
{
    struct rows rows = {0};
    struct cursor cur = cursor_of(body);
    uint64_t columns;

    if (!set_type(&rows, type))
        return err_set(err, E_USAGE, 0, "event type %u is not rows that can be decoded", type);
    rows.id_size = format_post_header_length(format, type) == OLD_POST_HEADER_LENGTH ? 4 : 6;
    if (!decode_header(&rows, &cur, err))
        return err_prefix(err, "%s", event_type_name(type));
    columns = cursor_lenenc(&cur);
    if (columns > TABLE_MAP_COLUMNS_MAX)
        return err_set(err, E_LIMIT, 0, "%s: %llu columns, more than %d", event_type_name(type),
                       (unsigned long long)columns, TABLE_MAP_COLUMNS_MAX);
    rows.column_count = (uint32_t)columns;
    if (rows.kind != ROWS_WRITE)
        rows.before_columns = cursor_bytes(&cur, bitmap_size(rows.column_count));
    if (rows.kind != ROWS_DELETE)
        rows.after_columns = cursor_bytes(&cur, bitmap_size(rows.column_count));
    rows.images = cursor_rest(&cur);
    if (!cursor_end(&cur))
        return err_set(err, E_PROTO, 0, "%s: cut off in the bitmap of its %u columns",
                       event_type_name(type), rows.column_count);
    *ret_rows = rows;
    return true;
}

void rows_encode_header(struct buf *buf, const struct rows *rows)
{
    buf_le(buf, rows->table_id, rows->id_size);
    buf_u16(buf, rows->flags);
    if (rows->version == 2) {
        if (rows->extra.len > UINT16_MAX - 2)
            buf->bad = true;
        buf_u16(buf, (uint16_t)(rows->extra.len + 2));
        buf_bytes(buf, rows->extra);
    }
    buf_lenenc(buf, rows->column_count);
    buf_bytes(buf, rows->before_columns);
    buf_bytes(buf, rows->after_columns);
}

void row_reader_init(struct row_reader *reader)
{
    *reader = (struct row_reader){0};
}

void row_reader_done(struct row_reader *reader)
{
    if (!reader)
        return;
    mem_free(reader->before.values);
    mem_free(reader->after.values);
    *reader = (struct row_reader){0};
}

bool row_reader_start(struct row_reader *reader, const struct rows *rows,
                      const struct table_map *map, struct err *err)
{
    if (rows->table_id != map->table_id || rows->column_count != map->column_count)
        return err_set(
            err, E_PROTO, 0,
            "%s: table id %llu with %u columns, its table map has id %llu and %u columns",
            event_type_name(rows->type), (unsigned long long)rows->table_id, rows->column_count,
            (unsigned long long)map->table_id, map->column_count);
    if (map->column_count > reader->own.cap) {
        size_t size = map->column_count * sizeof(struct value);

        reader->own.cap = map->column_count;
        reader->before.values = mem_realloc(reader->before.values, size);
        reader->after.values = mem_realloc(reader->after.values, size);
    }
    reader->own.rows = rows;
    reader->own.map = map;
    reader->own.cur = cursor_of(rows->images);
    reader->own.before_count = (uint32_t)bitmap_count(rows->before_columns, rows->column_count);
    reader->own.after_count = (uint32_t)bitmap_count(rows->after_columns, rows->column_count);
    reader->row = 0;
    return true;
}

/* Which JSON columns, counted over the whole table, hold a diff. */
static struct span decode_options(struct row_reader *reader, struct row_image *image)
{
    struct cursor *cur = &reader->own.cur;

    image->options = cursor_lenenc(cur);
    if (image->options > PARTIAL_JSON_UPDATES)
        cur->bad = true;
    if (image->options != PARTIAL_JSON_UPDATES)
        return (struct span){0};
    return cursor_bytes(cur, bitmap_size(reader->own.map->json_count));
}

/* An image with all columns, which is most of them. */
static void decode_full_image(const struct table_map *map, struct cursor *cur, struct span nulls,
                              struct value *values)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (bitmap_get(nulls, i))
            values[i].kind = VALUE_NULL;
        else
            value_decode(cur, &map->columns[i], &values[i]);
    }
}

/* Reads the values of an image; `present` is how many columns it has. */
static void decode_image(struct row_reader *reader, struct row_image *image, struct span columns,
                         uint32_t present, struct span partial)
{
    const struct table_map *map = reader->own.map;
    struct cursor *cur = &reader->own.cur;
    struct span nulls = cursor_bytes(cur, bitmap_size(present));
    uint32_t json = 0;
    uint32_t n = 0;

    image->null_pad = present % 8 != 0 && bitmap_get(nulls, bitmap_size(present) * 8 - 1);
    if (present == map->column_count && partial.len == 0) {
        decode_full_image(map, cur, nulls, image->values);
        return;
    }
    for (uint32_t i = 0; i < map->column_count; i++) {
        const struct column *column = &map->columns[i];
        struct value *value = &image->values[i];
        bool is_json = column->layout.type == COLUMN_JSON;

        if (!bitmap_get(columns, i)) {
            value->kind = VALUE_ABSENT;
        } else if (bitmap_get(nulls, n++)) {
            value->kind = VALUE_NULL;
        } else {
            value_decode(cur, column, value);
            if (is_json && bitmap_get(partial, json))
                value->kind = VALUE_JSON_DIFF;
        }
        json += is_json;
    }
}

/* MariaDB's older temporal types may have a fraction whose size the log does not tell. */
static bool has_unsized_column(const struct table_map *map)
{
    for (uint32_t i = 0; map->mariadb && i < map->column_count; i++) {
        uint8_t type = map->columns[i].layout.type;

        if (type == COLUMN_TIME_OLD || type == COLUMN_DATETIME_OLD || type == COLUMN_TIMESTAMP_OLD)
            return true;
    }
    return false;
}

static bool does_not_fit(const struct row_reader *reader, size_t left, struct err *err)
{
    const struct table_map *map = reader->own.map;

    return err_set(err, E_PROTO, 0, "%s: row %llu of table %.*s.%.*s does not fit its %zu bytes%s",
                   event_type_name(reader->own.rows->type), (unsigned long long)reader->row + 1,
                   (int)map->database.len, (const char *)map->database.data, (int)map->table.len,
                   (const char *)map->table.data, left,
                   has_unsized_column(map)
                       ? "; it has temporal columns in MariaDB's older format "
                         "(mysql56_temporal_format=OFF), whose digits of a fraction must be told"
                       : "");
}

bool row_reader_next(struct row_reader *reader, bool *ret_more, struct err *err)
{
    const struct rows *rows = reader->own.rows;
    struct cursor *cur = &reader->own.cur;
    size_t left = cursor_left(cur);
    struct span partial = {0};

    if (left == 0) {
        *ret_more = false;
        return true;
    }
    if (rows->kind != ROWS_WRITE) {
        struct cursor start = *cur;

        decode_image(reader, &reader->before, rows->before_columns, reader->own.before_count,
                     partial);
        reader->before.bytes = cursor_bytes(&start, cursor_left(&start) - cursor_left(cur));
    }
    if (rows->kind != ROWS_DELETE) {
        struct cursor start = *cur;

        if (rows->partial)
            partial = decode_options(reader, &reader->after);
        decode_image(reader, &reader->after, rows->after_columns, reader->own.after_count, partial);
        reader->after.bytes = cursor_bytes(&start, cursor_left(&start) - cursor_left(cur));
    }
    if (!cursor_ok(cur) || cursor_left(cur) == left)
        return does_not_fit(reader, left, err);
    reader->row++;
    *ret_more = true;
    return true;
}

/* The bits of a bitmap as they are written: when a byte is full. */
struct bit_writer {
    struct buf *buf;
    uint8_t byte;
    unsigned used;
};

static void put_bit(struct bit_writer *bits, bool bit)
{
    bits->byte = (uint8_t)(bits->byte | bit << bits->used);
    if (++bits->used < 8)
        return;
    buf_u8(bits->buf, bits->byte);
    bits->byte = 0;
    bits->used = 0;
}

static void pad_bits(struct bit_writer *bits, bool pad)
{
    while (bits->used > 0)
        put_bit(bits, pad);
}

static void encode_options(struct buf *buf, const struct table_map *map,
                           const struct row_image *image)
{
    struct bit_writer bits = {.buf = buf};

    buf_lenenc(buf, image->options);
    if (image->options != PARTIAL_JSON_UPDATES)
        return;
    for (uint32_t i = 0; i < map->column_count; i++)
        if (map->columns[i].layout.type == COLUMN_JSON)
            put_bit(&bits, image->values[i].kind == VALUE_JSON_DIFF);
    pad_bits(&bits, false);
}

void rows_encode_nulls(struct buf *buf, struct span columns, uint32_t column_count,
                       const struct value *values, bool pad)
{
    struct bit_writer nulls = {.buf = buf};

    for (uint32_t i = 0; i < column_count; i++)
        if (bitmap_get(columns, i))
            put_bit(&nulls, values[i].kind == VALUE_NULL);
    pad_bits(&nulls, pad);
}

void rows_encode_image(struct buf *buf, const struct rows *rows, const struct table_map *map,
                       const struct row_image *image, bool after)
{
    struct span columns = after ? rows->after_columns : rows->before_columns;

    if (after && rows->partial)
        encode_options(buf, map, image);
    rows_encode_nulls(buf, columns, map->column_count, image->values, image->null_pad);
    for (uint32_t i = 0; i < map->column_count; i++)
        if (bitmap_get(columns, i))
            value_encode(buf, &map->columns[i], &image->values[i]);
}
