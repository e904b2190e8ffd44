"""`variable` blocks as variables of the model, and the values of `.tfvars` files beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.readers.terraform.body import Block, Place, invalid
from dharma.blueprint.readers.terraform.configuration import Configuration, decode_source
from dharma.blueprint.readers.terraform.files import Files, joined
from dharma.blueprint.readers.terraform.json_syntax import json_value
from dharma.blueprint.readers.terraform.syntax import read_hcl
from dharma.model.blueprint import Variable
from dharma.model.expressions.conversion import kind_of
from dharma.model.expressions.errors import EvaluationError, ExpressionError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import Binary, Call, Value, VariableRef, is_known
from dharma.model.expressions.scope import Scope
from dharma.model.origin import Origin
from dharma.model.types import parse_type, print_type

Tell = Callable[[str, str, str, str, Place], None]
"""Takes the kind of a note, address, path, message and place."""

# The spellings of Terraform 0.11.
_OLD_TYPES = {"list": "list(any)", "map": "map(any)", "set": "set(any)"}
_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)


def read_variables(configuration: Configuration, tell: Tell) -> Iterator[Variable]:
    """The declared variables, in their order."""
    for name, block in configuration.variables.items():
        yield _variable(name, block, tell)


def _variable(name: str, block: Block, tell: Tell) -> Variable:
    body, address = block.body, f"var.{name}"
    default = None
    required = "default" not in body.arguments
    if not required:
        default = _literal(body.value("default"), address, block.place, tell)
    found: dict[str, Any] = {}
    for validation in body.of_type("validation"):
        test = validation.body.value("condition")
        told = _bounds(name, test)
        if told is None or set(told) & set(found):
            message = "a validation that blueprints cannot say"
            tell("no_counterpart", address, "validation", message, validation.place)
        else:
            found.update(told)
    description = body.value("description")
    return Variable(
        name=name,
        type=_type(block, default, required, tell),
        default=default,
        required=required,
        description=description if isinstance(description, str) else None,
        sensitive=body.value("sensitive") is True,
        origin=Origin(block.place.file, block.place.line, block.place.column, address),
        **found,
    )


def _literal(value: Value, address: str, place: Place, tell: Tell) -> Value:
    if is_known(value):
        return value
    try:
        found = evaluate(value, Scope())
    except EvaluationError as error:
        found, message = None, error.message
    else:
        message = "a default is a plain value"
        if is_known(found):
            return found
    tell("not_understood", address, "default", message, place)
    return None


def _type(block: Block, default: Value, required: bool, tell: Tell) -> str:
    argument = block.body.arguments.get("type")
    if argument is None or argument.raw is None:
        kind = kind_of(default)
        return kind if not required and kind in ("string", "number", "bool") else "any"
    text = _COMMENT.sub(lambda m: m[1] or "", argument.raw).strip().strip('"')
    text = _OLD_TYPES.get(text, text)
    try:
        return print_type(parse_type(text))
    except ExpressionError as error:
        message = f"{text[:60]} is no type: {error.message}"
        tell("not_understood", f"var.{block.labels[0]}", "type", message, argument.place)
        return "any"


def _bounds(name: str, test: Value) -> dict[str, Any] | None:
    """What a condition says in the words of blueprints: `allowed`, `pattern`, `min`, `max`."""
    subject = VariableRef(name)
    match test:
        case Binary("||", Binary("==", left, None), inner) if left == subject:
            return _bounds(name, inner)
        case Binary("&&", left, right):
            first, second = _bounds(name, left), _bounds(name, right)
            if first is None or second is None or set(first) & set(second):
                return None
            return {**first, **second}
        case Call("contains", (list(words), value)) if value == subject and is_known(words):
            return {"allowed": tuple(words)}
        case Call("can", (Call("regex", (str(pattern), value)),)) if value == subject:
            return {"pattern": pattern}
        case Binary(">=", measured, bound) if _measures(measured, subject):
            return {"min": bound} if isinstance(bound, int | float) else None
        case Binary("<=", measured, bound) if _measures(measured, subject):
            return {"max": bound} if isinstance(bound, int | float) else None
    return None


def _measures(measured: Value, subject: VariableRef) -> bool:
    return measured in (subject, Call("length", (subject,)))


# -- values


def is_values(name: str) -> bool:
    """Whether Terraform takes values out of a file of this name without being told."""
    return name in ("terraform.tfvars", "terraform.tfvars.json") or name.endswith(
        (".auto.tfvars", ".auto.tfvars.json")
    )


def read_values(files: Files, folder: str) -> dict[str, Value]:
    """The values of `terraform.tfvars` and `*.auto.tfvars`; later files win, in Terraform's order.
    Raises `InvalidTemplate` with file and line."""
    found: dict[str, Value] = {}
    names = sorted(filter(is_values, files.names(folder)), key=lambda n: (".auto." in n, n))
    for name in names:
        path = joined(folder, name)
        shown = files.shown(path)
        text = decode_source(files.read(path), shown)
        if name.endswith(".json"):
            root = read_tree(text, shown)
            if isinstance(root.value, dict):
                found.update((k, json_value(v, shown)) for k, (_, v) in root.value.items())
            continue
        body = read_hcl(text, shown)
        if body.blocks:
            raise invalid("a file of values has no blocks", body.blocks[0].place)
        for argument in body.arguments.values():
            if not is_known(argument.value):
                message = "a value has no references and no functions"
                raise invalid(message, argument.place)
            found[argument.name] = argument.value
    return found
