"""What a load knows of those before it: as much as it needs, from a bounded part of `loads`."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyspark.sql import DataFrame, Row

from aviation.columns import LOADS
from aviation.load import past
from aviation.load.backlog import not_loaded
from aviation.load.objects import RawObject, arrival_hour
from aviation.load.past import CARRIED, Past
from aviation.load.tables import create_statement, schema
from support.whole_load import WAREHOUSE

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 3, 1, 12)
# Hours from one load to the next, and the loads whose rows upkeep has not put together yet.
EVERY, NEWEST = 4, 5
ENTITIES = ("flights", "cities")


def key(entity: str, hour: datetime, name: str = "a") -> str:
    return f"{entity}/{hour:%Y/%m/%d/%H}/{name}"


def row(finished_at: datetime, *objects: str, before: Past | None = None, left: tuple[str, ...] = (), **more) -> Row:
    """A row of `loads` as a load writes it that knows the past `before`; without one, as before its columns."""
    later = [[RawObject(item, 1) for item in left]]
    carried = dict.fromkeys(CARRIED)
    if before:
        carried = before.after(objects, later, more.get("newest_fetched_at", {}), finished_at).columns()
    counts = {entity: sum(item.startswith(entity) for item in left) for entity in ENTITIES}
    values = {"finished_at": finished_at, "objects": list(objects), "objects_left": counts, "newest_fetched_at": {}}
    return Row(**(values | carried | more))


class Raw:
    """A raw bucket, and how it was listed."""

    def __init__(self, *keys: str):
        self.keys, self.listed = sorted(keys), []

    def __call__(self, entity: str, start_after: str) -> list[RawObject]:
        self.listed.append(start_after)
        return [RawObject(item, 1) for item in self.keys if item.startswith(f"{entity}/") and item > start_after]

    def new(self, known: Past, look_back_hours: int | None = 48) -> list[str]:
        return [item.key for item in not_loaded(known, ENTITIES, self, look_back_hours)]


def test_a_load_looks_back_from_where_each_entity_was_caught_up_and_lists_all_of_one_never_loaded():
    known = past.of([row(NOW, key("flights", NOW), before=past.of([]))])
    late, lost = key("flights", NOW - 48 * HOUR), key("flights", NOW - 49 * HOUR)
    raw = Raw(lost, late, key("flights", NOW), key("cities", NOW - 300 * DAY))
    assert raw.new(known) == [key("cities", NOW - 300 * DAY), late]
    assert raw.listed == ["flights/2026/02/27/12/", "cities/"]
    assert raw.new(known, None) == [key("cities", NOW - 300 * DAY), lost, late]


def test_what_a_batch_left_is_where_the_next_load_looks_back_from_however_old_it_is():
    known = past.of([row(NOW, key("flights", NOW), before=past.of([]))])
    old = [key("flights", NOW - n * DAY) for n in (90, 60, 30)]  # a reconcile found them
    cut = past.of([row(NOW + HOUR, old[0], before=known, left=tuple(old[1:]))])
    assert Raw(*old, key("flights", NOW)).new(cut, 1)[:2] == old[1:]
    done = past.of([row(NOW + 2 * HOUR, *old[1:], before=cut)])
    assert Raw(*old).new(done, 1) == []


def test_a_load_of_other_entities_carries_on_what_is_known():
    fetched = {"flights": NOW - HOUR, "cities": NOW}
    first = row(NOW, key("flights", NOW), before=past.of([]), newest_fetched_at=fetched)
    second = row(NOW + HOUR, key("cities", NOW), before=past.of([first]), newest_fetched_at={"cities": NOW - HOUR})
    known = past.of([first, second])
    assert known.fetched_up_to == fetched
    assert known.caught_up_to == {"flights": NOW, "cities": NOW}
    assert known.objects_read_at == {"flights": NOW, "cities": NOW + HOUR}


def test_rows_from_before_the_columns_say_the_same_together():
    keys = [key("flights", NOW - n * HOUR) for n in range(5)]
    fetched = {"flights": NOW}
    old = [
        row(NOW, keys[0], keys[1], key("cities", NOW), newest_fetched_at=fetched),
        row(NOW + HOUR, keys[2], newest_fetched_at={"flights": NOW - DAY}),
    ]
    known = past.of(old)
    assert known == Past(
        {keys[0], keys[1], keys[2], key("cities", NOW)},
        fetched,
        {"flights": NOW, "cities": NOW},
        {"flights": NOW + HOUR, "cities": NOW},
    )
    # The last run left some: all of raw is listed, until it is loaded.
    left = [*old, row(NOW + 2 * HOUR, keys[3], left=(keys[4],))]
    assert Raw(*keys).new(past.of(left), 1) == [keys[4]]
    assert "flights" in past.of([*left, row(NOW + 3 * HOUR, keys[4])]).caught_up_to


@given(st.randoms(use_true_random=False))
def test_whatever_comes_late_and_wherever_runs_are_cut_each_object_is_loaded_once(rng):
    look_back, raw, known, loaded, clock = 5, Raw(), past.of([]), [], NOW
    for _ in range(rng.randint(1, 8)):
        clock += rng.choice((1, 1, 3, 30)) * HOUR
        # In time, or within the look-back of what the load before could have seen.
        since = known.caught_up_to.get("flights", NOW)
        for _ in range(rng.randint(0, 4)):
            span = int((clock - since) / HOUR) + look_back
            raw.keys.append(key("flights", clock - rng.randint(0, span) * HOUR, str(len(raw.keys))))
        raw.keys.sort()
        found = raw.new(known, look_back)
        cut = rng.randint(0, len(found))
        kept = Past(known.loaded | {*found[:cut]}, *known.columns().values())
        known = kept.after(found[:cut], [[RawObject(item, 1) for item in found[cut:]]], {}, clock)
        loaded += found[:cut]
    loaded += raw.new(known, look_back)
    assert sorted(loaded) == raw.keys


@pytest.fixture(scope="module")
def year(spark) -> str:
    """A table of a year of loads: a file for each month, as upkeep leaves them, and one for each of the newest."""
    spark.sql("CREATE NAMESPACE glue_catalog.year")
    spark.sql(create_statement(LOADS, "glue_catalog.year", f"{spark.conf.get(WAREHOUSE)}/year"))
    known, rows = past.of([]), []
    for hours in reversed(range(0, 365 * 24, EVERY)):
        at = NOW - hours * HOUR
        objects = [key("flights", at - HOUR)] + [key("cities", at - HOUR)] * (hours == 100 * 24)
        rows.append(dict.fromkeys(LOADS.columns) | row(at, *objects, before=known).asDict())
        known = known.after(objects, [], {}, at)
    for part in (rows[:-NEWEST], *([item] for item in rows[-NEWEST:])):
        spark.createDataFrame(part, schema(LOADS)).coalesce(1).writeTo("glue_catalog.year.loads").append()
    return "glue_catalog.year.loads"


@pytest.fixture
def opened(monkeypatch) -> list[int]:
    """How many data files each read opens."""
    files, collect = [], DataFrame.collect

    def noted(frame: DataFrame) -> list[Row]:
        found = collect(frame)
        scan = frame._jdf.queryExecution().executedPlan().collectLeaves().head()
        files.append(scan.metrics().apply("resultDataFiles").value())
        return found

    monkeypatch.setattr(DataFrame, "collect", noted)
    return files


def test_a_load_opens_a_bounded_part_of_a_year_of_loads(spark, year, opened):
    loads = spark.table(year)
    known = past.of(past.rows(loads, ["flights"], NOW, 48))
    assert {key("flights", NOW - n * HOUR) for n in range(1, 50, EVERY)} <= known.loaded
    assert opened == [1 + NEWEST]
    # Of cities, which came last some months ago, the month in which they came, besides.
    again = past.of(past.rows(loads, ENTITIES, NOW, 48))
    [cities] = [item for item in again.loaded if item.startswith("cities")]
    assert arrival_hour(cities, "cities") == again.caught_up_to["cities"]
    assert opened[1:] == [1 + NEWEST, 2 + NEWEST]
    assert len(past.rows(loads, ENTITIES, NOW, None)) == 365 * 24 / EVERY
    assert opened[3:] == [12 + NEWEST]


@pytest.mark.parametrize("pause", [7 * DAY, 90 * DAY])
def test_after_a_pause_a_load_knows_the_same(spark, year, pause):
    loads = spark.table(year)
    rows = past.rows(loads, ["flights"], NOW + pause, 48)
    assert past.of(rows).caught_up_to == past.of(past.rows(loads, ["flights"], NOW, 48)).caught_up_to
    assert {key("flights", NOW - n * HOUR) for n in range(1, 50, EVERY)} <= past.of(rows).loaded
