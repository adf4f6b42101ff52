#include "daemon/relay_status.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/version.h"

#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

static void set(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

/* A string, or null. Bytes that are not UTF-8, of a server's message, become '?'. */
static json_t *text_or_null(const char *text)
{
    json_t *value;
    char *copy;

    if (!text)
        return json_null();
    value = json_string(text);
    if (value)
        return value;
    copy = mem_strdup(text);
    for (char *at = copy; *at; at++) {
        if ((unsigned char)*at >= 0x80)
            *at = '?';
    }
    value = json_string(copy);
    mem_free(copy);
    return value;
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *number_unless(uint64_t value, uint64_t none)
{
    return value == none ? json_null() : number(value);
}

/* Seconds since 1970; null for 0. */
static json_t *time_or_null(int64_t usec)
{
    return usec == 0 ? json_null() : json_real((double)usec / (double)USEC_PER_SEC);
}

static json_t *position(const struct log_position *at)
{
    json_t *object;

    if (at->name[0] == '\0')
        return json_null();
    object = json_object();
    set(object, "file", text_or_null(at->name));
    set(object, "position", number(at->offset));
    return object;
}

static json_t *render_log(const struct relay_channel_snapshot *channel)
{
    static const char *const status[] = {
        [LOG_OPEN] = "open", [LOG_FULL] = "full", [LOG_FAILED] = "failed"};
    json_t *log;

    if (!channel->has_log)
        return json_null();
    log = json_object();
    set(log, "status", json_string(status[channel->ends.status]));
    set(log, "reason",
        channel->ends.status == LOG_OPEN ? json_null() : text_or_null(channel->ends.reason.text));
    set(log, "received", position(&channel->ends.received));
    set(log, "written", position(&channel->ends.written));
    set(log, "synced", position(&channel->ends.synced));
    set(log, "transaction_end", position(&channel->ends.whole));
    set(log, "gtids", text_or_null(channel->gtids));
    set(log, "first_file", text_or_null(channel->first_file));
    set(log, "files", number(channel->files));
    set(log, "bytes", number(channel->bytes));
    set(log, "cache_bytes", number(channel->cache.allocated));
    set(log, "cache_requests", number(channel->cache.read_requests));
    set(log, "cache_hits", number(channel->cache.reads));
    return log;
}

static json_t *render_holds(const struct relay_channel_snapshot *channel)
{
    json_t *list = json_array();

    for (size_t i = 0; i < channel->n_holds; i++) {
        const struct relay_hold_snapshot *hold = &channel->holds[i];
        json_t *object = json_object();

        set(object, "user", text_or_null(hold->hold.replica));
        set(object, "first_file", text_or_null(hold->hold.first));
        set(object, "bytes", number(hold->bytes));
        set(object, "most_bytes", number(hold->hold.cap_bytes));
        set(object, "given_up", json_boolean(hold->hold.broken));
        (void)json_array_append_new(list, object);
    }
    return list;
}

static json_t *render_replica(const struct relay_replica_snapshot *replica)
{
    const struct replica_info *info = &replica->info;
    double seconds = (double)(clock_wall_usec() - info->since_usec) / (double)USEC_PER_SEC;
    json_t *object = json_object();

    set(object, "user", text_or_null(info->user));
    set(object, "address", text_or_null(info->peer));
    set(object, "thread_id", number(info->thread_id));
    set(object, "server_id", number_unless(info->server_id, 0));
    set(object, "uuid", text_or_null(info->uuid[0] ? info->uuid : NULL));
    set(object, "host", text_or_null(info->host[0] ? info->host : NULL));
    set(object, "dumping", json_boolean(info->dumping));
    set(object, "since", time_or_null(info->since_usec));
    set(object, "translated_for", text_or_null(info->dialect));
    set(object, "sent", position(&info->sent));
    set(object, "source_position", position(&info->place));
    set(object, "bytes_behind",
        replica->has_position ? number(replica->behind_bytes) : json_null());
    set(object, "sent_bytes", number(info->sent_bytes));
    set(object, "sent_events", number(info->sent_events));
    set(object, "bytes_per_second",
        info->dumping && seconds > 0 ? json_real((double)info->sent_bytes / seconds) : json_null());
    return object;
}

static json_t *render_replicas(const struct relay_channel_snapshot *channel)
{
    json_t *list = json_array();

    for (size_t i = 0; i < channel->n_replicas; i++)
        (void)json_array_append_new(list, render_replica(&channel->replicas[i]));
    return list;
}

/* Of each dialect whose last dump came to what can not be translated. */
static json_t *render_stops(const struct relay_channel_snapshot *channel)
{
    json_t *list = json_array();

    for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
        const struct replicas_stop *stop = &channel->stops[dialect];
        json_t *object;

        if (stop->at_usec == 0)
            continue;
        object = json_object();
        set(object, "translated_for", json_string(dialect_name(dialect)));
        set(object, "time", time_or_null(stop->at_usec));
        set(object, "reason", text_or_null(stop->text));
        (void)json_array_append_new(list, object);
    }
    return list;
}

/* Of each dialect whose replicas were sent something without some of the source's statements. */
static json_t *render_left_out(const struct relay_channel_snapshot *channel)
{
    json_t *list = json_array();

    for (enum dialect dialect = 0; dialect < DIALECTS; dialect++) {
        const struct replicas_left_out *left_out = &channel->left_out[dialect];
        json_t *object;

        if (left_out->count == 0)
            continue;
        object = json_object();
        set(object, "translated_for", json_string(dialect_name(dialect)));
        set(object, "count", number(left_out->count));
        set(object, "last", text_or_null(left_out->words));
        set(object, "last_position", position(&left_out->last));
        (void)json_array_append_new(list, object);
    }
    return list;
}

/* What is known of the source's keys; null where dependencies are not tracked. */
static json_t *render_keys(const struct relay_channel_snapshot *channel)
{
    const struct key_history_status *keys = &channel->keys;
    bool failed = keys->error.class != E_NONE;
    json_t *object;

    if (!channel->tracks_dependencies)
        return json_null();
    object = json_object();
    set(object, "known", json_boolean(keys->holds));
    set(object, "tables", number(keys->tables));
    set(object, "read", time_or_null(keys->read_usec));
    set(object, "readings", number(keys->readings));
    set(object, "dropped", number(keys->dropped));
    set(object, "failures", number(keys->failures));
    set(object, "error", text_or_null(failed ? keys->error.text : NULL));
    return object;
}

static json_t *render_channel(const struct relay_channel_snapshot *channel)
{
    const struct receiver_status *receiver = &channel->receiver;
    bool caught_up = receiver->state == RECEIVER_RECEIVING && receiver->caught_up;
    json_t *object = json_object();

    set(object, "name", text_or_null(channel->name));
    set(object, "source", text_or_null(channel->source));
    set(object, "listen", text_or_null(channel->listen));
    set(object, "listen_mariadb", text_or_null(channel->listen_mariadb));
    set(object, "listen_mysql", text_or_null(channel->listen_mysql));
    set(object, "stopped_translations", render_stops(channel));
    set(object, "left_out_statements", render_left_out(channel));
    set(object, "source_keys", render_keys(channel));
    set(object, "state", json_string(channel->state));
    set(object, "error", text_or_null(channel->error));
    set(object, "error_time", time_or_null(channel->error_usec));
    set(object, "caught_up", json_boolean(channel->started && caught_up));
    set(object, "seconds_behind",
        channel->seconds_behind < 0 ? json_null() : json_integer(channel->seconds_behind));
    /* A source does not say how much it has that it has not sent yet. */
    set(object, "bytes_behind", channel->started && caught_up ? json_integer(0) : json_null());
    set(object, "last_heard", time_or_null(receiver->heard_usec));
    set(object, "semi_sync", json_boolean(receiver->semisync));
    set(object, "connects", number(receiver->connects));
    set(object, "failures", number(receiver->failures));
    set(object, "damaged", number(receiver->damaged));
    set(object, "new_logs", number(receiver->new_logs));
    set(object, "received_events", number(receiver->events));
    set(object, "received_bytes", number(receiver->bytes));
    set(object, "bytes_per_second", json_real(channel->bytes_per_second));
    set(object, "log", render_log(channel));
    set(object, "retention_hours", number_unless(channel->retention_hours, UINT64_MAX));
    set(object, "retention_bytes", number_unless(channel->retention_bytes, 0));
    set(object, "holds", render_holds(channel));
    set(object, "disk_free", number_unless(channel->disk_free, 0));
    set(object, "disk_size", number_unless(channel->disk_size, 0));
    set(object, "disk_stage", json_string(disk_stage_name(channel->disk.stage)));
    set(object, "clients", number(channel->clients));
    set(object, "replicas", render_replicas(channel));
    return object;
}

char *relay_status_render(const struct relay_status_head *head,
                          const struct relay_snapshot *snapshot)
{
    json_t *status = json_object();
    json_t *list = json_array();
    char *dumped;
    char *text;

    set(status, "version", json_string(BOREALIS_VERSION));
    set(status, "directory", text_or_null(head->directory));
    set(status, "config", text_or_null(head->config));
    set(status, "pid", number((uint64_t)getpid()));
    set(status, "started", time_or_null(head->started_usec));
    set(status, "server_id", number(head->identity->server_id));
    set(status, "server_uuid", text_or_null(head->identity->server_uuid));
    for (size_t i = 0; i < snapshot->count; i++)
        (void)json_array_append_new(list, render_channel(&snapshot->channels[i]));
    set(status, "channels", list);
    dumped = json_dumps(status, JSON_INDENT(2));
    text = mem_strdup(dumped ? dumped : "{}");
    free(dumped);
    json_decref(status);
    return text;
}
