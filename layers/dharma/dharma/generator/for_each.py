"""`for_each` as counted loops, for ARM, which counts its loops.

The elements of a variable are counted, and `each.key` and `each.value` found by the index:
`keys(var.disks)[count.index]` and `var.disks[keys(var.disks)[count.index]]`. That holds as long as
nobody outside names an instance by its key; then, and where the elements are spelled out anyway,
the loop is written out instead (`loops`). Of a set, `each.key` and `each.value` are the same, and
are read back as `each.key`. A parameter of ARM that stands for a set is an array, in which a value
may come twice: its distinct values are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from dharma.model.blueprint import Output, Resource, Variable
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    EACH_KEY,
    Call,
    GetAttr,
    Index,
    ResourceRef,
    Symbol,
    Value,
    VariableRef,
    references,
    transform,
)
from dharma.model.types import parse_type


def counted(
    resources: Sequence[Resource], outputs: Sequence[Output], variables: Sequence[Variable]
) -> tuple[tuple[Resource, ...], dict[str, Value]]:
    """The resources with loops over variables counted, and by address what those go over."""
    types = {v.name: v.type for v in variables}
    loops: dict[str, Value] = {
        r.address: r.for_each
        for r in resources
        if r.for_each is not None
        and r.condition is None
        and _elements(r.for_each, types) is not None
    }
    while refused := _named_from_outside(resources, outputs, loops):
        loops = {address: over for address, over in loops.items() if address not in refused}
    found = tuple(_counted(r, types) if r.address in loops else r for r in resources)
    return found, loops


def _elements(over: Value, types: Mapping[str, str]) -> tuple[Value, bool] | None:
    """What is counted, and whether it has keys; None for what is no variable."""
    match over:
        case VariableRef(name):
            kind = parse_type(types.get(name, "any")).name
            if kind in ("map", "object"):
                return over, True
            return (over, False) if kind in ("set", "list") else None
        case Call("toset", (VariableRef() as inner,)):
            return inner, False
        case Call("tomap", (VariableRef() as inner,)):
            return inner, True
    return None


def _named_from_outside(
    resources: Sequence[Resource], outputs: Sequence[Output], loops: Mapping[str, Value]
) -> set[str]:
    """Loops of which somebody names an instance otherwise than each of the same elements does, and
    those that do so themselves."""
    refused: set[str] = set()
    by_address = {r.address: r for r in resources}
    for resource in resources:
        for ref in _references(resource):
            target = by_address.get(ref.address)
            if target is None or target.for_each is None:
                continue
            together = ref.instance == EACH_KEY and target.for_each == resource.for_each
            both = {resource.address, target.address} <= loops.keys()
            if not (together and both):
                refused |= {resource.address, target.address} if together else {target.address}
    for output in outputs:
        refused |= {ref.address for ref in references([output.value, output.condition])}
    return refused & loops.keys()


def _references(resource: Resource) -> Iterator[ResourceRef]:
    values = [dict(resource.properties), resource.condition, resource.count]
    yield from references([*values, *(dict(v) for v in resource.native.values())])


def _counted(resource: Resource, types: Mapping[str, str]) -> Resource:
    found = _elements(resource.for_each, types)
    assert found is not None
    over, has_keys = found
    keys = Call("keys" if has_keys else "distinct", (over,))
    key: Value = Index(keys, COUNT_INDEX)
    value: Value = Index(over, key) if has_keys else key

    def change(node: Value) -> Value:
        match node:
            case Symbol(("each", "key")):
                return key
            case Symbol(("each", "value", *path)):
                whole = value
                for step in path:
                    whole = GetAttr(whole, step) if isinstance(step, str) else Index(whole, step)
                return whole
            case ResourceRef(_, _, instance) if instance == key:
                return replace(node, instance=COUNT_INDEX)  # Its key was changed on the way here.
        return node

    return replace(
        resource,
        properties={k: transform(v, change) for k, v in resource.properties.items()},
        native={
            target: {k: transform(v, change) for k, v in given.items()}
            for target, given in resource.native.items()
        },
        count=Call("length", (over if has_keys else keys,)),
        for_each=None,
    )
