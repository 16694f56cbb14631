"""Text as a tree, and what is wrong with it in words."""

import difflib
import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError

from aviation.errors import QueryError

# What only says what there is. Athena runs it as it is; sqlglot has no tree for it.
METADATA = re.compile(r"(\s|--[^\n]*\n|/\*.*?\*/)*(show|describe|desc)\b", re.IGNORECASE | re.DOTALL)
BEGINNINGS = ("select", "with", "show", "describe", "desc", "values", "table")
REFUSED = (
    "only a SELECT can be asked (and SHOW and DESCRIBE, for what there is): the tables are written by the load alone"
)
TOO_DEEP = "the query nests too deeply: write it with fewer parentheses and subqueries"
ONE = "only one question can be asked at a time: leave out the ';' and what comes after it"


def parse(text: str) -> exp.Query | None:
    """The query as a tree; None where it is a SHOW or a DESCRIBE. QueryError, in one line, where it does not parse or
    is anything else."""
    if METADATA.match(text):
        if ";" in text.rstrip().removesuffix(";"):
            raise QueryError(ONE)
        return None
    return parse_select(text)


def parse_select(text: str) -> exp.Query:
    """The query as a tree; QueryError, in one line, where it does not parse or is anything but a SELECT."""
    try:
        statements = [statement for statement in sqlglot.parse(text, read="athena") if statement]
    except ParseError as error:
        raise QueryError(f"the query does not parse: {_where(text, error)}") from error
    except SqlglotError as error:  # a quote that is not closed
        raise QueryError("the query does not parse: a quote or a comment is not closed") from error
    except RecursionError:
        raise QueryError(TOO_DEEP) from None
    if not statements:
        raise QueryError("there is no query: write one like select count(*) from flights")
    if not all(isinstance(statement, exp.Query) for statement in statements):
        raise QueryError(f"{REFUSED}{_meant(text)}")
    if len(statements) > 1:
        raise QueryError(ONE)
    statement = statements[0]
    assert isinstance(statement, exp.Query)
    return statement


def _where(text: str, error: ParseError) -> str:
    """Line and column of what the parser stumbled over, the text around it, and what it missed."""
    first = error.errors[0]
    wrong = first["highlight"] or ""
    column = first["col"] - len(wrong) + 1  # the parser's is that of the last letter
    before = re.search(r"\S*\s*$", first["start_context"] or "")
    near = " ".join(f"{before[0] if before else ''}{wrong}".split())
    said = first["description"] or ""
    missing = ", where something is missing" if said.startswith("Required keyword") else ""
    if said.startswith("Expecting"):
        missing = f", where '{said.removeprefix('Expecting').strip()}' is missing"
    return f"line {first['line']}, column {column}, near '{near}'{missing}{_meant(text)}"


def _meant(text: str) -> str:
    """The word that a query can begin with, where this one begins with one that is nearly it."""
    word = re.match(r"[\s(]*(\w+)", text)
    if not word or word[1].lower() in BEGINNINGS:
        return ""
    near = difflib.get_close_matches(word[1].lower(), BEGINNINGS, n=1)
    return f"; did you mean '{near[0]}', not '{word[1]}'?" if near else ""
