/*
 * Values as JSON.
 *
 * Numbers are JSON numbers (of up to 20 digits: readers that know only doubles lose the last ones),
 * DECIMAL is a string, so that no reader rounds it; dates and times are strings, TIMESTAMP in UTC;
 * ENUM and SET are their text where the table map tells it, else a number; BIT is a number; JSON
 * documents stand as they are; VECTOR is an array; GEOMETRY is its text (geometry.h); bytes that
 * are not text are {"base64": "..."}; diffs of partial updates are an array of operations. No
 * state, any thread.
 */
#pragma once

#include "binlog/value.h"

/*
 * Appends the value. E_PROTO when it is malformed inside, E_LIMIT; then a part of it may have been
 * appended.
 */
MUST_CHECK bool value_write_json(struct buf *buf, const struct table_map *map,
                                 const struct column *column, const struct value *value,
                                 struct err *err);
