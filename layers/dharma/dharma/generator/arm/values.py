"""Values of an ARM document as what stands in a template: JSON and expressions.

`json` gives what may stand as a property: plain data stays plain, an expression becomes a string
`[...]`. `expression` gives the same inside an expression. References are spelled by the document
(`names`).
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from dharma.generator.format_parts import format_parts
from dharma.generator.inexpressible import Inexpressible
from dharma.model.arm_functions import (
    AMBIENT,
    ARM_FUNCTION,
    OPERATORS,
    OWN_PART,
    SAME_ARGUMENTS,
    is_text,
)
from dharma.model.arm_language import (
    ArmCall,
    ArmIndex,
    ArmMember,
    ArmSyntaxError,
    ArmValue,
    parse_expression,
    print_text,
)
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Expression,
    ForList,
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
)
from dharma.model.expressions.printer import shown

NULL = ArmCall("null")
_ZEROS = re.compile(r"%0(\d+)d")
REGION_OF_GROUP = ArmMember(ArmCall("resourceGroup"), "location")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_BOOLEAN = frozenset({"==", "!=", "<", "<=", ">", ">=", "&&", "||"})


@dataclass(slots=True)
class Scope:
    """What names mean in this template: parameters of variables, those whose emptiness stands for
    null, those that are flags, those that are texts, how a reference is spelled, and the id of a
    part of the resource that is being written. `region` is where the template is deployed;
    `deployment` the parameter that holds the name of the deployment, where the template is nested
    in another one. `used` gathers the parameters that are needed."""

    parameters: Mapping[str, str]
    reference: Callable[[ResourceRef], ArmValue]
    optional: frozenset[str] = frozenset()
    booleans: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()
    own_part: Callable[[str, ArmValue], ArmValue] | None = None
    region: ArmValue = REGION_OF_GROUP
    deployment: str | None = None
    bound: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)


class ArmValues:
    """Turns values into template data. Raises `Inexpressible`."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope

    # ---- as JSON

    def json(self, value: Value) -> Any:
        if isinstance(value, str):
            return print_text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict):
            return self.members(value)
        if isinstance(value, list):
            if any(_may_be_absent(v) for v in value):
                return print_text(self._with_absent(value))
            return [self._inside(n, v, self.json) for n, v in enumerate(value) if v is not None]
        return print_text(self.expression(value))

    def members(self, value: Mapping[str, Value]) -> dict[str, Any]:
        """The members that are there; a name that looks like an expression is escaped too."""
        return {
            print_text(key): self._inside(key, member, self.json)
            for key, member in value.items()
            if member is not None
        }

    def _inside(self, step: str | int, value: Value, change: Callable[[Value], Any]) -> Any:
        try:
            return change(value)
        except Inexpressible as error:
            error.path.insert(0, step)
            raise

    def _with_absent(self, elements: list[Value]) -> ArmValue:
        """A list of which some elements exist only under a condition: lists put together."""
        pieces: list[ArmValue] = []
        plain: list[ArmValue] = []
        for position, element in enumerate(elements):
            if element is None:
                continue
            if isinstance(element, Conditional) and _may_be_absent(element):
                if plain:
                    pieces.append(ArmCall("createArray", tuple(plain)))
                    plain = []
                pieces.append(self._inside(position, element, self._perhaps))
            else:
                plain.append(self._inside(position, element, self.expression))
        if plain:
            pieces.append(ArmCall("createArray", tuple(plain)))
        return ArmCall("concat", tuple(pieces))

    def _perhaps(self, element: Value) -> ArmValue:
        if element is None:
            return ArmCall("createArray")
        if isinstance(element, Conditional) and _may_be_absent(element):
            return ArmCall(
                "if",
                (
                    self.expression(element.condition),
                    self._perhaps(element.then),
                    self._perhaps(element.otherwise),
                ),
            )
        return ArmCall("createArray", (self.expression(element),))

    # ---- as an expression

    def expression(self, value: Value) -> ArmValue:
        if value is None:
            return NULL
        if isinstance(value, bool):
            return ArmCall("true" if value else "false")
        if isinstance(value, str | int):
            return value
        if isinstance(value, float):
            return int(value) if value.is_integer() else ArmCall("json", (json.dumps(value),))
        if isinstance(value, list):
            if any(_may_be_absent(v) for v in value):
                return self._with_absent(value)
            return ArmCall("createArray", self._all(v for v in value if v is not None))
        if isinstance(value, dict):
            pairs = [(k, v) for k, v in value.items() if v is not None]
            return ArmCall("createObject", self._all(x for pair in pairs for x in pair))
        return self._node(value)

    def _all(self, values: Iterable[Value]) -> tuple[ArmValue, ...]:
        return tuple(self.expression(v) for v in values)

    def _node(self, node: Expression) -> ArmValue:
        match node:
            case VariableRef(name):
                return self._parameter(name)
            case ResourceRef():
                return self.scope.reference(node)
            case Ambient("region"):
                return self.scope.region
            case Ambient("deployment_name") if self.scope.deployment is not None:
                self.scope.used.add(self.scope.deployment)
                return ArmCall("parameters", (self.scope.deployment,))
            case Ambient(name) if name in AMBIENT:
                function, member = AMBIENT[name]
                return ArmMember(ArmCall(function), member)
            case Symbol(("count", "index")):
                return ArmCall("copyIndex")
            case Symbol((str(name), *rest)) if name in self.scope.bound:
                return _steps(ArmCall("lambdaVariables", (name,)), rest)
            case Template(parts):
                return self._format(parts)
            case Conditional(condition, then, otherwise):
                return ArmCall("if", self._all((condition, then, otherwise)))
            case Unary("!", operand):
                return ArmCall("not", self._all((operand,)))
            case Unary("-", operand):
                return ArmCall("sub", (0, self.expression(operand)))
            case Binary():
                return self._binary(node)
            case Index(collection, Binary("-", Call("length", (same,)), 1)) if same == collection:
                return ArmCall("last", self._all((collection,)))
            case Index(collection, key):
                return _step(self._options(collection), self.expression(key))
            case GetAttr(owner, name):
                return _steps(self.expression(owner), [name])
            case Splat(collection, path) if not isinstance(collection, ResourceRef):
                element = _steps(ArmCall("lambdaVariables", ("each",)), path)
                chosen = ArmCall("lambda", ("each", element))
                return ArmCall("map", (self.expression(collection), chosen))
            case ForList(None, variable, collection, result, None):
                return self._mapped(variable, collection, result)
            case Call():
                return self._call(node)
            case Unknown(reason):
                raise Inexpressible(f"the value is not known: {reason}")
            case ObjectConstructor(items):
                return ArmCall("createObject", self._all(x for pair in items for x in pair))
        raise Inexpressible(f"ARM has no form for {shown(node)}")

    def _options(self, collection: Value) -> ArmValue:
        """What one is chosen of: an absent one keeps its place."""
        if isinstance(collection, list):
            return ArmCall("createArray", self._all(collection))
        if isinstance(collection, dict):
            return ArmCall("createObject", self._all(x for p in collection.items() for x in p))
        return self.expression(collection)

    def _parameter(self, name: str) -> ArmValue:
        if name not in self.scope.parameters:
            raise Inexpressible(f"var.{name} is not declared")
        self.scope.used.add(self.scope.parameters[name])
        parameter = ArmCall("parameters", (self.scope.parameters[name],))
        if name in self.scope.optional:
            return ArmCall("if", (ArmCall("empty", (parameter,)), NULL, parameter))
        return parameter

    def _mapped(self, variable: str, collection: Value, result: Value) -> ArmValue:
        over = self.expression(collection)
        self.scope.bound.append(variable)
        try:
            function = ArmCall("lambda", (variable, self.expression(result)))
        finally:
            self.scope.bound.pop()
        return ArmCall("map", (over, function))

    def _format(self, parts: tuple[Value, ...]) -> ArmValue:
        text = ""
        arguments: list[ArmValue] = []
        for part in parts:
            if isinstance(part, str):
                text += part.replace("{", "{{").replace("}", "}}")
            else:
                text += f"{{{len(arguments)}}}"
                arguments.append(self._piece(part))
        return ArmCall("format", (text, *arguments))

    def _piece(self, part: Value) -> ArmValue:
        """A flag inside text is written as words, since `format` would say True."""
        found = self.expression(part)
        flag = isinstance(part, VariableRef) and part.name in self.scope.booleans
        if flag or isinstance(part, bool) or _is_boolean(part):
            return ArmCall("if", (found, "true", "false"))
        return found

    def _binary(self, node: Binary) -> ArmValue:
        left, right = self.expression(node.left), self.expression(node.right)
        if node.operator == "!=":
            return ArmCall("not", (ArmCall("equals", (left, right)),))
        if node.operator in ("&&", "||"):
            return ArmCall("and" if node.operator == "&&" else "or", (left, right))
        if node.operator in OPERATORS:
            return ArmCall(OPERATORS[node.operator], (left, right))
        raise Inexpressible(f"ARM divides whole numbers only: {shown(node)}")

    def _own_part(self, node: Call) -> ArmValue:
        match node.arguments:
            case (str(collection), name) if self.scope.own_part is not None:
                return self.scope.own_part(collection, self.expression(name))
        raise Inexpressible(f"ARM has no form for {shown(node)}")

    def _call(self, node: Call) -> ArmValue:
        if node.expand:
            raise Inexpressible(f"ARM has no form for {shown(node)}")
        if node.name == OWN_PART:
            return self._own_part(node)
        if node.name.startswith(ARM_FUNCTION):
            return self._own(node)
        match node.name, node.arguments:
            case "replace", (_, str(pattern), _) if _is_regex(pattern):
                raise Inexpressible(f"ARM knows no regular expressions: {shown(node)}")
            case name, arguments if name in SAME_ARGUMENTS:
                return ArmCall(SAME_ARGUMENTS[name], self._all(arguments))
            case "join", (separator, values):
                return ArmCall("join", self._all((values, separator)))
            case "split", (separator, text):
                return ArmCall("split", self._all((text, separator)))
            case "concat", lists:
                return ArmCall("concat", self._all(lists))
            case "contains", (Call("keys", (container,)), item):
                return ArmCall("contains", self._all((container, item)))
            case "contains" | "strcontains", (container, item):
                return ArmCall("contains", self._all((container, item)))
            case "substr", (text, 0, count) if count != -1 and self._is_text(text):
                return ArmCall("take", self._all((text, count)))
            case "substr", (text, start, -1):
                word = "skip" if self._is_text(text) else "substring"
                return ArmCall(word, self._all((text, start)))
            case "substr", (text, start, count):
                return ArmCall("substring", self._all((text, start, count)))
            case "distinct", (Call("concat", lists),):
                return ArmCall("union", self._all(lists))
            case "distinct", (values,):
                # Of arrays `union` takes every value once, in the order in which they come first.
                return ArmCall("union", (self.expression(values), ArmCall("createArray")))
            case "floor", (Binary("/", first, second),):
                return ArmCall("div", self._all((first, second)))
            case "format", (str(pattern), number) if width := _ZEROS.fullmatch(pattern):
                return ArmCall("padLeft", (self.expression(number), int(width.group(1)), "0"))
            case "try", (tried, None) if (last := _last_step(tried)) is not None:
                return ArmCall("tryGet", self._all(last))
            case "element", (values, int() as position):
                return _step(self.expression(values), position)
            case "lookup", (owner, key, default):
                found, step = self.expression(owner), self.expression(key)
                there = ArmCall("contains", (found, step))
                return ArmCall("if", (there, _step(found, step), self.expression(default)))
            case "tostring", (operand,):
                return self._text(operand)
            case "jsonencode", (document,):
                return ArmCall("string", self._all((document,)))
            case (("tolist" | "toset" | "tomap"), (operand,)):
                return self.expression(operand)
            case "range", (count,):
                return ArmCall("range", (0, self.expression(count)))
            case "format", (str(pattern), *arguments):
                parts = format_parts(pattern, arguments)
                if parts is None:
                    raise Inexpressible(f"ARM has no form for {shown(node)}")
                return self._format(parts)
            case "cidrsubnet", (prefix, int(bits), number):
                return self._subnet(prefix, bits, number, node)
        raise Inexpressible(f"ARM has no function {node.name}()")

    def _is_text(self, value: Value) -> bool:
        return is_text(value, lambda name: name in self.scope.texts)

    def _own(self, node: Call) -> ArmValue:
        """A function that the model keeps for ARM: `provider::arm::uniqueString(...)`, or the text
        of a whole expression, `provider::arm::expression("...")`."""
        name = node.name.removeprefix(ARM_FUNCTION)
        if name == "expression":
            try:
                return parse_expression(str(node.arguments[0]))
            except ArmSyntaxError as error:
                raise Inexpressible(f"{node.arguments[0]}: {error}") from None
        if not _NAME.match(name):
            raise Inexpressible(f"{name} is no name of a function")
        return ArmCall(name, self._all(node.arguments))

    def _text(self, operand: Value) -> ArmValue:
        if isinstance(operand, VariableRef) and operand.name in self.scope.booleans:
            return self._piece(operand)
        return ArmCall("string", self._all((operand,)))

    def _subnet(self, prefix: Value, bits: int, number: Value, node: Call) -> ArmValue:
        """`cidrSubnet` wants the length of the new prefix, which needs that of the old."""
        try:
            length = ipaddress.ip_network(str(prefix)).prefixlen + bits
        except ValueError:
            raise Inexpressible(
                f"{shown(node)}: ARM wants the length of the new prefix, which is known only where "
                "the network is written out"
            ) from None
        return ArmCall("cidrSubnet", (str(prefix), length, self.expression(number)))


def _is_regex(pattern: str) -> bool:
    """What Terraform's `replace` takes for a regular expression: `/` alone is a character."""
    return len(pattern) > 1 and pattern.startswith("/") and pattern.endswith("/")


def _last_step(value: Value) -> tuple[Value, Value] | None:
    """The object and the member of it that an expression ends with."""
    match value:
        case GetAttr(owner, name):
            return owner, name
        case Index(owner, key):
            return owner, key
        case Symbol((*path, last)) if path:
            return Symbol(tuple(path)), last
        case ResourceRef(_, (*path, last)) if path:
            return replace(value, path=tuple(path)), last
    return None


def _may_be_absent(value: Value) -> bool:
    if not isinstance(value, Conditional):
        return False
    return any(b is None or _may_be_absent(b) for b in (value.then, value.otherwise))


def _steps(owner: ArmValue, path: Iterable[str | int]) -> ArmValue:
    for step in path:
        owner = _step(owner, step)
    return owner


def _step(owner: ArmValue, key: ArmValue) -> ArmValue:
    if isinstance(key, str) and _NAME.match(key):
        return ArmMember(owner, key)
    return ArmIndex(owner, key)


def _is_boolean(value: Value) -> bool:
    if isinstance(value, Binary):
        return value.operator in _BOOLEAN
    return isinstance(value, Unary) and value.operator == "!"
