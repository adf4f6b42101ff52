"""`borealis relay --config`: several sources in one process, run for years: configuration, accounts,
reload, status, metrics."""

import http.client as http_client
import json
import os
import re
import shutil
import socket
import subprocess

import pymysql
import pytest
import yaml

from servers.node import Node
from servers.wait import wait_for

from .cluster import BINARY, REPOSITORY, free_port
from .prometheus import families, http, samples, used_metrics
from .relay import REPLICA, REPLICA_PASSWORD, Relay, position, secret_file, source_settings
from .relay_product import TIMEOUT, ConfiguredRelay, hashes, make_account


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Of both families, with the relay's account."""
    with (
        Node("mariadb-10.11", tmp_path_factory.mktemp("shop")) as shop,
        Node(
            "mysql-5.6", tmp_path_factory.mktemp("stock"), **source_settings("mysql-5.6")
        ) as stock,
    ):
        nodes = {"shop": shop, "stock": stock}
        for node in nodes.values():
            make_account(node)
        yield nodes


@pytest.fixture
def relay(sources, tmp_path):
    relay = ConfiguredRelay(tmp_path, sources)
    yield relay
    relay.stop()


def write(source, database):
    source.execute(f"CREATE DATABASE {database}", f"CREATE TABLE {database}.t (a INT)",
                   f"INSERT INTO {database}.t VALUES (1)")  # fmt: skip
    return position(source)


def check_config(path):
    return subprocess.run(
        [BINARY, "relay", "--config", path, "--check-config"], capture_output=True, text=True,
        timeout=TIMEOUT, check=False,
    )  # fmt: skip


def test_check_config_changes_nothing(relay):
    relay.config["relay"]["server_id"] = "7"
    relay.write()
    assert check_config(relay.path).returncode == 0
    lines = relay.path.read_text().splitlines()
    line = lines.index("server_id = 7") + 1
    secret_file(relay.path, relay.path.read_text().replace("server_id = 7", "server_id = none"))
    done = check_config(relay.path)
    assert done.returncode == 2
    assert f"{relay.path}:{line}: [relay]: server_id: expected 1 to 4294967295, found 'none'" in (
        done.stderr
    )
    relay.config["relay"]["server_id"] = "7"
    relay.config["channel shop"] |= {"ssl_cert": relay.path, "ssl_key": relay.path}
    relay.write()
    done = check_config(relay.path)
    assert done.returncode == 1 and f"{relay.path}: channel shop: " in done.stderr
    assert not relay.dir.exists()


def test_one_channel_does_not_stop_others(sources, relay):
    """One has no source, another's address is taken: until it is free."""
    taken = socket.create_server(("127.0.0.1", 0))
    relay.add_channel("nobody", sources["shop"])
    relay.config["channel nobody"]["source"] = f"mysql://u@127.0.0.1:{free_port()}"
    relay.add_channel("taken", sources["shop"])
    relay.config["channel taken"]["source"] = f"mysql://u@localhost:{sources['shop'].port}"
    relay.config["channel taken"]["listen"] = "127.0.0.1:%d" % taken.getsockname()[1]
    relay.write()
    with taken, relay:
        for name, source in sources.items():
            relay.wait_position(name, write(source, "others"))
            assert (relay.dir / name / "00000001").is_dir()
        with pytest.raises(pymysql.err.Error, match="was not reached yet"):
            relay.connect("nobody")
        assert "not started: channel taken: " in relay.log.read_text()
        taken.close()
        relay.reload()
        wait_for(lambda: "channel taken relays" in relay.log.read_text(), TIMEOUT, "taken starts")
        assert relay.run("stop").returncode == 0
        assert relay.process.wait(TIMEOUT) == 0
        assert relay.run("stop", check=False).returncode == 3


def test_accounts(sources, relay):
    """By the hashes alone; of some channels, from some addresses, with TLS."""
    relay.config["account one"] = {"password_hash": hashes("1"), "channels": "shop"}
    relay.config["account far"] = {"password_hash": hashes("2"), "hosts": "192.0.2.%, 2001:db8::/32"}
    relay.config["account safe"] = {"password_hash": hashes("3"), "require_tls": "on"}
    relay.write()
    with relay:
        for name, source in sources.items():
            relay.wait_position(name, position(source))
        relay.connect("shop", user="one", password="1").close()
        relay.connect("stock", user="safe", password="3", ssl={"check_hostname": False}).close()
        for name, user, password in [
            ("stock", "one", "1"),
            ("shop", "one", "2"),
            ("shop", "far", "2"),
            ("stock", "safe", "3"),
            ("stock", "nobody", ""),
        ]:
            with pytest.raises(pymysql.err.OperationalError) as refused:
                relay.connect(name, user=user, password=password, ssl_disabled=True)
            assert refused.value.args[0] == 1045, (name, user)


def test_a_directory_made_by_flags_goes_on(sources, tmp_path):
    """The channel of the flags is named "source"."""
    sources["shop"].execute("SET SESSION sql_log_bin = 0", "DROP USER relay@'127.0.0.1'")
    with Relay(sources["shop"], tmp_path) as before:
        before.wait_caught_up()
        seen = before.position()
    after = ConfiguredRelay(tmp_path, {"source": sources["shop"]})
    with after:
        goal = write(sources["shop"], "goes_on")
        after.wait_position("source", goal)
        assert seen < goal
        assert len(list((after.dir / "source").glob("[0-9]*"))) == 1


def test_files_that_others_can_read(relay):
    (relay.basedir / "source.password").chmod(0o644)
    done = check_config(relay.path)
    assert done.returncode == 2
    assert "source.password: expected a file that others can not read" in done.stderr


def find_replica(relay, name):
    """The only dump of a channel, as the status has it."""
    return next((r for r in relay.channel(name)["replicas"] if r["dumping"]), None)


@pytest.fixture
def replica(tmp_path):
    with Node("mariadb-10.11", tmp_path / "replica") as node:
        yield node


def attach(replica, relay, name):
    replica.execute(
        f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={relay.port(name)},"
        f" MASTER_USER='{REPLICA}', MASTER_PASSWORD='{REPLICA_PASSWORD}',"
        f" MASTER_CONNECT_RETRY=1, MASTER_USE_GTID=slave_pos",
        "START SLAVE",
    )


def certificate(relay, name):
    """What the channel's listener shows to a new connection."""
    with relay.connect(name, ssl={"check_hostname": False}) as conn:
        return conn._sock.getpeercert(binary_form=True)


def make_certificate(basedir, name):
    key, cert = basedir / f"{name}-key.pem", basedir / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
         f"/CN={name}", "-keyout", key, "-out", cert],
        check=True, capture_output=True, timeout=TIMEOUT,
    )  # fmt: skip
    key.chmod(0o600)
    return {"ssl_cert": cert, "ssl_key": key}


def test_status(sources, relay, replica):
    sources["shop"].execute("DROP DATABASE IF EXISTS seen")
    relay.add_channel("nobody", sources["shop"])
    relay.config["channel nobody"]["source"] = f"mysql://u@127.0.0.1:{free_port()}"
    relay.config["channel shop"] |= {"binlog_retention_hours": "48", "retention_bytes": "10G"}
    relay.write()
    with relay:
        attach(replica, relay, "shop")
        goal = write(sources["shop"], "seen")
        relay.wait_position("shop", goal)
        wait_for(lambda: (find_replica(relay, "shop") or {}).get("bytes_behind") == 0, TIMEOUT,
                 "the replica has been sent all")  # fmt: skip
        wait_for(lambda: relay.channel("shop")["caught_up"], TIMEOUT, "shop has caught up")
        status = relay.status()
        assert (status["directory"], status["pid"]) == (str(relay.dir), relay.process.pid)
        shop, stock, nobody = status["channels"]
        assert (shop["name"], stock["name"], nobody["name"]) == ("shop", "stock", "nobody")
        assert (shop["state"], shop["error"], shop["seconds_behind"]) == ("receiving", None, 0)
        assert (shop["bytes_behind"], shop["connects"], shop["failures"]) == (0, 1, 0)
        assert (shop["retention_hours"], shop["retention_bytes"]) == (48, 10 << 30)
        log = shop["log"]
        assert log["synced"] == log["received"] == log["written"]
        assert (log["synced"]["file"], log["synced"]["position"]) >= goal
        gtids = sources["shop"].query("SELECT @@gtid_binlog_pos AS g")[0]["g"]
        assert log["gtids"] == gtids
        assert log["bytes"] == sum(
            path.stat().st_size for path in (relay.dir / "shop/00000001").glob("*.0*[0-9]")
        )
        seen = find_replica(relay, "shop")
        assert (seen["user"], seen["address"]) == (REPLICA, "127.0.0.1")
        assert seen["server_id"] == replica.query("SELECT @@server_id AS id")[0]["id"]
        assert (seen["sent"]["file"], seen["sent"]["position"]) >= goal
        assert nobody["state"] in ("connecting", "pausing") and nobody["log"] is None
        assert nobody["seconds_behind"] is None
        wait_for(lambda: "Connection refused" in (relay.channel("nobody")["error"] or ""), TIMEOUT,
                 "nobody's error")  # fmt: skip
        shown = relay.run("status").stdout
        assert "channel shop: receiving" in shown and f"  gtids      {gtids}\n" in shown
        assert f"  replica    {REPLICA}@127.0.0.1, server id {seen['server_id']}, sent" in shown
        assert "retention  48 h, 10.0 GiB; disk " in shown and "Connection refused" in shown
        with subprocess.Popen(
            [BINARY, "relay", "status", "--dir", relay.dir, "--watch"], stdout=subprocess.PIPE,
            text=True,
        ) as watch:  # fmt: skip
            lines = [watch.stdout.readline() for _ in range(6)]
            watch.kill()
        assert [line.split()[1] for line in lines] == ["shop", "stock", "nobody"] * 2
        assert lines[3].split()[2] == "receiving"
        other = subprocess.run([BINARY, "status", "--dir", relay.dir], capture_output=True, text=True,
                               timeout=TIMEOUT, check=False)  # fmt: skip
        assert other.returncode == 1 and "borealis relay status" in other.stderr
    assert relay.run("status", check=False).returncode == 3


def test_reload_goes_on_with_dumps(sources, relay, replica):
    """Accounts, certificates, retention, new and removed channels; what takes a restart is named."""
    stock = relay.config.pop("channel stock")
    relay.config["channel shop"] |= make_certificate(relay.basedir, "first")
    relay.write()
    with relay:
        attach(replica, relay, "shop")
        wait_for(lambda: find_replica(relay, "shop"), TIMEOUT, "the replica's dump")
        before = find_replica(relay, "shop")["thread_id"]
        first = certificate(relay, "shop")

        relay.config[f"account {REPLICA}"]["password_hash"] = hashes("another")
        relay.config["channel stock"] = stock
        relay.config["channel shop"] |= make_certificate(relay.basedir, "second")
        relay.config["channel shop"]["binlog_retention_hours"] = "5"
        said = relay.reload()
        assert "channels added: stock\n" in said and "restart" not in said
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            relay.connect("shop")
        relay.connect("shop", password="another").close()
        relay.config[f"account {REPLICA}"]["password_hash"] = hashes(REPLICA_PASSWORD)
        relay.reload()
        assert first != certificate(relay, "shop")
        assert relay.channel("shop")["retention_hours"] == 5
        relay.wait_position("stock", position(sources["stock"]))

        # The same names with other content are read, too.
        second = certificate(relay, "shop")
        make_certificate(relay.basedir, "second")
        del relay.config["channel stock"]
        relay.config["relay"]["server_id"] = "77"
        listen = relay.config["channel shop"]["listen"]
        relay.config["channel shop"]["listen"] = f"127.0.0.1:{free_port()}"
        said = relay.reload()
        assert "channels removed: stock\n" in said
        assert "a restart is needed for: [relay] server_id, [channel shop] listen\n" in said
        relay.config["channel shop"]["listen"] = listen
        assert relay.channel("shop")["listen"] == listen
        assert second != certificate(relay, "shop")
        assert (relay.dir / "stock/00000001").is_dir()
        assert len(relay.status()["channels"]) == 1
        assert find_replica(relay, "shop")["thread_id"] == before


def newest(source):
    source.execute("FLUSH BINARY LOGS")
    return position(source)[0]


def test_a_hold_keeps_what_a_replica_was_not_sent(sources, relay, replica):
    """Over a restart of the relay; once it has been sent, the files may go."""
    source = sources["shop"]
    relay.config["channel shop"]["binlog_retention_hours"] = "0"
    relay.config[f"account {REPLICA}"]["hold"] = "1G"
    relay.config["account boss"] = {"password_hash": hashes("1"), "admin": "on"}
    relay.write()

    def purge_to(name):
        with relay.connect("shop", user="boss", password="1") as conn, conn.cursor() as cursor:
            cursor.execute(f"PURGE BINARY LOGS TO '{name}'")

    def hold():
        return relay.channel("shop")["holds"]

    with relay:
        source.execute("DROP DATABASE IF EXISTS held")
        relay.wait_position("shop", write(source, "held"))
        attach(replica, relay, "shop")
        held = position(source)[0]
        wait_for(lambda: [h["first_file"] for h in hold()] == [held], TIMEOUT, "its place is held")
        replica.execute("STOP SLAVE")
        source.execute("INSERT INTO held.t VALUES (2)")
        last = newest(source)
        source.execute("INSERT INTO held.t VALUES (3)")
        relay.wait_position("shop", position(source))
        with pytest.raises(pymysql.err.Error, match=f"the hold of {REPLICA} keeps the files from {held} on"):
            purge_to(last)
    with relay:
        wait_for(lambda: relay.channel("shop")["caught_up"], TIMEOUT, "caught up")
        with pytest.raises(pymysql.err.Error, match=f"the hold of {REPLICA} keeps the files from {held} on"):
            purge_to(last)
        shown = relay.run("status").stdout
        assert re.search(rf"hold       {REPLICA}: from {held} on, .*iB of at most 1.0 GiB\n", shown), shown
        replica.execute("START SLAVE")
        wait_for(lambda: [h["first_file"] for h in hold()] == [last], TIMEOUT, "it has gone on")
        (one,) = hold()
        assert (one["user"], one["most_bytes"], one["given_up"]) == (REPLICA, 1 << 30, False)
        purge_to(last)
        assert relay.channel("shop")["log"]["first_file"] == last
        wait_for(lambda: len(replica.query("SELECT a FROM held.t")) == 3, TIMEOUT, "the replica has all")
        del relay.config[f"account {REPLICA}"]["hold"]
        relay.reload()
        wait_for(lambda: hold() == [], TIMEOUT, "nothing is held")


def test_reload_of_what_is_wrong(sources, relay):
    """Nothing is changed, and it says why: by the verb, and by the log when it was a SIGHUP."""
    with relay:
        relay.wait_position("shop", position(sources["shop"]))
        relay.config["channel shop"]["binlog_retention_hours"] = "none"
        relay.config["account new"] = {"password_hash": hashes("1")}
        relay.write()
        done = relay.run("reload", check=False)
        wrong = "[channel shop]: binlog_retention_hours: expected 0 to 87600, found 'none'"
        assert done.returncode == 1 and wrong in done.stderr
        lines = relay.log.read_text().count("not reloaded, nothing is changed: ")
        relay.hang_up()
        wait_for(
            lambda: relay.log.read_text().count("not reloaded, nothing is changed: ") == lines + 1,
            TIMEOUT, "the log says why",
        )  # fmt: skip
        assert relay.channel("shop")["retention_hours"] is None
        with pytest.raises(pymysql.err.OperationalError, match="Access denied"):
            relay.connect("shop", user="new", password="1")
        del relay.config["channel shop"]["binlog_retention_hours"]
        relay.write()
        relay.hang_up()
        wait_for(lambda: "reloaded " + str(relay.path) in relay.log.read_text().split(wrong)[-1],
                 TIMEOUT, "the file is good again")  # fmt: skip
        relay.connect("shop", user="new", password="1").close()


def test_reload_of_the_way_to_the_source(sources, relay):
    """A password that was changed there is read, and the receiver connects at once."""
    source = sources["stock"]
    make_account(source, "rotated", "old")
    relay.config["channel stock"]["source"] = f"mysql://rotated@127.0.0.1:{source.port}"
    password = secret_file(relay.basedir / "rotated", "old\n")
    relay.config["channel stock"]["source_password_file"] = password
    relay.write()
    with relay:
        relay.wait_position("stock", position(source))
        received = relay.channel("stock")["received_events"]
        source.execute("SET sql_log_bin = 0", "SET PASSWORD FOR rotated@'127.0.0.1' = PASSWORD('new')")
        dump = source.query("SELECT id FROM information_schema.processlist WHERE user = 'rotated'")
        source.execute(f"KILL {dump[0]['id']}")
        wait_for(
            lambda: "Access denied" in (relay.channel("stock")["error"] or ""), TIMEOUT, "denied"
        )
        password.write_text("new\n")
        relay.reload()
        relay.wait_position("stock", write(source, "rotated"))
        assert relay.channel("stock")["received_events"] > received
        assert relay.channel("stock")["connects"] == 2


def test_reload_to_another_server_and_back(sources, relay):
    """That it was another server for a while neither stops nor replaces the log of the right one."""
    source, other = sources["stock"], relay.config.pop("channel shop")
    relay.write()
    with relay:
        relay.wait_position("stock", position(source))
        channel = relay.config["channel stock"]
        right = dict(channel)

        def wait_error(text):
            wait_for(lambda: text in (relay.channel("stock")["error"] or ""), TIMEOUT, text)

        channel |= {key: other[key] for key in ("source", "source_ssl_mode")}
        relay.reload()
        wait_error("another server than the one whose binlog was received")
        channel["source_change"] = "follow"
        relay.reload()
        wait_error("not followed: it is of the other family")
        channel |= right | {"source_change": "anew"}
        relay.reload()
        relay.wait_position("stock", write(source, "back"))
        assert [path.name for path in (relay.dir / "stock").glob("0*")] == ["00000001"]


SHARE = REPOSITORY / "share"


def test_metrics(sources, relay, replica):
    port = free_port()
    relay.config["relay"]["metrics_listen"] = f"127.0.0.1:{port}"
    relay.config["channel shop"]["binlog_retention_hours"] = "48"
    relay.config[f"account {REPLICA}"]["hold"] = "1G"
    relay.add_channel("nobody", sources["shop"])
    relay.config["channel nobody"]["source"] = f"mysql://u@127.0.0.1:{free_port()}"
    user = 'a"b\\c\u00fc'
    relay.config[f"account {user}"] = {"password_hash": hashes("1")}
    relay.write()
    with relay:
        sources["shop"].execute("DROP DATABASE IF EXISTS metrics")
        relay.wait_position("shop", write(sources["shop"], "metrics"))
        replica.execute(
            f"CHANGE MASTER TO MASTER_HOST='127.0.0.1', MASTER_PORT={relay.port('shop')},"
            f" MASTER_USER='a\"b\\\\c\u00fc', MASTER_PASSWORD='1', MASTER_USE_GTID=slave_pos",
            "START SLAVE",
        )
        wait_for(lambda: (find_replica(relay, "shop") or {}).get("bytes_behind") == 0, TIMEOUT,
                 "the replica has been sent all")  # fmt: skip
        wait_for(lambda: relay.channel("shop")["caught_up"], TIMEOUT, "shop has caught up")
        wait_for(lambda: relay.channel("shop")["holds"], TIMEOUT, "the hold is there")
        status = relay.channel("shop")
        parsed, names = families(port)
        shop = {"channel": "shop"}
        assert samples(parsed, "borealis_relay_channel_state", **shop) == {
            (state,): float(state == "receiving")
            for state in ("connecting", "receiving", "pausing", "stopped", "failed")
        }
        for name, value in {
            "source_lag_seconds": 0,
            "source_lag_bytes": 0,
            "source_caught_up": 1,
            "source_connects": 1,
            "source_failures": 0,
            "received_events": status["received_events"],
            "received_bytes": status["received_bytes"],
            "log_bytes": status["log"]["bytes"],
            "log_files": status["log"]["files"],
            "log_failed": 0,
            "retention_seconds": 48 * 3600,
            "dumps": 1,
            "disk_size_bytes": status["disk_size"],
        }.items():
            assert samples(parsed, f"borealis_relay_{name}", **shop) == {(): value}, name
        assert set(samples(parsed, "borealis_relay_translation_left_out", **shop).values()) == {0.0}
        assert samples(parsed, "borealis_relay_source_lag_seconds", channel="nobody") == {}
        assert samples(parsed, "borealis_relay_retention_bytes") == {}
        held = status["holds"][0]
        for name, value in ("bytes", held["bytes"]), ("most_bytes", 1 << 30), ("given_up", 0):
            assert samples(parsed, f"borealis_relay_hold_{name}", **shop) == {(REPLICA,): value}, name
        (sent,) = parsed["borealis_relay_replica_sent_bytes"].samples
        assert sent.labels["user"] == user and sent.labels["address"] == "127.0.0.1"
        assert sent.labels["server_id"] == str(find_replica(relay, "shop")["server_id"])
        assert sent.value == find_replica(relay, "shop")["sent_bytes"] > 0
        syncs = parsed["borealis_relay_sync_duration_seconds"].samples
        buckets = [s.value for s in syncs
                   if s.name.endswith("_bucket") and s.labels["channel"] == "shop"]  # fmt: skip
        (count,) = [s.value for s in syncs
                    if s.name.endswith("_count") and s.labels["channel"] == "shop"]  # fmt: skip
        assert buckets == sorted(buckets) and buckets[-1] == count > 0

        assert http(port, ("GET", "/"))[0] == 404
        assert http(port, ("POST", "/metrics", "x" * 100000))[0] == 405
        assert http(port, ("HEAD", "/metrics"))[2] == ""
        # More connections than it takes: those are ended, the next is answered.
        idle = [socket.create_connection(("127.0.0.1", port)) for _ in range(40)]
        for connection in idle:
            connection.close()
        wait_for(lambda: http(port, ("GET", "/metrics"))[0] == 200, TIMEOUT, "answers again",
                 ignore=(OSError, http_client.HTTPException))  # fmt: skip

        # What is shipped to look at them knows them all, and man page and table are one.
        rules = yaml.safe_load((SHARE / "prometheus/borealis-relay.rules.yml").read_text())
        expressions = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
        board = json.loads((SHARE / "grafana/borealis-relay.json").read_text())
        expressions += [t["expr"] for panel in board["panels"] for t in panel["targets"]]
        assert len(expressions) > 20
        assert used_metrics(json.dumps(expressions)) <= set(names)


def test_service_manager(relay):
    """What systemd is told over its socket, from the start to the end; and the unit, by its tool."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(relay.basedir / "notify"))
        manager.settimeout(TIMEOUT)

        def hear(word):
            """The first message with the word."""
            wanted = [""]

            def heard():
                wanted[0] = manager.recv(4096).decode()
                return word in wanted[0]

            wait_for(heard, TIMEOUT, f"{word} is told")
            return wanted[0]

        relay.environment = os.environ | {
            "NOTIFY_SOCKET": str(relay.basedir / "notify"), "WATCHDOG_USEC": "400000",
        }  # fmt: skip
        with relay:
            assert hear("READY=1") == "READY=1\nSTATUS=2 of 2 channels started"
            hear("WATCHDOG=1")
            hear("WATCHDOG=1")
            relay.hang_up()
            assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", hear("RELOADING=1"))
            hear("READY=1")
            del relay.config["channel stock"]
            assert "stock" in relay.reload()
            hear("STATUS=1 of 1 channels started")
            relay.process.terminate()
            hear("STOPPING=1")
            assert relay.process.wait(TIMEOUT) == 0


def test_unit_file(tmp_path):
    tool = shutil.which("systemd-analyze")
    if not tool:
        pytest.skip("systemd-analyze is not here")
    text = (SHARE / "systemd/borealis-relay@.service.in").read_text()
    unit = tmp_path / "borealis-relay@.service"
    unit.write_text(text.replace("@bindir@/borealis", str(BINARY)).replace("User=borealis-relay",
                    "User=root").replace("Group=borealis-relay", "Group=root"))  # fmt: skip
    done = subprocess.run([tool, "verify", "--man=no", "--recursive-errors=no", unit],
                          capture_output=True, text=True, timeout=TIMEOUT, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
