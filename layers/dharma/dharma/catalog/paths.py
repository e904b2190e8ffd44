"""Paths into nested properties, and how to read and write along them.

A path is a tuple of steps. A step names a key and may select an element of the list behind it:
`rule[0]` the single block, `Attributes[Key=idle]` the element whose `Key` is `idle`
(`true` and `false` are flags); 'odata.type' in quotes is a key with a dot. Reading passes
through what is symbolic on the way: a conditional block gives a conditional value, the member of an
unknown block is unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dharma.catalog.alternatives import one_of
from dharma.core.errors import Misconfigured
from dharma.model.expressions.choices import choices, of_each
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    GetAttr,
    Index,
    ResourceRef,
    Symbol,
    Unary,
    Unknown,
    Value,
)

_STEP = re.compile(r"('[^']+'|[^.\[\]']+)(?:\[(?:(0)|([^\]=]+)=([^\]]*))\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    """One key; `single` selects the only element of a list, `where` the one with that member."""

    key: str
    single: bool = False
    where: tuple[str, str | bool] | None = None

    def __str__(self) -> str:
        key = f"'{self.key}'" if "." in self.key else self.key
        if self.where:
            return f"{key}[{self.where[0]}={str(self.where[1]).lower()}]"
        return f"{key}[0]" if self.single else key


Path = tuple[Step, ...]


def parse_path(text: str) -> Path:
    """`rule[0].apply.sse` as steps. A malformed path is a mistake in a kind file."""
    steps: list[Step] = []
    position = 0
    while position < len(text):
        match = _STEP.match(text, position)
        if match is None:
            raise Misconfigured(f"{text!r} is not a path")
        key, single, member, wanted = match.groups()
        wanted = {"true": True, "false": False}.get(wanted, wanted)
        steps.append(Step(key.strip("'"), single is not None, (member, wanted) if member else None))
        position = match.end()
    if not steps:
        raise Misconfigured("an empty path")
    return tuple(steps)


def print_path(path: Path) -> str:
    return ".".join(str(step) for step in path)


class Block(dict[str, Value]):
    """A mapping that the engine makes along a path, apart from values that are mappings.

    `fixed` are the keys that hold constants: they do not keep a block alive nor unconditional.
    """

    __slots__ = ("fixed",)

    def __init__(self) -> None:
        super().__init__()
        self.fixed: set[str] = set()


def put(block: Block, path: Path, value: Value, *, fixed: bool = False) -> None:
    """Set the value at a path, making blocks and list elements on the way."""
    for step in path[:-1]:
        block = _enter(block, step)
    last = path[-1]
    if last.where:
        raise Misconfigured(f"{print_path(path)} ends in a selection")
    block[last.key] = [value] if last.single else value
    if fixed:
        block.fixed.add(last.key)


def _enter(block: Block, step: Step) -> Block:
    if step.where:
        member, wanted = step.where
        elements = block.setdefault(step.key, [])
        assert isinstance(elements, list)
        for element in elements:
            if isinstance(element, Block) and element.get(member) == wanted:
                return element
        made = Block()
        made[member] = wanted
        made.fixed.add(member)
        elements.append(made)
        return made
    if step.single:
        elements = block.setdefault(step.key, [])
        assert isinstance(elements, list)
        if not elements:
            elements.append(Block())
        first = elements[0]
    else:
        first = block.get(step.key)
        if first is None:
            first = block[step.key] = Block()
    assert isinstance(first, Block)
    return first


def settle(block: Block) -> dict[str, Value]:
    """The finished mapping: a block whose members all depend on one condition becomes itself
    conditional, so that no half block is left when the condition does not hold."""
    return {key: _settled(value) for key, value in block.items()}


def settle_conditional(block: Block) -> tuple[dict[str, Value], Value]:
    """The finished mapping, and the condition that all of it depends on (None: it does not). The
    members are then those under that condition."""
    settled = settle(block)
    single = {
        key
        for key, value in block.items()
        if isinstance(value, list) and len(value) == 1 and isinstance(value[0], Block)
    }

    def unit(key: str) -> Value:
        value = settled[key]
        return value[0] if key in single and isinstance(value, list) else value

    loose = [key for key in settled if key not in block.fixed]
    common = common_condition(unit(key) for key in loose)
    if common is None:
        return settled, None
    condition, holds = common
    for key in loose:
        inner = branch(unit(key), holds)
        settled[key] = [inner] if key in single else inner
    return settled, condition if holds else Unary("!", condition)


def _settled(value: Value) -> Value:
    if isinstance(value, Block):
        return _hoisted({key: _settled(v) for key, v in value.items()}, value.fixed)
    if isinstance(value, list) and any(isinstance(v, Block) for v in value):
        return [_settled(v) for v in value]
    return value


def _hoisted(members: dict[str, Value], fixed: set[str]) -> Value:
    common = common_condition(v for k, v in members.items() if k not in fixed)
    if common is None:
        return members
    condition, holds = common
    inner = {k: v if k in fixed else branch(v, holds) for k, v in members.items()}
    inner_value = _hoisted(inner, fixed)
    return (
        Conditional(condition, inner_value, None)
        if holds
        else Conditional(condition, None, inner_value)
    )


def common_condition(values: Iterator[Value]) -> tuple[Value, bool] | None:
    """The condition that decides whether each of the values is there at all, and which outcome
    makes them be there. None when they do not share one."""
    common: tuple[Value, bool] | None = None
    for value in values:
        if not isinstance(value, Conditional):
            return None
        if value.otherwise is None:
            this = (value.condition, True)
        elif value.then is None:
            this = (value.condition, False)
        else:
            return None
        if common is not None and common != this:
            return None
        common = this
    return common


def branch(value: Value, holds: bool) -> Value:
    assert isinstance(value, Conditional)
    return value.then if holds else value.otherwise


def conditional(condition: Value, then: Value, otherwise: Value) -> Value:
    """A conditional, unless both outcomes are the same (absent, usually)."""
    if then is None and otherwise is None:
        return None
    return Conditional(condition, then, otherwise)


def get(value: Value, path: Path, *, may_lack: bool = False) -> Value:
    """The value at a path; None where there is none. `may_lack`: an object that is an expression
    may be without the member, which is then null."""
    for position, step in enumerate(path):
        if value is None:
            return None
        if not isinstance(value, dict):
            return _through(value, path[position:], may_lack)
        value = value.get(step.key)
        if step.single:
            value = _only(value)
        elif step.where:
            return _chosen(value, step.where, path[position + 1 :])
    return value


def _only(value: Value) -> Value:
    if isinstance(value, list):
        alternatives = one_of(value)
        if alternatives is not None:
            return alternatives
        return value[0] if value else None
    if isinstance(value, Conditional):
        return conditional(value.condition, _only(value.then), _only(value.otherwise))
    return value


def _chosen(value: Value, where: tuple[str, str | bool], rest: Path) -> Value:
    """The member of the list element that `where` selects; elements may be conditional."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            _chosen(value.then, where, rest),
            _chosen(value.otherwise, where, rest),
        )
    if not isinstance(value, list):
        return None
    member, wanted = where
    for element in value:
        if isinstance(element, dict):
            if element.get(member) == wanted:
                return get(element, rest)
        elif isinstance(element, Conditional):
            found = conditional(
                element.condition,
                _chosen([element.then], where, rest),
                _chosen([element.otherwise], where, rest),
            )
            if found is not None:
                return found
    return None


def _through(value: Value, rest: Path, may_lack: bool) -> Value:
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            get(value.then, rest, may_lack=may_lack),
            get(value.otherwise, rest, may_lack=may_lack),
        )
    if isinstance(value, Index) and choices(value) is not None:
        return of_each(value, lambda option: get(option, rest, may_lack=may_lack))
    if isinstance(value, Expression):
        for step in rest:
            if step.single or step.where:
                return Unknown(f"{print_path(rest)} of an expression")
            if isinstance(value, Symbol):
                value = Symbol((*value.path, step.key))
            elif may_lack and not isinstance(value, ResourceRef):
                value = Call("try", (GetAttr(value, step.key), None))
            else:
                value = GetAttr(value, step.key)
        return value
    return None
