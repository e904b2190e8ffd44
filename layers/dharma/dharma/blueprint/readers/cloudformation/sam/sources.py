"""Event sources that Lambda itself reads: queues, streams and brokers, each a mapping.

What the role must be allowed for it is what SAM adds to a role that it makes.
"""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.cloudformation.sam.made import Event, Made
from dharma.blueprint.readers.cloudformation.sam.nodes import elements, member
from dharma.blueprint.readers.cloudformation.sam.roles import Role
from dharma.blueprint.tree import Members, members
from dharma.blueprint.yaml_source import Node

# Where the event says which source it is.
_SOURCE = {
    "DocumentDB": "Cluster",
    "DynamoDB": "Stream",
    "Kinesis": "Stream",
    "MQ": "Broker",
    "MSK": "Stream",
    "SQS": "Queue",
    "SelfManagedKafka": None,
}
_MANAGED = {
    "DynamoDB": "AWSLambdaDynamoDBExecutionRole",
    "Kinesis": "AWSLambdaKinesisExecutionRole",
    "MSK": "AWSLambdaMSKExecutionRole",
    "SQS": "AWSLambdaSQSQueueExecutionRole",
}
# Called the same by SAM and by AWS::Lambda::EventSourceMapping.
_SAME = (
    "BatchSize", "BisectBatchOnFunctionError", "DestinationConfig", "Enabled", "FilterCriteria",
    "FunctionResponseTypes", "KmsKeyArn", "MaximumBatchingWindowInSeconds",
    "MaximumRecordAgeInSeconds", "MaximumRetryAttempts", "MetricsConfig", "ParallelizationFactor",
    "ProvisionedPollerConfig", "Queues", "ScalingConfig", "SourceAccessConfigurations",
    "StartingPosition", "StartingPositionTimestamp", "Topics", "TumblingWindowInSeconds",
)  # fmt: skip
_ELSEWHERE = {
    "KafkaBootstrapServers": ("SelfManagedEventSource", "Endpoints", "KafkaBootstrapServers"),
    "DatabaseName": ("DocumentDBEventSourceConfig", "DatabaseName"),
    "CollectionName": ("DocumentDBEventSourceConfig", "CollectionName"),
    "FullDocument": ("DocumentDBEventSourceConfig", "FullDocument"),
}
_KAFKA_SETTINGS = {
    "MSK": "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafka": "SelfManagedKafkaEventSourceConfig",
}
_OF_KAFKA = ("ConsumerGroupId", "SchemaRegistryConfig")
_FOR_THE_ROLE = ("DynamicPolicyName", "SecretsManagerKmsKeyId")
_DESTINATIONS = {"SQS": "sqs:SendMessage", "SNS": "sns:publish"}
_SECRETS = frozenset(
    {"BASIC_AUTH", "CLIENT_CERTIFICATE_TLS_AUTH", "SASL_SCRAM_256_AUTH", "SASL_SCRAM_512_AUTH"}
)
_INTO_A_VPC = {
    "Action": [
        "ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces",
        "ec2:DeleteNetworkInterface", "ec2:DescribeVpcs", "ec2:DescribeSubnets",
        "ec2:DescribeSecurityGroups",
    ],
    "Resource": "*",
}  # fmt: skip


def is_polled(event: Event) -> bool:
    return event.type in _SOURCE


def add_mapping(event: Event, function: Any, role: Role | None, made: Made) -> None:
    """The mapping of an event source; `role` is what SAM makes for the function, if it does."""
    given, kind = event.properties, event.type
    source = _SOURCE[kind]
    mapping: dict[str, Any] = {"FunctionName": function}
    for name, (place, node) in given.items():
        if name == source:
            mapping["EventSourceArn"] = node
        elif name in _SAME:
            mapping[name] = node
        elif name in _ELSEWHERE:
            _set(mapping, _ELSEWHERE[name], node)
        elif name in _OF_KAFKA and kind in _KAFKA_SETTINGS:
            _set(mapping, (_KAFKA_SETTINGS[kind], name), node)
        elif name not in _FOR_THE_ROLE:
            what = "the property of SAM is not understood"
            made.report(what, place, f"{event.address}.{name}")
    failure = _failure(given)
    if "Type" in failure:
        mapping["DestinationConfig"] = {"OnFailure": {"Destination": failure.get("Destination")}}
    made.add(event.name, "AWS::Lambda::EventSourceMapping", mapping, event.owner, event.place)
    if role is not None:
        _allow(event, failure, role)


def _set(into: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for step in path[:-1]:
        into = into.setdefault(step, {})
    into[path[-1]] = value


def _failure(given: Members) -> dict[str, Node]:
    """Where batches go that failed: `Type` says what it is, for the role alone."""
    if "DestinationConfig" not in given:
        return {}
    node = member(given["DestinationConfig"][1], "OnFailure")
    return {} if node is None else {name: part for name, (_, part) in members(node).items()}


def _allow(event: Event, failure: dict[str, Node], role: Role) -> None:
    kind, given = event.type, event.properties
    if kind in _MANAGED:
        role.manage(f"service-role/{_MANAGED[kind]}")
    else:
        role.allow(f"{event.name}Policy", *_statements(kind, given))
    action = _DESTINATIONS.get(str(failure["Type"].value)) if "Type" in failure else None
    if action is not None:
        statement = {"Action": action, "Resource": failure.get("Destination")}
        role.allow(f"{event.name}DestinationPolicy", statement)


def _statements(kind: str, given: Members) -> list[dict[str, Any]]:
    """What the function may do to read from a broker or a cluster of documents."""
    said = given.get("SourceAccessConfigurations")
    accesses = [] if said is None else elements(said[1])
    secrets = [
        member(access, "URI")
        for access in accesses
        if (type := member(access, "Type")) is not None and type.value in _SECRETS
    ]
    found: list[dict[str, Any]] = [
        {"Action": "secretsmanager:GetSecretValue", "Resource": secret} for secret in secrets
    ]
    if kind == "MQ" and "Broker" in given:
        found.append({"Action": "mq:DescribeBroker", "Resource": given["Broker"][1]})
    if kind == "DocumentDB":
        here = "arn:${AWS::Partition}:rds:${AWS::Region}:${AWS::AccountId}"
        for action, resource in {
            "rds:DescribeDBClusterParameters": {"Fn::Sub": f"{here}:cluster-pg:*"},
            "rds:DescribeDBSubnetGroups": {"Fn::Sub": f"{here}:subgrp:*"},
            "rds:DescribeDBClusters": given["Cluster"][1] if "Cluster" in given else "*",
        }.items():
            found.append({"Action": action, "Resource": resource})
    if kind == "DocumentDB" or any(_is_of_a_vpc(access) for access in accesses):
        found.append(_INTO_A_VPC)
    if "SecretsManagerKmsKeyId" in given:
        key = "arn:${AWS::Partition}:kms:${AWS::Region}:${AWS::AccountId}:key/${Key}"
        named = {"Key": given["SecretsManagerKmsKeyId"][1]}
        found.append({"Action": "kms:Decrypt", "Resource": {"Fn::Sub": [key, named]}})
    return found


def _is_of_a_vpc(access: Node) -> bool:
    type = member(access, "Type")
    return type is not None and type.value in ("VPC_SUBNET", "VPC_SECURITY_GROUP")
