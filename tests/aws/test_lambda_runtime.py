"""Every function of the template works as Lambda runs it: from the real zip, within its memory, with nothing else."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aviation import aws
from aviation.entities import ENTITIES
from aviation.places import stack_name
from support import ROOT, processed
from support.lambda_runtime import TMP_MIB, Function, InvocationError, deployed, refused, running

pytestmark = pytest.mark.slow

PRODUCERS = {f"{entity.title}Producer": entity.name for entity in ENTITIES.values()}
HANDLERS = """
import multiprocessing, os, time

def looks_around(event, context):
    return {"uid": os.getuid(), "shm": os.path.exists("/dev/shm"), "seen": [p for p in event if os.path.exists(p)],
            "left": context.get_remaining_time_in_millis(), "memory": context.memory_limit_in_mb}

def writes_into_the_task_root(event, context):
    open(os.environ["LAMBDA_TASK_ROOT"] + "/cache", "w")

def shares_memory(event, context):
    multiprocessing.Queue()

def fills_tmp(event, context):
    with open("/tmp/large", "wb") as file:
        for _ in range(event):
            file.write(bytes(2**20))

def takes_memory(event, context):
    len(b"1" * (event * 2**20))

def takes_its_time(event, context):
    time.sleep(event)

def takes_memory_in_a_child(event, context):
    child = multiprocessing.get_context("fork").Process(target=lambda: (b"1" * (event * 2**20), time.sleep(0.5)))
    child.start()
    child.join()
"""
LEFT_BEHIND = """
import sys, time
from pathlib import Path
from support.lambda_runtime import Function, running
task_root, folder = map(Path, sys.argv[1:])
with running(Function("f", "python3.11", "handlers.looks_around", 256, 10), task_root, folder) as run:
    print(run.url.split(":")[2].split("/")[0], flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module", autouse=True)
def possible():
    if said := refused():
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)


@pytest.fixture(scope="module")
def handlers(tmp_path_factory) -> Path:
    """A zip with handlers that do one thing each."""
    folder = tmp_path_factory.mktemp("handlers")
    (folder / "handlers.py").write_text(HANDLERS)
    return folder


@pytest.fixture
def run(handlers, tmp_path):
    """One invocation of one of those handlers."""

    def invoke(handler: str, event=None, memory_mib: int = 256, timeout_seconds: int = 20):
        function = Function(handler, "python3.11", f"handlers.{handler}", memory_mib, timeout_seconds)
        with running(function, handlers, tmp_path / "run") as started:
            return started.invoke(event)

    return invoke


@pytest.fixture(scope="module")
def functions(stack) -> Iterator[dict[str, Function]]:
    """The deployed functions, while the replay's flights are in the air."""
    before = stack.clock()
    stack.clock(datetime(2013, 7, 10, 20, tzinfo=UTC))
    yield deployed()
    stack.clock(before)


def arrived(entity: str):
    """A function that gives the lines that reach the entity's stream from now on, parsed."""
    kinesis, stream = aws.client("kinesis"), f"{stack_name()}-{entity}"
    iterators = {}
    for shard in (item["ShardId"] for item in kinesis.list_shards(StreamName=stream)["Shards"]):
        place = {"StreamName": stream, "ShardId": shard, "ShardIteratorType": "LATEST"}
        iterators[shard] = kinesis.get_shard_iterator(**place)["ShardIterator"]

    def read() -> list[dict]:
        lines = []
        for shard in iterators:
            while (answer := kinesis.get_records(ShardIterator=iterators[shard]))["Records"]:
                lines += [json.loads(line) for record in answer["Records"] for line in record["Data"].splitlines()]
                iterators[shard] = answer["NextShardIterator"]
        return lines

    return read


def test_these_are_all_the_functions_of_the_template(functions):
    resources = processed.template()["Resources"]
    declared = {name: body["Properties"] for name, body in resources.items() if body["Type"] == "AWS::Lambda::Function"}
    assert {*PRODUCERS, "Alerts"} == set(functions) == set(declared)
    for name, properties in declared.items():
        function = functions[name]
        assert (function.handler, function.runtime) == (properties["Handler"], properties["Runtime"])
        assert set(function.variables) == set(properties["Environment"]["Variables"])


@pytest.mark.parametrize("name", PRODUCERS)
def test_a_producer_sends_what_it_polled_cold_and_warm(functions, task_root, tmp_path, name):
    function, read = functions[name], arrived(PRODUCERS[name])
    with running(function, task_root, tmp_path / "run") as run:
        records = [run.invoke(function.event) for _ in ("cold", "warm")]
    for record in records:
        assert (record["job"], record["status"]) == (f"producer/{PRODUCERS[name]}", "ok")
        assert record["counts"]["records"] > 0
    lines = read()
    assert len(lines) == sum(record["counts"]["records"] for record in records)
    assert {line["run_id"] for line in lines} == {record["run_id"] for record in records}
    assert 50 < run.memory_mib <= function.memory_mib
    assert 0 < run.tmp_mib < TMP_MIB


def test_the_alerts_answer_for_each_watch_cold_and_warm(functions, task_root, tmp_path):
    # Of a database without tables: the emulator's Athena reads no Iceberg, and other tests may have loaded the stack's.
    aws.client("glue").create_database(DatabaseInput={"Name": "nothing_loaded"})
    alerts = functions["Alerts"]
    function = replace(alerts, variables=alerts.variables | {"AVIATION_DATABASE": "nothing_loaded"})
    with running(function, task_root, tmp_path / "run") as run:
        answers = [run.invoke(function.event) for _ in ("cold", "warm")]
    watches = sorted(f"alerts/{file.stem}" for file in (ROOT / "parameters/alerts").glob("*.yaml"))
    for records in answers:
        assert sorted(record["job"] for record in records) == watches
        assert {record["status"] for record in records} == {"ok"}
    assert 50 < run.memory_mib <= function.memory_mib
    assert 0 < run.tmp_mib < TMP_MIB


@pytest.mark.parametrize("package", ["papermill", "zmq", "aviation/poll"])
def test_a_package_that_the_zip_lacks_is_found_nowhere_else(functions, task_root, tmp_path, package):
    shutil.copytree(task_root, tmp_path / "task", copy_function=os.link)
    shutil.rmtree(tmp_path / "task" / package)
    function = functions["AircraftTypesProducer"]
    with (
        running(function, tmp_path / "task", tmp_path / "run") as run,
        pytest.raises(InvocationError, match=f"No module named '{package.replace('/', '.')}"),
    ):
        run.invoke(function.event)


def test_a_function_is_an_ordinary_user_and_sees_nothing_of_this_machine(run):
    here = [str(ROOT), sys.prefix, str(Path.home()), "/var/task/handlers.py", "/var/runtime/boto3", "/tmp"]
    seen = run("looks_around", here)
    assert seen["uid"] == 993
    assert seen["shm"] is False
    assert seen["seen"] == ["/var/task/handlers.py", "/var/runtime/boto3", "/tmp"]
    assert 10_000 < seen["left"] <= 20_000
    assert seen["memory"] == "256"


@pytest.mark.parametrize(
    ("handler", "event", "message"),
    [
        ("writes_into_the_task_root", None, "Read-only file system: '/var/task/cache'"),
        ("shares_memory", None, "FileNotFoundError|OSError: .*Function not implemented"),
        ("fills_tmp", TMP_MIB + 1, "No space left on device"),
        ("takes_memory", 300, r"used 3\d\d MiB and has 256"),
        ("takes_memory_in_a_child", 300, r"used 3\d\d MiB and has 256"),
        ("is_not_there", None, "Runtime.HandlerNotFound"),
    ],
)
def test_what_lambda_does_not_allow_fails_here_too(run, handler, event, message):
    with pytest.raises(InvocationError, match=message):
        run(handler, event)


@pytest.mark.parametrize(("handler", "event"), [("fills_tmp", TMP_MIB - 1), ("takes_memory", 100)])
def test_what_lambda_allows_works_here_too(run, handler, event):
    assert run(handler, event) is None


def test_a_function_that_takes_too_long_is_stopped(run):
    with pytest.raises(InvocationError, match=r"Task timed out after 1\.00 seconds"):
        run("takes_its_time", 30, timeout_seconds=1)


def test_a_function_ends_with_what_started_it(handlers, tmp_path):
    command = [sys.executable, "-c", LEFT_BEHIND, handlers, tmp_path / "run"]
    environment = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        address = ("127.0.0.1", int(process.stdout.readline()))
        socket.create_connection(address).close()
        process.send_signal(signal.SIGKILL)
    for _ in range(100):
        try:
            socket.create_connection(address).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.05)
    pytest.fail("the function still listens")
