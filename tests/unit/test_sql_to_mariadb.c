#include "sql_check.h"

static const struct sql_source mysql_97 = {
    {FORMAT_MYSQL, 90704, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 255},
};
static const struct sql_source mysql_56 = {
    {FORMAT_MYSQL, 50624, DIALECT_MARIADB, ACCOUNTS_REPLICATE},
    {.collation_client = 33},
};

static void test_columns(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE t (id INT UNSIGNED NOT NULL AUTO_INCREMENT, j JSON, PRIMARY KEY (id))",
         SAME},
        {"CREATE TABLE t (a INT VISIBLE, b INT INVISIBLE)",
         "CREATE TABLE t (a INT  , b INT INVISIBLE)"},
        {"CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */, PRIMARY "
         "KEY(id))",
         "CREATE TABLE t (id BIGINT NOT NULL AUTO_INCREMENT   INVISIBLE  , PRIMARY KEY(id))"},
        {"CREATE TABLE t (a INT, b INT NOT NULL INVISIBLE)",
         "CREATE TABLE t (a INT, b INT NOT NULL DEFAULT 0 INVISIBLE)"},
        {"CREATE TABLE t (a INT, b VARCHAR(3) INVISIBLE NOT NULL)",
         "CREATE TABLE t (a INT, b VARCHAR(3) DEFAULT '' INVISIBLE NOT NULL)"},
        {"CREATE TABLE t (a INT, b INT DEFAULT 7 INVISIBLE NOT NULL)", SAME},
        {"CREATE TABLE t (a INT, `b` DATE NOT NULL INVISIBLE)",
         "!CREATE TABLE t: column b: NOT NULL INVISIBLE without a default"},
        {"CREATE TABLE t (v VECTOR(3) NOT NULL, w VECTOR, vector INT)",
         "CREATE TABLE t (v LONGBLOB NOT NULL, w LONGBLOB, vector INT)"},
        {"CREATE TABLE t (a NVARCHAR(9) NOT NULL, b NATIONAL CHARACTER VARYING(3), c NCHAR BINARY, "
         "d CHAR(3) UNICODE, e CHAR CHARACTER SET latin1)",
         "CREATE TABLE t (a NVARCHAR(9) COLLATE utf8mb3_general_ci NOT NULL, b NATIONAL CHARACTER "
         "VARYING(3) COLLATE utf8mb3_general_ci, c NCHAR BINARY, d CHAR(3) CHARACTER SET ucs2 "
         "COLLATE ucs2_general_ci, e CHAR CHARACTER SET latin1)"},
        {"CREATE TABLE t (v VECTOR(3)NOT NULL)", "CREATE TABLE t (v LONGBLOB NOT NULL)"},
        {"CREATE TABLE t (g GEOMCOLLECTION, h GEOMETRY NOT NULL SRID 4326 COMMENT 'x')",
         "CREATE TABLE t (g GEOMETRYCOLLECTION, h GEOMETRY NOT NULL   COMMENT 'x')"},
        {"CREATE TABLE t (a INT COLUMN_FORMAT DYNAMIC STORAGE DISK DEFAULT 1)",
         "CREATE TABLE t (a INT     DEFAULT 1)"},
        {"CREATE TABLE t (a INT, g INT GENERATED ALWAYS AS (a+1) STORED NOT NULL COMMENT 'NOT "
         "NULL')",
         "CREATE TABLE t (a INT, g INT GENERATED ALWAYS AS (a+1) STORED   COMMENT 'NOT NULL')"},
        {"CREATE TABLE t (a INT NOT NULL, g INT AS (a IS NOT NULL) VIRTUAL NULL UNIQUE)",
         "CREATE TABLE t (a INT NOT NULL, g INT AS (a IS NOT NULL) VIRTUAL   UNIQUE)"},
        {"CREATE TABLE t (a INT ENGINE_ATTRIBUTE='{\"a\": 1}' SECONDARY_ENGINE_ATTRIBUTE = 'x')",
         "CREATE TABLE t (a INT    )"},
        {"CREATE TABLE t (a DATETIME(3) NOT NULL DEFAULT NOW(3) ON UPDATE NOW(3), "
         "b CHAR(1) DEFAULT _latin1'x', c DATE DEFAULT DATE'2000-01-01', d INT DEFAULT -1, "
         "e BINARY(16) DEFAULT (UUID()), f ENUM('a,b', ')') NOT NULL)",
         SAME},
        {"CREATE TABLE t (a INT REFERENCES p (id) ON DELETE SET NULL, b INT)", SAME},
        {"CREATE TABLE t (`storage` INT, `visible` INT, KEY visible (visible), KEY (storage))",
         SAME},
        {"ALTER TABLE t ADD a INT AFTER storage, ADD COLUMN (b JSON, c VECTOR(2)), "
         "MODIFY d INT VISIBLE FIRST, CHANGE COLUMN e f VECTOR(1) AFTER invisible",
         "ALTER TABLE t ADD a INT AFTER storage, ADD COLUMN (b JSON, c LONGBLOB), "
         "MODIFY d INT   FIRST, CHANGE COLUMN e f LONGBLOB AFTER invisible"},
    };
    static const struct sql_case older[] = {
        {"CREATE TABLE t (a INT REFERENCES p (id) MATCH FULL ON DELETE NO ACTION ON UPDATE "
         "CASCADE, "
         "b INT)",
         "CREATE TABLE t (a INT  , b INT)"},
        {"CREATE TABLE t (a INT, FOREIGN KEY (a) REFERENCES p (id))", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
}

/* MySQL keeps a key that it made for a table before it; rows tell the two apart by type only. */
static void test_a_big_column_is_not_put_first(void **state)
{
    static const struct sql_case statements[] = {
        {"ALTER TABLE t ADD COLUMN f BIGINT FIRST",
         "!column f: FIRST: in a table with a generated invisible primary key"},
        {"ALTER TABLE t MODIFY a bigint unsigned NOT NULL FIRST, ADD b INT", "!column a: FIRST: "},
        {"ALTER TABLE t ADD COLUMN f INT FIRST, ADD g BIGINT AFTER f", SAME},
        {"ALTER TABLE t ADD COLUMN f BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY FIRST",
         SAME},
        {"ALTER TABLE t ADD COLUMN f BIGINT PRIMARY KEY FIRST", SAME},
        {"ALTER TABLE t ADD COLUMN first BIGINT", SAME},
        {"ALTER TABLE t ADD COLUMN f BIGINT COMMENT 'FIRST' AFTER first", SAME},
    };
    static const struct sql_case older[] = {
        {"ALTER TABLE t ADD COLUMN f BIGINT FIRST", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
}

static void test_checks(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE `a``b` (a INT, CHECK (a > 0))",
         "CREATE TABLE `a``b` (a INT, CONSTRAINT `a``b_chk_1` CHECK (a > 0))"},
        {"CREATE TABLE d.t (a INT, CHECK (a > 0) ENFORCED, CONSTRAINT c CHECK (a < (9)))",
         "CREATE TABLE d.t (a INT, CONSTRAINT `t_chk_1` CHECK (a > 0)  , CONSTRAINT c CHECK (a < "
         "(9)))"},
        {"CREATE TABLE t (a INT CHECK (a > 0), b INT CONSTRAINT nn CHECK (b > 0) NOT ENFORCED)",
         "CREATE TABLE t (a INT , CONSTRAINT `t_chk_1` CHECK (a > 0), b INT , CONSTRAINT nn CHECK "
         "(TRUE OR (b > 0))  )"},
        {"CREATE TABLE t (a INT CHECK (a > 0) NOT NULL COMMENT 'x' CONSTRAINT CHECK (a < 9))",
         "CREATE TABLE t (a INT NOT NULL COMMENT 'x' , CONSTRAINT `t_chk_1` CHECK (a > 0)       , "
         "CONSTRAINT `t_chk_2` CHECK (a < 9))"},
        {"CREATE TABLE t (a JSON CHECK (a > 0) DEFAULT (a->'$.x'))",
         "!an attribute of a column behind its CHECK has to be rewritten"},
        {"ALTER TABLE t ADD a INT CHECK (a > 0) AFTER b, ADD CHECK (c > 0), ADD CONSTRAINT k CHECK "
         "(d > 0) NOT ENFORCED, DROP CHECK z, DROP CONSTRAINT y",
         "ALTER TABLE t ADD a INT AFTER b , ADD CHECK (a > 0)  , ADD CHECK (c > 0), ADD CONSTRAINT "
         "k CHECK (TRUE OR (d > 0))  , DROP CONSTRAINT z, DROP CONSTRAINT y"},
        {"ALTER TABLE t ALTER CHECK `c` NOT ENFORCED",
         "!constraint c: MariaDB can not change whether one is enforced"},
    };
    static const struct sql_case older[] = {
        {"ALTER TABLE t ADD CHECK (a > 0), ADD b INT CHECK (b > 0)", "ALTER TABLE t   ADD b INT  "},
        {"ALTER TABLE t ADD b INT, ADD CONSTRAINT c CHECK (a > 0)", "ALTER TABLE t ADD b INT "},
        {"ALTER TABLE t ADD CHECK (a > 0)", DROPPED},
        {"CREATE TABLE t (a INT CHECK (a > 0), CHECK (a > 1), CONSTRAINT c CHECK (a > 2), b INT)",
         "CREATE TABLE t (a INT    , b INT)"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
}

static void test_keys(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a DESC) USING BTREE, KEY k (b(10)) "
         "INVISIBLE, "
         "UNIQUE KEY u (a, b(3)) VISIBLE COMMENT 'x')",
         "CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a DESC) USING BTREE, KEY k (b(10)) IGNORED, "
         "UNIQUE KEY u (a, b(3))   COMMENT 'x')"},
        {"CREATE TABLE t (a INT, KEY f (a, (a + 1)))", "!a key of an expression"},
        {"CREATE UNIQUE INDEX i ON t ((a + 1))",
         "!CREATE UNIQUE INDEX i ON t: a key of an expression"},
        {"CREATE INDEX i ON t (a) INVISIBLE ALGORITHM=INPLACE LOCK NONE",
         "CREATE INDEX i ON t (a) IGNORED    "},
        {"DROP INDEX lock ON t ALGORITHM = INPLACE", "DROP INDEX lock ON t  "},
        {"DROP INDEX i ON d.t", SAME},
        {"CREATE TABLE t (a TEXT, FULLTEXT KEY (a) WITH PARSER ngram)",
         "CREATE TABLE t (a TEXT, FULLTEXT KEY (a)  )"},
        {"ALTER TABLE t ALTER INDEX a VISIBLE, ALTER INDEX b INVISIBLE, ALTER c SET DEFAULT 1",
         "ALTER TABLE t ALTER INDEX a NOT IGNORED, ALTER INDEX b IGNORED, ALTER c SET DEFAULT 1"},
        {"ALTER TABLE t ALTER COLUMN c SET INVISIBLE",
         "!column c: MariaDB changes its visibility with the whole definition only"},
        {"ALTER TABLE t ADD INDEX ((a + 1))", "!a key of an expression"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_options(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE TABLE t (a INT) ENGINE=InnoDB ENCRYPTION='N' COMMENT='x'",
         "CREATE TABLE t (a INT) ENGINE=InnoDB   COMMENT='x'"},
        {"CREATE TABLE t (a INT) ENCRYPTION 'Y', COMMENT='x'",
         "CREATE TABLE t (a INT) ENCRYPTED YES, COMMENT='x'"},
        {"CREATE TABLE t (a INT) COMPRESSION='ZLIB', ENGINE=InnoDB, AUTOEXTEND_SIZE=4M",
         "CREATE TABLE t (a INT)   ENGINE=InnoDB "},
        {"CREATE TABLE t (a INT) /*!50100 TABLESPACE `ts` */ SECONDARY_ENGINE RAPID",
         "CREATE TABLE t (a INT) /*!50100   */  "},
        {"CREATE TABLE `t` (\n  `a` int NOT NULL DEFAULT '0'\n) START TRANSACTION",
         "CREATE TABLE `t` (\n  `a` int NOT NULL DEFAULT '0'\n)  "},
        {"CREATE TABLE t (a INT) SELECT compression FROM storage", SAME},
        {"CREATE TABLE t LIKE storage", SAME},
        {"CREATE TABLE t (LIKE storage)", SAME},
        {"CREATE TABLE t (a INT) PARTITION BY KEY ALGORITHM=2 (a) PARTITIONS 2", SAME},
        {"ALTER TABLE t ADD a INT, ALGORITHM=INSTANT, LOCK = NONE", "ALTER TABLE t ADD a INT  "},
        {"ALTER TABLE t ALGORITHM=INPLACE, LOCK=NONE, ADD a INT, ADD b INT",
         "ALTER TABLE t     ADD a INT, ADD b INT"},
        {"ALTER TABLE t ALGORITHM=INPLACE, ENCRYPTION='N'", DROPPED},
        {"ALTER TABLE t SECONDARY_LOAD", DROPPED},
        {"ALTER TABLE t", SAME},
        {"ALTER TABLE t ENGINE=InnoDB, ROW_FORMAT=DYNAMIC, RENAME COLUMN storage TO lock", SAME},
        {"ALTER TABLE t ADD a INT, ENCRYPTION='N' ROW_FORMAT=DYNAMIC",
         "ALTER TABLE t ADD a INT,   ROW_FORMAT=DYNAMIC"},
        {"ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s WITHOUT VALIDATION",
         "ALTER TABLE t EXCHANGE PARTITION p WITH TABLE s  "},
        {"ALTER TABLE t DISCARD TABLESPACE", SAME},
        {"ALTER TABLE t ADD PARTITION (PARTITION p VALUES LESS THAN (3))", SAME},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_databases(void **state)
{
    static const struct sql_case statements[] = {
        {"CREATE DATABASE encryption", SAME},
        {"CREATE DATABASE d /*!80016 DEFAULT ENCRYPTION='N' */", "CREATE DATABASE d      "},
        {"CREATE SCHEMA d ENCRYPTION 'N' COLLATE latin1_bin",
         "CREATE SCHEMA d   COLLATE latin1_bin"},
        {"ALTER DATABASE d READ ONLY = 1", DROPPED},
        {"ALTER DATABASE d READ ONLY DEFAULT CHARSET latin1", "ALTER DATABASE d   CHARSET latin1"},
        {"ALTER DATABASE d ENCRYPTION='Y'", "!ENCRYPTION of a database"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_queries(void **state)
{
    static const struct sql_case statements[] = {
        {"UPDATE t SET a = d.t.`j`->'$.x', b = j ->> '$.y' + 1, c = a - 1 > 0",
         "UPDATE t SET a = JSON_EXTRACT(d.t.`j`, '$.x'), b = JSON_UNQUOTE(JSON_EXTRACT(j ,  "
         "'$.y')) + 1, c = a - 1 > 0"},
        {"CREATE TABLE t (j JSON, g INT AS (j->'$.a' + (j->>'$.b')) VIRTUAL NOT NULL)",
         "CREATE TABLE t (j JSON, g INT AS (JSON_EXTRACT(j, '$.a') + "
         "(JSON_UNQUOTE(JSON_EXTRACT(j, '$.b')))) VIRTUAL  )"},
        {"CREATE TABLE t (id BINARY(16) DEFAULT (uuid_to_bin(UUID())))",
         "CREATE TABLE t (id BINARY(16) DEFAULT (UNHEX(REPLACE(UUID(), '-', ''))))"},
        {"CREATE VIEW v AS SELECT BIN_TO_UUID(id) FROM t",
         "CREATE VIEW v AS SELECT LOWER(INSERT(INSERT(INSERT(INSERT(HEX(id), 9, 0, '-'), 14, 0, "
         "'-'), 19, 0, '-'), 24, 0, '-')) FROM t"},
        {"UPDATE t SET a = UUID_TO_BIN(b, 1)",
         "!UPDATE t SET a: function UUID_TO_BIN with a swap flag"},
        {"UPDATE t SET a = 1 WHERE REGEXP_LIKE(CONCAT(a, b), '^x')",
         "UPDATE t SET a = 1 WHERE (((CONCAT(a, b)) REGEXP ( '^x')))"},
        {"UPDATE t SET a = REGEXP_LIKE(a, b, 'c')", "!function REGEXP_LIKE with a match type"},
        {"UPDATE t SET a = IS_UUID(b), etag = d.any_value(c)", "!function IS_UUID: MariaDB 10.11"},
        {"UPDATE t SET a = JSON_VALUE(j, '$.a')", SAME},
        {"UPDATE t SET a = JSON_VALUE(j, '$.a' RETURNING UNSIGNED)",
         "!function JSON_VALUE with RETURN"},
        {"UPDATE t SET a = CAST(b AS JSON)", "!CAST AS JSON: MariaDB 10.11"},
        {"UPDATE t SET a = 1 MEMBER OF (b)", "!MEMBER OF: MariaDB 10.11"},
        {"UPDATE t, LATERAL (SELECT t.a) l SET t.a = 1", "!LATERAL: MariaDB 10.11"},
        {"INSERT INTO s SELECT a FROM t FOR SHARE SKIP LOCKED",
         "INSERT INTO s SELECT a FROM t LOCK IN SHARE MODE SKIP LOCKED"},
        {"CREATE TABLE t (etag INT, KEY etag (etag), KEY grouping (etag))", SAME},
        {"INSERT INTO etag (a) VALUES (1)", SAME},
        {"CREATE INDEX i ON etag (a)", SAME},
        {"WITH x AS (SELECT 1 a) UPDATE t, x SET t.a = x.a", "!WITH before UPDATE or DELETE"},
        {"WITH x AS (SELECT 1 a) SELECT a FROM x", SAME},
        {"UPDATE t SET a = UUID_TO_BIN((b", SAME}, /* the replica's parser says what it thinks */
    };
    static const struct sql_case older[] = {
        {"UPDATE t SET a = IS_UUID(b), c = REGEXP_LIKE(a, b, 'c')", SAME},
        {"UPDATE t SET a = GTID_SUBSET(b, c)", "!function GTID_SUBSET: MariaDB 10.11"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
    sql_check_all(&mysql_56, older);
}

static void test_changes(void **state)
{
    static const struct sql_case statements[] = {
        {"INSERT INTO t VALUES ROW(1, 'a'), ROW(2, CONCAT(ROW(1)))",
         "INSERT INTO t VALUES  (1, 'a'),  (2, CONCAT(ROW(1)))"},
        {"INSERT INTO t TABLE s", "INSERT INTO t SELECT * FROM s"},
        {"CREATE TABLE t AS TABLE s", "CREATE TABLE t AS SELECT * FROM s"},
        {"INSERT INTO t (a, b) VALUES (1, 2) AS new ON DUPLICATE KEY UPDATE a = new.a, b = t.b + "
         "`new`.`b`",
         "INSERT INTO t (a, b) VALUES (1, 2)   ON DUPLICATE KEY UPDATE a = VALUES(a), b = t.b + "
         "VALUES(`b`)"},
        {"INSERT INTO t SET a = 1 AS n ON DUPLICATE KEY UPDATE a = n.a",
         "INSERT INTO t SET a = 1   ON DUPLICATE KEY UPDATE a = VALUES(a)"},
        {"INSERT INTO t VALUES (1) AS n(m) ON DUPLICATE KEY UPDATE a = m",
         "!the row alias n with names of columns"},
        {"INSERT INTO t SELECT a FROM s AS n ON DUPLICATE KEY UPDATE a = n.a", SAME},
        {"INSERT INTO t VALUES (CAST(1 AS CHAR)) ON DUPLICATE KEY UPDATE a = VALUES(a)", SAME},
        {"DELETE FROM t AS x WHERE x.a = 1", "DELETE x FROM t AS x WHERE x.a = 1"},
        {"DELETE FROM d.t x", "DELETE x FROM d.t x"},
        {"DELETE FROM t WHERE a = 1", SAME},
        {"DELETE FROM t USING t JOIN s WHERE a = 1", SAME},
        {"DELETE FROM t AS x ORDER BY a LIMIT 1", "!an alias in DELETE with ORDER BY or LIMIT"},
        {"DELETE a FROM t AS a", SAME},
        {"INSERT INTO t SET a = 1 AS n ON DUPLICATE KEY UPDATE a = n.",
         "INSERT INTO t SET a = 1   ON DUPLICATE KEY UPDATE a = VALUES("},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

static void test_other_objects(void **state)
{
    static const struct sql_case statements[] = {
        {"ANALYZE TABLE t UPDATE HISTOGRAM ON a WITH 8 BUCKETS", DROPPED},
        {"ANALYZE TABLE t", SAME},
        {"FLUSH LOCAL OPTIMIZER_COSTS", DROPPED},
        {"FLUSH TABLES t", SAME},
        {"CREATE LIBRARY l LANGUAGE JAVASCRIPT AS 'x'", DROPPED},
        {"INSTALL COMPONENT 'file://component_x'", DROPPED},
        {"CREATE FUNCTION f(a INT) RETURNS INT LANGUAGE JAVASCRIPT AS 'return a'",
         "!CREATE FUNCTION f: LANGUAGE JAVASCRIPT: MariaDB's routines are in SQL"},
        {"CREATE PROCEDURE p() LANGUAGE SQL BEGIN END", SAME},
        {"CREATE PROCEDURE p(IN a VECTOR(3), b JSON) BEGIN DECLARE c, d GEOMCOLLECTION; END",
         "CREATE PROCEDURE p(IN a LONGBLOB, b JSON) BEGIN DECLARE c, d GEOMETRYCOLLECTION; END"},
        {"CREATE FUNCTION f(vector INT) RETURNS VECTOR(2) NO SQL RETURN NULL",
         "CREATE FUNCTION f(vector INT) RETURNS LONGBLOB NO SQL RETURN NULL"},
        {"CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE c CURSOR FOR SELECT 1; "
         "DECLARE CONTINUE HANDLER FOR NOT FOUND SET @a = 1; DECLARE v VECTOR; END",
         "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE c CURSOR FOR SELECT 1; "
         "DECLARE CONTINUE HANDLER FOR NOT FOUND SET @a = 1; DECLARE v LONGBLOB; END"},
    };

    (void)state;
    sql_check_all(&mysql_97, statements);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns),       cmocka_unit_test(test_a_big_column_is_not_put_first),
        cmocka_unit_test(test_checks),        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_options),       cmocka_unit_test(test_databases),
        cmocka_unit_test(test_queries),       cmocka_unit_test(test_changes),
        cmocka_unit_test(test_other_objects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
