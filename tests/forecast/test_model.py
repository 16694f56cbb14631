"""The model: numpy says what LightGBM says, the quantiles hold what they promise, the card says what is in the file."""

import json
import subprocess
import sys
import time
from dataclasses import replace

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aviation.errors import AviationError
from aviation.forecast import calibration, levels, scores
from aviation.forecast import model as models
from aviation.forecast.features import Features, features
from aviation.forecast.known import Known
from aviation.forecast.levels import Levels
from aviation.forecast.reasons import reasons
from aviation.forecast.training import CALIBRATED_ON, Sample, moments, sample, train
from aviation.forecast.trees import Trees


@settings(max_examples=12, deadline=None)
@given(
    objective=st.sampled_from(["quantile", "binary", "regression"]),
    unknown=st.sampled_from([0.0, 0.3]),
    leaves=st.integers(2, 40),
    seed=st.integers(0, 2**32 - 1),
)
def test_numpy_says_what_lightgbm_says(objective, unknown, leaves, seed):
    random = np.random.default_rng(seed)
    values = random.normal(size=(600, 5)).round(1)
    values[random.random(values.shape) < unknown] = np.nan
    target = np.nan_to_num(values[:, 0] * 3 + values[:, 1] ** 2) + random.normal(size=600)
    target = target > 0 if objective == "binary" else target
    given_settings = {
        "objective": objective,
        "num_leaves": leaves,
        "verbose": -1,
        "num_threads": 1,
        "min_child_samples": 5,
    }
    booster = lightgbm.train(given_settings, lightgbm.Dataset(values, target), 15)
    asked = np.vstack([values, random.normal(size=(50, 5)), np.full((1, 5), np.nan), np.zeros((1, 5))])
    trees = Trees.of(booster.dump_model())
    said = booster.predict(asked, raw_score=True)
    assert np.allclose(trees.predict(asked), said, rtol=1e-12, atol=1e-12)
    kept = Trees.from_arrays(trees.arrays())
    assert np.array_equal(kept.predict(asked), trees.predict(asked))
    mean = trees.value[trees.roots].sum()
    assert np.allclose(mean + trees.contributions(asked).sum(axis=1), said)


@settings(max_examples=20, deadline=None)
@given(shift=st.floats(-50, 50), spread=st.floats(0.1, 5), seed=st.integers(0, 2**32 - 1))
def test_eighty_percent_of_the_outcomes_are_within_the_interval_however_wrong_the_model_is(shift, spread, seed):
    random = np.random.default_rng(seed)
    outcome = random.gamma(1.5, 10, 8000)
    wrong = np.tile([5.0, 10.0, 20.0], (8000, 1)) * spread + shift
    old, new = slice(0, 4000), slice(4000, None)
    by = calibration.offsets(wrong[old], outcome[old])
    assert scores.coverage(calibration.moved(wrong[new], by), outcome[new]) == pytest.approx(0.8, abs=0.03)


def test_a_days_calibration_looks_at_the_days_before_the_day_before_it():
    day = np.repeat(np.arange(30), 600)
    quantiles = np.zeros((len(day), 3))
    outcome = np.random.default_rng(1).normal(day, 1)
    asked = day == 29
    first = calibration.rolling(quantiles, outcome, day, asked, days=5)[asked]
    outcome[day >= 28] = 1e6
    assert np.array_equal(first, calibration.rolling(quantiles, outcome, day, asked, days=5)[asked])
    assert first[0, 1] == pytest.approx(25, abs=0.2)


def test_a_day_with_too_little_before_it_keeps_what_the_model_says():
    day, outcome = np.repeat([0, 5], 400), np.ones(800)
    assert not calibration.rolling(np.zeros((800, 3)), outcome, day, day == 5).any()


@settings(max_examples=20, deadline=None)
@given(wrong=st.floats(-3, 3), seed=st.integers(0, 2**32 - 1))
def test_a_probability_is_right_on_average_however_wrong_the_model_is(wrong, seed):
    random = np.random.default_rng(seed)
    true = random.uniform(0.02, 0.9, 4000)
    happened = random.random(4000) < true
    said = calibration.moved_odds(true, wrong)
    by = calibration.log_odds(said, happened)
    assert calibration.moved_odds(said, by).mean() == pytest.approx(happened.mean(), abs=1e-6)
    assert by == pytest.approx(-wrong, abs=0.3)
    assert calibration.log_odds(said, happened & False) == 0


def test_a_days_probabilities_are_moved_by_the_days_before_the_day_before_it():
    day = np.repeat(np.arange(30), 600)
    said, all_of = np.full(len(day), 0.5), np.full(len(day), True)
    happened = np.random.default_rng(1).random(len(day)) < 0.2
    asked = day == 29
    first = calibration.rolling_odds(said, happened, all_of, day, asked)[asked]
    happened[day >= 28] = True
    assert np.array_equal(first, calibration.rolling_odds(said, happened, all_of, day, asked)[asked])
    assert first == pytest.approx(0.2, abs=0.02)


def test_the_file_holds_the_whole_model_and_its_card_says_which(model, of_july, tmp_path):
    file = tmp_path / "forecast.npz"
    model.write(file)
    kept = models.load(file)
    for one, other in zip(model.forecasts(of_july.features), kept.forecasts(of_july.features), strict=True):
        assert np.array_equal(one, other)
    assert kept.name == model.name
    card = json.loads(file.with_suffix(".json").read_text())
    assert card["bytes"] == file.stat().st_size < 10_000_000
    assert (card["trained_from"], card["trained_until"]) == ("2013-07-01", "2013-07-28")
    assert card["features"] == list(levels.names(of_july.features))
    assert {"data", "settings", "scores", "rows", "sha256"} <= card.keys()


def test_a_file_that_is_not_the_cards_is_refused(model, tmp_path):
    file = tmp_path / "forecast.npz"
    model.write(file)
    file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(AviationError, match="not the one of its card"):
        models.load(file)
    file.unlink()
    with pytest.raises(AviationError, match="aviation train"):
        models.load(file)


def test_a_model_of_other_features_is_refused(model, of_july):
    other = replace(model, card=model.card | {"features": ["day_of_year", *model.card["features"][1:]]})
    with pytest.raises(AviationError, match="other features than these: train it"):
        other.forecasts(of_july.features)


def test_what_is_forecast_is_in_order_and_possible(model, of_july):
    said = model.forecasts(of_july.features)
    for quantiles in (said.dep, said.arr):
        assert (np.diff(quantiles, axis=1) >= 0).all()
    assert ((said.p_cancelled > 0) & (said.p_late >= said.p_cancelled) & (said.p_late <= 1)).all()


def test_a_leg_that_was_to_have_left_is_at_least_as_late_as_that(model, of_july):
    ahead = of_july.features.values[:, of_july.features.names.index("minutes_ahead")]
    assert (ahead < 0).any()
    said = model.forecasts(of_july.features)
    assert (said.dep[ahead < 0] >= -ahead[ahead < 0, None]).all()
    assert (said.p_late[ahead <= -15] == 1).all() and (said.p_late[ahead > -15] < 1).all()


def test_whether_there_is_an_aircraft_says_nothing_of_a_cancellation(model, of_july):
    names = levels.names(of_july.features)
    asked = {names[place % len(names)] for place in model.trees["cancelled"].feature[model.trees["cancelled"].left > 0]}
    assert not [name for name in asked if name.startswith("aircraft")]
    without = of_july.features._replace(values=of_july.features.values.copy())
    without.values[:, [name.startswith("aircraft") for name in without.names]] = np.nan
    assert np.array_equal(model.forecasts(without).p_cancelled, model.forecasts(of_july.features).p_cancelled)


def test_an_airline_that_was_never_seen_has_the_level_of_all(model, of_july):
    one = of_july.where(np.arange(len(of_july.day)) < 1).features
    strange = one._replace(codes={name: np.array(["ZZZ"]) for name in one.codes})
    columns = model.levels.columns(strange)
    assert columns["level_airline_late"][0] == model.levels.means["airline_late"][-1]


def test_the_share_late_of_an_airline_at_its_origin_is_kept_for_comparison(model, of_july):
    said = model.levels.p_late(of_july.features)
    names, codes = levels.names(of_july.features), of_july.features.codes
    assert not [name for name in names if "p_late" in name]
    ahead = of_july.features.values[:, names.index("minutes_ahead")]
    is_old = of_july.day <= of_july.day.max() - CALIBRATED_ON
    jetblue = (codes["airline"] == "JBU") & (codes["origin"] == "JFK")
    late = of_july.late[jetblue & is_old & (ahead >= 60)]
    of_all = of_july.late[is_old & (ahead >= 60)].mean()
    assert said[jetblue] == pytest.approx((late.sum() + 200 * of_all) / (len(late) + 200))
    strange = of_july.features._replace(codes={name: np.full(len(said), "ZZZ") for name in codes})
    assert model.levels.p_late(strange) == pytest.approx(of_all)


def test_three_reasons_are_given_in_words(model, of_july):
    said = reasons(model, of_july.where(np.arange(len(of_july.day)) % 97 == 0).features)
    assert {len(each) for each in said} == {3}
    assert all(
        text.endswith(("(more likely late)", "(less likely late)")) and "nan" not in text for of in said for text in of
    )


def test_what_alone_moves_the_probability_is_the_first_reason(model, of_july):
    one = of_july.where(np.arange(len(of_july.day)) % 17 == 0).features
    values = model.levels.matrix(one)
    late = values[:, levels.names(one).index("aircraft_late")]
    data = lightgbm.Dataset(values, np.nan_to_num(late) > 20)
    trees = Trees.of(lightgbm.train({"objective": "binary", "verbose": -1, "num_threads": 1}, data, 3).dump_model())
    said = reasons(replace(model, trees=model.trees | {"late": trees}), one)
    assert (late > 20).any() and np.isnan(late).any()
    for minutes, (first, *_) in zip(late, said, strict=True):
        assert "its aircraft" in first
        # Trees may ask for a little more or less than 20: LightGBM puts near values together.
        assert 17 <= minutes <= 23 or first.endswith("(more likely late)" if minutes > 20 else "(less likely late)")


def test_with_fewer_than_500_legs_it_says_that_it_does_not_know_yet(of_july):
    few = of_july.where(of_july.features.version < np.sort(of_july.features.version)[300])
    with pytest.raises(AviationError, match=r"no forecast yet: it needs 500 flights .* the tables have \d+$"):
        train(few, {})


def test_scoring_needs_no_lightgbm():
    code = (
        "import sys; import aviation.forecast.model, aviation.forecast.reasons, aviation.forecast.features; "
        "sys.exit(bool({'lightgbm', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_auc_is_how_often_the_late_one_was_said_to_be_likelier():
    random = np.random.default_rng(1)
    probability, happened = random.integers(0, 5, 60) / 5, random.random(60) < 0.4
    pairs = probability[happened][:, None] - probability[~happened]
    assert scores.auc(probability, happened) == pytest.approx(((pairs > 0) + (pairs == 0) / 2).mean())


def test_a_days_forecasts_take_little_time(history, model):
    known = Known(history)
    day = np.flatnonzero([key.startswith("2013-07-10") for key in known.keys])
    begun = time.process_time()
    of = features(Known(history), day, np.full(len(day), known.dep.min() + 9 * 24 * 60))
    reasons(model, of)
    model.forecasts(of)
    assert time.process_time() - begun < 5


def test_a_sample_is_of_legs_that_have_ended(history):
    known = Known(history.filter(np.asarray(history["known_from"]) < np.datetime64("2013-07-03T12:00")))
    of = sample(known, *moments(known))
    assert isinstance(of, Sample) and isinstance(of.features, Features) and len(of.day)
    assert (np.isnan(of.dep) == of.cancelled).all()
    assert (of.late == ~(of.dep < 15)).all()
    assert Levels.of(of.features, of.dep, of.cancelled, of.late).means["airline_late"].min() > -20


def test_what_is_overdue_keeps_its_quantiles_in_order_and_leaves_no_earlier_than_now(model, of_july):
    overdue = of_july.where(of_july.features.values[:, of_july.features.names.index("minutes_ahead")] < 0)
    # One that takes early departures to be likely is proved wrong the most.
    early = replace(model, offsets=model.offsets | {"dep": model.offsets["dep"] - [500, 0, 0]})
    said = early.forecasts(overdue.features)
    waits = -overdue.features.values[:, overdue.features.names.index("minutes_ahead")]
    assert (said.dep >= waits[:, None]).all()
    for quantiles in (said.dep, said.arr):
        assert (np.diff(quantiles, axis=1) >= 0).all()
