"""Every argument of every procedure, given what it can not be: a clear error, and nothing has changed.

One cluster that replicates from a MySQL 9.7 all the while; then the same calls with replication stopped. What a source
refuses (an unknown host, a wrong password, a purged position, the cluster itself) is in test_channel.py,
test_source_gtids.py and test_cluster_chain.py.

Time budget: 15 s.
"""

import re

import pymysql
import pytest

from servers.node import Node

from .test_channel import PASSWORD, make_account, position, status, wait_caught_up
from .test_source_gtids import START, STOP, TABLES, insert, rows

# Refused by us; out of range, no number, too long, by the engine.
REFUSED = (1644, 1264, 1265, 1366, 1406)
UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
LONG = "x" * 70000
INJECTIONS = ["'; DROP DATABASE channel; -- ", "a\\' OR 1 = 1 */ -- ", "*/ SHUTDOWN /*", "a\nb", "a\0b", "\" ; --"]
NUMBERS = [None, "", "x", "1; SHUTDOWN", "9" * 30, -1, *INJECTIONS]
FLAGS = [2, *NUMBERS]
TEXTS = [None, "", LONG, *INJECTIONS]
NAMES = [None, "", LONG, "a\nb", "a\0b"]  # quotes are data in these
SECRETS = [None, LONG, "a\nb", "a\0b"]
SOURCE = [("host_name", NAMES, "127.0.0.1"), ("host_port", [0, 65536, *NUMBERS], 1),
          ("replication_user_name", NAMES, "u"), ("replication_user_password", SECRETS, "hidden-word")]  # fmt: skip
PLACE = [("mysql_binary_log_file_name", NAMES, "mysql-bin.000001"),
         ("mysql_binary_log_file_location", [0, 3, *NUMBERS], 4)]  # fmt: skip
SSL = [("ssl_encryption", FLAGS, 0)]
AUTO = [("auto_position_mode", FLAGS, 1)]
INDEX = [("curr_log_index", NUMBERS, 1)]
GTIDS = ["x", UUID, f"{UUID}:0", f"{UUID}:1-", f"{UUID}:1'; SHUTDOWN", *TEXTS]
PROCEDURES = {
    "rds_set_external_master": SOURCE + PLACE + SSL, "rds_set_external_source": SOURCE + PLACE + SSL,
    "rds_set_external_master_with_auto_position": SOURCE + SSL,
    "rds_set_external_source_with_auto_position": SOURCE + SSL,
    "rds_set_master_auto_position": AUTO, "rds_set_source_auto_position": AUTO,
    "rds_set_binlog_source_ssl": [("mode", FLAGS, 1)],
    "rds_start_replication_until": [("replication_log_file", ["f", "../f.000001", *TEXTS], "mysql-bin.000001"),
                                    ("replication_stop_point", [0, *NUMBERS], 4)],
    "rds_start_replication_until_gtid": [("gtid", ["0-1-5,0-2-7", *GTIDS], "")],
    "rds_skip_transaction_with_gtid": [("gtid_to_skip", [f"{UUID}:1-2", "0-1-2", *GTIDS], "")],
    "rds_next_master_log": INDEX, "rds_next_source_log": INDEX,
    "rds_gtid_purged": [("gtid_purged", ["+", "0-1", "0-1-5,0-2-7", f"0-1-5,{UUID}:1", *GTIDS], "")],
    "rds_dump_gtids": [("gtid_purged", GTIDS, "")],
    "rds_dump_position": [("log_file", NAMES, "f"), ("log_", [0, 3, *NUMBERS], 4)],
    "rds_assign_gtids_to_anonymous_transactions": [("gtid_option", ["LOCAL", UUID, "ON", 1, *TEXTS], "")],
    "rds_set_configuration": [("name", TEXTS, "binlog retention hours"), ("value", [0, *NUMBERS[1:]], 24)],
    "rds_set_read_only": [("mode", FLAGS, 0)],
    "rds_kill": [("thread", [0, *NUMBERS], 1)], "rds_kill_query": [("thread", [0, *NUMBERS], 1)],
    "rds_import_binlog_ssl_material": [("ssl_material", ["{}", "[]", *TEXTS], "")],
    "rds_account_statement": [("", ["SHUTDOWN", *TEXTS], "")],
}  # fmt: skip
# Documented texts that name neither.
SENTENCES = ["replication is running", "already running", "may already be running", "replication_stop_point cannot be NULL",
             "For binlog retention hours the value", "unknown configuration parameter"]  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with Node("mysql-9.7", tmp_path_factory.mktemp("source")) as source:
        make_account(source)
        source.execute(*TABLES)
        yield source


@pytest.fixture(scope="module")
def follower(cluster, source):
    cluster.execute(*TABLES)
    cluster.query("CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, %s, 0)",
                  (source.port, PASSWORD, *position(source)))  # fmt: skip
    cluster.query(START)
    yield cluster


def test_none_is_missing(cluster):
    """Those of the table are all that take an argument."""
    found = cluster.query(
        "SELECT CONVERT(name USING utf8mb4) AS name, CONVERT(param_list USING utf8mb4) AS p FROM mysql.proc "
        "WHERE db = 'mysql' AND type = 'PROCEDURE' AND name LIKE 'rds\\_%' AND name NOT LIKE 'rds\\_internal\\_%'")  # fmt: skip
    counts = {row["name"]: len(re.findall(r"\bIN\b", row["p"])) for row in found if row["p"].strip()}
    assert counts == {name: len(arguments) for name, arguments in PROCEDURES.items()}


def kept(cluster):
    """All that a call could have changed."""
    tables = ["SELECT * FROM mysql.rds_configuration", "SELECT * FROM mysql.rds_channel_setting",
              "SELECT * FROM mysql.rds_replication_status", "SELECT * FROM mysql.rds_request",
              "SELECT * FROM mysql.rds_history WHERE action NOT LIKE 'Starting: %' AND action NOT LIKE 'begin: %'",
              "SELECT User, Host, Priv FROM mysql.global_priv ORDER BY User, Host",
              "SELECT @@GLOBAL.read_only", "SHOW DATABASES"]  # fmt: skip
    files = {str(path): path.read_bytes() for name in ("relay", "sslreplication")
             for path in (cluster.own / name).glob("*.*") if path.is_file()}  # fmt: skip
    return [cluster.query(table) for table in tables], files


def call_all(cluster):
    with cluster.connect() as conn, conn.cursor() as cursor:
        for name, arguments in PROCEDURES.items():
            for at, (argument, values, _) in enumerate(arguments):
                for value in values:
                    given = [good for _, _, good in arguments]
                    given[at] = value
                    with pytest.raises(pymysql.err.MySQLError) as caught:
                        cursor.execute(f"CALL mysql.{name}({', '.join(['%s'] * len(given))})", given)
                    yield name, argument, value, *caught.value.args


def check_all(cluster):
    before = kept(cluster)
    for name, argument, value, number, text in call_all(cluster):
        what = (name, argument, str(value)[:40], number, text)
        if name == "rds_account_statement":
            assert number in (1227, 1406), what
            continue
        assert number in REFUSED, what
        assert argument in text or any(sentence in text for sentence in SENTENCES), what
        assert number != 1644 or name in text or any(sentence in text for sentence in SENTENCES), what
        assert "hidden-word" not in text and LONG[:1000] not in text, what
    assert kept(cluster) == before


def test_while_replication_runs(follower, source):
    check_all(follower)
    row = status(follower)
    assert (row["Slave_IO_Running"], row["Slave_SQL_Running"]) == ("Yes", "Yes"), row
    insert(source, 1)
    wait_caught_up(follower, source)
    assert rows(follower) == rows(source) == [1]


def test_while_it_is_stopped(follower, source):
    follower.query(STOP)
    check_all(follower)
    follower.query(START)
    insert(source, 2)
    wait_caught_up(follower, source)
    assert rows(follower) == rows(source) == [1, 2]
