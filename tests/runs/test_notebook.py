"""Running a notebook as a job: what it leaves behind, above all when it fails."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from aviation import redact
from aviation.errors import NotebookError, ParameterError
from aviation.poll import lease
from aviation.report import RunRecord
from aviation.runs import notebook as runs
from aviation.runs import store
from support import ROOT
from support.notebooks import job_notebook
from support.stand_in import KEY, error

PRODUCER = ROOT / "notebooks/producer.ipynb"
CANARY = "canary"
REPORT = "from aviation.report import Report\nReport(status={status!r}, records=number)"
READS_THE_KEY = "from aviation import api_key\nkey = api_key.access_key()"


def stored(producer_stack) -> dict[str, str]:
    """Every object of the runs bucket, as text."""
    s3, bucket = producer_stack.s3, producer_stack.bucket
    found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {item["Key"]: s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read().decode() for item in found}


def everything_left(producer_stack, tmp_path: Path) -> str:
    """All that runs left behind, in the bucket and on this machine."""
    return "".join(
        [*stored(producer_stack).values(), *(path.read_text() for path in (tmp_path / "home").rglob("*.*[bn]"))]
    )


def test_the_producer_leaves_its_record_and_its_executed_notebook(producer_stack, put_key, stand_in, sent, tmp_path):
    stand_in.records = [{"plane_type_id": "1"}, {"plane_type_id": "2"}]
    record = runs.execute(PRODUCER, {"entity": "aircraft_types", "max_calls": 3}, job="producer/aircraft_types")
    name = f"producer/aircraft_types/{datetime.now(UTC):%Y/%m/%d}/{record.run_id}"
    assert record.counts["records"] == 2
    assert record.executed_notebook == f"s3://{producer_stack.bucket}/{name}.ipynb"
    expected = {"job": "producer/aircraft_types", "notebook": "producer.ipynb", "status": "ok", "error": None}
    expected |= {"parameters": {"entity": "aircraft_types", "max_calls": 3}, "failed_cell": None}
    assert expected.items() <= record.to_json().items()
    assert datetime.fromisoformat(record.started_at).tzinfo
    assert 0 < record.seconds < 60
    kept = stored(producer_stack)
    assert set(kept) == {f"{name}.json", f"{name}.ipynb", lease.key("aircraft_types")}
    assert RunRecord.from_bytes(kept[f"{name}.json"].encode()) == record
    assert "every record fetched was delivered" in kept[f"{name}.ipynb"]
    # The notebook knows its run: raw lines can be traced back to it.
    assert [line["run_id"] for line in sent("aircraft_types")] == [record.run_id] * 2
    assert CANARY not in everything_left(producer_stack, tmp_path)


def test_a_cell_that_says_how_far_it_is_is_heard_and_what_it_prints_else_is_not(producer_stack, tmp_path, capfd):
    job = job_notebook(tmp_path, "from aviation.report import progress\nprogress('batch 1 of 2')\nprint('a result')")
    runs.execute(job, {}, job="job")
    shown = capfd.readouterr()
    assert shown.err == "batch 1 of 2\n"
    assert not shown.out


def test_a_run_without_a_key_fails_with_the_line_that_says_what_to_do(producer_stack, stand_in):
    with pytest.raises(NotebookError, match=r"^the flight API's access key is missing: .*put-secret-value") as caught:
        runs.execute(PRODUCER, {}, job="producer/aircraft_types")
    [record] = store.latest()
    assert record.status == "failed"
    assert record.error.startswith("the flight API's access key is missing")
    assert record.failed_cell == caught.value.cell
    assert record.run_id == caught.value.run_id
    assert f"cell {caught.value.cell} of producer.ipynb, run {caught.value.run_id}" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.__context__ is caught.value.__cause__ is None


def test_a_key_that_only_the_notebook_read_is_in_nothing_that_a_failing_run_leaves(
    producer_stack, put_key, tmp_path, monkeypatch
):
    monkeypatch.setattr(redact, "_forms", set())
    monkeypatch.setattr(redact, "_remembered", None)
    job = job_notebook(tmp_path, READS_THE_KEY, "print(key)\nkey", "raise ValueError(f'https://host?q={key}&x=1')")
    with pytest.raises(NotebookError, match="ValueError: https://host") as caught:
        runs.execute(job, {}, job="job")
    assert "ValueError" in everything_left(producer_stack, tmp_path)
    assert CANARY not in everything_left(producer_stack, tmp_path) + repr(caught.value)


def test_an_api_that_refuses_the_key_leaves_no_trace_of_it(producer_stack, put_key, stand_in, tmp_path):
    stand_in.script = [error("invalid_access_key", 401, f"{KEY} is wrong")]
    with pytest.raises(NotebookError, match="the access key is wrong") as caught:
        runs.execute(PRODUCER, {}, job="producer/aircraft_types")
    assert CANARY not in everything_left(producer_stack, tmp_path) + repr(caught.value)


def test_a_warning_of_the_report_is_the_status_of_the_run(producer_stack, tmp_path):
    record = runs.execute(job_notebook(tmp_path, REPORT.format(status="warning")), {"number": 7}, job="job")
    assert (record.status, record.counts) == ("warning", {"status": "warning", "records": 7})


def test_a_failing_cell_keeps_the_counts_shown_before_it(producer_stack, tmp_path):
    job = job_notebook(tmp_path, REPORT.format(status="ok"), "assert number > 1, 'too few'")
    with pytest.raises(NotebookError, match="AssertionError: too few") as caught:
        runs.execute(job, {"number": 0}, job="job")
    [record] = store.latest("job")
    assert (record.status, record.counts["records"], record.failed_cell) == ("failed", 0, caught.value.cell)


def test_a_notebook_that_dies_or_takes_too_long_leaves_a_record_too(producer_stack, tmp_path):
    job = job_notebook(tmp_path, "import os, time\ntime.sleep(30) if number else os._exit(3)")
    with pytest.raises(NotebookError, match="its process died: exit code 3"):
        runs.execute(job, {"number": 0}, job="job")
    with pytest.raises(NotebookError, match="TimeoutError: it took longer than 1 s"):
        runs.execute(job, {"number": 1}, job="job", timeout_seconds=1)
    assert [record.status for record in store.latest("job")] == ["failed", "failed"]


@pytest.mark.parametrize("parameters", [{"numbre": 2}, {"numbre": 2, "number": 1}])
def test_an_unknown_parameter_is_refused_before_anything_runs(producer_stack, tmp_path, parameters):
    with pytest.raises(ParameterError, match="unknown parameter 'numbre': did you mean 'number'"):
        runs.execute(job_notebook(tmp_path, "number"), parameters, job="job")
    assert stored(producer_stack) == {}


def test_parameters_for_a_notebook_that_takes_none_are_refused(producer_stack, tmp_path):
    with pytest.raises(ParameterError, match="no cell tagged 'parameters'"):
        runs.execute(job_notebook(tmp_path, "1", parameters=None), {"number": 1}, job="job")


def test_what_is_no_notebook_is_refused(producer_stack, tmp_path):
    (tmp_path / "text.ipynb").write_text("not a notebook")
    for name in ("text.ipynb", "missing.ipynb"):
        with pytest.raises(ParameterError, match=name):
            runs.execute(tmp_path / name, {}, job="job")


@pytest.mark.parametrize("cell", ["1", "raise ValueError('the first failure')"], ids=["ran", "failed"])
def test_a_bucket_that_cannot_be_written_fails_the_run_and_the_local_files_are_named(
    producer_stack, tmp_path, monkeypatch, cell
):
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", "not-there")
    with pytest.raises(NotebookError, match="could not be stored") as caught:
        runs.execute(job_notebook(tmp_path, cell), {}, job="job", out_dir=tmp_path / "out")
    [kept] = (tmp_path / "out").rglob("*.ipynb")
    assert str(kept) in str(caught.value)
    assert json.loads(kept.with_suffix(".json").read_text())["executed_notebook"] == str(kept)
    assert str(caught.value).startswith("ValueError: the first failure") == ("raise" in cell)


def test_a_folder_that_cannot_be_written_leaves_the_record_in_the_bucket(producer_stack, tmp_path, caplog):
    (tmp_path / "out").write_text("no folder")
    record = runs.execute(job_notebook(tmp_path, "1"), {}, job="job", out_dir=tmp_path / "out")
    assert record.key in stored(producer_stack)
    [line] = [line for line in caplog.messages if "is kept in the runs bucket alone" in line]
    assert str(tmp_path / "out") in line


def test_a_record_that_can_be_kept_nowhere_fails_the_run_and_says_both(producer_stack, tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", "not-there")
    (tmp_path / "out").write_text("no folder")
    with pytest.raises(NotebookError, match=r"could not be stored: .*NoSuchBucket.*; nor in .*/out: ") as caught:
        runs.execute(job_notebook(tmp_path, "1"), {}, job="job", out_dir=tmp_path / "out")
    assert "kept as" not in str(caught.value)


def test_the_newest_records_come_first_of_one_job_or_of_all(producer_stack):
    times = ["2025-12-31T23:00:00Z", "2026-01-01T00:30:00Z", "2026-01-01T09:00:00Z", "2026-02-01T00:00:00Z"]
    for number, (job, when) in enumerate(zip(["a", "producer/x", "a", "producer/y"], times, strict=True)):
        day = when[:10].replace("-", "/")
        body = json.dumps({"job": job, "started_at": when})
        producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=f"{job}/{day}/{number}.json", Body=body)
        producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=f"{job}/{day}/{number}.ipynb", Body=b"{}")
    producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key="athena/result.csv", Body=b"1")
    assert [record.started_at for record in store.latest()] == times[::-1]
    assert [record.started_at for record in store.latest(limit=2)] == times[:1:-1]
    assert [record.started_at for record in store.latest("a")] == [times[2], times[0]]
    assert [record.job for record in store.latest("producer")] == ["producer/y", "producer/x"]
    assert store.latest("never") == []


def test_a_job_that_is_named_like_the_beginning_of_others_hides_none_of_them(producer_stack):
    """`aviation run notebooks/producer.ipynb` leaves a run of `producer`, a schedule one of `producer/flights`."""
    for number, job in enumerate(("producer/flights", "producer", "aviation_data_load", "producer/cities")):
        day = f"2026-03-0{number + 1}"
        record = RunRecord(run_id=f"{number:032x}", job=job, notebook="n.ipynb", started_at=f"{day}T00:00:00Z")
        producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=record.key, Body=record.to_bytes())
    assert [record.job for record in store.latest()] == [
        "producer/cities",
        "aviation_data_load",
        "producer",
        "producer/flights",
    ]
    assert [record.job for record in store.latest(limit=2)] == ["producer/cities", "aviation_data_load"]


def test_the_newest_failed_records_are_found_however_many_went_well_since(producer_stack):
    for number in range(30):
        status = "failed" if number in (0, 3, 5) else "ok"
        record = RunRecord(run_id=f"{number:02}", job="a", notebook="a.ipynb", started_at="", status=status)
        record = replace(record, started_at=f"2026-01-{number // 6 + 1:02}T00:{number:02}:00Z")
        producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=record.key, Body=record.to_bytes())
    assert [record.run_id for record in store.latest(failed=True)] == ["05", "03", "00"]
    assert [record.run_id for record in store.latest(limit=2, failed=True)] == ["05", "03"]
