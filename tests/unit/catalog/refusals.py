"""The chains of formats that a kind goes through, and why a resource may be refused in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dharma.catalog import Kind
from dharma.catalog.bridges import BRIDGES
from dharma.catalog.elements import REFUSED_NAMES
from dharma.catalog.formats import Format
from dharma.catalog.kinds import FormatMapping, Rule, Table
from dharma.catalog.transforms import NOT_NUMBERED, Join, Objects, Transform


def chains(kind: Kind) -> dict[str, tuple[Format, ...]]:
    """Each format of the kind by itself, and from Terraform to the cloud's own and back."""
    terraform, own = kind.formats
    if own not in kind.mappings:
        return {terraform: (terraform,)}
    return {
        terraform: (terraform,),
        own: (own,),
        "there and back": (terraform, own, terraform),
    }


def declared_reason(message: str, kind: Kind, formats: Sequence[Format]) -> str | None:
    """What says that a resource may be refused so in one of the formats; None when nothing does."""
    for mapping in (kind.mappings[format] for format in formats):
        place = message.partition(":")[0]
        for path, reason in (*mapping.impossible.items(), *mapping.impossible_attributes.items()):
            if message.endswith(f": {reason}"):
                return path
        for path, reasons in mapping.impossible_literals.items():
            if any(message.endswith(f".{path}: {reason}") for reason in reasons.values()):
                return path
        for bridge in mapping.bridges:
            refuses = BRIDGES[bridge].refuses
            if refuses is not None and message.endswith(refuses):
                return f"bridge {bridge}"
        for path in _variant_paths(mapping):
            if message.endswith(f".{path} cannot be said together with the other values"):
                return f"variant of {path}"
        for rule in _rules(mapping):
            if (said := _of_transform(rule.transform)) and message.endswith(said):
                return f"transform of {'.'.join(rule.model)}"
        for _, bag in mapping.all_bags:
            for form in bag.separate:
                if form.element is not None and message.endswith(REFUSED_NAMES):
                    return f"name of an element of {form.element.holder}"
            uncounted = place.endswith(f".{bag.declared.name}") and bag.inline_form is None
            if uncounted and message.endswith("how many elements there are is not known"):
                return f"unknown number of {bag.declared.name}"
            each = bag.inline_form is None and f".{bag.declared.name}." in place
            if each and message.endswith("one per element needs a loop"):
                return f"loop over {bag.declared.name}"
    return None


def _of_transform(transform: Transform) -> str | None:
    """What a transform refuses of its own."""
    if isinstance(transform, Objects):
        return NOT_NUMBERED if transform.numbered is not None else None
    if isinstance(transform, Join):
        return f"would not come apart again at {transform.separator!r}"
    return None


def _rules(mapping: FormatMapping) -> Iterator[Rule]:
    for table in (mapping.table, *(attachment.table for attachment in mapping.attachments)):
        yield from table.all_rules()


def _variant_paths(mapping: FormatMapping) -> set[str]:
    tables = [mapping.table, *(attachment.table for attachment in mapping.attachments)]
    return {path for table in tables for path in _in_variants(table)}


def _in_variants(table: Table) -> Iterator[str]:
    """The model paths that hold in a variant only, and those that share a text with others; those
    of elements from their element on."""
    for _, variant in table.variants:
        yield from (".".join(rule.model) for rule in variant.rules)
    for rule in table.all_rules():
        if rule.shares:
            yield ".".join(rule.model)
        if rule.each is not None:
            yield from _in_variants(rule.each)
