"""EBS volumes, wherever they hang: on their own, on an instance, in a launch template."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from dharma.costing.component import Component

_LABELS = {
    "gp2": "general purpose SSD, gp2",
    "gp3": "general purpose SSD, gp3",
    "io1": "provisioned IOPS SSD, io1",
    "io2": "provisioned IOPS SSD, io2",
    "st1": "throughput optimized HDD, st1",
    "sc1": "cold HDD, sc1",
    "standard": "magnetic",
}
# gp3 includes 3,000 IOPS and 125 MiB/s: https://aws.amazon.com/ebs/pricing/
_GP3_FREE_IOPS = Decimal(3000)
_GP3_FREE_THROUGHPUT = Decimal(125)
_DEFAULT_TYPE = "gp2"
_DEFAULT_SIZE = Decimal(8)


def volume(
    path: tuple[str, ...],
    *,
    volume_type: str | None,
    size: Decimal | None,
    iops: Decimal | None,
    throughput: Decimal | None,
    count: Decimal = Decimal(1),
) -> Iterator[Component]:
    """Components of `count` equal volumes: size in GiB, throughput in MiB/s."""
    kind = volume_type or _DEFAULT_TYPE
    label = _LABELS.get(kind, kind)
    gib = size if size is not None else _DEFAULT_SIZE
    yield Component((*path, f"Storage ({label})"), "ebs", f"{kind}/storage", gib * count)
    if kind in ("io1", "io2") and iops is not None:
        yield Component((*path, "Provisioned IOPS"), "ebs", f"{kind}/iops", iops * count)
    if kind == "gp3" and throughput is not None and throughput > _GP3_FREE_THROUGHPUT:
        extra = (throughput - _GP3_FREE_THROUGHPUT) * count
        yield Component((*path, "Provisioned throughput"), "ebs", "gp3/throughput", extra)
    if kind == "gp3" and iops is not None and iops > _GP3_FREE_IOPS:
        extra = (iops - _GP3_FREE_IOPS) * count
        yield Component((*path, "Provisioned IOPS"), "ebs", "gp3/iops", extra)
