"""A local stack of a test file's own."""

import pytest

from aviation.local.stack import LocalStack
from support import ROOT
from support.own_stack import aviation


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A stack of its own, up."""
    local = LocalStack(ROOT, tmp_path_factory.mktemp("own"))
    try:
        done = aviation(local.home, "up")
        assert done.returncode == 0, done.stderr
        yield local
    finally:
        local.down(purge=True)
