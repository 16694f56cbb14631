"""New raw objects as one DataFrame of packed rows, and what is in it: a tally, and the rows of each table."""

import pickle
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import OBSERVATIONS, QUARANTINE, REFERENCES, Column
from aviation.load.arrow import pack, read_texts, schema, unpack, without_pandas
from aviation.load.blocks import parse
from aviation.load.read import REFUSAL_COLUMNS, Outcome
from aviation.load.tally import Tally

# `payload` is a packed table (`arrow.pack`) of rows of `kind`. Legs of one bucket are apart from those of another; all
# else is in bucket 0.
SCHEMA = "bucket int, kind string, payload binary"
_SCHEMA = pa.schema({"bucket": pa.int32(), "kind": pa.string(), "payload": pa.binary()})
# The kinds: the tables' rows, by name, and a tally, pickled.
LEGS, TALLY = "observations", "tally"
_COLUMNS: dict[str, Mapping[str, Column]] = {
    LEGS: OBSERVATIONS.columns,
    QUARANTINE.name: {name: QUARANTINE.columns[name] for name in ("entity", "object", *REFUSAL_COLUMNS)},
    **{name: table.columns for name, table in REFERENCES.items()},
}
# Spark takes rows in portions of so many.
PORTION = 20_000

Batches = Iterable[pa.RecordBatch]


def read_objects(spark: SparkSession, root: str, keys: list[str], parts: int) -> DataFrame:
    """The lines of the objects `keys` under the URI `root` (`s3a://bucket`): rows of SCHEMA, in `parts` buckets."""
    # Spark writes a path back with more or fewer slashes behind its scheme: the key is what follows the root's name.
    name = root.partition(":")[2].strip("/") + "/"

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        without_pandas()
        return _packed_rows(
            (
                (path.as_py().partition(name)[2], content.as_py())
                for batch in batches
                for path, content in zip(batch["path"], batch["content"], strict=True)
            ),
            parts,
        )

    objects = spark.read.format("binaryFile").load([f"{root}/{key}" for key in keys]).select("path", "content")
    return objects.mapInArrow(read, SCHEMA)


def bucket_of(table: pa.Table, parts: int) -> npt.NDArray[np.int32]:
    """The bucket of each row of a table that has flight_date, dep_iata and dep_icao, from 0 to `parts`.

    Rows of one leg are in one bucket, and so are legs that have a slot in common: the bucket follows from the date and
    the departure.
    """
    departure = pc.coalesce(table["dep_iata"], table["dep_icao"])
    route = pc.binary_join_element_wise(table["flight_date"].cast(pa.string()), departure, "|")
    routes = route.combine_chunks().dictionary_encode()
    buckets = np.array([zlib.crc32(name.encode()) % parts for name in routes.dictionary.to_pylist()], dtype=np.int32)
    return buckets.take(np.asarray(routes.indices))


def bucketed(table: pa.Table, kind: str, parts: int) -> Iterator[pa.RecordBatch]:
    """The rows of a table (see `bucket_of`) as rows of SCHEMA."""
    buckets = bucket_of(table, parts)
    for bucket in np.unique(buckets).tolist():
        yield _row(bucket, kind, pack(table.filter(pa.array(buckets == bucket))))


def tally(batch: DataFrame) -> Tally:
    """Count the batch."""
    counted = Tally()
    for row in packed(batch, TALLY).collect():
        counted.add(pickle.loads(row.payload))
    return counted


def packed(batch: DataFrame, kind: str) -> DataFrame:
    """The batch's rows of one kind, as they travel."""
    return batch.where(F.col("kind") == kind)


def in_buckets(rows: DataFrame, parts: int) -> DataFrame:
    """Rows with a `bucket` in so many partitions: each has a bucket of its own, or some."""
    # Spark's hash puts some numbers into one partition and none into others; so each bucket has a number that the hash
    # puts where it puts no other bucket's.
    jvm: Any = rows.sparkSession.sparkContext._jvm
    # The method of an instance: whether py4j finds the static one of the same name is up to the order in which the JVM
    # happens to list them.
    murmur = jvm.org.apache.spark.unsafe.hash.Murmur3_x86_32(42)
    number_of: dict[int, int] = {}
    number = 0
    while len(number_of) < parts:
        number_of[murmur.hashInt(number) % parts] = number
        number += 1
    numbers = F.array(*(F.lit(number_of[part]) for part in range(parts)))
    return rows.repartition(parts, numbers[F.col("bucket") % parts])


def observations(batch: DataFrame, parts: int) -> DataFrame:
    """The distinct rows of `flight_observations` in the batch, in so many partitions, in each in order of their flight
    date."""
    return _unpacked(in_buckets(packed(batch, LEGS), parts), LEGS, _distinct)


def references(batch: DataFrame, entity: str) -> DataFrame:
    """The rows of the entity's table in the batch, every pull of each."""
    return _unpacked(packed(batch, entity), entity)


def refusals(batch: DataFrame) -> DataFrame:
    """The refused lines: `entity`, `object`, and `read.REFUSAL_COLUMNS`."""
    return _unpacked(packed(batch, QUARANTINE.name), QUARANTINE.name)


def _packed_rows(objects: Iterable[tuple[str, bytes]], parts: int) -> Iterator[pa.RecordBatch]:
    counted = Tally()
    for parsed in parse(objects):
        counted.count(parsed)
        yield from bucketed(parsed.observations, LEGS, parts)
        outcomes: dict[str, list[Outcome]] = defaultdict(list)
        for item in parsed.outcomes:
            outcomes[item.table].append(item)
        for name, items in outcomes.items():
            yield _row(0, name, pack(read_texts(list(map(_texts, items)), schema(_COLUMNS[name]))))
    yield _row(0, TALLY, pickle.dumps(counted))


def _texts(item: Outcome) -> dict[str, str | None]:
    return item.values | {"entity": item.entity, "object": item.object, "observed_at": item.observed_at}


def _row(bucket: int, kind: str, payload: bytes) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"bucket": bucket, "kind": kind, "payload": payload}], schema=_SCHEMA)


def _unpacked(rows: DataFrame, kind: str, arranged: Callable[[pa.Table], pa.Table] = lambda table: table) -> DataFrame:
    columns = _COLUMNS[kind]

    def read(batches: Batches) -> Iterator[pa.RecordBatch]:
        without_pandas()
        payloads = (payload.as_buffer() for batch in batches for payload in batch["payload"])
        return iter(arranged(unpack(payloads, schema(columns))).to_batches(max_chunksize=PORTION))

    declared = ", ".join(f"{name} {column.type}" for name, column in columns.items())
    return rows.select("payload").mapInArrow(read, declared)


def _distinct(table: pa.Table) -> pa.Table:
    """The rows that differ in the table's key, by flight date. The hash covers `flight_key`, too."""
    hashes, times = (table[name].combine_chunks().dictionary_encode() for name in ("content_hash", "observed_at"))
    pairs = np.asarray(hashes.indices).astype(np.int64) * max(len(times.dictionary), 1) + np.asarray(times.indices)
    _, first = np.unique(pairs, return_index=True)
    days = np.asarray(table["flight_date"].cast(pa.int32()))
    return table.take(first[np.argsort(days[first], kind="stable")])
