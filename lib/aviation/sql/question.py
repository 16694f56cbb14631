"""One question: its text parsed once, the catalog read once, and both passed down as a tree."""

import copy
from datetime import datetime
from functools import cached_property

from sqlglot import exp

from aviation.errors import QueryError
from aviation.sql import as_of, catalog
from aviation.sql.catalog import Catalog
from aviation.sql.parse import parse


class Question:
    """A SELECT in Athena's dialect, or a SHOW or DESCRIBE, and the catalog that its names are looked up in.

    `text` is what was asked, `tree` the SELECT (None for SHOW and DESCRIBE, which an engine answers from its catalog).
    QueryError, in one line, where the text does not parse or would change anything.
    """

    def __init__(self, text: str, known: Catalog | None = None) -> None:
        self.text = text
        self.tree = parse(text)
        self._known = known
        self._rewritten = False

    @cached_property
    def catalog(self) -> Catalog:
        """What the database has, read when it is first needed: Athena looks the names of most questions up itself."""
        return self._known or catalog.read()

    def rewritten(self, tree: exp.Query) -> "Question":
        """This question, with another tree, over the same catalog."""
        other = copy.copy(self)
        other.tree, other._rewritten = tree, True
        return other

    def as_of(self, when: datetime | str) -> "Question":
        """This question about the tables as they stood at `when`: see `aviation.sql.as_of`. QueryError where it is
        no time, or the question is no SELECT."""
        if self.tree is None:
            raise QueryError("only a SELECT can be asked as of a time: SHOW and DESCRIBE say what there is now")
        return self.rewritten(as_of.rewrite(self.tree, when, self.catalog))

    def athena(self) -> str:
        """The question in Athena's dialect: the text as it was asked, unless it has been rewritten."""
        return self.tree.sql(dialect="athena") if self.tree and self._rewritten else self.text
