"""The comparison of servers of two families: finds nothing where both hold the same, and each kind of difference."""

import random
import re

import pytest

from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import empty
from tests.scenario.cross_compare import assert_equal, differences, json_form
from tests.scenario.cross_load import load

MYSQL, MARIADB = "mysql-9.7", "mariadb-10.11"
ROWS = 12  # of each table of all types
# Types of one family, and what stands for them on the other.
OWN = {
    MYSQL: "CREATE TABLE d.own (id INT PRIMARY KEY, j JSON, u BINARY(16), v6 BINARY(16), v4 BINARY(4), vec VECTOR(2),"
           " a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci)",
    MARIADB: "CREATE TABLE d.own (id INT PRIMARY KEY, j JSON, u UUID, v6 INET6, v4 INET4, vec VARBINARY(8),"
             " a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_nopad_ai_ci)",
}  # fmt: skip
OWN_ROWS = {
    MYSQL: """INSERT INTO d.own VALUES (1, '{"b": [1, 2.50, 1e100, true, "é"], "a": null}',
              X'123e4567e89b12d3a456426655440000', X'20010db8000000000000000000000001', X'0a000020',
              X'0000803f0000c0bf', 'a'), (2, NULL, NULL, NULL, NULL, NULL, NULL),
              (3, NULL, NULL, NULL, NULL, NULL, NULL)""",
    MARIADB: """INSERT INTO d.own VALUES (1, '{"a":null,"b":[1,2.5,1e+100,true,"\\\\u00e9"]}',
              '123e4567-e89b-12d3-a456-426655440000', '2001:db8::1', '10.0.0.32',
              X'0000803f0000c0bf', 'a'), (2, NULL, NULL, NULL, NULL, NULL, NULL),
              (3, NULL, NULL, NULL, NULL, NULL, NULL)""",
}  # fmt: skip
OBJECTS = [
    "CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(20) NOT NULL DEFAULT 'it''s', n INT DEFAULT NULL,"
    " t TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, g INT AS (n + 1) STORED,"
    " KEY k (a(5), n), CONSTRAINT c CHECK (n < 10)) CHARACTER SET latin1 COMMENT 'of all'",
    "CREATE TABLE child (id INT PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE)",
    "INSERT INTO parent (id, a, n, t) VALUES (1, 'x', 2, '2024-01-01 00:00:00')",
    "CREATE TABLE nokey (a INT, b VARCHAR(9) CHARACTER SET latin1)",
    "INSERT INTO nokey VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
    "CREATE VIEW v AS SELECT id, a FROM parent",
    "CREATE TRIGGER tr BEFORE INSERT ON parent FOR EACH ROW SET NEW.n = IFNULL(NEW.n, 1)",
    "CREATE FUNCTION f(x INT) RETURNS INT DETERMINISTIC RETURN x + 1",
    "CREATE PROCEDURE p(IN x INT, OUT y VARCHAR(9) CHARACTER SET latin1) SET y = x",
    "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SET @x = 1",
]
UCA = {MYSQL: "utf8mb4_0900_ai_ci", MARIADB: "utf8mb4_uca1400_nopad_ai_ci"}
WIDE = {MYSQL: "gb18030", MARIADB: "utf8mb4"}
# So that the same statements mean the same to both.
SAME = {MYSQL: ["SET default_collation_for_utf8mb4 = utf8mb4_general_ci"], MARIADB: []}
# What is done at the second server to values, all at once, and how the line begins that tells of it.
VALUES = [
    ("INSERT INTO o.parent VALUES (5, '', 1, NOW(), DEFAULT)", "o.parent: a row ('5',) too many"),
    ("DELETE FROM d.own WHERE id = 2", "d.own: no row ('2',)"),
    ("INSERT INTO o.nokey VALUES (3, 'x')", "o.nokey: 1 times too many: ('3', 'x')"),
    ("UPDATE o.nokey SET b = 'X' WHERE a = 1 LIMIT 1", "o.nokey: 1 times missing: ('1', 'x')"),
    ("UPDATE d.own SET j = REPLACE(j, '[1,', '[1.0,') WHERE id = 1", "d.own.j of row ('1',)"),
    ("UPDATE d.own SET j = 'null' WHERE id = 3", "d.own.j of row ('3',): expected None, found 'null'"),
    ("UPDATE d.own SET u = '123e4567-e89b-12d3-a456-426655440001' WHERE id = 1", "d.own.u of row"),
    ("UPDATE d.own SET v6 = '::1' WHERE id = 1", "d.own.v6 of row"),
    ("UPDATE d.own SET v4 = '10.0.0.0' WHERE id = 1", "d.own.v4 of row"),
    ("UPDATE d.own SET vec = X'0000803f0000c0be' WHERE id = 1", "d.own.vec of row"),
    ("UPDATE d.num SET dbl = 1.0000000000000002 WHERE id = 999", "d.num.dbl of row"),
    ("UPDATE d.num SET f = 1.0000001 WHERE id = 999", "d.num.f of row"),
    ("UPDATE d.num SET b64 = b'10' WHERE id = 999", "d.num.b64 of row"),
    ("UPDATE d.num SET d1 = 1e-30 WHERE id = 999", "d.num.d1 of row"),
    ("UPDATE d.num SET `zerofill` = 7 WHERE id = 999", "d.num.zerofill of row ('999',): expected None, found '000000007'"),
    ("UPDATE d.tem SET dt6 = '2020-01-01 00:00:00.000001' WHERE id = 999", "d.tem.dt6 of row"),
    ("UPDATE d.tem SET ts0 = '2020-01-01 00:00:01' WHERE id = 999", "d.tem.ts0 of row"),
    ("UPDATE d.tem SET da = '0000-00-00' WHERE id = 999", "d.tem.da of row"),
    ("UPDATE d.txt SET v255 = 'a ' WHERE id = 999", "d.txt.v255 of row"),
    ("UPDATE d.txt SET tx = 'á' WHERE id = 999", "d.txt.tx of row"),
    ("UPDATE d.bin SET vb255 = X'6100' WHERE id = 999", "d.bin.vb255 of row"),
    ("UPDATE d.bin SET g = ST_GeomFromText('POINT(1 2)') WHERE id = 999", "d.bin.g of row"),
    ("UPDATE d.bin SET p = ST_GeomFromText('POINT(1 1)', 4326) WHERE id = 999", "d.bin.p of row"),
    ("UPDATE d.enu SET e2 = 2 WHERE id = 999", "d.enu.e2 of row"),
    ("UPDATE d.enu SET s64 = 2 WHERE id = 999", "d.enu.s64 of row"),
]
# What is done there to definitions, one at a time, and the words that must be in what is found.
DEFINITIONS = {
    "type": (["ALTER TABLE o.nokey MODIFY a BIGINT"], "column o.nokey.a: type: expected 'int', found 'bigint'"),
    "sign": (["ALTER TABLE o.nokey MODIFY a INT UNSIGNED"], "column o.nokey.a: type"),
    "default": (["ALTER TABLE o.parent ALTER a SET DEFAULT 'its'"], "column o.parent.a: default: expected ('literal', \"it's\")"),
    "NOT NULL": (["ALTER TABLE o.parent MODIFY n INT NOT NULL"], "column o.parent.n: null"),
    "ON UPDATE": (["ALTER TABLE o.parent MODIFY t TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP"], "column o.parent.t: extra"),
    "AUTO_INCREMENT": (["SET foreign_key_checks = 0", "ALTER TABLE o.parent MODIFY id INT"], "column o.parent.id: extra"),
    "generated": (["ALTER TABLE o.parent MODIFY g INT AS (n + 2) STORED"], "column o.parent.g: generated"),
    "collation": (["ALTER TABLE o.nokey MODIFY b VARCHAR(9) COLLATE latin1_bin"], "column o.nokey.b: collation"),
    "accents that count": (["ALTER TABLE o.uca MODIFY a VARCHAR(9) COLLATE utf8mb4_uca1400_nopad_as_ci"],
                           "column o.uca.a: collation"),
    "table's collation": (["ALTER TABLE o.nokey CHARACTER SET latin2"], "table o.nokey: collation"),
    "order of columns": (["ALTER TABLE o.nokey MODIFY a INT AFTER b"], "column o.nokey.a: place"),
    "column missing": (["ALTER TABLE o.nokey DROP b"], "column o.nokey.b: missing"),
    "comment": (["ALTER TABLE o.parent COMMENT ''"], "table o.parent: comment"),
    "engine": (["ALTER TABLE o.nokey ENGINE=MyISAM"], "table o.nokey: engine"),
    "key missing": (["ALTER TABLE o.parent DROP KEY k"], "key o.parent.k: missing"),
    "length in a key": (["ALTER TABLE o.parent DROP KEY k, ADD KEY k (a(6), n)"], "key o.parent.k: columns"),
    "unique key": (["ALTER TABLE o.parent DROP KEY k, ADD UNIQUE KEY k (a(5), n)"], "key o.parent.k: unique"),
    "foreign key": (["ALTER TABLE o.child DROP FOREIGN KEY child_ibfk_1"], "foreign key o.child.child_ibfk_1: missing"),
    "foreign key's rule": (["ALTER TABLE o.child DROP FOREIGN KEY child_ibfk_1",
                            "ALTER TABLE o.child ADD CONSTRAINT child_ibfk_1 FOREIGN KEY (p) REFERENCES o.parent (id)"],
                           "foreign key o.child.child_ibfk_1: delete: expected 'CASCADE', found 'RESTRICT'"),
    "CHECK": (["ALTER TABLE o.parent DROP CONSTRAINT c"], "checks of o: clauses"),
    "view's columns": (["CREATE OR REPLACE VIEW o.v AS SELECT id FROM o.parent"], "column o.v.a: missing"),
    "view's text": (["CREATE OR REPLACE VIEW o.wide AS SELECT _utf8mb4'中文e' AS a"], "o.wide: 1 times missing"),
    "view's rows": (["CREATE OR REPLACE VIEW o.v AS SELECT id, n AS a FROM o.parent"], "o.v: 1 times missing"),
    "trigger": (["DROP TRIGGER o.tr"], "trigger o.tr: missing"),
    "trigger's time": (["DROP TRIGGER o.tr", "CREATE TRIGGER o.tr BEFORE UPDATE ON o.parent FOR EACH ROW"
                        " SET NEW.n = IFNULL(NEW.n, 1)"], "trigger o.tr: on"),
    "function's body": (["DROP FUNCTION o.f", "CREATE FUNCTION o.f(x INT) RETURNS INT DETERMINISTIC RETURN x + 2"],
                        "function o.f: body"),
    "parameter": (["DROP PROCEDURE o.p", "CREATE PROCEDURE o.p(IN x INT, INOUT y VARCHAR(9) CHARACTER SET latin1) SET y = x"],
                  "parameter o.p.y: mode"),
    "event": (["ALTER EVENT o.e ON SCHEDULE EVERY 2 DAY"], "event o.e: every"),
    "table missing": (["DROP TABLE o.nokey"], "table o.nokey: missing"),
    "database missing": (["DROP DATABASE o"], "databases: expected"),
}  # fmt: skip


def make_objects(node):
    node.execute("DROP DATABASE IF EXISTS o", "CREATE DATABASE o CHARACTER SET latin1", "USE o", *OBJECTS,
                 f"CREATE TABLE uca (a VARCHAR(9) CHARACTER SET utf8mb4 COLLATE {UCA[node.server]})",
                 f"CREATE VIEW wide AS SELECT CONVERT(_utf8mb4'中文é' USING {WIDE[node.server]}) AS a")  # fmt: skip


def whole(make):
    """The times of a generator without parts of seconds."""
    return lambda rng: re.sub(r"\.\d+", "", make(rng))


def make_values(node):
    """The same random rows of all types at each server, and a row of NULL."""
    tables = {name: dict(columns) for name, columns in values.tables_of(node.server).items() if name != "own"}
    # A reference system gives coordinates another order on MySQL.
    tables["bin"]["p"] = ("POINT", lambda rng: f"ST_GeomFromText('POINT({rng.random()} 1)')")
    # They round what a column has no digits for each in its own way.
    tables["tem"] = {name: (column[0], whole(column[1])) for name, column in tables["tem"].items()}
    load = values.Workload(random.Random(values.SEED), tables, False)
    with node.connect() as conn:
        values.run(conn, [*values.SESSION, *SAME[node.server], "CREATE DATABASE d CHARACTER SET latin1", "USE d"])
        for name, columns in tables.items():
            nothing = ", ".join("NULL" for _ in columns)
            values.run(conn, [values.create(name, columns), *(load.insert(name, columns) for _ in range(ROWS)),
                              f"INSERT INTO {name} VALUES (999, {nothing})"])  # fmt: skip
        values.run(conn, ["UPDATE num SET dbl = 1, f = 1, b64 = 1, d1 = 0 WHERE id = 999",
                          "UPDATE bin SET p = ST_GeomFromText('POINT(1 1)') WHERE id = 999",
                          OWN[node.server], OWN_ROWS[node.server]])  # fmt: skip


@pytest.fixture(scope="module")
def pair(nodes):
    """A server of each family that hold the same."""
    print(f"BOREALIS_SEED={values.SEED}")
    for server in (MARIADB, MYSQL):
        empty(nodes[server])
        nodes[server].execute("SET GLOBAL log_bin_trust_function_creators = ON")
        make_values(nodes[server])
        make_objects(nodes[server])
    return nodes[MARIADB], nodes[MYSQL]


def test_equal_servers(pair):
    replica, source = pair
    assert_equal(replica, source)
    assert_equal(source, replica)


@pytest.mark.parametrize("kind", list(DEFINITIONS))
def test_other_definition(pair, kind):
    replica, source = pair
    make_objects(replica)
    statements, words = DEFINITIONS[kind]
    replica.execute(*statements)
    found = differences(replica, source, None if kind == "database missing" else ["o"])
    assert any(words in line for line in found), found


def test_other_values(pair):
    """Each is found, and nothing else."""
    replica, source = pair
    make_objects(replica)
    with replica.connect() as conn:
        values.run(conn, [*values.SESSION, *[statement for statement, _ in VALUES]])
    found = differences(replica, source)
    begins = [words for _, words in VALUES]
    for words in begins:
        assert any(line.startswith(words) for line in found), (words, found)
    left = [line for line in found if not line.startswith(tuple(begins))]
    # The row without a key as it has become, and what a view shows of one too many.
    assert sorted(left) == ["o.nokey: 1 times too many: ('1', 'X')", "o.v: 1 times too many: ('5', '')"]


def test_sign_of_zero(pair):
    """MariaDB makes none of zero, but a replica may be sent one."""
    for node in pair:
        node.execute("CREATE DATABASE z", "CREATE TABLE z.t (id INT PRIMARY KEY, d DOUBLE)",
                     "INSERT INTO z.t VALUES (1, -0e0)")  # fmt: skip
    assert [line[:19] for line in differences(*pair, ["z"])] == ["z.t.d of row ('1',)"]


def test_schemas(nodes):
    """One that needs no parts for some servers alone is equal; one with a server's own collation is not."""
    for server in ("mysql-5.6", MYSQL, MARIADB):
        nodes[server].execute("SET GLOBAL log_bin_trust_function_creators = ON")
        empty(nodes[server])
        for name in ("mediawiki", "tpcc"):
            load(nodes[server], name, [])
    assert_equal(nodes[MARIADB], nodes[MYSQL], ["tpcc"])
    assert_equal(nodes[MARIADB], nodes["mysql-5.6"])
    found = differences(nodes[MARIADB], nodes[MYSQL])
    assert found and all("searchindex" in line and "0900_ai_ci" in line for line in found), found


@pytest.mark.parametrize("one, other, equal", [
    ('{"a": 1, "b": 2}', '{"b":2,"a":1}', True), ("[1]", "[1.0]", False), ("1e2", "100.0", True), ("0.0", "-0.0", False),
    ("true", "1", False), ('"1"', "1", False), ('"\\u00e9"', '"é"', True), ("null", '"null"', False),
    ("18446744073709551615", "18446744073709551614", False), ("0.10000000000000000001", "0.1", False),
])  # fmt: skip
def test_json(one, other, equal):
    assert (json_form(one) == json_form(other)) == equal


def test_a_form_of_json_that_is_none():
    with pytest.raises(ValueError):
        json_form("{")
