"""An ARM template as a blueprint.

Parameters become variables; variables of the template, loops over properties and nested templates
that stand in it or lie beside it are written in where they are used. A child resource inside its
parent is one of its own. `dependsOn` that a reference says anyway is left out. The resource group
that the template is deployed to becomes a resource. Templates that are elsewhere are not fetched,
deployment scripts not executed: they are passed through.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax.
"""

from __future__ import annotations

from dataclasses import replace

from dharma.blueprint.readers.arm.entry import SUBSCRIPTION_ID, Target
from dharma.blueprint.readers.arm.expressions import ArmExpressions
from dharma.blueprint.readers.arm.gathered import Around, Gathered
from dharma.blueprint.readers.arm.gathering import Gathering
from dharma.blueprint.readers.arm.lenient import as_json
from dharma.blueprint.readers.arm.linked import LinkedTemplates
from dharma.blueprint.readers.arm.names import Names, own_functions, own_variables
from dharma.blueprint.readers.arm.noted import references_in
from dharma.blueprint.readers.arm.parameters import computed_default, name_of, read_parameter
from dharma.blueprint.readers.arm.parts import parts_of
from dharma.blueprint.readers.arm.resource_group import resource_group, variables_of_group
from dharma.blueprint.readers.arm.sections import Sections
from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.readers.terraform.files import SentFiles
from dharma.blueprint.tree import folded_members, members
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Document
from dharma.catalog.naming import Names as TakenNames
from dharma.model.blueprint import Blueprint, Output, Variable
from dharma.model.expressions.nodes import VariableRef
from dharma.model.origin import Origin


def read_arm(
    data: str | bytes,
    file: str | None,
    catalog: Catalog,
    linked: LinkedTemplates | None = None,
) -> ReadResult:
    """`linked` are the templates that it may link to. Raises `InvalidTemplate` with line and column
    where the template has no resources to read, `LimitExceeded` for one that is too large."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    sections = Sections(read_tree(as_json(text), file), file, [])
    return _Template(sections, linked or LinkedTemplates(SentFiles({}), "", file)).read(catalog)


class _Template:
    """`variables` are by the parameters that they were, `defaults` those that are computed."""

    def __init__(self, sections: Sections, linked: LinkedTemplates) -> None:
        self.sections = sections
        self.linked = linked
        self.notes = sections.notes
        self.file = sections.file
        self.defaults: dict[str, Node] = {}
        self.variables = self._parameters()

    def read(self, catalog: Catalog) -> ReadResult:
        sections = self.sections
        sections.note_unknown()
        sections.note_scope()
        names = self._names()
        group, place = resource_group(sections, self.variables, names)
        names.group = place
        gathered = Gathered(catalog, self.notes)
        around = Around(gathered, names, "resources")
        expressions = ArmExpressions(names, self.file, self.notes, around)
        is_subscription = sections.is_deployed_to("subscription")
        target = Target(place, SUBSCRIPTION_ID if is_subscription else None)
        gathering = Gathering(gathered, self.linked)
        gathering.gather(sections.node("resources"), "resources", expressions, target)
        parts = [*([group] if group is not None else []), *parts_of(gathered)]
        document = Document("arm", parts, keeps_unread=True)
        found, outputs, notes = folded(document, self._outputs(expressions), catalog)
        made = variables_of_group(group, self.variables)
        blueprint = Blueprint(
            name=sections.name(),
            version=sections.marked("version") or "0.1.0",
            provider="azure",
            description=sections.description(),
            variables=(*made, *self.variables.values()),
            resources=tuple(found),
            outputs=tuple(outputs),
            origin=Origin(self.file, 1, 1),
        )
        return ReadResult(blueprint, (*self.notes, *notes), "arm")

    def _names(self) -> Names:
        functions = self.sections.node("functions") if "functions" in self.sections else None
        variables, loops = own_variables(self.sections.members("variables"))
        optional = (v for v in self.variables.values() if v.is_optional)
        return Names(
            parameters={p: VariableRef(v.name) for p, v in self.variables.items()},
            types={v.name: _plain_type(v) for v in self.variables.values()},
            variables=variables,
            loops=loops,
            optional=frozenset(v.name for v in optional),
            defaults=self.defaults,
            functions=own_functions(functions) if functions is not None else {},
            references=references_in(members(self.sections.marks.get("references"))),
        )

    def _parameters(self) -> dict[str, Variable]:
        marks = self.sections.marks
        names = TakenNames()
        odd = {p: str(node.value) for p, (_, node) in members(marks.get("variables")).items()}
        types = members(marks.get("types"))
        optional = marks.get("optional")
        listed = optional.value if optional is not None else []
        empty = [n.value for n in listed] if isinstance(listed, list) else []
        found = {}
        for parameter, (key, node) in self.sections.members("parameters").items():
            address = f"parameters.{parameter}"
            if not isinstance(node.value, dict):
                self.sections.note("the parameter is not understood", key, address)
                continue
            name = names.take(odd.get(parameter) or name_of(parameter), parameter, "_")
            origin = Origin(self.file, key.line, key.column, address)
            found[parameter], notes = read_parameter(
                parameter, node.value, origin, taken=name, optional=parameter in empty
            )
            if parameter in types:
                found[parameter] = replace(found[parameter], type=str(types[parameter][1].value))
            computed = computed_default(node.value)
            if computed is not None:
                self.defaults[parameter] = computed
            self.notes.extend(notes)
        return found

    def _outputs(self, expressions: ArmExpressions) -> list[Output]:
        names = TakenNames()
        found = []
        for name, (key, node) in self.sections.members("outputs").items():
            address = f"outputs.{name}"
            body = folded_members(node)
            expressions.at(address, "value", key)
            said = expressions.output(name, body)
            if said is None:
                self.sections.note("the output is not understood", key, address)
                continue
            about = members(body.get("metadata"))
            noted = members(about["dharma"][1]).get("name") if "dharma" in about else None
            described = about.get("description")
            kind = str(body["type"].value).lower() if "type" in body else ""
            output = Output(
                name=names.take(str(noted[1].value) if noted else name_of(name), name, "_"),
                value=said[0],
                description=str(described[1].value) if described else None,
                sensitive=kind.startswith("secure"),
                condition=expressions.value(body["condition"]) if "condition" in body else None,
                origin=Origin(self.file, key.line, key.column, address),
            )
            found.append(replace(output, condition=None) if output.condition is True else output)
        return found


_AZURES_TYPES = {
    "any": "object",
    "list": "array",
    "map": "object",
    "set": "array",
    "tuple": "array",
}


def _plain_type(variable: Variable) -> str:
    kind = variable.type.partition("(")[0]
    return _AZURES_TYPES.get(kind, kind)
