"""Durations as a person writes them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.errors import ParameterError
from aviation.times import parse_duration


@given(st.integers(1, 24 * 60))
def test_a_duration_is_minutes_or_hours_up_to_a_day(minutes):
    assert parse_duration(f"{minutes}m") == timedelta(minutes=minutes)
    if minutes <= 24:
        assert parse_duration(f"{minutes}h") == timedelta(hours=minutes)


@pytest.mark.parametrize("text", ["", "30", "0m", "1441m", "25h", "-30m", "1.5h", "30 m", "30M", "30s", "٣m", "30m\n"])
def test_anything_else_is_refused(text):
    with pytest.raises(ParameterError, match="is not a duration of up to a day: write it like 30m or 1h"):
        parse_duration(text)
