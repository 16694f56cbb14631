"""A load on a laptop: one at a time, and the alerts after it."""

import contextlib
import logging
import multiprocessing
import os
import signal
import threading

import pytest

from aviation.errors import NotebookError
from aviation.local import load
from aviation.report import RunRecord

NOTHING = {"lines_read": 0, "observations_added": 0}
ALL_REPEATS = {"lines_read": 1896, "observations_added": 0}


@pytest.fixture
def loads(monkeypatch, tmp_path):
    """`run(counts)` runs a load that counts so, or raises what it is given; whether the watches ran after it."""
    ran = []
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    monkeypatch.setattr(load, "configure_spark", lambda: None)
    monkeypatch.setattr(load.WarmDriver, "lent", lambda self: contextlib.nullcontext())
    monkeypatch.setattr(load, "run_watches", lambda root: ran.append(root))

    def run(counts) -> bool:
        def execute(*arguments, **options) -> RunRecord:
            if isinstance(counts, BaseException):
                raise counts
            if callable(counts):
                counts()
            return RunRecord(run_id="1", job="", notebook="", started_at="", counts={} if callable(counts) else counts)

        ran.clear()
        monkeypatch.setattr(load.runs, "execute", execute)
        load.run_load({})
        return bool(ran)

    return run


def killed(run) -> None:
    """A load whose process is killed while it runs."""
    child = multiprocessing.get_context("fork").Process(
        target=run, args=(lambda: os.kill(os.getpid(), signal.SIGKILL),)
    )
    child.start()
    child.join(30)
    assert child.exitcode == -signal.SIGKILL


def test_the_watches_look_at_whatever_a_load_read_although_a_killed_one_had_added_it_all(loads):
    assert loads(ALL_REPEATS)


def test_after_a_load_that_read_nothing_there_is_nothing_to_look_at(loads):
    assert not loads(NOTHING)
    assert not loads(NOTHING)


def test_what_a_load_that_was_killed_at_its_end_brought_is_looked_at_after_the_next_one(loads):
    killed(loads)
    assert loads(NOTHING)
    assert not loads(NOTHING)


def test_what_a_load_that_failed_in_its_second_batch_brought_is_looked_at_after_the_next_one(loads):
    with pytest.raises(NotebookError):
        loads(NotebookError("batch 2", run_id="1"))
    assert loads(NOTHING)


def test_what_the_watches_failed_to_tell_they_look_at_after_the_next_load(loads, monkeypatch):
    def fail(root):
        raise NotebookError("SNS does not answer", run_id="1")

    with monkeypatch.context() as patch:
        patch.setattr(load, "run_watches", fail)
        assert not loads(ALL_REPEATS)
    assert loads(NOTHING)
    assert not loads(NOTHING)


def test_a_load_that_waits_for_another_says_for_which(loads, caplog, monkeypatch):
    monkeypatch.setattr(load, "PATIENCE_SECONDS", 0.01)
    caplog.set_level(logging.INFO)
    begun, end = threading.Event(), threading.Event()
    first = threading.Thread(target=loads, args=(lambda: begun.set() or end.wait(30),))
    first.start()
    assert begun.wait(30)
    monkeypatch.setattr(load.logger, "info", lambda *said: (logging.getLogger("said").info(*said), end.set()))
    loads(NOTHING)
    first.join(30)
    assert f"load: waits for the end of another one, process {os.getpid()}" in caplog.text
