"""A plan as text, in the form that users of Terraform know.

    # aws_sqs_queue.jobs will be updated in place
    ~ aws_sqs_queue.jobs
        ~ visibility_timeout_seconds: 30 -> 60

Plain text without colour; the command line colours lines by their first mark.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from dharma.orchestrator.plan import Action, Change, PathChange, Plan

MARKS: dict[Action, str] = {
    "create": "+",
    "update": "~",
    "replace": "-/+",
    "delete": "-",
    "no-op": " ",
}
_SAID: dict[Action, str] = {
    "create": "will be created",
    "update": "will be updated in place",
    "replace": "must be replaced",
    "delete": "will be destroyed",
    "no-op": "stays as it is",
}


def render(plan: Plan) -> str:
    """The whole plan; ends with its summary line."""
    return "\n".join(_lines(plan)) + "\n"


def summary_line(plan: Plan) -> str:
    counts = plan.summary
    if plan.empty:
        return "No changes. The environment already is as the blueprint says."
    parts = [
        f"{counts['create']} to create",
        f"{counts['update']} to update",
        f"{counts['replace']} to replace",
        f"{counts['delete']} to destroy",
    ]
    return f"Plan: {', '.join(parts)}."


def _lines(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.action != "no-op":
            yield from _change_lines(change)
            yield ""
    if plan.outputs:
        yield "Outputs:"
        for output in plan.outputs:
            yield f"  {_path_line(output)}"
        yield ""
    for refusal in plan.refused:
        yield f"Refused: {refusal}"
    yield summary_line(plan)


def _change_lines(change: Change) -> Iterator[str]:
    reason = f" ({change.reason})" if change.reason else ""
    yield f"# {change.address} {_SAID[change.action]}{reason}"
    yield f"{MARKS[change.action]} {change.address}"
    if change.action == "create":
        for name, value in sorted((change.after or {}).items()):
            yield f"    + {name}: {_text(value)}"
    else:
        for path in change.paths:
            yield f"    {_path_line(path)}"


def _path_line(change: PathChange) -> str:
    forces = "  # forces replacement" if change.forces_replacement else ""
    if change.before is None:
        return f"+ {change.path}: {_text(change.after)}{forces}"
    if change.after is None:
        return f"- {change.path}: {_text(change.before)}{forces}"
    return f"~ {change.path}: {_text(change.before)} -> {_text(change.after)}{forces}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
