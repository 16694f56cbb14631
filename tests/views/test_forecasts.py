"""How good forecasts were: the view against the measures in numpy."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from aviation.columns import FLIGHTS, FORECASTS, HISTORY
from aviation.forecast import scores
from aviation.forecast.calibration import LEVELS
from aviation.forecast.model import AHEAD, QUANTILES
from aviation.forecast.training import LATE
from aviation.sql.as_of import expand, rewrite
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse_select
from aviation.views import declaration, forecasts
from support.made_up import CATALOG, NOON, Database, columns, leg

ALL = "select * from forecast_scores order by made_at, horizon"


def forecast(key: str, *, ahead: int = 60, made_at: datetime = NOON, late: float = 0.2, **more) -> dict:
    """A forecast of a leg, from 5 minutes early to 20 late."""
    said = {"flight_key": key, "flight_date": "2013-07-10", "made_at": made_at, "horizon_min": ahead, "model": "m"}
    said |= {"p10": -5.0, "p50": 0.0, "p90": 20.0, "arr_p10": -10.0, "arr_p50": 0.0, "arr_p90": 30.0}
    return said | {"p_late": late, "p_cancelled": 0.01, "climatology_p_late": 0.3, "origin_late_min": None} | more


def scored(legs: list[dict], said: list[dict]) -> list[dict]:
    """The view's rows; what is missing is None."""
    flights = pd.DataFrame(legs).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    rows = Database().insert("flights", flights).insert("flight_forecasts", pd.DataFrame(said)).ask(ALL)
    return rows.astype(object).where(rows.notna(), None).to_dict("records")


def test_the_bands_are_the_spans_in_which_the_model_is_calibrated():
    ends = [of.most for of in forecasts.BANDS]
    assert ends == [-1, *AHEAD, None]
    assert [of.least for of in forecasts.BANDS[1:]] == [end + 1 for end in ends[:-1]]
    assert (tuple(forecasts.LEVELS), tuple(float(level) for level in forecasts.LEVELS.values())) == (QUANTILES, LEVELS)
    assert declaration.LATE_MIN == LATE


@pytest.mark.parametrize(
    ("ahead", "horizon"),
    [
        (-1, "overdue"),
        (0, "0 to 30 min"),
        (30, "0 to 30 min"),
        (31, "31 to 105 min"),
        (60, "31 to 105 min"),
        (105, "31 to 105 min"),
        (180, "106 to 225 min"),
        (226, "beyond 225 min"),
    ],
)
def test_a_forecast_counts_in_its_band(ahead, horizon):
    [row] = scored([leg("1", "JFK-BOS", 60, 120)], [forecast("1", ahead=ahead)])
    assert (row["horizon"], row["forecasts"]) == (horizon, 1)


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        # forecasts, not over, departed, late
        ({"dep_late": 14}, (1, 0, 1, 0)),
        ({"dep_late": 15}, (1, 0, 1, 1)),
        ({"dep_late": 0, "arr_late": 60}, (1, 0, 1, 0)),  # it is the departure that is late, or not
        ({"flight_status": "cancelled", "dep_late": None, "arr_late": None}, (1, 0, 0, 1)),
        ({"flight_status": "cancelled", "dep_late": 3, "arr_late": None}, (1, 0, 0, 1)),
        ({"flight_status": "diverted", "dep_late": 20, "arr_late": None}, (1, 0, 1, 1)),
        ({"dep_late": None}, (0, 1, 0, 0)),  # it landed, and nobody says when it left
        ({"flight_status": "active", "dep_late": 40, "arr_late": None}, (0, 1, 0, 0)),
        ({"flight_status": "scheduled", "dep_late": None, "arr_late": None}, (0, 1, 0, 0)),
    ],
)
def test_what_is_over_and_what_is_late(more, counts):
    [row] = scored([leg("1", "JFK-BOS", 60, 120, **more)], [forecast("1")])
    assert tuple(row[name] for name in ("forecasts", "not_over", "departed", "late")) == counts
    if not counts[0]:
        assert row["mae_min"] is row["coverage"] is row["brier"] is row["origin_skill"] is row["arr_mae_min"] is None


def test_without_forecasts_there_are_no_scores():
    assert Database().insert("flights", [leg("1", "JFK-BOS", 60, 120)]).ask(ALL).empty


DELAY = st.none() | st.integers(-30, 300)
MINUTES = st.integers(-400, 2000).map(lambda tenths: tenths / 10)
SHARE = st.integers(0, 10_000).map(lambda of: of / 10_000)
LEG = st.tuples(st.sampled_from(["landed", "landed", "diverted", "cancelled", "active"]), DELAY, DELAY)
SAID = st.tuples(st.lists(MINUTES, min_size=6, max_size=6), SHARE, SHARE, st.none() | MINUTES)


@settings(max_examples=30, deadline=None, phases=[Phase.generate])  # an example takes too long to be made smaller
@given(st.lists(st.tuples(LEG, SAID, st.integers(0, 1), st.sampled_from([-5, 60, 180])), min_size=1, max_size=40))
def test_the_figures_are_those_of_numpy(made):
    legs, said = [], []
    for number, ((status, dep, arr), (minutes, late, usual, origin), load, ahead) in enumerate(made):
        key = f"{number:02}"
        late_dep = None if status == "cancelled" else dep
        legs.append(leg(key, "JFK-BOS", 60, 120, flight_status=status, dep_late=late_dep, arr_late=arr))
        quantiles = dict(zip(QUANTILES, sorted(minutes[:3]), strict=True))
        quantiles |= {f"arr_{name}": value for name, value in zip(QUANTILES, sorted(minutes[3:]), strict=True)}
        at = NOON + timedelta(minutes=load)
        more = {"climatology_p_late": usual, "origin_late_min": origin}
        said.append(forecast(key, ahead=ahead, made_at=at, late=late, **more, **quantiles))
    both = pd.DataFrame(legs).merge(pd.DataFrame(said), on="flight_key")
    found = {(row["made_at"], row["horizon"]): row for row in scored(legs, said)}
    groups = both.assign(horizon=[band(of) for of in both["horizon_min"]]).groupby(["made_at", "horizon"])
    assert found.keys() == set(groups.groups)
    for key, group in groups:
        assert {name: found[key][name] for name in measured(group)} == pytest.approx(measured(group), nan_ok=True)


def band(ahead: int) -> str:
    return {-5: "overdue", 60: "31 to 105 min", 180: "106 to 225 min"}[ahead]


def measured(rows: pd.DataFrame) -> dict:
    """The measures of aviation.forecast.scores, None where there is nothing to measure."""
    is_cancelled = rows["flight_status"] == "cancelled"
    ended = rows[is_cancelled | (rows["flight_status"].isin(["landed", "diverted"]) & rows["dep_delay_min"].notna())]
    departed = ended[ended["flight_status"] != "cancelled"]
    landed = departed[(departed["flight_status"] == "landed") & departed["arr_delay_min"].notna()]
    late = ((ended["flight_status"] == "cancelled") | (ended["dep_delay_min"] >= 15)).to_numpy()
    dep, arr = departed["dep_delay_min"].to_numpy(float), landed["arr_delay_min"].to_numpy(float)
    of_dep, of_arr = departed[list(QUANTILES)].to_numpy(float), landed[[f"arr_{q}" for q in QUANTILES]].to_numpy(float)
    usual = ended["climatology_p_late"].to_numpy(float)
    origin = ended["origin_late_min"].to_numpy(float)
    briers = {
        "brier": ended["p_late"].to_numpy(float),
        "climatology_brier": usual,
        "origin_brier": np.where(np.isnan(origin), usual, origin >= 15),
    }
    found = {name: scores.brier(of, late) if len(ended) else None for name, of in briers.items()}
    for name in ("climatology", "origin"):
        baseline = found[f"{name}_brier"]
        found[f"{name}_skill"] = scores.skill(found["brier"], baseline) if baseline else None
    return found | {
        "forecasts": len(ended),
        "not_over": len(rows) - len(ended),
        "departed": len(departed),
        "late": int(late.sum()),
        "mae_min": scores.mean_absolute(of_dep[:, 1], dep) if len(dep) else None,
        "pinball_min": scores.pinball(of_dep, dep) if len(dep) else None,
        "coverage": scores.coverage(of_dep, dep) if len(dep) else None,
        "arr_mae_min": scores.mean_absolute(of_arr[:, 1], arr) if len(arr) else None,
        "arr_coverage": scores.coverage(of_arr, arr) if len(arr) else None,
    }


def test_as_of_a_moment_it_is_what_was_over_then():
    tables = (FLIGHTS.name, HISTORY.name, FORECASTS.name)
    known = Catalog(views=CATALOG.views, columns={name: columns()[name] for name in tables})
    waits = leg("1", "JFK-BOS", 60, 120, flight_status="scheduled", dep_late=None, arr_late=None)
    history = [
        waits | {"known_from": NOON, "known_until": NOON + timedelta(hours=3)},
        leg("1", "JFK-BOS", 60, 120, dep_late=30) | {"known_from": NOON + timedelta(hours=3)},
    ]
    rows = pd.DataFrame(history).astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})
    said = pd.DataFrame([forecast("1"), forecast("1", ahead=0, made_at=NOON + timedelta(hours=1))])
    database = Database().insert("flight_history", rows).insert("flight_forecasts", said)

    def at(hour: float) -> list[tuple]:
        asked = parse_select("select horizon, forecasts, not_over, late from forecast_scores order by made_at")
        past = rewrite(asked, NOON + timedelta(hours=hour), known)
        return database.run(expand(past, Catalog()).sql(dialect="duckdb")).fetchall()

    assert at(0.5) == [("31 to 105 min", 0, 1, 0)]
    assert at(2) == [("31 to 105 min", 0, 1, 0), ("0 to 30 min", 0, 1, 0)]
    assert at(4) == [("31 to 105 min", 1, 0, 1), ("0 to 30 min", 1, 0, 1)]
