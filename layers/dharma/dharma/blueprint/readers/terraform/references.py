"""What a name of a resource, a data source or a module stands for: a value, or a reference in the
addresses of the whole configuration."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from dharma.blueprint.readers.terraform.addresses import split_address
from dharma.blueprint.readers.terraform.data_values import data_value
from dharma.blueprint.readers.terraform.loops import Loop
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Conditional,
    Expression,
    ResourceRef,
    Unknown,
    Value,
    is_known,
)
from dharma.model.expressions.steps import follow

if TYPE_CHECKING:
    from dharma.blueprint.readers.terraform.modules import Module


def reference(module: Module, ref: ResourceRef) -> Value:
    """What a name of this module's text stands for."""
    block = module.block(ref.address)
    if block is None:
        if module.configuration.single:
            return Unknown(f"{ref.address} is not in this file")
        raise EvaluationError(f"there is no {ref.address}")
    if ref.address.startswith("module."):
        return module.calls.value(ref)
    loop = module.loop(ref.address)
    whole = replace(ref, address=f"{module.path}{ref.address}")
    return _instance(module, whole, loop)


def _instance(module: Module, ref: ResourceRef, loop: Loop) -> Value:
    key = ref.instance
    if loop.optional:
        return _optional(module, ref, loop)
    if loop.keys is None:
        if loop == Loop() and isinstance(key, int | str):
            raise EvaluationError(f"{ref.address} has no instances")
        return module.deeper(ref)
    if isinstance(key, Expression):
        return ref
    if key is None:
        if ref.path:
            raise EvaluationError(f"{ref.address} has several instances: name one, or all with [*]")
        if not module.reading.expand and loop.kept:
            return ref
        found = [module.deeper(replace(ref, instance=k)) for k in loop.keys]
        if loop.items is None:
            return found
        return dict(zip(map(str, loop.keys), found, strict=True))
    if key not in loop.keys or isinstance(key, bool):
        raise EvaluationError(f"{ref.address} has no instance {json.dumps(key)}")
    return module.deeper(ref)


def _optional(module: Module, ref: ResourceRef, loop: Loop) -> Value:
    """A thing that there is at most once: `x[0]` is it, `x` the list of it."""
    single = replace(ref, instance=None)
    if ref.instance is None and not ref.path:
        if loop.absent:
            return []
        one: list[Value] = [module.deeper(single)]
        return one if loop.condition is None else Conditional(loop.condition, one, [])
    if loop.absent:
        raise EvaluationError(f"there is no {ref.address}: its count is 0")
    if ref.instance is None:
        raise EvaluationError(f"{ref.address} has a count: name it as {ref.address}[0]")
    if isinstance(ref.instance, int) and ref.instance != 0:
        raise EvaluationError(f"{ref.address} has no instance {ref.instance}")
    return module.deeper(single)


def deeper(module: Module, ref: ResourceRef) -> Value:
    """A reference in the addresses of the whole configuration, perhaps with its value."""
    path, address = split_address(ref.address)
    if isinstance(ref.instance, Expression) or not ref.path:
        return ref
    owner = module.reading.modules.get(path)
    if owner is None or address.startswith("module."):
        return ref
    if address.startswith("data."):
        return data_value(owner, address, ref)
    if not module.reading.inlining:
        return ref
    return written(owner, address, ref)


def written(module: Module, address: str, ref: ResourceRef) -> Value:
    """The value of an argument that is written down and known, else the reference."""
    block = module.configuration.resources.get(address)
    name = str(ref.path[0])
    if block is None or name not in block.body.arguments or name in ("count", "for_each"):
        return ref
    argument = block.body.arguments[name]
    loop = module.loop(address)
    key = ref.instance
    assert key is None or isinstance(key, int | str)
    try:
        with module.reading.chain.within(f"{ref.address}.{name}"):
            value = evaluate(argument.value, module.instance_scope(loop, key))
            value = follow(value, ref.path[1:], module.scope)
    except EvaluationError:
        return ref
    return value if value is not None and is_known(value) else ref


def certain(module: Module, ref: ResourceRef) -> bool:
    """Whether it is an attribute of an instance that is there for sure: what lies deeper in the
    attribute may be missing."""
    path, address = split_address(ref.address)
    owner = module.reading.modules.get(path)
    if len(ref.path) != 1 or owner is None or owner.unknown is not None:
        return False
    if address not in owner.configuration.resources:
        return False
    loop = owner.loop(address)
    if loop.keys is not None:
        return not loop.kept and ref.instance in loop.keys
    return loop == Loop() or (loop.optional and loop.condition is None and not loop.absent)
