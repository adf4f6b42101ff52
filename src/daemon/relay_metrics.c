#include "daemon/relay_metrics.h"

#include "daemon/exposition.h"

#include <inttypes.h>

#define PREFIX     "borealis_relay_"
#define NUMBER_MAX 32

/* A value of a channel; false where there is none to tell. */
typedef bool channel_value(const struct relay_channel_snapshot *channel, double *ret_value);
typedef bool replica_value(const struct relay_replica_snapshot *replica, double *ret_value);

#define CHANNEL_VALUE(name, condition, value)                                                      \
    static bool name(const struct relay_channel_snapshot *channel, double *ret_value)              \
    {                                                                                              \
        *ret_value = (double)(value);                                                              \
        return (condition);                                                                        \
    }

#define REPLICA_VALUE(name, condition, value)                                                      \
    static bool name(const struct relay_replica_snapshot *replica, double *ret_value)              \
    {                                                                                              \
        *ret_value = (double)(value);                                                              \
        return (condition);                                                                        \
    }

static bool is_caught_up(const struct relay_channel_snapshot *channel)
{
    return channel->receiver.state == RECEIVER_RECEIVING && channel->receiver.caught_up;
}

CHANNEL_VALUE(lag_seconds, channel->seconds_behind >= 0, channel->seconds_behind)
CHANNEL_VALUE(lag_bytes, is_caught_up(channel), 0)
CHANNEL_VALUE(caught_up, channel->started, is_caught_up(channel))
CHANNEL_VALUE(heard, channel->receiver.heard_usec > 0,
              exposition_seconds(channel->receiver.heard_usec))
CHANNEL_VALUE(connects, channel->started, channel->receiver.connects)
CHANNEL_VALUE(failures, channel->started, channel->receiver.failures)
CHANNEL_VALUE(received_events, channel->started, channel->receiver.events)
CHANNEL_VALUE(received_bytes, channel->started, channel->receiver.bytes)
CHANNEL_VALUE(synced_bytes, channel->has_log, channel->syncs.bytes)
CHANNEL_VALUE(log_failed, channel->has_log, channel->ends.status == LOG_FAILED)
CHANNEL_VALUE(log_full, channel->has_log, channel->ends.status == LOG_FULL)
CHANNEL_VALUE(log_files, channel->has_log, channel->files)
CHANNEL_VALUE(log_bytes, channel->has_log, channel->bytes)
CHANNEL_VALUE(cache_bytes, channel->has_log, channel->cache.allocated)
CHANNEL_VALUE(cache_requests, channel->has_log, channel->cache.read_requests)
CHANNEL_VALUE(cache_hits, channel->has_log, channel->cache.reads)
CHANNEL_VALUE(disk_free, channel->disk_size > 0, channel->disk_free)
CHANNEL_VALUE(disk_size, channel->disk_size > 0, channel->disk_size)
CHANNEL_VALUE(disk_stage, channel->started, channel->disk.stage)
CHANNEL_VALUE(cut_files, channel->started, channel->disk.cut.files)
CHANNEL_VALUE(cut_bytes, channel->started, channel->disk.cut.bytes)
CHANNEL_VALUE(retention_seconds, channel->retention_hours != UINT64_MAX,
              channel->retention_hours * 3600)
CHANNEL_VALUE(retention_bytes, channel->retention_bytes > 0, channel->retention_bytes)
CHANNEL_VALUE(clients, channel->started, channel->clients)
CHANNEL_VALUE(keys_known, channel->tracks_dependencies, channel->keys.holds)
CHANNEL_VALUE(keys_tables, channel->tracks_dependencies, channel->keys.tables)
CHANNEL_VALUE(keys_read, channel->tracks_dependencies && channel->keys.read_usec > 0,
              exposition_seconds(channel->keys.read_usec))
CHANNEL_VALUE(keys_failures, channel->tracks_dependencies, channel->keys.failures)

static bool dumps(const struct relay_channel_snapshot *channel, double *ret_value)
{
    size_t count = 0;

    for (size_t i = 0; i < channel->n_replicas; i++)
        count += channel->replicas[i].info.dumping;
    *ret_value = (double)count;
    return channel->started;
}

static const struct {
    const char *name; /* after the prefix */
    const char *type;
    const char *help;
    channel_value *get;
} channel_metrics[] = {
    {"source_lag_seconds", "gauge",
     "Age of the last event that came, by the source's clock; 0 when all has come. None while it "
     "is not receiving.",
     lag_seconds},
    {"source_lag_bytes", "gauge",
     "Bytes that the source has and the relay lacks: 0, or none where that is not known.",
     lag_bytes},
    {"source_caught_up", "gauge", "1 when all that the source has sent has been received.",
     caught_up},
    {"source_heard_timestamp_seconds", "gauge",
     "When the last event or heartbeat came, since 1970.", heard},
    {"source_connects_total", "counter", "Connections to the source that reached its dump.",
     connects},
    {"source_failures_total", "counter",
     "Attempts and connections to the source that ended with an error.", failures},
    {"received_events_total", "counter", "Events that came from the source.", received_events},
    {"received_bytes_total", "counter", "Bytes of these events.", received_bytes},
    {"synced_bytes_total", "counter", "Bytes of the log that are on the disk for sure.",
     synced_bytes},
    {"log_failed", "gauge", "1 after a write or a sync of the log has failed: it takes no more.",
     log_failed},
    {"log_full", "gauge", "1 while the disk has no room for the log.", log_full},
    {"log_files", "gauge", "Binlog files that are kept.", log_files},
    {"log_bytes", "gauge", "Bytes of these files.", log_bytes},
    {"cache_bytes", "gauge", "Memory that the newest events take.", cache_bytes},
    {"cache_requests_total", "counter", "Pieces of the log that dumps asked for.", cache_requests},
    {"cache_hits_total", "counter", "Pieces of these that were in memory.", cache_hits},
    {"disk_free_bytes", "gauge", "Free bytes of the file system that the log is in.", disk_free},
    {"disk_size_bytes", "gauge", "Size of that file system.", disk_size},
    {"disk_stage", "gauge",
     "How near to full it is: 0 enough; 1 low, nothing is received; 2 short, files go before the "
     "retention says so.",
     disk_stage},
    {"retention_cut_files_total", "counter", "Files that were removed while the disk was short.",
     cut_files},
    {"retention_cut_bytes_total", "counter", "Bytes of these files.", cut_bytes},
    {"retention_seconds", "gauge", "How long files are kept after they were closed, if bounded.",
     retention_seconds},
    {"retention_bytes", "gauge", "How much the files may take, if bounded.", retention_bytes},
    {"clients", "gauge", "Connections at the listener.", clients},
    {"source_keys_known", "gauge",
     "1 when the keys of the source's tables are known at the log's end; else each transaction "
     "from there on is told to wait for the one before. None where dependencies are not tracked.",
     keys_known},
    {"source_keys_tables", "gauge", "Tables in the last reading of them.", keys_tables},
    {"source_keys_read_timestamp_seconds", "gauge", "When that was, since 1970.", keys_read},
    {"source_keys_failures_total", "counter", "Readings that came to nothing.", keys_failures},
    {"dumps", "gauge", "Replicas that are being sent events.", dumps},
};

REPLICA_VALUE(behind_bytes, replica->has_position, replica->behind_bytes)
REPLICA_VALUE(sent_bytes, true, replica->info.sent_bytes)
REPLICA_VALUE(sent_events, true, replica->info.sent_events)
REPLICA_VALUE(since, true, exposition_seconds(replica->info.since_usec))

static const struct {
    const char *name;
    const char *type;
    const char *help;
    replica_value *get;
} replica_metrics[] = {
    {"replica_behind_bytes", "gauge", "Bytes of the log, synced, that the replica was not sent.",
     behind_bytes},
    {"replica_sent_bytes_total", "counter", "Bytes that the dump has sent.", sent_bytes},
    {"replica_sent_events_total", "counter", "Events that the dump has sent.", sent_events},
    {"replica_dump_start_timestamp_seconds", "gauge", "When the dump began, since 1970.", since},
};

#define CHANNEL_METRICS (sizeof channel_metrics / sizeof channel_metrics[0])
#define REPLICA_METRICS (sizeof replica_metrics / sizeof replica_metrics[0])

/* Those that have more labels or samples than one a channel. */
static const struct exposition_metric other_metrics[] = {
    {"borealis_build_info", "gauge", "1, with the version."},
    {PREFIX "start_time_seconds", "gauge", "When the relay was started, since 1970."},
    {PREFIX "channel_state", "gauge",
     "1 for the state that the channel is in: connecting, receiving, pausing, stopped, failed."},
    {PREFIX "sync_duration_seconds", "histogram", "How long each fdatasync() of the log took."},
    {PREFIX "translation_stopped", "gauge",
     "1 after a dump came to what can not be translated, until the next begins; the label dialect "
     "says for whom."},
    {PREFIX "translation_left_out_total", "counter",
     "Statements that replicas were sent the rest of the log without, such as those of accounts; "
     "each once, the label dialect says for whom."},
    {PREFIX "hold_bytes", "gauge",
     "Bytes of the log from the first file on that is kept for the account of the label user."},
    {PREFIX "hold_most_bytes", "gauge", "How many these may be."},
    {PREFIX "hold_given_up", "gauge", "1 when they were more: nothing is kept for it any longer."},
};

enum {
    OTHER_BUILD,
    OTHER_START,
    OTHER_STATE,
    OTHER_SYNC,
    OTHER_STOPS,
    OTHER_LEFT_OUT,
    OTHER_HOLD_BYTES,
    OTHER_HOLD_MOST,
    OTHER_HOLD_GIVEN_UP,
    OTHER_METRICS
};

/* ---- Text ---- */

static void render_states(const struct relay_snapshot *snapshot, struct buf *buf)
{
    static const char *const states[] = {"connecting", "receiving", "pausing", "stopped", "failed"};

    exposition_begin(buf, &other_metrics[OTHER_STATE]);
    for (size_t i = 0; i < snapshot->count; i++) {
        for (size_t k = 0; k < sizeof states / sizeof states[0]; k++) {
            struct exposition_label labels[] = {{"channel", snapshot->channels[i].name},
                                                {"state", states[k]}};

            exposition_sample(buf, other_metrics[OTHER_STATE].name, "", labels, 2,
                              strcmp(snapshot->channels[i].state, states[k]) == 0);
        }
    }
}

static void render_stops(const struct relay_snapshot *snapshot, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[OTHER_STOPS]);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct relay_channel_snapshot *channel = &snapshot->channels[i];

        for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
            struct exposition_label labels[] = {{"channel", channel->name},
                                                {"dialect", dialect_name(dialect)}};

            exposition_sample(buf, other_metrics[OTHER_STOPS].name, "", labels, 2,
                              channel->stops[dialect].at_usec > 0);
        }
    }
}

static void render_left_out(const struct relay_snapshot *snapshot, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[OTHER_LEFT_OUT]);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct relay_channel_snapshot *channel = &snapshot->channels[i];

        for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
            struct exposition_label labels[] = {{"channel", channel->name},
                                                {"dialect", dialect_name(dialect)}};

            exposition_sample(buf, other_metrics[OTHER_LEFT_OUT].name, "", labels, 2,
                              (double)channel->left_out[dialect].count);
        }
    }
}

static double hold_value(const struct relay_hold_snapshot *hold, int metric)
{
    switch (metric) {
    case OTHER_HOLD_BYTES:
        return (double)hold->bytes;
    case OTHER_HOLD_MOST:
        return (double)hold->hold.cap_bytes;
    default:
        return hold->hold.broken;
    }
}

static void render_holds(const struct relay_snapshot *snapshot, int metric, struct buf *buf)
{
    exposition_begin(buf, &other_metrics[metric]);
    for (size_t i = 0; i < snapshot->count; i++) {
        const struct relay_channel_snapshot *channel = &snapshot->channels[i];

        for (size_t k = 0; k < channel->n_holds; k++) {
            struct exposition_label labels[] = {{"channel", channel->name},
                                                {"user", channel->holds[k].hold.replica}};

            exposition_sample(buf, other_metrics[metric].name, "", labels, 2,
                              hold_value(&channel->holds[k], metric));
        }
    }
}

static void render_syncs(const struct relay_channel_snapshot *channel, struct buf *buf)
{
    const char *name = other_metrics[OTHER_SYNC].name;
    char bound[NUMBER_MAX] = "+Inf";
    struct exposition_label labels[] = {{"channel", channel->name}, {"le", bound}};
    uint64_t count = 0;

    if (!channel->has_log)
        return;
    for (size_t i = 0; i < LOG_SYNC_BUCKETS; i++) {
        count += channel->syncs.within[i];
        if (i < LOG_SYNC_BUCKETS - 1)
            (void)snprintf(bound, sizeof bound, "%g", exposition_seconds(log_sync_bounds_usec[i]));
        else
            (void)snprintf(bound, sizeof bound, "+Inf");
        exposition_sample(buf, name, "_bucket", labels, 2, (double)count);
    }
    exposition_sample(buf, name, "_sum", labels, 1,
                      exposition_seconds((int64_t)channel->syncs.usec));
    exposition_sample(buf, name, "_count", labels, 1, (double)channel->syncs.count);
}

static void render_channels(const struct relay_snapshot *snapshot, struct buf *buf)
{
    for (size_t i = 0; i < CHANNEL_METRICS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, PREFIX "%s", channel_metrics[i].name);
        exposition_family(buf, name, channel_metrics[i].type, channel_metrics[i].help);
        for (size_t k = 0; k < snapshot->count; k++) {
            struct exposition_label label = {"channel", snapshot->channels[k].name};
            double value;

            if (channel_metrics[i].get(&snapshot->channels[k], &value))
                exposition_sample(buf, name, "", &label, 1, value);
        }
    }
}

static void render_replica(const char *name, const char *channel,
                           const struct relay_replica_snapshot *replica, replica_value *get,
                           struct buf *buf)
{
    char server_id[NUMBER_MAX];
    char thread_id[NUMBER_MAX];
    struct exposition_label labels[] = {
        {"channel", channel},         {"server_id", server_id}, {"address", replica->info.peer},
        {"user", replica->info.user}, {"thread_id", thread_id}, /* a replica without a server id may
                                                                   be there twice */
    };
    double value;

    (void)snprintf(server_id, sizeof server_id, "%" PRIu32, replica->info.server_id);
    (void)snprintf(thread_id, sizeof thread_id, "%" PRIu32, replica->info.thread_id);
    if (replica->info.dumping && get(replica, &value))
        exposition_sample(buf, name, "", labels, sizeof labels / sizeof labels[0], value);
}

static void render_replicas(const struct relay_snapshot *snapshot, struct buf *buf)
{
    for (size_t i = 0; i < REPLICA_METRICS; i++) {
        char name[64];

        (void)snprintf(name, sizeof name, PREFIX "%s", replica_metrics[i].name);
        exposition_family(buf, name, replica_metrics[i].type, replica_metrics[i].help);
        for (size_t k = 0; k < snapshot->count; k++) {
            const struct relay_channel_snapshot *channel = &snapshot->channels[k];

            for (size_t r = 0; r < channel->n_replicas; r++)
                render_replica(name, channel->name, &channel->replicas[r], replica_metrics[i].get,
                               buf);
        }
    }
}

void relay_metrics_render(const struct relay_snapshot *snapshot, int64_t started_usec,
                          struct buf *buf)
{
    exposition_process(buf, &other_metrics[OTHER_BUILD], &other_metrics[OTHER_START], started_usec);
    render_states(snapshot, buf);
    render_channels(snapshot, buf);
    render_stops(snapshot, buf);
    render_left_out(snapshot, buf);
    for (int metric = OTHER_HOLD_BYTES; metric <= OTHER_HOLD_GIVEN_UP; metric++)
        render_holds(snapshot, metric, buf);
    exposition_begin(buf, &other_metrics[OTHER_SYNC]);
    for (size_t i = 0; i < snapshot->count; i++)
        render_syncs(&snapshot->channels[i], buf);
    render_replicas(snapshot, buf);
}

/* ---- Man page ---- */

void relay_metrics_print_man(FILE *out)
{
    (void)fprintf(out,
                  "# RELAY METRICS\n\nAt /metrics of the address of *metrics\\_listen*, in "
                  "Prometheus' text format. All but the first two have the label _channel_; those "
                  "of a replica also _server\\_id_, _address_, _user_ and _thread\\_id_.\n\n");
    for (size_t i = 0; i < OTHER_METRICS; i++)
        exposition_print_man("", other_metrics[i].name, other_metrics[i].type,
                             other_metrics[i].help, out);
    for (size_t i = 0; i < CHANNEL_METRICS; i++)
        exposition_print_man(PREFIX, channel_metrics[i].name, channel_metrics[i].type,
                             channel_metrics[i].help, out);
    for (size_t i = 0; i < REPLICA_METRICS; i++)
        exposition_print_man(PREFIX, replica_metrics[i].name, replica_metrics[i].type,
                             replica_metrics[i].help, out);
}
