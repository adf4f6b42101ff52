"""Node: one throw-away database server, of any of the kinds that tools/fetch-server fetches.

    with Node("mariadb-10.11", tmp_path / "a", binlog_format="ROW") as node:
        node.execute("CREATE DATABASE d")
        assert node.query("SELECT 1 AS one") == [{"one": 1}]

Owner: the test, which passes the directory. Any thread may use a node, one at a time. End of life:
leaving the `with` block stops the server and keeps its directory (log, data) for a look; if the
test process dies first, however it dies, the kernel kills the server.
"""

import atexit
import concurrent.futures
import contextlib
import dataclasses
import fcntl
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import weakref

import pymysql
import pymysql.cursors

from . import fetch
from .wait import wait_for

# Of the account 'root'@'127.0.0.1'. On the socket root has no password.
PASSWORD = "borealis-test"
START_TIMEOUT = 120  # also recovery after kill9(), on a busy machine
STOP_TIMEOUT = 60
CREATE_TIMEOUT = 120
CLIENT_TIMEOUT = 300

# The kernel's "kill it when its parent dies" means the parent's thread. So all servers are started
# by one thread, which ends with the process and not with a test's own threads.
_starter = concurrent.futures.ThreadPoolExecutor(max_workers=1, thread_name_prefix="node-starter")
_alive = weakref.WeakSet()


class ServerError(Exception):
    """A server could not be made, started or stopped; the text ends with its log's last lines."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """What sets one kind of server apart from the others."""

    daemon: str
    create: object  # function of a Node, fills its data directory; None: a template comes with it
    settings: dict
    clients: str = None  # the server whose client programs to use, if it has none itself


def _create_mariadb(node):
    # The statements that mariadb-install-db would feed, without its shell script's assumptions.
    # 11.8 has renamed the files.
    files = [
        ("mysql_system_tables.sql", "mariadb_system_tables.sql"),
        ("mysql_performance_tables.sql", "mariadb_performance_tables.sql"),
        ("mysql_system_tables_data.sql", "mariadb_system_tables_data.sql"),
        ("maria_add_gis_sp_bootstrap.sql",),
    ]
    sql = "CREATE DATABASE mysql;\nUSE mysql;\n"
    for names in files:
        path = next(p for p in (node.home / "share" / name for name in names) if p.exists())
        sql += path.read_text() + "\n"
    node.datadir.mkdir()
    node.run_daemon("--bootstrap", "--skip-log-bin", input=sql)


def _create_mysql(node):
    node.run_daemon("--initialize-insecure")


def _create(node):
    """Fills the data directory with a copy of the template of the node's kind, made with the first.

    The template is beside the server's program, and goes when a newer one is fetched. Settings that
    a data directory can not be given afterwards make it anew.
    """
    template = node.home / "template"
    if node.kind.create and "lower_case_table_names" in node.settings:
        node.kind.create(node)
        return
    if not template.exists():
        with open(node.home / "template.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not template.exists():
                _make_template(node, template)
    shutil.copytree(template, node.datadir)
    (node.datadir / "auto.cnf").unlink(missing_ok=True)  # or all would have the same server_uuid


def _make_template(node, template):
    with tempfile.TemporaryDirectory(prefix="template-", dir=node.home) as directory:
        first = Node(node.server, directory)
        first._write_config()
        first.kind.create(first)
        first.datadir.rename(template)


KINDS = {
    "mariadb-10.11": Kind("mariadbd", _create_mariadb, {"innodb_log_file_size": "16M"}),
    "mariadb-11.8": Kind("mariadbd", _create_mariadb, {"innodb_log_file_size": "16M"}),
    "mysql-9.7": Kind(
        "mysqld",
        _create_mysql,
        {"innodb_redo_log_capacity": "16M", "mysqlx": "OFF", "secure_file_priv": ""},
    ),
    "mysql-5.6": Kind(
        "mysqld", None, {"innodb_log_file_size": "16M"}, clients="mariadb-10.11"
    ),
}

# Small and quick, and durable enough for kill9(): that loses nothing the kernel already has. Tests
# of durability set sync_binlog and innodb_flush_log_at_trx_commit themselves.
SETTINGS = {
    "bind_address": "127.0.0.1",
    "binlog_format": "ROW",
    "innodb_buffer_pool_size": "32M",
    "innodb_flush_log_at_trx_commit": 2,
    "key_buffer_size": "1M",
    "log_bin": "mysql-bin-changelog",
    "max_connections": 200,
    "performance_schema": "OFF",
    "skip_name_resolve": "ON",
    "sync_binlog": 0,
    "table_open_cache": 200,
}

# No waiting for the disk: what a killed server has written the kernel has. But for the page that it was
# writing: the doublewrite buffer stays. For tests, not for benches.
UNSYNCED = {"innodb_flush_method": "nosync"}

# Programs by the names that all families had once; MariaDB's are called otherwise now.
_MARIADB_PROGRAMS = {
    "mysql": "mariadb",
    "mysqladmin": "mariadb-admin",
    "mysqlbinlog": "mariadb-binlog",
    "mysqlcheck": "mariadb-check",
    "mysqldump": "mariadb-dump",
    "mysql_upgrade": "mariadb-upgrade",
    "mysql_tzinfo_to_sql": "mariadb-tzinfo-to-sql",
}


class Node:
    """A server named SERVER (a key of KINDS) with its files in basedir, which it makes.

    settings are lines of its my.cnf: they override the defaults above, and None removes one.
    inside are words to put before its command, as "nsenter" and its options. If
    basedir holds the data of an earlier node, that is used as it is.
    """

    def __init__(self, server, basedir, inside=(), **settings):
        self.server = server
        self.inside = inside
        self.kind = KINDS[server]
        self.home = fetch.home(server)
        self.clients = fetch.home(self.kind.clients) if self.kind.clients else self.home
        self.basedir = pathlib.Path(basedir).resolve()
        self.datadir = self.basedir / "data"
        self.log = self.basedir / "error.log"
        self.config = self.basedir / "my.cnf"
        self.port = _free_port()
        # A socket's path is limited to 107 bytes, and that of a test's directory is often longer.
        self._socketdir = tempfile.mkdtemp(prefix="borealis-")
        self._cleanup = weakref.finalize(self, shutil.rmtree, self._socketdir, True)
        self.socket = self._socketdir + "/s"
        self.process = None
        (self.basedir / "tmp").mkdir(parents=True, exist_ok=True)
        self.settings = {
            **SETTINGS,
            **self.kind.settings,
            "datadir": self.datadir,
            "lc_messages_dir": self.home / "share",
            "character_sets_dir": self.home / "share" / "charsets",
            "plugin_dir": self.home / "plugin",
            "tmpdir": self.basedir / "tmp",
            "pid_file": self.basedir / "pid",
            "socket": self.socket,
            "port": self.port,
            # Unique among all that run on this machine, just as the port is.
            "server_id": self.port,
            **settings,
        }
        if os.geteuid() == 0:
            self.settings.setdefault("user", "root")  # or it would refuse to run

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        """Stops the server and removes all but basedir. The node can not be started again."""
        self.stop()
        self._cleanup()

    @property
    def pid(self):
        """The server's process id, None when it does not run."""
        return self.process.pid if self.process and self.process.poll() is None else None

    def start(self, timeout=START_TIMEOUT):
        """Starts the server, after making its data at the first time, and waits until it answers."""
        if self.pid:
            raise ServerError(f"{self}: is running already, pid {self.pid}")
        self._write_config()
        created = self.basedir / "created"
        if not created.exists():
            shutil.rmtree(self.datadir, ignore_errors=True)
            _create(self)
        self.process = _starter.submit(self._spawn).result()
        _alive.add(self)
        try:
            wait_for(self._answers, timeout, f"{self}: answers", ignore=pymysql.err.OperationalError)
        except AssertionError as error:
            raise ServerError(f"{error}\n{self.log_tail()}") from None
        if not created.exists():
            self._create_accounts()
            created.touch()

    def stop(self, timeout=STOP_TIMEOUT):
        """Shuts the server down; kills it at the deadline. Returns whether it ended cleanly."""
        if not self.pid:
            return True
        self.process.terminate()
        try:
            return self.process.wait(timeout) == 0
        except subprocess.TimeoutExpired:
            self.kill9()
            return False

    def kill9(self):
        """Kills the server as a crash would, and waits for its end."""
        if self.pid:
            self.process.kill()
            self.process.wait(STOP_TIMEOUT)

    def restart(self, **settings):
        """Stops and starts the server, with changed settings if any are given."""
        if not self.stop():
            raise ServerError(f"{self}: did not shut down cleanly\n{self.log_tail()}")
        self.settings.update(settings)
        self.start()

    def connect(self, **kw):
        """A PyMySQL connection, rows as dicts. As root over the socket, or given host= over TCP."""
        if "host" in kw:
            kw = {"port": self.port, "password": PASSWORD, **kw}
        else:
            kw = {"unix_socket": self.socket, "password": "", **kw}
        kw = {
            "user": "root",
            "charset": "utf8mb4",
            "autocommit": True,
            "cursorclass": pymysql.cursors.DictCursor,
            "connect_timeout": 10,
            "read_timeout": 120,
            "write_timeout": 120,
            **kw,
        }
        return pymysql.connect(**kw)

    def query(self, sql, args=None):
        """The rows of one statement, in a connection of its own."""
        with self.connect() as conn, conn.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def execute(self, *statements):
        """Runs statements in one connection of their own; returns the rows that the last changed."""
        changed = 0
        with self.connect() as conn, conn.cursor() as cursor:
            for sql in statements:
                changed = cursor.execute(sql)
        return changed

    def client(self, program, *args, input=None, check=True, timeout=CLIENT_TIMEOUT, text=True):
        """Runs a client program, such as mysql, connected as root over the socket.

        Returns the subprocess.CompletedProcess. input is str, or bytes if text is false. For any
        server a program may be named as MySQL does.
        """
        options = ["--no-defaults", f"--socket={self.socket}", "--user=root"]
        if program != "mariadb-backup":  # it takes the server's options, not a client's
            options += [
                f"--plugin-dir={self.clients / 'client-plugin'}",
                f"--character-sets-dir={self.clients / 'share' / 'charsets'}",
            ]
        done = subprocess.run(
            [self.program(program), *options, *args],
            input=input, capture_output=True, text=text, timeout=timeout, check=False,
        )  # fmt: skip
        if check and done.returncode:
            raise ServerError(f"{self}: {program} ended with {done.returncode}: {done.stderr}")
        return done

    def program(self, name):
        """The path of a client program."""
        return program(self.clients, name)

    def run_daemon(self, *options, input=None):
        """Runs the server program for a single task, such as making the data directory."""
        command = [self.home / "bin" / self.kind.daemon, f"--defaults-file={self.config}", *options]
        with open(self.log, "ab") as log:
            done = subprocess.run(
                command, input=input, text=True, stdout=log, stderr=log,
                timeout=CREATE_TIMEOUT, check=False,
            )  # fmt: skip
        if done.returncode:
            raise ServerError(f"{self}: {options[0]} ended with {done.returncode}\n{self.log_tail()}")

    def log_tail(self, lines=20):
        """The last lines of the server's log."""
        with contextlib.suppress(FileNotFoundError):
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        return f"{self.log}: no log"

    def __str__(self):
        return f"{self.server} in {self.basedir}"

    def _write_config(self):
        lines = [f"{name} = {value}\n" for name, value in self.settings.items() if value is not None]
        self.config.write_text("[mysqld]\n" + "".join(lines))

    def _spawn(self):
        # All before the server's name exec, so the process that is watched is the server itself.
        # A session of its own, so that ^C reaches the test alone, which then stops the server.
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                [*self.inside, "setpriv", "--pdeathsig", "KILL", self.home / "bin" / self.kind.daemon,
                 f"--defaults-file={self.config}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _answers(self):
        if self.process.poll() is not None:
            raise ServerError(f"{self}: ended with {self.process.returncode}\n{self.log_tail()}")
        self.connect().close()
        return True

    def _create_accounts(self):
        self.execute(
            "SET SESSION sql_log_bin = 0",  # the binlog starts with what the test does
            "DELETE FROM mysql.{} WHERE User = '' OR User = 'root' AND Host <> 'localhost'".format(
                "global_priv" if self.kind.daemon == "mariadbd" else "user"
            ),
            "FLUSH PRIVILEGES",
            f"CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
            "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION",
        )


def program(home, name):
    """The path of a client program in a server's directory; MySQL's name of it will do."""
    if not (home / "bin" / name).exists():
        name = _MARIADB_PROGRAMS.get(name, name)
    return home / "bin" / name


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@atexit.register
def _kill_all():
    for node in list(_alive):
        node.kill9()
