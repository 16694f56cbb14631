"""A query as of an instant is the same query over what was known then."""

from datetime import UTC, datetime, timedelta, timezone

import duckdb
import pytest
import sqlglot

from aviation.as_of import instant, rewrite
from aviation.errors import QueryError


@pytest.fixture
def tables():
    connection = duckdb.connect()
    connection.execute(
        "create table flight_history as select * from (values"
        " ('A', 'scheduled', timestamp '2013-07-10 08:00:00', timestamp '2013-07-10 12:00:00'),"
        " ('A', 'active', timestamp '2013-07-10 12:00:00', null),"
        " ('B', 'scheduled', timestamp '2013-07-10 13:00:00', null)"
        ") t(flight_key, flight_status, known_from, known_until)"
    )
    yield lambda text: connection.execute(sqlglot.transpile(text, read="athena", write="duckdb")[0]).fetchall()
    connection.close()


ASKED = "select flight_key, flight_status from flights order by 1"


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("2013-07-10T07:59Z", []),
        ("2013-07-10T08:00Z", [("A", "scheduled")]),
        ("2013-07-10T11:59:59Z", [("A", "scheduled")]),
        ("2013-07-10T12:00Z", [("A", "active")]),
        ("2013-07-10T13:00Z", [("A", "active"), ("B", "scheduled")]),
    ],
)
def test_flights_are_the_versions_that_held_at_the_instant(tables, when, answer):
    assert tables(rewrite(ASKED, when)) == answer


def test_it_holds_inside_common_table_expressions_aliases_and_subqueries(tables):
    text = (
        "with x as (select * from flights f where f.flight_key = 'A')"
        " select (select count(*) from flights), flight_status from x"
    )
    assert tables(rewrite(text, "2013-07-10T13:00Z")) == [(2, "active")]


def test_other_tables_are_left_as_they_are():
    assert rewrite("select city_id from cities", "2013-07-10T13:00Z") == "SELECT city_id FROM cities"


def test_instants_are_utc_whatever_zone_they_come_in():
    assert instant("2013-07-10T18:00") == instant("2013-07-10T18:00Z") == instant("2013-07-10T14:00-04:00")
    assert instant(datetime(2013, 7, 10, 14, tzinfo=timezone(timedelta(hours=-4)))) == datetime(2013, 7, 10, 18)
    assert instant(datetime(2013, 7, 10, 18, tzinfo=UTC)) == datetime(2013, 7, 10, 18)


def test_a_time_that_is_none_is_refused_in_one_line():
    with pytest.raises(QueryError, match="'noon' is not a time: write it like 2013-07-10T18:00Z"):
        rewrite(ASKED, "noon")
