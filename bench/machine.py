"""What the benches say of the machine they ran on, and of what else ran there."""

import contextlib
import os
import pathlib
import platform
import re
import resource
import signal
import subprocess
import sys
import time

TICKS = os.sysconf("SC_CLK_TCK")


def describe():
    """Cores, processor, memory and kernel."""
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    return (
        f"{os.cpu_count()} cores ({model[1] if model else platform.machine()}), "
        f"{memory:.0f} GB, Linux {platform.release().split('-')[0]}"
    )


def first_line(*command):
    """Of what a program prints, such as its version."""
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]


def cpu_times(pid):
    """CPU seconds of a process so far, in user mode and in the kernel."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) / TICKS, int(fields[12]) / TICKS


def written_bytes(pid):
    """What a process has had written to the disk so far, as the kernel counts it: whole pages."""
    return int(re.search(r"^write_bytes: (\d+)", pathlib.Path(f"/proc/{pid}/io").read_text(), re.M)[1])


def foreign_sec(pids=()):
    """CPU time in user mode of all processes but us, our ended children and those of pids, so far."""
    user, nice = pathlib.Path("/proc/stat").read_text().split()[1:3]
    own = sum(resource.getrusage(who).ru_utime for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    own += sum(cpu_times(pid)[0] for pid in pids)
    return (int(user) + int(nice)) / TICKS - own


@contextlib.contextmanager
def others(shares, pids):
    """Appends to shares which part of the machine others than we and those of pids used meanwhile."""
    foreign, began = foreign_sec(pids), time.monotonic()
    yield
    spent = (time.monotonic() - began) * os.cpu_count()
    shares.append(max(0, foreign_sec(pids) - foreign) / spent)


def run(main):
    """Runs a bench, so that a signal ends it as an exception does: with all that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with contextlib.suppress(KeyboardInterrupt):
        main()
        sys.exit(0)
    sys.exit(128 + signal.SIGINT)
