"""What an administrator is given by `infra/policies.py`."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from support import ROOT
from support.bare_emulator import started_emulator


def policies(*arguments: str, **environment: str) -> subprocess.CompletedProcess:
    names = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "AVIATION"))}
    return subprocess.run(
        [sys.executable, "infra/policies.py", *arguments],
        cwd=ROOT,
        env=names | environment,
        capture_output=True,
        text=True,
    )


def test_the_policies_are_of_the_callers_account_although_a_local_stack_is_up(tmp_path):
    (tmp_path / "env").write_text("AVIATION_STACK=aviation\nAWS_DEFAULT_REGION=us-east-1\nAWS_ACCESS_KEY_ID=test\n")
    # The emulator takes a key's id for the account, where it is one's number.
    key = {"id": "210987654321", "secret": "secret"}
    (tmp_path / "access-key.json").write_text(json.dumps(key))
    with started_emulator(tmp_path) as environment:
        callers = environment | {"AVIATION_HOME": str(tmp_path), "AWS_DEFAULT_REGION": "eu-west-1"}
        del callers["AWS_REGION"]
        done = policies("acme", **callers)
    assert done.returncode == 0, done.stderr
    assert "account 210987654321, eu-west-1" in done.stdout
    files = re.findall(r"file://(\S+/acme-[a-z]+[^\s]*\.json)", done.stdout)
    assert len(files) >= 3
    for file in files:
        assert "210987654321" in json.dumps(json.loads(Path(file).read_text()))
    assert "nobody is given acme-boundary" in done.stdout


def test_what_cannot_be_is_one_line():
    for arguments, environment, said in (
        (["Acme_1"], {"AWS_DEFAULT_REGION": "eu-west-1"}, "cannot be a stack's name"),
        (["acme"], {"AWS_DEFAULT_REGION": "eu-west-1", "AWS_EC2_METADATA_DISABLED": "true"}, "redentials"),
    ):
        done = policies(*arguments, **environment, HOME="/nonexistent")
        assert (done.returncode, len(done.stderr.strip().splitlines())) == (1, 1), done.stderr
        assert said in done.stderr
