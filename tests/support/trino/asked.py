"""Every query of the code, recorded on its way to Athena.

The notebooks of notebooks/explore, the board, the status and the alerts ask as they do on AWS; where Athena would
answer, made-up tables do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import awswrangler
import nbformat
import pandas as pd
import pytest
import sqlglot

from aviation import backend, query, status
from aviation.alerts.matches import Horizon, matches, touched_dates
from aviation.alerts.watch import resolve
from aviation.board import moment, offline, readers
from aviation.board.pages import sql
from aviation.board.pages.data import data
from aviation.board.tables import BY_DAY, COLUMNS, Loaded, of_this_version
from aviation.brief.content import content
from aviation.errors import QueryError
from aviation.explore.tables import completed
from aviation.runs.parameters import read_parameters
from aviation.sql import athena, catalog
from aviation.sql.catalog import Catalog
from aviation.sql.question import Question
from aviation.train import history
from support import ROOT
from support.board import MadeTables, RawBucket, browser, storm, storm_objects
from support.board_made import MadeStack
from support.made_up import CATALOG, NOON, Database, columns, real_legs
from support.notebooks import defaults

DAY = "2013-07-10"
THEN = f"{DAY}T20:00:00.123456Z"
HORIZON = Horizon(datetime(2013, 7, 10, 12, 0, 0, 123456), date(2013, 7, 9))
# Of the board. The last has no flight, and its name a quote.
PAGES_OF_ALL = ("now", "flights", "map", "airport/JFK", "airline/B6", "aircraft/N504JB", "airport/X'Y")
CHOSEN = {"airports": ["JFK", "EWR"], "airlines": ["B6", "UA"]}
WATCHED = {"airports": ["JFK"], "airlines": ["B6"], "routes": ["JFK-BOS"], "tails": ["N504JB"]}
LOADED = Catalog(tables=dict.fromkeys(columns(), ""), views=CATALOG.views, columns=columns())


@dataclass
class Asked:
    """`sent` is what Athena was given. `parsed` is what `aviation.sql` parsed on the way: questions as they were asked,
    views, and what it puts in the place of tables."""

    sent: set[str] = field(default_factory=set)
    parsed: set[str] = field(default_factory=set)


def every_query(more: set[str]) -> Asked:
    """What Athena is given by all of the code that asks, and `more`; each also as time travel rewrites it, and each of
    the notebooks' as it is where no table has been made yet."""
    asked = Asked()
    parsed = sqlglot.parse

    def parse(text: str, **options: Any) -> list[Any]:
        trees = parsed(text, **options)
        asked.parsed.add(text)  # not what it refuses: a page that shows the refusal in a chart's place still stands
        return trees

    def answered_by(tables: Database) -> None:
        ask = cache(tables.ask)

        def answer(text: str, **_: object) -> pd.DataFrame:
            asked.sent.add(text)
            return ask(text).copy()

        patch.setattr(awswrangler.athena, "read_sql_query", answer)
        patch.setattr(athena, "rows", lambda text: _rows(answer(text)))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(backend, "in_use", backend.Aws)
        patch.setattr(athena, "place", lambda name: name)
        patch.setattr(catalog, "read", lambda: LOADED)
        patch.setattr(sqlglot, "parse", parse)
        answered_by(_flights_of_a_day())
        asked.sent |= asked_by_the_board()
        _ask(status.row_counts, status.newest_fetches, status.freshness, status.forecast_lines, _alerts)
        before = Catalog(tables={"flights": ""}, columns={"flights": LOADED.columns["flights"]})
        asked.sent |= {history.asked(365), of_this_version(before).views["flight_forecasts"]}
        _ask(_pages_of_data)
        others = asked.sent | more
        for notebook in sorted((ROOT / "notebooks/explore").glob("*.ipynb")):
            for chosen in ({}, CHOSEN):
                _run(notebook, chosen)
        asked.sent |= more
        now = asked.sent & (asked.parsed | more)  # without what is rewritten already
        asked.sent |= {in_the_past(text) for text in now} | {before_a_load(text) for text in now - others}
    return asked


def asked_by_the_board() -> set[str]:
    """What the pages of the board ask of the demo's day."""
    tables = Recorded(storm().database)
    [flight] = tables.records("select max(flight_key) as key from flights where aircraft_registration is not null")
    with pytest.MonkeyPatch.context() as patch:
        RawBucket(storm_objects(), patch)
        for path in (*PAGES_OF_ALL, f"flight/{flight['key']}", f"raw/{flight['key']}"):
            assert browser(tables).get(f"/api/{path}").status_code < 500, path
    offline.render(tables)
    content(tables, None)  # the brief's
    asks = browser(tables)
    assert asks.get(f"/quiet/{flight['key']}").status_code == 200
    form = {"csrf_token": asks.get("/api/quiet").json()["csrf_token"]}
    for of in (f"flight:{flight['key']}", "airline:B6", "airport:X'Y", "route:JFK-BOS"):
        muted = asks.post("/api/mute", data=form | {"of": of}, headers={"Origin": "http://127.0.0.1:8300"})
        assert muted.status_code in (200, 404), muted.text
    # Of tables whose loads do not say which days they had; the first of all; and in the place of a table of forecasts.
    whole = {moment.DAYS, readers.PROBE, of_this_version(Catalog(tables={"flights": ""})).views["flight_forecasts"]}
    return tables.asked | whole | through_athena(tables.asked)


def through_athena(texts: set[str]) -> set[str]:
    """What Athena is given of the board's questions, and of the rows that it keeps, where it has to ask Athena."""
    sent: set[str] = set()

    def refuse(text: str, **_: object) -> None:
        sent.add(text)
        raise QueryError("recorded")

    known = Loaded("1", LOADED)
    reader = readers.ThroughAthena(storm(), Event(), "denied")
    asks = [partial(reader.answer, known, text, None, 1.0) for text in texts]
    asks += [
        partial(reader.keep, known, readers.Rows(name, COLUMNS.get(name, "*"), date(2013, 7, 10)), "kept", 1.0)
        for name in BY_DAY
    ]
    asks.append(partial(reader.first_rows, Question(sql.EXAMPLE, LOADED), 10, 1.0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(athena, "table", refuse)
        for ask in asks:
            with pytest.raises(QueryError, match="recorded"):
                ask()
    return sent


class Recorded(MadeTables):
    """Tables that keep what is asked of them."""

    def __init__(self, database: Database):
        super().__init__(database)
        self.asked: set[str] = set()

    def ask(self, text: str, **options: Any) -> pd.DataFrame:
        self.asked.add(text)
        return super().ask(text, **options)


def in_the_past(text: str) -> str:
    """What Athena is given of a question as of a moment."""
    return Question(text, LOADED).as_of(THEN).athena()


def before_a_load(text: str) -> str:
    """What Athena is given of a notebook's question where no table has been made yet."""
    return completed(Question(text, Catalog(views=CATALOG.views))).athena()


def _rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    values = frame.astype(object)
    return values.where(values.notna(), None).to_dict("records")


def _flights_of_a_day() -> Database:
    """The flights of a real day, what refers to them, and a load."""
    flights = pd.DataFrame(real_legs(DAY)).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    flights["observed_at"] = NOON
    made = Database().insert("flights", flights)
    # Not of the flights that are CHOSEN: of those there is no forecast.
    forecast = flights[flights["dep_iata"] == "LGA"][["flight_key", "flight_date"]].head(1)
    made.insert(
        "flight_forecasts", forecast.assign(made_at=NOON, horizon_min=60, p10=0.0, p50=1.0, p90=2.0, p_late=0.5)
    )
    made.insert("flight_history", flights.assign(known_from=NOON, known_until=pd.NaT))
    made.insert("flight_observations", flights[["flight_key", "flight_date", "observed_at"]])
    counts = {"lines_read": 1, "observations_added": 1} | dict.fromkeys(("references", "repeats", "quarantined"), 0)
    load = {"run_id": "a", "finished_at": NOON, "seconds_to_queryable_max": 1.0, "warnings": 0}
    made.insert("loads", [load | counts])
    made.run(f"update loads set flight_dates = [date '{DAY}']")
    made.run(f"update loads set newest_observed_at = map {{'flights': timestamp '{NOON}'}}")
    return made


def _run(notebook: Path, chosen: dict[str, object]) -> None:
    """Run the notebook's cells in this process, with those of the parameters that it has."""
    names: dict[str, object] = {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, notebook.name, "exec"), names)
            names |= {name: value for name, value in chosen.items() if name in names}


def _ask(*questions: Callable[[], object]) -> None:
    for question in questions:
        question()


def _pages_of_data() -> None:
    """What the board's pages Data and SQL ask by themselves."""
    tables = SimpleNamespace(
        loaded=SimpleNamespace(catalog=LOADED),
        reader=SimpleNamespace(name="DuckDB", because=""),
        records=lambda text: _rows(query.sql(text)),
    )
    data(tables, MadeStack())
    query.sql(sql.EXAMPLE)


def _alerts() -> None:
    unattended = defaults("notebooks/alerts.ipynb")
    watches = [read_parameters(file) for file in sorted((ROOT / "parameters/alerts").glob("*.yaml"))]
    for touched in (touched_dates(None), touched_dates(HORIZON)):
        for watch in (*watches, WATCHED):
            matches(resolve(**(unattended | watch)), touched)
