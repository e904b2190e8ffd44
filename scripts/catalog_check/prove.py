"""Prove a kind's mapping tables against the formats' own schemas.

A path that is misspelled in both directions still survives every round trip; only a schema that
somebody else wrote can find it. For each rule: the path exists with that nesting, the type fits,
literals are allowed there. For each format's resource: what it requires is always written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from dharma.catalog import load_catalog
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.formats import Format
from dharma.catalog.kinds import (
    Atoms,
    Attachment,
    Bag,
    FormatMapping,
    Kind,
    Property,
    Rule,
    Table,
)
from dharma.catalog.paths import Path, Step, print_path
from dharma.catalog.transforms import (
    Alone,
    Around,
    Base64,
    Divided,
    Document,
    Enum,
    Join,
    JsonText,
    Keys,
    Not,
    Objects,
    OneOf,
    Scale,
    Split,
    TagList,
    Text,
)
from dharma.model.expressions.nodes import Value
from scripts.catalog_check.attributes import prove_attributes
from scripts.catalog_check.exchanges import Found, alike_the_other_way_round, said_twice
from scripts.catalog_check.foreign import (
    ForeignType,
    Shape,
    UnknownForeignType,
    arm_type,
    cloudformation_type,
    deployment_manager_type,
    documented_keys,
    terraform_type,
)
from scripts.catalog_check.names import near, same_name


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a kind file that the foreign schema contradicts."""

    kind: str
    format: Format
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.format}) {self.path}: {self.message}"


class Contradiction(Exception):
    """The message of a finding, raised where it is noticed."""


def prove(kind: Kind) -> list[Finding]:
    """All contradictions of a kind, in every format that it maps."""
    silent = [f for f in kind.formats if f not in kind.mappings and not kind.without.get(f)]
    return [
        *(Finding(kind.name, f, "without", "neither mapped nor said why not") for f in silent),
        *(
            Finding(kind.name, format, path, message)
            for format, mapping in kind.mappings.items()
            for path, message in _Proof(kind, mapping).findings()
        ),
    ]


def native_types(mapping: FormatMapping) -> Iterator[str]:
    """Every resource type that a format's section names."""
    yield from (mapping.type, *mapping.also)
    yield from (attachment.type for attachment in mapping.attachments)
    yield from (atoms.type for _, bag in mapping.all_bags for atoms in bag.separate)


_SCHEMAS: dict[Format, Callable[[str], ForeignType]] = {
    "terraform": terraform_type,
    "cloudformation": cloudformation_type,
    "deployment_manager": deployment_manager_type,
    "arm": arm_type,
}


def foreign_type(format: Format, name: str) -> ForeignType:
    """What the schemas of a format say of a type. Raises `UnknownForeignType`."""
    return _SCHEMAS[format](name)


# Arguments that the AWS provider adds to its resources, and that its plans always hold.
IN_EVERY_PLAN = frozenset({"tags_all", "region"})
SECRET = re.compile("password|secret|token", re.IGNORECASE)


class _Proof:
    def __init__(self, kind: Kind, mapping: FormatMapping) -> None:
        self.kind = kind
        self.mapping = mapping
        self.format = mapping.format

    def findings(self) -> Found:
        for name in (self.mapping.type, *self.mapping.also):
            try:
                native = foreign_type(self.format, name)
            except UnknownForeignType as unknown:
                yield name, str(unknown)
                continue
            yield from self._main(native)
        for attachment in self.mapping.attachments:
            yield from self._piece(attachment)
        for _, bag in self.mapping.all_bags:
            for atoms in bag.separate:
                yield from self._piece(atoms)
        yield from self._unmapped()
        yield from said_twice(self.mapping)
        yield from self._versions()

    def _versions(self) -> Found:
        """ARM: every type is written in the version of the API that its schema describes."""
        if self.format != "arm":
            return
        catalog = load_catalog()
        for name in dict.fromkeys(native_types(self.mapping)):
            try:
                known = foreign_type(self.format, name).api_version
            except UnknownForeignType:
                continue
            said = catalog.api_version(name)
            if said != known:
                yield name, f"api_version is {said}, its schema is of {known}"

    def _main(self, native: ForeignType) -> Found:
        arguments = native.arguments
        yield from self._table(self.mapping.table, arguments, "")
        written = {*_heads(self.mapping.table), *_bag_heads(self.mapping.bags)}
        yield from self._required(self.mapping.table, arguments, "", written)
        for bag in self.mapping.bags:
            if bag.inline is not None:
                yield from self._inline(bag, bag.inline, arguments)
        yield from prove_attributes(self.kind, self.mapping, native)
        for path in self.mapping.ignore:
            try:
                follow(arguments, path, writing=False)
            except Contradiction as contradiction:
                yield f"ignore.{print_path(path)}", str(contradiction)
        yield from self._replacing(native)
        yield from self._secret(native)
        yield from self._computed_anyway(native)

    def _replacing(self, native: ForeignType) -> Found:
        for rule in self.mapping.table.all_rules():
            if rule.native[0].key in native.replaced_by and len(rule.native) == 1:
                top = self.kind.properties[rule.model[0]]
                if not (top.immutable or rule.declared.immutable):
                    yield ".".join(rule.model), "a change replaces the resource: say `immutable`"

    def _secret(self, native: ForeignType) -> Found:
        """What the format never shows again and calls a secret is hidden here too."""
        for rule in self.mapping.table.all_rules():
            key = rule.native[-1].key
            secret = len(rule.native) == 1 and key in native.write_only and SECRET.search(key)
            if secret and not rule.declared.sensitive:
                yield ".".join(rule.model), f"{key} is write-only: say `sensitive`"

    def _computed_anyway(self, native: ForeignType) -> Found:
        """What Terraform's plan says of every resource is no residue."""
        for name in sorted(IN_EVERY_PLAN & set(native.arguments.fields)):
            if self.format == "terraform" and name not in self.mapping.known.keys:
                yield name, "is in every plan: map it, or name it under `ignore`"

    def _piece(self, piece: Attachment | Atoms) -> Found:
        try:
            native = foreign_type(self.format, piece.type)
        except UnknownForeignType as unknown:
            yield piece.type, str(unknown)
            return
        where = f"{piece.type}."
        shape = native.arguments
        try:
            follow(shape, piece.owner, writing=True)
            for key in (*piece.when, *piece.repeats):
                follow(shape, (Step(key),), writing=True)
            if isinstance(piece, Atoms) and piece.element is not None:
                follow(shape, piece.element.said, writing=True)
        except Contradiction as contradiction:
            yield where + "owner", str(contradiction)
        yield from self._table(piece.table, shape, where)
        if isinstance(piece, Atoms):
            yield from self._exploded(piece, shape, where)
        if piece.only != "read":
            written = {*_heads(piece.table), piece.owner[0].key, *piece.when, *piece.repeats}
            if isinstance(piece, Atoms) and piece.element is not None:
                written.add(piece.element.said[0].key)
            yield from self._required(piece.table, shape, where, written, optional_piece=True)

    def _inline(self, bag: Bag, atoms: Atoms, arguments: Shape) -> Found:
        assert atoms.path is not None
        try:
            native = follow(arguments, atoms.path, writing=atoms.only != "read")
        except Contradiction as contradiction:
            yield bag.declared.name, str(contradiction)
            return
        where = f"{print_path(atoms.path)}."
        if native.kind not in ("list", "set") or native.item is None:
            yield bag.declared.name, f"{print_path(atoms.path)} is a {native.kind}, no list"
        elif native.item.kind != "object":
            member = bag.declared.type[4:-1]
            if native.item.kind not in (member, "any"):
                yield bag.declared.name, f"elements are {native.item.kind}, not {member}"
        else:
            yield from self._table(atoms.table, native.item, where)
            yield from self._exploded(atoms, native.item, where)
            written = {*_heads(atoms.table), *(name for name, _ in atoms.explode)}
            yield from self._required(atoms.table, native.item, where, written)

    def _exploded(self, atoms: Atoms, shape: Shape, where: str) -> Found:
        flags = [(atoms.self_reference[0], "bool")] if atoms.self_reference else []
        for name, wanted in [*((name, "list") for name, _ in atoms.explode), *flags]:
            found = shape.fields.get(name)
            if found is None:
                yield where + name, f"does not exist{near(name, shape.fields)}"
            elif found.kind != wanted and not (wanted == "list" and found.kind == "set"):
                yield where + name, f"is a {found.kind}, not a {wanted}"

    def _table(self, table: Table, shape: Shape, where: str) -> Found:
        yield from self._exchanged(table, shape, where)
        yield from alike_the_other_way_round(table, where)
        for rule in _places(table):
            try:
                native = follow(shape, rule.native, writing=rule.only != "read")
                self._fits(rule, native)
            except Contradiction as contradiction:
                yield f"{where}{print_path(rule.native)}", str(contradiction)
                continue
            if rule.each is not None and native.item is not None:
                inner = f"{where}{print_path(rule.native)}[]."
                yield from self._table(rule.each, native.item, inner)
                if rule.only != "read":
                    yield from self._required(rule.each, native.item, inner, _heads(rule.each))
        for path, literal in _constants(table):
            try:
                native = follow(shape, path, writing=True)
                _literal_fits(literal, native)
            except Contradiction as contradiction:
                yield f"{where}{print_path(path)}", str(contradiction)

    def _exchanged(self, table: Table, shape: Shape, where: str) -> Found:
        """A property that is mapped to another name while its own stands beside it, mapped to by
        nothing of that name: two paths that were exchanged survive every round trip."""
        claimed = {
            (rule.native[:-1], rule.native[-1].key)
            for rule in table.all_rules()
            if same_name(rule.model[-1], rule.native[-1].key)
        }
        for rule in table.all_rules():
            if isinstance(rule.transform, OneOf):
                continue  # It shares a text with others, whose name is none of theirs.
            try:
                beside = follow(shape, rule.native[:-1], writing=False).fields
            except Contradiction:
                continue  # the path itself is looked at elsewhere
            for key, field in beside.items():
                own = same_name(rule.model[-1], key) and not (field.read_only or field.older)
                if own and key != rule.native[-1].key and (rule.native[:-1], key) not in claimed:
                    name = rule.model[-1]
                    message = f"{name} is mapped here, although there is a {key}"
                    yield f"{where}{print_path(rule.native)}", message

    def _required(
        self,
        table: Table,
        shape: Shape,
        where: str,
        written: Iterable[str],
        optional_piece: bool = False,
    ) -> Found:
        """What the format requires is written; and not only when an optional property is there."""
        completed = {n for bridge in self.mapping.bridges for n in BRIDGES[bridge].completes}
        if self.mapping.location_of_parent:
            completed.add("location")
        names = set(written)
        for name in sorted(shape.required - completed if not where else shape.required):
            if name not in names:
                yield f"{where}{name}", "the format requires it and nothing maps to it"
            elif _is_on_the_way(table, name):
                continue  # what it must hold is looked at inside it
            elif not optional_piece and not _always_written(table, name):
                yield f"{where}{name}", "the format requires it, the kind does not: say `required`"
        for group in shape.one_of:
            if not group & names:
                yield where.rstrip("."), f"the format requires one of {', '.join(sorted(group))}"
        yield from self._required_inside(table, shape, where)

    def _required_inside(self, table: Table, shape: Shape, where: str) -> Found:
        """The same for the nested objects that single steps lead into: a member that the format
        requires there must not be left out while another member makes the object appear."""
        inside: dict[Step, list[Rule]] = {}
        for rule in _places(table):
            if len(rule.native) > 1 and rule.only != "read":
                inside.setdefault(rule.native[0], []).append(rule)
        for step, rules in inside.items():
            below = _enter(shape.fields.get(step.key), step)
            if below is None or step.where:
                continue
            inner = Table(
                tuple(_below(rule) for rule in rules),
                constants=tuple((p[1:], v) for p, v in _constants(table) if p[0] == step),
                fills=table.fills,
            )
            yield from self._required_for_all(inner, below, f"{where}{step}.")

    def _required_for_all(self, inner: Table, shape: Shape, where: str) -> Found:
        # Where all that is mapped is required (two capacities), half of it is the author's mistake;
        # and where the model has another place for it that the format refuses (a file instead of a
        # bucket), so is the rest of it by itself.
        if {rule.native[0].key for rule in inner.rules} <= shape.required:
            return
        if shape.required and any(path in _OTHER_PLACES for path in self.mapping.impossible):
            return
        for name in sorted(shape.required):
            rules = [rule for rule in inner.rules if rule.native[0].key == name]
            if any(path[0].key == name for path, _ in inner.constants):
                continue
            if _is_on_the_way(inner, name):
                continue
            if not rules:
                yield f"{where}{name}", "the format requires it and nothing maps to it"
            elif len(inner.rules) > len(rules) and not any(
                _written_with_siblings(rule, inner) for rule in rules
            ):
                yield f"{where}{name}", "the format requires it, the kind does not: say `required`"
        yield from self._required_inside(inner, shape, where)

    def _fits(self, rule: Rule, native: Shape) -> None:
        declared, transform = rule.declared, rule.transform
        wanted = declared.type
        if rule.partner is not None:
            _type_fits("string", native, self.format)
            return
        if isinstance(transform, Enum):
            for _, literal in transform.pairs:
                _literal_fits(literal, native)
            said, known = {k for k, _ in transform.pairs}, set(declared.enum)
            if known and (not said <= known if rule.only == "read" else said != known):
                raise Contradiction("the table of literals is not the property's `enum`")
            return
        if isinstance(transform, TagList):
            _tag_list_fits(transform, native)
            return
        if isinstance(transform, Objects):
            _objects_fit(transform, wanted, native)
            return
        if isinstance(transform, Keys):
            if native.kind != "map":
                raise Contradiction(f"is a {native.kind}, no map")
            return
        if isinstance(transform, Alone):
            wanted = wanted.partition("(")[2][:-1]
        elif isinstance(transform, Split):
            wanted = "list(string)"
        elif isinstance(transform, Text | Join | Base64 | Around):
            wanted = "string"
        elif isinstance(transform, JsonText):
            if native.kind not in ("string", "any") and not native.json:
                raise Contradiction(f"is a {native.kind}, no JSON text")
            return
        elif isinstance(transform, Divided | Not | Scale):
            pass
        elif isinstance(transform, Document):
            inner = native.item.kind if native.item is not None else ""
            if not native.json and native.kind not in ("any", "map") and inner not in _STRUCTURED:
                raise Contradiction(f"is a {native.kind}, no document")
            return
        _type_fits(wanted, native, self.format)
        _enum_fits(rule, native, self.format, self.mapping.impossible_literals)

    def _unmapped(self) -> Found:
        said = set(mapped_paths(self.mapping))
        bridged = {p for b in self.mapping.bridges for p in BRIDGES[b].properties}
        excused = {*self.mapping.impossible, *self.mapping.no_counterpart, *bridged}
        for path in leaves(self.kind.properties):
            if path not in said and not _excused(path, excused):
                yield path, "neither mapped nor said to be impossible"
        for whole, bag in self.mapping.all_bags:
            for form in (bag.inline_form, bag.separate_form):
                if form is not None:
                    yield from self._unmapped_members(whole, bag, form, excused)

    def _unmapped_members(self, whole: str, bag: Bag, form: Atoms, excused: set[str]) -> Found:
        said = set(_members(whole, bag, form))
        for path in leaves({whole: bag.declared}):
            if path not in said and not _excused(path, excused):
                yield path, f"not mapped in the form {form.type or 'inline'}"


def follow(shape: Shape, path: Path, *, writing: bool) -> Shape:
    """The shape at a path; a Contradiction where the schema has no such path."""
    here = shape
    for position, step in enumerate(path):
        if here.kind == "any":
            return here
        if here.kind == "map" and here.item is not None:
            here = here.item
            continue
        if here.kind in ("list", "set"):
            raise Contradiction(
                f"{print_path(path[:position])} is a {here.kind}: select an element"
            )
        if step.key not in here.fields:
            raise Contradiction(f"{step.key} does not exist{near(step.key, here.fields)}")
        found = here.fields[step.key]
        if writing and found.read_only:
            raise Contradiction(f"{step.key} can only be read")
        if writing and found.older:
            raise Contradiction(f"{step.key} is of earlier releases: say `only: read`")
        if step.where:
            _selectable(found, step)
        entered = _enter(found, step)
        if entered is None:
            raise Contradiction(f"{step.key} is a {found.kind}, it has no element to select")
        here = entered
    return here


def _enter(found: Shape | None, step: Step) -> Shape | None:
    if found is None or found.kind == "any" or not (step.single or step.where):
        return found
    return found.item if found.kind in ("list", "set") else None


def _selectable(found: Shape, step: Step) -> None:
    assert step.where is not None
    member, wanted = step.where
    if found.item is None or member not in found.item.fields:
        raise Contradiction(f"the elements of {step.key} have no {member}")
    _literal_fits(wanted, found.item.fields[member])
    known = documented_keys(step.key)
    if known and wanted not in known:
        raise Contradiction(f"no {step.key} is called {wanted}{near(str(wanted), known)}")


_SCALARS = {"string", "number", "bool"}
_STRUCTURED = {"any", "object"}


def _type_fits(wanted: str, native: Shape, format: Format) -> None:
    if native.kind == "any":
        return
    outer, _, inner = wanted.partition("(")
    if not inner:
        if wanted != native.kind:
            raise Contradiction(f"is a {native.kind}, the property a {wanted}")
        return
    if outer == "map":
        if native.kind != "map":
            raise Contradiction(f"is a {native.kind}, the property a map")
        return
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, the property a {outer}")
    if format == "terraform" and native.kind == "set" and outer == "list":
        raise Contradiction("is a set, the property a list: its order would not survive")
    if native.single and inner == "object)":
        raise Contradiction("is a single block, the property a list of objects")
    if native.item.kind not in (inner[:-1], "any"):
        raise Contradiction(f"has elements of {native.item.kind}, the property of {inner[:-1]}")


def _enum_fits(
    rule: Rule, native: Shape, format: Format, impossible: Mapping[str, Mapping[Value, str]]
) -> None:
    if not native.enum or native.kind not in _SCALARS:
        return
    refused = impossible.get(".".join(rule.model), {})
    never_written = rule.declared.default if rule.absent is None and not rule.always else None
    allowed = {str(v) for v in native.enum}
    for literal in rule.declared.enum:
        if str(literal) not in allowed and literal not in (never_written, *refused):
            raise Contradiction(f"does not allow {literal!r}{near(str(literal), allowed)}")
    # Google's documents list placeholders that nobody sets, and literals ahead of any Terraform.
    complete = format == "cloudformation" and not rule.declared.partial
    if rule.declared.enum and complete:
        own = {str(v) for v in (*rule.declared.enum, *rule.declared.aliases)}
        missing = [v for v in native.enum if str(v) not in own]
        if missing:
            raise Contradiction(
                f"allows {missing} too, the property's `enum` does not: say `partial`"
            )


def _literal_fits(literal: Value, native: Shape) -> None:
    kinds: dict[type, str] = {str: "string", bool: "bool", int: "number", float: "number"}
    kind = kinds.get(type(literal))
    if kind is None or native.kind == "any":
        return
    if native.kind != kind:
        raise Contradiction(f"is a {native.kind}, {literal!r} is not")
    if native.enum and literal not in native.enum:
        allowed = [str(v) for v in native.enum]
        raise Contradiction(f"does not allow {literal!r}{near(str(literal), allowed)}")


def _tag_list_fits(transform: TagList, native: Shape) -> None:
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, no list of tags")
    members = native.item.fields
    constants = dict(transform.constants)
    for name in (transform.key, transform.value, *constants):
        if name not in members:
            raise Contradiction(f"its elements have no {name}{near(name, members)}")
    for name, literal in constants.items():
        _literal_fits(literal, members[name])
    missing = native.item.required - {transform.key, transform.value, *constants}
    if missing:
        raise Contradiction(f"its elements require {', '.join(sorted(missing))}")


def _objects_fit(transform: Objects, wanted: str, native: Shape) -> None:
    if native.kind not in ("list", "set") or native.item is None:
        raise Contradiction(f"is a {native.kind}, no list of objects")
    first, *inner = transform.member.split(".")
    fixed = dict(transform.constants)
    if transform.numbered is not None:
        fixed[transform.numbered[0]] = "1"
    members = native.item.fields
    if transform.first is not None:
        outer, flag = transform.first
        if outer not in members or flag not in members[outer].fields:
            raise Contradiction(f"its elements have no {outer}.{flag}")
    for name in (first, *fixed, *transform.ignore):
        if name not in members:
            raise Contradiction(f"its elements have no {name}{near(name, members)}")
    for name, literal in fixed.items():
        _literal_fits(literal, members[name])
    missing = native.item.required - {first, *fixed}
    if missing:
        raise Contradiction(f"its elements require {', '.join(sorted(missing))}")
    held = members[first]
    for name in inner:
        if name not in held.fields:
            raise Contradiction(f"its elements have no {transform.member}")
        held = held.fields[name]
    element = wanted.partition("(")[2][:-1]
    if held.kind not in (element, "any"):
        raise Contradiction(f"its elements hold a {held.kind}, no {element}")


# Properties that say in another way what a format wants in an object of its own.
_OTHER_PLACES = frozenset({"filename"})


def _heads(table: Table) -> set[str]:
    """The first keys of all that a table may write."""
    rules = {rule.native[0].key for rule in _places(table) if rule.only != "read"}
    return rules | {path[0].key for path, _ in _constants(table)}


def _bag_heads(bags: Iterable[Bag]) -> Iterator[str]:
    for bag in bags:
        if bag.inline is not None and bag.inline.path is not None:
            yield bag.inline.path[0].key


def _constants(table: Table) -> Iterator[tuple[Path, Value]]:
    yield from table.constants
    yield from ((path, f"{before}1{after}") for path, before, after in table.numbered)
    for rule in table.rules:
        yield from ((path, literal) for path, literals in rule.beside for literal in literals)
        yield from ((path, literal) for path, _ in rule.beside for literal in rule.unless)
        yield from rule.when
    for _, variant in table.variants:
        yield from _constants(variant)


def _is_on_the_way(table: Table, name: str) -> bool:
    """Whether rules only lead through that name to what is inside it."""
    lengths = [len(r.native) for r in table.all_rules() if r.native[0].key == name]
    return bool(lengths) and min(lengths) > 1


def _always_written(table: Table, name: str) -> bool:
    sure = [path for path, _ in table.constants] + [path for path, _, _ in table.numbered]
    sure += [path for rule in table.rules for path, _ in rule.when]
    if any(path[0].key == name for path in sure):
        return True
    return any(_is_sure(rule, table) for rule in table.all_rules() if rule.native[0].key == name)


def _is_sure(rule: Rule, table: Table) -> bool:
    """Whether a rule writes something for every valid resource."""
    if rule.only == "read":
        return False
    if (
        rule.always
        or bool(rule.when)  # One of those that share the place is given.
        or rule.none is not None
        or (rule.absent is not None and rule.declared.default is not None)
    ):
        return True
    if any(".".join(rule.model) in fill.values and not fill.when for fill in table.fills):
        return True
    return rule.declared.required


def _written_with_siblings(rule: Rule, table: Table) -> bool:
    """Whether a rule writes something as soon as its model object is there."""
    return _is_sure(rule, table) or any(
        rule.model[-1] in fill.values or ".".join(rule.model) in fill.values for fill in table.fills
    )


def _below(rule: Rule) -> Rule:
    return replace(rule, native=rule.native[1:], beside=(), also=(), when=())


def _places(table: Table) -> Iterator[Rule]:
    """The rules, and those that write the same value in a further place."""
    for rule in table.all_rules():
        yield rule
        yield from (replace(rule, native=path, also=()) for path in rule.also)


def leaves(properties: Mapping[str, Property], prefix: str = "") -> Iterator[str]:
    """Every model path that can hold a value: `access_logs.bucket`, `ingress[].protocol`."""
    for name, declared in properties.items():
        path = f"{prefix}{name}"
        if declared.properties:
            below = f"{path}[]." if declared.holds_objects else f"{path}."
            yield from leaves(declared.properties, below)
        else:
            yield path


def mapped_paths(mapping: FormatMapping) -> Iterator[str]:
    """The model paths (as of `leaves`) that a format's section maps, by whatever means."""
    yield from _mapped(mapping.table, "")
    for attachment in mapping.attachments:
        yield from _mapped(attachment.table, "")
    for whole, bag in mapping.all_bags:
        for atoms in (*bag.separate, *([bag.inline] if bag.inline else [])):
            yield from _members(whole, bag, atoms)


def _members(whole: str, bag: Bag, atoms: Atoms) -> Iterator[str]:
    if not bag.declared.properties:
        yield whole
        return
    yield from _mapped(atoms.table, f"{whole}[].")
    yield from (f"{whole}[].{member}" for _, member in atoms.explode)
    if atoms.self_reference:
        yield f"{whole}[].{atoms.self_reference[1]}"


def _mapped(table: Table, prefix: str) -> Iterator[str]:
    for rule in table.all_rules():
        path = prefix + ".".join(rule.model)
        if rule.partner is not None:
            yield prefix + ".".join(rule.partner)
        if rule.each is not None:
            yield from _mapped(rule.each, f"{path}[].")
        elif rule.declared.properties:
            below = f"{path}[]." if rule.declared.holds_objects else f"{path}."
            yield from leaves(rule.declared.properties, below)
        else:
            yield path


def _excused(path: str, excused: set[str]) -> bool:
    plain = path.replace("[]", "")
    return any(plain == e or plain.startswith(f"{e}.") for e in excused)
