"""A stack's life in the emulator, beside the stack of the run: made, made again, changed, broken, destroyed."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from aviation import aws, places, secret
from aviation.cli import main
from aviation.deploy import change_sets
from aviation.deploy import stack as deploy
from aviation.deploy.template import TEMPLATE, buckets_alone, read_template
from aviation.errors import ParameterError, PlanError, StackError
from support import ROOT
from support.life import Life


def changed_template(folder: Path, change) -> Path:
    """A checkout whose template `change` has changed, as a dictionary."""
    template = read_template(ROOT)
    change(template)
    (folder / TEMPLATE).parent.mkdir(parents=True)
    (folder / TEMPLATE).write_text(json.dumps(template))
    return folder


def test_a_stack_is_made_from_nothing_with_its_artefacts_under_the_hash_of_their_content(life):
    outputs = life.deploy()
    assert life.status() in change_sets.SUCCEEDED
    assert {f"{life.name}-{name}" for name in ("raw", "published", "runs", "artefacts")} == {
        bucket.rsplit("-", 4)[0] for bucket in life.buckets()
    }
    kept = aws.client("s3").list_objects_v2(Bucket=outputs["ArtefactsBucket"])["Contents"]
    assert sorted(re.sub(r"-[0-9a-f]{16}\.", ".", item["Key"]) for item in kept) == [
        "Deployment_Lambda.zip",
        "aviation.zip",
        "aviation_data_load.py",
        "cloudformation.yaml",
    ]
    assert ("add", "FlightsProducer") in life.shown()
    assert {action for action, _ in life.shown()} <= {"add", "modify"}


def test_the_same_again_changes_and_uploads_nothing(life):
    life.deploy()
    before = life.resources()
    life.deploy()
    assert life.told == [f"deploy: {life.name}: nothing to change"]
    assert life.resources() == before


def test_a_parameter_changes_only_what_takes_it(life):
    outputs = life.deploy()
    before = life.resources()
    assert life.deploy(BufferSeconds="120") == outputs
    streams = {f"{title}DeliveryStream" for title in ("Flights", "Cities", "Airplanes", "AircraftTypes")}
    assert life.shown() == {("modify", name) for name in streams}
    assert life.resources() == before
    [stream] = aws.client("firehose").describe_delivery_stream(DeliveryStreamName=before["FlightsDeliveryStream"])[
        "DeliveryStreamDescription"
    ]["Destinations"]
    assert stream["ExtendedS3DestinationDescription"]["BufferingHints"]["IntervalInSeconds"] in (120, "120")


def test_a_parameter_that_is_no_longer_given_is_its_default_again(life):
    life.deploy(BufferSeconds="120")
    life.deploy()
    assert {name for _, name in life.shown()} > {"FlightsDeliveryStream"}


def test_a_template_that_cannot_be_is_refused_and_the_stack_stays_as_it_was(life, tmp_path):
    outputs = life.deploy()
    root = changed_template(tmp_path, lambda template: template["Resources"].update(X={"Type": "AWS::No::Such"}))
    with pytest.raises(StackError, match=rf"the template was refused for the stack '{life.name}': .*AWS::No::Such"):
        life.deploy(root)
    assert life.status() in change_sets.SUCCEEDED
    assert life.deploy() == outputs
    assert life.told[-1].endswith("nothing to change")


def test_a_resource_that_fails_is_named_with_the_reason_and_what_was_changed_is_rolled_back(life, tmp_path):
    outputs = life.deploy()
    before = life.resources()

    def break_it(template: dict) -> None:
        properties = {"LogGroupName": "/no/such/group", "LogStreamName": "any"}
        template["Resources"]["Broken"] = {"Type": "AWS::Logs::LogStream", "Properties": properties}

    root = changed_template(tmp_path, break_it)
    with pytest.raises(StackError, match=rf"the stack '{life.name}' ended as UPDATE_ROLLBACK_COMPLETE: Broken: .+"):
        life.deploy(root, BufferSeconds="120")
    assert any("Broken" in line for line in life.told)
    assert life.resources() == before
    assert life.deploy() == outputs
    assert life.told[-1].endswith("nothing to change")


def test_what_early_validation_finds_is_told_with_its_reason_and_its_place(life, tmp_path):
    """A bucket whose name is taken: CloudFormation refuses it before it begins, and says only that it did."""
    life.deploy()
    taken = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "taken-by-somebody-else"}}
    aws.client("s3").create_bucket(Bucket="taken-by-somebody-else")
    root = changed_template(tmp_path, lambda template: template["Resources"].update(Another=taken))
    with pytest.raises(StackError, match=r"UPDATE_ROLLBACK_COMPLETE: Another: .+ \(/Resources/Another\)$"):
        life.deploy(root)
    aws.client("s3").delete_bucket(Bucket="taken-by-somebody-else")


def test_a_stack_destroyed_keeps_its_buckets_and_a_stack_made_again_takes_them_over(life):
    raw = life.deploy()["RawBucket"]
    aws.client("s3").put_object(Bucket=raw, Key="flights/object", Body=b"kept")
    life.destroy()
    assert life.status() is None
    assert all(any(f"kept the bucket {name}" in line for line in life.told) for name in life.buckets())
    assert len(life.buckets()) == 4
    assert life.deploy()["RawBucket"] == raw
    assert aws.client("s3").get_object(Bucket=raw, Key="flights/object")["Body"].read() == b"kept"


def test_buckets_go_only_when_they_are_named_with_all_versions_of_what_is_in_them(life):
    outputs = life.deploy()
    s3 = aws.client("s3")
    for body in (b"one", b"two"):
        s3.put_object(Bucket=outputs["RunsBucket"], Key="flights/object", Body=body)
    with pytest.raises(ParameterError, match="not a bucket of the stack"):
        life.destroy(outputs["RunsBucket"], "somebody-elses")
    assert life.status() in change_sets.SUCCEEDED
    life.destroy(outputs["RunsBucket"])
    assert outputs["RunsBucket"] not in life.buckets()
    assert len(life.buckets()) == 3
    # With the stack gone, what is left can still be named.
    life.destroy(*life.buckets())
    assert not life.buckets()
    with pytest.raises(StackError, match=f"there is no stack '{life.name}'"):
        life.destroy()


def test_what_a_stack_starts_from_needs_nothing_but_parameters_mappings_and_itself():
    alone = buckets_alone(read_template(ROOT))
    assert list(alone["Resources"]) == ["Fn::ForEach::Storage"]
    referred = set(re.findall(r'"Ref": "([^"]+)"', json.dumps(alone["Resources"] | alone["Outputs"])))
    buckets = {f"{title}Bucket" for title in deploy.BUCKETS}
    known = set(alone["Parameters"]) | buckets | {"Bucket"}
    assert {name for name in referred if not name.startswith("AWS::")} <= known


def command(*arguments: str):
    return CliRunner().invoke(main, arguments)


def given_file(life: Life, folder: Path, **parameters: str) -> str:
    file = folder / "given.yaml"
    file.write_text(yaml.safe_dump(life.given | parameters))
    return str(file)


def test_a_dry_run_shows_the_changes_and_makes_none(life, tmp_path):
    new = command("deploy", "--stack", life.name, "--parameters", given_file(life, tmp_path), "--dry-run")
    assert new.exit_code == 0, new.output
    assert re.search(r"add +FlightsProducer \(AWS::Lambda::Function\)", new.output)
    assert "nothing was changed" in new.output
    assert life.status() is None
    assert not life.buckets()
    outputs = life.deploy()
    again = command("deploy", "--stack", life.name, "--parameters", given_file(life, tmp_path), "--dry-run")
    assert "0 resources would change" in again.output
    other = given_file(life, tmp_path, BufferSeconds="90")
    changed = command("deploy", "--stack", life.name, "--parameters", other, "--dry-run")
    assert "4 resources would change" in changed.output
    assert life.deploy() == outputs
    assert life.told[-1].endswith("nothing to change")


def test_the_commands_deploy_say_what_a_stack_does_and_destroy_it(life, tmp_path):
    file = given_file(life, tmp_path)
    made = command("deploy", "--stack", life.name, "--parameters", file)
    assert made.exit_code == 0, made.output
    assert f"RawBucket: {life.name}-raw-" in made.output
    assert "the API's key is missing, no schedule runs: set AVIATIONSTACK_ACCESS_KEY" in made.output
    gone = command("destroy", "--stack", life.name)
    assert gone.exit_code == 0, gone.output
    assert life.status() is None
    missing = command("destroy", "--stack", "never-made")
    assert (missing.exit_code, missing.output.count("\n")) == (1, 1)
    assert "there is no stack 'never-made'" in missing.output


def test_the_status_of_a_stack_is_asked_by_its_name(life, monkeypatch):
    """Of its Athena and its runs bucket: the emulator's Athena knows no Iceberg, so the tables are told as missing."""
    monkeypatch.delenv("AVIATION_LOCAL")
    runs_bucket = life.deploy()["RunsBucket"]
    record = {
        "run_id": "0" * 32, "job": "producer/cities", "status": "failed", "seconds": 3, "counts": {}, "failed_cell": 5,
        "started_at": "2026-03-01T12:00:00Z", "error": "the month's calls are used up",
    }  # fmt: skip
    key = f"producer/cities/2026/03/01/{record['run_id']}.json"
    aws.client("s3").put_object(Bucket=runs_bucket, Key=key, Body=json.dumps(record))
    done = command("status", "--stack", life.name)
    assert done.exit_code == 0, done.output
    assert "Athena refused the query" in done.output
    assert "producer/cities          failed   cell 5: the month's calls are used up" in done.output


def test_a_database_that_is_another_stacks_and_a_key_that_is_none_are_refused_before_anything_is_made(
    life, stack, tmp_path, monkeypatch
):
    done = command("deploy", "--stack", life.name)
    assert done.exit_code == 2
    assert "the Glue database 'aviation' is there already: set DatabaseName" in done.output
    monkeypatch.setenv("AVIATIONSTACK_ACCESS_KEY", "two words")
    done = command("deploy", "--stack", life.name, "--parameters", given_file(life, tmp_path))
    assert done.exit_code == 1
    assert "AVIATIONSTACK_ACCESS_KEY has white space in it" in done.output
    assert life.status() is None


def test_a_key_in_the_environment_is_put_into_the_secret_and_nowhere_else(life, tmp_path, monkeypatch):
    monkeypatch.setenv("AVIATIONSTACK_ACCESS_KEY", "key-of-this-test")
    made = command("deploy", "--stack", life.name, "--parameters", given_file(life, tmp_path))
    assert made.exit_code == 0, made.output
    assert "key-of-this-test" not in made.output
    assert "the API's key is stored in its secret" in made.output
    found = aws.client("cloudformation").describe_stacks(StackName=life.name)["Stacks"][0]
    assert "key-of-this-test" not in json.dumps(found, default=str)
    assert secret.read(places.stack_outputs(life.name)["ApiKeySecret"]) == "key-of-this-test"
    assert secret.put(places.stack_outputs(life.name)["ApiKeySecret"], "another-key-of-this-test")
    assert not secret.put(places.stack_outputs(life.name)["ApiKeySecret"], "another-key-of-this-test")
    assert secret.read(places.stack_outputs(life.name)["ApiKeySecret"]) == "another-key-of-this-test"


def test_schedules_that_the_plan_cannot_carry_are_refused_before_anything_is_made(life, tmp_path):
    file = given_file(life, tmp_path, ApiPlan="basic", ScheduleState="ENABLED")
    refused = command("deploy", "--stack", life.name, "--parameters", file)
    assert refused.exit_code == 1, refused.output
    assert "10,000" in refused.output
    assert "--force" in refused.output
    assert life.status() is None
    with pytest.raises(PlanError):
        deploy.deploy_to_aws(life.name, Path(file), root=ROOT)
    forced = command("deploy", "--stack", life.name, "--parameters", file, "--force", "--dry-run")
    assert forced.exit_code == 0, forced.output
