"""What the whole test run shares: a local stack, in a folder of its own, for the end-to-end test and for nbval."""

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent
CANARY = (
    "canary-3f1d7c0b9a"  # the API key of the run's stack: it must turn up nowhere but in the emulator's secret store
)
TOUR = ROOT / "notebooks/explore/01_getting_started.ipynb"
TOGETHER = {
    "day": lambda file: file.endswith((".ipynb", "test_end_to_end.py")),
    "load": lambda file: file.startswith(("tests/load/", "tests/faults/test_raw")),
}
"""Files that run in one process where there are several: those that ask the tables of one loaded day, and those that
share a Spark session. They take longest, so they begin. Any other file is by itself, for the sake of its fixtures."""


class RunStack:
    """The stack of this process of the test run, started when first asked for."""

    def __init__(self, home: Path):
        self.home = home
        self.local = None

    def start(self):
        if self.local is None:
            from aviation.local.stack import LocalStack

            os.environ["AVIATION_HOME"] = str(self.home)
            os.environ["AVIATIONSTACK_ACCESS_KEY"] = CANARY
            self.local = LocalStack(ROOT, self.home)
            try:
                self.local.up()
            finally:
                # From here on only the secret knows the key, as on AWS.
                del os.environ["AVIATIONSTACK_ACCESS_KEY"]
        return self.local

    def stop(self):
        if self.local:
            self.local.down()


RUN_STACK = pytest.StashKey[RunStack]()


def pytest_configure(config):
    # Whatever stack the caller's shell is set up for, tests never touch it.
    for name in [name for name in os.environ if name.startswith(("AVIATION", "AWS_"))]:
        del os.environ[name]


def group(nodeid: str) -> str:
    """What a test stays together with: a name of TOGETHER, else its file."""
    file = nodeid.partition("::")[0]
    return next((name for name, holds in TOGETHER.items() if holds(file)), file)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        # tests/explore runs the cells of all of them, too; a kernel for each takes a minute.
        if item.path.parent.name == "explore" and item.path.suffix == ".ipynb" and item.path != TOUR:
            item.add_marker(pytest.mark.slow)
    first = list(TOGETHER)
    items.sort(key=lambda item: first.index(name) if (name := group(item.nodeid)) in first else len(first))


class Groups(LoadScopeScheduling):
    """Gives each process a group of tests at a time."""

    def _split_scope(self, nodeid):
        return group(nodeid)


def pytest_xdist_make_scheduler(config, log):
    return Groups(config, log)


def _run_stack(config, tmp_path_factory) -> RunStack:
    if RUN_STACK not in config.stash:
        config.stash[RUN_STACK] = RunStack(tmp_path_factory.mktemp("aviation"))
    return config.stash[RUN_STACK]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    # nbval gives notebooks no fixtures: a notebook's kernel inherits the environment that the stack sets.
    if type(item).__name__ == "IPyNbCell":
        _run_stack(item.config, item.config._tmp_path_factory).start()


@pytest.fixture(scope="session")
def stack(request, tmp_path_factory):
    """The local stack of the run, up, with the replay of 2013-07-10 at its default clock."""
    return _run_stack(request.config, tmp_path_factory).start()


@pytest.fixture(scope="session")
def canary() -> str:
    """The API key of the run's stack."""
    return CANARY


def pytest_unconfigure(config):
    if RUN_STACK in config.stash:
        config.stash[RUN_STACK].stop()
