#include "binlog/table_filter.h"

#include "check.h"

static bool has(const struct table_filter *filter, const char *database, const char *table)
{
    return table_filter_has_table(filter, span_str(database), span_str(table));
}

static void test_databases_and_tables(void **state)
{
    struct table_filter filter;
    struct err err = {0};

    (void)state;
    table_filter_init(&filter);
    assert_true(table_filter_add_databases(&filter, span_str("shop,users"), &err));
    assert_true(table_filter_add_tables(&filter, span_str("log.day,log.night"), &err));
    assert_true(has(&filter, "shop", "anything"));
    assert_true(has(&filter, "users", "t"));
    assert_true(has(&filter, "log", "day"));
    assert_true(has(&filter, "log", "night"));
    assert_false(has(&filter, "log", "noon"));
    assert_false(has(&filter, "log", "Day"));
    assert_false(has(&filter, "day", "log"));
    assert_false(has(&filter, "sho", "p"));
    assert_true(table_filter_has_database(&filter, span_str("log")));
    assert_false(table_filter_has_database(&filter, span_str("lo")));
    assert_false(table_filter_has_database(&filter, span_str("")));
    table_filter_done(&filter);
    table_filter_done(NULL);
}

static void test_names_in_backticks(void **state)
{
    struct table_filter filter;
    struct err err = {0};

    (void)state;
    table_filter_init(&filter);
    assert_true(table_filter_add_tables(&filter, span_str("`a.b`.`c,d`,`x``y`.z"), &err));
    assert_true(has(&filter, "a.b", "c,d"));
    assert_true(has(&filter, "x`y", "z"));
    assert_int_equal(filter.count, 2);
    table_filter_done(&filter);
}

static void test_what_is_no_name(void **state)
{
    static const char *const tables[] = {"",      "shop", "shop.", ".t",     "a.b,",
                                         "a.b.c", ",a.b", "`a.b",  "a.`b`c", "a.b,c"};
    static const char *const databases[] = {"", "a,", ",a", "a.b", "``", "`a`b"};
    struct table_filter filter;
    struct err err = {0};

    (void)state;
    table_filter_init(&filter);
    assert_true(table_filter_add_databases(&filter, span_str("kept"), &err));
    for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
        assert_false(table_filter_add_tables(&filter, span_str(tables[i]), &err));
        assert_int_equal(err.class, E_USAGE);
        assert_int_equal(filter.count, 1);
    }
    for (size_t i = 0; i < sizeof databases / sizeof databases[0]; i++)
        assert_false(table_filter_add_databases(&filter, span_str(databases[i]), &err));
    assert_contains(err.text, "expected names such as shop,users, found '`a`b'");
    assert_true(table_filter_has_database(&filter, span_str("kept")));
    table_filter_done(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_databases_and_tables),
        cmocka_unit_test(test_names_in_backticks),
        cmocka_unit_test(test_what_is_no_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
