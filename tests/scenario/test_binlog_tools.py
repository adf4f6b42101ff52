"""`borealis binlog` on the recorded files: no server is needed."""

import json
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DATA = ROOT / "tests" / "data" / "binlog"
FILES = sorted(DATA.glob("*/*.binlog"))
GOOD = [path for path in FILES if path.stem != "encrypted"]
MAGIC_SIZE = 4
IN_USE_OFFSET = 21  # of the format description's flags, low byte, in a file


def borealis():
    if "BOREALIS" in os.environ:
        return os.environ["BOREALIS"]
    built = sorted(ROOT.glob("build*/borealis"), key=lambda path: path.stat().st_mtime)
    if not built:
        pytest.skip("borealis is not built")
    return built[-1]


def binlog(*arguments, stdin=None):
    """The exit status, standard output and standard error."""
    done = subprocess.run([borealis(), "binlog", *map(str, arguments)], input=stdin or b"",
                          capture_output=True, check=False, timeout=60)
    return done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace")


def name(path):
    return f"{path.parent.name}/{path.stem}"


def offsets(data):
    """Where the events of a file begin, and its end."""
    found = [MAGIC_SIZE]
    while found[-1] < len(data):
        found.append(found[-1] + int.from_bytes(data[found[-1] + 9:found[-1] + 13], "little"))
    return found


VERBS = ["stat", "verify"]
SMALL = [DATA / "mariadb-10.11" / "mixed.binlog", DATA / "mysql-9.7" / "anonymous.binlog"]


@pytest.mark.parametrize("verb", VERBS)
def test_arguments(verb, tmp_path):
    status, out, _ = binlog(verb, "--help")
    assert status == 0 and out.startswith(f"usage: borealis binlog {verb} [options] FILE...\n")
    assert "--start-position N" in out
    for wrong in ([], ["--nonsense", SMALL[0]], ["--start-position=x", SMALL[0]],
                  ["--start-position=-1", SMALL[0]],
                  ["--stop-position=99999999999999999999", SMALL[0]],
                  ["--start-position=300", "--stop-position=200", SMALL[0]],
                  ["--start-position=5", SMALL[0]], ["--start-position=99999999", SMALL[0]],
                  [tmp_path]):
        status, out, err = binlog(verb, *wrong)
        assert status == 2 and err.startswith(f"borealis binlog {verb}: "), (wrong, err)
    assert "expected a file, found a directory" in err


def test_group():
    status, out, _ = binlog("--help")
    assert status == 0 and all(f"\n  {verb} " in out for verb in VERBS)
    assert binlog()[0] == 2
    status, _, err = binlog("explode")
    assert status == 2 and "unknown verb 'explode'" in err
    man = subprocess.run([borealis(), "help", "--man"], capture_output=True, check=True).stdout
    assert all(f"## borealis binlog {verb}\n".encode() in man for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_not_a_binlog(verb, tmp_path):
    text, empty = tmp_path / "text", tmp_path / "empty"
    text.write_text("SELECT 1;\n")
    empty.write_bytes(b"")
    status, _, err = binlog(verb, text)
    assert status == 1
    assert f"{text}: offset 0: not a binlog file: starts with 53 45 4c 45" in err
    status, _, err = binlog(verb, empty)
    assert status == 1 and f"{empty}: offset 0: file ends inside its magic" in err
    status, _, err = binlog(verb, tmp_path / "missing")
    assert status == 1 and "missing: cannot open: No such file" in err


@pytest.mark.parametrize("verb", VERBS)
def test_encrypted(verb, tmp_path):
    status, _, err = binlog(verb, DATA / "mariadb-11.8" / "encrypted.binlog")
    assert status == 1 and "encrypted by MariaDB" in err and "key version 1" in err
    mysql = tmp_path / "mysql"
    mysql.write_bytes(b"\xfdbin" + bytes(600))
    status, _, err = binlog(verb, mysql)
    assert status == 1 and "encrypted by MySQL" in err


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_verify_recorded(path):
    status, out, err = binlog("verify", path)
    assert (status, err) == (0, "")
    data = path.read_bytes()
    events = len(offsets(data)) - 1
    assert out.startswith(f"{path}: ok, {events} events, {len(data) - MAGIC_SIZE} bytes, ")
    assert ("not closed" in out) == (data[offsets(data)[-2] + 4] not in (3, 4))


def test_verify_files_and_standard_input():
    status, out, err = binlog("verify", "-", stdin=SMALL[0].read_bytes())
    assert status == 0 and out.startswith("standard input: ok, "), err
    encrypted = DATA / "mariadb-11.8" / "encrypted.binlog"
    status, out, err = binlog("verify", SMALL[0], encrypted, SMALL[1])
    assert status == 1 and out.count(": ok, ") == 2 and "encrypted" in err


def verify_variants(directory, variants):
    """What `verify` says, by number, of each of the files' contents; '' for what it is silent on."""
    directory.mkdir()
    for number, data in variants.items():
        (directory / str(number)).write_bytes(data)
    status, out, err = binlog("verify", *(directory / str(number) for number in variants))
    assert status == 1
    said = dict.fromkeys(variants, "")
    for line in (out + err).splitlines():
        line = line.removeprefix("borealis binlog verify: ")
        if line.startswith(str(directory)):
            number, _, text = line[len(str(directory)) + 1:].partition(": ")
            said[int(number)] += text
    return said


@pytest.mark.parametrize("path", SMALL, ids=name)
def test_verify_every_cut(path, tmp_path):
    data = path.read_bytes()
    ends = offsets(data)
    said = verify_variants(tmp_path / "cuts", {n: data[:n] for n in range(len(data) + 1)})
    for length in range(len(data)):
        begun = max([end for end in ends if end <= length], default=0)
        if length not in ends:
            assert said[length].startswith(f"offset {begun}: file ends inside "), length
            assert "inside a transaction" not in said[length]
    assert "before its format description" in said[MAGIC_SIZE]
    whole = [said[end] for end in ends[1:-1]]
    assert sum("file ends inside a transaction, which began at" in text for text in whole) >= 2
    assert sum(text.startswith("ok, ") and "; not closed: " in text for text in whole) >= 2
    assert said[len(data)].startswith("ok, ") and "not closed" not in said[len(data)]


@pytest.mark.parametrize("path", SMALL, ids=name)
def test_verify_every_changed_byte(path, tmp_path):
    data = path.read_bytes()
    starts = offsets(data)
    changed = {}
    for at in range(len(data)):
        flip = 0xfe if at == IN_USE_OFFSET else 0xff
        changed[at] = data[:at] + bytes([data[at] ^ flip]) + data[at + 1:]
    for at, text in verify_variants(tmp_path / "changed", changed).items():
        event = max([start for start in starts if start <= at], default=0)
        assert text.startswith(f"offset {event}: "), (at, text)


def test_verify_range(tmp_path):
    data = SMALL[0].read_bytes()
    starts = offsets(data)
    status, out, _ = binlog("verify", f"--start-position={starts[2]}",
                            f"--stop-position={starts[4]}", SMALL[0])
    assert status == 0 and ": ok, 2 events, " in out and "to --stop-position" in out
    status, _, err = binlog("verify", f"--start-position={starts[2] + 1}", SMALL[0])
    assert status == 2
    assert "is inside the " in err and f"the next event begins at {starts[3]}" in err


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_stat_recorded(path):
    data = path.read_bytes()
    status, out, err = binlog("stat", path)
    assert (status, err) == (0, "")
    assert all(len(line) <= 80 for line in out.splitlines()[1:]), out
    status, out, err = binlog("stat", "--json", path)
    assert (status, err) == (0, "")
    stat = json.loads(out)
    assert stat["events"] == len(offsets(data)) - 1
    assert stat["bytes"] == len(data) - MAGIC_SIZE
    assert sum(kind["count"] for kind in stat["types"].values()) == stat["events"]
    assert sum(kind["bytes"] for kind in stat["types"].values()) == stat["bytes"]
    gtids = sum(kind["count"] for kind_name, kind in stat["types"].items()
                if kind_name in ("Gtid", "Anonymous_Gtid", "Gtid_tagged_log_event"))
    if gtids and path.stem not in ("incident", "xa"):
        assert stat["transactions"] == gtids
    assert sum(stat["rate"]["transactions"]) == stat["transactions"]


def test_stat_tables_and_keys():
    full = json.loads(binlog("stat", "--json", DATA / "mysql-9.7/types-full-metadata.binlog")[1])
    assert {table["primary_key"] for table in full["tables"]} == {False}
    plain = json.loads(binlog("stat", "--json", DATA / "mysql-9.7/types.binlog")[1])
    assert {table["primary_key"] for table in plain["tables"]} == {None}
    counts = [{key: table[key] for key in ("table", "inserted", "updated", "deleted")}
              for table in sorted(plain["tables"], key=lambda table: table["table"])]
    assert counts == [{key: table[key] for key in ("table", "inserted", "updated", "deleted")}
                      for table in sorted(full["tables"], key=lambda table: table["table"])]
    compressed = json.loads(binlog("stat", "--json", DATA / "mysql-9.7/compressed.binlog")[1])
    assert compressed["tables"][0]["inserted"] == 402
    assert compressed["compressed_types"]["Write_rows"]["count"] == 2
    older = json.loads(binlog("stat", "--json", DATA / "mariadb-10.11/types-old-temporal.binlog")[1])
    assert older["undecoded_rows_events"] > 0


def test_stat_files_and_damage(tmp_path):
    both = json.loads(binlog("stat", "--json", *SMALL)[1])
    one, two = (json.loads(binlog("stat", "--json", path)[1]) for path in SMALL)
    assert both["files"] == 2
    for key in ("events", "bytes", "transactions"):
        assert both[key] == one[key] + two[key]
    data = SMALL[0].read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(data[:-5])
    status, out, err = binlog("stat", "--json", cut)
    assert status == 1 and "file ends inside an event" in err
    assert json.loads(out)["events"] == one["events"] - 1
