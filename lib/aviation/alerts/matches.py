"""Finds the disruptions that a watch looks for, and puts each into words."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from aviation import query
from aviation.alerts import wording
from aviation.alerts.watch import Alert, Watch
from aviation.severity import weight
from aviation.sql import catalog
from aviation.times import utc_text

DELAYS = ("dep_delay_min", "arr_delay_min", "dep_delay_forecast_min")
Row = dict[str, Any]
COLUMNS = (
    *("flight_key", "flight_date", "airline_name", "airline_iata", "airline_icao", "flight_iata", "flight_number"),
    *("dep_iata", "dep_icao", "arr_iata", "arr_icao", "aircraft_registration", "flight_status"),
    *("dep_scheduled_utc", "dep_scheduled_local", "dep_timezone"),
    *DELAYS,
)

# How long the flights wait that have not left, by the newest observation of their date and airport.
OVERDUE = """select flight_key as overdue_key, dep_delay_min as dep_overdue_min
from flights_so_far
where standing = 'overdue'"""
# The flight dates that each batch of a load touched, and the newest observation of flights in it, by the API's clock.
TOUCHED = """select l.run_id, l.batch, l.finished_at, d.flight_date,
       element_at(l.newest_observed_at, 'flights') as newest
from loads l cross join unnest(l.flight_dates) as d (flight_date)"""


@dataclass(frozen=True)
class Horizon:
    """Behind it lies a flight date that a load touched which ended no later than `finished_at` (UTC, naive), and that
    is no later than `flight_date`.

    A load's clock alone could not tell: one that was ahead once would hide all that comes after it.
    """

    finished_at: datetime
    flight_date: date

    @classmethod
    def of(cls, row: Row) -> "Horizon":
        """The one that has a row of TOUCHED just behind it."""
        return cls(row["finished_at"], date.fromisoformat(str(row["flight_date"])[:10]))

    def beyond(self, other: "Horizon | None") -> "Horizon":
        """The one that has behind it what either has."""
        if not other:
            return self
        return Horizon(max(self.finished_at, other.finished_at), max(self.flight_date, other.flight_date))

    def to_json(self) -> dict[str, str]:
        """As a JSON object."""
        return {name: str(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, value: dict[str, str]) -> "Horizon":
        """From what `to_json` made. KeyError, TypeError or ValueError for anything else."""
        finished_at = datetime.fromisoformat(value["finished_at"]).replace(tzinfo=None)
        return cls(finished_at, date.fromisoformat(value["flight_date"]))


def touched_dates(forgotten: Horizon | None) -> list[Row]:
    """The flight dates that loads touched, but for those behind `forgotten`, a row each: `run_id` and `batch` of the
    load, `finished_at` (UTC, by its clock), `flight_date`, and `newest`, the batch's newest observation."""
    if "loads" not in catalog.read().tables:
        return []
    if not forgotten:
        return query.rows(TOUCHED)
    until, day = forgotten.finished_at, forgotten.flight_date
    return query.rows(f"{TOUCHED} where l.finished_at > timestamp '{until}' or d.flight_date > date '{day}'")


def matches(watch: Watch, touched: list[Row]) -> list[Alert]:
    """The disruptions among the flights of the touched dates (rows of TOUCHED), the gravest first; of equal ones by
    scheduled departure."""
    newest = max((row["newest"] for row in touched if row["newest"]), default=None)
    if not newest:
        return []
    dates = sorted({str(row["flight_date"])[:10] for row in touched})
    flights = query.rows(_flights(watch, dates, newest))
    if not flights:
        return []
    events: dict[tuple[str, str], Row] = {}
    for event in query.rows(_events(dates)):  # oldest first: the last change of a field stays
        events[event["flight_key"], event["field"]] = event
    alerts = [alert for flight in flights if (alert := _alert(watch, flight, events, newest))]
    return sorted(alerts, key=lambda alert: -weight(alert.kind, alert.minutes))


def _flights(watch: Watch, dates: list[str], newest: datetime) -> str:
    statuses = [name for name, wanted in (("cancelled", watch.cancelled), ("diverted", watch.diverted)) if wanted]
    wanted = [f"flight_status = '{status}'" for status in statuses]
    if watch.delay_minutes:
        late = " or ".join(f"{name} >= {watch.delay_minutes}" for name in (*DELAYS, "dep_overdue_min"))
        wanted.append(f"(flight_status <> 'cancelled' and ({late}))")
    conditions = [
        f"flight_date in ({_days(dates)})",
        f"dep_scheduled_utc >= timestamp '{newest - timedelta(hours=watch.hours):%Y-%m-%d %H:%M:%S}'",
        f"({' or '.join(wanted) or '1 = 0'})",
    ]
    for names, codes in (
        (("airline_iata", "airline_icao"), watch.airlines),
        (("dep_iata", "dep_icao", "arr_iata", "arr_icao"), watch.airports),
        (("aircraft_registration",), watch.tails),
        (("dep_iata || '-' || arr_iata",), watch.routes),
    ):
        if codes:
            listed = ", ".join(f"'{code.upper()}'" for code in codes)
            conditions.append("(" + " or ".join(f"{name} in ({listed})" for name in names) + ")")
    where = " and ".join(conditions)
    return (
        f"with overdue as ({OVERDUE} and flight_date in ({_days(dates)})) "
        f"select {', '.join(COLUMNS)}, dep_overdue_min from flights left join overdue on overdue_key = flight_key "
        f"where {where} order by dep_scheduled_utc, flight_key"
    )


def _events(dates: list[str]) -> str:
    fields = ", ".join(f"'{name}'" for name in ("flight_status", *DELAYS))
    return (
        "select flight_key, field, from_value, to_value, known_from from flight_events "
        f"where flight_date in ({_days(dates)}) and field in ({fields}) order by known_from"
    )


@dataclass(frozen=True)
class Disruption:
    """What a flight is by now, in words: `field` is the column that says so, `minutes` how late it is, if it is."""

    kind: str
    words: str
    field: str = "flight_status"
    minutes: int | None = None


def _disruption(watch: Watch, flight: Row) -> Disruption | None:
    """The gravest disruption of a flight; None where the watch does not want to hear of it."""
    status = flight["flight_status"]
    if status == "cancelled" and watch.cancelled:
        return Disruption(status, "is cancelled")
    if status == "diverted" and watch.diverted:
        return Disruption(status, "was diverted")
    late = {name: int(flight[name]) for name in (*DELAYS, "dep_overdue_min") if flight[name] is not None}
    # A forecast is over once the flight has left.
    if "dep_delay_min" in late:
        late.pop("dep_delay_forecast_min", None)
    late = {name: value for name, value in late.items() if value >= watch.delay_minutes > 0}
    if not late:
        return None
    decisive = max(late, key=lambda name: late[name])
    return Disruption("delayed", wording.late(decisive, late[decisive]), decisive, late[decisive])


def _alert(watch: Watch, flight: Row, events: dict[tuple[str, str], Row], newest: datetime) -> Alert | None:
    """The alert on a flight that `_flights` asked for, None where there is nothing to tell."""
    disruption = _disruption(watch, flight)
    if not disruption:
        return None
    event = events.get((flight["flight_key"], disruption.field))
    changed = event and {
        "field": disruption.field,
        "from": event["from_value"],
        "to": event["to_value"],
        "known_from": utc_text(event["known_from"]),
    }
    scheduled = flight["dep_scheduled_utc"]
    return Alert(
        watch=watch.watch,
        kind=disruption.kind,
        flight_key=flight["flight_key"],
        flight=wording.code(flight),
        route=f"{flight['dep_iata'] or flight['dep_icao']}-{flight['arr_iata'] or flight['arr_icao']}",
        airline=flight["airline_iata"] or flight["airline_icao"] or "",
        scheduled_utc=utc_text(scheduled) if scheduled else None,
        minutes=disruption.minutes,
        changed=changed,
        text=wording.sentence(flight, disruption.words, event["known_from"] if event else None, newest),
        airline_name=flight["airline_name"] or "",
    )


def _days(dates: list[str]) -> str:
    return ", ".join(f"date '{day}'" for day in dates)
