"""Where the files of the tables cannot be read, the board asks Athena, and shows the same."""

from datetime import datetime

import pyarrow as pa
import pytest

from aviation import aws
from aviation.board import tables as board_tables
from aviation.board.narrowed import Narrowed
from aviation.board.pages import disrupted, tiles
from aviation.errors import AviationError, QueryError
from aviation.sql import athena as through
from support.athena import DeniedTables, MadeAthena, refusing
from support.board import browser
from support.board_made import MadeStack
from support.forecasts_made import foreseen

DAY = datetime(2013, 7, 10).date()
THEN = "2013-07-10T20:10:00Z"
PAGES = ("now", "flights", "airline/B6", "airport/JFK", "aircraft/N504JB", "map", "data")
NESTED = ["codeshares", "flags"]
NAMES = {"PublishedBucket": "published", "Workgroup": "group", "Database": "aviation"}


@pytest.fixture
def s3(monkeypatch):
    """S3, which lets nobody read."""
    server = refusing()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for module in ("engine.connection", "sql.athena", "board.readers"):
        monkeypatch.setattr(f"aviation.{module}.place", NAMES.__getitem__)
    monkeypatch.setattr(aws, "access", lambda: aws.Access("key", "secret", "", "us-east-1"))
    monkeypatch.setattr(through, "PAUSE_SECONDS", 0.01)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def athena(monkeypatch, s3):
    made = MadeAthena(foreseen().database)
    monkeypatch.setattr(aws, "client", lambda service, **_: made)
    return made


@pytest.fixture
def tables(athena):
    return DeniedTables()


def without_clock(answer: object) -> object:
    """Without what the clock on the wall says, and by what was asked."""
    if isinstance(answer, dict):
        clock = ("age_min", "asked_through", "not_from_files")
        return {name: without_clock(value) for name, value in answer.items() if name not in clock}
    return [without_clock(value) for value in answer] if isinstance(answer, list) else answer


def a_flight() -> str:
    return foreseen().records("select max(flight_key) as key from flights where aircraft_registration is not null")[0][
        "key"
    ]


@pytest.mark.parametrize("then", ["", THEN])
def test_the_pages_show_the_same_as_from_the_files(tables, athena, then):
    asks, expected = (browser(these, stack=MadeStack()) for these in (tables, foreseen()))
    of_a_time = {"as_of": then} if then else {}
    for path in (
        "now",
        "flights",
        f"flight/{a_flight()}",
        "airline/B6",
        "airport/JFK",
        "aircraft/N504JB",
        "map",
        "data",
    ):
        found, told = (client.get(f"/api/{path}", params=of_a_time) for client in (asks, expected))
        assert found.status_code == told.status_code == 200, (path, found.text)
        assert without_clock(found.json()) == without_clock(told.json()), path
    assert len(athena.asked) > 5


@pytest.mark.parametrize("then", [None, datetime(2013, 7, 10, 20, 10)])
@pytest.mark.parametrize("day", [DAY, None])
@pytest.mark.parametrize(
    "text", [disrupted.FLIGHTS, tiles.DAY, "select * from flights", "select * from flight_history"]
)
def test_an_answer_has_the_same_rows_and_types(tables, text, day, then):
    asked = {"day": day, "as_of": then}
    found, expected = (these.ask(text, **asked) for these in (tables, foreseen()))
    if not day:  # Athena's text of an array is none that can be read
        found, expected = (frame.drop(columns=NESTED, errors="ignore") for frame in (found, expected))
    assert list(found.dtypes) == list(expected.dtypes)
    rows = [sorted(map(tuple, frame.astype(str).to_numpy())) for frame in (found, expected)]
    assert len(rows[0]) == len(rows[1])
    assert [(one, other) for one, other in zip(*rows, strict=True) if one != other][:1] == []


def test_the_flights_of_one_airline_are_those_of_the_files(tables):
    narrowed = [Narrowed(these, "airline_iata = 'B6'") for these in (tables, foreseen())]
    then = datetime(2013, 7, 10, 20, 10)
    found, expected = (one.records(tiles.DAY, day=DAY, as_of=then) for one in narrowed)
    assert found == expected
    assert found != foreseen().records(tiles.DAY, day=DAY, as_of=then)


def test_the_files_are_tried_once_a_load_and_a_day_is_asked_once(tables, s3, athena):
    tables.ask(tiles.DAY, day=DAY)
    tried, asked = len(s3.asked), len(athena.asked)
    assert asked == len(board_tables.BY_DAY)
    assert {path.split("/")[2] for path in s3.asked} == {"loads"}
    tables.ask(disrupted.FLIGHTS, day=DAY, as_of=datetime(2013, 7, 10, 20, 10))
    tables.ask(tiles.DAY, day=DAY)
    assert (len(s3.asked), len(athena.asked)) == (tried, asked)


def test_the_page_says_through_what_it_is_asked(tables):
    asks = browser(tables, stack=MadeStack())
    assert "Asked through Athena" in asks.get("/data").text
    found = asks.get("/api/data").json()
    assert found["asked_through"] == "Athena"
    assert "403" in found["not_from_files"]
    files = browser(foreseen(), stack=MadeStack())
    assert "Asked through Athena" not in files.get("/data").text
    assert (files.get("/api/data").json()["asked_through"], files.get("/api/data").json()["not_from_files"]) == (
        "DuckDB",
        "",
    )


def test_a_format_that_duckdb_does_not_know_is_asked_of_athena(tables, s3):
    s3.answer = (200, b'{"format-version": 99}')
    assert tables.reader.name == "Athena"


@pytest.mark.parametrize("status", [404, 400])
def test_any_other_trouble_is_told_and_tried_again(tables, s3, athena, status):
    denied, s3.answer = s3.answer, (status, b"")
    with pytest.raises(QueryError, match=str(status)):
        tables.ask("select count(*) as flights from flights")
    assert athena.asked == {}
    s3.answer = denied
    assert len(tables.ask("select count(*) as flights from flights")) == 1


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("select flight_key from flights order by 1", "SELECT flight_key FROM flights ORDER BY 1 LIMIT 7"),
        ("select flight_key from flights limit 100", "SELECT flight_key FROM flights LIMIT 7"),
        ("select flight_key from flights limit 3", "SELECT flight_key FROM flights LIMIT 3"),
        (
            "select 1 as a from flights union all select 2 from flights",
            "SELECT 1 AS a FROM flights UNION ALL SELECT 2 FROM flights LIMIT 7",
        ),
    ],
)
def test_what_somebody_typed_is_limited(tables, athena, text, sent):
    assert tables.free(text, most=7).num_rows == (3 if "limit 3" in text else 7)
    assert list(athena.asked.values()) == [sent]


def test_an_answer_has_types_and_tells_null_from_an_empty_text(tables):
    found = tables.free(
        "select '' as empty, cast(null as varchar) as none, 'a\n\"b' as text, cast(1.5 as decimal(4, 2)) as price, "
        "true as yes, date '2013-07-10' as day, timestamp '2013-07-10 20:00:00.123456' as moment, "
        "cast(null as bigint) as lines",
        most=5,
    )
    assert (
        found.to_pylist()
        == foreseen()
        .free(
            "select '' as empty, cast(null as varchar) as none, 'a\n\"b' as text, cast(1.5 as decimal(4, 2)) as price, "
            "true as yes, date '2013-07-10' as day, timestamp '2013-07-10 20:00:00.123456' as moment, "
            "cast(null as bigint) as lines",
            most=5,
        )
        .to_pylist()
    )
    kinds = [pa.string()] * 3 + [pa.decimal128(4, 2), pa.bool_(), pa.date32(), pa.timestamp("us"), pa.int64()]
    assert found.schema.types == kinds


def test_rows_of_nothing_but_null_count(tables):
    found = tables.free("select cast(null as bigint) as none from flights limit 3", most=5)
    assert found.to_pylist() == [{"none": None}] * 3


def test_show_is_answered_from_the_catalog(tables, athena):
    assert "flights" in tables.free("show tables", most=50).column(0).to_pylist()
    assert athena.asked == {}


def test_a_query_that_takes_too_long_is_stopped(tables, athena, monkeypatch):
    monkeypatch.setattr(board_tables, "SECONDS", 0.2)
    athena.state = "RUNNING"
    with pytest.raises(QueryError, match=r"^the query was given up after 0\.2 seconds: ask for less$"):
        tables.free("select 1 as one", most=1)
    assert athena.stopped == list(athena.asked)


def test_a_query_is_stopped_when_the_board_ends(tables, athena):
    athena.state = "RUNNING"
    assert tables.reader.name == "Athena"
    tables.end()
    with pytest.raises(QueryError, match="given up as this program ends"):
        tables.free("select 1 as one", most=1)
    assert athena.stopped == list(athena.asked)


def test_what_athena_refuses_is_one_line(tables, athena):
    athena.state, athena.reason = "FAILED", "COLUMN_NOT_FOUND: line 1:8:\n Column 'x' cannot be resolved"
    with pytest.raises(QueryError, match=r"Athena refused the query: COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot"):
        tables.ask("select x from flights")


@pytest.mark.parametrize("reason", ["", "Access Denied (Service: Amazon S3; Status Code: 403)"])
def test_without_either_permission_one_line_names_both(tables, athena, reason):
    athena.denied = "" if reason else "AccessDeniedException"
    athena.state, athena.reason = ("FAILED", reason) if reason else ("SUCCEEDED", "")
    with pytest.raises(AviationError, match="cannot be read") as refused:
        tables.ask(tiles.DAY, day=DAY)
    said = str(refused.value)
    assert "s3:GetObject on the bucket published" in said
    assert "athena:StartQueryExecution on the workgroup group" in said
    assert "\n" not in said
    answered = browser(tables, stack=MadeStack()).get("/api/now")
    assert (answered.status_code, answered.json()["error"]) == (503, said)
