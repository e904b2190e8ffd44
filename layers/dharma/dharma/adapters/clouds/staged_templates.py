"""Templates that are too long for a request, on their way to CloudFormation through a bucket.

CloudFormation takes 51,200 bytes in a request and 1 MB from S3. Longer templates are put into the
*artifact bucket* of the account and region for as long as the request takes, and removed at once;
what a killed process left is removed by the bucket's own lifecycle rule.

The bucket is the one that the environment names, which has to exist and is used as it is. Without a
name it is `dharma-artifacts-<account>-<region>`, made on first use: encrypted, closed to the
public, without ACLs. Everybody can guess that name and take it first, so every call
says which account has to own the bucket. Whoever deploys needs, on this bucket, `s3:PutObject`,
`s3:GetObject` (CloudFormation reads with the caller's rights) and `s3:DeleteObject` under
`dharma/templates/`, and `s3:ListBucket`; what making it needs is in docs/aws.md.
Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws_errors import code_of
from dharma.adapters.clouds.aws_clients import AwsClients
from dharma.core.errors import DeploymentFailed

# The longest template in a request, and the longest one in a bucket.
BODY_BYTES = 51_200
STAGED_BYTES = 1_000_000
PREFIX = "dharma/templates/"
KEPT_DAYS = 7
_MISSING = ("404", "NoSuchBucket", "NotFound")
_TAKEN = ("BucketAlreadyExists", "403", "AccessDenied", "Forbidden")


class StagedTemplates:
    """The artifact bucket behind one set of clients. `bucket` is the name that the environment
    gives; `account` owns it, and is asked for when it is not said."""

    def __init__(self, aws: AwsClients, account: str = "", bucket: str | None = None) -> None:
        self._aws = aws
        self._account = account
        self._named = bucket
        self._ready = False

    @contextmanager
    def given(self, stack: str, change: str, body: str) -> Iterator[dict[str, str]]:
        """The arguments by which a request names a template: `TemplateBody`, or `TemplateURL` of an
        object that is there until the block ends."""
        if len(body.encode()) <= BODY_BYTES:
            yield {"TemplateBody": body}
            return
        key = f"{PREFIX}{stack}/{change}.json"
        yield {"TemplateURL": self._put(key, body)}
        self._s3.delete_object(Bucket=self.bucket, Key=key, **self._owner)

    @property
    def bucket(self) -> str:
        return self._named or f"dharma-artifacts-{self.account}-{self._aws.region}"

    @property
    def account(self) -> str:
        if not self._account:
            self._account = str(self._aws["sts"].get_caller_identity()["Account"])
        return self._account

    def leave(self) -> None:
        """Remove the bucket if it was made here and holds nothing: for the sandbox, whose account
        is empty again when all stacks are gone."""
        if self._named or not self._ready:
            return
        self._ready = False
        try:
            self._s3.delete_bucket(Bucket=self.bucket, **self._owner)
        except ClientError as error:
            if code_of(error) not in ("BucketNotEmpty", *_MISSING):
                raise

    @property
    def _s3(self) -> Any:
        return self._aws["s3"]

    @property
    def _owner(self) -> dict[str, str]:
        return {"ExpectedBucketOwner": self.account}

    def _put(self, key: str, body: str) -> str:
        """The object's address. A bucket that somebody removed since is made again."""
        for attempt in (1, 2):
            if not self._ready:
                self._prepare()
            try:
                self._s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=body.encode(),
                    ContentType="application/json",
                    **self._owner,
                )
            except ClientError as error:
                if code_of(error) not in _MISSING or attempt == 2:
                    raise
                self._ready = False
            else:
                break
        suffix = "amazonaws.com.cn" if self._s3.meta.partition == "aws-cn" else "amazonaws.com"
        return f"https://{self.bucket}.s3.{self._aws.region}.{suffix}/{key}"

    def _prepare(self) -> None:
        try:
            self._s3.head_bucket(Bucket=self.bucket, **self._owner)
        except ClientError as error:
            if code_of(error) in _TAKEN:
                raise DeploymentFailed(
                    f"the artifact bucket {self.bucket} is not in the account {self.account}, or "
                    "these credentials may not use it; name another one with "
                    "`iac-dharma env set NAME --artifact-bucket BUCKET`"
                ) from error
            if code_of(error) not in _MISSING:
                raise
            if self._named:
                raise DeploymentFailed(
                    f"there is no bucket {self.bucket}, which the environment names for artifacts"
                ) from error
            self._make()
        else:
            if not self._named and not self._is_closed():
                # Somebody was killed while making it.
                self._close()
        self._ready = True

    def _make(self) -> None:
        place = {"LocationConstraint": self._aws.region}
        where = {} if self._aws.region == "us-east-1" else {"CreateBucketConfiguration": place}
        try:
            self._s3.create_bucket(
                Bucket=self.bucket, ObjectOwnership="BucketOwnerEnforced", **where
            )
        except ClientError as error:
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise
        self._close()

    def _close(self) -> None:
        """The public is shut out last, which says that all the rest is done."""
        s3, bucket = self._s3, {"Bucket": self.bucket, **self._owner}
        s3.put_bucket_encryption(
            **bucket,
            ServerSideEncryptionConfiguration={
                "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            },
        )
        s3.put_bucket_lifecycle_configuration(
            **bucket,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "templates-that-were-left",
                        "Status": "Enabled",
                        "Filter": {"Prefix": PREFIX},
                        "Expiration": {"Days": KEPT_DAYS},
                    }
                ]
            },
        )
        s3.put_public_access_block(
            **bucket,
            PublicAccessBlockConfiguration={
                "BlockPublicAcls": True,
                "IgnorePublicAcls": True,
                "BlockPublicPolicy": True,
                "RestrictPublicBuckets": True,
            },
        )

    def _is_closed(self) -> bool:
        try:
            found = self._s3.get_public_access_block(Bucket=self.bucket, **self._owner)
        except ClientError as error:
            if code_of(error) == "NoSuchPublicAccessBlockConfiguration":
                return False
            raise
        return all(found["PublicAccessBlockConfiguration"].values())
