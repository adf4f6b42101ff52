"""A thousand dumps of one relay at once: each gets what is written, what each takes of memory, and
that nothing is left of them afterwards.

For `make soak`. $BOREALIS_DUMPS is their number, 1000 at first.
"""

import contextlib
import os
import pathlib
import re
import struct

from servers.node import Node
from servers.wait import wait_for

from .protocol import Raw, query
from .relay import REPLICA, REPLICA_PASSWORD, Relay

DUMPS = int(os.environ.get("BOREALIS_DUMPS", "1000"))
DUMP_KB = 128  # of memory, for one that has caught up
SOFT_LIMIT = 1024  # of descriptors, which a login gives; the relay takes what it may have
COM_BINLOG_DUMP = 0x12
XID_EVENT = 16
TIMEOUT = 60


class LimitedRelay(Relay):
    def command(self):
        return ["prlimit", f"--nofile={SOFT_LIMIT}:", *super().command()]


def begin_dump(relay, file, offset, server_id):
    raw = Raw(relay.port).greet()
    assert raw.login(REPLICA.encode(), REPLICA_PASSWORD)[:1] == b"\0"
    for name in "mariadb_slave_capability = 4", "master_binlog_checksum = 'CRC32'":
        raw.send(query(f"SET @{name}"), 0)
        assert raw.read()[:1] == b"\0"
    request = struct.pack("<BIHI", COM_BINLOG_DUMP, offset, 0, server_id)
    raw.send(request + file.encode(), 0)
    return raw


def wait_transaction(raw):
    while (payload := raw.read())[5] != XID_EVENT:
        assert payload[0] == 0, payload


def rss_kb(pid):
    return int(re.search(r"VmRSS:\s*(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])


def count(pid, what):
    return len(list(pathlib.Path(f"/proc/{pid}/{what}").iterdir()))


def test_a_thousand_dumps(tmp_path):
    with Node("mariadb-10.11", tmp_path / "source") as source, LimitedRelay(source, tmp_path) as relay:
        source.execute("CREATE DATABASE many", "CREATE TABLE many.t (a INT) ENGINE=InnoDB")
        relay.wait_caught_up()
        pid = relay.process.pid
        before = {what: count(pid, what) for what in ("task", "fd")}
        memory = rss_kb(pid)
        file, offset = relay.position()
        with contextlib.ExitStack() as stack:
            dumps = [
                stack.enter_context(begin_dump(relay, file, offset, 1 + i)) for i in range(DUMPS)
            ]
            for value in range(3):
                source.execute(f"INSERT INTO many.t VALUES ({value})")
                for raw in dumps:
                    wait_transaction(raw)
            each = (rss_kb(pid) - memory) / DUMPS
            print(f"{DUMPS} dumps: {each:.1f} kB each")
            assert each < DUMP_KB
        for what, were in before.items():
            wait_for(lambda w=what, n=were: count(pid, w) <= n, TIMEOUT, f"the relay's {what} are gone")
