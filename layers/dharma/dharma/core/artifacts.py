"""Large documents by key: generated code, plans, templates. Records and messages carry the key."""

from __future__ import annotations

import re
from typing import Protocol

from dharma.core.errors import InvalidInput, LimitExceeded

MOST_BYTES = 64 * 1024 * 1024
_MOST_CHARACTERS = 512
_SEGMENT = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._=@-]{0,127}")


class ArtifactStore(Protocol):
    """A directory here, S3 on AWS. A key is a path (`deployments/<id>/code/main.tf`)."""

    def put(self, key: str, data: bytes) -> None:
        """Write whole and durably, over what was there."""
        ...

    def get(self, key: str) -> bytes:
        """Raise `NotFound`."""
        ...

    def delete(self, key: str) -> None:
        """Its absence is no error."""
        ...

    def list(self, prefix: str = "") -> list[str]:
        """All keys that begin with a text, sorted."""
        ...


def check_artifact(key: str, data: bytes = b"") -> None:
    """Raise `InvalidInput` for a key that is no plain relative path, `LimitExceeded` for size."""
    segments = key.split("/")
    if len(key) > _MOST_CHARACTERS or not all(_SEGMENT.fullmatch(part) for part in segments):
        raise InvalidInput(f"not a key of an artifact: {key[:80]!r}")
    if len(data) > MOST_BYTES:
        raise LimitExceeded(f"an artifact of {len(data):,} bytes; at most {MOST_BYTES:,}")
