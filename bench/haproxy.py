"""HAProxy in TCP mode before an engine's unix socket, with a PROXY header: what the endpoint is compared with."""

import resource
import subprocess

import pymysql

from scenario.cluster import free_port
from servers import fetch
from servers.wait import wait_for

MOST = 10000
SPARE = 200  # descriptors of its own
PROGRAM = fetch.home("bench") / "bin" / "haproxy"


def start(stack, directory, engine_socket, account, password):
    """Its process, which ends with the stack, and its port."""
    port = free_port()
    config = directory / "haproxy.cfg"
    config.write_text(
        f"global\n    maxconn {_sessions_most()}\n"
        "defaults\n    mode tcp\n    timeout connect 10s\n"
        "    timeout client 1h\n    timeout server 1h\n"
        f"listen mysql\n    bind 127.0.0.1:{port}\n"
        f"    server engine unix@{engine_socket} send-proxy\n"
    )
    log = stack.enter_context(open(directory / "haproxy.log", "wb"))
    process = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", PROGRAM, "-db", "-f", config],
        stdin=subprocess.DEVNULL, stdout=log, stderr=log,
    )  # fmt: skip
    stack.callback(_end, process)
    wait_for(lambda: _answers(port, account, password), 30, "HAProxy answers",
             ignore=pymysql.err.OperationalError)  # fmt: skip
    return process, port


def _sessions_most():
    """As many as are asked for by a bench, or as the descriptors are enough for: a session has two."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return MOST if hard == resource.RLIM_INFINITY else min(MOST, (hard - SPARE) // 2)


def _answers(port, account, password):
    pymysql.connect(host="127.0.0.1", port=port, user=account, password=password).close()
    return True


def _end(process):
    process.terminate()
    process.wait(30)
