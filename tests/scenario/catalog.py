"""What databases hold, from information_schema, in words that are the same for all servers.

    assert read(target)["d"] == standing_for(read(source)["d"], target)

What the families print in different ways is brought to one form: display widths of integers are
left out; expressions are compared without parentheses, blanks, quotes of names, introducers and
case; RESTRICT is NO ACTION; checks are compared without their names, and MariaDB's of JSON columns
not at all. What translation changes, as doc/compatibility.md has it, is in standing_for().
"""

import re

from tests.scenario.binlog_nodes import family
from tests.scenario.cross_catalog import column_type, default, expression, utf8mb3

# Types that only one side has, and what the other has in their place.
_TYPES = {
    "mariadb": {"json": "longtext"},
    "mysql": {"uuid": "binary(16)", "inet6": "binary(16)", "inet4": "binary(4)"},
}
# Some of the languages of MySQL's collations, as MariaDB has them.
_LANGUAGES = {"de_pb": "german2_", "es": "spanish_", "vi": "vietnamese_", "nb": "danish_", "ja": "", "ru": ""}


def read(node):
    """All that is in the users' databases: {database: {(kind, name...): {property: value}}}."""
    with node.connect() as conn:
        reader = _Reader(conn, node)
        found = {}
        for objects in (reader.schemas(), reader.tables(), reader.columns(), reader.indexes(),
                        reader.foreign_keys(), reader.checks(), reader.partitions(), reader.views(),
                        reader.routines(), reader.triggers(), reader.events()):
            for (database, *name), value in objects.items():
                found.setdefault(database, {})[tuple(name)] = value
        return found


def standing_for(found, target):
    """What translation makes of it, by the rules of doc/compatibility.md."""
    said = {}
    for key, value in found.items():
        if key[0] == "check" and target.server == "mysql-5.6":
            continue  # it reads checks and forgets them
        value = dict(value)
        for name in ("collation", "returns"):
            if value.get(name):
                value[name] = collation_for(value[name], target)
        if value.get("engine") == "Aria" and family(target.server) == "mysql":
            value["engine"] = "InnoDB"
        if "visible" in value and target.server == "mysql-5.6":
            value["visible"] = True  # it uses all its indexes
        if "type" in value:
            value["type"] = type_for(value["type"], target)
            if value["type"] == "longtext" and found[key]["type"] == "json":
                value["collation"] = "utf8mb4_bin"
        said[key] = value
    return said


def type_for(column_type, target):
    """A type of the other family."""
    vector = re.fullmatch(r"vector\((\d+)\)", column_type)
    if vector:
        return "longblob" if family(target.server) == "mariadb" else f"varbinary({int(vector[1]) * 4})"
    return _TYPES[family(target.server)].get(column_type, column_type)


def collation_for(name, target):
    """The collation that stands for one of the other family."""
    if family(target.server) == "mariadb":
        of_language = re.fullmatch(r"utf8mb4_([a-z_]+)_0900_(a[is]_c[is])(_ks)?", name)
        if of_language:
            language = _LANGUAGES[of_language[1]]
            return f"utf8mb4_uca1400_{language}nopad_{of_language[2]}"
        return name.replace("utf8mb4_0900_bin", "utf8mb4_nopad_bin").replace(
            "utf8mb4_0900_", "utf8mb4_uca1400_nopad_")
    if name.startswith("utf8mb4_uca1400_"):
        rest = name.removeprefix("utf8mb4_uca1400_").removeprefix("nopad_")
        if target.server == "mysql-5.6":
            return "utf8mb4_unicode_520_ci"
        return "utf8mb4_0900_" + rest
    return name.replace("_uca1400_ai_ci", "_unicode_520_ci")


class _Reader:
    def __init__(self, conn, node):
        self.conn, self.node = conn, node
        self.known = {row["N"].upper() for row in self.query(
            "SELECT table_name n FROM information_schema.tables WHERE table_schema = 'information_schema'")}

    def query(self, sql):
        with self.conn.cursor() as cursor:
            cursor.execute(sql)
            return [{name.upper(): value for name, value in row.items()} for row in cursor.fetchall()]

    def select(self, table, schema, more=""):
        return self.query(f"SELECT * FROM information_schema.{table} WHERE {schema} NOT IN"
                          f" ('mysql', 'sys', 'information_schema', 'performance_schema') {more}")

    def schemas(self):
        return {(row["SCHEMA_NAME"], "schema"): {"collation": utf8mb3(row["DEFAULT_COLLATION_NAME"])}
                for row in self.select("SCHEMATA", "SCHEMA_NAME")}

    def tables(self):
        return {(row["TABLE_SCHEMA"], "table", row["TABLE_NAME"]): {
            "kind": row["TABLE_TYPE"], "engine": row["ENGINE"],
            "comment": row["TABLE_COMMENT"] if row["TABLE_TYPE"] == "BASE TABLE" else None,
            "collation": utf8mb3(row["TABLE_COLLATION"])}
            for row in self.select("TABLES", "TABLE_SCHEMA")}

    def columns(self):
        found = {}
        for row in self.select("COLUMNS", "TABLE_SCHEMA"):
            extra = row["EXTRA"].upper()
            update = re.search(r"ON UPDATE (\S+)", extra)
            found[row["TABLE_SCHEMA"], "column", row["TABLE_NAME"], row["COLUMN_NAME"]] = {
                "place": row["ORDINAL_POSITION"], "type": column_type(row["COLUMN_TYPE"]),
                "nullable": row["IS_NULLABLE"], "comment": row["COLUMN_COMMENT"],
                "collation": utf8mb3(row["COLLATION_NAME"]),
                "auto_increment": "AUTO_INCREMENT" in extra, "invisible": "INVISIBLE" in extra,
                "generated": next((word for word in ("VIRTUAL", "STORED") if word in extra), None),
                "expression": expression(row.get("GENERATION_EXPRESSION") or ""),
                "on_update": update and expression(update[1]),
                "default": default(self.node, row["COLUMN_DEFAULT"], extra)}
        return found

    def indexes(self):
        return {(row["TABLE_SCHEMA"], "index", row["TABLE_NAME"], row["INDEX_NAME"], row["SEQ_IN_INDEX"]): {
            "column": row["COLUMN_NAME"], "prefix": row["SUB_PART"], "kind": row["INDEX_TYPE"],
            "unique": not int(row["NON_UNIQUE"]), "direction": row["COLLATION"],
            "comment": row["INDEX_COMMENT"], "expression": expression(row.get("EXPRESSION") or ""),
            "visible": row.get("IS_VISIBLE", "YES") == "YES" and row.get("IGNORED", "NO") == "NO"}
            for row in self.select("STATISTICS", "TABLE_SCHEMA")}

    def foreign_keys(self):
        found = {}
        for row in self.select("REFERENTIAL_CONSTRAINTS", "CONSTRAINT_SCHEMA"):
            found[row["CONSTRAINT_SCHEMA"], "foreign-key", row["TABLE_NAME"], row["CONSTRAINT_NAME"]] = {
                "to": row["REFERENCED_TABLE_NAME"], "columns": (),
                "on_update": row["UPDATE_RULE"].replace("RESTRICT", "NO ACTION"),
                "on_delete": row["DELETE_RULE"].replace("RESTRICT", "NO ACTION")}
        for row in self.select("KEY_COLUMN_USAGE", "TABLE_SCHEMA",
                               "AND referenced_table_name IS NOT NULL ORDER BY ordinal_position"):
            key = found[row["TABLE_SCHEMA"], "foreign-key", row["TABLE_NAME"], row["CONSTRAINT_NAME"]]
            key["columns"] += ((row["COLUMN_NAME"], row["REFERENCED_COLUMN_NAME"]),)
        return found

    def checks(self):
        if "CHECK_CONSTRAINTS" not in self.known:
            return {}
        clauses = {}
        for row in self.select("CHECK_CONSTRAINTS", "CONSTRAINT_SCHEMA"):
            clause = expression(row["CHECK_CLAUSE"])
            if not clause.startswith("json_valid"):
                clauses.setdefault(row["CONSTRAINT_SCHEMA"], []).append(clause)
        return {(schema, "check", number): {"clause": clause} for schema, listed in clauses.items()
                for number, clause in enumerate(sorted(listed))}

    def partitions(self):
        return {(row["TABLE_SCHEMA"], "partition", row["TABLE_NAME"], row["PARTITION_NAME"],
                 row["SUBPARTITION_NAME"]): {
            "by": row["PARTITION_METHOD"], "of": expression(row["PARTITION_EXPRESSION"] or ""),
            "values": expression(row["PARTITION_DESCRIPTION"] or "")}
            for row in self.select("PARTITIONS", "TABLE_SCHEMA", "AND partition_name IS NOT NULL")}

    def views(self):
        return {(row["TABLE_SCHEMA"], "view", row["TABLE_NAME"]): {
            "check": row["CHECK_OPTION"], "definer": row["DEFINER"], "security": row["SECURITY_TYPE"]}
            for row in self.select("VIEWS", "TABLE_SCHEMA")}

    def routines(self):
        return {(row["ROUTINE_SCHEMA"], "routine", row["ROUTINE_TYPE"], row["ROUTINE_NAME"]): {
            "returns": utf8mb3(row["COLLATION_NAME"]), "type": column_type(row["DTD_IDENTIFIER"] or ""),
            "body": expression(row["ROUTINE_DEFINITION"] or ""), "definer": row["DEFINER"],
            "access": row["SQL_DATA_ACCESS"], "security": row["SECURITY_TYPE"],
            "deterministic": row["IS_DETERMINISTIC"], "comment": row["ROUTINE_COMMENT"]}
            for row in self.select("ROUTINES", "ROUTINE_SCHEMA")}

    def triggers(self):
        return {(row["TRIGGER_SCHEMA"], "trigger", row["TRIGGER_NAME"]): {
            "table": row["EVENT_OBJECT_TABLE"], "when": row["ACTION_TIMING"],
            "what": row["EVENT_MANIPULATION"], "body": expression(row["ACTION_STATEMENT"]),
            "definer": row["DEFINER"]} for row in self.select("TRIGGERS", "TRIGGER_SCHEMA")}

    def events(self):
        return {(row["EVENT_SCHEMA"], "event", row["EVENT_NAME"]): {
            "body": expression(row["EVENT_DEFINITION"]), "definer": row["DEFINER"],
            "every": (row["INTERVAL_VALUE"], row["INTERVAL_FIELD"]), "comment": row["EVENT_COMMENT"],
            "kept": row["ON_COMPLETION"]} for row in self.select("EVENTS", "EVENT_SCHEMA")}
