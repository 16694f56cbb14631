"""A stack of a test's own."""

import itertools

import pytest

from aviation import places
from support.life import Life

numbers = itertools.count()


@pytest.fixture
def life(stack, monkeypatch, caplog):
    """A stack that is not there yet, and that is gone with its buckets when the test is over."""
    # Put back at the end: naming a stack makes this process work with it.
    monkeypatch.setenv("AVIATION_STACK", "")
    life = Life(f"life{next(numbers)}", caplog)
    yield life
    places.stack_outputs.cache_clear()
    if life.status() or life.buckets():
        life.destroy(*life.buckets())
