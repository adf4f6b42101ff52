"""Seeds for what a log keeps beside its files, made of the stored log of format version 1."""

import pathlib
import struct

TARGETS = {"log"}
LOG = pathlib.Path(__file__).resolve().parent.parent / "data" / "log-v1"
RECORD = 96


def seeds(_target):
    manifest, holds = (LOG / "manifest").read_bytes(), (LOG / "holds").read_bytes()
    yield b"\0" + manifest
    yield b"\0" + manifest[: manifest.rindex(b"\ncrc32=")]
    yield b"\1" + holds
    yield b"\1" + holds[: holds.rindex(b"\ncrc32=")]
    for path in sorted(LOG.glob("*.idx")):
        data = path.read_bytes()
        head = struct.unpack_from("<I", data, 12)[0]
        yield b"\2" + data[:head]
        yield b"\2" + data[: head - 4]
        for at in range(head, len(data), RECORD):
            yield b"\3" + data[at : at + RECORD]
