#include "cli/gtid_filter.h"

#include "check.h"

#define UUID "01234567-89ab-cdef-0123-456789abcdef"

static bool has_mariadb(const struct gtid_filter *filter, uint32_t domain, uint32_t server_id,
                        uint64_t sequence)
{
    return gtid_filter_has_mariadb(filter, (struct gtid_mariadb){sequence, domain, server_id});
}

static void parse(struct gtid_filter *filter, const char *text)
{
    struct err err = {0};

    if (!gtid_filter_parse(filter, span_str(text), &err))
        fail_msg("%s", err.text);
}

static void test_mariadb(void **state)
{
    struct gtid_filter filter = {0};

    (void)state;
    parse(&filter, "0-1-5, 0-1-7..9,2-3-4..2-3-6,7-*-1..2,8-1-10..");
    assert_true(has_mariadb(&filter, 0, 1, 5));
    assert_false(has_mariadb(&filter, 0, 1, 6));
    assert_true(has_mariadb(&filter, 0, 1, 7) && has_mariadb(&filter, 0, 1, 9));
    assert_false(has_mariadb(&filter, 0, 2, 7) || has_mariadb(&filter, 1, 1, 7));
    assert_true(has_mariadb(&filter, 2, 3, 6));
    assert_true(has_mariadb(&filter, 7, 1, 1) && has_mariadb(&filter, 7, 99, 2));
    assert_false(has_mariadb(&filter, 7, 1, 3));
    assert_true(has_mariadb(&filter, 8, 1, UINT64_MAX));
    parse(&filter, "0-1-1");
    assert_false(has_mariadb(&filter, 0, 1, 5));
    gtid_filter_done(&filter);
    gtid_filter_done(NULL);
}

static void test_mysql(void **state)
{
    struct gtid_filter filter = {0};
    struct gtid gtid = {.number = 5};
    struct err err = {0};

    (void)state;
    assert_true(gtid_uuid_parse(span_str(UUID), &gtid.uuid, &err));
    parse(&filter, UUID ":1-3:5:blue:7");
    assert_true(gtid_filter_has_mysql(&filter, &gtid));
    gtid.number = 4;
    assert_false(gtid_filter_has_mysql(&filter, &gtid));
    gtid.number = 7;
    assert_false(gtid_filter_has_mysql(&filter, &gtid));
    gtid.tag = span_str("blue");
    assert_true(gtid_filter_has_mysql(&filter, &gtid));
    gtid.number = 0; /* anonymous */
    assert_false(gtid_filter_has_mysql(&filter, &gtid));
    assert_false(has_mariadb(&filter, 0, 1, 5));
    gtid_filter_done(&filter);
}

static void test_what_is_no_gtid(void **state)
{
    static const char *const wrong[] = {
        "",
        "0",
        "0-1",
        "0-1-",
        "0-1-5,",
        ",0-1-5",
        "0-1-5.6",
        "0-1-9..5",
        "0-1-5..x",
        "0-1-5..1-1-9",
        "0-1-5..0-2-9",
        "0-*-5..0-1-9",
        "*-1-5",
        "0-1-5 x",
        "4294967296-1-5",
        "0-1-18446744073709551616",
        UUID ":x-",
        "x:1",
    };
    struct gtid_filter filter = {0};
    struct err err = {0};

    (void)state;
    parse(&filter, "0-1-5");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (gtid_filter_parse(&filter, span_str(wrong[i]), &err))
            fail_msg("'%s' was taken", wrong[i]);
        assert_int_equal(err.class, E_USAGE);
    }
    assert_true(has_mariadb(&filter, 0, 1, 5));
    gtid_filter_done(&filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mariadb),
        cmocka_unit_test(test_mysql),
        cmocka_unit_test(test_what_is_no_gtid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
