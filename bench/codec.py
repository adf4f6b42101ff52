"""Codec: how fast the binlog tools read, beside mariadb-binlog, and what memory they take.

The input is a binlog that a MariaDB of its own wrote under sysbench's write-only load, with
checksums and annotated rows: one of 1 GB and one of 64 MB. They are kept in the cache, so only the
first run takes the minutes that writing them needs; RECIPE is part of their name.

The programs read the same file in turn, several times, with their output thrown away. CPU is user
and system time as the kernel counts it; ratios are of CPU and of wall time within a turn. Memory is
the peak of the resident set, of the program's own image: /usr/bin/time is between, because a peak
that the kernel reports of a child begins with the one of whoever forked it. Prints Markdown.

$BENCH_REPEATS is the number of turns, 3; $BENCH_BINLOG_MB the size of the larger file, 1024.
"""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import machine  # noqa: E402

from scenario.cluster import BINARY  # noqa: E402
from servers import fetch  # noqa: E402
from servers.node import Node  # noqa: E402

RECIPE = 1  # counts up when write_binlog() would write another file
SERVER = "mariadb-10.11"
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
LARGE_MB = int(os.environ.get("BENCH_BINLOG_MB", "1024"))
SMALL_MB = 64
TABLES, ROWS, THREADS, SLICE_SEC = 4, 10000, 4, 15
WRITE_TIMEOUT = 3600
READ_TIMEOUT = 1800
DATABASE = "sbtest"
SETTINGS = {
    "binlog_annotate_row_events": "ON",
    "binlog_checksum": "CRC32",
    "innodb_buffer_pool_size": "256M",
    "innodb_flush_log_at_trx_commit": 0,
    "innodb_log_file_size": "512M",
}


def binlog(mb):
    """The path of a binlog of so many MB, written at the first time."""
    directory = fetch.home("bench").parents[1] / "bench"
    path = directory / f"{SERVER}-write-{mb}m-recipe{RECIPE}.binlog"
    if not path.exists():
        print(f"writing {path}, which takes minutes", file=sys.stderr, flush=True)
        directory.mkdir(parents=True, exist_ok=True)
        write_binlog(path, mb)
    return path


def write_binlog(path, mb):
    with tempfile.TemporaryDirectory(prefix="borealis-bench-") as base:
        size = {"max_binlog_size": mb << 20}
        with Node(SERVER, pathlib.Path(base) / "node", **SETTINGS, **size) as node:
            node.execute(f"CREATE DATABASE {DATABASE}")
            sysbench(node, "prepare")
            deadline = time.monotonic() + WRITE_TIMEOUT
            while len(node.query("SHOW BINARY LOGS")) == 1:
                if time.monotonic() > deadline:
                    raise SystemExit(f"{path}: not written within {WRITE_TIMEOUT} s")
                sysbench(node, "run")
            first = node.query("SHOW BINARY LOGS")[0]["Log_name"]
            partial = path.with_name(path.name + ".new")
            shutil.copy(node.datadir / first, partial)
            partial.rename(path)


def sysbench(node, command):
    home = fetch.home("bench")
    done = subprocess.run(
        [home / "bin" / "sysbench", home / "share" / "oltp_write_only.lua", "--db-driver=mysql",
         f"--mysql-socket={node.socket}", "--mysql-user=root", f"--mysql-db={DATABASE}",
         f"--tables={TABLES}", f"--table-size={ROWS}", f"--threads={THREADS}",
         f"--time={SLICE_SEC}", "--report-interval=0", "--rand-type=uniform", command],
        capture_output=True, text=True, timeout=SLICE_SEC + 120, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"sysbench {command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


class Tool:
    """One program that reads a binlog, and what its runs took."""

    def __init__(self, name, *command):
        self.name = name
        self.command = command
        self.cpu_sec = []
        self.wall_sec = []
        self.peak_kb = {}  # by file

    def run(self, path):
        """Reads a file once; returns (CPU, wall) in seconds."""
        with tempfile.NamedTemporaryFile("r", prefix="borealis-bench-") as report:
            began = time.monotonic()
            done = subprocess.run(
                ["time", "-f", "%U %S %M", "-o", report.name, *self.command, path],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                text=True, timeout=READ_TIMEOUT, check=False,
            )  # fmt: skip
            wall = time.monotonic() - began
            if done.returncode:
                raise SystemExit(f"{self.name} {path}: {done.returncode}: {done.stderr[-2000:]}")
            user, system, peak_kb = report.read().split()
        self.peak_kb[path] = max(self.peak_kb.get(path, 0), int(peak_kb))
        return float(user) + float(system), wall

    def measure(self, path):
        cpu, wall = self.run(path)
        self.cpu_sec.append(cpu)
        self.wall_sec.append(wall)


def spread(values, form="{:.2f}"):
    """Median and range."""
    texts = [form.format(f(values)) for f in (statistics.median, min, max)]
    return f"{texts[0]} ({texts[1]}-{texts[2]})"


def ratio(tool, other):
    """Of the other's time to the tool's, turn by turn: CPU and wall."""
    return [
        spread([b / a for a, b in zip(mine, theirs)], "{:.1f}")
        for mine, theirs in ((tool.cpu_sec, other.cpu_sec), (tool.wall_sec, other.wall_sec))
    ]


def line(tool, large, small):
    gb = large.stat().st_size / 1e9
    cells = [tool.name, spread(tool.cpu_sec), spread([gb / cpu for cpu in tool.cpu_sec]),
             spread(tool.wall_sec), f"{tool.peak_kb[large] / 1024:.1f}",
             f"{tool.peak_kb[small] / 1024:.1f}"]  # fmt: skip
    print("| " + " | ".join(cells) + " |")


def main():
    large, small = binlog(LARGE_MB), binlog(SMALL_MB)
    program = fetch.home(SERVER) / "bin" / "mariadb-binlog"
    own = {verb: Tool(f"`borealis binlog {verb}`", BINARY, "binlog", verb)
           for verb in ("verify", "stat", "json", "print")}  # fmt: skip
    rows = ["-v", "--base64-output=DECODE-ROWS"]
    theirs = [Tool(f"`mariadb-binlog {' '.join(options)}`", program, "--no-defaults", *options)
              for options in (["-v"], rows)]  # fmt: skip
    tools = [*own.values(), *theirs]
    for tool in tools:
        tool.run(small)  # also brings the programs into memory, as the next does the file
    verified = subprocess.run([BINARY, "binlog", "verify", large], capture_output=True, text=True,
                              timeout=READ_TIMEOUT, check=True)  # fmt: skip
    events, size = re.search(r"(\d+) events, (\d+) bytes", verified.stdout).groups()
    began, foreign = time.monotonic(), machine.foreign_sec()
    for turn in range(REPEATS):
        at = turn % len(tools)
        for tool in tools[at:] + tools[:at]:
            tool.measure(large)
    spent = (time.monotonic() - began) * os.cpu_count()
    foreign = (machine.foreign_sec() - foreign) / spent
    print(
        f"Machine: {machine.describe()}. {machine.first_line(BINARY, '--version')}; "
        f"{machine.first_line(program, '--version').rpartition('/')[2]}. "
        f"One file of {int(size) / 1e9:.2f} GB, {int(events):,} events, that {SERVER} wrote under "
        f"sysbench's oltp_write_only (rows, CRC32, annotated); {REPEATS} turns, output to "
        f"/dev/null; median (least-greatest). Other processes used {foreign:.0%} of the machine.\n"
    )
    print(f"| | CPU s | GB a CPU second | wall s | MB of memory | on {SMALL_MB} MB |\n"
          "| --- | ---: | ---: | ---: | ---: | ---: |")  # fmt: skip
    for tool in tools:
        line(tool, large, small)
    print()
    for other in theirs:
        cpu, wall = ratio(own["print"], other)
        print(f"{other.name} : `borealis binlog print`: {cpu} times the CPU, {wall} times the "
              "wall time.\n")  # fmt: skip


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.suppress(KeyboardInterrupt):
        main()
        sys.exit(0)
    sys.exit(128 + signal.SIGINT)
