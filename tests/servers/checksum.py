"""Checksums of table contents that mean the same on every server family and version.

CHECKSUM TABLE hashes a server's own row format, so here each row is hashed as text, printed in a
way on which all agree, and the hashes are added up: the order of rows does not matter. MD5() is
not used because MySQL 9 no longer has it built in. Not comparable across families: columns of
MySQL's type JSON, which prints what it has parsed (MariaDB's JSON is plain text), and the types
that only MariaDB has.
"""

import pymysql.connections
import pymysql.cursors

# How a value is printed depends on these; 5.6 and the others differ in their defaults.
_SESSION = {"time_zone": "+00:00", "sql_mode": ""}

_COLUMNS = """
    SELECT c.TABLE_NAME, c.COLUMN_NAME, LOWER(c.DATA_TYPE)
    FROM information_schema.COLUMNS c JOIN information_schema.TABLES t USING (TABLE_SCHEMA, TABLE_NAME)
    WHERE c.TABLE_SCHEMA = %s AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
    ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION"""

_GEOMETRY = {
    "geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon",
    "geometrycollection", "geomcollection",
}  # fmt: skip
_BINARY = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "vector"}


def checksum(node_or_conn, schema):
    """Returns {table: (rows, checksum)} of all base tables of a schema.

    Takes a Node or a PyMySQL connection; the latter to read within a transaction of the caller's.
    """
    if isinstance(node_or_conn, pymysql.connections.Connection):
        return _checksum(node_or_conn, schema)
    with node_or_conn.connect() as conn:
        return _checksum(conn, schema)


def _checksum(conn, schema):
    # The caller's connection may have any class of cursor by default.
    with conn.cursor(pymysql.cursors.Cursor) as cursor:
        cursor.execute("SELECT " + ", ".join(f"@@SESSION.{name}" for name in _SESSION))
        before = cursor.fetchone()
        _set_session(cursor, _SESSION.values())
        try:
            cursor.execute(_COLUMNS, (schema,))
            tables = {}
            for table, column, data_type in cursor.fetchall():
                tables.setdefault(table, []).append(_hash(_quote(column), data_type))
            return {
                table: _table(cursor, f"{_quote(schema)}.{_quote(table)}", hashes)
                for table, hashes in tables.items()
            }
        finally:
            _set_session(cursor, before)


def _set_session(cursor, values):
    assignments = ", ".join(f"SESSION {name} = %s" for name in _SESSION)
    cursor.execute("SET " + assignments, tuple(values))


def _table(cursor, table, hashes):
    row = f"SHA2(CONCAT_WS('#', {', '.join(hashes)}), 256)"
    # 60 bits as an integer, so that the sum is an exact decimal: a double would depend on order.
    cursor.execute(
        f"SELECT COUNT(*), COALESCE(SUM(CAST(CONV(LEFT({row}, 15), 16, 10) AS UNSIGNED)), 0) FROM {table}"
    )
    rows, total = cursor.fetchone()
    return rows, int(total)


def _hash(column, data_type):
    """SQL for the hash of a column, of a short fixed length so that no row is too long to hash."""
    if data_type in _GEOMETRY:
        value = f"ST_AsBinary({column})"
    elif data_type in _BINARY:
        value = column
    elif data_type == "bit":
        value = f"{column} + 0"
    elif data_type in ("float", "double"):
        # Servers disagree on how many digits to print and when to use an exponent. A point holds the
        # eight bytes of a double as they are, and any float is exactly a double.
        value = f"ST_AsBinary(POINT({column}, 0))"
    else:
        # Names, so also the values of ENUM and SET, are text; its bytes depend on the character set.
        value = f"CONVERT({column} USING utf8mb4)"
    return f"IFNULL(SHA2({value}, 256), '~')"


def _quote(name):
    return "`" + name.replace("`", "``") + "`"
