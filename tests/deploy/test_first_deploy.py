"""The checks of a first deployment, against a stack in the emulator: what it lacks is said, and each fault is seen."""

import gzip
import json
import time
from datetime import UTC, datetime, timedelta

import pytest
import sqlglot
from click.testing import CliRunner

from aviation import aws
from aviation.cli import main
from aviation.deploy import found_data
from aviation.deploy.first_deploy import CHECKS
from aviation.deploy.found import NOT, NOT_YET, OK, UNTOLD, Deployed
from aviation.engine import as_athena, metadata
from aviation.entities import ENTITIES
from aviation.report import RunRecord
from aviation.sql.catalog import Catalog, GlueColumn
from aviation.times import utc_text

LACKING = {"reserved concurrency", "lifecycle of raw"}
"""What the emulator's CloudFormation does not make of a template: the checks see it."""
TOPIC = "arn:aws:sns:us-east-1:000000000000:alarms"
REPORT = (
    "REPORT RequestId: 1\tDuration: 1500.21 ms\tBilled Duration: 1501 ms\tMemory Size: 1024 MB\t"
    "Max Memory Used: {used} MB\tInit Duration: {init} ms\t"
)


def verdicts(life) -> dict[str, tuple[str, str]]:
    """Of each check its verdict and its line."""
    stack = Deployed(life.name)
    return {check.name: check.line(stack) for check in CHECKS}


def polled(life, entity: str, at: datetime, status: str = "ok") -> None:
    record = RunRecord(
        run_id=f"{entity}-{at:%H%M%S}", job=f"producer/{entity}", notebook="producer.ipynb", started_at=utc_text(at),
        status=status, error="the key is wrong" if status == "failed" else None,
    )  # fmt: skip
    aws.client("s3").put_object(Bucket=life.named("RunsBucket"), Key=record.key, Body=record.to_bytes())


def arrived(life, body: bytes) -> None:
    aws.client("s3").put_object(Bucket=life.named("RawBucket"), Key="flights/2026/01/01/12/x.gz", Body=body)


def logged(life, **figures: int) -> None:
    logs, group = aws.client("logs"), life.named("FlightsProducerLogs")
    name = f"of-{time.time_ns()}"
    logs.create_log_stream(logGroupName=group, logStreamName=name)
    event = {"timestamp": time.time_ns() // 1_000_000, "message": REPORT.format(**figures)}
    logs.put_log_events(logGroupName=group, logStreamName=name, logEvents=[event])


def allowed(life, condition: dict) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
    } | condition
    [target] = aws.client("events").list_targets_by_rule(Rule=life.named("FailedLoads"))["Targets"]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement | condition]})
    aws.client("sns").set_topic_attributes(TopicArn=target["Arn"], AttributeName="Policy", AttributeValue=policy)


@pytest.fixture
def deployed(life, monkeypatch):
    """A deployed stack on which nothing has happened yet; the life's own functions, and `named` for physical ids."""
    life.deploy()
    monkeypatch.setenv("AVIATION_STACK", life.name)
    resources = life.resources()
    life.named = resources.__getitem__
    return life


def test_on_a_new_stack_nothing_is_wrong_but_what_the_emulator_lacks_and_the_exit_code_says_so(deployed):
    allowed(deployed, {})
    done = CliRunner().invoke(main, ["first-deploy-check", "--stack", deployed.name])
    lines = done.output.splitlines()
    assert len(lines) == len(CHECKS) + 2
    wrong = {name for name, (verdict, _) in verdicts(deployed).items() if verdict in (NOT, UNTOLD)}
    assert wrong == LACKING
    assert done.exit_code == 1
    assert lines[-1].startswith(f"aviation: not as expected on the stack '{deployed.name}': ")
    missing = CliRunner().invoke(main, ["first-deploy-check", "--stack", "never-made"])
    assert (missing.exit_code, missing.output.count("\n")) == (1, 1)


def test_a_stack_on_which_all_is_as_expected_ends_with_0(deployed):
    deployed.deploy(ScheduleState="ENABLED")
    client, s3 = aws.client("lambda"), aws.client("s3")
    for name in Deployed(deployed.name).of_type("AWS::Lambda::Function"):
        client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    transitions = [{"StorageClass": "STANDARD_IA", "Days": 30}, {"StorageClass": "GLACIER_IR", "Days": 90}]
    rule = {"ID": "colder", "Status": "Enabled", "Filter": {"Prefix": ""}, "Transitions": transitions}
    s3.put_bucket_lifecycle_configuration(Bucket=deployed.named("RawBucket"), LifecycleConfiguration={"Rules": [rule]})
    for entity in ENTITIES:
        polled(deployed, entity, datetime.now(UTC) + timedelta(seconds=2))
    arrived(deployed, gzip.compress(b"{}\n"))
    allowed(deployed, {})
    logged(deployed, used=310, init=2100)
    aws.client("glue").start_job_run(JobName=deployed.named("LoadJob"))
    done = CliRunner().invoke(main, ["first-deploy-check", "--stack", deployed.name])
    assert done.exit_code == 0, done.output
    found = {name: verdict for name, (verdict, _) in verdicts(deployed).items()}
    later = {"catalog", "Athena", "functions", "subscriptions"}
    assert {name for name, verdict in found.items() if verdict == NOT_YET} == later
    assert {name for name, verdict in found.items() if verdict == OK} == set(found) - later


LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
FAULTS = [
    ("delivery streams", NOT, lambda life: polled(life, "flights", LONG_AGO), "first polled at 2026-01-01T00:00:00"),
    ("raw objects", NOT, lambda life: None, "nothing of flights has arrived, polled at 2026-01-01T00:00:00"),
    ("raw objects", NOT, lambda life: arrived(life, b"{}"), "flights/2026/01/01/12/x.gz is not gzipped"),
    ("polls", NOT, lambda life: polled(life, "cities", LONG_AGO, "failed"), "poll of cities failed: the key is wrong"),
    ("functions", NOT, lambda life: logged(life, used=1000, init=2100), "init 2.1 s, then 1.5 s, 1000 of 1024 MB"),
    ("functions", NOT, lambda life: logged(life, used=310, init=11000), "init 11.0 s"),
    ("failed loads", NOT, lambda life: allowed(life, {"Condition": {}}), "allows it under a condition"),
    ("delivery streams", UNTOLD, lambda life: deleted(life), "firehose DescribeDeliveryStream: An error"),
]
"""What happens on the stack, one after the other, and what the check finds then."""


def deleted(life) -> None:
    aws.client("firehose").delete_delivery_stream(DeliveryStreamName=life.named("CitiesDeliveryStream"))


def test_each_fault_is_seen_and_what_cannot_be_asked_is_told(deployed):
    for name, expected, happens, words in FAULTS:
        happens(deployed)
        verdict, line = verdicts(deployed)[name]
        assert (name, verdict) == (name, expected)
        assert words in line
        assert ("expected: " in line) == (verdict == NOT)


@pytest.mark.parametrize(
    ("arn", "verdict", "words"),
    [
        (f"{TOPIC}:1", OK, "alarms: you@example.com is subscribed"),
        ("PendingConfirmation", NOT, "alarms: you@example.com has not confirmed: the link is in the e-mail"),
    ],
)
def test_a_subscription_counts_once_it_is_confirmed(answers, arn, verdict, words):
    """The emulator gives one an ARN at once, where SNS says that it is pending."""
    subscription = {"SubscriptionArn": arn, "TopicArn": TOPIC, "Protocol": "email", "Endpoint": "you@example.com"}
    answers("sns", [("list_subscriptions_by_topic", {"Subscriptions": [subscription]}, {"TopicArn": TOPIC})])
    stack = Deployed("any")
    vars(stack)["resources"] = {"AlarmsTopic": ("AWS::SNS::Topic", TOPIC)}
    [check] = [check for check in CHECKS if check.name == "subscriptions"]
    found = check.line(stack)
    assert found.verdict == verdict
    assert words in found.words


@pytest.mark.parametrize(
    ("runs", "verdict", "words"),
    [
        ([], NOT_YET, "no run has ended"),
        ([{"JobRunState": "RUNNING"}], NOT_YET, "no run has ended"),
        ([{"JobRunState": "RUNNING"}, {"JobRunState": "SUCCEEDED", "ExecutionTime": 61}], OK, "took 61 s"),
        ([{"JobRunState": "FAILED", "ErrorMessage": "no wheel"}], NOT, "ended as FAILED: no wheel"),
    ],
    ids=["none", "the first one runs", "it succeeded", "it failed"],
)
@pytest.mark.parametrize(("name", "switch"), [("publishing", "Publish"), ("training", "Train")])
def test_how_publishing_and_training_went_is_told_by_the_newest_run(answers, name, switch, runs, verdict, words):
    """A stack in the emulator has neither job."""
    answers("glue", [("get_job_runs", {"JobRuns": runs}, {"JobName": "a-job", "MaxResults": 20})])
    stack = Deployed("any")
    vars(stack)["resources"] = {f"{switch}Job": ("AWS::Glue::Job", "a-job")}
    vars(stack)["parameters"] = {switch: "true"}
    [check] = [check for check in CHECKS if check.name == name]
    found = check.line(stack)
    assert found.verdict == verdict
    assert words in found.words


def test_athena_is_expected_to_name_columns_as_the_laptop_does():
    known = Catalog(tables={"flights": "s3://any"}, columns={"flights": {"flight_key": GlueColumn("string")}})

    def laptop(text: str) -> list[str]:
        if text.startswith("select"):
            marked = as_athena.mark_unnamed(sqlglot.parse_one(text, read="athena"))
            return as_athena.names([column.alias for column in marked.expressions])
        return list(metadata.show(text, known).columns)

    assert {text: laptop(text) for text in found_data.NAMED_BY_ATHENA} == found_data.NAMED_BY_ATHENA
