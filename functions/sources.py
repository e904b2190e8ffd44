"""From a request's `SourceBody` to a blueprint, and on to what analyses see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dharma.blueprint.readers import ReadResult, read_text
from dharma.blueprint.resolution import resolve
from dharma.blueprint.validation import validate
from dharma.blueprint.variables import check_values
from dharma.bootstrap import Application, application
from dharma.catalog.document import Note
from dharma.core.errors import Fault, InvalidBlueprint, InvalidInput
from dharma.core.principal import Principal
from dharma.model.blueprint import Blueprint, ResolvedBlueprint
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
        unknown = {n: Unknown(f"var.{n} is secret in the environment") for n in self.withheld}
        return resolve(self.blueprint, {**self.values, **unknown}, region=self.region)


def open_source(body: SourceBody, principal: Principal) -> Opened:
    """Read what a request is about. A blueprint with faults, or values that do not fit it, are
    refused with all of them; a foreign format is taken as it is, what was not understood is in the
    notes.

    An environment's sensitive values stay out: whoever may analyse could have them told by code,
    counts or complaints. What depends on them is unknown here.
    """
    app = application()
    read, blueprint_id = _read(body, principal, app)
    if read.source_format == "blueprint" and (faults := validate(read.blueprint, app.catalog)):
        raise InvalidBlueprint(f"{read.blueprint.name} has {len(faults)} fault(s)", list(faults))
    stated, region, withheld = dict(body.variables), body.region, frozenset[str]()
    if body.environment is not None:
        environment = app.environments.read(principal.tenant, body.environment)
        declared = {variable.name for variable in read.blueprint.variables}
        withheld = (environment.sensitive & declared) - stated.keys()
        shown = declared - environment.sensitive
        inherited = {k: v for k, v in environment.variables.items() if k in shown}
        stated, region = {**inherited, **stated}, region or environment.region
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
    body: SourceBody, principal: Principal, app: Application
) -> tuple[ReadResult, str | None]:
    if (body.content is None) == (body.blueprint_id is None):
        message = "state either content or blueprintId"
        raise InvalidInput(message, [Fault(message, path="content")])
    if body.content is not None:
        return read_text(body.content, body.filename, app.catalog), None
    assert body.blueprint_id is not None
    record = app.blueprints.record(principal, body.blueprint_id)
    if body.version is not None:
        blueprint = app.blueprints.version(principal, record.id, body.version).blueprint
    else:
        blueprint = app.blueprints.read(principal, record.id).blueprint
    return ReadResult(blueprint, (), "blueprint"), record.id
