"""What works only once an internet gateway is attached to its VPC.

Neither CloudFormation nor Terraform sees this order in the references: an elastic IP, a NAT
gateway, an internet-facing load balancer refer to subnets, never to the gateway, and fail when it
comes later. The types are those that CloudFormation's reference of `DependsOn` lists under
"VPC-gateway attachment"
(https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html).
So each of these waits for the gateways of its own VPC. It is no wish of the author: writers add it
and readers take it away again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import Value, references

GATEWAY = "aws_internet_gateway"


def gateway_dependencies(resources: Sequence[Resource]) -> dict[str, tuple[str, ...]]:
    """For each address that needs them the gateways' addresses, as far as the VPC can be told. An
    elastic IP belongs to the VPC of whatever uses it, or to the only one that has a gateway."""
    by_address = {r.address: r for r in resources}
    gateways: dict[str, list[str]] = {}
    for resource in resources:
        if resource.type == GATEWAY:
            for network in _targets(resource.properties.get("vpc_id")):
                gateways.setdefault(network, []).append(resource.address)
    if not gateways:
        return {}
    found: dict[str, dict[str, None]] = {}
    for resource in resources:
        vpc = _vpc(resource, by_address)
        if vpc is not None and vpc in gateways:
            _add(found, resource.address, gateways[vpc])
            for address in _targets(resource.properties.get("allocation_id")):
                _add(found, address, gateways[vpc])
    if len(gateways) == 1:
        only = next(iter(gateways.values()))
        for resource in resources:
            if resource.type == "aws_eip" and resource.address not in found:
                _add(found, resource.address, only)
    return {a: tuple(g for g in gs if not _reaches(g, a, by_address)) for a, gs in found.items()}


def with_gateway_dependencies(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """The resources, each waiting for the gateways that it needs."""
    needed = gateway_dependencies(resources)
    return tuple(
        replace(r, depends_on=tuple(dict.fromkeys([*r.depends_on, *needed[r.address]])))
        if needed.get(r.address)
        else r
        for r in resources
    )


def without_gateway_dependencies(resources: Sequence[Resource]) -> tuple[Resource, ...]:
    """The resources as their author meant them: what `with_gateway_dependencies` adds, and a wait
    for a gateway that a reference says anyway, is left out."""
    needed = gateway_dependencies(resources)
    kept = []
    for resource in resources:
        if resource.depends_on:
            implied = {*needed.get(resource.address, ()), *_referred_gateways(resource)}
            left = tuple(d for d in resource.depends_on if d not in implied)
            resource = replace(resource, depends_on=left)  # noqa: PLW2901  # one resource, two states
        kept.append(resource)
    return tuple(kept)


def _add(found: dict[str, dict[str, None]], address: str, gateways: Iterable[str]) -> None:
    found.setdefault(address, {}).update(dict.fromkeys(gateways))


def _referred_gateways(resource: Resource) -> set[str]:
    return {t for t in _targets(resource.properties) if t.startswith(f"{GATEWAY}.")}


def _vpc(resource: Resource, by_address: dict[str, Resource]) -> str | None:
    """The VPC in which a resource needs the internet; None for one that does not."""
    properties = resource.properties
    match resource.type:
        case "aws_nat_gateway" if properties.get("connectivity_type") != "private":
            subnets = properties.get("subnet_id")
        case "aws_lb" if properties.get("internal") is not True:
            subnets = properties.get("subnets")
        case "aws_autoscaling_group":
            subnets = properties.get("vpc_zone_identifier")
        case "aws_db_instance" if properties.get("publicly_accessible") is True:
            groups = _targets(properties.get("db_subnet_group_name"))
            group = next((by_address[g] for g in groups if g in by_address), None)
            subnets = group.properties.get("subnet_ids") if group else None
        case _:
            return None
    for address in _targets(subnets):
        subnet = by_address.get(address)
        if subnet is not None:
            return next(iter(_targets(subnet.properties.get("vpc_id"))), None)
    return None


def _targets(value: Value) -> list[str]:
    if value is None or isinstance(value, str | bool | int | float):
        return []
    return [ref.address for ref in references(value)]


def _reaches(start: str, goal: str, by_address: dict[str, Resource]) -> bool:
    """Whether `start` depends on `goal`; then `goal` must not wait for it."""
    seen: set[str] = set()
    stack = [start]
    while stack:
        address = stack.pop()
        if address == goal:
            return True
        if address not in seen and address in by_address:
            seen.add(address)
            stack += [*_targets(by_address[address].properties), *by_address[address].depends_on]
    return False
