"""The whole system on this machine: a real day from the API to the board, held against the data set itself.

The tests of this file share the run's stack, with the demo's day loaded; none needs what another one does.
"""

import gzip
import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
import requests
from bs4 import BeautifulSoup
from click.testing import CliRunner

from aviation import aws, backend, places, query, views
from aviation.cli import main
from aviation.columns import TABLES
from aviation.deploy import wheels
from aviation.errors import RefusedShareError
from aviation.jobs import demo
from aviation.jobs import start as jobs
from aviation.load.record import recorded
from aviation.load.settings import settings
from aviation.replay.data import Leg, legs, truth
from aviation.replay.records import ends
from aviation.runs import store
from aviation.sql import catalog
from aviation.status import row_counts
from support import ROOT, board_figures, glue_runtime, iam, traces
from support.aws_calls import ACCOUNT, REGION, Call, recorder
from support.notebooks import defaults

NEW_YORK = ZoneInfo("America/New_York")
DAY = "2013-07-10"
ICAO = pd.read_csv(ROOT / "lib/aviation/replay/carriers.csv").set_index("iata")["icao"]


def aviation(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """Run the program as a person does, against the stack of this run."""
    return subprocess.run(
        [sys.executable, "-m", "aviation", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def contents() -> dict[str, list]:
    """Every row of the day's flights and of the reference tables, in an order of its own."""
    frames = {
        table.name: query.sql(
            f"select * from {table.name}"
            + (f" where flight_date = date '{DAY}'" if "flight_date" in table.columns else "")
        )
        for table in TABLES
        if table.name not in ("loads", "quarantine")
    }
    return {name: sorted(map(str, frame.to_dict("records"))) for name, frame in frames.items()}


def flight_dates() -> set[str]:
    if "flights" not in catalog.read().tables:
        return set()
    return set(query.sql("select distinct cast(flight_date as varchar) as day from flights")["day"])


def raw_keys() -> set[str]:
    pages = aws.client("s3").get_paginator("list_objects_v2").paginate(Bucket=places.place("RawBucket"))
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def load(**choices) -> dict:
    return backend.in_use().load({"entities": [], **choices}).counts


@dataclass
class Loaded:
    """What the demo left: the tables' contents, the flight dates that it brought, the raw objects, the board's file,
    and what it and `aviation status` print."""

    contents: dict[str, list]
    new_dates: set[str]
    raw_keys: set[str]
    page: str
    told: list[str]
    status: str


@pytest.fixture(scope="module")
def loaded(stack) -> Loaded:
    """The stack after the demo."""
    before = flight_dates()
    with redirect_stdout(io.StringIO()) as told:
        demo.run(stack)
    page = (stack.home / "dashboard.html").read_text()
    return Loaded(
        contents(), flight_dates() - before, raw_keys(), page, told.getvalue().splitlines(), aviation("status").stdout
    )


def test_the_demo_ends_with_the_files_path_and_the_boards_address_and_leaves_the_board_running(loaded, stack):
    assert loaded.told[-2:] == [
        f"dashboard: {(stack.home / 'dashboard.html').resolve()}",
        f"board: {stack.board.url} (beside the local stack: 'make down' ends both)",
    ]
    assert f"board: {stack.board.url}" in loaded.status
    flights = requests.get(f"{stack.board.url}api/flights?date={DAY}", timeout=60).json()
    assert flights["found"] == 1004


def test_every_operated_leg_of_the_day_is_there_once(loaded):
    flights = query.sql(
        "select flight_key, flight_date, dep_iata, airline_iata, airline_icao, flight_number from flights "
        f"where flight_date = date '{DAY}'"
    )
    assert len(flights) == flights["flight_key"].nunique() == 1004
    assert loaded.new_dates == {DAY}


def test_delays_cancellations_and_diversions_equal_the_data_set_null_for_null(loaded):
    flights = query.sql(
        "select dep_iata, airline_icao, flight_number as number, flight_status, dep_delay_min, arr_delay_min"
        f" from flights where flight_date = date '{DAY}'"
    )
    # The key of a leg holds its operating airline's ICAO code, the data set its IATA code.
    carriers = pd.read_csv(ROOT / "lib/aviation/replay/carriers.csv").set_index("icao")["iata"]
    flights["carrier"] = flights["airline_icao"].map(carriers)
    expected = truth(DAY)
    both = expected.merge(
        flights, on=["dep_iata", "carrier", "number"], how="outer", validate="one_to_one", indicator=True
    )
    assert set(both["_merge"]) == {"both"}
    for ours, theirs in (("dep_delay_min", "dep_delay"), ("arr_delay_min", "arr_delay")):
        pd.testing.assert_series_equal(both[ours].astype("Int64"), both[theirs].astype("Int64"), check_names=False)
    assert (both["flight_status"] == "cancelled").equals(both["cancelled"])
    assert (both["flight_status"] == "diverted").equals(both["diverted"])
    assert (both["flight_status"] == "landed").equals(~both["cancelled"] & ~both["diverted"])
    assert both["cancelled"].sum() == 121
    assert both["diverted"].sum() == 37


def test_every_row_came_all_the_way(loaded):
    loads = query.sql("select objects, lines_read, observations_added, references, repeats, quarantined from loads")
    keys = {key for objects in loads["objects"] for key in objects}
    assert loaded.raw_keys <= keys <= raw_keys()
    parts = loads[["observations_added", "references", "repeats", "quarantined"]].sum(axis=1)
    assert (loads["lines_read"] == parts).all()
    assert row_counts()["flight_observations"] == loads["observations_added"].sum()


def leg_key(leg: Leg) -> str:
    """The leg's flight_key in the tables."""
    return f"{leg.day}|{leg.origin}|{ICAO[leg.carrier]}|{leg.number}"


def known_at(when: datetime) -> pd.DataFrame:
    """What the data set says was known of each leg at an instant: status and delays, by key."""
    rows = []
    for leg in legs(DAY):
        left = leg.dep_actual is not None and leg.dep_actual <= when
        arrived = leg.arr_actual is not None and leg.arr_actual <= when
        if leg.cancelled:
            status = "cancelled" if leg.dep_scheduled <= when else "scheduled"
        elif leg.diverted and ends(leg) <= when:
            status = "diverted"
        else:
            status = "landed" if arrived else "active" if left else "scheduled"
        late = int((leg.arr_actual - leg.arr_scheduled).total_seconds() / 60) if arrived else None
        rows.append((leg_key(leg), status, leg.dep_delay_min if left else None, late))
    frame = pd.DataFrame(rows, columns=["flight_key", "flight_status", "dep_delay_min", "arr_delay_min"])
    return frame.astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"}).sort_values("flight_key")


@pytest.mark.parametrize("when", demo.poll_times(DAY), ids=lambda when: f"{when:%dT%H%M}")
def test_as_of_each_poll_every_row_is_what_the_data_set_says_was_known_then(loaded, when):
    expected = known_at(when)
    found = query.sql(f"select {', '.join(expected)} from flights order by flight_key", as_of=when)
    # The API says of a few that are not over that it does not know their status.
    said = found["flight_status"].mask(found["flight_status"] == "unknown", "scheduled")
    assert (found["flight_status"] == "unknown").mean() < 0.02
    found = found.assign(flight_status=said).astype(expected.dtypes.to_dict())
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))


def so_far(when: datetime) -> pd.DataFrame:
    """What the data set says of each leg at an instant in the words of flights_so_far, by key."""
    rows = []
    for leg, said in zip(sorted(legs(DAY), key=leg_key), known_at(when).itertuples(), strict=True):
        due, due_there = ((when - at).total_seconds() / 60 for at in (leg.dep_scheduled, leg.arr_scheduled))
        is_over = said.flight_status in ("landed", "diverted", "cancelled")
        has_left = said.flight_status == "active"
        standing = "over" if is_over else "under way" if has_left else "overdue" if due > 0 else "to come"
        departure = due if standing == "overdue" else None if said.flight_status == "cancelled" else said.dep_delay_min
        arrival = due_there if standing in ("overdue", "under way") and due_there > 0 else said.arr_delay_min
        rows.append((said.flight_key, standing, departure, arrival))
    frame = pd.DataFrame(rows, columns=["flight_key", "standing", "dep_delay_min", "arr_delay_min"])
    return frame.astype({"dep_delay_min": "Int64", "arr_delay_min": "Int64"})


@pytest.mark.parametrize("when", demo.poll_times(DAY), ids=lambda when: f"{when:%dT%H%M}")
def test_as_of_each_poll_what_is_overdue_and_how_late_at_the_least_is_what_the_data_set_says(loaded, when):
    expected = so_far(when)
    asked = f"select {', '.join(expected)}, known_at from flights_so_far order by flight_key"
    found = query.sql(asked, as_of=when).astype(expected.dtypes.to_dict())
    pd.testing.assert_frame_equal(found[list(expected)], expected)
    assert set(found["known_at"]) == {pd.Timestamp(when).tz_localize(None)}
    [day] = query.sql("select * from days_so_far", as_of=when).to_dict("records")
    overdue = expected[expected["standing"] == "overdue"]["dep_delay_min"]
    assert (day["flights"], day["overdue"], day["very_overdue"]) == (1004, len(overdue), (overdue >= 60).sum())
    assert day["due"] == expected["dep_delay_min"].count()


def test_in_the_middle_of_the_storm_the_flights_that_wait_are_counted(loaded):
    [day] = query.sql("select * from days_so_far", as_of="2013-07-10T20:10Z").to_dict("records")
    assert (day["overdue"], day["very_overdue"], day["worst_overdue_min"]) == (64, 22, 190)
    assert day["expected_on_time_share"] < day["on_time_share"]


@pytest.fixture(scope="module")
def ask(loaded, stack):
    """What the board that the demo left says of the day, as JSON."""

    def answer(path: str, **query: object):
        found = requests.get(f"{stack.board.url}api/{path}", {"date": DAY, **query}, timeout=60)
        assert found.status_code == 200, found.text
        return found.json()

    return answer


@pytest.mark.parametrize("when", board_figures.POLLS, ids=lambda when: f"{when:%H%M}")
@pytest.mark.parametrize("check", board_figures.CHECKS)
def test_every_figure_of_the_boards_pages_is_what_the_data_set_says(ask, check, when):
    check(ask, when)


def test_the_board_says_what_was_loaded_and_that_nothing_was_refused(ask):
    # The producers' runs say what they sent, a line each; other tests send more.
    sent = [one["outcome"] for one in ask("data/runs") if one["job"].startswith("producer/")]
    assert "records 1896" in sent
    assert sum(one["lines_read"] for one in ask("data/loads")) >= 13 * 1896
    [flights] = [one for one in ask("data/freshness") if one["entity"] == "flights"]
    newest = pd.Timestamp(demo.poll_times(DAY)[-1]).tz_localize(None)
    assert pd.Timestamp(flights["observed_at"]) == newest
    refused = {one["rule"]: one["records"] for one in ask("data/rules") if one["action"] == "refuse"}
    kept = query.sql("select rule, count(*) as records from quarantine group by rule")
    assert {rule: records for rule, records in refused.items() if records} == dict(kept.itertuples(index=False))


def test_views_answer_what_pandas_computes_and_as_of_an_instant_too(loaded):
    expected = truth(DAY)
    asked = "select sum(flights) as flights, sum(on_time) as on_time, sum(cancelled) as cancelled"
    of_the_day = f"from on_time_by_airline_day where flight_date = date '{DAY}'"
    [whole] = query.sql(f"{asked} {of_the_day}").to_dict("records")
    assert whole == {"flights": 1004, "on_time": (expected["arr_delay"] < 15).sum(), "cancelled": 121}
    noon = demo.poll_times(DAY)[4]
    then = query.sql(f"select sum(flights) as flights {of_the_day}", as_of=noon)["flights"].iloc[0]
    assert then == known_at(noon)["flight_status"].isin(["landed", "diverted", "cancelled"]).sum() > 0
    found = catalog.read()
    assert set(found.views) == {view.name for view in views.VIEWS}
    for view in views.VIEWS:
        query.sql(f"select count(*) from {view.name}")


def test_the_load_was_followed_by_an_alert_for_each_disruption_of_the_day(loaded, stack):
    told = pd.DataFrame(map(json.loads, (stack.home / "alerts.jsonl").read_text().splitlines()))
    told = told[told["flight_key"].str.startswith(DAY)]
    expected = truth(DAY)
    late = expected[["dep_delay", "arr_delay"]].fillna(0).max(axis=1) >= 120
    late &= ~expected["cancelled"] & ~expected["diverted"]
    watched = told[told["watch"] == "disruptions"]
    assert watched["kind"].value_counts().to_dict() == {"cancelled": 121, "diverted": 37, "delayed": late.sum()}
    assert watched["flight_key"].is_unique
    narrow = told[told["watch"] == "new-york-jetblue"]
    assert set(narrow["airline"]) == {"B6"}
    assert narrow["route"].str.contains("JFK").all()


def test_in_the_middle_of_the_day_what_had_not_left_was_forecast_and_better_than_climatology(loaded):
    noon = demo.poll_times(DAY)[demo.FORECAST_AFTER - 1]
    then = known_at(noon)
    waiting = then[then["dep_delay_min"].isna() & (then["flight_status"] == "scheduled")]
    at = f"made_at = timestamp '{noon:%Y-%m-%d %H:%M:%S}'"
    said = query.sql(f"select * from flight_forecasts where {at}")
    assert set(said["flight_key"]) == set(waiting["flight_key"])
    assert said["flight_key"].is_unique
    assert (said["p10"] <= said["p50"]).all() and (said["p50"] <= said["p90"]).all()
    assert said[["reason_1", "reason_2", "reason_3"]].notna().all(axis=None)
    assert query.sql(f"select count(*) as n from flight_forecasts where {at}", as_of=noon)["n"].iloc[0] == len(said)
    # Trained on the days before alone, and held against the data set itself.
    outcome = known_at(demo.poll_times(DAY)[-1]).set_index("flight_key").loc[said["flight_key"]]
    late = ((outcome["flight_status"] == "cancelled") | (outcome["dep_delay_min"] >= 15).fillna(False)).to_numpy(bool)
    ours, usual = (((said[name] - late) ** 2).mean() for name in ("p_late", "climatology_p_late"))
    assert ours < 0.75 * usual
    scores = query.sql(f"select sum(forecasts) as n, sum(forecasts * brier) as brier from forecast_scores where {at}")
    assert (scores["n"].iloc[0], scores["brier"].iloc[0] / len(said)) == pytest.approx((len(said), ours), abs=1e-6)


@pytest.mark.slow
def test_what_is_polled_again_changes_nothing_and_a_malformed_line_goes_to_quarantine_with_its_reason(loaded, stack):
    stack.clock(demo.poll_times(DAY)[6])
    jobs.run_producer("flights")
    jobs.run_producer("aircraft_types")
    bad = b'{"entity": "flights", "record": \n'
    key = f"{max(key for key in raw_keys() if key.startswith('flights/')).rpartition('/')[0]}/by-hand.gz"
    aws.client("s3").put_object(Bucket=places.place("RawBucket"), Key=key, Body=gzip.compress(bad))
    counts = load()
    assert counts["lines_read"] == counts["repeats"] + counts["references"] + counts["quarantined"] > 1000
    assert counts["quarantined"] == 1
    [row] = query.sql(f"select rule, reason, times_seen, raw_text from quarantine where object = '{key}'").to_dict(
        "records"
    )
    assert (row["rule"], row["times_seen"]) == ("json", 1)
    assert "not JSON" in row["reason"]
    assert row["raw_text"] == bad.decode().rstrip("\n")
    assert contents() == loaded.contents


def test_a_load_that_fails_on_glue_leaves_its_run_record_too(stack):
    def fail():
        raise RefusedShareError("11 of 21 lines are refused")

    chosen = replace(
        settings(**defaults("glue_notebooks/aviation_data_load.ipynb")),
        runs_bucket=places.place("RunsBucket"),
        run_id="failed-on-glue",
    )
    with pytest.raises(RefusedShareError):
        recorded(chosen, fail)
    [record] = store.latest("aviation_data_load", limit=1)
    assert (record.run_id, record.status) == ("failed-on-glue", "failed")
    assert record.error == "RefusedShareError: 11 of 21 lines are refused"


def as_glue_runs_it(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run the deployed job's script with the deployed library and its arguments, and nothing of the checkout."""
    job = aws.client("glue").get_job(JobName=places.place("LoadJob"))["Job"]
    passed = job["DefaultArguments"]
    for name, location in {
        "script.py": job["Command"]["ScriptLocation"],
        "lib.zip": passed["--extra-py-files"],
    }.items():
        bucket, _, key = location.removeprefix("s3://").partition("/")
        (folder / name).write_bytes(aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())
    command = [sys.executable, folder / "script.py", "--JOB_NAME", job["Name"], "--JOB_RUN_ID", "jr_of_this_test"]
    command += [text for pair in passed.items() for text in pair if not pair[0].startswith("--enable")]
    environment = os.environ | {"PYTHONPATH": str(folder / "lib.zip")}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def of_wheels(job: wheels.Job, folder: Path, run_id: str, **arguments: str) -> tuple[Path, list[Call], set[str]]:
    """Run a job as Glue does, with the pinned wheels alone: its Python, the calls that it made, and those of them that
    its role refuses."""
    python, environment = glue_runtime.installed(folder, job), os.environ
    names = {"stack": places.stack_name(), "database": places.place("Database")} | arguments
    names |= {"published_bucket": places.place("PublishedBucket"), "runs_bucket": places.place("RunsBucket")}
    given = [text for name, value in names.items() for text in (f"--{name}", value)]
    command = [python, folder / "dist" / job.script, "--JOB_NAME", job.word, "--JOB_RUN_ID", run_id]
    with recorder(environment["AWS_ENDPOINT_URL"]) as recording:
        seen = {name: text for name, text in environment.items() if name.startswith("AWS_")}
        seen |= {"AWS_ENDPOINT_URL": recording.url, "HOME": str(folder)}
        done = subprocess.run([*command, *given], cwd=folder, env=seen, capture_output=True, text=True)
        made = recording.calls(environment["AWS_ACCESS_KEY_ID"])
    assert done.returncode == 0, done.stderr
    policies = glue_runtime.role(names["stack"], names["database"], ACCOUNT, REGION, f"{job.switch}Role")
    refused = {
        f"{call.action} on {arn}"
        for call in made
        for arn in call.resources
        if not iam.allowed(policies, call.action, arn, dict(call.context))
    }
    return python, made, refused


@pytest.mark.slow
def test_what_is_published_on_glue_is_made_by_the_pinned_wheels_alone_under_the_jobs_role(loaded, stack, tmp_path):
    given = {"addresses_secret": places.place("AddressesSecret"), "brief": "true", "oldest_minutes": "60"}
    _, made, refused = of_wheels(wheels.PUBLISHING, tmp_path, "jr_published", **given)
    runs = places.place("RunsBucket")
    newest = aws.client("s3").get_object(Bucket=runs, Key="published/latest/dashboard.html")
    assert newest["ContentType"] == "text/html; charset=utf-8"
    page = newest["Body"].read().decode()
    assert "B6 " in page and 'data-promised="60.0"' in page
    [record] = store.latest("aviation_publish", limit=1)
    assert (record.run_id, record.status, record.counts["day"]) == ("jr_published", "ok", DAY)
    latest = {key.removeprefix("published/latest/") for key in record.counts["keys"]}
    assert {"brief/brief.html", "brief/brief.txt", "brief/delays.png", "dashboard.html"} <= latest
    # The emulator's own form of a secret's ARN; tests/aws/test_boundary.py holds the role to the template's secret.
    assert {line.partition(" ")[0] for line in refused} <= {"secretsmanager:GetSecretValue"}
    assert {"s3:PutObject", "s3:GetObject", "glue:GetTable"} <= {call.action for call in made}


@pytest.mark.slow
def test_what_trains_on_glue_needs_the_pinned_wheels_alone_and_says_that_one_day_is_too_little(loaded, stack, tmp_path):
    python, made, refused = of_wheels(wheels.TRAINING, tmp_path, "jr_trained")
    [record] = store.latest("train_delay_forecast", limit=1)
    assert (record.run_id, record.status, record.counts["outcome"]) == ("jr_trained", "warning", "not yet")
    assert refused == set() and "glue:GetTables" in {call.action for call in made}
    lacking = "import lightgbm, aviation.forecast.training, aviation.train.job"
    assert subprocess.run([python, "-c", lacking], cwd=tmp_path, capture_output=True, text=True).returncode == 0


@dataclass
class Rebuilt:
    """What came of the emulator's hard kill, of the loss of the catalog and of the script that Glue runs: the tables
    before, after the kill and in the end, the observations, and how the script ended."""

    before: dict[str, list]
    kept: dict[str, list]
    after: dict[str, list]
    observations: int
    script: subprocess.CompletedProcess


@pytest.fixture(scope="module")
def rebuilt(loaded, stack, tmp_path_factory) -> Rebuilt:
    """The emulator is killed; then the catalog forgets the tables, raw is there: the deployed script loads it anew."""
    before = contents()
    emulator = stack.emulator.running()
    emulator.kill()
    emulator.wait(10)
    stack.up()
    kept = contents()
    glue, database = aws.client("glue"), places.place("Database")
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
        glue.batch_delete_table(DatabaseName=database, TablesToDelete=[table["Name"] for table in page["TableList"]])
    script = as_glue_runs_it(tmp_path_factory.mktemp("glue"), "--reconcile", "true", "--upkeep", "true")
    observations = row_counts()["flight_observations"]
    return Rebuilt(before, kept, contents(), observations, script)


@pytest.mark.slow
def test_after_a_hard_kill_the_tables_are_as_they_were(rebuilt):
    assert rebuilt.kept == rebuilt.before


@pytest.mark.slow
def test_when_the_catalog_is_lost_the_script_that_glue_runs_rebuilds_from_raw_what_the_notebook_made(rebuilt):
    assert rebuilt.script.returncode == 0, rebuilt.script.stderr
    assert "every line read is an observation" in rebuilt.script.stdout
    # What was forecast was said with what was known then: no load can say it again.
    assert rebuilt.before.pop("flight_forecasts")
    assert rebuilt.after.pop("flight_forecasts") == []
    assert rebuilt.after == rebuilt.before
    [record] = [record for record in store.latest("aviation_data_load") if record.run_id == "jr_of_this_test"]
    assert record.parameters["reconcile"] is True
    assert record.counts["observations_added"] == rebuilt.observations > 0


def nearest_rank(values: pd.Series, tenths: int) -> int:
    ordered = values.dropna().sort_values()
    return int(ordered.iloc[-(-len(ordered) * tenths // 10) - 1])


def tables_of(page: str) -> list[pd.DataFrame]:
    """Every table of a page, numbers as such."""
    found = []
    for table in BeautifulSoup(page, "html.parser").find_all("table"):
        head, *rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
        frame = pd.DataFrame(rows, columns=head)
        found.append(frame.apply(lambda column: pd.to_numeric(column, errors="coerce").fillna(column)).infer_objects())
    return found


def test_each_figure_in_the_boards_file_is_what_pandas_says_of_the_data_set(loaded):
    page = loaded.page
    day = truth(DAY)
    late, left = day["arr_delay"], day["dep_delay"][~day["cancelled"]]
    on_time = f"{100 * (late < 15).fillna(False).mean():.1f} %"
    expected = {
        "On time so far": on_time,
        "On time, expected": on_time,
        "Overdue": "0",
        "Cancelled": str(day["cancelled"].sum()),
        "Diverted": str(day["diverted"].sum()),
        "Median departure delay": f"+{nearest_rank(left, 5)} min",
        "Nine in ten left within": f"+{nearest_rank(left, 9)} min",
        "Finished": f"{len(day):,}",
    }
    shown = BeautifulSoup(page, "html.parser")
    assert {one["data-figure"]: one.get_text() for one in shown.select("[data-figure]")} == expected
    outcomes, delays, routes, flights = (
        next(table for table in tables_of(page) if column in table and other in table)
        for column, other in (
            ("hour", "cancelled"),
            ("hour", "expected min"),
            ("Route", "Under way"),
            ("Leaves", "Flight"),
        )
    )
    by_hour = day.groupby("hour")
    outcomes = outcomes.set_index("hour")
    for name in ("cancelled", "diverted"):
        assert outcomes[name].to_dict() == by_hour[name].sum().to_dict()
    assert outcomes.sum().sum() == len(day)
    # By the hour in New York in which a flight left.
    left_at = {leg: leg.dep_actual.astimezone(NEW_YORK) for leg in legs(DAY) if leg.dep_actual}
    hour_left = [f"{when.hour}{'' if f'{when:%F}' == DAY else ' on the day after'}" for when in left_at.values()]
    means = pd.Series([leg.dep_delay_min for leg in left_at]).groupby(hour_left).mean().to_dict()
    delays["hour"] = [hour if isinstance(hour, str) else f"{hour:.0f}" for hour in delays["hour"]]
    for name in ("at least so far min", "expected min"):
        assert delays.set_index("hour")[name].astype(float).to_dict() == pytest.approx(means, abs=0.051)
    flown = (day["dep_iata"] + "–" + day["arr_iata"]).value_counts()
    assert routes.set_index("Route")["Flights"].to_dict() == flown.to_dict()
    assert len(flights) == len(day)
    assert flights["Status"].str.contains("diverted").sum() == day["diverted"].sum()
    assert "src=" not in page
    assert len(page) < 1_500_000


def test_query_prints_json_and_csv_to_stdout_alone(loaded):
    asked = (
        f"select flight_status, count(*) as n from flights where flight_date = date '{DAY}' group by 1 order by n desc"
    )
    done = aviation("query", asked, "--format", "json")
    assert done.returncode == 0
    assert json.loads(done.stdout)[1] == {"flight_status": "cancelled", "n": 121}
    assert aviation("query", asked, "--format", "csv").stdout.splitlines()[:3] == [
        "flight_status,n",
        "landed,846",
        "cancelled,121",
    ]


def test_status_says_how_old_each_table_is_and_what_ran(loaded):
    assert "flights                     1,004 rows" in loaded.status
    assert "producer/flights" in loaded.status
    assert "aviation_data_load" in loaded.status


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["produce", "flihgts"], "unknown entity 'flihgts': it is one of flights, cities, airplanes, aircraft_types"),
        (["load", "flihgts"], "unknown entity 'flihgts'"),
        (["query", "select * from flihgts"], "there is no table 'flihgts'"),
        (["query", "select from where"], "the query"),
        (["query", "drop table flights"], "only a SELECT can be asked"),
        (["clock", "noon"], "'noon' is not a time"),
        (
            ["run", "notebooks/producer.ipynb", "-p", "entty", "flights"],
            "unknown parameter 'entty': did you mean 'entity'",
        ),
        (["run", "notebooks/nothing.ipynb"], "there is no notebook notebooks/nothing.ipynb"),
        (["up", "--api-url", "http://api.aviationstack.com/v1"], "is not https"),
        (["up", "--api-url", "https://api.aviationstack.com/v1"], "set AVIATIONSTACK_ACCESS_KEY"),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, list) else None,
)
def test_bad_input_gets_one_clear_line_and_a_failing_exit_code(loaded, arguments, line):
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code in (1, 2)
    assert line in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not done.stdout


def test_a_wrong_key_and_a_used_up_quota_are_told_in_one_line(loaded, stack, canary):
    control = stack.read_state().replay_url.removesuffix("/v1") + "/_replay"
    requests.put(control, json={"quota": 0}, timeout=5).raise_for_status()
    done = aviation("produce", "aircraft_types")
    requests.put(control, json={"quota": None}, timeout=5).raise_for_status()
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "usage_limit_reached" in done.stderr or "quota" in done.stderr
    secrets, secret = aws.client("secretsmanager"), places.place("ApiKeySecret")
    for wrong, told in (("wrong-key", "invalid_access_key"), (" ", "access key is missing")):
        secrets.put_secret_value(SecretId=secret, SecretString=wrong)
        done = aviation("produce", "aircraft_types")
        secrets.put_secret_value(SecretId=secret, SecretString=canary)
        assert done.returncode == 1
        assert told in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
    [newest] = store.latest("producer/aircraft_types", limit=1)
    assert newest.status == "failed"
    assert "access key is missing" in newest.error


def test_an_unreachable_api_is_told_in_one_line(loaded, stack):
    stack.replay.stop()
    try:
        done = aviation("run", "notebooks/producer.ipynb", "-p", "entity", "cities", "-p", "deadline_seconds", "2")
    finally:
        stack.up()
    assert done.returncode == 1
    assert "no answer from http://127.0.0.1" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_api_key_is_nowhere_but_in_the_emulators_secret_store(loaded, stack, canary):
    store = [file for file in stack.home.rglob("*") if "secretsmanager" in file.name]
    assert traces.in_files(canary, [stack.home, ROOT / "dist"], but=store) == []
    # The replay asks for the key, as the API does.
    held = f"{stack.replay.running().pid} environ"
    assert traces.in_processes(canary, traces.of_stack(stack.home)) == [held]
    parameters = aws.client("cloudformation").describe_stacks(StackName=places.stack_name())["Stacks"][0]["Parameters"]
    assert canary not in json.dumps(parameters)
