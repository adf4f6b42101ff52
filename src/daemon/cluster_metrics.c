#include "daemon/cluster_metrics.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cluster/cluster_disk.h"
#include "daemon/exposition.h"

#include <string.h>

#define PREFIX         "borealis_cluster_"
#define CATEGORIES_MAX 16
#define NAME_MAX_BYTES 64

/* A cluster at one moment. */
struct reading {
    struct cluster_snapshot now;
    size_t sessions;
    struct traffic_counts traffic;
    bool has_disk; /* it has files yet */
    struct cluster_disk disk;
    struct store_event_count events[CATEGORIES_MAX];
    size_t n_events;
};

/* A value of a cluster; false where there is none to tell. */
typedef bool cluster_value(const struct reading *cluster, double *ret_value);

#define CLUSTER_VALUE(name, condition, value)                                                      \
    static bool name(const struct reading *cluster, double *ret_value)                             \
    {                                                                                              \
        *ret_value = (double)(value);                                                              \
        return (condition);                                                                        \
    }

CLUSTER_VALUE(up, true, cluster->now.state == CLUSTER_AVAILABLE)
CLUSTER_VALUE(sessions, true, cluster->sessions)
CLUSTER_VALUE(connections, true, cluster->traffic.connections)
CLUSTER_VALUE(logins, true, cluster->traffic.logins)
CLUSTER_VALUE(received_bytes, true, cluster->traffic.received_bytes)
CLUSTER_VALUE(sent_bytes, true, cluster->traffic.sent_bytes)
CLUSTER_VALUE(engine_start_time, cluster->now.engine_started_usec > 0,
              exposition_seconds(cluster->now.engine_started_usec))
CLUSTER_VALUE(engine_starts, true, cluster->now.engine_starts)
CLUSTER_VALUE(engine_ends, true, cluster->now.engine_ends)
CLUSTER_VALUE(binlog_files, cluster->has_disk, cluster->disk.binlog_files)
CLUSTER_VALUE(binlog_bytes, cluster->has_disk, cluster->disk.binlog_bytes)
CLUSTER_VALUE(disk_free, cluster->has_disk, cluster->disk.free_bytes)
CLUSTER_VALUE(disk_size, cluster->has_disk, cluster->disk.size_bytes)
CLUSTER_VALUE(disk_stage, cluster->now.disk.size_bytes > 0, cluster->now.disk_stage)
CLUSTER_VALUE(cut_files, true, cluster->now.cut.files)
CLUSTER_VALUE(cut_bytes, true, cluster->now.cut.bytes)

static const struct {
    const char *name; /* after the prefix */
    const char *type;
    const char *help;
    cluster_value *get;
} cluster_metrics[] = {
    {"up", "gauge", "1 while the cluster is available: its engine answers, its endpoints serve.",
     up},
    {"sessions", "gauge", "Connections at the endpoints.", sessions},
    {"endpoint_connections_total", "counter", "Connections that the endpoints have taken.",
     connections},
    {"endpoint_logins_total", "counter", "Those of them that have logged in.", logins},
    {"endpoint_received_bytes_total", "counter",
     "Bytes that clients have sent after their login, uncompressed.", received_bytes},
    {"endpoint_sent_bytes_total", "counter", "Bytes that they were sent, likewise.", sent_bytes},
    {"engine_start_time_seconds", "gauge",
     "When the engine's process was started, since 1970. None while there is none.",
     engine_start_time},
    {"engine_starts_total", "counter",
     "Starts of the engine by this daemon; an engine that is adopted is not started.",
     engine_starts},
    {"engine_ends_total", "counter",
     "How often the engine ended by itself; each time it is started again.", engine_ends},
    {"binlog_files", "gauge", "Files of the writer's binary log.", binlog_files},
    {"binlog_bytes", "gauge", "Bytes of these files.", binlog_bytes},
    {"disk_free_bytes", "gauge", "Free bytes of the file system that has the cluster's data.",
     disk_free},
    {"disk_size_bytes", "gauge", "Size of that file system.", disk_size},
    {"disk_stage", "gauge",
     "How near to full it is: 0 enough; 1 low, nothing is received from an external source; 2 "
     "short, binary logs go before their retention hours are over; 3 full, the writer may wait.",
     disk_stage},
    {"binlog_cut_files_total", "counter",
     "Files of the binary log that were removed while the disk was short.", cut_files},
    {"binlog_cut_bytes_total", "counter", "Bytes of these files.", cut_bytes},
};

/* Those that have more labels, or none. */
static const struct exposition_metric other_metrics[] = {
    {"borealis_build_info", "gauge", "1, with the version."},
    {"borealis_daemon_start_time_seconds", "gauge", "When the daemon was started, since 1970."},
    {PREFIX "info", "gauge",
     "1, with the cluster's writer, its engine's version and its compatibility."},
    {PREFIX "state", "gauge",
     "1 for the state that the cluster is in: creating, starting, available, rebooting, stopping, "
     "stopped, failed, deleting."},
    {PREFIX "endpoint_refusals_total", "counter",
     "Clients that were turned away, by reason: network, its address is not in the client "
     "networks; engine_away; handshake, its answer to the greeting is none; tls_required; "
     "reserved_user; character_set, the engine lacks it; engine, by which it was refused."},
    {PREFIX "events", "gauge", "Events that are kept, those of the last 14 days, by category."},
    {PREFIX "last_event_timestamp_seconds", "gauge",
     "When the newest of these was, since 1970, by category."},
};

enum {
    OTHER_BUILD,
    OTHER_START,
    OTHER_INFO,
    OTHER_STATE,
    OTHER_REFUSALS,
    OTHER_EVENTS,
    OTHER_LAST_EVENT,
    OTHER_METRICS,
};

#define CLUSTER_METRICS (sizeof cluster_metrics / sizeof *cluster_metrics)

/* ---- What there is ---- */

static void take_reading(struct clusters *clusters, struct supervisor *supervisor,
                         struct reading *reading)
{
    struct err ignored;

    cluster_snapshot(supervisor_borrow_cluster(supervisor), &reading->now);
    for (int kind = 0; kind < ENDPOINT_KINDS; kind++)
        reading->sessions += supervisor_sessions(supervisor, (enum endpoint_kind)kind);
    supervisor_traffic(supervisor, &reading->traffic);
    reading->has_disk = cluster_disk_look(reading->now.directory, &reading->disk, &ignored);
    if (!store_count_events(clusters_borrow_store(clusters), reading->now.settings.name,
                            clock_wall_usec() - STORE_EVENT_KEPT_USEC, CATEGORIES_MAX,
                            reading->events, &reading->n_events, &ignored))
        reading->n_events = 0;
}

static size_t take_readings(struct clusters *clusters, struct reading **ret_readings)
{
    struct supervisor **all;
    size_t count = clusters_borrow_all(clusters, &all);
    struct reading *readings = mem_alloc((count + 1) * sizeof *readings);

    for (size_t i = 0; i < count; i++) {
        take_reading(clusters, all[i], &readings[i]);
        clusters_return(clusters, all[i]);
    }
    mem_free(all);
    *ret_readings = readings;
    return count;
}

/* ---- Text ---- */

static void render_info(const struct reading *clusters, size_t count, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[OTHER_INFO]);
    for (size_t i = 0; i < count; i++) {
        const struct cluster_snapshot *now = &clusters[i].now;
        const char compatibility[] = {(char)('0' + now->settings.compatibility), '\0'};
        struct exposition_label labels[] = {{"cluster", now->settings.name},
                                            {"instance", now->instance},
                                            {"engine", now->engine_version},
                                            {"compatibility", compatibility}};

        exposition_sample(buf, other_metrics[OTHER_INFO].name, "", labels, 4, 1);
    }
}

static void render_states(const struct reading *clusters, size_t count, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[OTHER_STATE]);
    for (size_t i = 0; i < count; i++) {
        for (enum cluster_state state = 0; state < CLUSTER_STATES; state++) {
            struct exposition_label labels[] = {{"cluster", clusters[i].now.settings.name},
                                                {"state", cluster_state_name(state)}};

            exposition_sample(buf, other_metrics[OTHER_STATE].name, "", labels, 2,
                              clusters[i].now.state == state);
        }
    }
}

static void render_refusals(const struct reading *clusters, size_t count, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[OTHER_REFUSALS]);
    for (size_t i = 0; i < count; i++) {
        for (enum refusal refusal = 0; refusal < REFUSALS; refusal++) {
            struct exposition_label labels[] = {{"cluster", clusters[i].now.settings.name},
                                                {"reason", refusal_name(refusal)}};

            exposition_sample(buf, other_metrics[OTHER_REFUSALS].name, "", labels, 2,
                              (double)clusters[i].traffic.refused[refusal]);
        }
    }
}

/* How many, or when the newest was. */
static void render_events(int other, const struct reading *clusters, size_t count, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[other]);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < clusters[i].n_events; k++) {
            const struct store_event_count *events = &clusters[i].events[k];
            struct exposition_label labels[] = {{"cluster", clusters[i].now.settings.name},
                                                {"category", events->category}};

            exposition_sample(buf, other_metrics[other].name, "", labels, 2,
                              other == OTHER_EVENTS ? (double)events->count
                                                    : exposition_seconds(events->last_usec));
        }
    }
}

static void render_clusters(const struct reading *clusters, size_t count, struct buf *buf)
{
    for (size_t i = 0; i < CLUSTER_METRICS; i++) {
        char name[NAME_MAX_BYTES];

        (void)snprintf(name, sizeof name, PREFIX "%s", cluster_metrics[i].name);
        exposition_family(buf, name, cluster_metrics[i].type, cluster_metrics[i].help);
        for (size_t k = 0; k < count; k++) {
            struct exposition_label label = {"cluster", clusters[k].now.settings.name};
            double value;

            if (cluster_metrics[i].get(&clusters[k], &value))
                exposition_sample(buf, name, "", &label, 1, value);
        }
    }
}

void cluster_metrics_render(struct clusters *clusters, int64_t started_usec, struct buf *buf)
{
    struct reading *readings;
    size_t count = take_readings(clusters, &readings);

    exposition_process(buf, &other_metrics[OTHER_BUILD], &other_metrics[OTHER_START], started_usec);
    render_info(readings, count, buf);
    render_states(readings, count, buf);
    render_clusters(readings, count, buf);
    render_refusals(readings, count, buf);
    render_events(OTHER_EVENTS, readings, count, buf);
    render_events(OTHER_LAST_EVENT, readings, count, buf);
    mem_free(readings);
}

void cluster_metrics_print_man(FILE *out)
{
    (void)fprintf(out,
                  "# CLUSTER METRICS\n\nAt /metrics of the address that *borealis serve "
                  "\\-\\-metrics-listen* names, in Prometheus' text format. All but the first two "
                  "have the label _cluster_; counters begin at 0 with the daemon.\n\n");
    for (size_t i = 0; i < OTHER_METRICS; i++)
        exposition_print_man("", other_metrics[i].name, other_metrics[i].type,
                             other_metrics[i].help, out);
    for (size_t i = 0; i < CLUSTER_METRICS; i++)
        exposition_print_man(PREFIX, cluster_metrics[i].name, cluster_metrics[i].type,
                             cluster_metrics[i].help, out);
}
