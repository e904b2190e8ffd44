"""References between the model's vocabulary and a format's.

In the model a reference names a resource and the kind's attribute; in a document it names a part
and the native attribute. An attribute that a format must compute (an ARN out of its pieces) becomes
a template and is recognised as one. A property that the format has as an attribute, of the part or
of one that is attached to it, is referred to there, an object member by member; one that it spells
otherwise is replaced by its value (`borrowed`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dharma.catalog.borrowed import of_instance, spread, value_at
from dharma.catalog.document import Part
from dharma.catalog.formats import Format
from dharma.catalog.kinds import FormatMapping, Table
from dharma.catalog.paths import Path
from dharma.catalog.transforms import SAME
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import (
    Conditional,
    ResourceRef,
    Splat,
    Template,
    Unknown,
    Value,
    rewrite,
)
from dharma.model.expressions.templates import join_parts

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]*$")
_DEEPEST = 20
_ARM_PATHS = ("properties", "identity")  # Where ARM's own begin, that a template came with.
_CFN_ATTRIBUTE = re.compile(r"[A-Z][A-Za-z0-9]*$")  # The model's own are in lower case.


# ---- model to format


@dataclass(frozen=True, slots=True)
class Target:
    """What a reference of the model may point to: the address of its main part, how its attributes
    are called (None: as in the source), and properties whose values may stand for attributes, with
    the loop that they may speak of. `attached` are the one attached part of each type."""

    part: str
    mapping: FormatMapping | None
    properties: Mapping[str, Value] = field(default_factory=dict)
    for_each: Value = None
    attached: Mapping[str, str] = field(default_factory=dict)


class ToNative:
    """Rewrites references of the model for one document."""

    def __init__(self, format: Format, targets: Mapping[str, Target]) -> None:
        self._format = format
        self._targets = targets
        self._by_part: dict[str, Target] | None = None

    def translate(self, value: Value, where: str, depth: int = 0) -> Value:
        """The value with native references; `where` names the place in errors."""

        def change(node: Value) -> Value:
            if isinstance(node, ResourceRef):
                return self._reference(node, where, depth)
            if isinstance(node, Template):
                return join_parts(node.parts)
            if isinstance(node, Splat) and isinstance(node.collection, ResourceRef):
                return self._splat(node)
            # A reference that became a value decides what hung on it.
            if isinstance(node, Conditional) and isinstance(node.condition, bool):
                return node.then if node.condition else node.otherwise
            return node

        return rewrite(value, change)

    def setting(self, ref: ResourceRef) -> Value:
        """The setting that a reference names, where the format has no attribute for it."""
        target = self._targets.get(ref.address)
        if target is None or target.mapping is None or not ref.path:
            return None
        if _native_attribute(target.mapping, ref.path) is not None:
            return None
        if self._format == "terraform" and _attached_attribute(target.mapping, ref.path):
            return None
        return of_instance(value_at(target.properties, ref.path), ref, target.for_each)

    def _reference(self, ref: ResourceRef, where: str, depth: int) -> Value:
        target = self._targets.get(ref.address)
        if target is None:
            if self._format == "terraform":
                return ref
            raise NotExpressible(f"{where}: {ref.address} is not in the document")
        if target.mapping is None:
            return ResourceRef(target.part, ref.path, ref.instance)
        native = _native_attribute(target.mapping, ref.path)
        if isinstance(native, Template):
            return rewrite(
                native,
                lambda node: (
                    ResourceRef(target.part, node.path, ref.instance)
                    if isinstance(node, ResourceRef)
                    else node
                ),
            )
        if native is not None:
            return ResourceRef(target.part, native, ref.instance)
        if self._format == "terraform":
            elsewhere = _attached_attribute(target.mapping, ref.path)
            if elsewhere is not None and elsewhere[0] in target.attached:
                return ResourceRef(target.attached[elsewhere[0]], elsewhere[1], ref.instance)
        said = ".".join(str(step) for step in ref.path) or "the whole resource"
        value = value_at(target.properties, ref.path) if ref.path else None
        if said in target.mapping.through and ref.instance is None:
            name, attribute = target.mapping.through[said]
            value = referred(value_at(target.properties, (name,)), attribute)
            if value is None:
                raise NotExpressible(
                    f"{where}: {ref.address}: {said} is known only through {name}, "
                    "which must refer to a resource"
                )
        if value is not None and depth < _DEEPEST:
            try:
                members = spread(ref, self.setting)
                value = of_instance(value, ref, target.for_each) if members == ref else members
            except NotExpressible as error:
                raise NotExpressible(f"{where}: {error.message}") from None
            return self.translate(value, where, depth + 1)
        if self._format == "terraform" and _plausible(ref.path):
            return ResourceRef(target.part, ref.path, ref.instance)
        if ref.path and _is_own(ref.path[0], self._format):
            return ResourceRef(target.part, ref.path, ref.instance)
        reason = target.mapping.impossible_attributes.get(said)
        raise NotExpressible(
            f"{where}: {ref.address}: {said} cannot be referred to{f': {reason}' if reason else ''}"
        )

    def _splat(self, splat: Splat) -> Value:
        """`aws_subnet.app[*].id`; its collection was translated already, so it names the part."""
        assert isinstance(splat.collection, ResourceRef)
        if self._by_part is None:
            self._by_part = {target.part: target for target in self._targets.values()}
        target = self._by_part.get(splat.collection.address)
        if target is not None and target.mapping is not None:
            native = _native_attribute(target.mapping, splat.path)
            if isinstance(native, tuple):
                return replace(splat, path=native)
        return splat


def referred(value: Value, attribute: str) -> Value:
    """An attribute of the resource that a value refers to, under the conditions under which it
    does; None when it refers to none."""
    if isinstance(value, ResourceRef):
        return ResourceRef(value.address, _steps(attribute), value.instance)
    if isinstance(value, Conditional):
        sides = [referred(side, attribute) for side in (value.then, value.otherwise)]
        said = [side for side in (value.then, value.otherwise) if side is not None]
        if said and len(said) == sum(side is not None for side in sides):
            return Conditional(value.condition, sides[0], sides[1])
    return None


def _native_attribute(
    mapping: FormatMapping, path: tuple[str | int, ...]
) -> Template | tuple[str | int, ...] | None:
    if not path:
        return () if mapping.format == "terraform" else None
    for length in range(len(path), 0, -1):
        name = ".".join(str(step) for step in path[:length])
        if name in mapping.attributes:
            return (*_steps(mapping.attributes[name]), *path[length:])
        if name in mapping.templates and length == len(path):
            return Template(mapping.templates[name])
    return _same_property(mapping.table, path) if mapping.format == "terraform" else None


def _attached_attribute(
    mapping: FormatMapping, path: tuple[str | int, ...]
) -> tuple[str, tuple[str | int, ...]] | None:
    """The type of attached part that holds a property as it is, and where."""
    for attachment in mapping.attachments:
        if attachment.only != "read":
            native = _same_property(attachment.table, path)
            if native is not None:
                return attachment.type, native
    return None


def attached(parts: Sequence[Part]) -> dict[str, str]:
    """Of a resource's parts, the main one first, the address of the attached one of each type; of
    several nobody knows which is meant."""
    found: dict[str, list[str]] = {}
    for part in parts[1:]:
        found.setdefault(part.type, []).append(part.address)
    return {type: addresses[0] for type, addresses in found.items() if not addresses[1:]}


def _same_property(table: Table, path: tuple[str | int, ...]) -> tuple[str | int, ...] | None:
    """Where a table writes a property as it is."""
    for rule in table.rules:
        if (
            rule.model == path
            and rule.transform is SAME
            and rule.each is None
            and rule.only != "read"
        ):
            return _attribute_path(rule.native)
    return None


def _steps(attribute: str) -> tuple[str | int, ...]:
    return tuple(int(step) if step.isdigit() else step for step in attribute.split("."))


def _attribute_path(path: Path) -> tuple[str | int, ...] | None:
    steps: list[str | int] = []
    for step in path:
        if step.where:
            return None
        steps.append(step.key)
        if step.single:
            steps.append(0)
    return tuple(steps)


def _plausible(path: tuple[str | int, ...]) -> bool:
    """Terraform has attributes that the catalog does not list; they look like this."""
    return all(isinstance(step, int) or _IDENTIFIER.match(step) for step in path)


def _is_own(step: str | int, format: Format) -> bool:
    """Whether a path is one of the format's own, which a template came with and which the catalog
    does not know."""
    if format == "arm":
        return step in _ARM_PATHS or str(step).endswith("()")  # `listKeys()`
    return format == "cloudformation" and _CFN_ATTRIBUTE.match(str(step)) is not None


# ---- format to model


@dataclass(frozen=True, slots=True)
class Source:
    """What a native reference may point to: a part as a resource of the model, or, folded, as a
    piece of one (`attribute` is then the owner's attribute that it stands for, `table` how its
    arguments are settings of the owner)."""

    address: str
    mapping: FormatMapping | None
    attribute: str | None = None
    table: Table | None = None


Report = Callable[[str, str], None]


class ToModel:
    """Rewrites native references of one document for the model."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = sources
        self._by_address: dict[str, FormatMapping] | None = None
        self._instances: dict[str, list[str]] = {}
        for part in sources:
            if part.endswith("]"):
                self._instances.setdefault(part[: part.rindex("[")], []).append(part)

    def translate(self, value: Value, report: Report) -> Value:
        """The value with the model's references; unknown attributes are reported and kept."""

        def change(node: Value) -> Value:
            if isinstance(node, ResourceRef):
                return self._reference(node, report)
            if isinstance(node, Template):
                return self._recognised(join_parts(node.parts))
            if isinstance(node, Splat) and isinstance(node.collection, ResourceRef):
                return self._splat(node, report)
            return node

        return rewrite(value, change)

    def source(self, ref: ResourceRef) -> tuple[Source, Value] | None:
        """The part that a reference names, and the instance key that is left of it."""
        if isinstance(ref.instance, int | str):
            key = f'"{ref.instance}"' if isinstance(ref.instance, str) else ref.instance
            found = self._sources.get(f"{ref.address}[{key}]")
            if found is not None:
                return found, None
        found = self._sources.get(ref.address)
        return None if found is None else (found, ref.instance)

    def _reference(self, ref: ResourceRef, report: Report) -> Value:
        found = self.source(ref)
        if found is None:
            return ref
        source, instance = found
        if source.attribute is not None:
            return self._of_piece(ref, source, source.attribute, instance, report)
        if source.mapping is None or not ref.path:
            return ResourceRef(source.address, ref.path, instance)
        path = _model_path(source.mapping, ref.path)
        if path is None:
            report("", f"{_said(ref)} is an attribute that the catalog does not know")
            path = ref.path
        return ResourceRef(source.address, path, instance)

    def _of_piece(
        self, ref: ResourceRef, source: Source, attribute: str, instance: Value, report: Report
    ) -> Value:
        for rule in source.table.rules if source.table is not None else ():
            if rule.each is None and _attribute_path(rule.native) == ref.path:
                if rule.transform is SAME:
                    return ResourceRef(source.address, rule.model, instance)
                said = f"{_said(ref)} spells {'.'.join(rule.model)} of {source.address} otherwise"
                report("", said)
                return Unknown(said)
        return ResourceRef(source.address, (attribute,), instance)

    def _splat(self, splat: Splat, report: Report) -> Value:
        """A splat over instances that are parts of their own becomes the list of them."""
        assert isinstance(splat.collection, ResourceRef)
        address = splat.collection.address
        instances = self._instances.get(address)
        if instances and address not in self._sources:
            return [
                self._reference(ResourceRef(part, splat.path), report)
                for part in sorted(instances, key=_by_key)
            ]
        mapping = self._mappings().get(address)
        path = _model_path(mapping, splat.path) if mapping is not None and splat.path else None
        return splat if path is None else replace(splat, path=path)

    def _recognised(self, template: Value) -> Value:
        """Computed attributes found in a template and replaced by references to them."""
        if not isinstance(template, Template):
            return template
        position = 0
        while position < len(template.parts):
            part = template.parts[position]
            if isinstance(part, ResourceRef):
                found = self._computed(template.parts, position, part)
                if found is not None:
                    template, position = found
            position += 1
        return join_parts(template.parts)

    def _computed(
        self, parts: tuple[Value, ...], position: int, ref: ResourceRef
    ) -> tuple[Template, int] | None:
        mapping = self._mappings().get(ref.address)
        if mapping is None or not mapping.templates:
            return None
        for attribute, pattern in mapping.templates.items():
            wanted = tuple(
                ResourceRef(ref.address, self._model(mapping, p.path), ref.instance)
                if isinstance(p, ResourceRef)
                else p
                for p in pattern
            )
            start = position - next(i for i, p in enumerate(wanted) if isinstance(p, ResourceRef))
            matched = _match(parts, start, wanted)
            if matched is not None:
                before, after = matched
                made = (*before, ResourceRef(ref.address, (attribute,), ref.instance), *after)
                return Template(made), len(before)
        return None

    def _mappings(self) -> dict[str, FormatMapping]:
        """The mappings by the model's addresses, made when first needed."""
        if self._by_address is None:
            self._by_address = {
                source.address: source.mapping
                for source in self._sources.values()
                if source.mapping is not None and source.attribute is None
            }
        return self._by_address

    def _model(self, mapping: FormatMapping, path: tuple[str | int, ...]) -> tuple[str | int, ...]:
        return _model_path(mapping, path) or path


def _match(
    parts: tuple[Value, ...], start: int, wanted: tuple[Value, ...]
) -> tuple[tuple[Value, ...], tuple[Value, ...]] | None:
    """Where the wanted parts stand from `start` on: what remains before and after them. The first
    and last text may be parts of longer ones."""
    if start < 0 or start + len(wanted) > len(parts):
        return None
    before: tuple[Value, ...] = parts[:start]
    after: tuple[Value, ...] = parts[start + len(wanted) :]
    for offset, want in enumerate(wanted):
        have = parts[start + offset]
        if have == want:
            continue
        if not isinstance(have, str) or not isinstance(want, str):
            return None
        if offset == 0 and have.endswith(want):
            before = (*before, have[: len(have) - len(want)])
        elif offset == len(wanted) - 1 and have.startswith(want):
            after = (have[len(want) :], *after)
        else:
            return None
    return before, after


def _model_path(
    mapping: FormatMapping, path: tuple[str | int, ...]
) -> tuple[str | int, ...] | None:
    for length in range(len(path), 0, -1):
        name = ".".join(str(step) for step in path[:length])
        if name in mapping.model_attributes:
            return (*_steps(mapping.model_attributes[name]), *path[length:])
    if mapping.format == "terraform":
        for rule in mapping.table.rules:
            if (
                rule.transform is SAME
                and rule.each is None
                and _attribute_path(rule.native) == path
            ):
                return rule.model
        return path if _plausible(path) else None
    return None


def _said(ref: ResourceRef) -> str:
    return ".".join([ref.address, *(str(step) for step in ref.path)])


def _by_key(part: str) -> tuple[int, str]:
    key = part[part.rindex("[") + 1 : -1]
    return (int(key), "") if key.isdigit() else (0, key)
