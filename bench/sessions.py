"""What a session that waits costs, at the endpoint and at HAProxy before the same engine; and how long it
takes from `borealis serve` to the first query. Prints Markdown.

$BENCH_SESSIONS is the number of sessions, 5,000 at first, of which a tenth is taken once more with TLS;
$BENCH_REPEATS how often a daemon is started, 3.
"""

import contextlib
import os
import pathlib
import resource
import ssl
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import figures  # noqa: E402
import haproxy  # noqa: E402
import machine  # noqa: E402
import pymysql  # noqa: E402

from scenario.cluster import BINARY, START_TIMEOUT, Cluster  # noqa: E402
from scenario.test_idle_sessions import LEAVE, log_in, ping, resident  # noqa: E402
from servers.wait import wait_for  # noqa: E402

SESSIONS = int(os.environ.get("BENCH_SESSIONS", "5000"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
TLS_PART = 10


class Place:
    """Where log_in() goes: it needs no more of a cluster than the port."""

    def __init__(self, port):
        self.port = port


def memory(pids, port, own, count, cluster, context=None):
    """KiB of each of the processes for one of `count` sessions."""
    place, raws = Place(port), []
    before = [resident(pid) for pid in pids]
    try:
        raws += (log_in(place, own, context) for _ in range(count))
        assert all(ping(raw) for raw in raws)
        return [(resident(pid) - was) / count for pid, was in zip(pids, before)]
    finally:
        for raw in raws:
            raw.socket.close()
        wait_for(lambda: cluster.sessions == 0 and engine_sessions(cluster) == 0, LEAVE, "all are gone")


def engine_sessions(cluster):
    """Those of the master user."""
    rows = cluster.as_admin("SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = "
                            f"'{cluster.credentials()['user']}'")  # fmt: skip
    return rows[0]["n"]


def first_query(cluster):
    """Seconds from the start of the daemon to the answer of a query."""
    began = time.monotonic()
    cluster.spawn()
    wait_for(lambda: cluster.query("SELECT 1 AS one"), START_TIMEOUT, "the first query",
             ignore=(pymysql.err.MySQLError, OSError, KeyError))  # fmt: skip
    return time.monotonic() - began


def start_times():
    new, again = [], []
    for _ in range(REPEATS):
        with contextlib.closing(Cluster()) as cluster:
            new.append(first_query(cluster))
            cluster.wait_available()
            cluster.interrupt()
            again.append(first_query(cluster))
    return new, again


def measure_sessions(cluster, stack, directory):
    own = cluster.credentials()
    socket = cluster.instance / "run" / "engine.sock"
    proxy, port = haproxy.start(stack, directory, socket, own["user"], own["password"])
    context = ssl.create_default_context(cafile=str(cluster.ca))
    pids = [cluster.daemon.pid, cluster.engine_pid]
    n_tls = max(SESSIONS // TLS_PART, 1)
    plain = memory(pids, cluster.port, own, SESSIONS, cluster)
    (beside,) = memory([proxy.pid], port, own, SESSIONS, cluster)
    # What the plain ones took is not given back, so these come to a daemon and an engine that are new.
    cluster.interrupt()
    cluster.start()
    pids = [cluster.daemon.pid, cluster.engine_pid]
    tls = memory(pids, cluster.port, own, n_tls, cluster, context)
    print("| KiB of memory for each of | Borealis | engine behind it | HAProxy |\n| --- | ---: | ---: | ---: |")
    figures.row(f"{SESSIONS:,} idle sessions", f"{plain[0]:.1f}", f"{plain[1]:.1f}", f"{beside:.1f}")
    figures.row(f"{n_tls:,} idle sessions, TLS", f"{tls[0]:.1f}", f"{tls[1]:.1f}", "passed through")


def main():
    started = time.monotonic()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    print(f"Machine: {machine.describe()}. {machine.first_line(BINARY, '--version')}, "
          f"{machine.first_line(haproxy.PROGRAM, '-v').split(' - ')[0]}.\n")  # fmt: skip
    with contextlib.ExitStack() as stack:
        directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="borealis-bench-")))
        measure_sessions(stack.enter_context(Cluster()), stack, directory)
    new, again = start_times()
    print("\n| from `borealis serve` to the first query | seconds |\n| --- | ---: |")
    figures.row("on an empty directory", figures.spread(new))
    figures.row("on one that was stopped", figures.spread(again))
    print(f"\nThe whole took {time.monotonic() - started:.0f} s.")


if __name__ == "__main__":
    machine.run(main)
