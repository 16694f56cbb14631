"""What a month costs with the template's parameters, and how old data gets; both worked out, nothing asked of AWS."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil
from pathlib import Path

from aviation.deploy.plan import MONTH_DAYS, TOTALS, PlanUse, Sweep, check_plan, price_list, settled
from aviation.deploy.schedules import Freshness, freshness, runs
from aviation.deploy.template import read_template
from aviation.entities import ENTITIES
from aviation.poll.envelope import TARGET_BYTES

# Bytes of a raw line, measured over the demo's raw objects; gzip made 4 to 9 % of them, and real text repeats less.
LINE_BYTES = {"flights": 1074, "cities": 383, "airplanes": 827, "aircraft_types": 282}
GZIP_SHARE = 0.10
# Bytes in the tables for each leg, and objects that a load writes and reads, from the demo's tables.
TABLE_BYTES_PER_LEG = 1600
PUTS_PER_LOAD, GETS_PER_LOAD = 50, 300
CATALOG_CALLS_PER_LOAD = 60
# A Lambda's first call takes 8 s here; a call of the API about one.
START_SECONDS, CALL_SECONDS = 8, 1.0
LOAD_SECONDS = 120
"""Of a load on Glue, from start to end. An assumption: Spark's start there takes about a minute. `--load-seconds`."""
LOG_BYTES = {"producer": 20_000, "load": 2_000_000}
FIREHOSE_STEP = 5 * 1024
PUT_UNIT = 25 * 1024
GB = 1024**3
HOURS = MONTH_DAYS * 24
KEPT_MONTHS = 12


@dataclass(frozen=True)
class Line:
    """One line of the bill: so many units at a price by its name in prices.yaml."""

    what: str
    quantity: float
    price: str

    @property
    def usd(self) -> float:
        """A month."""
        return self.quantity * price_list()["prices"][self.price]["usd"]


@dataclass(frozen=True)
class Case:
    """What is reckoned: template parameters (settled), flights that a sweep finds, seconds of a load; and two ways not
    taken: `packed` False sends each record on its own, `on_demand` has no shards."""

    parameters: dict[str, str]
    root: Path
    flights: int | None = None
    load_seconds: float = LOAD_SECONDS
    packed: bool = True
    on_demand: bool = False

    @property
    def plan(self) -> PlanUse:
        """Its calls of the API."""
        return check_plan(self.parameters, self.root, flights=self.flights)

    def number(self, name: str) -> float:
        """A parameter of the template as a number."""
        return float(self.parameters[name])

    def records(self, entity: str) -> int:
        """What a run of the producer brings."""
        sweep = Sweep.of(entity, self.root)
        found = self.flights if entity == "flights" else TOTALS[entity]
        most = sweep.limit * sweep.max_calls
        return most if found is None else min(found, most)

    def loads(self) -> float:
        """Runs of the load in a month."""
        on = self.parameters["ScheduleState"] == "ENABLED"
        return sum(
            runs(self.parameters[f"{name}LoadTime"], MONTH_DAYS)
            for name in ("Flights", "Reference")
            if on and self.parameters[f"{name}LoadState"] == "ENABLED"
        )

    def freshness(self) -> Freshness:
        """How old flights get."""
        return freshness(
            self.parameters["FlightsSchedule"],
            self.parameters["FlightsLoadTime"],
            sweep_seconds=START_SECONDS + CALL_SECONDS * Sweep.of("flights", self.root).calls(self.flights),
            buffer_seconds=self.number("BufferSeconds"),
            load_seconds=self.load_seconds,
        )


def bill(case: Case) -> list[Line]:
    """The lines of a month's bill, the API's plan left out."""
    kinds = Counter(body["Type"] for body in resources(case))
    polls = case.plan.runs
    lines = {entity: polls[entity] * case.records(entity) for entity in ENTITIES}
    raw_bytes = sum(lines[entity] * LINE_BYTES[entity] for entity in ENTITIES)
    loads = case.loads()
    return [
        *_streams(case, lines, raw_bytes),
        Line("Firehose, GB delivered", _delivered(case, polls) / GB, "firehose_gb"),
        *_storage(case, raw_bytes, sum(polls.values()), loads),
        Line(
            "Lambda, GB-seconds",
            _lambda_seconds(case) * case.number("ProducerMemoryMegabytes") / 1024,
            "lambda_gb_second",
        ),
        Line("Lambda, invocations", sum(polls.values()), "lambda_request"),
        Line(
            "Glue, DPU-hours", loads * case.number("LoadWorkers") * max(60, case.load_seconds) / 3600, "glue_dpu_hour"
        ),
        Line("Glue, catalog requests", loads * CATALOG_CALLS_PER_LOAD, "glue_catalog_request"),
        Line("Scheduler, invocations", sum(polls.values()) + loads, "scheduler_invocation"),
        Line("CloudWatch, alarms", kinds["AWS::CloudWatch::Alarm"], "cloudwatch_alarm"),
        Line("CloudWatch, dashboards", kinds["AWS::CloudWatch::Dashboard"], "cloudwatch_dashboard"),
        Line("CloudWatch, metrics of its own", len(ENTITIES) + 1, "cloudwatch_metric"),
        Line(
            "CloudWatch, GB of logs",
            (sum(polls.values()) * LOG_BYTES["producer"] + loads * LOG_BYTES["load"]) / GB,
            "cloudwatch_logs_gb",
        ),
        Line("Secrets Manager, secrets", kinds["AWS::SecretsManager::Secret"], "secret_month"),
        Line("Secrets Manager, calls", sum(polls.values()), "secret_call"),
    ]


def resources(case: Case) -> Iterator[dict]:
    """The template's resources, those of a loop once for each of its names."""
    for name, body in read_template(case.root)["Resources"].items():
        if not name.startswith("Fn::ForEach::"):
            yield body
            continue
        _, names, made = body
        for _ in names:
            yield from made.values()


def _streams(case: Case, lines: dict[str, float], raw_bytes: float) -> Iterator[Line]:
    streams = len(ENTITIES)
    if case.on_demand:
        yield Line("Kinesis, stream-hours on demand", streams * HOURS, "kinesis_on_demand_stream_hour")
        yield Line("Kinesis, GB in", raw_bytes / GB, "kinesis_on_demand_in_gb")
        yield Line("Kinesis, GB out", raw_bytes / GB, "kinesis_on_demand_out_gb")
        return
    shard_hours = streams * case.number("ShardCount") * HOURS
    yield Line("Kinesis, shard-hours", shard_hours, "kinesis_shard_hour")
    units = raw_bytes / PUT_UNIT if case.packed else sum(lines.values())
    yield Line("Kinesis, PUT payload units", units, "kinesis_put_unit")
    if case.number("RetentionHours") > 24:
        yield Line("Kinesis, shard-hours of retention", shard_hours, "kinesis_extended_shard_hour")
    if beyond := max(0, case.number("RetentionHours") - 7 * 24):
        yield Line("Kinesis, GB kept over 7 days", raw_bytes / GB * beyond / HOURS, "kinesis_long_term_gb_month")


def _delivered(case: Case, polls: dict[str, float]) -> float:
    """Bytes that Firehose bills in a month: each Kinesis record rounded up to 5 KB."""
    total = 0.0
    for entity in ENTITIES:
        size = case.records(entity) * LINE_BYTES[entity]
        if case.packed:
            full, rest = divmod(size, TARGET_BYTES)
            billed = full * _rounded(TARGET_BYTES) + _rounded(rest)
        else:
            billed = case.records(entity) * _rounded(LINE_BYTES[entity])
        total += polls[entity] * billed
    return total


def _rounded(size: float) -> int:
    return ceil(size / FIREHOSE_STEP) * FIREHOSE_STEP


def _storage(case: Case, raw_bytes: float, polls: float, loads: float) -> Iterator[Line]:
    """At the end of the first year: raw by its class, and the tables."""
    month = raw_bytes * GZIP_SHARE / GB
    infrequent, archive = (case.number(name) / MONTH_DAYS for name in ("RawInfrequentDays", "RawArchiveDays"))
    legs = case.records("flights") * KEPT_MONTHS * MONTH_DAYS
    yield Line("S3, GB of raw, Standard", month * min(infrequent, KEPT_MONTHS), "s3_standard_gb_month")
    yield Line(
        "S3, GB of raw, Standard-IA", month * max(0, min(archive, KEPT_MONTHS) - infrequent), "s3_standard_ia_gb_month"
    )
    yield Line("S3, GB of raw, Glacier IR", month * max(0, KEPT_MONTHS - archive), "s3_glacier_ir_gb_month")
    yield Line("S3, GB of tables", legs * TABLE_BYTES_PER_LEG / GB, "s3_standard_gb_month")
    # A poll writes one raw object, one run record and one notebook.
    yield Line("S3, writes", polls * 3 + loads * PUTS_PER_LOAD, "s3_put")
    yield Line("S3, reads", loads * GETS_PER_LOAD, "s3_get")


def _lambda_seconds(case: Case) -> float:
    plan = case.plan
    return sum(plan.runs.values()) * START_SECONDS + plan.total * CALL_SECONDS


def render(parameters: dict[str, str], root: Path, *, flights: int | None, load_seconds: float = LOAD_SECONDS) -> str:
    """What `aviation cost` prints."""
    case = Case(settled(parameters, root), root, flights, load_seconds)
    prices, plans = price_list()["prices"], price_list()["plans"]
    lines = [f"A month of {MONTH_DAYS} days in {price_list()['region']}, list prices in USD:", ""]
    for line in bill(case):
        price = prices[line.price]
        mark = " " if price["verified"] else "*"
        lines.append(f"{line.what:<34}{line.quantity:>16,.2f} x {price['usd']:<14.12g}{mark}{line.usd:>10,.2f}")
    total = sum(line.usd for line in bill(case))
    use = case.plan
    lines += [
        f"{'AWS, a month':<68}{total:>10,.2f}",
        f"{f'aviationstack, {use.plan} plan':<68}{plans[use.plan]['usd']:>10,.2f}",
        "* a price that was not checked again; prices.yaml has the date and source of each.",
        "Storage is that at the end of the first year. Queries are the reader's own: 5 USD a TB scanned.",
        "",
        *use.lines(),
        "",
        *_freshness_lines(case),
        "",
        *_side_by_side(case),
    ]
    return "\n".join(lines)


def _freshness_lines(case: Case) -> Iterator[str]:
    found = case.freshness()
    yield (
        f"Flights are at most {found.worst:.0f} minutes old, {found.mean:.0f} on average; a poll can be queried "
        f"{found.queryable:.0f} minutes after it began."
    )
    if found.spare_seconds < 60:
        yield "The load starts so soon after the poll that a slow one misses it: load later, or buffer for less."


def _side_by_side(case: Case) -> Iterator[str]:
    def every(minutes: str, load: str) -> Case:
        times = {"FlightsSchedule": f"cron({minutes} * * * ? *)", "FlightsLoadTime": f"cron({load} * * * ? *)"}
        return replace(case, parameters=case.parameters | times)

    cases = {
        "as set": case,
        "every 15 minutes": every("0/15", "7/15"),
        "every 60 minutes": every("0", "7"),
        "records sent one by one": replace(case, packed=False),
        "streams on demand": replace(case, on_demand=True),
    }
    heads = ("AWS USD", 10), ("Firehose USD", 14), ("calls", 10), ("plan that carries", 20), ("worst age", 12)
    yield " " * 26 + "".join(f"{head:>{width}}" for head, width in heads) + f"{'mean age':>10}"
    for name, other in cases.items():
        use, age, found = other.plan, other.freshness(), bill(other)
        firehose = sum(line.usd for line in found if line.price == "firehose_gb")
        carries = next((plan for plan, has in price_list()["plans"].items() if has["calls"] >= use.total), "none")
        yield (
            f"{name:<26}{sum(line.usd for line in found):>10,.2f}{firehose:>14,.2f}{use.total:>10,}{carries:>20}"
            f"{age.worst:>8.0f} min{age.mean:>6.0f} min"
        )
