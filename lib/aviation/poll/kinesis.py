"""Puts blobs of raw lines on a Kinesis stream, within its limits, and never loses one silently."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from aviation.errors import DeliveryError
from aviation.poll.envelope import PARTITION_KEY_BYTES
from aviation.retry import Deadline, backoff

CALL_RECORDS = 500
SHARD_BYTES = 1024 * 1024
CALL_BYTES = 5 * SHARD_BYTES - CALL_RECORDS * PARTITION_KEY_BYTES
"""A call takes at most 500 records, and 5 MiB with their partition keys; a shard takes 1 MiB a second.
Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html"""

RETRIED_CODES = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSThrottlingException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestTimeout",
        "ServiceUnavailable",
        "ThrottlingException",
    }
)


def open_shards(client: Any, name: str) -> int:
    """How many shards of the stream take records; 1 where it does not say, since what is wrong then stops the first
    record, too."""
    try:
        return int(client.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["OpenShardCount"])
    except (BotoCoreError, ClientError):
        return 1


class Stream:
    """One stream, written through the caller's boto3 Kinesis client, which tries nothing again by itself.

    `shards` sets the pace (1 MiB a second each) and the size of a call. An entry that failed is sent again, with
    backoff, until `deadline_seconds` after the call that first held it. `sent_records`, `sent_lines` and `sent_bytes`
    count what the stream took, `undelivered` the lines that it did not say it took: of those it may have taken
    `unanswered`, since an answer was lost. `retries` counts the entries that were sent again.
    """

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        shards: int = 1,
        deadline_seconds: float = 30,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ):
        self.name = name
        self.sent_records = self.sent_lines = self.sent_bytes = 0
        self.undelivered = self.unanswered = self.retries = 0
        self._client = client
        self._deadline_seconds = deadline_seconds
        self._sleep, self._now = sleep, now
        self._rate = shards * SHARD_BYTES
        # The bucket starts full, so that the first call goes out at once.
        self._tokens, self._filled_at = float(self._rate), now()

    def put(self, blobs: Iterable[bytes]) -> None:
        """Send every blob (newline-terminated lines, each blob within Kinesis's record limit).

        The blobs after a failed one are sent all the same; then a DeliveryError says how many lines, since this stream
        was opened, it did not take.
        """
        reason = ""
        for call in _calls(blobs, min(self._rate, CALL_BYTES)):
            outcome = self._deliver(call)
            if outcome.failed:
                lines = sum(blob.count(b"\n") for blob in outcome.failed)
                self.undelivered += lines
                self.unanswered += lines if outcome.unanswered else 0
                reason = outcome.reason
        if reason:
            raise DeliveryError(
                f"the stream '{self.name}' {self._missing()}: {reason}",
                undelivered=self.undelivered,
                unanswered=self.unanswered,
            )

    def _missing(self) -> str:
        """What the stream did not say it took, in words."""
        refused = self.undelivered - self.unanswered
        lost = f"may or may not have taken {self.unanswered:,} records, since it did not answer"
        if not self.unanswered:
            return f"did not take {refused:,} records"
        return f"did not take {refused:,} records and {lost}" if refused else lost

    def _deliver(self, blobs: list[bytes]) -> "_Outcome":
        """Send one call's blobs, those that failed again, until all are taken or another try cannot help."""
        deadline = Deadline(self._deadline_seconds, self._now)
        attempt, unanswered = 0, False
        while True:
            self._pace(sum(map(len, blobs)))
            outcome = self._call(blobs)
            blobs = outcome.failed
            # What fails in the end was part of every call.
            unanswered |= outcome.unanswered
            wait = backoff(attempt)
            if not outcome.retry or wait > deadline.seconds_left():
                return outcome._replace(unanswered=unanswered)
            self._sleep(wait)
            self.retries += len(blobs)
            attempt += 1

    def _call(self, blobs: list[bytes]) -> "_Outcome":
        """One PutRecords call."""
        entries = [{"Data": blob, "PartitionKey": uuid.uuid4().hex} for blob in blobs]
        try:
            results = self._client.put_records(StreamName=self.name, Records=entries)["Records"]
        except ClientError as error:
            code, message = (error.response["Error"].get(name, "") for name in ("Code", "Message"))
            server_side = error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500
            return _Outcome(blobs, f"{code}: {message}", server_side or code in RETRIED_CODES, server_side)
        except BotoCoreError as error:
            # A call without an answer is worth another try; one without credentials, say, is not.
            unanswered = isinstance(error, HTTPClientError)
            retry = unanswered or isinstance(error, ConnectionError)
            return _Outcome(blobs, f"{type(error).__name__}: {error}", retry, unanswered)
        failed, reason = [], ""
        for blob, result in zip(blobs, results, strict=True):
            if code := result.get("ErrorCode"):
                failed.append(blob)
                reason = f"{code}: {result.get('ErrorMessage', '')}"
            else:
                self.sent_records += 1
                self.sent_lines += blob.count(b"\n")
                self.sent_bytes += len(blob)
        return _Outcome(failed, reason, bool(failed))

    def _pace(self, size: int) -> None:
        """Wait until the shards have room for `size` bytes: a token bucket that holds one second's worth of them."""
        now = self._now()
        self._tokens = min(self._rate, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if (short := size - self._tokens) > 0:
            self._sleep(short / self._rate)
        # This can go below zero: the time just slept is counted by the next refill.
        self._tokens -= size


class _Outcome(NamedTuple):
    """How sending ended: the blobs that were not taken, the last reason, whether another try can help, and whether they
    may have been taken all the same."""

    failed: list[bytes]
    reason: str
    retry: bool
    unanswered: bool = False


def _calls(blobs: Iterable[bytes], most_bytes: int) -> Iterator[list[bytes]]:
    """Group blobs into calls, in order: at most 500 blobs and `most_bytes`, at least one blob."""
    call: list[bytes] = []
    size = 0
    for blob in blobs:
        if call and (len(call) == CALL_RECORDS or size + len(blob) > most_bytes):
            yield call
            call, size = [], 0
        call.append(blob)
        size += len(blob)
    if call:
        yield call
