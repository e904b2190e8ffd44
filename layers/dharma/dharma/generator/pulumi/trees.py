"""What is inside an expression of a program, and the same with something else inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Item,
    Lambda,
    Leaf,
    Mapping,
    Member,
    Name,
    Negation,
    Node,
    Operator,
    Pattern,
    Sequence,
    Spread,
    Text,
)


def leaves(node: Node) -> Iterable[Leaf]:
    """The outputs in a computation."""
    if isinstance(node, Leaf):
        yield node
        return
    for child in children(node):
        yield from leaves(child)


def without_leaves(node: Node, change: Callable[[Leaf], Node]) -> Node:
    """The computation with something else in the place of each output."""

    def new(inner: Node) -> Node:
        return without_leaves(inner, change)

    match node:
        case Leaf():
            return change(node)
        case Member(object, name, mode):
            return Member(new(object), name, mode)
        case Item(object, key):
            return Item(new(object), new(key))
        case Operator(operator, left, right):
            return Operator(operator, new(left), new(right))
        case Negation(operator, operand):
            return Negation(operator, new(operand))
        case Choice(condition, then, otherwise):
            return Choice(new(condition), new(then), new(otherwise))
        case Sequence(items):
            return Sequence(tuple(new(i) for i in items))
        case Spread(inner):
            return Spread(new(inner))
        case Mapping(pairs):
            return Mapping(tuple((k if isinstance(k, str) else new(k), new(v)) for k, v in pairs))
        case Text(parts, lifted):
            return Text(tuple(p if isinstance(p, str) else new(p) for p in parts), lifted)
        case Pattern(code, arguments):
            return Pattern(code, tuple(new(a) for a in arguments))
        case Each():
            return replace(
                node,
                collection=new(node.collection),
                result=new(node.result),
                condition=None if node.condition is None else new(node.condition),
            )
        case EachPair():
            return replace(
                node,
                collection=new(node.collection),
                result_key=new(node.result_key),
                result=new(node.result),
                condition=None if node.condition is None else new(node.condition),
            )
        case Invoke(callee, arguments, named):
            return replace(
                node,
                callee=new(callee),
                arguments=tuple(new(a) for a in arguments),
                named=tuple((k, new(v)) for k, v in named),
            )
    return node


def mentions(node: Node, names: set[str | None]) -> bool:
    """Whether one of the names stands in it."""
    if isinstance(node, Name):
        return node.text in names
    return any(mentions(child, names) for child in children(node))


def with_mode(node: Node, root: Name, mode: str) -> Node:
    """`logs.arn` as `logs?.arn`: the mode at the step behind the variable."""
    match node:
        case Member(object, name, _) if object == root:
            return Member(object, name, mode)
        case Member(object, name, own):
            return Member(with_mode(object, root, mode), name, own or ("?" if mode == "?" else ""))
        case Item(object, key):
            return Item(with_mode(object, root, mode), key)
    return node


def has_mode(node: Node) -> bool:
    """Whether a step of it may find nothing (`?.`)."""
    match node:
        case Member(object, _, mode):
            return mode == "?" or has_mode(object)
        case Item(object, _):
            return has_mode(object)
    return False


def children(node: Node) -> Iterable[Node]:
    match node:
        case Member(object, _, _) | Spread(object) | Lambda(_, object) | Negation(_, object):
            yield object
        case Item(object, key):
            yield from (object, key)
        case Operator(_, left, right):
            yield from (left, right)
        case Choice(condition, then, otherwise):
            yield from (condition, then, otherwise)
        case Sequence(items):
            yield from items
        case Mapping(pairs):
            for name, value in pairs:
                if not isinstance(name, str):
                    yield name
                yield value
        case Text(parts):
            yield from (p for p in parts if not isinstance(p, str))
        case Pattern(_, arguments):
            yield from arguments
        case Invoke(callee, arguments, named, _, options):
            yield callee
            yield from arguments
            yield from (v for _, v in (*named, *options))
        case Each(_, _, collection, result, condition):
            yield from (collection, result, *(() if condition is None else (condition,)))
        case EachPair(_, _, collection, result_key, result, condition):
            yield from (collection, result_key, result)
            if condition is not None:
                yield condition
        case Leaf(inner, _):
            yield inner
