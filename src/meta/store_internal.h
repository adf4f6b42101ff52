/*
 * What the files of struct store share: the open file, and how a statement is run.
 */
#pragma once

#include "meta/store.h"

#include <pthread.h>
#include <sqlite3.h>

struct store {
    char *path;
    pthread_mutex_t lock; /* held through each transaction and until its message was read */
    sqlite3 *db;
};

/* Fills err with what SQLite says; returns false. */
bool store_failed(struct store *store, struct err *err);

/* Runs statements without results. */
MUST_CHECK bool store_run(struct store *store, const char *sql, struct err *err);

MUST_CHECK bool store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_stmt,
                              struct err *err);

/* The next row; *ret_row is false at the end. The statement is finalized on failure and there. */
MUST_CHECK bool store_step(struct store *store, sqlite3_stmt *stmt, bool *ret_row, struct err *err);

/* Runs a prepared statement that returns no rows, and finalizes it. */
MUST_CHECK bool store_finish(struct store *store, sqlite3_stmt *stmt, struct err *err);

void store_column_text(sqlite3_stmt *stmt, int column, char *into, size_t size);
void store_bind_text(sqlite3_stmt *stmt, int parameter, const char *text);

/* Within a transaction of store_apply(). */
MUST_CHECK bool store_put_events(struct store *store, const struct store_event *events,
                                 size_t n_events, struct err *err);

/* The same: parameter groups, and what is in force. */
MUST_CHECK bool store_put_groups(struct store *store, const struct store_change *change,
                                 struct err *err);
