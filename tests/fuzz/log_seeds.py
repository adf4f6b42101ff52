"""Seeds for what a log keeps beside its files, made of the stored log of format version 1, and offset maps."""

import pathlib
import struct
import zlib

TARGETS = {"log"}
LOG = pathlib.Path(__file__).resolve().parent.parent / "data" / "log-v1"
RECORD = 96


def made_origins():
    """Numbers 3 to 8 of two sources, one with a tag; 1 and 2 came before the log."""
    uuids = bytes(range(16)), bytes(range(16, 32))
    before = struct.pack("<Q16sQqq", 1, uuids[0], 1, 1, 3)
    content = b"BorOrigs" + struct.pack("<IB", 1, 16) + b"mysql-bin.000002" + struct.pack("<QQ", 4711, 8)
    content += struct.pack("<I", 2) + uuids[0] + b"\0" + uuids[1] + b"\3red"
    content += struct.pack("<IQI", 1, 2, len(before)) + before
    content += struct.pack("<QQQQIQQQI", 2, 3, 4, 3, 0, 7, 2, 9, 1)
    return content + struct.pack("<I", zlib.crc32(content))


ORIGINS = made_origins()


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
            yield b"\6" + data[at : at + RECORD]
    name, view = b"mysql-bin.000042", b"mariadb1"
    head = b"BorOfMap" + struct.pack("<HIQQ", 1, 7, 311, 126)
    head += bytes([len(name)]) + name + bytes([len(view)]) + view
    yield b"\3" + head
    yield b"\3" + head + struct.pack("<I", zlib.crc32(head))
    yield b"\4" + bytes([200, 190]) + b"\xfc\x2c\x01\xfc\x00\x01" + bytes([9, 0])
    for origins in (ORIGINS[:-4], ORIGINS):
        yield b"\5" + origins
