"""Each real server starts, answers, keeps its data, and prints values as the others do."""

import os
import signal
import subprocess
import sys

import pytest

from .checksum import checksum
from .node import KINDS, Node, ServerError
from .wait import wait_for

VALUES = """
    CREATE TABLE varied (
        id BIGINT UNSIGNED PRIMARY KEY, tiny TINYINT, flags BIT(12), price DECIMAL(30, 10),
        single FLOAT, twofold DOUBLE, born DATE, at DATETIME(6), seen TIMESTAMP(3) NULL,
        lasted TIME(2), year_ YEAR, name VARCHAR(100) CHARACTER SET utf8mb4,
        old CHAR(20) CHARACTER SET latin1, bytes VARBINARY(50), fixed BINARY(4), body LONGBLOB,
        words MEDIUMTEXT CHARACTER SET utf8mb4, mood ENUM('glad', 'trüb', ''), tags SET('a', 'b', 'ç'),
        place POINT, `odd``name` INT
    ) DEFAULT CHARSET utf8mb4
"""
ROWS = [
    "INSERT INTO varied (id) VALUES (0)",  # all else is NULL
    """INSERT INTO varied VALUES (18446744073709551615, -128, b'101010101010',
        -12345678901234567890.0123456789, 0.1, 0.1, '1000-01-01', '9999-12-31 23:59:59.999999',
        '2038-01-19 03:14:07.999', '-838:59:58.99', 1901, 'naïve 🐙 名', 'café   ', x'00ff230a', 'ab',
        REPEAT(x'ff007e23', 50000), REPEAT('🐙~#', 50000), 'trüb', 'a,ç',
        ST_GeomFromText('POINT(1.5 -2.25)'), 1)""",
    """INSERT INTO varied VALUES (2, 127, 0, 0.0000000001, 3.4e38, 1.7976931348623157e308, '2024-02-29',
        '2024-02-29 00:00:00', '1970-01-01 00:00:01', '00:00:00', 2155, '', '', '', '', '', '', '', '',
        ST_GeomFromText('POINT(0 0)'), -2147483648)""",
    """INSERT INTO varied (id, single, twofold, name) VALUES
        (3, 16777217, 1e-300, '~'), (4, -1.5e-10, 123456789.123456789, '#'), (5, 1e10, 1e15, NULL)""",
    # Each order of magnitude of a fraction, and of a large number.
    "INSERT INTO varied (id, single, twofold) VALUES "
    + ", ".join(f"({100 + n}, -1.2345678e{n}, -1.2345678901234567e{n})" for n in range(-30, 31)),
]
ROW_COUNT = 67


@pytest.fixture(scope="module", params=KINDS)
def node(request, tmp_path_factory):
    with Node(request.param, tmp_path_factory.mktemp(request.param)) as node:
        yield node
        assert node.stop(), node.log_tail()


def load(node, schema):
    node.execute(
        f"CREATE DATABASE {schema}", f"USE {schema}", "SET time_zone = '+00:00'", VALUES, *ROWS
    )


def test_version(node):
    assert node.query("SELECT VERSION() AS v")[0]["v"].startswith(node.server.partition("-")[2])


def test_binlog_is_on_and_starts_empty(tmp_path_factory, node):
    with Node(node.server, tmp_path_factory.mktemp("fresh")) as fresh:
        names = [row["Log_name"] for row in fresh.query("SHOW BINARY LOGS")]
        assert all(name.startswith("mysql-bin-changelog.0") for name in names)
        events = fresh.query(f"SHOW BINLOG EVENTS IN '{names[-1]}'")
        assert not [e for e in events if e["Event_type"] in ("Query", "Table_map")], events
        fresh.execute("CREATE DATABASE seen")
        events = fresh.query(f"SHOW BINLOG EVENTS IN '{names[-1]}'")
        assert [e for e in events if "CREATE DATABASE seen" in e["Info"]], events
        assert fresh.query("SELECT @@server_id AS id") != node.query("SELECT @@server_id AS id")


def test_accounts(node):
    with node.connect(host="127.0.0.1") as conn, conn.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER() AS u")
        assert cursor.fetchone() == {"u": "root@127.0.0.1"}
    assert node.query("SELECT User FROM mysql.user WHERE User = ''") == []


def test_client_programs(node):
    done = node.client("mysql", "--batch", "--skip-column-names", input="SELECT 40 + 2;")
    assert done.stdout.strip() == "42"
    assert "alive" in node.client("mysqladmin", "ping").stdout
    assert node.client("mysql", input="nonsense;", check=False).returncode == 1


def test_data_outlives_restart_and_crash(node):
    load(node, "kept")
    before = checksum(node, "kept")
    pid = node.pid
    node.restart(max_connections=77)
    assert node.pid != pid
    assert node.query("SELECT @@max_connections AS n") == [{"n": 77}]
    assert checksum(node, "kept") == before
    node.kill9()
    assert node.pid is None
    node.start()
    assert checksum(node, "kept") == before


def test_checksum_agrees_across_families(tmp_path):
    sums = {}
    for server in KINDS:
        with Node(server, tmp_path / server) as node:
            load(node, "d")
            sums[server] = checksum(node, "d")
    assert sums["mysql-5.6"]["varied"][0] == ROW_COUNT
    assert len(set(map(str, sums.values()))) == 1, sums


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE varied SET name = NULL WHERE id = 2",
        "UPDATE varied SET body = CONCAT(body, x'00') WHERE name LIKE 'na%'",
        "UPDATE varied SET twofold = twofold + 1e-8 WHERE id = 4",
        "INSERT INTO varied (id) VALUES (7)",
        "DELETE FROM varied WHERE id = 5",
    ],
)
def test_checksum_sees_a_change(node, change):
    node.execute("DROP DATABASE IF EXISTS changed")
    load(node, "changed")
    before = checksum(node, "changed")
    assert node.execute("USE changed", change) == 1
    assert checksum(node, "changed") != before


def test_checksum_ignores_order_and_restores_the_session(node):
    node.execute("DROP DATABASE IF EXISTS ordered", "CREATE DATABASE ordered", "USE ordered",
                 "CREATE TABLE a (x INT)", "CREATE TABLE b (x INT)", "CREATE TABLE none (x INT)",
                 "INSERT INTO a VALUES (1), (2), (2)", "INSERT INTO b VALUES (2), (1), (2)")  # fmt: skip
    with node.connect(autocommit=False) as conn, conn.cursor() as cursor:
        cursor.execute("SET time_zone = '+05:00'")
        sums = checksum(conn, "ordered")
        cursor.execute("SELECT @@time_zone AS z")
        assert cursor.fetchone() == {"z": "+05:00"}
    assert sums["a"] == sums["b"] and sums["a"][0] == 3
    assert sums["none"] == (0, 0)


def test_server_dies_with_the_test(tmp_path):
    script = (
        "import sys; from {0}.node import Node; n = Node('mariadb-10.11', sys.argv[1]); n.start();"
        "print(n.pid, flush=True); sys.stdin.read()"
    ).format(__package__)
    # Its socket's directory is left behind: below tmp_path, then.
    env = {**os.environ, "PYTHONPATH": ":".join(sys.path), "TMPDIR": str(tmp_path)}
    test = subprocess.Popen(
        [sys.executable, "-c", script, tmp_path / "n"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env,
    )  # fmt: skip
    with test:
        pid = int(test.stdout.readline())
        pidfd = os.pidfd_open(pid)
        test.send_signal(signal.SIGKILL)
    wait_for(lambda: _has_ended(pidfd), 20, f"server {pid} ends with its test")
    os.close(pidfd)


def _has_ended(pidfd):
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return True
    # Ended but not waited for, where the process that adopts orphans is slow.
    with open(f"/proc/self/fdinfo/{pidfd}", encoding="ascii") as info:
        pid = next(line.split()[1] for line in info if line.startswith("Pid:"))
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        return stat.read().rpartition(")")[2].split()[0] == "Z"


def test_failed_start_tells_why(tmp_path):
    node = Node("mariadb-10.11", tmp_path / "n", no_such_setting=1)
    with pytest.raises(ServerError, match="no_such_setting"):
        node.start()
    node.close()


def test_wait_for_fails_with_the_last_value():
    with pytest.raises(AssertionError, match=r"rows arrive: not within 0 s, last value \[\]"):
        wait_for(list, 0, "rows arrive")
