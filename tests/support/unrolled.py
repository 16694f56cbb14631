"""The template, unrolled by cfn-lint, with the names that a stack gives its resources: no stack is needed for it."""

import re
from functools import cache
from typing import Any

from cfnlint.decode import cfn_yaml
from cfnlint.template import Template
from cfnlint.template.transforms._language_extensions import language_extension

from aviation.deploy.template import TEMPLATE
from support import ROOT, iam

PARTITION, REGION, ACCOUNT, STACK, DATABASE = "aws", "eu-west-1", "123456789012", "acme", "acme_flights"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/{STACK}-boundary"
NAMES = {"stack": STACK, "database": DATABASE, "account": ACCOUNT, "region": REGION}
GIVEN = {
    "AWS::Partition": PARTITION,
    "AWS::Region": REGION,
    "AWS::AccountId": ACCOUNT,
    "AWS::StackName": STACK,
    "AWS::NoValue": None,
    "DatabaseName": DATABASE,
    "PermissionsBoundary": BOUNDARY,
    "LambdaKey": "Deployment_Lambda-0123456789abcdef.zip",
    "LoadScriptKey": "aviation_data_load-0123456789abcdef.py",
    "LibraryKey": "aviation-0123456789abcdef.zip",
    "PublishScriptKey": "aviation_publish-0123456789abcdef.py",
    "PackageKey": "0123456789abcdef/aviation-0.1.0-py3-none-any.whl",
    "TrainScriptKey": "train_delay_forecast-0123456789abcdef.py",
    "TrainWheelsKey": "train-0123456789abcdef.gluewheels.zip",
    "WheelsKey": "publish-0123456789abcdef.gluewheels.zip",
}
KINDS = {
    "AWS::Athena::WorkGroup": ("athena", {"workgroup": ("Name",)}),
    "AWS::Budgets::Budget": ("budgets", {"budget": ("Budget.BudgetName",)}),
    "AWS::CloudFront::Distribution": ("cloudfront", {"distribution": ("*",)}),
    "AWS::CloudFront::Function": ("cloudfront", {"function": ("Name",)}),
    "AWS::CloudFront::OriginAccessControl": ("cloudfront", {"origin-access-control": ("*",)}),
    "AWS::CloudTrail::Trail": ("cloudtrail", {"trail": ("TrailName",)}),
    "AWS::CloudWatch::Alarm": ("cloudwatch", {"alarm": ("AlarmName",)}),
    "AWS::CloudWatch::Dashboard": ("cloudwatch", {"dashboard": ("DashboardName",)}),
    "AWS::Events::Rule": ("events", {"rule-on-default-event-bus": ("Name",)}),
    "AWS::Glue::Database": (
        "glue",
        {
            "rootcatalog": (),
            "database": ("DatabaseInput.Name",),
            "table": ("DatabaseInput.Name", "*"),
            "userdefinedfunction": ("DatabaseInput.Name", "*"),
        },
    ),
    "AWS::Glue::Job": ("glue", {"job": ("Name",)}),
    "AWS::Glue::Trigger": ("glue", {"trigger": ("Name",)}),
    "AWS::Glue::Workflow": ("glue", {"workflow": ("Name",)}),
    "AWS::IAM::Role": ("iam", {"role": ("RoleName",)}),
    "AWS::Kinesis::Stream": ("kinesis", {"stream": ("Name",), "kmsKey": ("*",)}),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", {"deliverystream": ("DeliveryStreamName",)}),
    "AWS::Lambda::Function": ("lambda", {"function": ("FunctionName",)}),
    "AWS::Logs::LogGroup": ("logs", {"log-group": ("LogGroupName",), "log-stream": ("LogGroupName", "*")}),
    "AWS::QuickSight::Analysis": ("quicksight", {"analysis": ("AnalysisId",)}),
    "AWS::QuickSight::Dashboard": ("quicksight", {"dashboard": ("DashboardId",)}),
    "AWS::QuickSight::DataSet": ("quicksight", {"dataset": ("DataSetId",), "ingestion": ("DataSetId", "*")}),
    "AWS::QuickSight::DataSource": ("quicksight", {"datasource": ("DataSourceId",)}),
    "AWS::QuickSight::Template": ("quicksight", {"template": ("TemplateId",)}),
    "AWS::S3::Bucket": ("s3", {"bucket": ("BucketName",), "object": ("BucketName", "*")}),
    "AWS::SNS::Topic": ("sns", {"topic": ("TopicName",)}),
    "AWS::SQS::Queue": ("sqs", {"queue": ("QueueName",)}),
    "AWS::Scheduler::Schedule": ("scheduler", {"schedule": ("GroupName", "Name")}),
    "AWS::Scheduler::ScheduleGroup": ("scheduler", {"schedule-group": ("Name",)}),
    "AWS::SecretsManager::Secret": ("secretsmanager", {"Secret": ("Name",)}),
}
"""The service of a type, and the kinds of resources, as the service authorization reference calls them, that it makes;
of each kind the properties that fill its ARN (`*`: anything). The first kind with a property is the resource itself."""
MADE_UP = {"AWS::IAM::Role": f"{STACK}-{{}}-1ABCDEFGHIJKL", "AWS::SecretsManager::Secret": "{}-1AbCdEfGhIjK"}
"""The names that CloudFormation makes for what has none."""


@cache
def resources() -> dict[str, dict[str, Any]]:
    """Every resource of the template by its logical id, whatever its condition says, as the template has it."""
    loaded = cfn_yaml.load(str(ROOT / TEMPLATE))
    problems, unrolled = language_extension(Template(str(TEMPLATE), loaded, [REGION]))
    assert not problems, problems
    found: dict[str, dict[str, Any]] = unrolled["Resources"]
    return found


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, their properties resolved."""
    return {logical: resolved(body["Properties"]) for logical, body in resources().items() if body["Type"] == kind}


def arns(service: str, kind: str) -> set[str]:
    """The ARNs of the template's resources of a kind, as the service authorization reference calls it."""
    return _arns().get((service, kind), set())


@cache
def _arns() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for logical, body in resources().items():
        service, kinds = KINDS.get(body["Type"], ("", {}))
        for kind, properties in kinds.items():
            found.setdefault((service, kind), set()).add(_arn(logical, service, kind, properties))
    # An action on a log group is asked about its ARN with `:*`, one on its tags without.
    groups = found["logs", "log-group"]
    found["logs", "log-group"] = groups | {f"{arn}:*" for arn in groups}
    return found


def _arn(logical: str, service: str, kind: str, properties: tuple[str, ...]) -> str:
    """The format of the reference with the names of the resource in their places."""
    text = iam.reference()[service]["resources"][kind]["arn"]
    for name in ("Partition", "Region", "Account"):
        text = text.replace(f"${{{name}}}", {"Partition": PARTITION, "Region": REGION, "Account": ACCOUNT}[name])
    for name in properties:
        text = re.sub(r"\$\{\w+\}", lambda _, name=name: _property(logical, name), text, count=1)
    assert "${" not in text, f"{logical}: {text}"
    return f"{text}-AbCdEf" if kind == "Secret" else text


def _property(logical: str, path: str) -> str:
    if path == "*":
        return "any"
    value = resources()[logical]["Properties"]
    for part in path.split("."):
        value = value.get(part, {})
    return str(resolved(value)) if value else MADE_UP[resources()[logical]["Type"]].format(logical)


def resolved(value: Any) -> Any:
    """A value of the template with its intrinsic functions worked out; a condition is taken as true."""
    if isinstance(value, list):
        return [item for item in map(resolved, value) if item is not None]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(name, given)] = value.items()
        if name in INTRINSIC:
            return INTRINSIC[name](given)
        assert not name.startswith("Fn::"), f"{name} is not understood by tests/support/unrolled.py"
    return {name: item for name, item in ((name, resolved(item)) for name, item in value.items()) if item is not None}


def _ref(given: Any) -> Any:
    name = resolved(given)
    if name not in resources():
        return GIVEN.get(name, f"any-{name}")
    if resources()[name]["Type"] in ("AWS::SNS::Topic", "AWS::SecretsManager::Secret"):
        return _get_att([name, "Arn"])
    _, kinds = KINDS[resources()[name]["Type"]]
    return _property(name, next(properties[-1] for properties in kinds.values() if properties))


def _get_att(given: Any) -> str:
    name, attribute = (resolved(part) for part in (given.split(".", 1) if isinstance(given, str) else given))
    service, kinds = KINDS[resources()[name]["Type"]]
    kind, properties = next(item for item in kinds.items() if item[1])
    arn = _arn(name, service, kind, properties)
    if attribute == "RegionalDomainName":
        return f"{arn.rpartition(':')[2]}.s3.{REGION}.amazonaws.com"
    assert attribute in ("Arn", "FunctionARN", "TopicArn", "QueueName"), f"{name}.{attribute}"
    return arn.rpartition(":")[2] if attribute == "QueueName" else f"{arn}:*" if kind == "log-group" else arn


def _sub(given: Any) -> str:
    text, variables = (given, {}) if isinstance(given, str) else given

    def replaced(match: re.Match[str]) -> str:
        name = match[1]
        if name in variables:
            return str(resolved(variables[name]))
        return str(_get_att(name) if "." in name else _ref(name))

    return re.sub(r"\$\{([\w:.]+)\}", replaced, text)


INTRINSIC = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::If": lambda given: resolved(given[1]),
}
