"""`borealis binlog cut`: what it writes, byte by byte, and what servers make of it."""

import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import threading
import time
import zlib

import pytest

from tests.servers import fetch
from tests.servers.checksum import checksum
from tests.servers.node import PASSWORD, Node, program
from tests.servers.wait import wait_for

from .test_binlog_tools import DATA, GOOD, binlog, borealis, name, offsets

ROTATE, STOP, FORMAT, CHECKPOINT = 4, 3, 15, 161
GTIDS = (33, 34, 42)
FIRST_OF_ALL = [DATA / "mariadb-11.8/mixed.binlog", DATA / "mysql-9.7/gtid-tagged.binlog",
                DATA / "mysql-5.6/mixed.binlog"]
SPLIT = [path for path in GOOD if path.stem in
         ("mixed", "gtid-tagged", "compressed", "xa", "statement", "ddl")]


def cut(into, *arguments):
    status, out, err = binlog("cut", "--force", f"--output={into}", *arguments)
    assert (status, err) == (0, ""), err
    assert re.fullmatch(rf"{into}: \d+ transactions, \d+ events, {into.stat().st_size} bytes\n", out)
    return into


def events(path):
    data = pathlib.Path(path).read_bytes()
    starts = offsets(data)
    return [data[at:end] for at, end in zip(starts, starts[1:])]


def content(event, checksum_size=4):
    """What an event says wherever it stands: without log_pos and checksum."""
    return event[:13] + event[17:len(event) - checksum_size]


def boundaries(path):
    """Where transactions end, as cut itself tells: of every other event it names the nearest."""
    data = path.read_bytes()
    starts, accepted = offsets(data), []
    for at in starts[1:-1]:
        status, out, err = binlog("cut", f"--start-position={at}", "--output=-", path)
        if "inside the transaction" not in err:
            accepted.append(at)
            continue
        assert status == 2 and not out
        begun, end = map(int, re.search(r"from offset (\d+) to (\d+),", err).groups())
        assert begun < at < end and begun in accepted and end in starts
    return accepted


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_the_whole_file(path, tmp_path):
    """The same bytes, but for IN_USE, the checkpoint that MariaDB puts in, and the end."""
    made = events(cut(tmp_path / "new", path))
    given = [event for event in events(path) if event[4] not in (ROTATE, STOP, CHECKPOINT)]
    assert made.pop()[4] == STOP
    moved = any(event[4] == CHECKPOINT for event in events(path))
    crc = 0 if path.stem == "no-checksum" else 4
    assert made[0][17] & 1 == 0
    assert made[0][:17] + made[0][18:-4] == given[0][:17] + given[0][18:-4]
    for one, other in zip(made[1:], given[1:]):
        assert one == other or moved and content(one, crc) == content(other, crc)
    assert len(made) == len(given)
    status, out, _ = binlog("verify", tmp_path / "new")
    assert status == 0 and "not closed" not in out


@pytest.mark.parametrize("path", FIRST_OF_ALL, ids=name)
def test_every_boundary(path, tmp_path):
    """Both sides of each are good files; transactions are not cut anywhere else."""
    made = []
    for at in boundaries(path):
        for number, option in enumerate((f"--stop-position={at}", f"--start-position={at}")):
            status, out, err = binlog("cut", f"--output={tmp_path / f'{at}.{number}'}", option, path)
            if status:
                assert "there is no transaction to take: nothing was written" in err
            else:
                made.append(tmp_path / f"{at}.{number}")
    assert len(made) > 4
    status, out, err = binlog("verify", *made)
    assert (status, err) == (0, "") and out.count(": ok, ") == len(made)
    assert "not closed" not in out
    assert sorted(tmp_path.iterdir()) == sorted(made)


def takes_both(path, at):
    """Whether there are transactions on both sides of an offset, and none across it."""
    return all(binlog("cut", f"--{side}-position={at}", "--output=-", path)[0] == 0
               for side in ("start", "stop"))


@pytest.mark.parametrize("path", SPLIT, ids=name)
def test_parts_join_to_the_whole(path, tmp_path):
    starts = offsets(path.read_bytes())
    whole = events(cut(tmp_path / "whole", path))
    crc = 0 if path.stem == "no-checksum" else 4
    inner = [at for at in starts[3:-1] if takes_both(path, at)]
    assert inner
    at = inner[len(inner) // 2]
    one = cut(tmp_path / "one", f"--stop-position={at}", path)
    two = cut(tmp_path / "two", f"--start-position={at}", path)
    both = events(cut(tmp_path / "both", one, two))
    assert len(both) == len(whole)
    for left, right in zip(both[1:], whole[1:]):
        if left[4] in GTIDS:
            assert left[19:36] == right[19:36]
        else:
            assert content(left, crc) == content(right, crc)
    seconds = json.loads(binlog("stat", "--json", two)[1])["transactions"]
    assert json.loads(binlog("stat", "--json", one)[1])["transactions"] + seconds == \
        json.loads(binlog("stat", "--json", tmp_path / "both")[1])["transactions"]


def clocks(path):
    """last_committed and sequence_number of the file's GTID events of type 33 or 34."""
    return [(int.from_bytes(event[45:53], "little"), int.from_bytes(event[53:61], "little"))
            for event in events(path) if event[4] in (33, 34)]


def test_commit_clock(tmp_path):
    """Numbers begin with 1 in a new file, and in a joined one go on, waiting for the file before."""
    path = DATA / "mysql-9.7/mixed.binlog"
    given = clocks(path)
    assert given[0] == (0, 1) and len(given) >= 3
    at = next(at for at in offsets(path.read_bytes())[4:-1] if takes_both(path, at))
    one = cut(tmp_path / "one", f"--stop-position={at}", path)
    two = cut(tmp_path / "two", f"--start-position={at}", path)
    skipped = len(clocks(one))
    assert skipped >= 1 and clocks(one) == given[:skipped]
    assert clocks(two) == [(max(last - skipped, 0), number - skipped)
                           for last, number in given[skipped:]]
    assert clocks(cut(tmp_path / "both", one, two)) == \
        given[:skipped] + [(max(last, skipped), number) for last, number in given[skipped:]]


@pytest.mark.parametrize("path", FIRST_OF_ALL, ids=name)
def test_times_inside_a_transaction(path, tmp_path):
    """An event in the middle of one is an hour late: no time near it may cut there."""
    data = bytearray(path.read_bytes())
    starts = offsets(data)
    ends = [at for at in boundaries(path) if takes_both(path, at)]
    at = next(at for at in starts if at > ends[0] and at not in boundaries(path))
    late = int.from_bytes(data[at:at + 4], "little") + 3600
    data[at:at + 4] = late.to_bytes(4, "little")
    end = starts[starts.index(at) + 1]
    data[end - 4:end] = zlib.crc32(data[at:end - 4]).to_bytes(4, "little")
    (tmp_path / "late").write_bytes(data)
    when = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(late))
    for side, word in (("start", "begin"), ("stop", "end")):
        status, _, err = binlog("cut", f"--output={tmp_path / 'new'}", f"--{side}-datetime={when}",
                                tmp_path / "late")
        assert status == 2 and f"the range {word}s inside the transaction from offset" in err, err
        assert f"{word} it at one of these, with --{side}-position" in err
        for place in map(int, re.search(r"offset (\d+) to (\d+),", err).groups()):
            assert place in starts and place != at
    assert [path.name for path in tmp_path.iterdir()] == ["late"]


def test_files_that_do_not_follow_each_other(tmp_path):
    for path, words in ((DATA / "mysql-9.7/gtid-tagged.binlog", "a file is missing before it"),
                        (DATA / "mariadb-11.8/mixed.binlog", "it does not follow the file before")):
        ends = [at for at in boundaries(path) if takes_both(path, at)]
        one = cut(tmp_path / "one", f"--stop-position={ends[len(ends) // 3]}", path)
        three = cut(tmp_path / "three", f"--start-position={ends[len(ends) * 2 // 3]}", path)
        for files in ((one, three), (three, one)):
            status, _, err = binlog("cut", f"--output={tmp_path / 'new'}", *files)
            assert status == 1 and err.startswith(f"borealis binlog cut: {files[1]}: offset ")
            assert words in err or "it does not follow" in err, err
            assert not (tmp_path / "new").exists() and not (tmp_path / "new.new").exists()


def test_files_of_other_formats(tmp_path):
    for one, two, words in (
            ("mysql-5.6/mixed", "mysql-9.7/mixed", "format description of 9.7."),
            ("mariadb-10.11/mixed", "mariadb-10.11/no-checksum", "checksum NONE, expected 10.11.")):
        status, _, err = binlog("cut", f"--output={tmp_path / 'new'}", DATA / f"{one}.binlog",
                                DATA / f"{two}.binlog")
        assert status == 1 and words in err and "can not be joined" in err, err


def test_relay_logs_and_encrypted_files(tmp_path):
    data = bytearray(FIRST_OF_ALL[0].read_bytes())
    data[4 + 17] |= 0x40
    end = offsets(data)[1]
    data[end - 4:end] = zlib.crc32(data[4:end - 4]).to_bytes(4, "little")
    (tmp_path / "relay").write_bytes(data)
    status, _, err = binlog("cut", f"--output={tmp_path / 'new'}", tmp_path / "relay")
    assert status == 1 and "a relay log, whose events are not the server's own" in err
    status, _, err = binlog("cut", f"--output={tmp_path / 'new'}",
                            DATA / "mariadb-11.8/encrypted.binlog")
    assert status == 1 and "encrypted by MariaDB" in err
    assert [path.name for path in tmp_path.iterdir()] == ["relay"]


def test_output(tmp_path):
    path, new = FIRST_OF_ALL[0], tmp_path / "new"
    for wrong in ([path], ["--output=", path], [f"--output={new}"]):
        status, _, err = binlog("cut", *wrong)
        assert status == 2 and "expected " in err
    status, _, err = binlog("cut", f"--output={new}", "--table=a.b", path)
    assert status == 2 and "unknown option '--table'" in err
    new.write_text("precious")
    status, _, err = binlog("cut", f"--output={new}", path)
    assert status == 2 and f"{new}: exists already; --force replaces it" in err
    assert new.read_text() == "precious"
    status, _, err = binlog("cut", "--force", f"--output={new}", "--start-position=99999999", path)
    assert status == 2 and new.read_text() == "precious"
    status, _, err = binlog("cut", "--force", f"--output={tmp_path}", path)
    assert status == 2 and "expected the name of a file, found something else" in err
    status, _, err = binlog("cut", f"--output={tmp_path / 'none' / 'new'}", path)
    assert status == 1 and "cannot create: No such file" in err
    cut(new, path)
    assert new.stat().st_mode & 0o777 == 0o640
    done = subprocess.run([borealis(), "binlog", "cut", "--output=-", path], capture_output=True,
                          check=True)
    assert done.stdout == new.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_no_binlog_on_a_terminal():
    main, terminal = pty.openpty()
    done = subprocess.run([borealis(), "binlog", "cut", "--output=-", FIRST_OF_ALL[0]],
                          stdout=terminal, stderr=subprocess.PIPE, check=False, timeout=60)
    os.close(terminal)
    os.close(main)
    assert done.returncode == 2 and b"standard output is a terminal" in done.stderr


def test_gtids(tmp_path):
    path = DATA / "mysql-9.7/gtid-tagged.binlog"
    _, out, _ = binlog("print", path)
    every = re.findall(r"  Gtid(?:_tagged_log_event)? +(\S+)", out)
    new = cut(tmp_path / "new", f"--include-gtids={every[1]},{every[2]}", path)
    _, out, _ = binlog("print", new)
    assert re.findall(r"  Gtid(?:_tagged_log_event)? +(\S+)", out) == every[1:3]
    before = re.search(r"  Previous_gtids +(.*)", out).group(1)
    assert f"--include-gtids={before}" and every[0].rsplit(":", 1)[0].split(":")[0] in before
    assert binlog("verify", new)[0] == 0


SERVERS = ["mariadb-10.11", "mariadb-11.8", "mysql-5.6", "mysql-9.7"]
SETTINGS = {
    "mysql-9.7": {"replica_parallel_workers": 4, "enforce_gtid_consistency": "ON"},
    "mariadb-10.11": {"slave_parallel_threads": 4},
    "mariadb-11.8": {"slave_parallel_threads": 4},
}


def load(node, table, rows):
    """Rows from three sessions at a time, which commit together, and an open change of others."""
    def write(part):
        with node.connect() as conn, conn.cursor() as cursor:
            for i in range(rows):
                cursor.execute(f"INSERT INTO d.{table} VALUES (%s, %s)", (part * 1000 + i, "x" * i))
                cursor.execute(f"UPDATE d.{table} SET b = %s WHERE a = %s", ("ß", part * 1000))

    threads = [threading.Thread(target=write, args=(part,)) for part in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def binlogs(node):
    return [node.datadir / next(iter(row.values())) for row in node.query("SHOW BINARY LOGS")]


def change_source(node, source, file):
    new = node.server == "mysql-9.7"
    settings = {"HOST": "'127.0.0.1'", "PORT": source.port, "USER": "'root'",
                "PASSWORD": f"'{PASSWORD}'"}
    if new:
        settings.update(AUTO_POSITION=1, GET_SOURCE_PUBLIC_KEY=None, CONNECT_RETRY=1)
    elif node.server == "mysql-5.6":
        settings.update(LOG_FILE=f"'{file}'", LOG_POS=4, CONNECT_RETRY=1)
    else:
        settings.update(USE_GTID="slave_pos", CONNECT_RETRY=1)
    prefix = "SOURCE_" if new else "MASTER_"
    text = ", ".join("GET_SOURCE_PUBLIC_KEY = 1" if value is None else f"{prefix}{key} = {value}"
                     for key, value in settings.items())
    node.execute(f"CHANGE {'REPLICATION SOURCE' if new else 'MASTER'} TO {text}",
                 f"START {'REPLICA' if new else 'SLAVE'}")


def caught_up(replica, source):
    status = replica.query("SHOW REPLICA STATUS" if replica.server == "mysql-9.7"
                           else "SHOW SLAVE STATUS")[0]
    for key in ("Last_IO_Error", "Last_SQL_Error"):
        assert not status[key], status[key]
    return checksum(replica, "d") == checksum(source, "d")


def twin(node, basedir, **settings):
    """Another server with the same data, which is quicker than making them anew."""
    node.stop()
    shutil.copytree(node.datadir, basedir / "data")
    (basedir / "data" / "auto.cnf").unlink(missing_ok=True)
    (basedir / "created").touch()
    node.start()
    return Node(node.server, basedir, **settings)


@pytest.mark.parametrize("server", SERVERS)
def test_servers_read_it(server, tmp_path):
    """A first part goes in by the server's mysqlbinlog, the rest as the source's only binlog."""
    settings = SETTINGS.get(server, {})
    with Node(server, tmp_path / "a", **settings) as a, twin(a, tmp_path / "b", **settings) as b:
        flush = "FLUSH LOGS" if server == "mysql-5.6" else "FLUSH BINARY LOGS"
        a.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY, b TEXT)", flush)
        load(a, "t", 10)
        a.execute(flush)
        first = binlogs(a)[:-1]
        one = cut(tmp_path / "one", *first)
        a.execute("CREATE TABLE d.u (a INT PRIMARY KEY, b TEXT)")
        load(a, "u", 15)
        a.execute(flush, "DELETE FROM d.t WHERE a % 3 = 0")
        assert a.stop()
        files = sorted(a.datadir.glob("mysql-bin-changelog.0*"))
        logs = [path for path in files if path.suffix[1:].isdigit()]
        two = cut(tmp_path / "two", *logs[logs.index(first[-1]) + 1:])

        tool = program(fetch.home("mysql-9.7" if server == "mysql-5.6" else server), "mysqlbinlog")
        sql = subprocess.run([tool, "--no-defaults", "--verify-binlog-checksum", one],
                             capture_output=True, check=True, timeout=60).stdout
        b.client("mysql", "--binary-mode", input=sql, text=False)

        for path in files:
            path.unlink()
        shutil.copyfile(two, a.datadir / "mysql-bin-changelog.000001")
        (a.datadir / "mysql-bin-changelog.index").write_text("./mysql-bin-changelog.000001\n")
        a.start()
        shown = a.query("SHOW BINLOG EVENTS IN 'mysql-bin-changelog.000001'")
        assert [row["Pos"] for row in shown] == offsets(two.read_bytes())[:-1]
        if server.startswith("mariadb"):
            b.execute("SET GLOBAL gtid_slave_pos = @@gtid_binlog_pos")
        change_source(b, a, "mysql-bin-changelog.000001")
        wait_for(lambda: caught_up(b, a), 60, f"{b}: has all that {a} has")
        whole = cut(tmp_path / "whole", one, two)
        assert binlog("verify", whole)[0] == 0
