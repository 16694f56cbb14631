"""A load on a second emulator, moto's server, whose answers are lost: what was committed is found, and made once.

Two writers cannot be tried there: moto 5.2.5 takes an UpdateTable whatever version it names, so of two commits from one
snapshot the later one would undo the other. MiniStack refuses it, as Glue does.
"""

import random
import subprocess
import sys

import pytest

from support.faults.proxy import proxy
from support.faults.windows import Faults, Window
from support.made_batches import batches
from support.second_emulator import second_emulator

pytestmark = pytest.mark.slow

LOAD = """
import runpy, sys
database = sys.argv.pop(1)
runpy.run_path("script.py", run_name="__main__")
from pyspark.sql import SparkSession
spark = SparkSession.getActiveSession()
for name in ("flight_observations", "flight_history", "flights"):
    table = spark.table(f"glue_catalog.{database}.{name}")
    print("COUNTED", name, table.count(), table.distinct().count())
"""
TRIES = 5


@pytest.fixture(scope="module")
def second(stack, canary, tmp_path_factory):
    with second_emulator(tmp_path_factory.mktemp("moto"), canary) as started:
        yield started


def load(second, folder, faults: Faults) -> subprocess.CompletedProcess:
    with proxy(second.endpoint, faults) as url:
        arguments, environment = second.glue_script(folder, url)
        command = [sys.executable, "-c", LOAD, second.outputs["Database"], *arguments]
        return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=500)


def counted(output: str) -> dict[str, tuple[int, int]]:
    """Rows and different rows by table."""
    lines = [line.split() for line in output.splitlines() if line.startswith("COUNTED")]
    return {name: (int(rows), int(different)) for _, name, rows, different in lines}


def test_a_load_whose_answers_are_lost_makes_each_row_once(second, tmp_path):
    made = batches(random.Random(1), 3)
    observed = {line for content in made for line in content.splitlines()}
    for number, content in enumerate(made):
        key = f"flights/2023/09/14/{10 + number}/object"
        second.client("s3").put_object(Bucket=second.outputs["RawBucket"], Key=key, Body=content)
    faults = Faults()
    faults.open([Window("glue", "lost", 0.5, 2, 6, seed=1), Window("s3", "lost", 0.25, 20, 10, seed=2)])
    for _ in range(TRIES):
        done = load(second, tmp_path, faults)
        if done.returncode == 0:
            break
    found = counted(done.stdout)
    assert done.returncode == 0, done.stderr[-3000:]
    assert faults.hits.keys() == {"glue lost", "s3 lost"}
    assert {name: rows for name, (rows, different) in found.items() if rows != different} == {}
    assert found["flight_observations"][0] == len(observed)
