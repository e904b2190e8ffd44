"""Kinds and their mapping tables, as `docs/catalog-format.md` describes them.

The dataclasses here are what a kind file says, parsed: paths as steps, transforms looked up, types
split. Nothing here knows a format beyond its name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dharma.catalog.formats import FORMATS_OF, Format
from dharma.catalog.known import KnownPaths
from dharma.catalog.paths import Path, get
from dharma.catalog.transforms import SAME, OneOf, Transform
from dharma.model.expressions.nodes import Conditional, Value

Only = Literal["read", "write"]
ANYTHING = "*"
"""Stands in a condition on native values for whatever is there."""

PROPERTY_TYPES = frozenset(
    {
        "string",
        "number",
        "bool",
        "list(string)",
        "set(string)",
        "list(number)",
        "map(string)",
        "map(number)",
        "map(bool)",
        "object",
        "list(object)",
        "set(object)",
        "document",
    }
)


@dataclass(frozen=True, slots=True)
class Property:
    """One property of a kind, or one member of such a property (`properties`).

    `partial` is why `enum` leaves out what some format allows.
    `default` is what absence means. `reference` is the kind that the value usually refers to.
    `aliases` are other spellings of literals; `meaningless` pairs a condition on an element of a
    set with the members that mean nothing under it.
    """

    name: str
    type: str
    required: bool = False
    default: Value = None
    enum: tuple[Any, ...] = ()
    immutable: bool = False
    sensitive: bool = False
    stateful: bool = False
    reference: str | None = None
    properties: dict[str, Property] = field(default_factory=dict)
    description: str | None = None
    partial: str | None = None
    aliases: dict[str, Value] = field(default_factory=dict)
    meaningless: tuple[tuple[dict[str, Value], tuple[str, ...]], ...] = ()

    @property
    def is_set(self) -> bool:
        return self.type.startswith("set(")

    @property
    def holds_objects(self) -> bool:
        return self.type in ("list(object)", "set(object)")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a table: a model path, a native path, and how the value changes between them.

    `declared` is the property or member that the model path ends at. With `always` its default is
    written out, since the format wants a value or decides by itself without one. With a `partner`
    the native text holds that property as well, behind the separator. `beside` are literals that
    the format wants next to a value that is not the default (the first of each is written, all are
    read); one of `unless` there means that the value is not in force;
    `also` are further places where the same value is written. `when` are literals that tell whose
    value it is where several properties share a native path; they are written with the value.
    """

    model: tuple[str, ...]
    native: Path
    declared: Property
    transform: Transform = SAME
    each: Table | None = None
    absent: Value = None
    none: Value = None
    only: Only | None = None
    always: bool = False
    partner: tuple[str, ...] | None = None
    partner_declared: Property | None = None
    separator: str = ""
    beside: tuple[tuple[Path, tuple[Value, ...]], ...] = ()
    unless: tuple[Value, ...] = ()
    also: tuple[Path, ...] = ()
    when: tuple[tuple[Path, Value], ...] = ()

    @property
    def shares(self) -> bool:
        """Whether it has its native path together with other properties, one of which is said."""
        return bool(self.when) or isinstance(self.transform, OneOf)


@dataclass(frozen=True, slots=True)
class Fill:
    """`values` are written where the element has no such member and `when` holds."""

    when: dict[str, tuple[Value, ...]]
    values: dict[str, Value]


@dataclass(frozen=True, slots=True)
class Table:
    """Rules that hold together for one object of the model and one object of the format.

    `known` are the native paths it reads, `members` the model paths it writes (a tree). `numbered`
    are names that the format wants of the elements of a list and the model does not have: a text
    before the number and one behind it.
    """

    rules: tuple[Rule, ...] = ()
    constants: tuple[tuple[Path, Value], ...] = ()
    fills: tuple[Fill, ...] = ()
    variants: tuple[tuple[dict[str, tuple[Value, ...]], Table], ...] = ()
    numbered: tuple[tuple[Path, str, str], ...] = ()
    known: KnownPaths = field(default_factory=KnownPaths, compare=False, repr=False)
    members: dict[str, object] = field(default_factory=dict, compare=False, repr=False)

    def all_rules(self) -> Iterator[Rule]:
        """The rules, those of variants included."""
        yield from self.rules
        for _, table in self.variants:
            yield from table.all_rules()


@dataclass(frozen=True, slots=True)
class Attachment:
    """A native resource that is folded into its owner. `repeats` are arguments in which it says
    again what its owner's main part says."""

    type: str
    owner: Path
    owner_attribute: str
    table: Table
    when: dict[str, Value]
    only: Only | None
    awaited: bool
    repeats: tuple[str, ...] = ()
    known: KnownPaths = field(default_factory=KnownPaths, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Atoms:
    """One way in which the elements of a bag are written: inside the owner (`path`), or each as a
    resource (`type`, `owner`, and `element` where it is of an element of its owner). Exploded
    lists and `self` stand for several atoms at once."""

    table: Table
    path: Path | None = None
    type: str = ""
    owner: Path = ()
    owner_attribute: str = "id"
    when: dict[str, Value] = field(default_factory=dict)
    explode: tuple[tuple[str, str], ...] = ()
    self_reference: tuple[str, str] | None = None
    label: tuple[str, ...] = ()
    only: Only | None = None
    repeats: tuple[str, ...] = ()
    element: ElementName | None = None
    known: KnownPaths = field(default_factory=KnownPaths, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class ElementName:
    """How a resource says which element of its owner it belongs to. `said` is its own path, where
    it has the value of one of the element's members. `holder` and `member` are the list and that
    member in the model, `elements` and `native` their paths in the format."""

    said: Path
    holder: str
    member: Property
    elements: Path
    native: Path


@dataclass(frozen=True, slots=True)
class Bag:
    """A set-valued property and the places where its atoms may stand. `peers` are the members of
    which an atom has one: those that some format explodes a list into."""

    declared: Property
    inline: Atoms | None
    separate: tuple[Atoms, ...]
    place: Literal["inline", "separate"]
    mixed: bool
    absent: tuple[Value, ...]
    empty: tuple[Value, ...]
    peers: tuple[str, ...] = ()

    @property
    def separate_form(self) -> Atoms | None:
        """The separate resource that is written."""
        return next((a for a in self.separate if a.only != "read"), None)

    @property
    def by_rule(self) -> bool:
        """Whether a rule of the main part's table says it, and its own forms are only read."""
        return self.inline_form is None and self.separate_form is None

    @property
    def inline_form(self) -> Atoms | None:
        return self.inline if self.inline is not None and self.inline.only != "read" else None


Alternative = tuple[tuple[Path, tuple[Value, ...]], ...]
"""Native paths with the values that may stand there; all of them have to hold."""


@dataclass(frozen=True, slots=True)
class FormatMapping:
    """A kind's section for one format.

    `templates` are attributes that the format must compute: literal text, `Ambient` nodes and one
    `ResourceRef` with an empty address. `through` are attributes that the format knows only of the
    resource that a property refers to: the property and that resource's attribute.
    `impossible_attributes` are those that it cannot say, with the reason. `model_attributes` maps
    native attributes back.
    `impossible_literals` are values of a property's `enum` that it does not know, with the reason.
    `element_bags` are, by list of objects, those that each of its elements has as a member.
    `main_properties` are the properties that the main part holds when nothing is written apart.
    `when` tells it from other kinds of the same native type: any of these, each of them paths that
    all have one of the values (or any value); by `not_when` it is none that the catalog describes.
    `location_of_parent`: the format wants a location
    that the model leaves to the parent.
    """

    format: Format
    type: str
    also: tuple[str, ...]
    noun: str
    attributes: dict[str, str]
    templates: dict[str, tuple[Value, ...]]
    through: dict[str, tuple[str, str]]
    impossible_attributes: dict[str, str]
    table: Table
    attachments: tuple[Attachment, ...]
    bags: tuple[Bag, ...]
    impossible: dict[str, str]
    impossible_literals: dict[str, dict[Value, str]]
    no_counterpart: dict[str, str]
    ignore: tuple[Path, ...]
    bridges: tuple[str, ...]
    model_attributes: dict[str, str]
    known: KnownPaths = field(default_factory=KnownPaths, compare=False, repr=False)
    members: dict[str, object] = field(default_factory=dict, compare=False, repr=False)
    main_properties: frozenset[str] = frozenset()
    when: tuple[Alternative, ...] = ()
    not_when: tuple[Alternative, ...] = ()
    location_of_parent: bool = False
    element_bags: Mapping[str, tuple[Bag, ...]] = field(default_factory=dict)

    @property
    def all_bags(self) -> Iterator[tuple[str, Bag]]:
        """Every bag with its path: `ingress`, and of elements `ip_configuration[].pool_ids`."""
        yield from ((bag.declared.name, bag) for bag in self.bags)
        for holder, bags in self.element_bags.items():
            yield from ((f"{holder}[].{bag.declared.name}", bag) for bag in bags)

    def recognises(self, arguments: Mapping[str, Value]) -> bool:
        """Whether a resource of this native type with these arguments is of this kind."""
        return _matches(self.when, arguments)

    def excludes(self, arguments: Mapping[str, Value]) -> bool:
        """Whether these arguments say that a resource is of none of this type's kinds."""
        return _matches(self.not_when, arguments)


def _matches(alternatives: tuple[Alternative, ...], arguments: Mapping[str, Value]) -> bool:
    return any(
        all(_stands(get(dict(arguments), path), wanted) for path, wanted in alternative)
        for alternative in alternatives
    )


def _stands(value: Value, wanted: tuple[Value, ...]) -> bool:
    if isinstance(value, Conditional):
        return _stands(value.then, wanted) or _stands(value.otherwise, wanted)
    return value in wanted if wanted else value is not None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of resource. `attributes` maps what others may refer to to its type. `identity` is the
    property by whose value an attachment may name its owner, where one is enough. `without` says
    why the kind lacks one of its provider's formats."""

    name: str
    title: str
    provider: str
    category: str
    stateful: bool
    source: str
    properties: dict[str, Property]
    attributes: dict[str, str]
    mappings: dict[Format, FormatMapping]
    identity: str | None = None
    without: dict[Format, str] = field(default_factory=dict)

    def property_at(self, path: tuple[str, ...]) -> Property | None:
        """The property or member at a path of declared names."""
        here, found = self.properties, None
        for key in path:
            found = here.get(key)
            if found is None:
                return None
            here = found.properties
        return found

    def mapping(self, format: Format) -> FormatMapping | None:
        return self.mappings.get(format)

    @property
    def formats(self) -> tuple[Format, ...]:
        """The formats that the kind's provider has, mapped or not."""
        return FORMATS_OF[self.provider]

    @property
    def terraform(self) -> FormatMapping | None:
        return self.mappings.get("terraform")

    @property
    def cloudformation(self) -> FormatMapping | None:
        return self.mappings.get("cloudformation")
