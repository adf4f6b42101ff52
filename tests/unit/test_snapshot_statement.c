#include "check.h"

#include "endpoint/snapshot_statement.h"

static void assert_is(const char *text, enum snapshot_statement statement)
{
    assert_int_equal(snapshot_statement_find(span_str(text)), statement);
}

static void test_what_mysqldump_says(void **state)
{
    (void)state;
    assert_is("FLUSH /*!40101 LOCAL */ TABLES", SNAPSHOT_LOCK);
    assert_is("FLUSH TABLES WITH READ LOCK", SNAPSHOT_LOCK);
    assert_is("FLUSH /*!40101 LOCAL */ TABLES WITH READ LOCK", SNAPSHOT_LOCK);
    assert_is("START TRANSACTION /*!40100 WITH CONSISTENT SNAPSHOT */ ", SNAPSHOT_BEGIN);
    assert_is("SHOW MASTER STATUS", SNAPSHOT_PLACE);
    assert_is("show binary log status", SNAPSHOT_PLACE);
    assert_is("", SNAPSHOT_OTHER);
    assert_is("  ", SNAPSHOT_OTHER);
    assert_is("UNLOCK TABLES", SNAPSHOT_OTHER);
    assert_is("FLUSH TABLES t WITH READ LOCK", SNAPSHOT_OTHER);
    assert_is("SHOW MASTER STATUS; DROP TABLE t", SNAPSHOT_OTHER);
}

static void assert_writes(enum snapshot_statement statement, bool begun, const char *part)
{
    struct buf buf;

    buf_init(&buf, 4096);
    snapshot_statement_write(&buf, statement, begun);
    assert_contains(buf_borrow_cstr(&buf), part);
    buf_done(&buf);
}

static void test_the_position_is_the_snapshots(void **state)
{
    (void)state;
    assert_writes(SNAPSHOT_LOCK, false, "DO 0");
    assert_writes(SNAPSHOT_PLACE, true, "binlog_snapshot_position");
    /* Without one the lock that was left out is asked for, and refused. */
    assert_writes(SNAPSHOT_PLACE, false, "FLUSH TABLES WITH READ LOCK");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_mysqldump_says),
        cmocka_unit_test(test_the_position_is_the_snapshots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
