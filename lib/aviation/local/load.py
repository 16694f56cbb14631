"""The Glue job on a laptop: its own notebook, through papermill, on this machine's Spark."""

import contextlib
import fcntl
import os
from pathlib import Path
from typing import Any

from aviation import aws, home
from aviation.errors import AviationError
from aviation.local import spark
from aviation.local.driver import WarmDriver
from aviation.places import place
from aviation.report import RunRecord
from aviation.runs import notebook as runs
from aviation.runs.declared import LOAD
from aviation.runs.watches import run_watches


def run_load(parameters: dict[str, Any]) -> RunRecord:
    """Run the notebook with these choices and return its run record. The notebook itself asks the deployed Glue
    job for its arguments, as it does wherever Glue does not pass them."""
    configure_spark()
    with (home.home() / "load.lock").open("w") as lock:
        # As on Glue, where one run waits for the other: two at once would append the same observations twice.
        fcntl.flock(lock, fcntl.LOCK_EX)
        with WarmDriver(home.home()).lent():
            record = runs.execute(home.root() / LOAD.notebook, parameters, job=LOAD.name)
        if record.counts.get("observations_added"):
            # On AWS the end of a load is an event that starts them. Theirs are runs of their own: the load went well.
            with contextlib.suppress(AviationError):
                run_watches(home.root())
    return record


def configure_spark() -> None:
    """Give Spark on this machine the settings of the deployed Glue job."""
    job = aws.client("glue").get_job(JobName=place("LoadJob"))["Job"]
    folder = Path(os.environ["SPARK_CONF_DIR"])
    spark.write_conf(folder, os.environ["AWS_ENDPOINT_URL"], spark.job_conf(job["DefaultArguments"]))
