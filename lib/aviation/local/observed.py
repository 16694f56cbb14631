"""`flight_history` of the replay's past days, made in this process: no stack, no stream, no table.

The replay's records are read, folded and derived by the load's own code, so that the rows are those that `aviation
backfill --every` leaves in the table, in a fraction of the time. A record that a later poll repeats is read once.
"""

import multiprocessing
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import pyarrow as pa
import pyarrow.parquet as pq

from aviation import home
from aviation.errors import AviationError
from aviation.load.arrow import INSTANT
from aviation.load.derive import derive
from aviation.load.fold import versions
from aviation.load.observations import observed, read_json
from aviation.poll import envelope
from aviation.replay import records


def write(folder: Path, days: Iterable[str], every: timedelta, *, workers: int = 1) -> Iterator[Path]:
    """Write the history of each day (ISO) to `<folder>/<day>.parquet`; yield the files in order, each once it is there.

    A file that is there already is left as it is.
    """
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as processes:
        yield from processes.map(partial(_write, folder, every), days)


def history(day: str, every: timedelta) -> pa.Table:
    """The rows of `flight_history` of a day (ISO) of which all flights were polled at each of `records.instants`, by
    `flight_key` and `known_from`."""
    rows = derive(versions(observations(day, every)), frozenset(available_timezones()))
    return rows.sort_by([("flight_key", "ascending"), ("known_from", "ascending")])


def observations(day: str, every: timedelta) -> pa.Table:
    """What those polls observed, as rows of `flight_observations`. AviationError where the load would refuse or warn of
    one."""
    said: list[dict[str, Any]] = []
    which: list[int] = []
    polled: list[datetime] = []
    last: list[tuple[int, dict[str, Any]]] = []
    for at in records.instants(day, every):
        # The replay lists its rows in the same order at every instant.
        rows = records.flights(day, at)
        before = last or [(-1, {})] * len(rows)
        last = []
        for row, (number, other) in zip(rows, before, strict=True):
            if row != other:
                number = len(said)
                said.append(row)
            last.append((number, row))
        which += [number for number, _ in last]
        polled += [at.astimezone(UTC).replace(tzinfo=None)] * len(rows)
    table = _read(day, said).take(pa.array(which, pa.int64()))
    place = table.schema.get_field_index("observed_at")
    return table.set_column(place, table.schema.field(place), pa.array(polled, INSTANT))


def _read(day: str, said: list[dict[str, Any]]) -> pa.Table:
    """The records as the load reads them, in order; all observed at the beginning of the day."""
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC)
    origin = envelope.Origin("flights", midnight, midnight, "observed", "replay")
    lines = read_json([line.rstrip() for line in envelope.lines(origin, said)])
    read = observed(lines) if lines is not None else None
    if read is None or not read.fits.all():
        raise AviationError(f"the replay's records of {day} are not as the load reads them together")
    return read.rows


def _write(folder: Path, every: timedelta, day: str) -> Path:
    file = folder / f"{day}.parquet"
    if not file.is_file():
        sink = pa.BufferOutputStream()
        pq.write_table(history(day, every), sink, compression="zstd")
        home.write(file, sink.getvalue().to_pybytes())
    return file
