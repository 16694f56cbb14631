"""One run: the files are made first, all of them, and then kept. What fails leaves what was published before.

The brief is sent once it is kept.
"""

import tempfile
from pathlib import Path

from aviation import brief, tell
from aviation.board import offline
from aviation.board.moment import moment
from aviation.board.stack import Stack
from aviation.board.tables import Tables
from aviation.load.record import recorded
from aviation.places import place
from aviation.publish import kept
from aviation.publish.settings import Settings
from aviation.report import PUBLISH_JOB, Report


class Told(Stack):
    """A stack that is not asked how old its flights may get: it was told."""

    def __init__(self, oldest_minutes: float) -> None:
        super().__init__()
        self.oldest_minutes = oldest_minutes

    def promised(self) -> dict[str, float | None]:
        """See `Stack`."""
        return {"flights": self.oldest_minutes}


def run(settings: Settings) -> Report:
    """Write the page, and the brief if it is chosen, from the tables as they are, and keep them in the runs bucket. On
    Glue the run leaves its record there, too."""
    if not settings.runs_bucket:
        return _published(settings)
    return recorded(settings, lambda: _published(settings), PUBLISH_JOB)


def _published(settings: Settings) -> Report:
    """The Report of what was kept: the `day` that it is about (ISO, None without a flight), the keys in the order in
    which they were written, and their bytes together."""
    stack = Told(settings.oldest_minutes) if settings.oldest_minutes else Stack()
    with tempfile.TemporaryDirectory() as name:
        folder, tables = Path(name), Tables()
        offline.write(folder / kept.PAGE, tables, stack=stack)
        if settings.chosen.brief:
            written = brief.write(tables, folder / "brief")
        now = moment(tables)
        day = now.day if now else None
        keys = kept.put(folder, day)
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        report = Report(
            status="ok",
            day=str(day) if day else None,
            page=f"s3://{place('RunsBucket')}/{kept.LATEST}/{kept.PAGE}",
            keys=keys,
            bytes=size,
        )
        if settings.chosen.brief and (lost := brief.send(written)):
            report |= Report(status="warning", warning=tell.not_delivered(lost))
    return report
