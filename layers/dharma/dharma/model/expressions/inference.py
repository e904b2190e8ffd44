"""The type that an expression will have, as far as its text tells; `any` where it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dharma.model.expressions.functions import FUNCTIONS
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    GetAttr,
    Index,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Template,
    Unary,
    Value,
    VariableRef,
)
from dharma.model.types import ANY, BOOL, NUMBER, STRING, Attribute, Type, parse_type


@dataclass(frozen=True, slots=True)
class Declared:
    """What is known of names."""

    variable: Callable[[str], Type]
    resource: Callable[[ResourceRef], Type]


def infer(value: Value, declared: Declared) -> Type:
    if value is None:
        return ANY
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int | float):
        return NUMBER
    if isinstance(value, str | Template):
        return STRING
    if isinstance(value, list):
        return Type("list", _common([infer(item, declared) for item in value]))
    if isinstance(value, dict):
        return Type("object", attributes={k: Attribute(infer(v, declared))
                                          for k, v in value.items()})  # fmt: skip
    return _expression(value, declared)


def _expression(node: Expression, declared: Declared) -> Type:
    if isinstance(node, VariableRef):
        return declared.variable(node.name)
    if isinstance(node, ResourceRef):
        return declared.resource(node)
    if isinstance(node, Ambient):
        return Type("list", STRING) if node.name == "availability_zones" else STRING
    if isinstance(node, Unary):
        return BOOL if node.operator == "!" else NUMBER
    if isinstance(node, Binary):
        return NUMBER if node.operator in "+-*/%" else BOOL
    if isinstance(node, Conditional):
        return _common([infer(node.then, declared), infer(node.otherwise, declared)])
    if isinstance(node, Call):
        function = FUNCTIONS.get(node.name)
        return parse_type(function.returns) if function else ANY
    if isinstance(node, ForList):
        return Type("list", ANY)
    if isinstance(node, ForMap | ObjectConstructor):
        return Type("map", ANY)
    if isinstance(node, Splat):
        return Type("list", ANY)
    if isinstance(node, Index):
        return _item(infer(node.collection, declared))
    if isinstance(node, GetAttr):
        owner = infer(node.object, declared)
        attribute = owner.attributes.get(node.name)
        return attribute.type if attribute else _item(owner)
    return ANY


def _item(collection: Type) -> Type:
    return collection.element or ANY


def _common(types: list[Type]) -> Type:
    """One type for several values: the same, a string beside other primitives, else unknown."""
    known = [t for t in types if t.name != "any"]
    if not known or len(known) < len(types):
        return ANY
    if all(t == known[0] for t in known):
        return known[0]
    names = {t.name for t in known}
    return STRING if names in ({"string", "number"}, {"string", "bool"}) else ANY
