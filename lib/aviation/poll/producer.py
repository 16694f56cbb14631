"""The producer: sweeps one entity of the flight API and streams its records, page by page."""

import os
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aviation import aws, parameters
from aviation.entities import entity_named
from aviation.errors import AviationError, DeliveryError, ParameterError
from aviation.places import stack_name
from aviation.poll import envelope
from aviation.poll.answers import Page
from aviation.poll.client import Api, check_filters
from aviation.poll.kinesis import Stream
from aviation.report import Report
from aviation.times import utc_text


@dataclass(frozen=True)
class ProducerParameters:
    """The parameters of a run; their defaults are the notebook's. Every HTTP call counts against `max_calls`; a sweep
    ends at `deadline_seconds`."""

    entity: str
    filters: dict[str, str | int]
    limit: int
    max_calls: int
    deadline_seconds: int


def resolve(**values: Any) -> ProducerParameters:
    """The parameters, checked. ParameterError names one that does not fit."""
    resolved = parameters.resolve(ProducerParameters, **values)
    check_filters(entity_named(resolved.entity).name, resolved.filters, resolved.limit)
    for name in ("max_calls", "deadline_seconds"):
        if getattr(resolved, name) < 1:
            raise ParameterError(f"parameter '{name}' must be at least 1, not {getattr(resolved, name)}")
    return resolved


def run(chosen: ProducerParameters) -> Report:
    """Sweep the entity, put every record on its stream, and report.

    What was fetched is delivered even if a later page fails; then the error is raised, with a note of what was
    delivered. Where nothing was found or something was left out, the report's `status` is `warning`, and `warning`
    says why.
    """
    api = Api.connect(max_calls=chosen.max_calls, deadline_seconds=chosen.deadline_seconds)
    stream = Stream(aws.client("kinesis"), f"{stack_name()}-{chosen.entity}")
    delivery = Delivery(stream, chosen.entity, api.base_url)
    try:
        try:
            for page in api.sweep(chosen.entity, chosen.filters, limit=chosen.limit):
                delivery.add(page)
        finally:
            delivery.finish()
    except AviationError as error:
        error.add_note(f"{delivery.delivered:,} records were delivered, in {api.calls} calls")
        raise
    warning = _warning(chosen, delivery, api)
    return Report(
        entity=chosen.entity,
        status="warning" if warning else "ok",
        records=delivery.delivered,
        bytes=stream.sent_bytes,
        kinesis_records=stream.sent_records,
        kinesis_retries=stream.retries,
        newest_observed_at=delivery.newest and utc_text(delivery.newest),
        **api.report(),
        **({"warning": warning} if warning else {}),
    )


class Delivery:
    """Puts pages on a stream, as lines of the raw format. At most one blob is held back until `finish`."""

    def __init__(self, stream: Stream, entity: str, source: str):
        self.newest: datetime | None = None
        self.fetched = 0
        self._stream, self._entity, self._source = stream, entity, source
        self._run_id = os.environ.get("AVIATION_RUN_ID") or uuid.uuid4().hex
        self._packer = envelope.Packer()

    @property
    def delivered(self) -> int:
        """How many records the stream took."""
        return self._stream.sent_lines

    def add(self, page: Page) -> None:
        """Send the records of a page."""
        self.newest = max(self.newest or page.observed_at, page.observed_at)
        self.fetched += len(page.records)
        origin = envelope.Origin(self._entity, page.observed_at, page.fetched_at, self._run_id, self._source)
        self._stream.put(self._packer.add(envelope.lines(origin, page.records)))

    def finish(self) -> None:
        """Send the rest. DeliveryError where records were too large for Kinesis; all others have been sent by then."""
        self._stream.put(self._packer.flush())
        if count := self._packer.oversized:
            raise DeliveryError(
                f"{self._entity}: {count:,} records are larger than the {envelope.LIMIT_BYTES:,} bytes Kinesis takes",
                undelivered=count + self._stream.undelivered,
            )


def _warning(chosen: ProducerParameters, delivery: Delivery, api: Api) -> str | None:
    if not delivery.fetched:
        return f"the API knows no {chosen.entity} for these filters: {chosen.filters or 'none'}"
    if cut := api.left_out:
        count = "an unknown number of" if cut.records is None else f"{cut.records:,}"
        return f"the sweep was cut by {cut.reason} at offset {cut.offset:,}: {count} records were left out"
    return None
