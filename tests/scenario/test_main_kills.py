"""The main job under kills: an external MySQL 9.7 under load, a cluster that follows it, and a MySQL 9.7, a
MariaDB 11.8 and a second cluster that follow the cluster (main_job.py). In a round each of the four
servers that are not ours, each daemon and each engine is killed once, in groups and orders of chance,
and comes back while the load goes on. Then all must hold the same, value by value, and all that the
source's clients were told is done.

Every second round has definitions and XA, too, which a killed server does not finish or repeat by
itself, with or without Borealis: there each server may need its own remedy (doc/relay.md), once for
each server on its way from the source that was killed.

BOREALIS_KILLS is the number of rounds, 2 at first; with BOREALIS_SOAK_SECONDS rounds go on for so long.
BOREALIS_SEED=N repeats a run's choices. BOREALIS_SOAK_LOG names a file for a line about each round.

Time budget: 60 s.
"""

import os
import pathlib
import random
import threading
import time

import pymysql

from servers.wait import wait_for

from . import relay
from .cross_compare import assert_equal
from .main_job import CATCH_UP, DATABASE, MainJob, Member, mark_of, stop_of
from .test_cluster_kills import Ledger
from .test_relay_kills import DATABASE as DEFINITIONS
from .test_relay_kills import ER_LOCK_WAIT_TIMEOUT, Load, make_as_logged, roll_back_strays, skip_one

ROUNDS = int(os.environ.get("BOREALIS_KILLS", "2"))
SECONDS = float(os.environ.get("BOREALIS_SOAK_SECONDS", "0"))
WRITERS = 3
ROWS = 1000  # of a writer, about: from then on as many go as come
LARGE = 200_000  # bytes of the rare rows
ER_DB_DROP_RMDIR = 1010
DROPPED = 1_000_000  # the marks of when a round's definitions are gone
RESTART = {True: ("STOP REPLICA", "START REPLICA"), False: ("STOP SLAVE", "START SLAVE")}
TABLES = [
    f"CREATE TABLE {DATABASE}.t (id BIGINT PRIMARY KEY, value VARBINARY(300) NOT NULL, doc JSON, price DECIMAL(20, 6),"
    " ratio DOUBLE, at DATETIME(6), seen TIMESTAMP(3) NULL, name VARCHAR(100), kind ENUM('glad', 'trüb', ''),"
    " body LONGBLOB, KEY (price), KEY (name)) CHARACTER SET utf8mb4",
    # A row that came twice would show in a table without a key. One each: nobody waits for another's locks.
    *[f"CREATE TABLE {DATABASE}.plain{writer} (id BIGINT, what VARCHAR(20))" for writer in range(WRITERS)],
]


class Book:
    """What one writer after another writes down: no two have the same book at a time."""

    def __init__(self, number):
        self.number = number
        self.tried = 0  # rows
        self.there = []  # of the rows that were acknowledged, those that may be changed
        self.ledger = Ledger()

    def take(self, chance):
        """One of the rows, which is in no other change of the transaction."""
        place = chance.randrange(len(self.there))
        self.there[place], self.there[-1] = self.there[-1], self.there[place]
        return self.there.pop()

    def forget_gone(self):
        """Rows that are gone everywhere: their numbers do not come again."""
        for number in [number for number, value in self.ledger.sure.items() if value is None]:
            del self.ledger.sure[number]


class Writer(threading.Thread):
    """Transactions of rows that come, change and go, until it is told to stop; waits while the source is away."""

    def __init__(self, source, book, seed):
        super().__init__(daemon=True)
        self.source = source
        self.book = book
        self.random = random.Random(f"{seed} {book.number}")
        self.done = 0
        self.error = None
        self._end = threading.Event()

    def run(self):
        while not self._end.is_set() and not self.error:
            try:
                with self.source.connect(autocommit=False) as conn, conn.cursor() as cursor:
                    while not self._end.is_set():
                        self.transaction(conn, cursor)
            except (pymysql.err.OperationalError, pymysql.err.InterfaceError) as error:
                # 1053 and 2000 and more: the source is away, or goes.
                if isinstance(error, pymysql.err.OperationalError) and error.args[0] not in (
                    1053, *range(2000, 2100)
                ):  # fmt: skip
                    self.error = error
                self._end.wait(0.05)
            except pymysql.err.MySQLError as error:
                self.error = error

    def transaction(self, conn, cursor):
        """What it was not told the end of is not touched again."""
        changes = self.change(cursor)
        book = self.book
        if self.random.random() < 0.05:
            conn.rollback()
            book.there += [number for number, before, _ in changes if before is not None]
            return
        for number, before, _ in changes:
            if before is not None:
                del book.ledger.sure[number]
        book.ledger.unsure.append(changes)
        conn.commit()
        book.ledger.unsure.pop()
        book.ledger.sure.update((number, after) for number, _, after in changes)
        book.there += [number for number, _, after in changes if after is not None]
        self.done += 1

    def change(self, cursor):
        """The changes of a transaction, each as Ledger has it."""
        rng, book, changes = self.random, self.book, []
        for _ in range(rng.choice([1, 1, 2, 6])):
            book.tried += 1
            changes.append((book.number * 100_000_000 + book.tried, None, self.value()))
            self.insert(cursor, changes[-1][0], changes[-1][2])
        first = changes[0][0]
        for _ in range(min(len(book.there), rng.choice([0, 1, 2]))):
            old, after = book.take(rng), self.value()
            changes.append((old, book.ledger.sure[old], after))
            cursor.execute(f"UPDATE {DATABASE}.t SET value = %s, seen = NOW(3), price = price + 1.000001,"
                           " doc = JSON_SET(doc, '$.changed', %s) WHERE id = %s",
                           (after, rng.randrange(9), old))  # fmt: skip
        while len(book.there) > ROWS:
            old = book.take(rng)
            changes.append((old, book.ledger.sure[old], None))
            cursor.execute(f"DELETE FROM {DATABASE}.t WHERE id = %s", (old,))
        cursor.execute(f"INSERT INTO {DATABASE}.plain{book.number} VALUES (%s, 'written')", (first,))
        cursor.execute(f"DELETE FROM {DATABASE}.plain{book.number} WHERE id < %s LIMIT 3", (first - ROWS,))
        return changes

    def value(self):
        return self.random.randbytes(self.random.choice([8, 8, 300]))

    def insert(self, cursor, number, value):
        rng = self.random
        body = rng.randbytes(LARGE if rng.random() < 0.003 else rng.choice([0, 20, 3000]))
        cursor.execute(
            f"INSERT INTO {DATABASE}.t VALUES (%s, %s, JSON_OBJECT('n', %s, 'name', %s, 'list',"
            " JSON_ARRAY(1.5, NULL, TRUE)), %s, %s, NOW(6), NOW(3), %s, %s, %s)",
            (number, value, number, "naïve 🐙", f"{rng.randrange(10**12) / 10**6:.6f}", rng.random(),
             f"row {rng.randrange(100)} ünï 🐙 名", rng.choice(["glad", "trüb", ""]), body),
        )  # fmt: skip

    def stop(self):
        self._end.set()
        self.join(CATCH_UP)
        assert not self.is_alive() and not self.error, self.error


class Definer(Load):
    """Definitions and XA alone, in a database of their own; a few, because each is compared."""

    def transaction(self, conn):
        self.ended.wait(0.2)
        conn.rollback()  # XA START refuses a connection that is in a transaction (1400)
        self.statements += 1  # a name that was used may be there, whatever it was told
        if self.random.random() < 0.6:
            self.define(conn)
        else:
            self.prepare(conn)


class Loads:
    """The writers of a round, and in some rounds a definer."""

    def __init__(self, writers, definer):
        self.threads = [*writers, *([definer] if definer else [])]
        self.writers = writers
        for thread in self.threads:
            thread.start()

    def wait(self, transactions):
        goals = [writer.done + transactions for writer in self.writers]
        wait_for(lambda: any(thread.error for thread in self.threads) or all(
            writer.done >= goal for writer, goal in zip(self.writers, goals)), CATCH_UP,
            f"{transactions} more transactions of each writer")  # fmt: skip

    def stop(self):
        for thread in self.threads:
            thread.stop()


def kill_all(job, chance, loads):
    """Each part once, one to three at a time; they start in another order. Returns the groups."""
    deck, groups = chance.sample(job.parts, len(job.parts)), []
    while deck:
        victims = [deck.pop() for _ in range(min(len(deck), chance.choice([1, 2, 3, 3])))]
        loads.wait(chance.randint(1, 60))
        for part in victims:
            part.kill9()
        if job.source.pid and chance.random() < 0.5:
            loads.wait(chance.randint(1, 60))
        groups.append([part.name for part in victims])
        for part in chance.sample(victims, len(victims)):
            part.start()
        job.wait_up()
    loads.wait(chance.randint(1, 30))
    return groups


# --- rounds with definitions and XA ---


def start_again(replica):
    if isinstance(replica, Member):
        replica.start_again()
    else:
        replica.execute(*RESTART[relay.is_new_mysql(replica)])


def clear_left_over(name, replica):
    """What a MariaDB that was killed may leave of a table in the making keeps it from dropping the database."""
    directory = pathlib.Path(replica.query("SELECT @@datadir AS path")[0]["path"]) / DEFINITIONS
    assert not replica.query("SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = %s", (DEFINITIONS,))
    left = sorted(directory.iterdir())
    tell(f"  {name}: left in {DEFINITIONS}: {', '.join(path.name for path in left)}")
    for path in left:
        path.unlink()


def repair(name, replica, source, number, times):
    """Until it has all; what it may need for that, as doc/relay.md and doc/clusters.md have it. Returns how often."""
    for used in range(times + 1):
        # By one answer of its status: it may stop, or go on, between two.
        stop = wait_for(lambda: stop_of(replica) or (mark_of(replica, number) and "has it"), CATCH_UP,
                        f"{replica}: mark {number}, or stops", ignore=(pymysql.err.MySQLError, OSError))  # fmt: skip
        if stop == "has it":
            break
        error, said = stop
        assert used < times, f"{replica}: stops again, after {used} remedies: {said}"
        tell(f"  {name}: {said}")
        if error == ER_LOCK_WAIT_TIMEOUT:
            roll_back_strays(replica, source)
            start_again(replica)
        elif error == ER_DB_DROP_RMDIR:
            clear_left_over(name, replica)
            start_again(replica)
        elif isinstance(replica, Member):
            replica.skip_error()
        else:
            skip_one(replica)
    roll_back_strays(replica, source)
    return used


# --- comparisons ---


def assert_all_there(job, books):
    """What was acknowledged, at every server, and nothing that was never written."""
    for server in (job.source, *(replica for replica, _ in job.links)):
        rows = {row["id"]: row["value"] for row in server.query(f"SELECT id, value FROM {DATABASE}.t")}
        known = set()
        for book in books:
            book.ledger.assert_is_in(rows)
            known.update(book.ledger.sure, *[[change[0] for change in changes] for changes in book.ledger.unsure])
        assert set(rows) <= known, server
    for book in books:
        book.forget_gone()


def assert_runs(job):
    for replica, _ in job.links:
        status = relay.replica_status(replica)
        assert (status["Slave_IO_Running"], status["Slave_SQL_Running"]) == ("Yes", "Yes"), (str(replica), status)


def tell(text):
    print(text)
    if path := os.environ.get("BOREALIS_SOAK_LOG"):
        with open(path, "a") as log:
            log.write(text + "\n")


class Rounds:
    """One round after another, and what they came to."""

    def __init__(self, job, seed):
        self.job = job
        self.seed = seed
        self.chance = random.Random(seed)
        self.books = [Book(number) for number in range(WRITERS)]
        self.done = 0
        self.kills = 0
        self.remedies = 0

    def run(self):
        definitions = self.done % 2 == 1
        if definitions:
            self.job.source.execute(f"CREATE DATABASE {DEFINITIONS}", f"USE {DEFINITIONS}",
                                    "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)")  # fmt: skip
            self.job.settle(-self.done)
        written = self.kill_under_load(definitions)
        make_as_logged(self.job.source)
        remedies = self.catch_up(definitions)
        assert_runs(self.job)
        assert_all_there(self.job, self.books)
        for replica, source in self.job.links:
            assert_equal(replica, source, [DATABASE, *([DEFINITIONS] if definitions else [])])
        self.done += 1
        self.remedies += remedies
        tell(f"  {written} transactions acknowledged; by hand {remedies}; all equal")
        if definitions:
            self.remedies += self.drop_definitions()

    def drop_definitions(self):
        self.job.source.execute(f"DROP DATABASE {DEFINITIONS}")
        self.job.mark(DROPPED + self.done)
        return sum(repair(self.job.name(replica), replica, source, DROPPED + self.done, 1)
                   for replica, source in self.job.links)  # fmt: skip

    def kill_under_load(self, definitions):
        seed = f"{self.seed} {self.done}"
        writers = [Writer(self.job.source, book, seed) for book in self.books]
        loads = Loads(writers, Definer(self.job.source, self.done, True) if definitions else None)
        try:
            groups = kill_all(self.job, self.chance, loads)
        finally:
            loads.stop()
        self.kills += len(self.job.parts)
        tell(f"round {self.done}{', definitions and XA' if definitions else ''}: "
             + "; ".join(" and ".join(group) for group in groups))  # fmt: skip
        return sum(writer.done for writer in writers)

    def catch_up(self, definitions):
        number, remedies = self.done + 1, 0
        if not definitions:
            self.job.settle(number)
            return 0
        self.job.mark(number)
        for replica, source in self.job.links:
            times = 1 if replica is self.job.cluster else 2
            remedies += repair(self.job.name(replica), replica, source, number, times)
        return remedies


def test_main_job(tmp_path):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    began = time.monotonic()
    tell(f"BOREALIS_SEED={seed}")
    with MainJob(tmp_path) as job:
        job.source.execute(*TABLES)
        job.settle(0)
        rounds = Rounds(job, seed)
        while rounds.done < ROUNDS or time.monotonic() - began < SECONDS:
            rounds.run()
    tell(f"{rounds.done} rounds, {rounds.kills} kills, {time.monotonic() - began:.0f} s, "
         f"by hand {rounds.remedies}; none failed")  # fmt: skip
