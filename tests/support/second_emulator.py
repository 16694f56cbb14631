"""A second emulator of AWS, moto's server, that enforces policies: the stack's places and roles are made there.

moto 5.2.5 judges by action everywhere, by ARN for S3 and SQS alone, and denies whatever a condition guards. So the
policies that it is given are widened where it cannot read them (`widened`); `support.iam` judges the rest.

What else it lacks, and what stands in for it: its CloudFormation knows no Fn::ForEach and not all of the template's
types (the places and roles are copied from the run's stack), Firehose and EventBridge Scheduler deliver and start
nothing (the tests make their calls, under their roles), a Glue job runs no script (the test does), Lambda answers what
it was told to (the test runs the handler), and so does Athena.
"""

import io
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from aviation import aws
from aviation.local import spark
from aviation.local.processes import Process, choose_port, plain_environment
from aviation.places import stack_name, stack_outputs
from support import ROOT
from support.aws_calls import ACCOUNT, REGION, Recorder, recorder

PYTHON = ROOT / ".aviation/moto/bin/python"
SERVE = """
import os, threading, time
import botocore.auth
from moto.server import main

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)

threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
# moto checks a signature with botocore, which would leave out a header that the Java SDK of S3A signs.
botocore.auth.SIGNED_HEADERS_BLACKLIST.clear()
main()
"""
JUDGED_BY_ARN = ("arn:aws:s3:::", "arn:aws:sqs:")
OWN_NAMES = {
    "cloudwatch:PutMetricData": "monitoring:PutMetricData",
    "lambda:InvokeFunction": "lambda:Invoke",
    "sns:Publish": "sns:PublishBatch",
}
"""What moto calls an action: it takes the name that a service signs with, and the operation's."""
ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
Policies = dict[str, list[dict[str, Any]]]


def widened(policy: dict[str, Any]) -> dict[str, Any]:
    """The policy as moto can judge it: any resource where it knows no ARN, no conditions, its own names of actions."""
    statements = []
    for statement in policy["Statement"]:
        resources = _listed(statement["Resource"])
        readable = all(resource.startswith(JUDGED_BY_ARN) for resource in resources)
        actions = [OWN_NAMES.get(action, action) for action in _listed(statement["Action"])]
        plain = {"Effect": statement["Effect"], "Action": actions, "Resource": resources if readable else "*"}
        statements.append(plain)
    return policy | {"Statement": statements}


class SecondEmulator:
    """moto's server with what the stack of this run has: buckets, streams, the secret with the key, the database, the
    job, the functions, the topic, the workgroup, the outputs; and its roles, whose policies are enforced.

    `policies` are the deployed policies of each role, by logical name, with the ARN of this emulator's secret; `url` is
    where its recorder answers, `environment(role)` what a process needs to be that role here.
    """

    def __init__(self, endpoint: str, recording: Recorder, key: str):
        self.endpoint, self.recording, self.url = endpoint, recording, recording.url
        self._session = boto3.Session("test", "test", region_name=REGION)
        self._keys: dict[str, list[str]] = {}
        self._make_places(key)
        self.policies = self._deployed_policies()
        for role, policies in self.policies.items():
            self.make_role(role, [widened(policy) for policy in policies])
        self._session = self._administrator()
        requests.post(f"{endpoint}/moto-api/reset-auth", data="0", timeout=10).raise_for_status()

    def client(self, service: str) -> Any:
        """An administrator's client, past the recorder."""
        return self._session.client(service, endpoint_url=self.endpoint)

    def make_role(self, name: str, policies: list[dict[str, Any]]) -> str:
        """A role with these policies, that anybody may take; its ARN."""
        iam = self.client("iam")
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ANYBODY))["Role"]["Arn"]
        for number, policy in enumerate(policies):
            iam.put_role_policy(RoleName=name, PolicyName=f"p{number}", PolicyDocument=json.dumps(policy))
        return arn

    def environment(self, role: str) -> dict[str, str]:
        """The environment of a process under this role, with credentials of its own; its calls are recorded."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName=role)["Credentials"]
        self._keys.setdefault(role, []).append(given["AccessKeyId"])
        return {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": self.url,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["SessionToken"],
            "NO_PROXY": "127.0.0.1",
        }

    def glue_script(self, folder: Path, url: str) -> tuple[list[str], dict[str, str]]:
        """Put the script that Glue runs (`script.py`) and its library into `folder`: the arguments of a run, and the
        environment in which it runs under its role and calls `url`."""
        job = self.client("glue").get_job(JobName=self.outputs["LoadJob"])["Job"]
        passed = job["DefaultArguments"]
        s3 = self.as_role("LoadRole", "s3")
        for name, location in (
            ("script.py", job["Command"]["ScriptLocation"]),
            ("lib.zip", passed["--extra-py-files"]),
        ):
            bucket, _, key = location.removeprefix("s3://").partition("/")
            (folder / name).write_bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
        conf = ROOT / ".aviation/spark-second"  # where the JVM finds the archive of its last run
        spark.write_conf(conf, url, spark.job_conf(passed))
        environment = self.environment("LoadRole") | {"AWS_ENDPOINT_URL": url, "PYTHONPATH": str(folder / "lib.zip")}
        arguments = [text for pair in passed.items() for text in pair]
        return [
            "--JOB_NAME",
            job["Name"],
            "--JOB_RUN_ID",
            "jr_of_this_test",
            *arguments,
        ], environment | spark.environment(conf)

    def as_role(self, role: str, service: str) -> Any:
        """A client under this role; its calls are recorded."""
        given = self.environment(role)
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=given["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=given["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=given["AWS_SESSION_TOKEN"],
        )

    def keys(self, role: str) -> list[str]:
        """The access keys that the role was given."""
        return self._keys.get(role, [])

    def answer_queries(self, *tables: list[dict[str, str]]) -> None:
        """What Athena answers to the next queries, one after the other."""
        results = [_result(rows) for rows in tables]
        self._control("static/athena/query-results", {"results": results, "account_id": ACCOUNT, "region": REGION})

    def answer_invocations(self, *payloads: str) -> None:
        """What the next invocations of a function answer, one after the other."""
        self._control("static/lambda-simple/response", {"results": payloads, "account_id": ACCOUNT, "region": REGION})

    def _control(self, path: str, body: dict[str, Any]) -> None:
        requests.post(f"{self.endpoint}/moto-api/{path}", json=body, timeout=10).raise_for_status()

    def _make_places(self, key: str) -> None:
        self._control("config", {"lambda": {"use_docker": False}})
        self.outputs = dict(stack_outputs(stack_name()))
        self.made = {}
        for output, text in (("ApiKeySecret", key), ("AddressesSecret", "# none")):
            name = self.outputs[output].rpartition(":")[2][:-7]
            made = self.client("secretsmanager").create_secret(Name=name, SecretString=text)
            self.made[self.outputs[output]] = self.outputs[output] = made["ARN"]
        for name in ("RawBucket", "PublishedBucket", "RunsBucket", "ArtefactsBucket"):
            self.client("s3").create_bucket(Bucket=self.outputs[name])
        for name in aws.client("kinesis").list_streams()["StreamNames"]:
            self.client("kinesis").create_stream(StreamName=name, ShardCount=1)
        self.client("glue").create_database(DatabaseInput={"Name": self.outputs["Database"]})
        self.client("sqs").create_queue(QueueName=f"{stack_name()}-dead-letters")
        self._make_athena()
        self.client("sns").create_topic(Name=self.outputs["AlertsTopic"].rpartition(":")[2])
        self._make_job()
        self._make_functions()
        template = {"Resources": {"Nothing": {"Type": "AWS::SNS::Topic"}}}
        template |= {"Outputs": {name: {"Value": value} for name, value in self.outputs.items()}}
        self.client("cloudformation").create_stack(StackName=stack_name(), TemplateBody=json.dumps(template))

    def _make_athena(self) -> None:
        deployed = aws.client("athena").get_work_group(WorkGroup=self.outputs["Workgroup"])["WorkGroup"]
        results = deployed["Configuration"]["ResultConfiguration"]["OutputLocation"]
        self.client("athena").create_work_group(
            Name=deployed["Name"], Configuration={"ResultConfiguration": {"OutputLocation": results}}
        )

    def _make_job(self) -> None:
        job = aws.client("glue").get_job(JobName=self.outputs["LoadJob"])["Job"]
        given = {name: job[name] for name in ("Name", "Role", "Command", "DefaultArguments")}
        self.client("glue").create_job(**given)
        self.script_key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")[2]
        for location in (job["Command"]["ScriptLocation"], job["DefaultArguments"]["--extra-py-files"]):
            bucket, _, key = location.removeprefix("s3://").partition("/")
            body = aws.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
            self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)

    def _make_functions(self) -> None:
        empty = io.BytesIO()
        with zipfile.ZipFile(empty, "w") as archive:
            archive.writestr("empty.py", "")
        role = self.make_role("of-functions", [])
        self.variables = {}
        for function in aws.client("lambda").list_functions()["Functions"]:
            variables = function["Environment"]["Variables"]
            self.variables[function["FunctionName"]] = {
                name: self.made.get(value, value) for name, value in variables.items()
            }
            self.client("lambda").create_function(
                FunctionName=function["FunctionName"],
                Runtime="python3.11",
                Role=role,
                Handler="empty.handler",
                Code={"ZipFile": empty.getvalue()},
            )

    def _deployed_policies(self) -> Policies:
        """Each role's policies as they are deployed, by the role's logical name."""
        iam, found = aws.client("iam"), {}
        pages = aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack_name())
        for item in (item for page in pages for item in page["StackResourceSummaries"]):
            if item["ResourceType"] == "AWS::IAM::Role":
                role = item["PhysicalResourceId"]
                names = iam.list_role_policies(RoleName=role)["PolicyNames"]
                documents = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
                text = json.dumps(documents)
                for there, here in self.made.items():
                    text = text.replace(there, here)
                found[item["LogicalResourceId"]] = json.loads(text)
        return found

    def _administrator(self) -> boto3.Session:
        iam = self.client("iam")
        iam.create_user(UserName="administrator")
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(everything))
        key = iam.create_access_key(UserName="administrator")["AccessKey"]
        return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION)


@contextmanager
def second_emulator(folder: Path, key: str) -> Iterator[SecondEmulator]:
    """moto's server on a free port, with the stack of this run made there; `key` is the flight API's."""
    if not PYTHON.is_file():
        said = "moto is not installed in .aviation/moto: run 'make .aviation/moto/.ready'"
        pytest.fail(said) if os.environ.get("REQUIRE_ALL_TESTS") else pytest.skip(said)
    port = choose_port(None, None, "")
    endpoint = f"http://127.0.0.1:{port}"
    environment = plain_environment(HOME=str(folder), MOTO_ACCOUNT_ID=ACCOUNT, INITIAL_NO_AUTH_ACTION_COUNT="1000000")
    server = Process(folder, "moto")
    server.start(
        [str(PYTHON), "-c", SERVE, "-H", "127.0.0.1", "-p", str(port)], environment, f"{endpoint}/moto-api/data.json"
    )
    try:
        with recorder(endpoint) as recording:
            yield SecondEmulator(endpoint, recording, key)
    finally:
        server.stop()


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _result(rows: list[dict[str, str]]) -> dict[str, Any]:
    """Rows as GetQueryResults gives them, the names first."""
    names = list(rows[0]) if rows else ["nothing"]
    times = ("_at", "_utc", "_local", "newest")
    columns = [{"Name": name, "Type": "timestamp" if name.endswith(times) else "varchar"} for name in names]
    cells = [names, *(row.values() for row in rows)]
    data = [{"Data": [{"VarCharValue": value} if value else {} for value in line]} for line in cells]
    return {"rows": data, "column_info": columns}
