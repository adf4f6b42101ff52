"""MySQL, MariaDB, MySQL through the two channels of one `borealis relay`: the first source's GTIDs at the end.

    first (MySQL) -> channel there -> between (MariaDB) -> channel back, gtids_of = there -> last (MySQL)

So the last one may follow the first one itself, and come back, by auto position.
"""

import contextlib

import pymysql
import pymysql.cursors
import pytest

from servers.node import Node
from servers.wait import wait_for
from tests.scenario.cluster import free_port
from tests.scenario.relay import (
    CATCH_UP_TIMEOUT, PASSWORD, REFUSED, REPLICA, REPLICA_PASSWORD, USER, follow, forget, position, replica_settings,
    replica_status, source_settings,
)
from tests.scenario.relay_product import ConfiguredRelay, hashes, make_account

DOMAIN = 7
OTHER = "22222222-2222-2222-2222-222222222222"
KEEPER, KEEPER_PASSWORD = "keeper", "of-keeper"
PURGE = {"user": KEEPER, "password": KEEPER_PASSWORD}


class Chain:
    def __init__(self, stack, directory):
        settings = {"mysql-9.7": source_settings("mysql-9.7"), "mariadb-11.8": replica_settings("mariadb-11.8")}
        self.first, self.between, self.last = (
            stack.enter_context(Node(server, directory / name, **settings[server] | more))
            for server, name, more in (
                ("mysql-9.7", "first", {}),
                ("mariadb-11.8", "between", {"slave_parallel_threads": 4, "slave_parallel_mode": "optimistic"}),
                ("mysql-9.7", "last", {}),
            )
        )
        for node in (self.first, self.between):
            make_account(node)
        self.relay = ConfiguredRelay(directory / "relay", {"there": self.first, "back": self.between})
        self.to_mariadb, self.to_mysql = free_port(), free_port()
        self.relay.config["channel there"] |= {
            "listen_mariadb": f"127.0.0.1:{self.to_mariadb}", "mariadb_domain": DOMAIN}  # fmt: skip
        self.relay.config["channel back"] |= {
            "listen_mysql": f"127.0.0.1:{self.to_mysql}", "gtids_of": "there"}  # fmt: skip
        self.relay.config[f"account {KEEPER}"] = {"password_hash": hashes(KEEPER_PASSWORD), "admin": "on"}
        self.relay.write()
        stack.enter_context(self.relay)
        self.rows = 0

    def write(self, *gtids):
        """A transaction of the first source for each, under a GTID that it chooses or is told."""
        for gtid in gtids:
            self.rows += 1
            self.first.execute(f"SET SESSION gtid_next = '{gtid}'", f"INSERT INTO d.t VALUES ({self.rows}, 'first')",
                               "SET SESSION gtid_next = 'AUTOMATIC'")  # fmt: skip

    def write_between(self, count):
        for _ in range(count):
            self.between.execute("INSERT INTO own.t (a) VALUES (NULL)")

    def wait(self, *replicas):
        for replica in replicas:
            wait_for(lambda: self.is_there(replica), CATCH_UP_TIMEOUT, f"{replica}: has {self.rows} rows")  # noqa: B023

    def is_there(self, replica):
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], status["Last_SQL_Error"]
        assert status["Last_IO_Errno"] not in REFUSED, status["Last_IO_Error"]
        rows = (count(replica, "d.t"), count(replica, "own.t") if replica is self.last else 0)
        return rows == (self.rows, count(self.between, "own.t") if replica is self.last else 0)

    def own(self):
        """What MySQL knows as the GTIDs of the one between."""
        row = self.between.query("SELECT @@server_id AS server, @@gtid_binlog_pos AS position")[0]
        last = next(gtid for gtid in row["position"].split(",") if gtid.startswith("0-")).rpartition("-")[2]
        return f"b0ea115d-0000-8000-8000-{row['server']:012x}:1-{last}"

    def assert_last_has_all(self):
        """The GTIDs of the first source, and of the one between, and no others."""
        wanted = f"{executed(self.first)},{self.own()}"
        have = executed(self.last)
        row = self.last.query("SELECT GTID_SUBTRACT(%s, %s) AS lacks, GTID_SUBTRACT(%s, %s) AS more",
                              (wanted, have, have, wanted))[0]  # fmt: skip
        assert row == {"lacks": "", "more": ""}

    def ask(self, sql):
        """The channel's MySQL listener."""
        conn = pymysql.connect(host="127.0.0.1", port=self.to_mysql, user=REPLICA, password=REPLICA_PASSWORD,
                               cursorclass=pymysql.cursors.DictCursor)  # fmt: skip
        with conn, conn.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()

    def purge(self):
        """All files but the last of the first channel's log, here and at the source."""
        self.first.execute("FLUSH BINARY LOGS")
        file, _ = position(self.first)
        self.relay.wait_position("there", position(self.first))
        with self.relay.connect("there", **PURGE) as conn, conn.cursor() as cursor:
            cursor.execute(f"PURGE BINARY LOGS TO '{file}'")
            cursor.execute("SHOW BINARY LOGS")
            assert [row["Log_name"] for row in cursor.fetchall()] == [file]


def executed(node):
    return node.query("SELECT @@GLOBAL.gtid_executed AS g")[0]["g"].replace("\n", "")


def count(node, table):
    """Of rows; each has a number of its own, so none is there twice."""
    try:
        return node.query(f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]
    except (pymysql.err.ProgrammingError, pymysql.err.OperationalError):  # no table, no database
        return -1


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    with contextlib.ExitStack() as stack:
        chain = Chain(stack, tmp_path_factory.mktemp("chain"))
        chain.first.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY, b VARCHAR(20))")
        chain.between.execute("CREATE DATABASE own", "CREATE TABLE own.t (a INT AUTO_INCREMENT PRIMARY KEY)")
        yield chain


def test_gtids_of_the_first_source(chain):
    """Tags, gaps, several UUIDs, numbers that go back: all arrive as they were."""
    uuid = chain.first.query("SELECT @@server_uuid AS u")[0]["u"]
    chain.write("AUTOMATIC", "AUTOMATIC:red", f"{OTHER}:5", f"{uuid}:1000", "AUTOMATIC", f"{OTHER}:2")
    follow(chain.between, chain.to_mariadb, by_gtid=True)
    chain.write(f"{OTHER}:blue:9", f"{uuid}:999", "AUTOMATIC:red", "AUTOMATIC")
    chain.write_between(3)
    follow(chain.last, chain.to_mysql, by_gtid=True)
    chain.write("AUTOMATIC", f"{OTHER}:3")
    chain.wait(chain.between, chain.last)
    chain.assert_last_has_all()
    wait_for(lambda: chain.ask("SELECT GTID_SUBTRACT(@@gtid_executed, '') AS g")[0]["g"].replace("\n", "") ==
             executed(chain.last), CATCH_UP_TIMEOUT, "the relay tells the same")  # fmt: skip


def test_after_a_restart_and_a_purge(chain):
    """What the purged files of the first channel had is still known."""
    chain.last.execute("STOP REPLICA")
    chain.write("AUTOMATIC", "AUTOMATIC:red", f"{OTHER}:17")
    chain.wait(chain.between)
    chain.write_between(2)
    chain.purge()
    chain.relay.stop()
    chain.relay.start()
    chain.write(f"{OTHER}:16", "AUTOMATIC")
    chain.wait(chain.between)
    chain.purge()
    chain.last.execute("START REPLICA")
    chain.wait(chain.between, chain.last)
    chain.assert_last_has_all()


def test_from_the_first_source_itself_and_back(chain):
    """By auto position each time: nothing is lost, and nothing comes twice."""
    chain.between.execute("STOP SLAVE")
    chain.last.execute("STOP REPLICA")
    to = f"SOURCE_PORT={chain.first.port}, SOURCE_USER='{USER}', SOURCE_PASSWORD='{PASSWORD}', SOURCE_SSL=1"
    chain.last.execute(f"CHANGE REPLICATION SOURCE TO {to}", "START REPLICA")
    chain.write("AUTOMATIC", "AUTOMATIC:red", f"{OTHER}:30")
    wait_for(lambda: count(chain.last, "d.t") == chain.rows, CATCH_UP_TIMEOUT, "the last one has the first one's")
    chain.write_between(2)
    chain.last.execute("STOP REPLICA")
    follow(chain.last, chain.to_mysql, by_gtid=True)
    chain.between.execute("START SLAVE")
    chain.write("AUTOMATIC")
    chain.wait(chain.between, chain.last)
    chain.assert_last_has_all()


def test_a_replica_that_knows_them_under_other_names(chain):
    """The key goes and comes by a reload: who has followed without it would get all of it twice."""
    server = chain.first.query("SELECT @@server_id AS s")[0]["s"]
    forget(chain.last)
    del chain.relay.config["channel back"]["gtids_of"]
    chain.relay.reload()
    follow(chain.last, chain.to_mysql, by_gtid=True)
    chain.wait(chain.last)
    assert f"b0ea115d-0000-8000-8700-{server:012x}:1-" in executed(chain.last)
    chain.relay.config["channel back"]["gtids_of"] = "there"
    chain.relay.reload()
    chain.last.execute("STOP REPLICA", "START REPLICA")
    wait_for(lambda: replica_status(chain.last)["Last_IO_Errno"] in REFUSED, CATCH_UP_TIMEOUT, "it is refused")
    assert f"has GTID {DOMAIN}-{server}-" in replica_status(chain.last)["Last_IO_Error"]
