"""Runs notebooks as jobs. Every run leaves a run record and its executed notebook in the runs bucket, above all when
it failed: `<job>/<yyyy>/<mm>/<dd>/<run_id>.json` and `.ipynb`.

papermill and jupyter are imported inside functions: a Lambda must set up their folders first, and importing them
takes a second that reading run records need not wait for.
"""

import contextlib
import json
import os
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from aviation import aws, errors, home
from aviation.api_key import access_key
from aviation.errors import AviationError, NotebookError, ParameterError
from aviation.parameters import unknown_parameter
from aviation.places import place
from aviation.redact import guard_logs, redact, redact_json
from aviation.report import REPORT_MIME
from aviation.times import utc_text

KERNEL_STARTS = 3
NEVER_STARTED = "Kernel died before replying to kernel_info"
"""Two kernels that start at once on one machine can choose the same port: one dies, before any cell has run."""


@dataclass(frozen=True)
class Failure:
    """Why a notebook failed: one line, and the number beside the failed cell (`In [4]`), None outside of a cell."""

    line: str
    cell: int | None = None


def execute(
    notebook: Path, parameters: dict, *, job: str, out_dir: Path | None = None, timeout_seconds: int | None = None
) -> dict:
    """Run `notebook` with `parameters` and return its run record (JSON values):

    `run_id, job, notebook, parameters, started_at, seconds, status` (ok, warning or failed), `counts` (the last
    Report shown), `error` (one line or None), `failed_cell` (1-based or None), `executed_notebook` (where it is).

    Executed notebook and record are also kept in `out_dir` (else `<home>/runs`), under the same names as in the
    bucket. ParameterError refuses a parameter that the notebook does not have, before anything runs. NotebookError
    carries the failing cell's own message; a cell longer than `timeout_seconds` fails.
    """
    guard_logs()
    home.load_environment()
    check_parameters(notebook, parameters)
    run_id, started = uuid.uuid4().hex, datetime.now(UTC)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="aviation-") as scratch:
        # What papermill writes is not redacted yet: it never leaves this folder, which only we can read.
        output = Path(scratch) / "executed.ipynb"
        failure = _run(notebook, parameters, output, run_id, timeout_seconds)
        _learn_the_key()
        executed = redact_json(json.loads((output if output.is_file() else notebook).read_text()))
    record = {
        "run_id": run_id,
        "job": job,
        "notebook": notebook.name,
        "parameters": parameters,
        "started_at": utc_text(started),
        "seconds": round(time.monotonic() - begun, 3),
    } | _outcome(failure, executed)
    folder = (out_dir or home.home() / "runs").absolute()
    record, unkept = _keep(redact_json(record), executed, f"{job}/{started:%Y/%m/%d}/{run_id}", folder)
    if failure or unkept:
        raise NotebookError(_message(record, unkept), run_id=run_id, cell=record["failed_cell"])
    return record


def check_parameters(notebook: Path, parameters: dict) -> None:
    """ParameterError unless `notebook` is there and declares every parameter: papermill itself only warns."""
    if not notebook.is_file():
        raise ParameterError(f"there is no notebook {notebook}")
    try:
        known = _papermill().inspect_notebook(str(notebook))
    except Exception as error:
        raise ParameterError(f"{notebook} is not a notebook that can be run: {_first_line(str(error))}") from None
    if parameters and not known:
        raise ParameterError(f"{notebook} has no cell tagged 'parameters': it takes none, but was given some")
    for name in parameters:
        if name not in known:
            raise ParameterError(f"{notebook.name}: {unknown_parameter(name, known)}")


def read_parameters(file: Path | None, overrides: dict[str, str] | None = None) -> dict:
    """The parameters in a YAML file, with `overrides` (whose texts are read as YAML values) over them."""
    try:
        given = yaml.load(file.read_text(), Loader=_Loader) if file else None
        parsed = {name: yaml.load(text, Loader=_Loader) for name, text in (overrides or {}).items()}
    except (OSError, yaml.YAMLError) as error:
        raise ParameterError(f"the parameters cannot be read: {' '.join(str(error).split())}") from None
    if not isinstance(given, dict | None):
        raise ParameterError(f"{file} must hold one mapping of parameter names to values")
    return (given or {}) | parsed


class _Loader(yaml.SafeLoader):
    """YAML in which a date is text: no notebook declares anything else, and JSON has none."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def latest(job: str | None = None, limit: int = 20) -> list[dict]:
    """The newest run records, newest first; of one job (`producer/flights`, say) or of all."""
    from aviation.runs.store import newest

    return newest(aws.client("s3"), place("RunsBucket"), job, limit)


def find(run_id: str) -> dict:
    """The record of the run whose id begins with `run_id`; ParameterError where none or more than one does."""
    from aviation.runs import store as run_records

    found = run_records.find(aws.client("s3"), place("RunsBucket"), run_id) if run_id else []
    if not found:
        raise ParameterError(f"there is no run '{run_id}': 'aviation runs' lists them")
    if len(found) > 1:
        ids = ", ".join(record["run_id"] for record in found)
        raise ParameterError(f"more than one run begins with '{run_id}': {ids}")
    return found[0]


def _run(notebook: Path, parameters: dict, output: Path, run_id: str, timeout_seconds: int | None) -> Failure | None:
    """Execute into `output`; why it failed, if it did."""
    papermill = _papermill()
    for start in range(1, KERNEL_STARTS + 1):
        try:
            with _environment(AVIATION_RUN_ID=run_id):
                _execute(papermill, notebook, parameters, output, timeout_seconds)
        except papermill.PapermillExecutionError as error:
            # Our own errors speak for themselves; of others, the kind says half.
            said = _first_line(error.evalue)
            line = said if hasattr(errors, error.ename) else f"{error.ename}: {said}"
            return Failure(line, error.exec_count)
        except Exception as error:  # a kernel that died or never started, a cell that took too long
            if NEVER_STARTED in str(error) and start < KERNEL_STARTS:
                continue
            return Failure(f"{type(error).__name__}: {_first_line(str(error))}")
        except KeyboardInterrupt:
            return Failure("interrupted")
        return None
    return None


def _execute(papermill, notebook: Path, parameters: dict, output: Path, timeout_seconds: int | None) -> None:
    from traitlets.config import Config

    papermill.execute_notebook(
        str(notebook),
        str(output),
        parameters,
        progress_bar=sys.stderr.isatty(),
        log_output=False,
        execution_timeout=timeout_seconds,
        # What runs in the kernel passes through sockets that others on this machine could read.
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),
    )


def _papermill():
    """papermill, imported with the first run."""
    # jsonschema takes this checker of IRIs where it is installed, and importing it compiles a grammar for seconds.
    sys.modules.setdefault("rfc3987_syntax", None)
    import papermill

    return papermill


def _learn_the_key() -> None:
    """Have the API's key redacted even where only the kernel read it. A key that cannot be read was not read there."""
    with contextlib.suppress(AviationError, BotoCoreError, ClientError):
        access_key()


def _outcome(failure: Failure | None, executed: dict) -> dict:
    """The part of the run record that says how it went; `counts` is the last Report that the notebook shows."""
    reports = [
        output["data"][REPORT_MIME]
        for cell in executed["cells"]
        for output in cell.get("outputs", [])
        if REPORT_MIME in output.get("data", {})
    ]
    counts = reports[-1] if reports else {}
    return {
        "status": "failed" if failure else counts.get("status", "ok"),
        "counts": counts,
        "error": failure.line if failure else None,
        "failed_cell": failure.cell if failure else None,
    }


def _keep(record: dict, executed: dict, name: str, folder: Path) -> tuple[dict, str | None]:
    """Write executed notebook and record to `folder`, then to the runs bucket: the record, naming where the notebook
    is, and why the bucket does not have them, if so."""
    local = folder / f"{name}.ipynb"
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_text(json.dumps(executed, indent=1, ensure_ascii=False) + "\n")
    record |= {"executed_notebook": str(local)}
    unkept = None
    try:
        s3, bucket = aws.client("s3"), place("RunsBucket")
        s3.put_object(Bucket=bucket, Key=f"{name}.ipynb", Body=local.read_bytes(), ContentType="application/json")
        stored = record | {"executed_notebook": f"s3://{bucket}/{name}.ipynb"}
        s3.put_object(Bucket=bucket, Key=f"{name}.json", Body=_json(stored), ContentType="application/json")
        record = stored
    except (AviationError, BotoCoreError, ClientError) as error:
        unkept = redact(_first_line(str(error)))
    local.with_suffix(".json").write_bytes(_json(record))
    return record, unkept


def _message(record: dict, unkept: str | None) -> str:
    where = f"cell {record['failed_cell']} of {record['notebook']}" if record["failed_cell"] else record["notebook"]
    said = f"{record['error']} ({where}, run {record['run_id']})" if record["error"] else None
    if not unkept:
        return said
    kept = f"its record could not be stored: {unkept}; kept as {record['executed_notebook']}"
    return f"{said}; {kept}" if said else f"{record['notebook']} ran (run {record['run_id']}), but {kept}"


def _json(record: dict) -> bytes:
    return (json.dumps(record, indent=1, ensure_ascii=False) + "\n").encode()


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "it gave no message")


@contextlib.contextmanager
def _environment(**added: str) -> Iterator[None]:
    """The environment that the kernel inherits."""
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
