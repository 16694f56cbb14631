"""Cells run without a kernel: the executed notebook is as a kernel leaves it."""

import json
import logging
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
from IPython.core.interactiveshell import InteractiveShell
from papermill import PapermillExecutionError, execute_notebook

from aviation.runs import process
from aviation.runs.endings import noted
from aviation.runs.process import Failure, Run
from support import ROOT
from support.notebooks import job_notebook

KINDS = (
    "import sys\nprint('out', number)\nprint('err', file=sys.stderr)",
    "from IPython.display import HTML, SVG, Image, display\nimport pandas as pd\nframe = pd.DataFrame({'a': [1]})",
    "display(frame, HTML('<b>bold</b>'), metadata={'isolated': True})",
    "display(SVG('<svg xmlns=\"http://www.w3.org/2000/svg\"/>'))",
    "frame",
    "frame;",
    "42\n_ + Out[7]",
    "handle = display('first', display_id='one')\nhandle.update('second')",
    "from IPython.display import update_display\nupdate_display('third', display_id='one')",
    "from IPython.display import clear_output\nprint('gone')\nclear_output(wait=True)\nprint('stays')",
    "Image(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png')",
    "display({'image/png': b'\\x89PNG', 'application/json': {'n': (1, 2)}}, raw=True)",
    "%cd -q /\n!echo text; exit 3\n_exit_code",
    "import asyncio\nawait asyncio.sleep(0)\n'awaited'",
    "__name__, get_ipython().execution_count, In[1]",
    "",
)
"""What cells can leave, together in one notebook."""
ENDS = {
    "an error": "def f():\n    1 / 0\nf()",
    "no syntax": "1 +",
    "an exit": "import sys\nsys.exit('done')",
    "an exit without a fault": "import sys\nsys.exit()",
    "no such magic": "%nonsense",
    "an interrupt": "raise KeyboardInterrupt",
}


def executed(folder: Path, *cells: str, timeout: float | None = None) -> tuple[Failure | None, nbformat.NotebookNode]:
    """A notebook of these cells, run as a job's: why it failed, and as it was executed."""
    output = folder / "out/executed.ipynb"
    output.parent.mkdir(exist_ok=True)
    with noted() as ended:
        failure = process.run(Run(job_notebook(folder, *cells), {"number": 3}, output, "the-run"), timeout, ended)
    return failure, nbformat.read(output, as_version=4)


def by_a_kernel(folder: Path, *cells: str) -> tuple[PapermillExecutionError | None, nbformat.NotebookNode]:
    """The same through a kernel."""
    output = folder / "by_a_kernel.ipynb"
    notebook, failure = job_notebook(folder, *cells), None
    try:
        execute_notebook(str(notebook), str(output), {"number": 3}, progress_bar=False)
    except PapermillExecutionError as error:
        failure = error
    return failure, nbformat.read(output, as_version=4)


def comparable(notebook: nbformat.NotebookNode) -> list[dict]:
    """The cells without times, colours, the file that Python takes a cell for, and where what is printed is cut."""
    plain = re.sub(r"\\u001b\[[\d;]*m|(?<=\()(<ipython-input-\S+>|\d+\.py), ", "", json.dumps(notebook.cells))
    cells = json.loads(plain)
    for cell in cells:
        cell.pop("id")
        cell["metadata"].pop("execution", None)
        for name in ("start_time", "end_time", "duration"):
            cell["metadata"].get("papermill", {}).pop(name, None)
        if "outputs" in cell:
            cell["outputs"] = joined(cell["outputs"])
    return cells


def joined(outputs: list[dict]) -> list[dict]:
    """What was printed side by side, in one."""
    made: list[dict] = []
    for output in outputs:
        if made and output["output_type"] == made[-1]["output_type"] == "stream" and output["name"] == made[-1]["name"]:
            made[-1]["text"] += output["text"]
        else:
            made.append(output)
    return made


@pytest.fixture(params=["fork", "spawn"])
def each_start(request, monkeypatch):
    monkeypatch.setattr(process, "start_method", lambda: request.param)


@pytest.fixture
def copied(monkeypatch):
    """Quicker: nothing that a test's own threads hold is needed."""
    monkeypatch.setattr(process, "start_method", lambda: "fork")


def test_the_executed_notebook_is_as_a_kernel_leaves_it(tmp_path, each_start):
    failure, ours = executed(tmp_path, *KINDS)
    refused, kernels = by_a_kernel(tmp_path, *KINDS)
    assert failure is refused is None
    assert comparable(ours) == comparable(kernels)
    assert ours.metadata.language_info == kernels.metadata.language_info
    assert set(ours.metadata.papermill) == set(kernels.metadata.papermill)


@pytest.mark.parametrize("cell", ENDS.values(), ids=ENDS)
def test_a_cell_that_ends_the_notebook_ends_it_as_in_a_kernel(tmp_path, monkeypatch, cell):
    monkeypatch.setattr(process, "start_method", lambda: "spawn")  # pytest changes how this process warns
    failure, ours = executed(tmp_path, "print('before')", cell, "print('after')")
    refused, kernels = by_a_kernel(tmp_path, "print('before')", cell, "print('after')")
    assert (failure is None) == (refused is None)
    if failure:
        assert failure.cell == refused.exec_count
        assert failure.line.startswith(refused.ename)
    assert comparable(ours) == comparable(kernels)


def test_what_programs_and_libraries_write_is_kept(tmp_path, capfd, each_start):
    c_level = "import os, subprocess\nsubprocess.run('echo of a program; echo its complaint >&2', shell=True)\n"
    c_level += "os.write(1, b'past Python')\nNone"
    _, notebook = executed(tmp_path, "print('of Python')", c_level)
    printed = {output.name: output.text for output in notebook.cells[-1].outputs}
    assert printed == {"stdout": "of a program\npast Python", "stderr": "its complaint\n"}
    assert capfd.readouterr() == ("", "")


def test_no_notebook_sees_what_another_did_or_what_this_process_is(tmp_path, monkeypatch, each_start):
    monkeypatch.setattr(logging.getLogger("aviation"), "level", logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("aviation"), "handlers", [logging.StreamHandler()])
    made = "import json, os, signal\njson.stain = 1\nos.environ['STAIN'] = '1'\nos.chdir('/')\nnumber = 99\n"
    made += "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    failure, _ = executed(tmp_path, made)
    assert failure is None
    monkeypatch.setattr(InteractiveShell, "_instance", InteractiveShell.__new__(InteractiveShell))
    looks = "import json, os, signal, logging\nfrom pathlib import Path\nlogger = logging.getLogger('aviation')\n"
    looks += "[hasattr(json, 'stain'), 'STAIN' in os.environ, number, logger.handlers,\n"
    looks += "signal.getsignal(signal.SIGTERM) == signal.SIG_DFL, str(Path.cwd()), os.environ['AVIATION_RUN_ID']]"
    _, notebook = executed(tmp_path, looks)
    [result] = notebook.cells[-1].outputs
    assert result.data["text/plain"] == repr([False, False, 3, [], True, str(Path.cwd()), "the-run"])
    assert "STAIN" not in os.environ
    assert signal.getsignal(signal.SIGTERM) != signal.SIG_IGN


def test_a_notebook_that_takes_too_long_shows_where_it_was(tmp_path, copied):
    failure, notebook = executed(tmp_path, "print('begun', flush=True)\nimport time\ntime.sleep(60)", timeout=3)
    assert failure == Failure("TimeoutError: it took longer than 3 s", 3)
    printed, error = notebook.cells[-1].outputs
    assert (printed.text, error.ename) == ("begun\n", "KeyboardInterrupt")


def test_a_notebook_that_cannot_be_interrupted_is_ended_with_all_that_it_started(tmp_path, copied, monkeypatch):
    monkeypatch.setattr(process, "STOP_SECONDS", 0.5)
    deaf = f"""\
import signal, subprocess, time
from pathlib import Path
signal.signal(signal.SIGINT, signal.SIG_IGN)
started = subprocess.Popen(["sleep", "600"])
Path({str(tmp_path / "pid")!r}).write_text(str(started.pid))
time.sleep(600)"""
    failure, _ = executed(tmp_path, deaf, timeout=3)
    assert failure == Failure("TimeoutError: it took longer than 3 s")
    ended(int((tmp_path / "pid").read_text()))


def test_a_notebook_ends_with_the_program_that_runs_it(tmp_path):
    """Killed, that can end nothing itself."""
    job = job_notebook(
        tmp_path, f"import os, time\nopen({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid()))", "time.sleep(600)"
    )
    script = "import sys\nfrom pathlib import Path\nfrom aviation.runs import endings, process\n"
    script += "wanted = process.Run(Path(sys.argv[1]), {}, Path(sys.argv[1]).with_name('o.ipynb'), 'r')\n"
    script += "with endings.noted() as ended:\n    process.run(wanted, None, ended)"
    program = subprocess.Popen([sys.executable, "-c", script, str(job)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while not ((file := tmp_path / "pid").exists() and file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    program.kill()
    program.wait()
    ended(int(file.read_text()))


def ended(pid: int) -> None:
    """Wait until no such process runs."""
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"process {pid} still runs"
        time.sleep(0.05)


def test_a_process_that_others_threads_or_duckdb_use_is_not_copied(monkeypatch):
    monkeypatch.setattr(process.threading, "active_count", lambda: 1)
    monkeypatch.delitem(sys.modules, "duckdb", raising=False)
    monkeypatch.setattr(process.sys, "platform", "linux")
    assert process.start_method() == "fork"
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert process.start_method() == "spawn"
    monkeypatch.delitem(sys.modules, "duckdb")
    monkeypatch.setattr(process.threading, "active_count", lambda: 2)
    assert process.start_method() == "spawn"


def test_a_cell_whose_spark_has_died_says_so(tmp_path):
    failure, _ = executed(tmp_path, "from py4j.java_gateway import JavaGateway\nJavaGateway().jvm.System.gc()")
    assert failure == Failure(
        "Spark's process (Java) ended before the cell did, killed or out of memory; its last words are in the executed "
        "notebook",
        3,
    )


def test_an_exception_of_javas_is_told_by_its_own_first_line(tmp_path):
    told = "An error occurred while calling o61.listTables.\n: a.GlueException: no (Status 500)\n\tat b.c"
    failure, _ = executed(tmp_path, f"raise RuntimeError({told!r})")
    assert failure == Failure("RuntimeError: a.GlueException: no (Status 500)", 3)
