"""A load with more to read than fits at once: cut into batches, oldest first, stopped anywhere and gone on with."""

import gzip
import random
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aviation.columns import LOADS
from aviation.errors import RefusedShareError
from aviation.load import account, backlog, past
from aviation.load.backlog import Deadline, in_batches, not_loaded, to_read_again, where
from aviation.load.objects import RawObject
from aviation.load.tables import schema
from support.raw_lines import changed, line, records
from support.whole_load import DEPARTED, LINES, PKX, POS, SNN, SZX, T0, T1, KilledError, Place, adds_up

MEGABYTE = 1 << 20
EARLIER = "2023-09-14T00:30:00+00:00"
BAD = b"not json\n"
# Raw objects of several days, oldest first; what they hold is not in the order in which it was observed.
RAW = {
    "flights/2023/09/10/01/a": line(POS, observed_at=T0) + BAD,
    "cities/2023/09/10/02/a": b"".join(LINES["cities"]),
    "flights/2023/09/12/01/b.gz": gzip.compress(line(PKX, observed_at=T0) + BAD + line(SZX, observed_at=T0)),
    "airplanes/2023/09/12/02/a": b"".join(LINES["airplanes"]),
    "flights/2023/09/14/01/c": line(DEPARTED, observed_at=T1) + line(POS, observed_at=T0) + b"{}\n",
    "flights/2023/09/14/02/d": line(SNN, observed_at=T1),
    "aircraft_types/2023/09/14/03/a": b"".join(LINES["aircraft_types"]),
    "flights/2023/09/14/04/e": line(changed(SZX, departure__gate="9"), observed_at=EARLIER),
}
OLDEST_FIRST = list(RAW)


def put(place: Place, keys: list[str]) -> None:
    for key in keys:
        place.put(key, RAW[key])


def loads(place: Place) -> list:
    """The rows of `loads`, in the order in which they were written."""
    return place.spark.table(f"{place.settings.namespace}.loads").orderBy("finished_at").collect()


@pytest.fixture(scope="module")
def expected(spark, tmp_path_factory) -> dict[str, list[str]]:
    """The tables after one load of RAW in one batch."""
    place = Place(spark, tmp_path_factory.mktemp("whole"))
    put(place, OLDEST_FIRST)
    assert place.load()["batches"] == 1
    return place.contents()


@pytest.fixture
def batches_of(monkeypatch):
    """Has a batch of one megabyte hold this many of the small objects."""

    def hold(objects: int) -> dict[str, int]:
        monkeypatch.setattr(backlog, "OPENING_BYTES", MEGABYTE // objects - 10_000)
        return {"batch_megabytes": 1}

    return hold


def kill_in_batch(number: int, table: str):
    """A `wrote` that kills the run after `table` was written in this batch."""
    done = 0

    def wrote(name: str) -> None:
        nonlocal done
        if done == number - 1 and name == table:
            raise KilledError(name)
        done += name == "loads"

    return wrote


@given(
    st.lists(st.tuples(st.integers(0, 3 * MEGABYTE), st.sampled_from(["", ".gz"])), max_size=40),
    st.integers(1, 40),
)
def test_batches_hold_every_object_once_in_order_and_none_unpacks_to_more_than_its_bound(sizes, megabytes):
    objects = [RawObject(f"flights/2023/09/14/01/{n}{suffix}", size) for n, (size, suffix) in enumerate(sizes)]
    batches = in_batches(objects, megabytes)
    assert [item for batch in batches for item in batch] == objects
    for batch, after in zip(batches, [*batches, []][1:], strict=True):
        unpacked = sum(item.size * (13 if item.key.endswith(".gz") else 1) for item in batch)
        assert unpacked <= megabytes * MEGABYTE or len(batch) == 1
        weights = [backlog._weight(item) for item in (*batch, *after[:1])]
        assert not after or sum(weights) > megabytes * MEGABYTE  # no batch ends before it is full


def test_a_batch_of_small_objects_is_bounded_by_their_number():
    objects = [RawObject(f"flights/2023/09/14/01/{n}", 0) for n in range(10_000)]
    assert [len(batch) for batch in in_batches(objects, 256)] == [4096, 4096, 1808]


def list_raw(entity: str, start_after: str) -> list[RawObject]:
    return [RawObject(key, 1) for key in sorted(RAW) if key.startswith(f"{entity}/") and key > start_after]


ALL = ("flights", "cities", "airplanes", "aircraft_types")


def row(*objects: str) -> SimpleNamespace:
    return SimpleNamespace(objects=list(objects))


def test_what_is_new_comes_oldest_first_whatever_its_entity():
    assert [item.key for item in not_loaded(past.of([]), ALL, list_raw, 48)] == OLDEST_FIRST


def test_a_requeue_begins_with_what_was_read_longest_ago():
    a, b, c = [key for key in OLDEST_FIRST if key.startswith("flights/")][:3]
    found = to_read_again({a, b, c}, [row(a, b, c), row(a)], ["flights"], list_raw)
    assert [item.key for item in found] == [b, c, a]


def test_a_run_stops_where_the_next_batch_would_not_end_in_time_and_always_tries_the_first():
    now = 0.0
    deadline = Deadline(25, lambda: now)
    assert deadline.leaves_time()
    for now, leaves_time in ((400, True), (720, True), (721, False)):
        deadline.batch_ended()
        assert deadline.leaves_time() is leaves_time, now
    assert Deadline(1, lambda: 0.0).leaves_time()


def test_an_error_names_the_batch_its_objects_and_what_stays():
    batches = [[RawObject("flights/2023/09/14/01/a", 1)], [RawObject(f"cities/2023/09/14/01/{n}", 1) for n in "bcd"]]
    assert where(1, batches) == "batch 1 of 2, 1 object, flights/2023/09/14/01/a"
    assert where(2, batches) == (
        "batch 2 of 2, 3 objects, cities/2023/09/14/01/b to cities/2023/09/14/01/d; batch 1 stays loaded"
    )


@pytest.mark.parametrize("objects", [3, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("reconcile", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_batches_make_the_tables_of_one_batch_each_with_its_row(place, expected, batches_of, objects, reconcile):
    put(place, OLDEST_FIRST)
    report = place.load(reconcile=reconcile, **batches_of(objects))
    assert place.contents() == expected
    rows = loads(place)
    assert [(row.run_id, row.batch) for row in rows] == [("run", n + 1) for n in range(len(rows))]
    assert report["batches"] == len(rows) == -(-len(RAW) // objects)
    assert [key for row in rows for key in row.objects] == OLDEST_FIRST
    assert [sum(row.objects_left.values()) for row in rows] == [
        max(0, len(RAW) - objects * (n + 1)) for n in range(len(rows))
    ]
    assert adds_up(report)
    assert all(adds_up(row.asDict()) for row in rows)
    for name in account.SUMMED:
        assert report[name] == sum(row[name] for row in rows)
    assert (report["status"], report["objects"], report["objects_left"]) == ("ok", len(RAW), 0)
    assert report["newest_observed_at"]["flights"] == "2023-09-14T01:30:00"


@pytest.mark.slow
def test_what_a_killed_reconcile_left_is_loaded_by_the_next_load_however_old_it_is(place, expected, batches_of):
    put(place, OLDEST_FIRST[-2:])
    place.load()
    put(place, OLDEST_FIRST)
    with pytest.raises(KilledError):
        place.load(wrote=kill_in_batch(2, "flights"), reconcile=True, **batches_of(2))
    assert [row.batch for row in loads(place)] == [1, 1]
    report = place.load(look_back_hours=1)
    assert report["objects"] == len(RAW) - 4
    assert place.contents() == expected
    assert sorted(key for row in loads(place) for key in row.objects) == sorted(RAW)


def test_a_refused_batch_stops_the_run_after_the_finished_ones_and_says_which_it_was(place, batches_of):
    put(place, OLDEST_FIRST)
    refused = "flights/2023/09/13/01/refused"
    place.put(refused, line(SZX) + b"".join(b"bad %d\n" % n for n in range(11)))
    with pytest.raises(RefusedShareError) as refusal:
        place.load(**batches_of(2))
    said = str(refusal.value)
    assert "12 of 15 lines are refused (json 11, envelope_complete 1)" in said
    assert f"batch 3 of 5, 2 objects, {refused} to flights/2023/09/14/01/c; batches 1 to 2 stay loaded" in said
    assert [row.batch for row in loads(place)] == [1, 2]
    assert [key for row in loads(place) for key in row.objects] == OLDEST_FIRST[:4]
    report = place.load(max_refused_share=0.9)
    assert (report["quarantined"], report["objects"]) == (12, 5)


class Watch:
    """A clock that a batch moves on by this many minutes."""

    def __init__(self, minutes: float):
        self.now, self.minutes = 0.0, minutes

    def __call__(self) -> float:
        return self.now

    def wrote(self, table: str) -> None:
        self.now += (table == "loads") * self.minutes * 60


def test_a_load_that_runs_out_of_time_says_what_is_left_and_the_next_one_goes_on(place, expected, batches_of):
    put(place, OLDEST_FIRST)
    clock = Watch(minutes=7)
    report = place.load(wrote=clock.wrote, clock=clock, timeout_minutes=25, upkeep=True, **batches_of(2))
    assert (report["status"], report["batches"], report["objects"], report["objects_left"]) == ("warning", 2, 4, 4)
    assert report["warning"] == (
        "stopped after 2 batches, before the job's time limit of 25 minutes: 4 raw objects left, which the next load "
        "goes on with"
    )
    assert "upkeep" not in report
    assert place.load()["objects_left"] == 0
    assert place.contents() == expected


@pytest.mark.slow
def test_requeues_in_batches_get_through_all_that_is_held_though_each_runs_out_of_time(place, batches_of):
    keys = [f"flights/2023/09/14/0{n}/object" for n in range(1, 5)]
    for n, key in enumerate(keys):
        place.put(key, line(changed(SZX, flight__number=str(n))) + b"bad %d\n" % n)
    place.load()
    before = place.contents()
    for _ in range(2):
        clock = Watch(minutes=15)
        report = place.load(wrote=clock.wrote, clock=clock, requeue=True, **batches_of(2))
        assert (report["objects"], report["objects_left"], report["status"]) == (2, 2, "warning")
    assert place.contents() == before
    assert [row.objects for row in loads(place)[1:]] == [keys[:2], keys[2:]]
    # Stands for a mended rule: what was refused is now a line that it takes.
    for n, key in enumerate(keys):
        place.put(key, line(changed(SZX, flight__number=str(n))) + line(changed(SZX, flight__number=f"9{n}")))
    report = place.load(requeue=True, **batches_of(2))
    assert (report["batches"], report["observations_added"], report["quarantined"]) == (2, 4, 0)
    assert not place.rows("quarantine")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_however_lines_fall_into_objects_and_batches_and_wherever_a_run_is_killed_the_tables_are_the_same(
    spark, tmp_path, batches_of, seed
):
    rng = random.Random(seed)
    lines = {entity: [line(record, entity=entity) for record in records(entity)] for entity in ALL[1:]}
    lines["flights"] = [*LINES["flights"], BAD, b"{}\n", RAW["flights/2023/09/14/04/e"]]
    whole, parts = Place(spark, tmp_path / "raw"), Place(spark, tmp_path / "raw")
    for entity, texts in lines.items():
        for number, text in enumerate(rng.sample(texts, len(texts))):
            key = f"{entity}/2023/09/1{rng.randrange(3)}/0{rng.randrange(3)}/{number // rng.randint(1, 2)}-{number}"
            whole.put(key, gzip.compress(text) if rng.random() < 0.5 else text)
    whole.load()
    killed = kill_in_batch(rng.randint(1, 3), rng.choice(["flight_observations", "flight_history", "flights"]))
    size = batches_of(rng.randint(2, 4))
    try:
        parts.load(wrote=killed, reconcile=rng.random() < 0.5, **size)
    except KilledError:
        parts.load(**size)
    assert parts.contents() == whole.contents()


# The columns of `loads` before it had batches.
WITHOUT_BATCHES = [
    *("run_id", "status", "started_at", "finished_at", "seconds", "objects", "lines_read", "observations_added"),
    *("references", "repeats", "quarantined", "warnings", "warnings_by_rule", "flight_dates", "newest_observed_at"),
    *("newest_fetched_at", "seconds_to_queryable_min", "seconds_to_queryable_p50", "seconds_to_queryable_p95"),
    "seconds_to_queryable_max",
]


def before_batches(place: Place) -> None:
    """Make the table as it was before it had batches, as `docs/operations.md` says."""
    for name in ("batch", "objects_left", "forecasts", "forecasts_missing", *past.CARRIED):
        place.spark.sql(f"ALTER TABLE {place.settings.namespace}.loads DROP COLUMN {name}")
    assert place.spark.table(f"{place.settings.namespace}.loads").columns == WITHOUT_BATCHES


@pytest.mark.slow
def test_a_table_of_loads_from_before_batches_goes_on_after_a_failed_upgrade_too(place, expected):
    put(place, OLDEST_FIRST[:4])
    place.load(run_id="before")
    before_batches(place)
    put(place, OLDEST_FIRST)
    with pytest.raises(KilledError):
        place.load(wrote=kill_in_batch(1, "flight_observations"))
    report = place.load(run_id="after")
    assert report["objects"] == len(RAW) - 4  # nothing is read again
    assert place.contents() == expected
    assert [(row.run_id, row.batch, row.objects_left is None) for row in loads(place)] == [
        ("before", None, True),
        ("after", 1, False),
    ]
    # What went before is in the sum all the same.
    assert set(loads(place)[1].objects_read_at) == {key.partition("/")[0] for key in RAW}


@pytest.mark.slow
def test_the_way_back_leaves_a_table_that_the_version_before_can_write_and_this_one_can_take_up(place, expected):
    put(place, OLDEST_FIRST[:4])
    place.load()
    before_batches(place)
    put(place, OLDEST_FIRST[:5])
    # As the version before writes: every column that it knows, by name.
    columns = ", ".join(text for text in schema(LOADS).split(", ") if text.split("`")[1] in WITHOUT_BATCHES)
    old = loads(place)[0].asDict() | {"run_id": "old", "objects": []}
    place.spark.createDataFrame([old], columns).writeTo(f"{place.settings.namespace}.loads").append()
    put(place, OLDEST_FIRST)
    assert place.load()["objects"] == len(RAW) - 4
    assert place.contents() == expected


@pytest.mark.slow
def test_without_the_table_of_loads_all_of_raw_is_read_again_and_changes_nothing(place, expected):
    put(place, OLDEST_FIRST)
    place.load()
    place.spark.sql(f"DROP TABLE {place.settings.namespace}.loads")
    report = place.load()
    assert (report["objects"], report["observations_added"]) == (len(RAW), 0)
    assert place.contents() == expected
