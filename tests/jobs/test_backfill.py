"""A backfill that a person interrupts, and that goes on with the same command."""

import os
import signal

import pytest
from click.testing import CliRunner

from aviation import backend
from aviation.cli import main
from aviation.jobs import start as jobs
from aviation.jobs.backfill import Checkpoint
from aviation.report import RunRecord

COMMAND = ["backfill", "--from", "2013-07-01", "--to", "2013-07-03"]


def made(job: str, counts: dict) -> RunRecord:
    return RunRecord(run_id="1", job=job, notebook="any.ipynb", started_at="2026-03-01T00:00:00Z", counts=counts)


@pytest.fixture
def polled(producer_stack, monkeypatch) -> list[str]:
    """The days that were polled, each of which has 5 records; a load adds 4 observations."""
    monkeypatch.delenv("AVIATION_LOCAL", raising=False)
    days = []

    def poll(entity: str, parameters: dict) -> RunRecord:
        days.append(parameters["filters"]["flight_date"])
        return made("producer/flights", {"status": "ok", "records": 5})

    monkeypatch.setattr(jobs, "run_producer", poll)
    loaded = made("aviation_data_load", {"observations_added": 4})
    monkeypatch.setattr(backend.Aws, "load", lambda self, choices: loaded)
    return days


def test_ctrl_c_says_what_is_kept_and_the_same_command_goes_on(polled, monkeypatch):
    poll = jobs.run_producer

    def interrupted_at_the_third(entity: str, parameters: dict) -> RunRecord:
        if len(polled) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return poll(entity, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "run_producer", interrupted_at_the_third)
        done = CliRunner().invoke(main, COMMAND)
    last = done.stderr.splitlines()[-1]
    assert done.exit_code == 130
    assert last == ("aviation: interrupted: 2 of 3 days polled, which are kept; run the same command again to go on")
    assert list(Checkpoint.read().polled) == ["2013-07-01", "2013-07-02"]
    done = CliRunner().invoke(main, COMMAND)
    assert (done.exit_code, done.stdout) == (0, "backfill: 1 day, 5 records, 4 observations loaded\n"), done.output
    assert polled == ["2013-07-01", "2013-07-02", "2013-07-03"]
