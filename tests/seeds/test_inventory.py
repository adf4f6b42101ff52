"""Every block and every command of the seed documents has exactly one fate, and none is left over.

The documents lie beside the checkout; where they do not, what compares with them is skipped, and
fails where nothing may be (CI).
"""

import ast
import functools
import re
import subprocess

import pytest

from servers import fetch

from . import extract, inventory
from .typed import statements

DOCUMENTS = ["000", "001", "003"]


@pytest.fixture(scope="module")
def entries():
    return inventory.read()


@pytest.fixture(scope="module")
def items():
    if not extract.documents(extract.DIRECTORY):
        problem = f"the seed documents are not in {extract.DIRECTORY}"
        assert not fetch.required(), problem
        pytest.skip(problem)
    return extract.extract()


# --- against the documents ---


def test_the_documents_are_those(items):
    assert list(extract.documents(extract.DIRECTORY)) == DOCUMENTS
    assert {item.document for item in items} == set(DOCUMENTS)
    assert len([item for item in items if item.kind == "block"]) > 50


def test_every_item_has_one_fate(items, entries):
    assert list(inventory.compare(items, entries)) == []


def test_every_fence_is_a_block(items):
    """None is lost to the parser: fences are counted in another way here."""
    for number, text in extract.documents(extract.DIRECTORY).items():
        blocks = [item for item in items if item.document == number and item.kind == "block"]
        assert len(blocks) * 2 == text.count("```") + 2 * text.count("<pre>"), number


def runs(text, length=10):
    """All runs of so many words in a text."""
    words = re.findall(r"[a-z0-9_']+", text.lower())
    return {tuple(words[at:at + length]) for at in range(len(words) - length + 1)}


def test_no_sentence_is_copied(items):
    """Commands are quoted here; the documents' sentences are not ours."""
    theirs = {run for text in extract.documents(extract.DIRECTORY).values() for line in extract.prose(text)
              for run in runs(line)}  # fmt: skip
    assert len(theirs) > 5000
    root = inventory.PAGE.parents[1]
    ours = subprocess.run(["git", "ls-files", "*.md", "*.py", "*.sql", "*.toml", "*.scd"], cwd=root, check=True,
                          capture_output=True, text=True).stdout.split()  # fmt: skip
    assert inventory.PAGE.relative_to(root).as_posix() in ours
    copied = {file: found for file in ours if (found := theirs & runs((root / file).read_text(encoding="utf-8")))}
    assert not copied


# --- within the repository ---


def test_texts_are_those_of_the_hashes(entries):
    for label, entry in entries.items():
        if entry.text is not None:
            wrong = [str(place) for place in entry.places
                     if place.kind == "block" and place.hash != extract.text_hash(entry.text)]  # fmt: skip
            assert not wrong, f"{label}: {wrong}"


@functools.cache
def functions(test):
    """{name: its source} of the functions of a test file, and the whole file's under ''."""
    source = (inventory.HERE / test).read_text(encoding="utf-8")
    tree = ast.parse(source)
    return {"": source} | {node.name: ast.get_source_segment(source, node)
                           for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}  # fmt: skip


def test_tests_exist_and_name_what_they_type(entries):
    for label, entry in entries.items():
        if entry.typed_by is None:
            continue
        file, _, name = entry.typed_by.partition("::")
        found = functions(file)
        assert name in found, f"{label}: {entry.typed_by} does not exist"
        assert f'"{label}"' in found[""], f"{label}: {file} does not take its text"


def test_what_is_typed_has_its_text(entries):
    for label, entry in entries.items():
        if entry.fate == "later":
            assert entry.text is None, f"{label}: nobody types it"
        elif any(place.kind == "block" for place in entry.places):
            assert entry.text, f"{label}: without text"


def test_a_value_is_typed_as_it_is():
    """Also where another placeholder's text is in it: here the position's, 120, in a port."""
    values = {"Externaldb.some.com": "127.0.0.1", "3306": 51201, "'password'": "'p'", "mysql-bin.000010": "log.7",
              "120": 880}  # fmt: skip
    [typed] = statements("set-external-account", values)
    assert re.sub(r"\s+", "", typed).endswith(
        "('127.0.0.1',51201,'repl_user'@'mydomain.com','p','log.7',880,1);"), typed  # fmt: skip


def headings(part):
    page = inventory.PAGE.read_text(encoding="utf-8")
    text = page.partition(f"\n## {part}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^### `(.*)`$", text, re.M)), set(re.findall(r"^\| ([^|]+?) \|", text, re.M))


def test_errata_are_in_the_page(entries):
    assert headings("Errata")[0] == {entry.why for entry in entries.values() if entry.fate == "erratum"}


def test_capabilities_are_in_the_page(entries):
    listed = headings("Later capabilities")[1] - {"capability", "---"}
    assert listed == {entry.why for entry in entries.values() if entry.fate == "later"}


def test_the_page_has_the_table():
    assert inventory.table() in inventory.PAGE.read_text(encoding="utf-8"), "run tests/seeds/inventory.py --write"


# --- the extraction and the reading of the inventory ---

DOCUMENT = r"""
# Title<a name="Top"></a>
```
one
```
| Aurora | `word` then <pre>CALL x(`y`);</pre> and [mysql\.rds\_a \(version 2\)](b.md), [ mysql\_rds\_b](c) `word` |
|  some\_parameter  |  1  |
## Next<a name="Next"></a>
1. Type

   ```
   two \
     lines   
   ```
"""


def test_extraction():
    found = extract.items_of("9", DOCUMENT)
    blocks = [(item.heading, item.number, item.text) for item in found if item.kind == "block"]
    assert blocks == [("Top", 1, "one"), ("Top", 2, "CALL x(`y`);"), ("Next", 1, "two \\\n  lines")]
    assert [item.text for item in found if item.kind == "inline"] == ["word", "mysql.rds_a", "mysql.rds_b"]
    assert [item.text for item in found if item.kind == "row"] == ["some_parameter"]


ENTRIES = f"""
[all]
later = "something"
blocks = ["9 Top 1 {extract.text_hash('one')}", "9 Top 2 {extract.text_hash('CALL x(`y`);')}",
          "9 Next 1 {extract.text_hash('two ' + chr(92) + chr(10) + '  lines')}"]
inline.9 = ["word", "mysql.rds_a", "mysql.rds_b"]
rows.9 = ["some_parameter"]
"""


@pytest.mark.parametrize("old, new, problem", [
    ("one", "one", None),
    ("one", "One", "9: Top, block 1: has changed: its hash was .* and is .*"),
    ("```\none\n```\n", "", "9: Top, block 1: has changed"),
    ("```\none\n```\n", "", "9: Top, block 2: is in inventory.toml, but no longer in the documents"),
    ("## Next", "```\nthree\n```\n## Next", "9: Top, block 3: has no fate in inventory.toml"),
    ("`word`", "`SHOW x`", "9: inline 'SHOW x': has no fate in inventory.toml"),
    ("`word`", "word", "9: inline 'word': is in inventory.toml, but no longer in the documents"),
    ("some", "other", "9: row 'other_parameter': has no fate in inventory.toml"),
])  # fmt: skip
def test_what_is_different_is_named(old, new, problem):
    assert old in DOCUMENT
    found = list(inventory.compare(extract.items_of("9", DOCUMENT.replace(old, new)), inventory.read(ENTRIES)))
    if problem is None:
        assert found == []
    else:
        assert [line for line in found if re.match(problem, line)], found


def test_a_second_fate_is_named():
    entries = inventory.read(ENTRIES + '[more]\nlater = "b"\ninline.9 = ["word"]\n')
    assert list(inventory.compare(extract.items_of("9", DOCUMENT), entries)) == ["9: inline 'word': has two fates"]


def test_a_block_without_an_end_is_an_error():
    with pytest.raises(ValueError, match="document 9: a block that begins under Next has no end"):
        extract.items_of("9", DOCUMENT + "```\n")


@pytest.mark.parametrize("text, error", [
    ('inline.000 = ["a"]', "x: expected one of test, erratum, later, found none"),
    ('test = "a"\nlater = "b"\ninline.000 = ["a"]', "x: expected one of .*, found test and later"),
    ('erratum = "a"\ninline.000 = ["a"]', "x: typed_by belongs to an erratum"),
    ('later = "a"\ntyped_by = "b"\ninline.000 = ["a"]', "x: typed_by belongs to an erratum"),
    ('later = "a"', "x: names no place"),
    ('later = "a"\nblocks = ["000 A 1"]', "x: expected 'DOCUMENT HEADING NUMBER HASH', found '000 A 1'"),
    ('later = "a"\nwhere = "b"', "x: unknown key where"),
])  # fmt: skip
def test_an_entry_that_is_wrong(text, error):
    with pytest.raises(inventory.InventoryError, match=error):
        inventory.read(f"[x]\n{text}\n")
