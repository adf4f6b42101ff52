#include "replication/change_log.h"

#include "base/dir_watch.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "log/follower.h"
#include "replication/dump_metrics.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>

#define STACK_BYTES   (256u << 10)
#define BACKOFF_LEAST (1 * USEC_PER_SEC)
#define BACKOFF_MOST  (30 * USEC_PER_SEC)
#define REST_USEC     (USEC_PER_SEC / 10)   /* between two looks while nobody reads */
#define APART_USEC    (USEC_PER_SEC / 1000) /* and while somebody does */

struct change_log {
    char *subject;
    char *directory;
    char *binlog;
    char *base;
    uint32_t server_id;
    pthread_t thread;
    int stop_fd;
    int call_fd;          /* raised: somebody waits for a look */
    int64_t looked_usec;  /* the thread's: when the last look ended */
    int64_t backoff_usec; /* the thread's */
    struct replicas *replicas;
    struct dump_controls *controls;
    struct dump_metrics *metrics;

    struct {
        pthread_mutex_t lock;
        pthread_cond_t left;
        pthread_cond_t looked;
        struct mirror *mirror; /* NULL: none now, and `reason` says why */
        unsigned users;        /* all who are inside */
        unsigned readers;      /* those of them who read */
        uint64_t begun;        /* looks at what the writer has */
        uint64_t done;         /* of these */
        bool called;           /* call_fd is raised */
        char reason[ERR_TEXT_MAX];
    } shared;
};

/* ---- Opening ---- */

/* Whether both directories are of one file system, so that files can be linked. */
static bool can_link(const struct change_log *log, bool *ret_can, struct err *err)
{
    struct stat own;
    struct stat writers;

    if (stat(log->directory, &own) != 0)
        return err_errno(err, "%s: cannot look at it", log->directory);
    if (stat(log->binlog, &writers) != 0)
        return err_errno(err, "%s: cannot look at it", log->binlog);
    *ret_can = own.st_dev == writers.st_dev;
    return true;
}

/* The writer's first file may be still to come. False in *ret_there: it was asked to end before. */
static bool wait_for_identity(const struct change_log *log, struct log_identity *ret_identity,
                              bool *ret_there, struct err *err)
{
    struct pollfd fds[] = {{.events = POLLIN}, {.fd = log->stop_fd, .events = POLLIN}};
    bool ok = dir_watch_open(log->binlog, &fds[0].fd, err);

    *ret_there = false;
    if (!ok)
        return false;
    while (ok && !*ret_there && !wakeup_is_raised(log->stop_fd)) {
        (void)dir_watch_clear(fds[0].fd);
        ok = log_follower_identity(log->binlog, log->base, ret_identity, ret_there, err);
        if (ok && !*ret_there && poll(fds, 2, -1) < 0 && errno != EINTR)
            ok = err_errno(err, "poll");
    }
    fd_close(&fds[0].fd);
    return ok;
}

/* False in *ret_made: it was asked to end before there was anything to follow. */
static bool make_mirror(const struct change_log *log, bool *ret_made, struct err *err)
{
    char *manifest = mem_printf("%s/manifest", log->directory);
    struct log_identity identity;
    bool ok = true;

    *ret_made = path_exists(manifest);
    mem_free(manifest);
    if (!*ret_made)
        ok = wait_for_identity(log, &identity, ret_made, err) &&
             (!*ret_made || mirror_create(log->directory, &identity, err));
    return ok;
}

static void publish(struct change_log *log, struct mirror *mirror)
{
    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.mirror = mirror;
    (void)pthread_mutex_unlock(&log->shared.lock);
}

/* Nobody gets it from now on, and who has it is done. */
static void withdraw(struct change_log *log, struct mirror *mirror, const char *reason)
{
    mirror_shutdown(mirror);
    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.mirror = NULL;
    (void)pthread_cond_broadcast(&log->shared.looked);
    (void)snprintf(log->shared.reason, sizeof log->shared.reason, "%s", reason);
    while (log->shared.users > 0)
        (void)pthread_cond_wait(&log->shared.left, &log->shared.lock);
    (void)pthread_mutex_unlock(&log->shared.lock);
}

/* ---- Following ---- */

static void tell_torn(const struct change_log *log, const struct log_follower_torn *torn)
{
    if (torn->end.name[0])
        log_warn(log->subject,
                 "change log: left over by a crash of the engine and void file=%s offset=%" PRIu64
                 " bytes=%" PRIu64,
                 torn->end.name, torn->end.offset, torn->bytes);
}

/* *ret_read: somebody reads. */
static bool look(struct change_log *log, struct log_follower *follower, bool *ret_read,
                 struct err *err)
{
    struct log_follower_torn torn;

    (void)pthread_mutex_lock(&log->shared.lock);
    if (log->shared.called)
        wakeup_clear(log->call_fd);
    log->shared.called = false;
    log->shared.begun++;
    (void)pthread_mutex_unlock(&log->shared.lock);
    if (!log_follower_take(follower, &torn, err))
        return false;
    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.done = log->shared.begun;
    (void)pthread_cond_broadcast(&log->shared.looked);
    *ret_read = log->shared.readers > 0;
    (void)pthread_mutex_unlock(&log->shared.lock);
    tell_torn(log, &torn);
    log->looked_usec = clock_now_usec();
    return true;
}

/*
 * Of commits that come one upon another several share a look: each costs the writer a sync of the
 * disk beside its own.
 */
static void keep_apart(const struct change_log *log)
{
    int64_t left = log->looked_usec + APART_USEC - clock_now_usec();
    struct pollfd stop = {.fd = log->stop_fd, .events = POLLIN};

    if (left > 0)
        (void)ppoll(&stop, 1, &(struct timespec){.tv_nsec = left * 1000}, NULL);
}

/* Until the writer has written, and while nobody reads a little longer. Who begins to, calls. */
static bool wait_for_more(struct change_log *log, struct log_follower *follower, bool is_read,
                          enum log_wait *ret_wait, struct err *err)
{
    if (!log_follower_wait(follower, CLOCK_NEVER, log->call_fd, log->stop_fd, ret_wait, err))
        return false;
    if (*ret_wait == LOG_WAIT_READY && is_read)
        keep_apart(log);
    return *ret_wait != LOG_WAIT_READY || is_read ||
           log_follower_rest(follower, clock_deadline_usec(REST_USEC), log->call_fd, log->stop_fd,
                             ret_wait, err);
}

static bool follow(struct change_log *log, struct log_follower *follower, struct err *err)
{
    enum log_wait wait = LOG_WAIT_READY;
    bool is_read = false;

    while (wait != LOG_WAIT_INTERRUPTED) {
        if (!look(log, follower, &is_read, err))
            return false;
        log->backoff_usec = BACKOFF_LEAST;
        if (!wait_for_more(log, follower, is_read, &wait, err))
            return false;
    }
    return true;
}

/* The first look comes before anybody sees the log: it has then what the writer has. */
static bool follow_into(struct change_log *log, struct mirror *mirror, bool linked, struct err *err)
{
    struct log_follower_spec spec = {
        .mirror = mirror, .directory = log->binlog, .base = log->base, .linked = linked};
    struct log_follower *follower;
    struct log_follower_torn torn;
    bool ok;

    if (!log_follower_open(&spec, &follower, err))
        return false;
    ok = log_follower_take(follower, &torn, err);
    if (ok) {
        tell_torn(log, &torn);
        publish(log, mirror);
        ok = follow(log, follower, err);
    }
    withdraw(log, mirror, ok ? "it is being closed" : err->text);
    log_follower_close(follower);
    return ok;
}

/* One life of the mirror. True: it was asked to end. */
static bool live(struct change_log *log, struct err *err)
{
    struct mirror_options options = {0};
    struct mirror_recovery recovery;
    struct mirror *mirror;
    bool made = false;
    bool ok;

    if (!dir_make_all(log->directory, 0700, err) || !can_link(log, &options.linked, err) ||
        !make_mirror(log, &made, err))
        return false;
    if (!made)
        return true;
    if (!mirror_open(log->directory, &options, &mirror, &recovery, err))
        return false;
    log_info(log->subject,
             "change log opened files=%s end=%s:%" PRIu64 " scanned=%" PRIu64 " rebuilt=%u",
             options.linked ? "linked" : "copied", recovery.end.name, recovery.end.offset,
             recovery.scanned_bytes, recovery.rebuilt);
    ok = follow_into(log, mirror, options.linked, err);
    mirror_close(mirror);
    return ok;
}

/* False: it was asked to end. */
static bool back_off(struct change_log *log)
{
    struct pollfd stop = {.fd = log->stop_fd, .events = POLLIN};
    int64_t deadline = clock_deadline_usec(log->backoff_usec);

    log->backoff_usec *= 2;
    if (log->backoff_usec > BACKOFF_MOST)
        log->backoff_usec = BACKOFF_MOST;
    (void)poll(&stop, 1, clock_poll_timeout(deadline));
    return !wakeup_is_raised(log->stop_fd);
}

static void set_reason(struct change_log *log, const struct err *why)
{
    bool known;

    (void)pthread_mutex_lock(&log->shared.lock);
    known = strcmp(log->shared.reason, why->text) == 0;
    (void)snprintf(log->shared.reason, sizeof log->shared.reason, "%s", why->text);
    (void)pthread_mutex_unlock(&log->shared.lock);
    if (!known)
        log_error(log->subject, "change log: %s; it is tried again", why->text);
}

static void *run(void *arg)
{
    struct change_log *log = arg;
    struct err err;

    while (!live(log, &err)) {
        set_reason(log, &err);
        if (!back_off(log))
            break;
    }
    return NULL;
}

/* ---- The owner's ---- */

static void release(struct change_log *log)
{
    dump_metrics_stop(log->metrics);
    dump_controls_free(log->controls);
    replicas_free(log->replicas);
    fd_close(&log->stop_fd);
    fd_close(&log->call_fd);
    (void)pthread_cond_destroy(&log->shared.left);
    (void)pthread_cond_destroy(&log->shared.looked);
    (void)pthread_mutex_destroy(&log->shared.lock);
    mem_free(log->subject);
    mem_free(log->directory);
    mem_free(log->binlog);
    mem_free(log->base);
    mem_free(log);
}

bool change_log_start(const struct change_log_spec *spec, struct change_log **ret_log,
                      struct err *err)
{
    struct change_log *log = mem_alloc(sizeof *log);

    log->subject = mem_strdup(spec->subject);
    log->directory = mem_strdup(spec->directory);
    log->binlog = mem_strdup(spec->binlog);
    log->base = mem_strdup(spec->base);
    log->server_id = spec->server_id;
    log->stop_fd = log->call_fd = -1;
    log->backoff_usec = BACKOFF_LEAST;
    log->replicas = replicas_new();
    log->controls = dump_controls_new();
    (void)pthread_mutex_init(&log->shared.lock, NULL);
    (void)pthread_cond_init(&log->shared.left, NULL);
    (void)pthread_cond_init(&log->shared.looked, NULL);
    (void)snprintf(log->shared.reason, sizeof log->shared.reason, "it is being opened");
    if (!wakeup_open(&log->stop_fd, err) || !wakeup_open(&log->call_fd, err) ||
        !dump_metrics_start(log->subject, log->replicas, log->controls, &log->metrics, err) ||
        !thread_start("changelog", STACK_BYTES, run, log, &log->thread, err)) {
        release(log);
        return false;
    }
    *ret_log = log;
    return true;
}

void change_log_stop(struct change_log *log)
{
    if (!log)
        return;
    wakeup_raise(log->stop_fd);
    (void)pthread_join(log->thread, NULL);
    release(log);
}

bool change_log_enter(struct change_log *log, struct mirror **ret_mirror, struct err *err)
{
    struct mirror *mirror;

    (void)pthread_mutex_lock(&log->shared.lock);
    mirror = log->shared.mirror;
    if (mirror)
        log->shared.users++;
    else
        (void)err_set(err, E_STATE, 0, "the change log is not there now: %.400s",
                      log->shared.reason);
    (void)pthread_mutex_unlock(&log->shared.lock);
    if (mirror)
        *ret_mirror = mirror;
    return mirror != NULL;
}

void change_log_leave(struct change_log *log)
{
    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.users--;
    (void)pthread_cond_signal(&log->shared.left);
    (void)pthread_mutex_unlock(&log->shared.lock);
}

void change_log_begin_reading(struct change_log *log)
{
    uint64_t next;

    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.readers++;
    next = log->shared.begun + 1;
    log->shared.called = true;
    wakeup_raise(log->call_fd);
    while (log->shared.mirror && log->shared.done < next)
        (void)pthread_cond_wait(&log->shared.looked, &log->shared.lock);
    (void)pthread_mutex_unlock(&log->shared.lock);
}

void change_log_end_reading(struct change_log *log)
{
    (void)pthread_mutex_lock(&log->shared.lock);
    log->shared.readers--;
    (void)pthread_mutex_unlock(&log->shared.lock);
}

struct replicas *change_log_borrow_replicas(struct change_log *log)
{
    return log->replicas;
}

struct dump_controls *change_log_borrow_controls(struct change_log *log)
{
    return log->controls;
}

uint32_t change_log_server_id(const struct change_log *log)
{
    return log->server_id;
}

const char *change_log_subject(const struct change_log *log)
{
    return log->subject;
}

static bool has_come_to(struct mirror *mirror, const struct log_position *position)
{
    struct log_ends ends;
    uint64_t number = log_name_number(position->name);
    uint64_t last;

    mirror_ends(mirror, &ends);
    last = ends.whole.name[0] ? log_name_number(ends.whole.name) : 0;
    return last > number || (last == number && ends.whole.offset >= position->offset);
}

bool change_log_wait(struct change_log *log, const struct log_position *position,
                     int64_t deadline_usec, struct err *err)
{
    enum log_wait wait = LOG_WAIT_READY;
    struct log_position next = *position;
    struct mirror *mirror;
    bool come = false;
    bool ok;

    if (!change_log_enter(log, &mirror, err))
        return false;
    change_log_begin_reading(log);
    do {
        struct log_ends ends;

        mirror_ends(mirror, &ends);
        come = has_come_to(mirror, position);
        next = ends.synced;
        next.offset++;
        ok = come || mirror_wait_synced(mirror, &next, deadline_usec, -1, &wait, err) ||
             err->class == E_STATE; /* that file has ended: there is another */
        ok = ok && (come || !ends.shutdown);
    } while (ok && !come && wait == LOG_WAIT_READY && clock_now_usec() < deadline_usec);
    change_log_end_reading(log);
    change_log_leave(log);
    if (ok && !come)
        return err_set(err, E_TIMEOUT, 0, "the change log is not at %s:%" PRIu64 " yet",
                       position->name, position->offset);
    return ok;
}

/* ---- Retention ---- */

/* When a file was written last, since 1970: of one that was linked, by its server. */
static bool written_usec_of(const struct change_log *log, const char *name, int64_t *ret_usec,
                            struct err *err)
{
    char *path = mem_printf("%s/%s", log->directory, name);
    struct stat info;
    bool ok = stat(path, &info) == 0 || err_errno(err, "%s: cannot look at it", path);

    mem_free(path);
    if (ok)
        *ret_usec = info.st_mtim.tv_sec * USEC_PER_SEC + info.st_mtim.tv_nsec / 1000;
    return ok;
}

/* When each file was written last; of the last one it does not matter. */
static bool list_written(const struct change_log *log, const struct log_file *files, size_t count,
                         int64_t *written_usec, struct err *err)
{
    for (size_t i = 0; i + 1 < count; i++) {
        if (!written_usec_of(log, files[i].name, &written_usec[i], err))
            return false;
    }
    return true;
}

bool change_log_find_purge(struct change_log *log, const struct purge_wish *wish,
                           char ret_name[LOG_NAME_MAX + 1], bool *ret_any, struct err *err)
{
    struct replica_info *infos;
    struct log_file *files;
    struct mirror *mirror;
    int64_t *written;
    size_t n_infos;
    size_t n_files;
    size_t first = 0;
    bool ok;

    if (!change_log_enter(log, &mirror, err))
        return false;
    mirror_list(mirror, &files, &n_files);
    replicas_list(log->replicas, &infos, &n_infos);
    written = mem_alloc((n_files + 1) * sizeof *written);
    ok = list_written(log, files, n_files, written, err);
    if (ok)
        first = purge_choose(files, written, n_files, infos, n_infos, wish);
    if (ok)
        *ret_any = first > 0;
    if (ok && first > 0)
        memcpy(ret_name, files[first].name, sizeof files[first].name);
    mem_free(written);
    mem_free(infos);
    mem_free(files);
    change_log_leave(log);
    return ok;
}

bool change_log_purge_gone(struct change_log *log, struct log_purged *ret_purged, struct err *err)
{
    struct log_purged purged = {0};
    struct log_file *files;
    struct mirror *mirror;
    size_t count;
    size_t first = 0;
    bool there = false;
    bool ok = true;

    if (!change_log_enter(log, &mirror, err))
        return false;
    mirror_list(mirror, &files, &count);
    while (!there && first < count) {
        char *path = mem_printf("%s/%s", log->binlog, files[first].name);

        there = path_exists(path);
        first += !there;
        mem_free(path);
    }
    if (there && first > 0)
        ok = log_purge_to(mirror, files[first].name, &purged, err);
    mem_free(files);
    change_log_leave(log);
    if (ok)
        *ret_purged = purged;
    return ok;
}
