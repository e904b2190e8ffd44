"""What a blueprint says of its past and of where resources live: `renamed_from`, `import`,
`removed`, `region`, `module`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dharma.blueprint.places import fault_at, fault_of
from dharma.core.errors import Fault
from dharma.model.addresses import Address, former_address, parse_address
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import ResourceRef, VariableRef, walk

# Types whose Terraform provider is told a region.
REGIONAL = {"aws": ("aws_", "AWS::"), "gcp": ("google_",)}
_REGION = re.compile(r"[a-z][a-z0-9-]{1,31}\Z")
_AN_ADDRESS = "a name, or an address as Terraform writes it: module.web.aws_sqs_queue.jobs"


def history_faults(blueprint: Blueprint) -> Iterator[Fault]:
    """All that is wrong with these words, in the order of the resources."""
    present = {r.address for r in blueprint.resources}
    here = {f"module.{r.module}.{r.address}" if r.module else r.address: r for r in
            blueprint.resources}  # fmt: skip
    claimed: dict[str, str] = {}
    for resource in blueprint.resources:
        yield from _former_faults(resource, here, claimed)
        yield from _import_faults(resource)
        yield from _region_faults(resource, blueprint)
        if resource.module is not None and f"module.{resource.module}" in present:
            message = f"module.{resource.module} is called by this blueprint already"
            yield fault_at(resource, ("@module",), message, "give the group another name")
    yield from _removed_faults(blueprint, here, claimed)


def _removed_faults(
    blueprint: Blueprint, here: dict[str, Resource], claimed: dict[str, str]
) -> Iterator[Fault]:
    seen: set[str] = set()
    for removed in blueprint.removed:
        path = f"removed.{removed.address}"
        address = parse_address(removed.address)
        message: str | None = None
        hint: str | None = None
        if address is None:
            message = f"{removed.address!r} is no address"
            hint = "as Terraform writes it: module.web.aws_sqs_queue.jobs"
        elif "[" in removed.address:
            message, hint = "one of several cannot be removed alone", "name all of them: no [key]"
        elif removed.address in here:
            message, hint = f"{address.resource} is still there", "remove it from resources"
        elif removed.address in claimed:
            message = f"it lives on as {claimed[removed.address]}"
        elif removed.address in seen:
            message = "named twice"
        seen.add(removed.address)
        if message is not None:
            yield fault_of(removed.origin, path, message, hint)


def _former_faults(
    resource: Resource, here: dict[str, Resource], claimed: dict[str, str]
) -> Iterator[Fault]:
    module = f"module.{resource.module}." if resource.module else ""
    own = f"{module}{resource.address}"
    for position, former in enumerate(resource.renamed_from):
        steps = ("@renamed_from", position)
        address: Address | None = former_address(resource, former)
        if address is None:
            yield fault_at(resource, steps, f"{former!r} is no address", _AN_ADDRESS)
            continue
        if address.type != resource.type:
            message = f"{former} is of another type: a resource keeps its type when it is renamed"
            yield fault_at(resource, steps, message)
        elif str(address) == own:
            yield fault_at(resource, steps, f"{former} is its name now, not a former one")
        elif str(address) in here:
            message = f"{former} is still there as a resource of its own"
            yield fault_at(resource, steps, message, "take it out of renamed_from or of resources")
        elif str(address) in claimed:
            message = f"{claimed[str(address)]} was renamed from {former}, too"
            yield fault_at(resource, steps, message, "one resource has one successor")
        claimed.setdefault(str(address), resource.address)


def _import_faults(resource: Resource) -> Iterator[Fault]:
    found = resource.import_id
    if found is None:
        return
    if resource.count is not None:
        message = "which of several has this id is not said"
        yield fault_at(resource, ("@import",), message, "use for_each, and ${each.key} in the id")
    if isinstance(found, bool | list | dict) or found == "":
        yield fault_at(resource, ("@import",), "an id is text", "import: {id: my-bucket}")
    if any(isinstance(node, ResourceRef) for node in walk(found)):
        message = "an id has to be known before anything is created: it refers to no resource"
        yield fault_at(resource, ("@import",), message)


def _region_faults(resource: Resource, blueprint: Blueprint) -> Iterator[Fault]:
    region = resource.region
    if region is None:
        return
    if not resource.type.startswith(REGIONAL.get(blueprint.provider, ())):
        hint = "its location is a property" if blueprint.provider == "azure" else None
        message = f"{resource.type} is told no region of its own"
        yield fault_at(resource, ("@region",), message, hint)
    elif isinstance(region, VariableRef):
        kind = next((v.type for v in blueprint.variables if v.name == region.name), "string")
        if kind != "string":
            yield fault_at(resource, ("@region",), f"a region is a string, not a {kind}")
    elif not isinstance(region, str) or not _REGION.match(region):
        message = "a region is a name such as eu-west-1, or one variable"
        yield fault_at(resource, ("@region",), message, "region: ${var.region}")
    elif "provider" in resource.native.get("terraform", {}):
        message = "native.terraform.provider says a region too"
        yield fault_at(resource, ("@region",), message, "keep one of the two")
