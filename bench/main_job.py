"""Main job: what a cluster costs as replica and as source, beside the servers' own replication, in one run.

    delay      rows at a steady pace, one transaction each: from the answer to the source's commit until
               the row can be seen in the cluster's engine, and at a replica of the cluster; beside a chain of
               servers of the source's kind, in turn
    catch-up   a binlog that is there already (bench/binlogs.py), applied from its beginning by the
               cluster and by a server of the source's kind, with 1 and with 4 workers; bytes that
               they have written for it, InnoDB's pages included, and CPU
    writer     sysbench's oltp_write_only at the cluster's engine while the daemon is away, so that
               nothing follows its log; while it is followed; with 1 and 8 dumps at the endpoint. The
               same with dumps of its own at a server with the same settings

Every commit is flushed everywhere (sync_binlog=1, innodb_flush_log_at_trx_commit=1), as a cluster's are.
Where the source is a MariaDB the server beside the cluster has the settings of the cluster's engine, but
applies as the program does by itself. All servers share the machine and its disk. Prints Markdown.

$BENCH_SECONDS is the length of a measurement of delays or commits, 5; $BENCH_REPEATS the number of turns,
3; $BENCH_SERVERS the sources, "mysql-9.7 mariadb-10.11"; $BENCH_BINLOG_MB the size of the binlog, 32;
$BENCH_PARTS what is measured, "delay catch-up writer". What it starts ends with it, and its directory goes.
"""

import contextlib
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import binlogs  # noqa: E402
import machine  # noqa: E402
import pymysql  # noqa: E402
import replicas  # noqa: E402
import sysbench  # noqa: E402
import twin  # noqa: E402
from figures import percentile, ratio, row, spread, take_turns  # noqa: E402
from replicas import ClusterReplica, NodeReplica  # noqa: E402

from scenario import relay as scenario  # noqa: E402
from scenario.cluster import BINARY, Cluster  # noqa: E402
from servers.node import Node  # noqa: E402
from servers.wait import wait_for  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
SERVERS = os.environ.get("BENCH_SERVERS", "mysql-9.7 mariadb-10.11").split()
BINLOG_MB = int(os.environ.get("BENCH_BINLOG_MB", "32"))
PARTS = os.environ.get("BENCH_PARTS", "delay catch-up writer").split()
DRAIN = pathlib.Path(BINARY).with_name("drain-bench")
DELAY_RATE = 100  # rows a second
WORKERS = [1, 4]
THREADS = [1, 8]
DUMPS = [1, 8]
ACCOUNT, PASSWORD = "bench", "bench-of-borealis"


class Place:
    """A server on the way of the rows, and when each can be seen there."""

    def __init__(self, replica):
        self.replica = replica
        self.key = self.ahead = None  # of its GTIDs of the rows: what is alike, and their number less the row's

    def has(self, rows):
        return self.replica.server.query("SELECT COUNT(*) AS n FROM delay.t")[0]["n"] == rows

    def learn(self, before, row):
        """How transactions are called here: from the one row that has come since."""
        def changed():
            return [one for one in self.replica.applied().items() if before.get(one[0]) != one[1]]

        ((self.key, number),) = wait_for(changed, replicas.TIMEOUT, f"{self.replica.server}: a GTID")
        self.ahead = number - row

    def wait(self, row, cursor):
        cursor.execute(self.replica.wait_sql(self.key, row + self.ahead))
        cursor.fetchall()

    def watch(self, first, count):
        """Begins to, from a row on; the result's join() gives the times."""
        watcher = Watcher(self, first, count)
        watcher.start()
        watcher.ready.wait()
        return watcher


class Watcher(threading.Thread):
    """Waits for rows, one after the other: the engine says when, and is not asked."""

    def __init__(self, place, first, count):
        super().__init__(daemon=True)
        self.place, self.first, self.count = place, first, count
        self.ready = threading.Event()
        self.times = []

    def run(self):
        with self.place.replica.connect() as conn, conn.cursor() as cursor:
            self.ready.set()
            for at in range(self.first, self.first + self.count):
                self.place.wait(at, cursor)
                self.times.append(time.monotonic())

    def join(self, timeout=replicas.TIMEOUT):
        super().join(timeout)
        if len(self.times) != self.count:
            raise SystemExit(f"{self.place.replica.server}: {len(self.times)} of {self.count} rows came")
        return self.times


def insert(source, count, rate=None):
    """Writes rows; when each commit was answered."""
    answered = []
    with source.connect() as conn, conn.cursor() as cursor:
        due = time.monotonic()
        for _ in range(count):
            if rate:
                time.sleep(max(0, due - time.monotonic()))
                due = max(due, time.monotonic() - 1 / rate) + 1 / rate
            cursor.execute("INSERT INTO delay.t (a) VALUES (REPEAT('x', 200))")
            answered.append(time.monotonic())
    return answered


class Servers:
    """What a part of the bench has started. close() ends it all."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="borealis-bench-"))
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.base, ignore_errors=True)

    def close(self):
        self.stack.close()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exception):
        self.close()

    def run(self, server):
        self.stack.enter_context(server)
        replicas.account(server)
        return server

    def node(self, server, name):
        return self.run(Node(server, self.base / name, **replicas.durable(server)))


class Delay(Servers):
    """Source to cluster to replica, and source to server to replica."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.shares = []

    def start(self):
        self.source = self.node(self.server, "source")
        cluster = self.run(Cluster())
        native = self.run(replicas.native(cluster, self.server, self.base / "native"))
        self.ways = [
            [ClusterReplica(cluster), NodeReplica(self.node(self.server, "behind-cluster"))],
            [NodeReplica(native), NodeReplica(self.node(self.server, "behind-native"))],
        ]
        for first, second in self.ways:
            second.follow(first.server, replicas.position(first.server))
            second.start()
            first.follow(self.source, replicas.position(self.source))
            first.start()
        self.source.execute("CREATE DATABASE delay",
                            "CREATE TABLE delay.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")  # fmt: skip
        self.rows = 0
        self.places = [[Place(replica) for replica in way] for way in self.ways]
        self.pids = [pid for way in self.ways for replica in way for pid in replica.pids()] + [self.source.pid]
        self.learn()
        for first, _ in self.ways:
            first.stop()

    def learn(self):
        places = sum(self.places, [])
        self.write_one()
        before = [place.replica.applied() for place in places]
        self.write_one()
        for place, gtids in zip(places, before):
            place.learn(gtids, self.rows)

    def write_one(self):
        """And waits until it is everywhere."""
        insert(self.source, 1)
        self.rows += 1
        for place in sum(self.places, []):
            wait_for(lambda place=place: place.has(self.rows), replicas.TIMEOUT, f"{place.replica.server}: a row",
                     ignore=pymysql.err.ProgrammingError)  # fmt: skip

    def measure(self, way):
        """Milliseconds of each row to the one and to the other."""
        way[0].replica.start()
        for place in way:
            place.watch(self.rows, 1).join()
        count = SECONDS * DELAY_RATE
        with machine.others(self.shares, self.pids):
            watchers = [place.watch(self.rows + 1, count) for place in way]
            answered = insert(self.source, count, DELAY_RATE)
            seen = [watcher.join() for watcher in watchers]
        self.rows += count
        way[0].replica.stop()
        return [[(at - began) * 1000 for began, at in zip(answered, times)] for times in seen]

    def run_turns(self):
        return take_turns(*(lambda way=way: self.measure(way) for way in self.places), turns=REPEATS)


def bench_delay(server):
    with Delay(server) as servers:
        cluster, native = servers.run_turns()
    for at, to in enumerate(["to the first", "to its replica"]):
        own, theirs = ([turn[at] for turn in turns] for turns in (cluster, native))
        cells = []
        for part in 0.5, 0.99:
            ours, natives = ([percentile(values, part) for values in turns] for turns in (own, theirs))
            more = [own - other for own, other in zip(ours, natives)]
            cells += [spread(natives), spread(ours), spread(more, dash=" to ")]
        row(f"{server}, {to}", *cells)
    return servers.shares


class CatchUp(Servers):
    """A source that has the binlog, a cluster and a server to apply it."""

    FILE = "mysql-bin-changelog.000001"

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.shares = []
        self.sums = None

    def start(self):
        path = binlogs.binlog(self.server, BINLOG_MB)
        told = subprocess.run([BINARY, "binlog", "stat", "--json", path], capture_output=True, check=True)
        self.transactions = json.loads(told.stdout)["transactions"]
        self.bytes = path.stat().st_size
        self.source = self.node(self.server, "source")
        self.source.stop()
        for file in self.source.datadir.glob("mysql-bin-changelog.*"):
            file.unlink()
        shutil.copy(path, self.source.datadir / self.FILE)
        (self.source.datadir / "mysql-bin-changelog.index").write_text(f"./{self.FILE}\n")
        self.source.start()
        cluster = self.run(Cluster())
        native = self.run(replicas.native(cluster, self.server, self.base / "native"))
        self.replicas = [ClusterReplica(cluster), NodeReplica(native)]
        self.pids = [pid for replica in self.replicas for pid in replica.pids()] + [self.source.pid]

    def measure(self, replica, workers):
        """Transactions a second, CPU milliseconds of each, bytes written for each of the binlog."""
        replica.forget(sysbench.DATABASE)
        replica.set_workers(workers)
        replica.follow(self.source, (self.FILE, 4))
        replica.write_pages()
        written, cpu, began = replica.written_bytes(), replica.cpu_sec(), time.monotonic()
        with machine.others(self.shares, self.pids):
            replica.start()
            replica.wait_applied(self.source)
        wall, cpu = time.monotonic() - began, replica.cpu_sec() - cpu
        replica.write_pages()
        written = replica.written_bytes() - written
        self.check_equal(replica)
        return self.transactions / wall, cpu / self.transactions * 1000, written / self.bytes

    def check_equal(self, replica):
        sums = [
            replica.server.query(f"SELECT COUNT(*) AS n, SUM(CRC32(CONCAT_WS(',', id, k, c, pad))) AS sum"
                                 f" FROM {sysbench.DATABASE}.sbtest{i + 1}")
            for i in range(sysbench.TABLES)
        ]  # fmt: skip
        self.sums = self.sums or sums
        if sums != self.sums:
            raise SystemExit(f"{replica.server}: its tables are not what they were at the one before")

    def run_turns(self):
        ways = [(replica, workers) for workers in WORKERS for replica in self.replicas]
        return take_turns(*(lambda way=way: self.measure(*way) for way in ways), turns=REPEATS)


def bench_catch_up(server):
    with CatchUp(server) as servers:
        results = servers.run_turns()
    for workers, own, theirs in zip(WORKERS, results[::2], results[1::2]):
        (ours, our_cpu, our_bytes), (natives, their_cpu, their_bytes) = zip(*own), zip(*theirs)
        row(f"{server}, {workers}", spread(natives, "{:.0f}"), spread(ours, "{:.0f}"), ratio(ours, natives),
            f"{statistics.median(their_cpu):.2f} : {statistics.median(our_cpu):.2f}",
            f"{statistics.median(their_bytes):.1f} : {statistics.median(our_bytes):.1f}")  # fmt: skip
    return servers.shares


class Writer(Servers):
    """A cluster and its twin under load."""

    def __init__(self):
        super().__init__()
        self.shares = []

    def start(self):
        self.cluster = self.run(Cluster())
        self.twin = self.run(twin.make(self.cluster, self.base / "twin"))
        self.cluster.account(f"CREATE USER '{ACCOUNT}'@'%' IDENTIFIED BY '{PASSWORD}'",
                             f"GRANT ALL ON `{sysbench.DATABASE}`.* TO '{ACCOUNT}'@'%'")  # fmt: skip
        self.on_cluster = (f"--mysql-socket={self.cluster.instance / 'run' / 'engine.sock'}",
                           f"--mysql-user={ACCOUNT}", f"--mysql-password={PASSWORD}")  # fmt: skip
        self.on_twin = sysbench.on_socket(self.twin)
        for server, options in (self.cluster, self.on_cluster), (self.twin, self.on_twin):
            server.execute(f"CREATE DATABASE {sysbench.DATABASE}")
            sysbench.run("oltp_write_only", "prepare", 0, 1, *options)

    @contextlib.contextmanager
    def dumps(self, server, count):
        """So many that follow the server's log from its end on."""
        name, offset = replicas.position(server)
        command = [DRAIN, "dump", str(server.port), scenario.REPLICA, scenario.REPLICA_PASSWORD,
                   f"{name}:{offset}", str(count), "plain", "follow"]  # fmt: skip
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                if process.stdout.readline() != "ready\n":
                    raise SystemExit(f"{server}: {count} dumps do not begin")
                yield
            finally:
                process.stdin.close()
                process.wait(replicas.TIMEOUT)

    def measure(self, options, pids, threads):
        """Commits a second, and microseconds of CPU of a process for each."""
        before = [sum(machine.cpu_times(pid)) for pid in pids]
        text = sysbench.run("oltp_write_only", "run", SECONDS, threads, *options)
        rate = sysbench.rate(text)
        return rate, [(sum(machine.cpu_times(pid)) - was) / (rate * SECONDS) * 1e6 for pid, was in zip(pids, before)]

    def of_cluster(self, threads, count):
        with machine.others(self.shares, self.pids()), self.some_dumps(self.cluster, count):
            return self.measure(self.on_cluster, [self.cluster.daemon.pid], threads)

    def of_twin(self, threads, count):
        with machine.others(self.shares, self.pids()), self.some_dumps(self.twin, count):
            return self.measure(self.on_twin, [], threads)

    def some_dumps(self, server, count):
        return self.dumps(server, count) if count else contextlib.nullcontext()

    def pids(self):
        return [self.cluster.daemon.pid, self.cluster.engine_pid, self.twin.pid]

    def unfollowed(self, threads):
        """The engine goes on without its daemon, which comes back."""
        engine = self.cluster.engine_pid
        self.cluster.command("stop", "--leave-engines")
        self.cluster.daemon.wait(replicas.TIMEOUT)
        with machine.others(self.shares, [engine, self.twin.pid]):
            result = self.measure(self.on_cluster, [], threads)
        self.cluster.start()
        wait_for(self.is_followed, replicas.TIMEOUT, "the change log is followed again")
        return result

    def is_followed(self):
        """A dump that shall begin at the engine's end is accepted once it is."""
        name, offset = replicas.position(self.cluster)
        command = [DRAIN, "dump", str(self.cluster.port), scenario.REPLICA, scenario.REPLICA_PASSWORD,
                   f"{name}:{offset}", "1", "plain", "whole"]  # fmt: skip
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def run_turns(self, threads):
        ways = [lambda: self.unfollowed(threads)]
        ways += [lambda count=count: self.of_cluster(threads, count) for count in (0, *DUMPS)]
        ways += [lambda count=count: self.of_twin(threads, count) for count in (0, *DUMPS)]
        return take_turns(*ways, turns=REPEATS)


def bench_writer():
    with Writer() as servers:
        for threads in THREADS:
            alone, *followed, twin_alone, with_one, with_many = servers.run_turns(threads)
            base = [rate for rate, _ in alone]
            native = [rate for rate, _ in twin_alone]
            row(f"{threads}", spread(base, "{:.0f}"), *(ratio([rate for rate, _ in way], base) for way in followed),
                *(ratio([rate for rate, _ in way], native) for way in (with_one, with_many)),
                " : ".join(f"{statistics.median(cpu for _, (cpu,) in way):.0f}" for way in followed))  # fmt: skip
    return servers.shares


def main():
    began, shares = time.monotonic(), []
    print(f"Machine: {machine.describe()}. {machine.first_line(BINARY, '--version')}. {REPEATS} turns; median "
          "(least-greatest); differences and ratios within a turn.\n")  # fmt: skip
    if "delay" in PARTS:
        row(f"milliseconds to, {SECONDS * DELAY_RATE} rows a turn, {DELAY_RATE} a second", "native p50", "cluster p50",
            "more", "native p99", "cluster p99", "more")  # fmt: skip
        row("---", *["---:"] * 6)
        for server in SERVERS:
            shares += bench_delay(server)
        print()
    if "catch-up" in PARTS:
        row(f"source, workers; binlog of {BINLOG_MB} MB", "native, transactions/s", "cluster", "ratio",
            "CPU ms a transaction", "bytes written a byte")  # fmt: skip
        row("---", *["---:"] * 5)
        for server in SERVERS:
            shares += bench_catch_up(server)
        print()
    if "writer" in PARTS:
        row("threads", "not followed, commits/s", "followed", *(f"dumps: {count}" for count in DUMPS),
            *(f"native, dumps: {count}" for count in DUMPS), "CPU µs of the daemon a commit")  # fmt: skip
        row("---", *["---:"] * (4 + 2 * len(DUMPS) - 1))
        shares += bench_writer()
    print(f"\nOther processes used {statistics.median(shares):.0%} of the machine, at most {max(shares):.0%} during "
          f"one measurement. The whole took {time.monotonic() - began:.0f} s.")  # fmt: skip


if __name__ == "__main__":
    machine.run(main)
