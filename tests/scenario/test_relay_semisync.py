"""`borealis relay` as the only replica of a semi-synchronous source: what it acknowledges is on its disk."""

import itertools
import signal
import threading

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import Relay, is_mariadb, source_settings

TIMEOUT_MS = 120000  # after which a source would go on without
INSERTS = 20


@pytest.fixture(scope="module", params=["mysql-9.7", "mariadb-10.11", "mariadb-11.8"])
def source(request, tmp_path_factory):
    settings = source_settings(request.param)
    with Node(request.param, tmp_path_factory.mktemp("source"), **settings) as node:
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        if is_mariadb(node):
            word = "master"
        else:
            word = "source"
            node.execute("INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
        node.execute(
            f"SET GLOBAL rpl_semi_sync_{word}_enabled = 1, rpl_semi_sync_{word}_timeout = {TIMEOUT_MS}"
        )
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay"), "--semi-sync", "on") as relay:
        wait_for(lambda: counter(source, "clients") == 1, 60, f"{source}: has a semi-synchronous replica")
        yield relay


def counter(source, name):
    word = "master" if is_mariadb(source) else "source"
    (row,) = source.query(f"SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_{word}_{name}'")
    return int(row["Value"])


class Writer(threading.Thread):
    """Commits rows with a text of their own, one by one; `committed` has those that were acknowledged."""

    def __init__(self, source, prefix, rows=None):
        super().__init__(daemon=True)
        self.source = source
        self.prefix = prefix
        self.rows = rows
        self.ended = threading.Event()
        self.committed = []
        self.error = None

    def run(self):
        try:
            with self.source.connect(database="d") as conn, conn.cursor() as cursor:
                for i in itertools.islice(itertools.count(), self.rows):
                    if self.ended.is_set():
                        break
                    text = f"<{self.prefix} {i}>"
                    cursor.execute("INSERT INTO t (a) VALUES (%s)", (text,))
                    self.committed.append(text)
        except pymysql.err.Error as error:
            self.error = error

    def finish(self):
        self.ended.set()
        self.join(100)
        assert not self.is_alive() and not self.error, self.error


def is_waiting(source):
    states = [row["State"] or "" for row in source.query("SHOW PROCESSLIST")]
    return any("semi-sync ACK" in state for state in states)


def received(relay):
    return b"".join(path.read_bytes() for path in relay.files().values())


def assert_received(relay, texts):
    there = received(relay)
    assert not [text for text in texts if text.encode() not in there]


def test_every_commit_is_acknowledged(source, relay):
    before = counter(source, "yes_tx")
    writer = Writer(source, "plain", INSERTS)
    writer.start()
    writer.join(60)
    writer.finish()
    assert counter(source, "yes_tx") - before == INSERTS
    assert counter(source, "no_tx") == 0
    assert_received(relay, writer.committed)


def test_commits_wait_for_a_relay_that_stands_still(source, relay):
    relay.process.send_signal(signal.SIGSTOP)
    writer = Writer(source, "stopped", 1)
    try:
        writer.start()
        wait_for(lambda: is_waiting(source), 60, "the commit waits")
        assert not writer.committed
    finally:
        relay.process.send_signal(signal.SIGCONT)
    writer.finish()
    assert_received(relay, writer.committed)
    assert counter(source, "no_tx") == 0


def test_it_is_set_to_on_while_the_relay_follows(source, relay):
    word = "master" if is_mariadb(source) else "source"
    source.execute(f"SET GLOBAL rpl_semi_sync_{word}_enabled = 0")
    relay.stop()
    relay.start()
    source.execute("INSERT INTO d.t (a) VALUES ('<not acknowledged>')")
    relay.wait_caught_up()
    source.execute(f"SET GLOBAL rpl_semi_sync_{word}_enabled = 1")
    before = counter(source, "yes_tx")
    writer = Writer(source, "on again", INSERTS)
    writer.start()
    writer.join(60)
    writer.finish()
    assert counter(source, "yes_tx") - before == INSERTS
    assert counter(source, "no_tx") == 0
    assert_received(relay, writer.committed)


def test_kills(source, relay):
    """Whenever it dies, its files have all that it acknowledged; the commit under way waits for its return."""
    writer = Writer(source, "kills")
    writer.start()
    for _ in range(4):
        goal = len(writer.committed) + 15
        wait_for(lambda: writer.error or len(writer.committed) >= goal, 60, "rows are committed")
        relay.kill9()
        wait_for(lambda: is_waiting(source), 60, "the next commit waits")
        assert_received(relay, writer.committed)
        relay.start()
    writer.finish()
    assert counter(source, "no_tx") == 0


def test_nothing_is_acknowledged_that_could_not_be_synced(source, relay, monkeypatch):
    relay.stop()
    monkeypatch.setenv("BOREALIS_INJECT", "log/sync:eio:3")
    relay.start()
    monkeypatch.delenv("BOREALIS_INJECT")
    writer = Writer(source, "sync", 10)
    writer.start()

    def failed():
        (row,) = relay.query("SHOW SLAVE STATUS")
        return row["Slave_IO_Running"] == "No" and row["Last_IO_Error"]

    reason = wait_for(failed, 60, "the receiver has stopped")
    assert "Input/output error" in reason, reason
    wait_for(lambda: is_waiting(source), 60, "the commit waits")
    count = len(writer.committed)
    assert count < 10
    assert_received(relay, writer.committed)
    relay.stop()
    relay.start()
    writer.join(60)
    writer.finish()
    assert len(writer.committed) == 10
    assert_received(relay, writer.committed)
    assert counter(source, "no_tx") == 0
