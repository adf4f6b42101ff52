/*
 * Values as SQL literals.
 *
 * Texts are written for a session whose character set is utf8mb4 and whose sql_mode is without
 * NO_BACKSLASH_ESCAPES; TIMESTAMP for one whose time_zone is +00:00. What has no readable UTF-8
 * form is hexadecimal, with an introducer where the character set is known. With the style REPLAY a
 * text whose character set the table map does not tell is written as _binary'...', which a server
 * takes byte for byte into a column of any character set; READ leaves the introducer out. READ also
 * shows text of character sets of one byte a character as UTF-8 and geometries as text, of which
 * REPLAY keeps the bytes. JSON
 * documents are written as their text: decimals and dates inside lose their type then, as with the
 * servers' own programs. No state, any thread.
 */
#pragma once

#include "binlog/value.h"

enum value_style {
    VALUE_STYLE_READ,
    VALUE_STYLE_REPLAY,
};

#define VALUE_INFLATED_MAX ((size_t)1 << 30) /* bytes of a compressed column's value */

/*
 * Appends the literal. VALUE_JSON_DIFF becomes an expression on the column. E_PROTO when the value
 * is malformed inside, E_LIMIT; then a part of it may have been appended.
 */
MUST_CHECK bool value_write_sql(struct buf *buf, const struct table_map *map,
                                const struct column *column, const struct value *value,
                                enum value_style style, struct err *err);

/* The column's name in back quotes, or @3 for the third where the table map has no names. */
void column_write_name(struct buf *buf, const struct table_map *map, const struct column *column);
