"""Changes of all kinds, for tests that compare what two servers hold after them.

    Mixed(node, seed).run()

runs statements in all formats, sessions that depend on each other, rows of all types from a seed,
relations between tables, prepared transactions that end in a later file, and rows past a packet.
What it makes is in databases of its own; nothing depends on the time of day.
"""

import random

import pymysql.cursors

from tests.scenario import test_binlog_values as values
from tests.servers.wait import wait_for

STEPS = 40
FORMATS = ["STATEMENT", "ROW", "MIXED"]
HUGE = 17_000_000  # bytes of a row past a packet's 16 MB
FILE_BYTES = 262144  # max_binlog_size of a source, so that files end often
# A row of that size is at most a tenth of InnoDB's log there.
SETTINGS = {"mysql-5.6": {"innodb_log_file_size": "128M"}}


def run(conn, statements):
    with conn.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def statements(database="d"):
    """Statements that depend on their session, and such that a client's parser may spoil."""
    d = database
    return [
        "SET NAMES utf8mb4",
        f"CREATE DATABASE {d} CHARACTER SET latin1",
        f"CREATE DATABASE `{d}-é` CHARACTER SET utf8mb4",
        f"USE {d}",
        "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b VARBINARY(300), c DOUBLE, u INT)",
        "CREATE TABLE s (a INT AUTO_INCREMENT PRIMARY KEY, l VARCHAR(200) CHARACTER SET latin1,"
        " u VARCHAR(200) CHARACTER SET utf8mb4, j VARCHAR(99) CHARACTER SET sjis,"
        " g VARCHAR(99) CHARACTER SET gbk) CHARACTER SET utf8mb4",
        "CREATE TABLE at (ts TIMESTAMP(6) NULL, dt DATETIME(6), x VARCHAR(99))",
        "INSERT INTO t (b) VALUES ('one'), ('two')",
        "INSERT INTO t (b, c) VALUES (LAST_INSERT_ID(), RAND())",
        "SET @i = -5, @u = 18446744073709551615, @r = 1.5e300, @one = 1e0, @d = -1.90, @n = NULL,"
        " @m = -9223372036854775808, @dec = CAST(7 AS DECIMAL(5,0)), @`q ``é` = 'x'",
        "INSERT INTO t (b) VALUES (CONCAT_WS('/', @i, @u, @r, @one / 3, @d, @n, @m, @dec / 3, @`q ``é`))",
        "SET @s = 'naïve\\r\\n\\'\\\\', @b = X'00ff270a0d5c', @l = _latin1 X'C3A95C', @e = '',"
        " @k = _sjis X'955C', @c = _utf8mb4 'a' COLLATE utf8mb4_bin",
        "INSERT INTO t (b) VALUES (@s), (@b), (@l), (@e), (@k), (HEX(@c = 'A')), (COLLATION(@c)), (@never)",
        "SET timestamp = 1700000000.123456",
        "INSERT INTO at VALUES (NOW(6), NOW(6), NOW())",
        "SET timestamp = DEFAULT, time_zone = '+05:30'",
        "INSERT INTO at VALUES (NOW(6), NOW(6), '2020-01-01 00:00:00')",
        "INSERT INTO at VALUES ('2020-01-01 00:00:00', FROM_UNIXTIME(1600000000), 'tz')",
        "SET time_zone = 'SYSTEM', lc_time_names = 'de_DE'",
        "INSERT INTO at (x) VALUES (DAYNAME('2026-01-01'))",
        "SET lc_time_names = 'en_US', auto_increment_increment = 10, auto_increment_offset = 3",
        "INSERT INTO t (b) VALUES ('step'), ('by step')",
        "SET auto_increment_increment = 1, auto_increment_offset = 1",
        "CREATE TABLE p (id INT PRIMARY KEY)",
        "CREATE TABLE k (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id))",
        "SET foreign_key_checks = 0, unique_checks = 0",
        "INSERT INTO k VALUES (1, 99)",
        "SET foreign_key_checks = 1, unique_checks = 1",
        "SET @old = @@sql_mode, sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
        """INSERT INTO "t" (b) VALUES ('a' || 'b\\')""",
        "INSERT INTO t (b) VALUES (@s)",
        "SET sql_mode = @old",
        # What clients would change or take for themselves.
        "INSERT INTO t (b) VALUES ('cr\r\nlf \0 nul')",
        "/* first */ -- x\n INSERT INTO t (b) VALUES ('\\\\G \\\\! ls /*!*/; $borealis0$ ; -- # /* \\\\C gbk')",
        "INSERT INTO t (b) VALUES (CONCAT('x', 1/*!*/)) /* ; */ # end",
        f"USE `{d}-é`",
        "CREATE TABLE `x``é` (a INT, `c '\"` VARCHAR(9) DEFAULT ';')",
        "CREATE TEMPORARY TABLE tmp (a INT)",
        "INSERT INTO tmp VALUES (1), (2)",
        "INSERT INTO `x``é` (a) SELECT a FROM tmp",
        f"UPDATE {d}.t, `x``é` SET {d}.t.c = 1, `x``é`.a = 2 WHERE {d}.t.a = `x``é`.a",
        "DROP TEMPORARY TABLE tmp",
        "BEGIN",
        "INSERT INTO `x``é` (a) VALUES (3)",
        "SAVEPOINT `s 1`",
        "INSERT INTO `x``é` (a) VALUES (4)",
        "ROLLBACK TO `s 1`",
        "INSERT INTO `x``é` (a) VALUES (5)",
        "COMMIT",
        f"USE {d}",
        "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC NO SQL RETURN x + 1",
        "CREATE PROCEDURE p1(IN n INT)\r\nBEGIN /* kept; */\r\n  -- kept too\n  DECLARE i INT DEFAULT 0;"
        " WHILE i < n DO INSERT INTO t (b, c) VALUES (CONCAT('p;', i), f(i)); SET i = i + 1; END WHILE; END",
        "CALL p1(3)",
        "CREATE VIEW v AS SELECT a, b AS `é` FROM t WHERE c > 0",
        "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.u = 2;"
        " INSERT INTO at (x) VALUES (NEW.b); END",
        "INSERT INTO t (b) VALUES ('triggered')",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM t WHERE a < 0; SELECT 1; END",
        "CREATE TABLE copied SELECT a, b FROM t",
        "XA START 'gt\\'rid', X'00ff27', 7",
        "INSERT INTO t (b) VALUES ('xa')",
        "XA END 'gt\\'rid', X'00ff27', 7",
        "XA PREPARE 'gt\\'rid', X'00ff27', 7",
        "XA COMMIT 'gt\\'rid', X'00ff27', 7",
        "XA START 'gone'", "INSERT INTO t (b) VALUES ('rolled back')", "XA END 'gone'",
        "XA PREPARE 'gone'", "XA ROLLBACK 'gone'",
        "XA START 'one'", "INSERT INTO t (b) VALUES ('one phase')", "XA END 'one'",
        "XA COMMIT 'one' ONE PHASE",
        # A session whose database was dropped has none, until it says USE again.
        f"CREATE DATABASE {d}_gone", f"USE {d}_gone", "CREATE TABLE x (a INT)", f"DROP DATABASE {d}_gone",
        f"CREATE DATABASE {d}_gone", f"USE {d}_gone", "CREATE TABLE x (a INT)", f"USE {d}",
        "FLUSH BINARY LOGS",
        "TRUNCATE TABLE copied",
        "ALTER TABLE copied ADD z INT FIRST",
        "DELETE FROM t WHERE b = 'two' LIMIT 1",
    ]  # fmt: skip


CHARSETS = {"latin1": ("l", "tr\xfcb\\'"), "sjis": ("j", "表示ソ\\'"), "gbk": ("g", "中文誠\\'"),
            "utf8mb4": ("u", "🐬é'\\")}  # fmt: skip


def charsets(node, database="d", names=tuple(CHARSETS)):
    """The same column values through connections of other character sets."""
    for charset in names:
        name, text = CHARSETS[charset]
        raw = text.encode("sjis" if charset == "sjis" else charset.replace("mb4", ""))
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        statement = f"INSERT INTO {database}.s ({name}) VALUES ('{quoted}')".encode(charset.replace("mb4", ""))
        node.client("mysql", f"--default-character-set={charset}", "--binary-mode",
                    input=statement + b";", text=False)
        assert node.query(f"SELECT COUNT(*) AS n FROM {database}.s WHERE {name} IS NOT NULL"
                          f" AND CAST({name} AS BINARY) = X'{raw.hex()}'")[0]["n"], (charset, text)


def load_data(node, database="d"):
    lines = [f"{i}\tvalue {i}" for i in range(1200)]  # more than one block
    path = node.basedir / "load data.txt"
    path.write_text("\n".join(lines) + "\n")
    quoted = str(path)
    node.execute(f"USE {database}", "CREATE TABLE l (a INT PRIMARY KEY, b VARCHAR(40))",
                 f"LOAD DATA INFILE '{quoted}' INTO TABLE l (a, b)",
                 f"LOAD DATA INFILE '{quoted}' REPLACE INTO TABLE l FIELDS TERMINATED BY '\\t' (a, @v)"
                 " SET b = UPPER(@v)")  # fmt: skip


def two_sessions(node, database="d"):
    """A prepared transaction that ends after another session's."""
    with node.connect() as one, node.connect() as two:
        run(one, [f"USE {database}", "XA START 'slow'", "INSERT INTO t (b) VALUES ('slow')", "XA END 'slow'",
                  "XA PREPARE 'slow'"])
        run(two, [f"USE {database}", "INSERT INTO s (l) VALUES ('between')", "CREATE TEMPORARY TABLE tmp (a INT)",
                  "INSERT INTO tmp VALUES (7)"])
        run(one, ["XA COMMIT 'slow'", "CREATE TEMPORARY TABLE tmp (a INT)", "INSERT INTO tmp VALUES (8)"])
        run(two, ["INSERT INTO t (b) SELECT a FROM tmp", "DROP TEMPORARY TABLE tmp"])
        run(one, ["INSERT INTO t (b) SELECT a FROM tmp", "DROP TEMPORARY TABLE tmp"])


COPIED_APART = ["CREATE TABLE copied (a INT NOT NULL DEFAULT 0, b VARBINARY(300))",
                "INSERT INTO copied SELECT a, b FROM t"]
COMPRESSION = {"mysql-9.7": ["SET SESSION binlog_transaction_compression = ON"],
               "mariadb-10.11": ["SET GLOBAL log_bin_compress = ON"],
               "mariadb-11.8": ["SET GLOBAL log_bin_compress = ON"], "mysql-5.6": []}  # fmt: skip


def sessions(server, form):
    first = [f"SET SESSION binlog_format = {form}"]
    return first + (COMPRESSION[server] if form == "MIXED" else [])


def random_rows(node, seed, session=(), database="d"):
    """Random rows of all types; returns the tables."""
    rng = random.Random(seed)
    tables = values.tables_of(node.server)
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, *session, f"CREATE DATABASE {database}", f"USE {database}"])
        run(conn, [values.create(table, columns) for table, columns in tables.items()])
        # Without a key, rows are found by all their columns, for which JSON must have kept its types.
        # (MariaDB does not always find those with its own types: see test_binlog_undo.py.)
        without = {f"{table}_nokey": {n: c for n, c in columns.items() if n != "jo"}
                   for table, columns in tables.items() if table != "own"}
        run(conn, [values.create(table, columns).replace(" PRIMARY KEY", "")
                   for table, columns in without.items()])
        tables = {**tables, **without}
        load = values.Workload(rng, tables, False)
        values.work(conn, list(load.statements())[:STEPS + 3 * len(tables)])
    return tables


class Mixed:
    """A run of all there is, at a server with settings as above; with the same seed, the same."""

    def __init__(self, node, seed):
        self.node = node
        self.seed = seed
        self.random = random.Random(seed)
        self.gtids_only = node.settings.get("enforce_gtid_consistency") == "ON"

    def run(self, rounds=1):
        for i in range(rounds):
            for form in FORMATS:
                self.statements(f"d{i}_{form.lower()}", form)
            self.rows(f"rows{i}")
            self.relations(f"rel{i}")
            self.prepared(f"xa{i}")
            self.huge(f"huge{i}")

    def statements(self, database, form):
        with self.node.connect() as conn:
            run(conn, sessions(self.node.server, form))
            run(conn, [part for one in statements(database) for part in self.allowed(one)])
        self.node.execute(f"SET GLOBAL binlog_format = {form}")
        charsets(self.node, database, self.charsets(form))
        load_data(self.node, database)
        self.together(database)
        self.node.execute("SET GLOBAL binlog_format = ROW")

    def together(self, database):
        two_sessions(self.node, database)

    def charsets(self, form):
        """Those of clients that write in a format."""
        return tuple(CHARSETS)

    def allowed(self, statement):
        """MySQL 5.6 with GTIDs makes no table from rows; later versions do."""
        if self.gtids_only and self.node.server == "mysql-5.6" and "CREATE TABLE copied" in statement:
            return COPIED_APART
        return [statement]

    def rows(self, database):
        random_rows(self.node, f"{self.seed} {database}", ["SET SESSION binlog_format = ROW"], database)

    def relations(self, database):
        """Tables that change each other, and their definitions meanwhile, in a format of chance."""
        form = self.random.choice(FORMATS)
        with self.node.connect(autocommit=False) as conn:
            run(conn, [f"CREATE DATABASE {database}", f"USE {database}", *self.related(),
                       f"SET SESSION binlog_format = {form}"])
            for i in range(60):
                run(conn, self.transaction(i))
                if i % 10 == 9:
                    run(conn, definitions(i // 10))

    def related(self):
        return relations(self.node.server)

    def transaction(self, i):
        """Parents and children, with a savepoint; some are rolled back."""
        rng = self.random
        least, pad = rng.randrange(1, 60), rng.choice([1, 200, 9000])
        return [
            f"INSERT INTO parent (a, pad) VALUES ({i}, REPEAT('p', {pad})), ({i} + 1000, '')",
            f"INSERT INTO child (parent, grand, b) SELECT id, id, {i} FROM parent WHERE a = {i}",
            f"UPDATE parent, child SET parent.a = parent.a + 1, child.b = child.b + 1"
            f" WHERE parent.id = child.parent AND parent.id > {least}",
            "SAVEPOINT s",
            f"UPDATE parent SET id = id + {(i + 1) * 100000} WHERE id = {least}",
            f"DELETE FROM parent WHERE id = {rng.randrange(1, 60)}",
            "ROLLBACK TO SAVEPOINT s" if rng.random() < 0.3 else "RELEASE SAVEPOINT s",
            f"DELETE child FROM child JOIN parent ON child.grand = parent.id WHERE parent.id % 13 = {i % 13}",
            "ROLLBACK" if rng.random() < 0.2 else "COMMIT",
        ]  # fmt: skip

    def prepared(self, database):
        """Transactions that are prepared in one file and end in a later one, some of another session."""
        kept = self.node.server != "mysql-5.6"  # which rolls back what a session leaves
        self.node.execute(f"CREATE DATABASE {database}",
                          f"CREATE TABLE {database}.t (id INT PRIMARY KEY AUTO_INCREMENT, a MEDIUMTEXT)")
        with self.node.connect(database=database) as later:
            for i in range(4):
                conn = self.node.connect(database=database)
                run(conn, [f"XA START 'x{i}'", f"INSERT INTO t (a) VALUES (REPEAT('x', {i * 30000}))",
                           f"XA END 'x{i}'", f"XA PREPARE 'x{i}'"])
                run(later, ["FLUSH BINARY LOGS", "INSERT INTO t (a) VALUES ('between')"])
                end = f"XA {'ROLLBACK' if i % 2 else 'COMMIT'} 'x{i}'"
                if i < 2 or not kept:
                    run(conn, [end])
                    conn.close()
                    continue
                thread = conn.thread_id()
                conn.close()
                there = f"SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = {thread}"
                wait_for(lambda: not self.node.query(there), 60, "the session has ended")  # noqa: B023
                run(later, [end])

    def huge(self, database):
        """Rows past a packet and a file, in one transaction with small ones."""
        with self.node.connect(autocommit=False) as conn:
            run(conn, ["SET SESSION binlog_format = ROW", f"CREATE DATABASE {database}",
                       f"USE {database}", "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, b LONGBLOB)",
                       "INSERT INTO t (b) VALUES ('first')",
                       f"INSERT INTO t (b) VALUES (REPEAT('y', {HUGE}))",
                       *["INSERT INTO t (b) VALUES (REPEAT('z', 50000))"] * 10, "COMMIT",
                       "UPDATE t SET b = CONCAT(LEFT(b, 10), id) WHERE id % 2 = 0", "COMMIT"])


def relations(server, generated=True, sequences=True):
    """Tables with keys to each other; with columns made of others, and sequences, where there are such."""
    made = "" if server == "mysql-5.6" or not generated else ", v INT AS (a + 1) VIRTUAL, s INT AS (a * 2) STORED, KEY (s)"
    tables = [
        f"CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, a INT, pad TEXT{made})",
        "CREATE TABLE child (id INT PRIMARY KEY AUTO_INCREMENT, parent INT, grand INT, b INT,"
        " FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE ON UPDATE CASCADE,"
        " CONSTRAINT named FOREIGN KEY (grand) REFERENCES parent (id) ON DELETE SET NULL ON UPDATE CASCADE)",
        "CREATE TABLE parted (id INT PRIMARY KEY, a INT) PARTITION BY RANGE (id)"
        " (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)",
        "INSERT INTO parted VALUES (1, 1), (9, 2), (10, 3), (500, 4)",
        "CREATE USER 'made by the load'@'%'", "GRANT SELECT ON *.* TO 'made by the load'@'%'",
        "DROP USER 'made by the load'@'%'",
    ]  # fmt: skip
    if server.startswith("mariadb") and sequences:
        tables += ["CREATE SEQUENCE q START 5 CACHE 0", "DO NEXTVAL(q)", "DO SETVAL(q, 100)"]
    return [*tables, "COMMIT"]


def definitions(i):
    """Changes of the tables above, the i-th time."""
    return [
        f"ALTER TABLE parent ADD COLUMN c{i} VARCHAR(20) DEFAULT 'c{i}', ADD KEY k{i} (a, c{i})",
        f"CREATE INDEX i{i} ON child (b)",
        f"ALTER TABLE child CHANGE b b BIGINT, DROP INDEX i{i}",
        f"CREATE TABLE copy{i} LIKE parent",
        f"INSERT INTO copy{i} (id, a, pad) SELECT id, a, pad FROM parent ORDER BY id",
        f"RENAME TABLE copy{i} TO other{i}, parted TO swapped, swapped TO parted",
        f"CREATE OR REPLACE VIEW seen AS SELECT id, a AS a{i} FROM parent WHERE a > {i}",
        "ALTER TABLE parted REORGANIZE PARTITION p0 INTO"
        " (PARTITION n0 VALUES LESS THAN (5), PARTITION p0 VALUES LESS THAN (10))" if i == 0 else
        f"UPDATE parted SET a = a + {i}",
        f"TRUNCATE TABLE other{i}" if i % 3 == 1 else f"DROP TABLE IF EXISTS `other{i - 1}`, missing",
        "DROP TRIGGER IF EXISTS tr",
        f"CREATE TRIGGER tr AFTER INSERT ON parent FOR EACH ROW UPDATE parted SET a = a + {i} + NEW.a",
        "COMMIT",
    ]  # fmt: skip
