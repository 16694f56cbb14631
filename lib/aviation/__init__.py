"""Aviation: flight data, minutes old. `%load_ext aviation` in a notebook gives the magic `%%sql`."""


def load_ipython_extension(shell) -> None:
    """What `%load_ext aviation` calls."""
    from aviation.lab import sql_magic as magic

    magic.load(shell)


def unload_ipython_extension(shell) -> None:
    """What `%unload_ext aviation` calls."""
    from aviation.lab import sql_magic as magic

    magic.unload(shell)
