"""The one place that makes AWS clients. boto3 itself follows AWS_ENDPOINT_URL to the local stack."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    import pandas

CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, user_agent_extra="aviation")


def home() -> Path:
    """The folder of all local state: AVIATION_HOME, else `.aviation` of the checkout."""
    if given := os.environ.get("AVIATION_HOME"):
        return Path(given)
    return root() / ".aviation"


def root() -> Path:
    """The checkout that this process works in: the nearest folder upwards that has the template."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "infra/cloudformation.yaml").is_file():
            return folder
    return here


def load_environment() -> None:
    """Take what the local stack wrote to `<home>/env` into this process, unless a stack was already chosen."""
    if "AVIATION_STACK" in os.environ or not (file := home() / "env").is_file():
        return
    use_environment(dict(line.partition("=")[::2] for line in file.read_text().splitlines()))


def use_environment(environment: dict[str, str]) -> None:
    """Work with the stack that `environment` reaches, whatever account the caller's shell was set up for."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(environment)


def use_stack(name: str) -> None:
    """Work with the deployed stack of this name, in the account and region of the caller's shell: the local stack's
    environment stays out of this process."""
    os.environ["AVIATION_STACK"] = name


def is_local() -> bool:
    """Whether the stack in use is the one on this machine."""
    load_environment()
    return os.environ.get("AVIATION_LOCAL") == "1"


def client(service: str, **options):
    """A boto3 client of `service` for the stack in use; `options` are botocore's Config."""
    load_environment()
    return boto3.client(service, config=CONFIG.merge(Config(**options)))


def query_engine() -> "Callable[[str], pandas.DataFrame]":
    """What runs Athena's SQL for the stack in use: Athena, or DuckDB over the same tables."""
    if is_local():
        from aviation.local.duck import run

        return run
    from aviation.query import athena

    return athena


def row_engine() -> Callable[[str], list[dict]]:
    """What runs Athena's SQL and answers with rows, null as None: without pandas on AWS, for a Lambda has none."""
    if is_local():
        from aviation.local.duck import rows

        return rows
    from aviation.athena_rows import run

    return run


def alerts_file() -> Path | None:
    """The file that alerts are kept in beside the topic, a line of JSON each; None on AWS."""
    return home() / "alerts.jsonl" if is_local() else None


def api_clock() -> AbstractContextManager[Callable[[str], None]]:
    """What is called with a past day (ISO) before it is polled. The replay's clock is turned past the day, and at the
    end to where it was; the real API needs nothing, for past days are over."""
    if is_local():
        from aviation.local.stack import LocalStack

        return LocalStack(root()).past_days()
    return nullcontext(lambda day: None)


def load_runner() -> Callable[[dict], dict]:
    """What runs the load job of the stack in use, with its choices as parameters, and returns the run record:
    Glue, or the job's own notebook on this machine's Spark."""
    if is_local():
        from aviation.local.jobs import run_load

        return run_load
    from aviation.jobs import run_glue_load

    return run_glue_load
