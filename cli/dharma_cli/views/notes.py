"""Notes: what was not carried over one to one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from dharma.catalog.document import Note

SHOWN = 20


def notes(console: Console, found: Sequence[Note]) -> None:
    """The first notes one a line, then how many there are of each sort."""
    if not found:
        return
    console.print("\nNot carried over one to one:", style="yellow")
    several = len({note.origin.file for note in found}) > 1
    for note in found[:SHOWN]:
        said = f"{_place(note, several)}: {note.message}"
        console.print(f"  {said}", markup=False, soft_wrap=True)
    if len(found) > SHOWN:
        kinds = Counter(note.kind.replace("_", " ") for note in found)
        said = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        console.print(f"  ... {len(found)} in all: {said}")


def _place(note: Note, several: bool) -> str:
    """What a note is about, and its line; with the file where there are several."""
    subject = f"{note.address}.{note.path}" if note.path else note.address
    if not note.origin.line:
        return subject
    if several:
        return f"{note.origin.file}:{note.origin.line}: {subject}"
    return f"{subject}:{note.origin.line}"


def stated_notes(found: Sequence[dict[str, Any]]) -> list[Note]:
    """Notes as the API tells them: the inverse of `notes_document`."""
    from dharma.catalog.document import Note
    from dharma.model.origin import Origin

    return [
        Note(
            note["kind"],
            note["address"],
            note["path"],
            note["message"],
            Origin(file=note["file"], line=note["line"]),
        )
        for note in found
    ]


def notes_document(found: Sequence[Note]) -> list[dict[str, Any]]:
    return [
        {
            "kind": note.kind,
            "address": note.address,
            "path": note.path,
            "message": note.message,
            "file": note.origin.file,
            "line": note.origin.line,
        }
        for note in found
    ]
