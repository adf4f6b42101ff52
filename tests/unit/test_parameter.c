#include "check.h"

#include "cluster/parameter_set.h"

static struct err err;

static const struct parameter *row(const char *name, unsigned version, enum parameter_level level)
{
    size_t index = 0;

    if (!parameter_find(name, version, level, &index, &err))
        fail_msg("%s", err.text);
    return &parameters[index];
}

static const struct parameter *any(const char *name)
{
    size_t index = 0;

    for (unsigned version = 2; version <= 3; version++) {
        if (parameter_find(name, version, PARAMETER_OF_CLUSTER, &index, &err) ||
            parameter_find(name, version, PARAMETER_OF_INSTANCE, &index, &err))
            return &parameters[index];
    }
    fail_msg("%s", err.text);
    return NULL;
}

static size_t index_of(const char *name)
{
    return (size_t)(any(name) - parameters);
}

static void test_names(void **state)
{
    size_t index = 12345;

    (void)state;
    assert_ptr_equal(row("GTID_mode", 3, PARAMETER_OF_CLUSTER),
                     row("gtid-mode", 3, PARAMETER_OF_CLUSTER));
    assert_true(row("read_only", 2, PARAMETER_OF_INSTANCE) !=
                row("read_only", 3, PARAMETER_OF_CLUSTER));
    assert_false(parameter_find("binlog_cache_size", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_int_equal(err.class, E_USAGE);
    assert_contains(err.text, "parameter binlog_cache_size: it is one of DB parameter groups");
    assert_false(parameter_find("binlog_format", 3, PARAMETER_OF_INSTANCE, &index, &err));
    assert_contains(err.text, "DB cluster parameter groups");
    assert_false(parameter_find("slave_parallel_workers", 3, PARAMETER_OF_INSTANCE, &index, &err));
    assert_contains(err.text, "version 3 do not have it");
    assert_false(parameter_find("binlog_form", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_contains(err.text, "there is none of that name");
    assert_false(parameter_find("", 3, PARAMETER_OF_CLUSTER, &index, &err));
    assert_int_equal(index, 12345);
}

static void test_values_are_kept_in_one_form(void **state)
{
    static const struct {
        const char *name;
        const char *given;
        const char *kept;
    } good[] = {
        {"aurora_enhanced_binlog", "1", "ON"},
        {"aurora_enhanced_binlog", "false", "OFF"},
        {"binlog_format", "mixed", "MIXED"},
        {"binlog_format", "Off", "OFF"},
        {"binlog_row_value_options", "", ""},
        {"binlog_row_value_options", "partial_json", "PARTIAL_JSON"},
        {"binlog_cache_size", "0004096", "4096"},
        {"max_binlog_cache_size", "18446744073709547520", "18446744073709547520"},
        {"relay-log-space-limit", "18446744073709551615", "18446744073709551615"},
        {"lower_case_table_names", "1", "1"},
        {"read_only", "on", "ON"},
        {"read_only", "{TrueIfReplica}", "{TrueIfReplica}"},
        {"time_zone", "system", "SYSTEM"},
        {"time_zone", "+14:00", "+14:00"},
        {"time_zone", "-12:59", "-12:59"},
        {"time_zone", "America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"},
        {"replica_skip_errors", "ALL", "all"},
        {"replica_skip_errors", "off", "OFF"},
        {"replica_skip_errors", "", "OFF"},
        {"replica_skip_errors", "1062, 1032", "1062,1032"},
        {"replicate-do-db", " a , b c ", "a,b c"},
        {"replicate-do-db", "", ""},
        {"replicate-ignore-table", "a.b,c.d", "a.b,c.d"},
        {"replicate-wild-do-table", "sales%.%", "sales%.%"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char value[PARAMETER_VALUE_MAX] = "?";

        if (!parameter_check(any(good[i].name), good[i].given, value, &err))
            fail_msg("%s", err.text);
        assert_string_equal(value, good[i].kept);
    }
}

static void test_bad_values_are_refused(void **state)
{
    static const struct {
        const char *name;
        const char *given;
        const char *says;
    } bad[] = {
        {"aurora_enhanced_binlog", "2", "expected 0 or 1, or OFF or ON, found '2'"},
        {"aurora_enhanced_binlog", "", "found ''"},
        {"binlog_format", "ROWS", "expected one of ROW,STATEMENT,MIXED,OFF, found 'ROWS'"},
        {"binlog_format", "ROW,MIXED", "found 'ROW,MIXED'"},
        {"binlog_format", "", "found ''"},
        {"binlog_cache_size", "4097", "4096 to 18446744073709547520, a multiple of 4096"},
        {"binlog_cache_size", "0", "found '0'"},
        {"binlog_cache_size", "-4096", "found '-4096'"},
        {"binlog_cache_size", " 4096", "found ' 4096'"},
        {"binlog_cache_size", "4K", "found '4K'"},
        {"binlog_cache_size", "99999999999999999999999", "found '9999"},
        {"relay-log-space-limit", "18446744073709551616", "0 to 18446744073709551615"},
        {"aurora_binlog_replication_max_yield_seconds", "36001", "0 to 36000"},
        {"max_connections", "{DBInstanceClassMemory/12582880}", "found the formula"},
        {"innodb_buffer_pool_size", "{DBInstanceClassMemory*3/4}", "give the value itself"},
        {"read_only", "{TrueIfWriter}", "expected one of"},
        {"lower_case_table_names", "2", "one of 0,1"},
        {"time_zone", "+14:01", "expected SYSTEM, an offset"},
        {"time_zone", "+2:00", "found '+2:00'"},
        {"time_zone", "Europe/Berlin'", "found 'Europe/Berlin''"},
        {"time_zone", "", "found ''"},
        {"replica_skip_errors", "1062,", "numbers of errors"},
        {"replica_skip_errors", "1062,0", "numbers of errors"},
        {"replica_skip_errors", "65536", "numbers of errors"},
        {"replica_skip_errors", "10 62", "numbers of errors"},
        {"replicate-do-db", "a,,b", "names of databases"},
        {"replicate-do-db", ",", "names of databases"},
        {"replicate-do-db", " {formula}", "found the formula"},
        {"replicate-do-db", "a'b", "names of databases"},
        {"replicate-do-db", "a\"b", "names of databases"},
        {"replicate-do-db", "a\nlog_bin=x", "names of databases"},
        {"replicate-do-db", "a#b", "names of databases"},
        {"replicate-do-table", "t", "database.table"},
        {"replicate-do-table", ".t", "database.table"},
        {"replicate-do-table", "d.", "database.table"},
        {"replicate-do-table", "a.b.c", "database.table"},
        {"server_id", "7", "it can not be set: Chosen when the instance is made."},
        {"require_secure_transport", "1", "borealis cluster modify --require-secure-transport"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char value[PARAMETER_VALUE_MAX] = "untouched";

        if (parameter_check(any(bad[i].name), bad[i].given, value, &err))
            fail_msg("%s took '%s'", bad[i].name, bad[i].given);
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, bad[i].name);
        assert_contains(err.text, bad[i].says);
        assert_string_equal(value, "untouched");
    }
}

static void test_a_list_has_a_limit(void **state)
{
    char value[PARAMETER_VALUE_MAX];
    char text[PARAMETER_VALUE_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 == 0 ? 'a' : ',';
    text[PARAMETER_VALUE_MAX] = '\0';
    assert_false(parameter_check(any("replicate-do-db"), text, value, &err));
    assert_contains(err.text, "expected at most 2000 bytes, found 2001");
    text[PARAMETER_VALUE_MAX - 2] = '\0';
    assert_true(parameter_check(any("replicate-do-db"), text, value, &err));
    assert_string_equal(value, text);
}

/* What the table itself says must be a value that it takes. */
static void test_every_default_is_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < parameters_count; i++) {
        const struct parameter *parameter = &parameters[i];
        char value[PARAMETER_VALUE_MAX];

        assert_true(parameter_is_of(parameter, 2) || parameter_is_of(parameter, 3));
        assert_int_equal(parameter->effect == PARAMETER_REFUSED, parameter->type == PARAMETER_FACT);
        if (!parameter->standard)
            continue;
        if (!parameter_check(parameter, parameter->standard, value, &err))
            fail_msg("%s", err.text);
        assert_string_equal(value, parameter->standard);
    }
}

static void test_what_needs_a_restart(void **state)
{
    (void)state;
    assert_true(parameter_is_dynamic(any("binlog_format"), "ROW", "MIXED"));
    assert_false(parameter_is_dynamic(any("binlog_format"), "ROW", "OFF"));
    assert_false(parameter_is_dynamic(any("binlog_format"), "OFF", "MIXED"));
    assert_false(parameter_is_dynamic(any("relay-log-space-limit"), "0", "1"));
    assert_false(parameter_is_dynamic(any("lower_case_table_names"), "0", "1"));
}

/* ---- Sets ---- */

static char *rendered(const struct parameter_set *set)
{
    static char text[65536];
    struct buf buf;

    buf_init(&buf, sizeof text);
    parameter_set_render(set, &buf);
    (void)snprintf(text, sizeof text, "%s", buf_borrow_cstr(&buf));
    buf_done(&buf);
    return text;
}

static void assert_statement(const struct parameter_set *set, const char *name, const char *text)
{
    struct buf buf;

    buf_init(&buf, 4096);
    assert_int_equal(parameter_set_statement(set, index_of(name), &buf), text != NULL);
    assert_string_equal(buf_borrow_cstr(&buf), text ? text : "");
    buf_done(&buf);
}

static void test_what_the_engine_is_given(void **state)
{
    struct parameter_set *set = parameter_set_new(3);
    struct parameter_set *two = parameter_set_new(2);

    (void)state;
    assert_contains(rendered(set), "\nbinlog_format = \"ROW\"\n");
    assert_contains(rendered(set), "\nslave_parallel_threads = \"0\"\n");
    assert_contains(rendered(set), "loose_aurora_enhanced_binlog = \"OFF\"\n");
    assert_contains(rendered(set), "default_time_zone = \"SYSTEM\"\n");
    assert_null(strstr(rendered(set), "gtid"));
    assert_null(strstr(rendered(set), "slave_skip_errors"));
    assert_null(strstr(rendered(set), "innodb_buffer_pool_size"));
    assert_null(strstr(rendered(set), "aurora_binlog_read_buffer_size"));
    assert_contains(rendered(two), "loose_aurora_binlog_read_buffer_size = \"5242880\"\n");
    assert_contains(rendered(two), "read_only = \"OFF\"\n");

    parameter_set_put(set, index_of("replicate-wild-ignore-table"), "a.%,b.c%");
    assert_contains(rendered(set), "replicate_wild_ignore_table = \"a.%\"\n"
                                   "replicate_wild_ignore_table = \"b.c%\"\n");
    assert_statement(set, "replicate-wild-ignore-table",
                     "SET GLOBAL replicate_wild_ignore_table = 'mysql.%,a.%,b.c%'");
    parameter_set_put(set, index_of("replicate-wild-ignore-table"), "");
    assert_statement(set, "replicate-wild-ignore-table",
                     "SET GLOBAL replicate_wild_ignore_table = 'mysql.%'");
    assert_statement(set, "replicate-do-db", "SET GLOBAL replicate_do_db = ''");
    assert_statement(set, "binlog_cache_size", "SET GLOBAL binlog_cache_size = 32768");
    assert_statement(set, "gtid-mode", NULL);
    assert_statement(set, "innodb_buffer_pool_size", NULL);

    assert_true(parameter_set_has_binlog(set));
    parameter_set_put(set, index_of("binlog_format"), "OFF");
    assert_false(parameter_set_has_binlog(set));
    assert_null(strstr(rendered(set), "binlog_format"));
    assert_string_equal(parameter_set_find(set, "slave_parallel_threads"), "0");
    assert_string_equal(parameter_set_find(set, "replica_parallel_workers"), "0");
    assert_null(parameter_set_find(set, "innodb_buffer_pool_size"));
    assert_null(parameter_set_find(set, "none"));
    parameter_set_free(two);
    parameter_set_free(set);
}

/* One of the two is told again when the other one changes. */
static void test_group_commit_waits_as_mysqls(void **state)
{
    size_t delay = index_of("binlog_group_commit_sync_delay");
    size_t count = index_of("binlog_group_commit_sync_no_delay_count");
    struct parameter_set *before = parameter_set_new(3);
    struct parameter_set *after = parameter_set_copy(before);

    (void)state;
    assert_statement(before, parameters[count].name, "SET GLOBAL binlog_commit_wait_count = 0");
    parameter_set_put(after, delay, "500");
    assert_false(parameter_set_is_same(before, after, delay));
    assert_false(parameter_set_is_same(before, after, count));
    assert_statement(after, parameters[delay].name, "SET GLOBAL binlog_commit_wait_usec = 500");
    assert_statement(after, parameters[count].name,
                     "SET GLOBAL binlog_commit_wait_count = 1000000");
    parameter_set_put(after, count, "8");
    assert_statement(after, parameters[count].name, "SET GLOBAL binlog_commit_wait_count = 8");
    parameter_set_free(after);
    parameter_set_free(before);
}

/* What may run side by side is the workers' to try when it is not the source's alone to say. */
static void test_the_workers_mode_follows_the_tracking(void **state)
{
    static const struct {
        unsigned version;
        const char *type;
        const char *tracking;
        const char *mode;
    } cases[] = {
        {2, "slave_parallel_type", "COMMIT_ORDER", "conservative"},
        {3, "replica_parallel_type", "COMMIT_ORDER", "conservative"},
        {2, "slave_parallel_type", "WRITESET", "optimistic"},
        {3, "replica_parallel_type", "WRITESET", "optimistic"},
        {3, "replica_parallel_type", "WRITESET_SESSION", "optimistic"},
    };
    size_t tracking = index_of("binlog_transaction_dependency_tracking");

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parameter_set *before = parameter_set_new(cases[i].version);
        struct parameter_set *after = parameter_set_copy(before);
        char wanted[100];

        (void)snprintf(wanted, sizeof wanted, "SET GLOBAL slave_parallel_mode = '%s'",
                       cases[i].mode);
        parameter_set_put(after, tracking, cases[i].tracking);
        assert_statement(after, cases[i].type, wanted);
        assert_int_equal(parameter_set_is_same(before, after, index_of(cases[i].type)),
                         strcmp(cases[i].mode, "conservative") == 0);
        assert_statement(after, parameters[tracking].name, NULL); /* it is not the engine's */
        parameter_set_free(after);
        parameter_set_free(before);
    }
}

static void test_enhanced_binlog_has_companions(void **state)
{
    struct parameter_set *set = parameter_set_new(3);
    struct parameter_set *two = parameter_set_new(2);

    (void)state;
    assert_true(parameter_set_check(two, &err));
    assert_true(parameter_set_check(set, &err));
    parameter_set_put(set, index_of("binlog_backup"), "OFF");
    assert_false(parameter_set_check(set, &err));
    assert_contains(err.text, "binlog_backup: expected 1 with aurora_enhanced_binlog 0, found 0");
    parameter_set_put(set, index_of("aurora_enhanced_binlog"), "ON");
    assert_false(parameter_set_check(set, &err));
    assert_contains(err.text, "binlog_replication_globaldb: expected 0 with");
    parameter_set_put(set, index_of("binlog_replication_globaldb"), "OFF");
    assert_true(parameter_set_check(set, &err));
    parameter_set_put(set, index_of("binlog_format"), "OFF");
    assert_false(parameter_set_check(set, &err));
    assert_contains(err.text, "aurora_enhanced_binlog");
    parameter_set_free(two);
    parameter_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_values_are_kept_in_one_form),
        cmocka_unit_test(test_bad_values_are_refused),
        cmocka_unit_test(test_a_list_has_a_limit),
        cmocka_unit_test(test_every_default_is_good),
        cmocka_unit_test(test_what_needs_a_restart),
        cmocka_unit_test(test_what_the_engine_is_given),
        cmocka_unit_test(test_group_commit_waits_as_mysqls),
        cmocka_unit_test(test_the_workers_mode_follows_the_tracking),
        cmocka_unit_test(test_enhanced_binlog_has_companions),
    };

    return cmocka_run_group_tests_name("parameter", tests, NULL, NULL);
}
