#include "check.h"

#include "base/clock.h"
#include "base/wakeup.h"
#include "replication/dump_controls.h"

static uint64_t parse(enum dump_control control, const char *text)
{
    uint64_t value;
    struct err err;

    assert_true(dump_control_parse(control, span_str(text), &value, &err));
    return value;
}

static void test_parse(void **state)
{
    enum dump_control control;

    (void)state;
    assert_true(dump_control_find(span_str("Aurora_Binlog_read_buffer_SIZE"), &control));
    assert_int_equal(control, DUMP_READ_BUFFER_SIZE);
    assert_int_equal(parse(control, "8192"), 8192);
    assert_int_equal(parse(control, "8k"), 8192);
    assert_int_equal(parse(control, "512M"), 536870912);
    assert_true(
        dump_control_find(span_str("aurora_binlog_replication_max_yield_seconds"), &control));
    assert_int_equal(parse(control, "0"), 0);
    assert_int_equal(parse(control, "36000"), 36000);
    assert_true(dump_control_find(span_str("aurora_binlog_use_large_read_buffer"), &control));
    assert_int_equal(parse(control, "on"), 1);
    assert_int_equal(parse(control, "OFF"), 0);
    assert_int_equal(parse(control, "1"), 1);
    assert_false(dump_control_find(span_str("aurora_binlog"), &control));
    assert_false(dump_control_find(span_str("aurora_binlog_read_buffer_size_"), &control));
}

static void test_refused(void **state)
{
    static const struct {
        enum dump_control control;
        const char *text;
    } bad[] = {
        {DUMP_READ_BUFFER_SIZE, ""},         {DUMP_READ_BUFFER_SIZE, "8191"},
        {DUMP_READ_BUFFER_SIZE, "ON"},       {DUMP_READ_BUFFER_SIZE, "536870913"},
        {DUMP_READ_BUFFER_SIZE, "M"},        {DUMP_READ_BUFFER_SIZE, "5MB"},
        {DUMP_READ_BUFFER_SIZE, "1G"},       {DUMP_READ_BUFFER_SIZE, "18446744073709559808"},
        {DUMP_READ_BUFFER_SIZE, "-8192"},    {DUMP_READ_BUFFER_SIZE, "999999999999G"},
        {DUMP_MAX_YIELD_SECONDS, "36001"},   {DUMP_MAX_YIELD_SECONDS, "1k"},
        {DUMP_MAX_YIELD_SECONDS, "1.5"},     {DUMP_USE_LARGE_READ_BUFFER, "2"},
        {DUMP_USE_LARGE_READ_BUFFER, "yes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t value = 77;
        struct err err;

        assert_false(dump_control_parse(bad[i].control, span_str(bad[i].text), &value, &err));
        assert_int_equal(value, 77);
        assert_int_equal(err.class, E_USAGE);
        assert_non_null(strstr(err.text, dump_control_info(bad[i].control)->name));
        assert_non_null(strstr(err.text, bad[i].text));
    }
}

/* The names are sorted, as SHOW VARIABLES lists them. */
static void test_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < DUMP_CONTROL_COUNT; i++) {
        const struct dump_control_info *info = dump_control_info((enum dump_control)i);

        assert_true(info->least <= info->standard && info->standard <= info->most);
        if (i > 0)
            assert_true(strcmp(dump_control_info((enum dump_control)(i - 1))->name, info->name) <
                        0);
    }
}

static void test_effect(void **state)
{
    struct dump_controls *controls = dump_controls_new();

    (void)state;
    assert_int_equal(dump_controls_read_buffer(controls), 5242880);
    assert_int_equal(dump_controls_yield_usec(controls), 0);
    dump_controls_set(controls, DUMP_READ_BUFFER_SIZE, 65536);
    dump_controls_set(controls, DUMP_MAX_YIELD_SECONDS, 45);
    assert_int_equal(dump_controls_read_buffer(controls), 65536);
    assert_int_equal(dump_controls_yield_usec(controls), 45 * USEC_PER_SEC);
    dump_controls_set(controls, DUMP_USE_LARGE_READ_BUFFER, 0);
    assert_int_equal(dump_controls_read_buffer(controls), 8192);
    assert_int_equal(dump_controls_yield_usec(controls), 0);
    assert_int_equal(dump_controls_get(controls, DUMP_READ_BUFFER_SIZE), 65536);
    dump_controls_free(controls);
    dump_controls_free(NULL);
}

static void test_watch(void **state)
{
    struct dump_controls *controls = dump_controls_new();
    struct dump_controls_watch a;
    struct dump_controls_watch b;
    struct err err;

    (void)state;
    assert_true(dump_controls_watch(controls, &a, &err));
    assert_true(dump_controls_watch(controls, &b, &err));
    dump_controls_set(controls, DUMP_MAX_YIELD_SECONDS, 0); /* as it was */
    assert_false(wakeup_is_raised(a.fd));
    dump_controls_set(controls, DUMP_MAX_YIELD_SECONDS, 1);
    assert_true(wakeup_is_raised(a.fd) && wakeup_is_raised(b.fd));
    wakeup_clear(b.fd);
    dump_controls_unwatch(controls, &a);
    dump_controls_set(controls, DUMP_MAX_YIELD_SECONDS, 2);
    assert_true(wakeup_is_raised(b.fd));
    dump_controls_unwatch(controls, &b);
    dump_controls_free(controls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),  cmocka_unit_test(test_refused), cmocka_unit_test(test_table),
        cmocka_unit_test(test_effect), cmocka_unit_test(test_watch),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
