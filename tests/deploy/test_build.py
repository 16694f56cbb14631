"""What AWS runs is whole, small, and the same bytes whenever the same is built."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, writes

from aviation.deploy import build, wheels
from aviation.errors import BuildError
from support import ROOT

RUNTIME = ROOT / ".aviation/emulator/bin/python"
# Prints the modules that a module of the artefact asks for and that are not there.
EVERY_MODULE = """
import aviation, importlib, pkgutil
missing = set()
for module in pkgutil.walk_packages(aviation.__path__, "aviation."):
    try:
        importlib.import_module(module.name)
    except ModuleNotFoundError as error:
        missing.add(error.name)
print(*sorted(missing))
"""

IMPORTS = (
    """
import sys
sys.path.insert(0, sys.argv[1])
import aviation.alerts, aviation.poll.producer, aviation.runs.lambdas, aviation.sql.athena
import papermill
print(papermill.__file__)
"""
    + EVERY_MODULE
)

# As Glue runs the script: with pyspark and boto3, and of this project the library alone.
LIBRARY_IMPORTS = (
    """
import sys
sys.path[:] = [sys.argv[1], *(folder for folder in sys.path if folder != sys.argv[2])]
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder)]
from aviation import aws, views
from aviation.load import job, metrics
from aviation.load.settings import settings
print(job.__file__)
"""
    + EVERY_MODULE
)


@pytest.fixture(scope="module")
def lambda_zip(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "Deployment_Lambda.zip"
    build.build_lambda(target)
    return target


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("dist") / "aviation.zip"
    build.build_library(target)
    return target


def test_the_publishing_jobs_artefacts_are_the_same_bytes_when_the_same_is_built(tmp_path):
    for folder in ("one", "other"):
        wheels.build_package(tmp_path / folder / wheels.WHEEL)
    one, other = (tmp_path / folder / wheels.WHEEL for folder in ("one", "other"))
    assert one.read_bytes() == other.read_bytes()
    assert folders(one) == {"aviation", "aviation-0.1.0.dist-info"}
    inside = {name.split("/")[1].removesuffix(".py") for name in names(one) if name.startswith("aviation/")}
    assert inside == set(wheels.PACKAGES)


def test_the_wheel_has_the_pages_templates_and_styles_and_a_record_of_all(tmp_path):
    wheels.build_package(tmp_path / wheels.WHEEL)
    found = names(tmp_path / wheels.WHEEL)
    assert {"aviation/board/offline.html", "aviation/board/static/board.css", "aviation/deploy/prices.yaml"} <= set(
        found
    )
    with zipfile.ZipFile(tmp_path / wheels.WHEEL) as archive:
        record = archive.read("aviation-0.1.0.dist-info/RECORD").decode()
    assert sorted(line.split(",")[0] for line in record.splitlines()) == sorted(found)


@pytest.mark.parametrize(
    ("job", "call"),
    [(wheels.PUBLISHING, "report = publish.run(chosen)"), (wheels.TRAINING, "result = train.run(chosen)")],
    ids=lambda value: getattr(value, "word", ""),
)
def test_the_script_of_a_job_with_wheels_is_its_notebook_without_pictures(job, call):
    script = build.export_script(job.notebook)
    assert call in script
    assert "pictures" not in "".join(line for line in script.splitlines() if not line.startswith("#"))


@pytest.mark.parametrize("job", wheels.JOBS, ids=lambda job: job.word)
def test_a_lock_that_cannot_be_downloaded_is_one_line_and_nothing_is_left(job, tmp_path, monkeypatch):
    lock = tmp_path / "lock.txt"
    lock.write_text("aviation-no-such==1.0 --hash=sha256:" + "0" * 64 + "\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(
        BuildError, match=rf"the wheels of the {job.word} job could not be downloaded: .*aviation-no-such"
    ):
        wheels.build_wheels(replace(job, lock=lock), tmp_path / job.zip, cache=tmp_path / "cache")
    assert not (tmp_path / job.zip).exists()
    assert not (tmp_path / "cache").exists()


def names(archive: Path) -> list[str]:
    with zipfile.ZipFile(archive) as opened:
        return opened.namelist()


def folders(archive: Path) -> set[str]:
    return {name.partition("/")[0] for name in names(archive)}


def test_every_module_in_the_lambda_zip_finds_what_it_imports_there_or_in_the_runtime(lambda_zip, tmp_path):
    with zipfile.ZipFile(lambda_zip) as archive:
        archive.extractall(tmp_path / "task")
    command = [RUNTIME, "-I", "-B", "-c", IMPORTS, str(tmp_path / "task")]
    done = subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    papermill, missing = done.stdout.splitlines()
    assert papermill.startswith(str(tmp_path / "task"))
    # What is for people alone: pages of runs, and questions that are parsed (as-of, a laptop's names).
    assert missing == "jinja2 sqlglot"


def test_every_module_in_the_library_finds_what_it_imports_there_or_on_glue(library):
    command = [sys.executable, "-I", "-B", "-c", LIBRARY_IMPORTS, str(library), str(ROOT / "lib")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    job, missing = done.stdout.splitlines()
    assert job.startswith(str(library))
    assert missing == ""


def test_the_artefacts_hold_the_packages_that_are_listed_and_no_others(lambda_zip, library):
    for archive, listed in ((lambda_zip, build.LAMBDA_PACKAGES), (library, build.LIBRARY_PACKAGES)):
        held = {name.split("/")[1].removesuffix(".py") for name in names(archive) if name.startswith("aviation/")}
        assert held == set(listed)


def test_the_lambda_zip_is_small_and_holds_nothing_twice(lambda_zip):
    assert lambda_zip.stat().st_size < 14_000_000
    found = names(lambda_zip)
    assert len(found) == len(set(found))


def test_the_lambda_zip_leaves_out_what_the_runtime_has_and_what_only_a_laptop_needs(lambda_zip):
    assert not {"boto3", "botocore", "debugpy", "pyspark", "pandas", "tests"} & folders(lambda_zip)
    for left_out in ("/tests/", "__pycache__", ".pyi", "aviation/local/", "aviation/replay/", "aviation/load/"):
        assert not [name for name in names(lambda_zip) if left_out in name]


def test_the_lambda_zip_holds_the_producer_and_a_parameter_file_of_every_entity(lambda_zip):
    assert {
        "notebooks/producer.ipynb",
        "parameters/producer/flights.yaml",
        "parameters/producer/cities.yaml",
        "parameters/producer/airplanes.yaml",
        "parameters/producer/aircraft_types.yaml",
        "aviation/runs/lambdas.py",
        "notebooks/alerts.ipynb",
        "parameters/alerts/disruptions.yaml",
    } <= set(names(lambda_zip))


def test_the_lambda_zip_is_the_same_bytes_whenever_it_is_built_even_from_nothing(lambda_zip, tmp_path):
    build.build_lambda(tmp_path / "again.zip", cache=tmp_path / "cache")
    assert (tmp_path / "again.zip").read_bytes() == lambda_zip.read_bytes()


def test_the_library_is_the_package_as_glue_imports_it_and_reproducible(library, tmp_path):
    assert folders(library) == {"aviation"}
    assert "aviation/entities.py" in names(library)
    assert not [name for name in names(library) if "/local/" in name or "/replay/" in name or "__pycache__" in name]
    build.build_library(tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == library.read_bytes()
    program = "import sys; sys.path.insert(0, sys.argv[1]); from aviation import entities; print(entities.__file__)"
    done = subprocess.run([RUNTIME, "-I", "-c", program, library], capture_output=True, text=True, check=True)
    assert done.stdout.startswith(str(library))


def notebook(folder: Path, *cells) -> Path:
    file = folder / "job.ipynb"
    file.write_text(writes(new_notebook(cells=list(cells))))
    return file


def test_a_script_is_the_notebooks_code_without_previews_and_its_text_as_comments(tmp_path):
    job = notebook(
        tmp_path,
        new_markdown_cell("# Title\n\nOne line."),
        new_code_cell("numbers = []"),
        new_code_cell("numbers.append(1)\nnumbers", metadata={"tags": ["checks"]}),
        new_code_cell("numbers.append(2)", metadata={"tags": ["preview"]}),
        new_code_cell(""),
    )
    script = build.export_script(job)
    assert script.startswith("# Generated from job.ipynb by `aviation build`")
    assert "# # Title\n#\n# One line.\n" in script
    found: dict = {}
    exec(compile(script, "job.py", "exec"), found)
    assert found["numbers"] == [1]


def test_outputs_never_reach_a_script(tmp_path):
    job = notebook(tmp_path, new_code_cell("1"))
    content = json.loads(job.read_text())
    content["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "an output"}]
    job.write_text(json.dumps(content))
    assert "an output" not in build.export_script(job)


@pytest.mark.parametrize("source", ["%matplotlib inline", "!ls", "x = = 1"])
def test_a_cell_that_is_not_plain_python_is_refused_and_named(tmp_path, source):
    with pytest.raises(BuildError, match=r"job\.ipynb, cell 2 is not plain Python"):
        build.export_script(notebook(tmp_path, new_code_cell("1"), new_code_cell(source)))


def test_a_missing_notebook_is_one_line(tmp_path):
    with pytest.raises(BuildError, match=r"missing\.ipynb"):
        build.export_script(tmp_path / "missing.ipynb")
