"""The nodes of an expression.

A `Value` is what a property may hold: a plain JSON value, or an `Expression`, or lists and maps of
both. Inside an expression the same rule holds: operands are `Value`s, so `Conditional(c, "a", "b")`
needs no literal node, and a list or an object with literal keys is a plain list or dict.

`None` is Terraform's `null`: as the value of a property it means *absent*. A plain `str` is always
literal text; `${` inside it has no meaning (it is escaped when printed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from operator import is_not
from typing import Any, TypeAlias, Union

from dharma.core.errors import LimitExceeded

MAX_WEIGHT = 2_000_000
MAX_NESTING = 400

Value: TypeAlias = Union[
    None, bool, int, float, str, list["Value"], dict[str, "Value"], "Expression"
]


class SetValue(list[Value]):
    """The plain value of a set: its distinct elements in Terraform's order (`as_set` makes it).

    It is a list for all that takes lists. Differently from a list, it has no positions, the key of
    an element is the element, and it equals no list in Terraform's `==`.
    """


class Expression:
    """Base of all nodes; nodes are immutable."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Unknown(Expression):
    """A value that is not known before apply. `reason` says why, for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class VariableRef(Expression):
    """`var.name`"""

    name: str


@dataclass(frozen=True, slots=True)
class ResourceRef(Expression):
    """`aws_s3_bucket.assets.arn`: address, then the path of attributes behind it.

    `instance` is the key of one instance of a loop (`aws_subnet.app[0]`); it may be an expression.
    """

    address: str
    path: tuple[str | int, ...] = ()
    instance: Value = None


@dataclass(frozen=True, slots=True)
class Ambient(Expression):
    """A value that the place of deployment gives: one of `AMBIENT_NAMES`.

    In text it is spelled as Terraform's data source (`data.aws_region.current.name`), see
    `AMBIENT_SPELLING` in the grammar; `deployment_name` and `deployment_id` as `deployment.name`
    and `deployment.id`.
    """

    name: str


AMBIENT_NAMES = frozenset(
    {
        "region",
        "account_id",
        "project",
        "partition",
        "url_suffix",
        "availability_zones",
        "deployment_name",
        "deployment_id",
        "subscription_id",
        "tenant_id",
        "principal_id",
    }
)


@dataclass(frozen=True, slots=True)
class Symbol(Expression):
    """Any other root and its attribute path: `local.x`, `each.key`, `count.index`, `data.t.n.a`,
    `module.m.out`, `path.module`, or a variable that a `for` expression binds."""

    path: tuple[str | int, ...]


COUNT_INDEX = Symbol(("count", "index"))
EACH_KEY = Symbol(("each", "key"))
EACH_VALUE = Symbol(("each", "value"))


@dataclass(frozen=True, slots=True)
class GetAttr(Expression):
    """`(object).name`, where the object is not a plain reference."""

    object: Value
    name: str


@dataclass(frozen=True, slots=True)
class Index(Expression):
    """`collection[key]`"""

    collection: Value
    key: Value


@dataclass(frozen=True, slots=True)
class Splat(Expression):
    """`collection[*].a.b` (and the old `collection.*.a`)."""

    collection: Value
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    """`condition ? then : otherwise`; a branch that is None is absent."""

    condition: Value
    then: Value
    otherwise: Value


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`!x`, `-x`"""

    operator: str
    operand: Value


@dataclass(frozen=True, slots=True)
class Binary(Expression):
    """`== != < <= > >= && || + - * / %`"""

    operator: str
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """`name(arguments...)`; `expand` when the last argument is followed by `...`."""

    name: str
    arguments: tuple[Value, ...]
    expand: bool = False


@dataclass(frozen=True, slots=True)
class Template(Expression):
    """A quoted template: literal strings and interpolated expressions, in order."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class ForList(Expression):
    """`[for key, value in collection : result if condition]`"""

    key: str | None
    value: str
    collection: Value
    result: Value
    condition: Value = None


@dataclass(frozen=True, slots=True)
class ForMap(Expression):
    """`{for key, value in collection : result_key => result if condition}`"""

    key: str | None
    value: str
    collection: Value
    result_key: Value
    result: Value
    condition: Value = None
    grouping: bool = False


@dataclass(frozen=True, slots=True)
class ObjectConstructor(Expression):
    """`{(key) = value}` where at least one key is an expression."""

    items: tuple[tuple[Value, Value], ...]


def children(value: Value) -> Iterator[Value]:
    """The direct operands of a value, in source order."""
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
    elif isinstance(value, ObjectConstructor):
        for k, v in value.items:
            yield k
            yield v
    elif isinstance(value, Expression):
        for name in _operand_names(type(value)):
            operand = getattr(value, name)
            if isinstance(operand, tuple):
                yield from operand
            else:
                yield operand


def walk(value: Value) -> Iterator[Value]:
    """The value and everything below it, parents first."""
    stack = [value]
    while stack:
        node = stack.pop()
        yield node
        if type(node) not in _LEAVES:
            stack.extend(reversed(list(children(node))))


def references(value: Value) -> Iterator[ResourceRef]:
    """All references to resources inside a value."""
    return (node for node in walk(value) if isinstance(node, ResourceRef))


def is_known(value: Value) -> bool:
    """Whether a value holds no expression at all: plain data to the bottom."""
    return weight(value) is not None


def unfolded(value: Value) -> int:
    """How many values and nodes a value is, written out. What it holds several times is looked at
    once: `[x, x]` of an `x` that is the same of another is small in memory, and without end on
    paper.

    Raises LimitExceeded for more than `MAX_WEIGHT`, and for more than `MAX_NESTING` levels.
    """
    seen: dict[int, int] = {}

    def count(node: Any, level: int) -> int:
        if level > MAX_NESTING:
            raise LimitExceeded(f"a value is nested deeper than {MAX_NESTING} levels")
        known = seen.get(id(node))
        if known is not None:
            return known
        if isinstance(node, dict):
            inner: Iterable[Any] = node.values()
        elif isinstance(node, Expression):
            inner = (getattr(node, part.name) for part in fields(node))  # type: ignore[arg-type]
        else:
            inner = node
        found = 1
        for item in inner:
            compound = isinstance(item, list | dict | tuple | Expression)
            found += count(item, level + 1) if compound else 1
        if found > MAX_WEIGHT:
            raise LimitExceeded(f"a value has more than {MAX_WEIGHT} elements")
        seen[id(node)] = found
        return found

    return count(value, 0) if isinstance(value, list | dict | Expression) else 1


def weight(value: Value) -> int | None:
    """How much plain data a value is: one for each value in it, and one for every 16 characters.
    None where it holds an expression.

    Raises LimitExceeded for more than `MAX_WEIGHT`.
    """
    found = 0
    stack = [value]
    while stack:
        node = stack.pop()
        found += 1
        if found > MAX_WEIGHT:
            raise LimitExceeded(f"a value has more than {MAX_WEIGHT} elements")
        if isinstance(node, str):
            found += len(node) // 16
        elif isinstance(node, dict):
            stack.extend(node.values())
        elif isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, Expression):
            return None
    return found


def transform(value: Value, change: Callable[[Value], Value]) -> Value:
    """Rebuild a value bottom up, giving every node (plain ones too) to `change`."""
    if type(value) in _LEAVES:
        return change(value)
    if isinstance(value, dict):
        return change({k: transform(v, change) for k, v in value.items()})
    if isinstance(value, list):
        return change([transform(v, change) for v in value])
    return change(_with_operands(value, lambda v: transform(v, change)))


def rewrite(value: Value, change: Callable[[Value], Value]) -> Value:
    """`transform`, but plain values are left as they are."""
    if type(value) in _LEAVES:
        return value
    if isinstance(value, dict):
        return {k: rewrite(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [rewrite(v, change) for v in value]
    if not isinstance(value, Expression):
        return value
    return change(_with_operands(value, lambda v: rewrite(v, change)))


def _with_operands(node: Any, rebuilt: Callable[[Value], Value]) -> Any:
    """The expression with its operands rebuilt: itself where none of them becomes another."""
    if isinstance(node, ObjectConstructor):
        return ObjectConstructor(tuple((rebuilt(k), rebuilt(v)) for k, v in node.items))
    changed: dict[str, Any] = {}
    for name in _operand_names(type(node)):
        old = getattr(node, name)
        if isinstance(old, tuple):
            new: Any = tuple(map(rebuilt, old))
            if any(map(is_not, new, old)):
                changed[name] = new
        elif (new := rebuilt(old)) is not old:
            changed[name] = new
    return replace(node, **changed) if changed else node


# Compared by class and not by `isinstance`, since these are most of all nodes.
_LEAVES = frozenset({type(None), bool, int, float, str})
_OPERANDS: dict[type, tuple[str, ...]] = {
    ResourceRef: ("instance",),
    GetAttr: ("object",),
    Index: ("collection", "key"),
    Splat: ("collection",),
    Conditional: ("condition", "then", "otherwise"),
    Unary: ("operand",),
    Binary: ("left", "right"),
    Call: ("arguments",),
    Template: ("parts",),
    ForList: ("collection", "result", "condition"),
    ForMap: ("collection", "result_key", "result", "condition"),
}


def _operand_names(node: type) -> tuple[str, ...]:
    return _OPERANDS.get(node, ())
