"""What clients ask `borealis relay`: answered as the source itself answers it."""

import json
import pathlib
import re
import struct

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import REPLICA, REPLICA_PASSWORD, Relay, create_account, is_mariadb, source_settings
from .relay_product import ConfiguredRelay, hashes

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


def login(port, tls=False, **kw):
    """As the replicas' account, at the source or at the relay: the source has it too."""
    return pymysql.connect(
        host="127.0.0.1", port=port, user=REPLICA, password=REPLICA_PASSWORD, connect_timeout=10,
        autocommit=True, ssl={"verify_mode": "none"} if tls else None, **kw,
    )  # fmt: skip


TEXTS = (250, 251, 252, 253, 254)  # of all lengths: servers choose by their own


def answer_to(port, statements, tls=False, charset="utf8mb4"):
    """What the last of some statements gives: its columns (name, type, sign) and rows, or the error."""
    with login(port, tls, charset=charset, use_unicode=False) as conn, conn.cursor() as cursor:
        conn.decoders = {}
        for sql in statements:
            try:
                cursor.execute(sql)
            except pymysql.err.MySQLError as refused:
                return refused.args
        if not cursor.description:
            return "OK"
        columns = [
            (field.name, 253 if field.type_code in TEXTS else field.type_code, field.flags & 32)
            for field in cursor._result.fields
        ]
        return columns, cursor.fetchall()


# Statements whose answers are the source's own: columns, types, values, errors with their texts.
SAME = """
SELECT 1
SELECT VERSION()
SELECT @@version AS v, @@GLOBAL.log_bin, @@binlog_format f
SELECT 'a' AS x, 1 AS y, 1.5, -3, NULL z, TRUE
SELECT @@max_allowed_packet, @@net_write_timeout, @@sql_mode, @@GLOBAL.autocommit
SELECT @@lower_case_table_names, @@character_set_server, @@collation_server
SELECT USER(), CURRENT_USER(), DATABASE(), SCHEMA(), LAST_INSERT_ID()
SELECT CURRENT_USER
SELECT @@no_such
SELECT @@warning_count, @@error_count
SELECT nocolumn
SELECT
SELECT 1;
SELECT 1; SELECT 2
SELECT 1 LIMIT 0
SELECT 1 FROM DUAL
SELECT @@GLOBAL.binlog_checksum, @@GLOBAL.binlog_row_image
SET @a = 'x', @b = 5 | SELECT @a
SET wait_timeout = 77 | SELECT @@wait_timeout
SET wait_timeout = 77 | SELECT @@SESSION.wait_timeout
SET wait_timeout = 77 | SET wait_timeout = DEFAULT | SELECT @@wait_timeout
SET SESSION foreign_key_checks = 0 | SELECT @@foreign_key_checks
SET SESSION foreign_key_checks = 0 | SHOW VARIABLES LIKE 'foreign_key_checks'
SET SESSION foreign_key_checks = OFF | SHOW GLOBAL VARIABLES LIKE 'foreign_key_checks'
SET NAMES latin1 | SELECT @@character_set_client, @@character_set_results
SET NAMES nonsense
SET nosuch = 1
SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED
SET autocommit = 0
SHOW VARIABLES LIKE 'log_bin%'
SHOW VARIABLES WHERE Variable_name IN ('binlog_format', 'LOG_BIN')
SHOW VARIABLES WHERE Variable_name = 'binlog_row_image' OR Variable_name = 'log\\_bin'
SHOW GLOBAL VARIABLES LIKE 'nothing'
SHOW STATUS LIKE 'nothing'
SHOW BINARY LOGS
SHOW DATABASES
SHOW DATABASES LIKE 'inf%'
SHOW WARNINGS
SHOW ERRORS LIMIT 1
SHOW
USE information_schema | SELECT DATABASE()
START TRANSACTION WITH CONSISTENT SNAPSHOT
SAVEPOINT a
UNLOCK TABLES
DO 1
BEGIN | COMMIT | ROLLBACK
KILL 999999999
KILL QUERY 999999999
garbage and more

/* nothing */
/*!40101 SET NAMES utf8 */
SELECT 'open
SELECT nofunc(1)
FLUSH LOGS
""".strip("\n").split("\n")
SAME_OF = {
    "mysql-5.6": [
        "SHOW MASTER STATUS",
        "SHOW SLAVE HOSTS",
        "SELECT @@gtid_mode, @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged",
        "SELECT GTID_SUBSET('{a}:23', '{a}:21-57'), GTID_SUBTRACT('{a}:21-57,{b}:1', '{a}:23')",
        "SELECT GTID_SUBSET(NULL, 'x'), GTID_SUBTRACT(@x, '')",
        "SELECT GTID_SUBSET('x')",
        "SELECT GTID_SUBSET('x', '')",
        "SELECT BINLOG_GTID_POS('x', 4)",
    ],
    "mysql-9.7": [
        "SHOW BINARY LOG STATUS",
        "SHOW REPLICAS",
        "SHOW GRANTS FOR CURRENT_USER",
        "SELECT @@gtid_mode, @@GLOBAL.gtid_executed, @@GLOBAL.gtid_purged",
        "SELECT GTID_SUBSET('{a}:23', '{a}:21-57'), GTID_SUBTRACT('{a}:21-57,{b}:1', '{a}:23')",
        "SELECT GTID_SUBSET('x')",
    ],
    "mariadb": [
        "SHOW MASTER STATUS",
        "SELECT @@gtid_binlog_pos, @@gtid_binlog_state, @@GLOBAL.gtid_domain_id",
        "SELECT BINLOG_GTID_POS('none.000001', 4)",
        "SELECT GTID_SUBSET('x', 'y')",
    ],
}
# What may differ in the two answers: the relay's own names, and what a number there means.
UUIDS = {"a": "3e11fa47-71ca-11e1-9e33-c80aa9429562", "b": "4e11fa47-71ca-11e1-9e33-c80aa9429562"}
NOT_ALIKE = {
    "mysql-9.7": ["SELECT nofunc(1)"],  # "No database selected"
}


def alike(server, answer):
    """Without what a version has of its own: which replicas there are, an opening quote's place."""
    if answer[0] == 1064:
        return 1064
    if server == "mysql-9.7" and answer[0] == 1227:
        return 1227
    return answer


def test_statements(source, relay):
    relay.wait_caught_up()
    tls = source.server == "mysql-9.7"  # its accounts need it, or a key
    kind = "mariadb" if is_mariadb(source) else source.server
    different = []
    for line in SAME + [sql.format(**UUIDS) for sql in SAME_OF[kind]]:
        if line in NOT_ALIKE.get(kind, []):
            continue
        statements = [text.strip() for text in line.split(" | ")]
        ours, theirs = answer_to(relay.port, statements), answer_to(source.port, statements, tls)
        if "REPLICAS" in line or "HOSTS" in line:
            ours, theirs = ours[0], theirs[0]
        if alike(source.server, ours) != alike(source.server, theirs):
            different.append((line, ours, theirs))
    assert not different


# What change-data readers say on connecting; the file names where it was read. The source's answer
# and ours must be alike, but for the names that a relay has of its own.
READERS = json.loads(
    (pathlib.Path(__file__).parents[1] / "data" / "clients" / "statements.json").read_text()
)
OWN_VALUES = ("server_id", "Ssl_version", "rpl_semi_sync", "GRANTS")


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader["client"].split(" ")[0])
def test_statements_of_readers(source, relay, reader):
    relay.wait_caught_up()
    tls = source.server == "mysql-9.7"
    for sql in reader["statements"]:
        ours, theirs = answer_to(relay.port, [sql]), answer_to(source.port, [sql], tls)
        if theirs[0] == 1064:  # of words that its version no longer has
            assert "MASTER STATUS" in sql.upper() and ours[0] != 1064, sql
            continue
        if any(name.lower() in sql.lower() for name in OWN_VALUES):
            assert ours[0] == theirs[0], sql  # the columns
            continue
        assert ours == theirs, sql


def test_processes(source, relay):
    """One sees one's own sessions, dumps among them, and may end them."""
    with login(relay.port) as dumping, login(relay.port) as asking, asking.cursor() as cursor:
        with dumping.cursor() as other:
            other.execute("SET @master_binlog_checksum = 'CRC32', @mariadb_slave_capability = 4")
        name = next(iter(relay.files()))
        dumping._execute_command(0x12, struct.pack("<IHI", 4, 0, 777) + name.encode())

        def processes():
            cursor.execute("SHOW PROCESSLIST")
            return {row[0]: row for row in cursor.fetchall()}

        dump = wait_for(
            lambda: "sent all" in processes()[dumping.thread_id()][6]
            and processes()[dumping.thread_id()], 60, "the dump waits"
        )  # fmt: skip
        assert dump[1:5] == (REPLICA, "127.0.0.1", None, "Binlog Dump")
        assert processes()[asking.thread_id()][7] == "SHOW PROCESSLIST"
        cursor.execute("SHOW SLAVE HOSTS")
        assert 777 in {row[0] for row in cursor.fetchall()}
        cursor.execute(f"KILL {dumping.thread_id()}")
        wait_for(lambda: dumping.thread_id() not in processes(), 60, "the dump has ended")


def test_commands(source, relay):
    """Those of the protocol that are not statements."""
    with login(relay.port, database="shop") as conn:
        conn.ping(reconnect=False)
        conn.select_db("stock")
        with conn.cursor() as cursor:
            cursor.execute("SELECT DATABASE()")
            assert cursor.fetchone() == ("stock",)
            conn._execute_command(0x09, b"")  # COM_STATISTICS
            assert re.match(rb"Uptime: \d+  Threads: \d+  Questions: \d+", conn._read_packet()._data)
            for command, argument, number in [
                (0x16, b"SELECT @@version", 1295),  # COM_STMT_PREPARE
                (0x17, struct.pack("<IBI", 1, 0, 1), 1243),  # COM_STMT_EXECUTE
                (0x04, b"t\0", 1046),  # COM_FIELD_LIST
                (0x07, b"\1", 1227),  # COM_REFRESH
                (0x08, b"\0", 1227),  # COM_SHUTDOWN
                (0x0D, b"", 1047),  # COM_DEBUG
            ]:
                conn._execute_command(command, argument)
                with pytest.raises(pymysql.err.MySQLError) as refused:
                    conn._read_packet()
                assert refused.value.args[0] == number, hex(command)
            conn._execute_command(0x19, struct.pack("<I", 1))  # COM_STMT_CLOSE: no answer
            cursor.execute("SET @x = 1, wait_timeout = 5")
            conn._execute_command(0x1F, b"")  # COM_RESET_CONNECTION
            assert conn._read_packet().is_ok_packet()
            cursor.execute("SELECT @x, @@wait_timeout")
            assert cursor.fetchone() == (None, int(source.query("SELECT @@wait_timeout AS t")[0]["t"]))


def test_garbage(source, relay):
    """Whatever bytes come as a statement, there is an answer, and the next is answered too."""
    with login(relay.port) as conn, conn.cursor() as cursor:
        for sql in [
            b"", b"\0", b"'", b"`", b"/*", b"/*!", b"@", b"@@", b"((((((((", b"SELECT " + b"(" * 999,
            b"SELECT f(f(f(f(f(f(f(f(f(f(f(1)))))))))))", b"SELECT " + b"1," * 600 + b"1",
            b"SHOW VARIABLES LIKE '%" + b"_%" * 200 + b"'", b"KILL 18446744073709551616",
            b"SHOW BINLOG EVENTS FROM 18446744073709551615", b"CALL .()", b"SET =", b"USE",
            b"SELECT " + bytes(range(128, 256)), b"\xff\xfe" * 50, b"SELECT 1e999, -0, 0x",
        ]:  # fmt: skip
            conn._execute_command(0x03, sql)
            try:
                conn._read_query_result()
            except pymysql.err.MySQLError as refused:
                assert refused.args[0] > 1000 and refused.args[1], sql
            cursor.execute("SELECT 1")
            assert cursor.fetchone() == (1,), sql


@pytest.fixture(scope="module")
def plain_source(tmp_path_factory):
    with Node("mariadb-10.11", tmp_path_factory.mktemp("plain")) as node:
        create_account(node)
        node.execute("CREATE DATABASE d", "FLUSH LOGS", "CREATE DATABASE e", "FLUSH LOGS")
        yield node


@pytest.fixture
def administered(plain_source, tmp_path):
    relay = ConfiguredRelay(tmp_path, {"shop": plain_source})
    relay.config["account keeper"] = {"password_hash": hashes("of-keeper"), "admin": "on"}
    relay.write()
    with relay:
        yield relay


def run_as(relay, user, password, sql):
    port = int(relay.config["channel shop"]["listen"].split(":")[1])
    with pymysql.connect(host="127.0.0.1", port=port, user=user, password=password) as conn:
        with conn.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall()


def configuration(relay):
    ((name, value, description),) = run_as(
        relay, "keeper", "of-keeper", "CALL mysql.rds_show_configuration"
    )
    assert name == "binlog retention hours" and description.startswith(name)
    return value


def test_retention_hours(administered):
    def set_to(value, name="binlog retention hours"):
        return run_as(
            administered, "keeper", "of-keeper", f"CALL mysql.rds_set_configuration('{name}', {value})"
        )

    wait_for(lambda: configuration(administered) is None, 60, "answers", ignore=pymysql.err.Error)
    set_to(48)
    assert configuration(administered) == "48"
    set_to(99999)  # more than the maximum is the maximum
    assert configuration(administered) == "2160"
    set_to(24)
    limits = "For binlog retention hours the value must be between 1 and 2160 inclusive or be NULL"
    unknown = "Cannot set unknown configuration parameter 'x' using mysql.rds_set_configuration."
    for value, name, text in [(0, None, limits), (-3, None, limits), ("'a'", None, limits), (1, "x", unknown)]:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            set_to(value, name or "binlog retention hours")
        assert refused.value.args == (1644, text)
    assert configuration(administered) == "24"
    assert administered.channel("shop")["retention_hours"] == 24
    administered.stop()
    administered.start()
    wait_for(lambda: configuration(administered) == "24", 60, "kept", ignore=pymysql.err.OperationalError)
    set_to("NULL")
    assert configuration(administered) is None


def test_only_admins_administer(plain_source, administered):
    def logs():
        return [row[0] for row in run_as(administered, "keeper", "of-keeper", "SHOW BINARY LOGS")]

    theirs = [row["Log_name"] for row in plain_source.query("SHOW BINARY LOGS")]
    wait_for(lambda: logs() == theirs, 60, "all files", ignore=pymysql.err.OperationalError)
    for sql, number in [
        ("CALL mysql.rds_set_configuration('binlog retention hours', 1)", 1370),
        ("CALL mysql.rds_show_configuration()", 1370),
        (f"PURGE BINARY LOGS TO '{theirs[-1]}'", 1227),
    ]:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            run_as(administered, REPLICA, REPLICA_PASSWORD, sql)
        assert refused.value.args[0] == number, sql
    for sql, number in [
        ("CALL mysql.rds_set_configuration('binlog retention hours')", 1318),
        ("CALL mysql.rds_no_such()", 1305),
        ("PURGE BINARY LOGS TO 'no-such.000001'", 1373),
    ]:
        with pytest.raises(pymysql.err.MySQLError) as refused:
            run_as(administered, "keeper", "of-keeper", sql)
        assert refused.value.args[0] == number, sql
    assert logs() == theirs
    run_as(administered, "keeper", "of-keeper", f"PURGE BINARY LOGS TO '{theirs[-1]}'")
    assert logs() == theirs[-1:]


def test_sessions_of_others(administered):
    """Nobody sees or ends the sessions of another account; an admin does."""
    port = int(administered.config["channel shop"]["listen"].split(":")[1])
    wait_for(lambda: login(port), 60, "answers", ignore=pymysql.err.OperationalError).close()
    keeper = pymysql.connect(host="127.0.0.1", port=port, user="keeper", password="of-keeper")
    with keeper, login(port) as follower, follower.cursor() as cursor:
        cursor.execute("SHOW PROCESSLIST")
        assert {row[1] for row in cursor.fetchall()} == {REPLICA}
        with pytest.raises(pymysql.err.MySQLError) as refused:
            cursor.execute(f"KILL {keeper.thread_id()}")
        assert refused.value.args[0] == 1095
        with keeper.cursor() as admin:
            admin.execute("SHOW PROCESSLIST")
            assert {row[1] for row in admin.fetchall()} == {REPLICA, "keeper"}
            admin.execute(f"KILL {follower.thread_id()}")
        with pytest.raises(pymysql.err.OperationalError):
            cursor.execute("SELECT 1")


def test_changed_user(administered):
    """COM_CHANGE_USER: the names and rights are those of the new account."""
    port = int(administered.config["channel shop"]["listen"].split(":")[1])
    wait_for(lambda: login(port), 60, "answers", ignore=pymysql.err.OperationalError).close()
    with pymysql.connect(host="127.0.0.1", port=port, user="keeper", password="of-keeper") as conn:
        body = REPLICA.encode() + b"\0\0\0" + struct.pack("<H", 45) + b"mysql_native_password\0"
        conn._execute_command(0x11, body)
        packet = conn._read_packet()
        assert packet.is_auth_switch_request()
        scramble = packet._data[1:].split(b"\0", 1)[1].rstrip(b"\0")
        proof = pymysql._auth.scramble_native_password(REPLICA_PASSWORD.encode(), scramble)
        conn.write_packet(proof)
        assert conn._read_packet().is_ok_packet()
        with conn.cursor() as cursor:
            cursor.execute("SELECT USER()")
            assert cursor.fetchone() == (f"{REPLICA}@127.0.0.1",)
            with pytest.raises(pymysql.err.MySQLError) as refused:
                cursor.execute("CALL mysql.rds_show_configuration")
            assert refused.value.args[0] == 1370
