"""What a watch asks the tables, in Athena's SQL."""

from datetime import datetime, timedelta

from aviation.alerts.watch import Watch
from aviation.views.holding import SAID, holding

DELAYS = ("dep_delay_min", "arr_delay_min", "dep_delay_forecast_min")
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


def flights(watch: Watch, dates: list[str], newest: datetime) -> str:
    """The flights of these dates that are as the watch wants to hear of, with COLUMNS and dep_overdue_min."""
    statuses = [name for name, wanted in (("cancelled", watch.cancelled), ("diverted", watch.diverted)) if wanted]
    wanted = [f"flight_status = '{status}'" for status in statuses]
    if watch.delay_minutes:
        late = " or ".join(f"{name} >= {watch.delay_minutes}" for name in (*DELAYS, "dep_overdue_min"))
        wanted.append(f"(flight_status <> 'cancelled' and ({late}))")
    conditions = [*_looked_at(watch, dates, newest), f"({' or '.join(wanted) or '1 = 0'})"]
    return (
        f"with overdue as ({OVERDUE} and flight_date in ({_days(dates)})) "
        f"select {', '.join(COLUMNS)}, dep_overdue_min from flights left join overdue on overdue_key = flight_key "
        f"where {' and '.join(conditions)} order by dep_scheduled_utc, flight_key"
    )


def events(dates: list[str]) -> str:
    """What changed of the flights of these dates, the oldest change first."""
    fields = ", ".join(f"'{name}'" for name in ("flight_status", *DELAYS))
    return (
        "select flight_key, field, from_value, to_value, known_from from flight_events "
        f"where flight_date in ({_days(dates)}) and field in ({fields}) order by known_from"
    )


def forecasts(watch: Watch, dates: list[str], newest: datetime) -> str:
    """The flights of these dates that are still to leave, with COLUMNS and the newest forecast of each that holds."""
    conditions = [*_looked_at(watch, dates, newest), f"dep_scheduled_utc > {_instant(newest)}"]
    return (
        f"select {', '.join(f'flights.{name}' for name in COLUMNS)}, {', '.join(f'held.{name}' for name in SAID[1:])} "
        f"from flights inner join ({holding(f'flight_date in ({_days(dates)})')}) as held "
        f"on held.flight_key = flights.flight_key where {' and '.join(conditions)} "
        "order by dep_scheduled_utc, flights.flight_key"
    )


def _looked_at(watch: Watch, dates: list[str], newest: datetime) -> list[str]:
    """Conditions on the flights that a watch looks at."""
    conditions = [
        f"flight_date in ({_days(dates)})",
        f"dep_scheduled_utc >= {_instant(newest - timedelta(hours=watch.hours))}",
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
    return conditions


def _instant(when: datetime) -> str:
    return f"timestamp '{when:%Y-%m-%d %H:%M:%S}'"


def _days(dates: list[str]) -> str:
    return ", ".join(f"date '{day}'" for day in dates)
