"""MainJob: a cluster between an external source and its own replicas, with all that can die of it.

    with MainJob(tmp_path) as job:
        job.source.execute(...)
        job.settle(0)

    MySQL 9.7 --> cluster (10.11) --+--> MySQL 9.7, by auto position
                                    +--> MariaDB 11.8, by GTID
                                    +--> second cluster (11.8), by file and position

Both channels are set as an administrator sets them, by the procedures and over TLS. What the source has
in database DATABASE goes everywhere; its table `marks` tells how far a server is.

Owner: the test. End of life: leaving the `with` block stops all servers; what they wrote stays in the
test's directory, but for the clusters'.
"""

import concurrent.futures
import contextlib
import os
import signal

import pymysql

from servers.node import Node
from servers.wait import wait_for

from . import relay
from .cluster import START_TIMEOUT, Cluster
from .test_cluster_kills import engines

SOURCE_USER, SOURCE_PASSWORD = "repl_user", "S3cret-of-the-source"
DATABASE = "ledger"
CATCH_UP = 240
SET = "CALL mysql.rds_set_external_source('127.0.0.1', %s, %s, %s, %s, %s, 1)"
FILE_BYTES = 1 << 20  # so that the source's files end often
DURABLE = {"sync_binlog": 1, "innodb_flush_log_at_trx_commit": 1}
NAME = "borealis"  # of the cluster that a daemon makes


class Member(Cluster):
    """A cluster that is asked as other servers are: `server` is its engine, as Node names them."""

    def __init__(self, server):
        super().__init__("--engine", server)
        self.server = server

    def execute(self, *statements):
        """Past the endpoint, as the machine's administrator."""
        self.as_admin(*statements)

    def skip_error(self):
        """What the applier has stopped with is left out, as the master user does it; another error may follow."""
        try:
            self.query("CALL mysql.rds_skip_repl_error")
        except pymysql.err.MySQLError as error:
            assert "has encountered a new error" in error.args[1], error

    def start_again(self):
        self.query("CALL mysql.rds_stop_replication")
        try:
            self.query("CALL mysql.rds_start_replication")
        except pymysql.err.MySQLError as error:
            assert "has encountered an error" in error.args[1], error

    def set_source(self, port, user, password, place):
        self.query(SET, (port, user, password, *place))
        self.query("CALL mysql.rds_start_replication")


class Daemon:
    """The daemon of a cluster as something to kill; the engine goes on without it."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = f"{name}'s daemon"

    def kill9(self):
        self.cluster.kill9()

    def start(self):
        self.cluster.spawn()
        wait_for(lambda: self.cluster.status(check=False), START_TIMEOUT, f"{self.name} answers")


class Engine:
    """The engine of a cluster; its daemon starts it again, if it is there."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = f"{name}'s engine"
        self.killed = []

    def kill9(self):
        self.killed = engines(self.cluster, NAME)
        for pid in self.killed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def start(self):
        pass

    def is_back(self):
        return not self.killed or self.cluster.engine_pid not in (None, *self.killed)


class Server:
    """A server that is not ours."""

    def __init__(self, node, name):
        self.node = node
        self.name = name

    def kill9(self):
        self.node.kill9()

    def start(self):
        self.node.start()


class MainJob:
    def __init__(self, directory):
        self.directory = directory
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        with contextlib.ExitStack() as stack:
            self.stack = stack
            self._make()
            with concurrent.futures.ThreadPoolExecutor(2) as pool:  # they wait as much as they work
                list(pool.map(lambda one: one.start(), (self.cluster, self.second, *self.nodes)))
            self._connect()
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def _make(self):
        def node(server, name, **settings):
            made = Node(server, self.directory / name, **settings)
            self.stack.callback(made.close)
            return made

        def member(server):
            made = Member(server)
            self.stack.callback(made.close)
            return made

        new = relay.replica_settings("mysql-9.7") | {"relay_log_recovery": "ON", "innodb_lock_wait_timeout": 2}
        self.source = node("mysql-9.7", "source", **relay.source_settings("mysql-9.7"), **DURABLE,
                           max_binlog_size=FILE_BYTES)  # fmt: skip
        self.mysql = node("mysql-9.7", "mysql", **new)
        self.mariadb = node("mariadb-11.8", "mariadb", **relay.replica_settings("mariadb-11.8"),
                            relay_log_recovery="ON", innodb_lock_wait_timeout=2)  # fmt: skip
        self.cluster = member("mariadb-10.11")
        self.second = member("mariadb-11.8")
        self.nodes = (self.source, self.mysql, self.mariadb)
        self.replicas = (self.mysql, self.mariadb, self.second)
        # A server and whom it follows, upstream first.
        self.links = [(self.cluster, self.source), *((replica, self.cluster) for replica in self.replicas)]
        self.parts = [
            Server(self.source, "the source"), Daemon(self.cluster, "the cluster"), Engine(self.cluster, "the cluster"),
            Server(self.mysql, "the MySQL replica"), Server(self.mariadb, "the MariaDB replica"),
            Daemon(self.second, "the second cluster"), Engine(self.second, "the second cluster"),
        ]  # fmt: skip

    def _connect(self):
        self.source.execute(f"CREATE USER '{SOURCE_USER}'@'127.0.0.1' IDENTIFIED BY '{SOURCE_PASSWORD}' REQUIRE SSL",
                            "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO "
                            f"'{SOURCE_USER}'@'127.0.0.1'")  # fmt: skip
        first = relay.position(self.cluster)
        self.cluster.account(
            f"CREATE USER {relay.REPLICA}@'%' IDENTIFIED BY '{relay.REPLICA_PASSWORD}'",
            f"GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO {relay.REPLICA}@'%'",
        )
        self.cluster.set_source(self.source.port, SOURCE_USER, SOURCE_PASSWORD, relay.position(self.source))
        self.second.set_source(self.cluster.port, relay.REPLICA, relay.REPLICA_PASSWORD, first)
        for node in (self.mysql, self.mariadb):
            relay.follow(node, self.cluster.port, by_gtid=True, heartbeat=1)
        self.source.execute(f"CREATE DATABASE {DATABASE}", f"CREATE TABLE {DATABASE}.marks (n INT PRIMARY KEY)")

    def wait_up(self):
        """Until all clusters are up, with another engine where one was killed."""
        for part in self.parts:
            if isinstance(part, Engine):
                wait_for(part.is_back, START_TIMEOUT, f"{part.name} is back")
                part.killed = []
                part.cluster.wait_available()

    def name(self, server):
        """Of one of the replicas, in words."""
        return {id(self.cluster): "the cluster", id(self.second): "the second cluster"}.get(
            id(server), f"the {server.server} replica")  # fmt: skip

    def mark(self, number):
        self.source.execute(f"INSERT INTO {DATABASE}.marks VALUES ({number})")

    def settle(self, number):
        """Until all servers have all that the source had when it was called; none has stopped."""
        self.mark(number)
        for replica, _ in self.links:
            wait_for(lambda: has_mark(replica, number), CATCH_UP, f"{replica}: has mark {number}",  # noqa: B023
                     ignore=(pymysql.err.MySQLError, OSError))  # fmt: skip


def stop_of(replica):
    """The error that its applier has stopped with, number and text, or 0; its source must not have refused it."""
    status = relay.replica_status(replica)
    assert status["Last_IO_Errno"] not in relay.REFUSED, f"{replica}: {status['Last_IO_Error']}"
    return status["Last_SQL_Errno"] and (status["Last_SQL_Errno"], status["Last_SQL_Error"])


def mark_of(replica, number):
    return replica.query(f"SELECT 1 FROM {DATABASE}.marks WHERE n = {number}")


def has_mark(replica, number):
    stop = stop_of(replica)
    assert not stop, f"{replica}: {stop}"
    return mark_of(replica, number)
