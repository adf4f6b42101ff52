#include "cli/cluster_text.h"

#include "base/quantity_text.h"
#include "cluster/cluster_plan.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

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

/* A default group that nothing waits for goes without saying. */
static void print_group(const json_t *group, const char *what)
{
    if (strncmp(text(group, "name"), "default.", strlen("default.")) != 0 ||
        strcmp(text(group, "status"), "in-sync") != 0)
        printf("  %-10s %s, %s\n", what, text(group, "name"), text(group, "status"));
}

/* Only what is not as it is at first. */
static void print_extras(const json_t *cluster)
{
    const json_t *networks = json_object_get(cluster, "client_networks");
    long long compatibility = number(cluster, "compatibility");
    const json_t *pending = json_object_get(cluster, "pending_reboot");
    const json_t *network;
    const json_t *name;
    size_t i;

    if (json_array_size(networks) > 0) {
        printf("  clients    ");
        json_array_foreach(networks, i, network)
        {
            printf("%s%s", i > 0 ? ", " : "only from ", json_string_value(network));
        }
        printf("\n");
    }
    if (compatibility != CLUSTER_DEFAULT_COMPATIBILITY)
        printf("  speaks as  Aurora MySQL version %lld\n", compatibility);
    print_group(json_object_get(cluster, "parameter_group"), "parameters");
    print_group(json_object_get(cluster, "instance_parameter_group"), "instance's");
    if (json_array_size(pending) > 0) {
        printf("             a reboot brings ");
        json_array_foreach(pending, i, name)
        {
            printf("%s%s", i > 0 ? ", " : "", json_string_value(name));
        }
        printf("\n");
    }
}

/* For the administrator of a source, who has to admit it. */
static void print_outgoing(const json_t *connects)
{
    const json_t *addresses = json_object_get(connects, "addresses");
    const char *to = json_string_value(json_object_get(connects, "to"));
    const json_t *address;
    size_t i;

    if (!connects)
        return;
    printf("  connects   ");
    if (json_array_size(addresses) == 0)
        printf("nowhere: no route");
    json_array_foreach(addresses, i, address)
    {
        printf("%s%s", i > 0 ? " or " : "from ", json_string_value(address));
    }
    printf("%s%s\n", to ? " to " : "", to ? to : "");
}

/* Only a disk that lacks room. */
static void print_disk(const json_t *disk)
{
    char free_text[QUANTITY_MAX];
    char size_text[QUANTITY_MAX];

    if (disk && strcmp(text(disk, "stage"), "enough") != 0)
        printf("  disk       %s: %s free of %s\n", text(disk, "stage"),
               quantity_size(free_text, (uint64_t)number(disk, "free")),
               quantity_size(size_text, (uint64_t)number(disk, "size")));
}

/* One of those that need not be. */
static void print_endpoint(const char *name, const json_t *endpoint)
{
    if (json_object_get(endpoint, "error"))
        printf("  %-9s  %s\n", name, text(endpoint, "error"));
    else if (json_is_object(endpoint))
        printf("  %-9s  %s port %lld, %lld sessions; leads to the writer\n", name,
               text(endpoint, "address"), number(endpoint, "port"), number(endpoint, "sessions"));
}

void cluster_text_print(const json_t *cluster)
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
    print_endpoint("reader", json_object_get(cluster, "reader_endpoint"));
    printf("  writer     %s, %s, pid %lld%s\n", text(writer, "instance"), text(writer, "engine"),
           number(writer, "pid"),
           json_is_true(json_object_get(writer, "adopted")) ? ", adopted" : "");
    print_endpoint("instance", json_object_get(writer, "endpoint"));
    printf("  user       %s, password in %s\n", text(cluster, "master_user"),
           text(cluster, "credentials"));
    print_extras(cluster);
    print_outgoing(json_object_get(cluster, "connects_from"));
    print_disk(json_object_get(cluster, "disk"));
    if (binlog)
        printf("  binlog     %s %lld\n", text(binlog, "file"), number(binlog, "position"));
    if (replication)
        print_replication(replication);
    if (json_object_get(cluster, "error"))
        printf("  error      %s\n", text(cluster, "error"));
}

void cluster_text_print_line(const json_t *cluster)
{
    const json_t *endpoint = json_object_get(cluster, "endpoint");
    const json_t *writer = json_object_get(cluster, "writer");

    printf("%-20s  %-10s  %s port %lld, %lld sessions, %s\n", text(cluster, "name"),
           text(cluster, "state"), text(endpoint, "address"), number(endpoint, "port"),
           number(endpoint, "sessions"), text(writer, "engine"));
}

void cluster_text_print_event(const json_t *event)
{
    time_t seconds = (time_t)json_real_value(json_object_get(event, "time"));
    struct tm time;
    char stamp[32] = "";

    if (gmtime_r(&seconds, &time))
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S", &time);
    printf("%s  %-20s  %-12s  %s\n", stamp, text(event, "source"), text(event, "category"),
           text(event, "message"));
}
