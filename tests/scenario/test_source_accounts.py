"""Accounts of a source: a cluster of compatibility 2 takes them, one of 3 takes none.

One daemon with both clusters, which follow the same source: `borealis` is 3, on MariaDB 10.11, and `old`, on
11.8, is 2.

Time budget: 40 s.
"""

import json

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .test_channel import PASSWORD, make_account, position
from .test_clusters import ask, connect

CATCH_UP = 60
SET = "CALL mysql.rds_set_external_master('127.0.0.1', %s, 'repl_user', %s, %s, %s, 0)"
DENIED = 1045
NO_SUCH_DEFINER = 1449
LOGGED_PASSWORD = "At-the-source-1"


class Member:
    """One cluster of the daemon, by its name."""

    def __init__(self, cluster, name):
        self.cluster = cluster
        self.name = name
        self.host = ask(cluster, "describe", name)
        self.conn = connect(cluster, name)
        self.master = self.conn.user.decode() if isinstance(self.conn.user, bytes) else self.conn.user

    def query(self, sql, args=None):
        with self.conn.cursor() as cursor:
            cursor.execute(sql, args)
            return list(cursor.fetchall())

    def login(self, user, password):
        """Of an account over the endpoint."""
        return connect(self.cluster, self.name, user=user, password=password)

    def accounts(self):
        rows = self.query("SELECT User, Host, Priv FROM mysql.global_priv ORDER BY User, Host")
        return {f"{row['User']}@{row['Host']}": json.loads(row["Priv"]) for row in rows}

    def grants(self, account):
        return {next(iter(row.values())) for row in self.query(f"SHOW GRANTS FOR {account}")}

    def notes(self):
        return [f"{row['statement']}: {row['note']}"
                for row in self.query("SELECT statement, note FROM mysql.rds_account_note ORDER BY id")]  # fmt: skip

    def follow(self, source):
        self.query(SET, (source.port, PASSWORD, *position(source)))
        self.query("CALL mysql.rds_start_replication")

    def wait_for_row(self, number):
        def is_there():
            row = self.query("SHOW SLAVE STATUS")[0]
            assert not row["Last_SQL_Error"], row["Last_SQL_Error"]
            try:
                return self.query("SELECT a FROM acc.t WHERE a = %s", (number,))
            except pymysql.err.ProgrammingError:
                return False  # there is no such table yet

        wait_for(is_there, CATCH_UP, f"{self.name}: row {number}")

    def forget(self):
        self.query("CALL mysql.rds_stop_replication")
        self.query("CALL mysql.rds_reset_external_master")
        self.query("DROP DATABASE acc")


@pytest.fixture(scope="module")
def members(cluster):
    ask(cluster, "create", "old", "--engine", "mariadb-11.8", "--compatibility", "2")
    return Member(cluster, "borealis"), Member(cluster, "old")


def refused(login, *args):
    with pytest.raises(pymysql.err.OperationalError) as caught:
        login(*args)
    return caught.value.args[0]


# The words of all servers for the same.
STATEMENTS = [
    f"CREATE USER 'app'@'%' IDENTIFIED BY '{LOGGED_PASSWORD}'",
    "GRANT SELECT, INSERT ON acc.* TO 'app'@'%'",
    "CREATE USER 'boss'@'%', 'gone'@'10.0.0.1' IDENTIFIED BY 'x'",
    "GRANT ALL PRIVILEGES ON *.* TO 'boss'@'%' WITH GRANT OPTION",
    "DROP USER 'gone'@'10.0.0.1'",
    "CREATE USER 'before'@'localhost' IDENTIFIED BY 'x'",
    "RENAME USER 'before'@'localhost' TO 'behind'@'10.%'",
    "GRANT ALL ON acc.t TO 'behind'@'10.%' WITH GRANT OPTION",
    "REVOKE DELETE ON acc.t FROM 'behind'@'10.%'",
    "GRANT SELECT ON mysql.* TO 'app'@'%'",
    # Who calls it would have all rights, if it came as it is.
    "CREATE DEFINER=`rdsadmin`@`localhost` PROCEDURE acc.take() SET GLOBAL max_connect_errors = 77",
    # Rows of the system's tables are no statements of accounts.
    "INSERT INTO mysql.db (Host, Db, User, Select_priv) VALUES ('%', 'mysql', 'boss', 'Y')",
]
AGAINST = [
    "CREATE USER '{0}'@'%' IDENTIFIED BY 'stolen'",
    "CREATE USER '{0}'@'127.0.0.1' IDENTIFIED BY 'stolen'",
    "GRANT ALL ON *.* TO '{0}'@'%'",
    "CREATE USER 'rdsadmin'@'localhost' IDENTIFIED BY 'stolen'",
    "GRANT ALL ON *.* TO 'rdsadmin'@'localhost'",
    "RENAME USER 'rdsadmin'@'localhost' TO 'taken'@'%'",
    "DROP USER '{0}'@'%', '{0}'@'127.0.0.1'",
]
ROLES = ["CREATE ROLE 'reader'", "GRANT UPDATE ON acc.* TO 'reader'", "GRANT 'reader' TO 'app'@'%'"]
DEFAULT_ROLE = {
    "mariadb-11.8": "SET DEFAULT ROLE reader FOR 'app'@'%'",
    "mysql-9.7": "SET DEFAULT ROLE reader TO 'app'@'%'",
}
NEW_PASSWORD = {
    "mysql-5.6": "SET PASSWORD FOR 'app'@'%' = PASSWORD('Another-2')",
    "mariadb-11.8": "SET PASSWORD FOR 'app'@'%' = PASSWORD('Another-2')",
    "mysql-9.7": "ALTER USER 'app'@'%' IDENTIFIED BY 'Another-2'",
}


@pytest.mark.parametrize("server", ["mysql-5.6", "mysql-9.7", "mariadb-11.8"])
def test_accounts_of_a_source(members, tmp_path, server):
    three, two = members
    before = {member.name: member.accounts() for member in members}
    has_hash = server != "mysql-9.7"  # one that the engine can check, too
    with Node(server, tmp_path / "source") as source:
        make_account(source)
        for member in members:
            member.follow(source)
        source.execute("CREATE DATABASE acc", "CREATE TABLE acc.t (a INT PRIMARY KEY)", *STATEMENTS,
                       *[statement.format(two.master) for statement in AGAINST],
                       *([*ROLES, DEFAULT_ROLE[server]] if server in DEFAULT_ROLE else []),
                       "INSERT INTO acc.t VALUES (1)")  # fmt: skip
        for member in members:
            member.wait_for_row(1)
        assert three.accounts() == before["borealis"] and three.notes() == []

        for member in members:
            assert refused(member.query, "CALL acc.take()") == NO_SUCH_DEFINER

        after = two.accounts()
        added = {"app@%", "boss@%", "behind@10.%"} | ({"reader@"} if server in DEFAULT_ROLE else set())
        assert set(after) - set(before["old"]) == added
        assert {name: after[name] for name in before["old"]} == before["old"]
        assert any("INSERT" in grant and "`acc`.*" in grant for grant in two.grants("'app'@'%'"))
        assert not any("`mysql`" in grant for name in ("app", "boss") for grant in two.grants(f"'{name}'@'%'"))
        assert not any("ALL PRIVILEGES" in grant or "INSERT" in grant or "WITH GRANT" in grant
                       for grant in two.grants("'boss'@'%'")), two.grants("'boss'@'%'")  # fmt: skip
        behind = next(grant for grant in two.grants("'behind'@'10.%'") if "acc" in grant)
        assert "UPDATE" in behind and "DELETE" not in behind.replace("DELETE HISTORY", ""), behind
        assert any(note.startswith("GRANT ON *.* TO `boss`") and "all others, GRANT OPTION" in note
                   for note in two.notes()), two.notes()  # fmt: skip
        assert any(note.startswith("GRANT ON `mysql`.*") for note in two.notes()), two.notes()
        for name in two.master, "rdsadmin":
            assert any(f"not a source's to change here: {name}" in note for note in two.notes()), two.notes()

        if not has_hash:  # it is there, and closed, until it is given a password here
            assert any("CREATE USER `app`" in note and "caching_sha2_password" in note for note in two.notes())
            assert refused(two.login, "app", LOGGED_PASSWORD) == DENIED
            two.query("ALTER USER 'app'@'%' IDENTIFIED BY 'Here-3'")
        with two.login("app", LOGGED_PASSWORD if has_hash else "Here-3") as conn, conn.cursor() as cursor:
            cursor.execute("SELECT a FROM acc.t")
            assert list(cursor.fetchall()) == [{"a": 1}]
            if server in DEFAULT_ROLE:
                cursor.execute("UPDATE acc.t SET a = 1")
        assert refused(three.login, "app", LOGGED_PASSWORD) == DENIED

        # A password that changes there is not the old one here.
        source.execute(NEW_PASSWORD[server], "DROP USER 'behind'@'10.%'", "INSERT INTO acc.t VALUES (2)")
        two.wait_for_row(2)
        assert refused(two.login, "app", LOGGED_PASSWORD if has_hash else "Here-3") == DENIED
        if has_hash:
            two.login("app", "Another-2").close()
        assert "behind@10.%" not in two.accounts()
    for member in members:
        member.forget()
    logs = [two.cluster.stderr, *two.cluster.dir.glob("clusters/*/instances/*/engine.log")]
    for log in logs:
        text = log.read_text(errors="replace")
        assert not any(word in text for word in (LOGGED_PASSWORD, "Another-2", "stolen"))
    two.query("DROP USER 'app'@'%', 'boss'@'%'")
    if server in DEFAULT_ROLE:
        two.query("DROP ROLE reader")
    assert set(two.accounts()) == set(before["old"])


# Each with a part of the note that it leaves, or none.
UNLIKE = [
    ("CREATE USER 'here'@'%' IDENTIFIED BY 'x'", "already exists"),
    ("GRANT SELECT ON `d\u00e4`.* TO 'here'@'%'", None),
    ("CREATE USER 'modern'@'%' IDENTIFIED VIA ed25519 USING PASSWORD('x')", "has not loaded its plugin"),
    ("GRANT SELECT ON acc.* TO 'modern'@'%'", None),
    ("CREATE USER 'strict'@'%' IDENTIFIED BY 'x' REQUIRE X509", "no certificate of a client"),
    ("DROP USER 'lacking'@'%'", "Can't drop user"),
    ("REVOKE INSERT ON acc.* FROM 'here'@'%'", "There is no such grant"),
    ("GRANT lost_role TO 'here'@'%'", "Invalid role"),
    ("GRANT SELECT ON `%`.* TO 'here'@'%'", "the master user could not do so"),
    ("GRANT PROXY ON 'strict'@'%' TO 'here'@'%'", "PROXY"),
]


def test_accounts_that_are_not_here_as_there(members, tmp_path):
    """Replication goes on, and says what it did not do."""
    two = members[1]
    seen = len(two.notes())
    with Node("mariadb-11.8", tmp_path / "source", plugin_load_add="auth_ed25519") as source:
        make_account(source)
        source.execute("SET SESSION sql_log_bin = 0", "CREATE USER 'lacking'@'%'", "CREATE ROLE lost_role",
                       "CREATE DATABASE acc", "CREATE TABLE acc.t (a INT PRIMARY KEY)",
                       "CREATE USER 'here'@'%'", "GRANT INSERT ON acc.* TO 'here'@'%'", "DROP USER 'here'@'%'")  # fmt: skip
        two.query("CREATE DATABASE acc")
        two.query("CREATE TABLE acc.t (a INT PRIMARY KEY)")
        two.query("CREATE USER 'here'@'%' IDENTIFIED BY 'mine'")
        two.follow(source)
        for statement, _ in UNLIKE:
            if statement.startswith("REVOKE"):
                source.execute("SET SESSION sql_log_bin = 0", "GRANT INSERT ON acc.* TO 'here'@'%'")
            source.execute(statement)
        source.execute("INSERT INTO acc.t VALUES (1)")
        two.wait_for_row(1)
        notes = two.notes()[seen:]
        for statement, part in UNLIKE:
            found = [note for note in notes if part and part in note]
            assert bool(found) == bool(part), (statement, part, notes)
        assert len(notes) == sum(part is not None for _, part in UNLIKE), notes
        assert not any("*" in note and "IDENTIFIED" in note for note in notes)
        two.login("here", "mine").close()
        for name in "modern", "strict":
            assert two.accounts()[f"{name}@%"]["authentication_string"] == "invalid"
            assert refused(two.login, name, "x") == DENIED
        assert any("`acc`.*" in grant for grant in two.grants("'modern'@'%'"))
        row = two.query("SHOW SLAVE STATUS")[0]
        assert (row["Master_Log_File"], row["Read_Master_Log_Pos"]) == position(source)
        assert row["Exec_Master_Log_Pos"] == row["Read_Master_Log_Pos"]
    two.forget()
    two.query("DROP USER 'here'@'%', 'modern'@'%', 'strict'@'%'")


def test_accounts_of_another_cluster(members):
    """Those that its master user makes; the two master users have one name, and keep to themselves."""
    three, two = members
    before = two.accounts()
    three.query(f"CREATE USER 'repl_user'@'127.0.0.1' IDENTIFIED BY '{PASSWORD}'")
    three.query("GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO 'repl_user'@'127.0.0.1'")
    row = three.query("SHOW MASTER STATUS")[0]
    two.query(SET, (three.cluster.port, PASSWORD, row["File"], row["Position"]))
    two.query("CALL mysql.rds_start_replication")
    three.query("CREATE DATABASE acc")
    three.query("CREATE TABLE acc.t (a INT PRIMARY KEY)")
    three.query("CREATE USER 'moved'@'%' IDENTIFIED BY 'Moved-4'")
    three.query("GRANT ALL ON acc.* TO 'moved'@'%'")
    three.query("INSERT INTO acc.t VALUES (1)")
    two.wait_for_row(1)
    assert set(two.accounts()) - set(before) == {"moved@%"}
    with two.login("moved", "Moved-4") as conn, conn.cursor() as cursor:
        assert cursor.execute("SELECT a FROM acc.t") == 1
    three.query("DROP USER 'moved'@'%', 'repl_user'@'127.0.0.1'")
    three.query("INSERT INTO acc.t VALUES (2)")
    two.wait_for_row(2)
    assert two.accounts() == before
    two.forget()
    three.query("DROP DATABASE acc")
