"""The operations board, for a browser."""

import click

from aviation import backend, home


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address of this machine that it listens on.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port that it listens on.  [default: 8800]")
@click.option("--open", "opens", is_flag=True, help="Open it in the browser.")
@click.option("--token", "has_token", is_flag=True, help="Viewers enter a token, which is kept in <home>/board-token.")
@click.option("--trusted-header", metavar="NAME", default="", help="A reverse proxy says who asks, in this header.")
@click.option("--allowed-host", "names", multiple=True, metavar="NAME", help="A name by which viewers reach it.")
@click.option("--stack", help="A stack on AWS (else the one that the shell is set up for, or the local one).")
def board(
    host: str,
    port: int | None,
    opens: bool,
    has_token: bool,
    trusted_header: str,
    names: tuple[str, ...],
    stack: str | None,
) -> None:
    """Serve the operations board until Ctrl-C, on loopback unless told otherwise; or say where the stack's own is."""
    if stack:
        home.use_stack(stack)
    chosen = (host != "127.0.0.1", port, has_token, trusted_header, names)
    if not any(chosen) and (running := backend.in_use().board):
        click.echo(f"board: {running} (beside the local stack: 'aviation down' ends it)")
        if opens:
            click.launch(running)
        return
    from aviation.board.serve import PORT, Listening, serve

    listening = Listening(host, port or PORT, names, has_token, trusted_header)
    serve(listening, click.echo, opens=opens)
    click.echo("board: ended")


COMMANDS = (board,)
