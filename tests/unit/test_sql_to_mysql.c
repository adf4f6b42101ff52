/* Statements of MariaDB for both of MySQL's dialects. That servers take them: cross_statements.py.
 */
#include "sql_check.h"

#define MODE_ORACLE                  (1ULL << 9)
#define MODE_EMPTY_STRING_IS_NULL    (1ULL << 32)
#define MODE_SIMULTANEOUS_ASSIGNMENT (1ULL << 33)

struct statement {
    const char *in;
    const char *mysql_8; /* as in struct sql_case */
    const char *mysql_5; /* NULL: the same */
};

static uint64_t sql_mode;
static enum account_policy accounts = ACCOUNTS_REPLICATE;

static void check(enum dialect to, const char *in, const char *out)
{
    const struct sql_source source = {
        {FORMAT_MARIADB, 101118, to, accounts},
        {.collation_client = 45, .sql_mode = sql_mode},
    };

    sql_check(&source, &(struct sql_case){in, out});
}

static void check_all(const struct statement *statements, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *mysql_5 = statements[i].mysql_5;

        check(DIALECT_MYSQL_8, statements[i].in, statements[i].mysql_8);
        check(DIALECT_MYSQL_5, statements[i].in, mysql_5 ? mysql_5 : statements[i].mysql_8);
    }
}

#define CHECK_ALL(statements) check_all(statements, sizeof(statements) / sizeof(statements)[0])

/* What a character set alone means is what the event says, or else the standard one: not a
 * version's. */
static void test_moving_collations(void **state)
{
    static const uint8_t pairs[] = {33, 0, 0, 8, 45, 0, 0, 9}; /* utf8mb3, utf8mb4: uca1400_ai_ci */
    static const char in[] = "CREATE TABLE t (a NCHAR(9), b TEXT CHARACTER SET utf8mb4)";
    struct sql_source source = {{FORMAT_MARIADB, 110800, DIALECT_MYSQL_8, accounts},
                                {.collation_client = 45}};

    (void)state;
    sql_check(&source, &(struct sql_case){in, "CREATE TABLE t (a NCHAR(9) COLLATE "
                                              "utf8_general_ci, b TEXT CHARACTER SET utf8mb4 "
                                              "COLLATE utf8mb4_general_ci)"});
    source.session.collations = span_of(pairs, sizeof pairs);
    sql_check(&source, &(struct sql_case){in, "CREATE TABLE t (a NCHAR(9) COLLATE "
                                              "utf8_unicode_520_ci, b TEXT CHARACTER SET "
                                              "utf8mb4 COLLATE utf8mb4_0900_ai_ci)"});
}

static void test_types(void **state)
{
    static const struct statement statements[] = {
        {"ALTER TABLE t ADD j JSON NOT NULL",
         "ALTER TABLE t ADD j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL", NULL},
        {"ALTER TABLE t ADD (a UUID, b INET6, c INET4), ADD d INT",
         "ALTER TABLE t ADD (a BINARY(16), b BINARY(16), c BINARY(4)), ADD d INT", NULL},
        {"ALTER TABLE t MODIFY v VECTOR(1536) NOT NULL",
         "ALTER TABLE t MODIFY v VARBINARY(6144)  NOT NULL", NULL},
        {"ALTER TABLE t ADD json INT, ADD `JSON` INT COMMENT 'JSON' /* JSON */", SAME, NULL},
        {"ALTER TABLE t ADD x XMLTYPE", "!type XMLTYPE: MySQL has none of that name", NULL},
        {"ALTER TABLE t CHANGE COLUMN uuid inet6 UUID AFTER json",
         "ALTER TABLE t CHANGE COLUMN uuid inet6 BINARY(16) AFTER json", NULL},
        {"ALTER TABLE t ADD a VARCHAR(9) COMPRESSED=zlib NULL, ADD b POINT REF_SYSTEM_ID=4",
         "ALTER TABLE t ADD a VARCHAR(9)   NULL, ADD b POINT  ", NULL},
        {"ALTER TABLE t ADD a INT AFTER compressed", SAME, NULL},
    };

    (void)state;
    CHECK_ALL(statements);
}

static void test_defaults(void **state)
{
    static const struct statement statements[] = {
        {"ALTER TABLE t ADD a INT DEFAULT -1, ADD b CHAR(3) DEFAULT 'a' 'b', ADD c BIT DEFAULT "
         "b'1'",
         SAME, NULL},
        {"ALTER TABLE t ADD a DATE DEFAULT DATE '2026-01-01', ADD b INT DEFAULT NULL", SAME, NULL},
        {"ALTER TABLE t ADD a DATETIME(3) DEFAULT now(3) ON UPDATE current_timestamp(3)", SAME,
         NULL},
        {"ALTER TABLE t ADD a DATE DEFAULT now()", "ALTER TABLE t ADD a DATE DEFAULT (now())",
         "!DEFAULT: MySQL 5.6 and 5.7 have no expressions there"},
        {"ALTER TABLE t ADD a CHAR(36) DEFAULT uuid() NOT NULL",
         "ALTER TABLE t ADD a CHAR(36) DEFAULT (uuid()) NOT NULL", "!DEFAULT: "},
        {"ALTER TABLE t ADD a INT DEFAULT (1 + 2)", SAME, "!DEFAULT: "},
        {"ALTER TABLE t ADD a INT DEFAULT ( 5 )", SAME, "ALTER TABLE t ADD a INT DEFAULT   5  "},
        {"ALTER TABLE t ADD a DATETIME DEFAULT (now())", SAME,
         "ALTER TABLE t ADD a DATETIME DEFAULT  now() "},
        {"ALTER TABLE t ADD a TEXT DEFAULT 'x)' COMMENT 'y'",
         "ALTER TABLE t ADD a TEXT DEFAULT ('x)') COMMENT 'y'",
         "!DEFAULT: MySQL 5.6 and 5.7 have none for TEXT, BLOB and JSON columns"},
        {"ALTER TABLE t ADD a TEXT DEFAULT NULL", SAME, NULL},
        {"ALTER TABLE t ADD a UUID DEFAULT uuid(), ADD b INET6 DEFAULT ('::1') NOT NULL",
         "ALTER TABLE t ADD a BINARY(16)  , ADD b BINARY(16)   NOT NULL", NULL},
        {"ALTER TABLE t ALTER a SET DEFAULT 'x'", "ALTER TABLE t ALTER a SET DEFAULT ('x')", SAME},
        {"ALTER TABLE t ALTER a SET DEFAULT uuid()", "ALTER TABLE t ALTER a SET DEFAULT (uuid())",
         "!DEFAULT: "},
        {"ALTER TABLE t ADD a INT DEFAULT NEXTVAL(s)", "!SEQUENCE: MySQL has none", NULL},
        {"ALTER TABLE t ADD a INT DEFAULT (NEXT VALUE FOR s)", "!SEQUENCE: MySQL has none", NULL},
        {"ALTER TABLE t ADD a INT DEFAULT", "!DEFAULT: a value or an expression was expected",
         NULL},
    };

    (void)state;
    CHECK_ALL(statements);
}

static void test_columns(void **state)
{
    static const struct statement statements[] = {
        {"ALTER TABLE t ADD a INT AS (b + 1) PERSISTENT UNIQUE",
         "ALTER TABLE t ADD a INT AS (b + 1) STORED UNIQUE",
         "!GENERATED column: MySQL 5.6 has none"},
        {"ALTER TABLE t ADD a INT INVISIBLE", SAME, "!INVISIBLE: "},
        {"ALTER TABLE t ADD a INT CHECK (a > 0 AND a IS NOT NULL)", SAME,
         "ALTER TABLE t ADD a INT  "},
        {"ALTER TABLE t ADD a INT CHECK (a > b) COMMENT 'c', ADD d INT",
         "ALTER TABLE t ADD a INT   COMMENT 'c', ADD CHECK (a > b), ADD d INT",
         "ALTER TABLE t ADD a INT   COMMENT 'c', ADD d INT"},
        {"ALTER TABLE t ADD a CHAR(9) CHECK (a > b COLLATE utf8mb4_uca1400_ai_ci)",
         "!column a: its CHECK or REFERENCES has words that are MariaDB's own",
         "ALTER TABLE t ADD a CHAR(9)  "},
        {"ALTER TABLE t ADD (p INT REFERENCES q (id) ON DELETE SET NULL ON UPDATE CASCADE, c INT)",
         "ALTER TABLE t ADD (p INT  , FOREIGN KEY (p) REFERENCES q (id) ON DELETE SET NULL ON "
         "UPDATE "
         "CASCADE, c INT)",
         NULL},
        {"ALTER TABLE t ADD a INT WITHOUT SYSTEM VERSIONING", "!SYSTEM VERSIONING: ", NULL},
        {"ALTER TABLE t ADD system INT, ADD period INT AFTER system", SAME, NULL},
    };

    (void)state;
    CHECK_ALL(statements);
}

static void test_tables(void **state)
{
    static const struct statement statements[] = {
        {"CREATE TABLE t (a INT)", SAME, "CREATE TABLE t (a INT) ROW_FORMAT=DYNAMIC"},
        {"CREATE TABLE IF NOT EXISTS d.t (a INT) ROW_FORMAT=COMPACT", SAME, NULL},
        {"CREATE TABLE t (a INT) ENGINE=MyISAM", SAME, NULL},
        {"CREATE TABLE t (a INT) ENGINE = 'aria' PAGE_CHECKSUM = 1, ROW_FORMAT=PAGE",
         "CREATE TABLE t (a INT) ENGINE = InnoDB    ",
         "CREATE TABLE t (a INT) ROW_FORMAT=DYNAMIC ENGINE = InnoDB    "},
        {"CREATE TABLE t (a INT) ENGINE=RocksDB", "!ENGINE=RocksDB: MySQL has none of that name",
         NULL},
        {"CREATE TABLE t (a INT) ENGINE=Aria ROW_FORMAT=PAGE",
         "CREATE TABLE t (a INT) ENGINE=InnoDB  ",
         "CREATE TABLE t (a INT) ROW_FORMAT=DYNAMIC ENGINE=InnoDB  "},
        {"ALTER TABLE t ADD UNIQUE (a, p WITHOUT OVERLAPS)", "!WITHOUT OVERLAPS: ", NULL},
        {"CREATE TABLE t LIKE u", SAME, NULL},
        {"CREATE TABLE t (LIKE u)", SAME, NULL},
        {"CREATE TABLE t AS SELECT 1 AS json", SAME, "!CREATE TABLE ... SELECT: MySQL 5.6 can not"},
        {"CREATE TABLE t (a INT, KEY (a) IGNORED, UNIQUE (a) NOT IGNORED) ENGINE=MEMORY",
         "CREATE TABLE t (a INT, KEY (a) INVISIBLE , UNIQUE (a) VISIBLE ) ENGINE=MEMORY",
         "CREATE TABLE t (a INT, KEY (a)  , UNIQUE (a)  ) ENGINE=MEMORY"},
        {"CREATE TABLE t (a INT, KEY IF NOT EXISTS k (a))", "!IF NOT EXISTS: MySQL has no such",
         NULL},
        {"CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "!SYSTEM VERSIONING: ", NULL},
        {"CREATE TABLE t (a INT) PARTITION BY SYSTEM_TIME", "!PARTITION BY SYSTEM_TIME: ", NULL},
        {"CREATE TABLE t (a INT) SEQUENCE=1", "!SEQUENCE: MySQL has none", NULL},
        {"ALTER TABLE t WAIT 5 FORCE, ALGORITHM=INSTANT, LOCK NONE",
         "ALTER TABLE t   FORCE, ALGORITHM=DEFAULT, LOCK DEFAULT", NULL},
        {"ALTER TABLE t DROP CONSTRAINT c", SAME, "!DROP CONSTRAINT: "},
        {"ALTER TABLE t ADD PARTITION IF NOT EXISTS (PARTITION p VALUES IN (1))",
         "!ADD PARTITION IF", NULL},
        {"ALTER TABLE t CONVERT PARTITION p TO TABLE u", "!CONVERT PARTITION and CONVERT TABLE",
         NULL},
        {"CREATE TABLE t (a INT", SAME, "CREATE TABLE t (a INT ROW_FORMAT=DYNAMIC"},
    };

    (void)state;
    CHECK_ALL(statements);
}

static void test_other_statements(void **state)
{
    static const struct statement statements[] = {
        {"INSERT INTO t VALUES ('RETURNING', (SELECT 1)) RETURNING id, f(x)",
         "INSERT INTO t VALUES ('RETURNING', (SELECT 1))  ", NULL},
        {"REPLACE INTO t SELECT `returning` FROM u", SAME, NULL},
        {"SET STATEMENT sort_buffer_size = 1, max_statement_time = 2 FOR ALTER TABLE t ADD j JSON",
         "  ALTER TABLE t ADD j LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", NULL},
        {"SET STATEMENT div_precision_increment = 9 FOR DELETE FROM t",
         "!SET STATEMENT div_precision_increment: ", NULL},
        {"UPDATE t FOR PORTION OF p FROM '2020-01-01' TO '2021-01-01' SET a = 1",
         "!FOR PORTION OF: ", NULL},
        {"CREATE OR REPLACE ALGORITHM=MERGE DEFINER=a@b VIEW v AS SELECT 1", SAME, NULL},
        {"CREATE OR REPLACE DEFINER=a@b PROCEDURE p() SELECT 1",
         "!CREATE OR REPLACE PROCEDURE: ", NULL},
        {"CREATE PROCEDURE p() BEGIN CREATE OR REPLACE TABLE t (a INT); END",
         "!CREATE OR REPLACE TABLE: ", NULL},
        {"CREATE PROCEDURE p() BEGIN FOR r IN (SELECT 1) DO SELECT 2; END FOR; END",
         "!FOR ... IN: ", NULL},
        {"CREATE PROCEDURE p() BEGIN EXECUTE IMMEDIATE 'SELECT 1'; END",
         "!EXECUTE IMMEDIATE: ", NULL},
        {"CREATE PROCEDURE p() BEGIN DECLARE x ROW TYPE OF t; END", "!ROW TYPE OF: ", NULL},
        {"CREATE PROCEDURE d.p(IN a JSON, OUT `json` INT, b DECIMAL(5,2)) SELECT a",
         "CREATE PROCEDURE d.p(IN a LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, OUT `json` "
         "INT, b DECIMAL(5,2)) SELECT a",
         NULL},
        {"CREATE FUNCTION f(a INT) RETURNS JSON RETURN '[]'",
         "CREATE FUNCTION f(a INT) RETURNS LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin "
         "RETURN '[]'",
         NULL},
        {"CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE a, b JSON; SET a = 1; END",
         "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE a, b LONGTEXT CHARACTER "
         "SET utf8mb4 COLLATE utf8mb4_bin; SET a = 1; END",
         NULL},
        {"CREATE PROCEDURE p(a UUID) SELECT 1", "!type UUID of a parameter or variable: ", NULL},
        {"CREATE FUNCTION f() RETURNS INET6 RETURN '::1'", "!type INET6 of a parameter", NULL},
        {"CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DECLARE v INET4; END", "!type INET4 of",
         NULL},
        {"CREATE PROCEDURE p(uuid INT, x CHAR(36)) BEGIN DECLARE json INT; SELECT uuid; END", SAME,
         NULL},
        {"CREATE TABLE t SELECT 1 AS a", SAME, "!CREATE TABLE ... SELECT: MySQL 5.6 can not"},
        {"CREATE TABLE t (a INT) ENGINE=InnoDB ROW_FORMAT=DYNAMIC AS (SELECT 1 AS a)", SAME,
         "!CREATE TABLE ... SELECT: "},
        {"CREATE TEMPORARY TABLE t SELECT 1 AS a", SAME,
         "CREATE TEMPORARY TABLE t ROW_FORMAT=DYNAMIC SELECT 1 AS a"},
        {"CREATE PROCEDURE p() BEGIN DECLARE c CURSOR FOR SELECT 1; SELECT 1 FOR UPDATE; END", SAME,
         NULL},
        {"CREATE PACKAGE BODY p AS END", "!PACKAGE: MySQL has none", NULL},
        {"CREATE DATABASE d COMMENT = 'c' CHARACTER SET latin1",
         "CREATE DATABASE d   CHARACTER SET latin1", NULL},
        {"CREATE DATABASE comment CHARACTER SET latin1", SAME, NULL},
        {"DROP TABLE t WAIT 1 /* generated */", "DROP TABLE t   /* generated */", NULL},
        {"TRUNCATE TABLE t NOWAIT", "TRUNCATE TABLE t  ", NULL},
        {"FLUSH LOCAL QUERY CACHE", DROPPED, NULL},
        {"FLUSH TABLES t", SAME, NULL},
        {"OPTIMIZE TABLE t WAIT 3", "OPTIMIZE TABLE t  ", NULL},
        {"DROP TABLE nowait, d.nowait, wait", SAME, NULL},
        {"RENAME TABLE nowait TO wait", SAME, NULL},
        {"CREATE INDEX ignored ON algorithm (ignored, nowait) IGNORED",
         "CREATE INDEX ignored ON algorithm (ignored, nowait) INVISIBLE ",
         "CREATE INDEX ignored ON algorithm (ignored, nowait)  "},
        {"ALTER TABLE t ADD KEY ignored (ignored), ADD UNIQUE ignored (a)", SAME, NULL},
        {"DROP INDEX ignored ON t WAIT 2 LOCK=NONE", "DROP INDEX ignored ON t   LOCK=DEFAULT",
         NULL},
        {"CREATE VECTOR INDEX v ON t (a)", "!VECTOR INDEX: ", NULL},
    };

    (void)state;
    CHECK_ALL(statements);
}

static void test_modes(void **state)
{
    static const struct statement oracle[] = {
        {"CREATE TABLE t (a VARCHAR2(9))", "!sql_mode=ORACLE: ", NULL},
        {"DROP TABLE t", SAME, NULL},
    };
    static const struct statement assignment[] = {
        {"UPDATE t SET a = b, b = a", "!sql_mode=SIMULTANEOUS_ASSIGNMENT: ", NULL},
        {"DELETE FROM t", SAME, NULL},
    };
    static const struct statement empty[] = {
        {"INSERT INTO t VALUES ('')", "!sql_mode=EMPTY_STRING_IS_NULL: ", NULL},
        {"INSERT INTO t VALUES ('a')", SAME, NULL},
    };

    (void)state;
    sql_mode = MODE_ORACLE;
    CHECK_ALL(oracle);
    sql_mode = MODE_SIMULTANEOUS_ASSIGNMENT;
    CHECK_ALL(assignment);
    sql_mode = MODE_EMPTY_STRING_IS_NULL;
    CHECK_ALL(empty);
    sql_mode = 0;
}

static void test_accounts(void **state)
{
    static const struct statement replicated[] = {
        {"CREATE USER u IDENTIFIED BY 'x'", SAME, NULL},
        {"CREATE USER u IDENTIFIED BY PASSWORD '*00'", "!IDENTIFIED BY PASSWORD: ", SAME},
        {"CREATE USER u IDENTIFIED VIA ed25519 USING 'x'", "!IDENTIFIED VIA: ", NULL},
        {"CREATE OR REPLACE USER u", "!CREATE OR REPLACE USER: ", NULL},
        {"CREATE USER IF NOT EXISTS u", SAME, "!USER IF NOT EXISTS: "},
        {"CREATE ROLE r WITH ADMIN u", "!WITH ADMIN: ", "!ROLE: "},
        {"GRANT r TO u", SAME, "!ROLE: "},
        {"GRANT SELECT (a, b), INSERT ON d.t TO u WITH GRANT OPTION", SAME, NULL},
        {"GRANT SELECT, DELETE HISTORY ON d.t TO u", "!a right of MariaDB's own: ", NULL},
        {"GRANT SELECT ON d.t TO u IDENTIFIED BY 'x'", "!GRANT ... IDENTIFIED BY: ", SAME},
        {"REVOKE ALL PRIVILEGES, GRANT OPTION FROM u", SAME, NULL},
        {"SET PASSWORD FOR u = '*00'", "!SET PASSWORD: ", SAME},
        {"SET DEFAULT ROLE r FOR u", "SET DEFAULT ROLE r TO u", "!ROLE: "},
        {"SET DEFAULT ROLE r", "!SET DEFAULT ROLE without FOR: ", "!ROLE: "},
    };
    static const struct statement dropped[] = {
        {"CREATE USER u IDENTIFIED VIA ed25519 USING 'x'", DROPPED, NULL},
        {"CREATE OR REPLACE USER u", DROPPED, NULL},
        {"GRANT BINLOG ADMIN ON *.* TO u", DROPPED, NULL},
        {"SET PASSWORD FOR u = '*00'", DROPPED, NULL},
        {"CREATE TABLE user (a INT) ENGINE=MyISAM", SAME, NULL},
    };

    (void)state;
    CHECK_ALL(replicated);
    accounts = ACCOUNTS_DROP;
    CHECK_ALL(dropped);
    accounts = ACCOUNTS_REPLICATE;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moving_collations),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_tables),
        cmocka_unit_test(test_other_statements),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_accounts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
