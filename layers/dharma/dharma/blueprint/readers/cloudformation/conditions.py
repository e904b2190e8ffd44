"""Conditions of a CloudFormation template as boolean expressions.

They are written in where they are named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from dharma.blueprint.readers.cloudformation.functions import (
    NotUnderstood,
    as_number,
    as_text,
    sole_argument,
    sole_key,
)
from dharma.blueprint.readers.cloudformation.parameters import Parameters
from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.negation import negated
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Expression,
    Template,
    Unary,
    Value,
    VariableRef,
    is_known,
    walk,
)

_DEEPEST = 30
_NODES_MAX = 500


class Conditions:
    """`value` reads what a condition compares. What has no meaning (a condition that is missing, or
    defined by itself) raises `NotUnderstood`."""

    def __init__(
        self, nodes: Mapping[str, Node], parameters: Parameters, value: Callable[[Node], Value]
    ) -> None:
        self._nodes = nodes
        self._parameters = parameters
        self._value = value
        self._found: dict[str, Value] = {}
        self._open: list[str] = []

    def named(self, name: str) -> Value:
        """The expression of a condition by its name."""
        if name in self._found:
            return self._found[name]
        node = self._nodes.get(name)
        if node is None:
            raise NotUnderstood(f"there is no condition {name}")
        if name in self._open:
            raise NotUnderstood(f"the condition {name} is defined by itself")
        if len(self._open) >= _DEEPEST:
            raise NotUnderstood(f"conditions refer to one another over {_DEEPEST} deep")
        self._open.append(name)
        try:
            found = self.test(node)
        finally:
            self._open.pop()
        if not isinstance(found, bool | Expression):
            raise NotUnderstood(f"the condition {name} compares nothing")
        # Written in wherever it is named, a condition must not double at every step.
        if sum(1 for _ in walk(found)) > _NODES_MAX:
            raise NotUnderstood(f"the condition {name} is too large to be written in")
        self._found[name] = found
        return found

    def test(self, node: Node) -> Value:
        """A boolean expression: `Fn::Equals`, `And`, `Or`, `Not`, `Condition`."""
        name = sole_key(node)
        if name is None:
            return self._value(node)
        argument = sole_argument(node)
        words = argument.value if isinstance(argument.value, list) else []
        if name == "Condition" and isinstance(argument.value, str):
            return self.named(argument.value)
        if name == "Fn::Equals" and len(words) == 2:
            return self._equals(self._value(words[0]), self._value(words[1]))
        if name == "Fn::Not" and len(words) == 1:
            return negated(self.test(words[0]))
        if name in ("Fn::And", "Fn::Or") and words:
            operator = "&&" if name == "Fn::And" else "||"
            combined = self.test(words[0])
            for word in words[1:]:
                combined = _combined(operator, combined, self.test(word))
            return combined
        return self._value(node)

    def _equals(self, left: Value, right: Value) -> Value:
        if is_known(left) and is_known(right):
            return as_text(left) == as_text(right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, VariableRef):
                variable = self._parameters.variable(one.name)
                if variable is not None and variable.type == "bool":
                    if as_text(other) in ("true", "false"):
                        return one if as_text(other) == "true" else Unary("!", one)
                elif other == "" and self._parameters.is_optional(one.name):
                    return Binary("==", one, None)
                elif variable is not None and variable.type == "number":
                    return Binary("==", one, as_number(other))
            if isinstance(one, VariableRef | Ambient | Template):
                # A template compares texts; in an expression 2 is not "2".
                return Binary("==", one, as_text(other))
        return Binary("==", left, right)


def _combined(operator: str, left: Value, right: Value) -> Value:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, bool):
            decided = one if operator == "||" else not one
            return one if decided else other
    said = list(_operands(operator, left))
    for operand in _operands(operator, right):
        if operand not in said:
            left = Binary(operator, left, operand)
            said.append(operand)
    return left


def _operands(operator: str, value: Value) -> Iterator[Value]:
    """What a chain of one operator joins: conditions that name others say much twice."""
    if isinstance(value, Binary) and value.operator == operator:
        yield from _operands(operator, value.left)
        yield from _operands(operator, value.right)
    else:
        yield value
