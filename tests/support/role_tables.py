"""What the roles of the template are for, what services do with them, and what is just beyond them, as declared tables.

In texts, capitals stand for what the stack calls it: STACK, ENTITY, DATABASE, TOPIC, SECRET, LOAD_SCRIPT, and the
buckets RAW, PUBLISHED, RUNS and ARTEFACTS.
"""

from dataclasses import dataclass, field

from aviation.entities import ENTITIES
from support.aws_calls import ACCOUNT, REGION

HERE = f"{REGION}:{ACCOUNT}"
ENTITY = "|".join(entity.title for entity in ENTITIES.values())
KINDS = {
    "Producer": rf"({ENTITY})ProducerRole",
    "Delivery": rf"({ENTITY})DeliveryRole",
    "ProducerSchedule": rf"({ENTITY})ProducerScheduleRole",
    "LoadSchedule": r"Load\w+ScheduleRole",
    "Load": "LoadRole",
    "Alerts": "AlertsRole",
}
"""The names of the template's roles, by what they are for."""

LOGS = {"logs:CreateLogStream", "logs:PutLogEvents"}
BY_SERVICES = {
    "Producer": {
        # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html
        **dict.fromkeys(LOGS, f"arn:aws:logs:{HERE}:log-group:/aws/lambda/STACK-producer-ENTITY:log-stream:any"),
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        "sqs:SendMessage": f"arn:aws:sqs:{HERE}:STACK-dead-letters",
    },
    "Delivery": {
        # https://docs.aws.amazon.com/firehose/latest/dev/controlling-access.html#using-iam-s3
        "s3:AbortMultipartUpload": "arn:aws:s3:::RAW/ENTITY/2026/01/01/00/object",
        "s3:GetBucketLocation": "arn:aws:s3:::RAW",
        "s3:ListBucket": "arn:aws:s3:::RAW",
        "s3:ListBucketMultipartUploads": "arn:aws:s3:::RAW",
        "s3:PutObject": "arn:aws:s3:::RAW/errors/ENTITY/2026/object",
        "kinesis:DescribeStream": f"arn:aws:kinesis:{HERE}:stream/STACK-ENTITY",
        "kinesis:GetShardIterator": f"arn:aws:kinesis:{HERE}:stream/STACK-ENTITY",
        "kinesis:GetRecords": f"arn:aws:kinesis:{HERE}:stream/STACK-ENTITY",
        "kinesis:ListShards": f"arn:aws:kinesis:{HERE}:stream/STACK-ENTITY",
        "logs:PutLogEvents": f"arn:aws:logs:{HERE}:log-group:/aws/kinesisfirehose/STACK-ENTITY:log-stream:any",
    },
    "ProducerSchedule": {
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role
        "lambda:InvokeFunction": f"arn:aws:lambda:{HERE}:function:STACK-producer-ENTITY",
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
        "sqs:SendMessage": f"arn:aws:sqs:{HERE}:STACK-dead-letters",
    },
    "LoadSchedule": {
        "glue:StartJobRun": f"arn:aws:glue:{HERE}:job/STACK-aviation_data_load",
        "sqs:SendMessage": f"arn:aws:sqs:{HERE}:STACK-dead-letters",
    },
    "Load": {
        # https://docs.aws.amazon.com/glue/latest/dg/create-service-policy.html, and the job's own log groups
        **dict.fromkeys(LOGS, f"arn:aws:logs:{HERE}:log-group:/aws-glue/STACK/output:log-stream:any"),
        "s3:GetObject": "arn:aws:s3:::ARTEFACTS/LOAD_SCRIPT",
        "s3:GetBucketLocation": "arn:aws:s3:::PUBLISHED",
        # S3FileIO gives up an upload of several parts where one fails.
        "s3:AbortMultipartUpload": "arn:aws:s3:::PUBLISHED/aviation/flights/data/object",
    },
    "Alerts": {
        **dict.fromkeys(LOGS, f"arn:aws:logs:{HERE}:log-group:/aws/lambda/STACK-alerts:log-stream:any"),
        "sqs:SendMessage": f"arn:aws:sqs:{HERE}:STACK-dead-letters",
        # Athena reads the catalog and the tables, and writes its results, as who asks.
        # https://docs.aws.amazon.com/athena/latest/ug/fine-grained-access-to-glue-resources.html
        "glue:GetDatabase": f"arn:aws:glue:{HERE}:database/DATABASE",
        "glue:GetTable": f"arn:aws:glue:{HERE}:table/DATABASE/flights",
        # https://docs.aws.amazon.com/athena/latest/ug/s3-permissions.html
        "s3:GetBucketLocation": "arn:aws:s3:::RUNS",
        "s3:ListBucket": "arn:aws:s3:::PUBLISHED",
        "s3:GetObject": "arn:aws:s3:::PUBLISHED/aviation/flights/data/object",
        "s3:PutObject": "arn:aws:s3:::RUNS/athena/object",
        "s3:AbortMultipartUpload": "arn:aws:s3:::RUNS/athena/object",
        "s3:ListMultipartUploadParts": "arn:aws:s3:::RUNS/athena/object",
    },
}
"""What a service does with a role by itself, by its documentation: the action and an ARN, in which capitals stand for
what the stack calls it."""
NOT_GRANTED = {
    "s3:GetObject": "Firehose's page lists it for the raw bucket; a delivery without a transformation reads no object",
    "glue:GetPartition": "Athena's page lists it for Hive tables; Iceberg keeps its partitions in its own metadata",
    "logs:CreateLogGroup": "the template makes every log group itself, so that each forgets after a while",
}
"""What a service's page lists, and no role grants."""


@dataclass(frozen=True)
class Beyond:
    """A call next to what a role may do."""

    role: str
    service: str
    operation: str
    given: dict[str, object]


BEYOND = [
    Beyond("FlightsProducerRole", "s3", "put_object", {"Bucket": "RUNS", "Key": "aviation_data_load/x", "Body": b""}),
    Beyond("FlightsProducerRole", "s3", "put_object", {"Bucket": "RAW", "Key": "flights/x", "Body": b""}),
    Beyond("FlightsProducerRole", "s3", "get_object", {"Bucket": "RUNS", "Key": "producer/x"}),
    Beyond("FlightsProducerRole", "s3", "list_objects_v2", {"Bucket": "RUNS"}),
    Beyond("FlightsProducerRole", "kinesis", "describe_stream", {"StreamName": "STACK-flights"}),
    Beyond("FlightsProducerRole", "secretsmanager", "put_secret_value", {"SecretId": "SECRET", "SecretString": "x"}),
    Beyond("FlightsDeliveryRole", "s3", "put_object", {"Bucket": "RAW", "Key": "cities/x", "Body": b""}),
    Beyond("FlightsDeliveryRole", "s3", "put_object", {"Bucket": "RAW", "Key": "errors/cities/x", "Body": b""}),
    Beyond("FlightsDeliveryRole", "s3", "delete_object", {"Bucket": "RAW", "Key": "flights/x"}),
    Beyond("FlightsDeliveryRole", "s3", "get_object", {"Bucket": "RAW", "Key": "flights/x"}),
    Beyond("FlightsDeliveryRole", "kinesis", "delete_stream", {"StreamName": "STACK-flights"}),
    Beyond("LoadRole", "s3", "put_object", {"Bucket": "RAW", "Key": "flights/x", "Body": b""}),
    Beyond("LoadRole", "s3", "delete_object", {"Bucket": "RAW", "Key": "flights/x"}),
    Beyond("LoadRole", "s3", "get_object", {"Bucket": "ARTEFACTS", "Key": "other.py"}),
    Beyond("LoadRole", "s3", "get_object", {"Bucket": "RUNS", "Key": "aviation_data_load/x"}),
    Beyond("LoadRole", "s3", "put_object", {"Bucket": "RUNS", "Key": "producer/x", "Body": b""}),
    Beyond("LoadRole", "glue", "delete_table", {"DatabaseName": "DATABASE", "Name": "flights"}),
    Beyond("LoadRole", "glue", "start_job_run", {"JobName": "STACK-aviation_data_load"}),
    Beyond("LoadRole", "sns", "publish_batch", {"TopicArn": "TOPIC", "PublishBatchRequestEntries": []}),
    Beyond("LoadRole", "cloudwatch", "delete_alarms", {"AlarmNames": ["x"]}),
    Beyond("AlertsRole", "s3", "put_object", {"Bucket": "PUBLISHED", "Key": "aviation/x", "Body": b""}),
    Beyond("AlertsRole", "s3", "put_object", {"Bucket": "RUNS", "Key": "producer/x", "Body": b""}),
    Beyond("AlertsRole", "s3", "delete_object", {"Bucket": "RUNS", "Key": "alerts/x"}),
    Beyond("AlertsRole", "s3", "get_object", {"Bucket": "RAW", "Key": "flights/x"}),
    Beyond("AlertsRole", "glue", "update_table", {"DatabaseName": "DATABASE", "TableInput": {"Name": "flights"}}),
    Beyond("AlertsRole", "athena", "stop_query_execution", {"QueryExecutionId": "x"}),
    Beyond("AlertsRole", "secretsmanager", "put_secret_value", {"SecretId": "ADDRESSES", "SecretString": "x"}),
    Beyond("LoadRole", "secretsmanager", "get_secret_value", {"SecretId": "ADDRESSES"}),
    Beyond(
        "FlightsProducerScheduleRole",
        "lambda",
        "update_function_code",
        {"FunctionName": "STACK-producer-flights", "S3Bucket": "RAW", "S3Key": "x"},
    ),
    Beyond("FlightsProducerScheduleRole", "glue", "start_job_run", {"JobName": "STACK-aviation_data_load"}),
    Beyond("LoadFlightsScheduleRole", "lambda", "invoke", {"FunctionName": "STACK-producer-flights", "Payload": "{}"}),
    Beyond("LoadFlightsScheduleRole", "glue", "get_job_run", {"JobName": "STACK-aviation_data_load", "RunId": "x"}),
]
OF_OTHERS = [
    ("FlightsProducerRole", "kinesis:PutRecords", f"arn:aws:kinesis:{HERE}:stream/STACK-cities"),
    ("FlightsProducerRole", "secretsmanager:GetSecretValue", f"arn:aws:secretsmanager:{HERE}:secret:other-AbCdEf"),
    ("FlightsDeliveryRole", "kinesis:GetRecords", f"arn:aws:kinesis:{HERE}:stream/STACK-cities"),
    ("LoadRole", "glue:UpdateTable", f"arn:aws:glue:{HERE}:table/other/flights"),
    ("LoadRole", "glue:GetDatabase", f"arn:aws:glue:{HERE}:database/default"),
    ("LoadRole", "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/STACK-alerts:log-stream:any"),
    ("AlertsRole", "athena:StartQueryExecution", f"arn:aws:athena:{HERE}:workgroup/primary"),
    ("FlightsProducerRole", "secretsmanager:GetSecretValue", "ADDRESSES"),
    ("AlertsRole", "secretsmanager:GetSecretValue", "SECRET"),
    ("AlertsRole", "sns:Publish", f"arn:aws:sns:{HERE}:STACK-other"),
    ("FlightsProducerScheduleRole", "lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:STACK-producer-cities"),
    ("LoadFlightsScheduleRole", "glue:StartJobRun", f"arn:aws:glue:{HERE}:job/other"),
    ("LoadFlightsScheduleRole", "sqs:SendMessage", f"arn:aws:sqs:{HERE}:other"),
]
"""An action that a role has, on what is not its own: only the evaluator tells these apart."""


@dataclass(frozen=True)
class Unread:
    """A call that its policy allows, on AWS, and that moto denies: it cannot read the ARNs or the condition."""

    service: str
    operation: str
    given: dict[str, object]
    action: str
    resources: list[str]
    condition: dict[str, object] = field(default_factory=dict)


ALERT = {"TopicArn": "TOPIC", "PublishBatchRequestEntries": [{"Id": "1", "Message": "m"}]}
MEASURED = {"Namespace": "Aviation", "MetricData": [{"MetricName": "m", "Value": 1}]}
DATABASE = [f"arn:aws:glue:{HERE}:catalog", f"arn:aws:glue:{HERE}:database/DATABASE"]
FUNCTION = f"arn:aws:lambda:{HERE}:function:STACK-alerts"
STREAM = f"arn:aws:kinesis:{HERE}:stream/STACK-flights"
UNREAD = [
    Unread(
        "athena",
        "get_work_group",
        {"WorkGroup": "STACK"},
        "athena:GetWorkGroup",
        [f"arn:aws:athena:{HERE}:workgroup/STACK"],
    ),
    Unread(
        "cloudwatch",
        "put_metric_data",
        MEASURED,
        "cloudwatch:PutMetricData",
        ["*"],
        {"StringEquals": {"cloudwatch:namespace": "Aviation"}},
    ),
    Unread("glue", "get_database", {"Name": "DATABASE"}, "glue:GetDatabase", DATABASE),
    Unread("kinesis", "list_shards", {"StreamName": "STACK-flights"}, "kinesis:ListShards", [STREAM]),
    Unread("lambda", "invoke", {"FunctionName": "STACK-alerts", "Payload": "{}"}, "lambda:InvokeFunction", [FUNCTION]),
    Unread("secretsmanager", "get_secret_value", {"SecretId": "SECRET"}, "secretsmanager:GetSecretValue", ["SECRET"]),
    Unread("sns", "publish_batch", ALERT, "sns:Publish", ["TOPIC"]),
]
"""One of each service whose policies are widened. Where moto has learned one, `second_emulator.widened` can do less."""
