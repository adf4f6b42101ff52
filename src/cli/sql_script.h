/*
 * struct sql_script: events as a script for a server's command line client.
 *
 * One session does what many did: its state is set before each statement (sql_session.h), rows are
 * BINLOG statements or INSERT, UPDATE and DELETE, and files of LOAD DATA are put into a directory.
 * The caller writes the head's comments; an error ends the script where it stands, in an open
 * transaction or between two. No I/O but load_files.h's; owned by one thread.
 */
#pragma once

#include "cli/event_source.h"
#include "cli/load_files.h"
#include "cli/row_text.h"
#include "cli/sql_session.h"

struct sql_script_options {
    bool rows_as_statements;
    bool skip_gtids;
    const char *load_directory; /* NULL: a private one */
};

struct sql_script;

struct sql_script *sql_script_new(const struct sql_script_options *options);
void sql_script_free(struct sql_script *script); /* NULL is fine */

/* What the script begins and ends with; the tail may have rows that are still to be written:
 * E_LIMIT. */
void sql_script_write_head(struct sql_script *script, struct buf *buf);
MUST_CHECK bool sql_script_write_tail(struct sql_script *script, struct buf *buf, struct err *err);

/*
 * Takes an event in its file's order, those before the range too; appends its statements. E_STATE
 * for what can not be replayed.
 */
MUST_CHECK bool sql_script_take(struct sql_script *script, const struct event_source *source,
                                const struct plain_event *event, struct buf *buf, struct err *err);

/* Where LOAD DATA's files are; NULL when there was none. */
const char *sql_script_load_directory(const struct sql_script *script);
