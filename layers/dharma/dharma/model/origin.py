"""Where a thing was written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """File, line and column (both from 1) of a piece of a source; `address` is its name there
    (`module.web.aws_s3_bucket.assets[0]`, `Resources.AssetsBucket`)."""

    file: str | None = None
    line: int | None = None
    column: int | None = None
    address: str | None = None
