"""The history that is made at once says what the load makes of the replay's records, in all that forecasts read."""

from datetime import date, timedelta

import numpy as np
import pytest

from aviation.forecast.known import Known
from aviation.local import observed
from support import ROOT

EVERY = timedelta(hours=2)
SAID = (
    "dep",
    "arr",
    "left",
    "landed",
    "local",
    "day",
    "is_cancelled",
    "is_diverted",
    "origin",
    "dest",
    "airline",
    "tail",
)


@pytest.mark.parametrize("day", ["2013-07-10", pytest.param("2013-11-02", marks=pytest.mark.slow)])
def test_at_every_poll_each_leg_is_known_as_the_load_would_know_it(day, monkeypatch):
    """A day of storms, and the night on which New York's clocks go back."""
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from forecasts import rows

    loaded = Known(observed.history(day, EVERY))
    made = Known(rows.history(date.fromisoformat(day), date.fromisoformat(day), EVERY))
    assert made.keys.tolist() == loaded.keys.tolist()
    assert np.unique(made.since).min() == np.unique(loaded.since).min()
    for at in np.unique(loaded.since):
        legs = np.arange(len(loaded.keys))
        ours, theirs = (of.at(legs, np.full(len(legs), at)) for of in (made, loaded))
        assert (ours >= 0).all() and (theirs >= 0).all()
        for name in SAID:
            assert np.array_equal(getattr(made, name)[ours], getattr(loaded, name)[theirs]), (name, at)
