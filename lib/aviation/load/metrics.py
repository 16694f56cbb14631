"""What the alarms watch of a load: how old each entity's data is, and what share of the lines was refused."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.report import Report

NAMESPACE = "Aviation"


def put(cloudwatch: Any, stack: str, report: Report, loads: DataFrame, entities: Sequence[str]) -> list[dict[str, Any]]:
    """Put the metrics of a load that has just ended into CloudWatch, and return them; `loads` is the table of them all.

    `DataAgeMinutes`, dimensions Stack and Entity: minutes from the fetch of the newest loaded record to the load's end,
    of each of the run's `entities` that was ever loaded; a metric is billed for the hours in which it is put.
    `QuarantineShare`, dimension Stack: percent of the lines read that were refused, where any was read.
    """
    ended = F.lit(report["finished_at"]).cast("timestamp_ntz")
    [row] = loads.where(F.col("finished_at") == ended).select("fetched_up_to").collect()
    data = measured(stack, report, {name: at for name, at in row.fetched_up_to.items() if name in entities})
    if data:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)
    return data


def measured(stack: str, report: Report, newest_fetched_at: dict[str, datetime]) -> list[dict[str, Any]]:
    """The metrics as CloudWatch takes them; `newest_fetched_at` (UTC, naive) by entity."""
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
    if lines := report["lines_read"]:
        share = {"Value": 100 * report["quarantined"] / lines, "Unit": "Percent"}
        data.append({"MetricName": "QuarantineShare", "Dimensions": [of_stack], **share})
    return data
