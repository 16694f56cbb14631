"""A board over a day of made-up tables, and a stack that says what a test has it say."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

import pandas as pd

from aviation.board.stack import Schedule
from aviation.errors import AviationError, ParameterError
from aviation.report import RunRecord
from aviation.runs import pages
from support.board import MadeTables
from support.made_up import NOON, Database, real_legs

DAY = "2013-07-10"
EVIL = """<img src=x onerror="alert(1)"></script><script>alert(1)</script>"""
FLIGHTS_PROMISED = 38.0


@dataclass
class MadeStack:
    """In place of `aviation.board.stack.Stack`: what it answers, or `refuses` with."""

    promises: dict[str, float | None] = field(default_factory=lambda: {"flights": FLIGHTS_PROMISED})
    listed: list[Schedule] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)
    refuses: AviationError | None = None

    def promised(self):
        return self._given(self.promises)

    def schedules(self):
        return self._given(self.listed)

    def runs(self):
        return self._given(self.records)

    def runs_schedules(self):
        return "somebody runs them"

    def run_page(self, run_id):
        found = [record for record in self.records if record.run_id == run_id]
        if not found:
            raise ParameterError(f"there is no run '{run_id}': 'aviation runs' lists them")
        return pages.html(found[0])

    def _given(self, what):
        if self.refuses:
            raise self.refuses
        return what


def load(run_id: str = "a", batch: int = 1, finished_at: datetime = NOON, fetched_at: datetime = NOON, **more) -> dict:
    """A row of `loads`."""
    row = {"run_id": run_id, "batch": batch, "status": "ok", "finished_at": finished_at, "seconds": 20.0}
    row |= {"lines_read": 100, "observations_added": 90, "references": 0, "repeats": 8, "quarantined": 2, "warnings": 0}
    row |= {f"seconds_to_queryable_{name}": 30.0 for name in ("min", "p50", "p95", "max")}
    row |= {f"newest_{what}_at": [("flights", fetched_at)] for what in ("fetched", "observed")}
    return row | {"warnings_by_rule": []} | more


def insert_loads(database: Database, *rows: dict) -> None:
    """Rows of `loads`, whose maps are given as pairs."""
    for row in rows:
        maps = {name: value for name, value in row.items() if isinstance(value, list)}
        database.insert("loads", [{name: value for name, value in row.items() if name not in maps}])
        for name, pairs in maps.items():
            if pairs:
                keys, values = zip(*pairs, strict=True)
                kind = "timestamp" if isinstance(values[0], datetime) else "bigint"
                texts = [f"{kind} '{value}'" if kind == "timestamp" else str(value) for value in values]
                made = f"map {{{', '.join(f'$k{n}: {text}' for n, text in enumerate(texts))}}}"
                database.connection.execute(
                    f"update loads set {name} = {made} where run_id = $run and batch = $batch",
                    {f"k{n}": key for n, key in enumerate(keys)} | {"run": row["run_id"], "batch": row["batch"]},
                )


def day(rows: int = 60, **changes: object) -> Database:
    """Some flights of a real day as one poll told of them; `changes` are of each row."""
    flights = pd.DataFrame(real_legs(DAY)).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"}).head(rows)
    flights = flights.assign(observed_at=NOON, flight_status_api="landed", **changes)
    made = Database().insert("flights", flights)
    made.insert("flight_history", flights.assign(known_from=NOON, known_until=pd.NaT))
    made.insert("flight_observations", flights[["flight_key", "flight_date", "observed_at"]].assign(is_operating=True))
    return made


@cache
def whole() -> MadeTables:
    """A day and two loads. Shared: a test that changes it makes its own."""
    made = day()
    later = NOON + timedelta(minutes=30)
    insert_loads(made, load(), load("b", finished_at=later, fetched_at=later))
    return MadeTables(made)
