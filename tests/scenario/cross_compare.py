"""Whether two servers of any families hold the same: definitions, and every value of every row.

    assert_equal(replica, source)              all databases but the servers' own
    differences(replica, source, ["d"])        what differs, a line each, that names it

Definitions are compared as cross_catalog.py has them. Values are read in forms that lose nothing
and that all servers agree on: text and binary strings as their bytes, numbers of floating point as
the eight bytes of a double, ENUM and SET as number and text, geometry as stored (SRID and WKB),
JSON by its parsed value where one side keeps it as text, UUID and INET as their bytes. Rows go by
their primary key, or are sorted where there is none.
"""

import collections
import decimal
import json

import pymysql.cursors
from pymysql.converters import encoders

from . import cross_catalog
from .binlog_nodes import databases

SHOWN = 120  # characters of a value in a message
GEOMETRY = {"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
            "geometrycollection", "geomcollection"}  # fmt: skip
AS_BYTES = {"uuid": 16, "inet6": 16, "inet4": 4}
SESSION = ["SET time_zone = '+00:00'", "SET sql_mode = ''", "SET character_set_results = binary"]


def json_form(text):
    """A JSON document in one form: keys sorted, numbers by value, 1 is not 1.0 and not true."""
    def number(digits):
        return "number", str(decimal.Decimal(digits).normalize())

    def form(value):
        if isinstance(value, dict):
            return {key: form(one) for key, one in sorted(value.items())}
        if isinstance(value, list):
            return [form(one) for one in value]
        return value

    value = json.loads(text, strict=False, parse_float=number, parse_constant=lambda word: ("not JSON", word))
    return json.dumps(form(value), sort_keys=True).encode()


def quoted(name):
    return "`" + name.replace("`", "``") + "`"


class Column:
    """How a column's values are read at one server; how is "", or what both must be turned into."""

    def __init__(self, row, how):
        self.name = quoted(row["COLUMN_NAME"])
        self.type = row["DATA_TYPE"].lower()
        self.how = how

    def expressions(self):
        if self.type in ("float", "double"):
            return [f"ST_AsBinary(POINT({self.name}, 0))"]
        if self.type in ("enum", "set"):
            return [f"CAST({self.name} AS UNSIGNED)", f"CONVERT({self.name} USING utf8mb4)"]
        if self.type == "bit":
            return [f"{self.name} + 0"]
        if self.type in AS_BYTES:
            return [f"CAST({self.name} AS BINARY({AS_BYTES[self.type]}))"]
        if self.how == "unicode":
            return [f"CONVERT({self.name} USING utf8mb4)"]
        return [self.name]

    def value(self, read):
        """Of the values of its expressions."""
        if read[0] is None:
            return None
        if self.type in ("float", "double"):
            return read[0][5:13]
        if self.how == "json":
            return json_form(read[0])
        return tuple(read) if len(read) > 1 else read[0]


def how(one, other):
    """In which form the values of two columns can be compared."""
    types = {one["DATA_TYPE"].lower(), other["DATA_TYPE"].lower()}
    if "json" in types:
        return "json"
    sets = {cross_catalog.utf8mb3(row["CHARACTER_SET_NAME"]) for row in (one, other)}
    return "unicode" if len(sets) > 1 and None not in sets else ""


def read(node, database, table, of_table, key):
    """The rows of a table as {key: [value, ...]}, or as a counter of rows where there is no key."""
    parts = [column.expressions() for column in of_table]
    wanted = ", ".join(expression for part in parts for expression in part)
    with node.connect(cursorclass=pymysql.cursors.Cursor, use_unicode=False, conv=encoders) as conn:
        with conn.cursor() as cursor:
            for statement in SESSION:
                cursor.execute(statement)
            cursor.execute(f"SELECT {wanted} FROM {quoted(database)}.{quoted(table)}")
            found = []
            for row in cursor.fetchall():
                left = iter(row)
                found.append([column.value([next(left) for _ in part])
                              for column, part in zip(of_table, parts)])  # fmt: skip
    if not key:
        return collections.Counter(map(tuple, found))
    names = [quoted(name) for name in key]
    places = [place for place, column in enumerate(of_table) if column.name in names]
    return {tuple(row[place] for place in places): row for row in found}


def readable(value):
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return tuple(map(readable, value)) if isinstance(value, (tuple, list)) else value


def shown(value):
    text = repr(readable(value))
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}... ({len(text)} characters)"


def of_rows(name, names, found, said, key):
    """How the rows of a table differ."""
    if not key:
        for row, times in (said - found).items():
            yield f"{name}: {times} times missing: {shown(row)}"
        for row, times in (found - said).items():
            yield f"{name}: {times} times too many: {shown(row)}"
        return
    for place in said.keys() - found.keys():
        yield f"{name}: no row {shown(place)}"
    for place in found.keys() - said.keys():
        yield f"{name}: a row {shown(place)} too many"
    for place in said.keys() & found.keys():
        for column, there, here in zip(names, said[place], found[place]):
            if there != here:
                yield f"{name}.{column} of row {shown(place)}: expected {shown(there)}, found {shown(here)}"


def of_values(replica, source, database):
    there, here = (cross_catalog.columns(node, database) for node in (source, replica))
    views = {table for table, kind in cross_catalog.tables(source, database).items() if kind == "VIEW"}
    keys = cross_catalog.primary_keys(source, database)
    for table in sorted(there.keys() & here.keys()):
        names = [name for name in there[table] if name in here[table]]
        pairs = [(there[table][name], here[table][name]) for name in names]
        key = keys.get(table, []) if table not in views else []
        both = []
        for node, side in ((source, 0), (replica, 1)):
            of_table = [Column(pair[side], how(*pair)) for pair in pairs]
            both.append(read(node, database, table, of_table, key))
        yield from of_rows(f"{database}.{table}", names, both[1], both[0], key)


def of_definitions(replica, source, database):
    said, found = (cross_catalog.catalog(node, database) for node in (source, replica))
    if "mysql-5.6" in (replica.server, source.server):  # it has no CHECK
        for both in (said, found):
            both.pop(f"checks of {database}", None)
    for name in sorted(said.keys() - found.keys()):
        yield f"{name}: missing"
    for name in sorted(found.keys() - said.keys()):
        yield f"{name}: too many"
    for name in sorted(said.keys() & found.keys()):
        for word, value in said[name].items():
            if not cross_catalog.same(word, said[name], found[name]):
                yield f"{name}: {word}: expected {shown(value)}, found {shown(found[name].get(word))}"


def differences(replica, source, names=None):
    """What differs, a line each; "expected" is the source's."""
    if names is None:
        names, found = databases(source), databases(replica)
        if names != found:
            return [f"databases: expected {names}, found {found}"]
    return [line for name in names for compare in (of_definitions, of_values)
            for line in compare(replica, source, name)]  # fmt: skip


def assert_equal(replica, source, names=None):
    lines = differences(replica, source, names)
    assert not lines, f"{replica} differs from {source} in {len(lines)}:\n" + "\n".join(lines[:30])
