"""What reading an ARM template back needs to find the same names. Azure evaluates nothing under
`metadata`; expressions there are for the reader."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dharma.catalog.naming import snake
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Value, VariableRef, walk


def metadata(
    bp: Blueprint,
    parameters: Mapping[str, str],
    more: Mapping[str, Any],
    loops: Iterable[Value] = (),
) -> dict[str, Any]:
    """The section of the whole template. `more` stands beside what every template says. Of what
    `loops` go over the type matters, of which Azure knows arrays and objects only."""
    looped = {node.name for over in loops for node in walk(over) if isinstance(node, VariableRef)}
    about: dict[str, Any] = {"blueprint": bp.name, "version": bp.version}
    odd = {p: name for name, p in parameters.items() if snake(p) != name}
    if odd:
        about["variables"] = odd
    optional = [parameters[v.name] for v in bp.variables if v.is_optional]
    if optional:
        about["optional"] = optional
    told = {v.name: v.type for v in bp.variables if v.name in looped}
    if told:
        about["types"] = {parameters[name]: told[name] for name in parameters if name in told}
    found: dict[str, Any] = {"dharma": {**about, **more}}
    if bp.description:
        found["description"] = bp.description
    return found
