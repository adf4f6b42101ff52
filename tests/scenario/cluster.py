"""Cluster: one `borealis serve` on a throw-away directory, as a user would run it.

    with Cluster("--require-secure-transport", "on") as cluster:
        cluster.execute("CREATE DATABASE d")
        assert cluster.query("SELECT 1 AS one") == [{"one": 1}]

Owner: the test. Threads may share a cluster for connect(), query() and execute(); starting and
ending it belongs to one. End of life: leaving the `with` block stops the daemon and its engine, by
their pids, and removes the directory, whatever state they are in.

$BOREALIS_BINARY is the program under test, build/borealis at first. It may be built with
sanitizers: close() fails when one of them has reported something.
"""

import atexit
import configparser
import contextlib
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import weakref

import pymysql
import pymysql.cursors

from servers import fetch, node
from servers.wait import wait_for

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("BOREALIS_BINARY", REPOSITORY / "build" / "borealis")).resolve()

# Each is a bound that only a failure reaches; a sanitizer's build on a busy machine is slow.
START_TIMEOUT = 60
STOP_TIMEOUT = 30
COMMAND_TIMEOUT = 60
SQL_TIMEOUT = 60
LOG_LINES = 60

REPORTS = re.compile(
    "ERROR: AddressSanitizer|runtime error:|LeakSanitizer|WARNING: ThreadSanitizer"
)

# All that exist, for the logs of a failed test and for the end of the test process.
alive = weakref.WeakSet()


def disk_options(options):
    """What keeps `serve` and `relay` from minding how full the machine's disk is; none if said."""
    return () if "--disk-low" in options else ("--disk-low", "0", "--disk-short", "0")


class Cluster:
    """A cluster in a directory of its own; options are further arguments of `serve`.

    It is not started before start() or `with`. dir is the daemon's --dir; its output is beside it.
    binary is the program that serves.
    """

    def __init__(self, *options, port=None):
        self.options = (*disk_options(options), *options)
        self.binary = BINARY
        self.inside = []  # what a command begins with that is to see the directory
        self.port = port or free_port()
        # Short, because the path of a unix socket in it is limited to 107 bytes.
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="bs-", dir="/tmp"))
        self.dir = self.base / "d"
        self.stdout = self.base / "daemon.out"
        self.stderr = self.base / "daemon.err"
        self.own = self.dir / "clusters" / "borealis"
        self.instance = self.own / "instances" / "borealis-1"
        self.engine_log = self.instance / "engine.log"
        self.ca = self.own / "tls" / "ca.pem"
        self.daemon = None
        alive.add(self)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.close()

    # --- the daemon ---

    def spawn(self, *options):
        """Starts `borealis serve` and does not wait; the process is self.daemon."""
        assert self.daemon is None or self.daemon.poll() is not None, "the daemon runs already"
        command = [*self.inside, self.binary, "serve", "--verbose", "--dir", self.dir,
                   "--port", str(self.port)]  # fmt: skip
        with open(self.stdout, "ab") as out, open(self.stderr, "ab") as err:
            self.daemon = subprocess.Popen(
                [*command, *self.options, *options],
                stdin=subprocess.DEVNULL, stdout=out, stderr=err, start_new_session=True,
            )  # fmt: skip

    def start(self, *options, timeout=START_TIMEOUT):
        """Starts the daemon and waits until its cluster is available."""
        self.spawn(*options)
        self.wait_available(timeout)

    def wait_available(self, timeout=START_TIMEOUT):
        wait_for(self._is_available, timeout, f"{self}: available")

    def _is_available(self):
        if self.daemon.poll() is not None:
            raise AssertionError(
                f"{self}: the daemon ended with {self.daemon.returncode}\n{self.logs()}"
            )
        status = self.status(check=False)
        return status is not None and status["clusters"][0]["state"] == "available"

    def command(self, verb, *args, timeout=COMMAND_TIMEOUT, input=None):
        """Runs another verb for this directory; returns the subprocess.CompletedProcess."""
        return borealis(verb, "--dir", self.dir, *args, timeout=timeout, input=input,
                        inside=self.inside)  # fmt: skip

    def status(self, check=True):
        """What `borealis status --json` prints; None if it fails and check is false."""
        done = self.command("status", "--json")
        if done.returncode and not check:
            return None
        assert done.returncode == 0, f"{self}: status: {done.stderr}"
        return json.loads(done.stdout)

    def cluster_status(self):
        return self.status()["clusters"][0]

    @property
    def sessions(self):
        return self.cluster_status()["endpoint"]["sessions"]

    @property
    def engine_pid(self):
        """As the status says; None when there is no engine now."""
        return self.cluster_status()["writer"]["pid"] or None

    def interrupt(self):
        """Ctrl-C: the daemon must end with 0 and leave no process behind."""
        self.daemon.send_signal(signal.SIGINT)
        try:
            status = self.daemon.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            logs = self.logs()
            self.destroy()  # or close() would wait once more
            raise AssertionError(f"{self}: did not stop within {STOP_TIMEOUT} s\n{logs}") from None
        assert status == 0, f"{self}: exit status {status}\n{self.logs()}"
        assert users_of(self.dir) == {}

    def kill9(self):
        """Kills the daemon alone, as a crash would; the engine goes on."""
        self.daemon.kill()
        self.daemon.wait(STOP_TIMEOUT)

    def close(self):
        """Stops all that runs and removes the files; fails on what a sanitizer has reported."""
        problems = []
        if self.daemon and self.daemon.poll() is None:
            self.daemon.send_signal(signal.SIGINT)
            try:
                self.daemon.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                problems.append(f"{self}: did not stop within {STOP_TIMEOUT} s\n{self.logs()}")
        self.destroy()
        with contextlib.suppress(FileNotFoundError):
            text = self.stderr.read_text(errors="replace")
            if found := REPORTS.search(text):
                problems.append(f"{self}: sanitizer report\n{text[found.start():][:20000]}")
        shutil.rmtree(self.base, ignore_errors=True)
        alive.discard(self)
        assert not problems, "\n".join(problems)

    def destroy(self):
        """Kills what still runs in the directory; never fails."""
        if self.daemon and self.daemon.poll() is None:
            self.kill9()
        # Also what a daemon has started that was killed before it told anybody.
        wait_for(lambda: not kill_users(self.dir), STOP_TIMEOUT, f"{self}: killed")

    # --- clients ---

    def credentials(self):
        """The [client] section of the master user's option file."""
        parser = configparser.RawConfigParser()
        parser.read(self.own / "master.cnf")
        return dict(parser["client"])

    def admin_password(self):
        """Of rdsadmin, the daemon's own account."""
        return (self.own / "rdsadmin.password").read_text().strip()

    def secrets(self):
        """Every text that must not appear in any log."""
        keys = [self.own / "tls" / name for name in ("ca-key.pem", "server-key.pem")]
        return [self.credentials()["password"], self.admin_password()] + [
            key.read_text().splitlines()[1] for key in keys
        ]

    def connect(self, tls=False, **kw):
        """A PyMySQL connection to the endpoint as the master user, rows as dicts.

        With tls the server's certificate and name are verified with the cluster's CA.
        """
        own = {}
        if "user" not in kw or "password" not in kw:
            own = {name: self.credentials()[name] for name in ("user", "password")}
        kw = {
            "host": "127.0.0.1",
            "port": self.port,
            "charset": "utf8mb4",
            "autocommit": True,
            "cursorclass": pymysql.cursors.DictCursor,
            "connect_timeout": SQL_TIMEOUT,
            "read_timeout": SQL_TIMEOUT,
            "write_timeout": SQL_TIMEOUT,
            **({"ssl": {"ca": str(self.ca), "check_hostname": True}} if tls else {}),
            **own,
            **kw,
        }
        return pymysql.connect(**kw)

    def query(self, sql, args=None, **kw):
        """The rows of one statement, in a connection of its own."""
        with self.connect(**kw) as conn, conn.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def execute(self, *statements, **kw):
        """Runs statements in one connection of their own; returns the rows that the last changed."""
        changed = 0
        with self.connect(**kw) as conn, conn.cursor() as cursor:
            for sql in statements:
                changed = cursor.execute(sql)
        return changed

    def account(self, *statements):
        """Runs account statements by the procedure that the master user has for them."""
        with self.connect() as conn, conn.cursor() as cursor:
            for sql in statements:
                cursor.execute("CALL mysql.rds_account_statement(%s)", (sql,))

    def as_admin(self, *statements):
        """Runs statements as rdsadmin at the engine's socket, past the endpoint; the last's rows."""
        with pymysql.connect(
            unix_socket=str(self.instance / "run" / "engine.sock"), user="rdsadmin",
            password=self.admin_password(), autocommit=True,
            cursorclass=pymysql.cursors.DictCursor, read_timeout=SQL_TIMEOUT,
        ) as conn, conn.cursor() as cursor:  # fmt: skip
            for sql in statements:
                cursor.execute(sql)
            return list(cursor.fetchall())

    def drop_account(self, name):
        self.account(f"DROP USER IF EXISTS {name}")

    def client(self, program, *args, home="mariadb-10.11", check=True, tls=False, input=None,
               timeout=COMMAND_TIMEOUT, text=True):  # fmt: skip
        """Runs a client program of any server home at the endpoint, as the master user.

        Returns the subprocess.CompletedProcess. input is str, or bytes if text is false.
        """
        own = self.credentials()
        home = fetch.home(home)
        command = [
            node.program(home, program), "--no-defaults",
            f"--plugin-dir={home / 'client-plugin'}",
            f"--character-sets-dir={home / 'share' / 'charsets'}",
            "--host=127.0.0.1", f"--port={self.port}", f"--user={own['user']}",
            f"--password={own['password']}",
        ]  # fmt: skip
        if tls:
            command += [f"--ssl-ca={self.ca}"]
        done = subprocess.run(
            [*command, *args],
            input=input, capture_output=True, text=text, timeout=timeout, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{program}: {done.returncode}: {done.stderr}"
        return done

    # --- what a failed test shows ---

    def logs(self):
        """The last lines of the daemon's and of the engine's log."""
        parts = []
        for path in (self.stderr, self.engine_log):
            with contextlib.suppress(FileNotFoundError):
                lines = path.read_text(errors="replace").splitlines()[-LOG_LINES:]
                parts.append("\n".join([f"--- {path.name}", *lines]))
        return "\n".join(parts)

    def __str__(self):
        return f"cluster in {self.dir}"


def borealis(*args, timeout=COMMAND_TIMEOUT, input=None, env=None, inside=()):
    """Runs the program to its end; returns the subprocess.CompletedProcess."""
    done = subprocess.run(
        [*inside, BINARY, *args], input=input, stdin=None if input else subprocess.DEVNULL,
        capture_output=True, text=True, timeout=timeout, check=False, env=env,
    )  # fmt: skip
    assert not REPORTS.search(done.stderr), done.stderr
    return done


def free_port():
    """A TCP port nobody listens at, below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                return port


def users_of(directory):
    """{pid: command} of the processes that use a directory: by argument, cwd, root or open file."""
    users = {}
    inside = f"{directory}/"
    for proc in pathlib.Path("/proc").iterdir():
        if not proc.name.isdigit() or int(proc.name) == os.getpid():
            continue
        try:
            words = (proc / "cmdline").read_bytes().decode(errors="replace").split("\0")
            links = [proc / "cwd", proc / "root", *(proc / "fd").iterdir()]
        except OSError:  # it has just ended
            continue
        targets = [word for word in words if str(directory) in word]
        for link in links:
            with contextlib.suppress(OSError):
                target = os.readlink(link)
                if target == str(directory) or target.startswith(inside):
                    targets.append(target)
        if targets:
            users[int(proc.name)] = " ".join(words)
    return users


def kill_users(directory):
    """Kills the processes that use a directory; returns who they were."""
    users = users_of(directory)
    for pid in users:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return users


def start_ticks(pid):
    """When a process started: it tells two processes of the same pid apart."""
    stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    return int(stat.rpartition(")")[2].split()[19])


@atexit.register
def _destroy_all():
    for cluster in list(alive):
        cluster.destroy()
        shutil.rmtree(cluster.base, ignore_errors=True)
