#include "check.h"

#include "base/mem.h"
#include "endpoint/log_status_statement.h"

static void test_the_statement(void **state)
{
    static const char *const texts[] = {
        "SHOW BINARY LOG STATUS",
        "show binary log status;",
        " Show\tBinary\r\nLog  Status ; ",
        "PREPARE s FROM 'SHOW BINARY LOG STATUS'",
        "prepare `a` from \"show binary log status;\";",
        "EXECUTE IMMEDIATE 'SHOW BINARY LOG STATUS'",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_true(log_status_statement_is(span_str(texts[i])));
}

static void test_others(void **state)
{
    static const char *const texts[] = {
        "",
        "SHOW",
        "SHOW BINARY LOGS",
        "SHOW BINARY LOG",
        "SHOWBINARY LOG STATUS",
        "SHOW BINARY LOG STATUSES",
        "SHOW BINARY LOG STATUS; SELECT 1",
        "SHOW BINARY LOG STATUS\\G",
        "EXPLAIN SHOW BINARY LOG STATUS",
        "SELECT 'SHOW BINARY LOG STATUS'",
        "PREPARE s FROM 'SHOW BINARY LOG STATUS",
        "PREPARE s FROM 'SHOW BINARY LOG STATUS\"",
        "PREPARE s FROM SHOW BINARY LOG STATUS",
        "PREPARE s 'SHOW BINARY LOG STATUS'",
        "EXECUTE 'SHOW BINARY LOG STATUS'",
        "SHOW BINARY LOG STATUS'",
    };
    char *filled;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(log_status_statement_is(span_str(texts[i])));
    /* A NUL is no blank. */
    assert_false(log_status_statement_is(span_of("SHOW BINARY LOG STATUS\0", 23)));
    filled = mem_printf("SHOW%*sBINARY LOG STATUS", 300, "");
    assert_false(log_status_statement_is(span_str(filled)));
    mem_free(filled);
}

static void test_what_it_becomes(void **state)
{
    static const char *const pairs[][2] = {
        {" show binary log status ;", " SHOW MASTER STATUS ;"},
        {"PREPARE s FROM 'SHOW BINARY LOG STATUS' ;", "PREPARE s FROM 'SHOW MASTER STATUS' ;"},
        {"EXECUTE IMMEDIATE\"SHOW BINARY LOG STATUS;\"",
         "EXECUTE IMMEDIATE\"SHOW MASTER STATUS;\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct buf buf;

        buf_init(&buf, 256);
        assert_true(log_status_statement_write(&buf, span_str(pairs[i][0])));
        assert_string_equal(buf_borrow_cstr(&buf), pairs[i][1]);
        assert_false(log_status_statement_write(&buf, span_str("SHOW BINARY LOGS")));
        assert_string_equal(buf_borrow_cstr(&buf), pairs[i][1]);
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_statement),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_what_it_becomes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
