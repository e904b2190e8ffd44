"""Templates nested in an ARM template: what they are given, and what they answer.

The resources of a nested template are read as if they stood outside, in the group that it is
deployed to. Its parameters are values of the outside, computed when somebody asks: what one
deployment puts out may be what another is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from dharma.blueprint.readers.arm.entry import Entry, Target
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.names import Names, own_functions, own_variables
from dharma.blueprint.readers.arm.segments import at_index
from dharma.blueprint.readers.arm.surroundings import Surroundings
from dharma.blueprint.tree import Members, folded_members, members
from dharma.blueprint.yaml_source import Node
from dharma.model.expressions.nodes import Unknown, Value


@dataclass(slots=True)
class Nested:
    """A deployment whose template stands in the outer one, or lies beside it (`template` is the
    place). `key` is its address for references; `is_own`: this project wrote it, and its resources
    say themselves what they wait for."""

    key: str
    where: str
    template: str
    segments: list[Value]
    target: Target
    body: Members
    outside: ArmExpressions
    inside: ArmExpressions
    outputs: Members
    is_own: bool = False
    copy_name: str | None = None
    members: list[Entry] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    answer: dict[str, Value] | None = None

    def answered(self, instance: Value = None) -> dict[str, Value]:
        """What `reference` of it gives: its outputs; those of one instance, where it is made more
        than once."""
        every = self._outputs()
        return every if instance is None else at_index(every, instance)  # type: ignore[return-value]

    def _outputs(self) -> dict[str, Value]:
        if self.answer is None:
            circle = Unknown(f"the outputs of {self.where} depend on themselves")
            self.answer = {"outputs": {name: {"value": circle} for name in self.outputs}}
            found: dict[str, Value] = {}
            for name, (key, node) in self.outputs.items():
                place = f"{self.template}.outputs.{name}"
                with self.inside.apart(place, "value", key):
                    said = self.inside.output(name, folded_members(node))
                if said is not None:
                    found[name] = {"value": said[0]}
            self.answer = {"outputs": found}
        return self.answer


class Given(Mapping[str, Value]):
    """Parameters of a nested template. A value is computed once, when it is asked for."""

    def __init__(self, sources: Mapping[str, Callable[[], Value]]) -> None:
        self._sources = sources
        self._found: dict[str, Value] = {}
        self._open: set[str] = set()

    def __getitem__(self, name: str) -> Value:
        if name not in self._found:
            if name in self._open:
                return Unknown(f"the parameter {name} is given what depends on it")
            self._open.add(name)
            self._found[name] = self._sources[name]()
            self._open.discard(name)
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


class _BeforeResources(Surroundings):
    """What the default of a parameter sees: ids, but no resources yet."""

    def __init__(self, outer: Surroundings) -> None:
        self._outer = outer

    def as_id(self, value: Value) -> Value:
        return self._outer.as_id(value)


def given(
    properties: Members, template: Members, outer: ArmExpressions, where: str, file: str | None
) -> Names:
    """What names mean in a template of inner scope that stands in `file`."""
    values = folded_members(properties["parameters"][1]) if "parameters" in properties else {}
    declared = members(template["parameters"][1]) if "parameters" in template else {}
    section = members(template["variables"][1]) if "variables" in template else {}
    variables, loops = own_variables(section)
    sources: dict[str, Callable[[], Value]] = {}
    names = Names(
        parameters=Given(sources),
        types=outer.names.types,
        variables=variables,
        loops=loops,
        optional=outer.names.optional,
        functions=own_functions(template["functions"][1]) if "functions" in template else {},
        group=outer.names.group,
    )
    inner = ArmExpressions(names, file, outer.notes, _BeforeResources(outer.around))
    for name, (key, node) in declared.items():
        said = folded_members(values.get(name.lower()))
        default = folded_members(node).get("defaultvalue")
        place = f"{where}.properties.parameters.{name}"
        if "value" in said:
            sources[name] = _later(outer, place, key, said["value"])
        elif "reference" in said:
            secret = Unknown(f"{name} is a secret of a key vault")
            sources[name] = lambda secret=secret: secret  # type: ignore[misc]
        elif default is not None:
            sources[name] = _later(inner, place, key, default)
    return names


def _later(expressions: ArmExpressions, place: str, key: Node, value: Node) -> Callable[[], Value]:
    def read() -> Value:
        with expressions.apart(place, "value", key):
            return expressions.value(value)

    return read
