"""What `up` is going to do: checked as a whole before anything is stopped, started or deleted."""

import os
from dataclasses import dataclass
from pathlib import Path

from aviation import api_key
from aviation.deploy.template import read_parameters
from aviation.errors import AccessKeyError
from aviation.local import emulator
from aviation.local.state import State


@dataclass(frozen=True)
class Plan:
    """What `up` will do, once everything has been checked.

    `key` is the API's, if the caller gave one; `every` is how many minutes apart flights are polled (None: never).
    """

    state: State
    environment: dict[str, str]
    parameters: dict[str, str]
    key: str | None
    every: int | None

    @classmethod
    def of(
        cls, state: State, schedule_parameters: dict[str, str], every: int | None, *, root: Path, folder: Path
    ) -> "Plan":
        """How to get to `state`; StackError, AccessKeyError or ParameterError if something for it is missing."""
        emulator.python(root)
        parameters = read_parameters(root / "parameters/deploy/local.yaml", root)
        parameters |= {"ApiBaseUrl": state.api_url or state.replay_url} | schedule_parameters
        if state.api_url and state.plan:
            parameters["ApiPlan"] = state.plan
        return cls(state, state.environment(folder), parameters, os.environ.get(api_key.VARIABLE), every)


def polled(last: State, day: str | None, api_url: str | None, plan: str | None) -> State:
    """What is to be polled; AccessKeyError where that is another API than before, and no key was given for it."""
    api = last.polling(day, api_url, plan)
    if api.api_url and api.api_url != last.api_url and not os.environ.get(api_key.VARIABLE):
        raise needs_key(api.api_url)
    return api


def needs_key(url: str) -> AccessKeyError:
    """What is said where the API at `url` is to be polled, and there is no key for it."""
    return AccessKeyError(f"{url} needs a key: set {api_key.VARIABLE} and run 'aviation up' again")
