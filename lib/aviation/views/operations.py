"""The views of what delay costs, and of how fresh the tables are."""

from aviation.views.declaration import (
    AIRLINE,
    AIRLINE_COLUMNS,
    AIRLINE_GROUP,
    FLIGHT_DATE,
    FLIGHTS,
    FLIGHTS_OVER,
    OVER,
    PLACEHOLDER,
    View,
)

DELAY_COST = View(
    name="delay_cost",
    question="What did late arrivals cost each airline on each day?",
    definition=(
        f"{OVER} Delay minutes are the arrival delays of the flights that landed late, from the first minute; early "
        "arrivals do not offset them; cancelled and diverted flights add none, so the cost is a lower bound. The cost "
        f"of a minute is chosen at deployment. {AIRLINE_GROUP}"
    ),
    source=(
        "Airlines for America, U.S. Passenger Carrier Delay Costs (12 July 2024): in 2023 a minute of aircraft block "
        "time cost U.S. passenger airlines 100.80 USD (crew, fuel, maintenance, ownership, other), from DOT Form 41; "
        "https://www.airlines.org/dataset/u-s-passenger-carrier-delay-costs/"
    ),
    columns={
        **FLIGHT_DATE,
        **AIRLINE_COLUMNS,
        **FLIGHTS,
        "delay_minutes": ("bigint", "Sum of the arrival delays above 0 of the flights that landed."),
        "cost_per_minute_usd": ("double", "Cost of a minute of delay in USD, as deployed."),
        "cost_usd": ("double", "delay_minutes x cost_per_minute_usd."),
    },
    sql=f"""{FLIGHTS_OVER},
minutes as (
    select flight_date,
           {AIRLINE},
           count(*) as flights,
           cast(coalesce(sum(case when arr_delay_min > 0 then arr_delay_min end), 0) as bigint) as delay_minutes
    from flights_over
    group by flight_date, airline
)
select flight_date,
       airline_icao,
       airline_iata,
       airline_name,
       flights,
       delay_minutes,
       cast({PLACEHOLDER} as double) as cost_per_minute_usd,
       delay_minutes * cast({PLACEHOLDER} as double) as cost_usd
from minutes""",
)

DATA_FRESHNESS = View(
    name="data_freshness",
    question="How fresh are the tables, and how did the last loads go?",
    definition=(
        "One row a load, its batches summed. The newest fetched record is the newest of those that the load took in, "
        "of any entity, by the producers' clock; its age is that at the time of the query. The seconds to queryable "
        "run from the fetch of the load's newest and oldest record to the end of the batch that brought it; of "
        "several batches the median and the 95th percentile are those of the slowest."
    ),
    source="This project's table loads.",
    columns={
        "run_id": ("varchar", "The run of the load."),
        "finished_at": ("timestamp(6)", "When it finished, UTC."),
        "status": ("varchar", "ok, or warning if the raw objects of a batch held no line at all."),
        "seconds": ("double", "How long it took."),
        "lines_read": ("bigint", "Lines that it read from raw."),
        "quarantined": ("bigint", "Lines that a rule refused."),
        "warnings": ("bigint", "Breaches of rules that only warn."),
        "seconds_to_queryable_min": ("double", "Seconds from fetch to table, of the record that was quickest."),
        "seconds_to_queryable_p50": ("double", "Seconds from fetch to table that half of the records took at most."),
        "seconds_to_queryable_p95": ("double", "Seconds from fetch to table that 95 % of the records took at most."),
        "seconds_to_queryable_max": ("double", "Seconds from fetch to table, of the record that was slowest."),
        "newest_fetched_at": ("timestamp(6)", "When the newest record of the load was fetched, UTC; null for none."),
        "newest_age_min": ("bigint", "Minutes since then, at the time of the query."),
    },
    sql="""with by_load as (
    select run_id,
           max(finished_at) as finished_at,
           max(status) as status,
           sum(seconds) as seconds,
           cast(sum(lines_read) as bigint) as lines_read,
           cast(sum(quarantined) as bigint) as quarantined,
           cast(sum(warnings) as bigint) as warnings,
           min(seconds_to_queryable_min) as seconds_to_queryable_min,
           max(seconds_to_queryable_p50) as seconds_to_queryable_p50,
           max(seconds_to_queryable_p95) as seconds_to_queryable_p95,
           max(seconds_to_queryable_max) as seconds_to_queryable_max,
           max(array_max(map_values(newest_fetched_at))) as newest_fetched_at
    from loads
    group by run_id
)
select run_id,
       finished_at,
       status,
       seconds,
       lines_read,
       quarantined,
       warnings,
       seconds_to_queryable_min,
       seconds_to_queryable_p50,
       seconds_to_queryable_p95,
       seconds_to_queryable_max,
       newest_fetched_at,
       date_diff(
           'minute',
           date_trunc('minute', newest_fetched_at),
           date_trunc('minute', cast(current_timestamp as timestamp))
       ) as newest_age_min
from by_load""",
)
