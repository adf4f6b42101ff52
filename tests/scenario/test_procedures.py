"""The procedures' errors and notes, and what the master user is refused.

All share one cluster without a source; each leaves it so.

Time budget: 25 s.
"""

import contextlib

import pymysql
import pytest

SIGNALLED = 1644
ROUTINE_DENIED = 1370
NOT_CONFIGURED = "because the replica isn't configured. First call mysql.rds_set_external_master."
SOURCE = ("127.0.0.1", 1, "repl_user", "s3cret-word", "mysql-bin-changelog.000031", 107, 0)
SET_MASTER = "CALL mysql.rds_set_external_master(%s, %s, %s, %s, %s, %s, %s)"
NAMES = ["host_name", "host_port", "replication_user_name", "replication_user_password",
         "mysql_binary_log_file_name", "mysql_binary_log_file_location", "ssl_encryption"]  # fmt: skip


@pytest.fixture
def configured(cluster):
    """The cluster with a source at which nobody listens; forgotten at the end."""
    cluster.query(SET_MASTER, SOURCE)
    yield cluster
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_master")


def error(cluster, sql, args=None, **kw):
    """The number and the text of the error that a statement ends with."""
    with cluster.connect(**kw) as conn, conn.cursor() as cursor:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            cursor.execute(sql, args)
            while cursor.nextset():
                pass
    return caught.value.args


def signalled(cluster, sql, args=None, **kw):
    number, text = error(cluster, sql, args, **kw)
    assert number == SIGNALLED, (number, text)
    return text


# --- replication ---


@pytest.mark.parametrize("call, text", [
    ("start_replication", f"You can't start replication {NOT_CONFIGURED}"),
    ("stop_replication", f"You can't stop replication {NOT_CONFIGURED}"),
    ("reset_external_master", "You can't reset replication because replication isn't configured. "
     "First run mysql.rds_set_external_master."),
    ("reset_external_source", "You can't reset replication because replication isn't configured. "
     "First run mysql.rds_set_external_master."),
])  # fmt: skip
def test_without_a_source(cluster, call, text):
    assert signalled(cluster, f"CALL mysql.rds_{call}()") == text
    assert cluster.query("SHOW SLAVE STATUS") == []


def test_out_of_order(configured):
    cluster = configured
    assert signalled(cluster, "CALL mysql.rds_stop_replication") == (
        "Slave is already stopped or may not be configured. Run SHOW SLAVE STATUS\\G;"
    )
    # A source that cannot be reached is tried again and again: that is running.
    assert cluster.query("CALL mysql.rds_start_replication") == [
        {"Message": "Replication started. Slave is now running normally."}
    ]
    assert signalled(cluster, "CALL mysql.rds_start_replication") == (
        "Replication may already be running. Call rds_stop_replication to stop replication"
    )
    for name in ("rds_set_external_master", "rds_set_external_source"):
        assert signalled(cluster, SET_MASTER.replace("rds_set_external_master", name), SOURCE) == (
            "You can't modify replication because replication is running. "
            "First call mysql.rds_stop_replication."
        )
    assert cluster.query("CALL mysql.rds_stop_replication") == [
        {"Message": "Slave is now down or disabled"}
    ]
    assert "already stopped" in signalled(cluster, "CALL mysql.rds_stop_replication")
    assert cluster.query("CALL mysql.rds_reset_external_master") == [
        {"message": "Slave has been reset"}
    ]
    assert "isn't configured" in signalled(cluster, "CALL mysql.rds_reset_external_source")


def test_reset_stops_what_runs(configured):
    configured.query("CALL mysql.rds_start_replication")
    assert configured.query("CALL mysql.rds_reset_external_source") == [
        {"message": "Slave has been reset"}
    ]
    assert configured.query("SHOW SLAVE STATUS") == []


def test_only_one_thread_runs(configured):
    """A receiver without its applier is neither running nor stopped."""
    # No user can bring it about, so the daemon's own account does.
    admin = pymysql.connect(unix_socket=str(configured.instance / "run" / "engine.sock"),
                            user="rdsadmin", password=configured.admin_password())  # fmt: skip
    with admin, admin.cursor() as cursor:
        cursor.execute("START SLAVE IO_THREAD")
    assert signalled(configured, "CALL mysql.rds_start_replication") == (
        "Replication might be running. First call mysql.rds_stop_replication."
    )
    assert configured.query("CALL mysql.rds_stop_replication") == [
        {"Message": "Slave is now down or disabled"}
    ]


@pytest.mark.parametrize("position, value", [
    (0, ""), (0, "  "), (0, None), (0, "a\nb"), (0, "x" * 256),
    (1, 0), (1, -1), (1, 65536), (1, None),
    (2, ""), (2, None), (2, "x" * 129), (2, "a\0b"),
    (3, None), (3, "x" * 97), (3, "new\nline"),
    (4, ""), (4, None), (4, "y" * 512),
    (5, 3), (5, -1), (5, None),
    (6, 2), (6, -1), (6, None),
])  # fmt: skip
@pytest.mark.parametrize("procedure", ["rds_set_external_master", "rds_set_external_source"])
def test_bad_argument(cluster, procedure, position, value):
    args = [*SOURCE[:position], value, *SOURCE[position + 1:]]
    sql = SET_MASTER.replace("rds_set_external_master", procedure)
    number, text = error(cluster, sql, args)
    assert number in (SIGNALLED, 1264, 1406), (number, text)
    assert NAMES[position] in text
    assert position != 3 or ("xxxxx" not in text and "new" not in text)
    assert SOURCE[3] not in text
    assert cluster.query("SHOW SLAVE STATUS") == []


def test_wrong_number_of_arguments(cluster):
    assert error(cluster, "CALL mysql.rds_set_external_master('h', 1)")[0] == 1318


def test_arguments_are_data(configured):
    """Quotes and backslashes are parts of a value; blanks at its ends are not."""
    configured.query("CALL mysql.rds_reset_external_master")
    name = "o'clock\\\"`"
    configured.query(SET_MASTER, ("  127.0.0.1 ", 1, name, "a', MASTER_PORT=99, '", "f'\\", 107, 0))
    status = configured.query("SHOW SLAVE STATUS")[0]
    assert status["Master_Host"] == "127.0.0.1" and status["Master_Port"] == 1
    assert status["Master_User"] == name and status["Master_Log_File"] == "f'\\"


@pytest.mark.parametrize("call", [
    "rds_set_external_master('127.0.0.1', 1, 'u', 'p', 'f', 4, 0)", "rds_reset_external_master()"])  # fmt: skip
def test_autocommit_must_be_on(configured, call):
    assert "autocommit" in signalled(configured, f"CALL mysql.{call}", autocommit=False)


def test_a_session_without_autocommit_keeps_its_binary_log(configured):
    """As Python's drivers open them: each call works, whatever its end, and what follows it is logged."""
    cluster = configured
    cluster.execute("CREATE DATABASE plain", "CREATE TABLE plain.t (a INT PRIMARY KEY)")
    calls = ["start_replication", "stop_replication", "set_source_auto_position(1)", "set_binlog_source_ssl(1)",
             "set_configuration('binlog retention hours', 30)", "show_configuration", "gtid_purged('0-1-5')",
             "remove_binlog_ssl_material", "rotate_slow_log"]  # fmt: skip
    fail = ["stop_replication", "skip_repl_error", "skip_transaction_with_gtid('x')", "next_source_log(7)",
            "start_replication_until('f', 4)", "gtid_purged('x')", "import_binlog_ssl_material('{}')"]  # fmt: skip
    before = cluster.query("SHOW MASTER STATUS")
    with cluster.connect(autocommit=False) as conn, conn.cursor() as cursor:
        for number, call in enumerate([*calls, *fail]):
            cursor.execute("INSERT INTO plain.t VALUES (%s)", (number,))  # the call commits it
            with contextlib.nullcontext() if number < len(calls) else pytest.raises(pymysql.err.MySQLError) as caught:
                cursor.execute(f"CALL mysql.rds_{call}")
                while cursor.nextset():
                    pass
            assert not caught or caught.value.args[0] == SIGNALLED, (call, caught.value)
            cursor.execute("SELECT @@SESSION.sql_log_bin AS logs, @@in_transaction AS open")
            row = cursor.fetchone()
            assert row["logs"] == 1 and (row["open"] == 0 or "show" in call), (call, row)
    assert len(cluster.query("SELECT * FROM plain.t")) == len(calls) + len(fail)
    logged = "".join(row["Info"] for row in cluster.query("SHOW BINLOG EVENTS IN %s FROM %s", (
        before[0]["File"], before[0]["Position"])))  # fmt: skip
    assert logged.count("INSERT INTO plain.t") == len(calls) + len(fail) and "rds_" not in logged
    cluster.execute("DROP DATABASE plain")
    cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
    cluster.as_admin("SET sql_log_bin = 0", "UPDATE mysql.rds_channel_setting SET value = ''")


@pytest.fixture
def autumn(configured):
    """The name of a time zone that has gone back an hour ten minutes ago."""
    zone = configured.as_admin(
        "SET sql_log_bin = 0", "INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')",
        "SELECT LAST_INSERT_ID() AS id")[0]["id"]  # fmt: skip
    configured.as_admin(
        "SET sql_log_bin = 0", f"INSERT INTO mysql.time_zone_name VALUES ('Test/Autumn', {zone})",
        f"INSERT INTO mysql.time_zone_transition_type VALUES ({zone}, 0, 7200, 1, 'S'), ({zone}, 1, 3600, 0, 'W')",
        f"INSERT INTO mysql.time_zone_transition VALUES ({zone}, -2000000000, 0), ({zone}, UNIX_TIMESTAMP() - 600, 1)",
    )  # fmt: skip
    yield "Test/Autumn"
    configured.as_admin("SET sql_log_bin = 0", "DELETE FROM mysql.time_zone_name WHERE Name = 'Test/Autumn'")


def test_an_hour_that_comes_twice(configured, autumn):
    with configured.connect() as conn, conn.cursor() as cursor:
        cursor.execute(f"SET time_zone = '{autumn}'")
        cursor.execute("CALL mysql.rds_start_replication")
        cursor.execute("CALL mysql.rds_stop_replication")
        cursor.execute("CALL mysql.rds_set_configuration('binlog retention hours', 30)")
        assert not cursor.execute("SHOW WARNINGS"), cursor.fetchall()
    configured.query("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")
    row, = configured.query("SELECT MAX(action_timestamp) > NOW() - INTERVAL 1 MINUTE AS now FROM mysql.rds_history")
    assert row["now"], row


def test_notes(configured):
    """What was done by whom is noted, without the password."""
    history = configured.query("SELECT * FROM mysql.rds_history ORDER BY action_timestamp DESC LIMIT 2")
    assert [row["action"] for row in history] == ["set master", "Starting: set master"]
    assert history[0]["called_by_user"].startswith("admin@")
    assert (history[0]["master_host"], history[0]["master_port"], history[0]["master_user"]) == (
        "127.0.0.1", 1, "repl_user")  # fmt: skip
    live = configured.query("SELECT * FROM mysql.rds_replication_status")
    assert [row["action"] for row in live] == ["set master"]
    assert live[0]["replication_log_file"] == SOURCE[4]
    everything = str(configured.query("SELECT * FROM mysql.rds_history")) + str(live)
    assert SOURCE[3] not in everything


def test_stays_stopped_over_a_restart(make_cluster):
    cluster = make_cluster()
    cluster.start()
    cluster.query(SET_MASTER, SOURCE)
    cluster.query("CALL mysql.rds_start_replication")
    cluster.interrupt()
    cluster.start()
    status = cluster.query("SHOW SLAVE STATUS")[0]
    assert (status["Master_Host"], status["Master_User"]) == ("127.0.0.1", "repl_user")
    # Running or not: the documented calls go on from there.
    if status["Slave_SQL_Running"] == "No":
        cluster.query("CALL mysql.rds_start_replication")
    assert cluster.query("CALL mysql.rds_stop_replication")


# --- configuration ---


@pytest.fixture
def retention(cluster):
    yield lambda: cluster.query("CALL mysql.rds_show_configuration")
    cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', NULL)")


def test_show_configuration(retention):
    assert retention() == [{
        "name": "binlog retention hours", "value": None,
        "description": "binlog retention hours specifies the duration in hours before binary logs "
        "are automatically deleted."}]  # fmt: skip


@pytest.mark.parametrize("value, stored", [(1, 1), (144, 144), (2160, 2160), (2161, 2160),
                                           (100000, 2160), (None, None)])  # fmt: skip
def test_set_configuration(cluster, retention, value, stored):
    assert not cluster.query("CALL mysql.rds_set_configuration('binlog retention hours', %s)", (value,))
    assert retention()[0]["value"] == stored


@pytest.mark.parametrize("name, value, text", [
    ("binlog retention hours", 0, "For binlog retention hours the value must be between 1 and 2160 "
     "inclusive or be NULL"),
    ("binlog retention hours", -5, "between 1 and 2160"),
    ("x", 1, "Cannot set unknown configuration parameter 'x' using mysql.rds_set_configuration."),
    ("", 1, "Cannot set unknown configuration parameter ''"),
    (None, 1, "Cannot set unknown configuration parameter"),
])  # fmt: skip
def test_bad_configuration(cluster, retention, name, value, text):
    before = retention()
    assert text in signalled(cluster, "CALL mysql.rds_set_configuration(%s, %s)", (name, value))
    assert retention() == before


# --- the master user's limits ---


REFUSED = [
    "CHANGE MASTER TO MASTER_HOST='127.0.0.1'", "START SLAVE", "STOP SLAVE", "RESET SLAVE",
    "RESET SLAVE ALL", "START SLAVE SQL_THREAD", "RESET MASTER", "PURGE BINARY LOGS BEFORE NOW()",
    "SET GLOBAL max_connections = 10", "SET GLOBAL read_only = ON", "SET GLOBAL general_log = ON",
    "SET GLOBAL gtid_slave_pos = ''", "SET GLOBAL sql_slave_skip_counter = 1",
    "SET SESSION sql_log_bin = 0", "SET SESSION gtid_domain_id = 5", "SET SESSION server_id = 5",
    "SHUTDOWN", "INSTALL SONAME 'ha_blackhole'", "INSTALL PLUGIN x SONAME 'ha_blackhole'",
    "UNINSTALL SONAME 'ha_sequence'", "CREATE FUNCTION f RETURNS STRING SONAME 'x.so'",
    "FLUSH TABLES WITH READ LOCK", "FLUSH PRIVILEGES", "FLUSH BINARY LOGS",
    "SELECT 1 INTO OUTFILE '{tmp}/out'", "SELECT 1 INTO DUMPFILE '{tmp}/out'",
    "LOAD DATA INFILE '{file}' INTO TABLE limits.t",
    "UPDATE mysql.global_priv SET Priv = '{{}}'", "DELETE FROM mysql.global_priv",
    "INSERT INTO mysql.db SELECT * FROM mysql.db", "DELETE FROM mysql.proc", "DROP TABLE mysql.proc",
    "INSERT INTO mysql.func VALUES ('a', 0, 'x.so', 'function')", "INSERT INTO mysql.plugin VALUES ('a', 'b')",
    "DELETE FROM mysql.rds_history", "UPDATE mysql.rds_configuration SET value = 0",
    "DROP PROCEDURE mysql.rds_start_replication", "CREATE TABLE mysql.own (a INT)",
    "CREATE PROCEDURE mysql.own() SELECT 1", "DROP DATABASE mysql", "DROP DATABASE sys",
    "CREATE DEFINER=`rdsadmin`@`localhost` PROCEDURE limits.p() SELECT 1",
    "CREATE DEFINER=`rdsadmin`@`localhost` VIEW limits.v AS SELECT 1",
    "CREATE DEFINER=`rdsadmin`@`localhost` TRIGGER limits.g BEFORE INSERT ON limits.t FOR EACH ROW "
    "SET @a = 1",
    "CREATE DEFINER=`rdsadmin`@`localhost` EVENT limits.e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    "CALL mysql.rds_internal_state(@s)", "CALL mysql.rds_internal_note('a',NULL,NULL,NULL,NULL,NULL,NULL)",
    "GRANT SUPER ON *.* TO 'admin'@'%'", "GRANT ALL ON *.* TO 'admin'@'%'",
    "DROP USER 'rdsadmin'@'localhost'", "RENAME USER 'rdsadmin'@'localhost' TO 'x'@'localhost'",
    "SET PASSWORD FOR 'rdsadmin'@'localhost' = PASSWORD('x')",
    "ALTER USER 'rdsadmin'@'localhost' IDENTIFIED BY 'x'", "CREATE USER 'rdsadmin'@'%'",
    "SET ROLE rdsadmin", "KILL {engine}",
    "BACKUP STAGE START", "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST 'h')",
]  # fmt: skip


@pytest.fixture(scope="module")
def limits(cluster, tmp_path_factory):
    tmp = tmp_path_factory.mktemp("limits")
    (tmp / "in").write_text("1\n")
    cluster.execute("CREATE DATABASE limits", "CREATE TABLE limits.t (a INT)")
    admin = pymysql.connect(unix_socket=str(cluster.instance / "run" / "engine.sock"),
                            user="rdsadmin", password=cluster.admin_password())  # fmt: skip
    with admin:
        yield {"tmp": tmp, "file": tmp / "in", "engine": admin.thread_id()}
        admin.ping(reconnect=False)  # nobody has killed it
    cluster.execute("DROP DATABASE limits")


@pytest.mark.parametrize("statement", REFUSED)
def test_master_user_is_refused(cluster, limits, statement):
    number, text = error(cluster, statement.format(**limits))
    # Access denied to a database, a user's command, a table, an account, SUPER, a routine, a thread.
    assert number in (1044, 1045, 1142, 1227, 1290, ROUTINE_DENIED, 1095, 1396, 1959), (number, text)
    assert not list(limits["tmp"].glob("out*"))


@pytest.mark.parametrize("engine", ["InnoDB", "MyISAM", "Aria"])
def test_master_user_writes_no_file_elsewhere(cluster, limits, tmp_path, engine):
    """Be the option refused or ignored."""
    try:
        cluster.execute(f"CREATE TABLE limits.elsewhere (a INT) ENGINE={engine} "
                        f"DATA DIRECTORY='{tmp_path}'")  # fmt: skip
    except pymysql.err.MySQLError as refusal:
        assert refusal.args[0] in (1030, 1290, 1478), refusal
    found = list(tmp_path.rglob("*"))
    cluster.execute("DROP TABLE IF EXISTS limits.elsewhere")
    assert found == []


@pytest.mark.parametrize("statement", [
    "GRANT SUPER ON *.* TO 'admin'@'%'", "GRANT ALL ON mysql.* TO 'admin'@'%'",
    "GRANT INSERT ON `mysq_`.* TO 'admin'@'%'", "GRANT ALL ON `%`.* TO 'admin'@'%'",
    "GRANT RELOAD ON *.* TO 'admin'@'%'", "GRANT SELECT ON *.* TO 'admin'@'%' WITH GRANT OPTION",
    "DROP USER 'rdsadmin'@'localhost'", "RENAME USER 'rdsadmin'@'localhost' TO 'x'@'localhost'",
    "RENAME USER 'x'@'localhost' TO 'rdsadmin'@'localhost'", "CREATE USER rdsadmin@`%`",
    "ALTER USER CURRENT_USER IDENTIFIED BY 'x'", "SET PASSWORD FOR rdsadmin@localhost = ''",
    "CREATE USER 'u'@'%' IDENTIFIED VIA unix_socket", "GRANT `rdsadmin`@localhost TO admin@`%`",
    "CREATE USER 'u'@'%' /* c */", "SHUTDOWN", "CREATE USER 'u'@'%'; SHUTDOWN", "SELECT 1", "",
    "GRANT EXECUTE ON PROCEDURE mysql.rds_internal_state TO 'admin'@'%'",
])  # fmt: skip
def test_account_procedure_refuses(cluster, statement):
    before = cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host")
    assert error(cluster, "CALL mysql.rds_account_statement(%s)", (statement,))[0] == 1227
    assert cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host") == before


@pytest.mark.parametrize("statement", [
    "SHOW MASTER STATUS", "SHOW BINARY LOGS", "SHOW SLAVE STATUS", "SHOW REPLICA STATUS",
    "SHOW PROCESSLIST", "SHOW GLOBAL VARIABLES LIKE 'log_bin'", "SELECT COUNT(*) FROM mysql.proc",
    "SHOW DATABASES", "SELECT * FROM sys.version", "SHOW GRANTS", "SHOW BINLOG EVENTS LIMIT 1",
])  # fmt: skip
def test_master_user_may_look(cluster, statement):
    cluster.query(statement)


def test_master_user_may_make_all_kinds_of_objects(cluster):
    try:
        cluster.execute(
            "CREATE DATABASE own", "USE own", "CREATE TABLE t (a INT PRIMARY KEY)",
            "CREATE VIEW v AS SELECT a + 1 AS b FROM t", "CREATE PROCEDURE p() INSERT INTO t VALUES (7)",
            "CREATE FUNCTION f(x INT) RETURNS INT RETURN x * 2",
            "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", "CALL p()",
            "CREATE TEMPORARY TABLE tt (a INT)", "LOCK TABLES t WRITE", "UNLOCK TABLES",
        )  # fmt: skip
        assert cluster.query("SELECT own.f(b) AS n FROM own.v") == [{"n": 18}]
    finally:
        cluster.execute("DROP DATABASE IF EXISTS own")


def test_ordinary_account_may_not_call(cluster):
    cluster.account("CREATE USER 'plain'@'%' IDENTIFIED BY 'pw'")
    try:
        for call in ("rds_start_replication()", "rds_show_configuration()",
                     "rds_account_statement('DROP USER admin')"):  # fmt: skip
            number, _ = error(cluster, f"CALL mysql.{call}", user="plain", password="pw")
            assert number == ROUTINE_DENIED
        # It may be allowed to by the master user.
        cluster.account("GRANT EXECUTE ON PROCEDURE mysql.rds_show_configuration TO 'plain'@'%'")
        assert cluster.query("CALL mysql.rds_show_configuration", user="plain", password="pw")
    finally:
        cluster.drop_account("'plain'@'%'")


def test_kill_of_a_daemons_session(cluster, limits):
    """The daemon's own sessions and the engine's threads are out of reach."""
    assert error(cluster, f"KILL {limits['engine']}")[0] in (1094, 1095)
    assert cluster.query("SELECT ID FROM information_schema.PROCESSLIST WHERE ID = %s",
                         (limits["engine"],))  # fmt: skip
