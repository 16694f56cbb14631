"""How likely a delay is, by what a forecast says."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.chance import LATE_MIN, MEAN, Said, at_least, mean_late, weight
from aviation.severity import WEIGHTS

MINUTES = st.floats(-600, 3000)
SHARE = st.floats(0, 1)
# Of a flight that is overdue quantiles can be alike.
SAID = st.tuples(MINUTES, MINUTES, MINUTES, st.booleans(), SHARE, SHARE).map(
    lambda drawn: Said(*sorted((*drawn[:2], drawn[1] if drawn[3] else drawn[2])), *drawn[4:])
)
NEAR = st.one_of(MINUTES, st.sampled_from([LATE_MIN]))


@given(SAID, st.lists(NEAR, min_size=2))
def test_more_minutes_are_never_more_probable(said, minutes):
    probabilities = [at_least(late, said) for late in (*sorted([*minutes, *said[:3]]), 1e9)]
    assert all(later <= sooner + 1e-12 for sooner, later in pairwise(probabilities))
    assert all(-1e-12 <= one <= 1 + 1e-12 for one in probabilities)
    assert probabilities[-1] == pytest.approx(said.p_cancelled)  # what never leaves is later than anything


@given(SAID, NEAR, st.floats(0, 300))
def test_a_forecast_of_longer_delays_makes_each_delay_as_likely_or_more(said, minutes, longer):
    later = said._replace(p10=said.p10 + longer, p50=said.p50 + longer, p90=said.p90 + longer)
    assert at_least(minutes, later) >= at_least(minutes, said) - 1e-9


def test_the_quantiles_and_15_minutes_are_as_likely_as_the_forecast_says():
    said = Said(p10=10, p50=40, p90=100, p_late=0.85, p_cancelled=0.0)
    found = {minutes: round(at_least(minutes, said), 4) for minutes in (10, 15, 40, 70, 100)}
    assert found == {10: 0.9, 15: 0.85, 40: 0.5, 70: 0.3, 100: 0.1}
    cancelled = said._replace(p_cancelled=0.2, p_late=0.88)
    found = {minutes: round(at_least(minutes, cancelled), 4) for minutes in (10, 15, 40, 70, 100, 1000)}
    assert found == {10: 0.92, 15: 0.88, 40: 0.6, 70: 0.44, 100: 0.28, 1000: 0.2}


@pytest.mark.parametrize(("p_late", "expected"), [(0.99, 0.9), (0.7, 0.7), (0.2, 0.5)])
def test_what_is_said_of_15_minutes_counts_as_far_as_the_quantiles_leave_it_room(p_late, expected):
    assert at_least(LATE_MIN, Said(10, 40, 100, p_late, 0.0)) == pytest.approx(expected)


def test_a_flight_that_is_overdue_is_as_late_as_that():
    assert at_least(50, Said(50, 50, 50, 0.3, 0.0)) == 1
    assert at_least(51, Said(50, 50, 50, 0.3, 0.0)) == 0
    assert at_least(50, Said(50, 50, 90, 1.0, 0.0)) == 1
    assert 0.1 < at_least(51, Said(50, 50, 90, 1.0, 0.0)) < 0.5


@given(st.tuples(MINUTES, MINUTES, MINUTES).map(sorted), SHARE)
def test_what_is_to_be_expected_lies_within_what_was_said(quantiles, p_cancelled):
    late = mean_late(quantiles)
    assert max(0, quantiles[0]) - 1e-9 <= late <= max(0, quantiles[2]) + 1e-9
    assert min(late, WEIGHTS["cancelled"]) - 1e-9 <= weight(late, p_cancelled) <= max(late, WEIGHTS["cancelled"]) + 1e-9
    assert sum(MEAN) == 1
