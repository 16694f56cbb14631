"""What is installed is pinned, hashed, and the same everywhere."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from support import ROOT

LOCKS = [ROOT / "requirements.txt", *sorted((ROOT / "infra/requirements").glob("*.txt"))]


def pinned(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)", lock.read_text(), re.MULTILINE))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_requirement_is_pinned_and_hashed(lock):
    blocks = re.split(r"\n(?=[a-z0-9])", lock.read_text())
    requirements = [block for block in blocks if not block.startswith("#")]
    assert requirements
    for block in requirements:
        assert re.match(r"[a-z0-9._-]+==\S+", block), block
        assert "--hash=sha256:" in block, block.splitlines()[0]


def test_no_file_names_a_package_index():
    # Spelt in parts, so that this file does not name one either.
    names = [
        "npm" + "js.org",
        "py" + "pi.org",
        "pythonhosted" + ".org",
        "--" + "index-url",
        "--" + "extra-index",
        "--" + "find-links",
    ]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert tracked
    for name in tracked:
        text = (ROOT / name).read_text(errors="replace") if (ROOT / name).is_file() else ""
        assert not [index for index in names if index in text], name


def test_every_package_of_trinos_grammar_is_pinned_and_hashed():
    lock = json.loads((ROOT / "tests/support/trino/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert "node_modules/dt-sql-parser" in packages
    for name, package in packages.items():
        assert package["version"], name
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name


def test_set_up_uses_the_versions_of_the_environment_that_it_makes():
    environment = pinned(ROOT / "requirements.txt")
    for name, version in pinned(ROOT / "infra/requirements/setup.txt").items():
        assert environment[name] == version


def test_conda_takes_python_and_java_from_conda_and_all_else_from_the_lock():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    assert dependencies[:3] == ["python=3.11", "openjdk=17", "pip"]
    assert dependencies[3] == {"pip": ["-r requirements.txt"]}
    assert len(dependencies) == 4


def test_the_function_shares_the_versions_of_what_it_shares_with_the_environment():
    environment, function = pinned(ROOT / "requirements.txt"), pinned(ROOT / "infra/requirements/lambda.txt")
    for name in ("papermill", "ipython", "requests", "nbclient", "jupyter-client"):
        assert function[name] == environment[name]


def test_a_wrong_python_gets_one_clear_line(tmp_path):
    fake = tmp_path / "python3.9"
    fake.write_text('#!/bin/sh\ncase "$1" in -V) echo Python 3.9.1;; *) exit 1;; esac\n')
    fake.chmod(0o755)
    command = ["make", "--no-print-directory", "-C", ROOT, "setup", f"PYTHON={fake}", f"VENV={tmp_path}/venv"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"{fake} is Python 3.9.1, but Python 3.11 is needed" in done.stderr


def test_a_missing_python_gets_one_clear_line(tmp_path):
    command = ["make", "--no-print-directory", "-C", ROOT, "setup", "PYTHON=no-such-python", f"VENV={tmp_path}/venv"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert "no-such-python was not found: install Python 3.11" in done.stderr
