"""Each row of the statement tables of doc/compatibility.md, on real servers of both families.

Cases are in the tables FROM_MYSQL and FROM_MARIADB; cross_statements.py says how one is run.
"""


import pytest

from tests.scenario import cross_statements_mysql
from tests.scenario.cross_statements import Case, Crossing
from tests.servers.nodes import Nodes

MYSQL = ["mysql-5.6", "mysql-9.7"]
MARIADB = ["mariadb-10.11", "mariadb-11.8"]

# MySQL 5.6 makes tables of another format where none is named.
ROW_FORMAT = {"mysql5": "rewritten", "": "passes"}

FROM_MYSQL = [
    Case("plain_table", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) DEFAULT CHARSET=latin1"),
    Case("foreign_key", "CREATE TABLE c (id INT PRIMARY KEY, p INT, KEY (p), CONSTRAINT of_p FOREIGN KEY (p)"
         " REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL) ENGINE=InnoDB DEFAULT CHARSET=latin1",
         before=("CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB DEFAULT CHARSET=latin1",)),
    Case("insert_statement", "INSERT INTO t VALUES (1, 'a;b -- /* c'), (2, 'd''e\\\\f')",
         before=("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) DEFAULT CHARSET=latin1",),
         session=("SET SESSION binlog_format = 'STATEMENT'",), asks="SELECT * FROM t"),
    *cross_statements_mysql.CASES,
    # Accounts
    Case("user", "CREATE USER {user}", "dropped"),
    Case("user_replicated", "CREATE USER {user}", {"": "IDENTIFIED WITH a plugin other than mysql_native_password"},
         sources=("mysql-9.7",), accounts="replicate"),
    Case("old_user_replicated", "CREATE USER {user} IDENTIFIED BY 'secret'", sources=("mysql-5.6",),
         accounts="replicate"),
    Case("grant_replicated", "GRANT SELECT (a), INSERT ON {db}.t TO {user}", accounts="replicate",
         before=("CREATE TABLE t (a INT) CHARSET latin1", "CREATE USER {user}"), sources=("mysql-5.6",)),
    Case("own_right_replicated", "GRANT BACKUP_ADMIN ON *.* TO 'root'@'127.0.0.1'", "a right of MySQL's own: ",
         accounts="replicate", sources=("mysql-9.7",)),
    Case("role_replicated", "CREATE ROLE {user}", accounts="replicate", sources=("mysql-9.7",)),
]

STATEMENT_FORMAT = ("SET SESSION binlog_format = 'STATEMENT'",)
T = ("CREATE TABLE t (a INT, b INT, KEY k (a)) CHARSET latin1",)

FROM_MARIADB = [
    # Tables
    Case("plain_table", "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) DEFAULT CHARSET=latin1", ROW_FORMAT),
    Case("types", "CREATE TABLE t (a INT(5) ZEROFILL, b DECIMAL(5,1) UNSIGNED, c FLOAT(7,4), d BIT(3), e YEAR,"
         " f SET('a','b'), g ENUM('x','y') DEFAULT 'y', h VARBINARY(30) DEFAULT 'a', i TIMESTAMP NULL, j TIME(2),"
         " k DOUBLE PRECISION, l NATIONAL CHAR(3), m LONG VARCHAR, n BOOL DEFAULT TRUE, o POINT)"
         " CHARSET latin1", ROW_FORMAT),
    Case("long_index", "CREATE TABLE t (a VARCHAR(255) PRIMARY KEY, KEY (a)) CHARSET utf8mb4"
         " COLLATE utf8mb4_general_ci", ROW_FORMAT),
    Case("foreign_key", "CREATE TABLE c (id INT PRIMARY KEY, p INT, KEY (p), CONSTRAINT of_p FOREIGN KEY (p)"
         " REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL) ENGINE=InnoDB DEFAULT CHARSET=latin1",
         ROW_FORMAT, before=("CREATE TABLE p (id INT PRIMARY KEY) DEFAULT CHARSET=latin1",)),
    Case("foreign_key_in_column", "CREATE TABLE c (p INT NOT NULL REFERENCES p (id) ON DELETE CASCADE, q INT)"
         " CHARSET latin1", "rewritten", before=("CREATE TABLE p (id INT PRIMARY KEY) CHARSET latin1",)),
    Case("foreign_key_in_added_column", "ALTER TABLE c ADD COLUMN p INT REFERENCES p (id) AFTER q, ADD r INT",
         "rewritten", before=("CREATE TABLE p (id INT PRIMARY KEY) CHARSET latin1",
                              "CREATE TABLE c (q INT) CHARSET latin1")),
    Case("temporary", "DROP TEMPORARY TABLE t", before=("CREATE TEMPORARY TABLE t (a INT)",)),
    Case("table_like", "CREATE TABLE u LIKE t", before=T),
    Case("as_select", "CREATE TABLE t AS SELECT * FROM s", ROW_FORMAT,
         before=("CREATE TABLE s (a INT, b VARCHAR(9)) CHARSET latin1",)),
    Case("as_select_in_statement_format", "CREATE TABLE t (KEY (a)) AS SELECT * FROM s",
         {"mysql5": "CREATE TABLE ... SELECT: MySQL 5.6 can not"},
         before=("CREATE TABLE s (a INT, b VARCHAR(9)) CHARSET latin1",), session=STATEMENT_FORMAT),
    Case("partitions", "CREATE TABLE t (a INT) CHARSET latin1 PARTITION BY RANGE (a)"
         " (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)", ROW_FORMAT),
    Case("default_partition", "CREATE TABLE t (a INT) PARTITION BY LIST (a)"
         " (PARTITION p0 VALUES IN (10), PARTITION p1 DEFAULT)", "PARTITION ... DEFAULT: "),
    Case("drop_table", "DROP TABLE IF EXISTS t, u", before=T),
    Case("rename_table", "RENAME TABLE t TO u", before=T),
    Case("truncate", "TRUNCATE TABLE t", before=T),
    Case("wait", "ALTER TABLE t WAIT 3 ADD c INT", "rewritten", before=T),
    Case("nowait", "CREATE INDEX l ON t (b) NOWAIT", "rewritten", before=T),
    Case("truncate_wait", "TRUNCATE TABLE t WAIT 1", "rewritten", before=T),
    Case("version_comment", "CREATE TABLE t (a INT /*M!100100 NOT NULL */ /*!100100 DEFAULT 3 */)"
         " /*!40101 CHARSET=latin1 */", "rewritten"),
    # Collations
    Case("uca1400", "CREATE TABLE t (a VARCHAR(9) COLLATE utf8mb4_uca1400_ai_ci) CHARACTER SET utf8mb4"
         " COLLATE utf8mb4_uca1400_nopad_ai_ci", "rewritten"),
    Case("uca1400_short", "CREATE TABLE t (a VARCHAR(9) COLLATE uca1400_ai_ci) CHARACTER SET utf8mb4",
         "its name does not tell of which character set"),
    Case("bare_utf8mb4", "CREATE TABLE t (a VARCHAR(9), b TEXT CHARSET utf8mb4) DEFAULT CHARSET=utf8mb4", "rewritten"),
    Case("utf8mb3", "CREATE TABLE t (a VARCHAR(9), b TEXT CHARSET utf8mb3, c TEXT COLLATE utf8mb3_bin)"
         " DEFAULT CHARSET=utf8mb3 COLLATE=utf8mb3_general_ci", "rewritten"),
    Case("database_charset", "ALTER DATABASE {db} CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci", "rewritten"),
    Case("database_comment", "ALTER DATABASE {db} COMMENT 'ours'  CHARACTER SET latin1", "rewritten"),
    # Types
    Case("json", "CREATE TABLE t (a JSON, b JSON NOT NULL COMMENT 'JSON', c INT) CHARSET latin1", "rewritten"),
    Case("json_default", "CREATE TABLE t (b JSON DEFAULT '{}') CHARSET latin1",
         {"": "rewritten", "mysql5": "DEFAULT: MySQL 5.6 and 5.7 have none for TEXT, BLOB and JSON columns"}),
    Case("json_added", "ALTER TABLE t ADD c JSON AFTER b, MODIFY b JSON, CHANGE a d JSON NOT NULL", "rewritten",
         before=("CREATE TABLE t (a TEXT, b TEXT) CHARSET latin1",)),
    Case("uuid", "CREATE TABLE t (a UUID PRIMARY KEY DEFAULT UUID(), b INET6 DEFAULT '::1', c INET4 DEFAULT NULL)"
         " CHARSET latin1", "rewritten", differs=("column t a default", "column t b default")),
    Case("vector", "CREATE TABLE t (a VECTOR(3) NOT NULL) CHARSET latin1", "rewritten", sources=("mariadb-11.8",)),
    Case("vector_index", "CREATE TABLE t (id INT PRIMARY KEY, a VECTOR(3) NOT NULL, VECTOR INDEX (a) M=8)",
         "VECTOR INDEX: MySQL has none", sources=("mariadb-11.8",)),
    Case("compressed_columns", "CREATE TABLE t (a VARCHAR(500) COMPRESSED, b TEXT COMPRESSED=zlib)"
         " CHARSET latin1", "rewritten"),
    Case("ref_system_id", "CREATE TABLE t (a POINT REF_SYSTEM_ID=4326 NOT NULL) CHARSET latin1", "rewritten"),
    # Columns
    Case("invisible_column", "CREATE TABLE t (a INT, b INT INVISIBLE DEFAULT 4) CHARSET latin1",
         {"mysql5": "INVISIBLE: MySQL 5.6 and 5.7 have no such columns"}),
    Case("generated", "CREATE TABLE t (a INT, b INT AS (a + 1) PERSISTENT, c INT AS (a * 2) VIRTUAL,"
         " d INT GENERATED ALWAYS AS (a) STORED) CHARSET latin1",
         {"": "rewritten", "mysql5": "GENERATED column: MySQL 5.6 has none"}),
    Case("default_now", "CREATE TABLE t (a DATETIME DEFAULT current_timestamp() ON UPDATE current_timestamp(),"
         " b DATETIME(3) DEFAULT NOW(3), c TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6), d INT DEFAULT (5))"
         " CHARSET latin1", ROW_FORMAT),
    Case("default_expression", "CREATE TABLE t (a VARCHAR(99) DEFAULT uuid(), b INT DEFAULT (1 + 2),"
         " g DATE DEFAULT CURRENT_DATE, h VARCHAR(99) DEFAULT CONCAT('a', 'b)'))  CHARSET latin1",
         {"": "rewritten", "mysql5": "DEFAULT: MySQL 5.6 and 5.7 have no expressions there"}),
    Case("default_of_text", "CREATE TABLE t (a TEXT DEFAULT 'x', b BLOB DEFAULT NULL) CHARSET latin1",
         {"": "rewritten", "mysql5": "DEFAULT: MySQL 5.6 and 5.7 have none for TEXT"}),
    Case("set_default", "ALTER TABLE t ALTER a SET DEFAULT 7, ALTER COLUMN b DROP DEFAULT", "passes", before=T),
    Case("check", "CREATE TABLE t (a INT CHECK (a > 1), b INT, CONSTRAINT big CHECK (a < b)) CHARSET latin1",
         ROW_FORMAT),
    Case("check_of_other_columns", "CREATE TABLE t (a INT NOT NULL CHECK (a > b), b INT) CHARSET latin1", "rewritten"),
    # Options
    Case("options", "CREATE TABLE t (a INT) ENGINE=InnoDB PAGE_CHECKSUM=0 TRANSACTIONAL=1, COMMENT='x' CHARSET latin1",
         "rewritten"),
    Case("page_compressed", "CREATE TABLE t (a INT) ENGINE=InnoDB PAGE_COMPRESSED=1 ENCRYPTED=NO CHARSET latin1",
         "rewritten"),
    Case("aria", "CREATE TABLE t (a INT, KEY (a)) ENGINE=Aria ROW_FORMAT=PAGE CHARSET latin1", "rewritten"),
    Case("engine_altered", "ALTER TABLE t ENGINE=Aria TRANSACTIONAL=1", "rewritten", before=T),
    Case("sequence_engine", "CREATE TABLE t (next_not_cached_value BIGINT(21) NOT NULL, minimum_value BIGINT(21) NOT"
         " NULL, maximum_value BIGINT(21) NOT NULL, start_value BIGINT(21) NOT NULL, increment BIGINT(21) NOT NULL,"
         " cache_size BIGINT(21) UNSIGNED NOT NULL, cycle_option TINYINT(1) UNSIGNED NOT NULL, cycle_count BIGINT(21)"
         " NOT NULL) SEQUENCE=1 ENGINE=InnoDB", "SEQUENCE: MySQL has none"),
    # Indexes
    Case("ignored", "CREATE TABLE t (a INT, KEY k (a) IGNORED, KEY l (a) NOT IGNORED) CHARSET latin1", "rewritten"),
    Case("ignored_altered", "ALTER TABLE t ALTER INDEX k IGNORED",
         {"": "rewritten", "mysql5": "ALTER INDEX ... IGNORED: MySQL 5.6 and 5.7 have no such indexes"}, before=T),
    # What only MariaDB has
    Case("versioned", "CREATE TABLE t (a INT) WITH SYSTEM VERSIONING", "SYSTEM VERSIONING: MySQL has no tables"),
    Case("versioned_columns", "CREATE TABLE t (a INT, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START, e TIMESTAMP(6)"
         " GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING", "SYSTEM VERSIONING: "),
    Case("versioned_later", "ALTER TABLE t ADD SYSTEM VERSIONING", "SYSTEM VERSIONING: ", before=T),
    Case("period", "CREATE TABLE t (a INT, b DATE, c DATE, PERIOD FOR p (b, c))", "PERIOD FOR: MySQL has no periods"),
    Case("overlaps", "ALTER TABLE t ADD UNIQUE (a, p WITHOUT OVERLAPS), ADD PERIOD FOR p (c, d)",
         "WITHOUT OVERLAPS: MySQL has no periods",
         before=("CREATE TABLE t (a INT, c DATE, d DATE) CHARSET latin1",)),
    Case("sequence", "CREATE SEQUENCE s", "SEQUENCE: MySQL has none"),
    # One statement that is two
    Case("or_replace_table", "CREATE OR REPLACE TABLE t (a INT) CHARSET latin1",
         "CREATE OR REPLACE TABLE: MySQL has it for views alone", before=T),
    Case("or_replace_database", "CREATE OR REPLACE DATABASE {db} CHARACTER SET latin1",
         "CREATE OR REPLACE DATABASE: MySQL has it for views alone"),
    Case("or_replace_index", "CREATE OR REPLACE INDEX k ON t (b)",
         "CREATE OR REPLACE INDEX: MySQL has it for views alone", before=T),
    Case("or_replace_procedure", "CREATE OR REPLACE PROCEDURE p() BEGIN SELECT 1; END",
         "CREATE OR REPLACE PROCEDURE: MySQL has it for views alone"),
    Case("or_replace_view", "CREATE OR REPLACE VIEW v AS SELECT a, a + 1 c FROM t", before=T),
    # What the log does not tell
    Case("add_if_not_exists", "ALTER TABLE t ADD COLUMN IF NOT EXISTS c INT", "ADD IF NOT EXISTS: MySQL has no such",
         before=T),
    Case("drop_if_exists", "ALTER TABLE t DROP COLUMN IF EXISTS b", "DROP IF EXISTS: MySQL has no such", before=T),
    Case("alter_if_exists", "ALTER TABLE IF EXISTS t ADD c INT", "ALTER TABLE IF EXISTS: MySQL has no such", before=T),
    Case("index_if_not_exists", "CREATE INDEX IF NOT EXISTS l ON t (a)", "CREATE INDEX IF NOT EXISTS: ", before=T),
    Case("drop_index_if_exists", "DROP INDEX IF EXISTS k ON t", "DROP INDEX IF EXISTS: ", before=T),
    Case("rename_if_exists", "RENAME TABLE IF EXISTS t TO u", "RENAME TABLE IF EXISTS: ", before=T),
    Case("view_if_not_exists", "CREATE VIEW IF NOT EXISTS v AS SELECT 1", "CREATE VIEW IF NOT EXISTS: "),
    Case("rename_parts", "ALTER TABLE t RENAME COLUMN a TO c, RENAME INDEX k TO l",
         {"mysql5": "RENAME COLUMN: MySQL 5.6 has no such words"}, before=T),
    Case("algorithm", "ALTER TABLE t ADD c INT, ALGORITHM=NOCOPY, LOCK=NONE", "rewritten", before=T),
    Case("online", "ALTER ONLINE TABLE t ADD c INT", "rewritten", before=T),
    Case("ignore", "ALTER IGNORE TABLE t ADD UNIQUE (b)",
         {"": "ALTER IGNORE TABLE: MySQL has it no more", "mysql5": "unchanged"}, before=T),
    # Routines
    Case("procedure", "CREATE PROCEDURE p(IN a INT, OUT b VARCHAR(20)) COMMENT 'c' BEGIN DECLARE x INT DEFAULT 1;"
         " WHILE x < a DO SET x = x + 1; END WHILE; SET b = x; END", "passes"),
    Case("function", "CREATE FUNCTION f(a INT) RETURNS VARCHAR(9) CHARSET utf8mb4 DETERMINISTIC"
         " RETURN CONCAT('x', a)", "passes"),
    Case("trigger", "CREATE TRIGGER r BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1", before=T),
    Case("event", "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t"),
    Case("for_loop", "CREATE PROCEDURE p() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; END",
         "FOR ... IN: MySQL has no such loop"),
    Case("type_of", "CREATE PROCEDURE p() BEGIN DECLARE x TYPE OF t.a; END", "TYPE OF: MySQL has no such variables",
         before=T),
    Case("routine_types", "CREATE PROCEDURE p(IN a JSON, OUT b JSON) BEGIN DECLARE c JSON; SET c = a; SET b = c; END",
         "rewritten", differs=("routine PROCEDURE p body",)),
    Case("function_type", "CREATE FUNCTION f(a JSON) RETURNS JSON DETERMINISTIC RETURN '[]'", "rewritten"),
    Case("routine_uuid", "CREATE PROCEDURE p(a UUID) SELECT a", "type UUID of a parameter or variable: "),
    Case("aggregate", "CREATE AGGREGATE FUNCTION f(x INT) RETURNS INT BEGIN DECLARE CONTINUE HANDLER FOR NOT FOUND"
         " RETURN 0; LOOP FETCH GROUP NEXT ROW; END LOOP; END", "AGGREGATE FUNCTION: MySQL has no stored ones"),
    Case("function_if_not_exists", "CREATE FUNCTION IF NOT EXISTS f(a INT) RETURNS INT DETERMINISTIC RETURN a",
         {"mysql5": "CREATE IF NOT EXISTS: MySQL has no such words"}),
    Case("oracle", "CREATE PROCEDURE p AS BEGIN NULL; END", "sql_mode=ORACLE: MySQL does not read",
         session=("SET sql_mode = 'ORACLE'",)),
    # Rows as statements
    Case("insert", "INSERT INTO t VALUES (1, 'a;b -- /* c'), (2, 'd''e\\\\f')",
         before=("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(20)) DEFAULT CHARSET=latin1",),
         session=STATEMENT_FORMAT, asks="SELECT * FROM t"),
    Case("returning", "INSERT INTO t VALUES (1, 2), (2, 3) RETURNING a, (b)", "rewritten", before=T,
         session=STATEMENT_FORMAT, asks="SELECT * FROM t"),
    Case("set_statement", "SET STATEMENT max_statement_time = 100 FOR INSERT INTO t VALUES (1, 2)", "rewritten",
         before=T, session=STATEMENT_FORMAT, asks="SELECT * FROM t"),
    Case("set_statement_of_others", "SET STATEMENT div_precision_increment = 9 FOR INSERT INTO t VALUES (1, 2)",
         "SET STATEMENT div_precision_increment: ", before=T, session=STATEMENT_FORMAT),
    Case("not_atomic", "BEGIN NOT ATOMIC INSERT INTO t VALUES (1, 2); END", before=T,
         session=STATEMENT_FORMAT, asks="SELECT * FROM t"),
    Case("analyze", "ANALYZE TABLE t PERSISTENT FOR ALL", "rewritten", before=T),
    Case("optimize", "OPTIMIZE TABLE t", before=T),
    # Accounts
    Case("user", "CREATE USER {user}", "dropped"),
    Case("user_stops", "CREATE USER {user}", "statements of accounts stop the channel", accounts="stop"),
    Case("user_replicated", "CREATE USER {user}", "passes", accounts="replicate"),
    Case("password_replicated", "CREATE USER {user} IDENTIFIED BY 'secret'", "passes", accounts="replicate"),
    Case("hash_replicated", "CREATE USER {user} IDENTIFIED BY PASSWORD '*94BDCEBE19083CE2A1F959FD02F964C7AF4CFC29'",
         {"": "IDENTIFIED BY PASSWORD: MySQL has nothing like it", "mysql5": "passes"}, accounts="replicate"),
    Case("set_password_replicated", "SET PASSWORD FOR {user} = PASSWORD('secret')",
         {"": "SET PASSWORD: MySQL has nothing like it", "mysql5": "passes"}, accounts="replicate",
         before=("CREATE USER {user}",)),
    Case("ed25519_replicated", "CREATE USER {user} IDENTIFIED VIA mysql_native_password USING '' OR unix_socket",
         "IDENTIFIED VIA: MySQL has nothing like it", accounts="replicate"),
    Case("grant_replicated", "GRANT SELECT (a), INSERT ON {db}.t TO {user}", "passes", accounts="replicate",
         before=(*T, "CREATE USER {user}")),
    Case("own_right_replicated", "GRANT BINLOG MONITOR ON *.* TO {user}", "a right of MariaDB's own: ",
         accounts="replicate", before=("CREATE USER {user}",)),
    Case("role_replicated", "CREATE ROLE {user}", {"": "passes", "mysql5": "ROLE: MySQL has nothing like it"},
         accounts="replicate"),
]
CASES = {"mysql": FROM_MYSQL, "mariadb": FROM_MARIADB}
# What a server needs to take a replica's tables: MySQL 5.6 has short indexes otherwise.
SETTINGS = {"mysql-5.6": {"innodb_large_prefix": "ON", "innodb_file_format": "Barracuda",
                          "innodb_file_per_table": "ON", "explicit_defaults_for_timestamp": "ON"}}


def settings_of(server):
    return {"event_scheduler": "OFF", "log_bin_trust_function_creators": "ON",
            **SETTINGS.get(server, {})}  # fmt: skip


@pytest.fixture(scope="module")
def crossing(tmp_path_factory):
    with Nodes(tmp_path_factory.mktemp("crossing"), settings_of) as nodes:
        yield Crossing(nodes, CASES)


def _parameters():
    for sources, targets, cases in ((MYSQL, MARIADB, FROM_MYSQL), (MARIADB, MYSQL, FROM_MARIADB)):
        for source in sources:
            for target in targets:
                for case in cases:
                    if not case.sources or source in case.sources:
                        yield pytest.param(source, target, case, id=f"{source}-{target}-{case.name}")


@pytest.mark.parametrize("source,target,case", _parameters())
def test_statement(source, target, case, crossing):
    crossing.check(source, target, case)
