"""`borealis relay` that dies in the middle of a write, or with the power of its machine, under load.

Each round starts it with a fault of src/base/inject.h, at a point and a pass of chance: a write of
which half is done, or a loss of power that takes what was not synced, in one of four ways. After
the last one nothing is lost, and nothing came twice. BOREALIS_TORN is the number of rounds at each
pair of servers, 22 at first; BOREALIS_SEED=N repeats a run's choices.
"""

import itertools
import os
import random

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import Relay, position, replica_settings, source_settings, wait_replica
from .test_relay_kills import DATABASE, Load
from .test_relay_network import FILE_BYTES, make_tables, tables

ROUNDS = int(os.environ.get("BOREALIS_TORN", "22"))
TIMEOUT = 60
INJECT_EXIT = 86  # status of a process that has died of a fault
# Points, with the number of passes among which one is chosen: a file begins seldom.
WRITES = {"log/append": 25, "log/index": 8, "log/index-head": 2, "log/front": 2,
          "log/front-format": 2, "log/recover-index": 1}  # fmt: skip
SYNCS = {"log/sync": 25, "log/index-sync": 2, "log/index-head-sync": 2, "log/front-sync": 2,
         "log/recover-cut": 1, "log/recover-sync": 1, "log/recover-index-sync": 1}  # fmt: skip
LOSSES = ["cut", "zeros", "garbage", "hole"]
LAST = "log/append:crash:40"  # where the chosen point is not passed that often


def choose(chance):
    """Faults, in an order of chance: each point once in its turn."""
    passes = WRITES | SYNCS
    while True:
        faults = [(point, "torn") for point in WRITES]
        faults += [(point, chance.choice(LOSSES)) for point in [*passes, *["log/sync"] * 3]]
        chance.shuffle(faults)
        for point, fault in faults:
            place = "" if fault == "torn" else f":{chance.choice([0, 99, chance.randint(1, 98)])}"
            yield f"{point}:{fault}:{chance.randint(1, passes[point])}{place},{LAST}"


@pytest.mark.parametrize("server, by_gtid", [("mariadb-11.8", False), ("mysql-5.6", True)])
def test_torn_writes_and_lost_power(server, by_gtid, tmp_path):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    print(f"BOREALIS_SEED={seed} BOREALIS_TORN={ROUNDS}")
    chance = random.Random(f"{seed} {server}")
    with (
        Node(server, tmp_path / "source", max_binlog_size=FILE_BYTES, **source_settings(server)) as source,
        Node(server, tmp_path / "replica", **replica_settings(server)) as replica,
        Relay(source, tmp_path) as relay,
    ):
        make_tables(source)
        relay.wait_caught_up()
        relay.attach(replica, by_gtid)
        relay.stop()
        changes = Load(source, f"{seed} load", definitions=False)
        changes.large = 200000
        with source.connect(database=DATABASE, autocommit=False) as conn:

            def has_died():
                changes.transaction(conn)
                return relay.process.poll() is not None

            for faults in itertools.islice(choose(chance), ROUNDS):
                print(faults)
                relay.spawn(BOREALIS_INJECT=faults)
                wait_for(has_died, TIMEOUT, f"{relay}: dies of {faults}")
                assert relay.process.returncode == INJECT_EXIT, relay.log.read_text()
        relay.start()
        relay.wait_caught_up()
        relay.assert_files_are_the_sources()
        wait_replica(replica, position(source))
        assert tables(replica) == tables(source)
        assert "log cut after a crash" in relay.log.read_text()
