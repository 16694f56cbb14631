"""Asks the API for every sweep of a poll, within one budget of calls, and keeps how each went."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from aviation.poll.answers import Page
from aviation.poll.client import Api
from aviation.poll.watch import Seen, Sweep, saw

Planned = Callable[[datetime], list[Sweep]]
KEPT = timedelta(days=2)
"""How long what was seen of a day is of use: no zone is so far behind that it could still be a neighbour of today."""


@dataclass
class Sweeping:
    """The sweeps of one poll: `plan` gives those of an instant (aware), `last` is what the polls before it saw.

    After `pages`: `swept` counts the sweeps that were begun, `seen` says what each whole one saw, `left_out` what was
    not fetched, `emptied` which found nothing where the last poll found flights. `observed_at` (aware) is the API's
    time at its first answer.
    """

    api: Api
    endpoint: str
    limit: int
    plan: Planned
    last: Mapping[str, Seen]
    swept: int = 0
    seen: dict[str, Seen] = field(default_factory=dict)
    left_out: list[dict[str, Any]] = field(default_factory=list)
    emptied: list[str] = field(default_factory=list)
    observed_at: datetime | None = None

    def pages(self, now: datetime) -> Iterator[Page]:
        """The pages of every sweep, the most urgent sweep first, all as observed at one instant. The sweeps are planned
        for `now`, by our own clock, and once more where the API's first answer shows that its own says another day."""
        sweeps = self.plan(now)
        while sweeps:
            sweep, *sweeps = sweeps
            asked_before = self.observed_at
            yield from self._sweep(sweep)
            if self.observed_at and not asked_before:
                planned = self.plan(self.observed_at)
                if sweep not in planned:
                    self.seen.clear()
                sweeps = [other for other in planned if other != sweep]

    def _sweep(self, sweep: Sweep) -> Iterator[Page]:
        records, total = [], None
        for page in self.api.sweep(self.endpoint, sweep.filters, limit=self.limit):
            self.observed_at = self.observed_at or page.observed_at
            records += page.records
            total = page.total
            yield replace(page, observed_at=self.observed_at)
        self.swept += 1
        last = self.last.get(sweep.words)
        if self.api.left_out:
            self.left_out.append({"sweep": sweep.words, **asdict(self.api.left_out)})
        elif last and last.total and not records:
            # An outage has answered with nothing and status 200: it is told once, and the sweep asked for again.
            self.emptied.append(f"{sweep.words}: none, where the last poll found {last.total:,}")
            self.seen[sweep.words] = replace(last, total=0, at=self.observed_at)
        elif self.observed_at:
            self.seen[sweep.words] = saw(sweep, records, max(len(records), total or 0), self.observed_at)

    def kept(self) -> dict[str, Seen]:
        """What the next poll is told: what this one and those before it saw, without days that are long over."""
        if not self.observed_at:
            return dict(self.last)
        oldest = self.observed_at.date() - KEPT
        return {
            words: seen
            for words, seen in (dict(self.last) | self.seen).items()
            if not seen.day or date.fromisoformat(seen.day) >= oldest
        }
