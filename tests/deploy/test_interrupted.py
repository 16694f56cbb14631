"""Deploy, destroy, deploy again, interrupted anywhere: in the emulator."""

import json
from contextlib import suppress

import pytest
import yaml
from botocore.client import BaseClient
from click.testing import CliRunner

from aviation import aws, secret
from aviation.cli import main
from aviation.deploy import buckets, change_sets
from aviation.deploy.template import buckets_alone, read_template
from support import ROOT
from support.life import Life

CHANGING = {
    *("CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet", "DeleteStack"),
    *("PutObject", "PutSecretValue", "DeleteBucket"),
}
"""The calls after which a deployment, or its end, can be interrupted with something changed."""
NEVER = -1


class Interruption:
    """Ctrl-C right after the `at`th changing call; `due` once it has come."""

    def __init__(self, at: int):
        self.left, self.due = at, False

    def after(self, operation: str) -> None:
        self.left -= operation in CHANGING
        if operation in CHANGING and self.left == 0:
            self.due = True
            raise KeyboardInterrupt


@pytest.fixture
def interrupt(monkeypatch):
    """A function that has the calls from now on interrupted after the `at`th changing one."""
    call = BaseClient._make_api_call

    def begin(at: int) -> Interruption:
        interruption = Interruption(at)

        def interrupted(self, operation, parameters):
            answer = call(self, operation, parameters)
            interruption.after(operation)
            return answer

        monkeypatch.setattr(BaseClient, "_make_api_call", interrupted)
        return interruption

    return begin


def whole(life: Life) -> None:
    """The stack is as a deployment that was not interrupted leaves it."""
    outputs = life.deploy(ScheduleState="ENABLED")
    assert life.status() in change_sets.SUCCEEDED
    assert {f"{title}Bucket" for title in buckets.BUCKETS} < set(outputs)
    assert len(life.buckets()) == 4
    assert secret.read(outputs["ApiKeySecret"]) == "key-of-this-life"
    assert life.schedules() == {"ENABLED"}
    life.deploy(ScheduleState="ENABLED")
    assert life.told[-1].endswith("nothing to change")


@pytest.mark.slow
def test_a_deployment_interrupted_after_any_of_its_calls_is_finished_by_the_next_one(life, interrupt):
    for at in range(1, 100):
        if life.status() or life.buckets():
            life.destroy(*life.buckets())
        interruption = interrupt(at)
        with suppress(KeyboardInterrupt):
            life.deploy(ScheduleState="ENABLED")
        interrupt(NEVER)
        if not interruption.due:
            break
        whole(life)
    assert at > 8


@pytest.mark.slow
def test_destroying_interrupted_after_any_of_its_calls_is_finished_by_the_next_one_and_deployed_again(life, interrupt):
    for at in range(1, 100):
        whole(life)
        doomed = sorted(life.buckets())[:1]
        interruption = interrupt(at)
        with suppress(KeyboardInterrupt):
            life.destroy(*doomed)
        interrupt(NEVER)
        if not interruption.due:
            break
        whole(life)
    assert at > 2


def left_behind(life: Life, *logical: str) -> None:
    """The stack as it is right after an import of these of its buckets."""
    names = buckets.existing(life.name)
    buckets.adopt(life.name, {name: names[name] for name in logical}, {}, {})


def test_buckets_of_which_some_are_in_the_stack_some_beside_it_and_some_gone_are_all_in_the_stack_afterwards(life):
    life.deploy()
    life.destroy(*(name for name in life.buckets() if "-runs-" in name or "-artefacts-" in name))
    left_behind(life, "RawBucket")
    assert life.status() == "IMPORT_COMPLETE"
    whole(life)
    assert {f"{title}Bucket" for title in buckets.BUCKETS} < set(life.resources())


def test_buckets_that_an_update_rolled_back_left_beside_the_stack_are_taken_over(life):
    """The stack has parameters of its own by then: the import must leave them as they are."""
    template = {"TemplateBody": json.dumps(buckets_alone(read_template(ROOT)))}
    change_sets.apply(life.name, template, {"RawInfrequentDays": "45"})
    known, parameters = change_sets.as_it_is(life.name)
    del known["Resources"]["RunsBucket"], known["Resources"]["RunsBucketPolicy"], known["Outputs"]["RunsBucket"]
    change_sets.apply(life.name, {"TemplateBody": json.dumps(known)}, parameters)
    assert len(life.buckets()) == 4
    assert "RunsBucket" not in life.resources()
    whole(life)


def test_what_is_left_of_a_change_set_that_was_never_executed_is_begun_anew(life):
    resource = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": f"{life.name}-left"}}
    cloudformation = aws.client("cloudformation")
    cloudformation.create_change_set(
        StackName=life.name,
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps({"Resources": {"Left": resource}}),
    )
    assert life.status() == "REVIEW_IN_PROGRESS"
    life.deploy()
    assert life.told[0].startswith(
        f"deploy: {life.name}: it is REVIEW_IN_PROGRESS: a change set that was never executed"
    )
    assert "Left" not in life.resources()


def failed_creation(life: Life) -> None:
    broken = {"Type": "AWS::Logs::LogStream", "Properties": {"LogGroupName": "/no/such/group", "LogStreamName": "any"}}
    cloudformation = aws.client("cloudformation")
    cloudformation.create_stack(StackName=life.name, TemplateBody=json.dumps({"Resources": {"Broken": broken}}))
    while life.status() in ("CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"):
        pass
    assert life.status() == "ROLLBACK_COMPLETE"


def test_a_creation_that_failed_is_deleted_and_made_again_but_never_by_a_dry_run(life, tmp_path):
    failed_creation(life)
    file = tmp_path / "given.yaml"
    file.write_text(f"DatabaseName: {life.name.replace('-', '_')}\n")
    seen = CliRunner().invoke(main, ["deploy", "--stack", life.name, "--parameters", str(file), "--dry-run"])
    assert seen.exit_code == 0, seen.output
    assert f"deploy: {life.name}: it is ROLLBACK_COMPLETE: what is left of a creation that failed goes" in seen.output
    assert life.status() == "ROLLBACK_COMPLETE"
    whole(life)


def test_a_creation_that_failed_can_be_destroyed(life):
    failed_creation(life)
    life.destroy()
    assert life.status() is None


def test_a_dry_run_of_a_stack_whose_buckets_were_kept_shows_that_they_are_taken_over(life, tmp_path):
    life.deploy()
    life.destroy()
    file = tmp_path / "given.yaml"
    file.write_text(yaml.safe_dump(life.given))
    seen = CliRunner().invoke(main, ["deploy", "--stack", life.name, "--parameters", str(file), "--dry-run"])
    assert seen.exit_code == 0, seen.output
    assert "import   RawBucket (AWS::S3::Bucket)" in seen.output
    assert "add      FlightsProducer (AWS::Lambda::Function)" in seen.output
    assert life.status() is None


def test_no_schedule_is_enabled_before_the_key_is_stored_and_the_delivery_streams_are_active(life, monkeypatch):
    put, at_put = secret.put, []

    def noted(name: str, key: str) -> None:
        firehose = aws.client("firehose")
        found = [
            firehose.describe_delivery_stream(DeliveryStreamName=name)["DeliveryStreamDescription"]
            for logical, name in life.resources().items()
            if logical.endswith("DeliveryStream")
        ]
        at_put.append((life.schedules(), {stream["DeliveryStreamStatus"] for stream in found}, len(found)))
        put(name, key)

    monkeypatch.setattr(secret, "put", noted)
    life.deploy(ScheduleState="ENABLED")
    assert at_put == [({"DISABLED"}, {"ACTIVE"}, 4)]
    assert life.schedules() == {"ENABLED"}


def test_without_a_key_schedules_stay_disabled_until_there_is_one(life):
    life.deploy(key=None, ScheduleState="ENABLED")
    assert life.schedules() == {"DISABLED"}
    missing = (
        f"deploy: {life.name}: the API's key is missing, no schedule runs: set AVIATIONSTACK_ACCESS_KEY and deploy"
    )
    assert any(line.startswith(missing) for line in life.told)
    life.deploy(ScheduleState="ENABLED")
    assert life.schedules() == {"ENABLED"}
    # Once it is stored, it need not be given again.
    life.deploy(key=None, ScheduleState="ENABLED", BufferSeconds="120")
    assert life.schedules() == {"ENABLED"}
    assert not any("missing" in line for line in life.told)


def test_a_secret_that_waits_for_its_deletion_is_restored_with_its_key(life):
    name = life.deploy()["ApiKeySecret"]
    aws.client("secretsmanager").delete_secret(SecretId=name)
    life.deploy(key=None, ScheduleState="ENABLED")
    assert any(line.startswith(f"deploy: the secret {name} was to be deleted: restored") for line in life.told)
    assert secret.read(name) == "key-of-this-life"
    assert life.schedules() == {"ENABLED"}
    aws.client("secretsmanager").delete_secret(SecretId=name)
    life.deploy(key="another-key-of-this-life")
    assert secret.read(name) == "another-key-of-this-life"


def test_the_secret_of_addresses_is_restored_with_them(life):
    name = life.deploy()["AddressesSecret"]
    secret.put(name, "json://127.0.0.1:9/of-this-life")
    aws.client("secretsmanager").delete_secret(SecretId=name)
    life.deploy()
    assert secret.read(name) == "json://127.0.0.1:9/of-this-life"


def test_an_account_with_a_quota_of_ten_gets_everything_but_the_reservations(life, monkeypatch):
    call = BaseClient._make_api_call

    def new_account(self, operation, parameters):
        answer = call(self, operation, parameters)
        if operation == "GetAccountSettings":
            answer["AccountLimit"] |= {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 10}
        return answer

    def reserved() -> str:
        """As the stack was told: the emulator's CloudFormation reserves nothing."""
        return change_sets.as_it_is(life.name)[1]["ReserveConcurrency"]

    with monkeypatch.context() as patched:
        patched.setattr(BaseClient, "_make_api_call", new_account)
        life.deploy(ReserveConcurrency="true")
    assert any("no concurrency is reserved: the account may run 10 functions at once" in line for line in life.told)
    assert reserved() == "false"
    life.deploy()
    assert reserved() == "true"
