"""What reading gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dharma.catalog.document import Note
from dharma.model.blueprint import Blueprint

SourceFormat = Literal["blueprint", "cloudformation", "terraform-plan"]


@dataclass(frozen=True, slots=True)
class ReadResult:
    """`notes` lists what was not carried over one to one; nothing is lost without one."""

    blueprint: Blueprint
    notes: tuple[Note, ...]
    source_format: SourceFormat
