#include "daemon/relay_channel.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/listener.h"
#include "net/socket.h"
#include "replication/dump_metrics.h"
#include "replication/replica_session.h"
#include "replication/retention_setting.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#define CLIENTS_MAX   500 /* unless the settings say otherwise */
#define SESSION_STACK (256u << 10)
#define LOGIN_USEC    (30 * USEC_PER_SEC)
#define IDLE_USEC     (8 * 3600 * USEC_PER_SEC)

/* Settings that the channel's receiver was opened with or changed to: their texts must stay. */
struct kept_settings {
    struct kept_settings *before;
    struct relay_settings *settings;
};

struct relay_channel {
    struct relay_channel_context context;
    char *name;
    char *directory;
    struct err error; /* of the last start; class E_NONE: none */
    struct channel *channel;
    struct replicas *replicas;
    struct dump_metrics *metrics;
    struct listener *listener;
    struct kept_settings *kept;
    struct relay_channel_started started;
    atomic_uint next_thread_id;
    atomic_uint clients;  /* that are served */
    int64_t sampled_usec; /* monotonic */
    uint64_t sampled_bytes;
    double bytes_per_second;

    struct {
        pthread_mutex_t lock;
        struct relay_settings *settings; /* that hold now */
    } shared;
};

struct relay_channel *relay_channel_new(const struct relay_channel_context *context,
                                        struct relay_settings *settings)
{
    struct relay_channel *channel = mem_alloc(sizeof *channel);

    channel->context = *context;
    channel->name = mem_strdup(settings->channel->section.name);
    channel->directory = mem_printf("%s/%s", context->directory, channel->name);
    channel->shared.settings = settings;
    atomic_init(&channel->next_thread_id, 1);
    atomic_init(&channel->clients, 0);
    (void)pthread_mutex_init(&channel->shared.lock, NULL);
    return channel;
}

static void stop(struct relay_channel *channel)
{
    if (channel->replicas)
        replicas_end_all(channel->replicas);
    listener_stop(channel->listener);
    dump_metrics_stop(channel->metrics);
    channel_close(channel->channel);
    replicas_free(channel->replicas);
    while (channel->kept) {
        struct kept_settings *before = channel->kept->before;

        relay_settings_free(channel->kept->settings);
        mem_free(channel->kept);
        channel->kept = before;
    }
    mem_free(channel->started.listen);
    channel->started = (struct relay_channel_started){0};
    channel->sampled_usec = 0;
    channel->bytes_per_second = 0;
    channel->listener = NULL;
    channel->channel = NULL;
    channel->replicas = NULL;
    channel->metrics = NULL;
}

void relay_channel_free(struct relay_channel *channel)
{
    if (!channel)
        return;
    stop(channel);
    relay_settings_free(channel->shared.settings);
    (void)pthread_mutex_destroy(&channel->shared.lock);
    mem_free(channel->name);
    mem_free(channel->directory);
    mem_free(channel);
}

static struct relay_settings *share_settings(struct relay_channel *channel)
{
    struct relay_settings *settings;

    (void)pthread_mutex_lock(&channel->shared.lock);
    settings = relay_settings_share(channel->shared.settings);
    (void)pthread_mutex_unlock(&channel->shared.lock);
    return settings;
}

static int64_t seconds(uint64_t n)
{
    return (int64_t)n * USEC_PER_SEC;
}

/* ---- Clients ---- */

static bool find_account(void *context, struct span user, const char *client_ip,
                         struct link_account *ret_account)
{
    struct relay_channel *channel = context;
    struct relay_settings *settings = share_settings(channel);
    const struct relay_account_config *account =
        relay_config_account(settings->config, channel->name, user, client_ip);

    if (account)
        *ret_account = (struct link_account){
            .hashes = account->hashes,
            .require_tls = account->require_tls,
            .may_administer = account->admin,
        };
    relay_settings_free(settings);
    return account != NULL;
}

static bool share_rules(void *context, struct span user, const char *client_ip,
                        struct replicate_rules **ret_rules)
{
    struct relay_channel *channel = context;
    struct relay_settings *settings = share_settings(channel);
    const struct relay_account_config *account =
        relay_config_account(settings->config, channel->name, user, client_ip);

    if (account)
        *ret_rules = account->rules ? replicate_rules_share(account->rules) : NULL;
    relay_settings_free(settings);
    return account != NULL;
}

static void serve_client(void *context, struct conn **conn, const char *ip, int stop_fd)
{
    struct relay_channel *channel = context;
    struct relay_settings *settings = share_settings(channel);
    uint64_t most = settings->channel->max_connections;
    struct replica_session_spec spec = {
        .channel = channel->channel,
        .replicas = channel->replicas,
        .server_id = channel->context.identity->server_id,
        .server_uuid = channel->context.identity->server_uuid,
        .host = channel->started.listen,
        .port = channel->started.port,
        .tls = settings->listen_tls ? settings->listen_tls : channel->context.own_tls,
        .require_tls = settings->channel->require_tls,
        .find_account = find_account,
        .share_rules = share_rules,
        .accounts = channel,
        .login_usec = LOGIN_USEC,
        .idle_usec = IDLE_USEC,
        .silence_usec = seconds(settings->channel->replica_silence_seconds),
        .stop_fd = stop_fd,
        .full = atomic_fetch_add(&channel->clients, 1) >= (most > 0 ? most : CLIENTS_MAX),
        .started_usec = channel->started.since_usec,
    };

    replica_session_run(&spec, *conn, ip, atomic_fetch_add(&channel->next_thread_id, 1));
    *conn = NULL;
    atomic_fetch_sub(&channel->clients, 1);
    relay_settings_free(settings);
}

static void listener_failed(void *context, const struct err *err)
{
    const struct relay_channel *channel = context;

    log_error(channel->name, "%s", err->text);
}

/* ---- Start ---- */

/* The receiver's part of the settings, which are kept until the stop. */
static struct receiver_spec receiver_spec(struct relay_channel *channel)
{
    struct kept_settings *kept = mem_alloc(sizeof *kept);
    const struct relay_channel_config *config;

    *kept = (struct kept_settings){.before = channel->kept, .settings = share_settings(channel)};
    channel->kept = kept;
    config = kept->settings->channel;
    return (struct receiver_spec){
        .login = {.host = config->source_host,
                  .port = config->source_port,
                  .user = config->source_user,
                  .password = config->source_password,
                  .tls = kept->settings->source_tls,
                  .program_name = "borealis relay"},
        .visitor = {.server_id = channel->context.identity->server_id,
                    .server_uuid = channel->context.identity->server_uuid,
                    .report_host = "",
                    .report_port = channel->started.port,
                    .heartbeat_usec = seconds(config->source_heartbeat_seconds),
                    .semisync = config->semi_sync},
        .start = config->start,
        .position = config->position,
        .gtids = config->gtids,
        .silence_usec = seconds(config->source_silence_seconds),
        .on_change = config->source_change,
    };
}

static bool open_channel(struct relay_channel *channel, struct err *err)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    struct channel_spec spec = {
        .name = channel->name,
        .directory = channel->directory,
        .receiver = receiver_spec(channel),
        .cache_bytes = config->cache_bytes,
        .keep_free_bytes = config->keep_free_bytes,
    };

    return channel_open(&spec, &channel->channel, err);
}

/* Those that are not as before: what a client has set meanwhile stays. NULL: all. */
static void set_controls(struct relay_channel *channel, const uint64_t *before)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    struct dump_controls *controls = channel_borrow_dump_controls(channel->channel);

    for (enum dump_control i = 0; i < DUMP_CONTROL_COUNT; i++) {
        if (!before || before[i] != config->controls[i])
            dump_controls_set(controls, i, config->controls[i]);
    }
}

/* A taken port is found before anything is made. */
static bool open_all(struct relay_channel *channel, struct err *err)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    struct listener_spec spec = {
        .stack_bytes = SESSION_STACK,
        .serve = serve_client,
        .failed = listener_failed,
        .context = channel,
    };
    struct address address;
    int fd = -1;

    if (!address_parse(config->listen, config->port, &address, err) ||
        !socket_listen_tcp(&address, &fd, err))
        return err_prefix(err, "channel %s", channel->name);
    channel->started = (struct relay_channel_started){
        .listen = mem_strdup(config->listen),
        .port = config->port,
        .cache_bytes = config->cache_bytes,
        .keep_free_bytes = config->keep_free_bytes,
        .since_usec = clock_wall_usec(),
    };
    if (!open_channel(channel, err)) {
        fd_close(&fd);
        return false;
    }
    set_controls(channel, NULL);
    channel->replicas = replicas_new();
    if (!dump_metrics_start(channel->name, channel->replicas,
                            channel_borrow_dump_controls(channel->channel), &channel->metrics,
                            err)) {
        fd_close(&fd);
        return false;
    }
    return listener_start(&spec, fd, &channel->listener, err) ||
           err_prefix(err, "channel %s", channel->name);
}

bool relay_channel_start(struct relay_channel *channel, struct err *err)
{
    channel->error = (struct err){0};
    if (open_all(channel, err))
        return true;
    channel->error = *err;
    stop(channel);
    return false;
}

bool relay_channel_is_started(const struct relay_channel *channel)
{
    return channel->listener != NULL;
}

const struct relay_channel_started *relay_channel_started(const struct relay_channel *channel)
{
    return &channel->started;
}

const struct err *relay_channel_error(const struct relay_channel *channel)
{
    return channel->error.class == E_NONE ? NULL : &channel->error;
}

void relay_channel_change(struct relay_channel *channel, struct relay_settings *settings)
{
    struct relay_settings *old;
    bool reconnect;

    (void)pthread_mutex_lock(&channel->shared.lock);
    old = channel->shared.settings;
    channel->shared.settings = settings;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    reconnect = channel->channel && !relay_settings_same_source(old, settings);
    if (channel->channel)
        set_controls(channel, old->channel->controls);
    relay_settings_free(old);
    if (reconnect) {
        struct receiver_spec spec = receiver_spec(channel);

        log_info(channel->name, "the way to the source has changed: connecting anew");
        channel_change_receiver(channel->channel, &spec);
    }
}

/* ---- What is there ---- */

const char *relay_channel_name(const struct relay_channel *channel)
{
    return channel->name;
}

const struct relay_settings *relay_channel_settings(const struct relay_channel *channel)
{
    return channel->shared.settings; /* only who has the relay's lock replaces them */
}

struct channel *relay_channel_borrow(struct relay_channel *channel)
{
    return channel->channel;
}

struct replicas *relay_channel_replicas(struct relay_channel *channel)
{
    return channel->replicas;
}

size_t relay_channel_clients(struct relay_channel *channel)
{
    return channel->listener ? listener_clients(channel->listener) : 0;
}

const char *relay_channel_directory(const struct relay_channel *channel)
{
    return channel->directory;
}

void relay_channel_sample(struct relay_channel *channel)
{
    int64_t now = clock_now_usec();
    struct receiver_status status;

    if (!channel->channel)
        return;
    channel_receiver_status(channel->channel, &status);
    if (channel->sampled_usec > 0 && now > channel->sampled_usec)
        channel->bytes_per_second = (double)(status.bytes - channel->sampled_bytes) *
                                    (double)USEC_PER_SEC / (double)(now - channel->sampled_usec);
    channel->sampled_usec = now;
    channel->sampled_bytes = status.bytes;
}

double relay_channel_rate(const struct relay_channel *channel)
{
    return channel->bytes_per_second;
}

void relay_channel_purge(struct relay_channel *channel)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    struct log_retention retention = {
        .hours = config->retention_hours == UINT64_MAX ? -1 : (int64_t)config->retention_hours,
        .bytes = config->retention_bytes,
    };
    struct log_purged purged = {0};
    struct err err;

    if (!channel->channel)
        return;
    /* What an administrator has set comes before what the configuration says. */
    (void)retention_setting_hours(channel_borrow_retention(channel->channel), &retention.hours);
    if (!channel_purge(channel->channel, &retention, clock_wall_usec(), &purged, &err))
        log_warn(channel->name, "retention: %s", err.text);
    if (purged.files > 0)
        log_info(channel->name, "retention: removed files=%" PRIu32 " bytes=%" PRIu64, purged.files,
                 purged.bytes);
}
