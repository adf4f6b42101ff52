#include "cli/daemon_request.h"
#include "cli/directory_option.h"
#include "cli/verb.h"

#include "base/mem.h"

static const char *text(const json_t *object, const char *key)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value ? value : "-";
}

static long long number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static void print_replication(const json_t *replication)
{
    const json_t *behind = json_object_get(replication, "seconds_behind");

    printf("  source     %s port %lld, at %s %lld\n", text(replication, "source_host"),
           number(replication, "source_port"), text(replication, "source_log_file"),
           number(replication, "source_log_pos"));
    printf("             receiver %s, applier %s, ", text(replication, "io_running"),
           text(replication, "sql_running"));
    if (json_is_integer(behind))
        printf("%lld s behind\n", (long long)json_integer_value(behind));
    else
        printf("lag unknown\n");
    if (*text(replication, "last_io_error") && *text(replication, "last_io_error") != '-')
        printf("             receiver error: %s\n", text(replication, "last_io_error"));
    if (*text(replication, "last_sql_error") && *text(replication, "last_sql_error") != '-')
        printf("             applier error: %s\n", text(replication, "last_sql_error"));
}

static void print_cluster(const json_t *cluster)
{
    const json_t *endpoint = json_object_get(cluster, "endpoint");
    const json_t *writer = json_object_get(cluster, "writer");
    const json_t *binlog = json_object_get(cluster, "binlog");
    const json_t *replication = json_object_get(cluster, "replication");

    printf("cluster %s: %s\n", text(cluster, "name"), text(cluster, "state"));
    printf("  endpoint   %s port %lld, %lld sessions%s\n", text(endpoint, "address"),
           number(endpoint, "port"), number(endpoint, "sessions"),
           json_is_true(json_object_get(cluster, "require_secure_transport")) ? ", TLS required"
                                                                              : "");
    printf("  writer     %s, %s, pid %lld%s\n", text(writer, "instance"), text(writer, "engine"),
           number(writer, "pid"),
           json_is_true(json_object_get(writer, "adopted")) ? ", adopted" : "");
    printf("  user       %s, password in %s\n", text(cluster, "master_user"),
           text(cluster, "credentials"));
    if (binlog)
        printf("  binlog     %s %lld\n", text(binlog, "file"), number(binlog, "position"));
    if (replication)
        print_replication(replication);
    if (json_object_get(cluster, "error"))
        printf("  error      %s\n", text(cluster, "error"));
}

static bool print_status(const char *answer, struct err *err)
{
    json_error_t problem;
    json_t *status = json_loads(answer, 0, &problem);
    size_t i;
    json_t *cluster;

    if (!status)
        return err_set(err, E_PROTO, 0, "the daemon's answer is not JSON: %s", problem.text);
    if (!json_object_get(status, "clusters")) {
        json_decref(status);
        return err_set(err, E_STATE, 0,
                       "a relay serves the directory; look at it with 'borealis relay status'");
    }
    printf("borealis %s, pid %lld, serves %s\n", text(status, "version"),
           number(status, "daemon_pid"), text(status, "directory"));
    json_array_foreach(json_object_get(status, "clusters"), i, cluster)
    {
        print_cluster(cluster);
    }
    json_decref(status);
    return true;
}

static int run(const struct verb *verb, const char *const *values, int argc, char **argv)
{
    char *dir = directory_option(verb_value(verb, values, "dir"));
    char *answer = NULL;
    struct err err = {0};
    int exit_status = EXIT_OK;

    (void)argc;
    (void)argv;
    if (!daemon_request(dir, "status", &answer, &err)) {
        (void)fprintf(stderr, "borealis status: %s\n", err.text);
        exit_status = EXIT_NOT_UP;
    } else if (verb_value(verb, values, "json")) {
        printf("%s\n", answer);
    } else if (!print_status(answer, &err)) {
        (void)fprintf(stderr, "borealis status: %s\n", err.text);
        exit_status = EXIT_FAILED;
    }
    mem_free(answer);
    mem_free(dir);
    return exit_status;
}

const struct verb verb_status = {
    .name = "status",
    .arguments = "",
    .summary = "Show the cluster, its endpoint, its engine and its replication",
    .details =
        "Read-only. Asks the daemon that serves the directory; exits with status 3 when none "
        "does.",
    .options = {DIR_OPTION, {"json", NULL, "Print one JSON object."}},
    .run = run,
};
