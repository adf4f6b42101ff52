#include "log/mirror_internal.h"

bool mirror_fail(struct mirror *mirror, const struct err *reason)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.status != LOG_FAILED) {
        mirror->shared.status = LOG_FAILED;
        mirror->shared.reason = *reason;
    }
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_WRITTEN);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_CLOSED);
    return false;
}

bool mirror_check_alive(struct mirror *mirror, struct err *err)
{
    bool alive = true;

    (void)pthread_mutex_lock(&mirror->shared.lock);
    if (mirror->shared.shutdown)
        alive = err_set(err, E_STATE, 0, "%s: the log is being closed", mirror->directory);
    else if (mirror->shared.status == LOG_FAILED)
        alive = err_set(err, E_STATE, mirror->shared.reason.code,
                        "%.120s: the log has failed and must be opened again: %.300s",
                        mirror->directory, mirror->shared.reason.text);
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return alive;
}

void mirror_shutdown(struct mirror *mirror)
{
    (void)pthread_mutex_lock(&mirror->shared.lock);
    mirror->shared.shutdown = true;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_SYNCED);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_WRITTEN);
    log_waiters_wake(&mirror->waiters, LOG_WAITS_CLOSED);
}

/* Whether what is waited for is there; E_STATE when it can not come any more. */
typedef bool is_there_now(struct mirror *mirror, const struct log_position *position,
                          bool *ret_there, struct err *err);

static bool is_synced(struct mirror *mirror, const struct log_position *position, bool *ret_there,
                      struct err *err)
{
    struct log_segment segment;

    if (!mirror_segment_named(mirror, position->name, &segment, err))
        return false;
    *ret_there = position->offset <= segment.end;
    if (*ret_there)
        return true;
    if (segment.closed)
        return err_set(err, E_STATE, 0, "%.250s: ends at %llu, before %llu", segment.name,
                       (unsigned long long)segment.end, (unsigned long long)position->offset);
    return mirror_check_alive(mirror, err);
}

static bool is_beyond(struct mirror *mirror, const struct log_position *position, bool *ret_there,
                      struct err *err)
{
    struct log_ends ends;

    mirror_ends(mirror, &ends);
    *ret_there =
        ends.synced.offset != position->offset || strcmp(ends.synced.name, position->name) != 0;
    return *ret_there || mirror_check_alive(mirror, err);
}

static bool is_written(struct mirror *mirror, const struct log_position *position, bool *ret_there,
                       struct err *err)
{
    (void)position;
    if (!mirror_check_alive(mirror, err))
        return false;
    (void)pthread_mutex_lock(&mirror->shared.lock);
    *ret_there = mirror->shared.count > 0 &&
                 mirror->shared.written > mirror->shared.segments[mirror->shared.count - 1]->end;
    (void)pthread_mutex_unlock(&mirror->shared.lock);
    return true;
}

static bool wait_with(struct log_waiter *waiter, struct mirror *mirror, enum log_waits_for what,
                      is_there_now *is_there, const struct log_position *position,
                      int64_t deadline_usec, int interrupt_fd, enum log_wait *ret, struct err *err)
{
    enum log_wait result = LOG_WAIT_READY;
    bool there = false;
    bool ok;

    do {
        log_waiter_arm(waiter, what);
        ok = is_there(mirror, position, &there, err);
        if (ok && !there)
            ok = log_waiter_sleep(waiter, deadline_usec, interrupt_fd, &result, err);
    } while (ok && !there && result == LOG_WAIT_READY);
    if (ok)
        *ret = there ? LOG_WAIT_READY : result;
    return ok;
}

static bool wait_synced(struct mirror *mirror, is_there_now *is_there,
                        const struct log_position *position, int64_t deadline_usec,
                        int interrupt_fd, enum log_wait *ret, struct err *err)
{
    struct log_waiter waiter;
    bool ok;

    if (!log_waiter_init(&waiter, &mirror->waiters, err))
        return false;
    ok = wait_with(&waiter, mirror, LOG_WAITS_SYNCED, is_there, position, deadline_usec,
                   interrupt_fd, ret, err);
    log_waiter_done(&waiter);
    return ok;
}

bool mirror_wait_synced(struct mirror *mirror, const struct log_position *position,
                        int64_t deadline_usec, int interrupt_fd, enum log_wait *ret,
                        struct err *err)
{
    return wait_synced(mirror, is_synced, position, deadline_usec, interrupt_fd, ret, err);
}

bool mirror_wait_beyond(struct mirror *mirror, const struct log_position *end,
                        int64_t deadline_usec, int interrupt_fd, enum log_wait *ret,
                        struct err *err)
{
    return wait_synced(mirror, is_beyond, end, deadline_usec, interrupt_fd, ret, err);
}

bool mirror_wait_written(struct mirror *mirror, struct log_waiter *waiter, int interrupt_fd,
                         enum log_wait *ret, struct err *err)
{
    return wait_with(waiter, mirror, LOG_WAITS_WRITTEN, is_written, NULL, CLOCK_NEVER, interrupt_fd,
                     ret, err);
}
