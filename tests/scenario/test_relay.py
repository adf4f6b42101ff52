"""`borealis relay` between real servers of the same kind: what is applied behind it, what it keeps."""

import subprocess

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .cluster import BINARY
from .relay import (
    REFUSED,
    REPLICA,
    REPLICA_PASSWORD,
    Relay,
    binlog_bytes,
    is_mariadb,
    is_new_mysql,
    position,
    replica_status,
    secret_file,
    source_settings,
    wait_replica,
)
from .shown_columns import SLAVE_STATUS_56, SLAVE_STATUS_57, SLAVE_STATUS_80

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]


@pytest.fixture(scope="module", params=SERVERS)
def source(request, tmp_path_factory):
    settings = source_settings(request.param)
    if request.param == "mysql-5.6":
        settings["innodb_log_file_size"] = "512M"  # a row is at most a tenth of it
    with Node(request.param, tmp_path_factory.mktemp("source"), **settings) as node:
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay")) as relay:
        yield relay


@pytest.fixture
def replica(source, tmp_path):
    settings = source_settings(source.server)
    if source.server == "mysql-5.6":
        settings["innodb_log_file_size"] = source.settings["innodb_log_file_size"]
    with Node(source.server, tmp_path / "replica", **settings) as node:
        yield node


def write_load(source, database, rounds):
    source.execute(
        f"CREATE DATABASE {database}",
        f"CREATE TABLE {database}.t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(100), b BLOB)",
    )
    with source.connect(database=database) as conn, conn.cursor() as cursor:
        for i in range(rounds):
            cursor.execute("BEGIN")
            for j in range(10):
                cursor.execute("INSERT INTO t (a, b) VALUES (%s, REPEAT(%s, 300))", (f"{i}.{j}", "x"))
            cursor.execute("UPDATE t SET a = CONCAT(a, '!') WHERE id %% 7 = %s", (i % 7,))
            cursor.execute("DELETE FROM t WHERE id %% 11 = %s", (i % 11,))
            cursor.execute("COMMIT")
    source.execute(f"ALTER TABLE {database}.t ADD COLUMN c INT DEFAULT 5")


def rows(node, database):
    return node.query(f"SELECT * FROM {database}.t ORDER BY id")


@pytest.mark.parametrize("by_gtid", [False, True], ids=["position", "gtid"])
def test_replica(source, relay, replica, by_gtid):
    database = f"d{int(by_gtid)}"
    write_load(source, database, 20)
    relay.wait_caught_up()
    relay.attach(replica, by_gtid)
    source.execute(f"INSERT INTO {database}.t (a) VALUES ('while it follows')")
    wait_replica(replica, position(source))
    assert rows(replica, database) == rows(source, database)


def test_files_are_the_sources(source, relay):
    write_load(source, "files", 5)
    closed, _ = position(source)
    source.execute("FLUSH LOGS")
    write_load(source, "files2", 5)
    relay.wait_caught_up()
    assert relay.files()[closed].read_bytes() == binlog_bytes(source, closed)


def test_large_rows_and_files(source, relay, replica):
    """Rows past a packet's 16 MB, in a transaction past a file's size."""
    source.execute("SET GLOBAL max_binlog_size = 1048576", "SET GLOBAL max_allowed_packet = 67108864")
    replica.execute("SET GLOBAL max_allowed_packet = 67108864")
    if not is_new_mysql(replica):
        replica.execute("SET GLOBAL slave_max_allowed_packet = 1073741824")
    write_load(source, "large", 1)
    with source.connect(database="large") as conn, conn.cursor() as cursor:
        cursor.execute("ALTER TABLE t MODIFY b LONGBLOB")
        cursor.execute("BEGIN")
        for size in (16777200, 16777215, 20000000):
            cursor.execute(f"INSERT INTO t (a, b) VALUES ('{size}', REPEAT('y', {size}))")
        cursor.execute("COMMIT")
    write_load(source, "large2", 3)
    relay.attach(replica, by_gtid=True)
    wait_replica(replica, position(source))
    sql = "SELECT id, a, LENGTH(b) AS n, CRC32(b) AS sum FROM large.t ORDER BY id"
    assert replica.query(sql) == source.query(sql)
    assert len(source.query("SHOW BINARY LOGS")) >= 2


def test_what_it_shows(source, relay):
    def logs(node):
        return [(row["Log_name"], row["File_size"]) for row in node.query("SHOW BINARY LOGS")]

    wait_for(lambda: logs(relay) == logs(source), 60, "the same files")
    (ours,) = relay.query("SELECT @@version AS v, @@GLOBAL.server_id AS id, @@log_bin AS log_bin")
    (theirs,) = source.query("SELECT @@version AS v, @@GLOBAL.server_id AS id, @@log_bin AS log_bin")
    assert ours["v"] == theirs["v"] and ours["log_bin"] == theirs["log_bin"] == 1
    assert ours["id"] != theirs["id"]
    gtids = "gtid_binlog_pos" if is_mariadb(source) else "gtid_executed"
    (ours,) = relay.query(f"SELECT @@GLOBAL.{gtids} AS gtids")
    (theirs,) = source.query(f"SELECT @@GLOBAL.{gtids} AS gtids")
    assert ours["gtids"] == theirs["gtids"].replace("\n", "")


def test_its_own_status(source, relay):
    def received():
        (row,) = relay.query("SHOW SLAVE STATUS")
        return (row["Master_Log_File"], row["Read_Master_Log_Pos"])

    wait_for(lambda: received() == position(source), 60, "all is received")
    (old,) = relay.query("SHOW SLAVE STATUS")
    columns = {"mysql-5.6": SLAVE_STATUS_56, "mysql-9.7": SLAVE_STATUS_80}.get(source.server, SLAVE_STATUS_57)
    assert list(old) == columns
    assert (old["Master_Host"], old["Master_Port"]) == ("127.0.0.1", source.port)
    assert (old["Slave_IO_Running"], old["Slave_SQL_Running"]) == ("Yes", "No")
    assert (old["Last_IO_Errno"], old["Last_IO_Error"]) == (0, "")
    (new,) = relay.query("SHOW REPLICA STATUS")
    assert new["Replica_IO_Running"] == "Yes" and new["Seconds_Behind_Source"] == 0


@pytest.mark.parametrize(
    "sql, number",
    [
        ("SELECT @@no_such_variable", 1193),
        ("SET GLOBAL read_only = 0", 1227),
        ("DROP TABLE t", 1235),
        ("SELECT * FROM mysql.user", 1235),
        ("SELECT 'open", 1064),
        ("KILL 999999", 1094),
    ],
)
def test_refused_statements(relay, sql, number):
    with pytest.raises(pymysql.err.MySQLError) as refused:
        relay.query(sql)
    assert refused.value.args[0] == number
    assert relay.query("SELECT 1 AS one") == [{"one": 1}]


def test_wrong_password(relay):
    for user, password in [(REPLICA, "wrong"), (REPLICA, ""), ("nobody", REPLICA_PASSWORD)]:
        with pytest.raises(pymysql.err.OperationalError) as refused:
            relay.connect(user=user, password=password)
        assert refused.value.args[0] == 1045, refused.value


def test_replica_of_a_file_that_is_not_there(relay, replica):
    relay.attach(replica, by_gtid=False, start=("mysql-bin-changelog.999999", 4))
    status = wait_for(
        lambda: (s := replica_status(replica))["Last_IO_Errno"] and s, 60, "the dump is refused"
    )
    assert status["Last_IO_Errno"] in REFUSED, status
    assert "Could not find first log file" in status["Last_IO_Error"]


def test_remote_binlog_program(source, relay, tmp_path):
    """The servers' own program copies what the mirror has."""
    relay.wait_caught_up()
    first = next(iter(relay.files()))
    arguments = [
        "--no-defaults", "--read-from-remote-server", "--raw", "--host=127.0.0.1",
        f"--port={relay.port}", f"--user={REPLICA}", f"--password={REPLICA_PASSWORD}",
        f"--result-file={tmp_path}/", first,
    ]  # fmt: skip
    done = subprocess.run(
        [source.program("mysqlbinlog"), *arguments],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / first).read_bytes() == relay.files()[first].read_bytes()


def test_another_source_is_refused(source, relay, tmp_path):
    """The binlog of one server never goes on with that of another."""
    relay.wait_caught_up()
    before = {name: path.stat().st_size for name, path in relay.files().items()}
    relay.stop()
    with Node(source.server, tmp_path / "other", **source_settings(source.server)) as other:
        stranger = Relay(other, tmp_path / "stranger")
        stranger.dir = relay.dir
        stranger.start()
        wait_for(
            lambda: "another server" in stranger.log.read_text(), 60, "the receiver has stopped"
        )
        stranger.stop()
    relay.start()
    relay.wait_caught_up()
    assert {name: path.stat().st_size for name, path in relay.files().items()} == before


@pytest.mark.parametrize(
    "option, value, message",
    [
        ("--source", "mysql://127.0.0.1", "expected mysql://USER@HOST[:PORT]"),
        ("--source", "mysql://u:secret@h", "expected no password in the address"),
        ("--source-ssl-mode", "PREFERRED", "expected DISABLED, REQUIRED, VERIFY_CA"),
        ("--start", "yesterday", "expected oldest, now, FILE:POSITION"),
        ("--start", "gtid:", "or gtid:GTIDS"),
        ("--start", "gtid:0-1", "or gtid:GTIDS"),
        ("--semi-sync", "yes", "expected on or off"),
        ("--listen", "127.0.0.1", "expected IP:PORT"),
        ("--server-id", "0", "expected 1 to 4294967295"),
        ("--source-password-file", "/nonexistent/x", "/nonexistent/x"),
    ],
)
def test_bad_options(tmp_path, option, value, message):
    password = secret_file(tmp_path / "password", "x\n")
    options = {
        "--dir": tmp_path / "relay",
        "--source": "mysql://u@127.0.0.1:1",
        "--replica-user": "r",
        "--replica-password-file": password,
    } | {option: value}
    arguments = [text for pair in options.items() for text in pair]
    done = subprocess.run(
        [BINARY, "relay", *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and message in done.stderr and "secret" not in done.stderr
    assert not (tmp_path / "relay").exists()
