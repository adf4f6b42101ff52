"""Relay: what `borealis relay` costs beside the server's own replication, in one run.

    receiving  the relay and a replica of the server's own kind, whose SQL thread is stopped, take
               the same binlog from one source, in turn: the relay with its syncs, the replica with
               the defaults of sync_relay_log
    sending    the source's dump thread and the relay send 1 GB to one reader that throws it away
               (bench/drain.c), in turn, out of the page cache
    caught up  1 and 100 such readers of what the relay's I/O cache has; memory of a dump that
               waits; the source's commits without and with 100 dumps at the relay
    delay      rows at a steady pace: when the dumps of the source and of the relay bring each

Binlogs are those of bench/binlogs.py. CPU is user and system time of the whole process as the
kernel counts it; what else a server's process does is little, as nothing else asks it. Source,
relay, reader and load share the machine. Prints Markdown.

$BENCH_REPEATS is the number of turns, 5; $BENCH_SERVERS the sources, "mariadb-10.11 mysql-9.7".
What it starts ends with it, and its directory goes.
"""

import collections
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import binlogs  # noqa: E402
import machine  # noqa: E402
import sysbench  # noqa: E402
from figures import percentile, ratio, row, spread, take_turns  # noqa: E402

from scenario import relay as scenario  # noqa: E402
from scenario.cluster import BINARY  # noqa: E402
from servers.node import PASSWORD, Node  # noqa: E402

REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
SERVERS = os.environ.get("BENCH_SERVERS", "mariadb-10.11 mysql-9.7").split()
DRAIN = pathlib.Path(BINARY).with_name("drain-bench")
LARGE, LARGE_MB = "mysql-bin-changelog.000001", 1024
SMALL, SMALL_MB = "mysql-bin-changelog.000002", 48  # which the relay's I/O cache of 64 MB holds
TIMEOUT = 600
POLL_SEC = 0.02
MANY, ONES = 100, 10
COMMIT_SECONDS, COMMIT_RATE, COMMIT_THREADS, COMMIT_TURNS = 3, 100, 2, 4  # of each turn
DELAY_ROWS, DELAY_RATE = 500, 100
# As a source that may not lose a commit is set.
SETTINGS = {"innodb_buffer_pool_size": "256M", "sync_binlog": 1,
            "innodb_flush_log_at_trx_commit": 1}  # fmt: skip


class Run:
    """One measurement: so many bytes took so much wall and CPU time, the reader's own apart."""

    def __init__(self, size, wall, cpu, reader_cpu=0.0):
        self.parts = size, wall, cpu, reader_cpu
        gb = size / 1e9
        self.rate = gb / wall * 1e3  # MB/s
        self.cpu = cpu / gb  # seconds a GB
        self.reader_cpu = reader_cpu / gb


def together(runs):
    """Several short ones as one: the kernel counts CPU time by 10 ms."""
    return Run(*(sum(parts) for parts in zip(*(run.parts for run in runs))))


def cpu_sec(pid):
    return sum(machine.cpu_times(pid))


def rss_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s*(\d+)", status)[1])


def rates(runs):
    return [run.rate for run in runs]


def cpus(runs):
    return [run.cpu for run in runs]


class Bench:
    """A source that has the binlogs, a relay and a replica of its kind. close() ends them all."""

    def __init__(self, server):
        self.server = server
        self.new = server == "mysql-9.7"
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="borealis-bench-"))
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.base, ignore_errors=True)
        self.relay = None

    def close(self):
        self.stop_relay()
        self.stack.close()

    def stop_relay(self):
        if self.relay and self.relay.process:
            self.relay.stop()

    def start(self):
        settings = {**scenario.source_settings(self.server), **SETTINGS}
        self.source = self.stack.enter_context(Node(self.server, self.base / "source", **settings))
        while self.source.query("SHOW BINARY LOGS")[-1]["Log_name"] <= SMALL:
            self.source.execute("FLUSH BINARY LOGS")
        self.source.stop()
        for name, mb in (LARGE, LARGE_MB), (SMALL, SMALL_MB):
            # Which also brings it into the page cache.
            shutil.copy(binlogs.binlog(self.server, mb), self.source.datadir / name)
        self.source.start()
        settings["server_id"] = self.source.port + 1
        replica = Node(self.server, self.base / "replica", **settings)
        self.replica = self.stack.enter_context(replica)
        self.relay = scenario.Relay(self.source, self.base / "relay")
        self.log_in_once()
        self.receive_by_relay(LARGE)  # which makes its certificates, too

    def log_in_once(self):
        """Over TLS: MySQL then knows the accounts' passwords, and takes them without TLS."""
        if self.new:
            for user, password in (scenario.USER, scenario.PASSWORD), ("root", PASSWORD):
                self.source.connect(host="127.0.0.1", user=user, password=password,
                                    ssl={"check_hostname": False}).close()  # fmt: skip

    # ---- Receiving ----

    def receive_by_relay(self, start=SMALL):
        """By a new log of the relay, which has its certificates already."""
        self.stop_relay()
        shutil.rmtree(self.relay.dir / "source", ignore_errors=True)
        self.relay.ssl_mode = "DISABLED"
        self.relay.options = ("--start", f"{start}:4")
        goal = scenario.position(self.source)
        began = time.monotonic()
        self.relay.start()
        with self.relay.connect() as conn, conn.cursor() as cursor:
            self.watch(lambda: self.relay_position(cursor) >= goal)
        return Run(self.size_from(start), time.monotonic() - began, cpu_sec(self.relay.process.pid))

    def relay_position(self, cursor):
        cursor.execute("SHOW MASTER STATUS")
        rows = cursor.fetchall()
        return (rows[0]["File"], rows[0]["Position"]) if rows else ("", 0)

    def receive_by_replica(self):
        word, replica = ("SOURCE", "REPLICA") if self.new else ("MASTER", "SLAVE")
        change = "CHANGE REPLICATION SOURCE TO" if self.new else "CHANGE MASTER TO"
        goal = scenario.position(self.source)
        self.replica.execute(
            f"{change} {word}_HOST='127.0.0.1', {word}_PORT={self.source.port},"
            f" {word}_USER='{scenario.USER}', {word}_PASSWORD='{scenario.PASSWORD}',"
            f" {word}_LOG_FILE='{SMALL}', {word}_LOG_POS=4"
        )
        cpu, began = cpu_sec(self.replica.pid), time.monotonic()
        self.replica.execute(f"START {replica} IO_THREAD")
        with self.replica.connect() as conn, conn.cursor() as cursor:
            self.watch(lambda: self.replica_position(cursor) >= goal)
        wall, cpu = time.monotonic() - began, cpu_sec(self.replica.pid) - cpu
        self.replica.execute(f"STOP {replica}", f"RESET {replica} ALL")
        return Run(self.size_from(SMALL), wall, cpu)

    def replica_position(self, cursor):
        cursor.execute("SHOW REPLICA STATUS" if self.new else "SHOW SLAVE STATUS")
        status, word = cursor.fetchone(), "Source" if self.new else "Master"
        return status[f"{word}_Log_File"], status[f"Read_{word}_Log_Pos"]

    def watch(self, reached):
        deadline = time.monotonic() + TIMEOUT
        while not reached():
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.server}: not received within {TIMEOUT} s")
            time.sleep(POLL_SEC)

    def size_from(self, name):
        logs = self.source.query("SHOW BINARY LOGS")
        return sum(row["File_size"] for row in logs if row["Log_name"] >= name)

    # ---- Sending ----

    def source_account(self):
        return str(self.source.port), "root", PASSWORD

    def relay_account(self):
        return str(self.relay.port), scenario.REPLICA, scenario.REPLICA_PASSWORD

    def drain(self, *args):
        done = subprocess.run([DRAIN, *args], capture_output=True, text=True, timeout=TIMEOUT,
                              check=False)  # fmt: skip
        if done.returncode:
            raise SystemExit(f"{self.server}: {done.stderr}{self.relay.log.read_text()[-2000:]}")
        return done.stdout

    def dump(self, account, pid, start=LARGE, count=1, tls="plain"):
        cpu = cpu_sec(pid)
        text = self.drain("dump", *account, f"{start}:4", str(count), tls, "whole")
        cpu = cpu_sec(pid) - cpu
        size, self.events, wall_usec, own_usec = map(int, text.split())
        return Run(size, wall_usec / 1e6, cpu, own_usec / 1e6)

    def dump_of_source(self, **how):
        return self.dump(self.source_account(), self.source.pid, **how)

    def dump_of_relay(self, **how):
        return self.dump(self.relay_account(), self.relay.process.pid, **how)

    # ---- Caught up ----

    @contextlib.contextmanager
    def followers(self, count):
        """So many dumps that follow the relay's log from its end on."""
        name, offset = self.relay.position()
        with subprocess.Popen(
            [DRAIN, "dump", *self.relay_account(), f"{name}:{offset}", str(count), "plain",
             "follow"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            try:
                if process.stdout.readline() != "ready\n":
                    raise SystemExit(f"{self.server}: {count} dumps do not begin")
                yield
            finally:
                process.stdin.close()
                process.wait(TIMEOUT)

    def commits(self):
        """How many of the source's commits took how many milliseconds."""
        text = sysbench.run(
            "oltp_insert", "run", COMMIT_SECONDS, COMMIT_THREADS,
            *sysbench.on_socket(self.source), f"--rate={COMMIT_RATE}", "--histogram=on",
        )  # fmt: skip
        return sysbench.latencies(text)

    def commits_beside_dumps(self):
        self.relay.stop()  # what earlier dumps had may still be the process's
        self.relay.start()
        self.relay.wait_caught_up()
        before = rss_kb(self.relay.process.pid)
        with self.followers(MANY):
            commits = self.commits()
            self.dump_kb.append((rss_kb(self.relay.process.pid) - before) / MANY)
        return commits

    def delays(self):
        """Milliseconds of each row: to the source's dump, to the relay's, and between the two."""
        self.source.execute(
            "CREATE DATABASE IF NOT EXISTS delay",
            "CREATE TABLE IF NOT EXISTS delay.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)",
        )
        self.relay.wait_caught_up()
        name, offset = scenario.position(self.source)
        text = self.drain("delay", *self.source_account(), *self.relay_account(),
                          f"{name}:{offset}", str(DELAY_ROWS), str(DELAY_RATE))  # fmt: skip
        rows = [[int(usec) / 1000 for usec in line.split()] for line in text.splitlines()]
        return [(source, relay, relay - source) for source, relay, _ in rows]


# ---- The tables ----


def bench_receiving(bench):
    own, theirs = take_turns(bench.receive_by_relay, bench.receive_by_replica, turns=REPEATS)
    row(f"receive {SMALL_MB} MB", bench.server, *compare(own, theirs))
    own = bench.receive_by_relay(LARGE)
    row(f"receive {LARGE_MB + SMALL_MB} MB, once", bench.server, "", f"{own.cpu:.2f}", "", "",
        f"{own.rate:.0f}", "")  # fmt: skip


def bench_sending(bench):
    own, theirs = take_turns(bench.dump_of_relay, bench.dump_of_source, turns=REPEATS)
    row("send to one reader", bench.server, *compare(own, theirs))
    if bench.new:  # MariaDB 10.11 has TLS only where it was given certificates
        own, theirs = take_turns(lambda: bench.dump_of_relay(tls="tls"),
                                 lambda: bench.dump_of_source(tls="tls"), turns=REPEATS)  # fmt: skip
        row("the same, TLS", bench.server, *compare(own, theirs))


def compare(own, theirs):
    return (spread(cpus(theirs)), spread(cpus(own)), ratio(cpus(theirs), cpus(own), "{:.1f}"),
            spread(rates(theirs), "{:.0f}"), spread(rates(own), "{:.0f}"),
            ratio(rates(own), rates(theirs), "{:.1f}"))  # fmt: skip


def bench_cache(bench):
    def one():
        return together([bench.dump_of_relay(start=SMALL) for _ in range(ONES)])

    def many():
        return bench.dump_of_relay(start=SMALL, count=MANY)

    one, many = take_turns(one, many, turns=REPEATS)
    row(f"{MANY} dumps of the I/O cache to one, bytes/s", bench.server,
        f"{spread(rates(many), '{:.0f}')} : {spread(rates(one), '{:.0f}')} MB/s",
        ratio(rates(many), rates(one)))  # fmt: skip
    row("CPU s/GB of the relay + the readers", bench.server,
        f"{spread(cpus(many))} + {spread([r.reader_cpu for r in many])} : "
        f"{spread(cpus(one))} + {spread([r.reader_cpu for r in one])}",
        ratio(cpus(many), cpus(one)))  # fmt: skip


def bench_commits(bench):
    bench.dump_kb = []
    bench.source.execute(f"CREATE DATABASE {sysbench.DATABASE}")
    sysbench.run("oltp_insert", "prepare", 0, 1, *sysbench.on_socket(bench.source))
    bench.relay.wait_caught_up()
    turns = COMMIT_TURNS * REPEATS
    # A disk has better and worse moments, which the slowest commits tell of: short turns, and the
    # percentiles are those of all turns together.
    with_dumps, without = (
        sorted(sum(commits, collections.Counter()).elements())
        for commits in take_turns(bench.commits_beside_dumps, bench.commits, turns=turns)
    )
    for part in 0.5, 0.9, 0.99:
        own, theirs = percentile(with_dumps, part), percentile(without, part)
        row(f"p{part * 100:.0f} of {len(without)} commits, {COMMIT_RATE} a second, beside {MANY} "
            "dumps to beside none", bench.server, f"{own:.2f} : {theirs:.2f} ms",
            f"{own / theirs:.2f}")  # fmt: skip
    row("memory of a caught-up dump", bench.server, f"{spread(bench.dump_kb, '{:.0f}')} kB", "")


def bench_delay(bench):
    turns = [bench.delays() for _ in range(REPEATS)]
    for name, part in ("p50", 0.5), ("p99", 0.99):
        source, relay, added = (
            [percentile([delay[i] for delay in delays], part) for delays in turns] for i in range(3)
        )
        row(f"delay, {name}: through the relay, from the source", bench.server,
            f"{spread(relay)} : {spread(source)} ms", f"added: {spread(added)} ms")  # fmt: skip


def bench_sync(bench):
    """What a disk takes for a few bytes, beside which the delays are to be seen."""
    took = []
    with open(bench.base / "sync", "wb", buffering=0) as file:
        for _ in range(DELAY_ROWS):
            file.write(b"x" * 500)
            began = time.monotonic()
            os.fdatasync(file.fileno())
            took.append((time.monotonic() - began) * 1000)
    row("fdatasync() after 500 bytes, p50, p99", "",
        f"{percentile(took, 0.5):.2f}, {percentile(took, 0.99):.2f} ms", "")  # fmt: skip


def main():
    began, foreign = time.monotonic(), machine.foreign_sec()
    print(f"Machine: {machine.describe()}. {machine.first_line(BINARY, '--version')}. {REPEATS} "
          "turns; median (least-greatest); ratios within a turn.\n")  # fmt: skip
    benches = []
    with contextlib.ExitStack() as stack:
        row("", "server", "CPU s/GB, its own", "relay", "ratio", "MB/s, its own", "relay", "ratio")
        row("---", "---", *["---:"] * 6)
        for server in SERVERS:
            bench = Bench(server)
            stack.callback(bench.close)
            bench.start()
            benches.append(bench)
            bench_receiving(bench)
            bench_sending(bench)
            bench.replica.stop()
        print()
        row("", "source", "", "ratio")
        row("---", "---", "---:", "---:")
        for bench in benches:
            bench_cache(bench)
            bench_commits(bench)
            bench_delay(bench)
        bench_sync(benches[0])
    spent = time.monotonic() - began
    foreign = (machine.foreign_sec() - foreign) / spent / os.cpu_count()
    print(f"\nOther processes used {foreign:.0%} of the machine. The whole took {spent:.0f} s.")


if __name__ == "__main__":
    machine.run(main)
