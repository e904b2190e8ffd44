"""Expressions to values, as far as they can be known.

Evaluation has three outcomes: a plain value, an expression that is left because something in it is
not known yet (`Unknown`, a reference to a resource, a variable without value), or an
EvaluationError. What is known is used all the same: `false && x` is false, `length([a.id, b.id])`
is 2, and a left-over expression has its known operands computed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, TypeVar

from dharma.model.expressions.calls import computed
from dharma.model.expressions.conversion import (
    as_bool,
    as_decimal,
    as_integer,
    as_text,
    equal,
    from_decimal,
    kind_of,
)
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions import IMPURE
from dharma.model.expressions.functions.registry import limited_count, limited_length
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
    ForMap,
    GetAttr,
    Index,
    ObjectConstructor,
    ResourceRef,
    SetValue,
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
    is_known,
    unfolded,
    weight,
)
from dharma.model.expressions.operators import NUMERIC, equality
from dharma.model.expressions.scope import Scope
from dharma.model.expressions.steps import follow, item_of, splatted
from dharma.model.expressions.templates import join_parts

C = TypeVar("C", bound=Value)


def evaluate(value: Value, scope: Scope) -> Value:
    """The value of an expression in a scope. Raises EvaluationError, LimitExceeded."""
    if isinstance(value, Expression):
        scope.budget.spend(1)
        return _RULES[type(value)](value, scope)
    if isinstance(value, list | dict):
        arrived: list[Value] = []
        made = _written(value, scope, arrived)
        return _weighed(made, scope) if arrived else made
    return value


def _written(value: Value, scope: Scope, arrived: list[Value]) -> Value:
    """A list or map as it is written, with what is inside of it. What comes into it from elsewhere
    and may be found in other values too is added to `arrived`: without any, a value is no larger
    than its text, and however deep it is, it is weighed once, by whoever holds the whole."""
    if isinstance(value, ObjectConstructor):
        scope.budget.spend(1)
        return _constructed(value, scope, arrived)
    if isinstance(value, Expression):
        found = evaluate(value, scope)
        if _holds_others(found):
            arrived.append(found)
        return found
    if isinstance(value, SetValue):
        arrived.append(value)
        return value
    if isinstance(value, list):
        scope.budget.spend(len(value))
        return [_written(item, scope, arrived) for item in value]
    if isinstance(value, dict):
        scope.budget.spend(len(value))
        return {key: _written(item, scope, arrived) for key, item in value.items()}
    return value


def _constructed(node: ObjectConstructor, scope: Scope, arrived: list[Value]) -> Value:
    items = [
        (_written(key, scope, arrived), _written(value, scope, arrived))
        for key, value in node.items
    ]
    if any(isinstance(key, Expression) for key, _ in items):
        return ObjectConstructor(tuple(items))
    return {as_text(key): value for key, value in items}


def _holds_others(value: Value) -> bool:
    if isinstance(value, ResourceRef):
        return isinstance(value.instance, list | dict | Expression)
    return isinstance(value, list | dict | Expression) and not isinstance(value, _NAMES)


_NAMES = (Unknown, VariableRef, Ambient, Symbol)


def _weighed(made: C, scope: Scope) -> C:
    """What was just made of other values. That costs next to nothing, however large these are;
    writing it out later does."""
    scope.budget.spend(unfolded(made) // 8)
    return made


def _gathered(made: C, items: Iterable[Value], scope: Scope) -> C:
    """A list or map of the results of a `for`."""
    compound = any(isinstance(item, list | dict | Expression) for item in items)
    return _weighed(made, scope) if compound else made


# -- names


def _unknown(node: Unknown, scope: Scope) -> Value:
    return node


def _variable(node: VariableRef, scope: Scope) -> Value:
    return scope.variables.get(node.name, node)


def _ambient(node: Ambient, scope: Scope) -> Value:
    return scope.ambient.get(node.name, node)


def _resource(node: ResourceRef, scope: Scope) -> Value:
    if isinstance(node.instance, Expression | list | dict):
        node = replace(node, instance=evaluate(node.instance, scope))
    if scope.bound:
        # `setting.value` of a dynamic block looks like a resource; the nearer name counts.
        root, _, name = node.address.partition(".")
        if root in scope.bound:
            value = item_of(scope.bound[root], name, scope)
            if node.instance is not None:
                value = item_of(value, node.instance, scope)
            return follow(value, node.path, scope)
    return scope.resource(node) if scope.resource else node


def _symbol(node: Symbol, scope: Scope) -> Value:
    root = node.path[0]
    if root in scope.bound:
        return follow(scope.bound[str(root)], node.path[1:], scope)
    if len(node.path) > 1:
        name = node.path[1]
        if root == "local" and name in scope.locals:
            return follow(scope.locals[str(name)], node.path[2:], scope)
        if root == "count" and name == "index" and scope.count is not None:
            return scope.count
        if root == "each" and scope.each is not None and name in ("key", "value"):
            return follow(scope.each[name == "value"], node.path[2:], scope)
    return scope.symbol(node) if scope.symbol else node


# -- steps into a value


def _attribute(node: GetAttr, scope: Scope) -> Value:
    return item_of(evaluate(node.object, scope), node.name, scope)


def _index(node: Index, scope: Scope) -> Value:
    collection, key = evaluate(node.collection, scope), evaluate(node.key, scope)
    if isinstance(collection, Expression) and not isinstance(
        collection, Unknown | ResourceRef | Conditional
    ):
        return Index(collection, key)
    if isinstance(collection, ResourceRef) and isinstance(key, Expression):
        return Index(collection, key)
    return item_of(collection, key, scope)


def _splat(node: Splat, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if isinstance(collection, Unknown):
        return collection
    if isinstance(collection, Conditional):
        branches = (collection.then, collection.otherwise)
        if all(isinstance(branch, list) for branch in branches):
            return Conditional(
                collection.condition, *(splatted(b, node.path, scope) for b in branches)
            )
    if isinstance(collection, Expression):
        return Splat(collection, node.path)
    return splatted(collection, node.path, scope)


# -- operators


def _conditional(node: Conditional, scope: Scope) -> Value:
    condition = evaluate(node.condition, scope)
    if isinstance(condition, Expression):
        then, otherwise = _possible(node.then, scope), _possible(node.otherwise, scope)
        if is_known(then) and is_known(otherwise) and equal(then, otherwise):
            return then
        return Conditional(condition, then, otherwise)
    if condition is None:
        raise EvaluationError("the condition of a conditional is null")
    chosen, other = (
        (node.then, node.otherwise) if as_bool(condition) else (node.otherwise, node.then)
    )
    value = evaluate(chosen, scope)
    # Both branches have one type: beside a string, a number or a bool is a string too.
    if isinstance(value, bool | int | float) and _is_text(other, scope):
        return as_text(value)
    return value


def _possible(branch: Value, scope: Scope) -> Value:
    """A branch that may not be taken: its fault counts only then."""
    try:
        return evaluate(branch, scope)
    except EvaluationError as error:
        return Unknown(error.message)


def _is_text(branch: Value, scope: Scope) -> bool:
    if isinstance(branch, str | Template):
        return True
    if not isinstance(branch, Expression):
        return False
    try:
        return isinstance(evaluate(branch, scope), str | Template)
    except EvaluationError:
        # The branch is not taken, so its fault does not count.
        return False


def _unary(node: Unary, scope: Scope) -> Value:
    operand = evaluate(node.operand, scope)
    if isinstance(operand, Expression):
        return Unary(node.operator, operand)
    if node.operator == "!":
        return not as_bool(operand)
    return from_decimal(-as_decimal(operand))


def _binary(node: Binary, scope: Scope) -> Value:
    operator = node.operator
    left = evaluate(node.left, scope)
    if operator in ("&&", "||"):
        return _logical(operator, left, node.right, scope)
    right = evaluate(node.right, scope)
    if operator in ("==", "!="):
        for operand in (left, right):
            if isinstance(operand, list | dict):
                scope.budget.spend(weight(operand) or len(operand))
        same = equality(left, right)
        if same is None:
            return Binary(operator, left, right)
        return same == (operator == "==")
    if isinstance(left, Expression) or isinstance(right, Expression):
        return Binary(operator, left, right)
    return NUMERIC[operator](as_decimal(left), as_decimal(right))


def _logical(operator: str, left: Value, right: Value, scope: Scope) -> Value:
    deciding = operator == "||"
    if not isinstance(left, Expression) and as_bool(left) == deciding:
        return deciding
    second = evaluate(right, scope)
    if not isinstance(second, Expression):
        decided = as_bool(second)
        if decided == deciding:
            return deciding
        return left if isinstance(left, Expression) else decided
    return Binary(operator, left, second) if isinstance(left, Expression) else second


def _template(node: Template, scope: Scope) -> Value:
    parts: list[Value] = []
    length = 0
    for part in node.parts:
        value = evaluate(part, scope)
        if not isinstance(value, Expression):
            if value is None:
                raise EvaluationError("null cannot stand inside a string")
            value = as_text(value)
            length += len(value)
        parts.append(value)
    limited_length(length)
    scope.budget.spend(length // 64)
    return join_parts(parts)


# -- calls


def _call(node: Call, scope: Scope) -> Value:
    if node.name in IMPURE and not scope.keeps_calls:
        return Unknown(f"{node.name}() is computed when it is applied")
    if node.name in _LAZY:
        return _LAZY[node.name](node, scope)
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand:
        last = arguments[-1]
        if isinstance(last, Expression):
            return Call(node.name, tuple(arguments), True)
        if not isinstance(last, list):
            raise EvaluationError(f"{node.name}: what ... follows is no list")
        arguments[-1:] = last
    return computed(node.name, arguments, scope)


def _try(node: Call, scope: Scope) -> Value:
    first: EvaluationError | None = None
    for position, argument in enumerate(node.arguments):
        try:
            value = evaluate(argument, scope)
        except EvaluationError as error:
            first = first or error
            continue
        if is_known(value) or _certain(value, scope):
            return value
        # Whether it will have a value is seen when it is applied.
        return Call("try", (value, *_alternatives(node.arguments[position + 1 :], scope)))
    raise first or EvaluationError("try needs an argument")


def _alternatives(arguments: tuple[Value, ...], scope: Scope) -> list[Value]:
    """Those arguments of `try` that can have a value, as far as they are known."""
    found = []
    for argument in arguments:
        try:
            found.append(evaluate(argument, scope))
        except EvaluationError:
            continue
    return found


def _can(node: Call, scope: Scope) -> Value:
    if len(node.arguments) != 1:
        raise EvaluationError(f"can takes 1 arguments, not {len(node.arguments)}")
    try:
        value = evaluate(node.arguments[0], scope)
    except EvaluationError:
        return False
    return True if is_known(value) or _certain(value, scope) else Call("can", (value,))


def _certain(value: Value, scope: Scope) -> bool:
    return isinstance(value, ResourceRef) and scope.certain is not None and scope.certain(value)


def _coalesce(node: Call, scope: Scope) -> Value:
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if node.expand and isinstance(arguments[-1], list):
        arguments[-1:] = arguments[-1]
    elif node.expand:
        return Call(node.name, tuple(arguments), True)
    empty: tuple[Value, ...] = (None, "") if node.name == "coalesce" else (None, [])
    for position, value in enumerate(arguments):
        if isinstance(value, Expression):
            return Call(node.name, tuple(arguments[position:]))
        if not any(equal(value, nothing) for nothing in empty):
            text = any(isinstance(other, str) for other in arguments)
            return as_text(value) if text and isinstance(value, bool | int | float) else value
    raise EvaluationError(f"{node.name}: no argument has a value")


def _slice(node: Call, scope: Scope) -> Value:
    """Of a list that is not known yet the elements in a known range are counted all the same."""
    arguments = [evaluate(argument, scope) for argument in node.arguments]
    if len(arguments) != 3 or not isinstance(arguments[0], Expression):
        return computed(node.name, arguments, scope)
    collection, start, end = arguments
    if isinstance(start, Expression) or isinstance(end, Expression):
        return Call(node.name, tuple(arguments))
    low, high = as_integer(start), as_integer(end)
    if not 0 <= low <= high:
        raise EvaluationError(f"slice: {low} to {high} is not inside a list")
    limited_count(high - low)
    return [item_of(collection, position, scope) for position in range(low, high)]


_LAZY: dict[str, Callable[[Call, Scope], Value]] = {
    "slice": _slice,
    "try": _try,
    "can": _can,
    "coalesce": _coalesce,
    "coalescelist": _coalesce,
}


# -- loops and objects


def _items(collection: Value) -> list[tuple[Value, Value]]:
    if isinstance(collection, SetValue):
        return [(item, item) for item in collection]
    if isinstance(collection, list):
        return list[tuple[Value, Value]](enumerate(collection))
    if isinstance(collection, dict):
        return [(key, collection[key]) for key in sorted(collection)]
    raise EvaluationError(f"a for expression cannot go through a {kind_of(collection)}")


def _spelled(collection: Value) -> Value:
    """A collection as it is said in an expression that is left over."""
    return Call("toset", (list(collection),)) if isinstance(collection, SetValue) else collection


def _names(node: ForList | ForMap, key: Value, value: Value) -> dict[str, Value]:
    return {node.value: value} if node.key is None else {node.key: key, node.value: value}


def _for_list(node: ForList, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if not isinstance(collection, Expression):
        results = []
        for key, value in _items(collection):
            scope.budget.spend(2)
            inner = scope.binding(_names(node, key, value))
            wanted = True if node.condition is None else evaluate(node.condition, inner)
            if isinstance(wanted, Expression):
                break
            if as_bool(wanted):
                results.append(evaluate(node.result, inner))
        else:
            return _gathered(results, results, scope)
    inner = scope.hiding(node.key, node.value)
    return ForList(
        node.key,
        node.value,
        _spelled(collection),
        evaluate(node.result, inner),
        evaluate(node.condition, inner),
    )


def _for_map(node: ForMap, scope: Scope) -> Value:
    collection = evaluate(node.collection, scope)
    if not isinstance(collection, Expression):
        results: dict[str, Value] = {}
        groups: dict[str, list[Value]] = {}
        for key, value in _items(collection):
            scope.budget.spend(2)
            inner = scope.binding(_names(node, key, value))
            wanted = True if node.condition is None else evaluate(node.condition, inner)
            if isinstance(wanted, Expression):
                break
            if not as_bool(wanted):
                continue
            name = evaluate(node.result_key, inner)
            if isinstance(name, Expression):
                break
            text = as_text(name)
            result = evaluate(node.result, inner)
            if node.grouping:
                groups.setdefault(text, []).append(result)
            elif text in results:
                raise EvaluationError(f"two items of a for expression have the key {text!r}")
            results[text] = result
        else:
            made = dict[str, Value](groups) if node.grouping else results
            return _gathered(made, made.values(), scope)
    inner = scope.hiding(node.key, node.value)
    return ForMap(
        node.key,
        node.value,
        _spelled(collection),
        evaluate(node.result_key, inner),
        evaluate(node.result, inner),
        evaluate(node.condition, inner),
        node.grouping,
    )


def _object(node: ObjectConstructor, scope: Scope) -> Value:
    arrived: list[Value] = []
    made = _constructed(node, scope, arrived)
    return _weighed(made, scope) if arrived else made


_RULES: dict[type, Callable[[Any, Scope], Value]] = {
    Unknown: _unknown,
    VariableRef: _variable,
    Ambient: _ambient,
    ResourceRef: _resource,
    Symbol: _symbol,
    GetAttr: _attribute,
    Index: _index,
    Splat: _splat,
    Conditional: _conditional,
    Unary: _unary,
    Binary: _binary,
    Template: _template,
    Call: _call,
    ForList: _for_list,
    ForMap: _for_map,
    ObjectConstructor: _object,
}
