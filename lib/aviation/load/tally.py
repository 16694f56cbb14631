"""What a batch of raw objects holds, in figures."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aviation.load.blocks import Parsed

# At most this many warnings are kept by name; the rest are counted by rule.
WARNINGS_NAMED = 100


@dataclass
class Tally:
    """What a batch holds, counted before anything is written. Times are UTC without zone."""

    lines: Counter[str] = field(default_factory=Counter)
    references: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)
    refused_by: Counter[str] = field(default_factory=Counter)
    dates: Counter[date] = field(default_factory=Counter)
    # The lines that were not refused, by entity and time.
    observed: Counter[tuple[str, datetime]] = field(default_factory=Counter)
    fetched: Counter[tuple[str, datetime]] = field(default_factory=Counter)

    def count(self, parsed: Parsed) -> None:
        """Count a block."""
        self.lines["observation"] += len(parsed.observations)
        self.warnings += parsed.warnings
        self.dates.update(dict(_counts(parsed.observations["flight_date"])))
        self.observed.update({("flights", at): n for at, n in _counts(parsed.observations["observed_at"])})
        self.fetched.update({("flights", at): n for at, n in _counts(parsed.fetched_at)})
        for item in parsed.outcomes:
            self.lines[item.kind] += 1
            if item.observed_at is None or item.fetched_at is None:
                self.refused_by[str(item.values["rule"])] += 1
            else:
                self.references[item.entity] += 1
                self.observed[item.entity, datetime.fromisoformat(item.observed_at)] += 1
                self.fetched[item.entity, datetime.fromisoformat(item.fetched_at)] += 1

    def add(self, other: "Tally") -> None:
        """Count what another tally has counted."""
        for name, counts in vars(other).items():
            getattr(self, name).update(counts)

    @property
    def lines_read(self) -> int:
        """All lines, refused ones too; the cut end of an object is a line."""
        return self.lines.total()

    @property
    def refused_share(self) -> float:
        """Refused lines of all lines, 0 to 1."""
        return self.lines["refusal"] / self.lines_read if self.lines_read else 0.0

    @property
    def oldest_observed_at(self) -> datetime | None:
        """Of flights."""
        return min((at for entity, at in self.observed if entity == "flights"), default=None)

    @property
    def newest_observed_at(self) -> dict[str, datetime]:
        """By entity."""
        return dict(sorted(self.observed))  # of an entity's times, the last one is kept

    @property
    def newest_fetched_at(self) -> dict[str, datetime]:
        """By entity."""
        return dict(sorted(self.fetched))

    @property
    def oldest_fetched_at(self) -> datetime | None:
        """Of all entities."""
        return min((at for _, at in self.fetched), default=None)

    @property
    def median_fetched_at(self) -> datetime | None:
        """At or after it half of the lines were fetched."""
        return self._fetched(0.5)

    @property
    def p95_fetched_at(self) -> datetime | None:
        """At or after it 95 % of the lines were fetched."""
        return self._fetched(0.05)

    def _fetched(self, share: float) -> datetime | None:
        """The first time by which so many of the lines were fetched."""
        left = share * self.fetched.total()
        for at, lines in sorted((at, lines) for (_, at), lines in self.fetched.items()):
            left -= lines
            if left <= 0:
                return at
        return None


def most_frequent(warnings: Counter[str]) -> dict[str, int]:
    """Warnings by name, the most frequent ones; the rest by rule."""
    by_name = warnings.most_common()
    kept = Counter(dict(by_name[:WARNINGS_NAMED]))
    for name, lines in by_name[WARNINGS_NAMED:]:
        kept[name.partition(":")[0]] += lines
    return dict(sorted(kept.items()))


def _counts(values: pa.Array) -> Iterator[tuple[Any, int]]:
    return ((item["values"], item["counts"]) for item in pc.value_counts(values).to_pylist())
