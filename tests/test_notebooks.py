"""The contract that every notebook keeps: it chooses, calls and shows."""

import ast
from dataclasses import MISSING, fields
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml

from aviation.alerts.watch import Watch
from aviation.brief import Choices as BriefChoices
from aviation.explore.choice import Choice
from aviation.explore.routes import RouteChoice
from aviation.lab.start import Choices
from aviation.load.settings import LoadParameters
from aviation.poll.producer import ProducerParameters
from aviation.publish.settings import PublishParameters
from aviation.train.settings import TrainParameters
from support import ROOT
from support.notebooks import defaults

FOLDERS = ("notebooks", "glue_notebooks")
NOTEBOOKS = sorted(
    path for folder in FOLDERS for path in (ROOT / folder).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
)


def parameter_files(notebook: Path) -> list[Path]:
    folder = "explore" if notebook.parent.name == "explore" else "."
    return sorted((ROOT / "parameters" / folder / notebook.stem).glob("*.yaml"))


CASES = [(notebook, case) for notebook in NOTEBOOKS for case in parameter_files(notebook)]
every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
EXPLORATIONS = [path for path in NOTEBOOKS if path.parent.name == "explore"]
every_exploration = pytest.mark.parametrize("path", EXPLORATIONS, ids=lambda path: path.stem)
DECLARED = {
    "producer": ProducerParameters,
    "aviation_data_load": LoadParameters,
    "aviation_publish": PublishParameters,
    "alerts": Watch,
    "start": Choices,
    "brief": BriefChoices,
    "train_delay_forecast": TrainParameters,
    "05_routes": RouteChoice,
} | {path.stem: Choice for path in EXPLORATIONS if path.stem != "05_routes"}
# What a parameter file says even where it is the default: what the file is about, and what `aviation cost` reads.
STATED = {"entity", "watch", "limit", "max_calls"}


def code_cells(path: Path) -> list:
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def tagged(path: Path, tag: str) -> list:
    return [cell for cell in code_cells(path) if tag in cell.metadata.get("tags", [])]


def test_there_are_notebooks_to_hold_to_the_contract():
    assert {"producer", "aviation_data_load"} <= {path.stem for path in NOTEBOOKS}


@every_notebook
def test_a_notebook_is_short_and_defines_nothing(path):
    cells = code_cells(path)
    lines = [line for cell in cells for line in cell.source.splitlines() if line.strip()]
    assert len(cells) <= 12
    assert len(lines) <= 60
    for cell in cells:
        for node in ast.walk(ast.parse(cell.source)):
            assert not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Lambda | ast.For | ast.While | ast.If)


@every_notebook
def test_a_notebook_opens_with_its_title_and_purpose(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    title, *rest = first.source.strip().splitlines()
    assert title.startswith("# ")
    assert any(line.strip() for line in rest)


@every_notebook
def test_parameters_are_annotated_literals_each_with_a_comment(path):
    [cell] = tagged(path, "parameters")
    for line in cell.source.splitlines():
        [statement] = ast.parse(line).body
        assert isinstance(statement, ast.AnnAssign), line
        ast.literal_eval(statement.value)
        assert "#" in line, f"no comment on: {line}"


@every_notebook
def test_a_notebook_ends_with_asserts_and_one_checked_output(path):
    [cell] = tagged(path, "nbval-check-output")
    assert cell.id == code_cells(path)[-1].id
    assert "keep_output" in cell.metadata.tags
    assert "assert" in cell.source
    # nbval compares nothing in a cell that was never counted.
    assert cell.execution_count is not None
    assert cell.outputs


@every_notebook
def test_outputs_are_kept_only_where_that_is_meant(path):
    for cell in code_cells(path):
        if "keep_output" not in cell.metadata.get("tags", []):
            assert not cell.outputs, cell.source
    metadata = nbformat.read(path, as_version=4).metadata
    assert metadata.kernelspec.name == "python3"


@every_notebook
def test_a_notebook_carries_no_noise_of_a_run(path):
    notebook = nbformat.read(path, as_version=4)
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}
    assert set(notebook.metadata.get("language_info", {})) <= {"name"}
    assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)
    assert [cell.execution_count for cell in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))


@every_notebook
def test_every_notebook_has_parameter_files(path):
    assert parameter_files(path)


@pytest.mark.parametrize(("path", "case"), CASES, ids=lambda value: value.stem)
def test_a_parameter_file_names_only_parameters_of_its_notebook_and_fits_their_types(path, case):
    declared = papermill.inspect_notebook(str(path))
    given = yaml.safe_load(case.read_text()) or {}
    assert set(given) <= set(declared)
    for name, value in given.items():
        kind = declared[name]["inferred_type_name"].split("[")[0]
        assert type(value).__name__ == kind or kind == "None", f"{name}: {value!r} is not {kind}"


@every_notebook
def test_a_parameters_default_stands_in_the_notebook_and_nowhere_else(path):
    given = defaults(str(path.relative_to(ROOT)))
    declared = {item.name: item for item in fields(DECLARED[path.stem])}
    if path.stem == "08_what_we_knew":
        del given["as_of"]  # the moment that it goes back to is no part of the flights that it asks about
    assert set(given) <= set(declared)
    for name, item in declared.items():
        if item.default_factory is not MISSING or item.default is not MISSING:
            default = item.default if item.default_factory is MISSING else item.default_factory()
            assert given.get(name, default) == default
        else:
            assert name in given
    if DECLARED[path.stem] not in (Choice, RouteChoice):
        assert all(item.default is item.default_factory is MISSING for item in declared.values())


@pytest.mark.parametrize(("path", "case"), CASES, ids=lambda value: value.stem)
def test_a_parameter_file_holds_only_what_differs_from_the_notebooks_defaults(path, case):
    known = defaults(str(path.relative_to(ROOT)))
    given = yaml.safe_load(case.read_text()) or {}
    assert {name for name, value in given.items() if value == known[name]} <= STATED


@every_exploration
def test_title_file_name_and_module_are_the_same_word(path):
    number, _, word = path.stem.partition("_")
    assert number.isdigit()
    assert (
        nbformat.read(path, as_version=4).cells[0].source.splitlines()[0] == f"# {word.replace('_', ' ').capitalize()}"
    )
    assert (ROOT / f"lib/aviation/explore/{word}.py").is_file()
    assert f"from aviation.explore import {word}\n" in code_cells(path)[0].source


@every_exploration
def test_the_finding_comes_first_then_a_call_a_chart(path):
    _, parameters, resolve, finding, *charts, _checks = code_cells(path)
    assert parameters.metadata.tags == ["parameters"]
    assert "choose(" in resolve.source
    assert ".finding(" in finding.source
    assert charts
    for cell in [finding, *charts]:
        assert len(cell.source.splitlines()) <= 5
        [statement] = ast.parse(cell.source).body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Call)


@every_exploration
def test_a_readers_header_says_what_is_asked_and_nothing_of_the_contract(path):
    header = nbformat.read(path, as_version=4).cells[0].source
    assert "?" in header
    assert not any(word in header for word in ("→", "aviation run", "papermill", "schedule,"))
