#include "binlog/value_sql.h"

#include "binlog/charset.h"
#include "binlog/compressed_column.h"
#include "binlog/decimal.h"
#include "binlog/geometry.h"
#include "binlog/json_binary.h"
#include "binlog/json_diff.h"
#include "binlog/number.h"
#include "binlog/text.h"

void column_write_name(struct buf *buf, const struct table_map *map, const struct column *column)
{
    if (column->name.len > 0) {
        text_write_identifier(buf, column->name);
        return;
    }
    buf_u8(buf, '@');
    number_write_u64(buf, (uint64_t)(column - map->columns) + 1);
}

static void write_hex(struct buf *buf, struct span bytes, size_t length)
{
    buf_str(buf, "X'");
    text_write_hex(buf, bytes);
    for (size_t i = bytes.len; i < length; i++)
        buf_str(buf, "00");
    buf_u8(buf, '\'');
}

/* Text that is converted, or printed with its own introducer. */
static void write_foreign(struct buf *buf, struct span text, struct charset charset,
                          enum value_style style)
{
    struct buf utf8;
    bool good;

    buf_init(&utf8, buf->max);
    good = style == VALUE_STYLE_READ ? charset_read(&utf8, text, charset)
                                     : charset_to_utf8(&utf8, text, charset.encoding);
    if (good && buf_ok(&utf8)) {
        text_write_sql(buf, buf_span(&utf8));
    } else {
        buf_u8(buf, '_');
        buf_str(buf, charset.name);
        buf_u8(buf, ' ');
        write_hex(buf, text, 0);
    }
    buf_done(&utf8);
}

static void write_string(struct buf *buf, const struct column *column, struct span text,
                         enum value_style style)
{
    struct charset charset = charset_of_collation(column->collation);
    bool ascii;

    if (charset_has_ascii(charset.encoding) && text_is_plain(text)) {
        text_write_plain(buf, text, '\'');
        return;
    }
    ascii = ascii_prefix(text) == text.len;
    switch (charset.encoding) {
    case CHARSET_BINARY: /* the servers cut zero bytes off BINARY's end */
        write_hex(buf, text, column->layout.type == COLUMN_STRING ? column->layout.length : 0);
        break;
    case CHARSET_UTF8:
        if (ascii || utf8_is_valid(text))
            text_write_sql(buf, text);
        else
            write_hex(buf, text, 0);
        break;
    case CHARSET_UNKNOWN:
        if (!ascii && !utf8_is_valid(text)) {
            write_hex(buf, text, 0);
            break;
        }
        if (style == VALUE_STYLE_REPLAY)
            buf_str(buf, "_binary");
        text_write_sql(buf, text);
        break;
    case CHARSET_LATIN1:
    case CHARSET_ASCII_SUPERSET:
        if (ascii)
            text_write_sql(buf, text);
        else
            write_foreign(buf, text, charset, style);
        break;
    case CHARSET_UCS2:
    case CHARSET_UTF16:
    case CHARSET_UTF16LE:
    case CHARSET_UTF32:
    case CHARSET_OTHER:
        write_foreign(buf, text, charset, style);
        break;
    }
}

static bool write_compressed(struct buf *buf, const struct column *column, struct span stored,
                             enum value_style style, struct err *err)
{
    struct buf plain;
    bool done;

    buf_init(&plain, VALUE_INFLATED_MAX);
    done = compressed_column_inflate(&plain, stored, VALUE_INFLATED_MAX, err);
    if (done)
        write_string(buf, column, buf_span(&plain), style);
    buf_done(&plain);
    return done;
}

static bool write_json(struct buf *buf, struct span binary, struct err *err)
{
    struct buf text;
    bool done;

    buf_init(&text, buf->max);
    done = json_write_text(&text, binary, err);
    text_write_sql(buf, buf_span(&text));
    if (!buf_ok(&text))
        buf->bad = true;
    buf_done(&text);
    return done;
}

static bool write_json_diff(struct buf *buf, const struct table_map *map,
                            const struct column *column, struct span diffs, struct err *err)
{
    struct buf name;
    bool done;

    buf_init(&name, buf->max);
    column_write_name(&name, map, column);
    done = json_diff_write_sql(buf, buf_span(&name), diffs, err);
    buf_done(&name);
    return done;
}

/* A statement takes the bytes. */
static void write_geometry(struct buf *buf, struct span bytes, enum value_style style)
{
    struct buf text;

    buf_init(&text, buf->max);
    if (style == VALUE_STYLE_READ && geometry_write_text(&text, bytes) && buf_ok(&text))
        text_write_plain(buf, buf_span(&text), '\'');
    else
        write_hex(buf, bytes, 0);
    buf_done(&text);
}

static void write_bits(struct buf *buf, uint64_t bits, unsigned width)
{
    buf_str(buf, "b'");
    for (unsigned i = width; i > 0; i--)
        buf_u8(buf, (uint8_t)('0' + (bits >> (i - 1) & 1)));
    buf_u8(buf, '\'');
}

static void write_quoted_temporal(struct buf *buf, const struct column *column,
                                  const struct value *value)
{
    buf_u8(buf, '\'');
    value_write_temporal(buf, column, value);
    buf_u8(buf, '\'');
}

/*
 * Members as text where they are known and have a UTF-8 form; else, and for ENUM's error value, the
 * number.
 */
static void write_members(struct buf *buf, const struct table_map *map, const struct column *column,
                          const struct value *value)
{
    struct buf text;

    buf_init(&text, buf->max);
    if ((value->kind == VALUE_SET || value->u > 0) &&
        value_members_to_utf8(&text, map, column, value) && buf_ok(&text))
        text_write_sql(buf, buf_span(&text));
    else
        number_write_u64(buf, value->u);
    buf_done(&text);
}

bool value_write_sql(struct buf *buf, const struct table_map *map, const struct column *column,
                     const struct value *value, enum value_style style, struct err *err)
{
    switch ((enum value_kind)value->kind) {
    case VALUE_ABSENT:
        return err_set(err, E_BUG, 0, "a value that is not in the row image has no SQL form");
    case VALUE_NULL:
        buf_str(buf, "NULL");
        return true;
    case VALUE_INT:
        number_write_i64(buf, value->i);
        return true;
    case VALUE_UINT:
        number_write_u64(buf, value->u);
        return true;
    case VALUE_FLOAT:
        number_write_float(buf, value->f);
        return true;
    case VALUE_DOUBLE:
        number_write_double(buf, value->d);
        return true;
    case VALUE_DECIMAL:
        return decimal_write_text(buf, value->bytes, column->layout.precision, column->layout.scale,
                                  err);
    case VALUE_BIT:
        write_bits(buf, value->u, column->layout.bits);
        return true;
    case VALUE_YEAR:
        number_write_padded(buf, value->u, 4);
        return true;
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_TIMESTAMP:
        write_quoted_temporal(buf, column, value);
        return true;
    case VALUE_ENUM:
    case VALUE_SET:
        write_members(buf, map, column, value);
        return true;
    case VALUE_STRING:
        write_string(buf, column, value->bytes, style);
        return true;
    case VALUE_COMPRESSED:
        return write_compressed(buf, column, value->bytes, style, err);
    case VALUE_GEOMETRY:
        write_geometry(buf, value->bytes, style);
        return true;
    case VALUE_VECTOR:
        write_hex(buf, value->bytes, 0);
        return true;
    case VALUE_JSON:
        return write_json(buf, value->bytes, err);
    case VALUE_JSON_DIFF:
        return write_json_diff(buf, map, column, value->bytes, err);
    }
    return err_set(err, E_BUG, 0, "value kind %u", value->kind);
}
