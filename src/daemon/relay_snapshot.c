#include "daemon/relay_snapshot.h"

#include "base/disk_watch.h"
#include "base/mem.h"
#include "replication/log_answers.h"

#define GTIDS_MAX ((size_t)16 << 20)

/* ---- The log ---- */

static char *take_gtids(struct channel *channel, const struct mirror *mirror)
{
    bool mariadb = mirror_identity(mirror)->family == FORMAT_MARIADB;
    struct buf text;
    struct err ignored;
    char *gtids = NULL;

    buf_init(&text, GTIDS_MAX);
    if (log_answers_variable(channel, NULL, span_str(mariadb ? "gtid_binlog_pos" : "gtid_executed"),
                             &text, &ignored) &&
        buf_ok(&text))
        gtids = mem_strdup(buf_borrow_cstr(&text));
    buf_done(&text);
    return gtids;
}

/* `mirror` is NULL without a log. */
static void take_replicas(struct relay_channel *channel, struct mirror *mirror,
                          struct relay_channel_snapshot *snapshot)
{
    struct replicas *replicas = relay_channel_replicas(channel);
    struct replica_info *infos;

    if (!replicas)
        return;
    for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
        replicas_stop(replicas, dialect, &snapshot->stops[dialect]);
        replicas_left_out(replicas, dialect, &snapshot->left_out[dialect]);
    }
    replicas_list(replicas, &infos, &snapshot->n_replicas);
    snapshot->replicas = mem_alloc((snapshot->n_replicas + 1) * sizeof *snapshot->replicas);
    for (size_t i = 0; i < snapshot->n_replicas; i++) {
        snapshot->replicas[i].info = infos[i];
        snapshot->replicas[i].has_position = infos[i].sent.name[0] != '\0';
        if (snapshot->replicas[i].has_position && mirror)
            snapshot->replicas[i].behind_bytes = mirror_bytes_after(mirror, &infos[i].place);
    }
    mem_free(infos);
}

static void take_holds(struct mirror *mirror, const struct log_file *files,
                       struct relay_channel_snapshot *snapshot)
{
    struct log_hold *holds;

    log_hold_list(mirror, &holds, &snapshot->n_holds);
    snapshot->holds = mem_alloc((snapshot->n_holds + 1) * sizeof *snapshot->holds);
    for (size_t i = 0; i < snapshot->n_holds; i++) {
        struct relay_hold_snapshot *hold = &snapshot->holds[i];
        bool within = false;

        hold->hold = holds[i];
        for (size_t at = 0; at < snapshot->files; at++) {
            within = within || strcmp(files[at].name, holds[i].first) == 0;
            hold->bytes += within ? files[at].end : 0;
        }
    }
    mem_free(holds);
}

static void take_log(struct relay_channel *channel, bool with_gtids,
                     struct relay_channel_snapshot *snapshot)
{
    struct channel *inner = relay_channel_borrow(channel);
    struct mirror *mirror = inner ? channel_borrow_mirror(inner) : NULL;
    struct log_file *files = NULL;

    if (mirror) {
        snapshot->has_log = true;
        mirror_ends(mirror, &snapshot->ends);
        mirror_cache_counters(mirror, &snapshot->cache);
        mirror_sync_counters(mirror, &snapshot->syncs);
        mirror_list(mirror, &files, &snapshot->files);
        for (size_t i = 0; i < snapshot->files; i++)
            snapshot->bytes += files[i].end - (files[i].start - LOG_FIRST_OFFSET);
        if (snapshot->files > 0)
            snapshot->first_file = mem_strdup(files[0].name);
        take_holds(mirror, files, snapshot);
        if (with_gtids)
            snapshot->gtids = take_gtids(inner, mirror);
    }
    take_replicas(channel, mirror, snapshot);
    mem_free(files);
}

/* ---- The channel ---- */

static void take_state(struct relay_channel *channel, struct relay_channel_snapshot *snapshot)
{
    struct channel *inner = relay_channel_borrow(channel);
    const struct err *failed = relay_channel_error(channel);

    snapshot->started = relay_channel_is_started(channel);
    snapshot->seconds_behind = -1;
    snapshot->state = "failed";
    if (!inner) {
        snapshot->error = failed ? mem_strdup(failed->text) : NULL;
        return;
    }
    channel_receiver_status(inner, &snapshot->receiver);
    key_history_status(channel_borrow_keys(inner), &snapshot->keys);
    snapshot->state = receiver_state_name(snapshot->receiver.state);
    snapshot->seconds_behind = receiver_seconds_behind(&snapshot->receiver);
    if (snapshot->receiver.error.class != E_NONE) {
        snapshot->error = mem_strdup(snapshot->receiver.error.text);
        snapshot->error_usec = snapshot->receiver.error_usec;
    }
    snapshot->bytes_per_second = relay_channel_rate(channel);
}

static char *address_text(const struct relay_address *address)
{
    return address->ip ? mem_printf("%s:%u", address->ip, address->port) : NULL;
}

/* Of one that is started where it does listen: what a reload has changed there takes a restart. */
static void take_addresses(const struct relay_channel *channel,
                           struct relay_channel_snapshot *snapshot)
{
    const struct relay_channel_config *config = relay_channel_settings(channel)->channel;
    const struct relay_channel_started *started = relay_channel_started(channel);
    bool is_started = relay_channel_is_started(channel);

    snapshot->listen = mem_printf("%s:%u", is_started ? started->listen : config->listen,
                                  is_started ? started->port : config->port);
    snapshot->listen_mariadb =
        address_text(is_started ? &started->listen_mariadb : &config->listen_mariadb);
    snapshot->listen_mysql =
        address_text(is_started ? &started->listen_mysql : &config->listen_mysql);
}

static void take_channel(struct relay_channel *channel, bool with_gtids,
                         struct relay_channel_snapshot *snapshot)
{
    const struct relay_channel_config *config = relay_channel_settings(channel)->channel;
    const struct log_retention retention = relay_channel_retention(channel);
    struct disk_space space;
    struct err unknown;

    snapshot->name = mem_strdup(config->section.name);
    snapshot->source = mem_printf("mysql://%s@%s:%u", config->source_user, config->source_host,
                                  config->source_port);
    take_addresses(channel, snapshot);
    snapshot->tracks_dependencies = config->tracks_dependencies;
    snapshot->retention_hours = retention.hours < 0 ? UINT64_MAX : (uint64_t)retention.hours;
    snapshot->retention_bytes = retention.bytes;
    snapshot->clients = relay_channel_clients(channel);
    take_state(channel, snapshot);
    take_log(channel, with_gtids, snapshot);
    relay_channel_disk(channel, &snapshot->disk);
    if (disk_look(relay_channel_directory(channel), &space, &unknown)) {
        snapshot->disk_free = space.free_bytes;
        snapshot->disk_size = space.size_bytes;
    }
}

void relay_snapshot_take(struct relay_channels *channels, bool with_gtids,
                         struct relay_snapshot *ret_snapshot)
{
    struct relay_snapshot snapshot = {.count = channels->count};

    snapshot.channels = mem_alloc((snapshot.count + 1) * sizeof *snapshot.channels);
    for (size_t i = 0; i < snapshot.count; i++)
        take_channel(channels->items[i], with_gtids, &snapshot.channels[i]);
    *ret_snapshot = snapshot;
}

void relay_snapshot_done(struct relay_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        struct relay_channel_snapshot *channel = &snapshot->channels[i];

        mem_free(channel->name);
        mem_free(channel->source);
        mem_free(channel->listen);
        mem_free(channel->listen_mariadb);
        mem_free(channel->listen_mysql);
        mem_free(channel->error);
        mem_free(channel->gtids);
        mem_free(channel->first_file);
        mem_free(channel->replicas);
        mem_free(channel->holds);
    }
    mem_free(snapshot->channels);
    *snapshot = (struct relay_snapshot){0};
}
