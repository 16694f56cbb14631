"""Builds what AWS runs, reproducible byte for byte: the producers' Lambda zip, the Glue job's script and library."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from aviation.errors import BuildError

PACKAGE = Path(__file__).resolve().parents[1]
ROOT = PACKAGE.parents[1]
LAMBDA_LOCK = ROOT / "infra/requirements/lambda.txt"
LOAD_NOTEBOOK = ROOT / "glue_notebooks/aviation_data_load.ipynb"

LAMBDA_GLIBC = (2, 26)
"""Lambda's python3.11 runtime is Amazon Linux 2."""

INSTALL = [
    *("--python-version", "3.11", "--python-platform", "x86_64-manylinux_2_28"),
    *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--no-compile-bytecode", "--quiet"),
]
"""uv knows no platform between manylinux2014, for which pyzmq has no wheel, and 2.28: `_too_new` checks the rest."""

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
PRUNED_FOLDERS = {"tests", "test", "__pycache__", "docs", "typeshed", "third_party"}
PRUNED_AT_TOP = {"bin", "share", "include"}
PRUNED_SUFFIXES = {".pyi", ".pyx", ".pxd", ".pyc", ".c", ".h", ".cpp", ".typed", ".md", ".rst", ".css", ".exe"}
KEPT_METADATA = {"METADATA", "entry_points.txt"}
"""What packages ask of their dist-info when they run: jupyter_client finds its kernel provisioner by entry point."""

LAMBDA_NOTEBOOKS = ("producer", "alerts")
GROUND = ("__init__", "errors", "entities", "columns", "parameters", "report", "redact", "retry", "times")
CLIENTS = ("home", "aws", "places")
LAMBDA_PACKAGES = (*GROUND, *CLIENTS, "api_key", "poll", "views", "sql", "runs", "backend", "query", "alerts")
LIBRARY_PACKAGES = (*GROUND, *CLIENTS, "load", "views")
"""What each artefact holds of `aviation`: modules and packages, by name. Nothing else goes in."""


def build(dist: Path) -> dict[str, Path]:
    """Build every artefact into `dist`; their paths by name: `Deployment_Lambda.zip`, `aviation.zip`,
    `aviation_data_load.py`. BuildError says which cannot be built and why."""
    dist.mkdir(parents=True, exist_ok=True)
    makers = {
        "Deployment_Lambda.zip": build_lambda,
        "aviation.zip": build_library,
        "aviation_data_load.py": lambda target: target.write_text(export_script(LOAD_NOTEBOOK)),
    }
    for name, make in makers.items():
        make(dist / name)
    return {name: dist / name for name in makers}


def build_lambda(target: Path) -> None:
    """The Lambdas' zip: what the lock file pins, the package, their notebooks and the parameter files of those."""
    shutil.copyfile(_dependencies(LAMBDA_LOCK), target)
    run = [file for name in LAMBDA_NOTEBOOKS for file in _notebook_and_choices(name)]
    with zipfile.ZipFile(target, "a") as archive:
        _add(
            archive,
            [*_package_files(LAMBDA_PACKAGES), *((file, file.relative_to(ROOT)) for file in run)],
        )


def _notebook_and_choices(name: str) -> Iterable[Path]:
    yield ROOT / f"notebooks/{name}.ipynb"
    yield from sorted((ROOT / "parameters" / name).glob("*.yaml"))


def build_library(target: Path) -> None:
    """The package for Glue's `--extra-py-files`: pure Python and its data files."""
    with zipfile.ZipFile(target, "w") as archive:
        _add(archive, _package_files(LIBRARY_PACKAGES))


def export_script(notebook: Path) -> str:
    """The Python script of a notebook: its code cells without those tagged `preview`, its text as comments.

    BuildError where the notebook is missing or a cell is not plain Python (a magic, say).
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


def _dependencies(lock: Path) -> Path:
    """A zip of the pinned wheels, pruned; kept under the hash of all that decides what is in it."""
    recipe = [lock.read_bytes(), Path(__file__).read_bytes()]
    cached = ROOT / ".aviation/cache" / f"lambda-{hashlib.sha256(b''.join(recipe)).hexdigest()[:16]}.zip"
    if cached.is_file():
        return cached
    cached.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
        site = Path(folder) / "site"
        command = [str(Path(sys.executable).parent / "uv"), "pip", "install", *INSTALL]
        done = subprocess.run(
            [*command, "--python", sys.executable, "--target", str(site), "-r", str(lock)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise BuildError(f"the Lambda's packages could not be installed: {' '.join(done.stderr.split())}")
        if too_new := _too_new(site):
            raise BuildError(f"these wheels need a newer glibc than Lambda's: {', '.join(too_new)}")
        partial = Path(folder) / "partial.zip"
        with zipfile.ZipFile(partial, "w") as archive:
            _add(
                archive, ((file, file.relative_to(site)) for file in site.rglob("*") if _needed(file.relative_to(site)))
            )
        partial.replace(cached)
    return cached


def _too_new(site: Path) -> list[str]:
    """The installed packages with no wheel tag that Lambda's glibc can load (PEP 600)."""
    legacy = {"manylinux1": (2, 5), "manylinux2010": (2, 12), "manylinux2014": (2, 17)}
    found = []
    for wheel in sorted(site.glob("*.dist-info/WHEEL")):
        platforms = re.findall(r"^Tag: .*-(any|manylinux\w+?)(?:_x86_64)?$", wheel.read_text(), re.MULTILINE)
        needed = [legacy.get(name) or tuple(map(int, re.findall(r"\d+", name))) for name in platforms]
        if not any(glibc <= LAMBDA_GLIBC for glibc in needed):  # pure Python needs none: ()
            found.append(wheel.parent.stem)
    return found


def _needed(path: Path) -> bool:
    """Whether a file of an installed package is needed when the producer runs."""
    if path.parts[0].endswith(".dist-info"):
        return path.name in KEPT_METADATA or "licenses" in path.parts
    if path.parts[0] in PRUNED_AT_TOP or PRUNED_FOLDERS.intersection(path.parts[:-1]):
        return False
    return path.suffix not in PRUNED_SUFFIXES


def _package_files(names: Iterable[str]) -> Iterable[tuple[Path, Path]]:
    for name in names:
        module = PACKAGE / f"{name}.py"
        for file in [module] if module.is_file() else (PACKAGE / name).rglob("*"):
            if "__pycache__" not in file.parts:
                yield file, "aviation" / file.relative_to(PACKAGE)


def _add(archive: zipfile.ZipFile, files: Iterable[tuple[Path, Path]]) -> None:
    """Add files under their names inside, sorted, with one time and mode for all, so that the same content always
    makes the same bytes."""
    named = sorted((PurePosixPath(inside).as_posix(), file) for file, inside in files if file.is_file())
    for inside, file in named:
        entry = zipfile.ZipInfo(inside, ZIP_TIME)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o644 << 16
        archive.writestr(entry, file.read_bytes(), compresslevel=9)
