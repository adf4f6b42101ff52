/*
 * struct undo_guard: the tables that a script of `binlog undo` changes, and the statements at its
 * head that stop the client on a server where that would go wrong.
 *
 * A log does not tell which tables refer to a table by a foreign key that cascades: such changes of
 * other rows are made by the storage engine below the log, so they are not undone, and undoing an
 * INSERT may make new ones. Neither does it tell triggers, which INSERT, UPDATE and DELETE fire.
 * The guard asks information_schema there, and prepares what it found as a statement: its text is
 * in the syntax error that both families and all versions answer. Owned by one thread.
 */
#pragma once

#include "binlog/rows.h"

struct undo_guard;

struct undo_guard *undo_guard_new(void);
void undo_guard_free(struct undo_guard *guard); /* NULL is fine */

/* A rows event whose rows are undone. */
void undo_guard_take(struct undo_guard *guard, const struct rows *rows,
                     const struct table_map *map);

/* Appends the statements; nothing for no tables. Session: UTF-8, SQL_DELIMITER. */
void undo_guard_write(const struct undo_guard *guard, struct buf *buf, bool rows_as_statements);
