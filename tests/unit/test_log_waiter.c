/* Who is woken when: all of those that wait, a few at once, none behind another's work. */
#include "check.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/thread.h"
#include "base/wakeup.h"
#include "log/waiter.h"

#include <sched.h>
#include <stdatomic.h>

#define SLEEPERS      20
#define STACK         (256 * 1024)
#define DEADLINE_USEC (60 * USEC_PER_SEC) /* a test that waits for this long has failed */

static struct log_waiters all;
static struct err err;

static int make(void **state)
{
    (void)state;
    log_waiters_init(&all);
    return 0;
}

static int drop(void **state)
{
    (void)state;
    log_waiters_done(&all);
    return 0;
}

struct sleeper {
    pthread_t thread;
    struct log_waiter waiter;
    pthread_barrier_t *met;
    enum log_wait wait;
    bool good;
};

static void *sleep_once(void *arg)
{
    struct sleeper *sleeper = arg;
    struct err failed;

    sleeper->good = log_waiter_sleep(&sleeper->waiter, clock_deadline_usec(DEADLINE_USEC), -1,
                                     &sleeper->wait, &failed);
    if (sleeper->met)
        (void)pthread_barrier_wait(sleeper->met);
    return NULL;
}

static void start(struct sleeper *sleeper, enum log_waits_for what, pthread_barrier_t *met)
{
    *sleeper = (struct sleeper){.met = met};
    assert_true(log_waiter_init(&sleeper->waiter, &all, &err));
    log_waiter_arm(&sleeper->waiter, what);
    assert_true(thread_start("sleeper", STACK, sleep_once, sleeper, &sleeper->thread, &err));
}

static void wait_asleep(const struct sleeper *sleeper)
{
    bool asleep;

    do {
        (void)sched_yield();
        (void)pthread_mutex_lock(&all.lock);
        asleep = sleeper->waiter.state == LOG_WAITER_ASLEEP;
        (void)pthread_mutex_unlock(&all.lock);
    } while (!asleep);
}

static void join(struct sleeper *sleeper, enum log_wait expected)
{
    assert_int_equal(pthread_join(sleeper->thread, NULL), 0);
    assert_true(sleeper->good);
    assert_int_equal(sleeper->wait, expected);
    log_waiter_done(&sleeper->waiter);
}

/* Each is held up as soon as it is awake, until all are: none waits for what another does. */
static void test_all_are_woken(void **state)
{
    static const enum log_waits_for kinds[] = {LOG_WAITS_SYNCED, LOG_WAITS_CLOSED};
    struct sleeper sleepers[SLEEPERS];
    pthread_barrier_t met;

    (void)state;
    for (size_t kind = 0; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        assert_int_equal(pthread_barrier_init(&met, NULL, SLEEPERS), 0);
        for (size_t i = 0; i < SLEEPERS; i++)
            start(&sleepers[i], kinds[kind], &met);
        for (size_t i = 0; i < SLEEPERS; i++)
            wait_asleep(&sleepers[i]);
        log_waiters_wake(&all, kinds[kind]);
        for (size_t i = 0; i < SLEEPERS; i++)
            join(&sleepers[i], LOG_WAIT_READY);
        assert_int_equal(pthread_barrier_destroy(&met), 0);
        assert_int_equal(all.woken, 0);
        assert_null(all.due);
    }
}

static void test_few_are_woken_at_once(void **state)
{
    struct sleeper sleepers[SLEEPERS];
    size_t due = 0;

    (void)state;
    all.woken_max = 0; /* none may be woken yet */
    for (size_t i = 0; i < SLEEPERS; i++)
        start(&sleepers[i], LOG_WAITS_SYNCED, NULL);
    for (size_t i = 0; i < SLEEPERS; i++)
        wait_asleep(&sleepers[i]);
    log_waiters_wake(&all, LOG_WAITS_SYNCED);
    for (const struct log_waiter *waiter = all.due; waiter; waiter = waiter->next_due)
        due++;
    assert_int_equal(due, SLEEPERS);
    (void)pthread_mutex_lock(&all.lock);
    all.woken_max = 1;
    (void)pthread_mutex_unlock(&all.lock);
    log_waiters_wake(&all, LOG_WAITS_SYNCED); /* of which the first goes, and wakes the next */
    for (size_t i = 0; i < SLEEPERS; i++)
        join(&sleepers[i], LOG_WAIT_READY);
}

/* One that has something else to do is told by its descriptor; it holds nobody up. */
static void test_one_that_is_awake_holds_none_up(void **state)
{
    struct log_waiter busy;
    struct sleeper sleeper;
    enum log_wait wait;

    (void)state;
    assert_true(log_waiter_init(&busy, &all, &err));
    log_waiter_arm(&busy, LOG_WAITS_SYNCED);
    start(&sleeper, LOG_WAITS_SYNCED, NULL);
    wait_asleep(&sleeper);
    log_waiters_wake(&all, LOG_WAITS_SYNCED);
    join(&sleeper, LOG_WAIT_READY);
    assert_true(wakeup_is_raised(busy.fd));
    assert_true(log_waiter_sleep(&busy, CLOCK_NEVER, -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_READY);
    log_waiter_done(&busy);
}

static void test_only_what_was_asked_for_wakes(void **state)
{
    struct log_waiter waiter;
    enum log_wait wait;

    (void)state;
    assert_true(log_waiter_init(&waiter, &all, &err));
    log_waiter_arm(&waiter, LOG_WAITS_WRITTEN);
    log_waiters_wake(&all, LOG_WAITS_SYNCED);
    assert_true(log_waiter_sleep(&waiter, clock_now_usec(), -1, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_TIMEOUT);
    /* It is armed still. */
    log_waiters_wake(&all, LOG_WAITS_WRITTEN);
    assert_true(wakeup_is_raised(waiter.fd));
    log_waiter_done(&waiter);
}

static void test_an_interrupt_comes_first(void **state)
{
    struct log_waiter waiter;
    enum log_wait wait;
    int fd;

    (void)state;
    assert_true(wakeup_open(&fd, &err));
    wakeup_raise(fd);
    assert_true(log_waiter_init(&waiter, &all, &err));
    log_waiter_arm(&waiter, LOG_WAITS_SYNCED);
    assert_true(log_waiter_sleep(&waiter, CLOCK_NEVER, fd, &wait, &err));
    assert_int_equal(wait, LOG_WAIT_INTERRUPTED);
    log_waiter_done(&waiter);
    fd_close(&fd);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_are_woken, make, drop),
        cmocka_unit_test_setup_teardown(test_few_are_woken_at_once, make, drop),
        cmocka_unit_test_setup_teardown(test_one_that_is_awake_holds_none_up, make, drop),
        cmocka_unit_test_setup_teardown(test_only_what_was_asked_for_wakes, make, drop),
        cmocka_unit_test_setup_teardown(test_an_interrupt_comes_first, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
