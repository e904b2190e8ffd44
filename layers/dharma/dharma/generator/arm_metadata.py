"""What reading an ARM template back needs to find the same names. Azure evaluates nothing under
`metadata`; expressions there are for the reader."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dharma.catalog.naming import snake
from dharma.generator.arm_parameters import is_optional
from dharma.model.blueprint import Blueprint


def metadata(
    bp: Blueprint, parameters: Mapping[str, str], more: Mapping[str, Any]
) -> dict[str, Any]:
    """The section of the whole template. `more` stands beside what every template says."""
    about: dict[str, Any] = {"blueprint": bp.name, "version": bp.version}
    odd = {p: name for name, p in parameters.items() if snake(p) != name}
    if odd:
        about["variables"] = odd
    optional = [parameters[v.name] for v in bp.variables if is_optional(v)]
    if optional:
        about["optional"] = optional
    found: dict[str, Any] = {"dharma": {**about, **more}}
    if bp.description:
        found["description"] = bp.description
    return found
