"""What is acknowledged and muted: how it is kept, whoever writes at the same time, and who may."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from aviation import aws
from aviation.alerts import quiet
from aviation.alerts.quiet import ForbiddenError, Quiet
from aviation.errors import AviationError
from support.quiet_made import MadeBucket

BUCKET = "runs-of-the-quiet-tests"
KEY = "2013-07-10|JFK|JBU|1"


@pytest.fixture
def bucket(stack, monkeypatch):
    """S3 of the emulator, with a runs bucket in which nothing is kept yet."""
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", BUCKET)
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.delete_object(Bucket=BUCKET, Key=quiet.KEY)
    return s3


def muted(code: str = KEY, scope: str = "flight", hours: float = 1, **more) -> Quiet:
    given = {"who": "ann", "when": quiet.now(), "until": quiet.now() + timedelta(hours=hours), "note": ""} | more
    return Quiet("muted", scope, code, None, **given)


def acknowledged(disruption: str = "delayed", **more) -> Quiet:
    return Quiet(
        "acknowledged", "flight", KEY, disruption, **({"who": "ann", "when": quiet.now(), "until": None} | more)
    )


def test_what_is_kept_is_read_as_it_was(bucket):
    assert quiet.read() == ([], None)
    one = muted(note='<script>alert("☂")</script>', who="Zoë <zoe@example.com>")
    quiet.put(one)
    quiet.put(acknowledged())
    assert quiet.read().quiets == [one, acknowledged(when=quiet.read().quiets[1].when)]
    [first, _] = json.loads(bucket.get_object(Bucket=BUCKET, Key=quiet.KEY)["Body"].read())["quiet"]
    assert first["until"].endswith("Z")


def test_a_mute_of_the_same_takes_the_place_of_the_one_before(bucket):
    quiet.put(muted(hours=1))
    quiet.put(acknowledged())
    quiet.put(muted(hours=5, who="bob"))
    assert [(one.kind, one.who) for one in quiet.read().quiets] == [("acknowledged", "ann"), ("muted", "bob")]


def test_two_who_write_at_once_lose_nothing(bucket, monkeypatch):
    monkeypatch.setattr(quiet, "TRIES", 200)
    with ThreadPoolExecutor(6) as writers:
        list(writers.map(lambda number: quiet.put(muted(f"A{number}", "airline")), range(18)))
    assert {one.code for one in quiet.read().quiets} == {f"A{number}" for number in range(18)}


@pytest.mark.parametrize("is_first", [True, False])
def test_what_another_wrote_between_reading_and_writing_stays(monkeypatch, is_first):
    made = MadeBucket(monkeypatch)
    if not is_first:
        quiet.put(muted("AA", "airline"))
    made.before_write = [lambda: quiet.put(muted("DL", "airline"))]
    quiet.put(muted("UA", "airline"))
    assert [one.code for one in quiet.read().quiets] == ["AA"] * (not is_first) + ["DL", "UA"]


def test_what_was_deleted_between_reading_and_writing_begins_anew(monkeypatch):
    made = MadeBucket(monkeypatch)
    quiet.put(muted("AA", "airline"))
    made.before_write = [lambda: setattr(made, "body", None)]
    quiet.put(muted("UA", "airline"))
    assert [one.code for one in quiet.read().quiets] == ["UA"]


def test_where_others_never_stop_writing_it_is_given_up_in_one_line(monkeypatch):
    made = MadeBucket(monkeypatch)
    monkeypatch.setattr(quiet, "MOST_WAIT_SECONDS", 0)
    made.before_write = [
        lambda: setattr(made, "body", json.dumps({"quiet": [], "n": len(made.before_write)}).encode())
    ] * 50
    with pytest.raises(AviationError, match="try again"):
        quiet.put(muted())


def test_what_ended_days_ago_is_dropped_with_the_next_write(bucket):
    quiet.put(muted("AA", "airline", hours=-24 * 6))
    quiet.put(muted("DL", "airline", hours=-24 * 8))
    quiet.put(acknowledged("cancelled", when=quiet.now() - timedelta(days=36)))
    quiet.put(acknowledged("delayed", when=quiet.now() - timedelta(days=38)))
    quiet.put(muted())
    assert {(one.code, one.disruption) for one in quiet.read().quiets} == {
        ("AA", None),
        (KEY, "cancelled"),
        (KEY, None),
    }


@pytest.mark.parametrize(
    ("one", "about", "is_of"),
    [
        (muted(), (KEY, "B6", "JFK-BOS", "delayed"), True),
        (muted(), (KEY + "7", "B6", "JFK-BOS", "delayed"), False),
        (acknowledged("delayed"), (KEY, "B6", "JFK-BOS", "delayed"), True),
        (acknowledged("delayed"), (KEY, "B6", "JFK-BOS", "cancelled"), False),
        (muted("B6", "airline"), ("x", "B6", "JFK-BOS", "diverted"), True),
        (muted("JFK", "airline"), ("x", "B6", "JFK-BOS", "diverted"), False),
        (muted("BOS", "airport"), ("x", "B6", "JFK-BOS", "diverted"), True),
        (muted("JFK", "airport"), ("x", "B6", "JFK-BOS", "diverted"), True),
        (muted("LGA", "airport"), ("x", "B6", "JFK-BOS", "diverted"), False),
        (muted("JFK-BOS", "route"), ("x", "B6", "JFK-BOS", "diverted"), True),
        (muted("BOS-JFK", "route"), ("x", "B6", "JFK-BOS", "diverted"), False),
        (muted(hours=-1), (KEY, "B6", "JFK-BOS", "delayed"), False),
    ],
)
def test_what_it_is_about(one, about, is_of):
    assert quiet.of([one], *about) == [one] * is_of


def test_a_mute_stands_before_an_acknowledgement_and_the_longest_mute_first():
    short, long, known = muted(hours=1), muted("B6", "airline", hours=9), acknowledged()
    assert quiet.of([known, short, long], KEY, "B6", "JFK-BOS", "delayed") == [long, short, known]


ENTRY = muted().to_json()


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"\xff", b"[" * 100_000, b'{"quiet": 3}', b'{"quiet": [3]}', b'{"quiet": [{}]}'),
        *(
            json.dumps({"quiet": [ENTRY | change]}).encode()
            for change in (
                *({"kind": "loud"}, {"scope": "planet"}, {"scope": []}, {"when": None}, {"when": "x"}, {"until": 3}),
                *({"who": None}, {"note": 3}, {"code": []}, {"disruption": 3}, {"more": 1}),
            )
        ),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line_and_not_written_over(bucket, body):
    bucket.put_object(Bucket=BUCKET, Key=quiet.KEY, Body=body)
    for ask in (quiet.read, lambda: quiet.put(muted())):
        with pytest.raises(AviationError, match=r"alerts/board\.quiet\.json.*cannot be read: delete it") as caught:
            ask()
        assert "\n" not in str(caught.value)
    assert bucket.get_object(Bucket=BUCKET, Key=quiet.KEY)["Body"].read() == body


@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_write_is_found_out_without_writing(bucket, is_there):
    if is_there:
        quiet.put(muted())
    before = quiet.read()
    quiet.check()
    assert quiet.read() == before


@pytest.mark.parametrize("operation", ["GetObject", "PutObject"])
@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_not_is_told_what_it_takes(monkeypatch, operation, is_there):
    made = MadeBucket(monkeypatch)
    if is_there:
        quiet.put(muted())
    body, made.denied = made.body, {operation}
    with pytest.raises(ForbiddenError, match=r"s3:PutObject on s3://RunsBucket/alerts/board\.quiet\.json"):
        quiet.put(muted())
    assert made.body == body
    if operation == "PutObject":
        with pytest.raises(ForbiddenError):
            quiet.check()
