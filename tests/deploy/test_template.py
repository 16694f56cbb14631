"""What the emulator cannot show is held against the template itself."""

import itertools
import json
import os
import re
import runpy
import subprocess
from collections import Counter
from datetime import datetime

import pytest
import sqlglot
import yaml
from sqlglot import exp

from aviation.deploy.bill import Case, bill
from aviation.deploy.plan import check_plan, with_defaults
from aviation.deploy.schedules import fires
from aviation.deploy.template import declared_parameters, read_parameters, read_template, without_descriptions
from aviation.entities import ENTITIES
from aviation.errors import ParameterError
from aviation.load import metrics
from aviation.report import Report
from aviation.views import VIEWS
from support import ROOT
from support.processed import template as template_as_processed

NOON = datetime(2026, 1, 1, 12)
QUICKSIGHT = ROOT / "infra/quicksight_columns.py"
CHECKOV = ROOT / ".aviation/checkov/bin/checkov"
TLS_ONLY = {"Bool": {"aws:SecureTransport": "false"}}
STATEFUL = {
    "AWS::S3::Bucket",
    "AWS::Kinesis::Stream",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::Logs::LogGroup",
    "AWS::SecretsManager::Secret",
    "AWS::SQS::Queue",
    "AWS::SNS::Topic",
    "AWS::Glue::Database",
    "AWS::Athena::WorkGroup",
}


@pytest.fixture(scope="module")
def processed(stack) -> dict:
    """The template with every Fn::ForEach unrolled, as the stack was made from it."""
    return template_as_processed()


@pytest.fixture(scope="module")
def resources(processed) -> dict[str, dict]:
    return processed["Resources"]


def of_type(resources: dict, kind: str) -> dict[str, dict]:
    found = {name: body for name, body in resources.items() if body["Type"] == kind}
    assert found, f"no {kind}"
    return found


def listed(value) -> list:
    return value if isinstance(value, list) else [value]


def allowed(resources: dict) -> list[tuple[str, dict]]:
    """Each statement of each role's policies, with the role's name."""
    return [
        (name, statement)
        for name, role in of_type(resources, "AWS::IAM::Role").items()
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def strings(value) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for item in value.values() for text in strings(item)]
    if isinstance(value, list):
        return [text for item in value for text in strings(item)]
    return [value] if isinstance(value, str) else []


@pytest.mark.slow
def test_checkov_finds_nothing_in_the_processed_template(processed, tmp_path):
    if not CHECKOV.is_file():
        said = "checkov is not installed in .aviation/checkov: run 'make test-all'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    (tmp_path / "template.json").write_text(json.dumps(processed))
    command = [CHECKOV, "--file", "template.json", "--framework", "cloudformation", "--output", "json"]
    done = subprocess.run([*command, "--compact", "--skip-download"], cwd=tmp_path, capture_output=True, text=True)
    found = json.loads(done.stdout)
    failed = [(check["check_id"], check["resource"]) for check in found["results"]["failed_checks"]]
    assert failed == []
    assert found["summary"]["parsing_errors"] == 0
    assert found["summary"]["resource_count"] >= 60
    assert found["summary"]["passed"] >= 150


def test_each_check_that_is_skipped_says_why(resources):
    skipped = [
        skip for body in resources.values() for skip in body.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]
    assert skipped
    assert all(len(skip["comment"]) > 15 for skip in skipped)


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


def test_raw_keeps_versions_and_grows_colder_and_results_of_queries_go(resources):
    def rules(bucket: str) -> dict[str, dict]:
        return {rule["Id"]: rule for rule in resources[bucket]["Properties"]["LifecycleConfiguration"]["Rules"]}

    assert resources["RawBucket"]["Properties"]["VersioningConfiguration"]["Status"] == "Enabled"
    colder = rules("RawBucket")["colder"]
    assert colder["Status"] == "Enabled"
    assert [step["StorageClass"] for step in colder["Transitions"]] == ["STANDARD_IA", "GLACIER_IR"]
    assert rules("PublishedBucket")["colder"]["Status"] == "Disabled"
    results = rules("RunsBucket")["query-results"]
    assert (results["Status"], results["Prefix"]) == ("Enabled", "athena/")


@pytest.mark.parametrize(
    ("kind", "owner", "policy", "least"),
    [
        ("AWS::S3::Bucket", "Bucket", "AWS::S3::BucketPolicy", 4),
        ("AWS::SQS::Queue", "Queues", "AWS::SQS::QueuePolicy", 1),
        ("AWS::SNS::Topic", "Topics", "AWS::SNS::TopicPolicy", 1),
    ],
)
def test_every_bucket_queue_and_topic_refuses_plain_http(resources, kind, owner, policy, least):
    policies = of_type(resources, policy).values()
    held = {reference["Ref"] for body in policies for reference in listed(body["Properties"][owner])}
    assert held == set(of_type(resources, kind))
    assert len(held) >= least
    for body in policies:
        denied = [item for item in body["Properties"]["PolicyDocument"]["Statement"] if item.get("Effect") == "Deny"]
        assert [(item["Principal"], item["Condition"]) for item in denied] == [("*", TLS_ONLY)]


def test_no_role_may_use_a_wildcard_but_where_the_action_knows_no_resource(resources):
    for name, statement in allowed(resources):
        assert statement["Effect"] == "Allow"
        assert not [action for action in listed(statement["Action"]) if "*" in action], name
        for resource in listed(statement["Resource"]):
            if resource == "*":
                # See the comment in the template.
                assert statement["Action"] == "cloudwatch:PutMetricData", name
                assert statement["Condition"] == {"StringEquals": {"cloudwatch:namespace": "Aviation"}}
            else:
                # All of a bucket, or of a prefix in it, or of the database's tables.
                text = max(strings(resource), key=len)
                assert "*" not in text.removesuffix("/*"), (name, text)


def test_every_role_is_for_one_service_of_this_account_and_for_one_thing(resources):
    roles = of_type(resources, "AWS::IAM::Role")
    for name, role in roles.items():
        [statement] = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert len(listed(statement["Principal"]["Service"])) == 1, name
        condition = statement["Condition"]["StringEquals"]
        assert condition["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}, name
        if statement["Principal"]["Service"] in ("scheduler.amazonaws.com", "firehose.amazonaws.com"):
            assert "aws:SourceArn" in json.dumps(statement["Condition"]), name
    users = Counter(
        role
        for name, body in resources.items()
        if body["Type"] != "AWS::IAM::Role"
        for role in set(re.findall(r'"Fn::GetAtt": \["(\w+Role)", "Arn"\]', json.dumps(body)))
    )
    assert users == dict.fromkeys(roles, 1)


def test_every_log_group_forgets_after_a_while_and_every_function_and_job_has_its_own(resources):
    groups = of_type(resources, "AWS::Logs::LogGroup")
    for name, group in groups.items():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}, name
    assert {f"{entity.title}{part}Logs" for entity in ENTITIES.values() for part in ("Producer", "Delivery")} < set(
        groups
    )
    assert {"LoadErrorLogs", "LoadOutputLogs"} < set(groups)


def test_what_holds_something_says_what_becomes_of_it(resources):
    for name, body in resources.items():
        if body["Type"] in STATEFUL:
            assert body.get("DeletionPolicy") and body.get("UpdateReplacePolicy"), name


def test_each_secret_is_read_by_who_needs_it_alone(resources):
    readers: dict[str, set[str]] = {}
    for name, statement in allowed(resources):
        if "secretsmanager:GetSecretValue" in listed(statement["Action"]):
            readers.setdefault(statement["Resource"]["Ref"], set()).add(name)
    polls = {f"{entity.title}ProducerRole" for entity in ENTITIES.values()}
    assert readers == {"ApiKeySecret": polls, "AddressesSecret": {"AlertsRole", "PublishRole"}}


def test_functions_are_told_where_the_secret_is_and_never_what_it_says(resources):
    for name, function in of_type(resources, "AWS::Lambda::Function").items():
        variables = function["Properties"]["Environment"]["Variables"]
        if name != "Alerts":  # which never calls the API
            assert variables["AVIATION_API_KEY_SECRET"] == {"Ref": "ApiKeySecret"}, name
        assert not [text for text in strings(resources[name]) if "resolve:secretsmanager" in text]
        assert not [key for key in variables if re.search("KEY|TOKEN|PASSWORD", key) and not key.endswith("_SECRET")], (
            name
        )
    for secret in of_type(resources, "AWS::SecretsManager::Secret").values():
        assert "SecretString" not in secret["Properties"]


def test_nothing_fails_unseen(resources):
    """A function's failure and a schedule's go to the dead letters, and are not tried again beyond once."""
    letters = {"Fn::GetAtt": ["DeadLetters", "Arn"]}
    schedules = of_type(resources, "AWS::Scheduler::Schedule")
    assert len(schedules) == len(ENTITIES) + 4
    for name, schedule in schedules.items():
        target = schedule["Properties"]["Target"]
        assert target["DeadLetterConfig"]["Arn"] == letters, name
        assert target["RetryPolicy"]["MaximumRetryAttempts"] <= 1, name
    invocations = of_type(resources, "AWS::Lambda::EventInvokeConfig")
    assert len(invocations) == len(of_type(resources, "AWS::Lambda::Function"))
    for name, invocation in invocations.items():
        assert invocation["Properties"]["MaximumRetryAttempts"] == 0, name
        # An interval of the default schedules at most: what waited longer is done by the next one.
        assert invocation["Properties"]["MaximumEventAgeInSeconds"] <= 1800, name
        assert invocation["Properties"]["DestinationConfig"]["OnFailure"]["Destination"] == letters, name


def test_each_schedule_has_a_switch_of_its_own_under_the_one_for_all(resources):
    switches = []
    for schedule in of_type(resources, "AWS::Scheduler::Schedule").values():
        state = schedule["Properties"]["State"]
        if schedule.get("Condition") == "Trains":  # its switch takes the job away, too
            assert state == {"Ref": "ScheduleState"}
            continue
        condition, switch, otherwise = state["Fn::If"]
        assert (condition, otherwise) == ("SchedulesOn", "DISABLED")
        switches.append(switch["Ref"])
    declared = declared_parameters(ROOT)
    assert len(set(switches)) == len(switches)
    assert all(declared[name]["AllowedValues"] == ["ENABLED", "DISABLED"] for name in switches)


def test_no_poll_is_scheduled_before_its_delivery_stream_is_active(resources):
    """Firehose reads its source from LATEST: what was sent before never reaches raw."""
    for entity in ENTITIES.values():
        assert f"{entity.title}DeliveryStream" in resources[f"{entity.title}ProducerSchedule"]["DependsOn"]


def test_flights_are_loaded_when_the_poll_before_has_left_the_buffer():
    declared = declared_parameters(ROOT)
    polls, loads = (set(fires(declared[name]["Default"])) for name in ("FlightsSchedule", "FlightsLoadTime"))
    assert loads == {minute + 7 for minute in polls}
    assert declared["BufferSeconds"]["Default"] / 60 + 1 <= 7


def test_every_alarm_tells_the_topic_and_silence_is_judged(resources):
    alarms = of_type(resources, "AWS::CloudWatch::Alarm")
    for name, alarm in alarms.items():
        properties = alarm["Properties"]
        assert properties["AlarmActions"] == properties["OKActions"] == [{"Ref": "AlarmsTopic"}], name
        assert properties["TreatMissingData"], name
        assert properties["AlarmDescription"], name
    [target] = resources["FailedLoads"]["Properties"]["Targets"]
    assert target["Arn"] == {"Ref": "AlarmsTopic"}
    for part in ("ProducerErrors", "DeliveryErrors", "Age"):
        assert {f"{entity.title}{part}Alarm" for entity in ENTITIES.values()} < set(alarms)
    assert {f"Flights{part}Alarm" for part in ("ProducerThrottles", "StreamThrottles", "DeliveryAge")} < set(alarms)
    assert {"QuarantineAlarm", "DeadLettersAlarm"} < set(alarms)


def test_alarms_and_alerts_go_to_topics_of_their_own(resources):
    """The topic of alerts and its subscription have the logical names of the one topic that there was before: under
    others CloudFormation would make a topic of a taken name, and cancel what somebody has confirmed."""
    names = {
        name: body["Properties"]["TopicName"]["Fn::Sub"] for name, body in of_type(resources, "AWS::SNS::Topic").items()
    }
    assert names == {"AlarmsTopic": "${AWS::StackName}-alarms", "Topic": "${AWS::StackName}-alerts"}
    subscribed = {
        name: (body["Properties"]["TopicArn"]["Ref"], body["Properties"]["Endpoint"]["Ref"])
        for name, body in of_type(resources, "AWS::SNS::Subscription").items()
    }
    assert subscribed == {
        "AlarmsSubscription": ("AlarmsTopic", "AlarmEmail"),
        "AlarmSubscription": ("Topic", "AlertsEmail"),
    }
    assert resources["Alerts"]["Properties"]["Environment"]["Variables"]["AVIATION_ALERTS_TOPIC"] == {"Ref": "Topic"}


def test_the_budget_leaves_room_for_what_the_stack_is_to_cost():
    declared = declared_parameters(ROOT)
    expected = sum(line.usd for line in bill(Case(with_defaults({}, ROOT), ROOT)))
    assert expected < declared["MonthlyBudgetUsd"]["Default"] < 2 * expected


def test_the_page_on_operations_has_a_section_for_every_alarm(resources):
    page = (ROOT / "docs/operations.md").read_text()
    headings = set(re.findall(r"^### `(.+)`$", page, re.MULTILINE))
    names = set()
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        match alarm["Properties"]["AlarmName"]["Fn::Sub"]:
            case [text, given]:
                text = text.replace("${What}", given.get("What", ""))
            case text:
                pass
        names.add(text.removeprefix("${AWS::StackName}-").replace("${Name}", "<entity>"))
    # The age of flights has a section of its own, beside that of the reference entities.
    assert names == headings


def test_the_alarms_watch_what_the_load_says(resources):
    ended = Report(finished_at="2026-01-01T00:00:00", lines_read=1, quarantined=0)
    said = metrics.measured("s", ended, {"flights": NOON}, coverage=0.8)
    told = {(item["MetricName"], *sorted(part["Name"] for part in item["Dimensions"])) for item in said}
    watched = {
        (alarm["Properties"]["MetricName"], *sorted(part["Name"] for part in alarm["Properties"]["Dimensions"]))
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["Namespace"] == metrics.NAMESPACE
    }
    assert watched == told


def test_the_dashboard_is_json_and_shows_what_exists(resources):
    body = resources["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    board = json.loads(body)
    assert len(board["widgets"]) >= 10
    named = set(re.findall(r"\$\{(\w+)(?:\.\w+)?\}", body))
    assert named <= set(resources)
    places = [(w["x"], w["y"], w["x"] + w["width"], w["y"] + w["height"]) for w in board["widgets"]]
    for one, other in itertools.combinations(places, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)


def test_each_question_of_the_analytics_is_a_saved_query_that_athena_can_parse(resources):
    found = {}
    for name, query in of_type(resources, "AWS::Athena::NamedQuery").items():
        text, given = query["Properties"]["QueryString"]["Fn::Sub"]
        for key, value in given.items():
            text = text.replace(f"${{{key}}}", value)
        select = sqlglot.parse_one(text, read="athena")
        [table] = select.find_all(exp.Table)
        found[table.name] = query["Properties"]["Description"]
        columns = {view.name: set(view.columns) for view in VIEWS}[table.name]
        assert {column.name for column in select.find_all(exp.Column)} <= columns, name
    assert found == {view.name: view.question for view in VIEWS}


def test_quicksight_is_made_for_an_owner_alone_and_shows_columns_of_the_views(resources):
    types = runpy.run_path(str(QUICKSIGHT))["TYPES"]
    of_quicksight = {name: body for name, body in resources.items() if body["Type"].startswith("AWS::QuickSight::")}
    assert all(body["Condition"] == "HasQuickSight" for body in of_quicksight.values())
    views = {view.name: view for view in VIEWS}
    columns = {}
    for name, body in of_type(resources, "AWS::QuickSight::DataSet").items():
        [table] = [item["RelationalTable"] for item in body["Properties"]["PhysicalTableMap"].values()]
        given = {column["Name"]: column["Type"] for column in table["InputColumns"]}
        expected = {name: types[kind] for name, (kind, _) in views[table["Name"]].columns.items()}
        assert given == expected, name
        columns[name.removesuffix("DataSet")] = set(given)
    analysis = json.dumps(resources["Analysis"]["Properties"]["Definition"]["Sheets"])
    shown = re.findall(r'"DataSetIdentifier": "(\w+)", "ColumnName": "(\w+)"', analysis)
    assert len(shown) >= 10
    assert all(column in columns[identifier] for identifier, column in shown)


def test_the_columns_of_quicksight_are_written_from_the_views():
    with_columns = runpy.run_path(str(QUICKSIGHT))["with_columns"]
    template = (ROOT / "infra/cloudformation.yaml").read_text()
    assert with_columns(template) == template, "run `.venv/bin/python infra/quicksight_columns.py`"
    without = re.sub(r"\n +- \{ Name: (flight_date|on_time), Type: \w+ \}", "", template)
    assert without != template
    assert with_columns(without) == template


def test_delivery_streams_wait_five_minutes_compress_and_sort_by_entity_and_hour(resources):
    declared = declared_parameters(ROOT)
    assert declared["BufferSeconds"]["Default"] == 300
    for name, stream in of_type(resources, "AWS::KinesisFirehose::DeliveryStream").items():
        destination = stream["Properties"]["ExtendedS3DestinationConfiguration"]
        assert destination["BufferingHints"]["IntervalInSeconds"] == {"Ref": "BufferSeconds"}
        assert destination["CompressionFormat"] == "GZIP"
        assert destination["Prefix"]["Fn::Sub"][0] == "${Name}/!{timestamp:yyyy/MM/dd/HH}/", name
        assert destination["ErrorOutputPrefix"]["Fn::Sub"][0].startswith("errors/${Name}/")
        assert destination["CloudWatchLoggingOptions"]["Enabled"]


def test_the_policy_for_who_deploys_knows_every_service_of_the_template(resources):
    policy = json.loads((ROOT / "infra/deployer-policy.json").read_text())
    services = {action.partition(":")[0] for item in policy["Statement"] for action in listed(item["Action"])}
    called = {"KinesisFirehose": "firehose"}
    needed = {body["Type"].split("::")[1] for body in resources.values()}
    assert {called.get(name, name.lower()) for name in needed} <= services
    passed = [item for item in policy["Statement"] if item["Action"] == "iam:PassRole"]
    takers = {
        service
        for role in of_type(resources, "AWS::IAM::Role").values()
        for service in listed(role["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["Service"])
    }
    assert set(passed[0]["Condition"]["StringEquals"]["iam:PassedToService"]) == takers


def test_the_page_on_deployment_has_the_calls_of_each_case():
    page = (ROOT / "docs/deploy.md").read_text()
    for case in ("basic", "professional"):
        use = check_plan(read_parameters(ROOT / f"parameters/deploy/{case}.yaml", ROOT), ROOT)
        assert re.search(rf"`{case}.yaml` .*\| {use.total:,} \|", page), use.total
    assert f"| {check_plan({}, ROOT).total:,} |" in page


def test_every_parameter_is_described_and_stands_in_a_group_of_the_console():
    template = read_template(ROOT)
    grouped = [
        name
        for group in template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
        for name in group["Parameters"]
    ]
    assert sorted(grouped) == sorted(template["Parameters"])
    assert all(stated["Description"] for stated in template["Parameters"].values())


def test_a_dry_run_of_a_new_stack_fits_into_a_request():
    body = json.dumps(without_descriptions(read_template(ROOT)), separators=(",", ":"))
    assert len(body.encode()) <= 51_200


@pytest.mark.parametrize("file", sorted((ROOT / "parameters/deploy").glob("*.yaml")), ids=lambda file: file.stem)
def test_parameter_files_hold_parameters_of_the_template(file):
    assert read_parameters(file, ROOT)


def test_a_typo_in_a_parameter_file_is_named_with_the_nearest_parameter(tmp_path):
    file = tmp_path / "typo.yaml"
    file.write_text(yaml.safe_dump({"ShardCuont": 1}))
    with pytest.raises(ParameterError, match="unknown parameter 'ShardCuont': did you mean 'ShardCount'"):
        read_parameters(file, ROOT)
