#include "daemon/cluster_json.h"

#include "base/arena.h"
#include "base/mem.h"
#include "daemon/cluster_outgoing.h"

#include <stdlib.h>
#include <string.h>

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

/* In place of the engine's own words, where there are any. */
static const char *said(const struct source_fields *fields, const char *column, const char *own)
{
    for (size_t i = 0; i < fields->count; i++) {
        if (strcmp(fields->fields[i].column, column) == 0)
            return fields->fields[i].value;
    }
    return own;
}

static void add_replication(struct cluster *described, struct sql *sql, struct arena *arena,
                            json_t *cluster)
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
    struct source_fields replaced;
    struct source_engine_row row;
    struct sql_result result;
    struct err err;
    json_t *replication;

    if (!sql_query(sql, "SHOW SLAVE STATUS", arena, &result, &err) || result.n_rows == 0)
        return;
    row = (struct source_engine_row){
        .io_running = sql_result_get(&result, 0, "Slave_IO_Running"),
        .sql_running = sql_result_get(&result, 0, "Slave_SQL_Running"),
        .file = sql_result_get(&result, 0, "Relay_Master_Log_File"),
        .offset = sql_result_get(&result, 0, "Exec_Master_Log_Pos"),
        .behind = sql_result_get(&result, 0, "Seconds_Behind_Master"),
        .io_errno = sql_result_get(&result, 0, "Last_IO_Errno"),
        .io_error = sql_result_get(&result, 0, "Last_IO_Error"),
    };
    cluster_describe_source(described, &row, arena, &replaced);
    replication = json_object();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        (void)json_object_set_new(replication, fields[i].field,
                                  json_value(said(&replaced, fields[i].column,
                                                  sql_result_get(&result, 0, fields[i].column))));
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
    add_replication(cluster, sql, arena, into);
    arena_free(arena);
    sql_close(sql);
}

void cluster_json_add_outgoing(json_t *cluster, const char *source_address)
{
    const json_t *replication = json_object_get(cluster, "replication");
    const char *source = json_string_value(json_object_get(replication, "source_host"));

    (void)json_object_set_new(
        cluster, "connects_from",
        cluster_outgoing_json(source && *source ? source : NULL, source_address));
}

/* The networks as an array; an empty one stands for any. */
static json_t *json_networks(const char *text)
{
    json_t *networks = json_array();

    while (*text) {
        size_t len = strcspn(text, ",");

        (void)json_array_append_new(networks, json_stringn(text, len));
        text += len + (text[len] == ',');
    }
    return networks;
}

static json_t *json_time(int64_t usec)
{
    return usec > 0 ? json_integer(usec / 1000000) : json_null();
}

/* An endpoint; null: there is none of the kind. */
static json_t *json_endpoint(struct supervisor *supervisor, const struct store_cluster *settings,
                             enum endpoint_kind kind)
{
    char lost[ERR_TEXT_MAX];
    struct place place;
    json_t *endpoint;

    if (!place_of(settings, kind, &place))
        return json_null();
    endpoint = json_pack("{s:s, s:i, s:I}", "address", place.listen, "port", (int)place.port,
                         "sessions", (json_int_t)supervisor_sessions(supervisor, kind));
    supervisor_lost_text(supervisor, kind, lost);
    if (*lost)
        (void)json_object_set_new(endpoint, "error", json_string(lost));
    return endpoint;
}

static json_t *json_group(const struct cluster_group *group, bool pending)
{
    return json_pack("{s:s, s:s}", "name", group->name, "status",
                     pending || group->pending ? "pending-reboot" : "in-sync");
}

/* The groups, and what waits for the next start. */
static void add_parameters(struct cluster *cluster, json_t *one)
{
    json_t *waiting = json_array();
    struct cluster_parameters list;
    bool pending[2] = {false, false};
    struct err err;

    if (!cluster_list_parameters(cluster, &list, &err)) {
        json_decref(waiting);
        return;
    }
    for (size_t i = 0; i < parameters_count; i++) {
        if (!parameter_is_of(&parameters[i], list.version) ||
            !cluster_parameters_is_pending(&list, i))
            continue;
        (void)json_array_append_new(waiting, json_string(parameters[i].name));
        pending[parameters[i].levels & PARAMETER_OF_CLUSTER ? 0 : 1] = true;
    }
    (void)json_object_set_new(one, "parameter_group", json_group(&list.groups[0], pending[0]));
    (void)json_object_set_new(one, "instance_parameter_group",
                              json_group(&list.groups[1], pending[1]));
    (void)json_object_set_new(one, "pending_reboot", waiting);
    cluster_parameters_done(&list);
}

json_t *cluster_json(struct supervisor *supervisor, bool ask_engine)
{
    struct cluster *cluster = supervisor_borrow_cluster(supervisor);
    struct cluster_snapshot now;
    json_t *one;

    cluster_snapshot(cluster, &now);
    one = json_pack("{s:s, s:s, s:o, s:o, s:{s:s, s:o, s:s, s:i, s:b, s:o}, s:s, s:s, s:s}", "name",
                    now.settings.name, "state", cluster_state_name(now.state), "endpoint",
                    json_endpoint(supervisor, &now.settings, ENDPOINT_CLUSTER), "reader_endpoint",
                    json_endpoint(supervisor, &now.settings, ENDPOINT_READER), "writer", "instance",
                    now.instance, "endpoint",
                    json_endpoint(supervisor, &now.settings, ENDPOINT_INSTANCE), "engine",
                    now.engine_version, "pid", (int)now.engine_pid, "adopted", (int)now.adopted,
                    "client", *now.client ? json_string(now.client) : json_null(), "master_user",
                    now.settings.master_user, "credentials", now.credentials, "tls_ca", now.tls_ca);
    (void)json_object_set_new(one, "require_secure_transport",
                              json_boolean(now.settings.require_secure_transport));
    (void)json_object_set_new(one, "client_networks", json_networks(now.settings.client_networks));
    (void)json_object_set_new(one, "compatibility", json_integer(now.settings.compatibility));
    (void)json_object_set_new(one, "created", json_time(now.settings.created_usec));
    (void)json_object_set_new(one, "pending", json_boolean(now.pending));
    if (now.disk.size_bytes > 0)
        (void)json_object_set_new(
            one, "disk",
            json_pack("{s:s, s:I, s:I}", "stage", disk_stage_name(now.disk_stage), "free",
                      (json_int_t)now.disk.free_bytes, "size", (json_int_t)now.disk.size_bytes));
    add_parameters(cluster, one);
    if (*now.failure)
        (void)json_object_set_new(one, "error", json_string(now.failure));
    if (ask_engine && now.state == CLUSTER_AVAILABLE)
        add_engine_state(cluster, one);
    return one;
}

json_t *cluster_json_event(const struct store_event *event)
{
    json_t *one = json_pack("{s:f, s:s, s:s, s:s, s:s, s:s}", "time", (double)event->at_usec / 1e6,
                            "cluster", event->cluster, "source_type", event->source_type, "source",
                            event->source, "category", event->category, "message", event->message);

    (void)json_object_set_new(one, "id", *event->id ? json_string(event->id) : json_null());
    return one;
}

char *cluster_json_text(json_t *json)
{
    char *dumped = json_dumps(json, JSON_INDENT(2));
    char *text = mem_strdup(dumped ? dumped : "{}");

    free(dumped);
    json_decref(json);
    return text;
}
