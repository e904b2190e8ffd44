"""Splats over counted resources, for targets that count but cannot speak of a whole loop.

`azurerm_public_ip.ip[*].id` becomes the list of its instances, `[for each in range(2) :
azurerm_public_ip.ip[each].id]`. What only a deployed resource knows can be asked of an instance
that is named, not of one that a loop over values chooses; so for such attributes a number that is
written in the blueprint gives the instances one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from dharma.core.errors import NotExpressible
from dharma.generator.loops import INSTANCES_MAX
from dharma.model.blueprint import Output, Resource
from dharma.model.expressions.nodes import (
    Call,
    ForList,
    Index,
    ResourceRef,
    Splat,
    Symbol,
    Value,
    rewrite,
)

EACH = "each"
_EARLY = (("id",), ("name",))


def without_splats(
    resources: Sequence[Resource], outputs: Sequence[Output]
) -> tuple[tuple[Resource, ...], tuple[Output, ...]]:
    """Resources and outputs without splats over counted resources. Raises `NotExpressible` for an
    attribute of a loop whose number nobody knows before it is deployed."""
    counts = {r.address: r.count for r in resources if r.count is not None}
    if not counts:
        return tuple(resources), tuple(outputs)

    def rewritten(value: Value, where: str) -> Value:
        return _resolved(value, counts, where)

    found = []
    for resource in resources:
        where = resource.address
        found.append(
            replace(
                resource,
                properties={
                    k: rewritten(v, f"{where}.{k}") for k, v in resource.properties.items()
                },
                count=rewritten(resource.count, f"{where}.count"),
                condition=rewritten(resource.condition, f"{where}.condition"),
                native={
                    target: {k: rewritten(v, f"{where}.native.{k}") for k, v in given.items()}
                    for target, given in resource.native.items()
                },
            )
        )
    shown = [
        replace(
            output,
            value=rewritten(output.value, f"outputs.{output.name}"),
            condition=rewritten(output.condition, f"outputs.{output.name}.condition"),
        )
        for output in outputs
    ]
    return tuple(found), tuple(shown)


def _resolved(value: Value, counts: Mapping[str, Value], where: str) -> Value:
    def one(node: Value) -> Value:
        """One of all instances, which is asked for by its number."""
        match node:
            case Index(Splat(ResourceRef(address, (), None), path), key) if address in counts:
                return ResourceRef(address, path, key)
            case Call("element", (Splat(ResourceRef(address, (), None), path), int() as key)):
                count = counts.get(address)
                known = isinstance(count, int) and 0 <= key < count
                return ResourceRef(address, path, key) if known else node
            case Call("length", (ResourceRef(address, (), None),)) if address in counts:
                return counts[address]
        return node

    def all_of_them(node: Value) -> Value:
        match node:
            case Splat(ResourceRef(address, (), None), path) if address in counts and path:
                return _instances(address, path, counts[address], where)
        return node

    for change in (one, all_of_them):
        value = rewrite(value, change)
    return value


def _instances(address: str, path: tuple[str | int, ...], count: Value, where: str) -> Value:
    if path in _EARLY:
        chosen = ResourceRef(address, path, Symbol((EACH,)))
        return ForList(None, EACH, Call("range", (count,)), chosen)
    if not isinstance(count, int) or count > INSTANCES_MAX:
        said = ".".join(map(str, path))
        raise NotExpressible(
            f"{where}: {address}[*].{said} is known only of deployed resources, and how many there "
            "are has to be written in the blueprint then"
        )
    return [ResourceRef(address, path, number) for number in range(count)]
