"""The program `aviation`: a thin wrapper, every command one call into the package.

In: a command line. Out: words on stdout, progress and errors on stderr, an exit code. Before it: every package below,
each imported by the command that needs it. After it: nothing; a person, or a script.
"""

from aviation.cli.program import main

__all__ = ["main"]
