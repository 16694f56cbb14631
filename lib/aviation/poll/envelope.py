"""Raw records: one line of JSON for each of the API's, packed into blobs of the size that a stream takes."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aviation.times import utc_text

TARGET_BYTES = 900 * 1024
"""How full a blob gets. Firehose bills each Kinesis record rounded up to 5 KB, so lines of 864 bytes sent one by one
would cost six times their size."""

PARTITION_KEY_BYTES = len(uuid.uuid4().hex)
LIMIT_BYTES = 1024 * 1024 - PARTITION_KEY_BYTES
"""The largest blob: the partition key counts towards Kinesis's 1 MiB a record.
Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html"""


@dataclass(frozen=True)
class Origin:
    """What the lines of one answer share: `observed_at` by the API's clock, `fetched_at` by ours (both aware)."""

    entity: str
    observed_at: datetime
    fetched_at: datetime
    run_id: str
    source: str


def lines(origin: Origin, records: Iterable[Any]) -> Iterator[bytes]:
    """One newline-terminated line of UTF-8 JSON for each record, which stands in it untouched."""
    head = {
        "entity": origin.entity,
        "observed_at": utc_text(origin.observed_at),
        "fetched_at": utc_text(origin.fetched_at),
        "run_id": origin.run_id,
        "source": origin.source,
    }
    for record in records:
        yield _encode(head | {"record": record}) + b"\n"


def _encode(value: dict[str, Any]) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair cannot be written in UTF-8: JSON's escape keeps it
        return json.dumps(value, separators=(",", ":")).encode()


class Packer:
    """Joins lines into blobs of at most TARGET_BYTES, in order. A larger line makes a blob of its own; one that no
    Kinesis record can hold (over LIMIT_BYTES) is left out, and `oversized` counts those."""

    def __init__(self) -> None:
        self.oversized = 0
        self._blob = bytearray()

    def add(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        """Take lines; yield each blob once it is full. At most one blob is held back, for `flush`."""
        for line in lines:
            if len(line) > LIMIT_BYTES:
                self.oversized += 1
                continue
            if len(self._blob) + len(line) > TARGET_BYTES:
                yield from self.flush()
            self._blob += line

    def flush(self) -> Iterator[bytes]:
        """Yield the blob that is held back, if there is one."""
        if self._blob:
            blob, self._blob = bytes(self._blob), bytearray()
            yield blob
