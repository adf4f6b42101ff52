"""Every module that a script imports is Python's, ours, or of a package that tools/install-deps has."""

import ast
import pathlib
import re
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PLACES = ("tests", "tools", "bench", "demo")
PACKAGES = {
    "cryptography": "python3-cryptography",
    "prometheus_client": "python3-prometheus-client",
    "pymysql": "python3-pymysql",
    "pytest": "python3-pytest",
    "yaml": "python3-yaml",
}


def scripts():
    """Path and text of each script, whatever its name ends with."""
    for place in PLACES:
        for path in sorted((REPOSITORY / place).rglob("*")):
            if path.suffix == ".py" or not path.suffix and path.is_file():
                text = path.read_text(errors="replace")
                if path.suffix == ".py" or re.match(r"#!.*\bpython3?\b", text):
                    yield path, text


def imported(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]


def test_imports_are_installed():
    ours = {path.stem for place in PLACES for path in (REPOSITORY / place).rglob("*.py")}
    ours |= {"tests", *(path.name for path in (REPOSITORY / "tests").iterdir())}
    listed = set(re.findall(r"python3-[a-z-]+", (REPOSITORY / "tools" / "install-deps").read_text()))
    assert listed - {"python3-pytest-xdist"} == set(PACKAGES.values())
    missing = {
        f"{path.relative_to(REPOSITORY)}: {name}"
        for path, text in scripts()
        for name in imported(text)
        if name not in sys.stdlib_module_names and name not in ours and name not in PACKAGES
    }
    assert not missing
