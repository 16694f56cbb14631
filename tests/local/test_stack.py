"""The commands `up`, `clock` and `produce` on a stack of this file's own: what is refused changes nothing."""

import dataclasses
import os
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest
import requests
from click.testing import CliRunner

from aviation import replay
from aviation.cli import main
from aviation.errors import ParameterError, StackError
from aviation.local.stack import LocalStack
from aviation.local.state import State
from aviation.replay.records import over
from aviation.times import parse_utc
from support import ROOT
from support.own_stack import aviation


@pytest.fixture
def unchanged(own):
    """Fails the test if it changes anything about the stack: processes, ports, day, clock, what is remembered."""
    before = condition(own)
    yield own
    assert condition(own) == before


def condition(local: LocalStack) -> dict:
    processes = (local.emulator, local.replay, local.schedules)
    return {
        "pids": [process.running() and process.running().pid for process in processes],
        "files": [(local.home / name).read_text() for name in ("stack.json", "env")],
        "replay": replay.state(local.read_state().replay_url),
    }


@pytest.fixture
def busy():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield str(taken.getsockname()[1])


def test_behind_a_proxy_that_does_not_know_loopback_the_commands_work(own):
    done = aviation(own.home, "produce", "aircraft_types")
    assert done.returncode == 0, done.stderr
    assert replay.state(own.read_state().replay_url)["calls"] == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["up", "--day", "2014-01-01"], "no flights on 2014-01-01: the replay has the days 2013-01-01 to 2013-12-31"),
        (["up", "--port", "BUSY"], "is in use: stop what listens there, or give another one with --port"),
        (["up", "--replay-port", "BUSY"], "is in use: stop what listens there, or give another one with --replay-port"),
        (["up", "--port", "4567", "--replay-port", "4567"], "give two different ports"),
        (["up", "--replay-port", "4567", "--board-port", "4567"], "give two different ports"),
        (["up", "--board-port", "BUSY"], "is in use: stop what listens there, or give another one with --board-port"),
        (["up", "--api-url", "https://api.aviationstack.com/v1"], "set AVIATIONSTACK_ACCESS_KEY"),
        (["up", "--api-url", "http://api.aviationstack.com/v1"], "is not https"),
        (["up", "--day", "2013-08-01", "--schedule", "--every", "7"], "--every must be 2, 3,"),
        (["up", "--schedule", "--every", "0"], "--every must be 2, 3,"),
        (["clock", "2015-01-01T00:00Z"], "2013-01-01T00:00:00Z to 2014-01-02T00:00:00Z"),
        (["clock", "9999-12-31T23:59:59-12:00"], "is not a time"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_is_refused_in_one_line_and_the_stack_stays_as_it_was(
    unchanged, busy, monkeypatch, arguments, line
):
    monkeypatch.setenv("AVIATION_HOME", str(unchanged.home))
    monkeypatch.delenv("AVIATIONSTACK_ACCESS_KEY", raising=False)
    done = CliRunner().invoke(main, [busy if argument == "BUSY" else argument for argument in arguments])
    assert done.exit_code in (1, 2)
    assert line in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_where_the_boards_port_is_taken_it_says_which_one_the_board_gets(own, busy):
    own.board.process.stop()
    dataclasses.replace(own.read_state(), board_port=int(busy)).write(own.state_file)
    moved = aviation(own.home, "up")
    given = own.read_state().board_port
    assert f"up: port {busy} is in use: the board gets port {given} (--board-port chooses one)\n" in moved.stderr
    assert moved.stdout.endswith(f"the board at http://127.0.0.1:{given}/\n")
    assert "the board gets" not in aviation(own.home, "up").stderr


def test_a_checkout_that_is_not_set_up_is_refused_and_the_stack_stays_as_it_was(unchanged, tmp_path):
    with pytest.raises(StackError, match="run 'make setup'"):
        LocalStack(tmp_path, unchanged.home).up(day="2013-08-01")


@pytest.mark.parametrize("content", ["", "[]", '{"day": "2014-01-01"}', '{"day": 5}', '{"colour": "blue"}'])
def test_a_damaged_state_file_stops_up_alone_which_would_mix_the_flights_of_two_apis(tmp_path, content):
    (tmp_path / "stack.json").write_text(content)
    assert LocalStack(ROOT, tmp_path).read_state() == State()
    refused = aviation(tmp_path, "up")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.strip() == (
        f"aviation: {tmp_path / 'stack.json'} is damaged: put a copy of it back, or delete all data of the stack with "
        "'aviation up --purge'"
    )
    assert aviation(tmp_path, "down").returncode == 0


@pytest.mark.parametrize("command", ["up", "down", "status", "load"])
def test_a_state_folder_that_is_a_file_is_refused_in_one_line(tmp_path, command):
    file = tmp_path / "state"
    file.touch()
    refused = aviation(file, command)
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"aviation: {file} is no folder: set AVIATION_HOME to one, or to a path where one can be made"
    )


@pytest.mark.parametrize(
    ("day", "instant"),
    [
        ("2013-11-03", over("2013-11-03")),
        ("2014-03-01", replay.LATEST_CLOCK),
        ("2012-03-01", replay.EARLIEST_CLOCK),
    ],
)
def test_a_past_day_is_asked_for_when_all_its_flights_are_over_as_far_as_the_replay_goes(unchanged, day, instant):
    assert [parse_utc(text) for text in unchanged.past_instants(day, None)] == [instant]


def test_a_producer_says_at_once_that_the_replay_is_down(own):
    own.replay.stop()
    begun = time.monotonic()
    done = aviation(own.home, "produce", "flights")
    assert time.monotonic() - begun < 60  # its retries would end after 240 s
    assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1), done.stderr
    assert "nothing listens there: start the local stack with 'aviation up'" in done.stderr


def test_up_brings_a_replay_back_with_another_day_and_a_move_to_another_port_keeps_its_clock(own):
    own.replay.stop()
    day, before = "2013-08-01", own.read_state()
    assert aviation(own.home, "up", "--day", day).returncode == 0
    assert own.read_state() == dataclasses.replace(before, day=day)
    own.clock(datetime(2013, 8, 1, 15, tzinfo=UTC))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    assert aviation(own.home, "up", "--replay-port", str(port)).returncode == 0
    assert own.read_state().replay_url == f"http://127.0.0.1:{port}/v1"
    moved = replay.state(own.read_state().replay_url)
    assert (moved["day"], moved["clock"]) == (day, f"{day}T15:00:00Z")


def test_the_board_runs_beside_the_stack_and_follows_it_to_another_port(own, busy):
    state = own.read_state()
    assert own.board.url == f"http://127.0.0.1:{state.board_port}/"
    assert requests.get(own.board.url, timeout=30).status_code == 200
    assert f"board: {own.board.url}" in aviation(own.home, "status").stdout
    told = aviation(own.home, "board")
    assert (told.returncode, own.board.url in told.stdout) == (0, True)
    before = own.board.process.running().pid
    done = aviation(own.home, "up")
    assert f"the board at {own.board.url}" in done.stdout
    assert own.board.process.running().pid == before
    refused = aviation(own.home, "up", "--board-port", busy)
    assert "give another one with --board-port" in refused.stderr
    assert own.board.process.running().pid == before
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    done = aviation(own.home, "up", "--board-port", str(port))
    assert f"the board at http://127.0.0.1:{port}/" in done.stdout
    assert requests.get(f"http://127.0.0.1:{port}/data", timeout=30).status_code == 200
    assert own.board.process.running().pid != before


def test_down_ends_the_board_although_a_page_is_open(own):
    stream = requests.get(f"{own.board.url}events", stream=True, timeout=30)
    lines = stream.iter_lines()
    assert next(lines) == b"retry: 2000"
    begun = time.monotonic()
    assert aviation(own.home, "down").returncode == 0
    assert time.monotonic() - begun < 20
    assert own.board.process.family() == []
    assert own.board.url is None


def test_a_stack_that_polls_an_api_goes_on_with_it_until_its_data_is_deleted():
    real = State(day="2013-07-11").polling(None, "https://api.aviationstack.com/v1", None)
    assert (real.api_url, real.plan) == ("https://api.aviationstack.com/v1", "basic")
    assert real.polling(None, None, None) == real
    other = real.polling(None, "https://other.example/v1", "professional")
    assert (other.api_url, other.plan) == ("https://other.example/v1", "professional")
    with pytest.raises(ParameterError, match=r"'aviation up --day 2013-07-12 --purge' deletes them first"):
        real.polling("2013-07-12", None, None)
    assert State().polling("2013-07-12", None, None) == State(day="2013-07-12")


def test_up_goes_back_to_the_api_that_it_polled_with_the_key_that_the_stack_holds(tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_HOME", str(tmp_path))
    nowhere = "http://127.0.0.1:1/v1"
    try:
        command = [sys.executable, "-m", "aviation", "up", "--api-url", nowhere]
        environment = os.environ | {"AVIATION_HOME": str(tmp_path), "AVIATIONSTACK_ACCESS_KEY": "a-key-of-nobody"}
        first = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
        assert first.returncode == 0, first.stderr
        again = aviation(tmp_path, "up")
        assert again.returncode == 0, again.stderr
        local = LocalStack(ROOT, tmp_path)
        assert local.read_state().api_url == nowhere
        assert not local.replay.running()
        refused = aviation(tmp_path, "up", "--day", "2013-07-11")
        assert refused.returncode == 2
        assert f"this stack has the flights of {nowhere}" in refused.stderr
        without_key = aviation(tmp_path, "up", "--api-url", nowhere, "--purge")
        assert f"{nowhere} needs a key" in without_key.stderr
        assert local.emulator.running()
    finally:
        LocalStack(ROOT, tmp_path).down(purge=True)


def test_a_damaged_file_of_state_is_told_and_not_written_over(tmp_path):
    local = LocalStack(ROOT, tmp_path)
    try:
        assert aviation(tmp_path, "up").returncode == 0
        assert aviation(tmp_path, "down").returncode == 0
        file = tmp_path / "ministack/state/glue.json"
        whole = file.read_text()
        file.write_text("x{")
        refused = aviation(tmp_path, "up")
        assert refused.returncode == 1
        assert refused.stderr.strip().splitlines()[-1] == (
            f"aviation: {file} is damaged: put a copy of it back, or delete all data of the stack with "
            "'aviation up --purge'"
        )
        assert file.read_text() == "x{"
        file.write_text(whole)
        assert aviation(tmp_path, "up").returncode == 0
    finally:
        local.down(purge=True)
