"""Scenarios of `statemachines/deploy.asl.json` beyond those that follow from the file itself."""

from __future__ import annotations

from .scenario import Action, Decision, Scenario

MACHINE = "deploy"


def _fails(error: str = "DeploymentFailed") -> list[Action]:
    return [{"raise": error, "message": f"{error} of the script"}]


def _gives(**values: object) -> list[Action]:
    return [{"return": values}]


# What each step answers when a scenario does not say otherwise: a deployment that goes through.
ANSWERS = {
    "receive": _gives(operation="deploy", autoApprove=True),
    "validate": _gives(),
    "guardrails_design": _gives(blocking=False),
    "generate": _gives(),
    "cost": _gives(),
    "plan": _gives(empty=False),
    "guardrails_plan": _gives(blocking=False),
    "approve": _gives(),
    "prepare": _gives(),
    "execute": _gives(),
    "monitor": _gives(finished=True, pause=2),
    "verify": _gives(),
    "record": _gives(),
    "notify": _gives(),
    "undo": _gives(needed=True),
    "undo_monitor": _gives(finished=True, pause=2),
    "undo_verify": _gives(),
    "fail": _gives(),
}
ASKS = {"receive": _gives(operation="deploy", autoApprove=False)}
YES = Decision(output={"approvedBy": "ada"})
# What brings an execution to states that a deployment which goes through does not see.
REACHED_BY = {
    "AwaitApproval": ASKS,
    "Undo": {"execute": _fails()},
    "MonitorUndo": {"execute": _fails()},
    "VerifyUndo": {"execute": _fails()},
    "RecordFailure": {"execute": _fails()},
    "NotifyFailure": {"execute": _fails()},
    "RecordUndoFailure": {"execute": _fails(), "undo": _fails("CompensationFailed")},
}

UNNOTICED = (
    "a failing function that was to hand out a task token goes unnoticed there; "
    "the state waits for its time-out"
)
EXITED = (
    "the end of a function's process is called Runtime.ExitError there, "
    "Lambda.Unknown by Step Functions, which this file tries again"
)
NOTHING = "a path in a ResultSelector that finds nothing gives null there, States.Runtime on AWS"

SCENARIOS = (
    Scenario(MACHINE, "goes through"),
    Scenario(
        MACHINE,
        "looks three times until the cloud has finished",
        {"monitor": [*_gives(finished=False, pause=2) * 2, *_gives(finished=True, pause=2)]},
    ),
    Scenario(MACHINE, "nothing to change", {"plan": _gives(empty=True)}),
    Scenario(MACHINE, "approved", ASKS, YES),
    Scenario(
        MACHINE,
        "rejected",
        ASKS,
        Decision(error="ApprovalRejected", cause="grace rejected the plan"),
    ),
    Scenario(
        MACHINE,
        "cancelled while it waits for approval",
        ASKS,
        Decision(error="DeploymentCancelled", cause="ada cancelled it"),
    ),
    Scenario(MACHINE, "cancelled while it runs", {"monitor": _fails("DeploymentCancelled")}),
    Scenario(
        MACHINE,
        "stopped from outside while it waits for approval",
        ASKS,
        Decision(error="Stopped", cause="by hand", stop=True),
    ),
    Scenario(MACHINE, "nobody decides in time", ASKS, limits={"AwaitApproval": 3}),
    Scenario(MACHINE, "destroyed", {"receive": _gives(operation="destroy", autoApprove=True)}),
    Scenario(
        MACHINE,
        "destroyed after approval",
        {"receive": _gives(operation="destroy", autoApprove=False)},
        YES,
    ),
    Scenario(
        MACHINE,
        "undone in three looks",
        {
            "execute": _fails(),
            "undo_monitor": [*_gives(finished=False, pause=2) * 2, *_gives(finished=True, pause=2)],
        },
    ),
    Scenario(MACHINE, "nothing to undo", {"prepare": _fails(), "undo": _gives(needed=False)}),
    Scenario(
        MACHINE, "unavailable for longer than it is tried", {"validate": _fails("Unavailable")}
    ),
    Scenario(
        MACHINE,
        "unavailable and back after five attempts",
        {"verify": [*_fails("Unavailable") * 5, *_gives()]},
    ),
    Scenario(
        MACHINE,
        "a step beyond its time limit",
        {"execute": [{"sleep": 2}]},
        limits={"Execute": 1},
    ),
    Scenario(
        MACHINE,
        "undoing beyond its time limit",
        {"execute": _fails(), "undo": [{"sleep": 2}]},
        limits={"Undo": 1},
    ),
    Scenario(MACHINE, "a function beyond its time-out", {"generate": [{"sleep": 4}]}),
    Scenario(
        MACHINE,
        "a function that dies once",
        {"cost": [{"exit": 1}, *_gives()]},
        differs=EXITED,
        ends="Done",
    ),
    Scenario(
        MACHINE,
        "an answer without what is selected from it",
        {"plan": _gives()},
        differs=NOTHING,
        ends="Plan",
    ),
)
