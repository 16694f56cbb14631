"""What starts a run: a producer, a load, a backfill, a training, any notebook, a retry."""

from datetime import datetime
from pathlib import Path

import click

from aviation import backend
from aviation.entities import ENTITIES, entity_named
from aviation.errors import NotYetError
from aviation.report import NOT_YET, RunRecord
from aviation.runs import declared
from aviation.times import parse_duration
from aviation.words import counted


@click.command()
@click.argument("entity")
def produce(entity: str) -> None:
    """Run one producer, through its deployed Lambda."""
    from aviation.jobs.start import run_producer

    _show_run(run_producer(entity))


@click.command()
@click.argument("entities", nargs=-1, metavar=f"[{'|'.join(ENTITIES)}]...")
@click.option(
    "--all", "reconcile", is_flag=True, help="Look in all of raw for what is new, not only in its last hours."
)
def load(entities: tuple[str, ...], reconcile: bool) -> None:
    """Load what is new in raw into the tables; all entities where none is named."""
    names = [entity_named(name).name for name in entities]
    _show_run(backend.in_use().load({"entities": names, "reconcile": reconcile}))


@click.command()
@click.argument("entities", nargs=-1, metavar=f"[{'|'.join(ENTITIES)}]...")
def requeue(entities: tuple[str, ...]) -> None:
    """Load quarantined records again, once what was wrong is mended; what is still refused stays in quarantine."""
    names = [entity_named(name).name for name in entities]
    _show_run(backend.in_use().load({"entities": names, "requeue": True}))


@click.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The last day.")
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    default=Path(declared.producer("flights").parameters[0]),
    show_default=True,
    help="The producer's parameters; its filters go with each day's date.",
)
@click.option("--load-every", type=int, default=30, show_default=True, help="How many days to poll before each load.")
@click.option("--again", is_flag=True, help="Poll days again that were polled before.")
@click.option(
    "--every", help="Poll each day at instants of it so far apart, such as 30m or 1h: the replay alone can go back."
)
def backfill(first: datetime, last: datetime, file: Path, load_every: int, again: bool, every: str | None) -> None:
    """Take past days: poll each once, load them in batches. Cut off, the same command goes on where it stopped."""
    from aviation.jobs.backfill import run as run_backfill

    apart = parse_duration(every) if every is not None else None
    done = run_backfill(first.date(), last.date(), file=file, load_every=load_every, again=again, every=apart)
    parts = (counted(done["days"], "day"), counted(done["records"], "record"), counted(done["loaded"], "observation"))
    click.echo(f"backfill: {', '.join(parts)} loaded")


@click.command()
@click.option("--look", is_flag=True, help="Only say how good a new model is; the one in use stays.")
def train(look: bool) -> None:
    """Train the forecast anew from the tables, and keep the new model where it is better than the one in use.

    Exit code 3: the tables have too few flights yet.
    """
    record = backend.in_use().train({"replace": not look})
    _show_run(record)
    if record.counts.get("outcome") == NOT_YET:
        raise NotYetError(record.counts.get("warning", NOT_YET))


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path))
@click.option("-f", "--file", type=click.Path(path_type=Path), help="A YAML file of parameters.")
@click.option("-p", "--parameter", "pairs", nargs=2, multiple=True, metavar="NAME VALUE", help="One parameter.")
def run(notebook: Path, file: Path | None, pairs: tuple[tuple[str, str], ...]) -> None:
    """Run any notebook as a job."""
    from aviation.runs.notebook import execute
    from aviation.runs.parameters import read_parameters

    record = execute(notebook, read_parameters(file, dict(pairs)), job=notebook.stem)
    _show_run(record)
    click.echo(f"see it: aviation runs show {record.run_id[:8]}")


@click.command()
@click.argument("run_id")
def retry(run_id: str) -> None:
    """Run a run again, with the same parameters. RUN_ID can be cut short."""
    from aviation.jobs.start import retry as run_again
    from aviation.runs.store import find

    _show_run(run_again(find(run_id)))


def _show_run(record: RunRecord) -> None:
    from aviation.runs.summary import lines

    for line in lines(record):
        click.echo(line)


COMMANDS = (produce, load, requeue, backfill, train, run, retry)
