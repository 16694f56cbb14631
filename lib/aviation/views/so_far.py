"""The views of a day in progress: what is overdue, how late it is at the least, and what to expect.

A figure of finished flights alone misleads while a storm lasts: the flights that wait are not in it. Here `known_at`
stands for now: the newest observation of the flights of the same date and airport of departure, by the instant that is
asked about. It is never the clock of who asks.
"""

from aviation.views.declaration import (
    AIRLINE_COLUMNS,
    CANCELLED,
    DIVERTED,
    DOT,
    FLIGHT_DATE,
    LATE_MIN,
    View,
    minutes_between,
    nearest_rank,
)

VERY_LATE_MIN = 60
NONE = -100_000


def greatest_known(*minutes: str) -> str:
    """The greatest of those that are known; null for none. Athena and DuckDB take null in greatest() differently."""
    return f"nullif(greatest({', '.join(f'coalesce({value}, {NONE})' for value in minutes)}), {NONE})"


_CARRIED = """flight_key, flight_date, airline_icao, airline_iata, airline_name,
           dep_iata, dep_airport, arr_iata, arr_airport,
           dep_scheduled_utc, dep_scheduled_local, arr_scheduled_utc, arr_scheduled_local,
           flight_status, known_at, observed_at"""

FLIGHTS_SO_FAR = View(
    name="flights_so_far",
    question="Where does each flight stand, how late is it at the least, and what is to be expected of it?",
    definition=(
        "One row a leg. Over: landed, diverted or cancelled. Not seen: not over, and the newest observation of the "
        "flights of its date and airport of departure had it no more, so nothing is said of its delay. Of the rest, "
        "under way: it left, or the API calls it active; overdue: its scheduled departure has passed; to come: the "
        "others. What should have happened by known_at and has not is late by the minutes since its schedule: a lower "
        "bound, which is marked. Expected is what happened; before that the greatest of that lower bound and of what "
        "the API forecasts and estimates; of the arrival of a flight that has not left, also of its expected departure "
        "delay; of one under way whose arrival the API says nothing of, its departure delay. What is not known is null."
    ),
    source=f"This project's own. {DOT}",
    columns={
        "flight_key": ("varchar", "Key of the leg in flights."),
        **FLIGHT_DATE,
        "airline": ("varchar", "ICAO code of the operating airline, else its IATA code, else its name."),
        **AIRLINE_COLUMNS,
        "dep_iata": ("varchar", "IATA code of the airport of departure."),
        "dep_airport": ("varchar", "IATA code of the airport of departure, else its ICAO code."),
        "arr_iata": ("varchar", "IATA code of the scheduled airport of arrival."),
        "arr_airport": ("varchar", "IATA code of the scheduled airport of arrival, else its ICAO code."),
        "dep_scheduled_utc": ("timestamp(6)", "Scheduled departure, UTC."),
        "dep_scheduled_local": ("timestamp(6)", "Scheduled departure, in the airport's local time."),
        "arr_scheduled_utc": ("timestamp(6)", "Scheduled arrival, UTC."),
        "arr_scheduled_local": ("timestamp(6)", "Scheduled arrival, in the airport's local time."),
        "flight_status": ("varchar", "Status as in flights."),
        "standing": ("varchar", "over, under way, overdue, to come or not seen."),
        "known_at": (
            "timestamp(6)",
            "The moment that the row speaks of, UTC: the newest observation of the flights of its date and airport of "
            "departure.",
        ),
        "observed_at": ("timestamp(6)", "When the leg was last observed, UTC: before known_at where it is not seen."),
        "dep_delay_min": (
            "bigint",
            "Minutes that it left late, early is negative; of an overdue flight the minutes since its schedule. Null "
            "if cancelled, not due or not known.",
        ),
        "dep_delay_is_at_least": ("boolean", "Whether dep_delay_min is a lower bound: the flight has not left."),
        "arr_delay_min": (
            "bigint",
            "Minutes that it landed late, early is negative; of a flight that is due and has not landed the minutes "
            "since its schedule. Null if cancelled, diverted, not due or not known.",
        ),
        "arr_delay_is_at_least": ("boolean", "Whether arr_delay_min is a lower bound: the flight has not landed."),
        "dep_delay_expected_min": ("bigint", "The departure delay that is known, or to be expected; null if neither."),
        "arr_delay_expected_min": ("bigint", "The arrival delay that is known, or to be expected; null if neither."),
    },
    sql=f"""with seen as (
    select flight_key, flight_date, airline_icao, airline_iata, airline_name,
           dep_iata,
           coalesce(dep_iata, dep_icao) as dep_airport,
           arr_iata,
           coalesce(arr_iata, arr_icao) as arr_airport,
           dep_scheduled_utc, dep_scheduled_local, arr_scheduled_utc, arr_scheduled_local,
           flight_status, observed_at, dep_actual_utc, dep_delay_min, arr_delay_min,
           {
        greatest_known("dep_delay_forecast_min", minutes_between("dep_scheduled_utc", "dep_estimated_utc"))
    } as dep_announced,
           {
        greatest_known("arr_delay_forecast_min", minutes_between("arr_scheduled_utc", "arr_estimated_utc"))
    } as arr_announced,
           max(observed_at) over (partition by flight_date, coalesce(dep_iata, dep_icao)) as known_at
    from flights
),
placed as (
    select {_CARRIED}, dep_delay_min, arr_delay_min, dep_announced, arr_announced,
           {minutes_between("dep_scheduled_utc", "known_at")} as since_departure,
           {minutes_between("arr_scheduled_utc", "known_at")} as since_arrival,
           case when flight_status in ('landed', 'diverted', 'cancelled') then 'over'
                when observed_at < known_at then 'not seen'
                when dep_actual_utc is not null or flight_status = 'active' then 'under way'
                when {minutes_between("dep_scheduled_utc", "known_at")} > 0 then 'overdue'
                else 'to come'
           end as standing
    from seen
),
late as (
    select {_CARRIED}, standing, dep_announced, arr_announced,
           case when standing = 'overdue' then since_departure
                when standing <> 'not seen' and flight_status <> 'cancelled' then dep_delay_min
           end as dep_delay_min,
           case when flight_status = 'landed' then arr_delay_min
                when standing in ('overdue', 'under way') and since_arrival > 0 then since_arrival
           end as arr_delay_min
    from placed
),
expected as (
    select {_CARRIED}, standing, arr_announced, dep_delay_min, arr_delay_min,
           case when standing in ('overdue', 'to come') then {greatest_known("dep_delay_min", "dep_announced")}
                else dep_delay_min
           end as dep_delay_expected_min
    from late
)
select flight_key,
       flight_date,
       coalesce(airline_icao, airline_iata, airline_name) as airline,
       airline_icao,
       airline_iata,
       airline_name,
       dep_iata,
       dep_airport,
       arr_iata,
       arr_airport,
       dep_scheduled_utc,
       dep_scheduled_local,
       arr_scheduled_utc,
       arr_scheduled_local,
       flight_status,
       standing,
       known_at,
       observed_at,
       cast(dep_delay_min as bigint) as dep_delay_min,
       standing = 'overdue' as dep_delay_is_at_least,
       cast(arr_delay_min as bigint) as arr_delay_min,
       standing in ('overdue', 'under way') and arr_delay_min is not null as arr_delay_is_at_least,
       cast(dep_delay_expected_min as bigint) as dep_delay_expected_min,
       cast(case when standing in ('over', 'not seen') then arr_delay_min
                 when standing = 'under way' then {
        greatest_known("arr_delay_min", "coalesce(arr_announced, dep_delay_expected_min)")
    }
                 else {greatest_known("arr_announced", "dep_delay_expected_min", "arr_delay_min")}
            end as bigint) as arr_delay_expected_min
from expected""",
)

DAYS_SO_FAR = View(
    name="days_so_far",
    question="How does each day go, with what is overdue and what is to be expected?",
    definition=(
        "One row a flight date, of flights_so_far, whose words it uses. On time: landed less than "
        f"{LATE_MIN} minutes after schedule. The figures of the flights that are over stand beside those of all flights"
        " of which an arrival is known or expected. The median and the 90th percentile of the departure delay are of "
        "the flights that left and of the overdue ones, which count with their lower bound: the true figures are no "
        "lower."
    ),
    source=DOT,
    columns={
        **FLIGHT_DATE,
        "known_at": ("timestamp(6)", "The moment that the row speaks of, UTC: the newest observation of the date."),
        "flights": ("bigint", "All flights of the date."),
        "finished": ("bigint", "Flights that landed, were diverted or were cancelled."),
        **CANCELLED,
        **DIVERTED,
        "under_way": ("bigint", "Flights that left and are not over."),
        "overdue": ("bigint", "Flights whose scheduled departure has passed, and that have not left."),
        "very_overdue": ("bigint", f"Of the overdue flights, those by {VERY_LATE_MIN} minutes or more."),
        "worst_overdue_min": ("bigint", "Minutes since the schedule of the flight that is most overdue; null if none."),
        "to_come": ("bigint", "Flights that are not due yet."),
        "not_seen": ("bigint", "Flights that are not over and that the newest observation had no more."),
        "on_time": ("bigint", f"Flights that landed less than {LATE_MIN} minutes after schedule."),
        "on_time_share": ("double", "on_time / finished, 0 to 1; null if none is finished."),
        "expected": ("bigint", "Flights that are over, or of which an arrival delay is expected."),
        "expected_on_time": ("bigint", f"Of these, on time or expected to land less than {LATE_MIN} minutes late."),
        "expected_on_time_share": ("double", "expected_on_time / expected, 0 to 1; null if there are none."),
        "due": ("bigint", "Flights with a departure delay: they left, or are overdue."),
        "median_dep_delay_min": ("bigint", "Median departure delay of those due, by nearest rank: at least that."),
        "p90_dep_delay_min": ("bigint", "90th percentile of the same, by nearest rank: at least that."),
    },
    sql=f"""with counted as (
    select flight_date,
           max(known_at) as known_at,
           count(*) as flights,
           count(*) filter (where standing = 'over') as finished,
           count(*) filter (where flight_status = 'cancelled') as cancelled,
           count(*) filter (where flight_status = 'diverted') as diverted,
           count(*) filter (where standing = 'under way') as under_way,
           count(*) filter (where standing = 'overdue') as overdue,
           count(*) filter (where standing = 'overdue' and dep_delay_min >= {VERY_LATE_MIN}) as very_overdue,
           max(case when standing = 'overdue' then dep_delay_min end) as worst_overdue_min,
           count(*) filter (where standing = 'to come') as to_come,
           count(*) filter (where standing = 'not seen') as not_seen,
           count(*) filter (where flight_status = 'landed' and arr_delay_min < {LATE_MIN}) as on_time,
           count(*) filter (where standing = 'over' or arr_delay_expected_min is not null) as expected,
           count(*) filter (where arr_delay_expected_min < {LATE_MIN}) as expected_on_time,
           count(dep_delay_min) as due,
           {nearest_rank("dep_delay_min", 5)} as median_dep_delay_min,
           {nearest_rank("dep_delay_min", 9)} as p90_dep_delay_min
    from flights_so_far
    group by flight_date
)
select flight_date,
       known_at,
       flights,
       finished,
       cancelled,
       diverted,
       under_way,
       overdue,
       very_overdue,
       worst_overdue_min,
       to_come,
       not_seen,
       on_time,
       on_time * 1e0 / nullif(finished, 0) as on_time_share,
       expected,
       expected_on_time,
       expected_on_time * 1e0 / nullif(expected, 0) as expected_on_time_share,
       due,
       median_dep_delay_min,
       p90_dep_delay_min
from counted""",
)
