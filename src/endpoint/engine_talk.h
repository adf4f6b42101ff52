/*
 * What the endpoint itself says to the engine on a session's own connection, while that is idle: so
 * that a privilege is the engine's to grant, and what a client has set there can be asked for.
 *
 * Answers are read without regard to how the client's capabilities have columns described: the
 * session's are the client's. Calls run in the session's thread and end at their deadline.
 */
#pragma once

#include "base/buf.h"
#include "replication/link.h"

#define ENGINE_TALK_COLUMNS 16

/* A command that is answered with OK. A refusal is E_STATE or E_AUTH with its number in `code`. */
MUST_CHECK bool engine_talk_command(struct link *link, struct span payload, int64_t deadline_usec,
                                    struct err *err);
MUST_CHECK bool engine_talk_execute(struct link *link, const char *sql, int64_t deadline_usec,
                                    struct err *err);

/* The first row of a query: the data of NULL is NULL. E_STATE: it gave none. */
struct engine_row {
    struct buf bytes; /* that the values lie in */
    struct span values[ENGINE_TALK_COLUMNS];
};

MUST_CHECK bool engine_talk_row(struct link *link, const char *sql, size_t columns,
                                struct engine_row *ret_row, int64_t deadline_usec, struct err *err);
void engine_row_done(struct engine_row *row);
