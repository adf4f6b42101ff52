/*
 * struct requests: what the stored procedures of one engine ask of the daemon.
 *
 * A procedure puts a row into mysql.rds_request (sql/25-requests.sql) and calls the engine's
 * function aurora_control(). That connects to the socket here and says "wake\n"; the rows that ask
 * are then read over a connection of the daemon's own, done in turn, and marked done or refused
 * with the reason; then "done\n" goes back. Only the procedures' definer can write the table,
 * anybody may wake. A row that is older than a procedure waits is refused: nobody would expect it
 * any more.
 *
 * A secret never stands in the row. It comes with the call, "take N\n" and N bytes, behind 32
 * random characters; the row holds the SHA-256 of all of it, so that nobody else's bytes are taken
 * for it and nothing can be guessed from it. It is wiped when the call is over.
 *
 * One thread serves one caller at a time. Start and stop belong to the owner.
 */
#pragma once

#include "base/err.h"
#include "engine/sql.h"

#include <stddef.h>

struct requests;

/* One kind of request: its name in the table, and what does it, in the thread of the requests. */
struct request_kind {
    const char *name;
    /* argument: or NULL; of a request that is `secret` what came with the call. The error's text
     * is shown to the caller: nothing of a secret may be in it. */
    bool (*run)(void *context, const char *argument, struct err *err);
    bool secret;
};

/* Strings are copied; the kinds must outlive the requests. */
struct requests_spec {
    const char *socket_path; /* in a directory that only the daemon's user may enter */
    const char *subject;     /* of log lines */
    const struct request_kind *kinds;
    size_t n_kinds;
    bool (*connect)(void *context, struct sql **ret_sql, struct err *err);
    void *context;
};

MUST_CHECK bool requests_start(const struct requests_spec *spec, struct requests **ret_requests,
                               struct err *err);
void requests_stop(struct requests *requests); /* NULL is fine */
