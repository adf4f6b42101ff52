"""The programs of tests/tools that speak our side of the protocol: WireClient logs in to a real
server, WireServer is what real clients log in to. And Authority, certificates for both.

Owner: the test. End of life: a client ends by itself; leaving a server's `with` block ends it.
"""

import dataclasses
import pathlib
import re
import subprocess
import threading

from servers.wait import wait_for

from .cluster import BINARY, REPORTS

CLIENT = BINARY.parent / "wireclient"
SERVER = BINARY.parent / "wireserver"
TIMEOUT = 120


@dataclasses.dataclass
class Login:
    """What a wireclient said."""

    code: int
    facts: dict  # of the first line: server, family, tls, compression, thread
    rows: list  # of texts
    error: str  # "CLASS CODE TEXT", or None


def login(node, *args, password="secret", check=True, **kw):
    """Logs in to the node over TCP and runs statements; options are wireclient's."""
    options = [f"--port={node.port}"]
    options += [f"--password={password}"] if password is not None else []
    options += [f"--{name.replace('_', '-')}" + ("" if value is True else f"={value}")
                for name, value in kw.items()]  # fmt: skip
    done = subprocess.run(
        [CLIENT, *options, *args], capture_output=True, text=True, timeout=TIMEOUT, check=False
    )
    assert not REPORTS.search(done.stderr), done.stderr
    lines = done.stdout.splitlines()
    error = next((line[len("error "):] for line in lines if line.startswith("error ")), None)
    assert (done.returncode == 0) == (error is None), done.stdout + done.stderr
    assert not check or error is None, error
    facts = {}
    if lines and lines[0].startswith("server="):
        first = lines.pop(0)
        facts = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", first))
    return Login(done.returncode, facts, [line for line in lines if not line.startswith("error ")], error)


class WireServer:
    """A wireserver on a free port of 127.0.0.1 with the users alice/secret and, TLS only, tina/secret.

    lines holds what it has printed; expect() waits for more.
    """

    def __init__(self, *options):
        self.options = ["--account=alice:secret", "--account=tina:secret:tls", *options]
        self.lines = []
        self.process = None
        self.port = None
        self._reader = None
        self._errors = None

    def __enter__(self):
        self.process = subprocess.Popen(
            [SERVER, *self.options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        first = self.process.stdout.readline()
        assert first.startswith("port "), first + self.process.stderr.read()
        self.port = int(first.split()[1])
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *exception):
        self.process.stdin.close()
        try:
            code = self.process.wait(TIMEOUT)
        finally:
            self.process.kill()
        self._reader.join()
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert not REPORTS.search(errors), errors
        assert code == 0, errors

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))

    def expect(self, pattern):
        """The first line that the pattern matches, taken out."""

        def find():
            for line in list(self.lines):
                if re.search(pattern, line):
                    self.lines.remove(line)
                    return line
            return None

        return wait_for(find, TIMEOUT, f"{pattern} in {self.lines}")


class Authority:
    """An authority in a directory and the certificates that it signs, PEM files all."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir()
        self.ca = self.directory / "ca.pem"
        self._openssl(
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem",
            "-days", "2", "-subj", "/CN=test authority",
        )  # fmt: skip

    def issue(self, name, alternatives="DNS:localhost,IP:127.0.0.1", expired=False):
        """The paths of a new certificate and its key."""
        self._openssl(
            "req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
            "-subj", f"/CN={name}",
        )  # fmt: skip
        (self.directory / f"{name}.ext").write_text(f"subjectAltName={alternatives}\n")
        # Debian 12's openssl has no option for the first day; a certificate that ended is one of
        # negative duration.
        days = "-1" if expired else "2"
        self._openssl(
            "x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
            "-CAcreateserial", "-days", days, "-extfile", f"{name}.ext", "-out", f"{name}.pem",
        )  # fmt: skip
        return self.directory / f"{name}.pem", self.directory / f"{name}.key"

    def _openssl(self, *args):
        subprocess.run(["openssl", *args], cwd=self.directory, check=True, capture_output=True)
