"""The contract of `ArtifactStore`, for the directory, S3 and the fake."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from dharma.adapters.aws.clients import Clients
from dharma.adapters.aws.s3_artifacts import S3Artifacts
from dharma.adapters.local.artifacts import DirectoryArtifacts, MemoryArtifacts
from dharma.core.artifacts import MOST_BYTES
from dharma.core.errors import (
    Conflict,
    InvalidInput,
    LimitExceeded,
    Misconfigured,
    NotFound,
)

KMS_KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000001"
Artifacts = DirectoryArtifacts | MemoryArtifacts | S3Artifacts


@pytest.fixture(params=["directory", "memory", "s3"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    if request.param == "memory":
        return MemoryArtifacts()
    if request.param == "s3":
        return bucket(request.getfixturevalue("aws"))
    return DirectoryArtifacts(tmp_path / "a")


def bucket(aws: Clients) -> S3Artifacts:
    place = {"LocationConstraint": "eu-west-1"}
    aws["s3"].create_bucket(Bucket="dharma-test", CreateBucketConfiguration=place)
    return S3Artifacts(aws["s3"], "dharma-test", KMS_KEY)


def test_what_was_put_is_read_back(artifacts: Artifacts) -> None:
    artifacts.put("deployments/d1/code/main.tf", b"\0binary")
    artifacts.put("deployments/d1/code/main.tf", b"second")
    assert artifacts.get("deployments/d1/code/main.tf") == b"second"


def test_an_absent_artifact_is_not_found(artifacts: Artifacts) -> None:
    artifacts.put("a/b", b"")
    for key in ("x", "a", "a/b/c"):
        with pytest.raises(NotFound, match=key):
            artifacts.get(key)


def test_delete_is_idempotent(artifacts: Artifacts) -> None:
    artifacts.put("a/b", b"")
    artifacts.delete("a/b")
    artifacts.delete("a/b")
    artifacts.delete("a")
    assert artifacts.list() == []


def test_keys_are_listed_by_their_beginning(artifacts: Artifacts) -> None:
    for key in ("a/b/c", "a/b2", "a/bc/d", "z", "ab"):
        artifacts.put(key, b"")
    assert artifacts.list() == ["a/b/c", "a/b2", "a/bc/d", "ab", "z"]
    assert artifacts.list("a/b") == ["a/b/c", "a/b2", "a/bc/d"]
    assert artifacts.list("a/b/") == ["a/b/c"]
    assert artifacts.list("nothing/here") == []


BAD_KEYS = [
    "",
    "/",
    "/etc/passwd",
    "../x",
    "a/../b",
    "a//b",
    "a/",
    ".hidden",
    "a/.x",
    "a\\b",
    "a\0b",
]
BAD_KEYS += ["a\n", "ä", "a b", "~", "x" * 129, "a/" * 260 + "a"]


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_key_that_is_no_plain_path_is_refused(artifacts: Artifacts, key: str) -> None:
    with pytest.raises(InvalidInput):
        artifacts.put(key, b"")
    with pytest.raises(InvalidInput):
        artifacts.get(key)
    with pytest.raises(InvalidInput):
        artifacts.delete(key)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(key=st.text(alphabet="ab./\\~\0\n ..", max_size=12))
def test_no_key_leads_out_of_the_root(tmp_path: Path, key: str) -> None:
    root = tmp_path / "jail" / "a"
    with contextlib.suppress(InvalidInput, Conflict):
        DirectoryArtifacts(root).put(key, b"x")
    outside = [p for p in tmp_path.rglob("*") if p.is_file() and root not in p.parents]
    assert outside == []


def test_an_artifact_has_a_size_limit(artifacts: Artifacts) -> None:
    with pytest.raises(LimitExceeded):
        artifacts.put("big", bytes(MOST_BYTES + 1))


def test_a_folder_is_no_artifact(tmp_path: Path) -> None:
    artifacts = DirectoryArtifacts(tmp_path)
    artifacts.put("a/b", b"x")
    with pytest.raises(Conflict):
        artifacts.put("a", b"")
    with pytest.raises(Conflict):
        artifacts.put("a/b/c", b"")
    assert artifacts.get("a/b") == b"x"
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a", "b"]


def test_files_are_their_owners_alone(tmp_path: Path) -> None:
    DirectoryArtifacts(tmp_path).put("a/b", b"x")
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o600


def test_objects_are_encrypted_under_the_key_of_the_installation(aws: Clients) -> None:
    artifacts = bucket(aws)
    artifacts.put("a/b", b"x")
    found = aws["s3"].head_object(Bucket="dharma-test", Key="a/b")
    assert found["ServerSideEncryption"] == "aws:kms"
    assert found["SSEKMSKeyId"] == KMS_KEY
    assert found["BucketKeyEnabled"] is True


def test_more_keys_than_a_page_of_s3_are_listed(aws: Clients) -> None:
    artifacts = bucket(aws)
    keys = sorted(f"k{n:04}" for n in range(1003))
    for key in keys:
        s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("dharma-test", key, b"")
    assert artifacts.list("k") == keys


def test_a_missing_bucket_is_named(aws: Clients) -> None:
    artifacts = S3Artifacts(aws["s3"], "dharma-absent", KMS_KEY)
    for call in (
        lambda: artifacts.put("a", b""),
        lambda: artifacts.get("a"),
        lambda: artifacts.delete("a"),
        artifacts.list,
    ):
        with pytest.raises(Misconfigured, match="DHARMA_ARTIFACTS_BUCKET"):
            call()
