"""The emulator of AWS: MiniStack, as a background process with its data in the state folder."""

import logging
from pathlib import Path

from aviation.errors import StackError
from aviation.local.processes import Process, answers, plain_environment
from aviation.local.state import REGION, State

logger = logging.getLogger(__name__)

PROGRAM = Path(".aviation/emulator/bin/ministack")


def program(root: Path) -> Path:
    """The emulator that `make setup` installed in the checkout `root`; StackError if it did not."""
    file = root / PROGRAM
    if not file.is_file():
        raise StackError(f"the emulator is not installed at {file}: run 'make setup'")
    return file


def is_up(process: Process, state: State) -> bool:
    """Whether it runs, and answers where `state` says."""
    return process.running() is not None and answers(_health(state))


def start(process: Process, state: State, *, root: Path, data: Path) -> None:
    """Start it on the port of `state`, with its data in `data`, and wait until it answers."""
    process.stop()
    (data / "tmp").mkdir(parents=True, exist_ok=True)
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
    )
    logger.info("up: starting the AWS emulator at %s", state.endpoint)
    process.start([str(program(root))], environment, _health(state))


def _health(state: State) -> str:
    return f"{state.endpoint}/_ministack/health"
