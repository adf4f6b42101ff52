"""The demo, as `make run DEMO=1` starts it, without a terminal.

Time budget: 75 s.
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
TIMEOUT = 240  # a bound that only a failure reaches


class Run:
    """One run of the demo in a form; all that it makes for itself is below dir."""

    def __init__(self, directory, *form, **env):
        self.dir = directory
        self.output = directory + ".out"
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-B", "-X", "faulthandler", DEMO, *form],
                stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
                env={**os.environ, "TMPDIR": directory, **env},
            )  # fmt: skip

    @property
    def text(self):
        with open(self.output, encoding="utf-8") as output:
            return output.read()

    def wait(self):
        """Its exit status. One that does not end says where it is."""
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            return self.process.wait(TIMEOUT)

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

        def start(*form, **env):
            directory = os.path.join(base, str(len(runs)))
            os.mkdir(directory)
            runs.append(Run(directory, *form, **env))
            return runs[-1]

        yield start
        for one in runs:
            one.process.kill()
            one.process.wait(TIMEOUT)
            for directory in one.directories():
                kill_users(directory)


@pytest.mark.parametrize(("form", "moved", "attached"), [
    ([], "A shop moved from MySQL 9.7 into", "SOURCE_AUTO_POSITION=1;"),
    (["5.6"], "A shop moved from MySQL 5.6 into", "MASTER_LOG_FILE='mysql-bin-changelog."),
])  # fmt: skip
def test_demo(run, form, moved, attached):
    demo = run(*form, DEMO_SECONDS="3")
    assert demo.wait() == 0, demo.text
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
    assert moved in text and attached in text
    assert re.search(r"^\[ *\d+\.\d s\] source .* \| cluster .* \| replica .* behind ", text, re.M), text
    assert "\033" not in text
    demo.check_nothing_left()


def test_a_form_that_is_not_there(run):
    demo = run("8.0")
    assert demo.wait() == 1
    assert demo.text == "demo: expected one of 9.7, 5.6, found '8.0'\n"
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
    demo = run("5.6", DEMO_SECONDS="600")
    wait_for(lambda: moment in demo.text, TIMEOUT, f"'{moment}' is shown")
    demo.process.send_signal(number)
    demo.process.send_signal(number)  # as an impatient user does
    assert demo.wait() == 128 + number, demo.text
    assert "interrupted" in demo.text and "Traceback" not in demo.text
    demo.check_nothing_left()
