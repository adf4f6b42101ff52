"""The procedures that need no replication: which there are, sessions, kill, log tables, SSL material.

One daemon with two clusters: the first offers what Aurora MySQL 3 does, on MariaDB 10.11, and `old`, on
11.8, what version 2 does.

Time budget: 20 s.
"""

import contextlib
import json
import stat
import subprocess
import threading

import pymysql
import pytest

from servers.wait import wait_for

from .test_clients import make_certificate
from .test_clusters import ask, connect
from .test_procedures import SIGNALLED, error, signalled

NO_SUCH_PROCEDURE = 1305
TOO_LONG = "x" * 300


@pytest.fixture(scope="module")
def old(cluster):
    """A function that runs a statement in `old`, in one session for the whole file; the rows."""
    ask(cluster, "create", "old", "--engine", "mariadb-11.8", "--compatibility", "2")
    with connect(cluster, "old") as conn, conn.cursor() as cursor:

        def run(sql, args=None):
            cursor.execute(sql, args)
            return list(cursor.fetchall())

        yield run


def old_error(old, sql, args=None):
    with pytest.raises(pymysql.err.MySQLError) as caught:
        old(sql, args)
    return caught.value.args


def test_version_2_lists_files_as_mysql_5_7(cluster, old):
    """In two columns; MySQL 8 has a third one."""
    assert list(old("SHOW BINARY LOGS")[0]) == ["Log_name", "File_size"]
    assert list(cluster.query("SHOW BINARY LOGS")[0]) == ["Log_name", "File_size", "Encrypted"]


# --- which there are ---


@pytest.mark.parametrize("call", [
    "rds_set_external_source('h', 1, 'u', 'p', 'f', 4, 0)", "rds_reset_external_source()",
    "rds_set_read_only(1)"])  # fmt: skip
def test_version_2_has_not(old, call):
    name = call.partition("(")[0]
    assert old_error(old, f"CALL mysql.{call}") == (
        NO_SUCH_PROCEDURE, f"PROCEDURE mysql.{name} does not exist")  # fmt: skip


@pytest.mark.parametrize("call", [
    "rds_set_session_binlog_format('ROW')", "rds_disable_session_binlog", "rds_enable_session_binlog()"])  # fmt: skip
def test_version_3_has_not(cluster, call):
    name = call.partition("(")[0]
    assert error(cluster, f"CALL mysql.{call}") == (
        NO_SUCH_PROCEDURE, f"PROCEDURE mysql.{name} does not exist")  # fmt: skip


def test_an_ordinary_account_may_call_none(cluster):
    names = [row["name"] for row in cluster.query(
        "SELECT name FROM mysql.proc WHERE db = 'mysql' AND type = 'PROCEDURE' AND name LIKE 'rds%'")]  # fmt: skip
    assert len(names) > 20
    cluster.account("CREATE USER 'nobody'@'%' IDENTIFIED BY 'pw'")
    try:
        for name in names:
            number, _ = error(cluster, f"CALL mysql.{name}()", user="nobody", password="pw")
            assert number == 1370, name
    finally:
        cluster.drop_account("'nobody'@'%'")


@pytest.mark.parametrize("name, value", [
    ("binlog retention hours", "24 hours"), ("binlog retention hours", 1 << 31), ("binlog retention hours", ""),
    ("binlog retention hours'; --", 24), (TOO_LONG, 24), (None, None), ("binlog retention hours", "1; SHUTDOWN"),
])  # fmt: skip
def test_bad_configuration(cluster, name, value):
    before = cluster.query("CALL mysql.rds_show_configuration")
    number, text = error(cluster, "CALL mysql.rds_set_configuration(%s, %s)", (name, value))
    assert number in (SIGNALLED, 1264, 1265, 1366, 1406), (number, text)
    assert "p_value" in text or "p_name" in text or "unknown configuration parameter" in text
    assert cluster.query("CALL mysql.rds_show_configuration") == before


@pytest.mark.parametrize("call", [
    "rds_kill()", "rds_kill(1, 2)", "rds_import_binlog_ssl_material()", "rds_remove_binlog_ssl_material(1)",
    "rds_set_read_only()", "rds_rotate_slow_log(1)", "rds_gtid_purged()", "rds_show_configuration('x')"])  # fmt: skip
def test_wrong_number_of_arguments(cluster, call):
    assert error(cluster, f"CALL mysql.{call}")[0] == 1318


# --- sessions ---


def test_session_binlog_format(old):
    for given, found in (("statement", "STATEMENT"), (" MIXED ", "MIXED"), ("Row", "ROW")):
        assert old("CALL mysql.rds_set_session_binlog_format(%s)", (given,)) == []
        assert old("SELECT @@SESSION.binlog_format AS f") == [{"f": found}]


@pytest.mark.parametrize("value", [None, "", "OFF", "ROW; SET GLOBAL read_only = 1", "'", TOO_LONG, 1])
def test_session_binlog_format_refused(old, value):
    before = old("SELECT @@SESSION.binlog_format AS f, @@GLOBAL.read_only AS r")
    number, text = old_error(old, "CALL mysql.rds_set_session_binlog_format(%s)", (value,))
    assert number == SIGNALLED and text.startswith(
        "mysql.rds_set_session_binlog_format: binlog_format: expected STATEMENT, ROW or MIXED, found "
    )
    assert old("SELECT @@SESSION.binlog_format AS f, @@GLOBAL.read_only AS r") == before


def test_session_binlog_off_and_on(old):
    def position():
        row = old("SHOW MASTER STATUS")[0]
        return row["File"], row["Position"]

    old("CREATE OR REPLACE DATABASE s")
    old("CREATE TABLE s.t (a INT)")
    before = position()
    assert old("CALL mysql.rds_disable_session_binlog") == []
    old("INSERT INTO s.t VALUES (1)")
    assert position() == before
    assert old("CALL mysql.rds_enable_session_binlog()") == []
    old("INSERT INTO s.t VALUES (2)")
    assert position() != before
    # What is open is not committed for it, nor is the setting changed.
    old("BEGIN")
    old("INSERT INTO s.t VALUES (3)")
    assert old_error(old, "CALL mysql.rds_disable_session_binlog")[0] == 1694
    assert old_error(old, "CALL mysql.rds_set_session_binlog_format('MIXED')")[0] == 1679
    assert old("SELECT @@SESSION.sql_log_bin AS b, @@SESSION.binlog_format AS f") == [{"b": 1, "f": "ROW"}]
    old("ROLLBACK")
    assert old("SELECT GROUP_CONCAT(a) AS a FROM s.t") == [{"a": "1,2"}]
    old("DROP DATABASE s")


def test_read_only(cluster):
    assert cluster.query("CALL mysql.rds_set_read_only(1)") == []
    try:
        assert error(cluster, "CREATE DATABASE closed")[0] == 1290
        # The daemon, and with it every procedure's own notes, goes on.
        cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', 24)")
    finally:
        cluster.query("CALL mysql.rds_set_read_only(0)")
    cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
    cluster.execute("CREATE DATABASE closed", "DROP DATABASE closed")


@pytest.mark.parametrize("value", [None, 2, -1, "", "1; SHUTDOWN", 1 << 63])
def test_read_only_refused(cluster, value):
    number, text = error(cluster, "CALL mysql.rds_set_read_only(%s)", (value,))
    assert number in (SIGNALLED, 1264, 1265, 1366) and "mode" in text, (number, text)
    assert cluster.query("SELECT @@GLOBAL.read_only AS r") == [{"r": 0}]


def test_kill(cluster):
    with cluster.connect() as victim:
        assert cluster.query("CALL mysql.rds_kill(%s)", (victim.thread_id(),)) == []
        with pytest.raises(pymysql.err.MySQLError):
            victim.cursor().execute("SELECT 1")
    assert error(cluster, "CALL mysql.rds_kill(%s)", (victim.thread_id(),)) == (
        1094, f"Unknown thread id: {victim.thread_id()}")  # fmt: skip


def test_kill_query(cluster):
    caught = []

    def wait(conn):
        try:
            conn.cursor().execute("SELECT SLEEP(600)")
        except pymysql.err.MySQLError as problem:
            caught.append(problem.args[0])

    with cluster.connect() as victim:
        thread = threading.Thread(target=wait, args=(victim,))
        thread.start()
        wait_for(lambda: cluster.query("SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s "
                                       "AND INFO LIKE 'SELECT SLEEP%%'", (victim.thread_id(),)),
                 30, "the query runs")  # fmt: skip
        assert cluster.query("CALL mysql.rds_kill_query(%s)", (victim.thread_id(),)) == []
        thread.join(30)
        with victim.cursor() as cursor:  # the session goes on
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchone() == {"one": 1}
    assert caught in ([], [1317])  # SLEEP() may also just return


@pytest.mark.parametrize("procedure", ["rds_kill", "rds_kill_query"])
@pytest.mark.parametrize("value", [None, 0, -1, "", "1 OR 1=1", 1 << 63])
def test_kill_refused(cluster, procedure, value):
    number, text = error(cluster, f"CALL mysql.{procedure}(%s)", (value,))
    assert number in (SIGNALLED, 1264, 1265, 1366), (number, text)
    assert "thread" in text


@pytest.mark.parametrize("procedure", ["rds_kill", "rds_kill_query"])
def test_the_daemons_sessions_are_not_killed(cluster, procedure):
    with pymysql.connect(unix_socket=str(cluster.instance / "run" / "engine.sock"), user="rdsadmin",
                         password=cluster.admin_password()) as admin:  # fmt: skip
        assert signalled(cluster, f"CALL mysql.{procedure}(%s)", (admin.thread_id(),)) == (
            "CANNOT KILL RDSADMIN SESSION"
        )
        admin.ping(reconnect=False)


# --- log tables ---


@contextlib.contextmanager
def logging_to_tables(cluster):
    cluster.as_admin("SET GLOBAL log_output = 'TABLE'", "SET GLOBAL general_log = ON",
                     "SET GLOBAL long_query_time = 0", "SET GLOBAL slow_query_log = ON")  # fmt: skip
    try:
        yield
    finally:
        cluster.as_admin("SET GLOBAL general_log = OFF", "SET GLOBAL slow_query_log = OFF",
                         "SET GLOBAL long_query_time = DEFAULT", "SET GLOBAL log_output = 'FILE'")  # fmt: skip


@pytest.mark.parametrize("log, text", [("slow_log", "sql_text"), ("general_log", "argument")])
def test_rotate_log_table(cluster, log, text):
    def rows(table, mark):
        return cluster.query(f"SELECT COUNT(*) AS n FROM mysql.{table} WHERE {text} = %s",
                             (f"SELECT '{mark}'",))[0]["n"]  # fmt: skip

    with logging_to_tables(cluster):
        for mark in (f"first {log}", f"second {log}"):
            cluster.query(f"SELECT '{mark}'")
            before = cluster.query("SHOW MASTER STATUS")
            assert cluster.query(f"CALL mysql.rds_rotate_{log}()") == []
            assert cluster.query("SHOW MASTER STATUS") == before
            assert (rows(f"{log}_backup", mark), rows(log, mark)) == (1, 0)
        assert rows(f"{log}_backup", f"first {log}") == 0  # only one is kept


def test_rotate_general_log_that_is_in_no_table(cluster):
    assert signalled(cluster, "CALL mysql.rds_rotate_general_log") == (
        "mysql.rds_rotate_general_log: log_output: expected TABLE, found FILE: "
        "the general log is in no table."
    )


# --- SSL material ---

IMPORT = "CALL mysql.rds_import_binlog_ssl_material(%s)"


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    """Two authorities' certificates and keys, as they are in files."""
    tmp = tmp_path_factory.mktemp("pems")
    for name in ("one", "two"):
        make_certificate(tmp / f"{name}.pem", tmp / f"{name}.key", f"/CN={name}")
    subprocess.run(["openssl", "pkey", "-in", tmp / "one.key", "-aes256", "-passout", "pass:word",
                    "-out", tmp / "locked.key"], check=True, capture_output=True, timeout=60)  # fmt: skip
    return {path.name: path.read_text() for path in tmp.iterdir()}


def material(pems, ca="one.pem", cert="one.pem", key="one.key"):
    return {"ssl_ca": pems[ca], "ssl_cert": pems[cert], "ssl_key": pems[key]}


def as_printed(parts):
    """As the documented call has it: line breaks within strings, but for the last of each."""
    members = (f'"{name}":"{text[:-1]}\\n"' for name, text in parts.items())
    return "{" + ",".join(members) + "}\n"


def stored(cluster):
    directory = cluster.own / "sslreplication"
    if not directory.exists():
        return None
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    return {path.stem: path.read_text() for path in directory.iterdir()}


def test_ssl_material(cluster, pems):
    done = [{"Message": "SSL material import complete."}]
    binlog = cluster.query("SHOW MASTER STATUS")
    first, second = material(pems), material(pems, "one.pem", "two.pem", "two.key")
    assert cluster.query(IMPORT, (json.dumps(first),)) == done
    assert stored(cluster) == first
    assert cluster.query(IMPORT, (as_printed(second),)) == done
    assert stored(cluster) == second
    # Nobody finds the key anywhere else.
    line = pems["two.key"].splitlines()[1]
    for table in ("rds_request", "rds_history", "rds_configuration", "proc"):
        assert line not in str(cluster.query(f"SELECT * FROM mysql.{table}"))
    assert line not in str(cluster.query("SHOW FULL PROCESSLIST"))
    assert cluster.query("SHOW MASTER STATUS") == binlog
    for path in (cluster.stderr, cluster.stdout, cluster.engine_log):
        assert line not in path.read_text(errors="replace"), path
    for _ in range(2):  # to remove what is not there is fine
        assert cluster.query("CALL mysql.rds_remove_binlog_ssl_material") == []
        assert stored(cluster) is None


def bad_material(pems):
    good = material(pems)
    yield "", "expected a JSON object of 1 to 65536 bytes, found 0 bytes"
    yield None, "expected a JSON object of 1 to 65536 bytes, found NULL"
    yield json.dumps({**good, "ssl_ca": "x" * 66000}), "expected a JSON object of 1 to 65536 bytes"
    yield 7, "expected a JSON object"
    yield "[]", "expected a JSON object"
    yield "{}", "expected the member ssl_ca, found none"
    yield json.dumps(good) + ";", "expected nothing behind }, found 1 bytes"
    yield json.dumps(good)[:-4], "found the end of the text"
    yield json.dumps({**good, "ssl_crl": ""}), "found ssl_crl"
    yield json.dumps({**good, good["ssl_key"]: ""}), "found another name"
    yield json.dumps(good)[:-1] + ',"ssl_key":""}', "expected ssl_key once, found it twice"
    yield json.dumps({name: good[name] for name in ("ssl_ca", "ssl_cert")}), "the member ssl_key, found none"
    yield json.dumps({**good, "ssl_key": None}), "a member's text in double quotes"
    yield json.dumps({**good, "ssl_ca": ""}), "ssl_ca: expected a certificate in PEM"
    yield json.dumps({**good, "ssl_ca": good["ssl_key"]}), "ssl_ca: expected a certificate in PEM"
    yield json.dumps({**good, "ssl_ca": good["ssl_ca"].replace("MII", "MIA")}), "found number 1 broken"
    yield json.dumps({**good, "ssl_cert": "'; DROP DATABASE mysql; --"}), "ssl_cert: expected a certificate"
    yield json.dumps({**good, "ssl_key": "-----BEGIN"}), "ssl_key: expected a private key in PEM"
    yield json.dumps({**good, "ssl_key": pems["locked.key"]}), "ssl_key: expected a private key without a passphrase"
    yield json.dumps({**good, "ssl_key": pems["two.key"]}), (
        "ssl_key: expected the private key of the first certificate in ssl_cert, found another one"
    )


def test_bad_ssl_material(cluster, pems):
    cluster.query(IMPORT, (json.dumps(material(pems)),))
    before = stored(cluster)
    line = pems["one.key"].splitlines()[1]
    for given, expected in bad_material(pems):
        text = signalled(cluster, IMPORT, (given,))
        assert expected in text and line not in text, (str(given)[:100], text)
        assert stored(cluster) == before
        assert cluster.query("SELECT * FROM mysql.rds_request") == []
    assert line not in cluster.stderr.read_text()
    cluster.query("CALL mysql.rds_remove_binlog_ssl_material")


def test_anybody_may_wake_the_daemon_and_gives_it_nothing(cluster, pems):
    """The function behind the requests: what comes with it counts only for a row of the procedures'."""
    cluster.account("CREATE USER 'nobody'@'%' IDENTIFIED BY 'pw'")
    try:
        given = "0" * 32 + json.dumps(material(pems))
        assert cluster.query("SELECT aurora_control(%s) AS a", (given,), user="nobody", password="pw") == [{"a": None}]
        for text in ("", "short", "x" * 70001):
            (answer,) = cluster.query("SELECT aurora_control(%s) AS a", (text,), user="nobody", password="pw")
            assert answer["a"], text[:10]
        assert stored(cluster) is None
    finally:
        cluster.drop_account("'nobody'@'%'")
