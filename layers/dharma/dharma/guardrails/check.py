"""The guardrails of a blueprint: document, evaluation, exceptions, verdict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from dharma.catalog.catalog import Catalog
from dharma.core.errors import PolicyViolation
from dharma.core.garbage import seldom_collected
from dharma.guardrails.document import analysis_document
from dharma.guardrails.engine import PolicyEngine
from dharma.guardrails.exceptions import PolicyException
from dharma.guardrails.verdict import Finding, Gate, Mode, Verdict
from dharma.model.blueprint import ResolvedBlueprint


@seldom_collected()
def check(
    resolved: ResolvedBlueprint,
    catalog: Catalog,
    engine: PolicyEngine,
    mode: Mode | Gate = "blocking",
    *,
    plan: Mapping[str, Any] | None = None,
    cost: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    exceptions: Iterable[PolicyException] = (),
    today: date | None = None,
) -> Verdict:
    """The verdict over a resolved blueprint, with its plan and price where there are any.

    `plan` and `cost` are their `to_dict()`. `parameters` are settings by policy id. `today` (UTC)
    decides which exceptions still count; without it none does.
    """
    document = analysis_document(
        resolved,
        catalog,
        plan,
        cost,
        parameters=parameters,
        plan_shape=engine.library.reads_plan_shape,
    )
    return engine.evaluate(document, mode, exceptions=exceptions, today=today)


# So many findings are named in the message; the faults have all.
_SHOWN = 5


def require(verdict: Verdict) -> None:
    """Raises `PolicyViolation` with every finding that blocks."""
    blockers = verdict.blockers
    if blockers:
        shown = "; ".join(_named(finding) for finding in blockers[:_SHOWN])
        more = f"; and {len(blockers) - _SHOWN} more" if len(blockers) > _SHOWN else ""
        raise PolicyViolation(
            f"{len(blockers)} finding{'s' if len(blockers) > 1 else ''} of guardrails "
            f"block{'' if len(blockers) > 1 else 's'} this: {shown}{more}",
            [finding.as_fault() for finding in blockers],
        )


def _named(finding: Finding) -> str:
    return f"{finding.policy} ({finding.address})" if finding.address else finding.policy
