/*
 * struct undo_script: the changes of rows in a range as a script that takes them back, newest
 * first.
 *
 * Nothing is written before the whole range was taken and found fit: the pieces wait in a spool.
 * Each transaction becomes one. What a log cannot undo is refused: statements, images that lack
 * columns, transactions that the range cuts. Owned by one thread.
 */
#pragma once

#include "cli/event_source.h"
#include "cli/row_text.h"

struct undo_script;

/* E_IO. */
MUST_CHECK bool undo_script_open(bool rows_as_statements, struct undo_script **ret_script,
                                 struct err *err);
void undo_script_close(struct undo_script *script); /* NULL is fine */

/* Takes an event in its file's order, those before the range too. E_STATE for what has no undo. */
MUST_CHECK bool undo_script_take(struct undo_script *script, const struct event_source *source,
                                 const struct plain_event *event, struct err *err);

/* After the last event: writes the script to a descriptor. */
MUST_CHECK bool undo_script_write(struct undo_script *script, int fd, struct err *err);
