"""The permissions boundary of the stack's roles: it holds what they need, and nobody gets beyond it."""

import json
import runpy
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from aviation import aws
from aviation.deploy.boundary import with_boundary
from support import ROOT, iam, unrolled
from support.aws_calls import ACCOUNT, REGION
from support.iam import allowed
from support.unrolled import STACK

WRITTEN = runpy.run_path(str(ROOT / "infra/policies.py"))
LIMIT = WRITTEN["filled"]("permissions-boundary.json", **unrolled.NAMES)
TAGGED = {"aws:ResourceTag/aws:cloudformation:stack-name": STACK}


def role_calls() -> list[tuple[str, str, str]]:
    """Each role's name with an action that its policies allow, and a resource."""
    return [
        (name, action, resource.replace("*", "any") if resource != "*" else "*")
        for name, role in unrolled.of_type("AWS::IAM::Role").items()
        for statement in iam.statements(policy["PolicyDocument"] for policy in role["Policies"])
        for action in iam.listed(statement["Action"])
        for resource in iam.listed(statement["Resource"])
    ]


def test_the_boundary_holds_what_the_roles_need_and_nothing_else():
    context = TAGGED | {"aws:ResourceAccount": unrolled.ACCOUNT, "cloudwatch:namespace": "Aviation"}
    needed = role_calls()
    outside = [
        f"{name}: {action} on {arn}" for name, action, arn in needed if not allowed([LIMIT], action, arn, context)
    ]
    assert not outside, "infra/permissions-boundary.json lacks:\n" + "\n".join(outside)
    granted = {action for statement in LIMIT["Statement"] for action in iam.listed(statement["Action"])}
    assert sorted(granted - {action for _, action, _ in needed}) == []
    named = {resource for statement in LIMIT["Statement"] for resource in iam.listed(statement["Resource"])}
    idle = [pattern for pattern in named if not any(fnmatchcase(arn, pattern) for _, _, arn in needed)]
    assert idle == []


def test_a_role_with_every_permission_reaches_no_further_than_the_boundary():
    ours, account = {"iam:PermissionsBoundary": unrolled.BOUNDARY}, unrolled.ACCOUNT
    role, anywhere = f"arn:aws:iam::{account}:role/{STACK}-LoadRole-1", f"{unrolled.REGION}:{account}"
    secret, bucket = (
        f"arn:aws:secretsmanager:{anywhere}:secret:ApiKeySecret-1-AbCdEf",
        f"arn:aws:s3:::{STACK}-raw-{account}-{unrolled.REGION}",
    )
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}

    def reached(action: str, resource: str, context: dict[str, str]) -> bool:
        return allowed([everything], action, resource, context, boundary=[LIMIT])

    assert reached("secretsmanager:GetSecretValue", secret, TAGGED)
    for action, resource, context in (
        ("iam:CreateRole", role, ours),
        ("iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"}),
        ("sts:AssumeRole", f"arn:aws:iam::{account}:role/Admin", {}),
        ("lambda:InvokeFunction", f"arn:aws:lambda:{anywhere}:function:payroll", {}),
        ("lambda:UpdateFunctionCode", f"arn:aws:lambda:{anywhere}:function:{STACK}-producer-flights", {}),
        ("secretsmanager:GetSecretValue", secret, {"aws:ResourceTag/aws:cloudformation:stack-name": "other"}),
        ("s3:GetObject", f"{bucket}/object", {"aws:ResourceAccount": "999999999999"}),
        ("s3:PutBucketPolicy", bucket, {"aws:ResourceAccount": unrolled.ACCOUNT}),
        ("cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/Lambda"}),
    ):
        assert not reached(action, resource, context), action


def test_every_role_of_the_template_carries_the_boundary():
    roles = unrolled.of_type("AWS::IAM::Role")
    assert {name: role["PermissionsBoundary"] for name, role in roles.items()} == dict.fromkeys(
        roles, unrolled.BOUNDARY
    )


@pytest.fixture
def made_boundary(stack):
    made = aws.client("iam").create_policy(PolicyName="limited-boundary", PolicyDocument=json.dumps(LIMIT))["Policy"][
        "Arn"
    ]
    yield made
    aws.client("iam").delete_policy(PolicyArn=made)


def test_a_deployment_takes_the_boundary_that_was_made_for_its_stack(made_boundary):
    assert made_boundary == f"arn:aws:iam::{ACCOUNT}:policy/limited-boundary"
    assert with_boundary("limited", {"ShardCount": "2"}) == {"ShardCount": "2", "PermissionsBoundary": made_boundary}
    assert with_boundary("another", {"ShardCount": "2"}) == {"ShardCount": "2"}


def test_a_boundary_in_the_parameter_file_comes_first_and_an_empty_one_is_none(made_boundary):
    for given in (
        {"PermissionsBoundary": "arn:aws:iam::000000000000:policy/of-the-company"},
        {"PermissionsBoundary": ""},
    ):
        assert with_boundary("limited", given) == given


@pytest.mark.parametrize("stack_name", ["aviation", "a-name-of-25-letters-long"])
def test_the_policies_fit_into_managed_policies_however_long_the_stacks_name_is(stack_name):
    names = unrolled.NAMES | {"stack": stack_name, "region": "ap-southeast-1"}
    whole = WRITTEN["filled"]("deployer-policy.json", **names)
    parts = WRITTEN["parts"](whole)
    assert [item for part in parts for item in part["Statement"]] and len(parts) <= 3
    assert sorted(item["Sid"] for part in parts for item in part["Statement"]) == sorted(
        item["Sid"] for item in whole["Statement"]
    )
    limit = WRITTEN["filled"]("permissions-boundary.json", **names)
    assert all(WRITTEN["characters"](policy) <= WRITTEN["MOST_CHARACTERS"] for policy in (*parts, limit))
    assert not {"STACK", "DATABASE", "ACCOUNT", "REGION"} & set(str(whole).replace("/", " ").replace(":", " ").split())


def test_an_administrator_is_given_the_policies_and_the_commands_that_make_them(stack):
    done = subprocess.run([sys.executable, "infra/policies.py", "limited"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = {}
    for command in done.stdout.splitlines():
        if command.startswith("#"):  # what else to do, in words
            continue
        words = command.split()
        assert words[:4] == ["aws", "iam", "create-policy", "--policy-name"], command
        file = Path(words[-1].removeprefix("file://"))
        made[words[4]] = json.loads(file.read_text())
        file.unlink()
    assert list(made)[:2] == ["limited-boundary", "limited-deployer-1"]
    names = {"stack": "limited", "database": "aviation", "account": ACCOUNT, "region": REGION}
    assert made.pop("limited-boundary") == WRITTEN["filled"]("permissions-boundary.json", **names)
    assert list(made.values()) == WRITTEN["parts"](WRITTEN["filled"]("deployer-policy.json", **names))
