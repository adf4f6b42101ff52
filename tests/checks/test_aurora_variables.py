"""doc/aurora-variables.md says what plugin/variables.def does."""
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import aurora_variables  # noqa: E402


def test_the_page_has_the_tables():
    assert aurora_variables.tables() in aurora_variables.PAGE.read_text(), "run tools/aurora_variables.py --write"


def test_every_line_of_the_table_is_a_row():
    text = (ROOT / "plugin/variables.def").read_text()
    lines = [line for line in text.split("*/", 1)[1].splitlines() if line]
    assert len(aurora_variables.rows()) == len(lines) > 0
    assert all(row["summary"].endswith(".") and "|" not in row["summary"] for row in aurora_variables.rows())
