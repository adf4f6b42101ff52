"""`borealis relay` on a network that fails: nothing is lost, nothing comes twice, and it tells what it saw.

Cables are pulled between network namespaces, which needs root.
"""

import contextlib
import random

import pytest

from servers.node import Node
from servers.wait import wait_for

from .network import Network, needs_root
from .proxy import Proxy
from .relay import (
    binlog_bytes,
    follow,
    is_new_mysql,
    position,
    replica_settings,
    source_settings,
    wait_replica,
)
from .relay_product import ConfiguredRelay, make_account
from .reset_proxy import ResetProxy
from .test_binlog_values import SEED
from .test_relay_hostile import copy_is_whole, dump, request
from .test_relay_kills import DATABASE, Load

TIMEOUT = 60
TRICKLED = 2000000  # bytes; more than a proxy writes in SILENCE, a few at a time
SILENCE = 2  # seconds
HASTY = {"source_heartbeat_seconds": "1", "source_silence_seconds": str(SILENCE)}
FILE_BYTES = 1048576  # so that files end often


def channel(relay):
    return relay.channel("shop")


def wait_received(relay, source):
    goal = position(source)

    def received():
        synced = (channel(relay)["log"] or {}).get("synced")
        return synced and (synced["file"], synced["position"]) >= goal

    wait_for(received, TIMEOUT, f"{relay}: has {goal}")


def wait_log(relay, text, after=0):
    """Until the log has a line with the text, past so many bytes of it."""
    wait_for(lambda: text in relay.log.read_text()[after:], TIMEOUT, f"the log says: {text}")


def log_end(relay):
    return len(relay.log.read_text())


def make_tables(source):
    source.execute(
        f"CREATE DATABASE {DATABASE}", f"USE {DATABASE}",
        "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, n INT DEFAULT 0, a LONGTEXT)"
        " ENGINE=InnoDB",
        "CREATE TABLE nokey (a INT) ENGINE=InnoDB",
    )  # fmt: skip


def tables(node):
    return node.query(f"CHECKSUM TABLE {DATABASE}.t, {DATABASE}.nokey")


@contextlib.contextmanager
def load(source, name):
    """Changes while the block runs."""
    changes = Load(source, f"{SEED} {name}", definitions=False)
    changes.start()
    try:
        yield changes
    finally:
        changes.ended.set()
        changes.join(TIMEOUT)
    changes.stop()


def log_files(relay):
    return sorted((relay.dir / "shop" / "00000001").glob("*.[0-9]*[0-9]"))


def assert_files_are_the_sources(source, relay):
    """All that are closed, byte for byte."""
    source.execute("FLUSH LOGS")
    wait_received(relay, source)
    ours = log_files(relay)[:-1]
    names = [row["Log_name"] for row in source.query("SHOW BINARY LOGS")][:-1]
    assert ours and [path.name for path in ours] == names[-len(ours) :]
    for path in ours:
        assert path.read_bytes() == binlog_bytes(source, path.name), path.name


def assert_same(source, relay, replica):
    assert_files_are_the_sources(source, relay)
    wait_replica(replica, position(source))
    assert tables(replica) == tables(source)


# ---- Cables ----


class Site:
    """A source, a relay and its replica on hosts of their own."""

    def __init__(self, server, basedir, stack):
        settings = {"bind_address": "0.0.0.0", "slave_net_timeout": 4}  # noqa: S104: in a namespace
        network = stack.enter_context(Network())
        self.hosts = [network.host(f"198.51.100.{i}") for i in (1, 2, 3)]
        self.source_host, relay_host, self.replica_host = self.hosts
        self.source, self.replica = (
            stack.enter_context(Node(server, basedir / name, inside=host.inside,
                                     **replica_settings(server) | settings
                                     | {"max_binlog_size": FILE_BYTES}))
            for name, host in (("source", self.source_host), ("replica", self.replica_host))
        )  # fmt: skip
        make_account(self.source, host="198.51.100.%")
        make_tables(self.source)
        self.relay = ConfiguredRelay(basedir / "relay", {"shop": self.source})
        self.relay.inside = relay_host.inside
        shop = self.relay.config["channel shop"]
        shop["source"] = shop["source"].replace("127.0.0.1", self.source_host.address)
        shop["listen"] = shop["listen"].replace("127.0.0.1", relay_host.address)
        shop |= HASTY | {"replica_silence_seconds": str(SILENCE)}
        self.relay.write()
        stack.enter_context(self.relay)
        wait_received(self.relay, self.source)
        follow(self.replica, self.relay.port("shop"), True, heartbeat=1, host=relay_host.address)

    def dumps(self):
        return [r for r in channel(self.relay)["replicas"] if r["dumping"]]


@pytest.fixture(scope="module", params=["mariadb-10.11", "mysql-9.7"])
def site(request, tmp_path_factory):
    needs_root()
    with contextlib.ExitStack() as stack:
        yield Site(request.param, tmp_path_factory.mktemp("site"), stack)


@pytest.fixture
def whole(site):
    """Before and after each test all cables are in."""
    wait_for(lambda: len(site.dumps()) == 1, TIMEOUT, "the replica follows")
    yield site
    for host in site.hosts:
        host.restore()


def test_cut_while_receiving(whole):
    with load(whole.source, "receiving") as changes:
        changes.wait(100)
        whole.source_host.unplug()
        changes.wait(100)
        whole.source_host.restore()
        wait_received(whole.relay, whole.source)


def test_silence_of_the_source_is_noticed(whole):
    before = channel(whole.relay)
    end = log_end(whole.relay)
    with load(whole.source, "silence") as changes:
        changes.wait(100)
        whole.source_host.mute()
        wait_log(whole.relay, f"silent for {SILENCE} s: not even a heartbeat", end)
        wait_for(lambda: channel(whole.relay)["state"] != "receiving", TIMEOUT, "the status says so")
        status = channel(whole.relay)
        assert f"silent for {SILENCE} s" in status["error"], status
        assert status["failures"] > before["failures"]
        changes.wait(100)
        whole.source_host.restore()
        wait_for(lambda: channel(whole.relay)["connects"] > before["connects"], TIMEOUT, "it is back")


def test_cut_towards_a_replica_that_takes_events(whole):
    end = log_end(whole.relay)
    with load(whole.source, "cut") as changes:
        changes.wait(100)
        whole.replica_host.mute()
        wait_log(whole.relay, "dump ended", end)
        changes.wait(100)
        whole.replica_host.restore()
        wait_for(lambda: len(whole.dumps()) == 1, TIMEOUT, "the replica is back")


def test_cut_towards_a_replica_that_has_all(whole):
    """Nothing but heartbeats is on its way to it."""
    wait_received(whole.relay, whole.source)
    wait_for(lambda: [r["bytes_behind"] for r in whole.dumps()] == [0], TIMEOUT, "it was sent all")
    whole.replica_host.mute()
    wait_for(lambda: whole.dumps() == [], TIMEOUT, "its dump ends")


def test_nothing_was_lost_and_nothing_came_twice(whole):
    assert_same(whole.source, whole.relay, whole.replica)


# ---- Slow streams ----


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with Node("mariadb-10.11", tmp_path_factory.mktemp("source"), max_binlog_size=FILE_BYTES,
              **source_settings("mariadb-10.11")) as node:  # fmt: skip
        make_account(node)
        make_tables(node)
        yield node


def relay_behind(port, source, basedir):
    """A relay whose source is at that port."""
    relay = ConfiguredRelay(basedir / "relay", {"shop": source})
    shop = relay.config["channel shop"]
    shop["source"] = shop["source"].replace(str(source.port), str(port))
    relay.config["channel shop"] |= HASTY
    relay.write()
    return relay


def test_trickle(source, tmp_path):
    """An event that takes longer than the source may be silent, a few bytes at a time."""
    source.execute("FLUSH LOGS")
    with Proxy(source.port, trickle=7, seed=SEED) as before:
        relay = relay_behind(before.port, source, tmp_path)
        relay.config["channel shop"]["start"] = f"{position(source)[0]}:4"
        relay.write()
        with relay:
            wait_received(relay, source)
            source.execute(f"INSERT INTO {DATABASE}.t (a) VALUES (REPEAT('w', {TRICKLED}))")
            wait_received(relay, source)
            assert_files_are_the_sources(source, relay)
            status = channel(relay)
            assert (status["failures"], status["connects"]) == (0, 1), status


def test_slow_reader(source, tmp_path):
    """It asks for a dump and stops reading: its dump ends, another one gets everything."""
    relay = relay_behind(source.port, source, tmp_path)
    relay.config["channel shop"]["replica_silence_seconds"] = str(SILENCE)
    relay.write()
    with relay:
        wait_received(relay, source)
        conn = dump(relay, request(4, 0, 7, log_files(relay)[0].name.encode()), receive_bytes=2048)
        with load(source, "slow reader") as changes:
            changes.wait(100)
            wait_log(relay, "dump ended replica=127.0.0.1")
        wait_received(relay, source)
        copy_is_whole(source, relay, tmp_path)
        assert_files_are_the_sources(source, relay)
        conn._force_close()  # noqa: SLF001: it knows of no dumps


# ---- Resets ----

LEAD = 2  # files that the source may be ahead


def cuts(name, count, least, most):
    """After how many bytes of a server's; every fourth during the login or what is asked then."""
    chance = random.Random(f"{SEED} {name}")
    return [chance.randint(1, 1500) if i % 4 == 3 else chance.randint(least, most)
            for i in range(count)]  # fmt: skip


def change_until(done, source, relay, name):
    """Changes until it is done, no faster than the relay takes them."""
    changes = Load(source, f"{SEED} {name}", definitions=False)
    changes.large = 200000  # so that what comes between two resets is more than an event
    with source.connect(database=DATABASE, autocommit=False) as conn:

        def go_on():
            there, here = (int(file.rpartition(".")[2]) for file, _ in
                           (position(source), relay.position("shop")))  # fmt: skip
            if there - here <= LEAD:
                changes.transaction(conn)
            return done()

        wait_for(go_on, TIMEOUT, "all resets were made")


@pytest.mark.parametrize("server", ["mariadb-11.8", "mysql-9.7"])
def test_resets_in_the_middle_of_a_packet(server, tmp_path):
    """On both sides of the relay at a time, to a replica by position and then by GTID; MySQL by TLS."""
    settings = replica_settings(server) | {"max_binlog_size": FILE_BYTES}
    with contextlib.ExitStack() as stack:
        source, replica = (
            stack.enter_context(Node(server, tmp_path / name, **settings))
            for name in ("source", "replica")
        )
        make_account(source)
        make_tables(source)
        tls = is_new_mysql(source)
        if not tls:
            replica.execute("CHANGE MASTER TO MASTER_SSL = 0")
        before = stack.enter_context(ResetProxy(source.port, [], tls))
        relay = stack.enter_context(relay_behind(before.port, source, tmp_path))
        wait_received(relay, source)
        for by_gtid in (False, True):
            name = f"{server} {by_gtid}"
            behind = stack.enter_context(
                ResetProxy(relay.port("shop"), cuts(f"behind {name}", 5, 1500, 1000000), tls)
            )
            before.left += cuts(f"before {name}", 5, 500000, 2000000)
            follow(replica, behind.port, by_gtid, (log_files(relay)[0].name, 4))
            change_until(lambda: not before.left + behind.left, source, relay, name)
            assert_same(source, relay, replica)
            replica.execute(f"STOP {'REPLICA' if is_new_mysql(replica) else 'SLAVE'}")
