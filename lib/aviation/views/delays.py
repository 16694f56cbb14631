"""The views of punctuality: by airline, airport, route, hour and day."""

from aviation.views.declaration import (
    AIRLINE,
    AIRLINE_COLUMNS,
    AIRLINE_GROUP,
    CANCELLED,
    DIVERTED,
    DOT,
    FLIGHT_DATE,
    FLIGHTS,
    FLIGHTS_OVER,
    LATE_MIN,
    OVER,
    View,
    delay_columns,
    delay_figures,
)

ON_TIME_BY_AIRLINE_DAY = View(
    name="on_time_by_airline_day",
    question="How punctual was each airline on each day?",
    definition=(
        f"{OVER} On time: landed, with an arrival delay under {LATE_MIN} minutes. Cancelled, diverted and landed with "
        f"an unknown delay count as not on time. Delays are those of the flights that landed. {AIRLINE_GROUP}"
    ),
    source=DOT,
    columns={
        **FLIGHT_DATE,
        **AIRLINE_COLUMNS,
        **FLIGHTS,
        "on_time": ("bigint", f"Flights that landed less than {LATE_MIN} minutes after schedule."),
        "on_time_share": ("double", "on_time / flights, 0 to 1."),
        **CANCELLED,
        **DIVERTED,
        **delay_columns("arr_delay_min", "arrival delay of the flights that landed"),
    },
    sql=f"""{FLIGHTS_OVER}
select flight_date,
       {AIRLINE},
       count(*) as flights,
       count(*) filter (where arr_delay_min < {LATE_MIN}) as on_time,
       count(*) filter (where arr_delay_min < {LATE_MIN}) * 1e0 / count(*) as on_time_share,
       count(*) filter (where flight_status = 'cancelled') as cancelled,
       count(*) filter (where flight_status = 'diverted') as diverted,
       {delay_figures("arr_delay_min")}
from flights_over
group by flight_date, airline""",
)

ON_TIME_BY_AIRPORT_HOUR = View(
    name="on_time_by_airport_hour",
    question="At which airports and hours do departures and arrivals run late?",
    definition=(
        f"{OVER} Each counts once at the airport that it was to leave, under the local hour of its scheduled departure,"
        " and once at the one that it was to reach, under that of its scheduled arrival. On time: a departure delay, or"
        f" an arrival delay, under {LATE_MIN} minutes. Cancelled counts as not on time in both directions, diverted as"
        " not on time where it was to arrive. All days of the tables together."
    ),
    source=DOT,
    columns={
        "airport": ("varchar", "IATA code of the airport, else its ICAO code."),
        "direction": ("varchar", "departure or arrival."),
        "hour": ("bigint", "Hour, 0 to 23, of the scheduled time at the airport; null where it is not known."),
        **FLIGHTS,
        "on_time": ("bigint", f"Flights with a delay under {LATE_MIN} minutes in this direction."),
        "on_time_share": ("double", "on_time / flights, 0 to 1."),
        **CANCELLED,
        **DIVERTED,
        **delay_columns("delay_min", "delay in this direction"),
    },
    sql=f"""{FLIGHTS_OVER},
movements as (
    select dep_airport as airport,
           'departure' as direction,
           hour(dep_scheduled_local) as hour,
           flight_status,
           dep_delay_min as delay_min
    from flights_over
    union all
    select arr_airport as airport,
           'arrival' as direction,
           hour(arr_scheduled_local) as hour,
           flight_status,
           arr_delay_min as delay_min
    from flights_over
)
select airport,
       direction,
       hour,
       count(*) as flights,
       count(*) filter (where delay_min < {LATE_MIN}) as on_time,
       count(*) filter (where delay_min < {LATE_MIN}) * 1e0 / count(*) as on_time_share,
       count(*) filter (where flight_status = 'cancelled') as cancelled,
       count(*) filter (where flight_status = 'diverted') as diverted,
       {delay_figures("delay_min")}
from movements
group by airport, direction, hour""",
)

DELAYS_BY_ROUTE_DAY = View(
    name="delays_by_route_day",
    question="Which routes arrive late, and by how much?",
    definition=(
        f"{OVER} Delayed: landed {LATE_MIN} minutes or more after schedule. Cancelled and diverted flights count in "
        "flights, not in arrived, delayed or the delays. Airports without an IATA code are null and share one row."
    ),
    source=DOT,
    columns={
        "dep_iata": ("varchar", "IATA code of the airport of departure."),
        "arr_iata": ("varchar", "IATA code of the scheduled airport of arrival."),
        **FLIGHT_DATE,
        **FLIGHTS,
        "arrived": ("bigint", "Flights that landed, their arrival delay known."),
        "delayed": ("bigint", f"Flights that landed {LATE_MIN} minutes or more after schedule."),
        **delay_columns("arr_delay_min", "arrival delay of the flights that landed"),
    },
    sql=f"""{FLIGHTS_OVER}
select dep_iata,
       arr_iata,
       flight_date,
       count(*) as flights,
       count(arr_delay_min) as arrived,
       count(*) filter (where arr_delay_min >= {LATE_MIN}) as delayed,
       {delay_figures("arr_delay_min")}
from flights_over
group by dep_iata, arr_iata, flight_date""",
)

DELAYS_BY_HOUR_WEEKDAY = View(
    name="delays_by_hour_weekday",
    question="At which hour and on which weekday should a flight leave to be on time?",
    definition=(
        f"{OVER} By the local hour and ISO weekday of the scheduled departure. Departure delays are those of the "
        "flights that left, arrival delays those of the flights that landed. All days of the tables together."
    ),
    source=DOT,
    columns={
        "weekday": ("bigint", "ISO weekday of the scheduled departure: 1 is Monday, 7 Sunday; null where not known."),
        "hour": ("bigint", "Local hour of the scheduled departure, 0 to 23; null where it is not known."),
        **FLIGHTS,
        **CANCELLED,
        **DIVERTED,
        **delay_columns("dep_delay_min", "departure delay of the flights that left"),
        **delay_columns("arr_delay_min", "arrival delay of the flights that landed"),
    },
    sql=f"""{FLIGHTS_OVER}
select day_of_week(dep_scheduled_local) as weekday,
       hour(dep_scheduled_local) as hour,
       count(*) as flights,
       count(*) filter (where flight_status = 'cancelled') as cancelled,
       count(*) filter (where flight_status = 'diverted') as diverted,
       {delay_figures("dep_delay_min")},
       {delay_figures("arr_delay_min")}
from flights_over
group by day_of_week(dep_scheduled_local), hour(dep_scheduled_local)""",
)

CANCELLATIONS_DIVERSIONS = View(
    name="cancellations_diversions",
    question="How many flights did each airline cancel or divert on each day?",
    definition=(
        f"{OVER} Shares are of those: early in a day they are high, because a cancellation is known before "
        f"the flights that will land have landed. {AIRLINE_GROUP}"
    ),
    source=DOT,
    columns={
        **FLIGHT_DATE,
        **AIRLINE_COLUMNS,
        **FLIGHTS,
        **CANCELLED,
        "cancelled_share": ("double", "cancelled / flights, 0 to 1."),
        **DIVERTED,
        "diverted_share": ("double", "diverted / flights, 0 to 1."),
    },
    sql=f"""{FLIGHTS_OVER}
select flight_date,
       {AIRLINE},
       count(*) as flights,
       count(*) filter (where flight_status = 'cancelled') as cancelled,
       count(*) filter (where flight_status = 'cancelled') * 1e0 / count(*) as cancelled_share,
       count(*) filter (where flight_status = 'diverted') as diverted,
       count(*) filter (where flight_status = 'diverted') * 1e0 / count(*) as diverted_share
from flights_over
group by flight_date, airline""",
)
