"""The arguments that Glue passes to a job's script."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, get_type_hints

from aviation.errors import PlaceError

# Glue's own id of the run, which it passes to each: the run is found in Glue and in the runs bucket under one name.
GLUE_RUN = "JOB_RUN_ID"


@dataclass(frozen=True)
class Given:
    """What Glue gives a job: the choices among its arguments, its id of the run, and all arguments as text. Nothing and
    None where Glue does not run this process."""

    choices: dict[str, Any]
    run_id: str | None
    arguments: dict[str, str]


def given(word: str, declared_by: type, places: Mapping[str, str], others: Iterable[str] = ()) -> Given:
    """What Glue gives the job that is called `word` and whose choices `declared_by` declares. `places` are the
    arguments that say where things are, with the variables by which `aviation.places` finds them, which are set.
    PlaceError where one of `places` or `others` is missing."""
    names = [item.name for item in fields(declared_by)]
    arguments = passed([*places, *others, *names]) if on_glue() else {}
    run_id = arguments.pop(GLUE_RUN, None)
    if arguments and (missing := [name for name in (*places, *others) if name not in arguments]):
        raise PlaceError(f"the {word} job has no argument --{missing[0]}: deploy it again with this version")
    os.environ.update({places[name]: text for name, text in arguments.items() if name in places})
    choices = {name: parsed(name, text, declared_by) for name, text in arguments.items() if name in names}
    return Given(choices, run_id, arguments)


def on_glue() -> bool:
    """Whether Glue runs this process."""
    return any(argument.partition("=")[0] == "--JOB_NAME" for argument in sys.argv)


def passed(names: Iterable[str]) -> dict[str, str]:
    """Those of `names` that Glue has passed, and its id of the run, as text; what is empty is left out."""
    from awsglue.utils import getResolvedOptions  # Glue has it; a Lambda and a laptop without the load do not need it

    given = {argument.partition("=")[0] for argument in sys.argv}
    wanted = ["JOB_NAME", *names]
    resolved = getResolvedOptions(sys.argv, [name for name in wanted if f"--{name}" in given])
    return {name: resolved[name] for name in (GLUE_RUN, *wanted[1:]) if resolved.get(name)}


def parsed(name: str, text: str, declared_by: type) -> object:
    """A choice that Glue passes as text, as what the dataclass declares it to be; what does not parse stays text, for
    `aviation.parameters.resolve` to refuse."""
    declared = get_type_hints(declared_by)[name]
    if declared == list[str] and not text.lstrip().startswith("["):
        return [part.strip() for part in text.split(",") if part.strip()]
    try:
        return json.loads(text.lower() if declared is bool else text)
    except ValueError:
        return text
