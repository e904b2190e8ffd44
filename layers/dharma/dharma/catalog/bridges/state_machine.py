"""The definition of a state machine in CloudFormation: an object or JSON text, with values put in.

    DefinitionString: '{"Resource": "${Function}"}', DefinitionSubstitutions: {Function: ...}

`${Name}` stands for a substitution wherever it is in the definition; what the model has is the
definition with the values in place. It is written as an object.
Source: "AWS::StepFunctions::StateMachine", AWS CloudFormation template reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from dharma.catalog.bridges.bridge import Bridge
from dharma.model.expressions.nodes import Template, Value, transform
from dharma.model.expressions.templates import join_parts

_NAMED = re.compile(r"\$\{([^${}]+)\}")
_DEPTH_MAX = 100


class SubstitutedDefinition(Bridge):
    """Says nothing where the text is no JSON, or a name in it has no value: then the arguments stay
    as they are, and are reported."""

    def claim(self, arguments: dict[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        given = arguments.get("DefinitionSubstitutions", {})
        definition = arguments.get("Definition")
        if definition is None:
            definition = _parsed(arguments.get("DefinitionString"))
        if not isinstance(given, dict) or not isinstance(definition, dict):
            return arguments, {}
        rest = {
            name: value
            for name, value in arguments.items()
            if name not in ("Definition", "DefinitionString", "DefinitionSubstitutions")
        }
        return {**rest, "Definition": transform(definition, lambda v: _filled(v, given))}, {}


def _filled(value: Value, given: Mapping[str, Value]) -> Value:
    """A text with the values of the names that stand in it; names of nothing stay."""
    if not isinstance(value, str) or "${" not in value:
        return value
    parts: list[Value] = []
    position = 0
    for match in _NAMED.finditer(value):
        if match[1] in given:
            parts += [value[position : match.start()], given[match[1]]]
            position = match.end()
    return join_parts([*parts, value[position:]]) if parts else value


def _parsed(text: Value) -> Value:
    """A JSON text with expressions in it as an object; None where it is none.

    Expressions can only stand inside of the text's strings, as a mark that it does not hold.
    """
    parts = text.parts if isinstance(text, Template) else (text,)
    if not all(isinstance(part, str) for part in parts if not _is_marked(part)):
        return None
    literal = "".join(part for part in parts if isinstance(part, str))
    mark = next(m for n in range(len(literal) + 1) if (m := f"dharma:{n}:") not in literal)
    whole = "".join(
        part if isinstance(part, str) else f"${{{mark}{number}}}"
        for number, part in enumerate(parts)
    )
    try:
        parsed: Value = json.loads(whole)
    except (ValueError, RecursionError):
        return None
    marked = {f"{mark}{n}": part for n, part in enumerate(parts) if not isinstance(part, str)}
    if _depth(parsed) > _DEPTH_MAX:
        return None
    return transform(parsed, lambda value: _filled(value, marked))


def _is_marked(part: Value) -> bool:
    return part is not None and not isinstance(part, bool | int | float | str | list | dict)


def _depth(value: Value) -> int:
    deepest, layer = 0, [value]
    while layer:
        deepest += 1
        layer = [
            inner
            for outer in layer
            for inner in (
                outer.values()
                if isinstance(outer, dict)
                else outer
                if isinstance(outer, list)
                else ()
            )
        ]
    return deepest
