"""Buckets, their policies, databases and their subnet groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.adapters.clouds.sandbox_types.native_type import (
    CREATION,
    Live,
    Made,
    NativeType,
    Properties,
    document,
    first,
    found,
    generated_name,
    known,
    tag_list,
    tag_map,
    truth,
)

Json = dict[str, Any]


class Bucket(NativeType):
    """`DeleteBucket` of a bucket with objects fails, as on AWS."""

    type = "AWS::S3::Bucket"
    immutable = frozenset({"BucketName", "ObjectLockEnabled"})
    name_property = "BucketName"

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        s3, name = aws["s3"], made.physical_id
        if found(lambda: s3.head_bucket(Bucket=name)) is None:
            return None
        versioning = s3.get_bucket_versioning(Bucket=name).get("Status")
        tags = found(lambda: s3.get_bucket_tagging(Bucket=name)["TagSet"])
        encryption = found(lambda: s3.get_bucket_encryption(Bucket=name))
        access = found(lambda: s3.get_public_access_block(Bucket=name))
        ownership = found(lambda: s3.get_bucket_ownership_controls(Bucket=name))
        logging = s3.get_bucket_logging(Bucket=name).get("LoggingEnabled")
        lifecycle = found(lambda: s3.get_bucket_lifecycle_configuration(Bucket=name)["Rules"])
        return Live(
            {
                "BucketName": name,
                "VersioningConfiguration": {"Status": versioning or "Suspended"},
                "BucketEncryption": _encryption(encryption),
                "PublicAccessBlockConfiguration": access
                and access["PublicAccessBlockConfiguration"],
                "OwnershipControls": ownership
                and {"Rules": ownership["OwnershipControls"]["Rules"]},
                "LoggingConfiguration": logging
                and {
                    "DestinationBucketName": logging["TargetBucket"],
                    "LogFilePrefix": logging.get("TargetPrefix", ""),
                },
                "LifecycleConfiguration": lifecycle and {"Rules": [_rule(r) for r in lifecycle]},
                "Tags": tag_list(tags),
            },
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{aws.region}.amazonaws.com",
                "DualStackDomainName": f"{name}.s3.dualstack.{aws.region}.amazonaws.com",
                "WebsiteURL": f"http://{name}.s3-website-{aws.region}.amazonaws.com",
            },
        )

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        s3, name = aws["s3"], made.physical_id
        for part, put, remove in self._parts(s3, name):
            if wanted.get(part) is not None:
                put(wanted[part])
            elif made.properties.get(part) is not None:
                remove()

    @staticmethod
    def _parts(s3: Any, name: str) -> list[tuple[str, Callable[[Any], Any], Callable[[], Any]]]:
        def versioning(status: str) -> Any:
            return s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})

        return [
            (
                "VersioningConfiguration",
                lambda v: versioning(v["Status"]),
                lambda: versioning("Suspended"),
            ),
            (
                "BucketEncryption",
                lambda v: s3.put_bucket_encryption(
                    Bucket=name, ServerSideEncryptionConfiguration=_api_encryption(v)
                ),
                lambda: s3.delete_bucket_encryption(Bucket=name),
            ),
            (
                "PublicAccessBlockConfiguration",
                lambda v: s3.put_public_access_block(
                    Bucket=name,
                    PublicAccessBlockConfiguration={k: truth(x) for k, x in v.items()},
                ),
                lambda: s3.delete_public_access_block(Bucket=name),
            ),
            (
                "OwnershipControls",
                lambda v: s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=v),
                lambda: s3.delete_bucket_ownership_controls(Bucket=name),
            ),
            (
                "LoggingConfiguration",
                lambda v: s3.put_bucket_logging(
                    Bucket=name,
                    BucketLoggingStatus={
                        "LoggingEnabled": {
                            "TargetBucket": v.get("DestinationBucketName", name),
                            "TargetPrefix": v.get("LogFilePrefix", ""),
                        }
                    },
                ),
                lambda: s3.put_bucket_logging(Bucket=name, BucketLoggingStatus={}),
            ),
            (
                "LifecycleConfiguration",
                lambda v: s3.put_bucket_lifecycle_configuration(
                    Bucket=name,
                    LifecycleConfiguration={"Rules": [_api_rule(r) for r in v["Rules"]]},
                ),
                lambda: s3.delete_bucket_lifecycle(Bucket=name),
            ),
            (
                "Tags",
                lambda v: s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(v)}),
                lambda: s3.delete_bucket_tagging(Bucket=name),
            ),
        ]

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["s3"].delete_bucket(Bucket=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        names = (b["Name"] for b in aws["s3"].list_buckets()["Buckets"])
        return [name for name in names if name.startswith(prefix.lower())]


def _encryption(answer: Any) -> Json | None:
    if not answer:
        return None
    rules = answer["ServerSideEncryptionConfiguration"]["Rules"]
    return {
        "ServerSideEncryptionConfiguration": [
            known(
                BucketKeyEnabled=rule.get("BucketKeyEnabled"),
                ServerSideEncryptionByDefault=rule.get("ApplyServerSideEncryptionByDefault"),
            )
            for rule in rules
        ]
    }


def _api_encryption(wanted: Json) -> Json:
    return {
        "Rules": [
            known(
                BucketKeyEnabled=truth(rule["BucketKeyEnabled"])
                if "BucketKeyEnabled" in rule
                else None,
                ApplyServerSideEncryptionByDefault=rule.get("ServerSideEncryptionByDefault"),
            )
            for rule in wanted["ServerSideEncryptionConfiguration"]
        ]
    }


def _rule(rule: Json) -> Json:
    """The API's lifecycle rule as CloudFormation's."""
    noncurrent = rule.get("NoncurrentVersionExpiration")
    abort = rule.get("AbortIncompleteMultipartUpload")
    prefix = rule.get("Filter", {}).get("Prefix", rule.get("Prefix"))
    return known(
        Id=rule.get("ID"),
        Status=rule["Status"],
        Prefix=prefix or None,
        ExpirationInDays=rule.get("Expiration", {}).get("Days"),
        NoncurrentVersionExpiration=noncurrent
        and {"NoncurrentDays": noncurrent.get("NoncurrentDays")},
        AbortIncompleteMultipartUpload=abort
        and {"DaysAfterInitiation": abort["DaysAfterInitiation"]},
        Transitions=[
            {"TransitionInDays": t["Days"], "StorageClass": t["StorageClass"]}
            for t in rule.get("Transitions", [])
        ]
        or None,
    )


def _api_rule(rule: Json) -> Json:
    noncurrent = rule.get("NoncurrentVersionExpiration", {}).get(
        "NoncurrentDays", rule.get("NoncurrentVersionExpirationInDays")
    )
    abort = rule.get("AbortIncompleteMultipartUpload")
    days = rule.get("ExpirationInDays")
    return known(
        ID=rule.get("Id"),
        Status=rule["Status"],
        Filter={"Prefix": rule.get("Prefix", "")},
        Expiration=None if days is None else {"Days": int(days)},
        NoncurrentVersionExpiration=None
        if noncurrent is None
        else {"NoncurrentDays": int(noncurrent)},
        AbortIncompleteMultipartUpload=abort
        and {"DaysAfterInitiation": int(abort["DaysAfterInitiation"])},
        Transitions=[
            {"Days": int(t["TransitionInDays"]), "StorageClass": t["StorageClass"]}
            for t in rule.get("Transitions", [])
        ]
        or None,
    )


class BucketPolicy(NativeType):
    type = "AWS::S3::BucketPolicy"
    by_hand = True
    immutable = frozenset({"Bucket"})

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        self._put(aws, wanted)
        return str(wanted["Bucket"])

    @staticmethod
    def _put(aws: AwsClients, wanted: Properties) -> None:
        aws["s3"].put_bucket_policy(
            Bucket=wanted["Bucket"], Policy=json.dumps(document(wanted["PolicyDocument"]))
        )

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        answer = found(lambda: aws["s3"].get_bucket_policy(Bucket=made.physical_id))
        if answer is None:
            return None
        return Live({"Bucket": made.physical_id, "PolicyDocument": document(answer["Policy"])})

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        self._put(aws, wanted)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["s3"].delete_bucket_policy(Bucket=made.physical_id)


class DatabaseSubnetGroup(NativeType):
    type = "AWS::RDS::DBSubnetGroup"
    # The emulator's CloudFormation gives it no physical id.
    by_hand = True
    immutable = frozenset({"DBSubnetGroupName"})
    name_property = "DBSubnetGroupName"

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        name = str(wanted.get("DBSubnetGroupName") or generated_name(token, 63)).lower()
        before = self._find(aws, name)
        if before is not None and _made_by(aws, before["DBSubnetGroupArn"], token):
            return name
        aws["rds"].create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=wanted["DBSubnetGroupDescription"],
            SubnetIds=wanted["SubnetIds"],
            Tags=[{"Key": CREATION, "Value": token}, *tag_list(wanted.get("Tags"))],
        )
        return name

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        group = self._find(aws, made.physical_id)
        if group is None:
            return None
        return Live(
            {
                "DBSubnetGroupName": group["DBSubnetGroupName"],
                "DBSubnetGroupDescription": group["DBSubnetGroupDescription"],
                "SubnetIds": [s["SubnetIdentifier"] for s in group["Subnets"]],
                "Tags": _rds_tags(aws, group["DBSubnetGroupArn"]),
            }
        )

    @staticmethod
    def _find(aws: AwsClients, name: str) -> Any:
        answer = found(lambda: aws["rds"].describe_db_subnet_groups(DBSubnetGroupName=name))
        return first((answer or {}).get("DBSubnetGroups", []))

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        aws["rds"].modify_db_subnet_group(
            DBSubnetGroupName=made.physical_id,
            DBSubnetGroupDescription=wanted["DBSubnetGroupDescription"],
            SubnetIds=wanted["SubnetIds"],
        )
        group = self._find(aws, made.physical_id)
        _set_rds_tags(aws, group["DBSubnetGroupArn"], wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["rds"].delete_db_subnet_group(DBSubnetGroupName=made.physical_id)

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        groups = aws["rds"].describe_db_subnet_groups()["DBSubnetGroups"]
        names = (g["DBSubnetGroupName"] for g in groups)
        return [name for name in names if name.startswith(prefix.lower())]


class DatabaseInstance(NativeType):
    type = "AWS::RDS::DBInstance"
    # The emulator's CloudFormation makes it without its subnet group and security groups.
    by_hand = True
    immutable = frozenset(
        {
            "DBInstanceIdentifier",
            "DBName",
            "Engine",
            "KmsKeyId",
            "MasterUsername",
            "StorageEncrypted",
            "DBSubnetGroupName",
        }
    )
    name_property = "DBInstanceIdentifier"
    NUMBERS = ("AllocatedStorage", "BackupRetentionPeriod", "Iops", "MaxAllocatedStorage")
    FLAGS = (
        "MultiAZ",
        "DeletionProtection",
        "AutoMinorVersionUpgrade",
        "CopyTagsToSnapshot",
        "PubliclyAccessible",
    )
    TEXTS = ("DBInstanceClass", "EngineVersion", "StorageType", "MasterUserPassword")
    ONLY_AT_FIRST = ("DBName", "Engine", "KmsKeyId", "MasterUsername", "DBSubnetGroupName")

    def create(self, aws: AwsClients, wanted: Properties, token: str) -> str:
        name = str(wanted.get("DBInstanceIdentifier") or generated_name(token, 63)).lower()
        before = self._find(aws, name)
        if before is not None and _made_by(aws, before["DBInstanceArn"], token):
            return name
        said = {key: wanted[key] for key in self.ONLY_AT_FIRST if wanted.get(key)}
        if "StorageEncrypted" in wanted:
            said["StorageEncrypted"] = truth(wanted["StorageEncrypted"])
        if "Port" in wanted:
            said["Port"] = int(wanted["Port"])
        aws["rds"].create_db_instance(
            DBInstanceIdentifier=name,
            Tags=[{"Key": CREATION, "Value": token}, *tag_list(wanted.get("Tags"))],
            **said,
            **self._changeable(wanted),
        )
        return name

    def _changeable(self, wanted: Properties) -> dict[str, Any]:
        """What can be said at creation and changed afterwards, as the API takes it."""
        said: dict[str, Any] = {name: int(wanted[name]) for name in self.NUMBERS if name in wanted}
        said |= {name: truth(wanted[name]) for name in self.FLAGS if name in wanted}
        said |= {name: wanted[name] for name in self.TEXTS if name in wanted}
        if wanted.get("VPCSecurityGroups"):
            said["VpcSecurityGroupIds"] = wanted["VPCSecurityGroups"]
        return said

    def read(self, aws: AwsClients, made: Made) -> Live | None:
        database = self._find(aws, made.physical_id)
        if database is None:
            return None
        endpoint = database.get("Endpoint") or {}
        group = database.get("DBSubnetGroup") or {}
        names = (
            "DBInstanceClass",
            "Engine",
            "EngineVersion",
            "StorageType",
            "StorageEncrypted",
            "MasterUsername",
            "KmsKeyId",
            "DBName",
            *self.NUMBERS,
            *self.FLAGS,
        )
        return Live(
            known(
                DBInstanceIdentifier=made.physical_id,
                VPCSecurityGroups=[
                    g["VpcSecurityGroupId"] for g in database.get("VpcSecurityGroups", [])
                ],
                DBSubnetGroupName=group.get("DBSubnetGroupName"),
                Tags=_rds_tags(aws, database["DBInstanceArn"]),
                **{name: database.get(name) for name in names},
            ),
            {
                "Endpoint.Address": endpoint.get("Address", ""),
                "Endpoint.Port": str(endpoint.get("Port", "")),
                "DBInstanceArn": database["DBInstanceArn"],
                "DbiResourceId": database.get("DbiResourceId", ""),
            },
        )

    @staticmethod
    def _find(aws: AwsClients, name: str) -> Any:
        answer = found(lambda: aws["rds"].describe_db_instances(DBInstanceIdentifier=name))
        return first((answer or {}).get("DBInstances", []))

    def update(self, aws: AwsClients, made: Made, wanted: Properties) -> None:
        # What is no longer written goes back to what a new instance would have.
        dropped = {
            name: False for name in self.FLAGS if name in made.properties and name not in wanted
        }
        changes = {**self._changeable(wanted), **dropped}
        aws["rds"].modify_db_instance(
            DBInstanceIdentifier=made.physical_id, ApplyImmediately=True, **changes
        )
        database = self._find(aws, made.physical_id)
        _set_rds_tags(aws, database["DBInstanceArn"], wanted, made.properties)

    def delete(self, aws: AwsClients, made: Made) -> None:
        aws["rds"].delete_db_instance(
            DBInstanceIdentifier=made.physical_id,
            SkipFinalSnapshot=True,
            DeleteAutomatedBackups=True,
        )

    def named(self, aws: AwsClients, prefix: str) -> list[str]:
        instances = aws["rds"].describe_db_instances()["DBInstances"]
        names = (i["DBInstanceIdentifier"] for i in instances)
        return [name for name in names if name.startswith(prefix.lower())]


def _made_by(aws: AwsClients, arn: str, token: str) -> bool:
    tags = aws["rds"].list_tags_for_resource(ResourceName=arn)["TagList"]
    return {"Key": CREATION, "Value": token} in tags


def _rds_tags(aws: AwsClients, arn: str) -> list[dict[str, str]]:
    tags = tag_list(aws["rds"].list_tags_for_resource(ResourceName=arn)["TagList"])
    return [tag for tag in tags if tag["Key"] != CREATION]


def _set_rds_tags(aws: AwsClients, arn: str, wanted: Properties, before: Properties) -> None:
    tags, old = tag_map(wanted.get("Tags")), tag_map(before.get("Tags"))
    if old.keys() - tags.keys():
        aws["rds"].remove_tags_from_resource(
            ResourceName=arn, TagKeys=sorted(old.keys() - tags.keys())
        )
    if tags:
        aws["rds"].add_tags_to_resource(
            ResourceName=arn, Tags=[{"Key": k, "Value": v} for k, v in tags.items()]
        )


TYPES = (Bucket(), BucketPolicy(), DatabaseSubnetGroup(), DatabaseInstance())
