"""Aurora's settings and counters of dumps at a relay, as clients and replicas see them."""

import pytest

from servers.node import Node

from .relay import Relay, position, source_settings, wait_replica

STANDARD = {
    "aurora_binlog_read_buffer_size": "5242880",
    "aurora_binlog_replication_max_yield_seconds": "0",
    "aurora_binlog_use_large_read_buffer": "ON",
}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    server = "mariadb-10.11"
    with Node(server, tmp_path_factory.mktemp("source"), **source_settings(server)) as node:
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay")) as relay:
        yield relay


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


def test_io_cache(source, relay, tmp_path):
    """What a replica reads at the log's end comes out of the cache."""
    with Node(source.server, tmp_path / "replica", **source_settings(source.server)) as replica:
        relay.attach(replica, by_gtid=False)
        source.execute("CREATE DATABASE cache", "CREATE TABLE cache.t (a INT)")
        wait_replica(replica, position(source))
    counters = shown(relay, "SHOW GLOBAL STATUS LIKE 'aurora_binlog_io_cache%'")
    requests = int(counters["aurora_binlog_io_cache_read_requests"])
    assert requests >= int(counters["aurora_binlog_io_cache_reads"]) > 0
    assert int(counters["aurora_binlog_io_cache_allocated"]) > 0
