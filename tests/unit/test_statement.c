#include "base/buf.h"
#include "check.h"
#include "replication/statement.h"

static struct arena *arena;
static struct statement parsed;

static int setup(void **state)
{
    (void)state;
    arena = arena_new((size_t)1 << 22);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static enum statement_kind kind_of(const char *text)
{
    struct err err;

    assert_true(statement_parse(span_str(text), arena, &parsed, &err));
    return parsed.kind;
}

static void test_select(void **state)
{
    (void)state;
    assert_int_equal(kind_of("SELECT UNIX_TIMESTAMP()"), STATEMENT_SELECT);
    assert_int_equal(parsed.item_count, 1);
    assert_int_equal(parsed.items[0].kind, EXPRESSION_CALL);
    assert_span_eq(parsed.items[0].value, "unix_timestamp");
    assert_span_eq(parsed.items[0].title, "UNIX_TIMESTAMP()");

    assert_int_equal(kind_of("select @@GLOBAL . Server_Id , @`a b` as c,'x' y, NULL limit 1 ;"),
                     STATEMENT_SELECT);
    assert_int_equal(parsed.item_count, 4);
    assert_int_equal(parsed.items[0].kind, EXPRESSION_SYSTEM_VARIABLE);
    assert_int_equal(parsed.items[0].scope, SCOPE_GLOBAL);
    assert_span_eq(parsed.items[0].value, "server_id");
    assert_span_eq(parsed.items[0].title, "@@GLOBAL . Server_Id");
    assert_int_equal(parsed.items[1].kind, EXPRESSION_USER_VARIABLE);
    assert_span_eq(parsed.items[1].value, "a b");
    assert_span_eq(parsed.items[1].title, "c");
    assert_int_equal(parsed.items[3].kind, EXPRESSION_NULL);
    assert_int_equal(parsed.limit, 1);

    assert_int_equal(kind_of("SELECT GTID_SUBSET('a', GTID_SUBTRACT(@@gtid_executed, '')), -1"),
                     STATEMENT_SELECT);
    assert_int_equal(parsed.items[0].argument_count, 2);
    assert_span_eq(parsed.items[0].arguments[1].arguments[0].value, "gtid_executed");
    assert_span_eq(parsed.items[1].value, "-1");

    assert_int_equal(kind_of("SELECT VERSION() FROM DUAL LIMIT 2,3"), STATEMENT_SELECT);
    assert_int_equal(parsed.limit_offset, 2);
    assert_int_equal(parsed.limit, 3);
}

static void test_set(void **state)
{
    (void)state;
    assert_int_equal(kind_of("SET @master_heartbeat_period= 30000001024"), STATEMENT_SET);
    assert_int_equal(parsed.assignment_count, 1);
    assert_span_eq(parsed.assignments[0].target.value, "master_heartbeat_period");
    assert_span_eq(parsed.assignments[0].value.value, "30000001024");

    assert_int_equal(kind_of("SET @master_binlog_checksum = @@global.binlog_checksum,"
                             " @source_binlog_checksum= 'NONE'"),
                     STATEMENT_SET);
    assert_int_equal(parsed.assignment_count, 2);
    assert_int_equal(parsed.assignments[0].value.kind, EXPRESSION_SYSTEM_VARIABLE);
    assert_span_eq(parsed.assignments[1].value.value, "NONE");

    assert_int_equal(kind_of("set session NET_WRITE_TIMEOUT=60, @@sql_mode := '', autocommit=ON"),
                     STATEMENT_SET);
    assert_int_equal(parsed.assignments[0].target.scope, SCOPE_SESSION);
    assert_span_eq(parsed.assignments[0].target.value, "net_write_timeout");
    assert_int_equal(parsed.assignments[2].value.kind, EXPRESSION_WORD);

    assert_int_equal(kind_of("/*!40101 SET NAMES utf8mb4 COLLATE utf8mb4_bin */"), STATEMENT_SET);
    assert_span_eq(parsed.assignments[0].target.value, "names");
    assert_int_equal(kind_of("SET CHARACTER SET latin1"), STATEMENT_SET);
    assert_span_eq(parsed.assignments[0].value.value, "latin1");
    assert_int_equal(kind_of("SET NAMES utf8mb4 COLLATE 'Utf8mb4_bin'"), STATEMENT_SET);
    assert_span_eq(parsed.assignments[0].collation, "utf8mb4_bin");
    assert_int_equal(kind_of("SET SESSION TRANSACTION READ ONLY"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("SET TRANSACTION ISOLATION LEVEL READ COMMITTED;"),
                     STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("SET GLOBAL TRANSACTION READ ONLY"), STATEMENT_OTHER);
    assert_int_equal(kind_of("SET a + 1"), STATEMENT_OTHER);
    assert_int_equal(kind_of("SET a"), STATEMENT_SYNTAX);
    assert_int_equal(kind_of("SET @a ="), STATEMENT_SYNTAX);
}

static void test_show_variables(void **state)
{
    (void)state;
    assert_int_equal(kind_of("SHOW VARIABLES LIKE 'SERVER_ID'"), STATEMENT_SHOW_VARIABLES);
    assert_int_equal(parsed.pattern_count, 1);
    assert_int_equal(kind_of("show global variables where Variable_name in ('a_b', 'c')"),
                     STATEMENT_SHOW_VARIABLES);
    assert_int_equal(parsed.pattern_count, 2);
    assert_int_equal(parsed.scope, SCOPE_GLOBAL);
    assert_span_eq(parsed.patterns[0], "a\\_b");
    assert_int_equal(kind_of("SHOW VARIABLES WHERE `Variable_Name` = 'x' OR Variable_name LIKE"
                             " 'y%'"),
                     STATEMENT_SHOW_VARIABLES);
    assert_span_eq(parsed.patterns[1], "y%");
    assert_int_equal(kind_of("SHOW SESSION STATUS"), STATEMENT_SHOW_STATUS);
    assert_int_equal(parsed.pattern_count, 0);
    assert_int_equal(kind_of("SHOW VARIABLES WHERE Value = '1'"), STATEMENT_OTHER);
}

static void test_show_log(void **state)
{
    (void)state;
    assert_int_equal(kind_of("SHOW MASTER STATUS"), STATEMENT_SHOW_LOG_STATUS);
    assert_int_equal(kind_of("SHOW BINARY LOG STATUS"), STATEMENT_SHOW_LOG_STATUS);
    assert_int_equal(kind_of("SHOW BINLOG STATUS"), STATEMENT_SHOW_LOG_STATUS);
    assert_int_equal(kind_of("SHOW BINARY LOGS"), STATEMENT_SHOW_LOGS);
    assert_int_equal(kind_of("SHOW MASTER LOGS"), STATEMENT_SHOW_LOGS);
    assert_int_equal(kind_of("SHOW BINLOG EVENTS IN 'mysql-bin.000002' FROM 4 LIMIT 2, 10"),
                     STATEMENT_SHOW_EVENTS);
    assert_span_eq(parsed.file, "mysql-bin.000002");
    assert_int_equal(parsed.position, 4);
    assert_int_equal(parsed.limit, 10);
    assert_int_equal(kind_of("SHOW BINARY LOG"), STATEMENT_SYNTAX);
    assert_int_equal(kind_of("SHOW MASTER EVENTS"), STATEMENT_OTHER);
    assert_int_equal(kind_of("SHOW BINLOG EVENTS FROM x"), STATEMENT_OTHER);
}

static void test_show_replicas(void **state)
{
    (void)state;
    assert_int_equal(kind_of("SHOW SLAVE HOSTS"), STATEMENT_SHOW_REPLICAS);
    assert_false(parsed.new_words);
    assert_int_equal(kind_of("SHOW REPLICAS"), STATEMENT_SHOW_REPLICAS);
    assert_true(parsed.new_words);
    assert_int_equal(kind_of("SHOW SLAVE STATUS FOR CHANNEL 'x'"), STATEMENT_SHOW_REPLICA_STATUS);
    assert_span_eq(parsed.channel, "x");
    assert_int_equal(kind_of("SHOW REPLICA STATUS"), STATEMENT_SHOW_REPLICA_STATUS);
    assert_true(parsed.new_words);
    assert_int_equal(kind_of("SHOW ALL SLAVES STATUS"), STATEMENT_SHOW_REPLICA_STATUS);
    assert_int_equal(kind_of("SHOW WARNINGS"), STATEMENT_SHOW_WARNINGS);
    assert_int_equal(kind_of("SHOW GRANTS FOR CURRENT_USER()"), STATEMENT_SHOW_GRANTS);
    assert_int_equal(kind_of("SHOW GRANTS FOR root"), STATEMENT_OTHER);
}

static void test_others(void **state)
{
    (void)state;
    assert_int_equal(kind_of(""), STATEMENT_EMPTY);
    assert_int_equal(kind_of("-- ping"), STATEMENT_EMPTY);
    assert_int_equal(kind_of("BEGIN"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("start transaction"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("KILL 12"), STATEMENT_KILL);
    assert_int_equal(parsed.position, 12);
    assert_int_equal(kind_of("KILL x"), STATEMENT_OTHER);
    assert_int_equal(kind_of("DROP TABLE t"), STATEMENT_OTHER);
    assert_int_equal(kind_of("SELECT * FROM t"), STATEMENT_OTHER);
    assert_int_equal(kind_of("SHOW MASTER STATUS x"), STATEMENT_OTHER);
    assert_int_equal(kind_of("UNLOCK TABLES"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("START TRANSACTION WITH CONSISTENT SNAPSHOT"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("START SLAVE"), STATEMENT_OTHER);
    assert_int_equal(kind_of("RELEASE SAVEPOINT a"), STATEMENT_NO_EFFECT);
    assert_int_equal(kind_of("USE `Shop`"), STATEMENT_USE);
    assert_span_eq(parsed.name, "Shop");
    assert_int_equal(kind_of("SHOW FULL PROCESSLIST"), STATEMENT_SHOW_PROCESSLIST);
    assert_int_equal(kind_of("SHOW SCHEMAS LIKE 'a%'"), STATEMENT_SHOW_DATABASES);
    assert_int_equal(parsed.pattern_count, 1);
    assert_int_equal(kind_of("FLUSH TABLES WITH READ LOCK"), STATEMENT_DENIED);
    assert_int_equal(kind_of("RESET MASTER"), STATEMENT_DENIED);
    assert_int_equal(kind_of("FLUSH"), STATEMENT_SYNTAX);
}

static void test_procedures(void **state)
{
    (void)state;
    assert_int_equal(kind_of("CALL Mysql.RDS_set_configuration('binlog retention hours', NULL)"),
                     STATEMENT_CALL);
    assert_span_eq(parsed.name, "mysql.rds_set_configuration");
    assert_int_equal(parsed.item_count, 2);
    assert_int_equal(parsed.items[1].kind, EXPRESSION_NULL);
    assert_int_equal(kind_of("CALL x"), STATEMENT_CALL);
    assert_int_equal(kind_of("CALL x()"), STATEMENT_CALL);
    assert_int_equal(parsed.item_count, 0);
    assert_int_equal(kind_of("CALL x("), STATEMENT_SYNTAX);
    assert_int_equal(kind_of("PURGE MASTER LOGS TO 'a.000002'"), STATEMENT_PURGE);
    assert_span_eq(parsed.file, "a.000002");
    assert_int_equal(kind_of("PURGE BINARY LOGS BEFORE NOW()"), STATEMENT_OTHER);
    assert_int_equal(kind_of("PURGE BINARY LOGS TO"), STATEMENT_SYNTAX);
}

/* What is no SQL, and from where on. */
static void test_syntax(void **state)
{
    (void)state;
    assert_int_equal(kind_of("garbage in"), STATEMENT_SYNTAX);
    assert_span_eq(parsed.near, "garbage in");
    assert_int_equal(kind_of("SELECT"), STATEMENT_SYNTAX);
    assert_int_equal(parsed.near.len, 0);
    assert_int_equal(kind_of("SELECT 1; SELECT 2"), STATEMENT_SYNTAX);
    assert_span_eq(parsed.near, "SELECT 2");
    assert_int_equal(kind_of(";"), STATEMENT_SYNTAX);
    assert_int_equal(kind_of("1"), STATEMENT_SYNTAX);
    assert_int_equal(kind_of("(SELECT 1)"), STATEMENT_OTHER);
}

static void test_refused(void **state)
{
    struct err err;
    struct buf buf;

    (void)state;
    assert_false(statement_parse(span_str("SELECT 'a"), arena, &parsed, &err));
    assert_int_equal(err.class, E_USAGE);
    buf_init(&buf, 1 << 20);
    buf_str(&buf, "SELECT 1");
    for (int i = 0; i < 1000; i++)
        buf_str(&buf, ", f(1, 2)");
    assert_false(statement_parse(buf_span(&buf), arena, &parsed, &err));
    assert_int_equal(err.class, E_LIMIT);
    buf_clear(&buf);
    buf_str(&buf, "SELECT ");
    for (int i = 0; i < 1000; i++)
        buf_str(&buf, "f(");
    assert_true(statement_parse(buf_span(&buf), arena, &parsed, &err));
    assert_int_equal(parsed.kind, STATEMENT_OTHER);
    buf_done(&buf);
}

static bool like(const char *value, const char *pattern)
{
    return statement_like(span_str(value), span_str(pattern));
}

static void test_like(void **state)
{
    (void)state;
    assert_true(like("server_id", "SERVER_ID"));
    assert_true(like("server_id", "server\\_id"));
    assert_false(like("serverxid", "server\\_id"));
    assert_true(like("serverxid", "server_id"));
    assert_true(like("rpl_semi_sync_master_enabled", "rpl%enabled"));
    assert_true(like("", "%"));
    assert_true(like("abc", "%%c%"));
    assert_false(like("abc", "%d"));
    assert_false(like("abc", "ab"));
    assert_false(like("ab", "abc"));
    assert_true(like("100%", "100\\%"));
    assert_false(like("1000", "100\\%"));
    assert_true(like("aXbXc", "a%X_"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_select, setup, teardown),
        cmocka_unit_test_setup_teardown(test_set, setup, teardown),
        cmocka_unit_test_setup_teardown(test_show_variables, setup, teardown),
        cmocka_unit_test_setup_teardown(test_show_log, setup, teardown),
        cmocka_unit_test_setup_teardown(test_show_replicas, setup, teardown),
        cmocka_unit_test_setup_teardown(test_others, setup, teardown),
        cmocka_unit_test_setup_teardown(test_procedures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_syntax, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test(test_like),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
