#!/usr/bin/python3
"""The variables of the engine's plugin, from plugin/variables.def, as tables for the documentation.

usage: tools/aurora_variables.py [--write]

Prints the tables; with --write puts them into doc/aurora-variables.md instead. Tests read the same
rows with system_variables() and status_variables().
"""
import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "doc/aurora-variables.md"
BEGIN = "<!-- tools/aurora_variables.py --write -->\n"
END = "<!-- end -->\n"
FIELDS = {
    "TEXT": ("name", "versions", "summary"),
    "SWITCH": ("name", "default", "how", "versions", "summary"),
    "NUMBER": ("name", "default", "least", "most", "how", "versions", "summary"),
    "COUNTER": ("name", "item", "versions", "summary"),
    "STATE": ("name", "item", "off", "on", "versions", "summary"),
}


def rows():
    """Each row of the table as a dict, with its kind."""
    found = []
    for line in (ROOT / "plugin/variables.def").read_text().splitlines():
        match = re.fullmatch(r"([A-Z]+)\((.*)\)", line)
        if not match:
            continue
        # A bare word becomes a text; then the arguments are a tuple of Python's.
        quoted = re.sub(r'"[^"]*"|\b[A-Za-z_]\w*', lambda m: m[0] if m[0][0] == '"' else f'"{m[0]}"', match[2])
        values = ast.literal_eval(f"({quoted},)")
        found.append({"kind": match[1], **dict(zip(FIELDS[match[1]], values, strict=True))})
    return found


def system_variables():
    return [row for row in rows() if row["kind"] in ("TEXT", "SWITCH", "NUMBER")]


def status_variables():
    return [row for row in rows() if row["kind"] in ("COUNTER", "STATE")]


def default_of(row):
    if row["kind"] == "TEXT":
        return "the cluster's"
    return ("OFF", "ON")[row["default"]] if row["kind"] == "SWITCH" else str(row["default"])


def range_of(row):
    return {"TEXT": "", "SWITCH": "OFF, ON", "NUMBER": f"{row.get('least')} to {row.get('most')}"}[row["kind"]]


def tables():
    lines = ["| variable | default | range | set | Aurora MySQL | here |", "| --- | --- | --- | --- | --- | --- |"]
    for row in sorted(system_variables(), key=lambda row: row["name"]):
        how = "while it runs" if row.get("how") == "DYNAMIC" else "at the start"
        cells = (f"`aurora_{row['name']}`", default_of(row), range_of(row), how, row["versions"], row["summary"])
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "| status variable | shows | Aurora MySQL | here |", "| --- | --- | --- | --- |"]
    for row in sorted(status_variables(), key=lambda row: row["name"]):
        shows = "a number" if row["kind"] == "COUNTER" else " or ".join(f"`{row[k]}`" if row[k] else "nothing" for k in ("off", "on"))
        lines.append(f"| `{row['name']}` | {shows} | {row['versions']} | {row['summary']} |")
    return "\n".join(lines) + "\n"


def main():
    if sys.argv[1:] == ["--write"]:
        page = PAGE.read_text()
        begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
        PAGE.write_text(page[:begin] + tables() + page[end:])
    elif sys.argv[1:]:
        sys.exit(f"aurora_variables.py: expected --write or nothing, found '{sys.argv[1]}'")
    else:
        print(tables(), end="")


if __name__ == "__main__":
    main()
