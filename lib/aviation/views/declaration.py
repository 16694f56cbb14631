"""What a view is, and the pieces of SQL that several views share.

A view's SQL is Athena's (Trino's), over unqualified table names. It keeps to what Athena and, through sqlglot, DuckDB
answer alike: doubles in every division, counts in `bigint`, quantiles by nearest rank, no function that treats null
its own way on each.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# Hive's names of Athena's types; the Glue catalog has both. Others are called the same.
HIVE_TYPES = {"varchar": "string", "integer": "int", "timestamp(6)": "timestamp"}


@dataclass(frozen=True)
class View:
    """A question that decision makers ask, as a view.

    `definition` says in words what is counted, `source` where that definition comes from. `columns` gives by name,
    in order, Athena's type and the meaning (at most 255 characters, the catalog's limit). `sql` can hold PLACEHOLDER
    and PASSENGERS.
    """

    name: str
    question: str
    definition: str
    source: str
    columns: dict[str, tuple[str, str]]
    sql: str


# Stands in a view's SQL for the cost of a minute, which whoever deploys chooses.
PLACEHOLDER = ":delay_cost_per_minute"
# Stands there for how many passengers a flight has, or null: the API says nothing of seats.
PASSENGERS = ":passengers_per_flight"

# A flight this many minutes or more behind its schedule is late. The rule is DOT's.
LATE_MIN = 15
DOT = (
    "US Department of Transportation, Air Travel Consumer Report, on data reported under 14 CFR 234: a flight is on "
    f"time if it operated less than {LATE_MIN} minutes after its schedule; a cancelled or diverted flight is not on "
    "time."
)
OVER = (
    "Counts the flights that are over: landed, diverted or cancelled. Those under way, overdue or still to come are "
    "left out: flights_so_far and days_so_far have them."
)

# One meaning of 'over', and of each delay, in every view. A cancelled flight has no delay, whatever times it carries,
# and one that was diverted has no arrival at its destination. An airline goes by its best code: a name that is missing
# or spelt otherwise in some rows does not split it.
FLIGHTS_OVER = """with flights_over as (
    select flight_date,
           flight_status,
           coalesce(airline_icao, airline_iata, airline_name) as airline,
           airline_icao,
           airline_iata,
           airline_name,
           dep_iata,
           coalesce(dep_iata, dep_icao) as dep_airport,
           dep_scheduled_local,
           arr_iata,
           coalesce(arr_iata, arr_icao) as arr_airport,
           arr_scheduled_local,
           case when flight_status <> 'cancelled' then dep_delay_min end as dep_delay_min,
           case when flight_status = 'landed' then arr_delay_min end as arr_delay_min
    from flights
    where flight_status in ('landed', 'diverted', 'cancelled')
)"""

AIRLINE = """max(airline_icao) as airline_icao,
       max(airline_iata) as airline_iata,
       max(airline_name) as airline_name"""
AIRLINE_COLUMNS = {
    "airline_icao": ("varchar", "ICAO code of the operating airline."),
    "airline_iata": ("varchar", "IATA code of the operating airline."),
    "airline_name": ("varchar", "Name of the operating airline."),
}
AIRLINE_GROUP = (
    "An airline goes by its ICAO code, else its IATA code, else its name; flights that name no airline share one row."
)
FLIGHT_DATE = {"flight_date": ("date", "Local date of the scheduled departure.")}
FLIGHTS = {"flights": ("bigint", "Flights that are over: landed, diverted or cancelled.")}
CANCELLED = {"cancelled": ("bigint", "Flights that were cancelled.")}
DIVERTED = {"diverted": ("bigint", "Flights that left and did not land at their destination.")}


def rows(columns: dict[str, str], values: Iterable[Sequence[str]]) -> str:
    """A query of the rows that a view declares, whose values are texts without a comma, a semicolon or a quote.

    They are one literal: thousands of rows of VALUES take a parser a second.
    """
    text = ";".join(",".join(row) for row in values)
    selected = [
        f"cast(split_part(declared, ',', {number}) as {kind}) as {name}"
        for number, (name, kind) in enumerate(columns.items(), 1)
    ]
    return f"select {', '.join(selected)} from unnest(split('{text}', ';')) as listed (declared)"


def nearest_rank(column: str, tenths: int) -> str:
    """The value at `tenths` tenths of the column's sorted values, by nearest rank: one that occurred; null for none.

    Exact and of the column's own type, where approx_percentile answers otherwise on each engine and each run.
    """
    values = f"array_sort(array_agg({column}) filter (where {column} is not null))"
    return f"element_at({values}, greatest(1, cast(ceil(count({column}) * {tenths} / 10e0) as integer)))"


def minutes_between(earlier: str, later: str) -> str:
    """Minutes from one instant to another, as the flights' own delays count them."""
    return f"date_diff('minute', date_trunc('minute', {earlier}), date_trunc('minute', {later}))"


def delay_figures(column: str) -> str:
    """The mean, median and 90th percentile of a delay, to be selected."""
    return f"""avg({column}) as mean_{column},
       {nearest_rank(column, 5)} as median_{column},
       {nearest_rank(column, 9)} as p90_{column}"""


def delay_columns(column: str, whose: str) -> dict[str, tuple[str, str]]:
    """The declaration of `delay_figures`; `whose` says which delay it is."""
    return {
        f"mean_{column}": ("double", f"Mean {whose}, in minutes; early is negative."),
        f"median_{column}": ("integer", f"Median {whose}, in minutes, by nearest rank."),
        f"p90_{column}": ("integer", f"90th percentile of the {whose}, in minutes, by nearest rank."),
    }
