"""Ranges and filters of `borealis binlog`, on the recorded files; with the servers' own mysqlbinlog
beside it where that cuts the same way."""

import gzip
import json
import os
import re
import subprocess
import time

import pytest

from tests.servers import fetch
from tests.servers.node import program

from .test_binlog_tools import DATA, DECODED, GOOD, VERBS, binlog, borealis, changes, name, offsets

def headers(path):
    """(offset, time, type, server id) of every event of a file."""
    data = path.read_bytes()
    return [(at, int.from_bytes(data[at:at + 4], "little"), data[at + 4],
             int.from_bytes(data[at + 5:at + 9], "little")) for at in offsets(data)[:-1]]


def utc(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


def printed(*arguments):
    """The offsets of the events that print shows."""
    status, out, err = binlog("print", *arguments)
    assert (status, err) == (0, "")
    return [int(line[:10]) for line in out.splitlines() if line[:10].strip().isdigit()]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("option, value, expected", [
    ("start-datetime", "yesterday", "expected a date and time such as '2026-11-21 02:13:10'"),
    ("stop-datetime", "2026-02-30", "found '2026-02-30'"),
    ("include-gtids", "0-1", "expected a MySQL set such as UUID:1-5 or MariaDB GTIDs"),
    ("exclude-gtids", "x:1", "is not a UUID"),
    ("server-id", "one", "expected a number up to 4294967295, found 'one'"),
    ("database", "a,,b", "expected names such as shop,users, found 'a,,b'"),
    ("table", "orders", "expected names such as shop.orders,shop.items, found 'orders'"),
])
def test_wrong_values(verb, option, value, expected):
    status, out, err = binlog(verb, f"--{option}={value}", GOOD[0])
    assert (status, out) == (2, "")
    assert err.startswith(f"borealis binlog {verb}: --{option}: ") and expected in err, err
    assert err.count("\n") == 2


def test_times_in_the_wrong_order():
    status, _, err = binlog("stat", "--start-datetime=2026-01-02", "--stop-datetime=2026-01-01",
                            GOOD[0])
    assert status == 2 and "--stop-datetime is before --start-datetime" in err


@pytest.mark.parametrize("path", [path for path in DECODED if path.stem != "crash"], ids=name)
def test_times_cut_as_in_mysqlbinlog(path):
    """The same events as the server's own program shows, at every second of the file."""
    tool = program(fetch.home(path.parent.name.replace("mysql-5.6", "mariadb-10.11")),
                   "mysqlbinlog")
    times = sorted({seconds for _, seconds, _, _ in headers(path)})
    ranges = [(times[-1], None), (times[0], times[len(times) // 2] + 1)]
    for start, stop in ranges:
        options = [f"--{which}-datetime={utc(seconds)}"
                   for which, seconds in (("start", start), ("stop", stop)) if seconds]
        theirs = subprocess.run([tool, "--no-defaults", *options, path], capture_output=True,
                                check=True, env={**os.environ, "TZ": "UTC"}, timeout=60).stdout
        at = {int(offset) for offset in re.findall(rb"^# at (\d+)$", theirs, re.M)}
        # It shows the format description of a range that begins after it, too.
        assert [n for n in printed(*options, path) if n > 4] == sorted(at - {4})


def test_times_are_utc_or_have_an_offset():
    path = DATA / "mysql-5.6/rows-full.binlog"
    last = headers(path)[-1][1]
    given = printed(f"--start-datetime={utc(last)}", path)
    assert given
    assert printed(f"--start-datetime={utc(last).replace(' ', 'T')}Z", path) == given
    assert printed(f"--start-datetime={utc(last + 5400)}+01:30", path) == given
    assert printed(f"--start-datetime={utc(last)[:10]}", path) == \
        [at for at, _, kind, _ in headers(path) if kind != 15]


def test_a_time_range_over_files():
    """Once it has begun it goes on in the next file, whatever that one's times are; and it ends."""
    early, late = DATA / "mysql-5.6/rows-full.binlog", DATA / "mysql-5.6/rows-minimal.binlog"
    end = headers(late)[-1][1]
    assert headers(early)[-1][1] < end
    events = {path: len(headers(path)) for path in (early, late)}
    last = sum(seconds == end for _, seconds, _, _ in headers(late))
    begun = json.loads(binlog("stat", "--json", f"--start-datetime={utc(end)}", late, early)[1])
    assert begun["events"] == last + events[early]
    stopped = json.loads(binlog("stat", "--json", f"--stop-datetime={utc(end)}", early, late,
                                early)[1])
    assert stopped["files"] == 2 and stopped["events"] == events[early] + events[late] - last
    status, out, err = binlog("stat", "--stop-datetime=1970-01-02", late)
    assert (status, err) == (0, "") and out.startswith("rows-minimal.binlog: MySQL 5.6.")


def transactions(*arguments):
    """The GTIDs that print shows, in order."""
    status, out, err = binlog("print", *arguments)
    assert (status, err) == (0, "")
    return re.findall(r"^ *\d+  \S+ \S+  Gtid(?:_tagged_log_event)? +(\S+)", out, re.M)


GTIDS = [DATA / "mysql-9.7/gtid-classic.binlog", DATA / "mysql-9.7/gtid-tagged.binlog",
         DATA / "mysql-5.6/gtid.binlog", DATA / "mysql-9.7/compressed.binlog",
         DATA / "mariadb-10.11/gtid-list.binlog", DATA / "mariadb-11.8/mixed.binlog"]


@pytest.mark.parametrize("path", GTIDS, ids=name)
def test_gtids_choose_whole_transactions(path):
    every = transactions(path)
    chosen = every[1:4] or every
    assert transactions(f"--include-gtids={','.join(chosen)}", path) == chosen
    assert transactions(f"--exclude-gtids={','.join(chosen)}", path) == \
        [gtid for gtid in every if gtid not in chosen]
    assert transactions(f"--include-gtids={','.join(chosen)}", f"--exclude-gtids={chosen[0]}",
                        path) == chosen[1:]
    status, out, err = binlog("verify", f"--include-gtids={','.join(chosen)}", path)
    assert (status, err) == (0, "") and ": ok, " in out
    parts = [json.loads(binlog("stat", "--json", f"--{which}-gtids={','.join(chosen)}", path)[1])
             for which in ("include", "exclude")]
    whole = json.loads(binlog("stat", "--json", path)[1])
    for key in ("transactions", "transaction_bytes"):
        assert sum(part[key] for part in parts) == whole[key]
    assert [line for line in changes(path) if line.get("gtid") in chosen] == \
        changes(f"--include-gtids={','.join(chosen)}", path)


def test_mariadb_ranges_of_gtids():
    path = DATA / "mariadb-11.8/mixed.binlog"
    every = transactions(path)
    first, last = every[1], every[-2]
    assert transactions(f"--include-gtids={first}..{last}", path) == every[1:-1]
    assert transactions(f"--include-gtids={first}..", path) == every[1:]
    domain, _, sequence = first.split("-")
    assert transactions(f"--include-gtids={domain}-*-{sequence}..", path) == every[1:]
    assert transactions(f"--include-gtids={domain}-999-{sequence}..", path) == []


def test_gtids_of_the_other_family():
    path = DATA / "mariadb-11.8/mixed.binlog"
    status, _, err = binlog("print", "--include-gtids=01234567-89ab-cdef-0123-456789abcdef:1", path)
    assert status == 2
    assert "--include-gtids has GTIDs of MySQL, but the file has those of MariaDB" in err


@pytest.mark.parametrize("path", DECODED, ids=name)
def test_tables_and_databases(path):
    """The rows of a table alone are those that the whole file has of it, and their frames."""
    whole = changes(path)
    tables = sorted({(line["database"], line["table"]) for line in whole if "table" in line})
    for database, table in tables[:2]:
        chosen = changes(f"--table={database}.{table}", path)
        assert [line for line in chosen if "table" in line] == \
            [line for line in whole if line.get("table") == table
             and line["database"] == database]
    for database in sorted({line["database"] for line in whole})[:2]:
        if database:
            chosen = changes(f"--database={database}", path)
            listed = [line for line in whole if line["database"] == database]
            assert [line for line in chosen if line["database"] == database] == listed
            assert all("table" not in line for line in chosen if line not in listed)
    status, out, err = binlog("print", "--database=no_such_database", path)
    assert (status, err) == (0, "")
    assert not re.findall(r"^[ >]*\d*  \S+ \S+  (Xid|Table_map|\w+_rows|Annotate_rows)", out, re.M)
    assert json.loads(binlog("stat", "--json", "--database=no_such_database", path)[1])["rows"] == \
        {"inserted": 0, "updated": 0, "deleted": 0}


def test_frames_of_what_is_chosen(tmp_path):
    """A transaction shows from its GTID to its end, and one without a chosen change not at all."""
    path = DATA / "mysql-9.7/compressed.binlog"
    line = next(line for line in changes(path) if line["change"] == "insert")
    _, out, _ = binlog("print", f"--table={line['database']}.{line['table']}", path)
    assert line["gtid"] in out and "Transaction_payl" in out and "COMMIT, xid" in out
    both = changes(f"--table={line['database']}.{line['table']}", "--table=a.b", path)
    assert both == changes(f"--table=a.b,{line['database']}.{line['table']}", path) != []


def test_server_id():
    path = DATA / "mysql-9.7/relayed.binlog"
    ids = {server for _, _, kind, server in headers(path) if kind in (33, 34, 42)}
    for server in ids:
        chosen = printed(f"--server-id={server}", path)
        assert chosen and all(server == of or kind in (3, 4, 15, 35)
                              for at, _, kind, of in headers(path) if at in chosen)
    assert transactions("--server-id=4000000000", path) == []


PACKED = {
    "gzip": gzip.compress,
    "gzip members": lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]),
    "zstd": lambda data: zstd(data),
    "zstd frames": lambda data: zstd(data[:10]) + zstd(b"") + zstd(data[10:]),
}


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, capture_output=True, check=True).stdout


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("form", PACKED)
def test_compressed_input(verb, form, tmp_path):
    """As the plain file, whatever its name; as a stream too."""
    plain, packed = tmp_path / "plain" / "log", tmp_path / "packed" / "log"
    for path in (plain, packed):
        path.parent.mkdir()
    plain.write_bytes((DATA / "mysql-9.7/types.binlog").read_bytes())
    packed.write_bytes(PACKED[form](plain.read_bytes()))
    start = f"--start-position={offsets(plain.read_bytes())[5]}"
    for arguments in ([], [start]):
        status, out, err = binlog(verb, *arguments, packed)
        assert (status, err) == (0, "") or verb == "undo"  # which refuses the DDL in there
        said = (status, out.replace("packed", "plain"), err.replace("packed", "plain"))
        assert said == binlog(verb, *arguments, plain)
    status, out, err = binlog(verb, "-", stdin=packed.read_bytes())
    assert (status, out, err) == binlog(verb, "-", stdin=plain.read_bytes())


@pytest.mark.parametrize("form", PACKED)
def test_damaged_compressed_input(form, tmp_path):
    plain = (DATA / "mysql-9.7/types.binlog").read_bytes()
    packed = PACKED[form](plain)
    path = tmp_path / "log"
    path.write_bytes(packed[:-6])
    status, out, err = binlog("stat", "--json", path)
    assert status == 1 and err.startswith(f"borealis binlog stat: {path}: {form.split()[0]} data: ")
    assert "it ends early: the file is cut short, at byte" in err
    path.write_bytes(packed[:-6] + bytes([packed[-6] ^ 1]) + packed[-5:])
    status, _, err = binlog("verify", path)
    assert status == 1 and f"{path}: {form.split()[0]} data: " in err
    # An error inside is told at the plain file's offset.
    damaged = bytearray(plain)
    at = offsets(plain)[4]
    damaged[at + 25] ^= 1
    path.write_bytes(PACKED[form](bytes(damaged)))
    status, _, err = binlog("verify", path)
    assert status == 1 and f"{path}: offset {at}: " in err and "checksum" in err


def test_a_bomb_takes_no_memory(tmp_path):
    """4 GiB of zeros after a format description: it streams, under a limit on memory."""
    plain = (DATA / "mysql-9.7/types.binlog").read_bytes()
    zeros = gzip.compress(bytes(1 << 26))
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(plain[:offsets(plain)[1]]) + zeros * 64)
    done = subprocess.run(["prlimit", f"--as={1 << 29}", borealis(), "binlog", "verify", path],
                          capture_output=True, check=False, timeout=60)
    assert done.returncode == 1
    assert f"{path}: offset {offsets(plain)[1]}: ".encode() in done.stderr
