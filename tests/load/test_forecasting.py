"""What a load forecasts: each leg that has not left by its newest observation, once, from what was known then."""

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from aviation.errors import AviationError
from aviation.forecast import serving
from aviation.forecast.known import READ
from aviation.forecast.model import Model, load
from aviation.load.forecasting import FAILED, NO_MODEL, OLD
from aviation.local.forecast import SHIPPED
from support.board import polls
from support.whole_load import LINES, put

DAY = "2013-07-10"
MORNING, NOON = (datetime.fromisoformat(f"{DAY}T{time}:00+00:00") for time in ("15:30", "17:50"))


@pytest.fixture(scope="session")
def model() -> Model:
    """The model that the replay is forecast with."""
    return load(SHIPPED)


@pytest.fixture(scope="session")
def objects() -> list[bytes]:
    """Two polls of the day, by time."""
    return [content for when in (MORNING, NOON) for content in polls(DAY, [when]).values()]


@pytest.fixture
def polled(place, objects, model):
    """A place into which the first poll was loaded, the other one yet to be."""
    place.model = lambda: model
    put(place, 1, objects[0])
    place.load()
    return place


def forecasts(place) -> pa.Table:
    made = place.spark.table(f"{place.settings.namespace}.flight_forecasts").orderBy("made_at", "flight_key")
    return pa.Table.from_pandas(made.toPandas())


def test_each_leg_that_has_not_left_by_the_newest_observation_is_forecast_from_what_was_known(
    polled, objects, model, spark
):
    first = forecasts(polled)
    put(polled, 2, objects[1])
    report = polled.load()
    made = forecasts(polled)
    assert made.num_rows == first.num_rows + report["forecasts"] > report["forecasts"] > 300
    assert report["forecasts_missing"] is None
    new = made.filter(pc.equal(made["made_at"], pa.scalar(NOON.replace(tzinfo=None), made["made_at"].type)))
    assert new.num_rows == report["forecasts"]
    flights = spark.table(f"{polled.settings.namespace}.flights").toPandas().set_index("flight_key")
    waiting = flights[flights["dep_actual_utc"].isna() & ~flights["flight_status"].isin(["cancelled", "landed"])]
    assert set(new["flight_key"].to_pylist()) == set(waiting.index)
    # The history as it is now says of each of the two moments what was said then.
    history = pa.Table.from_pandas(
        spark.table(f"{polled.settings.namespace}.flight_history").select(*READ).toPandas(), preserve_index=False
    )
    for when in (MORNING, NOON):
        again = serving.rows(history, model, when.replace(tzinfo=None)).sort_by("flight_key")
        then = made.filter(pc.equal(made["made_at"], pa.scalar(when.replace(tzinfo=None), made["made_at"].type)))
        then = then.sort_by("flight_key")
        for name in ("flight_key", "p10", "p50", "p90", "arr_p50", "p_late", "p_cancelled", "reason_1"):
            assert then[name].to_pylist() == again[name].to_pylist(), name
    row = new.slice(0, 1).to_pylist()[0]
    assert row["horizon_min"] == (flights.loc[row["flight_key"], "dep_scheduled_utc"] - row["made_at"]).seconds // 60


def test_a_forecast_is_made_once_whatever_comes_again_or_is_killed(polled, objects):
    first = forecasts(polled)
    polled.load(reconcile=True)
    assert forecasts(polled).num_rows == first.num_rows
    put(polled, 2, objects[1])

    def stopped(table: str) -> None:
        if table == "flight_forecasts":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        polled.load(wrote=stopped)
    killed = forecasts(polled)
    assert killed.num_rows > first.num_rows
    assert polled.load()["forecasts"] == 0
    assert forecasts(polled).equals(killed)
    # The rest of a poll came with a load of its own: only legs that have none get one.
    gone = killed["flight_key"][-1].as_py()
    polled.spark.sql(f"delete from {polled.settings.namespace}.flight_forecasts where flight_key = '{gone}'")
    put(polled, 3, objects[1])
    assert polled.load()["forecasts"] == 1


def test_an_old_poll_that_comes_late_is_not_forecast_with_what_is_known_by_now(polled):
    made = forecasts(polled)
    [early] = polls(DAY, [MORNING - timedelta(hours=2)]).values()
    put(polled, 2, early)
    report = polled.load()
    assert report["observations_added"] > 900
    assert (report["status"], report["forecasts"], report["forecasts_missing"]) == ("ok", 0, OLD)
    assert forecasts(polled).equals(made)


def test_without_a_model_the_load_says_why_there_is_no_forecast(place, objects):
    put(place, 1, objects[0])
    report = place.load()
    assert report["forecasts_missing"].startswith("no forecast yet: it needs 500 flights that have ended")
    assert (report["status"], report["forecasts"]) == ("ok", 0)
    put(place, 2, polls(DAY, [datetime.fromisoformat("2013-07-11T12:30:00+00:00")]).popitem()[1])
    assert place.load()["forecasts_missing"] == NO_MODEL
    assert [row.forecasts_missing for row in _loads(place)] == [report["forecasts_missing"], NO_MODEL]


def test_a_forecast_that_fails_is_heard_and_fails_no_load(place, objects):
    def broken():
        raise AviationError("the model is not the one of its card")

    place.model = broken
    put(place, 1, objects[0])
    report = place.load()
    assert report["observations_added"] > 900
    assert report["status"] == "warning"
    assert report["warning"] == report["forecasts_missing"] == f"{FAILED}: the model is not the one of its card"


def test_a_batch_without_flights_says_nothing_of_forecasts(polled):
    polled.put("cities/2023/09/14/01/object", b"".join(LINES["cities"]))
    report = polled.load()
    assert (report["forecasts"], report["forecasts_missing"]) == (0, None)
    assert _loads(polled)[-1].forecasts is None


def _loads(place):
    return place.spark.table(f"{place.settings.namespace}.loads").orderBy("started_at").collect()
