"""What is kept of a day answers as the whole tables do, and goes when nobody asks it any more."""

from datetime import date, datetime

import pandas as pd
import pytest

from aviation.board import tables as board_tables
from aviation.board.narrowed import Narrowed
from aviation.board.once import Once
from aviation.board.pages import disrupted, flights, hours, tiles
from aviation.board.pages.now import prepare
from aviation.views.holding import holding
from support.board import MadeTables, storm
from support.forecasts_made import foreseen

DAY = date(2013, 7, 10)
# Half past twelve, ten past four and eight in the evening in New York.
MOMENTS = [None, datetime(2013, 7, 10, 16, 30), datetime(2013, 7, 10, 20, 10), datetime(2013, 7, 11, 0, 0)]
QUESTIONS = [
    disrupted.FLIGHTS,
    holding(),
    flights.FLIGHTS,
    flights.CHANGES,
    tiles.DAY,
    hours.HOURS,
    hours.CURVE,
    "select * from flights",
    "select * from flight_history",
    "select flight_key, observed_at from flight_observations",
    "select flight_key, made_at, p50 from flight_forecasts",
    "select run_id, finished_at from loads",
]


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Whether the rows are equal, in any order."""
    texts = [frame.astype(str).sort_values(list(frame.columns)).reset_index(drop=True) for frame in (one, other)]
    pd.testing.assert_frame_equal(*texts)


@pytest.mark.parametrize("at", MOMENTS)
@pytest.mark.parametrize("text", QUESTIONS)
def test_what_is_kept_of_a_day_answers_as_the_tables_do(text, at):
    kept, whole = (foreseen().ask(text, as_of=at, **more) for more in ({"day": DAY}, {}))
    assert len(kept) or "loads" in text or (text == holding() and not at)
    same(kept, whole)


@pytest.mark.parametrize("at", MOMENTS)
def test_the_flights_that_fit_are_those_of_the_condition(at):
    where = "airline_iata = 'B6'"
    asked = "select flight_key, standing, dep_delay_min from flights_so_far"
    same(Narrowed(storm(), where).ask(asked, day=DAY, as_of=at), storm().ask(f"{asked} where {where}", as_of=at))
    [of_some] = Narrowed(storm(), where).records("select flights from days_so_far", day=DAY, as_of=at)
    assert of_some["flights"] == len(storm().ask(f"{asked} where {where}", as_of=at))


def schemas(tables: MadeTables) -> set[str]:
    """The schemas with rows that are kept."""
    found = tables.cursor().execute("select schema_name from duckdb_schemas() where schema_name like '20%'").fetchall()
    return {name for (name,) in found}


def test_only_so_many_moments_are_kept():
    tables = MadeTables(storm().database)
    before = schemas(tables)
    tables.loaded.kept = Once(2)
    for hour in range(12, 20):
        tables.ask("select 1 as one from flights", day=DAY, as_of=datetime(2013, 7, 10, hour))
    assert len(schemas(tables) - before) == 2
    tables.load()
    tables.refresh()
    assert schemas(tables) == before


def test_a_page_of_the_newest_day_finds_all_ready(monkeypatch):
    tables = MadeTables(storm().database)
    prepare(tables)
    monkeypatch.setattr(board_tables.duck, "answer", lambda *_: pytest.fail("it asked again"))
    prepare(tables)
