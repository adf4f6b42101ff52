"""What a relay's dumps give to real replicas: semi-synchronous ones, and those that it refuses."""

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import (
    REPLICA,
    REPLICA_PASSWORD,
    Relay,
    follow,
    is_mariadb,
    is_new_mysql,
    position,
    replica_status,
    source_settings,
    wait_replica,
)

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11"]
SEMISYNC = {  # how it is turned on at a replica, and its status; our MySQL 5.6 has no plugins
    "mysql-9.7": (
        [
            "INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'",
            "SET GLOBAL rpl_semi_sync_replica_enabled = ON",
        ],
        "Rpl_semi_sync_replica_status",
    ),
    "mariadb-10.11": (
        ["SET GLOBAL rpl_semi_sync_slave_enabled = ON"],
        "Rpl_semi_sync_slave_status",
    ),
}


@pytest.fixture(scope="module", params=SERVERS)
def source(request, tmp_path_factory):
    settings = source_settings(request.param)
    with Node(request.param, tmp_path_factory.mktemp("source"), **settings) as node:
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay")) as relay:
        relay.wait_caught_up()
        yield relay


@pytest.fixture
def replica(source, tmp_path):
    with Node(source.server, tmp_path / "replica", **source_settings(source.server)) as node:
        yield node


def status_of(node, like):
    return {r["Variable_name"]: r["Value"] for r in node.query(f"SHOW GLOBAL STATUS LIKE '{like}'")}


def stop(replica, what=""):
    replica.execute(f"STOP {'REPLICA' if is_new_mysql(replica) else 'SLAVE'} {what}")


def test_semisync(source, relay, request):
    if source.server not in SEMISYNC:
        pytest.skip("no plugins for this server")
    replica = request.getfixturevalue("replica")
    statements, status = SEMISYNC[source.server]
    word = "source" if is_new_mysql(source) else "master"
    replica.execute(*statements)
    relay.attach(replica, by_gtid=True)
    source.execute("INSERT INTO d.t VALUES (1)", "INSERT INTO d.t VALUES (2)")
    wait_replica(replica, position(source))
    assert status_of(replica, status) == {status: "ON"}
    assert len(replica.query("SELECT * FROM d.t")) == 2
    shown = status_of(relay, "rpl_semi_sync_%")
    assert shown[f"Rpl_semi_sync_{word}_clients"] == "1"
    assert shown[f"Rpl_semi_sync_{word}_status"] == "ON"
    (row,) = relay.query(f"SHOW VARIABLES LIKE 'rpl_semi_sync_{word}_enabled'")
    assert row["Value"] == "ON"
    stop(replica)
    wait_for(
        lambda: status_of(relay, "rpl_semi_sync_%")[f"Rpl_semi_sync_{word}_clients"] == "0",
        60,
        "no semi-synchronous replica is left",
    )
    source.execute("DELETE FROM d.t")


def wait_refused(replica):
    return wait_for(
        lambda: replica_status(replica)["Last_IO_Error"],
        60,
        f"{replica}: is refused",
    )


def reset_replica(replica, sql):
    """Another state of GTIDs, which is not the source's."""
    stop(replica)
    reset = "RESET REPLICA ALL" if is_new_mysql(replica) else "RESET SLAVE ALL"
    binlogs = "RESET BINARY LOGS AND GTIDS" if is_new_mysql(replica) else "RESET MASTER"
    replica.execute(reset, binlogs, *sql)


def attach_to_source(source, replica):
    """Past the relay: what the source itself answers."""
    if not source.query(f"SELECT 1 FROM mysql.user WHERE User = '{REPLICA}'"):
        source.execute(
            "SET SESSION sql_log_bin = 0",
            f"CREATE USER {REPLICA}@'127.0.0.1' IDENTIFIED BY '{REPLICA_PASSWORD}'",
            f"GRANT REPLICATION SLAVE ON *.* TO {REPLICA}@'127.0.0.1'",
        )
    follow(replica, source.port, by_gtid=True)


def test_refusals(source, relay, replica):
    """A replica with more than the log has, and one that needs what the log has lost."""
    if is_mariadb(source):
        domain, server, last = source.query("SELECT @@gtid_binlog_pos AS p")[0]["p"].split("-")
        ahead = [f"SET GLOBAL gtid_slave_pos = '{domain}-{server}-{int(last) + 5}'"]
        other = [f"SET GLOBAL gtid_slave_pos = '{domain}-{int(server) + 1}-1'"]
        states = [ahead, other]
    else:
        uuid = source.query("SELECT @@server_uuid AS u")[0]["u"]
        states = [[f"SET GLOBAL gtid_purged = '{uuid}:1-1000000'"]]
    for state in states:
        texts = []
        for attach in (lambda: attach_to_source(source, replica), lambda: relay.attach(replica, True)):
            reset_replica(replica, state)
            attach()
            texts.append(wait_refused(replica))
        assert texts[0] == texts[1]


def test_until(source, relay, request):
    """START SLAVE UNTIL master_gtid_pos: the stream ends with that transaction."""
    if not is_mariadb(source):
        pytest.skip("MySQL's replicas stop by themselves")
    replica = request.getfixturevalue("replica")
    relay.attach(replica, by_gtid=True)
    wait_replica(replica, position(source))
    stop(replica)
    source.execute("INSERT INTO d.t VALUES (11)")
    goal = source.query("SELECT @@gtid_binlog_pos AS p")[0]["p"]
    source.execute("INSERT INTO d.t VALUES (12)")
    relay.wait_caught_up()
    replica.execute(f"START SLAVE UNTIL master_gtid_pos = '{goal}'")

    def stopped():
        status = replica_status(replica)
        assert not status["Last_IO_Error"] and not status["Last_SQL_Error"], status
        return status["Slave_IO_Running"] == status["Slave_SQL_Running"] == "No"

    wait_for(stopped, 60, "the replica has stopped")
    assert [row["a"] for row in replica.query("SELECT a FROM d.t ORDER BY a")] == [11]
    source.execute("DELETE FROM d.t")


def test_purged(source, relay, replica, tmp_path):
    """A relay that began later than its replica needs refuses as a source that has purged."""
    source.execute("INSERT INTO d.t VALUES (7)", "FLUSH LOGS", "DELETE FROM d.t")
    first = position(source)[0]

    def purged():  # MariaDB keeps a file until its engines have written what is in it
        source.execute(f"PURGE BINARY LOGS TO '{first}'")
        return len(source.query("SHOW BINARY LOGS")) == 1

    wait_for(purged, 60, "the older files are gone")
    with Relay(source, tmp_path / "late") as late:
        late.wait_caught_up()
        texts = []
        for attach in (lambda: attach_to_source(source, replica), lambda: late.attach(replica, True)):
            reset_replica(replica, [])
            attach()
            texts.append(wait_refused(replica))
        assert texts[0] == texts[1]
