"""Generated code on its way out: into a folder, into an archive, or to the screen.

With it go what was not carried over one to one, what was found wrong with it, and, where it is for
another cloud, what a person has to review.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dharma.core.errors import InvalidInput
from dharma_cli import exits
from dharma_cli.output import Output
from dharma_cli.wording import counted

if TYPE_CHECKING:
    from dharma.blueprint.crosscloud import Review
    from dharma.catalog.document import Note
    from dharma.generator import GeneratedCode
    from dharma.generator.verification import Check
    from dharma.model.blueprint import Blueprint
    from dharma_cli.source import Source


class Archive(StrEnum):
    """Ways to pack what was written into one file."""

    ZIP = "zip"
    TAR_GZ = "tar.gz"


Directory = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Folder for the files; without it they are printed."),
]
ArchiveOption = Annotated[
    Archive | None,
    typer.Option(
        "--archive", help="One file with a manifest in it; -o names the file or its folder."
    ),
]
Force = Annotated[
    bool,
    typer.Option(
        "--force/--no-force", help="Overwrite files in the folder that are not from here."
    ),
]
JsonTemplate = Annotated[
    bool, typer.Option("--json", help="CloudFormation as JSON instead of YAML.")
]


@dataclass(frozen=True, slots=True)
class Destination:
    """Where code goes: into a folder, into one archive there or of that name, or to the screen.
    Raises InvalidInput for an archive that has no place."""

    directory: Path | None
    archive: Archive | None
    force: bool

    def __post_init__(self) -> None:
        if self.archive is not None and self.directory is None:
            raise InvalidInput("an archive is not printed: -o names its file")


def deliver(
    output: Output,
    source: Source,
    blueprint: Blueprint,
    code: GeneratedCode,
    destination: Destination,
    *,
    changes: Sequence[Note] = (),
    checks: Sequence[Check] = (),
    review: Review | None = None,
) -> int:
    """Write the code of a blueprint where it is wanted, all of it or nothing, and tell of it.
    `source` is what the blueprint was made of. Exit code 2 where one of the tools that were asked
    found anything wrong."""
    packed = _put(blueprint, code, destination, checks)
    remarks = [*source.read.notes, *changes, *code.warnings]
    if output.is_json:
        from dharma_cli.views.notes import notes_document

        output.document(
            {
                "target": code.target,
                "files": code.files,
                "archive": packed,
                "notes": notes_document(remarks),
                "checks": [check.to_dict() for check in checks],
                "environment": source.environment_document(),
                **({} if review is None else {"review": review.to_dict()}),
            }
        )
    else:
        _show(output, code, destination.directory, packed)
        _tell(output, remarks, checks)
        if review is not None:
            from dharma_cli.views.crosscloud import report

            report(output.notices if destination.directory is None else output.console, review)
        source.say_withheld(output)
    failed = any(check.outcome == "failed" for check in checks if check.name != "re-read")
    return exits.FINDINGS if failed else exits.FINE


def _put(
    blueprint: Blueprint, code: GeneratedCode, destination: Destination, checks: Sequence[Check]
) -> dict[str, Any] | None:
    """Write the files; of an archive, what it is called and holds."""
    if destination.directory is None:
        return None
    if destination.archive is not None:
        return _pack(blueprint, code, destination.archive, destination.directory, checks)
    from dharma_cli.generated import write_generated

    write_generated(destination.directory, code.files, force=destination.force)
    return None


def _pack(
    blueprint: Blueprint,
    code: GeneratedCode,
    format: Archive,
    target: Path,
    checks: Sequence[Check],
) -> dict[str, Any]:
    """Write the archive; a folder gets it under a name that says what is inside."""
    import hashlib

    from dharma.generator.archive import archive, archive_name
    from dharma_cli.files import write_all

    if target.is_dir():
        target /= archive_name(code, blueprint, format.value)
    data = archive(code, blueprint, format.value, checks)
    write_all(target.parent, {target.name: data})
    digest = hashlib.sha256(data).hexdigest()
    return {"file": str(target), "sha256": digest, "size": len(data)}


def _show(
    output: Output, code: GeneratedCode, directory: Path | None, packed: dict[str, Any] | None
) -> None:
    if packed is not None:
        what = counted(len(code.files), "file")
        said = f"wrote {packed['file']} ({what}, sha256 {packed['sha256']})"
        output.console.print(said, markup=False, soft_wrap=True)
    elif directory is not None:
        for path in code.files:
            output.console.print(f"wrote {directory / path}", markup=False, soft_wrap=True)
    else:
        for path, text in code.files.items():
            if len(code.files) > 1:
                typer.echo(f"# {path}")
            typer.echo(text, nl=False)


def _tell(output: Output, remarks: Sequence[Note], checks: Sequence[Check]) -> None:
    from dharma_cli.views.notes import notes

    notes(output.notices, remarks)
    for check in checks:
        style = "red" if check.outcome == "failed" else "yellow"
        for finding in check.findings:
            said = f"{check.name}: {finding}"
            output.notices.print(said, style=style, markup=False, soft_wrap=True)
