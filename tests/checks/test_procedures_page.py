"""doc/procedures.md has every procedure of sql/, with its arguments and in which versions it is."""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "doc/procedures.md"
PROCEDURE = re.compile(r"PROCEDURE mysql\.(rds_\w+)\((.*?)\)\s*\n\s+(?:MODIFIES|READS|CONTAINS|NO) SQL", re.S)
DROP = re.compile(r"IF\(\$\{compatibility\} = ([23]), 'DROP PROCEDURE IF EXISTS mysql\.(rds_\w+)'")


def made():
    """{name: number of its arguments} of what sql/ makes for users."""
    text = "\n".join(path.read_text() for path in sorted((ROOT / "sql").glob("*.sql")))
    return {name: len(re.findall(r"\b(?:IN|OUT|INOUT)\b", arguments))
            for name, arguments in PROCEDURE.findall(text) if not name.startswith("rds_internal_")}  # fmt: skip


def rows():
    """The cells of the page's table, one list a procedure or pair of procedures."""
    text = PAGE.read_text()
    table = text[text.index("| --- |"):].partition("\n\n")[0]
    return [[cell.strip() for cell in line.split(" | ")] for line in table.splitlines()[1:]]


def names(cell):
    return re.findall(r"`(rds_\w+)", cell)


def test_all_are_in_the_page():
    listed = [name for cells in rows() for name in names(cells[0])]
    assert len(listed) == len(set(listed)) > 25
    assert set(listed) == set(made())


def test_their_arguments():
    counts = made()
    for cells in rows():
        for name, given in re.findall(r"`(rds_\w+)(?:\(([^)]*)\))?`", cells[0]):
            if given != "...":
                assert len([one for one in given.split(",") if one]) == counts[name], name


def test_the_versions_they_are_in():
    dropped = set(DROP.findall((ROOT / "sql/90-public.sql").read_text()))
    assert len(dropped) > 5
    for cells in rows():
        listed = names(cells[0])
        for version, said in zip("23", cells[1:3]):
            there = {"yes": listed, "both": listed, "first": listed[:1], "no": []}[said]
            assert [name for name in listed if (version, name) not in dropped] == there, (version, listed)
