"""Many idle sessions at the endpoint: they stay usable, cost little memory, and leave nothing behind.

BOREALIS_SESSIONS says how many, 300 at first; `make soak` has 5,000.
Every tenth has TLS. What they cost is printed (pytest -s).

Time budget: 20 s.
"""

import os
import pathlib
import resource
import ssl
import struct

from servers.wait import wait_for

from . import protocol
from .protocol import Raw
from .sessions import no_session_left  # noqa: F401

SESSIONS = int(os.environ.get("BOREALIS_SESSIONS", "300"))
TLS_EVERY = 10
# KiB of the daemon for each, as measured (26 plain, 98 with TLS) and half as much again.
PLAIN_MOST = 40
TLS_MOST = 150
LEAVE = 120  # seconds for all of them to be gone


def log_in(cluster, own, context):
    raw = Raw(cluster.port).greet()
    flags = protocol.USUAL
    if context:
        request = struct.pack("<IIB23x", flags | protocol.CLIENT_SSL, 1 << 24, protocol.UTF8MB4)
        raw.send(request)
        raw.socket = context.wrap_socket(raw.socket, server_hostname="localhost")
        raw.sequence += 1
        flags |= protocol.CLIENT_SSL
    assert raw.login(own["user"].encode(), own["password"], flags)[:1] == b"\0"
    return raw


def resident(pid):
    """KiB."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def ping(raw):
    raw.send(bytes([protocol.COM_PING]), 0)
    return raw.read()[:1] == b"\0"


def test_idle_sessions(cluster):
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    own = cluster.credentials()
    context = ssl.create_default_context(cafile=str(cluster.ca))
    before = resident(cluster.daemon.pid), resident(cluster.engine_pid)
    n_tls = SESSIONS // TLS_EVERY
    raws = []
    try:
        for n in range(SESSIONS):
            raws.append(log_in(cluster, own, context if n % TLS_EVERY == 0 else None))
        assert cluster.sessions == SESSIONS
        assert all(ping(raw) for raw in raws)
        after = resident(cluster.daemon.pid), resident(cluster.engine_pid)
        print(f"\n{SESSIONS} sessions, {n_tls} with TLS: KiB each: daemon "
              f"{(after[0] - before[0]) / SESSIONS:.0f}, engine {(after[1] - before[1]) / SESSIONS:.0f}")  # fmt: skip
        assert after[0] - before[0] < PLAIN_MOST * (SESSIONS - n_tls) + TLS_MOST * n_tls
        # Another one is served as if they were not there.
        if SESSIONS < 1000:
            assert cluster.query("SELECT 1 AS one") == [{"one": 1}]
        assert all(ping(raw) for raw in raws)
    finally:
        for raw in raws:
            raw.socket.close()
    wait_for(lambda: cluster.sessions == 0, LEAVE, "all are gone")
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]
