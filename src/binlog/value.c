#include "binlog/value.h"

#include "binlog/charset.h"

#define YEAR_BASE               1900
#define COMPRESSED_METHOD_SHIFT 4

/* cursor_le(), but quick: each size is a single load. */
static uint64_t read_number(struct cursor *cur, size_t size)
{
    switch (size) {
    case 1:
        return cursor_u8(cur);
    case 2:
        return cursor_u16(cur);
    case 4:
        return cursor_u32(cur);
    case 8:
        return cursor_u64(cur);
    default:
        return cursor_le(cur, size);
    }
}

static int64_t sign_extend(uint64_t raw, size_t size)
{
    unsigned shift = (unsigned)(64 - 8 * size);

    return (int64_t)(raw << shift) >> shift;
}

static void decode_integer(struct cursor *cur, const struct column *column, struct value *value)
{
    size_t size = column->layout.size;
    uint64_t raw = read_number(cur, size);

    value->kind = column->is_unsigned ? VALUE_UINT : VALUE_INT;
    if (column->is_unsigned)
        value->u = raw;
    else
        value->i = sign_extend(raw, size);
}

static void decode_float(struct cursor *cur, struct value *value)
{
    uint32_t raw = cursor_u32(cur);

    value->kind = VALUE_FLOAT;
    memcpy(&value->f, &raw, sizeof value->f);
}

static void decode_double(struct cursor *cur, struct value *value)
{
    uint64_t raw = cursor_u64(cur);

    value->kind = VALUE_DOUBLE;
    memcpy(&value->d, &raw, sizeof value->d);
}

static struct span decode_bytes(struct cursor *cur, const struct column *column)
{
    return cursor_bytes(cur, (size_t)read_number(cur, column->layout.length_size));
}

/* The first byte holds the method; 0 means that the value follows as it is. */
static void decode_compressed(struct cursor *cur, const struct column *column, struct value *value)
{
    struct span stored = decode_bytes(cur, column);
    struct cursor inner = cursor_of(stored);

    value->kind = VALUE_STRING;
    value->bytes = (struct span){0};
    if (stored.len == 0)
        return;
    if (cursor_u8(&inner) >> COMPRESSED_METHOD_SHIFT == 0) {
        value->bytes = cursor_rest(&inner);
        return;
    }
    value->kind = VALUE_COMPRESSED;
    value->bytes = stored;
}

static void decode_temporal(struct cursor *cur, const struct column *column, uint8_t kind,
                            struct value *value)
{
    value->kind = kind;
    value->time = temporal_decode(cur, &column->layout);
}

static void decode_spanned(struct cursor *cur, const struct column *column, uint8_t kind,
                           struct value *value)
{
    value->kind = kind;
    value->bytes = decode_bytes(cur, column);
}

static void decode_year(struct cursor *cur, struct value *value)
{
    uint8_t year = cursor_u8(cur);

    value->kind = VALUE_YEAR;
    value->u = year ? year + (uint64_t)YEAR_BASE : 0;
}

static void decode_fixed(struct cursor *cur, const struct column *column, struct value *value)
{
    switch (column->layout.type) {
    case COLUMN_BIT:
        value->kind = VALUE_BIT;
        value->u = cursor_be(cur, column->layout.size);
        break;
    case COLUMN_ENUM:
        value->kind = VALUE_ENUM;
        value->u = cursor_le(cur, column->layout.size);
        break;
    case COLUMN_SET:
        value->kind = VALUE_SET;
        value->u = cursor_le(cur, column->layout.size);
        break;
    case COLUMN_DECIMAL:
        value->kind = VALUE_DECIMAL;
        value->bytes = cursor_bytes(cur, column->layout.size);
        break;
    case COLUMN_TIMESTAMP:
    case COLUMN_TIMESTAMP_OLD:
        value->kind = VALUE_TIMESTAMP;
        value->stamp = timestamp_decode(cur, &column->layout);
        break;
    default: /* NULL, and what column_layout_decode() refuses */
        value->kind = VALUE_NULL;
        break;
    }
}

void value_decode(struct cursor *cur, const struct column *column, struct value *ret_value)
{
    switch (column->layout.type) {
    case COLUMN_TINY:
    case COLUMN_SHORT:
    case COLUMN_INT24:
    case COLUMN_LONG:
    case COLUMN_LONGLONG:
        decode_integer(cur, column, ret_value);
        break;
    case COLUMN_STRING:
    case COLUMN_VARCHAR:
    case COLUMN_TINY_BLOB:
    case COLUMN_BLOB:
    case COLUMN_MEDIUM_BLOB:
    case COLUMN_LONG_BLOB:
        decode_spanned(cur, column, VALUE_STRING, ret_value);
        break;
    case COLUMN_FLOAT:
        decode_float(cur, ret_value);
        break;
    case COLUMN_DOUBLE:
        decode_double(cur, ret_value);
        break;
    case COLUMN_YEAR:
        decode_year(cur, ret_value);
        break;
    case COLUMN_DATE:
    case COLUMN_NEWDATE:
        decode_temporal(cur, column, VALUE_DATE, ret_value);
        break;
    case COLUMN_TIME:
    case COLUMN_TIME_OLD:
        decode_temporal(cur, column, VALUE_TIME, ret_value);
        break;
    case COLUMN_DATETIME:
    case COLUMN_DATETIME_OLD:
        decode_temporal(cur, column, VALUE_DATETIME, ret_value);
        break;
    case COLUMN_BLOB_COMPRESSED:
    case COLUMN_VARCHAR_COMPRESSED:
        decode_compressed(cur, column, ret_value);
        break;
    case COLUMN_GEOMETRY:
        decode_spanned(cur, column, VALUE_GEOMETRY, ret_value);
        break;
    case COLUMN_VECTOR:
        decode_spanned(cur, column, VALUE_VECTOR, ret_value);
        break;
    case COLUMN_JSON:
    case COLUMN_TYPED_ARRAY:
        decode_spanned(cur, column, VALUE_JSON, ret_value);
        break;
    default:
        decode_fixed(cur, column, ret_value);
        break;
    }
}

static void encode_bytes(struct buf *buf, const struct column *column, struct span bytes)
{
    if (column->layout.length_size == 0 || bytes.len >> (8 * column->layout.length_size) != 0)
        buf->bad = true;
    buf_le(buf, bytes.len, column->layout.length_size);
    buf_bytes(buf, bytes);
}

static void encode_string(struct buf *buf, const struct column *column, struct span bytes)
{
    bool compressed = column->layout.type == COLUMN_BLOB_COMPRESSED ||
                      column->layout.type == COLUMN_VARCHAR_COMPRESSED;

    if (!compressed || bytes.len == 0) {
        encode_bytes(buf, column, bytes);
        return;
    }
    if ((bytes.len + 1) >> (8 * column->layout.length_size) != 0)
        buf->bad = true;
    buf_le(buf, bytes.len + 1, column->layout.length_size);
    buf_u8(buf, 0);
    buf_bytes(buf, bytes);
}

static void encode_float(struct buf *buf, float value)
{
    uint32_t raw;

    memcpy(&raw, &value, sizeof raw);
    buf_u32(buf, raw);
}

static void encode_double(struct buf *buf, double value)
{
    uint64_t raw;

    memcpy(&raw, &value, sizeof raw);
    buf_u64(buf, raw);
}

void value_encode(struct buf *buf, const struct column *column, const struct value *value)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_ABSENT:
    case VALUE_NULL:
        break;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_ENUM:
    case VALUE_SET:
        buf_le(buf, value->u, column->layout.size);
        break;
    case VALUE_FLOAT:
        encode_float(buf, value->f);
        break;
    case VALUE_DOUBLE:
        encode_double(buf, value->d);
        break;
    case VALUE_DECIMAL:
        if (value->bytes.len != column->layout.size)
            buf->bad = true;
        buf_bytes(buf, value->bytes);
        break;
    case VALUE_BIT:
        buf_be(buf, value->u, column->layout.size);
        break;
    case VALUE_YEAR:
        buf_u8(buf, (uint8_t)(value->u ? value->u - YEAR_BASE : 0));
        break;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
        temporal_encode(buf, &column->layout, value->time);
        break;
    case VALUE_TIMESTAMP:
        timestamp_encode(buf, &column->layout, value->stamp);
        break;
    case VALUE_STRING:
        encode_string(buf, column, value->bytes);
        break;
    case VALUE_COMPRESSED:
    case VALUE_GEOMETRY:
    case VALUE_VECTOR:
    case VALUE_JSON:
    case VALUE_JSON_DIFF:
        encode_bytes(buf, column, value->bytes);
        break;
    }
}

void value_write_temporal(struct buf *buf, const struct column *column, const struct value *value)
{
    if (value->kind == VALUE_DATE)
        temporal_write_date(buf, value->time);
    else if (value->kind == VALUE_TIME)
        temporal_write_time(buf, value->time, column->layout.scale);
    else if (value->kind == VALUE_DATETIME)
        temporal_write_datetime(buf, value->time, column->layout.scale);
    else
        temporal_write_datetime(buf, timestamp_to_utc(value->stamp), column->layout.scale);
}

/* Whether the value is made of members that the table map has. */
static bool members_are_known(const struct column *column, const struct value *value)
{
    if (column->members_count == 0)
        return false;
    if (value->kind == VALUE_ENUM)
        return value->u <= column->members_count;
    return column->members_count >= 64 || value->u >> column->members_count == 0;
}

static bool has_member(const struct value *value, uint32_t n)
{
    return value->kind == VALUE_ENUM ? value->u == n + UINT64_C(1) : n < 64 && value->u >> n & 1;
}

bool value_members_to_utf8(struct buf *buf, const struct table_map *map,
                           const struct column *column, const struct value *value)
{
    struct charset charset = charset_of_collation(column->collation);
    size_t start = buf->len;

    if (!members_are_known(column, value))
        return false;
    for (uint32_t n = 0; n < column->members_count; n++) {
        if (!has_member(value, n))
            continue;
        if (buf->len > start)
            buf_u8(buf, ',');
        if (!charset_read(buf, table_map_member(map, column, n), charset)) {
            buf->len = start;
            return false;
        }
    }
    return true;
}
