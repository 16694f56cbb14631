"""Each way in which the pipeline can stop is made to happen in the emulator, and a message about it found on the topic
of alarms. The ways are the rows of the table in docs/operations.md, and the message says what the row promises.

What happens by itself here: functions run and fail, what failed asynchronously reaches the dead letters, a rule takes
an event to its topic, an alarm that sees a datum past its threshold tells the topic, the topic tells a queue.
What the emulator does not do is done in the place of AWS, each time in the form that AWS documents: the metrics of
Firehose, Kinesis, Logs, Scheduler and SQS (what can be counted here is counted), Glue's event, the dead letters of
schedules and rules, the end of an alarm's data, the notice of a budget. The emulator's alarms take no notice of
dimensions: that an alarm watches the very series of a datum is asserted here.
"""

import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from aviation import aws, places
from aviation.deploy import stack as deploy
from aviation.deploy.template import read_template
from aviation.entities import ENTITIES
from aviation.load import metrics
from aviation.report import Report
from support import ROOT

STACK = "notices"
FLIGHTS = f"{STACK}-flights"
NOON = datetime(2026, 3, 4, 12)
# Enabled, as on AWS, but for times at which no test runs it by accident: once a week.
POLLED = ("FlightsSchedule", "CitiesSchedule", "AirplanesSchedule", "AircraftTypesSchedule")
PARAMETERS = dict.fromkeys(POLLED, "cron(41 2 ? * SUN *)") | {
    "ScheduleState": "ENABLED",
    "SavedQueries": "false",
    "Publish": "false",
    "DatabaseName": STACK,
}
SCHEDULE_FAILED = {
    "ERROR_CODE": "AWS.Lambda.ResourceNotFoundException",
    "ERROR_MESSAGE": f"Function not found: {STACK}-producer-flights",
    "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
    "RETRY_ATTEMPTS": "1",
}
"""Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html"""
GLUE_FAILED = {
    "jobName": f"{STACK}-aviation_data_load",
    "severity": "ERROR",
    "state": "FAILED",
    "jobRunId": "jr_1",
    "message": "Command failed with exit code 1",
}
GLUE_EVENT = {
    "version": "0",
    "id": "abcdef00-1234-5678-9abc-def012345678",
    "detail-type": "Glue Job State Change",
    "source": "aws.glue",
    "account": "000000000000",
    "time": "2026-03-04T12:09:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": GLUE_FAILED,
}
"""Source: https://docs.aws.amazon.com/glue/latest/dg/automating-awsglue-with-cloudwatch-events.html"""


class Stack:
    """A stack whose schedules are enabled, and a queue that hears of its topic of alarms."""

    def __init__(self) -> None:
        self.outputs = deploy.deploy(STACK, PARAMETERS, root=ROOT, key="a key of this test")
        self.began = {name: alarm["StateValue"] for name, alarm in self.alarms().items()}
        self.inbox, arn = self.queue(f"{STACK}-inbox")
        for topic in ("AlarmsTopic", "AlertsTopic"):
            aws.client("sns").subscribe(TopicArn=self.outputs[topic], Protocol="sqs", Endpoint=arn)
        self.letters = aws.client("sqs").get_queue_url(QueueName=f"{STACK}-dead-letters")["QueueUrl"]

    def queue(self, name: str) -> tuple[str, str]:
        url = aws.client("sqs").create_queue(QueueName=name)["QueueUrl"]
        attributes = aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
        return url, attributes["QueueArn"]

    def alarms(self) -> dict[str, dict]:
        pages = aws.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=f"{STACK}-")
        return {alarm["AlarmName"].removeprefix(f"{STACK}-"): alarm for page in pages for alarm in page["MetricAlarms"]}

    def calm(self) -> None:
        """Every alarm is well, no letter is dead, and nothing has been said."""
        for alarm in self.alarms().values():
            if alarm["StateValue"] != "OK":
                aws.client("cloudwatch").set_alarm_state(
                    AlarmName=alarm["AlarmName"], StateValue="OK", StateReason="a test begins"
                )
        for url in (self.letters, self.inbox):
            aws.client("sqs").purge_queue(QueueUrl=url)

    def heard(self) -> list[dict]:
        """The messages on the stack's topics since it was calm."""
        found = []
        while (
            messages := aws.client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10).get("Messages")
        ):
            for message in messages:
                found.append(json.loads(message["Body"]))
                aws.client("sqs").delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return found

    def datum(self, alarm: str, namespace: str, metric: str, value: float, **dimensions: str) -> None:
        """What AWS would measure, which the alarm has to watch, in the series that AWS would put it in."""
        given = [{"Name": name, "Value": text} for name, text in dimensions.items()]
        watched = self.alarms()[alarm]
        assert (watched["Namespace"], watched["MetricName"], watched["Dimensions"]) == (namespace, metric, given)
        data = [{"MetricName": metric, "Dimensions": given, "Value": value}]
        aws.client("cloudwatch").put_metric_data(Namespace=namespace, MetricData=data)

    def fail(self, function: str, payload: bytes = b"{}") -> None:
        """Run a function of the stack that fails: once where the caller waits, which is counted as an error, and once
        where nobody does."""
        client = aws.client("lambda", read_timeout=120)
        assert client.invoke(FunctionName=function, Payload=payload)["FunctionError"]
        client.invoke(FunctionName=function, Payload=payload, InvocationType="Event")
        assert "responsePayload" in self.dead_letter()

    def dead_letter(self) -> str:
        """The one letter in the queue of dead letters, after SQS has counted it."""
        deadline = time.monotonic() + 60
        while not (
            found := aws.client("sqs").receive_message(QueueUrl=self.letters, VisibilityTimeout=0).get("Messages")
        ):
            assert time.monotonic() < deadline, "nothing reached the dead letters"
            time.sleep(0.1)
        attributes = aws.client("sqs").get_queue_attributes(
            QueueUrl=self.letters, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        visible = int(attributes["ApproximateNumberOfMessages"])
        metric = "ApproximateNumberOfMessagesVisible"
        self.datum("dead-letters", "AWS/SQS", metric, visible, QueueName=f"{STACK}-dead-letters")
        return found[0]["Body"]

    def undeliverable(self, queue: str, body: str, attributes: dict[str, str]) -> None:
        """What Scheduler and EventBridge do with what they cannot deliver: into the queue that was declared for it."""
        told = {name: {"DataType": "String", "StringValue": text} for name, text in attributes.items()}
        url = aws.client("sqs").get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"]
        aws.client("sqs").send_message(QueueUrl=url, MessageBody=body, MessageAttributes=told)
        assert self.dead_letter() == body


@pytest.fixture(scope="module")
def pipeline(stack):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AVIATION_STACK", STACK)
        # A region of its own: an alarm of the emulator's looks at the metrics of every stack of its region.
        for name in ("AWS_DEFAULT_REGION", "AWS_REGION"):
            patch.setenv(name, "eu-central-1")
        made = Stack()
        yield made
        deploy.destroy(STACK, buckets=[made.outputs[f"{name}Bucket"] for name in deploy.BUCKETS])
    places.stack_outputs.cache_clear()


def age(pipeline: Stack, entity: str, minutes: int) -> None:
    """What the load measures when the newest record of an entity is so old."""
    report = Report(finished_at=NOON.isoformat(), lines_read=0, quarantined=0)
    data = metrics.measured(STACK, report, {entity: NOON - timedelta(minutes=minutes)})
    aws.client("cloudwatch").put_metric_data(Namespace=metrics.NAMESPACE, MetricData=data)


def poll_fails(pipeline: Stack) -> None:
    pipeline.fail(f"{STACK}-producer-flights", b'{"entity": "balloons"}')


def load_fails(pipeline: Stack) -> None:
    job_fails(pipeline, f"{STACK}-aviation_data_load")


def publishing_fails(pipeline: Stack) -> None:
    job_fails(pipeline, f"{STACK}-aviation_publish")


def training_fails(pipeline: Stack) -> None:
    job_fails(pipeline, f"{STACK}-train_delay_forecast")


def job_fails(pipeline: Stack, job: str) -> None:
    """PutEvents refuses a source of AWS's own, here as there. So the rule is shown Glue's event first, and then takes
    the same one from a source that we may use."""
    events, name = aws.client("events"), f"{STACK}-failed-loads"
    detail = GLUE_FAILED | {"jobName": job}
    pattern = events.describe_rule(Name=name)["EventPattern"]
    for state in ("FAILED", "TIMEOUT", "STOPPED"):
        event = GLUE_EVENT | {"detail": detail | {"state": state}}
        shown = pattern.replace('"glue"', '"aws.glue"')
        assert events.test_event_pattern(EventPattern=shown, Event=json.dumps(event))["Result"], state
    events.put_rule(Name=name, EventPattern=pattern.replace('"aws.glue"', '"glue"'))
    entry = {"Source": "glue", "DetailType": GLUE_EVENT["detail-type"], "Detail": json.dumps(detail)}
    assert not events.put_events(Entries=[entry])["FailedEntryCount"]
    pipeline.datum("failed-loads", "AWS/Events", "TriggeredRules", 1, RuleName=name)


def load_refuses(pipeline: Stack) -> None:
    report = Report(finished_at=NOON.isoformat(), lines_read=100, quarantined=6)
    data = metrics.measured(STACK, report, {})
    aws.client("cloudwatch").put_metric_data(Namespace=metrics.NAMESPACE, MetricData=data)


def forecasts_drift(pipeline: Stack) -> None:
    report = Report(finished_at=NOON.isoformat(), lines_read=0, quarantined=0)
    data = metrics.measured(STACK, report, {}, coverage=0.69)
    aws.client("cloudwatch").put_metric_data(Namespace=metrics.NAMESPACE, MetricData=data)


def silence(pipeline: Stack) -> None:
    aws.client("cloudwatch").set_alarm_state(
        AlarmName=f"{FLIGHTS}-age", StateValue="INSUFFICIENT_DATA", StateReason="no datapoints were received"
    )


def schedule_fails(pipeline: Stack) -> None:
    target = aws.client("scheduler").get_schedule(Name=f"{STACK}-producer-flights", GroupName=STACK)["Target"]
    pipeline.undeliverable(target["DeadLetterConfig"]["Arn"], target["Input"], SCHEDULE_FAILED)
    pipeline.datum("dropped-schedules", "AWS/Scheduler", "InvocationDroppedCount", 1, ScheduleGroup=STACK)


def rule_fails(pipeline: Stack) -> None:
    rules = [f"{STACK}-failed-loads", f"{STACK}-finished-loads"]
    targets = [aws.client("events").list_targets_by_rule(Rule=rule)["Targets"] for rule in rules]
    [queue] = {target["DeadLetterConfig"]["Arn"] for found in targets for target in found}
    pipeline.undeliverable(queue, json.dumps(GLUE_FAILED), {"ERROR_CODE": "NO_PERMISSIONS"})


def alerts_fail(pipeline: Stack) -> None:
    client = aws.client("lambda")
    client.update_function_configuration(FunctionName=f"{STACK}-alerts", Handler="aviation.runs.lambdas.gone")
    pipeline.fail(f"{STACK}-alerts")


def budget_passed(pipeline: Stack) -> None:
    """The template's budget, made by hand: the emulator's CloudFormation knows none, and its budgets tell nobody."""
    properties = read_template(ROOT)["Resources"]["Budget"]["Properties"]
    known = {"AWS::StackName": STACK, "MonthlyBudgetUsd": "160", "AlarmsTopic": pipeline.outputs["AlarmsTopic"]}
    text = re.sub(r'\{"Ref": "([\w:]+)"\}', lambda match: json.dumps(known[match[1]]), json.dumps(properties))
    budgets, account = aws.client("budgets"), {"AccountId": "000000000000"}
    budgets.create_budget(**account, **json.loads(text))
    for notification in budgets.describe_notifications_for_budget(**account, BudgetName=STACK)["Notifications"]:
        told = budgets.describe_subscribers_for_notification(**account, BudgetName=STACK, Notification=notification)
        for subscriber in told["Subscribers"]:
            subject = f"AWS Budgets: {STACK} has exceeded your alert threshold"
            aws.client("sns").publish(
                TopicArn=subscriber["Address"], Subject=subject, Message=f"Dear AWS Customer, {subject}"
            )


def measured(alarm: str, namespace: str, metric: str, value: float, **dimensions: str) -> Callable[[Stack], None]:
    """What AWS measures of its own services."""
    return lambda pipeline: pipeline.datum(f"flights-{alarm}", namespace, metric, value, **dimensions)


WAYS: dict[str, Callable[[Stack], None]] = {
    "A poll fails": poll_fails,
    "A poll cannot start": measured(
        "producer-throttles", "AWS/Lambda", "Throttles", 1, FunctionName=f"{STACK}-producer-flights"
    ),
    "A stream refuses records": measured(
        "stream-throttles", "AWS/Kinesis", "WriteProvisionedThroughputExceeded", 1, StreamName=FLIGHTS
    ),
    "A delivery stream cannot read its stream, or cannot write to raw": measured(
        "delivery-errors", "AWS/Logs", "IncomingLogEvents", 1, LogGroupName=f"/aws/kinesisfirehose/{FLIGHTS}"
    ),
    "A delivery stream falls behind its stream": measured(
        "delivery-behind", "AWS/Firehose", "KinesisMillisBehindLatest", 900_001, DeliveryStreamName=FLIGHTS
    ),
    "A delivery stream keeps what it has read": measured(
        "delivery-age", "AWS/Firehose", "DeliveryToS3.DataFreshness", 901, DeliveryStreamName=FLIGHTS
    ),
    "A load fails, takes too long or is stopped": load_fails,
    "Publishing fails, takes too long or is stopped": publishing_fails,
    "Training the forecast fails, takes too long or is stopped": training_fails,
    "A load refuses many lines": load_refuses,
    "Flights get old although they are loaded": lambda pipeline: age(pipeline, "flights", 61),
    "Flights are no longer loaded": silence,
    "Cities, airplanes or aircraft types get old": lambda pipeline: age(pipeline, "cities", 2901),
    "The forecasts no longer hold what they promise": forecasts_drift,
    "A schedule cannot start its producer or its load": schedule_fails,
    "A rule cannot start the alerts or publishing, or cannot tell of a failed load": rule_fails,
    "The alerts' function fails": alerts_fail,
    "The month costs more than its budget, or is going to": budget_passed,
}


@dataclass(frozen=True)
class Row:
    """A row of the page's table: the alarms that it names, by name, and the texts that a message must have."""

    what: str
    alarms: list[str]
    texts: list[str]


def rows() -> list[Row]:
    page = (ROOT / "docs/operations.md").read_text()
    table = page.partition("## What can stop the pipeline")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:1] == "|"]
    return [Row(what, names(notices), names(said)) for what, notices, _, said, _ in cells[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_the_page_has_a_row_for_each_way_that_is_tried_here_and_for_no_other():
    assert [row.what for row in rows()] == list(WAYS)


def test_each_alarm_of_the_stack_stands_in_the_table(pipeline):
    entities = "|".join(ENTITIES)
    there = {
        re.sub(rf"^({entities})-(producer|delivery)-errors$", r"<entity>-\2-errors", name) for name in pipeline.alarms()
    }
    # The age of flights has a row of its own, beside that of the reference entities.
    there = {re.sub(r"^(cities|airplanes|aircraft_types)-age$", "<entity>-age", name) for name in there}
    assert {alarm for row in rows() for alarm in row.alarms} == there


def test_nothing_is_said_about_the_age_of_flights_before_the_first_load(pipeline):
    """An alarm tells when its state changes, and this one begins in the state that it has without data."""
    assert pipeline.began["flights-age"] == "INSUFFICIENT_DATA"
    assert pipeline.alarms()["flights-age"]["TreatMissingData"] == "missing"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.what)
def test_who_runs_the_stack_hears_of_it(pipeline, row):
    pipeline.calm()
    WAYS[row.what](pipeline)
    heard = pipeline.heard()
    assert {message["TopicArn"] for message in heard} == {pipeline.outputs["AlarmsTopic"]}
    alarms = [json.loads(message["Message"]) for message in heard if message["Message"].startswith("{")]
    entity = "cities" if row.what.startswith("Cities") else "flights"
    for alarm in row.alarms:
        name = f"{STACK}-{alarm.replace('<entity>', entity)}"
        states = {told["NewStateValue"] for told in alarms if told["AlarmName"] == name}
        assert states in ({"ALARM"}, {"INSUFFICIENT_DATA"}), (name, alarms)
    for text in row.texts:
        assert [message for message in heard if text in message["Message"]], (text, heard)
