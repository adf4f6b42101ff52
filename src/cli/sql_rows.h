/*
 * Rows as INSERT, UPDATE and DELETE, for people and for servers of the other family.
 *
 * Columns go by their names, so the log must have them (binlog_row_metadata=FULL). A row is found
 * by its primary key where the log tells it, else by all columns of the image before, compared so
 * that only the row that was logged can match: strings by their bytes, FLOAT as the DOUBLE that it
 * is, JSON by its text. Session: sql_session_for_literals(). No state, any thread.
 */
#pragma once

#include "binlog/rows.h"

/* E_STATE when the log does not name the table's columns. */
MUST_CHECK bool sql_rows_check(const struct table_map *map, struct err *err);

/* Appends the statement for the row that was read last; E_PROTO, E_LIMIT, E_STATE. */
MUST_CHECK bool sql_rows_write(struct buf *buf, const struct rows *rows,
                               const struct table_map *map, const struct row_reader *row,
                               struct err *err);

/* And the statement that undoes it, for which images must be full. */
MUST_CHECK bool sql_rows_write_undo(struct buf *buf, const struct rows *rows,
                                    const struct table_map *map, const struct row_reader *row,
                                    struct err *err);
