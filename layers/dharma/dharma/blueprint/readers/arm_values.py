"""Values and expressions of an ARM template as the model's.

Variables of the template are written in where they are used; functions that have a counterpart
become it; one that only Azure can compute is kept as `provider::arm::name(...)`, with a note.
Which resource `resourceId` and `reference` mean is asked of the template (`resolve`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note, NoteKind
from dharma.model.arm_functions import (
    AMBIENT,
    ARM_FUNCTION,
    OPERATORS,
    OWN_FUNCTIONS,
    SAME_ARGUMENTS,
    is_text,
)
from dharma.model.arm_language import (
    ArmCall,
    ArmIndex,
    ArmMember,
    ArmSyntaxError,
    ArmValue,
    parse_text,
)
from dharma.model.expressions.choices import choices, of_each
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
    Unary,
    Unknown,
    Value,
    VariableRef,
    transform,
    walk,
)
from dharma.model.expressions.templates import join_parts
from dharma.model.origin import Origin

COPIES_WRITTEN_OUT = 100
_NODES_MAX = 20_000
_DEEPEST = 8  # functions of the author in each other
_CHOSEN_MAX = 50  # variables among which an expression may choose
_LEADING_POINT = re.compile(r"\A\s*\.(?=\d+\s*\Z)")  # Azure takes `.5` for a number.
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)\}")
_OPERATORS = {name: operator for operator, name in OPERATORS.items()}
_SAME = {native.lower(): name for name, native in SAME_ARGUMENTS.items()}
_LISTS = frozenset({"concat", "split", "range", "flatten", "keys", "tolist", "toset", "distinct"})
_INDEX = Symbol(("count", "index"))

# The canonical spelling of what is compared without regard to case.
_KNOWN = frozenset(
    {"resourceid", "subscriptionresourceid", "tenantresourceid", "extensionresourceid"}
)
Resolve = Callable[[str, list[Value], Value], ResourceRef | None]
"""The reference (its path is `id`) to the resource of a type with these names in a group (any where
None), if it is here."""


@dataclass(frozen=True, slots=True)
class OwnFunction:
    """A function that the template declares: the names of its parameters, and what it gives."""

    parameters: tuple[str, ...]
    result: Node


@dataclass(slots=True)
class Names:
    """What names mean in one template (or one nested in it)."""

    parameters: Mapping[str, Value]
    types: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, Node] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    defaults: Mapping[str, Node] = field(default_factory=dict)
    """Parameters whose default Azure computes out of what the blueprint can say too."""
    functions: Mapping[str, OwnFunction] = field(default_factory=dict)
    group: Value = None
    """The id-less reference to the resource group, or the value of its name."""
    references: Mapping[str, ResourceRef] = field(default_factory=dict)
    """Variables of which this project's writer noted what they stand for."""


def own_functions(section: Node) -> dict[str, OwnFunction]:
    """The functions that a template declares, by namespace and name in small letters."""
    found: dict[str, OwnFunction] = {}
    for group in section.value if isinstance(section.value, list) else ():
        body = _members(group)
        namespace = body["namespace"].value if "namespace" in body else None
        for name, function in _members(body.get("members")).items():
            said = _members(function)
            output = _members(said.get("output"))
            declared = said["parameters"].value if "parameters" in said else None
            names = (
                [_members(p).get("name") for p in declared] if isinstance(declared, list) else []
            )
            if isinstance(namespace, str) and "value" in output:
                parameters = tuple(str(n.value).lower() for n in names if n is not None)
                found[f"{namespace}.{name}".lower()] = OwnFunction(parameters, output["value"])
    return found


def _members(node: Node | None) -> dict[str, Node]:
    """The members of an object; names in small letters."""
    if node is None or not isinstance(node.value, dict):
        return {}
    return {key.lower(): inner for key, (_, inner) in node.value.items()}


class ArmExpressions:
    """Reads values of one template. `notes` gathers what was not understood."""

    def __init__(self, names: Names, file: str | None, notes: list[Note]) -> None:
        self.names = names
        self.file = file
        self.notes = notes
        self.resolve: Resolve = lambda _type, _names, _group: None
        self.answers: Callable[[ResourceRef], dict[str, Value] | None] = lambda _deployment: None
        self.count_of: Callable[[str], Value] = lambda _address: None
        self.is_known: Callable[[str], bool] = lambda _address: False
        self.as_id: Callable[[Value], Value] = lambda value: value
        self.by_name: Callable[[Value], ResourceRef | None] = lambda _name: None
        self._variables: dict[str, Value] = {}
        self._defaulted: dict[str, Value] = {}
        self._bound_parameters: list[dict[str, Value]] = []
        self._open: list[str] = []
        self._place: tuple[str, str, Node | None] = ("", "", None)
        self._loops: list[tuple[str, Value]] = []
        self._spent = 0

    def at(self, address: str, path: str, node: Node) -> ArmExpressions:
        """From now on notes speak of this place."""
        self._place = (address, path, node)
        return self

    def apart(self, address: str, path: str, node: Node, value: Node) -> Value:
        """A value from another place, in the middle of one that is being read."""
        around = (self._place, self._loops, self._bound_parameters)
        self._place, self._loops, self._bound_parameters = (address, path, node), [], []
        try:
            return self.value(value)
        finally:
            self._place, self._loops, self._bound_parameters = around

    def note(self, message: str, kind: NoteKind = "not_understood") -> None:
        address, path, node = self._place
        line, column = (node.line, node.column) if node is not None else (None, None)
        origin = Origin(self.file, line, column, address)
        found = Note(kind, address, path, message, origin)
        if found not in self.notes:
            self.notes.append(found)

    # ---- JSON

    def value(self, node: Node) -> Value:
        content = node.value
        if isinstance(content, dict):
            return self._object(content)
        if isinstance(content, list):
            return [self.value(child) for child in content]
        if isinstance(content, str):
            return self.text(content)
        return content

    def text(self, content: str) -> Value:
        try:
            parsed = parse_text(content)
        except ArmSyntaxError as error:
            self.note(f"{_short(content)}: {error}")
            return Unknown(f"an expression that is not understood: {error}")
        return self.expression(parsed)

    def _object(self, content: dict[str, tuple[Node, Node]]) -> Value:
        items: list[tuple[Value, Value]] = []
        for key, (_, node) in content.items():
            if key.lower() == "copy" and isinstance(node.value, list):
                items.extend(self._copies(node.value))
            else:
                items.append((self.text(key), self.value(node)))
        if all(isinstance(key, str) for key, _ in items):
            return {str(key): value for key, value in items}
        return ObjectConstructor(tuple(items))

    def _copies(self, loops: list[Node]) -> list[tuple[Value, Value]]:
        """The repeated properties of a `copy` list."""
        found: list[tuple[Value, Value]] = []
        for loop in loops:
            body = loop.value if isinstance(loop.value, dict) else {}
            if not {"name", "count", "input"} <= set(body):
                self.note("a copy needs name, count and input")
                continue
            name = str(body["name"][1].value)
            found.append((name, self.repeated(name, body["count"][1], body["input"][1])))
        return found

    def repeated(self, name: str, count: Node, element: Node) -> Value:
        """`input` for every index: written out where the number is known and small."""
        number = self.value(count)
        if type(number) is int and number <= COPIES_WRITTEN_OUT:
            elements = []
            for index in range(max(number, 0)):
                self._loops.append((name, index))
                elements.append(self.value(element))
                self._loops.pop()
            return elements
        variable = re.sub(r"\W", "_", name) or "each"
        self._loops.append((name, Symbol((variable,))))
        result = self.value(element)
        self._loops.pop()
        return ForList(None, variable, Call("range", (number,)), result)

    # ---- expressions

    def expression(self, value: ArmValue) -> Value:
        self._spent += 1
        if self._spent > _NODES_MAX * 50:
            return Unknown("more than can be read of one template")
        if isinstance(value, str | int):
            return value
        if isinstance(value, ArmMember):
            return self._member(value)
        if isinstance(value, ArmIndex):
            return _indexed(self.expression(value.owner), self.expression(value.key))
        return self._call(value)

    def _member(self, member: ArmMember) -> Value:
        owner = member.owner
        if isinstance(owner, ArmCall):
            name = owner.name.lower()
            if name == "resourcegroup" and not owner.arguments:
                return self._of_group(member.name)
            for ambient, (function, attribute) in AMBIENT.items():
                if name == function.lower() and member.name.lower() == attribute.lower():
                    return Ambient(ambient)
            if name == "deployment" and member.name.lower() == "location":
                return Ambient("region")
            if name == "tenant" and member.name == "tenantId":
                return Ambient("tenant_id")
            if name == "subscription" and member.name == "id":
                return join_parts(("/subscriptions/", Ambient("subscription_id")))
        return _member_of(self.expression(owner), member.name)

    def _of_group(self, attribute: str) -> Value:
        group = self.names.group
        if isinstance(group, ResourceRef):
            return ResourceRef(group.address, (attribute,), group.instance)
        if attribute == "name":
            return group
        return GetAttr(Call(f"{ARM_FUNCTION}resourceGroup", ()), attribute)

    def _call(self, call: ArmCall) -> Value:
        name = call.name.lower()
        if name == "parameters" and len(call.arguments) == 1:
            return self._parameter(self.expression(call.arguments[0]))
        if name == "variables" and len(call.arguments) == 1:
            return self._variable(self.expression(call.arguments[0]))
        if name in ("copyindex", "lambdavariables", "lambda", "map"):
            return self._bound(name, call)
        arguments = [self.expression(a) for a in call.arguments]
        if name in self.names.functions:
            return self._authors(self.names.functions[name], call.name, arguments)
        found = self._plain(name, arguments)
        if found is None:
            found = self._reference(name, arguments)
        if found is not None:
            return found[0]
        return self._own(call.name, arguments)

    def _own(self, name: str, arguments: list[Value]) -> Value:
        """A function that stays Azure's."""
        spelled = OWN_FUNCTIONS.get(name.lower(), name)
        if spelled not in ("uniqueString", "guid", "newGuid", "utcNow", "environment"):
            self.note(f"only Azure computes {spelled}(): it is kept for ARM", "passed_through")
        return Call(f"{ARM_FUNCTION}{spelled.replace('.', '_')}", tuple(arguments))

    def _authors(self, function: OwnFunction, name: str, arguments: list[Value]) -> Value:
        """What a function of the template gives for these arguments."""
        if len(arguments) != len(function.parameters) or len(self._bound_parameters) > _DEEPEST:
            self.note(f"{name}() takes {len(function.parameters)} arguments")
            return Unknown(f"{name}() takes {len(function.parameters)} arguments")
        self._bound_parameters.append(dict(zip(function.parameters, arguments, strict=True)))
        try:
            return self.value(function.result)
        finally:
            self._bound_parameters.pop()

    def _parameter(self, name: Value) -> Value:
        if self._bound_parameters:
            inside = self._bound_parameters[-1]
            if isinstance(name, str) and name.lower() in inside:
                return inside[name.lower()]
            self.note(f"there is no parameter {name}")
            return Unknown(f"there is no parameter {name}")
        known = {k.lower(): k for k in self.names.parameters}
        if not isinstance(name, str) or name.lower() not in known:
            self.note(f"there is no parameter {name}")
            return Unknown(f"there is no parameter {name}")
        key = known[name.lower()]
        if key in self.names.defaults:
            return self._or_default(key)
        return self.names.parameters[key]

    def _or_default(self, key: str) -> Value:
        """A parameter, or what Azure computes where it is not given."""
        if key not in self._defaulted:
            given = self.names.parameters[key]
            self._defaulted[key] = given  # A default that refers to its own parameter ends here.
            default = self.value(self.names.defaults[key])
            self._defaulted[key] = Call("coalesce", (given, default))
        return self._defaulted[key]

    def _variable(self, name: Value) -> Value:
        known = {k.lower(): k for k in self.names.variables}
        if isinstance(name, Expression) and 0 < len(known) <= _CHOSEN_MAX:
            return Index({key: self._variable(key) for key in self.names.variables}, name)
        if not isinstance(name, str) or name.lower() not in known:
            self.note(f"there is no variable {name}")
            return Unknown(f"there is no variable {name}")
        key = known[name.lower()]
        meant = self.names.references.get(key)
        if meant is not None and self.is_known(meant.address):
            return meant
        if key not in self._variables:
            if key in self._open:
                self.note(f"the variable {key} refers to itself")
                return Unknown(f"the variable {key} refers to itself")
            self._open.append(key)
            loops, self._loops = self._loops, []
            found = self.value(self.names.variables[key])
            self._loops = loops
            self._open.pop()
            if sum(1 for _ in walk(found)) > _NODES_MAX:
                self.note(f"the variable {key} is too large to be written in")
                found = Unknown(f"the variable {key} is too large to be written in")
            self._variables[key] = found
        return self._variables[key]

    def _bound(self, name: str, call: ArmCall) -> Value:
        arguments = call.arguments
        if name == "lambdavariables" and len(arguments) == 1 and isinstance(arguments[0], str):
            return Symbol((arguments[0],))
        if name == "copyindex":
            return self._copy_index(list(arguments))
        if name == "map" and len(arguments) == 2:
            function = arguments[1]
            if isinstance(function, ArmCall) and function.name.lower() == "lambda":
                variable, result = function.arguments[0], function.arguments[-1]
                if isinstance(variable, str) and len(function.arguments) == 2:
                    over = self.expression(arguments[0])
                    return self._splat(ForList(None, variable, over, self.expression(result)))
        return self._own(call.name, [self.expression(a) for a in arguments if name != "lambda"])

    def _splat(self, every: ForList) -> Value:
        """A list of something of every instance of a counted resource."""
        match every:
            case ForList(
                None, variable, Call("range", (count,)), ResourceRef() as chosen, None
            ) if chosen.instance == Symbol((variable,)) and self.count_of(chosen.address) == count:
                return Splat(ResourceRef(chosen.address, ()), chosen.path)
        return every

    def _copy_index(self, arguments: list[ArmValue]) -> Value:
        """`copyIndex()`, `copyIndex(offset)`, `copyIndex('loop', offset)`."""
        named = [a for a in arguments if isinstance(a, str)]
        offset = next((a for a in arguments if isinstance(a, int)), 0)
        index: Value = self._loops[-1][1] if self._loops and not named else _INDEX
        for loop, at in self._loops:
            if named and loop.lower() == named[0].lower():
                index = at
        if not offset:
            return index
        return index + offset if isinstance(index, int) else Binary("+", index, offset)

    # ---- functions

    def _plain(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        """What the model has too; None for anything else."""
        match name, arguments:
            case "concat", _:
                return (self._concat(arguments),)
            case "format", [str(text), *rest]:
                return self._format(text, rest)
            case (("null" | "true" | "false"), []):
                return ({"null": None, "true": True, "false": False}[name],)
            case "createarray", _:
                return (arguments,)
            case "createobject", _ if len(arguments) % 2 == 0:
                pairs = tuple(zip(arguments[::2], arguments[1::2], strict=True))
                if all(isinstance(key, str) for key, _ in pairs):
                    return ({str(k): v for k, v in pairs},)
                return (ObjectConstructor(pairs),)
            case "if", [condition, then, otherwise]:
                return (self._if(condition, then, otherwise),)
            case "not", [Binary("==", left, right)]:
                return (Binary("!=", left, right),)
            case "not", [operand]:
                return (Unary("!", operand),)
            case (("and" | "or"), [first, second, *rest]):
                operator = "&&" if name == "and" else "||"
                value: Value = Binary(operator, first, second)
                for other in rest:
                    value = Binary(operator, value, other)
                return (value,)
            case "sub", [0, operand]:
                return (Unary("-", operand),)
            case "empty", [operand]:
                return (self._empty(operand),)
            case "json", [str(text)]:
                return self._json(text)
            case "string", [(dict() | list() | ObjectConstructor()) as document]:
                return (Call("jsonencode", (document,)),)
            case "string", [operand]:
                return (Call("tostring", (operand,)),)
            case (("split" | "join"), [first, second]):
                return (Call(name, (second, first)),)
            case "contains", [container, item]:
                return (self._contains(container, item),)
            case "range", [0, count]:
                return (Call("range", (count,)),)
            case "div", [first, second]:
                return (Call("floor", (Binary("/", first, second),)),)
            case "padleft", [number, int(width), "0"] if self._is_number(number):
                return (Call("format", (f"%0{width}d", number)),)
            case "tryget", [owner, *steps] if steps:
                return (_perhaps(owner, steps),)
            case "array", [operand]:
                return None if isinstance(operand, Expression) else (_as_list(operand),)
        operators = {n.lower(): o for n, o in _OPERATORS.items()}
        if name in operators and len(arguments) == 2:
            return (Binary(operators[name], *arguments),)
        if name == "union" and all(_is_list(a) or self._type(a) == "array" for a in arguments):
            return (Call("distinct", (self._concat(arguments),)),)
        if name == "union" and not all(_is_object(a) for a in arguments):
            return None
        if name == "coalesce" and len(arguments) == 1:
            return (arguments[0],)
        if name == "length" and isinstance(arguments[0], Call) and arguments[0].name == "range":
            return (arguments[0].arguments[-1],) if len(arguments[0].arguments) == 1 else None
        part = self._part(name, arguments)
        if part is not None:
            return part
        if name in _SAME and arguments:
            return (Call(_SAME[name], tuple(arguments)),)
        return None

    def _contains(self, container: Value, item: Value) -> Value:
        """An element of a list, a part of a text, or a member of an object."""
        if self._is_text(container):
            return Call("strcontains", (container, item))
        if _is_object(container) or self._type(container) == "object":
            return Call("contains", (Call("keys", (container,)), item))
        return Call("contains", (container, item))

    def _part(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        """The beginning, the end or the middle of a text or a list. Which of them it is has to be
        known: the model has other functions for the one than for the other."""
        if name == "substring" and len(arguments) in (2, 3):
            text, start, *length = arguments
            return (Call("substr", (text, start, *(length or [-1]))),)
        if name not in ("first", "last", "skip", "take") or not arguments:
            return None
        whole = arguments[0]
        texts = self._is_text(whole)
        lists = _is_list(whole) or self._type(whole) == "array"
        match name, arguments:
            case "first", [_]:
                return (Call("substr", (whole, 0, 1)) if texts else _indexed(whole, 0),)
            case "last", [_] if isinstance(whole, list) and whole:
                return (whole[-1],)
            case "last", [_] if lists:
                return (Index(whole, Binary("-", Call("length", (whole,)), 1)),)
            case "take", [_, count] if texts:
                return (Call("substr", (whole, 0, count)),)
            case "skip", [_, count] if texts:
                return (Call("substr", (whole, count, -1)),)
            case "take", [list(), int(count)]:
                return (whole[: max(count, 0)],)  # type: ignore[index]
            case "skip", [list(), int(count)]:
                return (whole[max(count, 0) :],)  # type: ignore[index]
        return None

    def _is_number(self, value: Value) -> bool:
        if isinstance(value, Binary):
            return value.operator in ("+", "-", "*", "%")
        return value == _INDEX or self._type(value) == "number" or type(value) is int

    def _concat(self, arguments: list[Value]) -> Value:
        if any(_is_list(a) or self._type(a) == "array" for a in arguments):
            flat = [_elements(a) for a in arguments]
            if all(found is not None for found in flat):
                return [element for found in flat for element in found or ()]
            return Call("concat", tuple(arguments))
        return self.as_id(join_parts(_piece(a) for a in arguments))

    def _format(self, text: str, arguments: list[Value]) -> tuple[Value] | None:
        parts: list[Value] = []
        position = 0
        for match in _PLACEHOLDER.finditer(text):
            parts.append(text[position : match.start()])
            position = match.end()
            if match.group(1) is None:
                parts.append(match.group()[0])
            elif int(match.group(1)) < len(arguments):
                parts.append(_piece(arguments[int(match.group(1))]))
            else:
                return None
        parts.append(text[position:])
        if any(isinstance(p, str) and re.search(r"\{\d+[:,]", p) for p in parts):
            return None  # A format of numbers.
        return (self.as_id(join_parts(parts)),)

    def _if(self, condition: Value, then: Value, otherwise: Value) -> Value:
        if isinstance(condition, bool):
            return then if condition else otherwise
        empty = Binary("==", otherwise, "")
        optional = isinstance(otherwise, VariableRef) and otherwise.name in self.names.optional
        if optional and then is None and condition == empty:
            return otherwise  # How an empty parameter stands for null: `if(empty(p), null(), p)`.
        if then is True and otherwise is False:
            return condition
        return Conditional(condition, then, otherwise)

    def _empty(self, operand: Value) -> Value:
        if isinstance(operand, str | list | dict):
            return not operand
        if self._is_text(operand):
            return Binary("==", operand, "")
        return Binary("==", Call("length", (operand,)), 0)

    def _json(self, text: str) -> tuple[Value]:
        try:
            found = json.loads(_LEADING_POINT.sub("0.", text))
        except (ValueError, RecursionError):
            return (Call("jsondecode", (text,)),)
        return (found,)

    def _type(self, value: Value) -> str | None:
        if isinstance(value, VariableRef):
            return self.names.types.get(value.name)
        if isinstance(value, Call) and value.name == "coalesce":
            return next((t for t in map(self._type, value.arguments) if t is not None), None)
        return "array" if isinstance(value, Call) and value.name in _LISTS else None

    def _is_text(self, value: Value) -> bool:
        return is_text(value, lambda name: self.names.types.get(name) == "string")

    # ---- references

    def _reference(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        if name in _KNOWN:
            return self._identifier(name, arguments)
        if name == "reference" and arguments:
            target = self._target(arguments[0])
            if target is not None:
                full = len(arguments) > 2 and str(arguments[2]).lower() == "full"
                answer = self.answers(target)
                if answer is not None:
                    return ({"properties": answer} if full else answer,)
                path: tuple[str | int, ...] = () if full else ("properties",)
                return (ResourceRef(target.address, path, target.instance),)
        if name.startswith("list") and len(arguments) >= 2:
            target = self._target(arguments[0])
            if target is not None:
                function = OWN_FUNCTIONS.get(name, name)
                return (ResourceRef(target.address, (f"{function}()",), target.instance),)
        return None

    def _target(self, value: Value) -> ResourceRef | None:
        """The resource that an id or a name means."""
        if isinstance(value, ResourceRef):
            return value if value.path == ("id",) else None
        return self.by_name(value)

    def spelled_out(self, native: str, names: list[Value]) -> Value:
        """The id of a resource in this group, also of one of the template's."""
        return self._spelled("resourceid", [], native, names)

    def _identifier(self, name: str, arguments: list[Value]) -> tuple[Value] | None:
        position = next(
            (n for n, a in enumerate(arguments) if isinstance(a, str) and _is_type(a)), None
        )
        if position is None:
            return None
        before, type_name = arguments[:position], str(arguments[position]).rstrip("/")
        names = arguments[position + 1 :]
        if len(names) == 1 and isinstance(names[0], str) and "/" in names[0]:
            names = list[Value](names[0].split("/"))
        if len(names) != len(type_name.split("/")) - 1:
            return None
        group = self._group_said(name, before)
        if group is not False:
            here = self.resolve(type_name, names, group)
            if here is not None:
                return (here,)
        spelled = self._spelled(name, before, type_name, names)
        return None if spelled is None else (spelled,)

    def _spelled(self, name: str, before: list[Value], native: str, names: list[Value]) -> Value:
        scope = self._scope(name, before)
        namespace, *types = native.split("/")
        if scope is None or len(types) != len(names):
            return None
        steps: list[Value] = [*scope, "/providers/", namespace]
        for segment, own in zip(types, names, strict=True):
            steps.extend((f"/{segment}/", _piece(own)))
        return join_parts(steps)

    def _group_said(self, name: str, before: list[Value]) -> Value:
        """The group that an id speaks of: None where it does not say it, False where it is one of
        another subscription."""
        if not before:
            return None
        if name == "extensionresourceid":
            group = before[0]
            if isinstance(group, ResourceRef) and group.path == ("id",):
                return group if len(before) == 1 else False
            return None if len(before) == 1 else False
        if name != "resourceid" or len(before) > 2:
            return False
        own = len(before) == 1 or before[0] == Ambient("subscription_id")
        return before[-1] if own else False

    def _scope(self, name: str, before: list[Value]) -> list[Value] | None:
        """What an id begins with."""
        if name == "tenantresourceid":
            return []
        if name == "extensionresourceid":
            return [_piece(before[0])] if len(before) == 1 else None
        subscription: Value = Ambient("subscription_id")
        if name == "subscriptionresourceid":
            return ["/subscriptions/", _piece(before[0]) if before else subscription]
        if len(before) > 2:
            return None
        group = _piece(before[-1]) if before else self._of_group("name")
        if len(before) == 2:
            subscription = _piece(before[0])
        return ["/subscriptions/", subscription, "/resourceGroups/", group]


def _is_type(text: str) -> bool:
    namespace, _, rest = text.partition("/")
    return "." in namespace and bool(rest) and not text.startswith("/")


def _is_list(value: Value) -> bool:
    if isinstance(value, list | ForList):
        return True
    if isinstance(value, Conditional):
        return _is_list(value.then) or _is_list(value.otherwise)
    return isinstance(value, Call) and value.name in _LISTS


def _is_object(value: Value) -> bool:
    if isinstance(value, Conditional):
        return _is_object(value.then) and _is_object(value.otherwise)
    if isinstance(value, dict | ObjectConstructor | ForMap):
        return True
    return isinstance(value, Call) and value.name == "merge"


def _elements(value: Value) -> list[Value] | None:
    """A list whose elements are spelled out; one that is there only under a condition becomes
    conditional elements."""
    if isinstance(value, list):
        return value
    if isinstance(value, Conditional):
        then, otherwise = _elements(value.then), _elements(value.otherwise)
        if then is None or otherwise is None or max(len(then), len(otherwise)) > 1:
            return None
        return [
            Conditional(
                value.condition, then[0] if then else None, otherwise[0] if otherwise else None
            )
        ]
    return None


def _piece(value: Value) -> Value:
    if isinstance(value, bool):
        return "True" if value else "False"
    if isinstance(value, Conditional) and (value.then, value.otherwise) == ("true", "false"):
        return value.condition  # How a flag is written inside text.
    return str(value) if isinstance(value, int | float) else value


def _member_of(owner: Value, name: str) -> Value:
    if isinstance(owner, dict):
        if name in owner:
            return owner[name]
        known = {key.lower(): key for key in owner}
        return owner[known[name.lower()]] if name.lower() in known else None
    if isinstance(owner, Index) and choices(owner) is not None:
        return of_each(owner, lambda option: _member_of(option, name))
    if isinstance(owner, ResourceRef):
        return ResourceRef(owner.address, (*owner.path, name), owner.instance)
    if isinstance(owner, Symbol):
        return Symbol((*owner.path, name))
    if isinstance(owner, Conditional):
        return Conditional(
            owner.condition, _member_of(owner.then, name), _member_of(owner.otherwise, name)
        )
    return GetAttr(owner, name) if isinstance(owner, Expression) else None


def _perhaps(owner: Value, steps: list[Value]) -> Value:
    """`tryGet(owner, 'a', 'b')`: what is not there is null."""
    for step in steps:
        if isinstance(owner, dict) and isinstance(step, str):
            owner = _member_of(owner, step)
        elif isinstance(owner, list) and isinstance(step, int):
            owner = owner[step] if 0 <= step < len(owner) else None
        elif owner is not None:
            owner = Call("try", (_indexed(owner, step), None))
    return owner


def _as_list(value: Value) -> Value:
    return value if isinstance(value, list) else [value]


def _indexed(owner: Value, key: Value) -> Value:
    if isinstance(owner, Call) and owner.name == "range" and len(owner.arguments) == 1:
        return key  # How Bicep counts a loop.
    if isinstance(owner, list) and isinstance(key, int) and 0 <= key < len(owner):
        return owner[key]
    if isinstance(key, str):
        if isinstance(owner, dict) or re.match(r"[A-Za-z_]\w*\Z", key):
            return _member_of(owner, key)
        return Index(owner, key)
    if isinstance(owner, ResourceRef) and isinstance(key, int):
        return ResourceRef(owner.address, (*owner.path, key), owner.instance)
    return Index(owner, key)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def at_index(value: Value, index: Value) -> Value:
    """The value of one instance of a loop."""
    return transform(value, lambda node: index if node == _INDEX else node)
