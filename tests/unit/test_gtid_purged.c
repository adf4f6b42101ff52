#include "check.h"

#include "cluster/gtid_purged.h"

#include <string.h>

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4e11fa47-71ca-11e1-9e33-c80aa9429562"

static struct err err;

static void test_combine(void **state)
{
    static const struct {
        const char *now;
        const char *asked;
        const char *becomes;
    } cases[] = {
        {"", A ":1-5", A ":1-5"},
        {"", "+" A ":1-5", A ":1-5"},
        {"", " +\n3E11FA47-71CA-11E1-9E33-C80AA9429562:1-5,\n" B ":7 ", A ":1-5," B ":7"},
        {A ":1-5", A ":1-9", A ":1-9"},
        {A ":1-5", A ":1-5", A ":1-5"},
        {A ":1-5", "+" A ":4-6", A ":1-6"},
        {A ":1-5", "+" B ":1", A ":1-5," B ":1"},
        {A ":1-5", "+" A ":tag:1", A ":1-5:tag:1"},
        {"", "0-1-5", "0-1-5"},
        {"", " +\n5-2-7 , 0-1-5 ", "0-1-5,5-2-7"},
        {"0-1-5", "0-2-5", "0-1-5"},
        {"0-1-5", "0-2-6", "0-2-6"},
        {"0-1-5,5-2-7", "+0-1-4,7-1-1", "0-1-5,5-2-7,7-1-1"},
        {"0-1-5", "5-2-7,0-1-6", "0-1-6,5-2-7"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf buf;

        buf_init(&buf, GTID_PURGED_MAX);
        assert_true(gtid_purged_combine(cases[i].now, cases[i].asked, &buf, &err));
        assert_string_equal(buf_borrow_cstr(&buf), cases[i].becomes);
        buf_done(&buf);
    }
}

static void test_combine_refuses(void **state)
{
    static const struct {
        const char *now;
        const char *asked;
        const char *expected;
    } cases[] = {
        {"", "", "found an empty one"},
        {"", "+", "found an empty one"},
        {"", " ", "found an empty one"},
        {"", "x", "gtid_purged: "},
        {"", A, "gtid_purged: "},
        {"", A ":0", "gtid_purged: "},
        {"", A ":5-1", "gtid_purged: "},
        {"", "++" A ":1", "gtid_purged: "},
        {"", A ":1'; DROP TABLE t", "gtid_purged: "},
        {"", "0-1", "gtid_purged: "},
        {"", "0-1-5," A ":1", "gtid_purged: "},
        {"", "0-1-5,0-2-7", "one GTID of each domain"},
        {"0-1-5,5-2-7", "0-1-9", "must have the domains of the current one"},
        {"0-1-5", "0-1-4", "must have the domains of the current one"},
        {A ":1-5", A ":1-4", "must be a superset"},
        {A ":1-5", B ":1-9", "must be a superset"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf buf;

        buf_init(&buf, GTID_PURGED_MAX);
        assert_false(gtid_purged_combine(cases[i].now, cases[i].asked, &buf, &err));
        assert_contains(err.text, cases[i].expected);
        assert_int_equal(err.class, E_USAGE);
        assert_int_equal(buf.len, 0);
        buf_done(&buf);
    }
}

static void test_too_long(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 10);
    assert_false(gtid_purged_combine("", A ":1", &buf, &err));
    assert_int_equal(err.class, E_LIMIT);
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_combine),
        cmocka_unit_test(test_combine_refuses),
        cmocka_unit_test(test_too_long),
    };

    return cmocka_run_group_tests_name("gtid_purged", tests, NULL, NULL);
}
