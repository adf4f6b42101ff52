"""The style checks find what they are for: each is shown a tree with one fault."""
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def check(tmp_path, program, file, text):
    """Runs tools/PROGRAM on a copy of the tree in which `file` ends with `text`."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "tests/unit", tmp_path / "tests/unit")
    shutil.copy(ROOT / ".clang-format", tmp_path)
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as out:
        out.write(text)
    done = subprocess.run([tmp_path / "tools" / program], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.parametrize("program", ["check-layers", "check-banned", "check-format"])
def test_the_tree_is_clean(tmp_path, program):
    assert check(tmp_path, program, "src/base/err.c", "") == (0, "")


@pytest.mark.parametrize("file, include", [
    ("src/base/err.c", "net/conn.h"),
    ("src/wire/packet.c", "net/conn.h"),  # below, but a format layer does no I/O
    ("src/engine/sql.c", "daemon/serve.h"),
])  # fmt: skip
def test_an_include_of_a_layer_above(tmp_path, file, include):
    status, said = check(tmp_path, "check-layers", file, f'#include "{include}"\n')
    assert status == 1
    assert f"{file}: includes {include}" in said


def test_an_unknown_layer(tmp_path):
    status, said = check(tmp_path, "check-layers", "src/misc/x.c", "int x;\n")
    assert status == 1
    assert "'misc' is not a layer" in said


@pytest.mark.parametrize("file, call", [
    ("src/base/err.c", "strcpy(a, b);"),
    ("src/base/err.c", "n = atoi(text);"),
    ("src/net/conn.c", "system(command);"),
    ("src/cluster/cluster.c", "p = malloc(4);"),
    ("src/cluster/cluster.c", "n = read(fd, p, 4);"),
    ("src/endpoint/session.c", "SSL_read(ssl, p, 4);"),
    ("src/daemon/serve.c", "usleep(4);"),
])  # fmt: skip
def test_a_banned_call(tmp_path, file, call):
    status, said = check(tmp_path, "check-banned", file, f"    {call}\n")
    assert status == 1
    assert file in said and call in said


def test_a_name_that_only_looks_like_a_banned_one(tmp_path):
    assert check(tmp_path, "check-banned", "src/cluster/cluster.c",
                 "    mem_free(p); conn_try_read(c);\n// strcpy(a)\n") == (0, "")  # fmt: skip


def test_a_badly_laid_out_file(tmp_path):
    status, said = check(tmp_path, "check-format", "src/base/err.c", "int  x ;\n")
    assert status != 0
    assert "src/base/err.c" in said
