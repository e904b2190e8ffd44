"""The fidelity report of an import."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from dharma.blueprint.fidelity import Fidelity
    from dharma.catalog.document import Note

_SAID = {
    "not_understood": "lost",
    "no_counterpart": "lost",
    "approximated": "changed",
    "passed_through": "kept as it is",
}


def report(console: Console, found: Fidelity) -> None:
    """Counts, then every note with its file and line, what was lost first."""
    body = found.to_dict()
    resources, properties = body["resources"], body["properties"]
    console.print(
        f"resources: {resources['mapped']} mapped, {resources['passedThrough']} passed through",
        markup=False,
    )
    console.print(
        f"properties: {properties['mapped']} mapped, {properties['passedThrough']} passed through,"
        f" {properties['notUnderstood']} not understood,"
        f" {properties['noCounterpart']} without counterpart,"
        f" {properties['approximated']} approximated",
        markup=False,
        soft_wrap=True,
    )
    order = list(_SAID)
    for note in sorted(found.notes, key=lambda n: order.index(n.kind)):
        console.print(f"{_SAID[note.kind]:>13}  {_line(note)}", markup=False, soft_wrap=True)


def _line(note: Note) -> str:
    place = ":".join(str(p) for p in (note.origin.file, note.origin.line) if p is not None)
    subject = f"{note.address}.{note.path}" if note.path else note.address
    return f"{place}: {subject}: {note.message}" if place else f"{subject}: {note.message}"
