"""Resources by their names: a template refers to them as often as it has them."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final

from dharma.blueprint.readers.arm.entry import Entry
from dharma.blueprint.readers.arm.segments import matched
from dharma.model.expressions.nodes import Value

ANYWHERE: Final = object()


class Index:
    """Found by group and last segment of the name; those of loops may have any name."""

    def __init__(self) -> None:
        self._added = 0
        self._by_name: dict[Hashable, list[tuple[int, Entry]]] = {}
        self._others: list[tuple[int, Entry]] = []

    def add(self, entry: Entry) -> None:
        found = (self._added, entry)
        self._added += 1
        name, group = entry.segments[-1], entry.target.group
        if entry.count is None and _is_key(name) and _is_key(group):
            for key in ((ANYWHERE, name), (group, name)):
                self._by_name.setdefault(key, []).append(found)
        else:
            self._others.append(found)

    def called(self, names: list[Value], group: object = ANYWHERE) -> Iterator[tuple[Entry, Value]]:
        """The resources with these names in a group, in the template's order, and which instance of
        theirs each is."""
        key = (group, names[-1] if names else None)
        alike = self._by_name.get(key, []) if _is_key(key) else []
        for _, entry in sorted([*alike, *self._others], key=_position):
            if group is not ANYWHERE and entry.target.group != group:
                continue
            instance = matched(entry.segments, names, counted=entry.count is not None)
            if instance is not None:
                yield entry, instance[0]


def _position(found: tuple[int, Entry]) -> int:
    return found[0]


def _is_key(value: object) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True
