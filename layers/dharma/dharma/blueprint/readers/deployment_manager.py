"""A Deployment Manager configuration as a blueprint.

Resources go through the catalog, `$(ref.NAME.path)` becomes a reference, also inside text.
`metadata.dependsOn` is kept, `accessControl` and a name that this project would not give are kept
under `native.deployment_manager`. Templates (Jinja, Python) are not executed: a resource that one
would expand to is kept by its type and reported, as is everything else that is not understood.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath

from dharma.blueprint.readers.folding import folded
from dharma.blueprint.readers.result import ReadResult
from dharma.blueprint.readers.template_source import invalid_template, read_tree
from dharma.blueprint.tree import Members
from dharma.blueprint.yaml_source import Node
from dharma.catalog import Catalog
from dharma.catalog.document import Document, Note, Part
from dharma.catalog.formats import kept_google_type
from dharma.catalog.naming import Names, snake
from dharma.model.blueprint import Blueprint, Output
from dharma.model.expressions.nodes import ResourceRef, Unknown, Value
from dharma.model.expressions.templates import join_parts
from dharma.model.origin import Origin

_REFERENCE = re.compile(r"\$\(ref\.([^.()]+)((?:\.[A-Za-z_]\w*|\[\d{1,6}\])+)\)")
_ANY_REFERENCE = "$(ref."
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_RESOURCE = frozenset({"name", "type", "properties", "metadata", "accessControl"})
_WORD = re.compile(r"[^A-Za-z0-9_]+")


def read_deployment_manager(data: str | bytes, file: str | None, catalog: Catalog) -> ReadResult:
    """Raises `InvalidTemplate` with line and column where there are no resources to read,
    `LimitExceeded` for a configuration that is too large."""
    return _Configuration(read_tree(data, file), file).read(catalog)


class _Configuration:
    def __init__(self, root: Node, file: str | None) -> None:
        self.file = file
        self.notes: list[Note] = []
        if not isinstance(root.value, dict):
            raise invalid_template("a configuration is a mapping of sections", root, self.file)
        self.sections: Members = root.value
        resources = self.sections.get("resources")
        if resources is None or not isinstance(resources[1].value, list):
            raise invalid_template("the configuration has no list of resources", root, self.file)
        self.resources = resources[1].value
        self.templates: set[str] = set()
        self.names = {_text(n.value, "name") for n in self.resources if isinstance(n.value, dict)}

    def read(self, catalog: Catalog) -> ReadResult:
        self._imports()
        for name, (key, _) in self.sections.items():
            if name not in ("imports", "resources", "outputs"):
                self._note("the section is not understood", key, name)
        parts = [_spelled(part, catalog) for part in self._parts()]
        document = Document("deployment_manager", parts)
        resources, outputs, notes = folded(document, self._outputs(), catalog)
        blueprint = Blueprint(
            name=_blueprint_name(self.file),
            version="0.1.0",
            provider="gcp",
            resources=tuple(resources),
            outputs=tuple(outputs),
            origin=Origin(self.file, 1, 1),
        )
        return ReadResult(blueprint, (*self.notes, *notes), "deployment-manager")

    def _note(self, message: str, node: Node, address: str, path: str = "") -> None:
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note("not_understood", address, path, message, origin))

    def _imports(self) -> None:
        """Files that the configuration brings along. They are not opened."""
        if "imports" not in self.sections:
            return
        key, node = self.sections["imports"]
        for position, entry in enumerate(node.value if isinstance(node.value, list) else []):
            said = entry.value if isinstance(entry.value, dict) else {}
            names = [str(n.value) for k in ("path", "name") if k in said for n in (said[k][1],)]
            self.templates.update(names)
            shown = names[0] if names else "it"
            executed = shown.endswith((".jinja", ".py"))
            message = (
                f"{shown}, a template, is not executed" if executed else f"{shown} is not read"
            )
            self._note(message, entry, f"imports[{position}]")
        if not isinstance(node.value, list) and node.value is not None:
            self._note("the imports are no list", key, "imports")

    def _parts(self) -> list[Part]:
        parts: list[Part] = []
        taken: set[str] = set()
        for position, node in enumerate(self.resources):
            body = node.value if isinstance(node.value, dict) else {}
            name, kind = _text(body, "name"), _text(body, "type")
            if name is None or kind is None:
                self._note("it has no name or no type", node, f"resources[{position}]")
            elif name in taken:
                self._note("the name is given twice", node, f"resources.{name}")
            else:
                taken.add(name)
                parts.append(self._part(name, kind, body, node))
        return parts

    def _part(self, name: str, kind: str, body: Members, node: Node) -> Part:
        address = f"resources.{name}"
        for key, (place, _) in body.items():
            if key not in _RESOURCE:
                self._note("is not understood", place, address, key)
        if kind in self.templates or kind.endswith((".jinja", ".py")):
            self._note(f"the template {kind} is not executed", node, address, "type")
        native: dict[str, Value] = {}
        if "accessControl" in body:
            native["accessControl"] = self._value(body["accessControl"][1], address)
        properties: Value = {}
        if "properties" in body:
            properties = self._value(body["properties"][1], f"{address}.properties")
        if properties is not None and not isinstance(properties, dict):
            self._note("is no mapping", body["properties"][1], address, "properties")
        arguments = properties if isinstance(properties, dict) else {}
        return Part(
            address=name,
            type=kind,
            arguments={k: v for k, v in arguments.items() if v is not None},
            depends_on=self._waits(body, address),
            native=native,
            origin=Origin(self.file, node.line, node.column, address),
        )

    def _waits(self, body: Members, address: str) -> tuple[str, ...]:
        node = body["metadata"][1] if "metadata" in body else None
        said = node.value if node is not None and isinstance(node.value, dict) else {}
        for key, (place, _) in said.items():
            if key != "dependsOn":
                self._note("is not understood", place, address, f"metadata.{key}")
        waits = said["dependsOn"][1] if "dependsOn" in said else None
        entries = waits.value if waits is not None and isinstance(waits.value, list) else []
        found = []
        for entry in entries:
            if entry.value in self.names:
                found.append(str(entry.value))
            else:
                self._note(
                    f"waits for {entry.value}, which is not here", entry, address, "metadata"
                )
        return tuple(dict.fromkeys(found))

    def _outputs(self) -> list[Output]:
        if "outputs" not in self.sections:
            return []
        node = self.sections["outputs"][1]
        names = Names()
        found: list[Output] = []
        for position, entry in enumerate(node.value if isinstance(node.value, list) else []):
            body = entry.value if isinstance(entry.value, dict) else {}
            name = _text(body, "name")
            address = f"outputs.{name}" if name else f"outputs[{position}]"
            if name is None or "value" not in body:
                self._note("it has no name or no value", entry, address)
                continue
            wanted = _WORD.sub("_", name).strip("_") or "output"
            found.append(
                Output(
                    name=names.take(wanted, name, "_"),
                    value=self._value(body["value"][1], address),
                    origin=Origin(self.file, entry.line, entry.column, address),
                )
            )
        return found

    def _value(self, node: Node, address: str) -> Value:
        value = node.value
        if isinstance(value, dict):
            return {
                key: self._value(inner, f"{address}.{key}") for key, (_, inner) in value.items()
            }
        if isinstance(value, list):
            return [self._value(inner, f"{address}[{i}]") for i, inner in enumerate(value)]
        if not isinstance(value, str) or _ANY_REFERENCE not in value:
            return value
        return self._referring(value, node, address)

    def _referring(self, text: str, node: Node, address: str) -> Value:
        """Text with references in it. What looks like one and is none stays text, reported."""
        parts: list[Value] = []
        end = 0
        for found in _REFERENCE.finditer(text):
            reference: Value = ResourceRef(found[1], _path(found[2]))
            if found[1] not in self.names:
                self._note(f"refers to {found[1]}, which is not here", node, address)
                reference = Unknown(f"{found[1]} is not in this configuration")
            parts += [text[end : found.start()], reference]
            end = found.end()
        parts.append(text[end:])
        if any(isinstance(part, str) and _ANY_REFERENCE in part for part in parts):
            self._note("a reference in it is not understood", node, address)
        return join_parts(parts)


def _spelled(part: Part, catalog: Catalog) -> Part:
    """A type that the catalog does not know as addresses can hold it. The API's name of a resource
    is that in the configuration, where its properties give none."""
    kind = catalog.kind_of("deployment_manager", part.type)
    mapping = kind.mapping("deployment_manager") if kind is not None else None
    if mapping is None:
        return replace(part, type=kept_google_type(part.type))
    if part.arguments.get("name") is not None:
        return part
    named = any(rule.model == ("name",) and len(rule.native) == 1 for rule in mapping.table.rules)
    if named and "name" in mapping.known.keys:
        return replace(part, arguments={"name": part.address, **part.arguments})
    return part


def _path(text: str) -> tuple[str | int, ...]:
    return tuple(int(index) if index else name for name, index in _STEP.findall(text))


def _text(body: Members, name: str) -> str | None:
    value = body[name][1].value if name in body else None
    if isinstance(value, bool | int | float):
        return str(value)
    return value if isinstance(value, str) and value else None


def _blueprint_name(file: str | None) -> str:
    """A name for the blueprint out of the file's."""
    stem = PurePath(file).stem if file else ""
    name = re.sub(r"[^a-z0-9]+", "-", snake(stem)).strip("-")[:60]
    return name if name[:1].isalpha() else f"deployment-{name}".strip("-")
