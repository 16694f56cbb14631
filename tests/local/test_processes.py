"""Background processes: what their pid files say, and that none is left behind."""

import json
import sys

import psutil
import pytest

from aviation.errors import StackError
from aviation.local.processes import Process

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


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
