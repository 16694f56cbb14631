"""What came through a deployed stack: polls, delivery, loads and queries."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from aviation import aws, places
from aviation.deploy.bill import LOAD_SECONDS, billed
from aviation.deploy.found import NOT, NOT_YET, OK, UNTOLD, Deployed, Found
from aviation.entities import ENTITIES
from aviation.errors import QueryError, one_line
from aviation.report import RunRecord
from aviation.runs import store
from aviation.sql import athena

RAW_KEY = r"flights/\d{4}/\d{2}/\d{2}/\d{2}/.+"
GZIP_MAGIC = b"\x1f\x8b"
NAMED_BY_ATHENA = {
    "select count(*) as flights, 1 from flights": ["flights", "_col1"],
    "show columns in flights": ["field"],
    "describe flights": ["col_name", "data_type", "comment"],
}
"""The names of an answer's columns, as the laptop's queries imitate them (`aviation.local`)."""


def schedules(stack: Deployed) -> Iterator[Found]:
    """Whether any schedule is enabled."""
    pages = aws.client("scheduler").get_paginator("list_schedules").paginate(GroupName=stack.named("ScheduleGroup"))
    enabled = [item["Name"] for page in pages for item in page["Schedules"] if item["State"] == "ENABLED"]
    if stack.parameters["ScheduleState"] == "DISABLED":
        yield Found(NOT_YET, "all are disabled: the API's key was missing, or ScheduleState says so")
    else:
        yield Found(OK if enabled else NOT, f"{len(enabled)} are enabled")


def delivery(stack: Deployed) -> Iterator[Found]:
    """Whether each delivery stream reads, and has read since before the first poll: it begins at the LATEST position of
    its source ("Send data to a Firehose stream": Kinesis Data Streams)."""
    firehose = aws.client("firehose")
    for entity in ENTITIES.values():
        name = stack.named(f"{entity.title}DeliveryStream")
        about = firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
        since = about.get("Source", {}).get("KinesisStreamSourceDescription", {}).get("DeliveryStartTimestamp")
        first = _first_poll(entity.name)
        if about["DeliveryStreamStatus"] != "ACTIVE":
            yield Found(NOT, f"{name} is {about['DeliveryStreamStatus']}")
        elif not since:
            yield Found(UNTOLD, f"{name} does not say since when it reads")
        elif not first:
            yield Found(NOT_YET, f"{entity.name} was never polled")
        else:
            words = f"{name} reads since {since:%Y-%m-%dT%H:%M:%SZ}, first polled at {first.started_at}"
            yield Found(OK if since <= _instant(first) else NOT, words)


def _first_poll(entity: str) -> RunRecord | None:
    """The record of the first poll, by the first day that has any."""
    s3, bucket = aws.client("s3"), places.place("RunsBucket")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"producer/{entity}/").get("Contents", [])
    records = [item for item in listed if item["Key"].endswith(".json")]
    same_day = [item for item in records if item["Key"].rpartition("/")[0] == records[0]["Key"].rpartition("/")[0]]
    if not same_day:
        return None
    first = min(same_day, key=lambda item: item["LastModified"])["Key"]
    return RunRecord.from_bytes(s3.get_object(Bucket=bucket, Key=first)["Body"].read())


def _instant(record: RunRecord) -> datetime:
    return datetime.fromisoformat(record.started_at)


def polls(stack: Deployed) -> Iterator[Found]:
    """What the newest poll of each entity left."""
    for entity in ENTITIES:
        newest = next(iter(store.latest(f"producer/{entity}", 1)), None)
        if not newest:
            yield Found(NOT_YET, f"{entity} was never polled")
        elif newest.is_failed:
            yield Found(NOT, f"the newest poll of {entity} failed: {newest.error}")
        else:
            yield Found(OK, f"{entity} at {newest.started_at} in {newest.seconds:.0f} s")


def raw(stack: Deployed) -> Iterator[Found]:
    """How what was polled lies in the raw bucket."""
    first, s3, bucket = _first_poll("flights"), aws.client("s3"), stack.named("RawBucket")
    objects = s3.list_objects_v2(Bucket=bucket, Prefix="flights/").get("Contents", [])
    if not objects:
        patience = timedelta(seconds=2 * float(stack.parameters["BufferSeconds"]))
        late = first and datetime.now(UTC) - _instant(first) > patience
        since = f", polled at {first.started_at}" if first else ""
        yield Found(NOT if late else NOT_YET, f"nothing of flights has arrived{since}")
        return
    key = objects[-1]["Key"]
    begin = s3.get_object(Bucket=bucket, Key=key, Range="bytes=0-1")["Body"].read()
    yield Found(OK if re.fullmatch(RAW_KEY, key) else NOT, f"{key} has arrived")
    yield Found(OK, "gzipped") if begin == GZIP_MAGIC else Found(NOT, f"{key} is not gzipped")


def load(stack: Deployed) -> Iterator[Found]:
    """How the newest run of the load ended, and what the last ones were billed for."""
    ended = _ended(stack.named("LoadJob"))
    if wrong := _not_succeeded(ended):
        yield wrong
        return
    workers = int(stack.parameters["LoadWorkers"])
    longest = max(billed(run.get("ExecutionTime", 0)) for run in ended)
    expected = billed(LOAD_SECONDS)
    more = "" if longest <= expected else f": see 'aviation cost --load-seconds {longest:g}'"
    words = f"at most {longest * workers:g} DPU-seconds a run, {expected * workers:g} were assumed{more}"
    yield Found(OK if longest <= 2 * expected else NOT, words)


def _ended(job: str) -> list[dict[str, Any]]:
    """The job's last runs that have ended, the newest first."""
    runs: list[dict[str, Any]] = aws.client("glue").get_job_runs(JobName=job, MaxResults=20)["JobRuns"]
    return [run for run in runs if run["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING", "WAITING")]


def _not_succeeded(ended: list[dict[str, Any]]) -> Found | None:
    """That no run has ended, or how the newest did where it did not succeed."""
    if not ended:
        return Found(NOT_YET, "no run has ended")
    state = ended[0]["JobRunState"]
    if state == "SUCCEEDED":
        return None
    return Found(NOT, f"the newest run ended as {state}: {ended[0].get('ErrorMessage', 'see its log')}")


def published(stack: Deployed) -> Iterator[Found]:
    """How the newest run of the publishing job ended."""
    yield _newest_run(stack, "Publish")


def trained(stack: Deployed) -> Iterator[Found]:
    """How the newest run of the training job ended."""
    yield _newest_run(stack, "Train")


def _newest_run(stack: Deployed, switch: str) -> Found:
    """Of the job that the template's parameter `switch` leaves out."""
    if stack.parameters[switch] != "true":
        return Found(OK, f"left out, as {switch} says")
    ended = _ended(stack.named(f"{switch}Job"))
    return _not_succeeded(ended) or Found(OK, f"the newest run took {ended[0].get('ExecutionTime', 0)} s")


def reader(stack: Deployed) -> Iterator[Found]:
    """Whether who asks may read the catalog: where Lake Formation governs it, IAM alone does not allow that."""
    try:
        tables = aws.client("glue").get_tables(DatabaseName=stack.named("Database"))["TableList"]
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDeniedException", "AccessDenied"):
            raise
        words = f"GetTables is denied, by IAM or by Lake Formation, which has to grant the database: {one_line(error)}"
        yield Found(NOT, words)
        return
    yield Found(OK, f"{len(tables)} tables and views") if tables else Found(NOT_YET, "nothing was loaded")


def queries(stack: Deployed) -> Iterator[Found]:
    """Whether Athena answers, with the names that a laptop gives the columns."""
    tables = aws.client("glue").get_tables(DatabaseName=stack.named("Database"))["TableList"]
    if "flights" not in {table["Name"] for table in tables}:
        yield Found(NOT_YET, "there is no table 'flights' yet")
        return
    for text, expected in NAMED_BY_ATHENA.items():
        try:
            names = athena.column_names(text)
        except QueryError as error:
            yield Found(NOT, f"{text}: {error}")
        else:
            yield Found(OK if names == expected else NOT, f"'{text}' has the columns {', '.join(names)}")
