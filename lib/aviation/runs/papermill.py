"""What this package uses of papermill. Importing it takes a second, so only those import it who run a notebook."""

import sys

# jsonschema takes these checkers where they are installed. Importing the first compiles a grammar for seconds, and the
# second brings dates of its own; nbformat's schema has neither IRIs nor durations.
for _unused in ("rfc3987_syntax", "isoduration"):
    sys.modules.setdefault(_unused, None)  # type: ignore[arg-type]  # None: an import of it fails at once

from papermill import PapermillExecutionError, engines, execute_notebook, inspect_notebook  # noqa: E402
from papermill.iorw import NoDatesSafeLoader  # noqa: E402

__all__ = ["NoDatesSafeLoader", "PapermillExecutionError", "engines", "execute_notebook", "inspect_notebook"]
