"""What the brief says: figures of the board, in words, section by section."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from aviation.board import forecast
from aviation.board.freshness import ages
from aviation.board.moment import Moment, moment
from aviation.board.pages.attention import Case, Group
from aviation.board.pages.disrupted import FORECAST_MIN
from aviation.board.pages.now import Now, now
from aviation.board.pages.tiles import DAY, Tile, tiles
from aviation.board.tables import Tables
from aviation.board.words import clock, polled, share
from aviation.times import utc_text
from aviation.views.holding import holding
from aviation.words import counted

Row = dict[str, Any]
NIGHT = timedelta(hours=12)
"""So long before the moment that it speaks of "overnight" begins."""
WATCHED = 12
"""So many lines of what needs attention are told, the gravest."""
AIRLINES = 4
CHANGES = (
    ("dep_estimated_utc", None, "a new estimated departure"),
    ("dep_gate", None, "another gate"),
    ("aircraft_registration", None, "another aircraft"),
)


@dataclass(frozen=True)
class Section:
    """A part of the brief: its heading, and a line for each thing that it says."""

    title: str
    lines: list[str]


@dataclass(frozen=True)
class Content:
    """The brief's words; `figures` are what its charts are drawn of, None where there are no flights."""

    title: str
    lead: str
    sections: list[Section] = field(default_factory=list)
    figures: Now | None = None


def content(tables: Tables, as_of: datetime | None) -> Content:
    """What the brief says as of that instant (UTC where it names no zone), or now."""
    at = _moment(tables, as_of)
    if not (at and at.known_at):
        return Content("Morning brief: there are no flights yet", "Nothing was loaded of which a brief could tell.")
    figures = now(tables, at)
    since = at.known_at - NIGHT
    [today] = tables.records(DAY, day=at.day, as_of=at.as_of)
    before = tables.records(DAY, day=at.day, as_of=since)
    lately = "in twelve hours" if as_of else "overnight"
    sections = [
        Section("The day so far", [_tile(tile, since) for tile in tiles(today, before[0] if before else None)]),
        Section(f"What changed {lately} (since {polled(since, at.day)})", _overnight(tables, at, figures, since)),
        Section("What to watch today", _watched(figures)),
        *_day_before(tables, at),
    ]
    title = f"{'Brief' if as_of else 'Morning brief'}, {at.day:%A %-d %B %Y}: {_headline(today)}"
    return Content(title, " ".join(_lead(tables, at, figures)), sections, figures)


def _moment(tables: Tables, as_of: datetime | None) -> Moment | None:
    """The newest day of which anything was known at that instant."""
    text = utc_text(as_of) if as_of else ""
    newest = moment(tables, "", text)
    while newest and not newest.known_at and (earlier := [day for day in newest.days if day < newest.day]):
        newest = moment(tables, earlier[0].isoformat(), text)
    return newest


def _headline(day: Row) -> str:
    return f"{day['cancelled']:,} cancelled, {day['diverted']:,} diverted, {day['overdue']:,} overdue"


def _lead(tables: Tables, at: Moment, figures: Now) -> list[str]:
    on = f"on {at.known_at:%-d %B} " if at.known_at and at.known_at.date() != at.day else ""
    said = [f"As known {on}at {polled(at.known_at)}.", figures.left_out, _forecast(tables, at)]
    if not at.as_of:
        age = next(age for age in ages(tables, {}) if age.entity == "flights")
        said.append(f"The newest flights are {age.text}." if age.age_min is not None else "")
    return [text for text in said if text]


def _forecast(tables: Tables, at: Moment) -> str:
    """How many flights that are still to leave are forecast late, or why none is."""
    held = tables.ask(holding(), day=at.day, as_of=at.as_of)
    if held.empty:
        missing = forecast.missing(tables, at)
        return f"{missing[:1].upper()}{missing[1:]}." if missing else ""
    late = counted(int((held["p50"] >= FORECAST_MIN).sum()), "flight")
    return f"Forecast of {counted(len(held), 'flight')} still to leave: {late} {FORECAST_MIN} min late or more."


def _tile(tile: Tile, since: datetime) -> str:
    target = f", {tile.target}" + (f" {'met' if tile.is_met else 'missed'}" if tile.is_met is not None else "")
    change = f"; {tile.change_text} since {clock(since)}" if tile.change_text else ""
    return f"{tile.name}: {tile.text} ({tile.note}){target if tile.target else ''}{change}"


def _changed(since: datetime) -> str:
    """What became known since then of flights that were known before: of each field how many flights."""
    return f"""
select field, case when field = 'flight_status' then to_value end as to_value, count(distinct flight_key) as flights
from flight_events
where field in ('flight_status', 'dep_estimated_utc', 'dep_gate', 'aircraft_registration')
    and (field in ('flight_status', 'dep_estimated_utc') or from_value is not null)
    and known_from > timestamp '{since:%Y-%m-%d %H:%M:%S}'
group by 1, 2"""


def _overnight(tables: Tables, at: Moment, figures: Now, since: datetime) -> list[str]:
    rows = tables.records(_changed(since), day=at.day, as_of=at.as_of)
    counts = {(row["field"], row["to_value"]): row["flights"] for row in rows}
    lines = []
    for status in ("cancelled", "diverted"):
        if number := counts.get(("flight_status", status), 0):
            fresh = [case for case in figures.cases if case.kind == status and (case.known_from or since) > since]
            lines.append(f"{counted(number, 'flight')} {status}{_airlines(fresh)}")
    lines += [
        f"{counted(number, 'flight')} with {what}"
        for name, value, what in CHANGES
        if (number := counts.get((name, value), 0))
    ]
    return lines or ["Nothing of which the tables tell."]


def _airlines(cases: list[Case]) -> str:
    """Whose flights they are, those with the most first."""
    ranked = Counter(case.airline for case in cases).most_common()
    named = [f"{airline} {number:,}" for airline, number in ranked[:AIRLINES]]
    if rest := sum(number for _, number in ranked[AIRLINES:]):
        named.append(f"others {rest:,}")
    return f": {', '.join(named)}" if named else ""


def _watched(figures: Now) -> list[str]:
    groups = figures.groups
    lines = [_attention(item) for item in groups[:WATCHED]]
    told = sum(len(item.cases) if isinstance(item, Group) else 1 for item in groups[:WATCHED])
    if rest := figures.cases_found - told:
        lines.append(f"{counted(rest, 'more flight')} on the board.")
    return lines or ["Nothing: no flight was cancelled or diverted, and none that is still to land is late."]


def _attention(item: Group | Case) -> str:
    if isinstance(item, Group):
        return item.title + (f", $ {item.cost_usd:,.0f} in all" if item.cost_usd else "")
    return f"{item.flight} {item.route}, {clock(item.scheduled_local)} local time: {item.reason}"


def _day_before(tables: Tables, at: Moment) -> list[Section]:
    day = at.day - timedelta(days=1)
    rows = tables.records(DAY, day=day, as_of=at.as_of) if day in at.days else []
    return [
        Section(
            f"The day before ({row['flight_date']:%-d %B})",
            [
                f"On time: {share(row['on_time'], row['finished'])} of {row['finished']:,} flights finished, "
                f"of {row['flights']:,} in all",
                f"{row['cancelled']:,} cancelled, {row['diverted']:,} diverted",
            ],
        )
        for row in rows
    ]
