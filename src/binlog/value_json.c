#include "binlog/value_json.h"

#include "binlog/charset.h"
#include "binlog/compressed_column.h"
#include "binlog/decimal.h"
#include "binlog/geometry.h"
#include "binlog/json_binary.h"
#include "binlog/json_diff.h"
#include "binlog/number.h"
#include "binlog/text.h"
#include "binlog/value_sql.h"

#include <math.h>

static void write_base64(struct buf *buf, struct span bytes, size_t length)
{
    struct buf padded;

    buf_str(buf, "{\"base64\": \"");
    if (bytes.len >= length) {
        text_write_base64(buf, bytes, NULL);
    } else {
        buf_init(&padded, length);
        buf_bytes(&padded, bytes);
        (void)buf_reserve(&padded, length - bytes.len);
        text_write_base64(buf, buf_span(&padded), NULL);
        buf_done(&padded);
    }
    buf_str(buf, "\"}");
}

static void write_foreign(struct buf *buf, struct span text, struct charset charset)
{
    struct buf utf8;

    buf_init(&utf8, buf->max);
    if (charset_read(&utf8, text, charset) && buf_ok(&utf8))
        text_write_json(buf, buf_span(&utf8));
    else
        write_base64(buf, text, 0);
    buf_done(&utf8);
}

static void write_string(struct buf *buf, const struct column *column, struct span text)
{
    struct charset charset = charset_of_collation(column->collation);

    if (charset_has_ascii(charset.encoding) && text_is_plain(text)) {
        text_write_plain(buf, text, '"');
        return;
    }
    switch (charset.encoding) {
    case CHARSET_BINARY:
        write_base64(buf, text, column->layout.type == COLUMN_STRING ? column->layout.length : 0);
        break;
    case CHARSET_UNKNOWN:
    case CHARSET_UTF8:
        if (utf8_is_valid(text))
            text_write_json(buf, text);
        else
            write_base64(buf, text, 0);
        break;
    case CHARSET_LATIN1:
    case CHARSET_ASCII_SUPERSET:
        if (ascii_prefix(text) == text.len)
            text_write_json(buf, text);
        else
            write_foreign(buf, text, charset);
        break;
    case CHARSET_UCS2:
    case CHARSET_UTF16:
    case CHARSET_UTF16LE:
    case CHARSET_UTF32:
    case CHARSET_OTHER:
        write_foreign(buf, text, charset);
        break;
    }
}

static bool write_compressed(struct buf *buf, const struct column *column, struct span stored,
                             struct err *err)
{
    struct buf plain;
    bool done;

    buf_init(&plain, VALUE_INFLATED_MAX);
    done = compressed_column_inflate(&plain, stored, VALUE_INFLATED_MAX, err);
    if (done)
        write_string(buf, column, buf_span(&plain));
    buf_done(&plain);
    return done;
}

static bool write_decimal(struct buf *buf, const struct column *column, struct span bytes,
                          struct err *err)
{
    bool done;

    buf_u8(buf, '"');
    done = decimal_write_text(buf, bytes, column->layout.precision, column->layout.scale, err);
    buf_u8(buf, '"');
    return done;
}

static void write_temporal(struct buf *buf, const struct column *column, const struct value *value)
{
    buf_u8(buf, '"');
    value_write_temporal(buf, column, value);
    buf_u8(buf, '"');
}

/* The members' text, the number where that is not known. */
static void write_members(struct buf *buf, const struct table_map *map, const struct column *column,
                          const struct value *value)
{
    struct buf text;

    buf_init(&text, buf->max);
    if (value_members_to_utf8(&text, map, column, value) && buf_ok(&text))
        text_write_json(buf, buf_span(&text));
    else
        number_write_u64(buf, value->u);
    buf_done(&text);
}

static void write_float(struct buf *buf, const struct value *value)
{
    double wide = value->kind == VALUE_FLOAT ? (double)value->f : value->d;

    if (!isfinite(wide))
        buf_str(buf, "null");
    else if (value->kind == VALUE_FLOAT)
        number_write_float(buf, value->f);
    else
        number_write_double(buf, value->d);
}

static void write_geometry(struct buf *buf, struct span bytes)
{
    struct buf text;

    buf_init(&text, buf->max);
    if (geometry_write_text(&text, bytes) && buf_ok(&text))
        text_write_plain(buf, buf_span(&text), '"');
    else
        write_base64(buf, bytes, 0);
    buf_done(&text);
}

static void write_vector(struct buf *buf, struct span bytes)
{
    struct cursor cur = cursor_of(bytes);

    if (bytes.len % sizeof(float) != 0) {
        write_base64(buf, bytes, 0);
        return;
    }
    buf_u8(buf, '[');
    while (cursor_left(&cur) > 0) {
        uint32_t raw = cursor_u32(&cur);
        struct value value = {.kind = VALUE_FLOAT};

        memcpy(&value.f, &raw, sizeof value.f);
        write_float(buf, &value);
        if (cursor_left(&cur) > 0)
            buf_str(buf, ", ");
    }
    buf_u8(buf, ']');
}

bool value_write_json(struct buf *buf, const struct table_map *map, const struct column *column,
                      const struct value *value, struct err *err)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_ABSENT:
        return err_set(err, E_BUG, 0, "a value that is not in the row image has no JSON form");
    case VALUE_NULL:
        buf_str(buf, "null");
        return true;
    case VALUE_INT:
        number_write_i64(buf, value->i);
        return true;
    case VALUE_UINT:
    case VALUE_BIT:
    case VALUE_YEAR:
        number_write_u64(buf, value->u);
        return true;
    case VALUE_FLOAT:
    case VALUE_DOUBLE:
        write_float(buf, value);
        return true;
    case VALUE_DECIMAL:
        return write_decimal(buf, column, value->bytes, err);
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_TIMESTAMP:
        write_temporal(buf, column, value);
        return true;
    case VALUE_ENUM:
    case VALUE_SET:
        write_members(buf, map, column, value);
        return true;
    case VALUE_STRING:
        write_string(buf, column, value->bytes);
        return true;
    case VALUE_COMPRESSED:
        return write_compressed(buf, column, value->bytes, err);
    case VALUE_GEOMETRY:
        write_geometry(buf, value->bytes);
        return true;
    case VALUE_VECTOR:
        write_vector(buf, value->bytes);
        return true;
    case VALUE_JSON:
        return json_write_text(buf, value->bytes, err);
    case VALUE_JSON_DIFF:
        return json_diff_write_json(buf, value->bytes, err);
    }
    return err_set(err, E_BUG, 0, "value kind %u", value->kind);
}
