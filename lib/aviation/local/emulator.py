"""The emulator of AWS: MiniStack behind a guard, as a background process with its data in the state folder."""

import contextlib
import json
import logging
import os
import shutil
from pathlib import Path

from aviation import aws
from aviation.errors import StackError
from aviation.local import access
from aviation.local.guard import FINGERPRINT, HEALTH
from aviation.local.processes import Process, answer, plain_environment
from aviation.local.state import REGION, State, damaged
from aviation.words import counted

logger = logging.getLogger(__name__)

PYTHON = Path(".aviation/emulator/bin/python")
PROGRAM = Path(__file__).with_name("guarded.py")
MOST_CHECKED = 50_000_000
"""A file of more bytes is not read twice at a start: records of streams take gigabytes."""


def python(root: Path) -> Path:
    """The Python with the emulator that `make setup` installed in the checkout `root`; StackError if it did not."""
    file = root / PYTHON
    if not file.is_file():
        raise StackError(f"the emulator is not installed at {file.parent}: run 'make setup'")
    return file


def is_up(process: Process, state: State, folder: Path) -> bool:
    """Whether it runs, answers where `state` says, and asks for the access key of the state folder `folder`."""
    if not process.running():
        return False
    answered = answer(_health(state))
    return answered is not None and answered.headers.get(FINGERPRINT) == access.access_key(folder).fingerprint


def start(process: Process, state: State, *, root: Path, folder: Path) -> None:
    """Start it on the port of `state`, with its data in the state folder `folder`, and wait until it answers.

    StackError where what it kept of a service cannot be read.
    """
    process.stop()
    data = folder / "ministack"
    _check(data / "state")
    shutil.rmtree(data / "tmp", ignore_errors=True)  # the unpacked functions of one that was killed
    _mend(data / "s3")
    (data / "tmp").mkdir(parents=True)
    data.chmod(0o700)  # the emulator keeps the API's key there, in a file that anyone could read
    # By default MiniStack listens on every interface, and its Lambdas inherit what it was started with.
    environment = plain_environment(
        HOME=str(data / "tmp"),
        TMPDIR=str(data / "tmp"),
        BIND_HOST="127.0.0.1",
        IOT_MTLS_ENABLED="0",
        GATEWAY_PORT=str(state.emulator_port),
        S3_PERSIST="1",
        S3_DATA_DIR=str(data / "s3"),
        PERSIST_STATE="1",
        STATE_DIR=str(data / "state"),
        MINISTACK_REGION=REGION,
        LOG_LEVEL="WARNING",
        **access.access_key(folder).environment,
    )
    logger.info("up: starting the AWS emulator at %s", state.endpoint)
    process.start([str(python(root)), "-P", str(PROGRAM)], environment, _health(state))


def holds(folder: Path) -> str:
    """How many tables and objects the emulator of this process's environment has, in words."""
    glue = aws.client("glue")
    databases = [database["Name"] for database in glue.get_databases()["DatabaseList"]]
    pages = [page for name in databases for page in glue.get_paginator("get_tables").paginate(DatabaseName=name)]
    tables = sum(len(page["TableList"]) for page in pages)
    files = (file for file in (folder / "ministack/s3").rglob("*") if file.is_file())
    objects = sum(not file.name.endswith(".meta.json") for file in files)
    return f"{counted(tables, 'table')}, {counted(objects, 'object')}"


def _health(state: State) -> str:
    return f"{state.endpoint}{HEALTH}"


def _check(folder: Path) -> None:
    """StackError where a file of state is damaged: the emulator would begin without it, and write over it."""
    for file in sorted(folder.glob("*.json")):
        if file.stat().st_size > MOST_CHECKED:
            continue
        try:
            json.loads(file.read_bytes())
        except (ValueError, RecursionError):
            raise damaged(file) from None


def _mend(folder: Path) -> None:
    """Make whole what a kill left of S3's objects: an object is written first, what is said of it after."""
    for file in folder.rglob("*.tmp"):
        file.unlink()
    for said in folder.rglob("*.meta.json"):
        file = said.with_name(said.name.removesuffix(".meta.json"))
        with contextlib.suppress(FileNotFoundError, ValueError):
            if file.stat().st_mtime_ns > said.stat().st_mtime_ns:
                about = json.loads(said.read_text()) | {"size": None, "etag": None, "checksums": {}}
                said.write_text(json.dumps(about))
                os.utime(said)
