"""A load from raw objects in a folder to tables in a folder: what the tests of whole loads share."""

import itertools
import json
import time
from dataclasses import replace
from pathlib import Path

from aviation.load import job
from aviation.load.objects import RawObject
from aviation.load.settings import Settings
from support.raw_lines import changed, line, records

WAREHOUSE = "spark.sql.catalog.glue_catalog.warehouse"
TABLES = (
    "flight_observations flight_history flights flight_events cities airplanes aircraft_types quarantine".split()  # noqa: SIM905
)
POS, SZX, PKX, SNN = records("flights")
T0, T1 = "2023-09-14T01:00:00+00:00", "2023-09-14T01:30:00+00:00"
DEPARTED = changed(PKX, departure__actual="2023-07-25T15:41:00+00:00")
LINES = {
    "flights": [
        line(POS, observed_at=T0),
        line(SZX, observed_at=T0),
        line(PKX, observed_at=T0),
        line(DEPARTED, observed_at=T1),
        line(SNN, observed_at=T1),
        line(POS, observed_at=T0),  # once more: a repeat
        b"not json\n",
    ],
    "cities": [line(record, entity="cities") for record in records("cities")],
    "airplanes": [line(record, entity="airplanes") for record in records("airplanes")],
    "aircraft_types": [line(record, entity="aircraft_types") for record in records("aircraft_types")],
}
numbers = itertools.count()


class Place:
    """A raw folder and a database of its own."""

    def __init__(self, spark, raw: Path):
        self.spark = spark
        self.raw = raw
        self.model = lambda: None
        warehouse = spark.conf.get(WAREHOUSE)
        self.settings = Settings(
            stack="test",
            raw_bucket="unused",
            raw_uri=raw.as_uri(),
            published_uri=warehouse,
            database=f"case{next(numbers)}",
            catalog="glue_catalog",
            entities=("flights", "cities", "airplanes", "aircraft_types"),
            look_back_hours=48,
            max_refused_share=0.2,
            batch_megabytes=256,
            reconcile=False,
            requeue=False,
            upkeep=False,
            delay_cost_per_minute=100.0,
            passengers_per_flight=0,
            timeout_minutes=25,
            run_id="run",
        )
        # On AWS and in the local stack the template makes the database.
        spark.sql(f"CREATE NAMESPACE {self.settings.namespace}")

    def put(self, key: str, content: bytes) -> str:
        path = self.raw / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return key

    def list_objects(self, entity: str, start_after: str):
        files = [path for path in (self.raw / entity).rglob("*") if path.is_file()]
        found = (RawObject(str(path.relative_to(self.raw)), path.stat().st_size) for path in files)
        return sorted(item for item in found if item.key > start_after)

    def load(self, wrote=lambda table: None, clock=time.monotonic, **settings):
        chosen = replace(self.settings, **settings)
        return job.run(self.spark, chosen, list_objects=self.list_objects, model=self.model, wrote=wrote, clock=clock)

    def rows(self, table: str) -> list[str]:
        frame = self.spark.table(f"{self.settings.namespace}.{table}")
        return sorted(json.dumps(row.asDict(recursive=True), default=str, sort_keys=True) for row in frame.collect())

    def contents(self) -> dict[str, list[str]]:
        return {table: self.rows(table) for table in TABLES}


def put(place: Place, number: int, content: bytes) -> None:
    """Deliver an object of flights."""
    place.put(f"flights/2023/09/14/0{number}/object", content)


def fill(place: Place) -> None:
    for entity, lines in LINES.items():
        place.put(f"{entity}/2023/09/14/01/object", b"".join(lines))


def adds_up(report: dict) -> bool:
    return report["lines_read"] == sum(
        report[n] for n in ("observations_added", "references", "repeats", "quarantined")
    )


class KilledError(Exception):
    """Stands for a kill: nothing after it runs."""


def kill_after(table: str):
    def wrote(name: str) -> None:
        if name == table:
            raise KilledError(name)

    return wrote
