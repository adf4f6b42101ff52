"""Fixtures and helpers of the tests of clients at the endpoint: none may leave anything behind."""

import pathlib

import pytest

from servers.wait import wait_for

from .protocol import USUAL, Raw

PROMPT = 10  # what must be prompt, on a busy machine

TLS = pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])


@pytest.fixture(autouse=True)
def no_session_left(request):
    """Every test ends with no session and no descriptor or thread more than before it."""
    if "cluster" not in request.fixturenames:
        yield
        return
    cluster = request.getfixturevalue("cluster")
    wait_for(lambda: cluster.sessions == 0, PROMPT, "no session before the test")
    wait_for(lambda: daemon_is_at_engine(cluster), PROMPT, "the daemon's own session at the engine")
    before = resources(cluster)
    yield
    wait_for(lambda: cluster.sessions == 0, PROMPT, "no session after the test")
    wait_for(lambda: resources(cluster) <= before, PROMPT, f"resources as before: {before}")


def daemon_is_at_engine(cluster):
    """It has one session of its own, from soon after its start on; another one asks for it here."""
    here = "SELECT COUNT(*) AS n FROM information_schema.PROCESSLIST WHERE USER = 'rdsadmin'"
    return cluster.as_admin(here) == [{"n": 2}]


@pytest.fixture
def database(cluster):
    cluster.execute("CREATE DATABASE d")
    yield "d"
    cluster.execute("DROP DATABASE d")


@pytest.fixture
def user(cluster):
    """An account that may use every database d, and has a password."""
    cluster.account("CREATE USER 'u'@'%' IDENTIFIED BY 'pw'", "GRANT ALL ON d.* TO 'u'@'%'")
    yield {"user": "u", "password": "pw"}
    cluster.drop_account("'u'@'%'")


def resources(cluster):
    """How many descriptors and threads the daemon has; as a frozen pair that can be compared."""
    proc = pathlib.Path(f"/proc/{cluster.daemon.pid}")
    return Resources(len(list((proc / "fd").iterdir())), len(list((proc / "task").iterdir())))


class Resources(tuple):
    def __new__(cls, fds, threads):
        return super().__new__(cls, (fds, threads))

    def __le__(self, other):
        return self[0] <= other[0] and self[1] <= other[1]


def logged_in(cluster, capabilities=USUAL):
    """A session of the master user, spoken byte by byte."""
    own = cluster.credentials()
    raw = Raw(cluster.port).greet()
    assert raw.login(own["user"].encode(), own["password"], capabilities)[:1] == b"\0"
    return raw
