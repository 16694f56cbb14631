"""What the project is made of: its lists of packages, its workflows, and what is known of both."""

import importlib.util
import json
import os
import re
import subprocess

import pytest
import yaml

from support import ROOT

PIN = re.compile(r"^([\w.-]+)==([^\s\\;]+)", re.MULTILINE)
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def tool(name: str, program: str) -> str:
    """The program of a tool's own environment; the test is skipped where that is not installed."""
    file = ROOT / f".aviation/{name}/bin/{program}"
    if not file.is_file():
        said = f"{program} is not installed in .aviation/{name}: run 'make test-all'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    return str(file)


def listed(file) -> set[tuple[str, str]]:
    return {(part["name"].lower(), part["version"]) for part in json.loads(file.read_text())["components"]}


@pytest.mark.slow
def test_the_bill_of_materials_lists_every_pin_and_is_the_same_each_time(tmp_path):
    tool("sbom", "cyclonedx-py")
    made = []
    for name in ("first", "second"):
        done = subprocess.run(
            ["make", "-s", "sbom", f"DIST={tmp_path / name}"], cwd=ROOT, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        made.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert made[0] == made[1]
    assert set(made[0]) == {"Deployment_Lambda.cdx.json", "laptop.cdx.json", "publish.cdx.json", "train.cdx.json"}
    for lock, name in (
        ("infra/requirements/lambda.txt", "Deployment_Lambda"),
        ("infra/requirements/publish.txt", "publish"),
        ("infra/requirements/train.txt", "train"),
        ("requirements.txt", "laptop"),
    ):
        pins = {(package.lower(), version) for package, version in PIN.findall((ROOT / lock).read_text())}
        assert len(pins) >= 7
        assert listed(tmp_path / f"first/{name}.cdx.json") == pins


@pytest.mark.slow
def test_zizmor_finds_nothing_in_the_workflows():
    done = subprocess.run(
        [tool("zizmor", "zizmor"), "--offline", "--no-progress", "--format", "json", ".github"],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert [(found["ident"], found["desc"]) for found in json.loads(done.stdout)] == []
    assert done.returncode == 0


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_each_action_of_a_workflow_is_named_by_its_commit(workflow):
    steps = [step for job in yaml.safe_load(workflow.read_text())["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", name)] == []


def test_a_package_that_could_not_be_looked_up_is_never_taken_for_a_clean_one(monkeypatch, capsys, tmp_path):
    module = importlib.util.spec_from_file_location("audit", ROOT / "infra/audit.py")
    audit = importlib.util.module_from_spec(module)
    module.loader.exec_module(audit)
    clean = {"name": "good", "version": "1", "vulns": []}
    skipped = {"name": "unseen", "skip_reason": "not found"}
    bad = {"name": "bad", "version": "1", "vulns": [{"id": "CVE-1", "fix_versions": ["2"]}]}
    monkeypatch.setattr(audit, "LOCKS", (ROOT / "requirements.txt",))
    program = tmp_path / "pip-audit"
    monkeypatch.setattr(audit, "PIP_AUDIT", program)
    for said, code in (
        (json.dumps({"dependencies": [clean]}), 0),
        (json.dumps({"dependencies": [clean, skipped]}), 2),
        (json.dumps({"dependencies": [clean, skipped, bad]}), 1),
        ("", 2),
    ):
        program.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\n")
        program.chmod(0o755)
        assert audit.main() == code
        assert ("NOT DONE" in capsys.readouterr().out) == ("skip" in said or not said)
