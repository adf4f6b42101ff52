#include "daemon/relay.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/wakeup.h"
#include "daemon/control.h"
#include "daemon/directory.h"
#include "daemon/metrics_server.h"
#include "daemon/relay_channels.h"
#include "daemon/relay_metrics.h"
#include "daemon/relay_status.h"
#include "net/certificate.h"
#include "net/notify.h"

#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SUBJECT     "relay"
#define HOUSE_USEC  (60 * USEC_PER_SEC)
#define SAMPLE_USEC (5 * USEC_PER_SEC)
#define LOOK_MSEC   1000 /* at the disk */
#define STATUS_MAX  64

struct relay {
    struct relay_config *config; /* of the start */
    struct directory directory;
    struct relay_identity identity;
    struct tls *own_tls;
    struct control *control;
    struct metrics_server *metrics; /* NULL: none */
    struct notify notify;           /* the main thread's */
    char status[STATUS_MAX];        /* that was told last */
    int signal_fd;
    int stop_fd;          /* raised by 'borealis relay stop' */
    int64_t started_usec; /* since 1970 */

    struct {
        pthread_mutex_t lock;
        struct relay_channels channels;
    } shared;
};

/* ---- Reload ---- */

static void set_level(const struct relay_config *config)
{
    log_set_level(config->verbose ? LOG_DEBUG : LOG_INFO);
}

static bool same_text(const char *a, const char *b)
{
    return (!a && !b) || (a && b && strcmp(a, b) == 0);
}

/* Keys of [relay] that only a start takes. */
static void note_restart(const struct relay_config *now, const struct relay_config *then,
                         struct buf *restart)
{
    if (!same_text(now->dir, then->dir))
        buf_str(restart, "[relay] dir");
    if (now->server_id != then->server_id)
        buf_printf(restart, "%s[relay] server_id", restart->len > 0 ? ", " : "");
    if (!same_text(now->metrics_listen, then->metrics_listen) ||
        now->metrics_port != then->metrics_port)
        buf_printf(restart, "%s[relay] metrics_listen", restart->len > 0 ? ", " : "");
}

static bool reload(struct relay *relay, struct relay_changes *changes, struct err *err)
{
    struct relay_config *config;
    struct relay_plan plan;

    if (!relay_config_load(relay->config->path, &config, err))
        return false;
    if (!relay_plan_make(config, &plan, err)) {
        relay_config_free(config);
        return err_prefix(err, "%s", relay->config->path);
    }
    set_level(config);
    note_restart(config, relay->config, &changes->restart);
    (void)pthread_mutex_lock(&relay->shared.lock);
    relay_channels_change(&relay->shared.channels, config, &plan, changes);
    (void)pthread_mutex_unlock(&relay->shared.lock);
    relay_config_free(config);
    return true;
}

/* Reads the file again; a new JSON text that tells what came of it. */
static char *reload_and_tell(struct relay *relay)
{
    struct relay_changes changes;
    struct err err = {0};
    json_t *told;
    char *dumped;
    char *text;

    relay_changes_init(&changes);
    if (!relay->config->path) {
        (void)err_set(&err, E_STATE, 0,
                      "the relay was started with flags: there is no file to read again");
        told = json_pack("{s:s}", "error", err.text);
    } else if (!reload(relay, &changes, &err)) {
        log_error(SUBJECT, "not reloaded, nothing is changed: %s", err.text);
        told = json_pack("{s:s}", "error", err.text);
    } else {
        const char *restart = buf_borrow_cstr(&changes.restart);

        log_info(SUBJECT, "reloaded %s added=%s removed=%s", relay->config->path,
                 buf_borrow_cstr(&changes.added), buf_borrow_cstr(&changes.removed));
        if (*restart)
            log_warn(SUBJECT, "a restart is needed for %s", restart);
        told = json_pack("{s:b, s:s, s:s, s:s}", "reloaded", 1, "added",
                         buf_borrow_cstr(&changes.added), "removed",
                         buf_borrow_cstr(&changes.removed), "restart", restart);
    }
    dumped = json_dumps(told, JSON_INDENT(2));
    text = mem_strdup(dumped ? dumped : "{}");
    free(dumped);
    json_decref(told);
    relay_changes_done(&changes);
    return text;
}

/* ---- Control ---- */

static char *tell_status(struct relay *relay)
{
    struct relay_status_head head = {
        .directory = relay->directory.path,
        .config = relay->config->path,
        .identity = &relay->identity,
        .started_usec = relay->started_usec,
    };
    struct relay_snapshot snapshot;
    char *text;

    (void)pthread_mutex_lock(&relay->shared.lock);
    relay_snapshot_take(&relay->shared.channels, true, &snapshot);
    (void)pthread_mutex_unlock(&relay->shared.lock);
    text = relay_status_render(&head, &snapshot);
    relay_snapshot_done(&snapshot);
    return text;
}

static char *answer(void *context, const char *request)
{
    struct relay *relay = context;

    if (strcmp(request, "stop") == 0) {
        wakeup_raise(relay->stop_fd);
        return mem_strdup("{\"stopping\": true}");
    }
    if (strcmp(request, "reload") == 0)
        return reload_and_tell(relay);
    if (strcmp(request, "status") == 0)
        return tell_status(relay);
    return NULL;
}

static void render_metrics(void *context, struct buf *buf)
{
    struct relay *relay = context;
    struct relay_snapshot snapshot;

    (void)pthread_mutex_lock(&relay->shared.lock);
    relay_snapshot_take(&relay->shared.channels, false, &snapshot);
    (void)pthread_mutex_unlock(&relay->shared.lock);
    relay_metrics_render(&snapshot, relay->started_usec, buf);
    relay_snapshot_done(&snapshot);
}

/* ---- Start and stop ---- */

static bool open_metrics(struct relay *relay, struct err *err)
{
    const struct relay_config *config = relay->config;
    struct metrics_server_spec spec = {.render = render_metrics, .context = relay};
    int fd = -1;

    return !config->metrics_listen ||
           (metrics_server_listen(config->metrics_listen, config->metrics_port, &fd, err) &&
            metrics_server_start(&spec, fd, &relay->metrics, err));
}

/* Without a certificate that was given, replicas get one by an authority of the relay's own. */
static bool open_own_tls(struct relay *relay, struct err *err)
{
    char *directory = mem_printf("%s/tls", relay->directory.path);
    char *cert = mem_printf("%s/" CERTIFICATE_FILE, directory);
    char *key = mem_printf("%s/" CERTIFICATE_KEY_FILE, directory);
    struct tls_server_spec server = {.cert_file = cert, .key_file = key};
    bool good = certificate_files_make(directory, "Borealis relay", err) &&
                tls_server_new(&server, &relay->own_tls, err);

    mem_free(directory);
    mem_free(cert);
    mem_free(key);
    return good;
}

static bool open_directory(struct relay *relay, struct err *err)
{
    return directory_find(relay->config->dir, &relay->directory, err) &&
           directory_lock(&relay->directory, err) &&
           relay_identity_find(relay->directory.path, (uint32_t)relay->config->server_id,
                               &relay->identity, err) &&
           open_own_tls(relay, err);
}

static bool open_all(struct relay *relay, struct relay_plan *plan, struct err *err)
{
    struct relay_channel_context context;

    if (!signals_open(&relay->signal_fd, err) || !wakeup_open(&relay->stop_fd, err) ||
        !open_directory(relay, err))
        return false;
    context = (struct relay_channel_context){
        .directory = relay->directory.path,
        .identity = &relay->identity,
        .own_tls = relay->own_tls,
    };
    return relay_channels_open(&relay->shared.channels, &context, relay->config, plan, err) &&
           open_metrics(relay, err) &&
           control_start(&(struct control_spec){.socket_path = relay->directory.control_socket,
                                                .answer = answer,
                                                .context = relay},
                         &relay->control, err);
}

/* Whoever looks at channels first, then the channels. */
static void close_all(struct relay *relay)
{
    control_stop(relay->control);
    metrics_server_stop(relay->metrics);
    relay_channels_close(&relay->shared.channels);
    tls_free(relay->own_tls);
    fd_close(&relay->signal_fd);
    fd_close(&relay->stop_fd);
    directory_close(&relay->directory);
    notify_close(&relay->notify);
    (void)pthread_mutex_destroy(&relay->shared.lock);
    relay_config_free(relay->config);
}

/* Tells the service manager how many channels there are; `again` even if it knows. */
static void notify_running(struct relay *relay, bool again)
{
    const struct relay_channels *channels = &relay->shared.channels;
    char status[STATUS_MAX];
    size_t started = 0;
    size_t count;

    (void)pthread_mutex_lock(&relay->shared.lock);
    count = channels->count;
    for (size_t i = 0; i < count; i++)
        started += relay_channel_is_started(channels->items[i]);
    (void)pthread_mutex_unlock(&relay->shared.lock);
    (void)snprintf(status, sizeof status, "%zu of %zu channels started", started, count);
    if (!again && strcmp(status, relay->status) == 0)
        return;
    memcpy(relay->status, status, sizeof status);
    notify_ready(&relay->notify, status);
}

/* Takes what came; true when it is to stop. */
static bool asked_to_stop(struct relay *relay)
{
    int signal_number;

    if (wakeup_is_raised(relay->stop_fd)) {
        log_info(SUBJECT, "asked to stop by 'borealis relay stop'");
        return true;
    }
    if (!signals_take(relay->signal_fd, &signal_number))
        return false;
    if (signal_number == SIGHUP && relay->config->path) {
        notify_reloading(&relay->notify);
        mem_free(reload_and_tell(relay));
        notify_running(relay, true);
        return false;
    }
    log_info(SUBJECT, "asked to stop signal=%d", signal_number);
    return true;
}

/* Once a minute. */
static void keep_house(struct relay_channels *channels)
{
    for (size_t i = 0; i < channels->count; i++)
        relay_channel_purge(channels->items[i]);
    relay_channels_retry(channels);
}

/* Until the next look; sooner when the service manager wants to hear of us before that. */
static int wait_msec(const struct relay *relay)
{
    int64_t half_msec = relay->notify.watchdog_usec / 2000;

    return half_msec > 0 && half_msec < LOOK_MSEC ? (int)half_msec : LOOK_MSEC;
}

static void wait_for_end(struct relay *relay)
{
    struct relay_channels *channels = &relay->shared.channels;
    int64_t house_at = clock_deadline_usec(HOUSE_USEC);
    int64_t sample_at = clock_deadline_usec(SAMPLE_USEC);

    while (!asked_to_stop(relay)) {
        struct pollfd fds[] = {
            {.fd = relay->signal_fd, .events = POLLIN},
            {.fd = relay->stop_fd, .events = POLLIN},
        };

        notify_alive(&relay->notify);
        if (poll(fds, sizeof fds / sizeof fds[0], wait_msec(relay)) != 0)
            continue;
        (void)pthread_mutex_lock(&relay->shared.lock);
        for (size_t i = 0; i < channels->count; i++)
            relay_channel_watch_disk(channels->items[i]);
        for (size_t i = 0; i < channels->count; i++)
            relay_channel_hold(channels->items[i]);
        if (clock_now_usec() >= sample_at) {
            for (size_t i = 0; i < channels->count; i++)
                relay_channel_sample(channels->items[i]);
            sample_at = clock_deadline_usec(SAMPLE_USEC);
        }
        if (clock_now_usec() >= house_at) {
            keep_house(channels);
            house_at = clock_deadline_usec(HOUSE_USEC);
        }
        (void)pthread_mutex_unlock(&relay->shared.lock);
        notify_running(relay, false);
    }
}

static void print_banner(const struct relay *relay)
{
    for (const struct relay_channel_config *at = relay->config->channels; at; at = at->next)
        (void)printf("Borealis relays %s:%u to replicas at %s:%u (channel %s).\n", at->source_host,
                     at->source_port, at->listen, at->port, at->section.name);
    (void)fflush(stdout);
}

bool relay_check(struct relay_config *config, struct err *err)
{
    struct relay_plan plan;

    if (!relay_plan_make(config, &plan, err))
        return config->path ? err_prefix(err, "%s", config->path) : false;
    relay_plan_done(&plan);
    return true;
}

bool relay_run(struct relay_config *config, struct err *err)
{
    struct relay relay = {
        .config = config,
        .directory = {.lock_fd = -1},
        .notify = {.fd = -1},
        .signal_fd = -1,
        .stop_fd = -1,
        .started_usec = clock_wall_usec(),
    };
    struct relay_plan plan = {0};
    bool good;

    (void)pthread_mutex_init(&relay.shared.lock, NULL);
    set_level(config);
    process_raise_descriptors(); /* every dump has a few */
    /* What may be wrong in the settings comes first: nothing was made then. */
    good = notify_open(&relay.notify, err) && relay_plan_make(config, &plan, err) &&
           open_all(&relay, &plan, err);
    if (good) {
        print_banner(&relay);
        notify_running(&relay, true);
        wait_for_end(&relay);
        notify_stopping(&relay.notify);
    }
    relay_plan_done(&plan);
    close_all(&relay);
    return good;
}
