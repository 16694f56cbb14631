"""What AWS's documentation rules and no schema says: each rule with its page, held against the processed template, and
each seen to find the fault that it is for."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from support import ROOT
from support.deployed import LONGEST_STACK, Deployed, at, listed

DAY = 24 * 3600


@dataclass(frozen=True)
class Rule:
    """A documented rule: `source` is its page under https://docs.aws.amazon.com/, `found` yields what breaks it and
    `fault` breaks it."""

    says: str
    source: str
    found: Callable[[Deployed], Iterator[Any]]
    fault: Callable[[Deployed], Any]


def resource(deployed: Deployed, name: str) -> dict[str, Any]:
    return deployed.template["Resources"][name]["Properties"]


def within(kind: str, path: str, least: float, most: float, source: str) -> Rule:
    """The number at the path of each resource of a type lies in a range, for every value that its parameter allows."""

    def found(deployed: Deployed) -> Iterator[str]:
        for name, properties in deployed.of_type(kind).items():
            for value in at(properties, path):
                if not all(least <= number <= most for number in deployed.numbers(value)):
                    yield name

    def fault(deployed: Deployed) -> None:
        *parents, last = path.split(".")
        for properties in deployed.of_type(kind).values():
            for holder in at(properties, ".".join(parents)):
                holder[last] = most + 1

    return Rule(f"{kind} {path} is from {least:,} to {most:,}", source, found, fault)


def named(kind: str, path: str, most: int, source: str) -> Rule:
    """The name at the path is not longer, in the stack with the longest name."""

    def found(deployed: Deployed) -> Iterator[str]:
        for properties in deployed.of_type(kind).values():
            yield from (text for value in at(properties, path) if len(text := deployed.text(value)) > most)

    def fault(deployed: Deployed) -> None:
        [*_, properties] = deployed.of_type(kind).values()
        properties[path] = {"Fn::Sub": "${AWS::StackName}" + "n" * most}

    return Rule(f"{kind} {path} has at most {most} characters", source, found, fault)


def conditions_for_eventbridge(deployed: Deployed) -> Iterator[str]:
    for name, policy in deployed.of_type("AWS::SNS::TopicPolicy").items():
        for statement in policy["PolicyDocument"]["Statement"]:
            services = listed(statement["Principal"].get("Service", [])) if statement["Effect"] == "Allow" else []
            if "events.amazonaws.com" in services and "Condition" in statement:
                yield name


def condition_for_eventbridge(deployed: Deployed) -> None:
    for statement in resource(deployed, "AlarmsTopicPolicy")["PolicyDocument"]["Statement"]:
        if statement["Sid"] == "FailedLoads":
            statement["Condition"] = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


def services_without_leave(deployed: Deployed) -> Iterator[tuple[str, str]]:
    """Topics that a service is told to publish to, and whose policy does not allow it to."""
    told = [
        *(
            ("cloudwatch.amazonaws.com", topic)
            for topic in at([*deployed.of_type("AWS::CloudWatch::Alarm").values()], "AlarmActions")
        ),
        *(
            ("events.amazonaws.com", arn)
            for arn in at([*deployed.of_type("AWS::Events::Rule").values()], "Targets.Arn")
            if "Topic" in arn.get("Ref", "")
        ),
        *(
            ("budgets.amazonaws.com", topic)
            for topic in at(
                [*deployed.of_type("AWS::Budgets::Budget").values()], "NotificationsWithSubscribers.Subscribers.Address"
            )
        ),
    ]
    assert {service for service, _ in told} == {f"{name}.amazonaws.com" for name in ("cloudwatch", "events", "budgets")}
    for service, topic in told:
        allowed = [item for item in deployed.topic_statements(topic) if item["Effect"] == "Allow"]
        if not any(service in listed(item["Principal"]["Service"]) for item in allowed):
            yield service, topic["Ref"]


def no_leave(deployed: Deployed) -> None:
    statements = resource(deployed, "AlarmsTopicPolicy")["PolicyDocument"]["Statement"]
    statements[:] = [statement for statement in statements if statement["Sid"] != "Budget"]


def encrypted_topics(deployed: Deployed) -> Iterator[str]:
    yield from (name for name, topic in deployed.of_type("AWS::SNS::Topic").items() if "KmsMasterKeyId" in topic)


KNOW_NO_RESOURCE = {
    "athena:ListDataCatalogs",
    "cloudwatch:GetMetricData",
    "cloudwatch:ListMetrics",
    "cloudwatch:PutMetricData",
    "kinesis:ListStreams",
    "kinesis:UpdateShardCount",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "secretsmanager:GetRandomPassword",
    "sns:ListTopics",
    "sts:GetCallerIdentity",
}


def resources_for_nothing(deployed: Deployed) -> Iterator[tuple[str, str]]:
    for role, statement in deployed.role_statements():
        for action in KNOW_NO_RESOURCE.intersection(listed(statement["Action"])):
            if listed(statement["Resource"]) != ["*"]:
                yield role, action


def resource_for_nothing(deployed: Deployed) -> None:
    for _, statement in deployed.role_statements():
        if statement["Action"] == "cloudwatch:PutMetricData":
            statement["Resource"] = {"Fn::Sub": "arn:aws:cloudwatch:*:*:alarm:${AWS::StackName}-*"}


def reserved_beyond_quota(deployed: Deployed) -> Iterator[str]:
    """An account keeps 100 executions unreserved, of 1,000 by default; one that has 10 reserves none."""
    total = 0
    for name, function in deployed.of_type("AWS::Lambda::Function").items():
        condition, reserved, otherwise = function["ReservedConcurrentExecutions"].get("Fn::If", ("", 0, ""))
        if condition != "ConcurrencyReserved" or otherwise != {"Ref": "AWS::NoValue"}:
            yield name
        total += reserved
    if total > 1000 - 100:
        yield f"{total} reserved"


def reserve_too_many(deployed: Deployed) -> None:
    resource(deployed, "Alerts")["ReservedConcurrentExecutions"]["Fn::If"][1] = 897


def over_template_quotas(deployed: Deployed) -> Iterator[str]:
    quotas = {
        "bytes of the template": (len(deployed.body.encode()), 1_048_576),
        "bytes of a dry run's body": (len(deployed.preview.encode()), 51_200),
        "resources": (len(deployed.template["Resources"]), 500),
        "parameters": (len(deployed.template["Parameters"]), 200),
        "outputs": (len(deployed.template["Outputs"]), 200),
        "mappings": (len(deployed.template["Mappings"]), 200),
        "attributes of a mapping": (max(map(len, deployed.template["Mappings"].values())), 200),
        "bytes of the description": (len(deployed.template["Description"].encode()), 1024),
        "bytes of a parameter's description": (
            max(len(stated["Description"].encode()) for stated in deployed.template["Parameters"].values()),
            4000,
        ),
    }
    yield from (f"{name}: {count:,} > {most:,}" for name, (count, most) in quotas.items() if count > most)


def unconfirmed_emails(deployed: Deployed) -> Iterator[str]:
    """Parameters that subscribe an address without saying that it has to confirm."""
    for subscription in deployed.of_type("AWS::SNS::Subscription").values():
        name = subscription["Endpoint"]["Ref"]
        if (
            subscription["Protocol"] == "email"
            and "confirm" not in deployed.template["Parameters"][name]["Description"]
        ):
            yield name


def odd_periods(deployed: Deployed) -> Iterator[str]:
    for name, alarm in deployed.of_type("AWS::CloudWatch::Alarm").items():
        periods = deployed.numbers(alarm["Period"])
        longest = max(periods) * max(deployed.numbers(alarm["EvaluationPeriods"]))
        if longest > DAY or any(period not in (10, 20, 30) and period % 60 for period in periods):
            yield name


def rule_targets_with_roles(deployed: Deployed) -> Iterator[str]:
    for name, rule in deployed.of_type("AWS::Events::Rule").items():
        yield from (name for target in rule["Targets"] if "RoleArn" in target)


def letters_lost(deployed: Deployed) -> Iterator[str]:
    """Rules whose dead letters their queue does not take from EventBridge."""
    statements = [*at([*deployed.of_type("AWS::SQS::QueuePolicy").values()], "PolicyDocument.Statement")]
    allowed = [item for item in statements if item["Effect"] == "Allow"]
    for name, rule in deployed.of_type("AWS::Events::Rule").items():
        arn = f":rule/{deployed.text(rule['Name'])}"
        for queue in at(rule, "Targets.DeadLetterConfig.Arn"):
            taken = [item["Condition"]["ArnEquals"]["aws:SourceArn"] for item in allowed if item["Resource"] == queue]
            if not any(deployed.text(source).endswith(arn) for sources in taken for source in listed(sources)):
                yield name


def lose_letters(deployed: Deployed) -> None:
    for statement in resource(deployed, "DeadLettersPolicy")["PolicyDocument"]["Statement"]:
        if statement["Effect"] == "Allow":
            statement["Condition"]["ArnEquals"]["aws:SourceArn"] = {"Fn::Sub": "arn:aws:events:*:*:rule/another"}


def destinations_without_leave(deployed: Deployed) -> Iterator[str]:
    """Functions and schedules whose own role may not send what failed to the queue."""
    senders = {
        role
        for role, statement in deployed.role_statements()
        if "sqs:SendMessage" in listed(statement["Action"])
        and statement["Resource"] == {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    }
    functions = deployed.of_type("AWS::Lambda::Function")
    roles = {
        name: functions[invocation["FunctionName"]["Ref"]]["Role"]
        for name, invocation in deployed.of_type("AWS::Lambda::EventInvokeConfig").items()
    } | {name: schedule["Target"]["RoleArn"] for name, schedule in deployed.of_type("AWS::Scheduler::Schedule").items()}
    yield from (name for name, role in roles.items() if role["Fn::GetAtt"][0] not in senders)


def no_destination(deployed: Deployed) -> None:
    for role, statement in deployed.role_statements():
        if role == "AlertsRole" and statement["Action"] == "sqs:SendMessage":
            statement["Action"] = "sqs:GetQueueUrl"


def colder_too_soon(deployed: Deployed) -> Iterator[str]:
    for name, bucket in deployed.of_type("AWS::S3::Bucket").items():
        for transition in at(bucket, "LifecycleConfiguration.Rules.Transitions"):
            if (
                transition["StorageClass"] == "STANDARD_IA"
                and min(deployed.numbers(transition["TransitionInDays"])) < 30
            ):
                yield name


def named_roles(deployed: Deployed) -> Iterator[str]:
    yield from (name for name, role in deployed.of_type("AWS::IAM::Role").items() if "RoleName" in role)


def budget_subscribers(deployed: Deployed) -> Iterator[str]:
    for name, budget in deployed.of_type("AWS::Budgets::Budget").items():
        for notification in budget["NotificationsWithSubscribers"]:
            kinds = [subscriber["SubscriptionType"] for subscriber in notification["Subscribers"]]
            if kinds.count("SNS") > 1 or kinds.count("EMAIL") > 10:
                yield name


def trails_that_feed_themselves(deployed: Deployed) -> Iterator[str]:
    """Trails that note what they themselves write."""
    for name, trail in deployed.of_type("AWS::CloudTrail::Trail").items():
        prefix = {"Fn::Sub": "${%s.Arn}/%s/" % (trail["S3BucketName"]["Ref"], trail["S3KeyPrefix"])}  # noqa: UP031
        if prefix not in at(trail, "AdvancedEventSelectors.FieldSelectors.NotStartsWith"):
            yield name


def feed_itself(deployed: Deployed) -> None:
    for selector in at(resource(deployed, "Trail"), "AdvancedEventSelectors.FieldSelectors"):
        selector.pop("NotStartsWith", None)


RULES = [
    Rule(
        "A topic's policy allows EventBridge without a condition, or EventBridge does not publish",
        "eventbridge/latest/userguide/eb-use-resource-based.html#eb-sns-permissions",
        conditions_for_eventbridge,
        condition_for_eventbridge,
    ),
    Rule(
        "CloudWatch, EventBridge and Budgets publish to a topic whose policy allows them to",
        "cost-management/latest/userguide/budgets-sns-policy.html",
        services_without_leave,
        no_leave,
    ),
    Rule(
        "Alarms cannot publish to a topic under the key that AWS manages for SNS",
        "sns/latest/dg/sns-key-management.html",
        encrypted_topics,
        lambda deployed: resource(deployed, "AlarmsTopic").update(KmsMasterKeyId="alias/aws/sns"),
    ),
    Rule(
        "An action that knows no resource is allowed on * or not at all",
        "service-authorization/latest/reference/list_amazoncloudwatch.html",
        resources_for_nothing,
        resource_for_nothing,
    ),
    Rule(
        "100 of an account's concurrent executions cannot be reserved",
        "lambda/latest/dg/configuration-concurrency.html",
        reserved_beyond_quota,
        reserve_too_many,
    ),
    *(
        Rule(
            f"CloudFormation's quotas, {name}",
            "AWSCloudFormation/latest/UserGuide/cloudformation-limits.html",
            over_template_quotas,
            fault,
        )
        for name, fault in {
            "of a template's bytes": lambda deployed: setattr(deployed, "body", "#" * 1_048_577),
            "of a request's bytes": lambda deployed: setattr(deployed, "preview", "#" * 51_201),
            "of resources": lambda deployed: deployed.template["Resources"].update(
                {f"R{number}": {"Type": "AWS::SNS::Topic"} for number in range(500)}
            ),
            "of parameters": lambda deployed: deployed.template["Parameters"].update(
                {f"P{number}": {"Description": ""} for number in range(200)}
            ),
        }.items()
    ),
    Rule(
        "An address that subscribes to a topic hears nothing before it has confirmed",
        "sns/latest/dg/sns-email-notifications.html",
        unconfirmed_emails,
        lambda deployed: deployed.template["Parameters"]["AlarmEmail"].update(Description="Who is written to."),
    ),
    Rule(
        "An alarm's period is 10, 20, 30 or a multiple of 60 seconds, and it looks back a day at most",
        "AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        odd_periods,
        lambda deployed: deployed.files["basic"].update(FreshnessWindowSeconds="3630"),
    ),
    Rule(
        "An alarm whose periods together are longer than a day is refused",
        "AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
        odd_periods,
        lambda deployed: resource(deployed, "QuarantineAlarm").update(EvaluationPeriods=289),
    ),
    Rule(
        "A rule's target that is a topic, a queue or a function has no role",
        "eventbridge/latest/userguide/eb-use-resource-based.html",
        rule_targets_with_roles,
        lambda deployed: resource(deployed, "FailedLoads")["Targets"][0].update(RoleArn="arn:aws:iam::1:role/any"),
    ),
    Rule(
        "A queue takes a rule's dead letters only where its policy allows that rule",
        "eventbridge/latest/userguide/eb-rule-dlq.html",
        letters_lost,
        lose_letters,
    ),
    Rule(
        "What failed is sent on with the rights of the function's or the schedule's own role",
        "lambda/latest/dg/invocation-async-retain-records.html",
        destinations_without_leave,
        no_destination,
    ),
    Rule(
        "An object is 30 days old before it moves to Standard-IA",
        "AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html",
        colder_too_soon,
        lambda deployed: deployed.template["Parameters"]["RawInfrequentDays"].update(MinValue=7),
    ),
    Rule(
        "A role with a name needs CAPABILITY_NAMED_IAM, which no deployment asks for",
        "AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html",
        named_roles,
        lambda deployed: resource(deployed, "LoadRole").update(RoleName={"Fn::Sub": "${AWS::StackName}-load"}),
    ),
    Rule(
        "A budget's notification has one topic at most",
        "cost-management/latest/userguide/budgets-sns-policy.html",
        budget_subscribers,
        lambda deployed: resource(deployed, "Budget")["NotificationsWithSubscribers"][0]["Subscribers"].extend(
            [{"SubscriptionType": "SNS", "Address": {"Ref": "Topic"}}]
        ),
    ),
    Rule(
        "A trail whose bucket it watches notes each of its own files, and so without end",
        "awscloudtrail/latest/userguide/filtering-data-events.html",
        trails_that_feed_themselves,
        feed_itself,
    ),
    Rule(
        "A function's package unpacks to 250 MB at most",
        "lambda/latest/dg/gettingstarted-limits.html",
        lambda deployed: iter([deployed.unzipped] if deployed.unzipped > 250 * 1024**2 else []),
        lambda deployed: setattr(deployed, "unzipped", 250 * 1024**2 + 1),
    ),
    Rule(
        "A function's environment has 4 KB at most",
        "lambda/latest/dg/gettingstarted-limits.html",
        lambda deployed: (
            name
            for name, function in deployed.of_type("AWS::Lambda::Function").items()
            if sum(len(key) + len(deployed.text(value)) for key, value in function["Environment"]["Variables"].items())
            > 4096
        ),
        lambda deployed: resource(deployed, "Alerts")["Environment"]["Variables"].update(LONG="x" * 4096),
    ),
    Rule(
        "A record of Kinesis has 1 MiB at most, its partition key included",
        "kinesis/latest/APIReference/API_PutRecordsRequestEntry.html",
        lambda deployed: iter([deployed.record] if deployed.record + 32 > 1024**2 else []),
        lambda deployed: setattr(deployed, "record", 1024**2 - 31),
    ),
    within(
        "AWS::KinesisFirehose::DeliveryStream",
        "ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds",
        0,
        900,
        "firehose/latest/APIReference/API_BufferingHints.html",
    ),
    within(
        "AWS::KinesisFirehose::DeliveryStream",
        "ExtendedS3DestinationConfiguration.BufferingHints.SizeInMBs",
        1,
        128,
        "firehose/latest/APIReference/API_BufferingHints.html",
    ),
    within(
        "AWS::Kinesis::Stream",
        "RetentionPeriodHours",
        24,
        8760,
        "kinesis/latest/APIReference/API_IncreaseStreamRetentionPeriod.html",
    ),
    within("AWS::Lambda::Function", "Timeout", 1, 900, "lambda/latest/dg/gettingstarted-limits.html"),
    within("AWS::Lambda::Function", "MemorySize", 128, 10240, "lambda/latest/dg/gettingstarted-limits.html"),
    *(
        within(
            "AWS::Lambda::EventInvokeConfig",
            path,
            least,
            most,
            "lambda/latest/api/API_PutFunctionEventInvokeConfig.html",
        )
        for path, least, most in (("MaximumEventAgeInSeconds", 60, 21600), ("MaximumRetryAttempts", 0, 2))
    ),
    *(
        within("AWS::Scheduler::Schedule", f"Target.RetryPolicy.{path}", least, most, source)
        for source in ("scheduler/latest/APIReference/API_RetryPolicy.html",)
        for path, least, most in (("MaximumEventAgeInSeconds", 60, DAY), ("MaximumRetryAttempts", 0, 185))
    ),
    *(
        within("AWS::Events::Rule", f"Targets.RetryPolicy.{path}", least, most, source)
        for source in ("eventbridge/latest/APIReference/API_RetryPolicy.html",)
        for path, least, most in (("MaximumEventAgeInSeconds", 60, DAY), ("MaximumRetryAttempts", 0, 185))
    ),
    within(
        "AWS::SQS::Queue",
        "MessageRetentionPeriod",
        60,
        14 * DAY,
        "AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    within("AWS::Glue::Job", "Timeout", 1, 7 * 24 * 60, "glue/latest/webapi/API_Job.html"),
    named("AWS::S3::Bucket", "BucketName", 63, "AmazonS3/latest/userguide/bucketnamingrules.html"),
    named("AWS::Lambda::Function", "FunctionName", 64, "lambda/latest/api/API_CreateFunction.html"),
    named("AWS::Kinesis::Stream", "Name", 128, "kinesis/latest/APIReference/API_CreateStream.html"),
    named(
        "AWS::KinesisFirehose::DeliveryStream",
        "DeliveryStreamName",
        64,
        "firehose/latest/APIReference/API_CreateDeliveryStream.html",
    ),
    named("AWS::Scheduler::Schedule", "Name", 64, "scheduler/latest/APIReference/API_CreateSchedule.html"),
    named("AWS::Scheduler::ScheduleGroup", "Name", 64, "scheduler/latest/APIReference/API_CreateScheduleGroup.html"),
    named("AWS::SQS::Queue", "QueueName", 80, "AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html"),
    named("AWS::SNS::Topic", "TopicName", 256, "sns/latest/api/API_CreateTopic.html"),
    named("AWS::Events::Rule", "Name", 64, "eventbridge/latest/APIReference/API_PutRule.html"),
    named("AWS::CloudWatch::Alarm", "AlarmName", 255, "AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"),
    named("AWS::Glue::Job", "Name", 255, "glue/latest/webapi/API_CreateJob.html"),
    named("AWS::Athena::WorkGroup", "Name", 128, "athena/latest/APIReference/API_CreateWorkGroup.html"),
    named(
        "AWS::Logs::LogGroup", "LogGroupName", 512, "AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html"
    ),
    named("AWS::CloudTrail::Trail", "TrailName", 128, "awscloudtrail/latest/APIReference/API_CreateTrail.html"),
]


@pytest.fixture(scope="module")
def deployed(stack) -> Deployed:
    return Deployed.read()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_what_is_deployed_keeps_to_the_rule(deployed, rule):
    assert list(rule.found(deployed)) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_a_template_that_breaks_the_rule_is_found(deployed, rule):
    broken = copy.deepcopy(deployed)
    rule.fault(broken)
    assert list(rule.found(broken))


def test_each_rule_has_its_page_and_stands_here_once():
    assert all("/latest/" in rule.source and not rule.source.startswith("http") for rule in RULES)
    assert len({rule.says for rule in RULES}) == len(RULES)


def test_the_page_on_deployment_says_how_long_a_stacks_name_may_be():
    assert f"at most {len(LONGEST_STACK)} characters" in (ROOT / "docs/deploy.md").read_text()
