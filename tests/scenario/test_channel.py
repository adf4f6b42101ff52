"""A cluster that replicates from an external source through its own relay.

Time budget: 85 s.
"""

import contextlib
import json
import os
import signal
import stat
import threading

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from . import relay
from .cluster import borealis

PASSWORD = "S3cret-of-the-source"
CATCH_UP = 60
WITHOUT_GTIDS = os.environ.get("BOREALIS_WITHOUT_GTIDS", "mysql-5.6")
SET = "CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, %s, %s)"
TABLES = ["CREATE DATABASE channel CHARACTER SET utf8mb4",
          # A row that came twice would show in a table without a key.
          "CREATE TABLE channel.plain (a INT, b VARCHAR(100))",
          "CREATE TABLE channel.keyed (a INT PRIMARY KEY, b INT)"]  # fmt: skip


def position(source):
    statement = "SHOW BINARY LOG STATUS" if source.server == "mysql-9.7" else "SHOW MASTER STATUS"
    row = source.query(statement)[0]
    return row["File"], row["Position"]


def make_account(source, requires=""):
    source.execute(f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' {requires}",
                   "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO "
                   "'repl_user'@'127.0.0.1'")  # fmt: skip


def status(cluster):
    rows = cluster.query("SHOW SLAVE STATUS")
    assert len(rows) == 1, rows
    return rows[0]


def wait_caught_up(cluster, source):
    goal = position(source)

    def caught_up():
        row = status(cluster)
        assert not row["Last_SQL_Error"], row
        return (row["Relay_Master_Log_File"], row["Exec_Master_Log_Pos"]) >= goal and row

    return wait_for(caught_up, CATCH_UP, f"replica at {goal}")


def content(server):
    return [server.query(f"SELECT * FROM channel.{table} ORDER BY a, b") for table in ("plain", "keyed")]


class Writer(threading.Thread):
    """Writes on the source, row after row, until stop()."""

    def __init__(self, source):
        super().__init__()
        self.written = 0
        self.error = None
        self._source = source
        self._end = threading.Event()

    def run(self):
        try:
            with self._source.connect() as conn, conn.cursor() as cursor:
                while not self._end.is_set():
                    n = self.written + 1
                    cursor.execute("BEGIN")
                    cursor.execute("INSERT INTO channel.plain VALUES (%s, 'x'), (%s, 'y')", (n, n))
                    cursor.execute("INSERT INTO channel.keyed VALUES (%s, 1)", (n,))
                    cursor.execute("UPDATE channel.keyed SET b = b + 1 WHERE a <= 3")
                    cursor.execute("COMMIT")
                    self.written = n
        except Exception as problem:
            self.error = problem

    def wait_for_more(self, rows=50):
        goal = self.written + rows
        wait_for(lambda: self.written >= goal or self.error, 30, f"{rows} more on the source")
        assert self.error is None, self.error

    def stop(self):
        self._end.set()
        self.join(60)
        assert not self.is_alive() and self.error is None, self.error


def kill_engine(cluster):
    pid = cluster.engine_pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: cluster.engine_pid not in (None, pid), 60, "another engine")
    cluster.wait_available()


def kill_daemon(cluster):
    cluster.kill9()
    cluster.start()


@pytest.mark.parametrize("server, encrypted, kills", [
    ("mysql-9.7", 1, [kill_engine, kill_daemon]), ("mariadb-11.8", 0, [kill_engine]),
    ("mysql-5.6", 0, [kill_engine])])  # fmt: skip
def test_nothing_is_applied_twice(cluster, tmp_path, server, encrypted, kills):
    """The engine and the daemon are killed under load: each row of the source is there once."""
    with Node(server, tmp_path / "source") as source:
        make_account(source, "REQUIRE SSL" if encrypted else "")
        source.execute(*TABLES)
        cluster.execute(*TABLES)
        writer = Writer(source)
        try:
            file, offset = position(source)
            cluster.query(SET, (source.port, PASSWORD, file, offset, encrypted))
            cluster.query("CALL mysql.rds_start_replication")
            writer.start()
            for kill in kills:
                writer.wait_for_more()
                wait_for(lambda: status(cluster)["Slave_IO_Running"] == "Yes", 60, "receiving")
                kill(cluster)
            writer.wait_for_more()
            writer.stop()
            row = wait_caught_up(cluster, source)
            assert content(cluster) == content(source)
            assert len(content(cluster)[0]) == 2 * writer.written
            assert (row["Master_Host"], row["Master_User"], row["Master_Port"]) == (
                "127.0.0.1", "repl_user", source.port)  # fmt: skip
            assert (row["Master_Log_File"], row["Read_Master_Log_Pos"]) == position(source)
            assert (row["Slave_IO_Running"], row["Slave_SQL_Running"]) == ("Yes", "Yes")
            assert (row["Master_SSL_Allowed"], row["Last_IO_Error"]) == (
                "Yes" if encrypted else "No", "")  # fmt: skip
            assert row["Master_Server_Id"] == source.port
            wait_for(lambda: status(cluster)["Seconds_Behind_Master"] == 0, 30, "nothing is behind")
        finally:
            if writer.is_alive():
                writer.stop()
            forget(cluster)
            cluster.execute("DROP DATABASE channel")


def runs(node):
    """How many runs of numbers a server has of each UUID."""
    executed = node.query("SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")
    return {source[0]: len(source) - 1 for source in (part.split(":") for part in executed.split(","))}


def stop_at_one_and_skip_one(cluster, source):
    """Next to statements that are one event in MySQL 5.6, and no more."""
    cluster.query("CALL mysql.rds_stop_replication")
    source.execute("INSERT INTO channel.plain VALUES (100, 'x')")
    until = position(source)
    source.execute("ALTER TABLE channel.plain ADD COLUMN c INT NULL", "INSERT INTO channel.plain VALUES (101, 'x', 1)")
    cluster.query("CALL mysql.rds_start_replication_until(%s, %s)", until)
    wait_for(lambda: status(cluster)["Slave_SQL_Running"] == "No", CATCH_UP, "it stops")
    assert cluster.query("SELECT * FROM channel.plain WHERE a > 99") == [{"a": 100, "b": "x"}]
    kill_engine(cluster)
    cluster.execute("INSERT INTO channel.keyed VALUES (99, 1)")
    cluster.query("CALL mysql.rds_start_replication")
    source.execute("INSERT INTO channel.keyed VALUES (99, 1)", "INSERT INTO channel.plain VALUES (99, 'x', 2)")
    wait_for(lambda: status(cluster)["Last_SQL_Errno"] == 1062, CATCH_UP, "the row is there")
    cluster.query("CALL mysql.rds_skip_repl_error")
    wait_caught_up(cluster, source)


def connect_anew_behind_a_purge(cluster, source):
    """The engine has applied all, and goes on by the place of what it did last: its file is there still."""
    source.execute("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    wait_for(lambda: status(cluster)["Relay_Master_Log_File"] == position(source)[0], CATCH_UP, "the last file")
    first = relay_files(cluster)[0]
    kill_daemon(cluster)  # another one removes files when it comes, and then every minute
    wait_for(lambda: first not in relay_files(cluster), CATCH_UP, "what is applied is removed")
    kill_engine(cluster)
    source.execute("INSERT INTO channel.keyed VALUES (102, 1)")
    wait_caught_up(cluster, source)


def relay_files(cluster):
    return sorted(path.name for path in (cluster.dir / "clusters/borealis/relay").glob("**/mysql-bin-changelog.??????"))


def test_a_mysql_replica_behind_a_source_without_gtids(unset, tmp_path):
    """A run of GTIDs for each file, not for each transaction, of which a server keeps all; through kills, a skip, a stop."""
    unset.account(f"CREATE USER {relay.REPLICA}@'%' IDENTIFIED BY '{relay.REPLICA_PASSWORD}'",
                  f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {relay.REPLICA}@'%'")  # fmt: skip
    with (
        Node(WITHOUT_GTIDS, tmp_path / "source", **({"gtid_mode": "OFF"} if WITHOUT_GTIDS > "mysql-8" else {})) as source,
        Node("mysql-9.7", tmp_path / "replica", **relay.replica_settings("mysql-9.7")) as replica,
    ):
        make_account(source)
        relay.follow(replica, unset.port, by_gtid=True, heartbeat=1)
        unset.query(SET, (source.port, PASSWORD, *position(source), 0))
        unset.query("CALL mysql.rds_start_replication")
        source.execute(*TABLES)
        for n in range(30):
            source.execute(f"INSERT INTO channel.plain VALUES ({n}, 'x')", f"INSERT INTO channel.keyed VALUES ({n}, 1)")
            if n == 10:
                wait_caught_up(unset, source)
                kill_daemon(unset)
            if n == 20:
                source.execute("FLUSH BINARY LOGS", f"CREATE USER nobody IDENTIFIED BY '{PASSWORD}'", "DROP USER nobody")
        wait_caught_up(unset, source)
        stop_at_one_and_skip_one(unset, source)
        connect_anew_behind_a_purge(unset, source)
        wait_for(lambda: content(replica) == content(source), CATCH_UP, "the replica has all",
                 ignore=pymysql.err.ProgrammingError)  # fmt: skip
        assert max(runs(replica).values()) == 4, runs(replica)  # three files, and what was skipped
    forget(unset)
    unset.drop_account(f"{relay.REPLICA}@'%'")
    unset.execute("DROP DATABASE channel")


def test_a_source_that_begins_to_use_gtids(unset, tmp_path):
    """It stops there, says where that is, and goes on from there when it is set anew; also from before, by a position."""
    with Node("mysql-9.7", tmp_path, gtid_mode="OFF", enforce_gtid_consistency="ON") as source:
        make_account(source)
        begin = position(source)
        unset.query(SET, (source.port, PASSWORD, *begin, 0))
        unset.query("CALL mysql.rds_start_replication")
        source.execute(*TABLES, "INSERT INTO channel.plain VALUES (1, 'x')")
        middle = position(source)
        source.execute("INSERT INTO channel.plain VALUES (2, 'x')", "SET GLOBAL gtid_mode = OFF_PERMISSIVE",
                       "INSERT INTO channel.plain VALUES (3, 'x')", "SET GLOBAL gtid_mode = ON_PERMISSIVE",
                       "INSERT INTO channel.plain VALUES (4, 'x')", "SET GLOBAL gtid_mode = ON",
                       "INSERT INTO channel.plain VALUES (5, 'x')")  # fmt: skip
        wait_for(lambda: "set a cluster's source anew from this place" in status(unset)["Last_IO_Error"], CATCH_UP, "it stops")
        row = status(unset)
        place = row["Last_IO_Error"].split("'")[1].split(": ")[0].rpartition(":")
        goes_on = (row["Relay_Master_Log_File"], row["Exec_Master_Log_Pos"])
        assert unset.query("SELECT a FROM channel.plain ORDER BY a") == [{"a": 1}, {"a": 2}, {"a": 3}]
        assert goes_on <= (place[0], int(place[2])) < position(source)
        unset.query("CALL mysql.rds_stop_replication")
        unset.query(SET, (source.port, PASSWORD, *goes_on, 0))
        unset.query("CALL mysql.rds_start_replication")
        wait_caught_up(unset, source)
        assert content(unset) == content(source)
        # From the middle of a file that has none, by a source that has them now, and may send both.
        forget(unset)
        source.execute("SET GLOBAL gtid_mode = ON_PERMISSIVE")
        unset.execute("DELETE FROM channel.plain WHERE a > 1")
        unset.query(SET, (source.port, PASSWORD, *middle, 0))
        with contextlib.suppress(pymysql.err.OperationalError):  # it may have stopped when the procedure looks
            unset.query("CALL mysql.rds_start_replication")
        wait_for(lambda: unset.query("SELECT a FROM channel.plain WHERE a = 3"), CATCH_UP, "all without GTIDs")
        assert unset.query("SELECT a FROM channel.plain ORDER BY a") == [{"a": 1}, {"a": 2}, {"a": 3}]
    forget(unset)
    unset.execute("DROP DATABASE channel")


def forget(cluster):
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_source")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """One whose server id is the cluster's can be made of it later."""
    with Node("mysql-9.7", tmp_path_factory.mktemp("source")) as source:
        make_account(source)
        yield source


@pytest.fixture
def unset(cluster):
    yield cluster
    forget(cluster)


def events(cluster, name="borealis"):
    """All of a cluster's, the oldest first."""
    done = borealis("cluster", "events", name, "--dir", cluster.dir, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["events"]


def start_fails(cluster):
    with pytest.raises(pymysql.err.OperationalError, match="Slave has encountered an error"):
        cluster.query("CALL mysql.rds_start_replication")
    row = status(cluster)
    assert row["Slave_IO_Running"] == "No" and row["Slave_SQL_Running"] == "Yes", row
    assert cluster.query("CALL mysql.rds_stop_replication")
    return row


def test_a_wrong_password_is_told(unset, source):
    file, offset = position(source)
    unset.query(SET, (source.port, "not-it", file, offset, 0))
    unset.query("CALL mysql.rds_start_replication")
    row = wait_for(lambda: status(unset)["Last_IO_Error"] and status(unset), 30, "the reason")
    assert row["Last_IO_Errno"] == 1045 and "Access denied" in row["Last_IO_Error"], row
    assert row["Slave_IO_Running"] == "Connecting" and row["Seconds_Behind_Master"] is None
    unset.query("CALL mysql.rds_stop_replication")
    # Set again, without a reset, it goes on from what is given then.
    unset.query(SET, (source.port, PASSWORD, file, offset, 0))
    unset.query("CALL mysql.rds_start_replication")
    row = wait_for(lambda: status(unset)["Slave_IO_Running"] == "Yes" and status(unset), 30, "receiving")
    assert row["Last_IO_Error"] == "" and row["Exec_Master_Log_Pos"] == offset, row


def test_a_file_that_is_not_there(unset, source):
    unset.query(SET, (source.port, PASSWORD, "mysql-bin-changelog.000099", 4, 0))
    row = start_fails(unset)
    assert row["Last_IO_Errno"] == 1236 and "Could not find first log file" in row["Last_IO_Error"]
    assert (row["Master_Log_File"], row["Read_Master_Log_Pos"]) == ("mysql-bin-changelog.000099", 4)


def test_a_position_past_the_end(unset, source):
    file, offset = position(source)
    unset.query(SET, (source.port, PASSWORD, file, offset + 100000, 0))
    row = start_fails(unset)
    assert row["Last_IO_Errno"] == 1236 and "position > file size" in row["Last_IO_Error"], row


def test_a_host_that_is_not_there(unset):
    unset.query("CALL mysql.rds_set_external_source('no-such-host.invalid', 3306, 'u', 'p', "
                "'mysql-bin.000001', 4, 1)")  # fmt: skip
    unset.query("CALL mysql.rds_start_replication")
    row = wait_for(lambda: status(unset)["Last_IO_Error"] and status(unset), 30, "the reason")
    assert row["Last_IO_Errno"] == 2003 and "no-such-host.invalid" in row["Last_IO_Error"], row


def test_the_clusters_own_server_id(unset, tmp_path):
    own = unset.query("SELECT @@server_id AS id")[0]["id"]
    with Node("mariadb-10.11", tmp_path / "source", server_id=own) as source:
        make_account(source)
        file, offset = position(source)
        unset.query(SET, (source.port, PASSWORD, file, offset, 0))
        row = start_fails(unset)
        assert row["Last_IO_Errno"] == 1593 and f"{own}, which is ours" in row["Last_IO_Error"], row
        told = events(unset)[-1]
        assert (told["id"], told["message"]) == (
            "RDS-EVENT-0045", "Replication has stopped. " + row["Last_IO_Error"])  # fmt: skip


def test_the_password_is_in_one_file_alone(unset, source):
    file, offset = position(source)
    unset.query(SET, (source.port, PASSWORD, file, offset, 0))
    unset.query("CALL mysql.rds_start_replication")
    unset.query("CALL mysql.rds_stop_replication")
    found = []
    for path in unset.dir.rglob("*"):
        if path.is_file() and PASSWORD.encode() in path.read_bytes():
            found.append(path)
    assert found == [unset.own / "relay" / "source.json"]
    assert stat.S_IMODE(found[0].stat().st_mode) == 0o600
    assert PASSWORD not in unset.stderr.read_text()
    unset.query("CALL mysql.rds_reset_external_source")
    assert sorted(path.name for path in (unset.own / "relay").iterdir()) == ["tls"]


def test_nobody_else_comes_through_the_door(unset, source):
    """Its account has a random password that only the engine is given, and its TLS is not optional."""
    file, offset = position(source)
    unset.query(SET, (source.port, PASSWORD, file, offset, 0))
    engines = unset.as_admin("SHOW SLAVE STATUS")[0]
    assert (engines["Master_Host"], engines["Master_SSL_Verify_Server_Cert"]) == ("127.0.0.1", "Yes")
    unset.query("CALL mysql.rds_start_replication")
    wait_for(lambda: status(unset)["Slave_IO_Running"] == "Yes", 30, "receiving")
    ca = {"ssl": {"ca": engines["Master_SSL_CA_File"]}}
    for user, password in (engines["Master_User"], ""), ("repl_user", PASSWORD):
        for how, refusal in (ca, "Access denied"), ({}, "insecure transport"):
            with pytest.raises(pymysql.err.OperationalError, match=refusal):
                pymysql.connect(host="127.0.0.1", port=engines["Master_Port"], user=user,
                                password=password, **how)  # fmt: skip
