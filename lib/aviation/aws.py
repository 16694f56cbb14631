"""Makes AWS clients, and says with which keys. boto3 itself follows AWS_ENDPOINT_URL to the local stack."""

import os
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import NoRegionError

from aviation import home
from aviation.errors import PlaceError

CONFIG = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, user_agent_extra="aviation")


def client(service: str, **options: Any) -> Any:
    """A boto3 client of `service` for the stack in use; `options` are botocore's Config. PlaceError where no region is
    known."""
    home.load_environment()
    _follow_environment()
    try:
        return boto3.client(service, config=CONFIG.merge(Config(**options)))
    except NoRegionError:
        raise PlaceError(home.no_stack()) from None


@dataclass(frozen=True)
class Access:
    """Keys of AWS as they are for now, and the region. `token` is empty for keys that do not end."""

    key_id: str
    secret: str = field(repr=False)
    token: str = field(repr=False)
    region: str


def access() -> Access:
    """The keys with which `client` asks. PlaceError where there are none, or no region is known."""
    home.load_environment()
    _follow_environment()
    session = boto3.DEFAULT_SESSION or boto3.Session()
    found = session.get_credentials()
    if not found or not session.region_name:
        raise PlaceError(home.no_stack())
    keys = found.get_frozen_credentials()
    return Access(keys.access_key, keys.secret_key, keys.token or "", session.region_name)


def _follow_environment() -> None:
    """boto3 keeps the keys that its first client found in the environment; each local stack has keys of its own."""
    session, key_id = boto3.DEFAULT_SESSION, os.environ.get("AWS_ACCESS_KEY_ID")
    found = session.get_credentials() if session and key_id else None
    if found and found.method == "env" and found.access_key != key_id:
        boto3.setup_default_session()
