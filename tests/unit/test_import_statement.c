#include "check.h"

#include "base/mem.h"
#include "endpoint/import_statement.h"

#include <stdio.h>

/* What a statement becomes; NULL when it stays. The caller frees it. */
static char *become(const char *text, bool is_master)
{
    struct span span = span_str(text);
    struct buf buf;
    char *result = NULL;

    buf_init(&buf, 65536);
    if (import_statement_may_be(span, is_master) && import_statement_write(&buf, span, is_master))
        result = mem_text(buf.data, buf.len);
    else
        assert_int_equal(buf.len, 0);
    assert_true(buf_ok(&buf));
    buf_done(&buf);
    return result;
}

static void check(const char *text, const char *expected)
{
    char *found = become(text, true);

    if (!expected)
        assert_null(found);
    else
        assert_string_equal(found ? found : "(unchanged)", expected);
    mem_free(found);
}

/* "_utf8mb4 X'..'" of a text. */
static const char *hex(const char *text)
{
    static char out[4096];
    size_t at = (size_t)snprintf(out, sizeof out, "_utf8mb4 X'");

    for (; *text; text++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%02x", (unsigned)(unsigned char)*text);
    (void)snprintf(out + at, sizeof out - at, "'");
    return out;
}

static void check_refused(const char *text, const char *reason)
{
    char *found = become(text, false);
    char *digits = mem_strdup(hex(reason));

    assert_non_null(found);
    assert_contains(found,
                    "SIGNAL SQLSTATE '42000' SET MYSQL_ERRNO = 1235, MESSAGE_TEXT = _utf8mb4 X'");
    digits[strlen(digits) - 1] = '\0';
    assert_contains(found, digits + sizeof "_utf8mb4 X'" - 1);
    mem_free(digits);
    mem_free(found);
}

static void test_gtid_purged(void **state)
{
    char *call = mem_printf("CALL mysql.rds_dump_gtids(%s)", hex("+a:1-5,\nb:1"));
    char *plain = mem_printf("CALL mysql.rds_dump_gtids(%s)", hex("a:1"));

    (void)state;
    check("SET @@GLOBAL.GTID_PURGED=/*!80000 '+'*/ 'a:1-5,\nb:1'", call);
    check("-- from a dump\nSET @@GLOBAL.GTID_PURGED = '+' 'a:1-5,\nb:1';", call);
    check("set @@global.gtid_purged='a:1'", plain);
    check("SET @@GLOBAL.GTID_PURGED=@x", NULL);
    check("SET @@GLOBAL.GTID_PURGED='a:1', @@GLOBAL.READ_ONLY=0", NULL);
    check("SET @@SESSION.GTID_PURGED='a:1'", NULL);
    check("SET @@GLOBAL.GTID_PURGED='a:1", NULL);
    check("SET GLOBAL gtid_slave_pos='a:1';", plain);
    check("SET GLOBAL gtid_slave_pos = ''", NULL);
    check("SET GLOBAL gtid_slave_pos = DEFAULT", NULL);
    check("SET GLOBAL gtid_slave_pos = 'a:1', GLOBAL read_only = 0", NULL);
    check("SET SESSION gtid_slave_pos = 'a:1'", NULL);
    assert_null(become("SET GLOBAL gtid_slave_pos='a:1'", false));
    assert_null(become("SET @@GLOBAL.GTID_PURGED='a:1'", false));
    mem_free(call);
    mem_free(plain);
}

static void test_log_bin(void **state)
{
    char *found = become("SET @@SESSION.SQL_LOG_BIN= 0", true);

    (void)state;
    assert_contains(found, "SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO = 1642");
    mem_free(found);
    check("SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN", "DO 0");
    check("SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN", NULL);
    check("SET SQL_LOG_BIN = 0", NULL);
    check("SET @@SESSION.SQL_LOG_BIN = 1", NULL);
    check("SET @@SESSION.SQL_LOG_BIN = 0, @a = 1", NULL);
    assert_null(become("SET @@SESSION.SQL_LOG_BIN= 0", false));
}

static void test_position(void **state)
{
    char *call = mem_printf("CALL mysql.rds_dump_position(%s, 157)", hex("mysql-bin.000031"));
    char *found;

    (void)state;
    check("CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000031', MASTER_LOG_POS=157;", call);
    check("CHANGE REPLICATION SOURCE TO SOURCE_LOG_FILE='mysql-bin.000031', SOURCE_LOG_POS=157",
          call);
    check("CHANGE MASTER TO MASTER_HOST='h', MASTER_LOG_FILE='f', MASTER_LOG_POS=4", NULL);
    check("CHANGE MASTER TO MASTER_LOG_FILE='f', MASTER_LOG_POS=4, MASTER_SSL=1", NULL);
    check("CHANGE MASTER TO MASTER_LOG_FILE='f'", NULL);
    check("CHANGE MASTER 'c' TO MASTER_LOG_FILE='f', MASTER_LOG_POS=4", NULL);
    check("CHANGE MASTER TO MASTER_USE_GTID=current_pos", NULL);
    check("CHANGE MASTER TO MASTER_USE_GTID=slave_pos, MASTER_HOST='h'", NULL);
    check("CHANGE MASTER 'c' TO MASTER_USE_GTID=slave_pos", NULL);
    assert_null(become("CHANGE MASTER TO MASTER_USE_GTID=slave_pos", false));
    found = become("CHANGE MASTER TO MASTER_USE_GTID=slave_pos;", true);
    assert_contains(found, "SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO = 1642");
    mem_free(found);
    check("CHANGE MASTER TO MASTER_LOG_FILE='f', MASTER_LOG_POS=99999999999999999999", NULL);
    mem_free(call);
}

static void test_version_comments(void **state)
{
    (void)state;
    /* What the engine executes, and what is no comment, stays. */
    check("/*!40101 SET NAMES utf8 */", NULL);
    check("/*!50699 SELECT 1 */", NULL);
    check("/*!100100 SELECT 1 */", NULL);
    check("/*M!100100 SELECT 1 */", NULL);
    check("SELECT '/*!80000 x */'", NULL);
    check("INSERT INTO t VALUES ('it''s /*!80023 INVISIBLE */')", NULL);
    check("SELECT 1 /* /*!80000 x */", NULL);
    /* What it would skip comes out. */
    check("CREATE TABLE t (a INT, b INT /*!80023 INVISIBLE */)",
          "CREATE TABLE t (a INT, b INT   INVISIBLE  )");
    check("/*!50717 SELECT COUNT(*) INTO @n FROM t */", "  SELECT COUNT(*) INTO @n FROM t  ");
}

/* Which of two readings is meant, where a backslash is before a quote. */
static void test_backslashes(void **state)
{
    (void)state;
    /* One of them has a string that does not end. */
    check("CREATE TABLE t (a CHAR(9) DEFAULT 'it\\'s', b INT /*!80023 INVISIBLE */)",
          "CREATE TABLE t (a CHAR(9) DEFAULT 'it\\'s', b INT   INVISIBLE  )");
    check("CREATE TABLE t (a CHAR(9) DEFAULT '\\', b INT /*!80023 INVISIBLE */)",
          "CREATE TABLE t (a CHAR(9) DEFAULT '\\', b INT   INVISIBLE  )");
    check("CREATE TABLE t (a CHAR(9) DEFAULT '\\', c CHAR(9) DEFAULT 'x', b INT /*!80023 INVISIBLE "
          "*/)",
          "CREATE TABLE t (a CHAR(9) DEFAULT '\\', c CHAR(9) DEFAULT 'x', b INT   INVISIBLE  )");
    /* Both are one, and have the same comments. */
    check("CREATE TABLE t (a CHAR(9) DEFAULT '\\\\', b INT /*!80023 INVISIBLE */)",
          "CREATE TABLE t (a CHAR(9) DEFAULT '\\\\', b INT   INVISIBLE  )");
    /* They have not. */
    check_refused("ALTER TABLE t COMMENT 'it\\'s', ADD a CHAR(99) COMMENT '/*!80000 x */ it\\'s'",
                  "NO_BACKSLASH_ESCAPES");
    /* What is no definition has data: it is read as most sessions do. */
    check("INSERT INTO t VALUES ('it\\'s', '/*!80000 x */ it\\'s')", NULL);
}

static void test_what_can_not_be_taken(void **state)
{
    char *found = become("/*!80000 CREATE TABLESPACE x ADD DATAFILE 'x' */", true);

    (void)state;
    assert_contains(found, "SIGNAL SQLSTATE '01000'");
    mem_free(found);
    check_refused("SELECT 1 /*!80000 + 1 */ /*M!100100 + 2 */", "of MySQL and of MariaDB");
    check_refused("SELECT 1 /*!80000 + 1 */ /*!100100 + 2 */", "of MySQL and of MariaDB");
    check_refused("SELECT 'a /*!80000 + 1 */", "can not be told from strings");
    check_refused("CREATE DATABASE d /*!80016 DEFAULT ENCRYPTION='Y' */",
                  "ENCRYPTION of a database");
    check_refused("CREATE PROCEDURE p() /*!80000 LANGUAGE JAVASCRIPT */ AS 'x'",
                  "LANGUAGE JAVASCRIPT");
}

/* Words that MariaDB has nothing for are named: the engine tells the client in a warning. */
static void test_left_away(void **state)
{
    char *found = become("CREATE TABLE t (g POINT NOT NULL /*!80003 SRID 4326 */) -- c\n;", true);
    const char *end = hex("Left away, because MariaDB has nothing like it: SRID");
    char *many;

    (void)state;
    assert_contains(found, "BEGIN NOT ATOMIC CREATE TABLE t (g POINT NOT NULL");
    assert_contains(found, "\n; SIGNAL SQLSTATE '01000'");
    assert_contains(found, end);
    assert_null(strstr(found, "SRID 4326"));
    mem_free(found);
    /* Of too many words not all are looked for: that takes time. */
    many = mem_strdup("SELECT 1 /*!80000 + a");
    for (int i = 0; i < 70; i++) {
        char *more = mem_printf("%s + w%d", many, i);

        mem_free(many);
        many = more;
    }
    found = mem_printf("%s */", many);
    check_refused(found, "Left away, because MariaDB has nothing like it: more words than");
    mem_free(found);
    mem_free(many);
    found = become("CREATE TABLE t (a INT, KEY (a) /*!80000 INVISIBLE */)", true);
    assert_contains(found, "IGNORED");
    assert_null(strstr(found, "SIGNAL"));
    mem_free(found);
}

static void test_definitions(void **state)
{
    static const char *const yes[] = {"CREATE TABLE t (",       " create\tview",
                                      "/* c */ ALTER TABLE",    "-- c\nSET x",
                                      "# c\n/*!50003 CREATE*/", "/*!80000 SELECT"};
    static const char *const no[] = {
        "INSERT INTO t",      "REPLACE INTO",    "SELECT 1", "CREATED", "", "/*",
        "/* CREATE TABLE */", "-- CREATE TABLE", "SETS"};

    (void)state;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        assert_true(import_statement_is_definition(span_str(yes[i])));
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        assert_false(import_statement_is_definition(span_str(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gtid_purged), cmocka_unit_test(test_log_bin),
        cmocka_unit_test(test_position),    cmocka_unit_test(test_version_comments),
        cmocka_unit_test(test_backslashes), cmocka_unit_test(test_what_can_not_be_taken),
        cmocka_unit_test(test_definitions), cmocka_unit_test(test_left_away),
    };

    return cmocka_run_group_tests_name("import_statement", tests, NULL, NULL);
}
