"""Named tests of the engine's own suite, at the engine and through the endpoint: as many fail here as
there.

tests/data/engine-suite/main.list names those that pass at a server that runs already (the suite's
--extern); its first part, up to the empty line, is what CI runs. BOREALIS_SUITE=all runs all of them, as
`make soak` does. exceptions.list has those that end otherwise through the endpoint, each with its reason.

Time budget: 90 s.
"""

import os

import pytest

from servers.engine_suite import EngineSuite

from .cluster import REPOSITORY, Cluster

LISTS = REPOSITORY / "tests" / "data" / "engine-suite"
# As the suite's own server is set up, and without a flush at every commit.
SETTINGS = {
    "sql_mode": "''", "default_storage_engine": "myisam", "character_set_server": "latin1",
    "collation_server": "latin1_swedish_ci", "character_set_client": "latin1",
    "character_set_results": "latin1", "collation_connection": "latin1_swedish_ci",
    "sort_buffer_size": 256 << 10, "max_heap_table_size": 1 << 20, "key_buffer_size": 1 << 20,
    "use_stat_tables": "preferably", "histogram_type": "json_hb", "sync_binlog": 0,
    "innodb_flush_log_at_trx_commit": 0,
}  # fmt: skip
KEPT = {"mysql", "sys", "information_schema", "performance_schema", "mtr"}


def listed(name):
    """The lines of a list, without comments, in the parts that empty lines make."""
    text = (LISTS / name).read_text()
    parts = text.split("\n\n")
    return [[line.partition("#")[0].strip() for line in part.splitlines() if line.partition("#")[0].strip()]
            for part in parts]  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with Cluster() as cluster:
        cluster.as_admin(
            "CREATE USER root@localhost", "GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION",
            "CREATE DATABASE mtr CHARACTER SET latin1",
        )  # fmt: skip
        yield cluster


def prepare(cluster):
    """The state that each round begins with."""
    old = [row["Database"] for row in cluster.as_admin("SHOW DATABASES") if row["Database"] not in KEPT]
    cluster.as_admin(
        *(f"DROP DATABASE `{name}`" for name in old),
        *(f"SET GLOBAL {name} = {value}" for name, value in SETTINGS.items()),
        "CREATE DATABASE test CHARACTER SET latin1",
    )


def test_same_failures(engine, tmp_path):
    parts = [part for part in listed("main.list") if part]
    names = parts[0] if os.environ.get("BOREALIS_SUITE") != "all" else sum(parts, [])
    excepted = set(sum(listed("exceptions.list"), []))
    suite = EngineSuite(tmp_path, timeout=600 + 20 * len(names))
    rounds = {}
    for way, place in {
        "direct": {"socket": engine.instance / "run" / "engine.sock"},
        "endpoint": {"host": "127.0.0.1", "port": engine.port, "protocol": "tcp"},
    }.items():
        prepare(engine)
        rounds[way] = suite.run([f"main.{name}" for name in names], "root", **place)
        assert len(rounds[way]) == len(names), suite.output[-3000:]
    failed = {way: {name.removeprefix("main.") for name, how in found.items() if how != "pass"}
              for way, found in rounds.items()}  # fmt: skip
    assert failed["endpoint"] - excepted == failed["direct"] - excepted, suite.output[-5000:]
    # The list is of tests that pass: when the engine's settings change, it is to be looked at.
    assert len(failed["direct"]) <= len(names) // 20, sorted(failed["direct"])
