"""What the emulator cannot show is held against the template itself."""

import json
from pathlib import Path

import pytest
import yaml

from aviation import aws, deploy
from aviation.entities import ENTITIES
from aviation.errors import ParameterError
from aviation.places import stack_name

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def resources(stack) -> dict[str, dict]:
    """The template's resources with every Fn::ForEach unrolled, as the stack was made from them."""
    template = aws.client("cloudformation").get_template(StackName=stack_name(), TemplateStage="Processed")
    body = template["TemplateBody"]
    return (json.loads(body) if isinstance(body, str) else body)["Resources"]


def of_type(resources: dict, kind: str) -> dict[str, dict]:
    found = {name: body for name, body in resources.items() if body["Type"] == kind}
    assert found, f"no {kind}"
    return found


def test_each_entity_has_a_stream_a_delivery_stream_a_producer_and_a_schedule(resources):
    for entity in ENTITIES.values():
        for part in ("Stream", "DeliveryStream", "Producer", "ProducerSchedule"):
            assert f"{entity.title}{part}" in resources


def test_buckets_are_private_encrypted_and_kept_when_the_stack_goes(resources):
    buckets = of_type(resources, "AWS::S3::Bucket")
    assert len(buckets) == 4
    for name, bucket in buckets.items():
        assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain", name
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values()), name
        assert bucket["Properties"]["BucketEncryption"], name


def test_every_bucket_refuses_plain_http(resources):
    policies = of_type(resources, "AWS::S3::BucketPolicy")
    assert len(policies) == len(of_type(resources, "AWS::S3::Bucket"))
    for policy in policies.values():
        [statement] = policy["Properties"]["PolicyDocument"]["Statement"]
        assert statement["Effect"] == "Deny"
        assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_no_role_may_do_everything_or_touch_everything(resources):
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
                assert not any("*" in action for action in actions), name
                assert statement["Resource"] != "*", name


def test_every_log_group_forgets_after_a_while(resources):
    for name, group in of_type(resources, "AWS::Logs::LogGroup").items():
        assert group["Properties"]["RetentionInDays"], name


def test_functions_are_told_where_the_secret_is_and_never_what_it_says(resources):
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        variables = function["Properties"]["Environment"]["Variables"]
        assert "AVIATION_API_KEY_SECRET" in variables, name
        assert "AVIATIONSTACK_ACCESS_KEY" not in variables, name


def test_delivery_streams_wait_five_minutes_and_compress(resources):
    declared = deploy.declared_parameters(ROOT)
    assert declared["BufferSeconds"]["Default"] == 300
    for stream in of_type(resources, "AWS::KinesisFirehose::DeliveryStream").values():
        destination = stream["Properties"]["ExtendedS3DestinationConfiguration"]
        assert destination["BufferingHints"]["IntervalInSeconds"] == {"Ref": "BufferSeconds"}
        assert destination["CompressionFormat"] == "GZIP"


@pytest.mark.parametrize("file", sorted((ROOT / "parameters/deploy").glob("*.yaml")), ids=lambda file: file.stem)
def test_parameter_files_hold_parameters_of_the_template(file):
    assert deploy.read_parameters(file, ROOT)


def test_a_typo_in_a_parameter_file_is_named_with_the_nearest_parameter(tmp_path):
    file = tmp_path / "typo.yaml"
    file.write_text(yaml.safe_dump({"ShardCuont": 1}))
    with pytest.raises(ParameterError, match="unknown parameter 'ShardCuont': did you mean 'ShardCount'"):
        deploy.read_parameters(file, ROOT)
