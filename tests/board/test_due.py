"""What the board says of what passengers may be due."""

import pandas as pd
import pytest

from aviation.board.due import due
from support.board import MadeTables, browser
from support.board_made import insert_loads, load
from support.made_up import NOON, Database, leg

WAITS = {"flight_status": "scheduled", "dep_late": None, "arr_late": None, "dep_delay_forecast_min": 400}


@pytest.mark.parametrize(
    ("route", "more", "said"),
    [
        ("CDG-JFK", {"arr_late": 180}, "up to 600 EUR a passenger"),
        ("LHR-CDG", {"flight_status": "cancelled"}, "up to 220 GBP a passenger"),
        ("CDG-FRA", WAITS, "up to 250 EUR a passenger expected"),
        ("CDG-FRA", {"arr_late": 179}, ""),
        ("JFK-BOS", {"arr_late": 180}, "refund offered, no fixed compensation"),
        ("JFK-BOS", {"arr_late": 60}, ""),
        ("DXB-SIN", {"flight_status": "cancelled"}, ""),
    ],
)
def test_what_passengers_may_be_due_in_words(route, more, said):
    flights = pd.DataFrame([leg("1", route, 0, 480, airline_icao="AFR", **more)]).astype({"arr_delay_min": "Int64"})
    answer = Database().insert("flights", flights).ask("select * from passenger_exposure")
    [row] = answer.astype(object).where(answer.notna(), None).to_dict("records")
    assert due(row) == said


def test_the_attention_list_says_what_passengers_may_be_due():
    there, home = (
        leg(key, route, 0, 480, airline_icao="AFR", flight_status="cancelled", observed_at=NOON)
        for key, route in (("paid", "CDG-JFK"), ("refunded", "JFK-BOS"))
    )
    made = Database().insert("flights", [there, home])
    insert_loads(made, load())
    asks = browser(MadeTables(made))
    cases = asks.get("/api/now").json()["cases"]
    assert {case["flight_key"]: case["due"] for case in cases} == {
        "paid": "up to 600 EUR a passenger",
        "refunded": "refund offered, no fixed compensation",
    }
    page = asks.get("/").text
    assert page.count("Passengers may be due up to 600 EUR each.") == page.count("may be due") == 1
