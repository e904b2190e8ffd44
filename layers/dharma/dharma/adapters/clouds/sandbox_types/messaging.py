"""Queues, keys, log groups."""

from __future__ import annotations

import json
from typing import Any

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    CREATION,
    Live,
    Made,
    NativeType,
    Properties,
    document,
    found,
    known,
    tag_map,
    truth,
)


class Queue(NativeType):
    type = "AWS::SQS::Queue"
    immutable = frozenset({"QueueName", "FifoQueue"})
    name_property = "QueueName"
    # Property, the API's attribute, and the value of a queue that says nothing.
    SETTINGS = (
        ("VisibilityTimeout", "VisibilityTimeout", "30"),
        ("DelaySeconds", "DelaySeconds", "0"),
        ("MaximumMessageSize", "MaximumMessageSize", "262144"),
        ("MessageRetentionPeriod", "MessageRetentionPeriod", "345600"),
        ("ReceiveMessageWaitTimeSeconds", "ReceiveMessageWaitTimeSeconds", "0"),
        ("KmsMasterKeyId", "KmsMasterKeyId", ""),
        ("SqsManagedSseEnabled", "SqsManagedSseEnabled", None),
        ("ContentBasedDeduplication", "ContentBasedDeduplication", None),
    )

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(
            lambda: aws["sqs"].get_queue_attributes(
                QueueUrl=made.physical_id, AttributeNames=["All"]
            )
        )
        if answer is None:
            return None
        attributes = answer["Attributes"]
        redrive = attributes.get("RedrivePolicy")
        name = attributes["QueueArn"].split(":")[-1]
        tags = aws["sqs"].list_queue_tags(QueueUrl=made.physical_id).get("Tags", {})
        return Live(
            {
                "QueueName": name,
                "RedrivePolicy": document(redrive) if redrive else None,
                "KmsMasterKeyId": attributes.get("KmsMasterKeyId"),
                "Tags": [{"Key": k, "Value": v} for k, v in tags.items()],
                **known(**{prop: attributes.get(own) for prop, own, _ in self.SETTINGS}),
            },
            {
                "Arn": attributes["QueueArn"],
                "QueueName": name,
                "QueueUrl": made.physical_id,
            },
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        sqs, url = aws["sqs"], made.physical_id
        attributes: dict[str, str] = {}
        for name, attribute, default in self.SETTINGS:
            if name in wanted:
                value = wanted[name]
                attributes[attribute] = (
                    str(value).lower() if isinstance(value, bool) else str(value)
                )
            elif name in made.properties and default is not None:
                attributes[attribute] = default
        if wanted.get("RedrivePolicy"):
            attributes["RedrivePolicy"] = json.dumps(wanted["RedrivePolicy"])
        elif made.properties.get("RedrivePolicy"):
            attributes["RedrivePolicy"] = ""
        if attributes:
            sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        tags, old = tag_map(wanted.get("Tags")), tag_map(made.properties.get("Tags"))
        if old.keys() - tags.keys():
            sqs.untag_queue(QueueUrl=url, TagKeys=sorted(old.keys() - tags.keys()))
        if tags:
            sqs.tag_queue(QueueUrl=url, Tags=tags)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["sqs"].delete_queue(QueueUrl=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        pages = (
            aws["sqs"]
            .get_paginator("list_queues")
            .paginate(QueueNamePrefix=prefix, PaginationConfig={"PageSize": 1000})
        )
        return [url for page in pages for url in page.get("QueueUrls", [])]


class QueuePolicy(NativeType):
    """Physical id: the first queue's URL."""

    type = "AWS::SQS::QueuePolicy"
    by_hand = True

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        for url in wanted["Queues"]:
            aws["sqs"].set_queue_attributes(
                QueueUrl=url,
                Attributes={"Policy": json.dumps(document(wanted["PolicyDocument"]))},
            )
        return str(wanted["Queues"][0])

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        policies = [self._policy(aws, url) for url in made.properties["Queues"]]
        if not all(policies):
            return None
        return Live({"Queues": made.properties["Queues"], "PolicyDocument": policies[0]})

    @staticmethod
    def _policy(aws: AwsClients, url: str) -> Any:
        answer = found(
            lambda: aws["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
        )
        return document((answer or {}).get("Attributes", {}).get("Policy"))

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        for url in set(made.properties["Queues"]) - set(wanted["Queues"]):
            self._clear(aws, url)
        self.create(aws, wanted, made.physical_id)

    @staticmethod
    def _clear(aws: AwsClients, url: str) -> None:
        found(lambda: aws["sqs"].set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""}))

    def delete(self, aws: AwsClients, made: Made) -> None:
        for url in made.properties["Queues"]:
            self._clear(aws, url)


class Key(NativeType):
    """A key cannot be removed at once: scheduled for deletion counts as gone."""

    type = "AWS::KMS::Key"
    # The emulator's CloudFormation makes keys that its own service cannot describe.
    by_hand = True
    immutable = frozenset({"KeySpec", "KeyUsage", "MultiRegion"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        kms = aws["kms"]
        name = self._made_before(kms, token)
        if name is None:
            said: dict[str, Any] = {
                given: wanted[given]
                for given in ("Description", "KeyUsage", "KeySpec")
                if wanted.get(given)
            }
            if "MultiRegion" in wanted:
                said["MultiRegion"] = truth(wanted["MultiRegion"])
            if wanted.get("KeyPolicy"):
                said["Policy"] = json.dumps(document(wanted["KeyPolicy"]))
            tags = [{"TagKey": CREATION, "TagValue": token}]
            name = str(kms.create_key(Tags=tags, **said)["KeyMetadata"]["KeyId"])
        self.update(aws, Made(name), wanted)
        return name

    @staticmethod
    def _made_before(kms: Any, token: str) -> str | None:
        for key in kms.list_keys()["Keys"]:
            name = str(key["KeyId"])
            tags = kms.list_resource_tags(KeyId=name).get("Tags", [])
            if {"TagKey": CREATION, "TagValue": token} in tags:
                state = kms.describe_key(KeyId=name)["KeyMetadata"]["KeyState"]
                if state != "PendingDeletion":
                    return name
        return None

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        kms, name = aws["kms"], made.physical_id
        answer = found(lambda: kms.describe_key(KeyId=name))
        if answer is None or answer["KeyMetadata"]["KeyState"] == "PendingDeletion":
            return None
        key = answer["KeyMetadata"]
        rotation = found(lambda: kms.get_key_rotation_status(KeyId=name))
        policy = found(lambda: kms.get_key_policy(KeyId=name, PolicyName="default"))
        tags = kms.list_resource_tags(KeyId=name).get("Tags", [])
        return Live(
            known(
                Description=key.get("Description"),
                Enabled=key.get("Enabled"),
                KeyUsage=key.get("KeyUsage"),
                KeySpec=key.get("KeySpec"),
                MultiRegion=key.get("MultiRegion"),
                EnableKeyRotation=(rotation or {}).get("KeyRotationEnabled"),
                KeyPolicy=document((policy or {}).get("Policy")),
                Tags=[
                    {"Key": t["TagKey"], "Value": t["TagValue"]}
                    for t in tags
                    if t["TagKey"] != CREATION
                ],
            ),
            {"Arn": key["Arn"], "KeyId": key["KeyId"]},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        kms, name = aws["kms"], made.physical_id
        kms.update_key_description(KeyId=name, Description=wanted.get("Description", ""))
        turn = (
            kms.enable_key_rotation
            if truth(wanted.get("EnableKeyRotation", False))
            else kms.disable_key_rotation
        )
        if "EnableKeyRotation" in wanted or "EnableKeyRotation" in made.properties:
            turn(KeyId=name)
        if wanted.get("KeyPolicy"):
            policy = json.dumps(document(wanted["KeyPolicy"]))
            kms.put_key_policy(KeyId=name, PolicyName="default", Policy=policy)
        if "Enabled" in wanted or "Enabled" in made.properties:
            enabled = truth(wanted.get("Enabled", True))
            (kms.enable_key if enabled else kms.disable_key)(KeyId=name)
        tags, old = tag_map(wanted.get("Tags")), tag_map(made.properties.get("Tags"))
        if old.keys() - tags.keys():
            kms.untag_resource(KeyId=name, TagKeys=sorted(old.keys() - tags.keys()))
        if tags:
            kms.tag_resource(
                KeyId=name, Tags=[{"TagKey": k, "TagValue": v} for k, v in tags.items()]
            )

    def delete(self, aws: AwsClients, made: Made) -> None:
        days = int(made.properties.get("PendingWindowInDays", 30))
        aws["kms"].schedule_key_deletion(KeyId=made.physical_id, PendingWindowInDays=days)


class LogGroup(NativeType):
    type = "AWS::Logs::LogGroup"
    immutable = frozenset({"LogGroupName"})
    name_property = "LogGroupName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        groups = aws["logs"].describe_log_groups(logGroupNamePrefix=made.physical_id)["logGroups"]
        group = next((g for g in groups if g["logGroupName"] == made.physical_id), None)
        if group is None:
            return None
        tags = aws["logs"].list_tags_log_group(logGroupName=made.physical_id).get("tags", {})
        return Live(
            {
                "LogGroupName": made.physical_id,
                "RetentionInDays": group.get("retentionInDays"),
                "KmsKeyId": group.get("kmsKeyId"),
                "Tags": [{"Key": k, "Value": v} for k, v in tags.items()],
            },
            {"Arn": f"{group['arn'].removesuffix(':*')}:*"},
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        logs, name, before = aws["logs"], made.physical_id, made.properties
        if wanted.get("RetentionInDays"):
            logs.put_retention_policy(
                logGroupName=name, retentionInDays=int(wanted["RetentionInDays"])
            )
        elif before.get("RetentionInDays"):
            logs.delete_retention_policy(logGroupName=name)
        if wanted.get("KmsKeyId"):
            logs.associate_kms_key(logGroupName=name, kmsKeyId=wanted["KmsKeyId"])
        elif before.get("KmsKeyId"):
            logs.disassociate_kms_key(logGroupName=name)
        tags, old = tag_map(wanted.get("Tags")), tag_map(before.get("Tags"))
        if old.keys() - tags.keys():
            logs.untag_log_group(logGroupName=name, tags=sorted(old.keys() - tags.keys()))
        if tags:
            logs.tag_log_group(logGroupName=name, tags=tags)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["logs"].delete_log_group(logGroupName=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        groups = aws["logs"].describe_log_groups(logGroupNamePrefix=prefix)["logGroups"]
        return [g["logGroupName"] for g in groups]


TYPES = (Queue(), QueuePolicy(), Key(), LogGroup())
