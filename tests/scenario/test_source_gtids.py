"""A cluster that follows a source behind the GTIDs that it has, and what is skipped and stopped at in the source's words.

One cluster for all, a MySQL 9.7, a MariaDB 11.8 and a MySQL 5.6; each test begins with the cluster's copy equal to the
source and replication forgotten. Time budget: 90 s.
"""

import contextlib

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .test_channel import PASSWORD, events, kill_daemon, kill_engine, make_account, position, status, wait_caught_up
from .test_procedures import signalled

SET_AUTO = "CALL mysql.rds_set_external_source_with_auto_position('127.0.0.1', %s, 'repl_user', %s, 0)"
SET = "CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, %s, 0)"
START = "CALL mysql.rds_start_replication"
STOP = "CALL mysql.rds_stop_replication"
RESET = "CALL mysql.rds_reset_external_source"
RUNNING = "You can't modify replication because replication is running. First call mysql.rds_stop_replication."
TABLES = ["CREATE DATABASE channel", "CREATE TABLE channel.t (a INT, b VARCHAR(20))",
          "CREATE TABLE channel.k (a INT PRIMARY KEY)"]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with Node("mysql-9.7", tmp_path_factory.mktemp("source"), gtid_mode="ON",
              enforce_gtid_consistency="ON") as source:  # fmt: skip
        make_account(source)
        yield source


@pytest.fixture(scope="module")
def old_node(tmp_path_factory):
    with Node("mysql-5.6", tmp_path_factory.mktemp("old"), gtid_mode="ON", enforce_gtid_consistency="ON",
              log_slave_updates="ON") as source:  # fmt: skip
        make_account(source)
        yield source


@pytest.fixture
def old(follower, old_node):
    """A source with an empty table, up to which the cluster has all of it."""
    old_node.execute("DROP DATABASE IF EXISTS channel", TABLES[0] + " CHARACTER SET utf8mb4", *TABLES[1:])
    follower.query("CALL mysql.rds_gtid_purged(%s)", ("+" + executed(old_node),))
    yield old_node


@pytest.fixture
def follower(cluster, source):
    """The cluster beside a source with an empty table, which both have."""
    source.execute("DROP DATABASE IF EXISTS channel", *TABLES)
    cluster.execute("DROP DATABASE IF EXISTS channel", *TABLES)
    cluster.query("CALL mysql.rds_gtid_purged(%s)", ("+" + executed(source),))
    yield cluster
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query(RESET)
    cluster.as_admin("SET sql_log_bin = 0", "UPDATE mysql.rds_channel_setting SET value = ''")


def executed(source):
    return source.query("SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")


def insert(source, *numbers):
    source.execute(*(f"INSERT INTO channel.t VALUES ({n}, 'x')" for n in numbers))


def last_gtid(source):
    """Of the source's own transactions the latest."""
    uuid = source.query("SELECT @@server_uuid AS u")[0]["u"]
    number = source.query("SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '') AS g")[0]["g"]
    return f"{uuid}:{number.rpartition('-')[2].rpartition(':')[2]}"


def rows(server):
    return [row["a"] for row in server.query("SELECT a FROM channel.t ORDER BY a, b")]


def actions(cluster, count):
    history = cluster.query("SELECT action FROM mysql.rds_history ORDER BY action_timestamp DESC LIMIT %s", (count,))
    return [row["action"] for row in history][::-1]


def test_begins_behind_what_was_purged(follower, source):
    """Also where the set has gaps: what it names is not applied, all else is."""
    insert(source, 1, 2)
    follower.query("CALL mysql.rds_gtid_purged(%s)", ("+" + last_gtid(source),))  # the second alone
    assert follower.query(SET_AUTO, (source.port, PASSWORD)) == []
    assert actions(follower, 2) == ["Starting: set master AP", "set master with AP"]
    assert follower.query(START) == [{"Message": "Replication started. Slave is now running normally."}]
    insert(source, 3)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3]
    follower.query(STOP)
    insert(source, 4)
    follower.query(START)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3, 4]
    # Set again without a reset, it goes on behind what is applied.
    follower.query(STOP)
    insert(source, 5)
    follower.query(SET_AUTO, (source.port, PASSWORD))
    follower.query(START)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3, 4, 5]
    (shown,) = follower.query("SHOW REPLICA STATUS")
    sets = [shown[column].replace("\n", "") for column in ("Executed_Gtid_Set", "Retrieved_Gtid_Set")]
    assert sets == [executed(source)] * 2 and shown["Auto_Position"] == 1
    assert shown["Source_UUID"] == source.query("SELECT @@server_uuid AS u")[0]["u"]


def test_what_is_purged_at_the_source(follower, source):
    follower.as_admin("SET sql_log_bin = 0", "UPDATE mysql.rds_channel_setting SET value = '' WHERE name = 'gtid_purged'")
    source.execute("FLUSH BINARY LOGS")
    source.execute(f"PURGE BINARY LOGS TO '{position(source)[0]}'")
    follower.query(SET_AUTO, (source.port, PASSWORD))
    assert "encountered an error" in signalled(follower, START)
    row = status(follower)
    assert row["Last_IO_Errno"] == 1236 and "purged" in row["Last_IO_Error"], row
    follower.query(STOP)
    # What it lacks can be told afterwards.
    follower.query("CALL mysql.rds_gtid_purged(%s)", (executed(source),))
    follower.query(START)
    insert(source, 1)
    wait_caught_up(follower, source)
    assert rows(follower) == [1]


def test_from_a_position_to_gtids_and_back(follower, source):
    file, offset = position(source)
    insert(source, 1)
    follower.query(SET, (source.port, PASSWORD, file, offset))
    for name in ("source", "master"):
        assert "because the replica isn't configured" not in str(
            follower.query(f"CALL mysql.rds_set_{name}_auto_position(0)"))  # fmt: skip
    follower.query(START)
    wait_caught_up(follower, source)
    for call in ("rds_set_source_auto_position(1)", "rds_set_master_auto_position(0)", "rds_set_binlog_source_ssl(1)"):
        assert signalled(follower, f"CALL mysql.{call}") == RUNNING
    for mode, row in ((1, 2), (0, 3), (1, 4)):
        follower.query(STOP)
        insert(source, row)
        assert follower.query("CALL mysql.rds_set_source_auto_position(%s)", (mode,)) == []
        follower.query(START)
        insert(source, row * 10)
        wait_caught_up(follower, source)
        assert rows(follower) == rows(source)


def test_encryption_is_turned_on_and_off(follower, source):
    source.execute("ALTER USER 'repl_user'@'127.0.0.1' REQUIRE SSL")
    try:
        follower.query(SET_AUTO, (source.port, PASSWORD))
        for mode, allowed, state in ((1, "Yes", "Yes"), (0, "No", "Connecting")):
            assert follower.query("CALL mysql.rds_set_binlog_source_ssl(%s)", (mode,)) == []
            assert status(follower)["Master_SSL_Allowed"] == allowed
            follower.query(START)
            row = wait_for(lambda: (status(follower)["Slave_IO_Running"] == "Yes" or status(follower)["Last_IO_Errno"])
                           and status(follower), 30, "receiving, or why not")  # fmt: skip
            assert (row["Slave_IO_Running"], row["Last_IO_Errno"] == 1045) == (state, mode == 0), row
            follower.query(STOP)
    finally:
        source.execute("ALTER USER 'repl_user'@'127.0.0.1' REQUIRE NONE")


def test_without_a_source(cluster):
    for call in ("rds_set_source_auto_position(1)", "rds_set_master_auto_position(0)", "rds_set_binlog_source_ssl(1)"):
        assert signalled(cluster, f"CALL mysql.{call}") == (
            "You can't modify replication because the replica isn't configured. "
            "First call mysql.rds_set_external_master.")  # fmt: skip


# --- skipping ---

SKIPPED = [{"Message": "Statement in error has been skipped"}, {"Message": "Slave is now running normally"}]


def results(cluster, sql, args=None):
    """The rows of all result sets of a call."""
    with cluster.connect() as conn, conn.cursor() as cursor:
        cursor.execute(sql, args)
        rows = list(cursor.fetchall())
        while cursor.nextset():
            rows += cursor.fetchall()
        return rows


def start_at(cluster, source):
    file, offset = position(source)
    cluster.query(SET, (source.port, PASSWORD, file, offset))
    cluster.query(START)


def wait_failed(cluster):
    return wait_for(lambda: status(cluster)["Last_SQL_Errno"] and status(cluster), 30, "an error of the applier")


def fail_one(cluster, source):
    """A transaction that fails at the cluster, with one before and one behind it: 1, 2 and 3."""
    cluster.execute("INSERT INTO channel.k VALUES (2)")
    insert(source, 1)
    source.execute("INSERT INTO channel.k VALUES (2)")
    insert(source, 3)
    return wait_failed(cluster)


def test_skip_repl_error(follower, source):
    start_at(follower, source)
    skip = "CALL mysql.rds_skip_repl_error"
    assert signalled(follower, skip) == "Slave is running normally.  No errors detected to skip."
    assert fail_one(follower, source)["Last_SQL_Errno"] == 1062
    assert results(follower, skip) == SKIPPED
    assert actions(follower, 2) == ["Starting: skip_repl_error", "skip_repl_error:OK"]
    wait_caught_up(follower, source)
    assert rows(follower) == rows(source) == [1, 3]
    assert signalled(follower, skip) == "Slave is running normally.  No errors detected to skip."
    follower.query(STOP)
    assert signalled(follower, skip) == "Slave is down or disabled."


def test_what_failed_at_the_start_and_was_skipped_goes_on_over_a_restart(follower, source):
    """The call has told of an error then, and replication runs all the same."""
    file, offset = position(source)
    follower.execute("INSERT INTO channel.k VALUES (2)")
    source.execute("INSERT INTO channel.k VALUES (2)")
    insert(source, 1)
    follower.query(SET, (source.port, PASSWORD, file, offset))
    with contextlib.suppress(pymysql.err.OperationalError):  # it may fail a moment later
        follower.query(START)
    wait_failed(follower)
    assert results(follower, "CALL mysql.rds_skip_repl_error") == SKIPPED
    kill_engine(follower)
    insert(source, 2)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 2]


def test_a_second_error_is_not_skipped_with_the_first(follower, source):
    start_at(follower, source)
    follower.execute("INSERT INTO channel.k VALUES (8), (9)")
    source.execute("INSERT INTO channel.k VALUES (8)", "INSERT INTO channel.k VALUES (9)")
    wait_failed(follower)
    text = signalled(follower, "CALL mysql.rds_skip_repl_error")
    assert text == "Slave has encountered a new error. Please use SHOW SLAVE STATUS to see the error."
    assert actions(follower, 1) == ["skip_repl_error:ERR"]
    assert "'9'" in status(follower)["Last_SQL_Error"]
    assert results(follower, "CALL mysql.rds_skip_repl_error") == SKIPPED


def test_the_daemon_dies_while_it_skips(follower, source, monkeypatch):
    """The failed transaction is skipped once, whatever is called afterwards."""
    monkeypatch.setenv("BOREALIS_INJECT", "replication/skipped:crash")
    kill_daemon(follower)
    monkeypatch.delenv("BOREALIS_INJECT")
    start_at(follower, source)
    fail_one(follower, source)
    with pytest.raises(pymysql.err.MySQLError):
        follower.query("CALL mysql.rds_skip_repl_error")
    follower.daemon.wait(30)
    follower.start()
    assert signalled(follower, "CALL mysql.rds_skip_repl_error") == "Slave is down or disabled."
    follower.query(START)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3]


def test_skip_transaction_with_gtid(follower, source):
    """The one that fails; and one that is yet to come, while replication runs."""
    start_at(follower, source)
    skip = "CALL mysql.rds_skip_transaction_with_gtid(%s)"
    done = [{"Message": "Transaction has been skipped successfully."}]
    fail_one(follower, source)
    uuid, _, last = last_gtid(source).partition(":")
    failed = f"{uuid}:{int(last) - 1}"
    assert follower.query(skip, (failed,)) == done
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3]
    assert follower.query(skip, (f"{uuid.upper()}:{int(last) + 2}",)) == done
    insert(source, 4, 5, 6)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 3, 4, 6]
    assert actions(follower, 2) == ["Starting: rds_skip_transaction_with_gtid", "rds_skip_transaction_with_gtid:OK"]


# --- until ---

REACHED = ("Replication has been stopped since the replica reached the stop point specified by the "
           "rds_start_replication_until{} stored procedure")  # fmt: skip


def reached(cluster, by_gtid=False):
    """How often that was told."""
    return [event["message"] for event in events(cluster)].count(REACHED.format("_gtid" if by_gtid else ""))


def wait_stopped(cluster):
    def stopped():
        row = status(cluster)
        assert not row["Last_SQL_Errno"] and not row["Last_IO_Errno"], row
        return row["Slave_SQL_Running"] == row["Slave_IO_Running"] == "No" and row

    return wait_for(stopped, 30, "the end")


def test_until_a_position(follower, source):
    """One that is yet to come, over a crash of the daemon and of the engine; and one that is behind. Each is told once."""
    file, offset = position(source)
    told = reached(follower)
    follower.query(SET, (source.port, PASSWORD, file, offset))
    insert(source, 1)
    until = position(source)
    insert(source, 2)
    call = "CALL mysql.rds_start_replication_until(%s, %s)"
    assert follower.query(call, until) == [
        {"Message": f"Replication started until MASTER_LOG_FILE = '{until[0]}' and MASTER_LOG_POS = {until[1]}"}]  # fmt: skip
    row = wait_stopped(follower)
    assert rows(follower) == [1]
    assert (row["Until_Condition"], row["Until_Log_File"], row["Until_Log_Pos"]) == ("Master", *until)
    wait_for(lambda: reached(follower) == told + 1, 30, "it is told")
    assert actions(follower, 2) == ["Starting: start slave until", "start slave until"]
    follower.query(call, until)
    wait_stopped(follower)
    wait_for(lambda: reached(follower) == told + 2, 30, "it is told")
    assert rows(follower) == [1]
    follower.query(call, (file, until[1] + 1000000))
    wait_for(lambda: rows(follower) == [1, 2], 30, "what is before the end")
    kill_daemon(follower)
    kill_engine(follower)
    source.execute("FLUSH BINARY LOGS")
    wait_stopped(follower)
    wait_for(lambda: reached(follower) == told + 3, 30, "it is told")
    insert(source, 3)
    # A restart does not begin it again.
    kill_engine(follower)
    assert wait_stopped(follower)["Until_Log_Pos"] == until[1] + 1000000
    assert rows(follower) == [1, 2] and reached(follower) == told + 3
    follower.query(START)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 2, 3]
    assert status(follower)["Until_Condition"] == "None"


def test_what_another_session_has_started_goes_on(follower, source):
    """A call that has seen replication stopped, and reaches the daemon when another session's has started it."""
    file, offset = position(source)
    follower.query(SET, (source.port, PASSWORD, file, offset))
    follower.query(START)
    for request, argument in (
            ("start replication until", f'{{"file": "{file}", "position": {offset}}}'), ("start replication", ""),
            ("set auto position", "1"), ("set source ssl", "1"), ("skip gtid", last_gtid(source))):  # fmt: skip
        with pytest.raises(pymysql.err.OperationalError, match=f"refused '{request}': {RUNNING}"):
            follower.as_admin(f"CALL mysql.rds_internal_request('{request}', '{argument}')")
    insert(source, 1)
    wait_caught_up(follower, source)
    assert rows(follower) == [1]
    row = status(follower)
    assert (row["Slave_IO_Running"], row["Until_Condition"]) == ("Yes", "None"), row
    kill_daemon(follower)
    insert(source, 2)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 2]


def test_until_gtids(follower, source):
    call = "CALL mysql.rds_start_replication_until_gtid(%s)"
    follower.query(SET_AUTO, (source.port, PASSWORD))
    insert(source, 1)
    until = executed(source)
    insert(source, 2)
    assert follower.query(call, (until,)) == [
        {"Message": f"Replication started until SQL_AFTER_GTIDS = '{until}'"}]  # fmt: skip
    row = wait_stopped(follower)
    assert (row["Until_Condition"], row["Until_Log_File"], row["Until_Log_Pos"]) == ("SQL_AFTER_GTIDS", "", 0)
    assert rows(follower) == [1]
    uuid, _, last = last_gtid(source).partition(":")
    follower.query(call, (f"{uuid}:{int(last) + 2}",))
    wait_for(lambda: rows(follower) == [1, 2], 30, "what is before the end")
    told = reached(follower, by_gtid=True)
    insert(source, 3, 4, 5)
    wait_stopped(follower)
    assert rows(follower) == [1, 2, 3, 4]
    wait_for(lambda: reached(follower, by_gtid=True) == told + 1, 30, "it is told")


@pytest.mark.parametrize("by_gtid", [False, True])
def test_a_mysql_5_6_source(follower, old, by_gtid):
    """Until a place or a GTID; what failed, or is named, is skipped; on from the next file."""
    follower.query(*((SET_AUTO, (old.port, PASSWORD)) if by_gtid else (SET, (old.port, PASSWORD, *position(old)))))
    insert(old, 1)
    until, gtids = position(old), executed(old)
    insert(old, 2)
    if by_gtid:
        follower.query("CALL mysql.rds_start_replication_until_gtid(%s)", (gtids,))
    else:
        follower.query("CALL mysql.rds_start_replication_until(%s, %s)", until)
    wait_stopped(follower)
    assert rows(follower) == [1]
    follower.query(START)
    assert fail_one(follower, old)["Last_SQL_Errno"] == 1062
    assert results(follower, "CALL mysql.rds_skip_repl_error") == SKIPPED
    wait_caught_up(follower, old)
    assert rows(follower) == [1, 1, 2, 3]
    uuid, _, last = last_gtid(old).partition(":")
    follower.query("CALL mysql.rds_skip_transaction_with_gtid(%s)", (f"{uuid}:{int(last) + 1}",))
    insert(old, 4, 5)
    wait_caught_up(follower, old)
    assert rows(follower) == [1, 1, 2, 3, 5]


# --- the next log ---


@pytest.mark.parametrize("name", ["source", "mariadb"])
def test_next_log(follower, name, request):
    """A file that the source has lost: replication goes on with the one behind it."""
    source = request.getfixturevalue(name)
    file, _ = position(source)
    base, _, number = file.rpartition(".")
    call = "CALL mysql.rds_next_source_log(%s)"
    start_at(follower, source)
    assert signalled(follower, call, (int(number),)) == "Slave is running normally.  No errors detected to skip."
    follower.query(STOP)
    assert signalled(follower, call, (int(number),)) == "Slave is down or disabled."
    source.execute("FLUSH BINARY LOGS")

    def purged():
        source.execute(f"PURGE BINARY LOGS TO '{position(source)[0]}'")
        return file not in [row["Log_name"] for row in source.query("SHOW BINARY LOGS")]

    wait_for(purged, 30, "the dump of it has ended, and it has gone")
    insert(source, 1)
    follower.query(SET, (source.port, PASSWORD, file, 4))
    assert "encountered an error" in signalled(follower, START)
    assert status(follower)["Last_IO_Errno"] == 1236
    text = signalled(follower, call, (int(number) - 1,))
    assert text.startswith(f"mysql.rds_next_source_log: curr_log_index: expected {int(number)}, the number of {file}"), text
    assert results(follower, call, (int(number),)) == [
        {"Message": "Master Log Position has been set to start of next log"},
        {"Message": "Slave is now running normally"}]  # fmt: skip
    wait_caught_up(follower, source)
    assert rows(follower) == [1]
    assert status(follower)["Master_Log_File"] == f"{base}.{int(number) + 1:06}"


# --- a large set ---


def test_a_large_set(follower, source):
    """Tens of thousands of bytes of GTIDs of other servers, which the source has never had in a file."""
    foreign = ",".join(f"{one:08x}-1111-2222-3333-444444444444:1-9:11" for one in range(1, 601))
    source.execute(f"SET GLOBAL gtid_purged = '+{foreign}'", "FLUSH BINARY LOGS")
    follower.query(SET_AUTO, (source.port, PASSWORD))
    assert "encountered an error" in signalled(follower, START)
    row = status(follower)
    assert row["Last_IO_Errno"] == 1236, row
    assert "transactions that the source has purged: 00000001-1111-2222-3333-444444444444:1-9:11," in row["Last_IO_Error"]
    follower.query(STOP)
    follower.query("CALL mysql.rds_gtid_purged(%s)", ("+" + foreign,))
    follower.query(START)
    insert(source, 1)
    kill_daemon(follower)
    insert(source, 2)
    wait_caught_up(follower, source)
    assert rows(follower) == [1, 2]


# --- MariaDB ---


@pytest.fixture(scope="module")
def mariadb_node(tmp_path_factory):
    with Node("mariadb-11.8", tmp_path_factory.mktemp("mariadb")) as source:
        make_account(source)
        yield source


@pytest.fixture
def mariadb(mariadb_node):
    mariadb_node.execute("DROP DATABASE IF EXISTS channel", *TABLES)
    yield mariadb_node


def in_domain(domain, source, *numbers):
    source.execute(f"SET SESSION gtid_domain_id = {domain}",
                   *(f"INSERT INTO channel.t VALUES ({n}, 'x')" for n in numbers))  # fmt: skip


def gtids_of(mariadb):
    """Its latest GTID of each domain: {domain: (domain and server, number)}."""
    found = mariadb.query("SELECT @@GLOBAL.gtid_binlog_pos AS g")[0]["g"].split(",")
    return {int(gtid.split("-")[0]): (gtid.rpartition("-")[0], int(gtid.rpartition("-")[2])) for gtid in found}


def start_set(cluster):
    row = cluster.query("SELECT value FROM mysql.rds_channel_setting WHERE name = 'gtid_purged_of_mariadb'")
    return row[0]["value"]


def test_a_dump_of_mariadb(follower, mariadb):
    """Its GTIDs come with it: with auto position nothing more is to be told."""
    in_domain(0, mariadb, 1)
    in_domain(5, mariadb, 2)
    text = mariadb.client("mariadb-dump", "--gtid", "--master-data", "--single-transaction", "--databases", "channel").stdout
    follower.execute("DROP DATABASE channel")
    follower.client("mariadb", input=text)
    assert start_set(follower) == ",".join(f"{server}-{number}" for server, number in gtids_of(mariadb).values())
    follower.query(SET_AUTO, (mariadb.port, PASSWORD))
    follower.query(START)
    in_domain(5, mariadb, 3)
    in_domain(0, mariadb, 4)
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [1, 2, 3, 4]


def test_begins_behind_a_position_of_mariadb(follower, mariadb, monkeypatch):
    """One GTID per domain, as a dump has them: in force from the start on, and for that source alone."""
    purged, skip = "CALL mysql.rds_gtid_purged(%s)", "CALL mysql.rds_skip_transaction_with_gtid(%s)"
    in_domain(0, mariadb, 1)
    in_domain(5, mariadb, 2)
    (first, at), (second, beyond) = (gtids_of(mariadb)[domain] for domain in (0, 5))
    in_domain(0, mariadb, 3)
    in_domain(5, mariadb, 4)
    assert follower.query(purged, (f"{first}-{at - 1}",)) == []
    assert "numbers or greater ones" in signalled(follower, purged, (f"{first}-{at - 2}",))
    assert "one GTID of each domain" in signalled(follower, purged, (f"+{first}-{at},{first}-{at + 1}",))
    follower.query(purged, (f"{first}-{at}",))
    follower.query(purged, (f"+{second}-{beyond}",))
    assert start_set(follower) == f"{first}-{at},{second}-{beyond}"
    # A daemon that dies as it takes it takes it again.
    monkeypatch.setenv("BOREALIS_INJECT", "replication/positioned:crash")
    kill_daemon(follower)
    monkeypatch.delenv("BOREALIS_INJECT")
    follower.query(SET_AUTO, (mariadb.port, PASSWORD))
    with pytest.raises(pymysql.err.MySQLError):
        follower.query(START)
    follower.daemon.wait(30)
    follower.start()
    assert start_set(follower) == f"{first}-{at},{second}-{beyond}"
    # A source that is not there yet; what is skipped meanwhile holds when it is.
    mariadb.stop()
    follower.query(START)
    assert start_set(follower) == ""
    follower.query(skip, (f"{second}-{beyond + 2}",))
    mariadb.start()
    in_domain(5, mariadb, 5, 6)
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [3, 4, 6]
    # What it has by another way is told while replication stands still.
    follower.query(STOP)
    in_domain(0, mariadb, 7)
    follower.query(purged, ("{}-{}".format(*gtids_of(mariadb)[0]),))
    in_domain(0, mariadb, 8)
    follower.query(START)
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [3, 4, 6, 8]
    # Until a GTID of each domain: others get nothing.
    follower.query(STOP)
    stop = [f"{server}-{number + 1}" for server, number in gtids_of(mariadb).values()]
    until = "CALL mysql.rds_start_replication_until_gtid(%s)"
    assert "one GTID of each domain" in signalled(follower, until, (f"{stop[0]},{stop[0]}",))
    in_domain(0, mariadb, 9, 10)
    in_domain(5, mariadb, 11, 12)
    follower.query(until, (",".join(stop),))
    wait_stopped(follower)
    assert rows(follower) == [3, 4, 6, 8, 9, 11]
    # One that the source does not have is an error of the start.
    follower.query(RESET)
    follower.query(purged, ("0-4711-999999",))
    follower.query(SET_AUTO, (mariadb.port, PASSWORD))
    assert "encountered an error" in signalled(follower, START)
    row = status(follower)
    assert row["Last_IO_Errno"] == 1236 and "0-4711-999999" in row["Last_IO_Error"], row


def test_a_mariadb_source(follower, mariadb):
    """Its log comes to the engine as it is: the same holds of its own GTIDs."""
    file, offset = position(mariadb)
    follower.query(SET, (mariadb.port, PASSWORD, file, offset))
    insert(mariadb, 1)
    until = position(mariadb)
    insert(mariadb, 2)
    follower.query("CALL mysql.rds_start_replication_until(%s, %s)", until)
    wait_stopped(follower)
    assert rows(follower) == [1]

    def gtid():
        return "{}-{}".format(*gtids_of(mariadb)[0])

    insert(mariadb, 3)
    stop = gtid()
    insert(mariadb, 4)
    text = signalled(follower, "CALL mysql.rds_start_replication_until_gtid('3e11fa47-71ca-11e1-9e33-c80aa9429562:1')")
    assert text == ("mysql.rds_start_replication_until_gtid: gtid: expected GTIDs of the source, which is MariaDB, "
                    "found '3e11fa47-71ca-11e1-9e33-c80aa9429562:1'")  # fmt: skip
    follower.query("CALL mysql.rds_start_replication_until_gtid(%s)", (stop,))
    wait_stopped(follower)
    assert rows(follower) == [1, 2, 3]
    domain_server, _, last = gtid().rpartition("-")
    follower.query("CALL mysql.rds_skip_transaction_with_gtid(%s)", (f"{domain_server}-{int(last) + 1}",))
    follower.query("CALL mysql.rds_set_source_auto_position(1)")
    follower.query(START)
    insert(mariadb, 5, 6)
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [1, 2, 3, 4, 6]
    follower.execute("INSERT INTO channel.k VALUES (7)")
    mariadb.execute("INSERT INTO channel.k VALUES (7)")
    insert(mariadb, 8)
    wait_failed(follower)
    assert results(follower, "CALL mysql.rds_skip_repl_error") == SKIPPED
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [1, 2, 3, 4, 6, 8]
    follower.query(STOP)
    insert(mariadb, 9)
    follower.query("CALL mysql.rds_set_source_auto_position(0)")
    follower.query(START)
    wait_caught_up(follower, mariadb)
    assert rows(follower) == [1, 2, 3, 4, 6, 8, 9]
    newer = [event["message"] for event in events(follower) if "newer MariaDB" in event["message"]]
    assert newer and newer[-1].startswith("The replication source is a newer MariaDB than the engine: it runs 11.8."), newer
    assert "here is 10.11." in newer[-1]
