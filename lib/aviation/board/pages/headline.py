"""Where a flight stands, in words."""

from datetime import datetime
from typing import Any

from aviation.board import words

Row = dict[str, Any]


def headline(row: Row, since: datetime | None) -> str:
    """A sentence or two; `since` is when its status became known (UTC). `row` has the columns of flights_so_far, its
    delays as `dep_late_min` and `arr_late_min`, and those of flights."""
    status, standing, day = row["flight_status"], row["standing"], row["flight_date"].date()
    known = words.known_since(since, day)
    if status == "cancelled":
        return f"Cancelled{known}."
    if status == "diverted":
        return f"Diverted{known}: it did not land at {row['arr_code'] or 'its destination'}. {_left(row)}"
    if standing == "over":
        return f"Landed {_late(row['arr_late_min'])}. {_left(row)}"
    if standing == "not seen":
        return f"Not seen since {words.polled(row['observed_at'], day)}: what became of it is not known."
    if standing == "overdue":
        waits, expected = row["dep_late_min"], row["dep_delay_expected_min"]
        more = f" Expected to leave {_late(expected)}." if expected is not None and expected > waits else ""
        return f"Has not left: at least {words.duration(waits)} late.{more}"
    if standing == "under way":
        return f"{_left(row)} {_lands(row)}"
    if row["dep_delay_expected_min"] is None:
        return "To come, by its schedule: nothing else is known of its departure."
    return f"To come: expected to leave {_late(row['dep_delay_expected_min'])}."


def _left(row: Row) -> str:
    if not row["dep_actual_local"]:
        return "When it left is not known."
    return f"Left {_late(row['dep_late_min'])}."


def _lands(row: Row) -> str:
    expected = row["arr_delay_expected_min"]
    if expected is None:
        return "When it lands is not known."
    if row["arr_delay_is_at_least"] and expected == row["arr_late_min"]:
        return f"Has not landed: at least {words.duration(expected)} late."
    return f"Expected to land {_late(expected)}."


def _late(minutes: float | None) -> str:
    if minutes is None:
        return "at a time that is not known"
    return words.late(minutes)
