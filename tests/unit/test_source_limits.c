#include "check.h"

#include "base/mem.h"
#include "cluster/source_limits.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4e11fa47-71ca-11e1-9e33-c80aa9429562"

static struct err err;

static void check_join(const char *text, const char *added, const char *expected)
{
    char *joined = NULL;

    assert_true(source_limits_join(text, added, &joined, &err));
    assert_string_equal(joined, expected);
    mem_free(joined);
}

static void test_both_families_are_joined(void **state)
{
    char *joined = NULL;

    (void)state;
    check_join("", "", "");
    check_join("", A ":5", A ":5");
    check_join(A ":5", A ":6", A ":5-6");
    check_join("", "0-1-5", ";0-1-5");
    check_join(";0-1-5", "0-1-5", ";0-1-5");
    check_join(";0-1-5", "0-1-7", ";0-1-5,0-1-7");
    check_join(A ":5", "0-1-5", A ":5;0-1-5");
    check_join(A ":5;0-1-5", B ":1", A ":5," B ":1;0-1-5");
    assert_false(source_limits_join(A ":5", "x", &joined, &err));
    assert_false(source_limits_join("x", "", &joined, &err));
    assert_null(joined);
}

static void test_one_gtid(void **state)
{
    static const char *const bad[] = {
        "", " ", "x", A, A ":0", A ":1-2", A ":1," B ":1", "0-1", "0-1-2,1-1-2", "0-1-2'", A ":1;"};
    bool mariadb = true;

    (void)state;
    assert_true(source_limits_check_one(A ":23", &mariadb, &err));
    assert_false(mariadb);
    assert_true(source_limits_check_one(A ":tag:23", &mariadb, &err));
    assert_false(mariadb);
    assert_true(source_limits_check_one(" 0-1-23 ", &mariadb, &err));
    assert_true(mariadb);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(source_limits_check_one(bad[i], &mariadb, &err));
        assert_int_equal(err.class, E_USAGE);
        assert_contains(err.text, "expected one GTID");
    }
}

static struct source_definition *make(void)
{
    struct source_definition *definition = NULL;

    assert_true(source_definition_parse("{\"host\": \"h\", \"port\": 1, \"user\": \"u\","
                                        " \"password\": \"\", \"gtids\": \"" A
                                        ":1-5\", \"ssl\": 0}",
                                        1, 1, &definition, &err));
    return definition;
}

static void test_what_is_left_out_and_where_it_stops(void **state)
{
    struct source_definition *definition = make();
    struct log_position at = {.name = "f.000009", .offset = 100};
    struct dump_limits limits;
    struct gtid_set set;

    (void)state;
    dump_limits_init(&limits);
    gtid_set_init(&set);
    source_definition_put(&definition->skipped, A ":8;0-1-5");
    assert_true(source_limits_make(definition, &limits, &err));
    assert_true(gtid_set_parse(span_str(A ":1-5:8"), &set, &err));
    assert_true(gtid_set_equal(&limits.has, &set));
    assert_true(dump_limits_have(&limits, (struct gtid_mariadb){5, 0, 1}));
    assert_false(dump_limits_have(&limits, (struct gtid_mariadb){5, 0, 2}));
    assert_false(dump_limits_have(&limits, (struct gtid_mariadb){6, 0, 1}));
    assert_false(dump_limits_reached_place(&limits, &at));

    definition->until = (struct log_position){.name = "f.000009", .offset = 101};
    assert_true(source_limits_make(definition, &limits, &err));
    assert_false(dump_limits_reached_place(&limits, &at));
    at.offset = 101;
    assert_true(dump_limits_reached_place(&limits, &at));
    at = (struct log_position){.name = "f.000010", .offset = 4};
    assert_true(dump_limits_reached_place(&limits, &at));
    at = (struct log_position){.name = "f.000008", .offset = 4000};
    assert_false(dump_limits_reached_place(&limits, &at));

    definition->until.name[0] = '\0';
    source_definition_put(&definition->until_gtids, A ":1-5");
    assert_true(source_limits_make(definition, &limits, &err));
    assert_true(dump_limits_reached_set(&limits, &set));
    gtid_set_clear(&set);
    assert_false(dump_limits_reached_set(&limits, &set));
    source_definition_put(&definition->until_gtids, "0-1-5,1-1-7");
    assert_true(source_limits_make(definition, &limits, &err));
    assert_int_equal(limits.stop_list.count, 2);
    assert_false(dump_limits_reached_set(&limits, &set));

    source_definition_put(&definition->gtids, "x");
    assert_false(source_limits_make(definition, &limits, &err));
    assert_int_equal(err.class, E_PROTO);
    gtid_set_done(&set);
    dump_limits_done(&limits);
    source_definition_free(definition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_families_are_joined),
        cmocka_unit_test(test_one_gtid),
        cmocka_unit_test(test_what_is_left_out_and_where_it_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
