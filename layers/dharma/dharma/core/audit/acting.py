"""What is being done by whom, for the time of one request.

The edge says who acts and what is asked; services add what only they know. Nobody hands it through:
like the correlation id it belongs to the request and not to any one call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from dharma.core.audit.records import Entry, Outcome
from dharma.core.principal import Principal


@dataclass(slots=True)
class Act:
    """A request to change something. `recorded`: its record is stored, together with the change.

    `made` is the subject that a service gave to what it makes; what fails to be made is recorded
    under `subject`, as the caller named it.
    """

    principal: Principal
    action: str
    subject: str
    source_ip: str = ""
    user_agent: str = ""
    correlation_id: str = ""
    made: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    recorded: bool = False

    def entry(self, outcome: Outcome, code: str | None = None) -> Entry:
        subject = self.made if self.made is not None and outcome == "succeeded" else self.subject
        return Entry(
            tenant=self.principal.tenant,
            actor=self.principal.subject,
            roles=tuple(self.principal.roles),
            source_ip=self.source_ip,
            user_agent=self.user_agent,
            action=self.action,
            subject=subject,
            outcome=outcome,
            code=code,
            correlation_id=self.correlation_id,
            details=self.details,
        )


_present: ContextVar[Act | None] = ContextVar("act", default=None)


@contextmanager
def acting(act: Act | None) -> Iterator[None]:
    """What is done inside is this act's; with None nobody's."""
    reset = _present.set(act)
    try:
        yield
    finally:
        _present.reset(reset)


def present_act() -> Act | None:
    return _present.get()


def about(made: str | None = None, **details: Any) -> None:
    """Say more about the present act, if there is one: identifiers, names, flags; never a value
    that somebody may have meant to keep secret."""
    act = _present.get()
    if act is not None:
        act.made = made or act.made
        act.details.update(details)
