#include "log/waiter.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/wakeup.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

void log_waiters_init(struct log_waiters *all)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    *all = (struct log_waiters){.woken_max = processors > 2 ? (unsigned)processors / 2 : 1};
    all->due_end = &all->due;
    (void)pthread_mutex_init(&all->lock, NULL);
}

void log_waiters_done(struct log_waiters *all)
{
    (void)pthread_mutex_destroy(&all->lock);
}

bool log_waiter_init(struct log_waiter *waiter, struct log_waiters *all, struct err *err)
{
    struct log_waiter made = {.all = all, .state = LOG_WAITER_IDLE};

    if (!wakeup_open(&made.fd, err))
        return false;
    *waiter = made;
    (void)pthread_mutex_lock(&all->lock);
    waiter->next = all->first;
    waiter->link = &all->first;
    if (waiter->next)
        waiter->next->link = &waiter->next;
    all->first = waiter;
    (void)pthread_mutex_unlock(&all->lock);
    return true;
}

void log_waiter_done(struct log_waiter *waiter)
{
    struct log_waiters *all = waiter->all;

    (void)pthread_mutex_lock(&all->lock);
    *waiter->link = waiter->next;
    if (waiter->next)
        waiter->next->link = waiter->link;
    (void)pthread_mutex_unlock(&all->lock);
    fd_close(&waiter->fd);
}

/* Under the lock, like what follows. */
static void wake_due(struct log_waiters *all)
{
    while (all->due && all->woken < all->woken_max) {
        struct log_waiter *waiter = all->due;

        all->due = waiter->next_due;
        if (!all->due)
            all->due_end = &all->due;
        waiter->state = LOG_WAITER_WOKEN;
        all->woken++;
        wakeup_raise(waiter->fd);
    }
}

static void make_due(struct log_waiters *all, struct log_waiter *waiter)
{
    waiter->state = LOG_WAITER_DUE;
    waiter->next_due = NULL;
    *all->due_end = waiter;
    all->due_end = &waiter->next_due;
}

static void remove_due(struct log_waiters *all, const struct log_waiter *waiter)
{
    struct log_waiter **link = &all->due;

    while (*link != waiter)
        link = &(*link)->next_due;
    *link = waiter->next_due;
    if (!*link)
        all->due_end = link;
}

void log_waiters_wake(struct log_waiters *all, enum log_waits_for what)
{
    (void)pthread_mutex_lock(&all->lock);
    for (struct log_waiter *waiter = all->first; waiter; waiter = waiter->next) {
        if (waiter->what != what)
            continue;
        if (waiter->state == LOG_WAITER_ASLEEP && what == LOG_WAITS_SYNCED) {
            make_due(all, waiter);
        } else if (waiter->state == LOG_WAITER_ARMED || waiter->state == LOG_WAITER_ASLEEP) {
            waiter->state = LOG_WAITER_IDLE;
            wakeup_raise(waiter->fd);
        }
    }
    wake_due(all);
    (void)pthread_mutex_unlock(&all->lock);
}

void log_waiter_arm(struct log_waiter *waiter, enum log_waits_for what)
{
    (void)pthread_mutex_lock(&waiter->all->lock);
    wakeup_clear(waiter->fd);
    waiter->what = what;
    waiter->state = LOG_WAITER_ARMED;
    (void)pthread_mutex_unlock(&waiter->all->lock);
}

/* False: it is not armed any more, what it waits for has happened. */
static bool fall_asleep(struct log_waiter *waiter)
{
    bool armed;

    (void)pthread_mutex_lock(&waiter->all->lock);
    armed = waiter->state == LOG_WAITER_ARMED;
    if (armed)
        waiter->state = LOG_WAITER_ASLEEP;
    (void)pthread_mutex_unlock(&waiter->all->lock);
    return armed;
}

/* Whatever woke it. True: what it waits for has happened. */
static bool awake(struct log_waiter *waiter)
{
    struct log_waiters *all = waiter->all;
    bool happened;

    (void)pthread_mutex_lock(&all->lock);
    happened = waiter->state != LOG_WAITER_ASLEEP;
    if (waiter->state == LOG_WAITER_DUE) {
        remove_due(all, waiter);
        wakeup_raise(waiter->fd);
    }
    if (waiter->state == LOG_WAITER_WOKEN)
        all->woken--;
    waiter->state = happened ? LOG_WAITER_IDLE : LOG_WAITER_ARMED;
    wake_due(all);
    (void)pthread_mutex_unlock(&all->lock);
    return happened;
}

bool log_waiter_sleep(struct log_waiter *waiter, int64_t deadline_usec, int interrupt_fd,
                      enum log_wait *ret, struct err *err)
{
    struct pollfd fds[2] = {
        {.fd = waiter->fd, .events = POLLIN},
        {.fd = interrupt_fd, .events = POLLIN},
    };
    bool happened;
    int n;

    if (!fall_asleep(waiter)) {
        *ret = LOG_WAIT_READY;
        return true;
    }
    do
        n = poll(fds, 2, clock_poll_timeout(deadline_usec));
    while (n < 0 && errno == EINTR);
    if (n < 0)
        (void)err_errno(err, "cannot wait for the log");
    happened = awake(waiter);
    if (n < 0)
        return false;
    if (fds[1].revents)
        *ret = LOG_WAIT_INTERRUPTED;
    else
        *ret = happened ? LOG_WAIT_READY : LOG_WAIT_TIMEOUT;
    return true;
}
