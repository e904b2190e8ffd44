"""ECS service. Price rule: on Fargate, processors and memory of the running tasks by the hour, and
what their storage has beyond 20 GB (https://aws.amazon.com/fargate/pricing/). On instances the
service has no charge, the instances have."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from dharma.costing.component import (
    HOURS_PER_MONTH,
    Component,
    PricedKind,
    PricedResource,
    Undetermined,
)

priced = PricedKind("aws_ecs_service")

_UNITS_PER_VCPU = Decimal(1024)
_MIB_PER_GB = Decimal(1024)
_INCLUDED_STORAGE_GB = Decimal(20)


def _task(service: PricedResource) -> PricedResource:
    task = service.referenced("task_definition")
    if task is None:
        raise Undetermined("task_definition", "not in this blueprint")
    return task


def _hours(service: PricedResource) -> Decimal:
    """Task hours of a month. A service without a count begins with one task."""
    return (service.number("desired_count", 1) or Decimal(0)) * HOURS_PER_MONTH


@priced.component
def tasks(service: PricedResource) -> Iterable[Component]:
    if service.get("launch_type") != "FARGATE":
        if service.get("capacity_provider_strategy"):
            raise Undetermined("capacity_provider_strategy", "divided as the load wants")
        return
    task, hours = _task(service), _hours(service)
    processors, memory = task.number("cpu"), task.number("memory")
    if processors is None or memory is None:
        raise Undetermined("task_definition", "without cpu or memory")
    system = str(task.get("runtime_platform.operating_system_family", "LINUX"))
    architecture = str(task.get("runtime_platform.cpu_architecture", "X86_64"))
    platform = f"{system.split('_', maxsplit=1)[0].lower()}/{architecture.lower()}"
    quantity = hours * processors / _UNITS_PER_VCPU
    yield Component(("Per vCPU per hour",), "fargate", f"{platform}/vcpu", quantity)
    quantity = hours * memory / _MIB_PER_GB
    yield Component(("Per GB per hour",), "fargate", f"{platform}/memory", quantity)
    storage = task.number("ephemeral_storage.size_in_gib")
    if storage is not None and storage > _INCLUDED_STORAGE_GB:
        quantity = hours * (storage - _INCLUDED_STORAGE_GB)
        yield Component(("Ephemeral storage",), "fargate", f"{platform}/storage", quantity)
