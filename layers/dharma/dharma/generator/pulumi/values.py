"""Values of the model as expressions of a program.

A program knows two times: plain values, which are there while it runs, and outputs, which come when
the resources do. `given` translates for a place that takes both (an argument): structures stay
structures, a reference is the reference. `plain` translates for a computation: outputs in it become
leaves, and what is computed from them is applied to them (`apply`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from dharma.catalog.document import Part
from dharma.core.errors import NotExpressible
from dharma.generator.conditions import conjuncts
from dharma.generator.pulumi.functions import Language, code_of, text_of
from dharma.generator.pulumi.names import ANY, STRING, Field, Kind, ResourceNames, camel
from dharma.generator.pulumi.syntax import (
    Choice,
    Each,
    EachPair,
    Invoke,
    Item,
    Lambda,
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
    Spread,
    Text,
)
from dharma.model.expressions.conversion import as_text
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

_FORMAT = re.compile(r"%(?:%|(0\d+)?[sdv])")
_NUMBER = re.compile(r"-?(0|[1-9]\d{0,14})(\.\d{1,6})?\Z")
_TYPES = {"string": "string", "number": "number", "bool": "bool"}


@dataclass(frozen=True, slots=True)
class Target:
    """A resource as a program knows it: the identifier of its variable and what it is."""

    part: Part
    names: ResourceNames
    variable: str


@dataclass(slots=True)
class Place:
    """Where a value stands: what holds there, and the loop around it."""

    part: Part | None = None
    holds: tuple[Value, ...] = ()


class Translator:
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

    # -- places that take outputs

    def given(self, value: Value, kind: Kind, path: str) -> Node:
        """The value as an argument of this kind; errors name the path."""
        try:
            return self._given(value, kind, path)
        except NotExpressible as error:
            if error.message.startswith(path):
                raise
            raise NotExpressible(f"{path}: {error.message}") from None

    def _given(self, value: Value, kind: Kind, path: str) -> Node:
        if kind.single or (isinstance(value, list) and kind.name not in ("list", "any")):
            value = _only(value, path)
            kind = replace(kind, single=False)
        if isinstance(value, dict):
            return self._given_mapping(value, kind, path)
        if isinstance(value, list):
            return self._given_list(value, kind, path)
        if value is None or isinstance(value, bool | int | float | str):
            return self._given_literal(value, kind)
        if isinstance(value, Conditional) and self._is_plain(value.condition):
            return self._given_choice(value, kind, path)
        if isinstance(value, Template):
            return self._given_text(value, path)
        if isinstance(value, ForList) and self._is_plain(value.collection, value.condition):
            return self._given_each(value, kind.element or ANY, path)
        if isinstance(value, Call) and value.name == "jsonencode" and len(value.arguments) == 1:
            return self._json_text(value.arguments[0], path)
        node, have = self.computed(value), self._kind_of(value)
        return self._converted(node, have, kind, output=not self._is_plain(value))

    def _given_mapping(self, value: dict[str, Value], kind: Kind, path: str) -> Node:
        items: list[tuple[str | Node, Node]] = []
        for key, member in value.items():
            below = f"{path}.{key}"
            if kind.name == "object" and kind.shape is not None:
                if member is None or (member == [] and kind.shape.get(key) is None):
                    continue
                field = self.field(kind.shape.get(key), below)
                items.append((self.property(field), self.given(member, field.kind, below)))
            elif kind.name in ("map", "any"):
                items.append((key, self.given(member, kind.element or ANY, below)))
            else:
                raise NotExpressible(f"{path}: {kind.name} is wanted, not an object")
        return Mapping(tuple(items))

    def field(self, field: Field | None, path: str) -> Field:
        if field is None:
            raise NotExpressible(f"{path}: Pulumi has no such property")
        if field.computed:
            raise NotExpressible(f"{path}: Pulumi knows it only as an output")
        return field

    def property(self, field: Field) -> str:
        return field.camel if self.language == "typescript" else field.name

    def _given_list(self, value: list[Value], kind: Kind, path: str) -> Node:
        element = kind.element or ANY
        items: list[Node] = []
        for number, member in enumerate(value):
            below = f"{path}[{number}]"
            if isinstance(member, Conditional) and None in (member.then, member.otherwise):
                items.append(self._optional(member, element, below))
            else:
                items.append(self.given(member, element, below))
        if len(items) == 1 and isinstance(items[0], Spread):
            return items[0].node
        return Sequence(tuple(items))

    def _optional(self, member: Conditional, kind: Kind, path: str) -> Node:
        """An element that is there under a condition: none or one of it."""

        def some(branch: Value) -> Node:
            return Sequence(() if branch is None else (self.given(branch, kind, path),))

        condition = self.decided(member.condition, path)
        return Spread(Choice(condition, some(member.then), some(member.otherwise)))

    def _given_literal(self, value: None | bool | int | float | str, kind: Kind) -> Node:
        if value is None:
            return Literal(None)
        if kind.name == "string" and not isinstance(value, str):
            return Literal(as_text(value))
        if kind.name == "number" and isinstance(value, str) and _NUMBER.match(value):
            return Literal(float(value) if "." in value else int(value))
        if kind.name == "bool" and value in ("true", "false"):
            return Literal(value == "true")
        if kind.name in ("file", "archive") and isinstance(value, str):
            return self._asset(Literal(value), kind)
        return Literal(value)

    def _asset(self, path: Node, kind: Kind) -> Node:
        name = "FileArchive" if kind.name == "archive" else "FileAsset"
        module = "pulumi.asset." if self.language == "typescript" else "pulumi."
        return Invoke(Name(f"{module}{name}"), (path,), new=True)

    def _given_choice(self, value: Conditional, kind: Kind, path: str) -> Node:
        condition = self.plain(value.condition)
        before = self._place
        self._place = Place(before.part, (*before.holds, *conjuncts(value.condition)))
        then = self._given(value.then, kind, path)
        against = conjuncts(Unary("!", value.condition))
        self._place = Place(before.part, (*before.holds, *against))
        otherwise = self._given(value.otherwise, kind, path)
        self._place = before
        return Choice(condition, then, otherwise)

    def _given_text(self, value: Template, path: str) -> Node:
        parts: list[str | Node] = []
        lifted = False
        for part in value.parts:
            if isinstance(part, str):
                parts.append(part)
            elif self._is_plain(part):
                parts.append(self._as_text(part))
            else:
                lifted = True
                found = self._given(part, STRING, path)
                parts.append(found)
        return Text(tuple(parts), lifted)

    def _as_text(self, value: Value) -> Node:
        """A part of a text: TypeScript makes text as Terraform does, Python not of a bool."""
        node = self.plain(value)
        if self.language == "python" and infer(value, self._declared).name == "bool":
            return Pattern(text_of("bool", "python"), (node,))
        return node

    def _given_each(self, value: ForList, element: Kind, path: str) -> Node:
        collection, indexed = self._collection(value.collection, value.key)
        with_names = self._bind(value.key, value.value, value.collection)
        condition = None if value.condition is None else self.plain(value.condition)
        result = self._given(value.result, element, f"{path}[*]")
        key, name = with_names
        self._unbind(value.key, value.value)
        return Each(key, name, collection, result, condition, indexed)

    def _json_text(self, value: Value, path: str) -> Node:
        if self._is_plain(value):
            return self._json(self.plain(value))
        name = "jsonStringify" if self.language == "typescript" else "Output.json_dumps"
        return Invoke(Name(f"pulumi.{name}"), (self._given(value, ANY, path),))

    def _json(self, node: Node) -> Node:
        if self.language == "typescript":
            return Invoke(Name("JSON.stringify"), (node,))
        self.imports.add("json")
        return Invoke(Name("json.dumps"), (node,))

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

    def computed(self, value: Value) -> Node:
        """A computation: as it is when all is plain, else applied to the outputs in it."""
        node = self.plain(value)
        if isinstance(node, Leaf):
            return node.node
        leaves: dict[Node, str] = {}
        for leaf in _leaves(node):
            leaves.setdefault(leaf.node, leaf.hint)
        if not leaves:
            return node
        names: dict[Node, str] = {}
        for output, hint in leaves.items():
            wanted, count = self.fresh(self._spelled(hint)), 2
            name = wanted
            while name in names.values():
                name, count = f"{wanted}{count}", count + 1
            names[output] = name
        return self._applied(node, names)

    def _applied(self, node: Node, names: dict[Node, str]) -> Node:
        outputs = tuple(names)
        if len(outputs) == 1:
            body = _without_leaves(node, lambda leaf: Name(names[leaf.node]))
            function = Lambda((names[outputs[0]],), body, captured=self._captured(body))
            return Invoke(Member(self._certain(outputs[0]), "apply"), (function,))
        if self.language == "typescript":
            body = _without_leaves(node, lambda leaf: Name(names[leaf.node]))
            every = Invoke(Name("pulumi.all"), (Sequence(outputs),))
            function = Lambda(tuple(names.values()), body, listed=True)
            return Invoke(Member(every, "apply"), (function,))
        body = _without_leaves(node, lambda leaf: Item(Name("args"), Literal(names[leaf.node])))
        every = Invoke(Name("pulumi.Output.all"), (), tuple((n, o) for o, n in names.items()))
        function = Lambda(("args",), body, captured=self._captured(body))
        return Invoke(Member(every, "apply"), (function,))

    def _captured(self, body: Node) -> tuple[str, ...]:
        loops = dict.fromkeys(("i", "key", "value", *self._bound.values()))
        return tuple(name for name in loops if _mentions(body, {name}))

    def _certain(self, node: Node) -> Node:
        """An output even where the resource may not be there."""
        if isinstance(node, Member | Item | Invoke | Name) and not _has_mode(node):
            return node
        name = "pulumi.output" if self.language == "typescript" else "pulumi.Output.from_input"
        return Invoke(Name(name), (node,))

    def _spelled(self, name: str) -> str:
        return camel(name) if self.language == "typescript" else name

    def _converted(self, node: Node, have: Kind, want: Kind, *, output: bool) -> Node:
        """Terraform turns numbers and bools into text and back by itself."""
        if want.name in ("file", "archive"):
            return self._asset(node, want)
        if have.name == want.name or "any" in (have.name, want.name):
            return node
        if want.name == "string" and have.name in ("number", "bool"):
            code = text_of(have.name, self.language)
        elif want.name == "number" and have.name == "string":
            code = "Number({0})" if self.language == "typescript" else "int({0})"
        elif want.name == "bool" and have.name == "string":
            code = '{0} === "true"' if self.language == "typescript" else '({0} == "true")'
        else:
            return node
        if not output:
            return Pattern(code, (node,))
        name = self.fresh("given")
        return Invoke(Member(node, "apply"), (Lambda((name,), Pattern(code, (Name(name),))),))

    # -- computations

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
            return self._attribute(Name(self._bound[root]), self._bound_to[root], path[1:])
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
            return self._attribute(node, target, ref.path)
        if instance is None:
            own = self._place.part
            if own is None or own.owner is None or own.owner != part.owner:
                raise NotExpressible(f"{ref.address}: which instance is not said")
            instance = Symbol(("count", "index") if part.count is not None else ("each", "key"))
        return self._attribute(Item(node, self.plain(instance)), target, ref.path)

    def _maybe(self, target: Target, ref: ResourceRef) -> Node:
        """A resource that is there under a condition, which may be known to hold here."""
        holds = ref.instance == 0 or any(h == target.part.condition for h in self._place.holds)
        own = self._place.part
        holds = holds or (own is not None and own.condition == target.part.condition)
        node = Name(target.variable)
        leaf = self._attribute(node, target, ref.path)
        assert isinstance(leaf, Leaf)
        if self.language == "python":
            if holds:
                return leaf
            return Leaf(Choice(node, leaf.node, Literal(None)), leaf.hint)
        return Leaf(_with_mode(leaf.node, node, "!" if holds else "?"), leaf.hint)

    def _attribute(self, node: Node, target: Target, path: tuple[str | int, ...]) -> Node:
        """The output of a resource, in Terraform's path of attributes."""
        hint = target.variable
        kind = Kind("object", shape=target.names.shape)
        for number, step in enumerate(path):
            if isinstance(step, int):
                if kind.single or kind.name == "object":
                    kind = replace(kind, single=False)
                    continue
                node, kind = Item(node, Literal(step)), kind.element or ANY
                continue
            if number == 0 and step == "id":
                node, kind, hint = Member(node, "id"), STRING, "id"
            elif kind.name == "object" and kind.shape is not None:
                field = kind.shape.get(step)
                if field is None:
                    shown = ".".join(map(str, path))
                    raise NotExpressible(
                        f"{target.part.address}.{shown}: Pulumi has no such output"
                    )
                node, kind, hint = Member(node, self.property(field)), field.kind, step
            else:
                node, kind, hint = Item(node, Literal(step)), kind.element or ANY, step
        first = target.names.shape.get(str(path[0])) if path else None
        if self.language == "typescript" and first is not None and not first.computed:
            node = self._surely(node, first.camel)
        return Leaf(node, hint)

    def _surely(self, node: Node, first: str) -> Node:
        """A part of what TypeScript takes for absent perhaps, because it can be left out. It is
        there: something refers to it."""
        steps: list[Node] = []
        while not (isinstance(node, Member) and node.name == first):
            steps.append(node)
            assert isinstance(node, Member | Item)
            node = node.object
        if not steps:
            return node
        name = self.fresh(first)
        body: Node = Pattern("{0}!", (Name(name),))
        for step in reversed(steps):
            assert isinstance(step, Member | Item)
            body = replace(step, object=body)
        return Invoke(Member(node, "apply"), (Lambda((name,), body),))

    def _splat(self, collection: Value, path: tuple[str | int, ...]) -> Node:
        target = self._collected(collection)
        if target is None:
            return Each(None, "item", self.plain(collection), self._path(Name("item"), path))
        part, node = target.part, Name(target.variable)
        if part.condition is not None:
            leaf = self._attribute(node, target, path)
            assert isinstance(leaf, Leaf)
            return self._all(Choice(node, Sequence((leaf.node,)), Sequence(())), str(path[-1]))
        item = self.fresh("item")
        leaf = self._attribute(Name(item), target, path)
        assert isinstance(leaf, Leaf)
        source = node if part.count is not None else self._values(node)
        return self._all(Each(None, item, source, leaf.node), str(path[-1]))

    def _values(self, node: Node) -> Node:
        code = "Object.values({0})" if self.language == "typescript" else "{0}.values()"
        return Pattern(code, (node,))

    def _all(self, outputs: Node, hint: str) -> Node:
        """A list of outputs as one output."""
        if self.language == "typescript":
            return Leaf(Invoke(Name("pulumi.all"), (outputs,)), f"{hint}s")
        return Leaf(Invoke(Name("pulumi.Output.all"), (Spread(outputs),)), f"{hint}s")

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
        if target is not None and any(_leaves(node)):
            outputs = _without_leaves(node, lambda leaf: leaf.node)
            if isinstance(value, ForList):
                return self._all(outputs, value.value)
            return Leaf(self._certain(outputs), "pairs")
        if any(leaf for leaf in _leaves(node) if _mentions(leaf.node, {key, name})):
            raise NotExpressible("an output of each element cannot be computed with")
        return node

    def _collection(self, value: Value, key: str | None) -> tuple[Node, bool]:
        """What is gone through, and whether `key` is a position."""
        target = self._collected(value)
        if target is not None:
            node: Node = Name(target.variable)
            if target.part.for_each is not None and key is None:
                node = self._values(node)
            return node, target.part.count is not None
        kind = infer(value, self._declared)
        node = self.plain(value)
        if kind.name in ("map", "object"):
            return (node, False) if key is not None else (self._values(node), False)
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
            return self._format(arguments[0], arguments[1:])
        if call.name == "one" and len(arguments) == 1:
            match arguments[0]:
                case Splat(ResourceRef(address, ()), path) if (
                    address in self.targets and self.targets[address].part.condition is not None
                ):
                    return self._maybe(self.targets[address], ResourceRef(address, path))
        if call.name == "substr" and len(arguments) == 3:
            return self._substring(arguments)
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

    def _format(self, text: str, arguments: tuple[Value, ...]) -> Node:
        parts: list[str | Node] = []
        left = list(arguments)
        end = 0
        for verb in _FORMAT.finditer(text):
            parts.append(text[end : verb.start()])
            end = verb.end()
            if verb[0] == "%%":
                parts.append("%")
                continue
            if not left:
                raise NotExpressible(f"format(): {verb[0]} has no value")
            node = self._as_text(left.pop(0))
            if verb[1]:
                width = int(verb[1])
                code = (
                    f'String({{0}}).padStart({width}, "0")'
                    if self.language == "typescript"
                    else f"str({{0}}).zfill({width})"
                )
                node = Pattern(code, (node,))
            parts.append(node)
        parts.append(text[end:])
        if left or "%" in "".join(p for p in _FORMAT.split(text) if p and "%" in p):
            raise NotExpressible(f"format({text!r}): only %s, %d, %v and %0Nd have a counterpart")
        return Text(tuple(p for p in parts if p != ""))

    def _substring(self, arguments: tuple[Value, ...]) -> Node:
        text, start, length = arguments
        if not (isinstance(start, int) and isinstance(length, int) and start >= 0):
            raise NotExpressible("substr() needs literal numbers, the first not negative")
        stop = "" if length < 0 else str(start + length)
        if self.language == "typescript":
            code = f"{{0}}.slice({start}{', ' if stop else ''}{stop})"
        else:
            code = f"{{0}}[{start or ''}:{stop}]"
        return Pattern(code, (self.plain(text),))

    # -- what is known of values

    def is_mapping(self, value: Value) -> bool:
        """Whether a loop over it has keys and values; over a set, each is both."""
        if isinstance(value, ForMap | ObjectConstructor):
            return True
        return infer(value, self._declared).name in ("map", "object")

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
            return self._kind_at(self.targets[value.address], value.path)
        kind = infer(value, self._declared)
        return Kind(_TYPES[kind.name]) if kind.name in _TYPES else ANY

    def _kind_at(self, target: Target, path: tuple[str | int, ...]) -> Kind:
        if path == ("id",):
            return STRING
        kind = Kind("object", shape=target.names.shape)
        for step in path:
            if isinstance(step, int):
                if not kind.single and kind.name != "object":
                    kind = kind.element or ANY
                continue
            field = kind.shape.get(step) if kind.shape is not None else None
            kind = field.kind if field is not None else kind.element or ANY
        return kind


def _only(value: Value, path: str) -> Value:
    """The element of a list of at most one; of an expression, its first."""
    if isinstance(value, list):
        if len(value) > 1:
            raise NotExpressible(f"{path}: Pulumi takes one of it, and there are {len(value)}")
        return value[0] if value else None
    if isinstance(value, ForList | VariableRef | Splat):
        return Index(value, 0)
    if isinstance(value, Conditional):
        return Conditional(value.condition, _only(value.then, path), _only(value.otherwise, path))
    return value


def _is_pattern(arguments: tuple[Value, ...]) -> bool:
    return not (arguments and isinstance(arguments[0], str)) or (
        len(arguments[0]) > 1 and arguments[0].startswith("/") and arguments[0].endswith("/")
    )


def _with_mode(node: Node, root: Name, mode: str) -> Node:
    """`logs.arn` as `logs?.arn`: the mode at the step behind the variable."""
    match node:
        case Member(object, name, _) if object == root:
            return Member(object, name, mode)
        case Member(object, name, own):
            return Member(_with_mode(object, root, mode), name, own or ("?" if mode == "?" else ""))
        case Item(object, key):
            return Item(_with_mode(object, root, mode), key)
    return node


def _has_mode(node: Node) -> bool:
    match node:
        case Member(object, _, mode):
            return mode == "?" or _has_mode(object)
        case Item(object, _):
            return _has_mode(object)
    return False


def _leaves(node: Node) -> Iterable[Leaf]:
    if isinstance(node, Leaf):
        yield node
        return
    for child in _children(node):
        yield from _leaves(child)


def _mentions(node: Node, names: set[str | None]) -> bool:
    if isinstance(node, Name):
        return node.text in names
    return any(_mentions(child, names) for child in _children(node))


def _children(node: Node) -> Iterable[Node]:
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


def _without_leaves(node: Node, change: Callable[[Leaf], Node]) -> Node:
    """The computation with something else in the place of each output."""

    def new(inner: Node) -> Node:
        return _without_leaves(inner, change)

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
