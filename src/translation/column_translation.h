/*
 * What becomes of one column of a table map, and of its values in row images, in another dialect.
 *
 * JSON becomes LONGTEXT with the text that MySQL prints, VECTOR a LONGBLOB of the same bytes,
 * MariaDB's COMPRESSED columns plain ones, TIME, DATETIME and TIMESTAMP of before MySQL 5.6 those
 * of today; all other types that both sides have are the same bytes on both (doc/compatibility.md
 * has the table, and which server wrote what). Constant rules, any thread.
 */
#pragma once

#include "binlog/value.h"
#include "translation/dialect.h"

enum column_change {
    COLUMN_SAME,     /* values go on as they are, if under another type */
    COLUMN_TEXT,     /* JSON: its text */
    COLUMN_PLAIN,    /* COMPRESSED: inflated */
    COLUMN_TEMPORAL, /* of the older form: of the newer one */
};

/* Whether its values are the same bytes on both sides. */
bool column_is_copied(const struct column *column, enum format_family from, enum dialect to);

/*
 * The column in the other dialect: another layout and collation; name, members and so on stay.
 * E_STATE for a type that has no counterpart there.
 */
MUST_CHECK bool column_translate(const struct column *column, enum format_family from,
                                 enum dialect to, struct column *ret_column,
                                 enum column_change *ret_change, struct err *err);

/*
 * Appends a value that is neither NULL nor absent, as it is in images of the other column. `before`
 * is the same column's value in the before image, for JSON diffs; NULL: there is none. E_PROTO;
 * E_LIMIT: longer than the other column's values can be, or than buf's maximum; E_STATE: it has no
 * counterpart, or a diff has no document to be applied to.
 */
MUST_CHECK bool column_translate_value(struct buf *buf, enum column_change change,
                                       const struct column *from, const struct column *to,
                                       const struct value *value, const struct value *before,
                                       struct err *err);
