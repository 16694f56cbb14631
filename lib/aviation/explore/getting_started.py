"""What is in the tables?"""

import pandas as pd

from aviation.columns import TABLES
from aviation.explore.choice import Choice
from aviation.explore.words import counted, listed, share, total

STORY = (
    "known_from, flight_status, dep_delay_forecast_min, dep_delay_min, arr_delay_forecast_min, arr_delay_min, "
    "dep_gate, aircraft_registration"
)


def tables(chosen: Choice) -> pd.DataFrame:
    """`table, rows, what one row is` for each table; one that was never loaded has 0 rows."""
    counts = chosen.ask(
        " union all ".join(f"select '{table.name}' as name, count(*) as n from {table.name}" for table in TABLES)
    )
    rows = counts.set_index("name")["n"]
    return pd.DataFrame(
        [{"table": table.name, "rows": int(rows[table.name]), "one row is": table.one_row} for table in TABLES]
    )


def by_status(chosen: Choice) -> pd.DataFrame:
    """`flight_status, flights` of the chosen flights, the most frequent first."""
    return chosen.ask(
        "select coalesce(flight_status, 'unknown') as flight_status, count(*) as flights from flights "
        f"where {chosen.condition} group by 1 order by flights desc, flight_status"
    )


def by_airport_hour(chosen: Choice) -> pd.DataFrame:
    """`hour` (0 to 23, of the scheduled departure, local), `airport, flights`."""
    return chosen.ask(
        "select hour(dep_scheduled_local) as hour, coalesce(dep_iata, dep_icao) as airport, count(*) as flights "
        f"from flights where {chosen.condition} and dep_scheduled_local is not null group by 1, 2 order by 1, 2"
    )


def story(chosen: Choice) -> pd.DataFrame:
    """The versions of the chosen flight of which most became known, in order: what was known of it, and when.
    Columns: `flight_key` and those of STORY."""
    return chosen.ask(
        "with told as (select flight_key, count(*) as versions, max(known_from) as last_known from flight_history "
        f"where {chosen.condition} group by flight_key order by versions desc, last_known desc, flight_key limit 1) "
        f"select flight_key, {STORY} from flight_history where flight_key in (select flight_key from told) "
        "order by known_from"
    )


def finding(chosen: Choice, listing: pd.DataFrame, statuses: pd.DataFrame) -> str:
    """Two sentences, of `tables` and `by_status`."""
    flights = total(statuses, "flights")
    if not flights:
        return chosen.nothing
    rows = listing.set_index("table")["rows"]
    parts = [f"{n:,} ({share(n, flights)}) {status}" for status, n in statuses.itertuples(index=False)]
    return (
        f"The tables hold {counted(rows['flights'], 'flight')}, and {counted(rows['flight_history'], 'version')} of "
        f"what was known of them, folded from {counted(rows['flight_observations'], 'observation')}. "
        f"Of {counted(flights, 'flight')} on {chosen.label}, {listed(parts)}."
    )
