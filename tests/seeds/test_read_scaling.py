"""An external source is copied into a cluster, which follows it: the documents' steps in their order.

Time budget: 30 s.
"""

import os
import re
import subprocess

import pymysql
import pytest

from scenario.cluster import borealis
from servers import fetch
from servers import node as nodes
from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

from .typed import instead, lines, statements, text

# The source, and whose programs dump and load: MySQL 5.6 is fetched without any, and MariaDB's
# dump asks it for a column that it does not have.
SOURCES = {"mysql-5.6": "mysql-9.7", "mysql-9.7": "mysql-9.7", "mariadb-10.11": "mariadb-10.11"}
NEWEST = "mysql-9.7"
# What can follow a cluster.
REPLICAS = ["mariadb-10.11", "mysql-9.7"]
TIMEOUT = 60
PASSWORD = "s3cret-of-repl_user"
DOMAIN = {"mydomain.com": "127.0.0.1"}


@pytest.fixture(scope="module", params=SOURCES)
def source(request, tmp_path_factory):
    with Node(request.param, tmp_path_factory.mktemp("source")) as source:
        source.execute("CREATE USER 'local_user'@'localhost' IDENTIFIED BY 'local_password'",
                       "GRANT ALL ON *.* TO 'local_user'@'localhost'")  # fmt: skip
        yield source


@pytest.fixture
def shell(source, tmp_path):
    """Function that runs a command line as typed at the source's machine, with its client programs."""
    home = fetch.home(SOURCES[source.server])
    for name in ("mysql", "mysqldump"):
        program = tmp_path / name
        program.write_text(
            f"#!/bin/sh\nexec '{nodes.program(home, name)}' --no-defaults --plugin-dir='{home}/client-plugin' "
            f"--character-sets-dir='{home}/share/charsets' \"$@\"\n"
        )
        program.chmod(0o755)

    def run(line):
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line], capture_output=True, text=True, timeout=TIMEOUT, check=False,
            env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "MYSQL_UNIX_PORT": source.socket},
        )  # fmt: skip
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture
def shop(cluster, source):
    """A database of the source, which the cluster does not have; all is as before at the end."""
    source.execute(
        "CREATE DATABASE shop CHARACTER SET utf8mb4", "USE shop",
        "CREATE TABLE items (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(100), price DECIMAL(10, 2)) "
        "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        "INSERT INTO items (name, price) VALUES ('naïve 🐙', 1.50), (NULL, NULL)",
    )  # fmt: skip
    yield "shop"
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_master")
    cluster.execute("DROP DATABASE IF EXISTS shop")
    source.execute("SET GLOBAL read_only = OFF", "DROP DATABASE shop")


def equal(cluster, source, database):
    wait_for(lambda: checksum(cluster, database) == checksum(source, database), TIMEOUT, f"{database} is equal",
             ignore=pymysql.err.MySQLError)  # fmt: skip


def status(cluster, statement):
    """The one row of SHOW {SLAVE | REPLICA} STATUS, its words in the older or the newer vocabulary alike."""
    [row] = cluster.query(statement)
    return {re.sub("Source", "Master", re.sub("Replica(?=_)", "Slave", name)): value for name, value in row.items()}


def test_windows_form_is_the_same():
    values = {"<database_name>": "d", "<local_user>": "u", "<local_password>": "p",
              "<RDS_user_name>": "v", "<RDS_password>": "q"}  # fmt: skip
    assert text("dump-and-load-windows", values).replace("^\n", "\\\n") == text("dump-and-load", values)


def show_position(source):
    """SHOW MASTER STATUS, as it is typed at a source."""
    [printed] = lines("show-master-status")
    return instead("show-master-status", "SHOW BINARY LOG STATUS;") if source.server == NEWEST else printed


def copy(cluster, source, shell, database):
    """Steps 1 to 5: read-only, position, dump, writeable again. Returns the position."""
    with source.connect() as conn, conn.cursor() as cursor:
        for statement in statements("make-read-only"):
            cursor.execute(statement)
        cursor.execute(show_position(source))
        position = cursor.fetchone()
        own = cluster.credentials()
        instead("dump-and-load", "-p<local_password>")
        shell(text("dump-and-load", {
            "<database_name>": database,
            "<local_user>": "local_user",
            "-p <local_password>": "-plocal_password",
            "aurora_cluster_endpoint_address": "127.0.0.1",
            "3306": cluster.port,
            "<RDS_user_name>": own["user"],
            "-p <RDS_password>": f"-p{own['password']}",
        }))  # fmt: skip
        assert checksum(cluster, database) == checksum(source, database)
        for statement in statements("make-writeable"):
            cursor.execute(statement)
    return position["File"], position["Position"]


def test_read_scaling(cluster, source, shell, shop):
    accounts = cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host")
    file, position = copy(cluster, source, shell, shop)

    # The user, step 7 and 8.
    for statement in statements("create-user-of-domain", {**DOMAIN, "<password>": PASSWORD}):
        source.execute(statement)
    if source.server == NEWEST:
        source.execute(*statements("grant-replication", {"<domain_name>": "127.0.0.1"}))
    else:
        source.execute(*statements("grant-identified-by", {**DOMAIN, "<password>": PASSWORD}))
    source.execute(f"INSERT INTO {shop}.items (name) VALUES ('before the start')")

    # The cluster becomes the replica: the words of version 2, then those of version 3.
    calls = statements("set-external", {
        "mymasterserver.mydomain.com', 3306": f"127.0.0.1', {source.port}",
        "<password>": PASSWORD,
        "mysql-bin-changelog.000031', 107": f"{file}', {position}",
    })  # fmt: skip
    assert len(calls) == 2 and len(set(calls)) == 2
    for call in calls:
        assert cluster.query(call) == []
    [start] = statements("start-replication")
    [answer] = cluster.query(start)
    assert answer["Message"].endswith("running normally.")

    # Rows come; accounts and what they may do stay the cluster's own.
    source.execute(f"INSERT INTO {shop}.items (name, price) VALUES ('later', 2)")
    for word in lines("accounts-stay"):
        source.execute(f"{word} " + {
            "CREATE USER": "'stray'@'%' IDENTIFIED BY 'stray'",
            "GRANT": "ALL PRIVILEGES ON *.* TO 'stray'@'%'",
            "REVOKE": "ALL PRIVILEGES, GRANT OPTION FROM 'stray'@'%'",
        }[word])  # fmt: skip
    source.execute("DROP USER 'stray'@'%'", f"INSERT INTO {shop}.items (name) VALUES ('after the accounts')")
    equal(cluster, source, shop)
    assert cluster.query("SELECT * FROM mysql.global_priv ORDER BY User, Host") == accounts

    check_monitoring(cluster, source)
    check_address(cluster, source)
    check_stop(cluster, source, shop, start)
    check_reset(cluster, source, shop, calls[1])
    source.execute("DROP USER 'repl_user'@'127.0.0.1'")


def check_monitoring(cluster, source):
    # The name of the column, which the documents print with blanks.
    instead("seconds-behind", "Seconds_Behind_Master")
    [show_slave] = statements("show-slave-status")
    for statement in (show_slave, *lines("show-replica-status")):
        row = status(cluster, statement)
        assert (row["Slave_IO_Running"], row["Slave_SQL_Running"], row["Seconds_Behind_Master"]) == ("Yes", "Yes", 0)
        assert (row["Master_Host"], row["Master_Port"]) == ("127.0.0.1", source.port)


def check_address(cluster, source):
    """The source sees the cluster come from the address that the page's command prints."""
    command = "build/borealis cluster describe borealis"
    for label in ("host", "host-by-rds-name"):
        instead(label, command)
    done = borealis(*command.split()[1:], "--dir", cluster.dir)
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert re.search(rf"^  endpoint +127\.0\.0\.1 port {cluster.port}\b", shown, re.M), shown
    own = re.search(r"^  connects +from (\S+) to 127\.0\.0\.1$", shown, re.M)[1]
    seen = {row["Host"].rpartition(":")[0] for row in source.query("SHOW PROCESSLIST") if row["User"] == "repl_user"}
    assert seen == {own}


def check_stop(cluster, source, database, start):
    [stop] = statements("stop-at-the-source")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        source.query(stop)
    assert caught.value.args[0] == 1305
    instead("stop-at-the-source", stop)
    [name] = lines("stop-at-the-cluster")
    assert stop == f"CALL {name};"
    assert cluster.query(stop) == [{"Message": "Slave is now down or disabled"}]
    row = status(cluster, "SHOW SLAVE STATUS")
    assert (row["Slave_IO_Running"], row["Slave_SQL_Running"], row["Seconds_Behind_Master"]) == ("No", "No", None)
    before = checksum(cluster, database)
    source.execute(f"INSERT INTO {database}.items (name) VALUES ('while stopped')")
    assert checksum(cluster, database) == before
    cluster.query(start)
    equal(cluster, source, database)


def check_reset(cluster, source, database, configure):
    """Under both names, from the running and from the stopped channel."""
    names = lines("reset")
    for name in names:
        assert cluster.query(f"CALL {name}") == [{"message": "Slave has been reset"}]
        assert cluster.query("SHOW SLAVE STATUS") == [] == cluster.query("SHOW REPLICA STATUS")
        cluster.query(configure)
    cluster.query(f"CALL {names[0]}")
    cluster.execute(f"INSERT INTO {database}.items (name) VALUES ('the cluster is on its own')")


def hit_ratio(cluster):
    """Of the binlog I/O cache; 0 while nothing is known."""
    [row] = cluster.query(*statements("cache-hit-ratio"))
    return float(row["binlog_io_cache_hit_ratio"] or 0)


@pytest.mark.parametrize("source", REPLICAS, indirect=True)
def test_external_replica(cluster, source):
    """The other way: the cluster is the source, with the documents' user, and an external server follows it."""
    replica, who = source, {"<domain_name>": "127.0.0.1"}
    for label, values in (("create-replication-user", {**who, "<password>": PASSWORD}), ("grant-replication", who)):
        for statement in statements(label, values):
            cluster.execute(statement)
    [at] = cluster.query(*lines("show-master-status"))
    assert list(at)[:2] == lines("show-master-status-output")[0].split()
    assert at["File"].startswith("mysql-bin-changelog.0")
    word, new = ("REPLICA", "SOURCE") if replica.server == NEWEST else ("SLAVE", "MASTER")
    try:
        replica.execute(
            f"CHANGE {'REPLICATION SOURCE' if replica.server == NEWEST else 'MASTER'} TO {new}_HOST='127.0.0.1', "
            f"{new}_PORT={cluster.port}, {new}_USER='repl_user', {new}_PASSWORD='{PASSWORD}', "
            f"{new}_LOG_FILE='{at['File']}', {new}_LOG_POS={at['Position']}",
            f"START {word}",
        )
        cluster.execute("CREATE DATABASE away", "CREATE TABLE away.t (id INT PRIMARY KEY)",
                        "INSERT INTO away.t VALUES (1), (2)")  # fmt: skip
        equal(replica, cluster, "away")
        for stop in lines("stop-external"):
            if replica.server == NEWEST and "SLAVE" in stop:
                continue  # it is gone there
            replica.execute(stop)
            row = status(replica, f"SHOW {word} STATUS")
            assert (row["Slave_IO_Running"], row["Slave_SQL_Running"]) == ("No", "No")
            before = checksum(replica, "away")
            cluster.execute("INSERT INTO away.t SELECT MAX(id) + 1 FROM away.t")
            assert checksum(replica, "away") == before
            replica.execute(f"START {word}")
            equal(replica, cluster, "away")
        wait_for(lambda: 0 < hit_ratio(cluster) <= 100, TIMEOUT, "what is sent comes from the cache")
    finally:
        replica.execute(f"STOP {word}", f"RESET {word} ALL", "DROP DATABASE IF EXISTS away")
        cluster.execute("DROP DATABASE IF EXISTS away")
        cluster.drop_account("'repl_user'@'127.0.0.1'")
