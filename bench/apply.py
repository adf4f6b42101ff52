"""Apply: how fast a parallel replica of the other family applies what one session wrote, with the
relay's dependency tracking and without, in one run.

    source     sysbench by one thread, after both relays have begun: oltp_write_only has
               transactions of four changes, oltp_update_index of one
    relays     two of that source: one with dependency_tracking = writeset, one without
    replica    4 workers and a flush per commit: sync_binlog and innodb_flush_log_at_trx_commit are
               1, and it writes a binlog of its own. It first receives the whole load; what is
               timed is from the start of its SQL thread until all is applied.

The ways are measured in turn. Before each the replica's tables are set to what they were before the
load; at the end all tables are compared. Source, relays and replica share the machine and its disk.
Prints Markdown.

$BENCH_REPEATS is the number of turns, 5; $BENCH_PAIRS "SOURCE:REPLICA ..."; $BENCH_LOADS what
sysbench does; $BENCH_EVENTS the number of transactions, 4000. What it starts ends with it, and its
directory goes.
"""

import contextlib
import os
import pathlib
import shutil
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY)]
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # what is missing is an error here

import machine  # noqa: E402
import sysbench  # noqa: E402
from figures import ratio, row, spread  # noqa: E402

from scenario import relay as scenario  # noqa: E402
from scenario.cluster import BINARY  # noqa: E402
from servers.node import Node  # noqa: E402

REPEATS = int(os.environ.get("BENCH_REPEATS", "5"))
EVENTS = int(os.environ.get("BENCH_EVENTS", "4000"))
PAIRS = os.environ.get(
    "BENCH_PAIRS", "mariadb-10.11:mysql-9.7 mysql-9.7:mariadb-11.8 mysql-5.6:mariadb-11.8"
).split()
LOADS = os.environ.get("BENCH_LOADS", "oltp_write_only oltp_update_index").split()
WORKERS = 4
TIMEOUT = 600
POLL_SEC = 0.02
TABLES = [f"sbtest{i + 1}" for i in range(sysbench.TABLES)]
# The source is not what is measured.
SOURCE = {"innodb_flush_log_at_trx_commit": 0, "sync_binlog": 0, "innodb_buffer_pool_size": "128M"}
REPLICA = {"innodb_buffer_pool_size": "128M"}
MYSQL = {"replica_parallel_workers": WORKERS}
MARIADB = {"slave_parallel_threads": WORKERS}
# Name, whether dependencies are tracked, what is set at the replica, whether commits are flushed:
# where they are not, workers have nothing to wait for, and what is left is what the CPUs can do.
WAYS = {
    "mysql": [
        ("as the source tells", False, "replica_preserve_commit_order = ON", 1),
        ("tracked", True, "replica_preserve_commit_order = ON", 1),
        ("tracked, commits in any order", True, "replica_preserve_commit_order = OFF", 1),
        ("as the source tells, no flush", False, "replica_preserve_commit_order = ON", 0),
    ],
    "mariadb": [
        ("as the source tells, conservative", False, "slave_parallel_mode = conservative", 1),
        ("tracked, conservative", True, "slave_parallel_mode = conservative", 1),
        ("as the source tells, optimistic", False, "slave_parallel_mode = optimistic", 1),
        ("as the source tells, no flush", False, "slave_parallel_mode = conservative", 0),
    ],
}


def family(server):
    return "mariadb" if server.startswith("mariadb") else "mysql"


class Bench:
    """One pair: the source with its load, the relays, the replica. close() ends them all."""

    def __init__(self, source, replica, load):
        self.names = source, replica
        self.load = load
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="borealis-bench-"))
        self.stack = contextlib.ExitStack()
        self.stack.callback(shutil.rmtree, self.base, ignore_errors=True)

    def close(self):
        self.stack.close()

    def node(self, server, name, settings):
        settings = {**scenario.source_settings(server), **settings}
        return self.stack.enter_context(Node(server, self.base / name, **settings))

    def start(self):
        source, replica = self.names
        shown = {"performance_schema": "ON"} if source == "mysql-9.7" else {}
        self.source = self.node(source, "source", {**SOURCE, **shown})
        self.replica = self.node(
            replica, "replica", {**REPLICA, **(MARIADB if family(replica) == "mariadb" else MYSQL)}
        )
        scenario.create_account(self.source, "SELECT, REPLICATION SLAVE, REPLICATION CLIENT")
        self.source.execute(f"CREATE DATABASE {sysbench.DATABASE}")
        sysbench.run(self.load, "prepare", 0, 1, *sysbench.on_socket(self.source))
        self.source.execute("FLUSH LOGS")
        self.start_at = scenario.position(self.source)[0], 4
        self.relays = {
            tracked: self.stack.enter_context(scenario.Relay(
                self.source, self.base / f"relay-{tracked}",
                "--dependency-tracking", "writeset" if tracked else "source",
                listen_mariadb=True, listen_mysql=True,
            )) for tracked in (False, True)
        }  # fmt: skip
        self.watch(lambda: self.relays[True].status()["channels"][0]["source_keys"]["known"])
        self.copy_tables()
        sysbench.run(self.load, "run", 0, 1, *sysbench.on_socket(self.source),
                     f"--events={EVENTS}")  # fmt: skip
        for relay in self.relays.values():
            relay.wait_caught_up()

    def copy_tables(self):
        """What the source has before the load, twice: as it is, and to begin again from."""
        sql = ["SET SESSION sql_log_bin = 0", f"CREATE DATABASE {sysbench.DATABASE}", "CREATE DATABASE base",
               f"USE {sysbench.DATABASE}"]  # fmt: skip
        self.replica.execute(*sql)
        for table in TABLES:
            create = self.source.query(f"SHOW CREATE TABLE {sysbench.DATABASE}.{table}")[0]["Create Table"]
            rows = self.source.query(f"SELECT id, k, c, pad FROM {sysbench.DATABASE}.{table} ORDER BY id")
            create = create.replace(" COLLATE utf8mb4_0900_ai_ci", "").replace("COLLATE=utf8mb4_0900_ai_ci", "")
            create = create.replace("COLLATE=latin1_swedish_ci", "")
            self.replica.execute("SET SESSION sql_log_bin = 0", f"USE {sysbench.DATABASE}", create,
                                 f"CREATE TABLE base.{table} LIKE {table}")  # fmt: skip
            with self.replica.connect() as conn, conn.cursor() as cursor:
                cursor.execute("SET SESSION sql_log_bin = 0")
                cursor.executemany(f"INSERT INTO base.{table} (id, k, c, pad) VALUES (%s, %s, %s, %s)",
                                   [tuple(values.values()) for values in rows])  # fmt: skip
                conn.commit()

    def watch(self, reached, pause=POLL_SEC):
        deadline = time.monotonic() + TIMEOUT
        while not reached():
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.names}: not reached within {TIMEOUT} s")
            time.sleep(pause)

    def begin_again(self, setting, flush):
        self.replica.execute(*(
            ["STOP REPLICA", "RESET REPLICA ALL", "RESET BINARY LOGS AND GTIDS"]
            if scenario.is_new_mysql(self.replica)
            else ["STOP SLAVE", "RESET SLAVE ALL", "RESET MASTER", "SET GLOBAL gtid_slave_pos = ''"]
        ))  # fmt: skip
        for table in TABLES:
            self.replica.execute(
                "SET SESSION sql_log_bin = 0", f"USE {sysbench.DATABASE}", f"TRUNCATE {table}",
                f"INSERT INTO {table} SELECT * FROM base.{table}",
            )  # fmt: skip
        self.replica.execute(
            f"SET GLOBAL {setting}, GLOBAL sync_binlog = {flush},"
            f" GLOBAL innodb_flush_log_at_trx_commit = {flush}"
        )

    def run(self, tracked, setting, flush):
        """Transactions a second."""
        relay = self.relays[tracked]
        word = "REPLICA" if scenario.is_new_mysql(self.replica) else "SLAVE"
        self.begin_again(setting, flush)
        scenario.follow(self.replica, relay.port_for(self.replica), False, self.start_at)
        self.replica.execute(f"STOP {word} SQL_THREAD")
        self.watch(lambda: self.has_received(relay), pause=10 * POLL_SEC)
        with self.replica.connect() as conn, conn.cursor() as cursor:
            began = time.monotonic()
            cursor.execute(f"START {word} SQL_THREAD")
            self.watch(lambda: self.has_applied(cursor, word))
            return EVENTS / (time.monotonic() - began)

    def has_received(self, relay):
        dumps = [r for r in relay.status()["channels"][0]["replicas"] if r["dumping"]]
        status = scenario.replica_status(self.replica)
        return (dumps and dumps[0]["bytes_behind"] == 0 and dumps[0]["sent"]
                and status["Read_Master_Log_Pos"] == dumps[0]["sent"]["position"])  # fmt: skip

    def has_applied(self, cursor, word):
        source = "Source" if word == "REPLICA" else "Master"
        cursor.execute(f"SHOW {word} STATUS")
        status = cursor.fetchone()
        if status["Last_SQL_Error"]:
            raise SystemExit(f"{self.names}: {status['Last_SQL_Error']}")
        return (status[f"Relay_{source}_Log_File"] == status[f"{source}_Log_File"]
                and status[f"Exec_{source}_Log_Pos"] == status[f"Read_{source}_Log_Pos"])  # fmt: skip

    def check_equal(self):
        for table in TABLES:
            sql = (f"SELECT COUNT(*) AS n, SUM(CRC32(CONCAT(id, ',', k, ',', c, ',', pad))) AS sum"
                   f" FROM {sysbench.DATABASE}.{table}")  # fmt: skip
            if self.source.query(sql) != self.replica.query(sql):
                raise SystemExit(f"{self.names}: {table} differs")


def bench_pair(source, replica, load):
    ways = WAYS[family(replica)]
    results = [[] for _ in ways]
    bench = Bench(source, replica, load)
    try:
        bench.start()
        for turn in range(REPEATS):
            for i in range(len(ways)):
                at = (turn + i) % len(ways)
                results[at].append(bench.run(*ways[at][1:]))
                bench.check_equal()
    finally:
        bench.close()
    for (name, *_), rates in zip(ways, results):
        row(f"{source} to {replica}", load, name, spread(rates, "{:.0f}"), ratio(rates, results[0]))


def main():
    began, foreign = time.monotonic(), machine.foreign_sec()
    print(f"Machine: {machine.describe()}. {machine.first_line(BINARY, '--version')}. {EVENTS} transactions, "
          f"{WORKERS} workers, {REPEATS} turns; median (least-greatest); ratios within a turn.\n")  # fmt: skip
    row("", "load", "", "transactions/s", "to the first")
    row("---", "---", "---", "---:", "---:")
    for pair in PAIRS:
        for load in LOADS:
            bench_pair(*pair.split(":"), load)
    spent = time.monotonic() - began
    foreign = (machine.foreign_sec() - foreign) / spent / os.cpu_count()
    print(f"\nOther processes used {foreign:.0%} of the machine. The whole took {spent:.0f} s.")


if __name__ == "__main__":
    machine.run(main)
