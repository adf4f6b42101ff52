"""How far a long read is: on a terminal only, and gone at the end."""

import os
import pty
import re
import subprocess
import threading
import time
import zlib

from .test_binlog_tools import DATA, borealis, offsets

PATH = DATA / "mariadb-10.11/rows-full.binlog"
DEADLINE = 60


def pieces():
    """A binlog without an end: its head, and then the same transactions again and again."""
    data = PATH.read_bytes()
    starts = offsets(data)
    events = [data[at:end] for at, end in zip(starts, starts[1:])]
    yield data[:4] + b"".join(event for event in events if event[4] in (15, 163))
    body = b""
    for event in events:
        if event[4] not in (3, 4, 15, 161, 163):
            placeless = event[:13] + bytes(4) + event[17:-4]  # log_pos 0: not said
            body += placeless + zlib.crc32(placeless).to_bytes(4, "little")
    while True:
        yield body * (100000 // len(body))


class Run:
    """A verb that reads standard input, with what it writes on a terminal of its own."""

    def __init__(self, *arguments, both=False):
        self.main, terminal = pty.openpty()
        self.seen = b""
        self.process = subprocess.Popen(
            [borealis(), "binlog", *arguments, "-"], stdin=subprocess.PIPE, stderr=terminal,
            stdout=terminal if both else subprocess.DEVNULL)
        os.close(terminal)
        self.reader = threading.Thread(target=self._read)
        self.reader.start()

    def _read(self):
        while True:
            try:
                self.seen += os.read(self.main, 65536)
            except OSError:  # the other end is closed
                return

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(DEADLINE) == 0
        self.reader.join()
        os.close(self.main)
        return self.seen.decode()


def test_progress():
    runs = {"shown": Run("verify"), "printed": Run("print"),
            "quiet": Run("verify", "--no-progress"), "mixed": Run("print", both=True)}
    began = time.monotonic()
    for piece in pieces():
        for run in runs.values():
            run.process.stdin.write(piece)
        if runs["shown"].seen and runs["printed"].seen:
            break
        assert time.monotonic() < began + DEADLINE
    seen = {name: run.end() for name, run in runs.items()}
    for name in ("shown", "printed"):
        assert re.fullmatch(r"(\r[\d.]+ [KMG]?i?B, [\d.]+ [KMG]?i?B/s\x1b\[K)+\r\x1b\[K", seen[name])
    assert seen["quiet"] == ""
    assert "\x1b" not in seen["mixed"] and "Format_desc" in seen["mixed"]
