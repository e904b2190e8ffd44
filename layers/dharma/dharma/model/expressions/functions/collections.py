"""Functions of lists, sets and maps."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

from dharma.model.expressions.conversion import (
    as_bool,
    as_decimal,
    as_integer,
    as_list,
    as_map,
    as_number,
    as_text,
    equal,
    from_decimal,
    unify,
)
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.functions.registry import function, limited_count
from dharma.model.expressions.nodes import SetValue, Value
from dharma.model.expressions.sets import as_set, common, mark, without


@function("alltrue", "bool")
def alltrue(values: Value) -> Value:
    return all(v is not None and as_bool(v) for v in as_list(values))


@function("anytrue", "bool")
def anytrue(values: Value) -> Value:
    return any(v is not None and as_bool(v) for v in as_list(values))


@function("chunklist", "list(any)", structural=True)
def chunklist(values: Value, size: Value) -> Value:
    items, width = as_list(values), as_integer(size)
    if width < 0:
        raise EvaluationError("chunklist: a size is not negative")
    width = width or max(1, len(items))
    return [items[n : n + width] for n in range(0, len(items), width)]


@function("compact", "list(string)")
def compact(values: Value) -> Value:
    return [as_text(v) for v in as_list(values) if v is not None and v != ""]


@function("concat", "list(any)", structural=True)
def concat(first: Value, *others: Value) -> Value:
    joined = [item for values in (first, *others) for item in as_list(values)]
    limited_count(len(joined))
    return joined


@function("contains", "bool")
def contains(values: Value, value: Value) -> Value:
    return any(equal(v, value) for v in as_list(values))


@function("distinct", "list(any)")
def distinct(values: Value) -> Value:
    result: dict[str, Value] = {}
    for value in unify(as_list(values)):
        result.setdefault(mark(value), value)
    return list(result.values())


@function("element", structural=True)
def element(values: Value, index: Value) -> Value:
    items, position = as_list(values), as_integer(index)
    if isinstance(items, SetValue):
        raise EvaluationError("element: a set has no positions; tolist() gives its elements some")
    if not items:
        raise EvaluationError("element of an empty list")
    if position < 0:
        raise EvaluationError("element: an index is not negative")
    return items[position % len(items)]


@function("flatten", "list(any)")
def flatten(values: Value) -> Value:
    result: list[Value] = []
    stack = [iter(as_list(values))]
    while stack:
        for item in stack[-1]:
            if isinstance(item, list):
                stack.append(iter(item))
                break
            result.append(item)
        else:
            stack.pop()
    return result


@function("index", "number")
def index(values: Value, value: Value) -> Value:
    for position, item in enumerate(as_list(values)):
        if equal(item, value):
            return position
    raise EvaluationError("index: the list does not hold the value")


@function("keys", "list(string)", structural=True)
def keys(values: Value) -> Value:
    return list[Value](sorted(as_map(values)))


@function("length", "number", structural=True)
def length(value: Value) -> Value:
    if isinstance(value, str | list | dict):
        return len(value)
    raise EvaluationError("length of a value that is no string, list or map")


@function("lookup", structural=True)
def lookup(values: Value, key: Value, *default: Value) -> Value:
    if len(default) > 1:
        raise EvaluationError(f"lookup takes 2 to 3 arguments, not {2 + len(default)}")
    found = as_map(values)
    name = as_text(key)
    if name in found:
        return found[name]
    if not default:
        raise EvaluationError(f"lookup: the map has no key {name!r}")
    return default[0]


@function("matchkeys", "list(any)")
def matchkeys(values: Value, matched: Value, wanted: Value) -> Value:
    items, marks = as_list(values), as_list(matched)
    if len(items) != len(marks):
        raise EvaluationError("matchkeys: the first two lists differ in length")
    wishes = set(map(mark, as_list(wanted)))
    return [item for item, known in zip(items, marks, strict=True) if mark(known) in wishes]


@function("merge", "map(any)", structural=True)
def merge(*maps: Value) -> Value:
    merged: dict[str, Value] = {}
    for values in maps:
        if values is not None:
            merged.update(as_map(values))
    return merged


@function("one", structural=True)
def one(values: Value) -> Value:
    items = as_list(values)
    if len(items) > 1:
        raise EvaluationError("one: the list has more than one item")
    return items[0] if items else None


@function("range", "list(number)")
def count_range(first: Value, second: Value = None, third: Value = None) -> Value:
    ends = (0, first) if second is None else (first, second)
    low, high = map(as_decimal, ends)
    step = Decimal(1 if low <= high else -1) if third is None else as_decimal(third)
    if step == 0 or (high != low and (step < 0) != (high < low)):
        raise EvaluationError("range: the step does not lead from start to limit")
    result: list[Value] = []
    value = low
    while value < high if step > 0 else value > high:
        if len(result) == 1024:
            raise EvaluationError("range: more than 1024 numbers")
        result.append(from_decimal(value))
        value += step
    return result


@function("reverse", "list(any)", structural=True)
def reverse(values: Value) -> Value:
    return list(as_list(values))[::-1]


@function("setintersection", "set(any)")
def setintersection(first: Value, *others: Value) -> Value:
    result = as_set(as_list(first))
    for values in others:
        result = common(result, as_set(as_list(values)))
    return result


@function("setproduct", "list(any)")
def setproduct(first: Value, *others: Value) -> Value:
    lists = [as_list(values) for values in (first, *others)]
    if len(lists) < 2:
        raise EvaluationError("setproduct: at least two arguments")
    count = 1
    for items in lists:
        count = limited_count(count * len(items))
    made: list[Value] = [list(combination) for combination in product(*lists)]
    return as_set(made) if all(isinstance(items, SetValue) for items in lists) else made


@function("setsubtract", "set(any)")
def setsubtract(values: Value, removed: Value) -> Value:
    return without(as_set(as_list(values)), as_set(as_list(removed)))


@function("setunion", "set(any)")
def setunion(first: Value, *others: Value) -> Value:
    return as_set([item for values in (first, *others) for item in as_list(values)])


@function("slice", "list(any)", structural=True)
def cut(values: Value, start: Value, end: Value) -> Value:
    items, low, high = as_list(values), as_integer(start), as_integer(end)
    if not 0 <= low <= high <= len(items):
        raise EvaluationError(f"slice: {low} to {high} is not inside a list of {len(items)}")
    return items[low:high]


@function("sort", "list(string)")
def sort(values: Value) -> Value:
    return list[Value](sorted(map(as_text, as_list(values))))


@function("tobool", "bool")
def tobool(value: Value) -> Value:
    return None if value is None else as_bool(value)


@function("tolist", "list(any)")
def tolist(values: Value) -> Value:
    return unify(as_list(values))


@function("tomap", "map(any)")
def tomap(values: Value) -> Value:
    found = as_map(values)
    return dict(zip(found, unify(list(found.values())), strict=True))


@function("tonumber", "number")
def tonumber(value: Value) -> Value:
    return None if value is None else as_number(value)


@function("toset", "set(any)")
def toset(values: Value) -> Value:
    return as_set(as_list(values))


@function("tostring", "string")
def tostring(value: Value) -> Value:
    return None if value is None else as_text(value)


@function("transpose", "map(list(string))")
def transpose(values: Value) -> Value:
    turned: dict[str, list[Value]] = {}
    for key, items in as_map(values).items():
        for item in as_list(items):
            turned.setdefault(as_text(item), []).append(key)
    return {key: list[Value](sorted(map(as_text, turned[key]))) for key in sorted(turned)}


@function("values", "list(any)", structural=True)
def map_values(values: Value) -> Value:
    found = as_map(values)
    return [found[key] for key in sorted(found)]


@function("zipmap", "map(any)", structural=True)
def zipmap(names: Value, values: Value) -> Value:
    keys_, items = as_list(names), as_list(values)
    if len(keys_) != len(items):
        raise EvaluationError("zipmap: the two lists differ in length")
    return dict(zip(map(as_text, keys_), items, strict=True))


@function("sensitive", structural=True)
def sensitive(value: Value) -> Value:
    return value


@function("nonsensitive", structural=True)
def nonsensitive(value: Value) -> Value:
    return value


@function("ephemeralasnull", structural=True)
def ephemeralasnull(value: Value) -> Value:
    return value
