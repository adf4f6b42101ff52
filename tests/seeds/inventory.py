#!/usr/bin/python3
"""What becomes of each item of the seed documents: reads inventory.toml, and writes doc/seeds.md's table.

usage: tests/seeds/inventory.py [--write]

Prints the table; with --write puts it into doc/seeds.md instead.
"""
import dataclasses
import pathlib
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "inventory.toml"
PAGE = HERE.parents[1] / "doc" / "seeds.md"
BEGIN = "<!-- tests/seeds/inventory.py --write -->\n"
END = "<!-- end -->\n"
FATES = ("test", "erratum", "later")
KEYS = {*FATES, "typed_by", "blocks", "inline", "rows", "text"}
NAMES = "names"  # the entry of what is nothing to type


def describe(item):
    """An item of a document or a place of an entry, for a person."""
    what = f"{item.heading}, block {item.number}" if item.kind == "block" else f"{item.kind} {item.text!r}"
    return f"{item.document}: {what}"


class InventoryError(Exception):
    """inventory.toml is not as its head says; the text names the entry."""


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a document has it. Of a block: by heading and number; else by its text."""

    kind: str
    document: str
    text: str = ""
    heading: str = ""
    number: int = 0
    hash: str = ""

    def __str__(self):
        return describe(self)


@dataclasses.dataclass(frozen=True)
class Entry:
    label: str
    fate: str | None  # of FATES; None of the names
    why: str | None  # the test, the erratum's heading or the capability
    typed_by: str | None  # the test, where one types it or its replacement
    places: tuple
    text: str | None


def _places(label, table):
    for block in table.get("blocks", []):
        words = block.split()
        if len(words) != 4 or not words[2].isdigit():
            raise InventoryError(f"{label}: expected 'DOCUMENT HEADING NUMBER HASH', found {block!r}")
        yield Place("block", words[0], heading=words[1], number=int(words[2]), hash=words[3])
    for kind, key in (("inline", "inline"), ("row", "rows")):
        for document, texts in table.get(key, {}).items():
            for text in texts:
                yield Place(kind, document, text)


def _entry(label, table):
    if unknown := set(table) - KEYS:
        raise InventoryError(f"{label}: unknown key {', '.join(sorted(unknown))}")
    fates = [fate for fate in FATES if fate in table]
    if len(fates) != (label != NAMES):
        raise InventoryError(f"{label}: expected one of {', '.join(FATES)}, found {' and '.join(fates) or 'none'}")
    fate = fates[0] if fates else None
    if ("typed_by" in table) != (fate == "erratum"):
        raise InventoryError(f"{label}: typed_by belongs to an erratum")
    why = table.get(fate)
    typed_by = why if fate == "test" else table.get("typed_by")
    places = tuple(_places(label, table))
    if not places:
        raise InventoryError(f"{label}: names no place in a document")
    return Entry(label, fate, why, typed_by, places, table.get("text"))


def read(text=None):
    """{label: Entry}; InventoryError names what is wrong."""
    tables = tomllib.loads(FILE.read_text(encoding="utf-8") if text is None else text)
    return {label: _entry(label, table) for label, table in tables.items()}


def _key(item):
    """Where an item of a document or a place of an entry is; a block's text is not part of it."""
    return item.kind, item.document, item.heading, item.number, "" if item.kind == "block" else item.text


def compare(items, entries):
    """What is wrong between the items of the documents and the entries, a line each."""
    places = {}
    for entry in entries.values():
        for place in entry.places:
            if _key(place) in places:
                yield f"{place}: has two fates"
            places[_key(place)] = place
    for item in items:
        place = places.pop(_key(item), None)
        if place is None:
            yield f"{describe(item)}: has no fate in inventory.toml"
        elif item.kind == "block" and item.hash != place.hash:
            yield f"{place}: has changed: its hash was {place.hash} and is {item.hash}"
    for place in places.values():
        yield f"{place}: is in inventory.toml, but no longer in the documents"


def code(text):
    return f"`{text}`".replace("|", "\\|")


def _what(entry):
    """What is typed, on one line of the table."""
    texts = {place.text: None for place in entry.places if place.kind != "block"}
    if entry.text and not entry.label.endswith("-output") and any(p.kind == "block" for p in entry.places):
        lines = [line.strip() for line in entry.text.removeprefix("\n").splitlines()]
        first = " ".join(lines[0].removeprefix("mysql>").split())
        texts = {first + (" ..." if len(lines) > 1 else ""): None, **texts}
    return ", ".join(code(text) for text in texts) or entry.label.replace("-", " ")


def _where(entry):
    """The documents' headings of its blocks, and the documents of its other places."""
    found = {}
    for place in entry.places:
        if place.kind == "block":
            numbers = found.setdefault((place.document, place.heading.rpartition(".")[2]), [])
            numbers.append(str(place.number))
    covered = {document for document, _ in found}
    texts = [f"{document} {heading} {', '.join(numbers)}" for (document, heading), numbers in found.items()]
    return "; ".join(texts + sorted({place.document for place in entry.places} - covered))


def _fate(entry):
    if entry.fate == "later":
        return f"later: {entry.why}"
    test = entry.typed_by.replace(".py::test_", ": ").replace("_", " ").removeprefix("test ")
    return f"tested ({test})" if entry.fate == "test" else f"erratum: {code(entry.why)}"


def table():
    """The rows of doc/seeds.md."""
    rows = [f"| {_what(entry)} | {_where(entry)} | {_fate(entry)} |\n"
            for entry in read().values() if entry.fate]  # fmt: skip
    return "".join(["| typed | where | what becomes of it |\n", "| --- | --- | --- |\n", *rows])


def main():
    if sys.argv[1:] == ["--write"]:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2], encoding="utf-8")
    elif sys.argv[1:]:
        sys.exit(__doc__)
    else:
        sys.stdout.write(table())


if __name__ == "__main__":
    main()
