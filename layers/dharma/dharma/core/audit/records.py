"""A record of the audit trail as JSON, and its hash.

tenant day sequence     which chain, and the place in it (from 1, without gaps)
time                    RFC 3339
actor roles             who; roles sorted
sourceIp userAgent      from where, as the API saw it
action subject          what was asked (`deployment.approve`), of which thing (`deployment/<id>`)
outcome code            `succeeded`, `refused` (the caller's to mend) or `failed`; the error class
correlationId           that of the log lines and of the answer
details                 identifiers and names that say more; never a value that could be secret
previousDay             in the first record of a day: the day before it that has a chain
previous                the hash of the record before, also across days; zeros in the very first
hash                    SHA-256 over the canonical JSON of all the rest
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Outcome = Literal["succeeded", "refused", "failed"]
NOTHING_BEFORE = "0" * 64
_MOST_CHARACTERS = 256
_MOST_DETAILS = 50


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be recorded, before it has its place in a chain."""

    tenant: str
    actor: str
    roles: tuple[str, ...]
    source_ip: str
    user_agent: str
    action: str
    subject: str
    outcome: Outcome
    code: str | None = None
    correlation_id: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Texts of callers are cut to a length and made storable."""
        return {
            "tenant": self.tenant,
            "actor": _plain(self.actor),
            "roles": sorted(self.roles),
            "sourceIp": _plain(self.source_ip),
            "userAgent": _plain(self.user_agent),
            "action": self.action,
            "subject": _plain(self.subject),
            "outcome": self.outcome,
            "code": self.code,
            "correlationId": self.correlation_id,
            "details": {name: _detail(value) for name, value in self.details.items()},
        }


def canonical(record: Mapping[str, Any]) -> bytes:
    """The one spelling of a record that is hashed: sorted keys, no spaces, ASCII, no `hash`.

    Records hold no fractions, so a number has one spelling too.
    """
    rest = {name: value for name, value in record.items() if name != "hash"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def digest(record: Mapping[str, Any]) -> str:
    """The hash that a record must state."""
    return hashlib.sha256(canonical(record)).hexdigest()


def _detail(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(str(part)) for part in value[:_MOST_DETAILS]]
    return value if value is None or isinstance(value, (bool, int)) else _plain(str(value))


def _plain(text: str) -> str:
    return text[:_MOST_CHARACTERS].encode(errors="replace").decode()
