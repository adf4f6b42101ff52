"""`borealis relay` between servers of two families: the replica holds what its source does, value by value.

Each source runs the load of cross_workload.py while two replicas of the other family follow it through
one relay; then these are killed, stopped, and moved to a relay that was started later. Then by
position, and through two relays and a server of the other family between them. The seed is printed;
BOREALIS_SEED=N repeats a run, BOREALIS_ROUNDS=N makes it longer.
"""

import contextlib
import os

import pytest

from servers.node import Node
from servers.wait import wait_for
from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import SETTINGS
from tests.scenario.cross_compare import assert_equal
from tests.scenario.cross_workload import Crossing
from tests.scenario.relay import (
    CATCH_UP_TIMEOUT, REFUSED, Relay, is_mariadb, is_new_mysql, position, replica_settings, replica_status,
    source_settings,
)
from tests.scenario.workload import FILE_BYTES
from tests.scenario.workload import SETTINGS as LARGE

ROUNDS = int(os.environ.get("BOREALIS_ROUNDS", "1"))
PAIRS = {
    "mysql-5.6": ["mariadb-10.11", "mariadb-11.8"],
    "mysql-9.7": ["mariadb-10.11", "mariadb-11.8"],
    "mariadb-10.11": ["mysql-9.7", "mysql-5.6"],
    "mariadb-11.8": ["mysql-9.7", "mysql-5.6"],
}
# Without these a replica is as its server comes: what its source has of its own must not matter.
OF_REPLICA = {"max_allowed_packet": "64M", "event_scheduler": "OFF"}


def of_source(server):
    settings = {**SETTINGS, **LARGE.get(server, {}), **source_settings(server),
                "log_bin_trust_function_creators": "ON", "max_binlog_size": FILE_BYTES}  # fmt: skip
    del settings["server_id"]
    return settings


def of_replica(server):
    return {**LARGE.get(server, {}), **replica_settings(server), **OF_REPLICA}


class Marks:
    """Rows that tell how far a replica is: what was before one in the log was applied before it."""

    def __init__(self, source):
        self.source = source
        self.last = 0
        source.execute("CREATE DATABASE marks", "CREATE TABLE marks.t (n INT PRIMARY KEY) ENGINE=InnoDB")

    def wait(self, *replicas):
        """Until the replicas have applied all that the source has done."""
        self.last += 1
        self.source.execute(f"INSERT INTO marks.t VALUES ({self.last})")
        for replica in replicas:
            wait_for(lambda: self.there(replica), CATCH_UP_TIMEOUT, f"{replica}: has mark {self.last}")  # noqa: B023

    def there(self, replica):
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], status["Last_SQL_Error"]
        assert status["Last_IO_Errno"] not in REFUSED, status["Last_IO_Error"]
        return (replica.query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'marks'")
                and replica.query(f"SELECT 1 FROM marks.t WHERE n = {self.last}"))  # fmt: skip


def control(replica, what):
    """START or STOP."""
    replica.execute(f"{what} {'REPLICA' if is_new_mysql(replica) else 'SLAVE'}")


def move(replica, relay):
    """To another relay, by GTID."""
    control(replica, "STOP")
    to = f"MASTER_PORT={relay.port_for(replica)}"
    if is_new_mysql(replica):
        replica.execute(f"CHANGE REPLICATION SOURCE TO {to.replace('MASTER', 'SOURCE')}")
    else:
        # MariaDB forgets that it went by GTID when anything is changed, and MySQL does not.
        replica.execute(f"CHANGE MASTER TO {to}" + (", MASTER_USE_GTID=slave_pos" if is_mariadb(replica) else ""))
    control(replica, "START")


def crossing_relay(source, directory, *options):
    return Relay(source, directory, *options, listen_mariadb=not is_mariadb(source),
                 listen_mysql=is_mariadb(source))  # fmt: skip


@pytest.mark.parametrize("server", list(PAIRS))
def test_mixed_load(server, tmp_path):
    print(f"BOREALIS_SEED={values.SEED} BOREALIS_ROUNDS={ROUNDS}")
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Node(server, tmp_path / "source", **of_source(server)))
        replicas = [stack.enter_context(Node(name, tmp_path / name, **of_replica(name))) for name in PAIRS[server]]
        relay = stack.enter_context(crossing_relay(source, tmp_path))
        marks = Marks(source)
        relay.wait_caught_up()
        for replica in replicas:
            relay.attach(replica, by_gtid=True)
        load = Crossing(source, f"{values.SEED} {server}", PAIRS[server])
        load.run(ROUNDS)
        marks.wait(*replicas)
        for replica in replicas:
            assert_equal(replica, source)
        interrupted(stack, tmp_path, source, replicas, relay, load, marks)


def interrupted(stack, tmp_path, source, replicas, relay, load, marks):
    """A replica is killed, one stopped, the relay killed; both go on, and go on at another relay."""
    replicas[0].kill9()
    control(replicas[1], "STOP")
    load.relations("while_away")
    relay.kill9()
    replicas[0].start()
    load.everyday("relay_away")
    relay.start()
    control(replicas[1], "START")
    marks.wait(*replicas)
    file, _ = position(source)
    later = stack.enter_context(crossing_relay(source, tmp_path / "later", "--start", f"{file}:4"))
    for replica in replicas:
        move(replica, later)
    relay.stop()
    load.relations("at_another")
    load.prepared("xa_at_another")
    marks.wait(*replicas)
    for replica in replicas:
        assert_equal(replica, source)


def test_by_position(tmp_path):
    """A source without GTIDs, as MySQL 5.5 was: from a position of its own log's middle, a relay that stops, too."""
    print(f"BOREALIS_SEED={values.SEED}")
    server, follower = "mysql-5.6", "mariadb-10.11"
    settings = of_source(server) | {"gtid_mode": None, "enforce_gtid_consistency": None}
    with (
        Node(server, tmp_path / "source", **settings) as source,
        Node(follower, tmp_path / "replica", **of_replica(follower)) as replica,
        crossing_relay(source, tmp_path) as relay,
    ):
        marks = Marks(source)
        load = Crossing(source, f"{values.SEED} by position", [follower])
        load.everyday("first")
        relay.wait_caught_up()
        relay.attach(replica, by_gtid=False)
        marks.wait(replica)
        replica.execute("STOP SLAVE", "RESET SLAVE ALL")
        begin = position(source)
        load.relations("after")
        relay.wait_caught_up()
        relay.attach(replica, by_gtid=False, start=begin)
        load.rows("rows")
        relay.stop()
        load.prepared("xa")
        load.statements("by_mixed", "MIXED")
        relay.start()
        marks.wait(replica)
        assert_equal(replica, source)


def numbers(node):
    """Those of the transactions in its set, which are of one source."""
    executed = node.query("SELECT @@GLOBAL.gtid_executed AS g")[0]["g"]
    ranges = [part.split("-") for part in executed.split(":")[1:]]
    return {number for one in ranges for number in range(int(one[0]), int(one[-1]) + 1)}


def test_chain(tmp_path):
    """MySQL, MariaDB, MySQL: what came back is what there was, under the same numbers."""
    print(f"BOREALIS_SEED={values.SEED}")
    with (
        Node("mysql-9.7", tmp_path / "first", **of_source("mysql-9.7")) as first,
        Node("mariadb-11.8", tmp_path / "between", **of_replica("mariadb-11.8")) as between,
        Node("mysql-9.7", tmp_path / "last", **of_replica("mysql-9.7")) as last,
        crossing_relay(first, tmp_path / "there") as there,
        crossing_relay(between, tmp_path / "back") as back,
    ):
        marks = Marks(first)
        there.wait_caught_up()
        there.attach(between, by_gtid=True)
        load = Crossing(first, f"{values.SEED} chain", ["mariadb-11.8", "mysql-9.7"])
        load.everyday("every")
        load.relations("related")
        load.images("full", [], False)
        load.prepared("xa")
        marks.wait(between)
        back.wait_caught_up()
        back.attach(last, by_gtid=True)
        load.statements("by_rows", "ROW")
        marks.wait(between, last)
        assert_equal(between, first)
        assert_equal(last, between)
        # MariaDB writes nothing of a transaction that has changed nothing, as of a temporary table.
        assert numbers(last) <= numbers(first) and max(numbers(last)) == max(numbers(first))
