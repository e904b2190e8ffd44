"""A CloudFormation template as a blueprint.

Parameters become variables, conditions and mappings are written in where they are used, resources
go through the catalog. `DeletionPolicy: Retain` is `prevent_destroy`; every other attribute of a
resource (`UpdatePolicy`, `CreationPolicy`, `Metadata`, another deletion policy) is kept under
`native.cloudformation`. SAM's resources stand for what its transform makes of them (`sam`), loops
are written out (`loops`). Macros are not executed: what they would make is reported, not guessed.
"""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any

from dharma.blueprint.readers.cloudformation.intrinsics import Intrinsics
from dharma.blueprint.readers.cloudformation.loops import EXTENSIONS, LOOP, written_out
from dharma.blueprint.readers.cloudformation.parameters import Parameter, Parameters, read_parameter
from dharma.blueprint.readers.cloudformation.sam.expansion import TRANSFORM, expanded
from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.template_source import invalid_template, read_tree
from dharma.blueprint.readers.variable_names import variable_name
from dharma.blueprint.tree import Members
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.naming import Names, snake
from dharma.model.blueprint import Blueprint, Lifecycle, Output
from dharma.model.expressions.nodes import Value
from dharma.model.origin import Origin

_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Transform",
    }
)
_NATIVE = ("CreationPolicy", "Metadata", "UpdatePolicy")
_RESOURCE = frozenset(
    {
        "Condition",
        "DeletionPolicy",
        "DependsOn",
        "Properties",
        "Type",
        "UpdateReplacePolicy",
        *_NATIVE,
    }
)


def read_cloudformation(data: str | bytes, file: str | None, catalog: Catalog) -> ReadResult:
    """Raises `InvalidTemplate` with line and column where the template has no resources to read,
    `LimitExceeded` for one that is too large."""
    return _Template(read_tree(data, file), file).read(catalog)


class _Template:
    def __init__(self, root: Node, file: str | None) -> None:
        self.file = file
        self.notes: list[Note] = []
        self.root = root
        if not isinstance(root.value, dict):
            raise invalid_template("a template is a mapping of sections", root, self.file)
        self.sections = root.value
        if "Resources" not in self.sections or self.sections["Resources"][1].value is None:
            raise invalid_template("the template has no Resources", root, self.file)
        self._sam = _uses(self.sections, TRANSFORM)
        self._loops = _uses(self.sections, EXTENSIONS)
        if self._loops:
            self.sections = written_out(self.sections, self._loop_note)
        made = self._with_sam_expanded()
        self.marks = self._own_marks()
        self.parameters = Parameters(self._parameters(), self.marks.get("Optional", ()))
        self.intrinsics = Intrinsics(
            file=file,
            parameters=self.parameters,
            resources=self._section("Resources"),
            conditions={k: v for k, (_, v) in self._section("Conditions").items()},
            mappings={k: v for k, (_, v) in self._section("Mappings").items()},
            made=made,
        )

    def read(self, catalog: Catalog) -> ReadResult:
        self._unread_sections()
        document = Document("cloudformation", self._parts())
        outputs = self._outputs()
        resources, outputs, notes = folded(document, outputs, catalog)
        imported = self.intrinsics.imports.values()
        blueprint = Blueprint(
            name=str(self.marks.get("Blueprint") or _name(self.file)),
            version=str(self.marks.get("Version") or "0.1.0"),
            provider="aws",
            description=_text(self.sections, "Description"),
            variables=(*self.parameters.variables, *imported),
            resources=tuple(resources),
            outputs=tuple(outputs),
            origin=Origin(self.file, 1, 1),
        )
        return ReadResult(
            blueprint, (*self.notes, *self.intrinsics.notes, *notes), "cloudformation"
        )

    def _section(self, name: str) -> Members:
        """The entries of a section, those that are no mapping left out with a note."""
        if name not in self.sections:
            return {}
        _, node = self.sections[name]
        if not isinstance(node.value, dict):
            if node.value is None:
                return {}
            raise invalid_template(f"{name} is not a mapping", node, self.file)
        return node.value

    def _own_marks(self) -> dict[str, Any]:
        """What this project's writer noted about names (`Metadata: Dharma:`)."""
        metadata = self._section("Metadata").get("Dharma")
        if metadata is None or not isinstance(metadata[1].value, dict):
            return {}
        found: dict[str, Any] = {}
        for key, (_, node) in metadata[1].value.items():
            if isinstance(node.value, dict):
                found[key] = {k: str(v.value) for k, (_, v) in node.value.items()}
            elif isinstance(node.value, list):
                found[key] = [str(v.value) for v in node.value]
            else:
                found[key] = node.value
        return found

    def _origin(self, node: Node, address: str) -> Origin:
        return Origin(self.file, node.line, node.column, address)

    def _note(self, message: str, node: Node, address: str, path: str = "") -> None:
        origin = self._origin(node, address)
        self.notes.append(Note("not_understood", address, path, message, origin))

    def _loop_note(self, message: str, node: Node, address: str) -> None:
        note = Note("approximated", address, "", message, self._origin(node, address))
        if note not in self.notes:
            self.notes.append(note)

    def _with_sam_expanded(self) -> dict[str, str]:
        """The logical ids behind the names that SAM gives to what it makes."""
        if not self._sam:
            return {}

        def report(message: str, node: Node, address: str) -> None:
            self._note(message, node, address)

        key, node = self.sections["Resources"]
        resources, names = expanded(self.sections, report)
        self.sections = {
            **self.sections,
            "Resources": (key, Node(resources, node.line, node.column)),
        }
        return names

    def _unread_sections(self) -> None:
        for name, (key, node) in self.sections.items():
            if name == "Transform":
                for transform in _transforms(node):
                    if transform not in (TRANSFORM, EXTENSIONS):
                        self._note(f"the transform {transform} is not executed", key, name)
            elif name == "Rules":
                note = "what must hold of parameters together is not kept"
                self.notes.append(Note("no_counterpart", name, "", note, self._origin(key, name)))
            elif name not in _SECTIONS and not (self._sam and name == "Globals"):
                self._note("the section is not understood", key, name)

    def _parameters(self) -> dict[str, Parameter]:
        names, given = Names(), self.marks.get("Variables") or {}
        optional = self.marks.get("Optional") or []
        found = {}
        for logical, (key, node) in self._section("Parameters").items():
            address = f"Parameters.{logical}"
            if not isinstance(node.value, dict) or logical.startswith("Fn::"):
                self._note("the parameter is not understood", key, address)
                continue
            name = names.take(given.get(logical) or variable_name(logical), logical, "_")
            origin = self._origin(key, address)
            found[logical], notes = read_parameter(
                logical, name, node.value, origin, optional=logical in optional
            )
            self.notes.extend(notes)
        return found

    def _parts(self) -> list[Part]:
        parts = []
        for logical, (key, node) in self._section("Resources").items():
            address = f"Resources.{logical}"
            body = node.value
            kind = body.get("Type") if isinstance(body, dict) else None
            if not isinstance(body, dict) or kind is None or not isinstance(kind[1].value, str):
                if not logical.startswith(LOOP):
                    raise invalid_template(f"{address} has no Type", key, self.file)
                why = (
                    "what it goes over cannot be told"
                    if self._loops
                    else f"the template does not ask for the transform {EXTENSIONS}"
                )
                self._note(f"the loop is not written out: {why}", key, address)
                continue
            parts.append(self._part(logical, kind[1].value, body, self._origin(key, address)))
        return parts

    def _part(self, logical: str, kind: str, body: Members, origin: Origin) -> Part:
        address = f"Resources.{logical}"
        self.intrinsics.at(address, "Properties")
        native: dict[str, Value] = {}
        for name in _NATIVE:
            if name in body:
                native[name] = self.intrinsics.value(body[name][1])
        condition: Value = None
        if "Condition" in body:
            node = body["Condition"][1]
            condition = self.intrinsics.named_condition(str(node.value), node)
        retained = self._retention(body, native)
        for name, (key, _) in body.items():
            if name not in _RESOURCE:
                self._note("the attribute is not understood", key, address, name)
        return Part(
            address=logical,
            type=kind,
            arguments=self._properties(body, address),
            condition=None if condition is True else condition,
            depends_on=self._depends_on(body),
            lifecycle=Lifecycle(prevent_destroy=retained),
            native=native,
            origin=origin,
        )

    def _properties(self, body: Members, address: str) -> dict[str, Value]:
        if "Properties" not in body:
            return {}
        node = body["Properties"][1]
        value = self.intrinsics.value(node)
        if isinstance(value, dict):
            return {k: v for k, v in value.items() if v is not None}
        if value is not None:
            self._note("its properties are computed as a whole", node, address, "Properties")
        return {}

    def _retention(self, body: Members, native: dict[str, Value]) -> bool:
        """Whether the resource is kept when its stack goes. The replacing policy is silent when it
        says the same."""
        policies = {
            name: self.intrinsics.value(body[name][1])
            for name in ("DeletionPolicy", "UpdateReplacePolicy")
            if name in body
        }
        deletion, replacing = policies.get("DeletionPolicy"), policies.get("UpdateReplacePolicy")
        retained = deletion == "Retain"
        if deletion is not None and not retained:
            native["DeletionPolicy"] = deletion
        if replacing is not None and not (retained and replacing == "Retain"):
            native["UpdateReplacePolicy"] = replacing
        return retained

    def _depends_on(self, body: Members) -> tuple[str, ...]:
        if "DependsOn" not in body:
            return ()
        node = body["DependsOn"][1]
        nodes = node.value if isinstance(node.value, list) else [node]
        known = self.intrinsics.resources
        return tuple(str(n.value) for n in nodes if isinstance(n.value, str) and n.value in known)

    def _outputs(self) -> list[Output]:
        names, given = Names(), self.marks.get("Outputs") or {}
        found = []
        for logical, (key, node) in self._section("Outputs").items():
            address = f"Outputs.{logical}"
            if not isinstance(node.value, dict) or "Value" not in node.value:
                self._note("the output is not understood", key, address)
                continue
            self.intrinsics.at(address, "Value")
            condition = None
            if "Condition" in node.value:
                named = node.value["Condition"][1]
                condition = self.intrinsics.named_condition(str(named.value), named)
            if "Export" in node.value:
                exported = node.value["Export"][1]
                self.intrinsics.at(address, "Export").note(
                    "no_counterpart", "outputs are not exported to other stacks", exported
                )
            found.append(
                Output(
                    name=names.take(given.get(logical) or variable_name(logical), logical, "_"),
                    value=self.intrinsics.at(address, "Value").value(node.value["Value"][1]),
                    description=_text(node.value, "Description"),
                    condition=condition,
                    origin=self._origin(key, address),
                )
            )
        return found


def _transforms(node: Node) -> list[str]:
    if isinstance(node.value, list):
        return [part.value if isinstance(part.value, str) else "macros" for part in node.value]
    return [node.value if isinstance(node.value, str) else "macros"]


def _uses(sections: Members, transform: str) -> bool:
    return "Transform" in sections and transform in _transforms(sections["Transform"][1])


def _text(body: Members, name: str) -> str | None:
    if name not in body or body[name][1].value is None:
        return None
    value = body[name][1].value
    return value if isinstance(value, str) else str(value)


def _name(file: str | None) -> str:
    """A name for the blueprint out of the file's."""
    stem = PurePath(file).stem if file else ""
    name = re.sub(r"[^a-z0-9]+", "-", snake(stem)).strip("-")[:60]
    return name if name[:1].isalpha() else f"template-{name}".rstrip("-")
