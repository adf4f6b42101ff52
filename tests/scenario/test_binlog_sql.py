"""`borealis binlog sql`: its output, piped into an empty server, makes the same tables.

Each server runs a load, is emptied, and is fed its own binlog by its own command line client.
The seed of the random rows is printed; BOREALIS_SEED=N repeats a run.
"""

import random

import pymysql
import pytest

from tests.scenario import test_binlog_values as values
from tests.scenario.binlog_nodes import (
    ROOT, SERVERS, binlog, binlog_files, contents, empty, feed, script,
)
from tests.scenario.workload import (
    STEPS, charsets, load_data, random_rows, run, sessions, statements, two_sessions,
)

DATA = ROOT / "tests" / "data" / "binlog"


@pytest.mark.parametrize("server,form", [
    *((server, form) for server in SERVERS for form in ("STATEMENT", "ROW")),
    *((server, "MIXED") for server in ("mysql-9.7", "mariadb-11.8")),  # compressed, too
])
def test_sessions_and_statements(server, form, nodes, others, tmp_path):
    node, other = nodes[server], others[server]
    empty(node)
    with node.connect() as conn:
        run(conn, sessions(server, form))
        run(conn, statements())
        node.execute(f"SET GLOBAL binlog_format = {form}")
        charsets(node)
        load_data(node)
        two_sessions(node)
        # A server with STATEMENT takes no rows, from no log.
        node.execute("SET GLOBAL binlog_format = ROW")
    said, files = contents(node), binlog_files(node)
    copies = [tmp_path / path.name for path in files]
    for path, copy in zip(files, copies):
        copy.write_bytes(path.read_bytes())
    load_dir = tmp_path / "load"
    load_dir.mkdir()
    skip = ["--skip-gtids"] if form == "ROW" else []  # where gtid_mode=ON, new ones are made
    sql = script("sql", *skip, "--load-dir", load_dir, *copies)
    (tmp_path / "script.sql").write_bytes(sql)
    empty(other)
    feed(other, sql)
    found = contents(other)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value, name
    assert bool(list(load_dir.iterdir())) == (form == "STATEMENT")
    # The session is as it was.
    asked = b"SELECT " + b", ".join(b"@@session." + name for name in SESSION) + b";\n"
    empty(other)
    assert feed(other, sql + asked).stdout == feed(other, asked).stdout


SESSION = [b"sql_mode", b"time_zone", b"character_set_client", b"character_set_results", b"collation_connection",
           b"collation_server", b"foreign_key_checks", b"unique_checks", b"autocommit", b"completion_type",
           b"auto_increment_increment", b"lc_time_names", b"timestamp > 1750000000", b"pseudo_slave_mode"]


@pytest.mark.parametrize("server", ["mysql-9.7", "mariadb-11.8"])
def test_clients_without_options(server, nodes, tmp_path):
    """They spoil what is in stored routines, but no data."""
    node = nodes[server]
    empty(node)
    with node.connect() as conn:
        run(conn, [*sessions(server, "STATEMENT"), *statements()])
    charsets(node)
    said, files = contents(node), [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    sql = script("sql", *files)
    empty(node)
    node.client("mysql", "--default-character-set=latin1", input=sql, text=False)
    found = contents(node)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value or name == "d ROUTINES", name


def selected(node, tables):
    """What SELECT says, but of JSON's dates and decimals, which its text does not tell apart."""
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, values.SESSION)
        return {table: values.select(conn, "d", table, {n: c for n, c in columns.items() if n != "jo"})
                for table, columns in tables.items()}


@pytest.mark.parametrize("server", SERVERS)
def test_rows(server, nodes, others, tmp_path):
    """All types, in both forms where the log has names."""
    print(f"BOREALIS_SEED={values.SEED}")
    node, other = nodes[server], others[server]
    empty(node)
    tables = random_rows(node, f"{values.SEED} sql {server}", ["SET SESSION binlog_format = ROW"])
    said, agreed = contents(node), selected(node, tables)
    files = [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    empty(other)
    feed(other, script("sql", *files))
    found = contents(other)
    assert found.keys() == said.keys()
    for name, value in said.items():
        assert found[name] == value, name
    if server == "mysql-5.6":
        status, out, err = binlog("sql", "--rows=statements", *files)
        assert status == 1 and "does not name the table's columns" in err
        assert "binlog_row_metadata=FULL" in err and f"{files[0]}: offset " in err
        return
    sql = script("sql", "--rows=statements", "--skip-gtids", *files)
    assert b"BINLOG" not in sql.replace(b"BINLOG FILES", b"")
    empty(other)
    feed(other, sql)
    found = selected(other, tables)
    for table, rows in agreed.items():
        assert found[table] == rows, table


FOREIGN = {"mysql-9.7": "mariadb-11.8", "mariadb-10.11": "mysql-9.7", "mariadb-11.8": "mysql-9.7"}
SHARED = ["num", "tem", "txt", "bin", "enu"]


@pytest.mark.parametrize("server", list(FOREIGN))
def test_rows_into_the_other_family(server, nodes, tmp_path):
    print(f"BOREALIS_SEED={values.SEED}")
    node, other = nodes[server], nodes[FOREIGN[server]]
    empty(node)
    rng = random.Random(f"{values.SEED} foreign {server}")
    # MySQL prints FLOAT(9,3) with other digits, and orders of longitude and latitude differ.
    tables = {name: {key: column for key, column in values.tables_of(server)[name].items()
                     if key not in ("p", "fmd")} for name in SHARED}  # fmt: skip
    with node.connect(cursorclass=pymysql.cursors.Cursor) as conn:
        run(conn, [*values.SESSION, "SET SESSION binlog_format = ROW", "CREATE DATABASE d", "USE d"])
        run(conn, [values.create(table, columns) for table, columns in tables.items()])
        values.work(conn, list(values.Workload(rng, tables, False).statements())[:STEPS])
    said = contents(node, exact=False)
    files = [tmp_path / path.name for path in binlog_files(node)]
    for path in files:
        path.write_bytes((node.datadir / path.name).read_bytes())
    empty(other)
    feed(other, script("sql", "--rows=statements", *files))
    assert contents(other, exact=False) == said


@pytest.mark.parametrize("older,newer", [("mysql-5.6", "mysql-9.7"), ("mariadb-10.11", "mariadb-11.8")])
def test_an_older_log_in_a_newer_server(older, newer, nodes):
    node, other = nodes[older], nodes[newer]
    for form in ("STATEMENT", "ROW"):
        empty(node)
        empty(other)
        with node.connect() as conn:
            run(conn, [f"SET SESSION binlog_format = {form}", *statements()])
        said = contents(node, exact=False)
        feed(other, script("sql", "--skip-gtids", *binlog_files(node)))
        assert contents(other, exact=False) == said


def test_gtids():
    """As the log has them, or none."""
    tagged = DATA / "mysql-9.7" / "gtid-tagged.binlog"
    sql = script("sql", tagged)
    assert b"/*!50700 SET @@session.gtid_next='e428e496-e54e-11f1-8e6a-02fc00000001:blue:1'*//*!*/;" in sql
    assert b":blue:" not in script("sql", "--skip-gtids", tagged)
    sql = script("sql", DATA / "mysql-5.6" / "gtid.binlog")
    assert b"\nSET @@session.gtid_next='" in sql and sql.rindex(b"'AUTOMATIC'") > sql.rindex(b"gtid_next='")
    assert b"gtid_next='ANONYMOUS'" not in script("sql", DATA / "mysql-9.7" / "anonymous.binlog")
    theirs = DATA / "mariadb-11.8" / "gtid-list.binlog"
    assert b"/*M!100001 SET @@session.gtid_seq_no=" in script("sql", theirs)
    assert b"gtid_seq_no" not in script("sql", "--skip-gtids", theirs)


@pytest.mark.parametrize("server", SERVERS)
def test_a_range_that_ends_inside_a_transaction_is_rolled_back(server):
    path = DATA / server / "rows-full.binlog"
    lines = script("print", path).decode(errors="replace").splitlines()
    ends = [int(line[:10]) for line in lines if line[50:].startswith("COMMIT")]
    assert b"\nROLLBACK/*!*/;\n" in script("sql", f"--stop-position={ends[0]}", path)
    assert b"ROLLBACK" not in script("sql", path)


def test_what_can_not_be_replayed():
    for server in ("mysql-5.6", "mariadb-10.11"):
        path = DATA / server / "incident.binlog"
        status, out, err = binlog("sql", path)
        assert status == 1 and f"{path}: offset " in err and "the server lost events here" in err
        assert b"pseudo_slave_mode=0" not in out  # the script has no end
    sql = script("sql", DATA / "mysql-9.7" / "errors.binlog")
    assert b"# It failed with error 1062 at the source, half-way: the client needs --force to go on\nINSERT" in sql


def test_the_files_of_load_data(tmp_path):
    path = DATA / "mysql-9.7" / "load-data.binlog"
    status, out, err = binlog("sql", path, env={"TMPDIR": str(tmp_path)})
    [made] = tmp_path.iterdir()
    assert status == 0 and f"LOAD DATA's files are in {made}; remove them when the script was run" in err
    assert made.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in made.iterdir()} == {0o600}
    big = made / "load-2.data"
    assert big.read_text() == "\n".join(f"{i}\tvalue {i}" for i in range(1200)) + "\n"
    assert f"LOAD DATA LOCAL INFILE '{big}' REPLACE INTO TABLE `t`".encode() in out
    status, out, err = binlog("sql", f"--load-dir={made}", path)
    assert status == 1 and f"{made}/load-1.data: cannot make the file: File exists" in err
    status, out, err = binlog("sql", f"--load-dir={tmp_path}/none", path)
    assert status == 1 and "none: cannot find the directory" in err
