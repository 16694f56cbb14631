"""What the publishing job installs on Glue, without an index: a zip of the wheels that the lock file pins, and this
package as a wheel of its own, so that a change to the code does not upload the others again."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
from pathlib import Path

from aviation import home
from aviation.deploy.build import CACHE, CLIENTS, GLUE_NOTEBOOKS, GROUND, ROOT, export_script, package_files, zipped
from aviation.errors import BuildError
from aviation.report import PUBLISH_JOB

LOCK = ROOT / "infra/requirements/publish.txt"
PACKAGES = (
    *(
        *GROUND,
        *CLIENTS,
        "loopback",
        "secret",
        "api_key",
        "tell",
        "poll",
        "load",
        "views",
        "sql",
        "engine",
        "runs",
        "deploy",
    ),
    *("backend", "query", "charts", "alerts", "board", "brief", "publish"),
)
"""What the wheel has of `aviation`: modules and packages, by name. `deploy` tells the board how old data may get."""
WHEEL = "aviation-0.1.0-py3-none-any.whl"
WHEELS = "publish.gluewheels.zip"
"""Glue takes a zip of wheels for one by the end of its name."""

GLUE_PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64")
"""Source, also for the layout of the zip:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html#glue-python-library-zip-of-wheels-appendix
"""
DOWNLOAD = [
    *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--implementation", "cp", "--python-version", "3.11"),
    *("--disable-pip-version-check", "--quiet"),
]


def build(dist: Path) -> dict[str, Path]:
    """Build what the publishing job runs into `dist`. Returns the paths by name: `aviation_publish.py`, WHEEL, WHEELS.
    BuildError says which cannot be built and why."""
    artefacts = {name: dist / name for name in (f"{PUBLISH_JOB}.py", WHEEL, WHEELS)}
    home.write(artefacts[f"{PUBLISH_JOB}.py"], export_script(GLUE_NOTEBOOKS / f"{PUBLISH_JOB}.ipynb"))
    build_package(artefacts[WHEEL])
    build_wheels(artefacts[WHEELS])
    return artefacts


def build_wheels(target: Path, *, cache: Path = CACHE) -> None:
    """Write the zip of wheels: those that LOCK pins, and LOCK itself as what pip is to install, with its hashes. It is
    downloaded once; `cache` keeps it until the pins change. BuildError where a wheel cannot be had."""
    recipe = [LOCK.read_bytes(), Path(__file__).read_bytes()]
    cached = cache / f"wheels-{hashlib.sha256(b''.join(recipe)).hexdigest()[:16]}.zip"
    if not cached.is_file():
        with tempfile.TemporaryDirectory() as folder:
            _download(Path(folder))
            files = [(file, "wheels" / file.relative_to(folder)) for file in Path(folder).iterdir()]
            # Wheels are compressed already.
            home.write(cached, zipped([*files, (LOCK, Path("wheels/requirements.txt"))], level=0))
    home.write(target, cached.read_bytes())


def _download(folder: Path) -> None:
    platforms = [text for name in GLUE_PLATFORMS for text in ("--platform", name)]
    command = [sys.executable, "-m", "pip", "download", *DOWNLOAD, *platforms, "-r", str(LOCK), "--dest", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BuildError(f"the wheels of the publishing job could not be downloaded: {' '.join(done.stderr.split())}")


def build_package(target: Path) -> None:
    """Write this package, as far as publishing needs it, as a wheel without requirements: LOCK has them."""
    info = "aviation-0.1.0.dist-info"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: aviation\nVersion: 0.1.0\n")
        (folder / "WHEEL").write_text(
            "Wheel-Version: 1.0\nGenerator: aviation build\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        files = [(file, inside) for file, inside in package_files(PACKAGES) if file.is_file()]
        files += [(folder / part, Path(info, part)) for part in ("METADATA", "WHEEL")]
        record = Path(info, "RECORD")
        (folder / "RECORD").write_text(_record(files, record))
        home.write(target, zipped([*files, (folder / "RECORD", record)]))


def _record(files: list[tuple[Path, Path]], record: Path) -> str:
    """The wheel's list of its files, each with its hash and its size; itself without."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    for file, inside in sorted(files, key=lambda pair: pair[1]):
        content = file.read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.writerow((inside.as_posix(), f"sha256={digest}", len(content)))
    rows.writerow((record.as_posix(), "", ""))
    return text.getvalue()
