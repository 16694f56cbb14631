"""The program on a stack of a test's own."""

import os
import subprocess
import sys
from pathlib import Path

from support import ROOT

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def _given(folder: Path, *arguments: str) -> dict:
    """The program, in a shell whose proxy does not answer and that makes no exception for loopback."""
    left_out = ("AVIATION", "AWS_", "NO_PROXY", "no_proxy")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"AVIATION_HOME": str(folder)} | dict.fromkeys(PROXIES, "http://127.0.0.1:1")
    return {"args": [sys.executable, "-m", "aviation", *arguments], "cwd": ROOT, "env": environment, "text": True}


def aviation(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """What came of the program with these arguments, for the stack whose state folder is `folder`."""
    return subprocess.run(**_given(folder, *arguments), capture_output=True, timeout=120)


def started(folder: Path, *arguments: str) -> subprocess.Popen:
    """The same, begun: its lines can be read while it runs."""
    return subprocess.Popen(**_given(folder, *arguments), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
