"""The flight API's plans: how many calls a month each carries, and how many records a call it answers.

Source: https://aviationstack.com/pricing and https://docs.apilayer.com/aviationstack/docs/api-endpoints (`limit`). What
a plan costs is in `aviation.deploy.prices`.
"""

from dataclasses import dataclass

from aviation.errors import ParameterError


@dataclass(frozen=True)
class ApiPlan:
    """A plan: `calls` a month, and at most `limit` records a call."""

    name: str
    calls: int
    limit: int


PLANS = {
    plan.name: plan
    for plan in (
        ApiPlan("basic", calls=10_000, limit=100),
        ApiPlan("professional", calls=50_000, limit=1000),
        ApiPlan("business", calls=250_000, limit=1000),
    )
}
MOST_RECORDS_A_PAGE = max(plan.limit for plan in PLANS.values())


def plan_named(name: str) -> ApiPlan:
    """The plan of that name. ParameterError lists the known ones."""
    if name not in PLANS:
        raise ParameterError(f"unknown plan '{name}': it is one of {', '.join(PLANS)}")
    return PLANS[name]
