"""A batch of raw objects through Spark: packed rows in buckets, and what comes out of them."""

import gzip
from datetime import datetime

import pytest
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import OBSERVATIONS, REFERENCES
from aviation.load import batch
from aviation.load.arrow import OBSERVED, unpack
from aviation.load.blocks import parse
from aviation.load.read import outcomes
from support.raw_lines import changed, line, records
from support.whole_load import LINES, T0, T1

PARTS = 3
POS, SZX, *_ = records("flights")
ODD = [  # read alone, and each with a value that the cast could take in two ways
    line(changed(POS, departure__delay="7", departure__gate=6, live={"latitude": "1e-7", "longitude": -0.0})),
    line(changed(SZX, live__updated="2023-09-14T01:00:00.123456", live__is_ground="TRUE", live__altitude=2**60 + 1)),
    line(changed(SZX, flight_status="delayed", arrival__actual="1900-01-01T00:00:00", live__latitude=1e22)),
    line(changed(SZX, flight_date="9999-12-31", departure__scheduled="9999-12-31T23:59:59.999999")),
]
OBJECTS = {f"{entity}/2023/09/14/01/object": b"".join(lines) for entity, lines in LINES.items()}
OBJECTS |= {
    "flights/2023/09/14/01/odd": gzip.compress(b"".join(ODD)),
    "flights/2023/09/14/01/cut": gzip.compress(b"x")[:-4],
}


@pytest.fixture(scope="module")
def read(spark, tmp_path_factory):
    """The objects as a batch."""
    root = tmp_path_factory.mktemp("raw")
    for key, content in OBJECTS.items():
        (root / key).parent.mkdir(parents=True, exist_ok=True)
        (root / key).write_bytes(content)
    yield (made := batch.read_objects(spark, root.as_uri(), list(OBJECTS), PARTS).persist())
    made.unpersist()


def found(kind: str):
    return [item for name, content in OBJECTS.items() for item in outcomes(name, content) if item.kind == kind]


def cast_by_spark(spark, items, columns) -> list:
    """The outcomes as rows whose text Spark has cast to the columns' types."""
    texts = [[(item.values | {"observed_at": item.observed_at})[name] for name in columns] for item in items]
    frame = spark.createDataFrame(texts, ", ".join(f"{name} string" for name in columns))
    return frame.select(*(F.col(name).cast(column.type) for name, column in columns.items())).collect()


def test_the_distinct_observations_are_those_of_the_lines_as_spark_casts_their_text(spark, read):
    made = batch.observations(read, PARTS)
    assert [(field.name, field.dataType.simpleString()) for field in made.schema] == [
        (name, column.type) for name, column in OBSERVATIONS.columns.items()
    ]
    rows = made.collect()
    assert len(rows) == len(set(rows)) == len(found("observation")) - 1  # one is a repeat
    assert set(rows) == set(cast_by_spark(spark, found("observation"), OBSERVATIONS.columns))


def test_references_and_refusals_are_those_of_the_lines(spark, read):
    for entity, table in REFERENCES.items():
        items = [item for item in found("reference") if item.entity == entity]
        assert sorted(batch.references(read, entity).collect()) == sorted(cast_by_spark(spark, items, table.columns))
    refused = [(item.entity, item.object, *item.values.values()) for item in found("refusal")]
    assert sorted(map(tuple, batch.refusals(read).collect())) == sorted(refused)
    assert len(refused) == 2


def test_the_tally_counts_every_line(read):
    counted = batch.tally(read)
    flights = found("observation")
    assert counted.lines == {"observation": 10, "reference": len(found("reference")), "refusal": 2}
    assert counted.references == {entity: len(LINES[entity]) for entity in REFERENCES}
    assert counted.refused_by == {"json": 1, "whole_object": 1}
    assert counted.warnings == {"status_known:delayed": 1}
    assert {day.isoformat() for day in counted.dates} == {item.values["flight_date"] for item in flights}
    t0, t1 = (datetime.fromisoformat(at).replace(tzinfo=None) for at in (T0, T1))
    assert (counted.oldest_observed_at, counted.oldest_fetched_at) == (t0, t0)
    assert counted.newest_observed_at == counted.newest_fetched_at == dict.fromkeys(REFERENCES, t0) | {"flights": t1}
    assert (counted.median_fetched_at, counted.p95_fetched_at) == (t0, t0)


def test_a_bucket_is_alone_in_its_partition(read):
    rows = batch.in_buckets(batch.packed(read, batch.LEGS), PARTS)
    at = rows.select("bucket", F.spark_partition_id().alias("partition")).distinct().collect()
    assert len(at) == len({row.bucket for row in at}) == len({row.partition for row in at}) == PARTS


def test_packed_rows_are_in_the_bucket_of_their_date_and_departure(read):
    for row in batch.packed(read, batch.LEGS).collect():
        assert set(batch.bucket_of(unpack([row.payload], OBSERVED), PARTS)) == {row.bucket}
    legs = [line(changed(SZX, flight__number=str(number), departure__icao=None)) for number in range(10)]
    [parsed] = parse([("flights/object", b"".join([*legs, line(changed(SZX, departure__gate="1"))]))])
    assert len(set(batch.bucket_of(parsed.observations, 1000))) == 1


def test_within_a_partition_dates_are_in_order(read):
    parts = batch.observations(read, PARTS).select("flight_date", F.spark_partition_id().alias("part")).collect()
    for part in range(PARTS):
        dates = [row.flight_date for row in parts if row.part == part]
        assert dates == sorted(dates)


def test_no_worker_imports_pandas(read):
    def loaded(batches):
        import sys  # the worker's

        import pyarrow as pa

        rows = [row for part in batches for row in part.to_pylist()]
        yield pa.RecordBatch.from_pylist([{"it": bool(rows) and "pandas" in sys.modules}])

    unpacked = batch.observations(read, PARTS).select("flight_key").mapInArrow(loaded, "it boolean")
    assert not any(row.it for row in unpacked.collect())


def test_a_batch_without_a_line_is_counted_as_none(spark, tmp_path):
    (tmp_path / "flights").mkdir()
    (tmp_path / "flights/empty").write_bytes(b"\n")
    made = batch.read_objects(spark, tmp_path.as_uri(), ["flights/empty"], PARTS)
    counted = batch.tally(made)
    assert (counted.lines_read, counted.oldest_observed_at, counted.median_fetched_at) == (0, None, None)
    assert batch.observations(made, PARTS).collect() == []
