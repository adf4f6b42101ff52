#include "check.h"

#include "cluster/parameter_names.h"

static void put(struct parameter_set *set, const char *name, const char *value)
{
    for (size_t i = 0; i < parameters_count; i++) {
        if (parameter_set_get(set, i) && strcmp(parameters[i].name, name) == 0)
            parameter_set_put(set, i, value);
    }
}

static const char *statement(const struct parameter_set *set)
{
    static char text[8192];
    struct buf buf;

    buf_init(&buf, sizeof text);
    parameter_names_statement(set, &buf);
    assert_true(buf_ok(&buf));
    (void)snprintf(text, sizeof text, "%s", buf_borrow_cstr(&buf));
    buf_done(&buf);
    return text;
}

static void test_what_is_in_force_is_shown(void **state)
{
    struct parameter_set *set = parameter_set_new(3);

    (void)state;
    assert_true(strncmp(statement(set), "SET GLOBAL log_replica_updates = 1, GLOBAL ", 43) == 0);
    assert_contains(statement(set), ", GLOBAL replica_parallel_workers = 0");
    assert_contains(statement(set), ", GLOBAL replica_parallel_type = 'LOGICAL_CLOCK'");
    assert_contains(statement(set), ", GLOBAL binlog_row_value_options = ''");
    assert_contains(statement(set), ", GLOBAL replica_preserve_commit_order = 'ON'");
    put(set, "replica_parallel_workers", "7");
    put(set, "replica_skip_errors", "1032,1062");
    put(set, "binlog_format", "OFF");
    assert_contains(statement(set), ", GLOBAL replica_parallel_workers = 7");
    assert_contains(statement(set), ", GLOBAL replica_skip_errors = '1032,1062'");
    assert_contains(statement(set), "SET GLOBAL log_replica_updates = 0");
    assert_null(strstr(statement(set), "gtid_mode"));
    parameter_set_free(set);
}

/* Its groups have the older names; clients may ask by either. */
static void test_of_the_older_version(void **state)
{
    struct parameter_set *set = parameter_set_new(2);

    (void)state;
    put(set, "slave_parallel_workers", "5");
    put(set, "slave_parallel_type", "DATABASE");
    assert_contains(statement(set), ", GLOBAL replica_parallel_workers = 5");
    assert_contains(statement(set), ", GLOBAL replica_parallel_type = 'DATABASE'");
    assert_contains(statement(set), ", GLOBAL slave_parallel_type = 'DATABASE'");
    /* It has none of those; the engine keeps their defaults. */
    assert_null(strstr(statement(set), "replica_preserve_commit_order"));
    parameter_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_in_force_is_shown),
        cmocka_unit_test(test_of_the_older_version),
    };

    return cmocka_run_group_tests_name("parameter_names", tests, NULL, NULL);
}
