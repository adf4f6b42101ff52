"""`borealis relay` towards its source: where it begins, and what it does when the source is not as it was."""

import re
import subprocess
import zlib

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import (
    REPLICA,
    REPLICA_PASSWORD,
    USER,
    Relay,
    binlog_bytes,
    create_account,
    is_mariadb,
    is_new_mysql,
    position,
    source_settings,
    wait_replica,
)
from .small_disk import SmallRelay

SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-11.8"]
HEAD_TYPES = {15, 35, 161, 163}  # format description, GTIDs of the files before, checkpoint


@pytest.fixture(scope="module", params=SERVERS)
def source(request, tmp_path_factory):
    """With three files, and rows in each."""
    settings = source_settings(request.param)
    with Node(request.param, tmp_path_factory.mktemp("source"), **settings) as node:
        node.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        for _ in range(2):
            insert(node)
            node.execute("FLUSH LOGS")
            insert(node)
        create_account(node)
        yield node


def insert(node, rows=3):
    node.execute(*["INSERT INTO d.t (a) VALUES (REPEAT('x', 200))"] * rows)


def names(node):
    return [row["Log_name"] for row in node.query("SHOW BINARY LOGS")]


def purge_all(node):
    """All but the last: a file that a dump is in stays, and a server notices late that its replica has gone."""
    def purged():
        *closed, last = names(node)
        if closed:
            node.execute(f"PURGE BINARY LOGS TO '{last}'")
        return not closed

    wait_for(purged, 60, f"{node} has one file left")


def gtids(node):
    """What a replica that has all of the node's transactions would say."""
    variable = "gtid_binlog_pos" if is_mariadb(node) else "gtid_executed"
    return node.query(f"SELECT @@GLOBAL.{variable} AS g")[0]["g"].replace("\n", "")


def first_gtids(node):
    """The state after the first transaction."""
    if is_mariadb(node):
        domain, server, _ = gtids(node).split("-")
        return f"{domain}-{server}-1"
    return f"{gtids(node).split(':')[0]}:1"


def io_error(relay):
    (row,) = relay.query("SHOW SLAVE STATUS")
    return row["Last_IO_Error"]


def wait_stopped(relay, text):
    """Until the receiver has stopped for good, for a reason that has the text in it."""

    def stopped():
        (row,) = relay.query("SHOW SLAVE STATUS")
        return row["Slave_IO_Running"] == "No" and row["Last_IO_Error"]

    reason = wait_for(stopped, 60, f"{relay}: has stopped")
    assert text in reason, reason
    return reason


def wait_error(relay, text):
    wait_for(lambda: text in io_error(relay), 60, f"{relay}: says '{text}'")


def assert_same_files(relay, source, first):
    """The mirror's files are the source's from `first` on; the last one is still being written."""
    wanted = [name for name in names(source) if name >= first]
    files = relay.files()
    assert list(files) == wanted
    for name in wanted[:-1]:
        theirs = bytearray(binlog_bytes(source, name))
        theirs[4 + 17] &= 0xFE  # IN_USE, which stays where a server has crashed
        assert files[name].read_bytes() == bytes(theirs), name


def test_starts_after_gtids(source, tmp_path):
    """The mirror begins with the file that has the first transaction after them, at its beginning."""
    first, _ = position(source)
    insert(source, 1)
    start = gtids(source)
    insert(source, 1)
    source.execute("FLUSH LOGS")
    insert(source, 1)
    with Relay(source, tmp_path, "--start", f"gtid:{start}") as relay:
        relay.wait_caught_up()
        assert_same_files(relay, source, first)
        (row,) = relay.query(
            "SELECT @@GLOBAL.gtid_binlog_pos AS g" if is_mariadb(source) else "SELECT @@GLOBAL.gtid_executed AS g"
        )
        assert row["g"] == gtids(source)


def test_gtids_of_the_other_family(source, tmp_path):
    wrong = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1" if is_mariadb(source) else "0-1-1"
    with Relay(source, tmp_path, "--start", f"gtid:{wrong}") as relay:
        wait_stopped(relay, wrong)


def test_starts_without_the_right_to_list_files(source, tmp_path):
    """REPLICATION SLAVE is enough for the oldest file; for the end it says what is missing."""
    right = "REPLICATION CLIENT"
    source.execute("SET SESSION sql_log_bin = 0", f"REVOKE {right} ON *.* FROM {USER}@'127.0.0.1'")
    try:
        with Relay(source, tmp_path / "oldest") as relay:
            relay.wait_caught_up()
            assert_same_files(relay, source, names(source)[0])
        with Relay(source, tmp_path / "now", "--start", "now") as relay:
            wait_error(relay, "BINLOG MONITOR" if is_mariadb(source) else right)
            source.execute("SET SESSION sql_log_bin = 0", f"GRANT {right} ON *.* TO {USER}@'127.0.0.1'")
            relay.wait_caught_up()
            assert list(relay.files()) == names(source)[-1:]
    finally:
        source.execute("SET SESSION sql_log_bin = 0", f"GRANT {right} ON *.* TO {USER}@'127.0.0.1'")


def logs(relay):
    """Names and sizes of the files of each of the relay's logs."""
    return {
        log.name: {
            path.name: path.stat().st_size for path in log.iterdir() if path.suffix[1:].isdigit()
        }
        for log in sorted((relay.dir / "source").glob("[0-9]*"))
    }


def restart(relay, *options, source=None):
    relay.stop()
    relay.options = options
    relay.source = source or relay.source
    relay.start()


def reset(node):
    node.execute("RESET BINARY LOGS AND GTIDS" if is_new_mysql(node) else "RESET MASTER")


def assert_new_log(relay, source, old):
    """A second log has all that the source has; the first is as it was."""
    wait_for(lambda: len(logs(relay)) == 2, 60, f"{relay}: begins a new log")
    wait_for(lambda: relay.position() == position(source), 60, f"{relay}: has all of {source}")
    assert logs(relay)["00000001"] == old["00000001"]
    assert_same_files(relay, source, names(source)[0])


def test_source_that_lost_its_tail(source, tmp_path):
    """A crash takes transactions away that the relay has already received."""
    with Relay(source, tmp_path) as relay:
        file, end = position(source)
        insert(source, 2)
        relay.wait_caught_up()
        source.kill9()
        with open(source.datadir / file, "r+b") as binlog:
            binlog.truncate(end)
        source.start()
        insert(source, 1)
        reason = wait_stopped(relay, file)
        assert "less than was received" in reason and str(end) in reason, reason
        old = logs(relay)
        restart(relay, "--source-change", "anew")
        assert_new_log(relay, source, old)


def test_a_start_within_an_event(source, tmp_path):
    """Nothing is left out for it; it is told, and may be corrected."""
    first = names(source)[0]
    with Relay(source, tmp_path, "--start", f"{first}:{len(binlog_bytes(source, first)) - 3}") as relay:
        wait_stopped(relay, "error 1236")
        assert list(relay.files()) == [first]
        restart(relay, "--start", f"{first}:4")
        relay.wait_caught_up()
        assert_same_files(relay, source, first)
        assert list(logs(relay)) == ["00000001"]


def test_purged_while_away(source, tmp_path):
    with Relay(source, tmp_path) as relay:
        relay.wait_caught_up()
        wanted, _ = relay.position()
        old = logs(relay)
        relay.stop()
        source.execute("FLUSH LOGS")
        purge_all(source)
        insert(source, 1)
        relay.start()
        reason = wait_stopped(relay, "has purged")
        assert wanted in reason and names(source)[0] in reason, reason
        restart(relay, "--source-change", "follow")
        assert_new_log(relay, source, old)


def test_reset_source(source, tmp_path):
    """Its first file has the name of one that was received, and other events."""
    with Relay(source, tmp_path) as relay:
        reset(source)
        insert(source, 2)
        reason = wait_stopped(relay, "began anew")
        assert "source_change" in reason, reason
        old = logs(relay)
        relay.stop()
        relay.start()
        wait_stopped(relay, "began anew")
        assert logs(relay) == old
        restart(relay, "--source-change", "follow")
        wait_stopped(relay, "not followed: it lacks")
        restart(relay, "--source-change", "anew")
        assert_new_log(relay, source, old)


def test_reader_of_a_log_that_ends(source, tmp_path):
    """Who reads by position is told that positions are others now."""
    source.execute("FLUSH LOGS")  # a source does not end the dump of a file that has the first's name
    with Relay(source, tmp_path, "--source-change", "anew") as relay:
        relay.wait_caught_up()
        first = names(source)[0]
        with open(tmp_path / "reader.err", "w") as errors:
            reader = subprocess.Popen(
                [source.program("mysqlbinlog"), "--no-defaults", "--read-from-remote-server", "--raw",
                 "--stop-never", "--host=127.0.0.1", f"--port={relay.port}", f"--user={REPLICA}",
                 f"--password={REPLICA_PASSWORD}", f"--result-file={tmp_path}/", first],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
            )  # fmt: skip
        try:
            wait_for(lambda: "dump begins" in relay.log.read_text(), 60, "the reader reads")
            reset(source)
            insert(source, 2)
            assert reader.wait(60) != 0
        finally:
            reader.kill()
            reader.wait(60)
        assert "has begun a new log" in (tmp_path / "reader.err").read_text()


def test_purged_gtids(source, tmp_path):
    """The last of this source: its older files go."""
    start = first_gtids(source)
    source.execute("FLUSH LOGS")
    purge_all(source)
    with Relay(source, tmp_path, "--start", f"gtid:{start}") as relay:
        reason = wait_stopped(relay, "can not begin after")
        if is_mariadb(source):
            assert names(source)[0] in reason
        else:
            assert f"{start}".replace(":1", ":2") in reason
        assert not relay.files()


def stop_replica(node):
    new = is_new_mysql(node)
    node.execute("STOP REPLICA" if new else "STOP SLAVE")


def start_replica(node):
    node.execute("START REPLICA" if is_new_mysql(node) else "START SLAVE")


@pytest.mark.parametrize("server", ["mysql-5.6", "mariadb-10.11"])
def test_failover(server, tmp_path):
    """A replica is promoted: the relay follows it once it has all, and serves the old source by GTID."""
    settings = source_settings(server)
    with (
        Node(server, tmp_path / "first", **settings) as first,
        Node(server, tmp_path / "second", **settings) as second,
        Relay(first, tmp_path) as relay,
    ):
        first.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        relay.wait_caught_up()
        relay.attach(second, by_gtid=True)
        wait_replica(second, position(first))
        stop_replica(second)
        create_account(second)
        insert(first, 1)
        relay.wait_caught_up()
        old = logs(relay)
        restart(relay, source=second)
        reason = wait_stopped(relay, "another server")
        assert str(first.port) in reason and str(second.port) in reason, reason
        restart(relay, "--source-change", "follow")
        wait_stopped(relay, "not followed: it lacks")
        assert logs(relay) == old
        restart(relay, source=first)
        start_replica(second)
        wait_replica(second, position(first))
        stop_replica(second)
        insert(second, 2)
        restart(relay, "--source-change", "follow", source=second)
        assert_new_log(relay, second, old)
        if is_mariadb(first):
            first.execute("SET GLOBAL gtid_slave_pos = @@GLOBAL.gtid_binlog_pos")
        relay.attach(first, by_gtid=True)
        wait_replica(first, position(second))
        assert first.query("SELECT * FROM d.t") == second.query("SELECT * FROM d.t")


def test_source_as_of_5_5(tmp_path):
    """No checksums, old row events, no GTIDs; an account that can replicate and nothing else."""
    settings = {"binlog_checksum": "NONE", "log_bin_use_v1_row_events": "ON"}
    with (
        Node("mysql-5.6", tmp_path / "source", **settings) as source,
        Node("mysql-5.6", tmp_path / "replica") as replica,
    ):
        create_account(source, "REPLICATION SLAVE")
        source.execute(
            "CREATE TABLE mysql.rds_heartbeat2 (id INT NOT NULL PRIMARY KEY, value BIGINT)",
            "CREATE DATABASE d",
            "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)",
        )
        with Relay(source, tmp_path) as relay:
            relay.wait_caught_up()
            relay.attach(replica, by_gtid=False)
            for _ in range(3):
                source.execute("REPLACE INTO mysql.rds_heartbeat2 VALUES (1, UNIX_TIMESTAMP())")
                insert(source)
                source.execute("UPDATE d.t SET a = CONCAT(a, id)", "FLUSH LOGS")
            relay.wait_caught_up()
            assert_same_files(relay, source, names(source)[0])
            relay.stop()
            insert(source, 1)
            relay.start()
            wait_replica(replica, position(source))
            for sql in ("SELECT * FROM d.t", "SELECT * FROM mysql.rds_heartbeat2"):
                assert replica.query(sql) == source.query(sql)


@pytest.mark.parametrize("server", ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"])
def test_source_without_checksums(server, tmp_path):
    """It is asked for the middle of a file when the relay comes back."""
    settings = source_settings(server) | {"binlog_checksum": "NONE"}
    with Node(server, tmp_path / "source", **settings) as source, Relay(source, tmp_path) as relay:
        source.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)",
                       "INSERT INTO d.t (a) VALUES (REPEAT('x', 200000))")  # fmt: skip
        relay.wait_caught_up()
        relay.stop()
        insert(source, 1)
        relay.start()
        relay.wait_caught_up()
        relay.assert_files_are_the_sources()


def test_damaged_events(tmp_path):
    """What is damaged in the source's file is asked for a few times, and never kept."""
    server = "mariadb-11.8"
    with Node(server, tmp_path / "source") as source, Relay(source, tmp_path) as relay:
        relay.wait_caught_up()
        relay.stop()
        source.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a TEXT)")
        file, before = position(source)
        source.execute("INSERT INTO d.t (a) VALUES ('to be damaged')")
        path = source.datadir / file
        whole = path.read_bytes()
        at = whole.index(b"to be damaged", before)
        path.write_bytes(whole[:at] + b"T" + whole[at + 1 :])
        relay.start()
        reason = wait_stopped(relay, "3 times in a row")
        assert "checksum" in reason, reason
        mirrored = relay.files()[file].read_bytes()
        assert len(mirrored) <= at and mirrored[22:] == whole[22 : len(mirrored)]
        path.write_bytes(whole)
        relay.stop()
        relay.start()
        relay.wait_caught_up()
        assert relay.files()[file].read_bytes()[22:] == whole[22:]


def test_clients_are_told_what_the_source_has_now(source, tmp_path):
    """A replica asks the relay for these, and goes by the answers."""
    changes = [("binlog_checksum", "NONE"), ("binlog_checksum", "CRC32")]
    if is_new_mysql(source):
        changes += [("gtid_mode", "ON_PERMISSIVE"), ("gtid_mode", "ON")]
    with Relay(source, tmp_path) as relay:
        relay.wait_caught_up()
        for name, value in changes:
            source.execute(f"SET GLOBAL {name} = {value}")
            wait_for(lambda: relay.query(f"SELECT @@GLOBAL.{name} AS v") == [{"v": value}], 30, f"{name} is {value}")
        insert(source, 1)
        relay.wait_caught_up()
        assert relay.status()["channels"][0]["connects"] == 1


def test_damage_that_looks_like_a_crash(source, tmp_path):
    """An event that goes past its file's end, and others behind it: they are not left out."""
    source.execute("FLUSH LOGS")
    insert(source)
    _, at = position(source)
    insert(source)
    source.execute("FLUSH LOGS")
    insert(source)
    first = names(source)[-2]
    path = source.datadir / first
    whole = path.read_bytes()
    path.write_bytes(whole[: at + 9] + len(whole).to_bytes(4, "little") + whole[at + 13 :])
    with Relay(source, tmp_path, "--start", f"{first}:4") as relay:
        wait_stopped(relay, "damaged" if is_mariadb(source) else "error 1236")
        assert list(relay.files()) == [first]
        path.write_bytes(whole)
        relay.stop()
        relay.start()
        relay.wait_caught_up()
        assert_same_files(relay, source, first)


def move_events(path, to):
    """Makes what a closed file has, but for its head, stand at another offset: a hole comes before it."""
    data = bytearray(path.read_bytes())
    at = 4
    while data[at + 4] in HEAD_TYPES:
        at += int.from_bytes(data[at + 9 : at + 13], "little")
    head, begin = bytes(data[:at]), at
    while at < len(data):
        end = at + int.from_bytes(data[at + 9 : at + 13], "little")
        if any(data[at + 13 : at + 17]):  # MariaDB's rows do not tell where they end
            data[at + 13 : at + 17] = ((to + end - begin) % 2**32).to_bytes(4, "little")
        data[end - 4 : end] = zlib.crc32(data[at : end - 4]).to_bytes(4, "little")
        at = end
    with open(path, "wb") as file:
        file.write(head)
        file.seek(to)
        file.write(data[begin:])
    return to + len(data) - begin


@pytest.mark.parametrize("server", ["mysql-5.6", "mariadb-11.8"])
def test_a_file_past_4_gib(server, tmp_path):
    """The connection is lost behind what a request has bits for."""
    with Node(server, tmp_path / "source", **source_settings(server)) as source:
        source.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)",
                       *["INSERT INTO d.t (a) VALUES (REPEAT('x', 20000))"] * 20,
                       "INSERT INTO d.t (a) VALUES ('to be damaged')", "FLUSH LOGS")  # fmt: skip
        file = names(source)[-2]
        path = source.datadir / file
        source.stop()
        begin = 2**32 - path.stat().st_size // 2
        end = move_events(path, begin)
        with open(path, "rb") as binlog:
            binlog.seek(begin)
            at = begin + binlog.read().index(b"to be damaged")

        def write(byte):
            with open(path, "r+b") as binlog:
                binlog.seek(at)
                binlog.write(byte)

        write(b"T")
        source.start()
        with Relay(source, tmp_path, "--start", f"{file}:{begin}") as relay:
            assert "checksum" in wait_stopped(relay, "3 times in a row")
            (row,) = relay.query("SHOW SLAVE STATUS")
            assert row["Read_Master_Log_Pos"] > 2**32
            write(b"t")
            relay.stop()
            relay.start()
            relay.wait_caught_up()
            with open(path, "rb") as theirs, open(relay.files()[file], "rb") as ours:
                assert theirs.seek(begin) == ours.seek(begin)
                assert theirs.read() == ours.read() and ours.tell() == end


def test_full_disk(tmp_path):
    """It waits, says so, and goes on by itself once there is room."""
    with (
        Node("mariadb-11.8", tmp_path / "source", max_binlog_size=1048576) as source,
        SmallRelay("4M", source, tmp_path, "--disk-low", "0", "--disk-short", "0") as relay,
    ):
        source.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)")
        for _ in range(30):
            source.execute("INSERT INTO d.t (a) VALUES (REPEAT('x', 200000))")
        wait_error(relay, "No space left")
        (row,) = relay.query("SHOW SLAVE STATUS")
        assert row["Slave_IO_Running"] != "No", row
        assert relay.query("SHOW BINARY LOGS")
        relay.disk.grow("64M")
        relay.wait_caught_up()
        for name in names(source)[:-1]:
            assert relay.files()[name].read_bytes() == binlog_bytes(source, name), name
        assert io_error(relay) == ""


def test_a_connection_that_lasted_is_tried_again_soon(source, tmp_path):
    """A source that has nothing to send, and is lost now and then: not a pause longer each time."""

    def dumps():
        return source.query("SELECT ID, TIME FROM information_schema.PROCESSLIST"
                            " WHERE COMMAND LIKE 'Binlog Dump%'")  # fmt: skip

    # A source lists the dump of a relay that is gone until it next sends to it, and one that was
    # killed for a moment.
    ended = {row["ID"] for row in dumps()}

    def dump():
        return next((row for row in dumps() if row["ID"] not in ended), None)

    def end_dump():
        pauses = len(re.findall("next attempt in", relay.log.read_text()))
        thread = wait_for(dump, 60, "a dump")["ID"]
        ended.add(thread)
        source.execute(f"KILL {thread}")
        found = wait_for(
            lambda: re.findall(r"next attempt in (\d+) s", relay.log.read_text())[pauses:], 60,
            "the loss is noticed",
        )  # fmt: skip
        return int(found[0])

    with Relay(source, tmp_path) as relay:
        relay.wait_caught_up()
        wait_for(lambda: end_dump() >= 2, 120, "the pauses grow")
        wait_for(lambda: (dump() or {"TIME": 0})["TIME"] >= 5, 120, "a dump that lasts")
        assert end_dump() == 1
