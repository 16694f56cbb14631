"""The check of calls against policies can say no."""

import pytest

from support.aws_calls import Call, actions, allows

POLICY = [
    {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::raw/flights/*"},
    {"Effect": "Allow", "Action": "glue:GetTable", "Resource": ["arn:catalog", "arn:database/aviation", "arn:table/*"]},
    {
        "Effect": "Allow",
        "Action": "cloudwatch:PutMetricData",
        "Resource": "*",
        "Condition": {"StringEquals": {"cloudwatch:namespace": "Aviation"}},
    },
]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (Call("s3:GetObject", ("arn:aws:s3:::raw/flights/2026/object",)), True),
        (Call("s3:GetObject", ("arn:aws:s3:::raw/cities/2026/object",)), False),
        (Call("s3:GetObject", ("arn:aws:s3:::rawer/flights/object",)), False),
        (Call("s3:DeleteObject", ("arn:aws:s3:::raw/flights/object",)), False),
        (Call("glue:GetTable", ("arn:catalog", "arn:database/aviation", "arn:table/aviation/flights")), True),
        (Call("glue:GetTable", ("arn:catalog", "arn:database/other", "arn:table/other/flights")), False),
        (Call("cloudwatch:PutMetricData", ("*",), (("cloudwatch:namespace", "Aviation"),)), True),
        (Call("cloudwatch:PutMetricData", ("*",), (("cloudwatch:namespace", "Other"),)), False),
        (Call("cloudwatch:PutMetricData", ("*",)), False),
    ],
    ids=str,
)
def test_a_call_is_allowed_where_a_statement_names_its_action_all_its_resources_and_its_context(call, expected):
    assert allows(POLICY, call) == expected


def test_actions_are_all_that_is_named():
    assert actions(POLICY) == {"s3:GetObject", "s3:PutObject", "glue:GetTable", "cloudwatch:PutMetricData"}
