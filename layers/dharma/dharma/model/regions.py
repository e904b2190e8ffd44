"""What regions are called, by provider, and which one holds where nobody says any.

Shapes, not lists: clouds open regions more often than this is released. Sources: `regionRegex` of
the partitions in botocore's endpoints.json; "Regions and zones" of Google's Compute Engine; the
names (not the display names) that `az account list-locations` gives.
"""

from __future__ import annotations

import re

DEFAULT_REGION = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}
_SHAPES = {
    "aws": re.compile(r"[a-z]{2,4}(-[a-z]+){1,3}-[0-9]{1,2}"),
    "azure": re.compile(r"[a-z]{4,24}[0-9]{0,2}"),
    "gcp": re.compile(r"[a-z]+-[a-z]+[0-9]{1,2}"),
}


def is_region(provider: str, name: str) -> bool:
    """Whether a region of this provider can be called so; of any, when there is no such."""
    shapes = [_SHAPES[provider]] if provider in _SHAPES else _SHAPES.values()
    return any(shape.fullmatch(name) for shape in shapes)
