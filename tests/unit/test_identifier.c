#include "check.h"

#include "cluster/identifier.h"

#define SIXTY "abcdefghijklmnopqrstuvwxyz-abcdefghijklmnopqrstuvwxyz-abcdef"

static struct err err;

static void test_good_names_are_kept_in_lower_case(void **state)
{
    static const char *const names[][2] = {
        {"a", "a"},
        {"Shop-2", "shop-2"},
        {"x9-y8-z7", "x9-y8-z7"},
        {SIXTY "XYZ", SIXTY "xyz"},
    };
    char name[IDENTIFIER_MAX + 1];

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(identifier_parse(names[i][0], name, &err));
        assert_string_equal(name, names[i][1]);
    }
}

static void test_others_are_refused(void **state)
{
    static const char *const names[][2] = {
        {"", "''"},         {"1a", "'1a'"},
        {"-a", "'-a'"},     {"a-", "'a-'"},
        {"a--b", "'a--b'"}, {"a_b", "'a_b'"},
        {"a.b", "'a.b'"},   {"a b", "'a b'"},
        {"a/b", "'a/b'"},   {"../etc", "'../etc'"},
        {"a\nb", "'a b'"},  {"\xc3\xa9t\xc3\xa9", "'\xc3\xa9t\xc3\xa9'"},
        {"a\x7f", "'a?'"},  {SIXTY "wxyz", "'" SIXTY "wxyz'"},
    };
    char name[IDENTIFIER_MAX + 1] = "untouched";

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_false(identifier_parse(names[i][0], name, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, names[i][1]);
        assert_contains(err.text, "expected 1 to 63 letters");
        assert_string_equal(name, "untouched");
    }
}

/* The name of an instance is one by the same rules, however long the cluster's is. */
static void test_instances_are_numbered(void **state)
{
    char name[IDENTIFIER_MAX + 1];
    char again[IDENTIFIER_MAX + 1];

    (void)state;
    identifier_number("shop", 1, name);
    assert_string_equal(name, "shop-1");
    identifier_number(SIXTY "xyz", 12, name);
    assert_string_equal(name, SIXTY "-12");
    identifier_number(SIXTY "-yz", 1, name);
    assert_string_equal(name, SIXTY "-1");
    assert_true(identifier_parse(name, again, &err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_names_are_kept_in_lower_case),
        cmocka_unit_test(test_others_are_refused),
        cmocka_unit_test(test_instances_are_numbered),
    };

    return cmocka_run_group_tests_name("identifier", tests, NULL, NULL);
}
