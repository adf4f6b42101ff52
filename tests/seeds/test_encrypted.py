"""Encrypted replication, from the source's configuration to the end of the channel.

Time budget: 30 s.
"""

import subprocess

import pymysql
import pytest

from scenario.wire import Authority
from servers.checksum import checksum
from servers.node import Node
from servers.wait import wait_for

from .typed import instead, lines, statements, text

TIMEOUT = 60
USER = {"<user_name>": "repl_user", "<domain_name>": "127.0.0.1"}
PASSWORD = "s3cret-of-repl_user"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("encrypted") / "ca")


@pytest.fixture(scope="module", params=["mariadb-10.11", "mysql-9.7"])
def source(request, authority, tmp_path_factory):
    """A source with the documents' lines for TLS, a table, and a user that must use it."""
    cert, key = authority.issue("server")
    configuration = text("source-configuration-tls", {
        "/home/sslcerts/ca.pem": authority.ca,
        "/home/sslcerts/server-cert.pem": cert,
        "/home/sslcerts/server-key.pem": key,
    })  # fmt: skip
    settings = {"log_bin": None, "server_id": None}
    settings |= dict(line.split("=") for line in configuration.splitlines() if "=" in line)
    with Node(request.param, tmp_path_factory.mktemp("encrypted") / request.param, **settings) as source:
        for label, values in (("create-named-user", {**USER, "<password>": PASSWORD}), ("grant-named-user", USER)):
            for statement in statements(label, values):
                source.execute(statement)
        if request.param == "mysql-9.7":
            source.execute(instead("require-ssl", "ALTER USER 'repl_user'@'<domain_name>' REQUIRE SSL;").replace(
                "<domain_name>", "127.0.0.1"))  # fmt: skip
        else:
            source.execute(*statements("require-ssl-named-user", USER))
        yield source


def pem_body(path):
    """The lines between the first and the last of a PEM file."""
    return "\n".join(path.read_text().strip().splitlines()[1:-1])


def import_call(authority):
    """The documented call with an authority, a certificate and a key in the place of the example's."""
    cert, key = authority.issue("cluster")
    traditional = key.with_suffix(".rsa")
    subprocess.run(["openssl", "rsa", "-traditional", "-in", key, "-out", traditional], check=True,
                   capture_output=True)  # fmt: skip
    [printed] = statements("ssl-material")
    example = printed.partition("-----BEGIN CERTIFICATE-----\n")[2].partition("\n-----END")[0]
    pieces = printed.split(example)
    assert len(pieces) == 4
    bodies = [pem_body(path) for path in (authority.ca, cert, traditional)]
    return pieces[0] + "".join(body + piece for body, piece in zip(bodies, pieces[1:], strict=True))


@pytest.fixture
def material(cluster, authority):
    """The cluster with SSL material; without any, and without a source, at the end."""
    with cluster.connect(tls=True) as conn, conn.cursor() as cursor:
        cursor.execute(import_call(authority))
        assert list(cursor.fetchall()) == [{"Message": "SSL material import complete."}]
    yield
    if cluster.query("SHOW SLAVE STATUS"):
        cluster.query("CALL mysql.rds_reset_external_master")
    [remove] = lines("remove-ssl-material")
    assert cluster.query(f"CALL {remove}") == []


def test_ssl_material(cluster, material):
    """Imported and removed as printed; the example itself, which is no certificate, is refused and not shown."""
    [call] = statements("ssl-material")
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.query(call)
    assert caught.value.args[0] == 1644 and "ssl_ca" in caught.value.args[1]
    assert "AAAAB3" not in caught.value.args[1]


def position(source):
    """Where the source's log stands."""
    statement = "SHOW BINARY LOG STATUS" if source.server == "mysql-9.7" else "SHOW MASTER STATUS"
    [row] = source.query(statement)
    return row["File"], row["Position"]


def set_external(cluster, source, at):
    """The documented example, by its erratum: the user's name alone."""
    [printed] = statements("set-external-account", {
        "Externaldb.some.com": "127.0.0.1",
        "3306": source.port,
        "'password'": f"'{PASSWORD}'",
        "mysql-bin.000010": at[0],
        "120": at[1],
    })  # fmt: skip
    assert printed.endswith("1);")  # encrypted
    assert cluster.query(printed.replace("'repl_user'@'mydomain.com'", "'repl_user'")) == []


def test_encrypted_replication(cluster, source, material):
    at = position(source)
    source.execute("CREATE DATABASE shop CHARACTER SET utf8mb4", "CREATE TABLE shop.items (id INT PRIMARY KEY, name "
                   "VARCHAR(50)) ENGINE=InnoDB", "INSERT INTO shop.items VALUES (1, 'one'), (2, 'zwei ü 🐙')")  # fmt: skip
    try:
        set_external(cluster, source, at)
        [answer] = cluster.query(*statements("start-replication"))
        assert answer["Message"].endswith("running normally.")
        # The user is refused without TLS, so what comes has come by it.
        wait_for(lambda: checksum(cluster, "shop") == checksum(source, "shop"), TIMEOUT, "shop is equal",
                 ignore=pymysql.err.MySQLError)  # fmt: skip
        [row] = cluster.query(*statements("show-slave-status"))
        assert row["Master_SSL_Allowed"] == "Yes" and row["Seconds_Behind_Master"] == 0
        assert cluster.query(f"CALL {lines('stop-at-the-cluster')[0]};")
    finally:
        source.execute("DROP DATABASE shop")
        cluster.execute("DROP DATABASE IF EXISTS shop")
