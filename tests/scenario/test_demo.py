"""The demo, as `make run DEMO=1` starts it, without a terminal.

Time budget: 60 s.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile

import pytest

from servers.wait import wait_for

from .cluster import REPOSITORY, kill_users, users_of

DEMO = REPOSITORY / "demo" / "demo.py"
TABLES = ["carts", "customers", "order_items", "orders", "products"]
TIMEOUT = 120


class Run:
    """One run of the demo; all that it makes for itself is below dir."""

    def __init__(self, directory, **env):
        self.dir = directory
        self.output = directory + ".out"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-B", DEMO],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, "TMPDIR": directory, **env},
            )  # fmt: skip

    @property
    def text(self):
        with open(self.output, encoding="utf-8") as output:
            return output.read()

    def directories(self):
        """Where its processes and files are: its own, and the cluster's, which it names."""
        return [self.dir, *re.findall(r"serve --dir (\S+)/d ", self.text)]

    def check_nothing_left(self):
        assert os.listdir(self.dir) == []
        for directory in self.directories():
            assert users_of(directory) == {}
            assert directory == self.dir or not os.path.exists(directory)


@pytest.fixture
def run():
    """Function that starts the demo."""
    # Not tmp_path: a socket's path is limited to 107 bytes.
    with tempfile.TemporaryDirectory(prefix="demo-", dir="/tmp") as base:
        runs = []

        def start(**env):
            directory = os.path.join(base, str(len(runs)))
            os.mkdir(directory)
            runs.append(Run(directory, **env))
            return runs[-1]

        yield start
        for one in runs:
            one.process.kill()
            one.process.wait(TIMEOUT)
            for directory in one.directories():
                kill_users(directory)


def test_demo(run):
    demo = run(DEMO_SECONDS="3")
    assert demo.process.wait(TIMEOUT) == 0, demo.text
    text = demo.text
    rows = re.findall(
        r"^  (\w+) +([\d,]+)  ([0-9a-f]{12})  ([0-9a-f]{12})  ([0-9a-f]{12})  (\w+)$", text, re.M
    )
    assert [row[0] for row in rows] == TABLES, text
    for table, count, source, cluster, replica, verdict in rows:
        assert source == cluster == replica and verdict == "equal", table
        assert int(count.replace(",", "")) > 0, table
    assert "5 of 5 tables are equal on all three" in text
    assert "CALL mysql.rds_start_replication;" in text
    assert re.search(r"^\[ *\d+\.\d s\] source .* \| cluster .* \| replica .* behind ", text, re.M), text
    assert "\033" not in text
    demo.check_nothing_left()


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        ("borealis serve", signal.SIGINT),
        ("mysqldump", signal.SIGTERM),
        ("The shop stays open", signal.SIGINT),
    ],
)
def test_interrupt(run, moment, number):
    demo = run(DEMO_SECONDS="600")
    wait_for(lambda: moment in demo.text, TIMEOUT, f"'{moment}' is shown")
    demo.process.send_signal(number)
    demo.process.send_signal(number)  # as an impatient user does
    assert demo.process.wait(TIMEOUT) == 128 + number, demo.text
    assert "interrupted" in demo.text and "Traceback" not in demo.text
    demo.check_nothing_left()
