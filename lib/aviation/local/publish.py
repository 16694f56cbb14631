"""The publishing job on a laptop: its own notebook, through papermill, with the packages of this machine."""

import logging
from typing import Any

from aviation import home
from aviation.errors import AviationError, one_line
from aviation.local.load import run_load
from aviation.report import RunRecord
from aviation.runs import notebook as runs
from aviation.runs.declared import PUBLISH

logger = logging.getLogger(__name__)


def run_publish(parameters: dict[str, Any]) -> RunRecord:
    """Run the notebook with these choices and return its run record."""
    return runs.execute(home.root() / PUBLISH.notebook, parameters, job=PUBLISH.name, reads_key=False)


def load_and_publish(parameters: dict[str, Any]) -> RunRecord:
    """Run a load, and publish what it read, as on AWS; the load's run record. Where publishing fails, that is logged
    and recorded: the load went well."""
    record = run_load(parameters)
    if record.counts.get("lines_read"):
        try:
            run_publish({})
        except AviationError as error:
            logger.info("schedules: publishing failed: %s", one_line(error))
    return record
