"""The program on a stack of a test's own."""

import os
import subprocess
import sys
from pathlib import Path

from support import ROOT

PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


def aviation(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    """The program, in a shell whose proxy does not answer and that makes no exception for loopback."""
    left_out = ("AVIATION", "AWS_", "NO_PROXY", "no_proxy")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    environment |= {"AVIATION_HOME": str(folder)} | dict.fromkeys(PROXIES, "http://127.0.0.1:1")
    command = [sys.executable, "-m", "aviation", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
