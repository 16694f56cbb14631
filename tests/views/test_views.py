"""Every figure of every view, on two real days, against what pandas makes of the data set itself."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import duckdb
import numpy as np
import pandas as pd
import pytest

from aviation.columns import FLIGHTS, HISTORY
from aviation.errors import ParameterError, QueryError
from aviation.replay import reference
from aviation.sql import catalog
from aviation.sql.as_of import expand, rewrite
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.sql.parse import parse_select
from aviation.views import VIEWS, publish, view_sql
from aviation.views.airports import AIRPORTS
from aviation.views.glue import sql_of
from support.made_up import CATALOG, COST, NOON, Database, columns, leg, real_legs

DAYS = ("2013-07-10", "2013-07-11")
AIRLINE = ["airline_icao", "airline_iata", "airline_name"]


@pytest.fixture(scope="module")
def legs() -> pd.DataFrame:
    """The flights of the two days from the data set, in the columns of `flights` that the views read."""
    return pd.DataFrame([row for day in DAYS for row in real_legs(day)]).astype(
        {"dep_delay_min": "Int64", "arr_delay_min": "Int64"}
    )


@pytest.fixture(scope="module")
def airplanes() -> pd.DataFrame:
    """The rows of `airplanes` for real tail numbers, as the load reads them."""
    frame = pd.DataFrame(reference.airplanes(datetime(2013, 7, 12, tzinfo=UTC)))
    first = frame["first_flight_date"].str[:10].where(lambda text: text != "0000-00-00")
    return frame[["airplane_id", "icao_code_hex", "iata_code_short", "engines_type"]].assign(
        engines_count=frame["engines_count"].astype("Int64"),
        first_flight_date=pd.to_datetime(first),
        observed_at=datetime(2013, 7, 12),
    )


@pytest.fixture(scope="module")
def aircraft_types() -> pd.DataFrame:
    frame = pd.DataFrame(reference.aircraft_types(datetime(2013, 7, 12, tzinfo=UTC)))
    return frame[["plane_type_id", "iata_code", "aircraft_name"]]


@pytest.fixture(scope="module")
def real(legs, airplanes, aircraft_types) -> Database:
    """The tables of the two days."""
    filled = Database().insert("flights", legs).insert("airplanes", airplanes)
    return filled.insert("aircraft_types", aircraft_types)


def same(ours: pd.DataFrame, theirs: pd.DataFrame, keys: list[str]) -> None:
    """Both have the same columns, rows and figures, in whatever order the rows come."""
    assert list(ours.columns) == list(theirs.columns)
    assert len(ours) > 1
    ordered = [frame.sort_values(keys, ignore_index=True) for frame in (ours, theirs)]
    for name in ours.columns:
        mine, true = (frame[name] for frame in ordered)
        if pd.api.types.is_numeric_dtype(true):
            np.testing.assert_allclose(
                mine.astype("Float64").to_numpy(float, na_value=np.nan),
                true.astype("Float64").to_numpy(float, na_value=np.nan),
                rtol=1e-12,
                err_msg=name,
            )
        else:
            assert mine.astype(object).where(mine.notna(), None).tolist() == (
                true.astype(object).where(true.notna(), None).tolist()
            ), name


def quantile(values: pd.Series, share: float):
    known = values.dropna().to_numpy(int)
    return np.quantile(known, share, method="inverted_cdf") if len(known) else None


def delays(group: pd.DataFrame, column: str, called: str | None = None) -> dict:
    called = called or column
    return {
        f"mean_{called}": group[column].mean() if group[column].notna().any() else None,
        f"median_{called}": quantile(group[column], 0.5),
        f"p90_{called}": quantile(group[column], 0.9),
    }


def by(frame: pd.DataFrame, keys: list[str], figures) -> pd.DataFrame:
    """One row a group: its keys and its figures."""
    return pd.DataFrame(
        [dict(zip(keys, key, strict=True)) | figures(group) for key, group in frame.groupby(keys, dropna=False)]
    )


def counts(group: pd.DataFrame, delay: str = "arr_delay_min") -> dict:
    on_time = int((group[delay] < 15).sum())
    return {
        "flights": len(group),
        "on_time": on_time,
        "on_time_share": on_time / len(group),
        "cancelled": int((group["flight_status"] == "cancelled").sum()),
        "diverted": int((group["flight_status"] == "diverted").sum()),
    }


def test_on_time_by_airline_and_day(real, legs):
    expected = by(legs, ["flight_date", *AIRLINE], lambda group: counts(group) | delays(group, "arr_delay_min"))
    answer = real.ask("select * from on_time_by_airline_day")
    same(answer, expected, ["flight_date", "airline_icao"])
    of_the_day = answer[answer["flight_date"] == "2013-07-10"]
    assert (of_the_day["flights"].sum(), of_the_day["cancelled"].sum(), of_the_day["diverted"].sum()) == (1004, 121, 37)


def test_on_time_by_airport_and_hour(real, legs):
    sides = [
        legs.assign(
            airport=legs[f"{side}_iata"],
            direction=direction,
            hour=legs[f"{side}_scheduled_local"].dt.hour,
            delay_min=legs[f"{side}_delay_min"],
        )
        for side, direction in (("dep", "departure"), ("arr", "arrival"))
    ]
    keys = ["airport", "direction", "hour"]
    expected = by(pd.concat(sides), keys, lambda group: counts(group, "delay_min") | delays(group, "delay_min"))
    same(real.ask("select * from on_time_by_airport_hour"), expected, keys)


def test_delays_by_route_and_day(real, legs):
    keys = ["dep_iata", "arr_iata", "flight_date"]
    expected = by(
        legs,
        keys,
        lambda group: (
            {
                "flights": len(group),
                "arrived": group["arr_delay_min"].count(),
                "delayed": (group["arr_delay_min"] >= 15).sum(),
            }
            | delays(group, "arr_delay_min")
        ),
    )
    same(real.ask("select * from delays_by_route_day"), expected, keys)


def test_delays_by_hour_and_weekday(real, legs):
    local = legs["dep_scheduled_local"]
    keys = ["weekday", "hour"]

    def figures(group):
        known = counts(group)
        return (
            {name: known[name] for name in ("flights", "cancelled", "diverted")}
            | delays(group, "dep_delay_min")
            | delays(group, "arr_delay_min")
        )

    expected = by(legs.assign(weekday=local.dt.weekday + 1, hour=local.dt.hour), keys, figures)
    assert set(expected["weekday"]) == {3, 4}
    same(real.ask("select * from delays_by_hour_weekday"), expected, keys)


def test_cancellations_and_diversions(real, legs):
    def figures(group):
        known = counts(group)
        return {
            "flights": len(group),
            "cancelled": known["cancelled"],
            "cancelled_share": known["cancelled"] / len(group),
            "diverted": known["diverted"],
            "diverted_share": known["diverted"] / len(group),
        }

    expected = by(legs, ["flight_date", *AIRLINE], figures)
    same(real.ask("select * from cancellations_diversions"), expected, ["flight_date", "airline_icao"])


def test_delay_cost(real, legs):
    def figures(group):
        minutes = int(group["arr_delay_min"].clip(lower=0).sum())
        return {
            "flights": len(group),
            "delay_minutes": minutes,
            "cost_per_minute_usd": 100.8,
            "cost_usd": minutes * 100.8,
        }

    expected = by(legs, ["flight_date", *AIRLINE], figures)
    same(real.ask("select * from delay_cost"), expected, ["flight_date", "airline_icao"])


AT = NOON + timedelta(minutes=90)
WAITS = {"flight_status": "scheduled", "dep_late": None, "arr_late": None, "observed_at": AT}
FLIES = {"flight_status": "active", "arr_late": None, "observed_at": AT}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        # standing, departure delay, is it a bound, arrival delay, is it a bound, expected delays
        ({"dep_late": 5, "arr_late": -7}, ("over", 5, False, -7, False, 5, -7)),
        (WAITS, ("overdue", 90, True, 30, True, 90, 90)),
        (WAITS | {"dep_delay_forecast_min": 355}, ("overdue", 90, True, 30, True, 355, 355)),
        (WAITS | {"dep_delay_forecast_min": 20}, ("overdue", 90, True, 30, True, 90, 90)),
        (WAITS | {"leaves": 100, "arrives": 160}, ("to come", None, False, None, False, None, None)),
        (WAITS | {"leaves": 90, "arrives": 160}, ("to come", None, False, None, False, None, None)),
        (
            WAITS | {"leaves": 100, "arrives": 160, "dep_estimated_utc": NOON + timedelta(minutes=100)},
            ("to come", None, False, None, False, 0, 0),
        ),
        (
            WAITS | {"leaves": 100, "arrives": 160, "dep_delay_forecast_min": 40, "arr_delay_forecast_min": 25},
            ("to come", None, False, None, False, 40, 40),
        ),
        (FLIES | {"dep_late": 20}, ("under way", 20, False, 30, True, 20, 30)),
        (FLIES | {"dep_late": 20, "arrives": 200}, ("under way", 20, False, None, False, 20, 20)),
        (
            FLIES | {"dep_late": 20, "arrives": 200, "arr_estimated_utc": NOON + timedelta(minutes=205)},
            ("under way", 20, False, None, False, 20, 5),
        ),
        # It is active, and nobody says since when.
        (FLIES | {"dep_late": None, "arrives": 200}, ("under way", None, False, None, False, None, None)),
        # The API does not know its status: it has left all the same.
        (FLIES | {"flight_status": "unknown", "arrives": 200}, ("under way", 0, False, None, False, 0, 0)),
        ({"flight_status": "cancelled", "dep_late": 9, "arr_late": 9}, ("over", None, False, None, False, None, None)),
        ({"flight_status": "diverted", "dep_late": 9, "arr_late": None}, ("over", 9, False, None, False, 9, None)),
        (
            WAITS | {"observed_at": AT - timedelta(minutes=1)},
            ("not seen", None, False, None, False, None, None),
        ),
        (WAITS | {"dep_scheduled_utc": None}, ("to come", None, False, None, False, None, None)),
    ],
)
def test_where_a_flight_stands_and_how_late_it_is_at_the_least(more, said):
    values = {"leaves": 0, "arrives": 60, "observed_at": AT} | more
    rows = [leg("1", "EWR-BOS", **values), leg("2", "EWR-BOS", 0, 60, observed_at=AT)]
    [row] = (
        Database().insert("flights", rows).ask("select * from flights_so_far where flight_key = '1'").to_dict("records")
    )
    names = ["standing"]
    names += ["dep_delay_min", "dep_delay_is_at_least", "arr_delay_min", "arr_delay_is_at_least"]
    names += ["dep_delay_expected_min", "arr_delay_expected_min"]
    assert tuple(None if pd.isna(row[name]) else row[name] for name in names) == said
    assert row["known_at"] == AT


def test_a_flight_goes_by_the_newest_poll_that_covered_its_airport():
    rows = [
        leg("1", "EWR-BOS", 0, 60, **WAITS | {"observed_at": AT - timedelta(minutes=30)}),
        leg("2", "JFK-BOS", 0, 60, observed_at=AT),
        leg("3", "EWR-BOS", 0, 60, observed_at=AT, flight_date="2013-07-11"),
    ]
    answer = (
        Database().insert("flights", rows).ask("select standing, dep_delay_min from flights_so_far order by flight_key")
    )
    assert answer.values.tolist()[0] == ["overdue", 60]


def test_a_day_so_far():
    rows = [
        leg("on time", "EWR-BOS", 0, 60, dep_late=5, arr_late=14, observed_at=AT),
        leg("late", "EWR-BOS", 0, 60, dep_late=16, arr_late=15, observed_at=AT),
        leg("cancelled", "EWR-BOS", 0, 60, observed_at=AT, flight_status="cancelled"),
        leg("diverted", "EWR-BOS", 0, 60, observed_at=AT, flight_status="diverted"),
        leg("waits", "EWR-BOS", 0, 60, **WAITS),
        leg("waits a little", "EWR-BOS", 85, 160, **WAITS),
        leg("flies", "EWR-BOS", 60, 160, **FLIES),
        leg("later", "EWR-BOS", 100, 160, **WAITS, dep_estimated_utc=NOON + timedelta(minutes=100)),
        leg("gone", "EWR-BOS", 0, 160, **WAITS | {"observed_at": NOON}),
    ]
    [day] = Database().insert("flights", rows).ask("select * from days_so_far").to_dict("records")
    assert day == {
        "flight_date": pd.Timestamp("2013-07-10"),
        "known_at": pd.Timestamp(AT),
        **{"flights": 9, "finished": 4, "cancelled": 1, "diverted": 1, "under_way": 1},
        **{"overdue": 2, "very_overdue": 1, "worst_overdue_min": 90, "to_come": 1, "not_seen": 1},
        **{"on_time": 1, "on_time_share": 0.25},
        **{"expected": 8, "expected_on_time": 4, "expected_on_time_share": 0.5},
        **{"due": 6, "median_dep_delay_min": 5, "p90_dep_delay_min": 90},
    }


def test_turn_arounds_on_the_real_days(real, legs):
    flown = legs[(legs["flight_status"] != "cancelled") & legs["aircraft_registration"].notna()]
    flown = flown.sort_values(["dep_actual_utc", "flight_key"])
    before = flown.groupby("aircraft_registration").shift()
    expected = pd.DataFrame(
        {
            "flight_key": flown["flight_key"],
            "previous_flight_key": before["flight_key"],
            "previous_arr_iata": before["arr_iata"],
            "previous_arr_delay_min": before["arr_delay_min"],
            "is_turn_around": (before["arr_iata"] == flown["dep_iata"]) & (before["flight_status"] == "landed"),
            "scheduled_gap_min": (flown["dep_scheduled_utc"] - before["arr_scheduled_utc"]) / pd.Timedelta("1min"),
            "actual_gap_min": (flown["dep_actual_utc"] - before["arr_actual_utc"]) / pd.Timedelta("1min"),
        }
    ).dropna(subset="previous_flight_key")
    assert len(expected) > 500
    columns = ", ".join(expected.columns)
    same(real.ask(f"select {columns} from turn_arounds"), expected, ["flight_key"])


@pytest.mark.parametrize(
    ("late_in", "turn", "late_out", "explained"),
    [
        (60, 45, 50, 45),  # 15 minutes of the 60 are made up by the schedule
        (60, 45, 20, 20),  # no more than the delay
        (60, 25, 60, 60),  # a turn that is scheduled shorter has nothing to make up with
        (10, 45, 30, 0),
        (-5, 30, 30, 0),
        (60, 45, -3, 0),
        (60, 45, None, None),
        (None, 45, 20, None),
    ],
)
def test_the_delay_that_came_with_the_aircraft(late_in, turn, late_out, explained):
    rows = [
        leg("in", "BOS-EWR", -100, 0, dep_late=0, arr_late=late_in),
        leg("out", "EWR-ORD", turn, 200, dep_late=late_out),
    ]
    [answer] = Database().insert("flights", rows).ask("select * from turn_arounds").to_dict("records")
    assert (answer["flight_key"], answer["previous_flight_key"]) == ("out", "in")
    assert answer["is_turn_around"]
    assert answer["scheduled_gap_min"] == turn
    assert (None if pd.isna(answer["late_incoming_min"]) else answer["late_incoming_min"]) == explained


def test_what_is_no_turn_around():
    rows = [
        leg("1", "BOS-EWR", -300, -200, arr_late=None, flight_status="diverted"),
        leg("2", "EWR-ORD", -100, 0, dep_late=90),
        leg("cancelled", "ORD-EWR", 10, 60, flight_status="cancelled"),
        leg("4", "EWR-BOS", 120, 220),
        leg("other", "BOS-EWR", 250, 300, aircraft_registration=None),
    ]
    answer = Database().insert("flights", rows).ask("select * from turn_arounds order by flight_key")
    assert answer[["flight_key", "previous_flight_key"]].values.tolist() == [["2", "1"], ["4", "2"]]
    assert not answer["is_turn_around"].any()
    assert answer["late_incoming_min"].isna().all()


def test_the_fleet(real, legs, airplanes, aircraft_types):
    # Some tail numbers are an airline's own, and have no address to be described by.
    aircraft = legs["aircraft_icao24"].fillna(legs["aircraft_registration"])
    flown = aircraft.dropna().value_counts().rename_axis("aircraft").rename("flown").reset_index()
    by_address = airplanes.dropna(subset="icao_code_hex")
    known = flown.merge(by_address, left_on="aircraft", right_on="icao_code_hex", how="left", validate="1:1")
    known["aircraft_type"] = known["iata_code_short"].map(aircraft_types.set_index("iata_code")["aircraft_name"])
    known = known.fillna({"aircraft_type": "unknown", "engines_type": "unknown"})
    known["age"] = (pd.Timestamp(datetime.now(UTC).date()) - known["first_flight_date"]).dt.days / 365.25
    bands = ["00-04", "05-09", "10-14", "15-19", "20-24", "25+"]
    known["age_band"] = (
        pd.cut(known["age"], [0, 5, 10, 15, 20, 25, np.inf], right=False, labels=bands).astype(object).fillna("unknown")
    )
    keys = ["aircraft_type", "engines_type", "engines_count", "age_band"]
    expected = by(
        known,
        keys,
        lambda group: {
            "aircraft": len(group),
            "flights": group["flown"].sum(),
            "mean_age_years": group["age"].mean(),
        },
    )
    assert expected["age_band"].nunique() > 2
    assert expected["flights"].sum() == aircraft.notna().sum()
    same(real.ask("select * from fleet"), expected, keys)


def test_a_fleet_without_fan_out_and_without_loss():
    one = {"icao_code_hex": "A1", "iata_code_short": "738", "engines_type": "JET", "engines_count": 2}
    database = Database().insert(
        "flights",
        [
            leg("1", "EWR-BOS", 0, 60, aircraft_icao24="A1"),
            leg("2", "EWR-BOS", 100, 160, aircraft_icao24="A1"),
            leg("3", "EWR-BOS", 0, 60, aircraft_icao24="B2"),
            leg("4", "EWR-BOS", 0, 60, aircraft_icao24=None),
            leg("5", "EWR-BOS", 0, 60, aircraft_icao24=None, aircraft_registration=None),
        ],
    )
    old, new = datetime(2013, 1, 1), datetime(2013, 2, 1)
    database.insert(
        "airplanes",
        [
            one | {"airplane_id": "1", "observed_at": new, "first_flight_date": None},
            one | {"airplane_id": "2", "observed_at": old, "engines_count": 4},
        ],
    )
    database.insert("aircraft_types", [{"iata_code": "738", "aircraft_name": name} for name in ("Boeing", "737")])
    answer = database.ask("select * from fleet order by aircraft").astype(object)
    assert answer.where(answer.notna(), None).values.tolist() == [
        ["Boeing", "JET", 2, "unknown", 1, 2, None],
        ["unknown", "unknown", None, "unknown", 2, 2, None],
    ]


@pytest.mark.parametrize(
    ("years", "band"), [(0, "00-04"), (4.9, "00-04"), (5.1, "05-09"), (14, "10-14"), (24.9, "20-24"), (40, "25+")]
)
def test_the_age_bands(years, band):
    first = (datetime.now(UTC) - timedelta(days=years * 365.25)).date()
    database = Database().insert("flights", [leg("1", "EWR-BOS", 0, 60, aircraft_icao24="A1")])
    database.insert("airplanes", [{"icao_code_hex": "A1", "first_flight_date": first, "observed_at": NOON}])
    [answer] = database.ask("select age_band, mean_age_years from fleet").to_dict("records")
    assert answer["age_band"] == band
    assert answer["mean_age_years"] == pytest.approx(years, abs=0.01)


def test_how_fresh_the_data_is():
    now = datetime.now(UTC).replace(tzinfo=None)
    database = Database()
    for run, fetched in (("a", {"flights": now - timedelta(minutes=90), "cities": now - timedelta(days=2)}), ("b", {})):
        database.run("select 1")
        database.connection.execute(
            "insert into loads (run_id, status, finished_at, seconds, lines_read, newest_fetched_at) values"
            " (?, 'succeeded', ?, 7.5, 12, map(?::varchar[], ?::timestamp[]))",
            [run, now, list(fetched), list(fetched.values())],
        )
    first, empty = database.ask("select * from data_freshness order by run_id").to_dict("records")
    assert (first["run_id"], first["status"], first["seconds"], first["lines_read"]) == ("a", "succeeded", 7.5, 12)
    assert first["newest_fetched_at"] == now - timedelta(minutes=90)
    assert first["newest_age_min"] in (90, 91)
    assert pd.isna(empty["newest_fetched_at"])
    assert pd.isna(empty["newest_age_min"])


def test_the_batches_of_a_load_are_one_row_of_how_fresh_the_data_is():
    database = Database()
    batch = {"run_id": "a", "warnings": 1, "quarantined": 2, "status": "ok"}
    seconds = {f"seconds_to_queryable_{name}": n for n, name in enumerate(("min", "p50", "p95", "max"))}
    slower = {name: value + 10 for name, value in seconds.items()}
    later = {"batch": 2, "finished_at": NOON + timedelta(minutes=1), "lines_read": 5, "seconds": 60.0}
    database.insert("loads", [batch | seconds | {"batch": 1, "finished_at": NOON, "lines_read": 12, "seconds": 7.5}])
    database.insert("loads", [batch | slower | later | {"status": "warning"}])
    [row] = database.ask("select * from data_freshness").to_dict("records")
    assert (row["finished_at"], row["status"], row["seconds"]) == (NOON + timedelta(minutes=1), "warning", 67.5)
    assert (row["lines_read"], row["quarantined"], row["warnings"]) == (17, 4, 2)
    assert [row[name] for name in seconds] == [0, 11, 12, 13]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_is_declared_as_the_engine_describes_it_and_empty_tables_give_no_rows(view):
    types = {"VARCHAR": "varchar", "TIMESTAMP": "timestamp(6)"}
    database = Database()
    query = expand(parse_select(f"select * from {view.name}"), CATALOG).sql(dialect="duckdb")
    described = [
        (name, types.get(kind, kind.lower())) for name, kind, *_ in database.run(f"describe {query}").fetchall()
    ]
    assert described == [(name, kind) for name, (kind, _) in view.columns.items()]
    assert bool(database.run(query).fetchall()) is (view is AIRPORTS)  # which has its rows by itself


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_reads_the_same_after_a_round_trip_through_athenas_sql(view, real):
    text = parse_select(CATALOG.views[view.name]).sql(dialect="athena")
    answers = [real.ask(sql) for sql in (CATALOG.views[view.name], text)]
    answers = [answer.sort_values(list(answer.columns), ignore_index=True) for answer in answers]
    pd.testing.assert_frame_equal(*answers)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_says_what_it_means_within_the_catalogs_limits(view):
    assert view.question.endswith("?")
    assert view.definition
    assert view.source
    assert "*" not in CATALOG.views[view.name].replace("count(*)", "").replace(" * ", "")
    assert not re.search(":(delay|passengers)", CATALOG.views[view.name])
    for _, meaning in view.columns.values():
        assert 0 < len(meaning) <= 255
        assert "\n" not in meaning


def test_flights_without_airline_airport_or_schedule_are_counted():
    nothing = dict.fromkeys(("dep_iata", "arr_iata", "dep_scheduled_local", "arr_scheduled_local"))
    database = Database().insert("flights", [leg("1", "EWR-BOS", 0, 60, arr_late=20, **nothing)])
    [row] = database.ask("select * from on_time_by_airline_day").to_dict("records")
    assert (row["airline_name"], row["flights"], row["on_time"], row["p90_arr_delay_min"]) == (None, 1, 0, 20)
    for name in ("on_time_by_airport_hour", "delays_by_route_day", "delays_by_hour_weekday", "delay_cost"):
        answer = database.ask(f"select * from {name}")
        assert set(answer["flights"]) == {1}, name
    assert database.ask("select cost_usd from delay_cost").iloc[0, 0] == 2016.0


def test_an_airline_whose_name_is_missing_or_varies_is_one_row_and_only_flights_that_are_over_count():
    rows = [
        leg("1", "EWR-BOS", 0, 60, airline_icao="UAL", airline_name="United"),
        leg("2", "EWR-BOS", 0, 60, airline_icao="UAL", airline_iata="UA"),
        leg("3", "EWR-BOS", 0, 60, airline_icao="UAL", flight_status="active", arr_late=None),
        # Times that a cancelled or diverted flight should not have are no delay of it.
        leg("4", "EWR-BOS", 0, 60, airline_icao="UAL", flight_status="cancelled", dep_late=99, arr_late=99),
        leg("5", "EWR-BOS", 0, 60, airline_icao="UAL", flight_status="diverted", arr_late=99),
    ]
    database = Database().insert("flights", rows)
    [row] = database.ask("select * from on_time_by_airline_day").to_dict("records")
    assert (row["airline_icao"], row["airline_iata"], row["airline_name"]) == ("UAL", "UA", "United")
    assert (row["flights"], row["on_time"], row["cancelled"], row["diverted"]) == (4, 2, 1, 1)
    assert row["mean_arr_delay_min"] == 0
    assert database.ask("select delay_minutes from delay_cost").iloc[0, 0] == 0
    assert database.ask("select mean_dep_delay_min from delays_by_hour_weekday").iloc[0, 0] == 0


@pytest.mark.parametrize("cost", ["-1", "nan", "inf", "1); drop", "", None])
def test_a_cost_that_is_none_is_refused(cost):
    with pytest.raises(ParameterError, match="delay_cost_per_minute"):
        view_sql(VIEWS[0], delay_cost_per_minute=cost)


def test_the_glue_job_needs_nothing_installed_to_publish_them():
    asked = "import sys, aviation.views; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split()
    assert "aviation" in loaded
    assert not {"sqlglot", "pandas", "pyspark", "duckdb"} & set(loaded)


class Glue:
    """The calls of boto3's Glue client that publish and the catalog make, over tables in memory."""

    exceptions = SimpleNamespace(AlreadyExistsException=KeyError)

    def __init__(self, *tables: dict):
        self.tables = {table["Name"]: table for table in tables}
        self.calls = []

    def get_paginator(self, name: str):
        assert name == "get_tables"
        return self

    def paginate(self, *, DatabaseName: str):  # noqa: N803 - as boto3 names it
        yield from ({"TableList": [table | {"CreatedBy": "someone"}]} for table in self.tables.values())

    def create_table(self, *, DatabaseName: str, TableInput: dict):  # noqa: N803
        assert TableInput["Name"] not in self.tables
        self._put("create", TableInput)

    def update_table(self, *, DatabaseName: str, TableInput: dict):  # noqa: N803
        assert TableInput["Name"] in self.tables
        self._put("update", TableInput)

    def _put(self, call: str, table: dict):
        self.tables[table["Name"]] = table
        self.calls.append((call, table["Name"]))


def test_views_are_published_once_and_again_only_where_they_changed():
    older = {"Name": "older_view", "TableType": "VIRTUAL_VIEW"}
    glue = Glue(older)
    names = [view.name for view in VIEWS]
    assert publish(glue, "aviation", delay_cost_per_minute=100) == names
    assert publish(glue, "aviation", delay_cost_per_minute="100") == []
    assert publish(glue, "aviation", delay_cost_per_minute=90.5) == ["delay_cost"]
    glue.tables["fleet"]["StorageDescriptor"]["Columns"][0]["Comment"] = "as it was"
    assert publish(glue, "aviation", delay_cost_per_minute=90.5) == ["fleet"]
    assert glue.calls == [*(("create", name) for name in names), ("update", "delay_cost"), ("update", "fleet")]
    assert glue.tables["older_view"] is older


def test_a_view_that_is_there_by_the_time_it_is_made_is_put_in_place():
    """Another load was quicker, or the answer to the first try was lost."""
    import boto3
    from botocore.stub import Stubber

    client = boto3.client("glue", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_response("get_tables", {"TableList": []})
        for _ in VIEWS:
            stub.add_client_error("create_table", "AlreadyExistsException", "Table already exists")
            stub.add_response("update_table", {})
        assert len(publish(client, "aviation", delay_cost_per_minute=COST)) == len(VIEWS)
        stub.assert_no_pending_responses()


def test_what_is_published_is_what_botocore_takes_and_the_catalog_reads_back(monkeypatch):
    import boto3
    from botocore.stub import ANY, Stubber

    client = boto3.client("glue", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with Stubber(client) as stub:
        stub.add_response("get_tables", {"TableList": []}, {"DatabaseName": "aviation"})
        for _ in VIEWS:
            stub.add_response("create_table", {}, {"DatabaseName": "aviation", "TableInput": ANY})
        assert len(publish(client, "aviation", delay_cost_per_minute=COST)) == len(VIEWS)
    iceberg = {
        "Name": "flights",
        "Parameters": {"metadata_location": "s3://b/m.json"},
        "StorageDescriptor": {
            "Columns": [
                {"Name": "flight_key", "Type": "string", "Parameters": {"iceberg.field.current": "true"}},
                {"Name": "dropped", "Parameters": {"iceberg.field.current": "false"}},
            ]
        },
    }
    glue = Glue(iceberg)
    publish(glue, "aviation", delay_cost_per_minute=COST)
    monkeypatch.setattr(catalog.aws, "client", lambda service: glue)
    monkeypatch.setattr(catalog, "place", lambda name: "aviation")
    known = catalog.read()
    assert known.views == CATALOG.views
    assert known.tables == {"flights": "s3://b/m.json"}
    assert list(known.columns["flights"]) == ["flight_key"]
    assert known.columns["flights"]["flight_key"] == GlueColumn("string")
    assert list(known.columns["delay_cost"]) == list(VIEWS[7].columns)
    assert known.columns["delay_cost"]["flight_date"] == GlueColumn("date", "Local date of the scheduled departure.")


def test_a_view_in_the_catalog_has_the_form_that_athena_reads():
    import base64
    import json

    glue = Glue()
    publish(glue, "aviation_dev", delay_cost_per_minute=COST)
    table = glue.tables["data_freshness"]
    assert table["TableType"] == "VIRTUAL_VIEW"
    assert table["Parameters"] == {"presto_view": "true", "comment": "Presto View"}
    assert table["ViewExpandedText"] == "/* Presto View */"
    body = table["ViewOriginalText"].removeprefix("/* Presto View: ").removesuffix(" */")
    definition = json.loads(base64.b64decode(body))
    assert set(definition) == {"originalSql", "catalog", "schema", "columns"}
    assert (definition["catalog"], definition["schema"]) == ("awsdatacatalog", "aviation_dev")
    assert definition["columns"][1] == {"name": "finished_at", "type": "timestamp(6)"}
    assert table["StorageDescriptor"]["Columns"][1] == {
        "Name": "finished_at",
        "Type": "timestamp",
        "Comment": "When it finished, UTC.",
    }
    assert sql_of({"Name": "t", "TableType": "EXTERNAL_TABLE"}) is None


def test_a_view_as_of_an_instant_is_made_of_the_versions_that_held_then():
    known = Catalog(views=CATALOG.views, columns={name: columns()[name] for name in (FLIGHTS.name, HISTORY.name)})
    first = leg("1", "EWR-BOS", 0, 60, arr_late=None, flight_status="cancelled", known_from=NOON)
    last = leg("1", "EWR-BOS", 0, 60, arr_late=25, known_from=NOON + timedelta(hours=2), known_until=None)
    history = [first | {"known_until": NOON + timedelta(hours=2)}, last]
    database = Database().insert("flight_history", pd.DataFrame(history).astype({"arr_delay_min": "Int64"}))
    asked = "select flights, cancelled, p90_arr_delay_min from ON_TIME_BY_AIRLINE_DAY"

    def at(hour: int) -> list[tuple]:
        past = rewrite(parse_select(asked), NOON + timedelta(hours=hour), known)
        return database.run(expand(past, Catalog()).sql(dialect="duckdb")).fetchall()

    assert (at(-1), at(1), at(3)) == ([], [(1, 1, None)], [(1, 0, 25)])


def test_views_of_views_are_written_out_and_one_that_needs_itself_is_refused():
    views = {"late": "select * from delayed where n > 1", "delayed": "select 2 as n", "loop": "select * from loop"}
    known = Catalog(views=views)
    text = expand(parse_select("with delayed as (select 7 as n) select late.n, delayed.n from late, delayed"), known)
    assert duckdb.sql(text.sql(dialect="duckdb")).fetchall() == [(2, 7)]
    with pytest.raises(QueryError, match="'loop' needs itself"):
        expand(parse_select("select * from loop"), known)
