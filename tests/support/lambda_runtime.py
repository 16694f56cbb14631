"""A function of the stack as Lambda runs it: the runtime interface emulator and client of AWS, over the real zip.

The function sees the file system that `lambda_root.sh` makes, of this machine only its loopback, and is an ordinary
user. What Lambda does that cannot be had here: its own kernel and C library, and a share of a CPU by the memory.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from aviation import aws
from aviation.places import stack_name
from support import ROOT

PACKAGES = ROOT / ".aviation/lambda-runtime/lib/python3.11/site-packages"
EMULATOR = PACKAGES / "samcli/local/rapid/aws-lambda-rie-x86_64"
LAMBDA_ROOT = Path(__file__).with_name("lambda_root.sh")
# It ends with what started it, and all that it started with it.
NAMESPACES = ["setpriv", "--pdeathsig", "KILL", "unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork"]
NAMESPACES += ["--kill-child"]
TOOLS = {"PATH": os.pathsep.join(["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"])}
"""Where setpriv, unshare, mount and pivot_root are. The function gets a PATH of its own."""
TMP_MIB = 512
MIB = 2**20
SAMPLE_SECONDS = 0.05
STARTED_SECONDS = 20
MARGIN_SECONDS = 30
"""How much longer than the function's timeout an answer is waited for: the emulator's own tells first."""


class InvocationError(Exception):
    """The function failed, did not answer, or used more than it has."""


@dataclass(frozen=True)
class Function:
    """A function as it was deployed, and the event that the template sends it."""

    name: str
    runtime: str
    handler: str
    memory_mib: int
    timeout_seconds: int
    variables: dict[str, str] = field(default_factory=dict)
    event: Any = None


def refused() -> str:
    """Why functions cannot be run this way on this machine; empty where they can."""
    if not EMULATOR.is_file():
        return "the runtime interface emulator is not installed in .aviation/lambda-runtime: run 'make test-all'"
    with tempfile.TemporaryDirectory() as folder:
        command = _inside(Path(folder), Path(folder), ["true"])
        try:
            done = subprocess.run(command, env=TOOLS, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except FileNotFoundError:
            return "util-linux's setpriv and unshare are needed, and this machine has not both"
    return f"this machine refuses unprivileged namespaces: {done.stderr.strip()}" if done.returncode else ""


def _inside(root: Path, task: Path, command: list[str]) -> list[str | Path]:
    """A command in the file system of a function: made over the empty folder `root`, with the unpacked zip `task`."""
    return [*NAMESPACES, "sh", LAMBDA_ROOT, root, task, PACKAGES, Path(sys.base_prefix), EMULATOR, *command]


def deployed() -> dict[str, Function]:
    """The stack's functions by their logical ids, with what CloudFormation made of the template's properties."""
    resources = aws.client("cloudformation").describe_stack_resources(StackName=stack_name())["StackResources"]
    made: dict[str, dict[str, str]] = {}
    for item in resources:
        made.setdefault(item["ResourceType"], {})[item["LogicalResourceId"]] = item["PhysicalResourceId"]
    events = dict(_events(made["AWS::Scheduler::Schedule"].values(), made["AWS::Events::Rule"].values()))
    return {logical: _function(name, events) for logical, name in made["AWS::Lambda::Function"].items()}


def _function(name: str, events: dict[str, Any]) -> Function:
    made = aws.client("lambda").get_function_configuration(FunctionName=name)
    return Function(
        name=name,
        runtime=made["Runtime"],
        handler=made["Handler"],
        memory_mib=int(made["MemorySize"]),
        timeout_seconds=int(made["Timeout"]),
        variables=made["Environment"]["Variables"],
        event=events[made["FunctionArn"]],
    )


def _events(schedules: Iterable[str], rules: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """What the schedules and the rules send, each with the ARN of whom they send it to."""
    scheduler, eventbridge = aws.client("scheduler"), aws.client("events")
    for name in schedules:
        target = scheduler.get_schedule(Name=name, GroupName=stack_name())["Target"]
        yield target["Arn"], json.loads(target["Input"])
    for name in rules:
        pattern = json.loads(eventbridge.describe_rule(Name=name)["EventPattern"])
        for target in eventbridge.list_targets_by_rule(Rule=name)["Targets"]:
            yield target["Arn"], _matching(pattern)


def _matching(pattern: Any) -> Any:
    """An event that a rule's pattern matches: of each list of values the first."""
    if isinstance(pattern, dict):
        return {name: _matching(part) for name, part in pattern.items()}
    return pattern[0]


class Running:
    """A function that runs; what it used so far, at most."""

    def __init__(self, function: Function, port: int, emulator: psutil.Process, log: Path) -> None:
        self.function, self.emulator, self.log = function, emulator, log
        self.url = f"http://127.0.0.1:{port}/2015-03-31/functions/function/invocations"
        self.memory_mib = self.tmp_mib = 0.0

    def invoke(self, event: Any) -> Any:
        """What the function answers; InvocationError, with what it said, where that is an error or takes too much."""
        longest = self.function.timeout_seconds + MARGIN_SECONDS
        try:
            answer = requests.post(self.url, data=json.dumps(event), timeout=longest)
        except requests.RequestException as error:
            raise self._failed(str(error)) from None
        self.measure()
        try:
            result = answer.json()
        except ValueError:  # a timeout is told in plain text
            raise self._failed(answer.text) from None
        if answer.status_code != 200 or (isinstance(result, dict) and "errorType" in result):
            raise self._failed(json.dumps(result))
        if self.memory_mib > self.function.memory_mib:
            raise self._failed(f"used {self.memory_mib:.0f} MiB and has {self.function.memory_mib}")
        return result

    def _failed(self, why: str) -> InvocationError:
        return InvocationError(f"{self.function.name}: {why}\n{self.log.read_text()}")

    def measure(self) -> None:
        """Take what it uses now into what it used at most."""
        with suppress(OSError, psutil.Error):
            used = sum(_peak_mib(process.pid) for process in self.emulator.children(recursive=True))
            self.memory_mib = max(self.memory_mib, used)
            disk = os.statvfs(f"/proc/{self.emulator.pid}/root/tmp")
            self.tmp_mib = max(self.tmp_mib, (disk.f_blocks - disk.f_bfree) * disk.f_frsize / MIB)


def _peak_mib(pid: int) -> float:
    """The most that a process ever had in memory. Added up over the processes that live at one time, this is never
    less than the function's peak: it counts twice what two of them share."""
    found = re.search(r"^VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) / 1024 if found else 0.0


@contextmanager
def running(function: Function, task: Path, folder: Path) -> Iterator[Running]:
    """Run a function from the unpacked zip `task` until the block ends; `folder` is scratch space, with its log."""
    (folder / "root").mkdir(parents=True)
    port, api_port = _free_ports()
    addresses = ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
    addresses += ["--runtime-api-address", f"127.0.0.1:{api_port}"]
    inside = [
        "env",
        "PATH=/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
        "/var/rapid/aws-lambda-rie",
        *addresses,
    ]
    inside += [f"/var/lang/bin/{function.runtime}", "-m", "awslambdaric", function.handler]
    command = _inside(folder / "root", task, inside)
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env=_environment(function), stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    ended = threading.Event()
    try:
        _wait_for(process, port, log)
        run = Running(function, port, psutil.Process(process.pid).children()[0], log)
        threading.Thread(target=_keep_measuring, args=(run, ended), daemon=True).start()
        yield run
    finally:
        ended.set()
        process.kill()
        process.wait()


def _keep_measuring(run: Running, ended: threading.Event) -> None:
    while not ended.wait(SAMPLE_SECONDS):
        run.measure()


def _environment(function: Function) -> dict[str, str]:
    """What Lambda sets (its documentation: "Defined runtime environment variables"), what the template sets, and where
    this machine's AWS is."""
    here = {name: os.environ[name] for name in os.environ if name.startswith("AWS_")}
    region = here.get("AWS_DEFAULT_REGION", "us-east-1")
    lambdas = {
        "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/task:/var/task/lib:/opt/lib",
        "PYTHONPATH": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LANG": "en_US.UTF-8",
        "TZ": ":UTC",
        "AWS_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_mib),
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(function.timeout_seconds),
    }
    return here | function.variables | lambdas | TOOLS


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return [one.getsockname()[1], other.getsockname()[1]]


def _wait_for(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + STARTED_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise InvocationError(f"the function did not start: {log.read_text()}")
