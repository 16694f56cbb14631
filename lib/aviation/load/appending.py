"""Observations into their table, each once, whoever else loads at the same time."""

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import OBSERVATIONS
from aviation.load import batch as batches
from aviation.load import conditions, merge, past
from aviation.load.tally import Tally
from aviation.load.writing import Tables


def append(tables: Tables, batch: DataFrame, counted: Tally) -> int:
    """Append the batch's observations that are not known yet; return how many there were."""
    if not counted.dates:
        return 0
    rows = batches.observations(batch, tables.tasks(counted.lines["observation"]))
    span = (counted.oldest_observed_at, counted.newest_observed_at["flights"])
    first, last = (past.literal(moment) for moment in span if moment)
    of_batch = F.col("flight_date").isin(*counted.dates) & F.col("observed_at").between(first, last)
    clashing = conditions.both(conditions.of_days(counted.dates), *conditions.from_to("observed_at", *span))

    def write() -> int:
        since = tables.snapshot(OBSERVATIONS)
        known, fresh = tables.fixed(OBSERVATIONS, since), rows
        if known and not (known := known.where(of_batch)).isEmpty():
            fresh = merge.not_yet_in(rows, known)
        return tables.put(OBSERVATIONS, fresh, since, clashing)

    return tables.undisturbed([OBSERVATIONS], write)


def remove_doubles(tables: Tables) -> int:
    """Leave each observation in its table once; return how many rows were too many."""

    def write() -> int:
        since = tables.snapshot(OBSERVATIONS)
        known = tables.fixed(OBSERVATIONS, since)
        days = merge.days_with_doubles(known) if known else []
        if not known or not days:
            return 0
        held, of_days = known.where(F.col("flight_date").isin(*days)), conditions.of_days(days)
        return held.count() - tables.put(OBSERVATIONS, merge.once_each(held), since, of_days, replaced=of_days)

    return tables.undisturbed([OBSERVATIONS], write)
