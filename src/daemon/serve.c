#include "daemon/serve.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/process.h"
#include "base/version.h"
#include "base/wakeup.h"
#include "daemon/cluster_metrics.h"
#include "daemon/cluster_requests.h"
#include "daemon/clusters.h"
#include "daemon/control.h"
#include "daemon/directory.h"
#include "daemon/metrics_server.h"
#include "daemon/status.h"
#include "net/socket.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUBJECT "daemon"

struct daemon {
    struct directory directory;
    struct store *store;
    struct clusters *clusters;
    struct control *control;
    struct metrics_server *metrics; /* NULL: none */
    int64_t started_usec;           /* since 1970 */
    int signal_fd;
    int metrics_fd; /* listens before there is something to tell; -1: no more */
    int control_stop_fd;
    int changed_fd;    /* raised by supervisors */
    bool stop_heard;   /* by 'borealis stop' */
    atomic_bool leave; /* the engines go on; set before control_stop_fd is raised */
};

/* Takes one request to stop, by a signal or by 'borealis stop'; false when there is none. */
static bool asked_to_stop(struct daemon *daemon)
{
    int signal_number;

    while (signals_take(daemon->signal_fd, &signal_number)) {
        if (signal_number == SIGHUP) {
            clusters_ask_all(daemon->clusters, SUPERVISOR_RELOAD);
            continue;
        }
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

/* Called in the control socket's thread. */
static char *answer(void *context, const char *request)
{
    struct daemon *daemon = context;

    if (strcmp(request, "stop") == 0 || strcmp(request, "leave") == 0) {
        if (strcmp(request, "leave") == 0)
            atomic_store(&daemon->leave, true);
        wakeup_raise(daemon->control_stop_fd);
        return mem_strdup("{\"stopping\": true}");
    }
    if (strcmp(request, "status") == 0)
        return status_render(daemon->directory.path, daemon->clusters);
    return cluster_requests_answer(daemon->clusters, request);
}

/* Called in the metrics server's thread. */
static void render_metrics(void *context, struct buf *buf)
{
    struct daemon *daemon = context;

    cluster_metrics_render(daemon->clusters, daemon->started_usec, buf);
}

/* ---- Start ---- */

static bool open_store(struct daemon *daemon, struct err *err)
{
    return (daemon->directory.lock_fd >= 0 || directory_lock(&daemon->directory, err)) &&
           store_open(daemon->directory.store, &daemon->store, err);
}

static bool has_options(const struct cluster_options *options)
{
    return options->engine || options->listen || options->port != 0 ||
           options->require_secure_transport >= 0;
}

/*
 * The directory's first cluster, which serve makes by itself, or changes by its options. Bad
 * options, an engine that is not there and a port that is taken must change nothing: a directory
 * and its store are made after those were looked at.
 */
static bool make_first(struct daemon *daemon, const struct cluster_options *options,
                       struct err *err)
{
    struct cluster_sockets sockets;
    struct cluster_plan plan;

    if (!cluster_plan_new(daemon->directory.path, daemon->store, CLUSTER_DEFAULT_NAME, options,
                          &plan, err) ||
        !cluster_sockets_open(&plan.settings, &sockets, err))
        return false;
    if ((!daemon->store && !open_store(daemon, err)) ||
        !store_apply(daemon->store,
                     &(struct store_change){
                         .cluster = &plan.settings, .is_new = true, .instance = &plan.record},
                     err)) {
        cluster_sockets_close(&sockets);
        return false;
    }
    /* Its supervisor listens anew: nobody is to be let in yet. */
    cluster_sockets_close(&sockets);
    return true;
}

/* The stored clusters, the first one with the options laid over it, at work. */
static bool open_clusters(struct daemon *daemon, const struct serve_options *serving,
                          struct err *err)
{
    const struct cluster_options *options = &serving->cluster;
    struct supervisor_spec spec = {.dir = daemon->directory.path,
                                   .source_address = serving->source_address,
                                   .changed_fd = daemon->changed_fd,
                                   .disk_limits = serving->disk_limits};
    struct cluster_plan plan;
    bool found = false;
    size_t count = 0;

    if (daemon->store && !clusters_count(daemon->store, &count, err))
        return false;
    if (count == 0 && !make_first(daemon, options, err))
        return false;
    if (count > 0 && has_options(options)) {
        if (!clusters_find_plan(daemon->store, CLUSTER_DEFAULT_NAME, &plan, &found, err))
            return false;
        if (!found)
            log_warn(SUBJECT, "--engine, --listen, --port and --require-secure-transport are for "
                              "cluster " CLUSTER_DEFAULT_NAME ", and there is none: left out");
        else if (!cluster_plan_change(daemon->store, options, &plan, err))
            return false;
    }
    spec.store = daemon->store; /* made meanwhile */
    return clusters_open(&spec, found ? &plan : NULL, &daemon->clusters, err);
}

/* The address is tried first: one that can not be had changes nothing. */
static bool listen_for_metrics(struct daemon *daemon, const struct serve_options *options,
                               struct err *err)
{
    return !options->metrics_listen ||
           metrics_server_listen(options->metrics_listen, options->metrics_port,
                                 &daemon->metrics_fd, err);
}

/* So is this one. */
static bool check_source_address(const struct serve_options *options, struct err *err)
{
    return !options->source_address || socket_check_source(options->source_address, err) ||
           err_prefix(err, "--source-address");
}

static bool start_metrics(struct daemon *daemon, struct err *err)
{
    struct metrics_server_spec spec = {.render = render_metrics, .context = daemon};
    int fd = daemon->metrics_fd;

    daemon->metrics_fd = -1;
    return fd < 0 || metrics_server_start(&spec, fd, &daemon->metrics, err);
}

/*
 * What we and the engines make is for this user alone. mariadbd sets its own umask, by these
 * variables.
 */
static void keep_private(void)
{
    (void)umask(077);
    (void)setenv("UMASK", "0600", 1);
    (void)setenv("UMASK_DIR", "0700", 1);
}

static bool open_all(struct daemon *daemon, const struct serve_options *options, struct err *err)
{
    keep_private();
    process_raise_descriptors(); /* every session has a few */
    daemon->started_usec = clock_wall_usec();
    return signals_open(&daemon->signal_fd, err) &&
           directory_find(options->dir, &daemon->directory, err) &&
           (!path_exists(daemon->directory.store) || directory_lock(&daemon->directory, err)) &&
           check_source_address(options, err) && listen_for_metrics(daemon, options, err) &&
           (!path_exists(daemon->directory.store) || open_store(daemon, err)) &&
           wakeup_open(&daemon->control_stop_fd, err) && wakeup_open(&daemon->changed_fd, err) &&
           open_clusters(daemon, options, err) && start_metrics(daemon, err) &&
           control_start(&(struct control_spec){.socket_path = daemon->directory.control_socket,
                                                .answer = answer,
                                                .context = daemon},
                         &daemon->control, err);
}

/* ---- What a person sees ---- */

static void print_cluster(const struct cluster_snapshot *now)
{
    const struct store_cluster *settings = &now->settings;

    printf("  cluster    %s, %s, writer %s (pid %d%s)\n", settings->name, now->engine_version,
           now->instance, (int)now->engine_pid, now->adopted ? ", adopted" : "");
    if (*now->failure)
        printf("  %-9s  %s\n", cluster_state_name(now->state), now->failure);
    printf("  endpoint   %s port %u, plain and TLS%s\n", settings->listen, (unsigned)settings->port,
           settings->require_secure_transport ? " (TLS required)" : "");
    for (int kind = ENDPOINT_READER; kind < ENDPOINT_KINDS; kind++) {
        struct place place;

        if (place_of(settings, (enum endpoint_kind)kind, &place))
            printf("  %-9s  %s port %u\n", endpoint_kind_name((enum endpoint_kind)kind),
                   place.listen, (unsigned)place.port);
    }
    printf("  user       %s, password in %s\n", settings->master_user, now->credentials);
    printf("  CA         %s\n\n", now->tls_ca);
}

static void print_banner(struct daemon *daemon)
{
    struct supervisor **all;
    size_t count = clusters_borrow_all(daemon->clusters, &all);
    struct cluster_snapshot first = {0};

    printf("\nBorealis " BOREALIS_VERSION " serves %s\n\n", daemon->directory.path);
    for (size_t i = 0; i < count; i++) {
        struct cluster_snapshot now;

        cluster_snapshot(supervisor_borrow_cluster(all[i]), &now);
        clusters_return(daemon->clusters, all[i]);
        print_cluster(&now);
        if (i == 0)
            first = now;
    }
    mem_free(all);
    printf("Next, in another terminal:\n");
    printf("  %s status --dir %s\n", program_invocation_name, daemon->directory.path);
    printf("  %s client --dir %s\n", program_invocation_name, daemon->directory.path);
    if (count > 0)
        printf("  mysql --defaults-file=%s\n", first.credentials);
    printf("Ctrl-C stops %s; everything is in that one directory.\n\n",
           count == 1 ? "the cluster" : "all clusters");
    (void)fflush(stdout);
}

/* ---- Run and stop ---- */

static void wait_for_work(struct daemon *daemon)
{
    struct pollfd fds[] = {
        {.fd = daemon->signal_fd, .events = POLLIN},
        {.fd = daemon->stop_heard ? -1 : daemon->control_stop_fd, .events = POLLIN},
        {.fd = daemon->changed_fd, .events = POLLIN},
    };

    (void)poll(fds, sizeof fds / sizeof *fds, -1);
    wakeup_clear(daemon->changed_fd);
}

/* Runs until asked to stop; false when at the start no cluster comes up: a person is looking. */
static bool supervise(struct daemon *daemon, struct err *err)
{
    bool announced = false;

    while (!asked_to_stop(daemon)) {
        enum supervisor_verdict verdict =
            announced ? VERDICT_NONE : clusters_verdict(daemon->clusters, err);

        if (verdict == VERDICT_FAILED)
            return false;
        if (verdict == VERDICT_UP) {
            print_banner(daemon);
            announced = true;
        }
        wait_for_work(daemon);
    }
    return true;
}

/*
 * A clean stop of all engines, unless they are to be left; a second request leaves those that run,
 * to be adopted again.
 */
static void stop_clusters(struct daemon *daemon)
{
    bool leave = atomic_load(&daemon->leave);

    if (leave)
        log_info(SUBJECT, "the engines go on, for the next daemon to adopt");
    clusters_ask_all(daemon->clusters, leave ? SUPERVISOR_LEAVE : SUPERVISOR_STOP);
    while (!clusters_have_ended(daemon->clusters)) {
        if (asked_to_stop(daemon)) {
            log_warn(SUBJECT, "asked again: leaving the engines to end by themselves");
            clusters_ask_all(daemon->clusters, SUPERVISOR_LEAVE);
        }
        wait_for_work(daemon);
    }
}

static void close_all(struct daemon *daemon)
{
    if (daemon->clusters)
        stop_clusters(daemon);
    control_stop(daemon->control);
    metrics_server_stop(daemon->metrics);
    fd_close(&daemon->metrics_fd);
    clusters_close(daemon->clusters);
    store_close(daemon->store);
    directory_close(&daemon->directory);
    fd_close(&daemon->signal_fd);
    fd_close(&daemon->control_stop_fd);
    fd_close(&daemon->changed_fd);
}

bool serve_run(const struct serve_options *options, struct err *err)
{
    struct daemon daemon = {.directory = {.lock_fd = -1},
                            .signal_fd = -1,
                            .metrics_fd = -1,
                            .control_stop_fd = -1,
                            .changed_fd = -1};
    bool ok = open_all(&daemon, options, err) && supervise(&daemon, err);

    close_all(&daemon);
    return ok;
}
