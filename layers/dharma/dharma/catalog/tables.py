"""Run a mapping table: from properties to arguments, and from arguments to properties.

Both directions walk the same rules. Values in and out are in one vocabulary of references: the
model's. References are translated around this module, not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dharma.catalog.coercion import coerce
from dharma.catalog.kinds import Property, Rule, Table
from dharma.catalog.known import unmapped
from dharma.catalog.paths import (
    Block,
    branch,
    common_condition,
    conditional,
    get,
    print_path,
    put,
    settle,
)
from dharma.catalog.transforms import Untransformable
from dharma.core.errors import NotExpressible
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    ForList,
    GetAttr,
    Symbol,
    Unknown,
    Value,
)

Report = Callable[[str, str], None]
"""Takes the native path and what is wrong with it."""


# ---- model to format


def write_table(
    table: Table, properties: Mapping[str, Value], block: Block, where: str, *, always: bool
) -> bool:
    """Put what the table says about the properties into the block; whether anything was said.

    `where` is the address for errors. With `always` constants and stand-ins for absent values are
    written even if no property has a value.
    """
    if table.fills:
        properties = _filled(table, properties)
    stand_ins: list[tuple[Rule, Value]] = []
    wrote = False
    for rule in table.rules:
        if rule.only == "read":
            continue
        value = member(properties, rule.model)
        stand_in = _stand_in(rule)
        if stand_in is not None:
            filled = _instead_of_absent(properties, rule.model, stand_in)
            if value is None:
                if filled is not None:
                    stand_ins.append((rule, filled))
                continue
            value = filled
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
            native = write_elements(rule.each, value, path)
        else:
            native = rule.transform.write(value)
    except Untransformable as fault:
        raise NotExpressible(f"{path}: {fault}") from fault
    if rule.none is not None:
        native = _with_sentinel(native, rule.none)
    if native is None:
        return False
    put(block, rule.native, native)
    return True


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


def holds(when: Mapping[str, tuple[Value, ...]], properties: Mapping[str, Value]) -> bool:
    """Whether each named property has one of the values."""
    return all(member(properties, tuple(key.split("."))) in wanted for key, wanted in when.items())


def member(properties: Value | Mapping[str, Value], path: tuple[str, ...]) -> Value:
    """The value at a model path; through conditionals, unknowns and expressions of objects."""
    value: Value = properties  # type: ignore[assignment]  # a mapping is only read
    for position, key in enumerate(path):
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, Conditional):
            rest = path[position:]
            return conditional(
                value.condition, member(value.then, rest), member(value.otherwise, rest)
            )
        elif isinstance(value, Unknown) or value is None:
            return value
        elif isinstance(value, Symbol):
            value = Symbol((*value.path, key))
        elif isinstance(value, Expression):
            value = GetAttr(value, key)
        else:
            return None
    return value


def _instead_of_absent(
    properties: Value | Mapping[str, Value], path: tuple[str, ...], stand_in: Value
) -> Value:
    """The value at the path with `stand_in` wherever it is absent inside an object that exists."""
    if isinstance(properties, Conditional):
        return conditional(
            properties.condition,
            _instead_of_absent(properties.then, path, stand_in),
            _instead_of_absent(properties.otherwise, path, stand_in),
        )
    if not isinstance(properties, dict):
        return member(properties, path)
    inner = properties.get(path[0])
    if len(path) == 1:
        return or_else(inner, stand_in)
    if len(path) == 2 and isinstance(inner, dict) and inner:
        return _completed(inner, path[1], stand_in)
    return _instead_of_absent(inner, path[1:], stand_in)


def _completed(parent: dict[str, Value], key: str, stand_in: Value) -> Value:
    """A member with `stand_in` for its absence, but only where its object exists: when the other
    members are there under one condition, the object is."""
    value = parent.get(key)
    others = [v for k, v in parent.items() if k != key and v is not None]
    if not others and value is not None:
        return value
    exists = common_condition(iter(others))
    if exists is None:
        return or_else(value, stand_in)
    condition, outcome = exists
    if isinstance(value, Conditional) and value.condition == condition:
        value = branch(value, outcome)
    elif value is not None:
        return or_else(value, stand_in)
    inner = or_else(value, stand_in)
    return Conditional(condition, inner, None) if outcome else Conditional(condition, None, inner)


def or_else(value: Value, stand_in: Value) -> Value:
    """The value with `stand_in` in place of absence, in the branches of a conditional too."""
    if value is None:
        return stand_in
    if isinstance(value, Conditional):
        return Conditional(
            value.condition, or_else(value.then, stand_in), or_else(value.otherwise, stand_in)
        )
    return value


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
            write_element(table, element, f"{where}[{position}]")
            for position, element in enumerate(value)
            if element is not None
        ]
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            write_elements(table, value.then, where),
            write_elements(table, value.otherwise, where),
        )
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


def write_element(table: Table, value: Value, where: str) -> Value:
    """One object by the table."""
    if isinstance(value, Conditional):
        return conditional(
            value.condition,
            write_element(table, value.then, where),
            write_element(table, value.otherwise, where),
        )
    if value is None or isinstance(value, Unknown):
        return value
    if not isinstance(value, dict):
        raise NotExpressible(f"{where}: an object must be spelled out")
    for path in unmapped(value, table.members):
        raise NotExpressible(f"{where}.{path} has no counterpart in this format")
    block = Block()
    write_table(table, value, block, where, always=True)
    return settle(block)


# ---- format to model


def read_table(table: Table, arguments: Value, report: Report) -> dict[str, Value]:
    """The properties that the arguments say by this table. Values that have no meaning there are
    reported and become unknown."""
    found: dict[str, Value] = {}
    for rule in table.rules:
        value = _read_rule(rule, arguments, report)
        if value is not None and member(found, rule.model) is None:
            _set(found, rule.model, value)
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
    return found


def _says(value: Value, constant: Value) -> bool:
    if isinstance(value, Conditional):
        return all(v is None or _says(v, constant) for v in (value.then, value.otherwise))
    return value == constant or str(value).lower() == str(constant).lower()


def _read_rule(rule: Rule, arguments: Value, report: Report) -> Value:
    native = get(arguments, rule.native)
    if native is None or (rule.each is not None and native == []):
        return None
    if rule.none is not None:
        native = _without(native, rule.none)
        if native is None:
            return None
    try:
        if rule.each is not None:
            value = read_elements(rule.each, native, rule.declared, print_path(rule.native), report)
        else:
            value = coerce(rule.transform.read(native), rule.declared)
    except Untransformable as fault:
        report(print_path(rule.native), str(fault))
        return Unknown(f"{print_path(rule.native)}: {fault}")
    return value


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
        parent[rule.model[-1]] = _completed(parent, rule.model[-1], rule.absent)


def _without(value: Value, sentinel: Value) -> Value:
    if isinstance(value, Conditional):
        return conditional(
            value.condition, _without(value.then, sentinel), _without(value.otherwise, sentinel)
        )
    return None if value == sentinel and type(value) is type(sentinel) else value


def _set(properties: dict[str, Value], path: tuple[str, ...], value: Value) -> None:
    for key in path[:-1]:
        inner = properties.setdefault(key, {})
        assert isinstance(inner, dict)
        properties = inner
    properties[path[-1]] = value


def merge(into: dict[str, Value], more: Mapping[str, Value]) -> None:
    """Add the members of one object to another, objects inside them too; what is there stays."""
    for key, value in more.items():
        here = into.get(key)
        if here is None:
            into[key] = value
        elif isinstance(here, dict) and isinstance(value, dict):
            merge(here, value)


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
        report(f"{where}.{path}", "is not understood")

    def inner(path: str, message: str) -> None:
        report(f"{where}.{path}", message)

    return meaningful(read_table(table, value, inner), declared)


def meaningful(element: dict[str, Value], declared: Property) -> dict[str, Value]:
    """The element without the members that mean nothing beside its other values."""
    for when, members in declared.meaningless:
        if all(element.get(key) == wanted for key, wanted in when.items()):
            element = {k: v for k, v in element.items() if k not in members}
    return element
