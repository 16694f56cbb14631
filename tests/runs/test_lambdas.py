"""The built zip, run as Lambda runs it: unpacked, in an interpreter that has boto3 and nothing else of ours."""

import json
import os
import subprocess

import pytest

from aviation.errors import ParameterError
from aviation.runs.lambdas import bounded, handler
from support import ROOT
from support.stand_in import KEY

PYTHON = ROOT / ".aviation/emulator/bin/python"
ROWS = [{"plane_type_id": str(number)} for number in range(3)]
INVOKE = """
import json, sys
from aviation.runs.lambdas import handler
class Context:
    def get_remaining_time_in_millis(self):
        return 100_000
print("RESULT", json.dumps(handler(json.loads(sys.argv[1]), Context())))
"""


@pytest.fixture
def invoke(producer_stack, task_root, tmp_path):
    def run(event: dict) -> subprocess.CompletedProcess:
        environment = producer_stack.environment | {
            "AVIATION_ENTITY": "aircraft_types",
            "LAMBDA_TASK_ROOT": str(task_root),
        }
        environment |= {"PATH": os.environ["PATH"], "HOME": "/not/writable", "TMPDIR": str(tmp_path)}
        del environment["AVIATION_HOME"]
        command = [PYTHON, "-B", "-c", INVOKE, json.dumps(event)]
        return subprocess.run(command, env=environment, cwd=task_root, capture_output=True, text=True, check=False)

    return run


def records(producer_stack) -> list[dict]:
    s3, bucket = producer_stack.s3, producer_stack.bucket
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="producer/").get("Contents", [])]
    bodies = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys if key.endswith(".json")]
    return [json.loads(body) for body in bodies]


def test_an_event_without_parameters_runs_the_producer_of_the_functions_entity(
    producer_stack, put_key, stand_in, invoke, sent
):
    stand_in.records = ROWS
    done = invoke({})
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.rpartition("RESULT ")[2])
    assert (record["job"], record["status"], record["counts"]["records"]) == ("producer/aircraft_types", "ok", 3)
    # The file's choices, and its deadline cut to what the function has left.
    assert record["parameters"]["max_calls"] == 10
    assert 1 <= record["parameters"]["deadline_seconds"] <= 50
    assert [line["record"] for line in sent("aircraft_types")] == ROWS
    assert [stored["run_id"] for stored in records(producer_stack)] == [record["run_id"]]
    assert KEY not in done.stdout + done.stderr


def test_a_failing_notebook_fails_the_invocation_and_leaves_its_record(producer_stack, stand_in, invoke):
    done = invoke({"entity": "cities", "parameters": {"max_calls": 2}})
    assert done.returncode == 1
    assert "NotebookError: the flight API's access key is missing" in done.stderr
    [record] = records(producer_stack)
    assert (record["status"], record["job"], record["parameters"]["max_calls"]) == ("failed", "producer/cities", 2)


@pytest.mark.parametrize("event", [{"entity": "airports"}, {"entitty": "flights"}, {}])
def test_an_event_that_does_not_fit_is_refused(event, monkeypatch):
    monkeypatch.delenv("AVIATION_ENTITY", raising=False)
    with pytest.raises(ParameterError):
        handler(event, None)


@pytest.mark.parametrize(("wanted", "left", "given"), [(240, 600, 240), (240, 200, 140), (240, 60, 30), (240, 1, 1)])
def test_the_sweep_ends_before_the_function_does(wanted, left, given):
    assert bounded(wanted, left) == given
