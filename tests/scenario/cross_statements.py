"""Statements of one family run on servers of the other, as a relay would hand them over.

A case is one statement, with those that must go before it. All cases of a source run there, each in
a database of its own; tests/tools/sqltranslate takes the source's binlog and says what becomes of
each statement for a dialect; that runs on the target with the session that the event tells. Then
catalog.py compares what the two databases hold.
"""

import base64
import dataclasses
import json
import os
import pathlib
import re
import subprocess
import zlib

import pymysql

from tests.scenario import catalog
from tests.scenario.binlog_nodes import ROOT, family
from tests.scenario.cross_catalog import utf8mb3

DIALECTS = {"mysql-5.6": "mysql5", "mysql-9.7": "mysql8", "mariadb-10.11": "mariadb",
            "mariadb-11.8": "mariadb"}
# Bits of sql_mode that both families have, and what the target lacks (doc/compatibility.md).
_MODES = {1 << 1: "PIPES_AS_CONCAT", 1 << 2: "ANSI_QUOTES", 1 << 3: "IGNORE_SPACE",
          1 << 5: "ONLY_FULL_GROUP_BY", 1 << 6: "NO_UNSIGNED_SUBTRACTION", 1 << 7: "NO_DIR_IN_CREATE",
          1 << 19: "NO_AUTO_VALUE_ON_ZERO", 1 << 20: "NO_BACKSLASH_ESCAPES",
          1 << 21: "STRICT_TRANS_TABLES", 1 << 22: "STRICT_ALL_TABLES", 1 << 23: "NO_ZERO_IN_DATE",
          1 << 24: "NO_ZERO_DATE", 1 << 26: "ERROR_FOR_DIVISION_BY_ZERO", 1 << 28: "HIGH_NOT_PRECEDENCE",
          1 << 29: "NO_ENGINE_SUBSTITUTION", 1 << 30: "PAD_CHAR_TO_FULL_LENGTH"}
_NO_FOREIGN_KEY_CHECKS = 1 << 26  # of flags2


@dataclasses.dataclass(frozen=True)
class Case:
    """One statement. Texts may have {db} and {user}, names of the case's own.

    becomes is "unchanged", "rewritten" or "dropped", "passes" for one of the first two, or words of
    the refusal; or a dict of these by dialect, "" for those that are not named. differs are properties, as "t.c default",
    that may differ on the target, as doc/compatibility.md says.
    """

    name: str
    sql: str
    becomes: object = "unchanged"
    before: tuple = ()
    sources: tuple = ()  # servers; all of the family when empty
    differs: tuple = ()
    session: tuple = ()  # SET statements, which are not logged
    accounts: str = "drop"  # the policy
    asks: str = None  # a query with the same answer on both sides

    def outcome(self, dialect):
        if isinstance(self.becomes, str):
            return self.becomes
        return self.becomes.get(dialect, self.becomes.get("", "unchanged"))


class Crossing:
    """The servers, and what came of the cases. Sources run when they are first asked for."""

    def __init__(self, nodes, cases):
        self.nodes = nodes
        self.cases = cases  # {family: [Case]}
        self.sources = {}
        self.targets = {}

    def check(self, source, target, case):
        """Fails unless it went as the case says."""
        if source not in self.sources:
            self.sources[source] = _Source(self.nodes[source], self.cases[family(source)])
        ran = self.sources[source]
        if (source, target) not in self.targets:
            self.targets[source, target] = _Target(self.nodes[target], ran)
        self.targets[source, target].check(case)


def _database(source, case):
    return f"{source.server.replace('-', '').replace('.', '')}_{case.name}"


def _named(source, case, text):
    """The text with the case's names; those of users must be short for MySQL 5.6."""
    database = _database(source, case)
    return text.replace("{db}", database).replace("{user}", f"u{zlib.crc32(database.encode()):08x}")


class _Source:
    """One source after all of its cases."""

    def __init__(self, node, cases):
        self.node = node
        self.cases = [case for case in cases if not case.sources or node.server in case.sources]
        self.places = {}  # of a case's name: where its events begin, where the statement's, the end
        self.failures = {}
        self.answers = {}
        for case in self.cases:
            self.run(case)
        row, = self.node.query(self.status)
        node.execute("FLUSH BINARY LOGS")
        self.log = node.datadir / row["File"]
        self.catalog = catalog.read(node)
        self.collations = collations(node)

    @property
    def status(self):
        return "SHOW BINARY LOG STATUS" if self.node.server == "mysql-9.7" else "SHOW MASTER STATUS"

    def place(self, cursor):
        cursor.execute(self.status)
        return cursor.fetchone()["Position"]

    def run(self, case):
        database = _database(self.node, case)
        with self.node.connect() as conn, conn.cursor() as cursor:
            begin = self.place(cursor)
            cursor.execute(f"CREATE DATABASE {database}")
            cursor.execute(f"USE {database}")
            try:
                for sql in (*case.session, *case.before):
                    cursor.execute(_named(self.node, case, sql))
                statement = self.place(cursor)
                cursor.execute(_named(self.node, case, case.sql))
                self.places[case.name] = begin, statement, self.place(cursor)
                if case.asks:
                    cursor.execute(_named(self.node, case, case.asks))
                    self.answers[case.name] = cursor.fetchall()
            except pymysql.MySQLError as problem:
                self.failures[case.name] = f"{self.node.server} does not take it: {problem}"

    def translated(self, dialect, policy):
        """The statements by their offsets."""
        program = pathlib.Path(os.environ.get("BOREALIS_BINARY", ROOT / "build" / "borealis"))
        done = subprocess.run([program.resolve().parent / "sqltranslate", dialect, policy, self.log],
                              capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line) for line in done.stdout.splitlines()]


class _Target:
    """One target after it took what became of a source's statements."""

    def __init__(self, node, source):
        self.node = node
        self.source = source
        self.dialect = DIALECTS[node.server]
        self.modes = {row["m"] for row in node.query("SELECT @@sql_mode m")}
        self.collations = {name: number for number, name in collations(node).items()}
        self.events = {policy: source.translated(self.dialect, policy)
                       for policy in {case.accounts for case in source.cases}}
        self.outcomes = {}  # of a case's name: its outcome, or what went wrong
        self.answers = {}
        for case in source.cases:
            if case.name not in source.failures:
                self.outcomes[case.name] = self.run(case)
        self.catalog = catalog.read(node)

    def run(self, case):
        begin, statement, end = self.source.places[case.name]
        events = [event for event in self.events[case.accounts] if begin <= event["offset"] < end]
        outcome = "unchanged"
        with self.node.connect() as conn:
            conn.query("SET sql_log_bin = 0")
            for event in events:
                sql = base64.b64decode(event["sql"])
                under_test = event["offset"] >= statement
                if event["outcome"] == "refused":
                    return f"{'refused' if under_test else 'refused before it'}: {sql.decode()}"
                if event["outcome"] == "dropped":
                    outcome = "dropped" if under_test else outcome
                    continue
                if under_test and event["outcome"] == "rewritten":
                    outcome = "rewritten"
                try:
                    self.session(conn, event)
                    conn.query(sql)
                except pymysql.MySQLError as problem:
                    return f"{self.node.server} does not take it: {problem}: {sql.decode(errors='replace')}"
            if case.asks:
                with conn.cursor() as cursor:
                    cursor.execute(_named(self.source.node, case, case.asks))
                    self.answers[case.name] = cursor.fetchall()
        return outcome

    def session(self, conn, event):
        """What a replica sets before it runs a statement."""
        database = event["database"].replace("`", "``")
        with conn.cursor() as cursor:
            cursor.execute("SHOW DATABASES LIKE %s", (event["database"],))
            if event["database"] and cursor.fetchall():
                conn.query(f"USE `{database}`")
        modes = ",".join(name for bit, name in _MODES.items() if event["sql_mode"] & bit)
        names = {key: self.collation(event[key]) for key in ("client", "connection", "server")}
        conn.query(
            f"SET sql_mode = '{modes}', character_set_client = {names['client'].partition('_')[0]},"
            f" collation_connection = {names['connection']}, collation_server = {names['server']},"
            f" foreign_key_checks = {0 if event['flags2'] & _NO_FOREIGN_KEY_CHECKS else 1}")

    def collation(self, number):
        """The target's name of a source's collation."""
        name = catalog.collation_for(self.source.collations[number], self.node)
        if name in self.collations:
            return name
        return name.replace("utf8mb3_", "utf8_")

    def check(self, case):
        assert case.name not in self.source.failures, self.source.failures[case.name]
        expected, outcome = case.outcome(self.dialect), self.outcomes[case.name]
        if expected == "passes" and outcome == "rewritten":
            expected = outcome
        elif expected == "passes":
            expected = "unchanged"
        if expected not in ("unchanged", "rewritten", "dropped"):
            assert re.search(f"^refused: .*{expected}", outcome), f"{outcome!r} instead of {expected!r}"
            return
        assert outcome == expected, f"{outcome!r} instead of {expected!r}"
        database = _database(self.source.node, case)
        if expected == "dropped":
            return
        said = catalog.standing_for(self.source.catalog.get(database, {}), self.node)
        found = self.catalog.get(database, {})
        for key in case.differs:
            for objects in (said, found):
                _forget(objects, key)
        differences = list(_differences(said, found))
        assert not differences, "\n".join(differences)
        assert self.answers.get(case.name) == self.source.answers.get(case.name)


def _differences(said, found):
    for key in sorted(said.keys() | found.keys(), key=str):
        if key not in said or key not in found:
            yield f"{key}: only on the {'target' if key in found else 'source'}"
            continue
        for name in said[key].keys() | found[key].keys():
            expected, value = said[key].get(name), found[key].get(name)
            if value != expected:
                yield f"{key} {name}: {value!r} instead of {expected!r}"


def _forget(objects, key):
    """Removes "kind name... property", or with "*" as the property the whole object."""
    *name, last = key.split()
    name = tuple(name)
    for object_name in list(objects):
        if tuple(str(part) for part in object_name[:len(name)]) == name:
            if last == "*":
                del objects[object_name]
            else:
                objects[object_name].pop(last, None)


def collations(node):
    """Names by ids. MariaDB's own ones have ids only in the second table."""
    if family(node.server) == "mariadb":
        rows = node.query("SELECT id, full_collation_name name FROM"
                          " information_schema.collation_character_set_applicability WHERE id IS NOT NULL")
    else:
        rows = node.query("SELECT id, collation_name name FROM information_schema.collations")
    return {int(row["id"]): utf8mb3(row["name"]) for row in rows}
