"""A producer's polls of the replay: a watch's sweeps as one observation, by the API's clock."""

import multiprocessing
import os
import signal
import threading
from collections import Counter
from datetime import UTC, datetime

import pytest

from aviation import replay
from aviation.poll import lease, producer
from aviation.poll.collected import Collected, row_key
from aviation.replay.records import flights
from aviation.replay.server import Replay
from aviation.times import utc_text
from support.notebooks import defaults
from support.raw_lines import changed, records
from support.stand_in import KEY

DAY = "2013-07-10"
WATCH = {"airports": ["JFK", "EWR", "LGA"], "airlines": ["B6"]}
NOON = datetime(2013, 7, 10, 16, tzinfo=UTC)


def run(**values):
    given = {"entity": "flights", "watch": WATCH, "max_calls": 100} | values
    return producer.run(producer.resolve(**(defaults("notebooks/producer.ipynb") | given)))


@pytest.fixture
def served(producer_stack, put_key, monkeypatch):
    """The replay of the day at noon in New York, in the place of the API."""
    with Replay(DAY, key=KEY, clock=NOON) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        monkeypatch.setenv("AVIATIONSTACK_BASE_URL", server.url)
        yield server
        server.shutdown()


def test_all_records_of_a_poll_are_observed_at_one_instant_while_the_clock_runs_on(served, sent):
    replay.control(served.url, rate=3600)
    report = run(limit=100)
    lines = sent("flights")
    [observed_at] = {line["observed_at"] for line in lines}
    assert observed_at == report["newest_observed_at"]
    assert report["calls"] > 20
    assert replay.state(served.url)["clock"] > observed_at


def test_a_row_that_two_sweeps_find_is_sent_once(served, sent):
    report = run()
    rows = [line["record"] for line in sent("flights")]
    expected = flights(DAY, NOON)
    assert Counter(map(str, rows)) == Counter(map(str, expected))
    assert report["records"] == len(rows)
    assert report["status"] == "ok"


def test_days_are_those_of_the_apis_clock_and_one_that_is_over_is_not_asked_for_again(served, sent):
    first, second = run(), run()
    assert list(lease.seen("flights")) != []
    assert {seen.day for seen in lease.seen("flights").values()} == {"2013-07-09", DAY, "2013-07-11"}
    # The replay serves one day: its neighbours are found empty once. The first call of all was for our own day.
    assert (first["sweeps"], second["sweeps"]) == (1 + 7 + 7 + 4, 1 + 7)


def test_flights_that_are_under_way_at_midnight_are_followed_until_all_are_over(served, sent):
    run()
    asked = []
    for clock in ("2013-07-11T05:00:00Z", "2013-07-11T12:30:00Z", "2013-07-11T13:00:00Z"):
        replay.control(served.url, clock=clock)
        run()
        lines = [line["record"] for line in sent("flights") if line["observed_at"] == clock]
        asked.append(Counter(record["flight_status"] for record in lines))
    assert asked[0]["active"] > 0
    assert asked[1].keys() == {"landed", "cancelled", "diverted"}
    assert asked[2].total() == 0
    report = run()
    assert (report["status"], report["warning"]) == (
        "warning",
        "nothing is under way: today has no flights, and all flights of 2013-07-10 that the last poll saw are over",
    )


def test_a_watch_cut_by_max_calls_names_what_it_left_out(served):
    run()
    report = run(max_calls=5)  # the first is for the day of our own clock, and finds that the API's says another
    assert (report["calls"], report["sweeps"], report["status"]) == (5, 8, "warning")
    assert {left["reason"] for left in report["left_out"]} == {"max_calls"}
    # Nobody arrives from anywhere in the replay: what departs is more urgent.
    assert {left["sweep"] for left in report["left_out"]} == {
        f"arrivals at {airport} on {DAY}" for airport in WATCH["airports"]
    }
    assert f"arrivals at JFK on {DAY}, all of them (max_calls)" in report["warning"]


def test_a_poll_of_an_instant_leaves_the_clock_and_what_others_saw_alone(served, sent):
    run()
    seen = lease.seen("flights")
    polled = len(sent("flights"))
    report = run(instant="2013-02-03T20:00:00Z", filters={"flight_date": "2013-02-03"})
    lines = sent("flights")[polled:]
    assert {line["observed_at"] for line in lines} == {"2013-02-03T20:00:00Z"}
    assert {line["record"]["flight_date"] for line in lines} == {"2013-02-03"}
    assert report["status"] == "ok"
    assert replay.state(served.url)["clock"] == "2013-07-10T16:00:00Z"
    assert lease.seen("flights") == seen


def test_a_sweep_that_finds_nothing_where_the_last_poll_found_flights_is_a_warning(served):
    run()
    replay.control(served.url, faults=["empty"] * 8)
    report = run()
    assert report["status"] == "warning"
    assert f"departures from JFK on {DAY}: none, where the last poll found" in report["warning"]
    assert run()["status"] == "ok"


def test_polls_of_one_entity_wait_for_each_other(served, monkeypatch):
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.05)
    calls = []
    page = Replay.take_call
    monkeypatch.setattr(Replay, "take_call", lambda self: calls.append(threading.active_count()) or page(self))
    reports = []
    threads = [threading.Thread(target=lambda: reports.append(run())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    # The second one knows what the first one saw: it did not begin before that had ended.
    assert sorted(report["sweeps"] for report in reports) == [8, 19]


def test_only_the_replay_can_be_asked_as_of_an_instant(producer_stack, put_key, monkeypatch):
    monkeypatch.setenv("AVIATIONSTACK_BASE_URL", "https://api.aviationstack.com/v1")
    with pytest.raises(producer.ParameterError, match=r"'instant': https://.* answers as of now"):
        run(instant="2013-07-10T16:00Z")


JFK_ROW = records("flights")[0]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (changed(JFK_ROW, departure__gate="Z9", flight_status="landed"), True),
        (changed(JFK_ROW, flight__number="1"), False),
        (changed(JFK_ROW, flight_date="2020-01-01"), False),
        (changed(JFK_ROW, arrival__iata="LAX"), False),
        (changed(JFK_ROW, airline__iata="ZZ"), False),
    ],
)
def test_a_row_is_its_date_airports_marketing_airline_and_number(other, same):
    assert (row_key(JFK_ROW) == row_key(other)) is same


def test_rows_without_an_identity_are_one_only_where_all_of_them_is_the_same():
    nameless = changed(JFK_ROW, flight__number=None)
    assert row_key(nameless) == row_key(dict(nameless))
    assert row_key(nameless) != row_key(changed(nameless, departure__gate="Z9"))


PAST = "2013-07-08T12:00:00Z"


def killed_after_its_first_page(url: str) -> None:
    """A poll of a past day, as a backfill makes it, whose process is killed."""
    seen: list[object] = []

    class Killed(Collected):
        def add(self, page):
            if seen:
                os.kill(os.getpid(), signal.SIGKILL)
            seen.append(page)

    producer.Collected = Killed
    run(watch={}, filters={"flight_date": "2013-07-07"}, instant=PAST, limit=100, deadline_seconds=2)


def test_a_backfill_that_is_killed_in_a_poll_turns_nobodys_clock(served, sent, monkeypatch):
    monkeypatch.setattr(producer, "DELIVERY_SECONDS", 0)  # how long the lease outlives it
    child = multiprocessing.get_context("fork").Process(target=killed_after_its_first_page, args=(served.url,))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert replay.state(served.url)["clock"] == utc_text(NOON)
    report = run(deadline_seconds=60)
    assert {line["observed_at"] for line in sent("flights")} == {report["newest_observed_at"]} == {utc_text(NOON)}


def test_a_poll_beside_a_backfill_is_observed_when_it_was_made(served, sent):
    run(watch={}, filters={"flight_date": "2013-07-07"}, instant=PAST)
    assert {line["observed_at"] for line in sent("flights")} == {PAST}
    run()
    run(watch={}, filters={"flight_date": "2013-07-07"}, instant=PAST)
    assert {line["observed_at"] for line in sent("flights")} >= {utc_text(NOON)}
    assert replay.state(served.url)["clock"] == utc_text(NOON)
