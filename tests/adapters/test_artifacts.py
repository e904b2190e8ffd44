"""The contract of `ArtifactStore`, for the directory and the fake."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dharma.adapters.local.artifacts import DirectoryArtifacts, MemoryArtifacts
from dharma.core.artifacts import MOST_BYTES
from dharma.core.errors import Conflict, InvalidInput, LimitExceeded, NotFound

Artifacts = DirectoryArtifacts | MemoryArtifacts


@pytest.fixture(params=["directory", "memory"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path) -> Artifacts:
    return MemoryArtifacts() if request.param == "memory" else DirectoryArtifacts(tmp_path / "a")


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
