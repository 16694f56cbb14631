"""Days of the replay as `flight_history`, and a small model trained on them."""

from datetime import date

import numpy as np
import pyarrow as pa
import pytest

from aviation.forecast.known import Known
from aviation.forecast.model import Model
from aviation.forecast.training import Sample, moments, sample, train
from support import ROOT

FIRST, LAST = date(2013, 7, 1), date(2013, 7, 28)


@pytest.fixture(scope="session")
def history() -> pa.Table:
    """Four weeks of `flight_history`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        from forecasts import rows

        return rows.history(FIRST, LAST)


@pytest.fixture(scope="session")
def day(history) -> pa.Table:
    """One day of them, of storms."""
    return history.filter(np.asarray(history["flight_date"]) == np.datetime64("2013-07-10"))


@pytest.fixture(scope="session")
def of_july(history) -> Sample:
    known = Known(history)
    return sample(known, *moments(known))


@pytest.fixture(scope="session")
def model(of_july) -> Model:
    """With few trees: what is tested is not how good they are."""
    return train(of_july, {"data": "four weeks of the replay"}, {"rounds": 8, "num_leaves": 15}, threads=1)
