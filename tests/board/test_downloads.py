"""Answers as files, and the page on which anybody asks."""

import csv
import io
from datetime import datetime
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from bs4 import BeautifulSoup

from aviation.board import tables as board_tables
from aviation.board.pages import flights as flights_module
from aviation.board.pages import sql as sql_module
from support.board import MadeTables, browser, storm
from support.board_made import MadeStack, day, insert_loads, load, whole
from support.made_up import Database


@pytest.fixture
def asks():
    return browser(whole(), stack=MadeStack())


def sql(client, text: str, **more: str):
    return client.get("/api/sql?" + urlencode({"sql": text} | more))


def as_csv(answer) -> list[list[str]]:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.reader(io.StringIO(answer.text)))


def as_parquet(answer) -> pa.Table:
    assert answer.status_code == 200, answer.text
    return pq.read_table(io.BytesIO(answer.content))


def test_a_file_has_the_flights_of_all_pages_that_fit_the_filters(asks, monkeypatch):
    monkeypatch.setattr(flights_module, "ROWS_A_PAGE", 7)
    shown = asks.get("/api/flights?airline=JetBlue+Airways").json()
    [names, *rows] = as_csv(asks.get("/api/flights?airline=JetBlue+Airways&page=2&format=csv"))
    assert names == list(shown["flights"][0])
    assert len(rows) == shown["found"] > 7
    assert {row[names.index("airline")] for row in rows} == {"JetBlue Airways"}


@pytest.mark.parametrize("code", ["B6", "JBU", "jbu"])
def test_an_airline_can_be_named_by_its_code(asks, code):
    found = asks.get(f"/api/flights?airline={code}").json()
    assert found["filters"]["airline"] == "JetBlue Airways"
    assert found["found"] == asks.get("/api/flights?airline=JetBlue+Airways").json()["found"] > 7


def test_a_file_of_parquet_has_a_type_for_each_column(asks):
    found = as_parquet(asks.get("/api/flights?format=parquet"))
    kinds = {field.name: field.type for field in found.schema}
    assert kinds["flight"] == pa.string()
    assert kinds["scheduled_local"] == pa.timestamp("us")
    assert kinds["delay_min"] == pa.float64()
    assert kinds["is_actual"] == pa.bool_()
    assert kinds["codeshares"] == pa.list_(pa.string())
    assert found.num_rows == asks.get("/api/flights").json()["found"]


@pytest.mark.parametrize("table", ["freshness", "loads", "runs", "rules", "schedules"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_each_table_of_the_page_data_is_a_file(asks, table, form):
    answer = asks.get(f"/api/data/{table}?format={form}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{table}.{form}"'
    rows = asks.get(f"/api/data/{table}").json()
    assert rows == asks.get("/api/data").json()[table] or table == "freshness"  # ages meanwhile
    found = len(as_csv(answer)) - 1 if form == "csv" else as_parquet(answer).num_rows
    assert found == len(rows)


def test_before_the_first_load_a_file_has_its_columns_and_no_row():
    client = browser(MadeTables(), stack=MadeStack())
    assert len(as_csv(client.get("/api/flights?format=csv"))) == 1
    assert as_parquet(client.get("/api/now?format=parquet")).num_rows == 0


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x","y")', "a,b", 'say "hi"', "two\nlines"]


def test_what_a_spreadsheet_would_take_for_a_formula_is_left_as_it_is(asks):
    values = ", ".join("('" + text + "')" for text in FORMULAS)
    text = f"select * from (values {values}) as t(said)"
    assert [row[0] for row in as_csv(sql(asks, text, format="csv"))[1:]] == FORMULAS
    assert as_parquet(sql(asks, text, format="parquet"))["said"].to_pylist() == FORMULAS


TYPED = """
select cast(1 as bigint) as whole, cast(null as bigint) as missing, 1.5e0 as part, cast(1.50 as decimal(9, 2)) as price,
       date '2013-07-10' as day, timestamp '2013-07-10 12:30:00.250' as moment, true as yes, array['a', 'b'] as list,
       sum(cast(3 as bigint)) as summed, cast('NaN' as double) as odd"""


def test_an_answer_keeps_its_types(asks):
    found = as_parquet(sql(asks, TYPED, format="parquet"))
    kinds = {field.name: str(field.type) for field in found.schema}
    assert kinds["whole"] == kinds["missing"] == kinds["summed"] == "int64"
    assert (kinds["part"], kinds["price"], kinds["day"]) == ("double", "decimal128(9, 2)", "date32[day]")
    assert (kinds["moment"], kinds["yes"]) == ("timestamp[ms]", "bool")
    assert found["missing"].to_pylist() == [None]
    assert found["moment"].to_pylist() == [datetime(2013, 7, 10, 12, 30, 0, 250_000)]
    [row] = sql(asks, TYPED).json()["rows"]
    assert row == [1, None, 1.5, "1.50", "2013-07-10", "2013-07-10T12:30:00.250000", True, ["a", "b"], 3, None]
    [_, cells] = as_csv(sql(asks, TYPED, format="csv"))
    assert cells[:9] == [
        *("1", "", "1.5", "1.50", "2013-07-10", "2013-07-10T12:30:00.250000", "true", '["a", "b"]', "3"),
    ]


def test_columns_that_share_a_name_are_all_there(asks):
    assert sql(asks, "select 1 as a, 2 as a, 3").json()["rows"] == [[1, 2, 3]]


def test_bytes_and_no_rows_and_what_the_database_has_are_answers(asks):
    assert sql(asks, "select cast('a' as varbinary) as b").json()["rows"] == [["61"]]
    assert sql(asks, "select run_id from loads where batch = 9").json() == {
        "columns": [{"name": "run_id", "type": "string"}],
        "rows": [],
        "is_cut": False,
    }
    assert ["flights"] in sql(asks, "show tables").json()["rows"]
    assert as_parquet(sql(asks, "describe flights", format="parquet")).column_names == [
        "col_name",
        "data_type",
        "comment",
    ]


def test_an_answer_of_more_rows_than_the_limit_is_cut_and_says_so(asks, monkeypatch):
    monkeypatch.setattr(sql_module, "MOST_ROWS", 50)
    exactly = sql(asks, "select flight_key from flights order by 1 limit 50").json()
    assert (len(exactly["rows"]), exactly["is_cut"]) == (50, False)
    more = sql(asks, "select flight_key from flights order by 1").json()
    assert (more["rows"], more["is_cut"]) == (exactly["rows"], True)
    file = sql(asks, "select flight_key from flights", format="csv")
    assert file.headers["content-disposition"] == 'attachment; filename="answer-first-50.csv"'
    assert len(as_csv(file)) == 51
    page = asks.get("/sql?sql=select+flight_key+from+flights").text
    assert "Cut after 50 rows: there are more" in page


def test_an_answer_without_end_is_cut_without_being_computed(asks):
    endless = " cross join ".join(f"flights as f{number}" for number in range(6))
    found = sql(asks, f"select f0.flight_key from {endless}").json()
    assert found["is_cut"]
    assert len(found["rows"]) == sql_module.MOST_ROWS


def test_a_query_that_takes_too_long_is_given_up_in_one_line(asks, monkeypatch):
    monkeypatch.setattr(board_tables, "SECONDS", 0.5)
    endless = " cross join ".join(f"flights as f{number}" for number in range(6))
    refused = sql(asks, f"select count(distinct f0.flight_key || f1.flight_key || f5.flight_key) from {endless}")
    assert refused.status_code == 400
    assert refused.json() == {"error": "the query was given up after 0.5 seconds: ask for less"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ; ",
        "drop table flights",
        "select 1; drop table flights",
        "insert into flights select * from flights",
        "select * from nosuch",
        "select nosuch from flights",
        "select * from read_csv('/etc/passwd')",
        "select * from '/etc/passwd'",
        "copy flights to '/tmp/x'",
        "select 1 / 'x'",
        "((((",
        "\x00",
    ],
)
@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_what_is_no_select_over_the_tables_is_refused_in_one_line(asks, text, form):
    refused = sql(asks, text, format=form)
    assert refused.status_code == 400, refused.text
    assert len(refused.json()["error"].splitlines()) == 1
    page = asks.get("/sql?" + urlencode({"sql": text}))
    assert page.status_code == (400 if text else 200)


def test_an_answer_can_be_of_an_earlier_moment():
    made = day(5)
    insert_loads(made, load())
    client = browser(MadeTables(made), stack=MadeStack())
    text = "select count(*) as flights from flights"
    assert sql(client, text).json()["rows"] == [[5]]
    assert sql(client, text, as_of="2013-07-10T11:59Z").json()["rows"] == [[0]]
    assert sql(client, text, as_of="no time").status_code == 400
    page = client.get("/sql?" + urlencode({"sql": text, "as_of": "2013-07-10T12:00Z"})).text
    assert "as_of=2013-07-10T12%3A00%3A00Z&amp;sql=" in page


def test_the_page_shows_the_answer_and_what_is_null(asks):
    page = BeautifulSoup(
        asks.get("/sql?" + urlencode({"sql": "select 1 as n, null as m, 'x' as t"})).text, "html.parser"
    )
    assert [cell.get_text() for cell in page.select(".answer th")] == ["n", "m", "t"]
    assert [cell.get_text() for cell in page.select(".answer td")] == ["1", "–", "x"]
    # While somebody writes, no load draws the page again.
    assert page.select_one("#main")["data-again"] == "never"


def test_before_the_first_load_the_page_stands_and_says_what_is_missing():
    client = browser(MadeTables(), stack=MadeStack())
    assert client.get("/sql").status_code == 200
    assert client.get("/sql?sql=select+*+from+flights").status_code == 400
    assert sql(browser(MadeTables(Database()), stack=MadeStack()), "select count(*) from flights").json()["rows"] == [
        [0]
    ]


@pytest.mark.parametrize(
    ("path", "rows"),
    [
        ("map", lambda said: said["routes"]),
        ("airport/JFK", lambda said: said["figures"]["cases"]),
        ("airline/JBU", lambda said: said["figures"]["cases"]),
        ("flight/2013-07-10|JFK|VRD|411", lambda said: said["versions"]),
    ],
)
def test_a_page_is_a_file_of_its_own_rows_as_of_its_moment(path, rows):
    client = browser(storm(), stack=MadeStack())
    moment = {"as_of": "2013-07-10T20:10Z"}
    expected = rows(client.get(f"/api/{path}", params=moment).json())
    assert expected
    [names, *found] = as_csv(client.get(f"/api/{path}", params=moment | {"format": "csv"}))
    assert names == list(expected[0])
    assert len(found) == len(expected)
    assert as_parquet(client.get(f"/api/{path}", params=moment | {"format": "parquet"})).num_rows == len(expected)
    page = BeautifulSoup(client.get(f"/{path}", params=moment).text, "html.parser")
    links = [link["href"] for link in page.select(".files a")]
    assert len(links) == 2 and all("as_of=2013-07-10T20" in link for link in links)
    assert as_csv(client.get(links[0])) == [names, *found]
