"""The pages of an airport, an airline and an aircraft: the day's figures of one of them, and its flights."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from aviation.replay import DEFAULT_DAY, data
from aviation.replay.records import true_status
from support.board import MadeTables, browser, loaded, polls, storm
from support.made_up import CARRIERS

POLLS = [datetime(2013, 7, 10, hour, minute, tzinfo=UTC) for hour, minute in ((17, 50), (20, 10), (22, 30))]
POLL = "2013-07-10T20:10Z"


@pytest.fixture(scope="module")
def board():
    return browser(storm())


def one(board, path, **query):
    answer = board.get(f"/api/{path}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def figures(place):
    return {tile["name"]: tile["value"] for tile in place["figures"]["tiles"]}


def truth(poll):
    """The data set's flights, by the replay's declared rule of when a cancellation or a diversion is known."""
    rows = []
    for leg in data.legs(DEFAULT_DAY):
        status = true_status(leg, poll)
        waits = status == "scheduled" and leg.dep_scheduled < poll
        late = (leg.dep_actual or leg.dep_scheduled) - leg.dep_scheduled
        minutes = (poll - leg.dep_scheduled) if waits else late if status not in ("scheduled", "cancelled") else None
        rows.append(
            {
                "from": leg.origin,
                "to": leg.dest,
                "airline": CARRIERS.loc[leg.carrier, "icao"],
                "status": status,
                "overdue": waits,
                "hour": leg.dep_scheduled.astimezone(data.zone(leg.origin)).hour,
                "late": None if minutes is None else minutes / timedelta(minutes=1),
            }
        )
    return pd.DataFrame(rows)


CASES = [
    ("airport/JFK", lambda frame: frame[(frame["from"] == "JFK") | (frame["to"] == "JFK")]),
    ("airport/LAX", lambda frame: frame[(frame["from"] == "LAX") | (frame["to"] == "LAX")]),
    ("airline/B6", lambda frame: frame[frame["airline"] == "JBU"]),
    ("airline/UAL", lambda frame: frame[frame["airline"] == "UAL"]),
]


@pytest.mark.parametrize(("path", "own"), CASES, ids=[path for path, _ in CASES])
@pytest.mark.parametrize("poll", POLLS, ids=[f"{poll:%H%M}" for poll in POLLS])
def test_the_figures_are_those_of_the_data_set(board, path, own, poll):
    said, expected = one(board, path, as_of=poll.isoformat()), own(truth(poll))
    found = figures(said)
    assert found["Overdue"] == expected["overdue"].sum()
    assert found["Cancelled"] == (expected["status"] == "cancelled").sum()
    assert found["Diverted"] == (expected["status"] == "diverted").sum()
    assert found["Finished"] == expected["status"].isin(["landed", "diverted", "cancelled"]).sum()
    late = expected["late"].dropna()
    for name, share in (("Median departure delay", 0.5), ("Nine in ten left within", 0.9)):
        assert found[name] == np.quantile(late, share, method="inverted_cdf")
    assert sum(row["flights"] for row in said["figures"]["delays"]) == len(late)
    outcomes = pd.DataFrame(said["figures"]["outcomes"])
    assert outcomes["flights"].sum() == len(expected)


def test_the_airports_that_all_flights_leave_are_together_the_day(board):
    airports = storm().ask("select distinct dep_airport from flights_so_far")["dep_airport"]
    places = [figures(one(board, f"airport/{code}", as_of=POLL)) for code in airports]
    whole = {tile["name"]: tile["value"] for tile in one(board, "now", as_of=POLL)["tiles"]}
    for name in ("Overdue", "Cancelled", "Diverted", "Finished"):
        assert sum(place[name] for place in places) == whole[name]


def test_an_airport_shows_its_departures_and_its_arrivals(board):
    rows = storm().ask(
        "select flight_key, dep_airport, arr_airport from flights_so_far", as_of=datetime(2013, 7, 10, 20, 10)
    )
    place = one(board, "airport/LAX", as_of=POLL)
    assert place["name"] == "Los Angeles International Airport"
    assert place["departures"]["found"] == 0
    assert {row["flight_key"] for row in place["arrivals"]["flights"]} == set(
        rows[rows["arr_airport"] == "LAX"]["flight_key"]
    )
    place = one(board, "airport/LGA", as_of=POLL)
    assert place["departures"]["found"] == (rows["dep_airport"] == "LGA").sum()
    assert {row["airport"] for row in place["departures"]["flights"]} == {"LGA"}


def test_what_needs_attention_is_its_own(board):
    whole = one(board, "now", as_of=POLL)["cases"]
    place = one(board, "airport/EWR", as_of=POLL)["figures"]["cases"]
    assert place == [case for case in whole if "EWR" in case["route"].split("–")]
    assert len(place) > 10


def test_an_airline_goes_by_either_code(board):
    assert one(board, "airline/B6") == one(board, "airline/JBU")
    assert (one(board, "airline/B6")["code"], one(board, "airline/B6")["name"]) == ("JBU", "JetBlue Airways")


def test_an_aircraft_has_its_legs_in_order(board):
    place = one(board, "aircraft/N348JB")
    rows = storm().ask("""
        select flight_key from flights where aircraft_registration = 'N348JB'
        order by coalesce(dep_actual_utc, dep_scheduled_utc)""")
    assert [leg["flight_key"] for leg in place["legs"]] == list(rows["flight_key"])
    assert {row["flight_key"] for row in place["departures"]["flights"]} == set(rows["flight_key"])


def test_a_place_that_is_known_later_stands_empty_before(board):
    [row] = storm().records(
        "select max(aircraft_registration) as code from flights where aircraft_registration like 'N3%'"
    )
    early = "2013-07-10T08:30Z"
    place = one(board, f"aircraft/{row['code']}", as_of=early)
    assert (place["legs"], place["figures"]["tiles"], place["departures"]["flights"]) == ([], [], [])
    text = board.get(f"/aircraft/{row['code']}", params={"as_of": early}).text
    assert "None of its flights was known then." in text


@pytest.mark.parametrize("kind", ["airport", "airline", "aircraft"])
@pytest.mark.parametrize("code", ["ZZZ", "x' or 'a' = 'a", "<img src=x onerror=alert(1)>", "JFK/../LGA", "%"])
def test_what_is_not_known_is_not_found_in_one_line(board, kind, code):
    answer = board.get(f"/api/{kind}/{quote(code, safe='')}")
    assert answer.status_code == 404
    assert answer.json() == {"error": f"there is no {kind} {code} among the flights of 2013-07-10"}
    page = board.get(f"/{kind}/{quote(code, safe='')}")
    assert page.status_code == 404
    assert "<img" not in page.text
    assert "Go to the newest day" in page.text


def test_before_the_first_load_nothing_is_found():
    answer = browser(MadeTables()).get("/api/airport/JFK")
    assert (answer.status_code, answer.json()) == (404, {"error": "there is no airport JFK: nothing was loaded yet"})


def test_a_flight_its_places_and_the_board_lead_to_each_other(board):
    [row] = storm().records("""
        select flight_key, arr_iata from flights where aircraft_registration = 'N348JB' order by flight_key limit 1""")
    kept = "?date=2013-07-10"
    flight = f"/flight/{quote(row['flight_key'])}{kept}"
    page = board.get(flight).text
    for place in (f"/airport/{row['arr_iata']}{kept}", f"/aircraft/N348JB{kept}"):
        assert f'href="{place}"' in page
        assert f'href="{flight}"' in board.get(place).text
    assert f'href="/airline/JBU{kept}"' in page
    lines = board.get("/flights", params={"text": "N348JB"}).text
    for link in ("/airline/B6", "/aircraft/N348JB", f"/airport/{row['arr_iata']}"):
        assert f'href="{link}{kept}"' in lines


@pytest.mark.parametrize(("direction", "first", "column"), [("departures", "JFK", "To"), ("arrivals", "LAX", "From")])
def test_the_board_of_all_airports_says_both_ends_of_a_flight(board, direction, first, column):
    for airport, heading, links in (("", "Route", 2), (first, column, 1)):
        answer = board.get("/flights", params={"direction": direction, "airport": airport, "sort": "place"})
        table = BeautifulSoup(answer.text, "html.parser").select_one("table.board")
        assert heading in [cell.get_text(strip=True).rstrip(" ▾▴") for cell in table.select("th")]
        routes = [line.select("td")[3] for line in table.select("tbody tr")]
        assert {len(route.select("a")) for route in routes} == {links}
        texts = ["".join(link.text for link in route.select("a")) for route in routes]
        assert texts == sorted(texts)


def test_a_name_with_a_quote_or_a_tag_is_one_like_any_other():
    name = "O'Hare <img src=x onerror=alert(1)>"
    tables = loaded(polls(DEFAULT_DAY, [POLLS[1]]))
    for table in ("flights", "flight_history"):
        tables.run(f"""update {table} set airline_icao = null, airline_iata = null,
            airline_name = 'O''Hare <img src=x onerror=alert(1)>', aircraft_registration = airline_name
            where airline_icao = 'HAL'""")
    board = browser(MadeTables(tables))
    place = one(board, f"airline/{quote(name, safe='')}")
    assert place["departures"]["found"] == 1
    assert "<img" not in board.get(f"/airline/{quote(name, safe='')}").text
