"""Codec: how fast the binlog tools read, beside mariadb-binlog, and what memory they take.

The input is a binlog of bench/binlogs.py that MariaDB wrote, with checksums and annotated rows: one
of 1 GB and one of 64 MB.

The programs read the same file in turn, several times, with their output thrown away. CPU is user
and system time as the kernel counts it; ratios are of CPU and of wall time within a turn. Memory is
the peak of the resident set, of the program's own image: /usr/bin/time is between, because a peak
that the kernel reports of a child begins with the one of whoever forked it. Prints Markdown.

$BENCH_REPEATS is the number of turns, 3; $BENCH_BINLOG_MB the size of the larger file, 1024.
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import machine  # noqa: E402
from binlogs import binlog  # noqa: E402
from figures import ratio, row, spread  # noqa: E402

from scenario.cluster import BINARY  # noqa: E402
from servers import fetch  # noqa: E402

SERVER = "mariadb-10.11"
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
LARGE_MB = int(os.environ.get("BENCH_BINLOG_MB", "1024"))
SMALL_MB = 64
READ_TIMEOUT = 1800


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


def line(tool, large, small):
    gb = large.stat().st_size / 1e9
    row(tool.name, spread(tool.cpu_sec), spread([gb / cpu for cpu in tool.cpu_sec]),
        spread(tool.wall_sec), f"{tool.peak_kb[large] / 1024:.1f}",
        f"{tool.peak_kb[small] / 1024:.1f}")  # fmt: skip


def main():
    large, small = binlog(SERVER, LARGE_MB), binlog(SERVER, SMALL_MB)
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
        cpu = ratio(other.cpu_sec, own["print"].cpu_sec, "{:.1f}")
        wall = ratio(other.wall_sec, own["print"].wall_sec, "{:.1f}")
        print(f"{other.name} : `borealis binlog print`: {cpu} times the CPU, {wall} times the "
              "wall time.\n")  # fmt: skip


if __name__ == "__main__":
    machine.run(main)
