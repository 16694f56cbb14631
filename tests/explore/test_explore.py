"""The questions of the exploration notebooks: their answers, and what they say where there is little or nothing."""

import ast
import io
import re
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace

import altair as alt
import nbformat
import numpy as np
import pandas as pd
import PIL.Image
import pytest
import vl_convert
from IPython.display import Image, Markdown

from aviation import backend
from aviation.charts import marks
from aviation.columns import TABLES
from aviation.engine import as_athena
from aviation.errors import ParameterError, QueryError
from aviation.explore import data_quality as quality
from aviation.explore import fleet, late_aircraft, on_time, routes, storm_day, words
from aviation.explore import getting_started as tour
from aviation.explore import what_we_knew as knowledge
from aviation.explore.choice import Choice, choose
from aviation.explore.show import COLOURS, SCALE, picture, png, table
from aviation.explore.tables import ask, completed
from aviation.report import REPORT_MIME
from aviation.runs import notebook as runs
from aviation.runs.parameters import read_parameters
from aviation.sql import catalog
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog
from aviation.sql.question import Question
from support import ROOT
from support.made_up import CATALOG, Database, columns, leg, real_legs

NOTEBOOKS = sorted((ROOT / "notebooks/explore").glob("*.ipynb"))
every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
DAWN, NOON = datetime(2013, 7, 10, 8), datetime(2013, 7, 10, 12)


class Tables(Database):
    """DuckDB in the engine's place, with every table that the load declares."""

    def __init__(self):
        super().__init__()
        self.columns = {declared.name: columns()[declared.name] for declared in TABLES}

    @property
    def known(self) -> Catalog:
        of_views = {name: columns()[name] for name in CATALOG.views}
        return Catalog(tables=dict.fromkeys(self.columns, ""), views=CATALOG.views, columns=of_views | self.columns)

    def fly(self, legs: list[dict]):
        """These flights, known as they are since DAWN."""
        seen = {"observed_at": DAWN}
        self.insert("flights", [row | seen for row in legs])
        self.insert("flight_history", [row | seen | {"known_from": DAWN} for row in legs])
        return self.insert(
            "flight_observations",
            [{"flight_key": row["flight_key"], "flight_date": row["flight_date"]} | seen for row in legs],
        )

    def drop(self, name: str, column: str) -> None:
        self.connection.execute(f"alter table {name} drop column {column}")
        self.columns[name].pop(column)

    def lose_all(self) -> None:
        for name in self.columns:
            self.connection.execute(f"drop table {name}")
        self.columns = {}


@pytest.fixture
def tables(monkeypatch) -> Tables:
    made = Tables()
    monkeypatch.setattr(catalog, "read", lambda: made.known)

    def frame(question: Question) -> pd.DataFrame:
        as_athena.refuse(question.tree, question.catalog)
        return made.run(expand(question.tree, question.catalog).sql(dialect="duckdb")).df()

    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(frame=frame))
    return made


@pytest.fixture
def storm() -> Choice:
    """All flights of 10 July 2013; a new one for each test, because a choice keeps its answers."""
    return Choice("2013-07-10")


@pytest.fixture
def real(tables) -> Tables:
    """The flights of 10 July 2013 from the data set."""
    rows = pd.DataFrame(real_legs("2013-07-10")).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    return tables.insert("flights", rows)


def run(notebook: Path) -> list:
    """What the notebook's cells show, run in this process with its defaults."""
    shown, names = [], {}
    for cell in nbformat.read(notebook, as_version=4).cells:
        if cell.cell_type == "code":
            *statements, last = ast.parse(cell.source).body
            if isinstance(last, ast.Expr):
                exec(compile(ast.Module(statements, []), notebook.name, "exec"), names)
                shown.append(eval(compile(ast.Expression(last.value), notebook.name, "eval"), names))
            else:
                exec(compile(cell.source, notebook.name, "exec"), names)
    return [item for item in shown if item is not None]


def finding(notebook: Path) -> str:
    """The notebook's finding, which comes first, is two sentences and names no missing value."""
    said = run(notebook)[0].text
    assert len(re.findall(r"[.](?= [A-Z0-9`]|$)", said)) == 2, said
    assert not re.search(r"\b(nan|None|NaT|<NA>)\b", said), said
    return said


@every_notebook
@pytest.mark.parametrize("loaded", [False, True], ids=["no tables", "empty tables"])
def test_without_data_a_notebook_says_so_and_draws_nothing(tables, notebook, loaded):
    if not loaded:
        tables.lose_all()
    found, *answers = run(notebook)
    shown = [answer.picture() for answer in answers]
    assert not any(isinstance(item, Image) for item in shown)
    assert any("nothing to draw" in item.data for item in shown if isinstance(item, Markdown))
    assert re.search("No flight of|No route had|No load has", finding(notebook))
    assert "10 July 2013" in finding(notebook)
    report = found._repr_mimebundle_()[REPORT_MIME]
    assert report["status"] == "warning"
    assert "10 July 2013" in report["warning"]


@every_notebook
def test_one_flight_is_enough(tables, notebook):
    tables.fly([leg("2013-07-10|EWR|UAL|1", "EWR-BOS", 0, 60, dep_late=20, arr_late=20, airline_icao="UAL")])
    said = finding(notebook)
    assert "10 July 2013" in said or "No load has read a line yet" in said


@every_notebook
def test_a_day_without_cancellations(tables, notebook):
    tables.fly([leg(f"{n}", "EWR-BOS", n * 10, 60 + n * 10, airline_icao="UAL") for n in range(12)])
    said = finding(notebook)
    expected = {
        "02_storm_day": "none was cancelled or diverted",
        "08_what_we_knew": "No flight was cancelled",
        "04_late_aircraft": "There are not both late and punctual aircraft",
        "05_routes": "No destination was reached from two airports",
    }
    assert expected.get(notebook.stem, "") in said


@every_notebook
def test_a_column_that_the_data_lacks_is_as_if_it_were_null(tables, notebook):
    for name in ("flights", "flight_history"):
        for column in ("dep_delay_forecast_min", "aircraft_registration", "aircraft_icao24", "arr_gate", "flags"):
            tables.drop(name, column)
    for column in ("seconds_to_queryable_p50", "seconds_to_queryable_p95", "warnings_by_rule"):
        tables.drop("loads", column)
    rows = [leg(f"{n}", "EWR-BOS", n, 60, flight_status="cancelled" if n else "landed") for n in range(3)]
    for row in rows:
        del row["aircraft_registration"]
    tables.fly(rows)
    said = finding(notebook)
    expected = {
        "04_late_aircraft": "0 departures can be followed",
        "06_fleet": "Of 1 flight on 10 July 2013 not cancelled, not one names its aircraft",
    }
    assert expected.get(notebook.stem, "") in said


def test_only_what_is_missing_is_written_out(tables):
    text = "select flight_key from flights"
    assert completed(Question(text)).athena() == text
    tables.fly([leg("1", "EWR-BOS", 0, 60)])
    tables.drop("flights", "arr_gate")
    answer = ask("select flight_key, arr_gate, upper(arr_iata) as arr from aviation.flights where arr_gate is null")
    assert answer.astype(object).where(answer.notna(), None).values.tolist() == [["1", None, "BOS"]]
    assert ask("select n from (select count(*) as n from turn_arounds)")["n"].tolist() == [0]
    with pytest.raises(QueryError, match="does not parse"):
        ask("selec flight_key from flights")


def test_a_view_that_was_never_published_answers_as_declared(tables):
    tables.lose_all()
    answer = completed(Question("select route.dep_iata from delays_by_route_day as route"))
    assert tables.run(expand(answer.tree, Catalog()).sql(dialect="duckdb")).df().empty


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"day": "10 July"}, "'day' is '10 July': write it like 2013-07-10"),
        ({"day": "20130710"}, "'day' is '20130710'"),
        ({"day": "2013-07-10", "airports": ["jfk"]}, "'airports' has 'jfk'"),
        ({"day": "2013-07-10", "airlines": ["B6') or ('1' = '1"]}, "'airlines' has"),
        ({"day": "2013-07-10", "as_of": "noon"}, "'as_of': 'noon' is not a time"),
        ({"day": "2013-07-10", "airport": ["JFK"]}, "unknown parameter 'airport': did you mean 'airports'?"),
        ({"day": 20130710}, "'day' must be str"),
    ],
)
def test_a_choice_that_does_not_fit_is_refused_by_name(values, message):
    with pytest.raises(ParameterError, match=re.escape(message)):
        choose(**values)


def test_a_route_needs_an_arrival():
    with pytest.raises(ParameterError, match="'minimum_arrivals' must be at least 1"):
        choose(routes.RouteChoice, day="2013-07-10", minimum_arrivals=0)


def test_a_choice_asks_for_its_flights_only(tables):
    tables.fly(
        [
            leg("1", "JFK-BOS", 0, 60, airline_iata="B6", airline_icao="JBU"),
            leg("2", "JFK-BOS", 0, 60, airline_iata="UA", airline_icao="UAL"),
            leg("3", "EWR-BOS", 0, 60, airline_iata="B6", airline_icao="JBU"),
            leg("4", "JFK-BOS", 0, 60, airline_iata="B6", airline_icao="JBU", flight_date="2013-07-11"),
        ]
    )
    for airlines in (["B6"], ["JBU"]):
        chosen = choose(day="2013-07-10", airports=["JFK"], airlines=airlines)
        answer = chosen.ask(f"select flight_key from flights where {chosen.condition}")
        assert answer["flight_key"].tolist() == ["1"]
    assert chosen.label == "10 July 2013, from JFK, by JBU"
    assert chosen.at("2013-07-10T14:00+02:00").label.endswith("as of 2013-07-10 12:00 UTC")


def test_the_tour_counts_every_table(real, storm):
    listing = tour.tables(storm).frame.set_index("table")
    assert listing.loc["flights", "rows"] == 1004
    assert (listing.drop("flights")["rows"] == 0).all()
    assert tour.by_status(storm).frame.values.tolist() == [["landed", 846], ["cancelled", 121], ["diverted", 37]]
    assert tour.by_airport_hour(storm).frame.groupby("airport")["flights"].sum().to_dict() == {
        "EWR": 359, "JFK": 331, "LGA": 314,
    }  # fmt: skip


def test_the_storm_day_hour_by_hour(real, storm):
    outcomes, delays = storm_day.outcomes(storm).frame, storm_day.delays(storm).frame
    counts = outcomes.groupby("outcome")["flights"].sum()
    assert (counts["cancelled"], counts["diverted"], counts.sum()) == (121, 37, 1004)
    frame = pd.DataFrame(real_legs("2013-07-10"))
    left = frame[frame["flight_status"] == "landed"]
    assert counts["left late"] == (left["dep_delay_min"].astype(float) >= 15).sum()
    hours = frame["dep_scheduled_local"].map(lambda when: when.hour)
    means = frame["dep_delay_min"].astype("Float64").groupby(hours).mean()
    np.testing.assert_allclose(delays["mean_dep_delay_min"], means.to_numpy(float))
    said = storm_day.finding(storm).text
    assert "121 (12 %) cancelled" in said
    assert "The hour from 14:00 was the first in which half of the flights left 15 minutes late" in said


def test_who_is_on_time_is_what_the_view_says(real, storm):
    airlines, airports = on_time.by_airline(storm).frame, on_time.by_airport(storm).frame
    view = real.ask("select * from on_time_by_airline_day").set_index("airline_icao")
    ours = airlines.set_index("airline_icao")
    for column in ("flights", "on_time", "cancelled", "diverted", "on_time_share"):
        pd.testing.assert_series_equal(ours[column], view[column].reindex(ours.index), check_dtype=False)
    assert airlines["on_time_share"].is_monotonic_decreasing
    assert set(airports["airport"]) == {"EWR", "JFK", "LGA"}
    assert on_time.by_airport_hour(storm).frame["flights"].sum() == 1004
    assert (on_time.by_airline_airport(storm).frame["flights"] >= on_time.ENOUGH).all()
    assert (on_time.labelled(airlines)["flights"] >= on_time.ENOUGH).all()
    assert "433 (43 %) landed less than 15 minutes after schedule" in on_time.finding(storm).text


def test_a_late_aircraft_is_held_against_the_hour(tables, storm):
    tables.fly(
        [
            leg("late in", "EWR-BOS", 0, 60, arr_late=90),
            leg("late out", "EWR-ORD", 300, 400, dep_late=80),
            leg("punctual in", "EWR-BOS", 0, 60, arr_late=0, aircraft_registration="N2"),
            leg("punctual out", "EWR-ORD", 310, 400, dep_late=10, aircraft_registration="N2"),
            leg("alone", "EWR-ORD", 320, 400, dep_late=0, aircraft_registration="N3"),
            leg("nameless", "EWR-ORD", 320, 400, dep_late=30, aircraft_registration=None),
        ]
    )
    pairs = late_aircraft.pairs(storm).frame.set_index("flight_key")
    assert pairs["group"].to_dict() == {"late out": late_aircraft.WAS_LATE, "punctual out": late_aircraft.WAS_PUNCTUAL}
    assert (pairs["usual_delay_min"] == 30).all()
    seen = late_aircraft.seen(storm).frame.set_index("seen")["flights"]
    assert seen["only an earlier departure is known"] == 2
    assert (seen["names no aircraft"], seen.sum()) == (1, 6)
    said = late_aircraft.finding(storm).text
    assert "For none of the flights" in said
    assert said.startswith("2 departures can be followed")
    assert "left again 80 minutes late on average (all flights of the same hours: 30 minutes late)" in said


def test_where_the_incoming_leg_is_known_its_share_of_the_delay_is_told(tables, storm):
    tables.fly([leg("in", "BOS-EWR", -100, 0, arr_late=60), leg("out", "EWR-ORD", 30, 200, dep_late=120, arr_late=100)])
    said = late_aircraft.finding(storm).text
    assert "the late aircraft explains 50 %" in said


def test_routes_are_ranked_and_destinations_compared(tables):
    rows = [leg(f"a{n}", "JFK-BOS", n, 60, arr_late=60) for n in range(3)]
    rows += [leg(f"b{n}", "EWR-BOS", n, 60, arr_late=-5) for n in range(3)]
    rows += [leg(f"c{n}", "EWR-ORD", n, 60, arr_late=10) for n in range(3)]
    tables.fly([*rows, leg("d", "LGA-MIA", 0, 60, arr_late=300)])
    tables.insert("cities", [{"city_id": "1", "city_name": "Boston", "iata_code": "BOS"}])
    chosen = routes.RouteChoice("2013-07-10", minimum_arrivals=3)
    ranked = routes.routes(chosen).frame
    assert ranked["route"].tolist() == ["JFK → BOS", "EWR → ORD", "EWR → BOS"]
    assert ranked["delay_minutes"].tolist() == [180, 30, 0]
    assert ranked["named"].tolist() == ["JFK → Boston (BOS)", "EWR → ORD", "EWR → Boston (BOS)"]
    choices = routes.destinations(chosen).frame
    assert choices[["arr_iata", "dep_iata", "spread"]].values.tolist() == [["BOS", "EWR", 65], ["BOS", "JFK", 65]]
    said = routes.finding(chosen).text
    assert "from EWR flights arrived 5 minutes early on average, from JFK 60 minutes late, 65 minutes apart" in said
    assert len(routes.routes(routes.RouteChoice("2013-07-10", minimum_arrivals=1)).frame) == 4


def test_the_fleet_is_as_old_as_it_was_on_the_day(tables, storm):
    ages = {"a1": 4.9, "a2": 5.1, "a3": 30, "a4": None}
    tables.fly(
        [leg(name, "EWR-BOS", n, 60, aircraft_icao24=name, airline_name="X") for n, name in enumerate([*ages, "a5"])]
        + [leg("no", "EWR-BOS", 9, 60, aircraft_registration=None)]
    )
    born = {name: years and datetime(2013, 7, 10) - timedelta(days=years * 365.25) for name, years in ages.items()}
    tables.insert(
        "airplanes",
        [
            {"airplane_id": name, "icao_code_hex": name, "iata_code_short": "320", "first_flight_date": when}
            for name, when in born.items()
        ],
    )
    tables.insert("aircraft_types", [{"plane_type_id": "1", "iata_code": "320", "aircraft_name": "Airbus A320"}])
    aircraft = fleet.aircraft(storm).frame
    bands = fleet.by_age(aircraft).set_index("age")["aircraft"]
    assert bands[bands > 0].to_dict() == {"0–4": 1, "5–9": 1, "25 and more": 1, "unknown": 2}
    types = fleet.by_type(aircraft)[["aircraft_type", "aircraft"]].values.tolist()
    assert types == [["Airbus A320", 4], [fleet.UNKNOWN, 1]]
    said = fleet.finding(storm).text
    assert "Of 6 flights on 10 July 2013 not cancelled, 5 (83 %) name their aircraft" in said
    assert "with a known type for 4 (80 %)" in said
    assert "Their mean age, known for 3 (60 %), was 13 years" in said


def test_beyond_the_types_that_fit_the_rest_is_one_row():
    frame = pd.DataFrame(
        {"aircraft": [f"a{n}" for n in range(20)], "flights": 1, "aircraft_type": list("abcdefghijklmnopqrst")}
    )
    types = fleet.by_type(frame)
    assert types["aircraft_type"].iloc[-1] == "6 other types"
    assert types["flights"].sum() == 20


def test_an_airlines_mean_age_needs_half_of_its_aircraft():
    ages = [10.0] * 5 + [None] * 6
    frame = pd.DataFrame({"aircraft": range(11), "airline": "X", "age_years": ages})
    assert fleet.by_airline(frame).empty
    assert fleet.by_airline(frame.head(10))["mean_age_years"].tolist() == [10]


def test_quality_counts_what_is_missing_noticed_and_how_fresh_it_came(tables, storm):
    tables.fly(
        [
            leg("1", "EWR-BOS", 0, 60, dep_gate="A1", flags=["arr_zone_missing"]),
            leg("2", "EWR-BOS", 0, 60, flight_status="cancelled", dep_late=None, arr_late=None),
        ]
    )
    load = {"lines_read": 10, "observations_added": 6, "references": 1, "repeats": 1, "quarantined": 2, "warnings": 3}
    seconds = {f"seconds_to_queryable_{name}": 60 * n for n, name in enumerate(quality.SECONDS, 1)}
    tables.insert("loads", [{"run_id": "a", "finished_at": NOON, **load, **seconds}])
    tables.run("update loads set warnings_by_rule = map {'value_readable': 3}")
    tables.insert("quarantine", [{"quarantine_id": "q", "rule": "has_date", "times_seen": 2}])
    gaps = quality.completeness(storm).frame.set_index("column")
    assert (gaps.loc["dep_gate", "missing"], gaps.loc["dep_gate", "expected"]) == (1, 2)
    assert (gaps.loc["dep_delay_min", "missing"], gaps.loc["dep_delay_min", "expected"]) == (0, 1)
    noticed = quality.noticed(storm).frame[["kind", "name", "count"]].values.tolist()
    assert noticed == [["warning", "value_readable", 3], ["refused", "has_date", 2], ["flag", "arr_zone_missing", 1]]
    tables.insert("loads", [{"run_id": "a", "batch": 2, "finished_at": NOON, "lines_read": 1, "quarantined": 0}])
    loads = quality.loads(storm).frame
    assert loads[["run_id", "lines_read", "quarantined"]].values.tolist() == [["a", 11, 2]]  # its batches together
    assert quality.freshness(loads).set_index("measure")["minutes"].tolist() == [1, 2, 3, 4]
    said = quality.finding(storm).text
    assert "1 load read 11 lines, refused 2 (18 %) and warned 3 times" in said
    assert "every record could be queried within 5 minutes of its fetch" in said
    tables.drop("loads", "seconds_to_queryable_p50")
    assert len(quality.freshness(quality.loads(Choice("2013-07-10")).frame)) == 3


def test_what_was_known_when(tables, storm):
    """One flight flew, one was called off two hours before its departure and one an hour after it."""
    at_ten, at_one = DAWN + timedelta(hours=2), DAWN + timedelta(hours=5)
    known = {"flew": None, "early": at_ten, "late": at_one}
    scheduled = {
        key: leg(key, "EWR-BOS", 0, 60, dep_late=None, arr_late=None, flight_status="scheduled") for key in known
    }
    ended = {key: row | {"flight_status": "cancelled" if known[key] else "landed"} for key, row in scheduled.items()}
    until = {key: when or at_one for key, when in known.items()}
    tables.insert("flights", list(ended.values()))
    tables.insert(
        "flight_history",
        [row | {"known_from": DAWN, "known_until": until[key]} for key, row in scheduled.items()]
        + [row | {"known_from": until[key], "known_until": None} for key, row in ended.items()],
    )
    changed = [
        {"event_id": key, "flight_key": key, "flight_date": "2013-07-10", "field": "flight_status",
         "to_value": ended[key]["flight_status"], "known_from": until[key]}
        for key in known
    ]  # fmt: skip
    tables.insert("flight_events", changed)
    seen = [{"flight_key": "flew", "flight_date": "2013-07-10", "observed_at": when} for when in (DAWN, at_ten, at_one)]
    tables.insert("flight_observations", seen)
    held = knowledge.statuses(storm).frame
    assert knowledge.at(held, "2013-07-10T12:59Z") == {"cancelled": 1, "scheduled": 2}
    assert knowledge.at(held, "2013-07-10T07:00Z") == {}
    cancelled = knowledge.cancellations(storm).frame.set_index("flight_key")["notice_min"]
    assert cancelled.to_dict() == {"early": 120, "late": -60}
    notice = knowledge.notice(knowledge.cancellations(storm).frame)
    assert notice.values.tolist() == [["2–3 h before", 1, "by departure"], ["0–1 h after", 1, "after departure"]]
    then = storm.at("2013-07-10T12:00Z")
    compared = knowledge.then_and_now(then, storm).frame.set_index("flight_status")
    assert compared.loc["cancelled"].tolist() == [1, 2]
    assert compared.loc["scheduled"].tolist() == [2, 0]
    told = knowledge.expectations(storm).frame.set_index(["measure", "known_at"])["flights"]
    assert told["known cancellations"].tolist() == [0, 1, 2]
    assert knowledge.changes(storm).frame["changes"].tolist() == [1, 2]
    said = knowledge.finding(then, storm).text
    assert "the tables knew 3 of 3 flights, 1 of 2 cancellations and 0 of 1 landings" in said
    assert "1 (50 %) became known by the scheduled departure; the median one 30 minutes before it" in said
    assert "in replayed data that moment is invented" in said
    assert "invented" in knowledge.cancellations(storm).options["subtitle"]
    early = knowledge.finding(storm.at("2013-07-09T12:00Z"), storm)
    assert early.warning == "parameter 'as_of': at 2013-07-09T12:00Z nothing was known of these flights"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.counted(1, "flight"), "1 flight"),
        (words.counted(1004, "flight"), "1,004 flights"),
        (words.share(1, 8), "12 %"),
        (words.share(0, 0), "none"),
        (words.late(-4.4), "4 minutes early"),
        (words.late(0.4), "on time"),
        (words.late(1), "1 minute late"),
        (words.late(float("nan")), "by an unknown time"),
        (words.listed(["A"]), "A"),
        (words.listed(["A", "B", "C"]), "A, B and C"),
    ],
)
def test_figures_in_words(said, expected):
    assert said == expected


def test_a_picture_is_the_same_each_time_and_opaque_white():
    frame = pd.DataFrame({"name": ["a", "unknown"], "flights": [3, 2]})
    shown = picture(marks.bars, frame, label="name", value="flights", unit="flights", title="Flights")
    assert isinstance(shown, Image)
    again = marks.bars(frame, label="name", value="flights", unit="flights", title="Flights")
    assert png(again) == shown.data
    assert shown.data.startswith(b"\x89PNG")
    assert len(shown.data) < 30_000
    assert again.to_dict()["config"]["background"] == "white"
    assert "currentColor" not in again.to_json()


def test_nothing_is_shown_as_words():
    nothing = pd.DataFrame({"name": [], "flights": []})
    assert "Flights: there is nothing to draw" in picture(marks.bars, nothing, title="Flights").data
    assert "nothing to list" in table(nothing).data
    assert table(pd.DataFrame({"delay": pd.array([7, None], "Int64")})).data.count("<td>–</td>") == 1
    assert "long text " * 9 + "!" in table(pd.DataFrame({"text": ["long text " * 9 + "!"]})).data


def test_packing_keeps_the_picture():
    chart = alt.Chart(pd.DataFrame({"x": [1, 2]})).mark_bar(color="#d1495b").encode(x="x:Q")
    drawn = PIL.Image.open(io.BytesIO(vl_convert.vegalite_to_png(chart.to_json(), scale=SCALE))).convert("RGB")
    packed = PIL.Image.open(io.BytesIO(png(chart)))
    assert len(packed.getcolors()) <= COLOURS
    difference = np.abs(np.asarray(drawn, int) - np.asarray(packed.convert("RGB"), int))
    assert difference.mean() < 1
    assert difference.max() < 40


def test_an_answer_is_a_picture_with_its_sql_folded_below(real, storm):
    answer = storm_day.outcomes(storm)
    assert isinstance(answer.picture(), Image)
    folded = answer.query().data
    assert folded.startswith("<details><summary>")
    assert "FROM flights" in folded
    assert "dep_delay_min &gt;= 15" in folded
    pd.testing.assert_frame_equal(storm.ask(answer.sql), answer.frame)
    assert "<table" in tour.tables(storm).picture().data


def test_a_question_is_asked_once(tables, storm):
    tables.fly([leg("1", "EWR-BOS", 0, 60)])
    assert storm.flights == 1
    tables.fly([leg("2", "EWR-BOS", 0, 60)])
    assert storm.flights == 1
    assert Choice("2013-07-10").flights == 2


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"airports": ["XXX"]}, "no flight from XXX that day, whose airports are EWR and JFK"),
        ({"airports": ["JFK", "XXX"]}, "no flight from XXX that day, whose airports are EWR and JFK"),
        ({"airlines": ["UA", "ZZ"]}, "no flight by ZZ that day, whose airlines are B6 and UA"),
        ({"airports": ["JFK"], "airlines": ["UA"]}, "The airlines that were chosen fly from other airports that day."),
        ({"day": "2013-07-08"}, "`aviation backfill --from 2013-07-08 --to 2013-07-08`"),
        ({"as_of": "2013-07-10T06:00Z"}, "By now they have 2 such flights: ask for a later moment."),
        ({"airports": ["JFK"], "airlines": ["B6"]}, None),
    ],
)
def test_a_parameter_that_selects_nothing_says_so(tables, values, said):
    tables.fly(
        [
            leg("1", "JFK-BOS", 0, 60, airline_iata="B6", airline_icao="JBU"),
            leg("2", "EWR-BOS", 0, 60, airline_iata="UA", airline_icao="UAL"),
        ]
    )
    shown = storm_day.finding(choose(**({"day": "2013-07-10"} | values)))._repr_mimebundle_()
    if said is None:
        assert REPORT_MIME not in shown
        return
    assert shown[REPORT_MIME]["status"] == "warning"
    assert said in shown[REPORT_MIME]["warning"]
    assert said in shown["text/markdown"]


def test_too_many_arrivals_asked_for_are_a_warning(tables):
    tables.fly([leg("1", "EWR-BOS", 0, 60)])
    found = routes.finding(routes.RouteChoice("2013-07-10", minimum_arrivals=2))
    assert "`minimum_arrivals`" in found.warning


def test_chart_and_finding_follow_the_same_departures(tables, storm):
    """Also where an earlier leg has no delay, or was on another day."""
    tables.fly(
        [
            leg("in", "BOS-EWR", -100, 0, arr_late=60),
            leg("out", "EWR-ORD", 30, 200, dep_late=120, arr_late=100),
            leg("lost", "JFK-BOS", 0, 60, arr_late=None, aircraft_registration="N2", flight_status="diverted"),
            leg("next", "JFK-BOS", 300, 400, aircraft_registration="N2"),
        ]
    )
    seen = late_aircraft.seen(storm).frame.set_index("seen")["flights"]
    assert seen["an earlier departure, but not both delays"] == 1
    assert seen.reindex(late_aircraft.FOLLOWED, fill_value=0).sum() == len(late_aircraft.pairs(storm).frame) == 1


@every_notebook
def test_the_repository_shows_a_notebooks_charts(notebook):
    """Kept as images, which every viewer shows; `make notebooks` draws them again."""
    outputs = [output for cell in nbformat.read(notebook, as_version=4).cells for output in cell.get("outputs", [])]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert any("text/markdown" in output.get("data", {}) for output in outputs)
    for chart, below in pairwise(outputs):
        if "image/png" in chart.get("data", {}):
            assert below["data"]["text/html"].startswith("<details><summary>The SQL behind it</summary>")
    assert notebook.stat().st_size < 100_000


def at_another_day(notebook: Path, folder: Path) -> tuple[Path, nbformat.NotebookNode]:
    """The notebook, and what came of it with its parameter file."""
    [case] = (ROOT / "parameters/explore" / notebook.stem).glob("*.yaml")
    job = f"explore/{notebook.stem}"
    record = runs.execute(notebook, read_parameters(case), job=job, out_dir=folder, timeout_seconds=60)
    [executed] = folder.rglob(f"{record.run_id}.ipynb")
    return notebook, nbformat.read(executed, as_version=4)


@pytest.fixture(scope="module")
def other_days(stack, tmp_path_factory) -> dict[Path, nbformat.NotebookNode]:
    """Each notebook, run as a job with its parameter file of another day, two at a time."""

    # Processes, for a run has the environment to itself.
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        return dict(pool.map(at_another_day, NOTEBOOKS, [tmp_path_factory.mktemp("runs")] * len(NOTEBOOKS)))


@pytest.mark.slow
@every_notebook
def test_a_notebook_runs_as_a_job_at_another_day(other_days, notebook):
    [cell] = [cell for cell in other_days[notebook].cells if cell.id == "finding"]
    said = cell.outputs[-1]["data"]["text/markdown"]
    # Where no such day is loaded, it says which one `make demo` loads.
    assert "9 July 2013" in said.partition("`make demo`")[0]
    assert "10 July 2013" not in said.partition("`make demo`")[0]
