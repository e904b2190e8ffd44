"""Resources of a program: one by one, in loops, under conditions.

Resources are named after the noun of their class (`assetsBucket`, `assets_bucket`); their Pulumi
names are Terraform's, so that URNs do not depend on the code. Loops stay loops, and neighbours of
one owner share theirs; a condition is an `if`, and who refers to what may not be there says so
(`logs?.arn`).
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from itertools import groupby

from dharma.catalog.document import Note, Part
from dharma.catalog.naming import snake
from dharma.core.errors import NotExpressible
from dharma.generator.pulumi.identifiers import Identifiers
from dharma.generator.pulumi.names import ANY, Field, Kind, Shape, resource_names
from dharma.generator.pulumi.options import Options, logical_name
from dharma.generator.pulumi.outputs import Target
from dharma.generator.pulumi.statements import Repeat, Statements
from dharma.generator.pulumi.syntax import Invoke, Name, Node
from dharma.generator.pulumi.translator import Translator
from dharma.model.blueprint import Blueprint
from dharma.model.expressions.nodes import Value

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*\Z")


def target_of(part: Part, names: Identifiers) -> Target:
    """What a resource is in Pulumi, and the variable that will hold it. NotExpressible for a type
    that Pulumi does not have."""
    known = resource_names(part.type)
    if known is None:
        raise NotExpressible(
            f"{part.owner or part.address}: {part.type} has no class in Pulumi's packages for "
            "AWS, Azure and Google Cloud"
        )
    name = part.address.split(".", 1)[-1]
    if not _NAME.match(name):
        raise NotExpressible(f"{part.address}: {name!r} is no name")
    words, noun = name.replace("-", "_").strip("_").lower(), snake(known.path.split(".")[-1])
    if words != noun and not words.endswith(f"_{noun}"):
        words = f"{words}_{noun}"
    if words[:1].isdigit():
        words = f"r_{words}"
    return Target(part, known, names.take(words, "Resource"))


class Resources:
    """`targets` are all resources by address, `wanted` the addresses that something refers to or
    waits for; `notes` is what the statements do not say."""

    def __init__(
        self,
        bp: Blueprint,
        statements: Statements,
        translator: Translator,
        options: Options,
        *,
        targets: Mapping[str, Target],
        wanted: Container[str],
    ) -> None:
        self._native = {r.address: r.native.get("pulumi", {}) for r in bp.resources}
        self._statements = statements
        self._translator = translator
        self._options = options
        self._targets = targets
        self._wanted = wanted
        self.notes: list[Note] = []

    def lines(self, parts: Sequence[Part]) -> Iterator[str]:
        """The statements that make them, in this order. Raises `NotExpressible` naming the path."""
        for loop, neighbours in groupby(parts, key=_Together):
            group = list(neighbours)
            if loop.is_none:
                yield from (self._single(part) for part in group)
            else:
                yield self._group(group)

    def _single(self, part: Part) -> str:
        self._translator.at(part, None)
        return self._statements.assigned(self._targets[part.address].variable, self._made(part))

    def _group(self, parts: list[Part]) -> str:
        first = parts[0]
        self._translator.at(first, first.condition)
        lines = [self._declared(p) for p in parts if p.address in self._wanted]
        lines.append(self._opening(first))
        for part in parts:
            self._translator.at(part, part.condition)
            lines.append(self._inside(part))
        return "\n".join([*lines, *self._statements.closing])

    def _declared(self, part: Part) -> str:
        target = self._targets[part.address]
        cls = f"{target.names.package}.{target.names.path}"
        return self._statements.declared(target.variable, cls, _repeat(part))

    def _opening(self, part: Part) -> str:
        owner = part.owner or part.address
        known = self._translator.known
        if part.condition is not None:
            return self._statements.condition(
                known(part.condition, f"{owner}.condition", "a condition")
            )
        if part.count is not None:
            return self._statements.counted(known(part.count, f"{owner}.count", "a count"))
        items = known(part.for_each, f"{owner}.for_each", "the set of a loop")
        if self._translator.is_mapping(part.for_each):
            return self._statements.over_mapping(items)
        return self._statements.over_set(items)

    def _inside(self, part: Part) -> str:
        made = self._made(part)
        if part.address not in self._wanted:
            return self._statements.alone(made)
        return self._statements.kept(self._targets[part.address].variable, made, _repeat(part))

    def _made(self, part: Part) -> Node:
        target = self._targets[part.address]
        name = logical_name(part.address.split(".", 1)[-1], part)
        options = self._options.of(part)
        owner = part.owner or part.address
        if part.native:
            self.notes.append(
                Note("no_counterpart", owner, "native.terraform",
                     "it is Terraform's own: native.pulumi is what is written here", part.origin)
            )  # fmt: skip
        named = []
        for key, value in part.arguments.items():
            if value is None or key in ("timeouts", "provider"):
                continue
            path = f"{owner}.{key}"
            known = self._translator.field(target.names.shape.get(key), path)
            spelled = self._translator.outputs.name_of(known)
            named.append((spelled, self._translator.given(value, known.kind, path)))
        named += self._raw(part, target, {n for n, _ in named})
        cls = self._statements.class_path(f"{target.names.package}.{target.names.path}")
        return Invoke(Name(cls), (name,), tuple(named), new=True, options=options)

    def _raw(self, part: Part, target: Target, already: set[str]) -> Iterator[tuple[str, Node]]:
        """What `native.pulumi` adds."""
        if part.owner not in (None, part.address):
            return
        for key, value in self._native.get(part.address, {}).items():
            path = f"{part.address}.native.pulumi.{key}"
            if key == "provider":
                continue
            found = _by_camel(target.names.shape, key)
            if found is None:
                raise NotExpressible(f"{path}: {target.names.path} has no such property")
            name = self._translator.outputs.name_of(found)
            if name in already:
                raise NotExpressible(f"{path}: the resource's properties say it already")
            renamed = _renamed(value, found.kind, path)
            yield name, self._translator.given(renamed, found.kind, path)


def _repeat(part: Part) -> Repeat:
    if part.condition is not None:
        return "condition"
    return "count" if part.count is not None else "for_each"


class _Together:
    """Neighbours with the same owner, loop and condition are written into one."""

    __slots__ = ("condition", "count", "for_each", "owner")

    def __init__(self, part: Part) -> None:
        self.owner = part.owner or part.address
        self.condition, self.count, self.for_each = part.condition, part.count, part.for_each

    @property
    def is_none(self) -> bool:
        return self.condition is None and self.count is None and self.for_each is None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Together):
            return NotImplemented
        if self.is_none or other.is_none:
            return self.is_none and other.is_none
        mine = (self.condition, self.count, self.for_each)
        theirs = (other.condition, other.count, other.for_each)
        # A condition alone may be shared by resources of several owners.
        return mine == theirs and (self.owner == other.owner or self.condition is not None)

    __hash__ = None  # type: ignore[assignment]


def _by_camel(shape: Shape, name: str) -> Field | None:
    return next((f for f in shape.fields.values() if f.camel == name), None)


def _renamed(value: Value, kind: Kind, path: str) -> Value:
    """Raw properties under Pulumi's names as the arguments that they stand for."""
    if isinstance(value, list):
        return [_renamed(v, kind.element or ANY, f"{path}[{n}]") for n, v in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if kind.name != "object" or kind.shape is None:
        return {k: _renamed(v, kind.element or ANY, f"{path}.{k}") for k, v in value.items()}
    arguments = {f.camel: (argument, f) for argument, f in kind.shape.fields.items()}
    found = {}
    for key, member in value.items():
        if key not in arguments:
            raise NotExpressible(f"{path}.{key}: there is no such property")
        argument, known = arguments[key]
        found[argument] = _renamed(member, known.kind, f"{path}.{key}")
    return found
