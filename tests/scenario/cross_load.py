"""Schemas of everyday applications (cross_schemas/), fed to a server as their installers would.

    for name in NAMES:
        load(node, name, "mariadb-10.11")

The second server is whom the replicas are: what these have no equal for is left out of the schema.
"""

import pathlib
import re

from .binlog_nodes import feed

DIRECTORY = pathlib.Path(__file__).with_name("cross_schemas")
NAMES = sorted(path.stem for path in DIRECTORY.glob("*.sql"))
PART = re.compile(r"-- (only|except|all)\b(.*)")


def schema(name, source, targets):
    """The SQL of one schema, as a source has it whose replicas are those servers."""
    here = {source, *(f"to-{target}" for target in targets)}
    lines, taken = [], True
    for line in (DIRECTORY / f"{name}.sql").read_text().splitlines(keepends=True):
        part = PART.fullmatch(line.rstrip("\n"))
        if part:
            kind, named = part[1], set(part[2].split())
            taken = kind == "all" or bool(here & named) == (kind == "only")
        elif taken:
            lines.append(line)
    return "".join(lines)


def load(node, name, targets):
    """Runs a schema at a server, in the form in which it is written."""
    feed(node, schema(name, node.server, targets).encode(), "--default-character-set=utf8mb4", "--comments")


def load_dump(node, name, copy):
    """Dumps a database by the server's own program, and reads it back under another name."""
    dump = node.client("mysqldump", "--routines", "--triggers", "--databases", name, text=False,
                       *(["--set-gtid-purged=OFF"] if node.server == "mysql-9.7" else [])).stdout  # fmt: skip
    feed(node, dump.replace(f"`{name}`".encode(), f"`{copy}`".encode()), "--default-character-set=utf8mb4",
         "--comments")  # fmt: skip
