"""Delivery to a stream. MiniStack takes everything, so refusals are played by botocore's Stubber."""

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError
from botocore.stub import ANY, Stubber

from aviation import aws
from aviation.errors import DeliveryError
from aviation.poll.kinesis import CALL_BYTES, CALL_RECORDS, SHARD_BYTES, Stream
from support import STREAMED

TAKEN = {"SequenceNumber": "1", "ShardId": "shardId-0"}
THROTTLED = {"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Rate exceeded"}


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self):
        self.time = 0.0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += seconds


class Recorder:
    """A Kinesis client that plays `answers`, then takes everything, and notes each call."""

    def __init__(self, clock: Clock, answers: list | None = None):
        self.calls, self.times = [], []
        self._clock, self._answers = clock, answers or []

    def put_records(self, StreamName, Records):  # noqa: N803
        self.calls.append([entry["Data"] for entry in Records])
        self.times.append(self._clock.now())
        answer = self._answers.pop(0) if self._answers else [TAKEN] * len(Records)
        if isinstance(answer, Exception):
            raise answer
        return {"Records": answer}


@pytest.fixture
def clock():
    return Clock()


def stream(client, clock: Clock, **options) -> Stream:
    return Stream(client, "test-flights", sleep=clock.sleep, now=clock.now, **options)


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "PutRecords")


def test_blobs_arrive_on_a_real_stream(producer_stack, sent):
    client = aws.client("kinesis")
    target = Stream(client, f"test-{STREAMED[0]}")
    target.put([b'{"n":1}\n{"n":2}\n', b'{"n":3}\n'])
    assert sorted(line["n"] for line in sent(STREAMED[0])) == [1, 2, 3]
    assert (target.sent_records, target.sent_lines, target.sent_bytes, target.retries) == (2, 3, 24, 0)


def test_only_what_failed_is_sent_again(clock):
    client = boto3.client("kinesis", "us-east-1", aws_access_key_id="test", aws_secret_access_key="test")
    with Stubber(client) as stub:
        entries = [{"Data": blob, "PartitionKey": ANY} for blob in (b"a\n", b"b\n", b"c\n")]
        expected = {"StreamName": "test-flights", "Records": entries}
        stub.add_response("put_records", {"Records": [TAKEN, THROTTLED, THROTTLED], "FailedRecordCount": 2}, expected)
        expected = {"StreamName": "test-flights", "Records": entries[1:]}
        stub.add_response("put_records", {"Records": [TAKEN, THROTTLED], "FailedRecordCount": 1}, expected)
        expected = {"StreamName": "test-flights", "Records": entries[2:]}
        stub.add_response("put_records", {"Records": [TAKEN]}, expected)
        target = stream(client, clock)
        target.put([b"a\n", b"b\n", b"c\n"])
        stub.assert_no_pending_responses()
    assert (target.sent_lines, target.retries, target.undelivered) == (3, 3, 0)


@pytest.mark.parametrize(
    "failure",
    [
        refusal(THROTTLED["ErrorCode"]),
        refusal("InternalFailure", 500),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
    ids=["throttled", "failed", "not reachable"],
)
def test_a_call_that_failed_whole_is_sent_again(clock, failure):
    client = Recorder(clock, [failure, failure])
    stream(client, clock).put([b"a\n", b"b\n"])
    assert client.calls == [[b"a\n", b"b\n"]] * 3


def test_what_cannot_be_sent_until_the_deadline_is_an_error_that_says_how_many(clock):
    client = Recorder(clock, [[TAKEN, THROTTLED]] + [[THROTTLED]] * 1000)
    target = stream(client, clock, deadline_seconds=30)
    with pytest.raises(DeliveryError, match=r"did not take 2 records: .*Rate exceeded") as caught:
        target.put([b"1\n", b"2\n3\n"])
    assert (caught.value.undelivered, target.sent_lines) == (2, 1)
    assert clock.time <= 30
    assert len(client.calls) > 2


LOST = ReadTimeoutError(endpoint_url="https://kinesis.us-east-1.amazonaws.com")


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([LOST], r"'test-flights' may or may not have taken 3 records, since it did not answer: ReadTimeoutError"),
        ([LOST, refusal(THROTTLED["ErrorCode"])], "may or may not have taken 3 records.*: Provisioned"),
        ([refusal("InternalFailure", 500)], "may or may not have taken 3 records.*: InternalFailure"),
        ([refusal(THROTTLED["ErrorCode"])], "did not take 3 records: Provisioned"),
        ([EndpointConnectionError(endpoint_url="http://127.0.0.1:1")], "did not take 3 records: Endpoint"),
    ],
    ids=["lost", "lost, then refused", "failed", "refused", "not reachable"],
)
def test_what_a_stream_that_did_not_answer_may_have_taken_is_not_said_to_be_missing(clock, answers, said):
    client = Recorder(clock, answers + answers[-1:] * 1000)
    target = stream(client, clock, deadline_seconds=3)
    with pytest.raises(DeliveryError, match=said) as caught:
        target.put([b"1\n", b"2\n3\n"])
    assert caught.value.undelivered == 3
    assert caught.value.unanswered == (3 if "may or may not" in said else 0)


def test_what_was_refused_and_what_may_have_been_taken_are_told_apart(clock):
    client = Recorder(clock, [refusal("ResourceNotFoundException"), LOST, refusal("ResourceNotFoundException")])
    target = stream(client, clock)
    with pytest.raises(DeliveryError, match="did not take 1 records and may or may not have taken 2 records") as caught:
        target.put([b"x" * (SHARD_BYTES - 1) + b"\n", b"2\n3\n"])
    assert (caught.value.undelivered, caught.value.unanswered) == (3, 2)


def test_what_comes_after_a_failed_call_is_sent_all_the_same(clock):
    client = Recorder(clock, [refusal("ResourceNotFoundException")])
    target = stream(client, clock)
    blobs = [b"1\n" * (SHARD_BYTES // 3) for _ in range(3)]
    with pytest.raises(DeliveryError) as caught:
        target.put(blobs)
    assert len(client.calls) == 3
    assert caught.value.undelivered == SHARD_BYTES // 3
    assert target.sent_records == 2


@pytest.mark.parametrize("code", ["ResourceNotFoundException", "AccessDeniedException", "KMSDisabledException"])
def test_a_refusal_that_another_try_cannot_mend_ends_at_once(clock, code):
    client = Recorder(clock, [refusal(code)])
    with pytest.raises(DeliveryError, match=code):
        stream(client, clock).put([b"a\n"])
    assert (len(client.calls), clock.time) == (1, 0)


@pytest.mark.parametrize("shards", [1, 2])
def test_the_pace_is_a_mebibyte_a_second_and_shard_and_the_first_call_leaves_at_once(clock, shards):
    client = Recorder(clock)
    blobs = [b"x" * (SHARD_BYTES - 1) + b"\n"] * 6
    stream(client, clock, shards=shards).put(blobs)
    assert [call for calls in client.calls for call in calls] == blobs
    assert client.times[0] == 0
    assert clock.time == pytest.approx(6 / shards - 1)
    assert all(len(b"".join(call)) <= shards * SHARD_BYTES for call in client.calls)


def test_a_call_holds_at_most_500_records_and_5_mib(clock):
    client = Recorder(clock)
    stream(client, clock, shards=8).put([b"x\n"] * 1201 + [b"y" * (SHARD_BYTES - 100) + b"\n"] * 9)
    assert sum(map(len, client.calls)) == 1210
    for call in client.calls:
        assert len(call) <= CALL_RECORDS
        assert len(b"".join(call)) <= CALL_BYTES


def test_nothing_to_send_makes_no_call(clock):
    client = Recorder(clock)
    stream(client, clock).put([])
    assert client.calls == []
