"""Our side as a client: logins to real servers with every method they have, and what they answer.

Time budget: 90 s.
"""

import pytest

from servers.node import Node

from .wire import Authority, login

METHODS = {
    "mysql-5.6": ["mysql_native_password"],
    "mysql-9.7": ["caching_sha2_password", "sha256_password"],
    "mariadb-10.11": ["mysql_native_password", "ed25519"],
    "mariadb-11.8": ["mysql_native_password", "ed25519", "parsec"],
}
# MySQL 5.6.24 as fetched is built with yaSSL, whose handshake fails with OpenSSL 3's own s_client too.
WITH_TLS = [server for server in METHODS if server != "mysql-5.6"]
PAIRS = [(server, method) for server, methods in METHODS.items() for method in methods]
SECURE = {"ssl_mode": "required"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("wire") / "ca")


@pytest.fixture(scope="module")
def nodes(tmp_path_factory, authority):
    """Function that returns the running server of a kind, made at the first call."""
    cert, key = authority.issue("server")
    running = {}

    def get(server):
        if server not in running:
            settings = {"max_allowed_packet": "64M"}
            if server in WITH_TLS:
                settings |= {"ssl_ca": authority.ca, "ssl_cert": cert, "ssl_key": key}
            if server == "mariadb-10.11":
                settings |= {"plugin_load_add": "auth_ed25519"}
            if server == "mariadb-11.8":
                settings |= {
                    "plugin_load_add": "auth_ed25519;auth_parsec;auth_pam",
                    "plugin_maturity": "unknown",
                    "pam_use_cleartext_plugin": "1",
                }
            node = Node(server, tmp_path_factory.mktemp("wire") / server, **settings)
            node.start()
            running[server] = node
            for method in METHODS[server]:
                create(node, method)
                create(node, method, password="")
        return running[server]

    yield get
    for node in running.values():
        node.close()


def user_of(method, password="secret"):
    return f"u_{method[:10]}" + ("" if password else "_e")


def create(node, method, password="secret"):
    user = f"'{user_of(method, password)}'@'%'"
    if node.server == "mysql-5.6":
        how = f"IDENTIFIED BY '{password}'"
    elif node.server == "mysql-9.7":
        how = f"IDENTIFIED WITH {method} BY '{password}'"
    else:
        how = f"IDENTIFIED VIA {method} USING PASSWORD('{password}')"
    node.execute(f"CREATE USER {user} {how}", f"GRANT ALL ON *.* TO {user}")


@pytest.mark.parametrize("server,method", PAIRS)
def test_every_method_plain_tls_and_compressed(nodes, server, method):
    node = nodes(server)
    ways = [{"fetch_key": True}, {"fetch_key": True, "zlib": True}]
    if server in WITH_TLS:
        ways += [SECURE, {**SECURE, "zlib": True}, {**SECURE, "zstd": True, "zlib": True}]
    for way in ways:
        done = login(node, "SELECT CURRENT_USER(), NULL", user=user_of(method), **way)
        assert done.rows == [f"{user_of(method)}@%\t\\N"]
        assert done.facts["family"] == server.split("-")[0]
        assert (done.facts["tls"] != "none") == ("ssl_mode" in way)
        expected = "none"
        if "zlib" in way:
            expected = "zstd" if "zstd" in way and server == "mysql-9.7" else "zlib"
        assert done.facts["compression"] == expected


@pytest.mark.parametrize("server,method", PAIRS)
def test_wrong_and_empty_passwords(nodes, server, method):
    node = nodes(server)
    way = SECURE if server in WITH_TLS else {}
    for password in ("SeCrEt-wrong", None):
        done = login(node, user=user_of(method), password=password, check=False, **way)
        assert done.error.startswith("auth 1045 "), done.error
        assert f"127.0.0.1:{node.port}: error 1045 (28000): Access denied" in done.error
        assert "SeCrEt" not in done.error
    # 10.11 keeps nothing of an empty password for ed25519, and refuses its own client too.
    if (server, method) != ("mariadb-10.11", "ed25519"):
        done = login(node, "SELECT 1", user=user_of(method, ""), password=None, **way)
        assert done.rows == ["1"]
    done = login(node, user="nobody", check=False, **way)
    assert done.error.startswith("auth 1045 ")


def test_caching_sha2_full_and_fast(nodes, tmp_path):
    node = nodes("mysql-9.7")
    user = user_of("caching_sha2_password")
    refusal = "login with caching_sha2_password: the server wants the password itself"
    node.execute("FLUSH PRIVILEGES")  # forgets whom it has seen
    done = login(node, user=user, check=False)
    assert done.error.startswith("auth 0 ") and refusal in done.error
    # The key is fetched, or given, or not needed inside TLS.
    node.execute("FLUSH PRIVILEGES")
    login(node, user=user, fetch_key=True)
    key = tmp_path / "key.pem"
    row = node.query("SHOW STATUS LIKE 'Caching_sha2_password_rsa_public_key'")[0]
    key.write_text(row["Value"])
    node.execute("FLUSH PRIVILEGES")
    login(node, user=user, server_key=key)
    node.execute("FLUSH PRIVILEGES")
    login(node, user=user, **SECURE)
    # Now the server knows the password, and a proof is enough.
    login(node, user=user)
    node.execute("FLUSH PRIVILEGES")
    key.write_text("no key")
    done = login(node, user=user, server_key=key, check=False)
    assert "expected an RSA key" in done.error


def test_clear_passwords_only_when_allowed_and_secure(nodes):
    """MariaDB's PAM asks for mysql_clear_password before it looks at anything."""
    node = nodes("mariadb-11.8")
    node.execute("CREATE USER 'p'@'%' IDENTIFIED VIA pam")
    for way in ({}, {"clear": True}, SECURE):
        done = login(node, user="p", check=False, **way)
        assert "auth 0 " in done.error and "is not sent over this connection" in done.error
    done = login(node, user="p", check=False, clear=True, **SECURE)
    assert done.error.startswith("auth 1045"), done.error  # it was sent, and PAM knows no p


@pytest.mark.parametrize("server", WITH_TLS)
def test_certificates_are_checked_as_told(nodes, authority, server, tmp_path):
    node = nodes(server)
    user = user_of(METHODS[server][0])
    stranger = Authority(tmp_path / "stranger").ca
    login(node, user=user, ssl_mode="verify-ca", ca=authority.ca)
    login(node, user=user, ssl_mode="verify-identity", ca=authority.ca)
    login(node, user=user, ssl_mode="verify-identity", ca=authority.ca, host="localhost")
    for mode in ("verify-ca", "verify-identity"):
        done = login(node, user=user, ssl_mode=mode, ca=stranger, check=False)
        assert done.error.startswith("auth 0 ")
        assert "the certificate is refused: self-signed certificate in certificate chain" in done.error \
            or "the certificate is refused: unable to get local issuer certificate" in done.error
    done = login(node, user=user, ssl_mode="verify-ca", ca=tmp_path / "missing", check=False)
    assert done.error.startswith("usage 0 TLS: ") and "missing" in done.error


@pytest.mark.parametrize("server", WITH_TLS)
def test_certificates_of_other_names_and_times(nodes, authority, server):
    """The server gets other certificates; verify-ca minds the time, verify-identity the name too."""
    node = nodes(server)
    user = user_of(METHODS[server][0])
    kept = {name: node.settings[name] for name in ("ssl_cert", "ssl_key")}
    other = authority.issue(f"other-{server}", alternatives="DNS:db.example")
    expired = authority.issue(f"expired-{server}", expired=True)
    try:
        node.restart(ssl_cert=other[0], ssl_key=other[1])
        login(node, user=user, ssl_mode="verify-ca", ca=authority.ca)
        done = login(node, user=user, ssl_mode="verify-identity", ca=authority.ca, check=False)
        assert "expected a certificate for '127.0.0.1', found one for other names" in done.error
        node.restart(ssl_cert=expired[0], ssl_key=expired[1])
        login(node, user=user, ssl_mode="required")
        done = login(node, user=user, ssl_mode="verify-ca", ca=authority.ca, check=False)
        assert "auth 0 " in done.error and "certificate has expired" in done.error
    finally:
        node.restart(**kept)


def test_a_server_without_tls_gets_nothing_in_clear(nodes):
    node = nodes("mysql-5.6")
    user = user_of("mysql_native_password")
    done = login(node, user=user, check=False, **SECURE)
    assert "expected a server with TLS, found that it offers none" in done.error
    assert login(node, user=user, ssl_mode="preferred").facts["tls"] == "none"


def test_a_client_certificate_is_shown(nodes, authority):
    cert, key = authority.issue("client")
    for server in WITH_TLS:
        node = nodes(server)
        node.execute("CREATE USER 'x'@'%' IDENTIFIED BY 'secret' REQUIRE SUBJECT '/CN=client'")
        login(node, user="x", cert=cert, key=key, **SECURE)
        assert login(node, user="x", check=False, **SECURE).error.startswith("auth 1045 ")


WAYS = {"plain": {}, "zlib": {"zlib": True}, "zstd": {"zlib": True, "zstd": True}, "tls": SECURE}


@pytest.mark.parametrize(
    "server, way",
    [(s, way) for s in METHODS for way in WAYS if way != "tls" or s in WITH_TLS],
)
def test_results_of_every_size(nodes, server, way):
    """Around the sizes at which packets and compressed frames split, and far over them."""
    way = WAYS[way]
    node = nodes(server)
    sizes = [0, 1, 250, 251, 65535, 65536, 0xFFFFFF - 5, 0xFFFFFF - 4, 0xFFFFFF, 2 * 0xFFFFFF - 9, 40 << 20]
    done = login(
        node, *(f"SELECT REPEAT('x', {size})" for size in sizes), user="root",
        password="borealis-test", fetch_key=True, show=0, **way,
    )  # fmt: skip
    assert done.rows == [f"<{size}>" if size else "" for size in sizes]


@pytest.mark.parametrize("server", METHODS)
def test_answers_of_other_kinds(nodes, server):
    node = nodes(server)
    root = {"user": "root", "password": "borealis-test", "fetch_key": True}
    rows = [str(n) for n in range(2000)]
    numbers = " UNION ALL ".join(f"SELECT {n}" for n in rows[:200])
    assert login(node, numbers, **root).rows == rows[:200]
    assert login(node, "DO 1", "SELECT 'a', '', NULL", **root).rows == ["a\t\t\\N"]
    done = login(node, "SELECT @@no_such", check=False, **root)
    assert done.error.startswith("state 1193 ") and "Unknown system variable" in done.error
    done = login(node, "SELECT REPEAT('x', 3000000)", payload_max=1 << 20, check=False, **root)
    assert done.error.startswith("limit 0 ") and "at most 1048576 bytes, found 30000" in done.error
    # A server that asks for a file of ours gets none.
    node.execute("CREATE DATABASE IF NOT EXISTS d", "CREATE TABLE IF NOT EXISTS d.t (x TEXT)")
    done = login(node, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE d.t", check=False, **root)
    assert done.error.split()[0] in ("proto", "state", "auth"), done.error
    assert node.query("SELECT COUNT(*) AS n FROM d.t") == [{"n": 0}]


def test_a_unix_socket(nodes):
    for server in METHODS:
        node = nodes(server)
        for method in METHODS[server]:
            done = login(node, "SELECT 1", socket=node.socket, user=user_of(method))
            assert done.rows == ["1"]


def test_hosts_that_are_not_there(nodes):
    node = nodes("mysql-5.6")
    done = login(node, host="no-such-host.invalid", check=False)
    assert "no-such-host.invalid: cannot look up the host: " in done.error
    done = login(node, host="::1", check=False)  # it listens on 127.0.0.1 alone
    assert "cannot connect: Connection refused" in done.error
