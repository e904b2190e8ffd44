"""What every offline command starts with: read a file, decide its variables, resolve it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dharma.core.errors import InvalidBlueprint

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dharma.blueprint.readers import ReadResult
    from dharma.model.blueprint import Blueprint, ResolvedBlueprint, Variable
    from dharma_cli.environment import Environment
    from dharma_cli.output import Output


@dataclass(frozen=True, slots=True)
class Source:
    """A file as it was read, and the values that the command line gives its variables; with an
    environment its values too, below those of the command line. `vaulted` are those of which only a
    key vault knows the value."""

    read: ReadResult
    values: dict[str, Any]
    environment: Environment | None = None
    vaulted: dict[str, Any] = field(default_factory=dict)

    @property
    def blueprint(self) -> Blueprint:
        """With every variable sensitive that the environment or a key vault keeps secret."""
        secret = frozenset((*self.withheld, *self.vaulted))
        if not secret:
            return self.read.blueprint
        from dharma.orchestrator.variables import guarded

        return guarded(self.read.blueprint, secret)

    @property
    def withheld(self) -> list[str]:
        """Declared variables whose values only the environment knows."""
        if self.environment is None:
            return []
        declared = {variable.name for variable in self.read.blueprint.variables}
        return sorted(
            (self.environment.secret & declared) - self.values.keys() - self.vaulted.keys()
        )

    @property
    def known_values(self) -> dict[str, Any]:
        """What holds for the variables here: secrets of the environment and of key vaults are
        unknown, which is another thing than their defaults."""
        if not self.withheld:
            return {**self.values, **self.vaulted}
        from dharma.model.expressions.nodes import Unknown

        reason = f"is secret in {self.environment.name if self.environment else ''}"
        values = {**self.values, **self.vaulted}
        return {**values, **{n: Unknown(f"var.{n} {reason}") for n in self.withheld}}

    @property
    def region(self) -> str | None:
        """That of the environment, else the one that the source says by itself."""
        return self.environment.region if self.environment else self.read.region

    def resolved(self, region: str | None = None) -> ResolvedBlueprint:
        """Variables replaced, loops expanded; a variable without a value is unknown."""
        from dharma.blueprint.resolution import resolve

        return resolve(self.blueprint, self.known_values, region=region or self.region)

    def analysed(self, region: str | None = None) -> ResolvedBlueprint:
        """The same under the addresses of the source, as a verdict and a price are read."""
        from dharma.blueprint.source_addresses import in_source_terms

        return in_source_terms(self.resolved(region), self.read.source_format)

    def environment_document(self) -> dict[str, Any] | None:
        """For JSON answers: which environment was applied, and what it did not tell."""
        if self.environment is None:
            return None
        return {
            "name": self.environment.name,
            "provider": self.environment.provider,
            "region": self.environment.region,
            "unknownVariables": self.withheld,
        }

    def say_withheld(self, output: Output) -> None:
        """Tell people which secrets stay where they are."""
        if self.environment is not None and self.withheld:
            names = ", ".join(self.withheld)
            output.say(
                f"Secret in {self.environment.name}, so unknown here: {names}", style="yellow"
            )


def open_source(
    file: Path,
    variables: list[str] | None = None,
    variable_files: list[Path] | None = None,
    environment: str | None = None,
    *,
    expand: bool = False,
) -> Source:
    """Read a blueprint, a CloudFormation template, Terraform code, a plan or a state, and the
    stated values.

    InvalidInput and its children carry every fault with file and line. With the name of an
    environment the running stack is asked for it. `expand` puts the values into Terraform code
    while it is read: its loops and modules may depend on them.
    """
    from dharma.blueprint.readers.boxed import read_file
    from dharma.blueprint.variable_sources import collect, terraform_variables
    from dharma.catalog.document import Note
    from dharma.model.blueprint import Blueprint
    from dharma.model.expressions.nodes import Unknown

    places: list[Environment] = []

    def place() -> Environment | None:
        if environment is not None and not places:
            from dharma_cli.environment import read_environment

            places.append(read_environment(environment))
        return places[0] if places else None

    def values_of(
        blueprint: Blueprint, beside: Mapping[str, Any], *, terraform: bool
    ) -> dict[str, Any]:
        there = place()
        return collect(
            blueprint,
            inherited=terraform_variables(os.environ) if terraform else None,
            beside=beside,
            environment=there.variables if there else None,
            files=variable_files or (),
            assignments=variables or (),
        )

    def decide(declared: tuple[Variable, ...], beside: Mapping[str, Any]) -> dict[str, Any]:
        source = Blueprint("source", "0.1.0", "aws", variables=declared)
        values = values_of(source, beside, terraform=True)
        there = place()
        withheld = there.secret - values.keys() if there else ()
        return {**values, **{name: Unknown("it is secret there") for name in withheld}}

    there = place()  # Before the reading, which has no network.
    read = read_file(file, expand=expand, decide=decide)
    if there is not None:
        there.require_fitting(read.blueprint)
    terraform = read.source_format == "terraform"
    values = values_of(read.blueprint, read.values, terraform=terraform)
    vaulted = {name: value for name, value in values.items() if isinstance(value, Unknown)}
    known = {name: value for name, value in values.items() if name not in vaulted}
    notes = [Note("approximated", f"var.{n}", "", v.reason) for n, v in vaulted.items()]
    return Source(replace(read, notes=(*read.notes, *notes)), known, there, vaulted)


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
