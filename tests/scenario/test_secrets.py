"""Secrets of a cluster from its creation to its end: who may read the files that hold them, and that they are
nowhere else: in no argument and no environment of a process, no log, no event, no other file.

Time budget: 15 s.
"""

import pathlib
import stat
import threading

from servers.wait import wait_for

from .cluster import START_TIMEOUT, borealis
from .test_clusters import ask, connect, credentials, manage, run

NEW = "An-Other.Word_that(was)Chosen1"
REFUSED = "No-Good Word2"
# Below a cluster's directory; the certificates themselves are for everybody.
HOLDERS = {"master.cnf", "rdsadmin.password", "rdsadmin.cnf", "ca-key.pem", "server-key.pem"}
PUBLIC = {"ca.pem", "server-cert.pem"}
SEARCHED_MOST = 8 << 20  # bytes of a file: larger ones are InnoDB's


class Watcher:
    """Reads what the machine shows of each process that names a directory, as fast as it can."""

    def __init__(self, directory):
        self.directory = str(directory).encode()
        self.seen = {}
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.over.set()
        self.thread.join()

    def run(self):
        while not self.over.is_set():
            for proc in pathlib.Path("/proc").iterdir():
                if proc.name.isdigit():
                    self.look(proc)

    def look(self, proc):
        try:
            words = (proc / "cmdline").read_bytes()
            if self.directory in words:
                self.seen[words] = (proc / "environ").read_bytes()
        except OSError:  # it has just ended
            pass

    def has(self, word):
        return any(word in words for words in self.seen)


def secrets_of(own):
    """{what it is: its bytes} of a cluster's directory."""
    found = {"rdsadmin's password": (own / "rdsadmin.password").read_bytes().strip(),
             "the master user's password": credentials({"credentials": own / "master.cnf"})["password"].encode()}
    for key in ("ca-key.pem", "server-key.pem"):
        found[key] = (own / "tls" / key).read_bytes().splitlines()[1]
    return found


def check_modes(directory):
    """Nobody else reads a file or enters a directory; sockets are the engine's, behind such a directory."""
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    for path in directory.rglob("*"):
        mode = stat.S_IMODE(path.lstat().st_mode)
        if path.is_symlink() or path.is_socket() or path.name in PUBLIC:
            continue
        assert mode == (0o700 if path.is_dir() else 0o600), (path, oct(mode))


def check_files(directory, secrets):
    for path in directory.rglob("*"):
        if path.is_symlink() or not path.is_file() or path.name in HOLDERS or path.stat().st_size > SEARCHED_MOST:
            continue
        text = path.read_bytes()
        for name, secret in secrets.items():
            assert secret not in text, f"{name} is in {path}"


def test_from_creation_to_deletion(make_cluster):
    cluster = make_cluster()
    own = cluster.dir / "clusters" / "second"
    with Watcher(cluster.dir) as watcher:
        cluster.start()
        manage(cluster, "create", "second")
        secrets = secrets_of(cluster.own) | {f"{name} of second": word for name, word in secrets_of(own).items()}
        assert len(set(secrets.values())) == 8 and min(map(len, secrets.values())) >= 16
        secrets |= {"the new password": NEW.encode(), "the refused password": REFUSED.encode()}
        done = run(cluster, "modify", "second", "--master-user-password-file", "-", input=REFUSED)
        assert done.returncode == 1 and REFUSED not in done.stderr
        told = [done.stderr, manage(cluster, "modify", "second", "--master-user-password-file", "-", input=NEW)]
        manage(cluster, "reboot", "second")
        assert connect(cluster, "second", password=NEW).ping() is None
        done = cluster.command("client", "--cluster", "second", "-Ne", "SELECT 'hello'")
        assert done.stdout == "hello\n", done
        # A client's wrong password, which the engine logs the user of.
        run_with = borealis("client", "--dir", cluster.dir, "--cluster", "second", "--user=rdsadmin", "-e", "SELECT 1")
        assert run_with.returncode != 0
        told += [run_with.stdout, run_with.stderr]
        check_modes(cluster.dir)
        check_files(cluster.dir, secrets)
        told += [str(ask(cluster, "events")), str(ask(cluster, "list")), str(ask(cluster, "describe", "second")),
                 cluster.command("status").stdout]  # fmt: skip
        assert "Reset master credentials." in told[-4]
        manage(cluster, "delete", "second", "--confirm", "second")
        assert not own.exists()
        told.append(str(ask(cluster, "events", "second")))
        wait_for(lambda: watcher.has(b"mariadbd"), START_TIMEOUT, "the engine was seen")
        cluster.interrupt()
    check_modes(cluster.dir)
    check_files(cluster.dir, secrets)
    told += [cluster.stderr.read_text(), cluster.stdout.read_text()]
    for name, secret in secrets.items():
        for text in told:
            assert secret.decode() not in text, f"{name} was told: {text}"
        for words, environment in watcher.seen.items():
            assert secret not in words and secret not in environment, f"{name} is shown of {words}"
    for program in (b"serve", b"create", b"modify", b"mariadbd"):
        assert watcher.has(program), program
