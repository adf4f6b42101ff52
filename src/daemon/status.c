#include "daemon/status.h"

#include "base/arena.h"
#include "base/mem.h"
#include "base/version.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_CAP       (1u << 20)
#define SQL_TIMEOUT_SEC 5

/* A number where the text is one, else the text; null for SQL's NULL. */
static json_t *json_value(const char *text)
{
    char *end = NULL;
    long long number;

    if (!text)
        return json_null();
    number = strtoll(text, &end, 10);
    return *text && *end == 0 ? json_integer(number) : json_string(text);
}

static void add_binlog(struct sql *sql, struct arena *arena, json_t *cluster)
{
    struct sql_result result;
    struct err err;

    if (!sql_query(sql, "SHOW MASTER STATUS", arena, &result, &err) || result.n_rows == 0)
        return;
    (void)json_object_set_new(cluster, "binlog",
                              json_pack("{s:o, s:o}", "file",
                                        json_value(sql_result_get(&result, 0, "File")), "position",
                                        json_value(sql_result_get(&result, 0, "Position"))));
}

static void add_replication(struct sql *sql, struct arena *arena, json_t *cluster)
{
    static const struct {
        const char *field;
        const char *column;
    } fields[] = {
        {"source_host", "Master_Host"},
        {"source_port", "Master_Port"},
        {"io_running", "Slave_IO_Running"},
        {"sql_running", "Slave_SQL_Running"},
        {"seconds_behind", "Seconds_Behind_Master"},
        {"source_log_file", "Relay_Master_Log_File"},
        {"source_log_pos", "Exec_Master_Log_Pos"},
        {"last_io_error", "Last_IO_Error"},
        {"last_sql_error", "Last_SQL_Error"},
    };
    struct sql_result result;
    struct err err;
    json_t *replication;

    if (!sql_query(sql, "SHOW SLAVE STATUS", arena, &result, &err) || result.n_rows == 0)
        return;
    replication = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        (void)json_object_set_new(replication, fields[i].field,
                                  json_value(sql_result_get(&result, 0, fields[i].column)));
    (void)json_object_set_new(cluster, "replication", replication);
}

static void add_engine_state(struct cluster *cluster, json_t *into)
{
    struct sql *sql = NULL;
    struct err err;
    struct arena *arena;

    if (!cluster_connect(cluster, SQL_TIMEOUT_SEC, &sql, &err)) {
        (void)json_object_set_new(into, "error", json_string(err.text));
        return;
    }
    arena = arena_new(ARENA_CAP);
    add_binlog(sql, arena, into);
    add_replication(sql, arena, into);
    arena_free(arena);
    sql_close(sql);
}

char *status_render(const char *dir, struct cluster *cluster, size_t sessions)
{
    struct cluster_snapshot snapshot;
    json_t *one;
    json_t *all;
    char *dumped;
    char *text;

    cluster_snapshot(cluster, &snapshot);
    one = json_pack("{s:s, s:s, s:{s:s, s:i, s:I}, s:{s:s, s:s, s:i, s:b}, s:s, s:s, s:s, s:b}",
                    "name", snapshot.settings.name, "state", cluster_state_name(snapshot.state),
                    "endpoint", "address", snapshot.settings.listen, "port",
                    (int)snapshot.settings.port, "sessions", (json_int_t)sessions, "writer",
                    "instance", snapshot.instance, "engine", snapshot.engine_version, "pid",
                    (int)snapshot.engine_pid, "adopted", (int)snapshot.adopted, "master_user",
                    snapshot.settings.master_user, "credentials",
                    cluster_borrow_credentials(cluster), "tls_ca", cluster_borrow_tls_ca(cluster),
                    "require_secure_transport", (int)snapshot.settings.require_secure_transport);
    (void)json_object_set_new(json_object_get(one, "writer"), "client",
                              json_value(cluster_borrow_home(cluster)->client));
    if (snapshot.state == CLUSTER_AVAILABLE)
        add_engine_state(cluster, one);
    all = json_pack("{s:s, s:s, s:i, s:[o]}", "version", BOREALIS_VERSION, "directory", dir,
                    "daemon_pid", (int)getpid(), "clusters", one);
    dumped = json_dumps(all, JSON_INDENT(2));
    text = mem_strdup(dumped ? dumped : "{}");
    free(dumped);
    json_decref(all);
    return text;
}
