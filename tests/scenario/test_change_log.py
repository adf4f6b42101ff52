"""The cluster as source: its change log, and the dumps that its endpoint gives of it.

Real replicas of every kind that is supported, by GTID and by position. Time budget: 70 s.
"""

import contextlib
import os
import re
import signal
import threading

import pymysql
import pytest

from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

from . import relay
from .cluster import Cluster

FILE = "mysql-bin-changelog.{:06}"
CATCH_UP = 60
PLAIN = "plain"  # an account whose MySQL replicas have GTID_MODE=OFF


# What a Load writes to.
TABLES = [
    "CREATE DATABASE d CHARACTER SET utf8mb4",
    "CREATE TABLE d.log (id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(40) UNIQUE,"
    " at TIMESTAMP DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB",
    # Without a key: what is replicated twice is there twice.
    "CREATE TABLE d.trail (note VARCHAR(40)) ENGINE=InnoDB",
    "CREATE TABLE d.counter (id INT PRIMARY KEY, n INT NOT NULL) ENGINE=InnoDB",
    "INSERT INTO d.counter VALUES (0, 0), (1, 0)",
]


class Load(threading.Thread):
    """Writes until stop(), one transaction each, and notes what was acknowledged."""

    def __init__(self, cluster, number):
        super().__init__()
        self.acknowledged = []
        self.error = None
        self._cluster = cluster
        self._number = number
        self._end = threading.Event()

    def run(self):
        at = 0
        while not self._end.is_set():
            try:
                with self._cluster.connect(database="d") as conn, conn.cursor() as cursor:
                    while not self._end.wait(0.003):
                        at += 1
                        note = f"{self._number}-{at}"
                        conn.begin()
                        cursor.execute("INSERT INTO log (note) VALUES (%s)", (note,))
                        cursor.execute("INSERT INTO trail VALUES (%s)", (note,))
                        cursor.execute("UPDATE counter SET n = n + 1 WHERE id = %s", (self._number,))
                        conn.commit()
                        self.acknowledged.append(note)
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError,
                    pymysql.err.InternalError, ConnectionError):
                continue  # it was killed, or is not up again
            except Exception as error:  # shown by stop()
                self.error = error
                return

    def stop(self):
        self._end.set()
        self.join()
        if self.error:
            raise self.error


def prepare(cluster):
    cluster.account(
        f"CREATE USER {relay.REPLICA}@'%' IDENTIFIED BY '{relay.REPLICA_PASSWORD}'",
        f"GRANT REPLICATION SLAVE ON *.* TO {relay.REPLICA}@'%'",
        "CREATE USER reader@'%' IDENTIFIED BY 'reads'",
    )
    cluster.execute(*TABLES)


def change_log(cluster):
    return cluster.own / "changelog" / "00000001"


def binlog(cluster):
    return cluster.instance / "binlog" / "00000001"


def position(cluster):
    row = cluster.query("SHOW MASTER STATUS")[0]
    return row["File"], row["Position"]


def wait_equal(cluster, replica):
    goal = checksum(cluster, "d")
    wait_for(lambda: checksum(replica, "d") == goal, CATCH_UP, f"{replica}: equal",
             ignore=pymysql.err.MySQLError)  # fmt: skip


def assert_runs(replica):
    status = relay.replica_status(replica)
    assert (status["Slave_IO_Running"], status["Slave_SQL_Running"]) == ("Yes", "Yes"), status


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        prepare(made)
        yield made


@contextlib.contextmanager
def replicas(tmp_path, kinds):
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(Node(kind, tmp_path / kind, **relay.replica_settings(kind)))
            for kind in kinds
        ]


@pytest.fixture(scope="module")
def plain(cluster):
    cluster.account("CREATE ROLE gtid_mode_off",
                    f"CREATE USER {PLAIN}@'%' IDENTIFIED BY '{relay.REPLICA_PASSWORD}'",
                    f"GRANT REPLICATION SLAVE ON *.* TO {PLAIN}@'%'",
                    f"GRANT gtid_mode_off TO {PLAIN}@'%'")  # fmt: skip
    return PLAIN


def test_nothing_is_written_twice(cluster):
    """A file of the change log is the engine's own, by another name."""
    cluster.execute("INSERT INTO d.log (note) VALUES ('once')")
    name = position(cluster)[0]
    wait_for((change_log(cluster) / name).exists, CATCH_UP, "the first file")
    assert (change_log(cluster) / name).stat().st_ino == (binlog(cluster) / name).stat().st_ino
    rotate(cluster)
    wait_for((change_log(cluster) / position(cluster)[0]).exists, CATCH_UP, "the next file")


def rotate(cluster):
    cluster.as_admin("FLUSH BINARY LOGS")


def client_binlog(cluster, program, home, *args, check=True):
    return cluster.client(program, "--read-from-remote-server", *args, home=home, check=check)


def test_programs_read_the_log(cluster):
    """mariadb-binlog reads it as it is; MySQL's reads what a MySQL would have written.

    That has files of other names, which mysqlbinlog follows if it is told to go on to the last one.
    """
    cluster.execute("INSERT INTO d.log (note) VALUES ('read by programs')")
    name = position(cluster)[0]
    text = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", "--verbose", name).stdout
    assert "read by programs" in text and "\tGTID " in text
    text = client_binlog(cluster, "mysqlbinlog", "mysql-9.7", "--verbose", "--to-last-log", name).stdout
    assert "read by programs" in text and "SET @@SESSION.GTID_NEXT= '" in text


def test_a_dump_begins_with_all_that_was_written(cluster):
    """While nobody reads the log is followed at leisure: who comes waits until it has what there is."""
    name, at = position(cluster)
    for i in range(20):
        cluster.execute(f"INSERT INTO d.log (note) VALUES ('just written {i}')")
        text = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", "--verbose",
                             f"--start-position={at}", name).stdout  # fmt: skip
        assert f"just written {i}" in text
        at = position(cluster)[1]


def test_the_position_has_two_names(cluster):
    """MySQL 8.4 and later know one alone, MariaDB the other; the privilege is one."""
    old = cluster.query("SHOW MASTER STATUS")
    for newer in "SHOW BINARY LOG STATUS", "show binary log status;", "SHOW BINARY\nLOG  STATUS":
        assert cluster.query(newer) == old
    errors = []
    for statement in "SHOW MASTER STATUS", "SHOW BINARY LOG STATUS":
        with pytest.raises(pymysql.err.OperationalError) as error:
            cluster.query(statement, user="reader", password="reads")
        errors.append(error.value.args)
    assert errors[0] == errors[1] and errors[0][0] == 1227


def test_the_privilege_is_the_engines_to_grant(cluster):
    own = ["--user=reader", "--password=reads"]
    done = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", *own, FILE.format(1), check=False)
    assert done.returncode != 0
    assert "Access denied for user 'reader'" in done.stderr, done.stderr


def test_a_file_that_is_not_there(cluster):
    done = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", FILE.format(9999), check=False)
    assert done.returncode != 0
    assert "Could not find first log file name in binary log index file" in done.stderr


def acknowledged(loads):
    return sum(len(load.acknowledged) for load in loads)


def wait_for_load(loads, more):
    goal = acknowledged(loads) + more
    wait_for(lambda: acknowledged(loads) > goal or loads[0].error, CATCH_UP, "acknowledged writes")


def kill_engine(cluster):
    os.kill(cluster.engine_pid, signal.SIGKILL)


def kill_daemon(cluster):
    cluster.kill9()
    cluster.start()


def follow_after_mariadb_dump(cluster, node):
    """By GTID, from where the dump says that it was made."""
    dump = cluster.client("mariadb-dump", "--master-data=2", "--gtid", "--single-transaction",
                          "--databases", "d").stdout  # fmt: skip
    (gtids,) = re.findall(r"SET GLOBAL gtid_slave_pos='([-0-9,]+)'", dump)
    node.client("mysql", input=dump)
    node.execute(f"SET GLOBAL gtid_slave_pos = '{gtids}'")
    relay.follow(node, cluster.port, by_gtid=True, heartbeat=1)


def follow_after_mysqldump(cluster, node, user=relay.REPLICA):
    """By the position that the dump names, which is one of the engine's own files."""
    dump = cluster.client("mysqldump", "--source-data=2", "--single-transaction", "--databases", "d",
                          home=node.server).stdout  # fmt: skip
    ((file, offset),) = re.findall(r"LOG_FILE='(\S+)', \w+_LOG_POS=(\d+)", dump)
    node.client("mysql", input=dump)
    relay.follow(node, cluster.port, by_gtid=False, start=(file, int(offset)), heartbeat=1, user=user)


def follow_from_the_start(cluster, node):
    relay.follow(node, cluster.port, by_gtid=True, heartbeat=1)


def plain_after_mysqldump(cluster, node):
    follow_after_mysqldump(cluster, node, user=PLAIN)


def plain_from_the_start(cluster, node):
    relay.follow(node, cluster.port, by_gtid=False, start=(FILE.format(1), 4), heartbeat=1, user=PLAIN)


def turn_gtids_on(node):
    """Of a MySQL that was plain: it goes on at its place with the account of the others."""
    node.execute("STOP REPLICA", "SET GLOBAL enforce_gtid_consistency = ON",
                 *(f"SET GLOBAL gtid_mode = {mode}" for mode in ("OFF_PERMISSIVE", "ON_PERMISSIVE", "ON")),
                 f"CHANGE REPLICATION SOURCE TO SOURCE_USER = '{relay.REPLICA}'", "START REPLICA")  # fmt: skip


FOLLOW = {
    follow_after_mariadb_dump: "mariadb-11.8",
    follow_from_the_start: "mysql-5.6",
    plain_after_mysqldump: "mysql-9.7",
    plain_from_the_start: "mysql-5.6",
}


def test_replicas_of_all_kinds_through_kills(cluster, plain, tmp_path):
    """Made under load, from dumps and from nothing, while the engine and the daemon are killed.

    The plain ones are MySQL's with GTID_MODE=OFF, by position.
    """
    loads = [Load(cluster, number) for number in range(2)]
    with contextlib.ExitStack() as stack:
        nodes = []
        for follow, server in FOLLOW.items():
            settings = relay.replica_settings(server)
            if follow in (plain_after_mysqldump, plain_from_the_start):
                settings |= {"gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"}
            nodes.append(stack.enter_context(Node(server, tmp_path / follow.__name__, **settings)))
        for load in loads:
            load.start()
        wait_for_load(loads, 20)
        for follow, node in zip(FOLLOW, nodes):
            follow(cluster, node)
        cluster.account("CREATE USER shown@'%' IDENTIFIED BY 'x'", "GRANT SELECT ON d.* TO shown@'%'")
        for kill in (kill_engine, kill_daemon, kill_engine):
            wait_for_load(loads, 50)
            kill(cluster)
        wait_for_load(loads, 50)
        for load in loads:
            load.stop()
        cluster.wait_available()
        kept = {row["note"] for row in cluster.query("SELECT note FROM d.log")}
        assert not [note for load in loads for note in load.acknowledged if note not in kept]
        for node in nodes:
            wait_equal(cluster, node)
            assert_runs(node)
        turn_gtids_on(nodes[list(FOLLOW).index(plain_after_mysqldump)])
        cluster.execute("INSERT INTO d.trail VALUES ('with a GTID')")
        for node in nodes:
            wait_equal(cluster, node)
            assert_runs(node)
            assert_accounts_of_the_log(cluster, node)


def assert_accounts_of_the_log(cluster, node):
    """Those of users reach replicas of the engine's family; the cluster's own reach nobody."""
    users = {row["User"] for row in node.query("SELECT User FROM mysql.user")}
    assert ("shown" in users) == node.server.startswith("mariadb"), users
    assert not users & {"rdsadmin", cluster.credentials()["user"]}, users
    assert not node.query("SHOW TABLES IN mysql LIKE 'rds%'")


def test_a_plain_account_gets_no_gtids(cluster, plain):
    """And is told so, where it asks by them."""
    own = [f"--user={plain}", f"--password={relay.REPLICA_PASSWORD}"]
    cluster.execute("INSERT INTO d.log (note) VALUES ('without a GTID')")
    name = position(cluster)[0]
    text = client_binlog(cluster, "mysqlbinlog", "mysql-9.7", *own, "--verbose", "--to-last-log", name).stdout
    assert "without a GTID" in text
    assert set(re.findall(r"SET @@SESSION.GTID_NEXT= '(.*?)'", text)) == {"ANONYMOUS", "AUTOMATIC"}
    done = cluster.client("mysqlbinlog", *own, "--read-from-remote-source=BINLOG-DUMP-GTIDS", name,
                          home="mysql-9.7", check=False)  # fmt: skip
    assert done.returncode != 0
    assert f"the account '{plain}' has the role gtid_mode_off" in done.stderr, done.stderr


def test_mysqldump_needs_its_snapshot(cluster):
    """The lock that it asks for otherwise is nobody's to have: it says so, and dumps nothing."""
    done = cluster.client("mysqldump", "--source-data=2", "--databases", "d", home="mysql-9.7",
                          check=False)  # fmt: skip
    assert done.returncode != 0
    assert "RELOAD privilege" in done.stderr and "INSERT" not in done.stdout


def test_retention_spares_what_a_dump_reads(cluster):
    """The engine's file and the change log's go together, but not one that a dump is in."""
    rotate(cluster)
    rotate(cluster)
    files = sorted(binlog(cluster).glob("*.0*"))
    for file in files:
        os.utime(file, (1e9, 1e9))
    cluster.execute("CALL mysql.rds_set_configuration('binlog retention hours', 2160)")
    for directory in (binlog(cluster), change_log(cluster)):
        left = sorted(path.name for path in directory.glob("*.0*") if path.suffix != ".idx")
        assert left == [files[-1].name]
    assert [row["Log_name"] for row in cluster.query("SHOW BINARY LOGS")] == [files[-1].name]


def io_cache(cluster):
    rows = cluster.query("SHOW GLOBAL STATUS LIKE 'Aurora_binlog_io_cache%'")
    return {row["Variable_name"].rpartition("cache_")[2]: int(row["Value"]) for row in rows}


def set_yield(cluster, seconds):
    """Sets Aurora's variable in the engine, and waits until the daemon has taken note."""
    name = "aurora_binlog_replication_max_yield_seconds"
    cluster.as_admin(f"SET GLOBAL {name} = {seconds}")
    wait_for(lambda: f"dumps: {name}={seconds}" in cluster.stderr.read_text(), CATCH_UP, "taken note")


def heartbeats(replica):
    return int(replica.query("SHOW GLOBAL STATUS LIKE 'Slave_received_heartbeats'")[0]["Value"])


def test_auroras_variables_are_of_the_clusters_dumps(cluster, tmp_path):
    """The cache's counters move, and a dump that runs waits for a file to fill as it is told."""
    before = io_cache(cluster)
    with replicas(tmp_path, ["mariadb-11.8"]) as (node,):
        node.execute("CREATE DATABASE d", "CREATE TABLE d.log (id INT PRIMARY KEY, note VARCHAR(40),"
                     " at TIMESTAMP DEFAULT CURRENT_TIMESTAMP) ENGINE=InnoDB")  # fmt: skip
        relay.follow(node, cluster.port, by_gtid=False, start=position(cluster), heartbeat=0.2)
        cluster.execute("INSERT INTO d.log (note) VALUES ('out of the cache')")
        wait_for(lambda: node.query("SELECT 1 FROM d.log"), CATCH_UP, "replicated")
        wait_for(lambda: io_cache(cluster)["reads"] > before["reads"], CATCH_UP, "counted")
        now = io_cache(cluster)
        assert now["allocated"] > 0 and now["read_requests"] >= now["reads"]

        set_yield(cluster, 36000)
        rotate(cluster)
        cluster.execute("INSERT INTO d.log (note) VALUES ('in the next file')")
        name = position(cluster)[0]
        wait_for(lambda: relay.replica_status(node)["Master_Log_File"] == name, CATCH_UP, "next file")
        seen = heartbeats(node)
        wait_for(lambda: heartbeats(node) >= seen + 3, CATCH_UP, "heartbeats while it yields")
        assert len(node.query("SELECT 1 FROM d.log")) == 1
        set_yield(cluster, 0)
        wait_for(lambda: len(node.query("SELECT 1 FROM d.log")) == 2, CATCH_UP, "the rest")
