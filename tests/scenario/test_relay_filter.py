"""An account's replicate_* rules: replicas by GTID get the wanted changes and every GTID."""

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import (
    REPLICA,
    binlog_names,
    follow,
    is_mariadb,
    is_new_mysql,
    replica_settings,
    replica_status,
    source_settings,
)
from .relay_product import ConfiguredRelay, make_account

TIMEOUT = 60
PAIRS = {
    "5.6": ("mysql-5.6", "mysql-5.6"),
    "9.7": ("mysql-9.7", "mysql-9.7"),
    "10.11": ("mariadb-10.11", "mariadb-10.11"),
    "11.8": ("mariadb-11.8", "mariadb-11.8"),
}
RULES = {
    "replicate_ignore_db": "log",
    "replicate_ignore_table": "shop.secret",
    "replicate_wild_ignore_table": "shop.tmp\\_%",
}
TABLE = "(id INT PRIMARY KEY AUTO_INCREMENT, v INT, s TEXT)"
SETUP = [
    "CREATE DATABASE shop",
    "CREATE DATABASE log",
    "USE shop",
    f"CREATE TABLE a {TABLE}",
    f"CREATE TABLE b {TABLE}",
    f"CREATE TABLE secret {TABLE}",
    f"CREATE TABLE tmp_1 {TABLE}",
    f"CREATE TABLE tmpx {TABLE}",
    f"CREATE TABLE shop.gone {TABLE}",
    "USE log",
    f"CREATE TABLE lines_ {TABLE}",
]
INSERTS = [
    "USE shop",
    "INSERT INTO a (v) VALUES (1), (2)",
    "INSERT INTO secret (v) VALUES (1), (2)",
    "INSERT INTO tmp_1 (v) VALUES (1)",
    "INSERT INTO `tmpx` (v) VALUES (1)",
    "SET @x = 7",
    "INSERT INTO shop.b (v, s) VALUES (@x, 'x')",
    "INSERT INTO shop.secret (v, s) VALUES (@x, 'INSERT INTO a')",
    "BEGIN",
    "INSERT INTO secret (v) VALUES (@x)",
    "INSERT INTO b (v) VALUES (8)",
    "UPDATE secret SET v = v + 1",
    "COMMIT",
    "BEGIN",
    "DELETE FROM tmp_1 WHERE v = 1",
    "COMMIT",
    "USE log",
    "INSERT INTO lines_ (v) VALUES (1)",
]
# A statement of several tables, whose last rows are of one that is wanted or of one that is not.
SEVERAL = [
    "USE shop",
    "UPDATE a, secret SET a.v = a.v + 10, secret.v = secret.v + 10",
    "UPDATE secret, a SET a.v = a.v + 10, secret.v = secret.v + 10",
    "UPDATE secret, b SET b.v = b.v + 10, secret.v = 3 WHERE b.v = -1",
    "DELETE b, secret FROM b, secret WHERE b.v = 8 AND secret.id = 1",
]
CHANGES = [
    "USE shop",
    "ALTER TABLE secret ADD COLUMN w INT",
    "ALTER TABLE a ADD COLUMN w INT",
    "CREATE INDEX i ON secret (w)",
    "CREATE INDEX i ON a (w)",
    "DROP TABLE gone",
    "DROP TABLE tmp_1",
    "RENAME TABLE tmpx TO kept",
    "TRUNCATE secret",
    "CREATE VIEW seen AS SELECT id FROM a",
    "INSERT INTO a (v, w) VALUES (100, 1)",
    "USE log",
    "DROP TABLE lines_",
    "DROP DATABASE log",
]


def gtids(node, of_replica):
    """MySQL: the set it has executed; MariaDB: the source's end, what the replica has applied."""
    name = "gtid_executed"
    if is_mariadb(node):
        name = "gtid_slave_pos" if of_replica else "gtid_binlog_pos"
    return node.query(f"SELECT @@GLOBAL.{name} AS g")[0]["g"].replace("\n", "")


def wait_equal(source, replica):
    def applied():
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], status
        assert not status["Last_IO_Error"], status
        return gtids(replica, True) == gtids(source, False)

    wait_for(applied, TIMEOUT, f"{replica}: has the source's GTIDs")


def rows(node, table):
    return node.query(f"SELECT * FROM {table} ORDER BY id")


def tables(node, database):
    return {next(iter(row.values())) for row in node.query(f"SHOW TABLES FROM {database}")}


@pytest.mark.parametrize("pair", list(PAIRS))
def test_filtered(pair, tmp_path):
    server, follower = PAIRS[pair]
    of_source = source_settings(server) | {"binlog_format": "ROW", "binlog_rows_query_log_events": "ON"}
    if server.startswith("mariadb"):
        of_source["binlog_annotate_row_events"] = "ON"
        del of_source["binlog_rows_query_log_events"]
    relay = ConfiguredRelay(tmp_path, {})
    with (
        Node(server, tmp_path / "source", **of_source) as source,
        Node(follower, tmp_path / "replica", **replica_settings(follower)) as replica,
    ):
        make_account(source)
        relay.add_channel("main", source)
        relay.config[f"account {REPLICA}"] |= RULES
        relay.write()
        with relay:
            attach_by_position(source, replica, relay)
            follow(replica, relay.port("main"), by_gtid=True, heartbeat=1)
            source.execute(*SETUP, *INSERTS, *SEVERAL)
            wait_equal(source, replica)
            assert tables(replica, "shop") == {"a", "b", "tmpx", "gone"}
            source.execute("SET SESSION binlog_format = 'MIXED'", *INSERTS)
            source.execute("SET SESSION binlog_format = 'STATEMENT'", *INSERTS)
            wait_equal(source, replica)
            for table in ["a", "b", "tmpx"]:
                assert rows(replica, f"shop.{table}") == rows(source, f"shop.{table}"), table
            packed(source, server)
            source.execute(*CHANGES)
            wait_equal(source, replica)
            assert tables(replica, "shop") == {"a", "b", "kept", "seen"}
            for table in ["a", "b", "kept"]:
                assert rows(replica, f"shop.{table}") == rows(source, f"shop.{table}"), table
            databases = {row["Database"] for row in replica.query("SHOW DATABASES")}
            assert "shop" in databases and "log" not in databases
            refused(source, replica)


def attach_by_position(source, replica, relay):
    """Positions do not fit a filtered stream: the replica is told what to do."""
    follow(replica, relay.port("main"), by_gtid=False, start=(binlog_names(source)[0], 4))
    wait_for(
        lambda: "replicate_* rules leave changes out" in replica_status(replica)["Last_IO_Error"],
        TIMEOUT, f"{replica}: is refused",
    )  # fmt: skip
    replica.execute("STOP REPLICA" if is_new_mysql(replica) else "STOP SLAVE")


def refused(source, replica):
    """What can not be decided ends the dump, with its reason; nothing of it is applied."""
    before = rows(replica, "shop.a")
    if is_new_mysql(source):
        reason = "turn binlog_transaction_compression off"
        source.execute(
            "SET SESSION binlog_transaction_compression = ON",
            "BEGIN",
            "UPDATE shop.a SET v = 0, s = REPEAT('a', 1000)",
            "INSERT INTO shop.secret (v) VALUES (1)",
            "COMMIT",
        )
    else:
        reason = "which tables this statement changes can not be told"
        source.execute(
            "SET SESSION binlog_format = 'STATEMENT'",
            "USE shop",
            "INSERT INTO secret (v) VALUES (1)",
            "UPDATE a, secret SET a.v = 0",
        )
    wait_for(
        lambda: reason in replica_status(replica)["Last_IO_Error"], TIMEOUT, f"{replica}: {reason}"
    )
    assert rows(replica, "shop.a") == before


def packed(source, server):
    """Compressed transactions of MySQL, compressed rows and statements of MariaDB."""
    if server == "mysql-9.7":
        source.execute(
            "SET SESSION binlog_transaction_compression = ON",
            "INSERT INTO shop.a (v, s) VALUES (50, REPEAT('a', 1000))",
            "INSERT INTO shop.secret (v, s) VALUES (50, REPEAT('a', 1000))",
        )
    if server.startswith("mariadb"):
        source.execute("SET GLOBAL log_bin_compress_min_len = 10", "SET GLOBAL log_bin_compress = ON")
        source.execute(*INSERTS, *SEVERAL)
        source.execute("SET GLOBAL log_bin_compress = OFF")
