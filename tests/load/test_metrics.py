"""What the stack's alarms are told by a load."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pandas as pd
import pytest

from aviation.forecast.calibration import FEWEST
from aviation.load import metrics
from aviation.report import Report
from aviation.views.forecasts import HOUR_AHEAD
from support.made_up import Database

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


def put(spark, loads: list[tuple], *, entities=("flights",), upkeep=False, forecasts=(), flights=()):
    """The metrics of the newest of `loads`, and what CloudWatch was given."""
    schemas = {
        "loads": "finished_at timestamp_ntz, fetched_up_to map<string, timestamp_ntz>",
        "flight_forecasts": FORECAST_COLUMNS,
        "flights": FLIGHT_COLUMNS,
    }
    rows = {"loads": loads, "flight_forecasts": list(forecasts), "flights": list(flights)}
    tables = SimpleNamespace(read=lambda table: spark.createDataFrame(rows[table.name], schemas[table.name]))
    load = SimpleNamespace(stack="prod", entities=entities, upkeep=upkeep)
    cloudwatch = CloudWatch()
    return metrics.put(cloudwatch, load, report(), tables), cloudwatch.put


def test_the_row_of_the_load_says_how_old_the_data_of_its_entities_is(spark):
    rows = [
        (ENDED - timedelta(hours=1), {"flights": ENDED}),
        (ENDED, {"flights": ENDED - timedelta(minutes=15), "cities": ENDED}),
    ]
    data, told = put(spark, rows)
    assert [item["Value"] for item in data] == [15.0]
    assert told == [{"Namespace": "Aviation", "MetricData": data}]


def test_nothing_is_put_while_nothing_was_ever_loaded(spark):
    assert put(spark, [(ENDED, {})]) == put(spark, [(ENDED, {})], upkeep=True) == ([], [])


FORECAST_COLUMNS = "flight_key string, flight_date date, made_at timestamp_ntz, horizon_min int, p10 double, p90 double"
FLIGHT_COLUMNS = "flight_key string, flight_date date, flight_status string, dep_delay_min int"


def of_a_week(number: int) -> tuple[list[tuple], list[tuple]]:
    """Forecasts of as many legs that left an hour ahead or so, from 0 to 20 minutes late, of which one in four was
    later; and of legs that count for nothing."""
    day = ENDED.date()
    forecasts, flights = [], []

    def add(key: str, ahead: int, late: int | None, status: str = "landed", days: float = 0) -> None:
        forecasts.append((key, day, ENDED - timedelta(days=days), ahead, 0.0, 20.0))
        flights.append((key, day, status, late))

    for each in range(number):
        add(f"{each}", 31 + each % 75, 21 if each % 4 == 0 else each % 2 * 20, days=each % 7)
    for each, (ahead, late, status, days) in enumerate(
        [
            (30, 99, "landed", 0),
            (106, 99, "landed", 0),
            (60, 99, "landed", 7),
            (60, 99, "active", 0),
            (60, 99, "cancelled", 0),
            (60, None, "landed", 0),
        ]
    ):
        add(f"no {each}", ahead, late, status, days)
    return forecasts, flights


@pytest.mark.parametrize(("number", "told"), [(FEWEST, [75.0]), (FEWEST - 1, [])])
def test_once_a_day_the_load_says_how_often_forecasts_held(spark, number, told):
    forecasts, flights = of_a_week(number)
    data, _ = put(spark, [(ENDED, {})], upkeep=True, forecasts=forecasts, flights=flights)
    assert [item["Value"] for item in data if item["MetricName"] == "ForecastCoverage"] == told
    assert put(spark, [(ENDED, {})], forecasts=forecasts, flights=flights) == ([], [])


def test_that_is_the_coverage_of_forecast_scores(spark):
    forecasts, flights = of_a_week(FEWEST)
    frames = [spark.createDataFrame(forecasts, FORECAST_COLUMNS), spark.createDataFrame(flights, FLIGHT_COLUMNS)]
    made, legs = (pd.DataFrame([row.asDict() for row in frame.collect()]) for frame in frames)
    database = Database().insert("flight_forecasts", made)
    database.insert("flights", legs.astype({"dep_delay_min": "Int64"}))
    [[share]] = database.ask(
        "select sum(coverage * departed) / sum(departed) as coverage from forecast_scores "
        f"where horizon = '{HOUR_AHEAD.words}' and made_at > timestamp '{ENDED - metrics.SCORED_OVER}'"
    ).to_numpy()
    assert metrics.coverage(*frames) == pytest.approx(share) == 0.75
    assert (HOUR_AHEAD.least, HOUR_AHEAD.most) == metrics.HOUR_AHEAD
