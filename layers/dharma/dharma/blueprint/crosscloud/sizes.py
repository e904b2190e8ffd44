"""Sizes of machines: the nearest of another cloud that is not smaller.

Nearness is processors and memory. A size that can burst is answered by one that can, as far as
there is one; the processor's architecture stays.
"""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from functools import lru_cache

from dharma.blueprint.crosscloud.equivalents import FOLDER

_CUSTOM_TIER = re.compile(r"db-custom-([0-9]{1,3})-([0-9]{1,7})")
_FLEXIBLE = re.compile(r"Standard_([DE])([0-9]{1,3})a?ds_v[45]")
# Processors of flexible servers of Azure; general purpose has 4 GiB each, memory optimized 8.
# Source: https://learn.microsoft.com/azure/postgresql/flexible-server/concepts-compute
_FLEXIBLE_VCPUS = (2, 4, 8, 16, 32, 48, 64)
_SHARED_TIERS = {"db-f1-micro": (1, 0.6), "db-g1-small": (1, 1.7)}


@dataclass(frozen=True, slots=True)
class Size:
    """`memory` in GiB. `written`: sizes that are proposed; the others are understood only."""

    provider: str
    name: str
    vcpu: float
    memory: float
    burstable: bool
    architecture: str
    written: bool

    def __str__(self) -> str:
        return f"{self.vcpu:g} vCPU and {self.memory:g} GiB"


@lru_cache(maxsize=1)
def _sizes() -> dict[tuple[str, str], Size]:
    with (FOLDER / "sizes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {
        (row["provider"], row["size"]): Size(
            row["provider"],
            row["size"],
            float(row["vcpu"]),
            float(row["memory_gib"]),
            row["burstable"] == "true",
            row["architecture"],
            row["written"] == "preferred",
        )
        for row in rows
    }


def size_of(provider: str, name: str) -> Size | None:
    """The size of that name; of GCP also by the last part of a machine type's address."""
    return _sizes().get((provider, name.rsplit("/", 1)[-1]))


def nearest(wanted: Size, provider: str, prefix: str = "") -> Size | None:
    """The size of a cloud that is proposed for another, or None where none is large enough."""

    def distance(size: Size) -> tuple[bool, float, str]:
        excess = size.vcpu / wanted.vcpu + size.memory / wanted.memory
        return size.burstable != wanted.burstable, excess, size.name

    fitting = [
        size
        for (owner, _), size in _sizes().items()
        if owner == provider
        and size.written
        and size.architecture == wanted.architecture
        and size.vcpu >= wanted.vcpu
        and size.memory >= wanted.memory
        and (wanted.burstable or not size.burstable)
        and size.name.startswith(prefix)
    ]
    return min(fitting, key=distance, default=None)


def database_size(provider: str, name: str) -> Size | None:
    """The size of a database's instance class (AWS), tier (GCP) or flexible server (Azure)."""
    if provider == "aws":
        found = size_of("aws", name.removeprefix("db."))
        return found if name.startswith("db.") else None
    if provider == "gcp":
        custom = _CUSTOM_TIER.fullmatch(name)
        shared = _SHARED_TIERS.get(name)
        if custom is None and shared is None:
            return None
        vcpu, memory = shared or (int(custom[1]), int(custom[2]) / 1024)  # type: ignore[index]
        return Size("gcp", name, vcpu, memory, shared is not None, "x86_64", written=True)
    flexible = _FLEXIBLE.fullmatch(name)
    if flexible is None:
        return size_of("azure", name)
    vcpu = int(flexible[2])
    memory = vcpu * (4 if flexible[1] == "D" else 8)
    return Size("azure", name, vcpu, memory, burstable=False, architecture="x86_64", written=True)


def azure_tier(size: Size) -> str:
    """The tier of a flexible server: burstable, general purpose or memory optimized."""
    if size.burstable and size.vcpu <= 20 and nearest(_plain(size), "azure", "Standard_B"):
        return "B"
    return "GP" if size.memory <= 4 * size.vcpu else "MO"


def _plain(size: Size) -> Size:
    return Size("", "", size.vcpu, size.memory, size.burstable, "x86_64", written=False)


def nearest_database(wanted: Size, provider: str) -> str | None:
    """The instance class, tier or size of a flexible server of a cloud that is not smaller.

    A tier of Cloud SQL has one processor or an even number up to 96, and for each of them 0.9 to
    6.5 GiB in steps of 256 MiB, 3.75 GiB at least.
    Source: https://cloud.google.com/sql/docs/postgres/machine-series-overview
    """
    if provider == "gcp":
        cores = max(math.ceil(wanted.vcpu), math.ceil(wanted.memory / 6.5))
        cores = cores if cores == 1 else cores + cores % 2
        memory = max(3.75, wanted.memory, 0.9 * cores)
        return f"db-custom-{cores}-{math.ceil(memory * 4) * 256}" if cores <= 96 else None
    if provider == "aws":
        plain = _plain(wanted)
        fitting = [
            found
            for prefix in ("t3.", "m7i.", "r7i.")
            if (found := nearest(plain, "aws", prefix)) is not None
        ]
        best = min(fitting, key=lambda s: (s.vcpu + s.memory / 4, s.name), default=None)
        return None if best is None else f"db.{best.name}"
    tier = azure_tier(wanted)
    if tier == "B":
        burstable = nearest(_plain(wanted), "azure", "Standard_B")
        return None if burstable is None else burstable.name
    each = 4 if tier == "GP" else 8
    enough = (v for v in _FLEXIBLE_VCPUS if v >= wanted.vcpu and v * each >= wanted.memory)
    vcpu = next(enough, None)
    return None if vcpu is None else f"Standard_{'D' if tier == 'GP' else 'E'}{vcpu}ds_v4"
