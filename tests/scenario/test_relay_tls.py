"""`borealis relay` and its source's TLS: what is not as told is refused, with the reason, never tried in clear."""

import contextlib
import socket
import struct
import threading

import pytest

from servers.node import Node
from servers.wait import wait_for

from .relay import PASSWORD, Relay, source_settings
from .wire import Authority

SERVER = "mariadb-11.8"
CLIENT_SSL = 1 << 11
OFFERED = (1 | 1 << 9 | 1 << 13 | 1 << 15 | 1 << 19) & ~CLIENT_SSL  # of a server without TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca")


@pytest.fixture(scope="module")
def source(authority, tmp_path_factory):
    cert, key = authority.issue("server")
    settings = source_settings(SERVER) | {"ssl_cert": cert, "ssl_key": key}
    with Node(SERVER, tmp_path_factory.mktemp("source"), **settings) as node:
        yield node


@pytest.fixture(scope="module")
def relay(source, authority, tmp_path_factory):
    """One that has met its source, so that it answers when it can not connect any more."""
    relay = Relay(source, tmp_path_factory.mktemp("relay"), "--source-ssl-ca", authority.ca)
    relay.ssl_mode = "VERIFY_IDENTITY"
    with relay:
        relay.wait_caught_up()
        yield relay


def insist(relay, ssl_mode, ca=None):
    """The relay is started anew with other demands; returns the error that it shows."""
    relay.stop()
    relay.ssl_mode = ssl_mode
    relay.options = ("--source-ssl-ca", ca) if ca else ()
    relay.start()
    return wait_for(lambda: status(relay)["Last_IO_Error"], 60, f"{relay}: shows an error")


def status(relay):
    return relay.query("SHOW SLAVE STATUS")[0]


def assert_refused(relay, error, reason):
    assert reason in error
    assert status(relay)["Slave_IO_Running"] != "Yes"
    log = relay.log.read_text()
    assert reason in log and PASSWORD not in log


def test_wrong_authority(relay, tmp_path):
    error = insist(relay, "VERIFY_CA", Authority(tmp_path / "stranger").ca)
    assert_refused(relay, error, "the certificate is refused")


@pytest.mark.parametrize(
    "mode, kind, reason",
    [
        ("VERIFY_IDENTITY", {"alternatives": "DNS:db.example"},
         "expected a certificate for '127.0.0.1', found one for other names"),
        ("VERIFY_CA", {"expired": True}, "certificate has expired"),
    ],
)  # fmt: skip
def test_wrong_certificate(source, relay, authority, mode, kind, reason):
    kept = {name: source.settings[name] for name in ("ssl_cert", "ssl_key")}
    cert, key = authority.issue("wrong", **kind)
    source.restart(ssl_cert=cert, ssl_key=key)
    try:
        assert_refused(relay, insist(relay, mode, authority.ca), reason)
    finally:
        source.restart(**kept)
    relay.wait_caught_up()  # it tries again, and goes on when the certificate is right


class Clear:
    """A server that offers no TLS and keeps what clients say to its greeting."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.heard = []
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(60)

    def serve(self):
        greeting = (
            b"\x0a11.8.9-MariaDB\0" + struct.pack("<I", 7) + b"saltsalt\0"
            + struct.pack("<HBHHB", OFFERED & 0xFFFF, 45, 2, OFFERED >> 16, 21) + bytes(10)
            + b"saltsaltsalt\0mysql_native_password\0"
        )  # fmt: skip
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                with client:
                    client.settimeout(60)
                    client.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
                    said = b""
                    while more := client.recv(4096):
                        said += more
                    self.heard.append(said)


@pytest.mark.parametrize("mode", ["REQUIRED", "VERIFY_IDENTITY"])
def test_nothing_is_said_in_clear(relay, authority, mode):
    port = relay.source_port
    with Clear() as clear:
        relay.source_port = clear.port
        error = insist(relay, mode, authority.ca)
        wait_for(lambda: len(clear.heard) >= 2, 60, "it has tried again")
        assert_refused(relay, error, "expected a server with TLS, found that it offers none")
        assert set(clear.heard) == {b""}
    relay.source_port = port
