"""A document of one format, as the mapping engine sees it: neither text nor model.

Terraform's plan JSON, HCL and CloudFormation are parsed to this and printed from this. Arguments
are `Value`s in the format's own shape: Terraform blocks are lists of dicts, CloudFormation
properties are as in the template but with intrinsics turned into expression nodes. A `ResourceRef`
here names a *part* of the document (Terraform address or logical id) and the format's own attribute
(`("Arn",)`, `("Ref",)`, `("arn",)`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from dharma.catalog.formats import Format
from dharma.model.blueprint import Lifecycle
from dharma.model.expressions.nodes import Value
from dharma.model.origin import Origin


@dataclass(slots=True)
class Part:
    """One resource of a document. `owner` is the address of the model resource that it was unfolded
    from (itself for a main part). `order_only` are parts that the author refers to and of which
    only a value was written, since the format does not know the attribute: the order that the
    reference gave must not be lost. `marks` are line and column of its arguments, by name, as far
    as they are known."""

    address: str
    type: str
    arguments: dict[str, Value]
    count: Value = None
    for_each: Value = None
    condition: Value = None
    depends_on: tuple[str, ...] = ()
    order_only: tuple[str, ...] = field(default=(), compare=False)
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    native: dict[str, Value] = field(default_factory=dict)
    owner: str | None = None
    origin: Origin = field(default_factory=Origin, compare=False)
    marks: dict[str, tuple[int, int]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def awaited(self) -> tuple[str, ...]:
        """The parts that have to be there first, whether or not a reference says it too."""
        return tuple(dict.fromkeys((*self.depends_on, *self.order_only)))


@dataclass(slots=True)
class Document:
    """`keeps_unread`: arguments that the catalog does not know stay with their resource, as native
    ones of the format, because somebody wrote them. `doubts`: a resource to which a part belongs
    that cannot be folded into it has an unknown value in its place, because it is judged: it must
    not look as if the part were not there."""

    format: Format
    parts: list[Part]
    keeps_unread: bool = False
    doubts: bool = False


NoteKind = Literal["not_understood", "passed_through", "no_counterpart", "approximated"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that was not carried over one to one. Nothing is dropped without one.

    `kind`: `not_understood` (a path the catalog does not map), `passed_through` (kept as it is: an
    unknown type, a value for one format alone), `no_counterpart` (the format cannot say it),
    `approximated`.
    """

    kind: NoteKind
    address: str
    path: str
    message: str
    origin: Origin = field(default_factory=Origin, compare=False)
