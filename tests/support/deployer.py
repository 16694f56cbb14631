"""What who deploys has to be allowed: what CloudFormation's handlers list for the resources of the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from support import iam, unrolled

HANDLERS = ("create", "read", "update", "delete")
"""The handlers that a stack's operations call. `list` is called by the IaC generator and by Cloud Control alone.
Source: https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-test-contract.html"""


@dataclass(frozen=True)
class LeftOut:
    """Permissions that the handlers of `types` list and who deploys goes without.

    `unless` are the properties that make a handler use them: while one of them is in the template, they count.
    """

    actions: str
    reason: str
    unless: str = ""
    types: str = "*"

    def is_about(self, kind: str, action: str) -> bool:
        return any(fnmatchcase(kind, f"AWS::{pattern}") for pattern in self.types.split()) and any(
            fnmatchcase(action, pattern) for pattern in self.actions.split()
        )

    def used_in(self, kind: str) -> set[str]:
        """The properties of `unless` that a resource of the type has."""
        return {name for body in unrolled.of_type(kind).values() for name in _names(body)} & set(self.unless.split())


LEFT_OUT = (
    LeftOut(
        "iam:PassRole",
        "no role is given to the service",
        unless="RoleArn RoleARN ExecutionRole ReplicationConfiguration DeliveryStatusLogging SubscriptionRoleArn",
        types="Athena::WorkGroup S3::Bucket SNS::*",
    ),
    LeftOut(
        "iam:GetRole",
        "no role is given to the service",
        unless="DeliveryStatusLogging SubscriptionRoleArn",
        types="SNS::*",
    ),
    LeftOut(
        "iam:CreateServiceLinkedRole",
        "Athena for Spark alone makes one",
        unless="ExecutionRole",
        types="Athena::WorkGroup",
    ),
    LeftOut(
        "iam:CreateServiceLinkedRole organizations:*",
        "the trail is of this account alone",
        unless="IsOrganizationTrail",
        types="CloudTrail::Trail",
    ),
    LeftOut(
        "iam:GetRole iam:PassRole cloudtrail:PutInsightSelectors",
        "the trail writes to a bucket alone, without insights",
        unless="CloudWatchLogsRoleArn InsightSelectors",
        types="CloudTrail::Trail",
    ),
    LeftOut(
        "cloudfront:*ConnectionGroup cloudfront:GetVpcOrigin cloudfront:UpdateDistributionWithStagingConfig",
        "the distribution is for one site, of a bucket, and has no staging one",
        unless="ConnectionMode TenantConfig VpcOriginConfig Staging ContinuousDeploymentPolicyId",
    ),
    LeftOut("cloudfront:CreateDistributionWithTags", "no such action: CloudFront asks for CreateDistribution"),
    LeftOut(
        "cloudfront:ListTagsForResource cloudfront:*agResource",
        "CloudFront's functions have tags, of which the reference says nothing: the template gives them none",
        unless="Tags",
        types="CloudFront::Function",
    ),
    LeftOut("billing:GetBillingViewData", "the budget is of the account's own costs", unless="BillingViewArn"),
    LeftOut(
        "iam:AttachRolePolicy iam:DetachRolePolicy", "roles have policies of their own", unless="ManagedPolicyArns"
    ),
    LeftOut("iam:DeleteRolePermissionsBoundary", "a role that lost its boundary could be given any permission"),
    LeftOut("iam:UpdateRoleDescription", "roles have no description", unless="Description", types="IAM::Role"),
    LeftOut("kms:*", "nothing is encrypted with a key of the account's own", unless="KmsKey KmsKeyArn KmsKeyId KeyARN"),
    LeftOut("glue:*Connection", "the database is no federated one", unless="FederatedDatabase"),
    LeftOut(
        "ec2:Describe* elasticfilesystem:* s3files:* lambda:PassCapacityProvider lambda:AssociateRuntimeAlias",
        "functions run outside a VPC, without file systems, on Lambda's own capacity",
        unless="VpcConfig FileSystemConfigs CapacityProviderConfig",
    ),
    LeftOut("lambda:GetLayerVersion", "functions have no layers", unless="Layers"),
    LeftOut("lambda:*CodeSigningConfig", "code is not signed", unless="CodeSigningConfigArn", types="Lambda::Function"),
    LeftOut(
        "lambda:PutRuntimeManagementConfig lambda:PutFunctionRecursionConfig lambda:PutFunctionScalingConfig "
        "lambda:PublishVersion",
        "functions are as Lambda makes them, and have no versions",
        unless="RuntimeManagementConfig RecursiveLoop FunctionScalingConfig PublishToLatestPublished",
    ),
    LeftOut(
        "kinesis:*EnhancedMonitoring kinesis:UpdateStreamMode kinesis:UpdateMaxRecordSize "
        "kinesis:UpdateStreamWarmThroughput kinesis:UpdateStreamRecordDistributionStrategy",
        "streams are provisioned by the shard, with Kinesis's own limits and metrics",
        unless="DesiredShardLevelMetrics StreamModeDetails MaxRecordSizeInKiB WarmThroughputMiBps",
    ),
    LeftOut(
        "firehose:*DeliveryStreamEncryption",
        "what is delivered is encrypted in its stream",
        unless="DeliveryStreamEncryptionConfigurationInput",
    ),
    LeftOut(
        "firehose:TagDeliveryStream s3:REST.PUT.OBJECT logs:CreateLogDelivery logs:*ResourcePolicy logs:*IndexPolicy "
        "logs:PutDataProtectionPolicy logs:*KmsKey logs:PutBearerTokenAuthentication "
        "logs:PutLogGroupDeletionProtection",
        "log groups keep logs, for their time, and nothing else",
        unless="DataProtectionPolicy FieldIndexPolicies ResourcePolicyDocument KmsKeyId "
        "BearerTokenAuthenticationEnabled DeletionProtectionEnabled",
        types="Logs::LogGroup",
    ),
    LeftOut(
        "s3:PutBucketAbac s3:PutAnalyticsConfiguration s3:PutBucketCORS s3:PutInventoryConfiguration "
        "s3:PutMetricsConfiguration s3:PutBucketNotification s3:Put*ReplicationConfiguration s3:PutBucketReplication "
        "s3:*BucketWebsite s3:PutAccelerateConfiguration s3:Put*ObjectLockConfiguration s3:Put*Acl s3:PutBucketLogging "
        "s3:PutIntelligentTieringConfiguration s3:*BucketMetadata*",
        "buckets have encryption, a policy, lifecycle rules, versions and no more",
        unless="AbacStatus AnalyticsConfigurations CorsConfiguration InventoryConfigurations MetricsConfigurations "
        "NotificationConfiguration ReplicationConfiguration WebsiteConfiguration AccelerateConfiguration "
        "ObjectLockConfiguration AccessControl LoggingConfiguration IntelligentTieringConfigurations "
        "MetadataTableConfiguration MetadataConfiguration",
    ),
    LeftOut("s3tables:*", "buckets have no metadata tables", unless="MetadataTableConfiguration MetadataConfiguration"),
    LeftOut(
        "s3:DeleteBucketAnalyticsConfiguration s3:DeleteBucketCors s3:DeleteBucketEncryption s3:DeleteBucketLifecycle "
        "s3:DeleteBucketMetricsConfiguration s3:DeleteBucketReplication s3:DeleteBucketTagging",
        "no such actions: S3 asks for the one that puts what is deleted",
    ),
    LeftOut("secretsmanager:*Region*", "the secret is in one region", unless="ReplicaRegions"),
    LeftOut("sns:PutDataProtectionPolicy", "the topic has none", unless="DataProtectionPolicy"),
    LeftOut("quicksight:*Folder*", "nothing stands in a folder", unless="FolderArns"),
    LeftOut("quicksight:PassTopic quicksight:DescribeTheme", "there are no topics and no themes", unless="ThemeArn"),
)

PASSED_TO = {
    "AWS::Events::Rule": "events.amazonaws.com",
    "AWS::Glue::Job": "glue.amazonaws.com",
    "AWS::KinesisFirehose::DeliveryStream": "firehose.amazonaws.com",
    "AWS::Lambda::Function": "lambda.amazonaws.com",
    "AWS::Scheduler::Schedule": "scheduler.amazonaws.com",
}
"""The service that a resource of the type gives its role to."""

ON_ALL = {"cloudwatch:DescribeAlarms": "CloudWatch asks about alarm:*, whichever alarms are named"}
"""Actions that the reference says know resources, and AWS nevertheless asks about all."""


BESIDES = {
    "cloudformation:ContinueUpdateRollback": "after an update whose rollback failed",
    "cloudformation:DescribeEvents": "where early validation refuses a change set, its reasons",
    "glue:GetTable": "Athena reads the tables with the permissions of who asks",
    "secretsmanager:RestoreSecret": "where a secret waits for its deletion",
}
"""Actions that are granted and neither listed by a handler nor recorded in a run in which all goes well."""

WILDCARDS = {
    "s3:Get* s3:List*": "handlers read every setting of a bucket, and gain reads when buckets gain settings",
    "events:Describe* events:List* firehose:Describe* firehose:List* kinesis:Describe* kinesis:List* lambda:Get* "
    "lambda:List* logs:Describe* logs:List* scheduler:Get* scheduler:List* sns:Get* sns:List* sqs:Get* sqs:List* "
    "quicksight:Describe* quicksight:List*": "handlers gain reads with new settings; what is read is the stack's own",
}
"""Wildcards that the policy keeps, and why. None of them matches an action that writes."""


def _names(value: Any) -> Iterator[str]:
    """Every property name in a value, at any depth."""
    if isinstance(value, dict):
        yield from value
        for item in value.values():
            yield from _names(item)
    elif isinstance(value, list):
        for item in value:
            yield from _names(item)


def types() -> list[str]:
    """The types of resources in the template, whatever their conditions."""
    return sorted({body["Type"] for body in unrolled.resources().values()})


@cache
def listed(kind: str) -> frozenset[str]:
    """The permissions that the handlers and tags of a type list in its CloudFormation schema, as cfn-lint has it."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(unrolled.REGION, kind).schema
    called = [schema.get("tagging", {}), *(schema["handlers"].get(name, {}) for name in HANDLERS)]
    permissions = (action.partition(":") for handler in called for action in handler.get("permissions", []))
    return frozenset(f"{service.lower()}:{name}" for service, _, name in permissions)  # `CloudTrail:` in one schema


def left_out(kind: str, action: str) -> list[LeftOut]:
    """Why a permission that a type's handlers list may be missing; none where it may not."""
    return [row for row in LEFT_OUT if row.is_about(kind, action) and not row.used_in(kind)]


def needed(kind: str) -> list[str]:
    """The permissions that the handlers of a type need for what the template says."""
    return sorted(action for action in listed(kind) if not left_out(kind, action))


def asked_about(action: str) -> set[str]:
    """The ARNs of the template's resources that an action on them is asked about. LookupError where it knows kinds of
    resources, and the template makes none of them."""
    kinds = iam.resources_of(action)
    if not kinds or action in ON_ALL:
        return {"*"}
    service = action.partition(":")[0]
    found = {arn for kind in kinds for arn in unrolled.arns(service, kind)}
    if not found:
        raise LookupError(
            f"{action} is for {', '.join(kinds)}: the template makes none, so leave it out or add it to KINDS"
        )
    return found


def context(kind: str) -> dict[str, str]:
    """What a request of CloudFormation's about a resource of the type carries for the conditions of policies."""
    return {
        "aws:ResourceAccount": unrolled.ACCOUNT,
        "aws:ResourceTag/aws:cloudformation:stack-name": unrolled.STACK,
        "iam:PermissionsBoundary": unrolled.BOUNDARY,
        "iam:PassedToService": PASSED_TO.get(kind, ""),
    }
