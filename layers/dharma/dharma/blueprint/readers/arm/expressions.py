"""Values and expressions of an ARM template as the model's.

Variables of the template are written in where they are used; functions that have a counterpart
become it; one that only Azure can compute is kept as `provider::arm::name(...)`, with a note.
Which resource `resourceId` and `reference` mean is asked of the surroundings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from dharma.blueprint.readers.arm.access import indexed, member_of
from dharma.blueprint.readers.arm.ambient import of_the_deployment
from dharma.blueprint.readers.arm.functions import Functions
from dharma.blueprint.readers.arm.identifiers import Identifiers
from dharma.blueprint.readers.arm.names import Names, OwnFunction
from dharma.blueprint.readers.arm.surroundings import Surroundings
from dharma.blueprint.tree import Members, folded_members
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note, NoteKind
from dharma.model.arm_functions import ARM_FUNCTION, OWN_FUNCTIONS
from dharma.model.arm_language import (
    ArmCall,
    ArmIndex,
    ArmMember,
    ArmSyntaxError,
    ArmValue,
    parse_text,
)
from dharma.model.expressions.nodes import (
    COUNT_INDEX,
    Binary,
    Call,
    Expression,
    ForList,
    Index,
    ObjectConstructor,
    ResourceRef,
    Splat,
    Symbol,
    Unknown,
    Value,
    walk,
)
from dharma.model.origin import Origin

COPIES_WRITTEN_OUT = 100
_NODES_MAX = 20_000
_DEEPEST = 8  # functions of the author in each other
_CHOSEN_MAX = 50  # variables among which an expression may choose


class ArmExpressions:
    """Reads values of one template. `notes` gathers what was not understood."""

    def __init__(
        self,
        names: Names,
        file: str | None,
        notes: list[Note],
        around: Surroundings | None = None,
    ) -> None:
        self.names = names
        self.file = file
        self.notes = notes
        self.around = around or Surroundings()
        self._functions = Functions(names, self.around)
        self._identifiers = Identifiers(names, self.around)
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

    @contextmanager
    def apart(self, address: str, path: str, node: Node) -> Iterator[None]:
        """For a value from another place, in the middle of one that is being read."""
        around = (self._place, self._loops, self._bound_parameters)
        self._place, self._loops, self._bound_parameters = (address, path, node), [], []
        try:
            yield
        finally:
            self._place, self._loops, self._bound_parameters = around

    def output(self, name: str, body: Mapping[str, Node]) -> tuple[Value] | None:
        """What an output says, once or repeated; None where it says nothing."""
        if "value" in body:
            return (self.value(body["value"]),)
        loop = folded_members(body.get("copy"))
        if {"count", "input"} <= set(loop):
            return (self.repeated(name, loop["count"], loop["input"]),)
        return None

    def quietly(self, node: Node) -> Value:
        """A value that nothing keeps: what is not understood of it has no note."""
        before = len(self.notes)
        found = self.value(node)
        del self.notes[before:]
        return found

    def spelled_out(self, native: str, names: list[Value]) -> Value:
        """The id of a resource in this group, also of one of the template's."""
        return self._identifiers.spelled_out(native, names)

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

    def _object(self, content: Members) -> Value:
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
            return indexed(self.expression(value.owner), self.expression(value.key))
        return self._call(value)

    def _member(self, member: ArmMember) -> Value:
        if isinstance(member.owner, ArmCall):
            said = of_the_deployment(member.owner, member.name, self.names.group)
            if said is not None:
                return said[0]
        return member_of(self.expression(member.owner), member.name)

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
        found = self._functions.counterpart(name, arguments)
        if found is None:
            found = self._identifiers.meant(name, arguments)
        if found is not None:
            return found[0]
        return self._own(call.name, arguments)

    def _own(self, name: str, arguments: list[Value]) -> Value:
        """A function that stays Azure's."""
        spelled = OWN_FUNCTIONS.get(name.lower(), name)
        if spelled not in ("uniqueString", "guid", "newGuid", "utcNow", "environment", "uri"):
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
        key = self.names.parameter(name)
        if key is None:
            self.note(f"there is no parameter {name}")
            return Unknown(f"there is no parameter {name}")
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
        declared = self.names.variables
        if isinstance(name, Expression) and 0 < len(declared) <= _CHOSEN_MAX:
            return Index({key: self._variable(key) for key in declared}, name)
        key = self.names.variable(name)
        if key is None:
            self.note(f"there is no variable {name}")
            return Unknown(f"there is no variable {name}")
        meant = self.names.references.get(key)
        if meant is not None and self.around.is_known(meant.address):
            return meant
        if key not in self._variables:
            if key in self._open:
                self.note(f"the variable {key} refers to itself")
                return Unknown(f"the variable {key} refers to itself")
            self._open.append(key)
            loops, self._loops = self._loops, []
            if key in self.names.loops:
                found = dict(self._copies([declared[key]])).get(key)
            else:
                found = self.value(declared[key])
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
            ) if (
                chosen.instance == Symbol((variable,))
                and self.around.count_of(chosen.address) == count
            ):
                return Splat(ResourceRef(chosen.address, ()), chosen.path)
        return every

    def _copy_index(self, arguments: list[ArmValue]) -> Value:
        """`copyIndex()`, `copyIndex(offset)`, `copyIndex('loop', offset)`."""
        named = [a for a in arguments if isinstance(a, str)]
        offset = next((a for a in arguments if isinstance(a, int)), 0)
        index: Value = self._loops[-1][1] if self._loops and not named else COUNT_INDEX
        for loop, at in self._loops:
            if named and loop.lower() == named[0].lower():
                index = at
        if not offset:
            return index
        return index + offset if isinstance(index, int) else Binary("+", index, offset)


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."
