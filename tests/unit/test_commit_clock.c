#include "binlog/commit_clock.h"

#include "check.h"

static void expect(struct commit_clock *clock, int64_t last, int64_t sequence, int64_t new_last,
                   int64_t new_sequence)
{
    commit_clock_renumber(clock, &last, &sequence);
    assert_int_equal(last, new_last);
    assert_int_equal(sequence, new_sequence);
}

static void test_a_whole_file_stays(void **state)
{
    struct commit_clock *clock = commit_clock_new();

    (void)state;
    commit_clock_begin_file(clock);
    expect(clock, 0, 1, 0, 1);
    expect(clock, 0, 2, 0, 2);
    expect(clock, 1, 3, 1, 3);
    expect(clock, 3, 4, 3, 4);
    commit_clock_free(clock);
    commit_clock_free(NULL);
}

static void test_what_was_left_out_is_not_waited_for(void **state)
{
    struct commit_clock *clock = commit_clock_new();

    (void)state;
    commit_clock_begin_file(clock);
    expect(clock, 8, 10, 0, 1);
    expect(clock, 10, 11, 1, 2);
    expect(clock, 12, 14, 2, 3); /* 12 and 13 are not there: after 11 */
    expect(clock, 9, 15, 0, 4);
    expect(clock, 14, 16, 3, 5);
    commit_clock_free(clock);
}

static void test_a_file_waits_for_the_one_before(void **state)
{
    struct commit_clock *clock = commit_clock_new();

    (void)state;
    commit_clock_begin_file(clock);
    expect(clock, 0, 1, 0, 1);
    expect(clock, 1, 2, 1, 2);
    commit_clock_begin_file(clock);
    commit_clock_begin_file(clock); /* one without transactions */
    expect(clock, 0, 1, 2, 3);
    expect(clock, 0, 2, 2, 4);
    expect(clock, 2, 3, 4, 5);
    commit_clock_free(clock);
}

static void test_far_back(void **state)
{
    struct commit_clock *clock = commit_clock_new();
    int64_t n = 1;

    (void)state;
    commit_clock_begin_file(clock);
    for (; n <= COMMIT_CLOCK_HISTORY * 2; n++)
        expect(clock, n - 1, n, n - 1, n);
    expect(clock, n - COMMIT_CLOCK_HISTORY, n, n - COMMIT_CLOCK_HISTORY, n);
    n++;
    /* Further back than is known: it waits for more, and never for less. */
    expect(clock, 5, n, n - 1 - COMMIT_CLOCK_HISTORY, n);
    commit_clock_free(clock);
}

static void test_no_clock_and_a_broken_one(void **state)
{
    struct commit_clock *clock = commit_clock_new();

    (void)state;
    commit_clock_begin_file(clock);
    expect(clock, 0, 0, 0, 0);
    expect(clock, 0, 1, 0, 1);
    expect(clock, 0, 5, 0, 2);
    expect(clock, 0, 3, 2, 3); /* goes back: it waits for all */
    commit_clock_free(clock);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_whole_file_stays),
        cmocka_unit_test(test_what_was_left_out_is_not_waited_for),
        cmocka_unit_test(test_a_file_waits_for_the_one_before),
        cmocka_unit_test(test_far_back),
        cmocka_unit_test(test_no_clock_and_a_broken_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
