"""Gathered resources of an ARM template as parts of a document."""

from __future__ import annotations

from collections.abc import Iterable

from dharma.blueprint.readers.arm.dependencies import Dependencies, waiting
from dharma.blueprint.readers.arm.entry import Entry
from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.loops import keyed
from dharma.blueprint.readers.arm.noted import noted_loop, noted_order
from dharma.blueprint.readers.arm.older_shapes import in_todays_shape
from dharma.blueprint.readers.arm.own_parts import with_own_parts
from dharma.blueprint.readers.arm.parents import Parents
from dharma.blueprint.readers.arm.scopes import scope_of
from dharma.blueprint.readers.arm.spelling import spelled
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Part
from dharma.model.arm_language import ArmCall
from dharma.model.expressions.nodes import (
    Binary,
    Conditional,
    ResourceRef,
    Value,
    references,
    rewrite,
)
from dharma.model.origin import Origin

# What is said about a resource, not of it.
_ENVELOPE = frozenset(
    {
        "apiversion",
        "asserts",
        "comments",
        "condition",
        "copy",
        "dependson",
        "existing",
        "metadata",
        "name",
        "resources",
        "scope",
        "type",
    }
)


def parts_of(gathered: Gathered) -> list[Part]:
    """Every resource as a part, in the order of the template."""
    Dependencies(gathered).read()
    reading = _Parts(gathered)
    return waiting(gathered, [reading.part(entry) for entry in gathered.entries])


class _Parts:
    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered
        self._parents = Parents(gathered)

    def part(self, entry: Entry) -> Part:
        gathered = self._gathered
        names = self._parents.names(entry)
        gathered.reading = entry
        arguments = with_own_parts(entry, self._arguments(entry, names))
        gathered.reading = None
        native: dict[str, Value] = {}
        if not gathered.is_of_known_type(entry) and "apiversion" in entry.body:
            native["apiVersion"] = entry.body["apiversion"][1].value  # type: ignore[assignment]
        condition = _condition(entry)
        waits = self._waits(entry, references([arguments, condition, entry.count]))
        count, for_each = entry.count, noted_loop(entry)
        if for_each is not None:
            count = None
            each = keyed(gathered, for_each)
            arguments = {key: rewrite(value, each) for key, value in arguments.items()}
        elif count is not None and condition not in (None, True):
            count, condition = Conditional(condition, count, 0), None
        return Part(
            address=entry.address,
            type=entry.type,
            arguments=arguments,
            count=count,
            for_each=for_each,
            condition=None if condition is True else condition,
            depends_on=waits,
            native=native,
            origin=Origin(entry.expressions.file, entry.node.line, entry.node.column, entry.where),
        )

    def _waits(self, entry: Entry, said: Iterable[ResourceRef]) -> tuple[str, ...]:
        """What it waits for beyond the references that its values say."""
        known = {ref.address for ref in said}
        # Whoever needs a child needs its parent anyway.
        known |= {
            child.parent.address
            for address in (*known, *noted_order(entry))
            if (child := self._gathered.by_address.get(address)) is not None
            and child.parent is not None
        }
        waits = [a for a, _ in entry.depends_on if a not in known and a != entry.address]
        return tuple(dict.fromkeys(waits))

    def _arguments(self, entry: Entry, names: dict[str, Value]) -> dict[str, Value]:
        found = dict(names)
        found["resourceGroup"] = entry.target.group
        found["scope"] = scope_of(self._gathered, entry)
        for lower, (key, node) in entry.body.items():
            if lower in _ENVELOPE:
                continue
            name = str(key.value) if isinstance(key.value, str) else lower
            found[name] = self._with_names(entry, node, name)
        said: dict[str, Value] = {k: value for k, value in found.items() if value is not None}
        return in_todays_shape(entry.type, said)

    def _with_names(self, entry: Entry, node: Node, path: str) -> Value:
        """A value, in which names of awaited resources that stand as a variable or parameter of
        their own are references to these."""
        content = node.value
        if isinstance(content, dict) and "copy" not in content:
            inner = {
                key: self._with_names(entry, child, f"{path}.{key}")
                for key, (_, child) in content.items()
            }
            if all(not key.startswith("[") for key in inner):
                return inner
        if isinstance(content, list):
            return [
                self._with_names(entry, child, f"{path}[{n}]") for n, child in enumerate(content)
            ]
        named = self._named(entry, node)
        if named is not None:
            return named
        return entry.expressions.at(entry.where, path, node).value(node)

    def _named(self, entry: Entry, node: Node) -> ResourceRef | None:
        text = spelled(node)
        if not isinstance(text, ArmCall):
            return None
        for address, instance in entry.depends_on:
            target = self._gathered.by_address.get(address)
            if target is None or target.expressions is not entry.expressions:
                continue  # Another template may mean something else by the same name.
            if target.own == text and target.count is None:
                return ResourceRef(address, ("name",), instance)
        return None


def _condition(entry: Entry) -> Value:
    """Its own condition and those of the deployments around it."""
    condition = entry.read("condition")
    for around in reversed(entry.target.conditions):
        plain = condition in (None, True, around)
        condition = around if plain else Binary("&&", around, condition)
    return condition
