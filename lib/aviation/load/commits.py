"""Commits that two writers cannot both make.

Spark writes the data files and hands them over; the commit adds them, and says from which snapshot on no other writer
may have added or deleted rows that would clash. Iceberg looks at that within the commit itself, and again each time
that it has to repeat it, so nothing comes in between.
"""

import contextlib
import json
import uuid
from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JJavaError
from pyspark.sql import DataFrame, SparkSession

from aviation.errors import AviationError
from aviation.load.conditions import Condition

# What each commit says of itself: which writer made it.
WRITER = "aviation.writer"
# Commits with this operation change no row: they put files together.
COMPACTION = "replace"
CONFLICTS = frozenset(
    f"org.apache.iceberg.exceptions.{name}" for name in ("ValidationException", "CommitFailedException")
)


class ConflictError(AviationError):
    """Another writer has changed what a commit goes by. Nothing was written."""


class Writer:
    """One load, as a writer of tables: each of its commits bears its mark."""

    def __init__(self, spark: SparkSession):
        self.mark = uuid.uuid4().hex
        jvm: Any = spark._jvm
        self.iceberg = jvm.org.apache.iceberg

    def commit(
        self, table: Any, name: str, rows: DataFrame, replaced: Condition | None, clashing: Condition, since: int | None
    ) -> int:
        """Add the rows to the table (Iceberg's own, and its full name), in place of those that `replaced` takes in;
        return how many were added. Without any, and with nothing to replace, there is no commit.

        ConflictError if since the snapshot `since` (None: ever) another commit has added or deleted rows that
        `clashing` takes in: then nothing of it is in the table.
        """
        files = self._written(table, name, rows)
        if not files and replaced is None:
            return 0
        change = table.newOverwrite()
        for file in files:
            change.addFile(file)
        if replaced is not None:
            change.overwriteByRowFilter(self._expression(table, replaced)).validateNoConflictingDeletes()
        if since is not None:
            change.validateFromSnapshot(since)
        change.conflictDetectionFilter(self._expression(table, clashing)).validateNoConflictingData()
        # Of a commit that is refused the files stay, in no snapshot: should the refusal ever be wrong, nothing is lost.
        with self.marked():
            change.commit()
        return sum(file.recordCount() for file in files)

    @contextlib.contextmanager
    def marked(self) -> Iterator[None]:
        """What this process commits bears the writer's mark; a ConflictError where Iceberg refuses it because of
        another writer's commit."""
        self.iceberg.EnvironmentContext.put(WRITER, self.mark)
        try:
            yield
        except Py4JJavaError as error:
            cause = error.java_exception
            while cause is not None:
                if cause.getClass().getName() in CONFLICTS:
                    raise ConflictError(str(cause.getMessage()).partition("\n")[0]) from error
                cause = cause.getCause()
            raise

    def is_alone(self, table: Any, since: int | None) -> bool:
        """Whether nobody else has changed a row of the table since that snapshot (None: ever)."""
        table.refresh()
        newest = table.currentSnapshot()
        at = newest.snapshotId() if newest else None
        while at != since:
            snapshot = table.snapshot(at) if at is not None else None
            if not snapshot:  # it has expired: who knows what came before
                return False
            if snapshot.operation() != COMPACTION and snapshot.summary().get(WRITER) != self.mark:
                return False
            at = snapshot.parentId()
        return True

    def _written(self, table: Any, name: str, rows: DataFrame) -> list[Any]:
        """The rows as data files of the table that no snapshot has yet."""
        # As Spark's own rewriting of files does: they are kept for whoever commits them.
        handed_over = uuid.uuid4().hex
        options = {"fanout-enabled": "true", "rewritten-file-scan-task-set-id": handed_over}
        rows.writeTo(name).options(**options).append()
        coordinator = self.iceberg.spark.FileRewriteCoordinator.get()
        files = list(coordinator.fetchNewFiles(table, handed_over))
        coordinator.clearRewrite(table, handed_over)
        return files

    def _expression(self, table: Any, condition: Condition) -> Any:
        return self.iceberg.expressions.ExpressionParser.fromJson(json.dumps(condition), table.schema())
