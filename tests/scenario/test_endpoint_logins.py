"""How accounts prove who they are at the endpoint: every authentication plugin of the engines, and what
is refused with which message. doc/clusters.md has the same table.

The clusters run where /etc/pam.d is the test's own, in a mount namespace.

Time budget: 15 s.
"""

import re

import pymysql
import pytest

from .cluster import BINARY, REPOSITORY
from .network import needs_root
from .test_endpoint_protocol import tls_option

PASSWORD = "pw of 'some' length"
OLD_HASH = "5d2e19393cc5ef67"  # OLD_PASSWORD('password')


def sql_text(text):
    return "'" + text.replace("'", "''") + "'"


def with_pam(tmp_path):
    """A program that is borealis with a PAM service of ours, which takes PASSWORD."""
    services = tmp_path / "pam.d"
    services.mkdir()
    check = tmp_path / "check"
    (tmp_path / "password").write_text(PASSWORD)
    check.write_text(f'#!/bin/sh\n[ "$(tr -d "\\0")" = "$(cat {tmp_path}/password)" ]\n')
    (services / "borealis-test").write_text(
        f"auth required pam_exec.so expose_authtok quiet {check}\naccount required pam_permit.so\n"
    )
    program = tmp_path / "borealis"
    program.write_text(
        "#!/bin/sh\nexec unshare --mount sh -c 'mount --bind \"$1\" /etc/pam.d && shift && exec \"$@\"' sh "
        f'{services} {BINARY} "$@"\n'
    )
    for file in (check, program):
        file.chmod(0o755)
    return program


def login(cluster, user, password, home, tls):
    return cluster.client("mysql", tls_option(home, tls), "-N", "-e", "SELECT CURRENT_USER()",
                          f"--user={user}", f"--password={password}", home=home, tls=tls, check=False)  # fmt: skip


def assert_logs_in(cluster, user, home, tls):
    """With the right password and with no other."""
    right = login(cluster, user, PASSWORD, home, tls)
    assert right.stdout == f"{user}@%\n", right.stderr
    wrong = login(cluster, user, "wrong", home, tls)
    assert wrong.returncode == 1 and "ERROR 1045" in wrong.stderr, wrong


def refusal(cluster, *statements):
    """The number and the text with which the engine itself refuses a statement."""
    with pytest.raises(pymysql.err.MySQLError) as caught:
        cluster.as_admin(*statements)
    return caught.value.args


# --- that work: what makes the account, and the clients ---

BY_PASSWORD = f"USING PASSWORD({sql_text(PASSWORD)})"
WORKS = {
    "mysql_native_password": (f"mysql_native_password {BY_PASSWORD}", ["own", "mysql-9.7"]),
    "ed25519": (f"ed25519 {BY_PASSWORD}", ["own"]),
    "parsec": (f"parsec {BY_PASSWORD}", ["own"]),
    "pam": ("pam USING 'borealis-test'", ["own"]),
    "several": (f"ed25519 {BY_PASSWORD} OR mysql_native_password {BY_PASSWORD}", ["own"]),
}

BY_MASTER = ["mysql_native_password", "ed25519", "parsec"]


def check_works(cluster, engine, plugin, account, clients):
    make = cluster.execute if plugin in BY_MASTER else cluster.as_admin
    make(f"CREATE USER {plugin}@'%' IDENTIFIED VIA {account}")
    for client in clients:
        home = engine if client == "own" else client
        for tls in (False, True):
            assert_logs_in(cluster, plugin, home, tls)
    if "mysql-9.7" not in clients:
        # What a client lacks it says itself.
        done = login(cluster, plugin, PASSWORD, "mysql-9.7", True)
        assert done.returncode == 1 and "ERROR 2059" in done.stderr, done


# --- that do not ---


def check_old_password(cluster, engine):
    cluster.as_admin(f"CREATE USER old@'%' IDENTIFIED VIA mysql_old_password USING '{OLD_HASH}'")
    done = login(cluster, "old", "password", engine, False)
    assert done.returncode == 1 and "ERROR 1275" in done.stderr and "--secure-auth" in done.stderr, done


def check_unix_socket(cluster, engine):
    assert refusal(cluster, "CREATE USER root@localhost IDENTIFIED VIA unix_socket") == (
        1524, "Plugin 'unix_socket' is not loaded",
    )  # fmt: skip


def check_not_there(plugin, library):
    def check(cluster, engine):
        assert refusal(cluster, f"CREATE USER x@'%' IDENTIFIED VIA {plugin}") == (
            1524, f"Plugin '{plugin}' is not loaded",
        )  # fmt: skip
        number, text = refusal(cluster, f"INSTALL SONAME '{library}'")
        assert number == 1126 and library in text

    return check


REFUSED = {
    "mysql_old_password": check_old_password,
    "unix_socket": check_unix_socket,
    "caching_sha2_password": check_not_there("caching_sha2_password", "auth_mysql_sha2"),
    "gssapi": check_not_there("gssapi", "auth_gssapi"),
}


@pytest.mark.parametrize("engine", ["mariadb-10.11", "mariadb-11.8"])
def test_authentication_plugins(make_cluster, tmp_path, engine):
    """Whatever the engine and the client have between them passes; a wrong password does not."""
    needs_root()
    cluster = make_cluster("--engine", engine)
    cluster.binary = with_pam(tmp_path)
    cluster.start()
    works = {name: what for name, what in WORKS.items() if name != "parsec" or engine == "mariadb-11.8"}
    for library in ("auth_ed25519", "auth_pam", *(["auth_parsec"] if "parsec" in works else [])):
        cluster.as_admin(f"INSTALL SONAME '{library}'")
    for name, (account, clients) in works.items():
        check_works(cluster, engine, name, account, clients)
    for check in REFUSED.values():
        check(cluster, engine)
    # What asks for more than a password the master user may not make, whatever plugin is there.
    for plugin in ("pam", "unix_socket", "mysql_old_password"):
        with pytest.raises(pymysql.err.MySQLError) as refused:
            cluster.execute(f"CREATE USER y@'%' IDENTIFIED VIA {plugin}")
        assert refused.value.args[0] == 1227 and "Access denied" in refused.value.args[1]
    assert PASSWORD not in cluster.stderr.read_text()


def test_the_documents_have_the_same_table():
    text = (REPOSITORY / "doc" / "clusters.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \|[^|]*\| (yes|no)[:,]", text, re.M))
    expected = {name: "yes" for name in WORKS if name != "several"} | {name: "no" for name in REFUSED}
    assert rows == expected
