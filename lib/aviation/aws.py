"""The one place that makes AWS clients. boto3 itself follows AWS_ENDPOINT_URL to the local stack."""

import os
from pathlib import Path

import boto3
from botocore.config import Config

CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, user_agent_extra="aviation")


def home() -> Path:
    """The folder of all local state: AVIATION_HOME, else `.aviation` beside the nearest Makefile upwards."""
    if given := os.environ.get("AVIATION_HOME"):
        return Path(given)
    here = Path.cwd()
    root = next((folder for folder in (here, *here.parents) if (folder / "infra/cloudformation.yaml").is_file()), here)
    return root / ".aviation"


def load_environment() -> None:
    """Take what the local stack wrote to `<home>/env` into this process, unless a stack was already chosen."""
    if "AVIATION_STACK" in os.environ or not (file := home() / "env").is_file():
        return
    for line in file.read_text().splitlines():
        name, _, value = line.partition("=")
        os.environ.setdefault(name, value)


def client(service: str, **options):
    """A boto3 client of `service` for the stack in use."""
    load_environment()
    return boto3.client(service, config=CONFIG.merge(Config(**options)))
