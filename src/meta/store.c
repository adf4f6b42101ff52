#include "meta/store.h"

#include "base/mem.h"

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

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
};

struct store {
    sqlite3 *db;
    char *path;
};

static bool failed(struct store *store, struct err *err)
{
    return err_set(err, E_IO, sqlite3_extended_errcode(store->db), "%s: %s", store->path,
                   sqlite3_errmsg(store->db));
}

static bool run(struct store *store, const char *sql, struct err *err)
{
    if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        return failed(store, err);
    return true;
}

static bool read_version(struct store *store, int *ret_version, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool ok = sqlite3_prepare_v2(store->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
              sqlite3_step(stmt) == SQLITE_ROW;

    if (ok)
        *ret_version = sqlite3_column_int(stmt, 0);
    else
        (void)failed(store, err);
    (void)sqlite3_finalize(stmt);
    return ok;
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
        if (!run(store, "BEGIN IMMEDIATE", err) || !run(store, schema_steps[version], err) ||
            !run(store, mark, err))
            return false;
    }
    return true;
}

bool store_open(const char *path, struct store **ret_store, struct err *err)
{
    struct store *store = mem_alloc(sizeof *store);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;

    store->path = mem_strdup(path);
    if (sqlite3_open_v2(path, &store->db, flags, NULL) != SQLITE_OK) {
        (void)failed(store, err);
        store_close(store);
        return false;
    }
    (void)sqlite3_busy_timeout(store->db, BUSY_TIMEOUT_MSEC);
    if (!run(store,
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
    mem_free(store->path);
    mem_free(store);
}

static void column_text(sqlite3_stmt *stmt, int column, char *into, size_t size)
{
    const unsigned char *text = sqlite3_column_text(stmt, column);

    (void)snprintf(into, size, "%s", text ? (const char *)text : "");
}

static void bind_text(sqlite3_stmt *stmt, int parameter, const char *text)
{
    (void)sqlite3_bind_text(stmt, parameter, text, -1, SQLITE_TRANSIENT);
}

/* Runs a prepared statement that returns no rows, and finalizes it. */
static bool finish(struct store *store, sqlite3_stmt *stmt, struct err *err)
{
    bool ok = sqlite3_step(stmt) == SQLITE_DONE;

    if (!ok)
        (void)failed(store, err);
    (void)sqlite3_finalize(stmt);
    return ok;
}

bool store_get_cluster(struct store *store, struct store_cluster *ret_cluster, bool *ret_found,
                       struct err *err)
{
    struct store_cluster cluster = {0};
    sqlite3_stmt *stmt = NULL;
    int result;

    if (sqlite3_prepare_v2(store->db,
                           "SELECT name, creation, listen, port, master_user, "
                           "require_secure_transport, gtid_domain_id FROM cluster LIMIT 1",
                           -1, &stmt, NULL) != SQLITE_OK)
        return failed(store, err);
    result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        column_text(stmt, 0, cluster.name, sizeof cluster.name);
        cluster.creation = sqlite3_column_int(stmt, 1) ? CREATION_DONE : CREATION_STARTED;
        column_text(stmt, 2, cluster.listen, sizeof cluster.listen);
        cluster.port = (uint16_t)sqlite3_column_int(stmt, 3);
        column_text(stmt, 4, cluster.master_user, sizeof cluster.master_user);
        cluster.require_secure_transport = sqlite3_column_int(stmt, 5) != 0;
        cluster.gtid_domain_id = (uint32_t)sqlite3_column_int64(stmt, 6);
        *ret_cluster = cluster;
    } else if (result != SQLITE_DONE) {
        (void)failed(store, err);
        (void)sqlite3_finalize(stmt);
        return false;
    }
    *ret_found = result == SQLITE_ROW;
    (void)sqlite3_finalize(stmt);
    return true;
}

bool store_put_cluster(struct store *store, const struct store_cluster *cluster, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO cluster (name, creation, listen, port, master_user, "
                           "require_secure_transport, gtid_domain_id) VALUES (?,?,?,?,?,?,?) "
                           "ON CONFLICT (name) DO UPDATE SET creation = excluded.creation, "
                           "listen = excluded.listen, port = excluded.port, "
                           "master_user = excluded.master_user, "
                           "require_secure_transport = excluded.require_secure_transport, "
                           "gtid_domain_id = excluded.gtid_domain_id",
                           -1, &stmt, NULL) != SQLITE_OK)
        return failed(store, err);
    bind_text(stmt, 1, cluster->name);
    (void)sqlite3_bind_int(stmt, 2, cluster->creation == CREATION_DONE);
    bind_text(stmt, 3, cluster->listen);
    (void)sqlite3_bind_int(stmt, 4, cluster->port);
    bind_text(stmt, 5, cluster->master_user);
    (void)sqlite3_bind_int(stmt, 6, cluster->require_secure_transport);
    (void)sqlite3_bind_int64(stmt, 7, cluster->gtid_domain_id);
    return finish(store, stmt, err);
}

bool store_get_instance(struct store *store, const char *name, struct store_instance *ret_instance,
                        bool *ret_found, struct err *err)
{
    struct store_instance instance = {0};
    sqlite3_stmt *stmt = NULL;
    int result;

    if (sqlite3_prepare_v2(store->db,
                           "SELECT name, cluster, engine, version, server_id, binlog_epoch, pid, "
                           "start_ticks FROM instance WHERE name = ?",
                           -1, &stmt, NULL) != SQLITE_OK)
        return failed(store, err);
    bind_text(stmt, 1, name);
    result = sqlite3_step(stmt);
    if (result == SQLITE_ROW) {
        column_text(stmt, 0, instance.name, sizeof instance.name);
        column_text(stmt, 1, instance.cluster, sizeof instance.cluster);
        column_text(stmt, 2, instance.engine, sizeof instance.engine);
        column_text(stmt, 3, instance.version, sizeof instance.version);
        instance.server_id = (uint32_t)sqlite3_column_int64(stmt, 4);
        instance.binlog_epoch = (uint32_t)sqlite3_column_int64(stmt, 5);
        instance.pid = sqlite3_column_int(stmt, 6);
        instance.start_ticks = (uint64_t)sqlite3_column_int64(stmt, 7);
        *ret_instance = instance;
    } else if (result != SQLITE_DONE) {
        (void)failed(store, err);
        (void)sqlite3_finalize(stmt);
        return false;
    }
    *ret_found = result == SQLITE_ROW;
    (void)sqlite3_finalize(stmt);
    return true;
}

bool store_put_instance(struct store *store, const struct store_instance *instance, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (sqlite3_prepare_v2(store->db,
                           "INSERT INTO instance (name, cluster, engine, version, server_id, "
                           "binlog_epoch, pid, start_ticks) VALUES (?,?,?,?,?,?,?,?) "
                           "ON CONFLICT (name) DO UPDATE SET engine = excluded.engine, "
                           "version = excluded.version, server_id = excluded.server_id, "
                           "binlog_epoch = excluded.binlog_epoch, pid = excluded.pid, "
                           "start_ticks = excluded.start_ticks",
                           -1, &stmt, NULL) != SQLITE_OK)
        return failed(store, err);
    bind_text(stmt, 1, instance->name);
    bind_text(stmt, 2, instance->cluster);
    bind_text(stmt, 3, instance->engine);
    bind_text(stmt, 4, instance->version);
    (void)sqlite3_bind_int64(stmt, 5, instance->server_id);
    (void)sqlite3_bind_int64(stmt, 6, instance->binlog_epoch);
    (void)sqlite3_bind_int(stmt, 7, instance->pid);
    (void)sqlite3_bind_int64(stmt, 8, (int64_t)instance->start_ticks);
    return finish(store, stmt, err);
}
