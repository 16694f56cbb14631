"""Who sees the newest page through CloudFront: the function of the template, run as it stands there."""

import json
import os
import re
import subprocess

import pytest

from aviation.deploy.template import declared_parameters, read_template
from support import ROOT
from support.trino import grammar

TEMPLATE = read_template(ROOT)
CODE = TEMPLATE["Resources"]["ViewersFunction"]["Properties"]["FunctionCode"]["Fn::Sub"]
ALLOWED = declared_parameters(ROOT)["ViewerNetworks"]["AllowedPattern"]
NETWORKS = "198.51.100.0/24,203.0.113.7/32,10.128.0.0/9"


@pytest.fixture(autouse=True, scope="module")
def there_is_a_node():
    if not grammar.READY.is_file():
        said = "Node is not installed in .aviation/node: run 'make .aviation/node/trino/.ready'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)


def answered(networks: str, addresses: list[str]) -> list[dict]:
    """What the function answers to a request from each address."""
    code = CODE.replace("${ViewerNetworks}", networks)
    events = [{"viewer": {"ip": address}, "request": {"uri": "/dashboard.html"}} for address in addresses]
    script = f"{code}\nconsole.log(JSON.stringify({json.dumps(events)}.map(handler)));"
    done = subprocess.run([grammar.node(), "-e", script], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "address", ["198.51.100.0", "198.51.100.255", "203.0.113.7", "10.128.0.0", "10.255.255.255", "10.200.1.2"]
)
def test_who_is_in_a_network_gets_the_page(address):
    assert answered(NETWORKS, [address]) == [{"uri": "/dashboard.html"}]


@pytest.mark.parametrize(
    "address",
    [
        *("198.51.101.0", "198.51.99.255", "203.0.113.6", "203.0.113.8", "10.127.255.255", "11.0.0.0", ""),
        *("::1", "::ffff:198.51.100.1", "2001:db8::1"),
    ],
)
def test_anybody_else_is_refused(address):
    assert answered(NETWORKS, [address]) == [{"statusCode": 403, "statusDescription": "Forbidden"}]


@pytest.mark.parametrize("given", ["", "198.51.100.0/24", NETWORKS])
def test_networks_are_taken(given):
    assert re.fullmatch(ALLOWED, given)


@pytest.mark.parametrize(
    "given",
    [
        *("0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/33", "10.0.0.1", "10.0.0.0/8, 10.0.0.0/8", "10.0.0.0/8,", "::/0"),
        *("10.0.0.0/8'];x", "anybody"),
    ],
)
def test_what_is_no_network_or_the_whole_internet_is_refused(given):
    assert not re.fullmatch(ALLOWED, given)


def test_the_distribution_takes_https_alone_asks_the_function_first_and_reads_one_prefix():
    config = TEMPLATE["Resources"]["Viewers"]["Properties"]["DistributionConfig"]
    behaviour = config["DefaultCacheBehavior"]
    assert behaviour["ViewerProtocolPolicy"] == "https-only"
    [association] = behaviour["FunctionAssociations"]
    assert association == {
        "EventType": "viewer-request",
        "FunctionARN": {"Fn::GetAtt": ["ViewersFunction", "FunctionARN"]},
    }
    assert "CacheBehaviors" not in config
    assert config["IPV6Enabled"] is False
    [origin] = config["Origins"]
    assert origin["OriginPath"] == "/published/latest"
    assert origin["OriginAccessControlId"] == {"Ref": "ViewersAccess"}


def test_the_buckets_let_that_distribution_alone_read_that_prefix():
    _, _, loop = TEMPLATE["Resources"]["Fn::ForEach::Storage"]
    statements = loop["${Bucket}BucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [viewers] = [item["Fn::If"] for item in statements if "Fn::If" in item]
    condition, statement, otherwise = viewers
    assert (condition, otherwise) == ("HasViewers", {"Ref": "AWS::NoValue"})
    assert statement["Action"] == "s3:GetObject"
    assert statement["Resource"]["Fn::Sub"][0] == "${Arn}/published/latest/*"
    arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Viewers}"
    assert statement["Condition"] == {"StringEquals": {"aws:SourceArn": {"Fn::Sub": arn}}}
