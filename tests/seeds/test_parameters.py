"""The seed documents' parameters: set in a group of one's own, associated with a cluster, rebooted.

One daemon with two clusters, of which `two` offers what Aurora MySQL 2 does.

Time budget: 25 s.
"""

import pytest

from scenario.cluster import COMMAND_TIMEOUT, borealis
from scenario.test_clusters import ask

from .typed import cells, instead, lines, statements, text


def command(cluster, *words, **kw):
    return borealis(*words, "--dir", cluster.dir, timeout=COMMAND_TIMEOUT, **kw)


def group(cluster, verb, *words):
    """`borealis parameter-group VERB ...`; what it prints."""
    done = command(cluster, "parameter-group", verb, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def own(cluster):
    """The cluster with groups of its own: `own` of clusters, `tuned` of instances."""
    group(cluster, "create", "own", "--family", "aurora-mysql8.0", "--description", "ours")
    group(cluster, "create", "tuned", "--instance", "--family", "aurora-mysql8.0")
    ask(cluster, "modify", "borealis", "--parameter-group", "own", "--instance-parameter-group", "tuned")
    return cluster


@pytest.fixture(scope="module")
def two(cluster):
    """The daemon, with the cluster `two`, which has the group `own2`."""
    group(cluster, "create", "own2", "--family", "aurora-mysql5.7", "--description", "ours")
    ask(cluster, "create", "two", "--compatibility", "2", "--parameter-group", "own2")
    return cluster


def printed_by_client(daemon, statement):
    """The cells of what the command line client prints at `two`."""
    done = command(daemon, "client", "--cluster", "two", input=f"{statement}\n")
    assert done.returncode == 0, done.stderr
    return [line.split("\t") for line in done.stdout.splitlines()]


def test_binary_log_on_and_off(own):
    [name, log_bin] = lines("binlog-format")
    # The default group is nobody's to change.
    refused = command(own, "parameter-group", "modify", "default.aurora-mysql8.0", f"{name}=MIXED")
    assert refused.returncode != 0 and "default.aurora-mysql8.0" in refused.stderr
    # log_bin, which 000 names, follows binlog_format.
    refused = command(own, "parameter-group", "modify", "own", f"{log_bin.replace('_', '-')}=1")
    assert refused.returncode != 0
    instead("binlog-format", "binlog_format=OFF")
    for value in ("OFF", "STATEMENT", "ROW", "MIXED"):
        group(own, "modify", "own", f"{name}={value}")
        if value in ("OFF", "STATEMENT"):  # from and to OFF
            ask(own, "reboot", "borealis")
        shown = own.query("SHOW MASTER STATUS")
        if value == "OFF":
            assert shown == [] and own.query(f"SELECT @@{log_bin} AS on_") == [{"on_": 0}]
        else:
            assert shown[0]["File"].startswith("mysql-bin-changelog.0")
            assert own.query(f"SELECT @@{name} AS f, @@{log_bin} AS on_") == [{"f": value, "on_": 1}]


def test_other_parameters_of_the_log(own):
    [checksum] = lines("binlog-checksum")
    for value in ("NONE", "CRC32"):
        group(own, "modify", "own", f"{checksum}={value}", "--apply-method", "immediate")
        assert own.query(f"SELECT @@{checksum} AS c") == [{"c": value}]


def test_parallel_replication(own):
    """Each can be set, and the engine applies with as many threads."""
    names = lines("apply-in-parallel")
    values = {"replica_parallel_workers": "4", "replica_parallel_type": "LOGICAL_CLOCK",
              "replica_preserve_commit_order": "ON", "binlog_transaction_dependency_tracking": "WRITESET",
              "binlog_transaction_dependency_history_size": "50000", "binlog_group_commit_sync_delay": "100",
              "binlog_group_commit_sync_no_delay_count": "8"}  # fmt: skip
    assert set(values) == set(names)
    group(own, "modify", "tuned", "--instance", f"{names[0]}={values[names[0]]}")
    group(own, "modify", "own", *(f"{name}={values[name]}" for name in names[1:]))
    ask(own, "reboot", "borealis")
    shown = {one["name"]: one["value"] for one in ask(own, "parameters", "borealis")["parameters"]}
    assert {name: shown[name] for name in names} == values
    assert own.query("SELECT @@slave_parallel_threads AS t, @@binlog_commit_wait_usec AS u, "
                     "@@binlog_commit_wait_count AS c") == [{"t": 4, "u": 100, "c": 8}]  # fmt: skip


def test_max_yield(two):
    """On and off again, as printed."""
    [on] = lines("read-buffer-on")
    [both] = statements("show-max-yield-on")
    group(two, "modify", "own2", on, "aurora_binlog_replication_max_yield_seconds=45")
    assert printed_by_client(two, both) == cells(text("show-max-yield-on-output"))
    [yield_alone] = statements("show-max-yield-off")
    group(two, "modify", "own2", "aurora_binlog_replication_max_yield_seconds=0")
    assert printed_by_client(two, yield_alone) == cells(text("show-max-yield-off-output"))


def test_read_buffer_off(two):
    group(two, "modify", "own2", "aurora_binlog_use_large_read_buffer=0")
    typed = instead("show-read-buffer-off", "SELECT @@aurora_binlog_use_large_read_buffer;")
    assert printed_by_client(two, typed) == cells(text("show-read-buffer-off-output"))
