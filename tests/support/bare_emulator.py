"""An emulator of AWS with nothing in it."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import boto3
from botocore.config import Config

from aviation.local.emulator import start
from aviation.local.processes import Process, choose_port
from aviation.local.state import REGION, State
from support import ROOT


def process(folder: Path) -> Process:
    """The emulator whose state folder is `folder`."""
    return Process(folder, "ministack")


def clients(environment: dict[str, str], *services: str) -> dict:
    """Clients of it by their service, which try a call once."""
    session = boto3.Session(environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
    once = Config(retries={"total_max_attempts": 1}, read_timeout=10)
    return {name: session.client(name, endpoint_url=environment["AWS_ENDPOINT_URL"], config=once) for name in services}


@contextlib.contextmanager
def started_emulator(folder: Path) -> Iterator[dict[str, str]]:
    """An emulator with nothing in it, behind its guard, with `folder` as its state folder; what reaches it."""
    state = State(emulator_port=choose_port(None, None, ""))
    start(process(folder), state, root=ROOT, folder=folder)
    try:
        yield {name: value for name, value in state.environment(folder).items() if name.startswith("AWS_")}
    finally:
        process(folder).stop()
