"""What a tool sees of replication at an endpoint: SHOW SLAVE STATUS and its like, by compatibility, as text, prepared and
among other statements; and what stands for MySQL's performance_schema tables.

One daemon with two clusters, each with a source at which nobody listens: the first is as MySQL 8.0, on MariaDB 10.11, and
`old`, on 11.8, as MySQL 5.7.

Time budget: 15 s.
"""

import contextlib
import json

import pymysql
import pytest
from pymysql.constants import CLIENT, FIELD_TYPE

from servers import fetch
from servers.wait import wait_for

from . import protocol
from .shown_columns import (
    BINARY_LOGS_57, BINARY_LOGS_80, REPLICA_STATUS_80, REPLICAS_80, SLAVE_HOSTS, SLAVE_STATUS_56, SLAVE_STATUS_57,
    SLAVE_STATUS_80,
)  # fmt: skip
from .test_clusters import ask, connect, credentials
from .test_drivers import SOURCES, account, run
from .test_procedures import SET_MASTER, SOURCE

NUMBERS = {FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG}
CURSOR_EXISTS = 0x40
STATUS = ["SHOW SLAVE STATUS", "SHOW REPLICA STATUS", "SHOW ALL SLAVES STATUS"]


@pytest.fixture(scope="module")
def replicating(cluster):
    cluster.query(SET_MASTER.replace("master", "source"), SOURCE)
    yield cluster
    cluster.query("CALL mysql.rds_reset_external_source")


@pytest.fixture(scope="module")
def old(cluster):
    """A session in `old`."""
    ask(cluster, "create", "old", "--engine", "mariadb-11.8", "--compatibility", "2")
    with connect(cluster, "old") as conn, conn.cursor() as cursor:
        cursor.execute(SET_MASTER, SOURCE)
        while cursor.nextset():
            pass
        yield cursor


def described(cursor, statement):
    """The names of the columns of its answer, and the types, where texts are one."""
    cursor.execute(statement)
    return {column[0]: column[1] if column[1] in NUMBERS else "text" for column in cursor.description}


def names(cursor, statement):
    return list(described(cursor, statement))


@contextlib.contextmanager
def session(server, **kw):
    with server.connect(**kw) as conn, conn.cursor() as cursor:
        yield cursor


# --- names, order and types ---


def test_the_lists_are_the_servers(nodes):
    """The lists that the others are compared with are what MySQL itself has."""
    with session(nodes["mysql-9.7"]) as cursor:
        assert names(cursor, "SHOW REPLICA STATUS") == REPLICA_STATUS_80
        assert names(cursor, "SHOW REPLICAS") == REPLICAS_80
        assert names(cursor, "SHOW BINARY LOGS") == BINARY_LOGS_80
    with session(nodes["mysql-5.6"]) as cursor:
        assert names(cursor, "SHOW SLAVE STATUS") == SLAVE_STATUS_56
        assert names(cursor, "SHOW SLAVE HOSTS") == SLAVE_HOSTS
        assert names(cursor, "SHOW BINARY LOGS") == BINARY_LOGS_57


def test_columns_of_mysql_8(replicating, nodes):
    with session(replicating) as cursor, session(nodes["mysql-9.7"]) as theirs:
        shown = described(cursor, "SHOW REPLICA STATUS")
        assert list(shown)[:60] == REPLICA_STATUS_80
        mysqls = described(theirs, "SHOW REPLICA STATUS")
        assert {name: shown[name] for name in mysqls} == mysqls
        old_names = described(cursor, "SHOW SLAVE STATUS")
        assert list(old_names)[:60] == SLAVE_STATUS_80
        assert list(old_names.values()) == list(shown.values())
        # Of MariaDB's own columns none is lost, and they keep their names.
        engines = list(replicating.as_admin("SHOW SLAVE STATUS")[0])
        own = [name for name in engines if name not in SLAVE_STATUS_80]
        assert "Using_Gtid" in own and list(shown)[60:] == list(old_names)[60:] == own
        for statement, expected in (("SHOW REPLICAS", REPLICAS_80), ("SHOW SLAVE HOSTS", SLAVE_HOSTS),
                                    ("SHOW BINARY LOGS", BINARY_LOGS_80)):  # fmt: skip
            assert names(cursor, statement) == expected
        for statement in "SHOW REPLICAS", "SHOW BINARY LOGS":
            assert described(cursor, statement) == described(theirs, statement)


def test_columns_of_mysql_5_7(old, nodes):
    with session(nodes["mysql-5.6"]) as theirs:
        for statement in STATUS[:2]:
            shown = described(old, statement)
            assert list(shown)[:57] == SLAVE_STATUS_57 and "Using_Gtid" in list(shown)[57:]
            mysqls = described(theirs, "SHOW SLAVE STATUS")
            assert {name: shown[name] for name in mysqls} == mysqls
        for statement in "SHOW SLAVE HOSTS", "SHOW REPLICAS":
            assert described(old, statement) == described(theirs, "SHOW SLAVE HOSTS")
        assert described(old, "SHOW BINARY LOGS") == described(theirs, "SHOW BINARY LOGS")


def test_mariadbs_own_statement_keeps_its_columns(replicating):
    with session(replicating) as cursor:
        for statement in "SHOW ALL SLAVES STATUS", "SHOW ALL REPLICAS STATUS":
            cursor.execute(statement)
            (row,) = cursor.fetchall()
            assert list(row) == list(replicating.as_admin("SHOW ALL SLAVES STATUS")[0])
            assert (row["Master_Port"], row["Connection_name"]) == (SOURCE[1], "")


# --- values, on every way to ask ---


def shown(server, statement):
    with session(server) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def as_texts(rows):
    """Without the one number with a fraction, which each driver writes in its own way."""
    return [{name: value if value is None else str(value) for name, value in row.items()
             if name != "Slave_heartbeat_period"} for row in rows]  # fmt: skip


def test_the_source_is_shown(replicating):
    (old_words,), (new_words,) = (shown(replicating, statement) for statement in STATUS[:2])
    assert (old_words["Master_Host"], old_words["Master_Port"], old_words["Master_User"]) == SOURCE[:1] + (1, SOURCE[2])
    assert list(old_words.values()) == list(new_words.values())
    assert (new_words["Source_Log_File"], new_words["Exec_Source_Log_Pos"]) == SOURCE[4:6]
    assert (new_words["Auto_Position"], new_words["Channel_Name"], new_words["Source_Retry_Count"]) == (0, "", 0)
    assert (new_words["Source_UUID"], new_words["Executed_Gtid_Set"], new_words["Seconds_Behind_Source"]) == ("", "", None)


def test_an_error_has_its_time(replicating):
    replicating.query("CALL mysql.rds_start_replication")
    try:
        row = wait_for(lambda: (r := shown(replicating, STATUS[1])[0])["Last_IO_Errno"] and r, 30, "nobody listens there")
        assert row["Last_IO_Errno"] == 2003 and row["Replica_IO_Running"] == "Connecting"
        assert row["Replica_IO_State"] in ("Connecting to source", "Reconnecting after a failed source event read")
        date, time = row["Last_IO_Error_Timestamp"].split(" ")
        assert len(date) == 6 and time.count(":") == 2
    finally:
        replicating.query("CALL mysql.rds_stop_replication")


def test_prepared(replicating):
    """mysql2 waits for what is prepared, JDBC sends the execution with it; both execute it again."""
    asked = [*STATUS, "SHOW REPLICAS", "SHOW BINARY LOGS"]
    expected = [as_texts(shown(replicating, statement)) for statement in asked] * 2
    found = run(fetch.home("mysql2") / "bin" / "node", SOURCES / "mysql2_rows.js", *account(replicating), *asked)
    assert [as_texts(rows) for rows in json.loads(found)] == expected
    home = fetch.home("java")
    jars = ":".join(str(home / "share" / name) for name in ("mariadb-java-client.jar", "rhino.jar"))
    found = run(home / "bin" / "java", "-cp", jars, "org.mozilla.javascript.tools.shell.Main", "-encoding", "UTF-8",
                SOURCES / "jdbc_rows.js", *account(replicating), *asked)  # fmt: skip
    assert [as_texts(rows) for rows in json.loads(found)] == expected


def test_prepared_where_the_engines_numbers_are_shorter(cluster, old):
    own = credentials(ask(cluster, "describe", "old"))
    found = run(fetch.home("mysql2") / "bin" / "node", SOURCES / "mysql2_rows.js", own["port"], own["user"],
                own["password"], *STATUS[:2])  # fmt: skip
    old.execute(STATUS[0])
    assert [as_texts(rows) for rows in json.loads(found)] == [as_texts(old.fetchall())] * 4


def test_with_a_cursor(cluster, old):
    """As MySQL's JDBC driver has it: the engine 11.8 keeps the rows for a COM_STMT_FETCH."""
    own = credentials(ask(cluster, "describe", "old"))
    for statement in STATUS:
        old.execute(statement)
        row = list(old.fetchall()[0].values())
        with protocol.Raw(int(own["port"])) as raw:
            assert raw.greet().login(own["user"].encode(), own["password"])[:1] == b"\0"
            raw.send(bytes([protocol.COM_STMT_PREPARE]) + statement.encode(), 0)
            head = raw.read()
            for _ in range(len(row) + 1):  # and what ends them
                raw.read()
            raw.send(bytes([protocol.COM_STMT_EXECUTE]) + head[1:5] + b"\1\1\0\0\0", 0)
            assert raw.read() == bytes([len(row)])
            for _ in range(len(row)):
                raw.read()
            assert raw.read()[3] & CURSOR_EXISTS
            raw.send(bytes([protocol.COM_STMT_FETCH]) + head[1:5] + (100).to_bytes(4, "little"), 0)
            found = raw.read()
            assert found[:1] == b"\0" and b"\x09127.0.0.1\x09repl_user" in found and raw.sequence == 1
            assert raw.read()[:1] == b"\xfe" and raw.sequence == 2


def test_prepared_by_their_text(replicating):
    with session(replicating) as cursor:
        for statement in STATUS:
            cursor.execute(statement)
            expected = cursor.fetchall()
            for ways in [f"EXECUTE IMMEDIATE '{statement}'"], [f"PREPARE s FROM '{statement}'", "EXECUTE s"]:
                for way in ways:
                    cursor.execute(way)
                assert cursor.fetchall() == expected


def test_among_other_statements(replicating):
    """All results of one text, and the session goes on behind them; an error in between ends them."""
    one = [{"one": 1}]
    with session(replicating, client_flag=CLIENT.MULTI_STATEMENTS) as cursor:
        parts = ["SELECT 1 AS one", STATUS[0], STATUS[1], "SELECT 1 AS one", "SHOW BINARY LOG STATUS", "SHOW REPLICAS",
                 STATUS[2], "SHOW BINARY LOGS", "SELECT 1 AS one"]  # fmt: skip
        cursor.execute("; ".join(parts))
        found = [cursor.fetchall()]
        while cursor.nextset():
            found.append(cursor.fetchall())
        assert found[0] == found[3] == found[8] == one
        assert [found[1], found[2], found[6]] == [shown(replicating, statement) for statement in STATUS]
        assert found[4] == replicating.query("SHOW MASTER STATUS") and list(found[7][0]) == BINARY_LOGS_80
        cursor.execute(f"{STATUS[1]}; SELECT nothing")
        assert list(cursor.fetchall()[0])[:60] == REPLICA_STATUS_80
        with pytest.raises(pymysql.err.OperationalError) as error:
            cursor.nextset()
        assert error.value.args[0] == 1054
        cursor.execute("SELECT 1 AS one")
        assert cursor.fetchall() == one


@pytest.mark.parametrize("home, program", [("mariadb-10.11", "mariadb"), ("mysql-9.7", "mysql")])
def test_command_lines(replicating, home, program):
    out = replicating.client(program, "--vertical", "-e", "SELECT 'before'; SHOW REPLICA STATUS; SELECT 'behind'", home=home).stdout
    lines = [line.strip() for line in out.splitlines()]
    assert "Source_Host: 127.0.0.1" in lines and "Network_Namespace:" in lines and lines[-1].endswith("behind")


def test_the_privilege_is_the_engines_to_grant(replicating):
    """The same error on all ways, and none of the columns."""
    replicating.account("CREATE USER 'looker'@'%' IDENTIFIED BY 'looks'")
    try:
        with session(replicating, user="looker", password="looks") as cursor:
            for statement in [*STATUS, "SHOW REPLICAS", "EXECUTE IMMEDIATE 'SHOW REPLICA STATUS'"]:
                with pytest.raises(pymysql.err.OperationalError) as error:
                    cursor.execute(statement)
                assert error.value.args[0] == 1227
    finally:
        replicating.drop_account("'looker'@'%'")


# --- performance_schema ---


def test_performance_schema_tells_nothing(replicating):
    """What the engine has of MySQL's tables is empty, the others do not exist; doc/replication-status.md says so."""
    present = ["replication_connection_configuration", "replication_applier_configuration", "replication_applier_status",
               "replication_applier_status_by_coordinator", "replication_applier_status_by_worker"]  # fmt: skip
    for table in present:
        assert replicating.query(f"SELECT * FROM performance_schema.{table}") == []
    for table in "replication_connection_status", "replication_group_members", "log_status":
        with pytest.raises(pymysql.err.ProgrammingError) as error:
            replicating.query(f"SELECT * FROM performance_schema.{table}")
        assert error.value.args[0] == 1146
