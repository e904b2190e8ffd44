"""A body to arguments in the shape that the catalog reads: values evaluated, blocks as lists.

`dynamic` blocks are written out as far as their collection is known; an element whose presence
depends on a condition is `c ? {...} : null`, a collection that is not known a `for` expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from dharma.blueprint.readers.terraform.body import Block, Body, Place
from dharma.core.errors import LimitExceeded
from dharma.model.expressions.errors import EvaluationError
from dharma.model.expressions.evaluate import evaluate
from dharma.model.expressions.nodes import (
    Call,
    Conditional,
    Expression,
    ForList,
    SetValue,
    Symbol,
    Unknown,
    Value,
    transform,
)
from dharma.model.expressions.scope import Scope

MAX_BLOCKS = 10_000

Fault = Callable[[str, str, Place], None]
"""Takes the path of an argument, what is wrong with it, and its place."""

META_ARGUMENTS = frozenset({"count", "for_each", "provider", "providers", "depends_on"})
META_BLOCKS = frozenset({"lifecycle", "provisioner", "connection"})


def read_arguments(
    body: Body, scope: Scope, fault: Fault, *, structural: Scope | None = None, top: bool = True
) -> dict[str, Value]:
    """The arguments of a resource or block. `structural` is the scope in which the collections of
    `dynamic` blocks are decided, where values are wanted and not expressions: there blocks that are
    known stand beside those that are not. A value that cannot be computed is told and unknown."""
    found: dict[str, Value] = {}
    blocks: set[str] = set()
    for argument in body.arguments.values():
        if top and argument.name in META_ARGUMENTS:
            continue
        value = computed(argument.value, scope, argument.name, argument.place, fault)
        if value is not None:
            found[argument.name] = value
    for block in body.blocks:
        if top and block.type in META_BLOCKS:
            continue
        name = block.type
        if name == "dynamic" and block.labels:
            name = block.labels[0]
            made = _dynamic(block, scope, structural, fault)
        else:
            inner = _told_below(fault, name)
            made = [read_arguments(block.body, scope, inner, structural=structural, top=False)]
        if name in body.arguments and name not in blocks:
            said = "stands as an argument and as a block: the block counts"
            fault(name, said, body.arguments[name].place)
            found.pop(name, None)
        blocks.add(name)
        found[name] = _with(found.get(name), made)
    return found


def computed(value: Value, scope: Scope, path: str, place: Place, fault: Fault) -> Value:
    """The value of an expression, as far as it is known."""
    if value is None or isinstance(value, str | bool | int | float):
        return value
    try:
        return evaluate(value, scope)
    except EvaluationError as error:
        fault(path, error.message, place)
        return Unknown(error.message)


def _told_below(fault: Fault, name: str) -> Fault:
    return lambda path, message, place: fault(f"{name}.{path}", message, place)


def _with(so_far: Value, made: Value) -> Value:
    """Blocks of one name, written one by one and by `dynamic`, together."""
    if so_far is None or so_far == []:
        return made
    if isinstance(so_far, Unknown) or isinstance(made, Unknown):
        return so_far if isinstance(so_far, Unknown) else made
    if isinstance(so_far, list) and isinstance(made, list):
        return [*so_far, *made]
    return Call("concat", (so_far, made))


def _dynamic(block: Block, scope: Scope, structural: Scope | None, fault: Fault) -> Value:
    name = block.labels[0]
    argument = block.body.arguments.get("for_each")
    content = next(block.body.of_type("content"), None)
    if argument is None or content is None:
        fault(name, "a dynamic block needs for_each and content", block.place)
        return Unknown("a dynamic block without for_each or content")
    iterator = _iterator(block, name)
    deciding = structural or scope
    collection = computed(argument.value, deciding, f"{name}.for_each", argument.place, fault)
    inner = _told_below(fault, name)

    def element(key: Value, value: Value) -> dict[str, Value]:
        bound = {iterator: {"key": key, "value": value}}
        return read_arguments(
            content.body,
            scope.binding(bound),
            inner,
            structural=structural and structural.binding(bound),
            top=False,
        )

    if structural is not None and isinstance(collection, Call) and collection.name == "concat":
        return _in_parts(collection, element, iterator, block.place, fault)
    return _elements(collection, element, iterator, block.place, fault)


def _in_parts(
    collection: Call,
    element: Callable[[Value, Value], dict[str, Value]],
    iterator: str,
    place: Place,
    fault: Fault,
) -> Value:
    """Of lists put together, those that are known block by block. Positions behind one that is not
    known are not known either."""
    made: Value = []
    before: int | None = 0
    for argument in collection.arguments:
        if isinstance(argument, list) and before is not None:
            start = before
            more: Value = [element(start + i, value) for i, value in enumerate(argument)]
            before += len(argument)
        elif isinstance(argument, list):
            why = Unknown("how many elements stand before it is not known")
            more = [element(why, value) for value in argument]
        else:
            more = _elements(argument, element, iterator, place, fault)
            before = None
        made = _with(made, [more] if isinstance(more, Unknown) else more)
    return made


def _elements(
    collection: Value,
    element: Callable[[Value, Value], dict[str, Value]],
    iterator: str,
    place: Place,
    fault: Fault,
) -> Value:
    if collection is None:
        return []
    if isinstance(collection, list | dict):
        if len(collection) > MAX_BLOCKS:
            raise LimitExceeded(
                f"{place.file}:{place.line}: a dynamic block of more than {MAX_BLOCKS} elements"
            )
        return [element(key, value) for key, value in _pairs(collection)]
    if isinstance(collection, Conditional) and all(
        isinstance(branch, list | dict) or branch is None
        for branch in (collection.then, collection.otherwise)
    ):
        condition = collection.condition
        return [
            *(Conditional(condition, element(k, v), None) for k, v in _pairs(collection.then)),
            *(Conditional(condition, None, element(k, v)) for k, v in _pairs(collection.otherwise)),
        ]
    if isinstance(collection, Unknown):
        return collection
    if isinstance(collection, Expression):
        return _repeated(collection, element, iterator)
    fault("for_each", "a dynamic block goes through a list or a map", place)
    return Unknown("a dynamic block over no collection")


def _pairs(collection: Value) -> Iterator[tuple[Value, Value]]:
    """Key and value of every element; of a list its positions, of a set the element itself."""
    if isinstance(collection, dict):
        for key in sorted(collection):
            yield key, collection[key]
    elif isinstance(collection, SetValue):
        yield from ((item, item) for item in collection)
    elif isinstance(collection, list):
        yield from enumerate(collection)


def _repeated(
    collection: Expression, element: Callable[[Value, Value], dict[str, Value]], iterator: str
) -> ForList:
    """`[for v in xs : {...}]`; its names are those that `dynamic` gives."""
    key = f"{iterator}_key"
    made: Value = element(Symbol((key,)), Symbol((iterator,)))
    used = False

    def look(node: Value) -> Value:
        nonlocal used
        if isinstance(node, Symbol) and node.path[0] == key:
            used = True
        return node

    transform(made, look)
    return ForList(key if used else None, iterator, collection, made)


def _iterator(block: Block, name: str) -> str:
    argument = block.body.arguments.get("iterator")
    if argument is not None and argument.raw:
        return argument.raw
    return name
