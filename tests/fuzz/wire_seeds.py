"""Seeds for both sides of the protocol, put together here."""

import struct
import zlib

SCRAMBLE = b"abcdefghijklmnopqrst"
NATIVE, SHA2 = b"mysql_native_password", b"caching_sha2_password"
USUAL = 1 << 9 | 1 << 15 | 1 << 19 | 1 << 20 | 1 << 3


def short(data):
    return bytes([len(data)]) + data


def packet(payload, number):
    return len(payload).to_bytes(3, "little") + bytes([number]) + payload


def greeting(version, plugin, flags=0x81FFFFFE, extended=0x1D):
    return (
        b"\x0a" + version + b"\0" + struct.pack("<I", 5) + SCRAMBLE[:8] + b"\0"
        + struct.pack("<HBHH", flags & 0xFFFF, 45, 2, flags >> 16) + b"\x15" + b"\0" * 6
        + struct.pack("<I", extended) + SCRAMBLE[8:] + b"\0" + plugin + b"\0"
    )  # fmt: skip


def login_seeds():
    yield b"\0" + greeting(b"5.5.5-10.11.19-MariaDB", NATIVE)
    yield b"\0" + greeting(b"9.7.0", SHA2, 0xDFFFFFFF, 0)
    attributes = short(b"_os") + short(b"Linux") + short(b"program_name") + short(b"mysql")
    for flags in (USUAL, USUAL | 1 << 21, USUAL | 1 << 26, 1 << 9 | 1 << 15):
        yield (
            b"\1" + struct.pack("<IIB", flags, 1 << 24, 45) + b"\0" * 23 + b"alice\0"
            + short(SCRAMBLE) + b"shop\0" + SHA2 + b"\0" + short(attributes) + b"\3"
        )  # fmt: skip
    yield b"\1" + struct.pack("<IIB", USUAL | 1 << 11, 1 << 24, 45) + b"\0" * 23
    yield b"\2\x11alice\0" + short(SCRAMBLE) + b"shop\0\x2d\0" + NATIVE + b"\0" + short(attributes)


def auth_seeds():
    ok = b"\0\0\0\2\0\0\0"
    switch = {name: b"\xfe" + name + b"\0" + SCRAMBLE + b"\0" for name in (NATIVE, SHA2, b"sha256_password")}
    switch[b"client_ed25519"] = b"\xfeclient_ed25519\0" + b"n" * 32
    parsec = [b"\xfeparsec\0" + b"n" * 32, b"P\0" + b"s" * 18, ok]
    for flags in range(0, 32, 2):
        yield bytes([flags, 1]) + short(b"\1\3") + short(ok)
        yield bytes([flags, 1]) + short(b"\1\4") + short(ok)
        yield bytes([flags, 0]) + b"".join(map(short, parsec))
        yield bytes([flags, 0]) + short(b"\xfemysql_clear_password\0") + short(ok)
        for packets in switch.values():
            yield bytes([flags, 0]) + short(packets) + short(b"\1key") + short(ok)
        yield bytes([flags | 1, 1]) + short(b"p" * 32) + short(b"p" * 20)
        yield bytes([flags | 1, 0]) + short(b"p" * 20) + short(b"p" * 32)
    yield b"\0\0" + short(b"\xff\x15\x04#28000Access denied")


def result_seeds():
    column = b"\3def\0\0\0\2id\0\x0c\x2d\0\0\1\0\0\xfd\0\0\0\0\0"
    eof, ok = b"\xfe\0\0\2\0", b"\xfe\0\0\2\0\0\0"
    rows = [b"\1a", b"\xfb", b"\0", b"\xfc\x2c\1" + b"x" * 300]
    for first, packets in (
        (0, [b"\1", column, eof, *rows, eof]),
        (1, [b"\1", column, *rows, ok]),
        (3, [b"\2", column, column, b"\1a\xfb", ok]),
        (0, [b"\0\1\2\2\0\0\0info"]),
        (3, [b"\0\1\2\2\x40\0\0\4info\3abc"]),
        (0, [b"\xff\x15\x04#28000Access denied"]),
        (0, [b"\xfb/etc/passwd"]),
    ):
        yield bytes([first]) + b"".join(packet(p, i + 1) for i, p in enumerate(packets))


def command_seeds():
    yield b"\3SELECT 1"
    yield b"\3\0\1SELECT 1"
    yield b"\3\3\1\0\1\xfe\0\1t\3\0\1l\x0c\0\1d\2hi\1\2\3\4\4\xea\7\1\2SELECT 1"
    yield b"\x15" + struct.pack("<I", 7) + short(b"host") + short(b"user") + short(b"") + b"\xea\x0c" + b"\0" * 8
    yield b"\x12" + struct.pack("<IHI", 4, 1, 7) + b"bin.000001\0"
    sid = b"u" * 16 + struct.pack("<QQQ", 1, 1, 9)
    gtids = struct.pack("<Q", 1) + sid
    yield (
        b"\x1e" + struct.pack("<HII", 4, 7, 10) + b"bin.000001" + struct.pack("<QI", 4, len(gtids)) + gtids
    )
    yield b"\x02shop"
    yield b"\x0c\1\0\0\0"
    yield b"\x1b\0\0"
    yield b"\xef\1event"
    yield b"\xef" + struct.pack("<Q", 4) + b"bin.000001"
    yield b"\0\0\0\2\0\0\0"
    yield b"\xff\x15\x04#28000Access denied"


def compression_seeds():
    text = b"some text that repeats " * 20
    for data in (text, b"", b"short", bytes(100000)):
        squeezed = zlib.compress(data)
        yield b"\0" + packet(squeezed, 0)[:4] + len(data).to_bytes(3, "little") + squeezed
        yield b"\1" + packet(data[:1000], 0)[:4] + b"\0\0\0" + data[:1000]
    zstd = bytes.fromhex("28b52ffd00480d000061010054ea9e")
    yield b"\1" + packet(zstd, 0)[:4] + (100).to_bytes(3, "little") + zstd


def description(name, kind=253):
    return b"".join(map(short, (b"def", b"", b"", b"", name, b""))) + b"\x0c" + bytes(6) + bytes([kind]) + bytes(5)


SHOWN = [
    ([(b"Slave_IO_State", 253), (b"Master_Host", 253), (b"Master_User", 253), (b"Master_Port", 3),
      (b"Exec_Master_Log_Pos", 8), (b"Last_IO_Error", 253), (b"Using_Gtid", 253)],
     b"".join(map(short, (b"Slave waits", b"h", b"u", b"4", b"77", b"")))  + b"\xfb",
     b"\0\0\1" + b"".join(map(short, (b"Slave waits", b"h", b"u"))) + b"\4\0\0\0" + b"M" + bytes(7) + short(b"")),
    ([(b"Log_name", 253), (b"File_size", 8)], short(b"log.000001") + short(b"156"),
     b"\0\0" + short(b"log.000001") + bytes(8)),
    ([(b"File", 253), (b"Position", 8), (b"Binlog_Do_DB", 253), (b"Binlog_Ignore_DB", 253)],
     b"".join(map(short, (b"f", b"7", b"", b""))), b"\0\0" + short(b"f") + bytes(8) + b"\0\0"),
    ([(b"other", 253)], short(b"x"), b"\0\0" + short(b"x")),
]  # fmt: skip


def show_answer_seeds():
    """Answers to SHOW SLAVE STATUS and its like: results of one text, what is prepared, and its execution."""
    end = [b"\xfe\0\0\2\0"]
    more = [b"\xfe\0\0\x0a\0"]
    for flags in range(0, 256, 5):
        payloads = []
        eof = end * (flags & 1)
        for at, (columns, row, binary) in enumerate(SHOWN):
            described = [description(*column) for column in columns] + eof
            if flags & 2:
                payloads = [b"\0\7\0\0\0" + bytes([len(columns)]) + bytes(6), *described]
                if flags & 4:
                    payloads += [bytes([len(columns)]), *described, binary, *end]
                yield bytes([flags]) + b"".join(packet(p, n + 1) for n, p in enumerate(payloads)) + b"behind"
            else:
                last = end if at == len(SHOWN) - 1 else more if flags & 1 else [b"\xfe\0\0\x0a\0\0\0"]
                payloads += [bytes([len(columns)]), *described, row, row, *last]
        if not flags & 2:
            yield bytes([flags]) + b"".join(packet(p, n + 1) for n, p in enumerate(payloads)) + b"behind"
    yield b"\0" + packet(b"\xff\x88\4#42000", 1)
    yield b"\0" + packet(b"\2\0", 1) + packet(b"\0\0" + short(b"log.000001") + bytes(8), 2)


TARGETS = {
    "show_answer": show_answer_seeds,
    "login": login_seeds,
    "auth": auth_seeds,
    "result": result_seeds,
    "command": command_seeds,
    "compression": compression_seeds,
}


def seeds(target):
    return TARGETS[target]()
