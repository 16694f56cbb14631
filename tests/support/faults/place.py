"""A stack of a day's own, whose functions and loads reach AWS and the flight API through fault proxies alone."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil

from aviation import aws, home, places
from aviation.local.driver import WarmDriver
from aviation.local.load import configure_spark
from aviation.local.processes import Process
from aviation.poll import lease
from support import ROOT
from support.faults.proxy import proxy
from support.faults.raw import Objects
from support.faults.windows import Faults

PROGRAM = (sys.executable, "-m", "aviation")
COMMAND_SECONDS = 300


class Place:
    """The stack of a state folder below `folder`. `key` is the API's; `load` the load that runs."""

    def __init__(self, folder: Path, faults: Faults, key: str):
        self.home, self.scratch = folder / "home", folder / "scratch"
        self.faults, self.key = faults, key
        self.driver = WarmDriver(self.home)
        self.load: psutil.Process | None = None
        self.direct: dict[str, str] = {}
        self.through: dict[str, str] = {}
        self.scratch.mkdir(parents=True)

    @contextmanager
    def running(self, day: str) -> Iterator[None]:
        """The stack is up for the day (ISO), and in use by this process; afterwards it is down."""
        before = dict(os.environ)
        plain = {name: text for name, text in before.items() if not name.startswith(("AVIATION", "AWS_"))}
        self.direct = plain | {"AVIATION_HOME": str(self.home), "TMPDIR": str(self.scratch)}
        try:
            with ExitStack() as proxies:
                self.up("--day", day)
                lines = (self.home / home.ENVIRONMENT).read_text().splitlines()
                self.direct |= dict(line.partition("=")[::2] for line in lines)
                self.through = self.direct | {
                    name: proxies.enter_context(proxy(self.direct[name], self.faults)) + path
                    for name, path in (("AWS_ENDPOINT_URL", ""), ("AVIATIONSTACK_BASE_URL", "/v1"))
                }
                os.environ.update(self.direct)
                places.stack_outputs.cache_clear()
                self.lead_through()
                yield
        finally:
            self.run("down")
            os.environ.clear()
            os.environ.update(before)

    def up(self, *options: str) -> None:
        """Start what is not running. subprocess.CalledProcessError where that fails."""
        given = self.direct | {"AVIATIONSTACK_ACCESS_KEY": self.key}
        for name in ("AVIATION_STACK", "AWS_ENDPOINT_URL"):  # `up` chooses them
            given.pop(name, None)
        self.run("up", *options, environment=given).check_returncode()

    def lead_through(self) -> None:
        """Have the functions and the loads call through the proxies, the next of them from a warm driver."""
        client = aws.client("lambda")
        for function in client.list_functions()["Functions"]:
            variables = function["Environment"]["Variables"]
            variables |= {name: self.through[name] for name in ("AWS_ENDPOINT_URL", "AVIATIONSTACK_BASE_URL")}
            client.update_function_configuration(
                FunctionName=function["FunctionName"], Environment={"Variables": variables}
            )
        os.environ["AWS_ENDPOINT_URL"] = self.through["AWS_ENDPOINT_URL"]
        try:
            configure_spark()
        finally:
            os.environ["AWS_ENDPOINT_URL"] = self.direct["AWS_ENDPOINT_URL"]
        self.driver.start()

    def mend(self) -> None:
        """Start again what was killed, as a person or the system would, and let a killed poll's lease run out."""
        if not all(Process(self.home, name).running() for name in ("ministack", "replay")):
            self.up()
            self.lead_through()
        for key in (lease.key("flights"), lease.key("cities")):
            where = {"Bucket": places.place("RunsBucket"), "Key": key}
            if found := self.objects(where["Bucket"], key):
                kept = json.loads(found[key]) | {"held_until": None}
                aws.client("s3").put_object(**where, Body=json.dumps(kept).encode())

    def run(self, *arguments: str, environment: dict[str, str] | None = None, **options: Any) -> Any:
        """Run a command of the program; how it ended, with what it printed. It is `load` meanwhile."""
        given = {"env": environment or self.direct, "cwd": ROOT, "text": True, "start_new_session": True, **options}
        command = [*PROGRAM, *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **given) as process:
            self.load = psutil.Process(process.pid)
            try:
                out, err = process.communicate(timeout=COMMAND_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
            finally:
                self.load = None
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def objects(self, bucket: str, prefix: str) -> Objects:
        """The objects below a prefix, unpacked."""
        s3, found = aws.client("s3"), {}
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                content = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
                found[item["Key"]] = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        return found

    def replace(self, before: Objects, after: Objects) -> None:
        """Put raw objects in the place of others."""
        s3, bucket = aws.client("s3"), places.place("RawBucket")
        for key in before.keys() - after.keys():
            s3.delete_object(Bucket=bucket, Key=key)
        for key, content in after.items():
            if before.get(key) != content:
                packed = gzip.compress(content) if key.endswith(".gz") else content
                s3.put_object(Bucket=bucket, Key=key, Body=packed)
