"""What of a resolved blueprint may not be shown: secrets, and what was computed from them.

A blueprint is resolved a second time with its secrets unknown. Where the two differ, a secret had
a hand in it: `base64encode(var.password)` as well as `"user:${var.password}"`. Texts that stand in
the blueprint itself (both arms of `var.password == "" ? "off" : "on"`) give nothing away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from dharma.model.expressions.nodes import Value, walk

Secret = str | int | float
# A smaller number stands for many things: hiding it everywhere would hide too much.
SMALLEST_NUMBER = 1000


def secrets_between(
    open_: Mapping[str, Value], veiled: Mapping[str, Value], own: Iterable[Value]
) -> frozenset[Secret]:
    """Texts and numbers inside `own` (the secrets themselves), and those that `open_` has where
    `veiled` has something else. Empty texts and small numbers hide nothing."""
    found = {node for value in own for node in _shown(value)}
    for name, value in open_.items():
        found.update(_differing(value, veiled.get(name)))
    return frozenset(found - {""})


def _differing(open_: Value, veiled: Value) -> Iterator[Secret]:
    if isinstance(open_, dict) and isinstance(veiled, dict):
        for name, member in open_.items():
            yield from _differing(member, veiled.get(name))
    elif isinstance(open_, list) and isinstance(veiled, list) and len(open_) == len(veiled):
        for left, right in zip(open_, veiled, strict=True):
            yield from _differing(left, right)
    elif open_ != veiled:
        yield from set(_shown(open_)) - set(_shown(veiled))


def _shown(value: Value) -> Iterator[Secret]:
    for node in walk(value):
        if isinstance(node, str) or (
            isinstance(node, int | float) and abs(node) >= SMALLEST_NUMBER
        ):
            yield node
