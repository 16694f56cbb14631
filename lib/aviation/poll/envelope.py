"""Raw records: one line of JSON an API record, packed into the blobs that a stream takes."""

import json
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from aviation.times import utc_text

TARGET_BYTES = 900 * 1024
"""How full a blob gets. Firehose bills each Kinesis record rounded up to 5 KB: 864-byte records sent singly cost six
times their bytes."""

PARTITION_KEY_BYTES = len(uuid.uuid4().hex)
LIMIT_BYTES = 1024 * 1024 - PARTITION_KEY_BYTES
"""The largest blob: Kinesis counts the partition key into its 1 MiB.
Source: https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecordsRequestEntry.html"""


@dataclass(frozen=True)
class Origin:
    """What the lines of one answer share: `observed_at` by the API's clock, `fetched_at` by ours (both aware)."""

    entity: str
    observed_at: datetime
    fetched_at: datetime
    run_id: str
    source: str


def lines(origin: Origin, records: Iterable) -> Iterator[bytes]:
    """One newline-terminated line of UTF-8 JSON a record; the record itself is untouched."""
    head = {
        "entity": origin.entity,
        "observed_at": utc_text(origin.observed_at),
        "fetched_at": utc_text(origin.fetched_at),
        "run_id": origin.run_id,
        "source": origin.source,
    }
    for record in records:
        yield _encode(head | {"record": record}) + b"\n"


def _encode(value: dict) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair has no UTF-8 form; JSON's own escape keeps it as it came
        return json.dumps(value, separators=(",", ":")).encode()


class Packer:
    """Joins lines into blobs of at most TARGET_BYTES, in order. A larger line goes alone; `oversized` counts those
    that no Kinesis record can hold (over LIMIT_BYTES), which are left out."""

    def __init__(self) -> None:
        self.oversized = 0
        self._blob = bytearray()

    def add(self, new: Iterable[bytes]) -> Iterator[bytes]:
        """Take lines; yield each blob as it is full. At most one blob is held back, for `flush`."""
        for line in new:
            if len(line) > LIMIT_BYTES:
                self.oversized += 1
                continue
            if len(self._blob) + len(line) > TARGET_BYTES:
                yield from self.flush()
            self._blob += line

    def flush(self) -> Iterator[bytes]:
        """Yield what is held back, if anything."""
        if self._blob:
            blob, self._blob = bytes(self._blob), bytearray()
            yield blob
