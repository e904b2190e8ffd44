"""Values of the model as computations of a program.

A program knows two times: plain values, which are there while it runs, and outputs, which come when
the resources do. Outputs are leaves of a computation, and what is computed from them is applied to
them (`translator`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.generator.conditions import conjuncts
from dharma.generator.pulumi.calls import formatted, substring
from dharma.generator.pulumi.functions import Language, code_of, text_of
from dharma.generator.pulumi.names import ANY, Kind, camel
from dharma.generator.pulumi.outputs import Outputs, Target
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Item,
    Leaf,
    Literal,
    Mapping,
    Member,
    Name,
    Negation,
    Node,
    Operator,
    Pattern,
    Sequence,
    Text,
)
from dharma.generator.pulumi.trees import (
    leaves,
    mentions,
    with_mode,
    without_leaves,
)
from dharma.model.expressions.inference import Declared, infer
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
    Splat,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
    walk,
)
from dharma.model.types import ANY as ANY_TYPE
from dharma.model.types import Type

_TYPES = {"string": "string", "number": "number", "bool": "bool"}


@dataclass(slots=True)
class Place:
    """Where a value stands: what holds there, and the loop around it."""

    part: Part | None = None
    holds: tuple[Value, ...] = ()


class Computations:
    """`variables`: identifier, type and secrecy of the configuration's variables. `ambient` gives
    the expression of an ambient value, whose statement it may have to declare. `fresh` gives a name
    to the parameter of a function."""

    def __init__(
        self,
        language: Language,
        targets: dict[str, Target],
        variables: dict[str, tuple[str, Type, bool]],
        *,
        ambient: Callable[[str], Node],
        fresh: Callable[[str], str],
    ) -> None:
        self.language = language
        self.targets = targets
        self.variables = variables
        self.secret = {name for name, (_, _, secret) in variables.items() if secret}
        self.ambient = ambient
        self.fresh = fresh
        self.outputs = Outputs(language, fresh)
        self.imports: set[str] = set()
        self.helpers: set[str] = set()
        self.used: set[str] = set()
        self._place = Place()
        self._bound: dict[str, str] = {}
        self._bound_to: dict[str, Target] = {}
        self._declared = Declared(self._variable_type, self._resource_type)

    def at(self, part: Part | None, condition: Value) -> None:
        """From here on values stand in this part, or in none."""
        self._place = Place(part, tuple(conjuncts(condition)))

    def is_mapping(self, value: Value) -> bool:
        """Whether a loop over it has keys and values; over a set, each is both."""
        if isinstance(value, ForMap | ObjectConstructor):
            return True
        return infer(value, self._declared).name in ("map", "object")

    def decided(self, condition: Value, path: str) -> Node:
        """A condition that has to be known while the program runs."""
        return self.known(condition, path, "a condition")

    def known(self, value: Value, path: str, what: str) -> Node:
        """A plain value; raises `NotExpressible` where it depends on an output."""
        if not self._is_plain(value):
            raise NotExpressible(
                f"{path}: {what} has to be known before resources are made, and this one depends "
                "on a resource or a secret"
            )
        return self.plain(value)

    def plain(self, value: Value) -> Node:
        """The value with its outputs as leaves."""
        if isinstance(value, dict):
            return Mapping(tuple((k, self.plain(v)) for k, v in value.items()))
        if isinstance(value, list):
            return Sequence(tuple(self.plain(v) for v in value))
        if not isinstance(value, Expression):
            return Literal(value)
        match value:
            case VariableRef(name):
                return self._variable(name)
            case ResourceRef():
                return self._reference(value)
            case Ambient(name):
                return self._ambient(name)
            case Symbol(path):
                return self._symbol(path)
            case Template(parts):
                return Text(tuple(p if isinstance(p, str) else self._as_text(p) for p in parts))
            case Conditional(condition, then, otherwise):
                return Choice(self.plain(condition), self.plain(then), self.plain(otherwise))
            case Unary(operator, operand):
                return Negation(operator, self.plain(operand))
            case Binary(operator, left, right):
                return Operator(operator, self.plain(left), self.plain(right))
            case GetAttr(object, name):
                return self._member(self.plain(object), name)
            case Index(collection, key):
                return self._item(self.plain(collection), key)
            case Splat(collection, path):
                return self._splat(collection, path)
            case ForList() | ForMap():
                return self._each(value)
            case ObjectConstructor(items):
                return Mapping(tuple((self.plain(k), self.plain(v)) for k, v in items))
            case Call():
                return self._call(value)
            case Unknown(reason):
                raise NotExpressible(f"the value is not known: {reason}")
        raise NotExpressible(f"{type(value).__name__} has no counterpart in a program")

    def _as_text(self, value: Value) -> Node:
        """A part of a text: TypeScript makes text as Terraform does, Python not of a bool."""
        node = self.plain(value)
        if self.language == "python" and infer(value, self._declared).name == "bool":
            return Pattern(text_of("bool", "python"), (node,))
        return node

    def _json(self, node: Node) -> Node:
        if self.language == "typescript":
            return Invoke(Name("JSON.stringify"), (node,))
        self.imports.add("json")
        return Invoke(Name("json.dumps"), (node,))

    def _spelled(self, name: str) -> str:
        return camel(name) if self.language == "typescript" else name

    def _variable(self, name: str) -> Node:
        if name not in self.variables:
            raise NotExpressible(f"var.{name} is not declared")
        self.used.add(name)
        node = Name(self.variables[name][0])
        return Leaf(node, f"{name}_value") if name in self.secret else node

    def _ambient(self, name: str) -> Node:
        node = self.ambient(name)
        return node if isinstance(node, Name | Text | Invoke) else Leaf(node, name)

    def _symbol(self, path: tuple[str | int, ...]) -> Node:
        match path:
            case ("count", "index"):
                return Name("i")
            case ("each", "key"):
                return Name("key")
            case ("each", "value", *rest):
                return self._path(Name("value"), rest)
            case ("data", "aws_ssm_parameter", str(name), "value") if name in self.variables:
                self.used.add(name)
                return self._parameter(Name(self.variables[name][0]))
        root = str(path[0])
        if root in self._bound_to:
            return self.outputs.attribute(Name(self._bound[root]), self._bound_to[root], path[1:])
        if root in self._bound:
            return self._path(Name(self._bound[root]), path[1:])
        raise NotExpressible(f"{'.'.join(map(str, path))} has no counterpart in a program")

    def _parameter(self, name: Node) -> Node:
        if self.language == "typescript":
            call = Invoke(Name("aws.ssm.getParameterOutput"), (), (("name", name),))
        else:
            call = Invoke(Name("aws.ssm.get_parameter_output"), (), (("name", name),))
        return Leaf(Member(call, "value"), "parameter")

    def _path(self, node: Node, path: Iterable[str | int]) -> Node:
        for step in path:
            node = self._member(node, step) if isinstance(step, str) else Item(node, Literal(step))
        return node

    def _member(self, node: Node, name: str) -> Node:
        """A member of plain data: data of JSON is a dict in Python."""
        if self.language == "typescript" and name.isascii() and name.isidentifier():
            return Member(node, name)
        return Item(node, Literal(name))

    def _item(self, node: Node, key: Value) -> Node:
        if isinstance(node, Leaf) and isinstance(key, int):
            return Leaf(Item(node.node, Literal(key)), node.hint)
        return Item(node, self.plain(key))

    def _reference(self, ref: ResourceRef) -> Node:
        target = self.targets.get(ref.address)
        if target is None:
            raise NotExpressible(f"{ref.address} is no resource of this blueprint")
        part, node = target.part, Name(target.variable)
        if not ref.path and ref.instance is None:
            raise NotExpressible(f"{ref.address}: a whole resource is no value")
        instance = ref.instance
        if part.condition is not None:
            return self._maybe(target, ref)
        if part.count is None and part.for_each is None:
            if instance is not None and instance != 0:
                raise NotExpressible(f"{ref.address} has no instances")
            return self.outputs.attribute(node, target, ref.path)
        if instance is None:
            own = self._place.part
            if own is None or own.owner is None or own.owner != part.owner:
                raise NotExpressible(f"{ref.address}: which instance is not said")
            instance = Symbol(("count", "index") if part.count is not None else ("each", "key"))
        return self.outputs.attribute(Item(node, self.plain(instance)), target, ref.path)

    def _maybe(self, target: Target, ref: ResourceRef) -> Node:
        """A resource that is there under a condition, which may be known to hold here."""
        holds = ref.instance == 0 or any(h == target.part.condition for h in self._place.holds)
        own = self._place.part
        holds = holds or (own is not None and own.condition == target.part.condition)
        node = Name(target.variable)
        leaf = self.outputs.attribute(node, target, ref.path)
        if self.language == "python":
            if holds:
                return leaf
            return Leaf(Choice(node, leaf.node, Literal(None)), leaf.hint)
        return Leaf(with_mode(leaf.node, node, "!" if holds else "?"), leaf.hint)

    def _splat(self, collection: Value, path: tuple[str | int, ...]) -> Node:
        target = self._collected(collection)
        if target is None:
            return Each(None, "item", self.plain(collection), self._path(Name("item"), path))
        part, node = target.part, Name(target.variable)
        if part.condition is not None:
            leaf = self.outputs.attribute(node, target, path)
            return self.outputs.all_of(
                Choice(node, Sequence((leaf.node,)), Sequence(())), str(path[-1])
            )
        item = self.fresh("item")
        leaf = self.outputs.attribute(Name(item), target, path)
        source = node if part.count is not None else self.outputs.values_of(node)
        return self.outputs.all_of(Each(None, item, source, leaf.node), str(path[-1]))

    def _collected(self, collection: Value) -> Target | None:
        """The resource whose instances are meant: `app`, `values(app)`."""
        if isinstance(collection, Call) and collection.name == "values":
            (collection,) = collection.arguments[:1]
        match collection:
            case ResourceRef(address, (), None):
                return self.targets.get(address)
        return None

    def _each(self, value: ForList | ForMap) -> Node:
        target = self._collected(value.collection)
        collection, indexed = self._collection(value.collection, value.key)
        key, name = self._bind(value.key, value.value, value.collection)
        condition = None if value.condition is None else self.plain(value.condition)
        result = self.plain(value.result)
        node: Node
        if isinstance(value, ForList):
            node = Each(key, name, collection, result, condition, indexed)
        else:
            if value.grouping:
                raise NotExpressible("grouping (...) has no counterpart in a program")
            result_key = self.plain(value.result_key)
            node = EachPair(key, name, collection, result_key, result, condition, indexed)
        self._unbind(value.key, value.value)
        if target is not None and any(leaves(node)):
            outputs = without_leaves(node, lambda leaf: leaf.node)
            if isinstance(value, ForList):
                return self.outputs.all_of(outputs, value.value)
            return Leaf(self.outputs.certain(outputs), "pairs")
        if any(leaf for leaf in leaves(node) if mentions(leaf.node, {key, name})):
            raise NotExpressible("an output of each element cannot be computed with")
        return node

    def _collection(self, value: Value, key: str | None) -> tuple[Node, bool]:
        """What is gone through, and whether `key` is a position."""
        target = self._collected(value)
        if target is not None:
            node: Node = Name(target.variable)
            if target.part.for_each is not None and key is None:
                node = self.outputs.values_of(node)
            return node, target.part.count is not None
        kind = infer(value, self._declared)
        node = self.plain(value)
        if kind.name in ("map", "object"):
            return (node, False) if key is not None else (self.outputs.values_of(node), False)
        return node, key is not None

    def _bind(self, key: str | None, name: str, collection: Value) -> tuple[str | None, str]:
        target = self._collected(collection)
        taken = self.fresh(self._spelled(name))
        self._bound[name] = taken
        if target is not None:
            self._bound_to[name] = target
        if key is None:
            return None, taken
        self._bound[key] = self.fresh(self._spelled(key))
        return self._bound[key], taken

    def _unbind(self, key: str | None, name: str) -> None:
        self._bound.pop(name, None)
        self._bound_to.pop(name, None)
        self._bound.pop(key or "", None)

    def _call(self, call: Call) -> Node:
        if call.expand:
            raise NotExpressible(f"{call.name}(...): spread arguments have no counterpart")
        arguments = call.arguments
        if call.name == "jsonencode" and len(arguments) == 1:
            return self._json(self.plain(arguments[0]))
        if call.name == "format" and arguments and isinstance(arguments[0], str):
            return formatted(arguments[0], arguments[1:], self._as_text, self.language)
        if call.name == "one" and len(arguments) == 1:
            match arguments[0]:
                case Splat(ResourceRef(address, ()), path) if (
                    address in self.targets and self.targets[address].part.condition is not None
                ):
                    return self._maybe(self.targets[address], ResourceRef(address, path))
        if call.name == "substr" and len(arguments) == 3:
            return substring(self.plain(arguments[0]), *arguments[1:], self.language)
        if call.name == "replace" and _is_pattern(arguments[1:2]):
            raise NotExpressible("replace(): patterns have no counterpart in a program")
        first = infer(arguments[0], self._declared).name if arguments else ""
        code = code_of(call.name, len(arguments), first, self.language)
        if code is None:
            raise NotExpressible(f"{call.name}() has no counterpart in a program")
        for module in ("json", "math", "base64"):
            if self.language == "python" and code.startswith(f"{module}."):
                self.imports.add(module)
        if code.startswith("helpers."):
            self.helpers.add(code[len("helpers.") : code.index("(")])
        return Pattern(code, tuple(self.plain(a) for a in arguments))

    def _is_plain(self, *values: Value) -> bool:
        """Whether nothing in them is an output."""
        for value in values:
            for node in walk(value):
                match node:
                    case ResourceRef() | Splat(ResourceRef()):
                        return False
                    case VariableRef(name) if name in self.secret:
                        return False
                    case Ambient(name):
                        if not isinstance(self.ambient(name), Name | Text | Invoke):
                            return False
                    case Symbol(("data", *_)):
                        return False
                    case Symbol(path) if str(path[0]) in self._bound_to:
                        return False
        return True

    def _variable_type(self, name: str) -> Type:
        return self.variables[name][1] if name in self.variables else ANY_TYPE

    def _resource_type(self, ref: ResourceRef) -> Type:
        kind = self._kind_of(ref)
        if kind.name in _TYPES:
            return Type(_TYPES[kind.name])
        return Type(kind.name, ANY_TYPE) if kind.name in ("list", "map") else ANY_TYPE

    def _kind_of(self, value: Value) -> Kind:
        """The kind of a value as far as it is told; `any` where not."""
        if isinstance(value, ResourceRef) and value.address in self.targets and value.path:
            return self.outputs.kind_at(self.targets[value.address], value.path)
        kind = infer(value, self._declared)
        return Kind(_TYPES[kind.name]) if kind.name in _TYPES else ANY


def _is_pattern(arguments: tuple[Value, ...]) -> bool:
    return not (arguments and isinstance(arguments[0], str)) or (
        len(arguments[0]) > 1 and arguments[0].startswith("/") and arguments[0].endswith("/")
    )
