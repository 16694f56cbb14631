"""What a poll of flights asks: a watch of airports and airlines, as a list of sweeps in the order of their urgency.

Pure: no call, no clock. What the last poll saw (`Seen`) decides whether a neighbouring day is still asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from aviation import parameters
from aviation.errors import ParameterError
from aviation.times import parse_utc, utc_text
from aviation.zones import airport_zones

OVER = frozenset({"landed", "cancelled", "diverted", "incident"})
"""The statuses of a flight that will not change any more."""
FIRST_ZONE = timedelta(hours=14)
"""A date begins first where clocks are 14 hours ahead of UTC (Kiritimati)."""
AHEAD = timedelta(hours=6)
"""How long before its first departure the next day is asked for, where it has begun elsewhere."""
UNKNOWN = timedelta(hours=12)
"""How urgent a sweep is whose next departure is not known: as if that were so far away."""


@dataclass(frozen=True)
class Kind:
    """How a name of the watch becomes a sweep: the API's filter, the words for it, and whether its flights can be dated
    by another place's calendar: `flight_date` is the local date of the departure."""

    filter: str
    words: str
    dated_elsewhere: bool


DEPARTURES = Kind("dep_iata", "departures from", dated_elsewhere=False)
ARRIVALS = Kind("arr_iata", "arrivals at", dated_elsewhere=True)
AIRLINE = Kind("airline_iata", "flights of", dated_elsewhere=True)


@dataclass(frozen=True)
class Seen:
    """What the last poll that made a sweep saw of it: `total` rows by the API's count, those `waiting` (not over), and
    when the next of those departs (the last one to depart where all have; aware, None: none waits). `day` (ISO) is that
    of its flights, None where it has none; `at` is when it was seen, by the API's clock (aware)."""

    total: int
    waiting: int = 0
    departure: datetime | None = None
    day: str | None = None
    at: datetime | None = None

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return asdict(self) | {name: (at := getattr(self, name)) and utc_text(at) for name in ("departure", "at")}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Seen":
        """From what `to_json` made."""
        departure, at = (value[name] and parse_utc(value[name]) for name in ("departure", "at"))
        return cls(value["total"], value["waiting"], departure, value["day"], at)


@dataclass(frozen=True)
class Sweep:
    """One list of pages to ask for: the API's filters, the words that name it, and the day (ISO) of its flights."""

    words: str
    day: str | None
    filters: Mapping[str, str | int] = field(compare=False)


@dataclass(frozen=True)
class Watch:
    """The airports (IATA codes) whose departures and arrivals are polled, and the airlines whose flights are."""

    airports: list[str] = field(default_factory=list)
    airlines: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> "Watch":
        """The watch of a parameter `watch`. ParameterError names what is no airport or airline."""
        try:
            watch = parameters.resolve(cls, **given)
        except ParameterError as error:
            raise ParameterError(f"parameter 'watch': {error}") from None
        for airport in watch.airports:
            if len(airport) != 3 or airport not in airport_zones():
                raise ParameterError(f"parameter 'watch': '{airport}' is not an airport's IATA code, such as JFK")
        for airline in watch.airlines:
            if not (len(airline) == 2 and airline.isalnum() and airline == airline.upper()):
                raise ParameterError(f"parameter 'watch': '{airline}' is not an airline's IATA code, such as B6")
        return watch

    def __bool__(self) -> bool:
        return bool(self.airports or self.airlines)

    def subjects(self) -> Iterable[tuple[Kind, str]]:
        """What is swept each day: departures and arrivals of each airport, and each airline's flights."""
        airports, airlines = dict.fromkeys(self.airports), dict.fromkeys(self.airlines)
        yield from ((kind, airport) for airport in airports for kind in (DEPARTURES, ARRIVALS))
        yield from ((AIRLINE, airline) for airline in airlines)

    def sweeps(
        self, now: datetime, seen: Mapping[str, Seen], filters: Mapping[str, str | int] | None = None
    ) -> list[Sweep]:
        """The sweeps of a poll at `now` (aware), the most urgent first: those whose next departure is nearest.

        Each subject is swept for today, and for a neighbouring day while that has flights that are not over. A date in
        `filters` is swept alone; the other filters go with every sweep.
        """
        filters = dict(filters or {})
        # The replay's clock can be turned back: what was seen later than now does not count.
        seen = {words: last for words, last in seen.items() if not last.at or last.at <= now}
        planned = []
        for kind, name in self.subjects():
            given = filters.get("flight_date")
            for day in [str(given)] if given else _days(kind, name, now, seen):
                asked = {**filters, kind.filter: name, "flight_date": day}
                sweep = Sweep(_words(kind, name, day), day, asked)
                planned.append((_urgency(sweep, _today(kind, name, now), now, seen.get(sweep.words)), sweep))
        return [sweep for _, sweep in sorted(planned, key=lambda item: item[0])]


def most_rows(kind: Kind, name: str, seen: Mapping[str, Seen]) -> int | None:
    """The most rows that polls saw on a day of what the watch names; None where none did."""
    return max((last.total for words, last in seen.items() if words.startswith(_words(kind, name, ""))), default=None)


def _words(kind: Kind, name: str, day: str) -> str:
    """How a sweep is named: `departures from JFK on 2013-07-10`."""
    return f"{kind.words} {name} on {day}"


def saw(sweep: Sweep, records: Iterable[Any], total: int, now: datetime) -> Seen:
    """What a whole sweep saw at `now` (aware), by its records."""
    if not sweep.day:
        return Seen(total, at=now)
    waiting = [record for record in records if _at(record, "flight_status") not in OVER]
    departures = sorted(filter(None, map(departure, waiting)))
    ahead = [instant for instant in departures if instant >= now]
    next_one = ahead[0] if ahead else departures[-1] if departures else None
    return Seen(total, len(waiting), next_one, sweep.day, now)


def departure(record: Any) -> datetime | None:
    """When a flight is scheduled to leave (aware); None where its record does not say. The API gives local times, and
    writes `+00:00` after them."""
    try:
        local = datetime.fromisoformat(_at(record, "departure", "scheduled") or "").replace(tzinfo=None)
    except ValueError:
        return None
    zone = airport_zones().get(_at(record, "departure", "iata") or "")
    return local.replace(tzinfo=ZoneInfo(zone) if zone else UTC).astimezone(UTC)


def _at(record: Any, *path: str) -> str | None:
    """The text at a path of the record; None for anything else."""
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record if isinstance(record, str) else None


def _today(kind: Kind, name: str, now: datetime) -> date:
    """The local date at the airport; an airline's is UTC's."""
    return now.astimezone(UTC if kind is AIRLINE else ZoneInfo(airport_zones()[name])).date()


def _days(kind: Kind, name: str, now: datetime, seen: Mapping[str, Seen]) -> list[str]:
    """The days (ISO) to sweep: today, the day before while it has flights that are not over, and the day after, where
    flights can be dated by it, once one of them is about to leave."""
    today = _today(kind, name, now)
    before, after = (str(today + timedelta(days=step)) for step in (-1, 1))
    days = [str(today)]
    last = seen.get(_words(kind, name, before))
    if last is None or last.waiting:
        days.append(before)
    if kind.dated_elsewhere and str((now.astimezone(UTC) + FIRST_ZONE).date()) >= after:
        last = seen.get(_words(kind, name, after))
        if last is None or (last.departure and last.departure - now <= AHEAD):
            days.append(after)
    return days


def _urgency(sweep: Sweep, today: date, now: datetime, last: Seen | None) -> timedelta:
    """How far the sweep's next departure is from now; none for today's where no poll has seen it."""
    if last is None and sweep.day == str(today):
        return timedelta(0)
    return abs(last.departure - now) if last and last.departure else UNKNOWN
