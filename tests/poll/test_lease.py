"""One poll of an entity at a time, by conditional writes to a real S3."""

import json
import logging
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from aviation import aws
from aviation.errors import LeaseError
from aviation.poll import lease
from aviation.poll.watch import Seen

SEEN = {"departures from JFK on 2026-06-15": Seen(400, 12, datetime(2026, 6, 15, 16, tzinfo=UTC), "2026-06-15")}


def kept(stack) -> dict:
    return json.loads(stack.s3.get_object(Bucket=stack.bucket, Key=lease.key("flights"))["Body"].read())


def test_what_a_poll_saw_is_told_to_the_next(producer_stack):
    with lease.held("flights", "run-1", 60) as held:
        assert held.seen == {}
        held.seen = SEEN
    with lease.held("flights", "run-2", 60) as held:
        assert held.seen == lease.seen("flights") == SEEN
    assert kept(producer_stack)["held_until"] is None


def test_before_the_first_poll_nothing_was_seen(producer_stack):
    assert lease.seen("flights") == {}


def test_a_poll_that_fails_gives_the_lease_back_and_keeps_what_was_seen(producer_stack):
    with pytest.raises(ZeroDivisionError), lease.held("flights", "run-1", 60) as held:
        held.seen = SEEN
        _ = 1 / 0
    with lease.held("flights", "run-2", 60, wait_seconds=0) as held:
        assert held.seen == SEEN


def test_two_polls_of_one_entity_never_overlap(producer_stack, monkeypatch):
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.01)
    inside, most = [], []

    def poll(name: str) -> None:
        with lease.held("flights", name, 60):
            inside.append(name)
            most.append(len(inside))
            time.sleep(0.05)
            inside.remove(name)

    threads = [threading.Thread(target=poll, args=(f"run-{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 6


def test_another_entity_is_polled_beside_it(producer_stack):
    with lease.held("flights", "run-1", 60), lease.held("cities", "run-2", 60, wait_seconds=0):
        pass


def test_a_poll_that_does_not_end_is_an_error_that_names_it_and_says_until_when(producer_stack):
    with (
        lease.held("flights", "run-1", 60),
        pytest.raises(LeaseError, match=r"run run-1 is still polling; nothing was asked: .*20\d\d-.*Z"),
        lease.held("flights", "run-2", 60, wait_seconds=0),
    ):
        pass


def test_the_lease_of_a_killed_poll_ends_by_itself(producer_stack, caplog):
    later = datetime.now(UTC) + timedelta(seconds=61)
    caplog.set_level(logging.WARNING)
    with lease.held("flights", "killed", 60), lease.held("flights", "run-2", 60, wait_seconds=0, now=lambda: later):
        pass
    # The first one still ended, after all: what the second kept is not overwritten.
    assert kept(producer_stack)["run_id"] == "run-2"
    assert "another poll has taken it" in caplog.text


def test_an_object_that_holds_something_else_is_made_anew(producer_stack):
    producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=lease.key("flights"), Body=b"[]")
    with lease.held("flights", "run-1", 60) as held:
        assert held.seen == {}


def test_a_write_whose_answer_was_lost_is_ones_own(producer_stack, monkeypatch):
    """boto3 sends it again, and S3 says that the object has changed since: by the write itself."""
    client = aws.client("s3")
    put = client.put_object

    def twice(**request):
        if request.get("IfMatch"):
            put(**request)
        return put(**request)

    monkeypatch.setattr(client, "put_object", twice)
    monkeypatch.setattr(aws, "client", lambda service: client)
    monkeypatch.setattr(lease, "LOOK_SECONDS", 0.01)
    with lease.held("flights", "run-1", 60, wait_seconds=0) as held:
        held.seen = SEEN
    assert kept(producer_stack)["held_until"] is None
