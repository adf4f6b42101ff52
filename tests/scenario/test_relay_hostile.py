"""Clients of `borealis relay` that send what no replica sends, or take nothing; others get all there is."""

import contextlib
import random
import socket
import struct
import subprocess

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .protocol import Raw, change_user, error_code, packet
from .relay import (
    REPLICA,
    REPLICA_PASSWORD,
    follow,
    position,
    replica_settings,
    source_settings,
    wait_replica,
)
from .relay_product import ConfiguredRelay, hashes, make_account
from .test_binlog_values import SEED

CLIENTS = 20
COM_BINLOG_DUMP = 0x12
NON_BLOCK = 1
ROWS = 400  # of 60000 bytes: more than all buffers between a relay and a client
MEMORY = 512 << 20  # bytes: the cache, and some
CROWD, WAVES = 500, 6  # connections at a time, and how often
CROWD_LIMIT = 300
PACKET_MAX = 0xFFFFFF  # bytes of a payload; as many say that more comes in the next packet


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    with Node("mariadb-10.11", tmp_path_factory.mktemp("source"),
              **source_settings("mariadb-10.11")) as node:  # fmt: skip
        make_account(node)
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (a LONGTEXT)",
                     *["INSERT INTO d.t VALUES (REPEAT('x', 60000))"] * ROWS)  # fmt: skip
        yield node


@pytest.fixture(scope="module")
def relay(source, tmp_path_factory):
    relay = ConfiguredRelay(tmp_path_factory.mktemp("relay"), {"shop": source})
    relay.config["channel shop"]["max_connections"] = str(CLIENTS)
    relay.write()
    with relay:
        relay.wait_position("shop", position(source))
        yield relay


@pytest.fixture(autouse=True)
def serves_on(source, relay, tmp_path):
    """After each test: the same process, bounded, without secrets in its log, and a dump gets all."""
    pid = relay.process.pid
    yield
    assert relay.process.poll() is None and relay.process.pid == pid
    copy_is_whole(source, relay, tmp_path)
    log = relay.log.read_text(errors="replace")
    assert REPLICA_PASSWORD not in log and "xxxxxxxx" not in log
    assert process_status(relay, "VmRSS") << 10 < MEMORY


def process_status(relay, name):
    """A number of the relay's process; sizes are in kB."""
    with open(f"/proc/{relay.process.pid}/status") as file:
        (line,) = [line for line in file if line.startswith(name + ":")]
    return int(line.split()[1])


def port(relay):
    return int(relay.config["channel shop"]["listen"].partition(":")[2])


def copy_is_whole(source, relay, tmp_path):
    """The servers' own program gets the whole file."""
    (file, _) = position(source)
    done = subprocess.run(
        [source.program("mysqlbinlog"), "--no-defaults", "--read-from-remote-server", "--raw",
         "--host=127.0.0.1", f"--port={port(relay)}", f"--user={REPLICA}",
         f"--password={REPLICA_PASSWORD}", f"--result-file={tmp_path}/", file],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    ours = relay.dir / "shop" / "00000001" / file
    assert (tmp_path / file).read_bytes() == ours.read_bytes()


def wait_log(relay, text):
    wait_for(lambda: text in relay.log.read_text(errors="replace"), 60, f"the log says: {text}")


def has_room(relay):
    """Until enough of this test's clients are gone."""
    wait_for(lambda: relay.connect("shop").close() is None, 60, "there is room", ignore=pymysql.err.MySQLError)


def dump(relay, payload, receive_bytes=None):
    """A connection that has asked for a dump, and reads nothing of it; its SO_RCVBUF, if not the usual."""
    conn = relay.connect("shop")
    if receive_bytes:
        conn._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)  # noqa: SLF001
    with conn.cursor() as cursor:
        cursor.execute("SET @mariadb_slave_capability = 4")
        cursor.execute("SET @master_binlog_checksum = 'CRC32'")
    conn._execute_command(COM_BINLOG_DUMP, payload)  # noqa: SLF001: no client of ours asks for dumps
    return conn


def request(offset, flags, server_id, name=b""):
    return struct.pack("<IHI", offset, flags, server_id) + name


def test_too_many_connections(relay):
    """Idle ones that never log in are counted; who leaves makes room."""
    idle = [Raw(port(relay)).greet() for _ in range(CLIENTS - 1)]
    try:
        refused = [socket.create_connection(("127.0.0.1", port(relay)), timeout=30) for _ in range(200)]
        answers = [one.recv(4096) for one in refused]
        for one in refused:
            one.close()
        others = [answer for answer in answers if b"Too many connections" not in answer]
        assert len(others) <= 1, others
        with pytest.raises(pymysql.err.OperationalError) as full:
            for _ in range(2):
                idle.append(Raw(port(relay)))
                relay.connect("shop")
        assert full.value.args[0] == 1040
    finally:
        for one in idle:
            one.socket.close()
    has_room(relay)


@pytest.mark.parametrize("stage", ["greeting", "password", "command", "large"])
def test_garbage(relay, stage):
    rng = random.Random(f"{SEED} {stage}")
    for _ in range(40):
        if stage in ("greeting", "large"):
            with Raw(port(relay)) as raw:
                raw.greet()
                size = rng.randint(1, 200) if stage == "greeting" else 65536
                said = b"\xff\xff\xff\x01" if stage == "large" else b""
                raw.socket.settimeout(30)
                try:
                    raw.socket.sendall(said + rng.randbytes(size))
                    raw.socket.shutdown(socket.SHUT_WR)
                    while raw.socket.recv(4096):
                        pass
                except OSError:
                    pass
        elif stage == "password":
            with pytest.raises(pymysql.err.MySQLError):
                relay.connect("shop", password=rng.randbytes(rng.randint(1, 90)).hex())
        else:
            conn = relay.connect("shop")
            try:
                conn._execute_command(rng.randrange(32), rng.randbytes(rng.randint(0, 90)))  # noqa: SLF001
                conn._sock.shutdown(socket.SHUT_WR)  # noqa: SLF001
                while conn._sock.recv(4096):  # noqa: SLF001
                    pass
            except (pymysql.err.MySQLError, OSError):
                pass
            finally:
                conn._force_close()  # noqa: SLF001
    has_room(relay)


def test_packets_of_16_mb_before_the_login(relay):
    """Refused by what their first header says: no memory is taken for them, nothing more is read."""
    before = process_status(relay, "VmHWM")
    crowd = [Raw(port(relay)).greet() for _ in range(10)]
    for raw in crowd:
        with raw, pytest.raises(OSError, match="reset|Broken pipe"):
            raw.socket.sendall(packet(bytes(PACKET_MAX), 1) + packet(bytes(PACKET_MAX), 2))
    assert (process_status(relay, "VmHWM") - before) << 10 < 4 * PACKET_MAX
    wait_log(relay, f"expected a payload of at most 65536 bytes, found at least {PACKET_MAX}")
    has_room(relay)


def test_an_account_that_requires_tls(relay):
    """The client hears what it hears of a wrong password, the log has the reason."""

    def refused(user, password, **kw):
        with pytest.raises(pymysql.err.OperationalError) as error:
            relay.connect("shop", user=user, password=password, **kw)
        return error.value.args

    relay.config["account safe"] = {"password_hash": hashes("3"), "require_tls": "on"}
    relay.reload()
    text = "Access denied for user 'safe'@'127.0.0.1' (using password: YES)"
    assert refused("safe", "3", ssl_disabled=True) == (1045, text)
    reason = f"{text}; the account requires TLS, and there is none"
    wait_log(relay, reason)
    assert refused("safe", "4", ssl_disabled=True) == (1045, text)
    with Raw(port(relay)).greet() as raw:
        assert raw.login(REPLICA.encode(), REPLICA_PASSWORD)[:1] == b"\0"
        raw.send(change_user(b"safe", "3", raw.scramble), sequence=0)
        assert error_code(raw.finish("3")) == 1045
    with relay.connect("shop", user="safe", password="3", ssl={"check_hostname": False}) as conn:
        conn.ping()
    relay.config["channel shop"]["require_tls"] = "on"
    relay.reload()
    code, text = refused(REPLICA, REPLICA_PASSWORD, ssl_disabled=True)
    assert code == 3159 and "insecure transport" in text
    relay.connect("shop", ssl={"check_hostname": False}).close()
    del relay.config["channel shop"]["require_tls"]
    relay.reload()


@pytest.mark.parametrize(
    "asked",
    [
        request(0, NON_BLOCK, 7),
        request(5, NON_BLOCK, 7, b"mysql-bin-changelog.000001"),
        request(0xFFFFFFFF, NON_BLOCK, 7, b"mysql-bin-changelog.000001"),
        request(4, NON_BLOCK, 7, b"../../identity.json"),
        request(4, NON_BLOCK, 7, b"n" * 70000),
    ],
    ids=["zero", "inside", "past", "path", "long"],
)
def test_absurd_positions(relay, asked):
    conn = dump(relay, asked)
    with pytest.raises(pymysql.err.MySQLError) as refused:
        while True:
            conn._read_packet()  # noqa: SLF001
    assert refused.value.args[0] == 1236
    conn._force_close()  # noqa: SLF001


@pytest.mark.parametrize("state", ["0-1-1," * 200000 + "1-1-1", "9" * 100000, "0-1-18446744073709551615"],
                         ids=["long", "number", "never"])
def test_absurd_gtids(relay, state):
    conn = relay.connect("shop")
    with conn.cursor() as cursor:
        cursor.execute("SET @mariadb_slave_capability = 4")
        try:
            cursor.execute(f"SET @slave_connect_state = '{state}'")
            conn._execute_command(COM_BINLOG_DUMP, request(4, NON_BLOCK, 7))  # noqa: SLF001
            with pytest.raises(pymysql.err.MySQLError) as refused:
                while True:
                    conn._read_packet()  # noqa: SLF001
            assert refused.value.args[0] in (1236, 1105), refused.value
        except pymysql.err.MySQLError as too_long:
            assert too_long.args[0] in (1064, 1153, 1231, 1235, 1236), too_long
    conn._force_close()  # noqa: SLF001


def test_replicas_that_take_nothing(source, relay, tmp_path):
    """They hold their place; another dump meanwhile gets what comes anew, too."""
    stuck = [dump(relay, request(4, 0, 100 + i, b"mysql-bin-changelog.000001")) for i in range(5)]
    source.execute(*["INSERT INTO d.t VALUES (REPEAT('y', 60000))"] * 20)
    relay.wait_position("shop", position(source))
    for _ in range(3):
        copy_is_whole(source, relay, tmp_path)
    for conn in stuck:
        conn._force_close()  # noqa: SLF001
    has_room(relay)


class Crowd:
    """Connections that say nothing, or garbage; `answers` are the first bytes that each was sent."""

    def __init__(self, relay, chance):
        self.sockets = [
            socket.create_connection(("127.0.0.1", port(relay)), timeout=60) for _ in range(CROWD)
        ]
        self.answers = [sock.recv(4096) for sock in self.sockets]
        for sock in self.sockets[::2]:
            with contextlib.suppress(OSError):  # one that was refused
                sock.sendall(chance.randbytes(chance.randint(1, 5000)))

    def close(self):
        for sock in self.sockets:
            sock.close()


def test_a_crowd(source, relay, tmp_path):
    """Thousands of connects, up to the limit and past it: a replica that is there gets all the same."""
    crowded = ConfiguredRelay(tmp_path / "crowded", {"shop": source})
    crowded.config["channel shop"]["max_connections"] = str(CROWD_LIMIT)
    crowded.write()
    chance = random.Random(f"{SEED} crowd")
    with (
        crowded,
        Node("mariadb-10.11", tmp_path / "replica", **replica_settings("mariadb-10.11")) as replica,
    ):
        crowded.wait_position("shop", position(source))
        follow(replica, port(crowded), False, ("mysql-bin-changelog.000001", 4))
        wait_replica(replica, position(source))
        threads = process_status(crowded, "Threads")
        for _ in range(WAVES):
            crowd = Crowd(crowded, chance)
            greeted = [answer for answer in crowd.answers if answer[4:5] == b"\x0a"]
            full = [answer for answer in crowd.answers if error_code(answer[4:]) == 1040]
            assert len(greeted) + len(full) == CROWD
            assert 0 < len(greeted) < CROWD_LIMIT
            source.execute(*["INSERT INTO d.t VALUES (REPEAT('z', 60000))"] * 5)
            wait_replica(replica, position(source))
            crowd.close()
        wait_for(lambda: process_status(crowded, "Threads") <= threads, 60, "their threads are gone")
        assert process_status(crowded, "VmHWM") << 10 < MEMORY
        log = crowded.log.read_text(errors="replace")
        assert log.count("dump begins") == 1 and "dump ended" not in log
    relay.wait_position("shop", position(source))


def test_a_crowd_that_takes_all_descriptors(source, tmp_path):
    """The relay misses what the source does meanwhile, says so, and gets it once they have gone."""
    crowded = ConfiguredRelay(tmp_path, {"shop": source})
    crowded.inside = ("prlimit", "--nofile=64:64")
    with crowded:
        crowded.wait_position("shop", position(source))
        sockets = [socket.create_connection(("127.0.0.1", port(crowded))) for _ in range(64)]
        wait_for(lambda: "cannot accept: Too many open" in crowded.log.read_text(), 30, "none is left")
        source.execute("FLUSH LOGS", "INSERT INTO d.t VALUES (1)", "FLUSH LOGS")
        wait_for(lambda: "Too many open files; next attempt" in crowded.log.read_text(), 30, "it is told")
        for sock in sockets:
            sock.close()
        crowded.wait_position("shop", position(source))
        assert crowded.log.read_text().count("cannot accept") < 64


def test_a_purge_leaves_what_a_slow_replica_is_in(source, tmp_path):
    """As at a server: it gets all that comes after it, too."""
    relay = ConfiguredRelay(tmp_path, {"shop": source})
    relay.config["account keeper"] = {"password_hash": hashes("of-keeper"), "admin": "on"}
    relay.write()
    source.execute("FLUSH LOGS")
    names = [row["Log_name"] for row in source.query("SHOW BINARY LOGS")]

    def run(sql):
        with relay.connect("shop", user="keeper", password="of-keeper") as conn, conn.cursor() as cursor:
            cursor.execute(sql)
            return [row["Log_name"] for row in cursor.fetchall()]

    with relay:
        relay.wait_position("shop", position(source))
        conn = dump(relay, request(4, NON_BLOCK, 500, names[0].encode()), receive_bytes=1 << 16)
        wait_log(relay, "dump begins")
        run(f"PURGE BINARY LOGS TO '{names[-1]}'")
        assert run("SHOW BINARY LOGS") == names
        received = b""
        while (payload := bytes(conn._read_packet()._data))[0] != 0xFE:  # noqa: SLF001: the dump's end
            received = payload
        assert len(received) < 100, received  # the last event of the last file
        conn._force_close()  # noqa: SLF001

        def purged():
            run(f"PURGE BINARY LOGS TO '{names[-1]}'")
            return run("SHOW BINARY LOGS") == names[-1:]

        wait_for(purged, 30, "the replica has gone")
