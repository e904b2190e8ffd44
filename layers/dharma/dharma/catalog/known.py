"""Which paths a table knows, so that whatever it does not know is reported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dharma.catalog.alternatives import one_of
from dharma.catalog.paths import Path
from dharma.model.expressions.choices import choices, of_each
from dharma.model.expressions.nodes import Conditional, ForList, Index, Unknown, Value


class KnownPaths:
    """A tree of native paths. A leaf is understood to the bottom (or by a table of its own)."""

    __slots__ = ("chosen", "elements", "folded", "keys", "leaf", "single")

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        self.keys: dict[str, KnownPaths] = {}
        self.chosen: dict[tuple[str, str | bool], KnownPaths] = {}
        self.elements: KnownPaths | None = None
        self.folded: dict[str, str] | None = None
        self.single = False
        self.leaf = False
        for path in paths:
            self.add(path)

    def add(self, path: Path, elements: KnownPaths | None = None) -> None:
        """`elements` are the paths that the table of a list's elements knows."""
        node = self
        for step in path:
            node = node.keys.setdefault(step.key, KnownPaths())
            node.single = node.single or step.single
            if step.where:
                element = node.chosen.setdefault(step.where, KnownPaths())
                element.keys.setdefault(step.where[0], KnownPaths()).leaf = True
                node = element
        node.leaf = True
        node.elements = node.elements or elements

    def spelled(self, value: Value) -> Value:
        """The value with its members named as they are in the tree, for a format that takes names
        without regard to case (ARM)."""
        if isinstance(value, Conditional):
            return replace(
                value, then=self.spelled(value.then), otherwise=self.spelled(value.otherwise)
            )
        if isinstance(value, ForList):
            return replace(value, result=self.spelled(value.result))
        if isinstance(value, Index) and choices(value) is not None:
            return of_each(value, self.spelled)
        if isinstance(value, list):
            inside = self.elements if self.leaf else self
            return value if inside is None else [inside.spelled(element) for element in value]
        if not isinstance(value, dict) or (self.leaf and self.elements is None):
            return value
        tree = self.elements if self.leaf and self.elements is not None else self
        found: dict[str, Value] = {}
        for key, inner in value.items():
            name = tree._name_of(key, value)
            node = tree.keys.get(name)
            found[name] = inner if node is None else node.spelled(inner)
        return found

    def _name_of(self, key: str, among: dict[str, Value]) -> str:
        """The tree's name for a key; one that would be there twice stays as it is."""
        if key in self.keys:
            return key
        if self.folded is None:
            self.folded = {name.lower(): name for name in self.keys}
        name = self.folded.get(key.lower(), key)
        return key if name in among else name

    def unread(self, value: Value, path: str = "") -> Iterator[str]:
        """The paths of a value that nothing in the tree understands. Absent and empty ones do not
        count, nor what is unknown anyway."""
        if self.leaf:
            if self.single and isinstance(value, list) and one_of(value) is None:
                yield from (f"{path}[{position}]" for position in range(1, len(value)))
            return
        if value is None or value in ([], {}, "") or isinstance(value, Unknown):
            return
        if isinstance(value, Conditional):
            yield from self.unread(value.then, path)
            yield from self.unread(value.otherwise, path)
        elif (options := choices(value)) is not None:
            for option in options:
                yield from self.unread(option, path)
        elif isinstance(value, dict):
            for key, inner in value.items():
                if inner is None or inner in ([], {}, ""):
                    continue
                here = f"{path}.{key}" if path else key
                node = self.keys.get(key)
                if node is None:
                    if not isinstance(inner, Unknown):
                        yield here
                else:
                    yield from node.unread(inner, here)
        elif isinstance(value, list) and (self.single or self.chosen):
            yield from self._unread_elements(value, path)
        else:
            yield path

    def _unread_elements(self, elements: list[Value], path: str) -> Iterator[str]:
        exclusive = not self.chosen and one_of(elements) is not None
        for position, element in enumerate(elements):
            here = f"{path}[{position}]"
            if self.chosen:
                node = self._node_of(element)
                if node is None:
                    yield here
                else:
                    yield from node.unread(element, here)
            elif position and not exclusive:
                yield here
            else:
                yield from self.unread(element, here)

    def _node_of(self, element: Value) -> KnownPaths | None:
        if isinstance(element, Conditional):
            return self._node_of(element.then if element.then is not None else element.otherwise)
        if isinstance(element, dict):
            for (member, wanted), node in self.chosen.items():
                if element.get(member) == wanted:
                    return node
        return None


def spelled_members(known: KnownPaths, arguments: dict[str, Value]) -> dict[str, Value]:
    """The arguments of a resource in the spelling of the tree."""
    found = known.spelled(arguments)
    assert isinstance(found, dict)
    return found


def unmapped(value: Value, known: dict[str, object], path: str = "") -> Iterator[str]:
    """The paths of properties that have a value but no place in `known`, a tree of model paths
    whose leaves are None."""
    if isinstance(value, Conditional):
        yield from unmapped(value.then, known, path)
        yield from unmapped(value.otherwise, known, path)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if inner is None:
                continue
            here = f"{path}.{key}" if path else key
            if key not in known:
                yield here
            elif isinstance(deeper := known[key], dict):
                yield from unmapped(inner, deeper, here)
