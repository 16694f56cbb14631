"""The board over made-up tables: what it asks is looked up, turned back in time and answered as over a stack's."""

import gzip
import io
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from types import SimpleNamespace
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from botocore.exceptions import ClientError
from starlette.testclient import TestClient

from aviation.board.app import application
from aviation.board.pages import raw
from aviation.board.tables import Loaded, Tables
from aviation.columns import EVENTS, FLIGHTS, HISTORY, OBSERVATIONS, TABLES
from aviation.jobs.demo import poll_times
from aviation.load.blocks import parse
from aviation.load.derive import derive
from aviation.load.fold import versions
from aviation.load.history import events, latest
from aviation.poll.envelope import Origin, lines
from aviation.replay import DEFAULT_DAY, records
from aviation.sql.catalog import Catalog
from support.made_up import CATALOG, Database, columns
from support.quiet_made import MadeQuieted

EMPTY = Catalog()
"""What the catalog has before the first load."""
LOADED = Catalog(tables={table.name: table.name for table in TABLES}, views=CATALOG.views, columns=columns())


class MadeTables(Tables):
    """The board's tables over a made-up database, or before the first load where none is given.

    What is inserted later is seen after `load`, as after a real one.
    """

    def __init__(self, database: Database | None = None):
        super().__init__()
        self.database = database or Database()
        # Where a stack's tables lie in files, these are tables of that name.
        self.database.run("create or replace macro iceberg_scan(location) as table select * from query_table(location)")
        self.catalog = LOADED if database else EMPTY
        self.version = 1
        self.engine, self.is_over = self, False

    def load(self):
        """A load has finished."""
        self.catalog = LOADED
        self.version += 1

    def refresh(self):
        if self._now and self._now.version == str(self.version):
            return False
        self._now = Loaded(str(self.version), self.catalog)
        return True

    def end(self):
        """What it asks has an end of its own."""

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection for one question, as an engine has them."""
        cursor = self.database.connection.cursor()
        cursor.execute("set TimeZone = 'UTC'")
        return cursor


def browser(tables: Tables, **more: object) -> TestClient:
    """Asks the board over these tables as a browser does; `more` is for `application`. Nothing is muted, unless that
    says so."""
    return TestClient(application(tables, **({"quieted": MadeQuieted()} | more)), base_url="http://127.0.0.1:8300")


def polls(day: str, instants: Iterable[datetime]) -> dict[str, bytes]:
    """Raw objects by key: what the replay answers of the flights of `day` at each instant (aware), an object a poll."""
    objects = {}
    for instant in instants:
        origin = Origin("flights", instant, instant + timedelta(seconds=20), f"poll-{instant:%H%M}", "replay")
        text = b"".join(lines(origin, records.flights(day, instant)))
        objects[f"flights/{instant:%Y/%m/%d/%H}/poll-{instant:%H%M}"] = gzip.compress(text, 1)
    return objects


def loaded(objects: Mapping[str, bytes]) -> Database:
    """The tables after one load of these raw objects of flights, by the load's own reading, fold and derivation."""
    parsed = list(parse(objects.items()))
    observations = pa.concat_tables([block.observations for block in parsed])
    history = derive(versions(observations), frozenset(available_timezones()))
    made = Database()
    tables = (observations, history, latest(history), events(history))
    for name, rows in zip((OBSERVATIONS, HISTORY, FLIGHTS, EVENTS), tables, strict=True):
        made.insert(name.name, rows)
    newest = pc.max(observations["observed_at"]).as_py()
    load = {"run_id": "load", "batch": 1, "status": "ok", "finished_at": newest + timedelta(minutes=5)}
    load |= {"objects": list(objects), "flight_dates": pc.unique(observations["flight_date"]).to_pylist()}
    made.insert("loads", pa.Table.from_pylist([load]))
    made.run(f"update loads set newest_observed_at = map {{'flights': timestamp '{newest}'}}")
    return made


class RawBucket(dict[str, bytes]):
    """The raw bucket in place of a stack's: objects by key. Who may not read it is told so, as S3 does."""

    def __init__(self, objects: Mapping[str, bytes], patch: pytest.MonkeyPatch):
        super().__init__(objects)
        self.denied, self.exceptions = "", SimpleNamespace(NoSuchKey=type("NoSuchKey", (ClientError,), {}))
        patch.setattr(raw, "place", lambda name: name)
        patch.setattr(raw, "aws", SimpleNamespace(client=lambda service, **_: self))

    def get_object(self, Bucket: str, Key: str) -> dict[str, io.BytesIO]:  # noqa: N803 - as boto3 names them
        """As boto3's client of S3 gives it."""
        if Key not in self:
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey", "Message": "said by S3"}}, "GetObject")
        if self.denied:
            raise ClientError({"Error": {"Code": self.denied, "Message": "said by S3"}}, "GetObject")
        return {"Body": io.BytesIO(self[Key])}


@cache
def storm_objects() -> dict[str, bytes]:
    """The raw objects of the demo's day."""
    return polls(DEFAULT_DAY, poll_times(DEFAULT_DAY))


@cache
def storm() -> MadeTables:
    """The demo's day: 13 polls of 2013-07-10, a day of storms. Shared: a test that changes it makes its own."""
    return MadeTables(loaded(storm_objects()))
