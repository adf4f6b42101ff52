"""Replicas that apply a single writer's log with several threads, by what the translation says of
rows: their keys make transactions independent where the source has no clock.

The load is random, over few rows, so that most transactions meet others: unique keys that move from
row to row, NULLs, text whose case and accents do not count, tables without keys, foreign keys with
cascades, images of rows without all columns, definitions in between. Were two of them exchanged, a
replica would miss a row, find a key twice or end with another value.

The source's log comes through a relay, or is translated by tests/tools/translate.c and given to the
replica as its relay log, with all keys known from its beginning. That threads run beside each other is seen by a row that is locked at the replica: what is
independent of it goes on meanwhile.
"""

import collections
import os
import pathlib
import random
import subprocess

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .binlog_nodes import ROOT
from .cross_compare import assert_equal
from .relay import (
    Relay,
    create_account,
    forget,
    is_mariadb,
    is_new_mysql,
    position,
    replica_settings,
    replica_status,
    source_settings,
)

PAIRS = [("mysql-5.6", "mariadb-11.8"), ("mariadb-10.11", "mysql-9.7")]
WORKERS = 4
APPLIERS = {
    "mariadb-11.8": {"slave_parallel_threads": WORKERS, "slave_parallel_mode": "conservative"},
    "mysql-9.7": {"replica_parallel_workers": WORKERS, "replica_preserve_commit_order": "OFF"},
}  # fmt: skip
DIALECTS = {"mariadb-11.8": "mariadb", "mysql-9.7": "mysql8"}
TIMEOUT = 60
TRANSACTIONS = 600
DEFINITIONS = 8
IDS = 24
TEXTS = ["strasse", "Straße", "STRASSE", "e", "é", "E ", "Ärger", "arger", "a-b", "ab", "", "x\ty", "Z"]
IMAGES = ["FULL", "FULL", "MINIMAL", "NOBLOB"]
SCHEMA = [
    "CREATE DATABASE d CHARACTER SET latin1 COLLATE latin1_swedish_ci",
    "CREATE TABLE d.p (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE d.u (id INT PRIMARY KEY, a INT, x INT NOT NULL DEFAULT 3, y INT, v INT,"
    " s VARCHAR(20) CHARACTER SET utf8 COLLATE utf8_general_ci, UNIQUE (a), UNIQUE (y, x), UNIQUE (s))",
    "CREATE TABLE d.c (s VARCHAR(20) PRIMARY KEY, v INT)",
    "CREATE TABLE d.n (a INT UNIQUE, v INT)",
    "CREATE TABLE d.b (v INT, w INT)",
    "CREATE TABLE d.k (f DOUBLE PRIMARY KEY, e DECIMAL(10, 2) UNIQUE, t DATETIME UNIQUE,"
    " y BINARY(4) UNIQUE, n TINYINT UNSIGNED UNIQUE)",
    "CREATE TABLE d.parent (id INT PRIMARY KEY, v INT)",
    "CREATE TABLE d.child (id INT PRIMARY KEY, parent INT,"
    " FOREIGN KEY (parent) REFERENCES d.parent (id) ON DELETE CASCADE ON UPDATE CASCADE)",
]
SEQUENCES = [
    ["UPDATE d.u SET a = NULL WHERE id = {one}", "UPDATE d.u SET a = {one} WHERE id = {other}"],
    ["INSERT IGNORE INTO d.parent VALUES ({one}, 0)", "REPLACE INTO d.child VALUES ({other}, {one})",
     "DELETE FROM d.parent WHERE id = {one}"],
    ["INSERT INTO d.b VALUES ({one}, 1)", "UPDATE d.b SET w = 2 WHERE v = {one} LIMIT 1",
     "DELETE FROM d.b WHERE v = {one} LIMIT 1"],
    ["REPLACE INTO d.c VALUES ('Straße', {one})", "DELETE FROM d.c WHERE s = 'STRASSE'",
     "REPLACE INTO d.c VALUES ('é', {other})", "UPDATE d.c SET s = 'x{one}' WHERE s = 'E'"],
    ["INSERT INTO d.n (a, v) VALUES (NULL, {one})", "UPDATE d.n SET a = NULL WHERE v = {one} LIMIT 1",
     "DELETE FROM d.n WHERE v = {one} LIMIT 1"],
]  # fmt: skip
GOES_AND_COMES = ["ALTER TABLE d.n ADD COLUMN w INT UNIQUE", "ALTER TABLE d.n DROP COLUMN w"]
NO_COLLATION = "-"


# ---- The source's keys ----


def keys_of(node):
    """The tables of d as tests/tools/key_file.h reads them."""
    columns, keys, barred = {}, {}, set()
    for row in node.query("SELECT * FROM information_schema.columns WHERE table_schema = 'd'"
                          " ORDER BY ordinal_position"):  # fmt: skip
        columns.setdefault(row["TABLE_NAME"], []).append(row)
    for row in node.query("SELECT * FROM information_schema.statistics WHERE table_schema = 'd'"
                          " AND non_unique = 0 ORDER BY index_name, seq_in_index"):  # fmt: skip
        keys.setdefault(row["TABLE_NAME"], {}).setdefault(row["INDEX_NAME"], []).append(row["COLUMN_NAME"])
    for row in node.query("SELECT * FROM information_schema.key_column_usage"
                          " WHERE table_schema = 'd' AND referenced_table_name IS NOT NULL"):  # fmt: skip
        barred |= {row["TABLE_NAME"], row["REFERENCED_TABLE_NAME"]}
    for table, there in columns.items():
        if table in barred:
            yield f"barrier d {table}"
            continue
        names = [row["COLUMN_NAME"] for row in there]
        collations = [row["COLLATION_NAME"] or NO_COLLATION for row in there]
        parts = [",".join(f"{names.index(name)}:{collations[names.index(name)]}" for name in key)
                 for key in keys.get(table, {}).values()]  # fmt: skip
        yield f"table d {table} {len(names)} {' '.join(parts)}"


class Writer:
    """The one session of a source that changes something, and the keys at each place of its log."""

    def __init__(self, node, seed):
        self.node = node
        self.random = random.Random(seed)
        self.conn = node.connect(autocommit=False)
        self.keys = []
        self.free = []  # values of u.a that a row has given up

    def define(self, *statements):
        for statement in statements:
            self.run(statement)
        self.keys += [f"at {position(self.node)[1]}", *keys_of(self.node)]

    def run(self, statement):
        """False when the source refuses it: a key would be there twice, or a parent is not there."""
        try:
            with self.conn.cursor() as cursor:
                cursor.execute(statement)
            return True
        except pymysql.err.IntegrityError:
            return False

    def commit(self):
        self.conn.commit()

    def value(self, most=IDS):
        return self.random.choice(["NULL", *range(most)])

    def text(self):
        return "'" + self.random.choice(TEXTS) + "'"

    def change(self):
        pick, one, other = self.random, self.random.randrange(IDS), self.random.randrange(IDS)
        return pick.choice([
            f"INSERT INTO d.p VALUES ({one}, {other})",
            f"UPDATE d.p SET v = v * 7 + {other} WHERE id = {one}",
            f"UPDATE d.p SET id = {other} WHERE id = {one}",
            f"DELETE FROM d.p WHERE id = {one}",
            f"INSERT INTO d.u (id, a, y, s) VALUES ({one}, {self.value()}, {self.value(3)}, {self.text()})",
            f"INSERT INTO d.u (id) VALUES ({one})",
            f"REPLACE INTO d.u VALUES ({one}, {self.value()}, {other % 5}, {self.value(4)}, 0, NULL)",
            f"UPDATE d.u SET v = {other} WHERE id = {one}",
            f"UPDATE d.u SET a = {self.value()} WHERE id = {one}",
            f"UPDATE d.u SET x = {other % 5} WHERE id = {one}",
            f"UPDATE d.u SET y = {self.value(4)}, s = {self.text()} WHERE id = {one}",
            f"DELETE FROM d.u WHERE id = {one}",
            f"DELETE FROM d.u WHERE a = {one}",
            f"INSERT INTO d.u (id, a) VALUES ({one}, {other}) ON DUPLICATE KEY UPDATE v = v + 1",
            f"INSERT INTO d.c VALUES ({self.text()}, {one})",
            f"UPDATE d.c SET v = {other} WHERE s = {self.text()}",
            f"UPDATE d.c SET s = {self.text()} WHERE s = {self.text()}",
            f"DELETE FROM d.c WHERE s = {self.text()}",
            f"INSERT INTO d.n (a, v) VALUES ({self.value()}, {other})",
            f"UPDATE d.n SET a = {self.value()} WHERE v = {other} LIMIT 1",
            f"DELETE FROM d.n WHERE a = {one}",
            f"INSERT INTO d.b VALUES ({one}, {self.value()})",
            f"UPDATE d.b SET w = {other} WHERE v = {one} LIMIT 1",
            f"DELETE FROM d.b WHERE v = {one} LIMIT 1",
            f"REPLACE INTO d.k VALUES ({pick.choice([0.0, -0.0, 0.5, one])}, {one}.{other},"
            f" '2026-01-01 00:00:{one:02}', X'{one:02x}00{other % 3:02x}', {255 - other})",
            f"DELETE FROM d.k WHERE n = {255 - one}",
            f"INSERT INTO d.parent VALUES ({one}, 0)",
            f"INSERT INTO d.child VALUES ({one}, {other})",
            f"UPDATE d.parent SET id = {other} WHERE id = {one}",
            f"DELETE FROM d.parent WHERE id = {one}",
        ])  # fmt: skip

    def transaction(self):
        self.run(f"SET SESSION binlog_row_image = {self.random.choice(IMAGES)}")
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            self.run(self.change())
        self.commit()

    def sequence(self):
        """Transactions that each need the one before."""
        one, other = self.random.sample(range(IDS), 2)
        for statement in self.random.choice(SEQUENCES):
            self.run(statement.format(one=one, other=other))
            self.commit()

    def load(self):
        step = TRANSACTIONS // DEFINITIONS
        for i in range(TRANSACTIONS):
            if i % step == 1:
                self.define(GOES_AND_COMES[i // step % 2])
            self.transaction()
            if i % 3 == 0:
                self.sequence()

    def close(self):
        self.conn.close()


# ---- From the source's log to the replica ----


def tool(name):
    return pathlib.Path(os.environ.get("BOREALIS_BINARY", ROOT / "build" / "borealis")).parent / name


def translate(log, view, dialect, keys=None):
    """A log's file as another, in which transactions wait by keys if there are any."""
    options = []
    if keys:
        options = ["--keys", view.with_suffix(".keys")]
        options[1].write_text("\n".join(keys) + "\n")
    subprocess.run([tool("translate"), *options, log, view, dialect, "7"], check=True, timeout=TIMEOUT)
    return view


def give(replica, view):
    """Makes a file the relay log of a replica, whose applier is then started."""
    stop, start = ("STOP REPLICA", "START REPLICA") if is_new_mysql(replica) else ("STOP SLAVE", "START SLAVE")
    replica.execute(stop, "RESET REPLICA ALL" if is_new_mysql(replica) else "RESET SLAVE ALL")
    (replica.datadir / "given.000001").write_bytes(view.read_bytes())
    (replica.datadir / "given.index").write_text("./given.000001\n")
    to = "MASTER_HOST='127.0.0.1', MASTER_USER='nobody', RELAY_LOG_FILE='given.000001', RELAY_LOG_POS=4"
    if is_new_mysql(replica):
        replica.execute("CHANGE REPLICATION SOURCE TO " + to.replace("MASTER_", "SOURCE_"))
    else:  # the applier of 11.8 ends the server when no file of the source was named
        replica.execute(f"CHANGE MASTER TO {to}, MASTER_LOG_FILE='view.000001', MASTER_LOG_POS=4")
    replica.execute(start + " SQL_THREAD")


def applied(replica, table):
    """Whether the last transaction, which makes this table, is done."""
    status = replica_status(replica)
    assert not status["Last_SQL_Error"], (status["Last_SQL_Error"], replica.log_tail())
    return bool(replica.query(f"SELECT 1 FROM information_schema.tables WHERE table_name = '{table}'"))


def wait_applied(replica, table):
    wait_for(lambda: applied(replica, table), TIMEOUT, f"{replica}: {table}")


def end_file(node):
    """The file that a source has written, closed; a new one is begun."""
    current = position(node)[0]
    node.execute("FLUSH BINARY LOGS")
    return node.datadir / current


# ---- Tests ----


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(request, tmp_path_factory):
    source, replica = request.param
    directory = tmp_path_factory.mktemp(source)
    with (
        Node(source, directory / "source", **source_settings(source)) as node,
        Node(replica, directory / "replica", relay_log="given", **replica_settings(replica),
             **APPLIERS[replica]) as other,
    ):  # fmt: skip
        yield node, other


def test_random_load(pair, tmp_path):
    source, replica = pair
    writer = Writer(source, 1)
    writer.define(*SCHEMA)
    writer.load()
    writer.define("CREATE TABLE d.done (a INT)")
    writer.close()
    give(replica, translate(end_file(source), tmp_path / "view.1", DIALECTS[replica.server], writer.keys))
    wait_applied(replica, "done")
    assert_equal(replica, source, ["d"])


def test_random_load_behind_a_relay(pair, tmp_path):
    source, replica = pair
    for node in pair:
        forget(node)
    create_account(source, "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
    with Relay(source, tmp_path, "--dependency-tracking", "writeset",
               listen_mariadb=True, listen_mysql=True) as relay:  # fmt: skip
        relay.attach(replica, True)
        writer = Writer(source, 2)
        writer.define(*SCHEMA)
        writer.load()
        writer.define("CREATE TABLE d.done (a INT)")
        writer.close()
        wait_applied(replica, "done")
        assert_equal(replica, source, ["d"])
        forget(replica)


def states(replica):
    """What the threads of a replica do, how many of them each."""
    return collections.Counter(row["State"] for row in replica.query("SHOW PROCESSLIST"))


# What three of four workers wait for while one waits for a row: when they have done what is theirs,
# and when they must not begin.
BESIDE = {"mariadb-11.8": "Waiting for prior transaction to commit",
          "mysql-9.7": "Waiting for preceding transaction to commit"}  # fmt: skip
BEHIND = {"mariadb-11.8": "Waiting for prior transaction to start commit",
          "mysql-9.7": "Waiting for dependent transaction to commit"}  # fmt: skip


def begin_lanes(source, replica, writer, table, tmp_path):
    """A table at both."""
    rows = ", ".join(f"({row}, 0)" for row in range(1, 7))
    writer.define("CREATE DATABASE IF NOT EXISTS d", f"CREATE TABLE d.{table} (id INT PRIMARY KEY, v INT)",
                  f"INSERT INTO d.{table} VALUES {rows}", f"CREATE TABLE d.{table}_made (a INT)")  # fmt: skip
    give(replica, translate(end_file(source), tmp_path / f"{table}.1", DIALECTS[replica.server]))
    wait_applied(replica, f"{table}_made")


def write_lanes(source, writer, table):
    """A row in each transaction, row 1 twice. All wait for the file's first, so that is another."""
    writer.keys = ["at 4", *keys_of(source)]
    for row in (6, 1, 2, 3, 4, 1, 5):
        writer.run(f"UPDATE d.{table} SET v = v * 2 + 1 WHERE id = {row}")
        writer.commit()
    writer.define(f"CREATE TABLE d.{table}_done (a INT)")
    return end_file(source)


def values(replica, table):
    return [row["v"] for row in replica.query(f"SELECT v FROM d.{table} ORDER BY id")]


def run_lanes(source, replica, table, with_keys, tmp_path, goes_on):
    """Applies them while the first row is locked at the replica, until goes_on() is true."""
    writer = Writer(source, 1)
    begin_lanes(source, replica, writer, table, tmp_path)
    log = write_lanes(source, writer, table)
    writer.close()
    keys = writer.keys if with_keys else None
    with replica.connect(autocommit=False) as locked, locked.cursor() as cursor:
        cursor.execute(f"SELECT * FROM d.{table} WHERE id = 1 FOR UPDATE")
        give(replica, translate(log, tmp_path / f"{table}.2", DIALECTS[replica.server], keys))
        wait_for(goes_on, TIMEOUT, f"{replica}: {states(replica)}")
        assert values(replica, table)[0] == 0
        locked.rollback()
    wait_applied(replica, f"{table}_done")
    assert values(replica, table) == values(source, table) == [3, 1, 1, 1, 1, 1]


def test_goes_on_beside_what_waits(pair, tmp_path):
    source, replica = pair
    if is_new_mysql(replica):
        run_lanes(source, replica, "free", True, tmp_path,
                  lambda: values(replica, "free") == [0, 1, 1, 1, 0, 1])  # fmt: skip
        replica.execute("STOP REPLICA", "SET GLOBAL replica_preserve_commit_order = ON")
    run_lanes(source, replica, "ordered", True, tmp_path,
              lambda: states(replica)[BESIDE[replica.server]] == WORKERS - 1)  # fmt: skip


def test_goes_on_behind_what_waits_without_keys(pair, tmp_path):
    source, replica = pair
    run_lanes(source, replica, "single", False, tmp_path, lambda: states(replica)[BEHIND[replica.server]] > 0)
    assert states(replica)[BESIDE[replica.server]] == 0


# ---- Collations ----


def pairs_of_characters():
    """All texts of at most two characters of printable ASCII."""
    ones = [chr(code) for code in range(0x20, 0x7F)]
    return ["", *ones, *(one + other for one in ones for other in ones)]


def kinds(names):
    """How keys of collations are told apart."""
    done = subprocess.run([tool("keycollation")], input="\n".join(names), text=True, check=True,
                          capture_output=True, timeout=TIMEOUT)  # fmt: skip
    return dict(line.split() for line in done.stdout.splitlines())


def test_what_collations_hold_equal_is_not_told_apart(pair):
    for node in pair:
        names = [row["n"] for row in node.query(
            "SELECT collation_name AS n FROM information_schema.collations WHERE collation_name LIKE '%\\_%'")]  # fmt: skip
        texts = [(text, text.rstrip(" "), text.rstrip(" ").lower()) for text in pairs_of_characters()]
        with node.connect() as conn, conn.cursor() as cursor:
            cursor.execute("SET SESSION sql_log_bin = 0")
            cursor.execute("CREATE DATABASE texts")
            cursor.execute("CREATE TABLE texts.t (s VARCHAR(2) CHARACTER SET latin1, padded VARBINARY(2),"
                           " folded VARBINARY(2)) ENGINE=InnoDB")  # fmt: skip
            cursor.executemany("INSERT INTO texts.t VALUES (%s, %s, %s)", texts)
            found = kinds(names)
            for name, kind in found.items():
                if kind not in ("padded", "folded"):
                    continue
                cursor.execute(f"SELECT COUNT(*) AS n FROM (SELECT 1 FROM texts.t GROUP BY"
                               f" CONVERT(s USING {name.split('_')[0]}) COLLATE {name}"
                               f" HAVING MIN({kind}) <> MAX({kind})) AS x")  # fmt: skip
                assert cursor.fetchall() == [{"n": 0}], (node.server, name)
            cursor.execute("DROP DATABASE texts")
        assert {"padded", "folded", "unknown"} <= set(found.values())
