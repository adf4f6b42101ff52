"""Cluster, reader and instance endpoints: three addresses of one cluster that answer alike; and where
a cluster's own connections come from.

The tests of the file share one daemon, in order.

Time budget: 12 s.
"""

import contextlib
import re
import socket

import pymysql
import pytest

from servers.wait import wait_for

from .cluster import START_TIMEOUT, borealis, free_port
from .test_clusters import ask, connect, manage, messages, query, run, states
from .test_daemon import one_line

KINDS = ["cluster", "reader", "instance"]


def places(cluster):
    """{kind: (address, port)} of the endpoints that there are, as describe has them."""
    one = ask(cluster, "describe", "borealis")
    all_of = zip(KINDS, (one["endpoint"], one["reader_endpoint"], one["writer"]["endpoint"]))
    return {kind: (it["address"], it["port"]) for kind, it in all_of if it}


def modify(cluster, *options):
    return ask(cluster, "modify", "borealis", *options)


def at(place, **kw):
    return {"host": place[0], "port": place[1], **kw}


@pytest.fixture(scope="module")
def daemon(cluster):
    """With all three endpoints, each at a port of its own."""
    assert places(cluster) == {"cluster": ("127.0.0.1", cluster.port)}
    ports = [str(free_port()), str(free_port())]
    modify(cluster, "--reader-port", ports[0], "--instance-port", ports[1])
    assert places(cluster) == {
        "cluster": ("127.0.0.1", cluster.port),
        "reader": ("127.0.0.1", int(ports[0])),
        "instance": ("127.0.0.1", int(ports[1])),
    }
    yield cluster


def test_all_answer_alike(daemon):
    """One writer behind all, with the same accounts, certificate and variables."""
    daemon.execute("CREATE DATABASE d", "CREATE TABLE d.t (a INT PRIMARY KEY)")
    shown = []
    for number, place in enumerate(places(daemon).values()):
        for tls in (False, True):
            with daemon.connect(tls=tls, **at(place)) as conn, conn.cursor() as cursor:
                if tls:
                    certificate = conn._sock.getpeercert(binary_form=True)
                cursor.execute("INSERT INTO d.t VALUES (%s)", (number * 2 + tls,))
                cursor.execute("SELECT @@server_id, @@read_only, @@aurora_server_id, CURRENT_USER()")
                shown.append(cursor.fetchone() | {"certificate": tls and certificate})
                cursor.execute("SHOW BINARY LOGS")
                shown[-1]["logs"] = [row["Log_name"] for row in cursor.fetchall()]
        with pytest.raises(pymysql.err.OperationalError) as refused:
            daemon.connect(**at(place, user="rdsadmin", password=daemon.admin_password()))
        assert refused.value.args[0] == 1045
    assert shown[0::2] == [shown[0]] * 3 and shown[1::2] == [shown[1]] * 3
    assert daemon.query("SELECT COUNT(*) AS n FROM d.t") == [{"n": 6}]
    daemon.execute("DROP DATABASE d")


def test_sessions_are_counted_where_they_are(daemon):
    where = places(daemon)
    with daemon.connect(**at(where["reader"])), daemon.connect(**at(where["instance"])):
        one = ask(daemon, "describe", "borealis")
        assert [one["endpoint"]["sessions"], one["reader_endpoint"]["sessions"],
                one["writer"]["endpoint"]["sessions"]] == [0, 1, 1]  # fmt: skip
    text = manage(daemon, "describe", "borealis")
    assert re.search(rf"^  reader +127.0.0.1 port {where['reader'][1]}, \d sessions; leads to the writer$",
                     text, re.M)  # fmt: skip
    assert re.search(rf"^  instance +127.0.0.1 port {where['instance'][1]}, ", text, re.M)


def test_same_clients_are_admitted(daemon):
    manage(daemon, "modify", "borealis", "--client-networks", "127.0.0.2/32",
           "--require-secure-transport", "on")  # fmt: skip
    for kind, place in places(daemon).items():
        with pytest.raises(pymysql.err.OperationalError) as refused:
            daemon.connect(tls=True, **at(place))
        assert refused.value.args[0] == 1130
        with pytest.raises(pymysql.err.OperationalError) as refused:
            daemon.connect(**at(place, bind_address="127.0.0.2"))
        assert refused.value.args[0] == 3159
        assert daemon.query("SELECT 1 AS one", tls=True, **at(place, bind_address="127.0.0.2"))
        name = "endpoint/borealis" + ("" if kind == "cluster" else f"/{kind}")
        assert f"{name} a client is refused address=127.0.0.1" in daemon.stderr.read_text()
    manage(daemon, "modify", "borealis", "--client-networks", "", "--require-secure-transport", "off")


def test_one_moves_and_the_others_stay(daemon):
    where = places(daemon)
    with daemon.connect(**at(where["cluster"])) as stays, daemon.connect(**at(where["reader"])) as ends:
        port = free_port()
        modify(daemon, "--reader-port", str(port), "--reader-listen", "127.0.0.2")
        stays.query("SELECT 1")
        with pytest.raises(pymysql.err.MySQLError):
            ends.query("SELECT 1")
        ends._force_close()
    assert places(daemon) == where | {"reader": ("127.0.0.2", port)}
    with pytest.raises(pymysql.err.OperationalError):
        daemon.connect(**at(where["reader"]))
    assert daemon.query("SELECT 1 AS one", host="127.0.0.2", port=port) == [{"one": 1}]
    assert f"DB cluster modified: reader endpoint 127.0.0.2 port {port}" in messages(daemon, "borealis")
    modify(daemon, "--instance-port", "off")
    assert "instance" not in places(daemon)
    with pytest.raises(pymysql.err.OperationalError):
        daemon.connect(**at(where["instance"]))
    assert "DB cluster modified: instance endpoint off" in messages(daemon, "borealis")


def test_one_port_at_three_addresses(daemon):
    """As Aurora has it: names differ, the port does not, and follows the cluster's."""
    modify(daemon, "--reader-port", "off")
    modify(daemon, "--reader-listen", "127.0.0.2", "--instance-listen", "127.0.0.3")
    port = free_port()
    modify(daemon, "--port", str(port))
    daemon.port = port
    assert places(daemon) == {kind: (f"127.0.0.{i}", port) for i, kind in enumerate(KINDS, 1)}
    for place in places(daemon).values():
        assert daemon.query("SELECT 1 AS one", **at(place)) == [{"one": 1}]


def test_endpoints_change_places(daemon):
    """The reader takes the port that the cluster endpoint leaves."""
    old = places(daemon)["cluster"][1]
    port = free_port()
    modify(daemon, "--port", str(port), "--reader-port", str(old), "--reader-listen", "127.0.0.1",
           "--instance-port", "off")  # fmt: skip
    daemon.port = port
    assert places(daemon) == {"cluster": ("127.0.0.1", port), "reader": ("127.0.0.1", old)}
    for place in places(daemon).values():
        assert daemon.query("SELECT 1 AS one", **at(place)) == [{"one": 1}]


WRONG = [
    (["--reader-port", "TAKEN"], ["taken", "--reader-port"]),
    (["--port", "TAKEN", "--instance-port", "FREE"], ["taken", "--port"]),
    (["--instance-port", "OWN"], ["own cluster endpoint", "--instance-port"]),
    (["--reader-listen", "192.0.2.99"], ["192.0.2.99"]),
    (["--reader-listen", "reader.example.org"], ["reader.example.org"]),
    (["--reader-port", "0"], ["--reader-port", "1 to 65535 or off", "'0'"]),
    (["--reader-port", "no"], ["--reader-port", "'no'"]),
    (["--instance-port", "off", "--instance-listen", "127.0.0.1"], ["instance_listen", "turned off"]),
]


@pytest.mark.parametrize("options, parts", WRONG, ids=[" ".join(options) for options, _ in WRONG])
def test_wrong_place(daemon, options, parts):
    """One clear line; nothing is changed, and sessions go on."""
    before = places(daemon), len(messages(daemon, "borealis"))
    with daemon.connect(**at(before[0]["cluster"])) as session, socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = {"TAKEN": other.getsockname()[1], "FREE": free_port(), "OWN": before[0]["cluster"][1]}
        done = run(daemon, "modify", "borealis", *[str(ports.get(word, word)) for word in options])
        one_line(done, *parts)
        session.query("SELECT 1")
    assert (places(daemon), len(messages(daemon, "borealis"))) == before


def test_endpoints_of_a_new_cluster_and_after_a_crash(daemon):
    ports = [str(free_port()) for _ in range(3)]
    where = places(daemon)
    one_line(run(daemon, "create", "new", "--instance-port", str(where["reader"][1])),
             "cluster borealis listens", "--instance-port")  # fmt: skip
    made = ask(daemon, "create", "new", "--port", ports[0], "--reader-port", ports[1], "--instance-port",
               ports[2])  # fmt: skip
    assert [made["endpoint"]["port"], made["reader_endpoint"]["port"], made["writer"]["endpoint"]["port"]] == [
        int(port) for port in ports
    ]
    before = len(messages(daemon, "new"))
    # The ports of two endpoints are taken when the daemon is back: all else works, and the cluster says so.
    daemon.kill9()
    with contextlib.ExitStack() as taken:
        for port in ports[1:]:
            other = taken.enter_context(socket.socket())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", int(port)))
            other.listen()
        daemon.spawn()
        wait_for(lambda: daemon.status(check=False) and set(states(daemon).values()) == {"available"},
                 START_TIMEOUT, "both are available")  # fmt: skip
        assert query(daemon, "new", "SELECT 1 AS one") == [{"one": 1}]
        lost = [f"{kind} endpoint: 127.0.0.1 port {port}: taken by another program; choose another with --{kind}-port"
                for kind, port in zip(KINDS[1:], ports[1:])]  # fmt: skip
        one = ask(daemon, "describe", "new")
        assert [one["reader_endpoint"]["error"], one["writer"]["endpoint"]["error"]] == lost
        assert f"  reader     {lost[0]}\n" in manage(daemon, "describe", "new")
        told = [message for message in messages(daemon, "new") if "endpoint" in message]
        assert told == [f"An endpoint of the DB cluster can not be served. {why}" for why in lost]
        manage(daemon, "modify", "new", "--instance-port", "off")
        assert ask(daemon, "describe", "new")["writer"]["endpoint"] is None
        assert places(daemon) == where
        assert daemon.query("SELECT 1 AS one", **at(where["reader"])) == [{"one": 1}]
    wait_for(lambda: "error" not in ask(daemon, "describe", "new")["reader_endpoint"], START_TIMEOUT, "the port is free")
    assert query(daemon, "new", "SELECT 1 AS one", port=int(ports[1])) == [{"one": 1}]
    assert messages(daemon, "new")[-1] == (
        f"An endpoint of the DB cluster is served again, which could not be: {lost[0]}")  # fmt: skip
    assert len(messages(daemon, "new")) == before + 4  # two were lost, one turned off, one found


# --- outgoing ---


def own_addresses():
    """What the kernel says of each way out."""
    found = []
    for family, to in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            try:
                probe.connect((to, 1))
                found.append(probe.getsockname()[0])
            except OSError:
                pass
    return found


def test_where_its_connections_come_from(daemon):
    """Without a source the default routes; with one, what that source itself sees: here the cluster
    that the test before has made.
    """
    shown = ask(daemon, "describe", "borealis")["connects_from"]
    assert shown == {"to": None, "addresses": own_addresses()}
    assert "connects_from" not in daemon.cluster_status()  # it may wait for a name server
    source = ask(daemon, "describe", "new")
    with connect(daemon, "new") as conn, conn.cursor() as cursor:
        cursor.execute("CREATE USER 'r'@'%' IDENTIFIED BY 'pw'")
        cursor.execute("GRANT REPLICATION SLAVE ON *.* TO 'r'@'%'")
    with daemon.connect() as conn, conn.cursor() as cursor:
        cursor.execute("CALL mysql.rds_set_external_master('127.0.0.1', %s, 'r', 'pw', %s, %s, 0)",
                       (source["endpoint"]["port"], source["binlog"]["file"], source["binlog"]["position"]))  # fmt: skip
        cursor.execute("CALL mysql.rds_start_replication")
        clients = "SELECT HOST FROM information_schema.PROCESSLIST WHERE USER = 'r'"
        wait_for(lambda: query(daemon, "new", clients), START_TIMEOUT, "the cluster is a replica")
        seen = query(daemon, "new", clients)[0]["HOST"].rpartition(":")[0].replace("localhost", "127.0.0.1")
        assert ask(daemon, "describe", "borealis")["connects_from"] == {
            "to": "127.0.0.1", "addresses": [seen],
        }  # fmt: skip
        assert "  connects   from 127.0.0.1 to 127.0.0.1\n" in manage(daemon, "describe", "borealis")
    # It goes on: a daemon that is told to stop ends with a dump under way, too.
    daemon.interrupt()
    check_a_chosen_address(daemon, clients)


def check_a_chosen_address(daemon, clients):
    done = borealis("serve", "--dir", daemon.dir, "--source-address", "192.0.2.99")
    one_line(done, "--source-address", "192.0.2.99")
    done = borealis("serve", "--dir", daemon.dir, "--source-address", "localhost")
    one_line(done, "--source-address", "localhost")
    daemon.start("--source-address", "127.0.0.3")
    wait_for(lambda: [row["HOST"].rpartition(":")[0] for row in query(daemon, "new", clients)] == ["127.0.0.3"],
             START_TIMEOUT, "the cluster is a replica from there")  # fmt: skip
    assert ask(daemon, "describe", "borealis")["connects_from"] == {
        "to": "127.0.0.1", "addresses": ["127.0.0.3"],
    }  # fmt: skip
    assert ask(daemon, "describe", "new")["connects_from"] == {"to": None, "addresses": ["127.0.0.3"]}
