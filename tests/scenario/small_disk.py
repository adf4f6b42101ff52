"""SmallDisk: a directory that is a file system of its own, of a size to choose; and who lives on it.

    with SmallDisk(directory, "512M") as disk:
        subprocess.run([*disk.inside, "touch", directory / "x"])  # in the directory that it covers
        disk.seen(directory / "x")                                # the same file, from outside

It is mounted in a name space of its own, so that nobody else sees it, and any user may: one who is
not root gets a user name space, too. Owner: the test. End of life: close(), after all who are in it.
"""

import json
import os
import pathlib
import subprocess

from .cluster import BINARY, Cluster
from .relay import Relay

TIMEOUT = 60


class SmallDisk:
    def __init__(self, directory, size):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        mount = 'mount -t tmpfs -o mode=700,size="$1" tmpfs "$2" && echo mounted && exec cat'
        self._holder = subprocess.Popen(
            ["unshare", "--mount", *user, "sh", "-c", mount, "sh", size, self.directory],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._holder.stdout.readline() == b"mounted\n", "unshare, mount"
        self.inside = ["nsenter", f"--target={self._holder.pid}", "--mount",
                       *(["--user", "--preserve-credentials"] if user else []), "--"]  # fmt: skip
        self._filler = self.seen(self.directory / "filler")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def close(self):
        self._holder.stdin.close()
        self._holder.wait(TIMEOUT)

    def seen(self, path):
        return pathlib.Path(f"/proc/{self._holder.pid}/root{path}")

    @property
    def free(self):
        found = os.statvfs(self.seen(self.directory))
        return found.f_bavail * found.f_frsize

    def fill(self, free):
        """Leaves so many bytes free, without giving anything back before; None: all there are."""
        if free is None:
            self._filler.unlink()
            return
        with open(self._filler, "ab") as file:
            size = file.tell() + self.free - free
            if size < file.tell():
                file.truncate(size)
            else:
                os.posix_fallocate(file.fileno(), 0, size)

    def grow(self, size):
        remount = ["mount", "-o", f"remount,size={size}", self.directory]
        subprocess.run([*self.inside, *remount], check=True, timeout=TIMEOUT)


class SmallCluster(Cluster):
    """A cluster with all that it has on a disk of its own."""

    def __init__(self, size, *options):
        super().__init__(*options)
        self.disk = SmallDisk(self.dir, size)
        self.inside = self.disk.inside
        self.own = self.disk.seen(self.own)
        self.instance = self.disk.seen(self.instance)
        self.engine_log = self.disk.seen(self.engine_log)
        self.ca = self.disk.seen(self.ca)

    def close(self):
        try:
            super().close()
        finally:
            self.disk.close()


class SmallRelay(Relay):
    """A relay with all that it has on a disk of its own."""

    def __init__(self, size, source, basedir, *options, **kw):
        super().__init__(source, basedir, *options, **kw)
        self.disk = SmallDisk(self.dir, size)
        self._inside, self.dir = self.dir, self.disk.seen(self.dir)

    def __exit__(self, *exception):
        try:
            super().__exit__(*exception)
        finally:
            self.disk.close()

    def command(self):
        words = [self._inside if word == self.dir else word for word in super().command()]
        return [*self.disk.inside, *words]

    def status(self):
        command = [*self.disk.inside, BINARY, "relay", "status", "--dir", self._inside, "--json"]
        return json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
