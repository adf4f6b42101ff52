#include "check.h"

#include "binlog/replicate_rules.h"

static struct replicate_rules *rules;
static struct err err;

static int make(void **state)
{
    (void)state;
    rules = replicate_rules_new();
    return 0;
}

static int drop(void **state)
{
    (void)state;
    replicate_rules_free(rules);
    return 0;
}

static void add(const char *name, const char *text)
{
    enum replicate_rule rule;

    assert_true(replicate_rule_find(span_str(name), &rule));
    if (!replicate_rules_add(rules, rule, span_str(text), &err))
        fail_msg("%s", err.text);
}

static bool passes_rows(const char *database, const char *table)
{
    return replicate_rules_pass_rows(rules, span_str(database), span_str(table));
}

static bool passes(const char *database)
{
    return replicate_rules_pass_database(rules, span_str(database));
}

static void test_databases(void **state)
{
    (void)state;
    assert_true(replicate_rules_pass_all(rules));
    assert_true(passes_rows("any", "t") && passes(""));
    add("replicate-ignore-db", "logs");
    assert_false(replicate_rules_pass_all(rules));
    assert_true(passes("shop") && passes("") && !passes("logs") && !passes_rows("logs", "t"));
    add("replicate_do_db", "shop,users");
    assert_true(passes("shop") && passes("users"));
    assert_false(passes("logs") || passes("other") || passes("Shop"));
    assert_false(passes("")); /* a statement without a default database, as on the servers */
    assert_true(replicate_rules_pass_schema(rules, span_str("users")));
    assert_false(replicate_rules_pass_schema(rules, span_str("new")));
}

static void test_tables(void **state)
{
    struct replicate_table both[] = {{span_str("shop"), span_str("hidden")},
                                     {span_str("shop"), span_str("orders")}};

    (void)state;
    add("replicate_ignore_table", "shop.hidden");
    assert_true(passes_rows("shop", "orders") && !passes_rows("shop", "hidden"));
    add("replicate_do_table", "shop.orders,shop.`a.b`");
    assert_true(passes_rows("shop", "orders") && passes_rows("shop", "a.b"));
    assert_false(passes_rows("shop", "items") || passes_rows("other", "orders"));
    assert_false(replicate_rules_pass_tables(rules, both, 2)); /* the first that a list has */
    both[0] = (struct replicate_table){span_str("shop"), span_str("items")};
    assert_true(replicate_rules_pass_tables(rules, both, 2));
    assert_true(replicate_rules_pass_schema(rules, span_str("new")));
}

static void test_patterns(void **state)
{
    (void)state;
    add("replicate_wild_ignore_table", "shop.tmp%,a\\_b.%");
    assert_true(passes_rows("shop", "t") && passes_rows("axb", "t"));
    assert_false(passes_rows("shop", "tmp") || passes_rows("shop", "tmp_1"));
    assert_false(passes_rows("a_b", "t"));
    assert_false(replicate_rules_pass_schema(rules, span_str("a_b")));
    assert_true(replicate_rules_pass_schema(rules, span_str("shop")));
    add("replicate_wild_do_table", "shop%.%,l_g.d%y");
    assert_true(passes_rows("shop2", "t") && passes_rows("log", "day"));
    assert_true(passes_rows("log", "dayday") && !passes_rows("log", "days"));
    assert_true(passes_rows("shop", "tmp")); /* the do list comes first */
    assert_false(passes_rows("other", "t"));
    assert_true(replicate_rules_pass_schema(rules, span_str("shop9")));
    assert_false(replicate_rules_pass_schema(rules, span_str("other")));
}

static void test_refused(void **state)
{
    enum replicate_rule rule = REPLICATE_RULE_COUNT;

    (void)state;
    assert_false(replicate_rule_find(span_str("replicate_do"), &rule));
    assert_false(replicate_rule_find(span_str("replicate_rewrite_db"), &rule));
    assert_int_equal(rule, REPLICATE_RULE_COUNT);
    assert_false(replicate_rules_add(rules, REPLICATE_DO_DB, span_str("a.b"), &err));
    assert_contains(err.text, "expected names such as shop,users, found 'a.b'");
    assert_false(replicate_rules_add(rules, REPLICATE_DO_TABLE, span_str("a"), &err));
    assert_contains(err.text, "expected ");
    assert_false(replicate_rules_add(rules, REPLICATE_WILD_DO_TABLE, span_str("a.%,b%"), &err));
    assert_contains(err.text, "expected patterns such as");
    assert_false(replicate_rules_add(rules, REPLICATE_WILD_IGNORE_TABLE, span_str(""), &err));
    assert_true(replicate_rules_pass_all(rules));
    replicate_rules_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_databases, make, drop),
        cmocka_unit_test_setup_teardown(test_tables, make, drop),
        cmocka_unit_test_setup_teardown(test_patterns, make, drop),
        cmocka_unit_test_setup_teardown(test_refused, make, drop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
