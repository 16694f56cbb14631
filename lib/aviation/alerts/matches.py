"""Finds the disruptions that a watch looks for, and puts each into words."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from aviation import chance, query
from aviation.alerts import questions, wording
from aviation.alerts.questions import DELAYS
from aviation.alerts.watch import Alert, Watch
from aviation.columns import FORECASTS
from aviation.severity import weight
from aviation.sql import catalog
from aviation.times import utc_text
from aviation.views.holding import SAID

Row = dict[str, Any]

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
    """The disruptions among the flights of the touched dates (rows of TOUCHED), and what is forecast of others, the
    gravest first; of equal ones by scheduled departure."""
    newest = max((row["newest"] for row in touched if row["newest"]), default=None)
    if not newest:
        return []
    dates = sorted({str(row["flight_date"])[:10] for row in touched})
    told = _known(watch, dates, newest)
    known = {alert.flight_key for _, alert in told}
    told += [(weighs, alert) for weighs, alert in _forecasts(watch, dates, newest) if alert.flight_key not in known]
    return [alert for _, alert in sorted(told, key=lambda pair: -pair[0])]


def _known(watch: Watch, dates: list[str], newest: datetime) -> list[tuple[float, Alert]]:
    """What is known, with what it weighs."""
    flights = query.rows(questions.flights(watch, dates, newest))
    if not flights:
        return []
    events: dict[tuple[str, str], Row] = {}
    for event in query.rows(questions.events(dates)):  # oldest first: the last change of a field stays
        events[event["flight_key"], event["field"]] = event
    return [
        (weight(found.kind, found.minutes), _alert(watch, flight, found, newest, events))
        for flight in flights
        if (found := _disruption(watch, flight))
    ]


def _forecasts(watch: Watch, dates: list[str], newest: datetime) -> list[tuple[float, Alert]]:
    """What is forecast as the watch wants to hear of, with what it weighs."""
    if not (watch.forecast_minutes and FORECASTS.name in catalog.read().tables):
        return []
    found = []
    for flight in query.rows(questions.forecasts(watch, dates, newest)):
        said = chance.Said(*(flight[name] for name in chance.Said._fields))
        probability = chance.at_least(watch.forecast_minutes, said)
        if probability >= watch.probability:
            words = wording.forecast(watch.forecast_minutes, probability, flight)
            told = {name: flight[name] for name in SAID[1:]} | {"made_at": utc_text(flight["made_at"])}
            alert = _alert(watch, flight, Disruption("forecast", words, minutes=round(said.p50)), newest, {})
            weighs = chance.weight(chance.mean_late(said[:3]), said.p_cancelled)
            found.append((weighs, replace(alert, forecast=told | {"probability": round(probability, 4)})))
    return found


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


def _alert(watch: Watch, flight: Row, found: Disruption, newest: datetime, events: dict[tuple[str, str], Row]) -> Alert:
    event = events.get((flight["flight_key"], found.field))
    changed = event and {
        "field": found.field,
        "from": event["from_value"],
        "to": event["to_value"],
        "known_from": utc_text(event["known_from"]),
    }
    scheduled = flight["dep_scheduled_utc"]
    return Alert(
        watch=watch.watch,
        kind=found.kind,
        flight_key=flight["flight_key"],
        flight=wording.code(flight),
        route=f"{flight['dep_iata'] or flight['dep_icao']}-{flight['arr_iata'] or flight['arr_icao']}",
        airline=flight["airline_iata"] or flight["airline_icao"] or "",
        scheduled_utc=utc_text(scheduled) if scheduled else None,
        minutes=found.minutes,
        changed=changed,
        text=wording.sentence(flight, found.words, event["known_from"] if event else None, newest),
        airline_name=flight["airline_name"] or "",
        minutes_ahead=int((scheduled - newest).total_seconds() // 60) if scheduled else None,
    )
