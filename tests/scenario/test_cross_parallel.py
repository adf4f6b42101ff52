"""Transactions that a source committed side by side, applied side by side by replicas of the other
family: what waits for what crosses with them.

Sessions change the same few rows in transactions of several statements, tables come and go between
them, prepared transactions stay open meanwhile. A replica that ran two of them in the wrong order
would miss a row, or end with another value.
"""

import random
import threading

import pytest

from servers.node import Node

from .relay import Relay, forget, replica_settings, replica_status, source_settings
from .test_cross_view import wait_equal

SESSIONS = 8
TRANSACTIONS = 40
ACCOUNTS = 12
# So that commits come in groups.
GROUPED = {
    "mysql-9.7": {"binlog_group_commit_sync_delay": 2000},
    "mariadb-10.11": {"binlog_commit_wait_count": 4, "binlog_commit_wait_usec": 2000},
}
PAIRS = [("mysql-9.7", "mariadb-10.11"), ("mariadb-10.11", "mysql-9.7")]
APPLIERS = {
    "mariadb-10.11": {"slave_parallel_threads": 8},
    "mysql-9.7": {"replica_parallel_workers": 8, "replica_preserve_commit_order": "OFF"},
}
# What it takes for granted of transactions, where it has a choice.
MODES = {"mariadb-10.11": ["slave_parallel_mode = conservative", "slave_parallel_mode = optimistic"]}


def session(node, number, failures):
    """Transactions over shared rows; a deadlock or a timeout takes one back, as in life."""
    rng = random.Random(number)
    try:
        with node.connect() as conn, conn.cursor() as cursor:
            for i in range(TRANSACTIONS):
                rows = sorted(rng.sample(range(ACCOUNTS), 3))
                cursor.execute("BEGIN")
                for row in rows:
                    cursor.execute(f"UPDATE d.accounts SET v = (v * 31 + {number + i}) % 1000003 WHERE id = {row}")
                cursor.execute(f"INSERT INTO d.t VALUES ({1000 * number + i + 1}, '{rows}')")
                if i % 10 == 9:
                    cursor.execute(f"DELETE FROM d.t WHERE a = {1000 * number + i - 3}")
                cursor.execute("COMMIT")
                if i % 20 == 19:
                    cursor.execute(f"CREATE TABLE d.s{number} (a INT PRIMARY KEY)")
                    cursor.execute(f"INSERT INTO d.s{number} VALUES ({i})")
                    cursor.execute(f"DROP TABLE d.s{number}")
                if i % 15 == 14:
                    name = f"'x{number}', '{i}'"
                    for step in ("START", "END", "PREPARE", "COMMIT"):
                        cursor.execute(f"XA {step} {name}")
                        if step == "START":
                            cursor.execute(f"INSERT INTO d.t VALUES ({1000 * number + 500 + i}, 'xa')")
    except Exception as failure:  # the thread's own would not fail the test
        failures.append(failure)


def work(node):
    node.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY, b VARCHAR(99))",
                 "CREATE TABLE d.accounts (id INT PRIMARY KEY, v INT)",
                 "INSERT INTO d.accounts VALUES " + ", ".join(f"({i}, {i})" for i in range(ACCOUNTS)))  # fmt: skip
    failures = []
    threads = [threading.Thread(target=session, args=(node, i + 1, failures)) for i in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


@pytest.mark.parametrize("source, replica", PAIRS)
def test_side_by_side(source, replica, tmp_path):
    with (
        Node(source, tmp_path / "source", **source_settings(source), **GROUPED[source]) as node,
        Node(replica, tmp_path / "replica", **replica_settings(replica), **APPLIERS[replica]) as other,
    ):
        forget(other)
        work(node)
        with Relay(node, tmp_path, "--mariadb-domain", "7", listen_mariadb=True, listen_mysql=True) as relay:
            relay.wait_caught_up()
            for mode in MODES.get(replica, [None]):
                if mode:
                    forget(other)
                    other.execute(f"SET GLOBAL {mode}")
                relay.attach(other, True)
                wait_equal(node, other)
                accounts = "SELECT * FROM d.accounts ORDER BY id"
                assert other.query(accounts) == node.query(accounts), mode
                assert not replica_status(other)["Last_SQL_Error"]
