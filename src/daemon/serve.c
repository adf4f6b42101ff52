#include "daemon/serve.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/version.h"
#include "base/wakeup.h"
#include "daemon/control.h"
#include "daemon/directory.h"
#include "daemon/status.h"
#include "endpoint/endpoint.h"
#include "net/socket.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define SUBJECT           "daemon"
#define READY_SLICE       (USEC_PER_SEC / 4)
#define STOP_SLICE        (USEC_PER_SEC / 4)
#define PROGRESS_INTERVAL (10 * USEC_PER_SEC)
#define PURGE_INTERVAL    (60 * USEC_PER_SEC)
#define BACKOFF_LEAST     (1 * USEC_PER_SEC)
#define BACKOFF_MOST      (30 * USEC_PER_SEC)

/* Logins that only the daemon itself may make, and it does not pass the endpoint. */
static const char *const reserved_users[] = {ENGINE_ADMIN_USER, "mariadb.sys", NULL};

struct daemon {
    struct directory directory;
    struct store *store;
    struct cluster *cluster;
    struct cluster_snapshot settings; /* as of the start */
    struct tls *tls_server;
    struct tls *tls_engine;
    struct endpoint *endpoint;
    struct control *control;
    int listen_fd;
    int signal_fd;
    int control_stop_fd;
    bool stop_heard; /* by 'borealis stop' */
    bool announced;  /* the banner was printed */
    int64_t purge_at_usec;
    int64_t restart_at_usec; /* CLOCK_NEVER: nothing to restart */
    int64_t backoff_usec;

    struct {
        pthread_mutex_t lock;
        struct endpoint *endpoint; /* whose sessions are counted; NULL: none */
    } shared;
};

/* Takes one request to stop, by a signal or by 'borealis stop'; false when there is none. */
static bool asked_to_stop(struct daemon *daemon)
{
    int signal_number;

    if (signals_take(daemon->signal_fd, &signal_number)) {
        log_info(SUBJECT, "asked to stop signal=%d", signal_number);
        return true;
    }
    if (daemon->control_stop_fd >= 0 && !daemon->stop_heard &&
        wakeup_is_raised(daemon->control_stop_fd)) {
        log_info(SUBJECT, "asked to stop by 'borealis stop'");
        daemon->stop_heard = true;
        return true;
    }
    return false;
}

static void share_endpoint(struct daemon *daemon, struct endpoint *endpoint)
{
    (void)pthread_mutex_lock(&daemon->shared.lock);
    daemon->shared.endpoint = endpoint;
    (void)pthread_mutex_unlock(&daemon->shared.lock);
}

/* Called in the control socket's thread. */
static char *answer(void *context, const char *request)
{
    struct daemon *daemon = context;
    size_t sessions = 0;

    if (strcmp(request, "stop") == 0) {
        wakeup_raise(daemon->control_stop_fd);
        return mem_strdup("{\"stopping\": true}");
    }
    if (strcmp(request, "status") != 0)
        return NULL;
    (void)pthread_mutex_lock(&daemon->shared.lock);
    if (daemon->shared.endpoint)
        sessions = endpoint_n_sessions(daemon->shared.endpoint);
    (void)pthread_mutex_unlock(&daemon->shared.lock);
    return status_render(daemon->directory.path, daemon->cluster, sessions);
}

static bool open_listener(struct daemon *daemon, struct err *err)
{
    const struct store_cluster *settings = &daemon->settings.settings;
    struct address address;

    if (!address_parse(settings->listen, settings->port, &address, err))
        return false;
    if (!socket_listen_tcp(&address, &daemon->listen_fd, err)) {
        if (err->code == EADDRINUSE)
            return err_set(err, E_STATE, EADDRINUSE,
                           "%s port %u: taken by another program; choose another with --port",
                           settings->listen, (unsigned)settings->port);
        return false;
    }
    return true;
}

static bool open_store(struct daemon *daemon, struct err *err)
{
    return directory_lock(&daemon->directory, err) &&
           store_open(daemon->directory.store, &daemon->store, err);
}

static bool open_all(struct daemon *daemon, const struct serve_options *options, struct err *err)
{
    /*
     * Bad options, an engine that is not there and a port that is taken must change nothing: a
     * directory and its store are made after those were looked at.
     */
    if (!signals_open(&daemon->signal_fd, err) ||
        !directory_find(options->dir, &daemon->directory, err) ||
        (path_exists(daemon->directory.store) && !open_store(daemon, err)) ||
        !cluster_open(daemon->directory.path, daemon->store, &options->cluster, &daemon->cluster,
                      err))
        return false;
    cluster_snapshot(daemon->cluster, &daemon->settings);
    return open_listener(daemon, err) && (daemon->store || open_store(daemon, err)) &&
           cluster_prepare(daemon->cluster, daemon->store, err) &&
           tls_server_new(
               &(struct tls_server_spec){.cert_file = cluster_borrow_tls_cert(daemon->cluster),
                                         .key_file = cluster_borrow_tls_key(daemon->cluster)},
               &daemon->tls_server, err) &&
           tls_local_client_new(&daemon->tls_engine, err) &&
           wakeup_open(&daemon->control_stop_fd, err) &&
           control_start(&(struct control_spec){.socket_path = daemon->directory.control_socket,
                                                .answer = answer,
                                                .context = daemon},
                         &daemon->control, err) &&
           cluster_start(daemon->cluster, err);
}

static void print_banner(struct daemon *daemon)
{
    const struct store_cluster *settings = &daemon->settings.settings;
    const struct engine_home *home = cluster_borrow_home(daemon->cluster);
    const char *credentials = cluster_borrow_credentials(daemon->cluster);
    struct cluster_snapshot now;

    cluster_snapshot(daemon->cluster, &now);
    printf("\nBorealis " BOREALIS_VERSION " serves %s\n\n", daemon->directory.path);
    printf("  cluster    %s, %s, writer %s (pid %d%s)\n", settings->name, home->version,
           now.instance, (int)now.engine_pid, now.adopted ? ", adopted" : "");
    printf("  endpoint   %s port %u, plain and TLS%s\n", settings->listen, (unsigned)settings->port,
           settings->require_secure_transport ? " (TLS required)" : "");
    printf("  user       %s, password in %s\n", settings->master_user, credentials);
    printf("  CA         %s\n\n", cluster_borrow_tls_ca(daemon->cluster));
    printf("Next, in another terminal:\n");
    printf("  %s status --dir %s\n", program_invocation_name, daemon->directory.path);
    printf("  %s client --dir %s\n", program_invocation_name, daemon->directory.path);
    printf("  mysql --defaults-file=%s\n", credentials);
    printf("Ctrl-C stops the cluster; everything is in that one directory.\n\n");
    (void)fflush(stdout);
}

static bool open_endpoint(struct daemon *daemon, struct err *err)
{
    int listen_fd = daemon->listen_fd;

    daemon->listen_fd = -1;
    if (!endpoint_start(
            &(struct endpoint_spec){.name = "endpoint",
                                    .engine_socket = cluster_borrow_socket(daemon->cluster),
                                    .tls_server = daemon->tls_server,
                                    .tls_engine = daemon->tls_engine,
                                    .require_secure_transport =
                                        daemon->settings.settings.require_secure_transport,
                                    .master_user = daemon->settings.settings.master_user,
                                    .reserved_users = reserved_users},
            listen_fd, &daemon->endpoint, err))
        return false;
    share_endpoint(daemon, daemon->endpoint);
    return true;
}

/* One slice of waiting for the engine; *ret_ready tells whether it answers now. */
static bool wait_ready(struct daemon *daemon, bool *ret_ready, struct err *err)
{
    *ret_ready = cluster_wait_ready(daemon->cluster, clock_deadline_usec(READY_SLICE), err);
    if (*ret_ready) {
        daemon->backoff_usec = BACKOFF_LEAST;
        if (!daemon->endpoint && !open_endpoint(daemon, err))
            return false;
        if (!daemon->announced)
            print_banner(daemon);
        daemon->announced = true;
        return true;
    }
    return err->class == E_TIMEOUT;
}

/* The engine ended by itself: start it again, later each time. */
static void engine_ended(struct daemon *daemon, const char *why)
{
    cluster_engine_ended(daemon->cluster);
    log_error(SUBJECT, "%s; next start in %d s", why, (int)(daemon->backoff_usec / USEC_PER_SEC));
    daemon->restart_at_usec = clock_deadline_usec(daemon->backoff_usec);
    daemon->backoff_usec *= 2;
    if (daemon->backoff_usec > BACKOFF_MOST)
        daemon->backoff_usec = BACKOFF_MOST;
}

static bool restart(struct daemon *daemon, struct err *err)
{
    daemon->restart_at_usec = CLOCK_NEVER;
    return cluster_start(daemon->cluster, err);
}

static void purge(struct daemon *daemon)
{
    struct err err;

    daemon->purge_at_usec = clock_deadline_usec(PURGE_INTERVAL);
    if (!cluster_purge_binlogs(daemon->cluster, &err))
        log_warn(SUBJECT, "binlog retention: %s", err.text);
}

/* Sleeps until something needs the main thread, at most until the earliest deadline. */
static void wait_for_work(struct daemon *daemon)
{
    int64_t deadline = daemon->restart_at_usec < daemon->purge_at_usec ? daemon->restart_at_usec
                                                                       : daemon->purge_at_usec;
    struct pollfd fds[] = {
        {.fd = daemon->signal_fd, .events = POLLIN},
        {.fd = daemon->control_stop_fd, .events = POLLIN},
        {.fd = cluster_borrow_engine_fd(daemon->cluster), .events = POLLIN},
    };

    (void)poll(fds, 3, clock_poll_timeout(deadline));
}

static bool engine_has_ended(struct daemon *daemon)
{
    struct pollfd ended = {.fd = cluster_borrow_engine_fd(daemon->cluster), .events = POLLIN};

    return ended.fd >= 0 && poll(&ended, 1, 0) == 1;
}

/* Runs until asked to stop; false when the first start fails or the daemon itself cannot go on. */
static bool supervise(struct daemon *daemon, struct err *err)
{
    bool ready = false;

    while (!asked_to_stop(daemon)) {
        if (clock_now_usec() >= daemon->restart_at_usec) {
            if (!restart(daemon, err))
                return false;
        } else if (engine_has_ended(daemon)) {
            /* At the very first start there is nothing to keep up, and a person is looking. */
            if (!daemon->announced)
                return cluster_wait_ready(daemon->cluster, 0, err);
            ready = false;
            engine_ended(daemon, "the engine ended by itself");
        } else if (!ready && daemon->restart_at_usec == CLOCK_NEVER) {
            if (!wait_ready(daemon, &ready, err))
                return false;
            continue;
        } else if (ready && clock_now_usec() >= daemon->purge_at_usec) {
            purge(daemon);
        } else {
            wait_for_work(daemon);
        }
    }
    return true;
}

/* A clean stop of the engine; a second signal leaves it running, to be adopted again. */
static void stop_cluster(struct daemon *daemon)
{
    int64_t started = clock_now_usec();
    int64_t told = started;
    struct err err;

    while (!cluster_stop(daemon->cluster, clock_deadline_usec(STOP_SLICE), &err)) {
        if (err.class != E_TIMEOUT) {
            log_error(SUBJECT, "%s", err.text);
            return;
        }
        if (asked_to_stop(daemon)) {
            log_warn(SUBJECT, "asked again: leaving the engine to end by itself");
            return;
        }
        if (clock_now_usec() - told >= PROGRESS_INTERVAL) {
            told = clock_now_usec();
            log_info(SUBJECT, "the engine is still stopping after %d s; ask again to leave it",
                     (int)((told - started) / USEC_PER_SEC));
        }
    }
}

static void close_all(struct daemon *daemon)
{
    fd_close(&daemon->listen_fd);
    share_endpoint(daemon, NULL);
    endpoint_stop(daemon->endpoint);
    if (daemon->cluster && cluster_borrow_engine_fd(daemon->cluster) >= 0)
        stop_cluster(daemon);
    control_stop(daemon->control);
    cluster_close(daemon->cluster);
    tls_free(daemon->tls_server);
    tls_free(daemon->tls_engine);
    store_close(daemon->store);
    directory_close(&daemon->directory);
    fd_close(&daemon->signal_fd);
    fd_close(&daemon->control_stop_fd);
}

bool serve_run(const struct serve_options *options, struct err *err)
{
    struct daemon daemon = {.directory = {.lock_fd = -1},
                            .listen_fd = -1,
                            .signal_fd = -1,
                            .control_stop_fd = -1,
                            .restart_at_usec = CLOCK_NEVER,
                            .backoff_usec = BACKOFF_LEAST};
    bool ok;

    (void)pthread_mutex_init(&daemon.shared.lock, NULL);
    ok = open_all(&daemon, options, err) && supervise(&daemon, err);
    close_all(&daemon);
    (void)pthread_mutex_destroy(&daemon.shared.lock);
    return ok;
}
