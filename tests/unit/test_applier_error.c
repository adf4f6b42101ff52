/* What an engine's log says of the transaction with which its applier has stopped. */
#include "check.h"

#include "engine/applier_error.h"

#define TIME      "2026-11-22  1:45:31 12 [ERROR] "
#define CODE(n)   ", Internal MariaDB error code: " #n "\n"
#define NOTE      "2026-11-22  1:45:31 12 [Note] Slave SQL thread exiting, replication stopped\n"
#define EXISTS    "Error 'Table 't' already exists' on query. Query: 'CREATE TABLE t\n(a INT)'"
#define A_LINE    TIME "Slave SQL: " EXISTS ", Gtid 4294967295-7-23" CODE(1050)
#define FULL_STOP "Column 1 of table 'd.t' cannot be converted."

static struct gtid_mariadb gtid;

static bool find(const char *log, const char *text, unsigned number)
{
    gtid = (struct gtid_mariadb){0};
    return applier_error_find(log, text, number, &gtid);
}

static void test_the_last_one_counts(void **state)
{
    (void)state;
    assert_true(find(A_LINE NOTE, EXISTS, 1050));
    assert_true(gtid.domain == UINT32_MAX && gtid.server_id == 7 && gtid.sequence == 23);
    assert_true(
        find(A_LINE TIME "Slave SQL: " EXISTS ", Gtid 1-2-3" CODE(1050) NOTE, EXISTS, 1050));
    assert_true(gtid.domain == 1 && gtid.server_id == 2 && gtid.sequence == 3);
    assert_true(find(TIME "Slave SQL: " FULL_STOP " Gtid 0-1-18446744073709551615" CODE(1677),
                     FULL_STOP, 1677));
    assert_true(gtid.sequence == UINT64_MAX);
}

static void test_what_does_not_say(void **state)
{
    static const char *const logs[] = {
        "",
        NOTE,
        TIME "Slave SQL: " EXISTS CODE(1050),                       /* of no transaction */
        TIME "Slave I/O: " EXISTS ", Gtid 0-1-23" CODE(1050),       /* another thread's */
        TIME "Slave SQL: other " EXISTS ", Gtid 0-1-23" CODE(1050), /* another text */
        TIME "Slave SQL: " EXISTS " and, Gtid 0-1-23" CODE(1050),   /* a longer one */
        TIME "Slave SQL: " EXISTS ", Gtid 0-1-23" CODE(1051),       /* another number */
        TIME "Slave SQL: " EXISTS ", Gtid 0-1-23" CODE(10500),      /* */
        TIME "Slave SQL: " EXISTS ", Gtid 0-1-2",                   /* cut */
        TIME "Slave SQL: " EXISTS ", Gtid 0-1-23, Internal MariaDB e\n",
        TIME "Slave SQL: " EXISTS ", Gtid 0-1-23,0-1-24" CODE(1050),
        TIME "Slave SQL: " EXISTS ", Gtid 0-1" CODE(1050),
        A_LINE TIME "Slave SQL: " EXISTS ", Gtid 0-1-24, Internal Mar\n", /* the last is cut */
    };

    (void)state;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; i++)
        assert_false(find(logs[i], EXISTS, 1050));
    assert_false(find(A_LINE, "", 1050));
}

/* Words of a source's statement that look like the engine's. */
static void test_a_text_that_pretends(void **state)
{
    static const char pretends[] = "Error on query. Query: 'x, Gtid 9-9-9" CODE(1050) "'";

    (void)state;
    assert_true(find(TIME "Slave SQL: Error on query. Query: 'x, Gtid 9-9-9" CODE(
                         1050) "', Gtid 0-1-5" CODE(1050),
                     pretends, 1050));
    assert_true(gtid.domain == 0 && gtid.sequence == 5);
}

static void test_a_file(void **state)
{
    bool found = true;
    struct err err;

    (void)state;
    assert_false(applier_error_read("/nonexistent/engine.log", "x", 1, &found, &gtid, &err));
    assert_int_equal(err.class, E_IO);
    assert_true(applier_error_read("/dev/null", "x", 1, &found, &gtid, &err));
    assert_false(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_one_counts),
        cmocka_unit_test(test_what_does_not_say),
        cmocka_unit_test(test_a_text_that_pretends),
        cmocka_unit_test(test_a_file),
    };

    return cmocka_run_group_tests_name("applier_error", tests, NULL, NULL);
}
