"""What the jobs that publish and train install on Glue, without an index: of each a zip of the wheels that its lock
file pins, and for both this package as a wheel of its own, so that a change to the code does not upload the others.
"""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from aviation import home
from aviation.deploy.build import CACHE, CLIENTS, GLUE_NOTEBOOKS, GROUND, ROOT, export_script, package_files, zipped
from aviation.errors import BuildError
from aviation.report import PUBLISH_JOB, TRAIN_JOB


@dataclass(frozen=True)
class Job:
    """A job of Glue that installs wheels. `switch` is the template's parameter that leaves it out, `script_key` and
    `wheels_key` are those that say where its artefacts lie. Glue takes a zip of wheels for one by its name's end."""

    word: str
    notebook: Path
    lock: Path
    zip: str
    switch: str
    script_key: str
    wheels_key: str

    @property
    def script(self) -> str:
        """The file's name of what it runs."""
        return f"{self.notebook.stem}.py"

    @property
    def keys(self) -> dict[str, str]:
        """The artefacts by the template's parameters that say where they lie."""
        return {self.script_key: self.script, "PackageKey": WHEEL, self.wheels_key: self.zip}


PUBLISHING = Job(
    word="publishing",
    notebook=GLUE_NOTEBOOKS / f"{PUBLISH_JOB}.ipynb",
    lock=ROOT / "infra/requirements/publish.txt",
    zip="publish.gluewheels.zip",
    switch="Publish",
    script_key="PublishScriptKey",
    wheels_key="WheelsKey",
)
TRAINING = Job(
    word="training",
    notebook=ROOT / f"notebooks/{TRAIN_JOB}.ipynb",
    lock=ROOT / "infra/requirements/train.txt",
    zip="train.gluewheels.zip",
    switch="Train",
    script_key="TrainScriptKey",
    wheels_key="TrainWheelsKey",
)
JOBS = (PUBLISHING, TRAINING)
PACKAGES = (
    *(
        *GROUND,
        *CLIENTS,
        "loopback",
        "secret",
        "api_key",
        "tell",
        "poll",
        "forecast",
        "load",
        "views",
        "sql",
        "engine",
        "runs",
        "deploy",
    ),
    *("backend", "query", "charts", "alerts", "board", "brief", "publish", "train"),
)
"""What the wheel has of `aviation`: modules and packages, by name. `deploy` tells the board how old data may get."""
WHEEL = "aviation-0.1.0-py3-none-any.whl"

GLUE_PLATFORMS = ("manylinux_2_34_x86_64", "manylinux_2_28_x86_64", "manylinux2014_x86_64")
"""Source, also for the layout of the zip:
https://docs.aws.amazon.com/glue/latest/dg/aws-glue-programming-python-libraries.html#glue-python-library-zip-of-wheels-appendix
"""
DOWNLOAD = [
    *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--implementation", "cp", "--python-version", "3.11"),
    *("--disable-pip-version-check", "--quiet"),
]


def build(dist: Path, *jobs: Job) -> dict[str, Path]:
    """Build what these jobs run into `dist`. Returns the paths by name: of each job its script and its zip, and WHEEL.
    BuildError says which cannot be built and why."""
    artefacts = {name: dist / name for job in jobs for name in job.keys.values()}
    for job in jobs:
        home.write(artefacts[job.script], export_script(job.notebook))
        build_wheels(job, artefacts[job.zip])
    if jobs:
        build_package(artefacts[WHEEL])
    return artefacts


def build_wheels(job: Job, target: Path, *, cache: Path = CACHE) -> None:
    """Write the job's zip of wheels: those that its lock pins, and the lock itself as what pip is to install, with its
    hashes. It is downloaded once; `cache` keeps it until the pins change. BuildError where a wheel cannot be had."""
    recipe = [job.lock.read_bytes(), Path(__file__).read_bytes()]
    cached = cache / f"wheels-{hashlib.sha256(b''.join(recipe)).hexdigest()[:16]}.zip"
    if not cached.is_file():
        with tempfile.TemporaryDirectory() as folder:
            _download(job, Path(folder))
            files = [(file, "wheels" / file.relative_to(folder)) for file in Path(folder).iterdir()]
            # Wheels are compressed already.
            home.write(cached, zipped([*files, (job.lock, Path("wheels/requirements.txt"))], level=0))
    home.write(target, cached.read_bytes())


def _download(job: Job, folder: Path) -> None:
    platforms = [text for name in GLUE_PLATFORMS for text in ("--platform", name)]
    pinned = ["-r", str(job.lock), "--dest", str(folder)]
    command = [sys.executable, "-m", "pip", "download", *DOWNLOAD, *platforms, *pinned]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise BuildError(f"the wheels of the {job.word} job could not be downloaded: {said}")


def build_package(target: Path) -> None:
    """Write this package, as far as these jobs need it, as a wheel without requirements: their locks have them."""
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
