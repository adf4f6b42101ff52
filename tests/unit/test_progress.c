#include "cli/progress.h"

#include "base/clock.h"
#include "base/quantity_text.h"

#include "check.h"

static void expect_line(uint64_t done, uint64_t whole, int64_t usec, const char *expected)
{
    char line[PROGRESS_LINE_MAX];

    progress_write_line(line, done, whole, usec);
    assert_string_equal(line, expected);
}

static void test_lines(void **state)
{
    (void)state;
    expect_line(UINT64_C(1) << 30, UINT64_C(3) << 30, 2 * USEC_PER_SEC,
                " 33%  1.0 GiB of 3.0 GiB, 512 MiB/s, 4 s left");
    expect_line(100, 100, USEC_PER_SEC, "100%  100 B of 100 B, 100 B/s, 0 s left");
    expect_line(0, 100, USEC_PER_SEC, "  0%  0 B of 100 B, 0 B/s, 0 s left");
    /* The file grew. */
    expect_line(200, 100, USEC_PER_SEC, "100%  200 B of 100 B, 200 B/s, 0 s left");
    expect_line(2048, 0, USEC_PER_SEC / 2, "2.0 KiB, 4.0 KiB/s");
    expect_line(1, UINT64_MAX, USEC_PER_SEC, "  0%  1 B of 16.0 EiB, 1 B/s, 11574 d 1 h left");
}

static void test_quantities(void **state)
{
    char text[QUANTITY_MAX];

    (void)state;
    assert_string_equal(quantity_size(text, 1023), "1023 B");
    assert_string_equal(quantity_size(text, 1024), "1.0 KiB");
    assert_string_equal(quantity_size(text, 1000 * 1024), "1.0 MiB");
    assert_string_equal(quantity_size(text, 150 * 1024), "150 KiB");
    assert_string_equal(quantity_duration(text, 119), "119 s");
    assert_string_equal(quantity_duration(text, 120), "2 min 0 s");
    assert_string_equal(quantity_duration(text, 7200), "2 h 0 min");
    assert_string_equal(quantity_duration(text, 176400), "2 d 1 h");
}

static void test_nothing_to_show(void **state)
{
    (void)state;
    progress_show(NULL, 1);
    progress_end_file(NULL);
    progress_hide(NULL);
    progress_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_quantities),
        cmocka_unit_test(test_nothing_to_show),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
