"""From a request's `SourceBody` to a blueprint, and on to what analyses see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dharma.blueprint.readers import ReadResult
from dharma.blueprint.readers.boxed import read_sent, read_text
from dharma.blueprint.readers.terraform.reader import Decide
from dharma.blueprint.resolution import resolve
from dharma.blueprint.source_addresses import in_source_terms
from dharma.blueprint.validation import validate
from dharma.blueprint.variables import check_values
from dharma.bootstrap import application
from dharma.catalog.document import Note
from dharma.core.errors import Fault, InvalidBlueprint, InvalidInput
from dharma.core.principal import Principal
from dharma.model.blueprint import Blueprint, ResolvedBlueprint, Variable
from dharma.model.expressions.nodes import Unknown
from dharma.orchestrator.variables import guarded
from functions.bodies import SourceBody


@dataclass(frozen=True, slots=True)
class Opened:
    """A blueprint and the values that hold for it: the environment's, under the caller's own.

    `withheld`: variables that the environment keeps secret. Who may only look gets no answer that
    was made with them, so they are unknown here.
    """

    read: ReadResult
    values: dict[str, Any]
    region: str | None
    blueprint_id: str | None = None
    withheld: frozenset[str] = frozenset()

    @property
    def blueprint(self) -> Blueprint:
        return guarded(self.read.blueprint, self.withheld)

    def resolved(self) -> ResolvedBlueprint:
        """With the addresses of the source."""
        unknown = {n: Unknown(f"var.{n} is secret in the environment") for n in self.withheld}
        resolved = resolve(self.blueprint, {**self.values, **unknown}, region=self.region)
        return in_source_terms(resolved, self.read.source_format)


def open_source(body: SourceBody, principal: Principal, *, expand: bool = False) -> Opened:
    """Read what a request is about. A blueprint with faults, or values that do not fit it, are
    refused with all of them; a foreign format is taken as it is, what was not understood is in the
    notes. `expand` puts the values into Terraform code while it is read, as analyses want it.

    An environment's sensitive values stay out: whoever may analyse could have them told by code,
    counts or complaints. What depends on them is unknown here.
    """
    app = application()
    place = None
    if body.environment is not None:
        place = app.environments.read(principal.tenant, body.environment)

    def values_of(declared: Iterable[Variable]) -> tuple[dict[str, Any], frozenset[str]]:
        if place is None:
            return dict(body.variables), frozenset()
        names = {variable.name for variable in declared}
        shown = names - place.sensitive
        inherited = {k: v for k, v in place.variables.items() if k in shown}
        stated = {**inherited, **body.variables}
        return stated, (place.sensitive & names) - stated.keys()

    def decide(declared: tuple[Variable, ...], beside: Mapping[str, Any]) -> dict[str, Any]:
        stated, hidden = values_of(declared)
        return {**beside, **stated, **{n: Unknown("it is secret there") for n in hidden}}

    read, blueprint_id = _read(body, principal, expand=expand, decide=decide)
    if read.source_format == "blueprint" and (faults := validate(read.blueprint, app.catalog)):
        raise InvalidBlueprint(f"{read.blueprint.name} has {len(faults)} fault(s)", list(faults))
    stated, withheld = values_of(read.blueprint.variables)
    stated = {**read.values, **stated}
    region = body.region or (place.region if place is not None else read.region)
    checked = check_values(read.blueprint, stated, complete=False)
    return Opened(read, {name: checked[name] for name in stated}, region, blueprint_id, withheld)


def notes(read: ReadResult) -> list[dict[str, Any]]:
    """The fidelity report of a reading."""
    return [note_to_dict(note) for note in read.notes]


def note_to_dict(note: Note) -> dict[str, Any]:
    return {
        "kind": note.kind,
        "address": note.address,
        "path": note.path,
        "message": note.message,
        "file": note.origin.file,
        "line": note.origin.line,
    }


def _read(
    body: SourceBody, principal: Principal, *, expand: bool, decide: Decide
) -> tuple[ReadResult, str | None]:
    app = application()
    if [body.content, body.files, body.blueprint_id].count(None) != 2:
        message = "state one of content, files and blueprintId"
        raise InvalidInput(message, [Fault(message, path="content")])
    if body.content is not None:
        read = read_text(body.content, body.filename, app.catalog, expand=expand, decide=decide)
        return read, None
    if body.files is not None:
        sent = {path: text.encode("utf-8", "surrogatepass") for path, text in body.files.items()}
        return read_sent(sent, app.catalog, expand=expand, decide=decide), None
    assert body.blueprint_id is not None
    record = app.blueprints.record(principal, body.blueprint_id)
    if body.version is not None:
        blueprint = app.blueprints.version(principal, record.id, body.version).blueprint
    else:
        blueprint = app.blueprints.read(principal, record.id).blueprint
    return ReadResult(blueprint, (), "blueprint"), record.id
