"""What was written, read again: does every resource still refer to the same others?

A name that two resources share, or one that is computed, could send a reference elsewhere without
any error of Azure's; this finds it before the template leaves the house.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dharma.blueprint.readers.arm.reader import read_arm
from dharma.catalog import Catalog
from dharma.catalog.document import Note
from dharma.core.errors import LimitExceeded
from dharma.model.blueprint import Resource
from dharma.model.expressions.nodes import references

Graph = dict[str, frozenset[str]]


def reread(text: str, file: str, resources: Sequence[Resource], catalog: Catalog) -> list[Note]:
    """A note for every resource that reads back with other references, or not at all."""
    meant = graph_of(resources)
    try:
        found = graph_of(read_arm(text, file, catalog).blueprint.resources)
    except LimitExceeded as error:
        return [Note("approximated", file, "", f"not read again: {error.message}")]
    notes = []
    for address, targets in meant.items():
        if address not in found:
            notes.append(Note("approximated", address, "", "the template reads back without it"))
        elif found[address] != targets:
            lost = ", ".join(sorted(targets - found[address])) or "nothing"
            new = ", ".join(sorted(found[address] - targets)) or "nothing"
            message = f"the template reads back with other references: {lost} lost, {new} new"
            notes.append(Note("approximated", address, "", message))
    return notes


def graph_of(resources: Iterable[Resource]) -> Graph:
    """What each resource refers to or waits for, itself aside."""
    found: Graph = {}
    for resource in resources:
        values = [dict(resource.properties), resource.condition, resource.count]
        targets = {ref.address for ref in references(values)} | set(resource.depends_on)
        found[resource.address] = frozenset(targets - {resource.address})
    return found
