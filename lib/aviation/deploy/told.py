"""What a deployed stack's runs said: how many flights its watch finds, and how long its loads take."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from aviation.poll import lease
from aviation.poll.watch import Seen
from aviation.report import LOAD_JOB
from aviation.runs import store

LOADS = 20


@dataclass(frozen=True)
class Told:
    """`seen` is what the newest polls of flights saw, by sweep; `load_seconds` the median of the newest loads' (None
    where none has run)."""

    seen: Mapping[str, Seen] = field(default_factory=dict)
    load_seconds: float | None = None

    @classmethod
    def by_the_stack(cls) -> "Told":
        """By the stack in use. PlaceError where there is none."""
        seconds = [record.seconds for record in store.latest(LOAD_JOB, LOADS) if not record.is_failed]
        return cls(lease.seen("flights"), median(seconds) if seconds else None)
