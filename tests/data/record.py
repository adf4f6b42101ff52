#!/usr/bin/python3
"""Records the corpora under tests/data/binlog from the real servers.

    tests/data/record.py [--server NAME]... [--only SCENARIO]... [--into DIRECTORY]

Each scenario is a function below that runs SQL on a fresh server; the binlog files that it closes
become tests/data/binlog/SERVER/NAME.binlog, and what the server itself says of them (SHOW BINLOG
EVENTS) SERVER/NAME.events. SERVER/NAME.stream is what it sent to a replica, without the protocol's
packet heads. Recording anew changes timestamps, UUIDs and checksums, nothing that a
test may rely on. Needs what tests/servers needs.
"""

import argparse
import pathlib
import random
import shutil
import struct
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from tests.servers.node import Node  # noqa: E402

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
MYSQL = ["mysql-5.6", "mysql-9.7"]
MARIADB = ["mariadb-10.11", "mariadb-11.8"]

COM_BINLOG_DUMP = 0x12
SEND_ANNOTATE_ROWS = 0x02  # MariaDB's meaning of the dump flag
USE_HEARTBEAT_EVENT_V2 = 0x02  # MySQL's
HEARTBEAT, HEARTBEAT_V2 = 27, 41

_scenarios = []


def scenario(servers=SERVERS, extra=None, **settings):
    """Registers a function of a Recorder as the scenario of its name.

    extra makes more settings out of an existing directory for the server's needs.
    """

    def register(function):
        _scenarios.append((function.__name__, servers, settings, extra, function))
        return function

    return register


class Recorder:
    """One server with one session, whose closed binlog files are copied out under names."""

    def __init__(self, node, into):
        self.node = node
        self.into = into
        self.family = "mariadb" if node.server.startswith("mariadb") else "mysql"
        self.new = node.server == "mysql-9.7"
        self.conn = node.connect()

    def run(self, *statements):
        with self.conn.cursor() as cursor:
            for sql in statements:
                cursor.execute(sql)

    def fails(self, sql):
        """A statement that must fail, for what it leaves in the binlog."""
        try:
            self.run(sql)
        except Exception as error:
            return error
        raise AssertionError(f"{self.node.server}: did not fail: {sql}")

    def files(self):
        return [next(iter(row.values())) for row in self.node.query("SHOW BINARY LOGS")]

    def fresh(self):
        """Begins a new binlog file; what was before is not recorded."""
        self.run("FLUSH LOGS" if self.node.server == "mysql-5.6" else "FLUSH BINARY LOGS")

    def save(self, name):
        """Closes the current binlog file and copies it out."""
        current = self.files()[-1]
        self.fresh()
        self.copy(current, name)

    def copy(self, file, name, events=True):
        self.into.mkdir(parents=True, exist_ok=True)
        target = self.into / f"{name}.binlog"
        shutil.copyfile(self.node.datadir / file, target)
        target.chmod(0o644)
        if events:
            self.describe(file, self.into / f"{name}.events")
        print(f"{target}: {target.stat().st_size} bytes", flush=True)

    def describe(self, file, path):
        rows = self.node.query(f"SHOW BINLOG EVENTS IN '{file}'")
        with open(path, "w", encoding="utf-8") as out:
            for row in rows:
                out.write(f"{row['Pos']}\t{row['Event_type']}\t{row['End_log_pos']}\n")

    def stream(self, name, flags=0, variables=(), heartbeats=1):
        """Saves the events that the server sends of its last file, until some heartbeats came."""
        with self.node.connect() as conn:
            with conn.cursor() as cursor:
                cursor.execute("SET @master_heartbeat_period = 100000000")
                cursor.execute("SET @master_binlog_checksum = @@global.binlog_checksum")
                for sql in variables:
                    cursor.execute(sql)
            file = self.files()[-1].encode()
            conn._execute_command(COM_BINLOG_DUMP, struct.pack("<IHI", 4, flags, 999) + file)
            events = []
            while heartbeats:
                event = conn._read_packet().get_all_data()[1:]  # after the OK byte
                events.append(event)
                heartbeats -= event[4] in (HEARTBEAT, HEARTBEAT_V2)
            conn._force_close()
        target = self.into / f"{name}.stream"
        target.write_bytes(b"".join(events))
        print(f"{target}: {target.stat().st_size} bytes", flush=True)

    def write_data_file(self, database, name, content):
        (self.node.datadir / database / name).write_bytes(content)


@scenario(binlog_format="STATEMENT")
def statement(r):
    """Status variables of QUERY, and the events that set a statement's context."""
    r.run("CREATE DATABASE d", "CREATE DATABASE `d-é` CHARACTER SET latin1")
    r.fresh()
    r.run(
        "USE d",
        "CREATE TABLE t (a INT AUTO_INCREMENT PRIMARY KEY, b VARCHAR(200), c DOUBLE, u INT UNIQUE)"
        " ENGINE=InnoDB",
        "INSERT INTO t (b) VALUES ('one'), ('two')",
        "INSERT INTO t (b, c) VALUES (LAST_INSERT_ID(), RAND())",
        "SET @i = -5, @u = 18446744073709551615, @r = 1.5e300, @d = -123456789.987654321, @n = NULL",
        "SET @s = 'text', @b = x'00ff27', @l = _latin1'\xe9', @e = ''",
        "INSERT INTO t (b) VALUES (CONCAT_WS('/', @i, @u, @r, @d, @n))",
        "INSERT INTO t (b) VALUES (@s), (HEX(@b)), (@l), (@e), (@never_set)",
        "SET timestamp = 1700000000.123456",
        "INSERT INTO t (b) VALUES (NOW(6))",
        "SET timestamp = DEFAULT, time_zone = '+05:30'",
        "INSERT INTO t (b) VALUES (NOW())",
        "SET lc_time_names = 'de_DE'",
        "INSERT INTO t (b) VALUES (DAYNAME('2026-01-01'))",
        "SET auto_increment_increment = 10, auto_increment_offset = 3",
        "INSERT INTO t (b) VALUES ('step')",
        "SET auto_increment_increment = 1, auto_increment_offset = 1",
        "SET foreign_key_checks = 0, unique_checks = 0, sql_auto_is_null = 1",
        "INSERT INTO t (b) VALUES ('flags')",
        "SET foreign_key_checks = 1, unique_checks = 1, sql_auto_is_null = 0",
        "SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'",
        """INSERT INTO "t" (b) VALUES ('a' || 'b\\')""",
        "SET sql_mode = DEFAULT, NAMES latin1, collation_server = utf8mb4_bin",
        "INSERT INTO t (b) VALUES ('latin')",
        "SET NAMES utf8mb4",
        "USE `d-é`",
        "CREATE TABLE x (a INT)",
        "CREATE TEMPORARY TABLE tmp (a INT)",
        "INSERT INTO tmp VALUES (1)",
        "INSERT INTO x SELECT a FROM tmp",
        "UPDATE d.t, x SET d.t.c = 1, x.a = 2 WHERE d.t.a = x.a",
        "DROP TEMPORARY TABLE tmp",
        "BEGIN",
        "INSERT INTO x VALUES (3)",
        "SAVEPOINT s1",
        "INSERT INTO x VALUES (4)",
        "ROLLBACK TO s1",
        "COMMIT",
        "CREATE FUNCTION d.f() RETURNS INT DETERMINISTIC NO SQL RETURN 1",
        "CREATE DEFINER = CURRENT_USER PROCEDURE d.p() INSERT INTO d.t (b) VALUES ('p')",
        "CALL d.p()",
        "CREATE VIEW d.v AS SELECT * FROM d.t",
        "CREATE TRIGGER d.g BEFORE INSERT ON d.t FOR EACH ROW SET NEW.c = 2",
        "INSERT INTO d.t (b) VALUES ('triggered')",
    )
    r.save("statement")


@scenario(binlog_format="STATEMENT", default_storage_engine="MyISAM")
def errors(r):
    """Statements that failed half-way, whose error code is part of their event."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE m (a INT PRIMARY KEY) ENGINE=MyISAM")
    r.fails("INSERT INTO m VALUES (1), (2), (1), (3)")
    r.run("DROP TABLE IF EXISTS m, missing")
    r.save("errors")


@scenario(binlog_format="STATEMENT", read_buffer_size="8K", secure_file_priv="")
def load_data(r):
    """LOAD DATA as statements: the file's content is in the binlog, in blocks."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(40))",
          "CREATE TABLE m (a INT PRIMARY KEY, b VARCHAR(40)) ENGINE=MyISAM")
    lines = [b"%d\tvalue %d" % (i, i) for i in range(1200)]
    r.write_data_file("d", "small.txt", b"\n".join(lines[:5]) + b"\n")
    r.write_data_file("d", "big.txt", b"\n".join(lines) + b"\n")
    r.write_data_file("d", "twice.txt", b"\n".join(lines[:3] + lines[:3]) + b"\n")
    r.fresh()
    r.run("LOAD DATA INFILE 'small.txt' INTO TABLE t", "DELETE FROM t",
          "LOAD DATA INFILE 'big.txt' REPLACE INTO TABLE t FIELDS TERMINATED BY '\\t' (a, @v)"
          " SET b = UPPER(@v)")
    r.fails("LOAD DATA INFILE 'twice.txt' INTO TABLE m")
    r.run("DELETE FROM t")
    r.fails("LOAD DATA INFILE 'twice.txt' INTO TABLE t")
    r.run("LOAD DATA INFILE 'small.txt' IGNORE INTO TABLE m")
    r.save("load-data")


@scenario(binlog_format="MIXED")
def mixed(r):
    """Row events only where a statement would not be safe."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(40))")
    r.fresh()
    r.run("INSERT INTO t VALUES (1, 'safe')", "INSERT INTO t VALUES (2, UUID())",
          "UPDATE t SET b = 'x' WHERE a = 1", "DELETE FROM t LIMIT 1")
    r.save("mixed")


_TYPES_COMMON = {
    "integers": (
        "a TINYINT, b TINYINT UNSIGNED, c SMALLINT, d SMALLINT UNSIGNED, e MEDIUMINT,"
        " f MEDIUMINT UNSIGNED, g INT, h INT UNSIGNED, i BIGINT, j BIGINT UNSIGNED, k BOOL",
        [
            "-128, 0, -32768, 0, -8388608, 0, -2147483648, 0, -9223372036854775808, 0, 0",
            "127, 255, 32767, 65535, 8388607, 16777215, 2147483647, 4294967295,"
            " 9223372036854775807, 18446744073709551615, 1",
            "-1, 128, -1, 32768, -1, 8388608, -1, 2147483648, -1, 9223372036854775808, 1",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
            "1, NULL, 2, NULL, 3, NULL, 4, NULL, 5, NULL, NULL",
        ],
    ),
    "decimals": (
        "a DECIMAL(65,30), b DECIMAL(65,0), c DECIMAL(1,1), d DECIMAL(10,2) UNSIGNED,"
        " e DECIMAL(20,9), f DECIMAL(9,9), g DECIMAL(18,10)",
        [
            "12345678901234567890123456789012345.123456789012345678901234567890,"
            " 99999999999999999999999999999999999999999999999999999999999999999,"
            " 0.9, 99999999.99, 12345678901.123456789, 0.999999999, 12345678.0123456789",
            "-12345678901234567890123456789012345.123456789012345678901234567890,"
            " -99999999999999999999999999999999999999999999999999999999999999999,"
            " -0.9, 0, -12345678901.123456789, -0.000000001, -0.0000000001",
            "0, -1, 0, 0.01, 0, 0, 0",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        ],
    ),
    "floats": (
        "a FLOAT, b DOUBLE, c FLOAT(7,3), d DOUBLE(15,5), e BIT(1), f BIT(8), g BIT(9), h BIT(64)",
        [
            "3.4028234e38, 1.7976931348623157e308, 1234.567, 1234567890.12345, 1, 255, 511,"
            " 18446744073709551615",
            "-1.17549e-38, 2.2250738585072014e-308, -0.001, -0.00001, 0, 0, 256, 1",
            "0, -0e0, 0, 0, 1, 170, 85, 9223372036854775808",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
            "0.1, 0.1, 0.1, 0.1, b'1', b'10000000', b'100000001', b'10'",
        ],
    ),
    "temporal": (
        "a DATE, b TIME, c TIME(3), d TIME(6), e DATETIME, f DATETIME(1), g DATETIME(6),"
        " h TIMESTAMP NULL, i TIMESTAMP(4) NULL, j TIMESTAMP(6) NULL, k YEAR",
        [
            "'1000-01-01', '-838:59:59', '-838:59:58.999', '-00:00:00.000001',"
            " '1000-01-01 00:00:00', '1000-01-01 00:00:00.1', '1000-01-01 00:00:00.000001',"
            " '1970-01-01 00:00:01', '1970-01-01 00:00:01.0001', '1970-01-01 00:00:01.000001', 1901",
            "'9999-12-31', '838:59:59', '838:59:59.000', '23:59:59.999999',"
            " '9999-12-31 23:59:59', '9999-12-31 23:59:59.9', '9999-12-31 23:59:59.999999',"
            " '2038-01-19 03:14:07', '2038-01-19 03:14:07.9999', '2038-01-19 03:14:07.999999', 2155",
            "'0000-00-00', '00:00:00', '-00:00:00.500', '-12:34:56.789012',"
            " '0000-00-00 00:00:00', '2026-00-00 00:00:00', '2026-11-00 12:34:56.789012',"
            " '0000-00-00 00:00:00', '0000-00-00 00:00:00', '2026-11-21 01:02:03.045678', 0",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
            "'2026-02-31', '-01:00:00', '100:00:00.010', '00:00:00.100000',"
            " '2026-02-31 01:01:01', '2026-02-28 01:01:01.5', '2026-02-28 01:01:01.5',"
            " '2026-02-28 01:01:01', '2026-02-28 01:01:01.5', '2026-02-28 01:01:01.5', 1970",
        ],
    ),
    "strings": (
        "a CHAR(0), b CHAR(10), c CHAR(255) CHARACTER SET utf8mb4, d VARCHAR(10), e VARCHAR(300),"
        " f BINARY(4), g VARBINARY(255), h VARBINARY(256), i CHAR(100) CHARACTER SET latin1,"
        " j VARCHAR(20) CHARACTER SET utf16",
        [
            "'', '', '', '', '', '', '', '', '', ''",
            "'', 'abcdefghij', REPEAT('é', 255), 'ab  ', REPEAT('x', 300), x'00ff', x'0001',"
            " REPEAT('v', 256), 'déjà', 'sm\U0001f600le'",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
            "'', 'it''s', '\\n\\r\\0\\Z\\\\\"', '日本語', '`', x'2700', x'', x'00', '', ''",
        ],
    ),
    "blobs": (
        "a TINYBLOB, b BLOB, c MEDIUMBLOB, d LONGBLOB, e TINYTEXT, f TEXT, g MEDIUMTEXT,"
        " h LONGTEXT, i TEXT CHARACTER SET latin1",
        [
            "'', '', '', '', '', '', '', '', ''",
            "REPEAT(x'ff', 255), REPEAT('b', 256), REPEAT('c', 1000), REPEAT('d', 300),"
            " REPEAT('e', 255), 'f', REPEAT('é', 300), 'h', 'ï'",
            "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        ],
    ),
    "sets": (
        "a ENUM('x','y,z','it''s'), b SET('a','b','c'), c SET({}), d ENUM({}),"
        " e ENUM('é','ü') CHARACTER SET latin1".format(
            ",".join(f"'s{i}'" for i in range(64)), ",".join(f"'e{i}'" for i in range(300))
        ),
        [
            "'x', '', '', 'e0', 'é'",
            "'it''s', 'a,b,c', 's0,s63', 'e299', 'ü'",
            "NULL, NULL, NULL, NULL, NULL",
            "'y,z', 'c', 18446744073709551615, 'e255', 1",
        ],
    ),
    "geometry": (
        "a GEOMETRY, b POINT, c LINESTRING, d POLYGON, e GEOMETRYCOLLECTION",
        [
            "ST_GeomFromText('POINT(1 2)'), ST_GeomFromText('POINT(-1 -2)'),"
            " ST_GeomFromText('LINESTRING(0 0,1 1,2 2)'),"
            " ST_GeomFromText('POLYGON((0 0,1 0,1 1,0 0))'),"
            " ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 1))')",
            "NULL, NULL, NULL, NULL, NULL",
        ],
    ),
}

_TYPES_JSON = (
    "id INT, j JSON",
    [
        "1, NULL",
        "2, 'null'",
        "3, '{}'",
        "4, '[]'",
        "5, '{\"b\": 1, \"a\": [1, -1, 65536, -65537, 4294967296, -4294967297,"
        " 18446744073709551615, 1.5, true, false, null, \"s\"], \"longer key\": {\"x\": {}}}'",
        "6, '\"\\\\\"quoted\\\\\" \\\\\\\\ \\\\u0001 é\"'",
        "7, JSON_OBJECT('d', CAST('2026-11-21' AS DATE), 't', CAST('-12:34:56.5' AS TIME(6)),"
        " 'dt', CAST('2026-11-21 01:02:03.4' AS DATETIME(6)), 'dec', CAST('1.50' AS DECIMAL(10,2)))",
        "8, JSON_ARRAY(x'00ff', 1e300, 0.1, CAST('' AS CHAR))",
        "9, JSON_OBJECT('big', REPEAT('x', 1000))",
        "10, CAST(3.0 AS JSON)",
    ],
)


def _types(r, types, metadata):
    for name, (columns, rows) in types.items():
        table = f"t_{name}"
        r.run(f"CREATE TABLE {table} ({columns})")
        for row in rows:
            r.run(f"INSERT INTO {table} VALUES ({row})")
        first = columns.split()[0]
        r.run(f"UPDATE {table} SET {first} = NULL WHERE {first} IS NOT NULL LIMIT 1",
              f"DELETE FROM {table} LIMIT 2")
    r.save(f"types{metadata}")


def _type_set(r):
    types = dict(_TYPES_COMMON)
    if r.new:
        types["json"] = _TYPES_JSON
        types["vector"] = (
            "id INT, v VECTOR(3)",
            ["1, STRING_TO_VECTOR('[1,2,3.5]')", "2, NULL", "3, STRING_TO_VECTOR('[-1,0]')"],
        )
        types["srid"] = (
            "id INT, a POINT NOT NULL SRID 4326, b MULTIPOINT, c MULTIPOLYGON, d MULTILINESTRING",
            ["1, ST_GeomFromText('POINT(1 2)', 4326), NULL, NULL, NULL"],
        )
    if r.family == "mariadb":
        types["mariadb"] = (
            "a INET6, b UUID, c INET4, d JSON, e TEXT COMPRESSED, f VARCHAR(300) COMPRESSED,"
            " g BLOB COMPRESSED",
            [
                "'::1', '123e4567-e89b-12d3-a456-426655440000', '192.0.2.1', '{\"a\": 1}',"
                " REPEAT('compress ', 50), REPEAT('x', 300), 'short'",
                "'2001:db8::ff', '00000000-0000-0000-0000-000000000000', '0.0.0.0', '[]', '', '',"
                " ''",
                "NULL, NULL, NULL, NULL, NULL, NULL, NULL",
            ],
        )
        if r.node.server == "mariadb-11.8":
            types["vector"] = (
                "id INT, v VECTOR(3)",
                ["1, VEC_FromText('[1,2,3.5]')", "2, NULL", "3, VEC_FromText('[-1,0,1]')"],
            )
    return types


@scenario(sql_mode="", binlog_format="ROW")
def types(r):
    """Every column type with its edge values, in row events."""
    r.run("SET NAMES utf8mb4", "CREATE DATABASE d", "USE d")
    r.fresh()
    _types(r, _type_set(r), "")


@scenario(["mysql-9.7", *MARIADB], sql_mode="", binlog_format="ROW", binlog_row_metadata="FULL")
def types_full_metadata(r):
    """The same with names, keys, charsets and labels in the table maps."""
    r.run("SET NAMES utf8mb4", "CREATE DATABASE d", "USE d")
    r.fresh()
    _types(r, _type_set(r), "-full-metadata")


@scenario(MARIADB, sql_mode="", binlog_format="ROW", mysql56_temporal_format="OFF")
def types_old_temporal(r):
    """MariaDB's temporal formats from before 5.6."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    _types(r, {"temporal": _TYPES_COMMON["temporal"]}, "-old-temporal")


@scenario()
def rows(r):
    """Row images, multi-row statements, several tables, keys, and the statement's text."""
    r.run(
        "CREATE DATABASE d",
        "USE d",
        "CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b BLOB, c INT, UNIQUE (c))",
        "CREATE TABLE nokey (a INT, b TEXT)",
        "CREATE TABLE child (id INT PRIMARY KEY, t INT, FOREIGN KEY (t) REFERENCES t (id)"
        " ON DELETE CASCADE) ENGINE=InnoDB",
        "CREATE TABLE wide (id INT PRIMARY KEY, {})".format(
            ", ".join(f"c{i} TINYINT" for i in range(70))
        ),
    )
    text = "binlog_annotate_row_events" if r.family == "mariadb" else "binlog_rows_query_log_events"
    images = ["FULL", "MINIMAL", "NOBLOB"]
    if r.node.server == "mariadb-11.8":
        images.append("FULL_NODUP")
    for image in images:
        r.fresh()
        r.run(
            f"SET SESSION binlog_row_image = '{image}'",
            f"SET SESSION {text} = 1",
            "INSERT INTO t VALUES (1, 'a', 'b', 1), (2, NULL, NULL, NULL), (3, '', '', 3)",
            "INSERT INTO t (id) VALUES (4)",
            f"SET SESSION {text} = 0",
            "INSERT INTO nokey VALUES (1, 'x'), (NULL, NULL), (1, 'x')",
            "INSERT INTO wide (id, c0, c69) VALUES (1, 1, 1)",
            "INSERT INTO child VALUES (1, 1)",
            "UPDATE t SET a = 'changed' WHERE id = 1",
            "UPDATE t SET b = NULL, c = 100 WHERE id = 3",
            "UPDATE nokey SET b = 'y' LIMIT 2",
            "UPDATE wide SET c35 = 7",
            "REPLACE INTO t VALUES (2, 'again', 'b2', 2)",
            "UPDATE t, nokey SET t.a = 'both', nokey.b = 'both' WHERE nokey.a = t.id",
            "BEGIN",
            "DELETE FROM child",
            "SAVEPOINT s",
            "DELETE FROM t",
            "COMMIT",
            "DELETE FROM nokey",
            "DELETE FROM wide",
        )
        r.save("rows-" + image.lower().replace("_", "-"))


@scenario(binlog_checksum="NONE")
def no_checksum(r):
    """Events without checksums; the format description has one all the same."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    r.save("no-checksum")


@scenario(["mysql-9.7"], binlog_checksum="NONE")
def ddl(r):
    """DDL that carries an xid, and the newer status variables."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("SET sql_require_primary_key = 1", "CREATE TABLE t (a INT PRIMARY KEY)",
          "SET sql_require_primary_key = 0", "SET default_table_encryption = 0",
          "CREATE TABLE u SELECT 1 AS x", "ALTER TABLE t ADD b JSON, ADD INDEX ((CAST(b->>'$.a' AS UNSIGNED)))",
          "RENAME TABLE t TO v", "TRUNCATE v", "SET explicit_defaults_for_timestamp = 0",
          "CREATE TABLE w (x TIMESTAMP)", "DROP TABLE u, v",
          "SET default_collation_for_utf8mb4 = utf8mb4_general_ci",
          "CREATE DATABASE e CHARACTER SET utf8mb4", "DROP DATABASE d")
    r.save("ddl")


@scenario(["mysql-9.7"], gtid_mode="OFF", enforce_gtid_consistency="OFF")
def anonymous(r):
    """Anonymous GTIDs."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)", "CREATE TEMPORARY TABLE x (a INT)")
    r.save("anonymous")


@scenario(["mysql-5.6"], gtid_mode="ON", enforce_gtid_consistency="ON", log_slave_updates="ON")
def gtid(r):
    """GTIDs as 5.6 wrote them, and a set with holes and several UUIDs before them."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT)")
    for other in ["11111111-2222-3333-4444-555555555555:{}", "ffffffff-0000-0000-0000-000000000001:{}"]:
        for number in (1, 2, 5, 9223372036854775806):
            r.run(f"SET gtid_next = '{other.format(number)}'", "BEGIN", "COMMIT")
    r.run("SET gtid_next = AUTOMATIC")
    r.fresh()
    r.run("INSERT INTO t VALUES (1)")
    r.save("gtid")


@scenario(["mysql-9.7"], gtid_mode="ON", enforce_gtid_consistency="ON")
def gtid_tagged(r):
    """Tagged GTIDs, and sets with and without tags before them."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT)")
    for number in (1, 2, 5, 9223372036854775806):
        r.run(f"SET gtid_next = '11111111-2222-3333-4444-555555555555:{number}'", "BEGIN", "COMMIT")
    r.run("SET gtid_next = AUTOMATIC")
    r.fresh()
    r.run("INSERT INTO t VALUES (1)")
    r.save("gtid-classic")
    r.run("SET gtid_next = 'AUTOMATIC:blue'", "INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)",
          "SET gtid_next = 'AUTOMATIC:a_very_long_tag_of_32_characters'", "INSERT INTO t VALUES (4)",
          "SET gtid_next = '11111111-2222-3333-4444-555555555555:red:9223372036854775806'",
          "INSERT INTO t VALUES (5)",
          "SET gtid_next = 'ffffffff-0000-0000-0000-000000000001:red:7'", "CREATE TABLE u (a INT)",
          "SET gtid_next = AUTOMATIC")
    r.save("gtid-tagged")
    r.run("INSERT INTO t VALUES (6)")
    r.save("gtid-tagged-before")


@scenario(["mysql-9.7"])
def relayed(r):
    """What another server's transactions look like: other times and versions in their GTIDs."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT)")
    r.fresh()
    r.run("SET original_commit_timestamp = 1700000000000000", "SET original_server_version = 80036",
          "INSERT INTO t VALUES (1)", "SET gtid_next = '11111111-2222-3333-4444-555555555555:1'",
          "SET original_commit_timestamp = 1700000000000001", "INSERT INTO t VALUES (2)",
          "SET gtid_next = '11111111-2222-3333-4444-555555555555:tag:1'",
          "INSERT INTO t VALUES (3)", "SET gtid_next = AUTOMATIC")
    r.save("relayed")


@scenario(["mysql-9.7"], binlog_transaction_compression="ON", binlog_rows_query_log_events="ON")
def compressed(r):
    """Whole transactions compressed by zstd."""
    r.run("CREATE DATABASE d", "USE d",
          "CREATE TABLE t (id INT AUTO_INCREMENT PRIMARY KEY, b TEXT)")
    r.fresh()
    r.run("INSERT INTO t (b) VALUES (REPEAT('compress me ', 100)), (REPEAT('and me ', 200))",
          "BEGIN", "UPDATE t SET b = CONCAT(b, id)", "DELETE FROM t WHERE id = 1", "COMMIT",
          "INSERT INTO t (b) VALUES ({})".format(
              "), (".join(f"'{i * 7919 % 1000:04d} row'" for i in range(400))))
    r.save("compressed")


@scenario(["mysql-9.7"], binlog_row_value_options="PARTIAL_JSON")
def partial_json(r):
    """Updates of JSON columns as differences."""
    r.run("CREATE DATABASE d", "USE d",
          "CREATE TABLE t (id INT PRIMARY KEY, j JSON, k JSON, n INT)")
    r.fresh()
    r.run("INSERT INTO t VALUES (1, '{\"a\": 1, \"b\": [1, 2, 3], \"c\": \"long text here\"}',"
          " '{\"x\": \"yyyyyyyyyyyyyyyy\"}', 0), (2, NULL, '[]', 0)",
          "UPDATE t SET j = JSON_SET(j, '$.a', 2) WHERE id = 1",
          "UPDATE t SET j = JSON_REPLACE(j, '$.c', 'short', '$.b[1]', 'two'), n = 1 WHERE id = 1",
          "UPDATE t SET j = JSON_REMOVE(j, '$.b[0]'), k = JSON_SET(k, '$.x', 'y') WHERE id = 1",
          "UPDATE t SET j = JSON_SET(j, '$.new', JSON_OBJECT('k', 1)), k = '[1]'",
          "UPDATE t SET n = 5",
          "SET binlog_row_image = 'MINIMAL'",
          "UPDATE t SET j = JSON_SET(j, '$.a', 3) WHERE id = 1",
          "UPDATE t SET j = JSON_ARRAY_INSERT(j, '$.b[0]', 'ins') WHERE id = 1")
    r.save("partial-json")


@scenario(["mysql-9.7", *MARIADB])
def xa(r):
    """XA transactions: prepared and committed, rolled back, in one phase."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT)")
    r.fresh()
    r.run("XA START 'gtrid', x'00ff27', 7", "INSERT INTO t VALUES (1)", "XA END 'gtrid', x'00ff27', 7",
          "XA PREPARE 'gtrid', x'00ff27', 7", "XA COMMIT 'gtrid', x'00ff27', 7",
          "XA START 'back'", "INSERT INTO t VALUES (2)", "XA END 'back'", "XA PREPARE 'back'",
          "XA ROLLBACK 'back'",
          "XA START 'one'", "INSERT INTO t VALUES (3)", "XA END 'one'", "XA COMMIT 'one' ONE PHASE",
          "XA START '{0}', '{0}'".format("x" * 64), "INSERT INTO t VALUES (4)",
          "XA END '{0}', '{0}'".format("x" * 64), "XA PREPARE '{0}', '{0}'".format("x" * 64),
          "XA COMMIT '{0}', '{0}'".format("x" * 64))
    r.save("xa")


@scenario(MARIADB, log_bin_compress="ON", log_bin_compress_min_len=10)
def mariadb_compressed(r):
    """Compressed queries and rows."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (id INT PRIMARY KEY, b TEXT)")
    r.fresh()
    r.run("CREATE TABLE u (a INT COMMENT '{}')".format("compress " * 30),
          "INSERT INTO t VALUES (1, REPEAT('compress me ', 100)), (2, NULL)",
          "UPDATE t SET b = CONCAT(b, id)", "DELETE FROM t", "INSERT INTO u VALUES (1)",
          "SET binlog_format = STATEMENT",
          "INSERT INTO t VALUES (3, '{}')".format("statement " * 200))
    r.save("compressed")


@scenario(MARIADB, binlog_alter_two_phase="ON", gtid_domain_id=7)
def mariadb_ddl(r):
    """Two-phase ALTER, sequences, system versioning, OR REPLACE, several domains."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE t (a INT PRIMARY KEY)", "ALTER TABLE t ADD b INT, ALGORITHM=COPY",
          "INSERT INTO t VALUES (1, 1), (2, 1)")
    r.fails("ALTER TABLE t ADD UNIQUE (b), ALGORITHM=COPY")
    r.run("CREATE SEQUENCE s START WITH 5 INCREMENT BY 10 CACHE 3", "SELECT NEXT VALUE FOR s",
          "SELECT SETVAL(s, 100)", "CREATE TABLE v (a INT) WITH SYSTEM VERSIONING",
          "INSERT INTO v VALUES (1)", "UPDATE v SET a = 2", "DELETE FROM v",
          "CREATE OR REPLACE TABLE t (x INT) SELECT 1 AS x", "SET gtid_domain_id = 8",
          "INSERT INTO t VALUES (3)", "SET server_id = 1234", "INSERT INTO t VALUES (4)",
          "SET gtid_seq_no = 1000000000000", "INSERT INTO t VALUES (5)",
          "SET skip_replication = 1", "INSERT INTO t VALUES (6)", "SET skip_replication = 0",
          "SET skip_parallel_replication = 1", "INSERT INTO t VALUES (7)",
          "CREATE TABLE a (x INT) ENGINE=Aria", "INSERT INTO a VALUES (1)",
          "CREATE TABLE m (x INT) ENGINE=MyISAM", "BEGIN", "INSERT INTO m VALUES (1)",
          "INSERT INTO t VALUES (8)", "COMMIT", "FLUSH TABLES", "ANALYZE TABLE t")
    r.save("ddl")
    r.run("INSERT INTO t VALUES (9)")
    r.save("gtid-list")


@scenario(["mysql-5.6", *MARIADB], binlog_format="ROW", default_storage_engine="MyISAM",
          max_binlog_stmt_cache_size=4096, binlog_stmt_cache_size=4096)
def incident(r):
    """Rows of a table without transactions that did not fit the binlog's cache are lost."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a TEXT) ENGINE=MyISAM")
    r.fresh()
    current = r.files()[-1]
    r.fails("INSERT INTO t VALUES (REPEAT('x', 5000)), (REPEAT('y', 5000))")
    r.copy(current, "incident")


def _keys(directory):
    """Settings for encryption with a key of our own making."""
    (directory / "keys").write_text("1;" + "0123456789abcdef" * 2 + "\n")
    return {
        "plugin_load_add": "file_key_management",
        "file_key_management_filename": directory / "keys",
        "encrypt_binlog": "ON",
    }


@scenario(["mariadb-11.8"], extra=_keys)
def encrypted(r):
    """A file encrypted at rest. (MySQL's needs a manifest beside the server's own program.)"""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    r.save("encrypted")


def _random_gtid_set(rng):
    def interval():
        first = rng.randrange(1, 40)
        return str(first) if rng.random() < 0.4 else f"{first}-{first + rng.randrange(8)}"

    entries = []
    for _ in range(rng.randrange(4)):
        entry = rng.choice("aAb") * 8 + "-0000-0000-0000-000000000001"
        for _ in range(rng.randrange(1, 4)):
            if rng.random() < 0.4:
                entry += ":" + rng.choice(["blue", "Red", "_x1", "a", "ab"])
            for _ in range(rng.randrange(1, 4)):
                entry += ":" + interval()
        entries.append(entry)
    return rng.choice([",", ", ", " ,"]).join(entries)


@scenario(["mysql-9.7"])
def gtid_sets(r):
    """What the server makes of random GTID sets: a, b, a in its form, a without b, a within b."""
    rng = random.Random(20261121)
    r.into.mkdir(parents=True, exist_ok=True)
    with open(r.into / "gtid-sets.txt", "w", encoding="ascii") as out, r.conn.cursor() as cursor:
        for _ in range(300):
            a, b = _random_gtid_set(rng), _random_gtid_set(rng)
            cursor.execute(
                "SELECT GTID_SUBTRACT(%s, '') form, GTID_SUBTRACT(%s, %s) minus,"
                " GTID_SUBSET(%s, %s) within", (a, a, b, a, b))
            row = cursor.fetchone()
            fields = [a, b, row["form"], row["minus"], str(row["within"])]
            out.write("\t".join(field.replace("\n", "") for field in fields) + "\n")


@scenario()
def stream(r):
    """What a replica is sent: an artificial ROTATE, the file's events, heartbeats."""
    r.run("CREATE DATABASE d", "USE d")
    r.fresh()
    r.run("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    r.into.mkdir(parents=True, exist_ok=True)
    if r.family == "mariadb":
        r.stream("replica", SEND_ANNOTATE_ROWS, ["SET @mariadb_slave_capability = 4"])
        r.stream("old-replica")
    else:
        r.stream("replica", USE_HEARTBEAT_EVENT_V2 if r.new else 0)
        if r.new:
            r.stream("old-replica")


def _json_text(rng, depth=0):
    """The text of a random document, with white space and escapes as they may be."""
    space = rng.choice(["", "", " ", "\n\t"])
    kind = rng.randrange(10)
    if kind < 3 and depth < 5:
        items = [f"{_json_string(rng, 3)}{space}:{space}{_json_text(rng, depth + 1)}"
                 for _ in range(rng.randrange(7))]  # fmt: skip
        return "{" + space + f"{space},".join(items) + space + "}"
    if kind < 5 and depth < 5:
        items = [_json_text(rng, depth + 1) for _ in range(rng.randrange(7))]
        return "[" + space + f",{space}".join(items) + space + "]"
    if kind < 7:
        return _json_string(rng, 12)
    if kind == 7:
        return rng.choice(["null", "true", "false"])
    return _json_number(rng)


def _json_string(rng, length):
    letters = ["a", "b", "z", "é", "名", "🐙", '\\"', "\\\\", "\\/", "\\b\\f\\n\\r\\t", "\\u00e9",
               "\\uD83D\\udc19", "\\u0000", "\x7f"]  # fmt: skip
    return '"' + "".join(rng.choice(letters) for _ in range(rng.randrange(length))) + '"'


def _json_number(rng):
    edge = rng.choice([0, 2**7, 2**15, 2**16, 2**31, 2**32, 2**53, 2**63, 2**64, 10**20, 10**30])
    whole = rng.choice([edge, edge + rng.randrange(-2, 3), rng.randrange(10 ** rng.randrange(1, 25))])
    sign = rng.choice(["", "-"])
    kind = rng.randrange(4)
    if kind < 2:
        return f"{sign}{abs(whole)}"
    if kind == 2:
        return f"{sign}{rng.uniform(0, 10 ** rng.randrange(1, 18))!r}"
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 30)))
    exponent = rng.choice(["", f"{rng.choice('eE')}{rng.choice(['', '+', '-'])}{rng.randrange(290)}"])
    return f"{sign}{rng.randrange(10)}.{digits}{exponent}"


_JSON_EDGES = [
    "-0", "-0.0", "0e0", "1E5", "1e+5", "1e-400", "-1e-400", "1.7976931348623157e308", "5e-324",
    "2.2250738585072014e-308", "123456789012345678901234567890", "0.1", "1.0", "100", "1e15", "1e16",
    '{"a": 1, "b": 2, "a": 3}', '{"bb": 1, "a": 2, "": 3, "c": 4}', "[" * 100 + "]" * 100,
    '{"a":' * 99 + "[]" + "}" * 99, " \t\n\r[ ]\n", '""', "[[], {}, [{}]]",
    '"' + "x" * 127 + '"', '"' + "x" * 128 + '"', '"' + "x" * 16384 + '"',
    "[" + ",".join(["100000"] * 9000) + "]",  # around the small form's limit
    "[" + ",".join(["100000"] * 9361) + "]", "[" + ",".join(["100000"] * 9362) + "]",
    "[" + ",".join(["7"] * 21843) + "]", "[" + ",".join(["7"] * 21844) + "]",
    '{"k": [' + ",".join(["7"] * 21840) + "]}", '[70000, 4294967295, [70000], "' + "y" * 65520 + '"]',
    '{"' + "k" * 65535 + '": 1}',
]  # fmt: skip
_JSON_DOUBTFUL = [
    "", " ", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{", '{"a"', '{"a":', '{"a":1', '{"a":1,}',
    '{a:1}', '{1:1}', "{null:1}", "nul", "nulll", "Null", "TRUE", "tru", "01", "-", "+1", "1.", ".5",
    "1e", "1e+", "0x10", "--1", "1e309", "-1e309", "1e308", "NaN", "Infinity", '"', '"a', "'a'",
    '"\\x"', '"\\u12"', '"\\u12G4"', '"\\ud83d"', '"\\ud83dx"', '"\\ud83d\\u0041"', '"\\udc19"', '"\x01"',
    '"\t"', '"\n"', '"\x7f"', "1 2", "1x", "[1]]", "/**/1", "\ufeff1", "\x0b1", "\xa01", "[" * 101 + "]" * 101,
    '{"a":' * 100 + "1" + "}" * 100, '{"a":' * 100 + "[]" + "}" * 100, "0", "-0", "0.0", "[0,-0]", "-01", "1.5.5",
    "99999999999999999999999999999999999999999999999999", "1e00000000000000000000000001", "1e-99999999999",
    "0e99999999999", "1e99999999999", "0e308", "0e309", "0.00e310", "0.00e311", "10e308", "0.001e311", "0.1e309", "1000e305",
]  # fmt: skip


@scenario(["mysql-9.7"])
def json_text(r):
    """JSON documents as text, beside what the server makes of them, and what it takes for JSON."""
    rng = random.Random(20261121)
    r.run("CREATE DATABASE d", "USE d", "SET NAMES utf8mb4",
          "CREATE TABLE good (t LONGTEXT CHARACTER SET utf8mb4, j JSON)",
          "CREATE TABLE doubtful (t LONGTEXT CHARACTER SET utf8mb4, valid TINYINT)",
          "SET binlog_rows_query_log_events = OFF",
          "SET binlog_transaction_compression = ON")  # fmt: skip
    r.fresh()
    r.run("BEGIN")
    documents = _JSON_EDGES + [_json_text(rng) for _ in range(600)]
    documents += [f"[{','.join(_json_number(rng) for _ in range(300))}]"]
    with r.conn.cursor() as cursor:
        for document in documents:
            cursor.execute("INSERT INTO good VALUES (%s, %s)", (document, document))
        for text in _JSON_DOUBTFUL:
            try:
                cursor.execute("SELECT CAST(%s AS JSON)", text)
                valid = 1
            except Exception:
                valid = 0
            cursor.execute("INSERT INTO doubtful VALUES (%s, %s)", (text, valid))
    r.run("COMMIT")
    r.save("json-text")


@scenario(["mariadb-10.11", "mysql-9.7"])
def charsets(r):
    """What each byte is in the character sets of one byte a character."""
    names = ["armscii8", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "dec8",
             "geostd8", "greek", "hebrew", "hp8", "keybcs2", "koi8r", "koi8u", "latin1", "latin2",
             "latin5", "latin7", "macce", "macroman", "swe7", "tis620"]  # fmt: skip
    ids = {row["cs"]: row["id"] for row in r.node.query(
        "SELECT CHARACTER_SET_NAME AS cs, MIN(ID) AS id FROM information_schema.COLLATIONS "
        "WHERE IS_DEFAULT = 'Yes' GROUP BY CHARACTER_SET_NAME")}  # fmt: skip
    target = r.into / "charsets.txt"
    with open(target, "w", encoding="ascii") as out:
        for name in names:
            columns = ", ".join(
                f"HEX(CONVERT(CONVERT(X'{byte:02x}' USING {name}) USING utf32)) AS c{byte}"
                for byte in range(256))
            row = r.node.query(f"SELECT {columns}")[0]
            points = [int(row[f"c{byte}"] or "0", 16) for byte in range(256)]
            # A byte that is no character becomes a question mark, or the replacement character.
            good = [0 if point == 0xFFFD or point == 0x3F and byte != 0x3F else point
                    for byte, point in enumerate(points)]  # fmt: skip
            out.write(f"{ids[name]} {name} {' '.join(f'{point:x}' for point in good)}\n")
    print(f"{target}: {target.stat().st_size} bytes", flush=True)


@scenario()
def collations(r):
    """All collations: id, name, character set, and whether its character set alone means it."""
    sql = "SELECT ID AS id, COLLATION_NAME AS name, CHARACTER_SET_NAME AS cs FROM {} ORDER BY 1, 2"
    # MariaDB's uca1400 have their names in full elsewhere; the defaults are a variable of its own.
    table = "information_schema.COLLATIONS"
    if r.family == "mariadb":
        table = "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
        sql = sql.replace("COLLATION_NAME", "FULL_COLLATION_NAME")
    defaults = {row["Default collation"] for row in r.node.query("SHOW CHARACTER SET")}
    r.into.mkdir(parents=True, exist_ok=True)
    target = r.into / "collations.txt"
    with open(target, "w", encoding="ascii") as out:
        for row in r.node.query(sql.format(table)):
            mark = "default" if row["name"] in defaults else "-"
            out.write(f"{row['id']} {row['name']} {row['cs']} {mark}\n")
    print(f"{target}: {target.stat().st_size} bytes", flush=True)


@scenario(MARIADB)
def first(r):
    """The first file of a new server: its list of GTIDs is empty."""
    r.run("CREATE DATABASE d", "CREATE TABLE d.t (a INT)", "INSERT INTO d.t VALUES (1)")
    r.save("first")


@scenario()
def ends(r):
    """How files end: by a shutdown, and not at all after a crash."""
    r.run("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT)")
    r.fresh()
    r.run("INSERT INTO t VALUES (1)")
    first = r.files()[-1]
    r.conn.close()
    r.node.restart()
    r.copy(first, "stop")
    r.conn = r.node.connect()
    r.run("INSERT INTO d.t VALUES (2)")
    last = r.files()[-1]
    r.conn.close()
    r.node.kill9()
    r.copy(last, "crash", events=False)


def record(server, settings, extra, function, into):
    settings = {"server_id": 101, **settings}
    with tempfile.TemporaryDirectory(prefix="borealis-record-") as directory:
        if extra:
            settings.update(extra(pathlib.Path(directory)))
        with Node(server, pathlib.Path(directory) / "node", **settings) as node:
            function(Recorder(node, into / server))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", action="append", choices=SERVERS)
    parser.add_argument("--only", action="append", metavar="SCENARIO")
    parser.add_argument("--into", type=pathlib.Path, default=HERE / "binlog")
    args = parser.parse_args()
    failed = []
    for name, servers, settings, extra, function in _scenarios:
        for server in args.server or SERVERS:
            if server in servers and (not args.only or name in args.only):
                try:
                    record(server, settings, extra, function, args.into)
                except Exception as error:  # one scenario's failure must not hide the others'
                    failed.append(f"{server} {name}: {error}")
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
