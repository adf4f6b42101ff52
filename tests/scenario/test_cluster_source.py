"""The places of a cluster's change log, by all their names; the ways in which replicas get it; what ends a dump and
what does not; what becomes of a log that is reset.

The tests of the file share one cluster, in order; the last one resets its log. Time budget: 50 s.
"""

import contextlib
import itertools
import re
import subprocess

import pymysql
import pytest

from servers import fetch
from servers.node import Node
from servers.wait import wait_for

from . import protocol, relay
from .cluster import Cluster, free_port
from .test_change_log import CATCH_UP, Load, change_log, client_binlog, position, prepare, wait_equal, wait_for_load
from .test_clusters import ask

SNAPSHOT = ("SELECT VARIABLE_VALUE AS value FROM information_schema.SESSION_STATUS"
            " WHERE VARIABLE_NAME IN ('binlog_snapshot_file', 'binlog_snapshot_position') ORDER BY VARIABLE_NAME")  # fmt: skip


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        ask(made, "modify", "borealis", "--reader-port", str(free_port()))
        prepare(made)
        yield made


@pytest.fixture(scope="module")
def replica(cluster, tmp_path_factory):
    """A MariaDB that follows the cluster endpoint."""
    with Node("mariadb-11.8", tmp_path_factory.mktemp("replica")) as node:
        relay.follow(node, cluster.port, by_gtid=True, heartbeat=1)
        wait_for(lambda: dumps_of(cluster, node), CATCH_UP, "a dump")
        yield node


def dumps_of(cluster, node):
    """How many dumps the replica has begun so far."""
    return len(re.findall(rf"dump begins replica=\S+ server_id={node.port} ", cluster.stderr.read_text()))


def wait_replicated(cluster, node, note):
    cluster.execute(f"INSERT INTO d.log (note) VALUES ('{note}')")
    wait_for(lambda: node.query("SELECT 1 FROM d.log WHERE note = %s", (note,)), CATCH_UP, note,
             ignore=pymysql.err.MySQLError)  # fmt: skip


@contextlib.contextmanager
def reader_of(cluster, port):
    """mariadb-binlog, which waits for more at that port."""
    own = cluster.credentials()
    command = [fetch.home("mariadb-10.11") / "bin" / "mariadb-binlog", "--no-defaults", "--host=127.0.0.1",
               f"--port={port}", f"--user={own['user']}", f"--password={own['password']}",
               "--read-from-remote-server", "--stop-never", position(cluster)[0]]  # fmt: skip
    before = cluster.stderr.read_text().count("dump begins")
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_for(lambda: cluster.stderr.read_text().count("dump begins") > before, CATCH_UP, "a dump")
            yield process
        finally:
            process.kill()


numbers = itertools.count()  # no load writes what another one did


@contextlib.contextmanager
def load_of(cluster):
    load = Load(cluster, next(numbers))
    load.start()
    try:
        wait_for_load([load], 20)
        yield load
    finally:
        load.stop()


def files_to(file):
    """The names of the cluster's files up to that one, which are numbered from 1 on."""
    base, _, number = file.rpartition(".")
    return [f"{base}.{one:06}" for one in range(1, int(number) + 1)]


def dumped(cluster, file, offset):
    """What mariadb-binlog is given up to a place."""
    return client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", "--verbose", f"--stop-position={offset}",
                         *files_to(file)).stdout  # fmt: skip


def gtid_at(cursor, place):
    cursor.execute("SELECT BINLOG_GTID_POS(%s, %s) AS gtids", place)
    return cursor.fetchone()["gtids"]


def snapshot_of(cursor):
    cursor.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    cursor.execute(SNAPSHOT)
    file, offset = (row["value"] for row in cursor.fetchall())
    return file, int(offset)


def last_gtid(text):
    """Of the last transaction in mariadb-binlog's text."""
    return re.findall(r"\bGTID (\d+-\d+-\d+)", text)[-1]


def test_a_snapshots_place_under_load(cluster):
    """The rows that it shows are those that the change log has up to the place that it names."""
    with load_of(cluster), cluster.connect(database="d") as conn, conn.cursor() as cursor:
        for _ in range(3):
            place = snapshot_of(cursor)
            cursor.execute("SELECT COUNT(*) AS n FROM trail")
            rows = cursor.fetchone()["n"]
            cursor.execute("COMMIT")
            text = dumped(cluster, *place)
            assert text.count("### INSERT INTO `d`.`trail`") == rows > 0
            assert last_gtid(text) == gtid_at(cursor, place)


STATUS = ["SHOW MASTER STATUS", "SHOW BINARY LOG STATUS"]


def binary_answers(cluster, statements):
    """(file, offset) that each answers to COM_STMT_PREPARE and COM_STMT_EXECUTE: its last row's first two columns."""
    own = cluster.credentials()
    with protocol.Raw(cluster.port) as raw:
        assert raw.greet().login(own["user"].encode(), own["password"])[:1] == b"\0"
        for statement in statements:
            raw.send(bytes([protocol.COM_STMT_PREPARE]) + statement.encode(), 0)
            head = raw.read()
            assert head[:1] == b"\0", head
            columns = int.from_bytes(head[5:7], "little")
            for _ in range(columns + 1):  # and the packet that ends them
                raw.read()
            raw.send(bytes([protocol.COM_STMT_EXECUTE]) + head[1:5] + b"\0\1\0\0\0", 0)
            assert raw.read() == bytes([columns])
            for _ in range(columns + 1):
                raw.read()
            row = more = raw.read()
            while more[:1] != b"\xfe":
                row, more = more, raw.read()
            if columns == 3:
                assert row.endswith(b"\2No")
            at = 1 + (columns + 9) // 8
            end = at + 1 + row[at]
            yield row[at + 1 : end].decode(), int.from_bytes(row[end : end + 8], "little")


def all_names_of_the_place(cluster):
    """What tells where the log ends now, by each of its names and on each way to ask."""
    found = {}
    with cluster.connect() as conn, conn.cursor() as cursor:
        for statement in STATUS:
            for way, asked in (("as it is", [statement]),
                               ("prepared", [f"PREPARE s FROM '{statement}'", "EXECUTE s"]),
                               ("at once", [f"EXECUTE IMMEDIATE '{statement}'"])):  # fmt: skip
                for one in asked:
                    cursor.execute(one)
                row = cursor.fetchone()
                found[statement, way] = row["File"], row["Position"]
        for asked in (["SHOW BINARY LOGS"], ["PREPARE s FROM 'SHOW BINARY LOGS'", "EXECUTE s"]):
            for one in asked:
                cursor.execute(one)
            rows = cursor.fetchall()
            assert {row["Encrypted"] for row in rows} == {"No"}
            found[tuple(asked)] = rows[-1]["Log_name"], rows[-1]["File_size"]
        found["snapshot"] = snapshot_of(cursor)
        cursor.execute("COMMIT")
    binary = [*STATUS, "SHOW BINARY LOGS"]
    found |= dict(zip([(statement, "binary") for statement in binary], binary_answers(cluster, binary)))
    return found


def test_all_names_of_one_place(cluster):
    """While writers wait for a lock, and so nothing moves, all say the same; the dump ends there, too."""
    with load_of(cluster):
        with pymysql.connect(unix_socket=str(cluster.instance / "run" / "engine.sock"), user="rdsadmin",
                             password=cluster.admin_password()) as admin:  # fmt: skip
            with admin.cursor() as lock:
                lock.execute("FLUSH TABLES WITH READ LOCK")
            found = all_names_of_the_place(cluster)
            assert len(set(found.values())) == 1, found
            (place,) = set(found.values())
            with cluster.connect() as conn, conn.cursor() as cursor:
                cursor.execute("SELECT @@gtid_binlog_pos AS gtids")
                gtids = cursor.fetchone()["gtids"]
                assert gtids == gtid_at(cursor, place)
            text = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", *files_to(place[0])).stdout
            assert last_gtid(text) == gtids
            assert re.findall(r"end_log_pos (\d+)", text)[-1] == str(place[1])


def test_the_list_of_files(cluster):
    """As MySQL 8 has it, also when it is long and with other statements around it; an error stays one."""
    for _ in range(12):
        cluster.as_admin("FLUSH BINARY LOGS")
    with cluster.connect() as conn, conn.cursor() as cursor:
        for statement in "SHOW BINARY LOGS", "show master logs ;":
            cursor.execute(statement)
            assert [column[0] for column in cursor.description] == ["Log_name", "File_size", "Encrypted"]
            rows = cursor.fetchall()
            assert len(rows) > 12 and {row["Encrypted"] for row in rows} == {"No"}
        cursor.execute("EXECUTE IMMEDIATE 'SELECT 1 AS Log_name, 2 AS File_size, 3 AS Other'")
        assert cursor.fetchone() == {"Log_name": 1, "File_size": 2, "Other": 3}
        cursor.execute("SELECT 1 AS one")
        assert cursor.fetchone() == {"one": 1}
    for home, program in ("mysql-9.7", "mysql"), ("mariadb-10.11", "mariadb"):
        out = cluster.client(program, "-e", "SHOW BINARY LOGS; SELECT 'behind'", home=home).stdout
        assert out.splitlines()[0] == "Log_name\tFile_size\tEncrypted" and out.endswith("behind\n"), out
    with pytest.raises(pymysql.err.OperationalError) as error:
        cluster.query("SHOW BINARY LOGS", user="reader", password="reads")
    assert error.value.args[0] == 1227


WAYS = {
    "mariadb-10.11": (
        ["SET GLOBAL slave_compressed_protocol = ON", "SET GLOBAL rpl_semi_sync_slave_enabled = ON"],
        "CHANGE MASTER TO MASTER_SSL = 1, MASTER_SSL_CA = '{ca}', MASTER_SSL_VERIFY_SERVER_CERT = 1",
        "Rpl_semi_sync_slave_status",
    ),
    "mysql-9.7": (
        ["INSTALL PLUGIN rpl_semi_sync_replica SONAME 'semisync_replica.so'",
         "SET GLOBAL rpl_semi_sync_replica_enabled = ON"],
        "CHANGE REPLICATION SOURCE TO SOURCE_SSL = 1, SOURCE_SSL_CA = '{ca}', SOURCE_SSL_VERIFY_SERVER_CERT = 1,"
        " SOURCE_COMPRESSION_ALGORITHMS = 'zstd'",
        "Rpl_semi_sync_replica_status",
    ),
}  # fmt: skip


def foreign_gtids(node):
    """More than 16 KiB of GTIDs that the cluster knows nothing of: what a replica has from elsewhere."""
    if relay.is_mariadb(node):
        return "SET GLOBAL gtid_slave_pos = '" + ",".join(f"{domain}-7-9" for domain in range(7, 3007)) + "'"
    return ("SET GLOBAL gtid_purged = '"
            + ",".join(f"{one:08x}-1111-2222-3333-444444444444:1-9" for one in range(1, 601)) + "'")  # fmt: skip


@pytest.mark.parametrize("server", WAYS)
def test_ways_to_a_replica(cluster, tmp_path, server):
    """By TLS that is verified, compressed, semi-synchronous, by GTID with a long set of them, all at once."""
    statements, change, semisync = WAYS[server]
    cluster.account(f"ALTER USER {relay.REPLICA}@'%' REQUIRE SSL")
    with Node(server, tmp_path, **relay.replica_settings(server)) as node:
        node.execute(*statements, foreign_gtids(node), change.format(ca=cluster.ca))
        relay.follow(node, cluster.port, by_gtid=True, heartbeat=1)
        with load_of(cluster):
            pass
        wait_equal(cluster, node)
        assert node.query(f"SHOW GLOBAL STATUS LIKE '{semisync}'")[0]["Value"] == "ON"
        listed = {row["Server_Id"]: row["Replica_UUID"] for row in cluster.query("SHOW REPLICAS")}
        assert listed[node.port] == ("" if relay.is_mariadb(node) else node.query("SELECT @@server_uuid AS u")[0]["u"])
    cluster.account(f"ALTER USER {relay.REPLICA}@'%' REQUIRE NONE")


def test_keys_that_mysql_hides(cluster, tmp_path):
    """A MySQL replica takes rows of a table with one otherwise; the cluster's log does not tell which tables have one."""
    key = "my_row_id BIGINT UNSIGNED NOT NULL {}AUTO_INCREMENT PRIMARY KEY, x BIGINT UNSIGNED, y BIGINT"
    start = position(cluster)

    def wait_same(*tables):
        for asked in (f"SELECT my_row_id, x, y FROM hides.{table}" for table in tables):
            wait_for(lambda: node.query(asked) == cluster.query(asked), CATCH_UP, asked,  # noqa: B023
                     ignore=pymysql.err.MySQLError)  # fmt: skip

    cluster.execute("CREATE DATABASE hides")
    for table, word in ("hidden", "INVISIBLE "), ("shown", ""), ("gone", "INVISIBLE "), ("changed", ""):
        cluster.execute(f"CREATE TABLE hides.{table} ({key.format(word)})",
                        f"INSERT INTO hides.{table} (x, y) VALUES (1001, 2001), (1002, 2002), (1003, 2003)",
                        f"UPDATE hides.{table} SET y = y + 10 WHERE x = 1002")  # fmt: skip
    cluster.execute("DROP TABLE hides.gone")
    with Node("mysql-9.7", tmp_path, **relay.replica_settings("mysql-9.7")) as node:
        relay.follow(node, cluster.port, by_gtid=False, start=start)
        wait_same("hidden", "shown", "changed")
        cluster.execute(
            "ALTER TABLE hides.changed MODIFY my_row_id BIGINT UNSIGNED NOT NULL INVISIBLE AUTO_INCREMENT",
            *(f"DELETE FROM hides.{table} WHERE x = 1001" for table in ("hidden", "shown", "changed")))  # fmt: skip
        wait_same("hidden", "shown", "changed")
        assert not relay.replica_status(node)["Last_SQL_Errno"]
    cluster.execute("DROP DATABASE hides")


def test_an_endpoint_that_closes_ends_its_own_dumps(cluster, replica):
    wait_replicated(cluster, replica, "before")
    began = dumps_of(cluster, replica)
    reader = ask(cluster, "describe", "borealis")["reader_endpoint"]
    with reader_of(cluster, reader["port"]) as process:
        ask(cluster, "modify", "borealis", "--reader-port", "off")
        assert process.wait(CATCH_UP) != 0
    wait_replicated(cluster, replica, "after")
    assert dumps_of(cluster, replica) == began


def test_a_killed_dump_ends(cluster, replica):
    """By the number that the engine lists; the replica comes back, as at any source."""
    wait_replicated(cluster, replica, "before a kill")
    began = dumps_of(cluster, replica)

    def sessions():
        return cluster.query("SELECT ID FROM information_schema.PROCESSLIST WHERE USER = %s", (relay.REPLICA,))

    wait_for(lambda: len(sessions()) == 1, CATCH_UP, "those of earlier replicas are over")
    cluster.execute(f"CALL mysql.rds_kill({sessions()[0]['ID']})")
    wait_for(lambda: dumps_of(cluster, replica) > began, CATCH_UP, "the replica is back")
    assert "the session was killed" in cluster.stderr.read_text()
    wait_replicated(cluster, replica, "after a kill")


def test_a_dump_outlives_the_engine(cluster, replica):
    """An engine that goes away has not killed its sessions."""
    began = dumps_of(cluster, replica)
    before = cluster.engine_pid
    cluster.as_admin("SHUTDOWN")
    wait_for(lambda: cluster.engine_pid not in (None, before), CATCH_UP, "the next engine")
    cluster.wait_available()
    wait_replicated(cluster, replica, "after the engine")
    assert dumps_of(cluster, replica) == began


def test_a_reset_log_is_told(cluster, replica):
    """Refused at the endpoint; past it, noticed: nothing of the new log is taken for the old one's."""
    with pytest.raises(pymysql.err.OperationalError) as error:
        cluster.execute("RESET MASTER")
    assert error.value.args[0] == 1227
    wait_replicated(cluster, replica, "before the reset")
    cluster.as_admin("RESET MASTER")
    cluster.execute("INSERT INTO d.log (note) VALUES ('in the new log')")
    wait_for(lambda: "was the server's log reset" in cluster.stderr.read_text(), CATCH_UP, "it is told")
    assert f"move {change_log(cluster)} away" in cluster.stderr.read_text()
    name = position(cluster)[0]
    assert client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", name, check=False).returncode != 0
    assert not replica.query("SELECT 1 FROM d.log WHERE note = 'in the new log'")

    change_log(cluster).rename(change_log(cluster).with_name("away"))

    def reads():
        done = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", "--verbose", name, check=False)
        return "in the new log" in done.stdout

    wait_for(reads, CATCH_UP, "a new change log")
