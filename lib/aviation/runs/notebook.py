"""Runs notebooks as jobs. Every run leaves a run record and its executed notebook in the runs bucket, above all when
it failed."""

import contextlib
import json
import logging
import os
import re
import shutil
import signal
import tempfile
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from botocore.exceptions import BotoCoreError, ClientError

from aviation import home
from aviation.api_key import access_key
from aviation.errors import AviationError, InterruptError, NotebookError, on_disk, one_line
from aviation.redact import guard_logs, redact, redact_json
from aviation.report import REPORT_MIME, RunRecord
from aviation.runs import process, store
from aviation.runs.endings import Ended, noted
from aviation.runs.parameters import check_parameters
from aviation.times import utc_text

logger = logging.getLogger(__name__)

SCRATCH = re.compile(r"aviation-(\d+)-.*")
"""How the folder of a run is named, with the id of its process."""


def execute(
    notebook: Path,
    parameters: dict[str, Any],
    *,
    job: str,
    out_dir: Path | None = None,
    timeout_seconds: int | None = None,
    reads_key: bool = True,
) -> RunRecord:
    """Run `notebook` with `parameters` (JSON values) and return its run record.

    Executed notebook and record are also kept in `out_dir` (else `<home>/runs`), under the same names as in the
    bucket. ParameterError refuses a parameter that the notebook does not have, or of another type than it declares,
    before anything runs. NotebookError carries the failing cell's own message; a run longer than `timeout_seconds`
    fails. `reads_key` False: the notebook has no use for the API's key, so there is none to redact, and whoever runs it
    needs no access to it. InterruptError says that a person or a signal (SIGTERM, SIGHUP) ended the run, which is kept
    as a failed one.
    """
    guard_logs()
    home.load_environment()
    check_parameters(notebook, parameters)
    with noted() as ended:
        started, begun = datetime.now(UTC), time.monotonic()
        run = process.Run(notebook, parameters, _scratch() / "executed.ipynb", uuid.uuid4().hex)
        failure, executed = _executed(run, timeout_seconds, ended, reads_key)
        record = _record(run, job, started, failure, _last_report(executed))
        record = replace(record, seconds=round(time.monotonic() - begun, 3))
        record, unkept = _keep(record, executed, (out_dir or home.home() / "runs").absolute())
    if failure or unkept:
        _refuse(record, unkept, ended.by)
    if ended.by:  # it came once the notebook was done
        signal.raise_signal(ended.by)
    return record


def _record(
    run: process.Run, job: str, started: datetime, failure: process.Failure | None, counts: dict[str, Any]
) -> RunRecord:
    return RunRecord(
        run_id=run.run_id,
        job=job,
        notebook=run.notebook.name,
        parameters=redact_json(run.parameters),
        started_at=utc_text(started),
        status="failed" if failure else counts.get("status", "ok"),
        counts=counts,
        error=redact(failure.line) if failure else None,
        failed_cell=failure.cell if failure else None,
    )


def _scratch() -> Path:
    """A new folder that only we can read; those of runs whose process was killed go."""
    for folder in Path(tempfile.gettempdir()).iterdir():
        if (left := SCRATCH.fullmatch(folder.name)) and not _is_alive(int(left[1])):
            shutil.rmtree(folder, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"aviation-{os.getpid()}-"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        pass
    return True


def _executed(
    run: process.Run, timeout_seconds: int | None, ended: Ended, reads_key: bool
) -> tuple[process.Failure | None, dict[str, Any]]:
    """Why the notebook failed, if it did, and the notebook as it was executed, redacted. Of its folder nothing stays:
    what papermill writes is not redacted yet."""
    try:
        failure = process.run(run, timeout_seconds, ended)
        if reads_key:
            _learn_the_key()
        return failure, redact_json(_read(run.output) or _read(run.notebook))
    finally:
        shutil.rmtree(run.output.parent, ignore_errors=True)


def _read(notebook: Path) -> Any:
    """A notebook as JSON; None where it is missing, or was not written to its end."""
    try:
        return json.loads(notebook.read_text())
    except (OSError, ValueError, RecursionError):
        return None


def _learn_the_key() -> None:
    """Have the API's key redacted even where the notebook alone read it. If we cannot read it, nor could that."""
    with contextlib.suppress(AviationError, BotoCoreError, ClientError):
        access_key()


def _last_report(executed: dict[str, Any]) -> dict[str, Any]:
    """The last Report that an executed notebook shows, empty where it shows none."""
    reports = [
        output["data"][REPORT_MIME]
        for cell in executed["cells"]
        for output in cell.get("outputs", [])
        if REPORT_MIME in output.get("data", {})
    ]
    return reports[-1] if reports else {}


def _keep(record: RunRecord, executed: dict[str, Any], folder: Path) -> tuple[RunRecord, str | None]:
    """Write executed notebook and record to the runs bucket and to `folder`: the record, naming where the notebook is,
    and why the bucket does not have them, if so. Where only the folder does not, that is logged."""
    content = (json.dumps(executed, indent=1, ensure_ascii=False) + "\n").encode()
    file, unkept = folder / f"{record.stem}.ipynb", None
    try:
        record = store.keep(record, content)
    except (AviationError, BotoCoreError, ClientError) as error:
        unkept = redact(one_line(error))
        record = replace(record, executed_notebook=str(file))
    try:
        home.write(file, content)
        home.write(file.with_suffix(".json"), record.to_bytes())
    except OSError as error:
        if unkept:
            return replace(record, executed_notebook=None), f"{unkept}; nor in {folder}: {on_disk(error)}"
        logger.warning("run %s is kept in the runs bucket alone: %s", record.run_id, on_disk(error))
    return record, unkept


def _refuse(record: RunRecord, unkept: str | None, ended_by: signal.Signals | None) -> NoReturn:
    """Raise the error of a run that failed, or whose record the bucket did not take (`unkept` says why). `ended_by` is
    the signal that ended it."""
    if ended_by or record.error == process.INTERRUPTED:
        kept = f"its record could not be stored: {unkept}" if unkept else "which is recorded as failed"
        line = f"{record.notebook}, run {record.run_id}, {kept}; run the same command again"
        raise InterruptError(line, ended_by or signal.SIGINT)
    where = f"cell {record.failed_cell} of {record.notebook}" if record.failed_cell else record.notebook
    parts = []
    if record.error:
        parts.append(f"{record.error} ({where}, run {record.run_id})")
    if unkept:
        ran = "" if record.error else f"{record.notebook} ran (run {record.run_id}), but "
        kept = f"; kept as {record.executed_notebook}" if record.executed_notebook else ""
        parts.append(f"{ran}its record could not be stored: {unkept}{kept}")
    raise NotebookError("; ".join(parts), run_id=record.run_id, cell=record.failed_cell)
