"""The roles of the template, enforced by a second emulator: what runs under them is allowed, and nothing beyond.

Producers, deliveries in Firehose's place, the script that Glue runs (Spark's calls included), the alerts and the
commands run there as they run on AWS, and every call is recorded. moto judges by action, and by ARN for S3 and SQS;
each recorded call is then held against the real policies, ARNs and conditions included, by `support.iam`.
"""

import gzip
import json
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from aviation.entities import ENTITIES
from aviation.places import stack_name
from support import ROOT, iam
from support.aws_calls import ACCOUNT, REGION, Call
from support.role_tables import BEYOND, BY_SERVICES, KINDS, NOT_GRANTED, OF_OTHERS, UNREAD
from support.second_emulator import SecondEmulator, second_emulator, widened

pytestmark = pytest.mark.slow

DEPLOYER = "Deployer"
FUNCTION = """
import json, sys
from aviation.runs import lambdas
class Context:
    def get_remaining_time_in_millis(self):
        return 100_000
print("RESULT", json.dumps(getattr(lambdas, sys.argv[1])({}, Context())))
"""
LOAD = """
import runpy, sys
from datetime import UTC, datetime
from pyspark.sql import SparkSession
from aviation.load.upkeep import tidy
database = sys.argv.pop(1)
for _ in range(2):
    runpy.run_path("script.py", run_name="__main__")
tidy(SparkSession.getActiveSession(), f"glue_catalog.{database}", older_than=datetime.now(UTC))
"""
"""The script, and again when nothing is new; then upkeep as a day later, when all but the newest snapshots are old."""


@pytest.fixture(scope="module")
def second(stack, canary, tmp_path_factory) -> Iterable[SecondEmulator]:
    with second_emulator(tmp_path_factory.mktemp("moto"), canary) as started:
        started.make_role(DEPLOYER, [widened(deployer_policy(started))])
        yield started


def named(second: SecondEmulator, text: str, entity: str = "") -> str:
    """The text with what the stack calls what stands there in capitals."""
    names = {f"{name.upper()}": second.outputs[f"{name}Bucket"] for name in ("Raw", "Published", "Runs", "Artefacts")}
    names |= {"STACK": stack_name(), "DATABASE": second.outputs["Database"], "TOPIC": second.outputs["AlertsTopic"]}
    names |= {"SECRET": second.outputs["ApiKeySecret"], "ADDRESSES": second.outputs["AddressesSecret"]}
    names |= {"ENTITY": entity, "LOAD_SCRIPT": second.script_key}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, names[name])
    return text


def of_kind(second: SecondEmulator, kind: str) -> list[str]:
    """The roles of a kind; at least one."""
    found = [role for role in second.policies if re.fullmatch(KINDS[kind], role)]
    assert found, kind
    return found


def deployer_policy(second: SecondEmulator) -> dict:
    names = {"STACK": stack_name(), "DATABASE": second.outputs["Database"], "ACCOUNT": ACCOUNT, "REGION": REGION}
    text = (ROOT / "infra/deployer-policy.json").read_text()
    for name, value in names.items():
        text = text.replace(name, value)
    return json.loads(text)


def invoke(second: SecondEmulator, role: str, function: str, handler: str, folder: Path) -> subprocess.CompletedProcess:
    """Run a function's handler as it is deployed, with its variables, under a role."""
    environment = second.environment(role) | second.variables[f"{stack_name()}-{function}"]
    environment |= {"LAMBDA_TASK_ROOT": str(ROOT), "TMPDIR": str(folder)}
    return run([sys.executable, "-c", FUNCTION, handler], environment, folder)


def run(command: list[str], environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess:
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=500)


@pytest.fixture(scope="module")
def polled(second, tmp_path_factory) -> dict[str, subprocess.CompletedProcess]:
    """The first run of each producer, by entity; a second one, which reads what the first has seen, is like it."""
    folder, first = tmp_path_factory.mktemp("functions"), {}
    for name, entity in ENTITIES.items():
        runs = [invoke(second, f"{entity.title}ProducerRole", f"producer-{name}", "handler", folder) for _ in range(2)]
        assert runs[1].returncode == 0, (name, runs[1].stderr[-1500:])
        first[name] = runs[0]
    return first


@pytest.fixture(scope="module")
def delivered(second, polled) -> dict[str, int]:
    """What Firehose does with each stream, under its role: bytes delivered, by entity."""
    sizes = {}
    for name, entity in ENTITIES.items():
        role, stream = f"{entity.title}DeliveryRole", f"{stack_name()}-{name}"
        kinesis, s3 = second.as_role(role, "kinesis"), second.as_role(role, "s3")
        [shard] = kinesis.describe_stream(StreamName=stream)["StreamDescription"]["Shards"]
        begin = {"StreamName": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        records = kinesis.get_records(ShardIterator=kinesis.get_shard_iterator(**begin)["ShardIterator"])["Records"]
        body = gzip.compress(b"".join(record["Data"] for record in records))
        s3.put_object(Bucket=second.outputs["RawBucket"], Key=f"{name}/2026/01/01/00/object.gz", Body=body)
        sizes[name] = len(body)
    return sizes


@pytest.fixture(scope="module")
def loaded(second, delivered, tmp_path_factory) -> subprocess.CompletedProcess:
    """The script that Glue runs, with Glue's arguments, and an upkeep that finds old snapshots, under its role."""
    folder = tmp_path_factory.mktemp("glue")
    arguments, environment = second.glue_script(folder, second.url)
    command = [sys.executable, "-c", LOAD, second.outputs["Database"], *arguments, "--upkeep", "true"]
    return run(command, environment, folder)


@pytest.fixture(scope="module")
def alerted(second, loaded, tmp_path_factory) -> subprocess.CompletedProcess:
    """The alerts' function, to which Athena answers that a flight of the day is cancelled."""
    touched = {
        "run_id": "0a1b2c",
        "batch": "1",
        "finished_at": "2013-07-11 12:37:00.000",
        "flight_date": "2013-07-10",
        "newest": "2013-07-11 12:30:00.000",
    }
    flight = {
        "flight_key": "2013-07-10|JFK|JBU|1",
        "flight_date": "2013-07-10",
        "airline_name": "JetBlue Airways",
        **{"airline_iata": "B6", "airline_icao": "JBU", "flight_iata": "B61", "flight_number": "1"},
        **{"dep_iata": "JFK", "dep_icao": "KJFK", "arr_iata": "FLL", "arr_icao": "KFLL"},
        **{"aircraft_registration": "", "flight_status": "cancelled", "dep_scheduled_utc": "2013-07-10 20:00:00"},
        **{"dep_scheduled_local": "2013-07-10 16:00:00", "dep_timezone": "America/New_York"},
        **{"dep_delay_min": "", "arr_delay_min": "", "dep_delay_forecast_min": ""},
    }
    for _ in range(2):  # watches
        second.answer_queries([touched], [flight], [])
    return invoke(second, "AlertsRole", "alerts", "alerts", tmp_path_factory.mktemp("functions"))


@pytest.fixture(scope="module")
def asked(second, alerted, tmp_path_factory) -> dict[str, subprocess.CompletedProcess]:
    """Commands of a person with the deployer's policy, as on AWS, by what was typed."""
    record = json.dumps(json.loads(alerted.stdout.rpartition("RESULT ")[2])[0])
    second.answer_invocations(record, record)
    folder = tmp_path_factory.mktemp("commands")
    environment = second.environment(DEPLOYER) | {"AVIATION_STACK": stack_name(), "AVIATION_HOME": str(folder)}

    def aviation(*arguments: str) -> subprocess.CompletedProcess:
        return run([sys.executable, "-m", "aviation", *arguments], environment, ROOT)

    done = {"produce": aviation("produce", "cities"), "load": aviation("load", "flights")}
    second.answer_queries([{"flights": "1004"}], [{"table": "flights"}])
    done["query"] = aviation("query", "select count(*) as flights from flights")
    done["show"] = aviation("query", "show tables")
    done["runs"] = aviation("runs")
    done["page"] = aviation("runs", "show", record_id(second))
    return done


def record_id(second: SecondEmulator) -> str:
    """The id of a producer's run."""
    listed = second.client("s3").list_objects_v2(Bucket=second.outputs["RunsBucket"], Prefix="producer/cities/")
    return next(item["Key"] for item in listed["Contents"] if item["Key"].endswith(".json"))[-37:-5]


@pytest.fixture(scope="module")
def scheduled(second) -> None:
    """What EventBridge Scheduler does under each schedule's role."""
    queue = second.client("sqs").get_queue_url(QueueName=f"{stack_name()}-dead-letters")["QueueUrl"]
    for name, entity in ENTITIES.items():
        role = f"{entity.title}ProducerScheduleRole"
        second.as_role(role, "lambda").invoke(FunctionName=f"{stack_name()}-producer-{name}", Payload="{}")
        second.as_role(role, "sqs").send_message(QueueUrl=queue, MessageBody="{}")
    for role in of_kind(second, "LoadSchedule"):
        second.as_role(role, "glue").start_job_run(JobName=second.outputs["LoadJob"])


@pytest.fixture(scope="module")
def calls(second, asked, scheduled) -> dict[str, set[Call]]:
    """Every call that was made, by role."""
    return {role: second.recording.calls(*second.keys(role)) for role in [*second.policies, DEPLOYER]}


def test_each_producer_runs_under_its_role(second, polled):
    for name, done in polled.items():
        assert done.returncode == 0, (name, done.stderr[-1500:])
        assert json.loads(done.stdout.rpartition("RESULT ")[2])["status"] == "ok", name


def test_what_the_producers_sent_is_delivered_under_the_delivery_streams_roles(delivered):
    assert all(size > 300 for size in delivered.values()), delivered


def test_the_script_that_glue_runs_loads_and_tidies_under_the_loads_role(second, loaded):
    assert loaded.returncode == 0, loaded.stderr[-3000:]
    tables = second.client("glue").get_tables(DatabaseName=second.outputs["Database"])["TableList"]
    assert {"flights", "flight_history", "cities", "loads", "on_time_by_airline_day"} <= {
        item["Name"] for item in tables
    }


def test_the_alerts_run_and_send_under_their_role(alerted):
    assert alerted.returncode == 0, alerted.stderr[-1500:]
    records = json.loads(alerted.stdout.rpartition("RESULT ")[2])
    assert [record["counts"]["sent"] for record in records] == [1, 1]


def test_a_person_with_the_deployers_policy_uses_the_commands(asked):
    for typed, done in asked.items():
        assert done.returncode == 0, (typed, done.stderr[-1500:])
    assert "1004" in asked["query"].stdout
    assert "alerts/disruptions" in asked["runs"].stdout


def test_no_normal_run_makes_a_call_that_is_denied(second, calls):
    denied = {role: second.recording.denied(*second.keys(role)) for role in calls}
    assert {role: found for role, found in denied.items() if found} == {}


def test_every_recorded_call_is_allowed_by_the_real_policies_with_its_arns_and_conditions(second, calls):
    assert sum(map(len, calls.values())) > 150
    for role, policies in (second.policies | {DEPLOYER: [deployer_policy(second)]}).items():
        assert refused(policies, calls[role]) == [], role


def refused(policies: list[dict], made: Iterable[Call]) -> list[str]:
    """The calls that the policies do not allow, as `action on ARN`."""
    of_the_stack = {"aws:ResourceTag/aws:cloudformation:stack-name": stack_name(), "aws:ResourceAccount": ACCOUNT}
    return sorted(
        f"{call.action} on {arn}"
        for call in made
        for arn in call.resources
        if not iam.allowed(policies, call.action, arn, of_the_stack | dict(call.context))
    )


@pytest.mark.parametrize("kind", KINDS)
def test_each_role_grants_what_services_do_with_it_by_their_documentation(second, kind):
    for role in of_kind(second, kind):
        for action, arn in BY_SERVICES[kind].items():
            named_arn = named(second, arn, entity_of(role))
            assert iam.allowed(second.policies[role], action, named_arn), (role, action, named_arn)


def entity_of(role: str) -> str:
    """The entity that a role is for, if it is for one."""
    return next((name for name, entity in ENTITIES.items() if role.startswith(entity.title)), "")


def granted_to(second: SecondEmulator, role: str) -> set[str]:
    """Every action that the role's policies name."""
    return {item for statement in iam.statements(second.policies[role]) for item in iam.listed(statement["Action"])}


@pytest.mark.parametrize("kind", KINDS)
def test_a_role_grants_nothing_but_what_was_recorded_or_a_service_does(second, calls, kind):
    for role in of_kind(second, kind):
        granted = granted_to(second, role)
        used = {call.action for call in calls[role]} | BY_SERVICES[kind].keys()
        assert granted - used == set(), role
        assert not granted & NOT_GRANTED.keys() - used, role


def test_the_roles_of_the_template_are_all_known_here(second):
    assert sorted(second.policies) == sorted(role for kind in KINDS for role in of_kind(second, kind))


@pytest.mark.parametrize("call", BEYOND, ids=lambda call: f"{call.role} {call.operation} {call.given}"[:90])
def test_a_call_beyond_what_a_role_may_do_is_denied(second, call):
    given = {name: named(second, value) if isinstance(value, str) else value for name, value in call.given.items()}
    with pytest.raises(ClientError) as refusal:
        getattr(second.as_role(call.role, call.service), call.operation)(**given)
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert "AccessDenied" in str(refusal.value)


@pytest.mark.parametrize(("role", "action", "arn"), OF_OTHERS)
def test_what_a_role_may_do_it_may_not_do_to_what_is_not_its_own(second, role, action, arn):
    assert action in granted_to(second, role)
    assert not iam.allowed(second.policies[role], action, named(second, arn))


def test_metrics_of_another_namespace_are_denied(second):
    policies = second.policies["LoadRole"]
    assert iam.allowed(policies, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "Aviation"})
    assert not iam.allowed(policies, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "AWS/Lambda"})
    assert not iam.allowed(policies, "cloudwatch:PutMetricData", "*")


def test_a_run_under_a_role_that_lacks_an_action_fails_and_the_action_is_the_one_that_was_denied(second, tmp_path):
    lacking = json.dumps(second.policies["CitiesProducerRole"]).replace("kinesis:PutRecords", "kinesis:PutRecord")
    second.make_role("Lacking", [widened(policy) for policy in json.loads(lacking)])
    done = invoke(second, "Lacking", "producer-cities", "handler", tmp_path)
    assert done.returncode == 1
    assert "kinesis:PutRecords" in {call.action for call in second.recording.denied(*second.keys("Lacking"))}


def test_a_policy_with_a_narrower_arn_refuses_what_was_recorded(second, calls):
    text = json.dumps(second.policies["LoadRole"])
    for wide, narrow, told in (
        (f"{second.outputs['PublishedBucket']}/*", f"{second.outputs['PublishedBucket']}/other/*", "s3:PutObject on"),
        (f"table/{second.outputs['Database']}/*", f"table/{second.outputs['Database']}/flights", "glue:CreateTable on"),
        ('"Aviation"', '"Other"', "cloudwatch:PutMetricData on *"),
    ):
        assert wide in text
        assert any(line.startswith(told) for line in refused(json.loads(text.replace(wide, narrow)), calls["LoadRole"]))


@pytest.mark.parametrize("row", UNREAD, ids=lambda row: row.action)
def test_the_second_emulator_still_denies_what_its_policies_are_widened_for(second, row):
    statement = {"Effect": "Allow", "Action": row.action, "Resource": [named(second, arn) for arn in row.resources]}
    policy = {
        "Version": "2012-10-17",
        "Statement": [statement | ({"Condition": row.condition} if row.condition else {})],
    }
    given = json.loads(named(second, json.dumps(row.given)))
    second.make_role(f"Real-{row.service}", [policy])
    second.make_role(f"Widened-{row.service}", [widened(policy)])
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(second.as_role(f"Real-{row.service}", row.service), row.operation)(**given)
    getattr(second.as_role(f"Widened-{row.service}", row.service), row.operation)(**given)
