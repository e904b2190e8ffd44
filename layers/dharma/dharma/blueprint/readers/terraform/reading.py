"""What all modules of one reading of Terraform code share: files, notes, steps, what was opened."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dharma.blueprint.readers.terraform.body import Place
from dharma.blueprint.readers.terraform.configuration import Configuration, read_configuration
from dharma.blueprint.readers.terraform.files import Files, Outside, joined
from dharma.blueprint.readers.terraform.names import Chain
from dharma.catalog.document import Note
from dharma.model.blueprint import Variable
from dharma.model.expressions.scope import Budget
from dharma.model.origin import Origin

if TYPE_CHECKING:
    from dharma.blueprint.readers.terraform.modules import Module

MAX_STEPS = 5_000_000
INSTALLED = ".terraform/modules/modules.json"


@dataclass(slots=True)
class Reading:
    """What all modules of one reading share."""

    files: Files
    folder: str
    expand: bool
    notes: list[Note] = field(default_factory=list)
    chain: Chain = field(default_factory=Chain)
    budget: Budget = field(default_factory=lambda: Budget(MAX_STEPS))
    configurations: dict[str, Configuration] = field(default_factory=dict)
    modules: dict[str, Module] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    inlining: bool = False
    # Whether modules that are not on disk are opened where they are known by their inputs.
    known_modules: bool = True
    # The same configuration with values, for what has to be decided while expressions are kept.
    decided: Callable[[], Module] | None = None
    installed: dict[str, str] | None = None

    def tell(self, kind: str, address: str, path: str, message: str, place: Place) -> None:
        origin = Origin(place.file, place.line, place.column, address)
        self.tell_once(Note(kind, address, path, message, origin))  # type: ignore[arg-type]

    def tell_once(self, note: Note) -> None:
        if note not in self.notes[-50:]:
            self.notes.append(note)

    def configuration(self, folder: str) -> Configuration:
        if folder not in self.configurations:
            self.configurations[folder] = read_configuration(self.files, folder)
        return self.configurations[folder]

    def folder_of_installed(self, key: str) -> str | None:
        """Where `terraform init` put a module; keys are paths of calls, `vpc.subnets`."""
        if self.installed is None:
            self.installed = _installed(self.files, self.folder)
        return self.installed.get(key)


def _installed(files: Files, folder: str) -> dict[str, str]:
    try:
        listed = json.loads(files.read(joined(folder, INSTALLED)))
        return {
            entry["Key"]: joined(folder, entry["Dir"])
            for entry in listed["Modules"]
            if isinstance(entry.get("Dir"), str)
        }
    except (OSError, Outside, ValueError, KeyError, TypeError, AttributeError):
        return {}
