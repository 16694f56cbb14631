"""Forecasts as rows of `flight_forecasts`: what a model says of each leg that had not left by an instant."""

from datetime import datetime

import numpy as np
import pyarrow as pa

from aviation.forecast.features import features, origin_late
from aviation.forecast.known import Known, Reals, minutes
from aviation.forecast.model import QUANTILES, Model
from aviation.forecast.reasons import MOST, reasons

LONGEST_OVERDUE = 24 * 60
"""A leg that was to leave longer ago, in minutes, and has not been heard to have left is lost, not late."""
DAYS_READ = 2
"""So many flight dates before the one of the instant (UTC) have legs that features ask about."""


def rows(history: pa.Table, model: Model, made_at: datetime) -> pa.Table:
    """The forecasts as of `made_at` (UTC, naive), with the columns of `flight_forecasts`, a row for each leg that had
    not left by then and was not known to be cancelled; `history` has the columns `known.READ` of `flight_history`, of
    the flight dates from DAYS_READ before on. What became known after `made_at` changes nothing."""
    known = Known(history)
    now = minutes(pa.array([made_at], pa.timestamp("us")))[0]
    legs = np.arange(len(known.keys))
    version = known.at(legs, np.full(len(legs), now))
    legs = legs[(version >= 0) & (known.dep[version] > now - LONGEST_OVERDUE)]
    found = features(known, legs, np.full(len(legs), now))
    said, why = model.forecasts(found), reasons(model, found)
    return pa.table(
        {
            "flight_key": pa.array(known.keys[known.leg[found.version]].tolist(), pa.string()),
            "flight_date": pa.array(known.day[found.version].astype("M8[D]"), pa.date32()),
            "made_at": pa.repeat(pa.scalar(made_at, pa.timestamp("us")), len(found.version)),
            "horizon_min": pa.array(known.dep[found.version] - now, pa.int32()),
            "model": pa.repeat(model.name, len(found.version)),
            **{name: _minutes(said.dep[:, place]) for place, name in enumerate(QUANTILES)},
            **{f"arr_{name}": _minutes(said.arr[:, place]) for place, name in enumerate(QUANTILES)},
            "p_late": _share(said.p_late),
            "p_cancelled": _share(said.p_cancelled),
            **{f"reason_{place + 1}": pa.array([each[place] for each in why], pa.string()) for place in range(MOST)},
            "climatology_p_late": _share(model.levels.p_late(found)),
            "origin_late_min": _minutes(origin_late(known, found.version, np.full(len(found.version), now))),
        }
    )


def _minutes(values: Reals) -> pa.Array:
    return pa.array(np.round(values, 1), pa.float64(), from_pandas=True)


def _share(values: Reals) -> pa.Array:
    return pa.array(np.round(values, 4), pa.float64(), from_pandas=True)
