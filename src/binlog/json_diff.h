/*
 * JSON diffs: how PARTIAL_UPDATE_ROWS gives a changed document, and their application.
 *
 * A diff is an operation u8, a path as lenenc bytes, and, but for REMOVE, a value in binary JSON as
 * lenenc bytes; a column's value is any number of them, to be applied in order to the document of
 * the before image (source: MySQL worklog 2955, Json_diff::write_binary()). Only the objects and
 * arrays on a path are taken apart; memory is bounded by the sizes of the two inputs. Any thread.
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

enum json_diff_operation {
    JSON_DIFF_REPLACE = 0,
    JSON_DIFF_INSERT = 1,
    JSON_DIFF_REMOVE = 2,
};

struct json_diff {
    uint8_t operation; /* enum json_diff_operation */
    struct span path;  /* utf8mb4 */
    struct span value; /* binary JSON; empty for REMOVE */
};

/* Takes the next diff of a column's value. E_PROTO. */
MUST_CHECK bool json_diff_next(struct cursor *cur, struct json_diff *ret_diff, struct err *err);

void json_diff_encode(struct buf *buf, const struct json_diff *diff);

/*
 * Appends MySQL's text of the document after the diffs. E_PROTO when something is malformed,
 * E_STATE when a path is not in the document, E_LIMIT.
 */
MUST_CHECK bool json_diff_apply(struct buf *buf, struct span before, struct span diffs,
                                struct err *err);

/*
 * Appends an expression that does the same to a column: JSON_INSERT(JSON_REMOVE(`c`, '$.a'),
 * '$.b', CAST('1' AS JSON)). `column` is an expression, such as a quoted identifier. E_PROTO,
 * E_LIMIT.
 */
MUST_CHECK bool json_diff_write_sql(struct buf *buf, struct span column, struct span diffs,
                                    struct err *err);

/* Appends [{"op": "replace", "path": "$.a", "value": 1}]. E_PROTO, E_LIMIT. */
MUST_CHECK bool json_diff_write_json(struct buf *buf, struct span diffs, struct err *err);
