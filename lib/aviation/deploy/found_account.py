"""How AWS runs what a deployed stack is made of: functions, quotas, lifecycles, topics."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from aviation import aws
from aviation.deploy.found import NOT, NOT_YET, OK, UNTOLD, Deployed, Found

REPORT = re.compile(
    r"\tDuration: (?P<ms>[\d.]+) ms.*Memory Size: (?P<size>\d+) MB\tMax Memory Used: (?P<used>\d+) MB"
    r"(?:.*Init Duration: (?P<init>[\d.]+) ms)?"
)
"""What Lambda logs at the end of each invocation."""
MOST_MEMORY_SHARE, MOST_INIT_SECONDS = 0.9, 10
"""Lambda gives a function 10 s to initialize ("Understanding the Lambda execution environment lifecycle")."""
LOOKED_AT = timedelta(days=1)
COLDER = (("STANDARD_IA", "RawInfrequentDays"), ("GLACIER_IR", "RawArchiveDays"))
LATE_DAYS = 2
"""S3 moves objects once a day, at midnight UTC after they are due."""


def functions(stack: Deployed) -> Iterator[Found]:
    """How long each function's start takes and how much memory it uses, by the last day of its log."""
    logs, since = aws.client("logs"), datetime.now(UTC) - LOOKED_AT
    for name in stack.of_type("AWS::Lambda::Function"):
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT", startTime=int(since.timestamp() * 1000)
        )
        reports = [found for page in pages for event in page["events"] if (found := REPORT.search(event["message"]))]
        if not reports:
            yield Found(NOT_YET, f"{name} did not run within a day")
            continue
        init = max(float(report["init"] or 0) for report in reports) / 1000
        used, size = max(int(report["used"]) for report in reports), int(reports[-1]["size"])
        seconds = max(float(report["ms"]) for report in reports) / 1000
        fits = init < MOST_INIT_SECONDS and used <= size * MOST_MEMORY_SHARE
        words = f"{name}: init {init:.1f} s, then {seconds:.1f} s, {used} of {size} MB at most"
        yield Found(OK if fits else NOT, words)


def concurrency(stack: Deployed) -> Iterator[Found]:
    """Whether the functions reserve what the stack was told to reserve."""
    client = aws.client("lambda")
    wanted = 1 if stack.parameters["ReserveConcurrency"] == "true" else None
    for name in stack.of_type("AWS::Lambda::Function"):
        reserved = client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions")
        words = f"{name} reserves {reserved or 'none'}" if reserved != wanted else f"each reserves {wanted or 'none'}"
        yield Found(OK if reserved == wanted else NOT, words)


def lifecycle(stack: Deployed) -> Iterator[Found]:
    """Whether raw objects grow colder, by the rule and by the oldest object."""
    s3, bucket = aws.client("s3"), stack.named("RawBucket")
    try:
        rules = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchLifecycleConfiguration":
            raise
        rules = []
    steps = {
        step["StorageClass"]: step["Days"]
        for rule in rules
        if rule["Status"] == "Enabled"
        for step in rule.get("Transitions", [])
    }
    wanted = {storage: int(stack.parameters[name]) for storage, name in COLDER}
    words = ", ".join(f"{storage} after {days} days" for storage, days in steps.items()) or "objects stay as they are"
    yield Found(OK if steps == wanted else NOT, words)
    oldest = next(iter(s3.list_objects_v2(Bucket=bucket, Prefix="flights/", MaxKeys=1).get("Contents", [])), None)
    if oldest and (age := datetime.now(UTC) - oldest["LastModified"]).days > min(wanted.values()) + LATE_DAYS:
        moved = oldest.get("StorageClass") in wanted
        words = f"the oldest object is {age.days} days old and {oldest.get('StorageClass')}"
        yield Found(OK if moved else NOT, words)


def subscriptions(stack: Deployed) -> Iterator[Found]:
    """Whether whoever is subscribed to a topic has confirmed it."""
    for topic in stack.of_type("AWS::SNS::Topic"):
        pages = aws.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        found, name = [item for page in pages for item in page["Subscriptions"]], topic.rpartition(":")[2]
        if not found:
            yield Found(NOT_YET, f"nobody is subscribed to {name}")
        for item in found:
            confirmed = item["SubscriptionArn"].startswith("arn:")
            words = "is subscribed" if confirmed else "has not confirmed: the link is in the e-mail from AWS"
            yield Found(OK if confirmed else NOT, f"{name}: {item['Endpoint']} {words}")


def failed_loads(stack: Deployed) -> Iterator[Found]:
    """Whether the rule that tells of failed loads may publish. EventBridge publishes to no topic that allows it under a
    condition ("Using resource-based policies for Amazon EventBridge": Amazon SNS permissions)."""
    targets = aws.client("events").list_targets_by_rule(Rule=stack.named("FailedLoads"))["Targets"]
    topics = [target["Arn"] for target in targets if ":sns:" in target["Arn"]]
    if not topics:
        yield Found(UNTOLD, "its rule has no topic")
    for topic in topics:
        policy = json.loads(aws.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
        allowed = [statement for statement in policy["Statement"] if _is_for_events(statement)]
        if any("Condition" not in statement for statement in allowed):
            yield Found(OK, f"{topic.rpartition(':')[2]} allows it without a condition")
        else:
            yield Found(NOT, f"{topic.rpartition(':')[2]} allows it {'under a condition' if allowed else 'nowhere'}")


def _is_for_events(statement: dict[str, Any]) -> bool:
    principal = statement.get("Principal")
    services = principal.get("Service", []) if isinstance(principal, dict) else []
    return statement["Effect"] == "Allow" and "events.amazonaws.com" in (
        [services] if isinstance(services, str) else services
    )
