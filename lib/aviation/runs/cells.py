"""Executes the cells of a notebook in this process: papermill's engine, with IPython in place of a kernel.

The executed notebook is as a kernel's would be. What a cell prints is kept in it, also what programs that it starts
write (Spark's JVM); a line that says how far a job is (`report.progress`) is shown at once.
"""

import io
import json
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import IO, Any, TextIO

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.jsonutil import json_default
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config

from aviation.redact import redact
from aviation.report import PROGRESS

NAME = "in_process"
DESCRIPTORS = {"stdout": 1, "stderr": 2}
LANGUAGE = {
    "codemirror_mode": {"name": "ipython", "version": sys.version_info.major},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
    "version": platform.python_version(),
}
"""What a kernel says of its language."""


class InProcess(Engine):  # type: ignore[misc]  # it has no types
    """papermill's engine of this name. It ends what follows a cell that failed, and leaves the error to papermill."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, folder: str, shown: TextIO, **options: Any
    ) -> None:
        """Execute the cells, with `folder` for what IPython writes; `shown` is where the lines of progress go."""
        outputs = Outputs(nb_man.autosave_cell, shown)
        shell = _shell(outputs, folder)
        with (
            _led(0, os.devnull, os.O_RDONLY),
            _kept(DESCRIPTORS["stdout"]) as stdout,
            _kept(DESCRIPTORS["stderr"]) as stderr,
        ):
            outputs.files = {"stdout": stdout, "stderr": stderr}
            for index, cell in enumerate(nb_man.nb.cells):
                nb_man.cell_start(cell, index)
                went_well = _run(shell, outputs, cell)
                if not went_well:
                    nb_man.cell_exception(cell, cell_index=index)
                nb_man.cell_complete(cell, cell_index=index)
                if not (went_well or "raises-exception" in cell.metadata.get("tags", [])):
                    break
        nb_man.nb.metadata["language_info"] = LANGUAGE


papermill_engines.register(NAME, InProcess)


class Outputs:
    """The outputs of the cell that runs now, as nbformat has them."""

    def __init__(self, autosave: Callable[[], None], shown: TextIO) -> None:
        self.autosave, self.shown = autosave, shown
        self.files: dict[str, IO[bytes]] = {}
        self.cell: list[Any] = []
        self.by_id: dict[str, list[Any]] = {}
        self.to_clear = False

    def begin(self, cell: Any) -> None:
        """What comes from now on is of this cell."""
        self.cell = cell.outputs = []
        self.to_clear = False

    def add(self, kind: str, display_id: str | None = None, **content: Any) -> None:
        """Add an output of this kind."""
        if self.to_clear:
            self.clear()
        self.cell.append(new_output(kind, **_plain(content)))  # type: ignore[no-untyped-call]
        if display_id:
            self.by_id.setdefault(display_id, []).append(self.cell[-1])
        self.autosave()

    def update(self, display_id: str, **content: Any) -> None:
        """Put other content into every display of this id, of whichever cell."""
        for output in self.by_id.get(display_id, []):
            output.update(_plain(content))

    def write(self, name: str, text: str) -> None:
        """Add to what the cell has printed on `name`."""
        last = self.cell[-1] if self.cell and not self.to_clear else None
        if last and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.add("stream", name=name, text=text)

    def clear(self, *, wait: bool = False) -> None:
        """Forget the cell's outputs: now, or when the next one comes."""
        self.to_clear = wait
        if not wait:
            self.cell.clear()

    def take_files(self) -> None:
        """Take what programs have written since the last time."""
        for name, file in self.files.items():
            if text := file.read().decode(errors="replace"):
                self.write(name, text)


class Stream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a cell."""

    encoding = "utf-8"

    def __init__(self, outputs: Outputs, name: str) -> None:
        self.outputs, self.name = outputs, name
        self.line = ""

    def write(self, text: str) -> int:
        self.outputs.write(self.name, text)
        *lines, self.line = (self.line + text).split("\n")
        for line in lines:
            if self.name == "stdout" and line.startswith(PROGRESS):
                self._show(redact(line.removeprefix(PROGRESS)))
        return len(text)

    def fileno(self) -> int:
        return DESCRIPTORS[self.name]

    def writable(self) -> bool:
        return True

    def _show(self, line: str) -> None:
        """Above the bar of the cells, where there is one."""
        from tqdm import tqdm

        tqdm.write(line, file=self.outputs.shown)


class Results(DisplayHook):
    """Keeps the value of a cell's last expression."""

    shell: "Shell"

    def write_output_prompt(self) -> None:
        """The number is in the output."""

    def write_format_data(self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None) -> None:
        count = self.prompt_count
        self.shell.outputs.add("execute_result", data=format_dict, metadata=md_dict or {}, execution_count=count)

    def finish_displayhook(self) -> None:
        self._is_active = False


class Displays(DisplayPublisher):
    """Keeps what a cell displays."""

    shell: "Shell"

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **options: Any,
    ) -> None:
        display_id, content = (transient or {}).get("display_id"), {"data": data, "metadata": metadata or {}}
        if update:
            self.shell.outputs.update(str(display_id), **content)
        else:
            self.shell.outputs.add("display_data", display_id, **content)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear(wait=wait)


class Shell(InteractiveShell):
    """IPython, whose outputs are kept."""

    outputs: Outputs

    def init_virtualenv(self) -> None:
        """The environment is the one that this process runs in."""

    def _showtraceback(self, etype: type[BaseException], evalue: BaseException, stb: list[str]) -> None:
        self.outputs.add("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)


def _shell(outputs: Outputs, folder: str) -> Shell:
    """A shell that has no history and knows no profile, so that every run of a notebook is alike."""
    InteractiveShell.clear_instance()
    settings = Config({"HistoryManager": {"enabled": False}})
    shell: Shell = Shell.instance(
        config=settings, ipython_dir=folder, displayhook_class=Results, display_pub_class=Displays
    )
    shell.outputs = outputs
    return shell


def _run(shell: Shell, outputs: Outputs, cell: Any) -> bool:
    """Run a cell, if there is anything to run: whether it did not fail."""
    if cell.cell_type != "code" or not cell.source.strip():
        return True
    outputs.begin(cell)
    cell.execution_count = shell.execution_count
    with redirect_stdout(Stream(outputs, "stdout")), redirect_stderr(Stream(outputs, "stderr")):
        result = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
    outputs.take_files()
    return bool(result.success)


def _plain(content: dict[str, Any]) -> Any:
    """As JSON has it: pictures in base64, numpy's numbers as numbers."""
    return json.loads(json.dumps(content, default=json_default))


@contextmanager
def _kept(descriptor: int) -> Iterator[IO[bytes]]:
    """A file that takes what is written past Python to a descriptor."""
    with tempfile.NamedTemporaryFile(buffering=0) as file, _led(descriptor, file.name, os.O_WRONLY | os.O_APPEND):
        yield file


@contextmanager
def _led(descriptor: int, file: str, how: int) -> Iterator[None]:
    """Let a descriptor of this process, and of the programs that it starts, be a file."""
    before, opened = os.dup(descriptor), os.open(file, how)
    os.dup2(opened, descriptor)
    os.close(opened)
    try:
        yield
    finally:
        os.dup2(before, descriptor)
        os.close(before)
