"""Steps of a deployment that are the orchestrator's own."""

from __future__ import annotations

from dharma.orchestrator.steps import (
    approve,
    execute,
    fail,
    monitor,
    notify,
    plan,
    prepare,
    receive,
    record,
    undo,
    validate,
    verify,
)
from functions.steps import step_handler

handler = step_handler(
    {
        "receive": receive.run,
        "validate": validate.run,
        "plan": plan.run,
        "approve": approve.run,
        "prepare": prepare.run,
        "execute": execute.run,
        "monitor": monitor.run,
        "verify": verify.run,
        "record": record.run,
        "notify": notify.run,
        "undo": undo.run,
        "undo_monitor": monitor.run_undo,
        "undo_verify": undo.verify,
        "fail": fail.run,
    },
    "orchestrator",
)
