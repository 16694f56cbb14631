"""How a command ends where nothing is up, or a person stops it: one line that says what to do, and an exit code."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from aviation import aws
from aviation.report import RunRecord
from aviation.runs import endings
from support import ROOT
from support.notebooks import job_notebook

COMMANDS = (["produce", "flights"], ["load"], ["requeue"], ["status"], ["runs"], ["query", "select 1"], ["retry", "a"])
PLAIN = ("PATH", "HOME", "LANG")


def started(*arguments: str, **environment: str) -> subprocess.Popen:
    """The program, in a process group of its own, as a terminal starts it."""
    kept = {name: os.environ[name] for name in PLAIN if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "aviation", *arguments],
        cwd=ROOT,
        env=kept | {"AWS_CONFIG_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true"} | environment,
        # Whoever runs the tests may ignore it (nohup); a child would, too.
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def ended(process: subprocess.Popen) -> tuple[int, str]:
    """The exit code as a shell gives it, and the line on stderr: there is one and nothing else."""
    output, errors = process.communicate(timeout=120)
    assert not output
    [line] = errors.splitlines()
    return process.returncode if process.returncode >= 0 else 128 - process.returncode, line


def wait_for(file: Path, process: subprocess.Popen) -> None:
    """Wait until the process has made the file."""
    deadline = time.monotonic() + 60
    while not file.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert file.exists()


def slow(folder: Path) -> tuple[Path, Path]:
    """A job that says something and then takes long, and the file that it makes before that."""
    begun = folder / "begun"
    wait = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    return job_notebook(folder, "print('said so far')", wait), begun


def kept(stack) -> dict[str, str]:
    """The run records and executed notebooks in the runs bucket, by suffix."""
    s3, bucket = aws.client("s3"), stack.bucket
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {
        item["Key"].rpartition(".")[2]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode()
        for item in found
    }


@pytest.fixture
def scratch(tmp_path, monkeypatch) -> Path:
    """Where the processes of a test put what is temporary."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_where_nothing_is_up_every_command_says_how_to_start_or_name_a_stack(tmp_path, arguments):
    code, line = ended(started(*arguments, AVIATION_HOME=str(tmp_path)))
    local, deployed = (
        "run 'aviation up' for the local one",
        "set AVIATION_STACK and AWS_DEFAULT_REGION to a deployed one",
    )
    assert (code, line) == (1, f"aviation: no stack is known: {local}, or {deployed}")


def test_a_stack_without_a_region_asks_for_the_region(tmp_path):
    code, line = ended(started("status", "--stack", "mine", AVIATION_HOME=str(tmp_path)))
    assert (code, line) == (1, "aviation: the region of the stack 'mine' is not known: set AWS_DEFAULT_REGION to it")


def test_a_local_stack_that_does_not_answer_is_named_with_its_address(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    names = {"AWS_ENDPOINT_URL": url, "AVIATION_LOCAL": "1", "AVIATION_STACK": "aviation", "AWS_MAX_ATTEMPTS": "1"}
    keys = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    code, line = ended(started("status", AVIATION_HOME=str(tmp_path), **names, **keys))
    assert code == 1
    assert line == f"aviation: the local stack does not answer at {url}: start it with 'aviation up'"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_in_one_line_and_its_record_is_kept(producer_stack, tmp_path, scratch, number):
    job, begun = slow(tmp_path)
    process = started("run", str(job), **producer_stack.environment, TMPDIR=str(scratch))
    wait_for(begun, process)
    os.killpg(process.pid, number)
    code, line = ended(process)
    assert code == 128 + number
    assert line.startswith("aviation: interrupted: job.ipynb, run ")
    assert line.endswith("; run the same command again")
    left = kept(producer_stack)
    record = RunRecord.from_bytes(left["json"].encode())
    reason = "interrupted" if number == signal.SIGINT else f"ended by {number.name}"
    assert (record.status, record.error, record.run_id in line) == ("failed", reason, True)
    assert "said so far" in left["ipynb"]
    assert list(scratch.iterdir()) == []


def test_a_run_whose_notebook_is_killed_leaves_its_record_and_nothing_else(producer_stack, tmp_path, scratch):
    job, begun = slow(tmp_path)
    process = started("run", str(job), **producer_stack.environment, TMPDIR=str(scratch))
    wait_for(begun, process)
    [notebook] = psutil.Process(process.pid).children()
    notebook.kill()
    code, line = ended(process)
    assert (code, "its process died: killed by SIGKILL" in line) == (1, True)
    assert RunRecord.from_bytes(kept(producer_stack)["json"].encode()).status == "failed"
    assert list(scratch.iterdir()) == []


def test_what_a_killed_run_leaves_the_next_one_tidies_up_and_records_nothing_of_it(producer_stack, tmp_path, scratch):
    job, begun = slow(tmp_path)
    process = started("run", str(job), **producer_stack.environment, TMPDIR=str(scratch))
    wait_for(begun, process)
    process.kill()
    process.communicate()
    assert [*scratch.iterdir()]
    assert kept(producer_stack) == {}
    beside = scratch / f"aviation-{os.getpid()}-beside"  # of a run that is under way
    beside.mkdir()
    quick = job_notebook(tmp_path, "number")
    assert started("run", str(quick), **producer_stack.environment, TMPDIR=str(scratch)).wait(60) == 0
    assert list(scratch.iterdir()) == [beside]
    assert RunRecord.from_bytes(kept(producer_stack)["json"].encode()).status == "ok"


def test_a_signal_that_is_ignored_stays_so_and_each_does_afterwards_what_it_did():
    before = [signal.getsignal(number) for number in endings.SIGNALS]
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with endings.noted() as noted:
            signal.raise_signal(signal.SIGHUP)
            assert noted.by is None
            signal.raise_signal(signal.SIGTERM)
            assert noted.by == signal.SIGTERM
    finally:
        signal.signal(signal.SIGHUP, before[1])
    assert [signal.getsignal(number) for number in endings.SIGNALS] == before
