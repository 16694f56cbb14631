"""What polls bring, loaded: a poll is one observation, however long it takes."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Thread

import pytest

from aviation import replay
from aviation.poll.client import Api
from aviation.poll.collected import Collected
from aviation.poll.sweeping import Sweeping
from aviation.poll.watch import Watch
from aviation.replay.server import Replay
from support.stand_in import KEY

NOON = datetime(2013, 7, 10, 16, tzinfo=UTC)
JETBLUE = Watch(["JFK"], ["B6"])


@pytest.fixture(scope="module")
def served() -> Iterator[Replay]:
    """The replay of the day of storms, whose clock runs half an hour a second."""
    with Replay("2013-07-10", key=KEY, clock=NOON) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        replay.control(server.url, rate=1800)
        yield server
        server.shutdown()


def polled(server: Replay) -> tuple[bytes, str]:
    """The raw lines of a poll of small pages, and the instant that they are observed at."""
    api = Api(server.url, KEY, max_calls=500, deadline_seconds=60)
    sweeping = Sweeping(api, "flights", 20, lambda now: JETBLUE.sweeps(now, {}), {})
    collected = Collected("flights", "run", server.url)
    for page in sweeping.pages(NOON):
        collected.add(page)
    lines = b"".join(collected.lines())
    [observed_at] = {json.loads(line)["observed_at"] for line in lines.splitlines()}
    assert replay.state(server.url)["clock"] > observed_at
    return lines, observed_at


def test_a_poll_gives_a_leg_at_most_one_version_and_the_first_no_event_while_the_clock_runs(place, served):
    instants = []
    for number in range(2):
        lines, observed_at = polled(served)
        place.put(f"flights/2013/07/10/1{number}/object", lines)
        instants.append(observed_at[:19].replace("T", " "))
        place.load(run_id=f"run-{number}")
        history = [json.loads(row) for row in place.rows("flight_history")]
        versions = Counter(row["flight_key"] for row in history)
        assert max(versions.values()) <= number + 1
        assert {row["known_from"] for row in history} <= set(instants)
        assert bool(place.rows("flight_events")) is bool(number)
    assert len(versions) > 200
    assert max(versions.values()) == 2
