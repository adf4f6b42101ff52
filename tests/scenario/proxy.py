"""Proxy: a TCP proxy through which a server's bytes come a few at a time, as over a very slow line.

    with Proxy(server_port, trickle=7) as proxy:
        connect(proxy.port)      # the server's bytes come by 1 to 7

Owner: the test. It has two threads a connection. End of life: leaving the `with` block closes all
connections and joins the threads.
"""

import contextlib
import random
import socket
import threading

TIMEOUT = 60
READ_BYTES = 65536


class Proxy:
    def __init__(self, target, trickle, seed=0):
        self.target = target
        self.trickle = trickle
        self.random = random.Random(seed)
        self.threads = []
        self.sockets = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self.spawn(self.accept)
        return self

    def __exit__(self, *exception):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.threads[0].join(TIMEOUT)  # no more connections come
        self.listener.close()
        for sock in self.sockets:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(TIMEOUT)
        for sock in self.sockets:
            sock.close()

    def spawn(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def accept(self):
        with contextlib.suppress(OSError):  # until the listener is closed
            while True:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target), TIMEOUT)
                server.settimeout(None)
                self.sockets += [client, server]
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.spawn(self.forward, client, server)
                self.spawn(self.answer, server, client)

    def forward(self, client, server):
        with contextlib.suppress(OSError):
            while data := client.recv(READ_BYTES):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def answer(self, server, client):
        with contextlib.suppress(OSError):
            while data := server.recv(READ_BYTES):
                at = 0
                while at < len(data):
                    n = self.random.randint(1, self.trickle)
                    client.sendall(data[at : at + n])
                    at += n
            client.shutdown(socket.SHUT_WR)
