"""Ratios: what the endpoint costs, beside a direct connection and beside HAProxy.

Every number comes from one run on one machine: the ways are measured in turn, several times, and
only their ratio to a direct connection within the same turn counts. Prints Markdown.

    direct     sysbench -> TCP -> engine
    HAProxy    sysbench -> TCP -> HAProxy in TCP mode -> unix socket -> engine, with PROXY header
    Borealis   sysbench -> TCP -> endpoint -> unix socket -> engine, with PROXY header

HAProxy and the endpoint stand before the same engine. It has no TCP, so the direct way goes to a
twin: the same program with the settings of the cluster's my.cnf and with TCP. A last line of the
table tells how equal the two are.

$BENCH_SECONDS is the length of a measurement, 5 at first; $BENCH_REPEATS the number of turns, 3.
"""

import contextlib
import os
import pathlib
import re
import shutil
import statistics
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
import sysbench  # noqa: E402
import twin  # noqa: E402

from scenario.cluster import BINARY, Cluster  # noqa: E402
from servers import fetch  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "5"))
REPEATS = int(os.environ.get("BENCH_REPEATS", "3"))
THREADS = [1, 8, 32]
CONTROL_THREADS = 8
WORKLOADS = {"oltp_point_select": "point select", "oltp_read_write": "read/write"}
ACCOUNT, PASSWORD = "bench", "bench-of-borealis"
# Of both engines. The ways to them are compared, not the disk below them.
RELAXED = {"innodb_flush_log_at_trx_commit": 0, "sync_binlog": 0}


class Way:
    """One way to an engine: sysbench's options for it, and the process between, if there is one."""

    def __init__(self, name, *options, pid=None):
        self.name = name
        self.options = options
        self.pid = pid

    def cpu_sec(self):
        """CPU time of the process between, so far."""
        return sum(machine.cpu_times(self.pid))


class Bench:
    """The servers, and sysbench. close() ends them all."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="borealis-bench-"))
        self.home = fetch.home("bench")
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.base, ignore_errors=True)
        self.foreign = []  # the part of the machine that others used, of each measurement

    def close(self):
        self.stack.close()

    def start(self):
        cluster = self.cluster = self.stack.enter_context(Cluster())
        admin = {"user": "rdsadmin", "password": cluster.admin_password(), "host": "localhost",
                 "unix_socket": str(cluster.instance / "run" / "engine.sock")}  # fmt: skip
        with pymysql.connect(**admin) as conn, conn.cursor() as cursor:
            for name, value in RELAXED.items():
                cursor.execute(f"SET GLOBAL {name} = {value}")
            make_account(cursor)
        self.engine_socket = admin["unix_socket"]
        self.twin = self.stack.enter_context(twin.make(cluster, self.base / "twin", **RELAXED))
        with self.twin.connect() as conn, conn.cursor() as cursor:
            make_account(cursor)
        proxy, proxy_port = haproxy.start(self.stack, self.base, self.engine_socket, ACCOUNT, PASSWORD)
        self.ways = {
            "direct": Way("direct", *tcp(self.twin.port)),
            "HAProxy": Way("HAProxy", *tcp(proxy_port), pid=proxy.pid),
            "Borealis": Way("Borealis", *tcp(cluster.port), pid=cluster.daemon.pid),
            "cluster": Way("cluster's socket", f"--mysql-socket={self.engine_socket}"),
            "twin": Way("twin's socket", f"--mysql-socket={self.twin.socket}"),
        }
        self.own = [proxy.pid, cluster.daemon.pid, cluster.engine_pid, self.twin.pid]
        self.write_client_files()
        for way in "direct", "Borealis":
            self.sysbench("oltp_read_write", self.ways[way], 1, "prepare")
        self.engine = self.twin.query("SELECT VERSION() AS version")[0]["version"]

    def write_client_files(self):
        """For TLS sysbench takes files of fixed names in its working directory."""
        tls = self.cluster.own / "tls"
        for name, file in ("cacert.pem", "ca.pem"), ("client-cert.pem", "server-cert.pem"), (
            "client-key.pem", "server-key.pem"):  # fmt: skip
            shutil.copy(tls / file, self.base / name)

    def sysbench(self, workload, way, threads, command, tls=False):
        """Runs it; returns what it prints."""
        return sysbench.run(
            workload, command, SECONDS, threads, f"--mysql-user={ACCOUNT}",
            f"--mysql-password={PASSWORD}", f"--mysql-ssl={'on' if tls else 'off'}", *way.options,
            cwd=self.base,
        )  # fmt: skip

    def measure(self, workload, way, threads, tls=False):
        """Transactions a second, and microseconds of the process between for each query."""
        before = way.cpu_sec() if way.pid else None
        with machine.others(self.foreign, self.own):
            text = self.sysbench(workload, way, threads, "run", tls)
        rate = sysbench.rate(text)
        queries = int(re.search(r"queries:\s+(\d+)", text)[1])
        return rate, (way.cpu_sec() - before) / queries * 1e6 if way.pid else None

    def turns(self, workload, names, threads, tls=False):
        """{way: [(rate, cpu), one per turn]}; each turn begins with the next of the ways."""
        results = {name: [] for name in names}
        for turn in range(REPEATS):
            at = turn % len(names)
            for name in names[at:] + names[:at]:
                results[name].append(self.measure(workload, self.ways[name], threads, tls))
        return results

    def check_tls(self):
        """That a connection which asks for TLS has it on both ways."""
        for port in self.twin.port, self.cluster.port:
            with pymysql.connect(host="127.0.0.1", port=port, user=ACCOUNT, password=PASSWORD,
                                 ssl={"ca": str(self.base / "cacert.pem")}) as conn:  # fmt: skip
                with conn.cursor() as cursor:
                    cursor.execute("SHOW STATUS LIKE 'Ssl_cipher'")
                    self.cipher = cursor.fetchone()[1]
                    assert self.cipher


def tcp(port):
    return "--mysql-host=127.0.0.1", f"--mysql-port={port}"


def make_account(cursor):
    for sql in (
        f"CREATE DATABASE {sysbench.DATABASE}",
        f"CREATE USER '{ACCOUNT}'@'%' IDENTIFIED BY '{PASSWORD}'",
        f"GRANT ALL ON {sysbench.DATABASE}.* TO '{ACCOUNT}'@'%'",
    ):
        cursor.execute(sql)


def ratio(results, way, base):
    """The ratio of two ways, turn by turn: median and range."""
    return figures.ratio(*([rate for rate, _ in results[name]] for name in (way, base)))


def cpu(results, way):
    return f"{statistics.median(cpu for _, cpu in results[way]):.1f}"


def line(label, results):
    """One line of the table."""
    direct = statistics.median(rate for rate, _ in results["direct"])
    figures.row(label, f"{direct:,.0f}", ratio(results, "HAProxy", "direct"),
                ratio(results, "Borealis", "direct"), ratio(results, "Borealis", "HAProxy"),
                f"{cpu(results, 'HAProxy')} : {cpu(results, 'Borealis')}")  # fmt: skip


def describe(bench):
    versions = [machine.first_line(BINARY, "--version"),
                machine.first_line(haproxy.PROGRAM, "-v").split(" - ")[0],
                machine.first_line(bench.home / "bin" / "sysbench", "--version")]  # fmt: skip
    print(
        f"Machine: {machine.describe()}; "
        f"sysbench, proxy and engine share it. Versions: {', '.join(versions)}, engine {bench.engine}. "
        f"Settings of both engines: those of a cluster, but "
        f"{', '.join(f'{name}={value}' for name, value in RELAXED.items())}. "
        f"{sysbench.TABLES} tables of {sysbench.ROWS} rows; {REPEATS} turns of {SECONDS} s for each number. "
        f"HAProxy with its defaults (a thread per core).\n"
    )


def main():
    started = time.monotonic()
    bench = Bench()
    try:
        bench.start()
        bench.check_tls()
        describe(bench)
        print(
            "Transactions a second as a ratio to the direct connection, median (least-greatest); "
            "the last column is CPU time of the process between for each query, in microseconds.\n"
        )
        print("| workload, threads | direct, /s | HAProxy | Borealis | Borealis : HAProxy "
              "| CPU HAProxy : Borealis |\n| --- | ---: | ---: | ---: | ---: | ---: |")  # fmt: skip
        ways = ["direct", "HAProxy", "Borealis"]
        for tls in False, True:
            for workload, name in WORKLOADS.items():
                for threads in THREADS:
                    line(f"{name}, {threads}{', TLS' if tls else ''}",
                         bench.turns(workload, ways, threads, tls=tls))  # fmt: skip
        control = bench.turns("oltp_point_select", ["twin", "cluster"], CONTROL_THREADS)
        print(
            f"\nControl: point select, {CONTROL_THREADS} threads, on unix sockets, the cluster's engine to "
            f"its twin: {ratio(control, 'cluster', 'twin')}. TLS: {bench.cipher}; HAProxy passes it "
            f"through, the endpoint decrypts and encrypts. Other processes used "
            f"{statistics.median(bench.foreign):.0%} of the machine, at most {max(bench.foreign):.0%} "
            f"during one measurement. The whole took {time.monotonic() - started:.0f} s."
        )
    finally:
        bench.close()


if __name__ == "__main__":
    machine.run(main)
