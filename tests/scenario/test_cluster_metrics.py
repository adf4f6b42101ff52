"""What `borealis serve --metrics-listen` shows to Prometheus.

Time budget: 10 s.
"""

import contextlib
import json
import os
import re
import signal
import socket
from collections import Counter

import pymysql
import pytest
import yaml

from servers.wait import wait_for

from .cluster import REPOSITORY, START_TIMEOUT, Cluster, borealis, free_port, start_ticks
from .prometheus import families, http, samples, used_metrics
from .test_daemon import one_line

PREFIX = "borealis_cluster_"
STATES = ("creating", "starting", "available", "rebooting", "stopping", "stopped", "failed", "deleting")


@pytest.fixture(scope="module")
def metrics_port():
    return free_port()


@pytest.fixture(scope="module")
def daemon(metrics_port):
    with Cluster("--metrics-listen", f"127.0.0.1:{metrics_port}") as cluster:
        yield cluster


def read(port):
    """{name: value, or {labels: value}} of the cluster's; and the names of all."""
    parsed, names = families(port)
    found = {name.removeprefix(PREFIX): samples(parsed, name, cluster="borealis")
             for name in parsed if name.startswith(PREFIX)}  # fmt: skip
    return {name: values[()] if set(values) == {()} else values for name, values in found.items()}, names


def started_usec(pid):
    """Of a process, since 1970, in seconds."""
    boot = int(re.search(r"^btime (\d+)", open("/proc/stat").read(), re.M).group(1))
    return boot + start_ticks(pid) / os.sysconf("SC_CLK_TCK")


def test_what_a_cluster_shows(daemon, metrics_port):
    before, _ = read(metrics_port)
    assert before["state"] == {(state,): float(state == "available") for state in STATES}
    assert before["up"] == 1 and before["engine_starts"] == 1 and before["engine_ends"] == 0
    assert abs(before["engine_start_time_seconds"] - started_usec(daemon.engine_pid)) < 2
    version = daemon.cluster_status()["writer"]["engine"]
    assert before["info"] == {("3", version, "borealis-1"): 1}
    assert before["events"] == {("creation",): 2}

    # Of the endpoint: who came, who was turned away, and what passed.
    with daemon.connect() as conn, conn.cursor() as cursor:
        cursor.execute("SELECT REPEAT('x', 100000) AS x")
        assert len(cursor.fetchone()["x"]) == 100000
        cursor.execute("SELECT 1")  # the one before it is counted by now
        now, _ = read(metrics_port)
        assert now["sessions"] == 1
        assert 100000 < now["endpoint_sent_bytes"] - before["endpoint_sent_bytes"] < 110000
        assert 30 < now["endpoint_received_bytes"] - before["endpoint_received_bytes"] < 1000
    assert now["endpoint_connections"] - before["endpoint_connections"] == 1
    assert now["endpoint_logins"] - before["endpoint_logins"] == 1
    for user in ("borealis", "rdsadmin"):
        with contextlib.suppress(pymysql.err.OperationalError):
            daemon.connect(user=user, password="wrong")
    with socket.create_connection(("127.0.0.1", daemon.port)) as raw:
        raw.sendall(b"\x01\x00\x00\x01x")
        while raw.recv(4096):
            pass
    expected = {(reason,): float(reason in ("engine", "reserved_user", "handshake"))
                for reason in ("network", "engine_away", "handshake", "tls_required", "reserved_user",
                               "character_set", "engine")}  # fmt: skip
    wait_for(lambda: read(metrics_port)[0]["endpoint_refusals"] == expected, START_TIMEOUT, "refusals")

    # Of the binary log: as the engine itself lists it.
    daemon.as_admin("CREATE DATABASE d", "FLUSH BINARY LOGS")
    files = daemon.query("SHOW BINARY LOGS")
    now, _ = read(metrics_port)
    assert now["binlog_files"] == len(files) > before["binlog_files"]
    assert now["binlog_bytes"] == sum(row["File_size"] for row in files)
    assert 0 < now["disk_free_bytes"] < now["disk_size_bytes"]


def test_an_engine_that_ends(daemon, metrics_port):
    before, _ = read(metrics_port)
    pid = daemon.engine_pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: read(metrics_port)[0]["engine_ends"] == before["engine_ends"] + 1, START_TIMEOUT,
             "its end is counted")  # fmt: skip
    daemon.wait_available()
    now, _ = read(metrics_port)
    assert now["up"] == 1 and now["engine_starts"] == before["engine_starts"] + 1
    assert abs(now["engine_start_time_seconds"] - started_usec(daemon.engine_pid)) < 2
    events = json.loads(borealis("cluster", "events", "--dir", daemon.dir, "--json").stdout)["events"]
    assert now["events"] == Counter((event["category"],) for event in events)
    assert now["events"][("recovery",)] == 2
    last = now["last_event_timestamp_seconds"]
    assert last[("recovery",)] >= last[("creation",)] > now["engine_start_time_seconds"] - 3600


def test_document_and_rules_know_what_there_is(daemon, metrics_port):
    """The man page is made of the tables: it lists all names that are shown, and no others."""
    _, names = read(metrics_port)
    page = borealis("help", "--man").stdout.replace("\\", "")
    section = page[page.index("# CLUSTER METRICS"):].split("\n# ")[0]
    listed = re.findall(r"^\*(borealis_\w+)\* \((?:gauge|counter)\)$", section, re.M)
    assert sorted(listed) == sorted(names)
    rules = yaml.safe_load((REPOSITORY / "share/prometheus/borealis-cluster.rules.yml").read_text())
    texts = [str(rule) for group in rules["groups"] for rule in group["rules"]]
    assert len(texts) > 4 and used_metrics("".join(texts)) <= set(names)


WRONG = ["", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "nowhere:9104", ":9104", "[::1:9104",
         "127.0.0.1:9104:1"]  # fmt: skip


@pytest.mark.parametrize("address", WRONG)
def test_an_address_that_is_none(tmp_path, address):
    done = borealis("serve", "--dir", tmp_path / "d", "--metrics-listen", address)
    one_line(done, "--metrics-listen", "expected IP:PORT", f"'{address}'")
    assert done.returncode == 2 and list(tmp_path.iterdir()) == []


def test_an_address_that_can_not_be_had(tmp_path, daemon, metrics_port):
    """Nothing is made for it; in a directory that there is nothing is changed."""
    taken = f"127.0.0.1:{metrics_port}"
    for address in (taken, "192.0.2.99:9104"):
        done = borealis("serve", "--dir", tmp_path / "d", "--metrics-listen", address)
        one_line(done, "metrics", *address.split(":"))
        assert done.returncode == 1 and list(tmp_path.iterdir()) == []
    # Whose directory it is says more than whose port.
    one_line(borealis("serve", "--dir", daemon.dir, "--metrics-listen", taken), "another borealis daemon")
    daemon.interrupt()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", metrics_port))
        other.listen()
        before = {path: path.stat().st_mtime_ns for path in daemon.dir.rglob("*") if path.is_file()}
        one_line(borealis("serve", "--dir", daemon.dir, "--metrics-listen", taken), "metrics", taken.split(":")[1])
        after = {path: path.stat().st_mtime_ns for path in daemon.dir.rglob("*") if path.is_file()}
        assert {path.name for path in after if before.get(path) != after[path]} <= {"daemon.lock"}
        assert set(before) == set(after)
    # Without the option there are none.
    daemon.options = ()
    daemon.start()
    with pytest.raises(OSError):
        http(metrics_port, ("GET", "/metrics"))
