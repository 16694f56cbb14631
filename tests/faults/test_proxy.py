"""The fault proxy: each service's SDK meets each fault as its own, and what passes is left as it came."""

import socket
from urllib.parse import urlsplit

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

from support.faults.answers import CODES
from support.faults.proxy import proxy
from support.faults.windows import Faults, Window

REFUSALS = [(service, kind) for service, kind in CODES if service != "api"]
CALLS = {
    "s3": lambda client: client.list_buckets(),
    "kinesis": lambda client: client.list_streams(),
    "glue": lambda client: client.get_databases(),
    "sns": lambda client: client.list_topics(),
    "monitoring": lambda client: client.list_metrics(),
}


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def through(emulator, faults):
    """A client of a service, by the name that it signs with, past the proxy, that tries once."""
    with proxy(emulator["AWS_ENDPOINT_URL"], faults) as url:
        names = ("aws_access_key_id", "aws_secret_access_key")
        given = {name: emulator[name.upper()] for name in names} | {"region_name": "us-east-1"}

        def make(service: str, attempts: int = 1):
            name = {"monitoring": "cloudwatch"}.get(service, service)
            config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, read_timeout=10)
            return boto3.client(name, endpoint_url=url, config=config, **given)

        yield make


def always(service: str, kind: str, most: int = 1) -> Window:
    return Window(service, kind, rate=1, after=0, most=most, seed=0)


@pytest.mark.parametrize(("service", "kind"), REFUSALS)
def test_a_refusal_is_one_of_the_service(service, kind, through, faults):
    faults.open([always(service, kind)])
    with pytest.raises(ClientError) as refused:
        CALLS[service](through(service))
    told = refused.value.response
    assert (told["ResponseMetadata"]["HTTPStatusCode"], told["Error"]["Code"]) == CODES[service, kind]
    assert faults.hits == {f"{service} {kind}": 1}


@pytest.mark.parametrize(("service", "kind"), REFUSALS)
def test_the_sdk_tries_again_after_a_refusal(service, kind, through, faults):
    faults.open([always(service, kind)])
    assert CALLS[service](through(service, attempts=2))["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize("kind", ["reset", "half"])
def test_a_connection_that_is_cut_is_an_error_of_the_connection(kind, through, faults):
    faults.open([always("s3", kind)])
    with pytest.raises((HTTPClientError, BotoCoreError)):
        CALLS["s3"](through("s3"))


@pytest.mark.parametrize("kind", ["headers", "body"])
def test_an_answer_that_drips_in_is_whole(kind, through, faults, monkeypatch):
    monkeypatch.setattr("support.faults.proxy.DRIP_SECONDS", 0.05)
    faults.open([always("s3", kind)])
    assert "Buckets" in CALLS["s3"](through("s3"))
    assert faults.hits == {f"s3 {kind}": 1}


def test_a_lost_answer_is_of_a_request_that_was_carried_out(through, faults):
    faults.open([always("s3", "lost")])
    client = through("s3")
    with pytest.raises(BotoCoreError):
        client.create_bucket(Bucket="lost-answer")
    assert "lost-answer" in [bucket["Name"] for bucket in client.list_buckets()["Buckets"]]


def test_what_the_stream_acknowledged_is_noted_and_nothing_else(through, faults):
    client = through("kinesis")
    client.create_stream(StreamName="noted", ShardCount=1)
    client.get_waiter("stream_exists").wait(StreamName="noted", WaiterConfig={"Delay": 1})

    def put(line: bytes):
        return client.put_records(StreamName="noted", Records=[{"Data": line + b"\n", "PartitionKey": "1"}])

    faults.open([always("kinesis", "records")])
    assert put(b"refused")["FailedRecordCount"] == 1
    assert put(b"taken")["FailedRecordCount"] == 0
    faults.open([always("kinesis", "lost")])
    with pytest.raises(BotoCoreError):
        put(b"lost")
    assert faults.acknowledged == {b"taken"}


def test_what_the_topic_took_is_noted_by_message(through, faults):
    client = through("sns")
    topic = client.create_topic(Name="noted")["TopicArn"]
    faults.open([always("sns", "error")])
    with pytest.raises(ClientError):
        client.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[{"Id": "refused", "Message": "1"}])
    entries = [{"Id": name, "Message": name} for name in ("one", "two")]
    client.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert faults.told == {"one": 1, "two": 1}


@pytest.mark.parametrize("service", CALLS)
def test_an_answer_is_lost_only_where_the_request_changes_something(service, through, faults):
    faults.open([always(service, "lost")])
    assert CALLS[service](through(service))
    assert not faults.hits


def test_a_window_hits_its_share_of_the_requests_after_those_that_it_lets_pass(through, faults):
    def hit(seed: int) -> list[bool]:
        window = Window("api", "error", rate=0.5, after=3, most=4, seed=seed)
        faults.open([window])
        with proxy("127.0.0.1:9", faults) as url:
            return [_answers(url) for _ in range(20)]

    first = hit(1)
    assert first[:3] == [False] * 3
    assert sum(first) == 4
    assert hit(1) == first != hit(2)


def _answers(url: str) -> bool:
    """Whether the proxy itself answers: nothing listens behind it."""
    try:
        return requests.get(url, timeout=5).status_code == 500
    except requests.ConnectionError:
        return False


def test_a_refused_head_has_no_body(emulator, faults):
    faults.open([Window("api", "error", rate=1, after=0, most=1, seed=0)])
    with (
        proxy(emulator["AWS_ENDPOINT_URL"], faults) as url,
        socket.create_connection(("127.0.0.1", urlsplit(url).port), 5) as connection,
    ):
        connection.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(b"\r\n\r\n")  # what comes after is taken for the next answer
