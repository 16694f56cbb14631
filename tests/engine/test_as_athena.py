"""What Athena refuses a laptop refuses too, and nothing of what the project asks itself."""

from collections import defaultdict
from datetime import date, datetime
from types import SimpleNamespace

import pytest

from aviation import backend, query, status
from aviation.alerts.matches import Horizon, matches, touched_dates
from aviation.alerts.watch import resolve
from aviation.deploy.template import read_template
from aviation.engine import as_athena
from aviation.errors import QueryError
from aviation.sql import catalog
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from aviation.sql.question import Question
from support import ROOT
from support.made_up import CATALOG, columns
from support.notebooks import defaults

KNOWN = Catalog(tables=dict.fromkeys(columns(), ""), views=CATALOG.views, columns=columns())


def refuse(text: str) -> None:
    as_athena.refuse(parse_select(text), KNOWN)


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("select 1 from flights where flight_date = '2013-07-10'", "date '2013-07-10'"),
        ("select 1 from FLIGHTS f where '2013-07-10' <= f.Flight_Date", "date '2013-07-10'"),
        ("select 1 from flights where flight_date between '2013-07-10' and date '2013-07-11'", "date '2013-07-10'"),
        ("select 1 from flights where flight_date in (date '2013-07-10', '2013-07-11')", "date '2013-07-11'"),
        ("select 1 from flights where (flight_date) <> ('2013-07-10')", "date '2013-07-10'"),
        ("select 1 from aviation.flights where observed_at > '2013-07-10 12:00:00'", "timestamp '2013-07-10 12:00:00'"),
        ("select 1 from on_time_by_airline_day where flight_date = '2013-07-10'", "date '2013-07-10'"),
        (
            "with x as (select flight_date as d from flights) select 1 from x where d = '2013-07-10'",
            "date '2013-07-10'",
        ),
        ("select 1 from (select max(flight_date) as d from flights) where d = '2013-07-10'", "date '2013-07-10'"),
        ("select 1 from flights f join loads l on l.finished_at < '2013-07-10'", "timestamp '2013-07-10'"),
        ("select count(*) filter (where flight_date = '2013-07-10') from flights", "date '2013-07-10'"),
    ],
)
def test_a_date_is_not_compared_with_text(text, write):
    with pytest.raises(QueryError, match=f"which Athena does not compare: write {write}$"):
        refuse(text)


@pytest.mark.parametrize(
    "text",
    [
        "select 1 from flights where flight_date = date '2013-07-10' and dep_iata = 'JFK'",
        "select 1 from flights where flight_date = cast('2013-07-10' as date)",
        "select 1 from flights where cast(flight_date as varchar) = '2013-07-10'",
        "select 1 from flights where date_format(observed_at, '%Y') = '2013'",
        "select 1 from loads cross join unnest(flight_dates) as d (day) where day = date '2013-07-10'",
        "select case when dep_iata = '2013-07-10' then 1 end from flights",
        "select 1 from flights where no_such_column = '2013-07-10'",
        "select 1 from no_such_table where flight_date = '2013-07-10'",
        "select histogram(dep_iata), array_agg(flight_key order by flight_date) from flights",
        "select * from unnest(array[1, 2]) as t (n)",
        "select transform(flags, x -> upper(x)), element_at(codeshares, 1), try_cast(dep_gate as integer) from flights",
    ],
)
def test_what_athena_answers_is_let_pass(text):
    refuse(text)


@pytest.mark.parametrize(
    "text",
    [
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from READ_PARQUET('x')",
        "select * from flights, read_blob('/etc/passwd')",
        "select * from flights cross join lateral read_text('/etc/passwd')",
        "select (select content from read_text('/etc/passwd'))",
        "with x as (select * from duckdb_settings()) select * from x",
        "select * from duckdb_secrets()",
        "select current_setting('s3_secret_access_key')",
        "select getenv('HOME')",
        "select * from query('select 1')",
    ],
)
def test_functions_that_athena_has_not_are_refused(text):
    with pytest.raises(QueryError, match=r"tables and views alone|is not a function"):
        refuse(text)


SAVED = {one["View"]: one["Order"] for one in read_template(ROOT)["Mappings"]["Questions"].values()}


@pytest.mark.parametrize("view", KNOWN.views)
def test_the_projects_views_pass_and_so_do_the_saved_queries_over_them(view):
    refuse(KNOWN.views[view])
    refuse(f"select * from {view} order by {SAVED[view]} limit 1000")


class AskedError(Exception):
    """The engine was asked."""


@pytest.mark.parametrize("ask", [status.row_counts, status.newest_fetches, status.freshness])
def test_what_the_status_asks_passes(monkeypatch, ask):
    def frame(question: Question) -> None:
        as_athena.refuse(question.tree, KNOWN)
        raise AskedError

    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(frame=frame))
    with pytest.raises(AskedError):
        ask()


def test_what_a_watch_asks_passes(monkeypatch):
    asked = []
    row = defaultdict(lambda: None, newest=datetime(2013, 7, 10, 20), flight_date=date(2013, 7, 10))
    monkeypatch.setattr(query, "rows", lambda text: asked.append(text) or [row])
    monkeypatch.setattr(catalog, "read", lambda: KNOWN)
    everything = {"airlines": ["B6"], "airports": ["JFK"], "tails": ["N1"], "routes": ["JFK-BOS"]}
    seen = touched_dates(Horizon(datetime(2013, 7, 10, 12), date(2013, 7, 10)))
    matches(resolve(**defaults("notebooks/alerts.ipynb") | everything), seen)
    assert len(asked) == 3
    for text in asked:
        refuse(text)
