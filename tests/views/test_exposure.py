"""What passengers may be due, against the law as it is read here once more, in plain Python."""

from datetime import timedelta
from pathlib import Path

import airportsdata
import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aviation.columns import FLIGHTS, HISTORY
from aviation.errors import ParameterError
from aviation.local import airport_places
from aviation.sql.as_of import expand, rewrite
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from aviation.views import VIEWS, airports, view_sql
from aviation.views.carriers import ALLIANCES, LICENSED, by_code
from aviation.views.rights import AREAS, BANDS, COMPENSATION, REGIMES, SCOPES
from support.made_up import CATALOG, COST, NOON, Database, columns, leg, real_legs

PLACES = airportsdata.load("IATA")
LATE = {"arr_late": 200}
CANCELLED = {"flight_status": "cancelled", "dep_late": None, "arr_late": None}
AT = NOON + timedelta(minutes=30)
WAITS = {"flight_status": "scheduled", "dep_late": None, "arr_late": None, "observed_at": AT}


def exposure(*legs: dict, of: Catalog = CATALOG) -> pd.DataFrame:
    """The view's rows of these legs, in the order of their keys."""
    database = Database().insert("flights", pd.DataFrame(legs).astype({"arr_delay_min": "Int64"}))
    text = "select * from passenger_exposure order by flight_key"
    return database.run(expand(parse_select(text), of).sql(dialect="duckdb")).df()


def one(route: str, airline: str, **more) -> dict:
    """The view's row of one leg on `route`, in eight hours from noon; what is missing is None."""
    [row] = exposure(leg("1", route, 0, 480, airline_icao=airline, **more)).to_dict("records")
    return {name: None if pd.isna(value) else value for name, value in row.items()}


@pytest.mark.parametrize(
    ("route", "airline", "regime", "second"),
    [
        # Whose airline: of the EU, of the UK, of elsewhere.
        ("CDG-FRA", "DLH", "EU261", None),
        ("CDG-FRA", "UAL", "EU261", None),
        ("LHR-EDI", "BAW", "UK261", None),
        ("LHR-CDG", "AFR", "UK261", "EU261"),
        ("LHR-CDG", "BAW", "UK261", None),
        ("LHR-CDG", "UAL", "UK261", None),
        ("CDG-LHR", "AFR", "EU261", "UK261"),
        ("CDG-LHR", "BAW", "EU261", "UK261"),
        ("CDG-LHR", "UAL", "EU261", None),
        ("CDG-JFK", "UAL", "EU261", "US DOT"),
        ("JFK-CDG", "AFR", "EU261", "US DOT"),
        ("JFK-CDG", "BAW", "UK261", "US DOT"),
        ("JFK-CDG", "UAL", "US DOT", None),
        ("JFK-LHR", "DLH", "UK261", "US DOT"),
        ("JFK-LHR", "AAL", "US DOT", None),
        ("DXB-CDG", "UAE", "none", None),
        ("DXB-SIN", "AFR", "none", None),
        # Territories, and countries beside the Union.
        ("RUN-MRU", "MAU", "EU261", None),
        ("ZRH-DXB", "UAE", "EU261", None),
        ("KEF-JFK", "DAL", "EU261", "US DOT"),
        ("PPT-AKL", "ANZ", "none", None),
        ("GIB-TNG", "RAM", "none", None),
        ("JER-TNG", "RAM", "none", None),
        ("SJU-BOG", "AVA", "US DOT", None),
        ("QQQ-CDG", "AFR", None, None),
        # An airline that nobody knows is one of elsewhere.
        ("JFK-CDG", None, "US DOT", None),
    ],
)
def test_the_rules_that_cover_a_flight(route, airline, regime, second):
    row = one(route, airline, **CANCELLED)
    assert (row["regime"], row["second_regime"]) == (regime, second)
    assert (row["because"] == "cancelled") is (regime not in (None, "none"))


@pytest.mark.parametrize(
    ("route", "airline", "amount", "currency", "band"),
    [
        ("CDG-FRA", "AFR", 250, "EUR", "up to 1,500 km"),
        ("CDG-ATH", "AFR", 400, "EUR", "over 1,500 km within the EU area"),
        ("CDG-RUN", "AFR", 400, "EUR", "over 1,500 km within the EU area"),
        ("CDG-CAI", "AFR", 400, "EUR", "over 1,500 to 3,500 km"),
        ("CDG-JFK", "AFR", 600, "EUR", "over 3,500 km"),
        ("LHR-CDG", "BAW", 220, "GBP", "up to 1,500 km"),
        ("LHR-ATH", "BAW", 350, "GBP", "over 1,500 to 3,500 km"),
        ("LHR-JFK", "BAW", 520, "GBP", "over 3,500 km"),
    ],
)
def test_what_each_passenger_may_be_due(route, airline, amount, currency, band):
    row = one(route, airline, **LATE)
    assert (row["amount_per_passenger"], row["currency"], row["band"]) == (amount, currency, band)
    assert (row["because"], row["actual_per_passenger"], row["expected_per_passenger"]) == ("late", amount, None)
    assert (row["passengers"], row["actual_amount"]) == (None, None)


@pytest.mark.parametrize(
    ("route", "more", "because", "actual", "expected"),
    [
        ("CDG-FRA", {"arr_late": 179}, None, 0, None),
        ("CDG-FRA", {"arr_late": 180}, "late", 250, None),
        ("CDG-FRA", {"arr_late": -20}, None, 0, None),
        ("CDG-FRA", {"arr_late": None}, None, 0, None),  # it landed, and nobody says when
        ("CDG-FRA", CANCELLED, "cancelled", 250, None),
        ("CDG-FRA", {"flight_status": "diverted", "arr_late": None}, "diverted", 250, None),
        ("CDG-FRA", WAITS, None, None, 0),  # 30 minutes by now
        ("CDG-FRA", WAITS | {"dep_delay_forecast_min": 185}, "expected late", None, 250),
        ("CDG-FRA", WAITS | {"observed_at": NOON}, None, None, None),  # nothing is expected of it
        ("CDG-FRA", WAITS | {"observed_at": NOON + timedelta(minutes=700)}, "expected late", None, 250),
        ("CDG-FRA", WAITS | {"flight_status": "active", "dep_late": 240}, "expected late", None, 250),
        ("JFK-BOS", {"arr_late": 180}, "late", None, None),
        ("JFK-BOS", {"arr_late": 179}, None, None, None),
        ("JFK-GRU", {"arr_late": 359}, None, None, None),
        ("JFK-GRU", {"arr_late": 360}, "late", None, None),
        ("JFK-BOS", CANCELLED, "cancelled", None, None),
    ],
)
def test_why_it_is_due_and_whether_it_has_happened(route, more, because, actual, expected):
    row = one(route, "LAN", **more)
    assert (row["because"], row["actual_per_passenger"], row["expected_per_passenger"]) == (because, actual, expected)


@pytest.mark.parametrize(
    ("said", "more", "because", "expected", "possible", "late", "p90"),
    [
        ([], {}, None, None, None, None, None),
        ([(0, 40, 90)], {}, None, 0, 0, 40, 90),
        ([(0, 40, 180)], {}, None, 0, 250, 40, 180),
        ([(0, 180.2, 240)], {}, "expected late", 250, 250, 180, 240),
        ([(0, 200, 240), (1, 40, 90)], {}, None, 0, 0, 40, 90),  # the newest holds
        ([(0, 40, 90)], {"dep_delay_forecast_min": 185}, "expected late", 250, 250, 185, 185),
        ([(0, 200, 240)], {"flight_status": "active", "dep_late": 0}, None, 0, 0, 0, None),  # it has left
    ],
)
def test_a_leg_that_has_not_left_goes_by_its_newest_forecast_too(said, more, because, expected, possible, late, p90):
    rows = [
        {"flight_key": "1", "flight_date": "2013-07-10", "made_at": NOON + timedelta(minutes=at), "p50": 0.0}
        | {"arr_p50": half, "arr_p90": most}
        for at, half, most in said
    ]
    flight = leg("1", "CDG-FRA", 60, 480, airline_icao="AFR", **WAITS | {"observed_at": NOON} | more)
    database = Database().insert("flights", pd.DataFrame([flight]).astype({"arr_delay_min": "Int64"}))
    if rows:
        database.insert("flight_forecasts", rows)
    [row] = database.ask("select * from passenger_exposure").to_dict("records")
    names = ("because", "expected_per_passenger", "possible_per_passenger", "arr_delay_expected_min")
    found = tuple(None if pd.isna(row[name]) else row[name] for name in (*names, "arr_delay_p90_min"))
    assert found == (because, expected, possible, late, p90)
    assert (row["forecast_at"] is not pd.NaT) == (p90 is not None)
    [day] = database.ask("select * from passenger_exposure_by_airline_day").to_dict("records")
    assert (day["expected_exposed"], day["possibly_exposed"]) == (bool(expected), bool(possible))


def test_us_rules_offer_a_refund_and_no_compensation():
    row = one("JFK-BOS", "JBU", **LATE)
    assert (row["remedy"], row["refund_offered"]) == ("refund offered, no fixed compensation", True)
    assert row["amount_per_passenger"] is row["currency"] is row["band"] is None
    # Beside another's compensation, by the hours of their own.
    assert not one("CDG-JFK", "AFR", **LATE)["refund_offered"]
    assert one("CDG-JFK", "AFR", arr_late=360)["refund_offered"]
    assert not one("CDG-FRA", "AFR", **CANCELLED)["refund_offered"]


def test_a_flight_that_is_not_seen_any_more_says_nothing():
    there = leg("2", "CDG-NCE", 0, 60, observed_at=NOON + timedelta(minutes=10))
    [gone, _] = exposure(leg("1", "CDG-FRA", 0, 60, **WAITS | {"observed_at": NOON}), there).to_dict("records")
    assert gone["standing"] == "not seen"
    assert pd.isna(gone["actual_per_passenger"]) and pd.isna(gone["expected_per_passenger"])


# The law once more, for one flight.
MEMBERS = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"
EU = {*MEMBERS.split(), "AX", "GF", "GP", "MF", "MQ", "RE", "YT", "IS", "LI", "NO", "CH"}
US = {"US", "PR", "VI", "GU", "MP", "AS", "UM"}
OF_EU, OF_UK, ELSEWHERE = ("AFR", "DLH", "RYR", "WZZ"), ("BAW", "EZY", "VIR"), ("UAL", "UAE", "THY", "NOPE")


def km(start: str, end: str) -> float:
    """The great circle by the angle between two unit vectors."""
    places = np.radians([[PLACES[code]["lat"], PLACES[code]["lon"]] for code in (start, end)])
    north, east = places[:, 0], places[:, 1]
    a, b = np.stack([np.cos(north) * np.cos(east), np.cos(north) * np.sin(east), np.sin(north)], axis=1)
    return float(6371.0088 * np.arctan2(np.linalg.norm(np.cross(a, b)), a @ b))


def law(start: str, end: str, airline: str) -> tuple[str, int | None, str | None]:
    """The regime of a flight, and what a passenger may be due."""
    leaves, reaches = PLACES[start]["country"], PLACES[end]["country"]
    far = km(start, end)
    if leaves in EU or (leaves != "GB" and reaches in EU and airline in OF_EU):
        within = leaves in EU and reaches in EU
        return "EU261", 250 if far <= 1500 else 400 if within or far <= 3500 else 600, "EUR"
    if leaves == "GB" or (reaches == "GB" and airline in OF_EU + OF_UK) or (reaches in EU and airline in OF_UK):
        return "UK261", 220 if far <= 1500 else 350 if far <= 3500 else 520, "GBP"
    return ("US DOT" if leaves in US or reaches in US else "none"), None, None


@settings(max_examples=15, deadline=None, phases=[Phase.generate])  # an example takes too long to be made smaller
@given(st.data())
def test_any_flight_has_the_regime_and_the_amount_that_the_law_gives(data):
    of_eu, of_uk = ([code for code, one in PLACES.items() if one["country"] in area] for area in (EU, {"GB"}))
    code = st.one_of(st.sampled_from(of_eu), st.sampled_from(of_uk), st.sampled_from(sorted(PLACES)))
    flights = data.draw(
        st.lists(st.tuples(code, code, st.sampled_from(OF_EU + OF_UK + ELSEWHERE)), min_size=20, max_size=60)
    )
    legs = [
        leg(f"{number:02}", f"{start}-{end}", 0, 60, arr_late=180, airline_icao=airline)
        for number, (start, end, airline) in enumerate(flights)
    ]
    for row, flight in zip(exposure(*legs).to_dict("records"), flights, strict=True):
        far = km(*flight[:2])
        assert abs(row["distance_km"] - far) < 1.2, flight  # rounded up, of coordinates to a thousandth of a degree
        if min(abs(far - bound) for bound in (1500, 3500)) > 0.2:
            amount = row["amount_per_passenger"]
            currency = row["currency"] if isinstance(row["currency"], str) else None
            assert (row["regime"], None if pd.isna(amount) else amount, currency) == law(*flight), flight


def test_a_day_of_an_airline_is_the_sum_of_its_flights_beside_its_delay_cost():
    legs = [
        leg("1", "CDG-JFK", 0, 480, arr_late=200, airline_icao="AFR"),
        leg("2", "CDG-FRA", 0, 60, airline_icao="AFR", **CANCELLED),
        leg("3", "LHR-CDG", 0, 60, arr_late=300, airline_icao="AFR"),
        leg("4", "CDG-NCE", 0, 60, arr_late=10, airline_icao="AFR"),
        leg("5", "CDG-LYS", 0, 60, airline_icao="AFR", **WAITS | {"dep_delay_forecast_min": 300}),
        leg("6", "JFK-BOS", 0, 60, arr_late=300, airline_icao="JBU"),
        leg("7", "JFK-BOS", 0, 60, arr_late=300, airline_icao=None),
    ]
    sold = Catalog(
        views={view.name: view_sql(view, delay_cost_per_minute=COST, passengers_per_flight=150) for view in VIEWS}
    )
    database = Database().insert("flights", pd.DataFrame(legs).astype({"arr_delay_min": "Int64"}))
    text = "select * from passenger_exposure_by_airline_day order by airline_icao nulls last"
    answer = database.run(expand(parse_select(text), sold).sql(dialect="duckdb")).df()
    french, american, nobody = answer.astype(object).where(answer.notna(), None).to_dict("records")
    assert french == french | {
        **{"flights": 5, "compensated": 5, "exposed": 3, "expected_exposed": 1, "refunds_offered": 0},
        **{"actual_eur_per_passenger": 850, "expected_eur_per_passenger": 250},
        **{"actual_gbp_per_passenger": 220, "expected_gbp_per_passenger": None},
        **{"passengers": 150, "actual_eur": 127_500, "expected_eur": 37_500, "actual_gbp": 33_000},
        **{"delay_cost_usd": 510 * 100.8},
    }
    for row in (american, nobody):
        assert row["delay_cost_usd"] == 300 * 100.8
        assert (row["compensated"], row["refunds_offered"], row["actual_eur"], row["actual_gbp"]) == (0, 1, None, None)


def test_the_demo_s_day_offers_refunds_and_no_compensation():
    day = pd.DataFrame(real_legs("2013-07-10")).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    answer = Database().insert("flights", day).ask("select * from passenger_exposure")
    assert len(answer) == len(day) == 1004
    assert set(answer["regime"]) == {"US DOT"} and answer["amount_per_passenger"].isna().all()
    merged = answer.merge(day, on="flight_key", suffixes=("", "_true"))
    over = merged["flight_status"].isin(["cancelled", "diverted"]) | (merged["arr_delay_min"] >= 180).fillna(False)
    assert merged["refund_offered"].tolist() == over.tolist()
    by_day = Database().insert("flights", day).ask("select * from passenger_exposure_by_airline_day")
    cost = Database().insert("flights", day).ask("select * from delay_cost")
    both = by_day.merge(cost, on="airline_icao")
    assert (both["delay_cost_usd"] == both["cost_usd"]).all()
    assert by_day["flights"].sum() == 1004 and by_day["refunds_offered"].sum() == over.sum()


def test_as_of_a_moment_it_is_what_was_known_then():
    known = Catalog(views=CATALOG.views, columns={name: columns()[name] for name in (FLIGHTS.name, HISTORY.name)})
    late = leg("1", "CDG-FRA", 0, 60, airline_icao="AFR", **WAITS | {"dep_delay_forecast_min": 200})
    history = [
        late | {"known_from": NOON, "known_until": NOON + timedelta(hours=2)},
        leg("1", "CDG-FRA", 0, 60, airline_icao="AFR", **CANCELLED) | {"known_from": NOON + timedelta(hours=2)},
    ]
    database = Database().insert("flight_history", pd.DataFrame(history).astype({"arr_delay_min": "Int64"}))
    asked = "select because, actual_per_passenger, expected_per_passenger from passenger_exposure"

    def at(hour: int) -> list[tuple]:
        past = rewrite(parse_select(asked), NOON + timedelta(hours=hour), known)
        return database.run(expand(past, Catalog()).sql(dialect="duckdb")).fetchall()

    assert (at(-1), at(1), at(3)) == ([], [("expected late", None, 250)], [("cancelled", 250, None)])


def test_the_shipped_airports_are_what_their_generator_makes():
    assert Path(airports.__file__).with_name(airports.FILE).read_text() == airport_places.generate()
    answer = Database().ask("select * from airports").set_index("airport")
    assert len(answer) == len(PLACES)
    assert answer.loc["JFK", ["country", "rights_area"]].tolist() == ["US", "US"]
    assert answer.loc["JFK", ["latitude", "longitude"]].tolist() == pytest.approx([40.64, -73.779], abs=1e-9)
    assert answer.groupby("rights_area").size().gt(50).all() and answer["rights_area"].notna().all()


def test_athena_takes_the_views_as_they_were_at_a_moment():
    """Athena's limit of a query, with every view written out; and Glue's of a view's text (base64 makes it longer)."""
    every = {name: columns()[name] for name in ("flights", "flight_history")}
    for view in VIEWS:
        past = rewrite(parse_select(f"select * from {view.name}"), NOON, Catalog(views=CATALOG.views, columns=every))
        assert len(past.sql(dialect="athena").encode()) < 262_144, view.name
        assert len(CATALOG.views[view.name]) * 4 / 3 < 400_000


def test_what_is_declared_fits_together():
    areas, regimes = {area.name for area in AREAS}, {regime.name: regime for regime in REGIMES}
    codes = [country for area in AREAS for country in area.countries.split()]
    assert len(codes) == len(set(codes)) and {len(code) for code in codes} == {2}
    assert set(LICENSED) | {"US"} == areas
    for scope in SCOPES:
        assert scope.regime in regimes and {scope.leaves, scope.reaches} - {None} <= areas
        assert set(scope.carriers) <= set(LICENSED)
    # Each regime with compensation has a last band without bound, and each band its source.
    paid = {name for name, regime in regimes.items() if regime.remedy == COMPENSATION}
    assert {band.regime for band in BANDS if band.up_to_km is None and not band.within} == paid
    assert all(item.source for item in (*AREAS, *REGIMES, *SCOPES, *BANDS))
    for declared in (LICENSED, ALLIANCES):
        pairs = [airline.split("/") for airlines in declared.values() for airline in airlines.split()]
        assert all(len(icao) == 3 and len(iata) == 2 for icao, iata in pairs)
        assert len({icao for icao, _ in pairs}) == len(pairs)
        # A code that two airlines have had says the same of both.
        for name, airlines in declared.items():
            assert {by_code(declared)[code] for airline in airlines.split() for code in airline.split("/")} == {name}


@pytest.mark.parametrize("passengers", [-1, -150])
def test_passengers_below_none_are_refused(passengers):
    with pytest.raises(ParameterError, match="passengers_per_flight"):
        view_sql(VIEWS[0], delay_cost_per_minute=COST, passengers_per_flight=passengers)
