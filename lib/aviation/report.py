"""What a notebook's run says of itself (`Report`), and what is kept of the run (`RunRecord`)."""

import json
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from typing import Any, get_type_hints

REPORT_MIME = "application/vnd.aviation.report+json"
LOAD_JOB = "aviation_data_load"
"""The load's name: of its notebook and in its run records, which Glue and a laptop write alike."""
PUBLISH_JOB = "aviation_publish"
"""The name of what publishes after a load, in the same way."""
TRAIN_JOB = "train_delay_forecast"
"""The name of what trains the forecast, in the same way."""
NOT_YET = "not yet"
"""The `outcome` of a run that found too little data for what it does."""


PROGRESS = "progress: "
"""How a line begins that says how far a job is."""


def progress(line: str) -> None:
    """Say how far a job is: at once in its log on AWS; the runner of a notebook shows it to the person who waits."""
    print(f"{PROGRESS}{line}", flush=True)


class Report(dict[str, Any]):
    """The counts of one run, JSON values only. The last expression of a cell shows it; `aviation.runs` reads the
    mime type out of the executed notebook and keeps it in the run record."""

    def __str__(self) -> str:
        width = max((len(name) for name in self), default=0)
        return "\n".join(f"{name:<{width}}  {value}" for name, value in self.items())

    def _repr_mimebundle_(
        self, include: Container[str] | None = None, exclude: Container[str] | None = None
    ) -> dict[str, Any]:
        return {REPORT_MIME: dict(self), "text/plain": str(self)}


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One run of a job: what ran with which parameters, how it ended, and where its executed notebook is.

    `job` is its name (`producer/flights`), `notebook` a file's name, `started_at` ISO 8601 in UTC to the second.
    `status` is ok, warning or failed; `counts` is the last Report that the notebook showed. Of a failed run `error` is
    the reason in one line and `failed_cell` the number beside the cell (`In [4]`), None where no cell failed.
    `executed_notebook` is a path or an s3:// URL, None where the run left none (a load on Glue).
    """

    run_id: str
    job: str
    notebook: str
    parameters: dict[str, Any] = field(default_factory=dict)
    started_at: str
    seconds: float = 0.0
    status: str = "ok"
    counts: dict[str, Any] = field(default_factory=dict)
    error: str | None = None
    failed_cell: int | None = None
    executed_notebook: str | None = None

    @property
    def is_failed(self) -> bool:
        """Whether the run failed; a warning is no failure."""
        return self.status == "failed"

    @property
    def stem(self) -> str:
        """Where the runs bucket keeps the run, without a suffix: `<job>/<yyyy>/<mm>/<dd>/<run_id>`."""
        return f"{self.job}/{self.started_at[:10].replace('-', '/')}/{self.run_id}"

    @property
    def key(self) -> str:
        """The record's own key in the runs bucket; its notebook lies beside it, as `.ipynb`."""
        return f"{self.stem}.json"

    def to_json(self) -> dict[str, Any]:
        """As a JSON object, in the order of the fields."""
        return asdict(self)

    def to_bytes(self) -> bytes:
        """As it is kept: indented JSON, UTF-8."""
        return (json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n").encode()

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunRecord":
        """From a JSON object. What an older record lacks is empty; what only a newer one has is left out. ValueError
        where it is no object, or what it has is of another type."""
        if not isinstance(value, dict):
            raise ValueError("a run record is a JSON object")
        empty = {"run_id": "", "job": "", "notebook": "", "started_at": ""}
        kinds = {name: _kind(hint) for name, hint in get_type_hints(cls).items()}
        given = {name: item for name, item in value.items() if name in kinds and item is not None}
        for name, item in given.items():
            if not isinstance(item, kinds[name]):
                raise ValueError(f"a run record's {name} cannot be {item!r:.80}")
        return cls(**(empty | given))

    @classmethod
    def from_bytes(cls, body: bytes) -> "RunRecord":
        """From what `to_bytes` made. ValueError where it is anything else."""
        try:
            return cls.from_json(json.loads(body))
        except RecursionError:
            raise ValueError("a run record is not nested so deeply") from None


def _kind(hint: Any) -> Any:
    """What a field's value must be an instance of: JSON writes 3.0 as 3, too."""
    return {float: float | int, dict[str, Any]: dict}.get(hint, hint)
