/*
 * Rows of MariaDB that are more than a row, which only their shape tells: those of sequences and of
 * system-versioned tables. MySQL would take them for ordinary ones: of a versioned table it would
 * keep each old version as a row of its own. No state, any thread.
 *
 * A sequence is a table of a fixed list of columns, of which it writes one whole row, or the first
 * and the last column of it. In a versioned table what is current has the last TIMESTAMP(6) there
 * is as the end of its time, and each statement begins with a row that was or becomes current
 * (found in what MariaDB 10.11 and 11.8 write). A TIMESTAMP(6) NOT NULL that holds this very value
 * by chance is taken for one.
 */
#pragma once

#include "binlog/rows.h"

/* False for most tables: then there is nothing to check. */
bool row_guard_is_needed(const struct table_map *map);

/* E_STATE when the event's rows are such; E_PROTO. The reader is any that is free. */
MUST_CHECK bool row_guard_check(const struct rows *rows, const struct table_map *map,
                                struct row_reader *reader, struct err *err);
