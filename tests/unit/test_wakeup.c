#include "check.h"

#include "base/file.h"
#include "base/wakeup.h"

#include <pthread.h>
#include <signal.h>

static struct err err;

static void test_it_stays_raised_until_it_is_cleared(void **state)
{
    int fd = -1;

    (void)state;
    assert_true(wakeup_open(&fd, &err));
    assert_false(wakeup_is_raised(fd));
    wakeup_raise(fd);
    wakeup_raise(fd);
    assert_true(wakeup_is_raised(fd));
    assert_true(wakeup_is_raised(fd));
    wakeup_clear(fd);
    assert_false(wakeup_is_raised(fd));
    wakeup_clear(fd);
    wakeup_raise(fd);
    assert_true(wakeup_is_raised(fd));
    fd_close(&fd);
}

static void test_a_signal_is_taken_once(void **state)
{
    int fd = -1;
    int number = 0;

    (void)state;
    assert_true(signals_open(&fd, &err));
    assert_false(signals_take(fd, &number));
    assert_int_equal(pthread_kill(pthread_self(), SIGTERM), 0);
    assert_true(signals_take(fd, &number));
    assert_int_equal(number, SIGTERM);
    assert_false(signals_take(fd, &number));
    fd_close(&fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_stays_raised_until_it_is_cleared),
        cmocka_unit_test(test_a_signal_is_taken_once),
    };

    return cmocka_run_group_tests_name("wakeup", tests, NULL, NULL);
}
