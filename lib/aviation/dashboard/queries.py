"""What the dashboard asks, in Athena's SQL, over the tables and the published views.

On time: of the flights that are over (landed, diverted or cancelled), those that landed less than 15 minutes after
schedule; a cancelled or diverted flight is not on time. Of an airport's departures: those that left less than 15
minutes after schedule; a cancelled flight is not on time. As in the Air Travel Consumer Report of the US Department of
Transportation. Medians and percentiles are by nearest rank.
"""

from aviation.views.declaration import FLIGHTS_OVER, LATE_MIN, nearest_rank

BOARD_ROWS = 2000

FIGURES = f"""{FLIGHTS_OVER},
delays as (
    select count(*) as flights_over,
           sum(case when flight_status = 'landed' and arr_delay_min < {LATE_MIN} then 1 else 0 end) as on_time,
           {nearest_rank("dep_delay_min", 5)} as median_dep_delay_min,
           {nearest_rank("dep_delay_min", 9)} as p90_dep_delay_min,
           {nearest_rank("arr_delay_min", 5)} as median_arr_delay_min,
           {nearest_rank("arr_delay_min", 9)} as p90_arr_delay_min
    from flights_over
)
select totals.*, delays.*
from (
    select count(*) as flights,
           count_if(flight_status = 'cancelled') as cancelled,
           count_if(flight_status = 'diverted') as diverted,
           min(flight_date) as first_date,
           max(flight_date) as last_date
    from flights
) as totals
cross join delays"""

BY_STATUS = "select flight_status, count(*) as flights from flights group by flight_status order by flights desc"

BY_HOUR_STATUS = """
select hour(dep_scheduled_local) as hour, flight_status, count(*) as flights
from flights
where dep_scheduled_local is not null
group by 1, 2
order by 1, 2"""

MOST_AIRLINES = 20
BY_AIRLINE = f"""
select airline_name, on_time_share, flights
from (
    select coalesce(airline_name, airline_icao, airline_iata) as airline_name,
           sum(on_time) * 1e0 / sum(flights) as on_time_share,
           sum(flights) as flights
    from on_time_by_airline_day
    group by 1
    order by flights desc, airline_name
    limit {MOST_AIRLINES}
) as busiest
order by on_time_share desc, airline_name"""

MOST_AIRPORTS = 15
BY_AIRPORT = f"""
select airport, sum(on_time) * 1e0 / sum(flights) as on_time_share, sum(flights) as flights
from on_time_by_airport_hour
where direction = 'departure' and airport is not null
group by airport
order by flights desc, airport
limit {MOST_AIRPORTS}"""

BY_HOUR = """
select hour(dep_scheduled_local) as hour,
       avg(dep_delay_min) as mean_dep_delay_min,
       avg(arr_delay_min) as mean_arr_delay_min,
       count_if(flight_status = 'cancelled') as cancelled,
       count_if(flight_status <> 'cancelled') as operated
from flights
where dep_scheduled_local is not null
group by 1
order by 1"""

BY_HOUR_WEEKDAY = """
select weekday, hour, median_dep_delay_min, flights
from delays_by_hour_weekday
where hour is not null
order by weekday, hour"""

LEAST_ARRIVALS, MOST_ROUTES = 3, 12
BY_ROUTE = f"""
select dep_iata || ' → ' || arr_iata as route,
       avg(arr_delay_min) as mean_arr_delay_min,
       count(arr_delay_min) as flights
from flights
group by 1
having count(arr_delay_min) >= {LEAST_ARRIVALS}
order by mean_arr_delay_min desc, route
limit {MOST_ROUTES}"""

ROUTES = """
select dep_iata, arr_iata, count(*) as flights
from flights
where dep_iata is not null and arr_iata is not null
group by 1, 2
order by flights desc, dep_iata, arr_iata
limit 500"""

IN_THE_AIR = """
select coalesce(flight_iata, flight_number) as flight, dep_iata, arr_iata,
       cast(live_latitude as double) as live_latitude, cast(live_longitude as double) as live_longitude
from flights
where flight_status = 'active' and live_latitude is not null and live_longitude is not null
    and not coalesce(live_is_ground, false)
order by flight
limit 1000"""

BOARD = f"""
select coalesce(flight_iata, flight_icao, flight_number) as flight,
       coalesce(airline_name, airline_icao, airline_iata) as airline,
       coalesce(dep_iata, dep_icao) as departs_from,
       coalesce(arr_iata, arr_icao) as arrives_at,
       dep_scheduled_local,
       arr_scheduled_local,
       flight_status,
       dep_delay_min,
       arr_delay_min,
       dep_gate
from flights
where flight_date = (select max(flight_date) from flights)
order by dep_scheduled_utc, flight_key
limit {BOARD_ROWS}"""
BOARD_DAY = """
select max(flight_date) as day, count(*) as flights
from flights
where flight_date = (select max(flight_date) from flights)"""
