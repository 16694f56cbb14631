"""What `aviation cost` prints: the month's bill, the calls of the flight API, the age of the data, and alternatives."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from aviation.deploy.assumptions import assumed, assumed_lines
from aviation.deploy.bill import COMPUTED_SECONDS, LOAD_SECONDS, WAITED_SECONDS, Case, bill
from aviation.deploy.plan import MONTH_DAYS, with_defaults
from aviation.deploy.prices import price_list
from aviation.deploy.told import Told
from aviation.poll.plans import PLANS


def render(
    parameters: dict[str, str],
    root: Path,
    *,
    flights: int | None = None,
    load_seconds: float | None = None,
    told: Told | None = None,
) -> str:
    """The whole text, for the template's `parameters` (defaults for those not named). `told` is what a stack's runs
    said; `flights`, how many rows a day the watch finds, and `load_seconds` come before that."""
    told = told or Told()
    seconds, source = _load_seconds(load_seconds, told)
    case = Case(with_defaults(parameters, root), root, flights, told.seen, seconds)
    given = f"{seconds:,.0f} s a load ({source})"
    bill_lines, assumptions = _bill_lines(case, given), ["Assumed, and where it comes from:", *assumed_lines()]
    refused = [f"'aviation deploy' refuses this: {reason}" for reason in case.plan.refusals()]
    sections = (bill_lines, [*case.plan.lines(), *refused], _freshness_lines(case), _side_by_side(case), assumptions)
    return "\n\n".join("\n".join(lines) for lines in sections)


def _load_seconds(given: float | None, told: Told) -> tuple[float, str]:
    """The seconds of a load on Glue, and where they come from."""
    start = assumed("session_seconds")
    if given:
        return given, "as given"
    if told.load_seconds:  # what a run measures begins when Spark has started
        return start + told.load_seconds, f"{start:g} to start, and the median of the stack's newest loads"
    return LOAD_SECONDS, f"{start:g} to start, {WAITED_SECONDS:g} of calls, {COMPUTED_SECONDS:g} of work"


def _bill_lines(case: Case, given: str) -> Iterator[str]:
    listed, plan, entries = price_list(), case.plan.plan.name, bill(case)
    yield f"A month of {MONTH_DAYS} days in {listed['region']}, list prices in USD:"
    yield ""
    for line in entries:
        price = listed["prices"][line.price]
        mark = " " if price["verified"] else "*"
        yield f"{line.item:<34}{line.quantity:>16,.2f} x {price['usd']:<14.12g}{mark}{line.usd:>10,.2f}"
    twice = replace(case, load_seconds=2 * case.load_seconds)
    workers = f"{case.number('LoadWorkers'):g} workers G.1X"
    yield f"{'AWS, a month':<68}{sum(line.usd for line in entries):>10,.2f}"
    yield f"{'the same, where a load takes twice as long':<68}{sum(line.usd for line in bill(twice)):>10,.2f}"
    yield f"{f'aviationstack, {plan} plan':<68}{listed['plans'][plan]['usd']:>10,.2f}"
    yield "* a price that has not been verified; prices.yaml has the date and source of each."
    yield "Storage is that of the end of the first year."
    yield f"Glue: {workers}, {given}; {assumed('upkeep_seconds'):g} s more a day."


def _freshness_lines(case: Case) -> Iterator[str]:
    age = case.freshness()
    yield (
        f"Flights are at most {_minutes(age.worst)} old, {age.mean:.0f} on average; the data of a poll can be queried "
        f"{_minutes(age.queryable)} after the poll began."
    )
    if age.spare_seconds < 60:
        yield "The load starts so soon after the poll that a slow one misses it: load later, or buffer for less time."


def _minutes(number: float) -> str:
    return f"{number:.0f} minute{'' if round(number) == 1 else 's'}"


def _side_by_side(case: Case) -> Iterator[str]:
    heads = ("AWS USD", 10), ("Firehose USD", 14), ("calls", 10), ("on the smallest plan", 24), ("worst age", 12)
    yield " " * 26 + "".join(f"{head:>{width}}" for head, width in heads) + f"{'mean age':>10}"
    for name, other in _alternatives(case).items():
        use, age, entries = other.plan, other.freshness(), bill(other)
        firehose = sum(line.usd for line in entries if line.price == "firehose_gb")
        uses = (_on(other, plan).plan for plan in PLANS)
        smallest = next((f"{use.plan.name}, {use.total:,}" for use in uses if use.fits), "none")
        yield (
            f"{name:<26}{sum(line.usd for line in entries):>10,.2f}{firehose:>14,.2f}{use.total:>10,}{smallest:>24}"
            f"{age.worst:>8.0f} min{age.mean:>6.0f} min"
        )


def _on(case: Case, plan: str) -> Case:
    return replace(case, parameters=case.parameters | {"ApiPlan": plan})


def _alternatives(case: Case) -> dict[str, Case]:
    def every(minutes: str, load: str) -> Case:
        times = {"FlightsSchedule": f"cron({minutes} * * * ? *)", "FlightsLoadTime": f"cron({load} * * * ? *)"}
        return replace(case, parameters=case.parameters | times)

    return {
        "as set": case,
        "every 15 minutes": every("0/15", "7/15"),
        "every 60 minutes": every("0", "7"),
        "records sent one by one": replace(case, packed=False),
        "streams on demand": replace(case, on_demand=True),
    }
