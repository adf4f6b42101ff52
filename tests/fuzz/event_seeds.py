"""Seeds for events, their bodies and GTID sets, made of the recorded binlog files."""

import pathlib
import struct

TARGETS = {"event", "gtid_set", "payload", "reader", "dump_filter", "translator"}
CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"
DATA = pathlib.Path(__file__).resolve().parent.parent / "data" / "binlog"
SERVERS = ["mysql-5.6", "mysql-9.7", "mariadb-10.11", "mariadb-11.8"]
FORMAT_DESCRIPTION, PREVIOUS_GTIDS, PAYLOAD, GTID_LIST, QUERY_COMPRESSED = 15, 35, 40, 163, 165


def events():
    """(server's index, type, body) of every recorded event."""
    for path in sorted(DATA.glob("*/*.binlog")):
        if path.stem == "encrypted":
            continue
        data = path.read_bytes()
        length = struct.unpack_from("<I", data, 13)[0]
        checksum = 4 * data[4 + length - 5]
        at = 4
        while at + 19 <= len(data):
            kind = data[at + 4]
            length = struct.unpack_from("<I", data, at + 9)[0]
            end = at + length - (4 if kind == FORMAT_DESCRIPTION else checksum)
            yield SERVERS.index(path.parent.name), kind, data[at + 19 : end]
            at += length


def text(left, right):
    return bytes([len(left)]) + left.encode() + right.encode()


def seeds(target):
    if target in ("reader", "dump_filter", "translator"):
        yield from (path.read_bytes() for path in DATA.glob("*/*.binlog"))
    if target == "translator":
        yield from (path.read_bytes() for path in (CORPUS / target).iterdir())
    for server, kind, body in events():
        if target == "event" and len(body) < 600:
            yield bytes([kind, server]) + body
        elif target == "payload" and kind == PAYLOAD:
            yield b"\0" + body
        elif target == "payload" and kind == QUERY_COMPRESSED:
            query = 13 + struct.unpack_from("<H", body, 11)[0] + body[8] + 1
            yield b"\1" + body[query:]
        elif target == "gtid_set" and kind == PREVIOUS_GTIDS and len(body) < 200:
            yield bytes([len(body)]) + body + body
        elif target == "gtid_set" and kind == GTID_LIST:
            yield b"\0" + body
    if target == "gtid_set":
        a, b = (f"{c * 8}-0000-0000-0000-000000000001" for c in "ab")
        yield text(f"{a}:1-3:tag:5", f"{a}:2:8,{b}:1")
        yield text("", f"{a}:1-9")
        yield text("", "0-1-2,3-4-5")
