"""Binlogs that real servers wrote under sysbench's write-only load, kept in the cache.

Only the first run takes the minutes that writing them needs; RECIPE is part of their name.
"""

import pathlib
import shutil
import sys
import tempfile
import time

import sysbench

from servers import fetch
from servers.node import Node

RECIPE = 1  # counts up when write() would write another file
THREADS, SLICE_SEC = 4, 15
WRITE_TIMEOUT = 3600
SETTINGS = {
    "binlog_checksum": "CRC32",
    "innodb_buffer_pool_size": "256M",
    "innodb_flush_log_at_trx_commit": 0,
}
FAMILY_SETTINGS = {
    "mariadb": {"binlog_annotate_row_events": "ON", "innodb_log_file_size": "512M"},
    "mysql": {"gtid_mode": "ON", "enforce_gtid_consistency": "ON",
              "innodb_redo_log_capacity": "1G"},
}  # fmt: skip


def binlog(server, mb):
    """The path of a binlog of so many MB, written at the first time."""
    directory = fetch.home("bench").parents[1] / "bench"
    path = directory / f"{server}-write-{mb}m-recipe{RECIPE}.binlog"
    if not path.exists():
        print(f"writing {path}, which takes minutes", file=sys.stderr, flush=True)
        directory.mkdir(parents=True, exist_ok=True)
        write(server, path, mb)
    return path


def write(server, path, mb):
    settings = SETTINGS | FAMILY_SETTINGS[server.partition("-")[0]] | {"max_binlog_size": mb << 20}
    with tempfile.TemporaryDirectory(prefix="borealis-bench-") as base:
        with Node(server, pathlib.Path(base) / "node", **settings) as node:
            node.execute(f"CREATE DATABASE {sysbench.DATABASE}")
            load(node, "prepare")
            deadline = time.monotonic() + WRITE_TIMEOUT
            while not (full := full_file(node, mb << 20)):
                if time.monotonic() > deadline:
                    raise SystemExit(f"{path}: not written within {WRITE_TIMEOUT} s")
                load(node, "run")
            partial = path.with_name(path.name + ".new")
            shutil.copy(full, partial)
            partial.rename(path)


def full_file(node, size):
    """The binlog file that has grown to that size, if there is one."""
    for row in node.query("SHOW BINARY LOGS")[:-1]:
        if row["File_size"] >= size:
            return node.datadir / row["Log_name"]
    return None


def load(node, command):
    sysbench.run("oltp_write_only", command, SLICE_SEC, THREADS, *sysbench.on_socket(node))
