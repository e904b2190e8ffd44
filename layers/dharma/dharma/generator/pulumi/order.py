"""The order of a program: what is referred to is made before."""

from __future__ import annotations

from collections.abc import Sequence

from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import references


def referred(part: Part) -> set[str]:
    """Addresses that the values of a part refer to."""
    values = (part.arguments, part.native, part.count, part.for_each, part.condition)
    return {ref.address for value in values for ref in references(value)} - {part.address}


def in_order(parts: Sequence[Part]) -> list[Part]:
    """The parts as they are, but each behind all that it needs. Raises `NotExpressible` for two
    that need each other."""
    by_address = {part.address: part for part in parts}
    needs = {
        part.address: sorted((referred(part) | set(part.awaited)) & by_address.keys())
        for part in parts
    }
    done: dict[str, Part] = {}
    for part in parts:
        # A stack of its own: chains of resources may be longer than Python's.
        stack = [(part.address, iter(needs[part.address]))]
        open_now = {part.address}
        if part.address in done:
            continue
        while stack:
            address, left = stack[-1]
            following = next((a for a in left if a not in done), None)
            if following is None:
                done[address] = by_address[address]
                open_now.discard(address)
                stack.pop()
            elif following in open_now:
                raise NotExpressible(f"{address}: it and {following} need each other")
            else:
                open_now.add(following)
                stack.append((following, iter(needs[following])))
    return list(done.values())
