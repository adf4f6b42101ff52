#!/usr/bin/python3
"""Seeds of fuzz_log, made of the stored log of format version 1; arguments as those of seeds.py.

    log_seeds.py log DIRECTORY
    log_seeds.py log --replay PROGRAM
"""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import seeds  # noqa: E402

LOG = pathlib.Path(__file__).resolve().parent.parent / "data" / "log-v1"
RECORD = 96


def log_seeds(_target):
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


if __name__ == "__main__":
    seeds.seeds = log_seeds
    sys.exit(seeds.main())
