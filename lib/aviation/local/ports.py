"""On which ports the stack's processes listen."""

from collections.abc import Iterable
from itertools import combinations
from typing import NamedTuple

from aviation.errors import ParameterError
from aviation.local.processes import Process, choose_port


class Listener(NamedTuple):
    """A process that listens; `option` is where a person chooses its port, `wanted` the one that they chose, `last` the
    one that it had, or would rather have."""

    process: Process
    option: str
    wanted: int | None
    last: int | None


def choose(*listeners: Listener) -> list[int]:
    """A port for each: what is wanted, else the last one if that is free, else any. ParameterError or StackError where
    that cannot be."""
    for one, other in combinations(listeners, 2):
        if one.wanted and one.wanted == other.wanted:
            raise ParameterError(f"{one.option} and {other.option} are both {one.wanted}: give two different ports")
    chosen: list[int] = []
    for listener in listeners:
        others = {*chosen, *_wanted(listeners)} - {listener.wanted}
        last = None if listener.last in others else listener.last
        if last and listener.process.running() and listener.wanted in (None, last):
            chosen.append(last)
        else:
            chosen.append(choose_port(listener.wanted, last, listener.option))
    return chosen


def _wanted(listeners: Iterable[Listener]) -> set[int]:
    return {listener.wanted for listener in listeners if listener.wanted}
