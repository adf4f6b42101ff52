#include "check.h"

#include "endpoint/account_statement.h"

static void test_account_statements_are_known(void **state)
{
    static const char *const yes[] = {
        "CREATE USER u",
        "create  user u",
        " \n\tGrant select ON a.* to u",
        "REVOKE ALL ON a.* FROM u",
        "CREATE OR REPLACE USER u",
        "CREATE ROLE r",
        "ALTER USER u",
        "DROP USER IF EXISTS u",
        "DROP ROLE r",
        "RENAME USER a TO b",
        "SET PASSWORD FOR u = PASSWORD('x')",
        "SET DEFAULT ROLE r FOR u",
    };
    static const char *const no[] = {
        "",
        "   ",
        "SELECT 1",
        "GRANTS",
        "grant_x",
        "CREATE",
        "CREATE TABLE",
        "CREATE USERS",
        "DROP TABLE u",
        "SET PASSWORD = 'x'",
        "SET ROLE r",
        "ALTER TABLE u",
        "SHOW GRANTS",
        "CREATE OR REPLACE TABLE t",
    };

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        if (!account_statement_is(span_str(yes[i])))
            fail_msg("not known: %s", yes[i]);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        if (account_statement_is(span_str(no[i])))
            fail_msg("taken for one: %s", no[i]);
    }
}

static void test_the_call_holds_the_statement_in_hexadecimal(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1000);
    account_statement_write_call(&buf, span_str("a'\\\xff"));
    assert_span_eq(buf_span(&buf), "CALL mysql.rds_account_statement(_utf8mb4 X'61275cff')");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_account_statements_are_known),
        cmocka_unit_test(test_the_call_holds_the_statement_in_hexadecimal),
    };

    return cmocka_run_group_tests_name("account_statement", tests, NULL, NULL);
}
