"""An ARM template as a blueprint.

Parameters become variables; variables of the template, loops over properties and nested templates
that stand in it are written in where they are used. A child resource inside its parent is one of
its own. `dependsOn` that a reference says anyway is left out. The resource group that the template
is deployed to becomes a resource, since in the blueprint everything names it (docs/decisions/0012).
Linked templates are not fetched, deployment scripts not executed: they are passed through.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/syntax.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath

from dharma.blueprint.readers.arm_nested import members, references_in
from dharma.blueprint.readers.arm_parameters import computed_default, name_of, read_parameter
from dharma.blueprint.readers.arm_resources import GROUP, ArmResources
from dharma.blueprint.readers.arm_values import ArmExpressions, Names, own_functions
from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.naming import Names as TakenNames
from dharma.catalog.naming import snake
from dharma.core.errors import Fault, InvalidTemplate
from dharma.model.blueprint import Blueprint, Output, Variable
from dharma.model.expressions.nodes import ResourceRef, Value, VariableRef
from dharma.model.origin import Origin

_SECTIONS = frozenset(
    {
        "$schema",
        "apiprofile",
        "contentversion",
        "functions",
        "languageversion",
        "metadata",
        "outputs",
        "parameters",
        "resources",
        "variables",
    }
)
_LENIENT = re.compile(
    r'"(?:[^"\\]|\\.)*"|//[^\n]*|/\*.*?\*/|,(?=(?:\s|//[^\n]*|/\*[^*]*\*/)*[}\]])', re.DOTALL
)
Mapping = dict[str, tuple[Node, Node]]


def read_arm(data: str | bytes, file: str | None, catalog: Catalog) -> ReadResult:
    """Raises `InvalidTemplate` with line and column where the template has no resources to read,
    `LimitExceeded` for one that is too large."""
    text = data.decode("utf-8", "replace") if isinstance(data, bytes) else data
    return _Template(read_tree(as_json(text), file), file).read(catalog)


def as_json(text: str) -> str:
    """The text without what Azure's tools allow beyond JSON: comments, commas behind the last
    element, and strings over several lines. Every place stays on its line."""

    def strict(match: re.Match[str]) -> str:
        found = match.group()
        if not found.startswith('"'):
            return re.sub(r"[^\n]", " ", found)
        lines = found.count("\n")
        return found.replace("\r", "").replace("\n", "\\n") + "\n" * lines if lines else found

    return _LENIENT.sub(strict, text)


class _Template:
    def __init__(self, root: Node, file: str | None) -> None:
        self.file = file
        self.notes: list[Note] = []
        if not isinstance(root.value, dict):
            raise self._invalid("a template is an object of sections", root)
        self.sections = {key.lower(): entry for key, entry in root.value.items()}
        if "resources" not in self.sections:
            raise self._invalid("the template has no resources", root)
        self.marks: dict[str, Node] = self._own_marks()
        self.defaults: dict[str, Node] = {}
        self.variables = self._parameters()

    def read(self, catalog: Catalog) -> ReadResult:
        for name, (key, _) in self.sections.items():
            if name not in _SECTIONS:
                self._note("the section is not understood", key, key_text(key, name))
        names = Names(
            parameters={p: VariableRef(v.name) for p, v in self.variables.items()},
            types={v.name: _plain_type(v) for v in self.variables.values()},
            variables={k: node for k, (_, node) in self._section("variables").items()},
            optional=frozenset(v.name for v in self.variables.values() if self._is_optional(v)),
            defaults=self.defaults,
            functions=own_functions(self.sections["functions"][1])
            if "functions" in self.sections
            else {},
            references=references_in(members(self.marks.get("references"))),
        )
        group, place = self._group(names, catalog)
        names.group = place
        expressions = ArmExpressions(names, self.file, self.notes)
        reading = ArmResources(
            expressions,
            catalog,
            self.notes,
            self.file,
            place,
            is_subscription=self._is("subscription"),
        )
        resources = self.sections["resources"][1]
        reading.gather(resources, "resources")
        parts = [*([group] if group is not None else []), *reading.parts()]
        document = Document("arm", parts, keeps_unread=True)
        outputs = self._outputs(expressions)
        found, outputs, notes = folded(document, outputs, catalog)
        used = self._declared(group)
        blueprint = Blueprint(
            name=self._marked("blueprint") or _name(self.file),
            version=self._marked("version") or "0.1.0",
            provider="azure",
            description=self._description(),
            variables=tuple(used),
            resources=tuple(found),
            outputs=tuple(outputs),
            origin=Origin(self.file, 1, 1),
        )
        return ReadResult(blueprint, (*self.notes, *notes), "arm")

    # ---- sections

    def _invalid(self, message: str, node: Node) -> InvalidTemplate:
        fault = Fault(message, file=self.file, line=node.line, column=node.column)
        return InvalidTemplate(str(fault), [fault])

    def _section(self, name: str) -> Mapping:
        if name not in self.sections:
            return {}
        key, node = self.sections[name]
        if not isinstance(node.value, dict):
            if node.value is not None:
                self._note("the section is no object", key, name)
            return {}
        return node.value

    def _note(self, message: str, node: Node, address: str) -> None:
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note("not_understood", address, "", message, origin))

    def _own_marks(self) -> dict[str, Node]:
        """What this project's writer noted (`metadata.dharma`)."""
        said = self._section("metadata").get("dharma")
        if said is None or not isinstance(said[1].value, dict):
            return {}
        return {name: node for name, (_, node) in said[1].value.items()}

    def _marked(self, name: str) -> str | None:
        node = self.marks.get(name)
        return node.value if node is not None and isinstance(node.value, str) else None

    def _description(self) -> str | None:
        said = self._section("metadata").get("description")
        return said[1].value if said and isinstance(said[1].value, str) else None

    def _parameters(self) -> dict[str, Variable]:
        names = TakenNames()
        given = self.marks.get("variables")
        noted = given.value if given is not None and isinstance(given.value, dict) else {}
        odd = {parameter: str(node.value) for parameter, (_, node) in noted.items()}
        types = members(self.marks.get("types"))
        optional = self.marks.get("optional")
        listed = optional.value if optional is not None else []
        empty = [n.value for n in listed] if isinstance(listed, list) else []
        found = {}
        for parameter, (key, node) in self._section("parameters").items():
            address = f"parameters.{parameter}"
            if not isinstance(node.value, dict):
                self._note("the parameter is not understood", key, address)
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

    def _is_optional(self, variable: Variable) -> bool:
        return not variable.required and variable.default is None

    # ---- the resource group

    def _is(self, scope: str) -> bool:
        """Whether the template is deployed to that."""
        schema = self.sections["$schema"][1].value if "$schema" in self.sections else None
        return isinstance(schema, str) and f"{scope}DeploymentTemplate" in schema

    def _group(self, names: Names, catalog: Catalog) -> tuple[Part | None, Value]:
        """The group that the template is deployed to: as its writer noted it, or made up with
        variables for what only the deployment says."""
        if any(map(self._is, ("subscription", "tenant", "managementGroup"))):
            return None, None
        expressions = ArmExpressions(names, self.file, self.notes)
        said = self.marks.get("resourceGroup")
        if said is not None and isinstance(said.value, dict):
            body = dict(said.value)
            own = body.pop("resource", None)
            arguments = {k: expressions.value(node) for k, (_, node) in body.items()}
            address = f"{GROUP}.{own[1].value if own else 'main'}"
            origin = Origin(self.file, said.line, said.column, "metadata.dharma.resourceGroup")
            return Part(address, GROUP, arguments, origin=origin), ResourceRef(address, ("name",))
        known = self.marks.get("resourceGroupName")
        if known is not None:
            return None, expressions.value(known)
        address = f"{GROUP}.main"
        name_variable = self._made("resource_group_name")
        place = self._location() or self._made("location")
        origin = Origin(self.file, 1, 1, "resourceGroup()")
        message = (
            f"the group that the template is deployed to became azurerm_resource_group.main; "
            f"var.{name_variable} and var.{place} say which"
        )
        self.notes.append(Note("approximated", "resourceGroup()", "", message, origin))
        arguments = {"name": VariableRef(name_variable), "location": VariableRef(place)}
        return Part(address, GROUP, arguments, origin=origin), ResourceRef(address, ("name",))

    def _location(self) -> str | None:
        """The parameter that stands for the place of the group: by default it is that."""
        for parameter, variable in self.variables.items():
            _, node = self._section("parameters")[parameter]
            body = node.value if isinstance(node.value, dict) else {}
            default = body["defaultValue"][1].value if "defaultValue" in body else None
            if isinstance(default, str) and default.lower() == "[resourcegroup().location]":
                return variable.name
        return None

    def _made(self, name: str) -> str:
        """A variable of that name; where the template has one, it may be another thing."""
        taken = {v.name for v in self.variables.values()}
        return name if name not in taken else f"{name}_of_group"

    def _declared(self, group: Part | None) -> list[Variable]:
        """The template's variables, with those that were made for the group."""
        declared = {v.name for v in self.variables.values()}
        made = []
        if group is not None and group.origin.address == "resourceGroup()":
            described = {
                "name": "The resource group to deploy into.",
                "location": "Where the resource group is.",
            }
            for argument, description in described.items():
                value = group.arguments[argument]
                if isinstance(value, VariableRef) and value.name not in declared:
                    made.append(Variable(value.name, required=True, description=description))
        return [*made, *self.variables.values()]

    # ---- outputs

    def _outputs(self, expressions: ArmExpressions) -> list[Output]:
        names = TakenNames()
        found = []
        for name, (key, node) in self._section("outputs").items():
            address = f"outputs.{name}"
            body = (
                {k.lower(): n for k, (_, n) in node.value.items()}
                if isinstance(node.value, dict)
                else {}
            )
            if "value" not in body:
                self._note("the output is not understood", key, address)
                continue
            expressions.at(address, "value", key)
            metadata = body.get("metadata")
            about = metadata.value if metadata and isinstance(metadata.value, dict) else {}
            own = about.get("dharma")
            noted = own[1].value.get("name") if own and isinstance(own[1].value, dict) else None
            described = about.get("description")
            kind = str(body["type"].value).lower() if "type" in body else ""
            output = Output(
                name=names.take(str(noted[1].value) if noted else name_of(name), name, "_"),
                value=expressions.value(body["value"]),
                description=str(described[1].value) if described else None,
                sensitive=kind.startswith("secure"),
                condition=expressions.value(body["condition"]) if "condition" in body else None,
                origin=Origin(self.file, key.line, key.column, address),
            )
            found.append(replace(output, condition=None) if output.condition is True else output)
        return found


def key_text(node: Node, name: str) -> str:
    return str(node.value) if isinstance(node.value, str) else name


def _plain_type(variable: Variable) -> str:
    kind = variable.type.partition("(")[0]
    return {"list": "array", "any": "object"}.get(kind, kind)


def _name(file: str | None) -> str:
    """A name for the blueprint out of the file's, or its folder's for `azuredeploy.json`."""
    path = PurePath(file) if file else None
    stem = path.stem if path else ""
    if path and stem in ("azuredeploy", "mainTemplate", "main", "template") and path.parent.name:
        stem = path.parent.name
    name = re.sub(r"[^a-z0-9]+", "-", snake(stem)).strip("-")[:60]
    return name if name[:1].isalpha() else f"template-{name}".rstrip("-")
