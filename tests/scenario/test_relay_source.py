"""`borealis relay` towards its source: where it begins, and what it does when the source is not as it was."""

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import (
    USER,
    Relay,
    binlog_bytes,
    create_account,
    is_mariadb,
    position,
    source_settings,
)

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]


@pytest.fixture(scope="module", params=SERVERS)
def source(request, tmp_path_factory):
    """With three files, and rows in each."""
    settings = source_settings(request.param)
    with Node(request.param, tmp_path_factory.mktemp("source"), **settings) as node:
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        for _ in range(2):
            insert(node)
            node.execute("FLUSH LOGS")
            insert(node)
        create_account(node)
        yield node


def insert(node, rows=3):
    node.execute(*["INSERT INTO d.t (a) VALUES (REPEAT('x', 200))"] * rows)


def names(node):
    return [row["Log_name"] for row in node.query("SHOW BINARY LOGS")]


def gtids(node):
    """What a replica that has all of the node's transactions would say."""
    variable = "gtid_binlog_pos" if is_mariadb(node) else "gtid_executed"
    return node.query(f"SELECT @@GLOBAL.{variable} AS g")[0]["g"].replace("\n", "")


def first_gtids(node):
    """The state after the first transaction."""
    if is_mariadb(node):
        domain, server, _ = gtids(node).split("-")
        return f"{domain}-{server}-1"
    return f"{gtids(node).split(':')[0]}:1"


def io_error(relay):
    (row,) = relay.query("SHOW SLAVE STATUS")
    return row["Last_IO_Error"]


def wait_stopped(relay, text):
    """Until the receiver has stopped for good, for a reason that has the text in it."""

    def stopped():
        (row,) = relay.query("SHOW SLAVE STATUS")
        return row["Slave_IO_Running"] == "No" and row["Last_IO_Error"]

    reason = wait_for(stopped, 60, f"{relay}: has stopped")
    assert text in reason, reason
    return reason


def wait_error(relay, text):
    wait_for(lambda: text in io_error(relay), 60, f"{relay}: says '{text}'")


def assert_same_files(relay, source, first):
    """The mirror's files are the source's from `first` on; the last one is still being written."""
    wanted = [name for name in names(source) if name >= first]
    files = relay.files()
    assert list(files) == wanted
    for name in wanted[:-1]:
        assert files[name].read_bytes() == binlog_bytes(source, name), name


def test_starts_after_gtids(source, tmp_path):
    """The mirror begins with the file that has the first transaction after them, at its beginning."""
    first, _ = position(source)
    insert(source, 1)
    start = gtids(source)
    insert(source, 1)
    source.execute("FLUSH LOGS")
    insert(source, 1)
    with Relay(source, tmp_path, "--start", f"gtid:{start}") as relay:
        relay.wait_caught_up()
        assert_same_files(relay, source, first)
        (row,) = relay.query(
            "SELECT @@GLOBAL.gtid_binlog_pos AS g" if is_mariadb(source) else "SELECT @@GLOBAL.gtid_executed AS g"
        )
        assert row["g"] == gtids(source)


def test_gtids_of_the_other_family(source, tmp_path):
    wrong = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1" if is_mariadb(source) else "0-1-1"
    with Relay(source, tmp_path, "--start", f"gtid:{wrong}") as relay:
        wait_stopped(relay, wrong)


def test_starts_without_the_right_to_list_files(source, tmp_path):
    """REPLICATION SLAVE is enough for the oldest file; for the end it says what is missing."""
    right = "REPLICATION CLIENT"
    source.execute("SET SESSION sql_log_bin = 0", f"REVOKE {right} ON *.* FROM {USER}@'127.0.0.1'")
    try:
        with Relay(source, tmp_path / "oldest") as relay:
            relay.wait_caught_up()
            assert_same_files(relay, source, names(source)[0])
        with Relay(source, tmp_path / "now", "--start", "now") as relay:
            wait_error(relay, "BINLOG MONITOR" if is_mariadb(source) else right)
            source.execute("SET SESSION sql_log_bin = 0", f"GRANT {right} ON *.* TO {USER}@'127.0.0.1'")
            relay.wait_caught_up()
            assert list(relay.files()) == names(source)[-1:]
    finally:
        source.execute("SET SESSION sql_log_bin = 0", f"GRANT {right} ON *.* TO {USER}@'127.0.0.1'")


def test_purged_gtids(source, tmp_path):
    """The last of this source: its older files go."""
    start = first_gtids(source)
    source.execute(f"PURGE BINARY LOGS TO '{names(source)[-1]}'")
    with Relay(source, tmp_path, "--start", f"gtid:{start}") as relay:
        reason = wait_stopped(relay, "can not begin after")
        if is_mariadb(source):
            assert names(source)[0] in reason
        else:
            assert f"{start.split(':')[0]}:2-" in reason
        assert not relay.files()
