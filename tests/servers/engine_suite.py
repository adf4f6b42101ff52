"""The engine's own test suite (mariadb-test), run by its mysql-test-run at a server that runs already.

    suite = EngineSuite(tmp_path)
    suite.run(["main.select"], user="root", host="127.0.0.1", port=3306)   -> {"main.select": "pass"}

The suite's driver wants all programs of a server's package in one directory, so one is made of links
and of small scripts that start the unpacked programs. Owner: the test, which passes the directory.
"""

import os
import pathlib
import re
import shutil
import stat
import subprocess

from . import fetch

SERVER = "mariadb-10.11"
RESULT = re.compile(r"^(main\.\S+)(?: '[^']*')? +\[ (pass|fail|skipped|disabled) \]", re.M)


class EngineSuite:
    def __init__(self, directory, timeout=600):
        self.base = pathlib.Path(directory) / "suite"
        self.var = pathlib.Path(directory) / "var"
        self.timeout = timeout
        self.output = ""
        bin_ = self.base / "bin"
        bin_.mkdir(parents=True)
        server, suite = fetch.home(SERVER), fetch.home("mariadb-test")
        for program in (server / "root" / "usr" / "bin").iterdir():
            _script(bin_ / program.name, server, f"usr/bin/{program.name}")
        _script(bin_ / "mariadbd", server, "usr/sbin/mariadbd")
        _script(bin_ / "mariadb-test", suite, "usr/bin/mariadb-test")
        _script(bin_ / "mysql_client_test", suite, "usr/bin/mariadb-client-test")
        (self.base / "share").symlink_to((server / "share").resolve())
        shutil.copytree((suite / "share").resolve(), self.base / "mysql-test", symlinks=True,
                        copy_function=os.symlink)  # fmt: skip

    def run(self, tests, user, **extern):
        """{test: "pass" | "fail" | "skipped" | "disabled"}; extern is where the server is."""
        shutil.rmtree(self.var, ignore_errors=True)
        options = [word for name, value in {"user": user, **extern}.items()
                   for word in ("--extern", f"{name}={value}")]  # fmt: skip
        done = subprocess.run(
            ["perl", "mysql-test-run.pl", *options, f"--vardir={self.var}", "--force", "--retry=0",
             "--max-test-fail=0", "--nocheck-testcases", "--testcase-timeout=2", *tests],
            cwd=self.base / "mysql-test", stdin=subprocess.DEVNULL, capture_output=True, text=True,
            errors="replace", timeout=self.timeout, check=False,
            env={**os.environ, "MTR_BINDIR": str(self.base)},
        )  # fmt: skip
        self.output = done.stdout + done.stderr
        return dict(RESULT.findall(done.stdout))


def _script(path, home, program):
    """A program of a home, started as its own wrappers do it."""
    libraries = sorted((home / "root" / "usr" / "lib").glob("*-linux-gnu"))[0].name
    loader = next((home / "root" / "lib" / libraries).glob("ld-linux-*.so.*"))
    root = home / "root"
    path.write_text(
        f'#!/bin/sh\nexec "{loader}" --inhibit-cache --library-path '
        f'"{root}/lib/{libraries}:{root}/usr/lib/{libraries}" "{root}/{program}" "$@"\n'
    )
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
