"""What reading gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from dharma.catalog.document import Note
from dharma.model.blueprint import Blueprint

SourceFormat = Literal[
    "blueprint",
    "cloudformation",
    "arm",
    "deployment-manager",
    "terraform",
    "terraform-plan",
    "terraform-state",
]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """`notes` lists what was not carried over one to one; nothing is lost without one.

    `values` are values of the variables that stand beside the source (`terraform.tfvars`), `region`
    the one that it says by itself.
    """

    blueprint: Blueprint
    notes: tuple[Note, ...]
    source_format: SourceFormat
    values: dict[str, Any] = field(default_factory=dict)
    region: str | None = None
