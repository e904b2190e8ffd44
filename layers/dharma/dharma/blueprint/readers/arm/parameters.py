"""Parameters of an ARM template as variables."""

from __future__ import annotations

from typing import Any

from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.names import Names
from dharma.blueprint.readers.variable_names import variable_name
from dharma.blueprint.tree import Members, plain
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note
from dharma.model.arm_language import ArmSyntaxError, called, is_expression, parse_text
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import Unknown, Value, is_known
from dharma.model.origin import Origin

_TYPES = {
    "string": "string",
    "securestring": "string",
    "int": "number",
    "bool": "bool",
    "array": "list(any)",
    "object": "any",
    "secureobject": "any",
}
_SAID = frozenset(
    {
        "allowedvalues",
        "defaultvalue",
        "maxlength",
        "maxvalue",
        "metadata",
        "minlength",
        "minvalue",
        "nullable",
        "type",
    }
)
# Functions in whose place a blueprint has something that all formats can say.
_SAYABLE = frozenset(
    {"concat", "format", "if", "equals", "not", "and", "or", "parameters", "resourcegroup"}
    | {"subscription", "tolower", "toupper", "replace", "tenant", "empty", "true", "false"}
)
_OF_THE_GROUP = ("[resourcegroup().location]",)


def read_parameter(
    name: str, body: Members, origin: Origin, *, taken: str, optional: bool
) -> tuple[Variable, list[Note]]:
    """One parameter as the variable `taken`; `optional`: empty means null, as this project's writer
    marks it. A default that only Azure can compute is left out: the variable is required then.
    Where the blueprint can say it too (`computed_default`), the variable is null by default."""
    said = {key.lower(): node for key, (_, node) in body.items()}
    address = origin.address or f"parameters.{name}"
    notes = [
        Note("not_understood", address, key, "is not understood", origin)
        for key in body
        if key.lower() not in _SAID
    ]
    native = str(said["type"].value).lower() if "type" in said else ""
    if native not in _TYPES:
        message = f"the type {native or 'that is not said'} became any"
        notes.append(Note("approximated", address, "type", message, origin))
    default: Value = None
    required = "defaultvalue" not in said and not _flag(said.get("nullable"))
    if "defaultvalue" in said and computed_default(body) is None:
        default, problem = _default(said["defaultvalue"])
        if problem is not None:
            required = True
            notes.append(Note("approximated", address, "defaultValue", problem, origin))
    allowed = plain(said.get("allowedvalues"))
    kind = _TYPES.get(native, "any")
    if native == "array":
        kind = _list_type(default, allowed)
    if optional and default == "":
        default = None
    variable = Variable(
        name=taken,
        type=kind,
        default=None if required else default,
        required=required,
        description=_description(said.get("metadata")),
        sensitive=native.startswith("secure"),
        allowed=_allowed(allowed, native, optional=optional),
        min=_number(said.get("minvalue", said.get("minlength"))),
        max=_number(said.get("maxvalue", said.get("maxlength"))),
        origin=origin,
    )
    return variable, notes


def computed_default(body: Members) -> Node | None:
    """The default of a text that has to be computed, where a blueprint can say it as well: it
    stands in for the variable wherever that is used. The place of the group is a variable."""
    said = {key.lower(): node for key, (_, node) in body.items()}
    node = said.get("defaultvalue")
    is_text = str(said["type"].value).lower() == "string" if "type" in said else False
    if node is None or not is_text or not isinstance(node.value, str):
        return None
    if not is_expression(node.value) or node.value.lower() in _OF_THE_GROUP:
        return None
    try:
        calls = list(called(parse_text(node.value)))
    except ArmSyntaxError:
        return None
    return node if calls and all(name.lower() in _SAYABLE for name in calls) else None


def name_of(parameter: str) -> str:
    """The name of the variable for a parameter: `adminPassword` is `admin_password`."""
    return variable_name(parameter)


def _default(node: Node) -> tuple[Value, str | None]:
    """The default, or why it cannot be one."""
    notes: list[Note] = []
    value = ArmExpressions(Names({}), None, notes).value(node)
    if notes or isinstance(value, Unknown) or not is_known(value):
        shown = node.value if isinstance(node.value, str) else "an expression inside it"
        return None, f"the default {shown} is computed by Azure: give a value"
    return value, None


def _list_type(default: Value, allowed: Any) -> str:
    elements = default if isinstance(default, list) and default else allowed
    if isinstance(elements, list) and elements:
        if all(isinstance(e, str) for e in elements):
            return "list(string)"
        if all(isinstance(e, int) and not isinstance(e, bool) for e in elements):
            return "list(number)"
    return "list(any)"


def _allowed(values: Any, native: str, *, optional: bool) -> tuple[Any, ...]:
    if not isinstance(values, list) or native in ("bool", "array"):
        return ()
    found = [v for v in values if isinstance(v, str | int | float)]
    texts = [v for v in found if not (isinstance(v, str) and is_expression(v))]
    return tuple(v for v in texts if not (optional and v == ""))


def _description(node: Node | None) -> str | None:
    said = plain(node)
    found = said.get("description") if isinstance(said, dict) else None
    return found if isinstance(found, str) and found else None


def _flag(node: Node | None) -> bool:
    return node is not None and node.value is True


def _number(node: Node | None) -> float | None:
    value = None if node is None else node.value
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
