"""Nodes: one server of each kind, started when it is first asked for.

    with Nodes(directory, lambda server: {"log_slave_updates": "ON"}) as nodes:
        nodes["mysql-9.7"].execute("CREATE DATABASE d")

Owner: a fixture. Leaving the `with` block ends those that were started.
"""

import contextlib

from .node import Node


class Nodes:
    def __init__(self, directory, settings):
        self.directory = directory
        self.settings = settings  # of a server by its name
        self.stack = contextlib.ExitStack()
        self.nodes = {}

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.stack.close()

    def __getitem__(self, server):
        if server not in self.nodes:
            node = Node(server, self.directory / server, **self.settings(server))
            self.nodes[server] = self.stack.enter_context(node)
        return self.nodes[server]
