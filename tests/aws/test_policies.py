"""Every policy, judged by parliament and cloudsplaining: no finding without its reason, and no reason without its
finding. Both run without a network, in an environment of their own."""

import json
import os
import runpy
import subprocess
from fnmatch import fnmatchcase

import pytest

from support import ROOT, unrolled

PYTHON = ROOT / ".aviation/policies/bin/python"
FILLED = runpy.run_path(str(ROOT / "infra/policies.py"))["filled"]
JUDGE = """
import json, sys
from cloudsplaining.scan.policy_document import PolicyDocument
from parliament import analyze_policy_string

found = []
for name, policy in json.load(sys.stdin).items():
    for item in analyze_policy_string(json.dumps(policy), include_community_auditors=True).findings:
        subjects = item.detail if isinstance(item.detail, list) else [item.detail]
        for subject in subjects or [item.location.get("string", "")]:
            found.append((name, item.issue, subject["action"] if isinstance(subject, dict) else str(subject)))
    # As if no resource and no condition limited what is allowed: what limits it is the reason.
    strict = PolicyDocument(policy, flag_conditional_statements=True, flag_resource_arn_statements=True)
    found += [(name, "ESCALATION", item["type"]) for item in strict.allows_privilege_escalation]
    plain = PolicyDocument(policy)
    for issue in ("credentials_exposure", "service_wildcard", "contains_statement_using_not_action",
                  "permissions_management_without_constraints", "write_actions_without_constraints",
                  "tagging_actions_without_constraints", "allows_data_exfiltration_actions"):
        found += [(name, issue.upper(), str(item)) for item in getattr(plain, issue)]
json.dump(found, sys.stdout)
"""
BOUNDED = "the role that is given or changed is one of the stack's own and carries the boundary"
READS = "a wildcard for reads: what it matches beside the stack's own resources, it is not granted on"
NEWER = "AWS has added this since parliament's data was made; the service authorization reference has it"
REASONS = {
    ("deployer", "ESCALATION", "PutRolePolicy*"): BOUNDED,
    ("deployer", "ESCALATION", "UpdateRolePolicyToAssumeIt"): BOUNDED,
    ("deployer", "ESCALATION", "PassExistingRoleTo*"): BOUNDED,
    ("deployer", "ESCALATION", "EditExistingLambdaFunctionWithRole"): BOUNDED,
    ("deployer", "ESCALATION", "Update*LambdaFunction*"): BOUNDED,
    ("deployer", "ESCALATION", "ExecuteCloudFormationChangeSet"): "CloudFormation acts with the deployer's permissions",
    ("deployer", "INVALID_ARN", "Account expected *"): "transforms are AWS's own: the account in their ARN is `aws`",
    ("deployer", "RESOURCE_STAR", "cloudfront:Create*"): "what is made has no name before",
    ("deployer", "RESOURCE_STAR", "cloudwatch:DescribeAlarms"): "CloudWatch asks about alarm:*, whatever is named",
    ("deployer", "RESOURCE_MISMATCH", "athena:*agResource"): "the workgroup is tagged; the action knows more kinds",
    ("deployer", "RESOURCE_MISMATCH", "athena:ListTagsForResource"): "as for the action that tags",
    **{("deployer", "RESOURCE_MISMATCH", f"{name}*"): READS for name in ("s3:Get", "s3:List", "events:Describe")},
    **{("deployer", "RESOURCE_MISMATCH", f"{name}*"): READS for name in ("events:List", "sns:Get", "sns:List")},
    **{("deployer", "RESOURCE_MISMATCH", f"quicksight:{name}*"): READS for name in ("Describe", "List")},
    ("deployer", "UNKNOWN_ACTION", "* cloudformation:DescribeEvents"): NEWER,
    ("deployer", "UNKNOWN_ACTION", "* cloudtrail:*EventConfiguration"): NEWER,
    ("deployer", "UNKNOWN_ACTION", "* kinesis:*agResource"): NEWER,
    ("deployer", "UNKNOWN_CONDITION_FOR_ACTION", "* iam:PermissionsBoundary for action iam:Update*"): NEWER,
}
"""By policy, issue and subject, each with wildcards."""


def statement(**elements) -> dict:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | elements]}


def policies() -> dict[str, dict]:
    """Every policy that the project makes: the two of an administrator, each role's, each of a resource."""
    found = {
        "deployer": FILLED("deployer-policy.json", **unrolled.NAMES),
        "boundary": FILLED("permissions-boundary.json", **unrolled.NAMES),
    }
    for name, role in unrolled.of_type("AWS::IAM::Role").items():
        found |= {f"{name}/{policy['PolicyName']}": policy["PolicyDocument"] for policy in role["Policies"]}
    for kind in ("S3::BucketPolicy", "SNS::TopicPolicy", "SQS::QueuePolicy"):
        found |= {name: body["PolicyDocument"] for name, body in unrolled.of_type(f"AWS::{kind}").items()}
    return found


def findings(judged: dict[str, dict]) -> list[tuple[str, str, str]]:
    if not PYTHON.is_file():
        said = "parliament and cloudsplaining are not installed: run 'make .aviation/policies/.ready'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    done = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", JUDGE], input=json.dumps(judged), capture_output=True, text=True, check=True
    )
    return [(policy, issue, subject) for policy, issue, subject in json.loads(done.stdout)]


def unexplained(found: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [finding for finding in found if not any(_explains(row, finding) for row in REASONS)]


def _explains(row: tuple[str, str, str], finding: tuple[str, str, str]) -> bool:
    return all(fnmatchcase(text, pattern) for text, pattern in zip(finding, row, strict=True))


def test_no_policy_has_a_finding_without_its_reason_and_no_reason_is_without_its_finding():
    judged = policies()
    assert len(judged) >= 20
    found = findings(judged)
    assert unexplained(found) == []
    stale = [row for row in REASONS if not any(_explains(row, finding) for finding in found)]
    assert stale == [], "nothing is found any more that these reasons are for"


FAULTS = {
    "RESOURCE_MISMATCH": statement(Action="kinesis:PutRecords", Resource="arn:aws:s3:::acme-raw/*"),
    "UNKNOWN_ACTION": statement(Action="s3:GetObjekt", Resource="arn:aws:s3:::acme-raw/*"),
    "UNKNOWN_CONDITION_FOR_ACTION": statement(
        Action="sqs:SendMessage",
        Resource="arn:aws:sqs:eu-west-1:123456789012:acme",
        Condition={"Bool": {"s3:x": "true"}},
    ),
    "ESCALATION": statement(Action=["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"], Resource="*"),
    "SERVICE_WILDCARD": statement(Action="glue:*", Resource="*"),
    "CREDENTIALS_EXPOSURE": statement(Action="iam:CreateAccessKey", Resource="*"),
    "PERMISSIONS_MANAGEMENT_WITHOUT_CONSTRAINTS": statement(Action="s3:PutBucketPolicy", Resource="*"),
}


def test_a_policy_with_a_fault_is_found():
    found = unexplained(findings(FAULTS))
    assert {issue: any(item[:2] == (issue, issue) for item in found) for issue in FAULTS} == dict.fromkeys(FAULTS, True)
