"""The raw records behind a flight, each with its object and line, and what was refused beside them."""

import gzip
import json
from datetime import datetime
from urllib.parse import quote

import pytest

from aviation.board.pages import raw
from support.board import MadeTables, RawBucket, browser, loaded, storm, storm_objects

KEY = "2013-07-10|EWR|UAL|1222"
POLL = "2013-07-10T20:10Z"


@pytest.fixture
def bucket(monkeypatch):
    return RawBucket(storm_objects(), monkeypatch)


@pytest.fixture
def board(bucket):
    return browser(storm())


def found(board, key=KEY, **query):
    answer = board.get(f"/api/raw/{quote(key)}", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def lines_of(objects, airline="united", number="1222", departure="EWR"):
    """Where the operating flight stands in the objects, under its own number or a partner's: object, line, instant."""
    places = set()
    for key, content in objects.items():
        for line, text in enumerate(gzip.decompress(content).decode().split("\n"), 1):
            if not text:
                continue
            said = json.loads(text)
            record = said["record"]
            shared = record["flight"]["codeshared"]
            name, own = (
                (shared["airline_name"], shared["flight_number"])
                if shared
                else (record["airline"]["name"], record["flight"]["number"])
            )
            if name and name.lower().startswith(airline) and own == number and record["departure"]["iata"] == departure:
                places.add((key, line, said["observed_at"].removesuffix("Z")))
    return places


def test_every_line_of_the_flight_is_found_with_its_object_and_number(board):
    records = found(board)["records"]
    places = {(record["object"], record["line"], record["observed_at"]) for record in records}
    assert len(places) == len(records) > 20
    assert places == lines_of(storm_objects())
    for record in records[:5]:
        text = gzip.decompress(storm_objects()[record["object"]]).decode().split("\n")[record["line"] - 1]
        assert record["text"] == text
    assert {record["codeshare"] for record in records} == {"", "OS3931"}


def test_records_come_newest_first_and_those_of_a_moment_end_there(board):
    now, then = found(board)["records"], found(board, as_of=POLL)["records"]
    assert [record["observed_at"] for record in now] == sorted((r["observed_at"] for r in now), reverse=True)
    assert then == [record for record in now if record["observed_at"] <= "2013-07-10T20:10:00"]


def test_the_records_of_one_observation_are_read_from_the_objects_that_arrived_then(board):
    one = found(board, observed_at=POLL)
    assert {record["observed_at"] for record in one["records"]} == {"2013-07-10T20:10:00"}
    assert one["objects_read"] == 1
    assert one["left_out"] == ""


def test_where_no_object_arrived_when_it_was_observed_all_are_read(monkeypatch):
    later = {key.replace("2013/07/1", "2026/11/2"): content for key, content in storm_objects().items()}
    RawBucket(later, monkeypatch)
    one = found(browser(MadeTables(loaded(later))), observed_at=POLL)
    assert {record["observed_at"] for record in one["records"]} == {"2013-07-10T20:10:00"}
    assert one["objects_read"] == len(later)


def test_who_may_not_read_the_raw_bucket_is_told_so_in_one_line(board, bucket):
    bucket.denied = "AccessDenied"
    answer = found(board)
    line = "you may not read the raw records: that needs s3:GetObject on the stack's raw bucket"
    assert (answer["records"], answer["denied"]) == ([], line)
    page = board.get(f"/raw/{quote(KEY)}")
    assert page.status_code == 200
    assert line.capitalize().replace("s3:getobject", "s3:getobject") in page.text.replace("&#39;", "'")


def test_another_refusal_of_s3_is_no_answer(board, bucket):
    bucket.denied = "NoSuchBucket"
    answer = board.get(f"/api/raw/{quote(KEY)}")
    assert answer.status_code == 503
    assert "NoSuchBucket" in answer.json()["error"]


def test_what_is_too_large_too_many_or_too_late_is_left_out_and_counted(board, bucket, monkeypatch):
    whole = found(board)
    monkeypatch.setattr(raw, "MOST_OBJECTS", 3)
    few = found(board)
    assert (few["objects_read"], few["left_out"]) == (3, "10 objects not read, 10 observations not found")
    assert few["records"] == [record for record in whole["records"] if record["observed_at"] >= "2013-07-11T07:50:00"]
    bucket.pop(few["records"][0]["object"])
    assert found(board)["objects_read"] == 2
    monkeypatch.setattr(raw, "MOST_RECORDS", 2)
    assert len(found(board)["records"]) == 2
    monkeypatch.setattr(raw, "MOST_BYTES", 10)
    assert found(board)["objects_read"] == 0
    monkeypatch.setattr(raw, "SECONDS", -1.0)
    assert found(board)["objects_read"] == 0


def refused(name, text, key, rule="has_schedule"):
    at = datetime(2013, 7, 10, 8)
    return {"quarantine_id": name, "entity": "flights", "rule": rule, "reason": f"because of {name}", "raw_text": text,
            "object": key, "first_seen_at": at, "last_seen_at": at, "times_seen": 2}  # fmt: skip


def test_refused_records_that_name_the_flight_come_first_then_those_of_its_objects(bucket):
    tables = loaded(storm_objects())
    beside, elsewhere = next(iter(storm_objects())), "flights/2013/07/10/09/another"
    of_day = '{"record":{"flight_date":"2013-07-10","flight":{"iata":"%s"}}}'
    rows = [
        refused("beside", "{<img src=x onerror=alert(1)>", beside, "json"),
        refused("named", of_day % "UA1222", elsewhere),
        refused("longer number", of_day % "UA12223", elsewhere),
        refused("other day", '{"flight_date":"2013-07-09","iata":"UA1222"}', elsewhere),
        refused("no date", '{"flight_date":null,"iata":"UA1222"}', elsewhere, "has_date"),
    ]
    board = browser(MadeTables(tables.insert("quarantine", rows)))
    answer = found(board)["refused"]
    assert [(row["reason"], row["names_flight"]) for row in answer] == [
        ("because of named", True),
        ("because of no date", True),
        ("because of beside", False),
    ]
    page = board.get(f"/raw/{quote(KEY)}").text
    assert "&lt;img src=x onerror" in page
    assert "<img" not in page


@pytest.mark.parametrize("key", ["2013-07-10|EWR|UAL|nothing", "nonsense"])
def test_a_flight_that_does_not_exist_has_no_records(board, key):
    answer = board.get(f"/api/raw/{quote(key)}")
    assert (answer.status_code, answer.json()) == (404, {"error": f"there is no flight {key} in the tables"})


def test_an_observation_that_is_no_time_is_refused(board):
    answer = board.get(f"/api/raw/{quote(KEY)}", params={"observed_at": "noon"})
    assert answer.status_code == 400
