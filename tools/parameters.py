#!/usr/bin/python3
"""The parameters of parameter groups, from src/cluster/parameters.def, as a table for the documentation.

usage: tools/parameters.py [--write]

Prints the table; with --write puts it into doc/parameters.md instead. Tests read the same rows with rows().
"""
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/cluster/parameters.def"
PAGE = ROOT / "doc/parameters.md"
BEGIN = "<!-- tools/parameters.py --write -->\n"
END = "<!-- end -->\n"
FIELDS = ("name", "levels", "versions", "type", "default", "allowed", "apply", "effect", "variable", "words")
SHOWN = {
    "SWITCH": "0, 1",
    "ZONE": "a time zone",
    "ERRORS": "error numbers",
    "DATABASES": "databases",
    "TABLES": "database.table",
    "PATTERNS": "database.table with % and \\_",
    "FACT": "",
}
APPLY = {"DYNAMIC": "dynamic", "STATIC": "static", "CREATION": "at creation"}


def rows():
    """Each row of the table as a dict; a default of NULL is None."""
    found = []
    for line in TABLE.read_text().splitlines():
        match = re.fullmatch(r"PARAMETER\((.*)\)", line)
        if not match:
            continue
        # A bare word becomes a text; then the arguments are a tuple of Python's.
        quoted = re.sub(r'"[^"]*"|\b[A-Za-z_]\w*', lambda m: m[0] if m[0][0] == '"' else f'"{m[0]}"', match[1])
        row = dict(zip(FIELDS, ast.literal_eval(f"({quoted},)"), strict=True))
        found.append({**row, "default": None if row["default"] == "NULL" else row["default"]})
    return found


def allowed_of(row):
    return SHOWN.get(row["type"], row["allowed"].replace(",", ", ").replace("-", " to "))


def does(row):
    variable = f"`{row['variable']}`"
    same = row["variable"] == row["name"].replace("-", "_")
    if row["effect"] == "REFUSED":
        return f"Not to be set; shows {variable}." if row["variable"] and not same else "Not to be set."
    if row["effect"] == "DAEMON":
        return ""
    if row["effect"] == "NOTHING":
        return "Accepted without effect."
    whose = "plugin" if row["effect"] == "PLUGIN" else "engine"
    return f"Sets the {whose}'s variable." if same else f"Sets the {whose}'s {variable}."


def table():
    lines = [
        "| parameter | group | Aurora MySQL | default | values | apply | here |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows():
        group = {"C": "cluster", "I": "instance", "CI": "both"}[row["levels"]]
        default = {None: "", "": "empty"}.get(row["default"], f"`{row['default']}`")
        apply = "" if row["effect"] == "REFUSED" else APPLY[row["apply"]]
        here = f"{does(row)} {row['words']}".strip()
        cells = (f"`{row['name']}`", group, row["versions"], default, allowed_of(row), apply, here)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        page = PAGE.read_text()
        begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
        PAGE.write_text(page[:begin] + table() + page[end:])
    elif sys.argv[1:]:
        sys.exit(f"parameters.py: expected --write or nothing, found '{sys.argv[1]}'")
    else:
        print(table(), end="")


if __name__ == "__main__":
    main()
