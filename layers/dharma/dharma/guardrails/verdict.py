"""What guardrails say: findings, one per resource and policy, and the verdict over them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from dharma.core.errors import Fault

Severity = Literal["critical", "high", "medium", "low"]
Category = Literal["security", "cost", "compliance", "best-practice"]
Status = Literal["fail", "unknown", "error"]
Outcome = Literal["pass", "fail", "unknown", "error"]
Mode = Literal["blocking", "warning"]

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low")
CATEGORIES: tuple[Category, ...] = ("security", "cost", "compliance", "best-practice")
SCHEMA_VERSION = "1.0"
"""Of `Verdict.to_dict`. A new field raises the minor number, any other change the major one."""

_RANK = {severity: rank for rank, severity in enumerate(SEVERITIES)}
_STATUS_RANK = {"error": 0, "fail": 1, "unknown": 2}


@dataclass(frozen=True, slots=True)
class Exemption:
    """The approved exception that covers a finding, as it is shown beside it."""

    id: str
    reason: str
    approved_by: str
    expires: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "reason": self.reason,
            "approvedBy": self.approved_by,
            "expires": self.expires,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One policy's objection, doubt or failure.

    `status` "fail": the policy is violated; "unknown": it cannot be decided before more is known;
    "error": the policy itself could not be evaluated, so nothing was judged. `advisory` findings
    (conftest's `warn`) never block. `address` and `path` name the resource and property, where the
    policy tells.
    """

    policy: str
    title: str
    severity: Severity
    category: Category
    status: Status
    message: str
    address: str | None = None
    path: str | None = None
    remediation: str | None = None
    source: str | None = None
    file: str | None = None
    line: int | None = None
    advisory: bool = False
    exemption: Exemption | None = None

    def as_fault(self) -> Fault:
        """As one detail of an error."""
        place = ".".join(part for part in (self.address, self.path) if part)
        said = f"{self.title}: {self.message} [{self.policy}, {self.severity}]"
        return Fault(said, place, self.file, self.line, hint=self.remediation)

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "title": self.title,
            "severity": self.severity,
            "category": self.category,
            "status": self.status,
            "message": self.message,
            "address": self.address,
            "path": self.path,
            "remediation": self.remediation,
            "source": self.source,
            "file": self.file,
            "line": self.line,
            "advisory": self.advisory,
            "exemption": self.exemption.to_dict() if self.exemption else None,
        }


@dataclass(frozen=True, slots=True)
class PolicyResult:
    """How one policy did: the number of resources of its kinds by outcome.

    `outcome` is "not_applicable" when there is nothing of its kinds. For policies that do not say
    their kinds, `passed` is 1 or 0: the policy as a whole.
    """

    policy: str
    title: str
    severity: Severity
    category: Category
    outcome: Outcome | Literal["not_applicable"]
    passed: int = 0
    failed: int = 0
    unknown: int = 0
    exempted: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {
            "policy": self.policy,
            "title": self.title,
            "severity": self.severity,
            "category": self.category,
            "outcome": self.outcome,
            "passed": self.passed,
            "failed": self.failed,
            "unknown": self.unknown,
            "exempted": self.exempted,
        }


@dataclass(frozen=True, slots=True)
class Gate:
    """When a verdict stops a deployment.

    In `blocking` mode every unexempted failure of at least the severity `threshold` does, and every
    policy that could not be evaluated. `block_unknown` lets doubts of that severity block as well.
    In `warning` mode nothing does.
    """

    mode: Mode = "blocking"
    threshold: Severity = "high"
    block_unknown: bool = False

    def stops(self, finding: Finding) -> bool:
        if self.mode == "warning" or finding.exemption is not None or finding.advisory:
            return False
        if finding.status == "error":
            return True
        if finding.status == "unknown" and not self.block_unknown:
            return False
        return _RANK[finding.severity] <= _RANK[self.threshold]


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings, the worst first, and what follows from them."""

    findings: tuple[Finding, ...]
    policies: tuple[PolicyResult, ...]
    gate: Gate = field(default_factory=Gate)
    resources: int = 0

    @property
    def outcome(self) -> Outcome:
        """The worst status of a finding that no exception covers."""
        statuses = {f.status for f in self.findings if f.exemption is None}
        ranked: tuple[Outcome, ...] = ("error", "fail", "unknown")
        return next((status for status in ranked if status in statuses), "pass")

    @property
    def blocking(self) -> bool:
        return any(self.gate.stops(finding) for finding in self.findings)

    @property
    def blockers(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if self.gate.stops(finding))

    def to_dict(self) -> dict[str, Any]:
        counted = Counter(f.status for f in self.findings if f.exemption is None)
        applied = [p for p in self.policies if p.outcome != "not_applicable"]
        return {
            "schemaVersion": SCHEMA_VERSION,
            "outcome": self.outcome,
            "blocking": self.blocking,
            "mode": self.gate.mode,
            "threshold": self.gate.threshold,
            "summary": {
                "resources": self.resources,
                "policies": len(self.policies),
                "applicable": len(applied),
                "passed": sum(p.outcome == "pass" for p in applied),
                "failures": counted["fail"],
                "unknowns": counted["unknown"],
                "errors": counted["error"],
                "exempted": sum(f.exemption is not None for f in self.findings),
            },
            "findings": [{**f.to_dict(), "blocking": self.gate.stops(f)} for f in self.findings],
            "policies": [p.to_dict() for p in self.policies],
        }


def in_order(findings: list[Finding], order: Mapping[str, int]) -> tuple[Finding, ...]:
    """Errors first, then failures and doubts, each by severity; `order` gives the resources' order
    in the source, by address."""
    return tuple(
        sorted(
            findings,
            key=lambda f: (
                _STATUS_RANK[f.status],
                _RANK[f.severity],
                f.policy,
                order.get(f.address or "", len(order)),
                f.address or "",
                f.path or "",
                f.message,
            ),
        )
    )
