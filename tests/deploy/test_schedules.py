"""When schedules fire, held against a clock that is stepped minute by minute."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.deploy.schedules import DAY, WEEK, fires, freshness, runs
from aviation.errors import ParameterError

MONDAY = datetime(2026, 3, 2)


def stepped(minutes: set[int], hours: set[int], weekdays: set[int]) -> list[int]:
    """The minutes of a week at which a clock shows one of each; weekdays as cron counts them, Sunday 1."""
    clock = (MONDAY + timedelta(minutes=minute) for minute in range(WEEK))
    return [
        minute
        for minute, now in enumerate(clock)
        if now.minute in minutes and now.hour in hours and now.isoweekday() % 7 + 1 in weekdays
    ]


def field(least: int, most: int):
    """A cron field, with the values that it means."""
    values = st.integers(least, most)
    lists = st.sets(values, min_size=1, max_size=4).map(lambda some: (",".join(map(str, sorted(some))), some))
    ranges = (
        st.tuples(values, values).map(sorted).map(lambda ends: (f"{ends[0]}-{ends[1]}", {*range(ends[0], ends[1] + 1)}))
    )
    steps = st.tuples(values, st.integers(1, most)).map(lambda s: (f"{s[0]}/{s[1]}", {*range(s[0], most + 1, s[1])}))
    return st.one_of(st.just(("*", {*range(least, most + 1)})), lists, ranges, steps)


@settings(deadline=None)  # the machine may be busy
@given(field(0, 59), field(0, 23), field(1, 7))
def test_a_cron_expression_fires_when_the_clock_shows_it(minute, hour, weekday):
    assert fires(f"cron({minute[0]} {hour[0]} ? * {weekday[0]} *)") == stepped(minute[1], hour[1], weekday[1])


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("cron(0/30 * * * ? *)", list(range(0, WEEK, 30))),
        ("cron(7/30 * * * ? *)", list(range(7, WEEK, 30))),
        ("cron(12 3 ? * SUN *)", [6 * DAY + 3 * 60 + 12]),
        ("cron(0 12 ? * MON-FRI *)", [day * DAY + 720 for day in range(5)]),
        ("rate(30 minutes)", list(range(0, WEEK, 30))),
        ("rate(1 day)", list(range(0, WEEK, DAY))),
    ],
)
def test_the_forms_that_the_template_uses(expression, times):
    assert fires(expression) == times


@pytest.mark.parametrize(
    "expression",
    ["", "often", "rate(0 minutes)", "cron(0 0 1 * ? *)", "cron(60 * * * ? *)", "cron(* * * *)", "cron(5-1 * * * ? *)"],
)
def test_what_cannot_be_read_is_refused_in_one_line(expression):
    with pytest.raises(ParameterError, match="cannot be read") as refusal:
        fires(expression)
    assert "\n" not in str(refusal.value)


def test_runs_of_thirty_days():
    assert runs("cron(0/30 * * * ? *)", 30) == 1440
    assert runs("cron(12 3 ? * SUN *)", 30) == pytest.approx(30 / 7)


def test_age_of_a_poll_each_half_hour_loaded_seven_minutes_later():
    """In raw 5.5 minutes after the poll, loaded from 7 to 9: 9 minutes old at best, 39 when the next one takes over."""
    found = freshness(
        "cron(0/30 * * * ? *)", "cron(7/30 * * * ? *)", sweep_seconds=30, buffer_seconds=300, load_seconds=120
    )
    assert (found.queryable, found.worst, found.mean, found.spare_seconds) == (9, 39, 24, 90)


def test_a_load_too_soon_takes_the_poll_before():
    found = freshness(
        "cron(0/30 * * * ? *)", "cron(5/30 * * * ? *)", sweep_seconds=30, buffer_seconds=300, load_seconds=120
    )
    assert (found.queryable, found.worst, found.mean) == (37, 67, 52)


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from([5, 10, 15, 20, 30, 60]), st.integers(0, 59), st.integers(0, 900), st.integers(1, 600))
def test_age_agrees_with_a_clock_stepped_through_a_day(every, offset, flushed, loading):
    """The newest data that is queryable, asked each minute (a load ends at a whole one)."""
    loading = loading // 60 * 60
    found = freshness(
        f"cron(0/{every} * * * ? *)" if every < 60 else "cron(0 * * * ? *)",
        f"cron({offset} * * * ? *)",
        sweep_seconds=0,
        buffer_seconds=flushed,
        load_seconds=loading,
    )
    loads = [hour * 60 + offset for hour in range(-4, 30)]
    polls = range(-5 * 60, 30 * 60, every)
    ready = {}
    for poll in polls:
        start = next((load for load in loads if load >= poll + flushed / 60), None)
        if start is not None:
            ready[poll] = start + loading / 60
    # Just before a new poll's data is there, the newest is oldest.
    ages = [
        moment - max(poll for poll in ready if ready[poll] < moment) for moment in ready.values() if 0 < moment < 1440
    ]
    assert found.worst == max(ages)
