"""`borealis relay` between servers that are killed, and killed itself: nothing is lost, nothing comes twice.

A round runs a load, kills one or more of relay, source and replica at a moment of chance, starts
them in an order of chance and compares: the replica's tables with the source's, and the relay's
files with the source's, byte by byte. Rounds of "definitions" also have statements that a killed
server does not finish or repeat by itself, with or without a relay: there the replica may need its
servers' own remedy, once (see repair()). BOREALIS_KILLS is the number of rounds at each pair of
servers, 5 at first; BOREALIS_SEED=N repeats a run's choices.
"""

import os
import random
import threading

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for
from tests.servers.checksum import checksum

from .relay import (
    Relay,
    binlog_bytes,
    binlog_names,
    is_mariadb,
    is_new_mysql,
    position,
    replica_settings,
    replica_status,
    source_settings,
    wait_replica,
)

ROUNDS = int(os.environ.get("BOREALIS_KILLS", "5"))
FILE_BYTES = 262144  # so that files end often
DATABASE = "crash"
ER_LOCK_WAIT_TIMEOUT = 1205
DURABLE = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1}
CRASH_SAFE = {
    "mysql-5.6": {"master_info_repository": "TABLE", "relay_log_info_repository": "TABLE"},
}


class Load(threading.Thread):
    """Changes rows until it is told to stop; when the source is away, it waits for it."""

    def __init__(self, source, seed, definitions):
        super().__init__(daemon=True)
        self.source = source
        self.random = random.Random(seed)
        self.definitions = definitions
        self.ended = threading.Event()
        self.statements = 0
        self.large = 2_000_000  # bytes of the rare rows
        self.name = f"s{seed}"
        self.error = None

    def run(self):
        while not self.ended.is_set() and not self.error:
            try:
                with self.source.connect(database=DATABASE, autocommit=False) as conn:
                    while not self.ended.is_set():
                        self.transaction(conn)
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
                if isinstance(error, pymysql.err.OperationalError) and error.args[0] < 2000:
                    self.refused(error)
            except pymysql.err.MySQLError as error:
                self.error = error

    def refused(self, error):
        """A server that ends says so in a few ways."""
        if error.args[0] not in (1053, 1152, 1158, 1159, 1160, 1161, 1927):
            self.error = error

    def execute(self, conn, *statements):
        with conn.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
                self.statements += 1

    def transaction(self, conn):
        rng = self.random
        kind = rng.random()
        if self.definitions and kind < 0.1:
            return self.define(conn)
        if self.definitions and kind < 0.15:
            return self.prepare(conn)
        for _ in range(rng.randint(1, 20)):
            size = rng.choice([10, 10, 1000, 60000]) if rng.random() < 0.98 else self.large
            self.execute(conn, f"INSERT INTO t (a) VALUES (REPEAT('z', {size}))",
                         f"INSERT INTO nokey VALUES ({rng.randrange(9)})")  # fmt: skip
        self.execute(conn, f"UPDATE t SET n = n + 1 WHERE id = {rng.randint(1, 50)}",
                     "UPDATE nokey SET a = a + 1 WHERE a < 3",
                     "ROLLBACK" if rng.random() < 0.1 else "COMMIT")  # fmt: skip

    def define(self, conn):
        name = f"{self.name}_{self.statements}"
        self.execute(conn, f"CREATE TABLE {name} (id INT PRIMARY KEY) ENGINE=InnoDB",
                     f"INSERT INTO {name} VALUES (1), (2)", "COMMIT",
                     f"ALTER TABLE {name} ADD COLUMN c INT NOT NULL DEFAULT 3",
                     f"UPDATE {name} SET c = 4 WHERE id = 2", "COMMIT")  # fmt: skip

    def prepare(self, conn):
        xid = f"'{self.name}_{self.statements}'"
        self.execute(conn, f"XA START {xid}", f"INSERT INTO t (a) VALUES ({xid})", f"XA END {xid}",
                     f"XA PREPARE {xid}", f"XA {self.random.choice(['COMMIT', 'ROLLBACK'])} {xid}")  # fmt: skip

    def wait(self, statements):
        goal = self.statements + statements
        wait_for(lambda: self.error or self.statements >= goal, 120, "the load goes on")
        assert not self.error, self.error

    def stop(self):
        self.ended.set()
        self.join(120)
        assert not self.is_alive() and not self.error, self.error


def prepared(node):
    data = [row["data"] for row in node.query("XA RECOVER")]
    return {xid.decode() if isinstance(xid, bytes) else xid for xid in data}


def skip_one(replica):
    """The servers' own remedy for a transaction that was done before the kill: it is left out."""
    if is_mariadb(replica):
        replica.execute("STOP SLAVE", "SET GLOBAL sql_slave_skip_counter = 1", "START SLAVE")
        return
    new = is_new_mysql(replica)
    status = replica_status(replica)
    word = "REPLICA" if new else "SLAVE"
    if status["Auto_Position"]:
        done, got = status["Executed_Gtid_Set"], status["Retrieved_Gtid_Set"]
        left = replica.query("SELECT GTID_SUBTRACT(%s, %s) AS g", (got, done))[0]["g"]
        uuid, numbers = left.split(",")[0].split(":", 1)
        first = numbers.split(":")[0].split("-")[0]
        replica.execute(f"STOP {word}", f"SET gtid_next = '{uuid}:{first}'", "BEGIN", "COMMIT",
                        "SET gtid_next = 'AUTOMATIC'", f"START {word}")  # fmt: skip
        return
    replica.execute(f"STOP {word}", "SET GLOBAL sql_slave_skip_counter = 1", f"START {word}")


def roll_back_strays(replica, source):
    """Prepared transactions that the source, killed before it wrote them, does not have."""
    for xid in prepared(replica) - prepared(source):
        print(f"repaired: prepared {xid}")
        replica.execute("SET SESSION sql_log_bin = 0", f"XA ROLLBACK '{xid}'")


def repair(replica, source):
    """Once, as doc/relay.md has it: a statement that was done, or a prepared transaction that its
    source did not keep, whose locks may hold the replica up.
    """
    wait_for(
        lambda: replica_status(replica)["Last_SQL_Errno"] or caught_up(replica, position(source)),
        120, f"{replica}: has applied all, or stops",
    )  # fmt: skip
    status = replica_status(replica)
    if status["Last_SQL_Errno"] == ER_LOCK_WAIT_TIMEOUT:
        roll_back_strays(replica, source)
        word = "REPLICA" if is_new_mysql(replica) else "SLAVE"
        replica.execute(f"STOP {word}", f"START {word}")
    elif status["Last_SQL_Errno"]:
        print(f"repaired: {status['Last_SQL_Error']}")
        skip_one(replica)
    wait_for(lambda: caught_up(replica, position(source)), 120, f"{replica}: has applied all")
    roll_back_strays(replica, source)


def caught_up(replica, goal):
    status = replica_status(replica)
    return (status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"]) >= goal


def kill_some(chance, load, parts):
    """One of the parts, or more at a time, in an order of chance; they start in another."""
    victims = chance.sample(parts, min(len(parts), chance.choice([1, 1, 1, 2, 3])))
    load.wait(chance.randint(1, 200))
    for part in victims:
        part.kill9()
    chance.shuffle(victims)
    for part in victims:
        part.start()
    load.wait(chance.randint(1, 50))
    return victims


def tables(node):
    return checksum(node, DATABASE)


def undo_unlogged(source, logs):
    for row in source.query(f"SHOW TABLES FROM {DATABASE} LIKE 's%'"):
        (name,) = row.values()
        undo = None
        if f"CREATE TABLE {name} (".encode() not in logs:
            undo = f"DROP TABLE IF EXISTS {DATABASE}.{name}"  # it may be there by half
        elif f"ALTER TABLE {name} ADD".encode() not in logs:
            if len(source.query(f"SHOW COLUMNS FROM {DATABASE}.{name}")) == 2:
                undo = f"ALTER TABLE {DATABASE}.{name} DROP COLUMN c"
        if undo:
            print(f"repaired: {undo}")
            source.execute("SET SESSION sql_log_bin = 0", undo)


def make_as_logged(source):
    """Ends what the kill left prepared at the source; MySQL 5.6 is made what its binlog says.

    It writes the rows of an XA transaction when it commits that, before the engine does: killed in
    between it has it prepared still, and logs nothing of what becomes of it then. And it writes
    definitions when they are done: killed in between, they are not in the log.
    """
    logs = b""
    if source.server == "mysql-5.6":
        logs = b"".join(binlog_bytes(source, name) for name in binlog_names(source))
        undo_unlogged(source, logs)
    for xid in prepared(source):
        value = len(xid).to_bytes(4, "little") + xid.encode()  # of the LONGTEXT column
        source.execute(f"XA {'COMMIT' if value in logs else 'ROLLBACK'} '{xid}'")


@pytest.mark.parametrize("server", ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"])
def test_kills(server, tmp_path):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    print(f"BOREALIS_SEED={seed} BOREALIS_KILLS={ROUNDS}")
    chance = random.Random(f"{seed} {server}")
    by_gtid = chance.random() < 0.6
    settings = DURABLE | {"max_binlog_size": FILE_BYTES, "innodb_lock_wait_timeout": 5}
    follow = replica_settings(server) | CRASH_SAFE.get(server, {})
    follow |= {"relay_log_recovery": "ON", "innodb_lock_wait_timeout": 2}
    with (
        Node(server, tmp_path / "source", **source_settings(server), **settings) as source,
        Node(server, tmp_path / "replica", **follow) as replica,
        Relay(source, tmp_path) as relay,
    ):
        source.execute(
            f"CREATE DATABASE {DATABASE}", f"USE {DATABASE}",
            "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, n INT DEFAULT 0, a LONGTEXT)"
            " ENGINE=InnoDB",
            "CREATE TABLE nokey (a INT) ENGINE=InnoDB",
        )  # fmt: skip
        relay.wait_caught_up()
        relay.attach(replica, by_gtid)
        # MariaDB keeps its place in a file, which is not written with the rows, when it goes by position.
        parts = [relay, source] + ([replica] if by_gtid or not is_mariadb(replica) else [])
        for i in range(ROUNDS):
            definitions = i % 2 == 1
            load = Load(source, seed + i, definitions)
            load.start()
            victims = kill_some(chance, load, parts)
            print(f"round {i}: by_gtid={by_gtid} definitions={definitions}:", *victims)
            load.stop()
            make_as_logged(source)
            relay.wait_caught_up()
            relay.assert_files_are_the_sources()
            if definitions:
                repair(replica, source)
            wait_replica(replica, position(source))
            assert tables(replica) == tables(source)


def tear(node):
    """Leaves the beginning of an event at the end of the last file of a server that was killed."""
    path = sorted(node.datadir.glob("mysql-bin-changelog.??????"))[-1]
    data = path.read_bytes()
    path.write_bytes(data + data[4 : 4 + 60])


@pytest.mark.parametrize("server", ["mariadb-10.11", "mariadb-11.8"])
def test_torn_end_of_the_source(server, tmp_path):
    """MariaDB leaves such an end and refuses to read on; MySQL cuts it off when it starts."""
    with (
        Node(server, tmp_path / "source", **source_settings(server), **DURABLE) as source,
        Node(server, tmp_path / "replica", **replica_settings(server)) as replica,
        Relay(source, tmp_path) as relay,
    ):
        source.execute(f"CREATE DATABASE {DATABASE}", f"CREATE TABLE {DATABASE}.t (id INT PRIMARY KEY)",
                       f"INSERT INTO {DATABASE}.t VALUES (1), (2)")  # fmt: skip
        relay.wait_caught_up()
        relay.attach(replica, by_gtid=False)
        source.kill9()
        tear(source)
        source.start()
        source.execute(f"INSERT INTO {DATABASE}.t VALUES (3)")
        relay.wait_caught_up()
        relay.assert_files_are_the_sources()
        wait_replica(replica, position(source))
        assert tables(replica) == tables(source)
        assert "with a part of an event" in relay.log.read_text()
