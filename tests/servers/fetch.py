"""Where the real servers are: asks tools/fetch-server, which fetches what is missing."""

import functools
import os
import pathlib
import subprocess

import pytest

TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "fetch-server"
# Enough for the slowest of them, or for another test run that fetches at the same time.
TIMEOUT = 900


class ServerMissing(Exception):
    """A server that the tests must have could not be fetched."""


def required():
    """Whether a missing server is a failure rather than a reason to skip."""
    return os.environ.get("CI") == "true" or os.environ.get("BOREALIS_REQUIRE_SERVERS") == "1"


def home(name):
    """The directory of the server NAME, described in tools/fetch-server.

    Where it cannot be had the test is skipped, or fails if servers are required.
    """
    path, problem = _fetch(name)
    if problem:
        if required():
            raise ServerMissing(problem)
        pytest.skip(problem)
    return path


@functools.cache  # a server that could not be fetched is not tried again for each test
def _fetch(name):
    try:
        done = subprocess.run(
            [TOOL, "--path", name], capture_output=True, text=True, timeout=TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        return None, f"{name}: not fetched within {TIMEOUT} s"
    if done.returncode:
        return None, done.stderr.strip() or f"{name}: {TOOL} ended with {done.returncode}"
    return pathlib.Path(done.stdout.strip()), None
