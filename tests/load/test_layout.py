"""Tables from before their layout: evolved, written to in every way, tidied, and read by Spark and by DuckDB alike."""

import importlib.util
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import HISTORY, LOADS, MADE
from aviation.load import tables, upkeep
from aviation.load.tables import create_statement, dates_of_earlier_layout, ensure_tables
from support.whole_load import WAREHOUSE, KilledError, numbers

DAYS = [f"2023-09-{day}" for day in (14, 15, 16)]
NOW = datetime(2023, 9, 14, 1)


class Database:
    """A database with `flight_history` as it was before the layout, with versions of three dates."""

    def __init__(self, spark, monkeypatch):
        self.spark, self.name = spark, f"layout{next(numbers)}"
        self.namespace, self.location = f"glue_catalog.{self.name}", f"{spark.conf.get(WAREHOUSE)}/{self.name}"
        self.history = f"{self.namespace}.flight_history"
        spark.sql(f"CREATE NAMESPACE {self.namespace}")
        old = [replace(HISTORY, partition=("flight_date",)), replace(LOADS, partition=())]
        with monkeypatch.context() as patch:
            of_old = {name: value for name, value in tables.PROPERTIES.items() if not name.endswith((".mode", "merge"))}
            patch.setattr(tables, "PROPERTIES", of_old)
            for table in old:
                spark.sql(create_statement(table, self.namespace, self.location))
        mixed, open_alone, closed_alone = DAYS
        self.append(("a", mixed, 1, 2), ("a", mixed, 2, None), ("b", mixed, 1, None))
        self.append(("c", open_alone, 1, None))
        self.append(("d", closed_alone, 1, 2))

    def versions(self, *versions: tuple[str, str, int, int | None]):
        """Rows: a leg, its date, from which hour the version holds, until which."""
        values = [
            {"flight_key": leg, "flight_date": day, "known_from": _hour(since), "known_until": _hour(until)}
            for leg, day, since, until in versions
        ]
        given = self.spark.createDataFrame(
            values, "flight_key string, flight_date string, known_from timestamp_ntz, known_until timestamp_ntz"
        )
        columns = HISTORY.columns.values()
        named = set(given.columns)
        chosen = [f"cast({c.name if c.name in named else 'null'} as {c.type}) as `{c.name}`" for c in columns]
        return given.coalesce(1).selectExpr(*chosen).sortWithinPartitions("flight_date", "known_until")

    def append(self, *versions) -> None:
        self.versions(*versions).writeTo(self.history).append()

    def overwrite(self, where: str, *versions) -> None:
        self.versions(*versions).writeTo(self.history).overwrite(F.expr(where))

    def merge(self, *versions) -> None:
        """As a load does where few versions of a date change."""
        self.versions(*versions).createOrReplaceTempView("changed")
        self.spark.sql(
            f"MERGE INTO {self.history} t USING changed s ON t.flight_date = s.flight_date "
            "AND t.flight_key = s.flight_key AND t.known_from = s.known_from "
            "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"
        )

    def rows(self, where: str = "true") -> list[tuple]:
        """The versions that Spark reads; DuckDB reads the same."""
        columns = "flight_key, cast(flight_date as string), known_from, known_until"
        found = self.spark.sql(f"select {columns} from {self.history} where {where}").collect()
        [metadata] = self.spark.sql(
            f"select file from {self.history}.metadata_log_entries order by timestamp desc limit 1"
        ).collect()
        scan = f"from iceberg_scan('{metadata.file.removeprefix('file:')}')"
        duck = _duckdb().execute(f"select {columns.replace('string', 'varchar')} {scan} where {where}").fetchall()
        assert sorted(map(str, duck)) == sorted(str(tuple(row)) for row in found)
        return sorted((key, day[-2:], _hours(since), _hours(until)) for key, day, since, until in duck)

    def paths(self, where: str) -> set[str]:
        found = self.spark.sql(f"select file_path from {self.history}.files where {where}").collect()
        return {row.file_path for row in found}

    def earlier(self) -> list[str]:
        return sorted(map(str, dates_of_earlier_layout(self.spark, self.namespace, HISTORY)))

    def files(self) -> list[tuple[int, int, str, bool]]:
        """Of each file: 0 data or 1 deletions, the number of its spec, the day, whether it is of closed versions."""
        found = self.spark.sql(f"select content, spec_id, partition from {self.history}.files").collect()
        return sorted(
            (row.content, row.spec_id, str(row.partition.flight_date)[-2:], row.partition.known_until_year is not None)
            for row in found
        )


def _hour(hours: int | None) -> datetime | None:
    return None if hours is None else NOW + timedelta(hours=hours)


def _hours(moment: datetime | None) -> int | None:
    return moment and int((moment - NOW) / timedelta(hours=1))


def _duckdb() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    for name in ("avro", "iceberg"):
        package = importlib.util.find_spec(f"duckdb_extension_{name}")
        connection.load_extension(str(next(Path(package.origin).parent.rglob("*.duckdb_extension"))))
    return connection


@pytest.fixture
def before(spark, monkeypatch) -> Database:
    return Database(spark, monkeypatch)


@pytest.fixture
def evolved(before) -> Database:
    ensure_tables(before.spark, before.namespace, before.location)
    return before


MIXED, OPEN, CLOSED = (f"flight_date = date'{day}'" for day in DAYS)
ROWS = [("a", "14", 1, 2), ("a", "14", 2, None), ("b", "14", 1, None), ("c", "15", 1, None), ("d", "16", 1, 2)]


def test_tables_are_made_and_brought_up_to_date_once(before, monkeypatch):
    asked = []
    sql = type(before.spark).sql
    monkeypatch.setattr(type(before.spark), "sql", lambda spark, text: asked.append(text) or sql(spark, text))
    ensure_tables(before.spark, before.namespace, before.location)
    assert sum(text.startswith("CREATE TABLE") for text in asked) == len(MADE) - 2
    changed = f"ALTER TABLE {before.namespace}.`flight_history` "
    [parted, set_] = [text.removeprefix(changed) for text in asked if text.startswith(changed)]
    assert parted == "ADD PARTITION FIELD years(known_until)"
    assert set_.startswith("SET TBLPROPERTIES ('write.delete.mode' = 'merge-on-read', ")
    asked.clear()
    ensure_tables(before.spark, before.namespace, before.location)
    assert not asked
    # By another process: this one's catalog still has the table as it was.
    sql(before.spark.newSession(), f"ALTER TABLE {before.namespace}.loads DROP COLUMN caught_up_to")
    ensure_tables(before.spark, before.namespace, before.location)
    [added] = asked
    assert "ADD COLUMNS (`caught_up_to`" in added
    assert before.rows() == ROWS


def test_open_versions_are_overwritten_alone_but_for_dates_of_files_that_hold_both(evolved):
    assert dates_of_earlier_layout(evolved.spark, evolved.namespace, HISTORY) == {
        datetime(2023, 9, d).date() for d in (14, 15, 16)
    }
    with pytest.raises(Exception, match="some, but not all, rows match filter"):
        evolved.overwrite(f"{MIXED} and known_until is null", ("a", DAYS[0], 2, 3))
    assert evolved.rows() == ROWS
    evolved.overwrite(f"{OPEN} and known_until is null", ("c", DAYS[1], 1, 3), ("c", DAYS[1], 3, None))
    evolved.overwrite(f"{CLOSED} and known_until is null", ("d", DAYS[2], 2, None))
    evolved.overwrite(MIXED, *(version(row) for row in ROWS if row[1] == "14"))
    assert evolved.files() == [
        (0, 0, "16", False),  # closed versions in a file of the layout before: it stays as it is
        (0, 1, "14", False),
        (0, 1, "14", True),
        (0, 1, "15", False),
        (0, 1, "15", True),
        (0, 1, "16", False),
    ]
    assert evolved.earlier() == DAYS[2:]
    closed = evolved.paths("partition.known_until_year is not null")
    versions = ("a", DAYS[0], 2, 3), ("a", DAYS[0], 3, None), ("b", DAYS[0], 1, None)
    evolved.overwrite(f"{MIXED} and known_until is null", *versions)
    assert closed < evolved.paths("partition.known_until_year is not null")
    assert evolved.rows(MIXED) == [("a", "14", 1, 2), ("a", "14", 2, 3), ("a", "14", 3, None), ("b", "14", 1, None)]


def version(row: tuple) -> tuple:
    leg, day, since, until = row
    return leg, f"2023-09-{day}", since, until


def all_at_once(database: Database) -> list[tuple]:
    """Files of both layouts with deletions in both; what the table then holds."""
    database.overwrite(
        f"{OPEN} and known_until is null", ("c", DAYS[1], 1, 3), ("c", DAYS[1], 3, None), ("e", DAYS[1], 1, None)
    )
    database.merge(("a", DAYS[0], 2, 4), ("a", DAYS[0], 4, None), ("c", DAYS[1], 3, 4), ("c", DAYS[1], 4, None))
    assert {(content, spec) for content, spec, *_ in database.files()} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    return sorted(
        [
            *(("a", "14", 1, 2), ("a", "14", 2, 4), ("a", "14", 4, None), ("b", "14", 1, None)),
            *(("c", "15", 1, 3), ("c", "15", 3, 4), ("c", "15", 4, None), ("e", "15", 1, None), ("d", "16", 1, 2)),
        ]
    )


def test_files_of_both_layouts_and_deletions_in_both_are_read_alike(evolved):
    rows = all_at_once(evolved)
    assert evolved.rows() == rows
    assert evolved.rows("known_until is null") == [row for row in rows if row[3] is None]
    assert evolved.rows(OPEN) == [row for row in rows if row[1] == "15"]
    moment = f"timestamp '{_hour(3)}'"
    assert evolved.rows(f"known_from <= {moment} and (known_until is null or known_until > {moment})") == [
        row for row in rows if row[2] <= 3 and (row[3] is None or row[3] > 3)
    ]


def test_upkeep_carries_out_what_is_deleted_and_changes_no_row_even_where_it_is_killed(evolved, monkeypatch):
    rows = all_at_once(evolved)

    def tidy() -> dict[str, int]:
        older_than = datetime.now(UTC) + timedelta(minutes=1)
        return upkeep.tidy(evolved.spark, evolved.namespace, tables=[HISTORY], older_than=older_than)

    call = upkeep._call

    def killed_before_it_expires(spark, namespace, table, procedure, arguments):
        if procedure == "expire_snapshots":
            raise KilledError
        return call(spark, namespace, table, procedure, arguments)

    with monkeypatch.context() as patch, pytest.raises(KilledError):
        patch.setattr(upkeep, "_call", killed_before_it_expires)
        tidy()
    assert {content for content, *_ in evolved.files()} == {0}, evolved.files()
    assert evolved.rows() == rows
    assert tidy()["deleted_files"] > 0
    assert evolved.rows() == rows
    assert evolved.spark.sql(f"select * from {evolved.history}.snapshots").count() == 1
    assert tidy() == {"rewritten_files": 0, "deleted_files": 0}
