#include "check.h"

#include "endpoint/replica_statement.h"

static const struct replica_facts facts = {.server_uuid = "11-22", .version = "8.4.0"};

static void assert_becomes(const char *text, const char *other)
{
    struct buf buf;

    buf_init(&buf, 1024);
    assert_true(replica_statement_write(&buf, span_str(text), &facts));
    assert_string_equal(buf_borrow_cstr(&buf), other);
    buf_done(&buf);
}

static void test_what_mysql_asks(void **state)
{
    (void)state;
    assert_becomes("SELECT @@GLOBAL.GTID_MODE", "SELECT IF(" REPLICA_HAS_ROLE_WITHOUT_GTIDS
                                                ", 'OFF', 'ON') AS `@@GLOBAL.GTID_MODE`");
    assert_becomes("select @@global.server_uuid", "SELECT '11-22' AS `@@GLOBAL.SERVER_UUID`");
    assert_becomes("SELECT @@global.rpl_semi_sync_source_enabled",
                   "SELECT '1' AS `@@GLOBAL.RPL_SEMI_SYNC_SOURCE_ENABLED`");
    assert_becomes("SELECT @@global.rpl_semi_sync_master_enabled",
                   "SELECT '1' AS `@@GLOBAL.RPL_SEMI_SYNC_MASTER_ENABLED`");
    assert_becomes("SELECT VERSION()", "SELECT '8.4.0' AS `VERSION()`");
}

static void test_what_else_is_asked_stays(void **state)
{
    static const char *const texts[] = {
        "",
        "SELECT",
        "SELECT ",
        "SELECT @@GLOBAL.GTID_MOD",
        "SELECT @@GLOBAL.GTID_MODE, 1",
        "SELECT @@GLOBAL.SERVER_ID",
        "DELETE @@GLOBAL.GTID_MODE",
        "SET @source_binlog_checksum = @@global.binlog_checksum",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf buf;

        buf_init(&buf, 1024);
        assert_false(replica_statement_write(&buf, span_str(texts[i]), &facts));
        assert_int_equal(buf.len, 0);
        buf_done(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_mysql_asks),
        cmocka_unit_test(test_what_else_is_asked_stays),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
