"""AWS's APIs, as botocore models them, take every resource of the template: CloudFormation makes it by calling them."""

import copy
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from support import models, processed
from support.resolved import ACCOUNT, Resolver


@dataclass(frozen=True)
class Call:
    """A call that CloudFormation makes of a resource's properties.

    A property goes to the input of its own name, whatever the case of its first letter, or to the one that `names` says
    (`.` goes down, on both sides), put by a function where one stands beside it. `also` is what CloudFormation makes
    up. `only_with` is the property for which this call is made; `each` a list that it is made for each item of.
    """

    operation: str
    names: dict[str, str | tuple[str, Callable[[Any], Any]]] = field(default_factory=dict)
    also: dict[str, Any] = field(default_factory=dict)
    only_with: str = ""
    each: str = ""


def lifecycle(rules: list[dict]) -> list[dict]:
    """A bucket's rules as S3's API has them."""
    renamed = {"Id": "ID", "TransitionInDays": "Days"}

    def rule(given: Any) -> Any:
        if isinstance(given, list):
            return [rule(item) for item in given]
        if not isinstance(given, dict):
            return given
        made = {renamed.get(name, name): rule(part) for name, part in given.items()}
        days = made.pop("ExpirationInDays", None)
        return made if days is None else made | {"Expiration": {"Days": days}}

    # A rule for the whole bucket says so by an empty prefix.
    return [{"Prefix": ""} | rule(given) for given in rules]


def encryption(rules: list[dict]) -> list[dict]:
    return [{f"Apply{name}": part for name, part in rule.items()} for rule in rules]


def amount(budget: dict) -> dict:
    """A budget's limit, which is text in its API."""
    limit = budget["BudgetLimit"]
    return budget | {"BudgetLimit": limit | {"Amount": str(limit["Amount"])}}


def counted(config: dict) -> dict:
    """A distribution as CloudFront's API has it: a list with its length, and what CloudFormation makes up."""

    def listed(items: list) -> dict:
        return {"Quantity": len(items), "Items": items}

    behaviour = config["DefaultCacheBehavior"]
    behaviour |= {name: listed(behaviour[name]) for name in ("AllowedMethods", "FunctionAssociations")}
    renamed = {"HttpVersion": config["HttpVersion"], "IsIPV6Enabled": config["IPV6Enabled"]}
    kept = {name: part for name, part in config.items() if name != "IPV6Enabled"}
    return kept | renamed | {"CallerReference": "1", "Origins": listed(config["Origins"])}


CALLS: dict[str, list[Call]] = {
    "AWS::Athena::NamedQuery": [Call("athena.CreateNamedQuery")],
    "AWS::Athena::WorkGroup": [
        Call("athena.CreateWorkGroup", {"WorkGroupConfiguration": "Configuration"}),
        Call("athena.DeleteWorkGroup", {"Name": "WorkGroup"}, only_with="RecursiveDeleteOption"),
    ],
    "AWS::Budgets::Budget": [Call("budgets.CreateBudget", {"Budget": ("Budget", amount)}, {"AccountId": ACCOUNT})],
    "AWS::CloudFront::Distribution": [
        Call("cloudfront.CreateDistribution", {"DistributionConfig": ("DistributionConfig", counted)})
    ],
    "AWS::CloudFront::Function": [
        Call("cloudfront.CreateFunction"),
        Call("cloudfront.PublishFunction", {"AutoPublish": ""}, {"IfMatch": "1"}, only_with="AutoPublish"),
    ],
    "AWS::CloudFront::OriginAccessControl": [Call("cloudfront.CreateOriginAccessControl")],
    "AWS::CloudTrail::Trail": [
        Call("cloudtrail.CreateTrail", {"TrailName": "Name"}),
        Call("cloudtrail.StartLogging", {"TrailName": "Name", "IsLogging": ""}, only_with="IsLogging"),
        Call("cloudtrail.PutEventSelectors", only_with="AdvancedEventSelectors"),
    ],
    "AWS::CloudWatch::Alarm": [Call("cloudwatch.PutMetricAlarm")],
    "AWS::CloudWatch::Dashboard": [Call("cloudwatch.PutDashboard")],
    "AWS::Events::Rule": [
        Call("events.PutRule", {"EventPattern": ("EventPattern", json.dumps)}),
        Call("events.PutTargets", {"Name": "Rule"}, only_with="Targets"),
    ],
    "AWS::Glue::Database": [Call("glue.CreateDatabase")],
    "AWS::Glue::Job": [Call("glue.CreateJob")],
    "AWS::Glue::Trigger": [Call("glue.CreateTrigger")],
    "AWS::Glue::Workflow": [Call("glue.CreateWorkflow")],
    "AWS::IAM::Role": [
        Call(
            "iam.CreateRole",
            {"AssumeRolePolicyDocument": ("AssumeRolePolicyDocument", json.dumps)},
            {"RoleName": "aviation-role"},
        ),
        Call(
            "iam.PutRolePolicy",
            {"PolicyDocument": ("PolicyDocument", json.dumps)},
            {"RoleName": "aviation-role"},
            each="Policies",
        ),
    ],
    "AWS::Kinesis::Stream": [
        Call("kinesis.CreateStream", {"Name": "StreamName"}),
        Call("kinesis.IncreaseStreamRetentionPeriod", {"Name": "StreamName"}, only_with="RetentionPeriodHours"),
        Call(
            "kinesis.StartStreamEncryption",
            {
                "Name": "StreamName",
                "StreamEncryption.EncryptionType": "EncryptionType",
                "StreamEncryption.KeyId": "KeyId",
            },
            only_with="StreamEncryption",
        ),
    ],
    "AWS::KinesisFirehose::DeliveryStream": [Call("firehose.CreateDeliveryStream")],
    "AWS::Lambda::EventInvokeConfig": [Call("lambda.PutFunctionEventInvokeConfig")],
    "AWS::Lambda::Function": [
        Call("lambda.CreateFunction"),
        Call("lambda.PutFunctionConcurrency", only_with="ReservedConcurrentExecutions"),
    ],
    "AWS::Lambda::Permission": [
        Call("lambda.AddPermission", also={"StatementId": "aviation-AlertsPermission-1ABCDEF"})
    ],
    "AWS::Logs::LogGroup": [
        Call("logs.CreateLogGroup"),
        Call("logs.PutRetentionPolicy", only_with="RetentionInDays"),
    ],
    "AWS::Logs::LogStream": [Call("logs.CreateLogStream")],
    "AWS::QuickSight::Analysis": [Call("quicksight.CreateAnalysis")],
    "AWS::QuickSight::Dashboard": [Call("quicksight.CreateDashboard")],
    "AWS::QuickSight::DataSet": [Call("quicksight.CreateDataSet")],
    "AWS::QuickSight::DataSource": [Call("quicksight.CreateDataSource")],
    "AWS::QuickSight::Template": [Call("quicksight.CreateTemplate")],
    "AWS::S3::Bucket": [
        Call("s3.CreateBucket", {"BucketName": "Bucket"}),
        Call(
            "s3.PutBucketEncryption",
            {
                "BucketName": "Bucket",
                "BucketEncryption.ServerSideEncryptionConfiguration": (
                    "ServerSideEncryptionConfiguration.Rules",
                    encryption,
                ),
            },
            only_with="BucketEncryption",
        ),
        Call("s3.PutPublicAccessBlock", {"BucketName": "Bucket"}, only_with="PublicAccessBlockConfiguration"),
        Call("s3.PutBucketOwnershipControls", {"BucketName": "Bucket"}, only_with="OwnershipControls"),
        Call("s3.PutBucketVersioning", {"BucketName": "Bucket"}, only_with="VersioningConfiguration"),
        Call(
            "s3.PutBucketLifecycleConfiguration",
            {
                "BucketName": "Bucket",
                "LifecycleConfiguration.Rules": ("LifecycleConfiguration.Rules", lifecycle),
            },
            only_with="LifecycleConfiguration",
        ),
    ],
    "AWS::S3::BucketPolicy": [Call("s3.PutBucketPolicy", {"PolicyDocument": ("Policy", json.dumps)})],
    "AWS::SNS::Subscription": [Call("sns.Subscribe")],
    "AWS::SNS::Topic": [Call("sns.CreateTopic", {"TopicName": "Name", "DisplayName": "Attributes.DisplayName"})],
    "AWS::SNS::TopicPolicy": [
        Call(
            "sns.SetTopicAttributes",
            {"Topics": "TopicArn", "PolicyDocument": ("AttributeValue", json.dumps)},
            {"AttributeName": "Policy"},
            each="Topics",
        )
    ],
    "AWS::SQS::Queue": [
        Call(
            "sqs.CreateQueue",
            {
                "MessageRetentionPeriod": ("Attributes.MessageRetentionPeriod", str),
                "SqsManagedSseEnabled": ("Attributes.SqsManagedSseEnabled", str),
            },
        )
    ],
    "AWS::SQS::QueuePolicy": [
        Call(
            "sqs.SetQueueAttributes",
            {"Queues": "QueueUrl", "PolicyDocument": ("Attributes.Policy", json.dumps)},
            each="Queues",
        )
    ],
    "AWS::Scheduler::Schedule": [Call("scheduler.CreateSchedule")],
    "AWS::Scheduler::ScheduleGroup": [Call("scheduler.CreateScheduleGroup")],
    "AWS::SecretsManager::Secret": [Call("secretsmanager.CreateSecret", also={"Name": "ApiKeySecret-1AbCdEfGhIjK"})],
}
"""The calls that make a resource, by its type. A name that is given to an input of no name ("") goes nowhere."""


def checked(kind: str, properties: dict[str, Any]) -> Iterator[str]:
    """What AWS would refuse of a resource, and which of its properties no call takes."""
    if kind not in CALLS:
        yield f"{kind} is not in CALLS: say which calls make it"
        return
    left = set(properties)
    for call in CALLS[kind]:
        if call.only_with and call.only_with not in properties:
            continue
        for item in properties[call.each] if call.each else [{}]:
            given = properties | (item if isinstance(item, dict) else {call.each: item})
            put, taken = inputs(call, given)
            left -= taken | {call.each, call.only_with if call.only_with in call.names else ""}
            yield from (f"{call.operation}: {fault}" for fault in models.faults(call.operation, put))
    yield from (f"{kind}: no call takes {name}" for name in sorted(left))


def inputs(call: Call, properties: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """A call's input, and the properties that went into it."""
    members = {name.lower(): name for name in models.operation(call.operation).input_shape.members}
    put, taken = copy.deepcopy(call.also), set()
    for name, value in properties.items():
        renamed = [path for path in call.names if path.partition(".")[0] == name]
        for path in renamed:
            target, change = call.names[path] if isinstance(call.names[path], tuple) else (call.names[path], None)
            part = value
            for step in path.split(".")[1:]:
                part = part[step]
            place(put, target, change(part) if change else part)
        if not renamed and name.lower() in members:
            put[members[name.lower()]] = value
        if renamed or name.lower() in members:
            taken.add(name)
    return put, taken


def place(put: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for step in above:
        put = put.setdefault(step, {})
    if last:
        put[last] = value


@pytest.fixture(scope="module")
def template(stack) -> dict[str, Any]:
    return processed.template()


@pytest.mark.parametrize("conditions", [True, False], ids=["every condition true", "every condition false"])
def test_aws_takes_every_resource_of_the_template(template, conditions):
    resources = Resolver(template, conditions=conditions).properties()
    assert len(resources) > 60
    found = {name: faults for name, made in resources.items() if (faults := list(checked(*made)))}
    assert found == {}


WRONG = {
    "an enum": ("AWS::Scheduler::Schedule", "FlexibleTimeWindow.Mode", "MAYBE", "'MAYBE' is none of OFF, FLEXIBLE"),
    "a maximum": (
        "AWS::KinesisFirehose::DeliveryStream",
        "ExtendedS3DestinationConfiguration.BufferingHints.IntervalInSeconds",
        901,
        "901 is more than 900",
    ),
    "a minimum": ("AWS::Lambda::Function", "Timeout", 0, "parameter Timeout, value: 0, valid min value: 1"),
    "a length": ("AWS::Athena::NamedQuery", "Name", "n" * 129, "129 is more than 128"),
    "a pattern": ("AWS::Athena::WorkGroup", "Name", "a work group", "'a work group' does not match"),
    "a type": ("AWS::Glue::Job", "Timeout", "25", "Invalid type for parameter Timeout"),
    "a name": ("AWS::Glue::Job", "GlueVerson", "5.1", "AWS::Glue::Job: no call takes GlueVerson"),
    "a name further down": (
        "AWS::Events::Rule",
        "Targets.0.InputTransformer.InputPathMap",
        {"job": "$.detail.jobName"},
        'Unknown parameter in Targets[0].InputTransformer: "InputPathMap"',
    ),
    "a rule of a bucket": (
        "AWS::S3::Bucket",
        "LifecycleConfiguration.Rules.2.Transitions.0.StorageClass",
        "STANDARD_RARE",
        "'STANDARD_RARE' is none of GLACIER, STANDARD_IA",
    ),
    "a sheet of QuickSight": (
        "AWS::QuickSight::Analysis",
        "Definition.Sheets.0.Visuals.0.KPIVisual.Title.Visibility",
        "SHOWN",
        "'SHOWN' is none of HIDDEN, VISIBLE",
    ),
    "an ARN": ("AWS::Lambda::Function", "Role", "aviation-role", "'aviation-role' does not match arn:"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_what_aws_would_refuse_is_found(template, wrong):
    kind, path, value, message = WRONG[wrong]
    resources = Resolver(template, conditions=True).properties().values()
    properties = next(copy.deepcopy(properties) for made, properties in resources if made == kind)
    *above, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    part = properties
    for step in above:
        part = part[step]
    part[last] = value
    found = list(checked(kind, properties))
    assert found
    assert all(message in fault for fault in found), found


def test_a_type_whose_calls_are_not_said_is_found():
    assert list(checked("AWS::EC2::Instance", {})) == ["AWS::EC2::Instance is not in CALLS: say which calls make it"]
