"""From what a package's rules returned to findings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

from dharma.guardrails.library import EVERY_KIND, Policy
from dharma.guardrails.verdict import (
    SEVERITIES,
    Finding,
    Outcome,
    PolicyResult,
    Severity,
    Status,
)

Resource = Mapping[str, Any]
MOST_CHARACTERS = 4000
_KEY = r"""\[(?:"(?:[^"\\]|\\.)*"|[^\]"]*)\]"""
_ADDRESS = re.compile(rf"(?:module\.[\w-]+(?:{_KEY})?\.)*[A-Za-z_]\w*\.[\w-]+(?:{_KEY})?")


class Judge:
    """Turns answers into findings for one document."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._by_kind: Mapping[str, Sequence[Resource]] = document.get("resources") or {}
        listed = [r for resources in self._by_kind.values() for r in resources]
        self._by_address = {r["address"]: r for r in listed}
        self.order = {r["address"]: place for place, r in enumerate(listed)}
        # Parts of resources that are elsewhere, by policies that ask for what they do not say.
        self._not_asked: dict[str, set[str | None]] = {}

    @property
    def resources(self) -> int:
        return len(self._by_address)

    def subjects(self, policy: Policy) -> int:
        """How many resources the policy speaks about; 1 where it does not say its kinds."""
        if not policy.kinds:
            return 1
        if EVERY_KIND in policy.kinds:
            return self.resources
        return sum(len(self._by_kind.get(kind, ())) for kind in policy.kinds)

    def findings(self, policy: Policy, value: Any) -> list[Finding]:
        """What the rules of a package reported. `value` is the package as an object of rules."""
        found: list[Finding] = []
        for rule, reported in value.items() if isinstance(value, dict) else ():
            status, advisory = _meaning(rule)
            if status is None:
                continue
            for item in _items(reported):
                finding = self._finding(policy, item, status, advisory)
                if self._of_what_is_elsewhere(finding):
                    self._not_asked.setdefault(policy.id, set()).add(finding.address)
                elif finding not in found[-1:]:
                    found.append(finding)
        failed = {f.address for f in found if f.status == "fail" and f.address}
        return [f for f in found if f.status == "fail" or f.address not in failed]

    def _of_what_is_elsewhere(self, finding: Finding) -> bool:
        """Whether something is undecided of a resource that is not in the document, beyond what the
        part of it says that is."""
        only = self._by_address.get(finding.address or "", {}).get("only")
        if only is None or finding.status != "unknown":
            return False
        return re.split(r"[.\[]", finding.path or "", maxsplit=1)[0] not in only

    def error(self, policy: Policy, message: str) -> Finding:
        return replace(
            self._of(policy, "error", f"could not be evaluated: {message}"), file=policy.path
        )

    def not_applicable(self, policy: Policy) -> PolicyResult:
        return PolicyResult(
            policy.id, policy.title, policy.severity, policy.category, "not_applicable"
        )

    def result(self, policy: Policy, findings: Sequence[Finding]) -> PolicyResult:
        subjects = self.subjects(policy) - len(self._not_asked.get(policy.id, ()))
        if subjects <= 0 and not findings:
            return self.not_applicable(policy)
        open_ones = [f for f in findings if f.exemption is None]
        counted = {
            status: len({f.address or f.message for f in open_ones if f.status == status})
            for status in ("fail", "unknown", "error")
        }
        exempted = len(findings) - len(open_ones)
        outcome: Outcome = "pass"
        worsening: tuple[Outcome, ...] = ("unknown", "fail", "error")
        for status in worsening:
            if counted[status]:
                outcome = status
        passed = subjects - len({f.address for f in findings if f.status != "error"})
        return PolicyResult(
            policy.id,
            policy.title,
            policy.severity,
            policy.category,
            outcome,
            passed=0 if counted["error"] else max(0, passed),
            failed=counted["fail"],
            unknown=counted["unknown"],
            exempted=exempted,
        )

    def _of(self, policy: Policy, status: Status, message: str) -> Finding:
        return Finding(
            policy.id,
            policy.title,
            policy.severity,
            policy.category,
            status,
            _bounded(message),
            remediation=policy.remediation,
            source=policy.source,
        )

    def _finding(self, policy: Policy, item: Any, status: Status, advisory: bool) -> Finding:
        told = item if isinstance(item, dict) else {"msg": item}
        message = told.get("msg", told.get("message"))
        if message is None or message is True or message == "":
            message = policy.title if item is True or message is not None else json.dumps(item)
        finding = replace(
            self._of(policy, status, message if isinstance(message, str) else json.dumps(message)),
            advisory=advisory,
            path=_text(told.get("path")),
            severity=_severity(told.get("severity"), policy.severity),
            remediation=_text(told.get("remediation")) or policy.remediation,
        )
        address = _text(told.get("address")) or _text(told.get("resource"))
        if address is None:
            address = self._named_in(finding.message)
        resource = self._by_address.get(address or "")
        if resource is None:
            return replace(finding, address=address)
        if status == "fail" and "uncertain" in resource:
            finding = replace(
                finding,
                status="unknown",
                message=f"{finding.message} (if it exists: {resource['uncertain']})",
            )
        return replace(
            finding, address=address, file=resource.get("file"), line=resource.get("line")
        )

    def _named_in(self, message: str) -> str | None:
        """The resource that a message without an address speaks of, if it names exactly one."""
        named = {text for text in _ADDRESS.findall(message) if text in self._by_address}
        return named.pop() if len(named) == 1 else None


def _meaning(rule: str) -> tuple[Status | None, bool]:
    """The status that a rule of this name reports, and whether it only advises."""
    if rule == "unknown":
        return "unknown", False
    if rule == "fail" or rule.split("_", 1)[0] in {"deny", "violation"}:
        return "fail", False
    return ("fail", True) if rule.split("_", 1)[0] == "warn" else (None, False)


def _items(reported: Any) -> Iterator[Any]:
    """Every single report: the elements of a set, the values of an object of them, or the one value
    of a complete rule. Anything but false and null reports something."""
    if isinstance(reported, list):
        yield from reported
    elif isinstance(reported, dict) and not {"msg", "message"} & reported.keys():
        yield from reported.values()
    elif reported is not None and reported is not False:
        yield reported


def _severity(value: Any, default: Severity) -> Severity:
    return cast(Severity, value) if value in SEVERITIES else default


def _text(value: Any) -> str | None:
    return _bounded(value) if isinstance(value, str) and value else None


def _bounded(text: str) -> str:
    """What a policy says is read by people, and searched for addresses."""
    return (
        text
        if len(text) <= MOST_CHARACTERS
        else f"{text[: MOST_CHARACTERS - 1]}\N{HORIZONTAL ELLIPSIS}"
    )
