"""Clusters under load whose daemon and engines are killed at moments of chance, and a daemon that is
upgraded while they run.

BOREALIS_KILLS is the number of rounds, 3 at first; BOREALIS_SEED=N repeats a run's choices. A round
loads one cluster, begins something with a second one, kills one or more of daemon and engines,
and compares every row with what was acknowledged.

The tests of the file share one daemon, in order: each leaves `borealis` available.

Time budget: 40 s.
"""

import contextlib
import fcntl
import os
import pathlib
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading

import pymysql
import pytest

from servers.wait import wait_for

from .cluster import BINARY, REPOSITORY, START_TIMEOUT, STOP_TIMEOUT, borealis, start_ticks
from .test_clusters import ask, is_available, manage, messages, query, run, states
from .test_daemon import one_line

ROUNDS = int(os.environ.get("BOREALIS_KILLS", "3"))
WRITERS = 4
DOING = 120  # what a kill may hold up, on a busy machine
SECOND = "shop"
ENGINE_OF = {"borealis": "mariadb-10.11", SECOND: "mariadb-11.8"}


def data_directory(cluster, name):
    return cluster.dir / "clusters" / name / "instances" / f"{name}-1" / "data"


def engines(cluster, name):
    """The pids of the processes that work in a cluster's data directory."""
    data, pids = str(data_directory(cluster, name)), []
    for proc in pathlib.Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if proc.name.isdigit() and os.readlink(proc / "cwd") == data:
                pids.append(int(proc.name))
    return pids


def assert_is_locked_by(cluster, name, pid):
    """The lock that lives as long as the engine is there, and is the engine's."""
    lock = data_directory(cluster, name).parent / "lock"
    with open(lock) as own, pytest.raises(BlockingIOError):
        fcntl.flock(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    held = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            held.add(os.readlink(fd))
    assert str(lock) in held


class Watch(threading.Thread):
    """Looks all the time whether two processes work in one data directory."""

    def __init__(self, cluster):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.seen = 0
        self.doubled = []
        self._end = threading.Event()

    def run(self):
        while not self._end.wait(0.02):
            for name in ENGINE_OF:
                pids = engines(self.cluster, name)
                self.seen += len(pids)
                if len(pids) > 1:
                    self.doubled.append((name, pids))

    def stop(self):
        self._end.set()
        self.join(DOING)
        assert self.seen > 0 and self.doubled == []


class Ledger:
    """What one writer was told: {id: value} of what was acknowledged, and the transactions of which
    it was not told, each as [(id, value before or None, value after)]. A row of those is not touched
    again.
    """

    def __init__(self):
        self.sure = {}
        self.unsure = []

    def assert_is_in(self, rows):
        """Takes what it was not told from the rows."""
        for changes in self.unsure:
            undone = all(rows.get(number) == before for number, before, _ in changes)
            done = all(rows.get(number) == after for number, _, after in changes)
            assert undone or done, f"by half, or never written: {changes}"
        for number, value in self.sure.items():
            assert rows.get(number) == value, f"row {number}: acknowledged {value}, found {rows.get(number)}"


class Writer(threading.Thread):
    """Transactions of an INSERT and an UPDATE, at one address, until it is told to stop."""

    def __init__(self, cluster, number, seed, ledger):
        super().__init__(daemon=True)
        self.cluster = cluster
        self.base = number * 10_000_000 + seed * 10_000
        self.random = random.Random(f"{seed} {number}")
        self.ledger = ledger
        self.password = cluster.credentials()["password"]
        self.tls = number % 2 == 0
        self.done = 0
        self.tried = 0
        self.connections = 0
        self.error = None
        self._end = threading.Event()

    def run(self):
        while not self._end.is_set() and not self.error:
            try:
                with self.cluster.connect(
                    user="admin", password=self.password, tls=self.tls, autocommit=False, read_timeout=DOING
                ) as conn, conn.cursor() as cursor:
                    self.connections += 1
                    while not self._end.is_set():
                        self.transaction(conn, cursor)
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError) as error:
                # 1053 and 2000 and more: the endpoint or the engine is away, or goes.
                if isinstance(error, pymysql.err.OperationalError) and error.args[0] not in (
                    1053, 1927, *range(2000, 2100)
                ):  # fmt: skip
                    self.error = error
                self._end.wait(0.01)
            except pymysql.err.MySQLError as error:
                self.error = error

    def transaction(self, conn, cursor):
        number = self.base + self.tried
        self.tried += 1
        changes = [(number, None, self.random.randbytes(self.random.choice([8, 8, 300])))]
        if self.ledger.sure:
            old = self.random.choice(list(self.ledger.sure))
            changes += [(old, self.ledger.sure[old], self.random.randbytes(8))]
        cursor.execute("INSERT INTO load_test.t VALUES (%s, %s)", (number, changes[0][2]))
        for number, _, after in changes[1:]:
            cursor.execute("UPDATE load_test.t SET value = %s WHERE id = %s", (after, number))
            del self.ledger.sure[number]
        self.ledger.unsure.append(changes)
        conn.commit()
        self.ledger.unsure.pop()
        self.ledger.sure.update((number, after) for number, _, after in changes)
        self.done += 1

    def stop(self):
        self._end.set()
        self.join(DOING)
        assert not self.is_alive() and not self.error, self.error


@contextlib.contextmanager
def load(cluster, ledgers, seed):
    """Writers at work; yields a function that waits until each has done so much more."""
    writers = [Writer(cluster, i, seed, ledger) for i, ledger in enumerate(ledgers)]
    for writer in writers:
        writer.start()

    def wait(transactions):
        goals = [writer.done + transactions for writer in writers]
        wait_for(lambda: all(w.error or w.done >= goal for w, goal in zip(writers, goals)), DOING,
                 f"{transactions} more transactions of each writer")  # fmt: skip

    try:
        wait(1)
        yield wait
    finally:
        for writer in writers:
            writer.stop()


def assert_all_there(cluster, ledgers):
    rows = {row["id"]: row["value"] for row in cluster.query("SELECT id, value FROM load_test.t")}
    known = set()
    for ledger in ledgers:
        ledger.assert_is_in(rows)
        known.update(ledger.sure, *[[change[0] for change in changes] for changes in ledger.unsure])
    assert set(rows) <= known


@pytest.fixture(scope="module")
def daemon(cluster):
    """With a second cluster, on another engine."""
    manage(cluster, "create", SECOND, "--engine", ENGINE_OF[SECOND])
    cluster.execute("CREATE DATABASE load_test",
                    "CREATE TABLE load_test.t (id INT PRIMARY KEY, value VARBINARY(300))")  # fmt: skip
    yield cluster


# --- a crash loop ---


def crash(cluster):
    """Kills the engine of `borealis`; what the daemon says of it."""
    seen = len(cluster.stderr.read_text())
    os.kill(engines(cluster, "borealis")[0], signal.SIGKILL)
    said = re.compile(r"the engine ended by itself; next attempt in (\d+) s")
    wait_for(lambda: said.search(cluster.stderr.read_text(), seen), DOING, "noticed")
    return int(said.search(cluster.stderr.read_text(), seen)[1])


def test_engine_that_crashes_again_and_again(daemon):
    """It is started again later each time, at once when an operator asks for it; the other cluster
    does not notice.
    """
    other = engines(daemon, SECOND)
    for pause in (1, 2):
        assert crash(daemon) == pause
        daemon.wait_available()
    assert crash(daemon) == 4
    manage(daemon, "reboot", "borealis")
    assert daemon.query("SELECT 1 AS one") == [{"one": 1}]
    assert crash(daemon) == 1
    daemon.wait_available()
    assert messages(daemon, "borealis")[-1] == "Recovery of the DB instance is complete."
    assert engines(daemon, SECOND) == other


def test_engines_that_end_as_they_are_adopted(daemon):
    """Killed together with the daemon they may be there for a moment still: the next daemon starts others."""
    pids = [engines(daemon, name)[0] for name in ENGINE_OF]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)  # it holds its lock and answers nobody
    daemon.kill9()
    daemon.spawn()
    wait_for(lambda: daemon.status(check=False) and set(states(daemon).values()) == {"starting"}, START_TIMEOUT,
             "both are adopted")  # fmt: skip
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_for(lambda: daemon.daemon.poll() is not None or settled(daemon, pids), DOING, "both are available")
    assert daemon.daemon.poll() is None, daemon.stderr.read_text()[-500:]
    assert daemon.query("SELECT 1 AS one") == query(daemon, SECOND, "SELECT 1 AS one") == [{"one": 1}]


# --- kills ---


class Operation:
    """Something that is done with the second cluster, by the program, while all is killed."""

    def __init__(self, cluster, chance):
        self.cluster = cluster
        self.there = SECOND in states(cluster)
        self.kind = chance.choice(["modify", "modify", "reboot", "delete"]) if self.there else "create"
        self.networks = [f"127.0.0.0/{chance.randrange(8, 25)}"]
        self.before = ask(cluster, "describe", SECOND)["client_networks"] if self.there else None
        options = {
            "create": ["--engine", ENGINE_OF[SECOND], "--client-networks", *self.networks],
            "modify": ["--client-networks", *self.networks],
            "reboot": [],
            "delete": ["--confirm", SECOND],
        }[self.kind]
        self.process = subprocess.Popen(
            [BINARY, "cluster", self.kind, SECOND, *options, "--dir", cluster.dir],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    def assert_done_or_not(self, killed):
        """Whole, or not at all; whole, when the program says so."""
        done = self.process.wait(DOING) == 0
        wait_for(lambda: settled(self.cluster, killed), DOING, "the second cluster is there, or it is not")
        there = SECOND in states(self.cluster)
        if self.kind in ("create", "delete"):
            assert not done or there == (self.kind == "create")
        else:
            assert there
        if not there:
            assert not data_directory(self.cluster, SECOND).parents[2].exists()
            assert engines(self.cluster, SECOND) == []
            return
        networks = ask(self.cluster, "describe", SECOND)["client_networks"]
        assert networks in (self.networks, self.before)
        if done and self.kind == "modify":
            assert networks == self.networks
        assert query(self.cluster, SECOND, "SELECT COUNT(*) > 500 AS ok FROM mysql.help_topic") == [{"ok": 1}]


def settled(cluster, killed):
    """Nothing is on its way any more. What has failed is tried at once, as an operator would. On a busy
    machine the daemon has not noticed yet that an engine is dead: its pid tells.
    """
    now = {one["name"]: (one["state"], one["writer"]["pid"]) for one in ask(cluster, "list")["clusters"]}
    for name, (state, _) in now.items():
        if state == "failed":
            run(cluster, "reboot", name, "--no-wait")
    return all(state == "available" and pid not in killed for state, pid in now.values())


def kill_some(cluster, chance):
    """One of daemon and engines, or more at a time, in an order of chance; the daemon comes back. Who they
    were, and the engines' pids.
    """
    parts = ["daemon", "borealis", SECOND]
    victims = chance.sample(parts, chance.choice([1, 1, 2, 3]))
    killed = []
    for victim in victims:
        if victim == "daemon":
            cluster.kill9()
        for pid in engines(cluster, victim):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed.append(pid)
    if "daemon" in victims:
        cluster.spawn()
        wait_for(lambda: cluster.status(check=False), START_TIMEOUT, "the daemon answers")
    return victims, killed


def test_kills(daemon):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    print(f"BOREALIS_SEED={seed} BOREALIS_KILLS={ROUNDS}")
    chance = random.Random(seed)
    ledgers = [Ledger() for _ in range(WRITERS)]
    watch = Watch(daemon)
    watch.start()
    for number in range(ROUNDS):
        with load(daemon, ledgers, number) as wait:
            operation = Operation(daemon, chance)
            wait(chance.randint(1, 60))
            victims, killed = kill_some(daemon, chance)
            print(f"round {number}: {operation.kind}, killed:", *victims)
            operation.assert_done_or_not(killed)
            wait(chance.randint(1, 20))
        assert_all_there(daemon, ledgers)
        for name in states(daemon):
            pid, = engines(daemon, name)
            assert ask(daemon, "describe", name)["writer"]["pid"] == pid
            assert_is_locked_by(daemon, name, pid)
            log = data_directory(daemon, name).parent / "engine.log"
            assert "Unable to lock" not in log.read_text(errors="replace")
    watch.stop()


# --- upgrade ---


def as_another_version(tmp_path, version=b"9.9.9"):
    """The program and its plugin in another place, saying that it is another version."""
    (tmp_path / "plugin").mkdir(parents=True)
    shutil.copy(BINARY.parent / "plugin" / "aurora.so", tmp_path / "plugin")
    own = borealis("--version").stdout.split()[-1].encode()
    program = tmp_path / "borealis"
    program.write_bytes(re.sub(rb"(?<![\d.])%s(?![\d.])" % re.escape(own),
                               version.ljust(len(own)), BINARY.read_bytes()))  # fmt: skip
    program.chmod(0o755)
    return program


def schema_of(cluster):
    with contextlib.closing(sqlite3.connect(cluster.dir / "borealis.db")) as store:
        return store.execute("PRAGMA user_version").fetchone()[0]


def rewind_store(cluster):
    """What the first version of the store had to say of the clusters that are there."""
    path = cluster.dir / "borealis.db"
    with contextlib.closing(sqlite3.connect(path)) as store:
        clusters = store.execute("SELECT name, lifecycle, listen, port, master_user, "
                                 "require_secure_transport, gtid_domain_id FROM cluster").fetchall()  # fmt: skip
        instances = store.execute("SELECT name, cluster, engine, version, server_id, binlog_epoch, pid, "
                                  "start_ticks FROM instance").fetchall()  # fmt: skip
    for name in ("borealis.db", "borealis.db-wal", "borealis.db-shm"):
        (cluster.dir / name).unlink(missing_ok=True)
    shutil.copy(REPOSITORY / "tests" / "data" / "store-v1" / "borealis.db", path)
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute("DELETE FROM instance")
        store.execute("DELETE FROM cluster")
        store.executemany("INSERT INTO cluster VALUES (?,?,?,?,?,?,?)", clusters)
        store.executemany("INSERT INTO instance VALUES (?,?,?,?,?,?,?,?)", instances)


@pytest.mark.parametrize("how", ["left", "killed"])
def test_upgrade_under_running_engines(daemon, tmp_path, how):
    if SECOND not in states(daemon):
        manage(daemon, "create", SECOND, "--engine", ENGINE_OF[SECOND])
    before = {name: (pid, start_ticks(pid)) for name in states(daemon) for pid in engines(daemon, name)}
    newest = schema_of(daemon)
    daemon.execute("REPLACE INTO load_test.t VALUES (-1, 'before')")
    session = daemon.connect()
    if how == "left":
        done = daemon.command("stop", "--leave-engines", timeout=STOP_TIMEOUT)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert daemon.daemon.wait(STOP_TIMEOUT) == 0
        with pytest.raises(pymysql.err.MySQLError):  # sessions are the daemon's
            session.query("SELECT 1")
    else:
        daemon.kill9()
    session._force_close()
    rewind_store(daemon)
    assert schema_of(daemon) == 1

    daemon.binary = as_another_version(tmp_path)
    try:
        daemon.start()
        wait_for(lambda: is_available(daemon, SECOND), START_TIMEOUT, "the second is available")
        assert daemon.status()["version"].startswith("9.9.9")
        assert schema_of(daemon) == newest
        for name, (pid, ticks) in before.items():
            writer = ask(daemon, "describe", name)["writer"]
            assert (writer["pid"], writer["adopted"], start_ticks(pid)) == (pid, True, ticks)
            assert query(daemon, name, "CALL mysql.rds_show_configuration()")
        assert daemon.query("SELECT value FROM load_test.t WHERE id = -1") == [{"value": b"before"}]
        # What it adopted it starts again as its own.
        manage(daemon, "reboot", SECOND)
        assert engines(daemon, SECOND) != [before[SECOND][0]]
        assert daemon.command("stop", "--leave-engines", timeout=STOP_TIMEOUT).returncode == 0
    finally:
        daemon.binary = BINARY
        if daemon.daemon.poll() is not None:
            daemon.start()
            wait_for(lambda: is_available(daemon, SECOND), START_TIMEOUT, "the second is available")


def test_older_daemon_that_finds_a_newer_store(daemon):
    """It says so and touches neither store nor engines."""
    version = schema_of(daemon)
    daemon.kill9()
    running = {name: engines(daemon, name) for name in ENGINE_OF}
    path = daemon.dir / "borealis.db"
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute("PRAGMA user_version = 1000")
    before = path.read_bytes()
    done = borealis("serve", "--dir", daemon.dir)
    one_line(done, path, f"version {version} or older", "1000", "newer Borealis")
    assert path.read_bytes() == before
    assert {name: engines(daemon, name) for name in ENGINE_OF} == running
    with contextlib.closing(sqlite3.connect(path)) as store, store:
        store.execute(f"PRAGMA user_version = {version}")
    daemon.start()
    wait_for(lambda: is_available(daemon, SECOND), START_TIMEOUT, "the second is available")
    assert {name: engines(daemon, name) for name in ENGINE_OF} == running
