"""ConfiguredRelay: one `borealis relay --config` of several channels, as a service would run it.

    relay = ConfiguredRelay(tmp_path, {"shop": source})
    with relay:
        relay.config["channel shop"]["binlog_retention_hours"] = 48
        relay.reload()

`config` is what its file says, by section; write() writes it. Owner: the test. End of life: leaving
the `with` block stops the relay by its pid; the directory is the test's own.
"""

import configparser
import json
import pathlib
import signal
import subprocess

import pymysql

from servers.wait import wait_for

from .cluster import BINARY, REPORTS, free_port
from .relay import PASSWORD, REPLICA, REPLICA_PASSWORD, USER, is_new_mysql, secret_file

TIMEOUT = 60


def make_account(source, user=USER, password=PASSWORD, host="127.0.0.1"):
    source.execute(
        "SET SESSION sql_log_bin = 0",
        f"CREATE USER {user}@'{host}' IDENTIFIED BY '{password}'",
        f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {user}@'{host}'",
    )


def hashes(password):
    done = subprocess.run(
        [BINARY, "relay", "hash-password"], input=password + "\n", capture_output=True, text=True,
        timeout=TIMEOUT, check=True,
    )  # fmt: skip
    return done.stdout.strip()


class ConfiguredRelay:
    def __init__(self, basedir, sources):
        self.basedir = pathlib.Path(basedir)
        self.dir = self.basedir / "relay"
        self.path = self.basedir / "relay.cnf"
        self.log = self.basedir / "relay.log"
        self.process = None
        self.environment = None
        self.inside = ()  # words to put before its command
        self.basedir.mkdir(parents=True, exist_ok=True)
        secret_file(self.basedir / "source.password", PASSWORD + "\n")
        self.config = {"relay": {"dir": self.dir}}
        for name, source in sources.items():
            self.add_channel(name, source)
        self.config[f"account {REPLICA}"] = {"password_hash": hashes(REPLICA_PASSWORD)}
        self.write()

    def add_channel(self, name, source):
        self.config[f"channel {name}"] = {
            "source": f"mysql://{USER}@127.0.0.1:{source.port}",
            "source_password_file": "source.password",  # beside the file
            "source_ssl_mode": "REQUIRED" if is_new_mysql(source) else "DISABLED",
            "listen": f"127.0.0.1:{free_port()}",
            "disk_low": "0", "disk_short": "0",  # as disk_options() in cluster.py
        }  # fmt: skip

    def write(self):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read_dict(self.config)
        with open(secret_file(self.path, ""), "w") as file:
            parser.write(file)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *exception):
        self.stop()

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [*self.inside, "setpriv", "--pdeathsig", "KILL", BINARY, "relay", "--config", self.path],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.environment,
            )  # fmt: skip
        wait_for(self._answers, TIMEOUT, f"{self}: answers")

    def _answers(self):
        assert self.process.poll() is None, f"{self}: ended\n{self.log.read_text(errors='replace')}"
        return self.run("reload", check=False).returncode == 0

    def stop(self):
        if not self.process:
            return
        if self.process.poll() is None:
            self.process.terminate()
            try:
                assert self.process.wait(TIMEOUT) == 0, self.log.read_text(errors="replace")
            finally:
                self.process.kill()
        assert not REPORTS.search(self.log.read_text(errors="replace")), self.log.read_text(errors="replace")

    def run(self, verb, *options, check=True):
        """A verb of `borealis relay` on the directory."""
        done = subprocess.run(
            [BINARY, "relay", verb, "--dir", self.dir, *options], stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=TIMEOUT, check=False,
        )  # fmt: skip
        assert not check or done.returncode == 0, (done.stderr, self.log.read_text(errors="replace"))
        return done

    def reload(self):
        """What the verb prints about the new file."""
        self.write()
        return self.run("reload").stdout

    def hang_up(self):
        self.process.send_signal(signal.SIGHUP)

    def status(self):
        return json.loads(self.run("status", "--json").stdout)

    def channel(self, name):
        return next(c for c in self.status()["channels"] if c["name"] == name)

    def port(self, name):
        return int(self.config[f"channel {name}"]["listen"].rpartition(":")[2])

    def connect(self, name, **kw):
        kw = {"user": REPLICA, "password": REPLICA_PASSWORD, "connect_timeout": 10, **kw}
        return pymysql.connect(
            host="127.0.0.1", port=self.port(name), cursorclass=pymysql.cursors.DictCursor, **kw
        )

    def position(self, name):
        """(file, offset) up to which the channel's log is on the disk; None before it has one."""
        try:
            with self.connect(name) as conn, conn.cursor() as cursor:
                cursor.execute("SHOW MASTER STATUS")
                row = cursor.fetchone()
                return row and (row["File"], row["Position"])
        except pymysql.err.Error:
            return None

    def wait_position(self, name, goal):
        wait_for(
            lambda: (self.position(name) or ("", 0)) >= goal, TIMEOUT, f"{self}: {name} at {goal}"
        )

    def __str__(self):
        return f"relay of {self.path}"
