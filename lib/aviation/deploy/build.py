"""Builds what AWS runs: the Lambdas' zip, and the Glue job's script and library. The same checkout always gives the
same bytes."""

import hashlib
import io
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

from aviation import home
from aviation.deploy import symbols
from aviation.errors import BuildError
from aviation.report import LOAD_JOB

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
LAMBDA_LOCK = ROOT / "infra/requirements/lambda.txt"
CACHE = ROOT / ".aviation/cache"
GLUE_NOTEBOOKS = ROOT / "glue_notebooks"

INSTALL = [
    *("--python-platform", "x86_64-manylinux_2_28", "--only-binary", ":all:", "--require-hashes", "--no-deps"),
    *("--no-compile-bytecode", "--quiet"),
]
"""uv knows no platform between manylinux2014, for which pyzmq has no wheel, and 2.28. What is installed is then held
against the runtime's own libraries (`symbols.too_new`)."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PRUNED_FOLDERS = {"tests", "test", "__pycache__", "docs", "typeshed", "third_party"}
PRUNED_AT_TOP = {"bin", "share", "include"}
PRUNED_SUFFIXES = {".pyi", ".pyx", ".pxd", ".pyc", ".c", ".h", ".cpp", ".typed", ".md", ".rst", ".css", ".exe"}
KEPT_METADATA = {"METADATA", "entry_points.txt"}
"""What packages read of their dist-info at run time: papermill finds its engines and storage by entry points."""

LAMBDA_NOTEBOOKS = ("producer", "alerts")
GROUND = (
    *("__init__", "errors", "entities", "chance", "columns", "parameters", "printable", "report", "redact", "retry"),
    *("severity", "templates", "times", "words", "zones"),
)
CLIENTS = ("home", "aws", "places")
LAMBDA_PACKAGES = (
    *(*GROUND, *CLIENTS, "secret", "api_key", "tell", "poll", "views", "sql", "runs", "backend", "query", "alerts"),
)
LIBRARY_PACKAGES = (*GROUND, *CLIENTS, "forecast", "load", "views")
"""What each artefact contains of `aviation`: modules and packages, by name. Nothing else goes in."""


def build(dist: Path) -> dict[str, Path]:
    """Build what every stack runs into `dist`, each artefact whole or not at all. Returns their paths by name:
    `Deployment_Lambda.zip`, `aviation.zip`, `aviation_data_load.py`. BuildError says which cannot be built and why."""
    artefacts = {name: dist / name for name in ("Deployment_Lambda.zip", "aviation.zip", f"{LOAD_JOB}.py")}
    build_lambda(artefacts["Deployment_Lambda.zip"])
    build_library(artefacts["aviation.zip"])
    home.write(artefacts[f"{LOAD_JOB}.py"], export_script(GLUE_NOTEBOOKS / f"{LOAD_JOB}.ipynb"))
    return artefacts


def build_lambda(target: Path, *, cache: Path = CACHE) -> None:
    """Write the Lambdas' zip: what the lock file pins, the package, and the notebooks that they run, with the parameter
    files of those. Installing what is pinned takes 10 s; `cache` keeps it until the pins change."""
    runnable = [(file, file.relative_to(ROOT)) for name in LAMBDA_NOTEBOOKS for file in _notebook_and_parameters(name)]
    dependencies = _dependencies(LAMBDA_LOCK, cache).read_bytes()
    home.write(target, zipped([*package_files(LAMBDA_PACKAGES), *runnable], onto=dependencies))


def build_library(target: Path) -> None:
    """Write the package for Glue's `--extra-py-files`: pure Python and its data files."""
    home.write(target, zipped(package_files(LIBRARY_PACKAGES)))


def export_script(notebook: Path) -> str:
    """A notebook as a Python script: its code cells except those tagged `preview`, and its text as comments.

    BuildError where the notebook is missing, or a cell is not plain Python (a magic, for example).
    """
    name = notebook.relative_to(ROOT) if notebook.is_relative_to(ROOT) else notebook.name
    try:
        cells = json.loads(notebook.read_text())["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise BuildError(f"{name} is not a notebook that can be exported: {error}") from None
    parts = [f"# Generated from {name} by `aviation build`: change the notebook, not this script."]
    for number, cell in enumerate(cells, 1):
        source = "".join(cell["source"]).strip()
        if not source or "preview" in cell["metadata"].get("tags", []):
            continue
        if cell["cell_type"] == "code":
            _check_python(source, f"{name}, cell {number}")
            parts.append(source)
        elif cell["cell_type"] == "markdown":
            parts.append("\n".join(f"# {line}".rstrip() for line in source.splitlines()))
    return "\n\n".join(parts) + "\n"


def _check_python(source: str, where: str) -> None:
    try:
        compile(source, where, "exec")
    except SyntaxError as error:
        raise BuildError(f"{where} is not plain Python and cannot be exported: {error}") from None


def _dependencies(lock: Path, cache: Path) -> Path:
    """A zip of the packages that `lock` pins, pruned; cached under the hash of all that decides its content.
    BuildError where one cannot be installed, or its compiled code cannot run on the template's runtime."""
    runtime = symbols.lambda_runtime(ROOT)
    recipe = [
        lock.read_bytes(),
        *(Path(str(module.__file__)).read_bytes() for module in (sys.modules[__name__], symbols)),
    ]
    cached = cache / f"lambda-{hashlib.sha256(b''.join([*recipe, runtime.encode()])).hexdigest()[:16]}.zip"
    if cached.is_file():
        return cached
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        command = [str(Path(sys.executable).parent / "uv"), "pip", "install", *INSTALL]
        command += ["--python-version", runtime.removeprefix("python"), "--python", sys.executable]
        done = subprocess.run(
            [*command, "--target", str(site), "-r", str(lock)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise BuildError(f"the Lambda's packages could not be installed: {' '.join(done.stderr.split())}")
        files = {
            file: inside for file in site.rglob("*") if file.is_file() and _needed(inside := file.relative_to(site))
        }
        if too_new := symbols.too_new(files, runtime):
            raise BuildError(f"Lambda's {runtime} has older C libraries than these: {'; '.join(too_new)}")
        home.write(cached, zipped(files.items()))
    return cached


def _needed(path: Path) -> bool:
    """Whether the Lambdas need this file, by its path in site-packages, when they run."""
    if path.parts[0].endswith(".dist-info"):
        return path.name in KEPT_METADATA or "licenses" in path.parts
    if path.parts[0] in PRUNED_AT_TOP or PRUNED_FOLDERS.intersection(path.parts[:-1]):
        return False
    return path.suffix not in PRUNED_SUFFIXES


def _notebook_and_parameters(name: str) -> Iterable[Path]:
    yield ROOT / f"notebooks/{name}.ipynb"
    yield from (ROOT / "parameters" / name).glob("*.yaml")


def package_files(names: Iterable[str]) -> Iterable[tuple[Path, Path]]:
    """The files of these modules and packages of `aviation`, each with its path inside an archive."""
    for name in names:
        module = PACKAGE / f"{name}.py"
        for file in [module] if module.is_file() else (PACKAGE / name).rglob("*"):
            if "__pycache__" not in file.parts:
                yield file, "aviation" / file.relative_to(PACKAGE)


def zipped(files: Iterable[tuple[Path, Path]], onto: bytes = b"", level: int = 9) -> bytes:
    """A zip of files under their paths inside, added to the zip `onto`. The entries are sorted and all have one time
    and mode, so that the same content always makes the same bytes. `level` 0 compresses nothing."""
    content = io.BytesIO(onto)
    with zipfile.ZipFile(content, "a") as archive:
        for inside, file in sorted((inside.as_posix(), file) for file, inside in files if file.is_file()):
            entry = zipfile.ZipInfo(inside, ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED if level else zipfile.ZIP_STORED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, file.read_bytes(), compresslevel=level)
    return content.getvalue()
