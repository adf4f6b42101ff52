#!/usr/bin/python3
"""What the seed documents tell their reader to type, as items.

usage: tests/seeds/extract.py [DIRECTORY]        lists them, one a line

The seed documents are three pages of the Aurora user guide as Markdown; they are not part of the
repository, and stand in ../shared/seeds beside a checkout where they are at hand. An item is
  block   a fenced block, or what stands between <pre> and </pre> in a table,
  inline  a text in backticks, or the name of a procedure as the text of a link,
  row     the name in the first cell of a row in a table of parameters or metrics.
A block is known by its document, the anchor of its heading, its number under that heading and a
hash of its text; an inline text and a row by the document and the text itself.
"""
import dataclasses
import hashlib
import pathlib
import re
import sys
import textwrap

DIRECTORY = pathlib.Path(__file__).resolve().parents[3] / "shared" / "seeds"

HEADING = re.compile(r"#+ .*?<a name=\"([^\"]+)\">|#+ (.*)")
FENCE = re.compile(r"\s*```\s*$")
PRE = re.compile(r"<pre>(.*?)</pre>")
INLINE = re.compile(r"`([^`]+)`")
PROCEDURE = re.compile(r"\[ ?(mysql[._]rds_\w+)[^]]*\]\(")
ROW = re.compile(r"\|\s+([a-z]\w+_\w+|[A-Z]\w+[a-z][A-Z]\w+)\s+\|")


@dataclasses.dataclass(frozen=True)
class Item:
    kind: str  # block, inline or row
    document: str  # the number that its file's name begins with
    text: str
    heading: str = ""  # of a block: the anchor
    number: int = 0  # of a block: under its heading, from 1

    @property
    def hash(self):
        return text_hash(self.text)


def text_hash(text):
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def unescape(text):
    """Markdown's backslashes before punctuation."""
    return re.sub(r"\\([^\w\s])|\\(_)", r"\1\2", text)


def clean(text):
    """A block without the indentation of the list that it stands in, and without blanks at ends."""
    lines = [line.rstrip() for line in text.split("\n")]
    return textwrap.dedent("\n".join(lines)).strip("\n")


def items_of(document, text):
    """The items of one document in their order, an inline text and a row at its first place."""
    heading, number, block, seen, items = "", 0, None, set(), []

    def add_block(block_text):
        nonlocal number
        number += 1
        items.append(Item("block", document, clean(block_text), heading, number))

    def add_name(kind, name):
        if (kind, name) not in seen:
            seen.add((kind, name))
            items.append(Item(kind, document, name))

    for line in text.split("\n"):
        if FENCE.match(line):
            if block is None:
                block = []
            else:
                add_block("\n".join(block))
                block = None
            continue
        if block is not None:
            block.append(line)
            continue
        if found := HEADING.match(line):
            heading, number = found[1] or found[2], 0
        for found in PRE.findall(line):
            add_block(found)
        line = PRE.sub("", line)
        if found := ROW.match(unescape(line)):
            add_name("row", found[1])
        for found in INLINE.findall(line):
            add_name("inline", found.strip())
        for found in PROCEDURE.findall(unescape(line)):
            add_name("inline", found.replace("mysql_rds", "mysql.rds"))
    if block is not None:
        raise ValueError(f"document {document}: a block that begins under {heading} has no end")
    return items


def prose(text):
    """The lines of a document that are neither of a block nor a heading, without links' targets."""
    lines, inside = [], False
    for line in text.split("\n"):
        if FENCE.match(line):
            inside = not inside
        elif not inside and not line.startswith("#"):
            lines.append(re.sub(r"\]\([^)]*\)", "]", PRE.sub("", unescape(line))))
    return lines


def documents(directory):
    """{number: text} of the documents in a directory; none if there is no such directory."""
    return {path.name.partition("_")[0]: path.read_text(encoding="utf-8")
            for path in sorted(pathlib.Path(directory).glob("*.txt"))}  # fmt: skip


def extract(directory=DIRECTORY):
    return [item for number, text in documents(directory).items() for item in items_of(number, text)]


def main():
    for item in extract(*sys.argv[1:2]):
        place = f"{item.heading} {item.number} {item.hash} " if item.kind == "block" else ""
        print(f"{item.kind} {item.document} {place}{item.text.splitlines()[0]}")


if __name__ == "__main__":
    main()
