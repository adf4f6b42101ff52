"""Network: hosts with cables to one switch, as network namespaces whose cables a test can pull.

    with Network() as network:
        host = network.host("198.51.100.1")
        subprocess.Popen([*host.inside, "program"])   # runs there; unix sockets reach everywhere
        host.unplug()    # no carrier, as when the cable is pulled
        host.mute()      # a carrier, but what is sent is lost: nobody is told
        host.restore()

Owner: the test, one thread. End of life: a namespace lives as long as a process of its own, which
ends when the `with` block is left, or with the test's process, however that ends. Needs root.
"""

import os
import subprocess

import pytest

from servers.wait import wait_for

TIMEOUT = 30
SWITCH = "switch"


def needs_root():
    """Skips a test that can not make namespaces; in CI it fails."""
    if os.geteuid() == 0:
        return
    if "CI" in os.environ or "BOREALIS_REQUIRE_SERVERS" in os.environ:
        pytest.fail("network namespaces: expected to be root")
    pytest.skip("network namespaces need root")


class Namespace:
    def __init__(self):
        # cat ends when its input does.
        self.holder = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        own = os.stat("/proc/self/ns/net").st_ino
        path = f"/proc/{self.holder.pid}/ns/net"
        wait_for(lambda: os.stat(path).st_ino != own, TIMEOUT, f"{path} is another namespace")
        self.inside = ["nsenter", f"--net={path}"]
        self.ip("link", "set", "lo", "up")

    def ip(self, *arguments):
        subprocess.run([*self.inside, "ip", *arguments], check=True, timeout=TIMEOUT)

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(TIMEOUT)


class Host(Namespace):
    """`inside` are words to put before a command that is to run there."""

    def __init__(self, switch, port, address):
        super().__init__()
        self.switch = switch
        self.port = port
        self.address = address
        switch.ip("link", "add", "name", port, "type", "veth",
                  "peer", "name", "eth0", "netns", str(self.holder.pid))  # fmt: skip
        self.ip("address", "add", f"{address}/24", "dev", "eth0")
        self.ip("link", "set", "eth0", "up")
        self.restore()

    def unplug(self):
        self.switch.ip("link", "set", self.port, "down")

    def mute(self):
        self.switch.ip("link", "set", self.port, "nomaster")

    def restore(self):
        self.switch.ip("link", "set", self.port, "master", SWITCH, "up")


class Network:
    def __enter__(self):
        self.switch = Namespace()
        self.hosts = []
        try:
            self.switch.ip("link", "add", "name", SWITCH, "type", "bridge", "forward_delay", "0")
            self.switch.ip("link", "set", SWITCH, "up")
        except BaseException:
            self.switch.close()
            raise
        return self

    def __exit__(self, *exception):
        for namespace in [*self.hosts, self.switch]:
            namespace.close()

    def host(self, address):
        self.hosts.append(Host(self.switch, f"port{len(self.hosts)}", address))
        return self.hosts[-1]
