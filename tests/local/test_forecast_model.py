"""The model that comes with the package for the replay, and how a stack gets it."""

import json
from datetime import date

import pytest

from aviation.errors import AviationError
from aviation.forecast import model as models
from aviation.forecast import store
from aviation.local import forecast
from aviation.replay import DEFAULT_DAY


def test_the_shipped_model_is_of_this_versions_features_and_knows_nothing_of_the_replays_day():
    model = models.load(forecast.SHIPPED)
    assert tuple(model.card["features"]) == store.names(), "run .venv/bin/python benchmarks/replay_model.py"
    assert date.fromisoformat(model.card["trained_until"]) < date.fromisoformat(DEFAULT_DAY)
    assert json.loads(forecast.SHIPPED.with_suffix(".json").read_text())["bytes"] < 1_000_000


@pytest.fixture
def bucket(monkeypatch):
    """What `store` would say is in use, and what was put into use."""
    kept = []
    monkeypatch.setenv("AVIATION_PUBLISHED_BUCKET", "published")
    monkeypatch.setattr(store, "keep", lambda file, bucket: kept.append((file, bucket)))
    return kept


@pytest.mark.parametrize("broken", [False, True], ids=["none", "one of other features"])
def test_a_stack_without_a_model_that_it_can_use_gets_the_shipped_one(bucket, monkeypatch, broken):
    def current(_):
        if broken:
            raise AviationError("it was trained on other features")

    monkeypatch.setattr(store, "current", current)
    forecast.provide()
    assert bucket == [(forecast.SHIPPED, "published")]


def test_a_stack_with_a_model_keeps_it(bucket, monkeypatch):
    monkeypatch.setattr(store, "current", lambda _: "a model")
    forecast.provide()
    assert bucket == []
