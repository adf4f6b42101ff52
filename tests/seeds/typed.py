"""What the seed documents print, as an administrator types it, and what Borealis' page has instead.

    for statement in statements("grant-replication", {"<domain_name>": "127.0.0.1"}):
        source.execute(statement)

Of the printed text only the prompts are left out, and placeholders give way to the values that the
reader would put there.
"""

import functools
import re

from . import inventory


@functools.cache
def _inventory():
    return inventory.read()


def text(label, values=None):
    """The text of an entry of inventory.toml, without prompts."""
    printed = _inventory()[label].text
    if values:
        for placeholder in values:
            assert placeholder in printed, f"{label}: {placeholder} is not in {printed!r}"
        # All at once: what stands in for one placeholder may look like another.
        pattern = "|".join(map(re.escape, sorted(values, key=len, reverse=True)))
        printed = re.sub(pattern, lambda found: str(values[found[0]]), printed)
    assert not re.search(r"<[a-z_]+>", printed, re.IGNORECASE), f"{label}: a placeholder is left in {printed!r}"
    return re.sub(r"^mysql> ?", "", printed, flags=re.MULTILINE)


def statements(label, values=None):
    """The SQL statements of an entry, each with its semicolon; output and labels are left out."""
    lines = [line for line in text(label, values).splitlines() if not re.match(r"[+|]|For .*:$", line)]
    return [found.strip() for found in re.findall(r"[^;]+;", "\n".join(lines))]


def lines(label):
    """The lines of an entry, for entries that are a list."""
    return _inventory()[label].text.splitlines()


def cells(table):
    """The rows of a table as the command line client prints it, the head first; other lines are left out."""
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in table.splitlines()
        if line.strip().startswith("|")
    ]


def instead(label, replacement):
    """A replacement for what an erratum is about: it must stand in that erratum's part of the page."""
    heading = _inventory()[label].why
    page = inventory.PAGE.read_text(encoding="utf-8")
    part = page.partition(f"\n### {inventory.code(heading)}\n")[2].partition("\n#")[0]
    assert replacement in part, f"doc/seeds.md: {replacement!r} is not under {heading}"
    return replacement
