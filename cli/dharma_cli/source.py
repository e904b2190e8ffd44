"""What every offline command starts with: read a file, decide its variables, resolve it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dharma.core.errors import InvalidBlueprint

if TYPE_CHECKING:
    from dharma.blueprint.readers import ReadResult
    from dharma.model.blueprint import ResolvedBlueprint


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read, and the values that the command line gives its variables."""

    read: ReadResult
    values: dict[str, Any]

    def resolved(self, region: str | None = None) -> ResolvedBlueprint:
        """Variables replaced, loops expanded; a variable without a value is unknown."""
        from dharma.blueprint.resolution import resolve

        return resolve(self.read.blueprint, self.values, region=region)


def open_source(
    file: Path, variables: list[str] | None = None, variable_files: list[Path] | None = None
) -> Source:
    """Read a blueprint, a CloudFormation template or a Terraform plan, and the stated values.

    InvalidInput and its children carry every fault with file and line.
    """
    from dharma.blueprint.readers import read_file
    from dharma.blueprint.variables import collect

    read = read_file(file)
    values = collect(read.blueprint, files=variable_files or (), assignments=variables or ())
    return Source(read, values)


def require_valid(source: Source) -> None:
    """Stop at a blueprint with faults; they are all listed. A foreign format is judged as it is:
    what was not understood there is a note, not a fault of its author."""
    if source.read.source_format != "blueprint":
        return
    from dharma.blueprint.validation import validate
    from dharma.catalog import load_catalog

    faults = validate(source.read.blueprint, load_catalog())
    if faults:
        name = source.read.blueprint.name
        raise InvalidBlueprint(f"{name} has {len(faults)} fault(s)", faults)
