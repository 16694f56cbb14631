"""What a month of the stack costs with the template's parameters: computed from them, nothing is asked of AWS."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from math import ceil
from pathlib import Path

from aviation.deploy.assumptions import assumed
from aviation.deploy.plan import MONTH_DAYS, PlanUse, check_plan
from aviation.deploy.prices import price_list
from aviation.deploy.schedules import Freshness, freshness, hours, runs
from aviation.deploy.template import read_template, unrolled
from aviation.entities import ENTITIES
from aviation.poll.envelope import TARGET_BYTES
from aviation.poll.watch import Seen
from aviation.runs.declared import watches

LINE_BYTES = {"flights": 1074, "cities": 383, "airplanes": 827, "aircraft_types": 282}
"""Bytes of a raw line, measured over the demo's raw objects."""
COMPUTED_SECONDS = assumed("load_seconds_here") * assumed("load_factor")
WAITED_SECONDS = assumed("calls_in_a_row") * assumed("call_wait_seconds")
LOAD_SECONDS = assumed("session_seconds") + WAITED_SECONDS + COMPUTED_SECONDS
"""Of a load of flights on Glue, from start to end, where no run has told."""
LOADS = ("Flights", "Upkeep")
PUBLISHERS = 2  # workers of the publishing job, and of the one that trains
FIREHOSE_STEP = 5 * 1024
PUT_UNIT = 25 * 1024
GB = 1024**3
HOURS = MONTH_DAYS * 24
KEPT_MONTHS = 12


@dataclass(frozen=True)
class Line:
    """One line of the bill: a quantity at a price, which `price` names as prices.yaml does."""

    item: str
    quantity: float
    price: str

    @property
    def usd(self) -> float:
        """For a month."""
        return self.quantity * price_list()["prices"][self.price]["usd"]


@dataclass(frozen=True)
class Case:
    """What the bill is worked out for.

    `parameters` are all of the template's, defaults included. `seen` is what the last polls reported, by sweep, and
    `flights` how many rows a day the watch finds instead. Two things that the stack does not do can be priced too: with
    `packed` False each record is sent on its own, with `on_demand` the streams have no shards.
    """

    parameters: dict[str, str]
    root: Path
    flights: int | None = None
    seen: Mapping[str, Seen] = field(default_factory=dict)
    load_seconds: float = LOAD_SECONDS
    packed: bool = True
    on_demand: bool = False

    @cached_property
    def plan(self) -> PlanUse:
        """The calls of the flight API."""
        return check_plan(self.parameters, self.root, seen=self.seen, flights=self.flights)

    def number(self, name: str) -> float:
        """A parameter of the template as a number."""
        return float(self.parameters[name])

    def records(self, entity: str) -> float:
        """How many records a poll of the entity brings, on average."""
        return self.plan.demands[entity].records

    def loads(self, name: str) -> float:
        """How many times a month that load runs, `Flights` or `Upkeep`."""
        on = self.parameters["ScheduleState"] == self.parameters[f"{name}LoadState"] == "ENABLED"
        return runs(self.parameters[f"{name}LoadTime"], MONTH_DAYS) if on else 0

    def metrics(self) -> float:
        """The custom metrics, each by the share of hours in which a load puts it: age and refused share of the load of
        flights, the ages of the reference entities and the forecasts' coverage of the daily one."""
        share = {name: hours(self.parameters[f"{name}LoadTime"]) if self.loads(name) else 0 for name in LOADS}
        return 2 * share["Flights"] + len(ENTITIES) * share["Upkeep"]

    def billed_seconds(self) -> float:
        """The seconds of all loads of a month, as Glue bills them."""
        daily = self.load_seconds + assumed("upkeep_seconds")
        return self.loads("Flights") * billed(self.load_seconds) + self.loads("Upkeep") * billed(daily)

    @property
    def publishes(self) -> bool:
        """Whether a job publishes after each load."""
        return self.parameters["Publish"] == "true"

    def publishing_seconds(self, loads: float) -> float:
        """The seconds that Glue bills in a month for a run after each of so many loads, and for the mornings'."""
        on = self.parameters["ScheduleState"] == self.parameters["BriefState"] == "ENABLED"
        mornings = runs(self.parameters["BriefTime"], MONTH_DAYS) if on else 0
        seconds = billed(assumed("session_seconds") + assumed("publish_seconds"))
        return (loads + mornings) * seconds if self.publishes else 0

    def training_seconds(self) -> float:
        """The same for training the forecast."""
        on = (self.parameters["ScheduleState"], self.parameters["Train"]) == ("ENABLED", "true")
        trainings = runs(self.parameters["TrainTime"], MONTH_DAYS) if on else 0
        return trainings * billed(assumed("session_seconds") + assumed("train_seconds"))

    def is_polled(self, entity: str) -> bool:
        """Whether schedules poll and load it."""
        names = ("ScheduleState", f"{ENTITIES[entity].title}State", f"{_load_of(entity)}LoadState")
        return all(self.parameters[name] == "ENABLED" for name in names)

    def freshness(self, entity: str = "flights") -> Freshness:
        """How old the entity's records get."""
        return freshness(
            self.parameters[f"{ENTITIES[entity].title}Schedule"],
            self.parameters[f"{_load_of(entity)}LoadTime"],
            sweep_seconds=assumed("start_seconds") + assumed("call_seconds") * self.plan.demands[entity].calls,
            buffer_seconds=self.number("BufferSeconds"),
            load_seconds=self.load_seconds,
        )


def _load_of(entity: str) -> str:
    """Which load takes the entity in, of LOADS."""
    return "Flights" if entity == "flights" else "Upkeep"


def billed(seconds: float) -> float:
    """What Glue bills for a run of so many seconds."""
    return max(assumed("least_billed_seconds"), seconds)


def bill(case: Case) -> list[Line]:
    """The lines of a month's bill from AWS; the flight API's plan is not among them."""
    resources = Counter(resource["Type"] for resource in unrolled(read_template(case.root)["Resources"]))
    polls = case.plan.polls
    runs_of_producers = sum(polls.values())
    records = {entity: polls[entity] * case.records(entity) for entity in ENTITIES}
    raw_bytes = sum(records[entity] * LINE_BYTES[entity] for entity in ENTITIES)
    loads = sum(map(case.loads, LOADS))
    watching = _Watching.of(case, loads)
    log_bytes = runs_of_producers * assumed("producer_log_bytes") + loads * assumed("load_log_bytes")
    viewed = assumed("viewer_requests") if case.publishes and case.parameters["ViewerNetworks"] else 0
    kms = len(ENTITIES) * HOURS * assumed("kms_requests")
    trailed = loads if case.parameters["DataEvents"] == "true" else 0
    lambda_seconds = _lambda_seconds(case.plan) + watching.seconds
    return [
        *_streams(case, records, raw_bytes),
        Line("Firehose, GB delivered", _delivered(case, polls) / GB, "firehose_gb"),
        *_storage(case, raw_bytes, runs_of_producers, loads),
        Line("Lambda, GB-seconds", lambda_seconds * case.number("ProducerMemoryMegabytes") / 1024, "lambda_gb_second"),
        Line("Lambda, invocations", runs_of_producers + watching.invocations, "lambda_request"),
        Line("Glue, DPU-hours of publishing", PUBLISHERS * case.publishing_seconds(loads) / 3600, "glue_dpu_hour"),
        Line("Glue, DPU-hours of training", PUBLISHERS * case.training_seconds() / 3600, "glue_dpu_hour"),
        Line("Glue, DPU-hours", case.number("LoadWorkers") * case.billed_seconds() / 3600, "glue_dpu_hour"),
        Line("Glue, catalog requests", loads * assumed("catalog_calls_per_load"), "glue_catalog_request"),
        Line("CloudFront, requests", viewed, "cloudfront_request"),
        Line("CloudFront, GB out", viewed * assumed("page_mb") / 1e3, "cloudfront_out_gb"),
        Line("Athena, TB scanned", watching.queries * assumed("query_mb") / 1e6, "athena_tb"),
        Line("Scheduler, invocations", runs_of_producers + loads, "scheduler_invocation"),
        Line("SNS, e-mails", assumed("emails"), "sns_email"),
        Line("KMS, requests", kms, "kms_request"),
        Line("CloudTrail, data events", trailed * assumed("trail_events"), "cloudtrail_data_event"),
        Line("CloudWatch, alarms", resources["AWS::CloudWatch::Alarm"], "cloudwatch_alarm"),
        Line("CloudWatch, dashboards", resources["AWS::CloudWatch::Dashboard"], "cloudwatch_dashboard"),
        Line("CloudWatch, custom metrics", case.metrics(), "cloudwatch_metric"),
        Line("CloudWatch, GB of logs", log_bytes / GB, "cloudwatch_logs_gb"),
        Line("Secrets Manager, secrets", resources["AWS::SecretsManager::Secret"], "secret_month"),
        Line("Secrets Manager, calls", runs_of_producers + watching.runs, "secret_call"),
    ]


@dataclass(frozen=True)
class _Watching:
    """What the alerts and people ask in a month. Each of the `runs` of a watch reads the addresses, at the most."""

    invocations: float
    runs: float
    seconds: float
    queries: float

    @classmethod
    def of(cls, case: Case, loads: float) -> "_Watching":
        """The alerts run every watch after each load."""
        number = len(watches(case.root))
        seconds = loads * (assumed("start_seconds") + number * assumed("watch_seconds"))
        return cls(
            loads, loads * number, seconds, loads * number * assumed("watch_queries") + assumed("peoples_queries")
        )


def _streams(case: Case, records: dict[str, float], raw_bytes: float) -> Iterator[Line]:
    streams = len(ENTITIES)
    if case.on_demand:
        yield Line("Kinesis, stream-hours on demand", streams * HOURS, "kinesis_on_demand_stream_hour")
        yield Line("Kinesis, GB in", raw_bytes / GB, "kinesis_on_demand_in_gb")
        yield Line("Kinesis, GB out", raw_bytes / GB, "kinesis_on_demand_out_gb")
        return
    shard_hours = streams * case.number("ShardCount") * HOURS
    yield Line("Kinesis, shard-hours", shard_hours, "kinesis_shard_hour")
    units = raw_bytes / PUT_UNIT if case.packed else sum(records.values())
    yield Line("Kinesis, PUT payload units", units, "kinesis_put_unit")
    retention = case.number("RetentionHours")
    if retention > 24:
        yield Line("Kinesis, shard-hours of retention", shard_hours, "kinesis_extended_shard_hour")
    if beyond_week := max(0, retention - 7 * 24):
        yield Line("Kinesis, GB kept over 7 days", raw_bytes / GB * beyond_week / HOURS, "kinesis_long_term_gb_month")


def _delivered(case: Case, polls: dict[str, float]) -> float:
    """Bytes that Firehose bills in a month: each Kinesis record rounded up to 5 KB."""
    total = 0.0
    for entity in ENTITIES:
        size = case.records(entity) * LINE_BYTES[entity]
        if case.packed:
            full_blobs, rest = divmod(size, TARGET_BYTES)
            billed = full_blobs * _rounded(TARGET_BYTES) + _rounded(rest)
        else:
            billed = case.records(entity) * _rounded(LINE_BYTES[entity])
        total += polls[entity] * billed
    return total


def _rounded(size: float) -> int:
    return ceil(size / FIREHOSE_STEP) * FIREHOSE_STEP


def _storage(case: Case, raw_bytes: float, runs_of_producers: float, loads: float) -> Iterator[Line]:
    """What is stored at the end of the first year: raw by storage class, and the tables."""
    month = raw_bytes * assumed("gzip_share") / GB
    infrequent, archive = (case.number(name) / MONTH_DAYS for name in ("RawInfrequentDays", "RawArchiveDays"))
    standard_ia = max(0, min(archive, KEPT_MONTHS) - infrequent)
    legs = case.records("flights") * KEPT_MONTHS * MONTH_DAYS
    yield Line("S3, GB of raw, Standard", month * min(infrequent, KEPT_MONTHS), "s3_standard_gb_month")
    yield Line("S3, GB of raw, Standard-IA", month * standard_ia, "s3_standard_ia_gb_month")
    yield Line("S3, GB of raw, Glacier IR", month * max(0, KEPT_MONTHS - archive), "s3_glacier_ir_gb_month")
    yield Line("S3, GB of tables", legs * assumed("table_bytes_per_leg") / GB, "s3_standard_gb_month")
    # A poll writes one raw object, one run record and one notebook, and its lease three times.
    yield Line("S3, writes", runs_of_producers * 6 + loads * assumed("puts_per_load"), "s3_put")
    yield Line("S3, reads", loads * assumed("gets_per_load"), "s3_get")


def _lambda_seconds(use: PlanUse) -> float:
    return sum(use.polls.values()) * assumed("start_seconds") + use.total * assumed("call_seconds")
