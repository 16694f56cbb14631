"""How fresh the tables are, as `aviation status` tells it."""

from datetime import timedelta

import pytest

from aviation import query, status
from support.made_up import NOON, Database


@pytest.fixture
def database(monkeypatch) -> Database:
    made = Database()
    monkeypatch.setattr(query, "sql", made.ask)
    return made


def test_the_batches_of_a_load_are_one_load_as_slow_as_the_slowest(database):
    figures = {name: f"seconds_to_queryable_{name}" for name in ("p50", "p95", "max")}
    for batch, seconds in ((1, 300.0), (2, 100.0)):
        row = {"run_id": "a", "batch": batch, "finished_at": NOON, "lines_read": 10}
        database.insert("loads", [row | dict.fromkeys(figures.values(), seconds)])
    found = status.freshness()
    assert found[["p50", "p95", "worst"]].values.tolist() == [[300, 300, 300]]
    [_, line] = status.freshness_lines()
    assert line == "fetch to table, newest load: p50 5 min, p95 5 min, worst 5 min"


def test_what_the_newest_load_with_flights_forecast_is_told_or_why_it_did_not(database):
    assert status.forecast_lines() == []
    observed = {"flights": NOON}
    load = {"run_id": "a", "batch": 1, "finished_at": NOON, "forecasts": 0, "newest_observed_at": observed}
    database.insert("loads", [load | {"forecasts_missing": "no forecast yet"}])
    assert status.forecast_lines() == ["", "no forecast yet"]
    later = {"run_id": "b", "finished_at": NOON + timedelta(hours=1), "forecasts": 1002}
    # A load of cities alone says nothing of forecasts.
    without = {"run_id": "c", "batch": 1, "finished_at": NOON + timedelta(hours=2), "forecasts": None}
    database.insert("loads", [load | later, without])
    assert status.forecast_lines() == ["", f"forecasts: 1,002 legs, as of {NOON:%Y-%m-%d %H:%MZ}"]
