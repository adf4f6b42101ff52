"""`borealis relay` between servers: after changes of all kinds a replica behind it holds what its source does.

Each pair runs the load of workload.py, first while the replica follows, then into an emptied one
that begins anew by the other method; and the relay's files are the source's. The seed is printed;
BOREALIS_SEED=N repeats a run, BOREALIS_ROUNDS=N makes it longer.
"""

import os
import re

import pytest

from servers.node import Node
from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import SETTINGS, contents
from tests.scenario.relay import (
    Relay, forget, position, replica_settings, source_settings, wait_replica,
)
from tests.scenario.workload import FILE_BYTES, Mixed
from tests.scenario.workload import SETTINGS as LARGE

ROUNDS = int(os.environ.get("BOREALIS_ROUNDS", "1"))
# As MySQL 5.5 writes it: no checksums, the old row events, no GTIDs.
NO_GTIDS = {"gtid_mode": None, "enforce_gtid_consistency": None}
OLD = {**NO_GTIDS, "binlog_checksum": "NONE", "log_bin_use_v1_row_events": "ON"}
PAIRS = {
    "5.6": ("mysql-5.6", "mysql-5.6", {}),
    "5.5-style": ("mysql-5.6", "mysql-5.6", OLD),
    "9.7": ("mysql-9.7", "mysql-9.7", {}),
    "10.11": ("mariadb-10.11", "mariadb-10.11", {}),
    "10.11-11.8": ("mariadb-10.11", "mariadb-11.8", {}),
    "11.8": ("mariadb-11.8", "mariadb-11.8", {}),
}  # fmt: skip
# A replica does not run its source's events.
DIFFERS = ["STATUS"]


def shared(server):
    settings = {**SETTINGS, **LARGE.get(server, {})}
    del settings["server_id"]
    return settings


def held(node):
    """All that a server holds, but the next number of a table: rows rolled back take some."""
    return {name: re.sub(rb" AUTO_INCREMENT=\d+", b"", value[0][1]) if name.endswith("`") else value
            for name, value in contents(node, left_out=DIFFERS).items()}  # fmt: skip


def assert_equal(replica, source):
    said, found = held(source), held(replica)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value, name


@pytest.mark.parametrize("pair", list(PAIRS))
def test_mixed_load(pair, tmp_path):
    print(f"BOREALIS_SEED={values.SEED} BOREALIS_ROUNDS={ROUNDS}")
    server, follower, more = PAIRS[pair]
    of_source = source_settings(server) | shared(server) | {"max_binlog_size": FILE_BYTES} | more
    of_replica = replica_settings(follower) | shared(follower) | (NO_GTIDS if more else {})
    with (
        Node(server, tmp_path / "source", **of_source) as source,
        Node(follower, tmp_path / "replica", **of_replica) as replica,
        Relay(source, tmp_path) as relay,
    ):
        source.execute("CREATE DATABASE first")
        relay.wait_caught_up()
        relay.attach(replica, by_gtid=not more)
        Mixed(source, f"{values.SEED} {pair}").run(ROUNDS)
        wait_replica(replica, position(source))
        assert_equal(replica, source)
        if not more:
            forget(replica)
            relay.attach(replica, by_gtid=False)
            wait_replica(replica, position(source))
            assert_equal(replica, source)
        relay.wait_caught_up()
        relay.assert_files_are_the_sources()
        assert len(relay.files()) > 5
