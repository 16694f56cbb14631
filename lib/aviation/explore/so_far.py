"""What figures of finished flights leave out of a day in progress, in words."""

import pandas as pd

from aviation.explore.choice import Choice
from aviation.explore.words import counted, listed, minutes, share
from aviation.views.declaration import LATE_MIN

WAITING = ("under_way", "overdue", "to_come", "not_seen")
# Counts by `case`: of no rows they are 0 on each engine.
FIGURES = f"""count(case when standing = 'over' then 1 end) as finished,
       count(case when flight_status = 'landed' and arr_delay_min < {LATE_MIN} then 1 end) as on_time,
       count(case when standing = 'under way' then 1 end) as under_way,
       count(case when standing = 'overdue' then 1 end) as overdue,
       max(case when standing = 'overdue' then dep_delay_min end) as worst_overdue_min,
       count(case when standing = 'to come' then 1 end) as to_come,
       count(case when standing = 'not seen' then 1 end) as not_seen,
       count(case when standing = 'over' or arr_delay_expected_min is not null then 1 end) as expected,
       count(case when arr_delay_expected_min < {LATE_MIN} then 1 end) as expected_on_time"""


def figures(chosen: Choice) -> pd.DataFrame:
    """One row: `known_at` (UTC; what stands for now), and the figures of FIGURES, as days_so_far defines them."""
    return chosen.ask(f"select max(known_at) as known_at, {FIGURES} from flights_so_far where {chosen.condition}")


def waiting(chosen: Choice, start: str = "Left out, because not over") -> str:
    """A sentence on the chosen flights that are not over, with a space before it; empty where all of them are."""
    row = figures(chosen).iloc[0]
    parts = [f"{row[name]:,} {name.replace('_', ' ')}" for name in WAITING if row[name]]
    if not parts:
        return ""
    worst = (
        f" Of the overdue, the worst is at least {minutes(row['worst_overdue_min'])} late." if row["overdue"] else ""
    )
    moment = f" at {row['known_at']:%Y-%m-%d %H:%M} UTC" if pd.notna(row["known_at"]) else ""
    return f" {start}{moment}: {listed(parts)}.{worst}"


def expected(chosen: Choice) -> str:
    """A sentence on how many are on time with what is expected of those that are not over, with a space before it;
    empty where all of them are over."""
    row = figures(chosen).iloc[0]
    if not waiting(chosen) or not row["expected"]:
        return ""
    on_time, flights = int(row["expected_on_time"]), int(row["expected"])
    return (
        f" With what is expected of them, {on_time:,} of {counted(flights, 'flight')} "
        f"({share(on_time, flights)}) are on time."
    )


def bound(chosen: Choice) -> str:
    """What a chart says that counts overdue flights by a lower bound; empty where none is overdue."""
    overdue = int(figures(chosen).iloc[0]["overdue"])
    return f"\n{overdue:,} overdue: counted by what they are late at the least (≥)" if overdue else ""


def left_out(chosen: Choice) -> str:
    """What a chart of finished flights says of the others; empty where all are over."""
    row = figures(chosen).iloc[0]
    many = int(sum(row[name] for name in WAITING))
    return (
        f"\nfinished flights alone; {many:,} not over yet ({int(row['overdue']):,} overdue) are left out"
        if many
        else ""
    )
