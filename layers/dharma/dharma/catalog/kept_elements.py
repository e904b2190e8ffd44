"""What is kept of named elements of a list: `{"ipConfigurations": {"[main]": {"properties": ...}}}`
among the `native` values of a resource belongs into the element `main` of `ipConfigurations`.

A list has no place for it otherwise: said as a list it would be the whole one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from dharma.catalog.document import Part
from dharma.catalog.kept import address_of, name_of, with_kept
from dharma.model.expressions.nodes import Conditional, Value

_ADDRESS = re.compile(r"\[.*\]\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Placed:
    """`part` with what could be put into elements among its arguments, and all else as it was.
    `homeless`: paths of what is of no element, and is left out."""

    part: Part
    homeless: tuple[str, ...] = ()


def placed(part: Part) -> Placed:
    """A part with what is kept of elements in these elements."""
    native, found = _parted(dict(part.native))
    if not found:
        return Placed(part)
    homeless: list[str] = []
    arguments = _filled(dict(part.arguments), found, "", homeless)
    assert isinstance(arguments, dict)
    return Placed(replace(part, arguments=arguments, native=native), tuple(homeless))


@dataclass(frozen=True, slots=True)
class _Fragment:
    """What is kept of one element; `path` leads to its list."""

    path: tuple[str, ...]
    name: str
    kept: dict[str, Value]


def _parted(
    kept: dict[str, Value], path: tuple[str, ...] = ()
) -> tuple[dict[str, Value], list[_Fragment]]:
    """What is kept beside elements, and what of elements."""
    beside: dict[str, Value] = {}
    found: list[_Fragment] = []
    for key, value in kept.items():
        if not isinstance(value, dict) or not value:
            beside[key] = value
        elif _speaks_of_elements(value):
            found.extend(_fragments(value, (*path, key)))
        else:
            inner, more = _parted(value, (*path, key))
            found.extend(more)
            if inner:
                beside[key] = inner
    return beside, found


def _speaks_of_elements(value: dict[str, Value]) -> bool:
    return all(_ADDRESS.match(k) and isinstance(inner, dict) for k, inner in value.items())


def _fragments(value: dict[str, Value], path: tuple[str, ...]) -> Iterator[_Fragment]:
    for key, inner in value.items():
        assert isinstance(inner, dict)
        yield _Fragment(path, key[1:-1], inner)


def _filled(whole: Value, found: list[_Fragment], where: str, homeless: list[str]) -> Value:
    """A value with all fragments that have a place in it."""
    for fragment in found:
        address = ".".join((*fragment.path, address_of(fragment.name)))
        complete = partial(
            _completed, kept=fragment.kept, where=f"{where}{address}.", homeless=homeless
        )
        filled = _put(whole, fragment.path, fragment.name, complete)
        if filled is None:
            homeless.append(f"{where}{address}")
        else:
            whole = filled
    return whole


def _put(own: Value, path: tuple[str, ...], name: str, complete: Callable[[Value], Value]) -> Value:
    """A value with an element below it completed; None where there is no such element."""
    if path:
        if not isinstance(own, dict):
            return None
        below = _put(own.get(path[0]), path[1:], name, complete)
        return None if below is None else {**own, path[0]: below}
    if not isinstance(own, list) or [name_of(element) for element in own].count(name) != 1:
        return None
    return [complete(element) if name_of(element) == name else element for element in own]


def _completed(element: Value, kept: dict[str, Value], where: str, homeless: list[str]) -> Value:
    if isinstance(element, Conditional):
        then, otherwise = (
            None if branch is None else _completed(branch, kept, where, homeless)
            for branch in (element.then, element.otherwise)
        )
        return Conditional(element.condition, then, otherwise)
    beside, found = _parted(kept)
    return _filled(with_kept(element, beside), found, where, homeless)
