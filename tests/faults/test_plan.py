"""A seed draws a day, always the same; the first days hold every kind."""

from dataclasses import astuple

import pytest

from support.faults import plan
from support.faults.raw import WAYS
from support.faults.windows import KINDS, STRIKE


def drawn(seed: int, *also: str) -> list[tuple]:
    """The faults of a seed's day, with all that is fixed of each."""
    return [
        (step.words, *step.before, *(astuple(window) for window in step.windows))
        for step in plan.draw(seed, frozenset(also)).steps
    ]


@pytest.mark.parametrize("seed", range(5))
def test_a_seed_draws_the_same_day(seed):
    assert drawn(seed) == drawn(seed) != drawn(seed + 1)


def test_the_days_of_a_run_hold_every_kind():
    plans = [plan.draw(seed) for seed in range(1, 16)]
    steps = [step for one in plans for step in one.steps]
    windows = {(window.service, window.kind) for step in steps for window in step.windows if window.kind != STRIKE}
    assert windows >= {(service, kind) for service in {*plan.POLLED, *plan.LOADED} for kind in KINDS}
    done = {what for step in steps for what in step.before}
    done |= {window.name for step in steps for window in step.windows if window.kind == STRIKE}
    assert done >= {*WAYS, *plan.LOCAL, plan.WRITERS, *plan.KILLED_IN_A_POLL, *plan.KILLED_IN_A_LOAD, plan.CLOCK}
    assert {one.day for one in plans} == set(plan.DAYS)


def test_what_is_drawn_only_where_it_is_asked_for_is_not_drawn_otherwise():
    asked = {str(drawn(seed, plan.EMULATOR)) for seed in range(9)}
    assert any(plan.EMULATOR in text for text in asked)
    assert not any(plan.EMULATOR in str(drawn(seed)) for seed in range(9))
