"""Slips that every round trip survives because both directions share them: two paths exchanged, or
one property written in two places."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from dharma.catalog.kinds import FormatMapping, Rule, Table
from dharma.catalog.paths import print_path
from scripts.catalog_check.names import likeness

Found = Iterator[tuple[str, str]]
# How much more alike two pairs of names must be when exchanged. Measured: 0.25 finds every exchange
# of neighbours that changes a name, and accuses no table as it stands.
MARGIN = 0.25


def alike_the_other_way_round(table: Table, where: str) -> Found:
    """Two rules of one object whose paths would be more like the properties if exchanged."""
    groups: dict[object, list[Rule]] = {}
    for rule in table.rules:
        if rule.only is None:
            groups.setdefault((rule.model[:-1], rule.native[:-1]), []).append(rule)
    for rules in groups.values():
        for first, second in combinations(rules, 2):
            if _ends_so(first) or _ends_so(second):
                continue
            here = _likeness(first, first) + _likeness(second, second)
            if _likeness(first, second) + _likeness(second, first) > here + MARGIN:
                names = f"{first.model[-1]} and {second.model[-1]}"
                yield f"{where}{print_path(first.native)}", f"{names} look exchanged"


def _ends_so(rule: Rule) -> bool:
    """`name` as `LoadBalancerName`: the path is its own, however short the name is."""
    native = rule.native[-1].key.replace("_", "").lower()
    own = rule.model[-1].replace("_", "")
    return native != own and native.endswith(own)


def _likeness(model: Rule, native: Rule) -> float:
    return likeness(model.model[-1], native.native[-1].key)


def said_twice(mapping: FormatMapping) -> Found:
    """A property that is written by the main part and by an attachment, or by two attachments."""
    said: dict[str, str] = {}
    tables = [(mapping.type, mapping.table)]
    tables += [
        (attachment.type, attachment.table)
        for attachment in mapping.attachments
        if attachment.only != "read"
    ]
    for name, table in tables:
        for path in dict.fromkeys(
            ".".join(rule.model) for rule in table.all_rules() if rule.only != "read"
        ):
            if path in said:
                yield path, f"is written by {said[path]} and by {name}: one says `only: read`"
            said[path] = name
