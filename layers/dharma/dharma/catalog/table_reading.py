"""Run a mapping table from arguments to properties: the same rules as in `table_writing`, the other
way round. What no rule reads is reported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from dharma.catalog.coercion import coerce
from dharma.catalog.kinds import Property, Rule, Table
from dharma.catalog.members import completed, holds, meaningful, member, merge, or_else, set_member
from dharma.catalog.pairs import divided
from dharma.catalog.paths import Path, conditional, get, print_path
from dharma.catalog.transforms import OneOf, Untransformable
from dharma.model.expressions.nodes import Call, Conditional, ForList, Unknown, Value


class Report(Protocol):
    """Takes the native path, what is wrong with it, and whether its value was lost by that: its
    property is unknown then."""

    def __call__(self, path: str, message: str, *, lost: bool = False) -> None: ...


NOT_UNDERSTOOD = "is not understood"
BESIDE_NOTHING = "the value beside which it belongs is not there"


def read_table(table: Table, arguments: Value, report: Report) -> dict[str, Value]:
    """The properties that the arguments say by this table. Values that have no meaning there are
    reported and become unknown."""
    found: dict[str, Value] = {}
    for rule in table.rules:
        value = _read_rule(rule, arguments, report)
        if rule.partner is not None:
            assert rule.partner_declared is not None
            value, second = divided(value, rule.separator)
            second = coerce(second, rule.partner_declared)
            if second is not None and member(found, rule.partner) is None:
                set_member(found, rule.partner, second)
        if value is not None and member(found, rule.model) is None:
            set_member(found, rule.model, value)
    for rule in table.rules:
        if rule.absent is not None and rule.absent != rule.declared.default:
            _read_silence(rule, found)
    for fill in table.fills:
        if holds(fill.when, found):
            for name, value in fill.values.items():
                if found.get(name) == value:
                    del found[name]
    for when, variant in table.variants:
        if holds(when, found):
            merge(found, read_table(variant, arguments, report))
    for path, constant in table.constants:
        value = get(arguments, path)
        if value is not None and not _says(value, constant):
            report(print_path(path), f"is {value!r} instead of {constant!r}")
    for place, fault in _of_no_form(table, arguments):
        report(place, fault)
    return found


def _of_no_form(table: Table, arguments: Value) -> Iterator[tuple[str, str]]:
    """What several properties share and that is none of theirs: by its form, or by the literals
    that stand beside it."""
    shared: dict[Path, list[Rule]] = {}
    for rule in table.rules:
        if rule.when:
            shared.setdefault(rule.native, []).append(rule)
    anyway = {rule.native for rule in table.rules if not rule.when}
    for path, rules in shared.items():
        if (
            path in anyway
            or get(arguments, path) is None
            or any(_is_meant(rule, arguments) for rule in rules)
        ):
            continue
        for told, _ in rules[0].when:
            yield print_path(told), f"{get(arguments, told)!r} is not understood"
    forms: dict[Path, list[OneOf]] = {}
    for rule in table.rules:
        if isinstance(rule.transform, OneOf):
            forms.setdefault(rule.native, []).append(rule.transform)
    for path, transforms in forms.items():
        for text in _outcomes(get(arguments, path)):
            if not any(transform.fits(text) for transform in transforms):
                yield print_path(path), f"{text!r} is not understood"


def _outcomes(value: Value) -> Iterator[Value]:
    if isinstance(value, Conditional):
        yield from _outcomes(value.then)
        yield from _outcomes(value.otherwise)
    elif value is not None and value != "" and not isinstance(value, Unknown):
        yield value


def _says(value: Value, constant: Value) -> bool:
    if isinstance(value, Conditional):
        return all(v is None or _says(v, constant) for v in (value.then, value.otherwise))
    return value == constant or str(value).lower() == str(constant).lower()


def _read_rule(rule: Rule, arguments: Value, report: Report) -> Value:
    native = get(arguments, rule.native, may_lack=not rule.declared.required)
    if not _is_meant(rule, arguments):
        return None
    if not _in_force(rule, arguments, report):
        return None
    if native is None or (rule.each is not None and native == []):
        return None
    if rule.none is not None:
        native = _without(native, rule.none)
        if native is None:
            return None
    for path in rule.also:
        again = get(arguments, path)
        if again is not None and again != native and not _says(again, native):
            report(print_path(path), f"is {again!r} instead of {native!r}")
    try:
        if rule.each is not None:
            elements = rule.transform.read(native)
            where = print_path(rule.native)
            value = read_elements(rule.each, elements, rule.declared, where, report)
        else:
            value = coerce(rule.transform.read(native), rule.declared)
    except Untransformable as fault:
        report(print_path(rule.native), str(fault), lost=True)
        return Unknown(f"{print_path(rule.native)}: {fault}")
    return value


def _is_meant(rule: Rule, arguments: Value) -> bool:
    """Whether the literals that stand beside a shared value say that it is this property's."""
    said = ((get(arguments, path), literal) for path, literal in rule.when)
    return all(value is not None and _says(value, literal) for value, literal in said)


def _in_force(rule: Rule, arguments: Value, report: Report) -> bool:
    """Whether the value counts: no literal that switches it off stands beside it. What is neither
    such a literal nor one that belongs there is reported, and the value counts."""
    for path, literals in rule.beside:
        value = get(arguments, path)
        if value is None or any(_says(value, literal) for literal in literals):
            continue
        if any(_says(value, literal) for literal in rule.unless):
            return False
        report(print_path(path), f"is {value!r} instead of {literals[0]!r}")
    return True


def left_beside(table: Table, arguments: Value) -> Iterator[Path]:
    """Literals that stand beside values which are not there, so that no property says them: what
    they switch on is on all the same. One that switches off means nothing without a value."""
    rules = [*table.rules, *(r for _, variant in table.variants for r in variant.rules)]
    read = {rule.native for rule in rules} | {path for path, _ in table.constants}
    switches: dict[Path, list[Rule]] = {}
    for rule in rules:
        for path, _ in rule.beside:
            switches.setdefault(path, []).append(rule)
    for path, switched in switches.items():
        value = get(arguments, path)
        if value is None or isinstance(value, Unknown) or path in read:
            continue
        off = any(_says(value, literal) for rule in switched for literal in rule.unless)
        if not off and all(get(arguments, rule.native) is None for rule in switched):
            yield path


def _read_silence(rule: Rule, found: dict[str, Value]) -> None:
    """Give a property that the format is silent about the meaning of that silence. The silence
    about a member of an object means something only where the object exists."""
    value = member(found, rule.model)
    if value is not None and not isinstance(value, Conditional):
        return
    if len(rule.model) == 1:
        found[rule.model[0]] = or_else(value, rule.absent)
        return
    parent = member(found, rule.model[:-1])
    if isinstance(parent, dict) and parent:
        parent[rule.model[-1]] = completed(parent, rule.model[-1], rule.absent)


def _without(value: Value, sentinel: Value) -> Value:
    if isinstance(value, Conditional):
        return conditional(
            value.condition, _without(value.then, sentinel), _without(value.otherwise, sentinel)
        )
    return None if value == sentinel and type(value) is type(sentinel) else value


def read_elements(
    table: Table, value: Value, declared: Property, where: str, report: Report
) -> Value:
    """A list of objects, each by the table."""
    if value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        return [
            read_element(table, element, declared, f"{where}[{position}]", report)
            for position, element in enumerate(value)
            if element is not None
        ]
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            read_elements(table, value.then, declared, where, report),
            read_elements(table, value.otherwise, declared, where, report),
        )
    if isinstance(value, ForList):
        return ForList(
            value.key,
            value.value,
            value.collection,
            read_element(table, value.result, declared, f"{where}[*]", report),
            value.condition,
        )
    if isinstance(value, Call) and value.name == "concat":
        return Call(
            "concat",
            tuple(read_elements(table, a, declared, where, report) for a in value.arguments),
        )
    raise Untransformable("a list of objects that is not spelled out")


def read_element(
    table: Table, value: Value, declared: Property, where: str, report: Report
) -> Value:
    """One object by the table, its unread paths reported, meaningless members dropped."""
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            read_element(table, value.then, declared, where, report),
            read_element(table, value.otherwise, declared, where, report),
        )
    if value is None or isinstance(value, Unknown):
        return value
    if not isinstance(value, dict):
        raise Untransformable("an element that is no object")
    for path in table.known.unread(value):
        report(f"{where}.{path}", NOT_UNDERSTOOD)
    for beside in left_beside(table, value):
        report(f"{where}.{print_path(beside)}", BESIDE_NOTHING)

    def inner(path: str, message: str, *, lost: bool = False) -> None:
        report(f"{where}.{path}", message, lost=lost)

    return meaningful(read_table(table, value, inner), declared)
