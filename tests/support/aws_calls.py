"""Which AWS calls were made, as the emulator's CloudTrail recorded them, and whether a role's policies allow them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import requests

from aviation import aws
from aviation.places import stack_name
from support import iam

LOOK_UP = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"
ACCOUNT, REGION = "000000000000", "us-east-1"
S3_ACTIONS = {
    "HeadObject": "GetObject",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "DeleteObjects": "DeleteObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
}
ON_BUCKET = {"ListBucket", "GetBucketLocation", "ListBucketMultipartUploads"}


@dataclass(frozen=True)
class Call:
    """One call: the IAM action, and every resource that it needs the action on (`*`: the action knows none)."""

    action: str
    resources: tuple[str, ...]
    context: tuple[tuple[str, str], ...] = ()


def record() -> None:
    """From now on every call to the emulator is recorded."""
    aws.client("cloudtrail").lookup_events()  # loads what can be switched on
    url = f"{aws.client('s3').meta.endpoint_url}/_ministack/config"
    requests.post(url, json={"cloudtrail._recording_enabled": "true"}, timeout=10).raise_for_status()


def recorded(*, app_id: str | None = None, access_key: str | None = None) -> set[Call]:
    """The different calls of a caller, known by its SDK's application id or by its access key."""
    found = set()
    for item in _events():
        event = json.loads(item["CloudTrailEvent"])
        if f"app/{app_id} " in event["userAgent"] if app_id else item["AccessKeyId"] == access_key:
            found.add(_call(event, {part["ResourceType"]: part["ResourceName"] for part in item["Resources"]}))
    return found


def _events() -> Iterator[dict]:
    """All that was recorded, newest first. The emulator gives the newest 50 up to an instant, whose fractions of a
    second boto3 would drop."""
    seen: set[str] = set()
    until = None
    while True:
        answer = requests.post(
            aws.client("s3").meta.endpoint_url,
            headers={"X-Amz-Target": LOOK_UP, "Content-Type": "application/x-amz-json-1.1"},
            json={"EndTime": until} if until else {},
            timeout=10,
        )
        fresh = [item for item in answer.json()["Events"] if item["EventId"] not in seen]
        if not fresh:
            return
        seen.update(item["EventId"] for item in fresh)
        until = fresh[-1]["EventTime"]
        yield from fresh


def _call(event: dict, named: dict[str, str]) -> Call:
    service, name = event["eventSource"].partition(".")[0], event["eventName"]
    given = event["requestParameters"] or {}
    if service == "s3":
        action = S3_ACTIONS.get(name, name)
        arn = f"arn:aws:s3:::{named['AWS::S3::Bucket']}"
        # A call that deletes many names them in its body, which is not recorded.
        key = "" if action in ON_BUCKET else f"/{named.get('AWS::S3::Object', 'aviation/any')}"
        return Call(f"s3:{action}", (arn + key,))
    if service == "kinesis":
        return Call(f"kinesis:{name}", (f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{given['StreamName']}",))
    if service == "secretsmanager":
        return Call(f"secretsmanager:{name}", (given["SecretId"],))
    if service == "glue":
        return Call(f"glue:{name}", tuple(_glue_resources(name, given)))
    if service == "monitoring" and name in ("PutMetricData", "POST.monitoring"):
        # Its body is CBOR, which is not recorded: what is in it is read from the metrics themselves.
        return Call("cloudwatch:PutMetricData", ("*",), (("cloudwatch:namespace", _namespace()),))
    raise AssertionError(f"a call that is not known here: {service} {name}")


def _glue_resources(name: str, given: dict) -> Iterator[str]:
    """Glue wants an action allowed on the catalog, the database and the table.
    Source: https://docs.aws.amazon.com/glue/latest/dg/glue-specifying-resource-arns.html"""
    root = f"arn:aws:glue:{REGION}:{ACCOUNT}:"
    if name == "GetJob":
        yield f"{root}job/{given['JobName']}"
        return
    database = given.get("DatabaseName") or given["Name"]
    yield f"{root}catalog"
    yield f"{root}database/{database}"
    if "Table" in name:
        yield f"{root}table/{database}/{given.get('Name') or given.get('TableInput', {}).get('Name', 'any')}"


def _namespace() -> str:
    """The namespace of the metrics that no service of AWS puts by itself."""
    found = {metric["Namespace"] for metric in aws.client("cloudwatch").list_metrics()["Metrics"]}
    [ours] = [name for name in found if not name.startswith("AWS/")]
    return ours


def statements(role: str) -> list[dict]:
    """The statements of a role of the stack, by its logical name, as they are deployed."""
    name = aws.client("cloudformation").describe_stack_resource(StackName=stack_name(), LogicalResourceId=role)
    physical = name["StackResourceDetail"]["PhysicalResourceId"]
    client = aws.client("iam")
    names = client.list_role_policies(RoleName=physical)["PolicyNames"]
    policies = [client.get_role_policy(RoleName=physical, PolicyName=name)["PolicyDocument"] for name in names]
    return list(iam.statements(policies))


def actions(policy: list[dict]) -> set[str]:
    """Every action that the statements name."""
    return {action for statement in policy for action in iam.listed(statement["Action"])}


def allows(policy: list[dict], call: Call) -> bool:
    """Whether the statements allow the call on each of its resources."""
    policies, context = [{"Statement": policy}], dict(call.context)
    return all(iam.allowed(policies, call.action, resource, context) for resource in call.resources)
