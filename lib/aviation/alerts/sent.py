"""Which alerts a watch has sent already."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from aviation import aws
from aviation.alerts.watch import Alert
from aviation.places import place

KEPT_DAYS = 30
"""How long an alert that was sent is remembered, counted from its flight date."""


@dataclass
class Sent:
    """The alerts that a watch has sent, kept in the runs bucket: their ids by flight date, and the last load it saw."""

    watch: str
    alerts: dict[str, list[str]] = field(default_factory=dict)
    loads_until: str | None = None
    s3: Any = field(default_factory=lambda: aws.client("s3"), repr=False)

    @classmethod
    def read(cls, watch: str) -> "Sent":
        """What the watch's last run left."""
        none = cls(watch)
        try:
            body = none.s3.get_object(Bucket=place("RunsBucket"), Key=f"alerts/{watch}.json")["Body"].read()
        except none.s3.exceptions.NoSuchKey:
            return none
        return cls(watch, **json.loads(body), s3=none.s3)

    def __contains__(self, alert: Alert) -> bool:
        return any(alert.alert_id in ids for ids in self.alerts.values())

    def add(self, alerts: list[Alert]) -> None:
        """Note that these were sent, and keep it."""
        for alert in alerts:
            self.alerts.setdefault(alert.flight_key.partition("|")[0], []).append(alert.alert_id)
        self.write()

    def write(self) -> None:
        """Keep it, without the alerts that are too old to come up again."""
        newest = max(self.alerts, default="")
        if newest:
            oldest = (date.fromisoformat(newest) - timedelta(days=KEPT_DAYS)).isoformat()
            self.alerts = {day: ids for day, ids in self.alerts.items() if day >= oldest}
        body = json.dumps({"alerts": self.alerts, "loads_until": self.loads_until}, indent=1).encode()
        self.s3.put_object(Bucket=place("RunsBucket"), Key=f"alerts/{self.watch}.json", Body=body)
