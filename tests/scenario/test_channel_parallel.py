"""Workers of a cluster that apply beside each other what comes from an external source.

A row that is locked on the cluster holds one transaction up; those behind it that change other rows have been applied
as well, and wait to be committed in the source's order. And what is skipped where transactions of several domains have been
at work.

Time budget: 45 s.
"""

import re

import pytest

from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

from .cluster import Cluster
from .test_channel import PASSWORD, SET, forget, make_account, position, status, wait_caught_up
from .test_clusters import ask
from .test_parameters import group
from .test_procedures import signalled
from .test_source_gtids import SKIPPED, results

WAITS = "Waiting for prior transaction to commit"
WORKERS = 4
# The tracking that is set, and the mode of the workers that comes of it.
SOURCES = {
    "mysql-9.7": ("COMMIT_ORDER", "conservative"),
    "mariadb-10.11": ("WRITESET", "optimistic"),
    "mysql-5.6": ("WRITESET_SESSION", "optimistic"),
}


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as cluster:
        group(cluster, "create", "own", "--family", "aurora-mysql8.0")
        group(cluster, "create", "tuned", "--instance", "--family", "aurora-mysql8.0")
        group(cluster, "modify", "tuned", "--instance", f"replica_parallel_workers={WORKERS}")
        ask(cluster, "modify", "borealis", "--parameter-group", "own", "--instance-parameter-group", "tuned")
        ask(cluster, "reboot", "borealis")
        yield cluster


def workers_that_wait(cluster):
    return [row for row in cluster.as_admin("SHOW FULL PROCESSLIST") if row["State"] == WAITS]


def commit_ids(cluster):
    """Of the transactions in the file that the engine writes what it receives to."""
    file = cluster.as_admin("SHOW SLAVE STATUS")[0]["Relay_Log_File"]
    rows = cluster.as_admin(f"SHOW RELAYLOG EVENTS IN '{file}'")
    return [match[1] for row in rows if (match := re.search(r" cid=(\d+)", row["Info"]))]


def beside_each_other(cluster, source):
    """Three transactions of one session, of which the first can not go on: another has been applied, and waits."""
    with cluster.connect() as conn, conn.cursor() as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT * FROM channel.t WHERE a = 1 FOR UPDATE")
        source.execute(*[f"UPDATE channel.t SET v = v + 1 WHERE a = {a}" for a in (1, 2, 3)])
        wait_for(lambda: workers_that_wait(cluster), 60, "a worker that is done before its turn")
        # Nothing of them is there before the first.
        assert {row["v"] for row in cluster.query("SELECT v FROM channel.t WHERE a <= 3")} == {0}
        holder.execute("ROLLBACK")


def groups_by_keys(cluster, source):
    """The relay has read the keys of the tables, and tells the engine what is independent."""

    def found():
        source.execute(*[f"UPDATE channel.u SET v = v + 1 WHERE a = {a}" for a in range(4)])
        wait_caught_up(cluster, source)
        ids = commit_ids(cluster)
        return len(set(ids)) < len(ids)

    wait_for(found, 60, "a group of transactions")


@pytest.mark.parametrize("server", SOURCES)
def test_workers(cluster, tmp_path, server):
    tracking, mode = SOURCES[server]
    with Node(server, tmp_path / "source") as source:
        make_account(source)
        source.execute("GRANT SELECT ON *.* TO 'repl_user'@'127.0.0.1'")
        file, offset = position(source)
        source.execute("CREATE DATABASE channel CHARACTER SET utf8mb4",
                       "CREATE TABLE channel.t (a INT PRIMARY KEY, v INT) ENGINE=InnoDB",
                       "CREATE TABLE channel.u (a INT PRIMARY KEY, v INT) ENGINE=InnoDB",
                       "INSERT INTO channel.t VALUES (1, 0), (2, 0), (3, 0), (4, 0)",
                       "INSERT INTO channel.u VALUES (0, 0), (1, 0), (2, 0), (3, 0)")  # fmt: skip
        group(cluster, "modify", "own", f"binlog_transaction_dependency_tracking={tracking}")
        assert cluster.query("SELECT @@slave_parallel_mode AS m, @@slave_parallel_threads AS n") == [
            {"m": mode, "n": WORKERS}]  # fmt: skip
        try:
            cluster.query(SET, (source.port, PASSWORD, file, offset, 0))
            cluster.query("CALL mysql.rds_start_replication")
            wait_caught_up(cluster, source)
            beside_each_other(cluster, source)
            # DDL between them, which nothing may pass.
            source.execute("ALTER TABLE channel.t ADD COLUMN w INT NOT NULL DEFAULT 7",
                           *[f"UPDATE channel.t SET w = a, v = v * 2 WHERE a = {a}" for a in (1, 2, 3, 4)],
                           "DROP TABLE channel.u", "CREATE TABLE channel.u (a INT PRIMARY KEY, v INT)",
                           "INSERT INTO channel.u VALUES (0, 0), (1, 0), (2, 0), (3, 0)")  # fmt: skip
            if server == "mysql-5.6":
                groups_by_keys(cluster, source)
            wait_caught_up(cluster, source)
            assert checksum(cluster, "channel") == checksum(source, "channel")
            assert status(cluster)["Slave_SQL_Running"] == "Yes"
        finally:
            forget(cluster)
            cluster.execute("DROP DATABASE channel")


def worker_states(cluster):
    """Not of INNODB_TRX: who asks for that more often than ten times a second is always told the same."""
    return [row for row in cluster.as_admin("SHOW PROCESSLIST") if row["Command"] == "Slave_worker" and row["State"]]


def fail_beside(cluster, source, key):
    """A transaction of domain 2 fails while two of domain 1, which come before it, wait: one is done, one is not."""
    value = key + 1
    cluster.execute(f"INSERT INTO channel.k VALUES ({key})")
    with cluster.connect() as conn, conn.cursor() as holder:
        holder.execute("BEGIN")
        holder.execute("SELECT * FROM channel.t WHERE a = 1 FOR UPDATE")
        source.execute("SET SESSION gtid_domain_id = 1",
                       *[f"UPDATE channel.t SET v = {value} WHERE a = {a}" for a in (1, 2)])  # fmt: skip
        wait_for(lambda: any(row["State"].startswith("Update_rows_log_event") for row in worker_states(cluster)),
                 60, "the first of them waits")  # fmt: skip
        source.execute("SET SESSION gtid_domain_id = 2", f"INSERT INTO channel.k VALUES ({key})")

        def stopping():
            row = status(cluster)
            return row["Last_SQL_Errno"] == 1062 and "waiting for more" not in row["Slave_SQL_Running_State"]

        wait_for(stopping, 60, "it has failed")
        holder.execute("ROLLBACK")
    wait_for(lambda: status(cluster)["Slave_SQL_Running"] == "No", 60, "the others have stopped, too")
    assert [row["v"] == value for row in cluster.query("SELECT v FROM channel.t ORDER BY a")] == [True, False]
    (failed,) = re.findall(r"\b2-\d+-\d+", source.query("SELECT @@GLOBAL.gtid_binlog_pos AS g")[0]["g"])
    return failed


def test_what_failed_beside_others_is_skipped(cluster, tmp_path):
    """Of two domains it is not the first in the log that is not applied; where nothing tells, none is skipped."""
    with Node("mariadb-10.11", tmp_path / "source") as source:
        make_account(source)
        group(cluster, "modify", "own", "binlog_transaction_dependency_tracking=COMMIT_ORDER")
        place = position(source)
        source.execute("CREATE DATABASE channel", "CREATE TABLE channel.t (a INT PRIMARY KEY, v INT)",
                       "CREATE TABLE channel.k (a INT PRIMARY KEY)", "INSERT INTO channel.t VALUES (1, 0), (2, 0)")  # fmt: skip
        try:
            cluster.query(SET, (source.port, PASSWORD, *place, 0))
            cluster.query("CALL mysql.rds_start_replication")
            wait_caught_up(cluster, source)
            failed = fail_beside(cluster, source, 7)
            assert results(cluster, "CALL mysql.rds_skip_repl_error") == SKIPPED
            wait_caught_up(cluster, source)
            assert f", {failed} at the engine" in cluster.stderr.read_text()
            assert checksum(cluster, "channel") == checksum(source, "channel")

            failed = fail_beside(cluster, source, 8)
            cluster.engine_log.write_text("")
            before = cluster.query("SELECT @@GLOBAL.gtid_slave_pos AS g")
            text = signalled(cluster, "CALL mysql.rds_skip_repl_error")
            assert text.startswith("mysql.rds_skip_repl_error: ") and "the engine's log does not say which" in text
            assert cluster.query("SELECT @@GLOBAL.gtid_slave_pos AS g") == before
            cluster.query("CALL mysql.rds_skip_transaction_with_gtid(%s)", (failed,))
            source.execute("UPDATE channel.t SET v = 0 WHERE a = 1")
            wait_caught_up(cluster, source)
            assert checksum(cluster, "channel") == checksum(source, "channel")
        finally:
            forget(cluster)
            cluster.execute("DROP DATABASE channel")
