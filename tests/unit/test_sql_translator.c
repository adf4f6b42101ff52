#include "sql_check.h"

#define MODE_ANSI_QUOTES 4

static const struct sql_source mysql_97 = {
    {FORMAT_MYSQL, 90704, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 255},
};
static const struct sql_source mysql_56 = {
    {FORMAT_MYSQL, 50624, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 33},
};

static void test_collations(void **state)
{
    static const struct sql_case statements[] = {
        {"SELECT 1", SAME},
        {"CREATE TABLE t (a TEXT COLLATE utf8mb4_bin)", SAME},
        {"CREATE TABLE t (a TEXT COLLATE utf8mb4_0900_ai_ci)",
         "CREATE TABLE t (a TEXT COLLATE utf8mb4_uca1400_nopad_ai_ci)"},
        {"CREATE TABLE t (a TEXT COLLATE `utf8mb4_0900_bin`) COLLATE='utf8mb4_de_pb_0900_as_cs'",
         "CREATE TABLE t (a TEXT COLLATE utf8mb4_nopad_bin) "
         "COLLATE=utf8mb4_uca1400_german2_nopad_as_cs"},
        {"CREATE TABLE t (a TEXT COLLATE'utf8mb4_0900_bin'NOT NULL)",
         "CREATE TABLE t (a TEXT COLLATE utf8mb4_nopad_bin NOT NULL)"},
        {"INSERT INTO t VALUES ('COLLATE utf8mb4_0900_ai_ci', `COLLATE` , d.collate)", SAME},
        {"CREATE VIEW v AS SELECT a COLLATE utf8mb4_0900_as_ci FROM t",
         "CREATE VIEW v AS SELECT a COLLATE utf8mb4_uca1400_nopad_as_ci FROM t"},
        {"CREATE TABLE t (a TEXT COLLATE utf8mb3_tolower_ci)",
         "!CREATE TABLE t: collation utf8mb3_tolower_ci: MariaDB has none like it"},
        {"CREATE TABLE t (a TEXT COLLATE nonsense)", "!collation nonsense: MariaDB has none"},
        {"CREATE TABLE t (a TEXT CHARACTER SET gb18030)", "!character set gb18030"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_charsets(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE t (a INT) CHARSET=latin1", SAME},
        {"CREATE TABLE t (a INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
         "CREATE TABLE t (a INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE "
         "utf8mb4_uca1400_nopad_ai_ci"},
        {"CREATE TABLE t (a INT) CHARSET=utf8mb4 COMMENT='x' COLLATE=utf8mb4_bin", SAME},
        {"CREATE TABLE t (a INT) COLLATE=utf8mb4_bin, DEFAULT CHARSET utf8mb4", SAME},
        {"CREATE TABLE t (a INT) CHARSET=utf8mb4, COLLATE=utf8mb4_bin", SAME},
        {"CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 NOT NULL, b TEXT COLLATE utf8mb4_bin)",
         "CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci NOT "
         "NULL, b TEXT COLLATE utf8mb4_bin)"},
        {"CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 NOT NULL COLLATE utf8mb4_bin)", SAME},
        {"CREATE TABLE t (a TEXT CHARACTER SET utf8mb4 BINARY)", SAME},
        {"CREATE TABLE t (a TEXT CHARSET utf8 COLLATE utf8_bin)",
         "CREATE TABLE t (a TEXT CHARSET utf8mb3 COLLATE utf8mb3_bin)"},
        {"CREATE DATABASE d CHARACTER SET 'utf8'",
         "CREATE DATABASE d CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci"},
        {"ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4, ADD b TEXT COLLATE utf8mb4_bin",
         "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci, ADD "
         "b TEXT COLLATE utf8mb4_bin"},
        {"CREATE TABLE t (a INT DEFAULT (CAST('1' AS CHAR(3) CHARACTER SET utf8mb4)))", SAME},
        {"LOAD DATA INFILE 'x' INTO TABLE t CHARACTER SET utf8mb4 FIELDS TERMINATED BY ','", SAME},
        {"CREATE FUNCTION f(a TEXT CHARSET utf8mb4) RETURNS TEXT CHARSET utf8mb4 RETURN a",
         "CREATE FUNCTION f(a TEXT CHARSET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci) RETURNS "
         "TEXT CHARSET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci RETURN a"},
        {"INSERT INTO t VALUES (_utf8'a', _utf8mb4 0x61, _latin1 X'61', _utf8)",
         "INSERT INTO t VALUES (_utf8mb3'a', _utf8mb4 0x61, _latin1 X'61', _utf8)"},
        {"INSERT INTO t VALUES (CONVERT(a USING utf8), CHARSET(a))",
         "INSERT INTO t VALUES (CONVERT(a USING utf8mb3), CHARSET(a))"},
        {"CREATE PROCEDURE p() BEGIN SET NAMES utf8mb4; END",
         "CREATE PROCEDURE p() BEGIN SET NAMES utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci; END"},
    };
    static const struct sql_case older[] = {
        {"CREATE TABLE t (a INT) CHARSET=utf8mb4",
         "CREATE TABLE t (a INT) CHARSET=utf8mb4 COLLATE utf8mb4_general_ci"},
    };
    struct sql_source source = mysql_97;

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
    source.session.collation_utf8mb4 = 45;
    sql_check_all(&source, older);
}

static void test_version_comments(void **state)
{
    static const struct sql_case statements[] = {
        {"/*!40101 SET @a = 1 */", SAME},
        {"/*! SET @a = 1 */", SAME},
        {"/*!50503 SET character_set_client = utf8mb4 */", SAME},
        {"CREATE TABLE t (a INT /*!80023 INVISIBLE */)", "CREATE TABLE t (a INT   INVISIBLE  )"},
        {"SELECT 1 /*!99999 it's /* not */ run */ + 1", "SELECT 1   + 1"},
        {"SELECT 1 /*!100100 PERSISTENT */", "SELECT 1  "},
        {"SELECT 1 /*M!100100 + 1 */", "SELECT 1  "},
        {"SELECT '/*!80000 a */' /* /*!80000 b */", SAME},
        {"SELECT /*!1 + 1*/", "!the version comment /*!1: a number of five or six digits"},
        {"SELECT /*!40000 1 /*!99999 + 1 */ */", "!SELECT: a version comment within another one"},
        {"SELECT 1 /*!99999", "!a version comment does not end"},
        {"SELECT 1 /*!80000", "!a version comment in the statement does not end"},
    };
    static const struct sql_case older[] = {
        {"SELECT 1 /*!50700 + 1 */", "SELECT 1  "},
        {"SELECT 1 /*!50624 + 1 */", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
}

static void test_accounts_by_policy(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE USER 'u'@'h' IDENTIFIED BY 'secret'", DROPPED},
        {"GRANT SELECT ON *.* TO u", DROPPED},
        {"REVOKE r FROM u", DROPPED},
        {"SET PASSWORD FOR u = 'secret'", DROPPED},
        {"SET DEFAULT ROLE r TO u", DROPPED},
        {"DROP ROLE IF EXISTS r", DROPPED},
        {"CREATE TABLE user (a INT)", SAME},
        {"SET @password = 1", SAME},
    };
    static const struct sql_case stopped[] = {
        {"CREATE USER 'u'@'h' IDENTIFIED BY 'secret'",
         "!CREATE USER: statements of accounts stop the channel"},
        {"CREATE VIEW user AS SELECT 1", SAME},
    };
    struct sql_source source = mysql_97;

    (void)state;
    source.origin.accounts = ACCOUNTS_DROP;
    sql_check_all(&source, statements);
    source.origin.accounts = ACCOUNTS_STOP;
    sql_check_all(&source, stopped);
}

static void test_what_changes_nothing(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLESPACE ts ADD DATAFILE 'ts.ibd'", DROPPED},
        {"CREATE UNDO TABLESPACE u ADD DATAFILE 'u.ibu'", DROPPED},
        {"CREATE OR REPLACE SPATIAL REFERENCE SYSTEM 1 NAME 'x'", DROPPED},
        {"CREATE TABLE tablespace (a INT)", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_what_can_not_be_read(void **state)
{
    static const struct sql_case statements[] = {
        {"", SAME},
        {"CREATE TABLE t (a INT COMMENT 'it", "!CREATE TABLE t: a string in the statement"},
        {"INSERT INTO t VALUES ('secret', 'x", "!INSERT INTO t VALUES: a string"},
    };
    static const struct sql_case sjis[] = {
        {"SELECT 1", SAME},
        {"SELECT '\x83\x5c'", "!SELECT: the text is in a character set that can not be read"},
    };
    static const struct sql_case binary[] = {
        {"INSERT INTO t VALUES ('\xff\xfe')", SAME},
    };
    struct sql_source source = mysql_97;

    (void)state;
    sql_check_all(&mysql_97, statements);
    source.session.collation_client = 13;
    sql_check_all(&source, sjis);
    source.session.collation_client = 63;
    sql_check_all(&source, binary);
}

static void test_modes(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE t (\"COLLATE utf8mb4_0900_ai_ci\" TEXT COLLATE \"utf8mb4_0900_ai_ci\")",
         "CREATE TABLE t (\"COLLATE utf8mb4_0900_ai_ci\" TEXT COLLATE "
         "utf8mb4_uca1400_nopad_ai_ci)"},
    };
    struct sql_source source = mysql_97;

    (void)state;
    source.session.sql_mode = MODE_ANSI_QUOTES;
    sql_check_all(&source, statements);
}

static void test_limits(void **state)
{
    struct sql_translator *translator = sql_translator_new(&mysql_97.origin);
    struct span text = span_str("SELECT a COLLATE utf8mb4_0900_ai_ci");
    enum sql_outcome outcome;
    struct err err;
    struct buf buf;

    (void)state;
    buf_init(&buf, text.len + 4);
    assert_false(sql_translate(translator, &mysql_97.session, text, &buf, &outcome, &err));
    assert_int_equal(err.class, E_LIMIT);
    assert_int_equal(buf.len, 0);
    buf_done(&buf);
    sql_translator_free(translator);
    sql_translator_free(NULL);
}

/* Words that every statement of its kind has, and nothing of whom or what it is about. */
static void test_what_was_dropped(void **state)
{
    static const struct {
        enum format_family family;
        const char *text;
        const char *words;
    } cases[] = {
        {FORMAT_MYSQL, "CREATE USER 'somebody'@'%' IDENTIFIED BY 'secret'", "CREATE USER"},
        {FORMAT_MARIADB, "create or replace user somebody identified by 'secret'", "create user"},
        {FORMAT_MARIADB, "SET PASSWORD FOR u = PASSWORD('secret')", "SET PASSWORD"},
        {FORMAT_MARIADB, "SET STATEMENT sql_mode='' FOR DROP USER u", "DROP USER"},
        {FORMAT_MARIADB, "GRANT somebody TO secret", "GRANT"},
        {FORMAT_MYSQL, "REVOKE `x` FROM y", "REVOKE"},
        {FORMAT_MYSQL, "/* c */ DROP ROLE `r`", "DROP ROLE"},
        {FORMAT_MYSQL, "CREATE TABLESPACE t ADD DATAFILE 't.ibd'", "CREATE TABLESPACE"},
        {FORMAT_MYSQL, "ANALYZE TABLE t DROP HISTOGRAM ON c", "ANALYZE"},
    };
    struct sql_session session = {.collation_client = 33};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool mysql = cases[i].family == FORMAT_MYSQL;
        struct sql_origin origin = {cases[i].family, mysql ? 90704 : 101100,
                                    mysql ? DIALECT_MARIADB : DIALECT_MYSQL_8, ACCOUNTS_DROP};
        struct sql_translator *translator = sql_translator_new(&origin);
        enum sql_outcome outcome = SQL_UNCHANGED;
        struct err err = {0};
        struct buf buf;

        buf_init(&buf, 4096);
        if (!sql_translate(translator, &session, span_str(cases[i].text), &buf, &outcome, &err))
            fail_msg("%s: %s", cases[i].text, err.text);
        assert_int_equal(outcome, SQL_DROPPED);
        assert_string_equal(sql_translator_dropped(translator), cases[i].words);
        buf_done(&buf);
        sql_translator_free(translator);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_collations),
        cmocka_unit_test(test_charsets),
        cmocka_unit_test(test_version_comments),
        cmocka_unit_test(test_accounts_by_policy),
        cmocka_unit_test(test_what_changes_nothing),
        cmocka_unit_test(test_what_can_not_be_read),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_what_was_dropped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
