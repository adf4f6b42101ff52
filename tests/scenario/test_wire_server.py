"""Our side as a server: real clients log in to it, ask, and are refused as a server refuses them.

Time budget: 30 s.
"""

import ssl
import subprocess

import pymysql
import pytest

from servers import fetch, node

from . import protocol
from .wire import Authority, WireServer

PROGRAMS = ["mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
TIMEOUT = 60
MARIADB = ["--version=5.5.5-10.11.19-MariaDB", "--method=mysql_native_password"]
MYSQL = ["--version=9.7.0", "--method=caching_sha2_password"]
FLAVOURS = pytest.mark.parametrize("flavour", [MYSQL, MARIADB], ids=["as-mysql", "as-mariadb"])


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("wire") / "ca")


@pytest.fixture(scope="module")
def pair(authority):
    cert, key = authority.issue("server")
    return [f"--cert={cert}", f"--key={key}"]


def program(kind, name, server, *args, user="alice", password="secret", host="127.0.0.1", timeout=TIMEOUT):
    home = fetch.home(kind)
    return subprocess.run(
        [node.program(home, name), "--no-defaults", f"--plugin-dir={home / 'client-plugin'}",
         f"--host={host}", f"--port={server.port}", f"--user={user}", f"--password={password}", *args],
        capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip


def client(kind, server, *args, sql="SELECT 'hello'", **kw):
    return program(kind, "mysql", server, "-N", "-B", "-e", sql, *args, **kw)


def ssl_off(kind):
    return ["--ssl-mode=DISABLED"] if kind == "mysql-9.7" else ["--skip-ssl"]


def ssl_on(kind, authority):
    if kind == "mysql-9.7":
        return ["--ssl-mode=VERIFY_IDENTITY", f"--ssl-ca={authority.ca}"]
    return ["--ssl-verify-server-cert", f"--ssl-ca={authority.ca}"]


@FLAVOURS
@pytest.mark.parametrize("kind", PROGRAMS)
def test_command_lines(kind, flavour, pair, authority):
    with WireServer(*flavour, *pair) as server:
        for ways in (ssl_off(kind), ssl_on(kind, authority)):
            for compress in ([], ["--compress"]):
                done = client(kind, server, *ways, *compress)
                assert done.stdout == "SELECT 'hello'\n", done.stderr
                line = server.expect("^login user=alice ")
                assert ("tls=none" in line) == (ways == ssl_off(kind))
                assert ("compression=none" in line) == (not compress)
        if kind == "mysql-9.7":
            done = client(kind, server, "--compression-algorithms=zstd", "--zstd-compression-level=7")
            # MariaDB's servers have no zstd, so the one that says it is one has none either.
            assert (done.returncode == 0) == (flavour is MYSQL), done.stderr
            if flavour is MYSQL:
                assert "compression=zstd" in server.expect("^login user=alice ")
            done = client(kind, server, "--compression-algorithms=zstd,zlib",
                          sql="SELECT REPEAT('x', 100000)")  # fmt: skip
            assert done.stdout == "x" * 100000 + "\n", done.stderr
            assert "compression=zlib" in server.expect("^login user=alice ")
        plain = ssl_off(kind)
        big = client(kind, server, *plain, "--max-allowed-packet=64M", sql="SELECT REPEAT('x', 40000000)")
        assert big.stdout == "x" * 40000000 + "\n", big.stderr
        assert client(kind, server, *plain, sql="SELECT NULL").stdout == "NULL\n"
        failed = client(kind, server, *plain, sql="SELECT @@unknown")
        assert "ERROR 1193 (HY000)" in failed.stderr and "Unknown system variable" in failed.stderr


@FLAVOURS
@pytest.mark.parametrize("kind", PROGRAMS)
def test_wrong_passwords_and_unknown_users_look_alike(kind, flavour, pair):
    with WireServer(*flavour, *pair) as server:
        for user in ("alice", "nobody", "tina"):
            for password, used in (("SeCrEt-wrong", "YES"), ("", "NO")):
                done = client(kind, server, *ssl_off(kind), user=user, password=password)
                assert done.returncode == 1
                text = f"Access denied for user '{user}'@'127.0.0.1' (using password: {used})"
                assert f"ERROR 1045 (28000): {text}" in done.stderr
                assert server.expect("^refused ") == f"refused auth 1045 client: {text}"
        # Right, but not over TLS as the account must be.
        done = client(kind, server, *ssl_off(kind), user="tina")
        assert "ERROR 1045 (28000): Access denied for user 'tina'@'127.0.0.1'" in done.stderr
        done = client(kind, server, *insecure_tls(kind), user="tina")
        assert done.returncode == 0, done.stderr
        assert not any("SeCrEt" in line or "secret" in line for line in server.lines)


def insecure_tls(kind):
    return ["--ssl-mode=REQUIRED"] if kind == "mysql-9.7" else ["--ssl", "--skip-ssl-verify-server-cert"]


@pytest.mark.parametrize("kind", PROGRAMS)
def test_tls_required_of_all(kind, pair):
    with WireServer(*MYSQL, *pair, "--require-tls") as server:
        done = client(kind, server, *ssl_off(kind))
        assert "ERROR 3159 (HY000)" in done.stderr and "insecure transport" in done.stderr
        assert client(kind, server, *insecure_tls(kind)).returncode == 0


@pytest.mark.parametrize("kind", PROGRAMS)
def test_client_certificates(kind, authority, pair, tmp_path):
    mine = authority.issue(f"client-{kind}")
    strange = Authority(tmp_path / "strange").issue("client")
    with WireServer(*MYSQL, *pair, f"--client-ca={authority.ca}") as server:
        shown = [f"--ssl-cert={mine[0]}", f"--ssl-key={mine[1]}"]
        assert client(kind, server, *insecure_tls(kind), *shown).returncode == 0
        shown = [f"--ssl-cert={strange[0]}", f"--ssl-key={strange[1]}"]
        for ways in (insecure_tls(kind), [*insecure_tls(kind), *shown]):
            assert client(kind, server, *ways).returncode == 1
            assert "certificate" in server.expect("^refused auth 0|^refused proto 0")


def test_a_new_certificate_is_shown_to_new_connections(authority, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    serials = []
    with WireServer(*MYSQL, f"--cert={cert}", f"--key={key}") as server:
        kept = None
        for name in ("first", "second"):
            new = authority.issue(name)
            cert.write_bytes(new[0].read_bytes())
            key.write_bytes(new[1].read_bytes())
            conn = connect(server, ssl={"ca": str(authority.ca)})
            serials.append(conn._sock.getpeercert()["serialNumber"])
            if kept:
                kept.ping(reconnect=False)
                kept.close()
            kept = conn
        kept.close()
    assert len(set(serials)) == 2


def test_a_mariadb_client_trusts_a_certificate_without_authority(pair):
    """From 11.4 on by a proof in the OK packet that only who knows the password's hash can make."""
    with WireServer(*MARIADB, *pair, "--any") as server:
        # Not 127.0.0.1: there the client trusts anything.
        done = client("mariadb-11.8", server, "--ssl-verify-server-cert", host="127.0.0.2")
        assert done.stdout == "SELECT 'hello'\n", done.stderr
        assert "tls=TLSv1.3" in server.expect("^login ")


def connect(server, user="alice", password="secret", **kw):
    return pymysql.connect(
        host="127.0.0.1", port=server.port, user=user, password=password, autocommit=None,
        connect_timeout=TIMEOUT, read_timeout=TIMEOUT, write_timeout=TIMEOUT, **kw,
    )  # fmt: skip


@FLAVOURS
def test_pymysql(flavour, pair, authority):
    with WireServer(*flavour, *pair) as server:
        for kw in ({}, {"ssl": {"ca": str(authority.ca)}}):
            with connect(server, **kw) as conn, conn.cursor() as cursor:
                cursor.execute("SELECT 'hello'")
                assert cursor.fetchall() == (("SELECT 'hello'",),)
                cursor.execute("SELECT REPEAT('x', 40000000)")
                assert cursor.fetchone() == ("x" * 40000000,)
                conn.select_db("d")
                conn.ping(reconnect=False)
                with pytest.raises(pymysql.err.OperationalError) as caught:
                    cursor.execute("SELECT @@unknown")
                assert caught.value.args[0] == 1193
        for user in ("alice", "nobody"):
            with pytest.raises(pymysql.err.OperationalError) as caught:
                connect(server, user=user, password="wrong")
            assert caught.value.args == (
                1045, f"Access denied for user '{user}'@'127.0.0.1' (using password: YES)"
            )  # fmt: skip


@pytest.mark.parametrize("kind", PROGRAMS)
def test_binlog_tools_get_as_far_as_the_dump(kind, pair):
    flavour = MYSQL if kind == "mysql-9.7" else MARIADB
    with WireServer(*flavour, *pair) as server:
        for ways in (ssl_off(kind), insecure_tls(kind)):
            done = program(kind, "mysqlbinlog", server, *ways, "--read-from-remote-server",
                           "--start-position=1234", "some-bin.000042")  # fmt: skip
            assert done.returncode == 1 and "There are no logs here" in done.stderr, done.stderr
            assert server.expect("^dump ") == "dump file=some-bin.000042 position=1234"


def test_mysqladmin(pair):
    with WireServer(*MYSQL, *pair) as server:
        assert program("mysql-9.7", "mysqladmin", server, "ping").stdout == "mysqld is alive\n"
        assert "Uptime" in program("mysql-9.7", "mysqladmin", server, "status").stdout


# What no proper client does.


def test_changing_the_user(pair):
    with WireServer(*MYSQL, *pair) as server, protocol.Raw(server.port).greet() as raw:
        assert raw.login(b"alice", "secret")[0] == 0
        # A switch is always asked for: the old scramble must not be used again.
        raw.send(protocol.change_user(b"alice", "secret", raw.scramble), sequence=0)
        assert raw.finish("secret")[0] == 0
        raw.send(protocol.query("SELECT 1"), sequence=0)
        assert raw.read() == b"\x01"
        for _ in range(4):
            raw.read()
        raw.send(protocol.change_user(b"alice", "wrong", raw.scramble), sequence=0)
        assert protocol.error_code(raw.finish("wrong")) == 1045
        assert raw.read() == b""


def test_packets_out_of_form(pair):
    with WireServer(*MYSQL, *pair) as server:
        for payload in (b"", b"\0" * 5, b"\x00\x82" + b"\0" * 30, b"\xff" * 200):
            with protocol.Raw(server.port).greet() as raw:
                raw.send(payload)
                assert protocol.error_code(raw.read()) in (1043, 1251)
                assert raw.read() == b""
                server.expect("^refused ")
        with protocol.Raw(server.port).greet() as raw:
            raw.send(b"x" * 10, sequence=7)
            assert raw.read() == b""
            assert "expected number 1, found 7" in server.expect("^refused proto")
        with protocol.Raw(server.port).greet() as raw:
            raw.send(b"x" * 100000)
            assert raw.read() == b""
            assert "at most 65536 bytes" in server.expect("^refused limit")


def test_bytes_in_clear_behind_the_request_for_tls(pair):
    """They must not be taken for the first of what comes through TLS."""
    with WireServer(*MYSQL, *pair) as server, protocol.Raw(server.port).greet() as raw:
        flags = protocol.USUAL | protocol.CLIENT_SSL
        request = flags.to_bytes(4, "little") + b"\0" * 28
        login = flags.to_bytes(4, "little") + b"\0" * 28 + b"alice\0\0mysql_native_password\0"
        raw.socket.sendall(protocol.packet(request, 1) + protocol.packet(login, 2))
        assert "TLS: handshake" in server.expect("^refused proto")
        assert not server.lines


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_passwords_and_old_tls_are_refused(pair):
    with WireServer(*MYSQL, *pair) as server:
        with protocol.Raw(server.port).greet() as raw:
            flags = protocol.USUAL & ~protocol.CLIENT_SECURE_CONNECTION
            raw.send(flags.to_bytes(4, "little") + b"\0" * 28 + b"alice\0\0")
            assert protocol.error_code(raw.read()) == 1251
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises((pymysql.err.OperationalError, ssl.SSLError)):
            connect(server, ssl=context)
        assert "TLS: handshake: unsupported protocol" in server.expect("^refused proto")
