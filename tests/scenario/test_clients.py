"""Clients at the endpoint: programs and drivers, accounts, and those that misbehave.

All but a few share one cluster, and each leaves it without sessions.

Time budget: 60 s.
"""

import contextlib
import getpass
import socket
import ssl
import subprocess
import threading
import time

import pymysql
import pytest

from servers.wait import wait_for

from . import protocol
from .protocol import Raw
from .sessions import PROMPT, TLS, database, logged_in, no_session_left, user  # noqa: F401

ACCESS_DENIED = 1045
HOST_NOT_PRIVILEGED = 1130
REFUSED = {ACCESS_DENIED, HOST_NOT_PRIVILEGED, 1698, 4151}  # 4151: the account is locked


def refused(cluster, **kw):
    """The error number with which a login is refused."""
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.connect(**kw).close()
    return caught.value.args[0]


# --- programs ---


@TLS
@pytest.mark.parametrize("home", ["mariadb-10.11", "mariadb-11.8", "mysql-9.7"])
def test_command_line_client(cluster, database, home, tls):
    options = {"mysql-9.7": ["--ssl-mode=VERIFY_IDENTITY" if tls else "--ssl-mode=DISABLED"]}.get(
        home, ["--ssl-verify-server-cert" if tls else "--skip-ssl"]
    )
    done = cluster.client(
        "mysql", *options, "--batch", "--skip-column-names", "--default-character-set=utf8mb4", "d",
        home=home, tls=tls,
        input="CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(20)) DEFAULT CHARSET=utf8mb4;\n"
        "INSERT INTO t VALUES (1, 'ünï 🐙'), (2, NULL);\nSELECT * FROM t;\n"
        "SHOW SESSION STATUS LIKE 'Ssl_cipher';\n",
    )  # fmt: skip
    *rows, cipher = done.stdout.splitlines()
    assert rows == ["1\tünï 🐙", "2\tNULL"]
    assert bool(cipher.partition("\t")[2]) == tls


def test_own_client_verb(cluster):
    done = cluster.command("client", "-e", "SELECT CURRENT_USER() AS who")
    assert (done.returncode, done.stdout) == (0, "who\nadmin@%\n"), done.stderr
    done = cluster.command("client", "--batch", input="SELECT 40 + 2 AS n;\n")
    assert (done.returncode, done.stdout) == (0, "n\n42\n"), done.stderr


def test_defaults_file_as_the_banner_says(cluster):
    banner = cluster.stdout.read_text()
    assert str(cluster.own / "master.cnf") in banner and str(cluster.ca) in banner
    assert cluster.credentials()["password"] not in banner


@pytest.mark.parametrize("home", ["mariadb-10.11", "mysql-9.7"])
def test_wrong_ca_is_noticed(cluster, home, tmp_path):
    other = tmp_path / "ca.pem"
    key, subject = tmp_path / "key.pem", "/CN=somebody else"
    make_certificate(other, key, subject)
    option = "--ssl-mode=VERIFY_CA" if home == "mysql-9.7" else "--ssl-verify-server-cert"
    done = cluster.client("mysql", f"--ssl-ca={other}", option, "-e", "SELECT 1",
                          home=home, check=False)  # fmt: skip
    assert done.returncode != 0 and "2026" in done.stderr, done
    with pytest.raises(pymysql.err.OperationalError, match="CERTIFICATE_VERIFY_FAILED"):
        cluster.connect(ssl={"ca": str(other)})


def make_certificate(cert, key, subject):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert,
         "-subj", subject, "-days", "2"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip


# --- statements and results ---


@TLS
def test_session_is_the_engines_own(cluster, tls):
    with cluster.connect(tls=tls) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID() AS id, USER() AS user, CURRENT_USER() AS account")
        row = cursor.fetchone()
        assert (row["id"], row["account"]) == (conn.thread_id(), "admin@%")
        assert row["user"] in ("admin@127.0.0.1", "admin@localhost")
        assert "MariaDB" in conn.get_server_info()
        assert cluster.sessions == 1
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_version'")
        assert cursor.fetchone()["Value"] in (("TLSv1.2", "TLSv1.3") if tls else ("",))


@TLS
def test_large_result(cluster, database, tls):
    with cluster.connect(tls=tls) as conn, conn.cursor(pymysql.cursors.Cursor) as cursor:
        cursor.execute("SELECT seq, REPEAT(CHAR(65 + seq % 26 USING utf8mb4), 100) "
                       "FROM d.seq_0_to_99999")  # fmt: skip
        rows = cursor.fetchall()
        assert len(rows) == 100000
        assert all(text == chr(65 + seq % 26) * 100 for seq, text in rows)
        cursor.execute("SELECT REPEAT('0123456789', 800000)")
        assert cursor.fetchone()[0] == "0123456789" * 800000


@TLS
def test_packets_beyond_16_megabytes(cluster, database, tls):
    """One statement and one value of more than what a single protocol packet holds."""
    size = 20 << 20
    with cluster.connect(tls=tls) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet AS n")
        limit = cursor.fetchone()["n"]
        assert limit > size, f"max_allowed_packet is {limit}"
        cursor.execute("CREATE TABLE d.big (id INT PRIMARY KEY, body LONGTEXT)")
        body = "0123456789abcdef" * (size // 16)
        cursor.execute("INSERT INTO d.big VALUES (1, %s)", (body,))
        cursor.execute("SELECT body FROM d.big")
        assert cursor.fetchone()["body"] == body


@TLS
def test_packet_of_just_16_megabytes(cluster, tls):
    """At the border of what one protocol packet holds another one follows, of no bytes."""
    with cluster.connect(tls=tls) as conn, conn.cursor() as cursor:
        for less in (1, 0):
            edge = (1 << 24) - 1 - len("\x03SELECT LENGTH('')") - less
            cursor.execute(f"SELECT LENGTH('{'x' * edge}')")
            assert list(cursor.fetchone().values()) == [edge]
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchone() == {"one": 1}


@TLS
def test_load_data_local(cluster, database, tmp_path, tls):
    """Its packets look like commands: the data must pass whatever bytes it begins with."""
    file = tmp_path / "data.txt"
    line = "\x11rdsadmin\0" + "x" * 90
    file.write_text("".join(f"{line}\t{n}\n" for n in range(60000)))
    with cluster.connect(tls=tls, local_infile=True) as conn, conn.cursor() as cursor:
        cursor.execute("CREATE TABLE d.loaded (body VARCHAR(200), n INT PRIMARY KEY)")
        cursor.execute(f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE d.loaded FIELDS ESCAPED BY ''")
        cursor.execute("SELECT COUNT(*) AS rows_, SUM(n) AS total, COUNT(DISTINCT body) AS bodies, "
                       "MIN(LENGTH(body)) AS shortest FROM d.loaded")  # fmt: skip
        assert cursor.fetchone() == {"rows_": 60000, "total": 60000 * 59999 // 2, "bodies": 1,
                                     "shortest": len(line)}  # fmt: skip


def test_load_data_local_whose_packet_looks_like_a_login(cluster, database, tmp_path):
    """Sequence numbers of the data wrap to 0; such a packet may begin as a COM_CHANGE_USER does."""
    file = tmp_path / "data.txt"
    # PyMySQL sends it in packets of 16 KiB, the mariadb client in others: whole lines fit in both.
    line = "\x11rdsadmin\0" + "y" * 53 + "\n"
    assert len(line) == 64
    file.write_text(line * (6 << 14))
    cluster.execute("CREATE TABLE d.loaded (body VARCHAR(200))")
    statement = f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE d.loaded FIELDS ESCAPED BY ''"
    with cluster.connect(local_infile=True) as conn, conn.cursor() as cursor:
        cursor.execute(statement)
    cluster.client("mysql", "--local-infile=1", "-e", statement, "d")
    assert cluster.query("SELECT COUNT(*) AS n FROM d.loaded") == [{"n": 2 * (6 << 14)}]


@TLS
def test_prepared_statements(cluster, database, tls):
    with cluster.connect(tls=tls) as conn, conn.cursor() as cursor:
        cursor.execute("CREATE TABLE d.p (a INT PRIMARY KEY, b VARCHAR(50) CHARACTER SET utf8mb4)")
        cursor.execute("PREPARE i FROM 'INSERT INTO d.p VALUES (?, ?)'")
        for n in range(5):
            cursor.execute(f"SET @a = {n}, @b = 'ünï {n}'")
            cursor.execute("EXECUTE i USING @a, @b")
        cursor.execute("SELECT a, b FROM d.p ORDER BY a")
        assert cursor.fetchall() == [{"a": n, "b": f"ünï {n}"} for n in range(5)]


def test_prepared_statement_of_the_protocol(cluster):
    """COM_STMT_PREPARE and COM_STMT_EXECUTE, which PyMySQL does not use."""
    own = cluster.credentials()
    with Raw(cluster.port) as raw:
        raw.greet()
        assert raw.login(own["user"].encode(), own["password"])[:1] == b"\0"
        raw.send(b"\x16SELECT ? + 40", 0)
        prepared = raw.read()
        assert prepared[0] == 0, prepared
        for _ in range(4):  # parameter, EOF, column, EOF
            raw.read()
        raw.send(b"\x17" + prepared[1:5] + b"\0\x01\0\0\0" + b"\0" + b"\x01" + b"\x08\0"
                 + (2).to_bytes(8, "little"), 0)  # fmt: skip
        assert raw.read() == b"\x01"
        raw.read(), raw.read()  # column, EOF
        row = raw.read()
        assert int.from_bytes(row[2:], "little") == 42, row
        raw.read()


def test_multiple_statements(cluster):
    flag = pymysql.constants.CLIENT.MULTI_STATEMENTS
    with cluster.connect(client_flag=flag) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT 1 AS a; SELECT 2 AS a; SELECT 3 AS a UNION SELECT 4")
        results = [cursor.fetchall()]
        while cursor.nextset():
            results.append(cursor.fetchall())
    assert results == [[{"a": 1}], [{"a": 2}], [{"a": 3}, {"a": 4}]]


def test_many_clients_at_once(cluster, database):
    cluster.execute("CREATE TABLE d.m (a INT PRIMARY KEY AUTO_INCREMENT, who INT)")
    errors = []

    def work(who):
        try:
            with cluster.connect(tls=who % 2 == 0) as conn, conn.cursor() as cursor:
                for _ in range(20):
                    cursor.execute("INSERT INTO d.m (who) VALUES (%s)", (who,))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors and not any(thread.is_alive() for thread in threads)
    assert cluster.query("SELECT COUNT(*) AS n FROM d.m") == [{"n": 600}]


@TLS
def test_kill_ends_the_client_promptly(cluster, user, database, tls):
    """The same account kills its own session from another one."""
    with cluster.connect(tls=tls, **user) as victim, cluster.connect(**user) as killer:
        outcome = {}

        def wait():
            try:
                with victim.cursor() as cursor:
                    cursor.execute("SELECT SLEEP(50)")
            except pymysql.err.MySQLError as error:
                outcome["error"] = error

        thread = threading.Thread(target=wait)
        thread.start()
        with killer.cursor() as cursor:
            def sleeping():
                cursor.execute("SELECT ID FROM information_schema.PROCESSLIST "
                               "WHERE INFO = 'SELECT SLEEP(50)'")  # fmt: skip
                return cursor.fetchall() == [{"ID": victim.thread_id()}]

            wait_for(sleeping, PROMPT, "the statement runs")
            started = time.monotonic()
            cursor.execute(f"KILL {victim.thread_id()}")
            thread.join(PROMPT)
        assert not thread.is_alive() and time.monotonic() - started < PROMPT
        # The engine says 1927 or 1317 where it still can; else the connection is just gone.
        assert outcome["error"].args[0] in (1927, 1317, 2013, 2006), outcome


def test_kill_of_an_idle_client_closes_its_connection(cluster, user):
    with cluster.connect(**user) as victim, cluster.connect(**user) as killer:
        with killer.cursor() as cursor:
            cursor.execute(f"KILL {victim.thread_id()}")
        victim._sock.settimeout(PROMPT)
        victim._rfile.read()  # to the end of the stream, before the client has asked anything
        wait_for(lambda: cluster.sessions == 1, PROMPT, "the killed session is gone")


@TLS
@pytest.mark.parametrize("politely", [True, False])
def test_disconnect_rolls_back(cluster, database, tls, politely):
    cluster.execute("CREATE TABLE d.r (a INT PRIMARY KEY)")
    conn = cluster.connect(tls=tls, autocommit=False)
    with conn.cursor() as cursor:
        cursor.execute("INSERT INTO d.r VALUES (1)")
    if politely:
        conn.close()
    else:
        conn._force_close()
    # The row's lock is free again, and the row is not there.
    assert cluster.execute("SET innodb_lock_wait_timeout = 10", "INSERT INTO d.r VALUES (1)") == 1


# --- clients that disappear ---


def connect_only(raw):
    pass


def after_greeting(raw):
    raw.greet()


def ssl_request(raw):
    raw.greet()
    raw.send(protocol.struct.pack("<IIB23x", protocol.USUAL | protocol.CLIENT_SSL, 1 << 24, 45))


def half_a_tls_hello(raw):
    ssl_request(raw)
    raw.socket.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01")


def tls_and_no_login(raw):
    ssl_request(raw)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    raw.socket = context.wrap_socket(raw.socket)


def half_a_packet(raw):
    raw.greet()
    raw.socket.sendall(b"\x50\0\0\x01half")


def half_a_header(raw):
    raw.greet()
    raw.socket.sendall(b"\x50\0")


def garbage(raw):
    raw.socket.sendall(bytes(range(256)) * 20)
    raw.read()


def http(raw):
    raw.socket.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    raw.read()


def proxy_header(raw):
    raw.socket.sendall(b"PROXY TCP4 127.0.0.2 127.0.0.1 1 2\r\n")
    raw.read()


def huge_packet(raw):
    raw.greet()
    raw.socket.sendall(b"\xff\xff\xff\x01" + b"x" * 100000)


def old_protocol(raw):
    raw.greet()
    raw.send(b"\x05\0\0\0\0root\0")
    raw.read()


def no_user_name(raw):
    raw.greet()
    raw.send(protocol.struct.pack("<IIB23x", protocol.USUAL, 1 << 24, 45))
    raw.read()


PHASES = [connect_only, after_greeting, ssl_request, half_a_tls_hello, tls_and_no_login,
          half_a_packet, half_a_header, garbage, http, proxy_header, huge_packet, old_protocol,
          no_user_name]  # fmt: skip


@pytest.mark.parametrize("phase", PHASES, ids=[phase.__name__ for phase in PHASES])
def test_client_disappears(cluster, phase):
    """The fixture above looks that nothing of it stays, and that others are served."""
    for _ in range(5):
        with contextlib.suppress(ConnectionError, BrokenPipeError):
            with Raw(cluster.port) as raw:
                phase(raw)
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


def test_client_disappears_in_the_middle_of_a_result(cluster):
    for tls in (False, True):
        conn = cluster.connect(tls=tls, cursorclass=pymysql.cursors.SSCursor)
        cursor = conn.cursor()
        cursor.execute("SELECT REPEAT('x', 1000) FROM mysql.help_topic a, mysql.help_topic b")
        assert cursor.fetchone()
        conn._force_close()
        # Or their destructors would go on to read.
        cursor._result.unbuffered_active = False
        cursor.connection = None


def test_client_disappears_in_the_middle_of_a_statement(cluster):
    own = cluster.credentials()
    with Raw(cluster.port) as raw:
        raw.greet().login(own["user"].encode(), own["password"])
        raw.socket.sendall((1000).to_bytes(3, "little") + b"\0\x03SELECT 1")


def test_silent_client_is_let_go(cluster):
    """A client that says nothing in the handshake is not waited for without end."""
    with Raw(cluster.port) as raw:
        raw.greet()
        raw.socket.settimeout(40)
        raw.read_exactly(10000)  # to the end of the stream
    assert cluster.sessions == 0


# --- accounts ---


def test_account_that_requires_tls(cluster):
    cluster.account("CREATE USER 'safe'@'%' IDENTIFIED BY 'pw' REQUIRE SSL")
    try:
        assert refused(cluster, user="safe", password="pw") == ACCESS_DENIED
        with cluster.connect(tls=True, user="safe", password="pw") as conn:
            assert conn.get_proto_info() == 10
        assert refused(cluster, tls=True, user="safe", password="no") == ACCESS_DENIED
    finally:
        cluster.drop_account("'safe'@'%'")


@TLS
def test_account_bound_to_an_address(cluster, tls):
    cluster.account("CREATE USER 'here'@'127.0.0.2' IDENTIFIED BY 'pw'")
    try:
        account = {"tls": tls, "user": "here", "password": "pw"}
        assert refused(cluster, **account) in REFUSED
        assert refused(cluster, bind_address="127.0.0.3", **account) in REFUSED
        assert cluster.query("SELECT USER() AS u", bind_address="127.0.0.2", **account) == [
            {"u": "here@127.0.0.2"}
        ]
    finally:
        cluster.drop_account("'here'@'127.0.0.2'")


def test_account_statements_as_typed(cluster):
    """The master user manages accounts with the statements that everybody knows."""
    try:
        cluster.execute("CREATE USER 'typed'@'%' IDENTIFIED BY 'pw'",
                        "CREATE DATABASE typed", "GRANT SELECT, INSERT ON typed.* TO 'typed'@'%'",
                        "CREATE TABLE typed.t (a INT)")  # fmt: skip
        account = {"user": "typed", "password": "pw"}
        assert cluster.execute("INSERT INTO typed.t VALUES (1)", **account) == 1
        cluster.execute("ALTER USER 'typed'@'%' IDENTIFIED BY 'other'")
        assert refused(cluster, **account) == ACCESS_DENIED
        cluster.execute("DROP USER 'typed'@'%'")
        assert refused(cluster, user="typed", password="other") in REFUSED
    finally:
        cluster.drop_account("'typed'@'%'")
        cluster.execute("DROP DATABASE IF EXISTS typed")


def test_tls_can_be_required_of_all(make_cluster):
    cluster = make_cluster("--require-secure-transport", "on")
    cluster.start()
    assert cluster.cluster_status()["require_secure_transport"] is True
    assert refused(cluster) == 3159
    assert cluster.query("SELECT 1 AS one", tls=True) == [{"one": 1}]
    done = cluster.client("mysql", "--skip-ssl", "-e", "SELECT 1", check=False)
    assert done.returncode == 1 and "3159" in done.stderr, done.stderr
    # The banner's own way in goes on to work, and the choice is kept until it is changed.
    assert cluster.command("client", "-e", "SELECT 1").returncode == 0
    cluster.interrupt()
    cluster.options = ()
    cluster.start()
    assert refused(cluster) == 3159
    cluster.interrupt()
    cluster.options = ("--require-secure-transport", "off")
    cluster.start()
    assert cluster.query("SELECT 1 AS one") == [{"one": 1}]


@TLS
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
def test_no_account_opens_without_its_password(cluster, source, tls):
    accounts = {row["User"] for row in cluster.query("SELECT User FROM mysql.global_priv")}
    assert {"admin", "rdsadmin", "mariadb.sys"} <= accounts
    hashes = [row["h"] for row in cluster.query(
        "SELECT JSON_VALUE(Priv, '$.authentication_string') AS h FROM mysql.global_priv")]  # fmt: skip
    for name in sorted(accounts | {getpass.getuser(), "root", "", "mysql", "rdsadmin ", "admin "}):
        for password in ("", "wrong", name, *filter(None, hashes)):
            number = refused(
                cluster, tls=tls, user=name, password=password, bind_address=source
            )
            assert number in REFUSED, (name, password)


RESERVED = ["rdsadmin", "mariadb.sys"]
# MySQL's servers take a name in single quotes for the name itself.
SPELLINGS = RESERVED + ["'rdsadmin'", "'mariadb.sys'"]


@TLS
@pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.2"])
@pytest.mark.parametrize("name", SPELLINGS)
def test_reserved_account_is_refused(cluster, name, source, tls):
    for password in (cluster.admin_password(), "", "wrong"):
        assert refused(cluster, tls=tls, user=name, password=password, bind_address=source) in REFUSED


def who_am_i(raw):
    """CURRENT_USER() of the session; None when it has been closed."""
    try:
        raw.send(protocol.query("SELECT CURRENT_USER()"), 0)
        if raw.read()[:1] in (b"", b"\xff"):
            return None
        raw.read(), raw.read()
        row = raw.read()
        raw.read()
        return row[1:].decode()
    except (ConnectionError, BrokenPipeError):
        return None


@pytest.mark.parametrize("name", SPELLINGS)
def test_change_user_to_a_reserved_account(cluster, name):
    with logged_in(cluster) as raw:
        raw.send(protocol.change_user(name.encode(), cluster.admin_password(), raw.scramble), 0)
        assert protocol.error_code(raw.finish(cluster.admin_password())) in REFUSED
        assert who_am_i(raw) in (None, "admin@%")


def test_change_user_in_small_pieces(cluster):
    """Whatever the segments, the name is seen before anything of it reaches the engine."""
    with logged_in(cluster) as raw:
        message = protocol.packet(
            protocol.change_user(b"rdsadmin", cluster.admin_password(), raw.scramble)
        )
        for at in range(len(message)):
            with contextlib.suppress(ConnectionError):
                raw.socket.sendall(message[at:at + 1])
        assert protocol.error_code(raw.finish(cluster.admin_password())) in REFUSED
        assert who_am_i(raw) is None


@pytest.mark.parametrize("cut", [1, 4, 5, 6, 12, 13, 14, 15])
def test_change_user_cut_in_two(cluster, cut):
    """With a moment between the pieces: a command in front is answered in that moment."""
    with logged_in(cluster) as raw:
        message = protocol.packet(
            protocol.change_user(b"rdsadmin", cluster.admin_password(), raw.scramble)
        )
        raw.socket.sendall(protocol.packet(bytes([protocol.COM_PING])) + message[:cut])
        assert raw.read()[:1] == b"\0"
        raw.socket.sendall(message[cut:])
        assert protocol.error_code(raw.finish(cluster.admin_password())) in REFUSED
        assert who_am_i(raw) is None


@pytest.mark.parametrize("before", [1, 50, 2000])
def test_change_user_behind_other_commands(cluster, before):
    """All in one go; the commands in front, of many lengths, may be answered or not."""
    with logged_in(cluster) as raw:
        commands = b"".join(
            protocol.packet(protocol.query("DO " + "1" * (1 + n % 97))) for n in range(before)
        )
        raw.socket.sendall(commands + protocol.packet(
            protocol.change_user(b"rdsadmin", cluster.admin_password(), raw.scramble)))  # fmt: skip
        answers = [raw.read() for _ in range(before)]
        assert all(a[:1] in (b"\0", b"\xff", b"") for a in answers)
        if answers[-1][:1] == b"\0":
            assert protocol.error_code(raw.finish(cluster.admin_password())) in REFUSED | {None}
        assert who_am_i(raw) is None


def test_change_user_behind_a_packet_of_16_megabytes(cluster):
    """The part after a full packet is the rest of a statement, the one after that is a command."""
    with logged_in(cluster) as raw:
        statement = protocol.query("DO '" + "x" * ((1 << 24) - 6) + "'")
        change = protocol.change_user(b"rdsadmin", cluster.admin_password(), raw.scramble)
        full = (1 << 24) - 1
        sender = threading.Thread(target=send_quietly, args=(
            raw.socket, protocol.packet(statement[:full]) + protocol.packet(statement[full:], 1)
            + protocol.packet(change)))  # fmt: skip
        sender.start()
        first = raw.read()
        if first[:1] == b"\0":  # of the statement
            first = raw.finish(cluster.admin_password())
        assert protocol.error_code(first) in REFUSED | {None}
        assert who_am_i(raw) is None
        sender.join(30)


def send_quietly(sock, data):
    with contextlib.suppress(OSError):
        sock.sendall(data)


@pytest.mark.parametrize("pieces", [1, 3])
def test_change_user_inside_compression(cluster, pieces):
    """Compressed, and over several frames, it is seen all the same."""
    with logged_in(cluster, protocol.USUAL | protocol.CLIENT_COMPRESS) as raw:
        message = protocol.packet(
            protocol.change_user(b"rdsadmin", cluster.admin_password(), raw.scramble)
        )
        size = -(-len(message) // pieces)
        raw.socket.inner.sendall(b"".join(
            protocol.compressed(message[at:at + size], at // size)
            for at in range(0, len(message), size)))  # fmt: skip
        raw.socket.number = pieces
        assert protocol.error_code(raw.finish(cluster.admin_password())) in REFUSED
        assert who_am_i(raw) is None


@TLS
def test_change_user_to_an_ordinary_account(cluster, user, database, tls):
    """The refusals above must not cost the command itself."""
    own = cluster.credentials()
    with Raw(cluster.port) as raw:
        raw.greet()
        if tls:
            raw.send(protocol.struct.pack("<IIB23x", protocol.USUAL | protocol.CLIENT_SSL, 1 << 24,
                                          45))  # fmt: skip
            context = ssl.create_default_context(cafile=str(cluster.ca))
            raw.socket = context.wrap_socket(raw.socket, server_hostname="localhost")
            raw.sequence += 1
        flags = protocol.USUAL | (protocol.CLIENT_SSL if tls else 0)
        assert raw.login(own["user"].encode(), own["password"], flags)[:1] == b"\0"
        assert who_am_i(raw) == "admin@%"
        raw.send(protocol.change_user(b"u", "pw", raw.scramble), 0)
        assert raw.finish("pw")[:1] == b"\0"
        assert who_am_i(raw) == "u@%"
