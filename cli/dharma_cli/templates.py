"""The library of ready-made blueprints that `init --template` starts from, by cloud."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dharma.core import project_files
from dharma.core.errors import InvalidInput, NotFound


@dataclass(frozen=True, slots=True)
class Template:
    """One file of the library: `templates/<provider>/<short>.yaml`."""

    provider: str
    short: str
    path: Path

    @property
    def name(self) -> str:
        return f"{self.provider}/{self.short}"

    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        from dharma.blueprint.source import load_blueprint

        blueprint = load_blueprint(self.path.read_bytes(), self.path.name)
        return {
            "name": self.name,
            "provider": self.provider,
            "description": blueprint.description,
            "resources": len(blueprint.resources),
            "variables": [
                {"name": v.name, "required": v.required, "description": v.description}
                for v in blueprint.variables
            ],
        }


def library() -> list[Template]:
    """All templates, sorted by cloud and name."""
    files = project_files.find("templates").glob("*/*.yaml")
    return sorted(
        (Template(path.parent.name, path.stem, path) for path in files), key=lambda t: t.name
    )


def names() -> list[str]:
    """`aws/network`, ..."""
    return [template.name for template in library()]


def find(name: str, provider: str | None = None) -> Template:
    """The template of that name. Without its cloud it is the one of `provider`, or the only one.

    NotFound lists what there is; InvalidInput says which ones are meant.
    """
    found = [t for t in library() if name in (t.name, t.short)]
    if not found:
        raise NotFound(f"There is no template {name!r}; there are: {', '.join(names())}")
    of_provider = [t for t in found if t.provider == provider]
    if of_provider:
        return of_provider[0]
    if len(found) > 1:
        which = ", ".join(t.name for t in found)
        raise InvalidInput(f"{name} is a template of several clouds: {which}")
    return found[0]
