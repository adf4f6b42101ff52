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
    return done.returncode, done.stdout.decode(errors="replace"), \
        done.stderr.decode(errors="replace")


def name(path):
    return f"{path.parent.name}/{path.stem}"


def offsets(data):
    """Where the events of a file begin, and its end."""
    found = [MAGIC_SIZE]
    while found[-1] < len(data):
        found.append(found[-1] + int.from_bytes(data[found[-1] + 9:found[-1] + 13], "little"))
    return found


VERBS = ["stat", "print", "json", "sql", "undo", "verify"]
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


def test_part_of_an_options_name():
    """What follows might be a secret, meant for another program's option: it is not repeated."""
    status, out, err = binlog("stat", "--start-pos=secret", SMALL[0])
    assert (status, out) == (2, "") and "unknown option '--start-pos'\n" in err and "secret" not in err


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
    assert status == 0 and ": ok, 2 events, " in out and "to the end of the range" in out
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
    assert json.loads(out)["files"] == 1
    status, out, err = binlog("stat", SMALL[1], tmp_path / "missing")
    assert status == 1 and "missing: cannot open" in err
    assert out.startswith(f"{SMALL[1].name}: MySQL 9.7.")


DECODED = [path for path in GOOD if path.stem != "types-old-temporal"]


@pytest.mark.parametrize("path", DECODED, ids=name)
def test_print_recorded(path):
    status, out, err = binlog("print", path)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == f"# {path}"
    starts = [int(line[:10]) for line in lines if line[:10].strip().isdigit()]
    assert starts == offsets(path.read_bytes())[:-1]
    assert not any(ord(c) < 32 for line in out.split("\n") for c in line if c != "\t")


def test_print_content():
    _, out, _ = binlog("print", DATA / "mysql-9.7/types-full-metadata.binlog")
    assert "    + a=127 b=255 c=32767 d=65535 e=8388607 f=16777215 " in out
    _, out, _ = binlog("print", DATA / "mysql-9.7/compressed.binlog")
    assert "         >  " in out and "zstd, " in out
    status, out, err = binlog("print", DATA / "mariadb-10.11/types-old-temporal.binlog")
    assert status == 1 and "\n    ! " in out and "rows events not decoded, the first: " in err


def test_print_and_json_range():
    path = DATA / "mysql-9.7/types-full-metadata.binlog"
    starts = [line["offset"] for line in changes(path)]
    part = changes(f"--start-position={starts[3]}", f"--stop-position={starts[7]}", path)
    assert [line["offset"] for line in part] == starts[3:7]
    _, out, _ = binlog("print", f"--start-position={starts[3]}", f"--stop-position={starts[4]}",
                       path)
    assert out.splitlines()[1].startswith(f"{starts[3]:10}  ")


def changes(*arguments):
    status, out, err = binlog("json", *arguments)
    assert (status, err) == (0, "")
    return [json.loads(line) for line in out.splitlines()]


def same(value, dumped):
    """A column's value in a change and as rowdump has it: JSON documents there are strings."""
    return value == dumped or (isinstance(dumped, str) and json.loads(dumped) == value)


@pytest.mark.parametrize("path", DECODED, ids=name)
def test_json_has_the_rows(path):
    """The same rows as tests/tools/rowdump, whose rows equal what SELECT returns."""
    rowdump = pathlib.Path(borealis()).parent / "rowdump"
    if not rowdump.exists():
        pytest.skip("rowdump is not built")
    dumped = subprocess.run([rowdump, path], capture_output=True, check=True).stdout
    dumped = [json.loads(line) for line in dumped.splitlines()]
    rows = [line for line in changes(path) if line["change"] != "statement"]
    assert [(row["database"], row["table"]) for row in rows] == \
        [(row["db"], row["table"]) for row in dumped]
    for row, other in zip(rows, dumped):
        assert row["change"] == {(False, True): "insert", (True, True): "update",
                                 (True, False): "delete"}["before" in other, "after" in other]
        for image in ("before", "after"):
            assert row.get(image, {}).keys() == other.get(image, {}).keys()
            for column, value in row.get(image, {}).items():
                assert same(value, other[image][column]), (row["offset"], column)


def test_json_statements():
    lines = changes(DATA / "mariadb-10.11/mixed.binlog", DATA / "mysql-9.7/ddl.binlog")
    statements = [line for line in lines if line["change"] == "statement"]
    assert any(line["sql"].startswith("CREATE TABLE") for line in statements)
    assert not any(line["sql"] in ("BEGIN", "COMMIT") for line in statements)
    assert all("gtid" in line for line in statements)
    assert {line["file"] for line in lines} == {str(DATA / "mariadb-10.11/mixed.binlog"),
                                               str(DATA / "mysql-9.7/ddl.binlog")}
    status, out, err = binlog("json", DATA / "mariadb-10.11/types-old-temporal.binlog")
    assert status == 1 and "types-old-temporal.binlog: offset " in err
    assert all(json.loads(line) for line in out.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_damage_without_checksums(verb, tmp_path):
    """No checksum finds these: whatever the bytes are then, the verb ends and says so or not."""
    damaged = tmp_path / "damaged"
    for path in (DATA / "mysql-9.7/no-checksum.binlog", DATA / "mariadb-10.11/no-checksum.binlog"):
        data = path.read_bytes()
        for at in range(MAGIC_SIZE, len(data), 5):
            damaged.write_bytes(data[:at] + bytes([data[at] ^ 0xff]) + data[at + 1:])
            status, _, err = binlog(verb, damaged)
            assert status in (0, 1), (path, at)
            assert (status == 1) == err.startswith(f"borealis binlog {verb}: "), (path, at)


def test_stat_title():
    one, two = DATA / "mysql-5.6/rows-full.binlog", DATA / "mysql-5.6/rows-minimal.binlog"
    title = binlog("stat", one)[1].splitlines()[0]
    assert title.startswith("rows-full.binlog: MySQL 5.6."), title
    assert binlog("stat", one, two)[1].splitlines()[0] == \
        title.replace("rows-full.binlog", "rows-full.binlog to rows-minimal.binlog, 2 files")
    mixed = binlog("stat", one, SMALL[0])[1].splitlines()[0]
    assert mixed.startswith("rows-full.binlog to mixed.binlog, 2 files: MySQL 5.6.")
    assert mixed.endswith(" and other versions"), mixed
