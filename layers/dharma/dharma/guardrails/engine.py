"""Judges an analysis document by a library of policies.

Policies are loaded once per worker and the document is parsed once; each package is evaluated on
its own, under a limit of time and memory. A package that exceeds it or crashes the evaluator
becomes an "error" finding, which blocks; the other packages are judged all the same.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import date
from types import TracebackType
from typing import Any

from dharma.core.errors import LimitExceeded
from dharma.guardrails.exceptions import PolicyException, apply_exceptions
from dharma.guardrails.judging import Judge
from dharma.guardrails.library import Policy, PolicyLibrary
from dharma.guardrails.runner import Limits, PolicyRunner
from dharma.guardrails.verdict import Finding, Gate, Mode, PolicyResult, Verdict, in_order

__all__ = ["Limits", "PolicyEngine"]


class PolicyEngine:
    """A context manager that owns the evaluating process. One evaluation at a time: calls from
    several threads wait for each other."""

    def __init__(self, library: PolicyLibrary, limits: Limits | None = None) -> None:
        self.library = library
        self.limits = limits or Limits()
        self._runner = PolicyRunner(library, self.limits)
        self._lock = threading.Lock()

    def __enter__(self) -> PolicyEngine:
        with self._lock:
            self._runner.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def worker_pid(self) -> int | None:
        return self._runner.pid

    def close(self) -> None:
        with self._lock:
            self._runner.stop()

    def evaluate(
        self,
        document: Mapping[str, Any],
        mode: Mode | Gate = "blocking",
        *,
        exceptions: Iterable[PolicyException] = (),
        today: date | None = None,
    ) -> Verdict:
        """The verdict over an analysis document. `today` (UTC) decides which exceptions still
        count; without it none does."""
        body = json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
        if len(body) > self.limits.document_bytes:
            raise LimitExceeded(
                f"the analysis document has {len(body)} bytes, at most "
                f"{self.limits.document_bytes} can be judged"
            )
        judge = Judge(document)
        needed = [p for p in self.library.policies if _applies(p, document, judge)]
        with self._lock:
            answers = self._runner.run(needed, body)
        findings: list[Finding] = []
        results = [
            judge.not_applicable(policy) for policy in self.library.policies if policy not in needed
        ]
        valid = list(exceptions)
        for policy, answer in answers:
            found = _findings(judge, policy, answer)
            if today is not None:
                found = apply_exceptions(found, valid, today)
            findings += found
            results.append(judge.result(policy, found))
        return Verdict(
            in_order(findings, judge.order),
            tuple(sorted(results, key=_by_id)),
            mode if isinstance(mode, Gate) else Gate(mode),
            judge.resources,
        )


def _applies(policy: Policy, document: Mapping[str, Any], judge: Judge) -> bool:
    return judge.subjects(policy) > 0 and all(_has(document, part) for part in policy.needs)


def _has(document: Mapping[str, Any], path: str) -> bool:
    """Whether there is something at a dotted path (`parameters.monthly_budget`)."""
    found: Any = document
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return bool(found)


def _findings(judge: Judge, policy: Policy, answer: Mapping[str, Any]) -> list[Finding]:
    if "error" in answer:
        return [judge.error(policy, answer["error"])]
    return judge.findings(policy, answer["value"])


def _by_id(result: PolicyResult) -> str:
    return result.policy
