"""Runs a watch: what is new among its disruptions goes out, each once, in batches."""

import json
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from aviation import aws, backend
from aviation.alerts import quiet
from aviation.alerts.matches import matches, touched_dates
from aviation.alerts.sent import Sent
from aviation.alerts.watch import Alert, Watch
from aviation.errors import AviationError
from aviation.places import place
from aviation.report import Report

BATCH = 10
"""As many messages as SNS takes in one call."""
SUBJECT_MOST = 100


def run(watch: Watch, *, send: Callable[[list[Alert]], None] | None = None) -> Report:
    """Send what is new since the watch last ran, each disruption of a leg once, and report what was sent.

    It looks at the flight dates that loads have touched which it has not seen; on its first run, at those of the newest
    load. A load is known by its run and batch: no clock decides what is new.
    What is acknowledged or muted (`quiet`) is neither sent nor noted as sent: a later run that still finds it sends it.
    After a run that is cut off, the next one sends at most one batch a second time. `send` takes a batch (`publish`
    unless given).
    """
    send = send or partial(publish, sns=aws.client("sns"))
    sent = Sent.read(watch.watch)
    there = touched_dates(sent.forgotten)
    touched = sent.unseen(there)
    disruptions = matches(watch, touched)
    unsent = [alert for alert in disruptions if alert not in sent]
    quiets = quiet.read().quiets if unsent else []
    new = [alert for alert in unsent if not quiet.of(quiets, alert.flight_key, alert.airline, alert.route, alert.kind)]
    for start in range(0, len(new), BATCH):
        send(new[start : start + BATCH])
        sent.add(new[start : start + BATCH])
    if there:
        sent.saw(there)
    kinds = {kind: sum(alert.kind == kind for alert in new) for kind in ("cancelled", "diverted", "delayed")}
    dates = sorted({str(row["flight_date"])[:10] for row in touched})
    counts = {"matches": len(disruptions), "sent": len(new), "muted": len(unsent) - len(new)}
    return Report(status="ok", watch=watch.watch, flight_dates=dates, **counts, **kinds)


def publish(alerts: list[Alert], sns: Any = None) -> None:
    """Send at most BATCH alerts to the stack's topic, through a client of SNS if one is given, and on a laptop into its
    file of alerts too. AviationError where SNS refuses any."""
    entries = [
        {
            "Id": alert.alert_id,
            "Subject": _ascii(f"{alert.flight} {alert.kind}: {alert.route}")[:SUBJECT_MOST],
            "Message": f"{alert.text}\n\n{json.dumps(asdict(alert), ensure_ascii=False)}",
            "MessageAttributes": {
                name: {"DataType": "String", "StringValue": value}
                for name, value in (("watch", alert.watch), ("kind", alert.kind), ("airline", alert.airline))
                if value
            },
        }
        for alert in alerts
    ]
    answer = (sns or aws.client("sns")).publish_batch(TopicArn=place("AlertsTopic"), PublishBatchRequestEntries=entries)
    if failed := answer.get("Failed"):
        raise AviationError(f"{len(failed)} of {len(alerts)} alerts were not sent: {failed[0].get('Message')}")
    if file := backend.in_use().alerts_file:
        with file.open("a") as lines:
            lines.writelines(json.dumps(asdict(alert), ensure_ascii=False) + "\n" for alert in alerts)


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
