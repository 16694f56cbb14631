"""Forecasts after a load: a row for each leg that has not left by the batch's newest observation.

A forecast is a commit of its own, before the batch's row in `loads`. It is made of the history as it was known at an
instant, so one that is made again, after a kill or by a second load of the same poll, adds only legs that had none.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Set
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import FLIGHTS, FORECASTS, HISTORY
from aviation.errors import one_line
from aviation.forecast import serving
from aviation.forecast.calibration import FEWEST
from aviation.forecast.known import READ
from aviation.forecast.model import Model, not_yet
from aviation.load import arrow, past
from aviation.load.conditions import both, from_to
from aviation.load.tables import schema
from aviation.load.writing import Tables

logger = logging.getLogger(__name__)

FAILED = "the forecast failed"
NO_MODEL = "no forecast yet: no model has been trained ('aviation train')"
OLD = "no forecast: the tables have newer observations than this load brought"
ENDED = ("landed", "cancelled", "diverted")


def write(tables: Tables, made_at: datetime | None, current: Callable[[], Model | None]) -> dict[str, Any]:
    """Forecast the legs that had not left by `made_at`, the batch's newest observation (UTC, naive; None where it had
    no flights), unless the tables have newer ones, and return the columns of `loads` that say so. `current` reads the
    model, None where there is none. What fails here is logged, and said in `forecasts_missing`: it fails no load."""
    if made_at is None:
        return {"forecasts": None, "forecasts_missing": None}
    try:
        model = current()
        if model is None:
            return {"forecasts": 0, "forecasts_missing": _missing(tables)}
        if _is_old(tables, made_at):
            return {"forecasts": 0, "forecasts_missing": OLD}
        made = tables.undisturbed([FORECASTS, HISTORY], partial(_write, tables, made_at, model))
        return {"forecasts": made, "forecasts_missing": None}
    except Exception as error:
        logger.exception(FAILED)
        return {"forecasts": 0, "forecasts_missing": f"{FAILED}: {one_line(error)}"[:1000]}


def _is_old(tables: Tables, made_at: datetime) -> bool:
    """Whether the tables know more than was known then, or have no flights of these days."""
    [(newest,)] = tables.read(FLIGHTS).where(_read(made_at)).select(F.max("observed_at")).collect()
    return newest is None or newest > made_at


def _read(made_at: datetime) -> Column:
    return F.col("flight_date") >= F.lit((made_at - timedelta(days=serving.DAYS_READ)).date())


def _write(tables: Tables, made_at: datetime, model: Model) -> int:
    since, read = tables.snapshot(FORECASTS), _read(made_at)
    held: set[str] = set()
    if known := tables.fixed(FORECASTS, since):
        same = known.where(read & (F.col("made_at") == past.literal(made_at)))
        held = {row.flight_key for row in same.select("flight_key").collect()}
    history = tables.read(HISTORY).where(read).select(*READ)
    # One task: the legs around a leg are among its features.
    made = history.coalesce(1).mapInArrow(partial(_forecast, model=model, made_at=made_at, but=held), schema(FORECASTS))
    return tables.put(FORECASTS, made, since, both(*from_to("made_at", made_at, made_at)))


def _forecast(
    batches: Iterable[pa.RecordBatch], model: Model, made_at: datetime, but: Set[str]
) -> Iterator[pa.RecordBatch]:
    arrow.without_pandas()
    if history := list(batches):
        rows = serving.rows(pa.Table.from_batches(history), model, made_at).cast(arrow.schema(FORECASTS.columns))
        yield from rows.filter(pc.invert(pc.is_in(rows["flight_key"], pa.array(but, pa.string())))).to_batches()


def _missing(tables: Tables) -> str:
    ended = tables.read(FLIGHTS).where(F.col("flight_status").isin(*ENDED)).limit(FEWEST).count()
    return not_yet(ended) if ended < FEWEST else NO_MODEL
