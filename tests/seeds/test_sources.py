"""What the seed documents have typed at the external server: configuration, accounts, position, stop.

The servers run with the documents' own lines in their configuration.

Time budget: 30 s.
"""

import pymysql
import pytest

from scenario.wire import Authority
from servers.checksum import checksum
from servers.node import Node

from .typed import cells, instead, lines, statements, text

SYNTAX = 1064
DENIED = 1045
# Its TLS, yaSSL, can not talk to any client at hand; the documents have both configurations.
WITHOUT_TLS = "mysql-5.6"
# The statements with "master" and "slave" in them are gone there, as is have_ssl.
NEWEST = "mysql-9.7"
ACCOUNT = "'repl_user'@'127.0.0.1'"
USER = {"<domain_name>": "127.0.0.1"}
NAMED = {**USER, "<user_name>": "repl_user"}
PASSWORD = {"<password>": "s3cret"}
LOGIN = {"host": "127.0.0.1", "user": "repl_user", "password": "s3cret"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("seeds") / "ca")


@pytest.fixture(scope="module", params=["mysql-5.6", "mysql-9.7", "mariadb-10.11"])
def source(request, authority, tmp_path_factory):
    if request.param == WITHOUT_TLS:
        configuration = text("source-configuration")
    else:
        cert, key = authority.issue("server")
        configuration = text("source-configuration-tls", {
            "/home/sslcerts/ca.pem": authority.ca,
            "/home/sslcerts/server-cert.pem": cert,
            "/home/sslcerts/server-key.pem": key,
        })  # fmt: skip
    settings = {"log_bin": None, "server_id": None}
    settings |= dict(line.split("=") for line in configuration.splitlines() if "=" in line)
    with Node(request.param, tmp_path_factory.mktemp("seeds") / request.param, **settings) as source:
        yield source


@pytest.fixture
def user(source):
    """The replication user, made by the documents' statements; gone at the end."""
    for statement in statements("create-replication-user", {**USER, **PASSWORD}):
        source.execute(statement)
    yield LOGIN
    source.execute(f"DROP USER {ACCOUNT}")


def refused(server, statement):
    """The number of the error with which a server refuses a statement."""
    with pytest.raises(pymysql.err.MySQLError) as caught:
        server.query(statement)
    return caught.value.args[0]


def test_configuration_file(source, authority):
    """It starts with the lines as printed, and does what they say."""
    shown = {row["Variable_name"]: row["Value"] for row in source.query("SHOW GLOBAL VARIABLES")}
    expected = {"log_bin": "ON", "server_id": "2133421", "sync_binlog": "1", "innodb_flush_log_at_trx_commit": "1"}
    assert expected.items() <= shown.items()
    assert shown["log_bin_basename"].endswith("/mysql-bin")
    if source.server != WITHOUT_TLS:
        with source.connect(host="127.0.0.1", ssl={"ca": str(authority.ca)}) as conn, conn.cursor() as cursor:
            cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_version'")
            assert cursor.fetchone()["Value"].startswith("TLSv1.")


def test_conversion_to_innodb(source):
    source.execute(
        "DROP DATABASE IF EXISTS shop", "CREATE DATABASE shop", "USE shop",
        "CREATE TABLE visits (id INT PRIMARY KEY AUTO_INCREMENT, words TEXT, FULLTEXT (words)) ENGINE=MyISAM",
        "INSERT INTO visits (words) VALUES ('one'), ('two'), (NULL)",
    )  # fmt: skip
    before = checksum(source, "shop")
    for statement in statements("convert-to-innodb", {"<schema>": "shop", "<table_name>": "visits"}):
        source.execute(statement)
    assert source.query("SELECT ENGINE FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'shop'") == [
        {"ENGINE": "InnoDB"}]  # fmt: skip
    assert checksum(source, "shop") == before and before["visits"][0] == 3


@pytest.mark.parametrize("create, grant, who", [("create-replication-user", "grant-replication", USER),
                                                ("create-named-user", "grant-named-user", NAMED)])  # fmt: skip
def test_replication_user(source, create, grant, who):
    """It may do what a replica does, and nothing before the grant."""
    ask = "SHOW BINARY LOG STATUS" if source.server == NEWEST else "SHOW MASTER STATUS"
    for statement in statements(create, {**who, **PASSWORD}):
        source.execute(statement)
    try:
        with source.connect(**LOGIN) as conn, conn.cursor() as cursor, pytest.raises(pymysql.err.MySQLError) as caught:
            cursor.execute(ask)
        assert caught.value.args[0] == 1227
        for statement in statements(grant, who):
            source.execute(statement)
        with source.connect(**LOGIN) as conn, conn.cursor() as cursor:
            cursor.execute(ask)
            file = cursor.fetchone()["File"]
        dump = source.client("mysqlbinlog", "--read-from-remote-server", "--host=127.0.0.1", "--protocol=tcp",
                             f"--port={source.port}", "--user=repl_user", "--password=s3cret", file)  # fmt: skip
        assert "server id 2133421" in dump.stdout
    finally:
        source.execute(f"DROP USER {ACCOUNT}")


@pytest.mark.parametrize("label, who", [("require-ssl", USER), ("require-ssl-named-user", NAMED)])
def test_require_ssl(source, authority, user, label, who):
    [statement] = statements(label, who)
    if source.server == NEWEST:
        assert refused(source, statement) == SYNTAX
        source.execute(instead(label, "ALTER USER 'repl_user'@'<domain_name>' REQUIRE SSL;").replace(
            "<domain_name>", "127.0.0.1"))  # fmt: skip
    else:
        source.execute(statement)
    with pytest.raises(pymysql.err.MySQLError) as caught:
        source.connect(**user, ssl_disabled=True)
    assert caught.value.args[0] == DENIED
    if source.server != WITHOUT_TLS:
        source.connect(**user, ssl={"ca": str(authority.ca)}).close()


def test_grant_with_a_password(source, user):
    values = {"mydomain.com": "127.0.0.1", **PASSWORD}
    [statement] = statements("grant-identified-by", values)
    if source.server == NEWEST:
        assert refused(source, statement) == SYNTAX
        statement = instead("grant-identified-by", "GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO "
                            "'repl_user'@'mydomain.com';").replace("mydomain.com", "127.0.0.1")  # fmt: skip
    source.execute(statement)
    with source.connect(**user) as conn, conn.cursor() as cursor:
        cursor.execute("SHOW BINARY LOGS")
        assert cursor.fetchone()["Log_name"] == "mysql-bin.000001"


def test_whether_tls_is_on(source):
    """As the client prints it."""
    printed = cells(text("have-ssl-output"))
    shown = cells(source.client("mysql", "--table", input=text("have-ssl")).stdout)
    if source.server == NEWEST:
        assert shown == []
        [row] = source.query(instead("have-ssl", "SHOW GLOBAL STATUS LIKE 'Ssl_server_not_after';"))
        assert row["Value"].endswith("GMT")
    elif source.server == WITHOUT_TLS:
        assert shown == [printed[0], ["have_ssl", "DISABLED"]]
    else:
        assert shown == printed


def test_position(source):
    [statement] = lines("show-master-status")
    if source.server == NEWEST:
        assert refused(source, statement) == SYNTAX
        statement = instead("show-master-status", "SHOW BINARY LOG STATUS;")
    head, _, value, _ = lines("show-master-status-output")
    [row] = source.query(statement)
    assert list(row)[:2] == head.split()
    assert row["File"].startswith("mysql-bin.0") and row["Position"] >= int(value.split()[1])


def test_stop_at_an_external_replica(source):
    stop_slave, stop_replica = lines("stop-external")
    newest = source.server == NEWEST
    if newest:
        source.execute("CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT=1, SOURCE_USER='u'")
    else:
        source.execute("CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT=1, MASTER_USER='u'")
    word = "REPLICA" if newest else "SLAVE"
    source.execute(f"START {word}")
    assert refused(source, *lines("stop-replication")) == SYNTAX
    instead("stop-replication", f"{stop_replica};")
    instead("stop-replication", f"{stop_slave};")
    source.execute(stop_replica if newest else stop_slave)
    [row] = source.query(f"SHOW {word} STATUS")
    assert [value for name, value in row.items() if name.endswith("_Running")] == ["No", "No"]
    source.execute(f"RESET {word} ALL")


def test_binary_log_off(source):
    """Not by a statement; the last test of a server, which is without its log afterwards."""
    printed = instead("stop-replication", "skip-log-bin")
    source.restart(**{"log-bin": None, printed: "ON"})
    assert source.query("SELECT @@log_bin AS log_bin") == [{"log_bin": 0}]
