"""A blueprint decided to the end, for a format without parameters and conditions: Deployment
Manager's configurations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from dharma.core.errors import NotExpressible
from dharma.generator.code import GenerateOptions
from dharma.model.blueprint import Blueprint, Resource
from dharma.model.expressions.nodes import Value, VariableRef, walk


def place_of(
    bp: Blueprint, options: GenerateOptions, values: Mapping[str, Value]
) -> dict[str, Value]:
    """The ambient values that are known here: the region, and what variables of their names say."""
    found: dict[str, Value] = {
        "deployment_name": bp.name,
        "region": options.region or values.get("region"),
        "project": values.get("project"),
    }
    return {name: value for name, value in found.items() if value is not None}


def written_in(bp: Blueprint, options: GenerateOptions) -> dict[str, Value]:
    """The values of all variables that have one. Secrets stay out of a file without parameters."""
    defaults = {v.name: v.default for v in bp.variables if not v.required}
    given = {v.name: options.variables.get(v.name) for v in bp.variables}
    values = {**defaults, **{name: value for name, value in given.items() if value is not None}}
    secret = sorted(v.name for v in bp.variables if v.sensitive)
    said: list[tuple[str, Value]] = [(r.address, r.properties) for r in bp.resources]
    said += [(r.address, native) for r in bp.resources for native in r.native.values()]
    said += [(r.address, [r.count, r.for_each, r.condition]) for r in bp.resources]
    said += [(f"outputs.{o.name}", [o.value, o.condition]) for o in bp.outputs]
    for place, value in said:
        for node in walk(value):
            if isinstance(node, VariableRef) and node.name in secret:
                raise NotExpressible(
                    f"{place}: var.{node.name} is sensitive, and a configuration of Deployment "
                    "Manager has no parameters: it would stand there in plain text"
                )
    return {n: v for n, v in values.items() if n not in secret}


def decided(resource: Resource) -> Resource:
    """The resource without its condition, which holds. Raises `NotExpressible` where it is open."""
    if resource.condition is True:
        return replace(resource, condition=None)
    if resource.condition is not None:
        raise NotExpressible(
            f"{resource.address}.condition: a configuration of Deployment Manager has no "
            "conditions, and this one is not decided by the values of variables"
        )
    return resource
