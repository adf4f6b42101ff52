"""Raw: the client's side of the MySQL protocol, byte by byte, for what no proper client sends.

Owner: one test, one thread. Every read has a deadline. End of life: leaving the `with` block closes
the socket.
"""

import hashlib
import socket
import struct
import zlib

TIMEOUT = 30

CLIENT_LONG_PASSWORD = 1
CLIENT_CONNECT_WITH_DB = 8
CLIENT_COMPRESS = 32
CLIENT_LOCAL_FILES = 128
CLIENT_PROTOCOL_41 = 512
CLIENT_SSL = 2048
CLIENT_TRANSACTIONS = 8192
CLIENT_SECURE_CONNECTION = 32768
CLIENT_MULTI_STATEMENTS = 1 << 16
CLIENT_MULTI_RESULTS = 1 << 17
CLIENT_PLUGIN_AUTH = 1 << 19
CLIENT_QUERY_ATTRIBUTES = 1 << 27
USUAL = (
    CLIENT_LONG_PASSWORD | CLIENT_PROTOCOL_41 | CLIENT_TRANSACTIONS
    | CLIENT_SECURE_CONNECTION | CLIENT_PLUGIN_AUTH
)  # fmt: skip

COM_QUERY = 3
COM_PROCESS_KILL = 12
COM_PING = 14
COM_CHANGE_USER = 17
COM_STMT_PREPARE = 22
COM_STMT_EXECUTE = 23
COM_STMT_FETCH = 28
COM_RESET_CONNECTION = 31
UTF8MB4 = 45


class Raw:
    """A TCP connection to an endpoint; `greeting` is read, nothing has been answered."""

    def __init__(self, port, source="127.0.0.1"):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout=TIMEOUT, source_address=(source, 0)
        )
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sequence = 0
        self.greeting = b""
        self.scramble = b""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def read_exactly(self, n):
        """n bytes; fewer only at the end of the stream."""
        data = b""
        while len(data) < n:
            try:
                more = self.socket.recv(n - len(data))
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more
        return data

    def read(self):
        """The payload of the next packet; b'' at the end of the stream."""
        head = self.read_exactly(4)
        if len(head) < 4:
            return b""
        self.sequence = head[3]
        return self.read_exactly(int.from_bytes(head[:3], "little"))

    def greet(self):
        """Reads the greeting, with the 20 random bytes that hide a password."""
        self.greeting = self.read()
        rest = self.greeting[self.greeting.index(b"\0", 1) + 5:]
        self.scramble = rest[:8] + rest[27:39]
        return self

    @property
    def offered(self):
        """The server's capability flags."""
        rest = self.greeting[self.greeting.index(b"\0", 1) + 14:]
        return int.from_bytes(rest[:2] + rest[5:7], "little")

    def send(self, payload, sequence=None):
        """Sends one packet, by default as the answer to the last one that was read."""
        number = (self.sequence + 1) % 256 if sequence is None else sequence
        self.socket.sendall(packet(payload, number))

    def login(self, user, password, capabilities=USUAL, collation=UTF8MB4):
        """Answers the greeting; returns the server's last word, an OK or an ERR packet.

        With CLIENT_COMPRESS what follows is compressed.
        """
        self.send(
            struct.pack("<IIB23x", capabilities, 1 << 24, collation)
            + user + b"\0" + sized(native_proof(password, self.scramble))
            + b"mysql_native_password\0"
        )  # fmt: skip
        answer = self.finish(password)
        if capabilities & CLIENT_COMPRESS and answer[:1] == b"\0":
            self.socket = Compressed(self.socket)
        return answer

    def finish(self, password):
        """Goes through a change of the authentication method, if the server wants one."""
        answer = self.read()
        if answer[:1] == b"\xfe":
            name, _, data = answer[1:].partition(b"\0")
            assert name == b"mysql_native_password", name
            self.send(native_proof(password, data[:20]))
            answer = self.read()
        return answer


class Compressed:
    """A socket whose bytes travel in the protocol's compressed frames, for Raw.socket."""

    def __init__(self, inner):
        self.inner = inner
        self.plain = b""
        self.number = 0

    def sendall(self, data):
        """One frame; a command begins to count anew."""
        if data[3:4] == b"\0":
            self.number = 0
        self.inner.sendall(compressed(data, self.number))
        self.number = (self.number + 1) % 256

    def recv(self, n):
        if not self.plain:
            head = self._exactly(7)
            if len(head) < 7:
                return b""
            assert head[3] == self.number, (head, self.number)
            self.number = (self.number + 1) % 256
            body = self._exactly(int.from_bytes(head[:3], "little"))
            size = int.from_bytes(head[4:7], "little")
            self.plain = zlib.decompress(body) if size else body
            assert len(self.plain) == (size or len(body))
        data, self.plain = self.plain[:n], self.plain[n:]
        return data

    def _exactly(self, n):
        data = b""
        while len(data) < n:
            more = self.inner.recv(n - len(data))
            if not more:
                break
            data += more
        return data

    def close(self):
        self.inner.close()


def compressed(data, number=0):
    """One frame; short ones are sent as they are."""
    shrunk = zlib.compress(data) if len(data) >= 50 else data
    size = len(data) if len(data) >= 50 else 0
    return len(shrunk).to_bytes(3, "little") + bytes([number]) + size.to_bytes(3, "little") + shrunk


def packet(payload, sequence=0):
    return len(payload).to_bytes(3, "little") + bytes([sequence]) + payload


def sized(data):
    return bytes([len(data)]) + data


def native_proof(password, scramble):
    """mysql_native_password's answer."""
    if not password:
        return b""
    once = hashlib.sha1(password.encode()).digest()
    mask = hashlib.sha1(scramble + hashlib.sha1(once).digest()).digest()
    return bytes(a ^ b for a, b in zip(once, mask))


def change_user(user, password, scramble, collation=UTF8MB4):
    """The payload of a COM_CHANGE_USER."""
    return (
        bytes([COM_CHANGE_USER]) + user + b"\0" + sized(native_proof(password, scramble))
        + b"\0" + struct.pack("<H", collation) + b"mysql_native_password\0"
    )  # fmt: skip


def query(sql):
    return bytes([COM_QUERY]) + sql.encode()


def error_code(payload):
    """The number in an ERR packet; None if it is no such packet."""
    return struct.unpack("<H", payload[1:3])[0] if payload[:1] == b"\xff" else None
