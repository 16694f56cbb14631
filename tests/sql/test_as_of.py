"""A query as of an instant is the same query over what was known then."""

from datetime import UTC, date, datetime, timedelta, timezone

import duckdb
import pytest

from aviation.errors import QueryError
from aviation.sql.as_of import expand, instant
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.sql.names import references
from aviation.sql.parse import parse_select
from aviation.sql.question import Question

TEXT, INSTANT, DATE = GlueColumn("string"), GlueColumn("timestamp"), GlueColumn("date")
COLUMNS = {"flight_key": TEXT, "flight_status": TEXT, "flight_date": DATE, "observed_at": INSTANT}
VERSIONS = COLUMNS | {"known_from": INSTANT, "known_until": INSTANT}
CATALOG = Catalog(
    views={
        "moving": "select flight_key from flights where flight_status = 'active'",
        "moving_count": "with flights as (select 1 as one) select count(*) as n from moving",
    },
    columns={"flights": COLUMNS, "flight_history": VERSIONS, "cities": {"city_id": GlueColumn("string")}},
)


@pytest.fixture
def tables():
    connection = duckdb.connect()
    connection.execute(
        "create schema aviation; use aviation;"
        "create table flight_history as select *, date '2013-07-10' as flight_date from (values"
        " ('A', 'scheduled', timestamp '2013-07-10 11:30:00',"
        "  timestamp '2013-07-10 08:00:00', timestamp '2013-07-10 12:00:00'),"
        " ('A', 'active', timestamp '2013-07-10 14:00:00', timestamp '2013-07-10 12:00:00', null),"
        " ('B', 'scheduled', timestamp '2013-07-10 13:00:00', timestamp '2013-07-10 13:00:00', null)"
        ") t(flight_key, flight_status, observed_at, known_from, known_until);"
        "create table flights as select flight_key, flight_status, flight_date, observed_at from flight_history"
        " where known_until is null;"
        "create table cities as select '7' as city_id"
    )
    yield lambda text: connection.execute(expand(parse_select(text), CATALOG).sql(dialect="duckdb")).fetchall()
    connection.close()


def past(text: str, when: datetime | str, known: Catalog) -> str:
    """The question as of an instant, as Athena gets it."""
    return Question(text, known).as_of(when).athena()


ASKED = "select flight_key, flight_status from flights order by 1"
T13 = "2013-07-10T13:00Z"


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("2013-07-10T07:59Z", []),
        ("2013-07-10T08:00Z", [("A", "scheduled")]),
        ("2013-07-10T11:59:59Z", [("A", "scheduled")]),
        ("2013-07-10T11:59:59.999999Z", [("A", "scheduled")]),
        ("2013-07-10T12:00Z", [("A", "active")]),
        ("2013-07-10T13:00Z", [("A", "active"), ("B", "scheduled")]),
    ],
)
def test_flights_are_the_versions_that_held_at_the_instant(tables, when, answer):
    assert tables(past(ASKED, when, CATALOG)) == answer


def test_it_holds_inside_common_table_expressions_aliases_and_subqueries(tables):
    text = (
        "with x as (select * from flights f where f.flight_key = 'A')"
        " select (select count(*) from flights), flight_status from x"
    )
    assert tables(past(text, T13, CATALOG)) == [(2, "active")]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("select count(*) from FLIGHTS", 1),
        ("select count(*) from aviation.flights", 1),
        ('select count(*) from Aviation."Flights"', 1),
        ("select count(*) from awsdatacatalog.aviation.flights", 1),
        ("select max(aviation.flights.flight_key) from aviation.flights", "A"),
        ("select max(Flights.flight_key) from flights", "A"),
        ("select max(k) from flights as f(k, s, d, o)", "A"),
        ("select count(*) from flights a join flights b on a.flight_key = b.flight_key", 1),
        ("select 0 union all select count(*) from flights order by 1 desc", 1),
        ("(select count(*) from flights)", 1),
        ("select count(*) from cities c where exists (select 1 from flights where city_id = '7')", 1),
        # A CTE hides the table of its name, in its scope alone.
        ("with flights as (select 'mine' as k) select max(k) from flights", "mine"),
        ("with Flights as (select 'mine' as k) select max(k) from flights", "mine"),
        ("with flights as (select flight_key as k from flights) select max(k) from flights", "A"),
        ("with flights as (select 'mine' as k) select count(*) from aviation.flights", 1),
        ("with x as (with flights as (select 'mine' as k) select k from flights) select count(*) from flights, x", 1),
        ("select (with flights as (select 'mine' as k) select max(k) from flights) from flights", "mine"),
        ("with a as (select count(*) as n from flights), flights as (select 9 as n) select a.n from a, flights", 1),
        ("with recursive flights(n) as (select 1 union all select n + 1 from flights where n < 4) select max(n)"
         " from flights", 4),
        # None of the query's own names comes between a table and its past.
        ("with flight_history as (select 'mine' as k) select max(flight_key) from flights", "A"),
        ("with flights_1 as (select 'mine' as k) select max(flight_key || k) from flights, flights_1", "Amine"),
        # Views are written out first, and the query's names are none of theirs.
        ("select max(flight_key) from moving", "A"),
        ("select n from MOVING_COUNT", 1),
        ("select aviation.moving_count.n from aviation.moving_count", 1),
        ("with flights as (select 'mine' as k), moving as (select 1 as x) select n from moving_count, moving", 1),
    ],
)  # fmt: skip
def test_names_mean_what_they_mean_on_athena(tables, text, answer):
    assert tables(past(text, "2013-07-10T12:00Z", CATALOG))[0] == (answer,)


def test_flights_as_of_an_instant_have_the_columns_of_flights_and_nothing_that_came_later(tables):
    at, day = datetime(2013, 7, 10, 13), date(2013, 7, 10)
    assert tables(past("select * from flights order by 1", T13, CATALOG)) == [
        ("A", "active", day, at),
        ("B", "scheduled", day, at),
    ]


def test_between_two_polls_a_flight_was_last_observed_by_the_one_before(tables):
    text = "select flight_key, observed_at from flights order by 1"
    at_13 = datetime(2013, 7, 10, 13)
    assert tables(past(text, "2013-07-10T13:29Z", CATALOG)) == [("A", at_13), ("B", at_13)]
    # By 14:00 the newest poll had B no more.
    assert tables(past(text, "2013-07-10T14:10Z", CATALOG)) == [("A", datetime(2013, 7, 10, 14)), ("B", at_13)]


def test_the_history_as_of_an_instant_does_not_know_what_replaced_its_versions(tables):
    text = "select flight_status, observed_at, known_from, known_until from flight_history where flight_key = 'A'"
    half_past_11, noon = datetime(2013, 7, 10, 11, 30), datetime(2013, 7, 10, 12)
    first = ("scheduled", half_past_11, datetime(2013, 7, 10, 8))
    assert tables(past(text, "2013-07-10T11:59Z", CATALOG)) == [(*first, None)]
    assert tables(past(f"{text} order by known_from", noon, CATALOG)) == [
        (*first, noon),
        ("active", noon, noon, None),
    ]


def test_without_an_instant_views_are_written_out_over_the_tables_of_today(tables):
    assert tables("select n from moving_count") == [(1,)]
    assert tables("select count(*) from flights") == [(2,)]


@pytest.mark.parametrize(
    "text", ["SELECT city_id FROM cities", "SELECT a FROM other.flights", "SELECT a FROM mine.aviation.flights"]
)
def test_other_tables_are_left_as_they_are(text):
    assert past(text, T13, CATALOG) == text


def test_a_table_that_is_not_there_is_left_for_the_engine_to_miss():
    assert past("SELECT 1 FROM flights", T13, Catalog()) == "SELECT 1 FROM flights"


def test_references_are_the_tables_that_no_cte_stands_for():
    text = "with a as (select 1 from B), c as (select 1 from a, d) select 1 from c, unnest(array[1]) as u(x), x.a"
    assert [table.sql() for table in references(parse_select(text))] == ["B", "d", "x.a"]


def test_instants_are_utc_whatever_zone_they_come_in():
    assert instant("2013-07-10T18:00") == instant("2013-07-10T18:00Z") == instant("2013-07-10T14:00-04:00")
    assert instant(datetime(2013, 7, 10, 14, tzinfo=timezone(timedelta(hours=-4)))) == datetime(2013, 7, 10, 18)
    assert instant(datetime(2013, 7, 10, 18, tzinfo=UTC)) == datetime(2013, 7, 10, 18)


@pytest.mark.parametrize("when", ["0001-01-01T00:00+14:00", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))])
def test_a_time_before_all_times_is_refused_in_one_line(when):
    with pytest.raises(QueryError, match="is not a time: write it like 2013-07-10T18:00Z"):
        past(ASKED, when, CATALOG)


def test_what_there_is_now_has_no_past():
    with pytest.raises(QueryError, match="only a SELECT can be asked as of a time"):
        past("show tables", T13, CATALOG)


def test_a_time_that_is_none_is_refused_in_one_line():
    with pytest.raises(QueryError, match="'noon' is not a time: write it like 2013-07-10T18:00Z"):
        past(ASKED, "noon", CATALOG)
