#include "replication/origin_log.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "log/gtid_walk.h"
#include "wire/reply.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>

#define KEPT_FILE "origins"
#define KEPT_MAX  ((size_t)1 << 30) /* bytes: some 38 million runs */

struct known {
    struct gtid_origins *origins;
    char *directory; /* of an older log */
};

struct origin_log {
    atomic_uint shares;
    atomic_uint wanted; /* by so many maps */
    char *channel;

    /* Who reads the log; held over I/O, and taken before the other two. */
    struct {
        pthread_mutex_t lock;
        struct log_position place;   /* up to where it was read */
        bool lost;                   /* how many were executed before its file is not known */
        char kept[LOG_NAME_MAX + 1]; /* the file that the place was in when it was kept */
    } reading;

    struct {
        pthread_mutex_t lock;
        pthread_cond_t unused;
        struct mirror *mirror; /* NULL: the channel is closed */
        unsigned users;        /* of it, or of one before it */
    } log;

    struct {
        pthread_rwlock_t lock;
        struct known *logs; /* of the current log, then of the older ones */
        size_t count;
    } shared;
};

static void forget(struct known *known)
{
    gtid_origins_free(known->origins);
    mem_free(known->directory);
}

static void forget_all(struct known *logs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        forget(&logs[i]);
    mem_free(logs);
}

struct origin_log *origin_log_new(const char *channel)
{
    struct origin_log *log = mem_alloc(sizeof *log);

    atomic_init(&log->shares, 1);
    atomic_init(&log->wanted, 0);
    log->channel = mem_strdup(channel);
    (void)pthread_mutex_init(&log->reading.lock, NULL);
    (void)pthread_mutex_init(&log->log.lock, NULL);
    (void)pthread_cond_init(&log->log.unused, NULL);
    (void)pthread_rwlock_init(&log->shared.lock, NULL);
    log->shared.logs = mem_alloc(sizeof *log->shared.logs);
    log->shared.logs[0].origins = gtid_origins_new();
    log->shared.count = 1;
    return log;
}

struct origin_log *origin_log_share(struct origin_log *log)
{
    (void)atomic_fetch_add(&log->shares, 1);
    return log;
}

void origin_log_free(struct origin_log *log)
{
    if (!log || atomic_fetch_sub(&log->shares, 1) > 1)
        return;
    forget_all(log->shared.logs, log->shared.count);
    (void)pthread_rwlock_destroy(&log->shared.lock);
    (void)pthread_cond_destroy(&log->log.unused);
    (void)pthread_mutex_destroy(&log->log.lock);
    (void)pthread_mutex_destroy(&log->reading.lock);
    mem_free(log->channel);
    mem_free(log);
}

void origin_log_want(struct origin_log *log, bool wanted)
{
    if (wanted)
        (void)atomic_fetch_add(&log->wanted, 1);
    else
        (void)atomic_fetch_sub(&log->wanted, 1);
}

/* With a code after which replicas try again. */
static bool fail_not_yet(const struct origin_log *log, const char *what, struct err *err)
{
    return err_set(err, E_TIMEOUT, ER_UNKNOWN_ERROR, "channel %s %s", log->channel, what);
}

/* ---- The log ---- */

static struct mirror *use_mirror(struct origin_log *log)
{
    struct mirror *mirror;

    (void)pthread_mutex_lock(&log->log.lock);
    mirror = log->log.mirror;
    log->log.users += mirror != NULL;
    (void)pthread_mutex_unlock(&log->log.lock);
    return mirror;
}

static void leave_mirror(struct origin_log *log)
{
    (void)pthread_mutex_lock(&log->log.lock);
    if (--log->log.users == 0)
        (void)pthread_cond_broadcast(&log->log.unused);
    (void)pthread_mutex_unlock(&log->log.lock);
}

void origin_log_detach(struct origin_log *log)
{
    (void)pthread_mutex_lock(&log->log.lock);
    log->log.mirror = NULL;
    while (log->log.users > 0)
        (void)pthread_cond_wait(&log->log.unused, &log->log.lock);
    (void)pthread_mutex_unlock(&log->log.lock);
}

/* Whether the channel has that log, or any, still. While the reading lock is held none replaces it.
 */
static bool is_current(struct origin_log *log, const struct mirror *mirror)
{
    bool current;

    (void)pthread_mutex_lock(&log->log.lock);
    current = log->log.mirror && (!mirror || log->log.mirror == mirror);
    (void)pthread_mutex_unlock(&log->log.lock);
    return current;
}

/* A channel that closes is not kept waiting by a long log. */
static bool take_file(void *context, const struct gtid_set *executed, struct err *err)
{
    struct origin_log *log = context;
    bool good = true;

    if (!is_current(log, NULL))
        return fail_not_yet(log, "is being closed", err);
    log->reading.lost = !executed;
    if (!executed)
        return true;
    (void)pthread_rwlock_wrlock(&log->shared.lock);
    good = gtid_origins_file(log->shared.logs[0].origins, executed, err);
    (void)pthread_rwlock_unlock(&log->shared.lock);
    return good;
}

static void take_run(void *context, const struct gtid_uuid *uuid, struct span tag, int64_t first,
                     uint64_t count)
{
    struct origin_log *log = context;

    if (log->reading.lost)
        return;
    (void)pthread_rwlock_wrlock(&log->shared.lock);
    gtid_origins_add(log->shared.logs[0].origins, uuid, tag, first, count);
    (void)pthread_rwlock_unlock(&log->shared.lock);
}

/* Up to the log's end. The reading lock is held. */
static bool read_on(struct origin_log *log, struct mirror *mirror, struct err *err)
{
    const struct gtid_walk_taker taker = {.context = log, .file = take_file, .run = take_run};

    return log_walk_gtids(mirror, &log->reading.place, &taker, err) ||
           err_prefix(err, "the log of channel %s", log->channel);
}

static bool has_come_to_locked(const struct origin_log *log, uint64_t sequence)
{
    uint64_t first;
    uint64_t last;

    gtid_origins_bounds(log->shared.logs[0].origins, &first, &last);
    return sequence <= last;
}

static bool has_come_to(struct origin_log *log, uint64_t sequence)
{
    bool come;

    (void)pthread_rwlock_rdlock(&log->shared.lock);
    come = has_come_to_locked(log, sequence);
    (void)pthread_rwlock_unlock(&log->shared.lock);
    return come;
}

/* Until more is synced than there was. */
static bool wait_for_more(const struct origin_log *log, struct mirror *mirror,
                          const struct log_ends *had, int64_t deadline_usec, struct err *err)
{
    struct log_position beyond = had->synced;
    enum log_wait wait = LOG_WAIT_TIMEOUT;
    struct log_ends ends;
    struct err ended;

    beyond.offset++;
    /* An error is the file's end, when there is another one or is about to be, or the log's. */
    if (!mirror_wait_synced(mirror, &beyond, deadline_usec, -1, &wait, &ended)) {
        mirror_ends(mirror, &ends);
        if (had->synced.name[0] != '\0' && ends.status != LOG_FAILED && !ends.shutdown &&
            clock_now_usec() < deadline_usec)
            wait = LOG_WAIT_READY;
    }
    return wait == LOG_WAIT_READY || fail_not_yet(log, "has not come to it yet", err);
}

/* Reads on, and waits for more if it has not come to the number yet. */
static bool read_and_wait(struct origin_log *log, struct mirror *mirror, uint64_t sequence,
                          int64_t deadline_usec, struct err *err)
{
    struct log_ends had;
    bool again;
    bool good;

    mirror_ends(mirror, &had);
    (void)pthread_mutex_lock(&log->reading.lock);
    /* Another thread may have read on, or another log may have taken the place of this one. */
    again = !is_current(log, mirror) || has_come_to(log, sequence);
    good = again || read_on(log, mirror, err);
    again |= has_come_to(log, sequence);
    (void)pthread_mutex_unlock(&log->reading.lock);
    return good && (again || wait_for_more(log, mirror, &had, deadline_usec, err));
}

/* When it is true, the shared lock is held for reading. */
static bool come_to(struct origin_log *log, uint64_t sequence, int64_t patience_usec,
                    struct err *err)
{
    int64_t deadline = clock_deadline_usec(patience_usec);

    for (;;) {
        struct mirror *mirror;
        bool good;

        (void)pthread_rwlock_rdlock(&log->shared.lock);
        if (has_come_to_locked(log, sequence))
            return true;
        (void)pthread_rwlock_unlock(&log->shared.lock);
        mirror = use_mirror(log);
        if (!mirror)
            return fail_not_yet(log, "is not running", err);
        good = read_and_wait(log, mirror, sequence, deadline, err);
        leave_mirror(log);
        if (!good)
            return false;
    }
}

/* ---- What is kept ---- */

static bool decode(struct span bytes, struct gtid_origins **ret_origins,
                   struct log_position *ret_place, struct err *err)
{
    struct log_position place;
    struct gtid_origins *origins;
    struct span name;

    if (!gtid_origins_decode(bytes, &origins, &name, &place.offset, err))
        return false;
    if (!log_name_check(name, place.name, err)) {
        gtid_origins_free(origins);
        return false;
    }
    *ret_origins = origins;
    *ret_place = place;
    return true;
}

/* Nothing, from the log's beginning on, where nothing was kept. */
static bool load(const char *directory, struct gtid_origins **ret_origins,
                 struct log_position *ret_place, struct err *err)
{
    char *path = mem_printf("%s/" KEPT_FILE, directory);
    uint64_t size = file_size(path);
    char *content = NULL;
    bool good = true;

    if (!path_exists(path)) {
        *ret_origins = gtid_origins_new();
        *ret_place = (struct log_position){.offset = 0};
    } else if (size > KEPT_MAX) {
        good = err_set(err, E_LIMIT, 0, "%s: expected at most %zu bytes, found %" PRIu64, path,
                       KEPT_MAX, size);
    } else {
        good = file_read(path, (size_t)size, &content, err) &&
               (decode(span_of(content, (size_t)size), ret_origins, ret_place, err) ||
                err_prefix(err, "%s", path));
    }
    mem_free(content);
    mem_free(path);
    return good;
}

/* The log must have what was kept of it, but for files that were purged meanwhile. */
static bool check_place(struct mirror *mirror, const struct log_position *place, struct err *err)
{
    struct log_file file;
    struct err purged;

    return place->name[0] == '\0' || !mirror_find(mirror, place->name, &file, &purged) ||
           place->offset <= file.end ||
           err_set(err, E_STATE, 0,
                   "%s/" KEPT_FILE ": it was kept up to %s:%" PRIu64
                   ", and the file ends at %" PRIu64 ": remove it",
                   mirror_directory(mirror), place->name, place->offset, file.end);
}

bool origin_log_attach(struct origin_log *log, struct mirror *mirror, char *const *older,
                       size_t count, struct err *err)
{
    struct known *logs = mem_alloc((count + 1) * sizeof *logs);
    struct known *before;
    struct log_position ignored;
    struct log_position place;
    size_t before_count;
    bool good = load(mirror_directory(mirror), &logs[0].origins, &place, err) &&
                check_place(mirror, &place, err);

    for (size_t i = 0; i < count && good; i++) {
        logs[i + 1].directory = mem_strdup(older[i]);
        good = load(older[i], &logs[i + 1].origins, &ignored, err);
    }
    if (!good) {
        forget_all(logs, count + 1);
        return false;
    }
    (void)pthread_mutex_lock(&log->reading.lock);
    log->reading.place = place;
    log->reading.lost = false;
    memcpy(log->reading.kept, place.name, sizeof log->reading.kept);
    (void)pthread_mutex_lock(&log->log.lock);
    log->log.mirror = mirror;
    (void)pthread_mutex_unlock(&log->log.lock);
    (void)pthread_rwlock_wrlock(&log->shared.lock);
    before = log->shared.logs;
    before_count = log->shared.count;
    log->shared.logs = logs;
    log->shared.count = count + 1;
    (void)pthread_rwlock_unlock(&log->shared.lock);
    (void)pthread_mutex_unlock(&log->reading.lock);
    forget_all(before, before_count);
    return true;
}

void origin_log_forget_older(struct origin_log *log)
{
    size_t kept = 1;

    (void)pthread_rwlock_wrlock(&log->shared.lock);
    for (size_t i = 1; i < log->shared.count; i++) {
        struct known *older = &log->shared.logs[i];

        if (path_exists(older->directory))
            log->shared.logs[kept++] = *older;
        else
            forget(older);
    }
    log->shared.count = kept;
    (void)pthread_rwlock_unlock(&log->shared.lock);
}

/* The reading lock is held: nothing is added meanwhile. */
static bool keep(struct origin_log *log, struct mirror *mirror, struct err *err)
{
    struct buf content;
    bool good;

    buf_init(&content, KEPT_MAX);
    (void)pthread_rwlock_rdlock(&log->shared.lock);
    gtid_origins_encode(&content, log->shared.logs[0].origins, span_str(log->reading.place.name),
                        log->reading.place.offset);
    (void)pthread_rwlock_unlock(&log->shared.lock);
    good = buf_ok(&content) ? mirror_write_file(mirror, KEPT_FILE, buf_span(&content), err)
                            : err_set(err, E_LIMIT, 0, "more than %zu bytes", KEPT_MAX);
    buf_done(&content);
    if (good)
        memcpy(log->reading.kept, log->reading.place.name, sizeof log->reading.kept);
    return good || err_prefix(err, "%s/" KEPT_FILE, mirror_directory(mirror));
}

bool origin_log_keep(struct origin_log *log, bool whole, struct err *err)
{
    struct mirror *mirror = atomic_load(&log->wanted) > 0 ? use_mirror(log) : NULL;
    bool current;
    bool good;

    if (!mirror)
        return true;
    (void)pthread_mutex_lock(&log->reading.lock);
    current = is_current(log, mirror);
    good = !current || read_on(log, mirror, err);
    if (good && current && !log->reading.lost && log->reading.place.name[0] != '\0' &&
        (whole || strcmp(log->reading.place.name, log->reading.kept) != 0))
        good = keep(log, mirror, err);
    (void)pthread_mutex_unlock(&log->reading.lock);
    leave_mirror(log);
    return good;
}

/* ---- Answers ---- */

static bool fail_two_logs(const struct origin_log *log, struct err *err)
{
    return err_set(err, E_STATE, 0,
                   "channel %s has begun a new log, in which it is another GTID than in the old "
                   "one: replicas go on once that is purged, if they were set up anew",
                   log->channel);
}

static bool fail_unknown(struct origin_log *log, struct err *err)
{
    uint64_t first;
    uint64_t last;

    (void)pthread_rwlock_rdlock(&log->shared.lock);
    gtid_origins_bounds(log->shared.logs[0].origins, &first, &last);
    (void)pthread_rwlock_unlock(&log->shared.lock);
    return err_set(err, E_STATE, 0,
                   "channel %s, which knows numbers in %" PRIu64 " to %" PRIu64
                   ", does not know it: set the replica up anew from behind it",
                   log->channel, first, last);
}

bool origin_log_find(struct origin_log *log, uint64_t sequence, int64_t patience_usec,
                     struct gtid_origin *ret_origin, struct err *err)
{
    struct gtid_origin first;
    bool found = false;
    bool same = true;

    if (!come_to(log, sequence, patience_usec, err))
        return false;
    for (size_t i = 0; i < log->shared.count; i++) {
        struct gtid_origin origin;

        if (!gtid_origins_find(log->shared.logs[i].origins, sequence, &origin))
            continue;
        same &= !found || gtid_origin_equal(&first, &origin);
        if (!found)
            first = origin;
        found = true;
    }
    (void)pthread_rwlock_unlock(&log->shared.lock);
    if (!found)
        return fail_unknown(log, err);
    if (!same)
        return fail_two_logs(log, err);
    *ret_origin = first;
    return true;
}

bool origin_log_executed(struct origin_log *log, uint64_t sequence, int64_t patience_usec,
                         struct gtid_set *set, struct err *err)
{
    struct gtid_set first;
    struct gtid_set other;
    bool found = false;
    bool same = true;

    if (!come_to(log, sequence, patience_usec, err))
        return false;
    gtid_set_init(&first);
    gtid_set_init(&other);
    for (size_t i = 0; i < log->shared.count; i++) {
        gtid_set_clear(&other);
        if (!gtid_origins_executed(log->shared.logs[i].origins, sequence, found ? &other : &first))
            continue;
        same &= !found || gtid_set_equal(&first, &other);
        found = true;
    }
    (void)pthread_rwlock_unlock(&log->shared.lock);
    if (found && same)
        gtid_set_union(set, &first);
    gtid_set_done(&first);
    gtid_set_done(&other);
    if (!found)
        return fail_unknown(log, err);
    return same || fail_two_logs(log, err);
}

/* Every log that knows some of the numbers one by one must say so; else one that has them in a set.
 */
bool origin_log_held(struct origin_log *log, uint64_t first, uint64_t last,
                     const struct gtid_set *set)
{
    bool known = false;
    bool held = true;

    (void)pthread_rwlock_rdlock(&log->shared.lock);
    for (size_t i = 0; i < log->shared.count && held; i++) {
        uint64_t from;
        uint64_t to;

        gtid_origins_bounds(log->shared.logs[i].origins, &from, &to);
        if (from > last || to < first)
            continue;
        known = true;
        held = gtid_origins_held(log->shared.logs[i].origins, first, last, set);
    }
    for (size_t i = 0; i < log->shared.count && !known; i++) {
        held = gtid_origins_held(log->shared.logs[i].origins, first, last, set);
        known = held;
    }
    (void)pthread_rwlock_unlock(&log->shared.lock);
    return known && held;
}
