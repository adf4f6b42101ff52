"""What the tests of `borealis binlog sql` and `undo` share: servers, the program, what is in a server."""

import contextlib
import os
import pathlib
import subprocess

import pymysql.cursors
from pymysql.converters import encoders

from tests.servers.checksum import checksum
from tests.servers.node import Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
SYSTEM = ("mysql", "sys", "information_schema", "performance_schema")
SETTINGS = {"max_allowed_packet": "64M", "local_infile": "ON", "event_scheduler": "OFF",
            "character_set_server": "latin1", "secure_file_priv": "", "read_buffer_size": "8K",
            "server_id": 4711}  # all servers': what an event remembers of its origin must not differ
# The client's options that the help of `binlog sql` asks for, and what LOAD DATA needs.
CLIENT = {"mysql": ["--binary-mode", "--local-infile=1"],
          "mariadb": ["--binary-mode", "--comments", "--local-infile=1"]}


class Nodes:
    """One server of each kind, started when it is first asked for."""

    def __init__(self, directory):
        self.directory = directory
        self.stack = contextlib.ExitStack()
        self.nodes = {}

    def __getitem__(self, server):
        if server not in self.nodes:
            settings = dict(SETTINGS)
            if server != "mysql-5.6":
                settings["binlog_row_metadata"] = "FULL"
            node = Node(server, self.directory / server, **settings)
            self.nodes[server] = self.stack.enter_context(node)
        return self.nodes[server]

    def close(self):
        self.stack.close()


def family(server):
    return server.partition("-")[0]


def clients(node):
    return CLIENT["mariadb" if node.clients.name.startswith("mariadb") else "mysql"]


def databases(node):
    names = [row["Database"] for row in node.query("SHOW DATABASES")]
    return sorted(name for name in names if name.lower() not in SYSTEM)


def empty(node):
    """Drops what tests made, and begins the binlog anew."""
    node.execute("SET SESSION sql_log_bin = 0", "SET SESSION foreign_key_checks = 0",
                 *[f"DROP DATABASE `{name}`" for name in databases(node)])
    reset = "RESET BINARY LOGS AND GTIDS" if node.server == "mysql-9.7" else "RESET MASTER"
    node.execute(reset)


def binlog_files(node):
    """All binlog files, closed: a new one was begun."""
    node.execute("FLUSH BINARY LOGS")
    names = [row["Log_name"] for row in node.query("SHOW BINARY LOGS")]
    return [node.datadir / name for name in names[:-1]]


def binlog(*arguments, stdin=b"", env=None):
    """Runs `borealis binlog`: exit status, standard output (bytes), standard error."""
    program = os.environ.get("BOREALIS_BINARY", ROOT / "build" / "borealis")
    done = subprocess.run([program, "binlog", *map(str, arguments)], input=stdin, check=False,
                          capture_output=True, timeout=120, env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def script(*arguments, **kw):
    """The SQL that `borealis binlog` prints."""
    status, out, err = binlog(*arguments, **kw)
    assert status == 0, err
    return out


def feed(node, sql, *options, check=True):
    """Feeds SQL to the server's command line client."""
    return node.client("mysql", "--max-allowed-packet=64M", *clients(node), *options, input=sql,
                       text=False, check=check)


def _rows(conn, sql):
    with conn.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def contents(node, exact=True, left_out=()):
    """All that is in the user's databases, to compare; not exact: only what all servers agree on.

    left_out are columns of information_schema about routines, triggers and events that may differ.
    """
    found = {}
    for name in databases(node):
        if not exact:
            found[name] = checksum(node, name)
            continue
        with node.connect(cursorclass=pymysql.cursors.Cursor, use_unicode=False,
                          conv=encoders, init_command="SET character_set_results = binary") as conn:
            for table, kind in _rows(conn, f"SHOW FULL TABLES FROM `{name}`"):
                table, kind = table.decode(), kind.decode()
                key = f"`{name}`.`{table.replace(chr(96), chr(96) * 2)}`"
                found[key] = _rows(conn, f"SHOW CREATE TABLE {key}")
                if kind == "BASE TABLE":
                    # Equal UUIDs may have other sums after replication, also by MariaDB's programs.
                    if b" uuid " not in found[key][0][1]:
                        found[key + " sum"] = _rows(conn, f"CHECKSUM TABLE {key}")
                    found[key + " rows"] = sorted(map(repr, _rows(conn, f"SELECT * FROM {key}")))
            for what in ("ROUTINES", "TRIGGERS", "EVENTS"):
                found[f"{name} {what}"] = _objects(conn, what, name, left_out)
    return found


LEFT_OUT = {b"CREATED", b"LAST_ALTERED", b"LAST_EXECUTED", b"STARTS"}


def _objects(conn, what, database, left_out):
    """Rows of information_schema without times."""
    left_out = LEFT_OUT | {name.encode() for name in left_out}
    schema = {"ROUTINES": "ROUTINE_SCHEMA", "TRIGGERS": "TRIGGER_SCHEMA", "EVENTS": "EVENT_SCHEMA"}
    with conn.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"SELECT * FROM information_schema.{what} WHERE {schema[what]} = %s", (database,))
        return sorted(repr({key: value for key, value in row.items()
                            if key.upper().encode() not in left_out}) for row in cursor.fetchall())
