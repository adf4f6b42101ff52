"""`borealis check` of real servers, good ones and broken ones: what it finds, and that it only looks."""

import contextlib
import json
import os
import pty
import re
import select
import signal
import socket
import subprocess
import threading

import pytest

from servers.node import PASSWORD, Node

from .cluster import BINARY, free_port
from .relay import is_new_mysql, position

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
TIMEOUT = 120
READY, FAILED, USAGE, PROBLEMS = 0, 1, 2, 4
SEVERITIES = {"problem", "warn", "unknown", "note", "ok"}


def good_settings(server):
    """As an administrator would have it who read the report."""
    settings = {"innodb_flush_log_at_trx_commit": 1, "sync_binlog": 1,
                "character_set_server": "utf8mb4", "max_allowed_packet": "64M",
                "sql_mode": "STRICT_TRANS_TABLES"}
    if server.startswith("mysql"):
        settings |= {"gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
    else:
        settings |= {"gtid_strict_mode": "ON"}
    if server == "mysql-5.6":
        return settings | {"log_slave_updates": "ON", "binlog_error_action": "ABORT_SERVER"}
    return settings | {"binlog_row_metadata": "FULL"}


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Function that gives the server of a kind, which it starts when it is first asked for."""
    started = {}
    with contextlib.ExitStack() as stack:

        def get(server):
            if server not in started:
                node = Node(server, tmp_path_factory.mktemp("source"), **good_settings(server))
                started[server] = stack.enter_context(node)
            return started[server]

        yield get


@pytest.fixture(params=SERVERS)
def source(request, sources):
    return sources(request.param)


@pytest.fixture(scope="module")
def secret(tmp_path_factory):
    path = tmp_path_factory.mktemp("secret") / "password"
    path.write_text(PASSWORD + "\n")
    path.chmod(0o600)
    return path


def run(*arguments):
    done = subprocess.run([BINARY, "check", *map(str, arguments)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=TIMEOUT, check=False)
    assert "Sanitizer" not in done.stderr and "runtime error" not in done.stderr, done.stderr
    return done


def over_tcp(node, secret, *options, user="root"):
    return run("--password-file", secret, *options, f"mysql://{user}@127.0.0.1:{node.port}")


def findings(done):
    """By id; what is said of the whole is under the empty id."""
    assert done.returncode in (READY, PROBLEMS), done.stderr
    whole = json.loads(done.stdout)
    found = {one["id"]: one for one in whole["findings"]}
    assert len(found) == len(whole["findings"])
    found[""] = whole
    return found


def look(node, secret, *options, **kw):
    return findings(over_tcp(node, secret, "--json", *options, **kw))


def objects(finding):
    return [".".join(filter(None, (one["database"], one["name"]))) for one in finding["objects"]]


@contextlib.contextmanager
def account(node, *statements, name="someone", host="127.0.0.1"):
    who = f"{name}@'{host}'"
    node.execute(f"CREATE USER {who} IDENTIFIED BY '{PASSWORD}'",
                 *[statement.format(who) for statement in statements])
    try:
        yield who
    finally:
        node.execute(f"DROP USER {who}")


@contextlib.contextmanager
def database(node, *statements, name="shop"):
    node.execute(f"CREATE DATABASE {name}", f"USE {name}", *statements)
    try:
        yield
    finally:
        node.execute(f"DROP DATABASE {name}")


@contextlib.contextmanager
def variables(node, **values):
    before = {name: node.query(f"SELECT @@GLOBAL.{name} AS v")[0]["v"] for name in values}

    def put(settings):
        node.execute(*[f"SET GLOBAL {name} = {value!r}" for name, value in settings.items()])

    put(values)
    try:
        yield
    finally:
        put(before)


def test_a_good_source(source, secret):
    done = over_tcp(source, secret, "--json")
    assert done.returncode == READY, done.stdout
    found = findings(done)
    whole = found.pop("")
    assert set(whole) == {"server", "family", "version", "account", "tls", "ready", "counts",
                          "findings"}
    assert whole["ready"] is True and whole["account"] == "root@127.0.0.1"
    assert whole["family"] == source.server.partition("-")[0]
    assert whole["server"] == f"127.0.0.1:{source.port}"
    assert set(whole["counts"]) == SEVERITIES
    assert sum(whole["counts"].values()) == len(found) > 25
    for one in found.values():
        assert set(one) == {"id", "severity", "title", "crossing", "found", "expected", "why",
                            "action", "objects", "complete"}
        assert one["severity"] in SEVERITIES
        assert one["found"] or one["severity"] == "ok", one
        assert one["why"].endswith(".") and one["title"]
    worse = {id: one["found"] for id, one in found.items() if one["severity"] in ("problem", "warn")
             and not one["crossing"]}
    assert set(worse) <= {"tls.offered"}, worse
    for id in ("binlog.enabled", "binlog.server_id", "binlog.files", "binlog.retention",
               "account.replication", "tables.primary_key", "tables.engine", "objects.definers"):
        assert found[id]["severity"] == "ok", found[id]
    assert re.search(r"^\d+ files, .* a day$", found["binlog.files"]["found"])
    # What it says of TLS is what it got.
    tls = source.server not in ("mysql-5.6", "mariadb-10.11")
    assert (found["tls.offered"]["severity"], bool(whole["tls"])) == (("ok" if tls else "warn"), tls)
    if tls:
        assert re.search(r"^20\d\d-\d\d-\d\d, \d+ days", found["tls.certificate_end"]["found"])


def test_nothing_is_written(source, secret):
    """By the server's own counters, its log of statements, and its binlog."""
    log = source.basedir / "general.log"

    def counters():
        rows = source.query("SHOW GLOBAL STATUS")
        names = re.compile("Com_|Innodb_rows_(inserted|updated|deleted)$")
        return {row["Variable_name"]: row["Value"] for row in rows if names.match(row["Variable_name"])}

    with database(source, "CREATE TABLE a (i INT) ENGINE=MyISAM", "CREATE TABLE b (i INT PRIMARY KEY)",
                  "CREATE VIEW v AS SELECT * FROM a"):
        source.execute(f"SET GLOBAL general_log_file = '{log}'", "SET GLOBAL general_log = 1")
        try:
            before, at = counters(), position(source)
            assert look(source, secret, "--replication-user", "root")
            assert position(source) == at
            after = counters()
        finally:
            source.execute("SET GLOBAL general_log = 0")
    changed = {name for name, value in after.items() if value != before.get(name)}
    assert changed, after
    allowed = re.compile("Com_(select|set_option|show_.*|xa_recover|admin_commands)$")
    assert [name for name in changed if not allowed.match(name)] == []
    said = re.findall(r"\bQuery\t(.*)", log.read_text(errors="replace"))
    said = [one for one in said if "general_log" not in one]  # that is the test's own
    # Also what makes MySQL not keep the statistics that it was asked for in a table.
    assert said.index("SET SESSION TRANSACTION READ ONLY") < min(
        at for at, one in enumerate(said) if "information_schema" in one)
    verbs = {one.split()[0] for one in said}
    assert verbs <= {"SELECT", "SHOW", "SET", "XA"}, verbs
    assert not re.search(r"SET (GLOBAL|PERSIST)", "\n".join(said)), said


CROSSING = {
    "mysql-9.7": ((
        "CREATE TABLE t (id INT PRIMARY KEY, j JSON, v VECTOR(3), g GEOMETRY SRID 4326,"
        " inv INT INVISIBLE DEFAULT 1, z VARCHAR(9) CHARACTER SET gb18030, k INT,"
        " u VARCHAR(9) COLLATE utf8mb4_0900_ai_ci,"
        " INDEX f ((k * 2)), INDEX mv ((CAST(j->'$.a' AS UNSIGNED ARRAY))), INDEX ii (k) INVISIBLE,"
        " CONSTRAINT cc CHECK (k > 0) NOT ENFORCED) DEFAULT CHARSET utf8mb3",
        "CREATE VIEW lv AS SELECT t.id, l.n FROM t, LATERAL (SELECT t.id AS n) l",
        "CREATE VIEW plain AS SELECT j, v, z FROM t",
        "CREATE PROCEDURE p() SELECT ANY_VALUE(1)",
        "CREATE TABLE packed (i INT PRIMARY KEY) COMPRESSION = 'zlib'",
    ), {
        "cross.json": ["shop.t.j"], "cross.vector": ["shop.t.v"], "cross.srid": ["shop.t.g"],
        "cross.charset": ["shop.t.z"], "cross.invisible_columns": ["shop.t.inv"],
        "cross.collation_0900": ["shop.t.u"], "cross.functional_indexes": ["shop.t.f"],
        "cross.multi_valued_indexes": ["shop.t.mv"], "cross.invisible_indexes": ["shop.t.ii"],
        "cross.checks": ["shop.t.cc"], "cross.views": ["shop.lv"], "cross.routines": ["shop.p"],
        "cross.table_options": ["shop.packed"],
    }, "mariadb"),
    "mariadb-10.11": ((
        "CREATE TABLE t (id INT PRIMARY KEY, u UUID, i4 INET4, i6 INET6, k INT, b BLOB,"
        " cc VARCHAR(100) COMPRESSED, c VARCHAR(9) COLLATE utf8mb4_uca1400_ai_ci,"
        " inv INT INVISIBLE DEFAULT 1, KEY ig (k) IGNORED, UNIQUE lu (b)) DEFAULT CHARSET utf8mb4",
        "CREATE VIEW plain AS SELECT u, c FROM t",
        "CREATE SEQUENCE s",
        "CREATE TABLE history (i INT PRIMARY KEY) WITH SYSTEM VERSIONING",
        "CREATE TABLE ar (i INT PRIMARY KEY) ENGINE=Aria",
        "CREATE TABLE packed (i INT PRIMARY KEY) PAGE_COMPRESSED=1",
        "SET sql_mode = ORACLE",
        "CREATE PACKAGE pk AS FUNCTION f RETURN INT; END",
    ), {
        "cross.types": ["shop.t.i4", "shop.t.i6", "shop.t.u"],
        "cross.compressed_columns": ["shop.t.cc"], "cross.sequences": ["shop.s"],
        "cross.collations": ["shop.t.c"], "cross.invisible_columns": ["shop.t.inv"],
        "cross.ignored_indexes": ["shop.t.ig"], "cross.long_unique": ["shop.t.lu"],
        "cross.system_versioned": ["shop.history"], "cross.engines": ["shop.ar"],
        "cross.table_options": ["shop.packed"], "cross.packages": ["shop.pk"],
    }, "mysql"),
}
CROSSING["mariadb-11.8"] = (
    [*CROSSING["mariadb-10.11"][0][:1], "CREATE TABLE p (i INT PRIMARY KEY, a DATE, b DATE,"
     " PERIOD FOR app (a, b))", "CREATE TABLE vec (i INT PRIMARY KEY, v VECTOR(3) NOT NULL)"],
    {"cross.types": ["shop.t.i4", "shop.t.i6", "shop.t.u"], "cross.periods": ["shop.p.app"],
     "cross.vector": ["shop.vec.v"], "cross.database_collation": ["shop"]},
    "mysql",
)


@pytest.mark.parametrize("source", CROSSING, indirect=True)
def test_what_does_not_cross(source, secret):
    statements, expected, target = CROSSING[source.server]
    with database(source, *statements):
        found = look(source, secret)
        assert {id: objects(found[id]) for id in expected} == expected
        assert found[""]["ready"] is True  # nothing shall cross
        assert {found[id]["severity"] for id in expected} <= {"warn", "note"}
        done = over_tcp(source, secret, "--json", "--target", target)
        assert done.returncode == PROBLEMS
        crossing = findings(done)
        assert crossing[""]["ready"] is False
        assert "problem" in {crossing[id]["severity"] for id in expected}
        same = look(source, secret, "--target", found[""]["family"])
        assert not [id for id in same if id.startswith("cross.")]


def test_tables_that_replicate_badly(source, secret):
    with database(
        source,
        "CREATE TABLE keyless (i INT)",
        "CREATE TABLE nullable (i INT, UNIQUE (i))",
        "CREATE TABLE keyed (i INT NOT NULL, UNIQUE (i))",
        "CREATE TABLE `it's.odd` (i INT)",
        "CREATE TABLE old (i INT PRIMARY KEY) ENGINE=MyISAM",
        "CREATE VIEW v AS SELECT * FROM keyless",
        "INSERT INTO keyless VALUES (1), (2), (3)",
        "CREATE TABLE parted (i INT PRIMARY KEY) PARTITION BY HASH (i) PARTITIONS 2",
        "CREATE TABLE parent (i INT PRIMARY KEY)",
        "CREATE TABLE child (i INT PRIMARY KEY, CONSTRAINT fk FOREIGN KEY (i) REFERENCES parent (i)"
        " ON DELETE CASCADE)",
        "CREATE TRIGGER tr BEFORE INSERT ON keyless FOR EACH ROW SET @x = 1",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "CREATE DEFINER = 'gone'@'%' PROCEDURE p() SELECT 1",
    ):
        found = look(source, secret)
    expected = {
        "tables.primary_key": ["shop.it's.odd", "shop.keyless", "shop.nullable"],
        "tables.engine": ["shop.old"], "tables.partitions": ["shop.parted"],
        "tables.foreign_keys": ["shop.child.fk"], "objects.triggers": ["shop.tr"],
        "objects.events": ["shop.ev"], "objects.definers": ["shop.p"],
    }
    assert {id: objects(found[id]) for id in expected} == expected
    details = {one["name"]: one["detail"] for one in found["tables.primary_key"]["objects"]}
    assert re.match(r"about \d+ rows", details["keyless"]) and "rows" in details["it's.odd"]
    assert found["tables.engine"]["objects"][0]["detail"] == "MyISAM"
    assert found["tables.engine"]["action"] == "ALTER TABLE `shop`.`old` ENGINE = InnoDB"
    assert "ALTER TABLE `shop`.`it's.odd` ADD" in found["tables.primary_key"]["action"]
    assert found["tables.primary_key"]["severity"] == found["tables.engine"]["severity"] == "warn"
    assert "gone@%" in found["objects.definers"]["objects"][0]["detail"]
    assert "in 8 tables" in found["data.size"]["found"]


def test_settings(source, secret):
    """Each is set as it should not be."""
    with variables(source, binlog_format="STATEMENT", binlog_row_image="MINIMAL", sync_binlog=0,
                   innodb_flush_log_at_trx_commit=2, binlog_checksum="NONE", server_id=1):
        found = look(source, secret)
    for id, part in {"binlog.format": "STATEMENT", "binlog.row_image": "MINIMAL",
                     "durability.binlog": "sync_binlog = 0", "binlog.checksum": "NONE",
                     "durability.redo": "= 2", "binlog.server_id": "server_id = 1"}.items():
        assert found[id]["severity"] == "warn" and part in found[id]["found"], found[id]
        assert found[id]["action"]


def test_retention(source, secret):
    old = source.server == "mysql-5.6"
    setting = {"expire_logs_days": 1} if old else {"binlog_expire_logs_seconds": 3600}
    with database(source, "CREATE TABLE t (i INT PRIMARY KEY)"), variables(source, **setting):
        found = look(source, secret)["binlog.retention"]
        assert found["severity"] == "warn" and "a copy takes about" in found["found"], found
        assert f"SET GLOBAL {next(iter(setting))} = " in found["action"]
    if not old:
        with database(source, "CREATE TABLE t (i INT PRIMARY KEY, b LONGBLOB)",
                      "INSERT INTO t VALUES (1, REPEAT('x', 8 << 20))", "ANALYZE TABLE t"), \
                variables(source, binlog_expire_logs_seconds=1):
            done = over_tcp(source, secret, "--json", "--copy-rate", 1)
            assert done.returncode == PROBLEMS
            assert findings(done)["binlog.retention"]["severity"] == "problem"


def test_accounts(source, secret):
    grant = "GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {}"
    tls = grant + " REQUIRE SSL" if source.server == "mysql-5.6" else None
    lists = ("repl", "10.0.0.1")
    with account(source, *([tls] if tls else [grant, "ALTER USER {} REQUIRE SSL"]),
                 name=lists[0], host=lists[1]):
        found = look(source, secret, "--replication-user", "repl")["account.replication"]
        assert found["severity"] == "ok" and objects(found) == ["repl@10.0.0.1"], found
        with account(source, "GRANT REPLICATION SLAVE ON *.* TO {}", name="repl", host="%"):
            found = look(source, secret, "--replication-user", "repl")["account.replication"]
            assert found["severity"] == "problem", found
            said = {one["name"]: one["detail"] for one in found["objects"]}
            assert said["repl@10.0.0.1"] == "fit"
            assert said["repl@%"] == "lacks REPLICATION CLIENT; TLS not required"
            one = look(source, secret, "--replication-user", "repl@10.0.0.1")["account.replication"]
            assert one["severity"] == "ok"
    none = look(source, secret, "--replication-user", "x' OR '1'='1")["account.replication"]
    assert none["severity"] == "problem" and none["found"] == "no account 'x' OR '1'='1'"


def test_an_account_that_may_do_nothing(source, secret):
    with account(source), database(source, "CREATE TABLE t (i INT)"):
        done = over_tcp(source, secret, "--json", user="someone")
        assert done.returncode == PROBLEMS
        found = findings(done)
        assert "lacks REPLICATION SLAVE and REPLICATION CLIENT" in found["account.replication"]["found"]
        assert "GRANT REPLICATION SLAVE" in found["account.replication"]["action"]
        assert "lacks SELECT" in found["account.copy"]["found"]
        # Nothing is guessed: what it may not see is not known.
        for id in ("tables.primary_key", "tables.engine", "objects.definers", "binlog.files",
                   "activity.long_transactions", "data.size"):
            assert found[id]["severity"] == "unknown" and found[id]["found"], found[id]
        assert found["binlog.enabled"]["severity"] == "ok"  # everybody may see that
        source.execute("GRANT SELECT ON shop.* TO someone@'127.0.0.1'")
        some = look(source, secret, user="someone")["tables.primary_key"]
        assert some["severity"] == "warn" and not some["complete"] and objects(some) == ["shop.t"]
        # One that may replicate but not look into tables, as the relay's.
        source.execute("GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO someone@'127.0.0.1'")
        done = over_tcp(source, secret, "--json", user="someone")
        assert done.returncode == READY
        assert findings(done)["binlog.files"]["severity"] == "ok"


def test_other_people_s_locks(source, secret):
    """A table that somebody holds delays the check, but does not stop it."""
    with database(source, "CREATE TABLE held (i INT)"), source.connect() as conn, conn.cursor() as cursor:
        cursor.execute("LOCK TABLES shop.held WRITE")
        assert look(source, secret)[""]["ready"] is True


def test_connections_that_fail(source, secret, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_text("not this\n")
    wrong.chmod(0o644)
    assert over_tcp(source, wrong).returncode == USAGE  # others may have read it
    wrong.chmod(0o600)
    done = over_tcp(source, wrong)
    assert (done.returncode, done.stdout) == (FAILED, "")
    assert re.fullmatch(r"borealis check: .*error 1045 .*Access denied.*\n", done.stderr)
    assert "not this" not in done.stderr
    done = run(f"mysql://root@127.0.0.1:{free_port()}")
    assert done.returncode == FAILED and "refused" in done.stderr
    if source.server in ("mysql-5.6", "mariadb-10.11"):
        done = over_tcp(source, secret, "--ssl-mode", "REQUIRED")
        assert done.returncode == FAILED and "offers none" in done.stderr
    else:
        with variables(source, require_secure_transport=1):
            done = over_tcp(source, secret, "--ssl-mode", "DISABLED")
            assert done.returncode == FAILED
            assert look(source, secret)["tls.required"]["severity"] == "ok"
        done = over_tcp(source, secret, "--ssl-mode", "VERIFY_IDENTITY")
        assert done.returncode == FAILED and "certificate" in done.stderr
    if is_new_mysql(source):
        ca = ("--ssl-mode", "VERIFY_CA", "--ssl-ca", source.datadir / "ca.pem")
        assert look(source, secret, *ca)["tls.offered"]["severity"] == "ok"


def test_over_the_socket(source):
    done = run("--json", f"mysql://root@{source.socket}")
    found = findings(done)
    assert found[""]["server"] == source.socket and not found[""]["tls"]
    assert found["tls.offered"]["severity"] == "unknown"
    assert "socket" in found["tls.offered"]["found"]


def test_the_text(source, secret):
    tables = [f"CREATE TABLE t{i:02} (i INT)" for i in range(12)]
    with database(source, *tables), variables(source, server_id=1):
        short = over_tcp(source, secret)
        long = over_tcp(source, secret, "--all")
    assert short.returncode == READY and not short.stderr
    text = short.stdout
    assert "\x1b" not in text
    assert re.search(r"^warn +binlog\.server_id +Server id\n +found +server_id = 1, .*\n"
                     r" +expected +.*\n +why +.*\n +do +SET GLOBAL server_id = ", text, re.M)
    assert "shop.t09" in text and "shop.t10" not in text
    assert "... and 2 more; --all lists them" in text
    assert "shop.t11" in long.stdout and "--all" not in long.stdout
    assert re.search(r"\n\n0 problems, .*: it can be a source\n$", text)
    order = [line.split()[0] for line in text.splitlines()[2:-2] if line[0] != " "]
    assert order == sorted(order, key=["problem", "warn", "unknown", "note", "ok"].index)


def test_without_a_binlog(tmp_path, secret):
    with Node("mariadb-10.11", tmp_path / "node", log_bin=None) as node:
        done = over_tcp(node, secret)
        assert done.returncode == PROBLEMS
        assert re.search(r"^problem +binlog\.enabled +Binary log\n +found +log_bin = OFF", done.stdout,
                         re.M)
        assert "it can not be a source like this" in done.stdout
        # A server that answers nothing any more ends the check at its limit.
        node.process.send_signal(signal.SIGSTOP)
        try:
            done = over_tcp(node, secret, "--timeout", 1)
        finally:
            node.process.send_signal(signal.SIGCONT)
        assert done.returncode == FAILED and not done.stdout and done.stderr.count("\n") == 1


def test_a_replica_that_hides_what_it_applies(tmp_path, secret):
    with Node("mariadb-10.11", tmp_path / "node", binlog_ignore_db="private") as node:
        node.execute("CHANGE MASTER TO MASTER_HOST='db0.example.com', MASTER_USER='x'")
        found = look(node, secret)
        assert found["server.replica"]["severity"] == "problem"
        assert "db0.example.com with log_slave_updates = OFF" in found["server.replica"]["found"]
        assert found["binlog.filters"]["severity"] == "warn"
        assert "private" in found["binlog.filters"]["found"]
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (i INT PRIMARY KEY)", "XA START 'x'",
                     "INSERT INTO d.t VALUES (1)", "XA END 'x'", "XA PREPARE 'x'")
        found = look(node, secret)["activity.xa"]
        assert found["severity"] == "warn" and found["found"] == "1"


class Withholder:
    """A way to a server on which what it answers to a certain statement never arrives."""

    def __init__(self, port, statement):
        self.to, self.statement = port, statement.encode()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.said = []
        self.threads = [threading.Thread(target=self._accept)]
        self.threads[0].start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.to))
            deaf = threading.Event()
            for ends in ((client, server, None), (server, client, deaf)):
                thread = threading.Thread(target=self._carry, args=(*ends, deaf))
                self.threads.append(thread)
                thread.start()

    def _carry(self, source, sink, from_server, deaf):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if from_server is None:
                    self.said.append(data)
                    if self.statement in data:
                        deaf.set()
                if from_server is None or not deaf.is_set():
                    sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(TIMEOUT)
            assert not thread.is_alive()


@pytest.mark.parametrize("source", ["mysql-5.6"], indirect=True)
def test_a_statement_without_an_answer(source, secret):
    """MySQL 5.6 has no limit of its own: we set one, end the statement and go on."""
    way = Withholder(source.port, "information_schema.EVENTS WHERE")
    try:
        done = run("--json", "--password-file", secret, "--statement-timeout", 1,
                   "--ssl-mode", "DISABLED", f"mysql://root@127.0.0.1:{way.port}")
    finally:
        way.close()
    found = findings(done)
    assert any(re.search(rb"KILL QUERY \d+", data) for data in way.said)
    late = {id: one["severity"] for id, one in found.items() if id and "took more than" in one["found"]}
    assert late == {"objects.events": "unknown"}
    assert found["objects.definers"]["severity"] == "ok"  # asked after it


@pytest.mark.parametrize("arguments, said", [
    ([], "expected one server"),
    (["mysql://a@b", "mysql://a@c"], "expected one server"),
    (["db1"], "expected mysql://USER@HOST[:PORT], found 'db1'"),
    (["mysql://a:secret@db1"], "no password in the address"),
    (["--ssl-mode", "MAYBE", "mysql://a@b"], "--ssl-mode: expected DISABLED"),
    (["--ssl-ca", "/nowhere/ca.pem", "--ssl-mode", "VERIFY_CA", "mysql://a@b"], "/nowhere/ca.pem"),
    (["--target", "oracle", "mysql://a@b"], "--target: expected mysql or mariadb"),
    (["--copy-rate", "0", "mysql://a@b"], "--copy-rate: expected 1 to"),
    (["--timeout", "-1", "mysql://a@b"], "--timeout: expected 1 to 86400"),
    (["--statement-timeout", "x", "mysql://a@b"], "--statement-timeout: expected 1 to 86400"),
    (["--password-file", "/nowhere/password", "mysql://a@b"], "/nowhere/password"),
])  # fmt: skip
def test_wrong_use(arguments, said):
    done = run(*arguments)
    assert done.returncode == USAGE and said in done.stderr and not done.stdout
    assert "secret" not in done.stderr


@pytest.mark.parametrize("source", ["mysql-9.7"], indirect=True)
def test_at_a_terminal(source):
    """It asks for the password, does not show it, and writes in colour."""
    main, terminal = pty.openpty()
    shown = b""

    def read():
        nonlocal shown
        assert select.select([main], [], [], TIMEOUT)[0], shown
        data = os.read(main, 65536)
        shown += data
        return data

    process = subprocess.Popen([BINARY, "check", f"mysql://root@127.0.0.1:{source.port}"],
                               stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    try:
        while b"Password: " not in shown:
            read()
        os.write(main, b"wrong" + b"\x7f" * 5 + PASSWORD.encode() + b"\n")
        with contextlib.suppress(OSError):  # the other end is closed
            while read():
                pass
        assert process.wait(TIMEOUT) == READY, shown
    finally:
        process.kill()
        process.wait()
        os.close(main)
    assert PASSWORD.encode() not in shown and b"wrong" not in shown
    assert b"\x1b[32mok" in shown and b"it can be a source" in shown
