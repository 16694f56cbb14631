"""Flight data from the aviationstack API to tables. `%load_ext aviation` in a notebook gives the magic `%%sql`."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# jsonschema, which papermill and altair import, takes these checkers where they are installed. Importing the first
# compiles a grammar for seconds, the second brings dates of its own; no schema of theirs needs either.
for _checker in ("rfc3987_syntax", "isoduration"):
    sys.modules.setdefault(_checker, None)  # type: ignore[arg-type]  # None: an import of it fails at once


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """What `%load_ext aviation` calls."""
    from aviation.lab import sql_magic

    sql_magic.load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """What `%unload_ext aviation` calls."""
    from aviation.lab import sql_magic

    sql_magic.unload(shell)
