"""Training: what it needs, the rule by which a new model takes the old one's place, and what a failure leaves."""

import json
import os
import re
import sys
from dataclasses import replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from aviation import backend, train
from aviation.cli import main
from aviation.errors import AviationError, ParameterError, PlaceError
from aviation.forecast import calibration, store, training
from aviation.forecast.known import Known
from aviation.forecast.model import Model, not_yet
from aviation.load import record as records
from aviation.report import NOT_YET, RunRecord
from aviation.train import compared, history, job, pictures
from aviation.train.compared import Scores
from support import ROOT

FIRST, LAST = date(2013, 6, 1), date(2013, 7, 18)
COMPARED = 7


@pytest.fixture(scope="session")
def weeks() -> pa.Table:
    """Seven weeks of `flight_history` of the flights out of one airport."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        from forecasts import rows

        found = rows.history(FIRST, LAST)
    return found.filter(pa.compute.equal(found["dep_iata"], "LGA"))


def until(table: pa.Table, day: str) -> pa.Table:
    return table.filter(np.asarray(table["flight_date"]) <= np.datetime64(day))


@pytest.fixture(scope="session")
def of(weeks):
    known = Known(weeks)
    return training.sample(known, *training.moments(known))


@pytest.fixture(scope="session")
def old(of) -> Model:
    """A model of all but the newest days."""
    early = of.where(of.day <= of.day.max() - COMPARED)
    return training.train(early, {"data": "the first weeks"}, {"rounds": 6, "num_leaves": 8}, threads=1)


@pytest.fixture
def tables(monkeypatch, weeks):
    """What the tables have (`history`), the model in use (`current`), and each that is put into its place (`put`)."""
    made = SimpleNamespace(history=weeks, current=None, put=[])

    def keep(file, bucket):
        made.put.append((training_model := store.load(file), bucket))
        return training_model

    monkeypatch.setenv("AVIATION_PUBLISHED_BUCKET", "published")
    monkeypatch.setattr(history, "read", lambda days: made.history)
    monkeypatch.setattr(store, "current", lambda bucket: made.current() if callable(made.current) else made.current)
    monkeypatch.setattr(store, "keep", keep)
    monkeypatch.setattr(training, "ROUNDS", 6)
    monkeypatch.setattr(job, "THREADS", 1)
    return made


def trained(**choices) -> job.Result:
    return train.run(train.settings(**({"days": 365, "compared_days": COMPARED, "replace": True} | choices)))


def test_tables_without_a_flight_are_said_to_be_too_few_and_nothing_is_kept(tables):
    tables.history = store.no_history()
    result = trained()
    assert (result.report["outcome"], result.report["warning"]) == (NOT_YET, not_yet(0))
    assert (result.report["status"], tables.put, result.model) == ("warning", [], None)


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2013-06-01", f"{not_yet(240)} on days that are over"),
        ("2013-06-20", "needs 500 flights before the newest 28 days"),
    ],
)
def test_too_little_history_is_said_in_words(tables, day, words):
    tables.history = until(tables.history, day)
    report = trained().report
    assert (report["outcome"], tables.put) == (NOT_YET, [])
    assert words.split(", and the tables")[0] in report["warning"]
    assert re.search(r"the tables have \d+( on days that are over)?$", report["warning"])


def test_the_first_model_is_kept_and_is_of_all_days_while_its_scores_are_of_days_that_it_had_not_seen(tables):
    result = trained()
    assert (result.report["outcome"], result.report["reason"]) == (job.KEPT, "the first model")
    [(kept, bucket)] = tables.put
    assert (kept.card["trained_until"], bucket, kept.name) == (str(LAST), "published", result.report["model"])
    assert result.model.card["trained_until"] == result.report["scored_after"] == "2013-07-11"
    assert np.datetime64("2013-07-12", "D").astype(int) == result.newest.day.min()
    assert 0 < result.report["coverage"] < 1 and result.report["departures_scored"] > 1000
    json.dumps(result.report)


def test_asked_to_look_only_it_keeps_nothing(tables):
    report = trained(replace=False).report
    assert (report["outcome"], tables.put) == (job.LEFT, [])
    assert "not kept" in report["reason"]


def test_a_model_that_scores_worse_on_the_newest_days_is_replaced(tables, old):
    tables.current = replace(old, offsets={side: by + 40 for side, by in old.offsets.items()})
    report = trained().report
    assert (report["outcome"], len(tables.put)) == (job.KEPT, 1)
    assert report["reason"].startswith(f"better than {tables.current.name} on ")
    assert tables.put[0][0].card["compared"] == report["reason"]


def test_a_model_that_scores_better_than_the_new_one_stays_in_use(tables, old, monkeypatch):
    tables.current = old
    worse = replace(old, offsets={side: by + 40 for side, by in old.offsets.items()})
    monkeypatch.setattr(job, "train", lambda *_, **__: worse)
    report = trained().report
    assert (report["outcome"], tables.put) == (job.LEFT, [])
    assert report["reason"].startswith(f"no better than {old.name} on ")


def test_the_model_itself_is_no_better_than_itself(of, old):
    first = int(of.day.max()) - COMPARED + 1
    is_better, reason = job.verdict(old, of.where(of.day >= first), first, old)
    assert not is_better and reason.startswith(f"no better than {old.name} on ")


def test_days_that_the_model_in_use_was_trained_on_do_not_count(of, old):
    first, last = int(of.day.max()) - COMPARED + 1, of.day.max()
    for until_day in (first - 20, first - 1, first + 2):
        used = replace(old, card=old.card | {"trained_until": str(np.datetime64(until_day, "D"))})
        assert set(compared.unseen(of, first, used).day) == set(range(max(first, until_day + 1), last + 1))


def test_a_model_that_knows_all_but_a_few_of_the_newest_flights_stays_in_use(tables, old):
    tables.current = replace(old, card=old.card | {"trained_until": "2013-07-18"})
    report = trained().report
    assert (report["outcome"], tables.put) == (job.LEFT, [])
    assert f"fewer than {calibration.FEWEST} departures since" in report["reason"]


def test_a_model_that_cannot_be_used_is_replaced(tables):
    def broken():
        raise AviationError("it was trained on other features")

    tables.current = broken
    report = trained().report
    assert (report["outcome"], len(tables.put)) == (job.KEPT, 1)
    assert "other features" in report["reason"]


def test_a_training_that_fails_leaves_the_model_in_use(tables, monkeypatch):
    calls = []

    def fails(*_, **__):
        calls.append(1)
        raise MemoryError("no room")

    monkeypatch.setattr(job, "train", fails)
    with pytest.raises(MemoryError):
        trained()
    assert (len(calls), tables.put) == (1, [])


POSITIVE = st.floats(0.01, 100)


@given(new=st.tuples(POSITIVE, POSITIVE), old=st.tuples(POSITIVE, POSITIVE), unit=POSITIVE)
def test_better_in_both_is_better_worse_in_both_is_not_and_units_do_not_matter(new, old, unit):
    def scores(pinball, brier):
        return Scores(pinball, 0.8, brier, 1000)

    says = compared.is_better(scores(*new), scores(*old))
    if new[0] < old[0] and new[1] < old[1]:
        assert says
    if new[0] >= old[0] and new[1] >= old[1]:
        assert not says
    ratio = new[0] / old[0] + new[1] / old[1]
    if abs(ratio - 2) > 1e-9:
        assert compared.is_better(scores(new[0] * unit, new[1]), scores(old[0] * unit, old[1])) == says


def test_there_are_pictures_of_a_training_and_words_where_there_was_none(tables):
    result = trained()
    for draw in (pictures.coverage, pictures.reliability, pictures.weights):
        assert draw(result).data.startswith(b"\x89PNG")
    tables.history = store.no_history()
    for draw in (pictures.coverage, pictures.reliability, pictures.weights):
        assert "nothing to draw" in draw(trained()).data


@pytest.fixture
def glue(monkeypatch):
    """Sets the command line that Glue starts the script with, and gives what was put."""
    for name in ("STACK", "RUNS_BUCKET", "PUBLISHED_BUCKET", "DATABASE"):
        monkeypatch.setenv(f"AVIATION_{name}", os.environ.get(f"AVIATION_{name}", ""))
    monkeypatch.delenv("AVIATION_RUN_ID", raising=False)
    puts = []
    client = SimpleNamespace(put_object=lambda **given: puts.append(given))
    monkeypatch.setattr(records.aws, "client", lambda service, **_: client)

    def start(**arguments: str | None):
        places = {"stack": "acme", "published_bucket": "published", "runs_bucket": "runs", "database": "aviation"}
        passed = {"JOB_NAME": "acme-train", "JOB_RUN_ID": "jr_1"} | places | arguments
        line = [part for name, text in passed.items() if text is not None for part in (f"--{name}", text)]
        monkeypatch.setattr(sys, "argv", ["script.py", *line])
        return puts

    return start


def test_on_glue_a_run_leaves_its_record(tables, glue):
    puts = glue(replace="false")
    tables.history = store.no_history()
    trained()
    [put] = puts
    kept = RunRecord.from_bytes(put["Body"])
    assert put["Key"] == kept.key and kept.key.startswith("train_delay_forecast/") and kept.run_id == "jr_1"
    assert (kept.status, kept.counts["outcome"], kept.parameters["replace"]) == ("warning", NOT_YET, False)


def test_a_job_that_lacks_an_argument_says_what_to_do(glue):
    glue(database=None)
    with pytest.raises(PlaceError, match="the training job has no argument --database: deploy it again"):
        train.settings(days=365, compared_days=14, replace=True)


@pytest.mark.parametrize(("days", "compared_days"), [(10, 10), (10, 0), (0, -1)])
def test_days_that_leave_nothing_to_train_or_to_compare_are_refused(days, compared_days):
    with pytest.raises(ParameterError, match="compared_days"):
        train.settings(days=days, compared_days=compared_days, replace=True)


@pytest.mark.parametrize(("outcome", "code"), [(NOT_YET, 3), (job.KEPT, 0), (job.LEFT, 0)])
def test_the_command_ends_with_a_code_of_its_own_where_there_is_too_little(monkeypatch, outcome, code):
    asked = []

    def run(choices):
        asked.append(choices)
        counts = {"outcome": outcome, "warning": not_yet(3)} if outcome == NOT_YET else {"outcome": outcome}
        return RunRecord(run_id="1", job="train_delay_forecast", notebook="x", started_at="2026-01-01", counts=counts)

    monkeypatch.setattr(backend, "in_use", lambda: SimpleNamespace(train=run))
    done = CliRunner().invoke(main, ["train", "--look"])
    assert (done.exit_code, asked) == (code, [{"replace": False}])
    assert (not_yet(3) in done.stderr) == (code == 3)
