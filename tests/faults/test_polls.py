"""Polls under faults that a seed draws: what the stream acknowledged is on it, and in the end all of it is."""

import json
import random

import pytest

from aviation.errors import AviationError
from aviation.poll import client, producer
from support.faults import plan
from support.faults.proxy import proxy
from support.faults.windows import STRIKE, Faults
from support.notebooks import defaults
from support.raw_lines import changed, records

RECORDS = [changed(records("flights")[0], flight__number=str(number)) for number in range(250)]
TRIES = 10


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def behind_faults(producer_stack, put_key, stand_in, faults, monkeypatch):
    """A producer that reaches API and AWS through the proxies alone."""
    stand_in.records = RECORDS
    monkeypatch.setattr("support.faults.proxy.DRIP_SECONDS", 0.05)
    monkeypatch.setattr(client, "backoff", lambda attempt, base=0.5: 0.01)
    monkeypatch.setattr("aviation.poll.kinesis.backoff", lambda attempt: 0.01)
    with proxy(producer_stack.environment["AWS_ENDPOINT_URL"], faults) as aws, proxy(stand_in.url, faults) as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
        monkeypatch.setenv("AVIATIONSTACK_BASE_URL", f"{api}/v1")
        yield producer_stack


@pytest.mark.parametrize("seed", range(6))
def test_what_was_acknowledged_is_on_the_stream_and_a_poll_that_ends_well_sent_all(seed, behind_faults, faults, sent):
    step = plan.poll(random.Random(seed), "flights", 12, frozenset())
    faults.open([window for window in step.windows if window.kind != STRIKE])
    for _ in range(TRIES):
        try:
            report = poll()
            break
        except AviationError as error:
            assert "\n" not in str(error)
    found = sent("flights")
    told = {json.dumps(json.loads(line), sort_keys=True) for line in faults.acknowledged}
    assert told <= {json.dumps(line, sort_keys=True) for line in found}
    assert report["records"] == len(RECORDS)
    assert {line["record"]["flight"]["number"] for line in found} == {row["flight"]["number"] for row in RECORDS}


def poll():
    given = {"entity": "flights", "watch": {}, "limit": 100, "max_calls": 60, "deadline_seconds": 60}
    return producer.run(producer.resolve(**(defaults("notebooks/producer.ipynb") | given)))
