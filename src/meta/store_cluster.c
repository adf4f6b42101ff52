/* Clusters and their instances; see store.h. */
#include "meta/store_internal.h"

#define CLUSTER_COLUMNS                                                                            \
    "name, lifecycle, listen, port, master_user, require_secure_transport, gtid_domain_id, "       \
    "compatibility, client_networks, created_usec, reader_listen, reader_port, instance_listen, "  \
    "instance_port, parameter_group, instance_parameter_group"
#define INSTANCE_COLUMNS                                                                           \
    "name, cluster, engine, version, server_id, binlog_epoch, pid, start_ticks, "                  \
    "parameter_group, instance_parameter_group"

static void read_cluster(sqlite3_stmt *stmt, struct store_cluster *cluster)
{
    store_column_text(stmt, 0, cluster->name, sizeof cluster->name);
    cluster->lifecycle = (enum lifecycle)sqlite3_column_int(stmt, 1);
    store_column_text(stmt, 2, cluster->listen, sizeof cluster->listen);
    cluster->port = (uint16_t)sqlite3_column_int(stmt, 3);
    store_column_text(stmt, 4, cluster->master_user, sizeof cluster->master_user);
    cluster->require_secure_transport = sqlite3_column_int(stmt, 5) != 0;
    cluster->gtid_domain_id = (uint32_t)sqlite3_column_int64(stmt, 6);
    cluster->compatibility = (uint8_t)sqlite3_column_int(stmt, 7);
    store_column_text(stmt, 8, cluster->client_networks, sizeof cluster->client_networks);
    cluster->created_usec = sqlite3_column_int64(stmt, 9);
    store_column_text(stmt, 10, cluster->reader.listen, sizeof cluster->reader.listen);
    cluster->reader.port = (uint16_t)sqlite3_column_int(stmt, 11);
    store_column_text(stmt, 12, cluster->instance.listen, sizeof cluster->instance.listen);
    cluster->instance.port = (uint16_t)sqlite3_column_int(stmt, 13);
    store_column_text(stmt, 14, cluster->parameter_group, sizeof cluster->parameter_group);
    store_column_text(stmt, 15, cluster->instance_parameter_group,
                      sizeof cluster->instance_parameter_group);
}

static bool put_cluster(struct store *store, const struct store_cluster *cluster, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store,
                       "INSERT INTO cluster (" CLUSTER_COLUMNS ") "
                       "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
                       "ON CONFLICT (name) DO UPDATE SET lifecycle = excluded.lifecycle, "
                       "listen = excluded.listen, port = excluded.port, "
                       "master_user = excluded.master_user, "
                       "require_secure_transport = excluded.require_secure_transport, "
                       "gtid_domain_id = excluded.gtid_domain_id, "
                       "compatibility = excluded.compatibility, "
                       "client_networks = excluded.client_networks, "
                       "created_usec = excluded.created_usec, "
                       "reader_listen = excluded.reader_listen, "
                       "reader_port = excluded.reader_port, "
                       "instance_listen = excluded.instance_listen, "
                       "instance_port = excluded.instance_port, "
                       "parameter_group = excluded.parameter_group, "
                       "instance_parameter_group = excluded.instance_parameter_group",
                       &stmt, err))
        return false;
    store_bind_text(stmt, 1, cluster->name);
    (void)sqlite3_bind_int(stmt, 2, (int)cluster->lifecycle);
    store_bind_text(stmt, 3, cluster->listen);
    (void)sqlite3_bind_int(stmt, 4, cluster->port);
    store_bind_text(stmt, 5, cluster->master_user);
    (void)sqlite3_bind_int(stmt, 6, cluster->require_secure_transport);
    (void)sqlite3_bind_int64(stmt, 7, cluster->gtid_domain_id);
    (void)sqlite3_bind_int(stmt, 8, cluster->compatibility);
    store_bind_text(stmt, 9, cluster->client_networks);
    (void)sqlite3_bind_int64(stmt, 10, cluster->created_usec);
    store_bind_text(stmt, 11, cluster->reader.listen);
    (void)sqlite3_bind_int(stmt, 12, cluster->reader.port);
    store_bind_text(stmt, 13, cluster->instance.listen);
    (void)sqlite3_bind_int(stmt, 14, cluster->instance.port);
    store_bind_text(stmt, 15, cluster->parameter_group);
    store_bind_text(stmt, 16, cluster->instance_parameter_group);
    return store_finish(store, stmt, err);
}

static bool put_instance(struct store *store, const struct store_instance *instance,
                         struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store,
                       "INSERT INTO instance (" INSTANCE_COLUMNS ") VALUES (?,?,?,?,?,?,?,?,?,?) "
                       "ON CONFLICT (name) DO UPDATE SET engine = excluded.engine, "
                       "version = excluded.version, server_id = excluded.server_id, "
                       "binlog_epoch = excluded.binlog_epoch, pid = excluded.pid, "
                       "start_ticks = excluded.start_ticks, "
                       "parameter_group = excluded.parameter_group, "
                       "instance_parameter_group = excluded.instance_parameter_group",
                       &stmt, err))
        return false;
    store_bind_text(stmt, 1, instance->name);
    store_bind_text(stmt, 2, instance->cluster);
    store_bind_text(stmt, 3, instance->engine);
    store_bind_text(stmt, 4, instance->version);
    (void)sqlite3_bind_int64(stmt, 5, instance->server_id);
    (void)sqlite3_bind_int64(stmt, 6, instance->binlog_epoch);
    (void)sqlite3_bind_int(stmt, 7, instance->pid);
    (void)sqlite3_bind_int64(stmt, 8, (int64_t)instance->start_ticks);
    store_bind_text(stmt, 9, instance->parameter_group);
    store_bind_text(stmt, 10, instance->instance_parameter_group);
    return store_finish(store, stmt, err);
}

/* Runs a statement with one text in it. */
static bool run_for(struct store *store, const char *sql, const char *name, struct err *err)
{
    sqlite3_stmt *stmt = NULL;

    if (!store_prepare(store, sql, &stmt, err))
        return false;
    store_bind_text(stmt, 1, name);
    return store_finish(store, stmt, err);
}

/* Whether a statement with one text in it has a row. */
static bool has_row(struct store *store, const char *sql, const char *name, bool *ret_has,
                    struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store, sql, &stmt, err))
        return false;
    store_bind_text(stmt, 1, name);
    if (!store_step(store, stmt, &row, err) || (row && !store_finish(store, stmt, err)))
        return false;
    *ret_has = row;
    return true;
}

static bool check_new(struct store *store, const char *name, struct err *err)
{
    bool has = false;

    return has_row(store, "SELECT 1 FROM cluster WHERE name = ?", name, &has, err) &&
           (!has || err_set(err, E_STATE, 0, "cluster %s: there is one already", name));
}

static bool apply(struct store *store, const struct store_change *change, struct err *err)
{
    if (change->cluster && change->is_new && !check_new(store, change->cluster->name, err))
        return false;
    if ((change->cluster && !put_cluster(store, change->cluster, err)) ||
        (change->instance && !put_instance(store, change->instance, err)))
        return false;
    if (!store_put_groups(store, change, err))
        return false;
    if (change->remove &&
        (!run_for(store,
                  "DELETE FROM parameter_in_force WHERE instance IN "
                  "(SELECT name FROM instance WHERE cluster = ?)",
                  change->remove, err) ||
         !run_for(store, "DELETE FROM instance WHERE cluster = ?", change->remove, err) ||
         !run_for(store, "DELETE FROM cluster WHERE name = ?", change->remove, err)))
        return false;
    return store_put_events(store, change->events, change->n_events, err);
}

bool store_apply(struct store *store, const struct store_change *change, struct err *err)
{
    struct err ignored;
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = store_run(store, "BEGIN IMMEDIATE", err);
    if (ok) {
        ok = apply(store, change, err) && store_run(store, "COMMIT", err);
        if (!ok)
            (void)!store_run(store, "ROLLBACK", &ignored);
    }
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}

static bool list_clusters(struct store *store, struct store_cluster *clusters, size_t most,
                          size_t *ret_count, struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    size_t count = 0;
    bool row = false;

    if (!store_prepare(store, "SELECT " CLUSTER_COLUMNS " FROM cluster ORDER BY name", &stmt, err))
        return false;
    for (;;) {
        if (!store_step(store, stmt, &row, err))
            return false;
        if (!row)
            break;
        if (count == most) {
            (void)sqlite3_finalize(stmt);
            return err_set(err, E_LIMIT, 0, "%s: expected at most %zu clusters, found more",
                           store->path, most);
        }
        read_cluster(stmt, &clusters[count++]);
    }
    *ret_count = count;
    return true;
}

bool store_list_clusters(struct store *store, size_t most, struct arena *arena,
                         struct store_cluster **ret_clusters, size_t *ret_count, struct err *err)
{
    struct store_cluster *clusters = arena_alloc(arena, most * sizeof *clusters);
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = list_clusters(store, clusters, most, ret_count, err);
    (void)pthread_mutex_unlock(&store->lock);
    if (ok)
        *ret_clusters = clusters;
    return ok;
}

static bool get_cluster(struct store *store, const char *name, struct store_cluster *ret_cluster,
                        bool *ret_found, struct err *err)
{
    struct store_cluster cluster = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store, "SELECT " CLUSTER_COLUMNS " FROM cluster WHERE name = ?", &stmt, err))
        return false;
    store_bind_text(stmt, 1, name);
    if (!store_step(store, stmt, &row, err))
        return false;
    if (row) {
        read_cluster(stmt, &cluster);
        if (!store_finish(store, stmt, err))
            return false;
        *ret_cluster = cluster;
    }
    *ret_found = row;
    return true;
}

bool store_get_cluster(struct store *store, const char *name, struct store_cluster *ret_cluster,
                       bool *ret_found, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = get_cluster(store, name, ret_cluster, ret_found, err);
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}

static bool get_writer(struct store *store, const char *cluster,
                       struct store_instance *ret_instance, bool *ret_found, struct err *err)
{
    struct store_instance instance = {0};
    sqlite3_stmt *stmt = NULL;
    bool row = false;

    if (!store_prepare(store,
                       "SELECT " INSTANCE_COLUMNS " FROM instance WHERE cluster = ? "
                       "ORDER BY name LIMIT 1",
                       &stmt, err))
        return false;
    store_bind_text(stmt, 1, cluster);
    if (!store_step(store, stmt, &row, err))
        return false;
    if (!row) {
        *ret_found = false;
        return true;
    }
    store_column_text(stmt, 0, instance.name, sizeof instance.name);
    store_column_text(stmt, 1, instance.cluster, sizeof instance.cluster);
    store_column_text(stmt, 2, instance.engine, sizeof instance.engine);
    store_column_text(stmt, 3, instance.version, sizeof instance.version);
    instance.server_id = (uint32_t)sqlite3_column_int64(stmt, 4);
    instance.binlog_epoch = (uint32_t)sqlite3_column_int64(stmt, 5);
    instance.pid = sqlite3_column_int(stmt, 6);
    instance.start_ticks = (uint64_t)sqlite3_column_int64(stmt, 7);
    store_column_text(stmt, 8, instance.parameter_group, sizeof instance.parameter_group);
    store_column_text(stmt, 9, instance.instance_parameter_group,
                      sizeof instance.instance_parameter_group);
    if (!store_finish(store, stmt, err))
        return false;
    *ret_instance = instance;
    *ret_found = true;
    return true;
}

bool store_get_writer(struct store *store, const char *cluster, struct store_instance *ret_instance,
                      bool *ret_found, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = get_writer(store, cluster, ret_instance, ret_found, err);
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}

bool store_has_instance(struct store *store, const char *name, bool *ret_has, struct err *err)
{
    bool ok;

    (void)pthread_mutex_lock(&store->lock);
    ok = has_row(store, "SELECT 1 FROM instance WHERE name = ?", name, ret_has, err);
    (void)pthread_mutex_unlock(&store->lock);
    return ok;
}
