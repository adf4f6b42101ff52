"""A disk that fills: the relay stops first, then the retention is cut, the writer goes on to the last.

On a small file system of the test's own. Time budget: 55 s.
"""

import contextlib
import json
import os
import re
import signal
import socket
import struct

import pymysql

from servers.node import Node
from servers.wait import wait_for

from .cluster import borealis, free_port
from .prometheus import families, samples
from .relay import position
from .small_disk import SmallCluster, SmallRelay
from .test_change_log import Load, client_binlog, prepare
from .test_channel import (
    PASSWORD, SET, TABLES, Writer, content, make_account, status, wait_caught_up,
)  # fmt: skip

MB = 1 << 20
TIMEOUT = 60
COM_BINLOG_DUMP = 0x12


def events(cluster):
    """The ids, or first words where there is none, of what was told of the disk."""
    done = borealis("cluster", "events", "--dir", cluster.dir, "--json", inside=cluster.inside)
    told = [event for event in json.loads(done.stdout)["events"]
            if event["category"] == "low storage" or "Storage" in event["message"]]  # fmt: skip
    return [event["id"] or event["message"] for event in told]


def wait_event(cluster, word, count=1):
    wait_for(lambda: sum(word in event for event in events(cluster)) == count, TIMEOUT, word)


def stage(port):
    return samples(families(port)[0], "borealis_cluster_disk_stage", cluster="borealis")[()]


def binlogs(cluster):
    return [row["Log_name"] for row in cluster.query("SHOW BINARY LOGS")]


def wait_for_more(load, count=20):
    goal = len(load.acknowledged) + count
    wait_for(lambda: len(load.acknowledged) >= goal or load.error, TIMEOUT, "the writer goes on")


def fill_binlog(cluster, megabytes):
    """A file of the binary log of so many MB, which is closed."""
    with cluster.connect(database="d") as conn, conn.cursor() as cursor:
        for _ in range(megabytes):
            cursor.execute("INSERT INTO filler (a) VALUES (REPEAT('x', 1000000))")
    cluster.as_admin("FLUSH BINARY LOGS")


def stalled_dump(cluster, file):
    """A replica that has asked for a file and takes nothing of it."""
    taken = socket.socket()
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    taken.connect(("127.0.0.1", cluster.port))
    conn = pymysql.connect(user="follower", password="follower-at-relay", defer_connect=True)
    conn.connect(taken)
    conn.query("SET @master_binlog_checksum = 'CRC32', @mariadb_slave_capability = 4")
    conn._execute_command(COM_BINLOG_DUMP, struct.pack("<IHI", 4, 0, 4242) + file.encode())
    return conn


def test_each_step_of_a_cluster(tmp_path):
    """Under load from a source and of its own: who stops, in which order; then all is there."""
    port = free_port()
    cluster = SmallCluster("512M", "--disk-low", "128M", "--disk-short", "64M",
                           "--metrics-listen", f"127.0.0.1:{port}")  # fmt: skip
    with cluster, Node("mariadb-11.8", tmp_path / "source") as source:
        make_account(source)
        source.execute(*TABLES)
        cluster.execute(*TABLES)
        prepare(cluster)
        cluster.execute("CREATE TABLE d.filler (a LONGTEXT)")
        writer, load = Writer(source), Load(cluster, 0)
        try:
            cluster.query(SET, (source.port, PASSWORD, *position(source), 0))
            cluster.query("CALL mysql.rds_start_replication")
            writer.start()
            load.start()
            for megabytes in (16, 8, 16):
                fill_binlog(cluster, megabytes)
            first = binlogs(cluster)
            assert events(cluster) == [] and stage(port) == 0

            # First the relay.
            cluster.disk.fill(100 * MB)
            wait_event(cluster, "RDS-EVENT-0089")
            wait_for(lambda: status(cluster)["Slave_IO_State"] == "Waiting for disk space", TIMEOUT,
                     "it says so")  # fmt: skip
            held = status(cluster)
            assert held["Slave_IO_Running"] == "Connecting" and held["Seconds_Behind_Master"] is None
            assert held["Last_IO_Errno"] == 1021, held
            assert re.search(r"nearly full: less than 128 MiB are free; it goes on once 160 MiB are",
                             held["Last_IO_Error"]), held  # fmt: skip
            writer.wait_for_more()
            wait_for_more(load)
            assert status(cluster)["Read_Master_Log_Pos"] == held["Read_Master_Log_Pos"]
            assert binlogs(cluster)[0] == first[0] and stage(port) == 1
            assert events(cluster) == ["RDS-EVENT-0089"]
            assert re.search(r"^  disk       low: [\d.]+ MiB free of 512 MiB$",
                             cluster.command("status").stdout, re.M)  # fmt: skip

            # Then what is kept, oldest first and no more than is needed; of two files 24 MB.
            cluster.disk.fill(62 * MB)
            wait_for(lambda: binlogs(cluster)[0] == first[2], TIMEOUT, "the two oldest have gone")
            wait_event(cluster, "Storage is free again")
            wait_for_more(load)
            changes = cluster.own / "changelog" / "00000001"
            assert not (changes / first[1]).exists() and (changes / first[2]).exists()
            assert stage(port) == 1

            # Not what a replica is in, however short the disk is; the writer still goes on.
            with stalled_dump(cluster, first[2]) as dump:
                assert dump._sock.recv(5)[4] == 0  # of the first event
                cluster.disk.fill(4 * MB)
                wait_event(cluster, "RDS-EVENT-0007")
                wait_for_more(load)
                assert binlogs(cluster)[0] == first[2] and stage(port) == 3
                dump._sock.shutdown(socket.SHUT_RDWR)
            wait_for(lambda: binlogs(cluster)[0] > first[2], TIMEOUT, "that one has gone, too")
            wait_for_more(load)

            # There is room again: all goes on by itself.
            cluster.disk.fill(None)
            wait_event(cluster, "replication from an external source goes on")
            wait_for(lambda: status(cluster)["Slave_IO_Running"] == "Yes", TIMEOUT, "receives")
            writer.wait_for_more()
            writer.stop()
            load.stop()
            row = wait_caught_up(cluster, source)
            assert row["Last_IO_Errno"] == 0 and row["Last_IO_Error"] == "" and stage(port) == 0
            assert content(cluster) == content(source)
            rows = cluster.query("SELECT note FROM d.log ORDER BY id")
            assert [row["note"] for row in rows] == load.acknowledged
            assert [word for word in events(cluster) if word.startswith("RDS")][:2] == [
                "RDS-EVENT-0089", "RDS-EVENT-0007"]  # fmt: skip
        finally:
            if writer.is_alive():
                writer.stop()
            load.stop()


def is_stuck(cluster, pid):
    """A commit waits for room; or the engine has ended for lack of it."""
    if cluster.engine_pid != pid:
        return True
    return [row for row in cluster.as_admin("SHOW PROCESSLIST")
            if (row["User"], row["Command"]) == ("admin", "Query") and row["Time"] >= 2]  # fmt: skip


def test_an_engine_without_any_room():
    """Killed while it waits for some, it comes back once there is: what was acknowledged is there, and in its log."""
    with SmallCluster("512M") as cluster:
        prepare(cluster)
        load = Load(cluster, 0)
        load.start()
        try:
            wait_for_more(load)
            pid = cluster.engine_pid
            cluster.disk.fill(1 << 16)  # the writer takes the rest
            wait_for(lambda: is_stuck(cluster, pid), TIMEOUT, "no room", ignore=pymysql.err.MySQLError)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: cluster.engine_pid != pid, TIMEOUT, "that engine has ended")
            cluster.disk.fill(None)
            cluster.wait_available()
            wait_for_more(load)
        finally:
            load.stop()
        wait_event(cluster, "RDS-EVENT-0007")
        notes = [row["note"] for row in cluster.query("SELECT note FROM d.log ORDER BY id")]
        assert len(notes) == len(set(notes)) and set(load.acknowledged) <= set(notes)
        assert len(notes) - len(load.acknowledged) <= 1  # that of which nobody was told
        text = client_binlog(cluster, "mariadb-binlog", "mariadb-10.11", "--verbose", *binlogs(cluster)).stdout
        assert text.count("### INSERT INTO `d`.`log`") == len(notes)


def test_each_step_of_a_relay(tmp_path):
    with (
        Node("mariadb-11.8", tmp_path / "source", max_binlog_size=1048576) as source,
        SmallRelay("64M", source, tmp_path, "--retention-hours", "1000", "--disk-low", "24M",
                   "--disk-short", "12M") as relay,
    ):  # fmt: skip
        def write():
            for _ in range(20):
                source.execute("INSERT INTO d.t (a) VALUES (REPEAT('x', 500000))")

        def channel():
            (only,) = relay.status()["channels"]
            return only

        source.execute("CREATE DATABASE d", "CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, a LONGTEXT)")
        write()
        relay.wait_caught_up()
        assert channel()["disk_stage"] == "enough"
        sizes = {name: path.stat().st_size for name, path in relay.files().items()}
        files = list(sizes)

        relay.disk.fill(20 * MB)
        held = wait_for(lambda: channel()["disk_stage"] == "low" and channel(), TIMEOUT, "low")
        wait_for(lambda: channel()["state"] == "pausing", TIMEOUT, "receives nothing")
        assert "less than 24.0 MiB are free; it goes on once 30.0 MiB are" in channel()["error"]
        (row,) = relay.query("SHOW SLAVE STATUS")
        assert (row["Slave_IO_State"], row["Slave_IO_Running"], row["Last_IO_Errno"]) == (
            "Waiting for disk space", "Connecting", 1021)  # fmt: skip
        write()
        assert channel()["log"]["received"] == held["log"]["received"]
        assert channel()["failures"] == held["failures"]
        assert list(relay.files()) == files

        relay.disk.fill(10 * MB)
        wait_for(lambda: list(relay.files())[0] > files[0], TIMEOUT, "the oldest have gone")
        kept = list(relay.files())
        gone = files[: -len(kept)]
        assert gone + kept == files and sum(sizes[name] for name in gone[:-1]) < 6 * MB
        assert "before their time files=" in relay.log.read_text()

        relay.disk.fill(None)
        wait_for(lambda: channel()["state"] == "receiving", TIMEOUT, "receives")
        relay.wait_caught_up()
        assert channel()["error"] is None and channel()["disk_stage"] == "enough"
        relay.assert_files_are_the_sources()


def test_limits_that_are_none(tmp_path):
    for value in ("", "100%", "-1", "10GB"):
        done = borealis("serve", "--dir", tmp_path / "none", "--disk-low", value)
        assert done.returncode == 2 and "--disk-low: expected 0% to 99%" in done.stderr, done.stderr
        assert not (tmp_path / "none").exists()
