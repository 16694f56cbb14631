"""A board of its own, asked as browsers do, with a watch in hand."""

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import psutil
import requests

from aviation.local.processes import choose_port
from aviation.replay import DEFAULT_DAY
from loads.measure import pss
from viewers.year import Year

AT_ONCE = 20
AIRPORTS, AIRLINES = ("JFK", "EWR", "LGA", "BOS"), ("United Air Lines Inc.", "JetBlue Airways", "Delta Air Lines Inc.")
PLACES = ("airport/JFK", "airport/BOS", "airport/LAX", "airline/UAL", "airline/JBU", "aircraft/N14228")
LOAD_SECONDS = 300


@dataclass
class Board:
    """A board that runs, and its address."""

    process: psutil.Process
    url: str

    def get(self, path: str, **parameters: str) -> requests.Response:
        """What a path of it answers; an error where that is no success."""
        answer = requests.get(f"{self.url}{path}", params=parameters, timeout=60)
        answer.raise_for_status()
        return answer


@contextmanager
def served() -> Iterator[Board]:
    """Start `aviation board` over the stack that this process asks; it has ended afterwards."""
    port = choose_port(None, None, "--port")
    command = [sys.executable, "-m", "aviation", "board", "--port", str(port)]
    begun = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            told = time.monotonic() - begun
            board = Board(psutil.Process(process.pid), f"http://127.0.0.1:{port}/")
            board.get("static/mark.svg")
            print(f"{'it listens after':<44}{told * 1000:>8.0f} ms")
            yield board
        finally:
            process.terminate()


def film(board: Board) -> None:
    """The day of storms, which nobody has asked for, at each of its polls."""
    begun = time.monotonic()
    board.get("", date=DEFAULT_DAY)
    polls = _polls(board)
    for poll in polls:
        board.get("", date=DEFAULT_DAY, as_of=poll)
    print(f"{f'a film of {len(polls)} polls, by a new board':<44}{(time.monotonic() - begun) * 1000:>8.0f} ms")


def _polls(board: Board) -> list[str]:
    asked = f"select distinct observed_at from flight_observations where flight_date = date '{DEFAULT_DAY}' order by 1"
    return [f"{row[0]}Z" for row in board.get("api/sql", sql=asked).json()["rows"]]


def pages(board: Board, rounds: int) -> None:
    """Each page's first and later answers, and filters of the board."""
    days = board.get("api/sql", sql="select distinct flight_date from flights order by 1").json()["rows"]
    step = max(1, len(days) // rounds)
    some = [day for (day,) in days[::step]][:rounds]
    _print("first page of a day, cold", [lambda day=day: board.get("", date=day) for day in some])
    _print("the same, warm", [lambda day=day: board.get("", date=day) for day in some])
    directions = ("departures", "arrivals")
    choices = [
        {"airport": airport, "airline": airline, "direction": direction}
        for airport, airline, direction in product(AIRPORTS, AIRLINES, directions)
    ]
    filters = [
        lambda choice=choice, day=day: board.get("flights", date=day, **choice)
        for choice in choices
        for day in some[:2]
    ]
    _print("a filter of the board", filters[: 2 * rounds])
    texts = [
        lambda text=text, day=day: board.get("flights", date=day, text=text)
        for text in ("B6", "N5", "1")
        for day in some[:4]
    ]
    _print("a search on the board", texts)
    _print("place pages, of one that is new", [lambda place=place: board.get(place, date=some[0]) for place in PLACES])
    _print("place pages, warm", [lambda place=place: board.get(place, date=some[0]) for place in PLACES])
    for page in ("map", "data"):
        _print(page, [lambda page=page, day=day: board.get(page, date=day) for day in some])


def at_once(board: Board) -> None:
    """So many at once, of different pages and days."""
    paths = ("", "flights", "map", "airport/JFK")
    asked = [(path, f"2013-{month:02}-15") for path, month in product(paths, range(6, 11))][:AT_ONCE]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name in ("cold", "warm"):
            begun = time.monotonic()
            taken = list(pool.map(lambda one: _seconds(lambda: board.get(one[0], date=one[1])), asked))
            print(f"{f'{len(asked)} at once, {name}: all':<44}{(time.monotonic() - begun) * 1000:>8.0f} ms")
            _tell(f"{len(asked)} at once, {name}: each", taken)


def memory(board: Board) -> None:
    """What the board takes now."""
    used = board.process.memory_info().rss
    print(f"{'memory: PSS / RSS':<44}{pss(board.process) / 1e6:>8.0f} / {used / 1e6:.0f} MB")


def loaded(board: Board, made: Year) -> None:
    """A load of a poll: how long after it has ended the page that is open is told, and drawn again."""
    told = threading.Event()

    def listen() -> None:
        with requests.get(f"{board.url}events", stream=True, timeout=LOAD_SECONDS) as stream:
            for line in stream.iter_lines():
                if line == b"event: loaded":
                    told.set()
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    ended = made.load_the_next_poll()
    if not told.wait(60):
        sys.exit("board: the page was not told of the load")
    heard = time.time() - ended
    board.get("")
    print(f"{'a load has ended: the page is told after':<44}{heard * 1000:>8.0f} ms")
    print(f"{'and drawn again after':<44}{(time.time() - ended) * 1000:>8.0f} ms")


def _print(what: str, requests: list[Callable[[], object]]) -> None:
    _tell(what, [_seconds(request) for request in requests])


def _tell(what: str, taken: list[float]) -> None:
    p95 = statistics.quantiles(taken, n=20, method="inclusive")[-1]
    print(f"{what:<44}{statistics.median(taken) * 1000:>8.0f} ms, p95 {p95 * 1000:.0f} ms, of {len(taken)}", flush=True)


def _seconds(ask: Callable[[], object]) -> float:
    begun = time.monotonic()
    ask()
    return time.monotonic() - begun
