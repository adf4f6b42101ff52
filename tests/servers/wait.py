"""Waiting for a condition: the only place in the tests that sleeps."""

import time

POLL_INTERVAL = 0.02


def wait_for(cond, timeout, what, ignore=()):
    """Calls cond() until it returns something true, and returns that.

    After timeout seconds fails with WHAT and the last value. Exceptions of the types in ignore
    count as a value that is not true yet. cond itself must return within a bounded time.
    """
    deadline = time.monotonic() + timeout
    while True:
        try:
            value = cond()
            if value:
                return value
        except ignore as error:
            value = error
        if time.monotonic() >= deadline:
            raise AssertionError(f"{what}: not within {timeout} s, last value {value!r}")
        time.sleep(POLL_INTERVAL)
