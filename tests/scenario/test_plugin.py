"""The plugin in the engine: Aurora's variables, the status page behind some, the way to the daemon."""

import os
import shutil
import socket
import subprocess
import sys
import threading

import pymysql
import pytest

from servers.wait import wait_for

from . import cluster as cluster_module
from .cluster import BINARY, REPOSITORY, Cluster

sys.path.insert(0, str(REPOSITORY / "tools"))

from aurora_variables import status_variables, system_variables  # noqa: E402

STATUSPAGE = BINARY.parent / "statuspage"
HIT_RATIO = """
    SELECT
      (SELECT VARIABLE_VALUE FROM INFORMATION_SCHEMA.GLOBAL_STATUS
        WHERE VARIABLE_NAME='aurora_binlog_io_cache_reads')
      / (SELECT VARIABLE_VALUE FROM INFORMATION_SCHEMA.GLOBAL_STATUS
        WHERE VARIABLE_NAME='aurora_binlog_io_cache_read_requests')
      * 100
      as binlog_io_cache_hit_ratio"""


class Engine:
    """A cluster with its engine reached directly, as the daemon does, whether or not that runs."""

    def __init__(self, cluster, version):
        self.cluster = cluster
        self.version = version
        self.page = cluster.instance / "run" / "status.page"

    def admin(self, **kw):
        return self.cluster.connect(
            host=None, unix_socket=str(self.cluster.instance / "run" / "engine.sock"),
            user="rdsadmin", password=self.cluster.admin_password(), **kw,
        )  # fmt: skip

    def run(self, *statements):
        """Runs statements in one connection as rdsadmin; returns the rows of the last."""
        with self.admin() as conn, conn.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)
            return list(cursor.fetchall())

    def refused(self, *statements):
        """The number of the error that the last of the statements ends with."""
        with pytest.raises(pymysql.err.MySQLError) as error:
            self.run(*statements)
        return error.value.args[0]

    def publish(self, *values):
        subprocess.run([STATUSPAGE, self.page, *map(str, values)], check=True, timeout=10)

    def status(self, scope="GLOBAL"):
        shown = self.run(f"SHOW {scope} STATUS LIKE 'aurora%'")
        return {row["Variable_name"]: row["Value"] for row in shown}


@pytest.fixture(scope="module", params=["mariadb-10.11", "mariadb-11.8"])
def engine(request):
    with Cluster("--engine", request.param) as cluster:
        yield Engine(cluster, request.param)


def zeros():
    """What status variables show when nothing is counted."""
    return {row["name"]: "0" if row["kind"] == "COUNTER" else row["off"] for row in status_variables()}


def default(row):
    return ("OFF", "ON")[row["default"]] if row["kind"] == "SWITCH" else str(row["default"])


def test_system_variables(engine):
    """The engine has exactly the variables of the table, each as it says."""
    types = {"TEXT": "VARCHAR", "SWITCH": "BOOLEAN", "NUMBER": "INT UNSIGNED"}
    found = engine.run(
        "SELECT * FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME LIKE 'aurora%'"
    )
    found = {row["VARIABLE_NAME"].lower(): row for row in found}
    assert set(found) == {f"aurora_{row['name']}" for row in system_variables()}
    for row in system_variables():
        one = found[f"aurora_{row['name']}"]
        assert one["VARIABLE_TYPE"] == types[row["kind"]], row["name"]
        assert one["VARIABLE_SCOPE"] == "GLOBAL"
        assert one["READ_ONLY"] == ("NO" if row.get("how") == "DYNAMIC" else "YES"), row["name"]
        assert one["VARIABLE_COMMENT"] == row["summary"]
        if row["kind"] != "TEXT":
            assert one["DEFAULT_VALUE"] == one["GLOBAL_VALUE"] == default(row), row["name"]
        if row["kind"] == "NUMBER":
            assert (one["NUMERIC_MIN_VALUE"], one["NUMERIC_MAX_VALUE"]) == (str(row["least"]), str(row["most"]))


def test_as_clients_ask(engine):
    """What drivers and Aurora's documents ask, as the master user through the endpoint."""
    (row,) = engine.cluster.query("SELECT @@aurora_version AS version, @@aurora_server_id AS id")
    assert row == {"version": "3.10.0", "id": "borealis-1"}
    (row,) = engine.cluster.query(
        "SELECT @@aurora_binlog_use_large_read_buffer, @@aurora_binlog_replication_max_yield_seconds"
    )
    assert list(row.values()) == [1, 0]
    assert engine.cluster.query("show status like 'aurora_enhanced_binlog'") == [
        {"Variable_name": "Aurora_enhanced_binlog", "Value": "INACTIVE"}
    ]
    for scope in ("", "GLOBAL ", "SESSION "):
        shown = engine.cluster.query(f"SHOW {scope}VARIABLES LIKE 'aurora_in_memory_relaylog'")
        assert shown == [{"Variable_name": "aurora_in_memory_relaylog", "Value": "OFF"}]
    assert engine.cluster.query(HIT_RATIO) == [{"binlog_io_cache_hit_ratio": None}]
    # The cache holds what was written; nobody has read it.
    assert engine.status() | {"Aurora_binlog_io_cache_allocated": "0"} == zeros()


@pytest.mark.parametrize("row", system_variables(), ids=lambda row: row["name"])
def test_set(engine, row):
    """The master user may set none; the daemon sets what is dynamic, within the bounds."""
    name = f"aurora_{row['name']}"
    static = row.get("how") != "DYNAMIC"
    with pytest.raises(pymysql.err.MySQLError) as error:
        engine.cluster.execute(f"SET GLOBAL {name} = DEFAULT")
    assert error.value.args[0] == (1238 if static else 1227)
    if static:
        assert engine.refused(f"SET GLOBAL {name} = DEFAULT") == 1238
        return
    assert engine.refused(f"SET SESSION {name} = 1") == 1229
    assert engine.refused(f"SET GLOBAL {name} = 'x'") in (1231, 1232)
    assert engine.refused(f"SET GLOBAL {name} = 1.5") == 1232
    if row["kind"] == "SWITCH":
        assert engine.refused(f"SET GLOBAL {name} = 2") == 1231
        for given, value in (("ON", 1), ("off", 0), (1, 1)):
            assert engine.run(f"SET GLOBAL {name} = {given}", f"SELECT @@{name} AS v") == [{"v": value}]
    else:
        for given, value in ((-1, row["least"]), (row["least"], row["least"]), (row["most"], row["most"]),
                             (row["most"] + 1, row["most"])):  # fmt: skip
            assert engine.run("SET sql_mode = ''", f"SET GLOBAL {name} = {given}", f"SELECT @@{name} AS v") == [{"v": value}]
        strict = "SET sql_mode = 'STRICT_ALL_TABLES'"
        assert engine.refused(strict, f"SET GLOBAL {name} = {row['most'] + 1}") == 1231
    engine.run(f"SET GLOBAL {name} = DEFAULT")
    assert engine.run(f"SHOW VARIABLES LIKE '{name}'")[0]["Value"] == default(row)


def test_status_page(engine):
    """Status variables show what is published, at once, to every kind of question."""
    engine.publish(1 << 40, 200, 150, 1, 1, 5, 6, (1 << 64) - 1)
    try:
        assert engine.status() == engine.status("SESSION") == {
            "Aurora_binlog_io_cache_allocated": str(1 << 40),
            "Aurora_binlog_io_cache_read_requests": "200",
            "Aurora_binlog_io_cache_reads": "150",
            "Aurora_enhanced_binlog": "ACTIVE",
            "Aurora_in_memory_relaylog_disabled_reason": "",
            "Aurora_in_memory_relaylog_fallback_count": "5",
            "Aurora_in_memory_relaylog_recovery_count": "6",
            "Aurora_in_memory_relaylog_status": "ENABLED",
            "Aurora_repl_bytes_received": str((1 << 64) - 1),
        }  # fmt: skip
        assert engine.cluster.query(HIT_RATIO) == [{"binlog_io_cache_hit_ratio": 75}]
        assert engine.run(f"PREPARE p FROM \"{HIT_RATIO}\"", "EXECUTE p") == [{"binlog_io_cache_hit_ratio": 75}]
    finally:
        engine.publish()
    assert engine.status() == zeros()


def test_pages_that_are_none(engine):
    """Whatever the file is, the engine shows zeros and lives on."""
    pid = engine.cluster.engine_pid
    engine.publish(1, 1, 1)
    whole = engine.page.read_bytes()
    shown = engine.status()
    kept = engine.page.with_suffix(".kept")  # the daemon has it mapped
    engine.page.rename(kept)
    try:
        assert engine.status() == zeros()
        version = whole[:8] + (2).to_bytes(8, sys.byteorder) + whole[16:]
        odd = whole[:16] + (7).to_bytes(8, sys.byteorder) + whole[24:]
        for content in (b"", whole[:8], whole[:40], version, odd, os.urandom(4096), b"\xff" * 5000):
            engine.page.write_bytes(content)
            assert engine.status() == zeros()
        engine.page.unlink()
        os.mkfifo(engine.page)
        assert engine.status() == zeros()
        engine.page.unlink()
        engine.page.mkdir()
        assert engine.status() == zeros()
        engine.page.rmdir()
    finally:
        kept.rename(engine.page)
    assert engine.status() == shown
    assert engine.cluster.engine_pid == pid
    engine.publish()


def test_killed_while_it_writes(engine):
    """kill -9 of the daemon and of whoever writes: sessions read on, the next daemon takes over."""
    pid = engine.cluster.engine_pid
    stop, problems, reads = threading.Event(), [], []

    def read():
        with engine.admin() as conn, conn.cursor() as cursor:
            while not stop.is_set():
                cursor.execute("SHOW GLOBAL STATUS LIKE 'aurora_binlog_io_cache_read%'")
                reads.append({row["Variable_name"]: int(row["Value"]) for row in cursor.fetchall()})

    def guarded():
        try:
            read()
        except Exception as problem:  # noqa: BLE001
            problems.append(problem)

    threads = [threading.Thread(target=guarded) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(10):
            writer = subprocess.Popen([STATUSPAGE, engine.page, "-"], stdin=subprocess.PIPE)
            before = len(reads)
            wait_for(lambda: len(reads) > before + 20 or problems, 30, "reads while it is written")
            writer.kill()
            writer.wait(10)
            writer.stdin.close()
        engine.cluster.kill9()
        before = len(reads)
        wait_for(lambda: len(reads) > before + 20 or problems, 30, "reads without a daemon")
        engine.cluster.start()
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert problems == []
    assert max(row["Aurora_binlog_io_cache_reads"] for row in reads) > 0
    assert engine.cluster.engine_pid == pid
    kept = engine.status()  # the page is in order again, with what was published last
    assert int(kept["Aurora_binlog_io_cache_reads"]) > 0
    engine.publish()


def test_retention_is_applied_at_once(engine):
    """A procedure has the daemon do what SQL can not: the old file is gone when the call returns."""
    engine.run("FLUSH BINARY LOGS")
    oldest = min((engine.cluster.instance / "binlog" / "00000001").glob("mysql-bin-changelog.0*"))
    os.utime(oldest, (1e9, 1e9))
    engine.cluster.execute("CALL mysql.rds_set_configuration('binlog retention hours', 2160)")
    assert not oldest.exists()
    assert oldest.name not in str(engine.cluster.query("SHOW BINARY LOGS"))
    assert engine.run("SELECT * FROM mysql.rds_request") == []


def test_any_login_may_call_and_nothing_happens(engine):
    engine.cluster.account("CREATE USER nobody IDENTIFIED BY 'nothing'")
    login = {"user": "nobody", "password": "nothing"}
    try:
        assert engine.cluster.query("SELECT aurora_control() AS c", **login) == [{"c": None}]
        # What it may be given is a secret for a request that stands there, no command.
        (said,) = engine.cluster.query("SELECT aurora_control('stop') AS c", **login)
        assert said["c"] == b"The Borealis daemon has ended the connection without an answer"
        for statement, number in {
            "SELECT aurora_control('stop', 'now')": 1123,
            "SELECT * FROM mysql.rds_request": 1142,
            "INSERT INTO mysql.rds_request (id, called_by_user, request) VALUES (1, 'x', 'x')": 1142,
            "CALL mysql.rds_internal_request('apply binlog retention', NULL)": 1370,
        }.items():
            with pytest.raises(pymysql.err.MySQLError) as error:
                engine.cluster.query(statement, **login)
            assert error.value.args[0] == number, statement
        with pytest.raises(pymysql.err.MySQLError) as error:  # the master user may read, no more
            engine.cluster.execute("DELETE FROM mysql.rds_request")
        assert error.value.args[0] == 1142
    finally:
        engine.cluster.drop_account("nobody")


def test_refused_requests(engine):
    with pytest.raises(pymysql.err.MySQLError) as error:
        engine.run("CALL mysql.rds_internal_request('make tea', NULL)")
    assert error.value.args == (1644, "The Borealis daemon refused 'make tea': it knows no such request")
    engine.run(
        "INSERT INTO mysql.rds_request (id, asked_at, called_by_user, request)"
        " VALUES (7, NOW() - INTERVAL 11 SECOND, 'x', 'apply binlog retention')"
    )
    assert engine.run("SELECT aurora_control() AS c") == [{"c": None}]
    (row,) = engine.run("SELECT state, answer FROM mysql.rds_request")
    assert row == {"state": "refused", "answer": "asked too long ago"}
    engine.run("UPDATE mysql.rds_request SET asked_at = NOW() - INTERVAL 61 MINUTE")
    engine.run("DO aurora_control()")
    assert engine.run("SELECT * FROM mysql.rds_request") == []


def test_many_at_once(engine):
    """Each caller's own request is done, whoever wakes the daemon."""
    problems = []

    def call():
        with engine.admin() as conn, conn.cursor() as cursor:
            for _ in range(5):
                try:
                    cursor.execute("CALL mysql.rds_internal_request('apply binlog retention', NULL)")
                except pymysql.err.MySQLError as problem:
                    problems.append(problem)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def answer(path, text):
    """Answers one call at a daemon's socket with a text; None: never."""
    listener = socket.socket(socket.AF_UNIX)
    path.unlink(missing_ok=True)
    listener.bind(str(path))
    listener.listen()

    def serve():
        client, _ = listener.accept()
        if text is None:
            client.recv(100)
            client.recv(100)  # until the engine hangs up
        else:
            client.sendall(text)
        client.close()
        listener.close()

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_a_daemon_that_is_none(engine):
    """Dead, gone, talking nonsense or silent: one clear error, within the time, and nothing left."""
    path = engine.cluster.instance / "run" / "daemon.sock"
    call = "CALL mysql.rds_internal_request('apply binlog retention', NULL)"
    pid = engine.cluster.engine_pid
    engine.cluster.kill9()
    with engine.admin() as conn, conn.cursor() as cursor:
        def said():
            with pytest.raises(pymysql.err.MySQLError) as error:
                cursor.execute(call)
            assert error.value.args[0] == 1644
            return error.value.args[1]

        assert said() == "The Borealis daemon does not run: Connection refused"
        cursor.execute("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
        ((level, _, text),) = conn.show_warnings()
        assert level == "Warning" and text.startswith("Stored, and not applied yet: The Borealis daemon")
        path.unlink()
        assert said() == "The Borealis daemon does not run: No such file or directory"
        answers = {
            b"\xff\x00\x1b[2J" * 1000: "The Borealis daemon answered: ???[2J",
            b"": "The Borealis daemon has ended the connection without an answer",
            b"done": "The Borealis daemon has ended the connection without an answer",
            b"done\n": "The Borealis daemon has not done 'apply binlog retention'",
        }
        if "10.11" in engine.version:  # it takes 10 s: once will do
            answers[None] = "The Borealis daemon has not answered in time; what was asked may still be done"
        for text, expected in answers.items():
            thread = answer(path, text)
            assert said().startswith(expected)
            thread.join()
        cursor.execute("SELECT * FROM mysql.rds_request")
        assert cursor.fetchall() == ()
    engine.cluster.start()
    assert engine.cluster.engine_pid == pid
    engine.run(call)


def test_own_plugins_of_the_engine(engine):
    """They are where they were before; one that is broken or missing is the engine's own affair."""
    own = engine.cluster.instance / "plugin"
    assert not (own / "aurora.so").is_symlink() and (own / "aurora.so").stat().st_mode & 0o777 == 0o600
    engine.run("INSTALL SONAME 'sql_errlog'", "UNINSTALL SONAME 'sql_errlog'")
    assert engine.refused("INSTALL SONAME 'no_such_plugin'") == 1126


def test_check_knows_it(engine):
    """It has Aurora's variables, and is not at Amazon's."""
    own = engine.cluster.credentials()
    password = engine.cluster.base / "password"
    password.touch(0o600)
    password.write_text(own["password"])
    url = f"mysql://{own['user']}@127.0.0.1:{engine.cluster.port}"
    done = cluster_module.borealis("check", "--json", "--password-file", password, url)
    assert '"no mark of a provider"' in done.stdout, done.stderr


@pytest.fixture
def beside(tmp_path, monkeypatch):
    """A copy of the program under test, without a plugin; the path where it would look for one."""
    program = tmp_path / "borealis"
    shutil.copy(BINARY, program)
    monkeypatch.setattr(cluster_module, "BINARY", program)
    (tmp_path / "plugin").mkdir()
    return tmp_path / "plugin" / "aurora.so"


def warning_of_retention(cluster, hours):
    """Sets the retention; the warning, after having seen that the value is stored."""
    with cluster.connect() as conn, conn.cursor() as cursor:
        cursor.execute(f"CALL mysql.rds_set_configuration('binlog retention hours', {hours})")
        warnings = conn.show_warnings()
        cursor.execute("SELECT value FROM mysql.rds_configuration")
        assert cursor.fetchall() == [{"value": hours}]
    return warnings[0][2] if warnings else None


def test_without_the_plugin(make_cluster, beside):
    """A plugin that can not be loaded, and none at all: the cluster runs, without its variables."""
    beside.write_bytes(b"\x7fELF" + os.urandom(4096))
    cluster = make_cluster()
    for content in ("broken", "missing"):
        cluster.start()
        with pytest.raises(pymysql.err.MySQLError) as error:
            cluster.query("SELECT @@aurora_version")
        assert error.value.args[0] == 1193
        assert cluster.query("SHOW GLOBAL STATUS LIKE 'aurora%'") == []
        assert "runs without the plugin aurora.so" in cluster.stderr.read_text()
        said = cluster.engine_log.read_text()
        assert ("aurora.so" in said) == (content == "broken"), said
        assert "runs without the plugin" in warning_of_retention(cluster, 7)
        cluster.interrupt()
        cluster.stderr.unlink()
        cluster.engine_log.unlink()
        beside.unlink(missing_ok=True)


def test_adopted_with_an_older_plugin(make_cluster, beside):
    """Without the function that this daemon wants: procedures can not call it until the next start."""
    whole = (BINARY.parent / "plugin" / "aurora.so").read_bytes()
    older = whole.replace(b"\0aurora_control\0", b"\0aurora_centrol\0")
    assert older != whole
    beside.write_bytes(older)
    cluster = make_cluster()
    cluster.start()
    beside.unlink()
    beside.write_bytes(whole)  # the next version is installed, and its daemon adopts the engine
    cluster.kill9()
    cluster.stderr.unlink()
    cluster.start()
    assert "procedures can not reach the daemon until the engine is started again" in cluster.stderr.read_text()
    assert cluster.query("SELECT @@aurora_server_id AS id") == [{"id": "borealis-1"}]
    assert "can not reach the Borealis daemon" in warning_of_retention(cluster, 7)
    cluster.interrupt()
    cluster.start()
    assert warning_of_retention(cluster, 8) is None
    assert cluster.query("SELECT aurora_control() AS c") == [{"c": None}]
