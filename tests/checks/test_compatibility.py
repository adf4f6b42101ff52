"""Each row of doc/compatibility.md names a test that is there: `file: words that stand in it`, or "the same"."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = "| from | to | test |"
NAMED = re.compile(r"`((?:test|cross)_\w+\.(?:c|py)): ([^`]+)`")


def rows(text):
    """The rows of the tables of what is carried over, each with its section."""
    section = within = None
    for line in text.splitlines():
        if line.startswith("#"):
            section = line.lstrip("# ")
        if line == HEAD:
            within = True
        elif not line.startswith("|"):
            within = False
        elif within and not re.fullmatch(r"[| -]+", line):
            yield section, line


def faults(text):
    """What is wrong with the page: no test, or one that is not there. "the same" is that of the row above."""
    found = []
    above = None
    sources = {path.name: path for path in (ROOT / "tests").rglob("*.*") if path.suffix in (".c", ".py")}
    for section, line in rows(text):
        last = line.rsplit("|", 2)[1].strip()
        named = NAMED.findall(last)
        same, above = last == "the same" and above == section, section
        if not named and not same:
            found.append(f"{section}: names no test: {line}")
        for file, words in named:
            if file not in sources:
                found.append(f"{section}: there is no {file}: {line}")
            elif words not in sources[file].read_text():
                found.append(f"{section}: {file} does not have {words!r}: {line}")
    return found


def test_each_row_names_a_test():
    assert faults((ROOT / "doc/compatibility.md").read_text()) == []


def test_rows_without_a_test_are_found():
    page = f"## Types\n\n{HEAD}\n| --- | --- | --- |\n"
    good = "| a | b | `test_cursor.c: cursor_end` |\n"
    assert faults(page + good) == []
    assert len(list(rows(page + good))) == 1
    same = "| c | d | the same |\n"
    assert faults(page + good + same) == []
    assert "names no test" in faults(page + same)[0]
    assert "names no test" in faults(page + "| a | b | by hand |\n")[0]
    assert "there is no test_gone.c" in faults(page + "| a | b | `test_gone.c: x` |\n")[0]
    assert "does not have 'no such words'" in faults(page + "| a | b | `test_cursor.c: no such words` |\n")[0]
