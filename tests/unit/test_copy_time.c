#include "check.h"

#include "check/copy_time.h"

#define DAY  INT64_C(86400)
#define HOUR INT64_C(3600)

static int64_t kept(const char *name, const char *value, const char *other, const char *second)
{
    struct variables *variables = variables_new();
    struct err err;
    int64_t seconds;

    assert_true(variables_set(variables, span_str(name), span_str(value), &err));
    if (other)
        assert_true(variables_set(variables, span_str(other), span_str(second), &err));
    seconds = copy_time_kept_seconds(variables);
    variables_free(variables);
    return seconds;
}

static void test_how_long_they_are_kept(void **state)
{
    (void)state;
    assert_int_equal(kept("expire_logs_days", "0", NULL, NULL), COPY_TIME_FOR_EVER);
    assert_int_equal(kept("expire_logs_days", "7", NULL, NULL), 7 * DAY);
    assert_int_equal(kept("expire_logs_days", "0.500000", "binlog_expire_logs_seconds", "0"),
                     DAY / 2);
    assert_int_equal(kept("expire_logs_days", "3", "binlog_expire_logs_seconds", "3600"), HOUR);
    assert_int_equal(kept("binlog_expire_logs_seconds", "2592000", NULL, NULL), 30 * DAY);
    assert_int_equal(
        kept("binlog_expire_logs_seconds", "2592000", "binlog_expire_logs_auto_purge", "OFF"),
        COPY_TIME_FOR_EVER);
    assert_int_equal(
        kept("binlog_expire_logs_seconds", "60", "binlog_expire_logs_auto_purge", "ON"), 60);
    assert_int_equal(kept("server_id", "1", NULL, NULL), COPY_TIME_NOT_KNOWN);
}

static enum severity judge(struct copy_time copy, const char *part)
{
    char text[256];
    enum severity severity = copy_time_judge(&copy, text, sizeof text);

    assert_contains(text, part);
    return severity;
}

static void test_judgement(void **state)
{
    struct copy_time copy = {.has_data = true, .copy_seconds = 2 * HOUR};

    (void)state;
    copy.kept_seconds = COPY_TIME_FOR_EVER;
    assert_int_equal(judge(copy, "by hand"), SEVERITY_OK);
    copy.kept_seconds = COPY_TIME_NOT_KNOWN;
    assert_int_equal(judge(copy, "no variable"), SEVERITY_UNKNOWN);
    copy.kept_seconds = 0;
    assert_int_equal(judge(copy, "as soon as"), SEVERITY_PROBLEM);
    copy.kept_seconds = 2 * HOUR - 1;
    assert_int_equal(judge(copy, "a copy takes about 2 h 0 min"), SEVERITY_PROBLEM);
    copy.kept_seconds = 2 * HOUR;
    assert_int_equal(judge(copy, "2 h 0 min"), SEVERITY_WARN);
    copy.kept_seconds = 2 * HOUR + COPY_TIME_SPARE;
    assert_int_equal(judge(copy, "26 h 0 min"), SEVERITY_OK);
    copy.has_data = false;
    assert_int_equal(judge(copy, "not known"), SEVERITY_NOTE);
    copy.kept_seconds = HOUR;
    assert_int_equal(judge(copy, "not known"), SEVERITY_WARN);
}

static void test_a_limit_of_space(void **state)
{
    struct copy_time copy = {.kept_seconds = COPY_TIME_FOR_EVER,
                             .has_data = true,
                             .copy_seconds = 2 * HOUR,
                             .space_limit = 1000,
                             .binlog_daily = 24000};

    (void)state;
    assert_int_equal(judge(copy, "60 min 0 s"), SEVERITY_PROBLEM);
    copy.binlog_daily = 0;
    assert_int_equal(judge(copy, "by hand"), SEVERITY_OK);
    copy.binlog_daily = 10;
    copy.kept_seconds = 90 * DAY;
    assert_int_equal(judge(copy, "90 d"), SEVERITY_OK);
}

static void test_seconds(void **state)
{
    (void)state;
    assert_int_equal(copy_time_seconds(0, 10), 0);
    assert_int_equal(copy_time_seconds(1, 10), 1);
    assert_int_equal(copy_time_seconds(20, 10), 2);
    assert_int_equal(copy_time_seconds(UINT64_MAX, 1), UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_how_long_they_are_kept),
        cmocka_unit_test(test_judgement),
        cmocka_unit_test(test_a_limit_of_space),
        cmocka_unit_test(test_seconds),
    };

    return cmocka_run_group_tests_name("copy_time", tests, NULL, NULL);
}
