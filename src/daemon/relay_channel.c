#include "daemon/relay_channel.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/quantity_text.h"
#include "daemon/relay_holds.h"
#include "net/listener.h"
#include "net/socket.h"
#include "replication/dump_metrics.h"
#include "replication/purge_choice.h"
#include "replication/replica_session.h"
#include "replication/retention_setting.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#define CLIENTS_MAX   500 /* unless the settings say otherwise */
#define SESSION_STACK (256u << 10)
#define LOGIN_USEC    (30 * USEC_PER_SEC)
#define IDLE_USEC     (8 * 3600 * USEC_PER_SEC)
#define CUT_USEC      (5 * USEC_PER_SEC) /* between two cuts of the retention */

/* One of the addresses at which replicas connect. */
struct door {
    struct relay_channel *channel;
    enum replica_family family;
    const char *ip;
    uint16_t port;
    struct listener *listener; /* NULL: none there */
};

#define DOORS 3 /* one of each family */

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
    struct origin_log *own_origins;
    struct channel *channel;
    struct replicas *replicas;
    struct dump_metrics *metrics;
    struct door doors[DOORS]; /* that of REPLICAS_OF_SOURCE is there whenever it is started */
    struct kept_settings *kept;
    struct relay_channel_started started;
    atomic_uint next_thread_id;
    atomic_uint clients;  /* that are served */
    int64_t sampled_usec; /* monotonic */
    uint64_t sampled_bytes;
    double bytes_per_second;
    struct relay_channel_disk disk;
    int64_t cut_at_usec; /* when it is short: the next time */
    struct relay_holds holds;

    struct {
        pthread_mutex_t lock;
        struct relay_settings *settings; /* that hold now */
        struct origin_map *origins;      /* of the channels that they name */
    } shared;
};

struct relay_channel *relay_channel_new(const struct relay_channel_context *context,
                                        struct relay_settings *settings)
{
    struct relay_channel *channel = mem_alloc(sizeof *channel);

    channel->context = *context;
    channel->name = mem_strdup(settings->channel->section.name);
    channel->directory = mem_printf("%s/%s", context->directory, channel->name);
    channel->own_origins = origin_log_new(channel->name);
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
    for (size_t i = 0; i < DOORS; i++) {
        listener_stop(channel->doors[i].listener);
        channel->doors[i].listener = NULL;
    }
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
    channel->disk.stage = DISK_ENOUGH; /* what is started anew is held anew */
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
    origin_map_free(channel->shared.origins);
    origin_log_free(channel->own_origins);
    relay_holds_done(&channel->holds);
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

/* The two that belong together. */
static struct relay_settings *share_terms(struct relay_channel *channel,
                                          struct origin_map **ret_origins)
{
    struct relay_settings *settings;

    (void)pthread_mutex_lock(&channel->shared.lock);
    settings = relay_settings_share(channel->shared.settings);
    *ret_origins = origin_map_share(channel->shared.origins);
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
            .without_gtids = account->without_gtids,
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
    const struct door *door = context;
    struct relay_channel *channel = door->channel;
    struct origin_map *origins;
    struct relay_settings *settings = share_terms(channel, &origins);
    uint64_t most = settings->channel->max_connections;
    struct replica_session_spec spec = {
        .channel = channel->channel,
        .replicas = channel->replicas,
        .server_id = channel->context.identity->server_id,
        .server_uuid = channel->context.identity->server_uuid,
        .host = door->ip,
        .port = door->port,
        .family = door->family,
        .mariadb_domain = (uint32_t)settings->channel->mariadb_domain,
        .accounts_policy = settings->channel->translate_accounts,
        .origins = origins,
        .history_size = settings->channel->tracks_dependencies
                            ? (unsigned)settings->channel->dependency_history_size
                            : 0,
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
    origin_map_free(origins);
    relay_settings_free(settings);
}

static void listener_failed(void *context, const struct err *err)
{
    const struct door *door = context;

    log_error(door->channel->name, "%s", err->text);
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

/* Of a source of that family: for replicas of the other one. */
static bool wants_keys(const struct relay_channel *channel, enum format_family family)
{
    const struct relay_channel_started *started = &channel->started;
    const struct relay_address *others =
        family == FORMAT_MYSQL ? &started->listen_mariadb : &started->listen_mysql;

    return channel->shared.settings->channel->tracks_dependencies && others->ip;
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
        .origins = channel->own_origins,
        .keys_of_mysql = wants_keys(channel, FORMAT_MYSQL),
        .keys_of_mariadb = wants_keys(channel, FORMAT_MARIADB),
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

static void close_ports(int fds[DOORS])
{
    for (size_t i = 0; i < DOORS; i++)
        fd_close(&fds[i]);
}

/* A taken port is found before anything is made. -1 where there is no listener. */
static bool open_ports(struct relay_channel *channel, int fds[DOORS], struct err *err)
{
    for (size_t i = 0; i < DOORS; i++)
        fds[i] = -1;
    for (size_t i = 0; i < DOORS; i++) {
        const struct door *door = &channel->doors[i];
        struct address address;

        if (door->ip && (!address_parse(door->ip, door->port, &address, err) ||
                         !socket_listen_tcp(&address, &fds[i], err))) {
            close_ports(fds);
            return err_prefix(err, "channel %s", channel->name);
        }
    }
    return true;
}

/* Takes over the ports. */
static bool open_doors(struct relay_channel *channel, int fds[DOORS], struct err *err)
{
    bool good = true;

    for (size_t i = 0; i < DOORS; i++) {
        struct listener_spec spec = {
            .stack_bytes = SESSION_STACK,
            .serve = serve_client,
            .failed = listener_failed,
            .context = &channel->doors[i],
        };
        int fd = fds[i];

        fds[i] = -1;
        if (good && fd >= 0)
            good = listener_start(&spec, fd, &channel->doors[i].listener, err) ||
                   err_prefix(err, "channel %s", channel->name);
        else
            fd_close(&fd);
    }
    return good;
}

static void set_doors(struct relay_channel *channel)
{
    const struct relay_channel_started *started = &channel->started;

    channel->doors[0] = (struct door){.channel = channel,
                                      .family = REPLICAS_OF_SOURCE,
                                      .ip = started->listen,
                                      .port = started->port};
    channel->doors[1] = (struct door){.channel = channel,
                                      .family = REPLICAS_OF_MARIADB,
                                      .ip = started->listen_mariadb.ip,
                                      .port = started->listen_mariadb.port};
    channel->doors[2] = (struct door){.channel = channel,
                                      .family = REPLICAS_OF_MYSQL,
                                      .ip = started->listen_mysql.ip,
                                      .port = started->listen_mysql.port};
}

static bool open_all(struct relay_channel *channel, struct err *err)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    int fds[DOORS];

    channel->started = (struct relay_channel_started){
        .listen = mem_strdup(config->listen),
        .port = config->port,
        .listen_mariadb = config->listen_mariadb,
        .listen_mysql = config->listen_mysql,
        .cache_bytes = config->cache_bytes,
        .keep_free_bytes = config->keep_free_bytes,
        .since_usec = clock_wall_usec(),
    };
    set_doors(channel);
    if (!open_ports(channel, fds, err))
        return false;
    if (!open_channel(channel, err)) {
        close_ports(fds);
        return false;
    }
    set_controls(channel, NULL);
    channel->replicas = replicas_new();
    if (!dump_metrics_start(channel->name, channel->replicas,
                            channel_borrow_dump_controls(channel->channel), &channel->metrics,
                            err)) {
        close_ports(fds);
        return false;
    }
    return open_doors(channel, fds, err);
}

bool relay_channel_start(struct relay_channel *channel, struct err *err)
{
    channel->error = (struct err){0};
    if (open_all(channel, err)) {
        relay_channel_watch_disk(channel);
        return true;
    }
    channel->error = *err;
    stop(channel);
    return false;
}

bool relay_channel_is_started(const struct relay_channel *channel)
{
    return channel->doors[0].listener != NULL;
}

const struct relay_channel_started *relay_channel_started(const struct relay_channel *channel)
{
    return &channel->started;
}

const struct err *relay_channel_error(const struct relay_channel *channel)
{
    return channel->error.class == E_NONE ? NULL : &channel->error;
}

void relay_channel_change(struct relay_channel *channel, struct relay_settings *settings,
                          struct origin_map *origins)
{
    struct relay_settings *old;
    struct origin_map *old_origins;
    bool reconnect;
    bool tracked;

    (void)pthread_mutex_lock(&channel->shared.lock);
    old = channel->shared.settings;
    old_origins = channel->shared.origins;
    if (settings)
        channel->shared.settings = settings;
    channel->shared.origins = origins;
    (void)pthread_mutex_unlock(&channel->shared.lock);
    origin_map_free(old_origins);
    if (!settings)
        return;
    reconnect = channel->channel && !relay_settings_same_source(old, settings);
    if (channel->channel)
        set_controls(channel, old->channel->controls);
    tracked = old->channel->tracks_dependencies;
    relay_settings_free(old);
    if (channel->channel && tracked != settings->channel->tracks_dependencies)
        channel_change_keys(channel->channel, wants_keys(channel, FORMAT_MYSQL),
                            wants_keys(channel, FORMAT_MARIADB));
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

struct origin_log *relay_channel_borrow_origins(struct relay_channel *channel)
{
    return channel->own_origins;
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
    size_t clients = 0;

    for (size_t i = 0; i < DOORS; i++)
        clients += channel->doors[i].listener ? listener_clients(channel->doors[i].listener) : 0;
    return clients;
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

struct log_retention relay_channel_retention(struct relay_channel *channel)
{
    const struct relay_channel_config *config = channel->shared.settings->channel;
    struct log_retention retention = {
        .hours = config->retention_hours == UINT64_MAX ? -1 : (int64_t)config->retention_hours,
        .bytes = config->retention_bytes,
    };

    if (channel->channel)
        (void)retention_setting_hours(channel_borrow_retention(channel->channel), &retention.hours);
    return retention;
}

void relay_channel_purge(struct relay_channel *channel)
{
    struct log_retention retention = relay_channel_retention(channel);
    struct mirror *mirror = channel->channel ? channel_borrow_mirror(channel->channel) : NULL;
    char first[LOG_NAME_MAX + 1];
    struct log_purged purged = {0};
    struct err err;

    if (!mirror)
        return;
    purge_limit(mirror, channel->replicas, NULL, first);
    retention.in_use = first;
    if (!channel_purge(channel->channel, &retention, clock_wall_usec(), &purged, &err))
        log_warn(channel->name, "retention: %s", err.text);
    if (purged.files > 0)
        log_info(channel->name, "retention: removed files=%" PRIu32 " bytes=%" PRIu64, purged.files,
                 purged.bytes);
}

void relay_channel_hold(struct relay_channel *channel)
{
    struct mirror *mirror = channel->channel ? channel_borrow_mirror(channel->channel) : NULL;

    if (mirror)
        relay_holds_follow(&channel->holds, channel->shared.settings->config, channel->name, mirror,
                           channel->replicas);
}

/* ---- The disk ---- */

/* Without a retention nothing is ever removed. */
static bool has_retention(struct relay_channel *channel)
{
    struct log_retention retention = relay_channel_retention(channel);

    return retention.hours >= 0 || retention.bytes > 0;
}

static const char *stage_consequence(struct relay_channel *channel)
{
    switch (channel->disk.stage) {
    case DISK_LOW:
        return ": nothing is received";
    case DISK_SHORT:
    case DISK_FULL:
        return has_retention(channel) ? ": nothing is received, and the retention is cut"
                                      : ": nothing is received; without a retention, files stay";
    case DISK_ENOUGH:
    case DISK_STAGES:
        break;
    }
    return "";
}

static void log_stage(struct relay_channel *channel, enum disk_stage before)
{
    char free_text[QUANTITY_MAX];
    char size_text[QUANTITY_MAX];

    log_warn(channel->name, "disk %s -> %s: %s of %s are free%s", disk_stage_name(before),
             disk_stage_name(channel->disk.stage),
             quantity_size(free_text, channel->disk.space.free_bytes),
             quantity_size(size_text, channel->disk.space.size_bytes), stage_consequence(channel));
}

static void hold(struct relay_channel *channel, const struct disk_limits *limits)
{
    uint64_t size = channel->disk.space.size_bytes;
    char enter[QUANTITY_MAX];
    char leave[QUANTITY_MAX];
    struct err why;

    (void)err_set(&why, E_IO, ENOSPC,
                  "the disk is nearly full: less than %s are free; it goes on once %s are",
                  quantity_size(enter, disk_enter_bytes(limits, DISK_LOW, size)),
                  quantity_size(leave, disk_leave_bytes(limits, DISK_LOW, size)));
    channel_hold(channel->channel, channel->disk.stage >= DISK_LOW ? &why : NULL);
}

/* The file up to which the oldest have what is wanted. */
static bool find_cut(struct relay_channel *channel, struct mirror *mirror, uint64_t wanted,
                     char ret_name[LOG_NAME_MAX + 1])
{
    struct purge_wish wish = {.hours = -1, .wanted_bytes = wanted};
    struct replica_info *replicas;
    struct log_file *files;
    size_t n_replicas;
    size_t n_files;
    size_t first;
    size_t held;

    mirror_list(mirror, &files, &n_files);
    replicas_list(channel->replicas, &replicas, &n_replicas);
    first = purge_choose(files, NULL, n_files, replicas, n_replicas, &wish);
    held = relay_holds_limit(mirror, files, n_files);
    if (first > held)
        first = held;
    if (first > 0)
        memcpy(ret_name, files[first].name, sizeof files[first].name);
    mem_free(replicas);
    mem_free(files);
    return first > 0;
}

static void cut(struct relay_channel *channel, const struct disk_limits *limits)
{
    const struct disk_space *space = &channel->disk.space;
    struct mirror *mirror = channel_borrow_mirror(channel->channel);
    uint64_t leave = disk_leave_bytes(limits, DISK_SHORT, space->size_bytes);
    struct log_purged purged = {0};
    char first[LOG_NAME_MAX + 1];
    struct err err;

    if (!mirror || clock_now_usec() < channel->cut_at_usec || !has_retention(channel))
        return;
    channel->cut_at_usec = clock_deadline_usec(CUT_USEC);
    if (leave <= space->free_bytes || !find_cut(channel, mirror, leave - space->free_bytes, first))
        return;
    if (!channel_purge_to(channel->channel, first, &purged, &err)) {
        log_warn(channel->name, "retention: %s", err.text);
        return;
    }
    channel->disk.cut.files += purged.files;
    channel->disk.cut.bytes += purged.bytes;
    log_warn(channel->name, "retention: removed before their time files=%" PRIu32 " bytes=%" PRIu64,
             purged.files, purged.bytes);
}

void relay_channel_watch_disk(struct relay_channel *channel)
{
    const struct disk_limits *limits = &channel->shared.settings->channel->disk_limits;
    enum disk_stage before = channel->disk.stage;
    struct err unknown;

    if (!channel->channel || !disk_look(channel->directory, &channel->disk.space, &unknown))
        return;
    channel->disk.stage = disk_stage_next(limits, before, &channel->disk.space);
    if (channel->disk.stage != before) {
        channel->cut_at_usec = 0;
        log_stage(channel, before);
    }
    hold(channel, limits);
    if (channel->disk.stage >= DISK_SHORT)
        cut(channel, limits);
}

void relay_channel_disk(const struct relay_channel *channel, struct relay_channel_disk *ret_disk)
{
    *ret_disk = channel->disk;
}
