"""`borealis relay` killed again and again under load: nothing is lost, nothing comes twice.

For `make soak`. $BOREALIS_ROUNDS is the number of kills, 5 at first; $BOREALIS_SEED makes a run come again.
"""

import os
import random
import threading

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import Relay, binlog_bytes, position, source_settings, wait_replica

ROUNDS = int(os.environ.get("BOREALIS_ROUNDS", "5"))
FILE_BYTES = 262144  # so that files end often
DATABASE = "crash"


class Writer(threading.Thread):
    """Inserts and updates rows until it is told to stop, in transactions of random size."""

    def __init__(self, source, seed):
        super().__init__(daemon=True)
        self.source = source
        self.random = random.Random(seed)
        self.ended = threading.Event()
        self.transactions = 0
        self.error = None

    def run(self):
        try:
            with self.source.connect(database=DATABASE, autocommit=False) as conn:
                while not self.ended.is_set():
                    self.write(conn)
        except pymysql.err.Error as error:
            self.error = error

    def write(self, conn):
        with conn.cursor() as cursor:
            for _ in range(self.random.randint(1, 20)):
                size = self.random.choice([10, 1000, 60000])
                cursor.execute("INSERT INTO t (a) VALUES (REPEAT('z', %s))", (size,))
            cursor.execute("UPDATE t SET n = n + 1 WHERE id = %s", (self.random.randint(1, 50),))
        conn.commit()
        self.transactions += 1

    def stop(self):
        self.ended.set()
        self.join(60)
        assert not self.error, self.error


def checksum(node):
    sql = f"SELECT COUNT(*) AS n, SUM(CRC32(CONCAT(id, ',', n, ',', a))) AS s FROM {DATABASE}.t"
    return node.query(sql)


@pytest.mark.parametrize("server", ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"])
@pytest.mark.parametrize("by_gtid", [True, False], ids=["gtid", "position"])
def test_kills(server, by_gtid, tmp_path):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    print(f"BOREALIS_SEED={seed} BOREALIS_ROUNDS={ROUNDS}")
    chance = random.Random(seed)
    settings = source_settings(server) | {"max_binlog_size": FILE_BYTES}
    with (
        Node(server, tmp_path / "source", **settings) as source,
        Node(server, tmp_path / "replica", **settings) as replica,
        Relay(source, tmp_path) as relay,
    ):
        source.execute(
            f"CREATE DATABASE {DATABASE}",
            f"CREATE TABLE {DATABASE}.t (id INT PRIMARY KEY AUTO_INCREMENT, n INT DEFAULT 0, a TEXT)",
        )
        relay.wait_caught_up()
        relay.attach(replica, by_gtid)
        writer = Writer(source, seed)
        writer.start()
        for _ in range(ROUNDS):
            goal = writer.transactions + chance.randint(1, 40)
            wait_for(lambda: writer.error or writer.transactions >= goal, 60, "the load goes on")
            relay.kill9()
            relay.start()
        writer.stop()
        relay.wait_caught_up()
        wait_replica(replica, position(source))
        assert checksum(replica) == checksum(source)
        last, _ = position(source)
        for name, path in relay.files().items():
            if name != last:
                assert path.read_bytes() == binlog_bytes(source, name), name
