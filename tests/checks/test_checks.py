"""The style checks find what they are for: each is shown a tree with one fault."""
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def check_all(tmp_path, program, faults):
    """Runs tools/PROGRAM on a copy of the tree in which each of the files {name: text} ends with its text."""
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    shutil.copytree(ROOT / "src", tmp_path / "src")
    shutil.copytree(ROOT / "plugin", tmp_path / "plugin")
    shutil.copytree(ROOT / "tests/unit", tmp_path / "tests/unit")
    shutil.copy(ROOT / ".clang-format", tmp_path)
    for file, text in faults.items():
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        with path.open("a") as out:
            out.write(text)
    done = subprocess.run([tmp_path / "tools" / program], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


def check(tmp_path, program, file, text):
    return check_all(tmp_path, program, {file: text})


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


def test_includes_across_the_licences(tmp_path):
    """The plugin takes one header of src/, which takes none, and src/ nothing of the plugin's."""
    faults = {
        "plugin/aurora.c": "base/err.h",
        "src/engine/status_layout.h": "base/span.h",
        "src/engine/plugin.c": "status_reader.h",
    }
    status, said = check_all(
        tmp_path, "check-layers", {file: f'#include "{header}"\n' for file, header in faults.items()}
    )
    assert status == 1
    for file, header in faults.items():
        assert re.search(f"{file}:.*{header}", said), said


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
    ("plugin/aurora.c", "strcpy(a, b);"),
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


def test_the_last_lines_of_a_run_name_what_failed(tmp_path):
    said = [
        "FAILED tests/scenario/test_walk.py::test_walk[a-b] - AssertionError: 1",
        "2 failed, 40 passed in 3.21s",
        " 61/187 resolver    FAIL   0.16s   killed by signal 6 SIGABRT",
        "Summary of Failures:",
        " 61/187 resolver    FAIL   0.16s   killed by signal 6 SIGABRT",
        "Ok:   186",
        "Fail: 1",
    ]
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    for program, lines, status in ("check-layers", [], 3), ("check-banned", said, 1), ("check-format", [], 0):
        text = "\n".join(["#!/bin/sh", *(f"echo '{line}'" for line in lines), f"exit {status}", ""])
        (tmp_path / "tools" / program).write_text(text)
    done = subprocess.run([tmp_path / "tools/run-tests", "layers", "banned", "format"],
                          capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 1
    assert done.stdout.splitlines()[-5:] == [
        "failed:",
        "  layers: the stage itself",
        "  banned: tests/scenario/test_walk.py::test_walk[a-b]",
        "  banned: resolver",
        "227 passed, 4 failed",
    ]
