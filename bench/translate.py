"""Translate: how fast binlogs of either family become the other's, on one core. Prints Markdown.

The input is what servers wrote under sysbench's write-only load (bench/binlogs.py), in row format
with CRC32; bench/translate.c says what is counted.
"""

import pathlib
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]

from binlogs import binlog  # noqa: E402

from scenario.cluster import BINARY  # noqa: E402

SERVERS = ["mariadb-10.11", "mysql-9.7"]
MB = 64


def main():
    program = pathlib.Path(BINARY).parent / "translate-bench"
    files = [binlog(server, MB) for server in SERVERS]
    return subprocess.run([program, *files], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
