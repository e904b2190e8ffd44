"""Deployment Manager: one configuration, `deployment.yaml`, resources and outputs.

A configuration has no parameters, conditions or loops: variables are written in as values, loops
are written out, conditions are decided. References stay references, `$(ref.web-network.selfLink)`,
also inside text. `dependsOn` stands only where nothing refers. What cannot be said is refused by
path, as is literal text that Deployment Manager would take for a reference; it knows no escape.

`native.deployment_manager` of a resource: `name` of the resource in the configuration, its
`accessControl` and `metadata`; everything else goes among its properties, where it wins.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dharma.catalog.document import Document, Note, Part
from dharma.catalog.formats import google_type
from dharma.core.errors import NotExpressible
from dharma.generator.yaml_text import to_yaml
from dharma.model.blueprint import Output
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Ambient,
    Call,
    Conditional,
    Expression,
    ResourceRef,
    Template,
    Unknown,
    Value,
    VariableRef,
    references,
    walk,
)
from dharma.model.expressions.printer import shown
from dharma.model.expressions.scope import Scope

FILE = "deployment.yaml"
# Source: "Deployment Manager deprecations", Google Cloud documentation.
HEADER = (
    "# Google ended its support of Cloud Deployment Manager on March 31, 2026. Terraform, which\n"
    "# Google's Infrastructure Manager runs, says the same and more: `generate -f terraform`.\n"
)
_REFERENCE = "$(ref."
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
_STEP = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_RESOURCE_LEVEL = ("accessControl", "metadata")


def write_deployment_manager(
    document: Document,
    outputs: Sequence[Output],
    place: Mapping[str, Value],
) -> tuple[dict[str, str], list[Note]]:
    """The file, and what it could not carry. `place` are ambient values that are known here
    (`region`, `project`). Raises `NotExpressible` naming the path."""
    values = _Values(place)
    notes = [_kept(part) for part in document.parts if part.lifecycle.prevent_destroy]
    notes += [_bare(output) for output in outputs if output.description or output.sensitive]
    said: dict[str, Any] = {
        "resources": [_resource(part, _waits(part), values) for part in document.parts]
    }
    if outputs:
        said["outputs"] = [
            {"name": output.name, "value": values.at(f"outputs.{output.name}", output.value)}
            for output in outputs
            if values.decided(f"outputs.{output.name}", output.condition)
        ]
    return {FILE: HEADER + to_yaml(said)}, notes


def _waits(part: Part) -> list[str]:
    """What a part has to wait for and does not refer to."""
    referred = {ref.address for value in part.arguments.values() for ref in references(value)}
    return [address for address in part.awaited if address not in referred]


def _kept(part: Part) -> Note:
    return Note(
        "no_counterpart",
        part.owner or part.address,
        "lifecycle.prevent_destroy",
        "deleting is decided when a deployment is deleted (`--delete-policy`)",
        part.origin,
    )


def _bare(output: Output) -> Note:
    lost = "secrecy" if output.sensitive else "description"
    message = f"an output of Deployment Manager has no {lost}"
    return Note("no_counterpart", f"outputs.{output.name}", "", message, output.origin)


def _resource(part: Part, waits: list[str], values: _Values) -> dict[str, Any]:
    where = part.owner or part.address
    if not _NAME.match(part.address):
        raise NotExpressible(f"{where}: {part.address!r} is no name that references can carry")
    native = {k: v for k, v in part.native.items() if k != "name"}
    level = {k: values.at(f"{where}.{k}", native.pop(k)) for k in _RESOURCE_LEVEL if k in native}
    said: dict[str, Any] = {
        "name": part.address,
        "type": values.at(f"{where}.type", google_type(part.type)),
    }
    if waits:
        metadata = level.pop("metadata", {})
        level["metadata"] = {**metadata, "dependsOn": waits}
    said.update(level)
    arguments = {**part.arguments, **native}
    properties = {k: values.at(f"{where}.{k}", v) for k, v in arguments.items()}
    properties = {k: v for k, v in properties.items() if v is not None}
    if properties:
        said["properties"] = properties
    return said


class _Values:
    """Values as the configuration spells them."""

    def __init__(self, place: Mapping[str, Value]) -> None:
        self._scope = Scope(ambient=dict(place))

    def at(self, where: str, value: Value) -> Any:
        """A value at a path of the blueprint; None where it is absent."""
        try:
            return self._plain(evaluate(value, self._scope), where)
        except EvaluationError as fault:
            raise NotExpressible(f"{where}: {fault}") from fault

    def decided(self, where: str, condition: Value) -> bool:
        """Whether a condition holds; a configuration cannot have one that is still open."""
        if condition is None:
            return True
        found = evaluate(condition, self._scope)
        if isinstance(found, bool):
            return found
        raise NotExpressible(f"{where}.condition: {_open(found)}")

    def _plain(self, value: Value, where: str) -> Any:
        match value:
            case dict():
                found = {
                    _literal(k, where): self._plain(v, f"{where}.{k}") for k, v in value.items()
                }
                return {k: v for k, v in found.items() if v is not None}
            case list():
                elements = [self._plain(v, f"{where}[{i}]") for i, v in enumerate(value)]
                return [element for element in elements if element is not None]
            case str():
                return _literal(value, where)
            case ResourceRef():
                return _reference(value, where)
            case Template(parts):
                return "".join(self._text(part, where) for part in parts)
            case Call("join", (str(separator), list(elements))):
                return separator.join(self._text(element, where) for element in elements)
            case Call("tostring", (operand,)):
                return self._plain(operand, where)
            case Expression():
                raise NotExpressible(f"{where}: {_open(value)}")
        return value

    def _text(self, part: Value, where: str) -> str:
        said = self._plain(part, where)
        if isinstance(said, bool | int | float):
            return json.dumps(said)
        if not isinstance(said, str):
            raise NotExpressible(f"{where}: text cannot hold {shown(part)}")
        return said


def _literal(text: str, where: str) -> str:
    if _REFERENCE in text:
        raise NotExpressible(
            f"{where}: Deployment Manager takes `{_REFERENCE}` in text for a reference, and knows "
            "no way to write it as it is"
        )
    return text


def _reference(ref: ResourceRef, where: str) -> str:
    if ref.instance is not None or not ref.path:
        raise NotExpressible(f"{where}: Deployment Manager has no form for {shown(ref)}")
    path = ""
    for step in ref.path:
        if isinstance(step, str) and not _STEP.match(step):
            raise NotExpressible(f"{where}: {step!r} is no name of an attribute")
        path += f"[{step}]" if isinstance(step, int) else f".{step}"
    return f"{_REFERENCE}{ref.address}{path})"


def _open(value: Value) -> str:
    """Why a value cannot be written: what is not decided in it, or what nothing says."""
    for node in walk(value):
        if isinstance(node, Unknown):
            return f"the value is not known: {node.reason}"
        if isinstance(node, VariableRef):
            return (
                f"a configuration of Deployment Manager has no parameters: give var.{node.name} "
                "a value"
            )
        if isinstance(node, Ambient):
            return (
                f"a configuration of Deployment Manager does not know the {node.name}: say it, or "
                f"give a variable {node.name} a value"
            )
    if isinstance(value, Conditional):
        return f"a configuration of Deployment Manager has no conditions: {shown(value)}"
    return f"Deployment Manager has no form for {shown(value)}"
