"""What a Terraform file says, before anything of it is evaluated: bodies of arguments and blocks.

Both syntaxes come to this, HCL (`syntax`) and JSON (`json_syntax`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from dharma.core.errors import Fault, InvalidTemplate, LimitExceeded
from dharma.model.expressions.nodes import Value


@dataclass(frozen=True, slots=True)
class Place:
    """File, line and column (both from 1)."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Argument:
    """`name = value`. `raw` is the text of the value where Terraform's grammar there is not that of
    expressions (types, provider references); `value` is then None."""

    name: str
    value: Value
    place: Place
    raw: str | None = None


@dataclass(slots=True)
class Body:
    """Arguments by name, blocks in their order."""

    arguments: dict[str, Argument] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)

    def of_type(self, name: str) -> Iterator[Block]:
        return (block for block in self.blocks if block.type == name)

    def value(self, name: str) -> Value:
        found = self.arguments.get(name)
        return None if found is None else found.value


@dataclass(slots=True)
class Block:
    """`type "label" "label" { body }`"""

    type: str
    labels: tuple[str, ...]
    body: Body
    place: Place


def invalid(message: str, place: Place, hint: str | None = None) -> InvalidTemplate:
    fault = Fault(message, file=place.file, line=place.line, column=place.column, hint=hint)
    return InvalidTemplate(str(fault), [fault])


def too_much(message: str, place: Place) -> LimitExceeded:
    fault = Fault(message, file=place.file, line=place.line, column=place.column)
    return LimitExceeded(str(fault), [fault])
