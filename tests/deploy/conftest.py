"""A stack of a test's own, in the emulator or of answers that are given."""

import itertools

import boto3
import pytest
from botocore.stub import Stubber

from aviation import aws, places
from aviation.deploy import events
from support.life import Call, Life

numbers = itertools.count()


@pytest.fixture
def life(stack, monkeypatch, caplog):
    """A stack that is not there yet, and that is gone with its buckets when the test is over."""
    # Put back at the end: naming a stack makes this process work with it.
    monkeypatch.setenv("AVIATION_STACK", "")
    life = Life(f"life{next(numbers)}", caplog)
    yield life
    places.stack_outputs.cache_clear()
    if life.status() or life.buckets():
        life.destroy(*life.buckets())


@pytest.fixture
def answers(monkeypatch):
    """Gives each service's calls their answers, in order: a function of the service's name and the calls."""
    stubs: dict[str, Stubber] = {}
    monkeypatch.setattr(aws, "client", lambda service, **_: stubs[service].client)
    monkeypatch.setattr(events.time, "sleep", lambda seconds: None)

    def answer(service: str, calls: list[Call]) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        stub = stubs[service] = Stubber(boto3.client(service, region_name="us-east-1", **keys))
        for operation, reply, expected in calls:
            if isinstance(reply, str):
                code, _, message = reply.rpartition(": ")
                stub.add_client_error(operation, code or "ValidationError", message, expected_params=expected)
            else:
                stub.add_response(operation, reply, expected)
        stub.activate()

    yield answer
    for stub in stubs.values():
        stub.assert_no_pending_responses()
