"""Flight data from the aviationstack API to tables. `%load_ext aviation` in a notebook gives the magic `%%sql`."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: "InteractiveShell") -> None:
    """What `%load_ext aviation` calls."""
    from aviation.lab import sql_magic

    sql_magic.load(shell)


def unload_ipython_extension(shell: "InteractiveShell") -> None:
    """What `%unload_ext aviation` calls."""
    from aviation.lab import sql_magic

    sql_magic.unload(shell)
