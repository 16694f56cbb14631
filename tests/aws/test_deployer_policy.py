"""The policy of who deploys: it suffices, it grants nothing more, and nobody becomes an administrator with it."""

import json
import runpy
from fnmatch import fnmatchcase

import pytest
from click.testing import CliRunner

from aviation import places
from aviation.cli import main
from aviation.deploy import buckets
from aviation.deploy.template import read_template
from aviation.runs import glue
from aviation.sql import athena
from support import ROOT, deployer, iam, own_calls, unrolled
from support.aws_calls import ACCOUNT, REGION
from support.iam import allowed
from support.unrolled import BOUNDARY, STACK

WRITTEN = runpy.run_path(str(ROOT / "infra/policies.py"))
POLICY = WRITTEN["filled"]("deployer-policy.json", **unrolled.NAMES)
OURS = {"iam:PermissionsBoundary": BOUNDARY}
TAGGED = {"aws:ResourceTag/aws:cloudformation:stack-name": STACK}
ROLE = f"arn:aws:iam::{unrolled.ACCOUNT}:role/{STACK}-LoadRole-1ABCDEFGHIJKL"
SECRET = f"arn:aws:secretsmanager:{unrolled.REGION}:{unrolled.ACCOUNT}:secret:ApiKeySecret-ZyXwVuTsRqPo-AbCdEf"
BUCKET = f"arn:aws:s3:::{STACK}-raw-{unrolled.ACCOUNT}-{unrolled.REGION}"


def here(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{unrolled.REGION}:{unrolled.ACCOUNT}:{resource}"


@pytest.mark.parametrize("kind", deployer.types())
def test_each_permission_that_a_handler_lists_is_allowed_on_what_it_handles(kind):
    lacking = [
        f"{action} on {arn}"
        for action in deployer.needed(kind)
        for arn in sorted(deployer.asked_about(action))
        if not allowed([POLICY], action, arn, deployer.context(kind))
    ]
    assert not lacking, f"infra/deployer-policy.json lacks, for {kind}:\n" + "\n".join(lacking)


def test_what_is_left_out_is_listed_by_a_handler_unused_by_the_template_and_not_granted():
    needed = {action for kind in deployer.types() for action in deployer.needed(kind)}
    granted = {action for action in actions(POLICY) if "*" not in action}
    for row in deployer.LEFT_OUT:
        about = [
            (kind, action)
            for kind in deployer.types()
            for action in deployer.listed(kind)
            if row.is_about(kind, action)
        ]
        assert about, f"no handler lists what this row leaves out: {row}"
        used = {kind: row.used_in(kind) for kind, _ in about if row.used_in(kind)}
        assert not used, f"the template has a property that needs what this row leaves out: {used} {row}"
        assert not {action for _, action in about} & granted - needed, f"granted, though left out: {row}"


def actions(*policies: dict) -> set[str]:
    return {action for statement in iam.statements(policies) for action in iam.listed(statement["Action"])}


@pytest.fixture(scope="module")
def calls(stack, tmp_path_factory):
    """What `aviation` calls when the stack acme is previewed, made, changed, used as on AWS and destroyed."""
    given = {
        "ScheduleState": "DISABLED",
        "SavedQueries": "false",
        "Publish": "false",
        "Train": "false",
        "DatabaseName": unrolled.DATABASE,
    }
    file = tmp_path_factory.mktemp("policy") / "given.yaml"
    file.write_text(json.dumps(given))
    changed = file.with_name("changed.yaml")
    changed.write_text(json.dumps(given | {"AlertsEmail": "someone@example.com"}))
    named = {"unsent": "lambda:Invoke", "WorkGroupName": STACK}
    with pytest.MonkeyPatch.context() as patch, own_calls.recorded(**named) as found:
        # Put back at the end: naming a stack makes this process work with it, and as on AWS.
        patch.setenv("AVIATION_STACK", STACK)
        patch.setenv("AVIATION_LOCAL", "0")
        patch.setenv("AVIATIONSTACK_ACCESS_KEY", "a-key-of-this-test")
        deploying = ["deploy", "--stack", STACK, "--parameters"]
        for command in ([*deploying, str(file), "--dry-run"], [*deploying, str(file)], [*deploying, str(changed)]):
            answer = CliRunner().invoke(main, command)
            assert answer.exit_code == 0, answer.output
        glue.run_load({"entities": ["flights"]})
        # Nothing was polled or loaded: what is asked counts, not the answer.
        for command in (
            ["produce", "cities"],
            ["status"],
            ["runs"],
            ["cost", "--stack", STACK],
            ["first-deploy-check", "--stack", STACK],
            ["query", "show tables"],
            ["query", "--as-of", "2013-07-10T18:00Z", "select * from flights"],
        ):
            CliRunner().invoke(main, command)
        assert athena.rows("select 1 as one") == [{"one": 1}]
        kept = sorted(buckets.existing(STACK).values())
        answer = CliRunner().invoke(main, ["destroy", "--stack", STACK, *(f"--bucket={name}" for name in kept)])
        assert answer.exit_code == 0, answer.output
    places.stack_outputs.cache_clear()
    # CloudFormation's own name for the secret does not begin with the stack's, as the emulator's does.
    return {(action, arn.replace(f":secret:{STACK}-", ":secret:")) for action, arn in found}


def test_each_call_of_aviation_itself_is_allowed(calls):
    policy = WRITTEN["filled"]("deployer-policy.json", **unrolled.NAMES | {"account": ACCOUNT, "region": REGION})
    context = TAGGED | {"aws:ResourceAccount": ACCOUNT}
    assert len({action for action, _ in calls}) >= 20
    lacking = sorted(f"{action} on {arn}" for action, arn in calls if not allowed([policy], action, arn, context))
    assert not lacking, "infra/deployer-policy.json lacks, for aviation itself:\n" + "\n".join(lacking)


def test_a_change_set_may_use_the_transforms_of_the_template():
    for transform in iam.listed(read_template(ROOT)["Transform"]):
        name = transform.removeprefix("AWS::")
        arn = f"arn:aws:cloudformation:{unrolled.REGION}:aws:transform/{name}"
        assert allowed([POLICY], "cloudformation:CreateChangeSet", arn), arn


def test_no_action_is_granted_that_neither_a_handler_nor_aviation_needs(calls):
    handlers = {action for kind in deployer.types() for action in deployer.needed(kind)}
    own = {action for action, _ in calls}
    named = {action for action in actions(POLICY) if "*" not in action}
    more = named - handlers - own - deployer.BESIDES.keys()
    assert not more, f"infra/deployer-policy.json grants what nothing needs: {', '.join(sorted(more))}"
    assert sorted(deployer.BESIDES.keys() & (handlers | own)) == [], "needed: they need no reason of their own"
    assert deployer.BESIDES.keys() <= named


def test_wildcards_stand_in_the_table_match_what_is_needed_and_write_nothing():
    needed = {action for kind in deployer.types() for action in deployer.needed(kind)}
    declared = {pattern for patterns in deployer.WILDCARDS for pattern in patterns.split()}
    assert {action for action in actions(POLICY) if "*" in action} == declared
    for pattern in declared:
        matched = iam.actions_like(pattern)
        assert matched & needed, f"{pattern} matches nothing that is needed"
        levels = {action: iam.privilege(action)["access_level"] for action in matched}
        assert {action for action, level in levels.items() if level in ("Write", "Tagging")} == set(), pattern


def test_no_resource_is_named_that_nothing_asks_about():
    asked = {
        arn for kind in deployer.types() for action in deployer.needed(kind) for arn in deployer.asked_about(action)
    }
    asked |= {
        here("cloudformation", f"stack/{STACK}/any"),
        f"arn:aws:cloudformation:{unrolled.REGION}:aws:transform/LanguageExtensions",
    }
    asked.add(BOUNDARY)
    named = {resource for statement in POLICY["Statement"] for resource in iam.listed(statement["Resource"])}
    assert sorted(pattern for pattern in named if not any(fnmatchcase(arn, pattern) for arn in asked)) == []


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, {}),
        ("iam:CreateRole", ROLE, {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"}),
        ("iam:CreateRole", f"arn:aws:iam::{unrolled.ACCOUNT}:role/anyone", OURS),
        ("iam:PutRolePolicy", ROLE, {}),
        ("iam:UpdateAssumeRolePolicy", ROLE, {}),
        ("iam:AttachRolePolicy", ROLE, OURS),
        ("iam:DeleteRolePermissionsBoundary", ROLE, OURS),
        (
            "iam:PutRolePermissionsBoundary",
            ROLE,
            {"iam:PermissionsBoundary": "arn:aws:iam::aws:policy/AdministratorAccess"},
        ),
        ("iam:CreatePolicyVersion", BOUNDARY, {}),
        ("iam:SetDefaultPolicyVersion", BOUNDARY, {}),
        ("iam:DeletePolicy", BOUNDARY, {}),
        (
            "iam:PassRole",
            f"arn:aws:iam::{unrolled.ACCOUNT}:role/Admin",
            {"iam:PassedToService": "lambda.amazonaws.com"},
        ),
        (
            "iam:PassRole",
            f"arn:aws:iam::{unrolled.ACCOUNT}:role/{STACK}-prod-LoadRole-1",
            {"iam:PassedToService": "glue.amazonaws.com"},
        ),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "cloudformation.amazonaws.com"}),
        ("iam:CreateUser", f"arn:aws:iam::{unrolled.ACCOUNT}:user/me", OURS),
        ("sts:AssumeRole", ROLE, {}),
        ("lambda:UpdateFunctionCode", here("lambda", "function:payroll"), {}),
        ("lambda:UpdateFunctionCode", here("lambda", f"function:{STACK}-prod-producer-flights"), {}),
        ("lambda:AddPermission", here("lambda", f"function:{STACK}-prod-alerts"), {}),
        ("glue:UpdateJob", here("glue", f"job/{STACK}-prod-aviation_data_load"), {}),
        ("glue:DeleteDatabase", here("glue", "database/finance"), {}),
        ("kinesis:DeleteStream", here("kinesis", f"stream/{STACK}-prod-flights"), {}),
        ("cloudformation:DeleteStack", here("cloudformation", f"stack/{STACK}-prod/any"), {}),
        ("secretsmanager:GetSecretValue", SECRET, {"aws:ResourceTag/aws:cloudformation:stack-name": "other"}),
        ("secretsmanager:GetSecretValue", SECRET, {}),
        ("secretsmanager:GetSecretValue", here("secretsmanager", "secret:payroll-AbCdEf"), TAGGED),
        ("s3:GetObject", f"arn:aws:s3:::{STACK}-of-a-stranger/object", {"aws:ResourceAccount": "999999999999"}),
        ("s3:GetObject", f"arn:aws:s3:::{STACK}-prod-raw-{unrolled.ACCOUNT}-{unrolled.REGION}/object", {}),
        ("s3:PutObject", f"{BUCKET}/object", {"aws:ResourceAccount": "999999999999"}),
        ("s3:ListAllMyBuckets", "*", {}),
    ],
)
def test_nobody_reaches_further_with_the_policy(action, resource, context):
    assert not allowed([POLICY], action, resource, context)


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("iam:CreateRole", ROLE, OURS),
        ("iam:PutRolePermissionsBoundary", ROLE, OURS),
        ("iam:PassRole", ROLE, {"iam:PassedToService": "glue.amazonaws.com"}),
        ("secretsmanager:CreateSecret", SECRET, {}),
        ("secretsmanager:TagResource", SECRET, {}),
        ("secretsmanager:DescribeSecret", SECRET, {}),
        ("secretsmanager:PutSecretValue", SECRET, TAGGED),
        ("s3:CreateBucket", BUCKET, {}),
        ("s3:GetObject", f"{BUCKET}/object", {"aws:ResourceAccount": unrolled.ACCOUNT}),
    ],
)
def test_what_has_no_owner_or_tag_yet_can_be_made_and_then_used(action, resource, context):
    assert allowed([POLICY], action, resource, context)
