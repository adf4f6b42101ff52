#include "translation/column_translation.h"

#include "binlog/compressed_column.h"
#include "binlog/json_binary.h"
#include "binlog/json_diff.h"

#define LONG_LENGTH_SIZE  4 /* bytes of the length of LONGTEXT and LONGBLOB */
#define COLLATION_BINARY  63
#define COLLATION_UTF8MB4 46 /* utf8mb4_bin, of both families: MariaDB's JSON has it */

/* A layout by its numbers, which are ours: they can not be wrong. */
static bool set_layout(struct column *column, uint8_t type, uint32_t meta, uint8_t meta_size,
                       struct err *err)
{
    uint64_t bytes = htole64(meta);
    struct cursor cur = cursor_of(span_of(&bytes, meta_size));

    return column_layout_decode(&cur, type, &column->layout, err);
}

static bool to_plain(struct column *column, struct err *err)
{
    if (column->layout.type == COLUMN_BLOB_COMPRESSED)
        return set_layout(column, COLUMN_BLOB, column->layout.length_size, 1, err);
    if (column->layout.length == 0)
        return err_set(err, E_PROTO, 0, "a compressed VARCHAR of 0 bytes, expected 1 at least");
    /* The byte that says how a value is compressed counts in the length. */
    return set_layout(column, COLUMN_VARCHAR, column->layout.length - 1, 2, err);
}

static bool to_new_temporal(struct column *column, struct err *err)
{
    switch (column->layout.type) {
    case COLUMN_TIME_OLD:
        return set_layout(column, COLUMN_TIME, 0, 1, err);
    case COLUMN_DATETIME_OLD:
        return set_layout(column, COLUMN_DATETIME, 0, 1, err);
    default:
        return set_layout(column, COLUMN_TIMESTAMP, 0, 1, err);
    }
}

bool column_is_copied(const struct column *column, enum format_family from, enum dialect to)
{
    switch (column->layout.type) {
    case COLUMN_JSON:
    case COLUMN_TYPED_ARRAY:
        return to == DIALECT_MYSQL_8;
    case COLUMN_BLOB_COMPRESSED:
    case COLUMN_VARCHAR_COMPRESSED:
        return to == DIALECT_MARIADB;
    case COLUMN_TIME_OLD:
    case COLUMN_DATETIME_OLD:
    case COLUMN_TIMESTAMP_OLD:
        return from == dialect_family(to);
    default:
        return true;
    }
}

static bool change_column(struct column *column, enum dialect to, enum column_change *ret_change,
                          struct err *err)
{
    switch (column->layout.type) {
    case COLUMN_JSON:
        *ret_change = COLUMN_TEXT;
        column->collation = COLLATION_UTF8MB4;
        return set_layout(column, COLUMN_BLOB, LONG_LENGTH_SIZE, 1, err);
    case COLUMN_TYPED_ARRAY:
        return err_set(err, E_STATE, 0,
                       "the array of a multi-valued index has no counterpart in %s",
                       dialect_title(to));
    case COLUMN_BLOB_COMPRESSED:
    case COLUMN_VARCHAR_COMPRESSED:
        *ret_change = COLUMN_PLAIN;
        return to_plain(column, err);
    default:
        *ret_change = COLUMN_TEMPORAL;
        return to_new_temporal(column, err);
    }
}

bool column_translate(const struct column *column, enum format_family from, enum dialect to,
                      struct column *ret_column, enum column_change *ret_change, struct err *err)
{
    struct column other = *column;
    enum column_change change = COLUMN_SAME;

    if (!column_is_copied(column, from, to)) {
        if (!change_column(&other, to, &change, err))
            return false;
    } else if (column->layout.type == COLUMN_VECTOR && to != DIALECT_MYSQL_8) {
        other.collation = COLLATION_BINARY;
        if (!set_layout(&other, COLUMN_BLOB, column->layout.length_size, 1, err))
            return false;
    }
    *ret_column = other;
    *ret_change = change;
    return true;
}

static bool write_document(struct buf *buf, const struct value *value, const struct value *before,
                           struct err *err)
{
    if (value->kind == VALUE_JSON)
        return json_write_text(buf, value->bytes, err);
    if (value->kind != VALUE_JSON_DIFF)
        return err_set(err, E_BUG, 0, "a JSON value of kind %u", value->kind);
    if (!before || before->kind == VALUE_ABSENT)
        return err_set(err, E_STATE, 0,
                       "the change of a document is logged without the document; the source must "
                       "have binlog_row_value_options='' or binlog_row_image=FULL");
    if (before->kind != VALUE_JSON)
        return err_set(err, E_PROTO, 0, "a change of a document that is NULL");
    return json_diff_apply(buf, before->bytes, value->bytes, err);
}

static bool write_plain(struct buf *buf, const struct value *value, struct err *err)
{
    if (value->kind == VALUE_COMPRESSED)
        return compressed_column_inflate(buf, value->bytes, EVENT_LENGTH_MAX, err);
    buf_bytes(buf, value->bytes);
    return true;
}

/* The bytes of a TEXT, BLOB or VARCHAR after their length. */
static bool write_sized(struct buf *buf, enum column_change change, uint8_t length_size,
                        const struct value *value, const struct value *before, struct err *err)
{
    size_t at = buf_reserve(buf, length_size);
    size_t start = buf->len;
    uint64_t length;

    if (!(change == COLUMN_TEXT ? write_document(buf, value, before, err)
                                : write_plain(buf, value, err)))
        return false;
    length = buf->len - start;
    if (length >> (8 * length_size) != 0)
        return err_set(err, E_LIMIT, 0, "a value of %llu bytes, more than the column can have",
                       (unsigned long long)length);
    buf_patch_le(buf, at, length, length_size);
    return true;
}

/*
 * MariaDB's older forms with a fraction are longer and tell nobody so; read without it they show
 * numbers that are no date or time.
 */
static bool is_temporal(const struct value *value)
{
    const struct temporal *t = &value->time;

    if (value->kind == VALUE_TIMESTAMP)
        return true;
    return t->month <= 12 && t->day <= 31 && t->minute <= 59 && t->second <= 59 &&
           (value->kind == VALUE_TIME ? t->hour <= 838 : t->hour <= 23 && t->year <= 9999);
}

bool column_translate_value(struct buf *buf, enum column_change change, const struct column *from,
                            const struct column *to, const struct value *value,
                            const struct value *before, struct err *err)
{
    switch (change) {
    case COLUMN_SAME:
        value_encode(buf, from, value);
        break;
    case COLUMN_TEXT:
    case COLUMN_PLAIN:
        if (!write_sized(buf, change, to->layout.length_size, value, before, err))
            return false;
        break;
    case COLUMN_TEMPORAL:
        if (!is_temporal(value))
            return err_set(err, E_STATE, 0,
                           "a value that is no %s: it has digits of a fraction in the format of "
                           "mysql56_temporal_format=OFF, which events do not tell; ALTER TABLE "
                           "... FORCE on the source with mysql56_temporal_format=ON gives it the "
                           "usual one",
                           column_type_name(from->layout.type));
        value_encode(buf, to, value);
        break;
    }
    if (!buf_ok(buf))
        return err_set(err, E_LIMIT, 0, "the event would be longer than %zu bytes", buf->max);
    return true;
}
