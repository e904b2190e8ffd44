"""What a table writes: where, always or under conditions, and which literals beside the values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dharma.catalog.kinds import Bag, Rule, Table
from dharma.catalog.paths import Path
from dharma.model.expressions.nodes import Value


def heads(table: Table) -> set[str]:
    """The first keys of all that a table may write."""
    rules = {rule.native[0].key for rule in places(table) if rule.only != "read"}
    return rules | {path[0].key for path, _ in constants(table)}


def bag_heads(bags: Iterable[Bag]) -> Iterator[str]:
    for bag in bags:
        if bag.inline is not None and bag.inline.path is not None:
            yield bag.inline.path[0].key


def constants(table: Table) -> Iterator[tuple[Path, Value]]:
    yield from table.constants
    yield from ((path, f"{before}1{after}") for path, before, after in table.numbered)
    for rule in table.rules:
        if rule.only != "read":
            yield from literals(rule)
    for _, variant in table.variants:
        yield from constants(variant)


def literals(rule: Rule) -> Iterator[tuple[Path, Value]]:
    """What stands beside the value of a rule."""
    yield from ((path, literal) for path, said in rule.beside for literal in said)
    yield from ((path, literal) for path, _ in rule.beside for literal in rule.unless)
    yield from rule.when


def is_on_the_way(table: Table, name: str) -> bool:
    """Whether rules only lead through that name to what is inside it."""
    lengths = [len(r.native) for r in table.all_rules() if r.native[0].key == name]
    return bool(lengths) and min(lengths) > 1


def always_written(table: Table, name: str) -> bool:
    sure = [path for path, _ in table.constants] + [path for path, _, _ in table.numbered]
    sure += [path for rule in table.rules for path, _ in rule.when]
    if any(path[0].key == name for path in sure):
        return True
    return any(_is_sure(rule, table) for rule in table.all_rules() if rule.native[0].key == name)


def _is_sure(rule: Rule, table: Table) -> bool:
    """Whether a rule writes something for every valid resource."""
    if rule.only == "read":
        return False
    if (
        rule.always
        or bool(rule.when)  # One of those that share the place is given.
        or rule.none is not None
        or (rule.absent is not None and rule.declared.default is not None)
    ):
        return True
    if any(".".join(rule.model) in fill.values and not fill.when for fill in table.fills):
        return True
    return rule.declared.required


def written_with_siblings(rule: Rule, table: Table) -> bool:
    """Whether a rule writes something as soon as its model object is there."""
    return _is_sure(rule, table) or any(
        rule.model[-1] in fill.values or ".".join(rule.model) in fill.values for fill in table.fills
    )


def one_step_in(rule: Rule) -> Rule:
    """The rule as it is inside of the object that the first step of its path leads into."""
    return replace(rule, native=rule.native[1:], beside=(), also=(), when=())


def places(table: Table) -> Iterator[Rule]:
    """The rules, and those that write the same value in a further place."""
    for rule in table.all_rules():
        yield rule
        yield from (replace(rule, native=path, also=()) for path in rule.also)
