/*
 * struct json_path: a JSON path as partial updates use it: $, .key, ."quoted key", [0]. Walked leg
 * by leg; wildcards and ranges, which no diff holds, are refused. Borrows the text; any thread.
 * Source: MySQL manual, "JSON Path Syntax".
 */
#pragma once

#include "base/buf.h"
#include "base/cursor.h"

struct json_path {
    struct cursor cur;
};

struct json_leg {
    bool is_key;
    struct span key; /* as in a document: without quotes and escapes */
    uint32_t index;  /* of an array's element, from 0 */
};

/* E_PROTO when it does not begin with $. */
MUST_CHECK bool json_path_begin(struct span text, struct json_path *ret_path, struct err *err);

bool json_path_at_end(const struct json_path *path);

/*
 * Takes the next leg. A key with escapes is unescaped into `scratch`, appended, and borrows from
 * it. E_PROTO.
 */
MUST_CHECK bool json_path_next(struct json_path *path, struct buf *scratch,
                               struct json_leg *ret_leg, struct err *err);
