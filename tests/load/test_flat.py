"""A load costs what is new: it goes on from carried states, writes the legs that it saw, and mends what was cut off."""

import contextlib
import json

import pytest
from pyspark.sql import functions as F  # noqa: N812 - as Spark's own documentation names it

from aviation.load import folding
from support.made_batches import at, crowd, flight
from support.raw_lines import line
from support.whole_load import KilledError, Place, kill_after, put

DERIVED = ("flight_history", "flights", "flight_events", "load_state")


def test_loads_one_after_another_make_the_tables_of_one_load(place, case):
    objects, expected = case
    for number, content in enumerate(objects):
        put(place, number, content)
        place.load(run_id=str(number))
    assert place.contents() == expected


def test_objects_that_come_in_any_order_make_the_same_tables(place, case):
    objects, expected = case
    for number in (2, 0, 5, 1, 4, 3):
        put(place, number, objects[number])
        place.load(run_id=str(number))
    assert place.contents() == expected


@pytest.mark.slow
@pytest.mark.parametrize("killed", ["flight_observations", *DERIVED, "loads"])
def test_a_kill_after_any_write_is_mended_by_what_comes_next(place, case, killed):
    objects, expected = case
    hidden = 3  # what was cut off then is read again only after all that came later
    for number, content in enumerate(objects):
        put(place, number, content)
        if number in (1, hidden):
            with contextlib.suppress(KilledError):  # not every batch writes every table
                place.load(wrote=kill_after(killed), run_id=f"killed-{number}")
        if number == hidden:
            (place.raw / f"flights/2023/09/14/0{hidden}/object").unlink()
        place.load(run_id=str(number))
    put(place, hidden, objects[hidden])
    place.load(run_id="again")
    assert place.contents() == expected


def test_what_is_carried_can_be_lost_at_any_time(place, case):
    objects, expected = case
    for number, content in enumerate(objects):
        put(place, number, content)
        place.load(run_id=str(number))
        if number in (1, 4):
            days = "true" if number == 1 else "flight_date = date '2023-09-13'"
            place.spark.sql(f"delete from {place.settings.namespace}.load_state where {days}")
    assert place.contents() == expected


def last(place: Place, table: str) -> dict[str, str]:
    """The summary of the table's last snapshot."""
    snapshots = f"{place.settings.namespace}.{table}.snapshots"
    return place.spark.sql(f"select summary from {snapshots} order by committed_at desc limit 1").first().summary


def files(place: Place, table: str, where: str) -> set[str]:
    """The table's data files of the partitions."""
    rows = place.spark.sql(f"select file_path from {place.settings.namespace}.{table}.data_files where {where}")
    return {row.file_path for row in rows.collect()}


def test_a_load_writes_what_it_saw_whatever_the_date_holds(place):
    put(place, 0, crowd(150))
    place.load()
    whole = {table: int(last(place, table)["added-records"]) for table in ("flights", "flight_history")}
    assert whole == {"flights": 300, "flight_history": 300}
    closed = "partition.known_until_year is not null"
    before: set[str] = set()
    for number in range(1, 4):
        put(
            place,
            number,
            b"".join(
                line(flight(1000 + leg, flight_date="2023-09-13", departure__gate=str(number)), observed_at=at(number))
                for leg in range(5)
            ),
        )
        place.load()
        assert {table: int(last(place, table)["added-records"]) for table in whole} == {
            "flights": 5,
            "flight_history": 10,
        }
        assert last(place, "flight_events")["added-records"] == "5"
        now = files(place, "flight_history", closed)
        assert now > before  # what is closed stays where it is
        before = now
    # All of a date, seen again: its open versions are written anew, the closed ones stay.
    put(
        place,
        4,
        b"".join(
            line(flight(1000 + leg, flight_date="2023-09-13", departure__gate="9"), observed_at=at(4))
            for leg in range(150)
        ),
    )
    place.load()
    assert int(last(place, "flight_history")["added-records"]) == 300
    assert int(last(place, "flights")["added-records"]) == 150
    assert files(place, "flight_history", closed) > before


@pytest.mark.parametrize("killed", ["flight_observations", "load_state"])
def test_a_requeue_that_is_cut_off_is_done_again_by_the_next(place, killed):
    put(place, 0, line(flight(1), observed_at=at(1)) + b"not json\n")
    place.load()
    put(place, 0, line(flight(1), observed_at=at(1)) + line(flight(2), observed_at=at(1)))  # as if a rule were mended
    with contextlib.suppress(KilledError):
        place.load(requeue=True, wrote=kill_after(killed))
    assert len(place.rows("quarantine")) == 1
    place.load(requeue=True)
    assert len(place.rows("flights")) == 2
    assert not place.rows("quarantine")


def test_states_of_dates_folded_whole_are_written_last(place):
    put(place, 0, line(flight(1), observed_at=at(1)))
    place.load()
    place.spark.sql(f"update {place.settings.namespace}.load_state set schema = 'of another'")
    put(place, 1, line(flight(1, departure__gate="9"), observed_at=at(2)))
    wrote: list[str] = []
    place.load(wrote=wrote.append)
    assert wrote[-2:] == ["load_state", "loads"]


@pytest.mark.parametrize("beside", [0, 150], ids=["dense", "sparse"])
def test_a_late_observation_that_a_closed_version_goes_on_with_opens_it_again(place, spark, tmp_path, beside):
    # Which of two observations of one instant counts does not follow from when they came: one of the legs changes.
    gates = {1: ("1", "2"), 2: ("2", "1")}
    contents = [crowd(beside), b""]
    for number, (first, second) in gates.items():
        contents[0] += line(flight(number, departure__gate=first), observed_at=at(5))
        contents[0] += line(flight(number, departure__gate=second), observed_at=at(8))
        contents[1] += line(flight(number, departure__gate=first), observed_at=at(8))
    at_once = Place(spark, tmp_path / "at-once")
    for number, content in enumerate(contents):
        put(place, number, content)
        place.load()
        put(at_once, number, content)
    at_once.load()
    assert place.contents() == at_once.contents()


def test_observations_are_read_again_only_where_something_is_late(place, monkeypatch):
    asked = []
    in_full = folding._in_full
    monkeypatch.setattr(folding, "_in_full", lambda *given: asked.append(given[2:]) or in_full(*given))
    for number in range(3):
        put(place, number, line(flight(1, departure__gate=str(number)), observed_at=at(10 * number)))
        place.load()
    assert not asked
    put(place, 3, line(flight(1, departure__gate="late"), observed_at=at(5)) + line(flight(2), observed_at=at(30)))
    place.load()
    [(whole, late)] = asked
    assert not whole
    assert [key.rpartition("|")[2] for key in late] == ["1"]
    gates = [
        row.dep_gate
        for row in place.spark.table(f"{place.settings.namespace}.flight_history").orderBy("known_from").collect()
    ]
    assert gates == ["0", "LATE", "1", "2", None]


def test_states_are_kept_as_far_back_as_loads_look(place):
    for number, day in enumerate(("2023-09-10", "2023-09-13")):
        put(place, number, line(flight(1, flight_date=day), observed_at=at(number)))
    place.load()
    states = place.spark.table(f"{place.settings.namespace}.load_state")
    assert [str(row.flight_date) for row in states.collect()] == ["2023-09-13"]
    # A row of an older date is folded with all the others of its date.
    put(place, 2, line(flight(1, flight_date="2023-09-10", departure__gate="8"), observed_at=at(2)))
    place.load()
    versions = place.spark.table(f"{place.settings.namespace}.flight_history").where("flight_date = '2023-09-10'")
    assert versions.count() == 2


def test_tables_of_the_layout_before_are_brought_up_to_date_by_a_load(place, case):
    objects, expected = case
    for number in range(4):
        put(place, number, objects[number])
    place.load(run_id="before")
    history, loads, states = (
        f"{place.settings.namespace}.{name}" for name in ("flight_history", "loads", "load_state")
    )
    # As they were: versions of a date in one file whether they hold or not, nothing carried, loads without a cursor.
    place.spark.sql(f"alter table {history} drop partition field years(known_until)")
    place.spark.table(history).coalesce(1).writeTo(history).overwrite(F.lit(True))
    place.spark.sql(f"drop table {states}")
    place.spark.sql(f"alter table {loads} drop columns (fetched_up_to, caught_up_to, objects_read_at)")
    for number in (4, 5):
        put(place, number, objects[number])
        place.load(run_id=str(number))
    assert place.contents() == expected


@pytest.mark.parametrize("choice", ["reconcile", "requeue"])
def test_who_has_loads_look_again_has_them_take_nothing_as_known(place, choice):
    put(place, 0, line(flight(1, flight_date="2023-09-14")))
    put(place, 1, line(flight(2, flight_date="2023-09-13")) + b"not json\n")
    place.load()
    assert len(place.rows("load_state")) == 2
    put(place, 2, line(flight(2, flight_date="2023-09-13"), observed_at=at(70)))
    place.load(**{choice: True})
    [state] = map(json.loads, place.rows("load_state"))
    assert state["flight_date"] == "2023-09-13"
    assert len(place.rows("flight_history")) == 2
