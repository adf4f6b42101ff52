/*
 * Those who wait for a log: each has a descriptor that is raised when what it waits for happens.
 * Of those asleep for synced bytes only a few are woken at once, as many as half of the processors;
 * each wakes the next before it does anything else. So a hundred dumps do not stand in the way of
 * the engine that shares their machine, and none waits for another one's replica.
 */
#pragma once

#include "base/err.h"

#include <pthread.h>
#include <stdint.h>

enum log_waits_for { LOG_WAITS_SYNCED, LOG_WAITS_WRITTEN, LOG_WAITS_CLOSED /* a file */ };

enum log_wait {
    LOG_WAIT_READY,       /* it happened, or something else that is worth a look */
    LOG_WAIT_TIMEOUT,     /* the deadline passed */
    LOG_WAIT_INTERRUPTED, /* the interrupting descriptor is readable */
};

struct log_waiter {
    struct log_waiters *all;
    int fd; /* raised when it happens */
    enum log_waits_for what;
    enum {
        LOG_WAITER_IDLE,   /* awake, nothing asked */
        LOG_WAITER_ARMED,  /* awake, wants to be told */
        LOG_WAITER_ASLEEP, /* in log_waiter_sleep() */
        LOG_WAITER_DUE,    /* asleep still, in the queue of those to be woken */
        LOG_WAITER_WOKEN,  /* asleep still; it will wake the next one */
    } state;
    struct log_waiter *next;
    struct log_waiter **link;
    struct log_waiter *next_due;
};

struct log_waiters {
    pthread_mutex_t lock;
    struct log_waiter *first;
    struct log_waiter *due;
    struct log_waiter **due_end;
    unsigned woken; /* and not awake yet */
    unsigned woken_max;
};

void log_waiters_init(struct log_waiters *all);
void log_waiters_done(struct log_waiters *all); /* nobody waits any more */

/* Tells those that are armed for it, or asleep. */
void log_waiters_wake(struct log_waiters *all, enum log_waits_for what);

/* Registered from init to done. A waiter has one thread. */
MUST_CHECK bool log_waiter_init(struct log_waiter *waiter, struct log_waiters *all,
                                struct err *err);
void log_waiter_done(struct log_waiter *waiter);

/* From now on the next event of that kind raises its fd; look after this whether it has come. */
void log_waiter_arm(struct log_waiter *waiter, enum log_waits_for what);

/* Of an armed one: waits for that, the deadline (clock_now_usec()) or a readable interrupt_fd. */
MUST_CHECK bool log_waiter_sleep(struct log_waiter *waiter, int64_t deadline_usec, int interrupt_fd,
                                 enum log_wait *ret, struct err *err);
