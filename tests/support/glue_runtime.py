"""An environment like that of a Glue job: what Glue has by itself, and what it installs for a job with wheels.

Glue itself is not here: how it downloads and installs a zip of wheels is done by hand, as its documentation says.
"""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from aviation.deploy import wheels
from support import ROOT, unrolled

GLUE = ROOT / ".aviation/glue-runtime"
UV = Path(sys.executable).parent / "uv"
# Glue's own package needs Spark, which the job does not: it takes this one function.
UTILS = """
import argparse

def getResolvedOptions(args, options):
    parser = argparse.ArgumentParser()
    for name in [*options, "JOB_RUN_ID"]:
        parser.add_argument(f"--{name}")
    return vars(parser.parse_known_args(args[1:])[0])
"""


def installed(folder: Path, job: wheels.Job = wheels.PUBLISHING) -> Path:
    """An environment in `folder` with the artefacts installed as Glue does it, without an index: its Python. Skips, or
    fails under REQUIRE_ALL_TESTS, where Glue's own packages are not there."""
    if not (GLUE / ".ready").is_file():
        said = "Glue's packages are not installed in .aviation/glue-runtime: run 'make test-all'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    wheels.build(folder / "dist", job)
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder / "env"], check=True)
    python = folder / "env/bin/python"
    [site] = (folder / "env/lib").glob("python*/site-packages")
    [own] = (GLUE / "lib").glob("python*/site-packages")
    (site / "glue.pth").write_text(f"{own}\n")
    (site / "awsglue").mkdir()
    (site / "awsglue/__init__.py").write_text("")
    (site / "awsglue/utils.py").write_text(UTILS)
    with zipfile.ZipFile(folder / "dist" / job.zip) as archive:
        archive.extractall(folder)
    pip = [python, "-m", "pip", "install", "--quiet", "--no-index", "--disable-pip-version-check"]
    found = {"HOME": str(folder), "PIP_FIND_LINKS": "wheels"}
    for what in (["-r", "wheels/requirements.txt"], [f"dist/{wheels.WHEEL}"]):
        done = subprocess.run([*pip, *what], cwd=folder, env=found, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    checked = subprocess.run([python, "-m", "pip", "check"], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout
    return python


def role(stack: str, database: str, account: str, region: str, name: str = "PublishRole") -> list[dict[str, Any]]:
    """The policies of a job's role, as a stack of that name has them."""
    text = json.dumps([policy["PolicyDocument"] for policy in unrolled.of_type("AWS::IAM::Role")[name]["Policies"]])
    for made_up, real in (
        (unrolled.DATABASE, database),
        (unrolled.STACK, stack),
        (unrolled.ACCOUNT, account),
        (unrolled.REGION, region),
    ):
        text = text.replace(made_up, real)
    policies: list[dict[str, Any]] = json.loads(text)
    return policies
