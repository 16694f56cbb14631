"""What the pages of figures share: the templates of their words, and the circumstances of a measurement."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
from jinja2 import Environment, FileSystemLoader, StrictUndefined

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"


def templates() -> Environment:
    """The templates in `docs`."""
    return Environment(
        loader=FileSystemLoader(DOCS),
        autoescape=False,  # noqa: S701  # Markdown, of our own words and figures alone
        keep_trailing_newline=True,
        lstrip_blocks=True,
        trim_blocks=True,
        undefined=StrictUndefined,
    )


def circumstances() -> dict[str, Any]:
    """When, where and of what: a machine that is busy shows in its load average."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit.stdout.strip(),
        "cores": os.cpu_count(),
        "processor": models[0].partition(":")[2].strip() if models else platform.machine(),
        "memory": psutil.virtual_memory().total,
        "busy": round(os.getloadavg()[2], 1),
    }
