"""CloudFormation's intrinsic functions as expressions.

`Ref` and `Fn::GetAtt` of a resource become references in CloudFormation's own attribute names
(`("Ref",)`, `("Endpoint", "Address")`); the catalog turns them into the model's. Conditions are
written in where they are named, mappings where they are looked up. What has no counterpart is
`Unknown` with a note, never lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from dharma.blueprint.readers.cloudformation.conditions import Conditions
from dharma.blueprint.readers.cloudformation.functions import (
    NotUnderstood,
    as_text,
    sole_argument,
    sole_key,
)
from dharma.blueprint.readers.cloudformation.parameters import Parameters
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note, NoteKind
from dharma.model.blueprint import Variable
from dharma.model.expressions.nodes import (
    Ambient,
    Binary,
    Call,
    Conditional,
    Index,
    ResourceRef,
    Unknown,
    Value,
    VariableRef,
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


class Intrinsics:
    """Reads values of one template. `notes` gathers what was not understood; `imports` the
    variables that stand for values imported from other stacks. `made` are logical ids behind the
    names that a transform gives to what it made (`Orders.Alias`)."""

    def __init__(
        self,
        *,
        file: str | None,
        parameters: Parameters,
        resources: Iterable[str] = (),
        conditions: Mapping[str, Node] | None = None,
        mappings: Mapping[str, Node] | None = None,
        made: Mapping[str, str] | None = None,
    ) -> None:
        self.file = file
        self.parameters = parameters
        self.resources = frozenset(resources)
        self.notes: list[Note] = []
        self.imports: dict[str, Variable] = {}
        self._conditions = Conditions(conditions or {}, parameters, self.value)
        self._mapping_nodes = mappings or {}
        self._mappings: dict[str, Value] = {}
        self._made = made or {}
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
        except NotUnderstood as error:
            self.note("not_understood", f"{name}: {error}", node)
            return Unknown(f"{name}: {error}")

    def named_condition(self, name: str, node: Node) -> Value:
        """What a `Condition:` key says; `Unknown` with a note where it has no meaning."""
        try:
            return self._conditions.named(name)
        except NotUnderstood as error:
            self.note("not_understood", f"Condition: {error}", node)
            return Unknown(f"Condition: {error}")

    # References

    def _ref(self, node: Node) -> Value:
        name = node.value
        if not isinstance(name, str):
            raise NotUnderstood("its name is computed")
        return self.reference(name)

    def reference(self, name: str) -> Value:
        """What `Ref` of this name gives."""
        if name in PSEUDO_PARAMETERS:
            return PSEUDO_PARAMETERS[name]
        parameter = self.parameters.get(name)
        if parameter is not None:
            return parameter.reference
        logical = self._made.get(name, name)
        if logical in self.resources:
            return ResourceRef(logical, ("Ref",))
        raise NotUnderstood(f"there is no {name} in this template")

    def _getatt(self, node: Node) -> Value:
        if isinstance(node.value, str):
            name, _, attribute = node.value.partition(".")
            steps: list[object] = [attribute] if attribute else []
        elif isinstance(node.value, list):
            words = [self.value(child) for child in node.value]
            name, steps = str(words[0]) if words else "", list(words[1:])
        else:
            raise NotUnderstood("it takes a resource and an attribute")
        made = self._made.get(f"{name}.{steps[0]}") if len(steps) > 1 else None
        if made is not None:
            name, steps = made, steps[1:]
        if name not in self.resources:
            raise NotUnderstood(f"there is no resource {name} in this template")
        if not steps or not all(isinstance(s, str) and s for s in steps):
            raise NotUnderstood("its attribute is computed")
        return ResourceRef(name, tuple(s for step in steps for s in str(step).split(".")))

    def _import(self, node: Node) -> Value:
        """A value of another stack: an input here, since the model knows no other stacks."""
        return self._foreign(self.value(node), "import", node)

    def _foreign(self, exported: Value, what: str, node: Node) -> Value:
        words = [p for p in _texts(exported) if p]
        name = re.sub(r"[^a-z0-9]+", "_", "_".join(["imported", *words]).lower()).strip("_")
        said = exported if isinstance(exported, str) else " ".join(words)
        described = f"The value that another stack exports as {said}."
        self.imports.setdefault(name, Variable(name, required=True, description=described))
        self.note("approximated", f"the {what} became the variable {name}", node)
        return VariableRef(name)

    def _stack_output(self, node: Node) -> Value:
        """An output of another stack by its name: an input here, as an import is."""
        said = self.value(node)
        names = (said.get("StackName"), said.get("OutputName")) if isinstance(said, dict) else ()
        if not names or None in names:
            raise NotUnderstood("it takes the name of a stack and of an output")
        return self._foreign(list(names), "output", node)

    # Text

    def _sub(self, node: Node) -> Value:
        given: dict[str, Value] = {}
        text = node.value
        if isinstance(text, list):
            if len(text) != 2 or not isinstance(text[1].value, dict):
                raise NotUnderstood("it takes a text and a map")
            given = {k: self.value(v) for k, (_, v) in text[1].value.items()}
            text = text[0].value
        if not isinstance(text, str):
            raise NotUnderstood("it takes a text")
        parts: list[Value] = []
        position = 0
        for match in _PLACEHOLDER.finditer(text):
            parts.append(text[position : match.start()])
            position = match.end()
            if match[1] is None:
                parts.append(f"${{{match[2]}}}")
                continue
            parts.append(as_text(self._named(match[1].strip(), given)))
        parts.append(text[position:])
        return join_parts(parts)

    def _named(self, name: str, given: dict[str, Value]) -> Value:
        if name in given:
            return given[name]
        resource, dot, attribute = name.partition(".")
        if dot and name not in self._made and resource in self.resources:
            return ResourceRef(resource, tuple(attribute.split(".")))
        return self.reference(name)

    def _join(self, node: Node) -> Value:
        separator, values = self._two(node)
        if not isinstance(separator, str):
            raise NotUnderstood("its separator is computed")
        if not isinstance(values, list) or any(_may_be_absent(v) for v in values):
            return Call("join", (separator, values))
        parts: list[Value] = []
        for position, value in enumerate(values):
            if isinstance(value, list | dict) or self._is_list(value):
                return Call("join", (separator, values))
            if position and separator:
                parts.append(separator)
            parts.append(as_text(value))
        return join_parts(parts)

    def _is_list(self, value: Value) -> bool:
        if isinstance(value, VariableRef):
            variable = self.parameters.variable(value.name)
            return variable is not None and variable.type.startswith("list")
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
            raise NotUnderstood("it takes an index and a list")
        index: Value = self.value(node.value[0])
        if isinstance(index, str) and index.isdigit():
            index = int(index)
        if isinstance(index, int) and sole_key(node.value[1]) == "Fn::Cidr":
            return self._cidr_at(sole_argument(node.value[1]), index)
        values = self.value(node.value[1])
        if isinstance(values, list) and isinstance(index, int):
            if any(_may_be_absent(v) for v in values):
                return Index(Call("compact", (values,)), index)
            if 0 <= index < len(values):
                return values[index]
            raise NotUnderstood(f"the list has no element {index}")
        if isinstance(values, str | int | float | dict):
            raise NotUnderstood("it takes an index and a list")
        return Index(values, index)

    def _find_in_map(self, node: Node) -> Value:
        words = node.value if isinstance(node.value, list) else []
        mapping = self.value(words[0]) if len(words) in (3, 4) else None
        if not isinstance(mapping, str):
            raise NotUnderstood("it takes the name of a mapping and two keys")
        otherwise = _default_of(words)
        try:
            found, sure = self._looked_up(mapping, self.value(words[1]), self.value(words[2]))
        except NotUnderstood:
            if otherwise is None:
                raise
            return self.value(otherwise)
        return found if sure or otherwise is None else Call("try", (found, self.value(otherwise)))

    def _looked_up(self, mapping: str, first: Value, second: Value) -> tuple[Value, bool]:
        """What stands in a mapping under two keys, and whether it does for certain."""
        rows = self._mapping(mapping)
        if isinstance(first, str) and isinstance(rows, dict):
            if first not in rows:
                raise NotUnderstood(f"the mapping {mapping} has no {first}")
            row = rows[first]
            if isinstance(second, str) and isinstance(row, dict):
                if second not in row:
                    raise NotUnderstood(f"{mapping}.{first} has no {second}")
                return row[second], True
            return Index(row, second), False
        if isinstance(second, str) and isinstance(rows, dict):
            column = {k: r[second] for k, r in rows.items() if isinstance(r, dict) and second in r}
            return Index(column, first), False
        return Index(Index(rows, first), second), False

    def _mapping(self, name: str) -> Value:
        if name not in self._mappings:
            node = self._mapping_nodes.get(name)
            if node is None:
                raise NotUnderstood(f"there is no mapping {name}")
            self._mappings[name] = self.value(node)
        return self._mappings[name]

    def _azs(self, node: Node) -> Value:
        region = self.value(node)
        if region in (None, "", Ambient("region")):
            return Ambient("availability_zones")
        raise NotUnderstood("the zones of another region")

    def _cidr(self, node: Node) -> Value:
        _, count, _ = self._cidr_arguments(node)
        if not isinstance(count, int) or not 0 < count <= _CIDR_COUNT_MAX:
            raise NotUnderstood("its count is computed")
        return [self._cidr_at(node, i) for i in range(count)]

    def _cidr_at(self, node: Node, number: int) -> Value:
        block, _, bits = self._cidr_arguments(node)
        if not isinstance(bits, int):
            raise NotUnderstood("its number of host bits is computed")
        length: Value = Call("tonumber", (Index(Call("split", ("/", block)), 1),))
        if isinstance(block, str) and "/" in block:
            return Call("cidrsubnet", (block, 32 - bits - int(block.rsplit("/", 1)[1]), number))
        return Call("cidrsubnet", (block, Binary("-", 32 - bits, length), number))

    def _cidr_arguments(self, node: Node) -> tuple[Value, Value, Value]:
        words = node.value if isinstance(node.value, list) else []
        if len(words) != 3:
            raise NotUnderstood("it takes a block, a count and a number of host bits")
        block, *numbers = (self.value(w) for w in words)
        count, bits = (int(n) if isinstance(n, str) and n.isdigit() else n for n in numbers)
        return block, count, bits

    def _if(self, node: Node) -> Value:
        words = node.value if isinstance(node.value, list) else []
        if len(words) != 3 or not isinstance(words[0].value, str):
            raise NotUnderstood("it takes a condition and two values")
        condition = self._conditions.named(words[0].value)
        then, otherwise = self.value(words[1]), self.value(words[2])
        if isinstance(condition, bool):
            return then if condition else otherwise
        match condition, then, otherwise:
            case Binary("!=", VariableRef() as tested, None), VariableRef() as given, None:
                if tested == given and self.parameters.is_optional(tested.name):
                    return given
        return then if then == otherwise else Conditional(condition, then, otherwise)

    def _two(self, node: Node) -> tuple[Value, Value]:
        if not isinstance(node.value, list) or len(node.value) != 2:
            raise NotUnderstood("it takes two arguments")
        first, second = node.value
        return self.value(first), self.value(second)


def _default_of(words: list[Node]) -> Node | None:
    """The `DefaultValue` of a look-up."""
    said = words[3].value if len(words) == 4 else None
    found = said.get("DefaultValue") if isinstance(said, dict) else None
    return None if found is None else found[1]


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


_FUNCTIONS: dict[str, Callable[[Intrinsics, Node], Value]] = {
    "Ref": Intrinsics._ref,
    "Fn::Base64": Intrinsics._base64,
    "Fn::Cidr": Intrinsics._cidr,
    "Fn::FindInMap": Intrinsics._find_in_map,
    "Fn::GetAZs": Intrinsics._azs,
    "Fn::GetAtt": Intrinsics._getatt,
    "Fn::GetStackOutput": Intrinsics._stack_output,
    "Fn::If": Intrinsics._if,
    "Fn::ImportValue": Intrinsics._import,
    "Fn::Join": Intrinsics._join,
    "Fn::Length": Intrinsics._length,
    "Fn::Select": Intrinsics._select,
    "Fn::Split": Intrinsics._split,
    "Fn::Sub": Intrinsics._sub,
    "Fn::ToJsonString": Intrinsics._json,
}
