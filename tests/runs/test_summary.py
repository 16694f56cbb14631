"""A run in a few lines for the person who started it."""

from aviation.report import RunRecord
from aviation.runs.pages import outcome
from aviation.runs.summary import lines

COUNTS = {
    "status": "ok",
    "run_id": "ab12",
    "lines_read": 1035,
    "observations_added": 1004,
    "references": 31,
    "repeats": 0,
    "quarantined": 0,
    "warnings": 3,
    "warnings_by_rule": {"dep_after_arr": 1, "no_tail": 2},
    "flight_dates": ["2013-07-10"],
    "newest_observed_at": {"flights": "2013-07-11T12:30:00", "cities": None},
    "seconds_to_queryable_p50": None,
    "objects": 2,
}


def load(counts: dict, **parameters: bool) -> RunRecord:
    return RunRecord(
        run_id="ab12",
        job="aviation_data_load",
        notebook="aviation_data_load.ipynb",
        parameters={"entities": [], "requeue": False, "reconcile": False} | parameters,
        started_at="2026-03-01T12:00:00Z",
        seconds=41.52,
        counts=counts,
    )


def shown(record: RunRecord) -> list[str]:
    return [" ".join(line.split()) for line in lines(record)]


def test_a_load_says_what_became_of_its_lines_and_nothing_that_came_to_nothing():
    assert shown(load(COUNTS)) == [
        "ok run ab12 41.5 s",
        "lines read 1,035",
        "observations added 1,004",
        "references 31",
        "warnings 3, most for no_tail (2), dep_after_arr (1)",
        "newest observed at 2013-07-11 12:30Z",
    ]


def test_a_load_in_batches_says_how_many_and_what_it_left_to_the_next():
    left = {"batches": 3, "objects_left": 1200, "warning": "stopped after 3 batches: 1,200 raw objects left"}
    assert shown(load(COUNTS | left))[-4:-1] == [
        "batches 3",
        "objects left 1,200",
        "warning stopped after 3 batches: 1,200 raw objects left",
    ]
    assert shown(load(COUNTS | {"batches": 1, "objects_left": 0})) == shown(load(COUNTS))


def test_a_load_that_found_nothing_says_so():
    assert shown(load({"lines_read": 0, "observations_added": 0, "newest_observed_at": {}})) == [
        "ok run ab12 41.5 s",
        "lines read 0",
    ]


def test_a_requeue_and_a_reconcile_are_told_from_a_load():
    assert shown(load(COUNTS, requeue=True))[0] == "ok run ab12 41.5 s (requeue)"
    assert outcome(load(COUNTS, requeue=True)).startswith("requeue: lines_read 1035")
    assert outcome(load(COUNTS, reconcile=True)).startswith("reconcile: ")
    assert outcome(load(COUNTS)).startswith("lines_read 1035")


def test_any_other_notebook_shows_what_its_report_says():
    record = RunRecord(
        run_id="1",
        job="producer/flights",
        notebook="producer.ipynb",
        started_at="2026-03-01T12:00:00Z",
        status="warning",
        counts={"calls": 2, "kinesis_retries": 0, "records": 0, "status": "warning", "warning": "none for JFK"},
    )
    assert shown(record) == ["warning run 1 0.0 s", "records 0", "calls 2", "warning none for JFK"]
