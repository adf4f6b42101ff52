"""Sampler: a thread that reads what the view shows from all servers, a few times a second.

Owner: the demo. watch() adds a server, at any time; stop() ends the thread. It asks the servers
downstream first, so that a replica is never seen ahead of its source; what it shows as lag is, by
the few milliseconds between, too much rather than too little.
"""

import contextlib
import threading
import time

import pymysql

import shop

PERIOD = 0.25
RATE_SEC = 1.0  # transactions/s are an average over this time


class Sampler(threading.Thread):
    def __init__(self):
        super().__init__(name="sampler", daemon=True)
        self.worst = {}  # {server's name: seconds}, the most it was ever behind
        self._watched = []  # upstream first
        self._end = threading.Event()

    def watch(self, server, connect, words, counter):
        """Fills a view.Server; connect() gives a connection, counter names a status variable."""
        self._watched.append(_Watch(server, connect, words, counter))

    def stop(self):
        self._end.set()
        if self.ident:
            self.join()

    def run(self):
        while not self._end.wait(PERIOD):
            watched = list(self._watched)
            for watch in reversed(watched):
                # A server may be busy starting or ending: its numbers then stay as they were.
                with contextlib.suppress(pymysql.err.MySQLError, OSError):
                    watch.read()
            # Shown together, as they belong together.
            for watch, above in zip(watched, [None, *watched]):
                watch.show(above)
                if lag := watch.server.behind:
                    name = watch.server.name
                    self.worst[name] = max(self.worst.get(name, 0), lag[0])
        for watch in self._watched:
            watch.close()


class _Watch:
    """One server: a connection, and what was read last."""

    def __init__(self, server, connect, words, counter):
        self.server = server
        self._connect = connect
        self._words = words
        self._counter = counter
        self._conn = None
        self._counted = []  # (time, transactions so far)
        self._rows = {}
        self._master = self._slave = None  # what it says of its own log, and of whom it follows

    def close(self):
        if self._conn:
            with contextlib.suppress(pymysql.err.MySQLError, OSError):
                self._conn.close()
        self._conn = None

    def read(self):
        try:
            self._conn = self._conn or self._connect()
            with self._conn.cursor() as cursor:
                self._read(cursor)
        except (pymysql.err.OperationalError, pymysql.err.InterfaceError, OSError):
            self.close()
            raise

    def _read(self, cursor):
        slave = self._words.read_replica(cursor)
        rows = {}
        for table in shop.TABLES:
            with contextlib.suppress(pymysql.err.ProgrammingError):  # not there yet
                cursor.execute(f"SELECT COUNT(*) AS n FROM {shop.DATABASE}.{table}")
                rows[table] = cursor.fetchone()["n"]
        cursor.execute("SHOW GLOBAL STATUS LIKE %s", (self._counter,))
        counted = time.monotonic(), int(cursor.fetchone()["Value"])
        self._master = self._words.read_log(cursor)
        self._slave, self._rows = slave, rows
        self._counted.append(counted)
        while len(self._counted) > 2 and counted[0] - self._counted[1][0] >= RATE_SEC:
            self._counted.pop(0)

    def show(self, above):
        """Sets the server's numbers, with its lag behind the watch above."""
        if not self._master:
            return
        server = self.server
        server.file, server.position = self._master["File"], self._master["Position"]
        server.rows = self._rows
        (since, before), (now, after) = self._counted[0], self._counted[-1]
        if now > since:
            server.rate = (after - before) / (now - since)
            server.rates.append(server.rate)
        server.behind = above and self._lag(above)

    def _lag(self, above):
        slave, master = self._slave, above._master
        if not slave or not master or slave["Seconds_Behind_Master"] is None:
            return None
        same_file = slave["Relay_Master_Log_File"] == master["File"]
        size = max(master["Position"] - slave["Exec_Master_Log_Pos"], 0) if same_file else None
        rows = sum(abs(n - self._rows.get(table, 0)) for table, n in above._rows.items())
        return slave["Seconds_Behind_Master"], size, rows
