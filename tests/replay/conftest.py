"""A replay of the day of storms, served from this process, and a caller for it."""

from threading import Thread

import pytest
import requests

from aviation.replay import control
from aviation.replay.server import Replay

DAY = "2013-07-10"
KEY = "key-5f0e2d"


class Api:
    """Calls to a served replay with the right key; `get` gives the response, `json` its body, `sweep` all rows."""

    def __init__(self, server: Replay):
        self.server = server
        self.session = requests.Session()

    def get(self, endpoint: str, **params) -> requests.Response:
        return self.session.get(f"{self.server.url}/{endpoint}", params={"access_key": KEY} | params, timeout=10)

    def json(self, endpoint: str, **params) -> dict:
        return self.get(endpoint, **params).json()

    def sweep(self, endpoint: str, **params) -> tuple[list[dict], list[int]]:
        """All rows of all pages, until what was got is what the last page says there is, and each page's total."""
        rows, totals = [], []
        while not totals or len(rows) < totals[-1]:
            page = self.json(endpoint, offset=len(rows), **params)
            assert page["data"], f"{len(rows)} of {page['pagination']}"
            rows += page["data"]
            totals.append(page["pagination"]["total"])
        return rows, totals


@pytest.fixture(scope="module")
def served():
    with Replay(DAY, key=KEY) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield Api(server)
        server.shutdown()


@pytest.fixture
def api(served):
    """The replay as it is at first: default clock, no quota, no faults."""
    control(served.server.url, clock="2013-07-11T12:30:00Z", quota=None, faults=[])
    return served
