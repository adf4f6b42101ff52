"""The walk "Start replication between an external source instance and an Aurora MySQL DB cluster".

Each statement is as an administrator types it, in the documented order, while an application keeps
writing on the source. Real sources: MySQL 5.6 and MariaDB 10.11.

Time budget: 75 s.
"""

import contextlib
import subprocess
import threading

import pymysql
import pytest

from servers import fetch
from servers import node as nodes
from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

# The source, and whose programs dump and load: MySQL 5.6 is fetched without any, and MariaDB's
# dump asks it for a column that it does not have.
SOURCES = {"mysql-5.6": "mysql-9.7", "mariadb-10.11": "mariadb-10.11"}
PASSWORD = "s3cret-of-repl_user"
CATCH_UP = 60

TABLES = [
    """CREATE TABLE log (
        id INT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(100), at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4""",
    """CREATE TABLE varied (
        id BIGINT UNSIGNED PRIMARY KEY, tiny TINYINT, flags BIT(12), price DECIMAL(30, 10),
        single FLOAT, twofold DOUBLE, born DATE, at DATETIME(6), seen TIMESTAMP(3) NULL,
        lasted TIME(2), year_ YEAR, name VARCHAR(100), old CHAR(20) CHARACTER SET latin1,
        bytes VARBINARY(50), fixed BINARY(4), body LONGBLOB, words MEDIUMTEXT,
        mood ENUM('glad', 'trüb', ''), tags SET('a', 'b', 'ç'), place POINT
    ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4""",
    "CREATE TABLE child (id INT PRIMARY KEY, parent INT NOT NULL, v INT, KEY (v), "
    "FOREIGN KEY (parent) REFERENCES log (id) ON DELETE CASCADE) ENGINE=InnoDB",
]
VARIED = """INSERT INTO varied VALUES ({id}, -128, b'101010101010',
    -12345678901234567890.0123456789, 0.1, 0.1, '1000-01-01', '9999-12-31 23:59:59.999999',
    '2038-01-19 03:14:07.999', '-838:59:58.99', 1901, 'naïve 🐙 名 \\'"`', 'café', x'00ff230a', 'ab',
    REPEAT(x'ff007e23', 5000), REPEAT('🐙~#', 5000), 'trüb', 'a,ç',
    ST_GeomFromText('POINT(1.5 -2.25)'))"""


class Application(threading.Thread):
    """Writes rows on the source, one transaction each, until stop(); waits out read-only times."""

    def __init__(self, source, database):
        super().__init__()
        self.written = 0
        self.error = None
        self._source = source
        self._database = database
        self._end = threading.Event()

    def run(self):
        try:
            with self._source.connect(
                host="127.0.0.1", user="app", password="app", database=self._database
            ) as conn:
                while not self._end.wait(0.002):
                    self._write(conn)
        except Exception as error:  # shown by stop()
            self.error = error

    def _write(self, conn):
        with conn.cursor() as cursor:
            try:
                cursor.execute("INSERT INTO log (note) VALUES (%s)", (f"row {self.written} ünï 🐙",))
                self.written += 1
            except pymysql.err.MySQLError as error:
                if error.args[0] != 1290:  # read_only
                    raise

    def wait_for_more(self, rows=20):
        goal = self.written + rows
        wait_for(lambda: self.written >= goal or self.error, 30, f"{rows} more rows on the source")
        assert self.error is None, self.error

    def stop(self):
        self._end.set()
        self.join(60)
        assert not self.is_alive() and self.error is None, self.error


@pytest.fixture(scope="module", params=SOURCES)
def source(request, tmp_path_factory):
    with Node(request.param, tmp_path_factory.mktemp("source")) as source:
        source.execute("CREATE USER 'app'@'127.0.0.1' IDENTIFIED BY 'app'",
                       "GRANT ALL ON `walk\\_%`.* TO 'app'@'127.0.0.1'")  # fmt: skip
        yield source


@contextlib.contextmanager
def application(source, database):
    application = Application(source, database)
    application.start()
    try:
        yield application
    finally:
        application.stop()


def make_database(source, database):
    source.execute(
        f"DROP DATABASE IF EXISTS {database}",
        f"CREATE DATABASE {database} CHARACTER SET utf8mb4",
        f"USE {database}",
        "SET time_zone = '+00:00'",
        *TABLES,
        VARIED.format(id=1),
        "INSERT INTO varied (id) VALUES (0)",
    )


def forget_source(cluster, *databases):
    """Leaves the shared cluster as a new one; for a test's end, whatever state it has reached."""
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_master()")
    for database in databases:
        cluster.execute(f"DROP DATABASE IF EXISTS {database}")


def master_position(server):
    row = server.query("SHOW MASTER STATUS")[0]
    return row["File"], row["Position"]


def slave_status(server, statement="SHOW SLAVE STATUS"):
    rows = server.query(statement)
    assert len(rows) == 1, rows
    return rows[0]


def wait_up_to_date(replica, statement):
    """Until nothing is behind, which the engine says only a moment after it has applied all."""
    def up_to_date():
        status = slave_status(replica, statement)
        behind = "Seconds_Behind_Source" if "REPLICA" in statement else "Seconds_Behind_Master"
        return status[behind] == 0 and status

    return wait_for(up_to_date, CATCH_UP, "nothing is behind")


def wait_caught_up(replica, source):
    """Until the replica has applied all that is in the source's binlog now."""
    goal = master_position(source)

    def caught_up():
        status = slave_status(replica)
        assert not status["Last_SQL_Error"], status
        return (status["Relay_Master_Log_File"], status["Exec_Master_Log_Pos"]) >= goal and status

    return wait_for(caught_up, CATCH_UP, f"replica at {goal}")


def dump_into(cluster, source, database):
    """The documented pipe of mysqldump and mysql, with real programs and a real pipe."""
    own = cluster.credentials()
    home = fetch.home(SOURCES[source.server])
    options = ["--no-defaults", f"--plugin-dir={home / 'client-plugin'}",
               f"--character-sets-dir={home / 'share' / 'charsets'}"]  # fmt: skip
    dump = subprocess.Popen(
        [nodes.program(home, "mysqldump"), *options,
         "--databases", database,
         "--single-transaction",
         "--compress",
         "--order-by-primary",
         "-h", "127.0.0.1", "-P", str(source.port),
         "-u", "root",
         f"-p{nodes.PASSWORD}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    load = subprocess.Popen(
        [nodes.program(home, "mysql"), *options,
         "--host", "127.0.0.1",
         "--port", str(cluster.port),
         "-u", own["user"],
         f"-p{own['password']}"],
        stdin=dump.stdout, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    dump.stdout.close()
    try:
        _, load_errors = load.communicate(timeout=60)
        dump_errors = dump.stderr.read()
        ended = (dump.wait(60), load.returncode)
        assert ended == (0, 0), dump_errors + load_errors
    finally:
        for process in (dump, load):
            process.kill()
            process.wait(60)
        dump.stderr.close()


def binlog_text(cluster, first):
    """All events of the cluster's binlog from a position on, as the stock program decodes them."""
    last, _ = master_position(cluster)
    file, position = first
    assert file == last  # a test writes far less than one file holds
    done = cluster.client(
        "mysqlbinlog", "--read-from-remote-server", "--verbose", "--base64-output=decode-rows",
        f"--start-position={position}", file, text=False,
    )  # fmt: skip
    return done.stdout.decode(errors="replace")


@pytest.mark.parametrize("binlog_format", ["ROW", "MIXED", "STATEMENT"])
def test_walk(cluster, source, tmp_path, binlog_format):
    database = f"walk_{binlog_format.lower()}"
    set_external, reset_external = {
        "mysql-5.6": ("rds_set_external_master", "rds_reset_external_master"),
        "mariadb-10.11": ("rds_set_external_source", "rds_reset_external_source"),
    }[source.server]
    source.execute(f"SET GLOBAL binlog_format = {binlog_format}",
                   "DROP DATABASE IF EXISTS other")  # fmt: skip
    make_database(source, database)
    accounts = cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host")
    forget_source(cluster, database)
    cluster_start = master_position(cluster)
    try:
        with application(source, database) as app:
            app.wait_for_more()

            # 1. Make the source read-only, 2. find its position.
            with source.connect() as conn, conn.cursor() as admin:
                admin.execute("FLUSH TABLES WITH READ LOCK")
                admin.execute("SET GLOBAL read_only = ON")
                admin.execute("SHOW MASTER STATUS")
                row = admin.fetchone()
                file, position = row["File"], row["Position"]

                # 3. Copy the database.
                dump_into(cluster, source, database)
                admin.execute("SHOW MASTER STATUS")
                assert admin.fetchone() == row

                # 4. Make the source writeable again.
                admin.execute("SET GLOBAL read_only = OFF")
                admin.execute("UNLOCK TABLES")
                app.wait_for_more()

            # 6. and 7. The account for replication.
            source.execute(
                f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'repl_user'@'127.0.0.1' "
                f"IDENTIFIED BY '{PASSWORD}'",
            )

            # 9. and 10. Make the cluster the replica.
            with cluster.connect() as conn, conn.cursor() as master:
                master.execute(
                    f"CALL mysql.{set_external} ('127.0.0.1', {source.port}, "
                    f"'repl_user', '{PASSWORD}', '{file}', {position}, 0)"
                )
                assert master.fetchall() == ()
                master.execute("CALL mysql.rds_start_replication;")
                assert master.fetchall() == [
                    {"Message": "Replication started. Slave is now running normally."}
                ]

            # Rows go on; other statements, other types, other databases, and accounts.
            app.wait_for_more()
            source.execute(
                f"USE {database}",
                "SET time_zone = '+00:00'",
                VARIED.format(id=18446744073709551615),
                "UPDATE varied SET name = CONCAT(name, ' ✓'), single = -1.5e-10 WHERE id = 1",
                "INSERT INTO child SELECT id, id, id * 2 FROM log ORDER BY id LIMIT 10",
                "DELETE FROM log ORDER BY id LIMIT 5",
                "ALTER TABLE child ADD COLUMN later TEXT CHARACTER SET utf8mb4",
                "UPDATE child SET later = 'später 名' WHERE v > 14",
                "CREATE DATABASE other",
                "CREATE TABLE other.t (a INT PRIMARY KEY) ENGINE=InnoDB",
                "INSERT INTO other.t VALUES (1), (2)",
                "CREATE USER 'stray'@'%' IDENTIFIED BY 'stray'",
                "GRANT ALL ON *.* TO 'admin'@'%' IDENTIFIED BY 'taken over'",
                "DROP USER 'stray'@'%', 'admin'@'%'",
            )
            app.wait_for_more()

        wait_caught_up(cluster, source)
        assert checksum(cluster, database) == checksum(source, database)
        assert checksum(cluster, "other") == checksum(source, "other")
        assert checksum(source, database)["log"][0] > 50
        for statement in ("SHOW SLAVE STATUS", "SHOW REPLICA STATUS"):
            status = wait_up_to_date(cluster, statement)
            replica, name = ("Replica", "Source") if "REPLICA" in statement else ("Slave", "Master")
            assert status[f"{replica}_IO_Running"] == status[f"{replica}_SQL_Running"] == "Yes"
            assert (status[f"{name}_Host"], status[f"{name}_User"], status[f"{name}_Port"]) == (
                "127.0.0.1", "repl_user", source.port)  # fmt: skip
        shown = cluster.cluster_status()["replication"]
        assert (shown["io_running"], shown["sql_running"], shown["seconds_behind"]) == (
            "Yes", "Yes", 0)  # fmt: skip
        # The cluster's accounts are its own.
        assert cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host") == accounts

        check_stop_and_start(cluster, source, database)
        check_reset(cluster, source, database, reset_external)
        check_binlog(cluster, cluster_start, database)
        check_replica(cluster, cluster_start, database, tmp_path)
    finally:
        forget_source(cluster, database, "other")
        source.execute("SET GLOBAL read_only = OFF", f"DROP DATABASE {database}",
                       "GRANT USAGE ON *.* TO 'repl_user'@'127.0.0.1' IDENTIFIED BY 'x'",
                       "DROP USER 'repl_user'@'127.0.0.1'")  # fmt: skip


def check_stop_and_start(cluster, source, database):
    before = checksum(cluster, database)
    assert cluster.query("CALL mysql.rds_stop_replication") == [
        {"Message": "Slave is now down or disabled"}
    ]
    status = slave_status(cluster)
    assert status["Slave_IO_Running"] == status["Slave_SQL_Running"] == "No"
    assert status["Seconds_Behind_Master"] is None
    source.execute(f"INSERT INTO {database}.log (note) VALUES ('while stopped')")
    # Nothing of it came, and nothing can any more: no thread runs that would bring it.
    assert slave_status(cluster)["Exec_Master_Log_Pos"] == status["Exec_Master_Log_Pos"]
    assert slave_status(cluster)["Read_Master_Log_Pos"] == status["Read_Master_Log_Pos"]
    assert checksum(cluster, database) == before
    cluster.query("CALL mysql.rds_start_replication()")
    wait_caught_up(cluster, source)
    assert checksum(cluster, database) == checksum(source, database)
    assert checksum(cluster, database)["log"][0] == before["log"][0] + 1


def check_reset(cluster, source, database, procedure):
    assert cluster.query(f"CALL mysql.{procedure}()") == [{"message": "Slave has been reset"}]
    assert cluster.query("SHOW SLAVE STATUS") == []
    assert cluster.query("SHOW REPLICA STATUS") == []
    assert "replication" not in cluster.cluster_status()
    before = checksum(cluster, database)
    source.execute(f"INSERT INTO {database}.log (note) VALUES ('after the reset')")
    assert checksum(cluster, database) == before
    # From here on the database is the cluster's own.
    cluster.execute(f"INSERT INTO {database}.log (note) VALUES ('written on the cluster')")


def check_binlog(cluster, first, database):
    text = binlog_text(cluster, first)
    assert f"`{database}`.`log`" in text
    assert "rds_" not in text and "rdsadmin" not in text
    assert PASSWORD not in text


def check_replica(cluster, position, database, tmp_path):
    """A stock MariaDB follows the cluster from a position of SHOW MASTER STATUS on."""
    own = cluster.credentials()
    with Node("mariadb-10.11", tmp_path / "replica") as replica:
        replica.execute(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={cluster.port}, "
            f"MASTER_USER='{own['user']}', MASTER_PASSWORD='{own['password']}', "
            f"MASTER_LOG_FILE='{position[0]}', MASTER_LOG_POS={position[1]}, MASTER_USE_GTID=no",
            "START SLAVE",
        )
        wait_caught_up(replica, cluster)
        status = slave_status(replica)
        assert status["Slave_IO_Running"] == status["Slave_SQL_Running"] == "Yes", status
        for schema in (database, "other"):
            assert checksum(replica, schema) == checksum(cluster, schema)


@contextlib.contextmanager
def logging_source(tmp_path, server, **settings):
    """A source whose general log tells who logged in."""
    log = tmp_path / "general.log"
    with Node(server, tmp_path / "source", general_log=1, general_log_file=log, log_output="FILE",
              log_warnings=2, **settings) as source:  # fmt: skip
        yield source, log


def logins(log):
    """The lines of repl_user's logins; a refused one says so in a line of its own."""
    return [line for line in log.read_text().splitlines() if "Connect" in line and "repl_user" in line]


def test_encryption_is_never_dropped(cluster, tmp_path):
    """A source without TLS is not logged in to in clear when encryption was asked for."""
    with logging_source(tmp_path, "mysql-5.6") as (source, log):
        source.execute(f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                       "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO "
                       "'repl_user'@'127.0.0.1'")  # fmt: skip
        assert source.query("SHOW VARIABLES LIKE 'have_ssl'")[0]["Value"] != "YES"
        file, position = master_position(source)
        try:
            cluster.query("CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, "
                          "%s, 1)", (source.port, PASSWORD, file, position))  # fmt: skip
            cluster.query("CALL mysql.rds_start_replication")
            status = wait_for(lambda: slave_status(cluster)["Last_IO_Error"] and slave_status(cluster),
                              30, "the reason")  # fmt: skip
            assert status["Slave_IO_Running"] == "Connecting" and "TLS" in status["Last_IO_Error"]
            assert status["Master_SSL_Allowed"] == "Yes"
            assert logins(log) == []
        finally:
            forget_source(cluster)


def test_one_source_after_another(make_cluster, tmp_path):
    """After a reset the cluster may follow another MariaDB, which numbers its own transactions."""
    cluster = make_cluster()
    cluster.start()
    for number, rows in (1, 20), (2, 3):
        with Node("mariadb-10.11", tmp_path / f"source{number}") as source:
            file, position = master_position(source)
            source.execute(f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'",
                           "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO "
                           "'repl_user'@'127.0.0.1'", f"CREATE DATABASE walk_{number}",
                           f"CREATE TABLE walk_{number}.t (a INT PRIMARY KEY AUTO_INCREMENT)",
                           *[f"INSERT INTO walk_{number}.t VALUES ()"] * rows)  # fmt: skip
            cluster.query("CALL mysql.rds_set_external_source('127.0.0.1', %s, 'repl_user', %s, %s, "
                          "%s, 0)", (source.port, PASSWORD, file, position))  # fmt: skip
            cluster.query("CALL mysql.rds_start_replication")
            wait_caught_up(cluster, source)
            assert checksum(cluster, f"walk_{number}") == checksum(source, f"walk_{number}")
            cluster.query("CALL mysql.rds_reset_external_source")
