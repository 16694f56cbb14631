"""The Glue job on a laptop: its own notebook, through papermill, on this machine's Spark."""

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from aviation import aws, home
from aviation.errors import AviationError
from aviation.local import spark
from aviation.local.driver import WarmDriver
from aviation.places import place
from aviation.report import RunRecord
from aviation.runs import notebook as runs
from aviation.runs.declared import LOAD
from aviation.runs.watches import run_watches

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 1


def run_load(parameters: dict[str, Any]) -> RunRecord:
    """Run the notebook with these choices and return its run record. The notebook itself asks the deployed Glue
    job for its arguments, as it does wherever Glue does not pass them."""
    configure_spark()
    with _alone(home.home() / "load.lock") as turn:
        with WarmDriver(home.home()).lent():
            record = runs.execute(home.root() / LOAD.notebook, parameters, job=LOAD.name)
        # On AWS the end of a load is an event that starts them. They find out by themselves what they have not told:
        # of a load that was cut off, too. Theirs are runs of their own: the load went well.
        if record.counts.get("lines_read") or turn.last_was_cut_off:
            try:
                run_watches(home.root())
            except AviationError:
                turn.ended_well = False
    return record


@dataclass
class Turn:
    """A load's turn. One that did not end well leaves it to the next load to run the watches, whatever that reads."""

    last_was_cut_off: bool
    ended_well: bool = True


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[Turn]:
    """Wait until no other load runs, as on Glue: two at once would do the same work twice.

    While a load runs, and after one that did not end well, the file holds its process's id. Whoever waits for longer
    than PATIENCE_SECONDS says for which process.
    """
    with file.open("a+") as lock:
        if not _locked(lock):
            time.sleep(PATIENCE_SECONDS)
            if not _locked(lock):
                lock.seek(0)
                logger.info("load: waits for the end of another one, process %s", lock.read())
                fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        turn = Turn(bool(lock.read()))
        lock.truncate(0)
        lock.write(f"{os.getpid()}")
        lock.flush()
        yield turn
        if turn.ended_well:
            lock.truncate(0)


def _locked(lock: IO[str]) -> bool:
    """Whether the lock could be taken at once."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def configure_spark() -> None:
    """Give Spark on this machine the settings of the deployed Glue job."""
    job = aws.client("glue").get_job(JobName=place("LoadJob"))["Job"]
    folder = Path(os.environ["SPARK_CONF_DIR"])
    spark.write_conf(folder, os.environ["AWS_ENDPOINT_URL"], spark.job_conf(job["DefaultArguments"]))
