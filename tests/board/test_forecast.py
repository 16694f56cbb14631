"""What the board says is forecast, against pandas over the same rows; and what it says where nothing is."""

from datetime import datetime, timedelta
from io import BytesIO
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest

from aviation.board import forecast, offline
from aviation.board.pages.disrupted import FORECAST_CHANCE, FORECAST_MIN
from aviation.board.tables import of_this_version
from aviation.columns import FORECASTS
from aviation.severity import WEIGHTS
from aviation.sql.catalog import Catalog
from aviation.views import UNPRICED
from aviation.views.holding import SAID
from support import board_truth
from support.board import MadeTables, browser
from support.board_figures import COST_PER_MINUTE, LATE
from support.board_made import MadeStack, insert_loads, load
from support.forecasts_made import LEFT_OUT, REASONS, foreseen, storm_forecasts
from support.forecasts_made import forecast as row
from support.made_up import NOON, Database, leg

POLL = datetime(2013, 7, 10, 20, 10)
THEN = f"{POLL.isoformat()}Z"
KEY = "2013-07-10|JFK|JBU|1"
QUANTILES = {"departures": ("p10", "p50", "p90"), "arrivals": ("arr_p10", "arr_p50", "arr_p90")}


def truth(when: datetime) -> pd.DataFrame:
    """The flights of the demo's day that have not left by `when`, with the newest forecast of each until then."""
    legs = board_truth.flights(pd.Timestamp(when, tz="UTC").to_pydatetime())
    made = storm_forecasts()
    newest = made[made["made_at"] <= when].sort_values("made_at").groupby("flight_key").tail(1).set_index("flight_key")
    held = legs[legs["standing"].isin(["to come", "overdue"])].join(newest[list(SAID[1:])], how="inner")
    return held[~(held["late"] > held["p90"])]


@pytest.fixture(scope="module")
def board():
    return browser(foreseen(), stack=MadeStack())


def asked(board, path, **query):
    answer = board.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def page(board, path, **query):
    return " ".join(board.get(path, params=query).text.split())


# At LEFT_OUT no load made forecasts: those of the load before hold.
@pytest.mark.parametrize("when", [POLL, LEFT_OUT, datetime(2013, 7, 11, 0, 50)], ids=str)
@pytest.mark.parametrize("direction", QUANTILES)
def test_the_board_has_the_newest_forecast_of_each_flight_that_has_not_left(board, when, direction):
    held = truth(when)
    first = asked(board, "flights", as_of=f"{when}Z", direction=direction)
    pages = [asked(board, "flights", as_of=f"{when}Z", direction=direction, page=n + 1) for n in range(first["pages"])]
    lines = pd.DataFrame([line for one in pages for line in one["flights"]]).set_index("flight_key")
    assert first["forecasts"] == len(held) > 0
    said = lines[lines["chance_late"].notna()]
    assert set(said.index) == set(held.index)
    names = ("forecast_least_min", "forecast_min", "forecast_most_min", "chance_late")
    for name, column in zip(names, (*QUANTILES[direction], "p_late"), strict=True):
        np.testing.assert_allclose(said[name].sort_index(), held[column].sort_index())
        assert lines[name].notna().sum() == len(held)


@pytest.mark.parametrize(("sort", "column"), [("forecast", "p50"), ("chance", "p_late")])
def test_the_board_is_sorted_by_what_is_forecast(board, sort, column):
    held = truth(POLL)[column].sort_values(ascending=False)
    first = asked(board, "flights", as_of=THEN, sort=sort, descending=True)["flights"]
    np.testing.assert_allclose([line[f"{sort}_{'late' if sort == 'chance' else 'min'}"] for line in first], held[:100])
    assert 'aria-sort="descending"' in page(board, "/flights", as_of=THEN, sort=sort, descending=True)


def test_a_file_of_the_board_has_the_forecasts(board):
    query = {"as_of": THEN, "format": "parquet"}
    rows = pd.read_parquet(BytesIO(board.get("/api/flights", params=query).content)).set_index("flight_key")
    held = truth(POLL)
    np.testing.assert_allclose(rows.loc[held.index, "forecast_most_min"], held["p90"])
    text = board.get("/api/flights", params=query | {"format": "csv"}).text
    assert text.splitlines()[0].endswith("forecast_least_min,forecast_min,forecast_most_min,chance_late")


def test_a_flights_page_has_what_holds_and_what_was_said_before(board):
    made = storm_forecasts()
    for key, held in truth(POLL).iloc[::40].iterrows():
        said = asked(board, f"flight/{key}", as_of=THEN)
        before = made[(made["flight_key"] == key) & (made["made_at"] <= POLL)].sort_values("made_at")
        assert [pd.Timestamp(one["made_at"]) for one in said["forecasts"]] == list(before["made_at"])
        assert [one["p50"] for one in said["forecasts"]] == list(before["p50"])
        assert said["forecast"] == said["forecasts"][-1]
        assert [said["forecast"][name] for name in ("p10", "p_late", "horizon_min")] == [
            held[name] for name in ("p10", "p_late", "horizon_min")
        ]
        assert (said["forecast"]["reasons"], said["forecast_missing"]) == (list(REASONS[:3]), "")


def test_of_a_flight_that_has_left_nothing_holds_any_more_but_what_was_said_stays(board):
    legs = board_truth.flights(pd.Timestamp(POLL, tz="UTC").to_pydatetime())
    for standing, word in (("under way", "it left"), ("over", "it left")):
        here = legs[(legs["standing"] == standing) & (legs["known_status"] != "cancelled")]
        key = next(key for key in here.index if (storm_forecasts()["flight_key"] == key).any())
        said = asked(board, f"flight/{key}", as_of=THEN)
        assert said["forecast"] is None
        assert said["forecasts"]
        assert said["forecast_missing"] == ""
        text = page(board, f"/flight/{quote(key)}", as_of=THEN)
        assert f"None holds any more, since {word}." in text
        assert "Leaves about" not in text


def expected_cases(when: datetime) -> pd.DataFrame:
    """The flights of which nothing is known and a delay is forecast: what they weigh, and are expected to cost."""
    held = truth(when)
    late = held[["expected", "expected_arrival"]].max(axis=1)
    held = held[(held["standing"] == "to come") & ~(late >= LATE)]
    held = held[(held["p50"] >= FORECAST_MIN) | (held["p_late"] >= FORECAST_CHANCE)]
    shares = pd.Series([0.3, 0.4, 0.3])
    means = [held[list(names)].clip(lower=0).dot(shares.set_axis(names)) for names in QUANTILES.values()]
    mean = pd.concat(means, axis=1).max(axis=1)
    stays = 1 - held["p_cancelled"]
    weight = stays * mean + held["p_cancelled"] * WEIGHTS["cancelled"]
    return held.assign(weight=weight, cost=stays * mean * COST_PER_MINUTE, middle=held[["p50", "arr_p50"]].max(axis=1))


def test_what_is_forecast_late_needs_attention_beside_what_is_known(board):
    expected = expected_cases(POLL)
    assert len(expected) > 20
    said = asked(board, "now", as_of=THEN)
    without = board_truth_cases()
    found = pd.DataFrame(said["cases"]).set_index("flight_key")
    turns = found[found["kind"] == "turn"].index
    cases = found[found["kind"] == "forecast"].sort_index()
    expected = expected.drop(index=turns, errors="ignore").sort_index()
    assert list(cases.index) == list(expected.index)
    for name, column in (("weight", "weight"), ("cost_usd", "cost"), ("minutes", "middle")):
        np.testing.assert_allclose(cases[name].astype(float), expected[column])
    # What is known stays what it was.
    assert {key: kind for key, kind in found["kind"].items() if kind != "forecast"} == without
    weights = [one["weight"] for one in said["cases"]]
    assert weights == sorted(weights, reverse=True)
    assert (cases["is_at_least"] == False).all()  # noqa: E712 - a column
    for key, reason in cases["reason"].items():
        assert f"{min(99, max(1, round(100 * expected.loc[key, 'p_late'])))} % to be late or never leave" in reason
        assert "JFK: flights due in the last hour are 34 min late on average." in reason


def board_truth_cases() -> dict[str, str]:
    """The kinds of the cases of the same moment where there is no forecast."""
    tables = without_forecasts(foreseen())
    return {
        one["flight_key"]: one["kind"] for one in asked(browser(tables, stack=MadeStack()), "now", as_of=THEN)["cases"]
    }


def without_forecasts(tables: MadeTables) -> MadeTables:
    """The tables as a version before left them: without the one of forecasts, the columns in loads, and the views that
    are not priced."""
    made = MadeTables(tables.database)
    tables_there = {name: where for name, where in made.catalog.tables.items() if name != FORECASTS.name}
    columns = {name: dict(about) for name, about in made.catalog.columns.items() if name != FORECASTS.name}
    for name in ("forecasts", "forecasts_missing"):
        columns["loads"].pop(name)
    views = {name: text for name, text in made.catalog.views.items() if name not in UNPRICED}
    made.catalog = of_this_version(Catalog(tables=tables_there, views=views, columns=columns))
    return made


@pytest.fixture(scope="module")
def board_before():
    return browser(without_forecasts(foreseen()), stack=MadeStack())


def test_a_stack_of_the_version_before_says_that_there_are_no_forecasts_yet(board_before):
    words = "No forecast yet: the next load makes the first."
    key = truth(POLL).index[0]
    for path in (f"/flight/{quote(key)}", "/flights", "/", "/airport/JFK"):
        assert words in page(board_before, path, as_of=THEN), path
        assert "Chance late" not in page(board_before, path, as_of=THEN), path
    said = asked(board_before, f"flight/{key}", as_of=THEN)
    assert (said["forecast"], said["forecasts"], said["forecast_missing"]) == (None, [], forecast.NOT_YET)
    lines = asked(board_before, "flights", as_of=THEN, sort="forecast")
    assert (lines["forecasts"], lines["forecasts_missing"]) == (0, forecast.NOT_YET)
    assert board_before.get("/api/flights", params={"as_of": THEN, "format": "csv"}).status_code == 200


def made(*loads: dict, forecasts: list[dict] = (), others: list[dict] = (), **flight) -> MadeTables:
    """A flight that is to leave at 14:10 UTC, and others, seen at noon; loads, and forecasts."""
    told = leg(KEY, "JFK-BOS", 130, 200, dep_late=None, arr_late=None, flight_status="scheduled")
    seen = {"observed_at": NOON, "first_seen_at": NOON, "airline_iata": "B6"}
    frame = pd.DataFrame([seen | told | flight, *(seen | other for other in others)])
    for side in ("dep", "arr"):
        frame[f"{side}_delay_min"] = frame[f"{side}_delay_min"].astype("Int64")
        frame[f"{side}_actual_utc"] = pd.to_datetime(frame[f"{side}_actual_utc"])
    database = Database().insert("flights", frame)
    database.insert("flight_history", frame.assign(known_from=NOON - timedelta(hours=1), known_until=pd.NaT))
    database.insert("flight_observations", frame[["flight_key", "flight_date"]].assign(observed_at=NOON))
    for table in ("flights", "flight_history"):
        database.run(f"update {table} set flags = coalesce(flags, []), codeshares = coalesce(codeshares, [])")
    insert_loads(database, *loads)
    if forecasts:
        database.insert(FORECASTS.name, pd.DataFrame(forecasts).assign(flight_date=pd.Timestamp("2013-07-10")))
    return MadeTables(database)


FEW = "no forecast yet: it needs 500 flights that have ended, and the tables have 12"
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("loads", "words"),
    [
        ([load(forecasts_missing=FEW)], FEW),
        ([load()], forecast.NOT_YET),  # a row of the version before
        ([load(fetched_at=NOON + HOUR, forecasts_missing=FEW)], forecast.NOT_THEN),
        ([load(forecasts=1), load("b", finished_at=NOON + HOUR, forecasts_missing=FEW)], FEW),
        ([load(forecasts_missing=FEW), load("b", finished_at=NOON + HOUR, forecasts=1)], forecast.NOT_OF_IT),
        ([], forecast.NOT_THEN),
    ],
    ids=["too few flights", "a load of before", "a load after it", "the newest load", "not of this flight", "no load"],
)
def test_the_page_says_why_there_is_no_forecast(loads, words):
    board = browser(made(*loads), stack=MadeStack())
    assert asked(board, f"flight/{KEY}")["forecast_missing"] == words
    assert f"{words[:1].upper()}{words[1:]}." in page(board, f"/flight/{quote(KEY)}")
    for path in ("now", "flights"):
        assert asked(board, path)["forecasts_missing"] == ("" if words == forecast.NOT_OF_IT else words)


def test_where_the_newest_load_made_none_what_is_shown_is_said_to_be_of_a_load_before():
    loads = [load(forecasts=1), load("b", finished_at=NOON + HOUR, forecasts_missing="it failed")]
    board = browser(made(*loads, forecasts=[row(KEY, NOON)]), stack=MadeStack())
    assert "It failed. What is shown is of a load before." in page(board, "/flights")


def test_a_flights_page_says_the_forecast_in_words():
    board = browser(
        made(load(forecasts=1), forecasts=[row(KEY, NOON), row(KEY, NOON - HOUR, p50=5.0)]), stack=MadeStack()
    )
    text = page(board, f"/flight/{quote(KEY)}")
    for said in (
        "Leaves about <strong>35 min late</strong>: 12 min to 1 h 18 min late in eight of ten cases.",
        "<strong>62 %</strong> to leave 15 min late or more, or never; <strong>3 %</strong> to be cancelled.",
        f"<li>{REASONS[0].replace(chr(39), '&#39;')}</li>",
        "As of 12:00 UTC, 2 h 10 min before its scheduled departure, by the model 2013-07-09-ab12.",
        '<td class="number">+5 min</td>',
    ):
        assert said in text, said
    assert "+35" in page(board, "/flights")


@pytest.mark.parametrize(
    ("flight", "kind"),
    [
        ({}, "forecast"),
        ({"flight_status": "cancelled"}, "cancelled"),
        ({"dep_delay_forecast_min": 20}, "late"),
        ({"dep_scheduled_utc": NOON - timedelta(minutes=20)}, "overdue"),
        ({"dep_delay_min": 3, "dep_actual_utc": NOON, "flight_status": "active"}, None),
        ({"observed_at": NOON - HOUR}, "forecast"),
    ],
    ids=["nothing known", "cancelled", "late by the API", "overdue", "left", "seen an hour ago"],
)
def test_what_is_known_wins_over_what_is_forecast(flight, kind):
    board = browser(made(load(forecasts=1), forecasts=[row(KEY, NOON)], **flight), stack=MadeStack())
    assert [case["kind"] for case in asked(board, "now")["cases"]] == ([kind] if kind else [])


def test_an_aircraft_with_little_time_to_turn_is_known_and_ranks_by_what_is_forecast():
    late = {"dep_late": 40, "arr_late": None, "arr_delay_forecast_min": 50, "flight_status": "active"}
    before = leg("2013-07-10|BOS|JBU|9", "BOS-JFK", -60, 60, **late)
    told = {}
    for said in ([], [row(KEY, NOON)]):
        board = browser(made(load(forecasts=1), forecasts=said, others=[before]), stack=MadeStack())
        told[len(said)] = next(case for case in asked(board, "now")["cases"] if case["flight_key"] == KEY)
    assert [case["kind"] for case in told.values()] == ["turn", "turn"]
    assert (told[0]["weight"], told[0]["cost_usd"]) == (0, None)
    assert told[1]["weight"] == pytest.approx(0.97 * (0.3 * 12 + 0.4 * 35 + 0.3 * 78) + 0.03 * WEIGHTS["cancelled"])
    assert told[1]["reason"].startswith(told[0]["reason"])
    assert "Forecast: 12 min to 1 h 18 min late, 62 % to be late or never leave." in told[1]["reason"]


@pytest.mark.parametrize(
    ("said", "is_told"),
    [
        ({"p50": FORECAST_MIN, "p_late": 0.1}, True),
        ({"p50": FORECAST_MIN - 1, "p_late": 0.1}, False),
        ({"p50": 0.0, "p_late": FORECAST_CHANCE}, True),
        ({"p50": 0.0, "p_late": FORECAST_CHANCE - 0.01}, False),
    ],
)
def test_what_is_forecast_needs_attention_from_a_threshold_on(said, is_told):
    board = browser(made(load(forecasts=1), forecasts=[row(KEY, NOON, **said)]), stack=MadeStack())
    assert bool(asked(board, "now")["cases"]) is is_told


def test_a_wait_that_is_longer_than_was_forecast_ends_the_forecast():
    waits = {"dep_scheduled_utc": NOON - timedelta(minutes=90)}
    for most, holds in ((80.0, False), (100.0, True)):
        board = browser(made(load(forecasts=1), forecasts=[row(KEY, NOON, p90=most)], **waits), stack=MadeStack())
        assert (asked(board, f"flight/{KEY}")["forecast"] is not None) is holds


def test_a_forecast_can_be_acknowledged_and_the_delay_that_follows_is_another():
    board = browser(made(load(forecasts=1), forecasts=[row(KEY, NOON)]), stack=MadeStack())
    token = board.get("/api/quiet").json()["csrf_token"]
    form = {"flight_key": KEY, "disruption": "forecast", "csrf_token": token}
    answer = board.post("/api/acknowledge", data=form, headers={"Origin": "http://127.0.0.1:8300"})
    assert answer.status_code == 200, answer.text
    [case] = asked(board, "now")["cases"]
    assert (case["kind"], case["quiet"]["kind"]) == ("forecast", "acknowledged")


def test_the_page_that_is_one_file_has_the_same(board):
    text = offline.render(foreseen(), as_of=THEN, stack=MadeStack())
    case = next(one for one in asked(board, "now", as_of=THEN)["cases"] if one["kind"] == "forecast")
    assert case["reason"] in text
    assert 'class="status forecast"' in text
    assert "Chance late" in text


def test_what_is_forecast_may_say_anything_and_stays_text():
    evil = "<script>alert(1)</script>"
    board = browser(made(load(forecasts=1), forecasts=[row(KEY, NOON, reason_1=evil, model=evil)]), stack=MadeStack())
    for path in (f"/flight/{quote(KEY)}", "/"):
        assert evil not in page(board, path)
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page(board, path)
