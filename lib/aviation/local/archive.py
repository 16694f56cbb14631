"""Makes the archive of classes that each JVM of Spark starts from: `python -m aviation.local.archive`.

The classes are those that a small load uses, against an emulator of its own: Spark's, Iceberg's, Arrow's and AWS's.
"""

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pyspark.sql import SparkSession

from aviation import aws, home
from aviation.deploy.template import read_template
from aviation.local import emulator, spark
from aviation.local.exercise import KEY, NAME, exercise, raw_object
from aviation.local.processes import Process, choose_port
from aviation.local.state import State

DUMP_SECONDS = 120


def make() -> None:
    """Make the archive anew. Raises StackError or what Spark raises where it cannot be: no JVM needs it."""
    spark.archive().unlink(missing_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        state = State(emulator_port=choose_port(None, None, ""))
        process = Process(folder, "ministack")
        home.use_environment(state.environment(folder))
        emulator.start(process, state, root=home.root(), folder=folder)
        try:
            s3 = aws.client("s3")
            s3.create_bucket(Bucket=NAME)
            s3.put_object(Bucket=NAME, Key=KEY, Body=raw_object())
            job = read_template(home.root())["Resources"]["LoadJob"]["Properties"]["DefaultArguments"]
            conf = job["--conf"]["Fn::Sub"].replace("${PublishedBucket}", NAME)
            spark.write_conf(folder / "spark", state.endpoint, spark.job_conf({"--conf": conf}))
            _dump(folder / "classes.jsa")
            (folder / "classes.jsa").replace(spark.archive())
        finally:
            process.stop()


def _dump(file: Path) -> None:
    """Have a JVM load the raw object and write the classes that it loaded to `file` when it ends."""
    # Its log would name each class that it leaves out.
    os.environ["SPARK_SUBMIT_OPTS"] = f"-XX:ArchiveClassesAtExit={file} -Xlog:disable"
    session = SparkSession.builder.getOrCreate()
    exercise(session, "glue_catalog", f"s3a://{NAME}", f"s3://{NAME}")
    gateway: Any = session.sparkContext._gateway
    session.stop()
    gateway.proc.stdin.close()  # the JVM ends with it
    gateway.proc.wait(DUMP_SECONDS)


if __name__ == "__main__":
    make()
