/*
 * struct sql: a control connection to an engine, over its unix socket, as the daemon's account.
 *
 * For the daemon's own statements only; clients' sessions never pass here. One thread at a time.
 * Every call ends within the timeout given at connect. Statements and results are UTF-8. Messages
 * hold the server's text, never the statement, which may hold a password.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct sql;

/* One result: n_rows x n_columns texts, row by row; NULL for SQL's NULL. */
struct sql_result {
    size_t n_columns;
    size_t n_rows;
    const char *const *names;  /* n_columns */
    const char *const *values; /* n_rows * n_columns */
};

MUST_CHECK bool sql_connect(const char *socket_path, const char *user, const char *password,
                            unsigned timeout_sec, struct sql **ret_sql, struct err *err);
void sql_close(struct sql *sql);

/* Runs one statement, or a CALL, and drops its results. E_AUTH, E_STATE with the server's code,
 * E_IO when the connection broke. */
MUST_CHECK bool sql_run(struct sql *sql, const char *statement, struct err *err);

/* Runs one statement and returns its first result, allocated from the arena. */
MUST_CHECK bool sql_query(struct sql *sql, const char *statement, struct arena *arena,
                          struct sql_result *ret_result, struct err *err);

/* The text of a column by name in a row; NULL when there is none or it is NULL. */
const char *sql_result_get(const struct sql_result *result, size_t row, const char *column);
