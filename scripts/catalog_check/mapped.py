"""The paths of a kind's properties, and those that a format's section maps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dharma.catalog.kinds import Atoms, Bag, FormatMapping, Property, Table


def leaves(properties: Mapping[str, Property], prefix: str = "") -> Iterator[str]:
    """Every model path that can hold a value: `access_logs.bucket`, `ingress[].protocol`."""
    for name, declared in properties.items():
        path = f"{prefix}{name}"
        if declared.properties:
            below = f"{path}[]." if declared.holds_objects else f"{path}."
            yield from leaves(declared.properties, below)
        else:
            yield path


def mapped_paths(mapping: FormatMapping) -> Iterator[str]:
    """The model paths (as of `leaves`) that a format's section maps, by whatever means."""
    yield from _mapped(mapping.table, "")
    for attachment in mapping.attachments:
        yield from _mapped(attachment.table, "")
    for whole, bag in mapping.all_bags:
        for atoms in (*bag.separate, *([bag.inline] if bag.inline else [])):
            yield from members_of(whole, bag, atoms)


def members_of(whole: str, bag: Bag, atoms: Atoms) -> Iterator[str]:
    if not bag.declared.properties:
        yield whole
        return
    yield from _mapped(atoms.table, f"{whole}[].")
    yield from (f"{whole}[].{member}" for _, member in atoms.explode)
    if atoms.self_reference:
        yield f"{whole}[].{atoms.self_reference[1]}"


def _mapped(table: Table, prefix: str) -> Iterator[str]:
    for rule in table.all_rules():
        path = prefix + ".".join(rule.model)
        if rule.partner is not None:
            yield prefix + ".".join(rule.partner)
        if rule.each is not None:
            yield from _mapped(rule.each, f"{path}[].")
        elif rule.declared.properties:
            below = f"{path}[]." if rule.declared.holds_objects else f"{path}."
            yield from leaves(rule.declared.properties, below)
        else:
            yield path
