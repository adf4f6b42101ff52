"""Replicas of the other family behind `borealis relay`: where they begin, go on after all kinds of
interruptions, are moved to another relay, and what they are told when they can not go on.

What of a source's changes crosses, and how, is in other tests: here the changes are plain.
"""

import contextlib
import itertools
import pathlib
import re
import subprocess

import pymysql
import pytest

from servers.node import Node
from servers.nodes import Nodes
from servers.wait import wait_for

from .cluster import BINARY, free_port
from .relay import (
    CATCH_UP_TIMEOUT,
    REFUSED,
    REPLICA,
    Relay,
    create_account,
    follow,
    forget,
    is_mariadb,
    is_new_mysql,
    position,
    replica_settings,
    replica_status,
)
from .relay_product import ConfiguredRelay
from .reset_proxy import ResetProxy

PAIRS = [
    ("mysql-9.7", "mariadb-10.11"),
    ("mysql-9.7", "mariadb-11.8"),
    ("mariadb-10.11", "mysql-9.7"),
    ("mariadb-11.8", "mysql-9.7"),
    ("mysql-5.6", "mariadb-10.11"),
    ("mariadb-10.11", "mysql-5.6"),
]
SCHEMA = [
    "CREATE DATABASE d CHARACTER SET utf8mb4",
    "CREATE TABLE d.t (a INT PRIMARY KEY, b VARCHAR(99))",
]
HEADER = pathlib.Path(__file__).resolve().parents[2] / "src/translation/translator.h"
VERSION = int(re.search(r"#define TRANSLATOR_VERSION +(\d+)", HEADER.read_text())[1])  # in names of views
DOMAIN = 7  # of MySQL's transactions at MariaDB
numbers = itertools.count(1)


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    with Nodes(tmp_path_factory.mktemp("servers"), replica_settings) as servers:
        yield servers


@pytest.fixture
def pair(servers, request):
    """A source with a table, and a replica; neither has anything else."""
    source, replica = (servers[name] for name in request.param)
    for node in (source, replica):
        forget(node)
    source.execute(*SCHEMA)
    yield source, replica
    for node in (source, replica):
        forget(node)


def insert(node, count=3):
    """Transactions of two rows each."""
    for _ in range(count):
        a, b = next(numbers), next(numbers)
        node.execute(f"INSERT INTO d.t VALUES ({a}, 'number {a}'), ({b}, 'number {b}')")


def rows(node):
    return node.query("SELECT * FROM d.t ORDER BY a")


def run(replica, what):
    replica.execute(f"{what} REPLICA" if is_new_mysql(replica) else f"{what} SLAVE")


def why(replica, status):
    if not is_new_mysql(replica):
        return status["Last_SQL_Error"]
    sql = "SELECT LAST_ERROR_MESSAGE AS m FROM performance_schema.replication_applier_status_by_worker"
    return "; ".join(row["m"] for row in replica.query(sql))


def wait_equal(source, replica):
    def equal():
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], why(replica, status)
        assert status["Last_IO_Errno"] not in REFUSED, status["Last_IO_Error"]
        return rows(replica) == said

    said = rows(source)
    wait_for(equal, CATCH_UP_TIMEOUT, f"{replica}: has what {source} has",
             ignore=pymysql.err.MySQLError)


def io_error(replica):
    """What the replica was refused with."""
    def refused():
        status = replica_status(replica)
        return status["Last_IO_Errno"] in REFUSED and status["Last_IO_Error"]

    return wait_for(refused, CATCH_UP_TIMEOUT, f"{replica}: is refused")


def both(directory, source, *options):
    """A relay with listeners for either family."""
    return Relay(source, directory, "--mariadb-domain", str(DOMAIN), *options,
                 listen_mariadb=True, listen_mysql=True)  # fmt: skip


def begin_at(replica, relay, by_gtid, start=None):
    relay.wait_caught_up()
    relay.attach(replica, by_gtid, start)


def begin_file(source):
    source.execute("FLUSH BINARY LOGS")


def kind(replica):
    return {"mysql-5.6": "mysql5", "mysql-9.7": "mysql8"}.get(replica.server, "mariadb")


def stem(file, replica):
    """What the names of the view's files begin with."""
    return f"{file.rpartition('.')[0]}-{kind(replica)}"


def all_pairs(test):
    return pytest.mark.parametrize("pair", PAIRS, indirect=True, ids=lambda p: "-".join(p))(test)


def one_each_way(test):
    return pytest.mark.parametrize("pair", PAIRS[1:3], indirect=True, ids=lambda p: "-".join(p))(test)


@all_pairs
@pytest.mark.parametrize("by_gtid", [True, False], ids=["gtid", "position"])
def test_goes_on(pair, by_gtid, tmp_path):
    """From the beginning on; then the replica, its connection and the relay stop and come back."""
    source, replica = pair
    insert(source)
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, by_gtid)
        insert(source)
        wait_equal(source, replica)
        run(replica, "STOP")
        insert(source)
        begin_file(source)
        insert(source)
        run(replica, "START")
        wait_equal(source, replica)
        relay.stop()
        insert(source)
        relay.start()
        wait_equal(source, replica)
        for dump in relay.query("SHOW PROCESSLIST"):
            if dump["Command"] == "Binlog Dump":
                relay.query(f"KILL {dump['Id']}")
        insert(source)
        wait_equal(source, replica)
        assert stem(position(source)[0], replica) in replica_status(replica)["Master_Log_File"]
        check_gtids(replica, source)


def check_gtids(replica, source):
    """One GTID for each of the source's; MariaDB's own numbers, MySQL's counted."""
    if is_mariadb(replica):
        executed = source.query("SELECT @@GLOBAL.gtid_executed AS s")[0]["s"]
        count = int(executed.rpartition("-")[2])
        found = replica.query("SELECT @@GLOBAL.gtid_slave_pos AS s")[0]["s"]
        assert found == f"{DOMAIN}-{source.settings['server_id']}-{count}"
    else:
        domain, server, count = source.query("SELECT @@GLOBAL.gtid_binlog_pos AS s")[0]["s"].split("-")
        found = replica.query("SELECT @@GLOBAL.gtid_executed AS s")[0]["s"]
        assert found.startswith("b0ea115d-") and found.endswith(f"{int(server):08x}:1-{count}")


@one_each_way
def test_begins_at_a_position_of_the_source(pair, tmp_path):
    source, replica = pair
    insert(source)
    replica.execute(*SCHEMA)
    if not is_mariadb(replica):
        replica.execute("RESET BINARY LOGS AND GTIDS")
    source.execute("DELETE FROM d.t")
    at = position(source)
    insert(source)
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, False, at)
        wait_equal(source, replica)
        assert stem(at[0], replica) in replica_status(replica)["Master_Log_File"]
        begin_file(source)
        insert(source)
        wait_equal(source, replica)
        # At the log's end nothing comes before the next transaction.
        run(replica, "STOP")
        forget(replica)
        replica.execute(*SCHEMA)
        source.execute("DELETE FROM d.t")
        begin_at(replica, relay, False, position(source))
        insert(source)
        wait_equal(source, replica)


@one_each_way
def test_refuses_what_is_no_place_to_begin(pair, tmp_path):
    source, replica = pair
    insert(source)
    file, end = position(source)
    source.execute("BEGIN", "INSERT INTO d.t VALUES (-1, '')", "INSERT INTO d.t VALUES (-2, '')", "COMMIT")
    begin_file(source)
    events = source.query(f"SHOW BINLOG EVENTS IN '{file}' FROM {end}")
    with both(tmp_path, source) as relay:
        relay.wait_caught_up()
        other = stem(file, source) + f"{VERSION}." + file.rpartition(".")[2]
        for place, text in [
            ((file, end + 1), "impossible position"),
            ((file, events[2]["Pos"]), "impossible position"),
            (("nothing.000001", 4), "Could not find first log file name"),
            ((other, 4), "is a file of what"),
            ((stem(file, replica) + "99." + file.rpartition(".")[2], 5),
             f"position of the translation {kind(replica)}99, this relay has {kind(replica)}{VERSION},"
             f" and the log has no map {file}.{kind(replica)}99.map: give"),
            ((stem(file, replica) + f"{VERSION}." + file.rpartition(".")[2], 5), "impossible position"),
        ]:
            relay.attach(replica, False, place)
            assert text in io_error(replica), place
            forget(replica)


def place(replica):
    """(file, offset) up to which it has applied its source's binlog."""
    status = replica_status(replica)
    return status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"]


def wait_for_view(replicas, version):
    """MySQL tells its place a moment after it has applied what stands before that."""
    for replica in replicas:
        wait_for(lambda: f"-{kind(replica)}{version}." in place(replica)[0], CATCH_UP_TIMEOUT,  # noqa: B023
                 f"{replica}: is in the view of version {version}")


def insert_large(source):
    """A transaction of 3 MB, which its rows events take in pieces."""
    values = ", ".join(f"({next(numbers)}, REPEAT('x', 60000))" for _ in range(50))
    source.execute(f"INSERT INTO d.large VALUES {values}")


def all_rows(node):
    return node.query("SELECT a, b FROM d.t ORDER BY a"), node.query("SELECT a, CRC32(b) AS b FROM d.large ORDER BY a")


def wait_all_equal(source, *replicas):
    for replica in replicas:
        wait_equal(source, replica)
        wait_for(lambda: all_rows(replica) == all_rows(source), CATCH_UP_TIMEOUT,  # noqa: B023
                 f"{replica}: has what {source} has", ignore=pymysql.err.MySQLError)


NEXT = {"BOREALIS_NEXT_TRANSLATION": "1"}  # a relay of the version after this one
NEVER = 1 << 40  # bytes


@pytest.mark.parametrize("names", [
    ("mysql-9.7", "mariadb-10.11", "mariadb-11.8"),
    ("mariadb-10.11", "mysql-9.7", "mysql-5.6", "mariadb-11.8"),
], ids="-".join)  # fmt: skip
def test_another_version_by_position(servers, names, tmp_path):
    """The relay is upgraded while a replica has half of a transaction, and downgraded; the tables have
    no keys, so that what comes twice is there twice."""
    source, *replicas = (servers[name] for name in names)
    for node in (source, *replicas):
        forget(node)
    source.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT, b VARCHAR(99))",
                   "CREATE TABLE d.large (a INT, b MEDIUMTEXT)")
    insert(source)
    first = replicas[0]
    others = [replica for replica in replicas if is_mariadb(replica) != is_mariadb(source)]
    with both(tmp_path, source) as relay, ResetProxy(relay.port_for(first), [1_500_000] + [50] * 999) as proxy:
        relay.wait_caught_up()
        for replica in replicas:
            relay.attach(replica, by_gtid=False)
        wait_all_equal(source, *replicas)
        wait_for_view(others, VERSION)
        run(first, "STOP")
        at = place(first)
        assert f"-{kind(first)}{VERSION}." in at[0], at
        insert(source)
        insert_large(source)
        insert(source)
        relay.wait_caught_up()
        follow(first, proxy.port, False, at)
        wait_for(lambda: len(proxy.left) < 1000, CATCH_UP_TIMEOUT, "the connection is cut")
        relay.kill9()
        proxy.left[:] = [NEVER, NEVER]
        status = replica_status(first)
        assert status["Read_Master_Log_Pos"] - at[1] > 1_000_000 and not first.query("SELECT 1 FROM d.large")
        insert(source)
        relay.start(**NEXT)
        wait_all_equal(source, *replicas)
        wait_for_view(others, VERSION + 1)
        begin_file(source)
        insert(source)
        insert_large(source)
        wait_all_equal(source, *replicas)
        for replica in replicas:
            run(replica, "STOP")
        insert(source)
        relay.stop()
        relay.start()
        for replica in replicas:
            run(replica, "START")
        insert(source)
        wait_all_equal(source, *replicas)
        wait_for_view(others, VERSION)
        for node in (source, *replicas):
            forget(node)


@one_each_way
def test_follows_another_relay_by_gtid(pair, tmp_path):
    """Another relay of the source, started later at a later file; and one behind the first."""
    source, replica = pair
    insert(source)
    with contextlib.ExitStack() as stack:
        first = stack.enter_context(both(tmp_path / "first", source))
        begin_at(replica, first, True)
        wait_equal(source, replica)
        begin_file(source)
        insert(source)
        file, _ = position(source)
        wait_equal(source, replica)
        second = stack.enter_context(both(tmp_path / "second", source, "--start", f"{file}:4"))
        insert(source)
        move(replica, second)
        wait_equal(source, replica)
        check_gtids(replica, source)
        # A replica without anything is refused there: the log does not have all.
        forget(replica)
        second.wait_caught_up()
        second.attach(replica, True)
        text = "GTID state requested" if is_mariadb(replica) else "purged"
        assert text in io_error(replica)
        third = both(tmp_path / "third", source)
        third.follow_relay(first)
        stack.enter_context(third)
        forget(replica)
        begin_at(replica, third, True)
        wait_equal(source, replica)
        check_gtids(replica, source)


def test_a_source_without_gtids(servers, tmp_path):
    """A MariaDB replica by GTID all the same: the numbers are places in the source's files."""
    replica = servers["mariadb-10.11"]
    forget(replica)
    with (
        Node("mysql-5.6", tmp_path / "source", log_slave_updates="ON") as source,
        both(tmp_path, source) as relay,
    ):
        source.execute(*SCHEMA)
        insert(source)
        begin_at(replica, relay, True)
        wait_equal(source, replica)
        run(replica, "STOP")
        insert(source)
        begin_file(source)
        insert(source)
        run(replica, "START")
        wait_equal(source, replica)
        file = int(position(source)[0].rpartition(".")[2])
        relay.stop()
        insert(source)
        relay.start()
        wait_equal(source, replica)
        found = replica.query("SELECT @@GLOBAL.gtid_slave_pos AS s")[0]["s"]
        assert int(found.split("-")[2]) >> 40 == file
        forget(replica)


def move(replica, relay):
    run(replica, "STOP")
    port = relay.port_for(replica)
    if is_new_mysql(replica):
        replica.execute(f"CHANGE REPLICATION SOURCE TO SOURCE_PORT={port}")
    else:
        replica.execute(f"CHANGE MASTER TO MASTER_PORT={port}, MASTER_USE_GTID=slave_pos")
    run(replica, "START")


@pytest.mark.parametrize("pair", PAIRS[1:2], indirect=True, ids=["mysql-9.7-mariadb-11.8"])
def test_stops_at_what_can_not_be_translated(pair, tmp_path):
    """What stands before it arrives; the reason is where the operator looks."""
    source, replica = pair
    insert(source)
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, True)
        wait_equal(source, replica)
        insert(source)
        said = rows(source)
        before = position(source)
        source.execute("CREATE TABLE d.g (a VARCHAR(9)) CHARACTER SET gb18030")
        text = io_error(replica)
        assert "gb18030" in text
        assert rows(replica) == said
        channel = relay.status()["channels"][0]
        stop = channel["stopped_translations"][0]
        assert stop["translated_for"] == "mariadb"
        assert f"{before[0]}:" in stop["reason"] and "gb18030" in stop["reason"]
        assert "the translation for MariaDB stopped" in relay.log.read_text()
        # Past it, now that the operator has seen to the table.
        run(replica, "STOP")
        relay.wait_caught_up()
        replica.execute("SET GLOBAL gtid_slave_pos = '{}'".format(
            relay.query("SELECT BINLOG_GTID_POS('{}', {}) AS p".format(*position(source)),
                        port=relay.mariadb_port)[0]["p"]))
        insert(source)
        run(replica, "START")
        wait_equal(source, replica)
        assert relay.status()["channels"][0]["stopped_translations"] == []
        dump = next(r for r in relay.status()["channels"][0]["replicas"] if r["dumping"])
        assert dump["translated_for"] == "mariadb"
        assert stem(position(source)[0], replica) in dump["sent"]["file"]
        assert dump["source_position"]["file"] == position(source)[0]


@one_each_way
def test_statements_that_are_left_out(pair, tmp_path):
    """They are counted, once whoever gets the rest, and told with their place and without a password."""
    source, replica = pair
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, True)
        wait_equal(source, replica)
        assert relay.status()["channels"][0]["left_out_statements"] == []
        source.execute("CREATE USER somebody@'%' IDENTIFIED BY 'Secret-1'", "GRANT SELECT ON d.* TO somebody@'%'")
        insert(source)
        wait_equal(source, replica)
        run(replica, "STOP")
        insert(source)
        run(replica, "START")
        wait_equal(source, replica)
        source.execute("DROP USER somebody@'%'")
        insert(source)
        wait_equal(source, replica)
        assert not replica.query("SELECT 1 FROM mysql.user WHERE User = 'somebody'")
        file, _ = position(source)
        (dropped,) = (event["Pos"] for event in source.query(f"SHOW BINLOG EVENTS IN '{file}'")
                      if "DROP USER somebody" in event["Info"])
        assert relay.status()["channels"][0]["left_out_statements"] == [
            {"translated_for": kind(replica), "count": 3, "last": "DROP USER",
             "last_position": {"file": file, "position": dropped}}
        ]  # fmt: skip
        log = relay.log.read_text()
        assert re.findall(r"left out of the translation for \S+.*: ([A-Z ]+) file=", log) == [
            "CREATE USER", "GRANT", "DROP USER"]  # fmt: skip
        text = subprocess.run([BINARY, "relay", "status", "--dir", relay.dir], capture_output=True,
                              text=True, check=True).stdout  # fmt: skip
        assert f"left out   3 statements for {kind(replica)}, the last DROP USER at {file}:{dropped}" in text
        assert "Secret" not in log + text


def deep(depth):
    return "[" * depth + "]" * depth


def valid(node):
    return [(row["a"], int(row["v"])) for row in node.query("SELECT a, JSON_VALID(b) AS v FROM d.t ORDER BY a")]


@pytest.mark.parametrize("pair", PAIRS[:3], indirect=True, ids="-".join)
def test_documents_of_many_levels(pair, tmp_path):
    """MySQL takes 100 levels, MariaDB 31: rows cross as they are, a statement is checked."""
    source, replica = pair
    source.execute("DROP TABLE d.t", "CREATE TABLE d.t (a INT PRIMARY KEY, b JSON)",
                   f"INSERT INTO d.t VALUES (31, '{deep(31)}')")  # fmt: skip
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, True)
        if is_mariadb(source):
            with pytest.raises(pymysql.err.OperationalError, match="4025"):
                source.execute(f"INSERT INTO d.t VALUES (32, '{deep(32)}')")
            wait_equal(source, replica)
            assert valid(replica) == [(31, 1)]
            return
        source.execute(f"INSERT INTO d.t VALUES (32, '{deep(32)}'), (100, '{deep(100)}')", "UPDATE d.t SET a = -a")
        wait_equal(source, replica)
        assert valid(source) == [(-100, 1), (-32, 1), (-31, 1)]
        assert valid(replica) == [(-100, 0), (-32, 0), (-31, 1)]
        source.execute("SET SESSION binlog_format = STATEMENT", f"INSERT INTO d.t VALUES (32, '{deep(32)}')")
        wait_for(lambda: replica_status(replica)["Last_SQL_Errno"] == 4025, CATCH_UP_TIMEOUT,
                 f"{replica}: refuses the statement")


SEMISYNC = {  # on, off, and what tells of it
    "mysql-9.7": (["INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'",
                   "SET GLOBAL rpl_semi_sync_replica_enabled = ON"],
                  ["UNINSTALL PLUGIN rpl_semi_sync_replica"], "Rpl_semi_sync_replica_status"),
    "mariadb-10.11": (["SET GLOBAL rpl_semi_sync_slave_enabled = ON"],
                      ["SET GLOBAL rpl_semi_sync_slave_enabled = OFF"], "Rpl_semi_sync_slave_status"),
}  # fmt: skip


@pytest.fixture
def semisync(pair):
    """The replica acknowledges what it has got, if its source asks for that."""
    _, replica = pair
    on, off, name = SEMISYNC[replica.server]
    replica.execute(*on)
    yield name
    run(replica, "STOP")
    replica.execute(*off)


@pytest.mark.parametrize("pair", [PAIRS[0], PAIRS[2]], indirect=True, ids="-".join)
@pytest.mark.parametrize("by_gtid", [True, False], ids=["gtid", "position"])
def test_semisync(pair, semisync, by_gtid, tmp_path):
    source, replica = pair
    word = "master" if is_mariadb(replica) else "source"
    with both(tmp_path, source) as relay:
        begin_at(replica, relay, by_gtid)
        for _ in range(2):
            insert(source, 20)
            wait_equal(source, replica)
            assert replica.query(f"SHOW STATUS LIKE '{semisync}'")[0]["Value"] == "ON"
            shown = relay.query("SHOW STATUS LIKE 'Rpl_semi_sync%'", port=relay.port_for(replica))
            assert {f"Rpl_semi_sync_{word}_clients": "1", f"Rpl_semi_sync_{word}_status": "ON"}.items() <= {
                row["Variable_name"]: row["Value"] for row in shown}.items()  # fmt: skip
            run(replica, "STOP")
            insert(source)
            run(replica, "START")
            wait_equal(source, replica)
        if is_mariadb(replica):
            (sent,) = replica.query("SHOW STATUS LIKE 'Rpl_semi_sync_slave_send_ack'")
            assert int(sent["Value"]) > 0


@one_each_way
def test_answers(pair, tmp_path):
    """What a client is told at the address for the other family."""
    source, replica = pair
    insert(source)
    with both(tmp_path, source) as relay:
        relay.wait_caught_up()
        port = relay.port_for(replica)

        def value(expression):
            return relay.query(f"SELECT {expression} AS v", port=port)[0]["v"]

        status = relay.query("SHOW MASTER STATUS", port=port)[0]
        assert (status["File"], status["Position"]) == position(source)
        if is_mariadb(replica):
            count = source.query("SELECT @@GLOBAL.gtid_executed AS s")[0]["s"].rpartition("-")[2]
            gtid = f"{DOMAIN}-{source.settings['server_id']}-{count}"
            assert "MariaDB" in value("VERSION()")
            assert value("@@gtid_binlog_pos") == value("@@gtid_current_pos") == gtid
            assert value("BINLOG_GTID_POS('{}', {})".format(*position(source))) == gtid
            assert value("@@gtid_domain_id") == DOMAIN
            assert value("@@GLOBAL.rpl_semi_sync_master_enabled") == 1
            unknown = ["gtid_mode", "server_uuid", "rpl_semi_sync_source_enabled"]
        else:
            assert value("VERSION()").startswith("8.")
            assert value("@@GLOBAL.gtid_mode") == "ON"
            assert len(value("@@server_uuid")) == 36
            assert value("@@GLOBAL.gtid_executed") == status["Executed_Gtid_Set"]
            assert status["Executed_Gtid_Set"].startswith("b0ea115d-")
            assert value("@@GLOBAL.gtid_purged") == ""
            assert value("@@GLOBAL.rpl_semi_sync_source_enabled") == 1
            unknown = ["gtid_binlog_pos", "gtid_domain_id", "rpl_semi_sync_slave_enabled"]
        assert int(value("@@server_id")) == int(relay.query("SELECT @@server_id AS v")[0]["v"])
        for name in unknown:
            with pytest.raises(pymysql.err.OperationalError) as refused:
                value(f"@@GLOBAL.{name}")
            assert refused.value.args[0] == 1193, name


def set_gtid_mode(node, *modes):
    node.execute(*(f"SET GLOBAL gtid_mode = {mode}" for mode in modes))


def test_without_gtids(servers, tmp_path):
    """A MySQL with GTID_MODE=OFF, by an account that says so; with another account it is told that this does not fit."""
    source, replica = servers["mariadb-10.11"], servers["mysql-9.7"]
    for node in (source, replica):
        forget(node)
    source.execute(*SCHEMA)
    insert(source)
    create_account(source)
    relay = ConfiguredRelay(tmp_path, {"shop": source})
    port = free_port()
    relay.config["channel shop"]["listen_mysql"] = f"127.0.0.1:{port}"
    relay.write()
    set_gtid_mode(replica, "ON_PERMISSIVE", "OFF_PERMISSIVE", "OFF")
    try:
        with relay:
            relay.wait_position("shop", position(source))
            follow(replica, port, by_gtid=False, start=(source.query("SHOW BINARY LOGS")[0]["Log_name"], 4))
            wait_for(lambda: "GTID_MODE = ON and this server has GTID_MODE = OFF" in replica_status(replica)["Last_IO_Error"],
                     CATCH_UP_TIMEOUT, "it is told")  # fmt: skip
            relay.config[f"account {REPLICA}"]["without_gtids"] = "on"
            relay.reload()
            run(replica, "START")
            wait_equal(source, replica)
            relay.stop()
            insert(source)
            relay.start()
            wait_equal(source, replica)
            assert replica.query("SELECT @@GLOBAL.gtid_executed AS s")[0]["s"] == ""
    finally:
        run(replica, "STOP")
        set_gtid_mode(replica, "OFF_PERMISSIVE", "ON_PERMISSIVE", "ON")
        for node in (source, replica):
            forget(node)
