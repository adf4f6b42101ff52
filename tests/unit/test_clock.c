#include "check.h"

#include "base/clock.h"

static void test_deadlines(void **state)
{
    int64_t now = clock_now_usec();

    (void)state;
    assert_true(clock_now_usec() >= now);
    assert_true(clock_deadline_usec(USEC_PER_SEC) >= now + USEC_PER_SEC);
    assert_true(clock_deadline_usec(CLOCK_NEVER) == CLOCK_NEVER);
    assert_int_equal(clock_poll_timeout(CLOCK_NEVER), -1);
    assert_int_equal(clock_poll_timeout(now - 1), 0);
    /* Rounded up: a poll() that came back too early would turn in a circle. */
    assert_true(clock_poll_timeout(clock_now_usec() + 999 * 1000 + 500) <= 1000);
    assert_true(clock_poll_timeout(clock_now_usec() + 60 * USEC_PER_SEC) > 50 * 1000);
    assert_int_equal(clock_poll_timeout(CLOCK_NEVER - 1), INT32_MAX);
}

static void test_stamp(void **state)
{
    char stamp[CLOCK_STAMP_MAX];

    (void)state;
    clock_stamp_utc(stamp);
    assert_int_equal(strlen(stamp), strlen("2026-11-21T01:02:03.456789Z"));
    assert_int_equal(stamp[10], 'T');
    assert_int_equal(stamp[26], 'Z');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines),
        cmocka_unit_test(test_stamp),
    };

    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
