"""The daemon's life: crashes of it and of the engine, cut-short creation, stopping, wrong use.

Each test has a cluster of its own, because it damages it.

Time budget: 170 s.
"""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import threading

import pymysql
import pytest

from servers import fetch
from servers.wait import wait_for

from .cluster import (
    BINARY, COMMAND_TIMEOUT, START_TIMEOUT, STOP_TIMEOUT, Cluster, borealis, free_port, start_ticks,
    users_of,
)  # fmt: skip

WRITERS = 4
RECOVERY = 20  # of a small cluster, on a busy machine


class Writer(threading.Thread):
    """Inserts rows and notes the ids whose COMMIT was acknowledged, over new connections as needed."""

    def __init__(self, cluster, number):
        super().__init__()
        self.cluster = cluster
        self.number = number
        self.acknowledged = []
        self._password = cluster.credentials()["password"]
        self._end = threading.Event()

    def run(self):
        tried = 0
        while not self._end.is_set():
            # Until the end of the test; what the daemon's death breaks is tried again.
            with contextlib.suppress(pymysql.err.MySQLError, OSError):
                with self.cluster.connect(
                    user="admin", password=self._password, tls=self.number % 2 == 0
                ) as conn, conn.cursor() as cursor:
                    while not self._end.is_set():
                        tried += 1
                        row = (self.number * 1_000_000 + tried,)
                        cursor.execute("INSERT INTO load_test.t VALUES (%s)", row)
                        self.acknowledged += row
            self._end.wait(0.01)

    def stop(self):
        self._end.set()
        self.join(90)
        assert not self.is_alive()


@contextlib.contextmanager
def load(cluster):
    """Writers at work; yields them when each has written something."""
    cluster.execute("CREATE DATABASE load_test", "CREATE TABLE load_test.t (id INT PRIMARY KEY)")
    writers = [Writer(cluster, number) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    try:
        wait_for_progress(writers)
        yield writers
    finally:
        for writer in writers:
            writer.stop()


def wait_for_progress(writers, rows=10):
    goals = [len(writer.acknowledged) + rows for writer in writers]
    wait_for(
        lambda: all(len(w.acknowledged) >= goal for w, goal in zip(writers, goals)), 60,
        f"{rows} more rows of each writer",
    )  # fmt: skip


def assert_all_there(cluster, writers):
    there = {row["id"] for row in cluster.query("SELECT id FROM load_test.t")}
    lost = {number for writer in writers for number in writer.acknowledged} - there
    assert not lost, f"{len(lost)} acknowledged rows are lost: {sorted(lost)[:10]}"


def engines(cluster):
    """The pids of engine processes that use the directory."""
    return [pid for pid, command in users_of(cluster.dir).items() if "mariadbd" in command]


def one_line(done, *parts):
    """A refusal: a status that is not 0, and one line on stderr that says what is wrong."""
    assert done.returncode in (1, 2), done
    lines = done.stderr.splitlines()
    if lines and lines[-1].startswith("Try 'borealis"):
        lines.pop()
    said = [line for line in lines if line.startswith("borealis")]
    assert len(said) == 1, done.stderr
    for part in parts:
        assert str(part) in said[0], done.stderr
    assert done.stdout == ""
    return said[0]


def tree(path):
    """Names and contents of all files; without those that change by being looked at, or by themselves."""
    return {
        str(p.relative_to(path)): p.read_bytes() if p.is_file() and p.stat().st_size < 1 << 16 else None
        for p in pathlib.Path(path).rglob("*")
        if not re.search("-shm$|-wal$|[.]log$|^daemon[.]lock$|^status[.]page$", p.name)
    }


# --- crashes ---


def test_daemon_killed_under_load(make_cluster):
    cluster = make_cluster()
    cluster.start()
    engine = cluster.engine_pid
    ticks = start_ticks(engine)
    assert cluster.cluster_status()["writer"]["adopted"] is False
    with load(cluster) as writers:
        for _ in range(2):
            cluster.kill9()
            assert start_ticks(engine) == ticks
            assert engines(cluster) == [engine]
            assert cluster.command("status").returncode == 3
            cluster.start()
            writer = cluster.cluster_status()["writer"]
            assert (writer["pid"], writer["adopted"]) == (engine, True)
            wait_for_progress(writers)
    assert start_ticks(engine) == ticks
    assert_all_there(cluster, writers)
    assert f"(pid {engine}, adopted)" in cluster.stdout.read_text()
    wait_for(lambda: cluster.sessions == 0, 10, "no session is left")
    # The adopted engine is stopped as an own one is.
    cluster.interrupt()
    cluster.start()
    assert_all_there(cluster, writers)


def test_engine_killed(make_cluster):
    cluster = make_cluster()
    cluster.start()
    engine = cluster.engine_pid
    with load(cluster) as writers:
        for _ in range(2):
            os.kill(engine, signal.SIGKILL)
            wait_for(lambda: cluster.engine_pid not in (None, engine), RECOVERY, "another engine")
            cluster.wait_available(RECOVERY)
            engine = cluster.engine_pid
            wait_for_progress(writers)
            assert engines(cluster) == [engine]
    assert_all_there(cluster, writers)
    assert "the engine ended by itself" in cluster.stderr.read_text()
    cluster.interrupt()


def test_daemon_and_engine_killed(make_cluster):
    """As a power cut would."""
    cluster = make_cluster()
    cluster.start()
    with load(cluster) as writers:
        engine = cluster.engine_pid
        cluster.kill9()
        os.kill(engine, signal.SIGKILL)
        wait_for(lambda: not engines(cluster), 30, "the engine has ended")
        cluster.start()
        assert cluster.cluster_status()["writer"]["adopted"] is False
        wait_for_progress(writers)
    assert_all_there(cluster, writers)


def test_client_while_the_engine_is_away(make_cluster):
    cluster = make_cluster()
    cluster.start()
    os.kill(cluster.engine_pid, signal.SIGKILL)
    wait_for(lambda: cluster.cluster_status()["state"] != "available", 10, "noticed")
    try:
        cluster.connect().close()
    except pymysql.err.OperationalError as error:
        assert error.args[0] in (1053, 2013), error
    cluster.wait_available(RECOVERY)
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


# --- creation, cut short ---


def created_instance(cluster):
    return cluster.instance.exists()


def created_secrets(cluster):
    return (cluster.own / "master.cnf").exists()


def created_store(cluster):
    return (cluster.dir / "borealis.db").exists()


def created_system_tables(cluster):
    return (cluster.instance / "data" / "mysql" / "help_topic.MAD").exists()


def wrote_engine_config(cluster):
    return (cluster.instance / "my.cnf").exists()


def engine_half_up(cluster):
    """In its start after the bootstrap, before it takes connections."""
    try:
        return cluster.engine_log.read_text().count("InnoDB: log sequence number") == 2
    except FileNotFoundError:
        return False


def engine_listens(cluster):
    return (cluster.instance / "run" / "engine.sock").exists()


def made_master(cluster):
    return "available" in cluster.stderr.read_text()


MOMENTS = [created_store, created_secrets, created_instance, created_system_tables,
           wrote_engine_config, engine_half_up, engine_listens, made_master]  # fmt: skip


@pytest.mark.parametrize("moment", MOMENTS, ids=[moment.__name__ for moment in MOMENTS])
def test_daemon_killed_during_creation(make_cluster, moment):
    """Whatever the moment, the next serve comes up, with an engine that works."""
    cluster = make_cluster()
    cluster.spawn()
    wait_for(lambda: moment(cluster) or cluster.daemon.poll(), START_TIMEOUT, moment.__name__)
    cluster.kill9()
    cluster.start()
    assert cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT)",
                           "INSERT INTO d.t VALUES (1)") == 1  # fmt: skip
    # The rows of system tables are there, too: a torso of the first try is not taken for done.
    assert cluster.query("SELECT COUNT(*) > 500 AS ok FROM mysql.help_topic") == [{"ok": 1}]
    assert cluster.query("SELECT HOUR(CONVERT_TZ('2024-07-01', 'UTC', 'Europe/Berlin')) AS hour") == [
        {"hour": 2}
    ]
    assert [row["name"] for row in cluster.query("CALL mysql.rds_show_configuration()")] == [
        "binlog retention hours"
    ]
    assert len(engines(cluster)) == 1
    cluster.interrupt()


INTERRUPTS = [None, created_store, created_instance, wrote_engine_config, engine_half_up,
              engine_listens]  # fmt: skip


@pytest.mark.parametrize("moment", INTERRUPTS,
                         ids=[moment.__name__ if moment else "at_once" for moment in INTERRUPTS])  # fmt: skip
def test_interrupted_during_creation(make_cluster, moment):
    cluster = make_cluster()
    cluster.spawn()
    if moment:
        wait_for(lambda: moment(cluster) or cluster.daemon.poll(), START_TIMEOUT, moment.__name__)
    else:
        blocked = pathlib.Path(f"/proc/{cluster.daemon.pid}/status")
        wait_for(lambda: re.search(r"SigBlk:\t0*4003", blocked.read_text())
                 or created_store(cluster), START_TIMEOUT, "it has taken charge of signals")  # fmt: skip
    cluster.interrupt()
    cluster.start()
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


def test_interrupted_at_each_stage_of_the_engines_start(make_cluster):
    """Stages are told by the lines of the engine's log: a signal in any of them must count."""
    cluster = make_cluster()
    cluster.start()
    cluster.interrupt()
    lines = len(cluster.engine_log.read_text().splitlines())
    cluster.start()
    cluster.interrupt()
    stages = len(cluster.engine_log.read_text().splitlines()) - lines
    assert stages > 5
    for stage in range(1, stages + 1):
        before = len(cluster.engine_log.read_text().splitlines())
        banners = cluster.stdout.read_text().count("Ctrl-C")
        cluster.spawn()
        wait_for(lambda: len(cluster.engine_log.read_text().splitlines()) - before >= stage
                 or cluster.stdout.read_text().count("Ctrl-C") > banners,
                 START_TIMEOUT, f"{stage} lines")  # fmt: skip
        cluster.interrupt()
    cluster.start()
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


# --- one daemon for a directory, one program for a port ---


def test_two_daemons_on_one_directory(make_cluster):
    cluster = make_cluster()
    cluster.start()
    engine = cluster.engine_pid
    before = tree(cluster.dir)
    port = free_port()
    done = borealis("serve", "--dir", cluster.dir, "--port", str(port), "--require-secure-transport",
                    "on")  # fmt: skip
    one_line(done, cluster.daemon.pid, cluster.dir)
    assert tree(cluster.dir) == before
    assert cluster.engine_pid == engine
    assert cluster.cluster_status()["endpoint"]["port"] == cluster.port
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]
    cluster.interrupt()
    cluster.start()  # nor has it left anything for the next start
    assert cluster.cluster_status()["require_secure_transport"] is False


def test_port_is_taken(make_cluster):
    cluster = make_cluster()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = borealis("serve", "--dir", cluster.dir, "--port", str(port))
        one_line(done, port, "--port")
    assert not cluster.dir.exists()
    assert engines(cluster) == []
    cluster.start()  # and the directory can be used, with another port
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]
    cluster.interrupt()
    # A taken port does not touch a cluster that exists, either.
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        done = borealis("serve", "--dir", cluster.dir, "--port", str(other.getsockname()[1]))
        assert done.returncode == 1
    assert users_of(cluster.dir) == {}
    port = cluster.port
    cluster.spawn()
    cluster.wait_available()
    assert cluster.cluster_status()["endpoint"]["port"] == port


def test_a_free_port_is_chosen_and_kept(make_cluster):
    """Without --port; other clusters and programs on the machine are stepped around."""
    cluster = make_cluster()
    command = [BINARY, "serve", "--dir", cluster.dir]
    ports = []
    for _ in range(2):
        with open(cluster.stderr, "ab") as err:
            cluster.daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=err,
                                              stdout=subprocess.DEVNULL)  # fmt: skip
        cluster.wait_available()
        ports.append(cluster.cluster_status()["endpoint"]["port"])
        assert cluster.query("SELECT 1 AS one", port=ports[-1]) == [{"one": 1}]
        assert cluster.credentials()["port"] == str(ports[-1])
        cluster.interrupt()
    assert ports[0] == ports[1] >= 13306


# --- stopping ---


def test_stop_verb_leaves_nothing(make_cluster):
    temporary = set(os.listdir(tempfile.gettempdir()))
    cluster = make_cluster()
    cluster.start()
    cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
    conn = cluster.connect()
    done = cluster.command("stop", timeout=STOP_TIMEOUT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert users_of(cluster.dir) == {}
    assert cluster.daemon.wait(STOP_TIMEOUT) == 0
    with pytest.raises(pymysql.err.MySQLError):
        conn.query("SELECT 1")
    with pytest.raises(pymysql.err.OperationalError):
        cluster.connect()
    for verb in ("stop", "status"):
        done = cluster.command(verb)
        assert done.returncode == 3 and len(done.stderr.splitlines()) == 1, done
    assert not (cluster.dir / "borealis.sock").exists()
    cluster.close()
    left = set(os.listdir(tempfile.gettempdir())) - temporary
    assert not {name for name in left if "borealis" in name or "maria" in name.lower()
                or name.startswith(("ib", "#sql", "ML"))}, left  # fmt: skip


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_cleanly(make_cluster, number):
    cluster = make_cluster()
    cluster.start()
    cluster.daemon.send_signal(number)
    assert cluster.daemon.wait(STOP_TIMEOUT) == 0
    assert users_of(cluster.dir) == {}
    assert "Shutdown complete" in cluster.engine_log.read_text()
    cluster.start()
    assert "Starting crash recovery" not in cluster.engine_log.read_text()


def test_started_and_stopped_again_and_again(make_cluster):
    cluster = make_cluster()
    cluster.start()
    cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY AUTO_INCREMENT)")
    credentials = cluster.credentials()
    for number in range(1, 5):
        assert cluster.execute("INSERT INTO d.t VALUES ()") == 1
        cluster.interrupt()
        cluster.start()
        assert cluster.query("SELECT COUNT(*) AS n FROM d.t") == [{"n": number}]
        assert cluster.credentials() == credentials


# --- engines ---


def test_newer_engine_and_no_way_back(make_cluster):
    cluster = make_cluster("--engine", "mariadb-11.8")
    cluster.start()
    assert cluster.cluster_status()["writer"]["engine"].startswith("11.8.")
    assert cluster.query("SELECT VERSION() LIKE '11.8.%' AS ok") == [{"ok": 1}]
    cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)",
                    "INSERT INTO d.t VALUES (1)")  # fmt: skip
    assert cluster.query("CALL mysql.rds_show_configuration()")
    cluster.account("CREATE USER 'u'@'%' IDENTIFIED BY 'pw'", "GRANT SELECT ON d.* TO 'u'@'%'")
    assert cluster.query("SELECT a FROM d.t", user="u", password="pw", tls=True) == [{"a": 1}]
    cluster.interrupt()
    before = tree(cluster.dir)
    done = borealis("serve", "--dir", cluster.dir, "--engine", "mariadb-10.11")
    one_line(done, "11.8", "10.11")
    assert tree(cluster.dir) == before
    cluster.options = ()  # the engine is remembered
    cluster.start()
    assert cluster.query("SELECT a FROM d.t") == [{"a": 1}]


def test_older_data_with_a_newer_engine(make_cluster):
    cluster = make_cluster()
    cluster.start()
    cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)",
                    "INSERT INTO d.t VALUES (1)")  # fmt: skip
    cluster.interrupt()
    cluster.start("--engine", "mariadb-11.8")
    assert cluster.cluster_status()["writer"]["engine"].startswith("11.8.")
    assert cluster.query("SELECT a FROM d.t") == [{"a": 1}]
    assert cluster.query("CALL mysql.rds_show_configuration()")


def test_engine_by_its_directory(make_cluster):
    """A prefix of any MariaDB; what is stored is absolute."""
    home = fetch.home("mariadb-10.11")
    cluster = make_cluster("--engine", str(home))
    cluster.start()
    cluster.interrupt()
    cluster.options = ()
    cluster.start()
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


# --- wrong use ---


WRONG = [
    (["serve", "--prot", "1"], ["--prot"]),
    (["serve", "--port"], ["--port"]),
    (["serve", "--port", "1", "--port", "1"], ["'--port'", "found twice"]),
    (["serve", "--dir", "/nonexistent"], ["'--dir'", "found twice"]),
    (["serve", "--port", "-1"], ["--port", "'-1'"]),
    (["serve", "--port", " 33"], ["--port", "' 33'"]),
    (["serve", "--port", "99999999999999999999"], ["--port", "'99999999999999999999'"]),
    (["serve", "--port", "0"], ["--port", "'0'"]),
    (["serve", "--port", "65536"], ["--port", "'65536'"]),
    (["serve", "--port", "33x"], ["--port", "'33x'"]),
    (["serve", "--port", ""], ["--port"]),
    (["serve", "--require-secure-transport", "maybe"], ["--require-secure-transport", "'maybe'"]),
    (["serve", "--engine", "mariadb-1.0"], ["mariadb-1.0"]),
    (["serve", "--engine", "/nonexistent/mariadb"], ["/nonexistent/mariadb"]),
    (["serve", "--engine", ""], ["--engine"]),
    (["serve", "--listen", "not-an-address"], ["not-an-address"]),
    (["serve", "--listen", "192.0.2.99"], ["192.0.2.99"]),
    (["serve", "--listen", ""], ["''"]),
    (["serve", "--listen", "127.0.0.1; id\n"], ["127.0.0.1; id"]),
    (["serve", "--listen", "x" * 5000], ["xxx"]),
    (["serve", "--engine", "$(id)"], ["$(id)"]),
    (["serve", "--engine", "../../etc"], ["etc"]),
    (["serve", "--engine", "x" * 5000], ["xxx"]),
    (["serve", "--require-secure-transport", ""], ["--require-secure-transport", "''"]),
    (["serve", "--metrics-listen", "nowhere"], ["--metrics-listen", "'nowhere'"]),
    (["serve", "surplus"], ["surplus"]),
    (["status", "--jason"], ["--jason"]),
    (["stop", "now"], ["now"]),
]


@pytest.mark.parametrize("words, parts", WRONG, ids=[" ".join(words)[:60] for words, _ in WRONG])
def test_wrong_command_line(tmp_path, words, parts):
    """Bad input changes nothing: no directory is made, and one that was there stays as it was."""
    directory = tmp_path / "above" / "d"
    done = borealis(words[0], "--dir", directory, *words[1:])
    one_line(done, *parts)
    assert list(tmp_path.iterdir()) == []
    directory.mkdir(parents=True)
    (directory / "note").write_text("kept")
    done = borealis(words[0], "--dir", directory, *words[1:])
    one_line(done, *parts)
    assert [path.name for path in directory.iterdir()] == ["note"]
    assert users_of(directory) == {}


def test_unknown_verb(tmp_path):
    directory = tmp_path / "d"
    done = borealis("sevre", "--dir", directory)
    assert done.returncode == 2 and done.stdout == ""
    assert done.stderr.splitlines()[0] == "borealis: unknown verb 'sevre'"
    assert not directory.exists()


def test_no_verb_is_help():
    done = borealis()
    assert done.returncode == 2 and "usage:" in done.stdout + done.stderr


def test_directory_too_long_for_a_socket(tmp_path):
    directory = tmp_path / ("long" * 30)
    done = borealis("serve", "--dir", directory, "--port", str(free_port()))
    one_line(done, directory)
    assert not directory.exists()


def test_directory_that_cannot_be(tmp_path):
    file = tmp_path / "file"
    file.write_text("kept")
    one_line(borealis("serve", "--dir", file, "--port", str(free_port())), file)
    one_line(borealis("serve", "--dir", file / "below", "--port", str(free_port())), file)
    assert file.read_text() == "kept"


def test_data_without_its_store(make_cluster):
    """borealis.db is lost: the data is not overwritten, and the message says what to do."""
    cluster = make_cluster()
    cluster.start()
    cluster.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)")
    cluster.interrupt()
    store = cluster.dir / "borealis.db"
    kept = store.read_bytes()
    for path in cluster.dir.glob("borealis.db*"):
        path.unlink()
    done = borealis("serve", "--dir", cluster.dir, "--port", str(cluster.port))
    one_line(done, cluster.instance.parent, "borealis.db")
    assert not list(cluster.dir.glob("borealis.db*"))
    store.write_bytes(kept)
    cluster.start()
    assert cluster.query("SELECT a FROM d.t") == [{"a": 1}]


# --- secrets ---


def test_secrets_are_in_no_log(make_cluster):
    cluster = make_cluster()
    cluster.start()
    cluster.query("SELECT 1")
    with contextlib.suppress(pymysql.err.MySQLError):
        cluster.connect(user="rdsadmin", password=cluster.admin_password())
    cluster.query("CALL mysql.rds_set_external_source('127.0.0.1', 1, 'r', 'the-sources-password', "
                  "'mysql-bin-changelog.000001', 4, 0)")  # fmt: skip
    cluster.query("CALL mysql.rds_start_replication()")
    wait_for(lambda: cluster.query("SHOW SLAVE STATUS")[0]["Last_IO_Error"], 30, "no source there")
    status = str(cluster.query("SHOW SLAVE STATUS")) + cluster.command("status").stdout
    cluster.interrupt()
    texts = {"status": status.encode()}
    for path in (cluster.stderr, cluster.stdout, cluster.engine_log, cluster.dir / "borealis.db"):
        texts[path.name] = path.read_bytes()
    for path in [*(cluster.instance / "binlog").rglob("*"), *(cluster.instance / "tmp").rglob("*")]:
        if path.is_file():
            texts[str(path)] = path.read_bytes()
    assert any("mysql-bin-changelog.0" in name for name in texts)
    words = [*cluster.secrets(), "the-sources-password"]
    for name, text in texts.items():
        for number, word in enumerate(words):
            assert word.encode() not in text, f"secret number {number} is in {name}"
