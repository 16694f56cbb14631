"""The tables as DuckDB has them: filled with real legs of the data set, or with made-up ones."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from aviation.columns import TABLES
from aviation.replay import data, reference
from aviation.replay.registrations import icao24
from aviation.sql.as_of import expand
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.sql.parse import parse_select
from aviation.views import VIEWS, view_sql
from aviation.views.declaration import HIVE_TYPES

COST = "100.80"
CATALOG = Catalog(views={view.name: view_sql(view, delay_cost_per_minute=COST) for view in VIEWS})
CARRIERS = pd.read_csv(Path(reference.__file__).parent / "carriers.csv").set_index("iata")
NOON = datetime(2013, 7, 10, 12)


def columns() -> dict[str, dict[str, GlueColumn]]:
    """The columns of every table and view, as the Glue catalog has them after a load."""
    tables = {
        table.name: {
            name: GlueColumn(column.type.replace("timestamp_ntz", "timestamp"))
            for name, column in table.columns.items()
        }
        for table in TABLES
    }
    views = {
        view.name: {
            name: GlueColumn(HIVE_TYPES.get(kind, kind), meaning) for name, (kind, meaning) in view.columns.items()
        }
        for view in VIEWS
    }
    return tables | views


def real_legs(day: str):
    """The flights of a day from the data set, in the columns of `flights` that the views read."""
    for leg, said in zip(data.legs(day), data.truth(day).itertuples(), strict=True):
        carrier = CARRIERS.loc[leg.carrier]
        yield {
            "flight_key": f"{day}|{leg.origin}|{carrier['icao']}|{leg.number}",
            "flight_date": pd.Timestamp(day),
            "flight_status": "cancelled" if said.cancelled else "diverted" if said.diverted else "landed",
            "airline_icao": carrier["icao"],
            "airline_iata": leg.carrier,
            "airline_name": carrier["name"],
            "dep_iata": leg.origin,
            "dep_icao": data.airports()[leg.origin]["icao"],
            "arr_iata": leg.dest,
            "arr_icao": data.airports()[leg.dest]["icao"],
            "dep_scheduled_local": leg.dep_scheduled.astimezone(data.zone(leg.origin)).replace(tzinfo=None),
            "arr_scheduled_local": leg.arr_scheduled.astimezone(data.zone(leg.dest)).replace(tzinfo=None),
            **{
                f"{name}_utc": instant and instant.replace(tzinfo=None)
                for name in ("dep_scheduled", "dep_actual", "arr_scheduled", "arr_actual")
                for instant in [getattr(leg, name)]
            },
            # What the data set says itself; a flight that did not arrive has no delay there.
            "dep_delay_min": said.dep_delay,
            "arr_delay_min": said.arr_delay,
            "aircraft_registration": None if said.cancelled else leg.tail,
            "aircraft_icao24": None if said.cancelled or not leg.tail else icao24(leg.tail),
            "observed_at": datetime(2013, 7, 12),
        }


class Database:
    """DuckDB with the tables as the load declares them, empty at first."""

    def __init__(self):
        self.connection = duckdb.connect()
        self.connection.execute("set TimeZone = 'UTC'")
        for table in TABLES:
            columns = ", ".join(f'"{name}" {duck_type(column.type)}' for name, column in table.columns.items())
            self.connection.execute(f"create table {table.name} ({columns})")

    def insert(self, table: str, rows: pd.DataFrame | pa.Table | list[dict]):
        self.connection.register("given", pd.DataFrame(rows) if isinstance(rows, list) else rows)
        self.connection.execute(f"insert into {table} by name select * from given")
        return self

    def ask(self, text: str) -> pd.DataFrame:
        """The answer to Athena's SQL over the tables and the views, as `aviation query` gets it on a laptop."""
        return self.run(expand(parse_select(text), CATALOG).sql(dialect="duckdb")).df()

    def run(self, text: str) -> duckdb.DuckDBPyConnection:
        return self.connection.execute(text)


def duck_type(kind: str) -> str:
    if kind.startswith("array<"):
        return f"{duck_type(kind[6:-1])}[]"
    if kind.startswith("map<"):
        key, _, value = kind[4:-1].partition(",")
        return f"map({duck_type(key)}, {duck_type(value)})"
    return {"string": "varchar", "timestamp_ntz": "timestamp"}.get(kind, kind)


def leg(key: str, route: str, leaves: int, arrives: int, *, dep_late: int | None = 0, arr_late: int | None = 0, **more):
    """A leg of the aircraft N1 on `route` (say 'EWR-BOS'), its schedule in minutes from noon, its delays in minutes.

    A delay of None: not known, with the actual time.
    """
    origin, _, target = route.partition("-")
    row = {"flight_key": key, "flight_date": "2013-07-10", "flight_status": "landed", "aircraft_registration": "N1"}
    row |= {"dep_iata": origin, "arr_iata": target, "dep_delay_min": dep_late, "arr_delay_min": arr_late}
    for side, at, late in (("dep", leaves, dep_late), ("arr", arrives, arr_late)):
        row[f"{side}_scheduled_utc"] = row[f"{side}_scheduled_local"] = NOON + timedelta(minutes=at)
        row[f"{side}_actual_utc"] = None if late is None else NOON + timedelta(minutes=at + late)
    return row | more
