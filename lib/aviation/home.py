"""This checkout and its state folder: where they are, and the environment that the local stack keeps there."""

import errno
import os
from pathlib import Path

from aviation.errors import StackError

ENVIRONMENT = "env"
"""The dotenv file in the state folder: what any tool needs to reach the local stack."""
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def root() -> Path:
    """The checkout that this process works in: the nearest folder upwards that has the template."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "infra/cloudformation.yaml").is_file():
            return folder
    return here


def home() -> Path:
    """The folder of all local state: AVIATION_HOME, else `.aviation` of the checkout. StackError where that is
    something else than a folder."""
    given = os.environ.get("AVIATION_HOME")
    folder = Path(given) if given else root() / ".aviation"
    if folder.exists() and not folder.is_dir():
        raise StackError(f"{folder} is no folder: set AVIATION_HOME to one, or to a path where one can be made")
    return folder


def load_environment() -> None:
    """Take what the local stack wrote to `<home>/env` into this process, unless a stack was already chosen.

    Either way, requests to loopback go past any proxy from now on.
    """
    os.environ.update(without_proxy())
    if "AVIATION_STACK" in os.environ or not (file := home() / ENVIRONMENT).is_file():
        return
    environment = dict(line.partition("=")[::2] for line in file.read_text().splitlines())
    # Which folder that is, its file does not decide: it may have been moved or copied with it.
    use_environment(environment | {"AVIATION_HOME": str(home().absolute())})


def use_environment(environment: dict[str, str]) -> None:
    """Work with the stack that `environment` reaches, whatever account the caller's shell is set up for."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    os.environ.update(environment | without_proxy())


def without_proxy() -> dict[str, str]:
    """NO_PROXY and no_proxy as this process has them, with loopback added: no proxy can reach this machine's loopback.

    boto3, requests and DuckDB would otherwise send the local stack's requests to the proxy of HTTP_PROXY or ALL_PROXY.
    """
    given = " ".join(os.environ.get(name, "") for name in ("NO_PROXY", "no_proxy"))
    hosts = dict.fromkeys([*given.replace(",", " ").split(), *LOOPBACK])
    value = "*" if "*" in hosts else ",".join(hosts)
    return {"NO_PROXY": value, "no_proxy": value}


def use_stack(name: str) -> None:
    """Work with the deployed stack of this name, in the account and region of the caller's shell.

    The local stack's environment stays out of this process.
    """
    os.environ["AVIATION_STACK"] = name


def no_stack() -> str:
    """What to say, and do, where this process does not know which stack to work with, or in which region."""
    if name := os.environ.get("AVIATION_STACK"):
        return f"the region of the stack '{name}' is not known: set AWS_DEFAULT_REGION to it"
    return (
        "no stack is known: run 'aviation up' for the local one, "
        "or set AVIATION_STACK and AWS_DEFAULT_REGION to a deployed one"
    )


def write(file: Path, content: str | bytes, *, private: bool = False) -> None:
    """Write a file, whole or not at all, and make its folder. A reader sees the old content or the new.

    Only the owner can read a `private` one. FileExistsError where a folder, a device or a pipe is in its place.
    """
    if file.exists() and not file.is_file():
        raise FileExistsError(errno.EEXIST, "what is there is no regular file: give another path", str(file))
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.{os.getpid()}.partial")
    try:
        partial.touch(0o600 if private else 0o666)
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(file)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
