"""What clients ask `borealis relay`: answered as the source itself answers it."""

import re

import pymysql
import pytest

from servers.node import Node

from .relay import REPLICA, REPLICA_PASSWORD, Relay, is_mariadb, source_settings

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]


@pytest.fixture(scope="module", params=SERVERS)
def source(request, tmp_path_factory):
    with Node(request.param, tmp_path_factory.mktemp("source"), **source_settings(request.param)) as node:
        node.execute(
            "SET SESSION sql_log_bin = 0",
            f"CREATE USER {REPLICA}@'127.0.0.1' IDENTIFIED BY '{REPLICA_PASSWORD}'",
            f"GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO {REPLICA}@'127.0.0.1'",
        )
        write_events(node)
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    with Relay(source, tmp_path_factory.mktemp("relay")) as relay:
        relay.wait_caught_up()
        yield relay


# What makes one event of each kind that a server writes, and rows events that are not a
# statement's last.
EVENTS = [
    "CREATE DATABASE d",
    "USE d",
    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(4000), j TEXT) ENGINE=InnoDB",
    "BEGIN",
    "INSERT INTO t (a) VALUES ('one'), ('two')",
    "SAVEPOINT `a``b`",
    "UPDATE t SET a = 'x' WHERE id = 1",
    "DELETE FROM t WHERE id = 2",
    "COMMIT",
    "INSERT INTO t (a) VALUES {}".format(", ".join(f"(REPEAT('{i % 10}', 4000))" for i in range(9))),
    "SET SESSION binlog_format = 'STATEMENT'",
    "SET @`we``ird` = 'it''s', @n = NULL, @i = -5, @d = 1.50, @r = 1e0 / 3, @x = x'00ff'",
    "INSERT INTO t (a) VALUES (CONCAT(@`we``ird`, @i, @d, @r, HEX(@x), COALESCE(@n, '')))",
    "SET @u = 18446744073709551615, @e = 1e300, @z = 0e0, @w = 7.",
    "INSERT INTO t (a) VALUES (CONCAT(@u, @e, @z, @w))",
    "INSERT INTO t (a) VALUES (RAND())",
    "INSERT INTO t (a) VALUES (LAST_INSERT_ID())",
    "INSERT INTO t (a) VALUES ('caf\u00e9')",
    "SET SESSION binlog_format = 'ROW'",
    "XA START 'one', 'two', 3",
    "INSERT INTO t (a) VALUES ('xa')",
    "XA END 'one', 'two', 3",
    "XA PREPARE 'one', 'two', 3",
    "XA COMMIT 'one', 'two', 3",
    "XA START X'00ff'",
    "INSERT INTO t (a) VALUES ('xa in one phase')",
    "XA END X'00ff'",
    "XA COMMIT X'00ff' ONE PHASE",
    "CREATE DATABASE `we``ird`",
    "CREATE TABLE `we``ird`.`t``x` (i INT)",
    "INSERT INTO `we``ird`.`t``x` VALUES (1)",
    "USE `we``ird`",
    "DROP TABLE `t``x`",
    "FLUSH LOGS",
]
MORE_EVENTS = {
    "mysql-5.6": [],
    "mysql-9.7": [
        "SET binlog_rows_query_log_events = 1, binlog_transaction_compression = 1",
        "INSERT INTO d.t (a) VALUES (REPEAT('z', 1000))",
        "SET binlog_transaction_compression = 0, binlog_row_value_options = PARTIAL_JSON",
        "ALTER TABLE d.t ADD k JSON",
        "INSERT INTO d.t (k) VALUES ('{\"a\": 1, \"b\": \"and so on\"}')",
        "UPDATE d.t SET k = JSON_SET(k, '$.a', 2) WHERE k IS NOT NULL",
        "SET gtid_next = 'AUTOMATIC:tag'",
        "INSERT INTO d.t (a) VALUES ('tagged')",
    ],
    "mariadb": [
        "SET GLOBAL log_bin_compress = 1, GLOBAL log_bin_compress_min_len = 10",
        "USE d",
        "INSERT INTO t (a) VALUES (REPEAT('z', 1000))",
        "UPDATE t SET a = 'y'",
        "DELETE FROM t WHERE id = 1",
        "SET SESSION binlog_format = 'STATEMENT'",
        "INSERT INTO t (a) VALUES ('{}')".format("k" * 600),
        "SET SESSION binlog_format = 'ROW', GLOBAL log_bin_compress = 0",
        "SET SESSION gtid_domain_id = 3, SESSION server_id = 9",
        "INSERT INTO t (a) VALUES ('of server 9')",
        "SET SESSION server_id = 3, SESSION binlog_alter_two_phase = 1",
        "ALTER TABLE t ADD k INT",
        "SET SESSION gtid_domain_id = 1",
        "CREATE SEQUENCE s",
        "SET SESSION binlog_alter_two_phase = 0",
    ],
}


def write_events(node):
    node.execute(*EVENTS)
    node.execute(*MORE_EVENTS["mariadb" if is_mariadb(node) else node.server], "FLUSH LOGS")
    with node.connect() as conn, conn.cursor() as cursor:
        cursor.execute("SET NAMES latin1")
        cursor.execute("SET SESSION binlog_format = 'STATEMENT'")
        cursor.execute(b"INSERT INTO d.t (a) VALUES ('caf\xe9 of latin1')")


def ask(server, sql, **kw):
    """(rows, columns) as bytes off the wire; the server's (number, text) where it refuses."""
    with server.connect(use_unicode=False, **kw) as conn:
        conn.decoders = {}
        with conn.cursor(pymysql.cursors.Cursor) as cursor:
            try:
                cursor.execute(sql)
            except pymysql.err.MySQLError as refused:
                return refused.args
            return cursor.fetchall(), [column[0] for column in cursor.description or ()]


def without_collation(answer):
    """The source names the collation of a user variable, which is not in the log."""
    rows, columns = answer
    rows = [(*row[:5], re.sub(rb" COLLATE (?!binary)\w+", b"", row[5])) for row in rows]
    return rows, columns


def test_binlog_events(source, relay):
    relay.wait_caught_up()
    seen = set()
    for name in relay.files():
        sql = f"SHOW BINLOG EVENTS IN '{name}'"
        theirs = without_collation(ask(source, sql))
        assert without_collation(ask(relay, sql)) == theirs
        assert theirs[0][-1][4] in (b"0", str(relay.files()[name].stat().st_size).encode())
        seen |= {row[2].decode() for row in theirs[0]}
    expected = {"Format_desc", "Query", "Table_map", "Xid", "Rotate", "Gtid", "User var", "RAND", "Intvar"}
    if is_mariadb(source):
        expected |= {"Gtid_list", "Annotate_rows", "Query_compressed", "Write_rows_compressed_v1"}
    if source.server == "mysql-9.7":
        expected |= {"Transaction_payload", "Update_rows_partial", "Gtid_tagged_log_event", "XA_prepare"}
    assert seen >= expected


def test_parts_of_binlog_events(source, relay):
    relay.wait_caught_up()
    name = list(relay.files())[-2]
    some = [int(row[1]) for row in ask(source, f"SHOW BINLOG EVENTS IN '{name}'")[0]]
    for rest in [
        "", "LIMIT 3", "LIMIT 1, 2", "LIMIT 2 OFFSET 1", "FROM 0 LIMIT 1", "FROM 4 LIMIT 2",
        f"FROM {some[2]} LIMIT 3", f"FROM {some[2] + 1} LIMIT 1", f"FROM {some[-1]}",
        "FROM 999999999", "LIMIT 9999, 5",
    ]:  # fmt: skip
        sql = f"SHOW BINLOG EVENTS IN '{name}' {rest}"
        assert ask(relay, sql) == ask(source, sql), sql
    for sql in ["SHOW BINLOG EVENTS LIMIT 4", "SHOW BINLOG EVENTS IN 'no-such-file.000001'"]:
        assert ask(relay, sql) == ask(source, sql), sql
