"""The scenario tests' clusters, and the logs that a failed test shows."""

from scenario.conftest import cluster, pytest_runtest_makereport, pytest_runtest_teardown  # noqa: F401
