"""Alerts in words: the flight as people know it, by the clock of its airport; many of them in one message."""

import json
import re
from datetime import datetime

import pytest

from aviation import alerts, aws, places
from aviation.alerts import messages as told
from aviation.alerts import send
from aviation.alerts.watch import Alert
from aviation.alerts.wording import LONGEST, sentence

NEWEST = datetime(2013, 7, 10, 21, 10)
FLIGHT = {
    "airline_name": "JetBlue",
    "airline_iata": "B6",
    "airline_icao": "JBU",
    "flight_iata": "B627",
    "flight_number": "27",
    "dep_iata": "JFK",
    "dep_icao": "KJFK",
    "arr_iata": "TPA",
    "arr_icao": "KTPA",
    "flight_status": "scheduled",
    "dep_scheduled_utc": datetime(2013, 7, 10, 19, 30),
    "dep_scheduled_local": datetime(2013, 7, 10, 15, 30),
    "dep_timezone": "America/New_York",
}
WAITS = "has not left, 1 h 40 min after its schedule"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, f"JetBlue 27 (B6 27) JFK–TPA, due to leave at 15:30 (New York), {WAITS}."),
        (
            {"dep_timezone": "+05:30", "dep_scheduled_local": datetime(2013, 7, 11, 1)},
            f"JetBlue 27 (B6 27) JFK–TPA, due to leave at 01:00 (+05:30), {WAITS}.",
        ),
        (
            {"dep_scheduled_utc": datetime(2013, 7, 11, 19, 30), "dep_scheduled_local": datetime(2013, 7, 11, 15, 30)},
            f"JetBlue 27 (B6 27) JFK–TPA, due to leave at 15:30 on 11 July (New York), {WAITS}; "
            "told 22 h 20 min before its scheduled departure.",
        ),
        ({"dep_scheduled_local": None}, f"JetBlue 27 (B6 27) JFK–TPA, due to leave at 19:30 (UTC), {WAITS}."),
        ({"dep_scheduled_utc": None}, f"JetBlue 27 (B6 27) JFK–TPA {WAITS}."),
        (
            {"airline_name": None, "flight_iata": None, "dep_iata": None, "arr_iata": None, "arr_icao": None},
            f"B6 27 (B6 27) KJFK––, due to leave at 15:30 (New York), {WAITS}.",
        ),
        (
            {"flight_iata": None, "airline_iata": None},
            f"JetBlue 27 (JBU 27) JFK–TPA, due to leave at 15:30 (New York), {WAITS}.",
        ),
        (
            {"airline_name": None, "airline_iata": None, "airline_icao": None, "flight_iata": None}
            | {"flight_number": None},
            f"Unknown airline – JFK–TPA, due to leave at 15:30 (New York), {WAITS}.",
        ),
        (
            {"airline_name": "Jet\x1b[31mBlue\r\n" + "!" * 100},
            f"Jet[31mBlue {'!' * (LONGEST - 13)}… 27 (B6 27) JFK–TPA, due to leave at 15:30 (New York), {WAITS}.",
        ),
    ],
    ids=[
        "plain",
        "an offset",
        "another day",
        "no local time",
        "no schedule",
        "no names",
        "no IATA codes",
        "nothing",
        "hostile",
    ],
)
def test_a_flight_is_told_as_people_know_it(given, text):
    assert sentence(FLIGHT | given, WAITS, None, NEWEST) == text


def test_since_when_something_is_known_is_told_by_the_same_clock():
    text = sentence(FLIGHT, "is cancelled", datetime(2013, 7, 10, 3, 5), NEWEST)
    assert text.endswith("at 15:30 (New York), is cancelled, known since 23:05 on 9 July.")
    assert not re.search("utc|_min|T[0-9]", text, re.IGNORECASE)


def alert(number: int, kind: str = "cancelled", minutes: int | None = None, **given: str) -> Alert:
    values = {"flight": f"B6 {number}", "route": "JFK-BOS", "airline": "B6", "airline_name": "JetBlue"} | given
    key = f"2013-07-10|JFK|JBU|{number}"
    rest = {"scheduled_utc": None, "changed": None, "text": f"JetBlue {number} is {kind}."}
    return Alert(watch="storm", kind=kind, flight_key=key, minutes=minutes, **values, **rest)


def storm() -> list[Alert]:
    others = {"airline": "UA", "airline_name": "United", "route": "EWR-ORD"}
    return [
        *(alert(number) for number in range(13)),
        *(alert(number, "diverted", **others) for number in range(13, 16)),
        *(alert(number, "delayed", 200 - number) for number in range(16, 50)),
    ]


def test_up_to_twenty_alerts_go_out_in_a_message_each_and_more_in_one(stack):
    assert [len(batch) for batch in told.batches(storm()[:20])] == [10, 10]
    assert [message.text for message in told.messages(storm()[:2])] == [
        "JetBlue 0 is cancelled.",
        "JetBlue 1 is cancelled.",
    ]
    assert [len(batch) for batch in told.batches(storm()[:21])] == [21]
    assert list(told.batches([])) == []
    assert len(told.messages(storm()[:21])) == 1


def test_one_message_on_many_says_how_many_of_what_where_and_spells_out_the_worst(stack):
    [message] = told.messages(storm())
    lines = message.text.splitlines()
    assert message.title == "50 flights disrupted: 13 cancelled, 3 diverted, 34 late"
    assert lines[0] == "50 flights disrupted: 13 cancelled, 3 diverted, 34 late."
    assert lines[1].startswith("All of them are on the board: ")
    assert "By airport of departure: JFK 47 (13 cancelled, 34 late); EWR 3 (3 diverted)." in lines
    assert "By airline: JetBlue 47 (13 cancelled, 34 late); United 3 (3 diverted)." in lines
    assert [line for line in lines if line.startswith("- ")] == [f"- {one.text}" for one in storm()[:20]]
    assert lines[-1] == "30 more flights are not spelled out here."
    assert message.alerts == storm()
    assert (message.about["flights"], len(message.about["worst"])) == (50, 20)


def test_of_many_airlines_those_with_the_most_are_named(stack):
    many = [alert(number, airline_name=f"Airline {number:02}") for number in range(30)]
    [message] = told.messages([*many, *storm()[:13]])
    [line] = [line for line in message.text.splitlines() if line.startswith("By airline")]
    assert line.startswith("By airline: JetBlue 13 (13 cancelled); Airline 00 1 (1 cancelled);")
    assert line.endswith("; 23 others 23.")


class Topic:
    """In place of SNS: keeps what it is given, within its limits."""

    def __init__(self):
        self.entries: list[dict] = []

    def publish_batch(self, TopicArn: str, PublishBatchRequestEntries: list[dict]) -> dict:  # noqa: N803 - as boto3 has it
        assert 1 <= len(PublishBatchRequestEntries) <= 10
        size = 0
        for entry in PublishBatchRequestEntries:
            assert re.fullmatch(r"[!-~][ -~]{0,99}", entry["Subject"])
            values = entry["MessageAttributes"].values()
            size += len(entry["Message"].encode()) + sum(len(value["StringValue"].encode()) for value in values)
        assert size <= 262_144
        self.entries += PublishBatchRequestEntries
        return {}


@pytest.fixture
def topic(stack, monkeypatch) -> Topic:
    monkeypatch.setattr(send.tell, "send", lambda messages: None)
    return Topic()


@pytest.mark.parametrize("number", [1, 10, 300])
def test_messages_keep_the_limits_of_sns_whatever_the_tables_say(topic, number):
    long = dict.fromkeys(("flight", "route", "airline", "airline_name"), "é\n" * 50000)
    alerts.publish([alert(n, **long) for n in range(number)], sns=topic)
    assert len(topic.entries) == (number if number <= 10 else 1)


def test_who_filters_by_kind_or_airline_gets_the_message_on_many_too(topic):
    alerts.publish(storm(), sns=topic)
    [entry] = topic.entries
    assert entry["Subject"] == "50 flights disrupted: 13 cancelled, 3 diverted, 34 late"
    assert {name: value["DataType"] for name, value in entry["MessageAttributes"].items()} == {
        "watch": "String",
        "kind": "String.Array",
        "airline": "String.Array",
    }
    assert json.loads(entry["MessageAttributes"]["kind"]["StringValue"]) == ["cancelled", "delayed", "diverted"]
    text, _, about = entry["Message"].rpartition("\n\n")
    assert json.loads(about)["worst"][0]["flight_key"] == "2013-07-10|JFK|JBU|0"
    assert "_min" not in text


def test_a_message_on_many_reaches_a_queue_and_the_laptops_file_has_each_alert(stack):
    sns, sqs = aws.client("sns"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="storm")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscription = sns.subscribe(TopicArn=places.place("AlertsTopic"), Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    try:
        (stack.home / "alerts.jsonl").touch()
        before = len((stack.home / "alerts.jsonl").read_text().splitlines())
        alerts.publish(storm())
        [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    finally:
        sns.unsubscribe(SubscriptionArn=subscription)
    assert json.loads(message["Body"])["Message"].startswith("50 flights disrupted")
    kept = [json.loads(line) for line in (stack.home / "alerts.jsonl").read_text().splitlines()]
    assert [one["flight_key"] for one in kept[before:]] == [one.flight_key for one in storm()]
