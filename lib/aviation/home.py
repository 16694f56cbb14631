"""This checkout and its state folder: where they are, and the environment that the local stack leaves there."""

import os
from pathlib import Path

ENVIRONMENT = "env"
"""The dotenv file in the state folder with what any tool needs to reach the local stack."""


def root() -> Path:
    """The checkout that this process works in: the nearest folder upwards that has the template."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "infra/cloudformation.yaml").is_file():
            return folder
    return here


def home() -> Path:
    """The folder of all local state: AVIATION_HOME, else `.aviation` of the checkout."""
    if given := os.environ.get("AVIATION_HOME"):
        return Path(given)
    return root() / ".aviation"


def load_environment() -> None:
    """Take what the local stack wrote to `<home>/env` into this process, unless a stack was already chosen."""
    if "AVIATION_STACK" in os.environ or not (file := home() / ENVIRONMENT).is_file():
        return
    use_environment(dict(line.partition("=")[::2] for line in file.read_text().splitlines()))


def use_environment(environment: dict[str, str]) -> None:
    """Work with the stack that `environment` reaches, whatever account the caller's shell was set up for."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(environment)


def use_stack(name: str) -> None:
    """Work with the deployed stack of this name, in the account and region of the caller's shell: the local stack's
    environment stays out of this process."""
    os.environ["AVIATION_STACK"] = name


def no_stack() -> str:
    """What to say, and do, where this process does not know which stack to work with, or in which region."""
    if name := os.environ.get("AVIATION_STACK"):
        return f"the region of the stack '{name}' is not known: set AWS_DEFAULT_REGION to it"
    return (
        "no stack is known: run 'aviation up' for the local one, "
        "or set AVIATION_STACK and AWS_DEFAULT_REGION to a deployed one"
    )


def write(file: Path, content: str | bytes) -> None:
    """Write a file whole or not at all; its folder is made. A reader sees the old content or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    partial.replace(file)
