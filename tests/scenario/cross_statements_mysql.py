"""What MySQL writes into its binlog, and what MariaDB takes for it: cases of cross_statements.py.

Each row of "Statements, MySQL to MariaDB" of doc/compatibility.md names its case here.
"""

from tests.scenario.cross_statements import Case

NEW = ("mysql-9.7",)
OLD = ("mysql-5.6",)
_STATEMENT = "SET SESSION binlog_format = 'STATEMENT'"
_T = "CREATE TABLE t (a INT PRIMARY KEY, b INT, c VARCHAR(20)) CHARSET latin1"
_ROWS = "INSERT INTO t VALUES (1, 10, 'x'), (2, 20, 'y'), (3, 30, 'z')"

# Letters of Latin, Greek, Cyrillic and hiragana, as rows for a table of several collations.
_LETTERS = [chr(point) for first, last in ((0xc0, 0x17f), (0x391, 0x3c9), (0x400, 0x45f), (0x3041, 0x3096))
            for point in range(first, last + 1)]  # fmt: skip
_TELL_APART = ("utf8mb4_0900_ai_ci", "utf8mb4_0900_as_cs", "utf8mb4_de_pb_0900_ai_ci", "utf8mb4_es_0900_as_cs",
               "utf8mb4_vi_0900_ai_ci", "utf8mb4_ru_0900_ai_ci", "utf8mb4_nb_0900_as_cs", "utf8mb4_ja_0900_as_cs_ks")

CASES = [
    # Collations and character sets.
    Case("c_bare_utf8mb4", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4, b TEXT) DEFAULT CHARSET=utf8mb4",
         "rewritten"),
    Case("c_0900", "CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_0900_as_cs, b TEXT COLLATE utf8mb4_0900_bin,"
         " c CHAR(3) COLLATE utf8mb4_de_pb_0900_ai_ci) COLLATE utf8mb4_vi_0900_as_cs", "rewritten",
         sources=NEW),
    Case("c_far_languages", "CREATE TABLE t (a CHAR(9) COLLATE utf8mb4_ja_0900_as_cs, b CHAR(9) COLLATE"
         " utf8mb4_nb_0900_ai_ci, c CHAR(9) COLLATE utf8mb4_ru_0900_ai_ci) CHARSET latin1", "rewritten",
         sources=NEW),
    Case("c_letters", "INSERT INTO t VALUES {}".format(", ".join(
         "({})".format(", ".join(f"'{letter}'" for _ in _TELL_APART)) for letter in _LETTERS)), sources=NEW,
         before=("CREATE TABLE t ({}) CHARSET latin1".format(", ".join(
             f"c{i} VARCHAR(9) COLLATE {name}" for i, name in enumerate(_TELL_APART))),), session=(_STATEMENT,),
         asks="SELECT {} FROM t".format(", ".join(
             f"COUNT(DISTINCT c{i}) c{i}" for i in range(len(_TELL_APART))))),
    Case("c_utf8", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8, b TEXT COLLATE utf8_unicode_ci)"
         " CHARSET=utf8 COLLATE=utf8_bin", "rewritten"),
    Case("c_gb18030", "CREATE TABLE t (a VARCHAR(9)) CHARSET=gb18030", "character set gb18030",
         sources=NEW),
    Case("c_database", "ALTER DATABASE {db} CHARACTER SET utf8mb4", "rewritten"),
    Case("c_convert", "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4, ADD d TEXT CHARACTER SET ucs2 NOT NULL",
         "rewritten", before=(_T,)),
    Case("c_national", "CREATE TABLE t (a NVARCHAR(10) NOT NULL, b NATIONAL CHAR(3), c CHAR(3) UNICODE, d NCHAR"
         " VARYING(5), e NCHAR(3) BINARY) CHARSET latin1", "rewritten"),
    Case("c_binary", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4 BINARY) CHARSET latin1"),
    Case("c_introducer", "CREATE VIEW v AS SELECT _utf8'x' a, _utf8mb4'y' b, CONVERT('z' USING utf8) c",
         "rewritten", asks="SELECT * FROM v", differs=("column v a *", "column v b *", "column v c *")),
    Case("c_default_collation", "CREATE TABLE t (a VARCHAR(9) CHARACTER SET utf8mb4) CHARSET latin1", "rewritten",
         sources=NEW, session=("SET SESSION default_collation_for_utf8mb4 = 'utf8mb4_general_ci'",)),
    # Columns.
    Case("t_json", "CREATE TABLE t (id INT PRIMARY KEY, j JSON NOT NULL, k JSON DEFAULT (JSON_ARRAY(1)))"
         " CHARSET latin1", sources=NEW),
    Case("t_json_path", "CREATE TABLE t (j JSON, g INT GENERATED ALWAYS AS (j->'$.a') STORED,"
         " h VARCHAR(9) AS (j->>'$.b') VIRTUAL NOT NULL, KEY (g)) CHARSET latin1", "rewritten", sources=NEW,
         differs=("column t h nullable",)),
    Case("t_json_alter", "ALTER TABLE t RENAME COLUMN j TO k, MODIFY l JSON NOT NULL, ADD m JSON, CHANGE n o JSON",
         before=("CREATE TABLE t (j JSON, l JSON, n TEXT) CHARSET latin1",), sources=NEW),
    Case("t_vector", "CREATE TABLE t (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, w VECTOR) CHARSET latin1",
         "rewritten", sources=NEW),
    Case("t_invisible", "CREATE TABLE t (a INT, b INT INVISIBLE, c INT NOT NULL INVISIBLE, d CHAR(3) INVISIBLE"
         " NOT NULL DEFAULT 'x', e INT VISIBLE) CHARSET latin1", "rewritten", sources=NEW,
         differs=("column t c default",)),
    Case("t_invisible_date", "CREATE TABLE t (a INT, b DATE NOT NULL INVISIBLE)",
         "column b: NOT NULL INVISIBLE without a default", sources=NEW),
    Case("t_invisible_key", "CREATE TABLE t (a INT) CHARSET latin1", "rewritten", sources=NEW,
         session=("SET SESSION sql_generate_invisible_primary_key = ON",)),
    Case("t_generated", "CREATE TABLE t (a INT NOT NULL, g INT GENERATED ALWAYS AS (a + 1) STORED NOT NULL"
         " COMMENT 'x', h INT AS (a + 2) VIRTUAL NULL UNIQUE) CHARSET latin1", "rewritten", sources=NEW,
         differs=("column t g nullable",)),
    Case("t_srid", "CREATE TABLE t (g GEOMETRY NOT NULL SRID 4326, h GEOMCOLLECTION, SPATIAL KEY (g))"
         " CHARSET latin1", "rewritten", sources=NEW),
    Case("t_storage", "CREATE TABLE t (a INT COLUMN_FORMAT DYNAMIC STORAGE DISK DEFAULT 1) CHARSET latin1",
         "rewritten"),
    Case("t_defaults", "CREATE TABLE t (a DATETIME(3) NOT NULL DEFAULT NOW(3) ON UPDATE NOW(3), b INT DEFAULT -1,"
         " c BINARY(16) DEFAULT (UUID_TO_BIN(UUID())), d DATE DEFAULT (CURRENT_DATE + INTERVAL 1 DAY),"
         " e TEXT DEFAULT ('x')) CHARSET latin1", "rewritten", sources=NEW, differs=("column t c default", "column t e default")),
    Case("t_inline_reference", "CREATE TABLE c (a INT, b INT REFERENCES t (a) ON DELETE SET NULL) ENGINE=InnoDB"
         " CHARSET latin1", {"": "rewritten"}, before=(_T,), sources=OLD),
    Case("t_inline_reference_new", "CREATE TABLE c (a INT, b INT REFERENCES t (a) ON DELETE SET NULL) CHARSET"
         " latin1", before=(_T,), sources=NEW),
    # Checks.
    Case("t_check_forgotten", "CREATE TABLE t (a INT CHECK (a > 0), CHECK (a > 1), b INT) CHARSET latin1",
         "rewritten", sources=OLD),
    Case("t_check_forgotten_alter", "ALTER TABLE t ADD CHECK (b > 0), ADD d INT CHECK (d > 0)", "rewritten",
         sources=OLD, before=(_T,)),
    Case("t_check", "CREATE TABLE t (a INT CHECK (a > 0) NOT NULL COMMENT 'x', b INT CONSTRAINT nn CHECK (b > 0),"
         " CHECK (a < b), CONSTRAINT k CHECK (a <> b) ENFORCED) CHARSET latin1", "rewritten", sources=NEW),
    Case("t_check_drop", "ALTER TABLE t DROP CHECK t_chk_1, DROP CONSTRAINT t_chk_2, ADD CONSTRAINT n CHECK (b > a)",
         "rewritten", sources=NEW,
         before=("CREATE TABLE t (a INT CHECK (a > 0), b INT, CHECK (a < b)) CHARSET latin1",)),
    Case("t_check_off", "INSERT INTO t VALUES (-1, -1)", before=(
         "CREATE TABLE t (a INT, b INT CHECK (b > 0) NOT ENFORCED, CONSTRAINT k CHECK (a > 0) NOT ENFORCED)"
         " CHARSET latin1",), session=(_STATEMENT,), sources=NEW, asks="SELECT * FROM t",
         differs=("check clause",)),
    Case("t_check_switch", "ALTER TABLE t ALTER CHECK k NOT ENFORCED", "constraint k: MariaDB can not change",
         sources=NEW, before=("CREATE TABLE t (a INT, CONSTRAINT k CHECK (a > 0))",)),
    # Keys.
    Case("t_keys", "CREATE TABLE t (a INT, b VARCHAR(30), PRIMARY KEY (a DESC) USING BTREE, KEY k (b(10))"
         " INVISIBLE, UNIQUE KEY u (a, b) VISIBLE COMMENT 'x', KEY (b, a DESC)) CHARSET latin1", "rewritten",
         sources=NEW),
    Case("t_key_switch", "ALTER TABLE t ALTER INDEX k INVISIBLE, ALTER INDEX l VISIBLE, RENAME INDEX m TO n",
         "rewritten", sources=NEW, before=("CREATE TABLE t (a INT, KEY k (a), KEY l (a) INVISIBLE, KEY m (a))"
                                           " CHARSET latin1",)),
    Case("t_functional_key", "CREATE TABLE t (a INT, KEY ((a + 1)))", "a key of an expression", sources=NEW),
    Case("t_ngram", "CREATE TABLE t (a TEXT, FULLTEXT KEY f (a) WITH PARSER ngram) CHARSET latin1", "rewritten",
         sources=NEW),
    Case("t_create_index", "CREATE INDEX i ON t (b DESC) INVISIBLE ALGORITHM=INPLACE LOCK=NONE", "rewritten",
         sources=NEW, before=(_T,)),
    Case("t_drop_index", "DROP INDEX i ON t ALGORITHM=INPLACE LOCK=NONE", "rewritten",
         before=(_T, "CREATE INDEX i ON t (b)")),
    # Options.
    Case("t_options", "CREATE TABLE t (a INT) ENGINE=InnoDB, ENCRYPTION='N', COMPRESSION='NONE' AUTOEXTEND_SIZE=4M"
         " TABLESPACE=innodb_file_per_table STATS_PERSISTENT=1 COMMENT='x' CHARSET latin1", "rewritten", sources=NEW),
    Case("t_options_old", "CREATE TABLE t (a INT) ENGINE=MyISAM ROW_FORMAT=DYNAMIC CHECKSUM=1 PACK_KEYS=0"
         " DELAY_KEY_WRITE=1 MAX_ROWS=10 AVG_ROW_LENGTH=5 CHARSET latin1"),
    Case("t_select", "CREATE TABLE s (z INT) CHARSET latin1 SELECT a, b FROM t", "rewritten", sources=NEW,
         before=(_T,), session=("SET SESSION binlog_format = 'ROW'",)),
    Case("t_partitions", "CREATE TABLE t (a INT PRIMARY KEY) CHARSET latin1 PARTITION BY KEY ALGORITHM=2 (a)"
         " PARTITIONS 2"),
    Case("t_algorithm", "ALTER TABLE t ADD d INT, ALGORITHM=INPLACE, LOCK=NONE", "rewritten", before=(_T,)),
    Case("t_algorithm_alone", "ALTER TABLE t ALGORITHM=INPLACE", "dropped", before=(_T,), sources=NEW),
    Case("t_exchange", "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE t WITHOUT VALIDATION", "rewritten",
         sources=NEW, before=(_T, "CREATE TABLE p (a INT PRIMARY KEY, b INT, c VARCHAR(20)) CHARSET latin1"
                              " PARTITION BY RANGE (a) (PARTITION p0 VALUES LESS THAN (10))")),
    Case("t_many_changes", "ALTER TABLE t ADD COLUMN d INT FIRST, ADD COLUMN (e INT, f INT CHECK (f > 0)), MODIFY"
         " b BIGINT AFTER a, CHANGE c g TEXT, ADD KEY (b), COMMENT 'x', RENAME TO u", "rewritten", before=(_T,),
         sources=NEW),
    Case("d_encryption", "ALTER DATABASE {db} ENCRYPTION='N'", "dropped", sources=NEW),
    # Other objects.
    Case("o_view", "CREATE OR REPLACE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v AS SELECT a, c COLLATE latin1_bin"
         " d FROM t WHERE b > 0 WITH CASCADED CHECK OPTION", before=(_T,)),
    Case("o_view_json", "CREATE VIEW v AS SELECT j->'$.a' a, j->>'$.b' b FROM t", "rewritten", sources=NEW,
         before=("CREATE TABLE t (j JSON) CHARSET latin1", "INSERT INTO t VALUES ('{\"a\": 1, \"b\": \"x\"}')"),
         session=(_STATEMENT,), asks="SELECT * FROM v"),
    Case("o_procedure", "CREATE PROCEDURE p(IN a VARCHAR(9) CHARSET utf8mb4) BEGIN DECLARE b TEXT CHARACTER SET"
         " utf8mb4; SET b = CONCAT(a, ';'); SELECT b; END", "rewritten",
         differs=("routine PROCEDURE p body",)),
    Case("o_function", "CREATE FUNCTION f(a INT) RETURNS VARCHAR(9) CHARSET latin1 DETERMINISTIC RETURN a + 1",
         asks="SELECT {db}.f(1) x"),
    Case("o_trigger", "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.b = NEW.b + 1", before=(_T,)),
    Case("o_event", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t WHERE a = 1"),
    Case("o_tablespace", "CREATE TABLESPACE {db} ADD DATAFILE '{db}.ibd'", "dropped", sources=NEW),
    Case("o_reference_system", "CREATE SPATIAL REFERENCE SYSTEM 990001 NAME 'x' DEFINITION 'GEOGCS[\"x\",DATUM"
         "[\"x\",SPHEROID[\"x\",6378137,298]],PRIMEM[\"Greenwich\",0],UNIT[\"degree\",0.0174532925199],AXIS"
         "[\"Lat\",NORTH],AXIS[\"Lon\",EAST]]'", "dropped", sources=NEW),
    Case("o_histogram", "ANALYZE TABLE t UPDATE HISTOGRAM ON b", "dropped", sources=NEW, before=(_T,)),
    Case("o_version_comment", "CREATE TABLE t (a INT /*!80023 INVISIBLE */, b INT) /*!50100 CHARSET latin1 */"
         " /*!50100 PARTITION BY HASH (b) */", "rewritten", sources=NEW),
    # Statements that change rows, in binlog_format = STATEMENT.
    Case("q_values_row", "INSERT INTO t VALUES ROW(1, 2, 'x'), ROW(2, 3, 'y')", "rewritten", sources=NEW,
         before=(_T,), session=(_STATEMENT,), asks="SELECT * FROM t"),
    Case("q_row_alias", "INSERT INTO t (a, b) VALUES (1, 5), (4, 6) AS new ON DUPLICATE KEY UPDATE b = t.b + new.b",
         "rewritten", sources=NEW, before=(_T, _ROWS), session=(_STATEMENT,), asks="SELECT * FROM t"),
    Case("q_row_alias_columns", "INSERT INTO t (a, b) VALUES (1, 5) AS n(x, y) ON DUPLICATE KEY UPDATE b = y",
         "the row alias n with names of columns", sources=NEW, before=(_T, _ROWS), session=(_STATEMENT,)),
    Case("q_table", "INSERT INTO t TABLE s", "rewritten", sources=NEW, session=(_STATEMENT,), asks="SELECT * FROM t",
         before=(_T, "CREATE TABLE s LIKE t", "INSERT INTO s VALUES (1, 2, 'x')")),
    Case("q_delete_alias", "DELETE FROM t AS x WHERE x.a = 1", "rewritten", sources=NEW, before=(_T, _ROWS),
         session=(_STATEMENT,), asks="SELECT * FROM t"),
    Case("q_with_update", "WITH x AS (SELECT 1 a) UPDATE t, x SET t.b = 0 WHERE t.a = x.a",
         "WITH before UPDATE or DELETE", sources=NEW, before=(_T, _ROWS), session=(_STATEMENT,)),
    Case("q_json_path", "UPDATE t SET b = j->'$.a', c = j->>'$.b' WHERE j->'$.a' > 0", "rewritten", sources=NEW,
         before=("CREATE TABLE t (a INT PRIMARY KEY, b INT, c VARCHAR(20), j JSON) CHARSET latin1",
                 "INSERT INTO t VALUES (1, 0, '', '{\"a\": 7, \"b\": \"x\"}'), (2, 0, '', '{}')"),
         session=(_STATEMENT,), asks="SELECT a, b, c FROM t"),
    Case("q_uuid", "INSERT INTO t VALUES (UUID_TO_BIN('6ccd780c-baba-1026-9564-5b8c656024db'),"
         " BIN_TO_UUID(X'6CCD780CBABA102695645B8C656024DB'))", "rewritten", sources=NEW, session=(_STATEMENT,),
         before=("CREATE TABLE t (a BINARY(16), b CHAR(36)) CHARSET latin1",), asks="SELECT HEX(a) x, b FROM t"),
    Case("q_regexp", "UPDATE t SET b = REGEXP_LIKE(c, '^[xy]$') + 1", "rewritten", sources=NEW, before=(_T, _ROWS),
         session=(_STATEMENT,), asks="SELECT * FROM t"),
    Case("q_for_share", "INSERT INTO t SELECT a + 10, b, c FROM t AS s WHERE a = 1 FOR SHARE", "rewritten",
         sources=NEW, before=(_T, _ROWS), session=(_STATEMENT,), asks="SELECT * FROM t"),
    Case("q_function", "INSERT INTO t VALUES (IS_UUID('x'), 1, 'x')", "function IS_UUID: MariaDB 10.11 has none",
         sources=NEW, before=(_T,), session=(_STATEMENT,)),
]
