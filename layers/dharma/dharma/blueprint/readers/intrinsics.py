"""CloudFormation's intrinsic functions as expressions.

`Ref` and `Fn::GetAtt` of a resource become references in CloudFormation's own attribute names
(`("Ref",)`, `("Endpoint", "Address")`); the catalog turns them into the model's. Conditions are
written in where they are named, mappings where they are looked up. What has no counterpart is
`Unknown` with a note, never lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal

from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Index,
    ResourceRef,
    Symbol,
    Template,
    Unary,
    Unknown,
    Value,
    VariableRef,
    is_known,
    walk,
)
from dharma.model.expressions.templates import join_parts
from dharma.model.origin import Origin

PSEUDO_PARAMETERS: dict[str, Value] = {
    "AWS::AccountId": Ambient("account_id"),
    "AWS::NoValue": None,
    "AWS::Partition": Ambient("partition"),
    "AWS::Region": Ambient("region"),
    "AWS::StackId": Ambient("deployment_id"),
    "AWS::StackName": Ambient("deployment_name"),
    "AWS::URLSuffix": Ambient("url_suffix"),
}
_PLACEHOLDER = re.compile(r"\$\{([^!{}$][^{}]*)\}|\$\{!([^{}]*)\}")
_CIDR_COUNT_MAX = 256
_CONDITIONS_DEEP = 30
_CONDITION_NODES_MAX = 500
NoteKind = Literal["not_understood", "passed_through", "no_counterpart", "approximated"]


class Intrinsics:
    """Reads values of one template. `notes` gathers what was not understood; `imports` the
    variables that stand for values imported from other stacks."""

    def __init__(
        self,
        *,
        file: str | None,
        variables: Mapping[str, Variable],
        ssm: Iterable[str] = (),
        optional: Iterable[str] = (),
        resources: Iterable[str] = (),
        conditions: Mapping[str, Node] | None = None,
        mappings: Mapping[str, Node] | None = None,
    ) -> None:
        """`variables`, `ssm` and `optional` go by the parameter's logical name."""
        self.file = file
        self.variables = variables
        self.ssm = frozenset(ssm)
        self.optional = frozenset(optional)
        self.resources = frozenset(resources)
        self.notes: list[Note] = []
        self.imports: dict[str, Variable] = {}
        self._condition_nodes = conditions or {}
        self._conditions: dict[str, Value] = {}
        self._open: list[str] = []
        self._mapping_nodes = mappings or {}
        self._mappings: dict[str, Value] = {}
        self._place = ("", "")

    def at(self, address: str, path: str = "") -> Intrinsics:
        """From now on notes speak of this place."""
        self._place = (address, path)
        return self

    def note(self, kind: NoteKind, message: str, node: Node) -> None:
        address, path = self._place
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note(kind, address, path, message, origin))

    def value(self, node: Node) -> Value:
        content = node.value
        if isinstance(content, dict):
            if len(content) == 1:
                name, (_, argument) = next(iter(content.items()))
                if name == "Ref" or name.startswith("Fn::"):
                    return self._function(name, argument, node)
            return {key: self.value(child) for key, (_, child) in content.items()}
        if isinstance(content, list):
            return [self.value(child) for child in content]
        return content

    def _function(self, name: str, argument: Node, node: Node) -> Value:
        read = _FUNCTIONS.get(name)
        if read is None:
            self.note("not_understood", f"{name} is not understood", node)
            return Unknown(f"{name} of the template")
        try:
            return read(self, argument)
        except _NotUnderstood as error:
            self.note("not_understood", f"{name}: {error}", node)
            return Unknown(f"{name}: {error}")

    # References

    def _ref(self, node: Node) -> Value:
        name = node.value
        if not isinstance(name, str):
            raise _NotUnderstood("its name is computed")
        return self.reference(name)

    def reference(self, name: str) -> Value:
        """What `Ref` of this name gives."""
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        if name in self.variables:
            variable = self.variables[name]
            if name in self.ssm:
                return Symbol(("data", "aws_ssm_parameter", variable.name, "value"))
            return VariableRef(variable.name)
        if name in self.resources:
            return ResourceRef(name, ("Ref",))
        raise _NotUnderstood(f"there is no {name} in this template")

    def _getatt(self, node: Node) -> Value:
        if isinstance(node.value, str):
            name, _, attribute = node.value.partition(".")
            steps: list[object] = [attribute] if attribute else []
        elif isinstance(node.value, list):
            words = [child.value for child in node.value]
            name, steps = str(words[0]) if words else "", list(words[1:])
        else:
            raise _NotUnderstood("it takes a resource and an attribute")
        if name not in self.resources:
            raise _NotUnderstood(f"there is no resource {name} in this template")
        if not steps or not all(isinstance(s, str) and s for s in steps):
            raise _NotUnderstood("its attribute is computed")
        return ResourceRef(name, tuple(s for step in steps for s in str(step).split(".")))

    def _import(self, node: Node) -> Value:
        """A value of another stack: an input here, since the model knows no other stacks."""
        exported = self.value(node)
        words = [p for p in _texts(exported) if p]
        name = re.sub(r"[^a-z0-9]+", "_", "_".join(["imported", *words]).lower()).strip("_")
        said = exported if isinstance(exported, str) else " ".join(words)
        described = f"The value that another stack exports as {said}."
        self.imports.setdefault(name, Variable(name, required=True, description=described))
        self.note("approximated", f"the import became the variable {name}", node)
        return VariableRef(name)

    # Text

    def _sub(self, node: Node) -> Value:
        given: dict[str, Value] = {}
        text = node.value
        if isinstance(text, list):
            if len(text) != 2 or not isinstance(text[1].value, dict):
                raise _NotUnderstood("it takes a text and a map")
            given = {k: self.value(v) for k, (_, v) in text[1].value.items()}
            text = text[0].value
        if not isinstance(text, str):
            raise _NotUnderstood("it takes a text")
        parts: list[Value] = []
        position = 0
        for match in _PLACEHOLDER.finditer(text):
            parts.append(text[position : match.start()])
            position = match.end()
            if match[1] is None:
                parts.append(f"${{{match[2]}}}")
                continue
            parts.append(_text(self._named(match[1].strip(), given)))
        parts.append(text[position:])
        return join_parts(parts)

    def _named(self, name: str, given: dict[str, Value]) -> Value:
        if name in given:
            return given[name]
        resource, dot, attribute = name.partition(".")
        if dot and resource in self.resources:
            return ResourceRef(resource, tuple(attribute.split(".")))
        return self.reference(name)

    def _join(self, node: Node) -> Value:
        separator, values = self._two(node)
        if not isinstance(separator, str):
            raise _NotUnderstood("its separator is computed")
        if not isinstance(values, list) or any(_may_be_absent(v) for v in values):
            return Call("join", (separator, values))
        parts: list[Value] = []
        for position, value in enumerate(values):
            if isinstance(value, list | dict) or self._is_list(value):
                return Call("join", (separator, values))
            if position and separator:
                parts.append(separator)
            parts.append(_text(value))
        return join_parts(parts)

    def _is_list(self, value: Value) -> bool:
        if isinstance(value, VariableRef):
            named = (v for v in self.variables.values() if v.name == value.name)
            return any(v.type.startswith("list") for v in named)
        return value == Ambient("availability_zones") or (
            isinstance(value, Call) and value.name == "split"
        )

    def _split(self, node: Node) -> Value:
        separator, text = self._two(node)
        if isinstance(separator, str) and isinstance(text, str) and separator:
            return list(text.split(separator))
        return Call("split", (separator, text))

    def _base64(self, node: Node) -> Value:
        return Call("base64encode", (self.value(node),))

    def _json(self, node: Node) -> Value:
        return Call("jsonencode", (self.value(node),))

    def _length(self, node: Node) -> Value:
        value = self.value(node)
        return len(value) if isinstance(value, list) else Call("length", (value,))

    # Choice

    def _select(self, node: Node) -> Value:
        if not isinstance(node.value, list) or len(node.value) != 2:
            raise _NotUnderstood("it takes an index and a list")
        index: Value = self.value(node.value[0])
        if isinstance(index, str) and index.isdigit():
            index = int(index)
        if isinstance(index, int) and _sole_key(node.value[1]) == "Fn::Cidr":
            return self._cidr_at(_sole_argument(node.value[1]), index)
        values = self.value(node.value[1])
        if isinstance(values, list) and isinstance(index, int):
            if any(_may_be_absent(v) for v in values):
                return Index(Call("compact", (values,)), index)
            if 0 <= index < len(values):
                return values[index]
            raise _NotUnderstood(f"the list has no element {index}")
        return Index(values, index)

    def _find_in_map(self, node: Node) -> Value:
        words = node.value if isinstance(node.value, list) else []
        if len(words) not in (3, 4) or not isinstance(words[0].value, str):
            raise _NotUnderstood("it takes the name of a mapping and two keys")
        rows = self._mapping(words[0].value)
        first, second = self.value(words[1]), self.value(words[2])
        if isinstance(first, str) and isinstance(rows, dict):
            if first not in rows:
                raise _NotUnderstood(f"the mapping {words[0].value} has no {first}")
            row = rows[first]
            if isinstance(second, str) and isinstance(row, dict):
                if second not in row:
                    raise _NotUnderstood(f"{words[0].value}.{first} has no {second}")
                return row[second]
            return Index(row, second)
        if isinstance(second, str) and isinstance(rows, dict):
            column = {k: r[second] for k, r in rows.items() if isinstance(r, dict) and second in r}
            found: Value = Index(column, first)
        else:
            found = Index(Index(rows, first), second)
        if len(words) == 4 and isinstance(words[3].value, dict):
            default = words[3].value.get("DefaultValue")
            if default is not None:
                return Call("try", (found, self.value(default[1])))
        return found

    def _mapping(self, name: str) -> Value:
        if name not in self._mappings:
            node = self._mapping_nodes.get(name)
            if node is None:
                raise _NotUnderstood(f"there is no mapping {name}")
            self._mappings[name] = self.value(node)
        return self._mappings[name]

    def _azs(self, node: Node) -> Value:
        region = self.value(node)
        if region in (None, "", Ambient("region")):
            return Ambient("availability_zones")
        raise _NotUnderstood("the zones of another region")

    def _cidr(self, node: Node) -> Value:
        _, count, _ = self._cidr_arguments(node)
        if not isinstance(count, int) or not 0 < count <= _CIDR_COUNT_MAX:
            raise _NotUnderstood("its count is computed")
        return [self._cidr_at(node, i) for i in range(count)]

    def _cidr_at(self, node: Node, number: int) -> Value:
        block, _, bits = self._cidr_arguments(node)
        if not isinstance(bits, int):
            raise _NotUnderstood("its number of host bits is computed")
        length: Value = Call("tonumber", (Index(Call("split", ("/", block)), 1),))
        if isinstance(block, str) and "/" in block:
            return Call("cidrsubnet", (block, 32 - bits - int(block.rsplit("/", 1)[1]), number))
        return Call("cidrsubnet", (block, Binary("-", 32 - bits, length), number))

    def _cidr_arguments(self, node: Node) -> tuple[Value, Value, Value]:
        words = node.value if isinstance(node.value, list) else []
        if len(words) != 3:
            raise _NotUnderstood("it takes a block, a count and a number of host bits")
        block, *numbers = (self.value(w) for w in words)
        count, bits = (int(n) if isinstance(n, str) and n.isdigit() else n for n in numbers)
        return block, count, bits

    def _if(self, node: Node) -> Value:
        words = node.value if isinstance(node.value, list) else []
        if len(words) != 3 or not isinstance(words[0].value, str):
            raise _NotUnderstood("it takes a condition and two values")
        condition = self.condition(words[0].value)
        then, otherwise = self.value(words[1]), self.value(words[2])
        if isinstance(condition, bool):
            return then if condition else otherwise
        match condition, then, otherwise:
            case Binary("!=", VariableRef() as tested, None), VariableRef() as given, None:
                if tested == given and self._is_optional(tested.name):
                    return given
        return then if then == otherwise else Conditional(condition, then, otherwise)

    def _is_optional(self, variable: str) -> bool:
        return any(self.variables[p].name == variable for p in self.optional)

    def _two(self, node: Node) -> tuple[Value, Value]:
        if not isinstance(node.value, list) or len(node.value) != 2:
            raise _NotUnderstood("it takes two arguments")
        first, second = node.value
        return self.value(first), self.value(second)

    # Conditions

    def condition(self, name: str) -> Value:
        """The expression of a named condition; raises when it is missing or defined by itself."""
        if name in self._conditions:
            return self._conditions[name]
        node = self._condition_nodes.get(name)
        if node is None:
            raise _NotUnderstood(f"there is no condition {name}")
        if name in self._open:
            raise _NotUnderstood(f"the condition {name} is defined by itself")
        if len(self._open) >= _CONDITIONS_DEEP:
            raise _NotUnderstood(f"conditions refer to one another over {_CONDITIONS_DEEP} deep")
        self._open.append(name)
        try:
            found = self.test(node)
        finally:
            self._open.pop()
        # Written in wherever it is named, a condition must not double at every step.
        if sum(1 for _ in walk(found)) > _CONDITION_NODES_MAX:
            raise _NotUnderstood(f"the condition {name} is too large to be written in")
        self._conditions[name] = found
        return found

    def named_condition(self, name: str, node: Node) -> Value:
        """The same for a `Condition:` key; `Unknown` with a note where it has no meaning."""
        try:
            return self.condition(name)
        except _NotUnderstood as error:
            self.note("not_understood", f"Condition: {error}", node)
            return Unknown(f"Condition: {error}")

    def test(self, node: Node) -> Value:
        """A boolean expression: `Fn::Equals`, `And`, `Or`, `Not`, `Condition`."""
        name = _sole_key(node)
        if name is None:
            return self.value(node)
        argument = _sole_argument(node)
        words = argument.value if isinstance(argument.value, list) else []
        if name == "Condition" and isinstance(argument.value, str):
            return self.condition(argument.value)
        if name == "Fn::Equals" and len(words) == 2:
            return self._equals(self.value(words[0]), self.value(words[1]))
        if name == "Fn::Not" and len(words) == 1:
            return negated(self.test(words[0]))
        if name in ("Fn::And", "Fn::Or") and words:
            operator = "&&" if name == "Fn::And" else "||"
            combined = self.test(words[0])
            for word in words[1:]:
                combined = _combined(operator, combined, self.test(word))
            return combined
        return self.value(node)

    def _equals(self, left: Value, right: Value) -> Value:
        if is_known(left) and is_known(right):
            return _text(left) == _text(right)
        for one, other in ((left, right), (right, left)):
            if isinstance(one, VariableRef):
                variable = next((v for v in self.variables.values() if v.name == one.name), None)
                if variable is not None and variable.type == "bool":
                    if _text(other) in ("true", "false"):
                        return one if _text(other) == "true" else Unary("!", one)
                elif variable is not None and other == "" and self._is_optional(one.name):
                    return Binary("==", one, None)
                elif variable is not None and variable.type == "number":
                    return Binary("==", one, _number(other))
            if isinstance(one, VariableRef | Ambient | Template):
                # A template compares texts; in an expression 2 is not "2".
                return Binary("==", one, _text(other))
        return Binary("==", left, right)


class _NotUnderstood(Exception):
    """Why a function was not understood; caught where the function's value would stand."""


def negated(condition: Value) -> Value:
    """The opposite, in its shortest form."""
    match condition:
        case bool():
            return not condition
        case Binary("==", left, right):
            return Binary("!=", left, right)
        case Binary("!=", left, right):
            return Binary("==", left, right)
        case Unary("!", inner):
            return inner
    return Unary("!", condition)


def _combined(operator: str, left: Value, right: Value) -> Value:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, bool):
            decided = one if operator == "||" else not one
            return one if decided else other
    return Binary(operator, left, right)


def _text(value: Value) -> Value:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


def _number(value: Value) -> Value:
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            return value
    return value


def _texts(value: Value) -> list[str]:
    found = []
    for node in walk(value):
        if isinstance(node, str):
            found.append(node)
        elif isinstance(node, VariableRef | Ambient):
            found.append(node.name)
    return found


def _may_be_absent(value: Value) -> bool:
    if value is None:
        return True
    if isinstance(value, Conditional):
        return _may_be_absent(value.then) or _may_be_absent(value.otherwise)
    return False


def _sole_key(node: Node) -> str | None:
    if isinstance(node.value, dict) and len(node.value) == 1:
        return next(iter(node.value))
    return None


def _sole_argument(node: Node) -> Node:
    assert isinstance(node.value, dict)
    return next(iter(node.value.values()))[1]


_FUNCTIONS: dict[str, Callable[[Intrinsics, Node], Value]] = {
    "Ref": Intrinsics._ref,
    "Fn::Base64": Intrinsics._base64,
    "Fn::Cidr": Intrinsics._cidr,
    "Fn::FindInMap": Intrinsics._find_in_map,
    "Fn::GetAZs": Intrinsics._azs,
    "Fn::GetAtt": Intrinsics._getatt,
    "Fn::If": Intrinsics._if,
    "Fn::ImportValue": Intrinsics._import,
    "Fn::Join": Intrinsics._join,
    "Fn::Length": Intrinsics._length,
    "Fn::Select": Intrinsics._select,
    "Fn::Split": Intrinsics._split,
    "Fn::Sub": Intrinsics._sub,
    "Fn::ToJsonString": Intrinsics._json,
}
