"""Runs a watch: what is new among its disruptions goes out, each once, in batches."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

from aviation import aws, backend, tell
from aviation.alerts import quiet
from aviation.alerts.matches import matches, touched_dates
from aviation.alerts.messages import KINDS, Message, batches, messages
from aviation.alerts.sent import Sent
from aviation.alerts.watch import Alert, Watch
from aviation.alerts.wording import short
from aviation.errors import AviationError
from aviation.places import place
from aviation.report import Report

SUBJECT_MOST = 100
CALL_MOST = 250_000
"""Bytes of the messages of a batch: SNS takes 262,144 in one call, attributes included."""
AIRLINES_MOST = 200
"""So many airlines a message's attribute names."""


def run(watch: Watch, *, send: Callable[[list[Alert]], Counter[str] | None] | None = None) -> Report:
    """Send what is new since the watch last ran, each disruption of a leg once, and report what was sent.

    It looks at the flight dates that loads have touched which it has not seen; on its first run, at those of the newest
    load. A load is known by its run and batch: no clock decides what is new.
    What is acknowledged or muted (`quiet`) is neither sent nor noted as sent: a later run that still finds it sends it.
    After a run that is cut off, the next one sends at most one batch a second time. `send` takes a batch (`publish`
    unless given) and may say what did not reach an address: that is not sent again.
    """
    send = send or partial(publish, sns=aws.client("sns"))
    sent = Sent.read(watch.watch)
    there = touched_dates(sent.forgotten)
    touched = sent.unseen(there)
    disruptions = matches(watch, touched)
    unsent = [alert for alert in disruptions if alert not in sent]
    quiets = quiet.read().quiets if unsent else []
    new = [alert for alert in unsent if not quiet.of(quiets, alert.flight_key, alert.airline, alert.route, alert.kind)]
    lost: Counter[str] = Counter()
    for batch in batches(new):
        lost += send(batch) or Counter()
        sent.add(batch)
    if there:
        sent.saw(there)
    kinds = {kind: sum(alert.kind == kind for alert in new) for kind in KINDS}
    dates = sorted({str(row["flight_date"])[:10] for row in touched})
    counts = {"matches": len(disruptions), "sent": len(new), "muted": len(unsent) - len(new)}
    report = Report(status="ok", watch=watch.watch, flight_dates=dates, **counts, **kinds)
    return report if not lost else Report(report | {"status": "warning", "warning": tell.not_delivered(lost)})


def publish(alerts: list[Alert], sns: Any = None) -> Counter[str]:
    """Send a batch to the stack's topic, through a client of SNS if one is given, then to the stack's addresses, and on
    a laptop into its file of alerts too. Of each kind of address how many messages did not reach one. AviationError
    where SNS refuses any."""
    said = messages(alerts)
    entries = [_entry(message, str(number), CALL_MOST // len(said)) for number, message in enumerate(said)]
    answer = (sns or aws.client("sns")).publish_batch(TopicArn=place("AlertsTopic"), PublishBatchRequestEntries=entries)
    if failed := answer.get("Failed"):
        raise AviationError(f"{len(failed)} of {len(said)} messages were not sent: {failed[0].get('Message')}")
    if file := backend.in_use().alerts_file:
        with file.open("a") as lines:
            lines.writelines(json.dumps(asdict(alert), ensure_ascii=False) + "\n" for alert in alerts)
    return tell.send([tell.Message(message.title, message.text) for message in said])


def _entry(message: Message, name: str, most: int) -> dict[str, Any]:
    """A message as SNS takes it, in at most so many bytes: its text, and under it the JSON object where that fits."""
    body = f"{message.text}\n\n{json.dumps(message.about, ensure_ascii=False)}"
    if len(body.encode()) > most:
        body = message.text.encode()[:most].decode(errors="ignore")
    airlines = sorted({short(alert.airline) for alert in message.alerts} - {""})[:AIRLINES_MOST]
    kinds = sorted({alert.kind for alert in message.alerts})
    return {
        "Id": name,
        "Subject": " ".join(message.title.encode("ascii", "replace").decode().split())[:SUBJECT_MOST],
        "Message": body,
        "MessageAttributes": {
            "watch": {"DataType": "String", "StringValue": message.alerts[0].watch},
            **_attribute("kind", kinds),
            **_attribute("airline", airlines),
        },
    }


def _attribute(name: str, values: list[str]) -> dict[str, dict[str, str]]:
    """What a subscription's filter looks at: where a message is of several, it passes for each of them."""
    if not values:
        return {}
    if len(values) == 1:
        return {name: {"DataType": "String", "StringValue": values[0]}}
    return {name: {"DataType": "String.Array", "StringValue": json.dumps(values)}}
