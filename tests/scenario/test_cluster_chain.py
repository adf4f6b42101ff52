"""Clusters that follow each other, and the rings that they must not make.

Time budget: 65 s.
"""

import contextlib
import itertools
import os

import pymysql
import pytest

from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

from . import relay
from .cluster import Cluster
from .proxy import Proxy
from .test_change_log import TABLES, Load, position
from .test_channel import events, forget, kill_daemon, kill_engine, start_fails, status

CATCH_UP = 60
PASSWORD = "S3cret-of-the-cluster"
SET = "CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, %s, %s)"
SET_AUTO = "CALL mysql.rds_set_external_source_with_auto_position('127.0.0.1', %s, 'repl_user', %s, 1)"
START = "CALL mysql.rds_start_replication"
STOP = "CALL mysql.rds_stop_replication"


def make_account(cluster):
    cluster.account(f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                    "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'repl_user'@'127.0.0.1'")  # fmt: skip


def follow(cluster, source, at=None, port=None, encrypted=1):
    file, offset = at or position(source)
    cluster.query(SET, (port or source.port, PASSWORD, file, offset, encrypted))


@pytest.fixture(scope="module")
def upstream():
    with Cluster() as cluster:
        make_account(cluster)
        yield cluster


@pytest.fixture(scope="module")
def downstream(upstream):
    """Follows the other from before its first table on, encrypted."""
    with Cluster() as cluster:
        make_account(cluster)
        follow(cluster, upstream)
        cluster.query("CALL mysql.rds_start_replication")
        upstream.execute(*TABLES)
        yield cluster
        forget(cluster)


def assert_runs(cluster):
    row = status(cluster)
    assert (row["Slave_IO_Running"], row["Slave_SQL_Running"]) == ("Yes", "Yes"), row


def wait_equal(one, *others):
    goal = checksum(one, "d")
    for other in others:
        wait_for(lambda: checksum(other, "d") == goal, CATCH_UP, f"{other}: equal",
                 ignore=pymysql.err.MySQLError)  # fmt: skip


def test_another_cluster_as_source(upstream, downstream):
    """It is followed through a restart of all of it: daemon, endpoint and engine."""
    load = Load(upstream, 0)
    load.start()
    try:
        wait_for(lambda: len(load.acknowledged) > 50, CATCH_UP, "rows")
        upstream.interrupt()
        upstream.start()
        goal = len(load.acknowledged) + 50
        wait_for(lambda: len(load.acknowledged) > goal, CATCH_UP, "rows after the restart")
    finally:
        load.stop()
    wait_equal(upstream, downstream)
    assert_runs(downstream)
    row = status(downstream)
    assert row["Master_Server_Id"] == upstream.query("SELECT @@server_id AS id")[0]["id"]
    assert (row["Master_Log_File"], row["Read_Master_Log_Pos"]) == position(upstream)
    wait_for(lambda: (status(downstream)["Relay_Master_Log_File"],
                      status(downstream)["Exec_Master_Log_Pos"]) == position(upstream),
             CATCH_UP, "applied")  # fmt: skip
    notes = {one["note"] for one in downstream.query("SELECT note FROM d.log")}
    assert notes.issuperset(load.acknowledged)


def test_the_cluster_itself(upstream):
    """Where its own endpoints are is known; a way around them leads to its server id."""
    before = position(upstream)
    follow(upstream, upstream, port=1)  # nobody is there
    for host in "127.0.0.1", "localhost":
        with pytest.raises(pymysql.err.OperationalError, match="the cluster endpoint of this cluster"):
            upstream.query(SET.replace("127.0.0.1", host), (upstream.port, PASSWORD, *before, 0))
    assert status(upstream)["Master_Port"] == 1  # what was set before
    with Proxy(upstream.port, trickle=65536) as proxy:
        follow(upstream, upstream, port=proxy.port, encrypted=0)
        row = start_fails(upstream)
    assert row["Last_IO_Errno"] == 1593 and "it is this server itself" in row["Last_IO_Error"], row
    forget(upstream)


def test_a_ring_of_two(upstream, downstream):
    follow(upstream, downstream)
    row = start_fails(upstream)
    assert row["Last_IO_Errno"] == 1593, row
    assert "a ring" in row["Last_IO_Error"] and "replicates from this cluster now" in row["Last_IO_Error"]
    told = events(upstream)[-1]
    assert (told["id"], told["message"]) == (
        "RDS-EVENT-0045", "Replication has stopped. " + row["Last_IO_Error"])  # fmt: skip
    forget(upstream)
    upstream.execute("INSERT INTO d.log (note) VALUES ('after the ring')")
    wait_equal(upstream, downstream)
    assert_runs(downstream)


def test_a_ring_through_others(upstream, downstream, tmp_path):
    """It shows once something of the cluster's own comes back."""
    with Node("mariadb-10.11", tmp_path / "last", **relay.replica_settings("mariadb-10.11")) as last:
        last.execute("SET SESSION sql_log_bin = 0",
                     f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                     "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'repl_user'@'127.0.0.1'",
                     *TABLES)  # fmt: skip
        wait_equal(upstream, downstream)
        file, offset = position(downstream)
        last.execute("STOP SLAVE",
                     f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={downstream.port}, "
                     f"MASTER_USER='repl_user', MASTER_PASSWORD='{PASSWORD}', MASTER_USE_GTID=no, MASTER_CONNECT_RETRY=1, "
                     f"MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}",
                     "START SLAVE")  # fmt: skip
        follow(upstream, last, encrypted=0)
        upstream.query("CALL mysql.rds_start_replication")
        wait_for(lambda: status(upstream)["Slave_IO_Running"] == "Yes", 30, "receiving")
        upstream.execute("INSERT INTO d.log (note) VALUES ('around')")
        row = wait_for(lambda: status(upstream)["Slave_IO_Running"] == "No" and status(upstream),
                       CATCH_UP, "stopped")  # fmt: skip
        assert row["Last_IO_Errno"] == 1593 and "what was written here" in row["Last_IO_Error"], row
        wait_for(lambda: events(upstream)[-1]["message"] == "Replication has stopped. " + row["Last_IO_Error"],
                 CATCH_UP, "the event")  # fmt: skip
        upstream.query("CALL mysql.rds_stop_replication")
        assert last.query("SELECT COUNT(*) AS n FROM d.log WHERE note = 'around'") == [{"n": 1}]
        assert_runs(downstream)
        assert relay.replica_status(last)["Slave_SQL_Running"] == "Yes"
    forget(upstream)


numbers = itertools.count(1)  # no load writes what another one did; the first test's is 0


@contextlib.contextmanager
def load_of(cluster):
    load = Load(cluster, next(numbers))
    load.start()
    try:
        wait_for(lambda: len(load.acknowledged) > 20 or load.error, CATCH_UP, "rows")
        yield load
    finally:
        load.stop()


def wait_for_more(load):
    goal = len(load.acknowledged) + 20
    wait_for(lambda: len(load.acknowledged) > goal or load.error, CATCH_UP, "more rows")


def follow_auto(cluster, source):
    cluster.query(SET_AUTO, (source.port, PASSWORD))
    cluster.query(START)


def test_by_gtid(upstream, downstream):
    """Behind what was applied by position; both daemons and the engine die under load. No ring."""
    downstream.query(STOP)
    with load_of(upstream) as load:
        follow_auto(downstream, upstream)
        for kill, victim in (kill_daemon, upstream), (kill_daemon, downstream), (kill_engine, downstream):
            kill(victim)
            wait_for_more(load)
    wait_equal(upstream, downstream)
    assert_runs(downstream)
    upstream.query(SET_AUTO, (downstream.port, PASSWORD))
    row = start_fails(upstream)
    assert row["Last_IO_Errno"] == 1593 and "replicates from this cluster now" in row["Last_IO_Error"], row
    forget(upstream)


def before(gtid):
    """MariaDB's GTID before that one."""
    domain_server, _, number = gtid.rpartition("-")
    return f"{domain_server}-{int(number) - 1}"


def purge_log(cluster):
    """All files but the one that is written."""
    cluster.as_admin("FLUSH BINARY LOGS")
    for file in (cluster.instance / "binlog" / "00000001").glob("*.0*"):
        os.utime(file, (1e9, 1e9))
    cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', 2160)")
    assert len(cluster.query("SHOW BINARY LOGS")) == 1


def test_a_replica_takes_the_sources_place(upstream, downstream):
    """A third cluster, which has all from the first, goes on behind the second, and the first comes back behind that."""
    with Cluster() as third:
        with load_of(upstream):
            follow_auto(third, upstream)
        wait_equal(upstream, downstream, third)
        # The third has more than the second, and the first more than both.
        downstream.query(STOP)
        upstream.execute("INSERT INTO d.log (note) VALUES ('ahead')")
        wait_equal(upstream, third)
        third.query(STOP)
        upstream.execute("CREATE DATABASE left_behind")
        last = upstream.query("SELECT REGEXP_SUBSTR(@@gtid_binlog_pos, CONCAT('\\\\b', @@gtid_domain_id, '-[0-9-]+')) AS g")[0]["g"]
        follow_auto(third, downstream)  # which waits a little for what may be on its way
        row = wait_for(lambda: status(third)["Slave_IO_Running"] == "No" and status(third), CATCH_UP, "refused")
        assert row["Last_IO_Errno"] == 1236 and "not in the master's binlog" in row["Last_IO_Error"], row
        third.query(STOP)
        downstream.query("CALL mysql.rds_start_replication_until_gtid(%s)", (before(last),))
        wait_equal(third, downstream)
        wait_for(lambda: status(downstream)["Slave_SQL_Running"] == "No", CATCH_UP, "it has stopped there")
        upstream.interrupt()
        forget(downstream)
        with load_of(downstream):
            third.query(START)
        wait_equal(downstream, third)
        upstream.start()
        with load_of(downstream):
            follow_auto(upstream, downstream)
        wait_equal(downstream, upstream, third)
        for one in upstream, third:
            assert_runs(one)
        told = [event["message"] for event in events(upstream) if "lacks transactions" in event["message"]]
        assert len(told) == 1 and f"it has {before(last)}, here is {last}." in told[0], told
        assert upstream.query("SHOW DATABASES LIKE 'left_behind'") and not third.query("SHOW DATABASES LIKE 'left_behind'")
        # What is lacking and is gone is told.
        forget(third)
        purge_log(downstream)
        third.query(SET_AUTO, (downstream.port, PASSWORD))
        row = start_fails(third)
        oldest = downstream.query("SHOW BINARY LOGS")[0]["Log_name"]
        assert row["Last_IO_Errno"] == 1236 and f"its oldest file {oldest} begins at" in row["Last_IO_Error"], row
        # A dump brings it, and tells where it is from.
        forget(third)
        dump = downstream.client("mariadb-dump", "--master-data", "--gtid", "--single-transaction", "--databases", "d")
        third.client("mariadb", input=dump.stdout)
        downstream.execute("INSERT INTO d.log (note) VALUES ('behind the dump')")
        follow_auto(third, downstream)
        wait_equal(downstream, third)
