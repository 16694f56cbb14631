"""What is published: which files, under which keys, in which order, and what a failure leaves."""

import json
import os
import sys
from types import SimpleNamespace

import pytest

from aviation import brief, publish
from aviation.errors import AviationError, ParameterError, PlaceError
from aviation.publish import job, kept
from aviation.report import RunRecord
from support.board import MadeTables, storm
from support.board_made import whole

ON_GLUE = {
    "--JOB_NAME": "acme-aviation_publish",
    "--JOB_RUN_ID": "jr_1",
    "--stack": "acme",
    "--published_bucket": "published",
    "--runs_bucket": "runs",
    "--database": "aviation",
    "--addresses_secret": "addresses",
    "--oldest_minutes": "60",
}


@pytest.fixture
def bucket(monkeypatch):
    """What was put, in order, as S3's arguments; the tables are those of the demo's day."""
    puts = []
    client = SimpleNamespace(put_object=lambda **given: puts.append(given))
    monkeypatch.setattr(kept.aws, "client", lambda service, **_: client)
    monkeypatch.setenv("AVIATION_RUNS_BUCKET", "runs")
    monkeypatch.setenv("AVIATION_STACK", "acme")
    monkeypatch.delenv("AVIATION_RUN_ID", raising=False)
    monkeypatch.setattr(job, "Tables", storm)
    monkeypatch.setattr(job.Stack, "promised", lambda self: {"flights": 38.0})
    return puts


@pytest.fixture
def briefed(monkeypatch):
    """A brief of two pictures: what was sent."""
    sent = []

    def write(tables, folder, *, as_of=None):
        folder.mkdir()
        for name in ("brief.html", "brief.txt", "delays.png", "outcomes.png"):
            (folder / name).write_text(name)
        return "the brief"

    monkeypatch.setattr(brief, "write", write)
    monkeypatch.setattr(brief, "send", lambda what: sent.append(what) or {})
    return sent


@pytest.fixture
def glue(monkeypatch):
    """Sets the command line that Glue starts the script with."""
    own = ("STACK", "RUNS_BUCKET", "PUBLISHED_BUCKET", "DATABASE", "ADDRESSES_SECRET")
    for name in (f"AVIATION_{part}" for part in own):
        monkeypatch.setenv(name, os.environ.get(name, ""))  # put back at the end

    def start(**arguments: str | None) -> None:
        passed = ON_GLUE | {f"--{name}": text for name, text in arguments.items()}
        line = [part for name, text in passed.items() if text is not None for part in (name, text)]
        monkeypatch.setattr(sys, "argv", ["script.py", *line])

    return start


def test_after_a_load_the_page_is_kept_under_its_day_and_as_the_newest(bucket):
    report = publish.run(publish.settings(brief=False))
    keys = ["published/days/2013-07-10/dashboard.html", "published/latest/dashboard.html"]
    assert [given["Key"] for given in bucket] == report["keys"] == keys
    assert (report["day"], report["page"]) == ("2013-07-10", "s3://runs/published/latest/dashboard.html")
    for given in bucket:
        assert (given["Bucket"], given["ContentType"]) == ("runs", "text/html; charset=utf-8")
        assert given["CacheControl"] == "no-cache"
        assert b"B6" in given["Body"] and given["Body"].startswith(b"<!doctype html>")
        assert b'src="http' not in given["Body"]
    assert report["bytes"] == len(bucket[0]["Body"])


def test_in_the_morning_the_brief_goes_with_it_pictures_first_and_the_page_last_and_is_sent(bucket, briefed):
    report = publish.run(publish.settings(brief=True))
    latest = [key.removeprefix("published/latest/") for key in report["keys"] if key.startswith("published/latest/")]
    assert latest == [
        "brief/brief.txt",
        "brief/delays.png",
        "brief/outcomes.png",
        "brief/brief.html",
        "dashboard.html",
    ]
    kinds = {given["Key"].rpartition("/")[2]: given["ContentType"] for given in bucket}
    assert kinds["delays.png"] == "image/png"
    assert kinds["brief.txt"] == "text/plain; charset=utf-8"
    assert briefed == ["the brief"]
    assert report["status"] == "ok"


def test_a_brief_that_did_not_reach_an_address_is_a_warning(bucket, briefed, monkeypatch):
    monkeypatch.setattr(brief, "send", lambda what: {"mailto": 1})
    report = publish.run(publish.settings(brief=True))
    assert report["status"] == "warning"
    assert "mailto" in report["warning"]
    assert report["keys"]


def test_where_a_part_fails_nothing_is_kept_and_nothing_is_sent(bucket, briefed, monkeypatch):
    def fails(*_, **__):
        raise AviationError("no chart")

    monkeypatch.setattr(brief, "write", fails)
    with pytest.raises(AviationError, match="no chart"):
        publish.run(publish.settings(brief=True))
    assert (bucket, briefed) == ([], [])


def test_before_the_first_load_it_fails_and_keeps_nothing(bucket, monkeypatch):
    monkeypatch.setattr(job, "Tables", MadeTables)
    with pytest.raises(AviationError):
        publish.run(publish.settings(brief=False))
    assert bucket == []


def test_on_glue_places_come_from_the_jobs_arguments_and_the_run_leaves_its_record_last(bucket, glue, monkeypatch):
    glue()
    publish.run(publish.settings(brief=False))
    record = RunRecord.from_bytes(bucket[-1]["Body"])
    assert bucket[-1]["Key"] == record.key
    assert record.key.startswith("aviation_publish/") and record.key.endswith("/jr_1.json")
    assert (record.notebook, record.status, record.parameters) == ("aviation_publish.ipynb", "ok", {"brief": False})
    assert record.counts["keys"][-1] == "published/latest/dashboard.html"
    assert kept.place("Database") == "aviation"
    assert kept.place("PublishedBucket") == "published"


def test_on_glue_the_page_is_told_how_old_flights_may_get(bucket, glue, monkeypatch):
    monkeypatch.setattr(job.Stack, "promised", lambda self: pytest.fail("it may not ask the stack"))
    monkeypatch.setattr(job, "Tables", whole)
    glue(oldest_minutes="61.5")
    chosen = publish.settings(brief=False)
    assert chosen.oldest_minutes == 61.5
    publish.run(chosen)
    assert b'data-promised="61.5"' in bucket[0]["Body"]


def test_on_glue_a_failed_run_leaves_its_record_and_fails(bucket, glue, monkeypatch):
    monkeypatch.setattr(job, "Tables", MadeTables)
    glue()
    with pytest.raises(AviationError):
        publish.run(publish.settings(brief=False))
    [given] = bucket
    assert RunRecord.from_bytes(given["Body"]).is_failed


def test_a_choice_of_the_job_comes_before_the_notebooks(glue):
    glue(brief="true")
    assert publish.settings(brief=False).choices == {"brief": True}
    glue(brief="maybe")
    with pytest.raises(ParameterError, match="parameter 'brief' must be bool"):
        publish.settings(brief=False)


@pytest.mark.parametrize("name", ["runs_bucket", "database", "oldest_minutes"])
def test_a_job_that_lacks_an_argument_says_what_to_do(glue, name):
    glue(**{name: None})
    with pytest.raises(PlaceError, match=f"has no argument --{name}: deploy it again"):
        publish.settings(brief=False)


def test_a_report_is_json(bucket):
    json.dumps(publish.run(publish.settings(brief=False)))
