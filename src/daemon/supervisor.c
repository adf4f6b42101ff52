#include "daemon/supervisor.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "daemon/cluster_endpoint.h"

#include <poll.h>
#include <stdio.h>

#define STACK_BYTES       (1u << 20)
#define SLICE             (USEC_PER_SEC / 4)
#define PROGRESS_INTERVAL (10 * USEC_PER_SEC)
#define PURGE_INTERVAL    (60 * USEC_PER_SEC)
#define LOOK_INTERVAL     (5 * USEC_PER_SEC) /* at the threads of replication */
#define CHECK_INTERVAL    (1 * USEC_PER_SEC) /* of the disk, of a source, of lost endpoints */
#define BACKOFF_LEAST     (1 * USEC_PER_SEC)
#define BACKOFF_MOST      (30 * USEC_PER_SEC)
#define STABLE_AFTER      (30 * USEC_PER_SEC) /* up for so long, it is not in a crash loop */

enum phase {
    PHASE_DOWN,     /* tried again at retry_at_usec */
    PHASE_STARTING, /* waiting for the engine to answer */
    PHASE_UP,
    PHASE_DELETING, /* as PHASE_DOWN */
};

struct supervisor {
    struct supervisor_spec spec;
    struct cluster *cluster;
    pthread_t thread;
    int wake_fd;
    char subject[STORE_NAME_MAX + 16];

    /* The thread's own. */
    struct cluster_endpoint *endpoint;
    enum phase phase;
    int64_t retry_at_usec;
    int64_t backoff_usec;
    int64_t up_since_usec; /* 0: nothing was up since the last failure */
    int64_t purge_at_usec;
    int64_t look_at_usec; /* at replication */

    struct {
        pthread_mutex_t lock;
        unsigned asked;                 /* enum supervisor_request */
        struct cluster_sockets sockets; /* of endpoints that move */
        bool ended;
        enum supervisor_verdict verdict;
        struct err first_failure;
    } shared;
};

static unsigned take_requests(struct supervisor *supervisor, struct cluster_sockets *ret_sockets)
{
    unsigned asked;

    (void)pthread_mutex_lock(&supervisor->shared.lock);
    wakeup_clear(supervisor->wake_fd);
    asked = supervisor->shared.asked;
    supervisor->shared.asked &= SUPERVISOR_LEAVE; /* what is asked twice is meant for good */
    *ret_sockets = supervisor->shared.sockets;
    cluster_sockets_init(&supervisor->shared.sockets);
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    return asked;
}

/* Whether a request waits, without taking it. */
static bool is_asked(struct supervisor *supervisor, unsigned requests)
{
    bool asked;

    (void)pthread_mutex_lock(&supervisor->shared.lock);
    asked = (supervisor->shared.asked & requests) != 0;
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    return asked;
}

static void set_verdict(struct supervisor *supervisor, enum supervisor_verdict verdict,
                        const struct err *why)
{
    bool is_first;

    (void)pthread_mutex_lock(&supervisor->shared.lock);
    is_first = supervisor->shared.verdict == VERDICT_NONE;
    if (is_first) {
        supervisor->shared.verdict = verdict;
        if (why)
            supervisor->shared.first_failure = *why;
    }
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    if (is_first)
        wakeup_raise(supervisor->spec.changed_fd);
}

/*
 * The next attempt comes later each time, until the cluster has stayed up: an engine that crashes
 * soon after each start would do nothing but recover.
 */
static void back_off(struct supervisor *supervisor, const char *why)
{
    if (supervisor->up_since_usec != 0 &&
        clock_now_usec() - supervisor->up_since_usec >= STABLE_AFTER)
        supervisor->backoff_usec = BACKOFF_LEAST;
    supervisor->up_since_usec = 0;
    log_error(supervisor->subject, "%s; next attempt in %d s", why,
              (int)(supervisor->backoff_usec / USEC_PER_SEC));
    supervisor->retry_at_usec = clock_deadline_usec(supervisor->backoff_usec);
    supervisor->backoff_usec *= 2;
    if (supervisor->backoff_usec > BACKOFF_MOST)
        supervisor->backoff_usec = BACKOFF_MOST;
}

/*
 * An engine that was adopted and goes, because it was killed together with the daemon before us for
 * instance, tells nothing of what a start of ours comes to: that is tried next.
 */
static bool is_adopted(struct supervisor *supervisor)
{
    struct cluster_snapshot now;

    cluster_snapshot(supervisor->cluster, &now);
    return now.adopted;
}

static void fail(struct supervisor *supervisor, const struct err *why)
{
    cluster_failed(supervisor->cluster, why);
    supervisor->phase = PHASE_DOWN;
    back_off(supervisor, why->text);
    if (why->class != E_IO ||
        !is_adopted(supervisor)) /* its end is noticed later than its silence */
        set_verdict(supervisor, VERDICT_FAILED, why);
}

static bool engine_has_ended(struct supervisor *supervisor)
{
    struct pollfd ended = {.fd = cluster_borrow_engine_fd(supervisor->cluster), .events = POLLIN};

    return ended.fd >= 0 && poll(&ended, 1, 0) == 1;
}

/* The engine ended by itself, and says why if it did so in its start. */
static void engine_ended(struct supervisor *supervisor)
{
    bool adopted = is_adopted(supervisor);
    struct err why = {0};

    if (supervisor->phase != PHASE_STARTING || cluster_wait_ready(supervisor->cluster, 0, &why) ||
        why.class == E_TIMEOUT)
        (void)err_set(&why, E_STATE, 0, "the engine ended by itself");
    cluster_engine_ended(supervisor->cluster, &why);
    supervisor->phase = PHASE_DOWN;
    back_off(supervisor, why.text);
    if (!adopted)
        set_verdict(supervisor, VERDICT_FAILED, &why);
}

static void bring_up(struct supervisor *supervisor)
{
    struct err err;

    if (cluster_endpoint_listen(supervisor->endpoint, supervisor->cluster, &err) &&
        cluster_prepare(supervisor->cluster, &err) && cluster_start(supervisor->cluster, &err))
        supervisor->phase = PHASE_STARTING;
    else
        fail(supervisor, &err);
}

/* One slice of waiting for the engine. */
static void wait_ready(struct supervisor *supervisor)
{
    struct err err;

    if (!cluster_wait_ready(supervisor->cluster, clock_deadline_usec(SLICE), &err)) {
        if (err.class != E_TIMEOUT && !engine_has_ended(supervisor))
            fail(supervisor, &err);
        return;
    }
    if (!cluster_endpoint_serve(supervisor->endpoint, supervisor->cluster, &err)) {
        fail(supervisor, &err);
        return;
    }
    supervisor->phase = PHASE_UP;
    supervisor->up_since_usec = clock_now_usec();
    set_verdict(supervisor, VERDICT_UP, NULL);
}

static void purge(struct supervisor *supervisor)
{
    struct err err;

    supervisor->purge_at_usec = clock_deadline_usec(PURGE_INTERVAL);
    if (!cluster_purge_binlogs(supervisor->cluster, &err))
        log_warn(supervisor->subject, "binlog retention: %s", err.text);
    if (!cluster_look_at_tables(supervisor->cluster, &err))
        log_warn(supervisor->subject, "tables that are not InnoDB: %s", err.text);
    if (cluster_is_replicating(supervisor->cluster) &&
        !cluster_purge_source(supervisor->cluster, &err))
        log_warn(supervisor->subject, "the relay's log: %s", err.text);
}

/* One of the endpoints may have found its port taken, or its address not there. */
static void complete_endpoints(struct supervisor *supervisor)
{
    struct err err;

    if (!cluster_endpoint_is_whole(supervisor->endpoint) &&
        !cluster_endpoint_serve(supervisor->endpoint, supervisor->cluster, &err))
        fail(supervisor, &err);
}

static void check_source(struct supervisor *supervisor)
{
    struct err err;

    if (!cluster_check_source(supervisor->cluster, &err))
        log_warn(supervisor->subject, "replication: %s", err.text);
    if (clock_now_usec() < supervisor->look_at_usec)
        return;
    supervisor->look_at_usec = clock_deadline_usec(LOOK_INTERVAL);
    if (cluster_is_replicating(supervisor->cluster) &&
        !cluster_look_at_source(supervisor->cluster, &err))
        log_warn(supervisor->subject, "replication: %s", err.text);
}

/* Stops the engine, in slices; false: it is left, because somebody asked again, or it can not be.
 */
static bool stop_in_slices(struct supervisor *supervisor,
                           bool (*stop)(struct cluster *, int64_t, struct err *), struct err *err)
{
    int64_t started = clock_now_usec();
    int64_t told = started;

    while (!stop(supervisor->cluster, clock_deadline_usec(SLICE), err)) {
        if (err->class != E_TIMEOUT)
            return false;
        if (is_asked(supervisor, SUPERVISOR_LEAVE))
            return err_set(err, E_STATE, 0, "asked again: leaving the engine to end by itself");
        if (clock_now_usec() - told >= PROGRESS_INTERVAL) {
            told = clock_now_usec();
            log_info(supervisor->subject, "the engine is still stopping after %d s",
                     (int)((told - started) / USEC_PER_SEC));
        }
    }
    return true;
}

static void stop(struct supervisor *supervisor)
{
    struct err err;

    cluster_endpoint_close(supervisor->endpoint);
    if (cluster_borrow_engine_fd(supervisor->cluster) < 0 || supervisor->phase == PHASE_DELETING)
        return;
    if (!stop_in_slices(supervisor, cluster_stop, &err)) {
        log_warn(supervisor->subject, "%s", err.text);
        cluster_left(supervisor->cluster);
    }
}

static void reboot(struct supervisor *supervisor)
{
    struct err err;

    supervisor->retry_at_usec = 0;
    supervisor->backoff_usec = BACKOFF_LEAST;
    if (supervisor->phase != PHASE_UP)
        return;
    if (stop_in_slices(supervisor, cluster_reboot, &err))
        supervisor->phase = PHASE_DOWN;
    else
        fail(supervisor, &err);
}

static void apply(struct supervisor *supervisor, struct cluster_sockets *sockets)
{
    struct err err;

    if (!cluster_apply(supervisor->cluster, &err))
        log_error(supervisor->subject, "modification: %s", err.text);
    if (!cluster_endpoint_change(supervisor->endpoint, supervisor->cluster, sockets,
                                 supervisor->phase == PHASE_UP, &err))
        fail(supervisor, &err);
    else if (supervisor->phase == PHASE_DOWN)
        supervisor->retry_at_usec = 0;
}

/* The engine's, too: MariaDB 11.4's clients compare what both say. One that is down reads it
 * anyway. */
static void reload(struct supervisor *supervisor)
{
    struct err err;

    if (!cluster_endpoint_reload(supervisor->endpoint, supervisor->cluster, &err))
        log_error(supervisor->subject, "certificate not reloaded, nothing is changed: %s",
                  err.text);
    else if (supervisor->phase == PHASE_UP &&
             !cluster_reload_certificate(supervisor->cluster, &err))
        log_warn(supervisor->subject,
                 "certificate reloaded, but by the engine only when it starts again: %s", err.text);
    else
        log_info(supervisor->subject, "certificate reloaded %s",
                 cluster_borrow_tls_cert(supervisor->cluster));
}

/* True when the cluster is gone. */
static bool try_delete(struct supervisor *supervisor)
{
    struct err err;

    cluster_endpoint_close(supervisor->endpoint);
    supervisor->phase = PHASE_DELETING;
    if (cluster_delete(supervisor->cluster, &err))
        return true;
    cluster_failed(supervisor->cluster, &err);
    back_off(supervisor, err.text);
    set_verdict(supervisor, VERDICT_FAILED, &err);
    return false;
}

/* Sleeps until something needs the thread, at most until the next deadline. */
static void wait_for_work(struct supervisor *supervisor)
{
    int64_t deadline_usec =
        supervisor->phase == PHASE_UP ? supervisor->purge_at_usec : supervisor->retry_at_usec;
    int64_t check_at_usec = clock_deadline_usec(CHECK_INTERVAL);
    struct pollfd fds[] = {
        {.fd = supervisor->wake_fd, .events = POLLIN},
        {.fd = cluster_borrow_engine_fd(supervisor->cluster), .events = POLLIN},
        {.fd = cluster_borrow_source_fd(supervisor->cluster), .events = POLLIN},
    };

    if (supervisor->phase != PHASE_DELETING && check_at_usec < deadline_usec)
        deadline_usec = check_at_usec;
    (void)poll(fds, supervisor->phase == PHASE_UP ? 3 : 1, clock_poll_timeout(deadline_usec));
}

/* Does what was asked; false: it is over. */
static bool take(struct supervisor *supervisor)
{
    struct cluster_sockets sockets;
    unsigned asked = take_requests(supervisor, &sockets);

    if (asked & (SUPERVISOR_STOP | SUPERVISOR_LEAVE)) {
        cluster_sockets_close(&sockets);
        if (!(asked & SUPERVISOR_LEAVE))
            stop(supervisor);
        return false;
    }
    if (asked & SUPERVISOR_DELETE) {
        cluster_sockets_close(&sockets);
        return !try_delete(supervisor);
    }
    if (asked & SUPERVISOR_APPLY)
        apply(supervisor, &sockets);
    if (asked & SUPERVISOR_RELOAD)
        reload(supervisor);
    if (asked & SUPERVISOR_REBOOT)
        reboot(supervisor);
    return true;
}

/* One step towards a cluster that is up, or gone; false: it is gone. */
static bool step(struct supervisor *supervisor)
{
    bool is_due = clock_now_usec() >= supervisor->retry_at_usec;

    if (supervisor->phase != PHASE_DELETING)
        cluster_watch_disk(supervisor->cluster, supervisor->phase == PHASE_UP);
    switch (supervisor->phase) {
    case PHASE_DELETING:
        if (is_due)
            return !try_delete(supervisor);
        break;
    case PHASE_DOWN:
        if (is_due) {
            bring_up(supervisor);
            return true;
        }
        break;
    case PHASE_STARTING:
        if (engine_has_ended(supervisor))
            engine_ended(supervisor);
        else
            wait_ready(supervisor);
        return true;
    case PHASE_UP:
        if (engine_has_ended(supervisor)) {
            engine_ended(supervisor);
            return true;
        }
        if (clock_now_usec() >= supervisor->purge_at_usec)
            purge(supervisor);
        check_source(supervisor);
        complete_endpoints(supervisor);
        break;
    }
    wait_for_work(supervisor);
    return true;
}

static void *supervisor_thread(void *arg)
{
    struct supervisor *supervisor = arg;

    while (take(supervisor) && step(supervisor))
        ;
    cluster_endpoint_close(supervisor->endpoint);
    (void)pthread_mutex_lock(&supervisor->shared.lock);
    supervisor->shared.ended = true;
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    wakeup_raise(supervisor->spec.changed_fd);
    return NULL;
}

static void release(struct supervisor *supervisor)
{
    cluster_endpoint_free(supervisor->endpoint);
    cluster_close(supervisor->cluster);
    cluster_sockets_close(&supervisor->shared.sockets);
    fd_close(&supervisor->wake_fd);
    (void)pthread_mutex_destroy(&supervisor->shared.lock);
    mem_free(supervisor);
}

bool supervisor_start(const struct supervisor_spec *spec, const struct cluster_plan *plan,
                      struct cluster_sockets *sockets, struct supervisor **ret_supervisor,
                      struct err *err)
{
    struct supervisor *supervisor = mem_alloc(sizeof *supervisor);

    supervisor->spec = *spec;
    supervisor->wake_fd = -1;
    cluster_sockets_init(&supervisor->shared.sockets);
    supervisor->backoff_usec = BACKOFF_LEAST;
    supervisor->phase =
        plan->settings.lifecycle == LIFECYCLE_DELETING ? PHASE_DELETING : PHASE_DOWN;
    (void)snprintf(supervisor->subject, sizeof supervisor->subject, "supervisor/%s",
                   plan->settings.name);
    (void)pthread_mutex_init(&supervisor->shared.lock, NULL);
    supervisor->cluster =
        cluster_open(spec->dir, spec->store, spec->source_address, &spec->disk_limits, plan);
    supervisor->endpoint = cluster_endpoint_new(plan->settings.name, sockets);
    if (!wakeup_open(&supervisor->wake_fd, err) ||
        !thread_start("supervisor", STACK_BYTES, supervisor_thread, supervisor, &supervisor->thread,
                      err)) {
        release(supervisor);
        return false;
    }
    *ret_supervisor = supervisor;
    return true;
}

void supervisor_free(struct supervisor *supervisor)
{
    (void)pthread_join(supervisor->thread, NULL);
    release(supervisor);
}

void supervisor_ask(struct supervisor *supervisor, enum supervisor_request request)
{
    (void)pthread_mutex_lock(&supervisor->shared.lock);
    supervisor->shared.asked |= request;
    wakeup_raise(supervisor->wake_fd);
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
}

void supervisor_ask_apply(struct supervisor *supervisor, struct cluster_sockets *sockets)
{
    (void)pthread_mutex_lock(&supervisor->shared.lock);
    supervisor->shared.asked |= SUPERVISOR_APPLY;
    cluster_sockets_replace(&supervisor->shared.sockets, sockets);
    wakeup_raise(supervisor->wake_fd);
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
}

bool supervisor_has_ended(struct supervisor *supervisor)
{
    bool ended;

    (void)pthread_mutex_lock(&supervisor->shared.lock);
    ended = supervisor->shared.ended;
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    return ended;
}

enum supervisor_verdict supervisor_verdict(struct supervisor *supervisor, struct err *ret_err)
{
    enum supervisor_verdict verdict;

    (void)pthread_mutex_lock(&supervisor->shared.lock);
    verdict = supervisor->shared.verdict;
    *ret_err = supervisor->shared.first_failure;
    (void)pthread_mutex_unlock(&supervisor->shared.lock);
    return verdict;
}

size_t supervisor_sessions(struct supervisor *supervisor, enum endpoint_kind kind)
{
    return cluster_endpoint_sessions(supervisor->endpoint, kind);
}

void supervisor_lost_text(struct supervisor *supervisor, enum endpoint_kind kind,
                          char ret_why[ERR_TEXT_MAX])
{
    cluster_endpoint_lost_text(supervisor->endpoint, kind, ret_why);
}

void supervisor_traffic(struct supervisor *supervisor, struct traffic_counts *ret_counts)
{
    cluster_endpoint_traffic(supervisor->endpoint, ret_counts);
}

struct cluster *supervisor_borrow_cluster(struct supervisor *supervisor)
{
    return supervisor->cluster;
}
