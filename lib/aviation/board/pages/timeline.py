"""What became known of a flight and when: its versions, and each change between two of them."""

from datetime import datetime
from itertools import pairwise
from typing import Any

from pydantic import BaseModel

from aviation.board import words
from aviation.board.moment import Moment
from aviation.board.narrowed import literal
from aviation.board.tables import Tables

Row = dict[str, Any]

# The fields of which a change is told, in the order in which a person asks for them. The delays follow from the times,
# the address from the registration.
TOLD = {
    "flight_status": "Status",
    "dep_scheduled_utc": "Scheduled departure",
    "dep_estimated_utc": "Estimated departure",
    "dep_delay_forecast_min": "Departure delay, forecast",
    "dep_actual_utc": "Actual departure",
    "dep_terminal": "Departure terminal",
    "dep_gate": "Departure gate",
    "arr_scheduled_utc": "Scheduled arrival",
    "arr_estimated_utc": "Estimated arrival",
    "arr_delay_forecast_min": "Arrival delay, forecast",
    "arr_actual_utc": "Actual arrival",
    "arr_terminal": "Arrival terminal",
    "arr_gate": "Arrival gate",
    "arr_baggage": "Baggage belt",
    "aircraft_registration": "Aircraft",
}


class Change(BaseModel):
    """A field that changed, in words, and its values: times local to the airport; empty for none."""

    field: str
    name: str
    before: str
    after: str


class Step(BaseModel):
    """What became known at one instant (UTC). The first has what was known from the start: `before` is empty there."""

    known_from: datetime
    changes: list[Change]


class Version(BaseModel):
    """The flight as it was known from `known_from` until `known_until` (UTC, null: still), last confirmed at
    `observed_at`. Times are local to the airports."""

    known_from: datetime
    known_until: datetime | None
    observed_at: datetime
    flight_status: str
    flight_status_api: str | None
    dep_scheduled_local: datetime | None
    dep_estimated_local: datetime | None
    dep_actual_local: datetime | None
    dep_terminal: str | None
    dep_gate: str | None
    arr_scheduled_local: datetime | None
    arr_estimated_local: datetime | None
    arr_actual_local: datetime | None
    arr_terminal: str | None
    arr_gate: str | None
    arr_baggage: str | None
    aircraft_registration: str | None
    flags: list[str]


def past(tables: Tables, moment: Moment, key: str) -> tuple[list[Step], list[Version]]:
    """The steps and the versions of the flight `key` until the moment, the oldest first."""
    versions = f"select * from flight_history where flight_key = {literal(key)} order by known_from"
    changes = f"""
    select field, from_value, to_value, known_from
    from flight_events
    where flight_key = {literal(key)}
    order by known_from, field"""
    rows = tables.records(versions, day=moment.day, as_of=moment.as_of)
    events = tables.records(changes, day=moment.day, as_of=moment.as_of)
    return _steps(rows, events), [Version(**row | {"flags": list(row["flags"])}) for row in rows]


def since(steps: list[Step], status: str) -> datetime | None:
    """When the status that the flight has became known."""
    for step in reversed(steps):
        if any(change.field == "flight_status" and change.after == status for change in step.changes):
            return step.known_from
    return None


def _steps(versions: list[Row], events: list[Row]) -> list[Step]:
    if not versions:
        return []
    first = versions[0]
    given = [(name, None, first.get(name)) for name in TOLD if first.get(name) is not None]
    steps = [Step(known_from=first["known_from"], changes=[_change(name, {}, first, *pair) for name, *pair in given])]
    pairs = {after["known_from"]: (before, after) for before, after in pairwise(versions)}
    changed: dict[datetime, list[Row]] = {}
    for event in events:
        if event["field"] in TOLD:
            changed.setdefault(event["known_from"], []).append(event)
    for known_from, found in changed.items():
        before, after = pairs.get(known_from, ({}, {}))
        found.sort(key=lambda event: list(TOLD).index(event["field"]))
        changes = [_change(event["field"], before, after, event["from_value"], event["to_value"]) for event in found]
        steps.append(Step(known_from=known_from, changes=changes))
    return steps


def _change(field: str, before: Row, after: Row, was: object, became: object) -> Change:
    return Change(
        field=field, name=TOLD[field], before=_written(field, before, was), after=_written(field, after, became)
    )


def _written(field: str, version: Row, value: object) -> str:
    """The value as a person reads it: a time as the airport's own, which the version has beside UTC."""
    if value is None:
        return ""
    if field.endswith("_utc"):
        local: datetime | None = version.get(field.replace("_utc", "_local"))
        if not local:
            return f"{value} UTC"
        return words.clock(local) if local.date() == version["flight_date"].date() else f"{local:%H:%M, %-d %b}"
    return words.delay(float(str(value))) if field.endswith("_min") else str(value)
