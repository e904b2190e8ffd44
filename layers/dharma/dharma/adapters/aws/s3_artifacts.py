"""`ArtifactStore` on S3: one object per key, encrypted under the installation's KMS key.

S3 gives what the port asks for: a put is seen whole or not at all, and by every read and list that
begins after it. The SHA-256 of what is sent travels along, so that damage on the way is refused.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from botocore.exceptions import ClientError

from dharma.adapters.aws.failures import answering
from dharma.adapters.aws_errors import code_of
from dharma.core.artifacts import check_artifact
from dharma.core.errors import NotFound


class S3Artifacts:
    """`kms_key`: identifier or ARN of the key that objects are encrypted under. `variable`: the
    one that names the bucket, for messages."""

    def __init__(
        self, client: Any, bucket: str, kms_key: str, variable: str = "DHARMA_ARTIFACTS_BUCKET"
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._kms_key = kms_key
        self._variable = variable

    def put(self, key: str, data: bytes) -> None:
        check_artifact(key, data)
        with answering(self._variable):
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=data,
                ServerSideEncryption="aws:kms",
                SSEKMSKeyId=self._kms_key,
                # One call of KMS for many objects, instead of one for each.
                BucketKeyEnabled=True,
                ChecksumSHA256=base64.b64encode(hashlib.sha256(data).digest()).decode(),
            )

    def get(self, key: str) -> bytes:
        check_artifact(key)
        with answering(self._variable):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=key)
                data: bytes = answer["Body"].read()
            except ClientError as error:
                if code_of(error) != "NoSuchKey":
                    raise
                raise NotFound(f"there is no artifact {key}") from error
        return data

    def delete(self, key: str) -> None:
        check_artifact(key)
        with answering(self._variable):
            self._client.delete_object(Bucket=self._bucket, Key=key)

    def list(self, prefix: str = "") -> list[str]:
        pages = self._client.get_paginator("list_objects_v2")
        with answering(self._variable):
            return sorted(
                found["Key"]
                for page in pages.paginate(Bucket=self._bucket, Prefix=prefix)
                for found in page.get("Contents", ())
            )
