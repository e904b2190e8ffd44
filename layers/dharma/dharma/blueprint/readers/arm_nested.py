"""Templates nested in an ARM template: what they are given, what they answer, who waits for whom.

The resources of a nested template are read as if they stood outside, in the group that it is
deployed to. Its parameters are values of the outside, computed when somebody asks: what one
deployment puts out may be what another is given. Where one deployment waits for another, so do its
resources, unless a reference says so anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from dharma.blueprint.readers.arm_values import ArmExpressions, Names, own_functions
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Part
from dharma.model.expressions.nodes import Ambient, ResourceRef, Unknown, Value, references

if TYPE_CHECKING:
    from dharma.blueprint.readers.arm_resources import Entry

DEPLOYMENT = "Microsoft.Resources/deployments"
SUBSCRIPTION_ID = Ambient("subscription_id")
Body = dict[str, tuple[Node, Node]]


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


@dataclass(slots=True)
class Nested:
    """A deployment whose template stands in the outer one. `key` is its address for references;
    `is_own`: this project wrote it, and its resources say themselves what they wait for."""

    key: str
    where: str
    segments: list[Value]
    place: Value
    body: Body
    outside: ArmExpressions
    inside: ArmExpressions
    outputs: Body
    is_own: bool = False
    members: list[Entry] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    answer: dict[str, Value] | None = None

    def answered(self) -> dict[str, Value]:
        """What `reference` of it gives: its outputs."""
        if self.answer is None:
            circle = Unknown(f"the outputs of {self.where} depend on themselves")
            self.answer = {"outputs": {name: {"value": circle} for name in self.outputs}}
            found: dict[str, Value] = {}
            for name, (key, node) in self.outputs.items():
                said = members(node)
                if "value" in said:
                    place = f"{self.where}.properties.template.outputs.{name}"
                    value = self.inside.apart(place, "value", key, said["value"][1])
                    found[name] = {"value": value}
            self.answer = {"outputs": found}
        return self.answer


def members(node: Node | None) -> Body:
    """The members of an object as they are spelled; none of anything else."""
    return node.value if node is not None and isinstance(node.value, dict) else {}


def given(properties: Body, template: Body, outer: ArmExpressions, where: str) -> Names:
    """What names mean in a template of inner scope."""
    values = members(properties["parameters"][1]) if "parameters" in properties else {}
    declared = members(template["parameters"][1]) if "parameters" in template else {}
    sources: dict[str, Callable[[], Value]] = {}
    names = Names(
        parameters=Given(sources),
        types=outer.names.types,
        optional=outer.names.optional,
        group=outer.names.group,
    )
    inner = ArmExpressions(names, outer.file, outer.notes)
    inner.as_id = outer.as_id
    for name, (key, node) in declared.items():
        said = {k.lower(): n for k, (_, n) in members(values.get(name, (None, None))[1]).items()}
        default = members(node).get("defaultValue")
        place = f"{where}.properties.parameters.{name}"
        if "value" in said:
            sources[name] = _later(outer, place, key, said["value"])
        elif "reference" in said:
            secret = Unknown(f"{name} is a secret of a key vault")
            sources[name] = lambda secret=secret: secret  # type: ignore[misc]
        elif default is not None:
            sources[name] = _later(inner, place, key, default[1])
    names.variables = (
        {k: n for k, (_, n) in members(template["variables"][1]).items()}
        if "variables" in template
        else {}
    )
    if "functions" in template:
        names.functions = own_functions(template["functions"][1])
    return names


def _later(expressions: ArmExpressions, place: str, key: Node, value: Node) -> Callable[[], Value]:
    return lambda: expressions.apart(place, "value", key, value)


def noted_references(template: Body) -> dict[str, ResourceRef] | None:
    """What this project's writer noted of a template: the attributes that its variables stand for.
    None in a template of somebody else."""
    about = members(members(template["metadata"][1])["dharma"][1]) if _is_noted(template) else None
    if about is None:
        return None
    listed = members(about["references"][1]) if "references" in about else {}
    return references_in(listed)


def references_in(listed: Body) -> dict[str, ResourceRef]:
    """`Microsoft.Network/virtualNetworks.main.name` by the variable that stands for it."""
    found = {}
    for variable, (_, node) in listed.items():
        address, _, attribute = str(node.value).rpartition(".")
        if address and attribute:
            found[variable] = ResourceRef(address, (attribute,))
    return found


def _is_noted(template: Body) -> bool:
    said = members(template["metadata"][1]) if "metadata" in template else {}
    return "dharma" in said and "blueprint" in members(said["dharma"][1])


def waiting(
    parts: Iterable[Part], behind: Mapping[str, set[str]], firsts: Mapping[str, set[str]]
) -> list[Part]:
    """The parts, with what follows from deployments that wait. `behind`: by address the resources
    that a part comes after as a member of a deployment or by its own word; those that others among
    them refer to are waited for anyway. `firsts`: by address the other members of its deployment: a
    part that refers to one of them comes after it, and so after what that waits for."""
    parts = list(parts)
    known = {part.address: _said(part) for part in parts}
    found = []
    for part in parts:
        wanted = behind.get(part.address, set())
        own = known[part.address]
        if not wanted or own & firsts.get(part.address, set()):
            found.append(part)
            continue
        inner = {t for address in wanted for t in known[address] if t != address}
        more = sorted(wanted - inner - own - {part.address})
        found.append(replace(part, depends_on=tuple(dict.fromkeys((*part.depends_on, *more)))))
    return found


def _said(part: Part) -> set[str]:
    values = [dict(part.arguments), part.condition, part.count]
    return {ref.address for ref in references(values)} | set(part.depends_on)
