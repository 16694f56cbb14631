"""How a command ends where nothing is up, or a person stops it: one line that says what to do, and an exit code."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aviation import aws
from aviation.report import RunRecord
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


def interrupt(process: subprocess.Popen, when: Path) -> None:
    """What Ctrl-C does, once the file is there."""
    deadline = time.monotonic() + 60
    while not when.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)


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


def test_ctrl_c_ends_a_run_in_one_line_and_its_record_is_kept(producer_stack, tmp_path):
    begun = tmp_path / "begun"
    slow = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)"
    process = started("run", str(job_notebook(tmp_path, slow)), **producer_stack.environment)
    interrupt(process, begun)
    code, line = ended(process)
    assert code == 130
    assert line.startswith("aviation: interrupted: job.ipynb, run ")
    assert line.endswith("; run the same command again")
    s3, bucket = aws.client("s3"), producer_stack.bucket
    [key] = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket)["Contents"] if item["Key"].endswith(".json")]
    record = RunRecord.from_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (record.status, record.error, record.run_id in line) == ("failed", "interrupted", True)
