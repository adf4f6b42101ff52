#include "translation/session_mode.h"

#include "check.h"

#include "binlog/query.h"

#define BIT(n) (UINT64_C(1) << (n))

static uint64_t mode(uint64_t bits, enum format_family from, enum dialect to)
{
    uint64_t out = 1;
    struct err err;

    if (!session_mode_translate(bits, from, to, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

static void what_both_have_stays(void **state)
{
    uint64_t strict = BIT(20) | BIT(21) | BIT(22) | BIT(23) | BIT(24) | BIT(25) | BIT(26) |
                      BIT(27) | BIT(29) | BIT(30) | BIT(31) | BIT(0) | BIT(1) | BIT(2) | BIT(3) |
                      BIT(6) | BIT(18) | BIT(19);

    (void)state;
    assert_true((mode(strict, FORMAT_MYSQL, DIALECT_MARIADB) & strict) == strict);
    assert_true((mode(strict, FORMAT_MARIADB, DIALECT_MYSQL_8) & strict) == strict);
    assert_true(mode(strict, FORMAT_MARIADB, DIALECT_MYSQL_5) == strict);
}

static void fractions_of_seconds_are_rounded_or_cut_as_at_the_source(void **state)
{
    (void)state;
    assert_true(mode(0, FORMAT_MYSQL, DIALECT_MARIADB) == BIT(34));
    assert_true(mode(BIT(32), FORMAT_MYSQL, DIALECT_MARIADB) == 0);
    assert_true(mode(0, FORMAT_MARIADB, DIALECT_MYSQL_8) == BIT(32));
    assert_true(mode(BIT(34), FORMAT_MARIADB, DIALECT_MYSQL_8) == 0);
    assert_true(mode(0, FORMAT_MARIADB, DIALECT_MYSQL_5) == 0);
}

static void what_has_no_effect_is_left_out(void **state)
{
    uint64_t names = BIT(8) | BIT(11) | BIT(13) | BIT(14) | BIT(15) | BIT(16) | BIT(17);

    (void)state;
    assert_true(mode(names | BIT(9) | BIT(10) | BIT(5), FORMAT_MYSQL, DIALECT_MARIADB) == BIT(34));
    assert_true(mode(names | BIT(4), FORMAT_MARIADB, DIALECT_MYSQL_5) == 0);
    assert_true(mode(BIT(28), FORMAT_MARIADB, DIALECT_MYSQL_8) == BIT(32));
    assert_true(mode(BIT(28), FORMAT_MARIADB, DIALECT_MYSQL_5) == BIT(28));
    assert_true(mode(BIT(5), FORMAT_MARIADB, DIALECT_MYSQL_5) == BIT(5));
}

static void what_means_something_else_stops(void **state)
{
    static const struct {
        int bit;
        const char *name;
    } cases[] = {
        {9, "sql_mode ORACLE"},
        {10, "sql_mode MSSQL"},
        {12, "sql_mode MAXDB"},
        {32, "sql_mode EMPTY_STRING_IS_NULL"},
        {33, "sql_mode SIMULTANEOUS_ASSIGNMENT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t out = 77;
        struct err err;

        assert_false(
            session_mode_translate(BIT(cases[i].bit), FORMAT_MARIADB, DIALECT_MYSQL_8, &out, &err));
        assert_int_equal(err.class, E_STATE);
        assert_contains(err.text, cases[i].name);
        assert_contains(err.text, "MySQL 8");
        assert_true(out == 77);
    }
    assert_true(mode(BIT(12), FORMAT_MARIADB, DIALECT_MYSQL_5) == BIT(12));
}

static void options_of_one_side(void **state)
{
    uint32_t common = QUERY_FLAG_AUTO_IS_NULL | QUERY_FLAG_NOT_AUTOCOMMIT |
                      QUERY_FLAG_NO_FOREIGN_KEY_CHECKS | QUERY_FLAG_RELAXED_UNIQUE_CHECKS;
    uint32_t out = 0;
    struct err err;

    (void)state;
    assert_true(session_flags_translate(common | QUERY_FLAG_MARIADB_EXPLICIT_TIMESTAMP |
                                            QUERY_FLAG_MARIADB_IF_EXISTS |
                                            QUERY_FLAG_MARIADB_NO_CHECK_CONSTRAINTS,
                                        FORMAT_MARIADB, &out, &err));
    assert_int_equal(out, common);
    assert_true(session_flags_translate(common, FORMAT_MYSQL, &out, &err));
    assert_int_equal(out, common);
    assert_false(
        session_flags_translate(QUERY_FLAG_MARIADB_INSERT_HISTORY, FORMAT_MARIADB, &out, &err));
    assert_int_equal(err.class, E_STATE);
    assert_contains(err.text, "system_versioning_insert_history");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_both_have_stays),
        cmocka_unit_test(fractions_of_seconds_are_rounded_or_cut_as_at_the_source),
        cmocka_unit_test(what_has_no_effect_is_left_out),
        cmocka_unit_test(what_means_something_else_stops),
        cmocka_unit_test(options_of_one_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
