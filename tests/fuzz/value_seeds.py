"""Seeds for table maps, rows and JSON documents, made of the recorded binlog files; random changes."""

import random
import struct

import event_seeds

TARGETS = {"dependencies", "json", "json_text", "row_translator", "rows", "table_map"}
DIALECTS = 3
TABLE_MAP, ROWS = 19, {23, 24, 25, 30, 31, 32, 39}
LARGEST = 3000
CHANGES, CHANGES_LENGTH = 3000, 700
# Documents as MySQL writes them, a diff of each operation.
DOCUMENTS = [
    "0400",
    "000300320019000000190001001a000200040100021c0005010061626202001600050100000a0001000c000b00010004"
    "00007a",
    "0205003e000f13000f1d000f27000f31000f35000a080000000000c667190b08f8f5f34737ffffff0c0860ae0a4641c6"
    "67190f020001f6070b027ffffffecd",
    "020f00790005000005ffff05ff7f073100073500073900073d000941000a49000a51000959000b61000b69000b710004"
    "020000800000ff7fffffffff0000000001000000008000000000ffffffffffffff7fffffffffffffffff000000000000"
    "0080000000000000f03f00003426f56b0c439bb16dc978b5d13b",
]
DIFFS = b"".join(
    [
        bytes([operation, len(path)]) + path.encode() + (b"" if operation == 2 else b"\3\5\1\0")
        for operation, path in [(0, "$.bb"), (1, '$."q \\" r"'), (2, "$.a[1].z"), (1, "$.a[9]")]
    ]
)


TEXTS = [
    ' [1, -2.5e+10, "\\u00e9\\ud83d\\udc19\\n", {"a": null, "b": [true, false], "a": 18446744073709551615}] ',
    '{"": {"k": [], "long": {}}, "x": -9223372036854775808, "é": 4294967296, "0": 1E-300, "z": -0.0}',
    "[" * 100 + "]" * 100,
    "[" + "70000," * 9500 + "0]",
]


def seeds(target):
    if target == "dependencies":
        for seed in range(CHANGES):
            yield random.Random(seed).randbytes(CHANGES_LENGTH)
        return
    if target == "json_text":
        yield from (text.encode() for text in TEXTS)
        return
    if target == "json":
        for document in map(bytes.fromhex, DOCUMENTS):
            yield struct.pack("<H", len(document)) + document + DIFFS
        return
    maps = {}
    for server, kind, body in event_seeds.events():
        family = int(event_seeds.SERVERS[server].startswith("mariadb"))
        if kind == TABLE_MAP:
            maps[server, body[:6]] = body
            if target == "table_map":
                yield bytes([family]) + body
        elif kind in ROWS and target in ("rows", "row_translator") and len(body) < LARGEST:
            table = maps.get((server, body[:6]))
            if not table:
                continue
            seed = bytes([family, kind]) + struct.pack("<H", len(table)) + table + body
            if target == "rows":
                yield seed
            else:
                yield from (bytes([dialect]) + seed for dialect in range(DIALECTS))
