"""What a server's information_schema says of a database, in words that all families share.

    catalog(node, "d")  ->  {"table d.t": {...}, "column d.t.c": {...}, "key d.t.PRIMARY": {...}, ...}

Two servers that hold the same have equal catalogs, but for the pairs of types and collations that
same() takes as one, of which the first is the source's. All that is left out or rewritten here is told beside it: the families name
many things differently that mean the same.
"""

import re

import pymysql.cursors

# Types that one side only has, and what stands for them on the other (doc/compatibility.md).
STANDS_FOR = {
    "json": ["longtext"],
    "uuid": ["binary(16)"],
    "inet6": ["binary(16)"],
    "inet4": ["binary(4)"],
}
# Languages of collations as MySQL and MariaDB call them, those that the loads use.
LANGUAGES = {"de_pb": "german2", "sv": "swedish"}
# Introducers, quotes and the like, which each server prints in its own way in an expression.
_PRINTED = re.compile(r"_(?:utf8mb[34]|latin1|binary)(?=\\?')|[\\`'\"() ]")


def is_mariadb(node):
    return node.server.startswith("mariadb")


def column_type(text):
    """A column's type without what means nothing: display widths, but for ZEROFILL; compression."""
    text = re.sub(r" ?/\*M?!\d+ COMPRESSED\*/", "", text)
    if "zerofill" not in text:
        text = re.sub(r"\b(tinyint|smallint|mediumint|int|bigint)\(\d+\)", r"\1", text)
    return text.replace("year(4)", "year").replace("geomcollection", "geometrycollection")


def same_type(one, other):
    vector = re.fullmatch(r"vector\((\d+)\)", one) or re.fullmatch(r"vector\((\d+)\)", other)
    if vector and f"varbinary({int(vector[1]) * 4})" in (one, other):
        return True
    return one == other or other in STANDS_FOR.get(one, ()) or one in STANDS_FOR.get(other, ())


def stand_ins(collation):
    """The collations that a replica of the other family may have for a source's."""
    found = {collation, collation.replace("_nopad_", "_")}
    of_mysql = re.fullmatch(r"utf8mb4_(?:(\w+)_)?0900_(\w+)", collation)
    if of_mysql:
        language = f"{LANGUAGES[of_mysql[1]]}_" if of_mysql[1] else ""
        found.add(f"utf8mb4_uca1400_{language}nopad_{of_mysql[2]}".replace("uca1400_nopad_bin", "nopad_bin"))
    of_mariadb = re.fullmatch(r"(\w+?)_uca1400_(?:(\w+?)_)??(?:nopad_)?(a[is]_c[is])", collation)
    if of_mariadb:
        charset, language, strength = of_mariadb.groups()
        codes = {name: f"{code}_" for code, name in LANGUAGES.items()}
        of_8 = f"utf8mb4_{codes.get(language, '')}0900_{strength.replace('ai_cs', 'as_cs')}"
        of_5 = f"{charset}_{language or 'unicode_520'}_ci" if strength == "ai_ci" else f"{charset}_bin"
        found |= {of_8, of_5} if charset == "utf8mb4" else {of_5}
    return found


def expression(text):
    return _PRINTED.sub("", text.lower()).replace("current_timestamp", "now")


def default(node, value, extra):
    """What a column has if nothing is said: None, ("literal", text) or ("expression", text)."""
    if value is None or (is_mariadb(node) and value == "NULL"):
        return None
    if re.match(r"current_timestamp", value, re.I):
        return "expression", expression(value)
    # MariaDB 11.8 shows that of a binary string so; MySQL has those of TEXT, and others, in brackets.
    hexed = re.fullmatch(r"[xX]'((?:[0-9A-Fa-f]{2})+)'", value)
    if is_mariadb(node) and hexed:
        return "literal", bytes.fromhex(hexed[1]).decode(errors="replace")
    if not is_mariadb(node):
        literal = re.fullmatch(r"_\w+\\?'(.*?)\\?'", value)
        if "DEFAULT_GENERATED" in extra and literal:
            return "literal", literal[1]
        if "DEFAULT_GENERATED" in extra:
            constant = re.fullmatch(r"(?:_\w+)?\\'([^'\\]*)\\'|(-?[\d.]+)", value)
            if constant:
                return "literal", constant[1] if constant[2] is None else constant[2]
            return "expression", expression(value)
        # MySQL 9 shows that of a binary string so.
        hexed = re.fullmatch(r"0x((?:[0-9A-F]{2})+)", value)
        return "literal", bytes.fromhex(hexed[1]).decode(errors="replace") if hexed else value
    if value.startswith("'"):
        return "literal", re.sub(r"\\(.)", r"\1", value[1:-1].replace("''", "'"))
    hexed = re.fullmatch(r"x'((?:[0-9a-f]{2})+)'", value)
    if hexed:
        return "literal", bytes.fromhex(hexed[1]).decode(errors="replace")
    if re.fullmatch(r"-?[\d.]+(e-?\d+)?|b'[01]+'", value):
        return "literal", value
    return "expression", expression(value)


def extra_words(text):
    """The words about a column that mean something, in one order."""
    text = text.lower().replace("persistent generated", "stored generated")
    words = re.findall(r"auto_increment|virtual generated|stored generated|invisible", text)
    update = re.search(r"on update (\S+)", text)
    return sorted(words + ([f"on update {expression(update[1])}"] if update else []))


def body(text):
    """A routine's text: white space, and the collations that stand for others, do not count."""
    text = re.sub(r"utf8mb4_(uca1400_nopad|uca1400|0900)_", "utf8mb4_unicode_", text or "")
    return " ".join(text.split())


def rows(node, sql, *args):
    with node.connect(cursorclass=pymysql.cursors.DictCursor) as conn, conn.cursor() as cursor:
        cursor.execute(sql, args)
        return [{key.upper(): value for key, value in row.items()} for row in cursor.fetchall()]


def columns(node, database):
    """{table: {column: its row of information_schema}} in their order."""
    found = {}
    for row in rows(node, "SELECT * FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = %s"
                          " ORDER BY TABLE_NAME, ORDINAL_POSITION", database):  # fmt: skip
        found.setdefault(row["TABLE_NAME"], {})[row["COLUMN_NAME"]] = row
    return found


def primary_keys(node, database):
    found = {}
    for row in rows(node, "SELECT TABLE_NAME, COLUMN_NAME FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s"
                          " AND INDEX_NAME = 'PRIMARY' ORDER BY TABLE_NAME, SEQ_IN_INDEX", database):  # fmt: skip
        found.setdefault(row["TABLE_NAME"], []).append(row["COLUMN_NAME"])
    return found


def tables(node, database):
    """{name: "BASE TABLE" or "VIEW"}; MariaDB's further kinds have names of their own."""
    return {row["TABLE_NAME"]: row["TABLE_TYPE"] for row in _tables(node, database)}


def _tables(node, database):
    return rows(node, "SELECT * FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", database)


def catalog(node, database):
    found = {}
    views = set()
    for row in _tables(node, database):
        name = f"table {database}.{row['TABLE_NAME']}"
        found[name] = {"kind": row["TABLE_TYPE"]}
        if row["TABLE_TYPE"] == "VIEW":
            views.add(row["TABLE_NAME"])
        else:
            found[name] |= {"engine": row["ENGINE"], "collation": utf8mb3(row["TABLE_COLLATION"]),
                            "comment": row["TABLE_COMMENT"],
                            "partitioned": "partitioned" in (row["CREATE_OPTIONS"] or "")}  # fmt: skip
    for table, of_table in columns(node, database).items():
        for place, (column, row) in enumerate(of_table.items()):
            found[f"column {database}.{table}.{column}"] = (
                # The types of a view's expressions are each server's own.
                {"place": place} if table in views else {"place": place, **_column(node, row)}
            )
    return found | _keys(node, database) | _foreign_keys(node, database) | _checks(node, database) | _code(node, database)


def utf8mb3(name):
    return re.sub(r"^utf8(?=_|$)", "utf8mb3", name) if name else name


def collation(name):
    """A column's; some servers call that of binary strings "binary", others nothing."""
    return None if name == "binary" else utf8mb3(name)


def _column(node, row):
    generated = row.get("GENERATION_EXPRESSION") or ""
    return {
        "type": column_type(row["COLUMN_TYPE"]),
        "null": row["IS_NULLABLE"],
        "default": default(node, row["COLUMN_DEFAULT"], row["EXTRA"]),
        "extra": extra_words(row["EXTRA"]),
        "collation": collation(row["COLLATION_NAME"]),
        "comment": row["COLUMN_COMMENT"],
        "generated": expression(generated),
    }


def _keys(node, database):
    found = {}
    for row in rows(node, "SELECT * FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = %s"
                          " ORDER BY TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX", database):  # fmt: skip
        key = found.setdefault(f"key {database}.{row['TABLE_NAME']}.{row['INDEX_NAME']}",
                               {"unique": not int(row["NON_UNIQUE"]), "type": row["INDEX_TYPE"], "columns": []})  # fmt: skip
        whole = row["INDEX_TYPE"] in ("FULLTEXT", "SPATIAL")  # some servers tell a length of these
        key["columns"].append((row["COLUMN_NAME"], None if whole else row["SUB_PART"]))
        key["hidden"] = row.get("IS_VISIBLE") == "NO" or row.get("IGNORED") == "YES"
    return found


def _foreign_keys(node, database):
    found = {}
    for row in rows(node, "SELECT r.*, k.COLUMN_NAME, k.REFERENCED_COLUMN_NAME FROM"
                          " information_schema.REFERENTIAL_CONSTRAINTS r JOIN information_schema.KEY_COLUMN_USAGE k"
                          " USING (CONSTRAINT_SCHEMA, CONSTRAINT_NAME, TABLE_NAME) WHERE CONSTRAINT_SCHEMA = %s"
                          " ORDER BY k.ORDINAL_POSITION", database):  # fmt: skip
        key = found.setdefault(f"foreign key {database}.{row['TABLE_NAME']}.{row['CONSTRAINT_NAME']}", {
            "of": row["REFERENCED_TABLE_NAME"], "columns": [],
            # One and the same to both families' InnoDB, and each has its own word where none was said.
            "update": row["UPDATE_RULE"].replace("NO ACTION", "RESTRICT"),
            "delete": row["DELETE_RULE"].replace("NO ACTION", "RESTRICT")})  # fmt: skip
        key["columns"].append((row["COLUMN_NAME"], row["REFERENCED_COLUMN_NAME"]))
    return found


def _checks(node, database):
    """Without their names, which a server makes up; none of MySQL 5.6, which reads over them."""
    if node.server == "mysql-5.6":
        return {}
    clauses = rows(node, "SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE"
                         " CONSTRAINT_SCHEMA = %s", database)  # fmt: skip
    said = [expression(row["CHECK_CLAUSE"]) for row in clauses]
    # MariaDB's way to say JSON.
    return {f"checks of {database}": {"clauses": sorted(c for c in said if not c.startswith("json_valid"))}}


def _code(node, database):
    """Triggers, routines and events."""
    found = {}
    for row in rows(node, "SELECT * FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %s", database):
        found[f"trigger {database}.{row['TRIGGER_NAME']}"] = {
            "on": (row["ACTION_TIMING"], row["EVENT_MANIPULATION"], row["EVENT_OBJECT_TABLE"]),
            "definer": row["DEFINER"], "body": body(row["ACTION_STATEMENT"])}  # fmt: skip
    for row in rows(node, "SELECT * FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %s", database):
        found[f"{row['ROUTINE_TYPE'].lower()} {database}.{row['ROUTINE_NAME']}"] = {
            "returns": column_type(row["DTD_IDENTIFIER"] or ""), "data": row["SQL_DATA_ACCESS"],
            "deterministic": row["IS_DETERMINISTIC"], "security": row["SECURITY_TYPE"],
            "comment": row["ROUTINE_COMMENT"], "definer": row["DEFINER"], "body": body(row["ROUTINE_DEFINITION"])}  # fmt: skip
    for row in rows(node, "SELECT * FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = %s"
                          " AND ORDINAL_POSITION > 0", database):  # fmt: skip
        found[f"parameter {database}.{row['SPECIFIC_NAME']}.{row['PARAMETER_NAME']}"] = {
            "place": row["ORDINAL_POSITION"], "type": column_type(row["DTD_IDENTIFIER"]), "mode": row["PARAMETER_MODE"],
            "collation": utf8mb3(row["COLLATION_NAME"])}  # fmt: skip
    for row in rows(node, "SELECT * FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %s", database):
        # Not whether it runs: a replica does not run its source's.
        found[f"event {database}.{row['EVENT_NAME']}"] = {
            "every": (row["INTERVAL_VALUE"], row["INTERVAL_FIELD"]), "definer": row["DEFINER"],
            "body": body(row["EVENT_DEFINITION"])}  # fmt: skip
    return found


def same(word, one, other):
    """Whether two entries of catalogs mean the same by one of their words; the first is the source's."""
    here, there = one[word], other.get(word)
    if word == "collation":
        as_text = one.get("type") != other.get("type")  # JSON and UUID have no collation
        return here == there or as_text or (here is not None and there in stand_ins(here))
    return same_type(here, there) if word in ("type", "returns") else here == there
