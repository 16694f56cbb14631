"""The compiled code in the Lambda's zip asks for nothing that the runtime's operating system does not have."""

import re
import zipfile
from pathlib import Path

import pytest

from aviation.deploy import build, symbols
from aviation.errors import BuildError
from support import ROOT


@pytest.fixture(scope="module")
def compiled(tmp_path_factory) -> list[Path]:
    """Every file of compiled code in the zip."""
    folder = tmp_path_factory.mktemp("zip")
    build.build_lambda(folder / "lambda.zip")
    with zipfile.ZipFile(folder / "lambda.zip") as archive:
        archive.extractall(folder / "task")
    files = [file for file in (folder / "task").rglob("*") if file.is_file()]
    return [file for file in files if file.read_bytes()[:4] == b"\x7fELF"]


def newer(compiled: list[Path], old: str, new: str, folder: Path) -> Path:
    """A copy of a compiled file that asks for the version `new` where it asked for `old`, as long a name."""
    original = next(file for file in compiled if old in symbols.needed(file))
    copy = folder / original.name
    copy.write_bytes(re.sub(rb"\0%b\0" % old.encode(), b"\0%b\0" % new.encode(), original.read_bytes()))
    return copy


def test_the_zip_runs_on_the_runtime_of_the_template(compiled):
    runtime = symbols.lambda_runtime(ROOT)
    assert len(compiled) >= 5
    asked = set().union(*map(symbols.needed, compiled))
    assert {"GLIBC_2.14", "GLIBCXX_3.4", "CXXABI_1.3"} <= asked
    assert symbols.too_new(compiled, runtime) == []


@pytest.mark.parametrize(
    ("old", "new", "runtimes"),
    [
        ("GLIBC_2.14", "GLIBC_2.26", set()),
        ("GLIBC_2.14", "GLIBC_2.27", {"python3.11"}),
        ("GLIBC_2.14", "GLIBC_2.35", {"python3.11", "python3.12"}),
        ("GLIBCXX_3.4.21", "GLIBCXX_3.4.25", {"python3.11"}),
        ("CXXABI_1.3.9", "CXXABI_1.4.0", {"python3.11", "python3.12"}),
        ("GLIBC_2.2.5", "GLIBC_ABI_X", {"python3.11", "python3.12"}),
    ],
)
def test_a_symbol_that_is_too_new_for_a_runtime_is_found(compiled, tmp_path, old, new, runtimes):
    file = newer(compiled, old, new, tmp_path)
    found = {runtime: symbols.too_new([file], runtime) for runtime in ("python3.11", "python3.12")}
    expected = [f"{file.name} needs {new}"]
    assert found == {runtime: expected if runtime in runtimes else [] for runtime in found}


@pytest.mark.slow
def test_a_zip_that_the_runtime_cannot_run_is_not_built(monkeypatch, tmp_path):
    monkeypatch.setitem(symbols.RUNTIMES, symbols.lambda_runtime(ROOT), symbols.AMAZON_LINUX_2 | {"GLIBC": (2, 17)})
    with pytest.raises(BuildError, match=r"Lambda's python3\.11 has older C libraries than these: .*needs GLIBC_2\.25"):
        build.build_lambda(tmp_path / "lambda.zip", cache=tmp_path / "cache")
    assert not (tmp_path / "lambda.zip").exists()


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ([("A", "python3.11"), ("B", "python3.12")], r"must have one runtime, not \['python3\.11', 'python3\.12'\]"),
        ([("A", "python3.99")], r"the runtime python3\.99 are not known"),
    ],
)
def test_functions_of_several_runtimes_or_an_unknown_one_are_refused(tmp_path, functions, message):
    (tmp_path / "infra").mkdir()
    lines = [
        f"  {name}: {{Type: 'AWS::Lambda::Function', Properties: {{Runtime: {kind}}}}}" for name, kind in functions
    ]
    (tmp_path / "infra/cloudformation.yaml").write_text("\n".join(["Resources:", *lines]))
    with pytest.raises(BuildError, match=message):
        symbols.lambda_runtime(tmp_path)
