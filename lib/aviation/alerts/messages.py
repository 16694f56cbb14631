"""What goes out at once: a message for each alert, or one for all of them where a storm makes many."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from aviation import backend
from aviation.alerts.watch import Alert
from aviation.alerts.wording import short
from aviation.places import stack_name
from aviation.words import DASH, counted

BATCH = 10
"""As many messages as SNS takes in one call."""
MOST_ALONE = 20
"""So many alerts of a run are told in a message each; more are told in one message."""
WORST = 20
"""So many flights that message spells out, the gravest."""
MOST_NAMED = 8
"""So many airports and airlines it names, those with the most alerts."""
KINDS = {"cancelled": "cancelled", "diverted": "diverted", "delayed": "late", "forecast": "forecast late"}


@dataclass(frozen=True)
class Message:
    """A message, and the alerts that it tells of. `about` is the same as a JSON object, for programs."""

    title: str
    text: str
    alerts: list[Alert]
    about: dict[str, Any]


def batches(alerts: list[Alert]) -> Iterator[list[Alert]]:
    """The alerts in the parts that go out at once, each of which `messages` puts into messages."""
    size = BATCH if len(alerts) <= MOST_ALONE else len(alerts)
    for start in range(0, len(alerts), size):
        yield alerts[start : start + size]


def messages(batch: list[Alert]) -> list[Message]:
    """The messages on the alerts of a batch, the gravest first: one each, or one on all of them."""
    return [_alone(alert) for alert in batch] if len(batch) <= BATCH else [_together(batch)]


def _alone(alert: Alert) -> Message:
    title = f"{alert.flight} {KINDS[alert.kind]}: {short(alert.route)}"
    return Message(title, alert.text, [alert], asdict(alert))


def _together(alerts: list[Alert]) -> Message:
    counts = Counter(alert.kind for alert in alerts)
    how = _by_kind(counts)
    disrupted = "disrupted" + (" or forecast to be" if counts["forecast"] else "")
    worst, others = alerts[:WORST], len(alerts) - WORST
    text = [
        f"{counted(len(alerts), 'flight')} {disrupted}: {how}.",
        f"All of them are on the board: {_board()}",
        "",
        f"By airport of departure: {_most(alerts, lambda alert: short(alert.route.partition('-')[0]))}.",
        f"By airline: {_most(alerts, lambda alert: short(alert.airline_name or alert.airline))}.",
        "",
        f"The worst {len(worst)}:",
        *(f"- {alert.text}" for alert in worst),
        f"{counted(others, 'more flight')} {'is' if others == 1 else 'are'} not spelled out here." if others else "",
    ]
    about = {"watch": alerts[0].watch, "kind": "grouped", "flights": len(alerts), **counts}
    about["worst"] = [asdict(alert) for alert in worst]
    return Message(f"{len(alerts):,} flights {disrupted}: {how}", "\n".join(text), alerts, about)


def _by_kind(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[kind]:,} {word}" for kind, word in KINDS.items() if counts[kind])


def _most(alerts: list[Alert], name: Callable[[Alert], str]) -> str:
    """How many alerts each has of what `name` says, by kind, those with the most first."""
    counts: dict[str, Counter[str]] = {}
    for alert in alerts:
        counts.setdefault(name(alert) or DASH, Counter())[alert.kind] += 1
    ranked = sorted(counts.items(), key=lambda item: (-item[1].total(), item[0]))
    parts = [f"{who} {of.total():,} ({_by_kind(of)})" for who, of in ranked[:MOST_NAMED]]
    if rest := ranked[MOST_NAMED:]:
        parts.append(f"{len(rest):,} others {sum(of.total() for _, of in rest):,}")
    return "; ".join(parts)


def _board() -> str:
    """Where the board is, or how to start it."""
    return backend.in_use().board or f"aviation board --stack {stack_name()}"
