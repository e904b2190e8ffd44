"""What the resources of an ARM template wait for (`dependsOn`).

Where one deployment waits for another, so do its resources, unless a reference says so anyway.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dharma.blueprint.readers.arm.entry import Entry
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.gathered import Gathered
from dharma.blueprint.readers.arm.nested import Nested
from dharma.blueprint.readers.arm.noted import noted_order
from dharma.blueprint.readers.arm.segments import segments_of
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Part
from dharma.model.expressions.nodes import COUNT_INDEX, ResourceRef, Value, references

# Azure changes one of these at a time: their siblings wait for each other, and mean nothing by it.
SERIAL = frozenset({"Microsoft.Network/virtualNetworks/subnets"})
_LAST_STEP = re.compile(r"(\[\d+\]|\.[^.]*)\Z")


class Dependencies:
    def __init__(self, gathered: Gathered) -> None:
        self._gathered = gathered

    def read(self) -> None:
        """Tell every resource and every deployment what it waits for."""
        for entry in self._gathered.entries:
            self._read_entry(entry)
        for nested in self._gathered.nested.values():
            nested.behind = self._before(nested)

    def _read_entry(self, entry: Entry) -> None:
        gathered = self._gathered
        if entry.parent is not None:
            index = COUNT_INDEX if entry.parent.count is not None else None
            entry.depends_on.append((entry.parent.address, index))
        entry.depends_on.extend((a, None) for a in noted_order(entry) if a in gathered.by_address)
        if "dependson" not in entry.body:
            return
        for item in _listed(entry.body["dependson"][1]):
            found = self._awaited(entry.expressions, entry.where, item)
            entry.behind.extend(a for a, _ in found if a in gathered.nested)
            entry.depends_on.extend(
                (address, instance)
                for address, instance in found
                if address not in gathered.nested and not self._is_serial(entry, address)
            )

    def _before(self, nested: Nested) -> list[str]:
        """What a deployment waits for. The group that it goes into is said by its target."""
        if nested.is_own or "dependson" not in nested.body:
            return []
        group = nested.target.group
        into = group.address if isinstance(group, ResourceRef) else None
        return [
            address
            for item in _listed(nested.body["dependson"][1])
            for address, _ in self._awaited(nested.outside, nested.where, item)
            if address != into
        ]

    def _is_serial(self, entry: Entry, address: str) -> bool:
        """Whether it waits for a sibling only because Azure takes one of them at a time."""
        other = self._gathered.by_address.get(address)
        return (
            entry.type in SERIAL
            and other is not None
            and other.type == entry.type
            and other.segments[:-1] == entry.segments[:-1]
        )

    def _awaited(
        self, expressions: ArmExpressions, where: str, item: Node
    ) -> list[tuple[str, Value]]:
        """The addresses and instances that an element of `dependsOn` means; a note where none."""
        found = self._meant(expressions.at(where, "dependsOn", item).quietly(item), where)
        if found is None:
            shown = item.value if isinstance(item.value, str) else "what it waits for"
            expressions.note(f"{shown} is no resource of this template")
        return found or []

    def _meant(self, value: Value, where: str) -> list[tuple[str, Value]] | None:
        gathered = self._gathered
        if isinstance(value, ResourceRef):
            return [(value.address, value.instance)]
        if isinstance(value, str):
            name = value.lower()
            loops = [e.address for e in gathered.entries if _is_loop(e.copy_name, name)]
            loops += [n.key for n in gathered.nested.values() if _is_loop(n.copy_name, name)]
            if loops:
                return [(address, None) for address in loops]
            symbolic = gathered.by_symbol(value, _LAST_STEP.sub("", where))
            if symbolic is not None:
                return [(symbolic.address, None)]
        names = segments_of(value)
        if len(names) > 2 and isinstance(names[0], str) and "." in names[0]:
            types, own = [names[0], *names[1::2]], names[2::2]
            if len(own) == len(types) - 1 and all(isinstance(t, str) for t in types):
                found = gathered.resource("/".join(str(t) for t in types), own)
                return None if found is None else [(found.address, found.instance)]
        found = gathered.by_full_name(value)
        return None if found is None else [(found.address, found.instance)]


def waiting(gathered: Gathered, parts: list[Part]) -> list[Part]:
    """The parts of all resources, with what follows from deployments that wait."""
    behind = {e.address: set[str]() for e in gathered.entries if e.behind}
    together: dict[str, set[str]] = {}
    for entry in gathered.entries:
        for key in entry.behind:
            behind[entry.address].update(_there_with(gathered, key))
    for nested in gathered.nested.values():
        if nested.behind:
            before = {a for key in nested.behind for a in _there_with(gathered, key)}
            own = {member.address for member in nested.members}
            for address in own:
                behind.setdefault(address, set()).update(before - own)
                together.setdefault(address, set()).update(own)
    return _after(parts, behind, together) if behind else parts


def _there_with(gathered: Gathered, key: str) -> list[str]:
    """The resources that are there once a deployment, or the resource itself, is."""
    if key not in gathered.nested:
        return [key]
    return [entry.address for entry in gathered.nested[key].members]


def _after(
    parts: Iterable[Part], behind: Mapping[str, set[str]], firsts: Mapping[str, set[str]]
) -> list[Part]:
    """`behind`: by address the resources that a part comes after as a member of a deployment or by
    its own word; those that others among them refer to are waited for anyway. `firsts`: by address
    the other members of its deployment: a part that refers to one of them comes after it, and so
    after what that waits for."""
    parts = list(parts)
    known = {part.address: _said(part) for part in parts}
    found = []
    for part in parts:
        wanted = behind.get(part.address, set())
        own = known[part.address]
        if not wanted or own & firsts.get(part.address, set()):
            found.append(part)
            continue
        inner = {t for address in wanted for t in known[address] if t != address}
        more = sorted(wanted - inner - own - {part.address})
        found.append(replace(part, depends_on=tuple(dict.fromkeys((*part.depends_on, *more)))))
    return found


def _said(part: Part) -> set[str]:
    values = [dict(part.arguments), part.condition, part.count]
    return {ref.address for ref in references(values)} | set(part.depends_on)


def _is_loop(copy_name: str | None, name: str) -> bool:
    return copy_name is not None and copy_name.lower() == name


def _listed(node: Node) -> list[Node]:
    return node.value if isinstance(node.value, list) else [node]
