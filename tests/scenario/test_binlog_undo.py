"""`borealis binlog undo`: its output, run on the server, brings back what was there before a range.

The seed of the random rows is printed; BOREALIS_SEED=N repeats a run.
"""

import random

import pymysql
import pytest

from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import (
    ROOT, SERVERS, binlog, binlog_files, contents, empty, feed, script,
)
from tests.scenario.test_binlog_sql import selected
from tests.scenario.workload import COMPRESSION, run

DATA = ROOT / "tests" / "data" / "binlog"
STEPS = 30


def position(node):
    """File and offset where the next event will be."""
    query = "SHOW BINARY LOG STATUS" if node.server == "mysql-9.7" else "SHOW MASTER STATUS"
    status = node.query(query)[0]
    return node.datadir / status["File"], status["Position"]


def load(conn, rng, tables, ids):
    """Random changes, several to a transaction now and then; `ids` goes on from load to load."""
    load = values.Workload(rng, tables, False)
    load.next_id = ids
    statements = list(load.statements())[: STEPS + 3 * len(tables)]
    for at in range(0, len(statements), 4):
        some = statements[at : at + 4]
        values.work(conn, ["BEGIN", *some, "COMMIT"] if rng.random() < 0.5 else some)


@pytest.mark.parametrize("server", SERVERS)
def test_random_rows_come_back(server, nodes):
    print(f"BOREALIS_SEED={values.SEED}")
    node = nodes[server]
    empty(node)
    rng = random.Random(f"{values.SEED} undo {server}")
    tables = values.tables_of(server)
    # Of a table without a key MariaDB does not always find a row with its own types again (UUID, INET,
    # compressed columns): what its own flashback prints then ends with error 1032 as well.
    tables.update({f"{table}_nokey": {n: c for n, c in columns.items() if n != "jo"}
                   for table, columns in values.tables_of(server).items() if table != "own"})  # fmt: skip
    ids = dict.fromkeys(tables, 1)
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, "SET SESSION binlog_format = ROW", "CREATE DATABASE d", "USE d"])
        run(conn, [values.create(table, columns).replace(" PRIMARY KEY", "" if "nokey" in table else " PRIMARY KEY")
                   for table, columns in tables.items()])
        load(conn, rng, tables, ids)
        before, agreed = contents(node), selected(node, tables)
        file, start = position(node)
        load(conn, rng, tables, ids)
        run(conn, ["FLUSH BINARY LOGS", *COMPRESSION[server]])
        load(conn, rng, tables, ids)
    after = contents(node)
    files = binlog_files(node)
    files = files[files.index(file):]
    if server.startswith("mariadb"):
        node.execute("SET GLOBAL log_bin_compress = OFF")
    assert before != after and len(files) == 2
    feed(node, script("undo", f"--start-position={start}", *files))
    assert contents(node) == before
    feed(node, script("sql", "--skip-gtids", f"--start-position={start}", *files))
    assert contents(node) == after
    if server != "mysql-5.6":
        feed(node, script("undo", "--rows=statements", f"--start-position={start}", *files))
        found = selected(node, tables)
        for table, rows in agreed.items():
            assert found[table] == rows, table


@pytest.mark.parametrize("server", ["mariadb-10.11", "mariadb-11.8"])
def test_flashback_has_the_same_result(server, nodes):
    """MariaDB's own way back, for what it can: no compressed events, no newer types."""
    print(f"BOREALIS_SEED={values.SEED}")
    node = nodes[server]
    empty(node)
    rng = random.Random(f"{values.SEED} flashback {server}")
    tables = {name: values.tables_of(server)[name] for name in ("num", "tem", "txt", "enu")}
    ids = dict.fromkeys(tables, 1)
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, "SET SESSION binlog_format = ROW", "CREATE DATABASE d", "USE d"])
        run(conn, [values.create(table, columns) for table, columns in tables.items()])
        load(conn, rng, tables, ids)
        before = contents(node)
        _, start = position(node)
        load(conn, rng, tables, ids)
    after = contents(node)
    [file] = binlog_files(node)
    theirs = node.client("mysqlbinlog", "--flashback", f"--start-position={start}", file, text=False)
    feed(node, theirs.stdout)
    flashed = contents(node)
    assert before == flashed != after
    feed(node, script("sql", "--skip-gtids", f"--start-position={start}", file))
    assert contents(node) == after
    feed(node, script("undo", f"--start-position={start}", file))
    assert contents(node) == flashed


def changes(node, *statements):
    """Runs statements in a binlog file of their own, which is returned."""
    node.execute("FLUSH BINARY LOGS")
    node.execute("SET SESSION binlog_format = ROW", *statements)
    return binlog_files(node)[-1]


@pytest.mark.parametrize("server", SERVERS)
def test_transactions_and_their_order(server, nodes):
    node = nodes[server]
    empty(node)
    node.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY, a VARCHAR(9) UNIQUE)",
                 "CREATE TABLE d.u (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES d.t (id))",
                 "INSERT INTO d.t VALUES (1, 'one'), (2, 'two')")  # fmt: skip
    before = contents(node)
    files = [
        changes(node, "USE d", "BEGIN", "INSERT INTO t VALUES (3, 'three')", "INSERT INTO u VALUES (1, 3)",
                "SAVEPOINT s", "DELETE FROM u", "ROLLBACK TO s", "UPDATE u SET id = id + 10", "COMMIT",
                # A chain of unique values that only goes back in reverse.
                "UPDATE t SET a = 'x' WHERE id = 1", "UPDATE t SET a = 'one' WHERE id = 2",
                "UPDATE t SET a = 'two' WHERE id = 1"),
        changes(node, "USE d", "DELETE FROM u", "DELETE FROM t WHERE id = 3", "DELETE FROM t ORDER BY id"),
    ]  # fmt: skip
    both = [path.read_bytes() for path in files]
    piped = script("undo", "-", stdin=both[1])
    assert piped == script("undo", files[1])
    sql = script("undo", *files)
    assert sql.count(b"\nBEGIN/*!*/;") == sql.count(b"\nCOMMIT/*!*/;") == 7
    feed(node, sql)
    assert contents(node) == before
    # Where a row is not as it was left, a BINLOG statement fails, and its transaction is undone.
    done = feed(node, sql, check=False)
    assert done.returncode == 1 and b"ERROR 1062" in done.stderr
    assert contents(node) == before


REFUSED = [
    ("mysql-9.7/ddl", "Query event: a statement (", []),
    ("mariadb-10.11/ddl", "Query event: a statement (", []),
    ("mysql-5.6/statement", "Query event: a statement (", []),
    ("mariadb-11.8/mixed", "Query event: a statement (INSERT INTO t VALUES ", []),
    ("mysql-9.7/load-data", "Begin_load_query event: it has no undo", []),
    ("mysql-9.7/xa", "Query event: a statement (XA START X", []),
    ("mariadb-11.8/xa", "Gtid event: an XA transaction", []),
    ("mysql-5.6/rows-minimal", "d.t: its row images do not have all 4 columns", []),
    ("mysql-9.7/rows-noblob", "its row images do not have all", []),
    ("mariadb-10.11/rows-minimal", "written with binlog_row_image=FULL", []),
    ("mariadb-11.8/rows-full-nodup", "its row images do not have all", []),
    ("mysql-9.7/partial-json", "JSON documents are logged as differences", []),
    ("mariadb-11.8/encrypted", "encrypted by MariaDB", []),
    ("mysql-5.6/rows-full", "does not name the table's columns", ["--rows=statements"]),
]  # fmt: skip


@pytest.mark.parametrize("name,reason,options", REFUSED, ids=[f"{n}{'-'.join(o)}" for n, _, o in REFUSED])
def test_what_has_no_undo_is_refused(name, reason, options, tmp_path):
    path = DATA / f"{name}.binlog"
    status, out, err = binlog("undo", *options, path, env={"TMPDIR": str(tmp_path)})
    assert status == 1 and out == b"", err
    assert err.startswith(f"borealis binlog undo: {path}: offset ") and err.count("\n") == 1
    assert reason in err, err
    assert list(tmp_path.iterdir()) == []


def offsets_of(path, word):
    lines = script("print", path).decode(errors="replace").splitlines()
    return [int(line[:10]) for line in lines[1:] if line[:10].strip().isdigit() and word in line]


@pytest.mark.parametrize("server", SERVERS)
def test_a_range_that_cuts_a_transaction_is_refused(server):
    path = DATA / server / "rows-full.binlog"
    rows = offsets_of(path, "_rows")
    ends = offsets_of(path, "COMMIT")
    status, out, err = binlog("undo", f"--start-position={rows[1]}", path)
    assert status == 1 and out == b""
    assert f"{path}: offset {rows[1]}: " in err and "begins inside a transaction, which began at offset " in err
    status, out, err = binlog("undo", f"--stop-position={ends[0]}", path)
    assert status == 1 and out == b"" and "the range ends inside the transaction that began here" in err


def test_temporary_file(tmp_path):
    path = DATA / "mysql-9.7" / "rows-full.binlog"
    status, out, err = binlog("undo", path, env={"TMPDIR": str(tmp_path / "none")})
    assert status == 1 and out == b"" and "/none/borealis-spool-" in err
    status, out, err = binlog("undo", "--rows=nonsense", path)
    assert status == 2 and "--rows: expected binlog or statements, found 'nonsense'" in err


PARENTS = ["CREATE DATABASE d", "USE d", "CREATE TABLE p (id INT PRIMARY KEY)",
           "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id){})"]  # fmt: skip


def refuses(node, sql, reason):
    """The guard stops the client, and nothing is changed."""
    before = contents(node)
    done = feed(node, sql, check=False)
    assert done.returncode == 1 and reason in done.stderr.decode(), done.stderr
    assert contents(node) == before


@pytest.mark.parametrize("server", SERVERS)
def test_the_guard_stops_at_foreign_keys(server, nodes):
    """The engine makes these changes below the log: an undo would miss or make some."""
    node = nodes[server]
    forms = ["--rows=binlog"] + ([] if server == "mysql-5.6" else ["--rows=statements"])
    for rule in ("ON DELETE CASCADE", "ON DELETE SET NULL", "ON UPDATE CASCADE", "ON UPDATE RESTRICT"):
        empty(node)
        node.execute(*[statement.format(" " + rule) for statement in PARENTS])
        inserted = changes(node, "INSERT INTO d.p VALUES (1), (2)")
        updated = changes(node, "UPDATE d.p SET id = 3 WHERE id = 2")
        node.execute("INSERT INTO d.c VALUES (1, 1), (2, 3)")
        for form in forms:
            for path in (inserted, updated):
                sql = script("undo", form, path)
                if rule.startswith("ON DELETE" if path == inserted else "ON UPDATE C"):
                    refuses(node, sql, f"undo stopped: c {rule} of d.p")
                else:  # refused by the key, or no key of that kind: not the guard's business
                    assert b"undo stopped" not in feed(node, sql, check=False).stderr
    # What a DELETE took along is in MySQL 9.7's log alone.
    empty(node)
    node.execute(*[statement.format(" ON DELETE CASCADE") for statement in PARENTS],
                 "INSERT INTO d.p VALUES (1)", "INSERT INTO d.c VALUES (1, 1), (2, 1)")  # fmt: skip
    before = contents(node)
    deleted = changes(node, "DELETE FROM d.p")
    for form in forms:
        sql = script("undo", form, deleted)
        if server != "mysql-9.7":
            refuses(node, sql, "undo stopped: c ON DELETE CASCADE of d.p")
            continue
        feed(node, sql)
        assert contents(node) == before
        node.execute("SET SESSION sql_log_bin = 0", "DELETE FROM d.p")


@pytest.mark.parametrize("server", SERVERS)
def test_the_guard_stops_at_triggers_that_would_fire(server, nodes):
    node = nodes[server]
    empty(node)
    node.execute("CREATE DATABASE d", "USE d", "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE l (id INT)",
                 "CREATE TRIGGER g AFTER DELETE ON t FOR EACH ROW INSERT INTO l VALUES (OLD.id)")  # fmt: skip
    before = contents(node)
    path = changes(node, "INSERT INTO d.t VALUES (1)")
    if server != "mysql-5.6":
        refuses(node, script("undo", "--rows=statements", path), "undo stopped: trigger g of d.t")
    if server.startswith("mariadb"):
        node.execute("SET GLOBAL slave_run_triggers_for_rbr = YES")
        refuses(node, script("undo", path), "undo stopped: trigger g of d.t")
        node.execute("SET GLOBAL slave_run_triggers_for_rbr = NO")
    feed(node, script("undo", path))
    assert contents(node) == before
