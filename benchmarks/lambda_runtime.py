"""How long each function takes cold and warm, and how much memory it needs at most, as Lambda runs it.

    .venv/bin/python benchmarks/lambda_runtime.py [--runs 3]

Starts a local stack of its own, and each function `--runs` times under AWS's runtime interface emulator, from the real
zip: its first invocation is the cold one, its second the warm one. Prints the table of docs/architecture.md: medians of
the seconds, and the most memory of all runs. Takes five minutes. The environment .aviation/lambda-runtime is needed
(`make .aviation/lambda-runtime/.ready`).
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

from aviation.deploy.build import build_lambda
from aviation.local.stack import LocalStack

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.lambda_runtime import Function, deployed, refused, running  # noqa: E402


def measured(function: Function, task: Path, runs: int, folder: Path) -> tuple[float, float, float]:
    """Median seconds cold and warm, and the most MiB of memory."""
    cold, warm, memory = [], [], []
    for number in range(runs):
        with running(function, task, folder / f"{function.name}-{number}") as run:
            for seconds in (cold, warm):
                begun = time.monotonic()
                run.invoke(function.event)
                seconds.append(time.monotonic() - begun)
            memory.append(run.memory_mib)
    return statistics.median(cold), statistics.median(warm), max(memory)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    chosen = parser.parse_args()
    if said := refused():
        sys.exit(said)
    with tempfile.TemporaryDirectory(prefix="aviation-lambda-") as name:
        folder = Path(name)
        build_lambda(folder / "lambda.zip")
        with zipfile.ZipFile(folder / "lambda.zip") as archive:
            archive.extractall(folder / "task")
        os.environ["AVIATION_HOME"] = str(folder / "home")
        stack = LocalStack(ROOT, folder / "home")
        try:
            stack.up()
            stack.clock(datetime(2013, 7, 10, 20, tzinfo=UTC))  # while flights are in the air
            print("| function | cold, s | warm, s | peak memory, MiB | memory, MiB |\n|---|---|---|---|---|")
            for function in sorted(deployed().values(), key=lambda function: function.name):
                cold, warm, memory = measured(function, folder / "task", chosen.runs, folder)
                short = function.name.removeprefix(f"{function.variables['AVIATION_STACK']}-")
                print(f"| `{short}` | {cold:.1f} | {warm:.1f} | {memory:.0f} | {function.memory_mib} |", flush=True)
        finally:
            stack.down()


if __name__ == "__main__":
    main()
