"""What a watch has told already."""

import json
from dataclasses import dataclass, field
from datetime import date, timedelta

from aviation import aws
from aviation.alerts.watch import Alert
from aviation.places import place

KEPT_DAYS = 30
"""For so long after its flight date a message that was sent is remembered."""


@dataclass
class Sent:
    """What a watch has told already, in the runs bucket: alert ids by flight date, and the last load that it saw."""

    watch: str
    alerts: dict[str, list[str]] = field(default_factory=dict)
    loads_until: str | None = None

    @classmethod
    def read(cls, watch: str) -> "Sent":
        """As the watch's last run left it."""
        s3 = aws.client("s3")
        try:
            body = s3.get_object(Bucket=place("RunsBucket"), Key=f"alerts/{watch}.json")["Body"].read()
        except s3.exceptions.NoSuchKey:
            return cls(watch)
        return cls(watch, **json.loads(body))

    def __contains__(self, alert: Alert) -> bool:
        return any(alert.alert_id in ids for ids in self.alerts.values())

    def add(self, alerts: list[Alert]) -> None:
        """They were sent."""
        for alert in alerts:
            self.alerts.setdefault(alert.flight_key.partition("|")[0], []).append(alert.alert_id)
        self.write()

    def write(self) -> None:
        """Keep it, without what is too old to be told again."""
        newest = max(self.alerts, default="")
        if newest:
            oldest = (date.fromisoformat(newest) - timedelta(days=KEPT_DAYS)).isoformat()
            self.alerts = {day: ids for day, ids in self.alerts.items() if day >= oldest}
        body = json.dumps({"alerts": self.alerts, "loads_until": self.loads_until}, indent=1).encode()
        aws.client("s3").put_object(Bucket=place("RunsBucket"), Key=f"alerts/{self.watch}.json", Body=body)
