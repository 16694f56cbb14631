"""The arguments that Glue passes to a job's script."""

import json
import sys
from collections.abc import Iterable
from typing import get_type_hints

# Glue's own id of the run, which it passes to each: the run is found in Glue and in the runs bucket under one name.
GLUE_RUN = "JOB_RUN_ID"


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
