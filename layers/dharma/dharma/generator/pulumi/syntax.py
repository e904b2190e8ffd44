"""The syntax tree of a program, as far as TypeScript and Python have it in common.

What is spelled differently but means the same is one node (`Choice` is `c ? a : b` and
`a if c else b`); what only one of the languages has is a `Pattern`: constant code of this package
with holes for other nodes. Text from a blueprint is only ever a `Literal`, a key or a part of a
`Text`, and these are quoted by the printers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, Union

Node: TypeAlias = Union[
    "Name", "Literal", "Member", "Item", "Invoke", "Operator", "Negation", "Choice", "Mapping",
    "Sequence", "Spread", "Text", "Lambda", "Each", "EachPair", "Pattern", "Leaf",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, or a path of identifiers of the SDK (`aws.s3.Bucket`)."""

    text: str


@dataclass(frozen=True, slots=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Member:
    """`object.name`; `mode` is `!` (it is there) or `?` (it may not be there)."""

    object: Node
    name: str
    mode: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """`object[key]`"""

    object: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Invoke:
    """A call; `named` arguments are an object in TypeScript, keywords in Python."""

    callee: Node
    arguments: tuple[Node, ...] = ()
    named: tuple[tuple[str, Node], ...] = ()
    new: bool = False
    options: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class Operator:
    """Operators as Terraform spells them."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Negation:
    """`!x` or `-x`"""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Choice:
    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Mapping:
    """An object. A key is text or, computed, a node."""

    items: tuple[tuple[str | Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Spread:
    node: Node


@dataclass(frozen=True, slots=True)
class Text:
    """A template; `lifted` where a part is an output."""

    parts: tuple[str | Node, ...]
    lifted: bool = False


@dataclass(frozen=True, slots=True)
class Lambda:
    """A function of one expression. `listed`: its one argument is a list of these names.
    `captured`: variables of a loop around it, which Python has to be told to keep."""

    parameters: tuple[str, ...]
    body: Node
    listed: bool = False
    captured: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """`[result for value in collection if condition]`; with `key` over the pairs of a mapping, or
    over positions and elements where `indexed`."""

    key: str | None
    value: str
    collection: Node
    result: Node
    condition: Node | None = None
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class EachPair:
    """The same as `Each` with a mapping as its result."""

    key: str | None
    value: str
    collection: Node
    result_key: Node
    result: Node
    condition: Node | None = None
    indexed: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """`{0}.toLowerCase()`: constant code, its holes filled with nodes."""

    code: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An output inside a computation on plain values: it is taken out, and the computation becomes
    the function that is applied to it. `hint` is what its value may be called."""

    node: Node
    hint: str
