"""A whole load, from raw objects in a folder to Iceberg tables: killed anywhere, run again, cut up otherwise."""

import gzip
import json
import random
from collections import Counter
from datetime import datetime, timedelta

import pytest

from aviation.errors import RefusedShareError
from aviation.load import upkeep
from support.raw_lines import changed, line
from support.whole_load import LINES, PKX, POS, SNN, SZX, T0, T1, KilledError, adds_up, fill, kill_after

TIMES = {"slowest": "2023-09-14T01:00:00", "usual": "2023-09-14T01:30:00", "quickest": "2023-09-14T01:45:00"}
SLOWEST, USUAL, QUICKEST = (f"{when}+00:00" for when in TIMES.values())


def test_a_load_accounts_for_every_line_and_once_more_changes_nothing_but_loads(loaded, expected):
    place, report = loaded
    assert (report["observations_added"], report["repeats"], report["quarantined"], report["references"]) == (
        5,
        1,
        1,
        4,
    )
    assert adds_up(report)
    assert place.load()["lines_read"] == 0
    assert place.contents() == expected
    loads = place.spark.table(f"{place.settings.namespace}.loads").orderBy("started_at").collect()
    assert [sorted(row.objects) for row in loads] == [sorted(f"{name}/2023/09/14/01/object" for name in LINES), []]
    assert None not in loads[0].asDict().values()  # every declared column is filled
    assert len(expected["flights"]) == 4
    assert len(expected["flight_history"]) == 5


def test_the_time_to_queryable_is_told_by_its_median_its_95th_percentile_and_its_extremes(place):
    # One old record among forty: the median does not see it, nor does the 95th percentile.
    fetched = [SLOWEST] + [QUICKEST] * 21 + [USUAL] * 18
    lines = [
        line(changed(POS, flight__number=str(number)), observed_at=T0, fetched_at=when)
        for number, when in enumerate(fetched, 1)
    ]
    place.put("flights/2023/09/14/01/object", b"".join(lines))
    report = place.load()
    finished_at = datetime.fromisoformat(report["finished_at"])
    since = {name: (finished_at - datetime.fromisoformat(when)).total_seconds() for name, when in TIMES.items()}
    assert [report[f"seconds_to_queryable_{name}"] for name in ("min", "p50", "p95", "max")] == [
        since["quickest"],
        since["quickest"],
        since["usual"],
        since["slowest"],
    ]


def test_a_table_from_before_a_column_was_declared_gets_it_and_keeps_its_rows(place):
    fill(place)
    place.load()
    loads = f"{place.settings.namespace}.loads"
    place.spark.sql(f"ALTER TABLE {loads} DROP COLUMNS (seconds_to_queryable_p50, warnings_by_rule)")
    place.load()
    rows = place.spark.table(loads).orderBy("started_at").collect()
    assert [row.lines_read for row in rows] == [sum(map(len, LINES.values())), 0]
    assert [row.warnings_by_rule for row in rows] == [None, {}]


@pytest.mark.slow
def test_loads_killed_after_each_step_and_run_again_leave_the_same_tables(place, expected):
    fill(place)
    for table in ("flight_observations", "airplanes", "flights", "quarantine"):
        with pytest.raises(KilledError, match=table):
            place.load(wrote=kill_after(table))
    assert not place.rows("loads")
    assert adds_up(place.load())
    assert place.contents() == expected


def test_order_grouping_and_repetition_of_objects_do_not_matter(place, expected):
    rng = random.Random(7)
    for entity, lines in LINES.items():
        good = [text for text in lines if text != b"not json\n"]
        shuffled = rng.sample(good, len(good)) + rng.choices(good, k=2)
        for number, text in enumerate(shuffled):
            place.put(f"{entity}/2023/09/14/0{1 + number % 3}/part-{number}", gzip.compress(text))
    place.put("flights/2023/09/14/01/object", b"not json\n")
    for entities in (("flights",), ("airplanes", "cities"), ("aircraft_types",)):
        assert adds_up(place.load(entities=entities))
    assert place.contents() == expected


def test_an_object_without_lines_is_a_warning_and_no_raw_at_all_is_none(place):
    assert place.load()["status"] == "ok"
    place.put("flights/2023/09/14/01/empty", b"")
    assert place.load()["status"] == "warning"
    assert all(not rows for rows in place.contents().values())


def test_too_large_a_share_of_refused_lines_fails_before_the_first_write(place):
    place.put("flights/2023/09/14/01/object", line(SZX) * 10 + b"".join(b"bad %d\n" % n for n in range(11)))
    with pytest.raises(RefusedShareError, match="11 of 21 lines are refused") as refusal:
        place.load()
    assert "\n" not in str(refusal.value)
    assert all(not rows for rows in place.contents().values())
    assert not place.rows("loads")
    report = place.load(max_refused_share=0.6)
    assert (report["quarantined"], report["observations_added"]) == (11, 1)


# What is bad, by the rule that refuses it; a line each, but for the two objects.
BAD = {
    "json": b'{"entity": "flights", "record": \n',
    "utf8": line(SZX).replace(b"Shenzhen", b"Shen\xffzhen"),
    "line_is_object": b"[1, 2]\n",
    "envelope_complete": b"{}\n",
    "record_is_object": line([1]),
    "has_departure": line(changed(SZX, departure=None)) + line({}),
    "date_possible": line(changed(SZX, flight_date="2023-02-30")),
    "not_from_the_future": line(SZX, fetched_at="2023-09-13T00:00:00+00:00"),
    "whole_object": None,
}
# What is odd and no reason to lose a line: the warning that it costs.
ODD = {
    "value_readable:dep_delay_api_min": changed(PKX, departure__delay="many"),
    "value_readable:dep_actual_local": changed(PKX, departure__actual="2023-13-45T00:00:00+00:00"),
    "key_known": changed(PKX, **{f"new_{n}": n for n in range(10_000)}),
    "key_known:departure.stand": changed(PKX, departure__stand="A"),
    "status_known:returned": changed(PKX, flight_status="returned"),
}


def test_nothing_good_is_lost_for_something_bad_beside_it(place):
    long = changed(SNN, departure__airport="x" * 5_000_000)
    good = [SZX, long, *ODD.values()]
    bad = [text for text in BAD.values() if text]
    place.put("flights/2023/09/14/01/mixed", b"".join([*bad, *map(line, good)]))
    cut = gzip.compress(b"".join(line(changed(POS, departure__gate=str(n)), observed_at=T1) for n in range(500)))
    place.put("flights/2023/09/14/01/cut", cut[: len(cut) // 2])
    place.put("flights/2023/09/14/01/empty", b"")
    report = place.load()
    assert adds_up(report)
    refused = Counter(json.loads(row)["rule"] for row in place.rows("quarantine"))
    assert refused == Counter([*BAD, "has_departure"])  # of which there are two
    assert report["quarantined"] == refused.total()
    assert report["observations_added"] > len(good)
    assert report["warnings_by_rule"] == dict.fromkeys(ODD, 1)
    keys = {json.loads(row)["flight_key"].split("|")[1] for row in place.rows("flights")}
    assert keys == {"SZX", "URC", "SNN", "POS"}


@pytest.mark.slow
def test_what_was_refused_is_loaded_again_once_it_is_mended_and_the_rest_stays(place):
    good, unreadable = line(SZX), b"not json\n"
    key = place.put("flights/2023/09/14/01/object", line(PKX) + b"{}\n" + unreadable)
    place.load()
    before = place.contents()
    again = place.load(requeue=True)
    assert (again["objects"], again["repeats"], again["quarantined"]) == (1, 1, 2)
    assert place.contents() == before
    # Stands for a mended rule: what the rule refused is now a line that it takes.
    place.put(key, line(PKX) + good + unreadable)
    report = place.load(requeue=True, max_refused_share=0.0)
    assert adds_up(report)
    assert (report["observations_added"], report["repeats"], report["quarantined"]) == (1, 1, 1)
    [left] = map(json.loads, place.rows("quarantine"))
    assert (left["rule"], left["times_seen"]) == ("json", 1)
    assert len(place.rows("flights")) == 2
    place.put(key, line(PKX) + good)
    place.load(requeue=True)
    assert not place.rows("quarantine")
    assert place.load(requeue=True)["lines_read"] == 0


@pytest.mark.slow
def test_small_files_are_put_together_and_old_snapshots_expire_without_a_trace_in_the_rows(place, monkeypatch):
    monkeypatch.setattr(upkeep, "SNAPSHOTS_KEPT", timedelta(minutes=-1))  # also those of this very minute
    known = []
    for minute in range(upkeep.SMALL_FILES):
        observed_at = f"2023-09-14T01:0{minute}:00+00:00"
        place.put(
            f"flights/2023/09/14/01/{minute}", line(changed(SZX, departure__gate=str(minute)), observed_at=observed_at)
        )
        report = place.load(upkeep=minute == upkeep.SMALL_FILES - 1)
        known = known or place.rows("flight_observations")
    assert report["upkeep"]["rewritten_files"] == 2 * upkeep.SMALL_FILES  # observations and loads
    assert report["upkeep"]["deleted_files"] > 20
    assert set(known) < set(place.rows("flight_observations"))
    for table in ("flight_observations", "loads", "flights"):
        name = f"{place.settings.namespace}.{table}"
        assert place.spark.sql(f"select * from {name}.files").count() == 1
        assert place.spark.sql(f"select * from {name}.snapshots").count() == 1
    assert place.load(upkeep=True)["upkeep"]["rewritten_files"] == 0


def test_a_load_rewrites_only_the_dates_that_it_touches(place):
    name = f"{place.settings.namespace}.flights"
    days = [f"2023-09-{day:02d}" for day in range(10, 15)]
    for day in days:
        place.put(f"flights/2023/09/14/01/{day}", line(changed(SZX, flight_date=day)))
    place.load()
    files = "select file_path from {}.files where partition.flight_date <> date '{}'"
    others = place.spark.sql(files.format(name, days[2])).collect()
    place.put(
        "flights/2023/09/14/02/late", line(changed(SZX, flight_date=days[2], departure__gate="8"), observed_at=T1)
    )
    place.load()
    [summary] = place.spark.sql(f"select summary from {name}.snapshots order by committed_at desc limit 1").collect()
    assert summary.summary["changed-partition-count"] == "1"
    assert place.spark.sql(files.format(name, days[2])).collect() == others
    assert len(place.rows("flights")) == len(days)
