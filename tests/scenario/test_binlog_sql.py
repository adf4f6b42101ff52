"""`borealis binlog sql`: its output, piped into an empty server, makes the same tables.

Each server runs a load, is emptied, and is fed its own binlog by its own command line client.
The seed of the random rows is printed; BOREALIS_SEED=N repeats a run.
"""

import random

import pymysql
import pytest

from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import (
    ROOT, SERVERS, binlog, binlog_files, contents, empty, feed, script,
)

DATA = ROOT / "tests" / "data" / "binlog"
STEPS = 40


def run(conn, statements):
    with conn.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def statements():
    """Statements that depend on their session, and such that a client's parser may spoil."""
    return [
        "SET NAMES utf8mb4",
        "CREATE DATABASE d CHARACTER SET latin1",
        "CREATE DATABASE `d-é` CHARACTER SET utf8mb4",
        "USE d",
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
        "USE `d-é`",
        "CREATE TABLE `x``é` (a INT, `c '\"` VARCHAR(9) DEFAULT ';')",
        "CREATE TEMPORARY TABLE tmp (a INT)",
        "INSERT INTO tmp VALUES (1), (2)",
        "INSERT INTO `x``é` (a) SELECT a FROM tmp",
        "UPDATE d.t, `x``é` SET d.t.c = 1, `x``é`.a = 2 WHERE d.t.a = `x``é`.a",
        "DROP TEMPORARY TABLE tmp",
        "BEGIN",
        "INSERT INTO `x``é` (a) VALUES (3)",
        "SAVEPOINT `s 1`",
        "INSERT INTO `x``é` (a) VALUES (4)",
        "ROLLBACK TO `s 1`",
        "INSERT INTO `x``é` (a) VALUES (5)",
        "COMMIT",
        "USE d",
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
        "CREATE DATABASE gone", "USE gone", "CREATE TABLE x (a INT)", "DROP DATABASE gone",
        "CREATE DATABASE gone", "USE gone", "CREATE TABLE x (a INT)", "USE d",
        "FLUSH BINARY LOGS",
        "TRUNCATE TABLE copied",
        "ALTER TABLE copied ADD z INT FIRST",
        "DELETE FROM t WHERE b = 'two' LIMIT 1",
    ]  # fmt: skip


def charsets(node):
    """The same column values through connections of other character sets."""
    for charset, name, text in [("latin1", "l", "tr\xfcb\\'"), ("sjis", "j", "表示ソ\\'"),
                                ("gbk", "g", "中文誠\\'"), ("utf8mb4", "u", "🐬é'\\")]:
        raw = text.encode("sjis" if charset == "sjis" else charset.replace("mb4", ""))
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        statement = f"INSERT INTO d.s ({name}) VALUES ('{quoted}')".encode(charset.replace("mb4", ""))
        node.client("mysql", f"--default-character-set={charset}", "--binary-mode",
                    input=statement + b";", text=False)
        assert node.query(f"SELECT COUNT(*) AS n FROM d.s WHERE {name} IS NOT NULL"
                          f" AND CAST({name} AS BINARY) = X'{raw.hex()}'")[0]["n"], (charset, text)


def load_data(node):
    lines = [f"{i}\tvalue {i}" for i in range(1200)]  # more than one block
    path = node.basedir / "load data.txt"
    path.write_text("\n".join(lines) + "\n")
    quoted = str(path)
    node.execute("USE d", "CREATE TABLE l (a INT PRIMARY KEY, b VARCHAR(40))",
                 f"LOAD DATA INFILE '{quoted}' INTO TABLE l (a, b)",
                 f"LOAD DATA INFILE '{quoted}' REPLACE INTO TABLE l FIELDS TERMINATED BY '\\t' (a, @v)"
                 " SET b = UPPER(@v)")  # fmt: skip


def two_sessions(node):
    """A prepared transaction that ends after another session's."""
    with node.connect() as one, node.connect() as two:
        run(one, ["USE d", "XA START 'slow'", "INSERT INTO t (b) VALUES ('slow')", "XA END 'slow'",
                  "XA PREPARE 'slow'"])
        run(two, ["USE d", "INSERT INTO s (l) VALUES ('between')", "CREATE TEMPORARY TABLE tmp (a INT)",
                  "INSERT INTO tmp VALUES (7)"])
        run(one, ["XA COMMIT 'slow'", "CREATE TEMPORARY TABLE tmp (a INT)", "INSERT INTO tmp VALUES (8)"])
        run(two, ["INSERT INTO t (b) SELECT a FROM tmp", "DROP TEMPORARY TABLE tmp"])
        run(one, ["INSERT INTO t (b) SELECT a FROM tmp", "DROP TEMPORARY TABLE tmp"])


COMPRESSION = {"mysql-9.7": ["SET SESSION binlog_transaction_compression = ON"],
               "mariadb-10.11": ["SET GLOBAL log_bin_compress = ON"],
               "mariadb-11.8": ["SET GLOBAL log_bin_compress = ON"], "mysql-5.6": []}  # fmt: skip


def sessions(server, form):
    first = [f"SET SESSION binlog_format = {form}"]
    return first + (COMPRESSION[server] if form == "MIXED" else [])


@pytest.mark.parametrize("server,form", [
    *((server, form) for server in SERVERS for form in ("STATEMENT", "ROW")),
    *((server, "MIXED") for server in ("mysql-9.7", "mariadb-11.8")),  # compressed, too
])
def test_sessions_and_statements(server, form, nodes, others, tmp_path):
    node, other = nodes[server], others[server]
    empty(node)
    with node.connect() as conn:
        run(conn, sessions(server, form))
        run(conn, statements())
        node.execute(f"SET GLOBAL binlog_format = {form}")
        charsets(node)
        load_data(node)
        two_sessions(node)
        # A server with STATEMENT takes no rows, from no log.
        node.execute("SET GLOBAL binlog_format = ROW")
    said, files = contents(node), binlog_files(node)
    copies = [tmp_path / path.name for path in files]
    for path, copy in zip(files, copies):
        copy.write_bytes(path.read_bytes())
    load_dir = tmp_path / "load"
    load_dir.mkdir()
    skip = ["--skip-gtids"] if form == "ROW" else []  # where gtid_mode=ON, new ones are made
    sql = script("sql", *skip, "--load-dir", load_dir, *copies)
    (tmp_path / "script.sql").write_bytes(sql)
    empty(other)
    feed(other, sql)
    found = contents(other)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value, name
    assert bool(list(load_dir.iterdir())) == (form == "STATEMENT")
    # The session is as it was.
    asked = b"SELECT " + b", ".join(b"@@session." + name for name in SESSION) + b";\n"
    empty(other)
    assert feed(other, sql + asked).stdout == feed(other, asked).stdout


SESSION = [b"sql_mode", b"time_zone", b"character_set_client", b"character_set_results", b"collation_connection",
           b"collation_server", b"foreign_key_checks", b"unique_checks", b"autocommit", b"completion_type",
           b"auto_increment_increment", b"lc_time_names", b"timestamp > 1750000000", b"pseudo_slave_mode"]


@pytest.mark.parametrize("server", ["mysql-9.7", "mariadb-11.8"])
def test_clients_without_options(server, nodes, tmp_path):
    """They spoil what is in stored routines, but no data."""
    node = nodes[server]
    empty(node)
    with node.connect() as conn:
        run(conn, [*sessions(server, "STATEMENT"), *statements()])
    charsets(node)
    said, files = contents(node), [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    sql = script("sql", *files)
    empty(node)
    node.client("mysql", "--default-character-set=latin1", input=sql, text=False)
    found = contents(node)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value or name == "d ROUTINES", name


def random_rows(node, seed, session=()):
    """Random rows of all types; returns the tables."""
    rng = random.Random(seed)
    tables = values.tables_of(node.server)
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, *session, "CREATE DATABASE d", "USE d"])
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


def selected(node, tables):
    """What SELECT says, but of JSON's dates and decimals, which its text does not tell apart."""
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, values.SESSION)
        return {table: values.select(conn, "d", table, {n: c for n, c in columns.items() if n != "jo"})
                for table, columns in tables.items()}


@pytest.mark.parametrize("server", SERVERS)
def test_rows(server, nodes, others, tmp_path):
    """All types, in both forms where the log has names."""
    print(f"BOREALIS_SEED={values.SEED}")
    node, other = nodes[server], others[server]
    empty(node)
    tables = random_rows(node, f"{values.SEED} sql {server}", ["SET SESSION binlog_format = ROW"])
    said, agreed = contents(node), selected(node, tables)
    files = [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    empty(other)
    feed(other, script("sql", *files))
    found = contents(other)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value, name
    if server == "mysql-5.6":
        status, out, err = binlog("sql", "--rows=statements", *files)
        assert status == 1 and "does not name the table's columns" in err
        assert "binlog_row_metadata=FULL" in err and f"{files[0]}: offset " in err
        return
    sql = script("sql", "--rows=statements", "--skip-gtids", *files)
    assert b"BINLOG" not in sql.replace(b"BINLOG FILES", b"")
    empty(other)
    feed(other, sql)
    found = selected(other, tables)
    for table, rows in agreed.items():
        assert found[table] == rows, table


FOREIGN = {"mysql-9.7": "mariadb-11.8", "mariadb-10.11": "mysql-9.7", "mariadb-11.8": "mysql-9.7"}
SHARED = ["num", "tem", "txt", "bin", "enu"]


@pytest.mark.parametrize("server", list(FOREIGN))
def test_rows_into_the_other_family(server, nodes, tmp_path):
    print(f"BOREALIS_SEED={values.SEED}")
    node, other = nodes[server], nodes[FOREIGN[server]]
    empty(node)
    rng = random.Random(f"{values.SEED} foreign {server}")
    # MySQL prints FLOAT(9,3) with other digits, and orders of longitude and latitude differ.
    tables = {name: {key: column for key, column in values.tables_of(server)[name].items()
                     if key not in ("p", "fmd")} for name in SHARED}  # fmt: skip
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, "SET SESSION binlog_format = ROW", "CREATE DATABASE d", "USE d"])
        run(conn, [values.create(table, columns) for table, columns in tables.items()])
        values.work(conn, list(values.Workload(rng, tables, False).statements())[:STEPS])
    said = contents(node, exact=False)
    files = [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    empty(other)
    feed(other, script("sql", "--rows=statements", *files))
    assert contents(other, exact=False) == said


@pytest.mark.parametrize("older,newer", [("mysql-5.6", "mysql-9.7"), ("mariadb-10.11", "mariadb-11.8")])
def test_an_older_log_in_a_newer_server(older, newer, nodes):
    node, other = nodes[older], nodes[newer]
    for form in ("STATEMENT", "ROW"):
        empty(node)
        empty(other)
        with node.connect() as conn:
            run(conn, [f"SET SESSION binlog_format = {form}", *statements()])
        said = contents(node, exact=False)
        feed(other, script("sql", "--skip-gtids", *binlog_files(node)))
        assert contents(other, exact=False) == said


def test_gtids():
    """As the log has them, or none."""
    tagged = DATA / "mysql-9.7" / "gtid-tagged.binlog"
    sql = script("sql", tagged)
    assert b"/*!50700 SET @@session.gtid_next='e428e496-e54e-11f1-8e6a-02fc00000001:blue:1'*//*!*/;" in sql
    assert b":blue:" not in script("sql", "--skip-gtids", tagged)
    sql = script("sql", DATA / "mysql-5.6" / "gtid.binlog")
    assert b"\nSET @@session.gtid_next='" in sql and sql.rindex(b"'AUTOMATIC'") > sql.rindex(b"gtid_next='")
    assert b"gtid_next='ANONYMOUS'" not in script("sql", DATA / "mysql-9.7" / "anonymous.binlog")
    theirs = DATA / "mariadb-11.8" / "gtid-list.binlog"
    assert b"/*M!100001 SET @@session.gtid_seq_no=" in script("sql", theirs)
    assert b"gtid_seq_no" not in script("sql", "--skip-gtids", theirs)


@pytest.mark.parametrize("server", SERVERS)
def test_a_range_that_ends_inside_a_transaction_is_rolled_back(server):
    path = DATA / server / "rows-full.binlog"
    lines = script("print", path).decode(errors="replace").splitlines()
    ends = [int(line[:10]) for line in lines if line[50:].startswith("COMMIT")]
    assert b"\nROLLBACK/*!*/;\n" in script("sql", f"--stop-position={ends[0]}", path)
    assert b"ROLLBACK" not in script("sql", path)


def test_what_can_not_be_replayed():
    for server in ("mysql-5.6", "mariadb-10.11"):
        path = DATA / server / "incident.binlog"
        status, out, err = binlog("sql", path)
        assert status == 1 and f"{path}: offset " in err and "the server lost events here" in err
        assert b"pseudo_slave_mode=0" not in out  # the script has no end
    sql = script("sql", DATA / "mysql-9.7" / "errors.binlog")
    assert b"# It failed with error 1062 at the source, half-way: the client needs --force to go on\nINSERT" in sql


def test_the_files_of_load_data(tmp_path):
    path = DATA / "mysql-9.7" / "load-data.binlog"
    status, out, err = binlog("sql", path, env={"TMPDIR": str(tmp_path)})
    [made] = tmp_path.iterdir()
    assert status == 0 and f"LOAD DATA's files are in {made}; remove them when the script was run" in err
    assert made.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o600}
    big = made / "load-2.data"
    assert big.read_text() == "\n".join(f"{i}\tvalue {i}" for i in range(1200)) + "\n"
    assert f"LOAD DATA LOCAL INFILE '{big}' REPLACE INTO TABLE `t`".encode() in out
    status, out, err = binlog("sql", f"--load-dir={made}", path)
    assert status == 1 and f"{made}/load-1.data: cannot make the file: File exists" in err
    status, out, err = binlog("sql", f"--load-dir={tmp_path}/none", path)
    assert status == 1 and "none: cannot find the directory" in err
