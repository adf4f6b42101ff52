"""Dumps of MySQL piped into the endpoint: with GTIDs, with the source's position, compressed.

A MySQL 9.7 and a 5.6 are dumped by their own mysqldump; the cluster, on MariaDB 10.11, takes the dump through
both families' clients.

Time budget: 30 s.
"""

import re
import shutil
import subprocess

import pymysql
import pytest

from servers.node import Node

from .test_procedures import error, signalled

SETTING = "SELECT value FROM mysql.rds_channel_setting WHERE name = %s"
CLIENTS = {"mysql-9.7": "mysql", "mariadb-10.11": "mariadb"}
LONG_COMMENT = "c" * 1000

SCHEMA = [
    "CREATE DATABASE shop CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs",
    "CREATE TABLE shop.t (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(40), "
    "secret VARCHAR(40) COLLATE utf8mb4_0900_ai_ci DEFAULT 's' INVISIBLE, n INT AS (CHAR_LENGTH(name)) STORED, "
    "doc JSON, KEY (name) INVISIBLE, KEY desc_key (n DESC), CHECK (CHAR_LENGTH(name) > 0))",
    "CREATE TABLE shop.`wide table` (id INT PRIMARY KEY, "
    + ", ".join(f"c{i} INT COMMENT '{LONG_COMMENT}'" for i in range(20))
    + ", hidden VARCHAR(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci DEFAULT 'h' INVISIBLE)",
    "CREATE TABLE shop.big (id INT PRIMARY KEY, body LONGTEXT)",
    "INSERT INTO shop.t (name, doc) VALUES ('Ünï 🐙', '{\"a\": [1, 2]}'), ('/*!80000 not a comment */', NULL)",
    "INSERT INTO shop.t (name, secret) VALUES ('it''s; -- no', 'mine')",
    "INSERT INTO shop.`wide table` (id, hidden) VALUES (1, 'seen')",
    "INSERT INTO shop.big SELECT 1, REPEAT('/*!80000 x */ 0900_', 1000000)",
    "INSERT INTO shop.big SELECT 2, REPEAT('y', 40000)",
]  # fmt: skip


@pytest.fixture(scope="module")
def mysql(tmp_path_factory):
    with Node("mysql-9.7", tmp_path_factory.mktemp("source") / "m", gtid_mode="ON", enforce_gtid_consistency="ON",
              max_allowed_packet="64M") as node:  # fmt: skip
        node.execute(*SCHEMA)
        yield node


@pytest.fixture
def forget(cluster):
    yield
    cluster.execute("DROP DATABASE IF EXISTS shop")
    cluster.as_admin("SET sql_log_bin = 0", "UPDATE mysql.rds_channel_setting SET value = '' WHERE name = 'gtid_purged'")


def dump(node, *options):
    return node.client("mysqldump", "--single-transaction", "--databases", "shop", *options).stdout


def load(cluster, text, home="mysql-9.7", *options, check=True):
    return cluster.client(CLIENTS[home], "--max-allowed-packet=64M", *options, home=home, input=text, check=check)


def purged(cluster):
    return cluster.query(SETTING, ("gtid_purged",))[0]["value"]


def check_content(cluster, node, *, with_big=True):
    queries = ["SELECT id, name, secret, n FROM shop.t ORDER BY id", "SELECT id, hidden, c1 FROM shop.`wide table`"]
    if with_big:
        queries.append("SELECT id, LENGTH(body) AS n, SHA2(body, 256) AS h FROM shop.big ORDER BY id")
    for sql in queries:
        assert cluster.query(sql) == node.query(sql), sql
    assert cluster.query("SELECT JSON_VALUE(doc, '$.a[1]') AS v FROM shop.t WHERE id = 1") == [{"v": "2"}]


def hidden(cluster):
    """What SELECT * does not show."""
    return {(row["t"], row["c"]) for row in cluster.query(
        "SELECT TABLE_NAME AS t, COLUMN_NAME AS c FROM information_schema.COLUMNS "
        "WHERE TABLE_SCHEMA = 'shop' AND EXTRA LIKE '%INVISIBLE%'")}  # fmt: skip


@pytest.mark.parametrize("home", CLIENTS)
def test_gtid_dump(cluster, mysql, forget, home):
    text = dump(mysql, "--set-gtid-purged=ON", "--triggers", "--routines", "--events")
    for part in ("GTID_PURGED=/*!80000 '+'*/", "SQL_LOG_BIN= 0", "/*!80023 INVISIBLE */", "/*!80000 INVISIBLE */",
                 "/*!80016 DEFAULT ENCRYPTION", "utf8mb4_0900_ai_ci"):  # fmt: skip
        assert part in text, part
    before = cluster.query("SHOW MASTER STATUS")[0]
    load(cluster, text, home)
    check_content(cluster, mysql)
    assert hidden(cluster) == {("t", "secret"), ("wide table", "hidden")}
    executed = mysql.query("SELECT @@GLOBAL.gtid_executed AS g")[0]["g"]
    assert purged(cluster) == executed
    # SQL_LOG_BIN=0 has kept nothing from the cluster's own replicas.
    after = cluster.query("SHOW MASTER STATUS")[0]
    assert before["File"] == after["File"] and after["Position"] - before["Position"] > 18000000
    history = cluster.query("SELECT * FROM mysql.rds_history ORDER BY action_timestamp DESC LIMIT 2")
    assert [row["action"] for row in history] == ["set gtid_purged:OK", "begin: set gtid_purged"]
    assert history[0]["master_gtid"] == "+" + executed


def test_compressed_dump(cluster, mysql, forget, tmp_path):
    """zstd -dc dump.zst | mysql, with compression on the wire, too."""
    zstd = shutil.which("zstd")
    assert zstd, "the program zstd is missing"
    file = tmp_path / "dump.zst"
    subprocess.run([zstd, "-q", "-o", file], input=dump(mysql), text=True, check=True, timeout=60)
    text = subprocess.run([zstd, "-dc", file], check=True, capture_output=True, timeout=60).stdout
    cluster.client("mysql", "--compression-algorithms=zstd", home="mysql-9.7", input=text, text=False)
    check_content(cluster, mysql)


@pytest.mark.parametrize("option", ["--source-data=1", "--source-data=2"])
def test_dump_with_position(cluster, mysql, forget, option):
    text = dump(mysql, option, "--set-gtid-purged=OFF", "--ignore-table=shop.big")
    file, position = re.search(r"SOURCE_LOG_FILE='([^']+)', SOURCE_LOG_POS=(\d+)", text).groups()
    done = load(cluster, text, "mysql-9.7", "--show-warnings")
    check_content(cluster, mysql, with_big=False)
    noted = cluster.query("SELECT action, master_log_file AS f, master_log_pos AS p FROM mysql.rds_history "
                          "ORDER BY action_timestamp DESC LIMIT 1")[0]  # fmt: skip
    if option == "--source-data=1":
        assert noted == {"action": "dump position", "f": file, "p": int(position)}
        assert f"The dump is of '{file}', {position}" in done.stdout
    else:  # a comment is a comment
        assert noted["action"] != "dump position" or noted["p"] != int(position) or "The dump" not in done.stdout


# As mysqldump of 5.6 prints it, which these machines do not have.
DUMP_5_6 = """-- MySQL dump 10.13  Distrib 5.6.24, for linux-glibc2.5 (x86_64)
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40101 SET NAMES utf8 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;
SET @MYSQLDUMP_TEMP_LOG_BIN = @@SESSION.SQL_LOG_BIN;
SET @@SESSION.SQL_LOG_BIN= 0;

--
-- GTID state at the beginning of the backup
--

SET @@GLOBAL.GTID_PURGED='3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,
4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77';

CHANGE MASTER TO MASTER_LOG_FILE='mysql-bin.000007', MASTER_LOG_POS=120;

CREATE DATABASE /*!32312 IF NOT EXISTS*/ `shop` /*!40100 DEFAULT CHARACTER SET latin1 */;
USE `shop`;
/*!40101 SET character_set_client = utf8 */;
CREATE TABLE `t` (`a` int(11) DEFAULT NULL, `b` varchar(9) DEFAULT NULL) ENGINE=InnoDB DEFAULT CHARSET=utf8;
/*!40000 ALTER TABLE `t` DISABLE KEYS */;
INSERT INTO `t` VALUES (1,'ü'),(2,NULL);
/*!40000 ALTER TABLE `t` ENABLE KEYS */;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`admin`@`%`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = NEW.a + 1 */;;
DELIMITER ;
SET @@SESSION.SQL_LOG_BIN = @MYSQLDUMP_TEMP_LOG_BIN;
/*!40101 SET SQL_MODE=@OLD_SQL_MODE */;
/*!40101 SET CHARACTER_SET_CLIENT=@OLD_CHARACTER_SET_CLIENT */;
"""


@pytest.mark.parametrize("home", CLIENTS)
def test_dump_of_5_6(cluster, forget, home):
    load(cluster, DUMP_5_6, home)
    assert cluster.query("SELECT * FROM shop.t ORDER BY a") == [{"a": 1, "b": "ü"}, {"a": 2, "b": None}]
    cluster.execute("INSERT INTO shop.t VALUES (7, 'x')")
    assert cluster.query("SELECT a FROM shop.t WHERE b = 'x'") == [{"a": 8}]
    assert purged(cluster) == ("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5,"
                               "4e11fa47-71ca-11e1-9e33-c80aa9429562:1-77")  # fmt: skip
    noted = cluster.query("SELECT master_log_file AS f, master_log_pos AS p FROM mysql.rds_history "
                          "WHERE action = 'dump position' ORDER BY action_timestamp DESC LIMIT 1")  # fmt: skip
    assert noted == [{"f": "mysql-bin.000007", "p": 120}]


# --- what the engine would skip ---


@pytest.fixture(scope="module")
def scratch(cluster):
    cluster.execute("CREATE DATABASE scratch")
    yield cluster
    cluster.execute("DROP DATABASE scratch")


@pytest.mark.parametrize("statement, reason", [
    ("CREATE DATABASE scratch_2 /*!80016 DEFAULT ENCRYPTION='Y' */", "ENCRYPTION of a database"),
    ("CREATE VIEW scratch.p AS SELECT 1 AS one /*!80000 FOR SHARE */", "nothing like it: FOR"),
    ("SELECT 1 /*!80000 + 1 */ /*M!100100 + 2 */", "version comments of MySQL and of MariaDB"),
    ("CREATE PROCEDURE scratch.p() COMMENT '" + "x" * 20000 + "' /*!90000 LANGUAGE JAVASCRIPT */ AS 'x'",
     "LANGUAGE JAVASCRIPT"),
    ("CREATE TABLE scratch.p (a INT) COMMENT 'x' /* " + "x" * (5 << 20) + " */ /*!80016 ENCRYPTION='Y' */",
     "more than 4 MiB"),
    ("CREATE TABLE scratch.p (a INT) COMMENT 'x' /* " + "x" * (33 << 20) + " */ /*!80016 ENCRYPTION='Y' */",
     "more than 4 MiB"),
    ("CREATE TABLE scratch.p (a INT) -- ".ljust((1 << 24) - 2, "x"), "more than 4 MiB"),  # a full packet, and an empty one
    ("CREATE TABLE scratch.p (a INT COMMENT 'it\\'s', b INT COMMENT '/*!80023 INVISIBLE */ it\\'s')",
     "NO_BACKSLASH_ESCAPES"),
], ids=lambda text: text[:40])  # fmt: skip
def test_refused(scratch, statement, reason):
    with scratch.connect() as conn, conn.cursor() as cursor:
        with pytest.raises(pymysql.err.MySQLError) as caught:
            cursor.execute(statement)
        assert caught.value.args[0] == 1235 and reason in caught.value.args[1], caught.value.args
        cursor.execute("SELECT 1 AS one")  # the session is in order
        assert cursor.fetchone() == {"one": 1}
    assert scratch.query("SHOW TABLES FROM scratch LIKE 'p'") == []


def test_without_backslash_escapes(scratch):
    """A statement that only that sql_mode can mean is read so."""
    with scratch.connect() as conn, conn.cursor() as cursor:
        cursor.execute("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        cursor.execute("CREATE TABLE scratch.b (a CHAR(9) DEFAULT '\\', b INT /*!80023 INVISIBLE */)")
        cursor.execute("INSERT INTO scratch.b VALUES ()")
        cursor.execute("SELECT * FROM scratch.b")
        assert cursor.fetchone() == {"a": "\\"}


@pytest.mark.parametrize("more", ["", ", " + ", ".join(f"c{i} INT COMMENT '{LONG_COMMENT}'" for i in range(20))])
def test_left_away_with_a_warning(scratch, more):
    with scratch.connect() as conn, conn.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE TABLE scratch.g (g POINT NOT NULL /*!80003 SRID 4326 */{more});")
        cursor.execute("SHOW WARNINGS")
        assert [row["Message"] for row in cursor.fetchall()] == [
            "Left away, because MariaDB has nothing like it: SRID"]  # fmt: skip
        cursor.execute("DESCRIBE scratch.g")
        assert cursor.fetchone()["Field"] == "g"


@pytest.mark.parametrize("tls", [False, True])
def test_long_definition_and_what_follows(scratch, tls):
    """Sent together: the definition is gathered, and what comes behind it waits for it."""
    columns = ", ".join(f"c{i} INT COMMENT '{LONG_COMMENT}'" for i in range(50))
    with scratch.connect(tls=tls) as conn, conn.cursor() as cursor:
        for i in range(2):
            cursor.execute(f"CREATE OR REPLACE TABLE scratch.l (a INT /*!80023 INVISIBLE */, {columns})")
            cursor.execute("INSERT INTO scratch.l (a, c1) VALUES (1, 2)")
        cursor.execute("SELECT * FROM scratch.l")
        row = cursor.fetchone()
        assert "a" not in row and len(row) == 50 and row["c1"] == 2


def test_a_dump_by_an_ordinary_account(scratch):
    """Version comments are for everybody; the dump's own SETs are the master user's alone."""
    scratch.account("CREATE USER 'loader'@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON scratch.* TO 'loader'@'%'")
    own = {"user": "loader", "password": "pw"}
    try:
        scratch.query("CREATE TABLE scratch.o (a INT, b INT /*!80023 INVISIBLE */)", **own)
        assert "b" not in str(scratch.query("DESCRIBE scratch.o")[0])
        assert scratch.query("SELECT EXTRA AS e FROM information_schema.COLUMNS WHERE TABLE_NAME = 'o' "
                             "AND COLUMN_NAME = 'b'") == [{"e": "INVISIBLE"}]  # fmt: skip
        for sql in ("SET @@SESSION.SQL_LOG_BIN= 0", "SET @@GLOBAL.GTID_PURGED='x:1'",
                    "CHANGE MASTER TO MASTER_LOG_FILE='f', MASTER_LOG_POS=4"):  # fmt: skip
            assert error(scratch, sql, **own)[0] in (1193, 1227), sql
    finally:
        scratch.drop_account("'loader'@'%'")


# --- procedures ---

UUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"


def test_gtid_purged(cluster, forget):
    call = "CALL mysql.rds_gtid_purged(%s)"
    binlog = cluster.query("SHOW MASTER STATUS")
    assert cluster.query(call, (f"{UUID}:1-5",)) == []
    assert cluster.query(call, (f"+{UUID.upper()}:6-7, {UUID}:9",)) == []
    assert purged(cluster) == f"{UUID}:1-7:9"
    assert "must be a superset" in signalled(cluster, call, (f"{UUID}:1-8",))
    assert cluster.query(call, (f"{UUID}:1-10",)) == []
    assert purged(cluster) == f"{UUID}:1-10"
    for bad in (None, "", " ", "+", "x", UUID, f"{UUID}:0", "0-1", f"{UUID}:1'; SHUTDOWN", "ü",
                f"{UUID}:1," * 2000, 5):  # fmt: skip
        assert "gtid_purged" in signalled(cluster, call, (bad,)), bad
        assert purged(cluster) == f"{UUID}:1-10"
    assert cluster.query("SHOW MASTER STATUS") == binlog


def test_assign_gtids(cluster):
    """What can not be done is refused: nothing is accepted without effect."""
    call = "CALL mysql.rds_assign_gtids_to_anonymous_transactions(%s)"
    for given in ("OFF", "off"):
        assert cluster.query(call, (given,)) == [
            {"Message": "ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS has been set to: OFF"}]  # fmt: skip
    for given in ("local", UUID.upper()):
        assert f"gtid_option: expected OFF, found '{given}'" in signalled(cluster, call, (given,))
    for bad in (None, "", "ON", " OFF", UUID + "0", UUID[:-1] + "g", "LOCAL'; SHUTDOWN", "x" * 70000, 1):
        text = signalled(cluster, call, (bad,))
        assert "gtid_option: expected OFF, LOCAL or a UUID, found" in text


@pytest.mark.parametrize("file, position", [
    (None, 4), ("", 4), ("x" * 251, 4), ("a\nb", 4), ("f", None), ("f", 3), ("f", -1), ("f", "x")])  # fmt: skip
def test_dump_position_refused(cluster, file, position):
    before = cluster.query("SELECT COUNT(*) AS n FROM mysql.rds_history")
    number, text = error(cluster, "CALL mysql.rds_dump_position(%s, %s)", (file, position))
    assert number in (1644, 1264, 1265, 1366) and "log" in text, (number, text)
    assert cluster.query("SELECT COUNT(*) AS n FROM mysql.rds_history") == before
