"""What anybody can write to the runs bucket is data: it is no path and no place, and it keeps no other run from being
shown."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_notebook, writes

from aviation import home, status
from aviation.cli import main
from aviation.errors import ParameterError, QueryError
from aviation.report import RunRecord
from aviation.runs import pages, store
from aviation.runs.declared import job_of

GOOD = RunRecord(
    run_id="0a1b2c3d", job="count", notebook="count.ipynb", started_at="2013-07-10T12:00:00Z", counts={"records": 7}
)


def command(*arguments: str):
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.stdout.strip().splitlines(), done.stderr.strip().splitlines()


@pytest.fixture
def bucket(producer_stack):
    """A runs bucket with one good run; puts anything else where it is told to."""

    def put(key: str, body: bytes) -> None:
        producer_stack.s3.put_object(Bucket=producer_stack.bucket, Key=key, Body=body)

    store.keep(GOOD, writes(new_notebook(cells=[new_code_cell("1 + 1")])).encode())
    put.name = producer_stack.bucket
    return put


def changed(**fields) -> bytes:
    return json.dumps(GOOD.to_json() | {"run_id": "ffff"} | fields).encode()


@pytest.mark.parametrize(
    "body",
    [
        changed(run_id="../../../../outside"),
        changed(run_id="/tmp/outside"),
        changed(run_id=".."),
        changed(run_id="other"),
        changed(run_id=7),
        changed(job="../.."),
        changed(job="other"),
        changed(started_at="../../../../x"),
        changed(started_at="2013-07-10 at noon"),
        changed(seconds="long"),
        changed(parameters=[1]),
        changed(counts="many"),
        changed(error={"a": 1}),
        b"[1, 2]",
        b"no JSON",
        b"\xff\xfe",
        b'{"counts":' + b"[" * 100_000,
    ],
    ids=range(17),
)
def test_what_is_no_record_of_its_key_is_left_out_in_one_line_and_the_other_runs_are_shown(bucket, body):
    bucket("count/2013/07/10/ffff.json", body)
    before = set(home.home().parent.rglob("*"))
    code, lines, told = command("runs", "index")
    assert code == 0, (lines, told)
    assert [line for line in told if "ffff.json" in line and "is left out" in line] == told[:-1]
    assert told[-1] == "runs: 1 run, 0 failed"
    pages_folder = home.home() / "runs"
    made = {path for path in set(home.home().parent.rglob("*")) - before if path.is_file()}
    assert made == {pages_folder / "index.html", pages_folder / "pages/0a1b2c3d.html"}
    assert "0a1b2c3d.html" in Path(lines[-1]).read_text()
    code, lines, _ = command("runs")
    assert (code, len(lines)) == (0, 1)
    for name in (["runs", "show", "ffff"], ["retry", "ffff"]):
        assert command(*name)[0] == 2


@pytest.mark.parametrize(
    "where",
    [
        "/etc/hostname",
        "{folder}/secret.ipynb",
        "s3://{bucket}/other/secret.ipynb",
        "s3://raw-bucket/secret.ipynb",
        "s3://{bucket}/count/2013/07/10/../../../../other/secret.ipynb",
    ],
)
def test_a_record_cannot_have_another_notebook_or_a_file_shown(bucket, tmp_path, where):
    secret = writes(new_notebook(cells=[new_code_cell("'the secret'")])).encode()
    (tmp_path / "secret.ipynb").write_bytes(secret)
    bucket("other/secret.ipynb", secret)
    place = where.format(folder=tmp_path, bucket=bucket.name)
    bucket("count/2013/07/10/ffff.json", changed(executed_notebook=place, failed_cell=1, status="failed"))
    code, lines, told = command("runs", "show", "ffff", "--no-open")
    assert code == 0
    assert [line for line in told if "is not its own notebook" in line]
    page = Path(lines[-1]).read_text()
    assert "the secret" not in page
    assert "ffff" in page
    assert command("runs", "index")[0] == 0
    assert "the secret" not in (home.home() / "runs/index.html").read_text()


@pytest.mark.parametrize(
    "body",
    [b"[]", b"{}", b"no JSON", b'{"cells": 5, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', b"[" * 100_000],
)
def test_what_is_no_notebook_is_told_and_the_record_is_shown(bucket, body):
    bucket("count/2013/07/10/ffff.ipynb", body)
    own = f"s3://{bucket.name}/count/2013/07/10/ffff.ipynb"
    bucket("count/2013/07/10/ffff.json", changed(executed_notebook=own, failed_cell=1, status="failed"))
    assert command("runs", "index")[0] == 0
    assert {path.name for path in (home.home() / "runs/pages").iterdir()} == {"0a1b2c3d.html", "ffff.html"}


def test_a_page_stays_in_its_folder_whatever_the_run_is_called(bucket):
    for run_id in ("../../../outside", "/tmp/outside", "..", "a/b", "a%2Fb", 'x" onclick="y'):
        page = pages.write_page(replace(GOOD, run_id=run_id))
        assert page.parent == (home.home() / "runs/pages").resolve()
        index = pages.write_index([replace(GOOD, run_id=run_id)])
        assert page.is_file()
        assert 'onclick="' not in index.read_text()


@pytest.mark.parametrize("name", ["../outside.ipynb", "*", "**", "[o]utside.ipynb", "/tmp/outside.ipynb", "..", ""])
def test_a_retry_runs_a_notebook_of_the_checkout_by_its_name_alone(tmp_path, name):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "outside.ipynb").touch()
    (tmp_path / "notebooks/outside.ipynb").touch()
    with pytest.raises(ParameterError, match="which is not in notebooks/ once"):
        job_of(replace(GOOD, notebook=name), tmp_path)
    assert job_of(replace(GOOD, notebook="outside.ipynb"), tmp_path).notebook == "notebooks/outside.ipynb"


def test_control_characters_of_a_record_do_not_reach_the_terminal(bucket):
    bucket("count/2013/07/10/ffff.json", changed(status="failed", error="\x1b]0;title\x07\x1b[2Jgone\nnext"))
    code, lines, _ = command("runs", "--failed")
    assert (code, len(lines)) == (0, 1)
    assert not {"\x1b", "\x07"} & set(lines[0])


@pytest.mark.parametrize("rules", ["text", [1], {"a\x1b": "b", "missing": 3}, None])
def test_counts_that_are_none_do_not_keep_the_status_from_being_told(bucket, monkeypatch, rules):
    def fail():
        raise QueryError("there is no table")

    monkeypatch.setattr(status, "row_counts", fail)
    bucket("count/2013/07/10/ffff.json", changed(counts={"warnings_by_rule": rules, "quarantined": "many"}))
    bucket("count/2013/07/10/eeee.json", changed(run_id="eeee", counts={"quarantined": 2}))
    told = status.render()
    assert {"0a1b2c3d", "ffff", "eeee"} <= set(told.split())
    assert "lines in quarantine" in told
    assert "\x1b" not in told
    assert ("missing" in told) == isinstance(rules, dict)
