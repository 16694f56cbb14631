"""The evaluation of policies follows IAM's rules, and can say no."""

import pytest

from support import iam
from support.iam import allowed

BUCKET, OBJECT = "arn:aws:s3:::raw", "arn:aws:s3:::raw/flights/2026/object"
ROLE, BOUNDARY = "arn:aws:iam::123456789012:role/stack-load", "arn:aws:iam::123456789012:policy/stack-boundary"


def allow(action, resource="*", **more) -> dict:
    return {"Effect": "Allow", "Action": action, "Resource": resource} | more


def policy(*statements: dict) -> dict:
    return {"Version": "2012-10-17", "Statement": list(statements)}


READ = policy(allow(["s3:Get*", "s3:ListBucket"], [BUCKET, "arn:aws:s3:::raw/flights/*"]))


@pytest.mark.parametrize(
    ("action", "resource", "expected"),
    [
        ("s3:GetObject", OBJECT, True),
        ("S3:getobject", OBJECT, True),
        ("s3:ListBucket", BUCKET, True),
        ("s3:PutObject", OBJECT, False),
        ("s3:GetObject", "arn:aws:s3:::raw/cities/object", False),
        ("s3:GetObject", "arn:aws:s3:::rawer/flights/object", False),
    ],
)
def test_a_call_is_allowed_where_a_statement_names_its_action_and_its_resource(action, resource, expected):
    assert allowed([READ], action, resource) == expected


def test_brackets_in_a_key_are_no_wildcards():
    keys = policy(allow("s3:GetObject", "arn:aws:s3:::raw/[ab]/*"))
    assert allowed([keys], "s3:GetObject", "arn:aws:s3:::raw/[ab]/x")
    assert not allowed([keys], "s3:GetObject", "arn:aws:s3:::raw/a/x")


def test_a_denial_in_any_policy_wins():
    denial = policy(allow("s3:GetObject", OBJECT) | {"Effect": "Deny"})
    assert not allowed([READ, denial], "s3:GetObject", OBJECT)
    assert allowed([READ, denial], "s3:GetObject", OBJECT.replace("2026", "2027"))


def test_a_boundary_allows_nothing_by_itself_and_limits_what_a_policy_allows():
    everything = policy(allow("s3:*"))
    assert not allowed([], "s3:GetObject", OBJECT, boundary=[everything])
    assert allowed([everything], "s3:GetObject", OBJECT, boundary=[READ])
    assert not allowed([everything], "s3:PutObject", OBJECT, boundary=[READ])
    assert not allowed([everything], "s3:GetObject", OBJECT, boundary=[])


def test_what_a_statement_leaves_out_it_does_not_name():
    rest = policy({"Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::kept*"})
    assert allowed([rest], "s3:GetObject", OBJECT)
    assert not allowed([rest], "s3:GetObject", "arn:aws:s3:::kept/object")
    assert not allowed([rest], "iam:GetRole", ROLE)


def test_an_action_that_knows_no_resource_is_allowed_on_all_or_not_at_all():
    stream = "arn:aws:kinesis:us-east-1:123456789012:stream/stack-flights"
    assert not allowed([policy(allow("kinesis:*", stream))], "kinesis:UpdateShardCount", stream)
    assert allowed([policy(allow("kinesis:UpdateShardCount"))], "kinesis:UpdateShardCount", stream)
    assert allowed([policy(allow("kinesis:*", stream))], "kinesis:PutRecords", stream)


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}, {"iam:PermissionsBoundary": BOUNDARY}, True),
        ({"StringEquals": {"IAM:permissionsboundary": BOUNDARY}}, {"iam:PermissionsBoundary": BOUNDARY}, True),
        ({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}, {"iam:PermissionsBoundary": ROLE}, False),
        ({"StringEquals": {"iam:PermissionsBoundary": BOUNDARY}}, {}, False),
        ({"StringEquals": {"k": ["a", "b"]}}, {"k": "b"}, True),
        ({"StringEquals": {"k": "a", "l": "b"}}, {"k": "a", "l": "c"}, False),
        ({"StringEquals": {"k": "a"}, "Bool": {"l": "true"}}, {"k": "a"}, False),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": "b"}, False),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "c"}, True),
        ({"StringNotEquals": {"k": ["a", "b"]}}, {"k": "b"}, False),
        ({"StringNotEquals": {"k": "a"}}, {}, True),
        ({"StringLike": {"k": "stack-*"}}, {"k": "stack-load"}, True),
        ({"StringLike": {"k": "stack-*"}}, {"k": "other-load"}, False),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/stack-*"}}, {"k": ROLE}, True),
        ({"ArnLike": {"k": "arn:aws:iam:*:role/stack-load"}}, {"k": ROLE}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "false"}, True),
        ({"Bool": {"aws:SecureTransport": "false"}}, {"aws:SecureTransport": "true"}, False),
        ({"Null": {"k": "true"}}, {}, True),
        ({"Null": {"k": "true"}}, {"k": "a"}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "b"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, True),
    ],
    ids=str,
)
def test_a_statement_holds_under_all_of_its_conditions(condition, context, expected):
    assert (
        allowed([policy(allow("iam:CreateRole", ROLE, Condition=condition))], "iam:CreateRole", ROLE, context)
        == expected
    )


def test_a_condition_that_is_not_understood_is_an_error_and_never_an_answer():
    for odd in ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, {"StringEquals": {"k": "${aws:username}"}}):
        with pytest.raises(NotImplementedError, match="not understood"):
            allowed([policy(allow("iam:CreateRole", ROLE, Condition=odd))], "iam:CreateRole", ROLE)


def test_an_action_that_aws_does_not_have_is_an_error():
    with pytest.raises(KeyError, match="s3:GetObjekt"):
        allowed([READ], "s3:GetObjekt", OBJECT)


def test_the_reference_tells_the_types_of_resources_and_the_actions_of_a_wildcard():
    assert iam.resources_of("kinesis:PutRecords") == {
        "stream": "arn:${Partition}:kinesis:${Region}:${Account}:stream/${StreamName}"
    }
    assert iam.resources_of("sns:Unsubscribe") == {}
    assert {"glue:GetTable", "glue:GetTables"} <= iam.actions_like("glue:Get*")
    assert not {name for name in iam.actions_like("glue:Get*") if not name.startswith("glue:Get")}
