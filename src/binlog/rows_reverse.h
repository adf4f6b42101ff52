/*
 * The rows event that undoes another: DELETE for WRITE, WRITE for DELETE, UPDATE with its images
 * swapped; the last row first.
 *
 * It needs full images: a column that an image leaves out has a value that nobody knows. Extra
 * fields, which tell partitions and NDB's details and no row, are left out. No state, any thread.
 */
#pragma once

#include "binlog/rows.h"

/*
 * Appends the body of the event that undoes `rows` and tells its type. The reader is for scratch.
 * E_STATE when an image is not full or holds JSON diffs; E_PROTO. `buf` may hold a part then.
 */
MUST_CHECK bool rows_reverse(struct buf *buf, const struct rows *rows, const struct table_map *map,
                             struct row_reader *reader, uint8_t *ret_type, struct err *err);

/* Whether rows_reverse() can do it; E_STATE says why not and what makes full images. */
MUST_CHECK bool rows_check_full(const struct rows *rows, struct err *err);
