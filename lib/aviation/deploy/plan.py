"""How many calls of the flight API the watch and the schedules make in a month, compared with what its plan carries."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import ceil
from pathlib import Path
from typing import Any

import yaml

from aviation.deploy.assumptions import assumed
from aviation.deploy.schedules import runs
from aviation.deploy.template import declared_parameters
from aviation.entities import ENTITIES
from aviation.errors import ParameterError
from aviation.parameters import unknown_parameter
from aviation.poll.plans import ApiPlan, plan_named
from aviation.poll.producer import ProducerParameters
from aviation.poll.watch import AIRLINE, Seen, Watch, most_rows
from aviation.runs.declared import producer

MONTH_DAYS = 30
REFERENCE_RECORDS = {"cities": 9374, "airplanes": 19098, "aircraft_types": 313}
"""How many records of each reference entity the API had when it was last swept completely, in 2026."""
AIRPORT_ROWS, AIRLINE_ROWS = int(assumed("airport_rows")), int(assumed("airline_rows"))
NEIGHBOUR_SHARE = assumed("neighbour_share")


def with_defaults(parameters: dict[str, str], root: Path) -> dict[str, str]:
    """All of the template's parameters as text: those in `parameters`, and the template's default for the others."""
    declared = declared_parameters(root)
    defaults = {name: str(about["Default"]) for name, about in declared.items() if "Default" in about}
    return defaults | parameters


@dataclass(frozen=True)
class Demand:
    """What one poll of an entity asks for: the rows of each of its sweeps (of today, for flights; None: as many as the
    calls bring), `limit` records a call, in at most `max_calls` calls. `watched`: there is a watch; `told`: its rows
    are those that polls reported."""

    rows: tuple[int | None, ...]
    limit: int
    max_calls: int
    watched: bool = False
    told: bool = False

    @classmethod
    def of(
        cls, entity: str, root: Path, plan: ApiPlan, seen: Mapping[str, Seen] | None = None, flights: int | None = None
    ) -> "Demand":
        """As the entity's parameter file says. `seen` is what polls reported, by sweep; `flights` overrides it.
        ParameterError where the file cannot be reckoned with."""
        [file] = producer(entity).parameters
        given: dict[str, Any] = yaml.safe_load((root / file).read_text())
        if not isinstance(given, dict) or "max_calls" not in given:
            raise ParameterError(f"{file} must say max_calls: the month's calls follow from it")
        names = [declared.name for declared in fields(ProducerParameters)]
        for name in given:
            if name not in names:
                raise ParameterError(f"{file}: {unknown_parameter(name, names)}")
        limit, most = given.get("limit") or plan.limit, given["max_calls"]
        if entity in REFERENCE_RECORDS:
            return cls((REFERENCE_RECORDS[entity],), limit, most)
        watch = Watch.of(given.get("watch") or {})
        if not watch:
            return cls((flights,), limit, most)
        subjects = list(watch.subjects())
        if flights is not None:
            return cls((ceil(flights / len(subjects)),) * len(subjects), limit, most, watched=True)
        reported = [most_rows(kind, name, seen or {}) for kind, name in subjects]
        assumed = [AIRLINE_ROWS if kind is AIRLINE else AIRPORT_ROWS for kind, _ in subjects]
        rows = tuple(told if told is not None else other for told, other in zip(reported, assumed, strict=True))
        return cls(rows, limit, most, watched=True, told=None not in reported)

    @property
    def wanted(self) -> int:
        """The calls that today takes, without a bound. Not reckoned is the call after a last page that is full, which
        one in `limit` sweeps makes."""
        return sum(self.max_calls if rows is None else max(1, ceil(rows / self.limit)) for rows in self.rows)

    @property
    def most(self) -> int:
        """The calls of a poll that finds a neighbouring day of each sweep under way, without a bound."""
        return self.wanted * (2 if self.watched else 1)

    @property
    def calls(self) -> float:
        """The calls of a poll, on average."""
        return min(self.max_calls, self.wanted * (1 + NEIGHBOUR_SHARE if self.watched else 1))

    @property
    def records(self) -> float:
        """The records of a poll, on average: no more than its calls bring."""
        if None in self.rows:
            return self.limit * self.max_calls
        rows = sum(rows or 0 for rows in self.rows)
        return min(rows * (1 + NEIGHBOUR_SHARE if self.watched else 1), self.limit * self.max_calls)


@dataclass(frozen=True)
class PlanUse:
    """What the schedules use of the API's `plan` in 30 days: `polls` and `demands` by entity."""

    plan: ApiPlan
    polls: dict[str, float]
    demands: dict[str, Demand]

    @property
    def calls(self) -> dict[str, int]:
        """The month's calls by entity."""
        return {entity: ceil(self.polls[entity] * demand.calls) for entity, demand in self.demands.items()}

    @property
    def total(self) -> int:
        """The month's calls of all entities."""
        return sum(self.calls.values())

    @property
    def fits(self) -> bool:
        """Whether there is a watch, a poll carries it, and the plan carries the polls."""
        return not self.refusals()

    def lines(self) -> list[str]:
        """In words: a line for each entity, for the sum, and for the watch."""
        entities = [
            f"{entity:<15} {self.polls[entity]:>7,.0f} polls x {self.demands[entity].calls:>5,.1f} calls = {calls:>7,}"
            for entity, calls in self.calls.items()
            if calls
        ]
        total = f"{self.total:,} calls a month, of the {self.plan.calls:,} of the {self.plan.name} plan"
        return [*entities, total, *self._about_the_watch()]

    def _about_the_watch(self) -> list[str]:
        flights = self.demands["flights"]
        if not flights.watched or not self.polls["flights"]:
            return []
        rows = f"{sum(rows or 0 for rows in flights.rows):,} rows a day"
        source = "as polls reported" if flights.told else "assumed until polls have reported all of it"
        return [f"The watch: {len(flights.rows)} sweeps, {rows} ({source}), {flights.limit:,} records a call."]

    def refusals(self) -> list[str]:
        """Why this should not be deployed and what to do, a line for each reason; none where all is well."""
        reasons = []
        polled = {entity: demand for entity, demand in self.demands.items() if self.polls[entity]}
        flights = polled.get("flights")
        if flights and not flights.watched:
            reasons.append(
                "flights have no watch: a poll would bring an arbitrary part of the world's; name airports and "
                "airlines under 'watch' in parameters/producer/flights.yaml"
            )
        elif flights and flights.most > flights.max_calls:
            reasons.append(
                f"a poll of the watch takes up to {flights.most:,} calls, and max_calls allows {flights.max_calls:,}: "
                "raise it in parameters/producer/flights.yaml, or watch less"
            )
        if (widest := max((demand.limit for demand in polled.values()), default=0)) > self.plan.limit:
            reasons.append(
                f"a producer asks for {widest:,} records a call, and the {self.plan.name} plan answers "
                f"{self.plan.limit:,}: leave 'limit' out of parameters/producer, or name another plan (ApiPlan)"
            )
        if self.total > self.plan.calls:
            reasons.append(
                f"watch and schedules make some {self.total:,} calls a month, and the {self.plan.name} plan carries "
                f"{self.plan.calls:,}: watch less, poll less often (parameters/deploy has a case for each plan), or "
                "name another plan (ApiPlan)"
            )
        return reasons


def check_plan(
    parameters: dict[str, str], root: Path, *, seen: Mapping[str, Seen] | None = None, flights: int | None = None
) -> PlanUse:
    """The month's calls with these template parameters. `seen` is what the last polls of flights reported, by sweep;
    `flights` is how many rows a day the watch finds, None for those of `seen`, or an assumption.

    ParameterError for an unknown plan, a watch that cannot be, or a schedule that cannot be read.
    """
    parameters = with_defaults(parameters, root)
    plan = plan_named(parameters["ApiPlan"])
    demands = {entity: Demand.of(entity, root, plan, seen, flights) for entity in ENTITIES}
    return PlanUse(plan, {entity: _polls(parameters, entity) for entity in ENTITIES}, demands)


def _polls(parameters: dict[str, str], entity: str) -> float:
    """Polls of the entity in 30 days, 0 where it is switched off."""
    title = ENTITIES[entity].title
    on = parameters["ScheduleState"] == parameters[f"{title}State"] == "ENABLED"
    return runs(parameters[f"{title}Schedule"], MONTH_DAYS) if on else 0
