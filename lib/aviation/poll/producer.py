"""The producer: polls one entity of the flight API and streams what it answered, as one observation."""

import os
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from aviation import aws, parameters
from aviation.entities import entity_named
from aviation.errors import AviationError, DeliveryError, ParameterError
from aviation.places import place, stack_name
from aviation.poll import envelope, lease
from aviation.poll.client import Api, check_filters
from aviation.poll.collected import Collected
from aviation.poll.kinesis import Stream, open_shards
from aviation.poll.plans import MOST_RECORDS_A_PAGE, plan_named
from aviation.poll.sweeping import Sweeping
from aviation.poll.watch import Seen, Sweep, Watch
from aviation.report import Report
from aviation.times import parse_utc, utc_text

LONGEST_SECONDS = {"flights": 300}
"""How long a poll may take: its facts are at most so much newer than its one `observed_at`. What is known of a
reference record has no history, so its poll may take as long as its function."""
DELIVERY_SECONDS = 120
"""How much longer than its last call a poll can take: that call's time-out, and the delivery."""
MOST_NAMED = 5


@dataclass(frozen=True)
class ProducerParameters:
    """The parameters of a run; their defaults are the notebook's.

    A `watch` (see `aviation.poll.watch`) is for flights alone; without one, there is a single sweep with the `filters`.
    `instant` (ISO 8601, empty: now) asks the replay as of that moment. `limit` is records a call, 0 as many as the API
    plan allows. Every HTTP call counts against `max_calls`; no call is begun after `deadline_seconds`.
    """

    entity: str
    watch: dict[str, list[str]]
    filters: dict[str, str | int]
    instant: str
    limit: int
    max_calls: int
    deadline_seconds: int

    @property
    def now(self) -> datetime:
        """The moment that is asked about (aware), by our own clock."""
        return parse_utc(self.instant) if self.instant else datetime.now(UTC)

    def sweeps(self, now: datetime, seen: dict[str, Seen]) -> list[Sweep]:
        """The sweeps of a poll at `now` (aware), after polls that have `seen` so much."""
        if watch := Watch.of(self.watch):
            return watch.sweeps(now, seen, self.filters)
        chosen = ", ".join(f"{name}={value}" for name, value in self.filters.items())
        return [Sweep(f"{self.entity} with {chosen}" if chosen else f"all {self.entity}", None, self.filters)]


def resolve(**values: Any) -> ProducerParameters:
    """The parameters, checked. ParameterError names one that does not fit."""
    resolved = parameters.resolve(ProducerParameters, **values)
    entity = entity_named(resolved.entity).name
    check_filters(entity, resolved.filters, resolved.limit or MOST_RECORDS_A_PAGE)
    if Watch.of(resolved.watch) and entity != "flights":
        raise ParameterError(f"parameter 'watch' is for flights; {entity} are polled whole, or with a filter")
    if resolved.instant:
        parse_utc(resolved.instant)
    for name in ("max_calls", "deadline_seconds"):
        if getattr(resolved, name) < 1:
            raise ParameterError(f"parameter '{name}' must be at least 1, not {getattr(resolved, name)}")
    longest = LONGEST_SECONDS.get(entity, resolved.deadline_seconds)
    if resolved.deadline_seconds > longest:
        raise ParameterError(
            f"parameter 'deadline_seconds' must be at most {longest} for {entity}: a poll is one moment"
        )
    return resolved


def run(chosen: ProducerParameters) -> Report:
    """Poll the entity, put every row on its stream, and report.

    What was fetched is delivered even if a later page fails; then the error is raised, with a note of what was
    delivered. Where nothing was found or something was left out, the report's `status` is `warning`, and `warning`
    says why. LeaseError where another poll of the entity does not end.
    """
    run_id = os.environ.get("AVIATION_RUN_ID") or uuid.uuid4().hex
    limit = chosen.limit or plan_named(place("ApiPlan")).limit
    with lease.held(chosen.entity, run_id, chosen.deadline_seconds + DELIVERY_SECONDS) as held:
        instant = chosen.now if chosen.instant else None
        api = Api.connect(max_calls=chosen.max_calls, deadline_seconds=chosen.deadline_seconds, instant=instant)
        # The stream tries again itself, and knows of each answer that was lost.
        kinesis, name = aws.client("kinesis", retries={"total_max_attempts": 1}), f"{stack_name()}-{chosen.entity}"
        stream = Stream(kinesis, name, shards=open_shards(kinesis, name))
        collected = Collected(chosen.entity, run_id, api.base_url)
        sweeping = Sweeping(api, chosen.entity, limit, lambda now: chosen.sweeps(now, held.seen), held.seen)
        try:
            try:
                for page in sweeping.pages(chosen.now):
                    collected.add(page)
            finally:
                _deliver(stream, collected)
        except AviationError as error:
            more = f", {stream.unanswered:,} more may have been" if stream.unanswered else ""
            error.add_note(f"{stream.sent_lines:,} records were delivered{more}, in {api.calls} calls")
            raise
        if not (chosen.filters or chosen.instant):
            held.seen = sweeping.kept()
    return _report(chosen, sweeping, stream)


def _deliver(stream: Stream, collected: Collected) -> None:
    """Send the rows. DeliveryError where some were too large for Kinesis; all others have been sent by then."""
    packer = envelope.Packer()
    stream.put(packer.add(collected.lines()))
    stream.put(packer.flush())
    if count := packer.oversized:
        raise DeliveryError(
            f"{stream.name}: {count:,} records are larger than the {envelope.LIMIT_BYTES:,} bytes Kinesis takes",
            undelivered=count + stream.undelivered,
            unanswered=stream.unanswered,
        )


def _report(chosen: ProducerParameters, sweeping: Sweeping, stream: Stream) -> Report:
    warning = _warning(chosen, sweeping, stream.sent_lines)
    return Report(
        entity=chosen.entity,
        status="warning" if warning else "ok",
        sweeps=sweeping.swept,
        records=stream.sent_lines,
        bytes=stream.sent_bytes,
        kinesis_records=stream.sent_records,
        kinesis_retries=stream.retries,
        newest_observed_at=sweeping.observed_at and utc_text(sweeping.observed_at),
        calls=sweeping.api.calls,
        api_retries=sweeping.api.retries,
        left_out=sweeping.left_out,
        **({"warning": warning} if warning else {}),
    )


def _warning(chosen: ProducerParameters, sweeping: Sweeping, delivered: int) -> str | None:
    if sweeping.left_out:
        what = [_cut(**cut) for cut in sweeping.left_out]
        return f"left out: {_named(what)}"
    if sweeping.emptied:
        return _named(sweeping.emptied)
    if not delivered and (settled := _settled(chosen, sweeping)):
        return f"nothing is under way: today has no flights, and all {settled} that the last poll saw are over"
    if not delivered:
        asked = "for this watch" if chosen.watch else f"for these filters: {chosen.filters or 'none'}"
        return f"the API knows no {chosen.entity} {asked}"
    return None


def _settled(chosen: ProducerParameters, sweeping: Sweeping) -> str:
    """The flights that no sweep asked for, because they are over, in words; empty where there are none."""
    if chosen.filters or not sweeping.observed_at:
        return ""
    asked = {sweep.words for sweep in sweeping.plan(sweeping.observed_at)}
    days = [last.day for words, last in sweeping.last.items() if last.day and last.total and words not in asked]
    return f"flights of {max(days)}" if days else ""


def _cut(sweep: str, reason: str, offset: int, records: int | None) -> str:
    if records is None:
        return f"{sweep}, all of them ({reason})"
    return f"{sweep}, {records:,} records from {offset:,} on ({reason})"


def _named(what: list[str]) -> str:
    more = len(what) - MOST_NAMED
    return "; ".join(what[:MOST_NAMED]) + (f"; and {more} more" if more > 0 else "")
