#include "check.h"

#include "base/mem.h"
#include "endpoint/show_statement.h"

static void assert_asks(const char *text, enum show_kind kind, bool new_words)
{
    struct show_statement found;

    if (!show_statement_find(span_str(text), &found))
        fail_msg("nothing found in '%s'", text);
    assert_int_equal(found.count, 1);
    assert_int_equal(found.asked[0].kind, kind);
    assert_int_equal(found.asked[0].new_words, new_words);
}

static void test_each(void **state)
{
    (void)state;
    assert_asks("SHOW SLAVE STATUS", SHOW_SOURCE, false);
    assert_asks("show replica status;", SHOW_SOURCE, true);
    assert_asks("/* an exporter's */ SHOW SLAVE STATUS", SHOW_SOURCE, false);
    assert_asks("/*!50000 SHOW SLAVE STATUS */", SHOW_SOURCE, false);
    assert_asks("SHOW -- all of it\n REPLICA 'x' STATUS", SHOW_SOURCE, true);
    assert_asks("SHOW SLAVE STATUS FOR CHANNEL ''", SHOW_SOURCE, false);
    assert_asks("SHOW ALL SLAVES STATUS", SHOW_SOURCES, false);
    assert_asks("SHOW ALL REPLICAS STATUS", SHOW_SOURCES, false);
    assert_asks("SHOW SLAVE HOSTS", SHOW_REPLICAS, false);
    assert_asks("SHOW REPLICA HOSTS", SHOW_REPLICAS, false);
    assert_asks("SHOW REPLICAS", SHOW_REPLICAS, true);
    assert_asks("SHOW BINARY LOGS", SHOW_LOGS, false);
    assert_asks(" show\tmaster logs ; ", SHOW_LOGS, false);
    assert_asks("SHOW BINARY LOG STATUS", SHOW_LOG_STATUS, false);
    assert_asks("SHOW MASTER STATUS", SHOW_LOG_STATUS, false);
    assert_asks("PREPARE s FROM @text", SHOW_OTHER, false);
    assert_asks("EXECUTE s", SHOW_PREPARED, false);
    assert_asks("EXECUTE IMMEDIATE 'SHOW REPLICA STATUS'", SHOW_SOURCE, true);
    assert_asks("PREPARE s FROM \"SHOW BINARY LOGS\"", SHOW_LOGS, false);
}

static void test_others(void **state)
{
    static const char *const texts[] = {
        "",
        "SHOW",
        "SHOW STATUS",
        "SHOW BINARY LOG",
        "SHOWBINARY LOG STATUS",
        "SHOW BINARY LOG STATUSES",
        "SHOW BINARY LOG STATUS\\G",
        "SHOW REPLICAS x",
        "EXPLAIN SHOW BINARY LOG STATUS",
        "SELECT 'SHOW SLAVE STATUS'",
        "/* SHOW SLAVE STATUS */ SELECT 1",
        "SELECT 1 -- ; SHOW SLAVE STATUS",
        "PREPARE s 'SHOW BINARY LOG STATUS'",
    };
    struct show_statement found;
    char *filled;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_false(show_statement_find(span_str(texts[i]), &found));
    /* A NUL is no blank. */
    assert_false(show_statement_find(span_of("SHOW BINARY LOG STATUS\0", 23), &found));
    filled = mem_printf("SHOW%*sBINARY LOG STATUS", SHOW_STATEMENT_MAX, "");
    assert_false(show_statement_find(span_str(filled), &found));
    mem_free(filled);
}

static void test_several(void **state)
{
    static const char text[] =
        "SELECT 1; SHOW REPLICA STATUS; CALL p(); show slave status; EXECUTE s;"
        " LOAD DATA LOCAL INFILE 'x' INTO TABLE t";
    struct show_statement found;
    char *many;

    (void)state;
    assert_true(show_statement_find(span_str(text), &found));
    assert_int_equal(found.count, 3);
    assert_true(found.asked[0].new_words);
    assert_false(found.asked[1].new_words);
    assert_int_equal(found.asked[2].kind, SHOW_PREPARED);
    assert_true(found.loads);
    assert_false(found.asked[2].prepares);
    assert_string_equal(found.asked[2].name, "s");
    assert_true(show_statement_find(span_str("PREPARE `a b` FROM 'SHOW REPLICA STATUS'"), &found));
    assert_true(found.asked[0].prepares);
    assert_string_equal(found.asked[0].name, "a b");
    many = mem_printf("%s%s%s%s", "SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;",
                      "SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;",
                      "SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;",
                      "SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;SHOW REPLICAS;");
    assert_true(show_statement_find(span_str(many), &found));
    assert_int_equal(found.count, SHOW_ASKED_MAX);
    mem_free(many);
}

static void test_what_it_becomes(void **state)
{
    static const char *const pairs[][2] = {
        {" show binary log status ;", " SHOW MASTER STATUS ;"},
        {"PREPARE s FROM 'SHOW BINARY LOG STATUS' ;", "PREPARE s FROM 'SHOW MASTER STATUS' ;"},
        {"EXECUTE IMMEDIATE\"SHOW BINARY LOG STATUS;\"",
         "EXECUTE IMMEDIATE\"SHOW MASTER STATUS;\""},
        {"SHOW BINARY/**/LOG STATUS; SELECT 'SHOW REPLICAS'; SHOW REPLICAS # it\n",
         "SHOW MASTER STATUS; SELECT 'SHOW REPLICAS'; SHOW MASTER STATUS # it\n"},
        {"EXECUTE IMMEDIATE 'SHOW SLAVE HOSTS'", "EXECUTE IMMEDIATE 'SHOW MASTER STATUS'"},
        {"PREPARE s FROM 'SHOW BINARY LOG STATUS", NULL},
        {"PREPARE s FROM SHOW BINARY LOG STATUS", NULL},
        {"SHOW MASTER STATUS", NULL},
        {"SHOW SLAVE STATUS", NULL},
        {"SHOW BINARY LOGS", NULL},
    };
    struct show_statement found;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1024);
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        buf_clear(&buf);
        assert_true(show_statement_find(span_str(pairs[i][0]), &found));
        assert_int_equal(show_statement_write(&found, span_str(pairs[i][0]), &buf),
                         pairs[i][1] != NULL);
        assert_string_equal(buf_borrow_cstr(&buf), pairs[i][1] ? pairs[i][1] : "");
    }
    buf_clear(&buf);
    assert_true(show_statement_find(span_str("SHOW BINARY LOG STATUS;SHOW REPLICAS"), &found));
    show_statement_leave_answers(&found);
    assert_true(
        show_statement_write(&found, span_str("SHOW BINARY LOG STATUS;SHOW REPLICAS"), &buf));
    assert_string_equal(buf_borrow_cstr(&buf), "SHOW MASTER STATUS;SHOW REPLICAS");
    buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_several),
        cmocka_unit_test(test_what_it_becomes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
