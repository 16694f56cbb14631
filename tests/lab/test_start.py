"""What the launcher notebook calls."""

from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from aviation import backend
from aviation.board import offline
from aviation.errors import ParameterError, QueryError
from aviation.jobs import start as jobs
from aviation.lab import start as lab
from aviation.report import RunRecord
from support.notebooks import defaults


def made(counts: dict) -> RunRecord:
    return RunRecord(run_id="1", job="any", notebook="any.ipynb", started_at="2026-03-01T00:00:00Z", counts=counts)


def test_nothing_is_done_unless_it_is_chosen():
    assert lab.run(lab.resolve(**defaults("notebooks/start.ipynb"))) == {"status": "ok", "polled": 0, "loaded": 0}


def test_what_is_chosen_is_polled_then_loaded(monkeypatch):
    done = []
    monkeypatch.setattr(jobs, "run_producer", lambda entity: done.append(entity) or made({"records": 5}))
    engine = SimpleNamespace(load=lambda choices: done.append("load") or made({"lines_read": 7}))
    monkeypatch.setattr(backend, "in_use", lambda: engine)
    assert lab.run(lab.resolve(produce="flights", load=True)) == {"status": "ok", "polled": 5, "loaded": 7}
    assert done == ["flights", "load"]


def test_an_unknown_entity_is_refused():
    with pytest.raises(ParameterError, match="flihgts"):
        lab.resolve(produce="flihgts", load=False)


def test_the_dashboard_stands_in_a_frame_and_its_absence_in_words(monkeypatch):
    monkeypatch.setattr(offline, "render", lambda tables: '<p class="x">drawn</p>')
    [frame] = BeautifulSoup(lab.page().data, "html.parser")("iframe")
    assert frame["srcdoc"] == '<p class="x">drawn</p>'

    def fail(tables):
        raise QueryError("there is no table 'flights'")

    monkeypatch.setattr(offline, "render", fail)
    assert lab.page().data == "*There is no dashboard yet: there is no table 'flights'.*"


def test_the_state_of_an_empty_stack_is_told_in_words(stack):
    assert "last runs:" in lab.state().data
