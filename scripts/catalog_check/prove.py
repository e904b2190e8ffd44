"""Prove a kind's mapping tables against the formats' own schemas.

A path that is misspelled in both directions still survives every round trip; only a schema that
somebody else wrote can find it. For each rule: the path exists with that nesting, the type fits,
literals are allowed there. For each format's resource: what it requires is always written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from dharma.catalog import load_catalog
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.formats import Format
from dharma.catalog.kinds import (
    Atoms,
    Attachment,
    Bag,
    FormatMapping,
    Kind,
    Rule,
    Table,
)
from dharma.catalog.paths import Step, parse_path, print_path
from dharma.catalog.transforms import (
    OneOf,
)
from scripts.catalog_check.attributes import prove_attributes
from scripts.catalog_check.exchanges import Found, alike_the_other_way_round, said_twice
from scripts.catalog_check.fitting import Contradiction, fit, literal_fits
from scripts.catalog_check.following import enter, follow
from scripts.catalog_check.foreign import (
    ForeignType,
    Shape,
    UnknownForeignType,
    arm_type,
    cloudformation_type,
    deployment_manager_type,
    terraform_type,
)
from scripts.catalog_check.mapped import leaves, mapped_paths, members_of
from scripts.catalog_check.names import near, same_name
from scripts.catalog_check.written import (
    always_written,
    bag_heads,
    constants,
    heads,
    is_on_the_way,
    literals,
    one_step_in,
    places,
    written_with_siblings,
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in a kind file that the foreign schema contradicts."""

    kind: str
    format: Format
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.kind} ({self.format}) {self.path}: {self.message}"


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
# Properties that say in another way what a format wants in an object of its own.
_OTHER_PLACES = frozenset({"filename"})


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
        written = {*heads(self.mapping.table), *bag_heads(self.mapping.bags)}
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
                follow(shape, parse_path(key), writing=piece.only != "read")
            if isinstance(piece, Atoms) and piece.element is not None:
                follow(shape, piece.element.said, writing=True)
        except Contradiction as contradiction:
            yield where + "owner", str(contradiction)
        yield from self._table(piece.table, shape, where)
        if isinstance(piece, Atoms):
            yield from self._exploded(piece, shape, where)
        if piece.only != "read":
            written = {*heads(piece.table), piece.owner[0].key, *piece.when, *piece.repeats}
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
            written = {*heads(atoms.table), *(name for name, _ in atoms.explode)}
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
        for rule in places(table):
            try:
                native = follow(shape, rule.native, writing=rule.only != "read")
                fit(rule, native, self.mapping)
            except Contradiction as contradiction:
                yield f"{where}{print_path(rule.native)}", str(contradiction)
                continue
            if rule.each is not None and native.item is not None:
                inner = f"{where}{print_path(rule.native)}[]."
                yield from self._table(rule.each, native.item, inner)
                if rule.only != "read":
                    yield from self._required(rule.each, native.item, inner, heads(rule.each))
        read = [pair for rule in table.rules if rule.only == "read" for pair in literals(rule)]
        for path, literal in (*constants(table), *read):
            try:
                native = follow(shape, path, writing=(path, literal) not in read)
                literal_fits(literal, native)
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
            elif is_on_the_way(table, name):
                continue  # what it must hold is looked at inside it
            elif not optional_piece and not always_written(table, name):
                yield f"{where}{name}", "the format requires it, the kind does not: say `required`"
        for group in shape.one_of:
            if not group & names:
                yield where.rstrip("."), f"the format requires one of {', '.join(sorted(group))}"
        yield from self._required_inside(table, shape, where)

    def _required_inside(self, table: Table, shape: Shape, where: str) -> Found:
        """The same for the nested objects that single steps lead into: a member that the format
        requires there must not be left out while another member makes the object appear."""
        inside: dict[Step, list[Rule]] = {}
        for rule in places(table):
            if len(rule.native) > 1 and rule.only != "read":
                inside.setdefault(rule.native[0], []).append(rule)
        for step, rules in inside.items():
            below = enter(shape.fields.get(step.key), step)
            if below is None or step.where:
                continue
            inner = Table(
                tuple(one_step_in(rule) for rule in rules),
                constants=tuple((p[1:], v) for p, v in constants(table) if p[0] == step),
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
            if is_on_the_way(inner, name):
                continue
            if not rules:
                yield f"{where}{name}", "the format requires it and nothing maps to it"
            elif len(inner.rules) > len(rules) and not any(
                written_with_siblings(rule, inner) for rule in rules
            ):
                yield f"{where}{name}", "the format requires it, the kind does not: say `required`"
        yield from self._required_inside(inner, shape, where)

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
        said = set(members_of(whole, bag, form))
        for path in leaves({whole: bag.declared}):
            if path not in said and not _excused(path, excused):
                yield path, f"not mapped in the form {form.type or 'inline'}"


def _excused(path: str, excused: set[str]) -> bool:
    plain = path.replace("[]", "")
    return any(plain == e or plain.startswith(f"{e}.") for e in excused)
