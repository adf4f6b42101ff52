#include "meta/store_internal.h"

#include "base/mem.h"

#include <stdio.h>

#define BUSY_TIMEOUT_MSEC 5000

/* schema_steps[n] brings version n to n + 1. Steps are never changed once released. */
static const char *const schema_steps[STORE_SCHEMA_VERSION] = {
    "CREATE TABLE cluster ("
    " name TEXT PRIMARY KEY,"
    " creation INTEGER NOT NULL,"
    " listen TEXT NOT NULL,"
    " port INTEGER NOT NULL,"
    " master_user TEXT NOT NULL,"
    " require_secure_transport INTEGER NOT NULL,"
    " gtid_domain_id INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE instance ("
    " name TEXT PRIMARY KEY,"
    " cluster TEXT NOT NULL REFERENCES cluster (name),"
    " engine TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " server_id INTEGER NOT NULL,"
    " binlog_epoch INTEGER NOT NULL,"
    " pid INTEGER NOT NULL,"
    " start_ticks INTEGER NOT NULL"
    ") STRICT;",

    "ALTER TABLE cluster RENAME COLUMN creation TO lifecycle;"
    "ALTER TABLE cluster ADD COLUMN compatibility INTEGER NOT NULL DEFAULT 3;"
    "ALTER TABLE cluster ADD COLUMN client_networks TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE cluster ADD COLUMN created_usec INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE event ("
    " number INTEGER PRIMARY KEY,"
    " at_usec INTEGER NOT NULL,"
    " cluster TEXT NOT NULL,"
    " source_type TEXT NOT NULL,"
    " source TEXT NOT NULL,"
    " category TEXT NOT NULL,"
    " id TEXT NOT NULL,"
    " message TEXT NOT NULL"
    ") STRICT;"
    "CREATE INDEX event_at ON event (at_usec);",

    "ALTER TABLE cluster ADD COLUMN reader_listen TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE cluster ADD COLUMN reader_port INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cluster ADD COLUMN instance_listen TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE cluster ADD COLUMN instance_port INTEGER NOT NULL DEFAULT 0;",

    "CREATE TABLE parameter_group ("
    " kind INTEGER NOT NULL,"
    " name TEXT NOT NULL,"
    " family TEXT NOT NULL,"
    " description TEXT NOT NULL,"
    " PRIMARY KEY (kind, name)"
    ") STRICT;"
    "CREATE TABLE parameter ("
    " kind INTEGER NOT NULL,"
    " group_name TEXT NOT NULL,"
    " name TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " immediate INTEGER NOT NULL,"
    " PRIMARY KEY (kind, group_name, name),"
    " FOREIGN KEY (kind, group_name) REFERENCES parameter_group (kind, name)"
    ") STRICT;"
    "CREATE TABLE parameter_in_force ("
    " instance TEXT NOT NULL REFERENCES instance (name),"
    " name TEXT NOT NULL,"
    " value TEXT NOT NULL,"
    " PRIMARY KEY (instance, name)"
    ") STRICT;"
    "ALTER TABLE cluster ADD COLUMN parameter_group TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE cluster ADD COLUMN instance_parameter_group TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE instance ADD COLUMN parameter_group TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE instance ADD COLUMN instance_parameter_group TEXT NOT NULL DEFAULT '';",
};

bool store_failed(struct store *store, struct err *err)
{
    return err_set(err, E_IO, sqlite3_extended_errcode(store->db), "%s: %s", store->path,
                   sqlite3_errmsg(store->db));
}

bool store_run(struct store *store, const char *sql, struct err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return store_failed(store, err);
    return true;
}

bool store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_stmt, struct err *err)
{
    return sqlite3_prepare_v2(store->db, sql, -1, ret_stmt, NULL) == SQLITE_OK ||
           store_failed(store, err);
}

bool store_step(struct store *store, sqlite3_stmt *stmt, bool *ret_row, struct err *err)
{
    int result = sqlite3_step(stmt);

    if (result == SQLITE_ROW) {
        *ret_row = true;
        return true;
    }
    if (result == SQLITE_DONE)
        *ret_row = false;
    else
        (void)store_failed(store, err);
    (void)sqlite3_finalize(stmt);
    return result == SQLITE_DONE;
}

bool store_finish(struct store *store, sqlite3_stmt *stmt, struct err *err)
{
    bool row = false;

    do {
        if (!store_step(store, stmt, &row, err))
            return false;
    } while (row);
    return true;
}

void store_column_text(sqlite3_stmt *stmt, int column, char *into, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    (void)snprintf(into, size, "%s", text ? (const char *)text : "");
}

void store_bind_text(sqlite3_stmt *stmt, int parameter, const char *text)
{
    (void)sqlite3_bind_text(stmt, parameter, text, -1, SQLITE_TRANSIENT);
}

static bool read_version(struct store *store, int *ret_version, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store, "PRAGMA user_version", &stmt, err) ||
        !store_step(store, stmt, &row, err))
        return false;
    *ret_version = sqlite3_column_int(stmt, 0);
    return store_finish(store, stmt, err);
}

static bool migrate(struct store *store, struct err *err)
{
    int version = 0;

    if (!read_version(store, &version, err))
        return false;
    if (version > STORE_SCHEMA_VERSION)
        return err_set(err, E_STATE, 0,
                       "%s: expected a schema of version %d or older, found %d: it was written by "
                       "a newer Borealis",
                       store->path, STORE_SCHEMA_VERSION, version);
    for (; version < STORE_SCHEMA_VERSION; version++) {
        char mark[64];

        (void)snprintf(mark, sizeof mark, "PRAGMA user_version = %d; COMMIT", version + 1);
        if (!store_run(store, "BEGIN IMMEDIATE", err) ||
            !store_run(store, schema_steps[version], err) || !store_run(store, mark, err))
            return false;
    }
    return true;
}

bool store_open(const char *path, struct store **ret_store, struct err *err)
{
    struct store *store = mem_alloc(sizeof *store);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;

    store->path = mem_strdup(path);
    (void)pthread_mutex_init(&store->lock, NULL);
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK) {
        (void)store_failed(store, err);
        store_close(store);
        return false;
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MSEC);
    if (!store_run(store,
                   "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; "
                   "PRAGMA foreign_keys = ON",
                   err) ||
        !migrate(store, err)) {
        store_close(store);
        return false;
    }
    *ret_store = store;
    return true;
}

void store_close(struct store *store)
{
    if (!store)
        return;
    (void)sqlite3_close(store->db);
    (void)pthread_mutex_destroy(&store->lock);
    mem_free(store->path);
    mem_free(store);
}
