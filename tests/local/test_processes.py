"""Background processes: what their pid files say, and that none is left behind."""

import json
import os
import sys

import psutil
import pytest

from aviation.errors import StackError
from aviation.local.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]
PARENT = [sys.executable, "-c", f"import subprocess; subprocess.run({SLEEP!r})"]


def children() -> set[int]:
    return {child.pid for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE}


@pytest.mark.parametrize(
    "content",
    ["", "12", "[]", "null", "{}", *(json.dumps({"pid": pid, "started": 1}) for pid in ("x", -1, 1e99, 2**70, [1]))],
)
def test_a_pid_file_that_says_something_else_is_no_process(tmp_path, content):
    process = Process(tmp_path, "any")
    process.pid_file.write_text(content)
    assert process.running() is None
    assert process.stop() is False
    assert not process.pid_file.exists()


def test_a_process_runs_until_it_is_stopped(tmp_path):
    process = Process(tmp_path, "any")
    process.start(SLEEP, {}, None)
    assert process.running()
    assert process.stop() is True
    assert process.running() is None


def test_a_process_that_shows_no_environment_yet_is_stopped(tmp_path, monkeypatch):
    process = Process(tmp_path, "any")
    process.start(SLEEP, {}, None)
    monkeypatch.setattr(psutil.Process, "environ", lambda self: {})
    assert process.stop() is True
    assert process.running() is None


@pytest.mark.parametrize("content", [None, "", "{", json.dumps({"pid": 1, "started": 1})])
def test_a_process_of_which_the_pid_file_does_not_tell_is_found_and_stopped(tmp_path, content, caplog):
    process, before = Process(tmp_path, "any"), children()
    process.start(PARENT, {}, None)
    process.pid_file.unlink()
    if content is not None:
        process.pid_file.write_text(content)
    assert process.stop() is True
    assert children() == before
    assert f"any ran although {process.pid_file} did not tell" in caplog.text
    assert process.stop() is False


def test_a_process_of_another_stack_is_let_be(tmp_path):
    own, other = Process(tmp_path / "own", "any"), Process(tmp_path / "other", "any")
    other.start(SLEEP, {}, None)
    try:
        assert own.stop() is False
        assert other.running()
    finally:
        assert other.stop()


def test_a_process_is_not_left_behind_where_the_disk_is_full(tmp_path):
    process, before = Process(tmp_path, "any"), children()
    # What is written to /dev/full finds no space left.
    (tmp_path / f"any.pid.{os.getpid()}.partial").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left on device"):
        process.start(SLEEP, {}, None)
    assert children() == before
    assert not [file for file in tmp_path.iterdir() if file.is_file()]
    process.start(SLEEP, {}, None)
    assert process.stop()


def test_a_process_whose_pid_file_cannot_be_written_is_not_left_behind(tmp_path):
    process, before = Process(tmp_path, "any"), children()
    process.pid_file.mkdir()
    with pytest.raises(OSError):
        process.start(SLEEP, {}, None)
    assert children() == before


def test_a_process_that_ends_before_it_answers_is_told_by_its_last_line(tmp_path):
    process, before = Process(tmp_path, "any"), children()
    with pytest.raises(StackError, match="any did not start: no room"):
        process.start([sys.executable, "-c", "raise SystemExit('no room')"], {}, "http://127.0.0.1:1/")
    assert children() == before
    assert process.running() is None


def test_a_process_is_not_left_behind_when_the_wait_for_it_is_interrupted(tmp_path, monkeypatch):
    process, before = Process(tmp_path, "any"), children()

    def interrupt(url: str):
        raise KeyboardInterrupt

    monkeypatch.setattr("aviation.local.processes.answer", interrupt)
    with pytest.raises(KeyboardInterrupt):
        process.start(SLEEP, {}, "http://127.0.0.1:1/")
    assert children() == before
    assert not process.pid_file.exists()
