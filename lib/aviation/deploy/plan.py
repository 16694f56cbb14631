"""How many calls of the flight API the schedules make in a month, held against the plan."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import ceil
from pathlib import Path

import yaml

from aviation.deploy.schedules import runs
from aviation.deploy.template import declared_parameters
from aviation.entities import ENTITIES
from aviation.errors import ParameterError

MONTH_DAYS = 30
TOTALS = {"cities": 9374, "airplanes": 19098, "aircraft_types": 313}
"""Records that the API had of each reference entity when it was last swept whole, in 2026."""


@cache
def price_list() -> dict:
    """`prices.yaml`: `region`, `prices` by name and `plans` by name."""
    return yaml.safe_load(files("aviation.deploy").joinpath("prices.yaml").read_text())


def settled(parameters: dict[str, str], root: Path) -> dict[str, str]:
    """The template's parameters as they will be: those given over the template's defaults, all as text."""
    declared = declared_parameters(root)
    return {name: str(stated["Default"]) for name, stated in declared.items() if "Default" in stated} | parameters


@dataclass(frozen=True)
class Sweep:
    """What a run of a producer asks: `limit` records a call, at most `max_calls` calls."""

    limit: int
    max_calls: int

    @classmethod
    def of(cls, entity: str, root: Path) -> "Sweep":
        """As the entity's parameter file says."""
        given = yaml.safe_load((root / f"parameters/producer/{entity}.yaml").read_text())
        return cls(given["limit"], given["max_calls"])

    def calls(self, records: int | None) -> int:
        """Of a run that finds so many records; None: that uses up its budget. An empty answer is a call too."""
        return self.max_calls if records is None else min(self.max_calls, max(1, ceil(records / self.limit)))


@dataclass(frozen=True)
class PlanUse:
    """Calls of 30 days against a plan of the API. `calls` and `runs` by entity."""

    plan: str
    most: int
    limit: int
    runs: dict[str, float]
    calls: dict[str, int]
    widest: int

    @property
    def total(self) -> int:
        """All calls of the month."""
        return sum(self.calls.values())

    @property
    def fits(self) -> bool:
        """Whether the plan carries them, and answers as many records a call as the producers ask for."""
        return self.total <= self.most and self.widest <= self.limit

    def lines(self) -> list[str]:
        """In words, a line an entity and one for the sum."""
        said = [
            f"{entity:<15} {self.runs[entity]:>7,.0f} runs x {calls / self.runs[entity]:>4,.0f} calls = {calls:>7,}"
            for entity, calls in self.calls.items()
            if calls
        ]
        share = f"{self.total:,} calls a month at most, of the {self.most:,} of the {self.plan} plan"
        return [*said, share + ("" if self.fits else ": more than it carries")]

    def refusal(self) -> str:
        """Why the plan cannot carry the schedules, in one line."""
        if self.widest > self.limit:
            return (
                f"a producer asks for {self.widest:,} records a call, and the {self.plan} plan answers {self.limit:,}: "
                "lower 'limit' in parameters/producer, or name another plan (ApiPlan)"
            )
        return (
            f"these schedules make up to {self.total:,} calls a month, and the {self.plan} plan carries {self.most:,}: "
            "poll less often (parameters/deploy has a case for each plan), name another plan (ApiPlan), or use --force"
        )


def check_plan(parameters: dict[str, str], root: Path, *, flights: int | None = None) -> PlanUse:
    """The month's calls with these template parameters; `flights` is how many a sweep finds, None for its whole budget.

    ParameterError for a plan that is not in prices.yaml, or a schedule that cannot be read.
    """
    chosen = settled(parameters, root)
    plans = price_list()["plans"]
    plan = chosen["ApiPlan"]
    if plan not in plans:
        raise ParameterError(f"unknown plan '{plan}': it is one of {', '.join(plans)}")
    sweeps = {entity: Sweep.of(entity, root) for entity in ENTITIES}
    polls = {entity: poll_runs(chosen, entity) for entity in ENTITIES}
    found = TOTALS | {"flights": flights}
    calls = {entity: ceil(polls[entity] * sweeps[entity].calls(found[entity])) for entity in ENTITIES}
    widest = max((sweeps[entity].limit for entity in ENTITIES if polls[entity]), default=0)
    return PlanUse(plan, plans[plan]["calls"], plans[plan]["limit"], polls, calls, widest)


def poll_runs(chosen: dict[str, str], entity: str) -> float:
    """Runs of the entity's producer in 30 days, 0 where it is switched off."""
    title = ENTITIES[entity].title
    on = chosen["ScheduleState"] == chosen[f"{title}State"] == "ENABLED"
    return runs(chosen[f"{title}Schedule"], MONTH_DAYS) if on else 0
