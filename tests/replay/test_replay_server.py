"""The replay over HTTP: pages, filters, errors, the quota, the faults, its clock, and the program itself."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime

import pytest
import requests

from aviation.replay import FIRST_DAY, LAST_DAY, LATEST_CLOCK, control, default_clock, set_clock, state
from aviation.replay.records import flights, over

DAY = "2013-07-10"
KEY = "key-5f0e2d"


def bag(rows) -> Counter:
    return Counter(json.dumps(row) for row in rows)


@pytest.mark.parametrize("limit", [50, 100, 333, 1000])
def test_pages_shift_but_lose_no_row(api, limit):
    rows, totals = api.sweep("flights", limit=limit)
    true = bag(flights(DAY, default_clock(DAY)))
    assert true <= bag(rows)
    assert bag(rows).keys() == true.keys()
    assert totals == sorted(totals)


def test_rows_repeat_and_the_total_moves_while_paging(api):
    rows, totals = api.sweep("flights", limit=100)
    assert len(set(totals)) > 1
    assert len(rows) > totals[0]


@pytest.mark.parametrize("endpoint", ["cities", "airplanes", "aircraft_types"])
def test_reference_pages_hold_every_record_once(api, endpoint):
    rows, totals = api.sweep(endpoint, limit=1000)
    assert len(bag(rows)) == len(rows) == totals[0]


def test_a_page_says_where_it_is(api):
    page = api.json("flights", limit=7, offset=3)
    assert page["pagination"] == {"limit": 7, "offset": 3, "count": 7, "total": page["pagination"]["total"]}
    assert len(page["data"]) == 7


def test_a_page_has_a_hundred_rows_unless_told(api):
    assert len(api.json("flights")["data"]) == 100


@pytest.mark.parametrize(
    ("name", "value", "of"),
    [
        ("flight_status", "diverted", lambda row: row["flight_status"]),
        ("dep_iata", "jfk", lambda row: row["departure"]["iata"]),
        ("arr_iata", "LAX", lambda row: row["arrival"]["iata"]),
        ("dep_icao", "KEWR", lambda row: row["departure"]["icao"]),
        ("arr_icao", "KLAX", lambda row: row["arrival"]["icao"]),
        ("airline_name", "JetBlue Airways", lambda row: row["airline"]["name"]),
        ("airline_iata", "B6", lambda row: row["airline"]["iata"]),
        ("airline_icao", "JBU", lambda row: row["airline"]["icao"]),
        ("flight_number", "1", lambda row: row["flight"]["number"]),
        ("flight_iata", "B61", lambda row: row["flight"]["iata"]),
        ("flight_icao", "JBU1", lambda row: row["flight"]["icao"]),
    ],
)
def test_a_filter_leaves_exactly_the_rows_that_fit(api, name, value, of):
    fitting = [row for row in flights(DAY, default_clock(DAY)) if (of(row) or "").lower() == value.lower()]
    rows, _ = api.sweep("flights", limit=1000, **{name: value})
    assert fitting
    assert bag(rows).keys() == bag(fitting).keys()


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("min_delay_dep", lambda row: (row["departure"]["delay"] or 0) >= 60),
        ("min_delay_arr", lambda row: (row["arrival"]["delay"] or 0) >= 60),
        ("max_delay_dep", lambda row: (row["departure"]["delay"] or 99) <= 60),
        ("max_delay_arr", lambda row: (row["arrival"]["delay"] or 99) <= 60),
    ],
)
def test_a_delay_filter_goes_by_the_delay_that_the_row_shows(api, name, fits):
    fitting = [row for row in flights(DAY, default_clock(DAY)) if fits(row)]
    assert fitting
    assert api.json("flights", limit=1000, **{name: 60})["data"] == fitting


def test_filters_add_up(api):
    rows = api.json("flights", dep_iata="JFK", flight_status="cancelled", limit=1000)["data"]
    assert {(row["departure"]["iata"], row["flight_status"]) for row in rows} == {("JFK", "cancelled")}


def test_a_search_finds_records_by_any_value(api):
    assert "JFK" in {row["iata_code"] for row in api.json("cities", search="new york", limit=1000)["data"]}
    assert [row["registration_number"] for row in api.json("airplanes", search="N14228")["data"]] == ["N14228"]


def test_nothing_found_comes_in_both_of_the_apis_ways(api):
    flights_page = api.json("flights", flight_iata="ZZ1")
    assert (flights_page["data"], flights_page["pagination"]["total"]) == ([], 0)
    cities_page = api.json("cities", search="nowhere at all")
    assert (cities_page["error"], cities_page["success"]) == ("No Record Found", False)
    assert set(cities_page["pagination"].values()) == {None}


@pytest.mark.parametrize(
    ("endpoint", "params", "status", "code"),
    [
        ("flights", {"access_key": None}, 401, "missing_access_key"),
        ("flights", {"access_key": ""}, 401, "missing_access_key"),
        ("flights", {"access_key": "wrong"}, 401, "invalid_access_key"),
        ("routes", {}, 404, "invalid_api_function"),
        ("flights", {"limit": 0}, 422, "validation_error"),
        ("flights", {"limit": 1001}, 422, "validation_error"),
        ("flights", {"limit": "many"}, 422, "validation_error"),
        ("cities", {"offset": -1}, 422, "validation_error"),
        ("flights", {"flight_date": "yesterday"}, 422, "validation_error"),
        ("flights", {"flight_status": "late"}, 422, "validation_error"),
        ("flights", {"min_delay_dep": "some"}, 422, "validation_error"),
        ("flights", {"colour": "blue"}, 422, "validation_error"),
        ("cities", {"dep_iata": "JFK"}, 422, "validation_error"),
    ],
)
def test_a_refusal_has_the_documented_status_code_and_context(api, endpoint, params, status, code):
    response = api.get(endpoint, **params)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (status, code)
    assert error["message"]
    assert error.get("context", {}).keys() == (params.keys() if code == "validation_error" else set())


def test_the_month_ends_with_its_quota_and_a_new_quota_starts_another(api):
    control(api.server.url, quota=2)
    answers = [api.get("flights", limit=1) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["error"]["code"] == "usage_limit_reached"
    assert state(api.server.url)["calls"] == 2
    control(api.server.url, quota=1)
    assert api.get("flights", limit=1).status_code == 200


def test_only_calls_with_the_right_key_count(api):
    for key in (None, "wrong", KEY):
        api.get("flights", access_key=key, limit=1)
    assert state(api.server.url)["calls"] == 1


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ("500", 500, "internal_error"),
        ("502", 502, "internal_error"),
        ("503", 503, "internal_error"),
        ("504", 504, "internal_error"),
        ("quota", 429, "usage_limit_reached"),
        ("rate_limit", 429, "rate_limit_reached"),
        ("error:function_access_restricted", 403, "function_access_restricted"),
    ],
)
def test_a_fault_is_the_answer_to_one_call(api, fault, status, code):
    control(api.server.url, faults=[fault])
    failed, next_one = api.get("flights", limit=1), api.get("flights", limit=1)
    assert (failed.status_code, failed.json()["error"]["code"]) == (status, code)
    assert next_one.status_code == 200


def test_faults_come_in_their_order_and_are_calls_too(api):
    control(api.server.url, faults=["500", "503"])
    assert [api.get("cities", limit=1).status_code for _ in range(3)] == [500, 503, 200]
    assert state(api.server.url)["calls"] == 3


@pytest.mark.parametrize(("fault", "seconds"), [("rate_limit", "0"), ("rate_limit:7", "7")])
def test_a_rate_limit_says_how_long_to_wait(api, fault, seconds):
    control(api.server.url, faults=[fault])
    assert api.get("flights").headers["Retry-After"] == seconds


@pytest.mark.parametrize("fault", ["html", "half"])
def test_an_answer_can_be_no_json(api, fault):
    control(api.server.url, faults=[fault])
    response = api.get("flights", limit=5)
    assert response.status_code == 200
    assert response.content
    with pytest.raises(ValueError):
        json.loads(response.content)


def test_a_connection_can_be_cut(api):
    control(api.server.url, faults=["cut"])
    with pytest.raises(requests.ConnectionError):
        api.get("flights", limit=1)


def test_an_answer_can_be_late(api):
    control(api.server.url, faults=["slow:0.15"])
    response = api.get("flights", limit=1)
    assert response.json()["pagination"]["count"] == 1
    assert response.elapsed.total_seconds() >= 0.15


def test_an_answer_can_be_empty_as_in_an_outage(api):
    control(api.server.url, faults=["empty"])
    response = api.get("flights", limit=1)
    assert (response.status_code, response.json()["data"], response.json()["pagination"]["total"]) == (200, [], 0)


@pytest.mark.parametrize(
    ("fault", "code"), [("error200", "usage_limit_reached"), ("error200:inactive_user", "inactive_user")]
)
def test_an_error_can_come_as_a_success_under_other_names(api, fault, code):
    control(api.server.url, faults=[fault])
    response = api.get("flights", limit=1)
    assert (response.status_code, response.json()["error"]["type"]) == (200, code)
    assert response.json()["error"]["info"]


@pytest.mark.parametrize(
    "changes",
    [
        {"clock": "noon"},
        {"clock": "2013-07-10T12:00:00"},
        {"clock": 5},
        {"clock": "2015-01-01T00:00:00Z"},
        {"clock": "2012-12-31T23:59:59Z"},
        {"clock": "0001-01-01T00:00:00+05:00"},
        {"quota": -1},
        {"quota": "many"},
        {"faults": ["earthquake"]},
        {"faults": "500"},
        {"faults": ["slow:long"]},
        {"faults": [500]},
        {"speed": 2},
    ],
)
def test_a_change_that_does_not_fit_is_refused_whole(api, changes):
    before = state(api.server.url)
    with pytest.raises(requests.HTTPError, match="422"):
        control(api.server.url, **{"clock": "2013-07-10T05:00:00Z"} | changes)
    assert state(api.server.url) == before


def test_a_clock_outside_the_year_is_refused_with_the_range(api):
    url = api.server.url.removesuffix("/v1") + "/_replay"
    refusal = requests.put(url, json={"clock": "2015-01-01T00:00:00Z"}, timeout=10).json()["error"]["message"]
    assert "2013-01-01T00:00:00Z to 2014-01-02T00:00:00Z" in refusal


def test_the_clock_stops_after_the_last_flight_of_the_year(api):
    control(api.server.url, clock="2014-01-01T23:59:59Z", rate=3600)
    time.sleep(0.1)
    assert state(api.server.url)["clock"] == "2014-01-02T00:00:00Z"
    control(api.server.url, rate=0)
    assert max(over(LAST_DAY), over(FIRST_DAY)) < LATEST_CLOCK


def test_the_clock_is_the_date_of_every_answer(api):
    answered = set_clock(api.server.url, datetime(2013, 7, 10, 18, tzinfo=UTC))
    assert answered == state(api.server.url)
    assert (answered["day"], answered["clock"]) == (DAY, "2013-07-10T18:00:00Z")
    control(api.server.url, faults=["500"])
    for response in (api.get("flights"), api.get("cities"), api.get("nothing")):
        assert response.headers["Date"] == "Wed, 10 Jul 2013 18:00:00 GMT"


def test_what_the_flights_say_follows_the_clock(api):
    def departed() -> int:
        return sum(row["departure"]["actual"] is not None for row in api.json("flights", limit=1000)["data"])

    counts = []
    for hour in (5, 15, 20):
        set_clock(api.server.url, datetime(2013, 7, 10, hour, tzinfo=UTC))
        counts.append(departed())
    assert counts[0] == 0 < counts[1] < counts[2]


def test_the_clock_needs_a_zone(api):
    with pytest.raises(ValueError, match="zone"):
        set_clock(api.server.url, datetime(2013, 7, 10, 18))


def test_the_default_clock_is_half_past_noon_on_the_day_after():
    assert default_clock(DAY) == datetime(2013, 7, 11, 12, 30, tzinfo=UTC)


def test_the_program_answers_the_same_bytes_in_another_process_logs_no_key_and_stops_when_told(api):
    environment = os.environ | {"AVIATIONSTACK_ACCESS_KEY": KEY, "PYTHONHASHSEED": "7"}
    command = [sys.executable, "-m", "aviation.replay", "--day", DAY, "--max-limit", "100", "--quota", "5"]
    process = subprocess.Popen(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        ready = process.stdout.readline()
        url = next(word for word in ready.split() if word.startswith("http")).rstrip(",")

        def get(path: str, **params) -> requests.Response:
            return requests.get(f"{url}/{path}", params={"access_key": KEY} | params, timeout=10)

        for endpoint in ("flights", "cities"):
            assert get(endpoint, offset=200).content == api.get(endpoint, offset=200).content
        assert get("flights", limit=101).status_code == 422
        get(KEY)
        get("flights", search=KEY)
        assert requests.request(f"GE{KEY}", f"{url}/flights", timeout=10).status_code == 501
        assert state(url)["quota"] == 5
    finally:
        process.send_signal(signal.SIGTERM)
        printed = ready + process.communicate(timeout=10)[0]
    assert process.returncode == 0
    assert "GET /v1/flights 200" in printed
    assert KEY not in printed


@pytest.mark.parametrize(
    ("arguments", "key", "said"),
    [
        ([], "", "AVIATIONSTACK_ACCESS_KEY"),
        (["--day", "2014-01-01"], KEY, "no flights on 2014-01-01"),
        (["--clock", "noon"], KEY, "'noon' is not a time"),
        (["--clock", "2015-01-01T00:00Z"], KEY, "2013-01-01T00:00:00Z to 2014-01-02T00:00:00Z"),
    ],
)
def test_the_program_says_what_it_lacks(arguments, key, said):
    environment = os.environ | {"AVIATIONSTACK_ACCESS_KEY": key}
    command = [sys.executable, "-m", "aviation.replay", *arguments]
    done = subprocess.run(command, env=environment, text=True, capture_output=True, timeout=20)
    assert done.returncode == 2
    assert said in done.stderr
