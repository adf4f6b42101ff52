"""doc/parameters.md says what src/cluster/parameters.def does."""
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import aurora_variables  # noqa: E402
import parameters  # noqa: E402


def test_the_page_has_the_table():
    assert parameters.table() in parameters.PAGE.read_text(), "run tools/parameters.py --write"


def test_every_line_of_the_table_is_a_row():
    text = parameters.TABLE.read_text()
    lines = [line for line in text.split("*/", 1)[1].splitlines() if line]
    rows = parameters.rows()
    assert len(rows) == len(lines) > 0
    assert all(re.fullmatch(r"(.*\.)?", row["words"]) and "|" not in row["words"] for row in rows)


def test_no_group_has_a_parameter_twice():
    """By RDS's name or by the engine's variable; those that can not be set may share one."""
    for version in ("2", "3"):
        own = [row for row in parameters.rows() if version in row["versions"]]
        names = [row["name"].replace("-", "_") for row in own]
        variables = [row["variable"] for row in own if row["variable"] and row["effect"] != "REFUSED"]
        assert len(set(names)) == len(names)
        assert len(set(variables)) == len(variables)


def test_the_plugins_variables_agree():
    known = {f"aurora_{row['name']}": row for row in aurora_variables.system_variables()}
    for row in parameters.rows():
        if row["effect"] != "PLUGIN":
            continue
        own = known[row["variable"]]
        assert row["default"] == aurora_variables.default_of(own)
        assert row["apply"] == own["how"]
        assert row["type"] == own["kind"]
        if row["type"] == "NUMBER":
            assert row["allowed"] == f"{own['least']}-{own['most']}"
