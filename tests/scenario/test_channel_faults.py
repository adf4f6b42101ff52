"""What comes of a channel when something goes wrong on its way, at its source or in the daemon, and what never comes through it.

Time budget: 40 s.
"""

import contextlib
import re

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .cluster import START_TIMEOUT
from .test_channel import (PASSWORD, SET, TABLES, content, events, forget, kill_engine, make_account,
                           position, status, wait_caught_up)  # fmt: skip
from .test_clusters import DIED

PAUSES = re.compile(r"next attempt in (\d+) s")


@pytest.fixture(scope="module")
def mysql(tmp_path_factory):
    with Node("mysql-9.7", tmp_path_factory.mktemp("mysql")) as source:
        make_account(source)
        yield source


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory):
    with Node("mariadb-10.11", tmp_path_factory.mktemp("mariadb")) as source:
        make_account(source)
        yield source


@pytest.fixture
def unset(cluster):
    yield cluster
    forget(cluster)
    cluster.execute("DROP DATABASE IF EXISTS channel")


def follow(cluster, source, at=None, password=PASSWORD):
    file, offset = at or position(source)
    cluster.query(SET, (source.port, password, file, offset, 0))


def start(cluster):
    cluster.query("CALL mysql.rds_start_replication")


def make_tables(cluster, source):
    """On both; gives where the source's log goes on."""
    source.execute("DROP DATABASE IF EXISTS channel", *TABLES)
    cluster.execute(*TABLES)
    return position(source)


def wait_stopped(cluster):
    """The receiver, for good; gives the row, once the event has told the same."""
    row = wait_for(lambda: status(cluster)["Slave_IO_Running"] == "No" and status(cluster), 60, "stopped")
    told = "Replication has stopped. " + row["Last_IO_Error"]
    wait_for(lambda: events(cluster)[-1]["message"] == told, 60, "the event")
    return row


def crash(cluster, monkeypatch, point, statement, args=None):
    """The daemon dies at a point of what the statement asks; its engine does not; the next adopts it."""
    pid = cluster.engine_pid
    cluster.kill9()
    monkeypatch.setenv("BOREALIS_INJECT", f"{point}:crash")
    cluster.start()
    monkeypatch.delenv("BOREALIS_INJECT")
    with pytest.raises(pymysql.err.MySQLError):
        cluster.query(statement, args)
    assert cluster.daemon.wait(START_TIMEOUT) == DIED
    cluster.start()
    assert cluster.engine_pid == pid


def assert_nothing_is_left(cluster):
    assert cluster.query("SHOW SLAVE STATUS") == []
    assert [path.name for path in (cluster.own / "relay").iterdir()] == ["tls"]


def test_the_daemon_dies_while_a_source_is_set(unset, mysql, monkeypatch):
    """Before the engine has heard of it there is none, nor the one before; the same call again makes it."""
    make_tables(unset, mysql)
    follow(unset, mysql)
    at = position(mysql)
    crash(unset, monkeypatch, "replication/defined", SET, (mysql.port, PASSWORD, *at, 0))
    assert_nothing_is_left(unset)
    follow(unset, mysql, at)
    start(unset)
    mysql.execute("INSERT INTO channel.keyed VALUES (1, 1)")
    wait_caught_up(unset, mysql)
    assert content(unset) == content(mysql)


def test_the_daemon_dies_while_a_source_is_forgotten(unset, mysql, monkeypatch):
    at = make_tables(unset, mysql)
    follow(unset, mysql, at)
    start(unset)
    mysql.execute("INSERT INTO channel.keyed VALUES (1, 1)")
    wait_caught_up(unset, mysql)
    crash(unset, monkeypatch, "replication/forgotten", "CALL mysql.rds_reset_external_source")
    assert_nothing_is_left(unset)
    assert content(unset) == content(mysql)
    mysql.execute("INSERT INTO channel.keyed VALUES (2, 2)")
    assert len(content(unset)[1]) == 1


def test_attempts_come_later_and_later(unset, mysql):
    """Those of the receiver. The applier makes one for each start of the engine."""
    at = make_tables(unset, mysql)
    follow(unset, mysql, at, password="not-it")
    before = len(unset.stderr.read_text())
    start(unset)
    pauses = wait_for(lambda: len(found := PAUSES.findall(unset.stderr.read_text()[before:])) >= 3 and found,
                      60, "three attempts")  # fmt: skip
    assert pauses[:3] == ["1", "2", "4"]
    unset.query("CALL mysql.rds_stop_replication")

    unset.execute("INSERT INTO channel.keyed VALUES (7, 0)")
    follow(unset, mysql, at)
    start(unset)
    mysql.execute("INSERT INTO channel.keyed VALUES (7, 1)")
    for starts in 1, 2:
        wait_for(lambda: status(unset)["Last_SQL_Errno"] == 1062, 60, "the applier's error")
        assert status(unset)["Slave_SQL_Running"] == "No"
        lines = unset.engine_log.read_text().splitlines()
        assert sum("[ERROR] Slave SQL" in line and "Duplicate entry '7'" in line for line in lines) == starts
        if starts == 1:
            kill_engine(unset)
    unset.execute("DELETE FROM channel.keyed")
    unset.query("CALL mysql.rds_stop_replication")
    start(unset)
    wait_caught_up(unset, mysql)
    assert content(unset) == content(mysql)


def test_a_source_that_is_another_server(unset, mariadb):
    """A MariaDB is known by its server id, so another one is another server, whose log may be any."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    wait_for(lambda: status(unset)["Slave_IO_Running"] == "Yes", 60, "receiving")
    own = mariadb.settings["server_id"]
    mariadb.restart(server_id=own + 1)
    row = wait_stopped(unset)
    assert row["Last_IO_Errno"] == 1593 and "another server" in row["Last_IO_Error"], row
    assert f"{own} " in row["Last_IO_Error"] and f"{own + 1} " in row["Last_IO_Error"], row
    unset.query("CALL mysql.rds_stop_replication")
    # Only whoever knows that it is the same can say where it goes on.
    follow(unset, mariadb)
    start(unset)
    mariadb.execute("INSERT INTO channel.keyed VALUES (1, 1)")
    wait_caught_up(unset, mariadb)
    assert content(unset) == content(mariadb)


def test_a_mysql_is_known_by_its_uuid(unset, mysql):
    follow(unset, mysql, make_tables(unset, mysql))
    start(unset)
    wait_for(lambda: status(unset)["Slave_IO_Running"] == "Yes", 60, "receiving")
    mysql.restart(server_id=mysql.settings["server_id"] + 1)
    mysql.execute("INSERT INTO channel.keyed VALUES (1, 1)")
    wait_caught_up(unset, mysql)
    assert content(unset) == content(mysql)
    assert status(unset)["Master_Server_Id"] in (mysql.port, mysql.port + 1)


def test_several_domains(unset, mariadb):
    """Of a MariaDB source keep their numbers, and go on where they were when the source is killed, and the engine."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    for round_, end in enumerate((mariadb.kill9, lambda: kill_engine(unset), lambda: None)):
        for domain in (0, 7, 4000000000):
            mariadb.execute(f"SET SESSION gtid_domain_id = {domain}",
                            f"INSERT INTO channel.plain VALUES ({round_}, '{domain}')")  # fmt: skip
        if round_ == 0:
            wait_caught_up(unset, mariadb)  # or what it has not synced is gone with it
        end()
        if round_ == 0:
            mariadb.start()
    wait_caught_up(unset, mariadb)
    assert content(unset) == content(mariadb)
    assert len(content(unset)[0]) == 9
    applied = unset.query("SELECT @@GLOBAL.gtid_slave_pos AS g")[0]["g"]
    assert {int(gtid.split("-")[0]) for gtid in applied.split(",")} >= {0, 7, 4000000000}, applied


@pytest.mark.parametrize("server", ["mysql", "mariadb"])
def test_nothing_of_the_schema_mysql(unset, server, request):
    """As of Aurora MySQL 3: neither accounts and rights nor tables; what stands beside them comes."""
    source = request.getfixturevalue(server)
    follow(unset, source, make_tables(unset, source))
    before = [unset.query(f"SELECT * FROM mysql.{table} ORDER BY 1, 2") for table in ("global_priv", "db", "proc")]
    tables = unset.query("SHOW TABLES FROM mysql")
    start(unset)
    source.execute(
        "CREATE USER 'stray'@'%' IDENTIFIED BY 'stray'",
        "GRANT ALL ON *.* TO 'stray'@'%'",
        "GRANT SELECT ON channel.* TO 'stray'@'%'",
        "REVOKE INSERT ON *.* FROM 'stray'@'%'",
        "SET PASSWORD FOR 'stray'@'%' = " + ("'other'" if server == "mysql" else "PASSWORD('other')"),
        "CREATE ROLE stray_role",
        "CREATE USER 'admin'@'%' IDENTIFIED BY 'mine'",
        "ALTER USER 'admin'@'%' IDENTIFIED BY 'taken over'",
        "CREATE TABLE mysql.stray (a INT PRIMARY KEY)",
        "INSERT INTO mysql.stray VALUES (1)",
        "INSERT INTO channel.keyed VALUES (1, 1)",
        "DROP TABLE mysql.stray",
        "DROP ROLE stray_role",
        "DROP USER 'stray'@'%', 'admin'@'%'",
        *(["CREATE PROCEDURE mysql.stray() SELECT 1"] if server == "mariadb" else []),
        "INSERT INTO channel.keyed VALUES (2, 2)",
    )
    wait_caught_up(unset, source)
    assert content(unset) == content(source)
    assert before == [unset.query(f"SELECT * FROM mysql.{table} ORDER BY 1, 2") for table in ("global_priv", "db", "proc")]
    assert tables == unset.query("SHOW TABLES FROM mysql")
    source.execute("DROP PROCEDURE IF EXISTS mysql.stray")


def test_sequences_are_altered(unset, mariadb):
    """The engine passes over a statement of tables of which it sees none changed, if it has a filter."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    mariadb.execute(
        "USE channel", "CREATE SEQUENCE s START 5 INCREMENT 3", "ALTER SEQUENCE s RESTART 500 CACHE 7",
        "CREATE SEQUENCE `s;2`", "ALTER SEQUENCE IF EXISTS channel.`s;2` MAXVALUE 90 CYCLE -- to its end",
        "SET SESSION sql_mode = 'ORACLE,ANSI_QUOTES'", 'ALTER SEQUENCE "s;2" RESTART 80',
        "SET SESSION sql_mode = ''", "DO NEXTVAL(s)", "INSERT INTO keyed VALUES (NEXTVAL(s), 1)",
        "CREATE SEQUENCE mysql.stray", "ALTER SEQUENCE mysql.stray RESTART 9", "DROP SEQUENCE mysql.stray",
    )  # fmt: skip
    wait_caught_up(unset, mariadb)
    for name in ("s", "`s;2`"):
        said, found = ([{k: v for k, v in row.items() if k != "cycle_count"} for row in
                        server.query(f"SELECT * FROM channel.{name}")] for server in (mariadb, unset))  # fmt: skip
        assert found == said
    assert content(unset) == content(mariadb)


def test_a_table_without_the_key_that_mysql_hides(unset, mysql):
    """Loaded without it: no value goes one column too far. That a statement on its way makes the key is waited for."""
    key = "my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY, "
    columns = "x BIGINT UNSIGNED, y BIGINT"
    hides = "SET SESSION sql_generate_invisible_primary_key = ON"
    names = "whole", "without", "later"
    mysql.execute("DROP DATABASE IF EXISTS channel", "CREATE DATABASE channel", "USE channel", hides,
                  *(f"CREATE TABLE {name} ({columns})" for name in names))  # fmt: skip
    unset.execute("CREATE DATABASE channel", *(f"CREATE TABLE channel.{name} ({columns})" for name in names[1:]),
                  f"CREATE TABLE channel.whole ({key}{columns})")  # fmt: skip
    follow(unset, mysql)
    start(unset)
    mysql.execute("USE channel", hides, "DROP TABLE later", f"CREATE TABLE later ({columns})",
                  *(f"INSERT INTO {name} VALUES (1, 2)" for name in ("later", "whole", "without")))  # fmt: skip
    refused = wait_stopped(unset)["Last_IO_Error"]
    assert "table channel.without: the source's rows have a key that it hides, my_row_id," in refused
    assert "load it again from a dump that has it" in refused
    rows = [unset.query(f"SELECT * FROM channel.{name}") for name in ("later", "whole", "without")]
    assert rows == [[{"x": 1, "y": 2}], [{"x": 1, "y": 2}], []]
    unset.execute("DROP TABLE channel.without", f"CREATE TABLE channel.without ({key}{columns})")
    unset.query("CALL mysql.rds_stop_replication")
    start(unset)
    wait_caught_up(unset, mysql)
    assert unset.query("SELECT my_row_id, x, y FROM channel.without") == [{"my_row_id": 1, "x": 1, "y": 2}]
    assert status(unset)["Last_IO_Error"] == ""


def test_an_error_of_the_applier_is_told(unset, mariadb):
    """Once, without the statement, which may have what nobody else is to read; and that it goes on."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    unset.execute("ALTER TABLE channel.plain ADD c INT")
    mariadb.execute("ALTER TABLE channel.plain ADD c INT COMMENT 's3cret'", "INSERT INTO channel.keyed VALUES (1, 1)")

    def told(kind):
        return [one["message"] for one in events(unset) if one["id"] == kind]

    before = len(told("RDS-EVENT-0045"))
    stopped = wait_for(lambda: told("RDS-EVENT-0045")[before:], 60, "the event")
    assert stopped == ["Replication has stopped. Error 'Duplicate column name 'c'' on query."
                       " Default database: ''."]  # fmt: skip
    resumed = len(told("RDS-EVENT-0046"))
    unset.query("CALL mysql.rds_skip_repl_error")
    wait_for(lambda: told("RDS-EVENT-0046")[resumed:] == ["Replication for the Read Replica resumed."], 60, "resumed")
    wait_caught_up(unset, mariadb)
    assert content(unset) == content(mariadb)
    assert told("RDS-EVENT-0045")[before:] == stopped and len(told("RDS-EVENT-0046")) == resumed + 1


def test_tables_that_are_not_innodb(unset, mariadb):
    """They are told of, once each, with the statement that converts them."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    for engine in "MyISAM", "Aria", "MEMORY":
        mariadb.execute(f"CREATE TABLE channel.`{engine}``s` (a INT PRIMARY KEY) ENGINE={engine}",
                        f"INSERT INTO channel.`{engine}``s` VALUES (1)")  # fmt: skip
    wait_caught_up(unset, mariadb)
    unset.kill9()  # a daemon looks as it begins, and once a minute
    unset.start()

    def told():
        found = [one["message"] for one in events(unset) if one["message"].startswith("Storage engine: ")]
        return len(found) == 3 and found

    messages = wait_for(told, 60, "the events")
    for engine, message in zip(("Aria", "MEMORY", "MyISAM"), messages, strict=True):
        assert f"Table `channel`.`{engine}``s` is {engine}," in message
        unset.execute(message[message.index("ALTER TABLE"):])
        mariadb.execute(f"INSERT INTO channel.`{engine}``s` VALUES (2)")
    wait_caught_up(unset, mariadb)
    assert unset.query("SELECT DISTINCT ENGINE AS e FROM information_schema.TABLES "
                       "WHERE TABLE_SCHEMA = 'channel'") == [{"e": "InnoDB"}]  # fmt: skip
    assert len(unset.query("SELECT * FROM channel.`MyISAM``s`")) == 2


def test_a_source_that_was_reset(unset, mariadb):
    """Its log has begun anew, under names that were there before: nothing of it is taken for what was to come."""
    follow(unset, mariadb, make_tables(unset, mariadb))
    start(unset)
    mariadb.execute("INSERT INTO channel.keyed VALUES (1, 1)")
    wait_caught_up(unset, mariadb)
    unset.query("CALL mysql.rds_stop_replication")
    mariadb.execute("RESET MASTER", "INSERT INTO channel.keyed VALUES (2, 2)")
    with contextlib.suppress(pymysql.err.OperationalError):  # it may be known before the call is over
        start(unset)
    row = wait_stopped(unset)
    assert row["Last_IO_Errno"] == 1236 and "its logs began anew" in row["Last_IO_Error"], row
    unset.query("CALL mysql.rds_stop_replication")
    assert len(content(unset)[1]) == 1
    # It is set again where a dump of it would begin.
    unset.execute("INSERT INTO channel.keyed VALUES (2, 2)")
    unset.query("CALL mysql.rds_reset_external_source")
    follow(unset, mariadb)
    start(unset)
    mariadb.execute("INSERT INTO channel.keyed VALUES (3, 3)")
    wait_caught_up(unset, mariadb)
    assert content(unset) == content(mariadb)
