"""Replicas made from the endpoint while it is written to, by the programs that administrators use for it.

Each begins at the place that its program has noted, by plain statements, and ends with the same rows: a place too early
is a row twice in the table without a key, or an update of a row that is not as it was; one too late is a row that is
missing. doc/replicas.md has the same commands. Time budget: 50 s.
"""

import contextlib
import re
import subprocess

import pytest

from servers import fetch
from servers.node import Node

from . import cross_compare, relay
from .cluster import Cluster
from .test_change_log import Load, assert_runs, prepare, wait_equal, wait_for_load

ENGINE = "mariadb-10.11"  # the cluster's
COMMAND_TIMEOUT = 120


class Restored(Node):
    """A server on a copy of the cluster's data: with its accounts, so without root."""

    def __init__(self, basedir, password, **settings):
        super().__init__(ENGINE, basedir, **settings)
        self.password = password

    def connect(self, **kw):
        return super().connect(**{"user": "rdsadmin", "password": self.password, **kw})


@pytest.fixture(scope="module")
def cluster():
    with Cluster() as made:
        made.server = ENGINE  # what comparisons ask of a server
        prepare(made)
        yield made


@contextlib.contextmanager
def load_of(cluster):
    loads = [Load(cluster, number) for number in range(2)]
    for load in loads:
        load.start()
    try:
        wait_for_load(loads, 20)
        yield loads
    finally:
        for load in loads:
            load.stop()


def run(home, program, *arguments):
    command = [fetch.home(home) / "bin" / program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_TIMEOUT, check=False)
    assert done.returncode == 0, f"{program}: {done.returncode}: {done.stderr}"
    return done


def gtid_at(cluster, file, offset):
    return cluster.query("SELECT BINLOG_GTID_POS(%s, %s) AS at", (file, offset))[0]["at"]


def by_mysqldump(cluster, node):
    """By file and position, which the dump has in a comment."""
    dump = cluster.client("mysqldump", "--source-data=2", "--single-transaction", "--databases", "d",
                          home="mysql-9.7").stdout  # fmt: skip
    ((file, offset),) = re.findall(r"LOG_FILE='(\S+)', \w+_LOG_POS=(\d+)", dump)
    node.client("mysql", input=dump)
    relay.follow(node, cluster.port, by_gtid=False, start=(file, int(offset)))


def by_mariadb_dump(cluster, node):
    """By GTID, which the dump sets as it is loaded."""
    dump = cluster.client("mariadb-dump", "--master-data", "--gtid", "--single-transaction", "--databases", "d",
                          home="mariadb-11.8").stdout  # fmt: skip
    node.client("mysql", input=dump)
    relay.follow(node, cluster.port, by_gtid=True)


def by_mydumper(cluster, node):
    """By file and position; the GTIDs that it has noted are those of that place."""
    target = node.basedir / "dump"
    run("mydumper", "mydumper", f"--defaults-file={cluster.own / 'master.cnf'}", "--lock-all-tables",
        "--trx-consistency-only", "--database=d", f"--outputdir={target}")  # fmt: skip
    noted = dict(re.findall(r"\t(Log|Pos|GTID): ?(\S+)", (target / "metadata").read_text()))
    assert noted["GTID"] == gtid_at(cluster, noted["Log"], int(noted["Pos"]))
    run("mydumper", "myloader", f"--socket={node.socket}", "--user=root", f"--directory={target}")
    relay.follow(node, cluster.port, by_gtid=False, start=(noted["Log"], int(noted["Pos"])))


def by_mariadb_backup(cluster, node):
    """By GTID; file and position that it has noted are of the same place."""
    run(ENGINE, "mariadb-backup", f"--defaults-file={cluster.instance / 'rdsadmin.cnf'}", "--backup",
        f"--target-dir={node.datadir}")  # fmt: skip
    run(ENGINE, "mariadb-backup", "--prepare", f"--target-dir={node.datadir}")
    file, offset, gtids = (node.datadir / "xtrabackup_binlog_info").read_text().split()
    assert gtids == gtid_at(cluster, file, int(offset))
    (node.basedir / "created").touch()
    node.start()
    node.execute(f"SET GLOBAL gtid_slave_pos = '{gtids}'")
    relay.follow(node, cluster.port, by_gtid=True)


def test_replicas_made_under_load(cluster, tmp_path):
    """The servers of each are there first, so that only the copies are taken while the cluster is written to."""
    programs = {
        by_mysqldump: Node("mysql-9.7", tmp_path / "mysqldump", **relay.replica_settings("mysql-9.7")),
        by_mariadb_dump: Node("mariadb-11.8", tmp_path / "mariadb-dump"),
        by_mydumper: Node("mariadb-11.8", tmp_path / "mydumper"),
        by_mariadb_backup: Restored(tmp_path / "mariadb-backup", cluster.admin_password()),
    }
    with contextlib.ExitStack() as stack:
        for program, node in programs.items():
            stack.callback(node.close)
            if program != by_mariadb_backup:
                node.start()
        with load_of(cluster) as loads:
            for program, node in programs.items():
                program(cluster, node)
                wait_for_load(loads, 20)
        for node in programs.values():
            wait_equal(cluster, node)
            assert_runs(node)
            cross_compare.assert_equal(node, cluster, ["d"])
