"""ResetProxy: a TCP proxy that ends connections in the middle of a packet, with RST on both sides.

    with ResetProxy(server_port, [700, 90000]) as proxy:
        connect(proxy.port)         # is reset after 700 bytes of the server's
        connect(proxy.port)         # after 90000
        connect(proxy.port)         # goes on; proxy.left is []

A cut between two packets (with tls, records) moves one byte into the next. All before the cut the
client has taken from its socket when the reset comes.

Owner: the test. It has one thread. End of life: leaving the `with` block closes all connections and
joins the thread.
"""

import contextlib
import pathlib
import select
import socket
import struct
import threading

from servers.wait import wait_for

TIMEOUT = 60
READ_BYTES = 65536
ABORT = struct.pack("ii", 1, 0)  # SO_LINGER with which close() sends RST
PACKET_HEAD, TLS_HEAD = 4, 5


class Frames:
    """Follows a server's stream, to tell whether it is in the middle of a packet or TLS record."""

    def __init__(self, tls):
        self.tls = tls  # from the first packet on, the greeting
        self.greeted = False
        self.head = b""
        self.left = 0  # of the body
        self.taken = 0

    def inside(self):
        return bool(self.head) or self.left > 0

    def take(self, data):
        self.taken += len(data)
        while data:
            size = TLS_HEAD if self.tls and self.greeted else PACKET_HEAD
            n = min(self.left or size - len(self.head), len(data))
            if self.left:
                self.left -= n
            else:
                self.head += data[:n]
            data = data[n:]
            if len(self.head) == size:
                self.left = (int.from_bytes(self.head[3:], "big") if size == TLS_HEAD
                             else int.from_bytes(self.head[:3], "little"))  # fmt: skip
                self.head = b""
            self.greeted = self.greeted or not self.inside()


def queues():
    """(not acknowledged, not read) bytes of this machine's connections, by (local, remote) port."""
    found = {}
    for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, remote, _, sizes = line.split()[:5]
        ports = tuple(int(end.partition(":")[2], 16) for end in (local, remote))
        found[ports] = tuple(int(size, 16) for size in sizes.split(":"))
    return found


class ResetProxy:
    def __init__(self, target, cuts, tls=False):
        self.target = target
        self.left = list(cuts)
        self.tls = tls
        self.error = None
        self.stop, self.stopped = socket.socketpair()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exception):
        self.stop.close()
        self.thread.join(TIMEOUT)
        self.stopped.close()
        self.listener.close()
        assert not self.error, self.error

    def run(self):
        """One connection after the other: a replica has no more."""
        while self.stopped not in select.select([self.listener, self.stopped], [], [])[0]:
            client, _ = self.listener.accept()
            try:
                with client, socket.create_connection(("127.0.0.1", self.target), TIMEOUT) as server:
                    client.settimeout(TIMEOUT)
                    if not self.forward(client, server):
                        self.reset(client, server)
            except OSError:
                pass  # one side has ended it
            except AssertionError as error:
                self.error = error

    def forward(self, client, server):
        """Until one side ends it; False when it is to be cut."""
        frames = Frames(self.tls)
        while True:
            ready = select.select([client, server, self.stopped], [], [])[0]
            if self.stopped in ready:
                return True
            if client in ready:
                if not (data := client.recv(READ_BYTES)):
                    return True
                server.sendall(data)
            if server in ready:
                if not (data := server.recv(READ_BYTES)):
                    return True
                if not self.answer(client, frames, data):
                    return False

    def answer(self, client, frames, data):
        while data:
            size = max(self.left[0] - frames.taken, 1) if self.left else len(data)
            client.sendall(data[:size])
            frames.take(data[:size])
            if self.left and frames.taken >= self.left[0] and frames.inside():
                return False
            data = data[size:]
        return True

    def reset(self, client, server):
        ours, theirs = client.getsockname()[1], client.getpeername()[1]

        def taken():
            sizes = queues()
            return sizes[ours, theirs][0] == 0 and sizes[theirs, ours][1] == 0

        wait_for(taken, TIMEOUT, "the client has read what was sent", ignore=KeyError)
        for sock in (client, server):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
            sock.close()
        self.left.pop(0)
