"""Named conditions of a template, made from boolean expressions over variables.

CloudFormation decides its conditions before any resource exists, with `Equals`, `Not`, `And` and
`Or` over parameters, so these are what an expression may consist of: `==`, `!=`, `!`, `&&`, `||`,
a boolean variable, `contains([...], x)`, `c ? a : b` and a comparison with `null`.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from typing import Any

from dharma.catalog.naming import pascal
from dharma.generator.inexpressible import Inexpressible
from dharma.generator.yaml_text import Tagged
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Index,
    Template,
    Unary,
    Value,
    VariableRef,
)

_OPERANDS_MAX = 10
_NAME_MAX = 120
Operand = Callable[[Value], Any]


class Conditions:
    """The `Conditions` section as it grows; equal conditions share one name."""

    def __init__(self, operand: Operand, booleans: frozenset[str]) -> None:
        """`operand` turns a compared value into its template form; `booleans` are the variables of
        type bool."""
        self._operand = operand
        self._booleans = booleans
        self._names: dict[str, str] = {}
        self.section: dict[str, Any] = {}

    def name(self, condition: Value) -> str:
        """The name of a condition, defined on its first use; raises `Inexpressible`."""
        body = self._body(condition)
        key = json.dumps(_comparable(body), sort_keys=True)
        if key not in self._names:
            wish = _name(condition)
            if len(wish) > _NAME_MAX:
                wish = f"{wish[:_NAME_MAX]}{hashlib.sha256(key.encode()).hexdigest()[:8]}"
            name, number = wish, 2
            while name in self.section:
                name, number = f"{wish}{number}", number + 1
            self._names[key] = name
            self.section[name] = body
        return self._names[key]

    def _body(self, condition: Value) -> Any:
        match condition:
            case bool():
                return _equals("true", "true" if condition else "false")
            case VariableRef(name) if name in self._booleans:
                return _equals(self._operand(condition), "true")
            case Unary("!", VariableRef(name)) if name in self._booleans:
                return _equals(self._operand(VariableRef(name)), "false")
            case Unary("!", operand):
                return _not(self._body(operand))
            case Binary("==", left, right):
                return self._equality(left, right)
            case Binary("!=", left, right):
                return _not(self._equality(left, right))
            case Binary("&&" | "||" as operator, _, _):
                return _combined(operator, [self._body(c) for c in _chain(operator, condition)])
            case Call("contains", (list() as values, sought)) if values:
                return _combined("||", [self._equality(sought, v) for v in values])
            case Conditional(test, then, otherwise):
                chosen, other = Binary("&&", test, then), Binary("&&", Unary("!", test), otherwise)
                return self._body(Binary("||", chosen, other))
            case Index(dict(), _):
                return _equals(self._operand(condition), "true")
        raise Inexpressible(
            "a condition of CloudFormation is made of ==, !=, !, &&, || and contains over variables"
        )

    def _equality(self, left: Value, right: Value) -> Any:
        for one, other in ((left, right), (right, left)):
            if isinstance(one, bool) and not isinstance(other, bool):
                return self._body(other if one else Unary("!", other))
        sides = ["" if v is None else self._operand(v) for v in (left, right)]
        return _equals(*(_text(s) for s in sides))


def _text(value: Any) -> Any:
    """Parameters are compared as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return json.dumps(value)
    if isinstance(value, list | dict):
        raise Inexpressible("CloudFormation compares single values only")
    return value


def _equals(left: Any, right: Any) -> Tagged:
    return Tagged("!Equals", "Fn::Equals", [left, right])


def _not(body: Any) -> Tagged:
    if isinstance(body, Tagged) and body.long == "Fn::Not":
        return body.content[0]  # type: ignore[no-any-return]
    return Tagged("!Not", "Fn::Not", [body])


def _combined(operator: str, bodies: list[Any]) -> Any:
    """`And`/`Or` of 2 to 10 operands; more are grouped."""
    if len(bodies) == 1:
        return bodies[0]
    while len(bodies) > _OPERANDS_MAX:
        groups = [bodies[i : i + _OPERANDS_MAX] for i in range(0, len(bodies), _OPERANDS_MAX)]
        bodies = [_combined(operator, group) for group in groups]
    if operator == "&&":
        return Tagged("!And", "Fn::And", bodies)
    return Tagged("!Or", "Fn::Or", bodies)


def _chain(operator: str, value: Value) -> list[Value]:
    """The operands of `a && b && c`, flat; not recursive, since a chain may be long."""
    operands: list[Value] = []
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, Binary) and node.operator == operator:
            stack += [node.right, node.left]
        else:
            operands.append(node)
    return operands


def _comparable(value: Any) -> Any:
    if isinstance(value, Tagged):
        return {value.long: _comparable(value.content)}
    if isinstance(value, list):
        return [_comparable(v) for v in value]
    if isinstance(value, dict):
        return {k: _comparable(v) for k, v in value.items()}
    return value


def _name(condition: Value) -> str:
    """`var.environment != "dev"` -> `EnvironmentIsNotDev`."""
    match condition:
        case VariableRef():
            return f"{_word(condition)}IsTrue"
        case Unary("!", VariableRef() as variable):
            return f"{_word(variable)}IsFalse"
        case Unary("!", operand):
            return f"Not{_name(operand)}"
        case Binary("&&" | "||" as operator, left, right):
            return f"{_name(left)}{'And' if operator == '&&' else 'Or'}{_name(right)}"
        case Binary(operator, left, None):
            return f"{_word(left)}Is{'' if operator == '!=' else 'Not'}Set"
        case Binary(operator, left, right):
            return f"{_word(left)}{'IsNot' if operator == '!=' else 'Is'}{_word(right)}"
        case Call("contains", (list() as values, sought)):
            return f"{_word(sought)}Is{'Or'.join(_word(v) for v in values)}"
        case Conditional(test, then, otherwise):
            return f"If{_name(test)}Then{_name(then)}Else{_name(otherwise)}"
        case bool():
            return "Always" if condition else "Never"
    return f"{_word(condition)}IsTrue"


def _word(value: Value) -> str:
    match value:
        case VariableRef(name) | Ambient(name):
            return pascal(name)
        case Template(parts):
            return "".join(_word(p) for p in parts)
        case Index(_, key):
            return f"Of{_word(key)}"
        case bool():
            return "True" if value else "False"
        case "":
            return "Empty"
        case str() | int() | float():
            return re.sub(r"[^A-Za-z0-9]", "", pascal(str(value))) or "Other"
    return "Value"
