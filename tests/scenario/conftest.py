"""Fixtures of the scenario tests, and the logs that a failed test shows."""

import os
import shutil
import signal
import tempfile

import pytest

from servers import node

from .binlog_nodes import Nodes
from .cluster import Cluster, alive


def pytest_configure(config):
    # A test run that is told to end still stops what it has started.
    signal.signal(signal.SIGTERM, lambda number, frame: signal.raise_signal(signal.SIGINT))
    node.SETTINGS.update(node.UNSYNCED)
    # Files run side by side (tools/run-tests), and so do whole runs (tools/run-sanitizer): what one
    # leaves behind is not to be seen as another's. pytest's own directory stays where it is.
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())
    config.own_temporary = tempfile.mkdtemp(prefix="worker-")
    os.environ["TMPDIR"] = tempfile.tempdir = config.own_temporary


def pytest_unconfigure(config):
    if hasattr(config, "own_temporary"):
        shutil.rmtree(config.own_temporary, ignore_errors=True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.config.failed_file = item.path
        for cluster in list(alive):
            report.sections.append((f"logs of the {cluster}", cluster.logs()))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_teardown(item, nextitem):
    """Servers' directories would fill the disk: they go with their test or file, unless it failed."""
    yield
    temporary = item.config._tmp_path_factory.getbasetemp()  # pytest before 7.3 has no setting for it
    if getattr(item.config, "failed_file", None) == item.path:
        return
    if nextitem is None or nextitem.path != item.path:
        for path in temporary.iterdir():
            if path.is_dir():  # and not the lock that keeps other runs from removing all of it
                shutil.rmtree(path, ignore_errors=True)
    elif "tmp_path" in item.funcargs:
        shutil.rmtree(item.funcargs["tmp_path"], ignore_errors=True)


@pytest.fixture(scope="module")
def cluster():
    """One cluster for all tests of a file: a test leaves it as it was."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture
def make_cluster():
    """Function that returns a new Cluster, not started, which ends with the test."""
    made = []

    def make(*options, **kw):
        made.append(Cluster(*options, **kw))
        return made[-1]

    yield make
    problems = []
    for one in made:
        try:
            one.close()
        except AssertionError as problem:
            problems.append(str(problem))
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """One server of each kind for the tests of a file; a test empties those it uses."""
    nodes = Nodes(tmp_path_factory.mktemp("nodes"))
    yield nodes
    nodes.close()


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    """Second servers, of which the same holds."""
    nodes = Nodes(tmp_path_factory.mktemp("others"))
    yield nodes
    nodes.close()
