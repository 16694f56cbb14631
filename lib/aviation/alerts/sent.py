"""Which alerts a watch has sent already, and which loads it has seen."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from aviation import aws
from aviation.alerts.matches import Horizon, Row
from aviation.alerts.watch import Alert
from aviation.errors import AviationError
from aviation.places import place

KEPT_DATES = 30
"""The alerts of so many flight dates are remembered, the newest ones."""
KEPT_LOADS = 500
"""As many batches of loads are remembered as were seen last: ten days of the default schedules."""


@dataclass
class Sent:
    """What a watch has sent, kept in the runs bucket: the alerts' ids by flight date.

    `seen` are the batches of loads that it has looked at, the last KEPT_LOADS of them (None: it has never run);
    `forgotten` is where those before them end. `loads_until` is what was kept in their place once: the end of the last
    load (UTC, naive).
    """

    watch: str
    alerts: dict[str, list[str]] = field(default_factory=dict)
    seen: list[str] | None = None
    forgotten: Horizon | None = None
    loads_until: datetime | None = None
    s3: Any = field(default_factory=lambda: aws.client("s3"), repr=False)

    @classmethod
    def read(cls, watch: str) -> "Sent":
        """What the watch's last run left. AviationError where it cannot be read."""
        none = cls(watch)
        bucket, key = place("RunsBucket"), _key(watch)
        try:
            kept = json.loads(none.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
            alerts = {date.fromisoformat(day).isoformat(): [*map(str, ids)] for day, ids in kept["alerts"].items()}
            seen, forgotten = kept.get("seen"), kept.get("forgotten")
            until = kept.get("loads_until")
            return cls(
                watch,
                alerts,
                None if seen is None else [*map(str, seen)],
                forgotten and Horizon.from_json(forgotten),
                until and datetime.fromisoformat(until).replace(tzinfo=None),
                none.s3,
            )
        except none.s3.exceptions.NoSuchKey:
            return none
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise AviationError(
                f"s3://{bucket}/{key}, what the watch '{watch}' has sent, cannot be read: delete it, and the watch "
                "tells what the newest load found, even if it told it before"
            ) from None

    def __contains__(self, alert: Alert) -> bool:
        return any(alert.alert_id in ids for ids in self.alerts.values())

    def unseen(self, touched: list[Row]) -> list[Row]:
        """The rows of `touched` whose batches the watch has not seen. The first time those of the newest load, in all
        of its batches: what was there before is no news."""
        if self.seen is None:
            first = self._first(touched)
            self.seen = [batch for batch in _batches(touched) if batch not in first]
        return [row for row in touched if _batch(row) not in self.seen]

    def _first(self, touched: list[Row]) -> list[str]:
        """The batches that a watch looks at which remembers none. A load that ended in the future says nothing: its
        clock was ahead."""
        now = datetime.now(UTC).replace(tzinfo=None)
        if (until := self.loads_until) and until <= now:
            return _batches(row for row in touched if row["finished_at"] > until)
        newest = max(touched, key=lambda row: (row["finished_at"] <= now, row["finished_at"]), default=None)
        return _batches(row for row in touched if newest and row["run_id"] == newest["run_id"])

    def saw(self, touched: list[Row]) -> None:
        """Note that the watch has looked at the batches of these rows, all that there are beyond `forgotten`; keep
        it."""
        there = _batches(sorted(touched, key=lambda row: row["finished_at"]))
        known = [batch for batch in self.seen or () if batch in there]
        batches = known + [batch for batch in there if batch not in known]
        self.seen, too_old = batches[-KEPT_LOADS:], {*batches[:-KEPT_LOADS]}
        for row in touched:
            if _batch(row) in too_old:
                self.forgotten = Horizon.of(row).beyond(self.forgotten)
        self.write()

    def add(self, alerts: list[Alert]) -> None:
        """Note that these were sent, and keep it."""
        for alert in alerts:
            self.alerts.setdefault(alert.flight_key.partition("|")[0], []).append(alert.alert_id)
        self.write()

    def write(self) -> None:
        """Keep it, without the alerts that are too old to come up again."""
        self.alerts = {day: self.alerts[day] for day in sorted(self.alerts)[-KEPT_DATES:]}
        kept = {
            "alerts": self.alerts,
            "seen": self.seen,
            "forgotten": self.forgotten and self.forgotten.to_json(),
        }
        body = json.dumps(kept, indent=1).encode()
        self.s3.put_object(Bucket=place("RunsBucket"), Key=_key(self.watch), Body=body)


def _key(watch: str) -> str:
    return f"alerts/{watch}.json"


def _batch(row: Row) -> str:
    """What identifies the batch of a load that a row is of."""
    return f"{row['run_id']}/{row['batch']}"


def _batches(rows: Iterable[Row]) -> list[str]:
    return list(dict.fromkeys(map(_batch, rows)))
