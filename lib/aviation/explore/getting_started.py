"""What is in the tables? A tour of them, of one day's flights, and of one flight's story."""

import pandas as pd

from aviation.charts import marks
from aviation.columns import TABLES
from aviation.explore.choice import Choice
from aviation.explore.show import Answer, Finding, chart
from aviation.explore.so_far import waiting
from aviation.explore.words import counted, listed, share

STORY = (
    "known_from, flight_status, dep_delay_forecast_min, dep_delay_min, arr_delay_forecast_min, arr_delay_min, "
    "dep_gate, aircraft_registration"
)


def tables(chosen: Choice) -> Answer:
    """`table, rows, what one row is` for each table; one that was never loaded has 0 rows."""
    counts = " union all ".join(f"select '{table.name}' as name, count(*) as n from {table.name}" for table in TABLES)
    rows = chosen.ask(counts).set_index("name")["n"]
    listing = pd.DataFrame(
        [{"table": table.name, "rows": int(rows[table.name]), "one row is": table.one_row} for table in TABLES]
    )
    return Answer(listing, counts)


def by_status(chosen: Choice) -> Answer:
    """`flight_status, flights` of the chosen flights, the most frequent first."""
    statuses = (
        "select coalesce(flight_status, 'unknown') as flight_status, count(*) as flights from flights "
        f"where {chosen.condition} group by 1 order by flights desc, flight_status"
    )
    return chart(
        statuses,
        chosen.ask(statuses),
        marks.bars,
        label="flight_status",
        value="flights",
        colour="flight_status",
        title="The day's flights by their status",
        subtitle=chosen.label,
    )


def by_airport_hour(chosen: Choice) -> Answer:
    """`hour` (0 to 23, of the scheduled departure, local), `airport, flights`."""
    hours = (
        "select hour(dep_scheduled_local) as hour, coalesce(dep_iata, dep_icao) as airport, count(*) as flights "
        f"from flights where {chosen.condition} and dep_scheduled_local is not null group by 1, 2 order by 1, 2"
    )
    return chart(
        hours,
        chosen.ask(hours),
        marks.stacked,
        x="hour",
        x_title="scheduled departure, local hour",
        value="flights",
        group="airport",
        title="When flights are to leave, by airport",
        subtitle=chosen.label,
    )


def story(chosen: Choice) -> Answer:
    """The versions of the chosen flight of which most became known, in order: what was known of it, and when.
    Columns: `flight_key, flight_iata` and those of STORY."""
    versions = (
        "with told as (select flight_key, count(*) as versions, max(known_from) as last_known from flight_history "
        f"where {chosen.condition} group by flight_key order by versions desc, last_known desc, flight_key limit 1) "
        f"select flight_key, flight_iata, {STORY} from flight_history "
        "where flight_key in (select flight_key from told) order by known_from"
    )
    rows = chosen.ask(versions)
    return Answer(rows, versions, drawn=rows.drop(columns="flight_key"))


def finding(chosen: Choice) -> Finding:
    """Two sentences, of `tables` and `by_status`."""
    flights = chosen.flights
    if not flights:
        return Finding(chosen.nothing, chosen.nothing)
    rows = tables(chosen).frame.set_index("table")["rows"]
    statuses = by_status(chosen).frame
    parts = [
        f"{n:,} ({share(n, flights)}) {status}"
        for status, n in zip(statuses["flight_status"], statuses["flights"], strict=True)
    ]
    return Finding(
        f"The tables hold {counted(rows['flights'], 'flight')}, and {counted(rows['flight_history'], 'version')} of "
        f"what was known of them, folded from {counted(rows['flight_observations'], 'observation')}. "
        f"Of {counted(flights, 'flight')} on {chosen.label}, {listed(parts)}."
        f"{waiting(chosen, 'Not over')}",
        chosen.unmatched,
    )
