"""Run a mapping table from properties to arguments.

Values in and out are in one vocabulary of references: the model's. References are translated around
this module, not in it.
"""

from __future__ import annotations

from collections.abc import Mapping

from dharma.catalog.kinds import Rule, Table
from dharma.catalog.known import unmapped
from dharma.catalog.literals import text_of
from dharma.catalog.members import holds, instead_of_absent, member
from dharma.catalog.pairs import joined
from dharma.catalog.paths import Block, Path, conditional, put, settle
from dharma.catalog.transforms import Untransformable
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import Call, Conditional, ForList, Unknown, Value


def write_table(
    table: Table, properties: Mapping[str, Value], block: Block, where: str, *, always: bool
) -> bool:
    """Put what the table says about the properties into the block; whether anything was said.

    `where` is the address for errors. With `always` constants and stand-ins for absent values are
    written even if no property has a value.
    """
    if table.fills:
        properties = _filled(table, properties)
    refuse_several(table, properties, where)
    stand_ins: list[tuple[Rule, Value]] = []
    wrote = False
    for rule in table.rules:
        if rule.only == "read":
            continue
        value = member(properties, rule.model)
        stand_in = _stand_in(rule)
        if stand_in is not None:
            filled = instead_of_absent(properties, rule.model, stand_in)
            if value is None:
                if filled is not None:
                    stand_ins.append((rule, filled))
                continue
            value = filled
        if rule.partner is not None:
            second = member(properties, rule.partner)
            second = text_of(second) if isinstance(second, bool | int | float) else second
            value = joined(value, second, rule.separator)
        if value is not None:
            wrote |= _write_rule(rule, value, block, where)
    wrote |= _write_variants(table, properties, block, where)
    if wrote or always:
        for rule, value in stand_ins:
            _write_rule(rule, value, block, where)
        for path, constant in table.constants:
            put(block, path, constant, fixed=True)
    return wrote


def _write_rule(rule: Rule, value: Value, block: Block, where: str) -> bool:
    path = f"{where}.{'.'.join(rule.model)}"
    try:
        if rule.each is not None:
            native = rule.transform.write(write_elements(rule.each, value, path))
        else:
            native = rule.transform.write(value)
    except Untransformable as fault:
        raise NotExpressible(f"{path}: {fault}") from fault
    if rule.none is not None:
        native = _with_sentinel(native, rule.none)
    if native is None:
        return False
    put(block, rule.native, native)
    for further in rule.also:
        put(block, further, native)
    if value != rule.declared.default:
        for further, literals in rule.beside:
            put(block, further, literals[0], fixed=True)
    for further, literal in rule.when:
        put(block, further, literal, fixed=True)
    return True


def refuse_several(table: Table, properties: Mapping[str, Value], where: str) -> None:
    """Of the properties that share one place only one can have a value, and all that are told by
    one literal want the same."""
    said: set[Path] = set()
    told: dict[Path, Value] = {}
    for rule in table.rules:
        if not rule.shares or rule.only == "read" or member(properties, rule.model) is None:
            continue
        at_odds = any(told.setdefault(path, literal) != literal for path, literal in rule.when)
        if at_odds or rule.native in said:
            raise NotExpressible(
                f"{where}.{'.'.join(rule.model)} cannot be said together with the other values"
            )
        said.add(rule.native)


_NOTHING = Unknown("no value")
"""Stands for absence until the format's own sentinel takes its place: transforms let it through."""


def _with_sentinel(value: Value, sentinel: Value) -> Value:
    if value is _NOTHING:
        return sentinel
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            _with_sentinel(value.then, sentinel),
            _with_sentinel(value.otherwise, sentinel),
        )
    return value


def _stand_in(rule: Rule) -> Value:
    """What is written for an absent value: a sentinel, or the default where silence would mean
    something else or is not allowed."""
    if rule.none is not None:
        return _NOTHING
    if rule.always:
        return rule.declared.default
    if rule.absent is not None and rule.declared.default is not None:
        return None if rule.absent == rule.declared.default else rule.declared.default
    return None


def _write_variants(
    table: Table, properties: Mapping[str, Value], block: Block, where: str
) -> bool:
    wrote = False
    skipped: list[Rule] = []
    for when, variant in table.variants:
        if holds(when, properties):
            wrote |= write_table(variant, properties, block, where, always=True)
        else:
            skipped.extend(rule for rule in variant.rules if rule.only != "read")
    if skipped:
        said = {r.model for when, v in table.variants if holds(when, properties) for r in v.rules}
        said |= {rule.model for rule in table.rules}
        for rule in skipped:
            value = member(properties, rule.model)
            if rule.model not in said and value is not None and value != rule.declared.default:
                raise NotExpressible(
                    f"{where}.{'.'.join(rule.model)} cannot be said together with the other values"
                )
    return wrote


def _filled(table: Table, properties: Mapping[str, Value]) -> Mapping[str, Value]:
    filled = dict(properties)
    for fill in table.fills:
        if holds(fill.when, properties):
            for name, value in fill.values.items():
                if filled.get(name) is None:
                    filled[name] = value
    return filled


def write_elements(table: Table, value: Value, where: str) -> Value:
    """A list of objects, each by the table."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        if not value:
            return None
        return [
            write_element(table, element, f"{where}[{position}]", position + 1)
            for position, element in enumerate(value)
            if element is not None
        ]
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            write_elements(table, value.then, where),
            write_elements(table, value.otherwise, where),
        )
    if table.numbered:
        raise NotExpressible(f"{where}: elements that get a number must be spelled out")
    if isinstance(value, ForList):
        return ForList(
            value.key,
            value.value,
            value.collection,
            write_element(table, value.result, f"{where}[*]"),
            value.condition,
        )
    if isinstance(value, Call) and value.name == "concat":
        return Call("concat", tuple(write_elements(table, a, where) for a in value.arguments))
    raise NotExpressible(f"{where}: a list of objects must be spelled out")


def write_element(table: Table, value: Value, where: str, number: int = 1) -> Value:
    """One object by the table."""
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            write_element(table, value.then, where, number),
            write_element(table, value.otherwise, where, number),
        )
    if value is None or isinstance(value, Unknown):
        return value
    if not isinstance(value, dict):
        raise NotExpressible(f"{where}: an object must be spelled out")
    for path in unmapped(value, table.members):
        raise NotExpressible(f"{where}.{path} has no counterpart in this format")
    block = Block()
    write_table(table, value, block, where, always=True)
    for native, before, after in table.numbered:
        put(block, native, f"{before}{number}{after}", fixed=True)
    return settle(block)
