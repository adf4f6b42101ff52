"""What sysbench does for the benches: the load of one workload on one server."""

import collections
import re
import subprocess

from servers import fetch

TABLES, ROWS = 4, 10000
DATABASE = "sbtest"


def run(workload, command, seconds, threads, *options, cwd=None):
    """Runs sysbench with `command` (prepare, run); returns what it prints."""
    home = fetch.home("bench")
    done = subprocess.run(
        [home / "bin" / "sysbench", home / "share" / f"{workload}.lua", "--db-driver=mysql",
         f"--mysql-db={DATABASE}", *options, f"--tables={TABLES}", f"--table-size={ROWS}",
         f"--threads={threads}", f"--time={seconds}", "--report-interval=0", "--rand-type=uniform",
         command],
        cwd=cwd, capture_output=True, text=True, timeout=seconds + 120, check=False,
    )  # fmt: skip
    if done.returncode:
        text = f"{done.stdout}{done.stderr}"[-4000:]
        raise SystemExit(f"sysbench {workload} {command} {' '.join(options)}: {text}")
    return done.stdout


def on_socket(node):
    """Options that lead to a Node, as root."""
    return f"--mysql-socket={node.socket}", "--mysql-user=root"


def rate(text):
    """Transactions a second."""
    return float(re.search(r"transactions:.*\((\S+) per sec", text)[1])


def latencies(text):
    """What --histogram=on printed: milliseconds to how many took so long."""
    rows = re.findall(r"^\s+([\d.]+) \|.*?(\d+)\s*$", text, re.MULTILINE)
    return collections.Counter({float(ms): int(count) for ms, count in rows})
