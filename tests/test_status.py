"""How fresh the tables are, as `aviation status` tells it."""

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
