"""A load on a cluster, as Glue runs it: does it make the laptop's tables, and what does its driver hold of them?

    .venv/bin/python benchmarks/cluster.py [DAYS ...]

Starts Spark's own master and two workers of one core, each a process on loopback, whose executors share nothing with
the driver but files. Loads so many days of flights there (11, 53 and 106: 0.2, 1 and 2 million rows unless others are
given), each in a cold process, and once on local Spark. The tables of flights must be equal, row for row. Prints the
seconds and the most memory of the driver, its Java included: what grows with the rows must be the executors'. Takes
twenty minutes, 5 GB of memory, and 3 GB of disk.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark

from aviation import home
from aviation.local import spark
from aviation.local.processes import choose_port
from loads import measure, raw, reading

DAYS = (11, 53, 106)
FIRST_DAY = "2013-07-10"
TABLES = ("flight_observations", "flight_history", "flights", "flight_events")
WORKERS = 2
START_SECONDS = 30


@contextmanager
def cluster(folder: Path) -> Iterator[str]:
    """The address of a master on loopback that has its workers."""
    port = choose_port(None, None, "")
    address = f"spark://127.0.0.1:{port}"
    common = ["--host", "127.0.0.1", "--webui-port", "0"]
    commands = [["master.Master", *common, "--port", str(port)]]
    work = ["--cores", "1", "--memory", "2g", "--work-dir", str(folder / "work"), address]
    commands += [["worker.Worker", *common, *work]] * WORKERS
    program = Path(pyspark.__file__).parent / "bin/spark-class"
    environment = os.environ | {"JAVA_HOME": spark.java_home(), "SPARK_LOCAL_IP": "127.0.0.1"}
    started = []
    try:
        with (folder / "cluster.log").open("w+") as log:
            for name, *arguments in commands:
                command = [str(program), f"org.apache.spark.deploy.{name}", *arguments]
                started.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
            until = time.monotonic() + START_SECONDS
            while (folder / "cluster.log").read_text().count("Registering worker") < WORKERS:
                if time.monotonic() > until:
                    sys.exit(
                        f"cluster: no workers after {START_SECONDS} s: {(folder / 'cluster.log').read_text()[-500:]}"
                    )
                time.sleep(0.2)
            yield address
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


def settings(address: str) -> list[str]:
    """What is other than on a laptop; workers of Python are forked as on Glue."""
    jars = os.pathsep.join(map(str, spark.spark_jars()))
    return [
        f"spark.master={address}",
        "spark.executor.memory=1500m",
        f"spark.executor.extraClassPath={jars}",
        f"spark.default.parallelism={WORKERS}",
        "spark.python.daemon.module=pyspark.daemon",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("days", nargs="*", type=int, default=DAYS, metavar="DAYS")
    counts = parser.parse_args().days
    polls = raw.days(home.home() / "benchmarks/days", FIRST_DAY, max(counts))
    for count in counts:
        objects = [str(path) for poll in polls[: count * raw.POLLS_A_DAY] for path in poll]
        with tempfile.TemporaryDirectory(prefix="aviation-cluster-") as name:
            step = {"into": "loaded", "objects": objects}
            folders = [Path(name) / where for where in ("local", "cluster")]
            for folder in folders:
                folder.mkdir()
            local = measure.load(folders[0], [step])
            with cluster(Path(name)) as address:
                there = measure.load(folders[1], [step], *settings(address))
            different = reading.tables_differ(local.lines[0]["metadata"], there.lines[0]["metadata"], TABLES)
        print(
            f"{local.lines[0]['lines']:>9,} rows: local {local.seconds:6.1f} s, cluster {there.seconds:6.1f} s, "
            f"its driver {there.peak / 1e9:.2f} GB; {'; '.join(different) or 'the tables are equal'}",
            flush=True,
        )
        if different:
            sys.exit(1)


if __name__ == "__main__":
    main()
