"""`borealis relay` between servers of two families, by file and position, that are killed in the
middle of a load: the replica ends with what its source has. BOREALIS_SEED=N repeats a run.

MariaDB by position keeps its place in a file, which is not written with the rows: with
slave_exec_mode=IDEMPOTENT what was done is done again, as behind a source of its own family.
"""

import contextlib
import os
import random

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .cross_compare import assert_equal
from .relay import CATCH_UP_TIMEOUT, REFUSED, Relay, is_mariadb, replica_settings, replica_status, source_settings
from .test_relay_kills import CRASH_SAFE, DATABASE, FILE_BYTES, Load

PAIRS = [
    ("mysql-5.6", "mariadb-10.11"),
    ("mysql-9.7", "mariadb-11.8"),
    ("mariadb-11.8", "mysql-9.7"),
    ("mariadb-10.11", "mysql-5.6"),
]


class Keyed(Load):
    """Small transactions, and large ones whose rows events are many, of a table with a key."""

    def transaction(self, conn):
        rng = self.random
        for _ in range(rng.randint(1, 5)):
            rows = rng.choice([1, 3, 40])
            values = ", ".join(f"(REPEAT('z', {rng.choice([10, 1000, 9000])}))" for _ in range(rows))
            self.execute(conn, f"INSERT INTO t (a) VALUES {values}")
        self.execute(conn, f"UPDATE t SET n = n + 1 WHERE id <= {rng.randint(1, 500)}",
                     f"DELETE FROM t WHERE id = {rng.randint(1, 500)}", "COMMIT")  # fmt: skip


def settings_of_replica(server):
    settings = replica_settings(server) | CRASH_SAFE.get(server, {}) | {"relay_log_recovery": "ON"}
    if server.startswith("mariadb"):
        settings["slave_exec_mode"] = "IDEMPOTENT"
    return settings


def settings_of_source(server):
    """Without GTIDs at MySQL 5.6, as it comes."""
    if server == "mysql-5.6":
        return {"log_slave_updates": "ON"}
    return source_settings(server)


def wait_for_mark(replica, mark):
    def there():
        status = replica_status(replica)
        assert not status["Last_SQL_Error"], status["Last_SQL_Error"]
        assert status["Last_IO_Errno"] not in (*REFUSED, 1595), status["Last_IO_Error"]
        return replica.query(f"SELECT 1 FROM {DATABASE}.marks WHERE n = {mark}")

    wait_for(there, CATCH_UP_TIMEOUT, f"{replica}: has mark {mark}", ignore=pymysql.err.MySQLError)


@pytest.mark.parametrize(("server", "follower"), PAIRS, ids=["-".join(pair) for pair in PAIRS])
def test_kills_by_position(server, follower, tmp_path):
    seed = int(os.environ.get("BOREALIS_SEED", random.randrange(1 << 30)))
    print(f"BOREALIS_SEED={seed}")
    chance = random.Random(f"{seed} {server}")
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(Node(server, tmp_path / "source", **settings_of_source(server),
                                          binlog_format="ROW", max_binlog_size=8 * FILE_BYTES))  # fmt: skip
        replica = stack.enter_context(Node(follower, tmp_path / "replica", **settings_of_replica(follower)))
        relay = stack.enter_context(Relay(source, tmp_path, listen_mariadb=not is_mariadb(source),
                                          listen_mysql=is_mariadb(source)))  # fmt: skip
        source.execute(
            f"CREATE DATABASE {DATABASE}", f"USE {DATABASE}",
            "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, n INT DEFAULT 0, a LONGTEXT) ENGINE=InnoDB",
            "CREATE TABLE marks (n INT PRIMARY KEY) ENGINE=InnoDB",
            "INSERT INTO marks VALUES (0)",
        )  # fmt: skip
        relay.wait_caught_up()
        relay.attach(replica, by_gtid=False)
        wait_for_mark(replica, 0)
        for i, victims in enumerate([[relay], [relay, replica]], 1):
            load = Keyed(source, seed + i, False)
            load.start()
            load.wait(chance.randint(20, 80))
            for victim in victims:
                victim.kill9()
            load.wait(chance.randint(1, 20))
            for victim in victims:
                victim.start()
            load.wait(chance.randint(1, 20))
            load.stop()
            source.execute(f"INSERT INTO {DATABASE}.marks VALUES ({i})")
            wait_for_mark(replica, i)
        assert_equal(replica, source)
