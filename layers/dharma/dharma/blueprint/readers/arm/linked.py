"""Templates that a deployment links to, where they lie beside the template that says so.

A link is an address of the web, put together out of where the template itself came from:
`uri(deployment().properties.templateLink.uri, 'nested/net.json')`,
`concat(parameters('_artifactsLocation'), '/nested/net.json', parameters('sasToken'))`. What stands
behind that place is a path from the folder of the template. Nothing is fetched.

Source: https://learn.microsoft.com/azure/azure-resource-manager/templates/linked-templates.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from dharma.blueprint.readers.arm.lenient import as_json
from dharma.blueprint.readers.template_source import read_tree
from dharma.blueprint.readers.terraform.files import Files, Outside, joined
from dharma.blueprint.yaml_source import Node
from dharma.core.errors import InvalidTemplate
from dharma.model.arm_functions import ARM_FUNCTION
from dharma.model.expressions.nodes import Call, Template, Value
from dharma.model.expressions.templates import join_parts

_TEMPLATES_MAX = 1000  # All that one template leads to.
_HERE = "."


@dataclass(frozen=True, slots=True)
class LinkedTemplate:
    """`file` is the name by which people know it."""

    root: Node
    file: str


class LinkedTemplates:
    """The files around a template; `path` is its own among them, `file` how people know it."""

    def __init__(self, files: Files, path: str, file: str | None) -> None:
        self._files = files
        self._paths: dict[str | None, str] = {file: path}
        self._trees: dict[str, Node] = {}
        self._read = 0

    def template(self, link: Value, file: str | None) -> LinkedTemplate | None:
        """The template that a link in `file` means; None for one that is not here. Raises
        `InvalidTemplate` for a file that is none, `LimitExceeded`."""
        here = self._paths.get(file)
        if here is None or self._read >= _TEMPLATES_MAX:
            return None
        for path in self._places(link, posixpath.dirname(here) or _HERE):
            try:
                root = self._tree(path)
            except (Outside, OSError):
                continue
            self._read += 1
            shown = self._files.shown(path)
            self._paths[shown] = path
            return LinkedTemplate(root, shown)
        return None

    def _places(self, link: Value, folder: str) -> Iterator[str]:
        """Where the template of a link may lie: seen from the folder, or, for a whole address, from
        the root of the repository, which that names too."""
        ways = list(paths_of(link))
        for way in ways:
            with suppress(Outside):
                yield joined(folder, way)
        if isinstance(link, str):
            yield from (way for way in ways if "/" in way)

    def _tree(self, path: str) -> Node:
        if path not in self._trees:
            text = self._files.read(path).decode("utf-8", "replace")
            root = read_tree(as_json(text), self._files.shown(path))
            if not isinstance(root.value, dict) or "resources" not in map(str.lower, root.value):
                raise InvalidTemplate(f"{self._files.shown(path)} is no template")
            self._trees[path] = root
        return self._trees[path]


def paths_of(link: Value) -> Iterator[str]:
    """The paths from the template's folder that a link may mean, the longest first."""
    steps = _behind_its_place(link).partition("?")[0].split("/")
    while steps and steps[0] in ("", "http:", "https:"):
        del steps[0]
    if steps and steps[-1].lower().endswith(".json"):
        for first in range(len(steps)):
            yield "/".join(steps[first:])


def _behind_its_place(link: Value) -> str:
    """The text behind the place that a link begins with; behind it may stand a token. Empty where
    the link is chosen by more than that."""
    parts = _parts(link)
    if parts and not isinstance(parts[0], str):
        del parts[0]
    text = parts[0] if parts else None
    return text if isinstance(text, str) and len(parts) <= 2 else ""


def _parts(link: Value) -> list[Value]:
    """Texts and values that a link is put together of; `uri(place, path)` is both of them."""
    match link:
        case Template((first, *others)):
            parts = [*_parts(first), *others]
        case Call(name, (place, path)) if name == f"{ARM_FUNCTION}uri":
            parts = [*_parts(place), "/", *_parts(path)]
        case _:
            return [link]
    joined_parts = join_parts(parts)
    return list(joined_parts.parts) if isinstance(joined_parts, Template) else [joined_parts]
