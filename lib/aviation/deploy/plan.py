"""How many calls of the flight API the schedules make in a month, compared with what its plan includes."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

import yaml

from aviation.deploy.prices import price_list
from aviation.deploy.schedules import runs
from aviation.deploy.template import declared_parameters
from aviation.entities import ENTITIES
from aviation.errors import ParameterError
from aviation.runs.declared import producer

MONTH_DAYS = 30
REFERENCE_RECORDS = {"cities": 9374, "airplanes": 19098, "aircraft_types": 313}
"""How many records of each reference entity the API had when it was last swept completely, in 2026."""


def with_defaults(parameters: dict[str, str], root: Path) -> dict[str, str]:
    """All of the template's parameters as text: those in `parameters`, and the template's default for the others."""
    declared = declared_parameters(root)
    defaults = {name: str(about["Default"]) for name, about in declared.items() if "Default" in about}
    return defaults | parameters


@dataclass(frozen=True)
class Sweep:
    """What one run of a producer asks for: `limit` records a call, in at most `max_calls` calls."""

    limit: int
    max_calls: int

    @classmethod
    def of(cls, entity: str, root: Path) -> "Sweep":
        """As the entity's parameter file says; ParameterError where it does not."""
        [file] = producer(entity).parameters
        parameters = yaml.safe_load((root / file).read_text())
        try:
            return cls(parameters["limit"], parameters["max_calls"])
        except (KeyError, TypeError):
            raise ParameterError(f"{file} must say limit and max_calls: the month's calls follow from them") from None

    def calls(self, records: int | None) -> int:
        """How many calls a sweep of so many records takes, an empty one included; all of them for None."""
        return self.max_calls if records is None else min(self.max_calls, max(1, ceil(records / self.limit)))


@dataclass(frozen=True)
class PlanUse:
    """What the schedules use of the API's plan named `plan` in 30 days.

    The plan includes `plan_calls` calls and answers at most `plan_limit` records a call. `runs` and `calls` are by
    entity; `widest_limit` is the most records a call that a producer asks for.
    """

    plan: str
    plan_calls: int
    plan_limit: int
    runs: dict[str, float]
    calls: dict[str, int]
    widest_limit: int

    @property
    def total(self) -> int:
        """The month's calls of all entities."""
        return sum(self.calls.values())

    @property
    def fits(self) -> bool:
        """Whether the plan includes that many calls, with as many records a call as the producers ask for."""
        return self.total <= self.plan_calls and self.widest_limit <= self.plan_limit

    def lines(self) -> list[str]:
        """In words: a line for each entity and one for the sum."""
        entities = [
            f"{entity:<15} {self.runs[entity]:>7,.0f} runs x {calls / self.runs[entity]:>4,.0f} calls = {calls:>7,}"
            for entity, calls in self.calls.items()
            if calls
        ]
        total = f"{self.total:,} calls a month at most, of the {self.plan_calls:,} of the {self.plan} plan"
        return [*entities, total if self.fits else f"{total}: more than it carries"]

    def refusal(self) -> str:
        """Why the plan cannot carry the schedules and what to do, in one line."""
        if self.widest_limit > self.plan_limit:
            return (
                f"a producer asks for {self.widest_limit:,} records a call, and the {self.plan} plan answers "
                f"{self.plan_limit:,}: lower 'limit' in parameters/producer, or name another plan (ApiPlan)"
            )
        return (
            f"these schedules make up to {self.total:,} calls a month, and the {self.plan} plan carries "
            f"{self.plan_calls:,}: poll less often (parameters/deploy has a case for each plan), name another plan "
            "(ApiPlan), or use --force"
        )


def check_plan(parameters: dict[str, str], root: Path, *, flights: int | None = None) -> PlanUse:
    """The month's calls with these template parameters. `flights` is how many a sweep finds, None for as many as it may
    ask for.

    ParameterError for a plan that is not in prices.yaml, or a schedule that cannot be read.
    """
    parameters = with_defaults(parameters, root)
    plans, name = price_list()["plans"], parameters["ApiPlan"]
    if name not in plans:
        raise ParameterError(f"unknown plan '{name}': it is one of {', '.join(plans)}")
    plan = plans[name]
    sweeps = {entity: Sweep.of(entity, root) for entity in ENTITIES}
    polls = {entity: _runs(parameters, entity) for entity in ENTITIES}
    records = REFERENCE_RECORDS | {"flights": flights}
    calls = {entity: ceil(polls[entity] * sweeps[entity].calls(records[entity])) for entity in ENTITIES}
    widest_limit = max((sweeps[entity].limit for entity in ENTITIES if polls[entity]), default=0)
    return PlanUse(name, plan["calls"], plan["limit"], polls, calls, widest_limit)


def _runs(parameters: dict[str, str], entity: str) -> float:
    """Runs of the entity's producer in 30 days, 0 where it is switched off."""
    title = ENTITIES[entity].title
    on = parameters["ScheduleState"] == parameters[f"{title}State"] == "ENABLED"
    return runs(parameters[f"{title}Schedule"], MONTH_DAYS) if on else 0
