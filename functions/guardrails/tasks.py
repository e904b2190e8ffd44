"""The guardrails inside a deployment: over the design, then over the plan with its price."""

from __future__ import annotations

from typing import Any

from dharma.bootstrap import application
from dharma.core.redaction import redacted
from dharma.guardrails.check import check, require
from dharma.orchestrator.steps.step_run import StepRun
from functions.steps import step_handler


def judge_design(step: StepRun) -> dict[str, Any]:
    """Writes `verdict-design.json`; `PolicyViolation` when a blocking policy failed."""
    return _judge(step, "design")


def judge_plan(step: StepRun) -> dict[str, Any]:
    """The same with what will change and what it will cost: `verdict-plan.json`."""
    return _judge(step, "plan", plan=step.read("plan.json"), cost=step.read("cost.json"))


def _judge(
    step: StepRun,
    stage: str,
    *,
    plan: dict[str, Any] | None = None,
    cost: dict[str, Any] | None = None,
) -> dict[str, Any]:
    parts = application()
    verdict = check(
        step.resolved,
        parts.catalog,
        parts.policy_engine,
        "warning" if step.environment.policy_mode == "warning" else "blocking",
        plan=plan,
        cost=cost,
        today=parts.clock.now().date(),
    )
    # Findings quote values.
    document = redacted(verdict.to_dict(), step.secrets)
    step.write(f"verdict-{stage}.json", document)
    shown = {name: document[name] for name in ("outcome", "blocking", "mode", "summary")}
    step.tell("GuardrailsJudged", {"stage": stage, "verdict": shown})
    require(verdict)
    return {"outcome": verdict.outcome}


handler = step_handler(
    {"guardrails_design": judge_design, "guardrails_plan": judge_plan}, "guardrails"
)
