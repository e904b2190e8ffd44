"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or program, after its token was verified. `subject` names it, within `tenant`.
    `roles`: any of `viewer editor approver admin`."""

    subject: str
    tenant: str
    roles: frozenset[str]
