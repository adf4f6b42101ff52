"""Relay: one `borealis relay` on a throw-away directory, and servers on both of its sides.

    with Relay(source, tmp_path) as relay:
        relay.attach(replica, by_gtid=True)

Owner: the test. End of life: leaving the `with` block stops the relay by its pid; the directory is
the test's own. Accounts are made at the source without its binlog.
"""

import contextlib
import json
import os
import pathlib
import signal
import subprocess

import pymysql

from servers.wait import wait_for

from .binlog_nodes import empty
from .cluster import BINARY, REPORTS, disk_options, free_port

USER, PASSWORD = "relay", "relay-at-source"
REPLICA, REPLICA_PASSWORD = "follower", "follower-at-relay"
READY_TIMEOUT = 60
STOP_TIMEOUT = 60
CATCH_UP_TIMEOUT = 120
REFUSED = (1236, 13114)  # of a dump that the source can not give; the second is MySQL's since 8.0


def is_mariadb(node):
    return node.server.startswith("mariadb")


def is_new_mysql(node):
    return node.server == "mysql-9.7"


def source_settings(server):
    """Settings with which a source has GTIDs, and a replica can follow it by them."""
    settings = {"log_slave_updates": "ON"}
    if server == "mysql-5.6":
        settings |= {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
    if server == "mysql-9.7":
        settings = {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
    return settings


def replica_settings(server):
    """Settings of a replica: that it notices soon when its connection is dead."""
    return source_settings(server) | {"slave_net_timeout": 10, "max_allowed_packet": "64M"}


def position(node):
    """(file, offset) at which the node's binlog ends."""
    row = node.query("SHOW BINARY LOG STATUS" if is_new_mysql(node) else "SHOW MASTER STATUS")[0]
    return row["File"], row["Position"]


def create_account(source, rights="REPLICATION SLAVE, REPLICATION CLIENT"):
    """The relay's at the source, unless it is there."""
    if not source.query(f"SELECT 1 FROM mysql.user WHERE User = '{USER}'"):
        source.execute(
            "SET SESSION sql_log_bin = 0",
            f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            f"GRANT {rights} ON *.* TO {USER}@'127.0.0.1'",
        )


def secret_file(path, text):
    """A file that only we can read: others are refused."""
    path.touch(0o600)
    path.write_text(text)
    return path


class Relay:
    def __init__(self, source, basedir, *options, listen_mariadb=False, listen_mysql=False):
        self.source = source
        self.source_port = None  # another than the source's: of what stands before it
        self.source_user = USER
        self.source_password = PASSWORD
        self.ssl_mode = None  # another than what the source can do
        self.basedir = pathlib.Path(basedir)
        self.dir = self.basedir / "relay"
        self.port = free_port()
        self.mariadb_port = self.mysql_port = None  # of the listeners for the other family
        if listen_mariadb:
            self.mariadb_port = free_port()
            options += ("--listen-mariadb", f"127.0.0.1:{self.mariadb_port}")
        if listen_mysql:
            self.mysql_port = free_port()
            options += ("--listen-mysql", f"127.0.0.1:{self.mysql_port}")
        self.options = (*disk_options(options), *options)
        self.log = self.basedir / "relay.log"
        self.process = None
        self.basedir.mkdir(parents=True, exist_ok=True)
        secret_file(self.basedir / "replica.password", REPLICA_PASSWORD + "\n")
        create_account(source)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def command(self):
        ssl_mode = self.ssl_mode or ("REQUIRED" if is_new_mysql(self.source) else "DISABLED")
        return [
            BINARY, "relay", "--dir", self.dir,
            "--source", f"mysql://{self.source_user}@127.0.0.1:{self.source_port or self.source.port}",
            "--source-password-file", self.basedir / "source.password",
            "--source-ssl-mode", ssl_mode,
            "--listen", f"127.0.0.1:{self.port}",
            "--replica-user", REPLICA,
            "--replica-password-file", self.basedir / "replica.password",
            *self.options,
        ]  # fmt: skip

    def follow_relay(self, relay):
        """Makes another relay, of the same source, what this one follows."""
        self.source_port = relay.port
        self.source_user, self.source_password = REPLICA, REPLICA_PASSWORD
        self.ssl_mode = "REQUIRED"

    def spawn(self, **environment):
        """Starts the process and waits for nothing."""
        secret_file(self.basedir / "source.password", self.source_password + "\n")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.command()],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | environment,
            )  # fmt: skip

    def start(self, **environment):
        self.spawn(**environment)
        wait_for(self._answers, READY_TIMEOUT, f"{self}: answers", ignore=pymysql.err.Error)

    def _answers(self):
        assert self.process.poll() is None, f"{self}: ended\n{self.log.read_text()}"
        self.connect().close()
        return True

    def kill9(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(STOP_TIMEOUT)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                assert self.process.wait(STOP_TIMEOUT) == 0, self.log.read_text()
            finally:
                self.process.kill()
        assert not REPORTS.search(self.log.read_text()), self.log.read_text()

    def port_for(self, replica):
        """Where a server follows: at its family's listener, if there is one."""
        return (self.mariadb_port if is_mariadb(replica) else self.mysql_port) or self.port

    def connect(self, **kw):
        kw = {"user": REPLICA, "password": REPLICA_PASSWORD, "connect_timeout": 10, **kw}
        kw.setdefault("port", self.port)
        return pymysql.connect(
            host="127.0.0.1", cursorclass=pymysql.cursors.DictCursor, **kw
        )

    def query(self, sql, **kw):
        with self.connect(**kw) as conn, conn.cursor() as cursor:
            cursor.execute(sql)
            return list(cursor.fetchall())

    def status(self):
        """What `borealis relay status` says."""
        command = [BINARY, "relay", "status", "--dir", self.dir, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)

    def position(self):
        rows = self.query("SHOW MASTER STATUS")
        return (rows[0]["File"], rows[0]["Position"]) if rows else None

    def wait_caught_up(self):
        """Until the relay shows all that is in the source's binlog now.

        It may show more: MariaDB writes checkpoints into its binlog by itself.
        """
        goal = position(self.source)
        wait_for(lambda: (self.position() or ("", 0)) >= goal, CATCH_UP_TIMEOUT, f"{self}: {goal}")

    def files(self):
        """The binlog files of its newest log by name."""
        incarnation = max((self.dir / "source").glob("[0-9]*"))
        return {
            path.name: path
            for path in sorted(incarnation.iterdir())
            if path.suffix[1:].isdigit() and len(path.suffix) == 7
        }

    def attach(self, replica, by_gtid, start=None):
        """Makes a server the relay's replica, from the oldest event or a (file, offset) on."""
        follow(replica, self.port_for(replica), by_gtid, start or (next(iter(self.files())), 4))

    def assert_files_are_the_sources(self):
        """All files that the relay has are the source's, byte for byte, up to what it has received.

        But for the flag of a file that is open, and for what stands past the last whole event: a
        server that was killed leaves such, and no replica gets it.
        """
        ours = self.files()
        assert list(ours) == binlog_names(self.source)[-len(ours) :]
        for name, path in ours.items():
            got, there = as_closed(path.read_bytes()), as_closed(binlog_bytes(self.source, name))
            assert there[: len(got)] == got, f"{name} of {len(got)} bytes differs from the source's"
            assert whole_events(there) == len(got) or name == list(ours)[-1], name

    def __str__(self):
        return f"relay of {self.source} on port {self.port}"


FLAGS_AT = 4 + 17  # of the first event, whose lowest bit says that the file is open


def as_closed(data):
    return data[:FLAGS_AT] + bytes([data[FLAGS_AT] & 0xFE]) + data[FLAGS_AT + 1 :]


def whole_events(data):
    """The offset past the last event that is whole."""
    at = 4
    while at + 19 <= len(data):
        length = int.from_bytes(data[at + 9 : at + 13], "little")
        if length < 19 or at + length > len(data):
            break
        at += length
    return at


def binlog_names(node):
    return [row["Log_name"] for row in node.query("SHOW BINARY LOGS")]


def follow(replica, port, by_gtid, start=None, heartbeat=None, host="127.0.0.1", user=REPLICA):
    """Makes a server the replica of what listens there: from a (file, offset) on, or by GTID."""
    file, offset = start or ("", 4)
    to = (
        f"MASTER_HOST='{host}', MASTER_PORT={port}, MASTER_USER='{user}',"
        f" MASTER_PASSWORD='{REPLICA_PASSWORD}'"
    )
    if is_mariadb(replica):
        to += ", MASTER_USE_GTID=slave_pos" if by_gtid else ", MASTER_USE_GTID=no"
    else:
        to += f", MASTER_AUTO_POSITION={int(by_gtid)}"
    if not by_gtid:
        to += f", MASTER_LOG_FILE='{file}', MASTER_LOG_POS={offset}"
    to += ", MASTER_CONNECT_RETRY=1"
    if heartbeat:
        to += f", MASTER_HEARTBEAT_PERIOD={heartbeat}"
    if is_new_mysql(replica):
        to = to.replace("MASTER_", "SOURCE_")
        replica.execute(f"CHANGE REPLICATION SOURCE TO {to}", "START REPLICA")
    else:
        replica.execute(f"CHANGE MASTER TO {to}", "START SLAVE")


def replica_status(replica):
    new = is_new_mysql(replica)
    row = replica.query("SHOW REPLICA STATUS" if new else "SHOW SLAVE STATUS")[0]
    return {
        key.replace("Source_", "Master_").replace("Replica_", "Slave_"): value
        for key, value in row.items()
    }


def wait_replica(replica, goal):
    """Until the replica has applied all up to (file, offset) of its source."""

    def applied():
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], status
        assert status["Last_IO_Errno"] not in REFUSED, status  # what else there is passes
        return (status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"]) >= goal

    wait_for(applied, CATCH_UP_TIMEOUT, f"{replica}: has applied {goal}")


def forget(replica):
    """Ends a server's replication, and what it has of it."""
    if is_new_mysql(replica):
        replica.execute("STOP REPLICA", "RESET REPLICA ALL")
    else:
        replica.execute("STOP SLAVE", "RESET SLAVE ALL")
    empty(replica)
    if is_mariadb(replica):
        replica.execute("SET GLOBAL gtid_slave_pos = ''")


@contextlib.contextmanager
def closed(nodes):
    try:
        yield
    finally:
        for node in nodes:
            node.close()


def binlog_bytes(node, name):
    """A binlog file of a server."""
    path = next(p for p in node.datadir.glob("*.[0-9]*") if p.name == name)
    return path.read_bytes()
