"""`aviation runs`, `runs show`, `runs index` and `retry`, over real runs of small notebooks."""

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from aviation import aws
from aviation.cli import main
from aviation.errors import NotebookError
from aviation.runs import notebook as runs
from aviation.runs import pages as run_pages
from aviation.runs import store

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Aviation", "language": "python"}}
COUNT = """from aviation.report import Report
Report(status="ok", records=number)"""


def command(*arguments: str):
    done = CliRunner().invoke(main, arguments)
    return done.exit_code, done.stdout.strip().splitlines(), done.stderr.strip().splitlines()


@pytest.fixture(scope="module")
def checkout(stack, tmp_path_factory):
    """A checkout with two notebooks of its own, a home and a runs bucket, and three runs: good, bad, good."""
    root = tmp_path_factory.mktemp("checkout")
    (root / "infra").mkdir()
    (root / "infra/cloudformation.yaml").touch()
    (root / "notebooks").mkdir()
    parameters = new_code_cell("number: int = 1  # what is counted", metadata={"tags": ["parameters"]})
    for name, cells in {
        "count": [new_markdown_cell("# Count"), parameters, new_code_cell(COUNT)],
        "break": [parameters, new_code_cell("text = '<b>bold</b>'"), new_code_cell("raise ValueError(f'no {text}')")],
    }.items():
        (root / f"notebooks/{name}.ipynb").write_text(writes(new_notebook(cells=cells, metadata=KERNEL)))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        patch.setenv("AVIATION_HOME", str(root / "home"))
        patch.setenv("AVIATION_RUNS_BUCKET", "runs-of-the-pages-tests")
        aws.client("s3").create_bucket(Bucket="runs-of-the-pages-tests")
        runs.execute(root / "notebooks/count.ipynb", {"number": 7}, job="count")
        with pytest.raises(NotebookError):
            runs.execute(root / "notebooks/break.ipynb", {}, job="break")
        runs.execute(root / "notebooks/count.ipynb", {"number": 8}, job="count")
        yield root


def test_runs_are_listed_newest_first_with_what_came_of_them(checkout):
    code, lines, _ = command("runs", "--limit", "3")
    assert code == 0
    assert [line.split()[5:7] for line in lines] == [["count", "ok"], ["break", "failed"], ["count", "ok"]]
    assert lines[0].endswith("records 8")
    assert lines[1].endswith("cell 3: ValueError: no <b>bold</b>")
    _, failed, _ = command("runs", "--failed")
    assert [line.split()[5] for line in failed] == ["break"]
    _, of_job, _ = command("runs", "--job", "count")
    assert len(of_job) == 2
    assert command("runs", "--job", "nothing")[1] == ["no such runs"]


def test_a_run_is_shown_as_a_page_that_needs_nothing_else(checkout):
    [newest] = store.latest(limit=1)
    code, lines, _ = command("runs", "show", newest.run_id[:9], "--no-open")
    assert code == 0
    page = Path(lines[-1]).read_text()
    assert "Report(status" in page or "Report" in page
    assert "records" in page
    assert 'src="http' not in page
    assert "<link" not in page.replace('<link rel="stylesheet" href="custom.css">', "")


def test_the_index_has_the_failed_run_on_top_with_its_cell_and_escapes_what_it_shows(checkout):
    code, lines, _ = command("runs", "index")
    assert code == 0
    index = Path(lines[-1])
    assert index == checkout / "home/runs/index.html"
    page = index.read_text()
    assert page.index("Failed</h2>") < page.index("Went well</h2>")
    assert "raise ValueError" in page
    assert "<b>bold</b>" not in page
    assert "cell 3: ValueError: no &lt;b&gt;bold&lt;/b&gt;" in page
    pages = {name for name in page.split('"') if name.startswith("pages/")}
    assert len(pages) == len(store.latest()) >= 3
    assert all((index.parent / name).is_file() for name in pages)


def test_without_runs_the_index_says_so(checkout):
    said = run_pages.write_index([]).read_text()
    assert "There are no runs yet" in said
    assert "<table>" not in said


def test_a_retry_runs_the_same_notebook_with_the_same_parameters(checkout):
    again = runs.execute(checkout / "notebooks/count.ipynb", {"number": 9}, job="retried")
    code, lines, _ = command("retry", again.run_id)
    assert code == 0, lines
    newest, oldest = store.latest("retried")
    assert (oldest.run_id, newest.parameters) == (again.run_id, {"number": 9})
    failed = next(record for record in store.latest() if record.status == "failed")
    code, _, errors = command("retry", failed.run_id)
    assert (code, len(errors)) == (1, 1)
    assert "cell 3 of break.ipynb" in errors[0]


@pytest.mark.parametrize("run_id", ["zzz", "../x"])
def test_a_run_that_is_not_there_is_told_in_one_line(checkout, run_id):
    for name in (["runs", "show", run_id], ["retry", run_id]):
        code, _, errors = command(*name)
        assert (code, len(errors)) == (2, 1)
        assert "there is no run" in errors[0]


def test_an_id_that_fits_two_runs_is_refused(checkout):
    [record] = store.latest(limit=1)
    twin = replace(record, run_id=record.run_id[:10] + "twin")
    s3 = aws.client("s3")
    s3.put_object(Bucket="runs-of-the-pages-tests", Key=twin.key, Body=twin.to_bytes())
    try:
        code, _, errors = command("retry", record.run_id[:10])
    finally:
        s3.delete_object(Bucket="runs-of-the-pages-tests", Key=twin.key)
    assert code == 2
    assert "more than one run" in errors[0]


def test_a_load_on_glue_leaves_no_notebook_and_its_page_shows_its_record(checkout):
    [newest] = store.latest(limit=1)
    record = replace(newest, run_id="jr_1", job="aviation_data_load", executed_notebook=None)
    page = run_pages.write_page(record).read_text()
    assert "jr_1" in page
    assert "/aws-glue/" in page
