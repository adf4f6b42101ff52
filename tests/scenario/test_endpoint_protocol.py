"""What a driver relies on at the endpoint: commands in any order, compression, collations of MySQL 8
and 9, and that nothing is left of a client that dies, whatever it was doing.

Time budget: 35 s.
"""

import shutil
import signal
import subprocess

import pymysql
import pytest

from servers.wait import wait_for

from . import protocol
from .protocol import Raw
from .sessions import PROMPT, database, logged_in, no_session_left  # noqa: F401

UTF8MB4_0900_AI_CI = 255
GB18030_CHINESE_CI = 248
COMPRESSED = protocol.USUAL | protocol.CLIENT_COMPRESS

COMPRESSING = {
    "mariadb": ("mariadb-10.11", "--compress"),
    "mariadb-11.8": ("mariadb-11.8", "--compress"),
    "mysql-zlib": ("mysql-9.7", "--compression-algorithms=zlib"),
    "mysql-zstd": ("mysql-9.7", "--compression-algorithms=zstd"),
    "mysql-zstd-22": ("mysql-9.7", "--compression-algorithms=zstd", "--zstd-compression-level=22"),
    "mysql-both": ("mysql-9.7", "--compression-algorithms=zstd,zlib"),
}


def tls_option(home, tls):
    if home == "mysql-9.7":
        return "--ssl-mode=VERIFY_IDENTITY" if tls else "--ssl-mode=DISABLED"
    return "--ssl-verify-server-cert" if tls else "--skip-ssl"


def scalars(raw, sql):
    """The text values of a statement's only row, in a session that speaks to us byte by byte."""
    raw.send(protocol.query(sql), 0)
    first = raw.read()
    assert first[:1] not in (b"\xff", b""), first
    for _ in range(first[0] + 1):  # columns, EOF
        raw.read()
    row, values = raw.read(), []
    raw.read()
    while row:
        values.append(row[1:1 + row[0]].decode())
        row = row[1 + row[0]:]
    return values


# --- commands ---


def answer(raw):
    """All packets of an answer: an OK or an ERR, or a result's, without what its columns are."""
    first = raw.read()
    if first[:1] in (b"\0", b"\xff"):
        return [first]
    packets = []
    for _ in range(2):
        packets.append(raw.read())
        while packets[-1][:1] != b"\xfe":
            packets.append(raw.read())
    return packets[first[0] + 1:-1]


@pytest.mark.parametrize("flags", [0, protocol.CLIENT_COMPRESS], ids=["plain", "compressed"])
def test_pipelining(cluster, database, flags):  # noqa: F811
    """Commands that are sent before the answers of those before them; some of them the endpoint
    changes, one fails, one is long, one refers to what the one before prepares.
    """
    long = "x" * 100_000
    statement = protocol.struct.pack("<BiBiB", protocol.COM_STMT_EXECUTE, -1, 0, 1, 0)
    commands = [
        (protocol.query("SELECT 'first'"), b"\x05first"),
        (protocol.query("CREATE USER 'piped'@'%' IDENTIFIED BY 'pw'"), b"\0"),
        (protocol.query("SELECT 'a' COLLATE utf8mb4_0900_ai_ci = 'A'"), b"\x011"),
        (protocol.query("SELECT nothing"), b"\xff"),
        (protocol.query(f"SELECT LENGTH('{long}')"), b"\x06100000"),
        (bytes([protocol.COM_PING]), b"\0"),
        (protocol.query("DROP USER 'piped'@'%'"), b"\0"),
    ]
    with logged_in(cluster, protocol.USUAL | protocol.CLIENT_MULTI_RESULTS | flags) as raw:
        raw.socket.sendall(b"".join(protocol.packet(command) for command, _ in commands * 20))
        for _, expected in commands * 20:
            assert answer(raw)[0].startswith(expected)
        # As MariaDB's connectors do it: -1 is the statement prepared last.
        prepare = bytes([protocol.COM_STMT_PREPARE]) + b"SELECT 42"
        raw.socket.sendall(protocol.packet(prepare) + protocol.packet(statement))
        assert raw.read()[:1] == b"\0"
        assert [raw.read()[:1] for _ in range(2)][1] == b"\xfe"  # its column
        row, = answer(raw)
        assert int.from_bytes(row[2:], "little") == 42


def test_reset_connection(cluster, database):  # noqa: F811
    """The session begins anew, as the same account, under the same number."""
    with cluster.connect() as conn, conn.cursor() as cursor:
        before = conn.thread_id()
        cursor.execute("SET @a = 1, SESSION sql_mode = ''")
        cursor.execute("CREATE TEMPORARY TABLE d.t (a INT)")
        conn._execute_command(protocol.COM_RESET_CONNECTION, b"")
        assert conn._read_ok_packet()
        cursor.execute("SELECT @a AS a, @@sql_mode <> '' AS m, CONNECTION_ID() AS c, CURRENT_USER() AS u")
        assert cursor.fetchone() == {"a": None, "m": 1, "c": before, "u": "admin@%"}
        with pytest.raises(pymysql.err.ProgrammingError):
            cursor.execute("SELECT * FROM d.t")
        # It is the master user's still: what is typed goes to the procedure.
        cursor.execute("CREATE USER 'reset'@'%' IDENTIFIED BY 'pw'")
        cursor.execute("DROP USER 'reset'@'%'")


def test_kill_by_the_protocols_own_command(cluster):
    """COM_PROCESS_KILL, and KILL QUERY, by the number that the client was greeted with."""
    with cluster.connect() as victim, cluster.connect() as killer:
        with victim.cursor() as cursor, killer.cursor() as other:
            victim._execute_command(protocol.COM_QUERY, "SELECT SLEEP(50) AS s")
            running = "SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = %s AND INFO LIKE '%%SLEEP%%'"
            wait_for(lambda: other.execute(running, victim.thread_id()), PROMPT, "the statement runs")
            other.execute(f"KILL QUERY {victim.thread_id()}")
            try:
                victim._read_query_result()
                assert victim._result.rows == ((1,),)
            except pymysql.err.MySQLError as error:
                assert error.args[0] == 1317
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchone() == {"one": 1}
        killer._execute_command(protocol.COM_PROCESS_KILL, victim.thread_id().to_bytes(4, "little"))
        assert killer._read_ok_packet()
        with pytest.raises(pymysql.err.MySQLError):
            victim.query("SELECT 1")
        victim._force_close()


def test_query_attributes(cluster):
    """The engine does not offer them, so a driver sends none. What sends them all the same is told
    that they are no SQL, and its session goes on.
    """
    own = cluster.credentials()
    with Raw(cluster.port) as raw:
        assert not raw.greet().offered & protocol.CLIENT_QUERY_ATTRIBUTES
        flags = protocol.USUAL | protocol.CLIENT_QUERY_ATTRIBUTES
        assert raw.login(own["user"].encode(), own["password"], flags)[:1] == b"\0"
        raw.send(bytes([protocol.COM_QUERY]) + b"\0\1SELECT 'none of them'", 0)
        assert protocol.error_code(raw.read()) == 1064
        assert scalars(raw, "SELECT 'goes on'") == ["goes on"]


# --- compression ---


@pytest.mark.parametrize(
    ("how", "tls"), [(how, False) for how in COMPRESSING] + [("mariadb", True), ("mysql-zstd", True)]
)
def test_compression(cluster, database, tmp_path, how, tls):  # noqa: F811
    """Large results, large statements and files, by each client and algorithm."""
    home, *options = COMPRESSING[how]
    file = tmp_path / "rows"
    file.write_text("".join(f"{n}\trow {n} ünï 🐙\n" for n in range(10000)))
    large = "0123456789abcdef" * (18 << 16)  # 18 MiB: two packets, two frames
    done = cluster.client(
        "mysql", *options, tls_option(home, tls), "--batch", "--skip-column-names",
        "--default-character-set=utf8mb4", "--local-infile=1", "--max-allowed-packet=64M", "d",
        home=home, tls=tls,
        input="CREATE TABLE t (a INT PRIMARY KEY, b VARCHAR(50)) DEFAULT CHARSET=utf8mb4;\n"
        f"LOAD DATA LOCAL INFILE '{file}' INTO TABLE t CHARACTER SET utf8mb4;\n"
        f"SELECT MD5('{large}') = MD5(REPEAT('0123456789abcdef', {18 << 16}));\n"
        "SELECT b FROM t ORDER BY a;\n",
    )  # fmt: skip
    same, *rows = done.stdout.splitlines()
    assert same == "1"
    assert rows == [f"row {n} ünï 🐙" for n in range(10000)]


@pytest.mark.parametrize("how", ["mariadb", "mysql-zstd"])
def test_compressed_value_past_16_megabytes(cluster, how):
    """Down to the client; what goes up is above."""
    home, *options = COMPRESSING[how]
    done = cluster.client(
        "mysql", *options, tls_option(home, False), "--batch", "--skip-column-names",
        "--max-allowed-packet=64M", "-e", f"SELECT REPEAT('0123456789abcdef', {18 << 16})", home=home,
    )  # fmt: skip
    assert done.stdout == "0123456789abcdef" * (18 << 16) + "\n"


def test_compressed_frames_byte_by_byte(cluster):
    """Commands and answers in frames numbered as the protocol has it, many times over."""
    with logged_in(cluster, COMPRESSED) as raw:
        for n in range(300):
            assert scalars(raw, f"SELECT {n}, REPEAT('x', 200)") == [str(n), "x" * 200]
        # Several commands in one frame, and one command in frames of a byte.
        ping = protocol.packet(bytes([protocol.COM_PING]))
        raw.socket.sendall(ping * 3)
        assert [raw.read()[:1] for _ in range(3)] == [b"\0"] * 3
        raw.socket.inner.sendall(
            b"".join(protocol.compressed(ping[n:n + 1], n) for n in range(len(ping)))
        )
        raw.socket.number = len(ping)
        assert raw.read()[:1] == b"\0"


def test_a_file_behind_other_statements_in_compression(cluster, database):  # noqa: F811
    """Clients number the packets of the file as the frames, servers want them as the packets."""
    cluster.execute("CREATE TABLE d.t (a INT)")
    flags = COMPRESSED | protocol.CLIENT_MULTI_RESULTS | protocol.CLIENT_MULTI_STATEMENTS
    with logged_in(cluster, flags | protocol.CLIENT_LOCAL_FILES) as raw:
        for rows in (1, 249, 250, 251, 252, 600):
            union = " UNION ".join(f"SELECT {n}" for n in range(rows))
            raw.send(protocol.query(f"{union}; LOAD DATA LOCAL INFILE 'x' INTO TABLE d.t"), 0)
            while raw.read()[:1] != b"\xfb":
                pass
            for part in (b"1\n2\n", b"3\n", b""):
                raw.send(part, raw.socket.number)
            assert raw.read()[:1] == b"\0"
        assert scalars(raw, "SELECT COUNT(*) FROM d.t") == ["18"]


@pytest.mark.parametrize("frame", [
    b"\4\0\0\0\x10\0\0junk",  # no zlib data
    b"\0\0\0\0\xff\xff\xff",  # of 16 MiB, and none of them there
    b"\1\0\0\x09\0\0\0x",  # out of order
])  # fmt: skip
def test_broken_frames_end_the_session(cluster, frame):
    with logged_in(cluster, COMPRESSED) as raw:
        raw.socket.inner.sendall(frame)
        assert raw.read() == b""


def test_account_statements_and_names_inside_compression(cluster):
    """What the endpoint rewrites it rewrites there, too."""
    with logged_in(cluster, COMPRESSED | protocol.CLIENT_MULTI_RESULTS) as raw:
        raw.send(protocol.query("CREATE USER 'typed'@'%' IDENTIFIED BY 'a password of some length'"),
                 0)  # fmt: skip
        assert raw.read()[:1] == b"\0"
        raw.send(protocol.query("SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci"), 0)
        assert raw.read()[:1] == b"\0"
    cluster.drop_account("'typed'@'%'")


# --- clients that disappear ---


def before_the_proof(raw, own):
    """Asked for another authentication method, it answers no more."""
    raw.send(
        protocol.struct.pack("<IIB23x", protocol.USUAL, 1 << 24, protocol.UTF8MB4)
        + own["user"].encode() + b"\0\0some_plugin\0"
    )  # fmt: skip
    assert raw.read()[:1] == b"\xfe"


def inside_a_file(raw, own):
    log_in(raw, own, protocol.CLIENT_LOCAL_FILES)
    raw.send(protocol.query("LOAD DATA LOCAL INFILE 'x' INTO TABLE d.t"), 0)
    assert raw.read()[:1] == b"\xfb"
    raw.send(b"1\n" * 1000)
    raw.socket.sendall(protocol.packet(b"2\n" * 1000, 3)[:500])


def with_a_cursor(raw, own):
    log_in(raw, own)
    raw.send(b"\x16SELECT seq FROM mysql.seq_1_to_1000", 0)
    prepared = raw.read()
    assert prepared[0] == 0, prepared
    raw.read(), raw.read()  # column, EOF
    raw.send(b"\x17" + prepared[1:5] + b"\x01\x01\0\0\0", 0)
    assert raw.read() == b"\x01"
    raw.read(), raw.read()  # column, EOF
    raw.send(b"\x1c" + prepared[1:5] + b"\x0a\0\0\0", 0)
    for _ in range(3):
        assert raw.read()[:1] == b"\0"


def inside_long_data(raw, own):
    log_in(raw, own)
    raw.send(b"\x16SELECT LENGTH(?)", 0)
    prepared = raw.read()
    for _ in range(4):
        raw.read()
    raw.send(b"\x18" + prepared[1:5] + b"\0\0" + b"x" * 100000, 0)


def statement_that_waits(raw, own):
    log_in(raw, own)
    raw.send(protocol.query("SELECT SLEEP(1000)"), 0)


def transaction(raw, own):
    log_in(raw, own)
    raw.send(protocol.query("BEGIN"), 0)
    raw.read()
    raw.send(protocol.query("INSERT INTO d.t VALUES (1)"), 0)
    raw.read()


def half_a_compressed_frame(raw, own):
    log_in(raw, own, protocol.CLIENT_COMPRESS)
    raw.socket.inner.sendall(protocol.compressed(protocol.packet(protocol.query("DO 1" * 100)))[:20])


def compressed_result(raw, own):
    log_in(raw, own, protocol.CLIENT_COMPRESS)
    raw.send(protocol.query("SELECT REPEAT('x', 1000) FROM mysql.seq_1_to_100000"), 0)
    raw.read()


def change_of_user(raw, own):
    log_in(raw, own)
    raw.send(protocol.change_user(own["user"].encode(), "", b"")[:-22] + b"some_plugin\0", 0)
    assert raw.read()[:1] == b"\xfe"


def log_in(raw, own, flags=0):
    assert raw.login(own["user"].encode(), own["password"], protocol.USUAL | flags)[:1] == b"\0"


STATES = [before_the_proof, inside_a_file, with_a_cursor, inside_long_data, statement_that_waits,
          transaction, half_a_compressed_frame, compressed_result, change_of_user]  # fmt: skip


@pytest.mark.parametrize("state", STATES, ids=[state.__name__ for state in STATES])
def test_client_disappears(cluster, database, state):  # noqa: F811
    """Neither the endpoint nor the engine keeps anything of it."""
    cluster.execute("CREATE TABLE d.t (a INT)")
    own = cluster.credentials()
    for _ in range(5):
        with Raw(cluster.port) as raw:
            state(raw.greet(), own)
    here = "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE COMMAND <> 'Daemon' AND USER <> 'rdsadmin'"
    wait_for(lambda: cluster.query(here) == [{"n": 1}], PROMPT, "no session at the engine")
    assert cluster.query("SELECT COUNT(*) AS n FROM d.t") == [{"n": 0}]


# --- collations ---


@pytest.mark.parametrize("engine", ["mariadb-10.11", "mariadb-11.8"])
def test_collation_ids_of_mysql_8(make_cluster, engine):
    """What MySQL 8's clients say for utf8mb4 is utf8mb4, even if the engine's default is another."""
    with make_cluster("--engine", engine) as cluster:
        own = cluster.credentials()
        cluster.as_admin(
            "SET GLOBAL character_set_server = latin1", "SET GLOBAL character_set_client = latin1",
            "SET GLOBAL collation_connection = latin1_swedish_ci",
            "SET GLOBAL character_set_results = latin1",
        )  # fmt: skip
        sets = "SELECT @@character_set_client, @@character_set_results, @@character_set_connection"
        with Raw(cluster.port) as raw:
            raw.greet()
            answer = raw.login(own["user"].encode(), own["password"], collation=UTF8MB4_0900_AI_CI)
            assert answer[:1] == b"\0"
            assert scalars(raw, sets) == ["utf8mb4"] * 3
            assert scalars(raw, "SELECT HEX('ü🐙'), 'ü🐙'") == ["C3BCF09F9099", "ü🐙"]
            raw.send(protocol.change_user(own["user"].encode(), own["password"], raw.scramble,
                                          UTF8MB4_0900_AI_CI), 0)  # fmt: skip
            assert raw.finish(own["password"])[:1] == b"\0"
            assert scalars(raw, sets) == ["utf8mb4"] * 3
        for tls in (False, True):
            done = cluster.client(
                "mysql", tls_option("mysql-9.7", tls), "--batch", "--skip-column-names",
                "--default-character-set=utf8mb4", home="mysql-9.7", tls=tls,
                input=f"{sets}; SELECT 'ü🐙', HEX('ü🐙');",
            )  # fmt: skip
            assert done.stdout.split() == ["utf8mb4"] * 3 + ["ü🐙", "C3BCF09F9099"]


def test_a_character_set_that_the_engine_lacks_is_refused(cluster):
    own = cluster.credentials()
    with Raw(cluster.port) as raw:
        raw.greet()
        answer = raw.login(own["user"].encode(), own["password"], collation=GB18030_CHINESE_CI)
        assert protocol.error_code(answer) == 1115
        assert b"gb18030" in answer


def test_collation_names_of_mysql_8(cluster, database):  # noqa: F811
    with cluster.connect() as conn, conn.cursor(pymysql.cursors.Cursor) as cursor:
        for statement in (
            "SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci",
            "SET collation_connection = 'utf8mb4_0900_ai_ci'",
            "/*!50003 SET collation_connection = utf8mb4_0900_ai_ci */",
        ):
            cursor.execute("SET NAMES latin1")
            cursor.execute(statement)
            cursor.execute("SELECT @@collation_connection")
            assert cursor.fetchone() == ("utf8mb4_uca1400_nopad_ai_ci",)
        cursor.execute("SET NAMES utf8mb4")
        # As mysqldump of MySQL 8 has it.
        cursor.execute(
            "CREATE TABLE d.t (a VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_as_cs, "
            "b INT) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci"
        )
        cursor.execute("SELECT COLLATION_NAME FROM information_schema.COLUMNS "
                       "WHERE TABLE_SCHEMA = 'd' AND COLUMN_NAME = 'a'")  # fmt: skip
        assert cursor.fetchone() == ("utf8mb4_uca1400_nopad_as_cs",)
        cursor.execute("INSERT INTO d.t VALUES ('utf8mb4_0900_ai_ci', 1)")
        cursor.execute("SELECT a FROM d.t WHERE a = 'utf8mb4_0900_ai_ci'")
        assert cursor.fetchone() == ("utf8mb4_0900_ai_ci",)


# --- accounts ---


@pytest.mark.parametrize(
    "requirement", ["X509", "ISSUER '/CN=x'", "SUBJECT '/CN=x'", "CIPHER 'AES256-SHA'"]
)
def test_accounts_that_require_a_certificate_are_refused(cluster, requirement):
    """TLS ends at the endpoint: the engine sees no client's certificate."""
    with pytest.raises(pymysql.err.MySQLError, match="TLS ends at the endpoint") as refused:
        cluster.execute(f"CREATE USER 'x'@'%' IDENTIFIED BY 'pw' REQUIRE {requirement}")
    assert refused.value.args[0] == 1227
    assert requirement.split()[0] in refused.value.args[1]
    # One that came otherwise does not get in, and without an account it looks the same.
    cluster.as_admin(f"CREATE USER 'x'@'%' IDENTIFIED BY 'pw' REQUIRE {requirement}")
    with pytest.raises(pymysql.err.MySQLError) as refused:
        cluster.connect(tls=True, user="x", password="pw").close()
    assert refused.value.args[0] == 1045
    cluster.drop_account("'x'@'%'")


# --- certificates ---


def new_certificate(cluster, tmp_path):
    """Another certificate of the cluster's authority, in the place of the old one; its serial number."""
    tls = cluster.own / "tls"
    names = tmp_path / "names"
    names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for command in (
        ["req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", tmp_path / "key", "-out",
         tmp_path / "request", "-subj", "/CN=renewed"],
        ["x509", "-req", "-in", tmp_path / "request", "-CA", tls / "ca.pem", "-CAkey", tls / "ca-key.pem",
         "-set_serial", "4711", "-days", "2", "-extfile", names, "-out", tmp_path / "cert"],
    ):  # fmt: skip
        subprocess.run(["openssl", *command], check=True, capture_output=True, timeout=60)
    shutil.copy(tmp_path / "key", tls / "server-key.pem")
    shutil.copy(tmp_path / "cert", tls / "server-cert.pem")


def subject(conn):
    return dict(pair[0] for pair in conn._sock.getpeercert()["subject"])["commonName"]


def test_certificates_reload(make_cluster, tmp_path):
    """By SIGHUP, for new clients and in the engine, which 11.8's own clients compare; sessions go on."""
    with make_cluster("--engine", "mariadb-11.8") as cluster:
        with cluster.connect(tls=True) as old, old.cursor() as cursor:
            before = subject(old)
            new_certificate(cluster, tmp_path)
            cluster.daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: "certificate reloaded" in cluster.stderr.read_text(), PROMPT, "reloaded")
            with cluster.connect(tls=True) as new:
                assert before != subject(new) == "renewed"
            # Without an authority it takes the certificate that the account's password vouches for.
            done = cluster.client("mysql", "-N", "-e", "SELECT 1", home="mariadb-11.8")
            assert done.stdout == "1\n", done.stderr
            (cluster.own / "tls" / "server-cert.pem").write_text("garbage")
            cluster.daemon.send_signal(signal.SIGHUP)
            wait_for(lambda: "certificate not reloaded, nothing is changed: TLS: " in
                     cluster.stderr.read_text(), PROMPT, "refused")  # fmt: skip
            assert str(cluster.own / "tls" / "server-cert.pem") in cluster.stderr.read_text()
            with cluster.connect(tls=True) as new:
                assert subject(new) == "renewed"
            cursor.execute("SELECT 1 AS one")
            assert cursor.fetchone() == {"one": 1}
