"""What the alarms watch of a load: how old each entity's data is, what share of the lines was refused, and whether the
forecasts still hold what they promise."""

from datetime import datetime, timedelta
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.columns import FLIGHTS, FORECASTS, LOADS
from aviation.forecast.calibration import FEWEST
from aviation.forecast.model import AHEAD
from aviation.load.settings import Settings
from aviation.load.writing import Tables
from aviation.report import Report

NAMESPACE = "Aviation"
SCORED_OVER = timedelta(days=7)
HOUR_AHEAD = (AHEAD[0] + 1, AHEAD[1])
"""Minutes before the departure, both included: about an hour, when somebody can still do something about it."""


def put(cloudwatch: Any, load: Settings, report: Report, tables: Tables) -> list[dict[str, Any]]:
    """Put the metrics of a load that has just ended into CloudWatch, and return them.

    `DataAgeMinutes`, dimensions Stack and Entity: minutes from the fetch of the newest loaded record to the load's end,
    of each of the run's entities that was ever loaded; a metric is billed for the hours in which it is put.
    `QuarantineShare`, dimension Stack: percent of the lines read that were refused, where any was read.
    `ForecastCoverage`, dimension Stack: see `coverage`, of the daily load with `upkeep`.
    """
    ended = F.lit(report["finished_at"]).cast("timestamp_ntz")
    [row] = tables.read(LOADS).where(F.col("finished_at") == ended).select("fetched_up_to").collect()
    newest = {name: at for name, at in row.fetched_up_to.items() if name in load.entities}
    share = coverage(tables.read(FORECASTS), tables.read(FLIGHTS)) if load.upkeep else None
    data = measured(load.stack, report, newest, share)
    if data:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    return data


def coverage(forecasts: DataFrame, flights: DataFrame) -> float | None:
    """Of the forecasts of the newest SCORED_OVER that were made HOUR_AHEAD and whose legs left and are over the share
    (0 to 1) with a departure delay from p10 to p90, as the view forecast_scores has it; None of fewer than FEWEST."""
    [[newest]] = forecasts.agg(F.max("made_at")).collect()
    if newest is None:
        return None
    since = newest - SCORED_OVER
    made = forecasts.where((F.col("made_at") > F.lit(since)) & F.col("horizon_min").between(*HOUR_AHEAD))
    over = flights.where(
        (F.col("flight_date") >= F.lit((since - timedelta(days=1)).date()))
        & F.col("flight_status").isin("landed", "diverted")
        & F.col("dep_delay_min").isNotNull()
    )
    held = F.col("dep_delay_min").between(F.col("p10"), F.col("p90")).cast("double")
    joined = made.join(over, ["flight_key", "flight_date"])
    [[number, share]] = joined.agg(F.count(F.lit(1)), F.avg(held)).collect()
    return share if number >= FEWEST else None


def measured(
    stack: str, report: Report, newest_fetched_at: dict[str, datetime], coverage: float | None = None
) -> list[dict[str, Any]]:
    """The metrics as CloudWatch takes them; `newest_fetched_at` (UTC, naive) by entity, `coverage` from 0 to 1."""
    of_stack = {"Name": "Stack", "Value": stack}
    finished_at = datetime.fromisoformat(report["finished_at"])
    data = [
        {
            "MetricName": "DataAgeMinutes",
            "Dimensions": [of_stack, {"Name": "Entity", "Value": entity}],
            "Value": (finished_at - fetched_at).total_seconds() / 60,
        }
        for entity, fetched_at in sorted(newest_fetched_at.items())
    ]
    shares = {"ForecastCoverage": coverage}
    if lines := report["lines_read"]:
        shares["QuarantineShare"] = report["quarantined"] / lines
    return data + [
        {"MetricName": name, "Dimensions": [of_stack], "Value": 100 * share, "Unit": "Percent"}
        for name, share in shares.items()
        if share is not None
    ]
