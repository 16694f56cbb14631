"""The Iceberg tables, declared: columns, partitions, and the statements that make them.

Times are `timestamp_ntz`, holding UTC, or an airport's local time where the name ends in `_local`: Spark's own
timestamp becomes a `timestamp with time zone`, which Athena's DDL refuses.
"""

from dataclasses import dataclass

from pyspark.sql import SparkSession

from aviation.load.fields import OBSERVATION_COLUMNS, REFERENCES
from aviation.load.meanings import meaning, table_meaning

Columns = dict[str, str]


@dataclass(frozen=True)
class Table:
    """A table's name and its columns by name, each with its type in Spark's SQL."""

    name: str
    columns: Columns

    @property
    def partition(self) -> str | None:
        """The column that the table is partitioned by."""
        return "flight_date" if "flight_date" in self.columns else None


def _side(prefix: str, **more: str) -> Columns:
    times = ("scheduled", "estimated", "actual", "estimated_runway", "actual_runway")
    return (
        dict.fromkeys(
            (f"{prefix}_{name}" for name in ("airport", "iata", "icao", "timezone", "terminal", "gate")), "string"
        )
        | more
        | {f"{prefix}_{name}_utc": "timestamp_ntz" for name in times}
        | {f"{prefix}_{name}_local": "timestamp_ntz" for name in times}
        | {f"{prefix}_{name}": "int" for name in ("delay_min", "delay_forecast_min", "delay_api_min")}
    )


FLIGHT_COLUMNS: Columns = {
    "flight_key": "string",
    "identity": "string",
    "flight_date": "date",
    "flight_status": "string",
    "flight_status_api": "string",
    "airline_iata": "string",
    "airline_icao": "string",
    "airline_name": "string",
    "flight_number": "string",
    "flight_iata": "string",
    "flight_icao": "string",
    **_side("dep"),
    **_side("arr", arr_baggage="string"),
    "aircraft_registration": "string",
    "aircraft_icao24": "string",
    "aircraft_type_iata": "string",
    "aircraft_type_icao": "string",
    "codeshares": "array<string>",
    "live_updated_utc": "timestamp_ntz",
    "live_latitude": "double",
    "live_longitude": "double",
    "live_altitude": "double",
    "live_direction": "double",
    "live_speed_horizontal": "double",
    "live_speed_vertical": "double",
    "live_is_ground": "boolean",
    "flags": "array<string>",
    "first_seen_at": "timestamp_ntz",
    "observed_at": "timestamp_ntz",
}

OBSERVATIONS = Table("flight_observations", {"observed_at": "timestamp_ntz"} | OBSERVATION_COLUMNS)
HISTORY = Table("flight_history", FLIGHT_COLUMNS | {"known_from": "timestamp_ntz", "known_until": "timestamp_ntz"})
FLIGHTS = Table("flights", FLIGHT_COLUMNS)
EVENTS = Table(
    "flight_events",
    {
        "event_id": "string",
        "flight_key": "string",
        "flight_date": "date",
        "field": "string",
        "from_value": "string",
        "to_value": "string",
        "known_from": "timestamp_ntz",
    },
)
REFERENCE_TABLES = {
    entity: Table(
        entity,
        {field.column: field.sql_type for field in fields} | {"content_hash": "string", "observed_at": "timestamp_ntz"},
    )
    for entity, fields in REFERENCES.items()
}
QUARANTINE = Table(
    "quarantine",
    {
        "quarantine_id": "string",
        "entity": "string",
        "rule": "string",
        "reason": "string",
        "raw_text": "string",
        "object": "string",
        "first_seen_at": "timestamp_ntz",
        "last_seen_at": "timestamp_ntz",
        "times_seen": "bigint",
        # Lines by object: an object that is read again counts once.
        "lines_by_object": "map<string,bigint>",
    },
)
LOADS = Table(
    "loads",
    {
        "run_id": "string",
        "status": "string",
        "started_at": "timestamp_ntz",
        "finished_at": "timestamp_ntz",
        "seconds": "double",
        "objects": "array<string>",
        "lines_read": "bigint",
        "observations_added": "bigint",
        "references": "bigint",
        "repeats": "bigint",
        "quarantined": "bigint",
        "warnings": "bigint",
        "warnings_by_rule": "map<string,bigint>",
        "flight_dates": "array<date>",
        "newest_observed_at": "map<string,timestamp_ntz>",
        "newest_fetched_at": "map<string,timestamp_ntz>",
        "seconds_to_queryable_min": "double",
        "seconds_to_queryable_p50": "double",
        "seconds_to_queryable_p95": "double",
        "seconds_to_queryable_max": "double",
    },
)
TABLES = (OBSERVATIONS, HISTORY, FLIGHTS, EVENTS, *REFERENCE_TABLES.values(), QUARANTINE, LOADS)

# A task writes the flight dates that it holds as they come: small loads run in one task, so a date is one file, and no
# load pays a shuffle only to write. Old metadata files go with the commit that replaces them.
PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    "write.target-file-size-bytes": str(128 << 20),
    "write.distribution-mode": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
}


def create_statement(table: Table, namespace: str, location: str) -> str:
    """The DDL that makes the table in `namespace` (`catalog.database`), its files under the URI `location`."""
    columns = ", ".join(_column(table, name) for name in table.columns)
    partitions = f" PARTITIONED BY ({table.partition})" if table.partition else ""
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in PROPERTIES.items())
    return (
        f"CREATE TABLE IF NOT EXISTS {namespace}.`{table.name}` ({columns}) USING iceberg{partitions} "
        f"COMMENT {_literal(table_meaning(table.name))} LOCATION '{location}/{table.name}' TBLPROPERTIES ({properties})"
    )


def _column(table: Table, name: str) -> str:
    return f"`{name}` {table.columns[name]} COMMENT {_literal(meaning(table.name, name))}"


def _literal(text: str) -> str:
    """The text as a string of Spark's SQL."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def ensure_tables(spark: SparkSession, namespace: str, location: str) -> None:
    """Make the tables and columns that are missing, and forget what this session remembers of those that are there."""
    there = {row.tableName for row in spark.sql(f"SHOW TABLES IN {namespace}").collect()}
    for table in TABLES:
        if table.name in there:
            # Another process may have written to it; Iceberg's catalog keeps a table for 30 s.
            spark.catalog.refreshTable(f"{namespace}.{table.name}")
            if added := set(table.columns) - set(spark.table(f"{namespace}.{table.name}").columns):
                columns = ", ".join(_column(table, name) for name in table.columns if name in added)
                spark.sql(f"ALTER TABLE {namespace}.`{table.name}` ADD COLUMNS ({columns})")
        else:
            spark.sql(create_statement(table, namespace, location))
