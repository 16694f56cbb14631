"""Which day, and as of which moment, a page is about: what its address says, and what there is to choose from."""

from dataclasses import dataclass
from datetime import date, datetime

from aviation.board.tables import Tables
from aviation.board.words import polled
from aviation.errors import ParameterError
from aviation.sql.as_of import instant

# What the loads tell is quicker to ask than what the files of all days hold.
LOADED_DAYS = """select distinct flight_date
from loads
cross join unnest(flight_dates) as of_load(flight_date)
order by flight_date desc"""
DAYS = "select distinct flight_date from flights order by flight_date desc"
POLLS = "select distinct observed_at from flight_observations order by observed_at"
LOADS = """select distinct element_at(newest_observed_at, 'flights') as observed_at
from loads
where element_at(newest_observed_at, 'flights') is not null
order by observed_at"""


@dataclass(frozen=True)
class Moment:
    """`day` is the flight date, of those in `days` (newest first), and `as_of` the moment that was chosen (naive, UTC),
    None for now. `polls` are the instants at which the day was observed: `known_at` is the newest of them until
    `as_of`, `before` the one that figures are compared with, of the load before or else the poll before."""

    day: date
    days: tuple[date, ...]
    as_of: datetime | None
    polls: tuple[datetime, ...]
    known_at: datetime | None
    before: datetime | None

    @property
    def outside(self) -> str:
        """Where the chosen moment is before the day's first poll or after its last one: a line that says so."""
        if not (self.as_of and self.polls):
            return ""
        chosen, first, last = f"{polled(self.as_of)} on {self.as_of:%-d %b %Y}", self.polls[0], self.polls[-1]
        if self.as_of < first:
            return f"{chosen} is before the day's first poll, at {polled(first, self.day)}: nothing was known yet."
        if self.as_of.replace(second=0, microsecond=0) > last:
            return f"{chosen} is after the day's last poll, at {polled(last, self.day)}: nothing newer is known."
        return ""


def moment(tables: Tables, day: str = "", as_of: str = "") -> Moment | None:
    """The moment that an address names: `day` like 2013-07-10 (else the newest), `as_of` an ISO 8601 time. None where
    the tables have no flight. ParameterError where either is none, or the tables have no flight of that day."""
    if "flights" not in tables.loaded.catalog.tables:
        return None
    days = _days(tables)
    if not days:
        return None
    chosen = _day(day) if day else days[0]
    if chosen not in days:
        raise ParameterError(f"there is no flight of {chosen}: the tables have {days[-1]} to {days[0]}")
    until = instant(as_of) if as_of else None
    polls = tuple(_python(found["observed_at"]) for found in tables.records(POLLS, day=chosen))
    known = [poll for poll in polls if not until or poll <= until]
    return Moment(chosen, days, until, polls, known[-1] if known else None, _before(tables, known, until))


def _days(tables: Tables) -> tuple[date, ...]:
    """The newest first."""
    found = tables.records(LOADED_DAYS) if "loads" in tables.loaded.catalog.tables else []
    return tuple(row["flight_date"].date() for row in found or tables.records(DAYS))


def _before(tables: Tables, known: list[datetime], until: datetime | None) -> datetime | None:
    """The newest poll of the day that the load before had brought; of a moment in the past the poll before."""
    if not until:
        loads = [_python(found["observed_at"]) for found in tables.records(LOADS)]
        if len(loads) > 1 and (brought := [poll for poll in known if poll <= loads[-2]]):
            return brought[-1]
    return known[-2] if len(known) > 1 else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ParameterError(f"'{text}' is no day: write it like 2013-07-10") from None


def _python(stamp: datetime) -> datetime:
    return datetime.fromisoformat(stamp.isoformat())
