"""Ids of parts of the resource itself (a gateway's port, to which its listener refers).

They are named by collection and name: spelled out they would say the resource's own id.
"""

from __future__ import annotations

import re

from dharma.blueprint.readers.arm.entry import Entry
from dharma.catalog.formats import PERHAPS_WITHIN_PARENT, PLACES, WITHIN_PARENT, azure_type
from dharma.model.arm_functions import OWN_PART
from dharma.model.expressions.nodes import Call, ResourceRef, Template, Value, rewrite
from dharma.model.expressions.templates import join_parts

_COLLECTION = re.compile(r"/([A-Za-z]+)/")


def with_own_parts(entry: Entry, arguments: dict[str, Value]) -> dict[str, Value]:
    """The arguments of a resource, in which such ids are `own_part(collection, name)`."""
    kind, names, owner = azure_type(entry.type), entry.segments, entry
    if entry.type in WITHIN_PARENT | PERHAPS_WITHIN_PARENT:
        kind, names = kind.rpartition("/")[0], names[:-1]
        owner = entry.parent or entry
    spelled = entry.expressions.spelled_out(kind, names)
    own = spelled.parts if isinstance(spelled, Template) else ()
    itself = (ResourceRef(owner.address, ("id",)),)

    def named(node: Value) -> Value:
        if isinstance(node, Template):
            for whole in (own, itself):
                rest = _behind(whole, node.parts) if whole else None
                part = _own_part(rest) if rest else None
                if part is not None:
                    return part
        return node

    return {
        key: value if key in PLACES else rewrite(value, named) for key, value in arguments.items()
    }


def _behind(whole: tuple[Value, ...], parts: tuple[Value, ...]) -> tuple[Value, ...] | None:
    """What stands behind one text in a longer one that begins with it; Azure's ids are the same in
    small and capital letters."""

    def folded(part: Value) -> Value:
        return part.lower() if isinstance(part, str) else part

    *before, last = map(folded, whole)
    position = len(before)
    if len(parts) < len(whole) or list(map(folded, parts[:position])) != before:
        return None
    here = parts[position]
    if isinstance(here, str) and isinstance(last, str) and here.lower().startswith(last):
        return (here[len(last) :], *parts[position + 1 :])
    return parts[position + 1 :] if here == last else None


def _own_part(rest: tuple[Value, ...]) -> Value:
    """`/collection/name` behind the id of a resource: that part of it."""
    first, *others = rest
    found = _COLLECTION.match(first) if isinstance(first, str) else None
    if found is None or not isinstance(first, str):
        return None
    texts = [first[found.end() :], *others]
    if any(isinstance(text, str) and "/" in text for text in texts):
        return None
    name = join_parts(texts)
    return Call(OWN_PART, (found.group(1), name)) if name != "" else None
