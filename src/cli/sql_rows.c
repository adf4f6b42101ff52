#include "cli/sql_rows.h"

#include "binlog/charset.h"
#include "binlog/compressed_column.h"
#include "binlog/json_binary.h"
#include "binlog/number.h"
#include "binlog/text.h"
#include "binlog/value_sql.h"
#include "cli/sql_text.h"

static bool fail_table(const struct table_map *map, struct err *err)
{
    return err_prefix(err, "%.*s.%.*s", (int)map->database.len, (const char *)map->database.data,
                      (int)map->table.len, (const char *)map->table.data);
}

bool sql_rows_check(const struct table_map *map, struct err *err)
{
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (map->columns[i].name.len > 0)
            continue;
        (void)err_set(err, E_STATE, 0,
                      "the log does not name the table's columns; servers write names with "
                      "binlog_row_metadata=FULL; --rows=binlog needs none");
        return fail_table(map, err);
    }
    return true;
}

static bool fail_column(const struct table_map *map, uint32_t i, struct err *err)
{
    (void)err_prefix(err, "column %u", i + 1);
    return fail_table(map, err);
}

static void write_table(struct buf *buf, const struct table_map *map)
{
    text_write_identifier(buf, map->database);
    buf_u8(buf, '.');
    text_write_identifier(buf, map->table);
}

static bool write_value(struct buf *buf, const struct table_map *map, const struct row_image *image,
                        uint32_t i, struct err *err)
{
    return value_write_sql(buf, map, &map->columns[i], &image->values[i], VALUE_STYLE_REPLAY,
                           err) ||
           fail_column(map, i, err);
}

/* The bytes as they are in the column, whatever its character set; ASCII stays readable. */
static void write_bytes(struct buf *buf, const struct column *column, struct span bytes)
{
    const struct column_layout *layout = &column->layout;
    struct charset charset = charset_of_collation(column->collation);

    if (charset_has_ascii(charset.encoding) && ascii_prefix(bytes) == bytes.len) {
        text_write_sql(buf, bytes);
        return;
    }
    buf_str(buf, "X'");
    text_write_hex(buf, bytes);
    /* The servers cut zero bytes off BINARY's end. */
    if (column_is_binary(column) && layout->type == COLUMN_STRING)
        for (size_t n = bytes.len; n < layout->length; n++)
            buf_str(buf, "00");
    buf_u8(buf, '\'');
}

static bool write_bytes_condition(struct buf *buf, const struct column *column,
                                  const struct value *value, struct err *err)
{
    struct buf plain;
    bool done = true;

    buf_init(&plain, VALUE_INFLATED_MAX);
    buf_str(buf, "CAST(");
    text_write_identifier(buf, column->name);
    buf_str(buf, " AS BINARY) <=> ");
    if (value->kind == VALUE_COMPRESSED) {
        done = compressed_column_inflate(&plain, value->bytes, VALUE_INFLATED_MAX, err);
        write_bytes(buf, column, buf_span(&plain));
    } else {
        write_bytes(buf, column, value->bytes);
    }
    buf_done(&plain);
    return done;
}

static bool write_json_condition(struct buf *buf, const struct column *column,
                                 const struct value *value, struct err *err)
{
    struct buf text;
    bool done;

    buf_init(&text, buf->max);
    done = json_write_text(&text, value->bytes, err);
    buf_str(buf, "CAST(");
    text_write_identifier(buf, column->name);
    buf_str(buf, " AS CHAR) <=> ");
    text_write_sql(buf, buf_span(&text));
    buf_done(&text);
    return done;
}

static void write_number_condition(struct buf *buf, const struct column *column, uint64_t number)
{
    buf_str(buf, "CAST(");
    text_write_identifier(buf, column->name);
    buf_str(buf, " AS UNSIGNED) <=> ");
    number_write_u64(buf, number);
}

/*
 * The sum is a DOUBLE. Of a bare FLOAT(9,3) MySQL decides by its digits that it can never be
 * 1000000, which it holds when 999999.999 was rounded.
 */
static void write_float_condition(struct buf *buf, const struct column *column, double number)
{
    text_write_identifier(buf, column->name);
    buf_str(buf, "+0e0 <=> ");
    number_write_double(buf, number);
}

static void write_hex_condition(struct buf *buf, const struct column *column, struct span bytes)
{
    buf_str(buf, "HEX(");
    text_write_identifier(buf, column->name);
    buf_str(buf, ") <=> '");
    text_write_hex(buf, bytes);
    buf_u8(buf, '\'');
}

/* Only a column that holds exactly this value fulfils it. */
static bool write_condition(struct buf *buf, const struct table_map *map,
                            const struct row_image *image, uint32_t i, struct err *err)
{
    const struct column *column = &map->columns[i];
    const struct value *value = &image->values[i];

    switch ((enum value_kind)value->kind) {
    case VALUE_STRING:
    case VALUE_COMPRESSED:
        return write_bytes_condition(buf, column, value, err) || fail_column(map, i, err);
    case VALUE_GEOMETRY:
    case VALUE_VECTOR: /* which servers do not compare */
        write_hex_condition(buf, column, value->bytes);
        return true;
    case VALUE_JSON:
        return write_json_condition(buf, column, value, err) || fail_column(map, i, err);
    case VALUE_FLOAT:
        write_float_condition(buf, column, (double)value->f);
        return true;
    case VALUE_DOUBLE:
        write_float_condition(buf, column, value->d);
        return true;
    case VALUE_ENUM:
    case VALUE_SET:
    case VALUE_BIT:
        write_number_condition(buf, column, value->u);
        return true;
    case VALUE_NULL:
        text_write_identifier(buf, column->name);
        buf_str(buf, " IS NULL");
        return true;
    case VALUE_INT:
    case VALUE_UINT:
    case VALUE_DECIMAL:
    case VALUE_YEAR:
    case VALUE_DATE:
    case VALUE_TIME:
    case VALUE_DATETIME:
    case VALUE_TIMESTAMP:
        text_write_identifier(buf, column->name);
        buf_str(buf, " <=> ");
        return write_value(buf, map, image, i, err);
    case VALUE_ABSENT:
    case VALUE_JSON_DIFF:
        break;
    }
    (void)err_set(err, E_STATE, 0, "a value that can not be compared");
    return fail_column(map, i, err);
}

static bool has_key(const struct table_map *map, const struct row_image *image)
{
    for (uint32_t k = 0; k < map->key_count; k++) {
        if (image->values[map->key[k].column].kind == VALUE_ABSENT)
            return false;
    }
    return map->key_count > 0;
}

static bool write_key(struct buf *buf, const struct table_map *map, const struct row_image *image,
                      struct err *err)
{
    for (uint32_t k = 0; k < map->key_count; k++) {
        uint32_t i = map->key[k].column;

        buf_str(buf, k == 0 ? " WHERE " : " AND ");
        if (image->values[i].kind == VALUE_FLOAT || image->values[i].kind == VALUE_DOUBLE) {
            if (!write_condition(buf, map, image, i, err))
                return false;
            continue;
        }
        text_write_identifier(buf, map->columns[i].name);
        buf_u8(buf, '=');
        if (!write_value(buf, map, image, i, err))
            return false;
    }
    return true;
}

static bool write_where(struct buf *buf, const struct table_map *map, const struct row_image *image,
                        struct err *err)
{
    const char *between = " WHERE ";

    if (has_key(map, image))
        return write_key(buf, map, image, err);
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_str(buf, between);
        between = " AND ";
        if (!write_condition(buf, map, image, i, err))
            return false;
    }
    buf_str(buf, " LIMIT 1");
    return true;
}

static bool write_insert(struct buf *buf, const struct table_map *map,
                         const struct row_image *image, struct err *err)
{
    const char *between = "";

    buf_str(buf, "INSERT INTO ");
    write_table(buf, map);
    buf_str(buf, " (");
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_str(buf, between);
        between = ", ";
        text_write_identifier(buf, map->columns[i].name);
    }
    buf_str(buf, ") VALUES (");
    between = "";
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (image->values[i].kind == VALUE_ABSENT)
            continue;
        buf_str(buf, between);
        between = ", ";
        if (!write_value(buf, map, image, i, err))
            return false;
    }
    buf_u8(buf, ')');
    return true;
}

/*
 * All columns, changed or not: a TIMESTAMP that is not set by an UPDATE may be set by its server.
 */
static bool write_update(struct buf *buf, const struct table_map *map,
                         const struct row_image *before, const struct row_image *after,
                         struct err *err)
{
    const char *between = " SET ";

    buf_str(buf, "UPDATE ");
    write_table(buf, map);
    for (uint32_t i = 0; i < map->column_count; i++) {
        if (after->values[i].kind == VALUE_ABSENT)
            continue;
        buf_str(buf, between);
        between = ", ";
        text_write_identifier(buf, map->columns[i].name);
        buf_u8(buf, '=');
        if (!write_value(buf, map, after, i, err))
            return false;
    }
    return write_where(buf, map, before, err);
}

static bool write_delete(struct buf *buf, const struct table_map *map,
                         const struct row_image *image, struct err *err)
{
    buf_str(buf, "DELETE FROM ");
    write_table(buf, map);
    return write_where(buf, map, image, err);
}

static bool write_change(struct buf *buf, uint8_t kind, const struct table_map *map,
                         const struct row_image *before, const struct row_image *after,
                         struct err *err)
{
    bool done;

    switch ((enum rows_kind)kind) {
    case ROWS_WRITE:
        done = write_insert(buf, map, after, err);
        break;
    case ROWS_UPDATE:
        done = write_update(buf, map, before, after, err);
        break;
    case ROWS_DELETE:
        done = write_delete(buf, map, before, err);
        break;
    default:
        return err_set(err, E_BUG, 0, "kind of rows %u", kind);
    }
    buf_str(buf, "\n" SQL_END);
    return done;
}

bool sql_rows_write(struct buf *buf, const struct rows *rows, const struct table_map *map,
                    const struct row_reader *row, struct err *err)
{
    return write_change(buf, rows->kind, map, &row->before, &row->after, err);
}

bool sql_rows_write_undo(struct buf *buf, const struct rows *rows, const struct table_map *map,
                         const struct row_reader *row, struct err *err)
{
    return write_change(buf, (uint8_t)(ROWS_DELETE - rows->kind), map, &row->after, &row->before,
                        err);
}
