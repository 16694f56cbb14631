"""Puts blobs of raw lines on a Kinesis stream, within its limits, and never loses one in silence."""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator

from botocore.exceptions import BotoCoreError, ClientError, ConnectionError, HTTPClientError

from aviation.errors import DeliveryError
from aviation.poll.envelope import PARTITION_KEY_BYTES
from aviation.retry import Deadline, backoff

CALL_RECORDS = 500
SHARD_BYTES = 1024 * 1024
CALL_BYTES = 5 * SHARD_BYTES - CALL_RECORDS * PARTITION_KEY_BYTES
"""A call takes at most 500 records and 5 MiB with their partition keys, a shard 1 MiB a second.
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


class Stream:
    """One stream, written through a boto3 Kinesis client that the caller gives.

    `shards` sets the pace (1 MiB a second each) and the size of a call. A failed entry is sent again, with backoff,
    for `deadline_seconds` from the call that first held it. `sent_records`, `sent_lines` and `sent_bytes` count what
    was taken, `undelivered` the lines that were not, `retries` the entries that were sent again.
    """

    def __init__(
        self,
        client,
        name: str,
        *,
        shards: int = 1,
        deadline_seconds: float = 30,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ):
        self.name = name
        self.sent_records = self.sent_lines = self.sent_bytes = 0
        self.undelivered = self.retries = 0
        self._client = client
        self._deadline_seconds = deadline_seconds
        self._sleep, self._now = sleep, now
        self._rate = shards * SHARD_BYTES
        # The bucket starts full, so that the first call leaves at once.
        self._tokens, self._filled_at = float(self._rate), now()

    def put(self, blobs: Iterable[bytes]) -> None:
        """Send every blob (newline-terminated lines, each within Kinesis's record limit).

        What comes after a failed blob is sent all the same; then a DeliveryError says how many lines this stream was
        given in all and did not take.
        """
        reason = ""
        for call in _calls(blobs, min(self._rate, CALL_BYTES)):
            refused, why = self._deliver(call)
            if refused:
                self.undelivered += sum(blob.count(b"\n") for blob in refused)
                reason = why
        if reason:
            raise DeliveryError(
                f"the stream '{self.name}' did not take {self.undelivered:,} records: {reason}",
                undelivered=self.undelivered,
            )

    def _deliver(self, blobs: list[bytes]) -> tuple[list[bytes], str]:
        """Send one call's blobs until all are taken; those that were not, and why."""
        deadline = Deadline(self._deadline_seconds, self._now)
        attempt = 0
        while True:
            self._pace(sum(map(len, blobs)))
            blobs, reason, hopeless = self._call(blobs)
            wait = backoff(attempt)
            if not blobs or hopeless or wait > deadline.left():
                return blobs, reason
            self._sleep(wait)
            self.retries += len(blobs)
            attempt += 1

    def _call(self, blobs: list[bytes]) -> tuple[list[bytes], str, bool]:
        """One PutRecords call: the blobs that failed, the last reason, and whether another try can only fail too."""
        entries = [{"Data": blob, "PartitionKey": uuid.uuid4().hex} for blob in blobs]
        try:
            results = self._client.put_records(StreamName=self.name, Records=entries)["Records"]
        except ClientError as error:
            said = error.response["Error"]
            code = said.get("Code", "")
            server_side = error.response["ResponseMetadata"].get("HTTPStatusCode", 0) >= 500
            return blobs, f"{code}: {said.get('Message', '')}", not (server_side or code in RETRIED_CODES)
        except BotoCoreError as error:
            # No answer is worth another try; no credentials, say, are not.
            return blobs, f"{type(error).__name__}: {error}", not isinstance(error, ConnectionError | HTTPClientError)
        failed, reason = [], ""
        for blob, result in zip(blobs, results, strict=True):
            if code := result.get("ErrorCode"):
                failed.append(blob)
                reason = f"{code}: {result.get('ErrorMessage', '')}"
            else:
                self.sent_records += 1
                self.sent_lines += blob.count(b"\n")
                self.sent_bytes += len(blob)
        return failed, reason, False

    def _pace(self, size: int) -> None:
        """Wait until the shards have room for `size` bytes: a token bucket that holds one second's worth."""
        now = self._now()
        self._tokens = min(self._rate, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        if (short := size - self._tokens) > 0:
            self._sleep(short / self._rate)
        # Below zero is what the sleep just paid for: the next refill counts it.
        self._tokens -= size


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
