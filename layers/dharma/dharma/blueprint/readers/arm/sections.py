"""The sections of an ARM template, and what this project's writer noted of it."""

from __future__ import annotations

import re
from pathlib import PurePath

from dharma.blueprint.readers.template_source import invalid_template
from dharma.blueprint.tree import Members
from dharma.blueprint.yaml_source import Node
from dharma.catalog.document import Note
from dharma.catalog.naming import snake
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
_PLAIN_STEMS = ("azuredeploy", "mainTemplate", "main", "template")


class Sections:
    """Raises `InvalidTemplate` where there are no resources. `marks` is `metadata.dharma`."""

    def __init__(self, root: Node, file: str | None, notes: list[Note]) -> None:
        self.file = file
        self.notes = notes
        if not isinstance(root.value, dict):
            raise invalid_template("a template is an object of sections", root, self.file)
        self._sections = {key.lower(): entry for key, entry in root.value.items()}
        if "resources" not in self._sections:
            raise invalid_template("the template has no resources", root, self.file)
        self.marks = self._own_marks()

    def __contains__(self, name: str) -> bool:
        return name in self._sections

    def node(self, name: str) -> Node:
        """A section that is there."""
        return self._sections[name][1]

    def members(self, name: str) -> Members:
        """The members of a section; none of one that is not there."""
        if name not in self._sections:
            return {}
        key, node = self._sections[name]
        if not isinstance(node.value, dict):
            if node.value is not None:
                self.note("the section is no object", key, name)
            return {}
        return node.value

    def note(self, message: str, node: Node, address: str) -> None:
        origin = Origin(self.file, node.line, node.column, address)
        self.notes.append(Note("not_understood", address, "", message, origin))

    def note_unknown(self) -> None:
        for name, (key, _) in self._sections.items():
            if name not in _SECTIONS:
                shown = str(key.value) if isinstance(key.value, str) else name
                self.note("the section is not understood", key, shown)

    def note_scope(self) -> None:
        """What a template is deployed to, where a blueprint has no word for it."""
        for scope, said in (("managementGroup", "a management group"), ("tenant", "the tenant")):
            if self.is_deployed_to(scope):
                message = f"it is deployed to {said}: it is read, and written, without that"
                self.note(message, self.node("$schema"), "$schema")

    def is_deployed_to(self, scope: str) -> bool:
        """Whether the schema is that of `subscription`, `tenant` or `managementGroup`."""
        schema = self.node("$schema").value if "$schema" in self else None
        return isinstance(schema, str) and f"{scope}DeploymentTemplate" in schema

    def marked(self, name: str) -> str | None:
        node = self.marks.get(name)
        return node.value if node is not None and isinstance(node.value, str) else None

    def description(self) -> str | None:
        said = self.members("metadata").get("description")
        return said[1].value if said and isinstance(said[1].value, str) else None

    def name(self) -> str:
        """The blueprint's name: as it was noted, or out of that of the file, or of its folder for
        `azuredeploy.json`."""
        noted = self.marked("blueprint")
        if noted:
            return noted
        path = PurePath(self.file) if self.file else None
        stem = path.stem if path else ""
        if path and stem in _PLAIN_STEMS and path.parent.name:
            stem = path.parent.name
        name = re.sub(r"[^a-z0-9]+", "-", snake(stem)).strip("-")[:60]
        return name if name[:1].isalpha() else f"template-{name}".rstrip("-")

    def _own_marks(self) -> dict[str, Node]:
        said = self.members("metadata").get("dharma")
        if said is None or not isinstance(said[1].value, dict):
            return {}
        return {name: node for name, (_, node) in said[1].value.items()}
