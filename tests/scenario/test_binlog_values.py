"""Row values against real servers: random rows of every column type, read back from the binlog.

The rows of a server's binlog, applied in order to an empty model, must equal what SELECT returns;
and the same rows as SQL statements must make equal tables. The seed is printed; BOREALIS_SEED=N
repeats a run. The program that reads the binlog, tests/tools/rowdump.c, is $ROWDUMP, or lies beside
$BOREALIS_BINARY, at first build/borealis.
"""

import base64
import json
import os
import pathlib
import random
import re
import struct
import subprocess
import time

import pymysql
import pytest

from tests.servers.node import Node

ROOT = pathlib.Path(__file__).resolve().parents[2]
SEED = int(os.environ.get("BOREALIS_SEED", time.time_ns() // 1000 % 1000000))
STEPS = int(os.environ.get("BOREALIS_STEPS", 250))
SESSION = [
    "SET NAMES utf8mb4",
    "SET time_zone = '+00:00'",
    "SET sql_mode = 'ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO'",
]
WORDS = ["", "a", " lead", "trail ", "quote'\"\\`", "tab\t\n\r\x1a", "naïve", "ÿþ", "%_", "x" * 60]
WIDE_WORDS = WORDS + ["名前", "Ωμέγα", "日本語テキスト"]
ALL_WORDS = WIDE_WORDS + ["🐙🐬", "𝔘"]


def rowdump():
    if "ROWDUMP" in os.environ:
        return os.environ["ROWDUMP"]
    binary = pathlib.Path(os.environ.get("BOREALIS_BINARY", ROOT / "build" / "borealis"))
    return binary.resolve().parent / "rowdump"


def quoted(text):
    out = text.replace("\\", "\\\\").replace("'", "\\'").replace("\x1a", "\\Z")
    return f"'{out}'"


def hexed(data):
    return f"X'{data.hex()}'"


# Generators: rng -> SQL expression.


def integer(bits, unsigned):
    low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    edges = [low, high, 0, 1, high // 2, low // 2 + 1, high - 1]
    return lambda r: str(r.choice(edges) if r.random() < 0.5 else r.randint(low, high))


def decimal(precision, scale):
    def make(r):
        digits = [r.choice("0123456789") for _ in range(precision)]
        if r.random() < 0.3:
            digits = [r.choice("09")] * precision
        for i in range(r.choice([0, 0, precision // 2, precision - 1])):
            digits[i] = "0"
        text = "".join(digits)
        whole, part = text[: precision - scale] or "0", text[precision - scale :]
        return r.choice(["", "-"]) + whole + ("." + part if part else "")

    return make


def floating(single):
    limit, least = (38, -37) if single else (307, -300)

    def make(r):
        kind = r.randrange(6)
        if kind == 0:
            return r.choice(["0", "-0.0", "1", "-1", "0.1", "123.456", "16777217", "1e15", "1e14"])
        if kind == 1:
            return f"{r.randint(-10**6, 10**6) / 100}"
        if kind == 2:
            return repr(float(r.randint(-(2**62), 2**62)))
        if kind == 3:
            return f"{r.uniform(-9, 9)!r}e{r.randint(-20, 20)}"
        return f"{r.uniform(-3, 3)!r}e{r.randint(least, limit)}"

    return make


def bits(n):
    return lambda r: f"b'{r.choice([0, 2**n - 1, r.getrandbits(n)]):b}'"


def date(r):
    if r.random() < 0.2:
        return r.choice(
            ["'0000-00-00'", "'9999-12-31'", "'1000-01-01'", "'2001-02-31'", "'2001-00-00'"]
            + ["'2001-01-00'", "'0000-01-01'", "'1970-01-01'", "'2024-02-29'"]
        )
    return f"'{r.randint(1, 9999):04}-{r.randint(1, 12):02}-{r.randint(1, 28):02}'"


def clock(r):
    return f"{r.randint(0, 23):02}:{r.randint(0, 59):02}:{r.randint(0, 59):02}.{r.randint(0, 999999):06}"


def daytime(r):
    if r.random() < 0.15:
        return r.choice(
            ["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2001-02-31 01:02:03'"]
            + ["'1000-01-01 00:00:00.000001'"]
        )
    return date(r)[:-1] + f" {clock(r)}'"


def stamp(r):
    if r.random() < 0.2:
        return r.choice(
            ["'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"]
            + ["'2000-02-29 23:59:59.999999'", "'1999-12-31 23:59:59'"]
        )
    return f"'{r.randint(1971, 2037)}-{r.randint(1, 12):02}-{r.randint(1, 28):02} {clock(r)}'"


def duration(r):
    if r.random() < 0.3:
        return r.choice(
            ["'00:00:00'", "'-00:00:00.000001'", "'838:59:59'", "'-838:59:59'", "'-00:00:01.5'"]
            + ["'-01:00:00.999999'", "'00:00:00.1'", "'-00:00:59.01'", "'100:00:00'"]
        )
    hours = r.choice([r.randint(0, 23), r.randint(0, 837)])
    return f"'{r.choice(['', '-'])}{hours:02}{clock(r)[2:]}'"


def year(r):
    return r.choice(["0", "1901", "2155", "1970", str(r.randint(1901, 2155))])


def text(words, longest, lengths=()):
    def make(r):
        if lengths and r.random() < 0.15:
            n = r.choice([min(n, longest) for n in lengths])
            return f"REPEAT({quoted(r.choice(['a', 'xyz']))}, {n // 3})"
        return quoted("".join(r.choice(words) for _ in range(r.randint(0, 2)))[:longest])

    return make


def binary(longest, lengths=()):
    def make(r):
        n = r.choice(list(lengths) + [0, 1, 2, min(longest, 16), r.randint(0, min(longest, 40))])
        n = min(n, longest)
        if n > 1000:
            return f"REPEAT({hexed(bytes([r.randrange(256)]))}, {n})"
        data = bytes(r.choice([0, 0x20, 0x5C, 0x27, r.randrange(256)]) for _ in range(n))
        return hexed(data + (b"\0" * r.randrange(3) if n + 2 < longest else b""))

    return make


def member(n, prefix):
    return lambda r: str(r.choice([1, n, r.randint(1, n)]))


def members(n):
    return lambda r: str(r.choice([0, 1, 2**n - 1, 2 ** (n - 1), r.getrandbits(n)]))


def geometry(r):
    x, y = (round(r.uniform(-90, 90), 3) for _ in range(2))
    wkt = r.choice(
        [f"POINT({x} {y})", f"LINESTRING(0 0,{x} {y},1 1)", "POLYGON((0 0,0 9,9 9,9 0,0 0))"]
    )
    return f"ST_GeomFromText('{wkt}')"


def point(r):
    return f"ST_GeomFromText('POINT({r.randint(-90, 90)} {r.random():.6f})', {r.choice([0, 0, 4326])})"


def geometry_bytes(text):
    """What a server stores of a text such as SRID=4326;POINT(1 2), of the types made above."""
    srid, kind, numbers = re.fullmatch(r"(?:SRID=(\d+);)?([A-Z]+)\(+([^()]*)\)+", text).groups()
    numbers = [float(number) for number in re.split("[ ,]", numbers)]
    points = struct.pack(f"<{len(numbers)}d", *numbers)
    count = struct.pack("<I", len(numbers) // 2)
    body = {"POINT": (1, b""), "LINESTRING": (2, count), "POLYGON": (3, b"\1\0\0\0" + count)}
    number, head = body[kind]
    return struct.pack("<IBI", int(srid or 0), 1, number) + head + points


def document(r, depth=0):
    kind = r.randrange(12)
    if kind < 3 and depth < 4:
        return {r.choice(ALL_WORDS)[:9] + str(r.randrange(9)): document(r, depth + 1)
                for _ in range(r.randrange(6))}  # fmt: skip
    if kind < 5 and depth < 4:
        return [document(r, depth + 1) for _ in range(r.randrange(6))]
    return r.choice(
        [None, True, False, 0, -1, 32767, 32768, -32769, 65536, 2**31, 2**63 - 1, -(2**63), 2**64 - 1]
        + [0.5, 1e100, 1.0, -0.0, 1e15, 1e14, 123456.789, r.random(), r.choice(ALL_WORDS)]
        + ["\x00\x1f\b\f", "long " * r.choice([20, 2000])]
    )


def json_value(r):
    made = {"a": 1, "b": [1, {"c": "x"}], "long": "y" * 100, "d": document(r), "q r": document(r)}
    if r.random() < 0.3:
        made = document(r)
    if r.random() < 0.05:
        made = [document(r) for _ in range(3000)]
    return quoted(json.dumps(made, ensure_ascii=r.random() < 0.3))


def json_opaque(r):
    return "JSON_ARRAY({})".format(
        ", ".join(
            r.choice(
                [f"CAST({date(r)} AS DATE)", f"CAST({duration(r)} AS TIME(6))", f"CAST({daytime(r)} AS DATETIME(6))"]
                + [f"CAST({decimal(20, 5)(r)} AS DECIMAL(20,5))", hexed(bytes(r.randrange(256) for _ in range(r.choice([0, 1, 3, 57, 58, 200]))))]
                + ["b'1011'", "NULL", "TRUE", "1.5e0", f"CAST({decimal(65, 30)(r)} AS DECIMAL(65,30))", "'x'"]
            )
            for _ in range(r.randrange(1, 6))
        )
    )  # fmt: skip


def json_change(r, column):
    """An expression that changes a part of the document, as partial updates like it."""
    path = r.choice(["$.a", "$.b[0]", "$.b[1].c", '$."q r"', "$.long", "$.new", "$.b[7]", "$.d", '$."né w"'])
    new = r.choice(["1", "'s'", "TRUE", "NULL", "CAST('[1,{\"z\":2}]' AS JSON)", "2.5e0", "'longer text here'"])
    return r.choice(
        [f"JSON_SET({column}, '{path}', {new})", f"JSON_REPLACE({column}, '{path}', {new})"]
        + [f"JSON_REMOVE({column}, '{path}')", f"JSON_SET(JSON_REMOVE({column}, '$.a'), '{path}', {new}, '$.b[0]', 9)"]
    )


# Columns: name -> (type, generator, how to SELECT and compare it).

NUMERIC = {
    **{
        f"{t}_{'u' if u else 's'}": (f"{t}{' UNSIGNED' if u else ''}", integer(b, u), "number")
        for t, b in [("TINYINT", 8), ("SMALLINT", 16), ("MEDIUMINT", 24), ("INT", 32), ("BIGINT", 64)]
        for u in (False, True)
    },
    "zerofill": ("INT(9) UNSIGNED ZEROFILL", integer(32, True), "number"),
    "d1": ("DECIMAL(65,30)", decimal(65, 30), "text"),
    "d2": ("DECIMAL(65,0)", decimal(65, 0), "text"),
    "d3": ("DECIMAL(30,30)", decimal(30, 30), "text"),
    "d4": ("DECIMAL(1,0)", decimal(1, 0), "text"),
    "d5": ("DECIMAL(19,9)", decimal(19, 9), "text"),
    "d6": ("DECIMAL(10,2) UNSIGNED", decimal(10, 2), "text"),
    "d7": ("DECIMAL(36,13)", decimal(36, 13), "text"),
    "f": ("FLOAT", floating(True), "float"),
    "fmd": ("FLOAT(9,3)", floating(True), "float"),
    "dbl": ("DOUBLE", floating(False), "double"),
    "b1": ("BIT(1)", bits(1), "plus0"),
    "b7": ("BIT(7)", bits(7), "plus0"),
    "b8": ("BIT(8)", bits(8), "plus0"),
    "b33": ("BIT(33)", bits(33), "plus0"),
    "b64": ("BIT(64)", bits(64), "plus0"),
    "boolean": ("BOOLEAN", integer(1, True), "number"),
}
TEMPORAL = {
    "y": ("YEAR", year, "plus0"),
    "da": ("DATE", date, "text"),
    **{f"t{n}": (f"TIME({n})", duration, "text") for n in range(7)},
    **{f"dt{n}": (f"DATETIME({n})", daytime, "text") for n in range(7)},
    **{f"ts{n}": (f"TIMESTAMP({n}) NULL", stamp, "text") for n in range(7)},
}
LATIN1 = "CHARACTER SET latin1"
UTF8MB3 = "CHARACTER SET utf8"
UTF8MB4 = "CHARACTER SET utf8mb4"
TEXT = {
    "c0": (f"CHAR(0) {LATIN1}", lambda r: "''", "string"),
    "c10": (f"CHAR(10) {LATIN1}", text(WORDS, 10), "string"),
    "c255": (f"CHAR(255) {UTF8MB4}", text(ALL_WORDS, 255, [255, 90]), "string"),
    "c100": (f"CHAR(100) {UTF8MB3}", text(WIDE_WORDS, 100), "string"),
    "c63": (f"CHAR(63) {UTF8MB4}", text(ALL_WORDS, 63), "string"),
    "c64": (f"CHAR(64) {UTF8MB4}", text(ALL_WORDS, 64), "string"),
    "c128": (f"CHAR(128) {UTF8MB4}", text(ALL_WORDS, 128), "string"),
    "c192": (f"CHAR(192) {UTF8MB4}", text(ALL_WORDS, 192), "string"),
    "v0": (f"VARCHAR(0) {LATIN1}", lambda r: "''", "string"),
    "v255": (f"VARCHAR(255) {LATIN1}", text(WORDS, 255, [255, 254]), "string"),
    "v256": (f"VARCHAR(256) {LATIN1}", text(WORDS, 256, [255, 256]), "string"),
    "v3000": (f"VARCHAR(3000) {UTF8MB4}", text(ALL_WORDS, 3000, [256, 3000]), "string"),
    "vbin": (f"VARCHAR(50) {UTF8MB4} COLLATE utf8mb4_bin", text(ALL_WORDS, 50), "string"),
    "vucs2": ("VARCHAR(50) CHARACTER SET ucs2", text(WIDE_WORDS, 50), "string"),
    "cucs2": ("CHAR(20) CHARACTER SET ucs2", text(WIDE_WORDS, 20), "string"),
    "vutf16": ("VARCHAR(50) CHARACTER SET utf16", text(ALL_WORDS, 50), "string"),
    "vutf16le": ("VARCHAR(50) CHARACTER SET utf16le", text(ALL_WORDS, 50), "string"),
    "vutf32": ("VARCHAR(50) CHARACTER SET utf32", text(ALL_WORDS, 50), "string"),
    "vascii": ("VARCHAR(50) CHARACTER SET ascii", text(["a", "b'\\", ""], 50), "string"),
    "vkoi8r": ("VARCHAR(50) CHARACTER SET koi8r", text(["a", "привет", ""], 50), "string"),
    "vsjis": ("VARCHAR(50) CHARACTER SET sjis", text(["a", "\\", "表示", "ソ"], 50), "string"),
    "vgbk": ("VARCHAR(50) CHARACTER SET gbk", text(["a", "\\", "中文", "誠"], 50), "string"),
    "vcp1251": ("VARCHAR(50) CHARACTER SET cp1251", text(["a", "привет", ""], 50), "string"),
    "tt": (f"TINYTEXT {LATIN1}", text(WORDS, 85, [255]), "string"),
    "tx": (f"TEXT {UTF8MB4}", text(ALL_WORDS, 1000, [1000]), "string"),
    "mt": (f"MEDIUMTEXT {UTF8MB3}", text(WIDE_WORDS, 300000, [65535, 200000]), "string"),
    "lt": (f"LONGTEXT {UTF8MB4}", text(ALL_WORDS, 300000, [300000]), "string"),
}
BINARY = {
    "bin1": ("BINARY(1)", binary(1), "binary"),
    "bin16": ("BINARY(16)", binary(16), "binary"),
    "bin255": ("BINARY(255)", binary(255, [255]), "binary"),
    "vb0": ("VARBINARY(0)", lambda r: "''", "binary"),
    "vb255": ("VARBINARY(255)", binary(255, [255]), "binary"),
    "vb300": ("VARBINARY(300)", binary(300, [255, 256, 300]), "binary"),
    "tb": ("TINYBLOB", binary(255, [255]), "binary"),
    "bl": ("BLOB", binary(65535, [256, 65535]), "binary"),
    "mb": ("MEDIUMBLOB", binary(70000, [65536, 70000]), "binary"),
    "lb": ("LONGBLOB", binary(70000, [70000]), "binary"),
    "g": ("GEOMETRY", geometry, "geometry"),
    "p": ("POINT", point, "geometry"),
}
ENUMS = {
    "e2": (f"ENUM('a', 'trüb') {LATIN1}", member(2, ""), "members"),
    "e1": (f"ENUM('🐙', 'x''y') {UTF8MB4}", member(2, ""), "members"),
    "e300": (f"ENUM({', '.join(repr(f'm{i}') for i in range(300))}) {UTF8MB4}", member(300, "m"), "members"),
    **{
        f"s{n}": (f"SET({', '.join(repr(f's{i}ç') for i in range(n))}) {LATIN1 if n % 2 else UTF8MB4}", members(n), "members")
        for n in (1, 8, 9, 16, 17, 24, 25, 32, 33, 64)
    },
}  # fmt: skip
MYSQL_9 = {
    "j": ("JSON", json_value, "json"),
    "jo": ("JSON", json_opaque, "json"),
    "v3": ("VECTOR(3)", lambda r: hexed(struct.pack("<3f", *(r.uniform(-5, 5) for _ in range(3)))), "vector"),
    "gb": ("VARCHAR(50) CHARACTER SET gb18030", text(["a", "中文", "é"], 50), "string"),
    "c0900": ("CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci", text(ALL_WORDS, 30), "string"),
}
MARIADB = {
    "u": ("UUID", lambda r: r.choice(["'00000000-0000-0000-0000-000000000000'", "'123e4567-e89b-12d3-a456-426655440000'", hexed(bytes(r.choice([0, r.randrange(256)]) for _ in range(16)))]), "fixed16"),
    "i6": ("INET6", lambda r: r.choice(["'::'", "'::1'", "'2001:db8::'", "'::ffff:1.2.3.4'", "'fe80::1:0:0'"]), "fixed16"),
    "i4": ("INET4", lambda r: r.choice(["'0.0.0.0'", "'1.2.3.0'", "'255.255.255.255'", "'10.0.0.32'"]), "fixed4"),
    "vc": (f"VARCHAR(2000) COMPRESSED {UTF8MB4}", text(ALL_WORDS, 2000, [99, 300, 2000]), "string"),
    "vbc": ("VARBINARY(2000) COMPRESSED", binary(2000, [100, 2000]), "binary"),
    "blc": ("BLOB COMPRESSED", binary(65000, [100, 65000]), "binary"),
    "txc": (f"MEDIUMTEXT COMPRESSED {LATIN1}", text(WORDS, 200000, [300, 200000]), "string"),
    "js": ("JSON", lambda r: quoted(json.dumps(document(r), ensure_ascii=False)), "string"),
    "unopad": (f"VARCHAR(30) {UTF8MB4} COLLATE utf8mb4_unicode_520_nopad_ci", text(ALL_WORDS, 30), "string"),
    "uca": (f"VARCHAR(30) {UTF8MB4} COLLATE utf8mb4_uca1400_ai_ci", text(ALL_WORDS, 30), "string"),
}  # fmt: skip
MARIADB_11 = {
    "ts106": ("TIMESTAMP(3) NULL", lambda r: r.choice(["'2106-02-07 06:28:15'", "'2038-01-19 03:14:08.5'", "'2100-03-01 00:00:00'"]), "text"),
    "vec": ("VECTOR(2) NULL", lambda r: hexed(struct.pack("<2f", r.random(), -1.5)), "binary"),
}  # fmt: skip


def tables_of(server):
    tables = {"num": NUMERIC, "tem": TEMPORAL, "txt": TEXT, "bin": BINARY, "enu": ENUMS}
    if server == "mysql-9.7":
        tables["own"] = MYSQL_9
    if server.startswith("mariadb"):
        tables["own"] = {**MARIADB, **(MARIADB_11 if server == "mariadb-11.8" else {})}
    return tables


def create(table, columns):
    lines = ", ".join(f"`{name}` {column[0]}" for name, column in columns.items())
    return f"CREATE TABLE {table} (id INT NOT NULL PRIMARY KEY, {lines}) DEFAULT CHARSET latin1"


SELECTS = {
    "number": "{0}",
    "plus0": "{0} + 0",
    "text": "CAST({0} AS CHAR)",
    "float": "{0} + 0e0",
    "double": "{0}",
    "string": "HEX({0})|HEX(CONVERT({0} USING utf8mb4))",
    "binary": "HEX({0})",
    "geometry": "HEX({0})",
    "members": "CAST({0} AS UNSIGNED)|HEX(CONVERT({0} USING utf8mb4))",
    "json": "CAST({0} AS CHAR)",
    "vector": "HEX({0})",
    "fixed16": "HEX(CAST({0} AS BINARY(16)))",
    "fixed4": "HEX(CAST({0} AS BINARY(4)))",
}


def select(conn, schema, table, columns):
    """{id: {column: what SELECT says}}, a list where there are two ways to say it."""
    wanted = ["id"]
    for name, column in columns.items():
        wanted += [e.format(f"`{name}`") for e in SELECTS[column[2]].split("|")]
    rows = {}
    with conn.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(wanted)} FROM {schema}.{table}")
        for row in cursor.fetchall():
            left = list(row)
            key = left.pop(0)
            rows[key] = {
                name: [left.pop(0) for _ in SELECTS[column[2]].split("|")]
                for name, column in columns.items()
            }
    return rows


def raw(value):
    if isinstance(value, dict):
        return base64.b64decode(value["base64"])
    return value.encode()


def equal(how, found, said):
    """Whether rowdump's value is what SELECT said."""
    if found is None or said[0] is None:
        return found is None and said[0] is None
    if how in ("number", "plus0"):
        return found == int(said[0])
    if how == "float":
        return struct.pack("<f", found) == struct.pack("<f", float(said[0]))
    if how == "double":
        return struct.pack("<d", found) == struct.pack("<d", float(said[0]))
    if how == "string":
        # Converted to UTF-8 where the log tells the character set, else as the bytes are.
        return raw(found).hex().upper() in said
    if how == "members":
        return found == int(said[0]) if isinstance(found, int) else raw(found).hex().upper() == said[1]
    if how == "vector":
        return struct.pack(f"<{len(found)}f", *found).hex().upper() == said[0]
    if how == "geometry":
        return geometry_bytes(found).hex().upper() == said[0]
    if how in ("binary", "fixed16", "fixed4"):
        return raw(found).hex().upper() == said[0]
    return found == said[0]


def differs_in_padding(how, found, said):
    """Without metadata nothing tells BINARY, UUID and so on, whose last zero bytes are cut off."""
    if how not in ("binary", "fixed16", "fixed4") or found is None or said[0] is None:
        return False
    return raw(found).rstrip(b"\0") == bytes.fromhex(said[0]).rstrip(b"\0")


class Workload:
    """Random changes of all tables."""

    def __init__(self, rng, tables, partial):
        self.rng = rng
        self.tables = tables
        self.partial = partial
        self.next_id = dict.fromkeys(tables, 1)

    def value(self, column):
        return "NULL" if self.rng.random() < 0.12 else column[1](self.rng)

    def statements(self):
        for table, columns in self.tables.items():
            for _ in range(3):
                yield self.insert(table, columns)
        for _ in range(STEPS):
            table = self.rng.choice(list(self.tables))
            columns = self.tables[table]
            kind = self.rng.random()
            if kind < 0.4:
                yield self.insert(table, columns)
            elif kind < 0.85:
                yield self.update(table, columns)
            else:
                yield f"DELETE FROM {table} WHERE id % 7 = {self.rng.randrange(7)} ORDER BY id LIMIT 2"

    def insert(self, table, columns):
        rows = []
        for _ in range(self.rng.choice([1, 1, 3])):
            rows.append(f"({self.next_id[table]}, {', '.join(map(self.value, columns.values()))})")
            self.next_id[table] += self.rng.choice([1, 1, 1000])
        return f"INSERT INTO {table} VALUES {', '.join(rows)}"

    def update(self, table, columns):
        chosen = self.rng.sample(list(columns), self.rng.randint(1, min(4, len(columns))))
        sets = [f"`{name}` = {self.value(columns[name])}" for name in chosen]
        if self.partial and "j" in columns:
            sets = [s for s in sets if not s.startswith("`j` ")]
            sets.append(f"j = {json_change(self.rng, 'j')}")
        return f"UPDATE {table} SET {', '.join(sets)} ORDER BY RAND({self.rng.randrange(99)}) LIMIT 2"


def run(conn, statements):
    with conn.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def binlogs(node):
    with node.connect() as conn, conn.cursor() as cursor:
        cursor.execute("SHOW BINARY LOGS")
        names = [row["Log_name"] for row in cursor.fetchall()]
    return [node.datadir / name for name in names]


def dump(*args):
    done = subprocess.run([rowdump(), *args], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def named(image, columns):
    """Names instead of @1, @2, ..."""
    names = ["id", *columns]
    return {names[int(k[1:]) - 1] if k.startswith("@") else k: v for k, v in image.items()}


def model_of(lines, tables):
    model = {table: {} for table in tables}
    for line in lines.splitlines():
        change = json.loads(line)
        rows, columns = model[change["table"]], tables[change["table"]]
        before = named(change.get("before", {}), columns)
        after = named(change.get("after", {}), columns)
        if "before" in change:
            old = rows.pop(before["id"])
            for name, value in before.items():
                assert repr(old[name]) == repr(value), f"before image of {name}"
            if "after" in change:
                rows[after.get("id", before["id"])] = {**old, **after}
        else:
            rows[after["id"]] = after
    return model


FULL = {"binlog_row_metadata": "FULL"}
COMPRESSED = {"mysql": {"binlog_transaction_compression": "ON"},
              "mariadb": {"log_bin_compress": "ON", "log_bin_compress_min_len": 10}}  # fmt: skip


class Mode:
    """How a server writes its binlog."""

    def __init__(self, servers, metadata, session=(), settings=None):
        self.servers = servers
        self.metadata = metadata
        self.session = session
        self.settings = settings or {}


MODERN = ["mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
MODES = {
    "full": Mode(MODERN, True),
    "default": Mode(["mysql-5.6", *MODERN], False),
    "minimal": Mode(MODERN, True, ["SET SESSION binlog_row_image = MINIMAL"], COMPRESSED),
    "noblob": Mode(["mysql-5.6", *MODERN], False, ["SET SESSION binlog_row_image = NOBLOB"]),
    "partial": Mode(["mysql-9.7"], True, ["SET SESSION binlog_row_value_options = PARTIAL_JSON"]),
    "partial-minimal": Mode(["mysql-9.7"], True, ["SET SESSION binlog_row_value_options = PARTIAL_JSON",
                                                  "SET SESSION binlog_row_image = NOBLOB"], COMPRESSED),
}  # fmt: skip
def sign_unknown(column, found, said):
    """Without metadata nothing tells an unsigned number."""
    if column[2] != "number" or not isinstance(found, int) or "UNSIGNED" not in column[0]:
        return False
    width = {"TIN": 8, "SMA": 16, "MED": 24, "INT": 32, "BIG": 64}[column[0][:3]]
    return found < 0 and found + 2**width == int(said[0])


def compare(mode, model, conn, tables):
    problems = []
    for table, columns in tables.items():
        said = select(conn, "d", table, columns)
        assert sorted(said) == sorted(model[table]), f"{table}: ids"
        for key, row in said.items():
            for name, column in columns.items():
                found = model[table][key][name]
                if equal(column[2], found, row[name]):
                    continue
                if not mode.metadata and differs_in_padding(column[2], found, row[name]):
                    continue
                if not mode.metadata and sign_unknown(column, found, row[name]):
                    continue
                what = f"found {str(found)[:200]!r}, SELECT {str(row[name])[:200]}"
                problems.append(f"{table}.{name} {column[0]} of id {key}: {what}")
    assert not problems, "\n".join(problems[:20])


def work(conn, statements):
    """Runs random statements; the odd one that a server refuses changes nothing."""
    refused = []
    for statement in statements:
        try:
            run(conn, [statement])
        except pymysql.err.MySQLError as e:
            refused.append((str(e)[:200], statement[:300]))
    assert len(refused) < STEPS / 10, refused[:5]


@pytest.mark.parametrize(
    "server,name", [(server, name) for name, mode in MODES.items() for server in mode.servers]
)
def test_rows_equal_what_select_returns(server, name, tmp_path):
    mode = MODES[name]
    print(f"BOREALIS_SEED={SEED} BOREALIS_STEPS={STEPS}")
    rng = random.Random(f"{SEED} {server} {name}")
    tables = tables_of(server)
    settings = {**mode.settings.get(server.partition("-")[0], {}), **(FULL if mode.metadata else {})}
    with Node(server, tmp_path / "n", max_allowed_packet="64M", **settings) as node:
        with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
            run(conn, [*SESSION, "CREATE DATABASE d", "CREATE DATABASE again", "USE d", *mode.session])
            run(conn, [create(table, columns) for table, columns in tables.items()])
            work(conn, Workload(rng, tables, name.startswith("partial")).statements())
            files = binlogs(node)
            model = model_of(dump(*files), tables)
            run(conn, ["SET SESSION sql_log_bin = 0"])
            compare(mode, model, conn, tables)
            if name in ("full", "default", "minimal"):
                replay(node, conn, tables, dump("--sql", *files), mode)


def replay(node, conn, tables, statements, mode):
    """The same rows as SQL, in another database, make the same tables."""
    run(conn, ["USE again", *[create(table, columns) for table, columns in tables.items()]])
    script = ";\n".join([*SESSION, "SET SESSION sql_log_bin = 0", "USE again", ""]).encode()
    (node.basedir / "replay.sql").write_bytes(script + statements)
    node.client("mysql", "--default-character-set=utf8mb4", "--max-allowed-packet=64M",
                "--binary-mode", input=script + statements, text=False)  # fmt: skip
    for table, columns in tables.items():
        # JSON's text does not tell a decimal from a double.
        compared = {name: column for name, column in columns.items() if name != "jo"}
        if not mode.metadata:  # nothing tells their lost zero bytes, nor the sign
            compared = {n: c for n, c in compared.items()
                        if not c[2].startswith("fixed") and "UNSIGNED" not in c[0]}  # fmt: skip
        here, there = select(conn, "d", table, compared), select(conn, "again", table, compared)
        assert here.keys() == there.keys(), table
        problems = [
            f"{table}.{name} {compared[name][0]} of id {key}: {str(value)[:100]}, {str(there[key][name])[:100]}"
            for key, row in here.items() for name, value in row.items() if value != there[key][name]
        ]  # fmt: skip
        assert not problems, "\n".join(problems[:20])


def test_sequences_and_versions_of_mariadb(tmp_path):
    with Node("mariadb-11.8", tmp_path / "n", **FULL) as node:
        node.execute(
            "CREATE DATABASE d",
            "USE d",
            "CREATE SEQUENCE s START 5 CACHE 0",
            "DO NEXTVAL(s)",
            "CREATE TABLE t (id INT PRIMARY KEY, a INT) WITH SYSTEM VERSIONING",
            "INSERT INTO t VALUES (1, 2)",
            "UPDATE t SET a = 3",
            "DELETE FROM t",
        )
        changes = [json.loads(line) for line in dump(*binlogs(node)).splitlines()]
    sequence = [c for c in changes if c["table"] == "s"]
    assert sequence[-1]["after"]["next_not_cached_value"] == 6, sequence
    versions = [c for c in changes if c["table"] == "t"]
    assert [c["after"]["a"] for c in versions if "after" in c][:2] == [2, 3], versions
    assert all(len(c["after"]) == 4 for c in versions if "after" in c), versions
