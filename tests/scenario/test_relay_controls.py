"""Aurora's settings and counters of dumps at a relay, as clients and replicas see them."""

import re

import pytest

from servers.node import Node
from servers.wait import wait_for

from .cluster import borealis
from .relay import Relay, follow, position, replica_status, source_settings, wait_replica
from .relay_product import ConfiguredRelay

STANDARD = {
    "aurora_binlog_read_buffer_size": "5242880",
    "aurora_binlog_replication_max_yield_seconds": "0",
    "aurora_binlog_use_large_read_buffer": "ON",
}
METRICS = re.compile(
    r"\[Dump thread metrics\] Secondary_id: (\d+), Secondary_uuid: \S*, Binlog_file: (\S+),"
    r" Pos: (\d+), Bytes_behind_primary: (\d+)"
)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    server = "mariadb-10.11"
    with Node(server, tmp_path_factory.mktemp("source"), **source_settings(server)) as node:
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def replica(source, tmp_path):
    with Node(source.server, tmp_path / "replica", **source_settings(source.server)) as node:
        yield node


def shown(relay, sql):
    return {row["Variable_name"]: row["Value"] for row in relay.query(sql)}


def test_shown(relay):
    for scope in ("", "GLOBAL ", "SESSION "):
        assert shown(relay, f"SHOW {scope}VARIABLES LIKE 'aurora_binlog%'") == STANDARD
    everything = [row["Variable_name"] for row in relay.query("SHOW VARIABLES")]
    assert everything == sorted(everything) and set(STANDARD) <= set(everything)
    (row,) = relay.query(
        "SELECT @@aurora_binlog_use_large_read_buffer AS used,"
        " @@GLOBAL.aurora_binlog_replication_max_yield_seconds AS yield"
    )
    assert row == {"used": 1, "yield": 0}


def test_a_relay_has_no_engines_to_leave(relay):
    """Nor does an older daemon know the option: it is said, at once, and nothing stops."""
    done = borealis("stop", "--leave-engines", "--dir", relay.dir)
    assert done.returncode == 1 and done.stdout == ""
    assert f"{relay.dir} does not know --leave-engines, and goes on: request: expected " in done.stderr
    assert done.stderr.endswith(", found 'leave'\n") and done.stderr.count("\n") == 1
    assert relay.query("SELECT 1 AS one") == [{"one": 1}]


def test_io_cache(source, relay, replica):
    """What a replica reads at the log's end comes out of the cache."""
    relay.attach(replica, by_gtid=False)
    source.execute("CREATE DATABASE cache", "CREATE TABLE cache.t (a INT)")
    wait_replica(replica, position(source))
    counters = shown(relay, "SHOW GLOBAL STATUS LIKE 'aurora_binlog_io_cache%'")
    requests = int(counters["aurora_binlog_io_cache_read_requests"])
    assert requests >= int(counters["aurora_binlog_io_cache_reads"]) > 0
    assert int(counters["aurora_binlog_io_cache_allocated"]) > 0


def heartbeats(replica):
    (row,) = replica.query("SHOW GLOBAL STATUS LIKE 'Slave_received_heartbeats'")
    return int(row["Value"])


def test_live(source, relay, replica, tmp_path):
    """A dump that runs yields, and ends its yielding, when the file says so; the log tells."""
    with ConfiguredRelay(tmp_path / "configured", {"c": source}) as configured:
        channel = configured.config["channel c"]
        channel["borealis_dump_metrics_seconds"] = 1
        channel["aurora_binlog_replication_max_yield_seconds"] = 36000
        configured.reload()
        source.execute("CREATE DATABASE live", "CREATE TABLE live.t (a INT)")
        configured.wait_position("c", position(source))
        follow(replica, configured.port("c"), by_gtid=True, heartbeat=0.2)
        wait_replica(replica, position(source))  # not yet: the file had begun before

        source.execute("FLUSH LOGS", "INSERT INTO live.t VALUES (1)")
        goal = position(source)
        configured.wait_position("c", goal)
        wait_for(lambda: replica_status(replica)["Master_Log_File"] == goal[0], 60, "next file")
        before = heartbeats(replica)
        wait_for(lambda: heartbeats(replica) >= before + 3, 60, "heartbeats while it yields")
        assert replica.query("SELECT * FROM live.t") == []

        def lines():
            found = METRICS.findall(configured.log.read_text())
            return [f for f in found if f[1] == goal[0] and int(f[2]) + int(f[3]) == goal[1]]

        # A line between two files may count what the dump has still to read of the one before.
        (line, *_) = wait_for(lines, 60, "its metrics")
        assert int(line[0]) == replica.port and int(line[3]) > 0
        channel["aurora_binlog_replication_max_yield_seconds"] = 0
        configured.reload()
        wait_replica(replica, goal)
        assert len(replica.query("SELECT * FROM live.t")) == 1
        channel["aurora_binlog_read_buffer_size"] = 1
        configured.write()
        refused = configured.run("reload", check=False)
        assert refused.returncode != 0
        assert "aurora_binlog_read_buffer_size: expected a number from 8192" in refused.stderr
