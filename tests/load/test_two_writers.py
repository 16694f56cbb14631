"""Two loads at once: no observation twice, no version lost, whatever one does between two steps of the other."""

import itertools
import threading
from collections.abc import Callable

import pytest

from aviation.errors import AviationError
from aviation.load import writing
from aviation.load.writing import Tables
from support.made_batches import at, crowd, flight
from support.raw_lines import line
from support.whole_load import KilledError, Place, fill, kill_after, put

QUICK = ["flight_observations", "flight_history"]
SLOW = ["flights", "flight_events", "load_state", "cities", "quarantine"]
POINTS = [*QUICK, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW)]


@pytest.fixture
def before_writing(monkeypatch):
    """Has something done once, right before the next write to a table, which goes by what was read until then."""

    left = []

    def have_done(table: str, other: Callable[[], object]) -> None:
        left.append(other)

        def interposed(write):
            def first_the_other(self, to, *given, **named):
                if to.name == table and left:
                    left.pop()()
                return write(self, to, *given, **named)

            return first_the_other

        for name in ("put", "merge"):
            monkeypatch.setattr(Tables, name, interposed(getattr(Tables, name)))

    yield have_done
    assert not left, "the table was never written to"


@pytest.mark.parametrize("table", POINTS)
def test_two_loads_of_the_same_objects_write_each_row_once(place, expected, before_writing, table):
    fill(place)
    before_writing(table, lambda: place.load(run_id="other"))
    place.load(run_id="one")
    assert place.contents() == expected


@pytest.mark.parametrize("table", POINTS[:5])
def test_two_loads_of_different_objects_of_the_same_legs_lose_no_version(place, case, before_writing, table):
    objects, expected = case
    for number in range(3):
        put(place, number, objects[number])
    place.load(run_id="before")
    put(place, 3, objects[3])

    def other() -> None:
        (place.raw / "flights/2023/09/14/03/object").unlink()  # it reads what comes after alone
        for number in range(4, len(objects)):
            put(place, number, objects[number])
        place.load(run_id="other")
        put(place, 3, objects[3])

    before_writing(table, other)
    place.load(run_id="one")
    assert place.contents() == expected


def test_a_row_that_goes_by_an_older_history_than_the_one_written_since_is_written_again(
    place, spark, tmp_path, before_writing
):
    objects = [crowd(150), *(line(flight(1, departure__gate=str(n)), observed_at=at(n)) for n in (1, 2))]
    at_once = Place(spark, tmp_path / "at-once")
    for number, content in enumerate(objects):
        put(at_once, number, content)
    at_once.load()
    put(place, 0, objects[0])
    place.load(run_id="before")
    put(place, 1, objects[1])
    rest_is_written = threading.Event()

    def other() -> None:
        assert rest_is_written.wait(60)
        (place.raw / "flights/2023/09/14/01/object").unlink()
        put(place, 2, objects[2])
        place.load(run_id="other")

    # By then all that the first load would be refused for is written: the row of `flights` is merged without a clash.
    before_writing("flights", other)
    place.load(run_id="one", wrote=lambda table: table == "load_state" and rest_is_written.set())
    assert place.contents() == at_once.contents()


def test_a_load_that_others_come_in_between_of_again_and_again_says_so(place, before_writing, monkeypatch):
    monkeypatch.setattr(writing, "backoff", lambda attempt: 0)

    put(place, 1, line(flight(1), observed_at=at(1)))
    monkeypatch.setattr(Tables, "is_alone", lambda *given: False)
    with pytest.raises(AviationError, match=r"another load wrote to .*flight_history.* in each of 6 tries: run"):
        place.load(run_id="one")
    monkeypatch.undo()
    place.load(run_id="again")
    assert len(place.rows("flights")) == 1


@pytest.mark.slow
@pytest.mark.parametrize("killed", [*QUICK, "flights", "load_state"])
def test_a_load_that_is_killed_while_another_runs_is_mended_by_the_next(place, case, before_writing, killed):
    objects, expected = case
    put(place, 0, objects[0])
    place.load(run_id="before")
    for number in range(1, len(objects)):
        put(place, number, objects[number])

    def other() -> None:
        with pytest.raises(KilledError):
            place.load(run_id="other", wrote=kill_after(killed))

    before_writing("flight_observations" if killed == "flight_observations" else "flight_history", other)
    place.load(run_id="one")
    place.load(run_id="next")
    assert place.contents() == expected


@pytest.mark.parametrize("killed", ["flight_history", pytest.param("flights", marks=pytest.mark.slow)])
def test_a_load_that_dies_leaves_nothing_of_what_it_did_not_know_where_no_load_looks_again(
    place, case, before_writing, killed
):
    objects, expected = case
    put(place, 0, objects[0])
    place.load(run_id="before")
    put(place, 1, objects[1])

    def other() -> None:
        for number in range(2, len(objects)):
            put(place, number, objects[number])
        place.load(run_id="other")

    before_writing(killed, other)
    with pytest.raises(KilledError):
        place.load(run_id="one", wrote=kill_after(killed))
    assert place.load(run_id="next")["objects"] == 0
    assert place.contents() == expected


def test_what_a_run_has_left_is_not_passed_over_because_another_ended_after_it(place):
    new, old = "flights/2023/09/14/01", "flights/2023/09/01/01"
    place.put(f"{new}/before", line(flight(0), observed_at=at(1)))
    place.load(run_id="before")
    place.put(f"{new}/later", line(flight(1), observed_at=at(1)))
    at_most_in_a_batch = 16
    for number in range(at_most_in_a_batch + 1):
        place.put(f"{old}/{number:02}", line(flight(10 + number), observed_at=at(1)))

    def other(table: str) -> None:
        """Looks at all of raw, and its time is up after the first batch."""
        if table == "flight_observations":
            time_passes = itertools.count(0, 10_000)
            report = place.load(run_id="other", reconcile=True, batch_megabytes=1, clock=lambda: next(time_passes))
            assert report["objects_left"] > 1

    place.load(run_id="one", wrote=other)
    place.load(run_id="next")
    assert len(place.rows("flights")) == 2 + at_most_in_a_batch + 1


def test_a_load_of_everything_removes_doubles(place, expected):
    fill(place)
    place.load()
    observations = f"{place.settings.namespace}.flight_observations"
    place.spark.table(observations).limit(3).writeTo(observations).append()
    assert place.contents() != expected
    report = place.load(reconcile=True, run_id="all")
    assert report["doubles_removed"] == 3
    assert place.contents() == expected
    assert "doubles_removed" not in place.load(reconcile=True, run_id="again")
