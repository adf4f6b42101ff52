"""Parameter groups: what a group says is what the engine does, at once or after a reboot, and whatever is
wrong changes nothing.

The tests of the file share one daemon, in order.

Time budget: 25 s.
"""

import json
import os
import sys

import pytest

from servers.wait import wait_for

from .cluster import COMMAND_TIMEOUT, REPOSITORY, START_TIMEOUT, borealis
from .test_clusters import DIED, ask, messages, query, restart_with
from .test_clusters import run as manage_any
from .test_daemon import one_line

sys.path.insert(0, str(REPOSITORY / "tools"))

import parameters  # noqa: E402

ROWS = parameters.rows()
TOO_MUCH_MEMORY = 17592186044416


def run(cluster, verb, *args):
    """`borealis parameter-group VERB ...`; the subprocess.CompletedProcess."""
    return borealis("parameter-group", verb, *args, "--dir", cluster.dir, timeout=COMMAND_TIMEOUT)


def group(cluster, verb, *args):
    done = run(cluster, verb, *args)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def parameters_of(cluster, name="borealis"):
    return {one["name"]: one for one in ask(cluster, "parameters", name)["parameters"]}


def describe(cluster, name="borealis"):
    one = ask(cluster, "describe", name)
    return one["parameter_group"]["status"], one["pending_reboot"]


def as_engine_says(row, value, shown):
    """A parameter's value as SHOW VARIABLES has it."""
    if row["variable"] == "binlog_commit_wait_count" and value == "0":
        return "0" if shown["binlog_group_commit_sync_delay"]["value"] == "0" else "1000000"
    if row["variable"] == "slave_parallel_mode":
        tracking = shown["binlog_transaction_dependency_tracking"]["value"]
        return "conservative" if tracking == "COMMIT_ORDER" else "optimistic"
    if row["variable"] == "replicate_wild_ignore_table":
        return f"mysql.%,{value}".rstrip(",")
    return {"{TrueIfReplica}": "OFF"}.get(value, value)


def check_truth(cluster, name="borealis"):
    """Every parameter that is the engine's is there what `cluster parameters` says."""
    version = str(ask(cluster, "describe", name)["compatibility"])
    variables = {row["Variable_name"]: row["Value"] for row in query(cluster, name, "SHOW GLOBAL VARIABLES")}
    shown = parameters_of(cluster, name)
    rows = [row for row in ROWS if version in row["versions"]]
    assert set(shown) == {row["name"] for row in rows}
    told = {}
    for row in rows:
        value = shown[row["name"]]["value"]
        # Those of the list kind are no variables of 10.11.
        if row["effect"] == "NOTHING" or row["variable"] not in variables or value is None:
            continue
        told[row["name"]] = (as_engine_says(row, value, shown), variables[row["variable"]])
    assert len(told) > 35
    assert {name: both for name, both in told.items() if both[0] != both[1]} == {}
    check_own_names(rows, shown, variables)


# What no plugin of MariaDB could be called, what means something else, and what is of Aurora alone.
NOT_SHOWN = {"gtid_mode", "binlog_backup", "binlog_replication_globaldb", "aurora_enable_staggered_replica_restart",
             "aurora_enable_zdr", "aurora_mask_password_hashes_type"}  # fmt: skip


def check_own_names(rows, shown, variables):
    """By MySQL's name, too, a parameter is what is in force."""
    own = {row["name"].replace("-", "_"): shown[row["name"]]["value"] for row in rows
           if row["name"].replace("-", "_") != row["variable"] and row["effect"] != "REFUSED"}  # fmt: skip
    assert set(own) - set(variables) == NOT_SHOWN & set(own)
    assert {name: (value, variables[name]) for name, value in own.items()
            if name not in NOT_SHOWN and variables[name] != value} == {}  # fmt: skip
    assert variables["log_replica_updates"] == variables["log_bin"]


# --- life ---


def test_defaults_are_what_the_engine_has(cluster):
    check_truth(cluster)
    assert describe(cluster) == ("in-sync", [])
    shown = parameters_of(cluster)
    assert shown["binlog_format"]["value"] == "ROW"
    assert shown["binlog_format"]["source"] == "system"
    assert shown["innodb_buffer_pool_size"]["source"] == "engine-default"
    assert int(shown["innodb_buffer_pool_size"]["value"]) > 0
    assert shown["server_id"]["modifiable"] is False
    assert cluster.query("SHOW GLOBAL VARIABLES LIKE 'log_bin'")[0]["Value"] == "ON"
    listed = json.loads(group(cluster, "list", "--json"))["groups"]
    assert [(one["name"], one["kind"], one["clusters"]) for one in listed] == [
        ("default.aurora-mysql5.7", "cluster", []),
        ("default.aurora-mysql8.0", "cluster", ["borealis"]),
        ("default.aurora-mysql5.7", "instance", []),
        ("default.aurora-mysql8.0", "instance", ["borealis"]),
    ]


def test_a_group_comes_with_a_reboot(cluster):
    group(cluster, "create", "own", "--family", "aurora-mysql8.0", "--description", "a test's")
    group(cluster, "create", "tuned", "--instance", "--family", "aurora-mysql8.0")
    group(cluster, "modify", "own", "binlog_format=MIXED", "binlog_row_image=minimal", "time_zone=+02:00",
          "aurora_binlog_replication_max_yield_seconds=7", "gtid-mode=ON", "replicate-do-db=a,b c",
          "aurora_enhanced_binlog=1", "binlog_backup=0", "binlog_replication_globaldb=0",
          "binlog_group_commit_sync_delay=100", "binlog-ignore-db=scratch")  # fmt: skip
    group(cluster, "modify", "tuned", "--instance", "max_connections=333", "replica_parallel_workers=3",
          "innodb_buffer_pool_size=209715200", "replica_skip_errors=1032,1062")  # fmt: skip
    one = ask(cluster, "modify", "borealis", "--parameter-group", "OWN", "--instance-parameter-group", "tuned")
    assert one["parameter_group"] == {"name": "own", "status": "pending-reboot"}
    assert one["instance_parameter_group"] == {"name": "tuned", "status": "pending-reboot"}
    assert {"binlog_format", "gtid-mode", "max_connections"} < set(one["pending_reboot"])
    assert cluster.query("SELECT @@binlog_format AS f, @@max_connections AS m") == [{"f": "ROW", "m": 6000}]
    ask(cluster, "reboot", "borealis")
    assert describe(cluster) == ("in-sync", [])
    check_truth(cluster)
    row, = cluster.query("SELECT @@binlog_format AS f, @@max_connections AS m, @@binlog_commit_wait_usec AS u, "
                         "@@binlog_commit_wait_count AS c, @@aurora_enhanced_binlog AS e, @@time_zone AS z, "
                         "@@slave_parallel_threads AS w, @@replicate_do_db AS d, @@innodb_buffer_pool_size AS b")  # fmt: skip
    assert row == {"f": "MIXED", "m": 333, "u": 100, "c": 1000000, "e": 1, "z": "+02:00", "w": 3, "d": "a,b c",
                   "b": 209715200}  # fmt: skip
    assert cluster.query("SHOW MASTER STATUS")[0]["Binlog_Ignore_DB"] == "scratch"
    shown = parameters_of(cluster)["max_connections"]
    assert (shown["source"], shown["group"]) == ("user", "instance")
    group(cluster, "modify", "own", "aurora_enhanced_binlog=0", "binlog_backup=1", "binlog_replication_globaldb=1")


def test_dynamic_parameters_come_at_once(cluster):
    """With an applier that runs, which some have to stop: its source need not be there for that."""
    pid = cluster.engine_pid
    cluster.execute("CALL mysql.rds_set_external_master('127.0.0.1', 1, 'u', 'p', 'f.000001', 4, 0)",
                    "CALL mysql.rds_start_replication")  # fmt: skip
    wait_for(lambda: applier(cluster) == "Yes", START_TIMEOUT, "the applier runs")
    group(cluster, "modify", "own", "binlog_format=STATEMENT", "binlog_checksum=NONE",
          "replicate-do-db=", "replicate-wild-ignore-table=x.%,y.t%", "aurora_binlog_replication_max_yield_seconds=8",
          "binlog_group_commit_sync_delay=0", "relay-log-space-limit=1000000000")  # fmt: skip
    group(cluster, "modify", "tuned", "--instance", "replica_parallel_workers=0", "max_connections=222")
    assert applier(cluster) == "Yes"
    assert cluster.engine_pid == pid
    assert describe(cluster) == ("pending-reboot", ["aurora_enhanced_binlog", "binlog_backup",
                                                    "binlog_replication_globaldb", "relay-log-space-limit"])  # fmt: skip
    check_truth(cluster)
    row, = cluster.query("SELECT @@binlog_format AS f, @@max_connections AS m, @@binlog_commit_wait_count AS c, "
                         "@@replicate_do_db AS d, @@replicate_wild_ignore_table AS w, @@relay_log_space_limit AS l, "
                         "@@aurora_binlog_replication_max_yield_seconds AS y")  # fmt: skip
    assert row == {"f": "STATEMENT", "m": 222, "c": 0, "d": "", "w": "mysql.%,x.%,y.t%", "l": 0, "y": 8}
    file = (cluster.instance / "my.cnf").read_text()
    assert 'max_connections = "222"' in file and 'relay_log_space_limit = "0"' in file
    cluster.execute("CALL mysql.rds_stop_replication", "CALL mysql.rds_reset_external_master")
    assert "relay-log-space-limit" in manage_any(cluster, "describe", "borealis").stdout


def applier(cluster):
    return cluster.query("SHOW SLAVE STATUS")[0]["Slave_SQL_Running"]


def test_what_waits_is_known_to_the_next_daemon(cluster, monkeypatch):
    group(cluster, "modify", "own", "--apply-method", "pending-reboot", "binlog_checksum=CRC32")
    before = describe(cluster)
    assert "binlog_checksum" in before[1]
    restart_with(cluster, monkeypatch, "cluster/applier:crash")
    assert describe(cluster) == before
    assert cluster.query("SELECT @@binlog_checksum AS c") == [{"c": "NONE"}]
    check_that_the_applier_goes_on(cluster)
    group(cluster, "reset", "own", "--all")
    group(cluster, "reset", "tuned", "--instance", "max_connections", "innodb-buffer-pool-size")
    assert cluster.query("SELECT @@binlog_checksum AS c, @@max_connections AS m") == [{"c": "CRC32", "m": 6000}]
    told = messages_of_groups(cluster)
    assert "Updated parameter binlog_checksum to CRC32 with apply method pending-reboot" in told
    assert "Updated parameter max_connections to 6000 with apply method immediate" in told


def check_that_the_applier_goes_on(cluster):
    """A daemon that dies as it changes a parameter for which the applier must stop leaves none stopped."""
    cluster.execute("CALL mysql.rds_set_external_master('127.0.0.1', 1, 'u', 'p', 'f.000001', 4, 0)",
                    "CALL mysql.rds_start_replication")  # fmt: skip
    wait_for(lambda: applier(cluster) == "Yes", START_TIMEOUT, "the applier runs")
    assert run(cluster, "modify", "own", "replicate-do-db=d").returncode != 0
    assert cluster.daemon.wait(START_TIMEOUT) == DIED
    assert cluster.as_admin("SHOW SLAVE STATUS")[0]["Slave_SQL_Running"] == "Yes"
    cluster.start()
    assert (applier(cluster), cluster.query("SELECT @@replicate_do_db AS d")) == ("Yes", [{"d": "d"}])
    cluster.execute("CALL mysql.rds_stop_replication", "CALL mysql.rds_reset_external_master")


def messages_of_groups(cluster):
    events = ask(cluster, "events")["events"]
    assert {event["id"] for event in events if event["source_type"] == "db-parameter-group"} == {"RDS-EVENT-0037"}
    return [event["message"] for event in events if event["source"] in ("own", "tuned")]


def test_without_a_binary_log(cluster):
    cluster.as_admin("FLUSH BINARY LOGS", "FLUSH BINARY LOGS")
    group(cluster, "modify", "own", "binlog_format=OFF")
    assert "binlog_format" in describe(cluster)[1]
    assert cluster.query("SELECT @@log_bin AS b, @@binlog_format AS f") == [{"b": 1, "f": "ROW"}]
    ask(cluster, "reboot", "borealis")
    assert describe(cluster) == ("in-sync", [])
    assert cluster.query("SELECT @@log_bin AS b, @@log_slave_updates AS u") == [{"b": 0, "u": 0}]
    assert cluster.query("SHOW MASTER STATUS") == [] and cluster.query("SHOW REPLICA STATUS") == []
    assert "binlog" not in ask(cluster, "describe", "borealis")
    cluster.execute("CREATE DATABASE unlogged")
    assert parameters_of(cluster)["log-bin"]["value"] == "OFF"
    check_that_old_files_go(cluster)


def log_files(cluster):
    """Of the engine, and of the change log."""
    return [sorted(path.name for path in directory.glob("mysql-bin-changelog.[0-9]*[0-9]"))
            for directory in (cluster.instance / "binlog" / "00000001", cluster.own / "changelog" / "00000001")]  # fmt: skip


def check_that_old_files_go(cluster):
    """By the retention, as with a log, but for the last."""
    files = log_files(cluster)[0]
    assert len(files) > 2
    wait_for(lambda: log_files(cluster) == [files, files], START_TIMEOUT, "the change log has all")
    for name in files:
        os.utime(cluster.instance / "binlog" / "00000001" / name, (1e9, 1e9))
    cluster.execute("CALL mysql.rds_set_configuration('binlog retention hours', 5)")
    assert log_files(cluster) == [[files[-1]]] * 2
    assert "binlog retention:" not in cluster.stderr.read_text()


def test_an_engine_that_does_not_start(cluster):
    """Says which parameter it is, and starts again when that is put right; here with a log again."""
    group(cluster, "modify", "tuned", "--instance", f"innodb_buffer_pool_size={TOO_MUCH_MEMORY}")
    done = manage_any(cluster, "reboot", "borealis")
    said = one_line(done, "borealis", "innodb_buffer_pool_size", TOO_MUCH_MEMORY, "[ERROR]")
    assert "is failed" in said
    group(cluster, "modify", "own", "binlog_format=MIXED", "--no-wait")
    group(cluster, "reset", "tuned", "--instance", "innodb_buffer_pool_size", "--no-wait")
    wait_for(lambda: ask(cluster, "list")["clusters"][0]["state"] == "available", START_TIMEOUT, "available")
    assert describe(cluster) == ("in-sync", [])
    last, new = (row["Log_name"] for row in cluster.query("SHOW BINARY LOGS"))
    assert int(new.rpartition(".")[2]) == int(last.rpartition(".")[2]) + 1
    wait_for(lambda: log_files(cluster) == [[last, new]] * 2, START_TIMEOUT, "the change log goes on")
    assert cluster.query("SELECT @@binlog_format AS f") == [{"f": "MIXED"}]
    assert messages(cluster, "borealis").count(
        "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be "
        "recovered.") == 1  # fmt: skip


def test_another_version_and_engine(cluster):
    group(cluster, "create", "old", "--family", "aurora-mysql5.7")
    group(cluster, "modify", "old", "lower_case_table_names=1", "aurora_binlog_read_buffer_size=8192")
    made = ask(cluster, "create", "shop", "--engine", "mariadb-11.8", "--compatibility", "2",
               "--parameter-group", "old")  # fmt: skip
    assert (made["parameter_group"], made["pending_reboot"]) == ({"name": "old", "status": "in-sync"}, [])
    check_truth(cluster, "shop")
    assert query(cluster, "shop", "SELECT @@lower_case_table_names AS l, @@aurora_binlog_read_buffer_size AS b") == [
        {"l": 1, "b": 8192}]  # fmt: skip
    one_line(manage_any(cluster, "modify", "shop", "--parameter-group", "own"), "aurora-mysql5.7")
    one_line(manage_any(cluster, "modify", "shop", "--parameter-group", "default.aurora-mysql5.7"),
             "lower_case_table_names", "shop")  # fmt: skip
    one_line(run(cluster, "modify", "old", "lower_case_table_names=0"), "lower_case_table_names", "shop")
    one_line(run(cluster, "delete", "old"), "old", "shop")
    ask(cluster, "delete", "shop", "--confirm", "shop")
    group(cluster, "delete", "old")


# --- wrong use ---

WRONG = [
    (["create", "x"], ["--family"]),
    (["create", "x", "--family", "mysql8.0"], ["aurora-mysql8.0", "mysql8.0"]),
    (["create", "default.x", "--family", "aurora-mysql8.0"], ["default.x", "hyphens"]),
    (["create", "own", "--family", "aurora-mysql8.0"], ["own", "already"]),
    (["copy", "own"], ["--to"]),
    (["copy", "none", "--to", "x"], ["none"]),
    (["list", "x"], ["unexpected", "x"]),
    (["describe"], ["name"]),
    (["describe", "none"], ["none"]),
    (["delete", "own"], ["own", "borealis"]),
    (["delete", "default.aurora-mysql8.0"], ["default"]),
    (["modify", "default.aurora-mysql8.0", "binlog_format=OFF"], ["default"]),
    (["modify", "own"], ["PARAMETER=VALUE"]),
    (["modify", "own", "binlog_format"], ["PARAMETER=VALUE", "binlog_format"]),
    (["modify", "own", "binlog_row_image=NOBLOB", "binlog_format=ROWS"], ["binlog_format", "ROWS", "MIXED"]),
    (["modify", "own", "binlog_row_image=NOBLOB", "none=1"], ["none"]),
    (["modify", "own", "binlog_row_image=NOBLOB", "max_connections=1"], ["max_connections", "DB parameter groups"]),
    (["modify", "own", "binlog_row_image=NOBLOB", "binlog_row_image=FULL"], ["binlog_row_image", "twice"]),
    (["modify", "own", "gtid-mode=ON", "--apply-method", "immediate"], ["gtid-mode", "immediate", "static"]),
    (["modify", "own", "gtid-mode=ON", "--apply-method", "now"], ["--apply-method", "now"]),
    (["modify", "own", "sync_binlog=0"], ["sync_binlog", "DB parameter groups"]),
    (["modify", "tuned", "--instance", "sync_binlog=0"], ["sync_binlog", "can not be set"]),
    (["modify", "tuned", "--instance", "max_connections={DBInstanceClassMemory/12582880}"], ["formula"]),
    (["reset", "own"], ["--all"]),
    (["reset", "own", "--all", "gtid-mode"], ["--all"]),
    (["reset", "own", "none"], ["none"]),
]


@pytest.mark.parametrize("words, said", WRONG, ids=lambda x: " ".join(x)[:60])
def test_what_is_wrong_changes_nothing(cluster, words, said):
    before = group(cluster, "list", "--json"), group(cluster, "describe", "own", "--json")
    one_line(run(cluster, *words), *said)
    assert (group(cluster, "list", "--json"), group(cluster, "describe", "own", "--json")) == before


def test_a_time_zone_that_an_engine_does_not_know(cluster):
    """Is refused to a group that a cluster uses, and to a cluster with a group that has it already."""
    before = group(cluster, "describe", "own", "--json")
    one_line(run(cluster, "modify", "own", "time_zone=Mars/Base", "binlog_row_image=NOBLOB"), "time_zone",
             "Mars/Base", "borealis")  # fmt: skip
    assert group(cluster, "describe", "own", "--json") == before
    group(cluster, "create", "mars", "--family", "aurora-mysql8.0")
    group(cluster, "modify", "mars", "time_zone=Mars/Base")
    one_line(manage_any(cluster, "modify", "borealis", "--parameter-group", "mars"), "Mars/Base", "borealis")
    one_line(manage_any(cluster, "create", "x", "--parameter-group", "mars"), "Mars/Base", "cluster x")
    group(cluster, "delete", "mars")
    group(cluster, "modify", "own", "time_zone=europe/berlin")
    assert cluster.query("SELECT @@time_zone AS z, NOW() = UTC_TIMESTAMP() AS u") == [{"z": "europe/berlin", "u": 0}]


def test_what_the_engine_refuses_is_told(cluster):
    """Its own tables can be older than the files; it goes on with the old zone."""
    cluster.as_admin("DELETE FROM mysql.time_zone_name WHERE Name = 'Asia/Tokyo'")
    one_line(run(cluster, "modify", "own", "time_zone=Asia/Tokyo", "binlog_row_image=NOBLOB"), "time_zone",
             "Asia/Tokyo", "1298")  # fmt: skip
    assert cluster.query("SELECT @@time_zone AS z, @@binlog_row_image AS i") == [{"z": "europe/berlin", "i": "NOBLOB"}]
    assert describe(cluster) == ("pending-reboot", ["time_zone"])
    assert "time_zone" in ask(cluster, "describe", "borealis")["error"]
    group(cluster, "modify", "own", "time_zone=SYSTEM")
    assert cluster.query("SELECT @@time_zone AS z") == [{"z": "SYSTEM"}]
    assert describe(cluster) == ("in-sync", [])
