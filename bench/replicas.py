"""What follows a source in bench/main_job.py: a cluster, or a server by its own replication.

Both have the same calls. What has been applied is told by GTIDs, for which their engines can wait without
being asked again and again.
"""

import contextlib
import re
import time

import machine
import pymysql
import twin

from scenario import relay as scenario
from scenario.cluster import Cluster
from servers.node import Node
from servers.wait import wait_for

TIMEOUT = 600
POLL_SEC = 0.05
# A cluster's own: no commit that was acknowledged is lost with the machine.
DURABLE = {"innodb_flush_log_at_trx_commit": 1, "sync_binlog": 1}
SMALL = dict.fromkeys(["innodb_log_file_size", "innodb_redo_log_capacity", "key_buffer_size", "table_open_cache"])
CLEAN = "innodb_max_dirty_pages_pct"
FEW_PAGES = 50  # which the servers leave unwritten


def durable(server):
    """Settings of a server beside a cluster: sizes are the program's own, and a buffer pool is large enough."""
    return {**SMALL, **scenario.source_settings(server), **DURABLE, "innodb_buffer_pool_size": "512M"}


def native(cluster, server, directory):
    """The server that replicates by itself: of the cluster's kind one with the settings of its engine.

    How it applies and where it notes its place is as the program has it by itself.
    """
    if server != "mariadb-10.11":
        return Node(server, directory, **durable(server))
    own = dict.fromkeys(["sync_master_info", "sync_relay_log_info", "slave_parallel_mode", "slave_parallel_threads"])
    return twin.make(cluster, directory, **own)


def account(server):
    """The one that replicas log in with: of a cluster or a Node."""
    statements = [f"CREATE USER {scenario.REPLICA}@'%' IDENTIFIED BY '{scenario.REPLICA_PASSWORD}'",
                  f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {scenario.REPLICA}@'%'"]  # fmt: skip
    if isinstance(server, Cluster):
        server.account(*statements)
        return
    server.execute("SET SESSION sql_log_bin = 0", *statements)
    if scenario.is_new_mysql(server):  # which then knows the password, and takes it without TLS
        server.connect(host="127.0.0.1", user=scenario.REPLICA, password=scenario.REPLICA_PASSWORD,
                       ssl={"check_hostname": False}).close()  # fmt: skip


def position(server):
    """(file, offset) at which the log of a cluster or a Node ends."""
    if not isinstance(server, Cluster):
        return scenario.position(server)
    row = server.query("SHOW MASTER STATUS")[0]
    return row["File"], row["Position"]


class Replica:
    """What is alike. `server` is the Cluster or the Node, which the caller starts and ends."""

    def __init__(self, server):
        self.server = server
        self.mariadb = isinstance(server, Cluster) or scenario.is_mariadb(server)

    def applied(self):
        """The latest GTID of each origin: {domain and server, or UUID: number}."""
        if self.mariadb:
            text = self.server.query("SELECT @@GLOBAL.gtid_slave_pos AS gtids")[0]["gtids"]
            return {key: int(number) for key, number in re.findall(r"(\d+-\d+)-(\d+)", text)}
        text = self.server.query("SELECT @@GLOBAL.gtid_executed AS gtids")[0]["gtids"]
        return {one[:36]: int(re.search(r"\d+$", one)[0]) for one in text.replace("\n", "").split(",") if one}

    def wait_sql(self, key, number):
        """The statement that returns once that is applied, and can be seen."""
        if self.mariadb:
            return f"SELECT MASTER_GTID_WAIT('{key}-{number}', {TIMEOUT})"
        return f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{key}:{number}', {TIMEOUT})"

    def wait_applied(self, source):
        """Until it has all that is in the source's log."""
        goal = position(source)
        gtids = None if self.mariadb else source.query("SELECT @@GLOBAL.gtid_executed AS gtids")[0]["gtids"]
        deadline = time.monotonic() + TIMEOUT
        with self.server.connect() as conn, conn.cursor() as cursor:
            while not (self.is_at(cursor, goal) if self.mariadb else self.has(cursor, gtids)):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{self.server}: has not applied {goal} within {TIMEOUT} s")

    def is_at(self, cursor, goal):
        cursor.execute("SHOW SLAVE STATUS")
        status = cursor.fetchone()
        self.check(status)
        there = (status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"]) >= goal
        if not there:
            time.sleep(POLL_SEC)
        return there

    def has(self, cursor, gtids):
        """MySQL's workers tell their place late, but its GTIDs at once."""
        self.check(scenario.replica_status(self.server))
        cursor.execute("SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 1) AS late", (gtids,))
        return not cursor.fetchone()["late"]

    def check(self, status):
        if status["Last_SQL_Error"] or status["Last_IO_Error"]:
            raise SystemExit(f"{self.server}: {status['Last_SQL_Error']} {status['Last_IO_Error']}")

    def cpu_sec(self):
        return sum(sum(machine.cpu_times(pid)) for pid in self.pids())

    def written_bytes(self):
        return sum(machine.written_bytes(pid) for pid in self.pids())

    def write_pages(self):
        """Has InnoDB write what it has changed in memory, which otherwise comes at some other time."""
        was = self.admin(f"SELECT @@GLOBAL.{CLEAN} AS pct")[0]["pct"]
        self.admin(f"SET GLOBAL {CLEAN}_lwm = 0", f"SET GLOBAL {CLEAN} = 0")
        wait_for(lambda: self.dirty_pages() <= FEW_PAGES, TIMEOUT, f"{self.server}: pages are written")
        self.admin(f"SET GLOBAL {CLEAN} = {was}")

    def dirty_pages(self):
        return int(self.admin("SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")[0]["Value"])


class ClusterReplica(Replica):
    name = "cluster"

    def pids(self):
        return [self.server.daemon.pid, self.server.engine_pid]

    def admin(self, *statements):
        return self.server.as_admin(*statements)

    def connect(self):
        """To the engine itself: what an endpoint adds is another bench's."""
        socket = str(self.server.instance / "run" / "engine.sock")
        return pymysql.connect(unix_socket=socket, user="rdsadmin", password=self.server.admin_password(),
                               autocommit=True)  # fmt: skip

    def follow(self, source, start):
        self.server.query("CALL mysql.rds_set_external_source('127.0.0.1', %s, %s, %s, %s, %s, 0)",
                          (source.port, scenario.REPLICA, scenario.REPLICA_PASSWORD, *start))  # fmt: skip

    def start(self):
        with contextlib.suppress(pymysql.err.OperationalError):  # its status says why
            self.server.query("CALL mysql.rds_start_replication")
        self.check(self.server.query("SHOW SLAVE STATUS")[0])

    def stop(self):
        self.server.query("CALL mysql.rds_stop_replication")

    def forget(self, database):
        if self.server.query("SHOW SLAVE STATUS"):
            self.server.query("CALL mysql.rds_reset_external_source")
        self.server.execute(f"DROP DATABASE IF EXISTS {database}")

    def set_workers(self, count):
        """Without replication: then it counts at once."""
        self.server.as_admin(f"SET GLOBAL slave_parallel_threads = {count if count > 1 else 0}")


class NodeReplica(Replica):
    name = "native"

    def pids(self):
        return [self.server.pid]

    def connect(self):
        return self.server.connect()

    def admin(self, *statements):
        with self.connect() as conn, conn.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
            return list(cursor.fetchall())

    def follow(self, source, start):
        """By position, as a server does that is told nothing else. It does not start."""
        word, change = ("MASTER", "MASTER") if self.mariadb else ("SOURCE", "REPLICATION SOURCE")
        self.server.execute(
            f"CHANGE {change} TO {word}_HOST='127.0.0.1', {word}_PORT={source.port}, {word}_CONNECT_RETRY=1,"
            f" {word}_USER='{scenario.REPLICA}', {word}_PASSWORD='{scenario.REPLICA_PASSWORD}',"
            f" {word}_LOG_FILE='{start[0]}', {word}_LOG_POS={start[1]}"
        )

    @property
    def word(self):
        return "SLAVE" if self.mariadb else "REPLICA"

    def start(self):
        self.server.execute(f"START {self.word}")

    def stop(self):
        self.server.execute(f"STOP {self.word}")

    def forget(self, database):
        self.stop()
        with contextlib.suppress(pymysql.err.MySQLError):  # there is none yet
            self.server.execute(f"RESET {self.word} ALL")
        self.server.execute(f"DROP DATABASE IF EXISTS {database}")
        self.server.execute(*(
            ["RESET MASTER", "SET GLOBAL gtid_slave_pos = ''"] if self.mariadb else ["RESET BINARY LOGS AND GTIDS"]
        ))  # fmt: skip

    def set_workers(self, count):
        """Without replication: then it counts at once."""
        name, least = ("slave_parallel_threads", 0) if self.mariadb else ("replica_parallel_workers", 1)
        self.server.execute(f"SET GLOBAL {name} = {count if count > 1 else least}")
