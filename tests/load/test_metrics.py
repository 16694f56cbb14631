"""What the stack's alarms are told by a load."""

from datetime import datetime

import pytest

from aviation.load import metrics
from aviation.report import Report

ENDED = datetime(2026, 3, 1, 12, 0)


def report(**counts: int) -> Report:
    return Report({"finished_at": ENDED.isoformat(), "lines_read": 0, "quarantined": 0} | counts)


def test_each_entity_ever_loaded_has_its_age_in_minutes():
    newest = {"flights": datetime(2026, 3, 1, 11, 52, 30), "cities": datetime(2026, 2, 28, 12, 0)}
    found = {
        (item["MetricName"], *(dimension["Value"] for dimension in item["Dimensions"])): item["Value"]
        for item in metrics.measured("prod", report(), newest)
    }
    assert found == {("DataAgeMinutes", "prod", "flights"): 7.5, ("DataAgeMinutes", "prod", "cities"): 24 * 60}


def test_the_refused_share_is_in_percent_and_nothing_is_said_where_nothing_was_read():
    [share] = metrics.measured("prod", report(lines_read=400, quarantined=10), {})
    assert (share["MetricName"], share["Value"], share["Unit"]) == ("QuarantineShare", 2.5, "Percent")
    assert metrics.measured("prod", report(), {}) == []


class CloudWatch:
    def __init__(self):
        self.put = []

    def put_metric_data(self, **given):
        self.put.append(given)


@pytest.mark.parametrize("rows", [0, 2])
def test_the_newest_of_all_loads_counts_and_an_empty_table_of_loads_puts_nothing(spark, rows):
    times = [{"flights": datetime(2026, 3, 1, 11, 0)}, {"flights": datetime(2026, 3, 1, 11, 45), "cities": ENDED}]
    loads = spark.createDataFrame([(time,) for time in times[:rows]], "newest_fetched_at map<string, timestamp_ntz>")
    cloudwatch = CloudWatch()
    data = metrics.put(cloudwatch, "prod", report(), loads, ("flights", "cities"))
    assert [item["Value"] for item in data] == ([0.0, 15.0] if rows else [])
    assert cloudwatch.put == ([{"Namespace": "Aviation", "MetricData": data}] if rows else [])
    assert [item["Value"] for item in metrics.put(cloudwatch, "prod", report(), loads, ["flights"])] == [15.0] * (
        rows > 0
    )
