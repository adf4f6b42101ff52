"""`borealis relay --config`: several sources in one process, run for years: configuration, accounts,
reload, status, metrics."""

import socket
import subprocess

import pymysql
import pytest

from servers.node import Node
from servers.wait import wait_for

from .cluster import BINARY, free_port
from .relay import Relay, position, secret_file, source_settings
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
