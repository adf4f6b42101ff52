"""The keys of a source's tables as the relay reads them: right for keys of all kinds on each of the
servers, refused where not all of them can be seen, and never another's than the log says.
"""

import contextlib
import json
import random
import re
import subprocess
import threading
import urllib.request

import pymysql
import pytest

from servers.nodes import Nodes
from servers.wait import wait_for

from .cluster import BINARY, free_port
from .relay import (
    CATCH_UP_TIMEOUT,
    PASSWORD,
    REPLICA,
    REPLICA_PASSWORD,
    USER,
    Relay,
    forget,
    is_mariadb,
    position,
    replica_settings,
    replica_status,
)
from .relay_product import ConfiguredRelay

KEYS = BINARY.parent / "sourcekeys"
SERVERS = ["mysql-5.6", "mariadb-10.11", "mariadb-11.8", "mysql-9.7"]
TIMEOUT = 60
# A table, what it is made of, a row as it stands in its image, and what the relay knows of it.
EVERYWHERE = [
    ("plain", "(a INT PRIMARY KEY, b VARCHAR(9) CHARACTER SET latin1, c INT, UNIQUE z (c, b), UNIQUE y (b))",
     "3 (0b) (1f) (2b,1f)"),
    ("in_bytes", "(a VARCHAR(9) CHARACTER SET utf8 COLLATE utf8_bin, b VARBINARY(9), c INT,"
     " PRIMARY KEY (c), UNIQUE x (a), UNIQUE y (b))", "3 (2b) (0p) (1b)"),
    ("descending", "(a INT, b INT, PRIMARY KEY (b DESC, a))", "2 (1b,0b)"),
    ("types", "(a DECIMAL(9,2), b DATETIME, d BIT(9), UNIQUE (a), UNIQUE (b, d))", "3 (0b) (1b,2b)"),
    ("language", "(a VARCHAR(9) CHARACTER SET utf8 COLLATE utf8_turkish_ci PRIMARY KEY)", "1 (0u)"),
    ("no_key", "(a INT, KEY (a))", "1"),
    ("prefix", "(a INT PRIMARY KEY, b VARCHAR(99), UNIQUE (b(5)))", "2"),
    ("other_engine", "(a INT PRIMARY KEY) ENGINE=MyISAM", "barrier"),
    ("parent", "(a INT PRIMARY KEY) ENGINE=InnoDB", "barrier"),
    ("child", "(a INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES k.parent (a)) ENGINE=InnoDB", "barrier"),
    ("none_such", None, "unknown"),
]  # fmt: skip
NOT_IN_5_6 = [
    ("virtual_ones", "(a INT, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL, b INT PRIMARY KEY,"
     " s INT GENERATED ALWAYS AS (a + 2) STORED, c INT UNIQUE)", "5 (2b) (4b)"),
    ("of_virtual", "(a INT PRIMARY KEY, v INT GENERATED ALWAYS AS (a + 1) VIRTUAL UNIQUE)", "2"),
    ("of_stored", "(a INT PRIMARY KEY, s INT GENERATED ALWAYS AS (a + 1) STORED UNIQUE)", "2"),
    ("invisible", "(b INT UNIQUE, a INT DEFAULT 3 INVISIBLE, c INT UNIQUE)", "3 (0b) (2b)"),
]  # fmt: skip
OF_MYSQL = [
    ("expression", "(a INT PRIMARY KEY, b INT, UNIQUE ((b + 1)), c INT)", "3"),
    ("of_json", "(a INT PRIMARY KEY, j JSON, UNIQUE ((CAST(j->'$.x' AS SIGNED))))", "2"),
    ("no_case", "(a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci PRIMARY KEY)", "1 (0f)"),
    ("not_seen", "(a INT PRIMARY KEY, b INT, UNIQUE u (b) INVISIBLE)", "2 (0b) (1b)"),
    ("added", "(b INT)", "2 (0b)"),
]  # fmt: skip
OF_MARIADB = [
    ("period", "(a INT, s DATE, e DATE, PERIOD FOR p (s, e), UNIQUE (a, p WITHOUT OVERLAPS))", "3"),
    ("long_text", "(a INT PRIMARY KEY, b TEXT, UNIQUE (b))", "2"),
    ("names", "(u UUID PRIMARY KEY, i INET6 UNIQUE)", "2 (0b) (1b)"),
    ("versions", "(a INT PRIMARY KEY) WITH SYSTEM VERSIONING", "unknown"),
    ("not_seen", "(a INT PRIMARY KEY, b INT, UNIQUE u (b) IGNORED)", "2 (0b) (1b)"),
]  # fmt: skip
TABLES = {
    "mysql-5.6": EVERYWHERE,
    "mysql-9.7": EVERYWHERE + NOT_IN_5_6 + OF_MYSQL,
    "mariadb-10.11": EVERYWHERE + NOT_IN_5_6 + OF_MARIADB,
    "mariadb-11.8": EVERYWHERE + NOT_IN_5_6 + OF_MARIADB,
}
# Rows, and where their values stand in row images.
ROWS = [
    ("descending", "(a, b) VALUES (1, 2)", [1, 2]),
    ("virtual_ones", "(a, b, c) VALUES (1, 5, 7)", [1, 2, 5, 3, 7]),
    ("of_virtual", "(a) VALUES (1)", [1, 2]),
    ("invisible", "(b, a, c) VALUES (1, 2, 4)", [1, 2, 4]),
    ("expression", "VALUES (1, 2, 3)", [1, 2, 3]),
    ("added", "(b) VALUES (7)", [1, 7]),
]


def settings(server):
    return replica_settings(server) | ({"performance_schema": "ON"} if server == "mysql-9.7" else {})


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with Nodes(tmp_path_factory.mktemp("servers"), settings) as servers:
        yield servers


@pytest.fixture
def source(servers, request):
    node = servers[request.param]
    forget(node)
    account(node)
    yield node
    forget(node)


def monitor(node):
    return "BINLOG MONITOR" if is_mariadb(node) else "REPLICATION CLIENT"


def account(node, rights="SELECT, {monitor}", what="*.*"):
    """The relay's, with these rights besides REPLICATION SLAVE."""
    node.execute(
        "SET SESSION sql_log_bin = 0",
        *([f"DROP USER {USER}@'127.0.0.1'"]
          if node.query(f"SELECT 1 FROM mysql.user WHERE User = '{USER}'") else []),
        f"CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT REPLICATION SLAVE ON *.* TO {USER}@'127.0.0.1'",
        *([f"GRANT {rights.format(monitor=monitor(node))} ON {what} TO {USER}@'127.0.0.1'"]
          if rights else []),
    )  # fmt: skip


def read(node, *tables, status=0):
    """Lines of what the relay would know of tables of the database k."""
    done = subprocess.run(
        [KEYS, "127.0.0.1", str(node.port), USER, PASSWORD, "k", *(tables or ["t"])],
        capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("source", SERVERS, indirect=True)
def test_keys_of_all_kinds(source):
    tables = TABLES[source.server]
    added = ["SET SESSION sql_generate_invisible_primary_key = ON"] if source.server == "mysql-9.7" else []
    source.execute("CREATE DATABASE k")
    for name, what, _ in tables:
        if what:
            source.execute("USE k", *(added if name == "added" else []), f"CREATE TABLE {name} {what}")
    expected = [f"{name} {keys}" for name, _, keys in tables]
    assert read(source, *(name for name, *_ in tables)) == expected


@pytest.mark.parametrize("source", SERVERS, indirect=True)
def test_places_in_row_images(source):
    """What generated and hidden columns there are stands where the relay takes them to be."""
    tables = {name: what for name, what, _ in TABLES[source.server]}
    source.execute("CREATE DATABASE k", "FLUSH LOGS")
    expected = []
    for name, row, image in ROWS:
        if name in tables:
            added = ["SET SESSION sql_generate_invisible_primary_key = ON"] if name == "added" else []
            source.execute("USE k", *added, f"CREATE TABLE {name} {tables[name]}", f"INSERT INTO {name} {row}")
            expected.append((name, {f"@{i + 1}": value for i, value in enumerate(image)}))
    file = position(source)[0]
    source.execute("FLUSH LOGS")
    text = subprocess.run([BINARY, "binlog", "json", source.datadir / file], capture_output=True, check=True).stdout
    changes = [json.loads(line) for line in text.splitlines()]
    assert [(c["table"], c["after"]) for c in changes if c.get("change") == "insert"] == expected


# ---- Who may not see all ----


@pytest.mark.parametrize("source", SERVERS, indirect=True)
def test_rights(source):
    source.execute("CREATE DATABASE k", "CREATE TABLE k.t (a INT PRIMARY KEY)")
    assert read(source) == ["t 1 (0b)"]
    account(source, "SELECT")
    assert f"the account may not see where the binlog ends: grant it {monitor(source)}" in read(source, status=1)[0]
    account(source, "{monitor}")
    source.execute(f"GRANT SELECT ON k.* TO {USER}@'127.0.0.1'")
    assert "grant it SELECT on *.*, itself and not by a role" in read(source, status=1)[0]


@pytest.mark.parametrize("source", ["mysql-9.7"], indirect=True)
def test_a_change_at_work(source):
    """MySQL 8 shows a change neither at once nor as a whole with its binlog: it is waited for."""
    source.execute("CREATE DATABASE k", "CREATE TABLE k.t (a INT PRIMARY KEY, b INT)")
    with source.connect() as reader, source.connect() as changer:
        with reader.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT * FROM k.t")
        thread = threading.Thread(target=changer.cursor().execute, args=("ALTER TABLE k.t ADD UNIQUE (b)",))
        thread.start()
        wait_for(lambda: "Waiting for table metadata lock" in
                 [row["State"] for row in source.query("SHOW PROCESSLIST")], TIMEOUT, "the ALTER waits")  # fmt: skip
        assert "tables are being changed" in read(source, status=2)[0]
        reader.rollback()
        thread.join(TIMEOUT)
    assert read(source) == ["t 2 (0b) (1b)"]


@pytest.mark.parametrize("source", ["mysql-9.7"], indirect=True)
def test_changes_that_are_not_shown(source):
    instrument = "WHERE NAME = 'wait/lock/metadata/sql/mdl'"
    source.execute("CREATE DATABASE k", "CREATE TABLE k.t (a INT PRIMARY KEY)",
                   f"UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' {instrument}")  # fmt: skip
    assert "performance_schema shows no metadata locks" in read(source, status=1)[0]
    source.execute(f"UPDATE performance_schema.setup_instruments SET ENABLED = 'YES' {instrument}")
    assert read(source) == ["t 1 (0b)"]


# ---- In a relay ----


def keys(relay):
    return relay.status()["channels"][0]["source_keys"]


def known(relay, tables):
    return wait_for(lambda: (k := keys(relay))["known"] and k["tables"] == tables and k,
                    TIMEOUT, f"{relay}: knows {tables} tables, not {keys(relay)}")  # fmt: skip


def tracking(source, directory, *options):
    return Relay(source, directory, "--dependency-tracking", "writeset", *options,
                 listen_mariadb=True, listen_mysql=True)  # fmt: skip


@pytest.mark.parametrize("source", ["mysql-5.6", "mariadb-10.11"], indirect=True)
def test_a_source_that_is_idle(source, tmp_path):
    source.execute("CREATE DATABASE k", "CREATE TABLE k.t (a INT)")
    with tracking(source, tmp_path, "--start", "now") as relay:
        known(relay, 1)
        relay.stop()
        relay.start()
        known(relay, 1)


@pytest.mark.parametrize("source", SERVERS, indirect=True)
def test_a_storm_of_changes(source, tmp_path):
    source.execute("CREATE DATABASE k")
    with tracking(source, tmp_path) as relay:
        known(relay, 0)
        for i in range(40):
            source.execute(f"CREATE TABLE k.t{i} (a INT PRIMARY KEY, b INT)", f"INSERT INTO k.t{i} VALUES (1, 1)",
                           f"ALTER TABLE k.t{i} ADD UNIQUE (b)")  # fmt: skip
        source.execute("DROP TABLE k.t39")
        relay.wait_caught_up()
        state = known(relay, 39)
        assert state["failures"] == 0 or source.server == "mysql-9.7", state  # there some may be at work
        # Of changes that stand in no log the next connection tells.
        source.execute("SET SESSION sql_log_bin = 0", "CREATE TABLE k.t (a INT PRIMARY KEY)")
        assert keys(relay)["tables"] == 39
        kill_dump(source)
        known(relay, 40)


def kill_dump(source):
    for row in source.query("SHOW PROCESSLIST"):
        if row["Command"].startswith("Binlog Dump"):
            with contextlib.suppress(pymysql.err.MySQLError):
                source.execute(f"KILL {row['Id']}")


@pytest.mark.parametrize("source", ["mariadb-10.11"], indirect=True)
def test_what_the_operator_sees(source, tmp_path):
    account(source, "{monitor}")
    with tracking(source, tmp_path) as relay:
        wait_for(lambda: "grant it SELECT on *.*" in (keys(relay)["error"] or ""), TIMEOUT, "the reason")
        state = keys(relay)
        assert not state["known"] and state["tables"] == 0 and state["failures"] > 0, state
        assert "the source's keys can not be read: " in relay.log.read_text()
        text = subprocess.run([BINARY, "relay", "status", "--dir", relay.dir], capture_output=True,
                              check=True, text=True).stdout  # fmt: skip
        assert "  keys       not known, 0 tables: " in text
        source.execute(f"GRANT SELECT ON *.* TO {USER}@'127.0.0.1'")
        assert known(relay, 0)["error"] is None


@pytest.mark.parametrize("source", ["mariadb-10.11"], indirect=True)
def test_nothing_is_read_unless_asked_for(source, tmp_path):
    """Not where dependencies are not tracked, nor where there are no replicas of the other family."""
    for options in ({"listen_mysql": True}, {"listen_mariadb": True}):
        tracks = [] if "listen_mysql" in options else ["--dependency-tracking", "writeset"]
        with Relay(source, tmp_path / "-".join(options), "--verbose", *tracks, **options) as relay:
            relay.wait_caught_up()
            source.execute("CREATE DATABASE IF NOT EXISTS k", "CREATE TABLE IF NOT EXISTS k.t (a INT)")
            relay.wait_caught_up()
            assert (keys(relay) or {"readings": 0})["readings"] == 0
            assert bool(keys(relay)) == bool(tracks)
        assert "read the source's keys" not in relay.log.read_text()


@pytest.mark.parametrize("source", ["mariadb-11.8"], indirect=True)
def test_reload(source, tmp_path):
    relay = ConfiguredRelay(tmp_path, {"shop": source})
    relay.config["relay"]["metrics_listen"] = f"127.0.0.1:{free_port()}"
    relay.config["channel shop"]["listen_mysql"] = f"127.0.0.1:{free_port()}"
    source.execute("CREATE DATABASE k", "CREATE TABLE k.t (a INT PRIMARY KEY)")
    relay.write()
    with relay:
        assert keys(relay) is None
        for _ in range(2):
            relay.config["channel shop"]["dependency_tracking"] = "writeset"
            relay.reload()
            known(relay, 1)
            metrics = urllib.request.urlopen(f"http://{relay.config['relay']['metrics_listen']}/metrics").read().decode()
            assert 'borealis_relay_source_keys_known{channel="shop"} 1\n' in metrics
            assert 'borealis_relay_source_keys_tables{channel="shop"} 1\n' in metrics
            relay.config["channel shop"]["dependency_tracking"] = "source"
            relay.reload()
            assert keys(relay) is None


# ---- With replicas ----

APPLIERS = {
    "mysql-9.7": ["STOP REPLICA", "SET GLOBAL replica_parallel_workers = 4",
                  "SET GLOBAL replica_preserve_commit_order = OFF"],
    "mariadb-11.8": ["STOP SLAVE", "SET GLOBAL slave_parallel_threads = 4",
                     "SET GLOBAL slave_parallel_mode = conservative"],
}  # fmt: skip
DEFINITIONS = [
    "ALTER TABLE k.u{n} ADD UNIQUE s (c)",
    "ALTER TABLE k.u{n} DROP KEY s",
    "ALTER TABLE k.u{n} ADD COLUMN x INT FIRST",
    "ALTER TABLE k.u{n} DROP COLUMN x",
    "ALTER TABLE k.u{n} DROP PRIMARY KEY, ADD PRIMARY KEY (b)",
    "ALTER TABLE k.u{n} DROP PRIMARY KEY, ADD PRIMARY KEY (a)",
    "RENAME TABLE k.u0 TO k.w, k.u1 TO k.u0, k.w TO k.u1",
]


def one_session(node, seed, changes):
    """Transactions one after the other in which values of keys move from row to row, and definitions."""
    rng = random.Random(seed)
    with node.connect() as conn, conn.cursor() as cursor:
        for i in range(changes):
            cursor.execute("BEGIN")
            for _ in range(rng.randint(1, 3)):
                table, a, b = f"k.u{rng.randint(0, 2)}", rng.randint(1, 30), rng.randint(1, 30)
                for sql in rng.choice([
                    [f"DELETE FROM {table} WHERE a = {a} OR b = {b} OR c = {b}",
                     f"INSERT INTO {table} (a, b, c) VALUES ({a}, {b}, {b})"],
                    [f"DELETE FROM {table} WHERE a = {a}"],
                    [f"UPDATE {table} SET d = d + 1 WHERE b = {b}"],
                    [f"UPDATE {table} SET c = c + 100 WHERE a = {a}"],
                ]):  # fmt: skip
                    with contextlib.suppress(pymysql.err.IntegrityError):
                        cursor.execute(sql)
            cursor.execute("COMMIT")
            if i % 25 == 24:
                with contextlib.suppress(pymysql.err.MySQLError):  # it is so already, or values are twice
                    cursor.execute(rng.choice(DEFINITIONS).format(n=rng.randint(0, 2)))


def contents(node):
    return [node.query(f"SELECT a, b, c, d FROM k.u{n} ORDER BY a, b, c") for n in range(3)]


def independent(relay, replica):
    """How many transactions of the last file need not wait for the one before."""
    program = replica.program("mysqlbinlog")
    tls = ["--ssl-mode=REQUIRED"] if not is_mariadb(replica) else ["--ssl", "--disable-ssl-verify-server-cert"]
    text = subprocess.run(
        [program, "--no-defaults", "--read-from-remote-server", "--host=127.0.0.1", *tls, "--base64-output=decode-rows", "--to-last-log",
         f"--port={relay.port_for(replica)}", f"--user={REPLICA}", f"--password={REPLICA_PASSWORD}",
         relay.position()[0]], capture_output=True, text=True, errors="replace", timeout=TIMEOUT, check=True,
    ).stdout  # fmt: skip
    if is_mariadb(replica):
        ids = re.findall(r"GTID \S+ cid=(\d+)", text)
        return sum(one == other for one, other in zip(ids, ids[1:]))
    clock = re.findall(r"last_committed=(\d+)\s+sequence_number=(\d+)", text)
    return sum(int(last) < int(own) - 1 for last, own in clock)


@pytest.mark.parametrize(
    "source, replica", [("mariadb-10.11", "mysql-9.7"), ("mysql-5.6", "mariadb-11.8")], indirect=["source"]
)
def test_side_by_side(source, servers, replica, tmp_path):
    """A source with one session, whose tables change meanwhile, and a replica with four workers."""
    other = servers[replica]
    forget(other)
    other.execute(*APPLIERS[replica])
    source.execute("CREATE DATABASE k",
                   *(f"CREATE TABLE k.u{n} (a INT, b INT NOT NULL, c INT, d INT DEFAULT 0, PRIMARY KEY (a), UNIQUE (b))"
                     for n in range(3)))  # fmt: skip
    with tracking(source, tmp_path) as relay:
        known(relay, 3)
        relay.attach(other, True)
        one_session(source, replica, 400)
        relay.wait_caught_up()
        known(relay, 3)
        one_session(source, replica * 2, 20)  # without definitions
        expected = contents(source)
        wait_for(lambda: contents(other) == expected or replica_status(other)["Last_SQL_Error"],
                 CATCH_UP_TIMEOUT, f"{other}: has what {source} has", ignore=pymysql.err.MySQLError)  # fmt: skip
        assert not replica_status(other)["Last_SQL_Error"]
        assert contents(other) == expected
        assert independent(relay, other) > 0
        forget(other)


@pytest.mark.parametrize(
    "option, value, expected",
    [
        ("tracking", "commit_order", "--dependency-tracking: expected source or writeset, found 'commit_order'"),
        ("history-size", "0", "--dependency-history-size: expected 1 to 1000000, found '0'"),
        ("history-size", "1000001", "--dependency-history-size: expected 1 to 1000000, found '1000001'"),
    ],
)
def test_wrong_values(option, value, expected, tmp_path):
    done = subprocess.run(
        [BINARY, "relay", "--dir", tmp_path / "relay", "--source", "mysql://u@db1", "--replica-user", "r",
         "--replica-password-file", tmp_path / "none", f"--dependency-{option}", value],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and expected in done.stderr
    assert not (tmp_path / "relay").exists()
