"""Rows of one family's binlogs, translated, applied by servers of the other with BINLOG statements.

tests/tools/rowtranslate.c makes these; it lies beside $BOREALIS_BINARY. The tables on the other side
have the types that doc/compatibility.md gives. The seed is printed; BOREALIS_SEED=N repeats a run.
"""

import os
import pathlib
import random
import re
import subprocess

import pymysql.cursors
import pytest

from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import ROOT, SETTINGS, empty
from tests.scenario.test_binlog_values import run
from tests.servers.nodes import Nodes

DIALECTS = {"mysql-5.6": "mysql5", "mysql-9.7": "mysql8", "mariadb-10.11": "mariadb", "mariadb-11.8": "mariadb"}
STEPS = int(os.environ.get("BOREALIS_STEPS", 60))

# What a column is on the other side, where that is not the same text.
TO_MARIADB = {
    "JSON": "JSON",
    "VECTOR(3)": "LONGBLOB",
    "CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci":
        "CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci",
}
TO_MYSQL = {
    "JSON": "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    "UUID": "BINARY(16)",
    "INET6": "BINARY(16)",
    "INET4": "BINARY(4)",
    "VECTOR(2) NULL": "VARBINARY(8)",
    "VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_520_nopad_ci": "VARCHAR(30) CHARACTER SET utf8mb4",
    "VARCHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_ai_ci": "VARCHAR(30) CHARACTER SET utf8mb4",
}
TO_MYSQL_5 = {
    **TO_MYSQL,
    "VECTOR(3)": "LONGBLOB",
    "CHAR(30) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci": "CHAR(30) CHARACTER SET utf8mb4",
}
OTHER_TYPES = {"mysql5": TO_MYSQL_5, "mysql8": TO_MYSQL, "mariadb": TO_MARIADB}


def settings_of(server):
    if server == "mysql-9.7":  # with GTIDs, BINLOG statements need one each
        return {**SETTINGS, "gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"}
    return SETTINGS


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    with Nodes(tmp_path_factory.mktemp("translation"), settings_of) as nodes:
        yield nodes


def session(node):
    return node.connect(cursorclass=pymysql.cursors.Cursor)


def begin(source, target, statements, other=None):
    """The same database on both, and tables in it: on the target's side by statements of its own."""
    empty(source)
    empty(target)
    for node, ddl in ((source, statements), (target, statements if other is None else other)):
        with session(node) as conn:
            run(conn, [*values.SESSION, "CREATE DATABASE d", "USE d", *ddl])


def change(source, *statements):
    with session(source) as conn:
        run(conn, [*values.SESSION, "USE d", *statements])


def translate(source, dialect):
    """BINLOG statements of what the source wrote so far, and what the translation complains of."""
    source.execute("FLUSH BINARY LOGS" if source.server != "mysql-5.6" else "FLUSH LOGS")
    program = pathlib.Path(os.environ.get("BOREALIS_BINARY", ROOT / "build" / "borealis")).resolve()
    done = subprocess.run([program.parent / "rowtranslate", dialect, *values.binlogs(source)[:-1]],
                          capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == (1 if done.stderr else 0)
    return done.stdout.splitlines(), done.stderr


def carry(source, target):
    statements, complaint = translate(source, DIALECTS[target.server])
    assert complaint == ""
    with session(target) as conn:
        run(conn, statements)


def same(source, target, sql):
    said = source.query(sql)
    assert said and target.query(sql) == said


def refused(source, dialect="mysql8"):
    """The reason, without the place."""
    _, complaint = translate(source, dialect)
    return re.sub(r"^rowtranslate: \S+: offset \d+: ", "", complaint).strip()


def tables_for(source, target):
    """Tables of all types of the source, and what they are at the target."""
    types = OTHER_TYPES[DIALECTS[target]]
    tables, others = {}, {}
    for table, columns in values.tables_of(source).items():
        # No MariaDB and no MySQL of before 5.7 has these characters; no statement makes the column.
        columns = {name: column for name, column in columns.items() if name != "gb"}
        tables[table] = columns
        others[table] = {name: (types.get(kind, kind.replace(" COMPRESSED", "")), *rest)
                         for name, (kind, *rest) in columns.items()}
    return tables, others


@pytest.mark.parametrize("source,target,image", [
    ("mysql-9.7", "mariadb-10.11", "FULL"),
    ("mysql-9.7", "mariadb-11.8", "MINIMAL"),
    ("mysql-9.7", "mysql-5.6", "NOBLOB"),
    ("mysql-5.6", "mariadb-10.11", "FULL"),
    ("mysql-5.6", "mariadb-11.8", "NOBLOB"),
    ("mariadb-10.11", "mysql-9.7", "MINIMAL"),
    ("mariadb-10.11", "mysql-5.6", "FULL"),
    ("mariadb-11.8", "mysql-9.7", "FULL_NODUP"),
    ("mariadb-11.8", "mysql-5.6", "NOBLOB"),
])
def test_rows_of_all_types(nodes, source, target, image):
    print(f"BOREALIS_SEED={values.SEED}")
    rng = random.Random(f"{values.SEED} {source} {target}")
    tables, others = tables_for(source, target)
    source, target = nodes[source], nodes[target]
    begin(source, target, [values.create(*item) for item in tables.items()],
          [values.create(*item) for item in others.items()])
    partial = source.server == "mysql-9.7" and image == "FULL"
    settings = [f"SET SESSION binlog_row_image = {image}"]
    if partial:
        settings.append("SET SESSION binlog_row_value_options = PARTIAL_JSON")
    if source.server != "mysql-5.6":
        metadata = ["FULL", "MINIMAL"] + (["NO_LOG"] if source.server.startswith("mariadb") else [])
        source.execute(f"SET GLOBAL binlog_row_metadata = {rng.choice(metadata)}")
    load = values.Workload(rng, tables, partial)
    with session(source) as conn:
        run(conn, [*values.SESSION, "USE d", *settings])
        values.work(conn, list(load.statements())[:STEPS + 3 * len(tables)])
    carry(source, target)
    for table in tables:
        with session(source) as conn, session(target) as other:
            run(conn, values.SESSION)
            run(other, values.SESSION)
            said = values.select(conn, "d", table, tables[table])
            assert said and values.select(other, "d", table, others[table]) == said, table


@pytest.mark.parametrize("source,target", [
    ("mysql-9.7", "mariadb-10.11"), ("mysql-9.7", "mysql-5.6"), ("mariadb-10.11", "mysql-9.7"),
])
def test_foreign_keys_act_once(nodes, source, target):
    """9.7 logs what they do, children first; the others log the parents only."""
    source, target = nodes[source], nodes[target]
    begin(source, target, [
        "CREATE TABLE p (id INT PRIMARY KEY) ENGINE=InnoDB",
        "CREATE TABLE c (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES p (id)"
        " ON DELETE CASCADE ON UPDATE CASCADE) ENGINE=InnoDB",
        "CREATE TABLE g (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES c (id)"
        " ON DELETE SET NULL) ENGINE=InnoDB"])
    change(source, "INSERT INTO p VALUES (1), (2), (3)", "INSERT INTO c VALUES (10, 1), (20, 2), (30, 3), (31, 3)",
           "INSERT INTO g VALUES (100, 10), (200, 20), (300, 30)", "UPDATE p SET id = 9 WHERE id = 2",
           "DELETE FROM p WHERE id = 3")
    carry(source, target)
    for table in "pcg":
        same(source, target, f"SELECT * FROM d.{table} ORDER BY id")


@pytest.mark.parametrize("source,target", [("mysql-9.7", "mariadb-11.8"), ("mariadb-11.8", "mysql-9.7")])
def test_generated_and_invisible_columns(nodes, source, target):
    """Both families write them, and leave out what MySQL keeps for functional indexes."""
    source, target = nodes[source], nodes[target]
    table = ("CREATE TABLE t (id INT{}, a INT, v INT AS (a + 1) VIRTUAL, s INT AS (a + 2) STORED,"
             " i INT INVISIBLE, z INT{})")
    keys = ", KEY f ((a + 1)), KEY m ((CAST(JSON_ARRAY(z) AS UNSIGNED ARRAY)))"
    ours = [table.format(" PRIMARY KEY", keys if source.server == "mysql-9.7" else ""),
            table.format("", "").replace(" t ", " nokey ")]
    theirs = [table.format(" PRIMARY KEY", ""), ours[1]]
    begin(source, target, ours, theirs)
    for name in ("t", "nokey"):
        change(source, f"INSERT INTO {name} (id, a, i, z) VALUES (1, 1, 5, 7), (2, NULL, 6, 8), (3, 3, 6, 9)",
               f"UPDATE {name} SET a = 5, i = 1 WHERE id = 1", f"DELETE FROM {name} WHERE id = 2")
    carry(source, target)
    for name in ("t", "nokey"):
        same(source, target, f"SELECT id, a, v, s, i, z FROM d.{name} ORDER BY id")


@pytest.mark.parametrize("target,invisible", [("mariadb-10.11", "INVISIBLE"), ("mysql-5.6", "")])
@pytest.mark.parametrize("image", ["FULL", "MINIMAL"])
def test_generated_invisible_keys(nodes, target, invisible, image):
    """The log's own CREATE TABLE has the column, so tables and rows agree."""
    source, target = nodes["mysql-9.7"], nodes[target]
    begin(source, target, ["SET sql_generate_invisible_primary_key = ON", "CREATE TABLE t (a INT, b TEXT)"],
          [f"CREATE TABLE t (my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT {invisible}, a INT, b TEXT,"
           " PRIMARY KEY (my_row_id))"])
    created = [row["Info"] for row in source.query("SHOW BINLOG EVENTS") if "CREATE TABLE" in row["Info"]]
    assert "`my_row_id` bigint unsigned NOT NULL AUTO_INCREMENT /*!80023 INVISIBLE */," in created[0]
    change(source, f"SET SESSION binlog_row_image = {image}",
           "INSERT INTO t VALUES (1, 'x'), (1, 'x'), (9, 'x'), (2, NULL)", "UPDATE t SET b = 'y' WHERE a = 2",
           "DELETE FROM t WHERE a = 1 LIMIT 1")
    carry(source, target)
    same(source, target, "SELECT my_row_id, a, b FROM d.t ORDER BY my_row_id")


def test_a_column_before_a_generated_key(nodes):
    """MySQL keeps its key the first one and logs FIRST; MariaDB obeys, and its rows do not fit."""
    source, target = nodes["mysql-9.7"], nodes["mariadb-10.11"]
    first = "ALTER TABLE t ADD COLUMN f INT FIRST"
    begin(source, target, ["SET sql_generate_invisible_primary_key = ON", "CREATE TABLE t (a INT)", first],
          ["CREATE TABLE t (my_row_id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT INVISIBLE PRIMARY KEY, a INT)", first])
    change(source, "INSERT INTO t VALUES (5, 6)")
    with pytest.raises(pymysql.err.MySQLError):
        carry(source, target)
    assert not target.query("SELECT * FROM d.t")


@pytest.mark.parametrize("source,target,kind", [
    ("mysql-9.7", "mariadb-10.11", "JSON"), ("mysql-9.7", "mariadb-11.8", "LONGTEXT"),
    ("mysql-9.7", "mysql-5.6", "LONGTEXT"),
])
def test_documents_of_tables_without_a_key(nodes, source, target, kind):
    """Their rows are found by the whole text: it is the same whichever way it was made."""
    source, target = nodes[source], nodes[target]
    charset = "" if kind == "JSON" else " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    begin(source, target, ["CREATE TABLE t (a INT, j JSON)"], [f"CREATE TABLE t (a INT, j {kind}{charset})"])
    change(source,
           """INSERT INTO t VALUES (1, '{"bb": [1, 2.50, "é\\\\u0001"], "a": {"z": null}}'), (2, '[]'), (3, NULL)""",
           "SET binlog_row_value_options = PARTIAL_JSON",
           "UPDATE t SET j = JSON_SET(j, '$.bb[0]', 1e20, '$.a.z', 'long text') WHERE a = 1",
           "UPDATE t SET j = JSON_REMOVE(j, '$.bb[1]') WHERE a = 1",
           "UPDATE t SET j = JSON_SET(j, '$.a', CAST('12:30' AS TIME)) WHERE a = 1",
           "SET binlog_row_value_options = ''", "UPDATE t SET a = 4 WHERE a = 1", "DELETE FROM t WHERE a = 2")
    carry(source, target)
    same(source, target, "SELECT a, CAST(j AS CHAR) AS j FROM d.t ORDER BY a")


@pytest.mark.parametrize("target", ["mysql-9.7", "mysql-5.6"])
def test_own_types_of_mariadb_without_a_key(nodes, target):
    """Rows are found by all their columns, whose last zero bytes are cut off in the log."""
    source, target = nodes["mariadb-11.8"], nodes[target]
    types = ["UUID", "INET6", "INET4", "VECTOR(2) NULL", "VARCHAR(300) COMPRESSED CHARACTER SET utf8mb4"]
    columns = ", ".join(f"c{i} {kind}" for i, kind in enumerate(types))
    others = ", ".join(f"c{i} {TO_MYSQL.get(kind, kind.replace(' COMPRESSED', ''))}" for i, kind in enumerate(types))
    begin(source, target, [f"CREATE TABLE t (a INT, {columns})"], [f"CREATE TABLE t (a INT, {others})"])
    change(source,
           "INSERT INTO t VALUES (1, '123e4567-e89b-12d3-a456-426655440000', '2001:db8::', '10.0.0.0',"
           " VEC_FromText('[1,0]'), REPEAT('x', 300)), (2, '00000000-0000-0000-0000-000000000000', '::', '0.0.0.0',"
           " VEC_FromText('[0,0]'), ''), (3, NULL, NULL, NULL, NULL, NULL), (4, '123e4567-e89b-12d3-a456-426655440001',"
           " '2001:db8::1', '10.0.0.1', VEC_FromText('[1,2]'), 'short')",
           "UPDATE t SET a = 5, c2 = '0.0.0.1' WHERE a = 1", "UPDATE t SET c0 = c0, a = 6 WHERE a = 2",
           "UPDATE t SET c4 = REPEAT('y', 200) WHERE a = 3", "DELETE FROM t WHERE a = 4", "DELETE FROM t WHERE a = 6")
    carry(source, target)
    same(source, target, "SELECT a, HEX(CAST(c0 AS BINARY(16))) c0, HEX(CAST(c1 AS BINARY(16))) c1,"
         " HEX(CAST(c2 AS BINARY(4))) c2, HEX(c3) c3, c4 FROM d.t ORDER BY a")


@pytest.mark.parametrize("source,target", [("mysql-9.7", "mariadb-10.11"), ("mariadb-10.11", "mysql-9.7")])
def test_axes_of_geometry(nodes, source, target):
    """The bytes are equal; MySQL turns the axes of geographic systems where it reads and shows text."""
    source, target = nodes[source], nodes[target]
    begin(source, target, ["CREATE TABLE t (id INT PRIMARY KEY, g GEOMETRY)"])
    change(source, "INSERT INTO t VALUES (1, ST_GeomFromText('POINT(10 20)', 4326)),"
           " (2, ST_GeomFromText('LINESTRING(1 2,3 4)', 3857))")
    carry(source, target)
    same(source, target, "SELECT id, HEX(g) FROM d.t ORDER BY id")
    text = "SELECT ST_AsText(g) AS text FROM d.t ORDER BY id"
    assert [row["text"] for row in source.query(text)] == ["POINT(10 20)", "LINESTRING(1 2,3 4)"]
    assert [row["text"] for row in target.query(text)] == ["POINT(20 10)", "LINESTRING(1 2,3 4)"]


def test_times_of_before_5_6(nodes):
    """Without a fraction they become those of today; with one events do not tell how long they are."""
    source, target = nodes["mariadb-10.11"], nodes["mysql-9.7"]
    table = "CREATE TABLE t (id INT PRIMARY KEY, a TIME, b DATETIME, c TIMESTAMP NULL, z INT)"
    source.execute("SET GLOBAL mysql56_temporal_format = OFF")
    begin(source, target, [table, "CREATE TABLE f (a TIME(3), b DATETIME(2))"], [table])
    source.execute("SET GLOBAL mysql56_temporal_format = ON")
    change(source, "INSERT INTO t VALUES (1, '-838:59:59', '9999-12-31 23:59:59', '2038-01-19 03:14:07', 5),"
           " (2, '-00:00:01', '0000-00-00 00:00:00', '0000-00-00 00:00:00', 6), (3, NULL, NULL, NULL, 7),"
           " (4, '00:00:00', '2026-00-00 00:00:00', '1970-01-01 00:00:01', 1)", "UPDATE t SET z = 1")
    carry(source, target)
    same(source, target, "SELECT id, CAST(a AS CHAR) a, CAST(b AS CHAR) b, CAST(c AS CHAR) c, z FROM d.t ORDER BY id")
    change(source, "INSERT INTO f VALUES ('01:02:03.5', NOW(2))")
    assert "digits of a fraction in the format of mysql56_temporal_format=OFF" in refused(source)
    source.execute("USE d", "ALTER TABLE f FORCE", "RESET MASTER")
    change(source, "INSERT INTO f VALUES ('01:02:03.5', NOW(2))")
    assert refused(source) == ""


def test_what_mysql_has_no_tables_for(nodes):
    source = nodes["mariadb-11.8"]
    empty(source)
    source.execute("CREATE DATABASE d", "USE d", "CREATE SEQUENCE s", "SELECT NEXT VALUE FOR s")
    assert refused(source) == ("table d.s: its rows are those of a sequence, which MySQL does not have; use"
                               " AUTO_INCREMENT on the source, or leave the sequence out")
    for image in ("FULL", "MINIMAL"):
        empty(source)
        source.execute("CREATE DATABASE d", "USE d", "CREATE TABLE t (a INT PRIMARY KEY, b INT) WITH SYSTEM VERSIONING",
                       "INSERT INTO t VALUES (1, 2)", "RESET MASTER", f"SET binlog_row_image = {image}",
                       "UPDATE t SET b = 3")
        assert refused(source).startswith("table d.t: column 4 ends a version of a row of a system-versioned table")
        source.execute("USE d", "RESET MASTER", "DELETE FROM t")
        assert refused(source).startswith("table d.t: column 4 ends a version of a row of a system-versioned table")


def test_documents_that_are_not_in_the_log(nodes):
    source = nodes["mysql-9.7"]
    empty(source)
    source.execute("CREATE DATABASE d", "USE d", "CREATE TABLE t (id INT PRIMARY KEY, j JSON)",
                   "INSERT INTO t VALUES (1, '{\"a\": [1, 2, 3], \"b\": \"some text\"}')",
                   "SET binlog_row_value_options = PARTIAL_JSON", "SET binlog_row_image = MINIMAL",
                   "UPDATE t SET j = JSON_SET(j, '$.a[0]', 7)")
    assert "the source must have binlog_row_value_options='' or binlog_row_image=FULL" in refused(source, "mariadb")
    assert refused(source, "mysql8") == ""
