"""What the stack's alarms are told by a load."""

from datetime import datetime, timedelta

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


def test_the_row_of_the_load_says_how_old_the_data_of_its_entities_is(spark):
    rows = [
        (ENDED - timedelta(hours=1), {"flights": ENDED}),
        (ENDED, {"flights": ENDED - timedelta(minutes=15), "cities": ENDED}),
    ]
    loads = spark.createDataFrame(rows, "finished_at timestamp_ntz, fetched_up_to map<string, timestamp_ntz>")
    cloudwatch = CloudWatch()
    data = metrics.put(cloudwatch, "prod", report(), loads, ["flights"])
    assert [item["Value"] for item in data] == [15.0]
    assert cloudwatch.put == [{"Namespace": "Aviation", "MetricData": data}]


def test_nothing_is_put_while_nothing_was_ever_loaded(spark):
    loads = spark.createDataFrame([(ENDED, {})], "finished_at timestamp_ntz, fetched_up_to map<string, timestamp_ntz>")
    cloudwatch = CloudWatch()
    assert metrics.put(cloudwatch, "prod", report(), loads, ["flights"]) == cloudwatch.put == []
