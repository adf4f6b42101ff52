"""What the seed documents have typed at the cluster alone: retention, optimization, wrong forms.

Time budget: 15 s.
"""

import re

import pymysql
import pytest

from .typed import cells, instead, lines, statements, text

SYNTAX = 1064


@pytest.fixture
def configured(cluster):
    """Function that types a CALL of set_external_*; what it has set is forgotten at the end."""
    yield cluster.query
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_master")


def printed_by_client(cluster, statement):
    """The cells of what the command line client prints."""
    return cells(cluster.client("mysql", "--table", input=statement).stdout)


def test_accounts_of_a_cluster(cluster):
    """The statements for a source, at a cluster that is one; with TLS asked for, nobody comes without."""
    who, password = {"<domain_name>": "127.0.0.1"}, {"<password>": "s3cret"}
    login = {"user": "repl_user", "password": "s3cret"}
    labels = [("create-replication-user", {**who, **password}), ("grant-replication", who),
              ("grant-identified-by", {"mydomain.com": "127.0.0.1", **password})]  # fmt: skip
    try:
        for label, values in labels:
            for statement in statements(label, values):
                cluster.execute(statement)
        assert cluster.query("SHOW MASTER STATUS", **login)
        [require] = statements("require-ssl", who)
        for statement in (require, instead("require-ssl", "ALTER USER 'repl_user'@'<domain_name>' REQUIRE SSL;")):
            cluster.execute(statement.replace("<domain_name>", "127.0.0.1"))
            with pytest.raises(pymysql.err.MySQLError) as caught:
                cluster.query("SELECT 1", ssl_disabled=True, **login)
            assert caught.value.args[0] == 1045
            assert cluster.query("SHOW MASTER STATUS", tls=True, **login)
            cluster.execute("ALTER USER 'repl_user'@'127.0.0.1' REQUIRE NONE")
        assert printed_by_client(cluster, text("have-ssl")) == cells(text("have-ssl-output"))
    finally:
        cluster.drop_account("'repl_user'@'127.0.0.1'")


def test_conversion_to_innodb(cluster):
    cluster.execute("CREATE DATABASE shop", "CREATE TABLE shop.visits (id INT PRIMARY KEY) ENGINE=MyISAM")
    try:
        for statement in statements("convert-to-innodb", {"<schema>": "shop", "<table_name>": "visits"}):
            cluster.execute(statement)
        assert "ENGINE=InnoDB" in cluster.query("SHOW CREATE TABLE shop.visits")[0]["Create Table"]
    finally:
        cluster.execute("DROP DATABASE shop")


def test_retention(cluster):
    [call] = statements("retention")
    try:
        assert cluster.query(call) == []
        [row] = cluster.query("CALL mysql.rds_show_configuration")
        assert (row["name"], row["value"]) == ("binlog retention hours", 144)
        # More than 90 days is 90 days.
        assert cluster.query(call.replace("144", "2161")) == []
        assert cluster.query("CALL mysql.rds_show_configuration")[0]["value"] == 2160
    finally:
        cluster.query(call.replace("144", "NULL"))


def test_cache_hit_ratio(cluster):
    [query] = statements("cache-hit-ratio")
    head, value = cells(text("cache-hit-ratio"))
    shown = printed_by_client(cluster, query)
    assert shown[0] == head and len(shown) == 2
    # Nothing has been read from the cache yet.
    assert shown[1] == ["NULL"] or 0 <= float(shown[1][0]) <= 100
    assert 0 <= float(value[0]) <= 100


def test_max_yield_and_read_buffer(cluster):
    [both] = statements("show-max-yield-on")
    names = re.findall(r"@@\w+", both)
    assert printed_by_client(cluster, both) == [names, ["1", "0"]]
    [yield_alone] = statements("show-max-yield-off")
    assert printed_by_client(cluster, yield_alone) == cells(text("show-max-yield-off-output"))


def test_space_in_a_variable(cluster):
    [printed] = statements("show-read-buffer-off")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.query(printed)
    assert caught.value.args[0] == SYNTAX
    typed = instead("show-read-buffer-off", "SELECT @@aurora_binlog_use_large_read_buffer;")
    assert printed_by_client(cluster, typed) == [["@@aurora_binlog_use_large_read_buffer"], ["1"]]


def test_variables_of_dumps(cluster):
    """Defaults and ranges of the documents' table."""
    shown = {
        row["VARIABLE_NAME"].lower(): (row["DEFAULT_VALUE"], row["NUMERIC_MIN_VALUE"], row["NUMERIC_MAX_VALUE"])
        for row in cluster.query("SELECT * FROM information_schema.SYSTEM_VARIABLES WHERE VARIABLE_NAME LIKE 'aurora%'")
    }
    assert [shown[name] for name in lines("dump-variables")] == [
        ("ON", None, None), ("5242880", "8192", "536870912"), ("0", "0", "36000")]  # fmt: skip


def test_size_of_binlog_files(cluster):
    name, value = lines("size-of-binlog-files")
    assert cluster.query(f"SELECT @@{name} AS size") == [{"size": int(value)}]
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.execute(f"SET GLOBAL {name} = 1048576")
    assert caught.value.args[0] == 1227


def test_form_of_set_external_master(cluster, configured):
    [call] = statements("set-external-form", {
        "host_name": "'127.0.0.1'",
        "host_port": "1",
        "replication_user_name": "'repl_user'",
        "replication_user_password": "'s3cret'",
        "mysql_binary_log_file_name": "'mysql-bin.000010'",
        "mysql_binary_log_file_location": "120",
        "ssl_encryption": "0",
    })  # fmt: skip
    assert configured(call) == []
    [row] = cluster.query("SHOW SLAVE STATUS")
    assert [row[name] for name in ("Master_Host", "Master_Port", "Master_User", "Master_Log_File",
                                   "Read_Master_Log_Pos", "Slave_IO_Running")] == [
        "127.0.0.1", 1, "repl_user", "mysql-bin.000010", 120, "No"]  # fmt: skip


def test_account_as_an_argument(cluster, configured):
    [call] = statements("set-external-account", {"Externaldb.some.com": "127.0.0.1", "3306": "1", "120,\n  1": "120,\n  0"})
    with pytest.raises(pymysql.err.MySQLError) as caught:
        configured(call)
    assert caught.value.args[0] == SYNTAX
    assert cluster.query("SHOW SLAVE STATUS") == []
    assert configured(call.replace("'repl_user'@'mydomain.com'", instead("set-external-account", "'repl_user'"))) == []
    [row] = cluster.query("SHOW SLAVE STATUS")
    assert (row["Master_User"], row["Master_Log_File"]) == ("repl_user", "mysql-bin.000010")


def test_gtids_for_anonymous_transactions(cluster):
    [name] = lines("anonymous-transactions")
    assert cluster.query(f"CALL {name}('OFF')") == [
        {"Message": "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS has been set to: OFF"}]  # fmt: skip
    for option in ("LOCAL", "3e11fa47-71ca-11e1-9e33-c80aa9429562"):
        with pytest.raises(pymysql.err.MySQLError, match=f"gtid_option: expected OFF, found '{option}'"):
            cluster.query(f"CALL {name}('{option}')")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.query(f"CALL {name}('ON')")
    assert caught.value.args[0] == 1644 and "expected OFF, LOCAL or a UUID" in caught.value.args[1]
    # What is written has a GTID all the same.
    cluster.execute("CREATE OR REPLACE DATABASE numbered", "DROP DATABASE numbered")
    (row,) = cluster.query("SELECT @@GLOBAL.gtid_binlog_pos")
    domain = cluster.query("SELECT @@GLOBAL.gtid_domain_id AS d")[0]["d"]
    assert any(gtid.startswith(f"{domain}-") for gtid in row["@@GLOBAL.gtid_binlog_pos"].split(","))
