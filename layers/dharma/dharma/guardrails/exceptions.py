"""Policy exceptions: somebody answers for a finding, for a reason and for a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

from dharma.core.errors import Fault, InvalidInput
from dharma.guardrails.verdict import Exemption, Finding

_REQUIRED = ("id", "policy", "address", "reason", "approvedBy")


@dataclass(frozen=True, slots=True)
class PolicyException:
    """`policy` is a policy's id, `address` a resource's address; both may hold `*` and `?`.
    `expires` is the last day on which it counts (UTC); None: it does not end."""

    id: str
    policy: str
    address: str
    reason: str
    approved_by: str
    expires: date | None = None

    def expired(self, today: date) -> bool:
        return self.expires is not None and today > self.expires

    def covers(self, finding: Finding) -> bool:
        """Failures and doubts can be excepted; a policy that could not be evaluated cannot."""
        return (
            finding.status != "error"
            and _matches(finding.policy, self.policy)
            and _matches(finding.address or "", self.address)
        )

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "policy": self.policy,
            "address": self.address,
            "reason": self.reason,
            "approvedBy": self.approved_by,
            "expires": self.expires.isoformat() if self.expires else None,
        }


def read_exceptions(entries: Iterable[Any], file: str | None = None) -> tuple[PolicyException, ...]:
    """From data (a file's list, a request's body). Raises `InvalidInput` with all faults, which
    name the file if there is one."""
    found, faults = [], []
    for number, entry in enumerate(entries):
        path = f"exceptions.{number}"
        if not isinstance(entry, Mapping):
            hint = f"a map with {', '.join(_REQUIRED)}"
            faults.append(Fault("is no policy exception", path, file, hint=hint))
            continue
        missing = [key for key in _REQUIRED if not str(entry.get(key) or "").strip()]
        faults += [Fault("is missing", f"{path}.{key}", file) for key in missing]
        expires = entry.get("expires")
        try:
            last_day = None if expires is None else date.fromisoformat(str(expires)[:10])
        except ValueError:
            message = f"{expires!r} is no date"
            faults.append(Fault(message, f"{path}.expires", file, hint="2030-12-31"))
            continue
        if not missing:
            given = {key: str(entry[key]) for key in _REQUIRED if key != "approvedBy"}
            found.append(
                PolicyException(**given, approved_by=str(entry["approvedBy"]), expires=last_day)
            )
    if faults:
        raise InvalidInput("the policy exceptions have faults", faults)
    return tuple(found)


def apply_exceptions(
    findings: Iterable[Finding], exceptions: Iterable[PolicyException], today: date
) -> list[Finding]:
    """The findings, each with the first exception that covers it on this day."""
    valid = [e for e in exceptions if not e.expired(today)]
    return [_exempted(finding, valid) for finding in findings]


def _exempted(finding: Finding, exceptions: list[PolicyException]) -> Finding:
    for e in exceptions:
        if e.covers(finding):
            expires = e.expires.isoformat() if e.expires else None
            return replace(finding, exemption=Exemption(e.id, e.reason, e.approved_by, expires))
    return finding


def _matches(text: str, pattern: str) -> bool:
    # Instance keys stand in brackets (`aws_subnet.app[0]`), which are literal here.
    return fnmatchcase(text, pattern.replace("[", "[[]"))
