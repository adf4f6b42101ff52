#include "cli/datetime_text.h"

#include "check.h"

static void expect(const char *text, uint64_t seconds)
{
    struct err err = {0};
    uint64_t found = 0;

    if (!datetime_parse(span_str(text), &found, &err))
        fail_msg("%s", err.text);
    assert_int_equal(found, seconds);
}

static void test_forms(void **state)
{
    (void)state;
    expect("1970-01-01", 0);
    expect("1970-01-01 00:00:01", 1);
    expect("2026-11-21 02:13:10", 1795227190);
    expect("2026-11-21T02:13:10", 1795227190);
    expect("2026-11-21T02:13:10Z", 1795227190);
    expect("2026-11-21 02:13:10+02:00", 1795227190 - 7200);
    expect("2026-11-21 02:13:10-0330", 1795227190 + 12600);
    expect("2000-02-29", 951782400);
    expect("2000-03-01", 951868800);
    expect("2106-02-07 06:28:15", UINT32_MAX);
}

static void test_what_is_no_time(void **state)
{
    static const char *const wrong[] = {
        "",           "now",
        "2026",       "2026-13-01",
        "2026-02-29", "2026-11-21 24:00:00",
        "26-11-21",   "2026-11-21 02:13",
        "2026-11-31", "2026-11-21 02:13:10 ",
        "1969-12-31", "2026-11-21 02:13:10.5",
        "2026-11-1",  "2026-11-21 02:13:10+25:00",
    };
    struct err err = {0};
    uint64_t seconds = 7;

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(datetime_parse(span_str(wrong[i]), &seconds, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, wrong[i]);
    }
    assert_false(datetime_parse(span_str("2106-02-07 06:28:16"), &seconds, &err));
    assert_contains(err.text, "from 1970 to 2106");
    assert_false(datetime_parse(span_str("1970-01-01 00:00:00+01:00"), &seconds, &err));
    assert_int_equal(seconds, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_what_is_no_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
