"""A guided demo: a shop moves from MySQL into a Borealis cluster while it is being used.

usage: demo.py [9.7|5.6]

Everything is real and thrown away at the end: a MySQL 9.7 with an application that keeps writing,
`borealis serve`, and a second MySQL 9.7 that replicates from the cluster's endpoint; or, in the form
5.6, a MySQL 5.6 that moves, and a MariaDB 10.11 that follows. The statements are those of the
documented procedure, in its order. At the end the contents of all three must be equal, and that is
the exit status.

$DEMO_SECONDS is how long the application goes on once everything is connected, 15 at first;
$DEMO_RATE how many transactions it runs a second, 120 at first. Ctrl-C ends the demo at any time.
"""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))
os.environ.setdefault("BOREALIS_REQUIRE_SERVERS", "1")  # a server that is missing is an error here

import pymysql  # noqa: E402

import shop  # noqa: E402
import view  # noqa: E402
from form import FORMS, OLD  # noqa: E402
from sampler import Sampler  # noqa: E402
from scenario.cluster import Cluster, kill_users  # noqa: E402
from servers import fetch, node  # noqa: E402
from servers.checksum import checksum  # noqa: E402
from servers.wait import wait_for  # noqa: E402
from view import BOLD, DIM, GREEN, RED, paint_text  # noqa: E402

SECONDS = float(os.environ.get("DEMO_SECONDS", "15"))
RATE = float(os.environ.get("DEMO_RATE", "120"))
CATCH_UP = 120
PIPE_TIMEOUT = 120
REPL_PASSWORD = "secret-of-repl_user"
LAST = "the shop is closed"  # note of the row that is written last
# Whose programs dump and load: MySQL 5.6 is fetched without any.
PROGRAMS = "mysql-9.7"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """The demo cannot go on; the text says why."""


class Demo:
    """The servers and the steps. close() ends all that the steps have started, in any state."""

    def __init__(self, form):
        self.form = form
        with held_signals():
            self.base = pathlib.Path(tempfile.mkdtemp(prefix="borealis-demo-"))
            # The nodes' own temporary directories are made in it too.
            tempfile.tempdir = str(self.base)
        columns = [view.Server(name) for name in ("source", "cluster", "replica")]
        self.view = view.View("Borealis: a shop moves in while it is open", shop.TABLES, columns)
        self.sampler = Sampler()
        self.columns = columns
        self.source = self.cluster = self.replica = self.load = None
        self.read_only_sec = 0.0

    def close(self):
        with contextlib.ExitStack() as stack:  # the next is done whatever the one before raised
            stack.callback(shutil.rmtree, self.base, ignore_errors=True)
            stack.callback(kill_users, self.base)  # of a server that was interrupted while starting
            for server in self.source, self.cluster, self.replica:
                if server:
                    stack.callback(server.close)
            stack.callback(self.sampler.stop)
            if self.load:
                stack.callback(self.load.end)
            stack.callback(self.view.close)

    def run(self):
        """All steps; returns {server's name: {table: (rows, checksum)}}."""
        self.view.open()
        self.sampler.start()
        self.start_source()
        self.start_cluster()
        self.copy()
        self.replicate()
        self.attach_replica()
        self.watch_load()
        return self.compare()

    # --- the steps ---

    def start_source(self):
        form = self.form
        self.view.phase(f"A {form.source_name} with a shop that is open")
        with held_signals():
            self.source = node.Node(form.source, self.base / "source", **form.source_settings)
        self.source.start()
        shop.create(self.source)
        self.sampler.watch(self.columns[0], self.source.connect, form.source_words, "Com_commit")
        self.load = shop.Load(self.source, RATE)
        self.load.start()
        self.view.result(
            f"{version(self.source)} at 127.0.0.1 port {self.source.port}; its application writes"
        )

    def start_cluster(self):
        self.view.phase("A Borealis cluster")
        with held_signals():
            self.cluster = Cluster()
        self.view.statement(
            "$", f"borealis serve --dir {self.cluster.dir} --port {self.cluster.port} &"
        )
        started = time.monotonic()
        self.cluster.start()
        self.sampler.watch(self.columns[1], self.cluster.connect, OLD, "Binlog_commits")
        (row,) = self.cluster.query(OLD.log_status)
        self.first = row["File"], row["Position"]  # before all that it will ever hold
        self.view.result(
            f"engine {version(self.cluster)}, up after {time.monotonic() - started:.1f} s; "
            f"endpoint 127.0.0.1 port {self.cluster.port}"
        )

    def copy(self):
        """Steps 1 to 4 of the procedure: a dump while the source is read-only."""
        self.view.phase("Copy the database; the source is read-only meanwhile")
        with self.source.connect() as conn:
            stopped = time.monotonic()
            self.type(conn, "source", "FLUSH TABLES WITH READ LOCK;")
            self.type(conn, "source", "SET GLOBAL read_only = ON;")
            (row,) = self.type(conn, "source", f"{self.form.source_words.log_status};")
            self.start_at = row["File"], row["Position"]
            self.dump()
            self.type(conn, "source", "SET GLOBAL read_only = OFF;")
            self.type(conn, "source", "UNLOCK TABLES;")
            self.read_only_sec = time.monotonic() - stopped

    def dump(self):
        """mysqldump | mysql, as documented: two programs and a pipe."""
        own = self.cluster.credentials()
        home = fetch.home(PROGRAMS)
        common = ["--no-defaults", f"--plugin-dir={home / 'client-plugin'}",
                  f"--character-sets-dir={home / 'share' / 'charsets'}"]  # fmt: skip
        dump = ["--databases", shop.DATABASE, "--single-transaction", "--compress",
                "--order-by-primary", "--host", "127.0.0.1", "--port", str(self.source.port),
                "-u", "root"]  # fmt: skip
        load = ["--host", "127.0.0.1", "--port", str(self.cluster.port), "-u", own["user"]]
        self.view.statement(
            "$", f"mysqldump {' '.join(dump[:2])} \\\n    {' '.join(dump[2:5])} \\\n    "
            f"{' '.join(dump[5:])} -p<password> |\nmysql {' '.join(load)} -p<password>",
        )  # fmt: skip
        started = time.monotonic()
        programs = []
        with tempfile.TemporaryFile() as errors:
            try:
                programs.append(subprocess.Popen(
                    [node.program(home, "mysqldump"), *common, *dump, f"-p{node.PASSWORD}"],
                    stdout=subprocess.PIPE, stderr=errors,
                ))  # fmt: skip
                programs.append(subprocess.Popen(
                    [node.program(home, "mysql"), *common, *load, f"-p{own['password']}"],
                    stdin=programs[0].stdout, stderr=errors,
                ))  # fmt: skip
                programs[0].stdout.close()
                ended = [program.wait(PIPE_TIMEOUT) for program in reversed(programs)]
            finally:
                for program in programs:
                    program.kill()
                    program.wait()
            if any(ended):
                errors.seek(0)
                raise DemoError(f"mysqldump | mysql: {errors.read().decode(errors='replace')}")
        self.view.result(f"copied in {time.monotonic() - started:.1f} s")

    def replicate(self):
        """The rest of the procedure: an account on the source, and the cluster follows it."""
        self.view.phase("Follow what the source writes from that position on")
        with self.source.connect() as conn:
            for statement in self.form.account:
                self.type(conn, "source", statement)
        file, position = self.start_at
        with self.cluster.connect() as conn:
            self.type(conn, "cluster", self.form.set_source.format(
                address="127.0.0.1", port=self.source.port, file=file, position=position))
            self.type(conn, "cluster", "CALL mysql.rds_start_replication;")

    def attach_replica(self):
        form = self.form
        self.view.phase(f"A {form.replica_name} follows the cluster, from its first event on")
        with held_signals():
            self.replica = node.Node(form.replica, self.base / "replica", **form.replica_settings)
        self.replica.start()
        self.sampler.watch(self.columns[2], self.replica.connect, form.replica_words, form.replica_counter)
        own = self.cluster.credentials()
        file, position = self.first
        with self.replica.connect() as conn:
            for statement in form.attach:
                self.type(conn, "replica", statement.format(
                    address="127.0.0.1", port=self.cluster.port, user=own["user"], file=file, position=position,
                ), own["password"])  # fmt: skip

    def watch_load(self):
        self.view.phase(f"The shop stays open for {SECONDS:g} s")
        deadline = time.monotonic() + SECONDS
        wait_for(
            lambda: time.monotonic() >= deadline or self.load.error or self.check_replication(),
            SECONDS + 60, "the end of the load",
        )  # fmt: skip
        self.load.stop()

    def compare(self):
        self.view.phase("The shop is closed: both replicas catch up, then all rows are compared")
        with self.source.connect(database=shop.DATABASE) as conn:
            self.type(conn, "source",
                      f"INSERT INTO carts (customer, product, note) VALUES (1, 1, '{LAST}');")  # fmt: skip
        for server in self.cluster, self.replica:
            wait_for(lambda: self.check_replication() or has_last(server),  # noqa: B023
                     CATCH_UP, f"{server} has the last row")  # fmt: skip
        servers = zip(self.columns, (self.source, self.cluster, self.replica))
        sums = {column.name: checksum(server, shop.DATABASE) for column, server in servers}
        for table in sums["source"]:
            self.view.result(f"{table}: {'equal' if equal(sums, table) else 'DIFFERENT'}")
        return sums

    # --- what the steps share ---

    def type(self, conn, prompt, statement, password=REPL_PASSWORD):
        """Shows a statement, runs it and shows its answer; returns its rows."""
        self.view.statement(prompt, statement)
        with conn.cursor() as cursor:
            cursor.execute(statement.replace("<password>", password))
            rows = list(cursor.fetchall())
        shown = [f"{row[0]} {row[1]}" if len(row) > 1 else str(row[0])
                 for row in (tuple(row.values()) for row in rows)]  # fmt: skip
        self.view.result("\n".join(shown) or "OK")
        return rows

    def check_replication(self):
        """Raises when a replica has stopped with an error."""
        for server, words in (self.cluster, OLD), (self.replica, self.form.replica_words):
            for row in server.query(words.replica_status):
                if error := row["Last_IO_Error"] or row["Last_SQL_Error"]:
                    raise DemoError(f"replication on the {server}: {error}")


def version(server):
    (row,) = server.query("SELECT VERSION() AS version")
    return "-".join(row["version"].split("-")[:2]).removesuffix("-log")


def has_last(server):
    """Whether a replica has the row that the source wrote last."""
    return server.query(f"SELECT 1 FROM {shop.DATABASE}.carts WHERE note = %s", (LAST,))


def equal(sums, table):
    return all(of_server.get(table) == sums["source"][table] for of_server in sums.values())


def report(demo, sums):
    """Says in one screen what was done and whether it is right; returns whether it is."""
    tables = sorted(sums["source"])
    right = [table for table in tables if equal(sums, table)]
    form = demo.form
    print(paint_text(f"A shop moved from {form.source_name} into a Borealis cluster while it was open", BOLD))
    print()
    heads = "".join(f"{name:14}" for name in sums)
    print(paint_text(f"  {'table':12}{'rows':>8}  {heads}checksums", DIM))
    for table in tables:
        cells = [of_server.get(table) for of_server in sums.values()]
        sums_shown = [f"{cell[1] % 2**48:012x}" if cell else "missing" for cell in cells]
        shown = "".join(f"{text:14}" for text in sums_shown)
        verdict, colour = ("equal", GREEN) if table in right else ("DIFFERENT", RED)
        verdict = paint_text(verdict, colour, BOLD)
        print(f"  {table:12}{sums['source'][table][0]:8,}  {shown}{verdict}")
    total = sum(rows for rows, _ in sums["source"].values())
    verdict = paint_text(f"{len(right)} of {len(tables)} tables are equal on all three",
                         GREEN if len(right) == len(tables) else RED, BOLD)  # fmt: skip
    print(f"  {'total':12}{total:8,}  {verdict}")
    print()
    load = demo.load
    seconds = load.ended - load.started
    print(f"  {load.committed:,} transactions in {seconds:.0f} s, {load.committed / seconds:.0f}/s. "
          f"The source was read-only for {demo.read_only_sec:.1f} s.")  # fmt: skip
    print("  Seconds behind at most, the first catching up included: " + ", ".join(
        f"{name} {seconds}" for name, seconds in demo.sampler.worst.items()) + ".")  # fmt: skip
    print()
    for where, step in (
        ("source", "FLUSH TABLES WITH READ LOCK; SET GLOBAL read_only = ON;"),
        ("source", f"{form.source_words.log_status}; answered {demo.start_at[0]} {demo.start_at[1]}"),
        ("", "mysqldump from the source | mysql to the cluster's endpoint"),
        ("source", "SET GLOBAL read_only = OFF; UNLOCK TABLES;"),
        ("source", "CREATE USER 'repl_user' ...; GRANT REPLICATION CLIENT, ...;"),
        ("cluster", f"{form.set_source.partition('(')[0]}(...);"),
        ("cluster", "CALL mysql.rds_start_replication;"),
        ("replica", f"{form.attach[0].partition(' TO ')[0]} TO the cluster's endpoint; {form.attach[1]}"),
    ):
        print(f"  {paint_text(f'{where:8}', DIM)} {step}")
    return len(right) == len(tables)


_held = None  # the signals that came while they were held; None when they are not


def interrupt(number, _frame):
    # The first is enough: from here on nothing may keep the demo from cleaning up.
    ignore_signals()
    if _held is None:
        raise KeyboardInterrupt(number)
    _held.append(number)


def ignore_signals():
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def held_signals():
    """A file or process that is made within is known to close() before an interrupt is felt."""
    global _held
    _held = []
    try:
        yield
    finally:
        came, _held = _held, None
    if came:
        raise KeyboardInterrupt(came[0])


def main():
    wanted = sys.argv[1:] or [next(iter(FORMS))]
    if len(wanted) > 1 or wanted[0] not in FORMS:
        sys.exit(f"demo: expected one of {', '.join(FORMS)}, found {' '.join(wanted)!r}")
    for number in SIGNALS:
        signal.signal(number, interrupt)
    sums, problem, status = None, None, 1
    demo = None
    try:
        demo = Demo(FORMS[wanted[0]])
        sums = demo.run()
    except KeyboardInterrupt as stopped:
        status = 128 + (stopped.args[0] if stopped.args else signal.SIGINT)
        problem = "interrupted"
    except (DemoError, AssertionError, fetch.ServerMissing, node.ServerError, OSError,
            pymysql.err.MySQLError) as error:  # fmt: skip
        problem = str(error)
    finally:
        ignore_signals()
        if demo:
            demo.view.close()
            with contextlib.suppress(BrokenPipeError, OSError):
                if problem:
                    print(f"demo: {problem}", flush=True)
                elif sums:
                    status = 0 if report(demo, sums) else 1
                print("  Stopping what was started ...", end="\r" if view.TTY else "\n", flush=True)
            demo.close()
            with contextlib.suppress(BrokenPipeError, OSError):
                text = "  Everything it started has ended, and its files are removed."
                print(paint_text(text, DIM), flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main())
