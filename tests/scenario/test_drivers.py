"""Independent clients at the endpoint, each as an application uses it: libmariadb (C), mysql2 (Node.js),
MariaDB's JDBC and ODBC drivers, and every OLTP script of sysbench; plain and with TLS.

PyMySQL and the command-line clients are in test_clients.py and test_endpoint_protocol.py.

Time budget: 60 s.
"""

import shutil
import subprocess

import pytest

from servers import fetch

from .cluster import BINARY, REPOSITORY
from .sessions import TLS, no_session_left  # noqa: F401

PROGRAMS = BINARY.parent
SOURCES = REPOSITORY / "tests" / "clients"
TIMEOUT = 120

SYSBENCH = {
    "oltp_delete", "oltp_insert", "oltp_point_select", "oltp_read_only", "oltp_read_write",
    "oltp_update_index", "oltp_update_non_index", "oltp_write_only", "select_random_points",
    "select_random_ranges",
}  # fmt: skip


def run(*command, input=None, cwd=None):
    """The output of a client that ends well."""
    done = subprocess.run(
        command, input=input, capture_output=True, text=True, timeout=TIMEOUT, check=False, cwd=cwd
    )
    assert done.returncode == 0, (done.stdout[-3000:], done.stderr[-3000:])
    return done.stdout


def account(cluster):
    own = cluster.credentials()
    return [str(cluster.port), own["user"], own["password"]]


@TLS
@pytest.mark.parametrize("compression", ["plain", "compress"])
def test_libmariadb(cluster, tls, compression):
    ca = str(cluster.ca) if tls else "-"
    assert run(PROGRAMS / "cclient", *account(cluster), ca, compression) == "ok\n"


@TLS
def test_mysql2(cluster, tls):
    node = fetch.home("mysql2") / "bin" / "node"
    ca = [str(cluster.ca)] if tls else []
    assert run(node, SOURCES / "mysql2.js", *account(cluster), *ca) == "ok\n"


@TLS
def test_jdbc(cluster, tls):
    home = fetch.home("java")
    jars = ":".join(str(home / "share" / name) for name in ("mariadb-java-client.jar", "rhino.jar"))
    ca = [str(cluster.ca)] if tls else []
    out = run(
        home / "bin" / "java", "-cp", jars, "org.mozilla.javascript.tools.shell.Main",
        "-encoding", "UTF-8", SOURCES / "jdbc.js", *account(cluster), *ca,
    )  # fmt: skip
    assert out == "ok\n"


@TLS
def test_odbc(cluster, tls):
    home = fetch.home("odbc")
    port, user, password = account(cluster)
    text = (
        f"DRIVER={home / 'plugin' / 'libmaodbc.so'};SERVER=localhost;PORT={port};UID={user};PWD={password};"
        "CHARSET=utf8mb4;" + (f"SSLCA={cluster.ca};SSLVERIFY=1" if tls else "")
    )
    out = run(
        home / "bin" / "isql", "-k", text, "-b", "-d|",
        input="CREATE DATABASE odbc\nCREATE TABLE odbc.t (a INT, b VARCHAR(20))\n"
        "INSERT INTO odbc.t VALUES (1, 'one'), (2, 'two')\nSELECT a, b FROM odbc.t ORDER BY a\n"
        "SHOW SESSION STATUS LIKE 'Ssl_cipher'\nDROP DATABASE odbc\n",
    )  # fmt: skip
    lines = out.split("\n")
    assert "1|one" in lines and "2|two" in lines, out
    assert ("Ssl_cipher|TLS" in out) == tls, out


def test_sysbench(cluster, tmp_path):
    """Every script: prepare, two hundred events on two threads, plain and with TLS, clean up."""
    home = fetch.home("bench")
    scripts = {path.stem for path in (home / "share").glob("oltp_*.lua")} - {"oltp_common"}
    assert scripts | {"select_random_points", "select_random_ranges"} == SYSBENCH
    port, user, password = account(cluster)
    options = [
        "--mysql-host=127.0.0.1", f"--mysql-port={port}", f"--mysql-user={user}",
        f"--mysql-password={password}", "--mysql-db=sb", "--table-size=200", "--threads=2",
        "--events=200", "--time=0",
    ]  # fmt: skip
    # With TLS it takes these names from its directory, and wants to have something to show, too.
    for name, file in {"cacert": "ca", "client-cert": "server-cert", "client-key": "server-key"}.items():
        shutil.copy(cluster.own / "tls" / f"{file}.pem", tmp_path / f"{name}.pem")
    cluster.execute("CREATE DATABASE sb")
    for script in sorted(SYSBENCH):
        own = [script, *options, "--tables=1" if script.startswith("select") else "--tables=2"]
        for step in (["prepare"], ["run"], ["--mysql-ssl=on", "run"], ["cleanup"]):
            run(home / "bin" / "sysbench", *own, *step, cwd=tmp_path)
    cluster.execute("DROP DATABASE sb")
