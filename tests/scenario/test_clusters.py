"""Several clusters under one daemon: created, modified, rebooted and deleted while others serve, with
kill -9 of daemon and engines in between.

The tests of the file share one daemon, in order: each leaves `borealis` available.

Time budget: 70 s.
"""

import configparser
import json
import os
import signal
import socket

import pymysql
import pytest

from servers.wait import wait_for

from .cluster import COMMAND_TIMEOUT, START_TIMEOUT, borealis, free_port, start_ticks, users_of
from .test_daemon import one_line

LONGEST = "Orders-Of-The-Year-Twenty-Twenty-Six-And-Of-All-The-Years-Befo1"
DIED = 86  # of a fault that was asked for


def run(cluster, verb, *args, input=None):
    """`borealis cluster VERB ...`; the subprocess.CompletedProcess."""
    return borealis("cluster", verb, *args, "--dir", cluster.dir, timeout=COMMAND_TIMEOUT * 2, input=input)


def manage(cluster, verb, *args, **kw):
    done = run(cluster, verb, *args, **kw)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def ask(cluster, verb, *args):
    return json.loads(manage(cluster, verb, *args, "--json"))


def states(cluster):
    return {one["name"]: one["state"] for one in ask(cluster, "list")["clusters"]}


def credentials(one):
    parser = configparser.RawConfigParser()
    parser.read(one["credentials"])
    return {key: value.strip('"').replace("\\\\", "\\") for key, value in parser["client"].items()}


def connect(cluster, name, **kw):
    """As the master user of a cluster, at the address that its option file names."""
    own = credentials(ask(cluster, "describe", name))
    return cluster.connect(**{
        "user": own["user"], "password": own["password"], "host": own["host"], "port": int(own["port"]),
        **kw,
    })  # fmt: skip


def query(cluster, name, sql, **kw):
    with connect(cluster, name, **kw) as conn, conn.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def messages(cluster, name):
    return [event["message"] for event in ask(cluster, "events", name)["events"]]


def engines(cluster, name):
    """The pids of engine processes that use the cluster's directory."""
    own = cluster.dir / "clusters" / name.lower()
    return [pid for pid, command in users_of(own).items() if "mariadbd" in command]


def restart_with(cluster, monkeypatch, fault):
    """Kills the daemon and starts it again with a fault; the engines go on."""
    cluster.kill9()
    monkeypatch.setenv("BOREALIS_INJECT", fault)
    cluster.start()
    monkeypatch.delenv("BOREALIS_INJECT")


def is_available(cluster, name):
    return states(cluster).get(name) == "available"


@pytest.fixture(scope="module")
def daemon(cluster):
    """With a second cluster, `shop`, on another engine."""
    made = ask(cluster, "create", "Shop", "--engine", "mariadb-11.8", "--compatibility", "2")
    assert made["name"] == "shop" and made["state"] == "available"
    yield cluster


@pytest.fixture(autouse=True)
def borealis_is_untouched(daemon):
    """Whatever is done to the others: the engine of `borealis` is the same before and after."""
    before = start_ticks(daemon.engine_pid)
    yield
    wait_for(lambda: is_available(daemon, "borealis"), START_TIMEOUT, "borealis is available")
    assert start_ticks(daemon.engine_pid) == before


# --- life ---


def test_two_clusters_know_nothing_of_each_other(daemon):
    shop = ask(daemon, "describe", "SHOP")
    assert shop["writer"]["engine"].startswith("11.8.") and shop["writer"]["instance"] == "shop-1"
    assert shop["compatibility"] == 2 and shop["client_networks"] == []
    assert shop["binlog"]["file"].startswith("mysql-bin-changelog.")
    query(daemon, "shop", "CREATE DATABASE only_in_shop")
    assert daemon.query("SHOW DATABASES LIKE 'only%'") == []
    assert query(daemon, "borealis", "SELECT VERSION() LIKE '10.11.%' AS ok") == [{"ok": 1}]
    assert credentials(shop)["password"] != daemon.credentials()["password"]
    with pytest.raises(pymysql.err.OperationalError) as refused:
        connect(daemon, "shop", password=daemon.credentials()["password"])
    assert refused.value.args[0] == 1045
    versions = {name: query(daemon, name, "SELECT @@aurora_version AS v")[0]["v"] for name in states(daemon)}
    assert versions["borealis"].startswith("3.") and versions["shop"].startswith("2."), versions
    server_ids = {name: query(daemon, name, "SELECT @@server_id AS i, @@gtid_domain_id AS d")[0]
                  for name in ("borealis", "shop")}  # fmt: skip
    assert server_ids["borealis"]["i"] != server_ids["shop"]["i"]
    assert server_ids["borealis"]["d"] != server_ids["shop"]["d"]


def test_what_is_shown(daemon):
    assert states(daemon) == {"borealis": "available", "shop": "available"}
    status = daemon.command("status").stdout
    assert "cluster borealis: available" in status and "cluster shop: available" in status
    assert "speaks as  Aurora MySQL version 2" in manage(daemon, "describe", "shop")
    lines = manage(daemon, "list").splitlines()
    assert [line.split()[:2] for line in lines] == [["borealis", "available"], ["shop", "available"]]
    events = ask(daemon, "events", "shop")["events"]
    assert [(e["source_type"], e["source"], e["category"], e["id"], e["message"]) for e in events[:2]] == [
        ("db-cluster", "shop", "creation", "RDS-EVENT-0170", "DB cluster created."),
        ("db-instance", "shop-1", "creation", "RDS-EVENT-0005", "DB instance created."),
    ]
    assert all(e["cluster"] == "shop" for e in events)
    sources = {e["cluster"] for e in ask(daemon, "events")["events"]}
    assert sources == {"borealis", "shop"}
    assert "DB cluster created." in manage(daemon, "events", "shop")
    client = daemon.command("client", "--cluster", "shop", "-Ne", "SELECT 'hello', VERSION()")
    assert client.stdout.startswith("hello\t11.8."), client
    one_line(daemon.command("client", "--cluster", "none", "-e", "SELECT 1"), "none")


def test_reboot_and_an_engine_that_crashes(daemon):
    before = ask(daemon, "describe", "shop")["writer"]["pid"]
    assert ask(daemon, "reboot", "shop")["writer"]["pid"] != before
    assert messages(daemon, "shop")[-2:] == ["DB instance shutdown.", "DB instance restarted."]
    pid = ask(daemon, "describe", "shop")["writer"]["pid"]
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: ask(daemon, "describe", "shop")["writer"]["pid"] not in (0, pid)
             and is_available(daemon, "shop"), START_TIMEOUT, "another engine")  # fmt: skip
    assert messages(daemon, "shop")[-3:] == [
        "Recovery of the DB instance has started. Recovery time will vary with the amount of data to be "
        "recovered.",
        "DB instance restarted.",
        "Recovery of the DB instance is complete.",
    ]
    assert query(daemon, "shop", "SHOW DATABASES LIKE 'only%'") != []
    assert len(engines(daemon, "shop")) == 1


def test_longest_name(daemon):
    """63 characters, twice in the path of the engine's socket, which the system limits to 107."""
    name = LONGEST.lower()
    assert len(name) == 63
    manage(daemon, "create", LONGEST)
    one_line(run(daemon, "create", name), name, "already")
    assert query(daemon, name, "SELECT 1 AS one") == [{"one": 1}]
    daemon.kill9()
    daemon.start()
    wait_for(lambda: is_available(daemon, name), START_TIMEOUT, "adopted")
    assert ask(daemon, "describe", name)["writer"]["adopted"] is True
    manage(daemon, "delete", name, "--confirm", LONGEST)
    assert engines(daemon, name) == []


# --- modify ---


def test_modify_address_and_tls(daemon):
    port = free_port()
    old = ask(daemon, "describe", "shop")["endpoint"]["port"]
    with connect(daemon, "shop") as session:
        shop = ask(daemon, "modify", "shop", "--port", str(port), "--require-secure-transport", "on")
        assert (shop["endpoint"]["port"], shop["pending"]) == (port, False)
        with pytest.raises(pymysql.err.MySQLError):
            session.query("SELECT 1")
        session._force_close()
    with pytest.raises(pymysql.err.OperationalError):
        connect(daemon, "shop", port=old)
    with pytest.raises(pymysql.err.OperationalError) as refused:
        connect(daemon, "shop")
    assert refused.value.args[0] == 3159
    tls = {"ssl": {"ca": shop["tls_ca"]}}
    assert query(daemon, "shop", "SELECT @@require_secure_transport AS on_", **tls) == [{"on_": 1}]
    # An open session outlives what concerns only those that come.
    with connect(daemon, "shop", **tls) as session:
        manage(daemon, "modify", "shop", "--require-secure-transport", "off")
        session.query("SELECT 1")
    manage(daemon, "modify", "shop", "--listen", "0.0.0.0")  # the same port, with the old one in its way
    assert query(daemon, "shop", "SELECT 1 AS one", host="127.0.0.2") == [{"one": 1}]
    manage(daemon, "modify", "shop", "--listen", "127.0.0.1")
    assert f"DB cluster modified: port {port}, require secure transport on" in messages(daemon, "shop")


def test_client_networks(daemon):
    shop = ask(daemon, "modify", "shop", "--client-networks", "127.0.0.2/31",
               "--client-networks", "2001:db8::/32")  # fmt: skip
    assert shop["client_networks"] == ["127.0.0.2/31", "2001:db8::/32"]
    assert "only from 127.0.0.2/31, 2001:db8::/32" in manage(daemon, "describe", "shop")
    own = credentials(shop)
    at = {"port": int(own["port"]), "user": own["user"], "password": own["password"]}

    def count_connections():
        row, = daemon.query("SHOW GLOBAL STATUS LIKE 'Connections'", bind_address="127.0.0.3", **at)
        return int(row["Value"])

    engine = count_connections()
    for _ in range(3):
        with pytest.raises(pymysql.err.OperationalError) as refused:
            daemon.connect(bind_address="127.0.0.4", **at)
        assert refused.value.args[0] == 1130
        assert "127.0.0.4' is not allowed to connect to this cluster" in refused.value.args[1]
    # The engine has not heard of them: one connection more is this one.
    assert count_connections() == engine + 1
    assert "endpoint/shop a client is refused address=127.0.0.4" in daemon.stderr.read_text()
    manage(daemon, "modify", "shop", "--client-networks", "")
    assert query(daemon, "shop", "SELECT 1 AS one", bind_address="127.0.0.4") == [{"one": 1}]


def test_master_user_password(daemon, tmp_path):
    file = tmp_path / "password"
    file.write_text("a\\b'c#d;e!\n")
    file.chmod(0o600)
    old = credentials(ask(daemon, "describe", "shop"))["password"]
    before = ask(daemon, "describe", "shop")["binlog"]
    manage(daemon, "modify", "shop", "--master-user-password-file", file)
    assert credentials(ask(daemon, "describe", "shop"))["password"] == "a\\b'c#d;e!"
    assert query(daemon, "shop", "SELECT CURRENT_USER() AS u") == [{"u": "admin@%"}]
    assert daemon.command("client", "--cluster", "shop", "-Ne", "SELECT 1").stdout == "1\n"
    with pytest.raises(pymysql.err.OperationalError):
        connect(daemon, "shop", password=old)
    manage(daemon, "modify", "shop", "--master-user-password-file", "-", input="from-standard-input")
    assert query(daemon, "shop", "SELECT 1 AS one", password="from-standard-input") == [{"one": 1}]
    assert ask(daemon, "describe", "shop")["binlog"] == before
    assert messages(daemon, "shop").count("Reset master credentials.") == 2
    file.chmod(0o644)
    one_line(run(daemon, "modify", "shop", "--master-user-password-file", file), file)
    for word in ("from-standard-input", "a\\b'c#d;e!"):
        assert word not in daemon.stderr.read_text()
        assert word.encode() not in (daemon.dir / "borealis.db").read_bytes()


# --- wrong use ---

WRONG = [
    (["create"], ["expected the name"]),
    (["create", "a", "b"], ["expected the name"]),
    (["create", "a--b"], ["a--b", "hyphens"]),
    (["create", "../etc"], ["../etc"]),
    (["create", "x" * 64], ["63"]),
    (["create", "shop"], ["shop", "already"]),
    (["create", "new", "--engine", "mariadb-1.0"], ["mariadb-1.0"]),
    (["create", "new", "--listen", "nowhere"], ["nowhere"]),
    (["create", "new", "--listen", "192.0.2.99"], ["192.0.2.99"]),
    (["create", "new", "--port", "0"], ["--port", "'0'"]),
    (["create", "new", "--port", "BOREALIS"], ["cluster borealis", "--port"]),
    (["create", "new", "--port", "TAKEN"], ["taken", "--port"]),
    (["create", "new", "--require-secure-transport", "maybe"], ["maybe"]),
    (["create", "new", "--compatibility", "4"], ["expected 2 or 3", "'4'"]),
    (["create", "new", "--client-networks", "10.0.0.0/33"], ["client networks", "10.0.0.0/33"]),
    (["create", "new", "--nonsense"], ["--nonsense"]),
    (["modify", "shop"], ["at least one option"]),
    (["modify", "none", "--port", "20000"], ["none"]),
    (["modify", "shop", "--engine", "mariadb-10.11"], ["engine", "could not go back"]),
    (["modify", "shop", "--port", "BOREALIS"], ["cluster borealis"]),
    (["modify", "shop", "--port", "TAKEN"], ["taken"]),
    (["modify", "shop", "--listen", "192.0.2.99"], ["192.0.2.99"]),
    (["modify", "shop", "--client-networks", "example.org"], ["example.org"]),
    (["modify", "shop", "--master-user-password-file", "/nonexistent"], ["/nonexistent"]),
    (["modify", "shop", "--master-user-password", "secret-word"], ["--master-user-password"]),
    (["delete", "shop"], ["--confirm shop"]),
    (["delete", "shop", "--confirm", "shot"], ["nothing is deleted", "shot"]),
    (["delete", "none", "--confirm", "none"], ["none"]),
    (["reboot", "none"], ["none"]),
    (["describe", "none"], ["none"]),
    (["describe", "no_ne"], ["no_ne"]),
    (["events", "no_ne"], ["no_ne"]),
    (["vanish"], ["vanish"]),
]


def everything(daemon):
    """What a refusal leaves as it was; what is free of the disk is anybody's."""
    clusters = ask(daemon, "list")["clusters"]
    for one in clusters:
        del one["disk"]["free"]
    return clusters, ask(daemon, "events"), sorted(os.listdir(daemon.dir / "clusters"))


@pytest.mark.parametrize("words, parts", WRONG, ids=[" ".join(words)[:60] for words, _ in WRONG])
def test_wrong_use(daemon, words, parts):
    """One clear line, and nothing is changed."""
    before = everything(daemon)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = {"BOREALIS": str(daemon.port), "TAKEN": str(other.getsockname()[1])}
        done = run(daemon, words[0], *[ports.get(word, word) for word in words[1:]])
    assert "secret-word" not in one_line(done, *parts)
    assert before == everything(daemon)


@pytest.mark.parametrize("password", ["short", "with space", "with/slash"])
def test_password_that_is_refused(daemon, password):
    before = credentials(ask(daemon, "describe", "shop"))
    done = run(daemon, "modify", "shop", "--master-user-password-file", "-", input=password)
    assert password not in one_line(done, "the master user's password")
    assert credentials(ask(daemon, "describe", "shop")) == before


def test_no_daemon(tmp_path):
    for words in (["list"], ["create", "a"], ["delete", "a", "--confirm", "a"], ["events"]):
        done = borealis("cluster", *words, "--dir", tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done
    assert list(tmp_path.iterdir()) == []


# --- one fails, others serve ---


def test_a_port_that_is_taken_stops_one_cluster_only(daemon):
    shop = ask(daemon, "describe", "shop")["endpoint"]["port"]
    daemon.kill9()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", shop))
        other.listen()
        daemon.start()
        wait_for(lambda: states(daemon)["shop"] == "failed", START_TIMEOUT, "shop has failed")
        assert str(shop) in ask(daemon, "describe", "shop")["error"]
        assert daemon.query("SELECT 1 AS one") == [{"one": 1}]
        assert f"Error restarting mysql: 127.0.0.1 port {shop}: taken" in messages(daemon, "shop")[-1]
        # It need not wait for the port: another will do.
        port = free_port()
        manage(daemon, "modify", "shop", "--port", str(port))
    assert query(daemon, "shop", "SELECT 1 AS one", port=port) == [{"one": 1}]
    assert "error" not in ask(daemon, "describe", "shop")


# --- kill -9 ---


@pytest.mark.parametrize("moment, point", [
    ("stored", "cluster/condemned"),
    ("system tables", "cluster/delete"),
    ("first start", "cluster/deleted"),
])  # fmt: skip
def test_killed_in_creation_and_in_deletion(daemon, monkeypatch, moment, point):
    """The next start begins the one anew and ends the other: one engine, then none; each event once."""
    own = daemon.dir / "clusters" / "torso"
    instance = own / "instances" / "torso-1"
    there = {
        "system tables": instance / "data" / "mysql" / "help_topic.MAD",
        "first start": instance / "my.cnf",
    }
    if moment == "stored":
        restart_with(daemon, monkeypatch, "cluster/create:crash")
        assert run(daemon, "create", "torso", "--no-wait").returncode == 1
        assert daemon.daemon.wait(START_TIMEOUT) == DIED
    else:
        manage(daemon, "create", "torso", "--no-wait")
        wait_for(there[moment].exists, START_TIMEOUT, moment)
        daemon.kill9()
    monkeypatch.setenv("BOREALIS_INJECT", f"{point}:crash")
    daemon.start()
    wait_for(lambda: is_available(daemon, "torso"), START_TIMEOUT, "torso is available")
    assert query(daemon, "torso", "SELECT COUNT(*) > 500 AS ok FROM mysql.help_topic") == [{"ok": 1}]
    pids = engines(daemon, "torso")
    assert len(pids) == 1

    run(daemon, "delete", "torso", "--confirm", "torso", "--no-wait")
    assert daemon.daemon.wait(START_TIMEOUT) == DIED
    assert engines(daemon, "torso") == (pids if point == "cluster/condemned" else [])
    assert own.exists() == (point != "cluster/deleted")
    monkeypatch.delenv("BOREALIS_INJECT")
    daemon.start()
    wait_for(lambda: "torso" not in states(daemon), START_TIMEOUT, "torso is gone")
    assert not own.exists() and engines(daemon, "torso") == []
    told = messages(daemon, "torso")[-4:]
    assert told == ["DB cluster created.", "DB instance created.", "DB instance deleted.",
                    "DB cluster deleted."]  # fmt: skip


@pytest.mark.parametrize("point", ["cluster/modify", "cluster/modified", "cluster/password"])
def test_killed_in_modification(daemon, monkeypatch, point):
    """Before it is stored it has not happened, but for a password that was put down; afterwards it has."""
    restart_with(daemon, monkeypatch, f"{point}:crash")
    wait_for(lambda: is_available(daemon, "shop"), START_TIMEOUT, "shop is available")
    old = ask(daemon, "describe", "shop")["endpoint"]["port"]
    port = free_port()
    password = f"after-{point.replace('/', '-')}"
    run(daemon, "modify", "shop", "--port", str(port), "--master-user-password-file", "-", "--no-wait",
        input=password)  # fmt: skip
    assert daemon.daemon.wait(START_TIMEOUT) == DIED
    daemon.start()
    wait_for(lambda: is_available(daemon, "shop"), START_TIMEOUT, "shop is available")
    shop = ask(daemon, "describe", "shop")
    assert shop["endpoint"]["port"] == (old if point == "cluster/modify" else port)
    assert credentials(shop)["password"] == password
    assert query(daemon, "shop", "SELECT 1 AS one", password=password) == [{"one": 1}]
    assert not (daemon.dir / "clusters" / "shop" / "master.password.new").exists()


def test_all_are_killed(daemon):
    """As a power cut would: both come back, each with one engine."""
    pid = engines(daemon, "shop")[0]
    daemon.kill9()
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: not engines(daemon, "shop"), START_TIMEOUT, "the engine has ended")
    daemon.start()
    wait_for(lambda: is_available(daemon, "shop"), START_TIMEOUT, "shop is available")
    assert query(daemon, "shop", "SHOW DATABASES LIKE 'only%'") != []
    assert [len(engines(daemon, name)) for name in ("borealis", "shop")] == [1, 1]
    assert messages(daemon, "shop")[-1] == "Recovery of the DB instance is complete."
