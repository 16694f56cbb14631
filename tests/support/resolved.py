"""The processed template with its intrinsic functions worked out: names and ARNs of the form that AWS makes."""

import re
from typing import Any

ACCOUNT, REGION = "123456789012", "us-east-1"
PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "aviation",
    "AWS::URLSuffix": "amazonaws.com",
}
GIVEN = {
    "AlarmEmail": "operator@example.com",
    "LambdaKey": "Deployment_Lambda-0123456789abcdef.zip",
    "LibraryKey": "aviation-0123456789abcdef.zip",
    "LoadScriptKey": "aviation_data_load-0123456789abcdef.py",
    "PackageKey": "0123456789abcdef/aviation-0.1.0-py3-none-any.whl",
    "PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/aviation-boundary",
    "PublishScriptKey": "aviation_publish-0123456789abcdef.py",
    "QuickSightOwner": f"arn:aws:quicksight:{REGION}:{ACCOUNT}:user/default/owner",
    "ViewerNetworks": "198.51.100.0/24",
    "TrainScriptKey": "train_delay_forecast-0123456789abcdef.py",
    "TrainWheelsKey": "train-0123456789abcdef.gluewheels.zip",
    "WheelsKey": "publish-0123456789abcdef.gluewheels.zip",
}
"""Values of parameters that have no default, or whose default leaves out what they are for."""

HERE = f"{REGION}:{ACCOUNT}"
ARNS = {
    "AWS::CloudFront::Function": f"arn:aws:cloudfront::{ACCOUNT}:function/{{name}}",
    "AWS::CloudWatch::Alarm": f"arn:aws:cloudwatch:{HERE}:alarm:{{name}}",
    "AWS::Events::Rule": f"arn:aws:events:{HERE}:rule/{{name}}",
    "AWS::IAM::Role": f"arn:aws:iam::{ACCOUNT}:role/{{name}}",
    "AWS::Kinesis::Stream": f"arn:aws:kinesis:{HERE}:stream/{{name}}",
    "AWS::Lambda::Function": f"arn:aws:lambda:{HERE}:function:{{name}}",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{HERE}:log-group:{{name}}:*",
    "AWS::QuickSight::Analysis": f"arn:aws:quicksight:{HERE}:analysis/{{name}}",
    "AWS::QuickSight::DataSet": f"arn:aws:quicksight:{HERE}:dataset/{{name}}",
    "AWS::QuickSight::DataSource": f"arn:aws:quicksight:{HERE}:datasource/{{name}}",
    "AWS::QuickSight::Template": f"arn:aws:quicksight:{HERE}:template/{{name}}",
    "AWS::S3::Bucket": "arn:aws:s3:::{name}",
    "AWS::SNS::Topic": f"arn:aws:sns:{HERE}:{{name}}",
    "AWS::SQS::Queue": f"arn:aws:sqs:{HERE}:{{name}}",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{HERE}:secret:{{name}}-1AbCdE",
}
REFS = {
    "AWS::SNS::Topic": ARNS["AWS::SNS::Topic"],
    "AWS::SQS::Queue": f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{{name}}",
    "AWS::SecretsManager::Secret": ARNS["AWS::SecretsManager::Secret"],
}
"""What Ref gives for these types; for any other it is the resource's name."""


class Resolver:
    """Works out a template where every condition is true, or every condition is false."""

    def __init__(self, template: dict[str, Any], *, conditions: bool) -> None:
        self.resources, self.mappings = template["Resources"], template.get("Mappings", {})
        self.conditions = conditions
        self.parameters = {name: _typed(about, GIVEN.get(name)) for name, about in template["Parameters"].items()}

    def properties(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """The type and the properties of every resource that is made, by logical id."""
        made = {name: body for name, body in self.resources.items() if self.conditions or "Condition" not in body}
        return {name: (body["Type"], self.value(body.get("Properties", {}))) for name, body in made.items()}

    def value(self, given: Any) -> Any:
        """A value of the template, worked out; None where it is AWS::NoValue, and then left out of what holds it."""
        if isinstance(given, list):
            return [item for item in map(self.value, given) if item is not None]
        if not isinstance(given, dict):
            return given
        if len(given) == 1:
            [(function, argument)] = given.items()
            if function == "Ref" or function.startswith("Fn::"):
                return self._function(function, argument)
        return {name: item for name, part in given.items() if (item := self.value(part)) is not None}

    def _function(self, function: str, argument: Any) -> Any:
        match function:
            case "Ref":
                return self._ref(self.value(argument))
            case "Fn::GetAtt":
                name, _ = argument if isinstance(argument, list) else argument.split(".", 1)
                return self._named(ARNS, name)
            case "Fn::If":
                return self.value(argument[1 if self.conditions else 2])
            case "Fn::FindInMap":
                mapping, first, second = map(self.value, argument)
                return self.mappings[mapping][first][second]
            case "Fn::Join":
                return argument[0].join(self.value(argument[1]))
            case "Fn::Sub":
                text, values = argument if isinstance(argument, list) else (argument, {})
                values = {name: self.value(item) for name, item in values.items()}
                return re.sub(r"\$\{([^!}]+)\}", lambda found: self._substituted(found[1], values), text)
        raise NotImplementedError(f"{function}: add it to {__file__}")

    def _substituted(self, name: str, values: dict[str, Any]) -> str:
        if name in values:
            return str(values[name])
        return str(self._function("Fn::GetAtt", name) if "." in name else self._ref(name))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return None
        known = PSEUDO | self.parameters
        return known[name] if name in known else self._named(REFS, name)

    def _named(self, forms: dict[str, str], logical: str) -> str:
        kind, properties = self.resources[logical]["Type"], self.resources[logical].get("Properties", {})
        if forms is ARNS and kind not in forms:
            raise NotImplementedError(f"the ARN of {kind}: add it to {__file__}")
        last = kind.rpartition("::")[2]
        given = (properties | properties.get("DatabaseInput", {})).get
        name = self.value(given(f"{last}Id") or given(f"{last}Name") or given("Name") or f"aviation-{logical}-1ABCDEF")
        return forms.get(kind, "{name}").format(name=name)


def _typed(about: dict[str, Any], given: str | None) -> Any:
    """A parameter's value: what is given, else its default; a number where it is one."""
    value = about.get("Default") if given is None else given
    if about["Type"] != "Number":
        return value
    return float(value) if "." in str(value) else int(value)
