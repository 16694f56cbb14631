"""A producer's run, from the API's stand-in to a real stream."""

import re
import socketserver
import threading

import pytest

from aviation.errors import AccessKeyError, DeliveryError, ParameterError, UnavailableError
from aviation.poll import producer
from aviation.poll.kinesis import Stream
from support.notebooks import defaults
from support.stand_in import KEY, answer, error

ROWS = [{"plane_type_id": str(number), "age": 12.0} for number in range(25)]


def run(**values):
    given = {"entity": "aircraft_types", "limit": 10, "max_calls": 50, "deadline_seconds": 5} | values
    return producer.run(producer.resolve(**(defaults("notebooks/producer.ipynb") | given)))


def test_every_record_arrives_once_in_order_with_its_origin(producer_stack, put_key, stand_in, sent, monkeypatch):
    monkeypatch.setenv("AVIATION_RUN_ID", "0a1b2c")
    stand_in.records = ROWS
    stand_in.headers["Date"] = "Thu, 11 Jul 2013 12:30:00 GMT"
    report = run()
    lines = sent("aircraft_types")
    assert [line["record"] for line in lines] == ROWS
    assert {line["entity"] for line in lines} == {"aircraft_types"}
    assert {line["observed_at"] for line in lines} == {"2013-07-11T12:30:00Z"}
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", line["fetched_at"]) for line in lines)
    assert {line["run_id"] for line in lines} == {"0a1b2c"}
    assert {line["source"] for line in lines} == {stand_in.url}
    assert report.pop("bytes") > 25 * 100
    assert report == {
        "entity": "aircraft_types",
        "status": "ok",
        "sweeps": 1,
        "records": 25,
        "kinesis_records": 1,
        "kinesis_retries": 0,
        "newest_observed_at": "2013-07-11T12:30:00Z",
        "calls": 3,
        "api_retries": 0,
        "left_out": [],
    }


def test_filters_reach_the_api(producer_stack, put_key, stand_in):
    run(entity="flights", filters={"dep_iata": "JFK", "min_delay_dep": 15})
    [call] = stand_in.calls
    assert (call["endpoint"], call["dep_iata"], call["min_delay_dep"]) == ("flights", "JFK", "15")


def test_what_was_fetched_is_delivered_although_a_later_page_fails(producer_stack, put_key, stand_in, sent):
    stand_in.records = ROWS
    stand_in.script = [answer(stand_in.page({"offset": "0", "limit": "10"})), error("down", 500), error("down", 500)]
    with pytest.raises(UnavailableError, match=r"10 records were delivered, in 3 calls"):
        run(max_calls=3)
    assert [line["record"] for line in sent("aircraft_types")] == ROWS[:10]


def test_a_sweep_that_found_nothing_is_a_warning(producer_stack, put_key, stand_in, sent):
    report = run(entity="flights")
    assert (report["status"], report["records"], report["newest_observed_at"] is None) == ("warning", 0, False)
    assert "knows no flights" in report["warning"]
    assert sent("flights") == []


def test_a_sweep_cut_by_max_calls_is_a_warning_that_says_what_is_missing(producer_stack, put_key, stand_in):
    stand_in.records = ROWS
    report = run(max_calls=2)
    assert (report["status"], report["records"], report["calls"]) == ("warning", 20, 2)
    assert report["left_out"] == [{"sweep": "all aircraft_types", "reason": "max_calls", "offset": 20, "records": 5}]
    assert report["warning"] == "left out: all aircraft_types, 5 records from 20 on (max_calls)"


def test_a_record_too_large_for_kinesis_is_an_error_after_the_rest_was_sent(producer_stack, put_key, stand_in, sent):
    stand_in.records = [{"n": 1}, {"n": 2, "x": "x" * (1024 * 1024)}, {"n": 3, "x": "x" * (950 * 1024)}]
    with pytest.raises(DeliveryError, match="1 records are larger") as caught:
        run(entity="cities")
    assert caught.value.undelivered == 1
    assert [line["record"]["n"] for line in sent("cities")] == [1, 3]


def test_a_stream_that_is_not_there_is_an_error_that_counts_what_was_lost(producer_stack, put_key, stand_in):
    stand_in.records = ROWS
    with pytest.raises(DeliveryError, match="did not take 25 records: ResourceNotFoundException") as caught:
        run(entity="airplanes")
    assert caught.value.undelivered == 25


def test_records_whose_answers_were_lost_are_not_said_to_be_missing(producer_stack, put_key, stand_in, monkeypatch):
    class Silent(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(65536)

    class Hasty(Stream):
        def __init__(self, client, name, *, shards):
            super().__init__(client, name, shards=shards, deadline_seconds=1)

    monkeypatch.setattr(producer, "Stream", Hasty)
    stand_in.records = ROWS
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Silent) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_KINESIS", f"http://127.0.0.1:{server.server_address[1]}")
        with pytest.raises(DeliveryError) as caught:
            run(entity="airplanes")
        server.shutdown()
    assert "may or may not have taken 25 records, since it did not answer: ConnectionClosedError" in str(caught.value)
    assert "0 records were delivered, 25 more may have been, in 3 calls" in str(caught.value)


def test_the_pace_is_that_of_the_streams_shards(producer_stack, put_key, stand_in, monkeypatch):
    producer_stack.kinesis.create_stream(StreamName="wide-cities", ShardCount=3)
    paced = []

    class Paced(Stream):
        def __init__(self, client, name, *, shards):
            paced.append((name, shards))
            super().__init__(client, name, shards=shards)

    monkeypatch.setattr(producer, "Stream", Paced)
    for stack in ("wide", "test"):
        monkeypatch.setenv("AVIATION_STACK", stack)
        run(entity="cities")
    assert paced == [("wide-cities", 3), ("test-cities", 1)]


def test_without_a_key_no_call_is_made(producer_stack, stand_in):
    with pytest.raises(AccessKeyError, match="access key is missing"):
        run()
    assert stand_in.calls == []


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"entity": "airports"}, "airports"),
        ({"entitty": "flights"}, "entitty"),
        ({"filters": {"dep_iat": "JFK"}}, "dep_iat"),
        ({"filters": {"dep_iata": None}}, "filters"),
        ({"limit": -1}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"watch": {"airports": ["JFK"]}}, "watch"),
        ({"entity": "flights", "watch": {"airport": ["JFK"]}}, "did you mean 'airports'"),
        ({"entity": "flights", "watch": {"airports": ["KJFK"]}}, "KJFK"),
        ({"entity": "flights", "watch": {"airports": "JFK"}}, "airports"),
        ({"entity": "flights", "watch": {"airlines": ["JBU"]}}, "JBU"),
        ({"entity": "flights", "deadline_seconds": 301}, "at most 300"),
        ({"instant": "yesterday"}, "yesterday"),
        ({"limit": "100"}, "limit"),
        ({"max_calls": 0}, "max_calls"),
        ({"deadline_seconds": -1}, "deadline_seconds"),
    ],
)
def test_a_parameter_that_does_not_fit_is_named(values, named):
    with pytest.raises(ParameterError, match=named):
        producer.resolve(**(defaults("notebooks/producer.ipynb") | values))


def test_the_report_never_holds_the_key(producer_stack, put_key, stand_in):
    stand_in.records = ROWS
    assert KEY not in str(run())
