"""Past days, polled and loaded day by day, interrupted, and gone on with by the same command."""

import os
import signal

import pandas as pd
import pytest
from click.testing import CliRunner

from aviation import backend, query
from aviation.cli import main
from aviation.errors import AviationError
from aviation.jobs import start as jobs
from aviation.jobs.backfill import Checkpoint
from aviation.local.stack import LocalStack
from aviation.replay.data import truth
from aviation.report import RunRecord
from support import ROOT

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


def as_of(monkeypatch, *instants: str) -> None:
    """The flight API can be asked about a day as of these."""
    monkeypatch.setattr(backend.Aws, "past_instants", lambda self, day, every: list(instants) if every else [""])


def test_a_day_polled_at_instants_is_polled_once_however_often_it_is_asked_for(polled, monkeypatch):
    as_of(monkeypatch, "2013-07-01T05:00:00Z", "2013-07-01T05:30:00Z")
    every = [*COMMAND[:3], "--to", "2013-07-01", "--every", "30m"]
    done = CliRunner().invoke(main, every)
    assert (done.exit_code, done.stdout) == (0, "backfill: 1 day, 10 records, 4 observations loaded\n"), done.output
    done = CliRunner().invoke(main, every)
    assert (done.exit_code, done.stdout) == (0, "backfill: 0 days, 0 records, 4 observations loaded\n"), done.output
    # A day that was polled so is not one that was polled at the end, nor every hour.
    for other in (every[:-2], [*every[:-1], "1h"]):
        assert CliRunner().invoke(main, other).exit_code == 0
    assert polled == ["2013-07-01"] * 5
    assert list(Checkpoint.read().polled) == ["2013-07-01", "2013-07-01 every 30m", "2013-07-01 every 60m"]


def test_a_day_cut_off_between_its_instants_is_polled_again_whole(polled, monkeypatch):
    as_of(monkeypatch, "2013-07-01T05:00:00Z", "2013-07-01T05:30:00Z")
    poll, instants = jobs.run_producer, []

    def interrupted(entity: str, parameters: dict) -> RunRecord:
        instants.append(parameters["instant"])
        if len(instants) == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return poll(entity, parameters)

    monkeypatch.setattr(jobs, "run_producer", interrupted)
    every = [*COMMAND[:3], "--to", "2013-07-01", "--every", "30m"]
    done = CliRunner().invoke(main, every)
    assert (done.exit_code, Checkpoint.read().polled) == (130, {})
    assert "0 of 1 day polled" in done.stderr.splitlines()[-1]
    assert CliRunner().invoke(main, every).exit_code == 0
    assert instants == ["2013-07-01T05:00:00Z", "2013-07-01T05:30:00Z"] * 2


@pytest.mark.parametrize(
    ("every", "said"),
    [
        ("30", "aviation: '30' is not a duration of up to a day: write it like 30m or 1h"),
        ("0m", "aviation: '0m' is not a duration of up to a day: write it like 30m or 1h"),
        ("25h", "aviation: '25h' is not a duration of up to a day: write it like 30m or 1h"),
        ("30m", "aviation: --every asks as of past instants, and the replay alone goes back: leave it out"),
    ],
)
def test_instants_that_cannot_be_asked_for_are_refused_in_one_line(polled, every, said):
    done = CliRunner().invoke(main, [*COMMAND, "--every", every])
    assert done.exit_code not in (0, 130)
    assert done.stderr.splitlines() == [said]
    assert polled == []


@pytest.mark.slow
def test_past_days_come_in_a_backfill_that_goes_on_where_it_was_cut_off(stack, monkeypatch):
    """The days around the night on which New York's clocks go back."""
    days = ["2013-11-02", "2013-11-03", "2013-11-04"]
    arguments = ["backfill", "--from", days[0], "--to", days[-1]]
    produce, clock = jobs.run_producer, LocalStack(ROOT).clock()
    polled = []

    def cut_off_at_the_third(entity, parameters):
        if len(polled) == 2:
            raise AviationError("cut off")
        polled.append(parameters["filters"]["flight_date"])
        return produce(entity, parameters)

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "run_producer", cut_off_at_the_third)
        done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, polled) == (1, days[:2])
    done = CliRunner().invoke(main, arguments)
    assert (done.exit_code, "backfill: 1 day," in done.stdout) == (0, True), done.output
    assert LocalStack(ROOT).clock() == clock
    flights = query.sql(
        "select flight_key, flight_status, dep_delay_min, arr_delay_min from flights "
        f"where flight_date between date '{days[0]}' and date '{days[-1]}' order by flight_key"
    )
    expected = pd.concat(map(truth, days))
    icao = pd.read_csv(ROOT / "lib/aviation/replay/carriers.csv").set_index("iata")["icao"]
    parts = [expected["flight_date"], expected["dep_iata"], expected["carrier"].map(icao), expected["number"]]
    expected["flight_key"] = parts[0].str.cat(parts[1:], sep="|")
    expected = expected.sort_values("flight_key", ignore_index=True)
    pd.testing.assert_series_equal(flights["flight_key"], expected["flight_key"])
    for ours, theirs in (("dep_delay_min", "dep_delay"), ("arr_delay_min", "arr_delay")):
        pd.testing.assert_series_equal(flights[ours].astype("Int64"), expected[theirs], check_names=False)
    for status in ("cancelled", "diverted"):
        assert (flights["flight_status"] == status).equals(expected[status])
    on_time = expected.assign(
        carrier=expected["carrier"].map(icao), on_time=(expected["arr_delay"] < 15).fillna(False).astype(float)
    )
    shares = query.sql(
        "select airline_icao as carrier, sum(on_time) * 1e0 / sum(flights) as on_time from on_time_by_airline_day "
        "where flight_date >= date '2013-11-01' group by 1 order by 1"
    ).set_index("carrier")["on_time"]
    pd.testing.assert_series_equal(shares, on_time.groupby("carrier")["on_time"].mean())


def test_a_day_that_the_api_does_not_have_stops_the_backfill_and_is_asked_for_again(stack):
    done = CliRunner().invoke(main, ["backfill", "--from", "2014-02-01", "--to", "2014-02-01"])
    assert done.exit_code == 1
    assert "backfill stopped at 2014-02-01: the API knows no flights" in done.stderr
    assert "2014-02-01" not in Checkpoint.read().polled
